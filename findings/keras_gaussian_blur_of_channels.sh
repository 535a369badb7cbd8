#!/bin/bash
# Keras 3.15.1 on JAX 0.10.2 and on PyTorch 2.13.0: ops.image.gaussian_blur without a data_format, called on an array,
# takes a channels-last map for a channels-first one: it blurs columns and channels, and no rows. In a model the
# same call is right, because there the setting is looked up before.
#
# A good guess: one cell of one channel is spread over the 3×3 cells around it, in its channel, called either way.
# Seen, the cells that are not 0: called on an array: 1 row, 3 columns, 3 channels; in a model: 3 rows, 3 columns, 1 channel;
#   with data_format="channels_last": the same as in a model
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q torch==2.13.0 keras==3.15.1 jax==0.10.2 numpy==2.4.6
cat > "$folder/blur.py" <<'PYTHON'
import keras
import numpy as np

x = np.zeros((1, 5, 5, 3), dtype="float32")
x[0, 2, 2, 1] = 1
blur = keras.ops.image.gaussian_blur
start = keras.Input((5, 5, 3))
ways = {
    "on an array": lambda: blur(x),
    "in a model": lambda: keras.Model(start, blur(start))(x),
    "channels_last": lambda: blur(x, data_format="channels_last"),
}
seen = []
for name, way in ways.items():
    reached = np.argwhere(keras.ops.convert_to_numpy(way())[0])
    seen.append([len(set(axis)) for axis in reached.T.tolist()])
    print(f"{keras.config.backend()}, {name}: rows, columns, channels: {seen[-1]}")
if keras.config.image_data_format() != "channels_last" or seen != [[1, 3, 3], [3, 3, 1], [3, 3, 1]]:
    raise SystemExit("CHANGED")
PYTHON
for backend in jax torch; do
    KERAS_BACKEND=$backend KERAS_HOME="$folder" "$folder/venv/bin/python" "$folder/blur.py"
done
