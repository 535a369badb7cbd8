"""What the catalogue of misconceptions is made of: wrong formulas with a name, and where the course explains them.

An answer that equals a wrong formula everywhere is told which one it is. Nobody is told "wrong" by a formula that is
not: the tests ask the real layer for ``case``, the smallest numbers for which Keras disagrees, and for all below.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


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
class Misconception:
    """A belief that many people hold, as a formula.

    Attributes:
        name: the belief, in the words of someone who holds it.
        sentence: why it is natural, and what is so instead.
        section: where the course explains it.
        symbols: what the formula takes.
        about: what the formula gives, as a sentence calls it.
        wrong_formula: the wrong formula.
        truth: the same question, put to the real Keras layer.
        case: the smallest numbers for which the two differ.
    """

    name: str
    sentence: str
    section: Section
    symbols: tuple[str, ...]
    about: str
    wrong_formula: Callable[..., Any]
    truth: Callable[..., Any]
    case: tuple[int, ...]

    @property
    def separation(self) -> str:
        """The smallest case that tells the belief from the truth, with both numbers."""
        settings = ", ".join(f"{symbol} = {number}" for symbol, number in zip(self.symbols, self.case, strict=True))
        mine, true = self.wrong_formula(*self.case), self.truth(*self.case)
        return f"The smallest case that tells: {settings}. By that idea {self.about}: {mine}. Keras: {true}."


@dataclass(frozen=True)
class KnownWrongAnswer:
    """A wrong answer to one exercise, exactly as a learner would hand it in, and the belief behind it."""

    misconception: Misconception
    answer: Any


def slips_of(*beliefs: Misconception) -> tuple[KnownWrongAnswer, ...]:
    """The answers of those who hand in the formulas they believe in, as they are."""
    return tuple(KnownWrongAnswer(belief, belief.wrong_formula) for belief in beliefs)
