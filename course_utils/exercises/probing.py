"""Build the model that a learner's function returns, run it, and look at the maps inside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_utils.exercises import networks
from course_utils.exercises.answers import ask, check_callable, spell
from course_utils.exercises.catalogue import Misconception
from course_utils.exercises.networks import MODELS, Array
from course_utils.exercises.result import CheckFailed
from course_utils.explain.building import building
from course_utils.explain.rows import Row
from course_utils.keras_layers import KerasRefusal, Layer, kind_of, load_keras, plain_message, run

#: The layers and operations up to one that refuses, which is the last.
Rows = tuple[Row, ...]

#: What is behind a refusal: a misconception, or a sentence about what the learner did; nothing if that is not known.
Diagnosis = Misconception | str | None


def spell_shape(shape: Sequence[int | None]) -> str:
    """A shape without the batch axis: 28 × 28 × 1."""
    if set(shape[1:]) == {None}:
        return "a size that is not known"
    return " × ".join("?" if n is None else str(n) for n in shape[1:])


def built(
    function: Any,
    *args: Any,
    settings: str = "",
    shape: tuple[int, ...] | None = None,
    diagnose: Callable[[Rows], Diagnosis] = lambda rows: None,
) -> Any:
    """The Keras model that a learner's function builds.

    Args:
        function: what the learner wrote.
        *args: what it is called with.
        settings: the same as the learner is to read it: ``n = 7``.
        shape: what goes into the model, without the batch axis, if it is to be laid open (see ``laid_open``).
        diagnose: finds out what is behind it where a layer refuses.

    Raises:
        CheckFailed: with the layer that refuses if the model does not build.
    """
    check_callable(function)
    try:
        model = ask(function, *args, settings=settings)
    except CheckFailed as failed:
        rows = _rows_to_refusal(function, args) if isinstance(failed.__cause__, Exception) else ()
        if not rows:
            raise
        raise _does_not_build(rows, settings, diagnose(rows)) from None
    if not isinstance(model, load_keras().Model):
        raise CheckFailed(f"Your function returns {spell(model)}, and I need a Keras model. Is a `return` missing?")
    return model if shape is None else laid_open(model, shape)


def _rows_to_refusal(function: Callable[..., Any], args: tuple[Any, ...]) -> Rows:
    """What was built, and as the last row the layer that refuses; nothing if it was no layer."""
    try:
        explained = building(lambda: function(*args))
        refused = explained.refused_at
        return () if refused is None else (*(step for step in explained.rows if step is not refused), refused)
    except Exception:
        return ()


def _does_not_build(rows: Rows, settings: str, diagnosis: Diagnosis) -> CheckFailed:
    step, said = rows[-1], rows[-1].refusal_keras or ""
    lines = [
        f"{_your(settings)} model does not build. {step.kind} refuses; what reached it: "
        f"{' and '.join(map(spell_shape, step.input_shapes))}.",
        f"Keras says: {said}",
    ]
    if "Only input tensors may be passed" in said and not got_a_number(step):
        lines.append("A layer was handed on, and not what it makes of x. Write `(x)` behind its brackets.")
    if isinstance(diagnosis, str):
        return CheckFailed(*lines, diagnosis)
    return CheckFailed(*lines, misconception=diagnosis, with_case=False)


def _your(settings: str) -> str:
    return f"For {settings} your" if settings else "Your"


def got_a_number(step: Row) -> bool:
    """Whether a layer was called with a number, or a tuple of numbers, in place of a map."""
    return re.search(r"\(of type <class '(int|float)'>\)", step.refusal_keras or "") is not None


def heights(step: Row) -> tuple[int, ...]:
    """The heights of the maps that reached a layer, the smallest first."""
    return tuple(sorted(shape[1] or 0 for shape in step.input_shapes))


# -- opening ------------------------------------------------------------------------------------------------------


def laid_open(model: Any, shape: tuple[int, ...]) -> Any:
    """The same model, for an input of this shape where it leaves that open, and with no model inside it.

    The layers of an inner model stand in its place. Where there is something to open or to fill in, its layers are
    copies with fresh weights; else it is the model itself. Fails for a class of the learner's own, which does not say
    what its layers do.
    """
    if kind_of(model) not in MODELS:
        raise CheckFailed(
            "Your model is a class of your own, and I cannot look into that.",
            "Build the same with `keras.Model(picture, output)` or with `keras.Sequential([…])`.",
        )
    given = model.input_shape[1:] if model.built else (None,) * len(shape)
    inside = any(kind_of(layer) in MODELS for layer in model.layers)
    if len(given) != len(shape) or (None not in given and not inside):
        return model
    keras = load_keras()
    picture = keras.Input([size or wanted for size, wanted in zip(given, shape, strict=True)])
    try:
        return keras.Model(picture, _layer_by_layer(model, picture))
    except Exception as error:
        raise CheckFailed(
            f"I could not take your model apart: {plain_message(error)}",
            "Write the layers of an inner model themselves, and build the model for the n that you are given.",
        ) from error


def _layer_by_layer(model: Any, picture: Any) -> Any:
    """What copies of the layers of a model, and of the models inside it, make of a picture."""
    copies: dict[int, Layer] = {}

    def copied(layer: Layer) -> Layer:
        if kind_of(layer) in MODELS:
            return layer
        if id(layer) not in copies:
            # A Lambda is not made from its settings: Keras would take the function among them for unsafe.
            copies[id(layer)] = (
                type(layer)(layer.function)
                if kind_of(layer) == "Lambda"
                else type(layer).from_config(layer.get_config() | {"name": None})  # one name may stand in two models
            )
        return copies[id(layer)]

    def called(layer: Layer, *args: Any, **kwargs: Any) -> Any:
        if kind_of(layer) == "Sequential":
            (x,) = args
            for one in layer.layers:
                x = called(copied(one), x)
            return x
        if kind_of(layer) == "Functional":
            # As keras.models.clone_model does it, which would give another model, and not a map of this one.
            return layer._run_through_graph(args[0], operation_fn=copied, call_fn=called)
        return layer(*args, **kwargs)

    return called(model, picture)


# -- looking inside -----------------------------------------------------------------------------------------------


def made_of(model: Any, x: Array, settings: str = "") -> Array:
    """What the model makes of x. Fails with Keras's own words."""
    try:
        return run(model, x)
    except KerasRefusal as refusal:
        raise CheckFailed(f"{_your(settings)} model builds, and does not run. Keras says: {refusal}") from None


def layers_of_kind(model: Any, *kinds: str) -> list[Layer]:
    """The layers of these kinds."""
    return [layer for layer in model.layers if kind_of(layer) in kinds]


def joins(model: Any, *kinds: str) -> list[Any]:
    """The layers, and what is written with ``+`` or ``keras.ops``, in which two maps or more meet."""
    found = [one for one in model.operations if kind_of(one) in kinds]
    return [one for one in found if isinstance(one.input, (list, tuple)) and len(one.input) > 1]


def path_to(tensor: Any) -> list[Any]:
    """The layers that a map came through, the first of them first: from the input, or from where maps met."""
    path: list[Any] = []
    sources = [tensor]
    while len(sources) == 1:
        history = sources[0]._keras_history
        sources = history.operation._inbound_nodes[history.node_index].input_tensors
        path += [history.operation] if sources else []
    return path[::-1]


def opened(model: Any, ends: Sequence[Any], *cuts: Any) -> Callable[..., list[Array]]:
    """The maps at several places inside a model, as a function of the picture and of the maps at some cuts.

    What a function like this gives may be compared bit by bit with what another gives for the same number of pictures:
    the same layers are run on batches of the same shape.
    """
    places = {id(end): end for end in ends}  # each once: Keras loses a map that is asked for twice behind a cut
    inside = load_keras().Model([*model.inputs, *cuts], list(places.values()))

    def maps(*given: Array) -> list[Array]:
        made = dict(zip(places, load_keras().tree.flatten(inside(list(given))), strict=True))
        return [np.asarray(made[id(end)]) for end in ends]

    return maps


def some_picture(model: Any, seed: int) -> Array:
    """A picture of the size that the model takes, full of digits."""
    return networks.digits((1, *model.input_shape[1:]), seed=seed)
