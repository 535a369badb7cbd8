#!/bin/bash
# Keras 3.15.1 on TensorFlow 2.21.0 and JAX 0.10.2: ops.stft(..., window=None) reads fft_length samples for each output,
# not sequence_length, so it is not what a window of ones gives. On PyTorch 2.13.0 it is.
#
# A good guess: no window is a window of ones, so of samples that are all 1 the first number counts sequence_length: 4.
# Seen, fft_length=8, first number, window=None: TensorFlow 8, JAX 8, torch 4; a window of ones: 4 on each
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q \
    keras==3.15.1 tensorflow-cpu==2.21.0 jax==0.10.2 torch==2.13.0 numpy==2.4.6
cat > "$folder/stft.py" <<'PYTHON'
import keras
import numpy as np

samples = np.ones(32, dtype="float32")
backend = keras.config.backend()
changed = False
first = 4 if backend == "torch" else 8
for name, window, expected in (("None", None, first), ("ones", np.ones(4, dtype="float32"), 4)):
    real, _ = keras.ops.stft(samples, sequence_length=4, sequence_stride=4, fft_length=8, window=window)
    seen = round(float(keras.ops.convert_to_numpy(real)[2, 0]), 4)
    print(f"{backend}, window {name}: {seen:g}")
    changed |= seen != expected
if changed:
    raise SystemExit("CHANGED")
PYTHON
for backend in tensorflow jax torch; do
    KERAS_BACKEND=$backend KERAS_HOME="$folder" TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/stft.py"
done
