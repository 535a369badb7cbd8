"""What is on a frame of an explorer, read as a learner reads it."""

from __future__ import annotations

import contextlib
import io
from typing import Any

from course_utils.explorers.frame import Frame
from course_utils.pictures.grids import Grid


def grid_of(frame: Frame, name: str) -> Grid:
    return next(grid for grid in frame.grids if grid.name == name)


def value(text: str) -> float:
    """A number as it is written on a grid."""
    return float(text.replace("−", "-").replace("∞", "inf"))


def numbers_in(grid: Grid) -> list[list[float]]:
    return [[value(cell.text) for cell in row] for row in grid.cells]


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
