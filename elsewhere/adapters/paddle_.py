"""PaddlePaddle: PyTorch's functions, with "SAME" besides."""

from __future__ import annotations

from typing import Any

from elsewhere.adapters import Calls, cells, chosen, dilated, kernel, transposed_numbers
from elsewhere.cases import AVERAGE, CONVOLUTION, MAX, RESIZING, TRANSPOSED, Case


def calls(case: Case) -> Calls:
    """Functions of ``paddle.nn.functional``."""
    k, s, dilation = f"(1, {case.k})", f"stride=(1, {case.s})", dilated(case, f"dilation=(1, {case.d})")
    padding = f'padding="{case.padding.upper()}"' if isinstance(case.padding, str) else f"padding=(0, {case.padding})"
    if case.operation == CONVOLUTION and case.padding != "causal":
        yield f"F.conv2d(x, w{chosen(s, dilation, padding)})"
    elif case.operation in (MAX, AVERAGE):
        kind, ceil = ("max" if case.operation == MAX else "avg"), "ceil_mode=True" if case.ceil else ""
        counted = "" if case.counted is None else f"exclusive={not case.counted}"
        yield f"F.{kind}_pool2d(x, {k}{chosen(s, padding, ceil, counted)})"
    elif case.operation == TRANSPOSED:
        pad, extra = transposed_numbers(case) or (0, 0)
        if case.padding == "same" and case.output_padding is None:
            yield f'F.conv2d_transpose(x, w{chosen(s, dilation)}, padding="SAME")'
        yield f"F.conv2d_transpose(x, w{chosen(s, dilation)}, padding=(0, {pad}), output_padding=(0, {extra}))"
    elif case.size and case.operation != RESIZING:
        yield f"F.adaptive_{'max' if 'max' in case.operation else 'avg'}_pool2d(x, (1, {case.size}))"
    elif case.operation == RESIZING and case.method != "lanczos3" and not case.antialias:
        to = f"scale_factor=(1, {case.factor:g})" if case.factor else f"size=(1, {case.size})"
        yield f'F.interpolate(x, {to}, mode="{case.method}")'
        if case.method == "bilinear":
            yield f'F.interpolate(x, {to}, mode="bilinear", align_mode=1)'
            yield f'F.interpolate(x, {to}, mode="bilinear", align_corners=True)'


def names(case: Case) -> dict[str, Any]:
    """The map and the kernel, channels first."""
    import paddle

    x, w = paddle.to_tensor(cells(case, 1, 1, 1, -1)), paddle.to_tensor(kernel(case, 1, 1, 1, -1))
    return {"F": paddle.nn.functional, "x": x, "w": w}
