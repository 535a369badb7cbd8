"""How far each row sees: the receptive field (see ``fields``), followed through the whole model.

Every place of a shape has a field of its own, the channels too, so that it does not matter where the channels stand.
Where several maps meet, theirs are united. Where a row mixes cells in a way that has no rule here, the field is lost,
with the reason on that row; it is never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from course_utils.axes import NoRule, ShapeError
from course_utils.explain.rows import Row
from course_utils.explain.wording import capital
from course_utils.fields import ONE_CELL, WHOLE_MAP, ReceptiveField, field_behind, union

_CELL_BY_CELL = {
    *("Identity", "Masking", "ActivityRegularization", "ReLU", "LeakyReLU", "ELU", "PReLU"),
    *("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "StochasticDepth"),
    *("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
    *("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast"),  # in training only
    *("BatchNormalization", "Normalization", "Rescaling", "LayerScale", "CustomScaleLayer"),
    *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"),
    *("ops.Add", "ops.Subtract", "ops.Multiply", "ops.Divide", "ops.Maximum", "ops.Minimum"),
    *("ops.Relu", "ops.Relu6", "ops.LeakyRelu", "ops.Elu", "ops.Sigmoid", "ops.HardSigmoid", "ops.HardSwish"),
    *("ops.Silu", "ops.HardSilu", "ops.Gelu", "ops.Tanh", "ops.Softplus"),
}


@dataclass(frozen=True)
class Reach:
    """The receptive field behind one row.

    Attributes:
        fields: one for each number of the shape behind the batch axis; None where the field was lost.
        spatial: which of these are height, width …; empty before the first layer that has axes.
        origin: which input of the model they are counted in.
        lost: why the field is lost here.
    """

    fields: tuple[ReceptiveField, ...] | None
    spatial: tuple[int, ...] = ()
    origin: object = None
    lost: str = ""

    @property
    def shown(self) -> tuple[ReceptiveField, ...]:
        """The fields along height, width …"""
        return () if self.fields is None else tuple(self.fields[place] for place in self.spatial)


_NOTHING = Reach(None)


def follow_fields(steps: Sequence[Row]) -> list[Reach]:
    """The reach of every row."""
    found: list[Reach] = []
    for row, step in enumerate(steps):
        reaching = [
            Reach((ONE_CELL,) * (len(shape) - 1), origin=(row, number)) if source is None else found[source]
            for number, (source, shape) in enumerate(zip(step.sources, step.input_shapes, strict=True))
        ]
        found.append(_behind(step, reaching))
    return found


def _behind(step: Row, reaching: list[Reach]) -> Reach:
    """What a row makes of what reaches it."""
    if step.refused or not reaching or any(reach.fields is None for reach in reaching):
        return _NOTHING
    try:
        return _through(step, reaching)
    except (NoRule, ShapeError) as missing:
        return replace(_NOTHING, lost=capital(str(missing)))


def _through(step: Row, reaching: list[Reach]) -> Reach:
    if step.output_shape is None:
        raise NoRule(f"there is no rule for {step.kind}.")
    if step.axes:
        return _through_axes(step, reaching[0])
    if step.kind == "InputLayer":
        return reaching[0]
    if step.kind in _CELL_BY_CELL:
        return _met(step, reaching)
    if step.kind in _OTHERS:
        return _OTHERS[step.kind](step, _met(step, reaching))
    if step.kind == "Permute":
        return _permuted(step, reaching[0])
    if step.kind == "Concatenate":
        return _side_by_side(step, reaching)
    return _laid_out_anew(step, reaching)


def _through_axes(step: Row, reach: Reach) -> Reach:
    fields, shape = list(reach.fields or ()), step.input_shapes[0][1:]
    spatial = tuple(range(len(step.axes))) if step.channels_last else tuple(range(1, len(step.axes) + 1))
    for place, axis in zip(spatial, step.axes, strict=True):
        fields[place] = field_behind(fields[place], axis, shape[place])
    if hasattr(step.real, "kernel_size"):
        fields[len(step.axes) if step.channels_last else 0] = WHOLE_MAP  # its filters read all channels
    if len(step.output_shape or ()) - 1 < len(fields):  # global pooling that keeps no map
        return Reach((WHOLE_MAP,) * (len(step.output_shape or ()) - 1), (), reach.origin)
    return Reach(tuple(fields), spatial, reach.origin)


def _met(step: Row, reaching: list[Reach]) -> Reach:
    """Cell by cell: at each place the union. A map of one cell that is stretched is seen by every cell."""
    rank = len(step.output_shape or ()) - 1
    spatial = next((reach.spatial for reach in reaching if reach.spatial and len(reach.fields or ()) == rank), ())
    if len({reach.origin for reach in reaching}) > 1:
        raise NoRule("the maps that meet come from different inputs of the model.")
    return Reach(
        tuple(_met_at(place, step, reaching, place in spatial) for place in range(rank)), spatial, reaching[0].origin
    )


def _met_at(place: int, step: Row, reaching: list[Reach], matters: bool) -> ReceptiveField:
    rank, out = len(step.output_shape or ()) - 1, (step.output_shape or ())[1 + place]
    fields = []
    for reach, shape in zip(reaching, step.input_shapes, strict=True):
        own = place - (rank - (len(shape) - 1))
        field = (reach.fields or ())[own] if own >= 0 else WHOLE_MAP
        stretched = own < 0 or (shape[1 + own] == 1 and out != 1)
        if stretched and not field.whole and matters:
            raise NoRule("a map of one cell is stretched over all cells.")
        fields.append(WHOLE_MAP if stretched else field)
    try:
        return union(fields)
    except NoRule:
        if matters:
            raise
        return WHOLE_MAP  # channels: nobody asks for more


def _seen_whole(reach: Reach, axes: Sequence[int]) -> Reach:
    """The same, where every cell sees all others along some axes (the batch axis counted)."""
    fields = list(reach.fields or ())
    for axis in axes:
        fields[axis - 1 if axis > 0 else axis] = WHOLE_MAP
    return replace(reach, fields=tuple(fields))


def _axes_of(step: Row) -> list[int]:
    axis = getattr(step.real, "axis", -1)
    return [axis] if isinstance(axis, int) else list(axis)


def _activated(step: Row, reach: Reach) -> Reach:
    softmax = getattr(getattr(step.real, "activation", None), "__name__", "") in ("softmax", "log_softmax", "sparsemax")
    return _seen_whole(reach, [-1]) if softmax else reach


#: Layers that keep the size and mix cells along some axes.
_OTHERS: dict[str, Callable[[Row, Reach], Reach]] = {
    "Activation": _activated,
    "Dense": lambda _, reach: _seen_whole(reach, [-1]),
    **dict.fromkeys(
        ("Softmax", "LayerNormalization", "RMSNormalization", "UnitNormalization"),
        lambda step, reach: _seen_whole(reach, _axes_of(step)),
    ),
    "GroupNormalization": lambda _, reach: _seen_whole(reach, range(1, len(reach.fields or ()) + 1)),
}


def _permuted(step: Row, reach: Reach) -> Reach:
    old = [dim - 1 for dim in step.real.dims]
    fields = tuple((reach.fields or ())[place] for place in old)
    return Reach(fields, tuple(old.index(place) for place in reach.spatial), reach.origin)


def _side_by_side(step: Row, reaching: list[Reach]) -> Reach:
    rank = len(step.output_shape or ()) - 1
    place = step.real.axis % (rank + 1) - 1
    if any(place in reach.spatial and not (reach.fields or ())[place].whole for reach in reaching):
        raise NoRule("maps are put side by side along one of their axes.")
    alone = [_seen_whole(reach, [place + 1]) if place >= 0 else reach for reach in reaching]
    return _met(step, alone)


def _laid_out_anew(step: Row, reaching: list[Reach]) -> Reach:
    """Flatten, Reshape and all others: only what sees everything already goes on seeing everything."""
    whole = all(field.whole for reach in reaching for field in reach.fields or ())
    if whole and step.kind in ("Flatten", "Reshape", "ops.Reshape", "RepeatVector"):
        return Reach((WHOLE_MAP,) * (len(step.output_shape or ()) - 1), (), reaching[0].origin)
    raise NoRule(f"it is not followed through {step.kind}.")
