"""What a row knows beyond size and parameters: how far it sees, how much it computes, how much it hands on."""

from __future__ import annotations

from dataclasses import dataclass

from course_utils.fields import ReceptiveField


@dataclass(frozen=True)
class Facts:
    """Deeper facts of one row. What does not apply, or depends on a size that is not known, is None or empty.

    Attributes:
        effective_size: ``k_eff`` per spatial axis, for windows and transposed convolutions.
        fields: the receptive field up to here per spatial axis, in cells of what goes into the model.
        field_lost: why there is no receptive field from this row on; empty if it was lost before, or never applied.
        macs: multiply-adds for one example: one multiplication and one addition for each weight that is used. Only
            convolutions and Dense are counted; ghost cells count like any other, as is usual. 0 for layers that have no
            such sums, None for layers that may have them and have no rule here.
        macs_formula: the same with the numbers in it: ``28·28·3·3·16·8 = 903168``.
        output_bytes: what comes out for one example, in the layer's own number type.
        bytes_formula: ``28·28·8·4 = 25088``.
        number_type: ``float32``, …
    """

    effective_size: tuple[int, ...] = ()
    fields: tuple[ReceptiveField, ...] = ()
    field_lost: str = ""
    macs: int | None = None
    macs_formula: str = ""
    output_bytes: int | None = None
    bytes_formula: str = ""
    number_type: str = ""


NO_FACTS = Facts()
