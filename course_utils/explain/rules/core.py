"""What a rule is asked with, what it says, and which rule belongs to which kind of layer.

Each module of this package enters its own rules with ``@rule`` or ``@call_rule``; ``apply_rule`` finds and asks them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Number
from typing import Any

import numpy as np

from course_utils.axes import Axis, NoRule, ShapeError
from course_utils.explain.calls import Call, one_by_one
from course_utils.explain.wording import Shape, count, sizes
from course_utils.keras_layers import Layer, has_axes, kind_of, load_keras

#: Ghost cells (before, after), per spatial axis.
Pads = tuple[tuple[int, int], ...]
Shapes = tuple[Shape, ...]

#: A note for the few places where ``compute_output_shape`` and the call of the same layer go apart.
FORETOLD_WRONGLY = "Keras foretells another size when a model is built; the layer that runs makes the one by hand."


@dataclass(frozen=True)
class Count:
    """A whole number, and where it comes from.

    Attributes:
        number: None where it is not known or there is no rule.
        formula: with the numbers in it: ``(3·3·16 + 1)·8 = 1160``. Empty where there is nothing to count.
        sentence: what the numbers in the formula are.
    """

    number: int | None = 0
    formula: str = ""
    sentence: str = ""


NONE = Count()
UNKNOWN = Count(None)


def worked_out(formula: str, sentence: str = "") -> Count:
    """The number that a formula says, so that the two cannot go apart.

    >>> worked_out("(3·3·16 + 1)·8").formula
    '(3·3·16 + 1)·8 = 1160'
    """
    number = eval(formula.replace("·", "*"))  # written in this package: whole numbers, ·, + and brackets
    return Count(number, f"{formula} = {number}", sentence)


def known(number: int | None, what: str) -> int:
    """A number that must be known, because weights are made from it. Raises ShapeError if it is None."""
    if number is None:
        raise ShapeError(f"{what} is not known (None), so no weights can be made. Write it into the input shape.")
    return number


@dataclass(frozen=True)
class Place:
    """Where one number of the shape that comes out comes from.

    Attributes:
        source: which number of the shape that goes in, the batch counted; None for a new one.
        axis: what it goes through on its way; None if it stays as it is.
        size: of a new one.
        whole: what must divide the number that goes in.
    """

    source: int | None = None
    axis: Axis | None = None
    size: int | None = 1
    whole: int = 1

    def of(self, shape: Shape) -> int | None:
        """The number that comes out. Raises ShapeError where nothing does."""
        if self.source is None:
            return self.size
        n = shape[self.source]
        if self.axis is None or (n is None and self.axis.size_formula().a):
            return n
        return self.axis.size_formula().e if n is None else self.axis.output_size(n)


@dataclass(frozen=True)
class RuleResult:
    """What a rule says by hand about one call of a layer.

    Attributes:
        shape: what comes out, with the batch axis; None where the rule refuses or there is none.
        formula: the rule with the numbers in it.
        sentence: the same for someone who has never seen the rule.
        parameters: the weights.
        notes: what nobody warns about.
        further: what comes out beside it, where several maps do: the states of a recurrent layer, the parts of a split.
        passes: every output cell stands where an input cell stood: whatever the sizes of the maps, they stay.
        joined: the axis along which maps are put side by side, the batch axis counted.
        places: where each number of the shape comes from, the batch included, if each comes from one alone.
        maps: where height, width … stand among the numbers that go in (the batch left out), if the rule knows it.
        pads: None for a layer that has no axes, and where a size is not known.
        unread: per spatial axis, how many input cells reach no output cell.
        refusal: why nothing can come out.
        exists: whether there is a rule for this kind of layer.
    """

    shape: Shape | None
    formula: str = ""
    sentence: str = ""
    parameters: Count = NONE
    notes: tuple[str, ...] = ()
    further: Shapes = ()
    passes: bool = False
    joined: int | None = None
    places: tuple[Place, ...] = ()
    maps: tuple[int, ...] = ()
    pads: Pads | None = None
    unread: tuple[int, ...] = ()
    refusal: str | None = None
    exists: bool = True

    @property
    def shapes(self) -> Shapes:
        """All that comes out; empty where nothing does."""
        return () if self.shape is None else (self.shape, *self.further)


@dataclass(frozen=True)
class Arguments:
    """What a call was given, with shapes in place of the tensors: for rules that must know which input is which.

    Attributes:
        positional: in their order; a list of tensors is a list of shapes.
        named: by name.
    """

    positional: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)

    def get(self, name: str, place: int | None = None) -> Any:
        """The argument of this name, which may also stand at this place; None where it was left out."""
        return self.named.get(name) if place is None or place >= len(self.positional) else self.positional[place]

    def shape_of(self, name: str, place: int) -> Shape:
        """The shape of an argument that may be a map, or numbers or arrays that are no map."""
        value = self.get(name, place)
        if isinstance(value, tuple) and all(n is None or isinstance(n, int) for n in value):
            return value
        return tuple(getattr(value, "shape", np.shape(value)))

    @property
    def several(self) -> Shapes:
        """The shapes of a list of inputs, which may be a list of one; empty where the layer got a tensor alone."""
        first = self.get("inputs", 0)
        listed = isinstance(first, list | tuple) and all(isinstance(one, tuple) for one in first)
        return tuple(first) if listed else ()


#: Layer (or operation) and the shapes that reach it → what comes out.
Rule = Callable[[Layer, Shapes], RuleResult]
#: The same for a call that must be known in full: which of several inputs is the key, and whether scores are wanted.
CallRule = Callable[[Layer, Arguments], RuleResult]

_RULES: dict[str, Rule] = {}
_CALL_RULES: dict[str, CallRule] = {}
#: Layers that take several maps as a list, and whose rules need not know how they are called.
_SEVERAL = ("InputLayer", "Identity", "Dot", "HashedCrossing", "CustomScaleLayer", "Functional", "Sequential")


def rule(*kinds: str) -> Callable[[Rule], Rule]:
    """Enter a rule for some kinds of layers; an operation between tensors is ``ops.Add``."""

    def enter(function: Rule) -> Rule:
        _RULES.update(dict.fromkeys(kinds, function))
        return function

    return enter


def call_rule(*kinds: str) -> Callable[[CallRule], CallRule]:
    """Enter a rule that must know all that a layer is called with."""

    def enter(function: CallRule) -> CallRule:
        _CALL_RULES.update(dict.fromkeys(kinds, function))
        return function

    return enter


def apply_rule(layer: Layer, shapes: Shapes, arguments: Arguments | None = None) -> RuleResult:
    """What comes out of a layer or operation by hand.

    Args:
        layer: what is called.
        shapes: what reaches it, with the batch axis.
        arguments: what it is called with, if that is known beyond the shapes.

    Raises:
        NoRule: for any that is not entered, and for every class that does not ship with Keras, whatever its name.
        ShapeError: where nothing comes out, or a list of maps reaches a layer that reads one.
    """
    kind = kind_shown(layer)
    if getattr(layer, "lora_enabled", False) or getattr(layer, "quantization_mode", None):
        raise NoRule(f"There is no rule by hand for the weights of {kind} with LoRA or quantised.")
    key = kind if is_operation(layer) else kind_of(layer)
    if key in _CALL_RULES:
        return _CALL_RULES[key](layer, arguments or Arguments((list(shapes),)))
    found = _RULES.get("axes" if has_axes(layer) else key)
    if found is None:
        raise NoRule(f"There is no rule by hand for {kind}.")
    pictures = arguments.positional[0] if arguments and arguments.positional else None
    if isinstance(pictures, dict):
        return _with_pictures(found(layer, (pictures.get("images", shapes[0]),)), kind, shapes)
    if arguments is not None and len(arguments.several) > 1 and key not in _SEVERAL and not is_operation(layer):
        raise ShapeError(
            f"{kind} takes one input; {count(len(arguments.several), 'map')} reach it as a list, "
            f"{sizes(arguments.several)}. Hand on one of them."
        )
    return found(layer, shapes)


def rule_of_call(call: Call, shapes: Sequence[Shape]) -> RuleResult:
    """What comes out of a call by hand: the rule is told all that Keras wrote down of it.

    Args:
        call: the layer and Keras's record of its call.
        shapes: of all that reaches it, masks included.

    Raises:
        NoRule, ShapeError: as ``apply_rule``.
    """
    return apply_rule(call.layer, tuple(call.without_masks(shapes)) + _constants(call), _arguments(call, shapes))


def _arguments(call: Call, shapes: Sequence[Shape]) -> Arguments:
    """What the call was given. In a chain nothing is written down: what comes out of one layer goes into the next."""
    if call.node is None or not call.node.input_tensors:
        return Arguments(tuple(shapes) if len(shapes) == 1 or one_by_one(call.layer, shapes) else (list(shapes),))
    in_place = {id(tensor): shape for tensor, shape in zip(call.node.input_tensors, shapes, strict=True)}
    positional, named = call.node.arguments.fill_in(in_place)
    return Arguments(tuple(positional), named)


def _constants(call: Call) -> Shapes:
    """The shapes of the numbers and arrays that an operation takes beside its maps, as in ``x + 1``."""
    if call.node is None or not is_operation(call.layer):
        return ()
    tensors = {id(tensor) for tensor in call.node.input_tensors}
    flatten = load_keras().tree.flatten
    others: list[Any] = [
        argument for argument in call.node.arguments.args if not any(id(part) in tensors for part in flatten(argument))
    ]
    return tuple(
        tuple(getattr(other, "shape", ())) for other in others if hasattr(other, "shape") or isinstance(other, Number)
    )


def _with_pictures(found: RuleResult, kind: str, shapes: Shapes) -> RuleResult:
    """A dict of pictures and what belongs to them (boxes, masks, labels), of a layer that keeps all sizes."""
    if not found.passes:
        raise NoRule(f"There is no rule by hand for {kind} with more than pictures.")
    said = f"{found.sentence} So do those of all that comes with the pictures."
    return replace(found, shape=shapes[0], sentence=said, further=shapes[1:])


def is_operation(layer: Layer) -> bool:
    """Whether this is an operation between tensors and not a layer."""
    return type(layer).__module__.startswith("keras.src.ops.")


def unwrapped(layer: Layer) -> Layer:
    """The layer whose axes a map goes through: SpectralNormalization changes weights only."""
    return layer.layer if kind_of(layer) == "SpectralNormalization" else layer


def kind_shown(layer: Layer) -> str:
    """The class name, with ``ops.`` in front of an operation."""
    return f"ops.{type(layer).__name__}" if is_operation(layer) else type(layer).__name__
