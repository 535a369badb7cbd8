#!/bin/bash
# ONNX 1.23.2: its reference gives MaxPool with auto_pad="SAME_LOWER" one output less than the standard's ceil(n / stride),
# and reads other cells; AveragePool with the same settings is right, and so is onnxruntime 1.32.0 in both.
#
# A good guess: the reference is what runtimes are held against, so 1 2 3 4 5 in pools of 2 gives 1 3 5 in both.
# Seen: MaxPool: reference 3 5, onnxruntime 1 3 5; AveragePool: 1 2.5 4.5 in both
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q onnx==1.23.2 onnxruntime==1.32.0
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

x = np.arange(1, 6, dtype="float32").reshape(1, 1, 5)
onnxruntime.set_default_logger_severity(4)
seen = []
for kind in ("MaxPool", "AveragePool"):
    node = helper.make_node(kind, ["x"], ["y"], kernel_shape=[2], strides=[2], auto_pad="SAME_LOWER")
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, size]) for name, size in (("x", 5), ("y", 3))]
    graph = helper.make_graph([node], "one", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    for name, run in (("reference", ReferenceEvaluator(model).run), ("onnxruntime", session.run)):
        seen.append(run(None, {"x": x})[0].ravel().tolist())
        print(f"{kind}, {name}: {seen[-1]}")
if seen != [[3, 5], [1, 3, 5], [1, 2.5, 4.5], [1, 2.5, 4.5]]:
    raise SystemExit("CHANGED")
PYTHON
