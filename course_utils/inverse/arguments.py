"""What was handed over: read it, or say in one sentence what to try instead."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

from course_utils.keras_layers import Layer, load_keras

#: Sizes above this are taken for a slip of the hand: no search ends soon there.
LARGEST = 100_000

#: A shape with its batch axis; None is a size that is not known.
Shape = tuple[int | None, ...]


def size(value: Any, name: str, largest: int = LARGEST) -> int:
    """One whole number from 1 to ``largest``; NumPy's are as good as Python's. Raises TypeError or ValueError."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} is a size, a whole number such as 7; it is {value!r}.")
    if not 1 <= int(value) <= largest:
        raise ValueError(f"{name} is a size from 1 to {largest:,}; it is {int(value):,}.")
    return int(value)


def sizes(value: Any, name: str) -> tuple[int, ...]:
    """One size, or a list of them, as a tuple. Raises TypeError or ValueError."""
    if not isinstance(value, list | tuple):
        return (size(value, name),)
    if not value:
        raise ValueError(f"{name} is an empty list. Give it at least one size, such as {name}=[7].")
    return tuple(size(part, name) for part in value)


def layer(thing: Any, asker: str, example: str) -> Layer:
    """One Keras layer that is no model.

    Args:
        thing: what was handed over.
        asker: the function that was called, for the sentence.
        example: a call that works.

    Raises:
        TypeError: for anything else.
    """
    keras = load_keras()
    if isinstance(thing, keras.Model):
        raise TypeError(
            f'{asker} takes layers, and "{thing.name}" is a model. Hand it one of its layers: '
            f'{asker}(..., {thing.name}.layers[1]) or {asker}(..., {thing.name}.get_layer("name")).'
            if asker == "came_from"
            else f'{asker} takes one layer, and "{thing.name}" is a model. Take its layers one by one: '
            f"[{asker}(layer) for layer in {thing.name}.layers[1:]]."
        )
    if isinstance(thing, type):
        raise TypeError(f"{thing.__name__} is a class. Make a layer of it first: {thing.__name__}(...).")
    if not isinstance(thing, keras.layers.Layer):
        shown = repr(thing) if isinstance(thing, str | int | float) or thing is None else type(thing).__name__
        raise TypeError(f"{asker} takes a Keras layer, and this is {shown}. Try {example}.")
    return thing


def input_shape(value: Any) -> Shape | None:
    """A shape without its batch axis, as ``keras.Input(shape=...)`` takes it; with an open batch axis in front.

    Raises:
        ValueError: for anything but whole numbers of at least 1 (or None).
    """
    if value is None:
        return None
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(map(_is_size, value)):
        raise ValueError(
            f"input_shape is a tuple of whole numbers of at least 1, without the batch axis, such as (28, 28, 3); "
            f"it is {value!r}."
        )
    return (None, *(None if n is None else int(n) for n in value))


def _is_size(n: object) -> bool:
    return n is None or (isinstance(n, Integral) and not isinstance(n, bool) and int(n) >= 1)


def built_for(layer: Layer) -> Shape | None:
    """The input, with its batch axis, that a layer was built for; None if it was not, or takes several."""
    shape = (layer.get_build_config() or {}).get("input_shape") if layer.built else None
    return tuple(shape) if shape and not isinstance(shape[0], list | tuple) else None
