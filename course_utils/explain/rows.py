"""Plain data: a ``Row`` is one call of one layer, by hand and by Keras; an ``ExplainedModel`` is all of them.

Knows no table that shows it.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, overload

from course_utils.axes import Axis
from course_utils.explain.rules.core import UNKNOWN, Count, RuleResult, Shapes, kind_shown
from course_utils.explain.wording import Shape, per_axis
from course_utils.fields import ReceptiveField
from course_utils.keras_layers import Layer
from course_utils.size_formulas import ComposedSize


@dataclass(frozen=True)
class LayerCall:
    """Which layer is called, and on what. Shapes hold the batch axis, which is None unless the model fixes it.

    Attributes:
        name: of the layer; in a nested model ``model/layer``.
        layer: the layer itself, as it was handed over.
        input_shapes: what reaches it, by hand; several for a join, none where nothing reaches it.
        sources: the numbers of the rows that the inputs come from, one for each input; None for what goes in.
        axes: one axis for each spatial dimension; empty for a layer without axes.
        reached: False behind a layer that Keras refused: there is nothing to work with.
        from_keras: the input is Keras's size, because the row that it comes from has no answer by hand.
        shared_with: the number of the row (from 0) where the same layer was called first, or None.
        channels_last: where the channels stand in its shapes.
    """

    name: str
    layer: Layer
    input_shapes: Shapes = ()
    sources: tuple[int | None, ...] = ()
    axes: tuple[Axis, ...] = ()
    reached: bool = True
    from_keras: bool = False
    shared_with: int | None = None
    channels_last: bool = True

    @property
    def kind(self) -> str:
        """The class of the layer; ``ops.Add`` for an operation between tensors that is not a layer."""
        return kind_shown(self.layer)


@dataclass(frozen=True)
class KerasAnswer:
    """What Keras says of a call.

    Attributes:
        shapes: what comes out; empty where Keras refuses.
        parameters: weights counted by Keras; None where Keras refuses.
        refusal: Keras's own words.
        asked: False where Keras could not be asked; ``refusal`` then says why.
    """

    shapes: Shapes = ()
    parameters: int | None = None
    refusal: str | None = None
    asked: bool = True


@dataclass(frozen=True)
class Facts:
    """What a row knows beyond size and parameters. What does not apply, or depends on an unknown size, is left out.

    Attributes:
        sizes: per spatial axis, the size that comes out as an expression in the n that went into the model.
        effective_size: ``k_eff`` per spatial axis, for windows and transposed convolutions.
        fields: the receptive field up to here per spatial axis, in cells of what goes into the model.
        field_lost: why there is no receptive field from this row on; empty if it was lost before, or never applied.
        macs: multiply-adds for one example: one multiplication and one addition for each weight that is used. Only
            convolutions and Dense are counted; ghost cells count like any other, as is usual. 0 for layers that have no
            such sums, None for layers that may have them and have no rule here.
        output_bytes: what comes out for one example, in the layer's own number type.
        number_type: ``float32``, …
    """

    sizes: tuple[ComposedSize, ...] = ()
    effective_size: tuple[int, ...] = ()
    fields: tuple[ReceptiveField, ...] = ()
    field_lost: str = ""
    macs: Count = UNKNOWN
    output_bytes: Count = UNKNOWN
    number_type: str = ""

    @property
    def for_any_n(self) -> str:
        """The sizes in one line: ``8·⌈n / 8⌉ − 4``; empty where there is no expression."""
        return per_axis([str(size) for size in self.sizes]) if self.sizes else ""


def _part(path: str) -> Any:
    """Something of a part of the row, under a name of its own."""
    return property(operator.attrgetter(path))


@dataclass(frozen=True)
class Row:
    """One call of one layer: by hand, and by Keras.

    What is asked for most often can be had from the row itself: ``row.layer`` is ``row.call.name``, ``row.formula`` is
    ``row.rule.formula``.

    Attributes:
        call: the layer, and what reaches it.
        keras: what Keras says.
        rule: what the rule says by hand.
        facts: receptive field, multiply-adds, bytes.
    """

    call: LayerCall
    keras: KerasAnswer
    rule: RuleResult
    facts: Facts = Facts()

    layer = _part("call.name")
    kind = _part("call.kind")
    axes = _part("call.axes")
    sources = _part("call.sources")
    reached = _part("call.reached")
    input_shapes = _part("call.input_shapes")
    keras_shapes = _part("keras.shapes")
    refusal_keras = _part("keras.refusal")
    output_shape = _part("rule.shape")
    formula = _part("rule.formula")
    sentence = _part("rule.sentence")
    notes = _part("rule.notes")
    parameters = _part("rule.parameters.number")
    refusal_by_hand = _part("rule.refusal")
    has_rule = _part("rule.exists")
    for_any_n = _part("facts.for_any_n")

    @property
    def input_shape(self) -> Shape | Shapes:
        """The shape that reaches the layer; of a join, all of them."""
        shapes = self.call.input_shapes
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def keras_shape(self) -> Shape | Shapes | None:
        """What Keras says comes out; all of them if there are several, None if Keras refuses."""
        shapes = self.keras.shapes
        return shapes[0] if len(shapes) == 1 else shapes or None

    @property
    def refused(self) -> bool:
        """Whether by hand or by Keras nothing comes out of this layer."""
        return self.rule.refusal is not None or (self.keras.refusal is not None and self.keras.asked)

    @property
    def agrees(self) -> bool | None:
        """Same shape and same number of parameters, or both refuse. None where there is nothing to compare."""
        return not self.differences if self.rule.exists and self.call.reached else None

    @property
    def differences(self) -> tuple[str, ...]:
        """Every disagreement, with both numbers."""
        keras, rule = self.keras, self.rule
        if not rule.exists or not self.call.reached or None not in (rule.refusal, keras.refusal):
            return ()
        if rule.refusal is not None:
            return (f"size: by hand nothing comes out, Keras says {self.keras_shape}",)
        if keras.refusal is not None:
            return (f"size: by hand {rule.shape}, Keras refuses",)
        found = []
        if keras.shapes != rule.shapes:
            by_hand = rule.shapes if rule.further else rule.shape
            found.append(f"size: by hand {by_hand}, Keras {self.keras_shape}")
        if rule.parameters.number != keras.parameters:
            found.append(f"parameters: by hand {rule.parameters.number}, Keras {keras.parameters}")
        return tuple(found)


@dataclass(frozen=True)
class Repair:
    """One way to the size that was wanted. The whole repaired model was built, called and compared before.

    Attributes:
        what: what it does, in one line.
        code: makes ``repaired`` out of ``model``, or out of ``make`` where there is no model yet.
    """

    what: str
    code: str


class TriedSize(NamedTuple):
    """An input for which the whole model was built again, and what came out. Shapes without the batch axis.

    Attributes:
        input_shape: what goes in.
        output_shape: what comes out; of a model with several outputs, all of them.
    """

    input_shape: Shape
    output_shape: Shape | Shapes


@dataclass(frozen=True)
class Cause:
    """Where a size went wrong.

    Attributes:
        step: the row that rounded, lost or added cells.
        axis: along which axis: 0 for the height of a picture, 1 for its width.
    """

    step: Row
    axis: int


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with the size that comes out, if anything.

    Attributes:
        target: what should come out, with the batch axis.
        hits: whether it does.
        findings: by how much it misses, since which layer, and why; one sentence each.
        repairs: what helps, the smallest change first.
        sizes: inputs near the given one that fit.
        cause: the first layer that is to blame.
    """

    target: Shape
    hits: bool
    findings: tuple[str, ...]
    repairs: tuple[Repair, ...] = ()
    sizes: tuple[TriedSize, ...] = ()
    cause: Cause | None = None

    def __str__(self) -> str:
        lines = [*self.findings]
        for number, repair in enumerate(self.repairs, start=1):
            lines += [f"Repair {number}: {repair.what}", *(f"    {line}" for line in repair.code.splitlines())]
        return "\n".join(lines)


@dataclass(frozen=True, repr=False)
class ExplainedModel:
    """All rows of a model, in the order in which its layers are called. Behaves like a sequence of them.

    Attributes:
        name: of the model or layer, for the heading.
        rows: one for each call; a layer that is called twice has two.
        diagnosis: why the size that was wanted does not come out, and what would repair it; None where nothing is
            wrong or nothing was wanted.
        brief: whether it is shown with sizes and rules only.
    """

    name: str
    rows: tuple[Row, ...]
    diagnosis: Diagnosis | None = None
    brief: bool = False

    @property
    def agrees(self) -> bool:
        """Every row that has a rule agrees with Keras, and there is at least one.

        Rows without a rule and rows that were not reached count neither way: look at ``without_rule`` and
        ``refused_at`` for them.
        """
        verdicts = [row.agrees for row in self.rows if row.agrees is not None]
        return bool(verdicts) and all(verdicts)

    @property
    def steps(self) -> tuple[Row, ...]:
        """The rows, by the name that the lessons and a learner's own cells use."""
        return self.rows

    @property
    def without_rule(self) -> tuple[Row, ...]:
        """The rows that nothing by hand can be said about."""
        return tuple(row for row in self.rows if not row.has_rule)

    @property
    def refused_at(self) -> Row | None:
        """The first row where nothing comes out, or None if the model can be built."""
        return next((row for row in self.rows if row.refused), None)

    @property
    def parameters(self) -> int | None:
        """All parameters by hand, a shared layer counted once; None if a row has no answer by hand."""
        return _sum([row.parameters for row in self.rows if row.call.shared_with is None])

    @property
    def keras_parameters(self) -> int | None:
        """All parameters by Keras, a shared layer counted once; None if Keras refuses a row."""
        return _sum([row.keras.parameters for row in self.rows if row.call.shared_with is None])

    @property
    def macs(self) -> int | None:
        """All multiply-adds for one example, each call counted; None if a row is not counted or a size is not known."""
        return _sum([row.facts.macs.number for row in self.rows])

    @property
    def output_bytes(self) -> int | None:
        """What comes out of all rows together for one example; None if a size is not known."""
        return _sum([row.facts.output_bytes.number for row in self.rows])

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        return self.rows[index]


def _sum(numbers: list[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None
