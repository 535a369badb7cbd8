"""Which layer a size was lost at, and along which axis.

Every size is read in cells of the input: behind three halvings a map of 4 stands for 32. Where that number changes, a
layer has rounded, lost or added cells, and all these changes add up to the gap at the end. Zero padding counts together
with the window behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from course_utils.axes import Crop, Pad, TransposedWindow, Upsample, Window
from course_utils.explain.rows import Cause, Row
from course_utils.explain.search import channels_last_in, goes_up, maps_of, shape_made
from course_utils.explain.wording import AXIS_NAMES, Shape, listed


@dataclass(frozen=True)
class Change:
    """What one layer does to a size beyond dividing and multiplying it.

    Attributes:
        number: of the row.
        axis: 0 for the height of a picture.
        before: the size that reached the layer, and any zero padding right before it.
        after: the size that it makes.
        cells: how many cells of the input it adds; below 0 if it loses some.
    """

    number: int
    axis: int
    before: int
    after: int
    cells: Fraction


def changes_along(rows: Sequence[Row], axis: int, end: int) -> tuple[list[Change], Fraction]:
    """What each layer on the way from the input to a row does to one axis.

    Returns:
        The changes in their order, and how many cells of the input one cell of that row stands for.
    """
    found: list[Change] = []
    last, each = channels_last_in(rows), Fraction(1)
    start: int | None = None  # the size before any zero padding
    size: int | None = None
    for number in _path(rows, axis, end, last):
        row = rows[number]
        made = _along(shape_made(row), last, axis)
        # Behind a Flatten the last map counts.
        came = _along(next(iter(row.input_shapes), None), last, axis) if size is None else size
        if made is None or came is None:
            continue
        own = row.axes[axis] if axis < len(row.axes) else None
        start, size = came if start is None else start, made
        if isinstance(own, Pad):
            continue
        stride = Fraction(getattr(own, "stride", 1))
        times = (
            Fraction(own.factor)
            if isinstance(own, Upsample)
            else stride
            if isinstance(own, TransposedWindow)
            else 1 / stride
        )
        cells = (made / times - start) * each
        if cells:
            found.append(Change(number, axis, start, made, cells))
        each, start = each / times, None
    if start is not None and size is not None and size != start:  # zero padding at the end
        found.append(Change(end, axis, start, size, (size - start) * each))
    return found, each


def _along(shape: Shape | None, last: bool, axis: int) -> int | None:
    sizes = maps_of(shape, last)
    return sizes[axis] if axis < len(sizes) else None


def _path(rows: Sequence[Row], axis: int, end: int, last: bool) -> list[int]:
    """The rows from the input to a row; where several meet, the longest way whose map is not stretched."""
    path = [end]
    while sources := [source for source in rows[path[-1]].sources if source is not None]:
        size = _along(shape_made(rows[path[-1]]), last, axis)
        whole = [source for source in sources if _along(shape_made(rows[source]), last, axis) == size]
        path.append(max(whole or sources))
    return path[::-1]


def causes(rows: Sequence[Row], end: int, axis: int) -> list[Change]:
    """The changes along one axis on the way to a row, those that made the gap before those that made it smaller."""
    found, _ = changes_along(rows, axis, end)
    gap = sum(change.cells for change in found)
    return sorted(found, key=lambda change: (change.cells > 0) != (gap > 0)) if gap else []


def blamed(rows: Sequence[Row], changes: Sequence[Change]) -> Cause | None:
    """The first of the changes, as it is handed out."""
    return Cause(rows[changes[0].number], changes[0].axis) if changes else None


def told(rows: Sequence[Row], changes: Sequence[Change], axes: int) -> list[str]:
    """The changes in sentences; those that are the same on every axis once."""
    said: dict[str, list[int]] = {}
    for change in changes:
        said.setdefault(_sentence(rows[change.number], change), []).append(change.axis)
    return [
        text if len(places) == axes else f"Along the {listed([AXIS_NAMES[axes][place] for place in places])}: {text}"
        for text, places in said.items()
    ]


def _sentence(row: Row, change: Change) -> str:
    own = row.axes[change.axis] if change.axis < len(row.axes) else None
    before, after = change.before, change.after
    way = f"{row.layer} ({row.kind})"
    if isinstance(own, Window) and own.stride > 1:
        rule = (
            own.formula(before).numbers if before % own.stride and own.padding == "same" else f"{before} / {own.stride}"
        )
        if before % own.stride:
            return (
                f"{way} makes {after} of {before} ({rule}), which stand for {after * own.stride}: multiplying does not "
                "undo the rounding."
            )
        return f"{way} makes {after} of {before}, and {before} / {own.stride} is {before // own.stride}."
    if isinstance(own, Crop):
        return f"{way} cuts {before - after} off: {before} → {after}."
    if row.kind == "Reshape" and own is None:
        return f"{way} fixes the size: {after}, whatever goes in."
    if own is not None and goes_up(row):
        by = own.factor if isinstance(own, Upsample) else own.stride
        return f"{way} makes {after} of {before}, and {by}·{before} is {by * before}."
    padding = f', padding="{own.padding}"' if isinstance(own, Window) else ""
    return f"{way} {'loses' if after < before else 'adds'} {abs(after - before)}: {before} → {after}{padding}."
