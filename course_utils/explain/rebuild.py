"""Build a model again: for another input, or with some of its layers changed.

This is how everything that ``explain`` advises is tried before it is said, and the code of a repair calls it, so what
was tried is what the learner runs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from course_utils.axes import Window
from course_utils.explain.calls import Call, has_graph, inputs_asked, is_chain, is_input, walk
from course_utils.explain.keras_side import NotCopied, arguments_of, copied, names_from_the_start
from course_utils.explain.rules.core import is_operation
from course_utils.explain.shapes import channels_of, sizes_of
from course_utils.keras_layers import Layer, channels_last, kind_of, load_keras

#: A layer's name → the settings that are to be others, or a layer that takes its place.
Changes = Mapping[str, Mapping[str, Any] | Layer]


def rebuild(
    model: Any,
    changes: Changes | None = None,
    *,
    input_shape: Sequence[Any] | None = None,
    joins: str | None = None,
    before: Mapping[str, Layer] | None = None,
) -> Any:
    """Build a model again, for another input or with some layers changed. The model itself stays as it is.

    Args:
        model: a Keras model, a list of layers, or a function without arguments that builds a model.
        changes: for the name of a layer, the settings that are to be others, ``{"conv6": {"padding": "same"}}``, or a
            layer that is to take its place. A layer in a nested model is called ``"encoder/conv6"``.
        input_shape: what goes in, without the batch axis, if that is to be another; a list of shapes for several
            inputs.
        joins: what is done wherever maps meet that do not fit: ``"cut"`` cuts the larger ones, ``"pad"`` pads the
            smaller ones with zeros, ``"project"`` gives those with fewer channels as many, or the larger ones the size
            and channels of the smallest, by a 1×1 convolution.
        before: for the name of a layer, one that is to stand before it.

    Returns:
        A new model. Its weights are those of the old one wherever they still fit; all others are new.

    Raises:
        ValueError: if ``changes`` names a layer that is not there, or a layer refuses, in Keras's words.

    >>> import keras
    >>> pool = keras.layers.MaxPooling2D(2, name="pool")
    >>> model = keras.Sequential([keras.Input((28, 28, 1)), pool])
    >>> rebuild(model, input_shape=(30, 20, 1)).output_shape
    (None, 15, 10, 1)
    >>> rebuild(model, {"pool": {"strides": 1}}).output_shape
    (None, 27, 27, 1)
    """
    builder = _Builder(changes or {}, joins, before)
    if callable(model) and not isinstance(model, load_keras().layers.Layer):
        with _intercepted(builder, input_shape), names_from_the_start():
            made = model()
    else:
        made = _again(model, builder, input_shape)
    unknown = sorted({*builder.changes, *builder.before} - builder.changed)
    if unknown:
        raise ValueError(f"There is no layer called {' or '.join(unknown)} in this model.")
    return made


class _Builder:
    """Makes a new layer for each old one, the same one for the same."""

    def __init__(self, changes: Changes, joins: str | None, before: Mapping[str, Layer] | None = None) -> None:
        self.changes = changes
        self.joins = joins
        self.before = before or {}
        self.changed: set[str] = set()
        self.made: dict[int, tuple[Layer, Layer]] = {}
        self.channels_last: bool | None = None

    def visit(self, call: Call, values: Sequence[Any]) -> Sequence[Any]:
        """Call the new layer as the old one was called."""
        if is_input(call.layer):
            return values
        arguments, settings = arguments_of(values, call)
        layer = self.layer_for(call.layer, call.name)
        return tuple(load_keras().tree.flatten(layer(*self.met(layer, arguments, call.name), **settings)))

    def met(self, layer: Layer, arguments: tuple[Any, ...], path: str) -> tuple[Any, ...]:
        """The arguments of a call; if it joins maps, these are made to meet."""
        if path in self.before:
            self.changed.add(path)
            arguments = (self.before[path](arguments[0]), *arguments[1:])
        first = arguments[0] if arguments else None
        if self.channels_last is None and hasattr(layer, "data_format"):
            self.channels_last = channels_last(layer)  # as the first layer that asks
        if self.joins is None or not isinstance(first, list | tuple) or len(first) < 2:
            return arguments
        return (_made_to_meet(self.channels_last is not False, first, self.joins, kind_of(layer)), *arguments[1:])

    def layer_for(self, layer: Layer, path: str) -> Layer:
        """The new layer that stands for this one."""
        if id(layer) not in self.made:
            self.made[id(layer)] = (layer, self._new(layer, path))
        return self.made[id(layer)][1]

    def _new(self, layer: Layer, path: str) -> Layer:
        change, name = self.changes.get(path), path.replace("/", "_")
        if change is not None:
            self.changed.add(path)
            return copied(layer, change, name) if isinstance(change, Mapping) else change
        if is_operation(layer):
            twin = object.__new__(type(layer))
            twin.__dict__.update(layer.__dict__, _inbound_nodes=[], _outbound_nodes=[], name=name)
            return twin
        try:
            return copied(layer, {}, name, build=False)  # it may be for another input
        except NotCopied:
            if not layer.built:
                raise
            return _borrowed(layer, name)

    def bring_weights(self) -> None:
        """Hand the old weights on to the new layers, where all of a layer's fit."""
        for old, new in self.made.values():
            if old is not new and getattr(old, "weights", None) and _shapes(old) == _shapes(new):
                new.set_weights(old.get_weights())


def _shapes(layer: Layer) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in getattr(layer, "weights", ())]


def _borrowed(layer: Layer, name: str) -> Layer:
    """A layer that computes with one that cannot be made again, and leaves no trace on it."""
    keras = load_keras()

    class Borrowed(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__(name=name)
            self.borrowed, self.built = layer, True

        def call(self, *arguments: Any, **settings: Any) -> Any:
            return self.borrowed.call(*arguments, **settings)

    return Borrowed()


def _again(model: Any, builder: _Builder, input_shape: Sequence[Any] | None) -> Any:
    """A model or a list of layers, called anew on other inputs."""
    keras = load_keras()
    if is_own_model(model):
        with _intercepted(_Builder({}, builder.joins), None):
            model = as_graph(model, _one_or_several(input_shape or shape_built_for(model)[1:]))
    calls = model if isinstance(model, list) or has_graph(model) or is_chain(model) else [model]
    known = inputs_known(calls)
    shapes = [tensor.shape[1:] for tensor in known] if input_shape is None else _one_or_several(input_shape)
    if not shapes:
        raise ValueError("The model does not know its input yet: give input_shape=(28, 28, 1) as well.")
    kept = [{"dtype": tensor.dtype, "batch_size": tensor.shape[0]} for tensor in known] or [{}] * len(shapes)
    inputs = [keras.Input(shape=tuple(shape), **more) for shape, more in zip(shapes, kept, strict=True)]
    found = list(walk(calls, inputs, builder.visit, show_inputs=False))
    builder.bring_weights()
    return keras.Model(inputs[0] if len(inputs) == 1 else inputs, found[0] if len(found) == 1 else found)


def is_own_model(model: Any) -> bool:
    """Whether this is a model of somebody's own class, whose calls Keras has not recorded."""
    return isinstance(model, load_keras().Model) and not has_graph(model) and not is_chain(model)


def shape_built_for(model: Layer) -> tuple[Any, ...]:
    """What a model of somebody's own class was called on, with the batch axis; empty if it was not, or on several."""
    shape = (model.get_build_config() or {}).get("input_shape") or ()
    return () if isinstance(shape, dict) or (shape and isinstance(shape[0], list | tuple)) else tuple(shape)


def as_graph(model: Any, shapes: Sequence[Sequence[Any]]) -> Any:
    """A model of somebody's own class with its calls recorded, as far as they go through Keras's layers and operations.

    Raises:
        Exception: whatever its ``call`` raises on tensors without values.
    """
    keras = load_keras()
    inputs = [keras.Input(shape=tuple(shape)) for shape in shapes]
    start = inputs[0] if len(inputs) == 1 else inputs
    own_build = type(model).build is not keras.Model.build
    same = list(map(tuple, shapes)) == [shape_built_for(model)[1:]]
    twin = copied(model, name=model.name, build=same)  # the layers of a built one know their input
    _name_alike(model, twin)
    if own_build and not same:
        built_for = [(None, *shape) for shape in shapes]
        twin.build(built_for[0] if len(built_for) == 1 else built_for)
    graph = keras.Model(start, twin.call(*inputs) if inputs_asked(model) > 1 else twin.call(start), name=model.name)
    if model.built and _shapes(model) == _shapes(twin):
        twin.set_weights(model.get_weights())
    return graph


def _name_alike(layer: Layer, twin: Layer) -> None:
    """Keras numbers the layers of each new model on; the learner knows them by the names in the old one."""
    for old, new in zip(getattr(layer, "layers", ()), getattr(twin, "layers", ()), strict=False):
        new.name = old.name
        _name_alike(old, new)


def inputs_known(calls: Any) -> list[Any]:
    """The tensors that a model, or the first of a list of layers, was built for; none if it does not know."""
    first = calls[0] if isinstance(calls, list) and calls else calls
    return list(first.inputs) if has_graph(first) else []


def _one_or_several(shape: Sequence[Any]) -> Sequence[Sequence[Any]]:
    return shape if shape and isinstance(shape[0], list | tuple) else [shape]


@contextlib.contextmanager
def _intercepted(builder: _Builder, input_shape: Sequence[Any] | None) -> Iterator[None]:
    """While a learner's function builds: another input, other settings, and maps that are made to meet."""
    layers = load_keras().layers
    start, call = layers.InputLayer.__init__, layers.Layer.__call__

    replaced: list[tuple[Any, ...]] = []
    named = (*builder.changes, *builder.before)

    def started(self: Layer, shape: Any = None, *others: Any, batch_shape: Any = None, **settings: Any) -> None:
        asked = tuple(shape if batch_shape is None else batch_shape[1:]) if shape or batch_shape else None
        if input_shape is not None and asked is not None:
            replaced[:] = replaced or [asked]  # the first input of a model is the one that is meant
            if asked == replaced[0]:
                shape = shape and tuple(input_shape)
                batch_shape = batch_shape and (batch_shape[0], *input_shape)
        start(self, shape, *others, batch_shape=batch_shape, **settings)

    def called(self: Layer, *arguments: Any, **settings: Any) -> Any:
        path = next((path for path in named if path.rsplit("/")[-1] == self.name), "")
        layer = builder.layer_for(self, path) if path in builder.changes else self
        return call(layer, *builder.met(layer, arguments, path), **settings)

    layers.InputLayer.__init__, layers.Layer.__call__ = started, called
    try:
        yield
    finally:
        layers.InputLayer.__init__, layers.Layer.__call__ = start, call


def _made_to_meet(last: bool, tensors: Sequence[Any], how: str, kind: str) -> list[Any]:
    """Maps of one size: the larger ones cut or the smaller ones padded, or as many channels in all."""
    made = list(tensors)
    shapes: list[Any] = [tuple(tensor.shape) for tensor in tensors]
    order = {} if last else {"data_format": "channels_first"}
    d = len(shapes[0]) - 2
    if d not in (1, 2, 3) or len({*map(len, shapes)}) > 1 or any(None in shape[1:] for shape in shapes):
        return made
    maps, goal = stretched([sizes_of(shape, last) for shape in shapes], kind, max if how == "pad" else min)
    channels: list[Any] = [channels_of(shape, last) for shape in shapes]
    alike = len({*maps}) == 1
    filters = max(channels) if alike or goal not in maps else channels[maps.index(goal)]
    for place, own in enumerate(maps):
        gaps = [abs(a - b) for a, b in zip(own, goal, strict=True)]
        strides = strides_between(own, goal) if any(gaps) else ()
        before, *settings = {
            "cut": ("Cropping", border(gaps)),
            "pad": ("ZeroPadding", border(gaps)),
            "project": ("Conv", filters, 1, strides or 1),
        }[how]
        if any(gaps) if how != "project" else strides or (alike and channels[place] < filters):
            made[place] = getattr(load_keras().layers, f"{before}{d}D")(*settings, **order)(made[place])
    return made


def stretched(maps: Sequence[Any], kind: str, limit: Callable[..., int]) -> tuple[list[Any], tuple[int, ...]]:
    """The sizes of maps that a layer joins, and their limit on each axis; all but Concatenate stretch a 1.

    >>> stretched([(8, 9), (1, 1), (7, 9)], "Multiply", min), stretched([(8,), (1,)], "Concatenate", min)
    (([(8, 9), (7, 9), (7, 9)], (7, 9)), ([(8,), (1,)], (1,)))
    """
    alone = kind == "Concatenate"
    goal = tuple(limit([n for n in sizes if n > 1 or alone] or [1]) for sizes in zip(*maps, strict=True))
    return [tuple(b if a == 1 and not alone else a for a, b in zip(one, goal, strict=True)) for one in maps], goal


def strides_between(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    """The strides with which a 1×1 convolution makes the smaller of two maps of the larger one; empty if none do.

    >>> strides_between((33, 8), (17, 8)), strides_between((32,), (32,)), strides_between((25,), (24,))
    ((2, 1), (), ())
    """
    large, small = max(one, other), min(one, other)
    found = tuple(-(-a // b) for a, b in zip(large, small, strict=True))
    reached = tuple(Window(1, s, 1, "valid").output_size(a) for a, s in zip(large, found, strict=True))
    return found if max(found) > 1 and reached == small else ()


def border(numbers: Sequence[int]) -> Any:
    """Borders as a layer takes them: half before and half after, the odd one after.

    >>> border([3, 2]), border([1])
    (((1, 2), (1, 1)), (0, 1))
    """
    pairs = tuple((n // 2, n - n // 2) for n in numbers)
    return pairs if len(pairs) > 1 else pairs[0]
