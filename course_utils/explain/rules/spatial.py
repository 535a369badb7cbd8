"""The rule of the layers that have axes: convolution, pooling, upsampling, zero padding, cropping.

Every number is asked from ``course_utils.axes``; here a shape is only taken apart, axis by axis, and put together.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from course_utils.axes import Axis, Crop, GlobalWindow, Pad, ShapeError, TransposedWindow, Upsample, Window
from course_utils.explain.rules.core import NONE, Pads, RuleResult, Shapes, known, rule
from course_utils.explain.rules.sentences import rule_for_any_size, sentence_about
from course_utils.explain.rules.weights import of_convolution
from course_utils.explain.shapes import channels_of, shape_of, sizes_of
from course_utils.explain.wording import AXIS_NAMES, Shape, per_axis, rows_and_columns, size
from course_utils.keras_layers import Layer, axes_of, channels_last, check_settings, kind_of, missing_kernel


@rule("axes")
def spatial(layer: Layer, shapes: Shapes) -> RuleResult:
    """The rule for every layer that ``keras_layers.axes_of`` can read.

    Raises:
        ShapeError: where nothing comes out, with the numbers and what would fit.
    """
    shape, axes, last = shapes[0], axes_of(layer), channels_last(layer)
    check_settings(kind_of(layer), axes)
    _check_rank(layer, shape, AXIS_NAMES[len(axes)], last)
    sizes, channels, parameters = sizes_of(shape, last), channels_of(shape, last), NONE
    out = _sizes_out(axes, sizes)
    if hasattr(layer, "kernel_size"):  # only convolutions change the number of channels, and only they have weights
        reach = known(channels, "The number of channels")
        channels = reach * layer.depth_multiplier if kind_of(layer).startswith("Depthwise") else layer.filters
        parameters = of_convolution(layer, reach)
    unread = _unread(axes, sizes)
    whole = isinstance(axes[0], GlobalWindow) and not layer.keepdims
    return RuleResult(
        (shape[0], channels) if whole else shape_of(shape[0], out, channels, last),
        per_axis([_formula(axis, n) for axis, n in zip(axes, sizes, strict=True)]),
        sentence_about(layer, axes, sizes),
        parameters,
        tuple(_notes(layer, axes, sizes, unread)),
        pads=_pads(axes, sizes),
        unread=unread,
    )


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
    alike = {axis.stride for axis in windows} == {axis.size for axis in windows}
    if windows and kind_of(layer).startswith("Conv") and windows[0].stride > 1 and alike:
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
