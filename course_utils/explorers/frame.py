"""One moment of an explorer, as plain data: a pure function of the settings, apart from the widgets that show it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from course_utils.pictures.grids import Grid, svg

_MARKS = {"agree": "✓", "differ": "✗", "refused": "⊘"}


@dataclass(frozen=True)
class Answer:
    """One of the three answers: its name, and its lines."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Arithmetic:
    """What the view needs to write out how an output cell came about.

    Attributes:
        rows: for each output row, the input rows it reads; those outside the map are ghosts.
        columns: the same for the columns.
        inputs: the numbers of the input map.
        ghost: the number in a ghost cell.
        kernel: the weights.
        by_hand: each output cell by hand.
        keras: each output cell by Keras.
    """

    rows: tuple[tuple[int, ...], ...]
    columns: tuple[tuple[int, ...], ...]
    inputs: Sequence[Sequence[str]]
    ghost: str
    kernel: Sequence[Sequence[str]]
    by_hand: Sequence[Sequence[str]]
    keras: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Frame:
    """Everything an explorer shows at one setting.

    Attributes:
        grids: the pictures, left to right.
        arithmetic: how the output cells came about; None where there is no output.
        answers: the formula, the computation by hand, the real layer.
        agrees: whether the three are of one mind (about an impossible setting, too).
        refused: whether they agree that the setting is impossible.
        verdict: one sentence.
        code: the Keras code of this very setting, ready to copy.
        summary: the settings and the result in one line, for a screen reader and for a notebook without a kernel.
    """

    grids: tuple[Grid, ...]
    arithmetic: Arithmetic | None
    answers: tuple[Answer, ...]
    agrees: bool
    refused: bool
    verdict: str
    code: str
    summary: str

    @property
    def text(self) -> str:
        """The frame in words."""
        blocks = [f"{a.name}: " + "; ".join(a.lines) for a in self.answers]
        return "\n".join([self.summary, *blocks, f"{self.mark} {self.verdict}"])

    @property
    def mark(self) -> str:
        """The sign of the verdict."""
        return _MARKS[self.outcome]

    @property
    def outcome(self) -> str:
        """``"agree"``, ``"differ"`` or ``"refused"``."""
        if self.refused:
            return "refused"
        return "agree" if self.agrees else "differ"

    def for_view(self) -> dict[str, Any]:
        """The frame as the JSON that ``static/view.js`` draws."""
        return {
            "grids": [{"name": g.name, "title": g.title, "svg": svg(g)} for g in self.grids],
            "arithmetic": None if self.arithmetic is None else vars(self.arithmetic),
            "answers": _answers_html(self),
            "code": self.code,
        }


def _answers_html(frame: Frame) -> str:
    cards = "".join(
        f'<div class="cu-answer"><div class="cu-name">{html.escape(a.name)}</div>'
        + "".join(f"<p>{html.escape(line)}</p>" for line in a.lines)
        + "</div>"
        for a in frame.answers
    )
    return f'{cards}<p class="cu-verdict cu-{frame.outcome}"><b>{frame.mark}</b> {html.escape(frame.verdict)}</p>'
