"""JAX and flax."""

from __future__ import annotations

from typing import Any

from elsewhere.adapters import Calls, cells, chosen, dilated, kernel
from elsewhere.cases import AVERAGE, CONVOLUTION, MAX, RESIZING, TRANSPOSED, Case

METHODS = {"nearest": "nearest", "bilinear": "linear", "bicubic": "cubic", "lanczos3": "lanczos3"}


def calls(case: Case) -> Calls:
    """Functions of ``jax.lax``, ``jax.image`` and ``flax.linen``."""
    s, dilation = f"(1, {case.s})", dilated(case, f"rhs_dilation=(1, {case.d})")
    p = case.padding
    sides = f"[(0, 0), ({p}, {p})]"
    if case.operation == CONVOLUTION:
        before = f"[(0, 0), ({(case.k - 1) * case.d}, 0)]"
        for padding in {"same": ('"SAME"', '"SAME_LOWER"'), "valid": ('"VALID"',), "causal": (before,)}[str(p)]:
            yield f"lax.conv_general_dilated(x, w, {s}, {padding}{chosen(dilation)}, dimension_numbers=NHWC)"
    elif case.operation in (MAX, AVERAGE) and not case.ceil:
        kind, padding = "max" if case.operation == MAX else "avg", f'"{p.upper()}"' if isinstance(p, str) else sides
        real = case.operation == AVERAGE and case.counted is None and p != "valid"
        for counted in ("", "count_include_pad=False") if real else ("",):
            setting = "" if case.counted is None else f"count_include_pad={case.counted}"
            yield f"nn.{kind}_pool(x, (1, {case.k}), {s}, {padding}{chosen(setting, counted)})"
    elif case.operation == TRANSPOSED and case.output_padding is None and isinstance(p, str):
        for turned in ("", "transpose_kernel=True"):
            yield f'lax.conv_transpose(x, w, {s}, "{p.upper()}"{chosen(dilation, turned)}, dimension_numbers=NHWC)'
    elif case.operation == RESIZING and case.method in METHODS and case.factor in (0, int(case.factor)):
        size = case.size or int(case.n * case.factor)
        without = case.method == "nearest" or case.factor or case.antialias
        for blurred in ("",) if without else ("", ", antialias=False"):
            yield f'image.resize(x, (1, 1, {size}, 1), "{METHODS[case.method]}"{blurred})'


def names(case: Case) -> dict[str, Any]:
    """The map and the kernel, channels last."""
    import flax.linen as nn
    import jax

    x, w = cells(case, 1, 1, -1, 1), kernel(case, 1, -1, 1, 1)
    return {"lax": jax.lax, "nn": nn, "image": jax.image, "x": x, "w": w, "NHWC": ("NHWC", "HWIO", "NHWC")}
