"""What a Keras layer does, one step at a time and in no framework's words; and what has to be known to write that.

A ``Target`` is a framework that layers are written in: it has a writer for each kind of step, and assembles the text.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from course_utils.axes import Window
from course_utils.explain.wording import AXIS_NAMES, listed
from course_utils.inverse.arguments import Shape
from course_utils.inverse.found import WIDTH
from course_utils.keras_layers import Layer

#: Ghost cells (before, after), per axis; cells that are cut off are negative.
Pads = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class LayerInput:
    """What reaches the layer in Keras, and where the target has each axis of it.

    Attributes:
        shape: with the batch axis; None for a size that is not known, and for all where not even their number is.
        last: whether Keras has the channels last.
        target: where the layer goes.
    """

    shape: Shape | None
    last: bool
    target: Target

    @property
    def known(self) -> Shape:
        """The shape. Raises ValueError where not even the number of its axes is known."""
        if self.shape is None:
            raise ValueError("How many axes come in has to be known. Say it: port(layer, input_shape=(28, 28, 3)).")
        return self.shape

    @property
    def sizes(self) -> tuple[int | None, ...]:
        """Per spatial axis; None where it is not known."""
        return self.known[1:-1] if self.last else self.known[2:]

    @property
    def channels(self) -> int:
        """How many come in. Raises ValueError where that is not known."""
        channels = None if self.shape is None else self.shape[-1 if self.last else 1]
        if channels is None:
            raise ValueError(
                "It has to be known how many channels come in. Say it: port(layer, input_shape=(28, 28, 3))."
            )
        return channels

    def check_groups(self, groups: int) -> None:
        """Raise ValueError unless the channels can be dealt out to so many groups."""
        if self.channels % groups:
            raise ValueError(
                f"{self.channels} channels cannot be dealt out to groups={groups}: {groups} must divide them."
            )

    @property
    def order(self) -> tuple[int, ...]:
        """The axes in the target's order, by their numbers in Keras."""
        rank = len(self.known)
        if self.last == self.target.channels_last:
            return tuple(range(rank))
        return (0, rank - 1, *range(1, rank - 1)) if self.last else (0, *range(2, rank), 1)

    def dim(self, axis: int) -> int:
        """Where the target has an axis of Keras's; that of the channels is known even where their number is not."""
        if self.shape is None and axis == (-1 if self.last else 1):
            return -1 if self.target.channels_last else 1
        return self.order.index(range(len(self.known))[axis])


# -- steps --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One thing that a layer does.

    Attributes:
        kind: the kind of the layer without its dimensions: ``"MaxPooling"``.
        layer: the Keras layer, which has the settings.
        axes: one for each spatial dimension, where it has any.
    """

    kind: str
    layer: Layer
    axes: Sequence[Any]

    @property
    def ends(self) -> Pads:
        """What a padding adds, or a cropping cuts off, on each axis."""
        return tuple((axis.before, axis.after) for axis in self.axes)


@dataclass(frozen=True)
class Convolution(Step):
    """A convolution, or one the other way.

    Attributes:
        channels: how many come in.
        filters: how many go out.
        kernel: the name of its array.
        bias: whether it has one.
        groups: into which the channels are dealt out; where it is depthwise, each channel is one.
        crops: what a transposed one cuts off the sum of all stamps; a negative number adds cells that hold zeros.
    """

    channels: int
    filters: int
    kernel: str
    bias: bool
    groups: int = 1
    depthwise: bool = False
    crops: Pads = ()


@dataclass(frozen=True)
class Activation:
    """A function of Keras's, by its name; ``axis`` is the target's."""

    name: str
    settings: Mapping[str, Any]
    kind: str = "Activation"


# -- as text ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Module:
    """One module, node or function.

    Attributes:
        call: what makes it.
        weights: what the target calls a weight → the array for it, as an expression of NumPy.
    """

    call: str
    weights: Mapping[str, str] = field(default_factory=dict)


#: How a step is written, and what has to be known about that, one sentence each.
Written = tuple[tuple[Module, ...], tuple[str, ...]]


@dataclass(frozen=True)
class Ported:
    """The modules in their order.

    Attributes:
        arrays: the names given to what ``layer.get_weights()`` returns.
        notes: what has to be known, one sentence each.
        pointwise: each value is worked out by itself, so the order of the axes does not matter.
    """

    modules: tuple[Module, ...]
    arrays: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    pointwise: bool = False


@dataclass(frozen=True)
class Code:
    """What is pasted: imports, ``variable = call``, and the lines that come after, which give it its weights."""

    imports: tuple[str, ...]
    variable: str
    call: str
    weights: tuple[str, ...]


@dataclass(frozen=True)
class Target:
    """A framework that layers are written in.

    Attributes:
        name: what it is called.
        channels_last: where its layers have the channels.
        moved: the note on the order of the axes; ``{how}`` is where ``copied`` stands.
        copied: how to bring them into it; ``{order}`` are their numbers in Keras, where their number is known.
        dtypes: the number types of weights that it takes from NumPy.
        in_dtype: how to make it compute in ``{dtype}``, a sentence.
        writers: kind of step → how it is written.
        activations: the names of the functions that it has.
        interpolations: the names of those with which it upsamples as Keras does. TensorFlow's bicubic rounds the place
            of a cell to 1/1024, as no other does.
        identity: what changes nothing.
        own: rules for layers that it alone has one for.
        hints: what to do about layers that have no rule, and are often asked about.
        assemble: makes the code of modules, of an input, and of the line that reads the arrays, if there is one.
    """

    name: str
    channels_last: bool
    moved: str
    copied: str
    dtypes: tuple[str, ...]
    in_dtype: str
    writers: Mapping[str, Callable[[Any, LayerInput], Written]]
    activations: Container[str]
    interpolations: Container[str]
    identity: Module
    assemble: Callable[[Ported, LayerInput, tuple[str, ...]], Code]
    own: Mapping[str, Callable[[Any, LayerInput], Ported]] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)

    def write(self, steps: Sequence[Step | Activation], given: LayerInput, arrays: Sequence[str] = ()) -> Ported:
        """All steps, one behind the other."""
        found = [self.writers[step.kind](step, given) for step in steps]
        modules = tuple(itertools.chain.from_iterable(modules for modules, _ in found))
        pointwise = all(isinstance(step, Activation) and "axis" not in step.settings for step in steps)
        notes = tuple(itertools.chain.from_iterable(notes for _, notes in found))
        return Ported(modules or (self.identity,), tuple(arrays), notes, pointwise)


def folded(call: str, margin: str = "") -> str:
    """A long call on several lines; it breaks at a blank, inside its brackets."""
    return f"\n{margin}    ".join(textwrap.wrap(call, WIDTH - 12, break_on_hyphens=False))


def nested(opening: str, calls: Sequence[str], closing: str) -> str:
    """Calls one behind the other, a line or more to each."""
    return "\n".join([opening, *(f"    {folded(call, '    ')}," for call in calls), closing])


def each(numbers: Sequence[Any]) -> str:
    """One number if all axes have the same, else a tuple."""
    return repr(numbers[0] if len(set(numbers)) == 1 else tuple(numbers))


def transposed(array: str, order: Sequence[int]) -> str:
    """An array with its axes in another order, as an expression of NumPy."""
    in_order = list(order) == sorted(order)
    return array if in_order else f"{array}.transpose({', '.join(map(str, order))})"


def bias_of(there: bool) -> dict[str, str]:
    """The bias, if there is one: what every target calls it → its array."""
    return {"bias": "bias"} if there else {}


def channels_first(step: Convolution) -> str:
    """The kernel as PyTorch and ONNX store it.

    (*k, a, b) → (b, a, *k): both kinds of convolution store their two channel axes the other way round. Depthwise
    (*k, c_in, m) → (c_in·m, 1, *k): the m results of a channel stand side by side in both.
    """
    d = len(step.axes)
    if step.depthwise:
        sizes = ", ".join(str(axis.size) for axis in step.axes)
        return f"{transposed(step.kernel, (d, d + 1, *range(d)))}.reshape(-1, 1, {sizes})"
    return transposed(step.kernel, (d + 1, d, *range(d)))


def pads_of(axes: Sequence[Window], given: LayerInput) -> tuple[Pads, tuple[str, ...]]:
    """The ghost cells on each axis, and what has to be said about them."""
    pads, notes, bound = [], [], []
    for name, axis, n in zip(AXIS_NAMES[len(axes)], axes, given.sizes, strict=True):
        # *same* depends on n only by what is left when it is divided by s; these sizes leave every rest.
        possible = {axis.pads(m) for m in range(axis.effective_size, axis.effective_size + axis.stride)}
        if n is None and len(possible) > 1:
            raise ValueError(
                f'With padding="same" and s = {axis.stride} the ghost cells depend on the size, and the {name} is not '
                "known. Say it: port(layer, input_shape=(28, 28, 3))."
            )
        pads.append(axis.pads(axis.effective_size if n is None else n))
        if len(possible) > 1:
            bound.append(f"{name} {n}")
    uneven = [pair for pair in pads if pair[0] != pair[1]]
    if uneven:
        notes.append(f"Keras pads {uneven[0]} here, before and after: one number for both sides would be wrong.")
    if bound:
        notes.append(f"The padding holds for {listed(bound)}. For another size ask again: it may differ.")
    return tuple(pads), tuple(notes)
