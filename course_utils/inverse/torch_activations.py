"""Activations in PyTorch, however Keras was given them: by name, as a function, as a layer, as a ``functools.partial``.

A function is known by what it is, never by its name: a learner's own ``relu`` has no rule here.
"""

from __future__ import annotations

import functools
import inspect
from numbers import Real
from typing import Any

from course_utils.axes import NoRule
from course_utils.inverse.torch_modules import LayerInput, Module, call
from course_utils.keras_layers import activation_name, kind_of

#: Function of Keras → class in ``torch.nn``, and by setting: what PyTorch calls it, and its value if it is not written.
_MODULES: dict[str, tuple[str, dict[str, tuple[str, float | None]]]] = {
    "celu": ("CELU", {"alpha": ("alpha", 1.0)}),
    "elu": ("ELU", {"alpha": ("alpha", 1.0)}),
    "glu": ("GLU", {"axis": ("dim", None)}),
    "hard_shrink": ("Hardshrink", {"threshold": ("lambd", 0.5)}),
    "hard_sigmoid": ("Hardsigmoid", {}),
    "hard_silu": ("Hardswish", {}),
    "hard_tanh": ("Hardtanh", {}),
    "leaky_relu": ("LeakyReLU", {"negative_slope": ("negative_slope", 0.01)}),
    "log_sigmoid": ("LogSigmoid", {}),
    "log_softmax": ("LogSoftmax", {"axis": ("dim", None)}),
    "mish": ("Mish", {}),
    "relu6": ("ReLU6", {}),
    "selu": ("SELU", {}),
    "sigmoid": ("Sigmoid", {}),
    "silu": ("SiLU", {}),
    "soft_shrink": ("Softshrink", {"threshold": ("lambd", 0.5)}),
    "softmax": ("Softmax", {"axis": ("dim", None)}),
    "softplus": ("Softplus", {}),
    "softsign": ("Softsign", {}),
    "tanh": ("Tanh", {}),
    "tanh_shrink": ("Tanhshrink", {}),
}

#: Layers that are a function with settings.
_LAYERS = {
    "ELU": ("elu", ("alpha",)),
    "LeakyReLU": ("leaky_relu", ("negative_slope",)),
    "ReLU": ("relu", ("negative_slope", "max_value", "threshold")),
    "Softmax": ("softmax", ("axis",)),
}


def activation(thing: Any, given: LayerInput) -> tuple[Module, ...]:
    """The modules for an activation function, or for a layer that is one; none for what changes nothing.

    Raises:
        NoRule: for a function that is not Keras's own, and for settings that PyTorch cannot have.
        ValueError: where the axis along which it works is not known.
    """
    name, settings = _read(thing)
    if name == "linear":
        return ()
    if name == "relu":
        return tuple(map(Module, _relu(**settings)))
    if name == "gelu":
        return (Module(call("GELU", approximate='"tanh"' if settings["approximate"] else None)),)
    if name not in _MODULES:
        raise NoRule(f'There is no rule for the activation "{name}" in PyTorch yet.')
    module, names = _MODULES[name]
    told = {}
    for setting, (written, default) in names.items():
        value = given.dim(_axis(settings[setting])) if setting == "axis" else _number(settings[setting])
        told[written] = None if value == default else value
    return (Module(call(module, **told)),)


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


def _relu(negative_slope: Any = 0.0, max_value: Any = None, threshold: Any = 0.0) -> list[str]:
    """Up to the threshold 0 or a slope, above it the value itself, up to a limit."""
    slope, start = _number(negative_slope), _number(threshold)
    end = None if max_value is None else _number(max_value)
    if (slope and start) or (end is not None and (end <= 0 or slope < 0)):
        raise NoRule(
            "There is no rule for a ReLU with both a slope and a threshold, nor for one that is never above 0."
        )
    if not slope and not start and end in (None, 6):
        return [call("ReLU6" if end else "ReLU")]
    calls = [call("LeakyReLU", negative_slope=slope)] if slope else []
    calls += [call("Threshold", start, 0.0)] if start else []
    return calls if end is None else [*calls, call("Hardtanh", 'float("-inf")' if slope else 0.0, end)]


def _number(value: Any) -> float:
    if not isinstance(value, Real):
        raise NoRule(f"There is no rule for an activation whose setting is no number: {value!r}.")
    return float(value)


def _axis(value: Any) -> int:
    """One axis; Keras's Softmax takes several at once, PyTorch's does not."""
    axes = value if isinstance(value, list | tuple) else (value,)
    if len(axes) != 1:
        raise NoRule(f"There is no rule for a Softmax over several axes at once: {tuple(axes)}.")
    return int(axes[0])
