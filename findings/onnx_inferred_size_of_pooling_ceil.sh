#!/bin/bash
# ONNX 1.23.2: its shape inference gives MaxPool and AveragePool with ceil_mode=1 one output more than there is, where the
# last window would begin behind the last cell. The standard drops that window, and so do its own reference and onnxruntime
# 1.32.0. So check_model(full_check=True) refuses a file that declares the true size, and passes one with a wrong size.
#
# A good guess: 1 … 6 in pools of 2 with stride 3 gives 2 outputs, also in the check.
# Seen: inferred 3; reference and onnxruntime 2 5; declared 2: refused; declared 3: passed, and onnxruntime gives 2 cells
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

x = np.arange(1, 7, dtype="float32").reshape(1, 1, 6)
onnxruntime.set_default_logger_severity(4)


def model_of(kind, declared):
    node = helper.make_node(kind, ["x"], ["y"], kernel_shape=[2], strides=[3], ceil_mode=1)
    shapes = (("x", [1, 1, 6]), ("y", declared))
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes]
    graph = helper.make_graph([node], "one", ends[:1], ends[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)


for kind, values in (("MaxPool", [2, 5]), ("AveragePool", [1.5, 4.5])):
    output = onnx.shape_inference.infer_shapes(model_of(kind, None)).graph.output[0]
    inferred = output.type.tensor_type.shape.dim[2].dim_value
    print(f"{kind}: inferred {inferred}")
    if inferred != 3:
        raise SystemExit("CHANGED")
    for size in (2, 3):
        model = model_of(kind, [1, 1, size])
        try:
            onnx.checker.check_model(model, full_check=True)
            checked = True
        except onnx.shape_inference.InferenceError:
            checked = False
        session = onnxruntime.InferenceSession(model.SerializeToString())
        given = [run(None, {"x": x})[0].ravel().tolist() for run in (ReferenceEvaluator(model).run, session.run)]
        print(f"{kind}, declared {size}: passes the check: {checked}; reference and onnxruntime: {given}")
        if given != [values, values] or checked != (size == 3):
            raise SystemExit("CHANGED")
PYTHON
