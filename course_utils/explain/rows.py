"""``Row``: one call of one layer, by hand and by Keras. Plain data; knows no table that shows it."""

from __future__ import annotations

from dataclasses import dataclass, field

from course_utils.axes import Axis
from course_utils.explain.facts import NO_FACTS, Facts
from course_utils.explain.rules.results import Pads
from course_utils.explain.wording import Shape
from course_utils.keras_layers import Layer


@dataclass(frozen=True)
class Row:
    """One call of one layer: by hand, and by Keras.

    Shapes hold the batch axis, which is None unless the model fixes it.

    Attributes:
        layer: the name of the layer; in a nested model ``model/layer``.
        kind: its class; ``ops.Add`` for an operation between tensors that is not a layer.
        input_shapes: what reaches it, by hand; several for a join, none where nothing reaches it.
        output_shape: what comes out **by hand**; None where the hand refuses or has no rule.
        further_shapes: what comes out beside it by hand, where several maps do: states, parts of a split.
        keras_shapes: what Keras says comes out; empty where Keras refuses.
        sources: the numbers of the rows that the inputs come from, one for each input; None for what goes in.
        axes: one axis for each spatial dimension; empty for a layer without axes.
        channels_last: where the channels stand in its shapes.
        real: the layer itself, as it was handed over.
        formula: the rule with the numbers in it, per axis where height and width differ.
        sentence: the same in one plain sentence.
        pads: ghost cells (before, after) per spatial axis; None for a layer without axes.
        unread: per spatial axis, how many input cells reach no output cell.
        parameters: weights by hand; None where there is no answer by hand.
        parameters_formula: for example ``(3·3·16 + 1)·8 = 1160``; empty where there are none.
        parameters_sentence: what the numbers in it are.
        keras_parameters: weights counted by Keras; None where Keras refuses.
        notes: what nobody warns about, one sentence each.
        passes: every output cell stands where an input cell stood: the sizes of the maps stay, whatever they are.
        for_any_n: the sizes of the maps that come out as an expression in the n that went into the model, whatever it
            was: ``8·⌈n / 8⌉ − 4``; empty where there is none.
        has_rule: whether there is a rule by hand for this kind of layer.
        reached: False behind a layer that Keras refused: there is nothing to work with.
        input_from_keras: the input is Keras's size, because the row that it comes from has no answer by hand.
        shared_with: the number of the row (from 0) where the same layer was called first, or None.
        refusal_by_hand: why nothing can come out, by hand.
        refusal_keras: Keras's own words.
        facts: receptive field, multiply-adds and bytes; see ``Facts``.
    """

    layer: str
    kind: str
    input_shapes: tuple[Shape, ...] = ()
    output_shape: Shape | None = None
    further_shapes: tuple[Shape, ...] = ()
    keras_shapes: tuple[Shape, ...] = ()
    sources: tuple[int | None, ...] = ()
    axes: tuple[Axis, ...] = ()
    channels_last: bool = True
    real: Layer = field(default=None, compare=False, repr=False)
    formula: str = ""
    sentence: str = ""
    pads: Pads | None = None
    unread: tuple[int, ...] = ()
    parameters: int | None = None
    parameters_formula: str = ""
    parameters_sentence: str = ""
    keras_parameters: int | None = None
    notes: tuple[str, ...] = ()
    passes: bool = False
    for_any_n: str = ""
    has_rule: bool = True
    reached: bool = True
    input_from_keras: bool = False
    shared_with: int | None = None
    refusal_by_hand: str | None = None
    refusal_keras: str | None = None
    facts: Facts = NO_FACTS

    @property
    def input_shape(self) -> Shape | tuple[Shape, ...]:
        """The shape that reaches the layer; of a join, all of them."""
        return self.input_shapes[0] if len(self.input_shapes) == 1 else self.input_shapes

    @property
    def keras_shape(self) -> Shape | tuple[Shape, ...] | None:
        """What Keras says comes out; all of them if there are several, None if Keras refuses."""
        if not self.keras_shapes:
            return None
        return self.keras_shapes[0] if len(self.keras_shapes) == 1 else self.keras_shapes

    @property
    def refused(self) -> bool:
        """Whether by hand or by Keras nothing comes out of this layer."""
        return self.refusal_by_hand is not None or self.refusal_keras is not None

    @property
    def agrees(self) -> bool | None:
        """Same shape and same number of parameters, or both refuse. None where there is nothing to compare."""
        return None if not self.has_rule or not self.reached else not self.differences

    @property
    def differences(self) -> tuple[str, ...]:
        """Every disagreement, with both numbers."""
        if not self.has_rule or not self.reached:
            return ()
        if self.refused:
            return self._refused_by_one()
        found = []
        if self.keras_shapes != (self.output_shape, *self.further_shapes):
            by_hand = (self.output_shape, *self.further_shapes) if self.further_shapes else self.output_shape
            found.append(f"size: by hand {by_hand}, Keras {self.keras_shape}")
        if self.parameters != self.keras_parameters:
            found.append(f"parameters: by hand {self.parameters}, Keras {self.keras_parameters}")
        return tuple(found)

    def _refused_by_one(self) -> tuple[str, ...]:
        if self.refusal_keras is None:
            return (f"size: by hand nothing comes out, Keras says {self.keras_shape}",)
        if self.refusal_by_hand is None:
            return (f"size: by hand {self.output_shape}, Keras refuses",)
        return ()
