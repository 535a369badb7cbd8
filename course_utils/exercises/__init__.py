"""Exercises that check themselves, and predictions to make before the answer is seen.

    from course_utils.exercises import ____, lesson_01 as lesson

Importing it loads neither Keras nor ipywidgets; they come when something is first checked or shown.

Each line imports from itself and the lines above it::

    blank, result, catalogue               ____; what is shown of a check; what a misconception is
    truth/, misconceptions/                what the real layers do; what people believe instead
    answers, networks                      read and call what a learner hands in; run layers
    record, prediction_data, core          the file of predictions; a prediction; an exercise and its checkers
    prediction_box, predictions            a prediction as widgets; the prediction that shows itself
    same_maps, paths, probing, declare     checkers for whole networks; how a lesson declares all this
    lesson_00 … lesson_06                  the lessons; each imports no other
    drill_questions, drill_box, drills     questions drawn from a seed; their widgets; the drill that shows itself
"""

from __future__ import annotations

from course_utils.exercises import (
    lesson_00 as lesson_00,
    lesson_01 as lesson_01,
    lesson_02 as lesson_02,
    lesson_03 as lesson_03,
    lesson_04 as lesson_04,
    lesson_05 as lesson_05,
    lesson_06 as lesson_06,
    predictions as predictions,
)
from course_utils.exercises.blank import ____ as ____
