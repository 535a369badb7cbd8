"""ONNX: which nodes give the same values as a step of a Keras layer.

The ghost cells are written down as numbers: importers read ``auto_pad`` in different ways, as ``elsewhere`` records.

Sources: the operators of ONNX, opset 20; the table in ``elsewhere``; a test runs 500 layers in ONNX Runtime and in
ONNX's reference implementation, and holds every value against Keras.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from course_utils.axes import TransposedWindow, Window
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
    nested,
    pads_of,
)

#: Function of Keras → node, and its attributes. Of two nodes, the second takes what goes into the first as well.
_ACTIVATIONS = {
    "celu": "Celu, alpha={alpha}",
    "clip": "Clip",
    "elu": "Elu, alpha={alpha}",
    "exponential": "Exp",
    "gelu": "Gelu, approximate={approximate}",
    "hard_shrink": "Shrink, lambd={threshold}",
    "hard_sigmoid": "HardSigmoid, alpha=1 / 6",
    "hard_silu": "HardSwish",
    "hard_tanh": "Clip",
    "leaky_relu": "LeakyRelu, alpha={negative_slope}",
    "log_softmax": "LogSoftmax, axis={axis}",
    "mish": "Mish",
    "relu": "Relu",
    "relu6": "Clip",
    "selu": "Selu",
    "sigmoid": "Sigmoid",
    "silu": "Sigmoid Mul",
    "soft_shrink": "Shrink, lambd={threshold}, bias={threshold}",
    "softmax": "Softmax, axis={axis}",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "tanh": "Tanh",
    "tanh_shrink": "Tanh Sub",
    "thresholded_relu": "ThresholdedRelu, alpha={threshold}",
}
_LIMITS: dict[str, tuple[object, object]] = {"relu6": (0.0, 6.0), "hard_tanh": (-1.0, 1.0)}
_RESIZE = {
    "nearest": 'mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"',
    "bilinear": 'mode="linear"',
}


def _node(kind: str, arrays: Mapping[str, str] | None = None, *attributes: str, x: str = '"{x}"') -> Module:
    """A node; ``{x}`` and ``{y}`` are named when all are put together, and so is ``{before}``, what came before x."""
    inputs = ", ".join([x, *(f'"{name}"' for name in arrays or {})])
    told = "".join(f", {attribute}" for attribute in attributes if attribute)
    return Module(f'helper.make_node("{kind}", [{inputs}], ["{{y}}"]{told})', arrays or {})


def _unless(default: int, name: str, numbers: Sequence[int]) -> str:
    """An attribute; nothing where all numbers are the default."""
    return "" if set(numbers) == {default} else f"{name}={list(numbers)}"


def _window(axes: Sequence[Window | TransposedWindow], pads: Pads) -> tuple[str, ...]:
    """What every node with a window is told; ONNX wants all pads before first, then all after."""
    return (
        f"kernel_shape={[axis.size for axis in axes]}",
        _unless(1, "strides", [axis.stride for axis in axes]),
        _unless(1, "dilations", [axis.dilation for axis in axes]),
        _unless(0, "pads", _sides(pads)),
    )


def _sides(pads: Pads) -> list[int]:
    return [cells for side in zip(*pads, strict=True) for cells in side]


def _held(step: Convolution) -> dict[str, str]:
    return {step.kernel: channels_first(step), **bias_of(step.bias)}


def _convolution(step: Convolution, given: LayerInput) -> Written:
    pads, notes = pads_of(step.axes, given)
    groups = f"group={step.groups}" if step.groups > 1 else ""
    return (_node("Conv", _held(step), *_window(step.axes, pads), groups),), notes


def _transposed(step: Convolution, _: LayerInput) -> Written:
    """``output_padding`` adds at the end, and ``pads`` cuts at either: as many as Keras."""
    cut = tuple((before, max(after, 0)) for before, after in step.crops)
    added = _unless(0, "output_padding", [max(-after, 0) for _, after in step.crops])
    return (_node("ConvTranspose", _held(step), *_window(step.axes, cut), added),), ()


def _pooling(step: Step, given: LayerInput) -> Written:
    """A mean of real cells only is what ONNX means, unless it is told otherwise."""
    pads, notes = pads_of(step.axes, given)
    return (_node("AveragePool" if "Average" in step.kind else "MaxPool", None, *_window(step.axes, pads)),), notes


def _global_pooling(step: Step, _: LayerInput) -> Written:
    pool = _node("GlobalAveragePool" if "Average" in step.kind else "GlobalMaxPool")
    return ((pool,) if step.layer.keepdims else (pool, _node("Flatten"))), ()


def _upsampling(step: Step, _: LayerInput) -> Written:
    scales = {"scales": f'np.array({[1, 1, *(axis.factor for axis in step.axes)]}, dtype="float32")'}
    return (_node("Resize", scales, _RESIZE[step.axes[0].interpolation], x='"{x}", ""'),), ()


def _padding(step: Step, _: LayerInput) -> Written:
    return (_node("Pad", {"pads": f"np.array({_sides(((0, 0), (0, 0), *step.ends))})"}),), ()


def _cropping(step: Step, _: LayerInput) -> Written:
    ends = [f"{-after}" if after else "2**63 - 1" for _, after in step.ends]
    arrays = {
        "starts": f"np.array({[before for before, _ in step.ends]})",
        "ends": f"np.array([{', '.join(ends)}])",
        "axes": f"np.array({list(range(2, 2 + len(step.ends)))})",
    }
    return (_node("Slice", arrays),), ()


def _dense(step: Step, _: LayerInput) -> Written:
    return (_node("Gemm", {"kernel": "kernel", **bias_of(step.layer.use_bias)}),), ()


def _batch_normalization(step: Step, given: LayerInput) -> Written:
    arrays = {
        "gamma": "gamma" if step.layer.scale else f'np.ones({given.channels}, dtype="float32")',
        "beta": "beta" if step.layer.center else f'np.zeros({given.channels}, dtype="float32")',
        "mean": "mean",
        "variance": "variance",
    }
    return (_node("BatchNormalization", arrays, f"epsilon={step.layer.epsilon}"),), ()


def _activation(step: Activation, _: LayerInput) -> Written:
    kinds, *attributes = _ACTIVATIONS[step.name].format(**step.settings).split(", ")
    first, *second = kinds.split()
    limits: Mapping[str, str] = {}
    if first == "Clip":
        low, high = _LIMITS.get(step.name) or (step.settings["low"], step.settings["high"])
        limits = {name: f'np.array({number}, dtype="float32")' for name, number in (("low", low), ("high", high))}
    return (_node(first, limits, *attributes), *(_node(kind, x='"{before}", "{x}"') for kind in second)), ()


def _assemble(found: Ported, given: LayerInput, arrays: tuple[str, ...]) -> Code:
    names = ["", "x", *(f"x{place}" for place in range(1, len(found.modules))), "y"]
    calls = [
        module.call.format(before=before, x=x, y=y)
        for module, before, x, y in zip(found.modules, names, names[1:], names[2:], strict=False)
    ]
    held = [f'"{name}": {array},' for module in found.modules for name, array in module.weights.items()]
    shape = [given.known[axis] for axis in (range(len(given.known)) if found.pointwise else given.order)]
    rank = 2 if '"Flatten"' in calls[-1] else len(shape)
    lines = (
        *arrays,
        *(("arrays = {", *(f"    {line}" for line in held), "}") if held else ("arrays = {}",)),
        "graph = helper.make_graph(",
        "    nodes,",
        '    "ported",',
        f'    [helper.make_tensor_value_info("x", TensorProto.FLOAT, {shape})],',
        f'    [helper.make_tensor_value_info("y", TensorProto.FLOAT, {[None] * rank})],',
        "    [numpy_helper.from_array(array, name) for name, array in arrays.items()],",
        ")",
        'ported = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)',
    )
    numpy = ("import numpy as np",) if any("np." in line for line in held) else ()
    imports = (*numpy, "from onnx import TensorProto, helper, numpy_helper")
    return Code(imports, "nodes", nested("[", calls, "]"), lines)


ONNX = Target(
    name="ONNX",
    channels_last=False,
    moved="ONNX wants the channels before the sizes{how}.",
    copied=": x.transpose{order}",
    dtypes=("float32",),
    in_dtype="",
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
    interpolations=_RESIZE,
    identity=_node("Identity"),
    assemble=_assemble,
)
