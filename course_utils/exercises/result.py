"""What a learner is shown: the outcome of a check, a hint, a solution. As text, and as HTML for either theme."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course_utils.exercises.catalogue import Misconception


#: Ends the question of a widget that is not there yet, where only text can be shown.
RUN_TO_ANSWER = " (run this cell to answer)"


class Outcome(Enum):
    """How an answer stands: a word, a sign and a colour, so that none of them has to be seen."""

    RIGHT = ("Right", "✓", "var(--jp-success-color1, #388e3c)")
    WRONG = ("Not yet", "✗", "var(--jp-error-color1, #d32f2f)")
    NOT_TRIED = ("Not tried yet", "○", "var(--jp-border-color1, #757575)")
    #: The check has a bug. Never the learner's fault, and said so.
    NOT_CHECKED = ("Not checked", "!", "var(--jp-warn-color1, #e65100)")

    def __init__(self, word: str, sign: str, colour: str) -> None:
        self.word, self.sign = word, sign
        #: A colour of the theme, or one that is readable on light and dark where there is no theme.
        self.colour = colour


def to_html(text: str) -> str:
    """Escape a text; `this` becomes code, *this* is emphasised, and a size such as 28 × 28 stays on one line."""
    escaped = re.sub(r"(?<=\d) × (?=\d)", "\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}", html.escape(text, quote=False))
    return re.sub(
        r"`([^`]+)`|(?<![\w*])\*(\w[\w ]*)\*(?![\w*])",
        lambda found: f"<code>{found[1]}</code>" if found[1] else f"<em>{found[2]}</em>",
        escaped,
    )


def panel(colour: str, content: str, role: str = "status") -> str:
    """A block with a coloured edge. The text keeps the theme's own colour, so it is readable on any background."""
    return (
        f'<div role="{role}" style="border-left: 4px solid {colour}; padding: 0.2em 0.9em; margin: 0.3em 0; '
        f'color: var(--jp-content-font-color1, inherit); overflow-wrap: anywhere">{content}</div>'
    )


def paragraph(content: str) -> str:
    """One paragraph, close to its neighbours."""
    return f'<p style="margin: 0.3em 0">{content}</p>'


@dataclass(frozen=True)
class Result:
    """The outcome of one check.

    Attributes:
        outcome: right, wrong or not tried.
        lines: what to tell the learner, one paragraph each; the first follows the word of the outcome.
        misconception: what explains a wrong answer, where one is recognised.
        with_case: whether to add the smallest case against it, because no line above has shown one.
    """

    outcome: Outcome
    lines: tuple[str, ...]
    misconception: Misconception | None = None
    with_case: bool = True

    def __str__(self) -> str:
        lines = [f"{self.outcome.sign} {self.outcome.word}. {self.lines[0]}", *self.lines[1:]]
        if self.misconception is not None:
            lines += [f"A common belief: “{self.misconception.name}”.", self.misconception.sentence]
            lines += [self.misconception.separation] * self.with_case
            lines += [f"More about it: {self.misconception.section}"]
        return "\n  ".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        outcome = self.outcome
        head = f'<strong><span aria-hidden="true" style="color: {outcome.colour}">{outcome.sign}</span> '
        head += f"{outcome.word}.</strong> "
        first, *rest = map(to_html, self.lines)
        paragraphs = [head + first, *rest]
        if self.misconception is not None:
            paragraphs += [f"A common belief: <em>“{to_html(self.misconception.name)}”</em>."]
            paragraphs += [to_html(self.misconception.sentence)]
            paragraphs += [to_html(self.misconception.separation)] * self.with_case
            paragraphs += [f"More about it: {self.misconception.section.link}"]
        return panel(outcome.colour, "".join(map(paragraph, paragraphs)))


class CheckFailed(Exception):
    """Ends a check of an answer that is not right, or of one that is not there.

    Args:
        *lines: what to tell the learner, one paragraph each.
        misconception: what explains the answer, where one is recognised.
        with_case: whether to add the smallest case against it, because no line above has shown one.
        outcome: ``Outcome.NOT_TRIED`` where a blank is left.
    """

    def __init__(
        self,
        *lines: str,
        misconception: Misconception | None = None,
        with_case: bool = True,
        outcome: Outcome = Outcome.WRONG,
    ) -> None:
        self.result = Result(outcome, lines, misconception, with_case)
        super().__init__(str(self.result))


@dataclass(frozen=True)
class Fold:
    """Something to open with a click: closed until the learner wants it, so that *Run All* gives nothing away."""

    title: str
    content: str

    @property
    def html(self) -> str:
        """A folded block. JupyterLab would take Enter for itself while the title has the focus; the mark stops that."""
        return (
            '<details style="margin: 0.3em 0; padding: 0.2em 0.9em; color: var(--jp-content-font-color1, inherit); '
            'border-left: 4px solid var(--jp-border-color1, #757575)">'
            f'<summary data-lm-suppress-shortcuts="true" style="cursor: pointer; display: list-item">{self.title}'
            f"</summary>{self.content}</details>"
        )


@dataclass(frozen=True)
class Shown:
    """Something to display, in both forms."""

    text: str
    html: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def show(thing: object) -> None:
    """Display something once, where the cell's output is."""
    from IPython.display import display

    display(thing)
