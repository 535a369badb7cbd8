"""The sizes for another input, in whole numbers: fast, and nothing that is found here is said before it was built.

The axes of a map are followed one by one, each by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from course_utils.axes import Axis, ShapeError, TransposedWindow, Upsample
from course_utils.explain.rows import Row
from course_utils.explain.shapes import sizes_of
from course_utils.explain.wording import Shape

#: How many inputs beyond the given one are looked at.
REACH = 64
#: The sizes of the maps, without batch and channels.
Sizes = tuple[int, ...]
#: The axes that rows are to have instead of their own, by the number of the row.
Changes = Mapping[int, tuple[Axis, ...]]

#: Layers behind which a map has the same size whatever came in.
_FIXING = {"Reshape", "Resizing", "CenterCrop", "RandomCrop", "RepeatVector", "ops.Reshape", "ops.Resize"}


def channels_last_in(rows: Sequence[Row]) -> bool:
    """Where the channels stand in the maps of a model: the last layer with axes knows."""
    return next((row.call.channels_last for row in reversed(rows) if row.axes), True)


def shape_made(row: Row) -> Shape | None:
    """What comes out of a row by hand, or by Keras where there is no rule."""
    return row.output_shape or next(iter(row.keras_shapes), None)


def maps_of(shape: Shape | None, channels_last: bool) -> Shape:
    """The sizes of a map; empty for what is no map."""
    return () if shape is None else sizes_of(shape, channels_last)


def replay(rows: Sequence[Row], axis: int, n: int, changes: Changes | None = None) -> dict[int, int] | None:
    """The size that comes out of each row along one axis, for an input of n.

    Returns:
        Row → size. Rows that leave the maps behind (Flatten, …) are not in it. None where some row has no output, or
        where sizes meet that do not fit.
    """
    found: dict[int, int] = {}
    last = channels_last_in(rows)
    for number, row in enumerate(rows):
        reaching = [n if source is None else found.get(source) for source in row.sources]
        sizes = {size for size in reaching if size is not None}
        if len(sizes) > 1:
            sizes -= {1}
        if len(sizes) > 1 and not row.axes:
            return None
        made = _through(row, axis, max(sizes, default=None), (changes or {}).get(number, row.axes), last)
        if made is not None and made < 1:
            return None
        if made is not None:
            found[number] = made
    return found


def _through(row: Row, axis: int, n: int | None, axes: tuple[Axis, ...], last: bool) -> int | None:
    """What comes out of one row along one axis: 0 for nothing, None if it is no map."""
    made, came = maps_of(shape_made(row), last), maps_of(next(iter(row.input_shapes), None), last)
    if axes and axis < len(axes) and n is not None:
        try:
            axes[axis].check_runs(n)
        except ShapeError:
            return 0
        return axes[axis].output_size(n) if row.refused or axis < len(made) else None
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


def fitting(rows: Sequence[Row], given: Sizes, closes: bool, divisor: int = 1) -> Iterator[Iterator[Sizes]]:
    """Inputs for which something comes out, and, if it ``closes``, of the same size: those below, and those above.

    A square stays a square. Otherwise an axis that fits already stays. Only sizes that ``divisor`` divides are looked
    at.
    """

    def fits(axis: int, n: int) -> bool:
        sizes = None if n % divisor else replay(rows, axis, n)
        return sizes is not None and (not closes or sizes.get(len(rows) - 1) == n)

    for step in (-1, 1):
        if len(set(given)) == 1:
            near = (given[0] + step * more for more in range(1, REACH if step < 0 else 4 * REACH))
            square = ((n,) * len(given) for n in near if n > 0)
            yield (sizes for sizes in square if all(fits(axis, n) for axis, n in enumerate(sizes)))
        else:
            found = tuple(_nearest(fits, axis, n, step) for axis, n in enumerate(given))
            yield iter([found] * (0 not in found and found != given))


def _nearest(fits: Callable[[int, int], bool], axis: int, n: int, step: int) -> int:
    """The nearest size along an axis that fits, in one direction; 0 if there is none within reach."""
    near = (n + step * more for more in range(REACH) if n + step * more > 0)
    return next((size for size in near if fits(axis, size)), 0)


def known(sizes: Iterable[int | None]) -> Sizes:
    """Those of the sizes that are known."""
    return tuple(n for n in sizes if n is not None)


def scales(axes: Iterable[Axis]) -> bool:
    """Whether a layer divides or multiplies the size."""
    return any(axis.factor > 1 if isinstance(axis, Upsample) else getattr(axis, "stride", 1) > 1 for axis in axes)


def goes_up(row: Row) -> bool:
    """Whether a row with axes is upsampling or a transposed convolution."""
    return isinstance(row.axes[0], Upsample | TransposedWindow)


def given_sizes(rows: Sequence[Row]) -> Sizes | None:
    """The sizes that go in, if there is one input and all of them are known."""
    starts = [row for row in rows if None in row.sources]
    if len(starts) != 1:
        return None
    sizes = maps_of(starts[0].input_shapes[0], channels_last_in(rows))
    return known(sizes) if sizes and None not in sizes else None
