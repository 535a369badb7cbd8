"""Grids of cells with their numbers in, drawn as SVG.

Real input cells are blue, ghost cells (padding) grey, dotted and hatched, output cells orange, kernel cells plain; a
cell that no window reads is struck out. Colour is never the only sign. The colours and the light and dark theme are
in ``explorers/static/view.css``: here every shape only says what it is.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

#: Side of a cell in the SVG's own units, which are CSS pixels while there is room.
CELL = 34
#: Side of a cell of a large map, with a number of up to four signs in it.
MIDDLE_CELL = 25
#: Side of a cell without a number in it, or with a single small sign.
SMALL_CELL = 17
#: How many signs fewer than in a ``CELL`` there is room for.
_LESS_ROOM = {MIDDLE_CELL: 1, SMALL_CELL: 3}
#: Room around the cells for the frame that marks a window.
MARGIN = 3

#: What a cell is. ``differ`` is an output cell marked because it differs from the one it is held against; ``empty`` an
#: output cell that nothing reaches; ``count`` a cell of a heat map; ``tap`` a cell of a window in a ladder of windows,
#: ``blank`` one beside it.
Role = Literal["real", "ghost", "unread", "kernel", "output", "differ", "empty", "count", "tap", "blank"]
#: What pointing at a cell of a grid asks: where an output came from, where an input goes, or nothing.
Walk = Literal["output", "input", ""]


@dataclass(frozen=True)
class Cell:
    """One square.

    Attributes:
        text: the number in it.
        role: what it is; decides colour and marks.
        shade: 0 … 1, how strong the colour is.
    """

    text: str
    role: Role
    shade: float = 0.0


@dataclass(frozen=True)
class Grid:
    """A rectangle of cells.

    Attributes:
        name: what the view knows it by: ``"input"``, ``"kernel"``, ``"output"``, … Each once in a frame.
        title: the line above it.
        cells: rows from top to bottom.
        origin: row and column index of the first cell: (−1, −1) with one ghost row above and one column left.
        description: the picture in words, for those who do not see it.
        cell: the side of a cell, ``CELL``, ``MIDDLE_CELL`` or ``SMALL_CELL``.
        walk: what pointing at its cells asks.
    """

    name: str
    title: str
    cells: tuple[tuple[Cell, ...], ...]
    origin: tuple[int, int]
    description: str
    cell: int = CELL
    walk: Walk = ""

    @classmethod
    def filled(
        cls,
        name: str,
        title: str,
        rows: range,
        columns: range,
        cell_at: Callable[[int, int], Cell],
        description: str,
        **more: Any,
    ) -> Grid:
        """A grid of the cells at these rows and columns. ``more``: ``cell`` and ``walk``."""
        cells = tuple(tuple(cell_at(row, column) for column in columns) for row in rows)
        return cls(name, title, cells, (rows.start, columns.start), description, **more)

    @property
    def rows(self) -> int:
        """How many rows."""
        return len(self.cells)

    @property
    def columns(self) -> int:
        """How many columns."""
        return len(self.cells[0])


@lru_cache(maxsize=4096)
def number(value: float) -> str:
    """A value as a cell shows it: whole numbers without a point, others with two digits, and a real minus sign."""
    text = f"{value + 0.0:.0f}" if value == round(value) else f"{value:.2f}"  # + 0.0: no minus before a zero
    return text.replace("-", "−")


def shades(values: list[list[float]]) -> list[list[float]]:
    """How strong each cell's colour is: 0 for the smallest value, 1 for the largest, in hundredths."""
    flat = [v for row in values for v in row]
    low, span = min(flat), (max(flat) - min(flat)) or 1.0
    return [[round((v - low) / span, 2) for v in row] for row in values]


def svg(grid: Grid) -> str:
    """The grid as an ``<svg>`` element, with a frame in it that the view moves over a window."""
    side = grid.cell
    width, height = grid.columns * side + 2 * MARGIN, grid.rows * side + 2 * MARGIN
    top, left = grid.origin
    cells = "".join(
        _cell(cell, row + top, column + left, row, column, side)
        for row, line in enumerate(grid.cells)
        for column, cell in enumerate(line)
    )
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{html.escape(grid.description)}" data-grid="{grid.name}" data-top="{top}" data-left="{left}" '
        f'data-cell="{side}" data-margin="{MARGIN}" xmlns="http://www.w3.org/2000/svg">'
        f'{cells}<rect class="cu-frame" rx="4" visibility="hidden"/></svg>'
    )


@lru_cache(maxsize=8192)
def _cell(cell: Cell, row: int, column: int, line: int, place: int, side: int) -> str:
    """One cell. Remembered: from one step of a slider to the next, most cells stay what and where they were."""
    x, y = MARGIN + place * side, MARGIN + line * side
    length = len(cell.text) + _LESS_ROOM.get(side, 0)
    size = {4: "cu-small"}.get(length, "cu-tiny" if length > 4 else "")
    text = f'<text class="{size}" x="{x + side // 2}" y="{y + side // 2}">{cell.text}</text>' if cell.text else ""
    return (
        f'<g class="cu-cell cu-{cell.role}" data-at="{row},{column}">'
        f'<rect x="{x + 1}" y="{y + 1}" width="{side - 2}" height="{side - 2}" rx="2" '
        f'style="--shade:{cell.shade:.2f}"/>{_mark(cell.role, x, y, side)}{text}</g>'
    )


def _mark(role: Role, x: int, y: int, side: int) -> str:
    """The sign that goes with the colour."""
    low, high = 3, side - 3
    if role == "ghost":
        third, two_thirds = side // 3, side - side // 3
        return (
            f'<path class="cu-hatch" d="M{x + low} {y + third}L{x + third} {y + low}'
            f"M{x + low} {y + two_thirds}L{x + two_thirds} {y + low}M{x + low} {y + high}L{x + high} {y + low}"
            f'M{x + third} {y + high}L{x + high} {y + third}M{x + two_thirds} {y + high}L{x + high} {y + two_thirds}"/>'
        )
    if role == "unread":
        return f'<path class="cu-strike" d="M{x + low} {y + low}L{x + high} {y + high}"/>'
    if role == "differ":
        return f'<path class="cu-corner" d="M{x + high - 7} {y + 2}H{x + side - 2}V{y + low + 8}Z"/>'
    if role == "empty":
        third, two_thirds = side // 3, side - side // 3
        return f'<path class="cu-strike" d="M{x + third} {y + high}H{x + two_thirds}"/>'
    return ""
