"""What real pooling layers do: lesson 03."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from course_utils.exercises.truth.measure import build, height, size_of, square, weights_of
from course_utils.keras_layers import run


def pooled_size(n: int) -> int:
    """``MaxPooling2D(2, padding="same")``."""
    return size_of("MaxPooling2D", n, pool_size=2, padding="same")


def valid_pooled_size(n: int) -> int:
    """``MaxPooling2D(2, padding="valid")``: the same step, another padding."""
    return size_of("MaxPooling2D", n, pool_size=2, padding="valid")


def pool_parameters(k: int) -> int:
    """The weights of ``MaxPooling2D(k)``."""
    return weights_of("MaxPooling2D", k, pool_size=k)


@cache
def pooled_channels(c: int) -> int:
    """The channels that come out of ``MaxPooling2D(2)`` for a map with c channels."""
    return int(run(build("MaxPooling2D", pool_size=2), np.ones((1, 2, 2, c), dtype=np.float32)).shape[-1])


def default_pool_size(n: int, k: int) -> int:
    """``MaxPooling2D(k, padding="same")``, without a word about strides."""
    return size_of("MaxPooling2D", n, pool_size=k, padding="same")


def strided_pool_size(n: int, k: int, s: int) -> int:
    """``MaxPooling2D(k, strides=s)``."""
    return size_of("MaxPooling2D", n, pool_size=k, strides=s)


def _lit(n: int) -> NDArray[np.float32]:
    """n rows of n cells, each with another one of them lit, as a batch for a layer of one axis."""
    return np.eye(n, dtype=np.float32)[:, :, np.newaxis]


@cache
def unused_inputs(n: int, k: int, s: int) -> int:
    """How many cells of a row no window of ``MaxPooling1D(k, strides=s)`` reads: lit alone, they light nothing."""
    lights = run(build("MaxPooling1D", pool_size=k, strides=s), _lit(n))[:, :, 0].max(axis=1)
    return int((lights == 0).sum())


@cache
def pool_reads(n: int, k: int) -> tuple[tuple[int, ...], ...]:
    """The cells that each window of ``MaxPooling1D(k, padding="same")`` reads, found by lighting one at a time."""
    lights = run(build("MaxPooling1D", pool_size=k, padding="same"), _lit(n))[:, :, 0]
    return tuple(tuple(map(int, np.flatnonzero(window))) for window in lights.T)


def pool_ghosts(n: int, k: int) -> int:
    """The ghost cells of ``MaxPooling1D(k, padding="same")``: its windows do not overlap, so they can be counted."""
    return sum(k - len(cells) for cells in pool_reads(n, k))


def pool_row(kind: str, row: Sequence[float], k: int) -> NDArray[np.float32]:
    """What ``MaxPooling1D`` or ``AveragePooling1D`` with "same" makes of a row of numbers."""
    x = np.asarray(row, dtype=np.float32)[np.newaxis, :, np.newaxis]
    return run(build(f"{kind}Pooling1D", pool_size=k, padding="same"), x)[0, :, 0]


@cache
def valid_then_same_pooled(n: int) -> tuple[int, int]:
    """The sizes after two poolings by 2, the first without padding, the second with "same"."""
    first = run(build("MaxPooling2D", pool_size=2), square(n))
    return height(first), height(run(build("MaxPooling2D", pool_size=2, padding="same"), first))


@cache
def global_numbers(n: int, c: int) -> int:
    """How many numbers come out of ``GlobalAveragePooling2D`` for one n × n map with c channels."""
    return int(run(build("GlobalAveragePooling2D"), np.ones((1, n, n, c), dtype=np.float32))[0].size)


@cache
def flattened_numbers(n: int, c: int) -> int:
    """How many numbers come out of ``Flatten`` for one n × n map with c channels."""
    return int(run(build("Flatten"), np.ones((1, n, n, c), dtype=np.float32))[0].size)


@cache
def column_after_pooling(j: int) -> int:
    """Where a bright cell of column j stands after ``MaxPooling1D(2)``."""
    row = np.zeros((1, 2 * j + 2, 1), dtype=np.float32)
    row[0, j] = 9
    return int(run(build("MaxPooling1D", pool_size=2), row)[0, :, 0].argmax())
