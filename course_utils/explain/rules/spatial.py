"""Rules of the layers that have axes: convolution, pooling, upsampling, zero padding, cropping.

Every number is asked from ``course_utils.axes``; here a shape is only taken apart, axis by axis, and put together.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from course_utils.axes import Axis, Crop, GlobalWindow, Pad, ShapeError, TransposedWindow, Upsample, Window
from course_utils.explain.rules.parameters import NO_PARAMETERS, Parameters, known, of_convolution
from course_utils.explain.rules.results import Pads, RuleResult
from course_utils.explain.rules.sentences import rule_for_any_size, sentence_about
from course_utils.explain.wording import AXIS_NAMES, Shape, per_axis, rows_and_columns, size
from course_utils.keras_layers import Layer, axes_of, channels_last, check_settings, kind_of, missing_kernel

Sizes = tuple[int | None, ...]


@dataclass(frozen=True)
class FeatureMaps:
    """What reaches a layer with axes: the sizes of the maps, how many maps there are, and where that number stands."""

    batch: int | None
    sizes: Sizes
    channels: int | None
    last: bool

    @classmethod
    def read(cls, layer: Layer, axes: tuple[Axis, ...], shape: Shape) -> FeatureMaps:
        """Take a shape apart. Raises ShapeError if it has too few or too many numbers for this layer."""
        last = channels_last(layer)
        names = AXIS_NAMES[len(axes)]
        needed = (*names, "channels") if last else ("channels", *names)
        if len(shape) != len(axes) + 2:
            raise ShapeError(
                f"{kind_of(layer)} needs {len(needed)} numbers for each example, ({', '.join(needed)}); "
                f"{size(shape)} has {len(shape) - 1}."
            )
        inner = shape[1:]
        return cls(shape[0], inner[:-1], inner[-1], True) if last else cls(shape[0], inner[1:], inner[0], False)

    def shape(self, sizes: Sizes, channels: int | None) -> Shape:
        """Put a shape together, the channels where they stood."""
        return (self.batch, *sizes, channels) if self.last else (self.batch, channels, *sizes)


def spatial(layer: Layer, shape: Shape) -> RuleResult:
    """The rule for every layer that ``keras_layers.axes_of`` can read.

    Raises:
        ShapeError: where nothing comes out, with the numbers and what would fit.
    """
    axes = axes_of(layer)
    check_settings(kind_of(layer), axes)
    maps = FeatureMaps.read(layer, axes, shape)
    out = _sizes_out(axes, maps.sizes)
    channels, parameters = _channels_out(layer, maps.channels)
    whole = "Global" in kind_of(layer) and not layer.keepdims
    return RuleResult(
        shape=(maps.batch, channels) if whole else maps.shape(out, channels),
        formula=per_axis([_formula(axis, n) for axis, n in zip(axes, maps.sizes, strict=True)]),
        sentence=sentence_about(layer, axes, maps.sizes),
        pads=_pads(axes, maps.sizes),
        unread=_unread(axes, maps.sizes),
        parameters=parameters,
        notes=_notes(layer, axes, maps.sizes),
    )


def _sizes_out(axes: tuple[Axis, ...], sizes: Sizes) -> Sizes:
    """The size on each axis; a refusal says on which, unless all axes are alike."""
    alike = len({*zip(axes, sizes, strict=True)}) == 1
    out = []
    for name, axis, n in zip(AXIS_NAMES[len(axes)], axes, sizes, strict=True):
        try:
            out.append(_size_out(axis, n))
        except ShapeError as error:
            raise ShapeError(str(error) if alike else f"On the {name}: {error}") from None
    return tuple(out)


def _size_out(axis: Axis, n: int | None) -> int | None:
    """None stays None: no number can be given. Global pooling leaves one cell of anything."""
    if n is None:
        return 1 if isinstance(axis, GlobalWindow) else None
    return axis.output_size(n)


def _channels_out(layer: Layer, channels: int | None) -> tuple[int | None, Parameters]:
    """Only convolutions change the number of channels, and only they have weights."""
    if not hasattr(layer, "kernel_size"):
        return channels, NO_PARAMETERS
    reach = known(channels, "The number of channels")
    made = reach * layer.depth_multiplier if kind_of(layer).startswith("Depthwise") else layer.filters
    return made, of_convolution(layer, reach)


def _formula(axis: Axis, n: int | None) -> str:
    if isinstance(axis, GlobalWindow):
        return f"{'?' if n is None else n} → 1"
    reach = ""
    if isinstance(axis, Window | TransposedWindow) and axis.dilation > 1:
        window = axis.forward if isinstance(axis, TransposedWindow) else axis
        reach = f"k_eff = {window.effective_size_formula().numbers}; "
    return reach + (rule_for_any_size(axis) if n is None else axis.formula(n).numbers)


def _pads(axes: tuple[Axis, ...], sizes: Sizes) -> Pads | None:
    pads = tuple(axis.pads(n) for axis, n in zip(axes, sizes, strict=True) if n is not None)
    return pads if len(pads) == len(axes) else None


def _unread(axes: tuple[Axis, ...], sizes: Sizes) -> tuple[int, ...]:
    """Cells that nobody reads, per axis; empty where a size is not known."""
    unread = tuple(_unread_on(axis, n) for axis, n in zip(axes, sizes, strict=True) if n is not None)
    return unread if len(unread) == len(axes) else ()


@functools.lru_cache(maxsize=4096)
def _unread_on(axis: Axis, n: int) -> int:
    """Remembered, because deep models ask the same question hundreds of times."""
    # These two copy every cell, and asking bicubic upsampling which would raise NoRule.
    return 0 if isinstance(axis, Upsample | Pad) else len(axis.unused_inputs(n))


def _notes(layer: Layer, axes: tuple[Axis, ...], sizes: Sizes) -> tuple[str, ...]:
    """What nobody warns about: cells that are never read, and layers that build but do not run."""
    notes = []
    unread = _unread(axes, sizes)
    if any(unread) and not isinstance(axes[0], Crop):
        cells = f"{rows_and_columns(unread)} of the input"
        spread = isinstance(axes[0], TransposedWindow)
        notes.append(f"Nothing of {cells} reaches the output." if spread else f"No window ever reads {cells}.")
    for axis, n in zip(axes, sizes, strict=True):
        try:
            if n is not None:
                axis.check_runs(n)
        except ShapeError as error:
            notes.append(str(error))
            break
    notes += _traps(layer, axes, sizes)
    lacking = missing_kernel(layer)
    return tuple([*notes, lacking] if lacking else notes)


def _traps(layer: Layer, axes: tuple[Axis, ...], sizes: Sizes) -> list[str]:
    """Settings that are legal, have the right size, and surprise all the same."""
    notes = []
    first = axes[0]
    if isinstance(first, Window) and kind_of(layer).startswith("Conv"):
        strides = {axis.stride for axis in axes if isinstance(axis, Window)}
        if first.stride > 1 and strides == {axis.size for axis in axes if isinstance(axis, Window)}:
            notes.append(
                f"The strides equal the kernel size, {first.size}. Meant? In {kind_of(layer)}(f, k, s) the third "
                "number is the stride, not the second side of the kernel."
            )
    if isinstance(first, Window) and first.padding == "same":
        for axis, n in zip(axes, sizes, strict=True):
            before, after = (0, 0) if n is None else axis.pads(n)
            if before != after:
                notes.append(
                    f"The padding is one-sided, {before} before and {after} after: with symmetric padding, as in "
                    "PyTorch, the values would be others."
                )
                break
    if isinstance(first, TransposedWindow):
        for axis in axes:
            if isinstance(axis, TransposedWindow) and axis.stride > 1 and axis.size % axis.stride:
                rest = f"k mod s = {axis.size} mod {axis.stride} = {axis.size % axis.stride}"
                notes.append(f"{rest}: neighbouring cells get different numbers of stamps (a checkerboard).")
                break
    return notes
