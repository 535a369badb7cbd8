"""The stride explorer: where the windows land, which cells nobody reads, and what symmetric padding does instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_utils.axes import ShapeError, Window
from course_utils.compare import Comparison
from course_utils.explorers import layer as one
from course_utils.explorers.base import Explorer, Links
from course_utils.explorers.controls import choice, dropdown, sizes, switch
from course_utils.explorers.frame import Answer, Arithmetic, Frame
from course_utils.explorers.layer import KERNELS, LARGEST_N, VALUES, Map, Size, pair
from course_utils.explorers.windows import (
    LADDERS,
    LARGEST_D,
    LARGEST_K,
    LARGEST_S,
    PADDINGS,
    convolution_arithmetic,
    convolution_settings,
    ladders,
    window_lines,
    windows,
)
from course_utils.keras_layers import LayerCode
from course_utils.pictures.grids import Grid
from course_utils.pictures.photos import Photo, photo
from course_utils.pictures.window import input_grid, kernel_grid, output_grid, plain_grid

_NO_ROOM = "Impossible, as the formula foretells: the window has no place to stand, and Keras refuses."
_NOT_TOGETHER = "Impossible, as foretold: Conv2D has no stride above 1 together with a dilation above 1."
_OTHER_INPUT, _OTHER_OUTPUT = "symmetric input", "symmetric output"


@dataclass(frozen=True)
class Symmetric:
    """The same convolution with the same number of ghost cells on both sides, as PyTorch's layers pad.

    Attributes:
        axes: height, width.
        amounts: ghost cells on each side of the height, of the width.
        pad: the real ``ZeroPadding2D`` beside the computation by hand.
        convolution: the real *valid* ``Conv2D`` on what came out of it.
    """

    axes: tuple[Window, Window]
    amounts: tuple[int, int]
    pad: Comparison
    convolution: Comparison

    @property
    def agrees(self) -> bool:
        """Both layers agree with the computation by hand."""
        return self.pad.agrees and self.convolution.agrees

    @property
    def output(self) -> Map | None:
        """What comes out, or None."""
        values = self.convolution.by_hand
        return None if values is None else one.map_of(values)

    @property
    def sides(self) -> str:
        """The padding in numbers."""
        above, left = self.amounts
        return f"{above} on each side" if above == left else f"{above} above and below, {left} left and right"


def stride_frame(
    n: Size,
    k: Size,
    s: Size,
    d: Size,
    padding: str,
    kernel: str,
    values: str,
    symmetric: bool = False,
    show: str = "numbers",
    picture: str = "photo",
) -> Frame:
    """One convolution with one filter on one map: a pure function of the settings."""
    image = show == "image"
    x, weights = one.shown_values(show, n, values, picture), one.kernel_values(k, kernel)
    axes = windows(k, s, d, padding)
    layer = LayerCode("Conv2D", convolution_settings(k, s, d, padding))
    comparison = one.run(layer, axes, x, weights)
    other = _symmetric(k, s, d, x, weights) if symmetric and padding == "same" and not comparison.refused else None
    differ = _differing(comparison, other)
    plain, kernels = plain_grid(x) if not image else None, kernel_grid(weights)
    return Frame(
        grids=(kernels,) if image else _grids(x, kernels, axes, comparison, other, differ),
        photos=_photos(x, picture, comparison, other) if image else (),
        arithmetic=() if image else _arithmetic(x, weights, axes, comparison, other),
        answers=(
            one.formula("Conv2D", axes, x.shape, window_lines),
            one.by_hand(comparison, "added up from its window", "added up from their windows"),
            one.keras(comparison),
            *([] if other is None else [_answer(other, x.shape)]),
        ),
        agrees=comparison.agrees and (other is None or other.agrees),
        refused=comparison.refused,
        verdict=_verdict(comparison, other, _NOT_TOGETHER if max(pair(d)) > 1 and max(pair(s)) > 1 else _NO_ROOM),
        code=one.script(layer, x, weights, picture if image else None),
        setting=_setting(len(x) if image else n, k, s, d, padding),
        result=one.result(comparison),
        question=(kernels,) if plain is None else (plain, kernels),
        remarks=tuple(_remarks(axes, x.shape, comparison, other, differ)),
    )


def _symmetric(k: Size, s: Size, d: Size, x: Map, weights: Map) -> Symmetric:
    """Run the same convolution with ``⌊(k_eff − 1) / 2⌋`` ghost cells on both sides: what a port to PyTorch writes."""
    half = [Window(size, dilation=dilation, padding="same") for size, dilation in zip(pair(k), pair(d), strict=True)]
    # Half of what *same* adds at stride 1, on both sides alike.
    height, width = ((axis.pads(n)[0],) * 2 for axis, n in zip(half, x.shape, strict=True))
    pad = one.run(LayerCode("ZeroPadding2D", {"padding": (height, width)}), (), x)
    assert pad.keras is not None
    valid = LayerCode("Conv2D", convolution_settings(k, s, d, "valid"))
    padded = one.map_of(pad.keras)
    convolution = one.run(valid, windows(k, s, d, "valid"), padded, weights)
    axes = tuple(
        Window(size, step, dilation, amounts)
        for size, step, dilation, amounts in zip(pair(k), pair(s), pair(d), (height, width), strict=True)
    )
    return Symmetric((axes[0], axes[1]), (height[0], width[0]), pad, convolution)


def _differing(comparison: Comparison, other: Symmetric | None) -> NDArray[np.bool_] | None:
    """Which output cells differ between the two paddings; None where they cannot be laid on each other."""
    if other is None or other.output is None or comparison.by_hand is None:
        return None
    ours = one.map_of(comparison.by_hand)
    return None if ours.shape != other.output.shape else np.asarray(ours != other.output)


def _grids(
    x: Map,
    kernel: Grid,
    axes: Sequence[Window],
    comparison: Comparison,
    other: Symmetric | None,
    differ: NDArray[np.bool_] | None,
) -> tuple[Grid, ...]:
    grids = [input_grid(x, axes), kernel]
    if comparison.by_hand is None:
        return tuple(grids)
    grids.append(output_grid(one.map_of(comparison.by_hand)))
    if other is None:
        return (*grids, *ladders(axes, x.shape))
    grids.append(input_grid(x, other.axes, name=_OTHER_INPUT, title="symmetric: input"))
    if other.output is not None:
        grids.append(output_grid(other.output, _OTHER_OUTPUT, "symmetric: output", differ))
    return tuple(grids)


def _arithmetic(
    x: Map, weights: Map, axes: Sequence[Window], comparison: Comparison, other: Symmetric | None
) -> tuple[Arithmetic, ...]:
    if other is None:
        return convolution_arithmetic(axes, x, weights, comparison, follow=LADDERS)
    both = convolution_arithmetic(axes, x, weights, comparison, label="same")
    if other.output is not None and comparison.by_hand is not None:
        if other.output.shape != one.map_of(comparison.by_hand).shape:
            return both  # one cell cannot be pointed at in both
        both += convolution_arithmetic(
            other.axes,
            x,
            weights,
            other.convolution,
            label="symmetric",
            source=_OTHER_INPUT,
            result=_OTHER_OUTPUT,
        )
    return both


def _photos(x: Map, picture: str, comparison: Comparison, other: Symmetric | None) -> tuple[Photo, ...]:
    photos = one.photos(x, picture, comparison)
    if other is None or other.output is None:
        return photos
    photos += (photo(other.output, "symmetric", "symmetric", "The same layer with symmetric padding"),)
    if comparison.by_hand is not None and one.map_of(comparison.by_hand).shape == other.output.shape:
        gap = np.abs(one.map_of(comparison.by_hand) - other.output)
        photos += (photo(gap, "difference", "difference", "How far the two outputs are apart"),)
    return photos


def _answer(other: Symmetric, sizes: tuple[int, ...]) -> Answer:
    """The card of the symmetric padding."""
    name = "Symmetric, as in PyTorch"
    try:
        lines = [str(axis.formula(n)) for axis, n in zip(other.axes, sizes, strict=True)]
    except ShapeError as error:
        return Answer(name, ("no output", str(error)))
    lines = list(dict.fromkeys(lines))
    return Answer(
        name,
        (
            *lines,
            f"padding: {other.sides}, whatever n is",
            f"run in Keras as ZeroPadding2D, then a valid Conv2D: {_lower(other.convolution.verdict)}",
        ),
    )


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _verdict(comparison: Comparison, other: Symmetric | None, impossible: str) -> str:
    if other is None or not comparison.agrees or other.agrees:
        return one.verdict(comparison, impossible)
    return f"The symmetric one: {(other.convolution if other.pad.agrees else other.pad).verdict}"


def _remarks(
    axes: Sequence[Window],
    sizes: tuple[int, ...],
    comparison: Comparison,
    other: Symmetric | None,
    differ: NDArray[np.bool_] | None,
) -> Iterator[str]:
    if comparison.by_hand is None:
        return
    sides = zip(("Height", "Width"), axes, sizes, strict=True)
    if axes[0] == axes[1] and sizes[0] == sizes[1]:
        sides = zip(("Height and width",), axes[:1], sizes[:1], strict=True)
    for side, axis, n in sides:
        before, after = axis.pads(n)
        if axis.padding == "same" and before != after:
            yield f"{side}: the padding is one-sided, {before} before and {after} after."
        elif axis.padding == "same" and axis.size > 1 and not after:
            yield f"{side}: same, and yet no padding: every window already stands inside."
        if lost := axis.unused_inputs(n):
            cells = ", ".join(map(str, lost[:6])) + (", …" if len(lost) > 6 else "")
            cell = "cell is" if len(lost) == 1 else "cells are"
            yield f"{side}: {len(lost)} {cell} never read (counted from 0: {cells}), and nothing warns you."
    if other is not None:
        yield _beside(axes, sizes, comparison, other, differ)


def _beside(
    axes: Sequence[Window],
    sizes: tuple[int, ...],
    comparison: Comparison,
    other: Symmetric,
    differ: NDArray[np.bool_] | None,
) -> str:
    """What symmetric padding changes here."""
    if other.output is None:
        return f"With symmetric padding ({other.sides}) there is no output."
    if differ is None:
        rows, columns = other.output.shape
        ours = one.size(comparison.shape_by_hand)
        return f"Symmetric padding ({other.sides}) gives another size: {rows} × {columns} instead of {ours}."
    if not differ.any():
        return f"Symmetric padding ({other.sides}) gives the same {differ.size} values here."
    mine = [axis.taps(0, n)[0] for axis, n in zip(axes, sizes, strict=True)]
    theirs = [axis.taps(0, n)[0] for axis, n in zip(other.axes, sizes, strict=True)]
    first = "" if mine == theirs else f" The first window starts at {_place(theirs)} instead of {_place(mine)}."
    return (
        f"Equal size, other values: with symmetric padding ({other.sides}) {int(differ.sum())} of {differ.size} "
        f"values differ.{first}"
    )


def _place(cell: Sequence[int]) -> str:
    row, column = (str(place).replace("-", "−") for place in cell)
    return f"row {row}, column {column}"


def _setting(n: Size, k: Size, s: Size, d: Size, padding: str) -> str:
    dilation = [one.written("d", d)] if pair(d) != (1, 1) else []
    return ", ".join([one.written("n", n), one.written("k", k), one.written("s", s), *dilation, f'padding="{padding}"'])


def stride_links(settings: Mapping[str, Any]) -> Links:
    """``Conv2D`` has no stride together with dilation; a symmetric padding goes with *same*."""
    shown = one.show_links(settings)
    s, d = max(pair(settings["s"])), max(pair(settings["d"]))
    held = dict(shown.held)
    if s > 1 and d == 1:
        held["d"] = f"d is held at 1 while s is {s}: Conv2D has no stride together with dilation. Set s to 1 to free d."
    if d > 1 and s == 1:
        held["s"] = f"s is held at 1 while d is {d}: Conv2D has no stride together with dilation. Set d to 1 to free s."
    return Links(shown.hidden | ({"symmetric"} if settings["padding"] != "same" else set()), held)


def stride(
    n: Size = 8,
    k: Size = 3,
    s: Size = 2,
    d: Size = 1,
    padding: str = "same",
    kernel: str = "ones",
    values: str = "digits",
    symmetric: bool = False,
    show: str = "numbers",
    picture: str = "photo",
    presenter: bool = False,
) -> Explorer:
    """Explore where the windows of a convolution land, with a real ``Conv2D`` rebuilt at every change.

    Args:
        n: input size, 1 to 12; the map is n × n. Every size may also be a pair: height, width.
        k: kernel size, 1 to 7.
        s: stride, 1 to 4.
        d: dilation, 1 to 3; ``Conv2D`` takes it only with a stride of 1.
        padding: ``"valid"`` or ``"same"``.
        kernel: the weights: ``"ones"``, ``"edge"``, ``"count"`` or ``"single"``.
        values: the numbers in the map: ``"digits"``, ``"ones"`` or ``"negative"``.
        symmetric: with *same*, show beside it the symmetric padding that PyTorch's layers use, on the same input.
        show: ``"numbers"``, or ``"image"``: a picture of 64 × 64 through the same layer.
        picture: ``"photo"``, ``"stripes"`` or ``"white"``.
        presenter: large type, and the answer is held back until it is revealed.

    Raises:
        ValueError: for a setting outside those limits, naming them.
    """
    controls = {
        **sizes("n", "n, input size", n, 1, LARGEST_N),
        **sizes("k", "k, kernel size", k, 1, LARGEST_K),
        **sizes("s", "s, stride", s, 1, LARGEST_S),
        **sizes("d", "d, dilation", d, 1, LARGEST_D),
        "padding": choice("padding", "padding", padding, PADDINGS),
        "kernel": dropdown("kernel", "kernel", kernel, KERNELS),
        "values": dropdown("values", "input", values, VALUES),
        **one.show_controls(show, picture),
        "symmetric": switch("symmetric", "symmetric padding beside it (PyTorch)", symmetric),
    }
    return Explorer("stride", controls, stride_frame, stride_links, presenter)
