"""Predict before you see: a question, an answer that is committed, and only then what the real layer says.

In a notebook::

    lesson.even_pads.predict()

    predictions.look_back("01")     # later: what you expected, and what came

A prediction is not graded. It is kept in ``my_predictions.json`` beside the notebook, see ``record.py``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import InitVar, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from course_utils.exercises.answers import BadAnswer
from course_utils.exercises.catalogue import KnownWrongAnswer, Misconception, misconception_behind
from course_utils.exercises.record import Answer, Entry, record_here
from course_utils.exercises.result import Shown, panel, paragraph, show, to_html

if TYPE_CHECKING:
    from course_utils.exercises.prediction_box import PredictionBox

AS_EXPECTED = "var(--jp-success-color1, #388e3c)"
SURPRISE = "var(--jp-warn-color1, #e65100)"


@dataclass(frozen=True)
class Number:
    """A box for one whole number."""

    label: str

    def parse(self, typed: object) -> int:
        """The number. Raises BadAnswer with a kind sentence for anything else."""
        text = "" if typed is None else str(typed).strip()
        if not text:
            raise BadAnswer(f"{self.label}: there is no number yet. A guess is welcome.")
        try:
            return int(text)
        except ValueError:
            raise BadAnswer(
                f"{self.label}: “{text[:30]}” is not a whole number. Type digits only, for instance 100."
            ) from None


@dataclass(frozen=True)
class Choice:
    """One of several answers."""

    label: str
    options: tuple[str, ...]

    def parse(self, chosen: object) -> str:
        """The answer. Raises BadAnswer if none is chosen."""
        if chosen not in self.options:
            raise BadAnswer(f"{self.label}: nothing is chosen yet. A guess is welcome.")
        return str(chosen)


Field = Number | Choice


@dataclass(frozen=True)
class Prediction:
    """One question to answer before the lesson does.

    Args:
        lesson: for example ``"01"``.
        name: what it is called in its lesson: ``lesson.<name>.predict()``.
        question: what is asked; code between backticks.
        fields: what the learner fills in.
        truth: asks the real layers for the same answers.
        sentence: shown after the answer.
        wrong_answers: answers with a known misconception behind them.
        tells_all: whether every true answer is shown, or only how many agree and which is the first that does not.
    """

    lesson: str
    name: str
    question: str
    fields: tuple[Field, ...]
    truth: Callable[[], tuple[Answer, ...]]
    sentence: str
    wrong_answers: tuple[KnownWrongAnswer, ...] = ()
    tells_all: bool = True
    slips: InitVar[tuple[KnownWrongAnswer, ...]] = ()

    def __post_init__(self, slips: tuple[KnownWrongAnswer, ...]) -> None:
        object.__setattr__(self, "wrong_answers", self.wrong_answers or slips)

    def __repr__(self) -> str:
        return f"The prediction {self.name}. Answer it with `lesson.{self.name}.predict()`."

    @property
    def key(self) -> str:
        """Its name in the record."""
        return f"{self.lesson}/{self.name}"

    def predict(self, extras: Sequence[Any] = ()) -> None:
        """Show the question, or the answer if one is committed.

        Args:
            extras: widgets to put into the same box, out of sight or not.
        """
        show(self.box(extras))

    def box(self, extras: Sequence[Any] = ()) -> PredictionBox:
        """The widget that ``predict`` shows."""
        # ipywidgets is loaded here, when a question is first shown.
        from course_utils.exercises.prediction_box import PredictionBox

        return PredictionBox(self, record_here(), extras)

    # -- what was said, and what came -----------------------------------------------------------------------------

    def parse(self, typed: Sequence[object]) -> tuple[Answer, ...]:
        """The answers. Raises BadAnswer for the first that is missing or no answer."""
        return tuple(field.parse(one) for field, one in zip(self.fields, typed, strict=True))

    def entry(self, said: tuple[Answer, ...]) -> Entry:
        """Ask the real layers and put both answers together."""
        return Entry(said, self.truth(), datetime.now().isoformat(sep=" ", timespec="minutes"))

    def committed(self, entry: Entry | None) -> Entry | None:
        """An entry of the record, if it is an answer to this question; anyone may have edited the file."""
        if entry is None or len(entry.said) != len(self.fields) or len(entry.came) != len(self.fields):
            return None
        try:
            return Entry(self.parse(entry.said), self.parse(entry.came), entry.at)
        except BadAnswer:
            return None

    def misconception(self, entry: Entry) -> Misconception | None:
        """The misconception behind what was said, where it is known."""
        return misconception_behind(lambda answer: bool(answer == entry.said), self.wrong_answers)

    def lines(self, entry: Entry) -> list[str]:
        """What was said beside what came, a line each; and what to think about."""
        lines = self._all(entry) if self.tells_all else [self._count(entry)]
        lines.append(self.sentence)
        misconception = self.misconception(entry)
        if misconception is not None:
            lines.append(f"Many people expect this: {misconception.name}. {misconception.sentence}")
            section = misconception.section
            lines.append(f"More in: {section.title if section.notebook.startswith(self.lesson) else section}")
        return lines

    def _all(self, entry: Entry) -> list[str]:
        answers = list(zip(self.fields, entry.said, entry.came, strict=True))
        if len(answers) == 1:
            return [f"You expected {entry.said[0]}; Keras gives {entry.came[0]}."]
        return [
            f"{'✓' if said == came else '≠'} {field.label}: you expected {said}; Keras gives {came}."
            for field, said, came in answers
        ]

    def _count(self, entry: Entry) -> str:
        different = [i for i, (said, came) in enumerate(zip(entry.said, entry.came, strict=True)) if said != came]
        total = len(self.fields)
        if not different:
            return f"All {total} match."
        first = different[0]
        return (
            f"{total - len(different)} of {total} match. The first that differs: {self.fields[first].label}: "
            f"you expected {entry.said[first]}; Keras gives {entry.came[first]}."
        )

    def reveal(self, entry: Entry) -> Shown:
        """The committed answer beside the real one."""
        expected = entry.said == entry.came
        sign, word, colour = ("✓", "As you expected", AS_EXPECTED) if expected else ("≠", "A surprise", SURPRISE)
        first, *rest = self.lines(entry)
        head = f'<strong><span aria-hidden="true" style="color: {colour}">{sign}</span> {word}.</strong> '
        content = [
            head + to_html(first),
            *map(to_html, rest),
            f"<small>You committed this at {to_html(entry.at)}.</small>",
        ]
        return Shown(
            "\n  ".join([f"{sign} {word}. {first}", *rest]),
            panel(colour, "".join(map(paragraph, content)), role="group"),
        )


def predictions_of(lesson: str) -> list[Prediction]:
    """The predictions of a lesson, in their order."""
    module = importlib.import_module(f"course_utils.exercises.lesson_{lesson}")
    return [thing for thing in vars(module).values() if isinstance(thing, Prediction)]


def look_back(lesson: str) -> None:
    """Show what you expected in a lesson, what came, and which idea to visit again.

    Args:
        lesson: its two digits, for example ``"00"``.
    """
    record = record_here()
    parts = [
        _look_back_on(prediction, prediction.committed(record.get(prediction.key)))
        for prediction in predictions_of(lesson)
    ]
    trouble = [Shown(record.trouble, paragraph(to_html(record.trouble)))] if record.trouble else []
    show(
        Shown(
            "\n\n".join(part.text for part in trouble + parts),
            "".join(part.html for part in trouble + parts),
        )
    )


def _look_back_on(prediction: Prediction, entry: Entry | None) -> Shown:
    """One question: a table with a row for each answer."""
    title = prediction.question
    if entry is None:
        return Shown(f"{title}\n  not answered", paragraph(f"<strong>{to_html(title)}</strong> Not answered."))
    rows = [
        (field.label, said, came, "✓" if said == came else "≠")
        for field, said, came in zip(prediction.fields, entry.said, entry.came, strict=True)
    ]
    misconception = prediction.misconception(entry)
    after = (
        []
        if misconception is None
        else [f"Many expect this, because they think: “{misconception.name}”. See {misconception.section}"]
    )
    text = [title, *(f"  {sign} {label}: you expected {said}; Keras {came}" for label, said, came, sign in rows)]
    cell = '<td style="text-align: left">{}</td>'.format
    body = "".join("<tr>" + "".join(cell(to_html(str(value))) for value in row) + "</tr>" for row in rows)
    heads = "".join(
        f'<th scope="col" style="text-align: left">{head}</th>' for head in ("", "you expected", "Keras gives", "")
    )
    table = (
        f'<table><caption style="text-align: left">{to_html(title)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    )
    return Shown(
        "\n".join([*text, *(f"  {line}" for line in after)]), table + "".join(map(paragraph, map(to_html, after)))
    )
