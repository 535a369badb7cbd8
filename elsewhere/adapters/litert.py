"""LiteRT: a Keras layer, converted as its guide says and run by its interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np

from elsewhere.adapters import Row
from elsewhere.adapters.keras_ import build, calls, names_anew as names

__all__ = ["calls", "names", "row"]


def row(layer: Any, case: Any) -> Row:
    """Convert a model of the layer, once, and run it."""
    import keras
    import tensorflow as tf
    from ai_edge_litert.interpreter import Interpreter

    if not hasattr(layer, "converted"):
        x = build(layer, case)
        wrapped = keras.Sequential([keras.Input(x.shape[1:], batch_size=1), layer])
        layer.converted = tf.lite.TFLiteConverter.from_keras_model(wrapped).convert(), x
    content, x = layer.converted
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    y = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return np.asarray(y, dtype="float64").ravel().tolist()
