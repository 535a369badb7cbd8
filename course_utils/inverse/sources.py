"""``came_from``: the input sizes that give an output. Searched by asking the axes, and verified by Keras."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import product
from typing import Any, overload

from course_utils.axes import Axis, GlobalWindow, NoRule, ShapeError
from course_utils.explain.wording import AXIS_NAMES, count, listed
from course_utils.inverse import arguments
from course_utils.inverse.found import WIDTH
from course_utils.keras_layers import (
    KerasRefusal,
    Layer,
    axes_of,
    channels_last,
    check_settings,
    has_axes,
    kind_of,
    output_shape,
)

#: What goes into a layer or a chain: one number where all axes are alike, else one for each axis.
Size = int | tuple[int, ...]

_EXAMPLE = 'came_from(7, keras.layers.MaxPooling2D(2, padding="same"))'

#: Layers without axes that leave every size as it is.
_KEEP_SIZES = (
    "Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax", "Dropout", "SpatialDropout1D",
    "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout", "GaussianDropout", "GaussianNoise",
    "ActivityRegularization", "Identity", "Rescaling", "Normalization", "BatchNormalization",
    "LayerNormalization", "GroupNormalization", "RMSNormalization", "UnitNormalization",
)  # fmt: skip


@dataclass(frozen=True, repr=False)
class Sources(Sequence[Size]):
    """The input sizes that give an output, in rising order: numbers where the axes are alike, else tuples.

    Attributes:
        layers: the kinds of the layers, in the order in which they are called.
        output: what is to come out, per axis.
        sizes: per axis, every input size that gives it.
        sentence: why there are several, one or none.
        disagreements: where Keras says otherwise, with both numbers. There should be none.
    """

    layers: tuple[str, ...]
    output: tuple[int, ...]
    sizes: tuple[tuple[int, ...], ...]
    sentence: str
    disagreements: tuple[str, ...] = ()
    alike: bool = True

    def __len__(self) -> int:
        return len(self.sizes[0]) if self.alike else math.prod(map(len, self.sizes))

    def __iter__(self) -> Iterator[Size]:
        return iter(self.sizes[0]) if self.alike else product(*self.sizes)

    @overload
    def __getitem__(self, place: int) -> Size: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Size, ...]: ...
    def __getitem__(self, place: int | slice) -> Size | tuple[Size, ...]:
        return tuple(self)[place]

    @property
    def title(self) -> str:
        """What was asked, and the answer in numbers."""
        made = _shown(self.output, self.alike)
        if self.alike:
            found = _numbers(self.sizes[0])
        else:
            names = AXIS_NAMES[len(self.sizes)]
            found = ", ".join(f"{name} {_numbers(sizes)}" for name, sizes in zip(names, self.sizes, strict=True))
        return f"{' → '.join(self.layers)} gives {made} from: {found}."

    def _lines(self) -> list[str]:
        return [self.title, self.sentence, *(f"✗ {difference}" for difference in self.disagreements)]

    def __str__(self) -> str:
        return "\n".join(line for text in self._lines() for line in textwrap.wrap(text, WIDTH))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        title, *rest = self._lines()
        return f"<div><strong>{escape(title)}</strong></div>" + "".join(f"<div>{escape(line)}</div>" for line in rest)


def came_from(output: int | Sequence[int], layer: Layer | Sequence[Layer]) -> Sources:
    """List every input size that gives ``output``, for one layer or for a list of layers called one after the other.

    The sizes come from ``axes``. Keras is asked about each of them, and about the sizes just below and above.

    Args:
        output: the size that comes out, or one for each axis: ``(7, 9)`` is a height and a width.
        layer: a layer or a list of layers; none of them is changed. Layers that keep every size, such as activations,
            may stand between.

    Returns:
        The sizes: numbers if all axes are alike (each axis may take any of them), else tuples (height, width).

    Raises:
        TypeError: for anything that is not a Keras layer or a list of them.
        ValueError: for an output below 1, or a layer that says nothing about where its output came from.
        NoRule: for a layer without a rule by hand.

    >>> import keras
    >>> list(came_from(7, keras.layers.MaxPooling2D(2, padding="same")))
    [13, 14]
    """
    layers = _layers(layer)
    chains = _chains(layers)
    outputs = _outputs(output, len(chains))
    names = AXIS_NAMES[len(chains)]
    found = [_search(chain, o) for chain, o in zip(chains, outputs, strict=True)]
    alike = len({*zip(chains, outputs, strict=True)}) == 1 and not isinstance(output, list | tuple)
    sentences = [_sentence(layers, chain, o, part) for chain, o, part in zip(chains, outputs, found, strict=True)]
    sentence = (
        sentences[0]
        if alike
        else " ".join(f"{name.capitalize()}: {said}" for name, said in zip(names, sentences, strict=True))
    )
    sizes = tuple(tuple(part.sizes) for part in found)
    kinds = tuple(type(layer).__name__ for layer in layers)
    return Sources(kinds, outputs, sizes, sentence, tuple(_keras_differs(layers, chains, outputs, found)), alike)


# -- what was handed over -----------------------------------------------------------------------------------------


def _layers(given: Any) -> list[Layer]:
    if not isinstance(given, list | tuple):
        return [arguments.layer(given, "came_from", _EXAMPLE)]
    if not given:
        raise ValueError(f"The list of layers is empty. Try {_EXAMPLE}.")
    return [arguments.layer(thing, "came_from", _EXAMPLE) for thing in given]


def _chains(layers: Sequence[Layer]) -> tuple[tuple[Axis, ...], ...]:
    """For each spatial dimension, the axes that it goes through; layers that keep every size have none."""
    per_layer = []
    for layer in layers:
        if has_axes(layer):
            axes = axes_of(layer)
            check_settings(kind_of(layer), axes)
            if isinstance(axes[0], GlobalWindow):
                raise ValueError(
                    f"{kind_of(layer)} makes one cell of every size, so its output says nothing about its input."
                )
            per_layer.append(axes)
        elif kind_of(layer) not in _KEEP_SIZES:
            raise NoRule(f"There is no rule by hand for {kind_of(layer)}, so no way back through it either.")
    if not per_layer:
        raise ValueError("None of these layers changes a size: whatever comes out went in.")
    if len({len(axes) for axes in per_layer}) > 1:
        dimensions = listed([f"{len(axes)}-D" for axes in per_layer])
        raise ValueError(f"These layers do not follow one another: they are {dimensions}.")
    return tuple(zip(*per_layer, strict=True))


def _outputs(output: Any, dimensions: int) -> tuple[int, ...]:
    outputs = arguments.sizes(output, "output")
    if not isinstance(output, list | tuple):
        return outputs * dimensions
    if len(outputs) != dimensions:
        raise ValueError(
            f"output has {count(len(outputs), 'size')}, and the layer has "
            f"{dimensions} spatial axes: {', '.join(AXIS_NAMES[dimensions])}."
        )
    return outputs


# -- by hand ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Found:
    """All sizes that give an output on one axis, the sizes beside them, and why a layer would not run."""

    sizes: range | tuple[()]
    below: int | None
    above: int
    does_not_run: str = ""


def _through(chain: Sequence[Axis], n: int) -> int:
    """What comes out of ``n``; 0 where nothing does, because ``n`` is too small."""
    try:
        for axis in chain:
            n = axis.output_size(n)
    except ShapeError:
        return 0
    return max(n, 0)


def _search(chain: Sequence[Axis], o: int) -> _Found:
    """Every axis gives as much or more for a larger input, so the sizes lie side by side between two bounds."""
    first = _smallest(lambda n: _through(chain, n) >= o)
    after = _smallest(lambda n: _through(chain, n) > o)
    below = first - 1 if first > 1 else None
    refusal = _why_it_does_not_run(chain, first)
    return _Found(() if refusal else range(first, after), below, after, refusal)


def _smallest(holds: Callable[[int], bool]) -> int:
    """The smallest n of at least 1 for which something holds that holds for all above it, too."""
    high = 1
    while not holds(high):
        high *= 2
    low = high // 2  # it does not hold there, or low is 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _why_it_does_not_run(chain: Sequence[Axis], n: int) -> str:
    """A transposed convolution may have a size and yet not run; whether it does is the same for every n."""
    try:
        for axis in chain:
            axis.check_runs(n)
            n = axis.output_size(n)
    except ShapeError as error:
        return str(error)
    return ""


# -- in words -----------------------------------------------------------------------------------------------------


def _sentence(layers: Sequence[Layer], chain: Sequence[Axis], o: int, found: _Found) -> str:
    if found.does_not_run:
        return found.does_not_run
    if not found.sizes:
        return _none(chain, o, found)
    first, last = found.sizes[0], found.sizes[-1]
    if first == last:
        return f"Only {first} gives {o}: {_numbers_of(chain, first)}."
    names = [type(layer).__name__ for layer in layers if has_axes(layer)]
    rounding = [(name, _rounds(axis)) for name, axis in zip(names, chain, strict=True) if _rounds(axis)]
    ends = f"{_numbers_of(chain, first)} and {_numbers_of(chain, last)}"
    if len(rounding) == 1:
        return f"{rounding[0][0]} rounds {rounding[0][1]}, so {len(found.sizes)} sizes give the same {o}: {ends}."
    return f"{len(rounding)} of the layers round, so {len(found.sizes)} sizes end at the same {o}: {ends}."


def _none(chain: Sequence[Axis], o: int, found: _Found) -> str:
    larger = f"{found.above} gives {_through(chain, found.above)}"
    below = 0 if found.below is None else _through(chain, found.below)
    if below < 1:
        return f"No size gives {o}: the smallest that comes out is {_through(chain, found.above)}, from {found.above}."
    return f"No size gives {o}: {found.below} gives {below}, and {larger}."


def _rounds(axis: Axis) -> str:
    """``up`` or ``down``, as the rule of the axis says, if several sizes give the same: ⌈n / 1⌉ rounds nothing."""
    first = _smallest(lambda n: _through([axis], n) >= 1)
    second = _smallest(lambda n: _through([axis], n) > _through([axis], first))
    if _through([axis], second + 1) > _through([axis], second):
        return ""
    return "up" if "⌈" in axis.formula(first).symbols else "down"


def _numbers_of(chain: Sequence[Axis], n: int) -> str:
    """The rule with its numbers; of a chain, the sizes on the way."""
    if len(chain) == 1:
        return chain[0].formula(n).numbers
    way = [n]
    for axis in chain:
        way.append(axis.output_size(way[-1]))
    return " → ".join(map(str, way))


def _numbers(sizes: Sequence[int]) -> str:
    """``13 and 14``, ``25 to 32``, ``no size``."""
    if len(sizes) > 2:
        return f"{sizes[0]} to {sizes[-1]}"
    return listed([str(n) for n in sizes]) or "no size"


def _shown(output: tuple[int, ...], alike: bool) -> str:
    return str(output[0]) if alike else "×".join(map(str, output))


# -- by Keras -----------------------------------------------------------------------------------------------------


def _keras_differs(
    layers: Sequence[Layer], chains: Sequence[Sequence[Axis]], outputs: tuple[int, ...], found: Sequence[_Found]
) -> Iterator[str]:
    """Ask the real layers about every size that was found and about the two beside them, on each axis."""
    steady = [part.sizes[0] if part.sizes else part.above for part in found]
    for place, (part, chain) in enumerate(zip(found, chains, strict=True)):
        beside = [n for n in (part.below, part.above) if n is not None]
        for n in (*part.sizes, *beside):
            asked_about = [*steady[:place], n, *steady[place + 1 :]]
            by_hand = _through(chain, n)
            by_keras = _ask(layers, asked_about)
            if (by_keras[place] if by_keras else 0) != by_hand:
                said = f"{by_keras[place]}" if by_keras else "that nothing comes out"
                yield f"By hand {n} gives {by_hand} where {outputs[place]} is asked for; Keras says {said}."


def _ask(layers: Sequence[Layer], sizes: Sequence[int]) -> tuple[int | None, ...] | None:
    """The spatial sizes that Keras says come out; None where it refuses, or makes a map without a cell on the way."""
    last = channels_last(next(layer for layer in layers if has_axes(layer)))
    # One channel, also for a layer that was built for more: Keras's sizes do not look at them.
    shape: tuple[int | None, ...] = (None, *sizes, 1) if last else (None, 1, *sizes)
    try:
        for layer in layers:
            shape = output_shape(layer, shape)
            if any(n is not None and n < 1 for n in shape):
                return None
    except KerasRefusal:
        return None
    return shape[1:-1] if last else shape[2:]
