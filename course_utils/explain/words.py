"""What every table says of a row and of the whole: in the terminal, in a notebook, in a report. No arithmetic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from course_utils.explain.expressions import whole_model
from course_utils.explain.rows import ExplainedModel, Row
from course_utils.explain.shapes import sizes_of
from course_utils.explain.wording import AXIS_NAMES, capital, count, listed, size, size_of_each, times
from course_utils.fields import ReceptiveField
from course_utils.size_formulas import ALL

LEGEND = "every size worked out by hand, then held against Keras. Padding: (before, after)."
BRIEF = "every size worked out by hand, from a rule, then held against Keras."
#: Behind both, in tables that mark it.
MARKED = " ▸: the size changes."


# -- a row --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """A row as every table tells it.

    Attributes:
        row: the row.
        size: ``7×7×8 → 4×4×8``.
        changes: whether the maps change their size.
        formula: the rule with its numbers, with a line for each axis where they differ.
        why: the sentence, or which row above had the same; why nothing comes out by hand.
        padding: ghost cells before and after, with a line for each axis where they differ.
        parameters: by hand; Keras's, marked, where there is no number by hand.
        mark: ✓ by hand and Keras agree, ✗ they do not, ⊘ both refuse, ? there is no rule, – not reached.
        remarks: notes, where the row stands in the whole, and what Keras said if it refused.
        differences: every disagreement, with both numbers.
        details: what is worth knowing beside the size, as (what, text).
    """

    row: Row
    size: str
    changes: bool
    formula: str
    why: str
    padding: str
    parameters: str
    mark: str
    remarks: Sequence[str]
    differences: Sequence[str]
    details: Sequence[tuple[str, str]]


def told(rows: Sequence[Row], brief: bool = False) -> Iterator[Told]:
    """Every row; what was said above in the same words and with other numbers is not said again.

    Args:
        rows: what is shown together.
        brief: sizes and rules only.
    """
    said: dict[object, str] = {}
    for row in rows:
        number = row.parameters if row.parameters is not None else row.keras.parameters
        by_keras = " (Keras)" * (row.parameters is None)
        first = said.setdefault((row.kind, row.axes, re.sub(r"\d+", "#", row.sentence)), row.layer)
        repeated = first != row.layer and len(row.sentence) > _SHORT and not row.refused
        why = f"By the same rule as {first}, above." if repeated else row.sentence
        if row.refusal_by_hand is not None:
            why = f"By hand: {row.refusal_by_hand}"
        yield Told(
            row,
            _size(row),
            changes_size(row),
            re.sub(", (?=height|width)", ",\n", row.formula),
            "" if brief and row.reached and not row.refused and row.has_rule else why,
            _padding(row),
            "–" if number is None else f"{number:,}{by_keras}",
            mark(row),
            [] if brief and not row.refused else remarks(row),
            [f"✗ They differ in {difference}." for difference in row.differences],
            [] if brief else detail_lines(row),
        )


#: A sentence that is not longer is said again.
_SHORT = 60


def mark(row: Row) -> str:
    """✓ by hand and Keras agree, ✗ they do not, ⊘ both refuse, ? there is no rule, – not reached."""
    if not row.reached:
        return "–"
    return "⊘" if row.refused and row.agrees else {True: "✓", False: "✗", None: "?"}[row.agrees]


def changes_size(row: Row) -> bool:
    """Whether other maps come out than go in; their number of channels may change all the same."""
    came, made = row.input_shapes[:1], (row.rule.shapes or row.keras_shapes)[:1]
    if not came or not made or row.kind == "InputLayer":
        return False
    maps = len(came[0]) == len(made[0]) > 2
    last = row.call.channels_last
    return (sizes_of(came[0], last) != sizes_of(made[0], last)) if maps else came[0][1:] != made[0][1:]


def _size(row: Row) -> str:
    """``7×7×8 → 4×4×8``. Keras's size stands in, marked, where there is none by hand."""
    if not row.reached:
        return "not reached"
    came = " + ".join(size_of_each(row.input_shapes))
    if row.kind == "InputLayer":
        return came
    made = " + ".join(map(size, row.rule.shapes or row.keras_shapes)) or "nothing"
    return f"{came} → {made}{' (Keras)' * (not row.rule.shapes and bool(row.keras_shapes))}"


def _padding(row: Row) -> str:
    """``(0, 1)``; ``–`` for no axes."""
    pads = row.rule.pads
    if pads is None:
        return "–"
    if not any(map(any, pads)):
        return "none"
    return "\n".join(f"({before}, {after})" for before, after in (pads[:1] if len(set(pads)) == 1 else pads))


def remarks(row: Row) -> list[str]:
    """What stands under the sentence: notes, where the row stands in the whole, and what Keras said if it refused."""
    lines = []
    if row.call.shared_with is not None:
        lines.append("The same layer was called above: its parameters count once.")
    if row.call.from_keras:
        lines.append("Starts from Keras's size, because the row before has no answer by hand.")
    if row.axes and row.for_any_n and row.output_shape is not None and None in row.output_shape[1:]:
        some = sorted({str(size.where) for size in row.facts.sizes if size.where != ALL})
        only = f", for n {listed(some)}" if some else ""
        lines.append(f"In the n that went into the model: {row.for_any_n}{only}.")
    lines += [f"Note: {note}" for note in row.notes]
    if row.refusal_keras is not None:
        lines.append(f"Keras: {row.refusal_keras}")
    return lines


def detail_lines(row: Row) -> list[tuple[str, str]]:
    """What is worth knowing of a row beside its size, as (what, text); only what applies."""
    facts, weights = row.facts, row.rule.parameters
    lines = [("Parameters", f"{weights.formula}. {weights.sentence}")] if weights.formula else []
    lines += field_lines(row)
    if facts.macs.formula:
        lines.append(("Multiply-adds", f"{facts.macs.formula} for one example."))
    if facts.output_bytes.formula:
        lines.append(("Output", f"{facts.output_bytes.formula} bytes for one example, in {facts.number_type}."))
    return lines


def field_lines(row: Row) -> list[tuple[str, str]]:
    """The receptive field, where a row may have changed it, or why it is lost."""
    fields = row.facts.fields
    if row.facts.field_lost:
        said = f"not known from here on. {row.facts.field_lost}"
    elif not fields or not (row.axes or len(row.sources) > 1):
        return []
    elif all(field.whole for field in fields):
        said = "each output cell sees the whole map."
    elif len(set(fields)) == 1:
        cells = count(fields[0].size or 0, "cell") if len(fields) == 1 else f"{times(f.size for f in fields)} cells"
        said = f"each output cell sees {_up_to(fields[0])}{cells} of the input{_places(fields[0])}."
    else:
        names = AXIS_NAMES[len(fields)]
        parts = [f"{_along(field)} along the {name}" for field, name in zip(fields, names, strict=True)]
        said = f"each output cell sees, of the input, {listed(parts)}."
    return [("Receptive field", said)]


def _along(field: ReceptiveField) -> str:
    return "all cells" if field.whole else f"{_up_to(field)}{count(field.size or 0, 'cell')}{_places(field)}"


def _up_to(field: ReceptiveField) -> str:
    """Behind upsampling, neighbours may see more or less."""
    return "up to " if len(field.sizes) > 1 else ""


def _places(field: ReceptiveField) -> str:
    """How the fields lie: ``(jump: 8 cells to the next; the first starts 7 cells before the map)``."""
    apart = f"{field.jump} {'cell' if (field.jump or 0) <= 1 else 'cells'}"
    on_average = " on average" if len(field.spans) > 1 else ""
    start = field.start
    if start is None:
        first = ""
    elif start < 0:
        first = f"; the first starts {count(-start, 'cell')} before the map"
    else:
        first = f"; the first at cell {start}"
    return f" (jump: {apart} to the next{on_average}{first})"


# -- the whole ----------------------------------------------------------------------------------------------------


def verdict(model: ExplainedModel, brief: bool = False) -> list[str]:
    """The last lines: how many rows agree, what is missing, and (not in brief) the parameters and what it costs."""
    compared = [row for row in model if row.agrees is not None]
    agreeing = [row for row in compared if row.agrees]
    sign = "✓" if model.agrees else "✗"
    lines = [f"{sign} By hand and Keras agree on {len(agreeing)} of {len(compared)} rows."] if compared else []
    if model.without_rule:
        kinds = listed(sorted({row.kind for row in model.without_rule}))
        lines.append(f"? {capital(count(len(model.without_rule), 'row'))} without a rule by hand: {kinds}.")
    stopped = model.refused_at
    if stopped is not None:
        why = "This cannot be built" if stopped.refusal_by_hand else "Keras gives no answer"
        lines.append(f"✗ {why}: nothing comes out of {stopped.layer}.")
    if brief:
        return lines
    if model.parameters is not None:
        lines.append(f"{model.parameters:,} parameters in all.")
    if model.output_bytes:
        counted = sum(row.facts.macs.number or 0 for row in model)
        left_out = sorted({row.kind for row in model if row.facts.macs.number is None})
        without = f", {listed(left_out)} not counted" if left_out else ""
        sums = f"{counted:,} multiply-adds (one multiplication and one addition each{without}) and " if counted else ""
        lines.append(f"For one example: {sums}{model.output_bytes:,} bytes for what comes out of all rows.")
    # Where a size that goes in is not known, the answer is an expression.
    is_open = any(None in shape[1:] for row in model if None in row.sources for shape in row.input_shapes)
    found = whole_model(model.rows) if is_open else None
    return lines if found is None else [*lines, found]
