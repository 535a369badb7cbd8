"""The stride explorer: where the windows land, which cells nobody reads, and what symmetric padding does instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from course_utils.axes import ShapeError, Window
from course_utils.explorers import layer, maps, windows
from course_utils.explorers.base import explorer
from course_utils.explorers.frame import AnswerCard, Arithmetic, Frame
from course_utils.explorers.layer import LayerRun, TwoLayers
from course_utils.explorers.maps import pair
from course_utils.explorers.settings import Links, Size, declare, setting
from course_utils.keras_layers import LayerCode
from course_utils.pictures.grids import Grid
from course_utils.pictures.photos import Photo, photo
from course_utils.pictures.window import Map, input_grid, output_grid

_NOT_TOGETHER = "Impossible, as expected: Conv2D has no stride above 1 together with a dilation above 1."
_OTHER_INPUT, _OTHER_OUTPUT = "symmetric input", "symmetric output"


@declare
class StrideSettings(maps.LayerSettings):
    """Explore where the windows of a convolution land, with a real ``Conv2D`` run at every change."""

    n: Size = maps.n_setting(8)
    k: Size = maps.size_setting("k, kernel size", 3, windows.LARGEST_K, "kernel size, {range}.")
    s: Size = maps.size_setting("s, stride", 2, windows.LARGEST_S, "stride, {range}.")
    d: Size = maps.size_setting(
        "d, dilation", 1, 3, "dilation, {range}; ``Conv2D`` takes it only with a stride of 1.", more=True
    )
    padding: str = maps.padding_setting()
    kernel: str = maps.kernel_setting()
    values: str = maps.values_setting()
    symmetric: bool = setting(
        "symmetric padding beside it (PyTorch)",
        "switch",
        False,
        "with *same*, show beside it the symmetric padding that PyTorch's layers use, on the same input.",
        place=9,
        more=True,
    )
    show: str = maps.show_setting()
    picture: str = maps.picture_setting()

    @property
    def setting(self) -> str:
        """The settings in one line."""
        dilation = ["d"] if pair(self.d) != (1, 1) else []
        return ", ".join([*self.written("n", "k", "s", *dilation), f'padding="{self.padding}"'])

    def frame(self) -> Frame:
        """One convolution with one filter on one map."""
        weights = maps.kernel_values(self.k, self.kernel)
        same = layer.run(windows.convolution(self.k, self.s, self.d, self.padding), self.x, weights)
        beside = self.symmetric and self.padding == "same" and not same.refused
        other = run_symmetric(self.k, self.s, self.d, same.x, weights) if beside else None
        differ = _differing(same, other)
        frame = same.frame(
            self,
            windows.lines,
            windows.ADDED,
            _NOT_TOGETHER if max(pair(self.d)) > 1 and max(pair(self.s)) > 1 else windows.IMPOSSIBLE,
            grids=lambda: _grids(same, other, differ),
            arithmetic=lambda: _arithmetic(same, other),
            photos=_photos(same, other),
            remarks=(*_remarks(same), *_remarks_beside(same, other, differ)),
        )
        if other is None:
            return frame
        frame = replace(frame, answers=(*frame.answers, _card(other)), agrees=same.agrees and other.layers.agrees)
        if not same.agrees:
            return frame
        if not other.layers.agrees:
            return replace(frame, verdict=f"The symmetric one: {other.layers.decisive.comparison.verdict}")
        if same.output is None or other.whole.output is None:
            return frame
        counts = f"{same.output.size} + {other.whole.output.size}"
        return replace(frame, verdict=f"They agree for each padding, in all {counts} values.")

    def links(self) -> Links:
        """``Conv2D`` has no stride together with dilation; a symmetric padding goes with *same*."""
        shown = super().links()
        s, d, held = max(pair(self.s)), max(pair(self.d)), dict(shown.held)
        for name, value, other, there in (("d", d, "s", s), ("s", s, "d", d)):
            if there > 1 and value == 1:
                held[name] = (
                    f"{name} is held at 1 while {other} is {there}: Conv2D has no stride together with dilation. "
                    f"Set {other} to 1 to free {name}."
                )
        return Links(shown.hidden | ({"symmetric"} if self.padding != "same" else set()), held)


stride = explorer("stride", StrideSettings)


# -- symmetric padding --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Symmetric:
    """The same convolution with the same number of ghost cells on both sides, as PyTorch's layers pad.

    Attributes:
        amounts: ghost cells on each side of the height, of the width.
        layers: the real ``ZeroPadding2D``, and the real *valid* ``Conv2D`` on what came out of it.
        whole: both as one convolution on the map that goes in, padded by numbers.
    """

    amounts: tuple[int, int]
    layers: TwoLayers
    whole: LayerRun[Window]

    @property
    def sides(self) -> str:
        """The padding in numbers."""
        above, left = self.amounts
        return f"{above} on each side" if above == left else f"{above} above and below, {left} left and right"


def run_symmetric(k: Size, s: Size, d: Size, x: Map, weights: Map) -> Symmetric:
    """Run the same convolution with ``⌊(k_eff − 1) / 2⌋`` ghost cells on both sides: what a port to PyTorch writes."""
    each = list(zip(pair(k), pair(s), pair(d), strict=True))
    # Half of what *same* adds at stride 1, on both sides alike.
    height, width = (Window(a, 1, c, "same").pads(n)[0] for (a, _, c), n in zip(each, x.shape, strict=True))
    pad = LayerCode("ZeroPadding2D", {"padding": ((height, height), (width, width))})
    layers = layer.run_both(pad, windows.convolution(k, s, d, "valid"), x, weights)
    assert layers.second is not None
    axes = tuple(Window(a, b, c, (p, p)) for (a, b, c), p in zip(each, (height, width), strict=True))
    return Symmetric((height, width), layers, replace(layers.second, axes=axes, x=x))


def _differing(same: LayerRun[Window], other: Symmetric | None) -> NDArray[np.bool_] | None:
    """Which output cells differ between the two paddings; None where they cannot be laid on each other."""
    theirs = None if other is None else other.whole.output
    if same.output is None or theirs is None or same.output.shape != theirs.shape:
        return None
    return np.asarray(same.output != theirs)


def _grids(same: LayerRun[Window], other: Symmetric | None, differ: NDArray[np.bool_] | None) -> Iterator[Grid]:
    yield from same.grids()
    if same.output is None:
        return
    if other is None:
        yield from windows.ladders(same)
        return
    if other.whole.output is not None:
        yield output_grid(other.whole.output, _OTHER_OUTPUT, "symmetric", differ)
    yield input_grid(same.x, other.whole.axes, name=_OTHER_INPUT, title="symmetric: input", aside=True)


def _arithmetic(same: LayerRun[Window], other: Symmetric | None) -> Iterator[Arithmetic]:
    if other is None:
        yield from same.arithmetic(follow=windows.LADDERS)
        return
    yield from same.arithmetic(label="same")
    # Where the sizes differ, one cell cannot be pointed at in both.
    if same.output is not None and other.whole.output is not None and same.output.shape == other.whole.output.shape:
        yield from other.whole.arithmetic(
            label="symmetric", inputs=_OTHER_INPUT, source=_OTHER_INPUT, result=_OTHER_OUTPUT
        )


def _photos(same: LayerRun[Window], other: Symmetric | None) -> Iterator[Photo]:
    if other is None or other.whole.output is None:
        return
    grown = same.steps
    yield photo(other.whole.output, "symmetric", "symmetric", "The same layer with symmetric padding", grown=grown)
    if same.output is not None and same.output.shape == other.whole.output.shape:
        gap = np.abs(same.output - other.whole.output)
        yield photo(gap, "difference", "difference", "How far the two outputs are apart", grown=grown)


def _card(other: Symmetric) -> AnswerCard:
    """The card of the symmetric padding."""
    name, whole = "Symmetric, as in PyTorch", other.whole
    try:
        lines = [str(axis.formula(n)) for axis, n in zip(whole.axes, whole.x.shape, strict=True)]
    except ShapeError as error:
        return AnswerCard(name, ("no output", str(error)))
    run_as = f"run in Keras as ZeroPadding2D, then a valid Conv2D: {layer.lower_first(whole.comparison.verdict)}"
    return AnswerCard(name, (*dict.fromkeys(lines), f"padding: {other.sides}, whatever n is", run_as))


# -- the remarks --------------------------------------------------------------------------------------------------


def _remarks(same: LayerRun[Window]) -> Iterator[str]:
    if same.output is None:
        return
    for side, axis, n in same.sides("Height and width", ("Height", "Width")):
        before, after = axis.pads(n)
        if axis.padding == "same" and before != after:
            yield f"{side}: the padding is one-sided, {before} before and {after} after."
        elif axis.padding == "same" and axis.size > 1 and not after:
            yield f"{side}: same, and yet no padding: every window already stands inside."
        if lost := axis.unused_inputs(n):
            cells = ", ".join(map(str, lost[:6])) + (", …" if len(lost) > 6 else "")
            cell = "cell is" if len(lost) == 1 else "cells are"
            yield f"{side}: {len(lost)} {cell} never read (counted from 0: {cells}), and nothing warns you."


def _remarks_beside(same: LayerRun[Window], other: Symmetric | None, differ: NDArray[np.bool_] | None) -> Iterator[str]:
    """What symmetric padding changes here."""
    if other is None or same.output is None:
        return
    if other.whole.output is None:
        yield f"With symmetric padding ({other.sides}) there is no output."
    elif differ is None:
        yield f"Symmetric padding ({other.sides}) gives another size: {other.whole.size} instead of {same.size}."
    elif not differ.any():
        values = "value" if differ.size == 1 else f"{differ.size} values"
        yield f"Symmetric padding ({other.sides}) gives the same {values} here."
    else:
        ours, theirs = (
            [axis.taps(0, n)[0] for axis, n in zip(axes, same.x.shape, strict=True)]
            for axes in (same.axes, other.whole.axes)
        )
        first = f" The first window starts at {_place(theirs)} instead of {_place(ours)}."
        yield (
            f"Equal size, other values: with symmetric padding ({other.sides}) {int(differ.sum())} of {differ.size} "
            f"values differ.{first if ours != theirs else ''}"
        )


def _place(cell: Sequence[int]) -> str:
    row, column = (str(place).replace("-", "−") for place in cell)
    return f"row {row}, column {column}"
