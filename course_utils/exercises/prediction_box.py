"""The widget of a prediction. Loaded when a question is first shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

from course_utils.exercises.answers import BadAnswer
from course_utils.exercises.boxes import STYLE, AskingBox, wrapping
from course_utils.exercises.prediction_data import SURPRISE, Choice, Input, PredictedQuestion
from course_utils.exercises.record import Entry, Record, Value
from course_utils.exercises.result import RUN_TO_ANSWER, panel, paragraph, to_html

#: A committed answer is as readable as a new one.
_STYLE = """<style>
.cu-prediction .widget-radio-box label { white-space: normal; height: auto; }
.cu-prediction input:disabled { opacity: 1; color: var(--jp-content-font-color1, inherit); }
.cu-prediction-code .widget-label {
  flex: 1 1 0; min-width: 0; margin-left: 0.6em; overflow-wrap: anywhere;
  font-family: var(--jp-code-font-family, monospace);
}
</style>"""


class PredictionBox(AskingBox):
    """A question with its inputs, a button to commit, and a place for what came.

    Args:
        prediction: the question.
        record: where answers are kept.
    """

    def __init__(self, prediction: PredictedQuestion, record: Record) -> None:
        super().__init__()
        self.prediction = prediction
        self.record = record
        self.inputs = [_input(one, prediction) for one in prediction.inputs]
        self.commit = self._button("Commit my answer", self._commit, primary=True)
        self.start_over = self._button("Start over", self._start_over)
        self.notice = widgets.HTML()
        self.children = [
            widgets.HTML(STYLE + _STYLE + paragraph(f"<strong>Predict.</strong> {to_html(prediction.question)}")),
            wrapping(self.inputs),
            wrapping([self.commit, self.start_over]),
            self.result,
            self.notice,
            self.guard,
        ]
        self.add_class("cu-prediction")
        self._carefully(self._show_committed)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The live widget, and for readers without a kernel the question, whatever the record says."""
        return self.guard.bundle(self, f"Predict. {self.prediction.question}{RUN_TO_ANSWER}")

    # -- what the buttons do --------------------------------------------------------------------------------------

    def _commit(self) -> None:
        if self.commit.disabled:  # the second half of a double click, sent before the button was greyed
            return
        try:
            predicted = self.prediction.parse([one.value for one in self.inputs])
        except BadAnswer as problem:
            self._say(panel(SURPRISE, paragraph(to_html(str(problem))), role="group"), str(problem))
            return
        self._lock(True)
        try:
            waiting = "Asking the real layer. The first time, Keras has to be loaded, which takes a few seconds."
            self._say(paragraph(waiting), waiting)
            entry = self.prediction.entry(predicted)
        except BaseException:
            self._lock(False)
            raise
        self.record.put(self.prediction.key, entry)
        self._show(entry)

    def _start_over(self) -> None:
        self.record.put(self.prediction.key, None)
        self._lock(False)
        self._say("", "Your answer is taken back. What you typed is still there; change it and commit again.")
        self._tell_trouble()

    def _show_committed(self) -> None:
        """Show the answer of an earlier time, if there is one."""
        entry = self.prediction.committed(self.record.get(self.prediction.key))
        self._lock(entry is not None)
        self._tell_trouble()
        if entry is not None:
            self._fill(entry.predicted)
            self._show(entry)

    # -- what the learner sees ------------------------------------------------------------------------------------

    def _show(self, entry: Entry) -> None:
        shown = self.prediction.reveal(entry)
        self._lock(True)
        self._say(shown.html, shown.text)
        self._tell_trouble()

    def _fill(self, predicted: Sequence[Value]) -> None:
        for one, answer in zip(self.inputs, predicted, strict=True):
            one.value = str(answer)

    def _lock(self, committed: bool) -> None:
        """A committed answer can be taken back, and not be altered."""
        for one in self.inputs:
            one.disabled = committed
        self.commit.disabled = committed
        self.start_over.disabled = not committed

    def _tell_trouble(self) -> None:
        trouble = self.record.trouble
        self.notice.value = panel(SURPRISE, paragraph(f"⚠ {to_html(trouble)}")) if trouble else ""


def _input(asked: Input, prediction: PredictedQuestion) -> Any:
    """An input with its label; the labels of a long list stand beside the boxes, others above."""
    style = {"description_width": "initial"}
    if isinstance(asked, Choice):
        layout = {"width": "auto", "flex_flow": "column"}
        return widgets.RadioButtons(
            options=asked.options, value=None, description=asked.label, style=style, layout=layout
        )
    in_list = len(prediction.inputs) > 4
    layout = {"width": "100%", "flex_flow": "row-reverse", "justify_content": "flex-end", "align_items": "center"}
    box = widgets.Text(description=asked.label, style=style, layout=layout if in_list else {"width": "auto"})
    if in_list:
        box.add_class("cu-prediction-code")
    return box
