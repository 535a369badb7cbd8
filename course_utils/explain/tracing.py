"""Follow tensors through a model: for every call the rule by hand, Keras's answer and the facts, together in a ``Row``.

The two ways never mix: a rule sees the sizes that came out *by hand* before, and Keras sees its own. Only behind a row
that has no answer by hand do both go on from Keras's size, and the row there says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from course_utils.axes import Axis, Crop, NoRule, ShapeError
from course_utils.explain.calls import Call
from course_utils.explain.expressions import Maps, axes_at, constants
from course_utils.explain.facts import Carried, facts_behind
from course_utils.explain.keras_side import KerasSide, Tensor, symbolic
from course_utils.explain.rows import Facts, KerasAnswer, LayerCall, Row
from course_utils.explain.rules.core import UNKNOWN, RuleResult, apply_rule, is_operation, rule_of_call, unwrapped
from course_utils.explain.shapes import places_of_maps, sizes_of
from course_utils.explain.wording import Shape, sizes
from course_utils.keras_layers import Layer, axes_of, channels_last, has_axes, plain_message
from course_utils.size_formulas import ComposedSize

_NOT_REACHED = "Not reached: nothing comes out of the layer before it."


@dataclass(frozen=True)
class TracedTensor:
    """What lies between two layers.

    Attributes:
        shape: its size by hand, with the batch axis.
        tensor: what Keras has there.
        carried: what it brings along from the rows before.
        row: the number of the row that it comes out of; None for what goes into the model.
        from_keras: whether ``shape`` had to be taken from Keras.
    """

    shape: Shape
    tensor: Tensor
    carried: Carried
    row: int | None = None
    from_keras: bool = False


class Tracer:
    """Visits calls (see ``calls.walk``) and collects a ``Row`` for each. A tensor that cannot be had is None.

    Args:
        channels_last: where the channels stand in what goes in.
    """

    def __init__(self, channels_last: bool = True) -> None:
        self.rows: list[Row] = []
        self._channels_last = channels_last
        self._given: Shape = ()
        self._keras = KerasSide()
        self._first_row: dict[int, int] = {}

    def start(self, shapes: Sequence[Shape], tensors: Sequence[Tensor] | None = None) -> list[TracedTensor | None]:
        """The tensors that go into the model."""
        given = {sizes_of(shape, self._channels_last) for shape in shapes if len(shape) > 2}
        self._given = next(iter(given)) if len(given) == 1 else ()
        n = (ComposedSize(),) * len(self._given)
        found = [
            tensor if tuple(tensor.shape) == shape else symbolic(shape)
            for shape, tensor in zip(shapes, tensors or map(symbolic, shapes), strict=True)
        ]
        return [
            TracedTensor(shape, tensor, Carried.at_the_start(shape, self._maps(shape, n), number))
            for number, (shape, tensor) in enumerate(zip(shapes, found, strict=True))
        ]

    def _maps(self, shape: Shape, n: tuple[ComposedSize, ...]) -> Maps:
        """The maps of an input: n on each of their axes; an input without maps is the same for every n."""
        places = places_of_maps(len(shape) - 1, self._channels_last)
        return Maps(places, n or None) if places else constants(shape, self._channels_last)

    def visit(self, call: Call, inputs: Sequence[TracedTensor | None]) -> list[TracedTensor | None]:
        """Explain one call, and hand on what comes out of it."""
        reaching = [tensor for tensor in inputs if tensor is not None]
        number = len(self.rows)
        first = self._first_row.setdefault(id(call.layer), number)
        called = LayerCall(call.name, call.layer, reached=False, shared_with=None if first == number else first)
        if len(reaching) < len(inputs):
            self.rows.append(Row(called, KerasAnswer(), RuleResult(None, sentence=_NOT_REACHED, parameters=UNKNOWN)))
            return [None] * call.outputs
        try:
            keras, tensors = self._keras.answer(call, [tensor.tensor for tensor in reaching])
        except Exception as error:  # not a refusal, but nothing comes out all the same
            keras, tensors = KerasAnswer(refusal=plain_message(error)), ()
        seen = call.without_masks(reaching)
        shapes, maps = tuple(tensor.shape for tensor in seen), seen[0].carried.maps.places if seen else ()
        rule = self._rule(call, keras, reaching)
        along = axes_at(rule.places, rule.maps or maps)
        if rule.joined is not None:
            rule = replace(rule, passes=rule.joined - 1 not in maps)
        elif along is not None and {*along} == {Crop(0, 0)}:
            rule, along = replace(rule, passes=True), ()
        called = replace(
            called,
            input_shapes=shapes,
            sources=tuple(tensor.row for tensor in seen),
            axes=_axes(call.layer) or along or (),
            reached=True,
            from_keras=any(tensor.from_keras for tensor in seen),
            channels_last=self._maps_last(call.layer, maps),
        )
        try:
            facts, carried = facts_behind(Row(called, keras, rule), [tensor.carried for tensor in seen], self._given)
        except Exception as error:
            facts, carried = Facts(field_lost=_failed(error)), Carried()
        self.rows.append(Row(called, keras, rule, facts))
        if not tensors:
            return [None] * call.outputs
        by_hand = rule.shapes
        from_keras = len(by_hand) != len(tensors)  # no answer by hand, or another number of maps
        made = [tuple(tensor.shape) for tensor in tensors] if from_keras else by_hand
        return [
            TracedTensor(shape, tensor, carried if shape == made[0] else carried.of_another, number, from_keras)
            for shape, tensor in zip(made, tensors, strict=True)
        ]

    def _maps_last(self, layer: Layer, maps: Sequence[int]) -> bool:
        """Whether the channels come last where a layer says so, or else its maps, or else the whole model."""
        if hasattr(unwrapped(layer), "data_format"):
            return channels_last(unwrapped(layer))
        return maps[0] != 1 if maps else self._channels_last

    def _rule(self, call: Call, keras: KerasAnswer, reaching: list[TracedTensor]) -> RuleResult:
        """What the rule says by hand; a refusal or the lack of a rule is a result too."""
        try:
            found = rule_of_call(call, [tensor.shape for tensor in reaching])
            self._check_weights_fit(call, found, [tensor.shape for tensor in reaching])
        except NoRule as missing:
            says = f" Keras says {sizes(keras.shapes)}, and the rows below go on from that." * (keras.refusal is None)
            return RuleResult(None, sentence=f"{missing}{says}", parameters=UNKNOWN, exists=False)
        except ShapeError as refusal:
            return RuleResult(None, sentence=str(refusal), parameters=UNKNOWN, refusal=str(refusal))
        except Exception as error:  # the rows behind this one are worth having all the same
            return RuleResult(None, sentence=_failed(error), parameters=UNKNOWN, exists=False)
        return found

    def _check_weights_fit(self, call: Call, found: RuleResult, reaching: Sequence[Shape]) -> None:
        """A layer makes its weights once; called again on other channels it does not fit. Raises ShapeError then."""
        before, met, first = None, _built_for(call.layer), self._first_row[id(call.layer)]
        if first < len(self.rows):
            before, met = self.rows[first].parameters, self.rows[first].input_shapes[0]
        elif call.node is None and met is not None:
            before = apply_rule(call.layer, (met,)).parameters.number
        if before is not None and met is not None and before != found.parameters.number:
            raise ShapeError(
                f"{call.layer.name} has been used before, on {sizes([met])}, and its {before} weights are made; "
                f"{sizes(reaching)} would need {found.parameters.number}. Bring what it was made for, or use a new "
                "layer here."
            )


def _failed(error: Exception) -> str:
    return f"The rule by hand failed, which is a fault of this course: {type(error).__name__}: {error}."


def _axes(layer: Layer) -> tuple[Axis, ...]:
    """The axes of a layer that has any that can be read."""
    try:
        return axes_of(unwrapped(layer)) if has_axes(unwrapped(layer)) else ()
    except Exception:  # the rule says why
        return ()


def _built_for(layer: Layer) -> Shape | None:
    """The input that a built layer was built for, if it has weights and one input."""
    if is_operation(layer) or not layer.built or not layer.weights:
        return None
    shape = (layer.get_build_config() or {}).get("input_shape")
    return tuple(shape) if shape and not isinstance(shape[0], list | tuple) else None
