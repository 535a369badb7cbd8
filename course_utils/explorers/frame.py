"""One moment of an explorer, as plain data: a pure function of the settings, apart from the widgets that show it."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from course_utils.pictures.grids import Grid, svg
from course_utils.pictures.photos import Photo, enlargement
from course_utils.pictures.tape import Step, tape

_MARKS = {"agree": "✓", "differ": "✗", "refused": "⊘"}


@dataclass(frozen=True)
class AnswerCard:
    """One of the three answers: its name, and its lines."""

    name: str
    lines: tuple[str, ...]


def format_difference(gap: float) -> str:
    """The largest difference between a value by hand and Keras's, in words that are the same on every machine.

    Where numbers are not whole, float32 rounds, and how much is left of that depends on the processor. So a difference
    below 0.00001 is told by this bound, and never as 0; a larger one as it is. ``Comparison`` has the number itself.
    """
    if gap == 0:
        return "0"
    return "below 0.00001" if gap < 1e-5 else f"{gap:.3g}"


@dataclass(frozen=True)
class Arithmetic:
    """What the view needs to write out how the cells of one output came about. It knows no rule: all is in here.

    Attributes:
        rows: for each output row, the input rows it reads; those outside the map are ghosts.
        columns: the same for the columns.
        inputs: the numbers of the input map.
        ghost: the number in a ghost cell.
        by_hand: each output cell by hand.
        keras: each output cell by Keras.
        how: ``"sum"`` of the cells times their weights, ``"max"``, or ``"mean"`` of the cells that are no ghosts.
        kernel: the weights; None where there are none.
        kernel_rows: for each output row, the kernel row that goes with each input row; None for 0, 1, 2, …
        kernel_columns: the same for the columns.
        row_weights: for each output row, the weight of each input row, as text; None where there are none.
        column_weights: the same for the columns.
        source: the name of the grid that is read.
        result: the name of the grid that comes out.
        label: whose arithmetic it is, where there are several.
        follow: grids that light up with an output cell: name → ``"cell"`` (the same cell), ``"row"`` or ``"column"``
            (the ladder of windows of the height, of the width), ``"stamp_row"`` or ``"stamp_column"`` (the ladder of
            stamps), ``"kernel"`` (the weights that go into the cell).
        stamp_rows: for each input row, the output rows its stamp falls on, those that are cut off too; None where no
            input cell reaches beyond the output.
        stamp_columns: the same for the columns.
    """

    rows: Sequence[Sequence[int]]
    columns: Sequence[Sequence[int]]
    inputs: Sequence[Sequence[str]]
    ghost: str
    by_hand: Sequence[Sequence[str]]
    keras: Sequence[Sequence[str]]
    how: Literal["sum", "max", "mean"] = "sum"
    kernel: Sequence[Sequence[str]] | None = None
    kernel_rows: Sequence[Sequence[int]] | None = None
    kernel_columns: Sequence[Sequence[int]] | None = None
    row_weights: Sequence[Sequence[str]] | None = None
    column_weights: Sequence[Sequence[str]] | None = None
    source: str = "input"
    result: str = "output"
    label: str = ""
    follow: Mapping[str, str] | None = None
    stamp_rows: Sequence[Sequence[int]] | None = None
    stamp_columns: Sequence[Sequence[int]] | None = None


@dataclass(frozen=True)
class Question:
    """What is shown of a frame while everyone predicts: the setting, and nothing that gives the answer away.

    Attributes:
        setting: the settings in one line.
        grids: the input as it is before anything is done with it, and the weights.
        photos: the picture that goes in.
        tape: the chain of layers, without the sizes.
    """

    setting: str
    grids: tuple[Grid, ...] = ()
    photos: tuple[Photo, ...] = ()
    tape: tuple[Step, ...] = ()

    @property
    def text(self) -> str:
        """The setting and the question, also for a screen reader."""
        return f"{self.setting}. What size comes out?"

    announcement = text

    def for_view(self) -> dict[str, Any]:
        """As ``Frame.for_view``."""
        answers = (
            f'<p class="cu-ask">{html.escape(self.setting)}</p>'
            '<p class="cu-ask"><b>What size comes out?</b> Everyone predicts; then reveal the answer.</p>'
        )
        return _for_view(self, answers)


@dataclass(frozen=True)
class Frame:
    """Everything an explorer shows at one setting.

    Attributes:
        grids: the maps with their numbers, left to right.
        arithmetic: how the output cells came about; empty where there is no output.
        answers: the formula, the computation by hand, the real layer.
        agrees: whether the three are of one mind (about an impossible setting, too).
        refused: whether they agree that the setting is impossible.
        verdict: one sentence.
        code: the Keras code of this very setting, ready to copy.
        result: what came out, in a few words.
        question: what is shown as long as the answer is held back.
        photos: maps to be seen instead of read.
        remarks: sentences that go with this very setting: a trap, a reason.
        extra: more in HTML, written by ``pictures``; below the grids.
        tape: the sizes along a chain of layers, to scale; above ``extra``.
    """

    grids: tuple[Grid, ...]
    arithmetic: tuple[Arithmetic, ...]
    answers: tuple[AnswerCard, ...]
    agrees: bool
    refused: bool
    verdict: str
    code: str
    result: str
    question: Question
    photos: tuple[Photo, ...] = ()
    remarks: tuple[str, ...] = ()
    extra: str = ""
    tape: tuple[Step, ...] = ()

    @property
    def setting(self) -> str:
        """The settings in one line."""
        return self.question.setting

    @property
    def summary(self) -> str:
        """The settings and the result in one line, for a screen reader and for a notebook without a kernel."""
        return f"{self.setting}: {self.result}."

    @property
    def text(self) -> str:
        """The frame in words."""
        blocks = [f"{a.name}: " + "; ".join(a.lines) for a in self.answers]
        return "\n".join([self.summary, *blocks, *self.remarks, f"{self.mark} {self.verdict}"])

    @property
    def announcement(self) -> str:
        """What is read out when the setting changes."""
        return f"{self.summary} {self.verdict}"

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
        """The frame as the JSON that ``static/view.js`` draws; the photos in it are bytes."""
        cards = "".join(
            f'<div class="cu-answer"><div class="cu-name">{html.escape(a.name)}</div>'
            + "".join(f"<p>{html.escape(line)}</p>" for line in a.lines)
            + "</div>"
            for a in self.answers
        )
        said = f'<p class="cu-verdict cu-{self.outcome}"><b>{self.mark}</b> {html.escape(self.verdict)}</p>'
        return _for_view(
            self, cards + said, [vars(a) for a in self.arithmetic], list(self.remarks), self.extra, self.code
        )


def _for_view(
    shown: Frame | Question,
    answers: str,
    arithmetic: Sequence[dict[str, Any]] = (),
    remarks: Sequence[str] = (),
    extra: str = "",
    code: str = "",
) -> dict[str, Any]:
    return {
        "grids": [_grid(grid) for grid in shown.grids],
        "photos": _photos(shown.photos),
        "arithmetic": list(arithmetic),
        "remarks": list(remarks),
        "extra": tape(shown.tape) + extra,
        "answers": answers,
        "code": code,
    }


def _grid(grid: Grid) -> dict[str, str]:
    return {"name": grid.name, "title": grid.title, "walk": grid.walk, "svg": svg(grid)}


def _photos(photos: tuple[Photo, ...]) -> list[dict[str, Any]]:
    if not photos:
        return []
    scale = enlargement(photos)
    return [
        {
            "name": p.name,
            "title": p.title,
            "key": p.key,
            "alt": p.description,
            "width": p.size[1] * scale,
            "height": p.size[0] * scale,
            "png": p.png,
        }
        for p in photos
    ]
