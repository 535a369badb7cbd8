#!/bin/bash
# onnxruntime 1.32.0: MaxPool with auto_pad="SAME_UPPER" and a stride larger than the kernel (a pool of 1 with stride 2, a
# plain subsampling) runs on 7 cells and fails on 6, where the padding comes out negative. AveragePool and Conv with the
# same settings run. The reference of ONNX 1.23.2 runs Conv and MaxPool, and MaxPool reads the other cells; its AveragePool
# fails.
#
# A good guess: every second cell, 1 3 5, from all three, as in Keras, and from 1 … 7: 1 3 5 7.
# Seen, from 1 … 6: onnxruntime: Conv and AveragePool 1 3 5, MaxPool "padding values must be non-negative"; reference: Conv
#   1 3 5, MaxPool 2 4 6, AveragePool "index can't contain negative values". From 1 … 7: all 1 3 5 7
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q onnx==1.23.2 onnxruntime==1.32.0
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

onnxruntime.set_default_logger_severity(4)
one = numpy_helper.from_array(np.ones((1, 1, 1), dtype="float32"), "w")
seen = {}
for n in (6, 7):
    x = np.arange(1, n + 1, dtype="float32").reshape(1, 1, n)
    for kind in ("Conv", "AveragePool", "MaxPool"):
        weights = [one] if kind == "Conv" else []
        reads = ["x", *[weight.name for weight in weights]]
        node = helper.make_node(kind, reads, ["y"], kernel_shape=[1], strides=[2], auto_pad="SAME_UPPER")
        shapes = (("x", n), ("y", (n + 1) // 2))
        ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, size]) for name, size in shapes]
        graph = helper.make_graph([node], "one", ends[:1], ends[1:], weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
        onnx.checker.check_model(model, full_check=True)
        session = onnxruntime.InferenceSession(model.SerializeToString())
        for name, run in (("onnxruntime", session.run), ("reference", ReferenceEvaluator(model).run)):
            try:
                told = run(None, {"x": x})[0].ravel().tolist()
            except Exception as error:
                told = str(error).split("Status Message: ")[-1]
            print(f"{n} cells, {kind}, {name}: {told}")
            seen[n, kind, name] = told
every = {key: [1, 3, 5] if key[0] == 6 else [1, 3, 5, 7] for key in seen}
others = {
    (6, "MaxPool", "onnxruntime"): "padding values must be non-negative",
    (6, "MaxPool", "reference"): [2, 4, 6],
    (6, "AveragePool", "reference"): "index can't contain negative values",
}
if seen != every | others:
    raise SystemExit("CHANGED")
PYTHON
