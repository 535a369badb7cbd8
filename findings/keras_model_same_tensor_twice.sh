#!/bin/bash
# Keras 3.15.1 on TensorFlow 2.21.0: a model may give one tensor twice, [t, t], and a model may start from a tensor
# inside another. Both at once is refused, with the message that the second output is not connected to the inputs.
#
# A good guess: what holds for [t] with an inner tensor as an input holds for [t, t].
# Seen:
#   [t, t] from the input alone: 2 outputs
#   [t] from the input and an inner tensor: 1 output
#   [t, t] from the input and an inner tensor: ValueError: Output with path `0` is not connected to `inputs`
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q keras==3.15.1 tensorflow-cpu==2.21.0
TF_CPP_MIN_LOG_LEVEL=2 TF_ENABLE_ONEDNN_OPTS=0 "$folder/venv/bin/python" - <<'PYTHON'
import keras
from keras import layers as L

x = keras.Input((8, 8, 1))
inner = L.MaxPooling2D(2)(x)
t = L.Add()([inner, L.Conv2D(1, 2, strides=2)(x)])

twice = keras.Model(x, [t, t])
print("[t, t] from the input alone:", len(twice.outputs), "outputs")
once = keras.Model([x, inner], [t])
print("[t] from the input and an inner tensor:", len(once.outputs), "output")
try:
    keras.Model([x, inner], [t, t])
except ValueError as error:
    said = str(error).splitlines()[0]
    print("[t, t] from the input and an inner tensor: ValueError:", said)
    assert "is not connected to `inputs`" in said, said
else:
    raise SystemExit("CHANGED: Keras takes [t, t] from the input and an inner tensor now")
assert (len(twice.outputs), len(once.outputs)) == (2, 1)
PYTHON
