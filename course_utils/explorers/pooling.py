"""The pooling explorer: a window without weights, whose stride is its own size unless you say otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from course_utils.axes import GlobalWindow, Window
from course_utils.explorers import layer, maps, windows
from course_utils.explorers.base import explorer
from course_utils.explorers.frame import AnswerCard, Frame
from course_utils.explorers.layer import LayerRun, by
from course_utils.explorers.maps import pair
from course_utils.explorers.settings import Links, Size, declare, setting
from course_utils.explorers.windows import LADDERS, LARGEST_K, LARGEST_S
from course_utils.keras_layers import LayerCode
from course_utils.pictures.grids import Grid
from course_utils.pictures.window import Map, input_grid, output_grid

KINDS = {"max": "max", "average": "average", "global max": "global max", "global average": "global average"}
DEFAULT = "default"
STRIDES: dict[int | str, str] = {DEFAULT: "default", **{s: str(s) for s in range(1, LARGEST_S + 1)}}
VALUES = {
    "different": "all different",
    **maps.HANDWRITTEN,
    "count": "1, 2, 3, … in each row",
    "ones": "all ones",
    "all negative": "all negative",
}


def _different() -> Map:
    """Numbers of two digits at most in the first 9 × 9 cells, and larger ones around: the same at every n."""
    draw, side = np.random.default_rng(28), maps.LARGEST_N
    outwards = np.argsort(np.maximum(*np.indices((side, side))).ravel(), kind="stable")
    numbers = np.empty(side**2)
    numbers[outwards] = [*(1 + draw.permutation(99)[:81]), *(100 + draw.permutation(side**2 - 81))]
    return numbers.reshape(side, side)


_DIFFERENT = _different()

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


@declare
class PoolingSettings(maps.LayerSettings):
    """Explore what pooling keeps of a map, with a real pooling layer run at every change."""

    n: Size = maps.n_setting(7)
    k: Size = maps.size_setting(
        "k, pool size", 2, LARGEST_K, "pool size, {range}; the window is k × k and has no weights."
    )
    strides: int | str = setting(
        "s, strides",
        "buttons",
        DEFAULT,
        f'``"default"`` (the layer is built without the argument, which means the pool size), or 1 to {LARGEST_S}.',
        options=STRIDES,
    )
    padding: str = maps.padding_setting()
    kind: str = setting("pooling", "buttons", "max", "{options}.", options=KINDS, place=0)
    values: str = setting(
        "input",
        "buttons",
        "different",
        'the numbers: ``"different"``, ``"handwritten"``, ``"count"`` (1, 2, 3, … in each row), ``"ones"`` or '
        '``"all negative"``.',
        options=VALUES,
        more=True,
    )
    show: str = maps.show_setting()
    picture: str = maps.picture_setting()

    @property
    def x(self) -> Map:
        """The map that goes in. Its numbers are all different, so that one sees which of them won."""
        if self.shown is not None or self.values not in ("different", "all negative"):
            return super().x
        height, width = pair(self.n)
        numbers = _DIFFERENT[:height, :width]
        return -numbers if self.values == "all negative" else numbers

    @property
    def is_global(self) -> bool:
        """Whether the window is the whole map."""
        return self.kind.startswith("global")

    @property
    def how(self) -> str:
        """``"max"`` or ``"average"``."""
        return self.kind.removeprefix("global ")

    def code(self) -> LayerCode:
        """The layer as a person would write it; with the default stride, that argument is not there."""
        if self.is_global:
            return LayerCode(_LAYERS[self.kind])
        given = {} if self.strides == DEFAULT else {"strides": (self.strides, self.strides)}
        return LayerCode(_LAYERS[self.kind], {"pool_size": pair(self.k), **given, "padding": self.padding})

    def frame(self) -> Frame:
        """One pooling layer on one map."""
        found: LayerRun[Any] = layer.run(self.code(), self.x)
        how: dict[str, Any] = {"ghost": _GHOSTS[self.how], "how": "max" if self.how == "max" else "mean"}
        frame = found.frame(
            self,
            self._lines,
            _DONE[self.how],
            windows.IMPOSSIBLE,
            grids=lambda: self._grids(found),
            arithmetic=lambda: found.arithmetic(follow=None if self.is_global else LADDERS, **how),
            remarks=() if found.refused else list(self._remarks(found))[:2],
        )
        if not self.is_global:
            return frame
        formula, *others = frame.answers
        gone = AnswerCard(formula.name, (*formula.lines, "height and width are gone: (1,) is the number of channels"))
        frame = replace(frame, answers=(gone, *others))
        if self.shown is None:
            return frame
        # A picture of a single cell shows nothing: its number stands in a grid.
        return replace(frame, photos=frame.photos[:1], grids=(replace(self._one_cell(found), walk=""),))

    def links(self) -> Links:
        """A global window has no size, no stride and no border to choose."""
        shown = super().links()
        if not self.is_global:
            return shown
        reason = (
            'k, strides and padding are held: a global pooling window is the whole map. Choose "max" or "average" to '
            "move them."
        )
        return Links(shown.hidden, {**shown.held, **dict.fromkeys(("k", "strides", "padding"), reason)})

    @property
    def setting(self) -> str:
        """The settings in one line."""
        if self.is_global:
            return ", ".join([self.kind, *self.written("n")])
        step = "s not given" if self.strides == DEFAULT else f"s = {self.strides}"
        return ", ".join([self.kind, *self.written("n", "k"), step, f'padding="{self.padding}"'])

    def _grids(self, found: LayerRun[Any]) -> Iterator[Grid]:
        if self.is_global:
            yield input_grid(found.x, found.axes, _GHOSTS[self.how])
            yield self._one_cell(found)
            return
        yield from found.grids(_GHOSTS[self.how])
        if found.output is not None:
            yield from windows.ladders(found)

    def _one_cell(self, found: LayerRun[Any]) -> Grid:
        assert found.output is not None
        described = f"Output of shape {found.size}: one number for the one channel, and no map."
        return replace(output_grid(found.output), title=f"output {found.size}", description=described)

    def _lines(self, axis: Window | GlobalWindow, n: int) -> Iterator[str]:
        if isinstance(axis, GlobalWindow):
            yield f"{axis.formula(n).symbols}: one window over all {n}"
            return
        size, *more = windows.lines(axis, n)
        step = [f"strides not given, so s = pool_size = k = {axis.size}"] if self.strides == DEFAULT else []
        yield from (size, *step, *more)

    def _remarks(self, found: LayerRun[Any]) -> Iterator[str]:
        """What is worth a sentence at this setting, the most important first."""
        sides = list(zip(found.axes, found.x.shape, strict=True))
        before, after = by(found.x.shape), by([axis.output_size(n) for axis, n in sides])
        if self.is_global:
            yield f"{before} cells became one number for each channel. Where in the map it came from is forgotten."
            return
        if self.padding == "same" and before != after:
            why = "which is pool_size, because none was given" if self.strides == DEFAULT else "which you set"
            yield f'It says "same", and {before} became {after}: what decides is the stride, {why}.'
        elif self.padding == "same" and all(axis.stride == 1 for axis in found.axes):
            yield f'"same" keeps {before} here because the stride is 1.'
        if any(sum(axis.pads(n)) for axis, n in sides):
            yield self._about_ghosts(sides)
        lost = [len(axis.unused_inputs(n)) for axis, n in sides]
        if any(lost):
            yield f"No window reads {_count(lost[0], 'row')} and {_count(lost[1], 'column')}, and nothing warns you."
        if any(axis.size > axis.stride and axis.output_size(n) > 1 for axis, n in sides):
            yield "The windows overlap: k is larger than s."

    def _about_ghosts(self, sides: Sequence[tuple[Window, int]]) -> str:
        if self.how == "max":
            return "A ghost cell counts as −∞ and not as 0, so it never wins, not even against negative numbers."
        last = [(axis.taps(axis.output_size(n) - 1, n), n) for axis, n in sides]
        (rows, columns), cells = (sum(0 <= j < n for j in taps) for taps, n in last), [len(taps) for taps, _ in last]
        return (
            f"A mean divides by the real cells only: the last window has {rows * columns} of {cells[0] * cells[1]}, "
            f"so it divides by {rows * columns}."
        )


pooling = explorer("pooling", PoolingSettings)


def _count(number: int, of: str) -> str:
    return f"{number or 'no'} {of}{'' if number == 1 else 's'}"
