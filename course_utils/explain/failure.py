"""What failed to build, as far as it got, and the layer that Keras leaves unnamed.

Keras's errors name no layer ("Computed output size would be zero or negative"). But the exception still holds the call
that raised it, with the layer and the tensors that reached it; and each tensor knows the calls that it came from.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any

from course_utils.explain.calls import Call, maps_have_channels_last, walk
from course_utils.explain.diagnosis import advise, carefully
from course_utils.explain.explanation import Explanation
from course_utils.explain.rows import Facts
from course_utils.explain.tracing import TracedTensor, Tracer
from course_utils.explain.wording import Shape
from course_utils.keras_layers import Layer, load_keras, plain_message


@contextlib.contextmanager
def whole_tracebacks() -> Iterator[None]:
    """Keras cuts its own calls out of a traceback unless it is told not to."""
    config = load_keras().config
    filtered = config.is_traceback_filtering_enabled()
    config.disable_traceback_filtering()
    try:
        yield
    finally:
        if filtered:
            config.enable_traceback_filtering()


def _calls_in(traceback: TracebackType | None) -> list[tuple[Layer, list[Any]]]:
    """The calls of layers that the error came through, the outermost first: the layer, and what reached it."""
    keras = load_keras()
    found: list[tuple[Layer, list[Any]]] = []
    while traceback is not None:
        local = traceback.tb_frame.f_locals
        layer, arguments = local.get("self"), local.get("args")
        named = traceback.tb_frame.f_code.co_name
        if isinstance(layer, keras.Operation) and named in ("__call__", "symbolic_call") and arguments:
            tensors = [a for a in keras.tree.flatten(arguments) if hasattr(a, "shape") and a is not layer]
            if tensors and (not found or found[-1][0] is not layer):
                found.append((layer, tensors))
        traceback = traceback.tb_next
    return found


def explained_failure(model: Any, error: Exception, name: str) -> Explanation | None:
    """Everything that led to the innermost call, level by level, and that call as the last row.

    Args:
        model: what failed: a function that builds a model, or a model of somebody's own class.
        error: with which it failed.
        name: of ``model`` in the code of repairs.

    Returns:
        None where the error did not come from a layer.
    """
    calls = _calls_in(error.__traceback__)
    if not calls:
        return None
    met = [operation for _, reaching in calls for operation in _behind(reaching)[1]]
    tracer, prefix = Tracer(maps_have_channels_last([*met, *(layer for layer, _ in calls)])), ""
    traced: list[TracedTensor | None] = []
    for place, (layer, reaching) in enumerate(calls):
        traced = _followed(tracer, reaching, prefix, traced)
        if place + 1 < len(calls):
            prefix += f"{layer.name}/"
    if not _are_symbolic(reaching):
        traced = tracer.start([_shape(tensor) for tensor in reaching])
    tracer.visit(Call(layer, prefix + layer.name), traced)
    last = tracer.rows[-1]
    refused = replace(last, keras=replace(last.keras, refusal=plain_message(error)))
    # A model that is not there yet is shown without what its layers would cost.
    rows = tuple(replace(row, facts=Facts(row.facts.sizes)) for row in (*tracer.rows[:-1], refused))
    return Explanation("what was being built", rows, carefully(lambda: advise(model, rows, name)))


def _followed(
    tracer: Tracer, tensors: list[Any], prefix: str, outside: list[TracedTensor | None]
) -> list[TracedTensor | None]:
    """Follow the calls that these tensors came from. ``outside``: what went into the model that stands around them."""
    if not _are_symbolic(tensors):
        return outside
    roots = _behind(tensors)[0]
    inside = prefix and len(outside) == len(roots)
    given = outside if inside else tracer.start([tuple(root.shape) for root in roots], roots)
    known = {id(root): traced for root, traced in zip(roots, given, strict=True)}
    if not all(id(tensor) in known for tensor in tensors):
        graph = load_keras().Function(roots, tensors, name="so_far")
        return list(walk(graph, given, tracer.visit, prefix, show_inputs=not prefix))
    if not prefix:  # nothing stands between the inputs and the layer
        for root, traced in zip(roots, given, strict=True):
            operation = getattr(getattr(root, "_keras_history", None), "operation", None)
            if operation is not None:
                (known[id(root)],) = tracer.visit(Call(operation, operation.name), [traced])
    return [known[id(tensor)] for tensor in tensors]


def _behind(tensors: Sequence[Any]) -> tuple[list[Any], list[Layer]]:
    """What these came from: the tensors that came from nothing themselves, and the layers and operations between."""
    roots: dict[int, Any] = {}
    met: list[Layer] = []
    seen: set[int] = set()
    waiting = list(tensors)
    while waiting:
        tensor = waiting.pop(0)
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        history: Any = getattr(tensor, "_keras_history", None)
        made = history is not None and history.operation is not None
        node = history.operation._inbound_nodes[history.node_index] if made else None
        if node is None or node.is_input:
            roots[id(tensor)] = tensor
        else:
            met.append(node.operation)
            waiting += list(node.input_tensors)
    return list(roots.values()), met


def _are_symbolic(tensors: Sequence[Any]) -> bool:
    return all(isinstance(tensor, load_keras().KerasTensor) for tensor in tensors)


def _shape(tensor: Any) -> Shape:
    return tuple(None if n is None else int(n) for n in tensor.shape)
