"""The ways back: from sizes to the layers that make them, from an output to its inputs, from Keras to PyTorch.

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
``torch_rules``        which modules of PyTorch give the same values: a rule for each kind of layer with axes
``torch_layers``       the same for layers without axes: Dense, normalizations, activations
``torch_activations``  the same for activations, however Keras was given them
``torch_modules``      how modules are written, and what has to be known of the input
``arguments``          what was handed over, and one clear sentence where that is unusable
=====================  ===================================================================================
"""

from __future__ import annotations

from course_utils.inverse.found import Way, Ways
from course_utils.inverse.porting import Port, port
from course_utils.inverse.search import which
from course_utils.inverse.sources import Sources, came_from

__all__ = ["Port", "Sources", "Way", "Ways", "came_from", "port", "which"]
