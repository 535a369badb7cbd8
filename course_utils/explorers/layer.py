"""What the explorers of a single layer share: the map that goes in, the real layer run on it, the three answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
from numpy.typing import NDArray

from course_utils import keras_layers
from course_utils.axes import Axis, ShapeError
from course_utils.compare import Comparison, compare
from course_utils.data import PICTURES, SIZE, picture
from course_utils.explorers.base import Links
from course_utils.explorers.controls import choice, dropdown
from course_utils.explorers.frame import Answer, format_difference
from course_utils.keras_layers import KerasRefusal, LayerCode
from course_utils.pictures.grids import number
from course_utils.pictures.photos import Photo, photo

Map = NDArray[np.float64]
#: A size: one number for a square, height and width where they are apart.
Size = int | tuple[int, int]

LARGEST_N = 12
KERNELS = {
    "ones": "all ones",
    "edge": "left minus right: 1 … −1",
    "count": "1, 2, 3, …",
    "single": "a single 1 on top left",
}
VALUES = {"digits": "digits 0 to 9", "ones": "all ones", "negative": "digits, half of them negative"}
SHOWS = {"numbers": "numbers", "image": "a picture"}

#: The same digits at every n, so that a larger map only adds to a smaller one.
_DIGITS = np.random.default_rng(28).integers(0, 10, size=(LARGEST_N, LARGEST_N)).astype(float)


# -- what goes in -------------------------------------------------------------------------------------------------


def pair(size: Size) -> tuple[int, int]:
    """Height and width."""
    return size if isinstance(size, tuple) else (size, size)


def input_values(n: Size, values: str) -> Map:
    """A map of whole numbers, ``n × n`` or ``height × width``."""
    height, width = pair(n)
    if values == "ones":
        return np.ones((height, width))
    digits = _DIGITS[:height, :width].copy()
    if values == "negative":
        digits[(np.indices((height, width)).sum(axis=0) % 2) == 1] *= -1
    return digits


def kernel_values(k: Size, kernel: str) -> Map:
    """A kernel of whole numbers, ``k × k`` or ``height × width``."""
    height, width = pair(k)
    weights = np.zeros((height, width))
    if kernel == "ones":
        weights[:] = 1
    elif kernel == "count":
        weights = np.arange(1.0, height * width + 1).reshape(height, width)
    elif kernel == "single":
        weights[0, 0] = 1
    else:
        weights[:, -1] = -1
        weights[:, 0] = 1
    return weights


def shown_values(show: str, n: Size, values: str, picture_name: str, picture_size: int = SIZE) -> Map:
    """The map that goes in: numbers to read, or a picture to look at."""
    return picture(picture_name, picture_size) if show == "image" else input_values(n, values)


def show_controls(show: str, picture_name: str) -> dict[str, widgets.Widget]:
    """The two controls that choose between numbers and a picture."""
    return {
        "show": choice("show", "show", show, SHOWS),
        "picture": dropdown("picture", "picture", picture_name, PICTURES),
    }


def show_links(settings: Mapping[str, Any], picture_size: int = SIZE) -> Links:
    """A picture has its own size and values; numbers need no picture."""
    if settings["show"] != "image":
        return Links(hidden=frozenset({"picture"}))
    reason = f'n is held: it is the size of the picture, {picture_size}. Show "numbers" to move it.'
    return Links(hidden=frozenset({"values"}), held={"n": reason})


# -- the real layer -----------------------------------------------------------------------------------------------


def run(code: LayerCode, axes: Sequence[Axis], x: Map, weights: Map | None = None) -> Comparison:
    """Build the real layer, give it the weights, and put it beside the computation by hand.

    Args:
        code: the layer, of one filter.
        axes: the axes it should have, for a layer that Keras refuses to make.
        x: ``(height, width)``.
        weights: ``(height, width)``, or None for a layer without weights.

    Raises:
        RuntimeError: if Keras refuses to make a layer that has an output by hand; that is a bug, and is shown as one.
    """
    batch = x[np.newaxis, :, :, np.newaxis]
    try:
        layer = code.build()
    except KerasRefusal as error:
        return _not_made(code, axes, batch.shape, error)
    if weights is not None:
        try:
            layer.build(batch.shape)
            layer.set_weights([weights[:, :, np.newaxis, np.newaxis]])
        except Exception:
            # A layer that cannot be built for this map: ``compare`` asks Keras again and reports what it says.
            layer = code.build()
    return compare(layer, batch)


def _not_made(code: LayerCode, axes: Sequence[Axis], shape: tuple[int, ...], error: KerasRefusal) -> Comparison:
    reason = foretold(code.kind, axes, shape[1:3])
    if reason is None:
        raise RuntimeError(f"By hand {code.text} has an output, and Keras refuses to make it: {error}")
    return Comparison(code.kind, shape, None, None, None, refusal_by_hand=reason, refusal_keras=str(error))


def foretold(kind: str, axes: Sequence[Axis], sizes: Sequence[int]) -> str | None:
    """Why the formulas say that there is no output, or None if there is one."""
    try:
        keras_layers.check_settings(kind, axes)
        for axis, n in zip(axes, sizes, strict=True):
            axis.check_runs(n)
    except ShapeError as error:
        return str(error)
    return None


def script(code: LayerCode, x: Map, weights: Map | None = None, shown: str | None = None) -> str:
    """The setting as code that runs by itself and prints the output map.

    ``shown``: the name of the picture that ``x`` is, if it is one; it is then not written out.
    """
    h, w = x.shape
    lines = _given(x, shown)
    if weights is None:
        lines += ["", f"layer = {code.text}"]
    else:
        kernel = ", ".join(map(str, weights.shape))
        lines += [f"kernel = {_array(weights)}", "", f"layer = {code.text}", f"layer.build((1, {h}, {w}, 1))"]
        lines += [f"layer.set_weights([kernel.reshape({kernel}, 1, 1)])"]
    lines += [f"y = layer(x.reshape(1, {h}, {w}, 1))", "print(y.shape)"]
    return "\n".join([*lines, "print(keras.ops.convert_to_numpy(y)[0, :, :, 0])"])


def chain_script(
    layers: Mapping[str, LayerCode], x: Map, shown: str | None, refused: bool, shape: Sequence[int]
) -> str:
    """Layers without weights, one after the other, as code that runs by itself and prints what comes out.

    Args:
        layers: by the name of the variable that holds each.
        x: ``(height, width)``.
        shown: the name of the picture that ``x`` is, if it is one.
        refused: whether the first layer has no output for this map.
        shape: what comes out, with the batch axis: a batch of maps or of vectors.
    """
    h, w = x.shape
    lines = [*_given(x, shown), "", *(f"{name} = {code.text}" for name, code in layers.items())]
    first = next(iter(layers))
    if refused:
        # A pooling layer whose output would be empty may end the whole process when it is called with oneDNN on.
        lines += ["# Only asked, not called: calling it with this map can end the whole process."]
        return "\n".join([*lines, f"print({first}.compute_output_shape((1, {h}, {w}, 1)))"])
    call = f"x.reshape(1, {h}, {w}, 1)"
    for name in layers:
        call = f"{name}({call})"
    cells = "[0, :, :, 0]" if len(shape) == 4 else "[0]"
    return "\n".join([*lines, f"y = {call}", "print(y.shape)", f"print(keras.ops.convert_to_numpy(y){cells})"])


def _given(x: Map, shown: str | None) -> list[str]:
    """The lines a script begins with: the imports, and the map that goes in."""
    more = [] if shown is None else ["", "from course_utils.data import picture"]
    written = _array(x) if shown is None else _picture(shown, x)
    return ["import keras", "import numpy as np", *more, "", f"x = {written}"]


def _picture(name: str, x: Map) -> str:
    return f'picture("{name}", size={len(x)}).astype("float32")'


def _array(values: Map) -> str:
    """A map as NumPy code, short when all its numbers are 1."""
    if (values == 1).all():
        return f'np.ones({values.shape}, dtype="float32")'
    rows = ",\n".join(f"    {[int(v) for v in row]}" for row in values)
    return f'np.array([\n{rows},\n], dtype="float32")'


# -- the three answers --------------------------------------------------------------------------------------------


def formula(
    kind: str, axes: Sequence[Axis], sizes: Sequence[int], lines: Callable[[Any, int], Iterable[str]]
) -> Answer:
    """The formulas with the numbers in, once for a square and once for each side where the sides differ.

    Args:
        kind: the class of the layer.
        axes: height, width.
        sizes: height, width.
        lines: a function of an axis and its n that writes the lines.
    """
    reason = foretold(kind, axes, sizes)
    if reason is not None:
        return Answer("Formula", ("no output", reason))
    if axes[0] == axes[1] and sizes[0] == sizes[1]:
        return Answer("Formula", tuple(lines(axes[0], sizes[0])))
    sides = [
        f"{side}: {line}"
        for side, axis, n in zip(("height", "width"), axes, sizes, strict=True)
        for line in lines(axis, n)
    ]
    return Answer("Formula", tuple(sides))


def by_hand(comparison: Comparison, one: str, many: str) -> Answer:
    """The computation in NumPy. ``one``, ``many``: what was done to the one cell, to all of several cells."""
    if comparison.by_hand is None:
        return Answer("By hand (NumPy)", ("no output",))
    cells = comparison.by_hand.size
    done = f"the one cell {one}" if cells == 1 else f"all {cells} cells {many}"
    return Answer("By hand (NumPy)", (size(comparison.shape_by_hand), done))


def keras(comparison: Comparison) -> Answer:
    """What the real layer gave, or its own words."""
    if comparison.keras is None:
        return Answer("Keras", ("refuses", str(comparison.refusal_keras)))
    gap = comparison.largest_difference
    lines = [size(comparison.shape_keras)]
    if gap is not None:
        lines.append(f"the layer below, run just now; largest difference in any value: {format_difference(gap)}")
    return Answer("Keras", tuple(lines))


def verdict(comparison: Comparison, impossible: str) -> str:
    """One sentence. ``impossible``: what is said where both refuse."""
    return impossible if comparison.refused else comparison.verdict


def result(comparison: Comparison) -> str:
    """What came out, in a few words."""
    return f"output {size(comparison.shape_by_hand)}" if comparison.by_hand is not None else "no output"


def size(shape: tuple[int, ...] | None) -> str:
    """Height and width of a batch of maps; of a vector, its one number."""
    if shape is None:
        return ""
    return f"{shape[1]} × {shape[2]}" if len(shape) == 4 else str(tuple(shape[1:]))


def written(name: str, value: Size) -> str:
    """A size as the settings line shows it."""
    return f"{name} = {value[0]} × {value[1]}" if isinstance(value, tuple) else f"{name} = {value}"


def texts(values: Map) -> list[list[str]]:
    """Every number of a map as a cell shows it."""
    return [[number(v) for v in row] for row in values.tolist()]


def decimals(values: Map) -> list[list[str]]:
    """Every number of a map as the arithmetic shows it: with up to four decimals, where a cell has room for two."""
    return [[f"{v + 0.0:.4f}".rstrip("0").rstrip(".").replace("-", "−") for v in row] for row in values.tolist()]


def map_of(values: NDArray[Any]) -> Map:
    """The one map in a batch of one with one channel; a vector is a map of one cell."""
    return np.asarray(values, dtype=float).reshape(values.shape[1:3] if values.ndim == 4 else (1, 1))


def photos(x: Map, picture_name: str, comparison: Comparison) -> tuple[Photo, ...]:
    """The picture that goes in, and what the real layer made of it."""
    shown = [photo(x, "input", "input", PICTURES[picture_name].capitalize(), secret=False)]
    if comparison.keras is not None:
        shown.append(photo(map_of(comparison.keras), "output", "output", "What the layer makes of it"))
    return tuple(shown)
