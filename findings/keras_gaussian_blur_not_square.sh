#!/bin/bash
# Keras 3.15.1: ops.image.gaussian_blur with kernel_size=(3, 5) gives another result on each backend, and a map of another
# size on PyTorch. The kernel is made as 5×3 for it. JAX 0.10.2 uses it so: 5 rows, 3 columns; TensorFlow 2.21.0 and
# PyTorch 2.13.0 reshape it to 3×5 instead of transposing it, so its numbers stand in a wrong order; and PyTorch pads the
# columns as if the kernel had 3 of them.
#
# A good guess: a cell in 7×7 is spread over 3 rows and 5 columns, falls off to all sides, and the map stays 7×7.
# Seen, the row through the cell, in hundredths: JAX 0 0 11 18 11 0 0 (5 rows); TensorFlow 0 7 11 18 11 7 0, and in the
#   row above it 0 1 2 1 7 11 0; PyTorch the same two rows in a map of 7×5. kernel_size=(3, 3): all equal
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q torch==2.13.0 keras==3.15.1 jax==0.10.2 tensorflow-cpu==2.21.0 numpy==2.4.6
cat > "$folder/blur.py" <<'PYTHON'
import keras
import numpy as np

x = np.zeros((1, 7, 7, 1), dtype="float32")
x[0, 3, 3] = 1
rows = {}
for size in ((3, 3), (3, 5)):
    y = keras.ops.image.gaussian_blur(x, kernel_size=size, sigma=(1.0, 1.0), data_format="channels_last")
    hundredths = np.rint(100 * keras.ops.convert_to_numpy(y)[0, :, :, 0]).astype(int)
    rows[size] = hundredths[2:4].tolist()
    print(f"{keras.config.backend()}, {size}: map of {hundredths.shape}, rows 2 and 3: {rows[size]}")
right = [[0, 0, 8, 12, 8, 0, 0], [0, 0, 12, 20, 12, 0, 0]]
mixed = [[0, 1, 2, 1, 7, 11, 0], [0, 7, 11, 18, 11, 7, 0]]
seen = {
    "jax": [[0, 0, 7, 11, 7, 0, 0], [0, 0, 11, 18, 11, 0, 0]],
    "tensorflow": mixed,
    "torch": [row[1:6] for row in mixed],
}
if rows != {(3, 3): right, (3, 5): seen[keras.config.backend()]}:
    raise SystemExit("CHANGED")
PYTHON
for backend in jax tensorflow torch; do
    TF_CPP_MIN_LOG_LEVEL=2 TF_ENABLE_ONEDNN_OPTS=0 KERAS_BACKEND=$backend "$folder/venv/bin/python" "$folder/blur.py"
done
