#!/bin/bash
# PyTorch 2.13.0: F.interpolate(mode="bicubic", antialias=True) gives other values than antialias=False where the map grows,
# though there is nothing to smooth: with it the cubic has a = -0.5 and the weights beyond the edge are left out (as in
# TensorFlow, JAX and Pillow), without it a = -0.75 and the edge is repeated (as in OpenCV). Keras 3.15.1 on this backend
# hands it on: Resizing(interpolation="bicubic", antialias=True) there gives TensorFlow's values, and without it others.
#
# A good guess: antialias is for maps that get smaller, so 0 0 1 1 to twice its size is the same either way.
# Seen: antialias=False: 0 -0.0352 -0.1055 0.2266 …; antialias=True: 0 -0.0219 -0.0687 0.2031 …; Keras the same
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q torch==2.13.0 keras==3.15.1 numpy==2.4.6
KERAS_BACKEND=torch "$folder/venv/bin/python" - <<'PYTHON'
import keras
import torch

x = torch.tensor([0.0, 0.0, 1.0, 1.0]).reshape(1, 1, 1, 4)
begins = {}
for antialias in (False, True):
    y = torch.nn.functional.interpolate(x, size=(1, 8), mode="bicubic", antialias=antialias)
    layer = keras.layers.Resizing(1, 8, interpolation="bicubic", antialias=antialias)
    through_keras = layer(x.reshape(1, 1, 4, 1))
    begins[antialias] = [round(value, 4) for value in y.flatten().tolist()[:4]]
    print(f"antialias={antialias}: {begins[antialias]}, Keras {[round(v, 4) for v in through_keras.flatten().tolist()[:4]]}")
    if not torch.allclose(y.flatten(), through_keras.flatten(), atol=1e-6):
        raise SystemExit("CHANGED")
if begins != {False: [0.0, -0.0352, -0.1055, 0.2266], True: [0.0, -0.0219, -0.0687, 0.2031]}:
    raise SystemExit("CHANGED")
PYTHON
