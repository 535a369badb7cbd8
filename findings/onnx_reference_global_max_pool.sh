#!/bin/bash
# ONNX 1.23.2: its reference gives GlobalMaxPool of a map that is not 2-D another shape than the standard, and with it the
# maximum over the wrong axes; GlobalAveragePool is right, and so is onnxruntime 1.32.0 in both.
#
# A good guess: the reference is what runtimes are held against, so (2, 3, 4) gives (2, 3, 1) in both.
# Seen: GlobalMaxPool: reference (2, 1) and, of (2, 3, 4, 2, 2), (2, 3, 4, 1, 1, 1); all others (2, 3, 1) and (2, 3, 1, 1, 1)
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

seen = []
for kind in ("GlobalMaxPool", "GlobalAveragePool"):
    for shape in ((2, 3, 4), (2, 3, 4, 2, 2)):
        x = np.arange(np.prod(shape), dtype="float32").reshape(shape)
        node = helper.make_node(kind, ["x"], ["y"])
        pooled = [2, 3, *[1] * (len(shape) - 2)]
        ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, size) for name, size in (("x", shape), ("y", pooled))]
        graph = helper.make_graph([node], "one", ends[:1], ends[1:])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
        onnx.checker.check_model(model, full_check=True)
        session = onnxruntime.InferenceSession(model.SerializeToString())
        for name, run in (("reference", ReferenceEvaluator(model).run), ("onnxruntime", session.run)):
            seen.append(run(None, {"x": x})[0].shape)
            print(f"{kind} of {shape}, {name}: {seen[-1]}")
right = [(2, 3, 1)] * 2 + [(2, 3, 1, 1, 1)] * 2
if seen != [(2, 1), (2, 3, 1), (2, 3, 4, 1, 1, 1), (2, 3, 1, 1, 1), *right]:
    raise SystemExit("CHANGED")
PYTHON
