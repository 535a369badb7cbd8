"""Activations, however Keras was given them: by name, as a function, as a layer, as a ``functools.partial``.

A function is known by what it is, never by its name: a learner's own ``relu`` has no rule here.
"""

from __future__ import annotations

import functools
import inspect
from numbers import Real
from typing import Any

from course_utils.axes import NoRule
from course_utils.inverse.steps import Activation, LayerInput
from course_utils.keras_layers import activation_name, kind_of

#: Layers that are a function with settings.
_LAYERS = {
    "ELU": ("elu", ("alpha",)),
    "LeakyReLU": ("leaky_relu", ("negative_slope",)),
    "ReLU": ("relu", ("negative_slope", "max_value", "threshold")),
    "Softmax": ("softmax", ("axis",)),
}


def activation(thing: Any, given: LayerInput) -> tuple[Activation, ...]:
    """The steps of an activation function, or of a layer that is one; none for what changes nothing.

    Beside Keras's own names there are ``clip``, to ``low`` and ``high``, and ``thresholded_relu``, which is 0 up to a
    threshold.

    Raises:
        NoRule: for a function that is not Keras's own, and for what the target cannot have.
        ValueError: where the axis along which it works is not known.
    """
    name, settings = _read(thing)
    if name == "linear":
        return ()
    if name == "relu":
        return _relu(**settings)
    if name not in given.target.activations:
        raise NoRule(f'There is no rule for the activation "{name}" in {given.target.name} yet.')
    told: dict[str, Any] = {}
    for setting, value in settings.items():
        if setting == "approximate":
            told[setting] = '"tanh"' if value else '"none"'
        else:
            told[setting] = given.dim(_axis(value)) if setting == "axis" else _number(value)
    return (Activation(name, told),)


def _read(thing: Any) -> tuple[str, dict[str, Any]]:
    """The name of the function that is meant, and its settings, defaults included."""
    if kind_of(thing) == "Activation":
        return _read(thing.activation)
    if kind_of(thing) in _LAYERS:
        name, names = _LAYERS[kind_of(thing)]
        return name, {setting: getattr(thing, setting) for setting in names}
    told = {}
    if isinstance(thing, functools.partial) and not thing.args:
        thing, told = thing.func, thing.keywords
    name = activation_name(thing)
    if "." in name:
        return name, {}
    parameters = inspect.signature(thing).parameters.values()
    return name, {each.name: each.default for each in parameters if each.default is not each.empty} | told


def _relu(negative_slope: Any = 0.0, max_value: Any = None, threshold: Any = 0.0) -> tuple[Activation, ...]:
    """Up to the threshold 0 or a slope, above it the value itself, up to a limit."""
    slope, start = _number(negative_slope), _number(threshold)
    end = None if max_value is None else _number(max_value)
    if (slope and start) or (end is not None and (end <= 0 or slope < 0)):
        raise NoRule(
            "There is no rule for a ReLU with both a slope and a threshold, nor for one that is never above 0."
        )
    if not slope and not start and end in (None, 6):
        return (Activation("relu6" if end else "relu", {}),)
    steps = [Activation("leaky_relu", {"negative_slope": slope})] if slope else []
    steps += [Activation("thresholded_relu", {"threshold": start})] if start else []
    if end is not None:
        steps.append(Activation("clip", {"low": 'float("-inf")' if slope else 0.0, "high": end}))
    return tuple(steps)


def _number(value: Any) -> float:
    if not isinstance(value, Real):
        raise NoRule(f"There is no rule for an activation whose setting is no number: {value!r}.")
    return float(value)


def _axis(value: Any) -> int:
    """One axis; Keras's Softmax takes several at once, no target's does."""
    axes = value if isinstance(value, list | tuple) else (value,)
    if len(axes) != 1:
        raise NoRule(f"There is no rule for a Softmax over several axes at once: {tuple(axes)}.")
    return int(axes[0])
