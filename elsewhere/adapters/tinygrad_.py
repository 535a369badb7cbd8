"""tinygrad."""

from __future__ import annotations

from typing import Any

from elsewhere.adapters import Calls, both_sides, cells, chosen, dilated, kernel, transposed_numbers
from elsewhere.cases import AVERAGE, CONVOLUTION, MAX, RESIZING, TRANSPOSED, Case


def calls(case: Case) -> Calls:
    """Methods of its tensors."""
    k, s, dilation = f"(1, {case.k})", f"stride=(1, {case.s})", dilated(case, f"dilation=(1, {case.d})")
    p = 0 if case.padding == "valid" else both_sides(case)
    padding = f"padding=(0, {p})" if p else ""
    if case.operation == CONVOLUTION and p is not None:
        yield f"x.conv2d(w{chosen(s, dilation, padding)})"
    elif case.operation in (MAX, AVERAGE) and p is not None:
        kind, ceil = ("max" if case.operation == MAX else "avg"), "ceil_mode=True" if case.ceil else ""
        counted = "" if case.counted is None else f"count_include_pad={case.counted}"
        yield f"x.{kind}_pool2d({k}{chosen(s, padding, ceil, counted)})"
    elif case.operation == TRANSPOSED:
        pad, extra = transposed_numbers(case) or (0, 0)
        yield f"x.conv_transpose2d(w{chosen(s, dilation)}, padding=(0, {pad}), output_padding=(0, {extra}))"
    elif case.operation == RESIZING and case.method in ("nearest", "bilinear") and not case.antialias:
        size = f"(1, {case.size or int(case.n * case.factor)})"
        for mode in ("nearest", "nearest-exact") if case.method == "nearest" else ("linear",):
            yield f'x.interpolate({size}, mode="{mode}")'
        if case.method == "bilinear":
            yield f'x.interpolate({size}, mode="linear", align_corners=True)'


def names(case: Case) -> dict[str, Any]:
    """The map and the kernel, channels first."""
    from tinygrad import Tensor

    return {"x": Tensor(cells(case, 1, 1, 1, -1)), "w": Tensor(kernel(case, 1, 1, 1, -1))}
