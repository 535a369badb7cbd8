"""Rules of the layers and operations that join tensors: Add, Concatenate, Dot, ``x + y``, …

Sources: ``base_merge.py``, ``concatenate.py`` and ``dot.py`` in ``keras/src/layers/merging``.
"""

from __future__ import annotations

from course_utils.axes import NoRule, ShapeError
from course_utils.explain.rules.core import Arguments, RuleResult, Shapes, call_rule, rule
from course_utils.explain.wording import Shape, count, listed, size, sizes, times
from course_utils.keras_layers import Layer, kind_of

#: What joins do with their inputs; the layers first.
_VERBS = {
    name: verb
    for names, verb in (
        ("Add", "Adds up its inputs"),
        ("Subtract", "Subtracts its inputs"),
        ("Multiply", "Multiplies its inputs"),
        ("Average", "Takes the average of its inputs"),
        ("Maximum Fmax", "Takes the maximum of its inputs"),
        ("Minimum Fmin", "Takes the minimum of its inputs"),
        ("Divide TrueDivide DivideNoNan", "Divides its inputs"),
        ("FloorDivide", "Divides its inputs and rounds down,"),
        ("Mod Fmod", "Takes what is left over when its inputs are divided,"),
        ("Power", "Raises the first of its inputs to the power of the second,"),
        ("Greater", "Says where the first of its inputs is greater,"),
        ("GreaterEqual", "Says where the first of its inputs is greater or equal,"),
        ("Less", "Says where the first of its inputs is less,"),
        ("LessEqual", "Says where the first of its inputs is less or equal,"),
        ("Equal Isclose", "Says where its inputs are equal,"),
        ("NotEqual", "Says where its inputs differ,"),
        ("LogicalAnd", "Says where all its inputs are true,"),
        ("LogicalOr", "Says where one of its inputs is true,"),
        ("LogicalXor", "Says where one of its inputs alone is true,"),
        ("Where", "Takes its second input where the first is true, and the third elsewhere,"),
        ("Logaddexp Logaddexp2", "Adds up its inputs, given as logarithms,"),
        ("Arctan2 Hypot", "Takes the angle or the length of its inputs"),
        ("Gcd Lcm", "Takes the common divisor or multiple of its inputs"),
        ("BitwiseAnd BitwiseOr BitwiseXor", "Joins the bits of its inputs"),
        ("BitwiseLeftShift BitwiseRightShift LeftShift RightShift", "Shifts the bits of its inputs"),
    )
    for name in names.split()
}


@call_rule("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
def cell_by_cell(layer: Layer, arguments: Arguments) -> RuleResult:
    """Equal sizes, or 1, which is stretched (NumPy's broadcasting)."""
    kind, shapes = kind_of(layer), _several(layer, arguments)
    if kind == "Subtract" and len(shapes) != 2:
        raise ShapeError(f"Subtract takes 2 inputs; it got {len(shapes)}.")
    batches = {shape[0] for shape in shapes if shape[0] is not None}
    if len(batches) > 1:
        raise ShapeError(f"The inputs have different batch sizes: {sorted(batches)}.")
    inner = shapes[0][1:]
    for shape in shapes[1:]:
        inner = broadcast(kind, inner, shape[1:], unknown_wins=True)
    return _joined(kind, (batches.pop() if batches else None, *inner), shapes)


@rule(*(f"ops.{name}" for name in _VERBS))
def operation_cell_by_cell(layer: Layer, shapes: Shapes) -> RuleResult:
    """``x + y`` and the like: the batch axis takes part, and a known size beats an unknown one."""
    kind, whole = type(layer).__name__, shapes[0]
    for shape in shapes[1:]:
        whole = broadcast(kind, whole, shape, unknown_wins=False)
    return _joined(kind, whole, tuple(shape for shape in shapes if len(shape) > 1))


@call_rule("Concatenate")
def concatenate(layer: Layer, arguments: Arguments) -> RuleResult:
    """Sizes along ``axis`` add up; all others must be equal."""
    return side_by_side(layer, _several(layer, arguments))


@rule("ops.Concatenate", "ops.Append", "ops.Hstack", "ops.Vstack")
def side_by_side(layer: Layer, shapes: Shapes) -> RuleResult:
    """The same for the operations."""
    rank, along = len(shapes[0]), {"Hstack": 1, "Vstack": 0}.get(type(layer).__name__)
    along = layer.axis if along is None else along
    if any(len(shape) != rank for shape in shapes):
        raise ShapeError(f"Concatenate needs inputs with the same number of axes; they are {sizes(shapes)}.")
    if along is None or rank < 2:
        raise NoRule(f"{type(layer).__name__} has a rule along an axis of maps only.")
    if not -rank <= along < rank:
        raise ShapeError(f"axis={along} does not exist: each input has {rank} axes, the batch axis included.")
    axis = along % rank
    for place in range(rank):
        found = {shape[place] for shape in shapes} - {None}
        if place != axis and len(found) > 1:
            raise ShapeError(
                f"Concatenate joins along axis {axis}, so all other sizes must be equal; on axis {place} they are "
                f"{listed([times([shape[place]]) for shape in shapes])}. Crop or pad one of the inputs."
            )
    parts = [shape[axis] for shape in shapes]
    total = None if None in parts else sum(n for n in parts if n is not None)
    formula = f"{' + '.join(times([n]) for n in parts)} = {times([total])}"
    shape = (*shapes[0][:axis], total, *shapes[0][axis + 1 :])
    where = "the last axis" if axis == rank - 1 else f"axis {axis}"
    sentence = f"Puts its {count(len(shapes), 'input')} side by side along {where}: {formula}."
    return RuleResult(shape, formula, sentence, passes=axis == rank - 1, joined=axis)


@rule("CustomScaleLayer")
def scaled_sum(layer: Layer, shapes: Shapes) -> RuleResult:
    """The layer of Inception-ResNet: ``x + scale·y`` (``keras/src/applications/inception_resnet_v2.py``)."""
    if len(shapes) != 2:
        raise ShapeError(f"CustomScaleLayer adds one input to another; {count(len(shapes), 'input')} reached it.")
    shape = broadcast("CustomScaleLayer", *shapes, unknown_wins=False)
    sentence = f"Adds {layer.scale:g} times its second input to the first, cell by cell."
    return RuleResult(shape, "size stays", sentence, passes=len(set(shapes)) == 1)


@rule("Dot")
def dot(layer: Layer, shapes: Shapes) -> RuleResult:
    """One axis of each input is summed over and goes; all other axes stay, those of the first in front."""
    if len(shapes) != 2:
        raise ShapeError(f"Dot takes 2 inputs; it got {len(shapes)}.")
    first, second = shapes
    axes = [layer.axes] * 2 if isinstance(layer.axes, int) else list(layer.axes)
    for axis, shape in zip(axes, shapes, strict=True):
        if not -len(shape) <= axis < len(shape):
            raise ShapeError(f"axes={layer.axes} does not exist: {size(shape)} has axes 1 to {len(shape) - 1} only.")
    one, other = axes[0] % len(first), axes[1] % len(second)
    if first[one] != second[other]:
        raise ShapeError(
            f"Dot sums along axis {one} of {size(first)} and axis {other} of {size(second)}, so both must be equal: "
            f"{times([first[one]])} against {times([second[other]])}."
        )
    out = (*first[:one], *first[one + 1 :], *second[1:other], *second[other + 1 :])
    out = out if len(out) > 1 else (*out, 1)
    formula = f"{size(first)} · {size(second)} → {size(out)}"
    return RuleResult(out, formula, f"Sums of {times([first[one]])} products: {formula}.")


@rule("ops.Matmul")
def multiplied(_operation: Layer, shapes: Shapes) -> RuleResult:
    """The last axis of the first with the last but one of the second; axes before are stretched."""
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


def _joined(kind: str, shape: Shape, shapes: Shapes) -> RuleResult:
    verb = f"{_VERBS[kind]} cell by cell"
    if len(set(shapes)) == 1:
        others = f"all are {size(shape)}, so the size stays" if len(shapes) > 1 else "the size stays"
        return RuleResult(shape, "size stays", f"{verb}: {others}.", passes=True)
    sentence = f"{verb}; sizes of 1 are stretched until all are {size(shape)}."
    return RuleResult(shape, " with ".join(map(size, shapes)), sentence, passes=True)


def broadcast(kind: str, first: Shape, second: Shape, unknown_wins: bool) -> Shape:
    """Line the shapes up at their ends; equal sizes stay, 1 gives way. Raises ShapeError otherwise.

    Args:
        kind: whose inputs they are.
        first: one shape.
        second: the other.
        unknown_wins: against another size than 1, None makes None (layers) or gives way to it (operations).
    """
    if len(first) < len(second):
        first, second = second, first
    missing = len(first) - len(second)
    joined = list(first[:missing])
    for a, b in zip(first[missing:], second, strict=True):
        if a is None or b is None:
            other = b if a is None else a
            joined.append(None if unknown_wins or other == 1 else other)
        elif a == b or 1 in (a, b):
            joined.append(b if a == 1 else a)
        else:
            raise ShapeError(
                f"{kind} works cell by cell, so sizes must be equal (or 1); {times(first)} and {times(second)} "
                f"differ: {a} against {b}."
            )
    return tuple(joined)


def _several(layer: Layer, arguments: Arguments) -> Shapes:
    if not arguments.several:
        raise ShapeError(f"{kind_of(layer)} joins several inputs, as a list; here only one reaches it.")
    return arguments.several
