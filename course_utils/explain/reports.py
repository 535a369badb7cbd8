"""An explanation for reports: GitHub's Markdown, and plain dicts.

Each dict of ``as_dicts`` has the same keys; what does not apply or is not known is None or an empty list::

    row, layer, kind                        the number from 0, the name, the class
    inputs, output, keras                   shapes with the batch axis, as lists; inputs and keras are lists of shapes
    sources                                 the rows that the inputs come from
    formula, sentence, notes
    pads, unread, effective_size            per spatial axis; each of pads is [before, after]
    receptive_field                         per spatial axis {"size", "jump", "start"}; size None for the whole map;
                                            jump is a fraction in words: "8" or "1/2"
    receptive_field_lost                    why it is not known from this row on
    parameters, parameters_formula, keras_parameters
    macs, macs_formula, output_bytes, number_type
    agrees, differences                     by hand and Keras
    has_rule, reached, input_from_keras, shared_with, refusal_by_hand, refusal_keras
"""

from __future__ import annotations

import re
from typing import Any

from course_utils.explain.details import fact_lines
from course_utils.explain.explained import ExplainedModel
from course_utils.explain.rows import Row
from course_utils.explain.text_table import (
    LEGEND,
    differences,
    formula,
    mark,
    padding,
    parameters,
    reason,
    remarks,
    size_change,
    verdict,
)
from course_utils.fields import ReceptiveField

_HEADINGS = ("", "Layer", "Size in → out", "Why", "Padding", "Parameters", "Multiply-adds", "Keras?")
#: Columns of numbers stand on the right.
_RULES = ("--:", "---", "---", "---", "---", "--:", "--:", ":-:")


def as_dicts(explanation: ExplainedModel) -> list[dict[str, Any]]:
    """One dict for each row; only numbers, texts, lists and None, so that ``json.dumps`` takes it."""
    return [_as_dict(row, step) for row, step in enumerate(explanation.rows)]


def _as_dict(row: int, step: Row) -> dict[str, Any]:
    facts = step.facts
    return {
        "row": row,
        "layer": step.layer,
        "kind": step.kind,
        "inputs": [list(shape) for shape in step.input_shapes],
        "output": None if step.output_shape is None else list(step.output_shape),
        "keras": [list(shape) for shape in step.keras_shapes],
        "sources": list(step.sources),
        "formula": step.formula,
        "sentence": step.sentence,
        "notes": list(step.notes),
        "pads": None if step.pads is None else [list(pair) for pair in step.pads],
        "unread": list(step.unread),
        "effective_size": list(facts.effective_size),
        "receptive_field": [_field(field) for field in facts.fields],
        "receptive_field_lost": facts.field_lost,
        "parameters": step.parameters,
        "parameters_formula": step.parameters_formula,
        "keras_parameters": step.keras_parameters,
        "macs": facts.macs,
        "macs_formula": facts.macs_formula,
        "output_bytes": facts.output_bytes,
        "number_type": facts.number_type,
        "agrees": step.agrees,
        "differences": list(step.differences),
        "has_rule": step.has_rule,
        "reached": step.reached,
        "input_from_keras": step.input_from_keras,
        "shared_with": step.shared_with,
        "refusal_by_hand": step.refusal_by_hand,
        "refusal_keras": step.refusal_keras,
    }


def _field(field: ReceptiveField) -> dict[str, Any]:
    return {"size": field.size, "jump": None if field.jump is None else str(field.jump), "start": field.start}


def as_markdown(explanation: ExplainedModel) -> str:
    """A heading line, the table, what there is to say about single rows, and the verdict."""
    lines = [f"**{_text(explanation.name)}**: {LEGEND}", "", _line(_HEADINGS), _line(_RULES)]
    lines += [_line(_cells(row, step)) for row, step in enumerate(explanation.rows)]
    said = [f"- Row {row}, {_code(step.layer)}: {_text(text)}" for row, step, text in _said(explanation)]
    found = explanation.diagnosis
    told = [] if found is None else [*found.findings, *(f"Repair: {repair.what}" for repair in found.repairs)]
    ends = [f"- {_text(text)}" for text in [*verdict(explanation), *told]]
    return "\n".join([*lines, *(["", *said] if said else []), "", *ends, ""])


def _cells(row: int, step: Row) -> tuple[str, ...]:
    why = _text(f"{formula(step)}: {reason(step)}" if step.formula else reason(step))
    macs = "–" if step.facts.macs is None else f"{step.facts.macs:,}"
    # Nothing comes out of a row that both refuse, and a bare ✓ there would read as if something did.
    sign = "✓ both refuse" if step.refused and step.agrees else mark(step)
    size, pads = _text(size_change(step)), _text(padding(step))
    return str(row), f"{_code(step.layer)} ({_text(step.kind)})", size, why, pads, parameters(step), macs, sign


def _said(explanation: ExplainedModel) -> list[tuple[int, Row, str]]:
    """What stands under the sentences in the other tables."""
    return [
        (row, step, text)
        for row, step in enumerate(explanation.rows)
        for text in (*(f"{what}: {told}" for what, told in fact_lines(step)), *remarks(step), *differences(step))
    ]


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(text: str) -> str:
    """Without anything that Markdown would take for a mark of its own."""
    text = re.sub(r"([\\`*|\[\]~#])", r"\\\1", " ".join(text.split()))
    text = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)  # pool_size stays as it is
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _code(name: str) -> str:
    """A name as code, which shows every sign as it is but these two."""
    return _text(name) if set("`|") & set(name) else f"`{' '.join(name.split())}`"
