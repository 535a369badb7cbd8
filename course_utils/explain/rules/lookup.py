"""Which rule belongs to which kind of layer."""

from __future__ import annotations

from collections.abc import Callable

from course_utils.axes import NoRule, ShapeError
from course_utils.explain.rules import attention, operations, plain, preprocessing, sequences
from course_utils.explain.rules.results import Arguments, RuleResult
from course_utils.explain.rules.spatial import spatial
from course_utils.explain.wording import Shape, count, sizes
from course_utils.keras_layers import Layer, has_axes, kind_of

#: Layer (or operation) and the shapes that reach it → what comes out.
Rule = Callable[[Layer, tuple[Shape, ...]], RuleResult]
#: The same for a call that must be known in full: which of several inputs is the key, and whether scores are wanted.
CallRule = Callable[[Layer, Arguments], RuleResult]

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
    **dict.fromkeys(("Resizing", "CenterCrop", "RandomCrop"), plain.resized),
    **dict.fromkeys(preprocessing.IMAGES.split(), _IMAGES),
    **dict.fromkeys(preprocessing.ADAPTIVE, preprocessing.adaptive_pooling),
    "CategoryEncoding": preprocessing.category_encoding,
    "Discretization": preprocessing.discretization,
    "Hashing": preprocessing.hashing,
    "HashedCrossing": preprocessing.hashed_crossing,
    **dict.fromkeys(("StringLookup", "IntegerLookup"), preprocessing.lookup),
    "TextVectorization": preprocessing.text_vectorization,
    "Embedding": sequences.embedding,
    **dict.fromkeys(("SimpleRNN", "GRU", "LSTM", "RNN"), sequences.recurrent),
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), sequences.convolutional_lstm),
    "TimeDistributed": lambda layer, shapes: sequences.time_distributed(layer, shapes, rule_for),
    "Bidirectional": lambda layer, shapes: sequences.bidirectional(layer, shapes, rule_for),
    "Pipeline": lambda layer, shapes: preprocessing.pipeline(layer, shapes, rule_for),
    **dict.fromkeys(("Functional", "Sequential"), lambda layer, shapes: sequences.model(layer, shapes, rule_for)),
    "Dot": attention.dot,
    "EinsumDense": attention.einsum_dense,
    "LayerScale": operations.layer_scale,
    "StochasticDepth": _DROPPED,
    "CustomScaleLayer": operations.scaled_sum,
    "Dense": plain.dense,
}

#: Operations between tensors that are not layers: ``x + y``, ``keras.ops.relu(x)``. They are in
#: ``model.operations`` and not in ``model.layers``.
_OPERATIONS: dict[str, Rule] = {
    **dict.fromkeys(operations.CELL_BY_CELL.split(), plain.operation_cell_by_cell),
    **dict.fromkeys(operations.EACH_VALUE.split(), _ACTIVATED),
    **dict.fromkeys(operations.REDUCING.split(), operations.reduced),
    "Concatenate": plain.concatenate,
    "ExpandDims": operations.expanded,
    "Matmul": operations.multiplied,
    "Reshape": operations.reshaped,
    "Split": operations.split,
    "Squeeze": operations.squeezed,
    "Stack": operations.stacked,
    "Transpose": operations.transposed,
}

#: Layers that take several maps as a list, and whose rules need not know how they are called.
_SEVERAL = ("InputLayer", "Dot", "HashedCrossing", "CustomScaleLayer", "Functional", "Sequential")

_CALLED: dict[str, CallRule] = {
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), plain.cell_by_cell),
    "Concatenate": lambda layer, arguments: plain.concatenate(layer, arguments.several),
    **dict.fromkeys(("Attention", "AdditiveAttention"), attention.attention),
    "MultiHeadAttention": attention.multi_head,
    "GroupedQueryAttention": attention.grouped_query,
}


def rule_for(layer: Layer, arguments: Arguments | None = None) -> Rule:
    """The rule of a layer or operation.

    Args:
        layer: what is called.
        arguments: what it is called with, if that is known beyond the shapes.

    Raises:
        NoRule: for any that is not listed, and for every class that does not ship with Keras, whatever its name.
        ShapeError: for a list of maps where one is read.
    """
    if getattr(layer, "lora_enabled", False) or getattr(layer, "quantization_mode", None):
        raise NoRule(f"There is no rule by hand for the weights of {kind_shown(layer)} with LoRA or quantised.")
    if is_operation(layer):
        found = _OPERATIONS.get(type(layer).__name__)
    elif kind_of(layer) in _CALLED:
        called = _CALLED[kind_of(layer)]
        return lambda layer, shapes: called(layer, arguments or Arguments((list(shapes),)))
    else:
        found = _spatial if has_axes(layer) else _RULES.get(kind_of(layer))
    if found is None:
        raise NoRule(f"There is no rule by hand for {kind_shown(layer)}.")
    if arguments is not None and not is_operation(layer):
        _check_one_input(layer, arguments)
    return found


def _spatial(layer: Layer, shapes: tuple[Shape, ...]) -> RuleResult:
    return spatial(layer, shapes[0])


def _check_one_input(layer: Layer, arguments: Arguments) -> None:
    """Raise ShapeError where a list reaches a layer that reads one map: behind a layer that hands on its states too."""
    if len(arguments.several) > 1 and kind_of(layer) not in _SEVERAL:
        raise ShapeError(
            f"{kind_shown(layer)} takes one input; {count(len(arguments.several), 'map')} reach it as a list, "
            f"{sizes(arguments.several)}. Hand on one of them."
        )


def is_operation(layer: Layer) -> bool:
    """Whether this is an operation between tensors and not a layer."""
    return type(layer).__module__.startswith("keras.src.ops.")


def kind_shown(layer: Layer) -> str:
    """The class name, with ``ops.`` in front of an operation."""
    return f"ops.{type(layer).__name__}" if is_operation(layer) else type(layer).__name__
