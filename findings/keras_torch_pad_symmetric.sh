#!/bin/bash
# Keras 3.15.1 on PyTorch 2.13.0 (KERAS_BACKEND=torch): ops.pad(mode="symmetric") repeats the last cell instead of
# mirroring the map. The two agree for one cell of padding, so a small test does not show it; nothing is said.
#
# A good guess: as in NumPy, which the function follows, and on the other backends: 1 2 3 with two cells is 2 1 1 2 3 3 2.
# Seen: JAX 0.10.2 2 1 1 2 3 3 2; PyTorch 1 1 1 2 3 3 3. With one cell: 1 1 2 3 3 on both; mode="reflect" is right on both
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q torch==2.13.0 keras==3.15.1 jax==0.10.2 numpy==2.4.6
cat > "$folder/pad.py" <<'PYTHON'
import keras
import numpy as np

x = np.array([1, 2, 3], dtype="float32")
backend = keras.config.backend()
for width, mode in ((1, "symmetric"), (2, "symmetric"), (2, "reflect")):
    padded = keras.ops.convert_to_numpy(keras.ops.pad(x, [[width, width]], mode=mode)).tolist()
    print(f"{backend}, {mode}, {width}: {padded}")
    right = np.pad(x, width, mode=mode).tolist()
    wrong = backend == "torch" and (width, mode) == (2, "symmetric")
    if padded != ([1, 1, 1, 2, 3, 3, 3] if wrong else right):
        raise SystemExit("CHANGED")
PYTHON
for backend in jax torch; do
    KERAS_BACKEND=$backend "$folder/venv/bin/python" "$folder/pad.py"
done
