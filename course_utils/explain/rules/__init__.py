"""The rules by hand: what comes out of each kind of layer, why, and how many weights it takes.

``apply_rule`` finds the rule and asks it. Each module enters its rules when it is loaded::

    unchanged        activations, dropout, normalisation: the size stays
    spatial          layers that have axes: all numbers come from ``axes.py``; ``sentences`` puts them in words
    weights          Dense, Embedding, EinsumDense; the weights of convolutions
    rearranging      Flatten, Reshape, Permute, Resizing, adaptive pooling
    operations       ``keras.ops`` that treat each axis by itself: slices, ``mean``, ``pad`` …
    products         ``keras.ops`` that mix all numbers: ``einsum``, ``dot``, ``reshape`` …
    joins            Add, Concatenate, Dot, ``x + y``
    recurrent        LSTM and its kin; layers around layers: TimeDistributed, Bidirectional, Pipeline
    attention        MultiHeadAttention and its kin
    preprocessing    categories and words
"""

from __future__ import annotations

from course_utils.explain.rules import (
    attention,
    joins,
    operations,
    preprocessing,
    products,
    rearranging,
    recurrent,
    spatial,
    unchanged,
    weights,
)

#: Loaded for the rules that they enter.
MODULES = (attention, joins, operations, preprocessing, products, rearranging, recurrent, spatial, unchanged, weights)
