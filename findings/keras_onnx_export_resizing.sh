#!/bin/bash
# Keras 3.15.1 on TensorFlow 2.21.0, tf2onnx 1.17.0, onnxruntime 1.32.0: export(format="onnx") writes Resizing without a
# complaint, but interpolation="area" comes out as another one, which picks single cells, and for some larger sizes the
# file expects a map that is one cell smaller than what it makes: 3×3 to 7×7 does not run, 3×3 to 6×6 does.
#
# A good guess: what is exported gives what Keras gives, up to rounding.
# Seen: area, 7×7 to 3×3: Keras's first row 6.71 9 11.29 (the means), the file's 1 3 5 (cells); bilinear, 3×3 to 6×6: equal;
#   nearest and bilinear, 3×3 to 7×7: the file loads and fails when it is run, at a Reshape of 7×7 to 6×6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q keras==3.15.1 tensorflow-cpu==2.21.0 tf2onnx==1.17.0 onnxruntime==1.32.0
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=2 TF_ENABLE_ONEDNN_OPTS=0 "$folder/venv/bin/python" - <<'PYTHON'
import keras
import numpy as np
import onnxruntime

onnxruntime.set_default_logger_severity(4)
seen = {}
for n, size, interpolation in ((7, 3, "area"), (3, 6, "bilinear"), (3, 7, "bilinear"), (3, 7, "nearest")):
    x = np.arange(1, n * n + 1, dtype="float32").reshape(1, n, n, 1)
    model = keras.Sequential([keras.Input((n, n, 1)), keras.layers.Resizing(size, size, interpolation=interpolation)])
    wanted = np.asarray(model(x))
    model.export("model.onnx", format="onnx", verbose=False)
    session = onnxruntime.InferenceSession("model.onnx")
    try:
        got = session.run(None, {session.get_inputs()[0].name: x})[0]
        told = "equal" if np.allclose(got, wanted, rtol=1e-5) else "other values"
        print(f"Keras {wanted[0, 0, :3, 0].tolist()}, the file {got[0, 0, :3, 0].tolist()}")
    except Exception as error:
        told = "does not run" if "Reshape" in str(error) else str(error)
        print(str(error).splitlines()[0][-200:])
    seen[n, size, interpolation] = told
    print(f"{interpolation}, {n}×{n} to {size}×{size}: {told}")
if list(seen.values()) != ["other values", "equal", "does not run", "does not run"]:
    raise SystemExit(f"CHANGED: {seen}")
PYTHON
