"""A setting as code that runs by itself: what a learner copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from course_utils.keras_layers import LayerCode


def script(
    layers: Mapping[str, LayerCode],
    x: NDArray[Any],
    shown: str | None,
    weights: NDArray[Any] | None,
    refused: bool,
    shape: Sequence[int] | None,
) -> str:
    """Layers, one after the other, as code that runs by itself and prints the output.

    Args:
        layers: by the name of the variable that holds each.
        x: ``(height, width)``, or the one row of a sequence.
        shown: the name of the picture that ``x`` is, if it is one; it is then not written out.
        weights: those of the layer, if it is one with weights.
        refused: whether the first layer has no output for this map.
        shape: what comes out, with the batch axis: a batch of maps or of vectors.
    """
    given = ", ".join(map(str, (1, *x.shape, 1)))
    lines = ["import keras", "import numpy as np", ""]
    if shown is None:
        lines.append(f"x = {_array(x)}")
    else:
        lines += [
            "from course_utils.data import picture",
            "",
            f'x = picture("{shown}", size={x.shape[0]}).astype("float32")',
        ]
    if weights is not None:
        lines.append(f"kernel = {_array(weights)}")
    lines += ["", *(f"{name} = {code.text}" for name, code in layers.items())]
    first = next(iter(layers))
    if weights is not None:
        lines.append(f"{first}.build(({given}))")
        lines.append(f"{first}.set_weights([{reshaped_kernel(weights)}])")
    elif refused:
        # A pooling layer whose output would be empty may end the whole process when it is called with oneDNN on.
        lines.append("# Only asked, not called: calling it with this map can end the whole process.")
        return "\n".join([*lines, f"print({first}.compute_output_shape(({given})))"])
    call = f"x.reshape({given})"
    for name in layers:
        call = f"{name}({call})"
    cells = "[0]" if shape is not None and len(shape) == 2 else f"[0{', :' * x.ndim}, 0]"
    return "\n".join([*lines, f"y = {call}", "print(y.shape)", f"print(keras.ops.convert_to_numpy(y){cells})"])


def reshaped_kernel(weights: NDArray[Any]) -> str:
    """The kernel in the shape that Keras stores it in, as code."""
    return f"kernel.reshape({', '.join(map(str, weights.shape))}, 1, 1)"


def _array(values: NDArray[Any]) -> str:
    """A map as NumPy code, short when all its numbers are 1."""
    if (values == 1).all():
        return f'np.ones({values.shape}, dtype="float32")'
    if values.ndim == 1:
        return f'np.array({[int(v) for v in values]}, dtype="float32")'
    rows = ",\n".join(f"    {[int(v) for v in row]}" for row in values)
    return f'np.array([\n{rows},\n], dtype="float32")'
