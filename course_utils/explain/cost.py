"""How much a row computes and hands on, for one example: multiply-adds and bytes, by hand.

Source of the counts: each output number of a convolution is a sum over the cells of its window and the channels that
its filter sees, with one multiplication and one addition for each term (He & Sun, "Convolutional Neural Networks at
Constrained Time Cost", 2015, equation 1). Ghost cells are counted like any other, as that count does. A transposed
convolution is counted from its input: every input number is multiplied by every weight of its kernel.
"""

from __future__ import annotations

import math
import re

from course_utils.explain.rows import Row
from course_utils.explain.wording import Shape, product

#: Layers that hold no sums over weights. A layer that is in neither list is not counted, rather than counted as 0.
_NO_SUMS = {
    *("InputLayer", "Identity", "Masking", "ActivityRegularization"),
    *("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "PReLU"),
    *("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "StochasticDepth"),
    *("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
    *("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast"),
    *("BatchNormalization", "LayerNormalization", "RMSNormalization", "GroupNormalization", "UnitNormalization"),
    *("Normalization", "Rescaling", "LayerScale", "CustomScaleLayer", "Resizing", "CenterCrop"),
    *("Flatten", "Reshape", "Permute", "RepeatVector", "Embedding"),
    *("Concatenate", "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"),
    *("ops.Add", "ops.Subtract", "ops.Multiply", "ops.Divide", "ops.Maximum", "ops.Minimum"),
    *("ops.Relu", "ops.Relu6", "ops.LeakyRelu", "ops.Elu", "ops.Sigmoid", "ops.HardSigmoid", "ops.HardSwish"),
    *("ops.Silu", "ops.HardSilu", "ops.Gelu", "ops.Tanh", "ops.Softplus", "ops.GetItem", "ops.Reshape"),
    *("ops.Concatenate", "ops.ExpandDims", "ops.Split", "ops.Squeeze", "ops.Stack", "ops.Transpose"),
}
_NO_SUMS_LIKE = re.compile(r"(Global)?(Max|Average)Pooling\dD|(Up|Zero|Crop)(Sampling|Padding|ping)\dD")


def multiply_adds(step: Row) -> tuple[int | None, str]:
    """How many multiply-adds a row takes for one example, and the formula with the numbers in it.

    Returns:
        None and no formula where a size is not known or the layer has no rule; 0 and no formula for a layer without
        sums over weights.
    """
    if not step.has_rule or step.output_shape is None or not step.input_shapes:
        return None, ""
    if step.kind in _NO_SUMS or _NO_SUMS_LIKE.fullmatch(step.kind):
        return 0, ""
    terms = _terms(step)
    if terms is None:
        return None, ""
    numbers = [number for term in terms for number in term]
    if any(number is None for number in numbers):
        return None, ""
    known = [[number for number in term if number is not None] for term in terms]
    total = sum(map(math.prod, known))
    return total, f"{' + '.join(map(product, known))} = {total}"


def output_bytes(step: Row, number_type: str) -> tuple[int | None, str]:
    """How many bytes come out for one example, and the formula; None where a size or the number type is not known."""
    bits = re.search(r"\d+$", number_type)
    if step.output_shape is None or bits is None:
        return None, ""
    shapes = [shape[1:] for shape in (step.output_shape, *step.further_shapes)]
    known = [[*(n for n in shape if n is not None), int(bits[0]) // 8] for shape in shapes]
    if [len(parts) - 1 for parts in known] != list(map(len, shapes)):
        return None, ""
    total = sum(map(math.prod, known))
    return total, f"{' + '.join(map(product, known))} = {total}"


def _terms(step: Row) -> list[list[int | None]] | None:
    """What is multiplied and then added up; None for a layer that is not counted."""
    shape, out = step.input_shapes[0], step.output_shape
    if out is None:
        return None
    if step.kind == "Dense":
        return [[*out[1:-1], shape[-1], step.real.units]]
    if not (step.axes and hasattr(step.real, "kernel_size")):
        return None
    kernel, (sizes, channels) = list(step.real.kernel_size), _parted(step, shape)
    places, made = _parted(step, out)
    if step.kind.startswith("Depthwise"):
        return [[*places, *kernel, channels, step.real.depth_multiplier]]
    if step.kind.startswith("Separable"):
        middle = None if channels is None else channels * step.real.depth_multiplier
        return [[*places, *kernel, channels, step.real.depth_multiplier], [*places, middle, made]]
    if step.kind.endswith("Transpose"):
        return [[*sizes, *kernel, channels, made]]
    seen = None if channels is None else channels // getattr(step.real, "groups", 1)
    return [[*places, *kernel, seen, made]]


def _parted(step: Row, shape: Shape) -> tuple[list[int | None], int | None]:
    """The sizes of a map, and how many channels it has."""
    inner = list(shape[1:])
    return (inner[:-1], inner[-1]) if step.channels_last else (inner[1:], inner[0])
