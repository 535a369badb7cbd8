"""Sizes as expressions in the n that went in, ``8·⌈n / 8⌉ − 4`` for a whole model, carried from row to row.

The n of an axis is the size that goes in on that axis; a model whose inputs have different sizes has no single n, and
so no expressions. Where two sizes meet that are equal for some n only (``n`` and ``2·⌊n / 2⌋``), the expression goes on
for those n. A row behind which nothing can be said has none.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count, islice

from course_utils.axes import Axis, Crop, ShapeError, TransposedWindow, Upsample
from course_utils.explain.rows import Row
from course_utils.explain.rules.core import Place
from course_utils.explain.shapes import places_of_maps
from course_utils.explain.wording import Shape, listed
from course_utils.size_formulas import ALL, ComposedSize, Residues, SizeFormula

#: One expression for each spatial axis.
Sizes = tuple[ComposedSize, ...]

#: Up to which size the least n is looked for, for which something comes out.
_LARGEST_LEAST = 1 << 20


@dataclass(frozen=True)
class Maps:
    """Where the sizes of a tensor's maps stand in its shape, and what they are in the n that went in.

    Attributes:
        places: of height, width … among the numbers of the shape, the batch left out.
        sizes: one for each; empty where nothing depends on n any more; None where it is not known.
    """

    places: tuple[int, ...] = ()
    sizes: Sizes | None = None

    @property
    def constant(self) -> bool:
        """Whether these sizes are the same whatever n is."""
        return self.sizes is not None and all(size.is_constant for size in self.sizes)


#: Nothing is known.
UNFOLLOWED = Maps()


def constants(shape: Shape, channels_last: bool) -> Maps:
    """Maps whose sizes do not depend on n."""
    places = places_of_maps(len(shape) - 1, channels_last)
    sizes = [shape[place + 1] for place in places]
    found = tuple(ComposedSize((SizeFormula(0, 0, 1, n),)) for n in sizes if n is not None)
    return Maps(places, found if len(found) == len(sizes) else None)


def axes_at(places: Sequence[Place], maps: Sequence[int]) -> tuple[Axis, ...] | None:
    """What the axes of a map go through, with ``Crop(0, 0)`` for those that stay; None if one goes or turns."""
    found = [place for place in places if place.source and place.source - 1 in maps]
    if not maps or [place.source for place in found] != [place + 1 for place in maps]:
        return None
    return tuple(Crop(0, 0) if place.axis is None else place.axis for place in found)


def maps_behind(row: Row, reaching: Sequence[Maps], given: Shape) -> Maps:
    """The maps that come out of a row.

    Args:
        row: the row.
        reaching: the maps of its inputs.
        given: the sizes that did go in; the expressions must give the sizes of the row for them.
    """
    if row.refused or row.output_shape is None or not reaching:
        return Maps()
    found = _through(row, reaching)
    for size, n, place in zip(found.sizes or (), given or [None] * 9, found.places, strict=False):
        made = row.output_shape[place + 1]
        if made != (size(1) if size.is_constant else None if n is None else size(n)):
            return replace(found, sizes=None)  # the layer took a map for its channels, or an open size for a known one
    return found


def _through(row: Row, reaching: Sequence[Maps]) -> Maps:
    first, shape, last = reaching[0], row.output_shape, row.call.channels_last
    if row.kind == "InputLayer":
        return first
    if all(maps.constant for maps in reaching):
        return constants(shape, last)
    if row.rule.places:
        return _moved(replace(first, places=row.rule.maps or first.places), row.rule.places, len(shape) - 1, last)
    joined = row.rule.joined
    if joined is not None or row.rule.passes:
        return _met(row, reaching, joined)
    return Maps(places_of_maps(len(shape) - 1, last))


def _then(sizes: Sizes | None, places: Sequence[Place]) -> Sizes | None:
    if sizes is None or len(sizes) != len(places):
        return None
    divided = [size.divided_by(place.whole) for size, place in zip(sizes, places, strict=True)]
    found = tuple(
        size if place.axis is None else size.then(place.axis.size_formula())
        for size, place in zip(divided, places, strict=True)
        if size is not None
    )
    return found if len(found) == len(places) else None


def _moved(maps: Maps, places: Sequence[Place], numbers: int, channels_last: bool) -> Maps:
    """Where each number of the shape comes from one alone: axes may come and go, but not change their order."""
    kept = [number for number, place in enumerate(places) if (place.source or 0) - 1 in maps.places]
    if places[0] == Place(0) and [places[number].source for number in kept] == [place + 1 for place in maps.places]:
        return Maps(tuple(n - 1 for n in kept), _then(maps.sizes, [places[number] for number in kept]))
    gone = not kept and all(place.source is not None for place in places)
    return Maps((), () if gone else None) if gone else Maps(places_of_maps(numbers, channels_last))


def _met(row: Row, reaching: Sequence[Maps], joined: int | None = None) -> Maps:
    """Where maps meet: on each axis for those n for which they are equal; cells that are stretched do not count.

    Args:
        row: the join.
        reaching: what meets.
        joined: the axis along which sizes add up, the batch axis counted.
    """
    numbers = len(row.output_shape) - 1
    full = [(maps, shape) for maps, shape in zip(reaching, row.input_shapes, strict=False) if len(shape) == numbers + 1]
    places = next((maps.places for maps, _ in full if not maps.constant), ())
    alike = [maps if maps.places == places else constants(shape, places[:1] != (1,)) for maps, shape in full]
    unknown = any(maps.sizes is None for maps in (*reaching, *alike))
    if unknown or any(maps.places != places and not maps.constant for maps, _ in full):
        return Maps(places)
    found = []
    for place, sizes in zip(places, zip(*(maps.sizes or () for maps in alike), strict=True), strict=True):
        wide = [size for size in sizes if not (size.is_constant and size(1) == 1)] or sizes[:1]  # one cell is stretched
        found.append(ComposedSize.sum(sizes) if place + 1 == joined else functools.reduce(ComposedSize.meeting, wide))
    return Maps(
        places, None if any(size is None for size in found) else tuple(size for size in found if size is not None)
    )


# -- the whole model ----------------------------------------------------------------------------------------------


def whole_model(rows: Sequence[Row]) -> str | None:
    """What comes out for any n, and, of a model that goes up again, for which n that is n; None if neither."""
    last = rows[-1].facts.sizes
    lost = (row for row in rows if len(row.sources) > 1 and row.rule.passes and not row.facts.sizes)
    if not last or not any(row.axes for row in rows) or any(all(_sizes(rows, n) for n in row.sources) for row in lost):
        return None
    where = functools.reduce(Residues.__and__, (size.where for row in rows for size in row.facts.sizes), ALL)
    least = _least(rows)
    if least is None or not where.remainders:
        return None
    least = next(n for n in count(least) if n in where)
    onwards = f", from n = {least} on" if least > 1 and (where == ALL or least >= where.modulus) else ""
    divided = any(place.whole > 1 for row in rows for place in row.rule.places)
    joins = any(len(row.sources) > 1 for row in rows) or not divided
    why = listed(["nothing is left over"] * divided + ["the maps that meet are equal"] * joins)
    start = "For any n" if where == ALL else f"For n {where}, where {why}"
    text = f"{start}{onwards}: o = {rows[-1].for_any_n}."
    goes_up = any(isinstance(axis, Upsample | TransposedWindow) for row in rows for axis in row.axes)
    return f"{text} {_comes_back(last[0], least, where)}" if goes_up and len(set(last)) == 1 else text


def _sizes(rows: Sequence[Row], source: int | None) -> bool:
    return source is None or bool(rows[source].facts.sizes)


def _least(rows: Sequence[Row]) -> int | None:
    """The least n for which something comes out of every row: what fits once fits from there on."""
    high = 1
    while not all(_fits(row, rows, high) for row in rows):
        high *= 2
        if high > _LARGEST_LEAST:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if all(_fits(row, rows, middle) for row in rows) else (middle, high)
    return high


def _comes_back(size: ComposedSize, least: int, where: Residues) -> str:
    if size.size_formula is None:
        asked = [*islice((n for n in count(least) if n in where), 64)]
        some = [n for n in asked if size(n) == n]
        shown = ", ".join(map(str, some[:6])) + (", …" if len(some) > 6 else "")
        return f"From {least} to {asked[-1]}, n comes back for: {shown}." if some else "n does not come back."
    returns = size.size_formula.returns()
    if not returns.divisor:
        some = [n for n in returns.only if n >= least and n in where]
        return f"n comes back for n = {', '.join(map(str, some))} only." if some else "n never comes back."
    back = Residues(returns.divisor, frozenset({returns.remainder})) & where
    if back == where:
        return "Every n comes back." if where == ALL else "Every such n comes back."
    if not back.remainders:
        return "n never comes back."
    first = islice((n for n in count(least) if n in back), 4)
    return f"n comes back exactly for n {back}: {', '.join(map(str, first))}, …"


def _fits(row: Row, rows: Sequence[Row], n: int) -> bool:
    """Whether something comes out of a row with axes for an input of n on every axis."""
    if not row.axes or not row.sources:
        return True
    source = row.sources[0]
    reaching = (ComposedSize(),) * len(row.axes) if source is None else rows[source].facts.sizes
    try:
        for axis, size in zip(row.axes, reaching, strict=False):
            axis.check_runs(size(n))
    except ShapeError:
        return False
    return True
