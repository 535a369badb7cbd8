"""PyTorch: no *same* with a stride, so the padding on both sides that gives its size stands in."""

from __future__ import annotations

from typing import Any

from elsewhere.adapters import Calls, both_sides, cells, chosen, dilated, kernel, transposed_numbers
from elsewhere.cases import AVERAGE, CONVOLUTION, MAX, RESIZING, TRANSPOSED, Case


def calls(case: Case) -> Calls:
    """Functions of ``torch.nn.functional``."""
    k, s, dilation = f"(1, {case.k})", f"stride=(1, {case.s})", dilated(case, f"dilation=(1, {case.d})")
    p = both_sides(case)
    if case.operation == CONVOLUTION:
        if case.padding in ("same", "valid"):
            yield f'F.conv2d(x, w{chosen(s, dilation)}, padding="{case.padding}")'
        if p is not None:
            yield f"F.conv2d(x, w{chosen(s, dilation)}, padding=(0, {p}))"
    elif case.operation in (MAX, AVERAGE) and (p is not None or case.padding == "valid"):
        kind, ceil = ("max" if case.operation == MAX else "avg"), "ceil_mode=True" if case.ceil else ""
        counted = "" if case.counted is None else f"count_include_pad={case.counted}"
        yield f"F.{kind}_pool2d(x, {k}{chosen(s, f'padding=(0, {p})' if p else '', ceil, counted)})"
    elif case.operation == TRANSPOSED:
        padding, extra = transposed_numbers(case) or (0, 0)
        yield f"F.conv_transpose2d(x, w{chosen(s, dilation)}, padding=(0, {padding}), output_padding=(0, {extra}))"
    elif case.size and case.operation != RESIZING:
        yield f"F.adaptive_{'max' if 'max' in case.operation else 'avg'}_pool2d(x, (1, {case.size}))"
    elif case.operation == RESIZING and case.method != "lanczos3":
        to = f"scale_factor=(1, {case.factor:g})" if case.factor else f"size=(1, {case.size})"
        for mode in ("nearest", "nearest-exact") if case.method == "nearest" else (case.method,):
            yield f'F.interpolate(x, {to}, mode="{mode}"{", antialias=True" if case.antialias else ""})'
        if case.method == "bilinear" and not case.antialias:
            yield f'F.interpolate(x, {to}, mode="bilinear", align_corners=True)'
        if case.factor == 1.5:
            yield f'F.interpolate(x, {to}, mode="bilinear", recompute_scale_factor=True)'


def names(case: Case) -> dict[str, Any]:
    """The map and the kernel, channels first."""
    import torch

    x, w = torch.from_numpy(cells(case, 1, 1, 1, -1)), torch.from_numpy(kernel(case, 1, 1, 1, -1))
    return {"F": torch.nn.functional, "x": x, "w": w}
