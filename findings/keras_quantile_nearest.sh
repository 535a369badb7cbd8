#!/bin/bash
# Keras 3.15.1: ops.quantile(1 2 3 4, 0.5, method="nearest"). The place is 1.5, half-way between two cells. NumPy takes
# the even one, cell 2, which is 3; so do TensorFlow 2.21.0 and PyTorch 2.13.0. JAX 0.10.2 takes cell 1, which is 2.
#
# A good guess: one method, one number.
# Seen: TensorFlow, torch and NumPy 3, JAX 2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q \
    keras==3.15.1 tensorflow-cpu==2.21.0 jax==0.10.2 torch==2.13.0 numpy==2.4.6
cat > "$folder/quantile.py" <<'PYTHON'
import keras
import numpy as np

row, half = np.array([1, 2, 3, 4], dtype="float32"), np.array(0.5, dtype="float32")
seen = float(keras.ops.convert_to_numpy(keras.ops.quantile(row, half, method="nearest")))
numpy = float(np.quantile(row, half, method="nearest"))
print(f"{keras.config.backend()}: {seen}; NumPy {numpy}")
if (seen, numpy) != (2 if keras.config.backend() == "jax" else 3, 3):
    raise SystemExit("CHANGED")
PYTHON
for backend in tensorflow jax torch; do
    KERAS_BACKEND=$backend KERAS_HOME="$folder" TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/quantile.py"
done
