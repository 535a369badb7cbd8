"""Rules of the layers and operations that keep the numbers and lay them out anew, or take some along an axis.

``keras.ops.mean(x, axis=1)`` and its kind are in ``model.operations`` and not in ``model.layers``; for them all axes
count, the batch axis among them. Sources: ``compute_output_spec`` of each class in ``keras/src/ops``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from course_utils.axes import NoRule, ShapeError
from course_utils.explain.rules.core import RuleResult, Shapes, rule
from course_utils.explain.rules.unchanged import check_rank
from course_utils.explain.shapes import channels_of, shape_of, sizes_of
from course_utils.explain.wording import AXIS_NAMES, Shape, count, listed, product, size, times
from course_utils.keras_layers import Layer, channels_last, kind_of


@rule("Flatten")
def flatten(_layer: Layer, shapes: Shapes) -> RuleResult:
    """All sizes multiplied."""
    batch, *inner = shapes[0]
    row = f"All numbers of {size(shapes[0])} in one row"
    numbers = [n for n in inner if n is not None]
    if len(numbers) < len(inner):
        return RuleResult((batch, None), f"{times(inner)} = ?", f"{row}.")
    total = math.prod(numbers)
    formula = f"{product(numbers)} = {total}" if len(numbers) > 1 else str(total)
    return RuleResult((batch, total), formula, f"{row}: {formula}.")


@rule("Reshape")
def reshape(layer: Layer, shapes: Shapes) -> RuleResult:
    """The target shape, with −1 worked out. The count of numbers must stay."""
    batch, *inner = shapes[0]
    target: tuple[int, ...] = layer.target_shape
    numbers = [n for n in inner if n is not None]
    if len(numbers) < len(inner):
        shape = (batch, *(None if n == -1 else n for n in target))
        return RuleResult(shape, f"→ {size(shape)}", f"The same numbers, laid out as {size(shape)}.")
    total, fixed = math.prod(numbers), math.prod(n for n in target if n != -1)
    if -1 not in target:
        if total != fixed:
            raise ShapeError(
                f"{size(shapes[0])} holds {total} numbers and {times(target)} holds {fixed}: "
                f"a Reshape cannot add or drop any. Let one size be −1 to have it worked out."
            )
        formula = f"{product(target)} = {total}"
        return RuleResult((batch, *target), formula, f"The same {total} numbers, laid out as {times(target)}.")
    if not fixed or total % fixed:
        raise ShapeError(f"{size(shapes[0])} holds {total} numbers, which {fixed} does not divide: −1 cannot be found.")
    shape = (batch, *(total // fixed if n == -1 else n for n in target))
    sentence = f"The same {total} numbers, laid out as {size(shape)}: −1 stands for {total} / {fixed}."
    return RuleResult(shape, f"{total} / {fixed} = {total // fixed}", sentence)


@rule("Permute")
def permute(layer: Layer, shapes: Shapes) -> RuleResult:
    """The axes change places. ``dims`` counts from 1, the batch axis left out."""
    check_rank(layer, shapes[0], len(layer.dims))
    shape = (shapes[0][0], *(shapes[0][place] for place in layer.dims))
    return RuleResult(shape, f"axes {', '.join(map(str, layer.dims))}", f"The axes change places: {size(shape)}.")


@rule("RepeatVector")
def repeat_vector(layer: Layer, shapes: Shapes) -> RuleResult:
    """``(features)`` becomes ``(n, features)``."""
    check_rank(layer, shapes[0], 1)
    batch, features = shapes[0]
    sentence = f"The same row of {times([features])} numbers {layer.n} times."
    return RuleResult((batch, layer.n, features), f"{layer.n} copies", sentence)


@rule("Resizing", "CenterCrop", "RandomCrop")
def resized(layer: Layer, shapes: Shapes) -> RuleResult:
    """Height and width are what the layer says, whatever comes in."""
    if len(shapes[0]) != 4:
        raise NoRule(f"{kind_of(layer)} has a rule for (height, width, channels) only.")
    last, made = channels_last(layer), (layer.height, layer.width)
    shape = shape_of(shapes[0][0], made, channels_of(shapes[0], last), last)
    return RuleResult(shape, f"→ {times(made)}", f"Whatever the size, {times(made)} comes out.")


@rule(*(f"Adaptive{kind}Pooling{d}D" for kind in ("Average", "Max") for d in (1, 2, 3)))
def adaptive_pooling(layer: Layer, shapes: Shapes) -> RuleResult:
    """The size is what the layer says; its windows grow and shrink to fit."""
    made, last = tuple(layer.output_size), channels_last(layer)
    check_named(layer, shapes[0], (*AXIS_NAMES[len(made)], "channels"))
    came = times(sizes_of(shapes[0], last))
    sentence = f"Chooses its windows so that {times(made)} comes out of {came}: not all need be of one size."
    return RuleResult(shape_of(shapes[0][0], made, channels_of(shapes[0], last), last), f"→ {times(made)}", sentence)


def check_named(layer: Layer, shape: Shape, names: Sequence[str]) -> None:
    """Raise ShapeError unless there is a number for each of these names."""
    if len(shape) != len(names) + 1:
        raise ShapeError(f"{kind_of(layer)} needs ({', '.join(names)}) for each example; it got {size(shape)}.")


#: Operations that make one number out of all along some axes.
_REDUCING = "Mean Sum Max Min Prod Std Var Any All Amax Amin Logsumexp Argmax Argmin"


@rule(*(f"ops.{name}" for name in _REDUCING.split()))
def reduced(operation: Layer, shapes: Shapes) -> RuleResult:
    """The axes that are named go, or stay as 1 with ``keepdims``."""
    gone, kept = _places(operation, shapes[0], operation.axis), (1,) * operation.keepdims
    out = tuple(n for place, old in enumerate(shapes[0]) for n in (kept if place in gone else (old,)))
    sentence = f"{type(operation).__name__} along {_axes_named(gone)}: one number stands for all along it."
    return RuleResult(out, times(out) or "one number", sentence)


@rule("ops.Reshape")
def reshaped(operation: Layer, shapes: Shapes) -> RuleResult:
    """The same numbers under another shape; one size may be −1. It stays unknown where an unknown size goes in."""
    shape, target = shapes[0], tuple(operation.newshape)
    known, fixed = math.prod(n for n in shape if n is not None), math.prod(n for n in target if n not in (-1, None))
    written = times(target).replace("-", "−")
    # ops.shape(x)[0] of a tensor without values is None, and Keras writes it down as it is.
    notes = ("It builds and cannot run: None, from ops.shape, is no size. Write −1 in its place.",) * (None in target)
    if None not in (*shape, *target) and (fixed == 0 or known % fixed or (-1 not in target and known != fixed)):
        raise ShapeError(f"{times(shape)} holds {known} numbers, which do not fit into {written}.")
    if None in shape and not {None, -1} & {*target} and known and fixed % known:
        raise ShapeError(f"{written} holds {fixed} numbers, which {times(shape)} cannot fill.")
    worked_out = None if None in (*shape, *target) else known // fixed
    out = tuple(worked_out if n == -1 else n for n in target)
    sentence = f"The same numbers, laid out as {times(out)}, the batch axis included."
    return RuleResult(out, f"→ {written}", sentence, notes=notes)


@rule("ops.Transpose")
def transposed(operation: Layer, shapes: Shapes) -> RuleResult:
    """The axes change places; without ``axes`` their order turns around."""
    shape = shapes[0]
    order = range(len(shape))[::-1] if operation.axes is None else _places(operation, shape, operation.axes)
    if sorted(order) != list(range(len(shape))):
        raise ShapeError(f"axes={tuple(order)} does not name each of the {len(shape)} axes once.")
    out = tuple(shape[place] for place in order)
    return RuleResult(out, f"axes {', '.join(map(str, order))}", f"The axes change places: {times(out)}.")


@rule("ops.ExpandDims")
def expanded(operation: Layer, shapes: Shapes) -> RuleResult:
    """New axes of size 1, at the places that they have in the result."""
    axes = [operation.axis] if isinstance(operation.axis, int) else list(operation.axis)
    rank = len(shapes[0]) + len(axes)
    new = {_place(operation, axis, rank) for axis in axes}
    rest = iter(shapes[0])
    out = tuple(1 if place in new else next(rest) for place in range(rank))
    return RuleResult(out, f"→ {times(out)}", f"Puts in {count(len(new), 'axis of size 1')}.")


@rule("ops.Squeeze")
def squeezed(operation: Layer, shapes: Shapes) -> RuleResult:
    """Axes of size 1 go."""
    shape = shapes[0]
    ones = [place for place, n in enumerate(shape) if n == 1]
    gone = ones if operation.axis is None else _places(operation, shape, operation.axis)
    for place in gone:
        if shape[place] not in (1, None):
            raise ShapeError(f"Only an axis of size 1 can be squeezed out; axis {place} has {shape[place]}.")
    out = tuple(n for place, n in enumerate(shape) if place not in gone)
    return RuleResult(out, f"→ {times(out)}", f"Takes out {_axes_named(gone)}, of size 1.")


@rule("ops.Split")
def split(operation: Layer, shapes: Shapes) -> RuleResult:
    """Equal parts along one axis."""
    shape, parts = shapes[0], operation.indices_or_sections
    if not isinstance(parts, int):
        raise NoRule("ops.Split has a rule for equal parts only.")
    place = _place(operation, operation.axis, len(shape))
    whole = shape[place]
    if whole is not None and whole % parts:
        raise ShapeError(f"{whole} along axis {place} cannot be split into {parts} equal parts.")
    each = None if whole is None else whole // parts
    out = (*shape[:place], each, *shape[place + 1 :])
    formula = f"{times([whole])} / {parts} = {times([each])}"
    sentence = f"Cuts axis {place} into {count(parts, 'equal part')}: {formula}."
    return RuleResult(out, formula, sentence, further=(out,) * (parts - 1))


@rule("ops.Stack")
def stacked(operation: Layer, shapes: Shapes) -> RuleResult:
    """Equal shapes behind each other, along a new axis."""
    if len(set(shapes)) > 1:
        raise ShapeError(f"Stack needs equal sizes; they are {listed([times(shape) for shape in shapes])}.")
    place = _place(operation, operation.axis, len(shapes[0]) + 1)
    out = (*shapes[0][:place], len(shapes), *shapes[0][place:])
    sentence = f"Puts its {len(shapes)} inputs behind each other along a new axis."
    return RuleResult(out, f"{len(shapes)} inputs", sentence)


def _places(operation: Layer, shape: Shape, axis: int | Sequence[int] | None) -> tuple[int, ...]:
    """The axes that an operation names, counted from 0; None names all."""
    if axis is None:
        return tuple(range(len(shape)))
    return tuple(_place(operation, place, len(shape)) for place in ([axis] if isinstance(axis, int) else axis))


def _place(operation: Layer, axis: int, rank: int) -> int:
    """One axis, counted from 0. Raises ShapeError if there is none."""
    if not -rank <= axis < rank:
        name = type(operation).__name__
        raise ShapeError(f"{name} works along axis {axis}, but there are {rank} axes, the batch axis included.")
    return axis % rank


def _axes_named(places: Sequence[int]) -> str:
    """``axis 1``, ``axes 1 and 2``."""
    return f"ax{'is' if len(places) == 1 else 'es'} {listed(list(map(str, places)))}"
