"""The sizes for another input, in whole numbers: fast, and nothing that is found here is said before it was built.

The axes of a map are followed one by one, each by itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import count, islice

from course_utils.axes import Axis, ShapeError
from course_utils.explain.rows import Row
from course_utils.explain.shapes import sizes_of
from course_utils.explain.wording import Shape

#: How many inputs beyond the given one are looked at, or how many multiples of a step.
REACH = 64
#: The sizes of the maps, without batch and channels.
Sizes = tuple[int, ...]
#: The axes that rows are to have instead of their own, by the number of the row.
Changes = Mapping[int, tuple[Axis, ...]]

#: Layers behind which a map has the same size whatever came in.
_FIXING = {"Reshape", "RepeatVector", "ops.Reshape"}


def sizes_made(row: Row) -> Shape:
    """The sizes of the maps that come out of a row, by Keras where there is no rule; empty for what is no map."""
    made = row.output_shape or next(iter(row.keras_shapes), ())
    return sizes_of(made, row.call.channels_last)


def fixes_its_size(row: Row) -> bool:
    """Whether this is a Reshape to a map of one size; where a size is −1, it depends on what goes in."""
    return row.kind == "Reshape" and bool(sizes_made(row)) and -1 not in row.call.layer.target_shape


def sizes_reaching(row: Row) -> Shape:
    """The sizes of the maps that reach a row; of words, how many."""
    if row.kind == "Embedding" and row.input_shapes:
        words: Shape = row.input_shapes[0]
        return words[1:]
    return sizes_of(next(iter(row.input_shapes), ()), row.call.channels_last)


def replay(rows: Sequence[Row], axis: int, n: int, changes: Changes | None = None) -> dict[int, int] | None:
    """The size that comes out of each row along one axis, for an input of n.

    Returns:
        Row → size. Rows that leave the maps behind (Flatten, …) are not in it. None where some row has no output, or
        where sizes meet that do not fit.
    """
    found: dict[int, int] = {}
    for number, row in enumerate(rows):
        reaching = {source: n if source is None else found.get(source) for source in row.sources}
        sizes = {size for source, size in reaching.items() if size and not _is_stretched(rows, source, axis)}
        sizes = sizes or {size for size in reaching.values() if size}
        if len(sizes) > 1 and not row.axes:
            return None
        made = _through(row, axis, max(sizes, default=None), (changes or {}).get(number, row.axes))
        if made is not None and made < 1:
            return None
        if made is not None:
            found[number] = made
    return found


def _is_stretched(rows: Sequence[Row], source: int | None, axis: int) -> bool:
    """Whether a map has a single cell along an axis by design, as behind global pooling: a join stretches it."""
    return source is not None and sizes_made(rows[source])[axis : axis + 1] == (1,)


def _through(row: Row, axis: int, n: int | None, axes: tuple[Axis, ...]) -> int | None:
    """What comes out of one row along one axis: 0 for nothing, None if it is no map."""
    made, came = sizes_made(row), sizes_reaching(row)
    own = axes[axis] if axis < len(axes) else None
    if own is not None and (n is not None or own.scale == 0):
        try:
            own.check_runs(n or 1)
        except ShapeError:
            return 0
        return own.output_size(n or 1) if row.refused or axis < len(made) else None
    if row.rule.passes or row.refused:
        return n
    now = made[axis] if axis < len(made) else None
    if now is None or row.kind in _FIXING or now == 1:
        return now
    # A row without a rule: it is taken to add or drop as many cells as it does now. Building the model will tell.
    before = came[axis] if axis < len(came) else None
    return None if n is None or before is None else n + now - before


def last_sizes(rows: Sequence[Row], given: Sizes, changes: Changes | None = None) -> Sizes | None:
    """What comes out of the last row; None where nothing does or where it is no map."""
    made = [(replay(rows, axis, n, changes) or {}).get(len(rows) - 1) for axis, n in enumerate(given)]
    return None if None in made else known(made)


def fitting(rows: Sequence[Row], given: Sizes, closes: bool, step: int = 1) -> Iterator[Iterator[Sizes]]:
    """Inputs for which something comes out, and, if it ``closes``, of the same size: those below, and those above.

    A square stays a square. Otherwise an axis that fits already stays. Only multiples of ``step`` are looked at.
    """

    def fits(axis: int, n: int) -> bool:
        sizes = replay(rows, axis, n)
        return sizes is not None and (not closes or sizes.get(len(rows) - 1) == n)

    for way in (-1, 1):
        if len(set(given)) == 1:
            near = islice(_multiples(given[0] + way, way, step), REACH if way < 0 else 4 * REACH)
            square = ((n,) * len(given) for n in near)
            yield (sizes for sizes in square if all(fits(axis, n) for axis, n in enumerate(sizes)))
        else:
            near_each = (islice(_multiples(n, way, step), REACH) for n in given)
            found = tuple(next((n for n in near if fits(axis, n)), 0) for axis, near in enumerate(near_each))
            yield iter([found] * (0 not in found and found != given))


def _multiples(start: int, way: int, step: int) -> Iterator[int]:
    """The multiples of a step from a size on, downward or upward."""
    first = start // step * step if way < 0 else -(-start // step) * step
    return iter(range(first, 0, -step)) if way < 0 else count(first, step)


def known(sizes: Iterable[int | None]) -> Sizes:
    """Those of the sizes that are known."""
    return tuple(n for n in sizes if n is not None)


def scales(row: Row) -> bool:
    """Whether a layer divides or multiplies a size."""
    return any(axis.scale not in (0, 1) for axis in row.axes)


def goes_up(row: Row) -> bool:
    """Whether a layer multiplies a size: upsampling, a transposed convolution."""
    return any(axis.scale > 1 for axis in row.axes)


def divisor(rows: Sequence[Row]) -> int:
    """The smallest number of which no layer, on any way through the model, has to round a multiple."""
    behind: list[set[Fraction]] = []
    for row in rows:
        came = {scale for source in row.sources if source is not None for scale in behind[source]} or {Fraction(1)}
        behind.append({each * axis.scale for each in came for axis in row.axes if axis.scale} or came)
    return math.lcm(*(scale.denominator for scales in behind for scale in scales))


def given_sizes(rows: Sequence[Row]) -> Sizes | None:
    """The sizes that go in, if there is one input and all of them are known."""
    starts = [row for row in rows if None in row.sources]
    if len(starts) != 1:
        return None
    readers = [row for row in rows if row.sources and row.sources[0] is not None and rows[row.sources[0]] is starts[0]]
    sizes = sizes_reaching(next((row for row in readers if row.kind == "Embedding"), starts[0]))
    return known(sizes) if sizes and None not in sizes else None
