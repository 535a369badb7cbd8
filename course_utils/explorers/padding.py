"""The padding explorer: where a window can stand, what a ghost cell is, and where the odd one goes."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import numpy as np
from numpy.typing import NDArray

from course_utils.axes import ShapeError, Window
from course_utils.compare import Comparison, compare
from course_utils.explorers.base import Explorer, choice, dropdown, slider
from course_utils.explorers.frame import Answer, Arithmetic, Frame
from course_utils.keras_layers import LayerCode
from course_utils.pictures.grids import number
from course_utils.pictures.window import input_grid, kernel_grid, output_grid

Map = NDArray[np.float64]

LARGEST_N, LARGEST_K, LARGEST_S = 12, 7, 4
PADDINGS = {"valid": "valid", "same": "same"}
KERNELS = {
    "ones": "all ones",
    "edge": "left minus right: 1 … −1",
    "count": "1, 2, 3, …",
    "single": "a single 1 on top left",
}
VALUES = {"digits": "digits 0 to 9", "ones": "all ones", "negative": "digits, half of them negative"}

#: The same digits at every n, so that a larger map only adds to a smaller one.
_DIGITS = np.random.default_rng(28).integers(0, 10, size=(LARGEST_N, LARGEST_N)).astype(float)


def input_values(n: int, values: str) -> Map:
    """An ``n × n`` map of whole numbers."""
    if values == "ones":
        return np.ones((n, n))
    digits = _DIGITS[:n, :n].copy()
    if values == "negative":
        digits[(np.indices((n, n)).sum(axis=0) % 2) == 1] *= -1
    return digits


def kernel_values(k: int, kernel: str) -> Map:
    """A ``k × k`` kernel of whole numbers."""
    weights = np.zeros((k, k))
    if kernel == "ones":
        weights[:] = 1
    elif kernel == "count":
        weights = np.arange(1.0, k * k + 1).reshape(k, k)
    elif kernel == "single":
        weights[0, 0] = 1
    else:
        weights[:, -1] = -1
        weights[:, 0] = 1
    return weights


def padding_frame(n: int, k: int, padding: str, kernel: str, values: str, s: int = 1) -> Frame:
    """One convolution with one filter on one square map: a pure function of the settings."""
    x, weights = input_values(n, values), kernel_values(k, kernel)
    axes = (Window(k, s, 1, padding),) * 2
    layer = LayerCode("Conv2D", _layer_settings(k, s, padding))
    comparison = _run(layer, x, weights)
    grids = [input_grid(x, axes), kernel_grid(weights)]
    if comparison.by_hand is not None:
        grids.append(output_grid(comparison.by_hand[0, :, :, 0]))
    return Frame(
        grids=tuple(grids),
        arithmetic=_arithmetic(axes[0], x, weights, comparison),
        answers=(_formula(axes[0], n), _by_hand(comparison), _keras(comparison)),
        agrees=comparison.agrees,
        refused=comparison.refused,
        verdict=_verdict(comparison),
        code=keras_script(layer, x, weights),
        summary=_summary(n, k, s, padding, comparison),
    )


def _layer_settings(k: int, s: int, padding: str) -> dict[str, Any]:
    """The arguments of the layer, as a person would write them: the stride only if it is not the default."""
    strides = {"strides": (s, s)} if s > 1 else {}
    return {"filters": 1, "kernel_size": (k, k), **strides, "padding": padding, "use_bias": False}


def _run(code: LayerCode, x: Map, weights: Map) -> Comparison:
    """Build the real layer, give it the weights, and put it beside the computation by hand."""
    layer, batch = code.build(), x[np.newaxis, :, :, np.newaxis]
    try:
        layer.build(batch.shape)
        layer.set_weights([weights[:, :, np.newaxis, np.newaxis]])
    except Exception:
        # A layer that cannot be built for this map: ``compare`` asks Keras again and reports what it says.
        layer = code.build()
    return compare(layer, batch)


def keras_script(code: LayerCode, x: Map, weights: Map) -> str:
    """The setting as code that runs by itself and prints the output map."""
    n, k = len(x), len(weights)
    return "\n".join(
        [
            "import keras",
            "import numpy as np",
            "",
            f"x = {_array(x)}",
            f"kernel = {_array(weights)}",
            "",
            f"layer = {code.text}",
            f"layer.build((1, {n}, {n}, 1))",
            f"layer.set_weights([kernel.reshape({k}, {k}, 1, 1)])",
            f"y = layer(x.reshape(1, {n}, {n}, 1))",
            "print(y.shape)",
            "print(keras.ops.convert_to_numpy(y)[0, :, :, 0])",
        ]
    )


def _array(values: Map) -> str:
    """A map as NumPy code, short when all its numbers are 1."""
    if (values == 1).all():
        return f'np.ones({values.shape}, dtype="float32")'
    rows = ",\n".join(f"    {[int(v) for v in row]}" for row in values)
    return f'np.array([\n{rows},\n], dtype="float32")'


def _formula(axis: Window, n: int) -> Answer:
    try:
        lines = [str(axis.formula(n)), *_padding_lines(axis, n)]
    except ShapeError as error:
        lines = ["no output", str(error)]
    return Answer("Formula", tuple(lines))


def _padding_lines(axis: Window, n: int) -> list[str]:
    lines = ["valid: no ghost cells"] if axis.padding == "valid" else [str(axis.pads_formula(n)), axis.split_text(n)]
    lost = len(axis.unread(n))
    return [*lines, f"never read: {lost} of {n}"] if lost else lines


def _size(shape: tuple[int, ...] | None) -> str:
    return "" if shape is None else f"{shape[1]} × {shape[2]}"


def _by_hand(comparison: Comparison) -> Answer:
    if comparison.by_hand is None:
        return Answer("By hand (NumPy)", ("no output",))
    cells = comparison.by_hand.size
    done = "the one cell added up from its window" if cells == 1 else f"all {cells} cells added up from their windows"
    return Answer("By hand (NumPy)", (_size(comparison.shape_by_hand), done))


def _keras(comparison: Comparison) -> Answer:
    if comparison.keras is None:
        return Answer("Keras", ("refuses", str(comparison.refusal_keras)))
    gap = comparison.largest_difference
    lines = [_size(comparison.shape_keras)]
    if gap is not None:
        lines.append(f"the layer below, run just now; largest difference in any value: {gap:g}")
    return Answer("Keras", tuple(lines))


def _verdict(comparison: Comparison) -> str:
    if comparison.refused:
        return "Impossible, as the formula foretells: the window has no place to stand, and Keras refuses."
    return comparison.verdict


def _summary(n: int, k: int, s: int, padding: str, comparison: Comparison) -> str:
    stride = f", s = {s}" if s > 1 else ""
    result = f"output {_size(comparison.shape_by_hand)}" if comparison.by_hand is not None else "no output"
    return f'n = {n}, k = {k}{stride}, padding="{padding}": {result}.'


def _arithmetic(axis: Window, x: Map, weights: Map, comparison: Comparison) -> Arithmetic | None:
    if comparison.by_hand is None or comparison.keras is None or not comparison.same_shape:
        return None
    n = len(x)
    taps = tuple(axis.taps(i, n) for i in range(axis.output_size(n)))
    return Arithmetic(
        rows=taps,
        columns=taps,
        inputs=_texts(x),
        ghost="0",
        kernel=_texts(weights),
        by_hand=_texts(comparison.by_hand[0, :, :, 0]),
        keras=_texts(comparison.keras[0, :, :, 0].astype(float)),
    )


def _texts(values: Map) -> list[list[str]]:
    return [[number(v) for v in row] for row in values.tolist()]


def explore_padding(
    n: int = 7, k: int = 3, padding: str = "same", kernel: str = "ones", values: str = "digits", s: int | None = None
) -> Explorer:
    """Sliders for a convolution's border; see ``course_utils.explore.padding``."""
    controls: dict[str, widgets.Widget] = {
        "n": slider("n", "n, input size", n, 1, LARGEST_N),
        "k": slider("k", "k, kernel size", k, 1, LARGEST_K),
    }
    if s is not None:
        controls["s"] = slider("s", "s, stride", s, 1, LARGEST_S)
    controls["padding"] = choice("padding", "padding", padding, PADDINGS)
    controls["kernel"] = dropdown("kernel", "kernel", kernel, KERNELS)
    controls["values"] = dropdown("values", "input", values, VALUES)
    return Explorer("padding", controls, padding_frame)
