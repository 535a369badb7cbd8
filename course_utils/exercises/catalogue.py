"""What the catalogue of misconceptions is made of: wrong formulas with a name, and where the course explains them.

An answer that equals a wrong formula everywhere is told which one it is. Nobody is told "wrong" by a formula that is
not: the smallest numbers for which it differs from the real layer are searched for, and shown.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from itertools import product
from math import prod
from typing import Any

from course_utils.keras_layers import KerasRefusal

#: The sum of the numbers up to which a case is searched for; no misconception of the course needs more than 9.
MOST = 16


@dataclass(frozen=True)
class Section:
    """A place in the course to read again: a notebook and one of its headings, word for word."""

    notebook: str
    heading: str

    def __str__(self) -> str:
        return f"{self.notebook}, {self.title}"

    @property
    def title(self) -> str:
        """The heading without the minutes."""
        return re.sub(r" \(\d+ minutes\)$", "", self.heading)

    @property
    def link(self) -> str:
        """As HTML. JupyterLab names a heading by its text with the spaces as hyphens."""
        anchor = html.escape(self.heading.replace(" ", "-"))
        return f'<a href="{self.notebook}#{anchor}">{html.escape(self.title)}</a>'


@dataclass(frozen=True)
class Quantity:
    """Something that a layer decides and people have wrong formulas for.

    Attributes:
        about: what it is called in a sentence: ``"the size"``.
        truth: asks the real Keras layer.
        section: where the course explains it.
    """

    about: str
    truth: Callable[..., Any]
    section: Section

    def misconception(self, name: str, sentence: str, wrong_formula: Callable[..., Any]) -> Misconception:
        """A misconception about this quantity; for the arguments see ``Misconception``."""
        return Misconception(self, name, sentence, wrong_formula)


@dataclass(frozen=True, eq=False)
class Misconception:
    """A belief that many people hold, as a formula.

    Attributes:
        quantity: what the formula is meant to give.
        name: the belief, in the words of someone who holds it.
        sentence: why it is natural, and what is so instead.
        wrong_formula: the wrong formula. Its parameters are the symbols that are shown to the learner.
    """

    quantity: Quantity
    name: str
    sentence: str
    wrong_formula: Callable[..., Any]

    @property
    def section(self) -> Section:
        """Where the course explains it."""
        return self.quantity.section

    @cached_property
    def case(self) -> tuple[int, ...]:
        """The smallest numbers for which Keras says something else: the smallest sum, then the smallest product."""
        count = len(signature(self.wrong_formula).parameters)
        cases = sorted(
            product(range(1, MOST - count + 2), repeat=count), key=lambda case: (sum(case), prod(case), case)
        )
        return next(filter(self.differs, cases))

    def differs(self, case: tuple[int, ...]) -> bool:
        """Whether Keras says something else. Where it refuses, the question does not arise."""
        try:
            return bool(self.wrong_formula(*case) != self.quantity.truth(*case))
        except KerasRefusal:
            return False

    @property
    def separation(self) -> str:
        """The smallest case that tells the belief from the truth, with both numbers."""
        symbols = signature(self.wrong_formula).parameters
        settings = ", ".join(f"{symbol} = {number}" for symbol, number in zip(symbols, self.case, strict=True))
        mine, true = self.wrong_formula(*self.case), self.quantity.truth(*self.case)
        about = self.quantity.about[0].upper() + self.quantity.about[1:]
        return f"The smallest case that tells: {settings}. {about}: {mine} by that idea, {true} in Keras."


@dataclass(frozen=True)
class KnownWrongAnswer:
    """A wrong answer to one exercise, exactly as a learner would hand it in, and the misconception behind it."""

    misconception: Misconception
    answer: Any


#: How known wrong answers are written: a misconception whose formula is the answer, or one with other answers.
Wrong = Misconception | tuple[Misconception, *tuple[Any, ...]]


def wrong_answers(written: Iterable[Wrong]) -> tuple[KnownWrongAnswer, ...]:
    """The known wrong answers of an exercise, from how they are written.

    >>> wrong_answers([m.WINDOW_HOPS, (m.SIZE_STAYS, 7)])  # doctest: +SKIP
    (KnownWrongAnswer(m.WINDOW_HOPS, m.WINDOW_HOPS.wrong_formula), KnownWrongAnswer(m.SIZE_STAYS, 7))
    """
    rows = [(one, one.wrong_formula) if isinstance(one, Misconception) else one for one in written]
    return tuple(KnownWrongAnswer(misconception, answer) for misconception, *answers in rows for answer in answers)


def at(*case: int, of: Sequence[Misconception]) -> list[tuple[Misconception, Any]]:
    """What those answer who hold these misconceptions, for one case: ``at(7, 3, of=[m.WINDOW_HOPS])`` gives 7 // 3."""
    return [(misconception, misconception.wrong_formula(*case)) for misconception in of]


def misconception_behind(
    gives_the_same: Callable[[Any], bool], known: Sequence[KnownWrongAnswer]
) -> Misconception | None:
    """The misconception of the first known wrong answer that gives what the learner's answer gives."""
    return next((one.misconception for one in known if gives_the_same(one.answer)), None)
