"""What would come out for other sizes: as an expression in the n that went in, and once more in numbers.

``8·⌈n / 8⌉ − 4`` for a whole model is carried from row to row, along the axes. A row whose size is no expression in n
(behind a row without a rule, or where two different sizes meet) has none. The n of an axis is the size that goes in on
that axis; a model whose inputs have different sizes has no single n, and so no expressions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count, takewhile

from course_utils.axes import Axis, ShapeError, TransposedWindow, Upsample
from course_utils.explain.rows import Row
from course_utils.explain.shapes import sizes_of
from course_utils.explain.wording import Shape, times
from course_utils.size_formulas import ComposedSize, SizeFormula

#: One expression for each spatial axis.
Expressions = tuple[ComposedSize, ...]

#: A single cell, which a join stretches over the others.
_ONE = SizeFormula(0, 0, 1, 1)
#: Up to which size the least n is looked for, for which something comes out.
_LARGEST_LEAST = 1024


def expressions_behind(row: Row, reaching: Sequence[Expressions | None], given: Shape) -> Expressions | None:
    """The expressions of what comes out of a row.

    Args:
        row: the row.
        reaching: the expressions of its inputs.
        given: the sizes that did go in; the expressions must give the sizes of the row for them.
    """
    different = set(reaching)
    if len(different) > 1:
        different = {sizes for sizes in different if not sizes or any(size.size_formula != _ONE for size in sizes)}
    before = different.pop() if len(different) == 1 else None
    if not before or row.refused or row.output_shape is None:
        return None
    made = sizes_of(row.output_shape, row.call.channels_last)
    if row.rule.passes:
        sizes = before
    elif row.axes and len(row.axes) == len(before):
        sizes = tuple(size.then(axis.size_formula()) for size, axis in zip(before, row.axes, strict=True))
    elif row.kind in ("Resizing", "CenterCrop"):
        sizes = tuple(ComposedSize((SizeFormula(0, 0, 1, n),)) for n in made if n is not None)
    else:
        return None
    if len(row.output_shape) != len(sizes) + 2 or len(given) != len(sizes):
        return None  # the layer has left the maps behind
    pairs = zip(sizes, given, made, strict=True)
    return sizes if all(size(n) == m for size, n, m in pairs if n is not None and m is not None) else None


def whole_model(rows: Sequence[Row]) -> str | None:
    """What comes out for any n, and, of a model that goes up again, for which n that is n; None if neither."""
    last = rows[-1].facts.sizes
    if not last or not any(row.axes for row in rows):
        return None
    least = next((n for n in range(1, _LARGEST_LEAST + 1) if all(_fits(row, rows, n) for row in rows)), None)
    if least is None:
        return None
    onwards = f", from n = {least} on" if least > 1 else ""
    text = f"For any n{onwards}: o = {rows[-1].for_any_n}."
    goes_up = any(isinstance(axis, Upsample | TransposedWindow) for row in rows for axis in row.axes)
    return f"{text} {_comes_back(last[0], least)}" if goes_up and len(set(last)) == 1 else text


def _comes_back(size: ComposedSize, least: int) -> str:
    if size.size_formula is None:
        some = [n for n in range(least, least + 64) if size(n) == n]
        shown = ", ".join(map(str, some[:6])) + (", …" if len(some) > 6 else "")
        return f"From {least} to {least + 63}, n comes back for: {shown}." if some else "n does not come back."
    returns = size.size_formula.returns()
    if not returns.divisor:
        some = [n for n in returns.only if n >= least]
        return f"n comes back for n = {', '.join(map(str, some))} only." if some else "n never comes back."
    if returns.divisor == 1:
        return "Every n comes back."
    first = takewhile(lambda n: n < least + 4 * returns.divisor, (n for n in count(least) if n in returns))
    return f"n comes back exactly for n ≡ {returns.remainder} (mod {returns.divisor}): {', '.join(map(str, first))}, …"


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
