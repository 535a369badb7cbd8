"""Layers that a learner hands in: find them, run them one by one, give them numbers that can be compared."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_utils.exercises.answers import BadAnswer, ask, check_callable, spell
from course_utils.exercises.catalogue import Misconception
from course_utils.exercises.result import CheckFailed
from course_utils.exercises.truth.measure import Array as Array
from course_utils.keras_layers import KerasRefusal, Layer, kind_of, load_keras, output_shape, run

Values = NDArray[np.float64]


#: Layers that are models: those in them are what is looked at.
MODELS = ("Sequential", "Functional")


def digits(shape: tuple[int, ...], seed: int) -> Array:
    """Whole numbers from −9 to 9, so that sums are exact; none is 0, which would look like a ghost."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.integers(1, 10, size=shape) * rng.choice((-1, 1), size=shape), dtype=np.float32)


def give_digits(layer: Layer, seed: int) -> None:
    """Replace the weights of a built layer by digits."""
    layer.set_weights([digits(tuple(weight.shape), seed) for weight in layer.weights])


def layers_of(function: Any, *args: Any, settings: str = "") -> list[Layer]:
    """The layers of the model, or the list of layers, that a learner's function returns for these arguments.

    A model among them stands for its own layers: a ``Sequential`` in a list is a way to write a list.
    """
    check_callable(function)
    keras = load_keras()
    made = ask(function, *args, settings=settings)
    layers = made.layers if isinstance(made, keras.Model) else made
    if isinstance(layers, keras.layers.Layer):
        layers = [layers]
    if isinstance(layers, (list, tuple)) and any(isinstance(one, (list, tuple)) for one in layers):
        raise CheckFailed("Your function returns a list in a list. Take one pair of brackets away.")
    for place, one in enumerate(layers if isinstance(layers, (list, tuple)) else [layers]):
        _refuse_almost_a_layer(one, _where(place) if isinstance(layers, (list, tuple)) else "What you return")
    if not isinstance(layers, (list, tuple)) or not all(isinstance(one, keras.layers.Layer) for one in layers):
        raise CheckFailed(f"Your function returns {spell(made)}, and I need Keras layers. Is a `return` missing?")
    return _one_by_one(layers)


def _one_by_one(layers: Sequence[Layer]) -> list[Layer]:
    """The layers in their order, those of models among them as well, without inputs."""
    found: list[Layer] = []
    for layer in layers:
        if kind_of(layer) in MODELS:
            found += _one_by_one(layer.layers)
        elif kind_of(layer) != "InputLayer":
            found.append(layer)
    return found


def _where(place: int) -> str:
    """A place in a learner's list, as a sentence begins with it."""
    words = ("first", "second", "third")
    return f"The {words[place] if place < len(words) else f'{place + 1}th'} thing in your list"


def _refuse_almost_a_layer(one: Any, where: str) -> None:
    """Say what stands where a layer is needed, for the things that are nearly one."""
    keras = load_keras()
    if isinstance(one, type) and issubclass(one, keras.layers.Layer):
        raise CheckFailed(f"{where} is a class: write `{one.__name__}()` with parentheses.")
    if isinstance(one, str):
        raise CheckFailed(f"{where} is a text. Write the layer itself, without quotation marks.")
    if isinstance(one, keras.KerasTensor):
        made_by = kind_of(one._keras_history.operation)
        if made_by == "InputLayer":
            raise CheckFailed(f"{where} is an `Input`. Leave `Input` out; I bring the map.")
        raise CheckFailed(f"{where} is what comes out of a `{made_by}`. Write the layer itself; I bring the map.")


def layers_or_word(function: Any) -> list[Layer]:
    """As ``layers_of``; where Keras wants a word and got a number, that is said in plain words.

    ``Conv2D(padding=1)`` raises: 'int' object has no attribute 'lower'.
    """
    in_words = (
        'Keras wants a word in quotation marks for `padding`, "same" or "valid", and got something else. '
        "Section 9 of lesson 01 shows the same error, and what to do where no word fits."
    )
    with explained_by(in_words, "'lower'"):
        return layers_of(function)


@contextmanager
def explained_by(explanation: Misconception | str, words: str) -> Iterator[None]:
    """Explain a failure that tells of these words (a regular expression): name what is behind it, or say it."""
    try:
        yield
    except CheckFailed as failed:
        lines = failed.result.lines
        if not re.search(words, " ".join(lines)):
            raise
        if isinstance(explanation, str):
            raise CheckFailed(lines[0], explanation) from None
        raise CheckFailed(*lines, misconception=explanation) from None


def run_through(layers: Sequence[Layer], x: Array) -> list[Array]:
    """The map after each layer. Stops with Keras's own words if one refuses."""
    maps = []
    for i, layer in enumerate(layers, start=1):
        try:
            if np.prod([size or 1 for size in output_shape(layer, x.shape)]) > 10_000_000:
                raise CheckFailed(f"Layer {i}, {kind_of(layer)}, would make a map too large to try.")
            x = run(layer, x)
        except KerasRefusal as refusal:
            raise CheckFailed(f"Layer {i}, {kind_of(layer)}, does not run. Keras says: {refusal}") from None
        maps.append(x)
    return maps


def spell_size(sizes: Sequence[int | None]) -> str:
    """The sides of a map, or a shape without its batch: 28 × 28 × 1."""
    return " × ".join(map(str, sizes))


def made_by(layers: Sequence[Layer], x: Array) -> Array:
    """What comes out of the last of the layers. Fails with Keras's own words if one refuses."""
    return [x, *run_through(layers, x)][-1]


# -- maps that a learner hands in ---------------------------------------------------------------------------------


def read_map(needed: str, most: float = math.inf) -> Callable[[Any], Values]:
    """What reads a map of numbers, and raises BadAnswer with what is needed for anything else.

    Args:
        needed: the sentence.
        most: the longest side of a map.
    """

    def read(value: Any) -> Values:
        try:
            y = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise BadAnswer(needed) from None
        if y.ndim != 2 or max(y.shape) > most:
            raise BadAnswer(needed)
        return y

    return read


def places_of(x: Array | Values, larger: Array | Values) -> list[tuple[int, ...]]:
    """The places (row, column) of the larger map at which the whole of ``x`` begins."""
    if any(large < small for large, small in zip(larger.shape, x.shape, strict=True)):
        return []
    blocks = np.lib.stride_tricks.sliding_window_view(larger, x.shape)
    return [tuple(map(int, place)) for place in np.argwhere((blocks == x).all(axis=tuple(range(-x.ndim, 0))))]


# -- activations --------------------------------------------------------------------------------------------------

_ACTIVATIONS = ("Activation", "ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax")


def activation_of(layers: Sequence[Layer]) -> str | None:
    """The name of the first activation, be it a layer or the argument of one."""
    for layer in layers:
        itself = layer if kind_of(layer) in _ACTIVATIONS else None
        function = getattr(layer, "activation", itself)
        if function not in (None, load_keras().activations.linear):
            return getattr(function, "__name__", type(function).__name__)
    return None
