"""One moment of an explorer, as plain data: a pure function of the settings, apart from the widgets that show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from course_utils.pictures.grids import Cell, Grid
from course_utils.pictures.photos import Photo, enlargement
from course_utils.pictures.tape import Step, Strip

_MARKS = {"agree": "✓", "differ": "✗", "refused": "⊘"}
_LISTS = {"rows", "columns", "row_weights", "column_weights", "stamp_rows", "stamp_columns"}
#: Where a frame came from, as the page says it, unless it was recorded: ``"recorded with Keras 3.15.1"``.
RUN_JUST_NOW = "run just now"
#: What stands in the place of the map that comes out, as long as the answer is held back.
UNKNOWN = Grid("output", "output ?", ((Cell("?", "blank"),),), (0, 0), "The output is held back.")
#: What is said then: to a class, and to someone alone.
EVERYONE_PREDICTS = "What size comes out? Everyone predicts; then reveal the answer."
PREDICT_FIRST = "Your prediction comes first: commit it above, and the answer appears here. Or press “Show it”."


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
    """What the view needs to write out how the cells of one output came about: it knows no rule, and reads the grids.

    Attributes:
        rows: for each output row, the input rows it reads; those outside the map are ghosts.
        columns: the same for the columns.
        ghost: the number in a ghost cell.
        keras: each output cell by Keras, as text; None where each is the text in the grid, which is by hand.
        how: ``"sum"`` of the cells times their weights, ``"max"``, or ``"mean"`` of the cells that are no ghosts.
        kernel: the name of the grid of the weights; empty where there are none.
        row_weights: for each output row, the weight of each input row, as text; None where there are none.
        column_weights: the same for the columns.
        inputs: the name of the grid whose numbers are read.
        source: the name of the grid in which they are lit.
        result: the name of the grid that comes out.
        label: whose arithmetic it is, where there are several.
        follow: grids that light up with an output cell: name → ``"cell"`` (the same cell), ``"row"`` or ``"column"``
            (the ladder of windows of the height, of the width), ``"stamp_row"`` or ``"stamp_column"`` (the ladder of
            stamps), ``"kernel"`` (the weights that go into the cell).
        stamp_rows: for each input row, the output rows its stamp falls on, one for each row of the kernel, those that
            are cut off too; None where the windows are on the input.
        stamp_columns: the same for the columns.
    """

    rows: Sequence[Sequence[int]]
    columns: Sequence[Sequence[int]]
    ghost: str = "0"
    keras: Sequence[Sequence[str]] | None = None
    how: Literal["sum", "max", "mean"] = "sum"
    kernel: str = ""
    row_weights: Sequence[Sequence[str]] | None = None
    column_weights: Sequence[Sequence[str]] | None = None
    inputs: str = "input"
    source: str = "input"
    result: str = "output"
    label: str = ""
    follow: Mapping[str, str] | None = None
    stamp_rows: Sequence[Sequence[int]] | None = None
    stamp_columns: Sequence[Sequence[int]] | None = None

    def for_view(self) -> dict[str, Any]:
        """As JSON, without what is empty. A list of lists is a line, such as ``"0,1;1,2"``, but for ``keras``."""
        given = {field.name: value for field in fields(self) if (value := getattr(self, field.name)) is not None}
        for name in _LISTS & given.keys():
            given[name] = ";".join(",".join(map(str, inner)) for inner in given[name])
        return given

    @classmethod
    def from_view(cls, data: Mapping[str, Any]) -> Arithmetic:
        """The arithmetic that ``for_view`` told."""
        given = dict(data)
        for name in _LISTS & given.keys():
            read = str if name.endswith("weights") else int
            given[name] = [[read(one) for one in line.split(",") if one] for line in given[name].split(";")]
        return cls(**given)


@dataclass(frozen=True)
class Question:
    """What is shown of a frame while everyone predicts: the setting, and nothing that gives the answer away.

    Attributes:
        setting: the settings in one line.
        grids: the input as it is before anything is done with it, and the weights.
        photos: the picture that goes in.
        tape: the chain of layers, without the sizes.
        invitation: what to do to see the answer.
    """

    setting: str
    grids: tuple[Grid, ...] = ()
    photos: tuple[Photo, ...] = ()
    tape: tuple[Step, ...] = ()
    invitation: str = EVERYONE_PREDICTS

    @property
    def text(self) -> str:
        """The setting and the question, also for a screen reader."""
        return f"{self.setting}. {self.invitation}"

    announcement = text

    def for_view(self) -> dict[str, Any]:
        """As ``Frame.for_view``."""
        return {**_for_view(self), "ask": self.setting, "invitation": self.invitation}


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
        tape: the sizes along a chain of layers, to scale.
        strips: what comes out for other sizes; below the grids and the tape.
        headline: what stands above everything; the first line of the formula if it is empty.
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
    tape: tuple[Step, ...] = ()
    strips: tuple[Strip, ...] = ()
    headline: str = ""

    @classmethod
    def from_view(cls, data: Mapping[str, Any], question: Question) -> Frame:
        """The frame of a layer that ``for_view`` told. ``question``: that of the same settings."""
        return cls(
            grids=tuple(map(Grid.from_view, data["grids"])),
            arithmetic=tuple(map(Arithmetic.from_view, data["arithmetic"])),
            answers=tuple(AnswerCard(answer["name"], tuple(answer["lines"])) for answer in data["answers"]),
            agrees=data["outcome"] != "differ",
            refused=data["outcome"] == "refused",
            verdict=data["verdict"],
            code=data["code"],
            result=data["result"],
            question=question,
            photos=tuple(map(Photo.from_view, data["photos"])),
            remarks=tuple(data["remarks"]),
            strips=tuple(Strip(**strip) for strip in data["strips"]),
            headline=data["headline"],
        )

    @property
    def setting(self) -> str:
        """The settings in one line."""
        return self.question.setting

    @property
    def summary(self) -> str:
        """The settings and the result in one line, for a screen reader."""
        return f"{self.setting}: {self.result}."

    @property
    def text(self) -> str:
        """The frame in words. The first line gives nothing away: JupyterLab shows it of an output that is folded."""
        blocks = [f"{a.name}: " + "; ".join(a.lines) for a in self.answers]
        lines = [f"{self.setting}.", f"What comes out: {self.result}.", *blocks, *self.remarks]
        return "\n".join([*lines, f"{self.mark} {self.verdict}"])

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

    def for_view(self, source: str = RUN_JUST_NOW) -> dict[str, Any]:
        """The frame as the JSON that ``static/view.js`` draws; the photos in it are bytes.

        Args:
            source: where it came from: the page shows it beside the verdict.
        """
        return {
            **_for_view(self),
            "headline": self.headline or self.answers[0].lines[0],
            "result": self.result,
            "outcome": self.outcome,
            "verdict": self.verdict,
            "source": source,
            "arithmetic": [a.for_view() for a in self.arithmetic],
            "answers": [{"name": a.name, "lines": list(a.lines)} for a in self.answers],
            "remarks": list(self.remarks),
            "strips": [strip.for_view() for strip in self.strips],
            "code": self.code,
        }


def _for_view(shown: Frame | Question) -> dict[str, Any]:
    """What a frame and a question have in common."""
    unknown = (UNKNOWN,) if isinstance(shown, Question) and shown.grids and not shown.photos else ()
    return {
        "said": shown.announcement,
        "grids": [grid.for_view() for grid in (*shown.grids, *unknown)],
        "photos": _photos(shown.photos),
        "tape": [step.for_view() for step in shown.tape],
    }


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
            "width": p.room[1] * scale,
            "height": p.room[0] * scale,
            "grown": list(p.grown),
            "png": p.png,
        }
        for p in photos
    ]
