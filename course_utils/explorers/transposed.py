"""The transposed explorer: each input cell stamps its kernel; where stamps overlap, and what is cut off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from course_utils.axes import ShapeError, TransposedWindow, Upsample, Window
from course_utils.byhand import transpose_convolve
from course_utils.compare import Comparison, compare
from course_utils.explorers import layer as one
from course_utils.explorers.base import Explorer, Links
from course_utils.explorers.controls import choice, dropdown, sizes, switch
from course_utils.explorers.frame import Answer, Arithmetic, Frame, format_difference
from course_utils.explorers.layer import KERNELS, VALUES, Map, Size, pair
from course_utils.explorers.windows import PADDINGS, convolution_settings, windows
from course_utils.keras_layers import KerasRefusal, LayerCode
from course_utils.pictures.grids import Grid
from course_utils.pictures.photos import Photo, photo
from course_utils.pictures.stamps import Counts, overlap_grid, side, stamp_grid, stamped_grid
from course_utils.pictures.window import kernel_grid, output_grid, plain_grid

KIND = "Conv2DTranspose"
LARGEST_N, LARGEST_K, LARGEST_S = 6, 5, 4
#: Cells on each side of the picture: the layer makes up to four times as many of them.
PICTURE_SIZE = 32
#: Keras's own choice of size: the argument is left out.
DEFAULT = "default"
OUTPUT_PADDINGS = {DEFAULT: "default", 0: "0", 1: "1", 2: "2", 3: "3"}

_EXCLUDED = "Impossible, as foretold: output_padding must be below s, and Keras refuses to make the layer."
_FAILS = "Impossible, as foretold: Keras makes such a layer, and fails when it is called."
_BESIDE = "upsampled, then convolved"


# -- one axis -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reached:
    """Which stamps reach each output cell of one axis.

    Attributes:
        stamps: for each input cell, the output cells its stamp falls on, those that are cut off too.
        taps: for each output cell, the input cells whose stamps reach it.
        weights: for each output cell, the kernel cell that goes with each of them.
    """

    stamps: Sequence[Sequence[int]]
    taps: Sequence[Sequence[int]]
    weights: Sequence[Sequence[int]]

    @property
    def counts(self) -> tuple[int, ...]:
        """How many stamps reach each output cell."""
        return tuple(map(len, self.taps))


@lru_cache(maxsize=512)
def reached(axis: TransposedWindow, n: int) -> Reached:
    """All stamps of an axis, read both ways."""
    stamps, o = axis.all_stamps(n), axis.output_size(n)
    found: list[list[tuple[int, int]]] = [[] for _ in range(o)]
    for j, stamp in enumerate(stamps):
        for t, i in enumerate(stamp):
            if 0 <= i < o:
                found[i].append((j, t))
    return Reached(stamps, [[j for j, _ in cell] for cell in found], [[t for _, t in cell] for cell in found])


def inner_counts(axis: TransposedWindow) -> tuple[int, ...]:
    """How many stamps reach each of s neighbouring cells that are far from the border; then it begins anew."""
    far = axis.size
    return reached(axis, 2 * far + 2).counts[far : far + axis.stride]


def has_inner(axis: TransposedWindow, n: int) -> bool:
    """Whether s neighbouring cells get all the stamps they would get in a map without a border: k together."""
    counts = reached(axis, n).counts
    return any(sum(counts[i : i + axis.stride]) == axis.size for i in range(len(counts) - axis.stride + 1))


@lru_cache(maxsize=512)
def ways_back(forward: Window, n: int) -> tuple[int, ...]:
    """The sizes of which a convolution makes n, by asking it about one size after the other."""
    found, o = [], 1
    while (made := _made(forward, o)) <= n:
        if made == n:
            found.append(o)
        o += 1
    return tuple(found)


def _made(forward: Window, o: int) -> int:
    try:
        return forward.output_size(o)
    except ShapeError:
        return 0


def spread_lines(axis: TransposedWindow, n: int) -> Iterator[str]:
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


# -- upsampled, then convolved ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Beside:
    """The other way up: ``UpSampling2D``, then ``Conv2D`` with *same* and the same weights.

    Attributes:
        layers: the two, as code.
        repeats: the axes of the first: height, width.
        axes: the axes of the second.
        upsampling: the first beside the computation by hand.
        convolution: the second, on what the first really gave.
    """

    layers: tuple[LayerCode, LayerCode]
    repeats: tuple[Upsample, Upsample]
    axes: tuple[Window, Window]
    upsampling: Comparison
    convolution: Comparison

    @property
    def agrees(self) -> bool:
        """Both layers agree with the computation by hand."""
        return self.upsampling.agrees and self.convolution.agrees

    @property
    def verdict(self) -> str:
        """One sentence about both layers."""
        wrong = next((c for c in (self.upsampling, self.convolution) if not c.agrees), self.convolution)
        return f"{_BESIDE.capitalize()}: {wrong.verdict[0].lower()}{wrong.verdict[1:]}"

    @property
    def output(self) -> Map | None:
        """What comes out, or None."""
        return None if self.convolution.by_hand is None else one.map_of(self.convolution.by_hand)


def beside_of(x: Map, weights: Map, k: Size, s: Size) -> Beside:
    """Run both layers on a map.

    Args:
        x: ``(height, width)``.
        weights: the kernel, ``(height, width)``.
        k: the kernel size.
        s: the factor of the upsampling.
    """
    layers = LayerCode("UpSampling2D", {"size": pair(s)}), LayerCode("Conv2D", convolution_settings(k, 1, 1, "same"))
    repeats, axes = (Upsample(pair(s)[0]), Upsample(pair(s)[1])), windows(k, 1, 1, "same")
    upsampling = one.run(layers[0], repeats, x)
    if upsampling.keras is None:
        raise RuntimeError(f"Keras refuses {layers[0].text}: {upsampling.refusal_keras}")
    convolution = one.run(layers[1], axes, one.map_of(upsampling.keras), weights)
    return Beside(layers, repeats, axes, upsampling, convolution)


def _beside_script(beside: Beside, x: Map, weights: Map) -> str:
    """What follows the code of the transposed convolution."""
    up, convolution = beside.layers
    (h, w), kernel = x.shape, ", ".join(map(str, weights.shape))
    lines = [
        f"\n\n# The other way: {_BESIDE}.",
        f"upsampled = {up.text}(x.reshape(1, {h}, {w}, 1))",
        f"convolve = {convolution.text}",
        "convolve.build(upsampled.shape)",
        f"convolve.set_weights([kernel.reshape({kernel}, 1, 1)])",
        "z = convolve(upsampled)",
        "print(z.shape)",
        "print(keras.ops.convert_to_numpy(z)[0, :, :, 0])",
    ]
    return "\n".join(lines)


def _sources(repeat: Upsample, axis: Window, n: int) -> list[list[int]]:
    """For each output of one axis, the input cell behind each cell the convolution reads; −1 for a ghost cell."""
    larger = repeat.output_size(n)
    copied = [taps[0] for taps in repeat.all_taps(n)]
    return [[copied[u] if 0 <= u < larger else -1 for u in taps] for taps in axis.all_taps(larger)]


# -- the frame ----------------------------------------------------------------------------------------------------


def transposed_frame(
    n: Size,
    k: Size,
    s: Size,
    padding: str,
    output_padding: int | str,
    kernel: str,
    values: str,
    beside: bool = False,
    show: str = "numbers",
    picture: str = "white",
) -> Frame:
    """One transposed convolution with one filter on one map: a pure function of the settings."""
    image = show == "image"
    x, weights = one.shown_values(show, n, values, picture, PICTURE_SIZE), one.kernel_values(k, kernel)
    layer = LayerCode(KIND, _layer_settings(k, s, padding, output_padding))
    other = beside_of(x, weights, k, s) if beside else None
    axes: tuple[TransposedWindow, TransposedWindow] | None = None
    try:
        axes = _spreads(k, s, padding, output_padding)
    except ShapeError as error:
        comparison, impossible = _excluded(layer, x, error), _EXCLUDED
        formula = Answer("Formula", ("no output", str(error)))
    else:
        comparison, impossible = one.run(layer, axes, x, weights), _FAILS
        formula = one.formula(KIND, axes, x.shape, spread_lines)
    run = axes if comparison.by_hand is not None else None
    return Frame(
        grids=(kernel_grid(weights),) if image else tuple(_grids(x, weights, run, comparison, other)),
        photos=tuple(_photos(x, picture, run, comparison, other)) if image else (),
        arithmetic=() if image or run is None else tuple(_arithmetic(x, weights, run, comparison, other)),
        answers=_answers(formula, comparison, other, x.shape),
        agrees=comparison.agrees and (other is None or other.agrees),
        refused=comparison.refused and (other is None or other.agrees),
        verdict=" ".join([one.verdict(comparison, impossible), *([other.verdict] if other else [])]),
        code=one.script(layer, x, weights, picture if image else None)
        + (_beside_script(other, x, weights) if other else ""),
        setting=_setting(len(x) if image else n, k, s, padding, output_padding),
        result=one.result(comparison) + (f", {_BESIDE} {one.size(other.convolution.shape_by_hand)}" if other else ""),
        question=(kernel_grid(weights),) if image else (plain_grid(x), kernel_grid(weights)),
        remarks=tuple(_remarks(axes, run, x.shape, other)),
    )


def _spreads(k: Size, s: Size, padding: str, output_padding: int | str) -> tuple[TransposedWindow, TransposedWindow]:
    """The axis of the height and the axis of the width. Raises ShapeError if output_padding is not below s."""
    extra = output_padding if isinstance(output_padding, int) else None
    height, width = (TransposedWindow(pair(k)[a], pair(s)[a], 1, padding, extra) for a in (0, 1))
    return height, width


def _layer_settings(k: Size, s: Size, padding: str, output_padding: int | str) -> dict[str, Any]:
    """The arguments of the layer, as a person would write them: those that are the default are left out."""
    strides = {"strides": pair(s)} if pair(s) != (1, 1) else {}
    extra = {} if output_padding == DEFAULT else {"output_padding": output_padding}
    return {"filters": 1, "kernel_size": pair(k), **strides, "padding": padding, **extra, "use_bias": False}


def _excluded(layer: LayerCode, x: Map, error: ShapeError) -> Comparison:
    """A setting that has no axes, beside what Keras makes of it: it should refuse, too."""
    batch = x[np.newaxis, :, :, np.newaxis]
    try:
        built = layer.build()
    except KerasRefusal as refusal:
        return Comparison(layer.kind, batch.shape, None, None, None, str(error), str(refusal))
    return compare(built, batch)


def _counts(axes: Sequence[TransposedWindow], shape: Sequence[int]) -> Counts:
    """How many stamps reach each output cell, ``(o_height, o_width)``."""
    rows, columns = (reached(axis, n).counts for axis, n in zip(axes, shape, strict=True))
    return np.outer(rows, columns)


# -- the pictures -------------------------------------------------------------------------------------------------


def _grids(
    x: Map,
    weights: Map,
    run: tuple[TransposedWindow, TransposedWindow] | None,
    comparison: Comparison,
    other: Beside | None,
) -> Iterator[Grid]:
    yield replace(plain_grid(x), walk="input")
    yield kernel_grid(weights)
    counts = None if run is None else _counts(run, x.shape)
    if run is not None and counts is not None and comparison.by_hand is not None:
        yield stamped_grid(one.map_of(comparison.by_hand), _whole(x, weights, run), counts, run, x.shape)
    if other is not None and other.output is not None:
        grid = output_grid(other.output, "output2", _BESIDE)
        walk = grid.walk if _shared(comparison, other) else ""
        yield replace(grid, walk=walk, cell=side(max(other.output.shape)))
    if run is not None and counts is not None:
        yield overlap_grid(counts)
        yield from _ladders(run, x.shape)


def _whole(x: Map, weights: Map, axes: Sequence[TransposedWindow]) -> Map:
    """The sum of all stamps before anything is cut off, with zeros where the layer adds cells after the last stamp."""
    whole = tuple(TransposedWindow(axis.size, axis.stride, padding="valid", output_padding=0) for axis in axes)
    batch, kernel = x[np.newaxis, :, :, np.newaxis], weights[:, :, np.newaxis, np.newaxis]
    added = [(0, max(-axis.crops(n)[1], 0)) for axis, n in zip(axes, x.shape, strict=True)]
    return np.pad(one.map_of(transpose_convolve(batch, kernel, whole)), added)


def _ladders(axes: tuple[TransposedWindow, TransposedWindow], shape: Sequence[int]) -> Iterator[Grid]:
    """Where the stamps fall: once where height and width are alike."""
    (height, width), (rows, columns) = axes, shape
    if height == width and rows == columns:
        yield stamp_grid(width, columns, "stamps width", "where each stamp falls")
    else:
        yield stamp_grid(height, rows, "stamps height", "stamps along the height")
        yield stamp_grid(width, columns, "stamps width", "stamps along the width")


def _shared(comparison: Comparison, other: Beside) -> bool:
    """Whether both outputs have the same cells, so that one pointer can ask about both."""
    return comparison.by_hand is not None and comparison.shape_by_hand == other.convolution.shape_by_hand


def _arithmetic(
    x: Map, weights: Map, axes: Sequence[TransposedWindow], comparison: Comparison, other: Beside | None
) -> Iterator[Arithmetic]:
    if comparison.by_hand is None or comparison.keras is None or not comparison.same_shape:
        return
    rows, columns = (reached(axis, n) for axis, n in zip(axes, x.shape, strict=True))
    shared = other is not None and other.agrees and _shared(comparison, other)
    yield Arithmetic(
        rows=rows.taps,
        columns=columns.taps,
        inputs=one.texts(x),
        ghost="0",
        by_hand=one.texts(one.map_of(comparison.by_hand)),
        keras=one.texts(one.map_of(comparison.keras)),
        kernel=one.texts(weights),
        kernel_rows=rows.weights,
        kernel_columns=columns.weights,
        label="transposed" if shared else "",
        follow={
            "overlaps": "cell",
            "kernel": "kernel",
            "stamps height": "stamp_row",
            "stamps width": "stamp_column",
        },
        stamp_rows=rows.stamps,
        stamp_columns=columns.stamps,
    )
    if shared and other is not None and other.output is not None and other.convolution.keras is not None:
        yield Arithmetic(
            rows=_sources(other.repeats[0], other.axes[0], x.shape[0]),
            columns=_sources(other.repeats[1], other.axes[1], x.shape[1]),
            inputs=one.texts(x),
            ghost="0",
            by_hand=one.texts(other.output),
            keras=one.texts(one.map_of(other.convolution.keras)),
            kernel=one.texts(weights),
            source="upsampled",  # no such grid is shown: the sum is written out in cells of the input
            result="output2",
            label=_BESIDE,
        )


def _photos(
    x: Map,
    picture: str,
    run: tuple[TransposedWindow, TransposedWindow] | None,
    comparison: Comparison,
    other: Beside | None,
) -> Iterator[Photo]:
    yield from one.photos(x, picture, comparison)
    if run is not None:
        counts = _counts(run, x.shape)
        said = f"How many stamps reach each cell, from {counts.min()} to {counts.max()}"
        yield photo(counts.astype(float), "overlaps", "overlaps", said)
    if other is not None and other.convolution.keras is not None:
        real = one.map_of(other.convolution.keras)
        yield photo(real, "output2", _BESIDE, "What upsampling and then convolving makes of it")


# -- the words ----------------------------------------------------------------------------------------------------


def _answers(formula: Answer, comparison: Comparison, other: Beside | None, shape: Sequence[int]) -> tuple[Answer, ...]:
    by_hand = one.by_hand(comparison, "added up from its stamps", "added up from their stamps")
    keras = one.keras(comparison)
    if other is None:
        return formula, by_hand, keras
    sides = [f"{r.formula(n)}" for r, n in zip(other.repeats, shape, strict=True)]
    doubled = sides[0] if sides[0] == sides[1] else f"height: {sides[0]}; width: {sides[1]}"
    gap = other.convolution.largest_difference
    sized = one.size(other.convolution.shape_by_hand)
    real = one.size(other.convolution.shape_keras)
    return (
        Answer(formula.name, (*formula.lines, f"{_BESIDE}: f = s, {doubled}, and same keeps it")),
        Answer(by_hand.name, (*by_hand.lines, f"{_BESIDE}: {sized}")),
        Answer(
            keras.name,
            (
                *keras.lines,
                f"{_BESIDE}: {real}" + ("" if gap is None else f"; largest difference {format_difference(gap)}"),
            ),
        ),
    )


def _remarks(
    axes: tuple[TransposedWindow, TransposedWindow] | None,
    run: tuple[TransposedWindow, TransposedWindow] | None,
    shape: Sequence[int],
    other: Beside | None,
) -> Iterator[str]:
    if run is not None and max(axis.stride for axis in run) > 1:
        yield _overlap_remark(run, shape)
    if axes is not None:
        for name, axis, n in _sides(axes, shape):
            if axis.stride > 1:
                yield _way_back_remark(name, axis, n)
    if other is not None:
        yield _beside_remark(other)


def _sides(
    axes: tuple[TransposedWindow, TransposedWindow], shape: Sequence[int]
) -> list[tuple[str, TransposedWindow, int]]:
    """What is to be said once where height and width are alike, and for each where they are not."""
    (height, width), (rows, columns) = axes, shape
    if height == width and rows == columns:
        return [("", height, rows)]
    return [("in height, ", height, rows), ("in width, ", width, columns)]


def _overlap_remark(axes: tuple[TransposedWindow, TransposedWindow], shape: Sequence[int]) -> str:
    counts, sides = _counts(axes, shape), _sides(axes, shape)
    if short := [f"{name}k = {a.size} is smaller than s = {a.stride}" for name, a, _ in sides if a.size < a.stride]:
        found = f"the stamps leave gaps. Nothing reaches {(counts == 0).sum()} of {counts.size} cells."
        return _capital(f"{' and '.join(short)}: {found}")
    rest = " and ".join(f"{name}k mod s = {a.size} mod {a.stride} = {a.size % a.stride}" for name, a, _ in sides)
    many = sorted({a * b for a in inner_counts(axes[0]) for b in inner_counts(axes[1])})
    if len(many) == 1:
        found = f"every cell gets {_stamps(many)}. No checkerboard."
    else:
        found = f"a cell gets {_stamps(many)}, depending on where it lies. That is the checkerboard."
    inside = all(has_inner(axis, n) for axis, n in zip(axes, shape, strict=True))
    here = "" if inside else " (Here, all cells are near the border.)"
    return _capital(f"{rest}: away from the border {found}{here}")


def _capital(text: str) -> str:
    """A sentence begins with a capital, but a symbol stays what it is."""
    return text[0].upper() + text[1:] if text.startswith("in ") else text


def _stamps(many: Sequence[int]) -> str:
    return f"{_or(many)} stamp{'' if list(many) == [1] else 's'}"


def _or(numbers: Sequence[int]) -> str:
    *first, last = map(str, numbers)
    return f"{', '.join(first)} or {last}" if first else last


def _way_back_remark(name: str, axis: TransposedWindow, n: int) -> str:
    possible, o = ways_back(axis.forward, n), axis.output_size(n)
    taken = "The default" if axis.output_padding is None else f"output_padding={axis.output_padding}"
    takes = f"takes {o}" if o in possible else f"asks for {o}, which is none of them"
    return _capital(
        f'{name}{"a" if name else "A"} convolution with k = {axis.size}, s = {axis.stride}, padding="{axis.padding}" '
        f"makes {n} of {_or(possible)}, so there is more than one way back. {taken} {takes}."
    )


def _beside_remark(other: Beside) -> str:
    (rows, columns), (up, across) = (a.size for a in other.axes), (r.factor for r in other.repeats)
    if up == across == 1:
        return "With s = 1 the upsampling changes nothing: the second output is a plain convolution."
    return (
        f"Upsampled first, then convolved: away from the border every cell adds up {rows}·{columns} = {rows * columns} "
        "cells, wherever it lies. No checkerboard."
    )


def _setting(n: Size, k: Size, s: Size, padding: str, output_padding: int | str) -> str:
    extra = [] if output_padding == DEFAULT else [f"output_padding={output_padding}"]
    return ", ".join([*(one.written(*size) for size in (("n", n), ("k", k), ("s", s))), f'padding="{padding}"', *extra])


# -- the widget ---------------------------------------------------------------------------------------------------


def transposed_links(settings: Mapping[str, Any]) -> Links:
    """A picture has its own size and values; an output_padding that is not below s is named, and what to do."""
    links = one.show_links(settings, PICTURE_SIZE)
    extra, strides = settings["output_padding"], pair(settings["s"])
    if extra == DEFAULT or extra < min(strides):
        return links
    note = (
        f"output_padding = {extra} and {one.written('s', settings['s'])} exclude each other: output_padding must be "
        f"below s. Move s to {extra + 1} or more, or choose the default or {_or(range(min(strides)))}."
    )
    return replace(links, notes=(note,))


def transposed(
    n: Size = 4,
    k: Size = 3,
    s: Size = 2,
    padding: str = "same",
    output_padding: int | None = None,
    kernel: str = "ones",
    values: str = "digits",
    beside: bool = False,
    show: str = "numbers",
    picture: str = "white",
    presenter: bool = False,
) -> Explorer:
    """Explore how a transposed convolution makes a map larger, with a real ``Conv2DTranspose`` rebuilt at every change.

    Args:
        n: input size, 1 to 6; the map is n × n. Every size may also be a pair: height, width.
        k: kernel size, 1 to 5.
        s: stride, 1 to 4: how far the stamps of two neighbouring cells are apart.
        padding: ``"valid"`` or ``"same"``.
        output_padding: None (the layer is built without the argument, which means Keras's own choice of size), or 0
            to 3; it must be below s.
        kernel: the weights: ``"ones"``, ``"edge"``, ``"count"`` or ``"single"``.
        values: the numbers in the map: ``"digits"``, ``"ones"`` or ``"negative"``.
        beside: show ``UpSampling2D`` and then ``Conv2D`` with the same weights, on the same input.
        show: ``"numbers"``, or ``"image"``: a picture of 32 × 32 through the same layer.
        picture: ``"photo"``, ``"stripes"`` or ``"white"``.
        presenter: large type, and the answer is held back until it is revealed.

    Raises:
        ValueError: for a setting outside those limits, naming them.
    """
    extra = DEFAULT if output_padding is None else output_padding
    controls = {
        **sizes("n", "n, input size", n, 1, LARGEST_N),
        **sizes("k", "k, kernel size", k, 1, LARGEST_K),
        **sizes("s", "s, stride", s, 1, LARGEST_S),
        "padding": choice("padding", "padding", padding, PADDINGS),
        "output_padding": choice("output_padding", "output_padding", extra, OUTPUT_PADDINGS),
        "kernel": dropdown("kernel", "kernel", kernel, KERNELS),
        "values": dropdown("values", "input", values, VALUES),
        "beside": switch("beside", "beside it: upsample, then convolve", beside),
        **one.show_controls(show, picture),
    }
    return Explorer("transposed", controls, transposed_frame, transposed_links, presenter)
