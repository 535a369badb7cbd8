"""What a Keras layer does, step by step: the rules that every target shares.

Keras pads *same* by as many ghost cells as the size needs and puts the odd one after; a transposed convolution cuts
them off again. All pads and crops are asked from ``axes``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from course_utils.axes import NoRule, Window
from course_utils.inverse.activations import activation
from course_utils.inverse.steps import Activation, Convolution, LayerInput, Ported, Step, Target
from course_utils.keras_layers import Layer, axes_of, check_settings, has_axes, kind_of


def rule_for(layer: Layer, target: Target) -> Callable[[LayerInput], Ported]:
    """What gives, for an input, the modules with the same values.

    Raises:
        NoRule: for a layer that is not listed, or one of its settings.

    And, when the rule is asked:

    Raises:
        ShapeError: where nothing comes out of the layer.
        ValueError: for something that has to be known of the input and is not.
    """
    kind = kind_of(layer)
    rules = {**_ALONE, **target.own}
    if kind not in rules and not has_axes(layer):
        raise NoRule(f"There is no rule for {kind} in {target.name} yet.{target.hints.get(kind, '')}")
    _check_weights(layer)
    return functools.partial(rules.get(kind, _with_axes), layer)


def _check_weights(layer: Layer) -> None:
    """Raise NoRule where the layer does not hold the weights that its kind has."""
    if getattr(layer, "lora_rank", None):
        raise NoRule(
            "There is no rule for a layer with LoRA: its kernel is a sum of two. Make the same layer without it, build "
            "it, hand the sum over, plain.kernel.assign(layer.kernel), and the bias, and port that one."
        )
    if mode := getattr(layer, "quantization_mode", None):
        raise NoRule(
            f"There is no rule for a layer that is quantized ({mode}): its kernel is kept in other numbers. Port one "
            "that is not: the layer before quantize(), or made without such a dtype."
        )


def _with_axes(layer: Layer, given: LayerInput) -> Ported:
    kind, axes = kind_of(layer), axes_of(layer)
    check_settings(kind, axes)
    for axis, n in zip(axes, given.sizes, strict=True):
        if n is not None:
            axis.check_runs(n)
    stem = re.sub(r"\dD", "", kind)
    if "Conv" in kind:
        return _weighted(layer, given, *_convolutions(stem, layer, axes, given))
    how = getattr(layer, "interpolation", "nearest")
    if how not in given.target.interpolations:
        raise NoRule(
            f'There is no rule for interpolation="{how}": {given.target.name} weighs the cells otherwise or has none.'
        )
    return given.target.write([Step(stem, layer, axes)], given)


def _weighted(layer: Layer, given: LayerInput, *steps: Step) -> Ported:
    """Steps with weights, and behind them the activation that the layer ends with, if there is one."""
    end: tuple[Activation, ...] = () if layer.activation is None else activation(layer.activation, given)
    kernels = [getattr(step, "kernel", "kernel") for step in steps]
    return given.target.write([*steps, *end], given, [*kernels, *["bias"] * layer.use_bias])


def _convolutions(stem: str, layer: Layer, axes: Sequence[Any], given: LayerInput) -> Iterator[Convolution]:
    """One, or of a separable convolution its two."""
    if stem == "Conv":
        given.check_groups(layer.groups)
        yield Convolution("Conv", layer, axes, given.channels, layer.filters, "kernel", layer.use_bias, layer.groups)
        return
    if stem == "ConvTranspose":
        crops = []
        for axis, n in zip(axes, given.sizes, strict=True):
            axis.check_runs(n or 1)
            crops.append(axis.crops(n or 1))  # the same for every n
        yield Convolution(
            stem, layer, axes, given.channels, layer.filters, "kernel", layer.use_bias, crops=tuple(crops)
        )
        return
    channels, made = given.channels, given.channels * layer.depth_multiplier
    name, bias = ("kernel", layer.use_bias) if stem == "DepthwiseConv" else ("depthwise", False)
    yield Convolution("Conv", layer, axes, channels, made, name, bias, channels, depthwise=True)
    if stem == "SeparableConv":
        points = [Window(1)] * len(axes)
        yield Convolution("Conv", layer, points, made, layer.filters, "pointwise", layer.use_bias)


# -- without axes -------------------------------------------------------------------------------------------------


def _dense(layer: Layer, given: LayerInput) -> Ported:
    if given.channels and given.sizes and not given.target.channels_last:
        raise NoRule(
            "There is no rule for Dense on maps: Keras works on the last axis, which are the channels, and "
            f"{given.target.name}'s channels are the first. A Conv2D with a 1×1 kernel does the same and has one."
        )
    return _weighted(layer, given, Step("Dense", layer, ()))


def check_channels(layer: Layer, given: LayerInput) -> None:
    """Raise NoRule unless the layer normalizes each channel, the last axis or the first; how many has to be known."""
    if given.channels and given.dim(layer.axis) != given.dim(-1 if given.last else 1):
        raise NoRule(f"There is no rule for {kind_of(layer)}(axis={layer.axis}) here: only for the first or last axis.")


def _batch_normalization(layer: Layer, given: LayerInput) -> Ported:
    if layer.renorm:
        raise NoRule(
            f"{given.target.name} has no BatchNormalization(renorm=True). In predict, one without renorm gives the "
            "same values: make it, build it, and plain.set_weights(layer.get_weights()[: len(plain.weights)])."
        )
    check_channels(layer, given)
    arrays = ["gamma"] * layer.scale + ["beta"] * layer.center
    return given.target.write([Step("BatchNormalization", layer, ())], given, [*arrays, "mean", "variance"])


def _activation(layer: Layer, given: LayerInput) -> Ported:
    return given.target.write(activation(layer, given), given)


#: Rules of layers without axes.
_ALONE: dict[str, Callable[[Any, LayerInput], Ported]] = {
    **dict.fromkeys(("Activation", "ELU", "LeakyReLU", "ReLU", "Softmax"), _activation),
    "BatchNormalization": _batch_normalization,
    "Dense": _dense,
    "Identity": lambda _, given: given.target.write([], given),
}
