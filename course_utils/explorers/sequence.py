"""The sequence explorer: a window along time, and whether what comes out of it looks into the future."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from course_utils.axes import Window
from course_utils.explorers import layer, maps, windows
from course_utils.explorers.base import explorer
from course_utils.explorers.frame import Frame
from course_utils.explorers.settings import Links, declare, setting
from course_utils.keras_layers import LayerCode
from course_utils.pictures.window import Map

T = TypeVar("T")

LARGEST_K, LARGEST_D = 5, 3
PADDINGS = {**maps.PADDINGS, "causal": "causal"}
VALUES = {"count": "1, 2, 3, …", **maps.VALUES}
#: The one row in which a sequence is drawn: a window of one cell leaves it as it is.
_ROW = Window(1)


@declare
class SequenceSettings(maps.LayerSettings):
    """Explore a convolution along time, with a real ``Conv1D`` run at every change: which outputs read later cells?"""

    n: int = setting("n, input size", "number", 7, "time steps, {range}.", low=1, high=maps.LARGEST_N)
    k: int = setting("k, kernel size", "number", 3, "kernel size, {range}.", low=1, high=LARGEST_K)
    d: int = setting(
        "d, dilation", "number", 1, "dilation, {range}: the window reads every d-th step.", low=1, high=LARGEST_D
    )
    padding: str = setting("padding", "buttons", "same", "{options}.", options=PADDINGS)
    kernel: str = maps.kernel_setting()
    values: str = setting("input", "list", "count", "the numbers that go in: {options}.", options=VALUES, more=True)

    @property
    def shown(self) -> None:
        """Time is no picture."""

    @property
    def x(self) -> Map:
        """The steps, as a map of one row."""
        return maps.input_values((1, self.n), self.values)

    @property
    def weights(self) -> Map:
        """The kernel, as a map of one row."""
        return maps.kernel_values((1, self.k), self.kernel)

    @property
    def setting(self) -> str:
        """The settings in one line."""
        dilation = ["d"] if self.d > 1 else []
        return ", ".join([*self.written("n", "k", *dilation), f'padding="{self.padding}"'])

    def code(self) -> LayerCode:
        """The layer as a person would write it."""
        dilation = {"dilation_rate": self.d} if self.d > 1 else {}
        settings = {"filters": 1, "kernel_size": self.k, **dilation, "padding": self.padding, "use_bias": False}
        return LayerCode("Conv1D", settings)

    def frame(self) -> Frame:
        """One convolution with one filter along one row."""
        found = run(self.code(), self.x, self.weights)
        return found.frame(
            self,
            windows.lines_without_stride,
            windows.ADDED,
            windows.IMPOSSIBLE,
            grids=lambda: (*found.grids(), *(windows.ladders(found) if found.output is not None else ())),
            arithmetic=lambda: found.arithmetic(follow=windows.LADDERS),
            remarks=() if found.output is None else [_who_looks_ahead(found.axes[1], self.n)],
        )

    def links(self) -> Links:
        """Every setting goes with every other."""
        return Links()


@dataclass(frozen=True)
class SequenceRun(layer.LayerRun[Window]):
    """One real layer on one sequence, drawn as a map of one row."""

    def sides(self, both: T, each: tuple[T, T]) -> list[tuple[T, Window, int]]:
        """The time axis alone."""
        return [(both, self.axes[1], self.x.shape[1])]

    @property
    def arrays(self) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """What goes in and the weights, as Keras has them but for batch and channels."""
        return self.x[0], None if self.weights is None else self.weights[0]


def run(code: LayerCode, x: Map, weights: Map) -> SequenceRun:
    """Run the real ``Conv1D`` with these weights, and put it beside the computation by hand.

    Args:
        code: the layer, of one filter.
        x: ``(1, steps)``.
        weights: ``(1, k)``.
    """
    found = layer.compared(code, x[:, :, np.newaxis], weights[0][:, np.newaxis, np.newaxis])
    [axis] = code.axes
    assert isinstance(axis, Window)
    return SequenceRun(code, (_ROW, axis), x, weights, found)


def _who_looks_ahead(axis: Window, n: int) -> str:
    """Whether outputs read steps that come after their own."""
    last = [max((cell for cell in taps if 0 <= cell < n), default=-1) for taps in axis.all_taps(n)]
    ahead = [i for i, cell in enumerate(last) if cell > i]
    if not ahead:
        return "No output reads a step after its own: what comes out at step i can be known at step i."
    late = last[0]
    if axis.padding == "valid":
        return f"Output i needs step i + {late}: each comes {late} {'step' if late == 1 else 'steps'} late."
    return (
        f"{len(ahead)} of {len(last)} outputs {'looks' if len(ahead) == 1 else 'look'} ahead: output {ahead[0]} reads "
        f"step {last[ahead[0]]}, which comes after it. In a forecast that is cheating."
    )


sequence = explorer("sequence", SequenceSettings)
