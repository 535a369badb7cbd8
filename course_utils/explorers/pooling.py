"""The pooling explorer: a window without weights, whose stride is its own size unless you say otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from course_utils import data
from course_utils.axes import Axis, GlobalWindow, Window
from course_utils.compare import Comparison
from course_utils.explorers import layer as one
from course_utils.explorers.base import Explorer, Links
from course_utils.explorers.controls import choice, sizes
from course_utils.explorers.frame import Answer, Arithmetic, Frame
from course_utils.explorers.layer import LARGEST_N, Map, Size, pair
from course_utils.explorers.windows import LADDERS, LARGEST_K, LARGEST_S, PADDINGS, ladders, window_lines, windows
from course_utils.keras_layers import LayerCode
from course_utils.pictures.grids import Grid
from course_utils.pictures.window import input_grid, output_grid, plain_grid

KINDS = {"max": "max", "average": "average", "global max": "global max", "global average": "global average"}
DEFAULT = "default"
STRIDES: dict[int | str, str] = {DEFAULT: "default: pool_size", **{s: str(s) for s in range(1, LARGEST_S + 1)}}
VALUES = {
    "digits": "digits 0 to 9",
    "count": "1, 2, 3, … in each row",
    "ones": "all ones",
    "all negative": "all negative",
}
IMPOSSIBLE = "Impossible, as the formula foretells: the window has no place to stand, and Keras refuses."

_LAYERS = {
    "max": "MaxPooling2D",
    "average": "AveragePooling2D",
    "global max": "GlobalMaxPooling2D",
    "global average": "GlobalAveragePooling2D",
}
#: What a ghost cell is worth. In a mean it is worth nothing at all, not even a zero.
_GHOSTS = {"max": "−∞", "average": ""}
_DONE = {
    "max": ("is the largest of its window", "are the largest of their windows"),
    "average": ("is the mean of its window", "are the means of their windows"),
}


def pooling_frame(
    n: Size,
    k: Size,
    strides: int | str,
    padding: str,
    kind: str,
    values: str,
    show: str = "numbers",
    picture: str = "photo",
) -> Frame:
    """One pooling layer on one map: a pure function of the settings."""
    image = show == "image"
    x = data.picture(picture) if image else pooled_values(n, values)
    axes = pooling_axes(k, strides, padding, kind)
    layer = pooling_layer(k, strides, padding, kind)
    comparison = one.run(layer, axes, x)
    photos = one.photos(x, picture, comparison) if image else ()
    return Frame(
        grids=_grids(x, axes, kind, comparison, image),
        # A picture of a single cell shows nothing: its number stands in a grid.
        photos=photos[:1] if _is_global(kind) else photos,
        arithmetic=() if image else _arithmetic(x, axes, kind, comparison),
        answers=(
            _formula(layer.kind, axes, x.shape, kind, strides),
            one.by_hand(comparison, *_DONE[_how(kind)]),
            one.keras(comparison),
        ),
        agrees=comparison.agrees,
        refused=comparison.refused,
        verdict=one.verdict(comparison, IMPOSSIBLE),
        code=one.chain_script(
            {"layer": layer}, x, picture if image else None, comparison.refused, comparison.shape_by_hand or ()
        ),
        setting=_setting(len(x) if image else n, k, strides, padding, kind),
        result=one.result(comparison),
        question=() if image else (plain_grid(x),),
        remarks=() if comparison.refused else tuple(_remarks(axes, x.shape, kind, strides, padding))[:2],
    )


def pooled_values(n: Size, values: str) -> Map:
    """A map of whole numbers, ``n × n`` or ``height × width``."""
    height, width = pair(n)
    if values == "count":
        return np.tile(np.arange(1.0, width + 1), (height, 1))
    if values == "all negative":
        return one.input_values(n, "digits") - 10
    return one.input_values(n, values)


def pooling_axes(k: Size, strides: int | str, padding: str, kind: str) -> tuple[Axis, Axis]:
    """The axis of the height and the axis of the width."""
    if _is_global(kind):
        return GlobalWindow(), GlobalWindow()
    return windows(k, _step(k, strides), 1, padding)


def pooling_layer(k: Size, strides: int | str, padding: str, kind: str) -> LayerCode:
    """The layer as a person would write it; with the default stride, that argument is not there."""
    if _is_global(kind):
        return LayerCode(_LAYERS[kind])
    given = {} if strides == DEFAULT else {"strides": pair(_step(k, strides))}
    return LayerCode(_LAYERS[kind], {"pool_size": pair(k), **given, "padding": padding})


def _is_global(kind: str) -> bool:
    return kind.startswith("global")


def _how(kind: str) -> str:
    return kind.removeprefix("global ")


def _step(k: Size, strides: int | str) -> Size:
    """The stride that Keras takes: without one, the pool size."""
    return strides if isinstance(strides, int) else k


# -- the picture --------------------------------------------------------------------------------------------------


def _grids(x: Map, axes: Sequence[Axis], kind: str, comparison: Comparison, image: bool) -> tuple[Grid, ...]:
    grids = [] if image else [input_grid(x, axes, _GHOSTS[_how(kind)])]
    if comparison.by_hand is None:
        return tuple(grids)
    output = output_grid(one.map_of(comparison.by_hand))
    if _is_global(kind):
        said = f"Output of shape {one.size(comparison.shape_by_hand)}: one number for the one channel, and no map."
        title = f"output {one.size(comparison.shape_by_hand)}"
        return (*grids, replace(output, title=title, description=said, walk="" if image else output.walk))
    return () if image else (*grids, output, *ladders(axes, x.shape))


def _arithmetic(x: Map, axes: Sequence[Axis], kind: str, comparison: Comparison) -> tuple[Arithmetic, ...]:
    """Each cell as the largest or the mean of its window; nothing where there is no output, or two."""
    if comparison.by_hand is None or comparison.keras is None or not comparison.same_shape:
        return ()
    return (
        Arithmetic(
            rows=axes[0].all_taps(x.shape[0]),
            columns=axes[1].all_taps(x.shape[1]),
            inputs=one.texts(x),
            ghost=_GHOSTS[_how(kind)],
            by_hand=one.decimals(one.map_of(comparison.by_hand)),
            keras=one.decimals(one.map_of(comparison.keras)),
            how="max" if _how(kind) == "max" else "mean",
            follow=None if _is_global(kind) else LADDERS,
        ),
    )


# -- the words ----------------------------------------------------------------------------------------------------


def _formula(layer: str, axes: Sequence[Axis], shape: Sequence[int], kind: str, strides: int | str) -> Answer:
    def lines(axis: Axis, n: int) -> Iterator[str]:
        if isinstance(axis, Window):
            size, *more = window_lines(axis, n)
            step = [f"strides not given, so s = pool_size = k = {axis.size}"] if strides == DEFAULT else []
            yield from (size, *step, *more)
        else:
            yield f"{axis.formula(n).symbols}: one window over all {n}"

    answer = one.formula(layer, axes, shape, lines)
    if not _is_global(kind):
        return answer
    return replace(answer, lines=(*answer.lines, "height and width are gone: (1,) is the number of channels"))


def _remarks(axes: Sequence[Axis], shape: Sequence[int], kind: str, strides: int | str, padding: str) -> Iterator[str]:
    """What is worth a sentence at this setting, the most important first."""
    went, came = _by(shape), _by([_size(axis, n) for axis, n in zip(axes, shape, strict=True)])
    if _is_global(kind):
        yield f"{went} cells became one number for each channel. Where in the map it came from is forgotten."
        return
    if padding == "same" and went != came:
        why = "which is pool_size, because none was given" if strides == DEFAULT else "which you set"
        yield f'It says "same", and {went} became {came}: what decides is the stride, {why}.'
    elif padding == "same" and all(isinstance(axis, Window) and axis.stride == 1 for axis in axes):
        yield f'"same" keeps {went} here because the stride is 1.'
    if any(sum(axis.pads(n)) for axis, n in zip(axes, shape, strict=True)):
        yield _about_ghosts(axes, shape, kind)
    lost = [len(axis.unused_inputs(n)) for axis, n in zip(axes, shape, strict=True)]
    if any(lost):
        yield f"No window reads {_count(lost[0], 'row')} and {_count(lost[1], 'column')}, and nothing warns you."
    sides = zip(axes, shape, strict=True)
    if any(isinstance(axis, Window) and axis.size > axis.stride and axis.output_size(n) > 1 for axis, n in sides):
        yield "The windows overlap: k is larger than s."


def _about_ghosts(axes: Sequence[Axis], shape: Sequence[int], kind: str) -> str:
    if _how(kind) == "max":
        return "A ghost cell counts as −∞ and not as 0, so it never wins, not even against negative numbers."
    windows_at_the_end = [axis.taps(_size(axis, n) - 1, n) for axis, n in zip(axes, shape, strict=True)]
    real = [sum(0 <= j < n for j in taps) for taps, n in zip(windows_at_the_end, shape, strict=True)]
    cells = len(windows_at_the_end[0]) * len(windows_at_the_end[1])
    return (
        f"A mean divides by the real cells only: the last window has {real[0] * real[1]} of {cells}, so it divides "
        f"by {real[0] * real[1]}."
    )


def _size(axis: Axis, n: int) -> int:
    return axis.output_size(n)


def _by(shape: Sequence[int]) -> str:
    return f"{shape[0]}×{shape[1]}"


def _count(number: int, of: str) -> str:
    return f"{number or 'no'} {of}{'' if number == 1 else 's'}"


def _setting(n: Size, k: Size, strides: int | str, padding: str, kind: str) -> str:
    if _is_global(kind):
        return f"{kind}, {one.written('n', n)}"
    step = "s not given" if strides == DEFAULT else f"s = {strides}"
    return f'{kind}, {one.written("n", n)}, {one.written("k", k)}, {step}, padding="{padding}"'


# -- the controls -------------------------------------------------------------------------------------------------


def pooling_links(settings: Mapping[str, Any]) -> Links:
    """A global window has no size, no stride and no border to choose."""
    shown = one.show_links(settings)
    if not _is_global(settings["kind"]):
        return shown
    reason = (
        'k, strides and padding are held: a global pooling window is the whole map. Choose "max" or "average" to '
        "move them."
    )
    return Links(shown.hidden, {**shown.held, **dict.fromkeys(("k", "strides", "padding"), reason)})


def pooling(
    n: Size = 7,
    k: Size = 2,
    strides: int | str = DEFAULT,
    padding: str = "same",
    kind: str = "max",
    values: str = "digits",
    show: str = "numbers",
    picture: str = "photo",
    presenter: bool = False,
) -> Explorer:
    """Explore what pooling keeps of a map, with a real pooling layer rebuilt at every change.

    Args:
        n: input size, 1 to 12; the map is n × n. Every size may also be a pair: height, width.
        k: pool size, 1 to 7; the window is k × k and has no weights.
        strides: ``"default"`` (the layer is built without the argument, which means the pool size), or 1 to 4.
        padding: ``"valid"`` or ``"same"``.
        kind: ``"max"``, ``"average"``, ``"global max"`` or ``"global average"``.
        values: the numbers in the map: ``"digits"``, ``"count"`` (1, 2, 3, … in each row), ``"ones"`` or
            ``"all negative"``.
        show: ``"numbers"``, or ``"image"``: a picture of 64 × 64 through the same layer.
        picture: ``"photo"``, ``"stripes"`` or ``"white"``.
        presenter: large type, and the answer is held back until it is revealed.

    Raises:
        ValueError: for a setting outside those limits, naming them.
    """
    controls = {
        "kind": choice("kind", "pooling", kind, KINDS),
        **sizes("n", "n, input size", n, 1, LARGEST_N),
        **sizes("k", "k, pool size", k, 1, LARGEST_K),
        "strides": choice("strides", "s, strides", strides, STRIDES),
        "padding": choice("padding", "padding", padding, PADDINGS),
        "values": choice("values", "input", values, VALUES),
        **one.show_controls(show, picture),
    }
    return Explorer("pooling", controls, pooling_frame, pooling_links, presenter)
