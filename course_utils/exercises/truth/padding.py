"""What real convolutions do at the border: lesson 01."""

from __future__ import annotations

from functools import cache

import numpy as np

from course_utils.exercises.truth.measure import Array, Pads, build, heights, size_of, square
from course_utils.exercises.truth.stride import same_step_pads
from course_utils.keras_layers import run


def valid_size(n: int, k: int) -> int:
    """``Conv2D`` without padding."""
    return size_of("Conv2D", n, filters=1, kernel_size=k)


def filtered(n: int, channels: int, filters: int, k: int) -> tuple[int, int]:
    """The size and the channels that ``Conv2D`` without padding gives, on a map with channels."""
    shape = run(build("Conv2D", filters=filters, kernel_size=k), np.ones((1, n, n, channels), np.float32)).shape
    return shape[1], shape[3]


def third_number_size(n: int, k: int) -> int:
    """``Conv2D(1, k, k)``: two numbers after the filters."""
    return heights(n, f"Conv2D(1, {k}, {k})")[0]


def number_padded_size(n: int, k: int, p: int) -> int:
    """``ZeroPadding2D(p)`` and then ``Conv2D`` without padding: what PyTorch's ``padding=p`` does."""
    return heights(n, f"ZeroPadding2D({p})", f"Conv2D(1, {k})")[-1]


def same_then_valid_sizes(n: int, k: int) -> tuple[int, ...]:
    """The sizes after two convolutions, the first with "same", the second without padding."""
    return heights(n, f'Conv2D(1, {k}, padding="same")', f"Conv2D(1, {k})")


def same_pads(k: int) -> Pads:
    """Ghost rows above and below in ``Conv2D(padding="same")``; with a stride of 1 they are the same for every map."""
    return same_step_pads(k, k, 1)


@cache
def causal_pads(k: int, d: int) -> Pads:
    """Ghost steps before and after in ``Conv1D(padding="causal")``, measured on a row of ones.

    One filter copies the first cell of each window, another the last. Where the first cell is a ghost the first
    filter gives 0, so its zeros are the ghosts before; the zeros of the other are the ghosts after.
    """
    ones = np.ones((1, (k - 1) * d + 2, 1), dtype=np.float32)
    layer = build("Conv1D", filters=2, kernel_size=k, dilation_rate=d, padding="causal", use_bias=False)
    layer.build(ones.shape)
    kernel = np.zeros((k, 1, 2))
    kernel[0, 0, 0] = kernel[-1, 0, 1] = 1
    layer.set_weights([kernel])
    before, after = (run(layer, ones)[0] == 0).sum(axis=0)
    return int(before), int(after)


def zero_padding_of_pair(a: int, b: int) -> tuple[Pads, Pads]:
    """How ``ZeroPadding2D((a, b))`` reads its pair: (above, below), (left, right)."""
    (above, below), (left, right) = build("ZeroPadding2D", padding=(a, b)).padding
    return (above, below), (left, right)


@cache
def sums_of_ones(n: int, k: int) -> Array:
    """A k × k kernel of ones with "same" over an n × n map of ones."""
    layer = build("Conv2D", filters=1, kernel_size=k, padding="same", kernel_initializer="ones")
    return run(layer, square(n))[0, :, :, 0]


def smallest_at_the_rim(k: int) -> int:
    """The smallest of those sums, on a map that is large enough for a window without ghosts."""
    return int(sums_of_ones(2 * k, k).min())
