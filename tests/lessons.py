"""The lessons as the tests see them: every lesson module with its notebook, and what can be asked of them all."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import nbformat
import numpy as np
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from course_utils import exercises
from course_utils.exercises import misconceptions
from course_utils.exercises.catalogue import Misconception
from course_utils.exercises.core import Exercise
from course_utils.exercises.prediction_box import PredictionBox
from course_utils.exercises.predictions import Prediction, predictions_of
from course_utils.exercises.record import Value

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


@dataclass(frozen=True)
class Lesson:
    """A lesson: its number in two digits, its module, and its notebook."""

    number: str
    module: ModuleType

    @property
    def notebook(self) -> str:
        (path,) = NOTEBOOKS.glob(f"{self.number}_*.ipynb")
        return path.name

    @property
    def exercises(self) -> list[Exercise]:
        return [thing for thing in vars(self.module).values() if isinstance(thing, Exercise)]

    @property
    def predictions(self) -> list[Prediction]:
        return list(predictions_of(self.number))


def _lessons() -> list[Lesson]:
    names = [module.name for module in pkgutil.iter_modules(exercises.__path__) if module.name.startswith("lesson_")]
    assert len(names) >= 4, "no lessons found: these tests would pass on nothing"
    return [Lesson(name[-2:], importlib.import_module(f"{exercises.__name__}.{name}")) for name in sorted(names)]


LESSONS = _lessons()
EXERCISES = [exercise for lesson in LESSONS for exercise in lesson.exercises]
PREDICTIONS = [prediction for lesson in LESSONS for prediction in lesson.predictions]
CATALOGUE = [thing for thing in vars(misconceptions).values() if isinstance(thing, Misconception)]


def label(thing: Any) -> str | None:
    """What pytest calls a case: the lesson with the name, because two lessons may use one name."""
    for lesson in LESSONS:
        if thing is lesson or any(thing is one for one in (*lesson.exercises, *lesson.predictions)):
            return f"{lesson.number}-{getattr(thing, 'name', 'lesson')}"
    return getattr(thing, "name", None)


def solve(exercise: Exercise) -> Any:
    """Run the solution that the learner is shown, and return what it hands in."""
    names: dict[str, Any] = {"keras": keras, "np": np}
    exec(exercise.solution_code, names)
    return eval(exercise.answer, names)


TAKES_A_FUNCTION = [exercise for exercise in EXERCISES if callable(solve(exercise))]


# -- what nobody should hand in -----------------------------------------------------------------------------------


def raises(*args: Any) -> Any:
    raise ZeroDivisionError("division by zero")


def leaves(*args: Any) -> Any:
    sys.exit(1)


def calls_itself(*args: Any) -> Any:
    return calls_itself(*args)


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


ODD_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "raises": raises,
    "leaves": leaves,
    "calls itself": calls_itself,
    "nothing": lambda *args: None,
    "text": lambda *args: "5",
    "float": lambda *args: 5.0,
    "nan": lambda *args: float("nan"),
    "yes": lambda *args: True,
    "unprintable": lambda *args: Unprintable(),
    "ragged": lambda *args: [1, [2, 3]],
    "none in a pair": lambda *args: (None, 1),
    "three": lambda *args: (1, 2, 3),
    "minus": lambda *args: -1,
    "empty": lambda *args: [],
    "too many parameters": lambda a, b, c, d: 1,
    "none": lambda: 1,
}
ODD_VALUES = [
    None,
    "5",
    5.0,
    True,
    -1,
    [],
    (1, 2),
    [None] * 13,
    10**30,
    float("nan"),
    Unprintable(),
    {1: 2},
    np.ones(3),
]


# -- predictions --------------------------------------------------------------------------------------------------


def fill(box: PredictionBox, answers: tuple[Value, ...]) -> None:
    for one, answer in zip(box.inputs, answers, strict=True):
        one.value = str(answer)


def commit(prediction: Prediction, answers: tuple[Value, ...]) -> PredictionBox:
    """Answer as a person does: fill in, and press the button."""
    box = prediction.box()
    fill(box, answers)
    box.commit.click()
    return box


# -- notebooks ----------------------------------------------------------------------------------------------------


def headings(notebook: str) -> list[str]:
    cells = nbformat.read(NOTEBOOKS / notebook, 4).cells
    lines = [line for cell in cells if cell.cell_type == "markdown" for line in cell.source.splitlines()]
    return [line.lstrip("#").strip() for line in lines if line.startswith("#")]


def run_cell(shell: InteractiveShell, source: str) -> list[dict[str, str]]:
    """Run a cell; return what it displayed."""
    with capture_output() as captured:
        result = shell.run_cell(source)
    result.raise_error()
    assert result.result is None
    return [output.data for output in captured.outputs]


def exercise_cells(notebook: str) -> dict[str, str]:
    """The cells with a check, by the name of the exercise."""
    cells = {}
    for cell in nbformat.read(NOTEBOOKS / notebook, 4).cells:
        for line in cell.source.splitlines() if cell.cell_type == "code" else ():
            if line.startswith("lesson.") and ".check(" in line:
                cells[line.split(".")[1]] = cell.source
    return cells
