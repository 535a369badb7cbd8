"""Grids of cells with their numbers in, as plain data: ``explorers/static/view.js`` draws them, and ``stills``.

Real input cells are blue, ghost cells (padding) grey, dotted and hatched, output cells orange, kernel cells plain; a
cell that no window reads is struck out. Colour is never the only sign. The larger a number among those of its grid,
the stronger its colour; negative numbers have another one, and 0 has none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Any, Literal, get_args

#: What a cell is. ``differ`` is an output cell marked because it differs from the one it is held against; ``empty`` an
#: output cell that nothing reaches; ``count`` a cell of a heat map; ``tap`` a cell of a stamp in a ladder of stamps,
#: ``window`` one of a window in a ladder of windows, ``blank`` one beside them. The page gets their first letters.
Role = Literal["real", "ghost", "unread", "kernel", "output", "differ", "empty", "count", "tap", "window", "blank"]
#: What pointing at a cell of a grid asks: where an output came from, where an input goes, or nothing.
Walk = Literal["output", "input", ""]
#: The cells whose colour says nothing of a number.
UNSHADED: frozenset[Role] = frozenset({"ghost", "window", "blank"})
_BY_LETTER: dict[str, Role] = {role[0]: role for role in get_args(Role)}


@dataclass(frozen=True)
class Cell:
    """One square.

    Attributes:
        text: the number in it, with up to four decimals; there is room for two, see ``short``.
        role: what it is; decides colour and marks.
    """

    text: str
    role: Role


@dataclass(frozen=True)
class Grid:
    """A rectangle of cells.

    Attributes:
        name: what the view knows it by: ``"input"``, ``"kernel"``, ``"output"``, … Each once in a frame.
        title: the line above it.
        cells: rows from top to bottom.
        origin: row and column index of the first cell: (−1, −1) with one ghost row above and one column left.
        description: the picture in words, for those who do not see it.
        walk: what pointing at its cells asks.
        aside: whether it stands, small, below the row of input, kernel and output.
    """

    name: str
    title: str
    cells: tuple[tuple[Cell, ...], ...]
    origin: tuple[int, int]
    description: str
    walk: Walk = ""
    aside: bool = False

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
        """A grid of the cells at these rows and columns. ``more``: ``walk`` and ``aside``."""
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

    @cached_property
    def scale(self) -> tuple[float, float]:
        """The smallest and the largest number, without those that have no shade: how strong each colour is."""
        texts = {cell.text for row in self.cells for cell in row if cell.text and cell.role not in UNSHADED}
        numbers = [value(text) for text in texts] or [0.0]
        return min(numbers), max(numbers)

    def shade(self, cell: Cell) -> float:
        """How strong the colour of a cell is: from 0 for the smallest number of the grid to 1 for the largest.

        Where some numbers are negative, 0 is for 0, and the number as far from 0 as any has 1 or −1. ``view.js`` does
        the same.
        """
        if not cell.text or cell.role in UNSHADED:
            return 0.0
        low, high = self.scale
        zero, reach = (0.0, max(-low, high)) if low < 0 else (low, high - low)
        return (value(cell.text) - zero) / (reach or 1.0)

    def for_view(self) -> dict[str, Any]:
        """The grid as JSON, in few letters.

        The roles are a line such as ``"3g12r"``; the texts are parted by spaces, their rows by ``;``, and a row that is
        like an earlier one is ``=`` and the number of that, counted from 0.
        """
        roles = ((role, len(list(run))) for role, run in groupby(cell.role for row in self.cells for cell in row))
        texts = [" ".join(cell.text for cell in row).replace("−", "-") for row in self.cells]
        firsts = [texts.index(text) for text in texts]
        return {
            "name": self.name,
            "title": self.title,
            "said": self.description,
            "origin": list(self.origin),
            "columns": self.columns,
            "roles": "".join(f"{count}{role[0]}" for role, count in roles),
            "texts": ";".join(
                text if first == i else f"={first}" for i, (text, first) in enumerate(zip(texts, firsts, strict=True))
            ),
            "scale": list(self.scale),
            "walk": self.walk,
            "aside": self.aside,
        }

    @classmethod
    def from_view(cls, data: Mapping[str, Any]) -> Grid:
        """The grid that ``for_view`` told."""
        roles = [_BY_LETTER[role] for count, role in re.findall(r"(\d+)(.)", data["roles"]) for _ in range(int(count))]
        lines = data["texts"].split(";")
        full = [lines[int(line[1:])] if line.startswith("=") else line for line in lines]
        texts = [text.replace("-", "−") for line in full for text in line.split(" ")]
        cells, columns = [Cell(*one) for one in zip(texts, roles, strict=True)], data["columns"]
        rows = tuple(tuple(cells[i : i + columns]) for i in range(0, len(cells), columns))
        top, left = data["origin"]
        return cls(data["name"], data["title"], rows, (top, left), data["said"], data["walk"], data["aside"])


@lru_cache(maxsize=4096)
def number(number: float) -> str:
    """A value as text: with up to four decimals, and a real minus sign."""
    text = f"{number + 0.0:.4f}".rstrip("0").rstrip(".")  # + 0.0: no minus before a zero
    return ("0" if text == "-0" else text).replace("-", "−")


def value(text: str) -> float:
    """The number that a cell's text stands for.

    >>> value("−1.5")
    -1.5
    """
    return float(text.replace("−", "-"))


def short(text: str) -> str:
    """A number as a cell shows it: whole numbers without a point, others with two decimals, as ``view.js`` does.

    >>> short("0.0156"), short("−12")
    ('0.02', '−12')
    """
    return f"{math.floor(value(text) * 100 + 0.5) / 100:.2f}".replace("-", "−") if "." in text else text
