"""What real convolutions do with strides and dilation: lesson 02."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from course_utils.exercises.truth.measure import Array, Pads, build, size_of, weights_of
from course_utils.keras_layers import load_keras, output_shape, run


@cache
def taps(n: int, k: int, s: int, d: int, padding: str) -> NDArray[np.bool_]:
    """Which cell of a window stands on which row: ``taps[row, output, cell]`` of a real ``Conv2D`` on n rows.

    One filter for each row of the kernel, with ones in that row only; one map for each row of the input, with ones in
    that row only. Where they meet, the output is not 0.
    """
    layer = build("Conv2D", filters=k, kernel_size=k, strides=s, dilation_rate=d, padding=padding, use_bias=False)
    # Wide enough for one window, and no wider: only the rows are looked at.
    x = np.zeros((n, n, (k - 1) * d + 1, 1), dtype=np.float32)
    x[np.arange(n), np.arange(n)] = 1
    output_shape(layer, x.shape)  # refuses, in Keras's own words, if the window does not fit
    layer.build(x.shape)
    kernel = np.zeros((k, k, 1, k), dtype=np.float32)
    kernel[np.arange(k), :, 0, np.arange(k)] = 1
    layer.set_weights([kernel])
    return np.asarray(run(layer, x).max(axis=2) > 0)


def valid_step_size(n: int, k: int, s: int) -> int:
    """``Conv2D(k, strides=s)``."""
    return size_of("Conv2D", n, filters=1, kernel_size=k, strides=s)


@cache
def sizes_for(o: int, k: int, s: int) -> tuple[int, int]:
    """The smallest and the largest n of which ``Conv2D(k, strides=s)`` makes o."""
    fitting = [n for n in range(k, k + (o + 1) * s) if valid_step_size(n, k, s) == o]
    return fitting[0], fitting[-1]


def same_step_size(n: int, k: int, s: int) -> int:
    """``Conv2D(k, strides=s, padding="same")``."""
    return size_of("Conv2D", n, filters=1, kernel_size=k, strides=s, padding="same")


@cache
def same_step_pads(n: int, k: int, s: int) -> Pads:
    """Ghost rows above and below in ``Conv2D(k, strides=s, padding="same")``: where its outer windows stand."""
    rows, outputs, cells = np.nonzero(taps(n, k, s, 1, "same"))
    first = (rows - cells)[outputs == 0][0]
    last = (rows - cells)[outputs == outputs.max()][0] + k - 1
    return max(-int(first), 0), max(int(last) - (n - 1), 0)


def never_read(n: int, k: int, s: int, d: int = 1, padding: str = "valid") -> int:
    """How many rows of a map no window of ``Conv2D`` stands on."""
    return int((~taps(n, k, s, d, padding).any(axis=(1, 2))).sum())


def spread_size(n: int, k: int, d: int) -> int:
    """``Conv2D(k, dilation_rate=d)``."""
    return size_of("Conv2D", n, filters=1, kernel_size=k, dilation_rate=d)


def span(k: int, d: int) -> int:
    """The rows from the first to the last cell of a window of ``Conv2D(k, dilation_rate=d)``."""
    rows = np.flatnonzero(taps(k * d, k, 1, d, "valid")[:, 0].any(axis=1))
    return int(rows[-1] - rows[0] + 1)


def spread_weights(k: int, d: int) -> int:
    """The weights in a kernel of ``Conv2D(k, dilation_rate=d)`` on one channel."""
    return weights_of("Conv2D", k * d, filters=1, kernel_size=k, dilation_rate=d, use_bias=False)


def accepts(s: int, d: int) -> str:
    """Whether ``Conv2D(3, strides=s, dilation_rate=d)`` can be made: "a layer" or "an error"."""
    try:
        load_keras().layers.Conv2D(1, 3, strides=s, dilation_rate=d)
    except ValueError:
        return "an error"
    return "a layer"


@cache
def ports(n: int) -> tuple[Array, Array]:
    """A 3 × 3 convolution with a stride of 2 on a map that counts 1, 2, 3, …: with "same", and with PyTorch's
    ``padding=1``. The kernel counts as well, so that no two windows give the same sum.
    """
    x = np.arange(1, n * n + 1, dtype=np.float32).reshape(1, n, n, 1)
    outputs = []
    for padding in ("same", "valid"):
        source = x if padding == "same" else run(build("ZeroPadding2D", padding=1), x)
        layer = build("Conv2D", filters=1, kernel_size=3, strides=2, padding=padding, use_bias=False)
        layer.build(source.shape)
        layer.set_weights([np.arange(1, 10, dtype=np.float32).reshape(3, 3, 1, 1)])
        outputs.append(run(layer, source)[0, :, :, 0])
    return outputs[0], outputs[1]
