"""Build the model that a learner's function returns, run it, and find out which way a change takes through it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_utils.exercises import networks
from course_utils.exercises.answers import ask, check_callable, spell
from course_utils.exercises.catalogue import Misconception
from course_utils.exercises.networks import Map
from course_utils.exercises.result import Stop, wrong
from course_utils.explain.building import building
from course_utils.explain.steps import Step
from course_utils.keras_layers import KerasRefusal, Layer, kind_of, load_keras, run


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
    except Stop as stop:
        rows = _rows_to_refusal(function, args) if isinstance(stop.__cause__, Exception) else ()
        if not rows:
            raise
        raise DoesNotBuild(rows, settings) from None
    if not isinstance(model, load_keras().Model):
        raise Stop(wrong(f"Your function returns {spell(model)}, and I need a Keras model. Is a `return` missing?"))
    return model


class DoesNotBuild(Stop):
    """The model of a learner does not build; ``step`` is the layer that refuses, ``rows`` end with it."""

    def __init__(
        self, rows: Sequence[Step], settings: str, misconception: Misconception | None = None, told: str = ""
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


def got_a_number(step: Step) -> bool:
    """Whether a layer was called with a number, or a tuple of numbers, in place of a map."""
    return re.search(r"\(of type <class '(int|float)'>\)", step.refusal_keras or "") is not None


def _rows_to_refusal(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Step, ...]:
    """What was built, and as the last row the layer that refuses; nothing if it was no layer."""
    try:
        explained = building(lambda: function(*args))
        refused = explained.refused_at
        return () if refused is None else (*(step for step in explained.steps if step is not refused), refused)
    except Exception:
        return ()


def heights(step: Step) -> tuple[int, ...]:
    """The heights of the maps that reached a layer, the smallest first."""
    return tuple(sorted(shape[1] or 0 for shape in step.input_shapes))


def made_of(model: Any, x: Map, settings: str = "") -> Map:
    """What the model makes of x, or a result in Keras's own words."""
    try:
        return run(model, x)
    except KerasRefusal as refusal:
        lead = f"For {settings} your" if settings else "Your"
        raise Stop(wrong(f"{lead} model builds, and does not run. Keras says: {refusal}")) from None


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
