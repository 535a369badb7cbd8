"""The widget of a drill: a question, its boxes, and buttons to check, to see the answer and to go on.

Loaded when a drill is first shown. An error inside a callback is shown nowhere by Jupyter, so each runs guarded.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from course_utils.exercises.answers import BadAnswer
from course_utils.exercises.predictions import SURPRISE, Number
from course_utils.exercises.result import Outcome, panel, paragraph, to_html
from course_utils.guard import Guard

if TYPE_CHECKING:
    from course_utils.exercises.drills import Drill

_STYLE = """<style>
.cu-drill .widget-label { white-space: normal; height: auto; line-height: 1.35; text-align: left; }
.cu-drill .widget-text input { width: 5em; flex: 0 0 auto; }
.cu-drill .widget-html-content { line-height: 1.5; }
.cu-drill pre { overflow-x: auto; padding: 0.5em; margin: 0.3em 0; }
</style>"""


class DrillBox(widgets.VBox):  # type: ignore[misc]
    """One question at a time, and how many were right at the first try."""

    def __init__(self, drill: Drill) -> None:
        self.drill = drill
        self.asked = widgets.HTML()
        self.inputs: list[Any] = []
        self.answers = widgets.Box(layout={"flex_flow": "row wrap", "align_items": "flex-start", "grid_gap": "0 1.2em"})
        self.check = widgets.Button(description="Check", button_style="primary", layout={"width": "auto"})
        self.reveal = widgets.Button(description="Show the answer", layout={"width": "auto"})
        self.next = widgets.Button(description="Next question", layout={"width": "auto"})
        self.result = widgets.HTML()
        self.score = widgets.HTML()
        self.guard = Guard()
        self.first_tries: list[bool] = []
        self._tried = False
        self.check.on_click(lambda _: self._carefully(self._check))
        self.reveal.on_click(lambda _: self._carefully(self._reveal))
        self.next.on_click(lambda _: self._carefully(self._next))
        buttons = widgets.Box([self.check, self.reveal, self.next], layout={"flex_flow": "row wrap"})
        super().__init__(
            [self.asked, self.answers, buttons, self.result, self.score, self.guard],
            layout={"width": "100%", "max_width": "48em"},
        )
        self.add_class("cu-drill")
        self._ask()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The live widget, and for readers without a kernel the question."""
        bundle = super()._repr_mimebundle_(**kwargs)
        bundle["text/plain"] = f"{self.drill} (run this cell to answer)"
        return bundle

    # -- what the buttons do --------------------------------------------------------------------------------------

    def _ask(self) -> None:
        """Put up the question at which the drill stands, with empty boxes."""
        one = self.drill.question
        self._tried = False
        self.asked.value = (
            _STYLE
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
        result = one.examine(*said)
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

    # -- what the learner sees ------------------------------------------------------------------------------------

    def _say(self, content: str, spoken: str) -> None:
        """Change what is seen, and the line that a screen reader reads out."""
        self.result.value = content
        self.guard.say = spoken

    def _carefully(self, action: Callable[[], None]) -> None:
        """Do something and show what went wrong, which Jupyter would swallow."""
        try:
            action()
        except Exception as error:
            problem = f"Something went wrong ({type(error).__name__}: {error}). What you typed is still there."
            self._say(panel("var(--jp-error-color1, #d32f2f)", paragraph(to_html(problem)), role="alert"), problem)
