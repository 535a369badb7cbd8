"""Every size the course predicts, against what the real layer says, on dense grids; and every refusal foretold.

``compute_output_shape`` costs microseconds, so the grids are exhaustive in one dimension (n 1–16, k 1–7, s 1–4, d 1–3)
and pair every setting of one axis with many of the others in two and three. The end of this file *calls* the layers.
"""

from __future__ import annotations

import contextlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import Any

import killers
import numpy as np
import pytest
from layer_cases import KINDS, dimensions_of
from tally import compared

from course_utils.axes import Axis, Crop, GlobalWindow, Pad, ShapeError, TransposedWindow, Upsample, Window
from course_utils.keras_layers import (
    KerasRefusal,
    LayerCode,
    axes_of,
    channels_last,
    check_settings,
    load_keras,
    missing_kernel,
    output_shape,
    run,
)

SIZES = range(1, 17)
FORMATS = ("channels_last", "channels_first")
CHANNELS = 3

Setting = tuple[int, int, int]  # k, s, d of one axis
STRIDED: list[Setting] = [(k, s, 1) for k, s in product(range(1, 8), range(1, 5))]
DILATED: list[Setting] = [(k, 1, d) for k, d in product(range(1, 8), range(1, 4))]
BOTH: list[Setting] = list(product(range(1, 8), range(1, 5), range(1, 4)))


def check(code: LayerCode, sizes: Iterable[Sequence[int]]) -> int:
    """Hold one layer against the axes of its settings for many sizes. Returns the number of configurations compared.

    Both may refuse: the settings at once, or an input of some size. They must refuse the same.
    """
    try:
        axes = code.axes
        check_settings(code.kind, axes)
    except ShapeError as error:
        with pytest.raises(KerasRefusal):
            code.build()
            pytest.fail(f"Keras makes {code.text}, by hand it is refused: {error}")
        return 1
    layer = code.build()
    assert axes_of(layer) == axes, code.text
    last = channels_last(layer)
    channels_out = code.settings.get("filters", CHANNELS * code.settings.get("depth_multiplier", 1))
    compared = 0
    for spatial in sizes:
        shape = (None, *spatial, CHANNELS) if last else (None, CHANNELS, *spatial)
        by_hand: tuple[int | None, ...] | None
        try:
            found = tuple(axis.output_size(n) for axis, n in zip(axes, spatial, strict=True))
            found = found if code.settings.get("keepdims", True) else ()
            by_hand = (None, *found, channels_out) if last else (None, channels_out, *found)
        except ShapeError:
            by_hand = None
        try:
            real = output_shape(layer, shape)
        except KerasRefusal:
            real = None
        assert by_hand == real, f"{code.text} on {shape}: by hand {by_hand}, Keras {real}"
        compared += 1
    return compared


def partners(settings: list[Setting], dimensions: int, turns: int) -> list[tuple[Setting, ...]]:
    """Each setting on the first axis, beside ``turns`` different others on each of the rest."""
    count = len(settings)
    rows = []
    for i, turn in product(range(count), range(turns)):
        others = [settings[(i * (2 * axis + 1) + 5 * turn + axis) % count] for axis in range(1, dimensions)]
        rows.append((settings[i], *others))
    return rows


def rectangles(dimensions: int, shift: int) -> list[tuple[int, ...]]:
    """Sixteen sizes in which every axis goes through 1 … 16, in step with none of the others."""
    return [tuple((n * (2 * axis + 1) + shift * axis) % 16 + 1 for axis in range(dimensions)) for n in SIZES]


def columns(rows: Sequence[Setting]) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """The kernel sizes, strides and dilations of several axes."""
    sizes, strides, dilations = zip(*rows, strict=True)
    return sizes, strides, dilations


def settings_for(dimensions: int) -> list[tuple[Setting, ...]]:
    """Kernel sizes, strides and dilations for all axes of a layer."""
    if dimensions == 1:
        return [(setting,) for setting in BOTH]
    if dimensions == 2:
        return [*partners(STRIDED, 2, 9), *partners(DILATED, 2, 9), *partners(BOTH, 2, 3)]
    return [*partners(STRIDED, 3, 9), *partners(DILATED, 3, 9), *partners(BOTH, 3, 3)]


def sizes_for(dimensions: int, turn: int) -> list[tuple[int, ...]]:
    """All sizes in one dimension; for every setting other rectangles in two and three."""
    return [(n,) for n in SIZES] if dimensions == 1 else rectangles(dimensions, turn)[turn // 4 % 2 :: 2]


def formats_for(dimensions: int, turn: int) -> tuple[str, ...]:
    """Both in one dimension, by turns in two and three."""
    return FORMATS if dimensions == 1 else (FORMATS[turn // 2 % 2],)


# -- the grids ----------------------------------------------------------------------------------------------------

Grid = Iterator[tuple[list[tuple[int, ...]], dict[str, Any]]]
"""Sizes, and the settings of a layer that is asked for them."""


def convolutions(kind: str, dimensions: int) -> Grid:
    filters = {"filters": 4} if kind.startswith("Separable") else {"filters": 5} if kind.startswith("Conv") else {}
    common = filters | ({} if kind.startswith("Conv") else {"depth_multiplier": 2})
    for turn, rows in enumerate(settings_for(dimensions)):
        k, s, d = columns(rows)
        for padding, layout in product(("valid", "same", "causal"), formats_for(dimensions, turn)):
            if padding == "causal" and turn % 7 and kind != "Conv1D":
                continue  # refused by the constructor; a seventh of them shows it
            window = {"kernel_size": k, "strides": s, "dilation_rate": d, "padding": padding, "data_format": layout}
            yield sizes_for(dimensions, turn), common | window


def transposed(kind: str, dimensions: int) -> Grid:
    for turn, rows in enumerate(settings_for(dimensions)):
        k, s, d = columns(rows)
        # None, and every whole number from 0 up to one too many; on the other axes a different one.
        extras: list[tuple[int, ...] | None] = [None]
        extras += [(op, *((op + turn + axis) % s[axis] for axis in range(1, dimensions))) for op in range(s[0] + 1)]
        for padding, extra in product(("valid", "same"), extras if dimensions == 1 else extras[turn % 2 :: 2]):
            window = {"kernel_size": k, "strides": s, "dilation_rate": d, "padding": padding, "output_padding": extra}
            yield sizes_for(dimensions, turn), {"filters": 5, **window, "data_format": FORMATS[turn // 2 % 2]}


def pooling(kind: str, dimensions: int) -> Grid:
    for turn, rows in enumerate([(row,) for row in STRIDED] if dimensions == 1 else partners(STRIDED, dimensions, 9)):
        k, strides, _ = columns(rows)
        # A stride of None means the pool size.
        for padding, layout, given in product(("valid", "same"), formats_for(dimensions, turn), (strides, None)):
            window = {"pool_size": k, "strides": given, "padding": padding, "data_format": layout}
            yield sizes_for(dimensions, turn), window


def global_pooling(kind: str, dimensions: int) -> Grid:
    for layout, keep, turn in product(FORMATS, (True, False), range(4)):
        yield rectangles(dimensions, turn), {"data_format": layout, "keepdims": keep}


def upsampling(kind: str, dimensions: int) -> Grid:
    ways = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5") if dimensions == 2 else ("nearest",)
    for turn, factors in enumerate(product(range(6), repeat=dimensions)):
        for how, layout in product(ways, formats_for(dimensions, turn)[-1:]):
            settings: dict[str, Any] = {"size": factors, "data_format": layout} if dimensions > 1 else {"size": turn}
            yield sizes_for(dimensions, turn), settings | ({"interpolation": how} if dimensions == 2 else {})


def padding_and_cropping(kind: str, dimensions: int) -> Grid:
    pairs = list(product(range(-1, 6), repeat=2))
    for turn, (i, shift) in enumerate(product(range(len(pairs)), range(1 if dimensions == 1 else 6))):
        rows = tuple(pairs[(i * (2 * axis + 1) + 3 * shift * axis) % len(pairs)] for axis in range(dimensions))
        settings = {"padding" if kind.startswith("Zero") else "cropping": rows if dimensions > 1 else rows[0]}
        for layout in formats_for(dimensions, turn) if kind != "Cropping1D" else ("",):
            yield sizes_for(dimensions, turn), settings | ({"data_format": layout} if layout else {})


#: Family → its grid, and how many configurations there must be at least in one dimension, and in more.
GRIDS: dict[str, tuple[Callable[[str, int], Grid], int, int]] = {
    "Conv#D": (convolutions, 4_000, 4_000),
    "DepthwiseConv#D": (convolutions, 4_000, 4_000),
    "SeparableConv#D": (convolutions, 4_000, 4_000),
    "Conv#DTranspose": (transposed, 4_000, 4_000),
    "MaxPooling#D": (pooling, 3_000, 3_000),
    "AveragePooling#D": (pooling, 3_000, 3_000),
    "GlobalMaxPooling#D": (global_pooling, 256, 256),
    "GlobalAveragePooling#D": (global_pooling, 256, 256),
    "UpSampling#D": (upsampling, 80, 1_000),
    "ZeroPadding#D": (padding_and_cropping, 500, 900),
    "Cropping#D": (padding_and_cropping, 500, 900),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_size_is_that_of_the_layer(kind: str) -> None:
    grid, least_in_one, least_in_more = GRIDS[re.sub(r"\d", "#", kind)]
    dimensions = dimensions_of(kind)
    total = sum(check(LayerCode(kind, settings), sizes) for sizes, settings in grid(kind, dimensions))
    compared("shapes", kind, total, at_least=least_in_one if dimensions == 1 else least_in_more)


# -- how settings are read ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "argument", "axis_class"), [("ZeroPadding", "padding", Pad), ("Cropping", "cropping", Crop)]
)
def test_the_short_ways_to_write_padding_and_cropping(
    kind: str, argument: str, axis_class: type[Pad] | type[Crop]
) -> None:
    """One number, or one per axis. In 1-D the pair means before and after; in 2-D and 3-D it means the axes."""

    def axes(dimensions: int, value: Any) -> tuple[Axis, ...]:
        code = LayerCode(f"{kind}{dimensions}D", {argument: value})
        assert code.axes == axes_of(code.build())
        return code.axes

    assert axes(1, (1, 2)) == (axis_class(1, 2),)
    assert axes(2, (1, 2)) == (axis_class(1, 1), axis_class(2, 2))
    assert axes(3, (1, 2, 3)) == (axis_class(1, 1), axis_class(2, 2), axis_class(3, 3))
    for dimensions in (1, 2, 3):
        assert axes(dimensions, 2) == (axis_class(2, 2),) * dimensions


def test_numbers_are_read_as_keras_reads_them() -> None:
    """One number for all axes, NumPy's whole numbers, and True, which Keras takes for 1."""
    for given, meant in ((3, (3, 3)), ((np.int64(3), np.int32(2)), (3, 2)), (True, (1, 1)), ([2, 5], (2, 5))):
        code = LayerCode("Conv2D", {"filters": 1, "kernel_size": given, "padding": "SAME"})
        layer = code.build()
        assert axes_of(layer) == code.axes == tuple(Window(k, padding="same") for k in meant)
        assert output_shape(layer, (1, 7, 7, 1)) == (1, 7, 7, 1)
    layer = LayerCode("Conv2DTranspose", {"filters": 1, "kernel_size": 3, "strides": 3, "output_padding": 1}).build()
    assert axes_of(layer) == (TransposedWindow(3, 3, output_padding=1),) * 2


def test_settings_are_read_as_the_axes_they_are() -> None:
    """Elsewhere the axes are held against Keras in sizes; here against what a person would write for them."""
    window = {"kernel_size": (2, 3), "strides": (1, 2), "padding": "same"}
    for kind in ("Conv2D", "DepthwiseConv2D", "SeparableConv2D"):
        assert LayerCode(kind, window).axes == (Window(2, 1, padding="same"), Window(3, 2, padding="same"))
    dilated = {"kernel_size": 3, "dilation_rate": 2, "strides": 1, "padding": "causal"}
    assert LayerCode("Conv1D", dilated).axes == (Window(3, 1, 2, "causal"),)
    assert LayerCode("Conv2DTranspose", window | {"dilation_rate": 1, "output_padding": (0, 1)}).axes == (
        TransposedWindow(2, 1, 1, "same", 0), TransposedWindow(3, 2, 1, "same", 1),
    )  # fmt: skip
    for kind in ("MaxPooling2D", "AveragePooling2D"):
        assert LayerCode(kind, {"pool_size": (2, 3), "strides": None}).axes == (Window(2, 2), Window(3, 3))
        assert LayerCode(kind, {"pool_size": (2, 3), "strides": 1}).axes == (Window(2, 1), Window(3, 1))
    assert LayerCode("GlobalMaxPooling3D").axes == (GlobalWindow(),) * 3
    bilinear = {"size": (2, 3), "interpolation": "bilinear"}
    assert LayerCode("UpSampling2D", bilinear).axes == (Upsample(2, "bilinear"), Upsample(3, "bilinear"))
    assert LayerCode("ZeroPadding2D", {"padding": ((1, 2), (0, 3))}).axes == (Pad(1, 2), Pad(0, 3))
    assert LayerCode("Cropping1D", {"cropping": (1, 2)}).axes == (Crop(1, 2),)


def test_arguments_left_out_are_what_keras_takes_for_them() -> None:
    required = {"filters": 1, "kernel_size": 3, "pool_size": 2}
    for kind in KINDS:
        parameters = inspect.signature(getattr(load_keras().layers, kind)).parameters
        needed = [name for name in parameters if parameters[name].default is inspect.Parameter.empty]
        code = LayerCode(kind, {name: required[name] for name in needed if name in required})
        assert code.axes == axes_of(code.build()), code.text


def test_fractions_pass_some_constructors_and_are_still_refused() -> None:
    for kind, argument in (("Conv2D", "kernel_size"), ("UpSampling2D", "size")):
        filters = {"filters": 1} if kind == "Conv2D" else {}
        layer = LayerCode(kind, filters | {argument: (1.5, 2.0)}).build()
        with pytest.raises(ShapeError, match=r"1\.5"):
            axes_of(layer)
        with pytest.raises(KerasRefusal):
            run(layer, np.ones((1, 6, 6, 1)))


# -- called, not only asked ---------------------------------------------------------------------------------------


def call(code: LayerCode, sizes: Iterable[Sequence[int]]) -> int:
    """Run a layer; where no kernel is missing it must run exactly when its axes say so, and give what they say."""
    layer = code.build()
    axes = axes_of(layer)
    last, calls = channels_last(layer), 0
    for spatial in sizes:
        expected: tuple[int, ...] | None = None
        with contextlib.suppress(ShapeError):
            for axis, n in zip(axes, spatial, strict=True):
                axis.check_runs(n)
            if not missing_kernel(layer):
                expected = tuple(axis.output_size(n) for axis, n in zip(axes, spatial, strict=True))
        real = None
        with contextlib.suppress(KerasRefusal):
            y = run(layer, np.ones((1, *spatial, CHANNELS) if last else (1, CHANNELS, *spatial), np.float32))
            real = y.shape[1:-1] if last else y.shape[2:]
        assert real == expected, f"{code.text} on {spatial}: by hand {expected}, Keras {real}"
        calls += 1
    return calls


def test_calls_of_transposed_convolutions() -> None:
    """*same* with an even k_eff and output_padding=0 can be built, has a size, and fails when called."""
    total = 0
    for (k, s, d), padding in product(
        [*STRIDED, *((k, 1, d) for k in (1, 2, 3, 4) for d in (2, 3))], ("valid", "same")
    ):
        for extra in (None, *range(s)):
            arguments = {"filters": 2, "kernel_size": k, "strides": s, "dilation_rate": d, "padding": padding}
            arguments["output_padding"] = extra
            total += call(LayerCode("Conv1DTranspose", arguments), [(n,) for n in (1, 2, 3, 6)])
            if extra in (None, 0):
                arguments |= {"kernel_size": (k, 8 - k), "data_format": FORMATS[(k + s) % 4 == 0]}
                total += call(LayerCode("Conv2DTranspose", arguments), [(1, 1), (2, 5)])
    compared("calls", "Conv1D/2DTranspose", total, at_least=900)


def test_calls_of_windows() -> None:
    """Also where the window does not fit: a pooling called there can take the whole process with it."""
    total = 0
    for (k, s, d), padding in product(BOTH[::2], ("valid", "same")):
        sizes = [(n, 17 - n) for n in range(1, 17, 3)]
        window = {"strides": s, "padding": padding}
        total += call(LayerCode("DepthwiseConv2D", {"kernel_size": (k, 8 - k), "dilation_rate": d, **window}), sizes)
        if d == 1:
            for kind in ("MaxPooling2D", "AveragePooling2D"):
                total += call(LayerCode(kind, {"pool_size": (k, 8 - k), **window}), sizes)
        if s == 1 or d == 1:
            arguments = {"filters": 2, "kernel_size": k, "dilation_rate": d, **window}
            for causal in (padding, "causal"):
                total += call(LayerCode("Conv1D", arguments | {"padding": causal}), [(n,) for n in range(1, 17, 4)])
    compared("calls", "windows", total, at_least=1_000)


def test_kernels_that_this_processor_does_not_have_are_foretold() -> None:
    total = 0
    for layout, kind in product(
        FORMATS, ("Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
    ):
        dimensions = int(kind[4])
        for k, s, d in ((2, 1, 1), (3, 2, 1), (2, 1, 2)):
            arguments = {"filters": 3, "kernel_size": k, "strides": s, "dilation_rate": d, "data_format": layout}
            total += call(LayerCode(kind, arguments), [(6,) * dimensions])
            if "Transpose" not in kind and s == 2:  # grouped ones are compiled anew at every call
                total += call(LayerCode(kind, arguments | {"groups": 3}), [(6,) * dimensions])
    for layout, kind, padding in product(FORMATS, ("DepthwiseConv2D", "SeparableConv2D"), ("valid", "same")):
        for strides, dilations in product(((1, 1), (1, 2), (2, 1), (2, 2), (3, 2)), ((1, 1), (2, 1), (1, 3), (2, 2))):
            arguments = {
                "kernel_size": (2, 3),
                "strides": strides,
                "dilation_rate": dilations,
                "padding": padding,
                "data_format": layout,
            }
            if kind == "SeparableConv2D":
                arguments["filters"] = 2
            total += call(LayerCode(kind, arguments), [(9, 8)])
    compared("calls", "kernels that may be missing", total, at_least=200)


def test_what_would_kill_is_refused_without_onednn_too() -> None:
    compared("calls", "layers that kill, without oneDNN", killers.all_refused(), at_least=350)
