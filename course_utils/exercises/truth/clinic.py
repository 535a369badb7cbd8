"""What the patients of lesson 06 do when they are really built and run."""

from __future__ import annotations

from functools import cache

import numpy as np

from course_utils.exercises.truth.measure import Array, build, height, heights, numbers_out, size_of
from course_utils.keras_layers import KerasRefusal, output_shape, run


def _counting(*shape: int) -> Array:
    """A map on which no two numbers are equal: 0, 1, 2, …"""
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


# -- does not build -----------------------------------------------------------------------------------------------


def meeting_sizes(n: int, floors: int, padding: str) -> tuple[int, int]:
    """The two sizes that meet at the deepest join of a U-Net with so many poolings: from the skip, and from below."""
    *_, skip, _, up = n, *heights(n, *[f'MaxPooling2D(2, padding="{padding}")'] * floors, "UpSampling2D(2)")
    return skip, up


def comes_up(n: int) -> int:
    """What n becomes by pooling with "same" and doubling."""
    return meeting_sizes(n, 1, "same")[1]


def numbers_below(n: int) -> int:
    """How many numbers of an n × n map are left after ``MaxPooling2D(2, padding="same")``."""
    return numbers_out("MaxPooling2D", n, pool_size=2, padding="same")


def rows_out_of_place(n: int) -> int:
    """How many rows lie beside a wrong one if the spare row of an odd map is cropped at the top and not at the end."""
    rows = _counting(1, n, 1)
    up = run(build("UpSampling1D", size=2), run(build("MaxPooling1D", pool_size=2, padding="same"), rows))
    spare = height(up) - n
    top, end = (run(build("Cropping1D", cropping=crop), up) for crop in ((spare, 0), (0, spare)))
    return int((top != end).sum())


def makes_of(kind: str, n: int, k: int, padding: str) -> str:
    """What a layer with a window of k makes of n cells: a map, or an error when it is asked or run."""
    settings = {"filters": 1, "kernel_size": k} if kind.startswith("Conv") else {"pool_size": k}
    try:
        layer = build(kind, padding=padding, **settings)
        x = np.ones((1, *[n] * int(kind[-2]), 1), dtype=np.float32)
        output_shape(layer, x.shape)
        run(layer, x)
    except KerasRefusal:
        return "an error"
    return "a map"


def numbers_out_of_place(c: int, n: int) -> int:
    """How many numbers of c × n × n are not at their place after ``Reshape((n, n, c))``, as ``Permute`` has them."""
    x = _counting(1, c, n, n)
    reshaped, permuted = run(build("Reshape", target_shape=(n, n, c)), x), run(build("Permute", dims=(2, 3, 1)), x)
    return int((reshaped != permuted).sum())


def permuted_shape(c: int, h: int, w: int) -> tuple[int, ...]:
    """What comes out of ``Permute((3, 1, 2))`` for c × h × w."""
    return tuple(map(int, run(build("Permute", dims=(3, 1, 2)), _counting(1, c, h, w)).shape[1:]))


def one_by_one_size(n: int) -> int:
    """``Conv2D`` with a 1 × 1 kernel, told nothing about strides."""
    return size_of("Conv2D", n, filters=1, kernel_size=1)


# -- builds, wrong size -------------------------------------------------------------------------------------------


def bottom_and_end(n: int, floors: int) -> tuple[int, int]:
    """The size at the bottom, and at the end, of so many poolings with "same" and as many doublings."""
    sizes = heights(n, *['MaxPooling2D(2, padding="same")'] * floors, *["UpSampling2D(2)"] * floors)
    return sizes[floors - 1], sizes[-1]


def different_rows(n: int, o: int) -> int:
    """How many rows differ among the o that ``Resizing`` copies out of n different ones."""
    rows = np.broadcast_to(_counting(1, n, 1, 1), (1, n, n, 1))
    resized = run(build("Resizing", height=o, width=o, interpolation="nearest"), rows)
    return len(np.unique(resized[0, :, 0, 0]))


def grown_size(n: int, p: int | None) -> int:
    """``Conv2DTranspose(1, 3, strides=2, padding="same", output_padding=p)``."""
    return size_of("Conv2DTranspose", n, filters=1, kernel_size=3, strides=2, padding="same", output_padding=p)


def road_down(n: int, floors: int = 4) -> tuple[int, ...]:
    """The sizes of convolutions with a stride of 2 and "same", the smallest first, and n at the end."""
    return (n, *heights(n, *['Conv2D(1, 3, strides=2, padding="same")'] * floors))[::-1]


# -- right size, wrong values -------------------------------------------------------------------------------------


@cache
def told_too_early(k: int, layers: int) -> int:
    """How many outputs before a step change with it, in so many ``Conv1D(1, k, padding="same")`` in a row."""
    reach = k * layers
    cells = np.zeros((1, 2 * reach + 1, 1), dtype=np.float32)
    cells[0, reach] = 1
    layer = build("Conv1D", filters=1, kernel_size=k, padding="same", kernel_initializer="ones")
    for _ in range(layers):
        cells = run(layer, cells)
    return int((cells[0, :reach, 0] != 0).sum())


def future_in_mean(k: int) -> int:
    """How many later steps ``AveragePooling1D(k, strides=1, padding="same")`` reads."""
    lights = np.eye(2 * k + 1, dtype=np.float32)[:, :, np.newaxis]
    read = run(build("AveragePooling1D", pool_size=k, strides=1, padding="same"), lights)[:, k, 0]
    return int((read[k + 1 :] != 0).sum())
