"""The picture of a window on a map: input with its ghost cells, kernel, output, and where each window lands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.axes import Axis, ShapeError
from course_utils.pictures.grids import Cell, Grid, Role, number

Map = NDArray[np.float64]


def input_grid(
    values: Map, axes: Sequence[Axis], ghost: str = "0", name: str = "input", title: str = "input", **more: Any
) -> Grid:
    """The input map with the ghost cells that the layer adds and the cells that no window reads.

    Args:
        values: ``(height, width)``.
        axes: the axis of the height and the axis of the width.
        ghost: what a ghost cell holds, as text.
        name: what the view knows the grid by.
        title: what the line above it begins with.
        more: as in ``Grid.filled``.
    """
    height, width = values.shape
    (above, below), (left, right) = (_unless_refused(axis.pads, n, (0, 0)) for axis, n in _sides(axes, values))
    unread_rows, unread_columns = (_unless_refused(axis.unused_inputs, n, ()) for axis, n in _sides(axes, values))

    def cell(row: int, column: int) -> Cell:
        if not (0 <= row < height and 0 <= column < width):
            return Cell(ghost, "ghost")
        role: Role = "unread" if row in unread_rows or column in unread_columns else "real"
        return Cell(number(values[row, column]), role)

    padded = f", padded to {height + above + below}×{width + left + right}"
    return Grid.filled(
        name,
        f"{title} {height}×{width}{padded if above + below + left + right else ''}",
        range(-above, height + below),
        range(-left, width + right),
        cell,
        f"{title.capitalize()} of {height} by {width} cells; ghost rows: {above} above, {below} below; "
        f"ghost columns: {left} left, {right} right; cells no window reads: "
        f"{len(unread_rows)} rows, {len(unread_columns)} columns.",
        **{"walk": "input"} | more,
    )


def plain_grid(values: Map) -> Grid:
    """The input map alone, as it is before anyone has said what the layer does with it."""
    return map_grid(values, "input", "input", _of_size("Input", values))


def kernel_grid(values: Map) -> Grid:
    """The kernel ``(height, width)``."""
    height, width = values.shape
    return Grid.filled(
        "kernel",
        f"kernel {height}×{width}",
        range(height),
        range(width),
        lambda row, column: Cell(number(values[row, column]), "kernel"),
        f"Kernel of {height} by {width} weights.",
    )


def output_grid(
    values: Map, name: str = "output", title: str = "output", marked: NDArray[np.bool_] | None = None
) -> Grid:
    """The output map ``(height, width)``; the cells that are ``marked`` as different get a corner."""
    marks = np.zeros(values.shape, dtype=bool) if marked is None else marked
    said, legend = "", ""
    if marks.any():
        said, legend = f" {int(marks.sum())} of them are marked as different.", ", ◥\N{NO-BREAK SPACE}differs"
    description = f"{_of_size(title.capitalize(), values)}{said}"
    return map_grid(values, name, title, description, np.where(marks, "differ", "output"), legend, walk="output")


def map_grid(
    values: NDArray[Any],
    name: str,
    title: str,
    description: str,
    roles: ArrayLike = "real",
    legend: str = "",
    **more: Any,
) -> Grid:
    """A map as it is.

    Args:
        values: ``(height, width)``.
        name: what the view knows the grid by.
        title: what the line above it begins with; the size and the ``legend`` follow.
        description: the picture in words.
        roles: the ``Role`` of each cell, or one for all.
        legend: see ``title``.
        more: as in ``Grid.filled``.
    """
    height, width = values.shape
    role_of = np.broadcast_to(roles, values.shape).tolist()
    return Grid.filled(
        name,
        f"{title} {height}×{width}{legend}",
        range(height),
        range(width),
        lambda row, column: Cell(number(values[row, column]), role_of[row][column]),
        description,
        **more,
    )


def landing_grid(axis: Axis, n: int, name: str, title: str) -> Grid:
    """Where each window lands on one axis: a row for each output, a column for each input cell, ghosts included.

    The cells of a window hold their numbers, counted from 0.
    """
    (before, after), unread, taps = axis.pads(n), set(axis.unused_inputs(n)), axis.all_taps(n)

    def cell(i: int, j: int) -> Cell:
        if j in taps[i]:
            return Cell(number(j), "window")
        if not 0 <= j < n:
            return Cell("", "ghost")
        return Cell("", "unread" if j in unread else "blank")

    said = "; ".join(f"output {i} reads {_span(read)}" for i, read in enumerate(taps))
    description = f"Where each window lands, cells counted from 0: {said}."
    return Grid.filled(name, title, range(len(taps)), range(-before, n + after), cell, description, aside=True)


def _span(cells: Sequence[int]) -> str:
    """A few numbers in words."""
    if not cells:
        return "nothing"
    return ", ".join(str(j).replace("-", "−") for j in cells)


def _of_size(title: str, values: Map) -> str:
    height, width = values.shape
    return f"{title} of {height} by {width} cells."


def _sides(axes: Sequence[Axis], values: Map) -> Iterator[tuple[Axis, int]]:
    return zip(axes, values.shape, strict=True)


def _unless_refused(question: Callable[[int], tuple[int, ...]], n: int, otherwise: tuple[int, ...]) -> tuple[int, ...]:
    """Where the setting is impossible nothing is padded and nothing struck out: the error says it all."""
    try:
        return question(n)
    except ShapeError:
        return otherwise
