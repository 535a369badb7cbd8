"""Rules of the layers that have no axes: activations, normalisation, Dense, reshapes and joins.

Each rule takes the layer and the shapes that reach it, with the batch axis, and returns an ``RuleResult``; it raises
ShapeError where nothing can come out. Sources: the ``build`` and ``compute_output_shape`` of each layer in
``keras/src/layers``; ``keras/src/layers/merging/base_merge.py`` and ``concatenate.py`` for the joins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from course_utils.axes import NoRule, ShapeError
from course_utils.explain.rules.parameters import NO_PARAMETERS, Parameters, known, of_dense, per_channel
from course_utils.explain.rules.results import Arguments, RuleResult
from course_utils.explain.wording import Shape, count, listed, product, size, sizes, times
from course_utils.keras_layers import Layer, channels_last, kind_of

Shapes = tuple[Shape, ...]


# -- the size stays -----------------------------------------------------------------------------------------------


def given(_layer: Layer, shapes: Shapes) -> RuleResult:
    """``InputLayer``: the size is what was asked for."""
    return RuleResult(shapes[0], "as given", f"What goes in, for each example: {size(shapes[0])}.", passes=True)


def unchanged(sentence: str) -> _Unchanged:
    """The rule of a layer that changes values and never the size."""
    return _Unchanged(sentence)


class _Unchanged:
    def __init__(self, sentence: str) -> None:
        self.sentence = sentence

    def __call__(self, _layer: Layer, shapes: Shapes) -> RuleResult:
        return _stays(shapes[0], self.sentence)


def spatial_dropout(layer: Layer, shapes: Shapes) -> RuleResult:
    """Drops whole channels; needs as many axes as its name says."""
    _check_rank(layer, shapes[0], int(kind_of(layer)[-2]) + 1)
    return _stays(shapes[0], "Drops whole channels, in training only; the size stays.")


def prelu(layer: Layer, shapes: Shapes) -> RuleResult:
    """One learned slope per cell, or per channel where axes are shared."""
    shared = layer.shared_axes or []
    slopes = tuple(1 if place in shared else n for place, n in enumerate(shapes[0]) if place)
    weights = per_channel(["slope"], slopes)
    return _stays(shapes[0], "Values below 0 are multiplied by a learned slope; the size stays.", weights)


def batch_normalization(layer: Layer, shapes: Shapes) -> RuleResult:
    """A mean and a variance per channel, and what ``scale`` and ``center`` add."""
    if getattr(layer, "renorm", False):
        raise NoRule("BatchNormalization with renorm=True has no rule here.")
    names = ["scale"] * layer.scale + ["shift"] * layer.center + ["mean", "variance"]
    weights = per_channel(names, _along(layer, shapes[0], layer.axis))
    return _stays(shapes[0], "Shifts and scales each channel to a common range; the size stays.", weights)


def layer_normalization(layer: Layer, shapes: Shapes) -> RuleResult:
    """``scale`` and ``center`` along the normalised axes. Also RMSNormalization, which has only a scale."""
    names = ["scale"]
    if kind_of(layer) == "LayerNormalization":
        rms = layer.rms_scaling
        names = ["scale"] * (layer.scale or rms) + ["shift"] * (layer.center and not rms)
    weights = per_channel(names, _along(layer, shapes[0], layer.axis))
    return _stays(shapes[0], "Brings each example to a common range; the size stays.", weights)


def group_normalization(layer: Layer, shapes: Shapes) -> RuleResult:
    """``scale`` and ``center`` per channel; the groups must divide the channels."""
    (channels,) = _along(layer, shapes[0], layer.axis)
    groups = layer.groups if layer.groups != -1 else known(channels, "The number of channels")
    if known(channels, "The number of channels") % groups:
        raise ShapeError(f"groups={groups} does not divide {channels} channels. Try one of their divisors.")
    weights = per_channel(["scale"] * layer.scale + ["shift"] * layer.center, (channels,))
    return _stays(shapes[0], f"Brings each of {count(groups, 'group')} of channels to a common range.", weights)


def normalization(layer: Layer, shapes: Shapes) -> RuleResult:
    """The preprocessing layer: mean, variance and a counter are weights unless they were handed over."""
    kept = _along(layer, shapes[0], layer.axis)
    weights = per_channel(["mean", "variance"], kept, extra=1) if layer.input_mean is None else NO_PARAMETERS
    for n in kept:
        known(n, "A size that is normalised along")
    return _stays(shapes[0], "Subtracts a mean and divides by a spread that were taken from data.", weights)


# -- the numbers stay, their order changes ------------------------------------------------------------------------


def flatten(_layer: Layer, shapes: Shapes) -> RuleResult:
    """All sizes multiplied."""
    batch, *inner = shapes[0]
    numbers = [n for n in inner if n is not None]
    if len(numbers) < len(inner):
        return RuleResult((batch, None), f"{times(inner)} = ?", f"All numbers of {size(shapes[0])} in one row.")
    total = math.prod(numbers)
    formula = f"{product(numbers)} = {total}" if len(numbers) > 1 else str(total)
    return RuleResult((batch, total), formula, f"All numbers of {size(shapes[0])} in one row: {formula}.")


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


def permute(layer: Layer, shapes: Shapes) -> RuleResult:
    """The axes change places. ``dims`` counts from 1, the batch axis left out."""
    _check_rank(layer, shapes[0], len(layer.dims))
    shape = (shapes[0][0], *(shapes[0][place] for place in layer.dims))
    return RuleResult(shape, f"axes {', '.join(map(str, layer.dims))}", f"The axes change places: {size(shape)}.")


def repeat_vector(layer: Layer, shapes: Shapes) -> RuleResult:
    """``(features)`` becomes ``(n, features)``."""
    _check_rank(layer, shapes[0], 1)
    batch, features = shapes[0]
    sentence = f"The same row of {times([features])} numbers {layer.n} times."
    return RuleResult((batch, layer.n, features), f"{layer.n} copies", sentence)


def resized(layer: Layer, shapes: Shapes) -> RuleResult:
    """``Resizing`` and ``CenterCrop``: height and width are what the layer says, whatever comes in."""
    if len(shapes[0]) != 4:
        raise NoRule(f"{kind_of(layer)} has a rule for (height, width, channels) only.")
    batch, *inner = shapes[0]
    channels = inner[-1] if channels_last(layer) else inner[0]
    made = (layer.height, layer.width)
    shape = (batch, *made, channels) if channels_last(layer) else (batch, channels, *made)
    return RuleResult(shape, f"→ {times(made)}", f"Whatever the size, {times(made)} comes out.")


# -- weights on the last axis -------------------------------------------------------------------------------------


def dense(layer: Layer, shapes: Shapes) -> RuleResult:
    """``units`` in place of the last size."""
    *before, inputs = shapes[0]
    if not before:
        raise ShapeError(
            "Dense needs at least one size for each example; there is none. Put a Flatten or Reshape before."
        )
    weights = of_dense(layer, known(inputs, "The number of inputs of Dense"))
    shape = (*before, layer.units)
    where = "" if len(before) == 1 else f" on the last axis only, at each of the {times(before[1:])} places"
    units = "Its one unit" if layer.units == 1 else f"Each of the {layer.units} units"
    sentence = f"{units} weighs all {inputs} inputs{where}."
    return RuleResult(shape, f"units = {layer.units}", sentence, parameters=weights, passes=True)


# -- joins --------------------------------------------------------------------------------------------------------


def cell_by_cell(layer: Layer, arguments: Arguments) -> RuleResult:
    """``Add``, ``Multiply``, …: equal sizes, or 1, which is stretched (NumPy's broadcasting)."""
    shapes = arguments.several
    _check_several(layer, shapes)
    if kind_of(layer) == "Subtract" and len(shapes) != 2:
        raise ShapeError(f"Subtract takes 2 inputs; it got {len(shapes)}.")
    batches = {shape[0] for shape in shapes if shape[0] is not None}
    if len(batches) > 1:
        raise ShapeError(f"The inputs have different batch sizes: {sorted(batches)}.")
    inner = shapes[0][1:]
    for shape in shapes[1:]:
        inner = broadcast(kind_of(layer), inner, shape[1:], unknown_wins=True)
    return _joined(kind_of(layer), (batches.pop() if batches else None, *inner), shapes)


def operation_cell_by_cell(layer: Layer, shapes: Shapes) -> RuleResult:
    """``x + y`` and the like between tensors: the batch axis takes part, and a known size beats an unknown one."""
    whole: Shape = shapes[0]
    for shape in shapes[1:]:
        whole = broadcast(type(layer).__name__, whole, shape, unknown_wins=False)
    return _joined(type(layer).__name__, whole, tuple(shape for shape in shapes if len(shape) > 1))


def concatenate(layer: Layer, shapes: Shapes) -> RuleResult:
    """Sizes along ``axis`` add up; all others must be equal."""
    _check_several(layer, shapes)
    rank = len(shapes[0])
    if any(len(shape) != rank for shape in shapes):
        raise ShapeError(f"Concatenate needs inputs with the same number of axes; they are {sizes(shapes)}.")
    if not -rank <= layer.axis < rank:
        raise ShapeError(f"axis={layer.axis} does not exist: each input has {rank} axes, the batch axis included.")
    axis = layer.axis % rank
    for place in range(rank):
        found = {shape[place] for shape in shapes} - {None}
        if place != axis and len(found) > 1:
            raise ShapeError(
                f"Concatenate joins along axis {axis}, so all other sizes must be equal; on axis {place} they are "
                f"{listed([times([shape[place]]) for shape in shapes])}. Crop or pad one of the inputs."
            )
    parts = [shape[axis] for shape in shapes]
    numbers = [n for n in parts if n is not None]
    total = sum(numbers) if len(numbers) == len(parts) else None
    formula = f"{' + '.join(times([n]) for n in parts)} = {times([total])}"
    shape = (*shapes[0][:axis], total, *shapes[0][axis + 1 :])
    where = "the last axis" if axis == rank - 1 else f"axis {axis}"
    sentence = f"Puts its {count(len(shapes), 'input')} side by side along {where}: {formula}."
    return RuleResult(shape, formula, sentence, passes=axis == rank - 1)


def _joined(kind: str, shape: Shape, shapes: Shapes) -> RuleResult:
    verb = _VERBS.get(kind, f"Takes the {kind.lower()} of")
    if len(set(shapes)) == 1:
        others = f"all are {size(shape)}, so the size stays" if len(shapes) > 1 else "the size stays"
        return RuleResult(shape, "size stays", f"{verb} its inputs cell by cell: {others}.", passes=True)
    stretched = f"sizes of 1 are stretched until all are {size(shape)}"
    sentence = f"{verb} its inputs cell by cell; {stretched}."
    return RuleResult(shape, " with ".join(map(size, shapes)), sentence, passes=True)


_VERBS = {"Add": "Adds up", "Subtract": "Subtracts", "Multiply": "Multiplies", "Divide": "Divides"}


def broadcast(kind: str, first: Shape, second: Shape, unknown_wins: bool) -> Shape:
    """Line the shapes up at their ends; equal sizes stay, 1 gives way. Raises ShapeError otherwise.

    Args:
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
        elif a == b or b == 1:
            joined.append(a)
        elif a == 1:
            joined.append(b)
        else:
            raise ShapeError(
                f"{kind} works cell by cell, so sizes must be equal (or 1); {times(first)} and {times(second)} "
                f"differ: {a} against {b}. Crop, pad or resize one of the inputs."
            )
    return tuple(joined)


# -- small helpers ------------------------------------------------------------------------------------------------


def _stays(shape: Shape, sentence: str, parameters: Parameters = NO_PARAMETERS) -> RuleResult:
    return RuleResult(shape, "size stays", sentence, parameters=parameters, passes=True)


def _check_rank(layer: Layer, shape: Shape, needed: int) -> None:
    if len(shape) - 1 != needed:
        raise ShapeError(
            f"{kind_of(layer)} needs {count(needed, 'number')} for each example; {size(shape)} has {len(shape) - 1}."
        )


def _check_several(layer: Layer, shapes: Shapes) -> None:
    if not shapes:
        raise ShapeError(f"{kind_of(layer)} joins several inputs, as a list; here only one reaches it.")


def _along(layer: Layer, shape: Shape, axis: int | Sequence[int]) -> tuple[int | None, ...]:
    """The sizes on the axes that a layer names, the batch axis counted."""
    axes = [axis] if isinstance(axis, int) else list(axis)
    for place in axes:
        if not -len(shape) <= place < len(shape):
            raise ShapeError(
                f"{kind_of(layer)} works along axis {place}, but {size(shape)} has axes 1 to {len(shape) - 1} only."
            )
    return tuple(shape[place] for place in axes)
