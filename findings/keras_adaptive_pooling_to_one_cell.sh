#!/bin/bash
# Keras 3.15.1 on TensorFlow 2.21.0: AdaptiveAveragePooling2D(1) and AdaptiveMaxPooling2D(1), the usual head of a model
# that comes from PyTorch, work when the model is called, and fail in predict, fit and export: their graph is not built.
#
# A good guess: a model that can be called can predict, whatever the size that its adaptive pooling makes.
# Seen: to 2×2: predict runs; to 1×1: the call gives 31.5, predict "Negative dimension size caused by subtracting 2 from 1",
#   and so do fit and export. GlobalAveragePooling2D(keepdims=True) gives the same number in all of them
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q keras==3.15.1 tensorflow-cpu==2.21.0
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=2 TF_ENABLE_ONEDNN_OPTS=0 "$folder/venv/bin/python" - <<'PYTHON'
import keras
import numpy as np

x = np.arange(64, dtype="float32").reshape(1, 8, 8, 1)
L, seen = keras.layers, []
for layer in (L.AdaptiveAveragePooling2D(2), L.AdaptiveAveragePooling2D(1), L.GlobalAveragePooling2D(keepdims=True)):
    model = keras.Sequential([keras.Input((8, 8, 1)), layer])
    model.compile(loss="mse")
    called = model(x)
    uses = {
        "predict": lambda: model.predict(x, verbose=0),
        "fit": lambda: model.fit(x, np.zeros(called.shape), verbose=0),
        "export": lambda: model.export("exported", verbose=False),
    }
    told = {}
    for name, use in uses.items():
        try:
            use()
            told[name] = "runs"
        except ValueError as error:
            told[name] = "negative" if "Negative dimension size" in str(error) else str(error)
    print(f"{layer.name}: the call gives {np.ravel(called).tolist()}; {told}")
    seen.append(set(told.values()))
if seen != [{"runs"}, {"negative"}, {"runs"}]:
    raise SystemExit("CHANGED")
PYTHON
