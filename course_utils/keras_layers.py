"""The real side: build a Keras layer, read its axes, run it.

The only module that imports Keras, and it does so when a layer is first needed, not before. TensorFlow is kept quiet
and on its portable kernels by ``course_utils/__init__.py``, which runs before this.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import operator
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.axes import (
    Axis,
    Crop,
    GlobalWindow,
    NoRule,
    Pad,
    ShapeError,
    TransposedWindow,
    Upsample,
    Window,
    check_together,
)

#: A Keras layer. Keras ships no types that a checker could follow.
Layer = Any


class KerasRefusal(Exception):
    """Keras would not build or run a layer. The message is Keras's own, without colour codes and call dumps."""


def keras_is_loaded() -> bool:
    """Whether Keras is there, and not just being loaded by another thread."""
    module = sys.modules.get("keras")
    return module is not None and not getattr(module.__spec__, "_initializing", False)


def load_keras() -> Any:
    """Import Keras (a few seconds the first time) and return the module."""
    return importlib.import_module("keras")


# -- building -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LayerCode:
    """A layer as a line of code: what is printed for the learner is what is built.

    Args:
        kind: the class in ``keras.layers``, for example ``"Conv2D"``.
        settings: the arguments, in the order in which they are printed.

    >>> LayerCode("MaxPooling2D", {"pool_size": (2, 2), "padding": "same"}).text
    'keras.layers.MaxPooling2D(pool_size=(2, 2), padding="same")'
    """

    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The call, ready to paste."""
        written = (f"{name}={_literal(value)}" for name, value in self.settings.items())
        return f"keras.layers.{self.kind}({', '.join(written)})"

    @property
    def axes(self) -> tuple[Axis, ...]:
        """One axis per spatial dimension, as ``axes_of`` reads them, without the layer; Keras may yet refuse it.

        Raises:
            NoRule: for a layer that is none of the kinds in ``axes``.
            ShapeError: for settings that no layer can carry out.

        >>> LayerCode("Conv2D", {"filters": 1, "kernel_size": (5, 3), "padding": "same"}).axes[0]
        Window(size=5, stride=1, dilation=1, padding='same')
        """
        return axes_from(self.kind, self._argument)

    def _argument(self, name: str) -> Any:
        """What an argument is set to; where it is left out, what Keras takes for it."""
        return self.settings[name] if name in self.settings else _default(self.kind, name)

    def build(self, name: str = "explored") -> Layer:
        """Make the layer. Raises KerasRefusal where its constructor does.

        It gets a fixed name (in a model each layer its own): Keras keeps some 70 KB for ever for each automatically
        named layer with weights, and a slider makes thousands.
        """
        layer_class = getattr(load_keras().layers, self.kind)
        try:
            return layer_class(**self.settings, name=name)
        except Exception as error:
            raise KerasRefusal(plain_message(error)) from error


@functools.cache
def _default(kind: str, name: str) -> Any:
    """What Keras takes where an argument is left out."""
    return inspect.signature(getattr(load_keras().layers, kind)).parameters[name].default


def _literal(value: object) -> str:
    """A Python literal with double quotes, as formatters write it."""
    return f'"{value}"' if isinstance(value, str) else repr(value)


# -- reading ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Arguments:
    """The arguments of a layer, whoever holds them: the real layer, or a line of code that leaves the defaults out."""

    dimensions: int
    value: Callable[[str], Any]

    def numbers(self, name: str) -> tuple[Any, ...]:
        """One number for each axis: Keras takes, and sometimes keeps, a single one for all of them."""
        value = self.value(name)
        return tuple(map(_whole, value)) if isinstance(value, Sequence) else (_whole(value),) * self.dimensions

    def pairs(self, name: str) -> tuple[tuple[Any, Any], ...]:
        """Before and after for each axis: a 1-D layer has ``(1, 2)``, the others ``((1, 1), (2, 2))``."""
        value = self.value(name)
        entries = (value,) * self.dimensions if self.dimensions == 1 or not isinstance(value, Sequence) else value
        pairs = (entry if isinstance(entry, Sequence) else (entry, entry) for entry in entries)
        return tuple((_whole(before), _whole(after)) for before, after in pairs)

    def word(self, name: str) -> Any:
        """A word as most layers keep it, in small letters; pooling takes and keeps it as it is."""
        value = self.value(name)
        return value.lower() if isinstance(value, str) else value


def _windows(given: _Arguments) -> tuple[Axis, ...]:
    settings = zip(*map(given.numbers, ("kernel_size", "strides", "dilation_rate")), strict=True)
    return tuple(Window(k, s, d, given.word("padding")) for k, s, d in settings)


def _pools(given: _Arguments) -> tuple[Axis, ...]:
    sizes = given.numbers("pool_size")
    strides = sizes if given.value("strides") is None else given.numbers("strides")
    return tuple(Window(k, s, 1, given.value("padding")) for k, s in zip(sizes, strides, strict=True))


def _transposed_windows(given: _Arguments) -> tuple[Axis, ...]:
    names = ("kernel_size", "strides", "dilation_rate", "output_padding")
    settings = zip(*map(given.numbers, names), strict=True)
    return tuple(TransposedWindow(k, s, d, given.word("padding"), extra) for k, s, d, extra in settings)


def _upsamplings(given: _Arguments) -> tuple[Axis, ...]:
    interpolation = given.word("interpolation") if given.dimensions == 2 else "nearest"
    return tuple(Upsample(f, interpolation) for f in given.numbers("size"))


def _paddings(given: _Arguments) -> tuple[Axis, ...]:
    return tuple(Pad(before, after) for before, after in given.pairs("padding"))


def _croppings(given: _Arguments) -> tuple[Axis, ...]:
    return tuple(Crop(before, after) for before, after in given.pairs("cropping"))


def _global_windows(given: _Arguments) -> tuple[Axis, ...]:
    return (GlobalWindow(),) * given.dimensions


def _whole(value: Any) -> Any:
    """A whole number as Python's own: Keras takes NumPy's too, and True for 1. Anything else the axes will refuse."""
    try:
        return operator.index(value)
    except TypeError:
        return value


def _kinds(pattern: str, dimensions: str = "123") -> list[str]:
    return [pattern.replace("#", dimension) for dimension in dimensions]


_READERS: dict[str, Callable[[_Arguments], tuple[Axis, ...]]] = {
    **dict.fromkeys(_kinds("Conv#D"), _windows),
    **dict.fromkeys(_kinds("DepthwiseConv#D", "12"), _windows),
    **dict.fromkeys(_kinds("SeparableConv#D", "12"), _windows),
    **dict.fromkeys(_kinds("Conv#DTranspose"), _transposed_windows),
    **dict.fromkeys(_kinds("MaxPooling#D") + _kinds("AveragePooling#D"), _pools),
    **dict.fromkeys(_kinds("GlobalMaxPooling#D") + _kinds("GlobalAveragePooling#D"), _global_windows),
    **dict.fromkeys(_kinds("UpSampling#D"), _upsamplings),
    **dict.fromkeys(_kinds("ZeroPadding#D"), _paddings),
    **dict.fromkeys(_kinds("Cropping#D"), _croppings),
}


def axes_from(kind: str, value: Callable[[str], Any]) -> tuple[Axis, ...]:
    """The axes of a kind of layer, from its settings by name. Raises NoRule and ShapeError as ``axes_of`` does."""
    if kind not in _READERS:
        raise NoRule(f"There is no rule by hand for {kind}. There is one for: {', '.join(sorted(_READERS))}.")
    (dimensions,) = re.findall(r"(\d)D", kind)
    return _READERS[kind](_Arguments(int(dimensions), value))


def kind_of(layer: Layer) -> str:
    """The class name of a layer that ships with Keras; of any other, its full name, so that no rule fits by chance."""
    cls = type(layer)
    return cls.__name__ if cls.__module__.startswith("keras.") else f"{cls.__module__}.{cls.__qualname__}"


def activation_name(function: Any) -> str:
    """The name of a function that Keras ships, known by what it is; of any other, where it is from, with a dot."""
    keras, name = load_keras(), getattr(function, "__name__", "")
    if any(getattr(home, name, None) is function for home in (keras.activations, keras.ops)):
        return str(name)
    # A wrapped function bears the name and the module of another one; its code does not.
    code = getattr(function, "__code__", None)
    if code is None:
        return f"{type(function).__module__}.{type(function).__qualname__}"
    return f"{function.__globals__['__name__']}.{code.co_qualname}"


def has_axes(layer: Layer) -> bool:
    """Whether ``axes_of`` has a rule for this layer."""
    return kind_of(layer) in _READERS


def axes_of(layer: Layer) -> tuple[Axis, ...]:
    """Read one axis per spatial dimension out of a real layer, in the order of the shape (height before width).

    Raises:
        NoRule: for a layer that is none of the kinds in ``axes``.
        ShapeError: for settings that Keras lets pass and that no layer can carry out.
    """
    return axes_from(kind_of(layer), functools.partial(getattr, layer))


def check_settings(kind: str, axes: Sequence[Axis]) -> None:
    """Raise ShapeError for settings that this kind of layer refuses, though each axis is right by itself.

    Asked before a layer is built, it foretells what Keras will say, whatever the input:

    * ``Conv*`` and ``Conv*Transpose`` refuse a stride and a dilation above 1 together;
      ``DepthwiseConv*`` and ``SeparableConv*`` take them.
    * Only ``Conv1D`` knows ``padding="causal"``, and none knows padding in numbers.

    >>> check_settings("DepthwiseConv2D", (Window(3, stride=2, dilation=2),) * 2)
    """
    if kind.startswith("Conv"):
        check_together(axes)
    for axis in axes:
        if isinstance(axis, Window) and not isinstance(axis.padding, str):
            raise ShapeError(
                f'Keras takes a word as padding, "valid" or "same"; it is {axis.padding!r}. For numbers put a '
                "ZeroPadding layer before."
            )
    if kind != "Conv1D" and any(isinstance(axis, Window) and axis.padding == "causal" for axis in axes):
        raise ShapeError(f'Only Conv1D knows padding="causal"; {kind} knows "valid" and "same".')


def missing_kernel(layer: Layer) -> str | None:
    """Why TensorFlow's portable kernels cannot run this layer on a processor, or None if they can.

    Such a layer is right, has sizes and values, and runs on a GPU or with oneDNN; here Keras refuses when it is called.
    """
    if os.environ.get("TF_ENABLE_ONEDNN_OPTS") != "0" or load_keras().backend.backend() != "tensorflow":
        return None
    kind = kind_of(layer)
    first_needs_other = kind in ("Conv1D", "Conv2D", *_kinds("Conv#DTranspose")) and getattr(layer, "groups", 1) == 1
    if first_needs_other and not channels_last(layer):
        return f'On this processor TensorFlow has no {kind} for data_format="channels_first".'
    if kind in _kinds("Conv#DTranspose") and max(layer.dilation_rate) > 1:
        return f"On this processor TensorFlow has no {kind} with a dilation above 1."
    if kind in ("DepthwiseConv2D", "SeparableConv2D") and len(set(layer.strides)) > 1 and max(layer.dilation_rate) == 1:
        return f"On this processor TensorFlow has no {kind} whose strides are unequal."
    return None


def channels_last(layer: Layer) -> bool:
    """Where the layer expects the channels. Layers without the setting work on the last axis."""
    return getattr(layer, "data_format", "channels_last") != "channels_first"


def weights_of(layer: Layer) -> dict[str, NDArray[np.float64]]:
    """The weights of a built layer, by the names Keras gives them (kernel, bias, …), in float64."""
    return {w.name: np.asarray(w.numpy(), dtype=np.float64) for w in layer.weights}


# -- running ------------------------------------------------------------------------------------------------------


def run(layer: Layer, x: ArrayLike) -> NDArray[np.float32]:
    """Run a real layer on ``x`` and return what comes out.

    Args:
        layer: any Keras layer, built or not.
        x: the input with its batch axis; converted to float32.

    Raises:
        KerasRefusal: with Keras's own words, if it will not.
    """
    x = np.asarray(x, dtype=np.float32)
    expected = output_shape(layer, x.shape)
    # An eager pooling call whose output would be empty can kill the process, and a built convolution then returns
    # left-over memory. So the shape is asked first, and nothing empty is ever called.
    if any(size is not None and size < 1 for size in expected):
        raise KerasRefusal(f"Keras would make a map of shape {expected}, which has no cells.")
    _refuse_what_kills(layer, x.shape)
    try:
        y = np.asarray(load_keras().ops.convert_to_numpy(layer(x)))
    except Exception as error:
        raise KerasRefusal(plain_message(error)) from error
    if y.size == 0:
        raise KerasRefusal(f"Keras returned a map of shape {y.shape}, which has no cells.")
    return y


def _refuse_what_kills(layer: Layer, shape: tuple[int, ...]) -> None:
    """``AdaptiveMaxPooling*`` whose window is as wide as the map ends the process, but only on oneDNN's kernels."""
    if not kind_of(layer).startswith("AdaptiveMaxPooling") or len(shape) < 3:
        return
    if os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "0":
        return
    width = shape[-2 if channels_last(layer) else -1]
    last = layer.output_size[-1] if isinstance(layer.output_size, Sequence) else layer.output_size
    if width == 1 or last == 1:
        raise KerasRefusal(
            f"Not run: with TensorFlow's oneDNN kernels, {kind_of(layer)} ends the whole process when it makes one "
            "cell or reads one. GlobalMaxPooling does the same and is safe."
        )


def output_shape(layer: Layer, shape: Sequence[int | None]) -> tuple[int | None, ...]:
    """What Keras says comes out for an input of this shape (with its batch axis), without running anything.

    Raises:
        KerasRefusal: with Keras's own words, if it will not say.
    """
    try:
        try:
            return tuple(layer.compute_output_shape(tuple(shape)))
        except NotImplementedError:
            # A class of one's own need not say it; called on a map without numbers, it shows it.
            return tuple(layer(load_keras().Input(batch_shape=tuple(shape))).shape)
    except Exception as error:
        raise KerasRefusal(plain_message(error)) from error


def plain_message(error: BaseException) -> str:
    """Keras's message without colour codes, the dump of arguments and TensorFlow's graph names."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error)) or type(error).__name__
    text = re.sub(r"Exception encountered when calling [^\n]*\n+", "", text)
    text = re.split(r"\n*Arguments received by ", text)[0]
    text = re.sub(r"\{\{[^}]*\}\} ?", "", text)
    return " ".join(text.split())
