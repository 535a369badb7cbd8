#!/bin/bash
# Keras 3.15.1 on TensorFlow 2.21.0: copy.copy of a layer is no shallow copy. The layer is written to a .keras file in
# memory and read back, so the copy has a kernel of its own, and what was set on the layer by hand is gone. A layer whose
# activation is a lambda, or whose class is one's own and not registered, cannot be copied at all.
#
# A good guess: copy.copy makes an object with the same attributes, which shares its weights with the original.
# Seen:
#   the copy shares its kernel: False
#   the kernels hold the same numbers: True
#   the copy has the attribute that was set: False
#   a class of one's own: TypeError: Could not locate class 'Mine'
#   a lambda as activation: TypeError: could not be deserialized properly
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q keras==3.15.1 tensorflow-cpu==2.21.0
cat > "$folder/seen.py" <<'PYTHON'
import copy

import numpy as np
from keras import layers as L


class Mine(L.Layer):
    def call(self, x):
        return x


def refusal(layer, said):
    try:
        copy.copy(layer)
    except TypeError as error:
        assert said in str(error), error
        return f"TypeError: {said}"
    raise SystemExit("CHANGED: it can be copied now")


dense = L.Dense(2)
dense(np.ones((1, 3), "float32"))
dense.remark = "mine"
twin = copy.copy(dense)
seen = (twin.kernel is dense.kernel, bool(np.all(twin.kernel.numpy() == dense.kernel.numpy())), hasattr(twin, "remark"))
print("the copy shares its kernel:", seen[0])
print("the kernels hold the same numbers:", seen[1])
print("the copy has the attribute that was set:", seen[2])
print("a class of one's own:", refusal(Mine(), "Could not locate class 'Mine'"))
print("a lambda as activation:", refusal(L.Dense(2, activation=lambda x: x), "could not be deserialized properly"))
assert seen == (False, True, False), seen
PYTHON
TF_CPP_MIN_LOG_LEVEL=2 TF_ENABLE_ONEDNN_OPTS=0 "$folder/venv/bin/python" -W ignore "$folder/seen.py"
