"""``port``: the PyTorch call that gives the same values as a Keras layer, as text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from course_utils.axes import NoRule
from course_utils.explain.wording import AXIS_NAMES
from course_utils.inverse import arguments
from course_utils.inverse.arguments import Shape
from course_utils.inverse.found import WIDTH
from course_utils.inverse.torch_modules import LayerInput, Ported
from course_utils.inverse.torch_rules import rule_for
from course_utils.keras_layers import Layer, axes_of, channels_last, has_axes, kind_of

_EXAMPLE = "port(keras.layers.Conv2D(8, 3), input_shape=(28, 28, 3))"
#: A module that PyTorch does not ship. It copies, because a convolution may read a mere view wrongly (see ``port``).
_PERMUTE = (
    "",
    "class Permute(nn.Module):",
    "    def __init__(self, *order):",
    "        super().__init__()",
    "        self.order = order",
    "",
    "    def forward(self, x):",
    "        return torch.permute_copy(x, self.order)",
)


@dataclass(frozen=True, repr=False)
class Port:
    """A layer in PyTorch.

    Attributes:
        kind: the class of the Keras layer.
        call: the module as an expression: ``nn.Conv2d(…)``, or ``nn.Sequential(…)`` where it takes several.
        imports: the lines that the code needs before it; where it takes a module that PyTorch does not ship, that, too.
        weights: the lines that copy the weights of ``layer``, the Keras layer, into ``ported``.
        notes: what has to be known, one sentence each.
        order: the axes of what goes in, by their numbers in Keras, in the order in which ``ported`` takes them; empty
            where it takes them as they are.
    """

    kind: str
    call: str
    imports: tuple[str, ...]
    weights: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    order: tuple[int, ...] = ()

    def _code(self, comments: Sequence[str] = ()) -> str:
        return "\n".join([*self.imports, "", *comments, f"ported = {self.call}", *self.weights])

    @property
    def text(self) -> str:
        """All of it, ready to paste: imports, the module, its weights, and the notes as comments."""
        return self._code([f"# {line}" for note in self.notes for line in textwrap.wrap(note, WIDTH - 2)])

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return (
            f'<div role="region" tabindex="0" aria-label="{escape(self.kind)} in PyTorch" style="overflow-x:auto">'
            f'<pre style="margin:0">{escape(self._code())}</pre></div>' + (f"<ul>{notes}</ul>" if notes else "")
        )


def port(layer: Layer, input_shape: Sequence[int | None] | None = None) -> Port:
    """Write a Keras layer as the PyTorch call that gives the same *values*, weights included.

    The same size is not enough: *same* with an odd number of ghost cells puts one more after, which no single
    ``padding`` of PyTorch does, and a transposed convolution cuts at the other end. What the call computes by
    PyTorch's documentation was held against Keras in the tests, value by value; PyTorch itself is not installed here.

    Where Keras has the channels last, PyTorch gets and gives them before the sizes. A layer that has an ``axis`` and no
    ``data_format`` has them first if its axis is 1, else last. The map must be *copied* into the new order, as
    ``torch.permute_copy`` does: in PyTorch 2.13 a strided convolution of a permuted view with one channel gives wrong
    numbers, also after ``contiguous()``, for which such a view already is what is asked for.

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
    given_shape = arguments.input_shape(input_shape)
    rule = rule_for(layer)
    given = _layer_input(layer, given_shape)
    found = rule(given)
    if found.arrays and layer.built and len(found.arrays) != len(layer.get_weights()):
        raise NoRule(
            f"There is no rule for this {kind_of(layer)}: it holds {len(layer.get_weights())} arrays, and of "
            f"{len(found.arrays)} it is known what they are: {', '.join(found.arrays)}."
        )
    moved = given.last and not found.pointwise and (given.shape is None or len(given.shape) > 2)
    order = given.order if moved and given.shape is not None else ()
    notes = [*found.notes]
    if moved:
        how = f": torch.permute_copy(x, {order}), not x.permute" if order else ""
        notes.append(
            f"PyTorch wants the channels before the sizes, in a copy{how}. A convolution of PyTorch 2.13 may read a "
            "permuted view with one channel wrongly."
        )
    if layer.compute_dtype != "float32":
        notes.append(
            f"Keras computes in {layer.compute_dtype} here, PyTorch in float32, so the last digits differ. "
            f"ported.to(torch.{layer.compute_dtype}) makes it compute in that, too."
        )
    arrays = _weights(layer, found)
    own = any(module.call.startswith("Permute(") for module in found.modules)
    imports = ("import torch", "from torch import nn") if arrays or own else ("from torch import nn",)
    return Port(kind_of(layer), _expression(found), (*imports, *_PERMUTE * own), arrays, tuple(notes), order)


# -- what goes in -------------------------------------------------------------------------------------------------


def _layer_input(layer: Layer, given: Shape | None) -> LayerInput:
    """The shape that is given, or the one that the layer was built for."""
    built = arguments.built_for(layer)
    shape = built if given is None else given
    dimensions = len(axes_of(layer)) if has_axes(layer) else None
    last = _channels_last(layer, shape)
    if shape is None:
        return LayerInput(None if dimensions is None else (None,) * (dimensions + 2), last)
    if dimensions is not None and len(shape) != dimensions + 2:
        names = (*AXIS_NAMES[dimensions], "channels")
        needed = names if last else (names[-1], *names[:-1])
        raise ValueError(
            f"{kind_of(layer)} takes input_shape=({', '.join(needed)}), without the batch axis; it is {shape[1:]}."
        )
    if len(shape) < 2:
        raise ValueError(f"{kind_of(layer)} takes an input_shape of at least one number, such as (28, 28, 3).")
    place = -1 if last else 1
    if layer.weights and built is not None and shape[place] != built[place]:
        raise ValueError(f"{layer.name} was built for {built[place]} channels, and input_shape has {shape[place]}.")
    return LayerInput(shape, last)


def _channels_last(layer: Layer, shape: Shape | None) -> bool:
    """As the layer's setting says; where it has none, by the axis along which it works."""
    if not hasattr(layer, "axis"):
        return channels_last(layer)
    axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    return not (len(axes) == 1 and axes[0] in (1, 1 - len(shape or ())))


# -- as text ------------------------------------------------------------------------------------------------------


def _expression(found: Ported) -> str:
    calls = [module.call for module in found.modules]
    if len(calls) == 1:
        return _folded(calls[0], "")
    return "\n".join(["nn.Sequential(", *(f"    {_folded(call, '    ')}," for call in calls), ")"])


def _folded(call: str, margin: str) -> str:
    """A long call on several lines; it breaks at a blank, inside its brackets."""
    return f"\n{margin}    ".join(textwrap.wrap(call, WIDTH - 12))


def _weights(layer: Layer, found: Ported) -> tuple[str, ...]:
    """Lines that copy the weights. ``eval`` matters only to modules that behave otherwise in training."""
    lines: list[str] = []
    if found.arrays:
        names = ", ".join(found.arrays) + ("," if len(found.arrays) == 1 else "")
        read = "layer.get_weights()"
        if layer.variable_dtype == "bfloat16":  # NumPy has none of its own, and PyTorch takes no other's
            read = f'(array.astype("float32") for array in {read})'
        lines.append(f"{names} = {read}  # of the Keras layer")
    for place, module in enumerate(found.modules):
        target = "ported" if len(found.modules) == 1 else f"ported[{place}]"
        for attribute, array in module.weights.items():
            lines.append(f"{target}.{attribute}.data.copy_(torch.from_numpy({array}))")
    if any(re.match(r"nn\.(BatchNorm|Dropout)", module.call) for module in found.modules):
        lines.append("ported.eval()  # as in Keras's predict")
    return tuple(lines)
