"""Build the model that a learner's function returns, run it, and find out which way a change takes through it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_utils.exercises import networks
from course_utils.exercises.answers import ask, check_callable, spell
from course_utils.exercises.catalogue import Misconception
from course_utils.exercises.networks import MODELS, Map
from course_utils.exercises.result import CheckFailed, wrong
from course_utils.explain.building import building
from course_utils.explain.rows import Row
from course_utils.keras_layers import KerasRefusal, Layer, kind_of, load_keras, plain_message, run


def spell_shape(shape: Sequence[int | None]) -> str:
    """A shape without the batch axis: 28 × 28 × 1."""
    if set(shape[1:]) == {None}:
        return "a size that is not known"
    return " × ".join("?" if n is None else str(n) for n in shape[1:])


def built(function: Any, *args: Any, settings: str = "") -> Any:
    """The Keras model that a learner's function builds. Stops with the layer that refuses if it does not build."""
    check_callable(function)
    try:
        model = ask(function, *args, settings=settings)
    except CheckFailed as stop:
        rows = _rows_to_refusal(function, args) if isinstance(stop.__cause__, Exception) else ()
        if not rows:
            raise
        raise DoesNotBuild(rows, settings) from None
    if not isinstance(model, load_keras().Model):
        raise CheckFailed(
            wrong(f"Your function returns {spell(model)}, and I need a Keras model. Is a `return` missing?")
        )
    return model


def laid_open(model: Any, shape: tuple[int, ...]) -> Any:
    """The same model, for an input of this shape where it leaves that open, and with no model inside it.

    The layers of an inner model stand in its place. Where there is something to open or to fill in, its layers are
    copies with fresh weights; else it is the model itself. Stops at a class of the learner's own, which does not say
    what its layers do.
    """
    if kind_of(model) not in MODELS:
        raise CheckFailed(
            wrong(
                "Your model is a class of your own, and I cannot look into that.",
                "Build the same with `keras.Model(picture, output)` or with `keras.Sequential([…])`.",
            )
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
            wrong(
                f"I could not take your model apart: {plain_message(error)}",
                "Write the layers of an inner model themselves, and build the model for the n that you are given.",
            )
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


class DoesNotBuild(CheckFailed):
    """The model of a learner does not build; ``step`` is the layer that refuses, ``rows`` end with it."""

    def __init__(
        self, rows: Sequence[Row], settings: str, misconception: Misconception | None = None, told: str = ""
    ) -> None:
        step = rows[-1]
        lead = f"For {settings} your" if settings else "Your"
        reached = " and ".join(map(spell_shape, step.input_shapes))
        said = step.refusal_keras or ""
        uncalled = "Only input tensors may be passed" in said and not got_a_number(step)
        super().__init__(
            wrong(
                f"{lead} model does not build. {step.kind} refuses; what reached it: {reached}.",
                f"Keras says: {said}",
                *["A layer was handed on, and not what it makes of x. Write `(x)` behind its brackets."] * uncalled,
                *[told] * bool(told),
                misconception=misconception,
                with_case=False,
            )
        )
        self.rows = rows
        self.step = step
        self.settings = settings

    def because(self, misconception: Misconception | None, told: str = "") -> DoesNotBuild:
        """The same, with the belief behind it, or with what was done."""
        return DoesNotBuild(self.rows, self.settings, misconception, told)


def got_a_number(step: Row) -> bool:
    """Whether a layer was called with a number, or a tuple of numbers, in place of a map."""
    return re.search(r"\(of type <class '(int|float)'>\)", step.refusal_keras or "") is not None


def _rows_to_refusal(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Row, ...]:
    """What was built, and as the last row the layer that refuses; nothing if it was no layer."""
    try:
        explained = building(lambda: function(*args))
        refused = explained.refused_at
        return () if refused is None else (*(step for step in explained.rows if step is not refused), refused)
    except Exception:
        return ()


def heights(step: Row) -> tuple[int, ...]:
    """The heights of the maps that reached a layer, the smallest first."""
    return tuple(sorted(shape[1] or 0 for shape in step.input_shapes))


def made_of(model: Any, x: Map, settings: str = "") -> Map:
    """What the model makes of x, or a result in Keras's own words."""
    try:
        return run(model, x)
    except KerasRefusal as refusal:
        lead = f"For {settings} your" if settings else "Your"
        raise CheckFailed(wrong(f"{lead} model builds, and does not run. Keras says: {refusal}")) from None


def layers_of(model: Any, *kinds: str) -> list[Layer]:
    """The layers of these kinds."""
    return [layer for layer in model.layers if kind_of(layer) in kinds]


def joins(model: Any, *kinds: str) -> list[Any]:
    """The layers, and what is written with ``+`` or ``keras.ops``, in which two maps or more meet."""
    found = [one for one in model.operations if kind_of(one) in kinds]
    return [one for one in found if isinstance(one.input, (list, tuple)) and len(one.input) > 1]


def way_to(tensor: Any) -> list[Any]:
    """The layers that a map came through, the first of them first: from the input, or from where maps met."""
    way: list[Any] = []
    sources = [tensor]
    while len(sources) == 1:
        history = sources[0]._keras_history
        sources = history.operation._inbound_nodes[history.node_index].input_tensors
        way += [history.operation] if sources else []
    return way[::-1]


def seen_by(model: Any, tensors: Sequence[Any], x: Map) -> list[Map]:
    """The maps at several places inside a model."""
    inside = load_keras().Model(model.inputs, list(tensors))
    return [np.asarray(y) for y in load_keras().tree.flatten(inside([x]))]


def carried_around(model: Any, cut: Any, ends: Sequence[Any]) -> list[bool]:
    """Which of the ends change with the picture while the map at a cut is held fixed: what gets around the cut."""
    held = networks.digits((1, *cut.shape[1:]), seed=1)
    return _change(model, cut, ends, ((any_picture_for(model, 2), held), (any_picture_for(model, 3), held)))


def carried_through(model: Any, cut: Any, ends: Sequence[Any]) -> list[bool]:
    """Which of the ends change with the map at a cut while the picture is held fixed: what goes through the cut."""
    maps = [networks.digits((1, *cut.shape[1:]), seed=seed) for seed in (1, 2)]
    picture = any_picture_for(model, 3)
    return _change(model, cut, ends, [(picture, one) for one in maps])


def any_picture_for(model: Any, seed: int) -> Map:
    """A picture of the size that the model takes, full of digits."""
    return networks.digits((1, *model.input_shape[1:]), seed=seed)


def _change(model: Any, cut: Any, ends: Sequence[Any], settings: Sequence[tuple[Map, Map]]) -> list[bool]:
    """Which of the ends differ between two settings of the picture and of the map at a cut."""
    opened = load_keras().Model([*model.inputs, cut], list(ends))
    first, second = ([np.asarray(y) for y in opened(list(maps))] for maps in settings)
    return [not np.array_equal(a, b) for a, b in zip(first, second, strict=True)]
