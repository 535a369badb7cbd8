"""Where Keras itself is wrong. Known, narrow, and each proved by a test, so that no other difference hides behind it.

Numbers of the faults as in the notes on Keras 3.15.1 and TensorFlow 2.21:

* *bias*: with ``channels_first``, Keras adds the bias along the width when there are as many filters as columns.
* *late*: TensorFlow's portable 3-D kernels start the first *same* window too late where the stride skips cells.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from course_utils.axes import Axis, Window
from course_utils.keras_layers import channels_last, kind_of


def bias_on_the_wrong_axis(layer: Any, output_shape: Sequence[int]) -> bool:
    """Whether Keras adds the bias along the last axis though the channels are the first."""
    if channels_last(layer) or not getattr(layer, "use_bias", False):
        return False
    filters = output_shape[1]
    return filters > 1 and filters == output_shape[-1]


def cells_skipped(layer: Any, axes: Sequence[Axis], sizes: Sequence[int]) -> tuple[int, ...]:
    """How many cells TensorFlow's portable 3-D kernels skip in front on each axis; all zero where they are right.

    The windows need ``(o − 1)·s + k`` cells. If more are there, *same* needs no padding and starts at the first cell;
    these kernels take the surplus for negative padding and share it out before and after.
    """
    portable = os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "0"
    # Keras hands a Conv3D with channels first, and one in groups, to XLA, which has kernels of its own.
    compiled = kind_of(layer) == "Conv3D" and (not channels_last(layer) or layer.groups > 1)
    if compiled or not portable or kind_of(layer) not in ("Conv3D", "MaxPooling3D", "AveragePooling3D"):
        return (0,) * len(axes)
    skipped = []
    for axis, n in zip(axes, sizes, strict=True):
        assert isinstance(axis, Window)
        surplus = n - (axis.output_size(n) - 1) * axis.stride - axis.effective_size
        skipped.append(max(surplus // 2, 0) if axis.padding == "same" else 0)
    return tuple(skipped)
