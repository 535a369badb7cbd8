"""What real upsampling layers and transposed convolutions do: lesson 04."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from course_utils.exercises.truth.measure import Array, build, heights, numbers_out, size_of, square, weights_of
from course_utils.keras_layers import Layer, run

# -- upsampling ---------------------------------------------------------------------------------------------------


def down_and_up(n: int, f: int, padding: str = "same") -> tuple[int, ...]:
    """The sizes after ``MaxPooling2D(f)`` and after ``UpSampling2D(f)`` behind it."""
    return heights(n, f'MaxPooling2D({f}, padding="{padding}")', f"UpSampling2D({f})")


@cache
def sizes_before(o: int, f: int) -> tuple[int, int]:
    """The smallest and the largest n that ``down_and_up`` turns into o, a multiple of f."""
    fitting = [n for n in range(1, o + f + 1) if down_and_up(n, f)[1] == o]
    return fitting[0], fitting[-1]


def upsampled_cells(n: int, f: int) -> int:
    """How many cells ``UpSampling2D(f)`` makes of an n × n map."""
    return numbers_out("UpSampling2D", n, size=f)


def upsampling_weights(f: int) -> int:
    """The weights of ``UpSampling2D(f)``."""
    return weights_of("UpSampling2D", 2, size=f)


def blended(row: Sequence[float]) -> list[float]:
    """A row made twice as long by ``UpSampling2D`` with ``interpolation="bilinear"``."""
    x = np.asarray(row, dtype=np.float32)[np.newaxis, np.newaxis, :, np.newaxis]
    return [float(v) for v in run(build("UpSampling2D", size=(1, 2), interpolation="bilinear"), x)[0, 0, :, 0]]


# -- stamps -------------------------------------------------------------------------------------------------------


def transposed_size(n: int, k: int, s: int, padding: str = "valid", output_padding: int | None = None) -> int:
    """``Conv2DTranspose(k, strides=s)``; without a number for ``output_padding`` it is as if that were left out."""
    settings = {"strides": s, "padding": padding, "output_padding": output_padding}
    return size_of("Conv2DTranspose", n, filters=1, kernel_size=k, **settings)


def stamped(
    row: Sequence[float], kernel: Sequence[float], s: int, padding: str = "valid", output_padding: int | None = None
) -> list[float]:
    """What ``Conv1DTranspose`` with this kernel makes of a row."""
    x = np.asarray(row, dtype=np.float32)[np.newaxis, :, np.newaxis]
    return [float(v) for v in run(_stamping(tuple(kernel), s, padding, output_padding), x)[0, :, 0]]


@cache
def _stamping(kernel: tuple[float, ...], s: int, padding: str, output_padding: int | None) -> Layer:
    settings = {"strides": s, "padding": padding, "output_padding": output_padding, "use_bias": False}
    layer = build("Conv1DTranspose", filters=1, kernel_size=len(kernel), **settings)
    layer.build((None, None, 1))
    layer.set_weights([np.asarray(kernel, dtype=np.float32)[:, np.newaxis, np.newaxis]])
    return layer


def where_stamps_meet(a: int, b: int) -> int:
    """The number where the stamps of a and b meet: a kernel of three ones, a stride of 2."""
    return round(stamped([a, b], [1, 1, 1], 2)[2])


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
def there_and_back(n: int, s: int) -> tuple[Array, Array]:
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
