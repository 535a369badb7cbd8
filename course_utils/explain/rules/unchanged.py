"""Rules of the layers that change values and never the size: activations, dropout, normalisation.

Sources here and in the other modules: the ``build`` and ``compute_output_shape`` of each layer in ``keras/src/layers``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from course_utils.axes import NoRule, ShapeError
from course_utils.explain.rules.core import (
    NONE,
    Count,
    RuleResult,
    Shapes,
    is_operation,
    kind_shown,
    known,
    rule,
    worked_out,
)
from course_utils.explain.wording import Shape, capital, count, listed, product, size
from course_utils.keras_layers import Layer, kind_of

#: Classes of ``keras/src/ops`` that change each value by itself, or at least no size.
_OPERATIONS = """
    Relu Relu6 LeakyRelu Elu Selu Celu Gelu Silu Sigmoid HardSigmoid HardSilu LogSigmoid Softplus Softsign SoftShrink
    HardShrink HardTanh Tanh TanhShrink SparsePlus SparseSigmoid Sparsemax Squareplus Threshold Softmax LogSoftmax
    Abs Absolute Fabs Negative Sign Signbit Square Sqrt Rsqrt Cbrt Exp Exp2 Expm1 Log Log1p Log2 Log10 Erf Erfc Erfinv
    Reciprocal Floor Ceil Round Trunc Sin Cos Tan Sinh Cosh Arcsin Arccos Arctan Arcsinh Arccosh Arctanh Sinc I0 Angle
    Deg2rad Rad2deg Conj Conjugate Real Imag Clip Cast SaturateCast Copy Array Isnan Isinf Isposinf Isneginf Isfinite
    Isreal BitwiseInvert BitwiseNot LogicalNot ZerosLike OnesLike FullLike EmptyLike StopGradient NanToNum Digitize
    ConvertToTensor RGBToHSV HSVToRGB
"""
#: Those that put values elsewhere, join them along an axis, or bring them to a common range.
_MOVING = "Flip Fliplr Flipud Roll Sort Argsort Argpartition Tril Triu"
_RUNNING = "Cumsum Cumprod Nancumsum Nancumprod"
_SCALING = "Normalize BatchNorm LayerNorm RMSNorm"
_PICTURING = "GaussianBlur ElasticTransform AffineTransform PerspectiveTransform"
#: Layers that change a picture and keep its size.
IMAGES = """
    AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization MixUp RandAugment
    RandomBrightness RandomColorDegeneration RandomColorJitter RandomElasticTransform RandomErasing RandomGaussianBlur
    RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomSaturation RandomSharpness
    RandomShear Solarization
"""
_EACH_VALUE = "Changes each value by itself; the size stays."
#: What is said of layers without weights.
_SENTENCES = {
    **dict.fromkeys(("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax"), _EACH_VALUE),
    **{
        f"ops.{name}": sentence
        for names, sentence in (
            (_OPERATIONS, _EACH_VALUE),
            (_MOVING, "Puts values elsewhere; the size stays."),
            (_RUNNING, "Each value is joined with all before it along an axis; the size stays."),
            (_SCALING, "Brings the values to a common range; the size stays."),
            (_PICTURING, "Changes the picture; the size stays."),
        )
        for name in names.split()
    },
    **dict.fromkeys(
        ("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "StochasticDepth"),
        "Drops or disturbs values, in training only; the size stays.",
    ),
    **dict.fromkeys(("Identity", "ActivityRegularization", "Masking"), "Hands everything on; the size stays."),
    **dict.fromkeys(
        ("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", *IMAGES.split()),
        "Changes the picture at random, in training only; the size stays.",
    ),
    "UnitNormalization": "Scales each example to length 1; the size stays.",
    "Rescaling": "Multiplies and shifts every value by fixed numbers; the size stays.",
}


@rule(*_SENTENCES)
def unchanged(layer: Layer, shapes: Shapes) -> RuleResult:
    """A layer or operation without weights that keeps the size."""
    kind = kind_shown(layer)
    if is_operation(layer) and getattr(layer, "axis", 0) is None and type(layer).__name__ in f"{_RUNNING} Sort Argsort":
        raise NoRule(f"{kind} has a rule with an axis only.")
    found = size_stays(shapes[0], _SENTENCES[kind])
    return replace(found, further=shapes[1:]) if kind == "Identity" else found  # it hands on a list as a list


@rule("InputLayer")
def given(_layer: Layer, shapes: Shapes) -> RuleResult:
    """The size is what was asked for."""
    return RuleResult(shapes[0], "as given", f"What goes in, for each example: {size(shapes[0])}.", passes=True)


@rule("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")
def spatial_dropout(layer: Layer, shapes: Shapes) -> RuleResult:
    """Drops whole channels; needs as many axes as its name says."""
    check_rank(layer, shapes[0], int(kind_of(layer)[-2]) + 1)
    return size_stays(shapes[0], "Drops whole channels, in training only; the size stays.")


@rule("PReLU")
def prelu(layer: Layer, shapes: Shapes) -> RuleResult:
    """One learned slope per cell, or per channel where axes are shared."""
    shared = layer.shared_axes or []
    slopes = tuple(1 if place in shared else n for place, n in enumerate(shapes[0]) if place)
    sentence = "Values below 0 are multiplied by a learned slope; the size stays."
    return size_stays(shapes[0], sentence, _per_channel(["slope"], slopes))


@rule("BatchNormalization")
def batch_normalization(layer: Layer, shapes: Shapes) -> RuleResult:
    """A mean and a variance per channel, and what ``scale`` and ``center`` add."""
    if getattr(layer, "renorm", False):
        raise NoRule("BatchNormalization with renorm=True has no rule here.")
    names = ["scale"] * layer.scale + ["shift"] * layer.center + ["mean", "variance"]
    weights = _per_channel(names, _along(layer, shapes[0], layer.axis))
    return size_stays(shapes[0], "Shifts and scales each channel to a common range; the size stays.", weights)


@rule("LayerNormalization", "RMSNormalization")
def layer_normalization(layer: Layer, shapes: Shapes) -> RuleResult:
    """``scale`` and ``center`` along the normalised axes; RMSNormalization has only a scale."""
    names = ["scale"]
    if kind_of(layer) == "LayerNormalization":
        rms = layer.rms_scaling
        names = ["scale"] * (layer.scale or rms) + ["shift"] * (layer.center and not rms)
    weights = _per_channel(names, _along(layer, shapes[0], layer.axis))
    return size_stays(shapes[0], "Brings each example to a common range; the size stays.", weights)


@rule("GroupNormalization")
def group_normalization(layer: Layer, shapes: Shapes) -> RuleResult:
    """``scale`` and ``center`` per channel; the groups must divide the channels."""
    (channels,) = _along(layer, shapes[0], layer.axis)
    number = known(channels, "The number of channels")
    groups = number if layer.groups == -1 else layer.groups
    if number % groups:
        raise ShapeError(f"groups={groups} does not divide {channels} channels. Try one of their divisors.")
    weights = _per_channel(["scale"] * layer.scale + ["shift"] * layer.center, (channels,))
    return size_stays(shapes[0], f"Brings each of {count(groups, 'group')} of channels to a common range.", weights)


@rule("Normalization")
def normalization(layer: Layer, shapes: Shapes) -> RuleResult:
    """The preprocessing layer: mean, variance and a counter are weights unless they were handed over."""
    kept = _along(layer, shapes[0], layer.axis)
    weights = _per_channel(["mean", "variance"], kept, extra=1) if layer.input_mean is None else NONE
    for n in kept:
        known(n, "A size that is normalised along")
    return size_stays(shapes[0], "Subtracts a mean and divides by a spread that were taken from data.", weights)


def size_stays(shape: Shape, sentence: str, parameters: Count = NONE) -> RuleResult:
    """What a rule says of a layer that keeps the size."""
    return RuleResult(shape, "size stays", sentence, parameters, passes=True)


def check_rank(layer: Layer, shape: Shape, needed: int) -> None:
    """Raise ShapeError unless there are ``needed`` numbers for each example."""
    if len(shape) - 1 != needed:
        raise ShapeError(
            f"{kind_of(layer)} needs {count(needed, 'number')} for each example; {size(shape)} has {len(shape) - 1}."
        )


def _per_channel(names: list[str], shape: Shape, extra: int = 0) -> Count:
    """A few weights (``names``) for each cell of ``shape``, and ``extra`` single ones."""
    inside = product(known(n, "A size that the weights depend on") for n in shape) or "1"
    if not names and not extra:
        return NONE
    sentence = f"{listed(names)} for each {'channel' if len(shape) == 1 else 'cell'}{' and one counter' * bool(extra)}."
    return worked_out(f"{len(names)}·{inside}{f' + {extra}' if extra else ''}", capital(sentence))


def _along(layer: Layer, shape: Shape, axis: int | Sequence[int]) -> Shape:
    """The sizes on the axes that a layer names, the batch axis counted."""
    axes = [axis] if isinstance(axis, int) else list(axis)
    for place in axes:
        if not -len(shape) <= place < len(shape):
            raise ShapeError(
                f"{kind_of(layer)} works along axis {place}, but {size(shape)} has axes 1 to {len(shape) - 1} only."
            )
    return tuple(shape[place] for place in axes)
