"""Asks Keras what it says about a call, without touching the learner's own layers.

A layer is asked through a copy made from its settings: the copy may be built, called and thrown away. A call that Keras
has recorded while a model was built needs no asking.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from course_utils.explain.calls import Call, is_input
from course_utils.explain.rows import KerasAnswer
from course_utils.explain.rules.core import is_operation
from course_utils.explain.wording import Shape
from course_utils.keras_layers import KerasRefusal, Layer, kind_of, load_keras, plain_message

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
        arguments, settings = _arguments(tensors, node)
        try:
            with _randomness_untouched():
                out = self._asked(layer)(*arguments, **settings)
        except Exception as error:
            raise KerasRefusal(plain_message(error).replace(COPY, getattr(layer, "name", COPY))) from error
        return tuple(load_keras().tree.flatten(out))

    def _parameters(self, layer: Layer) -> int:
        """How many weights Keras counts; 0 for an operation. The layer or its copy must have been built."""
        if is_operation(layer) or _has_no_weights(layer):
            return 0
        return int((layer if layer.built else self._copy_of(layer)).count_params())

    def _asked(self, layer: Layer) -> Callable[..., Any]:
        """What to call: the copy of a layer, because a call leaves traces; an operation's inference leaves none."""
        if is_operation(layer):
            return cast("Callable[..., Any]", layer.compute_output_spec)
        try:
            return cast("Callable[..., Any]", self._copy_of(layer))
        except Exception as error:
            if layer.built or _has_no_weights(layer):  # nothing to build, so nothing is left behind
                return cast("Callable[..., Any]", layer.compute_output_spec)
            raise KerasRefusal(
                f"{layer.name} was not asked, because it cannot be copied from its settings. "
                "Give its class a get_config, or explain a model in which it has been called."
            ) from error

    def _copy_of(self, layer: Layer) -> Layer:
        if id(layer) not in self._copies:
            # The original is kept beside the copy, so that no other object can come to have its id.
            self._copies[id(layer)] = (layer, copied(layer))
        return self._copies[id(layer)][1]


def copied(layer: Layer, **changes: Any) -> Layer:
    """A layer with the same settings but for ``changes``; built for the same input if the original is."""
    settings = layer.get_config() | changes
    if "name" in settings:
        settings["name"] = COPY
    with _randomness_untouched():
        copy = type(layer).from_config(settings)
        if layer.built and not copy.built and not changes:
            copy.build_from_config(layer.get_build_config())
    return copy


def _arguments(tensors: Sequence[Tensor], node: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What to call with: a tensor, a list of tensors, or a recorded call with these tensors in place of its own."""
    if node is None:
        return (tensors[0] if len(tensors) == 1 else list(tensors),), {}
    exchanged = {id(old): new for old, new in zip(node.input_tensors, tensors, strict=True)}
    arguments, settings = node.arguments.fill_in(exchanged)
    return tuple(arguments), dict(settings)


def _has_no_weights(layer: Layer) -> bool:
    """Layers without weights that Keras may refuse to copy: a Lambda, and zero padding with numbers below 0."""
    return kind_of(layer) in ("Lambda", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")


@contextlib.contextmanager
def _randomness_untouched() -> Iterator[None]:
    """New weights draw seeds from Python's generator; the learner's next layer must not notice."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)
