"""LiteRT: a Keras layer, converted as its guide says and run by its interpreter."""

from __future__ import annotations

from typing import Any

from elsewhere.adapters.keras_ import build, calls, names_anew as names

__all__ = ["calls", "names", "output"]


def output(layer: Any, case: Any) -> Any:
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
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
