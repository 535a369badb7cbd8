"""Drills: endless questions about sizes, each with a checked answer.

    from course_utils import drill, drill_sheet

    drill("same", level=2, seed=7)             # a question with a button for the next one
    drill_sheet("same", level=2, seed=7)       # ten of them to print, with a key

The same kind, level and seed give the same questions on every machine. A drill is not recorded anywhere.
"""

from __future__ import annotations

import html
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from course_utils.exercises.drill_questions import MIXED, Question, Series, check_request, question
from course_utils.exercises.result import to_html

if TYPE_CHECKING:
    from course_utils.exercises.drill_box import DrillBox


class Drill(Series):
    """Questions one after the other. In a notebook it is shown as a question with its boxes and buttons.

    In plain Python: ``print(d)``, ``d.check(4)``, ``d.next()``.
    """

    def box(self) -> DrillBox:
        """The question as widgets."""
        # ipywidgets is loaded here, when a drill is first shown.
        from course_utils.exercises.drill_box import DrillBox

        return DrillBox(self)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.box()._repr_mimebundle_(**kwargs)


def drill(kind: str = MIXED, level: int = 1, seed: int | None = None) -> Drill:
    """Endless questions about sizes, each with a checked answer.

    Args:
        kind: ``"valid"``, ``"same"``, ``"pads"``, ``"pool"``, ``"dilation"``, ``"upsample"``, ``"transposed"``,
            ``"chain"``, ``"back"``, or ``"mixed"`` for all of them.
        level: 1 to 3: small and plain; strides and odd sizes; rectangles, large sizes, the rare cases.
        seed: a whole number: the same one gives the same questions. None draws one, and says which.

    Raises:
        ValueError: for another kind, level or seed, with what there is.
    """
    check_request(kind, level, seed)
    return Drill(kind, level, random.randrange(100_000) if seed is None else seed)


# -- on paper -----------------------------------------------------------------------------------------------------

#: More than fits on a few pages is a mistake at the keyboard.
MOST = 100


@dataclass(frozen=True)
class Sheet:
    """Questions with a key. In a notebook it is shown ready to print; ``print(sheet)`` gives it as text.

    Attributes:
        title: the kind, the level and the seed, which give the same sheet again.
        questions: in their order.
    """

    title: str
    questions: tuple[Question, ...]

    def __str__(self) -> str:
        lines = [self.title, "=" * len(self.title), ""]
        for number, one in enumerate(self.questions, start=1):
            lines += [f"{number}. {one.text}", *(f"      {line}" for line in one.code.splitlines())]
            lines += ["   " + "   ".join(f"{label}: ______" for label in one.labels), ""]
        lines += ["\fKey", "===", ""]
        for number, one in enumerate(self.questions, start=1):
            lines += [f"{number}. {_answer(one)}", *(f"      {line}" for line in one.why)]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        asked = "".join(
            f"<li style='break-inside: avoid; margin-bottom: 0.9em'>{to_html(one.text)}"
            f"<pre style='margin: 0.2em 0'><code>{html.escape(one.code)}</code></pre>"
            + " &emsp; ".join(f"{to_html(label)}: ______" for label in one.labels)
            + "</li>"
            for one in self.questions
        )
        key = "".join(
            f"<li>{to_html(_answer(one))}<br><small>{'<br>'.join(map(to_html, one.why))}</small></li>"
            for one in self.questions
        )
        # The key is folded on the screen; printed, it begins a page of its own.
        return (
            f"<h3>{to_html(self.title)}</h3><ol>{asked}</ol>"
            '<details style="break-before: page"><summary data-lm-suppress-shortcuts="true" '
            f'style="cursor: pointer; display: list-item">Key</summary><ol>{key}</ol></details>'
        )


def _answer(one: Question) -> str:
    return ", ".join(f"{label}: {number}" for label, number in zip(one.labels, one.truth, strict=True))


def drill_sheet(kind: str = MIXED, level: int = 1, seed: int = 1, count: int = 10) -> Sheet:
    """A sheet of questions with a key, to print: ``print(drill_sheet("same", level=2, seed=7))``.

    Args:
        kind: as in ``drill``.
        level: 1 to 3.
        seed: a whole number; question 3 of the sheet is question 3 of ``drill`` with the same seed.
        count: how many, 1 to 100.

    Raises:
        ValueError: for another kind, level, seed or count, with what there is.
    """
    check_request(kind, level, seed)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST:
        raise ValueError(f"count is 1 to {MOST}; you gave {count!r}.")
    title = f"Drill: {kind}, level {level}, seed {seed}"
    return Sheet(title, tuple(question(kind, level, seed, number) for number in range(1, count + 1)))
