"""Which modules of PyTorch give the same values as a Keras layer without axes: Dense, normalizations, activations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from course_utils.axes import NoRule
from course_utils.inverse.torch_activations import activation
from course_utils.inverse.torch_modules import LayerInput, Module, Ported, call, transposed
from course_utils.keras_layers import Layer, kind_of


def bias_of(layer: Layer) -> dict[str, str]:
    """The bias, if the layer has one: attribute of the module → array."""
    return {"bias": "bias"} if layer.use_bias else {}


def weighted(
    layer: Layer, given: LayerInput, modules: Sequence[Module], arrays: Sequence[str], notes: Sequence[str] = ()
) -> Ported:
    """Modules with weights, and behind them the activation that the layer ends with, if there is one."""
    end = () if layer.activation is None else activation(layer.activation, given)
    return Ported((*modules, *end), (*arrays, *bias_of(layer)), tuple(notes))


def _dense(layer: Layer, given: LayerInput) -> Ported:
    channels = given.channels
    if given.sizes:
        raise NoRule(
            "There is no rule for Dense on maps: Keras works on the last axis, which are the channels, and PyTorch's "
            "channels are the first. A Conv2D with a 1×1 kernel does the same and has one."
        )
    weights = {"weight": transposed("kernel", (1, 0)), **bias_of(layer)}
    linear = call("Linear", channels, layer.units, bias=None if layer.use_bias else False)
    return weighted(layer, given, [Module(linear, weights)], ["kernel"])


# -- normalization ------------------------------------------------------------------------------------------------


def _scale_and_shift(layer: Layer) -> dict[str, str]:
    """The weights that follow each normalization: attribute of the module → array."""
    return ({"weight": "gamma"} if layer.scale else {}) | ({"bias": "beta"} if layer.center else {})


def _check_channels(layer: Layer, given: LayerInput) -> None:
    """Raise NoRule unless the layer normalizes each channel, the last axis or the first."""
    if given.dim(layer.axis) != 1:
        raise NoRule(f"There is no rule for {kind_of(layer)}(axis={layer.axis}) here: only for the first or last axis.")


def _batch_normalization(layer: Layer, given: LayerInput) -> Ported:
    if layer.renorm:
        raise NoRule(
            "PyTorch has no BatchNormalization(renorm=True). In predict, one without renorm gives the same values: "
            "make it, build it, and plain.set_weights(layer.get_weights()[: len(plain.weights)])."
        )
    channels, dimensions = given.channels, max(len(given.sizes), 1)
    _check_channels(layer, given)
    if dimensions > 3:
        raise NoRule(f"There is no rule for BatchNormalization on {dimensions} axes: PyTorch's take up to three.")
    weights = _scale_and_shift(layer)
    momentum = round(1 - layer.momentum, 12)
    module = call(f"BatchNorm{dimensions}d", channels, eps=layer.epsilon, momentum=momentum)
    notes = (
        "Keras's momentum is what is kept of the old mean, PyTorch's what is taken of the new one.",
        "ported.eval() uses the stored mean and variance. In training PyTorch stores a slightly larger variance.",
    )
    stored = {"running_mean": "mean", "running_var": "variance"}
    return Ported((Module(module, weights | stored),), (*weights.values(), *stored.values()), notes)


def _group_normalization(layer: Layer, given: LayerInput) -> Ported:
    channels = given.channels
    _check_channels(layer, given)
    groups = channels if layer.groups == -1 else layer.groups
    given.check_groups(groups)
    weights = _scale_and_shift(layer)
    return Ported((Module(call("GroupNorm", groups, channels, eps=layer.epsilon), weights),), (*weights.values(),))


def _layer_normalization(layer: Layer, given: LayerInput) -> Ported:
    """PyTorch normalizes the last axes, whatever they are; so those that Keras normalizes are put there and back."""
    rank = len(given.known)
    axes = [range(rank)[axis] for axis in sorted(layer.axis if isinstance(layer.axis, list) else [layer.axis])]
    if layer.rms_scaling or 0 in axes or axes != sorted(axes):
        raise NoRule(f"There is no rule for LayerNormalization(axis={layer.axis}) here: name axes from 1 on, in order.")
    sizes = tuple(given.known[axis] for axis in axes)
    if None in sizes:
        raise ValueError(f"All sizes that are normalized must be known; they are {sizes}.")
    if any(tuple(weight.shape) != sizes for weight in layer.weights):
        raise ValueError(f"{layer.name} was built for {tuple(layer.weights[0].shape)}, and input_shape has {sizes}.")
    dims = [given.dim(axis) for axis in axes]
    last = sorted(dims)
    turned = [dims.index(dim) for dim in last]
    weights = {attribute: transposed(name, turned) for attribute, name in _scale_and_shift(layer).items()}
    module = call(
        "LayerNorm",
        sizes[0] if len(sizes) == 1 else tuple(sizes[place] for place in turned),
        eps=layer.epsilon,
        elementwise_affine=None if weights else False,
        bias=False if "weight" in weights and not layer.center else None,
    )
    order = [*(dim for dim in range(rank) if dim not in last), *last]
    there, back = (f"Permute({', '.join(map(str, turn))})" for turn in (order, [order.index(d) for d in range(rank)]))
    around = (Module(there),), (Module(back),)
    before, behind = around if order != sorted(order) else ((), ())
    arrays = tuple(_scale_and_shift(layer).values())
    return Ported((*before, Module(module, weights), *behind), arrays)


# -- the others ---------------------------------------------------------------------------------------------------


def _activation(layer: Layer, given: LayerInput) -> Ported:
    modules = activation(layer, given)
    along_an_axis = any("dim=" in module.call for module in modules)
    return Ported(modules or (Module("nn.Identity()"),), pointwise=not along_an_axis)


def _dropout(name: str) -> Callable[[Layer, LayerInput], Ported]:
    return lambda layer, _: Ported((Module(call(name, layer.rate)),), pointwise=name == "Dropout")


#: Rules of layers without axes.
RULES: dict[str, Callable[[Any, LayerInput], Ported]] = {
    **dict.fromkeys(("Activation", "ELU", "LeakyReLU", "ReLU", "Softmax"), _activation),
    "BatchNormalization": _batch_normalization,
    "Dense": _dense,
    "Dropout": _dropout("Dropout"),
    "GroupNormalization": _group_normalization,
    "Identity": lambda *_: Ported((Module("nn.Identity()"),), pointwise=True),
    "LayerNormalization": _layer_normalization,
    **{f"SpatialDropout{d}D": _dropout(f"Dropout{d}d") for d in (1, 2, 3)},
}
