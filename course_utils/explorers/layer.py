"""What the explorers of a single layer share: the real layer run on a map, beside the hand, and the frame of both."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from course_utils import keras_layers
from course_utils.axes import Axis, ShapeError, Window
from course_utils.compare import Comparison, compare
from course_utils.explorers.frame import AnswerCard, Arithmetic, Frame, format_difference
from course_utils.explorers.maps import LayerSettings, input_photo
from course_utils.explorers.script import script
from course_utils.keras_layers import KerasRefusal, LayerCode
from course_utils.pictures.grids import Grid, number
from course_utils.pictures.photos import Photo, photo
from course_utils.pictures.window import Map, input_grid, kernel_grid, output_grid

A = TypeVar("A", bound=Axis)
S = TypeVar("S")
T = TypeVar("T")


def sides(axes: Sequence[S], sizes: Sequence[int], both: T, each: tuple[T, T]) -> list[tuple[T, S, int]]:
    """What is to be shown once where height and width are alike, and for each of them where they are not.

    Args:
        axes: of the height and of the width, or whatever else the two have.
        sizes: n of the height and of the width.
        both: what goes with the one.
        each: what goes with the height, with the width.
    """
    if axes[0] == axes[1] and sizes[0] == sizes[1]:
        return [(both, axes[0], sizes[0])]
    return list(zip(each, axes, sizes, strict=True))


@dataclass(frozen=True)
class LayerRun(Generic[A]):
    """One real layer, of one filter, run on one map, beside the computation by hand.

    Attributes:
        code: the layer.
        axes: of the height and of the width; empty where the settings of the layer exclude each other.
        x: what went in, ``(height, width)``.
        weights: ``(height, width)``, or None for a layer without weights.
        comparison: the two outputs.
    """

    code: LayerCode
    axes: tuple[A, ...]
    x: Map
    weights: Map | None
    comparison: Comparison

    @property
    def agrees(self) -> bool:
        """Keras agrees with the computation by hand."""
        return self.comparison.agrees

    @property
    def refused(self) -> bool:
        """Both refuse: the setting is impossible."""
        return self.comparison.refused

    @property
    def output(self) -> Map | None:
        """What comes out by hand, or None."""
        return None if self.comparison.by_hand is None else _map_of(self.comparison.by_hand)

    @property
    def keras_output(self) -> Map | None:
        """What the real layer made, or None."""
        return None if self.comparison.keras is None else _map_of(self.comparison.keras)

    @property
    def size(self) -> str:
        """The size that comes out by hand; empty where there is none."""
        return size(self.comparison.shape_by_hand)

    @property
    def result(self) -> str:
        """What came out, in a few words."""
        return f"output {self.size}" if self.comparison.by_hand is not None else "no output"

    def sides(self, both: T, each: tuple[T, T]) -> list[tuple[T, A, int]]:
        """The axes with their n: see the function of this name."""
        return sides(self.axes, self.x.shape, both, each)

    def verdict(self, impossible: str) -> str:
        """One sentence. ``impossible``: what is said where both refuse."""
        return impossible if self.refused else self.comparison.verdict

    @property
    def arrays(self) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """What goes in and the weights, as Keras has them but for batch and channels."""
        return self.x, self.weights

    # -- the parts of a frame

    @property
    def kernels(self) -> tuple[Grid, ...]:
        """The grid of the weights, if there are any."""
        return () if self.weights is None else (kernel_grid(self.weights),)

    def grids(self, ghost: str = "0", draw: Callable[[Map], Grid] = output_grid) -> tuple[Grid, ...]:
        """Input, kernel and output. ``ghost``: what a ghost cell holds; ``draw``: how the output is drawn."""
        output = () if self.output is None else (draw(self.output),)
        return (input_grid(self.x, self.axes, ghost), *self.kernels, *output)

    def photos(self, shown: str) -> tuple[Photo, ...]:
        """The picture that goes in, by its name, and what the real layer made of it."""
        output = self.keras_output
        said = "What the layer makes of it"
        made = () if output is None else (photo(output, "output", "output", said, grown=self.steps),)
        return (input_photo(self.x, shown), *made)

    @property
    def steps(self) -> tuple[int, int]:
        """How far the window moves down, and to the right: as much of the input goes with each cell of the output."""
        height, width = (axis.stride if isinstance(axis, Window) else 1 for axis in self.axes)
        return height, width

    def arithmetic(self, **more: Any) -> tuple[Arithmetic, ...]:
        """How each cell came about: the sum of its window times the kernel; nothing where there is no output, or two.

        Args:
            more: fields of ``Arithmetic`` that are something else.
        """
        output, made = self.output, self.keras_output
        if output is None or made is None or not self.comparison.same_shape:
            return ()
        if "rows" not in more:
            more["rows"], more["columns"] = (a.all_taps(n) for a, n in zip(self.axes, self.x.shape, strict=True))
        kernel = {} if self.weights is None else {"kernel": "kernel"}
        return (Arithmetic(**{"keras": unlike(made, output), **kernel, **more}),)

    def formula(self, lines: Callable[[A, int], Iterable[str]]) -> AnswerCard:
        """The formulas with the numbers in. ``lines``: writes them for an axis and its n."""
        if (reason := reason_for_refusal(self.code, self.arrays[0].shape)) is not None:
            return AnswerCard("Formula", ("no output", reason))
        found = [f"{s}{line}" for s, axis, n in self.sides("", ("height: ", "width: ")) for line in lines(axis, n)]
        return AnswerCard("Formula", tuple(found))

    def by_hand(self, done: tuple[str, str]) -> AnswerCard:
        """The computation in NumPy. ``done``: what was done to the one cell, to all of several cells."""
        values = self.comparison.by_hand
        if values is None:
            return AnswerCard("By hand (NumPy)", ("no output",))
        told = f"the one cell {done[0]}" if values.size == 1 else f"all {values.size} cells {done[1]}"
        return AnswerCard("By hand (NumPy)", (self.size, told))

    def keras(self) -> AnswerCard:
        """What the real layer gave, or its own words."""
        if self.comparison.keras is None:
            return AnswerCard("Keras", ("refuses", str(self.comparison.refusal_keras)))
        gap, lines = self.comparison.largest_difference, [size(self.comparison.shape_keras)]
        if gap is not None:
            lines.append(f"the layer below; largest difference in any value: {format_difference(gap)}")
        return AnswerCard("Keras", tuple(lines))

    def frame(
        self,
        settings: LayerSettings,
        lines: Callable[[A, int], Iterable[str]],
        done: tuple[str, str],
        impossible: str,
        grids: Callable[[], Iterable[Grid]] | None = None,
        arithmetic: Callable[[], Iterable[Arithmetic]] | None = None,
        photos: Iterable[Photo] = (),
        remarks: Iterable[str] = (),
    ) -> Frame:
        """The frame of a layer.

        Args:
            settings: what it was made of.
            lines: as for ``formula``.
            done: as for ``by_hand``.
            impossible: as for ``verdict``.
            grids: makes the grids, where numbers are shown; input, kernel and output if not given.
            arithmetic: makes the arithmetic, where numbers are shown; that of a window if not given.
            photos: further ones, where a picture is shown.
            remarks: those of the frame.
        """
        shown, numbers = settings.shown, settings.shown is None
        pictures = () if shown is None else (*self.photos(shown), *photos)
        shape = self.comparison.shape_by_hand
        return Frame(
            grids=tuple((grids or self.grids)()) if numbers else self.kernels,
            photos=pictures,
            arithmetic=tuple((arithmetic or self.arithmetic)()) if numbers else (),
            # A picture is for the eye: its size is said, and the formula waits for numbers that can be counted.
            answers=(self.formula(lines if numbers else _size_only), self.by_hand(done), self.keras()),
            agrees=self.agrees,
            refused=self.refused,
            verdict=self.verdict(impossible),
            code=script({"layer": self.code}, self.arrays[0], shown, self.arrays[1], self.refused, shape),
            result=self.result,
            question=settings.question(),
            remarks=tuple(remarks),
        )


def run(code: LayerCode, x: Map, weights: Map | None = None) -> LayerRun[Any]:
    """Run the real layer with these weights, and put it beside the computation by hand.

    Args:
        code: the layer, of one filter.
        x: ``(height, width)``.
        weights: ``(height, width)``, or None for a layer without weights.
    """
    try:
        axes = code.axes
    except ShapeError:
        axes = ()
    shaped = None if weights is None else weights[:, :, np.newaxis, np.newaxis]
    return LayerRun(code, axes, x, weights, compared(code, x[np.newaxis, :, :, np.newaxis], shaped))


def compared(code: LayerCode, batch: NDArray[Any], weights: NDArray[Any] | None) -> Comparison:
    """The real layer with these weights on a batch, beside the computation by hand.

    Raises:
        RuntimeError: if Keras refuses to make a layer that has an output by hand; that is a bug, and is shown as one.
    """
    try:
        layer = _kept(code.kind, tuple(code.settings.items()))
    except KerasRefusal as error:
        reason = reason_for_refusal(code, batch.shape[1:-1])
        if reason is None:
            raise RuntimeError(f"By hand {code.text} has an output, and Keras refuses to make it: {error}") from error
        return Comparison(code.kind, batch.shape, None, None, None, reason, str(error))
    # Where it refuses the map, ``compare`` asks again and reports what it says.
    with contextlib.suppress(KerasRefusal):
        keras_layers.output_shape(layer, batch.shape)
        if not layer.built:
            layer.build(batch.shape)
        if weights is not None:
            layer.set_weights([weights])
    return compare(layer, batch)


@lru_cache(maxsize=256)
def _kept(kind: str, settings: tuple[tuple[str, Any], ...]) -> Any:
    """A real layer. A slider comes back to the same one again and again: it is kept, and run anew each time."""
    return LayerCode(kind, dict(settings)).build()


def reason_for_refusal(code: LayerCode, sizes: Sequence[int]) -> str | None:
    """Why the formulas say that a layer has no output for a map of these sizes, or None if it has one."""
    try:
        axes = code.axes
        keras_layers.check_settings(code.kind, axes)
        for axis, n in zip(axes, sizes, strict=True):
            axis.check_runs(n)
    except ShapeError as error:
        return str(error)
    return None


@dataclass(frozen=True)
class TwoLayers:
    """Two real layers, one after the other, each beside the computation by hand.

    Attributes:
        first: on the map that goes in.
        second: on what Keras's first layer made of it; None where that is nothing.
    """

    first: LayerRun[Any]
    second: LayerRun[Any] | None

    @property
    def agrees(self) -> bool:
        """Both layers agree with the computation by hand."""
        return self.first.agrees and (self.second is None or self.second.agrees)

    @property
    def decisive(self) -> LayerRun[Any]:
        """The first that does not agree; if all do, the last."""
        return self.first if self.second is None or not self.first.agrees else self.second

    @property
    def output(self) -> Map | None:
        """What comes out in the end, or None."""
        return None if self.second is None else self.second.output


def run_both(first: LayerCode, second: LayerCode, x: Map, weights: Map | None = None) -> TwoLayers:
    """Run two real layers one after the other. ``weights``: those of the second."""
    before = run(first, x)
    made = before.keras_output
    return TwoLayers(before, None if made is None else run(second, made, weights))


# -- numbers and words --------------------------------------------------------------------------------------------


def size(shape: tuple[int, ...] | None) -> str:
    """Height and width of a batch of maps; of a sequence or a vector, its one number."""
    if shape is None:
        return ""
    if len(shape) == 3:
        return str(shape[1])
    return f"{shape[1]} × {shape[2]}" if len(shape) == 4 else str(tuple(shape[1:]))


def by(shape: Sequence[int]) -> str:
    """Height and width in few signs."""
    return f"{shape[0]}×{shape[1]}"


def _size_only(axis: Any, n: int) -> tuple[str, ...]:
    return (f"o = {axis.output_size(n)}",)


def lower_first(sentence: str) -> str:
    """A sentence that goes on behind a colon."""
    return sentence[:1].lower() + sentence[1:]


def texts(values: Map) -> list[list[str]]:
    """Every number of a map as the arithmetic shows it."""
    return [[number(v) for v in row] for row in values.tolist()]


def unlike(made: Map, by_hand: Map) -> list[list[str]] | None:
    """The numbers of a map, if any of them is written otherwise than by hand."""
    written = texts(made)
    return None if written == texts(by_hand) else written


def _map_of(values: NDArray[Any]) -> Map:
    """The one map in a batch of one with one channel; a sequence is a map of one row, a vector one of one cell."""
    return np.asarray(values, dtype=float).reshape(values.shape[1:3] if values.ndim == 4 else (1, -1))
