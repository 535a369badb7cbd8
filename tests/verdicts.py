"""Tables of answers to an exercise: what a learner hands in, and what the check says to it.

By exercise, a row for each answer: what it shows, and then the answer with everything that is expected of the verdict::

    ANSWERS: Verdicts = {
        "same_pool": {
            "the simplest size": (lambda n, k: n // k, ("For n = 7, k = 2 your function says 3; Keras gives 4.",)),
            "a step of one": (lambda n, k: n - k + 1, m.POOL_STRIDE_IS_ONE),
        },
    }
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from course_utils.exercises.catalogue import Misconception
from course_utils.exercises.core import Exercise
from course_utils.exercises.result import Outcome, Result

RIGHT, WRONG = Outcome.RIGHT, Outcome.WRONG
#: No misconception is recognised.
UNNAMED = None

Row = tuple[Any, ...]
Verdicts = dict[str, dict[str, Row]]


@dataclass(frozen=True)
class Unsaid:
    """A text that must not be in the verdict."""

    text: str


def each(what: str, values: Iterable[Any], row: Callable[[Any], Row]) -> dict[str, Row]:
    """A row for each value, numbered: the name of a test must be the same in every process."""
    return {f"{what} {i}": row(value) for i, value in enumerate(values, start=1)}


def layers(code: str) -> Callable[[], Any]:
    """A function that returns these layers of Keras in a list: ``layers("ZeroPadding2D(1), Conv2D(8, 5)")``."""
    return lambda: eval(f"[{code}]", {**vars(keras.layers), "keras": keras, "np": np})


def model(code: str) -> Callable[[], Any]:
    """A function that returns these layers as a Sequential model."""
    return lambda: keras.Sequential(layers(code)())


def check_verdict(exercise: Exercise, answer: Any, *expected: Any) -> Result:
    """Check an answer, compare the verdict with everything that is expected of it, and return it.

    Args:
        exercise: the exercise.
        answer: what a learner hands in.
        *expected: an outcome (wrong, if there is none); a text that is somewhere in the verdict, or ``Unsaid``; its
            lines, one by one, as a tuple in which ``...`` stands for any line; the misconception, or None if none may
            be named.
    """
    result = exercise.evaluate(answer)
    outcomes = [one for one in expected if isinstance(one, Outcome)]
    assert result.outcome is (outcomes or [WRONG])[0], str(result)
    for one in expected:
        if isinstance(one, str):
            assert one in str(result)
        elif isinstance(one, Unsaid):
            assert one.text not in str(result)
        elif isinstance(one, tuple):
            assert len(result.lines) == len(one), str(result)
            assert [line for line, asked in zip(result.lines, one, strict=True) if asked not in (..., line)] == []
        elif one is None or isinstance(one, Misconception):
            assert result.misconception is one, str(result)
    return result
