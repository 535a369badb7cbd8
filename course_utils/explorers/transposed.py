"""The transposed explorer: each input cell stamps its kernel; where stamps overlap, and what is cut off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from course_utils.axes import TransposedWindow, Upsample, Window
from course_utils.byhand import transpose_convolve
from course_utils.explorers import layer, maps, script, windows
from course_utils.explorers.base import explorer
from course_utils.explorers.frame import AnswerCard, Arithmetic, Frame, format_difference
from course_utils.explorers.layer import LayerRun, TwoLayers
from course_utils.explorers.maps import pair, written
from course_utils.explorers.settings import Links, Size, declare, setting
from course_utils.keras_layers import LayerCode
from course_utils.pictures.grids import Grid
from course_utils.pictures.photos import Photo, photo
from course_utils.pictures.stamps import Counts, overlap_grid, stamp_grid, stamped_grid
from course_utils.pictures.window import Map, kernel_grid, output_grid, plain_grid

LARGEST_N, LARGEST_K, LARGEST_S = 6, 5, 4
#: Cells on each side of the picture: the layer makes up to four times as many of them.
PICTURE_SIZE = 32
#: CSS pixels on the longest side of a picture where there are four of them.
FOUR_IN_A_ROW = 200
#: Keras's own choice of size: the argument is left out.
DEFAULT = "default"
OUTPUT_PADDINGS = {DEFAULT: "default", 0: "0", 1: "1", 2: "2", 3: "3"}

_EXCLUDED = "Impossible, as expected: output_padding must be below s, and Keras refuses to make the layer."
_FAILS = "Impossible, as expected: Keras on TensorFlow makes such a layer, and fails when it is called."
_ADDED = "added up from its stamps", "added up from their stamps"
_BESIDE = "upsampled, then convolved"
COUNTED = "White times ones: each number of this output is how many stamps meet there."
#: How the other grids go with an output cell: the ``follow`` of an ``Arithmetic``.
_FOLLOW = {"overlaps": "cell", "kernel": "kernel", "stamps height": "stamp_row", "stamps width": "stamp_column"}


@declare
class TransposedSettings(maps.LayerSettings):
    """Explore how a transposed convolution makes a map larger, with a real ``Conv2DTranspose`` run at every
    change.
    """

    n: Size = maps.n_setting(4, LARGEST_N)
    k: Size = maps.size_setting("k, kernel size", 3, LARGEST_K, "kernel size, {range}.")
    s: Size = maps.size_setting(
        "s, stride", 2, LARGEST_S, "stride, {range}: how far the stamps of two neighbouring cells are apart."
    )
    padding: str = maps.padding_setting()
    output_padding: int | None = setting(
        "output_padding",
        "buttons",
        None,
        "None (the layer is built without the argument, which means Keras's own choice of size), or 0 to 3; it must be "
        "below s.",
        options=OUTPUT_PADDINGS,
        instead=DEFAULT,
    )
    kernel: str = maps.kernel_setting()
    values: str = maps.values_setting()
    beside: bool = setting(
        "beside it: upsample, then convolve",
        "switch",
        False,
        "show ``UpSampling2D`` and then ``Conv2D`` with the same weights, on the same input.",
        more=True,
    )
    show: str = maps.show_setting(f"a picture of {PICTURE_SIZE} × {PICTURE_SIZE} through the same layer.")
    picture: str = maps.picture_setting("white")

    @property
    def picture_size(self) -> int:
        """Cells on each side of the picture."""
        return PICTURE_SIZE

    def code(self) -> LayerCode:
        """The layer as a person would write it: arguments that are the default are left out."""
        strides = {"strides": pair(self.s)} if pair(self.s) != (1, 1) else {}
        extra = {} if self.output_padding is None else {"output_padding": self.output_padding}
        settings = {"filters": 1, "kernel_size": pair(self.k), **strides, "padding": self.padding, **extra}
        return LayerCode("Conv2DTranspose", {**settings, "use_bias": False})

    @property
    def setting(self) -> str:
        """The settings in one line."""
        extra = [] if self.output_padding is None else [f"output_padding={self.output_padding}"]
        return ", ".join([*self.written("n", "k", "s"), f'padding="{self.padding}"', *extra])

    def frame(self) -> Frame:
        """One transposed convolution with one filter on one map."""
        weights = maps.kernel_values(self.k, self.kernel)
        found: LayerRun[TransposedWindow] = layer.run(self.code(), self.x, weights)
        other = run_beside(self.k, self.s, found.x, weights) if self.beside else None
        frame = found.frame(
            self,
            stamp_lines,
            _ADDED,
            _FAILS if found.axes else _EXCLUDED,
            grids=lambda: _grids(found, weights, other),
            arithmetic=lambda: _arithmetic(found, other),
            photos=_photos(found, other),
            remarks=(
                *_remarks(found, other, weights if self.beside or self.shown else None),
                *([COUNTED] if self.shown and _counted(found) else []),
            ),
        )
        return frame if other is None else with_other(frame, other)

    def links(self) -> Links:
        """A picture has its own size and values; an output_padding that is not below s is named, and what to do."""
        links, extra, smallest = super().links(), self.output_padding, min(pair(self.s))
        if extra is None or extra < smallest:
            return links
        note = (
            f"output_padding = {extra} and {written('s', self.s)} exclude each other: output_padding must be below s. "
            f"Move s to {extra + 1} or more, or choose the default or {_or(range(smallest))}."
        )
        return replace(links, notes=(note,))


transposed = explorer("transposed", TransposedSettings)


# -- one axis -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def overlaps(axis: TransposedWindow, n: int) -> tuple[int, ...]:
    """How many stamps reach each output cell of an axis; remembered, for it is asked again and again."""
    return axis.overlaps(n)


def inner_counts(axis: TransposedWindow) -> tuple[int, ...]:
    """How many stamps reach each of s neighbouring cells that are far from the border; then it begins anew."""
    far = axis.size
    return overlaps(axis, 2 * far + 2)[far : far + axis.stride]


def inner_shades(weights: Map, row_stride: int, column_stride: int) -> list[str]:
    """What a map of ones becomes far from the border: the sums of the weights that meet in one cell."""
    sums = {
        float(weights[i::row_stride, j::column_stride].sum()) for i in range(row_stride) for j in range(column_stride)
    }
    return [f"{one:g}".replace("-", "−") for one in sorted(sums)]


def has_inner(axis: TransposedWindow, n: int) -> bool:
    """Whether s neighbouring cells get all the stamps they would get in a map without a border: k together."""
    counts = overlaps(axis, n)
    return any(sum(counts[i : i + axis.stride]) == axis.size for i in range(len(counts) - axis.stride + 1))


def sizes_before(forward: Window, n: int) -> list[int]:
    """The sizes of which a convolution makes n, by asking it about one size after the other."""
    smallest = 1 if forward.padding == "same" else forward.effective_size
    return [o for o in range(smallest, smallest + n * forward.stride) if forward.output_size(o) == n]


def stamp_lines(axis: TransposedWindow, n: int) -> Iterator[str]:
    """The formula of one axis with the numbers in, which of the four rules it is, and what is cut off."""
    yield str(axis.formula(n))
    extra = "without" if axis.output_padding is None else "with"
    yield f'one of four rules: the one for padding="{axis.padding}" {extra} output_padding'
    before, after = axis.crops(n)
    if after < 0:
        yield f"added after the last stamp: {-after} {'cell' if after == -1 else 'cells'} with 0"
    elif before or after:
        yield f"cut off the sum of the stamps: {before} before, {after} after"
    else:
        yield "nothing is cut off"


def _counted(found: LayerRun[TransposedWindow]) -> bool:
    """Whether the output is nothing but the number of stamps on each cell."""
    return found.output is not None and np.array_equal(found.output, _counts(found))


def _counts(found: LayerRun[TransposedWindow]) -> Counts:
    """How many stamps reach each output cell, ``(o_height, o_width)``."""
    rows, columns = (overlaps(axis, n) for axis, n in zip(found.axes, found.x.shape, strict=True))
    return np.outer(rows, columns)


# -- upsampled, then convolved ------------------------------------------------------------------------------------


def run_beside(k: Size, s: Size, x: Map, weights: Map) -> TwoLayers:
    """Run the other way up: ``UpSampling2D``, then ``Conv2D`` with *same* and the same weights."""
    up = LayerCode("UpSampling2D", {"size": pair(s)})
    layers = layer.run_both(up, windows.convolution(k, 1, 1, "same"), x, weights)
    if layers.second is None:
        raise RuntimeError(f"Keras refuses {layers.first.code.text}: {layers.first.comparison.refusal_keras}")
    return layers


def with_other(frame: Frame, other: TwoLayers) -> Frame:
    """The frame of the transposed convolution with the words about the other way in it."""
    up, convolved, last = other.first, other.decisive.comparison, (other.second or other.first).comparison
    lengths = [f"{axis.formula(n)}" for axis, n in zip(up.axes, up.x.shape, strict=True)]
    doubled = lengths[0] if lengths[0] == lengths[1] else f"height: {lengths[0]}; width: {lengths[1]}"
    gap, sized = last.largest_difference, layer.size(last.shape_by_hand)
    added = (
        f"f = s, {doubled}, and same keeps it",
        sized,
        layer.size(last.shape_keras) + ("" if gap is None else f"; largest difference {format_difference(gap)}"),
    )
    return replace(
        frame,
        answers=tuple(
            AnswerCard(card.name, (*card.lines, f"{_BESIDE}: {line}"))
            for card, line in zip(frame.answers, added, strict=True)
        ),
        agrees=frame.agrees and other.agrees,
        refused=frame.refused and other.agrees,
        verdict=f"{frame.verdict} {_BESIDE.capitalize()}: {layer.lower_first(convolved.verdict)}",
        code=frame.code + _other_script(other),
        result=f"{frame.result}, {_BESIDE} {sized}",
    )


def _other_script(other: TwoLayers) -> str:
    """What follows the code of the transposed convolution."""
    assert other.second is not None and other.second.weights is not None
    h, w = other.first.x.shape
    lines = [
        f"\n\n# The other way: {_BESIDE}.",
        f"upsampled = {other.first.code.text}(x.reshape(1, {h}, {w}, 1))",
        f"convolve = {other.second.code.text}",
        "convolve.build(upsampled.shape)",
        f"convolve.set_weights([{script.reshaped_kernel(other.second.weights)}])",
        "z = convolve(upsampled)",
        "print(z.shape)",
        "print(keras.ops.convert_to_numpy(z)[0, :, :, 0])",
    ]
    return "\n".join(lines)


def _sources(repeat: Upsample, axis: Window, n: int) -> list[list[int]]:
    """For each output of one axis, the input cell behind each cell the convolution reads; −1 for a ghost cell."""
    larger = repeat.output_size(n)
    return [[u // repeat.factor if 0 <= u < larger else -1 for u in taps] for taps in axis.all_taps(larger)]


# -- the pictures -------------------------------------------------------------------------------------------------


def _grids(found: LayerRun[TransposedWindow], weights: Map, other: TwoLayers | None) -> Iterator[Grid]:
    x, output = found.x, found.output
    yield replace(plain_grid(x), walk="input")
    yield kernel_grid(weights)
    if output is not None:
        yield stamped_grid(output, _sum_of_stamps(found, weights), _counts(found), found.axes, x.shape)
    if other is not None and other.output is not None:
        grid = output_grid(other.output, "output2", _BESIDE)
        walk = grid.walk if _same_cells(found, other) else ""
        yield replace(grid, walk=walk)
    if output is not None:
        yield overlap_grid(_counts(found))
        one = "stamps width", "where each stamp falls"
        each = ("stamps height", "stamps along the height"), ("stamps width", "stamps along the width")
        for named, axis, n in found.sides(one, each):
            yield stamp_grid(axis, n, *named)


def _sum_of_stamps(found: LayerRun[TransposedWindow], weights: Map) -> Map:
    """The sum of all stamps before anything is cut off, with zeros where the layer adds cells after the last stamp."""
    uncut = tuple(TransposedWindow(axis.size, axis.stride, padding="valid", output_padding=0) for axis in found.axes)
    batch, kernel = found.x[np.newaxis, :, :, np.newaxis], weights[:, :, np.newaxis, np.newaxis]
    added = [(0, max(-axis.crops(n)[1], 0)) for axis, n in zip(found.axes, found.x.shape, strict=True)]
    return np.pad(transpose_convolve(batch, kernel, uncut)[0, :, :, 0], added)


def _same_cells(found: LayerRun[TransposedWindow], other: TwoLayers) -> bool:
    """Whether both outputs have the same cells, so that one pointer can ask about both."""
    return found.output is not None and other.output is not None and found.output.shape == other.output.shape


def _arithmetic(found: LayerRun[TransposedWindow], other: TwoLayers | None) -> Iterator[Arithmetic]:
    if found.output is None:
        return
    shared = other is not None and other.agrees and _same_cells(found, other)
    stamp_rows, stamp_columns = (axis.all_stamps(n) for axis, n in zip(found.axes, found.x.shape, strict=True))
    yield from found.arithmetic(
        label="transposed" if shared else "",
        follow=_FOLLOW,
        stamp_rows=stamp_rows,
        stamp_columns=stamp_columns,
    )
    if shared and other is not None and other.second is not None and found.comparison.keras is not None:
        rows, columns = (
            _sources(repeat, axis, n)
            for repeat, axis, n in zip(other.first.axes, other.second.axes, found.x.shape, strict=True)
        )
        yield from other.second.arithmetic(
            rows=rows,
            columns=columns,
            source="upsampled",  # no such grid is shown: the sum is written out in cells of the input
            result="output2",
            label=_BESIDE,
        )


def _photos(found: LayerRun[TransposedWindow], other: TwoLayers | None) -> Iterator[Photo]:
    if other is not None and other.second is not None and other.second.keras_output is not None:
        # Small enough for all four in one row, but a cell of one pixel could not be seen.
        side = max(2, FOUR_IN_A_ROW // max(other.second.keras_output.shape))
        said = "What upsampling and then convolving makes of it"
        yield photo(other.second.keras_output, "output2", "upsampled first", said, side=side)
    if found.output is not None and not _counted(found):
        counts = _counts(found)
        said = f"How many stamps reach each cell, from {counts.min()} to {counts.max()}"
        yield photo(counts.astype(float), "overlaps", "overlaps", said)


# -- the remarks --------------------------------------------------------------------------------------------------


def _remarks(found: LayerRun[TransposedWindow], other: TwoLayers | None, weights: Map | None) -> Iterator[str]:
    sides = found.sides("", ("in height, ", "in width, ")) if found.axes else []
    if found.output is not None and max(axis.stride for axis in found.axes) > 1:
        yield _overlap_remark(found, sides, weights)
    for name, axis, n in sides:
        if axis.stride > 1:
            yield _way_back_remark(name, axis, n)
    if other is not None and other.second is not None:
        if all(axis.factor == 1 for axis in other.first.axes):
            yield "With s = 1 the upsampling changes nothing: the second output is a plain convolution."
            return
        rows, columns = (axis.size for axis in other.second.axes)
        yield (
            "Upsampled first, then convolved: away from the border every cell adds up "
            f"{rows}·{columns} = {rows * columns} cells, wherever it lies. No checkerboard."
        )


def _overlap_remark(
    found: LayerRun[TransposedWindow], sides: Sequence[tuple[str, TransposedWindow, int]], weights: Map | None
) -> str:
    counts = _counts(found)
    if short := [f"{name}k = {a.size} is smaller than s = {a.stride}" for name, a, _ in sides if a.size < a.stride]:
        gaps = f"the stamps leave gaps. Nothing reaches {(counts == 0).sum()} of {counts.size} cells."
        return _capital(f"{' and '.join(short)}: {gaps}")
    rest = " and ".join(f"{name}k mod s = {a.size} mod {a.stride} = {a.size % a.stride}" for name, a, _ in sides)
    rows, columns = map(inner_counts, found.axes)
    many = sorted({a * b for a in rows for b in columns})
    inner = f"every cell gets {_stamps(many)}."
    if len(many) > 1:
        inner = f"a cell gets {_stamps(many)}, depending on where it lies."
    if weights is not None:
        inner += f" {_grid_on_white(inner_shades(weights, *(a.stride for a in found.axes)), even=len(many) == 1)}"
    far = all(has_inner(axis, n) for axis, n in zip(found.axes, found.x.shape, strict=True))
    here = "" if far else " (Here, all cells are near the border.)"
    return _capital(f"{rest}: away from the border {inner}{here}")


def _way_back_remark(name: str, axis: TransposedWindow, n: int) -> str:
    possible, o = sizes_before(axis.forward, n), axis.output_size(n)
    taken = "The default" if axis.output_padding is None else f"output_padding={axis.output_padding}"
    takes = f"takes {o}" if o in possible else f"asks for {o}, which is none of them"
    return _capital(
        f'{name}{"a" if name else "A"} convolution with k = {axis.size}, s = {axis.stride}, padding="{axis.padding}" '
        f"makes {n} of {_or(possible)}, so there is more than one way back. {taken} {takes}."
    )


def _grid_on_white(shades: Sequence[str], even: bool) -> str:
    """Whether these shades of plain white are a grid. ``even``: every cell gets as many stamps."""
    if len(shades) > 1:
        return f"With these weights plain white becomes {_or(shades)}: a grid." if even else "That is the checkerboard."
    return "No checkerboard." if even else f"But with these weights plain white becomes {shades[0]}: no checkerboard."


def _capital(text: str) -> str:
    """A sentence begins with a capital, but a symbol stays what it is."""
    return text[0].upper() + text[1:] if text.startswith("in ") else text


def _stamps(many: Sequence[int]) -> str:
    return f"{_or(many)} stamp{'' if list(many) == [1] else 's'}"


def _or(numbers: Sequence[int | str]) -> str:
    *first, last = map(str, numbers)
    return f"{', '.join(first)} or {last}" if first else last
