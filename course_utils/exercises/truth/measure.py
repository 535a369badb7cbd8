"""What the real layers do, found by running them: the truth that answers and predictions are held against.

Every function builds a Keras layer and looks at what comes out; none of them knows a formula. Keras is loaded at the
first call. The answers are kept, because the same settings are asked for again at every check.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_utils.keras_layers import Layer, LayerCode, load_keras, run

#: Maps of real layers.
Array = NDArray[np.float32]
Pads = tuple[int, int]


def build(kind: str, **settings: Any) -> Layer:
    """A real layer."""
    return LayerCode(kind, settings).build()


def square(n: int) -> Array:
    """A map of ones, n × n, as a batch of one with one channel."""
    return np.ones((1, n, n, 1), dtype=np.float32)


def height(x: Array) -> int:
    """The rows of a batch of maps."""
    return int(x.shape[1])


def size(layer: Layer, n: int) -> int:
    """The height that comes out of a layer for an n × n map."""
    return height(run(layer, square(n)))


#: One layer for all sizes of a map: most of the time goes into the first map, for which Keras makes the weights.
_kept = cache(build)


@cache
def size_of(kind: str, n: int, **settings: Any) -> int:
    """The height that comes out of a layer of this kind for an n × n map."""
    return size(_kept(kind, **settings), n)


@cache
def built(*lines: str) -> list[Layer]:
    """The layers that these lines of code make, as they are written: ``UpSampling2D((2, 2))``."""
    names = dict(vars(load_keras().layers))
    return [eval(f'{line[:-1]}, name="step_{i}")', names) for i, line in enumerate(lines, start=1)]


@cache
def heights(n: int, *lines: str) -> tuple[int, ...]:
    """The height after each of these layers, one behind the other, for an n × n map: all of them are run."""
    x, found = square(n), []
    for layer in built(*lines):
        x = run(layer, x)
        found.append(height(x))
    return tuple(found)


@cache
def numbers_out(kind: str, n: int, channels: int = 1, **settings: Any) -> int:
    """How many numbers come out of a layer of this kind for one n × n map."""
    return int(run(build(kind, **settings), np.ones((1, n, n, channels), dtype=np.float32)).size)


@cache
def weights_of(kind: str, n: int, **settings: Any) -> int:
    """How many weights a layer of this kind has, for an n × n map of one channel."""
    layer = build(kind, **settings)
    run(layer, square(n))
    return int(layer.count_params())
