"""What real pooling layers do: lesson 03."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from course_utils.exercises.truth.measure import Array, build, heights, numbers_out, size_of, weights_of
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


def pooled_channels(c: int) -> int:
    """The channels of the one cell that ``MaxPooling2D(2)`` makes of a 2 × 2 map with c channels."""
    return numbers_out("MaxPooling2D", 2, c, pool_size=2)


def default_pool_size(n: int, k: int) -> int:
    """``MaxPooling2D(k, padding="same")``, without a word about strides."""
    return size_of("MaxPooling2D", n, pool_size=k, padding="same")


def strided_pool_size(n: int, k: int, s: int) -> int:
    """``MaxPooling2D(k, strides=s)``."""
    return size_of("MaxPooling2D", n, pool_size=k, strides=s)


def divisor(n: int, k: int, row: int, column: int) -> int:
    """By how many cells ``AveragePooling2D(k, padding="same")`` divides in the window that reads this one."""
    lit = np.zeros((1, n, n, 1), dtype=np.float32)
    lit[0, row, column, 0] = 1
    return round(1 / float(run(build("AveragePooling2D", pool_size=k, padding="same"), lit).max()))


def _lit(n: int) -> Array:
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


def pool_row(kind: str, row: Sequence[float], k: int) -> Array:
    """What ``MaxPooling1D`` or ``AveragePooling1D`` with "same" makes of a row of numbers."""
    x = np.asarray(row, dtype=np.float32)[np.newaxis, :, np.newaxis]
    return run(build(f"{kind}Pooling1D", pool_size=k, padding="same"), x)[0, :, 0]


def valid_then_same_pooled(n: int) -> tuple[int, ...]:
    """The sizes after two poolings by 2, the first without padding, the second with "same"."""
    return heights(n, "MaxPooling2D(2)", 'MaxPooling2D(2, padding="same")')


def global_numbers(n: int, c: int) -> int:
    """How many numbers come out of ``GlobalAveragePooling2D`` for one n × n map with c channels."""
    return numbers_out("GlobalAveragePooling2D", n, c)


@cache
def column_after_pooling(j: int) -> int:
    """Where a bright cell of column j stands after ``MaxPooling1D(2)``."""
    row = np.zeros((1, 2 * j + 2, 1), dtype=np.float32)
    row[0, j] = 9
    return int(run(build("MaxPooling1D", pool_size=2), row)[0, :, 0].argmax())
