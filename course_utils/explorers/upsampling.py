"""The upsampling explorer: every cell becomes a block, and what pooling has rounded does not come back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_utils.axes import ShapeError, Upsample, Window
from course_utils.explorers import layer, maps, script
from course_utils.explorers.base import explorer
from course_utils.explorers.frame import AnswerCard, Arithmetic, Frame, format_difference
from course_utils.explorers.layer import LayerRun, TwoLayers, by
from course_utils.explorers.maps import pair, written
from course_utils.explorers.settings import Links, Size, declare, setting
from course_utils.keras_layers import LayerCode
from course_utils.pictures.grids import Grid
from course_utils.pictures.photos import Photo, photo
from course_utils.pictures.tape import Strip
from course_utils.pictures.window import Map, input_grid, output_grid

LARGEST_N, LARGEST_F = 8, 4
#: The sizes of the strip that says which n come back.
STRIP = range(1, 13)
UP, ROUND_TRIP = "up", "down and up"
MODES = {UP: "up", ROUND_TRIP: "down and up again"}
INTERPOLATIONS = {"nearest": "nearest", "bilinear": "bilinear"}
VALUES = {
    "digits": "digits 0 to 9",
    **maps.HANDWRITTEN,
    "count": "0, 1, 2, … in each row",
    "ones": "all ones",
}
#: The side of the picture: small where it is only enlarged.
PICTURE_SIZES = {UP: 32, ROUND_TRIP: 64}
IMPOSSIBLE = "Impossible, as the formula says: the pooling window has no place to stand, and Keras refuses."

_POOLED = "is the largest of its window", "are the largest of their windows"
_DONE = {
    "nearest": ("copied from its input cell", "copied from their input cells"),
    "bilinear": ("blended from its input cells", "blended from their input cells"),
}


@declare
class UpsamplingSettings(maps.LayerSettings):
    """Explore what upsampling makes of a map, and which sizes come back after pooling, with the real layers."""

    COUNT_FROM = 0

    n: Size = maps.n_setting(3, LARGEST_N)
    f: Size = maps.size_setting(
        "f, factor", 2, LARGEST_F, 'factor, {range}; in ``"down and up"`` it is the pool size too.'
    )
    interpolation: str = setting("interpolation", "buttons", "nearest", "{options}.", options=INTERPOLATIONS)
    mode: str = setting(
        "way",
        "buttons",
        UP,
        '``"up"``, or ``"down and up"``: a ``MaxPooling2D`` first, then the ``UpSampling2D``.',
        options=MODES,
        place=0,
    )
    padding: str = maps.padding_setting("padding of the pooling", "{options}, of the pooling layer.")
    values: str = setting(
        "input",
        "buttons",
        "digits",
        'the numbers in the map: ``"digits"``, ``"handwritten"``, ``"count"`` (0, 1, 2, … in each row) or ``"ones"``.',
        options=VALUES,
        more=True,
    )
    show: str = maps.show_setting("a picture of 32 × 32 (down and up: 64 × 64) through the same layers.")
    picture: str = maps.picture_setting()

    @property
    def picture_size(self) -> int:
        """Cells on each side of the picture."""
        return PICTURE_SIZES[self.mode]

    def up(self) -> LayerCode:
        """The upsampling layer as a person would write it."""
        return LayerCode("UpSampling2D", {"size": pair(self.f), "interpolation": self.interpolation})

    def down(self) -> LayerCode:
        """The pooling layer that makes a map smaller by as much as ``up`` makes it larger."""
        return LayerCode("MaxPooling2D", {"pool_size": pair(self.f), "padding": self.padding})

    @property
    def setting(self) -> str:
        """The settings in one line."""
        height, width = self.x.shape
        n, f = written("n", height if height == width else (height, width)), written("f", self.f)
        interpolation = f'interpolation="{self.interpolation}"'
        if self.mode == ROUND_TRIP:
            return f'{ROUND_TRIP}, {n}, {f}, padding="{self.padding}", {interpolation}'
        return f"{n}, {f}, {interpolation}"

    def frame(self) -> Frame:
        """One upsampling layer, or a pooling layer and then an upsampling layer."""
        if self.mode == ROUND_TRIP:
            return RoundTrip(self, layer.run_both(self.down(), self.up(), self.x)).frame()
        found: LayerRun[Upsample] = layer.run(self.up(), self.x)
        return found.frame(
            self,
            lambda axis, n: [str(axis.formula(n))],
            _DONE[self.interpolation],
            IMPOSSIBLE,
            arithmetic=lambda: _blends(found),
            remarks=[_about_blends(self.f, self.interpolation, weights=not self.shown)],
        )

    def links(self) -> Links:
        """Only a pooling layer has a border."""
        shown = super().links()
        return Links(shown.hidden | ({"padding"} if self.mode == UP else set()), shown.held)


upsampling = explorer("upsampling", UpsamplingSettings)


# -- up -----------------------------------------------------------------------------------------------------------


def _blends(found: LayerRun[Upsample], **more: Any) -> tuple[Arithmetic, ...]:
    """Each cell as the blend it is; nothing where there is no output, or two. ``more``: fields of ``Arithmetic``."""
    (rows, row_weights), (columns, column_weights) = (
        _blend(axis, n) for axis, n in zip(found.axes, found.x.shape, strict=True)
    )
    if found.axes[0].interpolation != "nearest":
        more |= {"row_weights": row_weights, "column_weights": column_weights}
    return found.arithmetic(rows=rows, columns=columns, **more)


def _blend(axis: Upsample, n: int) -> tuple[list[list[int]], list[list[str]]]:
    """For each output of an axis, the input cells it is made of, and their weights as text."""
    blends = [axis.blend(i, n) for i in range(axis.output_size(n))]
    return [[j for j, _ in blend] for blend in blends], [[_weight(weight) for _, weight in blend] for blend in blends]


def _weight(weight: Fraction) -> str:
    """A fraction in brackets, so that a product of three stays easy to read."""
    return str(weight) if weight == 1 else f"({weight})"


def _about_blends(f: Size, interpolation: str, *, weights: bool) -> str:
    """What becomes of a cell. ``weights``: whether they are shown, with the arithmetic."""
    height, width = pair(f)
    if height == width == 1:
        return "f = 1 changes nothing."
    if interpolation == "nearest":
        return f"Every cell becomes a block of {height}×{width} equal cells: no new number appears."
    if not weights:
        return "Every cell is a blend of the input cells around it."
    return (
        "Every cell is a blend of the input cells around it: a weight for the row times a weight for the column. All "
        "weights of a cell together are 1; at the rim there is no cell beyond, so the last one counts for both."
    )


# -- down and up again --------------------------------------------------------------------------------------------


def comes_back_as(n: int, f: int, padding: str) -> int | None:
    """What n becomes on the way down and up; None where pooling leaves nothing."""
    try:
        return Upsample(f).output_size(Window(f, f, 1, padding).output_size(n))
    except ShapeError:
        return None


@dataclass(frozen=True)
class RoundTrip:
    """A pooling layer, and an upsampling layer on what came out of it.

    Attributes:
        settings: what was set.
        layers: the two.
    """

    settings: UpsamplingSettings
    layers: TwoLayers

    @property
    def x(self) -> Map:
        """What goes in."""
        return self.layers.first.x

    @property
    def changed(self) -> NDArray[np.bool_] | None:
        """Which cells hold another number than before; None where the size is another."""
        up = self.layers.second
        back = None if up is None else up.keras_output
        if back is None or back.shape != self.x.shape:
            return None
        # Keras reads the input in float32: in float64 nearly every cell of a picture is another number.
        return np.asarray(back != self.x.astype(np.float32))

    def frame(self) -> Frame:
        """The frame of both."""
        (down, up), shown = (self.layers.first, self.layers.second), self.settings.shown
        layers = {"down": down.code, "up": self.settings.up()}
        photos = tuple(self._photos(shown)) if shown else ()
        return Frame(
            grids=() if shown else self._grids(),
            photos=photos,
            arithmetic=() if shown else self._arithmetic(),
            answers=(down.formula(_there_and_back), self._by_hand(), self._keras()),
            agrees=self.layers.agrees,
            refused=down.comparison.refused,
            verdict=self.verdict(),
            code=script.script(layers, self.x, shown, None, down.comparison.refused, None),
            result=(up or down).result,
            question=self.settings.question(),
            remarks=tuple(self._remarks()),
            strips=() if shown else tuple(self._strips()),
        )

    def verdict(self) -> str:
        """One sentence about both layers."""
        down, up, decisive = self.layers.first.comparison, self.layers.second, self.layers.decisive
        if not self.layers.agrees:
            which = "pooling" if decisive is self.layers.first else "upsampling"
            return f"The {which} layer: {decisive.comparison.verdict}"
        if up is None or down.by_hand is None or up.comparison.by_hand is None:
            return self.layers.first.verdict(IMPOSSIBLE)
        return (
            f"Both layers agree with the computation by hand, in shape and in all values: {down.by_hand.size} and "
            f"{up.comparison.by_hand.size}."
        )

    def _grids(self) -> tuple[Grid, ...]:
        # Only the last map is walked: an input cell reaches it by way of the pooled map.
        down = self.layers.first
        grids = [replace(input_grid(self.x, down.axes, "−∞"), walk="")]
        if down.output is not None:
            grids.append(replace(output_grid(down.output, "pooled", "pooled"), walk=""))
        if self.layers.output is not None:
            grids.append(output_grid(self.layers.output, title="back again", marked=self.changed))
        return tuple(grids)

    def _photos(self, shown: str) -> Iterator[Photo]:
        yield maps.input_photo(self.x, shown)
        down, up = self.layers.first.keras_output, self.layers.second
        if down is not None:
            yield photo(down, "pooled", "pooled", "The largest cell of each block")
        if up is not None and up.keras_output is not None:
            yield photo(up.keras_output, "output", "back again", "The pooled picture, enlarged")

    def _arithmetic(self) -> tuple[Arithmetic, ...]:
        """How each cell of the last map came out of the pooled one and, where it is a copy, out of the input."""
        down, up = self.layers.first, self.layers.second
        if up is None or down.output is None or down.keras_output is None or not self.layers.agrees:
            return ()
        blends = _blends(up, inputs="pooled", source="pooled", label="up")
        if self.settings.interpolation != "nearest":
            return blends
        copied = [[taps[0] for taps in axis.all_taps(n)] for axis, n in zip(up.axes, down.output.shape, strict=True)]
        read = [axis.all_taps(n) for axis, n in zip(down.axes, self.x.shape, strict=True)]
        rows, columns = ([taps[i] for i in cells] for taps, cells in zip(read, copied, strict=True))
        place = np.ix_(*copied)
        largest = Arithmetic(
            rows=rows,
            columns=columns,
            ghost="−∞",
            keras=layer.unlike(down.keras_output[place], down.output[place]),
            how="max",
            label="down",
        )
        return (largest, *blends)

    def _by_hand(self) -> AnswerCard:
        down, up = self.layers.first, self.layers.second
        if up is None or up.output is None or down.output is None:
            return down.by_hand(("", ""))
        pooled, enlarged = down.by_hand(_POOLED).lines[1], up.by_hand(_DONE[self.settings.interpolation]).lines[1]
        chain = _chain(down.comparison.input_shape, down.comparison.shape_by_hand, up.comparison.shape_by_hand)
        return AnswerCard("By hand (NumPy)", (chain, f"down: {pooled}", f"up: {enlarged}"))

    def _keras(self) -> AnswerCard:
        down, up = self.layers.first, self.layers.second
        if up is None or up.comparison.keras is None:
            return (up or down).keras()
        lines = [_chain(down.comparison.input_shape, down.comparison.shape_keras, up.comparison.shape_keras)]
        gaps = [found.comparison.largest_difference for found in (down, up)]
        if all(gap is not None for gap in gaps):
            largest = format_difference(max(gap for gap in gaps if gap is not None))
            lines.append(f"both layers below; largest difference in any value: {largest}")
        return AnswerCard("Keras", tuple(lines))

    def _remarks(self) -> Iterator[str]:
        f, back, kept = self.settings.f, self.layers.output, self.layers.first.output
        if back is None or kept is None:
            return
        if max(pair(f)) == 1:
            yield "f = 1 changes nothing."
            return
        why = ""
        if back.shape != self.x.shape:
            rest = "Pooling rounded up" if self.settings.padding == "same" else "Pooling threw the rest away"
            why = f" {rest}, and multiplying cannot undo that."
        yield f"{by(self.x.shape)} came back as {by(back.shape)}.{why} {_which_return(f)}"
        changed = self.changed
        if changed is not None and changed.any():
            marked = "" if self.x.shape[0] > LARGEST_N else ", marked in the corner"
            yield (
                f"The size is back, the numbers are not: {kept.size} of {self.x.size} were kept, and "
                f"{int(changed.sum())} cells hold another number than before{marked}."
            )
        elif kept.size < self.x.size and changed is None:
            yield f"Of the {self.x.size} numbers, {kept.size} were kept."

    def _strips(self) -> Iterator[Strip]:
        """Which n come back: once where height and width are alike."""
        for asked, f, now in layer.sides(pair(self.settings.f), self.x.shape, "W", ("Height: w", "Width: w")):
            returns = [(n, comes_back_as(n, f, self.settings.padding)) for n in STRIP]
            entries = tuple(
                (n, f"→ {'nothing' if back is None else back} {'✓' if back == n else '✗'}", back == n)
                for n, back in returns
            )
            yield Strip(f"{asked}hich n come back, with f = {f}?", entries, now)


def _there_and_back(axis: Window, n: int) -> Iterator[str]:
    """The sizes of one axis, and the formulas with the numbers in."""
    up = Upsample(axis.size)
    o = axis.output_size(n)
    yield f"{n} → {o} → {up.output_size(o)}"
    yield f"down (k = s = f): {axis.formula(n)}"
    yield f"up: {up.formula(o)}"


def _chain(*shapes: tuple[int, ...] | None) -> str:
    return " → ".join(layer.size(shape) for shape in shapes)


def _which_return(f: Size) -> str:
    height, width = ("every n" if factor == 1 else f"only a multiple of {factor}" for factor in pair(f))
    both = f"{height[0].upper()}{height[1:]} comes back"
    return f"{both}." if height == width else f"{both} in height, {width} in width."
