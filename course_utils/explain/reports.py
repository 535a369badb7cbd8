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

import operator
import re
from typing import Any

from course_utils.explain import words
from course_utils.explain.rows import ExplainedModel
from course_utils.fields import ReceptiveField

_HEADINGS = ("", "Layer", "Size in → out", "Why", "Padding", "Parameters", "Multiply-adds", "Keras?")
#: Columns of numbers stand on the right.
_RULES = ("--:", "---", "---", "---", "---", "--:", "--:", ":-:")


#: The keys in their order; behind "=" where the value stands in the row, if it has another name there.
_KEYS = """
    layer kind inputs=input_shapes output=output_shape keras=keras_shapes sources formula sentence notes
    pads=rule.pads unread=rule.unread effective_size=facts.effective_size receptive_field=facts.fields
    receptive_field_lost=facts.field_lost parameters parameters_formula=rule.parameters.formula
    keras_parameters=keras.parameters macs=facts.macs.number macs_formula=facts.macs.formula
    output_bytes=facts.output_bytes.number number_type=facts.number_type agrees differences has_rule reached
    input_from_keras=call.from_keras shared_with=call.shared_with refusal_by_hand refusal_keras
"""


def as_dicts(model: ExplainedModel) -> list[dict[str, Any]]:
    """One dict for each row; only numbers, texts, lists and None, so that ``json.dumps`` takes it."""
    keys = {key: operator.attrgetter(where or key) for key, _, where in (part.partition("=") for part in _KEYS.split())}
    return [
        {"row": number} | {key: _plain(found(row)) for key, found in keys.items()} for number, row in enumerate(model)
    ]


def _plain(value: Any) -> Any:
    """Lists in place of tuples, all the way down, and a receptive field by its numbers."""
    if isinstance(value, ReceptiveField):
        return {"size": value.size, "jump": None if value.jump is None else str(value.jump), "start": value.start}
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def as_markdown(model: ExplainedModel) -> str:
    """A heading line, the table, what there is to say about single rows, and the verdict."""
    lines = [f"**{_text(model.name)}**: {words.LEGEND}", "", _line(_HEADINGS), _line(_RULES)]
    rows = [*words.told(model.rows)]
    lines += [_line(_cells(number, row)) for number, row in enumerate(rows)]
    said = [
        f"- Row {number}, {_code(told.row.layer)}: {_text(text)}"
        for number, told in enumerate(rows)
        for text in (
            *(f"{what}: {more}" for what, more in words.field_lines(told.row)),
            *told.remarks,
            *told.differences,
        )
    ]
    found = model.diagnosis
    advice = [] if found is None else [*found.findings, *(f"Repair: {repair.what}" for repair in found.repairs)]
    ends = [f"- {_text(text)}" for text in [*words.verdict(model), *advice]]
    return "\n".join([*lines, *(["", *said] if said else []), "", *ends, ""])


def _cells(number: int, told: words.Told) -> tuple[str, ...]:
    row, macs = told.row, told.row.facts.macs.number
    return (
        str(number),
        f"{_code(row.layer)} ({_text(row.kind)})",
        *map(_text, (told.size, f"{told.formula}: {told.why}" if row.formula else told.why, told.padding)),
        told.parameters,
        "–" if macs is None else f"{macs:,}",
        "⊘ both refuse" if told.mark == "⊘" else told.mark,
    )


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
