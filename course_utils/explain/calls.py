"""Which layers are called, in which order, and on which maps.

A chain is walked as it is written. A graph (a Functional model, or a Sequential one that knows its input) is walked
over Keras's records of calls ("nodes"), because a layer may be called several times and because some calls belong to no
layer: ``x + y`` is in ``model.operations`` and not in ``model.layers``. Nested models are entered, not shown as a row.

``visit`` is called for every call in turn; it takes the maps that reach it and returns those that come out. What a map
is, only ``visit`` knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from course_utils.keras_layers import Layer, kind_of, load_keras

Value = TypeVar("Value")


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
        """How many maps come out."""
        return 1 if self.node is None else len(self.node.output_tensors)


Visit = Callable[[Call, Sequence[Value]], Sequence[Value]]


def has_graph(layer: Layer) -> bool:
    """Whether Keras has recorded the calls inside: a Functional model, or a Sequential one that knows its input."""
    return isinstance(layer, load_keras().Model) and bool(getattr(layer, "inputs", None))


def is_chain(layer: Layer) -> bool:
    """Whether this is a Sequential model that has not seen an input yet."""
    return isinstance(layer, load_keras().Sequential) and not has_graph(layer)


def walk_chain(
    layers: Iterable[Layer], maps: Sequence[Value], visit: Visit[Value], prefix: str = ""
) -> Sequence[Value]:
    """Visit layers one after the other; what comes out of one goes into the next."""
    for layer in layers:
        maps = _walk_into(layer, maps, visit, prefix)
    return maps


def walk_graph(
    model: Layer, maps: Sequence[Value], visit: Visit[Value], prefix: str = "", show_inputs: bool = True
) -> Sequence[Value]:
    """Visit every recorded call of a model in the order of ``model.summary()``.

    Args:
        model: one for which ``has_graph`` holds.
        maps: one for each of ``model.inputs``.
        visit: see above.
        prefix: stands before every name.
        show_inputs: whether the input layers are visited too.
    """
    found: dict[int, Value] = {id(tensor): map_ for tensor, map_ in zip(model.inputs, maps, strict=True)}
    for node in _nodes_in_order(model):
        if not node.is_input:
            reaching = [found[id(tensor)] for tensor in node.input_tensors]
            leaving = _walk_into(node.operation, reaching, visit, prefix, node)
        elif show_inputs:
            given = [found[id(tensor)] for tensor in node.output_tensors]
            leaving = visit(Call(node.operation, prefix + node.operation.name, node), given)
        else:
            continue
        found.update({id(tensor): map_ for tensor, map_ in zip(node.output_tensors, leaving, strict=True)})
    return [found[id(tensor)] for tensor in model.outputs]


def _walk_into(
    layer: Layer, maps: Sequence[Value], visit: Visit[Value], prefix: str, node: Any = None
) -> Sequence[Value]:
    """Enter a nested model, or visit a layer."""
    inside = f"{prefix}{layer.name}/"
    if has_graph(layer):
        return walk_graph(layer, maps, visit, inside, show_inputs=False)
    if is_chain(layer):
        return walk_chain(layer.layers, maps, visit, inside)
    return visit(Call(layer, prefix + layer.name, node), maps)


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


def is_input(layer: Layer) -> bool:
    """Whether this is the input layer of a model."""
    return kind_of(layer) == "InputLayer"
