"""What real upsampling layers and transposed convolutions do: lesson 04."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from course_utils.exercises.truth.measure import build, height, size, square
from course_utils.keras_layers import run


@cache
def halved_and_doubled(n: int) -> int:
    """``MaxPooling2D(2, padding="same")`` and then ``UpSampling2D(2)``."""
    return down_and_up(n, 2)[1]


# -- upsampling ---------------------------------------------------------------------------------------------------


@cache
def down_and_up(n: int, f: int, padding: str = "same") -> tuple[int, int]:
    """The sizes after ``MaxPooling2D(f)`` and after ``UpSampling2D(f)`` behind it."""
    pooled = run(build("MaxPooling2D", pool_size=f, padding=padding), square(n))
    return height(pooled), height(run(build("UpSampling2D", size=f), pooled))


@cache
def upsampled_cells(n: int, f: int) -> int:
    """How many cells ``UpSampling2D(f)`` makes of an n × n map."""
    return int(run(build("UpSampling2D", size=f), square(n)).size)


@cache
def upsampling_weights(f: int) -> int:
    """The weights of ``UpSampling2D(f)``."""
    layer = build("UpSampling2D", size=f)
    run(layer, square(2))
    return int(layer.count_params())


def blended(row: Sequence[float]) -> list[float]:
    """A row made twice as long by ``UpSampling2D`` with ``interpolation="bilinear"``."""
    x = np.asarray(row, dtype=np.float32)[np.newaxis, np.newaxis, :, np.newaxis]
    return [float(v) for v in run(build("UpSampling2D", size=(1, 2), interpolation="bilinear"), x)[0, 0, :, 0]]


def second_of_blend(v: int) -> int:
    """The second number, when the row 0, 12·v is doubled."""
    return round(blended([0, 12 * v])[1])


def third_of_blend(v: int) -> int:
    """The third number, when the row 0, 12·v is doubled."""
    return round(blended([0, 12 * v])[2])


def first_of_two_blended(v: int) -> int:
    """The first number, when the row 0, 12·v is doubled."""
    return round(blended([0, 12 * v])[0])


def first_of_blend(v: int) -> int:
    """The first number, when the row 12·v is doubled."""
    return round(blended([12 * v])[0])


# -- stamps -------------------------------------------------------------------------------------------------------


@cache
def transposed_size(n: int, k: int, s: int, padding: str = "valid", output_padding: int | None = None) -> int:
    """``Conv2DTranspose(k, strides=s)``, with the argument ``output_padding`` only if there is a number for it."""
    extra = {} if output_padding is None else {"output_padding": output_padding}
    return size(build("Conv2DTranspose", filters=1, kernel_size=k, strides=s, padding=padding, **extra), n)


def stamped(
    row: Sequence[float], kernel: Sequence[float], s: int, padding: str = "valid", output_padding: int | None = None
) -> list[float]:
    """What ``Conv1DTranspose`` with this kernel makes of a row."""
    x = np.asarray(row, dtype=np.float32)[np.newaxis, :, np.newaxis]
    extra = {} if output_padding is None else {"output_padding": output_padding}
    settings = {"kernel_size": len(kernel), "strides": s, "padding": padding, "use_bias": False, **extra}
    layer = build("Conv1DTranspose", filters=1, **settings)
    layer.build(x.shape)
    layer.set_weights([np.asarray(kernel, dtype=np.float32)[:, np.newaxis, np.newaxis]])
    return [float(v) for v in run(layer, x)[0, :, 0]]


def where_stamps_meet(a: int, b: int) -> int:
    """The number where the stamps of a and b meet: a kernel of three ones, a stride of 2."""
    return round(stamped([a, b], [1, 1, 1], 2)[2])


def first_of_stamp(v: int, w: int) -> int:
    """The first number that a single 1 stamps with the kernel v, w."""
    return round(stamped([1], [v, w], 2)[0])


def stamp_begins(j: int, s: int) -> int:
    """The output cell in which the stamp of input cell j begins."""
    row = [0.0] * j + [1.0]
    return int(np.flatnonzero(stamped(row, [1, 1], s))[0])


@cache
def never_stamped(n: int, k: int, s: int) -> int:
    """How many cells of a row of n, stamped with ``Conv1DTranspose(k, strides=s)``, no stamp reaches."""
    return sum(v == 0 for v in stamped([1] * n, [1] * k, s))


# -- there and back -----------------------------------------------------------------------------------------------


@cache
def there_and_back(n: int, s: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A map that counts 1, 2, 3, …, and what is made of it by a convolution with ones, 3 × 3 and "same", and then by
    the transposed convolution with the same kernel.
    """
    settings = {"filters": 1, "kernel_size": 3, "strides": s, "padding": "same", "use_bias": False}
    x = back = np.arange(1, n * n + 1, dtype=np.float32).reshape(1, n, n, 1)
    for kind in ("Conv2D", "Conv2DTranspose"):
        layer = build(kind, **settings)
        layer.build(back.shape)
        layer.set_weights([np.ones((3, 3, 1, 1), dtype=np.float32)])
        back = run(layer, back)
    return x[0, :, :, 0], back[0, :, :, 0]


def numbers_that_return(n: int) -> int:
    """How many of the n·n numbers are back, with a stride of 1."""
    x, back = there_and_back(n, 1)
    return int((x == back).sum())


def size_that_returns(n: int) -> int:
    """The size that is back after a stride of 2 and the transposed convolution with the same settings."""
    return len(there_and_back(n, 2)[1])


# -- how many stamps ----------------------------------------------------------------------------------------------


@cache
def stamps_inside(k: int, s: int) -> tuple[int, ...]:
    """The numbers that a kernel of ones makes of a map of ones, away from the border: how many stamps a cell gets."""
    layer = build("Conv2DTranspose", filters=1, kernel_size=k, strides=s, use_bias=False)
    x = square(2 * k + 2)
    layer.build(x.shape)
    layer.set_weights([np.ones((k, k, 1, 1), dtype=np.float32)])
    inside = run(layer, x)[0, k:-k, k:-k, 0]
    return tuple(int(v) for v in np.unique(inside))


def unevenness(k: int, s: int) -> int:
    """The difference between the cell with the most stamps and the one with the fewest, away from the border."""
    counts = stamps_inside(k, s)
    return counts[-1] - counts[0]
