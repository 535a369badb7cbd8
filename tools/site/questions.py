"""The predictions as the pages ask them, with all that is said to an answer; Keras is asked when the site is built."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import Any

from docutils.nodes import make_id

from course_utils.exercises.catalogue import Section
from course_utils.exercises.prediction_data import (
    AS_EXPECTED,
    SURPRISE,
    Choice,
    Input,
    PredictedQuestion,
    look_back_on,
)
from course_utils.exercises.record import FILE, NOTE, Entry
from course_utils.exercises.result import to_html


def script(predictions: Sequence[PredictedQuestion]) -> str:
    """Return the file that a page loads for the predictions of a lesson, by their keys; and how they are kept."""
    record = {"file": FILE, "note": NOTE, "colours": {"asExpected": AS_EXPECTED, "surprise": SURPRISE}}
    told = {prediction.key: recorded(prediction) for prediction in predictions}
    return (
        f"window.courseRecord = {_json(record)};\n"
        f"window.coursePredictions = {{ ...window.coursePredictions, ...{_json(told)} }};\n"
    )


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=0)


def recorded(prediction: PredictedQuestion) -> dict[str, Any]:
    """Return one prediction: what is asked, what Keras gives, and what is said to each known wrong answer."""
    truth = prediction.truth()
    said: list[dict[str, Any]] = []
    for known in prediction.wrong_answers:
        entry = Entry(known.answer, truth, "")
        misconception = prediction.misconception(entry)
        if misconception is not None:
            now = [to_html(line) for line in prediction.lines(entry)[-2:]]
            later = to_html(look_back_on(prediction, entry).text.splitlines()[-1].strip())
            section = misconception.section
            said.append(
                {"to": known.answer, "now": [_linked(line, section) for line in now], "later": _linked(later, section)}
            )
    return {
        "question": to_html(prediction.question),
        "inputs": [
            {
                "label": to_html(one.label),
                "plain": one.label,
                "options": one.options if isinstance(one, Choice) else None,
            }
            for one in prediction.inputs
        ],
        "truth": truth,
        "sentence": to_html(prediction.sentence),
        "said": said,
        "tellsAll": prediction.tells_all,
    }


def _linked(line: str, section: Section) -> str:
    """Return a line of HTML in which the name of a section leads there."""
    address = f"{section.notebook.replace('.ipynb', '.html')}#{make_id(section.heading)}"
    name = next((name for name in map(to_html, (str(section), section.title)) if line.endswith(name)), "")
    return f'{line.removesuffix(name)}<a href="{address}">{name}</a>' if name else line


def form(prediction: PredictedQuestion) -> str:
    """Return the question with what is to be filled in; ``predictions.js`` wakes it."""
    fields = "".join(_field(one, f"{prediction.key}/{i}") for i, one in enumerate(prediction.inputs))
    return (
        f'<form class="prediction" data-prediction="{prediction.key}">'
        f"<p><strong>Predict.</strong> {to_html(prediction.question)}</p>{fields}"
        '<p class="buttons"><button type="submit">Commit my answer</button>'
        '<button type="button" class="again" disabled>Start over</button></p>'
        '<div class="said" role="status"></div><div class="trouble"></div>'
        '<p class="no-script">Without JavaScript this page keeps no answer: write yours down before you read on.</p>'
        "</form>"
    )


def _field(asked: Input, name: str) -> str:
    """Return one input with its label."""
    label = to_html(asked.label)
    if isinstance(asked, Choice):
        options = "".join(
            f'<label><input type="radio" name="{name}" value="{html.escape(option)}"> {to_html(option)}</label>'
            for option in asked.options
        )
        return f"<fieldset><legend>{label}</legend>{options}</fieldset>"
    box = f'<input name="{name}" inputmode="numeric" autocomplete="off">'
    return f'<label class="number">{box} <span>{label}</span></label>'
