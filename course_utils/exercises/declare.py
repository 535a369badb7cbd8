"""How a lesson declares its predictions and exercises.

    lesson = Lesson("01")

    places = lesson.prediction(
        "places",
        "A 3 × 3 window stands on a 7 × 7 map … In how many places can it stand, along one row?",
        ["Places in a row"],
        lambda: truth.valid_size(7, 3),
        "That number is the output size: one output cell for each place.",
        wrong=at(7, 3, of=[m.WINDOW_LOSES_K, m.WINDOW_HOPS]),
    )

    @lesson.formula(
        truth.valid_size,
        '`Conv2D(…, padding="valid")`',
        cases=[(5, 3), *((n, k) for n in range(1, 9) for k in range(1, n + 1))],
        wrong=[m.WINDOW_LOSES_K, m.WINDOW_HOPS],
        hints=["Put the window at the left end …", "It moves n − k cells …", "Count the place where it started, too."],
        why="A window of k can be pushed n − k times, and the place where it starts counts as well.",
    )
    def valid_size(n, k):
        return n - k + 1

The decorated function is the solution, word for word as the learner is shown it, and the name ``valid_size`` becomes
the exercise: ``lesson.valid_size.check(valid_size)``. There are three decorators:

- ``formula``: the learner writes this function; it is compared with the real layer, case by case.
- ``function``: the learner writes this function, which may be called otherwise; a checker judges it.
- ``cell``: the learner writes what is *inside* this function, and hands in what it returns.

Known wrong answers are misconceptions, whose formula is then the answer, or tuples ``(misconception, answer, …)``. An
answer may be ``edited({"strides=2": "strides=3"})``: the solution with some of its text replaced.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np

from course_utils.exercises.answers import as_tuple, whole
from course_utils.exercises.catalogue import KnownWrongAnswer, Wrong, wrong_answers
from course_utils.exercises.core import AgainstKeras, Checker, Exercise, Numbers, equals
from course_utils.exercises.predictions import Prediction, look_back
from course_utils.keras_layers import load_keras

Declare = Callable[[Callable[..., Any]], Exercise]


class Lesson:
    """Declares the predictions and exercises of one lesson.

    Args:
        number: its two digits, for example ``"01"``.
    """

    def __init__(self, number: str) -> None:
        #: Declares a prediction; for the arguments see ``prediction_data.PredictedQuestion``.
        self.prediction = partial(Prediction, number)
        #: Shows what you expected in this lesson, and what came.
        self.look_back = partial(look_back, number)

    def formula(
        self,
        truth: Callable[..., Any],
        layer: str,
        cases: Iterable[Any],
        *,
        wrong: Iterable[Wrong],
        hints: Sequence[str],
        why: str,
        read: Callable[[Any], Any] = whole,
        remark: Callable[[Any, Any], str] = lambda said, true: "",
    ) -> Declare:
        """Declare an exercise: a function whose values are those of the real layer.

        Args:
            truth: asks the real layer. Its parameters are the symbols that are shown to the learner.
            layer: the layer as it is called in a sentence.
            cases: arguments of the function, the simplest first: the first that differs is the one that is shown.
            wrong: known wrong functions.
            hints: see ``core.Exercise``.
            why: the same.
            read: what turns the function's value into one that can be compared: ``whole``, ``pair``, …
            remark: what to add about a wrong value and the true one.
        """
        checker = AgainstKeras(tuple(map(as_tuple, cases)), equals(truth, remark), layer, read, symbols=truth)
        return self.function(checker, wrong=wrong, hints=hints, why=why)

    def function(
        self, checker: Checker, *, wrong: Iterable[Wrong], hints: Sequence[str], why: str, called: str = ""
    ) -> Declare:
        """Declare an exercise: the decorated function is what the learner writes and hands in.

        Args:
            checker: judges an answer, see ``core.Checker``.
            wrong: known wrong answers.
            hints: see ``core.Exercise``.
            why: the same.
            called: the name that the learner's function has, if it is not that of the exercise.
        """

        def declare(solution: Callable[..., Any]) -> Exercise:
            name = called or solution.__name__
            lines, node = _source(solution)
            code = "\n".join(lines[node.lineno - 1 :]).replace(solution.__name__, name, 1)
            return _exercise(solution, name, code, checker, wrong, hints, why)

        return declare

    def cell(self, checker: Checker, *, wrong: Iterable[Wrong], hints: Sequence[str], why: str) -> Declare:
        """Declare an exercise: what the learner writes is inside the decorated function, and handed in is its return.

        The arguments are those of ``function``.
        """

        def declare(solution: Callable[..., Any]) -> Exercise:
            lines, node = _source(solution)
            last = node.body[-1]
            if not isinstance(last, ast.Return) or last.value is None:
                raise TypeError(f"{solution.__name__} has to end with a return: what the learner hands in.")
            code = textwrap.dedent("\n".join(lines[node.lineno : last.lineno - 1])).strip("\n")
            answer = ast.get_source_segment("\n".join(lines), last.value) or ""
            return _exercise(solution, answer, code, checker, wrong, hints, why)

        return declare


def _exercise(
    solution: Callable[..., Any],
    answer: str,
    code: str,
    checker: Checker,
    wrong: Iterable[Wrong],
    hints: Sequence[str],
    why: str,
) -> Exercise:
    known: tuple[KnownWrongAnswer, ...] = tuple(
        replace(one, answer=one.answer.in_code(code, answer)) if isinstance(one.answer, Edited) else one
        for one in wrong_answers(wrong)
    )
    if isinstance(checker, (AgainstKeras, Numbers)):
        checker = replace(checker, wrong_answers=known)
    return Exercise(solution.__name__, answer, checker, tuple(hints), code, why, known)


@dataclass(frozen=True)
class Edited:
    """The solution with some of its text replaced, as a known wrong answer."""

    changes: Mapping[str, str]

    def in_code(self, code: str, answer: str) -> Callable[..., Any]:
        """The function of this name in the code so changed; it is made when it is called, because it needs Keras."""
        for old in self.changes:
            if old not in code:
                raise ValueError(f"{old!r} is not in the solution:\n{code}")
        changed = re.sub("|".join(map(re.escape, self.changes)), lambda found: self.changes[found[0]], code)

        @cache
        def made() -> Callable[..., Any]:
            names: dict[str, Any] = {"keras": load_keras(), "np": np}
            exec(changed, names)
            return names[answer]  # type: ignore[no-any-return]

        def wrong(*args: Any) -> Any:
            return made()(*args)

        wrong.__name__ = answer
        return wrong


def edited(changes: Mapping[str, str]) -> Edited:
    """A known wrong answer: what is handed in by who changes these parts of the solution, all at once.

    >>> edited({"same": "valid", "valid": "same"}).in_code("def f(): return 'same', 'valid'", "f")()
    ('valid', 'same')
    """
    return Edited(changes)


def _source(function: Callable[..., Any]) -> tuple[list[str], ast.FunctionDef]:
    """The lines of a function with its decorators, and how Python reads them."""
    text = textwrap.dedent(inspect.getsource(function))
    (node,) = ast.parse(text).body
    assert isinstance(node, ast.FunctionDef)
    return text.splitlines(), node
