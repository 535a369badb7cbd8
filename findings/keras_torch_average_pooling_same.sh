#!/bin/bash
# Keras 3.15.1 on PyTorch 2.13.0 (KERAS_BACKEND=torch): AveragePooling with padding="same" copies the edge into the
# padding and counts it, but only where the padding is one more after than before. Where both sides are equal, and on
# every other backend, only real cells are counted. A pool of 2 hides it: the copy of one cell beside it is its mean.
#
# A good guess: the same layer gives the same means on every backend; those of 1 to 5 with a pool of 4 are
#   2 2.5 3.5 4 4.5.
# Seen: pool of 4: 1.75 2.5 3.5 4.25 4.75, the means of 1 1 2 3, 1 2 3 4, …, 4 5 5 5; pool of 3: 1.5 2 3 4 4.5, as elsewhere
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q torch==2.13.0 keras==3.15.1 numpy==2.4.6
KERAS_BACKEND=torch "$folder/venv/bin/python" - <<'PYTHON'
import keras
import numpy as np

x = np.arange(1, 6, dtype="float32").reshape(1, 5, 1)
means = {}
for pool in (3, 4):
    layer = keras.layers.AveragePooling1D(pool, strides=1, padding="same")
    means[pool] = keras.ops.convert_to_numpy(layer(x)).ravel().tolist()
    print(f"pool of {pool}: {means[pool]}")
if means != {3: [1.5, 2.0, 3.0, 4.0, 4.5], 4: [1.75, 2.5, 3.5, 4.25, 4.75]}:
    raise SystemExit("CHANGED")
PYTHON
