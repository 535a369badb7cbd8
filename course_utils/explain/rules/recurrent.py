"""Rules of the layers that work on sequences, ``(steps, features)`` for each example, and of layers around layers.

Sources: ``keras/src/layers/rnn``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from course_utils.axes import NoRule, ShapeError, Window
from course_utils.explain.calls import Call, walk
from course_utils.explain.rules.core import (
    FORETOLD_WRONGLY,
    NONE,
    Count,
    RuleResult,
    Shapes,
    apply_rule,
    known,
    rule,
    rule_of_call,
    worked_out,
)
from course_utils.explain.rules.rearranging import check_named
from course_utils.explain.shapes import channels_of, shape_of, sizes_of
from course_utils.explain.wording import AXIS_NAMES, Shape, count, per_axis, product, size, times
from course_utils.keras_layers import Layer, channels_last, kind_of

#: How many sets of weights a cell has, and how many numbers it hands from step to step for each unit.
_GATES = {"SimpleRNNCell": 1, "GRUCell": 3, "LSTMCell": 4}
_STATES = {"SimpleRNNCell": 1, "GRUCell": 1, "LSTMCell": 2}


@rule("SimpleRNN", "GRU", "LSTM", "RNN")
def recurrent(layer: Layer, shapes: Shapes) -> RuleResult:
    """``units`` numbers after the last step, or after each."""
    sequence, *states = shapes
    if len(sequence) != 3:
        raise ShapeError(
            f"{kind_of(layer)} needs 2 numbers for each example, (steps, features); "
            f"{size(sequence)} has {len(sequence) - 1}."
        )
    batch, steps, features = sequence
    cells = list(layer.cell.cells) if kind_of(layer.cell) == "StackedRNNCells" else [layer.cell]
    for cell in cells:
        if kind_of(cell) not in _GATES:
            raise NoRule(f"There is no rule by hand for {type(cell).__name__}, the cell of this layer.")
    kept = tuple((batch, cell.units) for cell in cells for _ in range(_STATES[kind_of(cell)]))
    for state, made in zip(states, kept, strict=False):
        if len(state) != 2 or state[1] != made[1]:
            raise ShapeError(f"{layer.name} keeps {size(made)} numbers in mind, but starts with {size(state)}.")
    return _after_steps(layer, batch, steps, (cells[-1].units,), kept, _cell_weights(cells, features))


def _after_steps(
    layer: Layer, batch: int | None, steps: int | None, kept: Shape, states: Shapes, weights: Count
) -> RuleResult:
    """What comes out of a layer that keeps ``kept`` in mind from step to step."""
    each = layer.return_sequences
    when = "after each of them" if each else "after the last (return_sequences=False)"
    units = count(known(kept[0], "units"), "number") if len(kept) == 1 else f"a map of {times(kept)}"
    said = "all its steps" if steps is None else count(steps, "step")
    sentence = f"Reads {said} one after the other and hands on {units} {when}."
    if layer.return_state:
        sentence += f" Then {count(len(states), 'state')} of {times(kept)}, as they are at the end."
    shape = (batch, steps, *kept) if each else (batch, *kept)
    further = states if layer.return_state else ()
    return RuleResult(shape, f"units = {kept[0]}", sentence, weights, further=further)


def _cell_weights(cells: Sequence[Layer], features: int | None) -> Count:
    """``gates·(features + units + biases)·units`` for each cell; the next one reads what it hands on."""
    reach, formulas, biases = known(features, "The number of features"), [], 0
    for cell in cells:
        biases = int(cell.use_bias) * (2 if kind_of(cell) == "GRUCell" and cell.reset_after else 1)
        gates = _GATES[kind_of(cell)]
        formulas.append(f"{gates}·({reach} + {cell.units}{f' + {biases}' if biases else ''})·{cell.units}")
        reach = cell.units
    gates = _GATES[kind_of(cells[0])]
    sets = "One set" if gates == 1 else f"{gates} sets"
    biased = ("", " and one bias", " and 2 biases")[biases]
    sentence = f"{sets} of weights; in each, every unit weighs the features and what all units said before{biased}."
    return worked_out(" + ".join(formulas), sentence)


@rule("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
def convolutional_lstm(layer: Layer, shapes: Shapes) -> RuleResult:
    """A convolution of each step's map, and one of what is kept in mind, which keeps its size."""
    check_named(layer, shapes[0], ("steps", *AXIS_NAMES[len(layer.kernel_size)], "channels"))
    batch, steps, *_ = shapes[0]
    last, each = channels_last(layer), shapes[0][1:]
    cells = [known(n, f"A size that {kind_of(layer)} keeps in mind") for n in sizes_of(each, last)]
    settings = zip(layer.kernel_size, layer.strides, layer.dilation_rate, strict=True)
    axes = [Window(k, s, d, layer.padding) for k, s, d in settings]
    made = [axis.output_size(n) for axis, n in zip(axes, cells, strict=True)]
    kept = shape_of(None, made, layer.filters, last)[1:]
    channels, filters = known(channels_of(each, last), "The number of channels"), layer.filters
    weights = worked_out(
        f"4·({product(layer.kernel_size)}·({channels} + {filters}){' + 1' if layer.use_bias else ''})·{filters}",
        f"4 sets of {count(filters, 'filter')} over the channels that come in and those that are kept in mind.",
    )
    return replace(
        _after_steps(layer, batch, steps, kept, ((batch, *kept),) * 2, weights),
        formula=per_axis([axis.formula(n).numbers for axis, n in zip(axes, cells, strict=True)]),
        pads=tuple(axis.pads(n) for axis, n in zip(axes, cells, strict=True)),
    )


# -- layers around layers -----------------------------------------------------------------------------------------


@rule("TimeDistributed")
def time_distributed(layer: Layer, shapes: Shapes) -> RuleResult:
    """The layer inside, once for each step, always with the same weights."""
    if len(shapes[0]) < 3:
        raise ShapeError(f"TimeDistributed needs steps and what lies in each; {size(shapes[0])} has no steps.")
    batch, steps, *inner = shapes[0]
    found = apply_rule(layer.layer, ((batch, *inner),))
    if found.further or found.shape is None:
        raise NoRule("TimeDistributed has no rule for a layer out of which several maps come.")
    said = "each step" if steps is None else f"each of {count(steps, 'step')}"
    sentence = f"{kind_of(layer.layer)} at {said}, with the same weights: {found.sentence}"
    return replace(found, shape=(found.shape[0], steps, *found.shape[1:]), sentence=sentence, places=(), maps=())


@rule("SpectralNormalization")
def spectral_normalization(layer: Layer, shapes: Shapes) -> RuleResult:
    """The layer inside, whose kernel is divided by its largest singular value; a vector of it is kept as weights."""
    inner = layer.layer
    found = apply_rule(inner, shapes)
    last = {"Embedding": "output_dim", "Dense": "units"}.get(kind_of(inner), "filters")
    if kind_of(inner).startswith("Depthwise"):
        last = "depth_multiplier"
    kept = getattr(inner, last, None)
    if kind_of(inner).endswith("Transpose"):
        kept = channels_of(shapes[0], channels_last(inner))
    if kept is None or found.parameters.number is None:
        raise NoRule(f"SpectralNormalization has no rule for {kind_of(inner)}.")
    formula = found.parameters.formula.rpartition(" = ")[0]
    weights = worked_out(
        f"{formula} + {kept}", f"{found.parameters.sentence} {count(kept, 'number')} to scale them by."
    )
    return replace(
        found, sentence=f"{found.sentence} Its weights are scaled down to a largest stretch of 1.", parameters=weights
    )


@rule("Bidirectional")
def bidirectional(layer: Layer, shapes: Shapes) -> RuleResult:
    """Two layers, one reads from the end; what they hand on is put side by side, or joined cell by cell."""
    forward, backward = (apply_rule(one, shapes[:1]) for one in (layer.forward_layer, layer.backward_layer))
    (shape, *states), (other, *more), mode = forward.shapes, backward.shapes, layer.merge_mode
    formula, further = forward.formula, (*states, *more)
    alike, units = shape == other, (known(shape[-1], "units"), known(other[-1], "units"))
    if mode == "concat":
        shape, formula = (*shape[:-1], sum(units)), f"{units[0]} + {units[1]} = {sum(units)}"
    elif mode is None:
        further = (other, *further)
    elif not alike:
        raise ShapeError(
            f'merge_mode="{mode}" joins cell by cell, but the two hand on {units[0]} and {units[1]} numbers.'
        )
    joined = {None: "keeps both apart", "concat": "puts both side by side"}.get(mode, f"takes the {mode} of both")
    sentence = f"{kind_of(layer.forward_layer)} twice, the second from the end, and {joined}. {forward.sentence}"
    ways = [result.parameters.formula.rpartition(" = ")[0] for result in (forward, backward)]
    weights = worked_out(" + ".join(ways), f"For each way: {forward.parameters.sentence}")
    return RuleResult(shape, formula, sentence, weights, () if alike else (FORETOLD_WRONGLY,), further)


@rule("Pipeline")
def pipeline(layer: Layer, shapes: Shapes) -> RuleResult:
    """One layer after the other."""
    for inner in layer.layers:
        found = apply_rule(inner, shapes)
        if found.parameters.number or found.further:
            raise NoRule("Pipeline has a rule for layers without weights only.")
        shapes = found.shapes
    sentence = f"{count(len(layer.layers), 'layer')} one after the other: {size(shapes[0])} comes out."
    return RuleResult(shapes[0], f"→ {size(shapes[0])}", sentence.capitalize())


@rule("Functional", "Sequential")
def model(layer: Layer, shapes: Shapes) -> RuleResult:
    """A whole model inside a wrapper: the rules of its layers, one after the other."""
    weights: dict[int, int] = {}
    if len(shapes) != len(layer.inputs):
        raise NoRule(
            f"There is no rule by hand for {layer.name} with {count(len(shapes), 'input')} of {len(layer.inputs)}."
        )

    def visit(call: Call, reaching: Sequence[Shape]) -> Sequence[Shape]:
        found = rule_of_call(call, reaching)
        weights.setdefault(id(call.layer), found.parameters.number or 0)
        return found.shapes

    out = walk(layer, list(shapes), visit, show_inputs=True)
    number = sum(weights.values())
    parameters = worked_out(str(number), "All its layers together.") if number else NONE
    sentence = f"The model {layer.name}, of {count(len(weights), 'layer')}, makes {size(out[0])} of {size(shapes[0])}."
    return RuleResult(out[0], f"→ {size(out[0])}", sentence, parameters, further=tuple(out[1:]))
