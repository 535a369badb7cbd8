"""The padding explorer: where a window can stand, what a ghost cell is, and where the odd one goes."""

from __future__ import annotations

from course_utils.explorers import layer as one
from course_utils.explorers.base import Explorer
from course_utils.explorers.controls import choice, dropdown, sizes
from course_utils.explorers.frame import Frame
from course_utils.explorers.layer import KERNELS, LARGEST_N, VALUES, Size
from course_utils.explorers.windows import (
    LARGEST_K,
    LARGEST_S,
    PADDINGS,
    convolution_arithmetic,
    convolution_settings,
    window_lines,
    windows,
)
from course_utils.keras_layers import LayerCode
from course_utils.pictures.window import input_grid, kernel_grid, output_grid, plain_grid

IMPOSSIBLE = "Impossible, as the formula foretells: the window has no place to stand, and Keras refuses."


def padding_frame(
    n: Size,
    k: Size,
    padding: str,
    kernel: str,
    values: str,
    s: Size = 1,
    show: str = "numbers",
    picture: str = "photo",
) -> Frame:
    """One convolution with one filter on one map: a pure function of the settings."""
    image = show == "image"
    x, weights = one.shown_values(show, n, values, picture), one.kernel_values(k, kernel)
    axes = windows(k, s, 1, padding)
    layer = LayerCode("Conv2D", convolution_settings(k, s, 1, padding))
    comparison = one.run(layer, axes, x, weights)
    grids = [kernel_grid(weights)]
    if not image:
        grids.insert(0, input_grid(x, axes))
        if comparison.by_hand is not None:
            grids.append(output_grid(one.map_of(comparison.by_hand)))
    return Frame(
        grids=tuple(grids),
        photos=one.photos(x, picture, comparison) if image else (),
        arithmetic=() if image else convolution_arithmetic(axes, x, weights, comparison),
        answers=(
            one.formula("Conv2D", axes, x.shape, window_lines),
            one.by_hand(comparison, "added up from its window", "added up from their windows"),
            one.keras(comparison),
        ),
        agrees=comparison.agrees,
        refused=comparison.refused,
        verdict=one.verdict(comparison, IMPOSSIBLE),
        code=one.script(layer, x, weights, picture if image else None),
        setting=_setting(len(x) if image else n, k, s, padding),
        result=one.result(comparison),
        question=(kernel_grid(weights),) if image else (plain_grid(x), kernel_grid(weights)),
    )


def _setting(n: Size, k: Size, s: Size, padding: str) -> str:
    stride = [one.written("s", s)] if s not in (1, (1, 1)) else []
    return ", ".join([one.written("n", n), one.written("k", k), *stride, f'padding="{padding}"'])


def padding(
    n: Size = 7,
    k: Size = 3,
    padding: str = "same",
    kernel: str = "ones",
    values: str = "digits",
    s: Size | None = None,
    show: str = "numbers",
    picture: str = "photo",
    presenter: bool = False,
) -> Explorer:
    """Explore what padding does to a convolution, with a real ``Conv2D`` rebuilt at every change.

    Args:
        n: input size, 1 to 12; the map is n × n. Every size may also be a pair: height, width.
        k: kernel size, 1 to 7; the kernel is k × k.
        padding: ``"valid"`` or ``"same"``.
        kernel: the weights: ``"ones"``, ``"edge"``, ``"count"`` or ``"single"``.
        values: the numbers in the map: ``"digits"``, ``"ones"`` or ``"negative"``.
        s: stride, 1 to 4; its slider is shown only if you give it.
        show: ``"numbers"``, or ``"image"``: a picture of 64 × 64 through the same layer.
        picture: ``"photo"``, ``"stripes"`` or ``"white"``.
        presenter: large type, and the answer is held back until it is revealed.

    Raises:
        ValueError: for a setting outside those limits, naming them.
    """
    stride = {} if s is None else sizes("s", "s, stride", s, 1, LARGEST_S)
    controls = {
        **sizes("n", "n, input size", n, 1, LARGEST_N),
        **sizes("k", "k, kernel size", k, 1, LARGEST_K),
        **stride,
        "padding": choice("padding", "padding", padding, PADDINGS),
        "kernel": dropdown("kernel", "kernel", kernel, KERNELS),
        "values": dropdown("values", "input", values, VALUES),
        **one.show_controls(show, picture),
    }
    return Explorer("padding", controls, padding_frame, one.show_links, presenter)
