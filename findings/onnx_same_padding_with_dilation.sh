#!/bin/bash
# ONNX 1.23.2: a Conv with auto_pad="SAME_UPPER" and dilations [1, 2] is valid (the checker passes it). Its reference runs
# it as Keras does; onnxruntime 1.32.0 loads it and refuses it when it is run; OpenCV 5.0.0.93 pads as if the kernel were
# not dilated, so all values move.
#
# A good guess: 1 2 3 4 5 through the kernel 100 10 1 gives 13 24 135 240 350 in each of them.
# Seen: reference 13 24 135 240 350; onnxruntime "Dilation not supported for AutoPadType::SAME_UPPER or
#   AutoPadType::SAME_LOWER."; OpenCV 24 135 240 350 400. With pads=[0, 2, 0, 2] instead: the first row in all three
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q onnx==1.23.2 onnxruntime==1.32.0 opencv-python-headless==5.0.0.93
"$folder/venv/bin/python" - <<'PYTHON'
import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

x = np.arange(1, 6, dtype="float32").reshape(1, 1, 1, 5)
kernel = numpy_helper.from_array(np.array([100, 10, 1], dtype="float32").reshape(1, 1, 1, 3), "w")
onnxruntime.set_default_logger_severity(4)


def reference(model):
    return ReferenceEvaluator(model).run(None, {"x": x})[0]


def runtime(model):
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]


def opencv(model):
    net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), dtype="uint8"))
    net.setInput(x)
    return net.forward()


seen = []
for padding in ({"auto_pad": "SAME_UPPER"}, {"pads": [0, 2, 0, 2]}):
    node = helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[1, 3], dilations=[1, 2], **padding)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, 1, 5]) for name in "xy"]
    graph = helper.make_graph([node], "one", ends[:1], ends[1:], [kernel])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    for run in (reference, runtime, opencv):
        try:
            told = [int(value) for value in run(model).ravel()]
        except Exception as error:
            told = "Dilation not supported" if "Dilation not supported" in str(error) else str(error)
        print(f"{padding}, {run.__name__}: {told}")
        seen.append(told)
right = [13, 24, 135, 240, 350]
if seen != [right, "Dilation not supported", [24, 135, 240, 350, 400], right, right, right]:
    raise SystemExit("CHANGED")
PYTHON
