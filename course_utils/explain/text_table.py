"""The table of an explanation in a terminal, and the words that it shares with the one in a notebook (``html_table``).

Both show the same: layer and kind, the size in and out, the formula, the ghost cells, the parameters, whether by hand
and Keras agree, and the sentence. A disagreement is in both, with both numbers.
"""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Sequence

from course_utils.explain.details import detail_lines
from course_utils.explain.explained import ExplainedModel
from course_utils.explain.rows import Row
from course_utils.explain.wording import capital, count, listed, size

#: Columns of the terminal that the table never exceeds.
WIDTH = 100

LEGEND = "every size worked out by hand, then held against Keras. Padding: (before, after)."

_HEADINGS = ("layer (kind)", "size in → out", "formula", "padding", "parameters", "ok")
_WIDEST = (24, 23, 23, 7, 10, 2)
_GAP = "  "


# -- what both tables say -----------------------------------------------------------------------------------------


def mark(step: Row) -> str:
    """✓ by hand and Keras agree, ✗ they do not, ? there is no rule, – not reached."""
    if not step.reached:
        return "–"
    return {True: "✓", False: "✗", None: "?"}[step.agrees]


def size_change(step: Row) -> str:
    """``7×7×8 → 4×4×8``. Keras's size stands in, marked, where there is none by hand."""
    if not step.reached:
        return "not reached"
    came = " + ".join(map(size, step.input_shapes))
    if step.kind == "InputLayer":
        return came
    if step.output_shape is not None:
        return f"{came} → {' + '.join(map(size, (step.output_shape, *step.further_shapes)))}"
    if step.keras_shapes:
        return f"{came} → {' + '.join(map(size, step.keras_shapes))} (Keras)"
    return f"{came} → nothing"


def formula(step: Row) -> str:
    """The formula, with a line for each axis where they differ."""
    return re.sub(", (?=height|width)", ",\n", step.formula)


def padding(step: Row) -> str:
    """Ghost cells before and after: ``(0, 1)``; a line for each axis where they differ; ``–`` for no axes."""
    if step.pads is None:
        return "–"
    if not any(map(any, step.pads)):
        return "none"
    pads = step.pads[:1] if len(set(step.pads)) == 1 else step.pads
    return "\n".join(f"({before}, {after})" for before, after in pads)


def parameters(step: Row) -> str:
    """The number by hand; Keras's, marked, where there is none by hand."""
    if step.parameters is not None:
        return f"{step.parameters:,}"
    return f"{step.keras_parameters:,} (Keras)" if step.keras_parameters is not None else "–"


def reason(step: Row) -> str:
    """The sentence, or why nothing comes out by hand."""
    return step.sentence if step.refusal_by_hand is None else f"By hand: {step.refusal_by_hand}"


def remarks(step: Row) -> list[str]:
    """What stands under the sentence: notes, where the row stands in the whole, and what Keras said if it refused."""
    lines = []
    if step.shared_with is not None:
        lines.append("The same layer was called above: its parameters count once.")
    if step.input_from_keras:
        lines.append("Starts from Keras's size, because the row before has no answer by hand.")
    if step.axes and step.for_any_n and step.output_shape is not None and None in step.output_shape[1:]:
        lines.append(f"In the n that went into the model: {step.for_any_n}.")
    lines += [f"Note: {note}" for note in step.notes]
    if step.refusal_keras is not None:
        lines.append(f"Keras: {step.refusal_keras}")
    return lines


def differences(step: Row) -> list[str]:
    """Every disagreement, with both numbers."""
    return [f"✗ They differ in {difference}." for difference in step.differences]


def verdict(explanation: ExplainedModel) -> list[str]:
    """The last lines: how many rows agree, what is missing, and how many parameters there are."""
    rows = explanation.rows
    compared = [step for step in rows if step.agrees is not None]
    agreeing = [step for step in compared if step.agrees]
    sign = "✓" if explanation.agrees else "✗"
    lines = [f"{sign} By hand and Keras agree on {len(agreeing)} of {len(compared)} rows."] if compared else []
    if explanation.without_rule:
        kinds = listed(sorted({step.kind for step in explanation.without_rule}))
        lines.append(f"? {capital(count(len(explanation.without_rule), 'row'))} without a rule by hand: {kinds}.")
    if explanation.refused_at is not None:
        stopped = explanation.refused_at
        why = "This cannot be built" if stopped.refusal_by_hand else "Keras gives no answer"
        lines.append(f"✗ {why}: nothing comes out of {stopped.layer}.")
    if explanation.parameters is not None:
        lines.append(f"{explanation.parameters:,} parameters in all.")
    lines += _totals(explanation)
    if explanation.whole_model is not None and _is_open(explanation):
        lines.append(explanation.whole_model)
    return lines


def _totals(explanation: ExplainedModel) -> list[str]:
    """What one example costs, where every size is known."""
    told = []
    counted = sum(step.facts.macs or 0 for step in explanation.rows)
    left_out = sorted({step.kind for step in explanation.rows if step.facts.macs is None})
    if counted and explanation.output_bytes:
        without = f", {listed(left_out)} not counted" if left_out else ""
        told.append(f"{counted:,} multiply-adds (one multiplication and one addition each{without})")
    if explanation.output_bytes:
        told.append(f"{explanation.output_bytes:,} bytes for what comes out of all rows")
    return [f"For one example: {' and '.join(told)}."] if told else []


def _is_open(explanation: ExplainedModel) -> bool:
    """Whether a size that goes in is not known: then the answer is an expression."""
    return any(None in shape[1:] for step in _first_rows(explanation) for shape in step.input_shapes)


def _first_rows(explanation: ExplainedModel) -> list[Row]:
    """The rows that what goes in reaches first."""
    return [step for step in explanation.rows if None in step.sources]


# -- in a terminal ------------------------------------------------------------------------------------------------


class Printed(str):
    """A text that shows itself as it prints, not in quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def as_text(explanation: ExplainedModel, details: bool = False) -> str:
    """The table as plain text, no line wider than ``WIDTH``; with ``details``, the facts of each row under it."""
    rule = "─" * WIDTH
    lines = [*textwrap.wrap(f"{explanation.name}: {LEGEND}", WIDTH), rule, *_side_by_side(_HEADINGS), rule]
    for step in explanation.rows:
        lines += _text_row(step, details)
    ends = [line for text in verdict(explanation) for line in textwrap.wrap(text, WIDTH)]
    return "\n".join([*lines, rule, *ends, *_diagnosis(explanation, rule)])


def _diagnosis(explanation: ExplainedModel, rule: str) -> list[str]:
    """What is missed and since where; the repairs by their first line, because their code is long."""
    found = explanation.diagnosis
    if found is None:
        return []
    told = [*found.findings]
    told += [f"Repair {number}: {repair.what}." for number, repair in enumerate(found.repairs, start=1)]
    if found.repairs:
        told.append("Each was run. Their code: print(explanation.diagnosis), with what explain returned.")
    return [rule, *(line for text in told for line in textwrap.wrap(text, WIDTH))]


def _text_row(step: Row, details: bool) -> list[str]:
    name = f"{step.layer} ({step.kind})"
    told = [f"{what}: {text}" for what, text in detail_lines(step) if details or what == "Parameters"]
    under = [reason(step), *told, *remarks(step), *differences(step)]
    return [
        *_side_by_side((name, size_change(step), formula(step), padding(step), parameters(step), mark(step))),
        *(f"    {line}" for text in under for line in textwrap.wrap(text, WIDTH - 4)),
        "",
    ]


def _side_by_side(cells: Sequence[str]) -> list[str]:
    """One row of the table; a cell that is too wide for its column goes on below."""
    columns = [
        [line for part in cell.splitlines() for line in textwrap.wrap(part, width)]
        for cell, width in zip(cells, _WIDEST, strict=True)
    ]
    return [
        _GAP.join(part.ljust(width) for part, width in zip(parts, _WIDEST, strict=True)).rstrip()
        for parts in itertools.zip_longest(*columns, fillvalue="")
    ]
