"""What each row knows beyond size and parameters, carried from row to row: how far it sees, what it costs.

The receptive field (see ``course_utils.fields``): every place of a shape has a field of its own, the channels too, so
that it does not matter where the channels stand. Where several maps meet, theirs are united. Where a row mixes cells in
a way that has no rule here, the field is lost, with the reason on that row; it is never guessed.

Multiply-adds: each output number of a convolution is a sum over the cells of its window and the channels that its
filter sees, with one multiplication and one addition for each term (He & Sun, "Convolutional Neural Networks at
Constrained Time Cost", 2015, equation 1). Ghost cells are counted like any other, as that count does. A transposed
convolution is counted from its input: every input number is multiplied by every weight of its kernel.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from course_utils.axes import NoRule, Resized, ShapeError, TransposedWindow, Window
from course_utils.explain.expressions import UNFOLLOWED, Maps, maps_behind
from course_utils.explain.rows import Facts, Row
from course_utils.explain.rules.core import NONE, UNKNOWN, Count, Place, worked_out
from course_utils.explain.shapes import channels_of, sizes_of
from course_utils.explain.wording import Shape, capital, product
from course_utils.fields import ONE_CELL, WHOLE_MAP, ReceptiveField, field_behind, union
from course_utils.keras_layers import activation_name, kind_of, load_keras

#: Layers and operations that look at one cell at a time.
CELL_BY_CELL = {
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
    """The receptive field of a tensor.

    Attributes:
        fields: one for each number of the shape behind the batch axis; None where the field was lost.
        spatial: which of these are height, width …; empty before the first layer that has axes.
        origin: which input of the model they are counted in.
        lost: why the field is lost here.
    """

    fields: tuple[ReceptiveField, ...] | None = None
    spatial: tuple[int, ...] = ()
    origin: object = None
    lost: str = ""

    def at(self, place: int) -> ReceptiveField:
        """The field along one number of the shape."""
        return (self.fields or ())[place]

    def seeing_whole(self, axes: Sequence[int]) -> Reach:
        """The same, where every cell sees all others along some axes (the batch axis counted)."""
        fields = list(self.fields or ())
        for axis in axes:
            fields[axis - 1 if axis > 0 else axis] = WHOLE_MAP
        return replace(self, fields=tuple(fields))


def reach_behind(row: Row, reaching: Sequence[Reach], maps: Sequence[int] = ()) -> Reach:
    """What a row makes of what reaches it; ``maps``: where the axes of the maps stand in what reaches it."""
    if row.refused or not reaching or any(reach.fields is None for reach in reaching):
        return Reach()
    try:
        return _through(row, reaching, tuple(maps))
    except (NoRule, ShapeError) as missing:
        return Reach(lost=capital(str(missing)))


def _through(row: Row, reaching: Sequence[Reach], maps: tuple[int, ...]) -> Reach:
    kind = row.kind
    if row.output_shape is None:
        raise NoRule(f"there is no rule for {kind}.")
    if row.rule.places:
        return _through_places(row, reaching[0], row.rule.maps or reaching[0].spatial or (maps if row.axes else ()))
    if kind == "InputLayer":
        return reaching[0]
    if kind in CELL_BY_CELL:
        return _met(row, reaching)
    if kind in _MIXING:
        return _met(row, reaching).seeing_whole(_MIXING[kind](row))
    if row.rule.joined is not None:
        return _side_by_side(row, reaching)
    # Flatten, Reshape and all others: only what sees everything already goes on seeing everything.
    whole = all(field.whole for reach in reaching for field in reach.fields or ())
    if whole and kind in ("Flatten", "Reshape", "ops.Reshape", "RepeatVector"):
        return Reach((WHOLE_MAP,) * (len(row.output_shape) - 1), (), reaching[0].origin)
    raise NoRule(f"it is not followed through {kind}.")


def _through_places(row: Row, reach: Reach, spatial: Sequence[int]) -> Reach:
    """Each number of the shape from one alone. What is new sees all that it is made of."""
    places: tuple[Place, ...] = row.rule.places
    kept = [number - 1 for number, place in enumerate(places) if (place.source or 0) - 1 in spatial]
    if places[0] != Place(0) or (kept and len(kept) < len(spatial)):
        raise NoRule(f"it is not followed through {row.kind}.")
    if spatial and not kept:
        return Reach((WHOLE_MAP,) * (len(places) - 1), (), reach.origin)
    fields = []
    for place in places[1:]:
        field = WHOLE_MAP if not place.source else reach.at(place.source - 1)
        if place.source and place.axis is not None and not field.whole:
            matters, resized = place.source - 1 in spatial, isinstance(place.axis, Resized)
            if matters and resized:
                raise NoRule(f"it is not followed through {row.kind}.")
            n = row.input_shapes[0][place.source]
            field = WHOLE_MAP if resized else field_behind(field, place.axis, n)
        fields.append(field)
    order = [(places[number + 1].source or 0) - 1 for number in kept]
    return Reach(tuple(fields), tuple(kept[order.index(place)] for place in spatial), reach.origin)


def _met(row: Row, reaching: Sequence[Reach]) -> Reach:
    """Cell by cell: at each place the union. A map of one cell that is stretched is seen by every cell."""
    rank = len(row.output_shape) - 1
    spatial = next((reach.spatial for reach in reaching if reach.spatial and len(reach.fields or ()) == rank), ())
    if len({reach.origin for reach in reaching}) > 1:
        raise NoRule("the maps that meet come from different inputs of the model.")
    fields = tuple(_met_at(place, row, reaching, place in spatial) for place in range(rank))
    return Reach(fields, spatial, reaching[0].origin)


def _met_at(place: int, row: Row, reaching: Sequence[Reach], matters: bool) -> ReceptiveField:
    rank, out = len(row.output_shape) - 1, row.output_shape[1 + place]
    fields = []
    for reach, shape in zip(reaching, row.input_shapes, strict=True):
        own = place - (rank - (len(shape) - 1))
        stretched = own < 0 or (shape[1 + own] == 1 and out != 1)
        if matters and own >= 0 and stretched and not reach.at(own).whole:
            raise NoRule("a map of one cell is stretched over all cells.")
        fields.append(WHOLE_MAP if stretched else reach.at(own))
    try:
        return union(fields)
    except NoRule:
        if matters:
            raise
        return WHOLE_MAP  # channels: nobody asks for more


def _side_by_side(row: Row, reaching: Sequence[Reach]) -> Reach:
    place = (row.rule.joined or 0) - 1
    if any(place in reach.spatial and not reach.at(place).whole for reach in reaching):
        raise NoRule("maps are put side by side along one of their axes.")
    return _met(row, [reach.seeing_whole([place + 1]) if place >= 0 else reach for reach in reaching])


def _own_axes(row: Row) -> Sequence[int]:
    axis = getattr(row.call.layer, "axis", -1)
    return [axis] if isinstance(axis, int) else list(axis)


def _softmax(row: Row) -> Sequence[int]:
    given = row.call.layer.activation
    name = kind_of(given) if isinstance(given, load_keras().layers.Layer) else activation_name(given)
    if given is not None and "." in name:  # it may mix whatever it likes
        raise NoRule("it is not followed through a function of one's own.")
    return [-1] if name in ("softmax", "log_softmax", "sparsemax", "Softmax") else []


#: Layers that keep the size and mix cells: along which axes.
_MIXING: dict[str, Callable[[Row], Sequence[int]]] = {
    "Activation": _softmax,
    "Dense": lambda _: [-1],
    **dict.fromkeys(("Softmax", "LayerNormalization", "RMSNormalization", "UnitNormalization"), _own_axes),
    "GroupNormalization": lambda row: range(1, len(row.output_shape)),
}


#: Layers that hold no sums over weights. A layer that is in no list is not counted, rather than counted as 0.
_NO_SUMS = CELL_BY_CELL | {
    *("InputLayer", "Activation", "Softmax", "LayerNormalization", "RMSNormalization", "GroupNormalization"),
    *("UnitNormalization", "Resizing", "CenterCrop", "Flatten", "Reshape", "Permute", "RepeatVector", "Embedding"),
    *("Concatenate", "ops.GetItem", "ops.Reshape", "ops.Concatenate", "ops.ExpandDims", "ops.Split", "ops.Squeeze"),
    *("ops.Stack", "ops.Transpose", "ops.Swapaxes", "ops.Moveaxis", "ops.Pad", "ops.Tile", "ops.Repeat", "ops.Roll"),
    *("ops.Flip", "ops.Take", "ops.Slice", "ops.DepthToSpace", "ops.SpaceToDepth", "ops.ExtractPatches"),
    *("ops.Resize", "ops.MaxPool", "ops.AveragePool", "ops.NotEqual"),
}
_NO_SUMS_LIKE = re.compile(r"(Global)?(Max|Average)Pooling\dD|(Up|Zero|Crop)(Sampling|Padding|ping)\dD")


@dataclass(frozen=True)
class Carried:
    """What a tensor brings along from the rows before it.

    Attributes:
        maps: where its maps stand in its shape, and their sizes as expressions in the n that went into the model.
        reach: how far it sees.
        number_type: ``float32``, …
    """

    maps: Maps = UNFOLLOWED
    reach: Reach = Reach()
    number_type: str = "float32"

    @classmethod
    def at_the_start(cls, shape: Shape, maps: Maps, origin: object) -> Carried:
        """What goes into the model."""
        return cls(maps, Reach((ONE_CELL,) * (len(shape) - 1), origin=origin))

    @property
    def of_another(self) -> Carried:
        """Of a second map of another shape that comes out of the same row: nothing is known of it."""
        return Carried(number_type=self.number_type)


def facts_behind(row: Row, reaching: Sequence[Carried], given: Shape) -> tuple[Facts, Carried]:
    """The facts of a row, and what it hands on.

    Args:
        row: without its facts.
        reaching: what its inputs bring along.
        given: the sizes that went into the model.
    """
    maps = maps_behind(row, [carried.maps for carried in reaching], given)
    reach = reach_behind(row, [carried.reach for carried in reaching], reaching[0].maps.places if reaching else ())
    number_type = _number_type(row, reaching)
    number = _output_bytes(row, number_type)
    gone = row.axes and not reach.spatial and reach.fields is not None
    facts = Facts(
        (maps.sizes or ()) if len(given) == len(maps.places) else (),
        tuple(axis.effective_size for axis in row.axes if isinstance(axis, Window | TransposedWindow)),
        (WHOLE_MAP,) * len(row.axes) if gone else tuple(map(reach.at, reach.spatial)),
        reach.lost,
        _multiply_adds(row),
        number,
        "" if number.number is None else number_type,
    )
    return facts, Carried(maps, reach, number_type)


def _number_type(row: Row, reaching: Sequence[Carried]) -> str:
    """In which type of number a row computes. An operation that is no layer has none of its own and keeps the last."""
    own = getattr(row.call.layer, "dtype" if row.kind == "InputLayer" else "compute_dtype", None)
    return str(own) if own is not None else reaching[0].number_type if reaching else "float32"


def _multiply_adds(row: Row) -> Count:
    """How many multiply-adds a row takes for one example; unknown where a size is or the layer has no rule."""
    if row.output_shape is None or not row.input_shapes:
        return UNKNOWN
    if row.kind in _NO_SUMS or _NO_SUMS_LIKE.fullmatch(row.kind):
        return NONE
    return _added(_terms(row))


def _output_bytes(row: Row, number_type: str) -> Count:
    """How many bytes come out for one example; unknown where a size or the number type is."""
    bits = re.search(r"\d+$", number_type)
    return UNKNOWN if bits is None else _added([[*shape[1:], int(bits[0]) // 8] for shape in row.rule.shapes])


def _added(terms: Sequence[Sequence[int | None]]) -> Count:
    """Products, added up; unknown where a number is, or where there are none."""
    known = [[number for number in term if number is not None] for term in terms]
    if not terms or any(None in term for term in terms):
        return UNKNOWN
    return worked_out(" + ".join(map(product, known)))


def _terms(row: Row) -> list[list[int | None]]:
    """What is multiplied and then added up; nothing for a layer that is not counted."""
    layer, last, shape, out = row.call.layer, row.call.channels_last, row.input_shapes[0], row.output_shape
    if row.kind == "Dense":
        return [[*out[1:-1], shape[-1], layer.units]]
    if not (row.axes and hasattr(layer, "kernel_size")):
        return []
    kernel, places = layer.kernel_size, sizes_of(out, last)
    channels, made = channels_of(shape, last), channels_of(out, last)
    if row.kind.startswith("Depthwise"):
        return [[*places, *kernel, channels, layer.depth_multiplier]]
    if row.kind.startswith("Separable"):
        middle = None if channels is None else channels * layer.depth_multiplier
        return [[*places, *kernel, channels, layer.depth_multiplier], [*places, middle, made]]
    if row.kind.endswith("Transpose"):
        return [[*sizes_of(shape, last), *kernel, channels, made]]
    seen = None if channels is None else channels // getattr(layer, "groups", 1)
    return [[*places, *kernel, seen, made]]
