"""Builds the whole model again before anything is said of it: for another input, or repaired."""

from __future__ import annotations

import contextlib
import functools
import io
import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_utils.explain.calls import Call, has_graph, walk
from course_utils.explain.keras_side import arguments_of, randomness_untouched
from course_utils.explain.rebuild import rebuild
from course_utils.explain.rows import Repair, Row, TriedSize
from course_utils.explain.rules.core import Shapes
from course_utils.explain.search import REACH, Sizes, divisor, last_sizes
from course_utils.explain.shapes import channels_of, shape_of, sizes_of
from course_utils.explain.wording import Shape
from course_utils.keras_layers import load_keras, missing_kernel

#: Maps with more cells are not run: a smaller one that leaves the same remainders shows the same.
_MOST_CELLS = 4096


@dataclass
class Trials:
    """A model, a list of layers, or a function that builds a model, to be built again.

    Attributes:
        model: what is built again.
        rows: what is known of it.
        given: the sizes that go in.
        name: of ``model`` in the code of a repair.
    """

    model: Any
    rows: Sequence[Row]
    given: Sizes
    name: str = "model"
    _tried: dict[Sizes, Shapes] = field(default_factory=dict)

    @property
    def input_in_code(self) -> str:
        """The input as an argument of ``rebuild``, for what does not know it by itself."""
        known = has_graph(self.model) and all(None not in tensor.shape[1:] for tensor in self.model.inputs)
        shapes = [shape[1:] for shape in self._start.input_shapes]
        return "" if known or self.name == "make" else f", input_shape={shapes[0] if len(shapes) == 1 else shapes}"

    @property
    def channels_last(self) -> bool:
        """Where the channels stand in what goes in."""
        return self._start.call.channels_last

    @property
    def _start(self) -> Row:
        return next(row for row in self.rows if None in row.sources)

    @property
    def _cannot_run(self) -> bool:
        """Whether TensorFlow has no kernel on this processor for a layer; its sizes are right all the same."""
        return any(missing_kernel(row.call.layer) for row in self.rows if hasattr(row.call.layer, "data_format"))

    def shape(self, sizes: Sizes) -> Shape:
        """A shape that goes in, without the batch axis."""
        given = self._start.input_shapes[0]
        if len(given) == len(sizes) + 1:  # words have no channels
            return sizes
        channels = channels_of(given, self.channels_last)
        return shape_of(None, sizes, channels, self.channels_last)[1:]

    def size(self, sizes: Sizes) -> TriedSize | None:
        """What comes out of the whole model for an input of other sizes; None where it cannot be built or run."""
        if sizes not in self._tried:
            self._tried[sizes], shape = (), self.shape(sizes)
            with _quietly():
                model = rebuild(self.model, input_shape=shape)
                made = _shapes_made(model, shape)
                if math.prod(sizes) > _MOST_CELLS or self._cannot_run or _called(model) == made:
                    self._tried[sizes] = made
        found = self._tried[sizes]
        return TriedSize(self.shape(sizes), found[0] if len(found) == 1 else found) if found else None

    def holds(self, repair: Repair, wanted: Sizes | None = None) -> bool:
        """Whether the whole repaired model can be built and called, and gives what is wanted (None: anything)."""
        code = compile(repair.code, "repair", "exec")  # as it is printed
        with _quietly():
            names: dict[str, Any] = {"keras": load_keras(), self.name: self.model}
            exec(code, names)
            repaired = names["repaired"]
            made = _shapes_made(repaired, self.shape(self.given))
            if any(None in shape for shape in made) or (wanted is not None and self._sizes(made[0]) != wanted):
                return False
            smaller = self._smaller if wanted == self.given else None
            if smaller is None or wanted is None:
                return _called(repaired) == made
            sizes = self._sizes(_called_by_layers(repaired, self.shape(smaller)))
            # A size that is written into the code, as in a Resizing, stays.
            return all(n in (small, out) for n, small, out in zip(sizes, smaller, wanted, strict=True))
        return False

    def _sizes(self, shape: Shape) -> Shape:
        return sizes_of((None, *shape), self.rows[-1].call.channels_last)

    @functools.cached_property
    def _smaller(self) -> Sizes | None:
        """Sizes that leave the same remainders and miss by as much, where the given ones are large."""
        if math.prod(self.given) <= _MOST_CELLS or self.name == "make":
            return None
        step, gaps = divisor(self.rows), self._gaps(self.given)
        for more in range(1, REACH):
            sizes = tuple(n % step + step * more for n in self.given)
            if gaps is not None and self._gaps(sizes) == gaps:
                return sizes if math.prod(sizes) < math.prod(self.given) else None
        return None

    def _gaps(self, sizes: Sizes) -> list[int] | None:
        """By how much what comes out is larger than what went in."""
        made = last_sizes(self.rows, sizes)
        return None if made is None else [a - b for a, b in zip(made, sizes, strict=True)]


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """What refuses is not offered. Neither are the warnings and prints of a trial anybody's business."""
    with (
        warnings.catch_warnings(action="ignore"),
        contextlib.redirect_stdout(io.StringIO()),
        randomness_untouched(),
        contextlib.suppress(Exception),
    ):
        yield


def _shapes_made(model: Any, shape: Shape) -> Shapes:
    """What the model says that it gives, at each of its outputs."""
    if not getattr(model, "outputs", None):
        model(load_keras().Input(shape=shape))
    shapes = tuple(tuple(tensor.shape)[1:] for tensor in model.outputs)
    if any(0 in shape for shape in shapes):
        raise ValueError("Keras builds a map without a cell, as behind x[:, 20:].")
    return shapes


def _called_by_layers(model: Any, shape: Shape) -> Shape:
    """What the layers of a model give, one by one, for a map of zeros of another size than it was built for."""

    def visit(call: Call, values: Sequence[Any]) -> Sequence[Any]:
        arguments, settings = arguments_of(values, call)
        return tuple(load_keras().tree.flatten(call.layer(*arguments, **settings)))

    zeros = np.zeros([1, *(n or 1 for n in shape)], dtype=load_keras().backend.standardize_dtype(model.inputs[0].dtype))
    (made,) = walk(model, [zeros], visit, show_inputs=False)
    return tuple(made.shape)[1:]


def _called(model: Any) -> Shapes:
    """What a model gives for zeros, at each of its outputs."""
    keras = load_keras()
    zeros = [
        np.zeros([n or 1 for n in tensor.shape], dtype=keras.backend.standardize_dtype(tensor.dtype))
        for tensor in model.inputs
    ]
    made = keras.tree.flatten(model(zeros[0] if len(zeros) == 1 else zeros))
    return tuple(tuple(keras.ops.convert_to_numpy(tensor).shape)[1:] for tensor in made)
