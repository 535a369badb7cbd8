"""The picture of a transposed convolution: where each stamp falls, what is cut off, and how many stamps overlap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from course_utils.axes import TransposedWindow
from course_utils.pictures.grids import Cell, Grid, Role, number
from course_utils.pictures.window import Map, map_grid

Counts = NDArray[np.int64]


def cuts(axis: TransposedWindow, n: int) -> tuple[int, int]:
    """Cells cut off before and after. Where ``TransposedWindow.crops`` adds cells instead, nothing is cut."""
    before, after = axis.crops(n)
    return (max(before, 0), max(after, 0))


def stamped_grid(
    values: Map, whole: Map, counts: Counts, axes: Sequence[TransposedWindow], sizes: Sequence[int]
) -> Grid:
    """The output with the gaps in it, and around it, hatched, what was cut off the sum of all stamps.

    Args:
        values: the output, ``(o_height, o_width)``.
        whole: the sum of all stamps before anything is cut off.
        counts: how many stamps reach each output cell, ``(o_height, o_width)``.
        axes: the axis of the height and the axis of the width.
        sizes: n of the height and of the width.
    """
    height, width = values.shape
    (above, below), (left, right) = (cuts(axis, n) for axis, n in zip(axes, sizes, strict=True))

    def cell(row: int, column: int) -> Cell:
        if not (0 <= row < height and 0 <= column < width):
            return Cell(number(whole[row + above, column + left]), "ghost")
        role: Role = "output" if counts[row, column] else "empty"
        return Cell(number(values[row, column]), role)

    cut = above + below + left + right
    gaps = int((counts == 0).sum())
    return Grid.filled(
        "output",
        f"output {height}×{width}" + (f", cut from {above + height + below}×{left + width + right}" * bool(cut)),
        range(-above, height + below),
        range(-left, width + right),
        cell,
        f"Output of {height} by {width} cells; rows cut off: {above} above, {below} below; columns cut off: "
        f"{left} left, {right} right; cells that no stamp reaches: {gaps}.",
        walk="output",
    )


def overlap_grid(counts: Counts) -> Grid:
    """How many stamps reach each output cell, the more the stronger."""
    height, width = counts.shape
    reached = f"How many stamps reach each of {height} by {width} output cells: from {counts.min()} to {counts.max()}."
    roles = np.where(counts == 0, "empty", "count")
    return map_grid(counts, "overlaps", "overlaps", reached, roles, walk="output", aside=True)


def stamp_grid(axis: TransposedWindow, n: int, name: str, title: str) -> Grid:
    """Where each stamp falls on one axis: a row for each input, a column for each output cell and each that is cut."""
    o, (before, after) = axis.output_size(n), cuts(axis, n)
    stamps = axis.all_stamps(n)
    reached = {i for stamp in stamps for i in stamp}

    def cell(j: int, i: int) -> Cell:
        if i in stamps[j]:
            return Cell("", "tap" if 0 <= i < o else "ghost")
        return Cell("", "blank" if i in reached else "empty")

    said = "; ".join(f"input {j} reaches {_inside(stamp, o)}" for j, stamp in enumerate(stamps))
    description = f"Where each stamp falls, output cells counted from 0: {said}."
    return Grid.filled(name, title, range(n), range(-before, o + after), cell, description, aside=True)


def _inside(stamp: Sequence[int], o: int) -> str:
    """The cells of a stamp in words."""
    cut = sum(not 0 <= i < o for i in stamp)
    return ", ".join(str(i) for i in stamp if 0 <= i < o) + (f" and {cut} cut off" if cut else "")
