"""Layers that only PyTorch has a rule for here: how its modules are written, normalizations, and Dropout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_utils.axes import NoRule
from course_utils.inverse.rules import check_channels
from course_utils.inverse.steps import LayerInput, Module, Ported, transposed
from course_utils.keras_layers import Layer


def call(name: str, *numbers: object, **settings: object) -> str:
    """A constructor of ``torch.nn``; settings that are None are left out."""
    written = [str(number) for number in numbers]
    written += [f"{key}={value}" for key, value in settings.items() if value is not None]
    return f"nn.{name}({', '.join(written)})"


def scale_and_shift(layer: Layer) -> dict[str, str]:
    """The weights that follow each normalization: attribute of the module → array."""
    return ({"weight": "gamma"} if layer.scale else {}) | ({"bias": "beta"} if layer.center else {})


def _group_normalization(layer: Layer, given: LayerInput) -> Ported:
    channels = given.channels
    check_channels(layer, given)
    groups = channels if layer.groups == -1 else layer.groups
    given.check_groups(groups)
    weights = scale_and_shift(layer)
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
    weights = {attribute: transposed(name, turned) for attribute, name in scale_and_shift(layer).items()}
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
    arrays = tuple(scale_and_shift(layer).values())
    return Ported((*before, Module(module, weights), *behind), arrays)


def _dropout(name: str) -> Callable[[Layer, LayerInput], Ported]:
    return lambda layer, _: Ported((Module(call(name, layer.rate)),), pointwise=name == "Dropout")


#: Rules by the kind of the layer.
RULES: dict[str, Callable[[Any, LayerInput], Ported]] = {
    "Dropout": _dropout("Dropout"),
    "GroupNormalization": _group_normalization,
    "LayerNormalization": _layer_normalization,
    **{f"SpatialDropout{d}D": _dropout(f"Dropout{d}d") for d in (1, 2, 3)},
}
