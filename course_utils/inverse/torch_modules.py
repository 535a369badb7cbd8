"""How modules of PyTorch are written, and what has to be known of what goes in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from course_utils.inverse.arguments import Shape

#: Ghost cells (before, after), per axis; cells that are cut off are negative.
Pads = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class LayerInput:
    """What reaches the layer in Keras, and where PyTorch has each axis of it: the channels come before the sizes.

    Attributes:
        shape: with the batch axis; None for a size that is not known, and for all where not even their number is.
        last: whether Keras has the channels last.
    """

    shape: Shape | None
    last: bool = True

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
                "PyTorch must be told how many channels come in. Say it: port(layer, input_shape=(28, 28, 3))."
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
        """The axes in PyTorch's order, by their numbers in Keras."""
        rank = len(self.known)
        return (0, rank - 1, *range(1, rank - 1)) if self.last else tuple(range(rank))

    def dim(self, axis: int) -> int:
        """Where PyTorch has an axis of Keras's; the last one of all is known even where their number is not."""
        if self.shape is None and axis == (-1 if self.last else 1):
            return 1
        return self.order.index(range(len(self.known))[axis])


@dataclass(frozen=True)
class Module:
    """One module.

    Attributes:
        call: its constructor.
        weights: attribute of the module → the array for it, as an expression of NumPy.
    """

    call: str
    weights: dict[str, str] = field(default_factory=dict)


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


def call(name: str, *numbers: object, **settings: object) -> str:
    """A constructor of ``torch.nn``; settings that are None are left out."""
    written = [str(number) for number in numbers]
    written += [f"{key}={value}" for key, value in settings.items() if value is not None]
    return f"nn.{name}({', '.join(written)})"


def each(numbers: Sequence[Any]) -> str:
    """One number if all axes have the same, else a tuple."""
    return repr(numbers[0] if len(set(numbers)) == 1 else tuple(numbers))


def unless(default: int, numbers: Sequence[int]) -> str | None:
    """None where all are the default, which is then not written."""
    return None if set(numbers) == {default} else each(numbers)


def transposed(array: str, order: Sequence[int]) -> str:
    """An array with its axes in another order, as an expression of NumPy."""
    in_order = list(order) == sorted(order)
    return array if in_order else f"{array}.transpose({', '.join(map(str, order))})"


def pad_module(pads: Pads, value: str = "0.0") -> Module:
    """Ghost cells around the map. PyTorch counts the sides from the last axis: left, right, top, bottom."""
    sides = tuple(cells for pair in reversed(pads) for cells in pair)
    if value == "0.0" and len(pads) == 2:
        return Module(call("ZeroPad2d", sides))
    return Module(call(f"ConstantPad{len(pads)}d", sides, value))
