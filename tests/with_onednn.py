"""What needs TensorFlow's oneDNN kernels. Run as a script by ``test_layers_values.py``.

Prints one line of JSON on the layers that run with oneDNN only, compared in values: how many there were, what failed,
the largest errors, and the fault of the bias. And then, on a line of its own, how many of the layers that would kill
this process were refused (``killers.py``): whoever reads that line knows that it lived.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections import Counter
from itertools import product
from typing import Any

import killers
import numpy as np
from keras_faults import bias_on_the_wrong_axis
from layer_cases import roundings, with_weights

import course_utils  # noqa: F401  (before TensorFlow)
from course_utils.compare import compare
from course_utils.keras_layers import KerasRefusal, LayerCode, load_keras, run

#: How many layers are compared where the processor has these kernels.
COMPARED = 385
BIAS = LayerCode("Conv2D", {"filters": 3, "kernel_size": 1, "data_format": "channels_first"})


def layers() -> list[tuple[LayerCode, tuple[int, ...]]]:
    """What the portable kernels refuse. More than one channel: with one, oneDNN is wrong on some processors."""
    found: list[tuple[LayerCode, tuple[int, ...]]] = []
    for turn, (k, s, padding, first) in enumerate(product(range(1, 6), (1, 2, 3), ("valid", "same"), (True, False))):
        first_or_last = {"data_format": "channels_first"} if first else {}
        for dimensions in (1, 2, 3):
            kernel = tuple((k + 2 * axis) % 5 + 1 for axis in range(dimensions))
            spatial = tuple(6 + (turn + 3 * axis) % 5 for axis in range(dimensions))
            if dimensions == 3:
                kernel, spatial = tuple(min(3, size) for size in kernel), tuple(min(7, n) for n in spatial)
            shape = (2, 3, *spatial) if first else (2, *spatial, 3)
            common = {"kernel_size": kernel, "padding": padding, "activation": ("linear", "relu", "softmax")[turn % 3]}
            common |= first_or_last
            # A dilated transposed convolution has no portable kernel in either format.
            spread = {"strides": s} if first else {"dilation_rate": 1 + s % 3}
            found.append((LayerCode(f"Conv{dimensions}DTranspose", {"filters": 2, **common, **spread}), shape))
            if first and dimensions < 3:
                found.append((LayerCode(f"Conv{dimensions}D", {"filters": 2, **common, "strides": s}), shape))
                dilated = {"filters": 2, **common, "dilation_rate": s}
                found.append((LayerCode(f"Conv{dimensions}D", dilated), shape))
            if dimensions == 2:
                unequal = {**common, "strides": (s, s % 3 + 1)}
                found.append((LayerCode("DepthwiseConv2D", unequal), shape))
                found.append((LayerCode("SeparableConv2D", {"filters": 2, **unequal}), shape))
    return found


def report() -> dict[str, Any]:
    """Compare them all."""
    zeros = np.zeros((1, 1, 3, 3), np.float32)
    layer = BIAS.build()
    try:
        run(layer, zeros)
    except KerasRefusal as refusal:
        return {"missing": str(refusal)}
    layer.bias.assign([1.0, 2.0, 3.0])
    wrong = compare(layer, zeros)
    assert wrong.by_hand is not None and wrong.keras is not None

    failures: list[str] = []
    compared: Counter[str] = Counter()
    worst: dict[str, float] = {}
    for seed, (code, shape) in enumerate(layers()):
        layer = with_weights(code.build(), shape, seed)
        comparison = compare(layer, np.random.default_rng(seed).normal(size=shape))
        if comparison.refused:
            continue
        if comparison.by_hand is not None and bias_on_the_wrong_axis(layer, comparison.by_hand.shape):
            continue
        if not comparison.agrees:
            failures.append(f"{code.text}\n{comparison}")
            continue
        compared[code.kind] += 1
        worst[code.kind] = max(worst.get(code.kind, 0.0), roundings(comparison))
    return {
        "missing": None,
        "compared": compared,
        "failures": failures,
        "worst": worst,
        "bias": {
            "by hand": wrong.by_hand[0].tolist(),
            "keras": wrong.keras[0].tolist(),
            "agrees": wrong.agrees,
            "verdict": wrong.verdict,
        },
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    load_keras()
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    print(json.dumps(report()), flush=True)
    print(killers.all_refused())
