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
from course_utils.pictures.grids import Grid, value


@cache
def frame_of(settings: Settings) -> Frame:
    """The frame at these settings: the real layers are run once for all tests that ask about it."""
    return settings.frame()


def grid_of(frame: Frame, name: str) -> Grid:
    return next(grid for grid in frame.grids if grid.name == name)


def roles(grid: Grid) -> list[list[str]]:
    return [[cell.role for cell in row] for row in grid.cells]


def numbers_in(grid: Grid) -> list[list[float]]:
    return [[value(cell.text.replace("∞", "inf")) for cell in row] for row in grid.cells]


def texts_in(grid: Grid) -> list[list[str]]:
    """The numbers of a map as they are written, without its ghosts."""
    rows = [[cell.text for cell in row if cell.role != "ghost"] for row in grid.cells]
    return [row for row in rows if row]


def by_keras(frame: Frame, sums: Arithmetic) -> list[list[str]]:
    """What Keras made, as the arithmetic shows it."""
    return texts_in(grid_of(frame, sums.result)) if sums.keras is None else [list(row) for row in sums.keras]


def received(sent: dict[str, Any]) -> list[list[tuple[str, str]]]:
    """The first letter of the role and the text of each cell, read from what is sent as ``view.js`` reads it."""
    letters = "".join(letter * int(count) for count, letter in re.findall(r"(\d+)(\w)", sent["roles"]))
    lines = sent["texts"].split(";")
    texts = [(lines[int(line[1:])] if line.startswith("=") else line).split(" ") for line in lines]
    rows = [letters[i : i + sent["columns"]] for i in range(0, len(letters), sent["columns"])]
    return [list(zip(row, line, strict=True)) for row, line in zip(rows, texts, strict=True)]


def weight(text: str) -> Fraction:
    """A weight as it is written: 1 or (3/4)."""
    assert re.fullmatch(r"1|\(\d/\d\)", text), text
    return Fraction(text.strip("()"))


def written_out(frame: Frame, sums: Arithmetic, i: int, j: int) -> Fraction:
    """What the arithmetic of one output cell comes to, as ``view.js`` writes it out."""
    inputs = texts_in(grid_of(frame, sums.inputs))
    kernel = texts_in(grid_of(frame, sums.kernel)) if sums.kernel else None
    read = list(product(enumerate(sums.rows[i]), enumerate(sums.columns[j])))
    inside = {(r, c): 0 <= r < len(inputs) and 0 <= c < len(inputs[0]) for (_, r), (_, c) in read}
    real = [Fraction(value(inputs[r][c])) for (_, r), (_, c) in read if inside[r, c]]
    if sums.how == "mean":
        return sum(real, Fraction(0)) / len(real)
    if sums.how == "max":
        assert real and sums.ghost == "−∞"
        return max(real)
    total = Fraction(0)
    for (a, r), (b, c) in read:
        term = Fraction(value(inputs[r][c] if inside[r, c] else sums.ghost))
        if kernel is not None:
            # With stamps, the one that falls on this cell; otherwise one after the other.
            row = sums.stamp_rows[r].index(i) if sums.stamp_rows else a
            column = sums.stamp_columns[c].index(j) if sums.stamp_columns else b
            term *= Fraction(value(kernel[row][column]))
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
