"""Predict before you see: a question, an answer that is committed, and only then what the real layer says.

In a notebook::

    lesson.even_pads.predict()

    predictions.look_back("01")     # later: what you expected, and what came

A prediction is not graded. It is kept in ``my_predictions.json`` beside the notebook, see ``record.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course_utils.exercises.prediction_data import Choice as Choice, PredictedQuestion, look_back_on
from course_utils.exercises.record import Value, record_here
from course_utils.exercises.result import Shown, paragraph, show, to_html

if TYPE_CHECKING:
    from course_utils.exercises.prediction_box import PredictionBox


@dataclass(eq=False)
class Prediction(PredictedQuestion):
    """A question to answer before the lesson does, as a notebook shows it. It makes itself known to its lesson."""

    def __post_init__(self) -> None:
        _DECLARED.setdefault(self.lesson, []).append(self)

    def __repr__(self) -> str:
        return f"The prediction {self.name}. Answer it with `lesson.{self.name}.predict()`."

    def predict(self) -> None:
        """Show the question, or the answer if one is committed."""
        show(self.box())

    def told(self) -> list[tuple[str, Value, Value, str]]:
        """What the record has of it, as ``rows``; empty until an answer is committed."""
        entry = self.committed(record_here().get(self.key))
        return [] if entry is None else self.rows(entry)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have this called whenever this kernel commits an answer or takes it back."""
        record_here().listeners.setdefault(self.key, []).append(listener)

    def box(self) -> PredictionBox:
        """The widget that ``predict`` shows."""
        # ipywidgets is loaded here, when a question is first shown.
        from course_utils.exercises.prediction_box import PredictionBox

        return PredictionBox(self, record_here())


#: The predictions that the lessons have declared, by lesson, in their order.
_DECLARED: dict[str, list[Prediction]] = {}


def predictions_of(lesson: str) -> list[Prediction]:
    """The predictions of a lesson, in their order."""
    return list(_DECLARED[lesson])


def look_back(lesson: str) -> None:
    """Show what you expected in a lesson, what came, and which idea to visit again.

    Args:
        lesson: its two digits, for example ``"00"``.
    """
    record = record_here()
    parts = [
        look_back_on(prediction, prediction.committed(record.get(prediction.key)))
        for prediction in predictions_of(lesson)
    ]
    trouble = [Shown(record.trouble, paragraph(to_html(record.trouble)))] if record.trouble else []
    show(
        Shown(
            "\n\n".join(part.text for part in trouble + parts),
            "".join(part.html for part in trouble + parts),
        )
    )
