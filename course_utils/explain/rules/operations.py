"""Rules of the operations between tensors, and of the layers that ``keras.applications`` brings along for itself.

``x + y`` or ``keras.ops.mean(x, axis=1)`` is in ``model.operations`` and not in ``model.layers``. Here all axes count,
the batch axis among them. Sources: ``compute_output_spec`` of each class in ``keras/src/ops``; ``LayerScale`` in
``keras/src/applications/convnext.py``, ``CustomScaleLayer`` in ``inception_resnet_v2.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from course_utils.axes import NoRule, ShapeError
from course_utils.explain.rules.parameters import Parameters
from course_utils.explain.rules.plain import Shapes, broadcast
from course_utils.explain.rules.results import RuleResult
from course_utils.explain.wording import Shape, count, listed, times
from course_utils.keras_layers import Layer

#: Names of classes of ``keras/src/ops`` that change each value by itself, or at least no size.
EACH_VALUE = """
    Relu Relu6 LeakyRelu Elu Selu Celu Gelu Silu Sigmoid HardSigmoid HardSilu LogSigmoid Softplus Softsign SoftShrink
    HardShrink HardTanh Tanh TanhShrink SparsePlus Squareplus Threshold Softmax LogSoftmax Absolute Negative Sign Square
    Sqrt Rsqrt Exp Expm1 Log Log1p Log2 Log10 Erf Reciprocal Floor Ceil Round Sin Cos Tan Sinh Cosh Clip Cast Isnan
    Isfinite LogicalNot ZerosLike OnesLike StopGradient NanToNum
"""
#: Classes that join two tensors cell by cell.
CELL_BY_CELL = """
    Add Subtract Multiply Divide TrueDivide FloorDivide Mod Power Maximum Minimum Greater GreaterEqual Less LessEqual
    Equal NotEqual LogicalAnd LogicalOr LogicalXor
"""
#: Classes that make one number out of all along some axes.
REDUCING = "Mean Sum Max Min Prod Std Var Any All Amax Amin Logsumexp Argmax Argmin"


# -- the layers of keras.applications -----------------------------------------------------------------------------


def layer_scale(layer: Layer, shapes: Shapes) -> RuleResult:
    """ConvNeXt's own layer: one learned factor for each channel."""
    factors: int = layer.projection_dim
    weights = Parameters(factors, f"1·{factors} = {factors}", "A factor for each channel.")
    shape = broadcast("LayerScale", shapes[0], (factors,), unknown_wins=False)
    return RuleResult(
        shape,
        "size stays",
        "Multiplies each channel by a learned factor; the size stays.",
        parameters=weights,
        passes=True,
    )


def scaled_sum(layer: Layer, shapes: Shapes) -> RuleResult:
    """Inception-ResNet's own layer: ``x + scale·y``."""
    if len(shapes) != 2:
        raise ShapeError(f"CustomScaleLayer adds one input to another; {count(len(shapes), 'input')} reached it.")
    shape = broadcast("CustomScaleLayer", *shapes, unknown_wins=False)
    sentence = f"Adds {layer.scale:g} times its second input to the first, cell by cell."
    return RuleResult(shape, "size stays", sentence, passes=len(set(shapes)) == 1)


# -- one tensor ---------------------------------------------------------------------------------------------------


def reduced(operation: Layer, shapes: Shapes) -> RuleResult:
    """Mean, sum and the like: the axes that are named go, or stay as 1 with ``keepdims``."""
    shape = shapes[0]
    gone = _places(operation, shape, operation.axis)
    if operation.keepdims:
        out = tuple(1 if place in gone else n for place, n in enumerate(shape))
    else:
        out = tuple(n for place, n in enumerate(shape) if place not in gone)
    name, which = type(operation).__name__, _axes_named(gone)
    return RuleResult(
        out, f"{times(out) or 'one number'}", f"{name} along {which}: one number stands for all along it."
    )


def reshaped(operation: Layer, shapes: Shapes) -> RuleResult:
    """``ops.reshape``: the same numbers under another shape; one size may be −1."""
    shape, target = shapes[0], tuple(operation.newshape)
    numbers = [n for n in shape if n is not None]
    if len(numbers) < len(shape):
        return _reshaped_with_unknown(shape, target)
    total, fixed = math.prod(numbers), math.prod(n for n in target if n != -1)
    if fixed == 0 or total % fixed or (-1 not in target and total != fixed):
        raise ShapeError(f"{times(shape)} holds {total} numbers, which do not fit into {_written(target)}.")
    return _laid_out(tuple(total // fixed if n == -1 else n for n in target), target)


def _reshaped_with_unknown(shape: Shape, target: Sequence[int]) -> RuleResult:
    """With one unknown size, −1 stands for it exactly if all the others fit; otherwise it is unknown too."""
    known = math.prod(n for n in shape if n is not None)
    fixed = math.prod(n for n in target if n != -1)
    if -1 not in target and known and fixed % known:
        raise ShapeError(f"{_written(target)} holds {fixed} numbers, which {times(shape)} cannot fill.")
    return _laid_out(tuple(None if n == -1 else n for n in target), target)


def _laid_out(out: Shape, target: Sequence[int]) -> RuleResult:
    return RuleResult(
        out, f"→ {_written(target)}", f"The same numbers, laid out as {times(out)}, the batch axis included."
    )


def transposed(operation: Layer, shapes: Shapes) -> RuleResult:
    """The axes change places; without ``axes`` their order turns around."""
    shape = shapes[0]
    order = range(len(shape))[::-1] if operation.axes is None else _places(operation, shape, operation.axes)
    if sorted(order) != list(range(len(shape))):
        raise ShapeError(f"axes={tuple(order)} does not name each of the {len(shape)} axes once.")
    out = tuple(shape[place] for place in order)
    return RuleResult(out, f"axes {', '.join(map(str, order))}", f"The axes change places: {times(out)}.")


def expanded(operation: Layer, shapes: Shapes) -> RuleResult:
    """``ops.expand_dims``: new axes of size 1, at the places that they have in the result."""
    axes = [operation.axis] if isinstance(operation.axis, int) else list(operation.axis)
    rank = len(shapes[0]) + len(axes)
    new = {_place("ExpandDims", axis, rank) for axis in axes}
    rest = iter(shapes[0])
    out = tuple(1 if place in new else next(rest) for place in range(rank))
    return RuleResult(out, f"→ {times(out)}", f"Puts in {count(len(new), 'axis of size 1')}.")


def squeezed(operation: Layer, shapes: Shapes) -> RuleResult:
    """``ops.squeeze``: axes of size 1 go."""
    shape = shapes[0]
    if operation.axis is None:
        gone: Sequence[int] = [place for place, n in enumerate(shape) if n == 1]
    else:
        gone = _places(operation, shape, operation.axis)
    for place in gone:
        if shape[place] not in (1, None):
            raise ShapeError(f"Only an axis of size 1 can be squeezed out; axis {place} has {shape[place]}.")
    out = tuple(n for place, n in enumerate(shape) if place not in gone)
    return RuleResult(out, f"→ {times(out)}", f"Takes out {_axes_named(gone)}, of size 1.")


def split(operation: Layer, shapes: Shapes) -> RuleResult:
    """``ops.split`` into equal parts."""
    parts = operation.indices_or_sections
    if not isinstance(parts, int):
        raise NoRule("ops.Split has a rule for equal parts only.")
    shape = shapes[0]
    place = _place("Split", operation.axis, len(shape))
    whole = shape[place]
    if whole is None:
        each = None
    elif whole % parts:
        raise ShapeError(f"{whole} along axis {place} cannot be split into {parts} equal parts.")
    else:
        each = whole // parts
    out = (*shape[:place], each, *shape[place + 1 :])
    formula = f"{times([whole])} / {parts} = {times([each])}"
    sentence = f"Cuts axis {place} into {count(parts, 'equal part')}: {formula}."
    return RuleResult(out, formula, sentence, further=(out,) * (parts - 1))


# -- several tensors ----------------------------------------------------------------------------------------------


def stacked(operation: Layer, shapes: Shapes) -> RuleResult:
    """``ops.stack``: equal shapes behind each other, along a new axis."""
    if len(set(shapes)) > 1:
        raise ShapeError(f"Stack needs equal sizes; they are {listed([times(shape) for shape in shapes])}.")
    place = _place("Stack", operation.axis, len(shapes[0]) + 1)
    out = (*shapes[0][:place], len(shapes), *shapes[0][place:])
    return RuleResult(
        out, f"{len(shapes)} inputs", f"Puts its {len(shapes)} inputs behind each other along a new axis."
    )


def multiplied(_operation: Layer, shapes: Shapes) -> RuleResult:
    """``ops.matmul``: the last axis of the first with the last but one of the second; axes before are stretched."""
    first, second = shapes[:2]
    if min(len(first), len(second)) < 2:
        raise NoRule("ops.Matmul has a rule for two axes or more.")
    summed, other = first[-1], second[-2]
    if None not in (summed, other) and summed != other:
        raise ShapeError(
            f"Matmul sums along {summed} numbers of {times(first)} and {other} of {times(second)}; they must be equal."
        )
    out = (*broadcast("Matmul", first[:-2], second[:-2], unknown_wins=False), first[-2], second[-1])
    formula = f"{times(first[-2:])} by {times(second[-2:])} → {times(out[-2:])}"
    return RuleResult(out, formula, f"Rows by columns, each a sum of {times([summed])} products: {formula}.")


# -- small helpers ------------------------------------------------------------------------------------------------


def _places(operation: Layer, shape: Shape, axis: int | Sequence[int] | None) -> tuple[int, ...]:
    """The axes that an operation names, counted from 0; None names all."""
    if axis is None:
        return tuple(range(len(shape)))
    axes = [axis] if isinstance(axis, int) else axis
    return tuple(_place(type(operation).__name__, place, len(shape)) for place in axes)


def _place(name: str, axis: int, rank: int) -> int:
    """One axis, counted from 0. Raises ShapeError if there is none."""
    if not -rank <= axis < rank:
        raise ShapeError(f"{name} works along axis {axis}, but there are {rank} axes, the batch axis included.")
    return axis % rank


def _axes_named(places: Sequence[int]) -> str:
    """``axis 1``, ``axes 1 and 2``."""
    return f"ax{'is' if len(places) == 1 else 'es'} {listed(list(map(str, places)))}"


def _written(target: Sequence[int]) -> str:
    return times(target).replace("-", "−")
