"""What the real layers do, found by running them: the truth that answers and predictions are held against.

Every function builds a Keras layer and looks at what comes out; none of them knows a formula. Keras is loaded at the
first call. The answers are kept, because the same settings are asked for again at every check.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_utils.keras_layers import Layer, LayerCode, load_keras, output_shape, run

Pads = tuple[int, int]


def build(kind: str, **settings: Any) -> Layer:
    """A real layer."""
    return LayerCode(kind, settings).build()


def square(n: int) -> NDArray[np.float32]:
    """A map of ones, n × n, as a batch of one with one channel."""
    return np.ones((1, n, n, 1), dtype=np.float32)


def _height(x: NDArray[np.float32]) -> int:
    return int(x.shape[1])


def _size(layer: Layer, n: int) -> int:
    """The height that comes out of a layer for an n × n map."""
    return _height(run(layer, square(n)))


# -- convolution --------------------------------------------------------------------------------------------------


@cache
def valid_size(n: int, k: int) -> int:
    """``Conv2D`` without padding."""
    return _size(build("Conv2D", filters=1, kernel_size=k), n)


@cache
def same_size(n: int, k: int) -> int:
    """``Conv2D`` with "same"."""
    return _size(build("Conv2D", filters=1, kernel_size=k, padding="same"), n)


@cache
def third_number_size(n: int, k: int) -> int:
    """``Conv2D(1, k, k)``: two numbers after the filters."""
    return _size(load_keras().layers.Conv2D(1, k, k, name="explored"), n)


@cache
def number_padded_size(n: int, k: int, p: int) -> int:
    """``ZeroPadding2D(p)`` and then ``Conv2D`` without padding: what PyTorch's ``padding=p`` does."""
    padded = run(build("ZeroPadding2D", padding=p), square(n))
    return _height(run(build("Conv2D", filters=1, kernel_size=k), padded))


@cache
def conv_parameters(k: int) -> int:
    """The parameters of ``Conv2D(1, k)`` on one channel."""
    layer = build("Conv2D", filters=1, kernel_size=k)
    layer.build((1, k, k, 1))
    return int(layer.count_params())


@cache
def same_then_valid_sizes(n: int, k: int) -> tuple[int, int]:
    """The sizes after two convolutions, the first with "same", the second without padding."""
    first = run(build("Conv2D", filters=1, kernel_size=k, padding="same"), square(n))
    return _height(first), _height(run(build("Conv2D", filters=1, kernel_size=k), first))


@cache
def measured_pads(kind: str, k: int, d: int, padding: str) -> Pads:
    """The ghost cells before and after that a real convolution uses, measured on a map of ones.

    One filter copies the first cell of each window, another the last. Where the first cell is a ghost the first
    filter gives 0, so its zeros are the ghosts before; the zeros of the other are the ghosts after.
    """
    spatial = int(kind.removeprefix("Conv").removesuffix("D"))
    ones = np.ones((1, *[(k - 1) * d + 2] * spatial, 1), dtype=np.float32)
    layer = build(kind, filters=2, kernel_size=k, dilation_rate=d, padding=padding, use_bias=False)
    layer.build(ones.shape)
    kernel = np.zeros([*[k] * spatial, 1, 2])
    kernel[(0,) * spatial + (0, 0)] = 1
    kernel[(-1,) * spatial + (0, 1)] = 1
    layer.set_weights([kernel])
    rows = run(layer, ones)[0].reshape(ones.shape[1], -1, 2).max(axis=1)
    before, after = (rows == 0).sum(axis=0)
    return int(before), int(after)


def same_pads(k: int) -> Pads:
    """Ghost rows above and below in ``Conv2D(padding="same")``."""
    return measured_pads("Conv2D", k, 1, "same")


def causal_pads(k: int, d: int) -> Pads:
    """Ghost steps before and after in ``Conv1D(padding="causal")``."""
    return measured_pads("Conv1D", k, d, "causal")


def zero_padding_of_pair(a: int, b: int) -> tuple[Pads, Pads]:
    """How ``ZeroPadding2D((a, b))`` reads its pair: (above, below), (left, right)."""
    (above, below), (left, right) = build("ZeroPadding2D", padding=(a, b)).padding
    return (above, below), (left, right)


@cache
def sums_of_ones(n: int, k: int) -> NDArray[np.float32]:
    """A k × k kernel of ones with "same" over an n × n map of ones."""
    layer = build("Conv2D", filters=1, kernel_size=k, padding="same", kernel_initializer="ones")
    return run(layer, square(n))[0, :, :, 0]


def smallest_at_the_rim(k: int) -> int:
    """The smallest of those sums, on a map that is large enough for a window without ghosts."""
    return int(sums_of_ones(2 * k, k).min())


# -- steps, lesson 02 ---------------------------------------------------------------------------------------------


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


@cache
def valid_step_size(n: int, k: int, s: int) -> int:
    """``Conv2D(k, strides=s)``."""
    return _size(build("Conv2D", filters=1, kernel_size=k, strides=s), n)


@cache
def same_step_size(n: int, k: int, s: int) -> int:
    """``Conv2D(k, strides=s, padding="same")``."""
    return _size(build("Conv2D", filters=1, kernel_size=k, strides=s, padding="same"), n)


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


@cache
def spread_size(n: int, k: int, d: int) -> int:
    """``Conv2D(k, dilation_rate=d)``."""
    return _size(build("Conv2D", filters=1, kernel_size=k, dilation_rate=d), n)


@cache
def stepped_and_spread_size(n: int, k: int, s: int, d: int) -> int:
    """``DepthwiseConv2D(k, strides=s, dilation_rate=d)``, which takes both together."""
    return _size(build("DepthwiseConv2D", kernel_size=k, strides=s, dilation_rate=d), n)


def span(k: int, d: int) -> int:
    """The rows from the first to the last cell of a window of ``Conv2D(k, dilation_rate=d)``."""
    rows = np.flatnonzero(taps(k * d, k, 1, d, "valid")[:, 0].any(axis=1))
    return int(rows[-1] - rows[0] + 1)


@cache
def spread_weights(k: int, d: int) -> int:
    """The weights in a kernel of ``Conv2D(k, dilation_rate=d)`` on one channel."""
    layer = build("Conv2D", filters=1, kernel_size=k, dilation_rate=d, use_bias=False)
    layer.build((1, k * d, k * d, 1))
    return int(layer.count_params())


def accepts(s: int, d: int) -> str:
    """Whether ``Conv2D(3, strides=s, dilation_rate=d)`` can be made: "a layer" or "an error"."""
    try:
        load_keras().layers.Conv2D(1, 3, strides=s, dilation_rate=d)
    except ValueError:
        return "an error"
    return "a layer"


@cache
def ports(n: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
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


def differing_in_ports(n: int) -> int:
    """How many output cells of those two differ."""
    same, symmetric = ports(n)
    return int((same != symmetric).sum())


def differing_inside(n: int) -> int:
    """How many of them differ though both windows stand on real cells only: all but the outermost outputs."""
    same, symmetric = ports(n)
    return int((same != symmetric)[1:-1, 1:-1].sum())


# -- pooling and upsampling ---------------------------------------------------------------------------------------


@cache
def pooled_size(n: int) -> int:
    """``MaxPooling2D(2, padding="same")``."""
    return _size(build("MaxPooling2D", pool_size=2, padding="same"), n)


@cache
def valid_pooled_size(n: int) -> int:
    """``MaxPooling2D(2, padding="valid")``: the same step, another padding."""
    return _size(build("MaxPooling2D", pool_size=2, padding="valid"), n)


@cache
def pool_by_two_size(n: int, k: int) -> int:
    """``MaxPooling2D(k, strides=2, padding="same")``: any window, the same step."""
    return _size(build("MaxPooling2D", pool_size=k, strides=2, padding="same"), n)


@cache
def halved_and_doubled(n: int) -> int:
    """``MaxPooling2D(2, padding="same")`` and then ``UpSampling2D(2)``."""
    halved = run(build("MaxPooling2D", pool_size=2, padding="same"), square(n))
    return _height(run(build("UpSampling2D", size=2), halved))


# -- pooling, lesson 03 -------------------------------------------------------------------------------------------


@cache
def pool_parameters(k: int) -> int:
    """The weights of ``MaxPooling2D(k)``."""
    layer = build("MaxPooling2D", pool_size=k)
    run(layer, square(k))
    return int(layer.count_params())


@cache
def pooled_channels(c: int) -> int:
    """The channels that come out of ``MaxPooling2D(2)`` for a map with c channels."""
    return int(run(build("MaxPooling2D", pool_size=2), np.ones((1, 2, 2, c), dtype=np.float32)).shape[-1])


@cache
def default_pool_size(n: int, k: int) -> int:
    """``MaxPooling2D(k, padding="same")``, without a word about strides."""
    return _size(build("MaxPooling2D", pool_size=k, padding="same"), n)


@cache
def strided_pool_size(n: int, k: int, s: int) -> int:
    """``MaxPooling2D(k, strides=s)``."""
    return _size(build("MaxPooling2D", pool_size=k, strides=s), n)


def _lit(n: int) -> NDArray[np.float32]:
    """n rows of n cells, each with another one of them lit, as a batch for a layer of one axis."""
    return np.eye(n, dtype=np.float32)[:, :, np.newaxis]


@cache
def unread_cells(n: int, k: int, s: int) -> int:
    """How many cells of a row no window of ``MaxPooling1D(k, strides=s)`` reads: lit alone, they light nothing."""
    lights = run(build("MaxPooling1D", pool_size=k, strides=s), _lit(n))[:, :, 0].max(axis=1)
    return int((lights == 0).sum())


@cache
def pool_reads(n: int, k: int) -> tuple[tuple[int, ...], ...]:
    """The cells that each window of ``MaxPooling1D(k, padding="same")`` reads, found by lighting one at a time."""
    lights = run(build("MaxPooling1D", pool_size=k, padding="same"), _lit(n))[:, :, 0]
    return tuple(tuple(map(int, np.flatnonzero(window))) for window in lights.T)


def pool_ghosts(n: int, k: int) -> int:
    """The ghost cells of ``MaxPooling1D(k, padding="same")``: its windows do not overlap, so they can be counted."""
    return sum(k - len(cells) for cells in pool_reads(n, k))


def pool_row(kind: str, row: Sequence[float], k: int) -> NDArray[np.float32]:
    """What ``MaxPooling1D`` or ``AveragePooling1D`` with "same" makes of a row of numbers."""
    x = np.asarray(row, dtype=np.float32)[np.newaxis, :, np.newaxis]
    return run(build(f"{kind}Pooling1D", pool_size=k, padding="same"), x)[0, :, 0]


def largest_with_ghost(v: int) -> float:
    """The largest of −v and a ghost cell."""
    return float(pool_row("Max", [-v], 2)[0])


def mean_with_ghost(v: int) -> float:
    """The mean of v and a ghost cell."""
    return float(pool_row("Average", [v], 2)[0])


@cache
def valid_then_same_pooled(n: int) -> tuple[int, int]:
    """The sizes after two poolings by 2, the first without padding, the second with "same"."""
    first = run(build("MaxPooling2D", pool_size=2), square(n))
    return _height(first), _height(run(build("MaxPooling2D", pool_size=2, padding="same"), first))


@cache
def global_numbers(n: int, c: int) -> int:
    """How many numbers come out of ``GlobalAveragePooling2D`` for one n × n map with c channels."""
    return int(run(build("GlobalAveragePooling2D"), np.ones((1, n, n, c), dtype=np.float32))[0].size)


@cache
def flattened_numbers(n: int, c: int) -> int:
    """How many numbers come out of ``Flatten`` for one n × n map with c channels."""
    return int(run(build("Flatten"), np.ones((1, n, n, c), dtype=np.float32))[0].size)


@cache
def column_after_pooling(j: int) -> int:
    """Where a bright cell of column j stands after ``MaxPooling1D(2)``."""
    row = np.zeros((1, 2 * j + 2, 1), dtype=np.float32)
    row[0, j] = 9
    return int(run(build("MaxPooling1D", pool_size=2), row)[0, :, 0].argmax())


# -- the autoencoder of the question ------------------------------------------------------------------------------

#: The layers of Stack Overflow 46387056, as they are written there. What is shown to the learner is what is built.
AUTOENCODER = (
    'Conv2D(16, (3, 3), activation="relu", padding="same")',
    'MaxPooling2D((2, 2), padding="same")',
    'Conv2D(8, (3, 3), activation="relu", padding="same")',
    'MaxPooling2D((2, 2), padding="same")',
    'Conv2D(8, (3, 3), activation="relu", padding="same")',
    'MaxPooling2D((2, 2), padding="same")',
    'Conv2D(8, (3, 3), activation="relu", padding="same")',
    "UpSampling2D((2, 2))",
    'Conv2D(8, (3, 3), activation="relu", padding="same")',
    "UpSampling2D((2, 2))",
    'Conv2D(16, (3, 3), activation="relu")',
    "UpSampling2D((2, 2))",
    'Conv2D(1, (3, 3), activation="sigmoid", padding="same")',
)

#: The same model if the first convolution, too, had been written without padding.
FIRST_UNPADDED = ('Conv2D(16, (3, 3), activation="relu")', *AUTOENCODER[1:])


@cache
def _layers(lines: tuple[str, ...]) -> list[Layer]:
    """Build each line. They are constants of this module, so evaluating them is safe."""
    names = vars(load_keras().layers)
    return [eval(f'{line[:-1]}, name="step_{i}")', dict(names)) for i, line in enumerate(lines, start=1)]


@cache
def sizes(n: int, lines: tuple[str, ...] = AUTOENCODER) -> tuple[int, ...]:
    """The size after each layer, for an n × n image with one channel, found by running every layer."""
    x: NDArray[np.float32] = np.zeros((1, n, n, 1), dtype=np.float32)
    found = []
    for layer in _layers(lines):
        x = run(layer, x)
        found.append(_height(x))
    return tuple(found)


def autoencoder_size(n: int) -> int:
    """The size that the whole model returns."""
    return sizes(n)[-1]


def changes(before: int, after: Sequence[int]) -> str:
    """Sizes as a line of arrows: ``28 → 28 → 14``."""
    return " → ".join(map(str, (before, *after)))
