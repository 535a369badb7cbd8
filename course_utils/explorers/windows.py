"""What the explorers of sliding windows (padding, stride, pooling) share."""

from __future__ import annotations

from collections.abc import Iterator

from course_utils.axes import Window
from course_utils.explorers.layer import LayerRun
from course_utils.explorers.maps import pair
from course_utils.explorers.settings import Size
from course_utils.keras_layers import LayerCode
from course_utils.pictures.grids import Grid
from course_utils.pictures.window import landing_grid

LARGEST_K, LARGEST_S = 7, 4
IMPOSSIBLE = "Impossible, as the formula says: the window has no place to stand, and Keras refuses."
#: What was done to the one cell that comes out of a convolution, to all of several cells.
ADDED = "added up from its window", "added up from their windows"
#: How the grids of ``ladders`` go with an output cell: the ``follow`` of an ``Arithmetic``.
LADDERS = {"ladder height": "row", "ladder width": "column"}


def convolution(k: Size, s: Size, d: Size, padding: str) -> LayerCode:
    """``Conv2D`` as a person would write it: stride and dilation only where they are not 1."""
    strides = {"strides": pair(s)} if pair(s) != (1, 1) else {}
    dilation = {"dilation_rate": pair(d)} if pair(d) != (1, 1) else {}
    settings = {"filters": 1, "kernel_size": pair(k), **strides, **dilation, "padding": padding, "use_bias": False}
    return LayerCode("Conv2D", settings)


def lines(axis: Window, n: int) -> Iterator[str]:
    """The formulas of one axis with the numbers in: the size, the ghost cells, what is never read."""
    yield str(axis.formula(n))
    if axis.dilation > 1:
        yield str(axis.effective_size_formula())
    if axis.padding == "valid":
        yield "valid: no ghost cells"
    else:
        yield str(axis.pads_formula(n))
        yield axis.split_text(n)
    if lost := len(axis.unused_inputs(n)):
        yield f"never read: {lost} of {n}"


def lines_without_stride(axis: Window, n: int) -> Iterator[str]:
    """The same where no stride can be set: there is no s in them."""
    first, *more = lines(axis, n)
    yield first if axis.padding == "valid" else f"o = n = {axis.output_size(n)}"
    yield from more


def ladders(run: LayerRun[Window]) -> tuple[Grid, ...]:
    """Where the windows land: once where height and width are alike."""
    one = "ladder width", "where each window lands"
    each = ("ladder height", "windows along the height"), ("ladder width", "windows along the width")
    return tuple(landing_grid(axis, n, *named) for named, axis, n in run.sides(one, each))
