"""Asks Keras what it says about a call, without touching the learner's own layers.

A layer is asked through a copy made from its settings: the copy may be built, called and thrown away. A call that Keras
has recorded while a model was built needs no asking.
"""

from __future__ import annotations

import collections
import contextlib
import inspect
import random
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FunctionType
from typing import Any, cast

from course_utils.explain.calls import Call, is_input, one_by_one
from course_utils.explain.rows import KerasAnswer
from course_utils.explain.rules.core import is_operation
from course_utils.explain.wording import Shape
from course_utils.keras_layers import KerasRefusal, Layer, load_keras, plain_message

#: All copies share a name: for every new name of a layer with weights, Keras keeps some 70 KB for ever.
COPY = "explained_copy"

#: Keras's symbolic tensor: a shape and a type without values. Keras ships no types that a checker could follow.
Tensor = Any


def symbolic(shape: Shape) -> Tensor:
    """A tensor without values, to be sent through layers."""
    return load_keras().KerasTensor(shape)


class KerasSide:
    """Keras's answers; the same layer called twice is the same copy called twice, so shared weights stay shared."""

    def __init__(self) -> None:
        self._copies: dict[int, tuple[Layer, Layer]] = {}

    def answer(self, call: Call, tensors: Sequence[Tensor]) -> tuple[KerasAnswer, tuple[Tensor, ...]]:
        """What Keras says comes out of a call, and the tensors themselves; none where Keras refuses."""
        try:
            leaving = self._tensors(call, tensors)
            parameters = self._parameters(call.layer)
        except NotCopied as unknown:
            return KerasAnswer(refusal=str(unknown), asked=False), ()
        except KerasRefusal as refusal:
            return KerasAnswer(refusal=str(refusal)), ()
        return KerasAnswer(tuple(tuple(tensor.shape) for tensor in leaving), parameters), leaving

    def _tensors(self, call: Call, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """From Keras's record, if that was made for these sizes, or by asking."""
        layer, node = call.layer, call.node
        if is_input(layer):
            return tuple(tensors)
        if node is not None and [t.shape for t in node.input_tensors] == [t.shape for t in tensors]:
            return tuple(node.output_tensors)
        arguments, settings = arguments_of(tensors, call)
        try:
            with randomness_untouched():
                out = self._asked(layer)(*arguments, **settings)
        except NotCopied:
            raise
        except Exception as error:
            raise KerasRefusal(plain_message(error).replace(COPY, getattr(layer, "name", COPY))) from error
        return tuple(load_keras().tree.flatten(out))

    def _parameters(self, layer: Layer) -> int:
        """How many weights Keras counts; 0 for an operation. The layer or its copy must have been built."""
        if is_operation(layer) or (not layer.built and _builds_nothing(layer)):
            return 0
        return int((layer if layer.built else self._copy_of(layer)).count_params())

    def _asked(self, layer: Layer) -> Callable[..., Any]:
        """What to call: the copy of a layer, because a call leaves traces; an operation's inference leaves none."""
        if is_operation(layer):
            return cast("Callable[..., Any]", layer.compute_output_spec)
        try:
            return cast("Callable[..., Any]", self._copy_of(layer))
        except NotCopied:
            if layer.built or _builds_nothing(layer):  # so nothing is left behind
                return cast("Callable[..., Any]", layer.compute_output_spec)
            raise

    def _copy_of(self, layer: Layer) -> Layer:
        if id(layer) not in self._copies:
            # The original is kept beside the copy, so that no other object can come to have its id.
            self._copies[id(layer)] = (layer, copied(layer))
        return self._copies[id(layer)][1]


class NotCopied(KerasRefusal):
    """A layer of somebody's own of which Keras cannot make another."""


def copied(layer: Layer, changes: Mapping[str, Any] | None = None, name: str = COPY, build: bool = True) -> Layer:
    """A layer with the same settings but for ``changes``; if it is to ``build``, for the same input as the original.

    Raises:
        NotCopied: where neither ``get_config`` nor the attributes of the layer say what its class was called with.
    """
    ways: tuple[Callable[[Layer], dict[str, Any]], ...] = (_settings_from_config, _settings_from_attributes)
    for settings_of in ways:
        make = type(layer).from_config if settings_of is _settings_from_config else lambda kept: type(layer)(**kept)
        try:
            with randomness_untouched():
                settings = _changed(settings_of(layer), changes or {})
                copy = make(settings | ({"name": name} if "name" in settings else {}))
                copy.name = name
                if build and layer.built and not copy.built and not changes:
                    copy.build_from_config(layer.get_build_config())
                return copy
        except Exception:
            continue
    raise NotCopied(
        f"{layer.name} was not asked, because it cannot be copied: its settings are not known. Give its class a "
        "get_config, or explain a model in which it has been called."
    )


def _changed(settings: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Other settings; those that a wrapper does not have are those of the layers inside it."""
    inside = [value["config"] for value in settings.values() if isinstance(value, dict) and "config" in value]
    own = {key: value for key, value in changes.items() if key in settings or not inside}
    for config in inside:
        config.update({key: value for key, value in changes.items() if key not in own and key in config})
    return settings | own


def _settings_from_config(layer: Layer) -> dict[str, Any]:
    """What Keras writes down; a function goes over as it is, because Keras reads back only those that it knows."""
    with warnings.catch_warnings(action="ignore"):  # Keras warns that a lambda is unsafe in a file
        settings: dict[str, Any] = layer.get_config()
    return settings | {
        key: getattr(layer, key) for key in settings if isinstance(getattr(layer, key, None), FunctionType)
    }


def _settings_from_attributes(layer: Layer) -> dict[str, Any]:
    """What the class was called with, from attributes of the same name, as nearly every class keeps it."""
    parameters = inspect.signature(type(layer).__init__).parameters.values()
    named = [p for p in list(parameters)[1:] if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    found = {p.name: getattr(layer, p.name, getattr(layer, f"_{p.name}", p.default)) for p in named}
    return {key: _twin(value) for key, value in found.items() if value is not inspect.Parameter.empty}


def _twin(value: Any) -> Any:
    """A layer that was handed to another layer is copied too: the learner's own must not be called."""
    if isinstance(value, list | tuple):
        return type(value)(map(_twin, value)) if type(value) in (list, tuple) else value
    return copied(value, name=value.name) if isinstance(value, load_keras().layers.Layer) else value


def arguments_of(tensors: Sequence[Tensor], call: Call) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What to call with: a tensor, several, or a recorded call with these tensors in place of its own."""
    node = call.node
    if node is None and one_by_one(call.layer, tensors):
        return tuple(tensors), {}
    if node is None:
        return (tensors[0] if len(tensors) == 1 else list(tensors),), {}
    exchanged = {id(old): new for old, new in zip(node.input_tensors, tensors, strict=True)}
    arguments, settings = node.arguments.fill_in(exchanged)
    return tuple(arguments), dict(settings)


def _builds_nothing(layer: Layer) -> bool:
    """Whether a layer makes no weights when it is called first, and has none inside that do."""
    if any(not inner.built for inner in layer._flatten_layers(include_self=False)):
        return False
    return type(layer).build in (load_keras().layers.Layer.build, getattr(load_keras().layers.Lambda, "build", None))


@contextlib.contextmanager
def names_from_the_start() -> Iterator[None]:
    """Layers without a name of their own are numbered from the start, so that each time one is built it has the same.

    Keras counts on for as long as it runs, and gives no public way to its counter.
    """
    state = load_keras().src.backend.common.global_state
    before = state.get_global_attribute("object_name_uids")
    state.set_global_attribute("object_name_uids", collections.defaultdict(int))
    try:
        yield
    finally:
        state.set_global_attribute("object_name_uids", before)


@contextlib.contextmanager
def randomness_untouched() -> Iterator[None]:
    """New weights draw seeds from Python's generator; the learner's next layer must not notice."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)
