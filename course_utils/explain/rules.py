"""Which rule belongs to which kind of layer."""

from __future__ import annotations

from collections.abc import Callable

from course_utils.axes import NoRule
from course_utils.explain import plain
from course_utils.explain.answers import Answer
from course_utils.explain.spatial import spatial
from course_utils.explain.wording import Shape
from course_utils.keras_layers import Layer, has_axes, kind_of

#: Layer (or operation) and the shapes that reach it → what comes out.
Rule = Callable[[Layer, tuple[Shape, ...]], Answer]

_ACTIVATED = plain.unchanged("Changes each value by itself; the size stays.")
_DROPPED = plain.unchanged("Drops or disturbs values, in training only; the size stays.")
_PASSED = plain.unchanged("Hands everything on; the size stays.")
_IMAGES = plain.unchanged("Changes the picture at random, in training only; the size stays.")

_RULES: dict[str, Rule] = {
    "InputLayer": plain.given,
    **dict.fromkeys(("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax"), _ACTIVATED),
    "PReLU": plain.prelu,
    **dict.fromkeys(("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise"), _DROPPED),
    **dict.fromkeys(("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"), plain.spatial_dropout),
    **dict.fromkeys(("Identity", "ActivityRegularization", "Masking"), _PASSED),
    **dict.fromkeys(("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast"), _IMAGES),
    "BatchNormalization": plain.batch_normalization,
    "LayerNormalization": plain.layer_normalization,
    "RMSNormalization": plain.layer_normalization,
    "GroupNormalization": plain.group_normalization,
    "UnitNormalization": plain.unchanged("Scales each example to length 1; the size stays."),
    "Normalization": plain.normalization,
    "Rescaling": plain.unchanged("Multiplies and shifts every value by fixed numbers; the size stays."),
    "Flatten": plain.flatten,
    "Reshape": plain.reshape,
    "Permute": plain.permute,
    "RepeatVector": plain.repeat_vector,
    **dict.fromkeys(("Resizing", "CenterCrop"), plain.resized),
    "Dense": plain.dense,
    "Concatenate": plain.concatenate,
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), plain.cell_by_cell),
}

#: Operations between tensors that are not layers: ``x + y``, ``keras.ops.relu(x)``. They are in
#: ``model.operations`` and not in ``model.layers``.
_OPERATIONS: dict[str, Rule] = {
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Divide", "Maximum", "Minimum"), plain.operation_cell_by_cell),
    **dict.fromkeys(("Relu", "Relu6", "LeakyRelu", "Elu", "Sigmoid", "Silu", "Gelu", "Tanh", "Softplus"), _ACTIVATED),
}


def rule_for(layer: Layer) -> Rule:
    """The rule of a layer or operation.

    Raises:
        NoRule: for any that is not listed, and for every class that does not ship with Keras, whatever its name.
    """
    if is_operation(layer):
        found = _OPERATIONS.get(type(layer).__name__)
    elif has_axes(layer):
        return lambda layer, shapes: spatial(layer, shapes[0])
    else:
        found = _RULES.get(kind_of(layer))
    if found is None:
        raise NoRule(f"There is no rule by hand for {kind_shown(layer)}.")
    return found


def is_operation(layer: Layer) -> bool:
    """Whether this is an operation between tensors and not a layer."""
    return type(layer).__module__.startswith("keras.src.ops.")


def kind_shown(layer: Layer) -> str:
    """The class name, with ``ops.`` in front of an operation."""
    return f"ops.{type(layer).__name__}" if is_operation(layer) else type(layer).__name__
