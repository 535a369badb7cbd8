"""The facts of a row in words, the same in every table. No arithmetic."""

from __future__ import annotations

from course_utils.explain.rows import Row
from course_utils.explain.wording import AXIS_NAMES, count, listed, times
from course_utils.fields import ReceptiveField


def detail_lines(step: Row) -> list[tuple[str, str]]:
    """What is worth knowing of a row beside its size, as (what, text); only what applies."""
    facts = step.facts
    lines = []
    if step.parameters_formula:
        lines.append(("Parameters", f"{step.parameters_formula}. {step.parameters_sentence}"))
    lines += fact_lines(step)
    if facts.macs_formula:
        lines.append(("Multiply-adds", f"{facts.macs_formula} for one example."))
    if facts.bytes_formula:
        lines.append(("Output", f"{facts.bytes_formula} bytes for one example, in {facts.number_type}."))
    return lines


def fact_lines(step: Row) -> list[tuple[str, str]]:
    """The receptive field, where a row may have changed it, or why it is lost."""
    facts = step.facts
    if facts.field_lost:
        return [("Receptive field", f"not known from here on. {facts.field_lost}")]
    if not facts.fields or not (step.axes or len(step.sources) > 1):
        return []
    return [("Receptive field", _field_sentence(facts.fields))]


def _field_sentence(fields: tuple[ReceptiveField, ...]) -> str:
    """``22×22 cells of the input (jump: 8 cells to the next; the first starts 7 cells before the map)``."""
    if all(field.whole for field in fields):
        return "each output cell sees the whole map."
    if len(set(fields)) == 1:
        sizes = times([field.size for field in fields])
        cells = f"{sizes} cells" if len(fields) > 1 else count(fields[0].size or 0, "cell")
        return f"each output cell sees {_up_to(fields)}{cells} of the input{_places(fields[0])}."
    names = AXIS_NAMES[len(fields)]
    parts = [f"{_along(field)} along the {name}" for field, name in zip(fields, names, strict=True)]
    return f"each output cell sees, of the input, {listed(parts)}."


def _along(field: ReceptiveField) -> str:
    if field.whole:
        return "all cells"
    return f"{_up_to((field,))}{count(field.size or 0, 'cell')}{_places(field)}"


def _up_to(fields: tuple[ReceptiveField, ...]) -> str:
    """Behind upsampling, neighbours may see more or less."""
    return "up to " if any(len(field.sizes) > 1 for field in fields) else ""


def _places(field: ReceptiveField) -> str:
    """How the fields lie: how far apart, and where the first one starts."""
    apart = f"{field.jump} {'cell' if (field.jump or 0) <= 1 else 'cells'}"
    on_average = " on average" if len(field.spans) > 1 else ""
    return f" (jump: {apart} to the next{on_average}{_start(field.start)})"


def _start(start: int | None) -> str:
    if start is None:
        return ""
    return f"; the first starts {count(-start, 'cell')} before the map" if start < 0 else f"; the first at cell {start}"
