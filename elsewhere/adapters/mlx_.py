"""MLX, on the processor: no *same*, so the padding on both sides that gives its size stands in."""

from __future__ import annotations

from typing import Any

from elsewhere.adapters import Calls, both_sides, cells, chosen, dilated, kernel, transposed_numbers
from elsewhere.cases import AVERAGE, CONVOLUTION, MAX, RESIZING, TRANSPOSED, Case

MODES = {"nearest": "nearest", "bilinear": "linear", "bicubic": "cubic"}


def calls(case: Case) -> Calls:
    """Functions of ``mlx.core`` and layers of ``mlx.nn``."""
    k, s, dilation = f"(1, {case.k})", f"stride=(1, {case.s})", dilated(case, f"dilation=(1, {case.d})")
    p = 0 if case.padding == "valid" else both_sides(case)
    padding = f"padding=(0, {p})" if p else ""
    if case.operation == CONVOLUTION and p is not None:
        yield f"mx.conv2d(x, w{chosen(s, padding, dilation)})"
    elif case.operation in (MAX, AVERAGE) and p is not None and not case.ceil and case.counted is None:
        yield f"nn.{'MaxPool2d' if case.operation == MAX else 'AvgPool2d'}({k}{chosen(s, padding)})(x)"
    elif case.operation == TRANSPOSED:
        pad, extra = transposed_numbers(case) or (0, 0)
        yield f"mx.conv_transpose2d(x, w{chosen(s, f'padding=(0, {pad})', dilation)}, output_padding=(0, {extra}))"
    elif case.operation == RESIZING and case.factor and case.method in MODES:
        yield f'nn.Upsample((1.0, {case.factor:.1f}), mode="{MODES[case.method]}")(x)'
        if case.method == "bilinear":
            yield f'nn.Upsample((1.0, {case.factor:.1f}), mode="linear", align_corners=True)(x)'


def names(case: Case) -> dict[str, Any]:
    """The map and the kernel, channels last."""
    import mlx.core as mx
    import mlx.nn as nn

    mx.set_default_device(mx.cpu)
    return {"mx": mx, "nn": nn, "x": mx.array(cells(case, 1, 1, -1, 1)), "w": mx.array(kernel(case, 1, 1, -1, 1))}
