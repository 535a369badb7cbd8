"""The table of an explanation in a terminal."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Sequence

from course_utils.explain import words
from course_utils.explain.rows import ExplainedModel, Row

#: Columns of the terminal that the table never exceeds.
WIDTH = 100

_HEADINGS = ("layer (kind)", "size in → out", "formula", "padding", "parameters", "ok")
_WIDEST = (24, 23, 23, 7, 10, 2)
_RULE = "─" * WIDTH


class Printed(str):
    """A text that shows itself as it prints, not in quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def as_text(model: ExplainedModel, details: bool = False) -> str:
    """The table as plain text, no line wider than ``WIDTH``; with ``details``, the facts of each row under it."""
    lines = [*_wrapped([f"{model.name}: {words.LEGEND}"]), _RULE, *_side_by_side(_HEADINGS), _RULE]
    for row in model:
        lines += _row(row, details)
    lines += [_RULE, *_wrapped(words.verdict(model))]
    found = model.diagnosis
    if found is not None:
        # The repairs by their first line, because their code is long.
        repairs = [f"Repair {number}: {repair.what}." for number, repair in enumerate(found.repairs, start=1)]
        if repairs:
            repairs.append("Each was run. Their code: print(explanation.diagnosis), with what explain returned.")
        lines += [_RULE, *_wrapped([*found.findings, *repairs])]
    return "\n".join(lines)


def _row(row: Row, details: bool) -> list[str]:
    told = [f"{what}: {text}" for what, text in words.detail_lines(row) if details or what == "Parameters"]
    under = [words.reason(row), *told, *words.remarks(row), *words.differences(row)]
    cells = [words.size_change(row), words.formula(row), words.padding(row), words.parameters(row), words.mark(row)]
    return [*_side_by_side([f"{row.layer} ({row.kind})", *cells]), *_wrapped(under, indent=4), ""]


def _wrapped(texts: Iterable[str], indent: int = 0) -> list[str]:
    return [" " * indent + line for text in texts for line in textwrap.wrap(text, WIDTH - indent)]


def _side_by_side(cells: Sequence[str]) -> list[str]:
    """One row of the table; a cell that is too wide for its column goes on below."""
    columns = [
        [line for part in cell.splitlines() for line in textwrap.wrap(part, width)]
        for cell, width in zip(cells, _WIDEST, strict=True)
    ]
    return [
        "  ".join(part.ljust(width) for part, width in zip(parts, _WIDEST, strict=True)).rstrip()
        for parts in itertools.zip_longest(*columns, fillvalue="")
    ]
