"""What a prediction and a drill have in common as widgets: boxes to fill in, a place for what is said, and no silence.

An error inside a callback is shown nowhere by Jupyter, so every callback runs inside ``_carefully``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

from course_utils.exercises.result import panel, paragraph, to_html
from course_utils.guard import Guard

#: Long labels wrap, and boxes are as narrow as their numbers.
STYLE = """<style>
.cu-asking .widget-label { white-space: normal; height: auto; line-height: 1.35; text-align: left; }
.cu-asking .widget-text input { width: 5em; flex: 0 0 auto; }
.cu-asking .widget-html-content { line-height: 1.5; }
.cu-asking pre { overflow-x: auto; padding: 0.5em; margin: 0.3em 0; }
</style>"""


class AskingBox(widgets.VBox):  # type: ignore[misc]
    """A question with a place for what is said about the answer, seen and read out."""

    #: ipywidgets 7 would show the box by this instead, without the text.
    _ipython_display_ = None

    def __init__(self) -> None:
        self.result = widgets.HTML()
        self.guard = Guard()
        super().__init__(layout={"width": "100%", "max_width": "48em"})
        self.add_class("cu-asking")

    def _say(self, content: str, spoken: str) -> None:
        """Change what is seen, and the line that a screen reader reads out; both stay in their place on the page."""
        self.result.value = content
        self.guard.say = spoken

    def _button(self, name: str, action: Callable[[], None], primary: bool = False) -> Any:
        """A button, as wide as its words."""
        style = {"button_style": "primary"} if primary else {}
        button = widgets.Button(description=name, layout={"width": "auto"}, **style)
        button.on_click(lambda _: self._carefully(action))
        return button

    def _carefully(self, action: Callable[[], None]) -> None:
        """Do something and show what went wrong, which Jupyter would swallow."""
        try:
            action()
        except Exception as error:
            problem = f"Something went wrong ({type(error).__name__}: {error}). What you typed is still there."
            self._say(panel("var(--jp-error-color1, #d32f2f)", paragraph(to_html(problem)), role="alert"), problem)


def wrapping(children: Sequence[Any]) -> Any:
    """A row that becomes several on a narrow page."""
    return widgets.Box(children, layout={"flex_flow": "row wrap", "align_items": "flex-start", "grid_gap": "0 1.2em"})
