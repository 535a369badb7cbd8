"""Check a network whose picture takes two ways, through the pooling and around it: does each arrive, at its place?

Nothing is asked of the layers that a learner chose. A map inside is changed, and what comes out is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_utils.exercises import misconceptions as m, networks
from course_utils.exercises.networks import Map
from course_utils.exercises.probing import (
    any_picture_for,
    carried_around,
    carried_through,
    got_a_number,
    heights,
    joins,
    layers_of,
    seen_by,
)
from course_utils.exercises.result import Result, wrong
from course_utils.explain.rows import Row
from course_utils.keras_layers import Layer, kind_of, load_keras


def _behind(rows: Sequence[Row], number: int | None) -> set[int]:
    """The numbers of a row and of all the rows that lead to it."""
    found: set[int] = set()
    waiting = [number]
    while waiting:
        one = waiting.pop()
        if one is not None and one not in found:
            found.add(one)
            waiting += rows[one].sources
    return found


def _doubled_and_reached(rows: Sequence[Row]) -> tuple[int, int] | None:
    """How high the doubling made the map that comes up, and how high it reached the layer that refuses."""
    for source, shape in zip(rows[-1].sources, rows[-1].input_shapes, strict=False):
        doubled = [i for i in _behind(rows, source) if rows[i].kind in ("UpSampling2D", "Conv2DTranspose")]
        made = rows[max(doubled)].output_shape if doubled else None
        if made is not None and len(shape) == len(made) == 4:
            return made[1] or 0, shape[1] or 0
    return None


def about_the_repair(rows: Sequence[Row], n: int) -> str:
    """What a learner's own repair did, where two maps do not meet because of it."""
    if got_a_number(rows[-1]):
        return (
            "A number, or a tuple of them, stands where a map is needed: it says how much to cut; put it into a layer."
        )
    if heights(rows[-1])[:1] == (0,):
        return "`[:-0]` takes nothing; use `[:skip.shape[1]]`."
    made, reached = _doubled_and_reached(rows) or (n, n)
    spare, cut = made - n, made - reached
    if cut > 0 and spare == 0:
        return f"For n = {n} nothing was too many, and you cut {_count(cut)}."
    if cut < 0 and spare == 0:
        return f"For n = {n} nothing was missing, and you added {_count(-cut)}."
    if cut and cut == 2 * spare:
        did, sides = ("Cut", "too many") if spare > 0 else ("Added", "missing")
        return f"{did} on both sides: {2 * abs(spare)} in all. For n = {n} {_count(abs(spare))} was {sides}."
    return ""


def _count(rows: int) -> str:
    return "a row" if rows == 1 else f"{rows} rows"


def _lowest(model: Any, n: int) -> Layer | None:
    """The first layer that makes the map half as high, by pooling or otherwise."""
    maps = [layer for layer in model.layers if len(layer.output.shape) == 4]
    return next((layer for layer in maps if layer.output.shape[1] <= n // 2 + 1), None)


_JOINS = ("Concatenate", "Add", "Average", "Maximum", "Multiply")


def about_the_ways(model: Any, n: int, settings: str) -> Result | None:
    """What is wrong if the output does not come over both ways: through the pooling, and around it by the skip."""
    low = _lowest(model, n)
    if low is None:
        return wrong(
            f"For {settings} it builds, but nothing that went through the pooling comes out: no layer of your model "
            f"makes a smaller map. x shall come up from below; the picture alone is not enough."
        )
    if not any(carried_through(model, low.output, model.outputs)):
        return wrong(
            f"For {settings} it builds, and what came up from below is thrown away: I changed all that "
            f"`{kind_of(low)}` made, and the output stayed the same."
        )
    if not any(carried_around(model, low.output, model.outputs)):
        return wrong(
            f"For {settings} it builds, and nothing gets around the pooling any more: the skip connection is gone.",
            misconception=m.NO_NEED_OF_THE_SKIP,
        )
    return None


def _offset(large: Map, small: Map, axis: int) -> int | None:
    """Where along one axis a part of a map begins; None if it is no part of it. On the other axis it may lie anywhere.

    Maps are compared by what is in their rows (or columns), whatever part of these was kept.
    """
    other = 3 - axis
    width = min(large.shape[other], small.shape[other])
    spare = range(max(large.shape[other], small.shape[other]) - width + 1)
    for start in range(large.shape[axis] - small.shape[axis] + 1):
        lines = np.take(large, range(start, start + small.shape[axis]), axis=axis)
        for across in spare:
            a, b = (
                np.take(one, range(across, across + width) if one.shape[other] > width else range(width), axis=other)
                for one in (lines, small)
            )
            if np.array_equal(a, b):
                return start
    return None


def _moved(before: Map, after: Map, axis: int) -> int | None:
    """By how many cells a map was moved by cutting (more than 0) or framing (less) along one axis."""
    if before.shape[axis] >= after.shape[axis]:
        return _offset(before, after, axis)
    back = _offset(after, before, axis)
    return None if back is None else -back


def out_of_place(model: Any, n: int, x: Map, settings: str) -> Result | None:
    """What is wrong if the two maps of the join do not lie on each other.

    None if they do, or if what came up was resized or blended, so that no row can be found again.
    """
    low, doubled = _lowest(model, n), layers_of(model, "UpSampling2D", "Conv2DTranspose")
    for join in reversed(joins(model, *_JOINS)):
        around = carried_through(model, low.output, join.input) if low is not None else []
        if not doubled or sorted(around) != [False, True]:
            continue
        skip, came = join.input[around.index(False)], join.input[around.index(True)]
        tensors = (low.input, skip, doubled[-1].output, came) if low is not None else ()
        seen = seen_by(model, tensors, x)
        for axis, line, beginning in ((1, "row", "the top"), (2, "column", "the left")):
            framed, moved = _moved(seen[1], seen[0], axis), _moved(seen[2], seen[3], axis)
            # A frame at the top before the pooling has to be cut off at the top again.
            if framed is not None and moved is not None and moved != -framed:
                cut = seen[2].shape[axis] > seen[3].shape[axis]
                return wrong(
                    f"For {settings} the sizes meet, {n} and {n}. But a {line} was {'cut off' if cut else 'added'} at "
                    f"{beginning}, so the {line}s of the two maps do not lie on each other.",
                    misconception=m.ANY_SIDE_MAY_BE_CUT if cut else None,
                )
    return None


def _range_of_change(opened: Any, before: Sequence[Map], after: Sequence[Map]) -> list[tuple[int, int]]:
    """The first and the last row, and column, of what comes out that differ between two settings; [] if none does."""
    change = np.abs(np.asarray(opened(list(after))) - np.asarray(opened(list(before)))).max(axis=(0, 3))
    where = np.nonzero(change > 1e-5 * change.max())
    return [(int(axis.min()), int(axis.max())) for axis in where if axis.size]


def _pictures(model: Any) -> Map:
    """Some pictures for the model in one batch: what a relu hides in one of them it shows in another."""
    return np.concatenate([any_picture_for(model, seed) / np.float32(10) for seed in range(4)])


def _cut_open(model: Any, low: Layer) -> Any:
    """The model with a second input in place of what the lowest layer makes."""
    return load_keras().Model([*model.inputs, low.output], model.outputs[0])


def _everywhere(found: Sequence[tuple[int, int]], size: int) -> bool:
    """Whether a change goes from the first row, or column, of a map to the last: then no place is left in it."""
    return any(ends == (0, size - 1) for ends in found)


def _placeless(n: int, where: str, found: Sequence[tuple[int, int]], what: str) -> Result:
    return wrong(
        f"For n = {n} I changed the picture at {where} (counted from 0), and {what} changed at "
        f"{_rows_and_columns(found)}: from one end of the map to the other. So no cell has a place any more."
    )


def _block(row: int, column: int) -> str:
    """The 2 × 2 cells that begin here."""
    return f"rows {row} and {row + 1}, columns {column} and {column + 1}"


def _nudged(maps: Map, row: int, column: int, cells: int = 1) -> Map:
    changed = maps.copy()
    changed[:, row : row + cells, column : column + cells] += 1
    return changed


def _beside(first: int, last: int, place: float, n: int) -> float:
    """How far the middle of a stretch lies behind a place (in front of it: below 0); 0 if an edge of n may have cut it.

    An even window reaches one cell further to one side, which makes half a cell and is no mistake.
    """
    off = (first + last) / 2 - place
    cut = first == 0 if off > 0 else last == n - 1
    return 0 if cut else off


def _rows_and_columns(found: Sequence[tuple[int, int]]) -> str:
    (top, bottom), (left, right_) = found
    return f"rows {top} to {bottom}, columns {left} to {right_}"


def not_around_its_place(model: Any, n: int) -> Result | None:
    """What is wrong if a cell changes the output at another place than its own, on either of the two ways."""
    low = _lowest(model, n)
    if low is None:
        return None
    return _beside_by_the_skip(model, low, n) or _beside_by_the_pooling(model, low, n)


def _beside_by_the_skip(model: Any, low: Layer, n: int) -> Result | None:
    """What is wrong if the skip brings a cell of the picture to another place."""
    opened, pictures = _cut_open(model, low), _pictures(model)
    held = networks.digits((len(pictures), *low.output.shape[1:]), seed=9)
    for row, column in ((n // 2, n // 2), (n // 3, n - 1 - n // 3)):
        found = _range_of_change(opened, (pictures, held), (_nudged(pictures, row, column), held))
        if _everywhere(found, n):
            return _placeless(n, f"row {row}, column {column}", found, "what the skip carries of it")
        if found and any(abs(_beside(*ends, at, n)) >= 1 for ends, at in zip(found, (row, column), strict=True)):
            return wrong(
                f"For n = {n} I changed the picture at row {row}, column {column} (counted from 0), and what the skip "
                f"carries of it comes out at {_rows_and_columns(found)}. That is not around its place. What is framed "
                "at one side is to be cut at the same side."
            )
    return None


def _beside_by_the_pooling(model: Any, low: Layer, n: int) -> Result | None:
    """What is wrong if the pooling brings a piece of the picture to another place."""
    # What is moved is moved by as much everywhere; what is turned is not. Both places have room on all sides.
    places = ((n // 2, n // 2), (n // 2 - 4, n // 2 + 2))
    # 2 × 2 cells are changed, because a single one lies in one half of the cell that the pooling makes of it. The skip
    # carries what it carried before.
    opened, pictures = _cut_open(model, low), _pictures(model)
    changed = [_nudged(pictures, *place, cells=2) for place in places]
    before, *after = np.split(seen_by(model, [low.output], np.concatenate([pictures, *changed]))[0], 1 + len(places))
    reached = [_range_of_change(opened, (pictures, before), (pictures, one)) for one in after]
    if not all(reached):
        return None
    if _everywhere(reached[0], n):
        return _placeless(n, _block(*places[0]), reached[0], "what comes up from the pooling")
    beside = [
        [_beside(*ends, at + 0.5, n) for ends, at in zip(found, place, strict=True)]
        for found, place in zip(reached, places, strict=True)
    ]
    turned = any(abs(one - other) >= 1 for one, other in zip(*beside, strict=True))
    for (row, column), found, off in zip(places, reached, beside, strict=True):
        if max(map(abs, off)) >= 1:
            moved = f"It is moved {_told_moved(*off)}. The two maps of the join do not lie cell on cell."
            return wrong(
                f"For n = {n} I changed the picture at {_block(row, column)} (counted from 0). By way of the pooling "
                f"that comes out at {_rows_and_columns(found)}.",
                "What comes up is flipped, turned, stretched or shuffled." if turned else moved,
            )
    return None


def _told_moved(down: float, right_: float) -> str:
    """By how much a map was moved: down by 1 row and right by 1 column."""
    told = [
        f"{after if off > 0 else before} by {abs(off):g} {line}{'s' * (abs(off) != 1)}"
        for off, before, after, line in ((down, "up", "down", "row"), (right_, "left", "right", "column"))
        if abs(off) >= 1
    ]
    return " and ".join(told)


def not_at_half_its_place(model: Any, end: Any, settings: str) -> Result | None:
    """What is wrong if a map half as high as the picture does not have each of its cells at half its place."""
    opened, pictures = load_keras().Model(model.inputs, end), _pictures(model)
    n = int(end.shape[1])
    # Neither on a diagonal, nor mirror images of each other, so that what is flipped or turned is seen.
    for row, column in ((n // 4, n // 2 + 1), (n - 1 - n // 4, n // 4)):
        lead = f"For {settings} the shapes fit. But I changed x at {_block(2 * row, 2 * column)} (counted from 0), and"
        found = _range_of_change(opened, [pictures], [_nudged(pictures, 2 * row, 2 * column, cells=2)])
        if not found:
            return wrong(f"{lead} the shortcut carries nothing of that.")
        beside = [_beside(*ends, at, n) for ends, at in zip(found, (row, column), strict=True)]
        if _everywhere(found, n) or max(map(abs, beside)) >= 1:
            return wrong(
                f"{lead} the shortcut carries that to {_rows_and_columns(found)}.",
                f"The two convolutions have it around row {row}, column {column}. What is added shall belong together.",
            )
    return None
