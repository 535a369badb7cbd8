"""TensorFlow.js under Node.js, on its plain CPU backend: layers where there is one, functions elsewhere."""

from __future__ import annotations

from elsewhere.adapters import Calls, chosen, dilated
from elsewhere.cases import AVERAGE, CONVOLUTION, MAX, RESIZING, TRANSPOSED, Case


def calls(case: Case) -> Calls:
    """JavaScript, which ``inside.mjs`` evaluates."""
    k, s, dilation = f"[1, {case.k}]", f"strides: [1, {case.s}]", dilated(case, f"dilationRate: [1, {case.d}]")
    padding = f'padding: "{case.padding}"'
    if case.operation == CONVOLUTION and case.padding == "causal":
        along = chosen(f"strides: {case.s}", dilated(case, f"dilationRate: {case.d}"), padding)
        yield f"tf.layers.conv1d({{filters: 1, kernelSize: {case.k}{along}, useBias: false}})"
    elif case.operation == CONVOLUTION:
        yield f"tf.layers.conv2d({{filters: 1, kernelSize: {k}{chosen(s, dilation, padding)}, useBias: false}})"
    elif case.operation in (MAX, AVERAGE) and isinstance(case.padding, str):
        kind = "maxPooling2d" if case.operation == MAX else "averagePooling2d"
        yield f"tf.layers.{kind}({{poolSize: {k}{chosen(s, padding)}}})"
    elif case.operation in (MAX, AVERAGE) and case.counted is None:
        sides = f"[[0, 0], [0, 0], [{case.padding}, {case.padding}], [0, 0]]"
        rounding = ', "ceil"' if case.ceil else ', "floor"'
        yield f"tf.{'max' if case.operation == MAX else 'avg'}Pool(x, {k}, [1, {case.s}], {sides}{rounding})"
    elif case.operation == TRANSPOSED and case.output_padding is None and case.d == 1:
        yield f"tf.layers.conv2dTranspose({{filters: 1, kernelSize: {k}{chosen(s, padding)}, useBias: false}})"
    elif case.operation == RESIZING and case.method in ("nearest", "bilinear") and not case.antialias:
        if case.factor and case.factor == int(case.factor):
            yield f'tf.layers.upSampling2d({{size: [1, {case.factor:g}], interpolation: "{case.method}"}})'
        size, kind = (
            case.size or int(case.n * case.factor),
            "Bilinear" if case.method == "bilinear" else "NearestNeighbor",
        )
        for settings in ("", ", false, true", ", true"):
            yield f"tf.image.resize{kind}(x, [1, {size}]{settings})"
