"""Which layers are called, in which order, and on which tensors.

A chain is walked as it is written. A graph (a Functional model, or a Sequential one that knows its input) is walked
over Keras's records of calls ("nodes"), because a layer may be called several times and because some calls belong to no
layer: ``x + y`` is in ``model.operations`` and not in ``model.layers``. Nested models are entered, not shown as a row.

``visit`` is called for every call in turn; it takes the values that reach it and returns those that come out. What a
value is, only ``visit`` knows.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from course_utils.keras_layers import Layer, channels_last, kind_of, load_keras

Value = TypeVar("Value")

#: Arguments that Keras fills in by itself with the masks that travel beside the tensors.
_MASKS = ("mask", "query_mask", "value_mask", "key_mask")


@dataclass(frozen=True)
class Call:
    """One call of a layer.

    Attributes:
        layer: the layer, or the operation.
        name: its name, behind the names of the nested models that it stands in.
        node: Keras's record of the call, or None in a chain, where nothing has been called yet.
    """

    layer: Layer
    name: str
    node: Any = None

    @property
    def outputs(self) -> int:
        """How many tensors come out."""
        return 1 if self.node is None else len(self.node.output_tensors)

    def without_masks(self, values: Sequence[Value]) -> list[Value]:
        """Those of the values that reach this call that are no masks."""
        if self.node is None or not any(name in self.node.arguments.kwargs for name in _MASKS):
            return list(values)
        arguments = self.node.arguments
        named = [value for name, value in arguments.kwargs.items() if name not in _MASKS]
        kept = {id(tensor) for tensor in load_keras().tree.flatten((arguments.args, named))}
        return [value for value, t in zip(values, self.node.input_tensors, strict=True) if id(t) in kept]


def inputs_asked(layer: Any) -> int:
    """How many inputs the ``call`` of a layer takes one by one; a list of them is one."""
    needed = [p for p in inspect.signature(layer.call).parameters.values() if p.default is p.empty]
    return len([p for p in needed if p.kind == p.POSITIONAL_OR_KEYWORD and p.name not in ("training", "mask")])


def one_by_one(layer: Any, values: Sequence[Value]) -> bool:
    """Whether values that no record tells about are handed over as ``layer(query, value)``, not as a list."""
    return len(values) > 1 and len(values) >= inputs_asked(layer) > 1


Visit = Callable[[Call, Sequence[Value]], Sequence[Value]]


def has_graph(layer: Layer) -> bool:
    """Whether Keras has recorded the calls inside: a Functional model, or a Sequential one that knows its input."""
    return isinstance(layer, load_keras().Model) and bool(getattr(layer, "inputs", None))


def is_chain(layer: Layer) -> bool:
    """Whether this is a Sequential model that has not seen an input yet."""
    return isinstance(layer, load_keras().Sequential) and not has_graph(layer)


def is_input(layer: Layer) -> bool:
    """Whether this is the input layer of a model."""
    return kind_of(layer) == "InputLayer"


def maps_have_channels_last(model: Layer | list[Layer]) -> bool:
    """Where the channels stand in the maps that go in: where the first layer that asks expects them."""
    layers = model if isinstance(model, list) else model._flatten_layers(include_self=False)
    return next((channels_last(layer) for layer in layers if hasattr(layer, "data_format")), True)


def walk(
    model: Layer | list[Layer], values: Sequence[Value], visit: Visit[Value], prefix: str = "", show_inputs: bool = True
) -> Sequence[Value]:
    """Visit every call of a model, or of layers that are called one after the other.

    Args:
        model: a list of layers, an unbuilt Sequential model, or anything with a graph: then its calls are visited in
            the order of ``model.summary()``.
        values: one for each of its inputs.
        visit: see above.
        prefix: stands before every name.
        show_inputs: whether the input layers of a graph are visited too.

    Returns:
        The values that come out at its end.
    """
    if isinstance(model, list) or is_chain(model):
        for layer in model if isinstance(model, list) else model.layers:
            values = _enter(layer, values, visit, prefix)
        return values
    found: dict[int, Value] = {id(tensor): value for tensor, value in zip(model.inputs, values, strict=True)}
    for node in _nodes_in_order(model):
        if not node.is_input:
            reaching = [found[id(tensor)] for tensor in node.input_tensors]
            leaving = _enter(node.operation, reaching, visit, prefix, node)
        elif show_inputs:
            given = [found[id(tensor)] for tensor in node.output_tensors]
            leaving = visit(Call(node.operation, prefix + node.operation.name, node), given)
        else:
            continue
        found.update({id(tensor): value for tensor, value in zip(node.output_tensors, leaving, strict=True)})
    return [found[id(tensor)] for tensor in model.outputs]


def _enter(
    layer: Layer, values: Sequence[Value], visit: Visit[Value], prefix: str, node: Any = None
) -> Sequence[Value]:
    """Enter a nested model, or visit a layer. A model that got no tensor for one of its inputs is visited whole."""
    call = Call(layer, prefix + layer.name, node)
    inside = _by_input(call, values) if has_graph(layer) else call.without_masks(values) if is_chain(layer) else None
    if inside is not None:
        return walk(layer, inside, visit, f"{prefix}{layer.name}/", show_inputs=False)
    return visit(call, values)


def _by_input(call: Call, values: Sequence[Value]) -> list[Value] | None:
    """One value for each input of a nested model, which may be called with a dict that holds more."""
    model, node = call.layer, call.node
    given = node.arguments.args[0] if node is not None and node.arguments.args else None
    if not isinstance(given, dict):
        maps = call.without_masks(values)
        return maps if len(maps) == len(model.inputs) else None
    keys = sorted(model._inputs_struct) if isinstance(model._inputs_struct, dict) else [t.name for t in model.inputs]
    found = {id(tensor): value for tensor, value in zip(node.input_tensors, values, strict=True)}
    tensors = [given.get(key) for key in keys]
    return [found[id(t)] for t in tensors] if all(id(t) in found for t in tensors) else None


def _nodes_in_order(model: Layer) -> list[Any]:
    """Keras's records of calls, every one behind those that it depends on; side by side as in ``summary()``."""
    keras = load_keras()
    # A Sequential model keeps its graph to itself, but the same graph can be had from its ends.
    graph = model if isinstance(model, keras.Function) else keras.Function(model.inputs, model.outputs, name="walked")
    place = {id(operation): number for number, operation in enumerate(graph.operations)}
    by_depth = graph._nodes_by_depth
    return [
        node
        for depth in sorted(by_depth, reverse=True)
        for node in sorted(by_depth[depth], key=lambda node: place[id(node.operation)])
    ]
