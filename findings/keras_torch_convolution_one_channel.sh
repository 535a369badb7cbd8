#!/bin/bash
# Keras 3.15.1 on PyTorch 2.13.0 (KERAS_BACKEND=torch, CPU): Conv2D and DepthwiseConv2D of small channels-last maps with
# one channel return wrong numbers for some settings that leave one column, if the stride along the width is not 1.
# Nothing is said. Keras permutes the map and calls contiguous(), and PyTorch takes the view for contiguous already; see
# torch_convolution_of_a_permuted_view.sh.
#
# A good guess: a kernel of ones gives the sums of the rows, 10 35 60 85 110 …, as on every other backend.
# Seen, for both: strides=(1, 1): 10 35 60 85 110; strides=(1, 2): 10 42 74 and others
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q torch==2.13.0 keras==3.15.1 numpy==2.4.6
KERAS_BACKEND=torch "$folder/venv/bin/python" - <<'PYTHON'
import keras
import numpy as np

x = np.arange(50, dtype="float32").reshape(2, 5, 5, 1)
rows = x.sum(axis=(2, 3)).ravel()
right = []
for strides in [(1, 1), (1, 2), (1, 5)]:
    told = {"kernel_size": (1, 5), "strides": strides, "use_bias": False}
    conv = keras.layers.Conv2D(1, kernel_initializer="ones", **told)
    for layer in (conv, keras.layers.DepthwiseConv2D(depthwise_initializer="ones", **told)):
        y = keras.ops.convert_to_numpy(layer(x)).ravel()
        right.append(bool(np.allclose(y, rows)))
        print(f"{type(layer).__name__}, strides={strides}: {y[:3].tolist()} …, the sums of the rows: {right[-1]}")
if right != [True, True, False, False, True, True]:
    raise SystemExit(f"CHANGED: {right}")
PYTHON
