"""One ONNX node in each runtime; which of them says ELSEWHERE_RUNTIME."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from elsewhere.adapters import Calls, cells, chosen, dilated, kernel, ncnn_
from elsewhere.cases import AVERAGE, CONVOLUTION, MAX, RESIZING, TRANSPOSED, Case

OPSET = 19
#: Equal rows of a map that is resized, since OpenCV blends a single one with what lies behind it.
ROWS = 2
RESIZE = {
    "nearest": ("", 'coordinate_transformation_mode="asymmetric", nearest_mode="floor"'),
    "bilinear": tuple(
        f'coordinate_transformation_mode="{mode}"' for mode in ("half_pixel", "asymmetric", "align_corners")
    ),
    "bicubic": ("", "cubic_coeff_a=-0.5, exclude_outside=1"),
}
MODES = {"nearest": "nearest", "bilinear": "linear", "bicubic": "cubic"}


def calls(case: Case) -> Calls:
    """The node with its attributes."""
    shape = f"kernel_shape=[1, {case.k}], strides=[1, {case.s}]"
    if dilated(case, "yes"):
        shape += f", dilations=[1, {case.d}]"
    p = case.padding
    pads = {"valid": [""], "causal": [f"pads=[0, {(case.k - 1) * case.d}, 0, 0]"]}.get(
        str(p), [f"pads=[0, {p}, 0, {p}]"]
    )
    if p == "same":
        pads = ['auto_pad="SAME_UPPER"', 'auto_pad="SAME_LOWER"']
    if case.operation in (CONVOLUTION, MAX, AVERAGE):
        kind = {CONVOLUTION: "Conv", MAX: "MaxPool", AVERAGE: "AveragePool"}[case.operation]
        more = ["ceil_mode=1" if case.ceil else ""]
        more += ["" if case.counted is None else f"count_include_pad={int(case.counted)}"]
        for pad in pads:
            yield f"{kind}({shape}{chosen(pad, *more)})"
    elif case.operation == TRANSPOSED:
        extra = "" if case.output_padding is None else f"output_padding=[0, {case.output_padding}]"
        if p == "same" and extra:
            return
        for pad in pads:
            yield f"ConvTranspose({shape}{chosen(pad, extra)})"
        if p == "same":
            yield f"ConvTranspose({shape}, output_shape=[1, {case.n * case.s}])"
    elif case.operation == RESIZING and case.method in MODES:
        to = f"scales=[1, 1, 1, {case.factor:g}]" if case.factor else f"sizes=[1, 1, {ROWS}, {case.size}]"
        for settings in ("antialias=1",) if case.antialias else RESIZE[case.method]:
            yield f'Resize({to}, mode="{MODES[case.method]}"{chosen(settings)})'


def names(case: Case) -> dict[str, Any]:
    """A function for each node, which makes a model of it."""
    kinds = ("Conv", "MaxPool", "AveragePool", "ConvTranspose", "Resize")
    return {kind: lambda _kind=kind, **settings: model(_kind, case, settings) for kind in kinds}


def model(kind: str, case: Case, settings: dict[str, Any]) -> bytes:
    """A model of a single node."""
    from onnx import TensorProto, checker, helper, numpy_helper

    held = {}
    if kind.startswith("Conv"):
        held["w"] = kernel(case, 1, 1, 1, -1)
    for name, number_type in (("scales", "float32"), ("sizes", "int64")):
        if name in settings:
            held[name] = np.array(settings.pop(name), dtype=number_type)
    inputs = ["x", *held] if kind != "Resize" else ["x", "", *([""] if "sizes" in held else []), *held]
    node = helper.make_node(kind, inputs, ["y"], **settings)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, _rows(case), case.n])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, None, None])
    constants = [numpy_helper.from_array(array, name) for name, array in held.items()]
    graph = helper.make_graph([node], "one", [x], [y], constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    checker.check_model(made)
    content: bytes = made.SerializeToString()
    return content


def output(result: bytes, case: Case) -> Any:
    """What the runtime makes of the model."""
    x = np.repeat(cells(case, 1, 1, 1, -1), _rows(case), axis=2)
    y = np.asarray(RUNTIMES[os.environ["ELSEWHERE_RUNTIME"]](result, x))
    return y.ravel()[: y.size // _rows(case)]


def _rows(case: Case) -> int:
    return ROWS if case.operation == RESIZING else 1


def _reference(model: bytes, x: Any) -> Any:
    import onnx
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(onnx.load_from_string(model)).run(None, {"x": x})[0]


def _onnxruntime(model: bytes, x: Any) -> Any:
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def _openvino(model: bytes, x: Any) -> Any:
    import openvino

    core = openvino.Core()
    compiled = core.compile_model(core.read_model(model), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return next(iter(compiled(x).values()))


def _opencv(model: bytes, x: Any) -> Any:
    import cv2

    net = cv2.dnn.readNetFromONNX(np.frombuffer(model, dtype="uint8"))
    net.setInput(x)
    y = net.forward()
    if y is None:
        raise ValueError("returns None instead of a map")
    return y


def _tinygrad(model: bytes, x: Any) -> Any:
    from tinygrad import Tensor
    from tinygrad.nn.onnx import OnnxRunner

    runner = OnnxRunner(Tensor(model))
    return next(iter(runner({name: Tensor(x) for name in runner.graph_inputs}).values())).numpy()


@cache
def _converted(model: bytes, command: tuple[str, ...], *made: str) -> tuple[bytes, ...]:
    """The files that a converter makes of a model; it has a process of its own, which MNN's needs beside TensorFlow."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "model.onnx").write_bytes(model)
        subprocess.run(command, cwd=folder, capture_output=True, timeout=30, check=False)
        if not all(Path(folder, name).exists() for name in made):
            raise RuntimeError("the converter writes no model")
        return tuple(Path(folder, name).read_bytes() for name in made)


def _mnn(model: bytes, x: Any) -> Any:
    import MNN

    run = "import sys, _tools; _tools.mnnconvert(sys.argv)"
    settings = ("-f", "ONNX", "--modelFile", "model.onnx", "--MNNModel", "model.mnn")
    (converted,) = _converted(model, (sys.executable, "-c", run, *settings), "model.mnn")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "model.mnn")
        target.write_bytes(converted)
        net = MNN.nn.load_module_from_file(str(target), [], [])
        y = net.forward(MNN.expr.const(x, x.shape, MNN.expr.NCHW))
        values = MNN.expr.convert(y, MNN.expr.NCHW).read().copy()
    if values.any() and abs(values[values != 0]).min() < 1e-37:
        raise ValueError("gives numbers below 1e-37")
    return values


def _ncnn(model: bytes, x: Any) -> Any:
    """By pnnx, the converter of ncnn's own makers, which has to be told the shape of the map."""
    found = importlib.util.find_spec("pnnx")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("pnnx")
    shape = ",".join(map(str, x.shape))
    command = (str(Path(found.origin).with_name("pnnx")), "model.onnx", f"inputshape=[{shape}]")
    network, weights = _converted(model, command, "model.ncnn.param", "model.ncnn.bin")
    return ncnn_.run(network.decode(), weights, x[0], ("in0", "out0"))


RUNTIMES = {
    "ONNX reference": _reference,
    "ONNX Runtime": _onnxruntime,
    "OpenVINO": _openvino,
    "OpenCV": _opencv,
    "MNN": _mnn,
    "tinygrad": _tinygrad,
    "ncnn": _ncnn,
}
