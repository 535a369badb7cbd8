"""Rules of attention, and of the sums of products that it is made of.

Each place of a *query* looks at all places of a *value*, weighted by how well it fits their *key* (the value itself,
if there is no key). Sources: ``keras/src/layers/attention``, ``keras/src/layers/merging/dot.py``,
``keras/src/layers/core/einsum_dense.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from course_utils.axes import NoRule, ShapeError
from course_utils.explain.rules.parameters import NO_PARAMETERS, Parameters, known
from course_utils.explain.rules.plain import Shapes
from course_utils.explain.rules.results import FORETOLD_WRONGLY, Arguments, RuleResult
from course_utils.explain.wording import Shape, product, size, times
from course_utils.keras_layers import Layer, kind_of

#: One sum of products: the numbers that it reads, and those that it makes.
_Weighing = tuple[Sequence[int | None], Sequence[int | None]]


def attention(layer: Layer, arguments: Arguments) -> RuleResult:
    """``Attention`` and ``AdditiveAttention``, called with ``[query, value]`` or ``[query, value, key]``."""
    inputs = arguments.get("inputs", 0)
    if not isinstance(inputs, list) or len(inputs) not in (2, 3):
        raise ShapeError(f"{kind_of(layer)} takes a list: [query, value] or [query, value, key].")
    query, value, key = inputs[0], inputs[1], inputs[-1] if len(inputs) == 3 else inputs[1]
    scores = ((*query[:-1], key[-2]),) if arguments.get("return_attention_scores") else ()
    return _looked_up(query, value, (value[-1],), _scale(layer, query[-1]), scores, _unfit(query, value, key))


def multi_head(layer: Layer, arguments: Arguments) -> RuleResult:
    """``MultiHeadAttention``: every head weighs query, key and value anew, and the last weights join the heads."""
    query, value, key = _named(layer, arguments)
    settings = layer.get_config()
    heads, keys, values = settings["num_heads"], settings["key_dim"], settings["value_dim"]
    made: tuple[Any, ...] = settings["output_shape"] or (query[-1],)
    weighings: list[_Weighing] = [
        (query[-1:], (heads, keys)),
        (key[-1:], (heads, keys)),
        (value[-1:], (heads, values)),
        ((heads, values), made),
    ]
    if settings["use_gate"]:
        weighings.append((query[-1:], (heads, values)))
    scores: Shapes = ()
    if arguments.get("return_attention_scores"):
        if len(query) != 3 or settings["attention_axes"] not in (None, (1,), [1], 1):
            raise NoRule("The scores of MultiHeadAttention have a rule for (places, numbers) only.")
        scores = ((query[0], heads, query[1], key[1]),)
    notes = (FORETOLD_WRONGLY,) if scores and query[1] != key[1] else ()
    return _looked_up(query, value, made, _weighed(weighings, settings["use_bias"]), scores, notes)


def grouped_query(layer: Layer, arguments: Arguments) -> RuleResult:
    """``GroupedQueryAttention``: several heads of queries share one head of keys and values."""
    query, value, key = _named(layer, arguments)
    if query[-1] != value[-1]:
        raise ShapeError(
            f"GroupedQueryAttention needs as many numbers at each place of the query ({times(query[-1:])}) "
            f"as of the value ({times(value[-1:])})."
        )
    many, few = (layer.num_query_heads, layer.head_dim), (layer.num_key_value_heads, layer.head_dim)
    weighings: list[_Weighing] = [(query[-1:], many), (key[-1:], few), (value[-1:], few), (many, query[-1:])]
    if layer.use_gate:
        weighings.append((query[-1:], many))
    scores: Shapes = ()
    if arguments.get("return_attention_scores"):
        raise NoRule("The scores of GroupedQueryAttention have no rule here.")
    return _looked_up(query, value, query[-1:], _weighed(weighings, layer.use_bias), scores)


def _named(layer: Layer, arguments: Arguments) -> tuple[Shape, Shape, Shape]:
    """Query, value and key of a call. Raises ShapeError where one is missing or key and value do not fit."""
    query, value, key = (arguments.get(name, place) for place, name in enumerate(("query", "value", "key")))
    if not isinstance(query, tuple) or not isinstance(value, tuple):
        raise ShapeError(f"{kind_of(layer)} takes a query and a value: layer(query, value). Here one is missing.")
    key = value if key is None else key
    if value[1:-1] != key[1:-1]:
        raise ShapeError(f"Key and value need the same number of places; they are {size(key)} and {size(value)}.")
    return query, value, key


def _looked_up(
    query: Shape,
    value: Shape,
    made: Sequence[int | None],
    weights: Parameters,
    scores: Shapes,
    notes: tuple[str, ...] = (),
) -> RuleResult:
    """What comes out of all of them: for each place of the query, a mixture of what lies at the places of the value."""
    places = times(query[1:-1]) or "1"
    sentence = (
        f"At each of the {places} places of the query: a mixture of what lies at the {times(value[1:-1])} places of "
        "the value."
    )
    if scores:
        sentence += f" Then the weights of the mixtures, {size(scores[0])}."
    formula = f"{places} places, {times(made)} numbers each"
    return RuleResult((*query[:-1], *made), formula, sentence, parameters=weights, notes=notes, further=scores)


def _weighed(weighings: Sequence[_Weighing], use_bias: bool) -> Parameters:
    """``(16 + 1)·2·8 + …``: for each sum, the numbers that it reads and one bias, for every number that it makes."""
    number, formulas = 0, []
    for reads, makes in weighings:
        read = [known(n, "The number of inputs of an attention layer") for n in reads]
        made = [known(n, "The number of outputs of an attention layer") for n in makes]
        number += (math.prod(read) + use_bias) * math.prod(made)
        formulas.append(f"({product(read)}{' + 1' if use_bias else ''})·{product(made)}")
    gate = ", and of the gate" if len(weighings) > 4 else ""
    sentence = f"The weights of query, key and value for all heads, of what joins the heads{gate}."
    return Parameters(number, f"{' + '.join(formulas)} = {number}", sentence)


def _scale(layer: Layer, numbers: int | None) -> Parameters:
    """The few weights of the plain attention layers."""
    if kind_of(layer) == "AdditiveAttention":
        if not layer.use_scale:
            return NO_PARAMETERS
        each = known(numbers, "The number of inputs of AdditiveAttention")
        return Parameters(each, f"1·{each} = {each}", "A scale for each number of the query.")
    concat = layer.score_mode == "concat"
    number = int(layer.use_scale) + concat
    if not number:
        return NO_PARAMETERS
    names = ["one scale"] * bool(layer.use_scale) + ["one weight of the scores"] * concat
    return Parameters(number, f"{' + '.join('1' for _ in names)} = {number}", f"{' and '.join(names).capitalize()}.")


def _unfit(query: Shape, value: Shape, key: Shape) -> tuple[str, ...]:
    """Sizes that Keras lets pass when the model is built, and refuses when it runs."""
    notes = []
    if None not in (query[-1], key[-1]) and query[-1] != key[-1]:
        notes.append(f"It builds and cannot run: the query has {query[-1]} numbers at each place, the key {key[-1]}.")
    if None not in (value[-2], key[-2]) and value[-2] != key[-2]:
        notes.append(f"It builds and cannot run: the value has {value[-2]} places, the key {key[-2]}.")
    return tuple(notes)


# -- sums of products ---------------------------------------------------------------------------------------------


def dot(layer: Layer, shapes: Shapes) -> RuleResult:
    """``Dot``: one axis of each input is summed over and goes; all other axes stay, those of the first in front."""
    if len(shapes) != 2:
        raise ShapeError(f"Dot takes 2 inputs; it got {len(shapes)}.")
    first, second = shapes
    axes = [layer.axes] * 2 if isinstance(layer.axes, int) else list(layer.axes)
    for axis, shape in zip(axes, shapes, strict=True):
        if not -len(shape) <= axis < len(shape):
            raise ShapeError(f"axes={layer.axes} does not exist: {size(shape)} has axes 1 to {len(shape) - 1} only.")
    one, other = axes[0] % len(first), axes[1] % len(second)
    if first[one] != second[other]:
        raise ShapeError(
            f"Dot sums along axis {one} of {size(first)} and axis {other} of {size(second)}, so both must be equal: "
            f"{times([first[one]])} against {times([second[other]])}."
        )
    out = (*first[:one], *first[one + 1 :], *second[1:other], *second[other + 1 :])
    if len(out) == 1:
        out = (*out, 1)
    formula = f"{size(first)} · {size(second)} → {size(out)}"
    return RuleResult(out, formula, f"Sums of {times([first[one]])} products: {formula}.")


def einsum_dense(layer: Layer, shapes: Shapes) -> RuleResult:
    """``EinsumDense``: the equation names the axes of the input, of the weights and of what comes out."""
    reads, weights, makes = layer.equation.replace("->", ",").replace(" ", "").split(",")
    partial = layer.partial_output_shape
    partial = (partial,) if isinstance(partial, int) else tuple(partial)
    if "..." in reads or "0" in reads:
        raise NoRule("EinsumDense has a rule for equations without dots only.")
    if len(reads) != len(shapes[0]):
        raise ShapeError(f'"{layer.equation}" needs {len(reads)} axes, the batch axis included; got {size(shapes[0])}.')
    sizes: dict[str, int | None] = dict(zip(reads, shapes[0], strict=True))
    out = (shapes[0][0], *partial)  # None in the settings stays None for Keras, even where the input knows the size
    sizes |= {letter: n for letter, n in zip(makes, out, strict=True) if n is not None}
    inside = [known(sizes[letter], f'Axis "{letter}" of the weights') for letter in weights]
    biases = [known(sizes[letter], f'Axis "{letter}" of the bias') for letter in layer.bias_axes or ""]
    number = math.prod(inside) + (math.prod(biases) if biases else 0)
    bias = f" + {product(biases)}" if biases else ""
    parameters = Parameters(number, f"{product(inside)}{bias} = {number}", f"One weight for each of {weights}.")
    sentence = f"Weighs and sums along every axis that is in {reads} and not in {makes}; {size(out)} comes out."
    return RuleResult(out, f"{layer.equation} → {size(out)}", sentence, parameters=parameters)
