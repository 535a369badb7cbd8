"""The picture of a window on a map: input with its ghost cells, kernel, output."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from course_utils.axes import Axis, ShapeError
from course_utils.pictures.grids import Cell, Grid, Role, number, shades

Map = NDArray[np.float64]


def input_grid(values: Map, axes: Sequence[Axis], ghost: str = "0") -> Grid:
    """The input map with the ghost cells that the layer adds and the cells that no window reads.

    Args:
        values: ``(height, width)``.
        axes: the axis of the height and the axis of the width.
        ghost: what a ghost cell holds, as text.
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

    return Grid(
        name="input",
        title=_input_title(height, width, above + below, left + right),
        cells=tuple(
            tuple(cell(row, column) for column in range(-left, width + right)) for row in range(-above, height + below)
        ),
        origin=(-above, -left),
        description=(
            f"Input of {height} by {width} cells; ghost rows: {above} above, {below} below; "
            f"ghost columns: {left} left, {right} right; cells no window reads: "
            f"{len(unread_rows)} rows, {len(unread_columns)} columns."
        ),
    )


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


def output_grid(values: Map) -> Grid:
    """The output map ``(height, width)``."""
    height, width = values.shape
    strength = shades(values.tolist())
    return Grid(
        name="output",
        title=f"output {height}×{width}",
        cells=tuple(
            tuple(Cell(number(v), "output", shade) for v, shade in zip(row, line, strict=True))
            for row, line in zip(values, strength, strict=True)
        ),
        origin=(0, 0),
        description=f"Output of {height} by {width} cells.",
    )


def _input_title(height: int, width: int, rows: int, columns: int) -> str:
    title = f"input {height}×{width}"
    return f"{title}, padded to {height + rows}×{width + columns}" if rows or columns else title


def _pads(axis: Axis, n: int) -> tuple[int, int]:
    """No ghosts where the setting is impossible."""
    try:
        return axis.pads(n)
    except ShapeError:
        return (0, 0)


def _unread(axis: Axis, n: int) -> tuple[int, ...]:
    """Where the setting is impossible nothing is read, and nothing is struck out: the error says it all."""
    try:
        return axis.unread(n)
    except ShapeError:
        return ()
