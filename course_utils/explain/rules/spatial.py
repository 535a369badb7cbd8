"""The rule of the layers that have axes: convolution, pooling, upsampling, zero padding, cropping.

Every number is asked from ``course_utils.axes``; here a shape is only taken apart, axis by axis, and put together.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from course_utils.axes import Axis, Crop, GlobalWindow, NoRule, Pad, ShapeError, TransposedWindow, Upsample, Window
from course_utils.explain.rules.core import (
    NONE,
    Arguments,
    Count,
    Pads,
    Place,
    RuleResult,
    Shapes,
    call_rule,
    kind_shown,
    known,
    rule,
)
from course_utils.explain.rules.sentences import rule_for_any_size, sentence_about
from course_utils.explain.rules.weights import of_convolution
from course_utils.explain.shapes import channels_of, places_of_maps, shape_of, sizes_of
from course_utils.explain.wording import AXIS_NAMES, Shape, per_axis, product, rows_and_columns, size
from course_utils.keras_layers import Layer, axes_from, axes_of, channels_last, check_settings, kind_of, missing_kernel


@rule("axes")
def spatial(layer: Layer, shapes: Shapes) -> RuleResult:
    """The rule for every layer that ``keras_layers.axes_of`` can read.

    Raises:
        ShapeError: where nothing comes out, with the numbers and what would fit.
    """
    axes = axes_of(layer)
    check_settings(kind_of(layer), axes)
    _check_rank(layer, shapes[0], AXIS_NAMES[len(axes)], channels_last(layer))
    channels, parameters = channels_of(shapes[0], channels_last(layer)), NONE
    _sizes_out(axes, sizes_of(shapes[0], channels_last(layer)))
    if hasattr(layer, "kernel_size"):  # only convolutions change the number of channels, and only they have weights
        reach = known(channels, "The number of channels")
        channels = reach * layer.depth_multiplier if kind_of(layer).startswith("Depthwise") else layer.filters
        parameters = of_convolution(layer, reach)
    return _along(layer, shapes[0], axes, channels, hasattr(layer, "kernel_size"), parameters)


def _along(
    layer: Layer, shape: Shape, axes: tuple[Axis, ...], channels: int | None, mixed: bool, parameters: Count = NONE
) -> RuleResult:
    """What comes out where every axis of a map goes through an axis of the layer, or of the operation.

    Args:
        layer: the layer or operation.
        shape: what goes in.
        axes: one for each axis of the map.
        channels: how many come out.
        mixed: whether each of them is made of several that went in.
        parameters: the weights.
    """
    last, rank = channels_last(layer), len(axes)
    sizes, maps = sizes_of(shape, last), places_of_maps(rank + 1, last)
    out, unread = _sizes_out(axes, sizes), _unread(axes, sizes)
    whole = isinstance(axes[0], GlobalWindow) and not layer.keepdims
    left = [] if whole else [Place(place + 1, axis) for place, axis in zip(maps, axes, strict=True)]
    channel = Place(size=channels) if mixed else Place(1 + rank * last)
    return RuleResult(
        (shape[0], channels) if whole else shape_of(shape[0], out, channels, last),
        per_axis([_formula(axis, n) for axis, n in zip(axes, sizes, strict=True)]),
        sentence_about(layer, axes, sizes),
        parameters,
        tuple(_notes(layer, axes, sizes, unread)),
        places=(Place(0), *left, channel) if last else (Place(0), channel, *left),
        maps=maps,
        pads=_pads(axes, sizes),
        unread=unread,
    )


# -- the same as operations between tensors -----------------------------------------------------------------------

#: Each with the layer that does the same, whose settings it has.
_CONVOLUTIONS = {
    "ops.Conv": "Conv{}D",
    "ops.DepthwiseConv": "DepthwiseConv{}D",
    "ops.SeparableConv": "SeparableConv{}D",
    "ops.ConvTranspose": "Conv{}DTranspose",
}
_POOLINGS = {"ops.MaxPool": "MaxPooling{}D", "ops.AveragePool": "AveragePooling{}D"}


@call_rule(*_CONVOLUTIONS)
def convolution(operation: Layer, arguments: Arguments) -> RuleResult:
    """The kernel is an input too, and its shape says what a layer is told: ``(3, 3, channels, filters)``."""
    kind, shape = kind_shown(operation), arguments.shape_of("inputs", 0)
    separable = kind == "ops.SeparableConv"
    weights = arguments.shape_of("depthwise_kernel" if separable else "kernel", 1)
    *kernel, reads, makes = (known(n, "A size of the kernel") for n in weights)
    if kind == "ops.ConvTranspose":
        reads, makes = makes, reads
    channels = channels_of(shape, channels_last(operation))
    many = channels is not None and kind == "ops.Conv" and channels % reads == 0
    if channels not in (None, reads) and not many:
        raise ShapeError(f"The kernel reads {reads} channels, and {size(shape)} has {channels}.")
    if kind == "ops.DepthwiseConv":
        makes *= reads
    elif separable:
        makes = known(arguments.shape_of("pointwise_kernel", 2)[-1], "A size of the kernel")
    return _operation(operation, _CONVOLUTIONS[kind], shape, makes, kernel_size=tuple(kernel))


@call_rule(*_POOLINGS)
def pooling(operation: Layer, arguments: Arguments) -> RuleResult:
    """The largest or the mean of each window."""
    shape = arguments.shape_of("inputs", 0)
    return _operation(operation, _POOLINGS[kind_shown(operation)], shape, channels_of(shape, channels_last(operation)))


@call_rule("ops.ExtractPatches")
def patches(operation: Layer, arguments: Arguments) -> RuleResult:
    """Every window laid out as one row of numbers: as many channels as it has cells, times those that come in."""
    shape, window = arguments.shape_of("images", 0), tuple(operation.size)
    channels = known(channels_of(shape, channels_last(operation)), "The number of channels")
    steps = window if operation.strides is None else operation.strides
    makes = math.prod(window) * channels
    found = _operation(operation, "Conv{}D", shape, makes, kernel_size=window, strides=steps)
    return replace(
        found, sentence=f"{found.sentence} Each becomes a row of {product((*window, channels))} = {makes} numbers."
    )


def _operation(operation: Layer, kind: str, shape: Shape, channels: int | None, **settings: Any) -> RuleResult:
    """What the layer of this kind would make, with settings that the operation does not have by itself."""
    rank = len(shape) - 2
    if rank not in AXIS_NAMES:
        raise NoRule(f"There is a rule for maps with 1 to 3 axes only; {size(shape)} has {rank}.")
    axes = axes_from(kind.format(rank), lambda name: settings.get(name, getattr(operation, name, None)))
    return _along(operation, shape, axes, channels, bool(settings))


def _check_rank(layer: Layer, shape: Shape, names: tuple[str, ...], last: bool) -> None:
    needed = (*names, "channels") if last else ("channels", *names)
    if len(shape) != len(needed) + 1:
        raise ShapeError(
            f"{kind_of(layer)} needs {len(needed)} numbers for each example, ({', '.join(needed)}); "
            f"{size(shape)} has {len(shape) - 1}."
        )


def _sizes_out(axes: tuple[Axis, ...], sizes: Shape) -> Shape:
    """The size on each axis, None where it is not known; a refusal says on which, unless all axes are alike."""
    alike = len({*zip(axes, sizes, strict=True)}) == 1
    out: list[int | None] = []
    for name, axis, n in zip(AXIS_NAMES[len(axes)], axes, sizes, strict=True):
        try:
            if n is None:
                out.append(1 if isinstance(axis, GlobalWindow) else None)
            else:
                out.append(axis.output_size(n))
        except ShapeError as error:
            raise ShapeError(str(error) if alike else f"On the {name}: {error}") from None
    return tuple(out)


def _formula(axis: Axis, n: int | None) -> str:
    if isinstance(axis, GlobalWindow):
        return f"{'?' if n is None else n} → 1"
    reach = ""
    if isinstance(axis, Window | TransposedWindow) and axis.dilation > 1:
        window = axis.forward if isinstance(axis, TransposedWindow) else axis
        reach = f"k_eff = {window.effective_size_formula().numbers}; "
    return reach + (rule_for_any_size(axis) if n is None else axis.formula(n).numbers)


def _pads(axes: tuple[Axis, ...], sizes: Shape) -> Pads | None:
    pads = tuple(axis.pads(n) for axis, n in zip(axes, sizes, strict=True) if n is not None)
    return pads if len(pads) == len(axes) else None


def _unread(axes: tuple[Axis, ...], sizes: Shape) -> tuple[int, ...]:
    """Cells that nobody reads, per axis; empty where a size is not known."""
    unread = tuple(_unread_on(axis, n) for axis, n in zip(axes, sizes, strict=True) if n is not None)
    return unread if len(unread) == len(axes) else ()


@functools.lru_cache(maxsize=4096)
def _unread_on(axis: Axis, n: int) -> int:
    """Remembered, because deep models ask the same question hundreds of times."""
    # These two copy every cell, and asking bicubic upsampling which would raise NoRule.
    return 0 if isinstance(axis, Upsample | Pad) else len(axis.unused_inputs(n))


def _is_slip(layer: Layer, windows: Sequence[Window]) -> bool:
    """Whether ``Conv2D(8, 3, 3)`` may have been meant as 3×3. The patches of a transformer are larger, or even."""
    sides = {(axis.size, axis.stride) for axis in windows}
    return kind_of(layer).startswith("Conv") and hasattr(layer, "filters") and sides in ({(3, 3)}, {(5, 5)})


def _notes(layer: Layer, axes: Sequence[Axis], sizes: Shape, unread: Sequence[int]) -> Iterator[str]:
    """What nobody warns about: cells that are never read, layers that build and do not run, sizes that surprise."""
    first, known_sizes = axes[0], [(axis, n) for axis, n in zip(axes, sizes, strict=True) if n is not None]
    if any(unread) and not isinstance(first, Crop):
        cells, stamps = f"{rows_and_columns(unread)} of the input", isinstance(first, TransposedWindow)
        yield f"Nothing of {cells} reaches the output." if stamps else f"No window ever reads {cells}."
    for axis, n in known_sizes:
        try:
            axis.check_runs(n)
        except ShapeError as error:
            yield str(error)
            break
    windows = [axis for axis in axes if isinstance(axis, Window)]
    if _is_slip(layer, windows):
        yield (
            f"The strides equal the kernel size, {windows[0].size}. Meant? In {kind_of(layer)}(f, k, s) the third "
            "number is the stride, not the second side of the kernel."
        )
    if windows and windows[0].padding == "same":
        for before, after in (axis.pads(n) for axis, n in known_sizes):
            if before != after:
                yield (
                    f"The padding is one-sided, {before} before and {after} after: with symmetric padding, as in "
                    "PyTorch, the values would be others."
                )
                break
    for axis in axes:
        if isinstance(axis, TransposedWindow) and axis.stride > 1 and axis.size % axis.stride:
            rest = f"k mod s = {axis.size} mod {axis.stride} = {axis.size % axis.stride}"
            yield f"{rest}: neighbouring cells get different numbers of stamps (a checkerboard)."
            break
    lacking = missing_kernel(layer)
    if lacking:
        yield lacking
