"""Rules of the layers that keep the numbers and lay them out anew.

Sources: ``compute_output_shape`` of each class in ``keras/src/layers/reshaping`` and ``keras/src/layers/pooling``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from course_utils.axes import NoRule, Resized, ShapeError
from course_utils.explain.rules.core import FORETOLD_WRONGLY, Place, RuleResult, Shapes, is_operation, rule
from course_utils.explain.rules.unchanged import check_rank
from course_utils.explain.shapes import places_of_maps, sizes_of
from course_utils.explain.wording import AXIS_NAMES, Shape, product, size, times
from course_utils.keras_layers import Layer, channels_last, kind_of
from course_utils.size_formulas import SizeFormula


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
            open_one = any(n and total % (fixed // n) == 0 for n in target)
            raise ShapeError(
                f"{size(shapes[0])} holds {total} numbers and {times(target)} holds {fixed}: a Reshape cannot add or "
                f"drop any.{' Let one size be −1 to have it worked out.' if open_one else ''}"
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
    places = (Place(0), *map(Place, layer.dims))
    shape = tuple(place.of(shapes[0]) for place in places)
    formula, sentence = f"axes {', '.join(map(str, layer.dims))}", f"The axes change places: {size(shape)}."
    return RuleResult(shape, formula, sentence, places=places)


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
    made = (layer.height, layer.width)
    return _whatever_comes_in(layer, shapes[0], made, f"Whatever the size, {times(made)} comes out.")


_ADAPTIVE = [f"Adaptive{kind}Pooling{d}D" for kind in ("Average", "Max") for d in (1, 2, 3)]


@rule(*_ADAPTIVE, "ops.AdaptiveAveragePool", "ops.AdaptiveMaxPool")
def adaptive_pooling(layer: Layer, shapes: Shapes) -> RuleResult:
    """The size is what the layer says; its windows grow and shrink to fit."""
    made = tuple(layer.output_size)
    check_named(layer, shapes[0], (*AXIS_NAMES[len(made)], "channels"))
    came = times(sizes_of(shapes[0], channels_last(layer)))
    sentence = f"Chooses its windows so that {times(made)} comes out of {came}: not all need be of one size."
    found = _whatever_comes_in(layer, shapes[0], made, sentence)
    # Of the operation on maps with more than one axis, Keras keeps an axis that is pooled away.
    return replace(found, notes=(FORETOLD_WRONGLY,)) if is_operation(layer) and len(made) > 1 else found


def _whatever_comes_in(layer: Layer, shape: Shape, made: Sequence[int], sentence: str) -> RuleResult:
    maps = places_of_maps(len(shape) - 1, channels_last(layer))
    axes = {place + 1: Resized(SizeFormula(0, 0, 1, n)) for place, n in zip(maps, made, strict=True)}
    places = tuple(Place(number, axes.get(number)) for number in range(len(shape)))
    return RuleResult(tuple(p.of(shape) for p in places), f"→ {times(made)}", sentence, places=places)


def check_named(layer: Layer, shape: Shape, names: Sequence[str]) -> None:
    """Raise ShapeError unless there is a number for each of these names."""
    if len(shape) != len(names) + 1:
        raise ShapeError(f"{kind_of(layer)} needs ({', '.join(names)}) for each example; it got {size(shape)}.")
