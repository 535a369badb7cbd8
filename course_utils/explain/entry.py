"""``explain`` itself: look at what it was given, say what to try if that is unusable, and start."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any

from course_utils.explain.calls import has_graph, inputs_asked, is_chain, is_input, maps_have_channels_last, walk
from course_utils.explain.diagnosis import advise, carefully, diagnose, is_autoencoder
from course_utils.explain.explanation import Explanation
from course_utils.explain.failure import explained_failure, whole_tracebacks
from course_utils.explain.rebuild import as_graph, is_own_model, shape_built_for
from course_utils.explain.rows import Diagnosis, Row
from course_utils.explain.rules.core import Shapes
from course_utils.explain.tracing import Tracer
from course_utils.explain.wording import Shape, count, size
from course_utils.keras_layers import Layer, has_axes, kind_of, load_keras

_EXAMPLES = (
    "Try explain(model), explain(keras.layers.Conv2D(8, 3), input_shape=(28, 28, 1)) or "
    "explain([layer, layer], input_shape=(28, 28, 1))."
)


_ONE = "Explain the way to one of them: explain(keras.Model(model.inputs, model.outputs[0]), target=...)."


def explain(
    model: Any,
    input_shape: Sequence[Any] | None = None,
    target: Sequence[Any] | None = None,
    *,
    brief: bool = False,
) -> Explanation:
    """Explain a Keras model, a layer, or a list of layers: for each, what size comes out and why.

    Nothing that is handed over is changed: layers that are not built stay so.

    Args:
        model: a Keras model, one layer, or a list of layers that are called one after the other.
        input_shape: what goes in, **without the batch axis**, as in ``keras.Input(shape=...)``: ``(28, 28, 1)``; None
            for a size that is not known. A list of shapes for a layer that joins several inputs. A model that knows its
            input needs none; given all the same, it fills in the sizes that the model left open.

        target: what should come out, without the batch axis. An autoencoder (a model that goes down and up again, to a
            map like the one that went in) has its input as its target unless another is given; nothing else has a
            target by itself. If it is missed: by how much, since which layer, and repairs that were built and run
            before they are offered.
        brief: show sizes and rules only, without a sentence; ``details()`` and ``to_markdown()`` tell the rest.

    Returns:
        One row per call of a layer, each worked out by hand and held against Keras. A layer without a rule says so on
        its row, and a layer that cannot be built shows why, by hand and in Keras's words.

    Raises:
        TypeError: for anything that is not a Keras model or layer.
        ValueError: for an input shape that is missing, malformed, or not the one that the model was built for.

    >>> import keras
    >>> pool = keras.layers.MaxPooling2D(2, padding="same")
    >>> explain(pool, input_shape=(7, 7, 8))[0].formula
    '⌈7 / 2⌉ = 4'
    """
    given = None if input_shape is None else _read_shapes(input_shape)
    graph, hint = model, ""
    if is_own_model(model):
        given = given or _built_for(model)
        if len(given) < inputs_asked(model):
            raise ValueError(
                f'The call of "{model.name}" takes {inputs_asked(model)} inputs. Give a shape for each of them: '
                "explain(..., input_shape=[(28, 28, 1), (10,)])."
            )
        try:
            with whole_tracebacks():
                graph = as_graph(model, [shape[1:] for shape in given])
        except Exception as error:
            failed = explained_failure(model, error, "model")
            if failed is not None:
                return replace(failed, name=str(model.name), brief=brief)
            hint = _parts_to_explain(model)
    if _is_layer(graph) and has_graph(graph):
        calls, shapes, tracer = graph, _open_sizes_filled(graph, given), Tracer(maps_have_channels_last(graph))
    else:
        calls = _as_chain(graph, given)
        shapes, tracer = _inputs_of(calls[0], given), Tracer(maps_have_channels_last(calls))
    walk(calls, tracer.start(shapes, getattr(calls, "inputs", None)), tracer.visit)
    name = f"a chain of {count(len(model), 'layer')}" if isinstance(model, list | tuple) else str(model.name)
    rows = tracer.rows
    if hint:
        rows = [replace(row, rule=replace(row.rule, notes=(*row.notes, hint))) for row in rows]
    wanted = None if target is None else _read_shape(target)
    return Explanation(name, tuple(rows), carefully(lambda: _diagnosis(model, rows, wanted)), brief)


def _built_for(model: Layer) -> Shapes:
    """What a model of somebody's own class was called on. Raises ValueError if that is not known."""
    shape = shape_built_for(model)
    if shape:
        return (shape,)
    several = (model.get_build_config() or {}).get("input_shape")
    if isinstance(several, dict):
        raise ValueError(
            f'"{model.name}" takes its inputs by name; only a tensor or a list of them can be followed. Explain its '
            "layers one by one, or build it with keras.Model(inputs, outputs)."
        )
    if several:
        return tuple(map(tuple, several))
    raise ValueError(
        f'"{model.name}" has not been called yet and does not know what goes in. Say it, without the batch axis: '
        "explain(..., input_shape=(28, 28, 1))."
    )


def _parts_to_explain(model: Layer) -> str:
    """What to try with a model whose call cannot be followed."""
    parts = [key for key, value in vars(model).items() if _is_layer(value) and not key.startswith("_")]
    inside = f"explain([{', '.join(f'm.{part}' for part in parts)}], input_shape=...)" if parts else "its layers"
    return f"What happens in its call cannot be followed. Explain its parts, in their order: {inside}."


def _diagnosis(model: Any, rows: Sequence[Row], target: Shape | None) -> Diagnosis | None:
    """What is wrong with the size that comes out; nothing is looked for in a model that has no target."""
    refused = next((place for place, row in enumerate(rows) if row.refused), None)
    if refused is not None:
        return advise(model, rows[: refused + 1])
    made, outputs = rows[-1].output_shape, len(getattr(model, "outputs", None) or [0])
    if outputs > 1 and target is not None:
        return Diagnosis((), False, (f"A target is held against one output, and this model has {outputs}. {_ONE}",))
    if made is None or None in made[1:] or outputs > 1:
        return None
    if target is not None:
        return diagnose(model, rows, target)
    if not is_autoencoder(rows):
        return None
    found = diagnose(model, rows, next(row.input_shapes[0] for row in rows if None in row.sources))
    return None if found.hits else found


# -- what was handed over -----------------------------------------------------------------------------------------


def _is_layer(thing: object) -> bool:
    return isinstance(thing, load_keras().layers.Layer)


def _as_chain(model: Any, given: Shapes | None) -> list[Layer]:
    """The layers of anything that is no graph, in their order. Raises TypeError or ValueError if there are none."""
    if isinstance(model, list | tuple):
        if not model:
            raise ValueError(f"The list of layers is empty, so there is nothing to explain. {_EXAMPLES}")
        return [_check_layer(thing, place) for place, thing in enumerate(model)]
    if not is_chain(_check_layer(model)):
        return [model]
    if not model.layers:
        raise ValueError(f'The model "{model.name}" has no layers yet, so there is nothing to explain.')
    first = [] if given is None else [load_keras().layers.InputLayer(given[0][1:], name="input")]
    return [*first, *model.layers]


def _check_layer(thing: Any, place: int | None = None) -> Layer:
    """One layer, or an input as the first of a list. Raises TypeError with what to try for anything else."""
    where = "" if place is None else f" at place {place} of the list"
    if isinstance(thing, load_keras().KerasTensor):
        history = getattr(thing, "_keras_history", None)
        if place == 0 and history is not None and history.operation is not None and is_input(history.operation):
            return history.operation
        raise TypeError(
            f"This is a tensor{where}, what layers pass on, and not a layer. Wrap it first: "
            "explain(keras.Model(inputs, outputs))."
        )
    if isinstance(thing, type):
        raise TypeError(
            f"{thing.__name__}{where} is a class. Make a layer of it first, with its settings in brackets: "
            f"{thing.__name__}(...)."
        )
    if not _is_layer(thing):
        shown = "None" if thing is None else f"{type(thing).__module__}.{type(thing).__qualname__}"
        raise TypeError(
            f"explain reads Keras models and layers; this is {shown.removeprefix('builtins.')}{where}. {_EXAMPLES}"
        )
    if place and is_input(thing):
        raise TypeError(f"There is an input{where}; only the first of a list can be one.")
    return thing


# -- what goes in -------------------------------------------------------------------------------------------------


def _inputs_of(layer: Layer, given: Shapes | None) -> Shapes:
    """The shapes that reach the first layer of a chain."""
    if given is None and (is_input(layer) or has_graph(layer)):
        given = (tuple(layer.batch_shape),) if is_input(layer) else tuple(tuple(t.shape) for t in layer.inputs)
    if given is None:
        raise ValueError(
            f'"{layer.name}" does not know what goes in. Say it, without the batch axis: '
            "explain(..., input_shape=(28, 28, 1))."
        )
    shape, dimensions = given[0], re.search(r"(\d)D", kind_of(layer)) if has_axes(layer) else None
    if dimensions and len(shape) == int(dimensions[1]) + 3:  # one number too many is the batch axis, by mistake
        raise ValueError(
            f"input_shape={shape[1:]} has one number too many for {type(layer).__name__}. It is given without the "
            f"batch axis, as in keras.Input(shape=...): try input_shape={shape[2:]}."
        )
    return given


def _open_sizes_filled(model: Layer, given: Shapes | None) -> Shapes:
    """The shapes that reach a model which knows its inputs; given sizes go where it says None."""
    known = tuple(tuple(tensor.shape) for tensor in model.inputs)
    if given is None:
        return known
    if len(given) != len(known) or not all(map(_fits, given, known)):
        built_for = " and ".join(map(size, known))
        raise ValueError(
            f'"{model.name}" was built for an input of {built_for}, not {" and ".join(map(size, given))}. Build it '
            "again for the other size, or, if it is a plain chain: explain(model.layers, input_shape=...)."
        )
    return tuple((batch, *shape[1:]) for shape, (batch, *_) in zip(given, known, strict=True))


def _fits(given: Shape, known: Shape) -> bool:
    return len(given) == len(known) and all(k in (None, g) for g, k in zip(given[1:], known[1:], strict=True))


def _read_shapes(input_shape: Any) -> Shapes:
    """One shape or a list of shapes, each with an open batch axis in front. Raises ValueError if it is neither."""
    if isinstance(input_shape, list | tuple) and input_shape and isinstance(input_shape[0], list | tuple):
        return tuple(_read_shape(shape) for shape in input_shape)
    return (_read_shape(input_shape),)


def _read_shape(shape: Any) -> Shape:
    if _is_size(shape) and shape is not None:
        raise ValueError(f"input_shape must be a tuple. For rows of {shape} numbers write input_shape=({shape},).")
    if not isinstance(shape, list | tuple) or not all(_is_size(n) for n in shape):
        raise ValueError(
            f"input_shape must be a tuple of whole numbers of at least 1 (or None), without the batch axis, such as "
            f"(28, 28, 1); it is {shape!r}."
        )
    return (None, *(None if n is None else int(n) for n in shape))


def _is_size(n: object) -> bool:
    """None, or a whole number of at least 1; NumPy's whole numbers are as good as Python's."""
    return n is None or (isinstance(n, Integral) and not isinstance(n, bool) and int(n) >= 1)
