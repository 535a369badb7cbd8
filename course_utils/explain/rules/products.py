"""Rules of the operations that mix all numbers or lay them out anew: einsum, dot products, reshapes.

Sources: ``compute_output_spec`` of each class in ``keras/src/ops``.
"""

from __future__ import annotations

import math
import re
from typing import Any

from course_utils.axes import NoRule, ShapeError
from course_utils.explain.rules.core import RuleResult, Shapes, rule
from course_utils.explain.rules.operations import each_axis, without
from course_utils.explain.wording import capital, listed, times
from course_utils.keras_layers import Layer

#: ``ops.shape(x)[0]`` of a tensor without values is None, and Keras writes it down as it is.
_NO_SIZE = "It builds and cannot run: None, from ops.shape, is no size."


@rule("ops.Dot", "ops.Tensordot", "ops.Inner")
def contracted(operation: Layer, shapes: Shapes) -> RuleResult:
    """Some axes of both are summed over and go; the others stay, those of the first in front."""
    (first, second), name = shapes[:2], type(operation).__name__
    if not first or not second:
        raise NoRule(f"ops.{name} has a rule for arrays only.")
    axes: Any = operation.axes if name == "Tensordot" else [[-1], [-min(2, len(second)) if name == "Dot" else -1]]
    if isinstance(axes, int):
        axes = [range(-axes, 0), range(axes)]
    one, other = (each_axis(operation, part, len(shape)) for part, shape in zip(axes, (first, second), strict=True))
    summed = [(first[a], second[b]) for a, b in zip(one, other, strict=True)]
    if any(None not in pair and pair[0] != pair[1] for pair in summed):
        pairs = listed([f"{times([a])} and {times([b])}" for a, b in summed])
        raise ShapeError(f"{name} sums along {pairs} numbers; they must be equal.")
    out = (*without(first, one), *without(second, other))
    inside = times(a for a, _ in summed)
    return RuleResult(out, f"{times(first)} by {times(second)}", f"Sums of {inside} products: {times(out)} comes out.")


@rule("ops.Einsum")
def einsum(operation: Layer, shapes: Shapes) -> RuleResult:
    """The equation names the axes; what is not named behind the arrow is summed over."""
    reads, arrow, makes = operation.subscripts.replace(" ", "").partition("->")
    named = [_letters(part, len(shape)) for part, shape in zip(reads.split(","), shapes, strict=True)]
    sizes: dict[str, int | None] = {}
    clashes: dict[str, str] = {}
    for letters, shape in zip(named, shapes, strict=True):
        if len(letters) != len(shape):
            raise ShapeError(f'"{operation.subscripts}" names {len(letters)} axes of {times(shape)}.')
        for letter, n in zip(letters, shape, strict=True):
            known = sizes.get(letter, 1)
            if known not in (1, None) and n not in (1, None, known):
                clashes[letter] = f'axis {letter} of "{operation.subscripts}" is both {known} and {n}.'
            sizes[letter] = known if n == 1 or (n is None and known != 1) else n
    every = [letter for letters in named for letter in letters]
    once = sorted(letter for letter in {*every} if len(letter) == 1 and every.count(letter) == 1)
    dots = sorted({letter for letter in every if len(letter) > 1}, key=lambda name: -int(name[3:]))
    made = [*(makes if arrow else ["...", *once])]
    made = [name for part in re.findall(r"\.\.\.|.", "".join(made)) for name in (dots if part == "..." else [part])]
    out = tuple(sizes[name] for name in made)
    if named_out := next((clashes[name] for name in made if name in clashes), ""):
        raise ShapeError(capital(named_out))
    # Where a size that is summed over differs, Keras notices only when the sums are made.
    notes = tuple(f"It builds and cannot run: {clash}" for clash in clashes.values())
    said = f"Multiplies and sums as its equation says: {times(out)}."
    return RuleResult(out, operation.subscripts, said, notes=notes)


def _letters(part: str, rank: int) -> list[str]:
    """One name for each axis; those under dots are numbered from the end."""
    before, dots, behind = part.partition("...")
    hidden = rank - len(before) - len(behind) if dots else 0
    return [*before, *(f"...{number}" for number in range(hidden, 0, -1)), *behind]


@rule("ops.Reshape")
def reshaped(operation: Layer, shapes: Shapes) -> RuleResult:
    """The same numbers under another shape; one size may be −1. It stays unknown where an unknown size goes in."""
    shape, target = shapes[0], tuple(operation.newshape)
    known, fixed = math.prod(n for n in shape if n is not None), math.prod(n for n in target if n not in (-1, None))
    written = times(target).replace("-", "−")
    notes = (f"{_NO_SIZE} Write −1 in its place.",) * (None in target)
    if None not in (*shape, *target) and (fixed == 0 or known % fixed or (-1 not in target and known != fixed)):
        raise ShapeError(f"{times(shape)} holds {known} numbers, which do not fit into {written}.")
    if None in shape and not {None, -1} & {*target} and known and fixed % known:
        raise ShapeError(f"{written} holds {fixed} numbers, which {times(shape)} cannot fill.")
    worked_out = None if None in (*shape, *target) else known // fixed
    out = tuple(worked_out if n == -1 else n for n in target)
    sentence = f"The same numbers, laid out as {times(out)}, the batch axis included."
    return RuleResult(out, f"→ {written}", sentence, notes=notes)


@rule("ops.BroadcastTo")
def stretched(operation: Layer, _shapes: Shapes) -> RuleResult:
    """Sizes of 1 are stretched to the shape that is asked for."""
    out = tuple(operation.shape)
    notes = (_NO_SIZE,) * (None in out)
    return RuleResult(out, f"→ {times(out)}", f"Sizes of 1 are stretched until it is {times(out)}.", notes=notes)
