"""Follow the sizes through a model: for every call the rule by hand, Keras's answer, and both in a ``Row``.

The two ways never mix: a rule sees the sizes that came out *by hand* before, and Keras sees its own. Only behind a row
that has no answer by hand do both go on from Keras's size, and the row there says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course_utils.axes import Axis, NoRule, ShapeError
from course_utils.explain.calls import Call, is_input
from course_utils.explain.keras_side import LayerCopies, Tensor
from course_utils.explain.rows import Row
from course_utils.explain.rules.lookup import is_operation, kind_shown, rule_for
from course_utils.explain.rules.results import Arguments, RuleResult
from course_utils.explain.wording import Shape, sizes
from course_utils.keras_layers import KerasRefusal, Layer, axes_of, channels_last, has_axes, load_keras

_NOT_REACHED = "Not reached: nothing comes out of the layer before it."


@dataclass(frozen=True)
class TracedTensor:
    """What lies between two layers.

    Attributes:
        shape: its size by hand, with the batch axis.
        tensor: what Keras has there.
        row: the number of the row that it comes out of; None for what goes into the model.
        from_keras: whether ``shape`` had to be taken from Keras.
    """

    shape: Shape
    tensor: Tensor
    row: int | None = None
    from_keras: bool = False


class Tracer:
    """Visits calls (see ``walk``) and collects a ``Row`` for each. A map that cannot be had is None."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._real = LayerCopies()
        self._first_row: dict[int, int] = {}

    def visit(self, call: Call, maps: Sequence[TracedTensor | None]) -> list[TracedTensor | None]:
        """Explain one call, and hand on what comes out of it."""
        reaching = [map_ for map_ in maps if map_ is not None]
        if len(reaching) < len(maps):
            self._add(call, Row(call.name, kind_shown(call.layer), reached=False, sentence=_NOT_REACHED))
            return [None] * call.outputs
        shapes = tuple(map_.shape for map_ in reaching)
        step = Row(
            call.name,
            kind_shown(call.layer),
            shapes,
            sources=tuple(map_.row for map_ in reaching),
            axes=_axes(call.layer),
            channels_last=channels_last(call.layer),
            real=call.layer,
            input_from_keras=any(map_.from_keras for map_ in reaching),
        )
        step, tensors = self._ask_keras(step, call, reaching)
        step = self._ask_rule(step, call, shapes)
        self._add(call, step)
        if not tensors:
            return [None] * call.outputs
        row = len(self.rows) - 1
        by_hand = () if step.output_shape is None else (step.output_shape, *step.further_shapes)
        if len(by_hand) != len(tensors):  # no answer by hand, or another number of maps
            return [TracedTensor(tuple(tensor.shape), tensor, row, from_keras=True) for tensor in tensors]
        return [TracedTensor(shape, tensor, row) for shape, tensor in zip(by_hand, tensors, strict=True)]

    def _add(self, call: Call, step: Row) -> None:
        """Keep a step, and remember where a layer was called first."""
        first = self._first_row.setdefault(id(call.layer), len(self.rows))
        self.rows.append(step if first == len(self.rows) else replace(step, shared_with=first))

    def _ask_keras(self, step: Row, call: Call, maps: list[TracedTensor]) -> tuple[Row, tuple[Tensor, ...]]:
        try:
            tensors = self._tensors(call, maps)
            parameters = self._real.parameters(call.layer)
        except KerasRefusal as refusal:
            return replace(step, refusal_keras=str(refusal)), ()
        keras_shapes = tuple(tuple(tensor.shape) for tensor in tensors)
        return replace(step, keras_shapes=keras_shapes, keras_parameters=parameters), tensors

    def _tensors(self, call: Call, maps: list[TracedTensor]) -> tuple[Tensor, ...]:
        """What comes out by Keras: from its record, if that was made for these sizes, or by asking."""
        reaching = [map_.tensor for map_ in maps]
        if is_input(call.layer):
            return tuple(reaching)
        if call.node is not None:
            recorded = [tensor.shape for tensor in call.node.input_tensors]
            if recorded == [tensor.shape for tensor in reaching]:
                return tuple(call.node.output_tensors)
        return self._real.call(call.layer, reaching, call.node)

    def _ask_rule(self, step: Row, call: Call, shapes: tuple[Shape, ...]) -> Row:
        try:
            answer = rule_for(call.layer, _arguments(call, shapes))(call.layer, shapes + _constants(call))
            self._check_weights_fit(call, answer)
        except NoRule as missing:
            return replace(step, has_rule=False, sentence=_without_rule(str(missing), step))
        except ShapeError as refusal:
            return replace(step, refusal_by_hand=str(refusal), sentence=str(refusal))
        return replace(
            step,
            output_shape=answer.shape,
            further_shapes=answer.further,
            formula=answer.formula,
            sentence=answer.sentence,
            pads=answer.pads,
            unread=answer.unread,
            parameters=answer.parameters.number,
            parameters_formula=answer.parameters.formula,
            parameters_sentence=answer.parameters.sentence,
            notes=answer.notes,
            passes=answer.passes,
        )

    def _check_weights_fit(self, call: Call, answer: RuleResult) -> None:
        """A layer makes its weights once; called again on other channels it does not fit. Raises ShapeError then."""
        before = self._weights_already_made(call)
        if before is not None and before != answer.parameters.number:
            raise ShapeError(
                f"{call.layer.name} has been used before and its {before} weights are made; this input would need "
                f"{answer.parameters.number}. Use a new layer here, or bring the same number of channels."
            )

    def _weights_already_made(self, call: Call) -> int | None:
        """The weights by hand for the input that the layer met first, in this model or before it."""
        if id(call.layer) in self._first_row:
            return self.rows[self._first_row[id(call.layer)]].parameters
        met = _built_for(call.layer) if call.node is None else None
        return None if met is None else rule_for(call.layer)(call.layer, (met,)).parameters.number


def _axes(layer: Layer) -> tuple[Axis, ...]:
    """The axes of a layer that has any that can be read."""
    try:
        return axes_of(layer) if has_axes(layer) else ()
    except ShapeError:
        return ()


def _built_for(layer: Layer) -> Shape | None:
    """The input that a built layer was built for, if it has weights and one input."""
    if not layer.built or not layer.weights:
        return None
    shape = (layer.get_build_config() or {}).get("input_shape")
    return tuple(shape) if shape and not isinstance(shape[0], list | tuple) else None


def _without_rule(missing: str, step: Row) -> str:
    if step.refusal_keras is not None:
        return missing
    return f"{missing} Keras says {sizes(step.keras_shapes)}, and the rows below go on from that."


def _arguments(call: Call, shapes: tuple[Shape, ...]) -> Arguments:
    """What the call was given. In a chain nothing is written down: what comes out of one layer goes into the next."""
    if call.node is None or not call.node.input_tensors:
        return Arguments(shapes if len(shapes) == 1 else (list(shapes),))
    in_place = {id(tensor): shape for tensor, shape in zip(call.node.input_tensors, shapes, strict=True)}
    positional, named = call.node.arguments.fill_in(in_place)
    return Arguments(tuple(positional), named)


def _constants(call: Call) -> tuple[Shape, ...]:
    """The shapes of the numbers and arrays that an operation takes beside its maps, as in ``x + 1``."""
    if call.node is None or not is_operation(call.layer):
        return ()
    tensors = {id(tensor) for tensor in call.node.input_tensors}
    flatten = load_keras().tree.flatten
    others: list[Any] = [
        argument for argument in call.node.arguments.args if not any(id(part) in tensors for part in flatten(argument))
    ]
    return tuple(tuple(getattr(other, "shape", np.shape(other))) for other in others)
