"""Which modules of PyTorch give the same values as a Keras layer.

Keras pads *same* by as many ghost cells as the size needs and puts the odd one after; PyTorch's layers pad both sides
alike. So wherever the two sides differ, the padding is written as a module of its own. All pads and crops are asked
from ``axes``.

Sources: the documentation of ``torch.nn`` (``Conv2d``, ``ConvTranspose2d``, ``MaxPool2d``, ``AvgPool2d``,
``ConstantPad2d``, ``Upsample``). PyTorch is not installed here: ``tests/torch_by_rule.py`` computes what is documented,
and the tests hold it against the real Keras layers in every value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from course_utils.axes import Axis, Crop, NoRule, Pad, Upsample, Window
from course_utils.explain.wording import AXIS_NAMES, listed
from course_utils.keras_layers import Layer, axes_of, channels_last, check_settings, has_axes, kind_of

#: Ghost cells (before, after), per axis; cells that are cut off are negative.
Pads = tuple[tuple[int, int], ...]

#: Up to here PyTorch's ``mode="nearest"``, which divides in float32, takes the same cell as whole numbers do.
LARGEST_FACTOR = 40

_ACTIVATIONS = {
    "relu": "nn.ReLU()",
    "relu6": "nn.ReLU6()",
    "sigmoid": "nn.Sigmoid()",
    "silu": "nn.SiLU()",
    "tanh": "nn.Tanh()",
    "softplus": "nn.Softplus()",
    "elu": "nn.ELU()",
}


@dataclass(frozen=True)
class LayerInput:
    """What reaches the layer.

    Attributes:
        sizes: per spatial axis; None where it is not known.
        channels: how many; None where it is not known.
    """

    sizes: tuple[int | None, ...] = ()
    channels: int | None = None


@dataclass(frozen=True)
class Module:
    """One module.

    Attributes:
        call: its constructor.
        weights: attribute of the module → the array for it, as an expression of NumPy.
    """

    call: str
    weights: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ported:
    """The modules in their order.

    Attributes:
        arrays: the names given to what ``layer.get_weights()`` returns.
        notes: what has to be known, one sentence each.
    """

    modules: tuple[Module, ...]
    arrays: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def ported(layer: Layer, given: LayerInput) -> Ported:
    """The modules that give the same values.

    Raises:
        NoRule: for a layer that is not listed, or one of its settings.
        ShapeError: where nothing comes out of the layer.
        ValueError: for something that has to be known of the input and is not.
    """
    kind = kind_of(layer)
    if kind in _RULES_WITHOUT_AXES:
        return _RULES_WITHOUT_AXES[kind](layer, given)
    if not has_axes(layer):
        raise NoRule(f"There is no rule for {kind} in PyTorch yet.{_HINTS.get(kind, '')}")
    axes = axes_of(layer)
    check_settings(kind, axes)
    for axis, n in zip(axes, given.sizes, strict=True):
        if n is not None:
            axis.check_runs(n)
    if kind.endswith("Transpose"):
        return _transposed(layer, axes, given)
    return next(rule for start, rule in _RULES if kind.startswith(start))(layer, axes, given)


# -- how numbers and modules are written --------------------------------------------------------------------------


def _each(numbers: Sequence[Any]) -> str:
    """One number if all axes have the same, else a tuple."""
    return repr(numbers[0] if len(set(numbers)) == 1 else tuple(numbers))


def _call(name: str, *numbers: object, **settings: object) -> str:
    """A constructor; settings that are None are left out."""
    written = [str(number) for number in numbers]
    written += [f"{key}={value}" for key, value in settings.items() if value is not None]
    return f"nn.{name}({', '.join(written)})"


def _unless(default: int, numbers: Sequence[int]) -> str | None:
    """None where all are the default, which is then not written."""
    return None if set(numbers) == {default} else _each(numbers)


def pad_module(pads: Pads, value: str = "0.0") -> Module:
    """Ghost cells around the map. PyTorch counts the sides from the last axis: left, right, top, bottom."""
    sides = tuple(cells for pair in reversed(pads) for cells in pair)
    if value == "0.0" and len(pads) == 2:
        return Module(_call("ZeroPad2d", sides))
    return Module(_call(f"ConstantPad{len(pads)}d", sides, value))


def _after(layer: Layer, name: str | None = None) -> tuple[Module, ...]:
    """The activation, if there is one."""
    name = name or layer.activation.__name__
    if name == "linear":
        return ()
    if name == "softmax":
        return (Module(_call("Softmax", dim=1 if channels_last(layer) else -1)),)  # Keras takes its last axis
    if name not in _ACTIVATIONS:
        raise NoRule(f'There is no rule for the activation "{name}" in PyTorch yet.')
    return (Module(_ACTIVATIONS[name]),)


def _channels(layer: Layer, given: LayerInput) -> int:
    if given.channels is None:
        raise ValueError(
            f"{kind_of(layer)} in PyTorch must be told how many channels come in. Say it: "
            "port(layer, input_shape=(28, 28, 3))."
        )
    return given.channels


# -- ghost cells --------------------------------------------------------------------------------------------------


def _pads(layer: Layer, axes: Sequence[Window], given: LayerInput) -> tuple[Pads, tuple[str, ...]]:
    """The ghost cells on each axis, and what has to be said about them."""
    pads, notes, bound = [], [], []
    for name, axis, n in zip(AXIS_NAMES[len(axes)], axes, given.sizes, strict=True):
        # *same* depends on n only by what is left when it is divided by s; these sizes leave every rest.
        possible = {axis.pads(m) for m in range(axis.effective_size, axis.effective_size + axis.stride)}
        if n is None and len(possible) > 1:
            raise ValueError(
                f'With padding="same" and s = {axis.stride} the ghost cells depend on the size, and the {name} is not '
                "known. Say it: port(layer, input_shape=(28, 28, 3))."
            )
        pads.append(axis.pads(axis.effective_size if n is None else n))
        if len(possible) > 1:
            bound.append(f"{name} {n}")
    uneven = [pair for pair in pads if pair[0] != pair[1]]
    if uneven:
        notes.append(f"Keras pads {uneven[0]} here, before and after: one number for both sides would be wrong.")
    if bound:
        notes.append(f"The padding holds for {listed(bound)}. For another size ask again: it may differ.")
    return tuple(pads), tuple(notes)


def _uneven(pads: Pads) -> bool:
    return any(before != after for before, after in pads)


# -- convolutions -------------------------------------------------------------------------------------------------


def _to_torch(dimensions: int) -> str:
    """(*k, a, b) → (b, a, *k): both kinds of convolution store their two channel axes the other way round."""
    order = (dimensions + 1, dimensions, *range(dimensions))
    return f"transpose({', '.join(map(str, order))})"


def _bias(layer: Layer) -> dict[str, str]:
    return {"bias": "bias"} if layer.use_bias else {}


def _weighted(layer: Layer, modules: Sequence[Module], arrays: Sequence[str], notes: Sequence[str] = ()) -> Ported:
    """Modules with weights, and the activation behind them."""
    return Ported((*modules, *_after(layer)), (*arrays, *_bias(layer)), tuple(notes))


def _windows(
    layer: Layer, axes: Sequence[Window], given: LayerInput, out: int, weights: dict[str, str], groups: int = 1
) -> tuple[tuple[Module, ...], tuple[str, ...]]:
    """A convolution, with its padding before it where the sides differ."""
    pads, notes = _pads(layer, axes, given)
    apart = _uneven(pads)
    call = _call(
        f"Conv{len(axes)}d",
        _channels(layer, given),
        out,
        kernel_size=_each([axis.size for axis in axes]),
        stride=_unless(1, [axis.stride for axis in axes]),
        padding=None if apart else _unless(0, [before for before, _ in pads]),
        dilation=_unless(1, [axis.dilation for axis in axes]),
        groups=groups if groups > 1 else None,
        bias=None if "bias" in weights else False,
    )
    return ((pad_module(pads),) if apart else ()) + (Module(call, weights),), notes


def _convolution(layer: Layer, axes: Sequence[Any], given: LayerInput) -> Ported:
    weights = {"weight": f"kernel.{_to_torch(len(axes))}", **_bias(layer)}
    modules, notes = _windows(layer, axes, given, layer.filters, weights, layer.groups)
    return _weighted(layer, modules, ("kernel",), notes)


def _depthwise_weight(layer: Layer, axes: Sequence[Window], name: str) -> str:
    """(*k, c_in, m) → (c_in·m, 1, *k): the m results of a channel stand side by side in both."""
    d = len(axes)
    order = ", ".join(map(str, (d, d + 1, *range(d))))
    return f"{name}.transpose({order}).reshape(-1, 1, {', '.join(str(axis.size) for axis in axes)})"


def _depthwise(layer: Layer, axes: Sequence[Any], given: LayerInput) -> Ported:
    channels = _channels(layer, given)
    weights = {"weight": _depthwise_weight(layer, axes, "kernel"), **_bias(layer)}
    modules, notes = _windows(layer, axes, given, channels * layer.depth_multiplier, weights, channels)
    return _weighted(layer, modules, ("kernel",), notes)


def _separable(layer: Layer, axes: Sequence[Any], given: LayerInput) -> Ported:
    channels = _channels(layer, given)
    made = channels * layer.depth_multiplier
    first = {"weight": _depthwise_weight(layer, axes, "depthwise")}
    modules, notes = _windows(layer, axes, given, made, first, channels)
    second = {"weight": f"pointwise.{_to_torch(len(axes))}", **_bias(layer)}
    call = _call(f"Conv{len(axes)}d", made, layer.filters, kernel_size=1, bias=None if layer.use_bias else False)
    return _weighted(layer, (*modules, Module(call, second)), ("depthwise", "pointwise"), notes)


def _transposed(layer: Layer, axes: Sequence[Any], given: LayerInput) -> Ported:
    """PyTorch cuts ``padding`` off both ends and puts ``output_padding`` back at the end; Keras cuts the odd one after.

    So both sides lose what Keras cuts before, and what Keras cuts more, after, is cut by a module of its own.
    """
    crops = []
    for axis, n in zip(axes, given.sizes, strict=True):
        axis.check_runs(n or 1)
        crops.append(axis.crops(n or 1))  # the same for every n
    beyond = tuple((0, min(before - after, 0)) for before, after in crops)
    weights = {"weight": f"kernel.{_to_torch(len(axes))}", **_bias(layer)}
    call = _call(
        f"ConvTranspose{len(axes)}d",
        _channels(layer, given),
        layer.filters,
        kernel_size=_each([axis.size for axis in axes]),
        stride=_unless(1, [axis.stride for axis in axes]),
        padding=_unless(0, [before for before, _ in crops]),
        output_padding=_unless(0, [max(before - after, 0) for before, after in crops]),
        bias=None if "bias" in weights else False,
        dilation=_unless(1, [axis.dilation for axis in axes]),
    )
    if not _uneven(beyond):
        return _weighted(layer, [Module(call, weights)], ("kernel",))
    note = (
        "The negative padding cuts off the end, as Keras does. PyTorch's own output_padding gives the same size, "
        "but cuts at the beginning: every value would come from other cells."
    )
    return _weighted(layer, [Module(call, weights), pad_module(beyond)], ("kernel",), (note,))


# -- pooling ------------------------------------------------------------------------------------------------------


def _pool_sizes(axes: Sequence[Window]) -> dict[str, str | None]:
    """Window and step; PyTorch's step, too, is the window's size unless it is said."""
    sizes, strides = [axis.size for axis in axes], [axis.stride for axis in axes]
    return {"kernel_size": _each(sizes), "stride": None if sizes == strides else _each(strides)}


def _max_pooling(layer: Layer, axes: Sequence[Any], given: LayerInput) -> Ported:
    """PyTorch's own padding counts as −∞ too, so only a one-sided one has to be written out."""
    pads, notes = _pads(layer, axes, given)
    sizes, name = _pool_sizes(axes), f"MaxPool{len(axes)}d"
    if not _uneven(pads):
        return Ported((Module(_call(name, **sizes, padding=_unless(0, [before for before, _ in pads]))),), (), notes)
    return Ported((pad_module(pads, 'float("-inf")'), Module(_call(name, **sizes))), (), notes)


def _average_pooling(layer: Layer, axes: Sequence[Any], given: LayerInput) -> Ported:
    """Only real cells are counted: ``count_include_pad=False``, which knows nothing of cells padded by hand.

    So the odd ghost cell after must come about otherwise. Where s > 1, ``ceil_mode=True`` lets the last window hang
    over the end by it. Where s = 1 the map is padded by the larger number on both sides, and the one window too many,
    the first, is cut off.
    """
    if len(axes) == 3:
        axes = [_no_larger_than(n, axis) for n, axis in zip(given.sizes, axes, strict=True)]
    pads, notes = _pads(layer, axes, given)
    odd = [after > before for before, after in pads]
    doubled = [uneven and axis.stride == 1 for uneven, axis in zip(odd, axes, strict=True)]
    padding = [after if double else before for (before, after), double in zip(pads, doubled, strict=True)]
    hangs = any(uneven and not double for uneven, double in zip(odd, doubled, strict=True))
    call = _call(
        f"AvgPool{len(axes)}d",
        **_pool_sizes(axes),
        padding=_unless(0, padding),
        ceil_mode=True if hangs else None,
        count_include_pad=False if any(padding) or hangs else None,
    )
    cut = (pad_module(tuple((-1 if double else 0, 0) for double in doubled)),) if any(doubled) else ()
    if hangs:
        notes += (
            "ceil_mode=True lets the last window hang over the end. Zeros padded by hand would be counted as cells, "
            "count_include_pad=False or not.",
        )
    if cut:
        notes += (
            "padding is one more before than in Keras, so one window more comes out, the first, and is cut off again.",
        )
    return Ported((Module(call), *cut), (), notes)


def _no_larger_than(n: int | None, axis: Window) -> Window:
    """The window for ``AvgPool3d``, which takes none that is larger than the map, ghost cells or not.

    Where there is one place only, a window of n cells reads the same cells. Raises NoRule where there are more.
    """
    if n is None or n >= axis.size:
        return axis
    if axis.output_size(n) > 1:
        raise NoRule(f"There is no rule for a window of {axis.size} on {n} cells: PyTorch's AvgPool3d refuses it.")
    return Window(n, stride=axis.stride)


def _global_pooling(layer: Layer, axes: Sequence[Axis], given: LayerInput) -> Ported:
    how = "Max" if "Max" in kind_of(layer) else "Avg"
    pool = Module(_call(f"Adaptive{how}Pool{len(axes)}d", 1))
    return Ported((pool,) if layer.keepdims else (pool, Module("nn.Flatten()")))


# -- the others with axes -----------------------------------------------------------------------------------------


def _upsampling(layer: Layer, axes: Sequence[Upsample], given: LayerInput) -> Ported:
    factors, how = [axis.factor for axis in axes], axes[0].interpolation
    if how not in ("nearest", "bilinear"):
        raise NoRule(f'There is no rule for interpolation="{how}": PyTorch weighs the cells otherwise or has none.')
    if max(factors) > LARGEST_FACTOR:
        raise NoRule(
            f"There is no rule for factors above {LARGEST_FACTOR}: PyTorch's rounding takes other cells there."
        )
    settings = {"mode": '"bilinear"', "align_corners": False} if how == "bilinear" else {"mode": '"nearest"'}
    return Ported((Module(_call("Upsample", scale_factor=_each(factors), **settings)),))


def _padding(layer: Layer, axes: Sequence[Pad], given: LayerInput) -> Ported:
    return Ported((pad_module(tuple((axis.before, axis.after) for axis in axes)),))


def _cropping(layer: Layer, axes: Sequence[Crop], given: LayerInput) -> Ported:
    note = "Negative padding cuts cells off."
    return Ported((pad_module(tuple((-axis.before, -axis.after) for axis in axes)),), (), (note,))


# -- layers without axes ------------------------------------------------------------------------------------------


def _dense(layer: Layer, given: LayerInput) -> Ported:
    if given.sizes:
        raise NoRule(
            "There is no rule for Dense on maps: Keras works on the last axis, which are the channels, and PyTorch's "
            "channels are the first. A Conv2D with a 1×1 kernel does the same and has one."
        )
    weights = {"weight": "kernel.transpose(1, 0)", **_bias(layer)}
    call = _call("Linear", _channels(layer, given), layer.units, bias=None if layer.use_bias else False)
    return _weighted(layer, [Module(call, weights)], ("kernel",))


def _batch_normalization(layer: Layer, given: LayerInput) -> Ported:
    if layer.axis not in (-1, len(given.sizes) + 1):
        raise NoRule(f"There is no rule for BatchNormalization(axis={layer.axis}): only for the last axis.")
    optional = {"gamma": ("weight", layer.scale), "beta": ("bias", layer.center)}
    weights = {attribute: name for name, (attribute, there) in optional.items() if there}
    arrays = (*weights.values(), "mean", "variance")
    call = _call(
        f"BatchNorm{max(len(given.sizes), 1)}d",
        _channels(layer, given),
        eps=layer.epsilon,
        momentum=round(1 - layer.momentum, 12),
    )
    notes = (
        "Keras's momentum is what is kept of the old mean, PyTorch's what is taken of the new one.",
        "ported.eval() uses the stored mean and variance. In training PyTorch stores a slightly larger variance.",
    )
    return Ported((Module(call, weights | {"running_mean": "mean", "running_var": "variance"}),), arrays, notes)


def _relu(layer: Layer, given: LayerInput) -> Ported:
    if (layer.max_value, layer.negative_slope, layer.threshold) != (None, 0, 0):
        raise NoRule("There is no rule for a ReLU with a limit, a slope or a threshold.")
    return Ported(_after(layer, "relu"))


#: What to do about layers that have no rule, and are often asked about.
_HINTS = {
    "Flatten": (
        " Keras lays the channels out last: x.permute(0, 2, 3, 1).flatten(1) gives its order, so that the weights of "
        "a Dense behind it fit."
    ),
    "InputLayer": " PyTorch has no layer for the input: leave it out.",
}

#: Rules by what the name of the layer begins with, for 1, 2 and 3 dimensions alike; the first that fits.
_RULES: tuple[tuple[str, Callable[[Layer, Sequence[Any], LayerInput], Ported]], ...] = (
    ("Depthwise", _depthwise),
    ("Separable", _separable),
    ("Conv", _convolution),
    ("MaxPooling", _max_pooling),
    ("AveragePooling", _average_pooling),
    ("Global", _global_pooling),
    ("UpSampling", _upsampling),
    ("ZeroPadding", _padding),
    ("Cropping", _cropping),
)

#: Rules of layers without axes.
_RULES_WITHOUT_AXES: dict[str, Callable[[Layer, LayerInput], Ported]] = {
    "Dense": _dense,
    "BatchNormalization": _batch_normalization,
    "Activation": lambda layer, _: Ported(_after(layer) or (Module("nn.Identity()"),)),
    "ReLU": _relu,
    "Dropout": lambda layer, _: Ported((Module(_call("Dropout", layer.rate)),)),
}
