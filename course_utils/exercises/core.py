"""An exercise: a check of what the learner wrote in place of a blank, hints, and a solution.

In a notebook::

    from course_utils.exercises import ____, lesson_01 as lesson

    def valid_size(n, k):
        return ____

    lesson.valid_size.check(valid_size)

and in the next cell, folded until it is clicked, so that *Run All* gives nothing away::

    lesson.valid_size.hint()
    lesson.valid_size.solution()

An exercise is data, and is declared with the decorators of ``declare.Lesson``. How an answer is judged is its
``checker``: a function that returns what to say about a right answer and raises CheckFailed about any other.
``AgainstKeras`` compares functions, ``Numbers`` numbers, and a lesson may bring its own.
"""

from __future__ import annotations

import html
import operator
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial, wraps
from inspect import Parameter, signature
from typing import Any, Protocol

from course_utils.exercises.answers import (
    NOT_TRIED,
    BadAnswer,
    ask,
    check_callable,
    spell,
    try_it,
    whole,
    whole_numbers,
)
from course_utils.exercises.blank import has_blank
from course_utils.exercises.catalogue import KnownWrongAnswer, Misconception, misconception_behind
from course_utils.exercises.result import (
    CheckFailed,
    Fold,
    Outcome,
    Result,
    Shown,
    paragraph,
    show,
    to_html,
)

_MISSING = object()


class Checker(Protocol):
    """Judges an answer in which no blank is left."""

    def __call__(self, answer: Any, /) -> str:
        """What to say about a right answer. Raises CheckFailed about any other."""


@dataclass
class Exercise:
    """One exercise of a lesson.

    Args:
        name: what it is called in its lesson: ``lesson.<name>.check(…)``.
        answer: what is handed to ``check``, as code.
        checker: judges an answer.
        hints: from a nudge to nearly everything.
        solution_code: what to write instead of the code with the blanks; the tests run this very text.
        why: the reason, in a sentence or two; shown with the solution and after a right answer.
        wrong_answers: answers that are wrong in a known way; the tests hand each of them in.
    """

    name: str
    answer: str
    checker: Checker
    hints: tuple[str, ...]
    solution_code: str
    why: str
    wrong_answers: tuple[KnownWrongAnswer, ...] = ()
    _hints_given: int = field(default=0, repr=False)

    def __repr__(self) -> str:
        return f"The exercise {self.name}. {self._usage}"

    @property
    def _usage(self) -> str:
        return f"Check your answer with `lesson.{self.name}.check({self.answer})`."

    def evaluate(self, answer: Any = _MISSING) -> Result:
        """Judge an answer. Nothing a learner hands in makes this raise."""
        if answer is _MISSING:
            return Result(Outcome.NOT_TRIED, (self._usage,))
        try:
            if has_blank(answer):
                return Result(Outcome.NOT_TRIED, (NOT_TRIED,))
            said = self.checker(answer)
        except CheckFailed as failed:
            return failed.result
        except Exception as error:
            return Result(
                Outcome.NOT_CHECKED,
                (
                    f"The check itself stumbled ({type(error).__name__}: {error}), which is no fault of yours.",
                    "Your answer is where you wrote it. Compare it with the solution.",
                ),
            )
        return Result(Outcome.RIGHT, (said, self.why))

    def check(self, answer: Any = _MISSING) -> None:
        """Judge an answer and show the outcome."""
        show(self.evaluate(answer))

    def hint(self) -> None:
        """Show the hints, each folded; where nothing can be folded (a terminal), the next one at each call."""
        number = self._hints_given % len(self.hints)
        self._hints_given += 1
        titles = [f"Hint {i} of {len(self.hints)}" for i in range(1, len(self.hints) + 1)]
        folds = [Fold(title, paragraph(to_html(hint))) for title, hint in zip(titles, self.hints, strict=True)]
        show(Shown(f"{titles[number]}: {self.hints[number]}", "".join(fold.html for fold in folds)))

    def solution(self) -> None:
        """Show one solution, folded, and why it is one."""
        code = (
            '<pre style="overflow-x: auto; padding: 0.5em; background: var(--jp-cell-editor-background, transparent)">'
            f'<code style="background: none">{html.escape(self.solution_code)}</code></pre>'
        )
        fold = Fold("One solution", code + paragraph(to_html(self.why)))
        show(Shown(f"One solution:\n\n{self.solution_code}\n\n{self.why}", fold.html))


# -- checkers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AgainstKeras:
    """Runs a learner's function beside the real layer over many cases and shows the first that differs.

    Args:
        cases: arguments of the function, the simplest first: the first that differs is the one that is shown.
        differ: what is wrong with a value for a case, as the end of "For n = 7, k = 4 …", with more lines if need be;
            nothing where nothing is wrong. Its parameters behind the value are the symbols that are shown.
        layer: the real layer, as it is called in a sentence.
        read: turns what the function returns into a value that can be compared, or raises BadAnswer.
        wrong_answers: wrong functions with a name.
        told: what a case is called, where it is no list of numbers.
        returned: the words for a value that cannot be read, in which the value and the problem are put.
        same: whether two values that were read are equal.
        agreement: what is said of a right answer, if not that it agrees with the layer.
        explain: is told of a function that fails, and raises a CheckFailed of its own if it knows better why.
        with_case: whether the smallest case against a misconception is shown, too.
        symbols: what has the symbols that are shown as its parameters, if not ``differ``.
    """

    cases: tuple[tuple[Any, ...], ...]
    differ: Callable[..., str | tuple[str, ...] | None]
    layer: str = ""
    read: Callable[[Any], Any] = whole
    wrong_answers: tuple[KnownWrongAnswer, ...] = ()
    told: Callable[..., str] | None = None
    returned: str = "says {}; {}"
    same: Callable[[Any, Any], bool] = operator.eq
    agreement: str = "Your function agrees with {layer} in all {count} settings that I tried."
    explain: Callable[[Callable[..., Any], CheckFailed], None] = lambda function, failed: None
    with_case: bool = False
    symbols: Callable[..., Any] | None = None

    def __call__(self, function: Any) -> str:
        """Compare a function with the layer. It is called once for each case."""
        check_callable(function)
        try:
            self._compare(function)
        except CheckFailed as failed:
            self.explain(function, failed)
            raise
        return self.agreement.format(layer=self.layer, count=len(self.cases))

    def _compare(self, function: Any) -> None:
        values: list[Any] = []
        for case in self.cases:
            values.append(self._value(function, case))
            problem = self.differ(values[-1], *case)
            if problem:
                first, *more = [problem] if isinstance(problem, str) else problem
                misconception = self._recognise(function, values)
                line = f"For {self._settings(case)} {first}"
                raise CheckFailed(line, *more, misconception=misconception, with_case=self.with_case)

    def _settings(self, case: tuple[Any, ...]) -> str:
        if self.told is not None:
            return self.told(*case)
        _, *behind = signature(self.differ).parameters.values()
        asked = signature(self.symbols).parameters.values() if self.symbols else behind
        # What has a default is the layer's business; the learner's function does not take it.
        symbols = [parameter.name for parameter in asked if parameter.default is Parameter.empty]
        return ", ".join(f"{symbol} = {number}" for symbol, number in zip(symbols, case, strict=True))

    def _value(self, function: Any, case: tuple[Any, ...]) -> Any:
        settings = self._settings(case)
        # A list is handed over as a copy: a function that changes it would change the question.
        value = ask(function, *deepcopy(case), settings=settings)
        try:
            return self.read(value)
        except BadAnswer as problem:
            line = f"For {settings} your function {self.returned.format(spell(value), problem)}"
            raise CheckFailed(line, *([] if self.told else [try_it(function, case)])) from None

    def _recognise(self, function: Any, first: list[Any]) -> Misconception | None:
        """The misconception whose formula gives the learner's value in every case; the first values are known."""
        try:
            values = first + [self._value(function, case) for case in self.cases[len(first) :]]
        except CheckFailed:
            return None
        return misconception_behind(partial(self._gives_the_same, values), self.wrong_answers)

    def _gives_the_same(self, values: list[Any], formula: Callable[..., Any]) -> bool:
        try:
            return all(
                self.same(value, self._value(formula, case)) for value, case in zip(values, self.cases, strict=True)
            )
        except CheckFailed:  # a formula may raise, as an index may lie beyond the end
            return False


def equals(truth: Callable[..., Any], remark: Callable[[Any, Any], str] = lambda said, true: "") -> Callable[..., str]:
    """A ``differ`` for values that the real layer gives directly; ``remark`` may add a sentence about both."""

    def differ(value: Any, *case: Any) -> str:
        true = truth(*case)
        if value == true:
            return ""
        return f"your function says {spell(value)}; Keras gives {spell(true)}.{remark(value, true)}"

    return differ


def both(one: Callable[..., Any], other: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
    """A formula for two numbers, from one for each; with the symbols of the first."""
    return wraps(one)(lambda *case: (one(*case), other(*case)))


@dataclass(frozen=True)
class Numbers:
    """Compares several numbers with what the real layers give, and names the first that is off, not its true value.

    Args:
        labels: what each number is.
        truth: asks Keras for them.
        wrong_answers: known wrong answers.
        remarks: what to say to some other wrong answers that are easy to understand.
        explain: what to say to wrong answers of a kind, instead of all that; None where it has nothing to say.
        expected: what is asked for, to be said to an answer of another form.
    """

    labels: tuple[str, ...]
    truth: Callable[[], tuple[int, ...]]
    wrong_answers: tuple[KnownWrongAnswer, ...] = ()
    remarks: Mapping[tuple[int, ...], str] = field(default_factory=dict)
    explain: Callable[[tuple[int, ...]], CheckFailed | None] = lambda said: None
    expected: str = ""

    def __call__(self, answer: Any) -> str:
        """Compare the numbers."""
        said = self._read(answer)
        if said == self.truth():
            return "Every number is what Keras gives."
        explained = self.explain(said)
        if explained is not None:
            raise explained
        first = next(i for i, (mine, true) in enumerate(zip(said, self.truth(), strict=True)) if mine != true)
        before = "" if first == 0 else f" What comes before it is right: {first} of {len(said)}."
        way = "large" if said[first] > self.truth()[first] else "small"
        remark = self.remarks.get(said, f"{self.labels[first]}: {said[first]} is too {way}.{before}")
        raise CheckFailed(
            remark,
            misconception=misconception_behind(lambda known: self._read(known) == said, self.wrong_answers),
        )

    def _read(self, answer: Any) -> tuple[int, ...]:
        try:
            return whole_numbers(answer, len(self.labels))
        except BadAnswer as problem:
            line = self._odd_one(answer) or f"You say {spell(answer)}; {problem}"
            raise CheckFailed(line, self._expected(answer)) from None

    def _odd_one(self, answer: Any) -> str | None:
        """Which of the right number of things is no whole number, and why."""
        if not isinstance(answer, (list, tuple)) or len(answer) != len(self.labels):
            return None
        for label, one in zip(self.labels, answer, strict=True):
            try:
                whole(one)
            except BadAnswer as problem:
                return f"{label}: you say {spell(one)}; {problem}"
        return None

    def _expected(self, answer: Any) -> str:
        """What is asked for; for a list that is one too long, why it may be."""
        if isinstance(answer, (list, tuple)) and len(answer) == len(self.labels) + 1:
            return "If you began with what goes in, leave it out."
        if self.expected:
            return self.expected
        return f"I look for: {', '.join(self.labels)}." if len(self.labels) < 5 else "One number for each layer."


pair = partial(whole_numbers, count=2)
