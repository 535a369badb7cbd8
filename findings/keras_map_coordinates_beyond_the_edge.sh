#!/bin/bash
# Keras 3.15.1 on TensorFlow 2.21.0: ops.image.map_coordinates with fill_mode="reflect" reads other cells before the start
# of an axis than on the other backends: it mirrors at the centre of the first cell there, and beyond the edge of the last
# cell at the other end. With fill_mode="mirror" a coordinate beyond the end is not mirrored: the index goes out of bounds.
#
# A good guess: of 1 2 3 4 at -3 -2 … 6, as in SciPy 1.17.1 and on JAX 0.10.2: reflect 3 2 1 1 2 3 4 4 3 2, mirror
#   4 3 2 1 2 3 4 3 2 1.
# Seen: reflect 4 3 2 1 2 3 4 4 3 2; mirror 4 3 2 1 2 3, an InvalidArgumentError at 3 and 4, then 4 3
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q keras==3.15.1 jax==0.10.2 tensorflow-cpu==2.21.0 scipy==1.17.1 numpy==2.4.6
cat > "$folder/read.py" <<'PYTHON'
import keras
import numpy as np
from scipy import ndimage

x, at = np.array([1, 2, 3, 4], dtype="float32"), np.arange(-3, 7, dtype="float32")
told = {"reflect": [4, 3, 2, 1, 2, 3, 4, 4, 3, 2], "mirror": [4, 3, 2, 1, 2, 3, "refused", "refused", 4, 3]}
for mode in ("reflect", "mirror"):
    cells = []
    for place in at:
        try:
            cell = keras.ops.image.map_coordinates(x, np.array([[place]]), order=1, fill_mode=mode)
            cells.append(int(cell[0]))
        except Exception as error:
            if type(error).__name__ != "InvalidArgumentError":
                raise
            cells.append("refused")
    print(f"{keras.config.backend()}, {mode}: {cells}")
    scipy = ndimage.map_coordinates(x, at[np.newaxis], order=1, mode=mode).astype(int).tolist()
    if cells != (told[mode] if keras.config.backend() == "tensorflow" else scipy):
        raise SystemExit("CHANGED")
PYTHON
for backend in jax tensorflow; do
    TF_CPP_MIN_LOG_LEVEL=3 TF_ENABLE_ONEDNN_OPTS=0 KERAS_BACKEND=$backend "$folder/venv/bin/python" "$folder/read.py"
done
