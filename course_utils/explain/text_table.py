"""The table of an explanation in a terminal."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from course_utils.explain import words
from course_utils.explain.rows import ExplainedModel

#: Columns of the terminal that the table never exceeds.
WIDTH = 100

#: How wide each column is.
_COLUMNS = {"layer (kind)": 24, "size in → out": 23, "formula": 23, "padding": 7, "parameters": 10, "ok": 2}
_BRIEF = {"layer (kind)": 34, "size in → out": 30, "rule": 28, "ok": 2}
_RULE = "─" * WIDTH


class Printed(str):
    """A text that shows itself as it prints, not in quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def as_text(model: ExplainedModel, details: bool = False) -> str:
    """The table as plain text, no line wider than ``WIDTH``; with ``details``, the facts of each row under it."""
    brief = model.brief and not details
    columns = _BRIEF if brief else _COLUMNS
    heading = f"{model.name}: {words.BRIEF if brief else words.LEGEND}{words.MARKED}"
    lines = [*_wrapped([heading]), _RULE, *_side_by_side(list(columns), columns), _RULE]
    for row in words.told(model.rows, brief):
        lines += _row(row, columns, details)
    lines += [_RULE, *_wrapped(words.verdict(model, brief))]
    found = None if brief else model.diagnosis
    if found is not None:
        # The repairs by their first line, because their code is long.
        repairs = [f"Repair {number}: {repair.what}." for number, repair in enumerate(found.repairs, start=1)]
        if repairs:
            repairs.append("Each was run. Their code: print(explanation.diagnosis), with what explain returned.")
        lines += [_RULE, *_wrapped([*found.findings, *repairs])]
    return "\n".join(lines)


def _row(told: words.Told, columns: Mapping[str, int], details: bool) -> list[str]:
    row = told.row
    more = [f"{what}: {text}" for what, text in told.details if details or what == "Parameters"]
    under = _wrapped(
        [row.sentence if details and not row.refused else told.why, *more, *told.remarks, *told.differences], 4
    )
    cells = [
        f"{row.layer} ({row.kind})",
        f"{'▸ ' * told.changes}{told.size}",
        told.formula,
        told.padding,
        told.parameters,
        told.mark,
    ]
    if len(columns) < len(cells):
        return [*_side_by_side([*cells[:3], told.mark], columns), *under]
    return [*_side_by_side(cells, columns), *under, ""]


def _wrapped(texts: Iterable[str], indent: int = 0) -> list[str]:
    return [" " * indent + line for text in texts for line in textwrap.wrap(text, WIDTH - indent)]


def _side_by_side(cells: Sequence[str], columns: Mapping[str, int]) -> list[str]:
    """One row of the table; a cell that is too wide for its column goes on below."""
    widths = list(columns.values())
    wrapped = [
        [line for part in cell.splitlines() for line in textwrap.wrap(part, width)]
        for cell, width in zip(cells, widths, strict=True)
    ]
    return [
        "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True)).rstrip()
        for parts in itertools.zip_longest(*wrapped, fillvalue="")
    ]
