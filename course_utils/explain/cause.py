"""Which layer a size was lost at, and along which axis.

Every size is read in cells of the input: behind three halvings a map of 4 stands for 32. Where that number changes, a
layer has rounded, lost or added cells, and all these changes add up to the gap at the end. Zero padding counts together
with the window behind it, where both make what rounding would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from course_utils.axes import Pad, Window
from course_utils.explain.rows import Cause, Row
from course_utils.explain.search import sizes_made, sizes_reaching
from course_utils.explain.wording import AXIS_NAMES, Shape, listed

#: How many changes are told of.
_MOST_TOLD = 4


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
    each = Fraction(1)
    start: int | None = None  # the size before any zero padding
    padding = 0  # the row that pads
    size: int | None = None
    path = _path(rows, axis, end)
    axes = len(sizes_reaching(rows[path[0]]))
    for number in path:
        row = rows[number]
        if len(sizes_made(row)) != axes:  # a sequence of all cells, or a row of numbers
            continue
        made = _along(sizes_made(row), axis)
        came = _along(sizes_reaching(row), axis) if size is None else size  # behind a Flatten the last map counts
        if made is None or came is None:
            continue
        own = row.axes[axis] if axis < len(row.axes) else None
        start, size = came if start is None else start, made
        if isinstance(own, Pad):
            padding = number
            continue
        scale: Fraction = (own.scale if own else None) or Fraction(1)
        if start < came and made >= start * scale + 1:
            found.append(Change(padding, axis, start, came, (came - start) * each))
            start = came
        cells = (made / scale - start) * each
        if cells:
            found.append(Change(number, axis, start, made, cells))
        each, start = each / scale, None
    if start is not None and size is not None and size != start:  # zero padding at the end
        found.append(Change(end, axis, start, size, (size - start) * each))
    return found, each


def _along(sizes: Shape, axis: int) -> int | None:
    return sizes[axis] if axis < len(sizes) else None


def _path(rows: Sequence[Row], axis: int, end: int) -> list[int]:
    """The rows from the input to a row; where several meet, the longest way whose map is not stretched."""
    path = [end]
    while sources := [source for source in rows[path[-1]].sources if source is not None]:
        size = _along(sizes_made(rows[path[-1]]), axis)
        whole = [source for source in sources if _along(sizes_made(rows[source]), axis) == size]
        path.append(max(whole or sources))
    return path[::-1]


def causes(rows: Sequence[Row], ends: Sequence[int], axis: int) -> list[Change]:
    """The changes along one axis on the ways to some rows, those that made the gap before those that made it smaller.

    Where several ways meet, what they share is no cause, and if all but the roundings add up to the same, these alone
    are.
    """
    ways = [changes_along(rows, axis, end)[0] for end in ends]
    if len(ways) > 1:
        ways = [[change for change in way if not all(change in other for other in ways)] for way in ways]
        if len({sum(change.cells for change in way if not _rounds(rows, change)) for way in ways}) == 1:
            ways = [[change for change in way if _rounds(rows, change)] for way in ways]
    found: list[Change] = []
    for way in ways:
        gap = sum(change.cells for change in way)
        found += sorted(way, key=lambda change: (change.cells > 0) != (gap > 0)) if gap else []
    return found


def _rounds(rows: Sequence[Row], change: Change) -> bool:
    """Whether a layer divides what is no multiple."""
    axes = rows[change.number].axes
    return change.axis < len(axes) and (change.before * axes[change.axis].scale).denominator > 1


def blamed(rows: Sequence[Row], changes: Sequence[Change]) -> Cause | None:
    """The first of the changes, as it is handed out."""
    return Cause(rows[changes[0].number], changes[0].axis) if changes else None


def told(rows: Sequence[Row], changes: Sequence[Change], axes: int) -> list[str]:
    """The changes in sentences, the first as where it began; those that are the same on every axis once."""
    said: dict[str, list[int]] = {}
    for change in changes:
        said.setdefault(_sentence(rows[change.number], change), []).append(change.axis)
    found: list[str] = []
    for text, places in said.items():
        along = f"along the {listed([AXIS_NAMES[axes][place] for place in places])}" if len(places) < axes else ""
        start = "" if found else "The trouble starts here"
        lead = ", ".join(filter(None, [start, along]))
        found.append(f"{lead[:1].upper()}{lead[1:]}: {text}" if lead else text)
    return found[:_MOST_TOLD]


def _sentence(row: Row, change: Change) -> str:
    own = row.axes[change.axis] if change.axis < len(row.axes) else None
    before, after, layer = change.before, change.after, f"{row.layer} ({row.kind})"
    if own is not None and own.scale not in (0, 1):
        exact, s = before * own.scale, 1 / own.scale
        if exact.denominator > 1:
            return (
                f"{layer} turns {before} into {after}: {before} / {s} is not a whole number, and {after}·{s} is "
                f"{after * s}. Multiplying does not undo the rounding."
            )
        rule = f"{before} / {s}" if s > 1 else f"{before}·{own.scale}"
        return f"{layer} turns {before} into {after}, though {rule} is {exact}."
    if row.kind == "Reshape":
        return f"{layer} makes {after} of it, whatever goes in: {before} → {after}."
    padding = f', padding="{own.padding}"' if isinstance(own, Window) else ""
    return f"{layer} {'loses' if after < before else 'adds'} {abs(after - before)}: {before} → {after}{padding}."
