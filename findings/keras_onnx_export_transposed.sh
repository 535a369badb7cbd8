#!/bin/bash
# Keras 3.15.1 on TensorFlow 2.21.0, tf2onnx 1.17.0: the export of a Conv2DTranspose with padding="valid" whose kernel is
# smaller than its stride, or that has an output_padding, writes an ONNX file that onnxruntime does not load.
#
# A good guess: what export writes without a complaint can be loaded.
# Seen: kernel 3, stride 2: loads; kernel 2, stride 3: does not; kernel 3, stride 2, output_padding 1: does not
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

loads = {}
for settings in [(3, 2, None), (2, 3, None), (3, 2, 1)]:
    kernel, stride, extra = settings
    layer = keras.layers.Conv2DTranspose(1, kernel, strides=stride, padding="valid", output_padding=extra)
    model = keras.Sequential([keras.Input((4, 4, 1)), layer])
    model(np.zeros((1, 4, 4, 1)))
    model.export("model.onnx", format="onnx", verbose=False)
    try:
        onnxruntime.InferenceSession("model.onnx")
        loads[settings] = True
    except Exception as error:
        loads[settings] = False
        print(str(error).splitlines()[0][:150])
    print(f"kernel {kernel}, stride {stride}, output_padding {extra}: loads: {loads[settings]}")
if list(loads.values()) != [True, False, False]:
    raise SystemExit(f"CHANGED: {loads}")
PYTHON
