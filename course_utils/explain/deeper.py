"""The pass over finished rows that adds their ``Facts``: what one row alone cannot know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from course_utils.axes import Axis, TransposedWindow, Window
from course_utils.explain.cost import multiply_adds, output_bytes
from course_utils.explain.facts import Facts
from course_utils.explain.receptive_fields import Reach, follow_fields
from course_utils.explain.rows import Row
from course_utils.fields import WHOLE_MAP


def with_facts(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The same rows, each with its facts."""
    types: list[str] = []
    found = []
    for step, reach in zip(rows, follow_fields(rows), strict=True):
        types.append(_number_type(step, types))
        found.append(replace(step, facts=_facts(step, reach, types[-1])))
    return tuple(found)


def _facts(step: Row, reach: Reach, number_type: str) -> Facts:
    macs, macs_formula = multiply_adds(step)
    number, bytes_formula = output_bytes(step, number_type)
    gone = step.axes and not reach.spatial and reach.fields is not None
    return Facts(
        effective_size=tuple(span for axis in step.axes for span in _span(axis)),
        fields=(WHOLE_MAP,) * len(step.axes) if gone else reach.shown,
        field_lost=reach.lost,
        macs=macs,
        macs_formula=macs_formula,
        output_bytes=number,
        bytes_formula=bytes_formula,
        number_type=number_type if number is not None else "",
    )


def _span(axis: Axis) -> tuple[int, ...]:
    return (axis.effective_size,) if isinstance(axis, Window | TransposedWindow) else ()


def _number_type(step: Row, before: list[str]) -> str:
    """In which type of number a row computes. An operation that is no layer has none of its own and keeps the last."""
    if step.kind == "InputLayer":
        return str(step.real.dtype)
    own = getattr(step.real, "compute_dtype", None)
    if own is not None:
        return str(own)
    source = step.sources[0] if step.sources else None
    return before[source] if source is not None else "float32"
