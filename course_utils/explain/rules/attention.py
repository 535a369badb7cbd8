"""Rules of attention.

Each place of a *query* looks at all places of a *value*, weighted by how well it fits their *key* (the value itself,
if there is no key). Source: ``keras/src/layers/attention``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from course_utils.axes import NoRule, ShapeError
from course_utils.explain.rules.core import (
    FORETOLD_WRONGLY,
    NONE,
    Arguments,
    Count,
    RuleResult,
    call_rule,
    known,
    worked_out,
)
from course_utils.explain.wording import Shape, product, size, times
from course_utils.keras_layers import Layer, kind_of

#: One sum of products: the numbers that it reads, and those that it makes.
_Weighing = tuple[Sequence[int | None], Sequence[int | None]]


@call_rule("Attention", "AdditiveAttention")
def attention(layer: Layer, arguments: Arguments) -> RuleResult:
    """Called with ``[query, value]`` or ``[query, value, key]``."""
    inputs = arguments.get("inputs", 0)
    if not isinstance(inputs, list) or len(inputs) not in (2, 3):
        raise ShapeError(f"{kind_of(layer)} takes a list: [query, value] or [query, value, key].")
    query, value, key = inputs[0], inputs[1], inputs[-1] if len(inputs) == 3 else inputs[1]
    scores = (*query[:-1], key[-2]) if arguments.get("return_attention_scores") else None
    notes = [
        f"It builds and cannot run: the {name} has {a} {what}, the key {b}."
        for name, a, b, what in (
            ("query", query[-1], key[-1], "numbers at each place"),
            ("value", value[-2], key[-2], "places"),
        )
        if None not in (a, b) and a != b
    ]
    return _looked_up(query, value, (value[-1],), _scale(layer, query[-1]), scores, notes)


@call_rule("ops.DotProductAttention")
def dot_product(_operation: Layer, arguments: Arguments) -> RuleResult:
    """The same without weights, for ``(places, heads, numbers)``."""
    query, _, value = (arguments.shape_of(name, place) for place, name in enumerate(("query", "key", "value")))
    notes = [FORETOLD_WRONGLY] * (query[-1] != value[-1])
    return _looked_up(query, value, (value[-1],), NONE, notes=notes)


@call_rule("MultiHeadAttention")
def multi_head(layer: Layer, arguments: Arguments) -> RuleResult:
    """Every head weighs query, key and value anew, and the last weights join the heads."""
    query, value, key = _named(layer, arguments)
    settings = layer.get_config()
    heads, keys, values = settings["num_heads"], settings["key_dim"], settings["value_dim"]
    made: tuple[Any, ...] = settings["output_shape"] or (query[-1],)
    weighings: list[_Weighing] = [
        (query[-1:], (heads, keys)),
        (key[-1:], (heads, keys)),
        (value[-1:], (heads, values)),
        ((heads, values), made),
        *[(query[-1:], (heads, values))] * bool(settings["use_gate"]),
    ]
    scores = None
    if arguments.get("return_attention_scores"):
        if len(query) != 3 or settings["attention_axes"] not in (None, (1,), [1], 1):
            raise NoRule("The scores of MultiHeadAttention have a rule for (places, numbers) only.")
        scores = (query[0], heads, query[1], key[1])
    notes = [FORETOLD_WRONGLY] * (scores is not None and query[1] != key[1])
    return _looked_up(query, value, made, _weighed(weighings, settings["use_bias"]), scores, notes)


@call_rule("GroupedQueryAttention")
def grouped_query(layer: Layer, arguments: Arguments) -> RuleResult:
    """Several heads of queries share one head of keys and values."""
    query, value, key = _named(layer, arguments)
    if query[-1] != value[-1]:
        raise ShapeError(
            f"GroupedQueryAttention needs as many numbers at each place of the query ({times(query[-1:])}) "
            f"as of the value ({times(value[-1:])})."
        )
    many, few = (layer.num_query_heads, layer.head_dim), (layer.num_key_value_heads, layer.head_dim)
    weighings: list[_Weighing] = [(query[-1:], many), (key[-1:], few), (value[-1:], few), (many, query[-1:])]
    weighings += [(query[-1:], many)] * bool(layer.use_gate)
    if arguments.get("return_attention_scores"):
        raise NoRule("The scores of GroupedQueryAttention have no rule here.")
    return _looked_up(query, value, query[-1:], _weighed(weighings, layer.use_bias))


def _named(layer: Layer, arguments: Arguments) -> tuple[Shape, Shape, Shape]:
    """Query, value and key of a call. Raises ShapeError where one is missing or key and value do not fit."""
    query, value, key = (arguments.get(name, place) for place, name in enumerate(("query", "value", "key")))
    if not isinstance(query, tuple) or not isinstance(value, tuple):
        raise ShapeError(
            f"{kind_of(layer)} takes a query and a value: layer(query, value), or layer(x, x) for self-attention. Here "
            "one is missing."
        )
    key = value if key is None else key
    if value[1:-1] != key[1:-1]:
        raise ShapeError(f"Key and value need the same number of places; they are {size(key)} and {size(value)}.")
    return query, value, key


def _looked_up(
    query: Shape,
    value: Shape,
    made: Sequence[int | None],
    weights: Count,
    scores: Shape | None = None,
    notes: Sequence[str] = (),
) -> RuleResult:
    """What comes out of all of them: for each place of the query, a mixture of what lies at the places of the value."""
    places = times(query[1:-1]) or "1"
    sentence = (
        f"At each of the {places} places of the query: a mixture of what lies at the {times(value[1:-1])} places of "
        "the value."
    )
    if scores is not None:
        sentence += f" Then the weights of the mixtures, {size(scores)}."
    formula = f"{places} places, {times(made)} numbers each"
    further = () if scores is None else (scores,)
    return RuleResult((*query[:-1], *made), formula, sentence, weights, tuple(notes), further)


def _weighed(weighings: Sequence[_Weighing], use_bias: bool) -> Count:
    """``(16 + 1)·2·8 + …``: for each sum, the numbers that it reads and one bias, for every number that it makes."""
    formulas = []
    for reads, makes in weighings:
        read = product(known(n, "The number of inputs of an attention layer") for n in reads)
        made = product(known(n, "The number of outputs of an attention layer") for n in makes)
        formulas.append(f"({read}{' + 1' if use_bias else ''})·{made}")
    gate = ", and of the gate" if len(weighings) > 4 else ""
    sentence = f"The weights of query, key and value for all heads, of what joins the heads{gate}."
    return worked_out(" + ".join(formulas), sentence)


def _scale(layer: Layer, numbers: int | None) -> Count:
    """The few weights of the plain attention layers."""
    if kind_of(layer) == "AdditiveAttention":
        if not layer.use_scale:
            return NONE
        each = known(numbers, "The number of inputs of AdditiveAttention")
        return worked_out(f"1·{each}", "A scale for each number of the query.")
    names = ["one scale"] * bool(layer.use_scale) + ["one weight of the scores"] * (layer.score_mode == "concat")
    return worked_out(" + ".join("1" for _ in names), f"{' and '.join(names).capitalize()}.") if names else NONE
