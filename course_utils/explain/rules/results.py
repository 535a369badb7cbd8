"""What a rule hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from course_utils.explain.rules.parameters import NO_PARAMETERS, Parameters
from course_utils.explain.wording import Shape

#: Ghost cells (before, after), per spatial axis.
Pads = tuple[tuple[int, int], ...]

#: A note for the few places where ``compute_output_shape`` and the call of the same layer go apart.
FORETOLD_WRONGLY = "Keras foretells another size when a model is built; the layer that runs makes the one by hand."


@dataclass(frozen=True)
class RuleResult:
    """What a rule says by hand about one call of a layer.

    Attributes:
        shape: what comes out, with the batch axis.
        further: what comes out beside it, where several maps do: the states of a recurrent layer, the parts of a split.
        formula: the rule with the numbers in it.
        sentence: the same for someone who has never seen the rule.
        pads: None for a layer that has no axes, and where a size is not known.
        unread: per spatial axis, how many input cells reach no output cell.
        parameters: the weights.
        notes: what nobody warns about.
        passes: every output cell stands where an input cell stood: whatever the sizes of the maps, they stay.
    """

    shape: Shape
    formula: str
    sentence: str
    pads: Pads | None = None
    unread: tuple[int, ...] = ()
    parameters: Parameters = NO_PARAMETERS
    notes: tuple[str, ...] = ()
    further: tuple[Shape, ...] = ()
    passes: bool = False


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
        if place is not None and place < len(self.positional):
            return self.positional[place]
        return self.named.get(name)

    @property
    def several(self) -> tuple[Shape, ...]:
        """The shapes of a list of inputs, which may be a list of one; empty where the layer got a tensor alone."""
        first = self.get("inputs", 0)
        if isinstance(first, list | tuple) and all(isinstance(one, tuple) for one in first):
            return tuple(first)
        return ()
