"""The picture of a window on a map: input with its ghost cells, kernel, output, and where each window lands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from course_utils.axes import Axis, ShapeError
from course_utils.pictures.grids import SMALL_CELL, Cell, Grid, Role, number, shades

Map = NDArray[np.float64]


def input_grid(values: Map, axes: Sequence[Axis], ghost: str = "0", name: str = "input", title: str = "input") -> Grid:
    """The input map with the ghost cells that the layer adds and the cells that no window reads.

    Args:
        values: ``(height, width)``.
        axes: the axis of the height and the axis of the width.
        ghost: what a ghost cell holds, as text.
        name: what the view knows the grid by.
        title: what the line above it begins with.
    """
    height, width = values.shape
    (above, below), (left, right) = (_pads(axis, n) for axis, n in zip(axes, values.shape, strict=True))
    unread_rows, unread_columns = (_unread(axis, n) for axis, n in zip(axes, values.shape, strict=True))
    strength = shades(values.tolist())

    def cell(row: int, column: int) -> Cell:
        if not (0 <= row < height and 0 <= column < width):
            return Cell(ghost, "ghost")
        role: Role = "unread" if row in unread_rows or column in unread_columns else "real"
        return Cell(number(values[row, column]), role, strength[row][column])

    padded = f", padded to {height + above + below}×{width + left + right}"
    return Grid(
        name=name,
        title=f"{title} {height}×{width}{padded if above + below + left + right else ''}",
        cells=tuple(
            tuple(cell(row, column) for column in range(-left, width + right)) for row in range(-above, height + below)
        ),
        origin=(-above, -left),
        description=(
            f"{title.capitalize()} of {height} by {width} cells; ghost rows: {above} above, {below} below; "
            f"ghost columns: {left} left, {right} right; cells no window reads: "
            f"{len(unread_rows)} rows, {len(unread_columns)} columns."
        ),
        walk="input",
    )


def plain_grid(values: Map) -> Grid:
    """The input map alone, as it is before anyone has said what the layer does with it."""
    height, width = values.shape
    return _map_grid(values, "input", "input", "real", f"Input of {height} by {width} cells.")


def kernel_grid(values: Map) -> Grid:
    """The kernel ``(height, width)``."""
    height, width = values.shape
    return Grid(
        name="kernel",
        title=f"kernel {height}×{width}",
        cells=tuple(tuple(Cell(number(v), "kernel") for v in row) for row in values),
        origin=(0, 0),
        description=f"Kernel of {height} by {width} weights.",
    )


def output_grid(
    values: Map, name: str = "output", title: str = "output", marked: NDArray[np.bool_] | None = None
) -> Grid:
    """The output map ``(height, width)``; the cells that are ``marked`` as different get a corner."""
    height, width = values.shape
    said = "" if marked is None or not marked.any() else f" {int(marked.sum())} of them are marked as different."
    description = f"{title.capitalize()} of {height} by {width} cells.{said}"
    grid = _map_grid(values, name, title, "output", description)
    if marked is None:
        return grid
    cells = tuple(
        tuple(Cell(c.text, "differ" if m else c.role, c.shade) for c, m in zip(row, marks, strict=True))
        for row, marks in zip(grid.cells, marked, strict=True)
    )
    legend = ", ◥ differs" if marked.any() else ""
    return Grid(name, grid.title + legend, cells, grid.origin, description, walk=grid.walk)


def _map_grid(values: Map, name: str, title: str, role: Role, description: str) -> Grid:
    height, width = values.shape
    strength = shades(values.tolist())
    return Grid(
        name=name,
        title=f"{title} {height}×{width}",
        cells=tuple(
            tuple(Cell(number(v), role, shade) for v, shade in zip(row, line, strict=True))
            for row, line in zip(values.tolist(), strength, strict=True)
        ),
        origin=(0, 0),
        description=description,
        walk="output" if role == "output" else "",
    )


def landing_grid(axis: Axis, n: int, name: str, title: str) -> Grid:
    """Where each window lands on one axis: a row for each output, a column for each input cell, ghosts included."""
    before, after = axis.pads(n)
    unread = set(axis.unused_inputs(n))
    taps = axis.all_taps(n)
    places = range(-before, n + after)

    def cell(i: int, j: int) -> Cell:
        if j in taps[i]:
            return Cell("", "tap")
        if not 0 <= j < n:
            return Cell("", "ghost")
        return Cell("", "unread" if j in unread else "blank")

    said = "; ".join(f"output {i} reads {_span(read)}" for i, read in enumerate(taps))
    return Grid(
        name=name,
        title=title,
        cells=tuple(tuple(cell(i, j) for j in places) for i in range(len(taps))),
        origin=(0, -before),
        description=f"Where each window lands, cells counted from 0: {said}.",
        cell=SMALL_CELL,
    )


def _span(cells: Sequence[int]) -> str:
    """A few numbers in words."""
    if not cells:
        return "nothing"
    return ", ".join(str(j).replace("-", "−") for j in cells)


def _pads(axis: Axis, n: int) -> tuple[int, int]:
    """No ghosts where the setting is impossible."""
    try:
        return axis.pads(n)
    except ShapeError:
        return (0, 0)


def _unread(axis: Axis, n: int) -> tuple[int, ...]:
    """Where the setting is impossible nothing is read, and nothing is struck out: the error says it all."""
    try:
        return axis.unused_inputs(n)
    except ShapeError:
        return ()
