"""ncnn: single layers by their parameters, whose numbers its documentation lists."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from elsewhere.adapters import Calls, cells, kernel
from elsewhere.cases import ADAPTIVE, AVERAGE, CONVOLUTION, MAX, RESIZING, TRANSPOSED, Case

#: What a padding of −233 (−234) means: the odd ghost cell after (before).
SAME = {-233: "after", -234: "before"}


def calls(case: Case) -> Calls:
    """A layer and its parameters by number."""
    p = case.padding
    pads = list(SAME) if p == "same" else [0 if p == "valid" else p]
    spans = f"1: {case.k}, 11: 1"
    if case.operation == CONVOLUTION and p != "causal":
        for pad in pads:
            sides = f"4: {pad}, 14: {pad if p == 'same' else 0}"
            yield f'layer("Convolution", {{0: 1, {spans}, 2: {case.d}, 3: {case.s}, 13: 1, {sides}, 6: {case.k}}})'
    elif case.operation in (MAX, AVERAGE):
        kind = 0 if case.operation == MAX else 1
        counted = "" if case.counted is None else f", 6: {int(case.counted)}"
        mode = {"valid": 1, "same": 2}.get(str(p), 0 if case.ceil else 1)
        for same in (2, 3) if p == "same" else (mode,):
            sides = "" if p in ("same", "valid") else f", 3: {p}, 13: 0, 14: {p}, 15: 0"
            yield f'layer("Pooling", {{0: {kind}, {spans}, 2: {case.s}, 12: 1, 5: {same}{sides}{counted}}})'
    elif case.operation in ADAPTIVE:
        kind = 0 if "max" in case.operation else 1
        yield f'layer("Pooling", {{0: {kind}, 7: 1, 8: {case.size}, 18: 1}})'
    elif case.operation == TRANSPOSED and not (p == "same" and case.output_padding is not None):
        extra = "" if case.output_padding is None else f", 18: {case.output_padding}, 19: 0"
        size = f", 20: {case.n * case.s}, 21: 1" if p == "same" else ""
        for pad in pads:
            sides = f"4: {pad}, 14: {pad if p == 'same' else 0}{extra}{size}"
            yield f'layer("Deconvolution", {{0: 1, {spans}, 2: {case.d}, 3: {case.s}, 13: 1, {sides}, 6: {case.k}}})'
    elif case.operation == RESIZING and case.method in ("nearest", "bilinear", "bicubic") and not case.antialias:
        kind = ("nearest", "bilinear", "bicubic").index(case.method) + 1
        to = f"1: 1.0, 2: {case.factor:.1f}" if case.factor else f"3: 1, 4: {case.size}"
        yield f'layer("Interp", {{0: {kind}, {to}}})'
        if case.method == "bilinear":
            yield f'layer("Interp", {{0: {kind}, {to}, 6: 1}})'


def names(case: Case) -> dict[str, Any]:
    """A function that writes down a network of one layer."""
    return {"layer": lambda kind, numbers: (kind, numbers)}


def output(result: Any, case: Case) -> Any:
    """Run the layer."""
    kind, numbers = result
    settings = " ".join(f"{number}={value}" for number, value in numbers.items())
    network = f"7767517\n2 2\nInput x 0 1 x\n{kind} y 1 1 x y {settings}\n"
    weights = bytes(4) + kernel(case, -1).tobytes() if "onvolution" in kind else b""
    return run(network, weights, cells(case, 1, 1, -1), ("x", "y"))


def run(network: str, weights: bytes, x: Any, ends: tuple[str, str]) -> Any:
    """Run a network between its two ends, in float32 throughout."""
    import ncnn

    net = ncnn.Net()
    net.opt.use_packing_layout = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.opt.use_winograd_convolution = net.opt.use_bf16_storage = False
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder, "weights.bin")
        held.write_bytes(weights)
        if net.load_param_mem(network):
            raise RuntimeError("the layer is not loaded")
        net.load_model(str(held))
        extractor = net.create_extractor()
        extractor.input(ends[0], ncnn.Mat(x).clone())
        code, y = extractor.extract(ends[1])
    if code:
        raise RuntimeError(f"extract returns {code}")
    return y
