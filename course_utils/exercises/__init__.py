"""Exercises that check themselves, and predictions to make before the answer is seen.

    from course_utils.exercises import ____, lesson_01 as lesson

Importing it loads neither Keras nor ipywidgets; they come when something is first checked or shown.
"""

from __future__ import annotations

from course_utils.exercises import (
    lesson_00,
    lesson_01,
    lesson_02,
    lesson_03,
    lesson_04,
    lesson_05,
    lesson_06,
    predictions,
)
from course_utils.exercises.blank import ____

__all__ = [
    "____",
    "lesson_00",
    "lesson_01",
    "lesson_02",
    "lesson_03",
    "lesson_04",
    "lesson_05",
    "lesson_06",
    "predictions",
]
