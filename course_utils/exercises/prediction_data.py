"""What a prediction is, and how it is told: the question, what is filled in, and both answers beside each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from course_utils.exercises.answers import BadAnswer, as_tuple
from course_utils.exercises.catalogue import (
    KnownWrongAnswer,
    Misconception,
    Wrong,
    misconception_behind,
    wrong_answers,
)
from course_utils.exercises.record import Entry, Value
from course_utils.exercises.result import Shown, panel, paragraph, to_html

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


Input = Number | Choice


@dataclass(eq=False)
class PredictedQuestion:
    """One question to answer before the lesson does.

    Args:
        lesson: for example ``"01"``.
        name: the name to which it is bound in its lesson: ``lesson.<name>.predict()``.
        question: what is asked; code between backticks.
        asked_for: what the learner fills in: the label of a number, or a Choice.
        real: asks the real layers for the answer; a tuple where there are several inputs.
        sentence: shown after the answer.
        wrong: known wrong answers, in the form of the true one.
        tells_all: whether every true answer is shown, or only how many agree and which is the first that does not.
    """

    lesson: str
    name: str
    question: str
    asked_for: Iterable[str | Choice]
    real: Callable[[], Any]
    sentence: str
    wrong: Iterable[Wrong] = ()
    tells_all: bool = True

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        """What the learner fills in."""
        return tuple(one if isinstance(one, Choice) else Number(one) for one in self.asked_for)

    @cached_property
    def wrong_answers(self) -> tuple[KnownWrongAnswer, ...]:
        """Answers with a known misconception behind them."""
        return tuple(replace(one, answer=as_tuple(one.answer)) for one in wrong_answers(self.wrong))

    def truth(self) -> tuple[Value, ...]:
        """The answers of the real layers."""
        return as_tuple(self.real())

    @property
    def key(self) -> str:
        """Its name in the record."""
        return f"{self.lesson}/{self.name}"

    # -- what was predicted, and what came --------------------------------------------------------------------------

    def parse(self, typed: Sequence[object]) -> tuple[Value, ...]:
        """The answers. Raises BadAnswer for the first that is missing or no answer."""
        return tuple(box.parse(one) for box, one in zip(self.inputs, typed, strict=True))

    def entry(self, predicted: tuple[Value, ...]) -> Entry:
        """Ask the real layers and put both answers together."""
        return Entry(predicted, self.truth(), datetime.now().isoformat(sep=" ", timespec="minutes"))

    def committed(self, entry: Entry | None) -> Entry | None:
        """An entry of the record, if it is an answer to this question; anyone may have edited the file."""
        if entry is None or len(entry.predicted) != len(self.inputs) or len(entry.actual) != len(self.inputs):
            return None
        try:
            return Entry(self.parse(entry.predicted), self.parse(entry.actual), entry.answered_at)
        except BadAnswer:
            return None

    def misconception(self, entry: Entry) -> Misconception | None:
        """The misconception behind what was predicted, where it is known."""
        return misconception_behind(lambda answer: bool(answer == entry.predicted), self.wrong_answers)

    def lines(self, entry: Entry) -> list[str]:
        """What was predicted beside what came, a line each; and what to think about."""
        lines = self._all(entry) if self.tells_all else [self._count(entry)]
        lines.append(self.sentence)
        misconception = self.misconception(entry)
        if misconception is not None:
            lines.append(f"Many people expect this: {misconception.name}. {misconception.sentence}")
            section = misconception.section
            lines.append(f"More in: {section.title if section.notebook.startswith(self.lesson) else section}")
        return lines

    def rows(self, entry: Entry) -> list[tuple[str, Value, Value, str]]:
        """For each input its label, what was predicted, what came, and a sign for whether they agree."""
        both = zip(self.inputs, entry.predicted, entry.actual, strict=True)
        return [(box.label, mine, true, "✓" if mine == true else "≠") for box, mine, true in both]

    def _all(self, entry: Entry) -> list[str]:
        if len(self.inputs) == 1:
            return [f"You expected {entry.predicted[0]}; Keras gives {entry.actual[0]}."]
        return [
            f"{sign} {label}: you expected {mine}; Keras gives {true}." for label, mine, true, sign in self.rows(entry)
        ]

    def _count(self, entry: Entry) -> str:
        different = [row for row in self.rows(entry) if row[-1] == "≠"]
        total = len(self.inputs)
        if not different:
            return f"All {total} match."
        label, mine, true, _ = different[0]
        return (
            f"{total - len(different)} of {total} match. The first that differs: {label}: "
            f"you expected {mine}; Keras gives {true}."
        )

    def reveal(self, entry: Entry) -> Shown:
        """The committed answer beside the real one."""
        expected = entry.predicted == entry.actual
        sign, word, colour = ("✓", "As you expected", AS_EXPECTED) if expected else ("≠", "A surprise", SURPRISE)
        first, *rest = self.lines(entry)
        head = f'<strong><span aria-hidden="true" style="color: {colour}">{sign}</span> {word}.</strong> '
        content = [
            head + to_html(first),
            *map(to_html, rest),
            f"<small>You committed this at {to_html(entry.answered_at)}.</small>",
        ]
        return Shown(
            "\n  ".join([f"{sign} {word}. {first}", *rest]),
            panel(colour, "".join(map(paragraph, content)), role="group"),
        )


def look_back_on(prediction: PredictedQuestion, entry: Entry | None) -> Shown:
    """One question: a table with a row for each answer."""
    title = prediction.question
    if entry is None:
        return Shown(f"{title}\n  not answered", paragraph(f"<strong>{to_html(title)}</strong> Not answered."))
    rows = prediction.rows(entry)
    text = [title, *(f"  {sign} {label}: you expected {mine}; Keras {true}" for label, mine, true, sign in rows)]
    after = []
    misconception = prediction.misconception(entry)
    if misconception is not None:
        after = [f"Many expect this, because they think: “{misconception.name}”. See {misconception.section}"]
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
