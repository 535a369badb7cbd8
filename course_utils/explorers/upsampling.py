"""The upsampling explorer: every cell becomes a block, and what pooling has rounded does not come back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_utils.axes import Axis, ShapeError, Upsample, Window
from course_utils.compare import Comparison
from course_utils.data import PICTURES, picture as stored_picture
from course_utils.explorers import layer as one
from course_utils.explorers.base import Explorer, Links
from course_utils.explorers.controls import choice, sizes
from course_utils.explorers.frame import Answer, Arithmetic, Frame, format_difference
from course_utils.explorers.layer import Map, Size, pair
from course_utils.explorers.windows import PADDINGS, windows
from course_utils.keras_layers import LayerCode
from course_utils.pictures.grids import MIDDLE_CELL, Grid
from course_utils.pictures.photos import Photo, photo
from course_utils.pictures.strip import strip
from course_utils.pictures.window import input_grid, output_grid, plain_grid

LARGEST_N, LARGEST_F = 8, 4
#: The sizes of the strip that says which n come back.
STRIP = range(1, 13)
UP, ROUND_TRIP = "up", "down and up"
MODES = {UP: "up", ROUND_TRIP: "down and up again"}
INTERPOLATIONS = {"nearest": "nearest", "bilinear": "bilinear"}
VALUES = {"digits": "digits 0 to 9", "count": "0, 1, 2, … in each row", "ones": "all ones"}
#: The side of the picture: small where it is only enlarged.
PICTURE_SIZES = {UP: 32, ROUND_TRIP: 64}
IMPOSSIBLE = "Impossible, as the formula foretells: the pooling window has no place to stand, and Keras refuses."

#: The cells of a map larger than this are drawn smaller.
_MANY = 16
_DONE = {
    "nearest": ("copied from its input cell", "copied from their input cells"),
    "bilinear": ("blended from its input cells", "blended from their input cells"),
}


def upsampling_frame(
    n: Size,
    f: Size,
    interpolation: str,
    mode: str,
    padding: str,
    values: str,
    show: str = "numbers",
    picture: str = "photo",
) -> Frame:
    """One upsampling layer, or a pooling layer and then an upsampling layer: a pure function of the settings."""
    shown = picture if show == "image" else None
    x = small_values(n, values) if shown is None else stored_picture(shown, PICTURE_SIZES[mode])
    ups = up_axes(f, interpolation)
    if mode == UP:
        return _up_frame(x, ups, f, interpolation, shown)
    return _round_trip_frame(x, windows(f, f, 1, padding), ups, f, interpolation, padding, shown)


def small_values(n: Size, values: str) -> Map:
    """A map of whole numbers, ``n × n`` or ``height × width``."""
    height, width = pair(n)
    if values == "count":
        return np.tile(np.arange(0.0, width), (height, 1))
    return one.input_values(n, values)


def up_axes(f: Size, interpolation: str) -> tuple[Upsample, Upsample]:
    """The axis of the height and the axis of the width."""
    height, width = (Upsample(factor, interpolation) for factor in pair(f))
    return height, width


def up_layer(f: Size, interpolation: str) -> LayerCode:
    """The layer as a person would write it."""
    return LayerCode("UpSampling2D", {"size": pair(f), "interpolation": interpolation})


def down_layer(f: Size, padding: str) -> LayerCode:
    """The pooling layer that makes a map smaller by as much as ``up_layer`` makes it larger."""
    return LayerCode("MaxPooling2D", {"pool_size": pair(f), "padding": padding})


# -- up -----------------------------------------------------------------------------------------------------------


def _up_frame(x: Map, axes: tuple[Upsample, Upsample], f: Size, interpolation: str, shown: str | None) -> Frame:
    layer = up_layer(f, interpolation)
    comparison = one.run(layer, axes, x)
    return Frame(
        grids=() if shown else _up_grids(x, axes, comparison),
        photos=one.photos(x, shown, comparison) if shown else (),
        arithmetic=() if shown else _blends(x, axes, comparison),
        answers=(
            one.formula(layer.kind, axes, x.shape, lambda axis, n: [str(axis.formula(n))]),
            one.by_hand(comparison, *_DONE[interpolation]),
            one.keras(comparison),
        ),
        agrees=comparison.agrees,
        refused=comparison.refused,
        verdict=one.verdict(comparison, IMPOSSIBLE),
        code=one.chain_script({"layer": layer}, x, shown, comparison.refused, comparison.shape_by_hand or ()),
        setting=f'{one.written("n", _side(x))}, {one.written("f", f)}, interpolation="{interpolation}"',
        result=one.result(comparison),
        question=() if shown else (plain_grid(x),),
        remarks=(_about_blends(f, interpolation),),
    )


def _up_grids(x: Map, axes: Sequence[Axis], comparison: Comparison) -> tuple[Grid, ...]:
    if comparison.by_hand is None:
        return (input_grid(x, axes),)
    return input_grid(x, axes), _output(one.map_of(comparison.by_hand))


def _output(values: Map, title: str = "output", marked: NDArray[np.bool_] | None = None) -> Grid:
    grid = output_grid(values, title=title, marked=marked)
    return replace(grid, cell=MIDDLE_CELL) if max(values.shape) > _MANY else grid


def _blends(x: Map, axes: Sequence[Upsample], comparison: Comparison, **more: Any) -> tuple[Arithmetic, ...]:
    """Each cell as the blend it is; nothing where there is no output, or two. ``more``: fields of ``Arithmetic``."""
    if comparison.by_hand is None or comparison.keras is None or not comparison.same_shape:
        return ()
    rows, columns = (_blend(axis, n) for axis, n in zip(axes, x.shape, strict=True))
    copied = axes[0].interpolation == "nearest"
    return (
        Arithmetic(
            rows=rows[0],
            columns=columns[0],
            inputs=one.texts(x),
            ghost="0",
            by_hand=one.decimals(one.map_of(comparison.by_hand)),
            keras=one.decimals(one.map_of(comparison.keras)),
            row_weights=None if copied else rows[1],
            column_weights=None if copied else columns[1],
            **more,
        ),
    )


def _blend(axis: Upsample, n: int) -> tuple[list[list[int]], list[list[str]]]:
    """For each output of an axis, the input cells it is made of, and their weights as text."""
    blends = [axis.blend(i, n) for i in range(axis.output_size(n))]
    return [[j for j, _ in blend] for blend in blends], [[_weight(weight) for _, weight in blend] for blend in blends]


def _weight(weight: Fraction) -> str:
    """A fraction in brackets, so that a product of three stays easy to read."""
    return str(weight) if weight == 1 else f"({weight})"


def _about_blends(f: Size, interpolation: str) -> str:
    height, width = pair(f)
    if height == width == 1:
        return "f = 1 changes nothing."
    if interpolation == "nearest":
        return f"Every cell becomes a block of {height}×{width} equal cells: no new number appears."
    return (
        "Every cell is a blend of the input cells around it: a weight for the row times a weight for the column. All "
        "weights of a cell together are 1; at the rim there is no cell beyond, so the last one counts for both."
    )


# -- down and up again --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RoundTrip:
    """A pooling layer, and an upsampling layer on what came out of it.

    Attributes:
        down: the pooling layer, by hand and by Keras.
        up: the upsampling layer; None where nothing came out of the first.
    """

    down: Comparison
    up: Comparison | None

    @property
    def agrees(self) -> bool:
        """Both layers agree with the computation by hand."""
        return self.down.agrees and (self.up is None or self.up.agrees)

    @property
    def kept(self) -> Map | None:
        """What the pooling layer leaves, or None."""
        return None if self.down.by_hand is None else one.map_of(self.down.by_hand)

    @property
    def back(self) -> Map | None:
        """What comes back, or None."""
        return None if self.up is None or self.up.by_hand is None else one.map_of(self.up.by_hand)


def round_trip(x: Map, f: Size, interpolation: str, padding: str) -> RoundTrip:
    """Run both real layers, the second on what the first one gave."""
    down = one.run(down_layer(f, padding), windows(f, f, 1, padding), x)
    if down.keras is None:
        return RoundTrip(down, None)
    return RoundTrip(down, one.run(up_layer(f, interpolation), up_axes(f, interpolation), one.map_of(down.keras)))


def comes_back_as(n: int, f: int, padding: str) -> int | None:
    """What n becomes on the way down and up; None where pooling leaves nothing."""
    try:
        return Upsample(f).output_size(Window(f, f, 1, padding).output_size(n))
    except ShapeError:
        return None


def _round_trip_frame(
    x: Map,
    downs: tuple[Window, Window],
    ups: tuple[Upsample, Upsample],
    f: Size,
    interpolation: str,
    padding: str,
    shown: str | None,
) -> Frame:
    trip = round_trip(x, f, interpolation, padding)
    layers = {"down": down_layer(f, padding), "up": up_layer(f, interpolation)}
    shape = trip.up.shape_by_hand if trip.up is not None else None
    return Frame(
        grids=() if shown else _round_trip_grids(x, downs, trip),
        photos=_round_trip_photos(x, shown, trip) if shown else (),
        arithmetic=() if shown else _round_trip_arithmetic(x, downs, ups, trip),
        answers=(
            one.formula("MaxPooling2D", downs, x.shape, _there_and_back),
            _by_hand(trip, interpolation),
            _keras(trip),
        ),
        agrees=trip.agrees,
        refused=trip.down.refused,
        verdict=_verdict(trip),
        code=one.chain_script(layers, x, shown, trip.down.refused, shape or ()),
        setting=(
            f"{ROUND_TRIP}, {one.written('n', _side(x))}, {one.written('f', f)}, "
            f'padding="{padding}", interpolation="{interpolation}"'
        ),
        result=one.result(trip.down) if trip.up is None else one.result(trip.up),
        question=() if shown else (plain_grid(x),),
        remarks=tuple(_round_trip_remarks(x, f, padding, trip)),
        extra="" if shown else _strips(x, f, padding),
    )


def _round_trip_grids(x: Map, downs: Sequence[Window], trip: RoundTrip) -> tuple[Grid, ...]:
    # Only the last map is walked: an input cell reaches it by way of the pooled map.
    grids = [replace(input_grid(x, downs, "−∞"), walk="")]
    if trip.kept is not None:
        grids.append(replace(output_grid(trip.kept, "pooled", "pooled"), walk=""))
    if trip.back is not None:
        grids.append(_output(trip.back, "back again", _changed(x, trip)))
    return tuple(grids)


def _changed(x: Map, trip: RoundTrip) -> NDArray[np.bool_] | None:
    """Which cells hold another number than before; None where the size is another."""
    return None if trip.back is None or trip.back.shape != x.shape else np.asarray(trip.back != x)


def _round_trip_photos(x: Map, shown: str, trip: RoundTrip) -> tuple[Photo, ...]:
    photos = [photo(x, "input", "input", PICTURES[shown].capitalize(), secret=False)]
    if trip.down.keras is not None:
        photos.append(photo(one.map_of(trip.down.keras), "pooled", "pooled", "The largest cell of each block"))
    if trip.up is not None and trip.up.keras is not None:
        photos.append(photo(one.map_of(trip.up.keras), "output", "back again", "The pooled picture, enlarged"))
    return tuple(photos)


def _round_trip_arithmetic(
    x: Map, downs: Sequence[Window], ups: Sequence[Upsample], trip: RoundTrip
) -> tuple[Arithmetic, ...]:
    """How each cell of the last map came out of the pooled one and, where it is a copy, out of the input."""
    if trip.up is None or trip.kept is None or trip.down.keras is None or not trip.agrees:
        return ()
    up = _blends(trip.kept, ups, trip.up, source="pooled", label="up")
    if ups[0].interpolation != "nearest":
        return up
    copied = [[taps[0] for taps in axis.all_taps(n)] for axis, n in zip(ups, trip.kept.shape, strict=True)]
    reads = [axis.all_taps(n) for axis, n in zip(downs, x.shape, strict=True)]
    rows, columns = ([taps[i] for i in cells] for taps, cells in zip(reads, copied, strict=True))
    place = np.ix_(*copied)
    down = Arithmetic(
        rows=rows,
        columns=columns,
        inputs=one.texts(x),
        ghost="−∞",
        by_hand=one.texts(trip.kept[place]),
        keras=one.texts(one.map_of(trip.down.keras)[place]),
        how="max",
        label="down",
    )
    return (down, *up)


def _there_and_back(axis: Window, n: int) -> Iterator[str]:
    """The sizes of one axis, and the formulas with the numbers in."""
    up = Upsample(axis.size)
    o = axis.output_size(n)
    yield f"{n} → {o} → {up.output_size(o)}"
    yield f"down (k = s = f): {axis.formula(n)}"
    yield f"up: {up.formula(o)}"


def _by_hand(trip: RoundTrip, interpolation: str) -> Answer:
    if trip.up is None or trip.up.by_hand is None or trip.down.by_hand is None:
        return one.by_hand(trip.down, "", "")
    lines = one.by_hand(trip.down, "is the largest of its window", "are the largest of their windows").lines[1:]
    lines += one.by_hand(trip.up, *_DONE[interpolation]).lines[1:]
    sizes = _chain(trip.down.input_shape, trip.down.shape_by_hand, trip.up.shape_by_hand)
    return Answer("By hand (NumPy)", (sizes, f"down: {lines[0]}", f"up: {lines[1]}"))


def _keras(trip: RoundTrip) -> Answer:
    if trip.up is None or trip.up.keras is None:
        return one.keras(trip.down if trip.up is None else trip.up)
    lines = [_chain(trip.down.input_shape, trip.down.shape_keras, trip.up.shape_keras)]
    gaps = [comparison.largest_difference for comparison in (trip.down, trip.up)]
    if all(gap is not None for gap in gaps):
        largest = max(gap for gap in gaps if gap is not None)
        lines.append(f"both layers below, run just now; largest difference in any value: {format_difference(largest)}")
    return Answer("Keras", tuple(lines))


def _chain(*shapes: tuple[int, ...] | None) -> str:
    return " → ".join(one.size(shape) for shape in shapes)


def _verdict(trip: RoundTrip) -> str:
    if not trip.down.agrees:
        return f"The pooling layer: {trip.down.verdict}"
    if trip.up is None or trip.down.by_hand is None or trip.up.by_hand is None:
        return one.verdict(trip.down, IMPOSSIBLE)
    if not trip.up.agrees:
        return f"The upsampling layer: {trip.up.verdict}"
    return (
        f"Both layers agree with the computation by hand, in shape and in all values: {trip.down.by_hand.size} and "
        f"{trip.up.by_hand.size}."
    )


def _round_trip_remarks(x: Map, f: Size, padding: str, trip: RoundTrip) -> Iterator[str]:
    if trip.back is None or trip.kept is None:
        return
    if max(pair(f)) == 1:
        yield "f = 1 changes nothing."
        return
    came, went = (_side(values) for values in (trip.back, x))
    if came == went:
        yield f"{_by(x)} came back as {_by(trip.back)}. {_which_return(f)}"
    else:
        why = "Pooling rounded up" if padding == "same" else "Pooling threw the rest away"
        yield f"{_by(x)} came back as {_by(trip.back)}. {why}, and multiplying cannot undo that. {_which_return(f)}"
    changed = _changed(x, trip)
    if changed is not None and changed.any():
        marked = "" if x.shape[0] > LARGEST_N else ", marked in the corner"
        yield (
            f"The size is back, the numbers are not: {trip.kept.size} of {x.size} were kept, and "
            f"{int(changed.sum())} cells hold another number than before{marked}."
        )
    elif trip.kept.size < x.size and changed is None:
        yield f"Of the {x.size} numbers, {trip.kept.size} were kept."


def _which_return(f: Size) -> str:
    height, width = ("every n" if factor == 1 else f"only a multiple of {factor}" for factor in pair(f))
    both = f"{height[0].upper()}{height[1:]} comes back"
    return f"{both}." if height == width else f"{both} in height, {width} in width."


def _strips(x: Map, f: Size, padding: str) -> str:
    """Which n come back: once where height and width are alike."""
    sides = list(zip(("Height", "Width"), pair(f), x.shape, strict=True))
    if sides[0][1:] == sides[1][1:]:
        sides = [("", *sides[0][1:])]
    return "".join(
        strip(
            [(n, comes_back_as(n, factor, padding)) for n in STRIP],
            now,
            f"{side}{': w' if side else 'W'}hich n come back, with f = {factor}?",
        )
        for side, factor, now in sides
    )


def _side(x: Map) -> Size:
    """The size of a map: one number if it is square."""
    height, width = x.shape
    return height if height == width else (height, width)


def _by(x: Map) -> str:
    return f"{x.shape[0]}×{x.shape[1]}"


# -- the controls -------------------------------------------------------------------------------------------------


def upsampling_links(settings: Mapping[str, Any]) -> Links:
    """Only a pooling layer has a border; the size of the picture depends on what is done with it."""
    shown = one.show_links(settings, PICTURE_SIZES[settings["mode"]])
    return Links(shown.hidden | ({"padding"} if settings["mode"] == UP else set()), shown.held)


def upsampling(
    n: Size = 3,
    f: Size = 2,
    interpolation: str = "nearest",
    mode: str = UP,
    padding: str = "same",
    values: str = "digits",
    show: str = "numbers",
    picture: str = "photo",
    presenter: bool = False,
) -> Explorer:
    """Explore what upsampling makes of a map, and which sizes come back after pooling, with the real layers.

    Args:
        n: input size, 1 to 8; the map is n × n. Every size may also be a pair: height, width.
        f: factor, 1 to 4; in ``"down and up"`` it is the pool size too.
        interpolation: ``"nearest"`` or ``"bilinear"``.
        mode: ``"up"``, or ``"down and up"``: a ``MaxPooling2D`` first, then the ``UpSampling2D``.
        padding: ``"valid"`` or ``"same"``, of the pooling layer.
        values: the numbers in the map: ``"digits"``, ``"count"`` (0, 1, 2, … in each row) or ``"ones"``.
        show: ``"numbers"``, or ``"image"``: a picture of 32 × 32 (down and up: 64 × 64) through the same layers.
        picture: ``"photo"``, ``"stripes"`` or ``"white"``.
        presenter: large type, and the answer is held back until it is revealed.

    Raises:
        ValueError: for a setting outside those limits, naming them.
    """
    controls = {
        "mode": choice("mode", "way", mode, MODES),
        **sizes("n", "n, input size", n, 1, LARGEST_N),
        **sizes("f", "f, factor", f, 1, LARGEST_F),
        "interpolation": choice("interpolation", "interpolation", interpolation, INTERPOLATIONS),
        "padding": choice("padding", "padding of the pooling", padding, PADDINGS),
        "values": choice("values", "input", values, VALUES),
        **one.show_controls(show, picture),
    }
    return Explorer("upsampling", controls, upsampling_frame, upsampling_links, presenter)
