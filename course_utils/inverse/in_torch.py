"""PyTorch: which modules of ``torch.nn`` give the same values as a step of a Keras layer.

PyTorch's layers pad both sides alike. So wherever the two sides differ, the padding is written as a module of its own.

Sources: the documentation of ``torch.nn`` (``Conv2d``, ``ConvTranspose2d``, ``MaxPool2d``, ``AvgPool2d``,
``ConstantPad2d``, ``Upsample``). PyTorch is not installed here: ``tests/torch_by_rule.py`` computes what is documented,
and the tests hold it against the real Keras layers in every value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from course_utils.axes import NoRule, Window
from course_utils.inverse.steps import (
    Activation,
    Code,
    Convolution,
    LayerInput,
    Module,
    Pads,
    Ported,
    Step,
    Target,
    Written,
    bias_of,
    channels_first,
    each,
    folded,
    nested,
    pads_of,
    transposed,
)
from course_utils.inverse.torch_layers import RULES, call, scale_and_shift

#: Up to here PyTorch's ``mode="nearest"``, which divides in float32, takes the same cell as whole numbers do.
LARGEST_FACTOR = 40

#: A module that PyTorch does not ship. It copies, because a convolution may read a mere view wrongly (see ``port``).
_PERMUTE = (
    "",
    "class Permute(nn.Module):",
    "    def __init__(self, *order):",
    "        super().__init__()",
    "        self.order = order",
    "",
    "    def forward(self, x):",
    "        return torch.permute_copy(x, self.order)",
)

#: Function of Keras → class in ``torch.nn``, and by setting: what PyTorch calls it, and its value if it is not written.
_ACTIVATIONS: dict[str, tuple[str, dict[str, tuple[str, float | str | None]]]] = {
    "celu": ("CELU", {"alpha": ("alpha", 1.0)}),
    "elu": ("ELU", {"alpha": ("alpha", 1.0)}),
    "glu": ("GLU", {"axis": ("dim", None)}),
    "hard_shrink": ("Hardshrink", {"threshold": ("lambd", 0.5)}),
    "hard_sigmoid": ("Hardsigmoid", {}),
    "hard_silu": ("Hardswish", {}),
    "hard_tanh": ("Hardtanh", {}),
    "leaky_relu": ("LeakyReLU", {"negative_slope": ("negative_slope", 0.01)}),
    "log_sigmoid": ("LogSigmoid", {}),
    "log_softmax": ("LogSoftmax", {"axis": ("dim", None)}),
    "mish": ("Mish", {}),
    "relu6": ("ReLU6", {}),
    "selu": ("SELU", {}),
    "sigmoid": ("Sigmoid", {}),
    "silu": ("SiLU", {}),
    "soft_shrink": ("Softshrink", {"threshold": ("lambd", 0.5)}),
    "softmax": ("Softmax", {"axis": ("dim", None)}),
    "softplus": ("Softplus", {}),
    "softsign": ("Softsign", {}),
    "tanh": ("Tanh", {}),
    "tanh_shrink": ("Tanhshrink", {}),
    # What Keras has no name for; "" is a setting that PyTorch takes by its place.
    "clip": ("Hardtanh", {"low": ("", None), "high": ("", None)}),
    "gelu": ("GELU", {"approximate": ("approximate", '"none"')}),
    "relu": ("ReLU", {}),
    "thresholded_relu": ("Threshold", {"threshold": ("", None)}),
}


# -- pieces -------------------------------------------------------------------------------------------------------


def _unless(default: int, numbers: Sequence[int]) -> str | None:
    """None where all are the default, which is then not written."""
    return None if set(numbers) == {default} else each(numbers)


def _pad_module(pads: Pads, value: str = "0.0") -> Module:
    """Ghost cells around the map. PyTorch counts the sides from the last axis: left, right, top, bottom."""
    sides = tuple(cells for pair in reversed(pads) for cells in pair)
    if value == "0.0" and len(pads) == 2:
        return Module(call("ZeroPad2d", sides))
    return Module(call(f"ConstantPad{len(pads)}d", sides, value))


def _uneven(pads: Pads) -> bool:
    return any(before != after for before, after in pads)


# -- steps --------------------------------------------------------------------------------------------------------


def _convolution(step: Convolution, given: LayerInput) -> Written:
    """A convolution, with its padding before it where the sides differ."""
    pads, notes = pads_of(step.axes, given)
    apart = _uneven(pads)
    module = call(
        f"Conv{len(step.axes)}d",
        step.channels,
        step.filters,
        kernel_size=each([axis.size for axis in step.axes]),
        stride=_unless(1, [axis.stride for axis in step.axes]),
        padding=None if apart else _unless(0, [before for before, _ in pads]),
        dilation=_unless(1, [axis.dilation for axis in step.axes]),
        groups=step.groups if step.groups > 1 else None,
        bias=None if step.bias else False,
    )
    weights = {"weight": channels_first(step), **bias_of(step.bias)}
    return ((_pad_module(pads),) if apart else ()) + (Module(module, weights),), notes


def _transposed(step: Convolution, _: LayerInput) -> Written:
    """PyTorch cuts ``padding`` off both ends and puts ``output_padding`` back at the end; Keras cuts the odd one after.

    So both sides lose what Keras cuts before, and what Keras cuts more, after, is cut by a module of its own.
    """
    beyond = tuple((0, min(before - after, 0)) for before, after in step.crops)
    module = call(
        f"ConvTranspose{len(step.axes)}d",
        step.channels,
        step.filters,
        kernel_size=each([axis.size for axis in step.axes]),
        stride=_unless(1, [axis.stride for axis in step.axes]),
        padding=_unless(0, [before for before, _ in step.crops]),
        output_padding=_unless(0, [max(before - after, 0) for before, after in step.crops]),
        bias=None if step.bias else False,
        dilation=_unless(1, [axis.dilation for axis in step.axes]),
    )
    found = Module(module, {"weight": channels_first(step), **bias_of(step.bias)})
    if not _uneven(beyond):
        return (found,), ()
    note = (
        "The negative padding cuts off the end, as Keras does. PyTorch's own output_padding gives the same size, "
        "but cuts at the beginning: every value would come from other cells."
    )
    return (found, _pad_module(beyond)), (note,)


def _pool_sizes(axes: Sequence[Window]) -> dict[str, str | None]:
    """Window and step; PyTorch's step, too, is the window's size unless it is said."""
    sizes, strides = [axis.size for axis in axes], [axis.stride for axis in axes]
    return {"kernel_size": each(sizes), "stride": None if sizes == strides else each(strides)}


def _pooling(step: Step, given: LayerInput) -> Written:
    return (_average_pooling if "Average" in step.kind else _max_pooling)(step.axes, given)


def _max_pooling(axes: Sequence[Window], given: LayerInput) -> Written:
    """PyTorch's own padding counts as −∞ too, so only a one-sided one has to be written out."""
    pads, notes = pads_of(axes, given)
    sizes, name = _pool_sizes(axes), f"MaxPool{len(axes)}d"
    if not _uneven(pads):
        return (Module(call(name, **sizes, padding=_unless(0, [before for before, _ in pads]))),), notes
    return (_pad_module(pads, 'float("-inf")'), Module(call(name, **sizes))), notes


def _average_pooling(axes: Sequence[Window], given: LayerInput) -> Written:
    """Only real cells are counted: ``count_include_pad=False``, which knows nothing of cells padded by hand.

    So the odd ghost cell after must come about otherwise. Where s > 1, ``ceil_mode=True`` lets the last window hang
    over the end by it. Where s = 1 the map is padded by the larger number on both sides, and the one window too many,
    the first, is cut off.
    """
    if len(axes) == 3:
        axes = [_no_larger_than(n, axis) for n, axis in zip(given.sizes, axes, strict=True)]
    pads, notes = pads_of(axes, given)
    odd = [after > before for before, after in pads]
    doubled = [uneven and axis.stride == 1 for uneven, axis in zip(odd, axes, strict=True)]
    padding = [after if double else before for (before, after), double in zip(pads, doubled, strict=True)]
    hangs = any(uneven and not double for uneven, double in zip(odd, doubled, strict=True))
    module = call(
        f"AvgPool{len(axes)}d",
        **_pool_sizes(axes),
        padding=_unless(0, padding),
        ceil_mode=True if hangs else None,
        count_include_pad=False if any(padding) or hangs else None,
    )
    cut = (_pad_module(tuple((-1 if double else 0, 0) for double in doubled)),) if any(doubled) else ()
    if hangs:
        notes += (
            "ceil_mode=True lets the last window hang over the end. Zeros padded by hand would be counted as cells, "
            "count_include_pad=False or not.",
        )
    if cut:
        notes += (
            "padding is one more before than in Keras, so one window more comes out, the first, and is cut off again.",
        )
    return (Module(module), *cut), notes


def _no_larger_than(n: int | None, axis: Window) -> Window:
    """The window for ``AvgPool3d``, which takes none that is larger than the map, ghost cells or not.

    Where there is one place only, a window of n cells reads the same cells. Raises NoRule where there are more.
    """
    if n is None or n >= axis.size:
        return axis
    if axis.output_size(n) > 1:
        raise NoRule(f"There is no rule for a window of {axis.size} on {n} cells: PyTorch's AvgPool3d refuses it.")
    return Window(n, stride=axis.stride)


def _global_pooling(step: Step, _: LayerInput) -> Written:
    pool = Module(call(f"Adaptive{'Avg' if 'Average' in step.kind else 'Max'}Pool{len(step.axes)}d", 1))
    return ((pool,) if step.layer.keepdims else (pool, Module("nn.Flatten()"))), ()


def _upsampling(step: Step, _: LayerInput) -> Written:
    factors = [axis.factor for axis in step.axes]
    if max(factors) > LARGEST_FACTOR:
        raise NoRule(
            f"There is no rule for factors above {LARGEST_FACTOR}: PyTorch's rounding takes other cells there."
        )
    settings = (
        {"mode": '"bilinear"', "align_corners": False}
        if step.axes[0].interpolation == "bilinear"
        else {"mode": '"nearest"'}
    )
    return (Module(call("Upsample", scale_factor=each(factors), **settings)),), ()


def _padding(step: Step, _: LayerInput) -> Written:
    return (_pad_module(step.ends),), ()


def _cropping(step: Step, _: LayerInput) -> Written:
    cut = tuple((-before, -after) for before, after in step.ends)
    return (_pad_module(cut),), ("Negative padding cuts cells off.",)


def _dense(step: Step, given: LayerInput) -> Written:
    linear = call("Linear", given.channels, step.layer.units, bias=None if step.layer.use_bias else False)
    return (Module(linear, {"weight": transposed("kernel", (1, 0)), **bias_of(step.layer.use_bias)}),), ()


def _batch_normalization(step: Step, given: LayerInput) -> Written:
    dimensions = max(len(given.sizes), 1)
    if dimensions > 3:
        raise NoRule(f"There is no rule for BatchNormalization on {dimensions} axes: PyTorch's take up to three.")
    momentum = round(1 - step.layer.momentum, 12)
    module = call(f"BatchNorm{dimensions}d", given.channels, eps=step.layer.epsilon, momentum=momentum)
    notes = (
        "Keras's momentum is what is kept of the old mean, PyTorch's what is taken of the new one.",
        "ported.eval() uses the stored mean and variance. In training PyTorch stores a slightly larger variance.",
    )
    return (Module(module, scale_and_shift(step.layer) | {"running_mean": "mean", "running_var": "variance"}),), notes


def _activation(step: Activation, _: LayerInput) -> Written:
    module, names = _ACTIVATIONS[step.name]
    numbers, told = [], {}
    for setting, value in step.settings.items():
        written, default = names[setting]
        if not written:
            numbers.append(value)
        elif value != default:
            told[written] = value
    return (Module(call(module, *numbers, *[0.0] * (module == "Threshold"), **told)),), ()


# -- all of it ----------------------------------------------------------------------------------------------------


def _assemble(found: Ported, _: LayerInput, arrays: tuple[str, ...]) -> Code:
    """``eval`` matters only to modules that behave otherwise in training."""
    calls = [module.call for module in found.modules]
    weights = list(arrays)
    for place, module in enumerate(found.modules):
        target = "ported" if len(calls) == 1 else f"ported[{place}]"
        for attribute, array in module.weights.items():
            weights.append(f"{target}.{attribute}.data.copy_(torch.from_numpy({array}))")
    if any(re.match(r"nn\.(BatchNorm|Dropout)", call) for call in calls):
        weights.append("ported.eval()  # as in Keras's predict")
    own = any(call.startswith("Permute(") for call in calls)
    imports = ("import torch", "from torch import nn") if arrays or own else ("from torch import nn",)
    whole = folded(calls[0]) if len(calls) == 1 else nested("nn.Sequential(", calls, ")")
    return Code((*imports, *_PERMUTE * own), "ported", whole, tuple(weights))


TORCH = Target(
    name="PyTorch",
    channels_last=False,
    moved=(
        "PyTorch wants the channels before the sizes, in a copy{how}. A convolution of PyTorch 2.13 may read a "
        "permuted view with one channel wrongly."
    ),
    copied=": torch.permute_copy(x, {order}), not x.permute",
    dtypes=("float16", "float32", "float64"),
    in_dtype="ported.to(torch.{dtype}) makes it compute in that, too.",
    writers={
        "Activation": _activation,
        "AveragePooling": _pooling,
        "BatchNormalization": _batch_normalization,
        "Conv": _convolution,
        "ConvTranspose": _transposed,
        "Cropping": _cropping,
        "Dense": _dense,
        "GlobalAveragePooling": _global_pooling,
        "GlobalMaxPooling": _global_pooling,
        "MaxPooling": _pooling,
        "UpSampling": _upsampling,
        "ZeroPadding": _padding,
    },
    activations=_ACTIVATIONS,
    interpolations=("nearest", "bilinear"),
    identity=Module("nn.Identity()"),
    assemble=_assemble,
    own=RULES,
    hints={
        "Flatten": (
            " Keras lays the channels out last: x.permute(0, 2, 3, 1).flatten(1) gives its order, so that the weights "
            "of a Dense behind it fit."
        ),
        "InputLayer": " PyTorch has no layer for the input: leave it out.",
    },
)
