#!/bin/bash
# Keras 3.15.1 on OpenVINO 2026.4.1: ops.image.rgb_to_grayscale of whole numbers (an image as it is read from a file) is
# black: the weights .299, .587 and .114 become whole numbers too: 0. In float32 it is right, on NumPy always.
#
# A good guess: 200 10 30 is gray 69, and white stays white, up to rounding.
# Seen, 200 10 30 and 255 255 255: OpenVINO 0 0 in uint8 and int32, 69.07 254.97 in float32; NumPy 69 254 in uint8
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q keras==3.15.1 openvino==2026.4.1 jax==0.10.2 scipy==1.17.1 numpy==2.4.6
cat > "$folder/gray.py" <<'PYTHON'
import keras
import numpy as np

image = np.array([[[[200, 10, 30], [255, 255, 255]]]])
backend = keras.config.backend()
changed = False
for dtype in ("uint8", "int32", "float32"):
    gray = keras.ops.image.rgb_to_grayscale(keras.ops.convert_to_tensor(image.astype(dtype)))
    seen = np.round(keras.ops.convert_to_numpy(gray).ravel().astype("float64"), 2).tolist()
    print(f"{backend}, {dtype}: {seen}")
    whole = [0, 0] if backend == "openvino" else [69, 254]
    changed |= seen != ([69.07, 254.97] if dtype == "float32" else whole)
if changed:
    raise SystemExit("CHANGED")
PYTHON
for backend in openvino numpy; do
    KERAS_BACKEND=$backend KERAS_HOME="$folder" "$folder/venv/bin/python" "$folder/gray.py"
done
