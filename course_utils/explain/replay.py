"""The sizes of a model once more, with other sizes going in or other axes in some of its rows: what would come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from course_utils.axes import Axis, ShapeError
from course_utils.explain.rows import Row
from course_utils.explain.wording import Shape

#: The sizes of the maps, without batch and channels.
Sizes = tuple[int, ...]
#: The axes that rows are to have instead of their own, by the number of the row.
Changes = Mapping[int, tuple[Axis, ...]]


def maps_of(shape: Shape, channels_last: bool = True) -> Shape:
    """The sizes of the maps in a shape."""
    return shape[1:-1] if channels_last else shape[2:]


def replay(rows: Sequence[Row], given: Sizes, changes: Changes | None = None) -> dict[int, Sizes] | None:
    """The sizes that come out of each row, for an input of ``given`` on every input.

    Returns:
        Row → sizes. Rows that leave the maps behind (Flatten, …) are not in it, nor is what follows them. None where
        some row has no output, or where sizes meet that do not fit.
    """
    found: dict[int, Sizes] = {}
    for row, step in enumerate(rows):
        reaching = {given if source is None else found.get(source) for source in step.sources}
        if len(reaching) > 1:
            reaching = {sizes for sizes in reaching if sizes is None or set(sizes) != {1}}
        if None in reaching or not reaching:
            continue
        if len(reaching) > 1:
            return None
        sizes = _through(step, reaching.pop() or given, (changes or {}).get(row, step.axes))
        if sizes is None:
            return None
        if sizes:
            found[row] = sizes
    return found


def _through(step: Row, sizes: Sizes, axes: tuple[Axis, ...]) -> Sizes | None:
    """What comes out of one row: empty if its output is no map any more, None if there is none."""
    if axes:
        if len(axes) != len(sizes):
            return ()
        try:
            for axis, n in zip(axes, sizes, strict=True):
                axis.check_runs(n)
            return tuple(axis.output_size(n) for axis, n in zip(axes, sizes, strict=True))
        except ShapeError:
            return None
    if step.passes:
        return sizes
    if step.kind in ("Resizing", "CenterCrop") and step.output_shape is not None:
        return tuple(n for n in maps_of(step.output_shape, step.channels_last) if n is not None)
    return ()
