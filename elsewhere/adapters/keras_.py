"""Keras, on any of its backends: each layer is built anew and given the kernel."""

from __future__ import annotations

from typing import Any

from elsewhere.adapters import Calls, cells, chosen, dilated, kernel
from elsewhere.cases import ADAPTIVE, AVERAGE, CONVOLUTION, MAX, RESIZING, TRANSPOSED, Case


def calls(case: Case) -> Calls:
    """The layer with these settings; pools have no declared padding here."""
    k, s, dilation = f"(1, {case.k})", f"strides=(1, {case.s})", dilated(case, f"dilation_rate=(1, {case.d})")
    padding = f'padding="{case.padding}"'
    if isinstance(case.padding, int):
        return
    if case.operation == CONVOLUTION and case.padding == "causal":
        along = chosen(f"strides={case.s}", dilated(case, f"dilation_rate={case.d}"), padding)
        yield f"layers.Conv1D(1, {case.k}{along}, use_bias=False)"
    elif case.operation == CONVOLUTION:
        yield f"layers.Conv2D(1, {k}{chosen(s, dilation, padding)}, use_bias=False)"
        if case.d > 1:
            yield f"layers.DepthwiseConv2D({k}{chosen(f'strides={case.s}', dilation, padding)}, use_bias=False)"
    elif case.operation in (MAX, AVERAGE):
        kind = "MaxPooling2D" if case.operation == MAX else "AveragePooling2D"
        yield f"layers.{kind}({k}{chosen(s, padding)})"
    elif case.operation == TRANSPOSED:
        extra = "" if case.output_padding is None else f"output_padding=(0, {case.output_padding})"
        yield f"layers.Conv2DTranspose(1, {k}{chosen(s, dilation, padding, extra)}, use_bias=False)"
    elif case.operation in ADAPTIVE:
        kind = "AdaptiveMaxPooling2D" if "max" in case.operation else "AdaptiveAveragePooling2D"
        yield f"layers.{kind}((1, {case.size}))"
    elif case.operation == RESIZING and case.factor:
        if case.factor == int(case.factor):
            yield f'layers.UpSampling2D((1, {case.factor:g}), interpolation="{case.method}")'
    else:
        blurred = ", antialias=True" if case.antialias else ""
        yield f'layers.Resizing(1, {case.size}, interpolation="{case.method}"{blurred})'


def names(case: Case) -> dict[str, Any]:
    """What a call may use, and the case for ``output``."""
    import keras

    return {"layers": keras.layers, "case": case}


def names_anew(case: Case) -> dict[str, Any]:
    """The same, with the layers numbered anew: a refusal that names one would else tell how many cases came before."""
    import keras

    keras.utils.clear_session()
    return names(case)


def build(layer: Any, case: Case) -> Any:
    """Give a layer its kernel, and return the map that it is called on."""
    one = "1D" in type(layer).__name__
    x = cells(case, 1, -1, 1) if one else cells(case, 1, 1, -1, 1)
    if not layer.built:
        layer.build(x.shape)
    if layer.weights:
        layer.set_weights([kernel(case, *layer.weights[0].shape)])
    return x


def output(layer: Any, case: Case) -> Any:
    """Call the layer."""
    import keras

    x = build(layer, case)
    return keras.ops.convert_to_numpy(layer(keras.ops.convert_to_tensor(x)))
