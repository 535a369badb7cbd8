"""What the explorers of windows (padding, stride, pooling) share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from course_utils.axes import Axis, Window
from course_utils.compare import Comparison
from course_utils.explorers.frame import Arithmetic
from course_utils.explorers.layer import Map, Size, map_of, pair, texts
from course_utils.pictures.grids import Grid
from course_utils.pictures.window import landing_grid

LARGEST_K, LARGEST_S, LARGEST_D = 7, 4, 3
PADDINGS = {"valid": "valid", "same": "same"}
#: How the grids of ``ladders`` go with an output cell: the ``follow`` of an ``Arithmetic``.
LADDERS = {"ladder height": "row", "ladder width": "column"}


def windows(k: Size, s: Size, d: Size, padding: str) -> tuple[Window, Window]:
    """The axis of the height and the axis of the width."""
    height, width = (Window(pair(k)[side], pair(s)[side], pair(d)[side], padding) for side in (0, 1))
    return height, width


def convolution_settings(k: Size, s: Size, d: Size, padding: str) -> dict[str, Any]:
    """The arguments of ``Conv2D``, as a person would write them: stride and dilation only where they are not 1."""
    strides = {"strides": pair(s)} if pair(s) != (1, 1) else {}
    dilation = {"dilation_rate": pair(d)} if pair(d) != (1, 1) else {}
    return {"filters": 1, "kernel_size": pair(k), **strides, **dilation, "padding": padding, "use_bias": False}


def window_lines(axis: Window, n: int) -> Iterator[str]:
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


def convolution_arithmetic(
    axes: Sequence[Axis], x: Map, weights: Map, comparison: Comparison, **more: Any
) -> tuple[Arithmetic, ...]:
    """Each cell as the sum of its window times the kernel; nothing where there is no output, or two.

    ``more``: further fields of ``Arithmetic``.
    """
    if comparison.by_hand is None or comparison.keras is None or not comparison.same_shape:
        return ()
    return (
        Arithmetic(
            rows=axes[0].all_taps(x.shape[0]),
            columns=axes[1].all_taps(x.shape[1]),
            inputs=texts(x),
            ghost="0",
            by_hand=texts(map_of(comparison.by_hand)),
            keras=texts(map_of(comparison.keras)),
            kernel=texts(weights),
            **more,
        ),
    )


def ladders(axes: Sequence[Axis], sizes: Sequence[int]) -> Iterator[Grid]:
    """Where the windows land: once where height and width are alike."""
    (height, width), (rows, columns) = axes, sizes
    if height == width and rows == columns:
        yield landing_grid(width, columns, "ladder width", "where each window lands")
    else:
        yield landing_grid(height, rows, "ladder height", "windows along the height")
        yield landing_grid(width, columns, "ladder width", "windows along the width")
