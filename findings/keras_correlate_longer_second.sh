#!/bin/bash
# Keras 3.15.1: ops.correlate(x1, x2, mode="same") with a second row longer than the first: on JAX 0.10.2 it is NumPy's,
# on TensorFlow 2.21.0 it begins one cell earlier, and on PyTorch 2.13.0 it is as short as the first row, though the
# documentation promises max(M, N) cells. With "full", all of them agree.
#
# A good guess: one function gives one row on every backend.
# Seen, 1 2 with 0 1 .5 4: full 4 8.5 2 2 0; same: NumPy and JAX 8.5 2 2 0, TensorFlow 4 8.5 2 2, torch 8.5 2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q \
    keras==3.15.1 tensorflow-cpu==2.21.0 jax==0.10.2 torch==2.13.0 numpy==2.4.6
cat > "$folder/correlate.py" <<'PYTHON'
import keras
import numpy as np

rows = np.array([1, 2], dtype="float32"), np.array([0, 1, 0.5, 4], dtype="float32")
backend = keras.config.backend()
same = {"tensorflow": [4, 8.5, 2, 2], "jax": [8.5, 2, 2, 0], "torch": [8.5, 2]}[backend]
changed = np.correlate(*rows, mode="same").tolist() != [8.5, 2, 2, 0]
for mode, expected in (("full", [4, 8.5, 2, 2, 0]), ("same", same)):
    seen = keras.ops.convert_to_numpy(keras.ops.correlate(*rows, mode=mode)).tolist()
    print(f"{backend}, {mode}: {seen}; NumPy {np.correlate(*rows, mode=mode).tolist()}")
    changed |= seen != expected
if changed:
    raise SystemExit("CHANGED")
PYTHON
for backend in tensorflow jax torch; do
    KERAS_BACKEND=$backend KERAS_HOME="$folder" TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/correlate.py"
done
