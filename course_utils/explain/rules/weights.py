"""Rules of Dense, Embedding, EinsumDense and LayerScale, and the weights of convolutions.

Weights are counted by hand from the settings and the channels that reach a layer, never from the layer's own weights.
The counts were checked against ``count_params`` for every kind of layer here (``tests/test_explain.py``).
"""

from __future__ import annotations

from collections.abc import Sequence

from course_utils.axes import NoRule, ShapeError
from course_utils.explain.rules.core import Count, RuleResult, Shapes, known, rule, worked_out
from course_utils.explain.rules.joins import broadcast
from course_utils.explain.rules.unchanged import size_stays
from course_utils.explain.wording import capital, count, product, size, times
from course_utils.keras_layers import Layer, kind_of


@rule("Dense")
def dense(layer: Layer, shapes: Shapes) -> RuleResult:
    """``units`` in place of the last size."""
    *before, inputs = shapes[0]
    if not before:
        raise ShapeError(
            "Dense needs at least one size for each example; there is none. Put a Flatten or Reshape before."
        )
    number = known(inputs, "The number of inputs of Dense")
    weights = f"{_every(layer.units, 'unit')} with {count(number, 'weight')}{_and_bias(layer)}."
    where = "" if len(before) == 1 else f" on the last axis only, at each of the {times(before[1:])} places"
    units = "Its one unit" if layer.units == 1 else f"Each of the {layer.units} units"
    return RuleResult(
        (*before, layer.units),
        f"units = {layer.units}",
        f"{units} weighs all {inputs} inputs{where}.",
        _and_lora(layer, f"{_biased(number, layer.use_bias)}·{layer.units}", weights, (number, layer.units)),
        passes=True,
    )


@rule("Embedding")
def embedding(layer: Layer, shapes: Shapes) -> RuleResult:
    """A row of ``output_dim`` learned numbers for each number that comes in."""
    rows, numbers = layer.input_dim, layer.output_dim
    weights = _and_lora(layer, f"{rows}·{numbers}", f"A row of {numbers} for each word.", (rows, numbers))
    sentence = f"Looks up a row of {count(numbers, 'number')} for each whole number from 0 to {rows - 1}."
    return RuleResult((*shapes[0], numbers), f"output_dim = {numbers}", sentence, weights)


@rule("EinsumDense")
def einsum_dense(layer: Layer, shapes: Shapes) -> RuleResult:
    """The equation names the axes of the input, of the weights and of what comes out."""
    reads, weights, makes = layer.equation.replace("->", ",").replace(" ", "").split(",")
    partial = layer.partial_output_shape
    if "..." in reads or "0" in reads:
        raise NoRule("EinsumDense has a rule for equations without dots only.")
    if len(reads) != len(shapes[0]):
        raise ShapeError(f'"{layer.equation}" needs {len(reads)} axes, the batch axis included; got {size(shapes[0])}.')
    # None in the settings stays None for Keras, even where the input knows the size.
    out = (shapes[0][0], *((partial,) if isinstance(partial, int) else partial))
    sizes: dict[str, int | None] = dict(zip(reads, shapes[0], strict=True))
    sizes |= {letter: n for letter, n in zip(makes, out, strict=True) if n is not None}
    kernel = [known(sizes[letter], f'Axis "{letter}" of the weights') for letter in weights]
    inside = product(kernel)
    biases = product(known(sizes[letter], f'Axis "{letter}" of the bias') for letter in layer.bias_axes or "")
    formula = f"{inside}{f' + {biases}' if biases else ''}"
    parameters = _and_lora(layer, formula, f"One weight for each of {weights}.", kernel)
    sentence = f"Weighs and sums along every axis that is in {reads} and not in {makes}; {size(out)} comes out."
    return RuleResult(out, f"{layer.equation} → {size(out)}", sentence, parameters)


@rule("LayerScale")
def layer_scale(layer: Layer, shapes: Shapes) -> RuleResult:
    """The layer of ConvNeXt: one learned factor for each channel (``keras/src/applications/convnext.py``)."""
    factors: int = layer.projection_dim
    shape = broadcast("LayerScale", shapes[0], (factors,), unknown_wins=False)
    weights = worked_out(f"1·{factors}", "A factor for each channel.")
    return size_stays(shape, "Multiplies each channel by a learned factor; the size stays.", weights)


def of_convolution(layer: Layer, channels: int) -> Count:
    """The weights of any convolution that reads ``channels`` channels. Raises ShapeError if groups do not divide."""
    kind, kernel = kind_of(layer), product(layer.kernel_size)
    if kind.startswith("Depthwise"):
        kernels = capital(count(layer.depth_multiplier, "kernel"))
        made = str(channels) if layer.depth_multiplier == 1 else f"{channels}·{layer.depth_multiplier}"
        sentence = f"{kernels} for each channel, with {kernel} weights{_and_bias(layer)}."
        return worked_out(f"{_biased(kernel, layer.use_bias)}·{made}", sentence)
    if kind.startswith("Separable"):
        made = channels * layer.depth_multiplier
        bias = f" + {layer.filters}" if layer.use_bias else ""
        sentence = (
            f"{capital(count(made, 'kernel'))} of {kernel} weights, one channel each, "
            f"then {count(layer.filters, 'filter')} of {made} weights{_and_bias(layer)}."
        )
        return worked_out(f"{kernel}·{made} + {made}·{layer.filters}{bias}", sentence)
    groups = getattr(layer, "groups", 1)
    if channels % groups:
        raise ShapeError(f"{channels} channels cannot be dealt out to groups={groups}: {groups} must divide them.")
    kernel_shape = (*layer.kernel_size, channels // groups)
    inside = product(kernel_shape)
    sentence = f"{_every(layer.filters, 'filter')} with {inside} weights{_and_bias(layer)}."
    formula = f"{_biased(inside, layer.use_bias)}·{layer.filters}"
    return _and_lora(layer, formula, sentence, (*kernel_shape, layer.filters))


def _and_lora(layer: Layer, formula: str, sentence: str, kernel: Sequence[int]) -> Count:
    """The weights, and the two thin matrices that ``lora_rank`` puts beside the kernel (Hu et al., LoRA, 2021)."""
    rank = getattr(layer, "lora_rank", None)
    if not rank:
        return worked_out(formula, sentence)
    beside = f"{product((*kernel[:-1], rank))} + {product((rank, kernel[-1]))}"
    return worked_out(f"{formula} + {beside}", f"{sentence} LoRA of rank {rank} stands beside them: {beside}.")


def _biased(inside: object, use_bias: bool) -> str:
    return f"({inside} + 1)" if use_bias else str(inside)


def _every(number: int, thing: str) -> str:
    """``8 filters, each``; ``One filter,``."""
    return f"{capital(count(number, thing))}," + (" each" if number > 1 else "")


def _and_bias(layer: Layer) -> str:
    return " and one bias" if layer.use_bias else ""
