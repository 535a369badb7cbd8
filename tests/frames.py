"""What is on a frame of an explorer, read as a learner reads it."""

from __future__ import annotations

import contextlib
import io
import re
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

from course_utils.explorers.frame import Arithmetic, Frame
from course_utils.explorers.settings import Settings
from course_utils.pictures.grids import Grid


@cache
def frame_of(settings: Settings) -> Frame:
    """The frame at these settings: the real layers are run once for all tests that ask about it."""
    return settings.frame()


def grid_of(frame: Frame, name: str) -> Grid:
    return next(grid for grid in frame.grids if grid.name == name)


def roles(grid: Grid) -> list[list[str]]:
    return [[cell.role for cell in row] for row in grid.cells]


def value(text: str) -> float:
    """A number as it is written on a grid."""
    return float(text.replace("−", "-").replace("∞", "inf"))


def numbers_in(grid: Grid) -> list[list[float]]:
    return [[value(cell.text) for cell in row] for row in grid.cells]


def weight(text: str) -> Fraction:
    """A weight as it is written: 1 or (3/4)."""
    assert re.fullmatch(r"1|\(\d/\d\)", text), text
    return Fraction(text.strip("()"))


def written_out(sums: Arithmetic, i: int, j: int) -> Fraction:
    """What the arithmetic of one output cell comes to, as ``view.js`` writes it out."""
    read = list(product(enumerate(sums.rows[i]), enumerate(sums.columns[j])))
    inside = {(r, c): 0 <= r < len(sums.inputs) and 0 <= c < len(sums.inputs[0]) for (_, r), (_, c) in read}
    real = [Fraction(value(sums.inputs[r][c])) for (_, r), (_, c) in read if inside[r, c]]
    if sums.how == "mean":
        return sum(real, Fraction(0)) / len(real)
    if sums.how == "max":
        assert real and sums.ghost == "−∞"
        return max(real)
    total = Fraction(0)
    for (a, r), (b, c) in read:
        term = Fraction(value(sums.inputs[r][c] if inside[r, c] else sums.ghost))
        if sums.kernel is not None:
            row = sums.kernel_rows[i][a] if sums.kernel_rows else a
            column = sums.kernel_columns[j][b] if sums.kernel_columns else b
            term *= Fraction(value(sums.kernel[row][column]))
        if sums.row_weights is not None and sums.column_weights is not None:
            term *= weight(sums.row_weights[i][a]) * weight(sums.column_weights[j][b])
        total += term
    return total


def printed_by(code: str) -> tuple[str, dict[str, Any]]:
    """Run code as a learner pastes it: what it prints, and the names that it leaves."""
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(code, names)
    return out.getvalue(), names


def shape_and_numbers(printed: str) -> tuple[str, list[float]]:
    """The two things that copied code prints: the shape of the output, and its values."""
    shape, _, numbers = printed.partition("\n")
    return shape, [float(number) for number in numbers.replace("[", " ").replace("]", " ").split()]
