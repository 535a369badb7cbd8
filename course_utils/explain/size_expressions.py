"""The sizes of every row as an expression in the n that went in: ``8·⌈n / 8⌉ − 4`` for a whole model.

Worked out behind the rows, from their axes and from where their inputs come from. A row whose size is no expression
in n (behind a row without a rule, or where two different sizes meet) has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count, takewhile

from course_utils.axes import ShapeError, TransposedWindow, Upsample
from course_utils.explain.rows import Row
from course_utils.explain.wording import AXIS_NAMES, Shape
from course_utils.size_formulas import ComposedSize, SizeFormula

#: One expression for each spatial axis.
Sizes = tuple[ComposedSize, ...]


def for_any_n(rows: Sequence[Row]) -> dict[int, Sizes]:
    """The expressions of every row that has them: number of the row → one expression for each axis.

    The n of an axis is the size that goes in on that axis. A model whose inputs have different sizes has no single n,
    and so no expressions.
    """
    starts = {
        _maps(shape, step.channels_last)
        for step in rows
        for shape, source in zip(step.input_shapes, step.sources, strict=True)
        if source is None
    }
    found: dict[int, Sizes] = {}
    if len(starts) != 1:
        return found
    given = starts.pop()
    for row, step in enumerate(rows):
        sizes = _of(step, _reaching(step, found))
        if sizes is not None and _holds(sizes, given, step):
            found[row] = sizes
    return found


def _reaching(step: Row, found: Mapping[int, Sizes]) -> Sizes | None:
    """The expressions of what reaches a row; None unless all inputs have the same, those of size 1 apart."""
    reaching = {
        (ComposedSize(),) * max(len(shape) - 2, 0) if source is None else found.get(source)
        for shape, source in zip(step.input_shapes, step.sources, strict=True)
    }
    if len(reaching) > 1:
        reaching = {sizes for sizes in reaching if sizes is None or any(chain.size_formula != _ONE for chain in sizes)}
    return reaching.pop() if len(reaching) == 1 else None


#: A single cell, which a join stretches over the others.
_ONE = SizeFormula(0, 0, 1, 1)


def _of(step: Row, reaching: Sizes | None) -> Sizes | None:
    """The expressions of what comes out of a row."""
    if not reaching or step.refused:
        return None
    if step.passes:
        return reaching
    if step.axes and len(step.axes) == len(reaching):
        return tuple(chain.then(axis.size_formula()) for chain, axis in zip(reaching, step.axes, strict=True))
    if step.kind in ("Resizing", "CenterCrop") and step.output_shape is not None:
        made = _maps(step.output_shape, step.channels_last)
        return tuple(ComposedSize((SizeFormula(0, 0, 1, n),)) for n in made if n is not None)
    return None


def _holds(sizes: Sizes, given: Shape, step: Row) -> bool:
    """Whether the expressions give the sizes of the row for what did go in; a layer may have left the maps behind."""
    if step.output_shape is None or len(step.output_shape) != len(sizes) + 2 or len(given) != len(sizes):
        return False
    made = _maps(step.output_shape, step.channels_last)
    known = [(chain(n), m) for chain, n, m in zip(sizes, given, made, strict=True) if n is not None and m is not None]
    return all(by_law == by_hand for by_law, by_hand in known)


def _maps(shape: Shape, channels_last: bool) -> Shape:
    """The sizes of the maps, without the batch and the channels."""
    return shape[1:-1] if channels_last else shape[2:]


def written(sizes: Sizes) -> str:
    """The expressions of a row in one line: once where all axes have the same.

    >>> written((ComposedSize((SizeFormula(2, 0, 1, 0),)),) * 2)
    '2·n'
    """
    if len(set(sizes)) == 1:
        return str(sizes[0])
    return ", ".join(f"{name} {chain}" for name, chain in zip(AXIS_NAMES[len(sizes)], sizes, strict=True))


def with_expressions(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The same rows, each with its sizes for any n."""
    found = for_any_n(rows)
    return tuple(
        replace(step, for_any_n=written(found[row])) if found.get(row) else step for row, step in enumerate(rows)
    )


def whole_model(rows: Sequence[Row]) -> str | None:
    """What comes out for any n, and, of a model that goes up again, for which n that is n; None if neither."""
    found = for_any_n(rows)
    last = found.get(len(rows) - 1)
    if last is None or not any(step.axes for step in rows):
        return None
    least = _smallest(rows, found)
    if least is None:
        return None
    onwards = f", from n = {least} on" if least > 1 else ""
    text = f"For any n{onwards}: o = {written(last)}."
    goes_up = any(isinstance(axis, Upsample | TransposedWindow) for step in rows for axis in step.axes)
    return f"{text} {_comes_back(last[0], least)}" if goes_up and len(set(last)) == 1 else text


def _comes_back(chain: ComposedSize, least: int) -> str:
    if chain.size_formula is None:
        some = [n for n in range(least, least + 64) if chain(n) == n]
        shown = ", ".join(map(str, some[:6])) + (", …" if len(some) > 6 else "")
        return f"From {least} to {least + 63}, n comes back for: {shown}." if some else "n does not come back."
    returns = chain.size_formula.returns()
    if not returns.divisor:
        some = [n for n in returns.only if n >= least]
        return f"n comes back for n = {', '.join(map(str, some))} only." if some else "n never comes back."
    if returns.divisor == 1:
        return "Every n comes back."
    first = takewhile(lambda n: n < least + 4 * returns.divisor, (n for n in count(least) if n in returns))
    return f"n comes back exactly for n ≡ {returns.remainder} (mod {returns.divisor}): {', '.join(map(str, first))}, …"


def _smallest(rows: Sequence[Row], found: Mapping[int, Sizes], limit: int = 1024) -> int | None:
    """The least n for which something comes out of every row, the same n on all axes; None if it is above ``limit``."""
    return next((n for n in range(1, limit + 1) if all(_fits(step, found, n) for step in rows)), None)


def _fits(step: Row, found: Mapping[int, Sizes], n: int) -> bool:
    """Whether something comes out of a row with axes for an input of n on every axis."""
    if not step.axes or not step.sources:
        return True
    source = step.sources[0]
    reaching = (ComposedSize(),) * len(step.axes) if source is None else found.get(source, ())
    try:
        for axis, chain in zip(step.axes, reaching, strict=False):
            axis.check_runs(chain(n))
    except ShapeError:
        return False
    return True
