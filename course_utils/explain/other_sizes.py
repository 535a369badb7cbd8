"""What would come out for other sizes, in numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from course_utils.axes import Axis, ShapeError, TransposedWindow, Upsample
from course_utils.explain.rows import Row
from course_utils.explain.shapes import sizes_of
from course_utils.explain.wording import Shape, times

#: How many inputs beyond the given one are looked at.
REACH = 64
#: The sizes of the maps, without batch and channels.
Sizes = tuple[int, ...]
#: The axes that rows are to have instead of their own, by the number of the row.
Changes = Mapping[int, tuple[Axis, ...]]


def replay(rows: Sequence[Row], given: Sizes, changes: Changes | None = None) -> dict[int, Sizes] | None:
    """The sizes that come out of each row, for an input of ``given`` on every input.

    Returns:
        Row → sizes. Rows that leave the maps behind (Flatten, …) are not in it, nor is what follows them. None where
        some row has no output, or where sizes meet that do not fit.
    """
    found: dict[int, Sizes] = {}
    for number, row in enumerate(rows):
        reaching = {given if source is None else found.get(source) for source in row.sources}
        if len(reaching) > 1:
            reaching = {sizes for sizes in reaching if sizes is None or set(sizes) != {1}}
        if None in reaching or not row.sources:
            continue
        if len(reaching) > 1:
            return None
        sizes = _through(row, reaching.pop() or given if reaching else given, (changes or {}).get(number, row.axes))
        if sizes is None:
            return None
        if sizes:
            found[number] = sizes
    return found


def _through(row: Row, sizes: Sizes, axes: tuple[Axis, ...]) -> Sizes | None:
    """What comes out of one row: empty if its output is no map any more, None if there is none."""
    if axes:
        pairs = list(zip(axes, sizes, strict=len(axes) == len(sizes)))
        try:
            for axis, n in pairs:
                axis.check_runs(n)
            return tuple(axis.output_size(n) for axis, n in pairs) if len(axes) == len(sizes) else ()
        except ShapeError:
            return None
    if row.rule.passes:
        return sizes
    if row.kind in ("Resizing", "CenterCrop") and row.output_shape is not None:
        return known(sizes_of(row.output_shape, row.call.channels_last))
    return ()


def last_sizes(rows: Sequence[Row], given: Sizes, changes: Changes | None = None) -> Sizes | None:
    """What comes out of the last row; None where nothing does or where it is no map."""
    return (replay(rows, given, changes) or {}).get(len(rows) - 1)


def known(sizes: Shape) -> Sizes:
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
    sizes = sizes_of(starts[0].input_shapes[0], starts[0].call.channels_last)
    return known(sizes) if sizes and None not in sizes else None


def nearest(given: Sizes, far: int, fits: Callable[[int], bool]) -> str:
    """The nearest sizes below and above the given one that fit: ``24×24 or 26×26``; empty if there are none."""
    n = given[0]
    below = next((m for m in range(n - 1, max(n - REACH, 0), -1) if fits(m)), None)
    above = next((m for m in range(n + 1, n + far) if fits(m)), None)
    return " or ".join(times((m,) * len(given)) for m in (below, above) if m is not None)
