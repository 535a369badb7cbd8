"""``port``: the PyTorch call that gives the same values as a Keras layer, as text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from course_utils.explain.wording import AXIS_NAMES
from course_utils.inverse import arguments
from course_utils.inverse.arguments import Shape
from course_utils.inverse.found import WIDTH
from course_utils.inverse.torch_rules import LayerInput, Ported, ported
from course_utils.keras_layers import Layer, axes_of, channels_last, has_axes, kind_of

_EXAMPLE = "port(keras.layers.Conv2D(8, 3), input_shape=(28, 28, 3))"
#: How PyTorch turns channels last into channels first, by how many spatial axes there are.
_PERMUTED = {1: "x.permute(0, 2, 1)", 2: "x.permute(0, 3, 1, 2)", 3: "x.permute(0, 4, 1, 2, 3)"}


@dataclass(frozen=True, repr=False)
class Port:
    """A layer in PyTorch.

    Attributes:
        kind: the class of the Keras layer.
        call: the module as an expression: ``nn.Conv2d(…)``, or ``nn.Sequential(…)`` where it takes several.
        imports: the lines that the code needs.
        weights: the lines that copy the weights of ``layer``, the Keras layer, into ``ported``.
        notes: what has to be known, one sentence each.
    """

    kind: str
    call: str
    imports: tuple[str, ...]
    weights: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All of it, ready to paste: imports, the module, its weights, and the notes as comments."""
        comments = [
            line
            for note in self.notes
            for line in textwrap.wrap(note, WIDTH, initial_indent="# ", subsequent_indent="# ")
        ]
        return "\n".join([*self.imports, "", *comments, f"ported = {self.call}", *self.weights])

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        code = "\n".join([*self.imports, "", f"ported = {self.call}", *self.weights])
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return (
            f'<div role="region" tabindex="0" aria-label="{escape(self.kind)} in PyTorch" style="overflow-x:auto">'
            f'<pre style="margin:0">{escape(code)}</pre></div>' + (f"<ul>{notes}</ul>" if notes else "")
        )


def port(layer: Layer, input_shape: Sequence[int | None] | None = None) -> Port:
    """Write a Keras layer as the PyTorch call that gives the same *values*, weights included.

    The same size is not enough: *same* with an odd number of ghost cells puts one more after, which no single
    ``padding`` of PyTorch does, and a transposed convolution cuts at the other end. What the call computes by
    PyTorch's documentation was held against Keras in the tests, value by value; PyTorch itself is not installed here.

    Args:
        layer: one Keras layer; it is not changed.
        input_shape: what goes in, without the batch axis, in the layer's own order, such as ``(28, 28, 3)``. Not
            needed for a layer that has been built, nor for one whose padding and weights do not depend on it.

    Raises:
        TypeError: for anything but a layer.
        ValueError: for an input shape that is missing or does not fit, or a layer out of which nothing comes.
        NoRule: for a layer, or a setting of it, that has no rule.

    >>> import keras
    >>> port(keras.layers.MaxPooling2D(3, strides=2, padding="same"), input_shape=(7, 7, 8)).call
    'nn.MaxPool2d(kernel_size=3, stride=2, padding=1)'
    """
    arguments.layer(layer, "port", _EXAMPLE)
    given = arguments.input_shape(input_shape)
    found = ported(layer, _layer_input(layer, given))
    arrays = _weights(found)
    dimensions = len(axes_of(layer)) if has_axes(layer) else 0
    notes = list(found.notes)
    if dimensions and channels_last(layer):
        notes.append(f"PyTorch wants the channels before the sizes: {_PERMUTED[dimensions]}.")
    imports = ("import torch", "from torch import nn") if arrays else ("from torch import nn",)
    return Port(kind_of(layer), _expression(found), imports, arrays, tuple(notes))


# -- what goes in -------------------------------------------------------------------------------------------------


def _layer_input(layer: Layer, given: Shape | None) -> LayerInput:
    """Sizes and channels, from the shape that is given or the one that the layer was built for."""
    built = arguments.built_for(layer)
    shape = built if given is None else given
    dimensions = len(axes_of(layer)) if has_axes(layer) else None
    if shape is None:
        return LayerInput((None,) * (dimensions or 0))
    if dimensions is not None and len(shape) != dimensions + 2:
        names = (*AXIS_NAMES[dimensions], "channels")
        needed = names if channels_last(layer) else (names[-1], *names[:-1])
        raise ValueError(
            f"{kind_of(layer)} takes input_shape=({', '.join(needed)}), without the batch axis; it is {shape[1:]}."
        )
    if len(shape) < 2:
        raise ValueError(f"{kind_of(layer)} takes an input_shape of at least one number, such as (28, 28, 3).")
    found = _taken_apart(shape, channels_last(layer))
    made_for = None if built is None else _taken_apart(built, channels_last(layer)).channels
    if layer.weights and made_for is not None and found.channels != made_for:
        raise ValueError(f"{layer.name} was built for {made_for} channels, and input_shape has {found.channels}.")
    groups = getattr(layer, "groups", 1)
    if found.channels is not None and found.channels % groups:
        raise ValueError(
            f"{found.channels} channels cannot be dealt out to groups={groups}: {groups} must divide them."
        )
    return found


def _taken_apart(shape: Shape, last: bool) -> LayerInput:
    inner = shape[1:]
    return LayerInput(inner[:-1], inner[-1]) if last else LayerInput(inner[1:], inner[0])


# -- as text ------------------------------------------------------------------------------------------------------


def _expression(found: Ported) -> str:
    calls = [module.call for module in found.modules]
    if len(calls) == 1:
        return _folded(calls[0], "")
    return "\n".join(["nn.Sequential(", *(f"    {_folded(call, '    ')}," for call in calls), ")"])


def _folded(call: str, margin: str) -> str:
    """A long call on several lines; it breaks at a blank, inside its brackets."""
    return f"\n{margin}    ".join(textwrap.wrap(call, WIDTH - 12))


def _weights(found: Ported) -> tuple[str, ...]:
    """Lines that copy the weights. ``eval`` matters only to modules that behave otherwise in training."""
    lines: list[str] = []
    if found.arrays:
        names = ", ".join(found.arrays) + ("," if len(found.arrays) == 1 else "")
        lines.append(f"{names} = layer.get_weights()  # of the Keras layer")
    for place, module in enumerate(found.modules):
        target = "ported" if len(found.modules) == 1 else f"ported[{place}]"
        for attribute, array in module.weights.items():
            lines.append(f"{target}.{attribute}.data.copy_(torch.from_numpy({array}))")
    if any(re.match(r"nn\.(BatchNorm|Dropout)", module.call) for module in found.modules):
        lines.append("ported.eval()  # as in Keras's predict")
    return tuple(lines)
