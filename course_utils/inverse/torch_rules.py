"""Which modules of PyTorch give the same values as a Keras layer.

Keras pads *same* by as many ghost cells as the size needs and puts the odd one after; PyTorch's layers pad both sides
alike. So wherever the two sides differ, the padding is written as a module of its own. All pads and crops are asked
from ``axes``.

Sources: the documentation of ``torch.nn`` (``Conv2d``, ``ConvTranspose2d``, ``MaxPool2d``, ``AvgPool2d``,
``ConstantPad2d``, ``Upsample``). PyTorch is not installed here: ``tests/torch_by_rule.py`` computes what is documented,
and the tests hold it against the real Keras layers in every value.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from course_utils.axes import Axis, Crop, NoRule, Pad, Upsample, Window
from course_utils.explain.wording import AXIS_NAMES, listed
from course_utils.inverse import torch_layers
from course_utils.inverse.torch_layers import bias_of, weighted
from course_utils.inverse.torch_modules import (
    LayerInput,
    Module,
    Pads,
    Ported,
    call,
    each,
    pad_module,
    transposed,
    unless,
)
from course_utils.keras_layers import Layer, axes_of, check_settings, has_axes, kind_of

#: Up to here PyTorch's ``mode="nearest"``, which divides in float32, takes the same cell as whole numbers do.
LARGEST_FACTOR = 40


def rule_for(layer: Layer) -> Callable[[LayerInput], Ported]:
    """What gives, for an input, the modules with the same values.

    Raises:
        NoRule: for a layer that is not listed, or one of its settings.

    And, when the rule is asked:

    Raises:
        ShapeError: where nothing comes out of the layer.
        ValueError: for something that has to be known of the input and is not.
    """
    kind = kind_of(layer)
    if kind not in torch_layers.RULES and not has_axes(layer):
        raise NoRule(f"There is no rule for {kind} in PyTorch yet.{_HINTS.get(kind, '')}")
    _check_weights(layer)
    return functools.partial(torch_layers.RULES.get(kind, _with_axes), layer)


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
    if kind.endswith("Transpose"):
        return _transposed(layer, axes, given)
    return next(rule for start, rule in _RULES if kind.startswith(start))(layer, axes, given)


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


def _turned(array: str, dimensions: int) -> str:
    """(*k, a, b) → (b, a, *k): both kinds of convolution store their two channel axes the other way round."""
    return transposed(array, (dimensions + 1, dimensions, *range(dimensions)))


def _windows(
    layer: Layer, axes: Sequence[Window], given: LayerInput, out: int, weights: dict[str, str], groups: int = 1
) -> tuple[tuple[Module, ...], tuple[str, ...]]:
    """A convolution, with its padding before it where the sides differ."""
    pads, notes = _pads(layer, axes, given)
    apart = _uneven(pads)
    module = call(
        f"Conv{len(axes)}d",
        given.channels,
        out,
        kernel_size=each([axis.size for axis in axes]),
        stride=unless(1, [axis.stride for axis in axes]),
        padding=None if apart else unless(0, [before for before, _ in pads]),
        dilation=unless(1, [axis.dilation for axis in axes]),
        groups=groups if groups > 1 else None,
        bias=None if "bias" in weights else False,
    )
    return ((pad_module(pads),) if apart else ()) + (Module(module, weights),), notes


def _convolution(layer: Layer, axes: Sequence[Any], given: LayerInput) -> Ported:
    given.check_groups(layer.groups)
    weights = {"weight": _turned("kernel", len(axes)), **bias_of(layer)}
    modules, notes = _windows(layer, axes, given, layer.filters, weights, layer.groups)
    return weighted(layer, given, modules, ("kernel",), notes)


def _depthwise_weight(layer: Layer, axes: Sequence[Window], name: str) -> str:
    """(*k, c_in, m) → (c_in·m, 1, *k): the m results of a channel stand side by side in both."""
    d = len(axes)
    kernel = ", ".join(str(axis.size) for axis in axes)
    return f"{transposed(name, (d, d + 1, *range(d)))}.reshape(-1, 1, {kernel})"


def _depthwise(layer: Layer, axes: Sequence[Any], given: LayerInput) -> Ported:
    channels = given.channels
    weights = {"weight": _depthwise_weight(layer, axes, "kernel"), **bias_of(layer)}
    modules, notes = _windows(layer, axes, given, channels * layer.depth_multiplier, weights, channels)
    return weighted(layer, given, modules, ("kernel",), notes)


def _separable(layer: Layer, axes: Sequence[Any], given: LayerInput) -> Ported:
    channels = given.channels
    made = channels * layer.depth_multiplier
    first = {"weight": _depthwise_weight(layer, axes, "depthwise")}
    modules, notes = _windows(layer, axes, given, made, first, channels)
    second = {"weight": _turned("pointwise", len(axes)), **bias_of(layer)}
    module = call(f"Conv{len(axes)}d", made, layer.filters, kernel_size=1, bias=None if layer.use_bias else False)
    return weighted(layer, given, (*modules, Module(module, second)), ("depthwise", "pointwise"), notes)


def _transposed(layer: Layer, axes: Sequence[Any], given: LayerInput) -> Ported:
    """PyTorch cuts ``padding`` off both ends and puts ``output_padding`` back at the end; Keras cuts the odd one after.

    So both sides lose what Keras cuts before, and what Keras cuts more, after, is cut by a module of its own.
    """
    crops = []
    for axis, n in zip(axes, given.sizes, strict=True):
        axis.check_runs(n or 1)
        crops.append(axis.crops(n or 1))  # the same for every n
    beyond = tuple((0, min(before - after, 0)) for before, after in crops)
    weights = {"weight": _turned("kernel", len(axes)), **bias_of(layer)}
    module = call(
        f"ConvTranspose{len(axes)}d",
        given.channels,
        layer.filters,
        kernel_size=each([axis.size for axis in axes]),
        stride=unless(1, [axis.stride for axis in axes]),
        padding=unless(0, [before for before, _ in crops]),
        output_padding=unless(0, [max(before - after, 0) for before, after in crops]),
        bias=None if "bias" in weights else False,
        dilation=unless(1, [axis.dilation for axis in axes]),
    )
    if not _uneven(beyond):
        return weighted(layer, given, [Module(module, weights)], ("kernel",))
    note = (
        "The negative padding cuts off the end, as Keras does. PyTorch's own output_padding gives the same size, "
        "but cuts at the beginning: every value would come from other cells."
    )
    return weighted(layer, given, [Module(module, weights), pad_module(beyond)], ("kernel",), (note,))


# -- pooling ------------------------------------------------------------------------------------------------------


def _pool_sizes(axes: Sequence[Window]) -> dict[str, str | None]:
    """Window and step; PyTorch's step, too, is the window's size unless it is said."""
    sizes, strides = [axis.size for axis in axes], [axis.stride for axis in axes]
    return {"kernel_size": each(sizes), "stride": None if sizes == strides else each(strides)}


def _max_pooling(layer: Layer, axes: Sequence[Any], given: LayerInput) -> Ported:
    """PyTorch's own padding counts as −∞ too, so only a one-sided one has to be written out."""
    pads, notes = _pads(layer, axes, given)
    sizes, name = _pool_sizes(axes), f"MaxPool{len(axes)}d"
    if not _uneven(pads):
        return Ported((Module(call(name, **sizes, padding=unless(0, [before for before, _ in pads]))),), (), notes)
    return Ported((pad_module(pads, 'float("-inf")'), Module(call(name, **sizes))), (), notes)


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
    module = call(
        f"AvgPool{len(axes)}d",
        **_pool_sizes(axes),
        padding=unless(0, padding),
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
    return Ported((Module(module), *cut), (), notes)


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
    pool = Module(call(f"Adaptive{how}Pool{len(axes)}d", 1))
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
    return Ported((Module(call("Upsample", scale_factor=each(factors), **settings)),))


def _padding(layer: Layer, axes: Sequence[Pad], given: LayerInput) -> Ported:
    return Ported((pad_module(tuple((axis.before, axis.after) for axis in axes)),))


def _cropping(layer: Layer, axes: Sequence[Crop], given: LayerInput) -> Ported:
    note = "Negative padding cuts cells off."
    return Ported((pad_module(tuple((-axis.before, -axis.after) for axis in axes)),), (), (note,))


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
