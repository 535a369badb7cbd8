"""The ways back: from sizes to layers, from an output to its inputs, from Keras to PyTorch, ONNX or flax.

    from course_utils import came_from, port, which

    which(input=7, output=14)  # the layers that turn 7 into 14, simplest first
    came_from(output=7, layer=keras.layers.MaxPooling2D(2, padding="same"))  # 13 and 14
    port(keras.layers.Conv2D(8, 3, strides=2, padding="same"), input_shape=(28, 28, 3))  # the same in PyTorch

=====================  ===================================================================================
``search``             ``which``: walks through the candidates and asks Keras about those that fit
``candidates``         the layers that are looked through, and how simple each of them is
``found``              ``Way`` and ``Ways``, what ``which`` returns
``sources``            ``came_from``, and what it returns
``porting``            ``port``: reads the layer, puts the text together
``rules``              what a layer does, step by step: a rule for each kind of layer
``activations``        the same for activations, however Keras was given them
``steps``              the steps, what has to be known of the input, and what a target is
``in_torch``           how PyTorch writes each step; ``torch_layers``: the layers that it alone has a rule for
``in_onnx``            how ONNX writes each step
``in_flax``            how flax writes each step
``arguments``          what was handed over, and one clear sentence where that is unusable
=====================  ===================================================================================
"""

from __future__ import annotations

from course_utils.inverse.found import Way, Ways
from course_utils.inverse.porting import Port, port
from course_utils.inverse.search import which
from course_utils.inverse.sources import Sources, came_from

__all__ = ["Port", "Sources", "Way", "Ways", "came_from", "port", "which"]
