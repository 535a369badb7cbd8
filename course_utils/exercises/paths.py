"""Check a network whose picture takes two paths, through the pooling and around it: does each arrive, at its place?

Nothing is asked of the layers that a learner chose. A map inside is changed, and what comes out is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_utils.exercises import misconceptions as m, networks
from course_utils.exercises.networks import Array
from course_utils.exercises.probing import (
    Rows,
    got_a_number,
    heights,
    joins,
    layers_of_kind,
    opened,
    some_picture,
)
from course_utils.exercises.result import CheckFailed
from course_utils.keras_layers import kind_of

Place = tuple[int, int]

# -- a repair that does not build ---------------------------------------------------------------------------------


def about_the_repair(rows: Rows, n: int) -> str:
    """What a learner's own repair did, where two maps do not meet because of it."""
    if got_a_number(rows[-1]):
        return (
            "A number, or a tuple of them, stands where a map is needed: it says how much to cut; put it into a layer."
        )
    if heights(rows[-1])[:1] == (0,):
        return "`[:-0]` takes nothing; use `[:skip.shape[1]]`."
    made, reached = _doubled_and_reached(rows) or (n, n)
    spare, cut = made - n, made - reached
    if cut and spare == 0:
        what, did = ("too many", "cut") if cut > 0 else ("missing", "added")
        return f"For n = {n} nothing was {what}, and you {did} {_count(abs(cut))}."
    if cut and cut == 2 * spare:
        did, what = ("Cut", "too many") if spare > 0 else ("Added", "missing")
        return f"{did} on both sides: {2 * abs(spare)} in all. For n = {n} {_count(abs(spare))} was {what}."
    return ""


def _doubled_and_reached(rows: Rows) -> tuple[int, int] | None:
    """How high the doubling made the map that comes up, and how high it reached the layer that refuses."""
    for source, shape in zip(rows[-1].sources, rows[-1].input_shapes, strict=False):
        doubled = [i for i in _behind(rows, source) if rows[i].kind in ("UpSampling2D", "Conv2DTranspose")]
        made = rows[max(doubled)].output_shape if doubled else None
        if made is not None and len(shape) == len(made) == 4:
            return made[1] or 0, shape[1] or 0
    return None


def _behind(rows: Rows, number: int | None) -> set[int]:
    """The numbers of a row and of all the rows that lead to it."""
    found: set[int] = set()
    waiting = [number]
    while waiting:
        one = waiting.pop()
        if one is not None and one not in found:
            found.add(one)
            waiting += rows[one].sources
    return found


def _count(rows: int) -> str:
    return "a row" if rows == 1 else f"{rows} rows"


# -- both paths of a U-Net ----------------------------------------------------------------------------------------

_JOINS = ("Concatenate", "Add", "Average", "Maximum", "Multiply")


def check_paths(model: Any, n: int, x: Array, with_places: bool) -> None:
    """Check that the output comes over both paths, and that the maps of the join lie on each other.

    Every check changes the picture, or what the pooling makes of it. All changes are made in one batch, and each of its
    rows is compared with the same row of a batch in which nothing is changed.

    Args:
        model: a model laid open, for n × n.
        n: the size of the picture.
        x: a picture.
        with_places: whether to follow single cells as well. What several convolutions reach from them must have room
            on all sides.
    """
    maps = [layer for layer in model.layers if len(layer.output.shape) == 4]
    low = next((layer for layer in maps if layer.output.shape[1] <= n // 2 + 1), None)
    if low is None:
        raise CheckFailed(
            f"For n = {n} it builds, but nothing that went through the pooling comes out: no layer of your model "
            f"makes a smaller map. x must come up from below; the picture alone is not enough."
        )
    pictures = _pictures(model)
    skip_places = [(n // 2, n // 2), (n // 3, n - 1 - n // 3)] * with_places
    # What is moved is moved by as much everywhere; what is turned is not. Both places have room on all sides.
    pooling_places = [(n // 2, n // 2), (n // 2 - 4, n // 2 + 2)] * with_places
    # The picture before a change, the picture after it, and the one that the pooling makes its map of then.
    rows = [
        (x, x, x),  # another map of the pooling takes this one's place, see below
        (x, some_picture(model, seed=2), x),
        *((pictures, _nudged(pictures, place), pictures) for place in skip_places),
        # 2 × 2 cells are changed, because a single one lies in one half of the cell that the pooling makes of it.
        *((pictures, pictures, _nudged(pictures, place, cells=2)) for place in pooling_places),
    ]
    before, after, pooled = map(np.concatenate, zip(*rows, strict=True))
    held = np.array(opened(model, [low.output])(pooled)[0])
    held[0] = networks.digits(held.shape[1:], seed=2)

    meeting, doubled = joins(model, *_JOINS), layers_of_kind(model, "UpSampling2D", "Conv2DTranspose")
    ends = [model.outputs[0], *(tensor for join in meeting for tensor in join.input)]
    source = low.input[0] if isinstance(low.input, list) else low.input
    *plain, framed, up = opened(model, [*ends, source, (doubled or [low])[-1].output])(before)
    changed = opened(model, ends, low.output)(after, held)
    if np.array_equal(plain[0][0], changed[0][0]):
        raise CheckFailed(
            f"For n = {n} it builds, and what came up from below is thrown away: I changed all that "
            f"`{kind_of(low)}` made, and the output stayed the same."
        )
    if np.array_equal(plain[0][1], changed[0][1]):
        raise CheckFailed(
            f"For n = {n} it builds, and nothing gets around the pooling any more: the skip connection is gone.",
            misconception=m.NO_NEED_OF_THE_SKIP,
        )
    of_join = iter([(a[:1], not np.array_equal(a[0], b[0])) for a, b in zip(plain[1:], changed[1:], strict=True)])
    for maps in reversed([[next(of_join) for _ in join.input] for join in meeting]):
        if doubled and sorted(through for _, through in maps) == [False, True]:
            (skip, _), (came, _) = sorted(maps, key=lambda one: one[1])
            _check_sides(n, (framed[:1], skip), (up[:1], came))
    if with_places:
        blocks = (np.split(one[0][2:], len(rows) - 2) for one in (plain, changed))
        found = [_range_of_change(*pair) for pair in zip(*blocks, strict=True)]
        _check_skip_places(n, skip_places, found[: len(skip_places)])
        _check_pooling_places(n, pooling_places, found[len(skip_places) :])


def _pictures(model: Any) -> Array:
    """Some pictures for the model in one batch: what a relu hides in one of them it shows in another."""
    return np.concatenate([some_picture(model, seed) / np.float32(10) for seed in range(4)])


def _nudged(maps: Array, place: Place, cells: int = 1) -> Array:
    row, column = place
    changed = maps.copy()
    changed[:, row : row + cells, column : column + cells] += 1
    return changed


# -- rows that were framed or cut off -----------------------------------------------------------------------------


def _check_sides(n: int, skip: tuple[Array, Array], up: tuple[Array, Array]) -> None:
    """Check that a frame at the top before the pooling is cut off at the top again, and so on.

    Where what came up was resized or blended no row can be found again, and nothing is said.

    Args:
        n: the size of the picture.
        skip: what goes into the pooling, and what the skip brings to the join.
        up: what comes out of the doubling, and what it brings to the join.
    """
    for axis, line, beginning in ((1, "row", "the top"), (2, "column", "the left")):
        # The skip is looked at the other way round: what was framed is what goes into the pooling.
        framed, moved = _moved(skip[1], skip[0], axis), _moved(*up, axis)
        if framed is not None and moved is not None and moved != -framed:
            cut = up[0].shape[axis] > up[1].shape[axis]
            raise CheckFailed(
                f"For n = {n} the sizes meet, {n} and {n}. But a {line} was {'cut off' if cut else 'added'} at "
                f"{beginning}, so the {line}s of the two maps do not lie on each other.",
                misconception=m.ANY_SIDE_MAY_BE_CUT if cut else None,
            )


def _moved(before: Array, after: Array, axis: int) -> int | None:
    """By how many cells a map was moved by cutting (more than 0) or framing (less) along one axis."""
    if before.shape[axis] >= after.shape[axis]:
        return _offset(before, after, axis)
    back = _offset(after, before, axis)
    return None if back is None else -back


def _offset(large: Array, small: Array, axis: int) -> int | None:
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


# -- cells that are not at their place ----------------------------------------------------------------------------

#: The first and the last row of a change, and its first and last column; nothing where nothing changed.
Ranges = Sequence[Place]


def _range_of_change(before: Array, after: Array) -> Ranges:
    """Where two batches of maps differ."""
    change = np.abs(after - before).max(axis=(0, 3))
    where = np.nonzero(change > 1e-5 * change.max())
    return [(int(axis.min()), int(axis.max())) for axis in where if axis.size]


def _beside(ends: Place, place: float, n: int) -> float:
    """How far the middle of a stretch lies behind a place (in front of it: below 0); 0 if an edge of n may have cut it.

    An even window reaches one cell further to one side, which makes half a cell and is no mistake.
    """
    off = sum(ends) / 2 - place
    cut = ends[0] == 0 if off > 0 else ends[1] == n - 1
    return 0 if cut else off


def _both_beside(found: Ranges, place: Sequence[float], n: int) -> list[float]:
    """How far a change lies below a place, and how far to the right of it."""
    return [_beside(ends, at, n) for ends, at in zip(found, place, strict=True)]


def _rows_and_columns(found: Ranges) -> str:
    (top, bottom), (left, right_) = found
    return f"rows {top} to {bottom}, columns {left} to {right_}"


def _block(row: int, column: int) -> str:
    """The 2 × 2 cells that begin here."""
    return f"rows {row} and {row + 1}, columns {column} and {column + 1}"


def _everywhere(found: Ranges, size: int) -> bool:
    """Whether a change goes from the first row, or column, of a map to the last: then no place is left in it."""
    return any(ends == (0, size - 1) for ends in found)


def _check_everywhere(n: int, where: str, found: Ranges, what: str) -> None:
    if _everywhere(found, n):
        raise CheckFailed(
            f"For n = {n} I changed the picture at {where} (counted from 0), and {what} changed at "
            f"{_rows_and_columns(found)}: from one end of the map to the other. So no cell has a place any more."
        )


def _check_skip_places(n: int, places: Sequence[Place], reached: Sequence[Ranges]) -> None:
    """Check that the skip brings a cell of the picture around its own place."""
    for place, found in zip(places, reached, strict=True):
        where = f"row {place[0]}, column {place[1]}"
        _check_everywhere(n, where, found, "what the skip carries of it")
        if found and max(map(abs, _both_beside(found, place, n))) >= 1:
            raise CheckFailed(
                f"For n = {n} I changed the picture at {where} (counted from 0), and what the skip carries of it comes "
                f"out at {_rows_and_columns(found)}. That is not around its place. What is framed at one side is to be "
                "cut at the same side."
            )


def _check_pooling_places(n: int, places: Sequence[Place], reached: Sequence[Ranges]) -> None:
    """Check that what comes up from the pooling brings 2 × 2 cells of the picture around their own place."""
    if not all(reached):
        return
    middles = [(row + 0.5, column + 0.5) for row, column in places]
    beside = [_both_beside(found, middle, n) for found, middle in zip(reached, middles, strict=True)]
    turned = any(abs(one - other) >= 1 for one, other in zip(*beside, strict=True))
    for place, found, off in zip(places, reached, beside, strict=True):
        if place == places[0]:
            _check_everywhere(n, _block(*place), found, "what comes up from the pooling")
        if max(map(abs, off)) >= 1:
            moved = f"It is moved {_told_moved(*off)}. The two maps of the join do not lie cell on cell."
            raise CheckFailed(
                f"For n = {n} I changed the picture at {_block(*place)} (counted from 0). By way of the pooling "
                f"that comes out at {_rows_and_columns(found)}.",
                "What comes up is flipped, turned, stretched or shuffled." if turned else moved,
            )


def _told_moved(down: float, right_: float) -> str:
    """By how much a map was moved: down by 1 row and right by 1 column."""
    told = [
        f"{after if off > 0 else before} by {abs(off):g} {line}{'s' * (abs(off) != 1)}"
        for off, before, after, line in ((down, "up", "down", "row"), (right_, "left", "right", "column"))
        if abs(off) >= 1
    ]
    return " and ".join(told)


def check_half_places(model: Any, end: Any, settings: str) -> None:
    """Check that a map half as high as the picture has each of its cells at half its place."""
    n, pictures, made_of = int(end.shape[1]), _pictures(model), opened(model, [end])
    # Neither on a diagonal, nor mirror images of each other, so that what is flipped or turned is seen.
    places = ((n // 4, n // 2 + 1), (n - 1 - n // 4, n // 4))
    changed = [_nudged(pictures, (2 * row, 2 * column), cells=2) for row, column in places]
    batches = (np.split(made_of(np.concatenate(batch))[0], 2) for batch in ([pictures] * 2, changed))
    for place, before, after in zip(places, *batches, strict=True):
        row, column = place
        lead = f"For {settings} the shapes fit. But I changed x at {_block(2 * row, 2 * column)} (counted from 0), and"
        found = _range_of_change(before, after)
        if not found:
            raise CheckFailed(f"{lead} the shortcut carries nothing of that.")
        if _everywhere(found, n) or max(map(abs, _both_beside(found, place, n))) >= 1:
            raise CheckFailed(
                f"{lead} the shortcut carries that to {_rows_and_columns(found)}.",
                f"The two convolutions have it around row {row}, column {column}. What is added must belong together.",
            )
    size = int(pictures.shape[1])
    if size % 2:
        last, column = size - 1, 2 * (n // 2)
        before, after = np.split(made_of(np.concatenate([pictures, _nudged(pictures, (last, column), cells=1)]))[0], 2)
        if np.array_equal(before, after):
            raise CheckFailed(
                f"For {settings} the shapes fit. But I changed x in its last row, {last} (counted from 0), and the "
                "shortcut carries nothing of that. Rows of zeros are no rows of x."
            )
