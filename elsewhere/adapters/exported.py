"""Keras's own export to ONNX, from TensorFlow, run in each runtime."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from elsewhere.adapters import onnx_
from elsewhere.adapters.keras_ import build, calls, names_anew as names

__all__ = ["calls", "names", "output"]


def output(layer: Any, case: Any) -> Any:
    """Export a model of the layer, once, and run the file."""
    import keras

    runtime = os.environ["ELSEWHERE_RUNTIME"]
    if not hasattr(layer, "exported"):
        x = build(layer, case)
        wrapped = keras.Sequential([keras.Input(x.shape[1:]), layer])
        wrapped(x)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.onnx")
            wrapped.export(str(path), format="onnx", verbose=False)
            layer.exported = path.read_bytes(), x
    y = onnx_.RUNTIMES[runtime](*layer.exported)
    if runtime == "OpenCV" and case.method == "bilinear":
        raise ValueError("a single row is blended with what lies behind it: other values from run to run")
    return y
