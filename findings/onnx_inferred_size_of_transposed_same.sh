#!/bin/bash
# ONNX 1.23.2: shape inference adds output_padding to a ConvTranspose with auto_pad="SAME_UPPER" or "SAME_LOWER": it says
# n·s + output_padding cells. ONNX's own reference, onnxruntime 1.32.0 and OpenVINO 2026.4.1 make n·s. There the size is
# fixed, and with SAME_UPPER output_padding=1 takes the first cell away and leaves one more at the end.
#
# A good guess: what strict inference says about a model that the checker accepts is what the reference makes.
# Seen, SAME_UPPER, k = 3, s = 2 on 1 2 3: inferred 6 without output_padding, and 1 10 102 20 203 30 made;
#   inferred 7 with output_padding=1, and 10 102 20 203 30 300 made
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

onnxruntime.set_default_logger_severity(4)
x = np.array([[[1, 2, 3]]], dtype="float32")
kernel = numpy_helper.from_array(np.array([[[1, 10, 100]]], dtype="float32"), "w")
changed = False
for auto_pad in ("SAME_UPPER", "SAME_LOWER"):
    for extra, expected, row in ((0, 6, None), (1, 7, [10, 102, 20, 203, 30, 300])):
        node = helper.make_node(
            "ConvTranspose", ["x", "w"], ["y"], kernel_shape=[3], strides=[2], auto_pad=auto_pad, output_padding=[extra]
        )
        sizes = {"x": [1, 1, 3], "y": [1, 1, None]}
        ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, size) for name, size in sizes.items()]
        graph = helper.make_graph([node], "one", ends[:1], ends[1:], [kernel])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
        onnx.checker.check_model(model, full_check=True)
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        said = inferred.graph.output[0].type.tensor_type.shape.dim[-1].dim_value
        file = model.SerializeToString()
        core = openvino.Core()
        compiled = core.compile_model(core.read_model(file), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        made = {
            "reference": ReferenceEvaluator(model).run(None, {"x": x})[0],
            "onnxruntime": onnxruntime.InferenceSession(file).run(None, {"x": x})[0],
            "OpenVINO": next(iter(compiled(x).values())),
        }
        for name, y in made.items():
            print(f"{auto_pad}, output_padding={extra}: inferred {said}, {name} {y.ravel().tolist()}")
            changed |= said != expected or y.size != 6 or (row is not None and y.ravel().tolist() != row)
if changed:
    raise SystemExit("CHANGED")
PYTHON
