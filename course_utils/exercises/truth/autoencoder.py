"""What the real autoencoder of the question does: lessons 00 and 05."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np

from course_utils.exercises.truth.measure import build, built, heights, size_of, square
from course_utils.keras_layers import KerasRefusal, load_keras, run

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


def sizes(n: int, lines: tuple[str, ...] = AUTOENCODER) -> tuple[int, ...]:
    """The size after each layer, for an n × n image with one channel."""
    return heights(n, *lines)


def autoencoder_size(n: int) -> int:
    """The size that the whole model returns."""
    return sizes(n)[-1]


def changes(before: int, after: Sequence[int]) -> str:
    """Sizes as a line of arrows: ``28 → 28 → 14``."""
    return " → ".join(map(str, (before, *after)))


# -- lesson 05: what is changed about it --------------------------------------------------------------------------

#: The model with the argument that was forgotten in layer 11.
ALL_SAME = (*AUTOENCODER[:10], 'Conv2D(16, (3, 3), activation="relu", padding="same")', *AUTOENCODER[11:])


def all_same_size(n: int) -> int:
    """What the model returns if every convolution says "same"."""
    return sizes(n, ALL_SAME)[-1]


def closes(n: int) -> bool:
    """Whether the model of the question returns the size that it was given."""
    return autoencoder_size(n) == n


def code_size(n: int) -> int:
    """The side of the code."""
    return sizes(n)[5]


def code_numbers(n: int) -> int:
    """How many numbers the code of one picture has: all cells of all channels."""
    x = square(n)
    for layer in built(*AUTOENCODER)[:6]:
        x = run(layer, x)
    return int(x.size)


def uneven_layers(n: int) -> tuple[int, ...]:
    """The numbers of the layers that neither keep, nor halve, nor double the size exactly."""
    way = (n, *sizes(n))
    even = [o in (before, 2 * before) or 2 * o == before for before, o in pairwise(way)]
    return tuple(number for number, exact in enumerate(even, start=1) if not exact)


def can_be_cropped(n: int) -> str:
    """Whether the model of the question returns at least n rows, so that a crop could make n of them."""
    return "yes" if autoencoder_size(n) >= n else "no"


def closes_with_four(n: int) -> bool:
    """Whether the model still returns the size that it was given, with a fourth pooling and a fourth doubling."""
    return family_size(n, 4, 3) == n


def cropped_size(n: int, before: int, after: int) -> int:
    """What is left of the all-same model's output when so many rows are cut off its sides."""
    return size_of("Cropping2D", all_same_size(n), cropping=((before, after), (before, after)))


@cache
def rows_too_high(n: int, before: int, after: int) -> int:
    """By how many rows everything stands too high when so many rows are cut off the all-same model's output.

    Only its poolings and doublings are run, on a picture that holds in each row the number of that row. The first cell
    of the code is the largest of the first 8 rows, and should come out in as many rows as it was made from.
    """
    x = np.broadcast_to(np.arange(n, dtype=np.float32).reshape(1, n, 1, 1), (1, n, n, 1))
    for layer in built(*['MaxPooling2D(2, padding="same")'] * 3, *["UpSampling2D(2)"] * 3):
        x = run(layer, x)
    x = run(build("Cropping2D", cropping=((before, after), (before, after))), x)
    return min(n, 8) - int((x[0, :, 0, 0] == min(n, 8) - 1).sum())


def family_size(n: int, m: int, j: int) -> int:
    """m poolings by 2 with "same", then m doublings; after j of these a 3 × 3 convolution without padding."""
    if not 0 <= j <= m:
        raise KerasRefusal(f"There are {m} doublings, so nothing can stand behind {j} of them.")
    up = ["UpSampling2D(2)"] * m
    return heights(n, *['MaxPooling2D(2, padding="same")'] * m, *up[:j], "Conv2D(1, 3)", *up[j:])[-1]


@cache
def mse_of_channels(a: int, b: int) -> str:
    """What the loss `mse` makes of targets with a channels and outputs with b: "a number" or "an error"."""
    return mse_says((2, 3, 3, a), (2, 3, 3, b))


def mse_says(targets: tuple[int, ...], outputs: tuple[int, ...]) -> str:
    """What the loss `mse` makes of targets and outputs of these shapes: "a number" or "an error"."""
    try:
        load_keras().losses.MeanSquaredError()(*(np.ones(shape, dtype=np.float32) for shape in (targets, outputs)))
    except Exception:  # TensorFlow and Keras raise different ones
        return "an error"
    return "a number"
