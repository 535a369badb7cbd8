"""The widget of a drill: a question, its boxes, and buttons to check, to see the answer and to go on.

Loaded when a drill is first shown.
"""

from __future__ import annotations

import html
from typing import Any

import ipywidgets as widgets

from course_utils.exercises.answers import BadAnswer
from course_utils.exercises.boxes import STYLE, AskingBox, wrapping
from course_utils.exercises.drill_questions import Series
from course_utils.exercises.prediction_data import SURPRISE, Number
from course_utils.exercises.result import RUN_TO_ANSWER, Outcome, panel, paragraph, to_html


class DrillBox(AskingBox):
    """One question at a time, and how many were right at the first try."""

    def __init__(self, drill: Series) -> None:
        super().__init__()
        self.drill = drill
        self.asked = widgets.HTML()
        self.inputs: list[Any] = []
        self.answers = wrapping([])
        self.check = self._button("Check", self._check, primary=True)
        self.reveal = self._button("Show the answer", self._reveal)
        self.next = self._button("Next question", self._next)
        self.score = widgets.HTML()
        self.first_tries: list[bool] = []
        self._tried = False
        buttons = wrapping([self.check, self.reveal, self.next])
        self.children = [self.asked, self.answers, buttons, self.result, self.score, self.guard]
        self._ask()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The live widget, and for readers without a kernel the question."""
        return self.guard.bundle(self, f"{self.drill}{RUN_TO_ANSWER}")

    # -- what the buttons do --------------------------------------------------------------------------------------

    def _ask(self) -> None:
        """Put up the question at which the drill stands, with empty boxes."""
        one = self.drill.question
        self._tried = False
        self.asked.value = (
            STYLE
            + paragraph(f"<strong>Question {self.drill.number}.</strong> {to_html(one.text)}")
            + f"<pre><code>{html.escape(one.code)}</code></pre>"
        )
        self.inputs = [
            widgets.Text(description=label, style={"description_width": "initial"}, layout={"width": "auto"})
            for label in one.labels
        ]
        self.answers.children = self.inputs
        self._say("", f"Question {self.drill.number}. {one.text}")

    def _check(self) -> None:
        one = self.drill.question
        try:
            said = [Number(box.description).parse(box.value) for box in self.inputs]
        except BadAnswer as problem:
            self._say(panel(SURPRISE, paragraph(to_html(str(problem))), role="group"), str(problem))
            return
        result = one.evaluate(*said)
        self._count(result.outcome is Outcome.RIGHT)
        self._say(result._repr_html_(), str(result))

    def _reveal(self) -> None:
        """The answer, which counts as a try that was not right."""
        self._count(False)
        one = self.drill.question
        numbers = ", ".join(f"{label}: {number}" for label, number in zip(one.labels, one.truth, strict=True))
        lines = [numbers, *one.why]
        self._say(panel(SURPRISE, "".join(paragraph(to_html(line)) for line in lines), role="group"), ". ".join(lines))

    def _next(self) -> None:
        self.drill.next()
        self._ask()

    def _count(self, right: bool) -> None:
        """Count the first try at a question only."""
        if self._tried:
            return
        self._tried = True
        self.first_tries.append(right)
        self.score.value = paragraph(
            f"{sum(self.first_tries)} of {len(self.first_tries)} right at the first try. The same questions again, or "
            f"for somebody else: <code>{html.escape(self.drill.call)}</code>"
        )
