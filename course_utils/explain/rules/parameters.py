"""How many weights a layer has, by hand: from its settings and the channels that reach it, never from its weights.

The counts were checked against ``count_params`` for every kind of layer here (``tests/test_explain.py``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from course_utils.axes import ShapeError
from course_utils.explain.wording import Shape, capital, count, listed, product
from course_utils.keras_layers import Layer, kind_of


@dataclass(frozen=True)
class Parameters:
    """A number of weights, and where it comes from.

    Attributes:
        number: all weights, those that training leaves alone included.
        formula: with the numbers in it: ``(3·3·16 + 1)·8 = 1160``. Empty where there are none.
        sentence: what the numbers in the formula are.
    """

    number: int = 0
    formula: str = ""
    sentence: str = ""


NO_PARAMETERS = Parameters()


def of_convolution(layer: Layer, channels: int) -> Parameters:
    """The weights of any convolution that reads ``channels`` channels. Raises ShapeError if groups do not divide."""
    kind = kind_of(layer)
    if kind.startswith("Depthwise"):
        return _depthwise(layer, channels)
    if kind.startswith("Separable"):
        return _separable(layer, channels)
    return _dense_convolution(layer, channels)


def of_dense(layer: Layer, inputs: int) -> Parameters:
    """``(inputs + 1)·units``."""
    number = (inputs + layer.use_bias) * layer.units
    weights = f"({inputs} + 1)" if layer.use_bias else str(inputs)
    sentence = f"{_every(layer.units, 'unit')} with {count(inputs, 'weight')}{_and_bias(layer)}."
    return Parameters(number, f"{weights}·{layer.units} = {number}", sentence)


def per_channel(names: list[str], shape: Shape, extra: int = 0) -> Parameters:
    """A few numbers (``names``) for each cell of ``shape``, and ``extra`` single ones."""
    cells = math.prod(known(n, "A size that the weights depend on") for n in shape)
    number = len(names) * cells + extra
    if not number:
        return NO_PARAMETERS
    each = "each channel" if len(shape) == 1 else "each cell"
    tail = f" + {extra}" if extra else ""
    inside = product(known(n, "") for n in shape) or "1"
    counter = " and one counter" if extra else ""
    sentence = f"{listed(names)} for {each}{counter}."
    return Parameters(number, f"{len(names)}·{inside}{tail} = {number}", capital(sentence))


def known(number: int | None, what: str) -> int:
    """A number that must be known, because weights are made from it. Raises ShapeError if it is None."""
    if number is None:
        raise ShapeError(f"{what} is not known (None), so no weights can be made. Write it into the input shape.")
    return number


def _dense_convolution(layer: Layer, channels: int) -> Parameters:
    groups = getattr(layer, "groups", 1)
    if channels % groups:
        raise ShapeError(f"{channels} channels cannot be dealt out to groups={groups}: {groups} must divide them.")
    seen = channels // groups
    weights = math.prod(layer.kernel_size) * seen
    inside = product((*layer.kernel_size, seen))
    number = (weights + layer.use_bias) * layer.filters
    each = f"({inside} + 1)" if layer.use_bias else inside
    sentence = f"{_every(layer.filters, 'filter')} with {inside} weights{_and_bias(layer)}."
    return Parameters(number, f"{each}·{layer.filters} = {number}", sentence)


def _depthwise(layer: Layer, channels: int) -> Parameters:
    kernels = channels * layer.depth_multiplier
    inside = product(layer.kernel_size)
    number = (math.prod(layer.kernel_size) + layer.use_bias) * kernels
    each = f"({inside} + 1)" if layer.use_bias else inside
    made = str(channels) if layer.depth_multiplier == 1 else f"{channels}·{layer.depth_multiplier}"
    sentence = (
        f"{capital(count(layer.depth_multiplier, 'kernel'))} for each channel, with {inside} weights{_and_bias(layer)}."
    )
    return Parameters(number, f"{each}·{made} = {number}", sentence)


def _separable(layer: Layer, channels: int) -> Parameters:
    made = channels * layer.depth_multiplier
    depthwise = math.prod(layer.kernel_size) * made
    number = depthwise + made * layer.filters + layer.use_bias * layer.filters
    inside = product(layer.kernel_size)
    bias = f" + {layer.filters}" if layer.use_bias else ""
    sentence = (
        f"{capital(count(made, 'kernel'))} of {inside} weights, one channel each, "
        f"then {count(layer.filters, 'filter')} of {made} weights{_and_bias(layer)}."
    )
    return Parameters(number, f"{inside}·{made} + {made}·{layer.filters}{bias} = {number}", sentence)


def _every(number: int, thing: str) -> str:
    """``8 filters, each``; ``One filter,``."""
    return f"{capital(count(number, thing))}," + (" each" if number > 1 else "")


def _and_bias(layer: Layer) -> str:
    return " and one bias" if layer.use_bias else ""
