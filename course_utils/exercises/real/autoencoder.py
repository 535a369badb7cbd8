"""What the real autoencoder of the question does: lessons 00 and 05."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from course_utils.exercises.real.measure import height
from course_utils.keras_layers import Layer, load_keras, run

#: The layers of Stack Overflow 46387056, as they are written there. What is shown to the learner is what is built.
AUTOENCODER = (
    'Conv2D(16, (3, 3), activation="relu", padding="same")',
    'MaxPooling2D((2, 2), padding="same")',
    'Conv2D(8, (3, 3), activation="relu", padding="same")',
    'MaxPooling2D((2, 2), padding="same")',
    'Conv2D(8, (3, 3), activation="relu", padding="same")',
    'MaxPooling2D((2, 2), padding="same")',
    'Conv2D(8, (3, 3), activation="relu", padding="same")',
    "UpSampling2D((2, 2))",
    'Conv2D(8, (3, 3), activation="relu", padding="same")',
    "UpSampling2D((2, 2))",
    'Conv2D(16, (3, 3), activation="relu")',
    "UpSampling2D((2, 2))",
    'Conv2D(1, (3, 3), activation="sigmoid", padding="same")',
)

#: The same model if the first convolution, too, had been written without padding.
FIRST_UNPADDED = ('Conv2D(16, (3, 3), activation="relu")', *AUTOENCODER[1:])


@cache
def _layers(lines: tuple[str, ...]) -> list[Layer]:
    """Build each line. They are constants of this module, so evaluating them is safe."""
    names = vars(load_keras().layers)
    return [eval(f'{line[:-1]}, name="step_{i}")', dict(names)) for i, line in enumerate(lines, start=1)]


@cache
def sizes(n: int, lines: tuple[str, ...] = AUTOENCODER) -> tuple[int, ...]:
    """The size after each layer, for an n × n image with one channel, found by running every layer."""
    x: NDArray[np.float32] = np.zeros((1, n, n, 1), dtype=np.float32)
    found = []
    for layer in _layers(lines):
        x = run(layer, x)
        found.append(height(x))
    return tuple(found)


def autoencoder_size(n: int) -> int:
    """The size that the whole model returns."""
    return sizes(n)[-1]


def changes(before: int, after: Sequence[int]) -> str:
    """Sizes as a line of arrows: ``28 → 28 → 14``."""
    return " → ".join(map(str, (before, *after)))
