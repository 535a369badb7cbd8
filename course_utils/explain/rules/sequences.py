"""Rules of the layers that work on sequences: ``(steps, features)`` for each example, and what is wrapped around them.

Sources: ``build`` and ``compute_output_shape`` of each layer in ``keras/src/layers/rnn`` and
``keras/src/layers/core/embedding.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from course_utils.axes import NoRule, ShapeError, Window
from course_utils.explain.calls import Call, has_graph, walk_chain, walk_graph
from course_utils.explain.rules.parameters import NO_PARAMETERS, Parameters, known
from course_utils.explain.rules.plain import Shapes
from course_utils.explain.rules.results import FORETOLD_WRONGLY, RuleResult
from course_utils.explain.wording import AXIS_NAMES, Shape, count, per_axis, product, size, times
from course_utils.keras_layers import Layer, channels_last, kind_of

#: How a rule finds the rule of a layer that is wrapped inside another.
FindRule = Callable[[Layer], Callable[[Layer, Shapes], RuleResult]]

#: How many sets of weights a cell has, and how many numbers it hands from step to step for each unit.
_GATES = {"SimpleRNNCell": 1, "GRUCell": 3, "LSTMCell": 4}
_STATES = {"SimpleRNNCell": 1, "GRUCell": 1, "LSTMCell": 2}


def embedding(layer: Layer, shapes: Shapes) -> RuleResult:
    """A row of ``output_dim`` learned numbers for each number that comes in."""
    rows, numbers = layer.input_dim, layer.output_dim
    weights = Parameters(rows * numbers, f"{rows}·{numbers} = {rows * numbers}", f"A row of {numbers} for each word.")
    sentence = f"Looks up a row of {count(numbers, 'number')} for each whole number from 0 to {rows - 1}."
    return RuleResult((*shapes[0], numbers), f"output_dim = {numbers}", sentence, parameters=weights)


# -- recurrent ----------------------------------------------------------------------------------------------------


def recurrent(layer: Layer, shapes: Shapes) -> RuleResult:
    """``SimpleRNN``, ``GRU``, ``LSTM``, ``RNN`` around cells: ``units`` numbers after the last step, or after each."""
    sequence, *states = shapes
    if len(sequence) != 3:
        raise ShapeError(
            f"{kind_of(layer)} needs 2 numbers for each example, (steps, features); "
            f"{size(sequence)} has {len(sequence) - 1}."
        )
    batch, steps, features = sequence
    cells = _cells(layer.cell)
    for state, made in zip(states, _states(cells, batch), strict=False):
        if len(state) != 2 or state[1] != made[1]:
            raise ShapeError(f"{layer.name} keeps {size(made)} numbers in mind, but starts with {size(state)}.")
    return _after_steps(layer, batch, steps, (cells[-1].units,), _states(cells, batch), _cell_weights(cells, features))


def _after_steps(
    layer: Layer, batch: int | None, steps: int | None, kept: Shape, states: Shapes, weights: Parameters
) -> RuleResult:
    """What comes out of a layer that keeps ``kept`` in mind from step to step."""
    each = layer.return_sequences
    when = "after each of them" if each else "after the last (return_sequences=False)"
    units = count(known(kept[0], "units"), "number") if len(kept) == 1 else f"a map of {times(kept)}"
    said = "all its steps" if steps is None else count(steps, "step")
    sentence = f"Reads {said} one after the other and hands on {units} {when}."
    if layer.return_state:
        sentence += f" Then {count(len(states), 'state')} of {times(kept)}, as they are at the end."
    return RuleResult(
        (batch, steps, *kept) if each else (batch, *kept),
        f"units = {kept[0]}",
        sentence,
        parameters=weights,
        further=states if layer.return_state else (),
    )


def _cells(cell: Layer) -> list[Layer]:
    """The cells that a layer calls at each step, one on top of the other. Raises NoRule for a learner's own."""
    cells = list(cell.cells) if kind_of(cell) == "StackedRNNCells" else [cell]
    for one in cells:
        if kind_of(one) not in _GATES:
            raise NoRule(f"There is no rule by hand for {type(one).__name__}, the cell of this layer.")
    return cells


def _states(cells: Sequence[Layer], batch: int | None) -> Shapes:
    return tuple((batch, cell.units) for cell in cells for _ in range(_STATES[kind_of(cell)]))


def _cell_weights(cells: Sequence[Layer], features: int | None) -> Parameters:
    """``gates·(features + units + biases)·units`` for each cell; the next one reads what it hands on."""
    reach = known(features, "The number of features")
    number, formulas = 0, []
    for cell in cells:
        gates, biases = _GATES[kind_of(cell)], int(cell.use_bias)
        if kind_of(cell) == "GRUCell" and cell.reset_after:
            biases *= 2
        number += gates * (reach + cell.units + biases) * cell.units
        formulas.append(f"{gates}·({reach} + {cell.units}{f' + {biases}' if biases else ''})·{cell.units}")
        reach = cell.units
    gates = _GATES[kind_of(cells[0])]
    biased = ("", " and one bias", " and 2 biases")[biases]
    sentence = (
        f"{'One set' if gates == 1 else f'{gates} sets'} of weights; in each, every unit weighs the features and what "
        f"all units said before{biased}."
    )
    return Parameters(number, f"{' + '.join(formulas)} = {number}", sentence)


def convolutional_lstm(layer: Layer, shapes: Shapes) -> RuleResult:
    """``ConvLSTM*``: a convolution of each step's map, and one of what is kept in mind, which keeps its size."""
    rank = len(layer.kernel_size)
    if len(shapes[0]) != rank + 3:
        names = ", ".join(("steps", *AXIS_NAMES[rank], "channels"))
        raise ShapeError(f"{kind_of(layer)} needs ({names}) for each example; it got {size(shapes[0])}.")
    batch, steps, *inner = shapes[0]
    last = channels_last(layer)
    sizes, channels = (inner[:-1], inner[-1]) if last else (inner[1:], inner[0])
    cells = [known(n, f"A size that {kind_of(layer)} keeps in mind") for n in sizes]
    settings = zip(layer.kernel_size, layer.strides, layer.dilation_rate, strict=True)
    axes = [Window(k, s, d, layer.padding) for k, s, d in settings]
    made = [axis.output_size(n) for axis, n in zip(axes, cells, strict=True)]
    kept = (*made, layer.filters) if last else (layer.filters, *made)
    weights = _convolutional_weights(layer, known(channels, "The number of channels"))
    answer = _after_steps(layer, batch, steps, kept, ((batch, *kept),) * 2, weights)
    return replace(
        answer,
        formula=per_axis([axis.formula(n).numbers for axis, n in zip(axes, cells, strict=True)]),
        pads=tuple(axis.pads(n) for axis, n in zip(axes, cells, strict=True)),
    )


def _convolutional_weights(layer: Layer, channels: int) -> Parameters:
    """``4·(k·k·(channels + filters) + 1)·filters``."""
    window, filters = product(layer.kernel_size), layer.filters
    number = 4 * (math.prod(layer.kernel_size) * (channels + filters) + layer.use_bias) * filters
    bias = " + 1" if layer.use_bias else ""
    sentence = f"4 sets of {count(filters, 'filter')} over the channels that come in and those that are kept in mind."
    return Parameters(number, f"4·({window}·({channels} + {filters}){bias})·{filters} = {number}", sentence)


# -- layers around layers -----------------------------------------------------------------------------------------


def time_distributed(layer: Layer, shapes: Shapes, find: FindRule) -> RuleResult:
    """The layer inside, once for each step, always with the same weights."""
    if len(shapes[0]) < 3:
        raise ShapeError(f"TimeDistributed needs steps and what lies in each; {size(shapes[0])} has no steps.")
    batch, steps, *inner = shapes[0]
    answer = find(layer.layer)(layer.layer, ((batch, *inner),))
    if answer.further:
        raise NoRule("TimeDistributed has no rule for a layer out of which several maps come.")
    said = "each step" if steps is None else f"each of {count(steps, 'step')}"
    sentence = f"{kind_of(layer.layer)} at {said}, with the same weights: {answer.sentence}"
    return replace(answer, shape=(answer.shape[0], steps, *answer.shape[1:]), sentence=sentence)


def bidirectional(layer: Layer, shapes: Shapes, find: FindRule) -> RuleResult:
    """Two layers, one reads from the end; what they hand on is put side by side, or joined cell by cell."""
    forward, backward = (find(one)(one, shapes[:1]) for one in (layer.forward_layer, layer.backward_layer))
    mode = layer.merge_mode
    units, other = forward.shape[-1], backward.shape[-1]
    shape, formula, further = forward.shape, forward.formula, (*forward.further, *backward.further)
    if mode == "concat":
        total = known(units, "units") + known(other, "units")
        shape, formula = (*forward.shape[:-1], total), f"{units} + {other} = {total}"
    elif mode is None:
        further = (backward.shape, *further)
    elif forward.shape != backward.shape:
        raise ShapeError(f'merge_mode="{mode}" joins cell by cell, but the two hand on {units} and {other} numbers.')
    joined = {None: "keeps both apart", "concat": "puts both side by side"}.get(mode, f"takes the {mode} of both")
    sentence = f"{kind_of(layer.forward_layer)} twice, the second from the end, and {joined}. {forward.sentence}"
    notes = () if forward.shape == backward.shape else (FORETOLD_WRONGLY,)
    return RuleResult(shape, formula, sentence, parameters=_twice(forward, backward), notes=notes, further=further)


def _twice(forward: RuleResult, backward: RuleResult) -> Parameters:
    """The weights of both."""
    ways = [answer.parameters.formula.rpartition(" = ")[0] for answer in (forward, backward)]
    number = forward.parameters.number + backward.parameters.number
    return Parameters(number, f"{ways[0]} + {ways[1]} = {number}", f"For each way: {forward.parameters.sentence}")


def model(layer: Layer, shapes: Shapes, find: FindRule) -> RuleResult:
    """A whole model inside a wrapper: the rules of its layers, one after the other."""
    weights: dict[int, int] = {}

    def visit(call: Call, reaching: Sequence[Shape]) -> Sequence[Shape]:
        answer = find(call.layer)(call.layer, tuple(reaching))
        weights.setdefault(id(call.layer), answer.parameters.number)
        return (answer.shape, *answer.further)

    walk: Any = walk_graph if has_graph(layer) else _walk_layers
    out = walk(layer, list(shapes), visit)
    number = sum(weights.values())
    parameters = Parameters(number, f"{number} = {number}", "All its layers together.") if number else NO_PARAMETERS
    sentence = f"The model {layer.name}, of {count(len(weights), 'layer')}, makes {size(out[0])} of {size(shapes[0])}."
    return RuleResult(out[0], f"→ {size(out[0])}", sentence, parameters=parameters, further=tuple(out[1:]))


def _walk_layers(layer: Layer, shapes: Sequence[Shape], visit: Any) -> Sequence[Shape]:
    return walk_chain(layer.layers, shapes, visit)
