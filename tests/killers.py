"""Layers that end the process if they are called, or return left-over memory: ``run`` must refuse every one of them.

With oneDNN's kernels, eager pooling whose output is empty ends the process with SIGFPE; some layers end it on any map.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

import course_utils  # noqa: F401  (chooses TensorFlow's kernels before TensorFlow is loaded)
from course_utils.keras_layers import KerasRefusal, load_keras, run


def killers() -> Iterator[tuple[Any, tuple[int, ...]]]:
    """Layers, each with the shape of an input that is too small for it."""
    layers = load_keras().layers
    for n, k, s in product(range(1, 5), range(2, 8), (1, 2, 3, None)):
        if k <= n:
            continue
        yield layers.MaxPooling1D(k, strides=s, name="a"), (1, n, 2)
        yield layers.MaxPooling2D(k, strides=s, name="a"), (1, n, n, 2)
        yield layers.MaxPooling2D((1, k), strides=s, name="a"), (1, n, n, 2)
        yield layers.MaxPooling2D((k, 1), strides=s, name="a"), (1, n, n, 2)
        yield layers.MaxPooling3D(k, strides=s, name="a"), (1, n, n, n, 2)
        yield layers.AveragePooling2D(k, strides=s, name="a"), (1, n, n, 2)
    # Built on a larger map, then called on one that is too small: left-over memory comes back.
    built = layers.Conv2D(4, 3, name="a")
    built.build((1, 5, 5, 2))
    yield built, (1, 2, 2, 2)
    yield layers.Conv2DTranspose(2, 2, padding="same", output_padding=0, name="a"), (1, 1, 1, 2)
    if os.environ["TF_ENABLE_ONEDNN_OPTS"] == "0":
        return
    # Legal, and fine on the portable kernels; with oneDNN they kill on any map.
    for n in range(1, 5):
        yield layers.AdaptiveMaxPooling1D(1, name="a"), (1, n, 2)
        yield layers.AdaptiveMaxPooling2D(1, name="a"), (1, n, n, 2)
        yield layers.AdaptiveMaxPooling2D((2, 1), name="a"), (1, n, n, 2)
        yield layers.AdaptiveMaxPooling2D(1, data_format="channels_first", name="a"), (1, 2, n, n)
        yield layers.AdaptiveMaxPooling3D(1, name="a"), (1, n, n, n, 2)
    yield layers.AdaptiveMaxPooling2D(2, name="a"), (1, 1, 1, 2)


def all_refused() -> int:
    """Run them all; the number of refusals. Fails at the first that ran."""
    refused = 0
    for layer, shape in killers():
        try:
            y = run(layer, np.ones(shape, np.float32))
        except KerasRefusal:
            refused += 1
        else:
            raise AssertionError(f"{layer} on {shape} was run and gave {y.shape}")
    return refused
