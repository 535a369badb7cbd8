#!/bin/bash
# Keras 3.15.1: a place half-way between two cells, where the nearest is asked for. ops.image.affine_transform with
# interpolation="nearest" takes the cell behind on TensorFlow 2.21.0 and JAX 0.10.2, and the *even* one on PyTorch 2.13.0,
# so a shift by half a cell writes every second cell twice and drops the others. ops.image.map_coordinates with order=0
# is even on TensorFlow, too: there the two functions of one backend disagree.
#
# A good guess: a shift by half a cell takes the same neighbour everywhere.
# Seen, 1 2 3 4 5 shifted by half a cell: TensorFlow and JAX 2 3 4 5 0, torch 1 3 3 5 5;
# map_coordinates at 0.5 1.5 2.5: TensorFlow and torch 1 3 3, JAX 2 3 4
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q \
    keras==3.15.1 tensorflow-cpu==2.21.0 jax==0.10.2 torch==2.13.0 numpy==2.4.6
cat > "$folder/nearest.py" <<'PYTHON'
import keras
import numpy as np

row = np.arange(1, 6, dtype="float32")
shift = np.array([1, 0, 0.5, 0, 1, 0, 0, 0], dtype="float32")
moved = keras.ops.image.affine_transform(row.reshape(1, 1, 5, 1), shift, interpolation="nearest")
read = keras.ops.image.map_coordinates(row, np.array([[0.5, 1.5, 2.5]], dtype="float32"), order=0)
seen = tuple(keras.ops.convert_to_numpy(one).ravel().tolist() for one in (moved, read))
print(f"{keras.config.backend()}: shifted {seen[0]}, read {seen[1]}")
behind, even = [2, 3, 4, 5, 0], [1, 3, 3, 5, 5]
expected = {
    "tensorflow": (behind, [1, 3, 3]),
    "jax": (behind, [2, 3, 4]),
    "torch": (even, [1, 3, 3]),
}[keras.config.backend()]
if seen != expected:
    raise SystemExit("CHANGED")
PYTHON
for backend in tensorflow jax torch; do
    KERAS_BACKEND=$backend KERAS_HOME="$folder" TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/nearest.py"
done
