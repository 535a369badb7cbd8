"""Random layers with inputs that fit them (or do not), and the verdict on each: used by the value tests."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
from keras_faults import bias_on_the_wrong_axis, cells_skipped
from tally import seen_error

from course_utils.axes import Axis, ShapeError
from course_utils.compare import ROUNDINGS, Comparison, compare
from course_utils.keras_layers import LayerCode, axes_of, channels_last, kind_of, missing_kernel

#: Families and the dimensions in which Keras has them.
FAMILIES = {
    "Conv#D": "123",
    "DepthwiseConv#D": "12",
    "SeparableConv#D": "12",
    "Conv#DTranspose": "123",
    "MaxPooling#D": "123",
    "AveragePooling#D": "123",
    "GlobalMaxPooling#D": "123",
    "GlobalAveragePooling#D": "123",
    "UpSampling#D": "123",
    "ZeroPadding#D": "123",
    "Cropping#D": "123",
}
KINDS = [family.replace("#", dimension) for family, dimensions in FAMILIES.items() for dimension in dimensions]
ACTIVATIONS = ("relu", "relu6", "sigmoid", "silu", "tanh", "softplus", "elu", "softmax")
LARGEST = {1: 16, 2: 9, 3: 5}


def dimensions_of(kind: str) -> int:
    return int(next(sign for sign in kind if sign.isdigit()))


def cases(kind: str, number: int, whole_numbers: bool = False) -> Iterator[tuple[LayerCode, np.ndarray, int]]:
    """So many random layers, each with an input for it and a seed for its weights; the same ones every time."""
    for turn in range(number):
        yield case(random.Random(f"{kind} {turn} {whole_numbers}"), kind, whole_numbers)


def case(rng: random.Random, kind: str, whole_numbers: bool = False) -> tuple[LayerCode, np.ndarray, int]:
    """One random layer, an input for it and a seed for its weights."""
    dimensions = dimensions_of(kind)

    def pick(*options: Any) -> Any:
        return rng.choice(options)

    def each(*options: Any) -> tuple[Any, ...]:
        return tuple(pick(*options) for _ in range(dimensions))

    spatial = each(*range(1, LARGEST[dimensions] + 1))
    channels, batch = pick(1, 2, 3, 4), pick(1, 2)
    settings: dict[str, Any] = {}
    has_format = kind not in ("UpSampling1D", "Cropping1D")
    if has_format and pick(True, False, False):
        settings["data_format"] = "channels_first"
    last = settings.get("data_format") != "channels_first"

    if "Conv" in kind:
        settings |= {"kernel_size": each(*range(1, 8 if dimensions < 3 else 5)), "padding": pick("valid", "same")}
        if pick(True, False):
            settings["strides"] = each(1, 2, 3, 4)
        elif pick(True, False):
            settings["dilation_rate"] = each(1, 2, 3)
        if kind == "Conv1D" and pick(True, False, False):
            settings["padding"] = "causal"
        if not kind.startswith("Depthwise"):
            settings["filters"] = pick(1, 2, 3, 4)
        if kind.startswith(("Depthwise", "Separable")):
            settings["depth_multiplier"] = pick(1, 2, 3)
            if "strides" in settings:
                settings["strides"] = (settings["strides"][0],) * dimensions
        if "Transpose" in kind and pick(True, False):
            settings["output_padding"] = tuple(map(rng.randrange, settings.get("strides", (1,) * dimensions)))
        settings["use_bias"] = pick(True, False)
        if not whole_numbers and pick(True, False):
            settings["activation"] = pick(*ACTIVATIONS)
    elif kind.startswith("Global"):
        settings["keepdims"] = pick(True, False)
    elif "Pooling" in kind:
        settings |= {"pool_size": each(1, 2, 3, 4, 5), "padding": pick("valid", "same")}
        if pick(True, False):
            settings["strides"] = each(1, 2, 3, 4)
    elif kind.startswith("UpSampling"):
        settings["size"] = each(1, 2, 3, 4) if dimensions > 1 else pick(1, 2, 3, 4)
        if dimensions == 2 and not whole_numbers:
            settings["interpolation"] = pick("nearest", "bilinear")
    else:
        pairs = tuple((pick(0, 1, 2), pick(0, 1, 3)) for _ in range(dimensions))
        settings["padding" if kind.startswith("Zero") else "cropping"] = pairs if dimensions > 1 else pairs[0]

    code, seed = LayerCode(kind, settings), rng.randrange(2**32)
    if pick(True, True, True, False):  # the rest may be too small, and is then refused by both
        spatial = tuple(_with_room(axis, n) for axis, n in zip(code.axes, spatial, strict=True))
    shape = (batch, *spatial, channels) if last else (batch, channels, *spatial)
    numbers = np.random.default_rng(seed)
    x = numbers.integers(-9, 10, shape) if whole_numbers else numbers.normal(size=shape) * pick(1.0, 1.0, 0.01, 255.0)
    return code, x.astype(np.float32), seed


def _with_room(axis: Axis, n: int) -> int:
    """The smallest size from ``n`` on that gives an output."""
    while True:
        try:
            axis.output_size(n)
            return n
        except ShapeError:
            n += 1


def with_weights(layer: Any, shape: tuple[int, ...], seed: int, whole_numbers: bool = False) -> Any:
    """Build a layer and give it random weights, bias included; left alone if Keras refuses to build it."""
    try:
        if not layer.built:
            layer.build(shape)
    except ValueError:
        return layer
    rng = np.random.default_rng(seed)
    for weight in layer.weights:
        size = tuple(weight.shape)
        weight.assign(rng.integers(-4, 5, size) if whole_numbers else rng.normal(size=size))
    return layer


def roundings(comparison: Comparison) -> float:
    """The largest error in units of 2⁻²⁴ · Σ|x||w|, of which ``ROUNDINGS`` are allowed."""
    gaps, tolerance = comparison.differences, comparison.tolerance
    assert gaps is not None and tolerance is not None
    return float(ROUNDINGS * np.divide(gaps, tolerance, out=np.zeros_like(gaps), where=tolerance > 0).max())


def checker(layer: Any, x: np.ndarray, exactly: bool = False) -> str:
    """Compare; fail unless both agree, or unless Keras is wrong in one of the ways that are known, and exactly so.

    Args:
        layer: built, with the weights it is to have.
        x: what goes in.
        exactly: whether values must be equal to the last bit, as those of whole numbers must.

    Returns:
        What was found: ``"agree"``, ``"refuse"`` (both), ``"missing"`` (no such kernel on this processor), or the name
        of a fault of Keras.
    """
    comparison = compare(layer, x)
    if comparison.refused:
        return "refuse"

    def expect(holds: bool, why: str = "") -> None:
        assert holds, f"{why}\n{kind_of(layer)} {layer.get_config()}\n{comparison}"

    expect(comparison.by_hand is not None)
    assert comparison.by_hand is not None
    if why := missing_kernel(layer):
        expect(comparison.keras is None, f"{why} But it ran.")
        return "missing"
    expect(comparison.keras is not None and comparison.same_shape)
    axes, last = axes_of(layer), channels_last(layer)
    skipped = cells_skipped(layer, axes, x.shape[1:-1] if last else x.shape[2:])
    if any(skipped):
        _check_late_windows(layer, x, comparison, axes, skipped)
        return "late"
    if bias_on_the_wrong_axis(layer, comparison.by_hand.shape):
        if layer.activation.__name__ == "linear":
            _check_wrong_bias(layer, x, comparison)
        return "bias"
    expect(comparison.agrees)
    expect(not exactly or comparison.largest_difference == 0, "Not equal to the last bit.")
    seen_error(kind_of(layer), roundings(comparison))
    return "agree"


def _check_late_windows(
    layer: Any, x: np.ndarray, comparison: Comparison, axes: tuple[Axis, ...], skipped: tuple[int, ...]
) -> None:
    """Keras gives what the rule gives when the first cells are not there."""
    front = (slice(None),) if channels_last(layer) else (slice(None), slice(None))
    late = compare(layer, x[(*front, *(slice(cells, None) for cells in skipped))])
    assert late.by_hand is not None and late.tolerance is not None and comparison.keras is not None
    assert late.by_hand.shape == comparison.keras.shape
    assert (np.abs(late.by_hand - comparison.keras) <= late.tolerance).all()


def _check_wrong_bias(layer: Any, x: np.ndarray, comparison: Comparison) -> None:
    """Keras gives the values by hand, with the bias moved to the last axis."""
    assert comparison.by_hand is not None and comparison.keras is not None and comparison.tolerance is not None
    bias = np.asarray(layer.bias.numpy(), np.float64)
    right = bias.reshape(-1, *(1,) * (x.ndim - 2))
    moved = comparison.by_hand - right + bias
    reach = 2 * comparison.tolerance.max() + 2.0**-20 * np.abs(bias).max()
    assert np.abs(moved - comparison.keras).max() <= reach
    if np.abs(right - bias).max() > reach:
        assert not comparison.agrees
