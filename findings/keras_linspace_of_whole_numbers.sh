#!/bin/bash
# Keras 3.15.1: ops.linspace(start, stop, 4, dtype="int32"). NumPy takes the exact places and rounds them down; Keras on
# TensorFlow 2.21.0 and JAX 0.10.2 does the same. On PyTorch 2.13.0 they are cut towards 0, so rows below 0 differ. On
# OpenVINO 2026.4.1 the *step* is made a whole number before it is multiplied, and the row misses its own end.
#
# A good guess: a row from start to stop ends at stop, on every backend.
# Seen: 0 to 5: 0 1 3 5, OpenVINO 0 1 2 3; -1 to -5: -1 -3 -4 -5, torch -1 -2 -3 -5, OpenVINO -1 -3 -5 -7
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q \
    keras==3.15.1 tensorflow-cpu==2.21.0 jax==0.10.2 torch==2.13.0 openvino==2026.4.1 numpy==2.4.6
cat > "$folder/linspace.py" <<'PYTHON'
import keras

up, down = [0, 1, 3, 5], [-1, -3, -4, -5]
expected = {
    "tensorflow": (up, down),
    "jax": (up, down),
    "torch": (up, [-1, -2, -3, -5]),
    "openvino": ([0, 1, 2, 3], [-1, -3, -5, -7]),
}[keras.config.backend()]
seen = tuple(
    keras.ops.convert_to_numpy(keras.ops.linspace(*ends, 4, dtype="int32")).tolist() for ends in ((0, 5), (-1, -5))
)
print(f"{keras.config.backend()}: {seen[0]}, {seen[1]}")
if seen != expected:
    raise SystemExit("CHANGED")
PYTHON
for backend in tensorflow jax torch openvino; do
    KERAS_BACKEND=$backend KERAS_HOME="$folder" TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/linspace.py"
done
