"""What a rule hands back."""

from __future__ import annotations

from dataclasses import dataclass

from course_utils.explain.parameters import NO_PARAMETERS, Parameters
from course_utils.explain.wording import Shape

#: Ghost cells (before, after), per spatial axis.
Pads = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Answer:
    """What a rule says by hand about one call of a layer.

    Attributes:
        shape: what comes out, with the batch axis.
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
    passes: bool = False
