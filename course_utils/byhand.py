"""The values of each layer by hand: plain NumPy, in float64, straight from the axes.

Nothing here knows Keras, and nothing here knows a shape formula: sizes and cells come from ``axes``. Arrays are
``(batch, *spatial, channels)`` with as many spatial axes as there are axes in the tuple that is handed over, so one
function serves one, two and three dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.axes import Axis, Crop, Pad, ShapeError, TransposedWindow, Upsample

Array = NDArray[np.float64]


def windows(x: ArrayLike, axes: Sequence[Axis], ghost: float = 0.0) -> Array:
    """Lay out, for every output cell, the input cells that its window reads.

    Args:
        x: ``(batch, *n, channels)``.
        axes: one axis per spatial dimension.
        ghost: the value of the cells outside the map (padding).

    Returns:
        ``(batch, *o, *k, channels)``.
    """
    x = np.asarray(x, dtype=np.float64)
    sizes = _spatial(x, axes)
    taps = [np.array(axis.all_taps(n), dtype=np.intp) for axis, n in zip(axes, sizes, strict=True)]
    margins = [(max(0, -t.min()), max(0, t.max() - n + 1)) for t, n in zip(taps, sizes, strict=True)]
    padded = np.pad(x, [(0, 0), *margins, (0, 0)], constant_values=ghost)
    # Each axis's table of places is turned so that all outputs come first and all window cells after them.
    places = []
    for a, (tap, (before, _)) in enumerate(zip(taps, margins, strict=True)):
        shape = [1] * (2 * len(taps))
        shape[a], shape[len(taps) + a] = tap.shape
        places.append((tap + before).reshape(shape))
    return np.asarray(padded[(slice(None), *places)], dtype=np.float64)


def convolve(
    x: ArrayLike, kernel: ArrayLike, axes: Sequence[Axis], bias: ArrayLike | None = None, groups: int = 1
) -> Array:
    """Convolution: multiply each window by the kernel, add up, add the bias. The kernel is not flipped.

    Args:
        x: ``(batch, *n, c_in)``.
        kernel: ``(*k, c_in / groups, filters)``, as Keras stores it.
        axes: a ``Window`` per spatial dimension.
        bias: ``(filters,)`` or None.
        groups: the channels are dealt out in this many blocks, each with its own block of filters.

    Returns:
        ``(batch, *o, filters)``.
    """
    seen, kernel = windows(x, axes), np.asarray(kernel, dtype=np.float64)
    filters = kernel.shape[-1]
    _check_channels(seen.shape[-1], kernel.shape[-2] * groups)
    inner = tuple(range(-len(axes) - 1, 0))  # the window's cells and its channels
    blocks = [
        np.tensordot(channels, block, axes=(inner, tuple(range(len(inner)))))
        for channels, block in zip(np.split(seen, groups, axis=-1), np.split(kernel, groups, axis=-1), strict=True)
    ]
    return _add_bias(np.concatenate(blocks, axis=-1), bias, filters)


def depthwise(x: ArrayLike, kernel: ArrayLike, axes: Sequence[Axis], bias: ArrayLike | None = None) -> Array:
    """Depthwise convolution: every channel has its own kernels and is never mixed with another.

    Args:
        x: ``(batch, *n, c_in)``.
        kernel: ``(*k, c_in, m)`` with m = depth_multiplier.
        axes: a ``Window`` per spatial dimension.
        bias: ``(c_in · m,)`` or None.

    Returns:
        ``(batch, *o, c_in · m)``; the m results of a channel stand side by side.
    """
    seen, kernel = windows(x, axes), np.asarray(kernel, dtype=np.float64)
    _check_channels(seen.shape[-1], kernel.shape[-2])
    inner = tuple(range(-len(axes) - 2, -2))  # the window's cells; channels and multiplier stay
    products = seen[..., np.newaxis] * kernel
    summed = products.sum(axis=inner)
    return _add_bias(summed.reshape(*summed.shape[:-2], -1), bias, kernel.shape[-2] * kernel.shape[-1])


def separable(
    x: ArrayLike,
    depthwise_kernel: ArrayLike,
    pointwise_kernel: ArrayLike,
    axes: Sequence[Axis],
    bias: ArrayLike | None = None,
) -> Array:
    """Separable convolution: a depthwise one, then a mixing of channels cell by cell.

    Args:
        x: ``(batch, *n, c_in)``.
        depthwise_kernel: ``(*k, c_in, m)``.
        pointwise_kernel: ``(1, …, 1, c_in · m, filters)``.
        axes: a ``Window`` per spatial dimension.
        bias: ``(filters,)`` or None.

    Returns:
        ``(batch, *o, filters)``.
    """
    mixing = np.asarray(pointwise_kernel, dtype=np.float64)
    mixing = mixing.reshape(mixing.shape[-2], mixing.shape[-1])
    return _add_bias(depthwise(x, depthwise_kernel, axes) @ mixing, bias, mixing.shape[-1])


def transpose_convolve(
    x: ArrayLike, kernel: ArrayLike, axes: Sequence[TransposedWindow], bias: ArrayLike | None = None
) -> Array:
    """Transposed convolution: each input cell stamps the kernel, times its value, on the output; overlaps add.

    Args:
        x: ``(batch, *n, c_in)``.
        kernel: ``(*k, filters, c_in)``: output before input, as Keras stores it.
        axes: a ``TransposedWindow`` per spatial dimension.
        bias: ``(filters,)`` or None.

    Returns:
        ``(batch, *o, filters)``. Cells that no stamp reaches hold the bias alone.
    """
    x, kernel = np.asarray(x, dtype=np.float64), np.asarray(kernel, dtype=np.float64)
    sizes = _spatial(x, axes)
    _check_channels(x.shape[-1], kernel.shape[-1])
    for axis, n in zip(axes, sizes, strict=True):
        axis.check_runs(n)
    stamps = [np.array(axis.all_stamps(n)) for axis, n in zip(axes, sizes, strict=True)]
    outputs = [axis.output_size(n) for axis, n in zip(axes, sizes, strict=True)]
    # Stamp on a canvas with room for what is cut off, then cut.
    before = [max(0, -s.min()) for s in stamps]
    extent = [b + max(o, s.max() + 1) for b, o, s in zip(before, outputs, stamps, strict=True)]
    canvas = np.zeros((x.shape[0], *extent, kernel.shape[-2]))
    for cell in product(*map(range, kernel.shape[: len(axes)])):
        reached = [s[:, t] + b for s, t, b in zip(stamps, cell, before, strict=True)]
        canvas[(slice(None), *np.ix_(*reached))] += x @ kernel[cell].T
    keep = tuple(slice(b, b + o) for b, o in zip(before, outputs, strict=True))
    return _add_bias(canvas[(slice(None), *keep)], bias, kernel.shape[-2])


def max_pool(x: ArrayLike, axes: Sequence[Axis]) -> Array:
    """The largest value of each window. Ghost cells count as −∞: they never win, not even against negatives."""
    return np.asarray(windows(x, axes, ghost=-np.inf).max(axis=_window_axes(axes)))


def average_pool(x: ArrayLike, axes: Sequence[Axis]) -> Array:
    """The mean of the real cells of each window. Ghost cells are not counted, neither above nor below."""
    total = windows(x, axes).sum(axis=_window_axes(axes))
    real = windows(np.ones_like(np.asarray(x, dtype=np.float64)), axes).sum(axis=_window_axes(axes))
    return np.asarray(total / real)


def upsample(x: ArrayLike, axes: Sequence[Upsample]) -> Array:
    """Upsampling: each output cell is the blend of input cells that ``Upsample.blend`` states, axis after axis."""
    x = np.asarray(x, dtype=np.float64)
    for dimension, (axis, n) in enumerate(zip(axes, _spatial(x, axes), strict=True), start=1):
        cells = np.moveaxis(x, dimension, 0)
        blends = [axis.blend(i, n) for i in range(axis.output_size(n))]
        x = np.moveaxis(np.stack([sum(float(w) * cells[j] for j, w in blend) for blend in blends]), 0, dimension)
    return x


def pad(x: ArrayLike, axes: Sequence[Pad]) -> Array:
    """Zero padding: the ghosts become real cells that hold 0."""
    return _single_cells(x, axes)


def crop(x: ArrayLike, axes: Sequence[Crop]) -> Array:
    """Cropping: cells before and after are dropped."""
    return _single_cells(x, axes)


def check_input(shape: Sequence[int], axes: Sequence[Axis]) -> None:
    """Raise ShapeError for an input of the wrong number of dimensions, or without a single cell."""
    if len(shape) != len(axes) + 2:
        raise ShapeError(
            f"The input has shape {tuple(shape)}; this layer needs {len(axes) + 2} numbers: "
            f"the batch, {len(axes)} × size, the channels."
        )
    if 0 in shape:
        raise ShapeError(f"The input has shape {tuple(shape)}: there is not a single cell in it.")


def activate(x: ArrayLike, name: str) -> Array:
    """Apply an activation function by its Keras name. Raises KeyError for one that is not in ``ACTIVATIONS``."""
    return ACTIVATIONS[name](np.asarray(x, dtype=np.float64))


def _softmax(x: Array) -> Array:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _sigmoid(x: Array) -> Array:
    # The same function for both signs, written so that exp never overflows.
    tail = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + tail), tail / (1 + tail))


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "sigmoid": _sigmoid,
    "silu": lambda x: x * _sigmoid(x),
    "tanh": np.tanh,
    "softplus": lambda x: np.logaddexp(x, 0),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "softmax": _softmax,
}


def _spatial(x: Array, axes: Sequence[Axis]) -> tuple[int, ...]:
    """The spatial sizes of ``x``, after a look whether it has as many as there are axes, and any cells at all."""
    check_input(x.shape, axes)
    return x.shape[1:-1]


def _check_channels(there: int, wanted: int) -> None:
    """A kernel fits the number of channels that it was made for and no other."""
    if there != wanted:
        raise ShapeError(f"The kernel is made for {wanted} channels; the input has {there}.")


def _window_axes(axes: Sequence[Axis]) -> tuple[int, ...]:
    """Where ``windows`` puts the window's own cells: just before the channels."""
    return tuple(range(-len(axes) - 1, -1))


def _single_cells(x: ArrayLike, axes: Sequence[Axis]) -> Array:
    """For axes whose windows hold one cell: that cell."""
    return windows(x, axes).squeeze(axis=_window_axes(axes))


def _add_bias(y: Array, bias: ArrayLike | None, filters: int) -> Array:
    """Add one number per filter, along the last axis and no other."""
    if bias is None:
        return y
    return y + np.asarray(bias, dtype=np.float64).reshape(filters)
