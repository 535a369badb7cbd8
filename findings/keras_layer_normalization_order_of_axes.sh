#!/bin/bash
# Keras 3.15.1: LayerNormalization(axis=[-1, 1]) makes a gamma of the shape (channels, rows), as its documentation says,
# and multiplies by it after a reshape to (rows, channels), not a transposition. So the numbers meet other cells.
# axis=[1, 3] is the same layer on four axes, and has none of it.
#
# A good guess: gamma[c, r] scales row r of channel c.
# Seen: gamma [[0, 1], [2, 3], [4, 5]] scales the channels of row 0 by 0 1 2 and those of row 1 by 3 4 5, not by 0 2 4
#   and 1 3 5
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q keras==3.15.1 tensorflow-cpu==2.21.0
TF_CPP_MIN_LOG_LEVEL=2 TF_ENABLE_ONEDNN_OPTS=0 "$folder/venv/bin/python" - <<'PYTHON'
import keras
import numpy as np

x = np.random.default_rng(0).normal(size=(4, 2, 5, 3)).astype("float32")
plain = keras.layers.LayerNormalization(axis=[-1, 1], scale=False, center=False)(x)
layer = keras.layers.LayerNormalization(axis=[-1, 1])
layer.build(x.shape)
gamma = np.arange(6.0).reshape(layer.gamma.shape)
layer.gamma.assign(gamma)
scales = np.round(np.asarray(layer(x)) / np.asarray(plain), 3)[0, :, 0]
print(f"gamma {gamma.tolist()} scales the channels of each row by {scales.tolist()}")
if layer.gamma.shape != (3, 2) or not np.array_equal(scales, gamma.reshape(2, 3)):
    raise SystemExit("CHANGED")
PYTHON
