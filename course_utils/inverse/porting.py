"""``port``: what gives the same values as a Keras layer in PyTorch, ONNX or flax, as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from course_utils.axes import NoRule
from course_utils.explain.wording import AXIS_NAMES
from course_utils.inverse import arguments
from course_utils.inverse.arguments import Shape
from course_utils.inverse.found import WIDTH
from course_utils.inverse.in_flax import FLAX
from course_utils.inverse.in_onnx import ONNX
from course_utils.inverse.in_torch import TORCH
from course_utils.inverse.rules import rule_for
from course_utils.inverse.steps import LayerInput, Ported, Target
from course_utils.keras_layers import Layer, axes_of, channels_last, has_axes, kind_of

_EXAMPLE = "port(keras.layers.Conv2D(8, 3), input_shape=(28, 28, 3))"
#: By the name that ``port`` takes.
TARGETS = {"torch": TORCH, "onnx": ONNX, "flax": FLAX}


@dataclass(frozen=True, repr=False)
class Port:
    """A layer in another framework.

    Attributes:
        kind: the class of the Keras layer.
        call: the module as an expression: ``nn.Conv2d(…)``, or ``nn.Sequential(…)`` where it takes several; in ONNX a
            list of nodes.
        imports: the lines that the code needs before it; where it takes a module that PyTorch does not ship, that, too.
        weights: the lines that copy the weights of ``layer``, the Keras layer, into ``ported``; in ONNX they make it,
            in flax the ``variables`` that ``ported.apply`` takes.
        notes: what has to be known, one sentence each.
        order: the axes of what goes in, by their numbers in Keras, in the order in which ``ported`` takes them; empty
            where it takes them as they are.
        target: what the framework is called.
        variable: the name that ``call`` gets in the code.
    """

    kind: str
    call: str
    imports: tuple[str, ...]
    weights: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    order: tuple[int, ...] = ()
    target: str = "PyTorch"
    variable: str = "ported"

    def _code(self, comments: Sequence[str] = ()) -> str:
        return "\n".join([*self.imports, "", *comments, f"{self.variable} = {self.call}", *self.weights])

    @property
    def text(self) -> str:
        """All of it, ready to paste: imports, the module, its weights, and the notes as comments."""
        return self._code([f"# {line}" for note in self.notes for line in textwrap.wrap(note, WIDTH - 2)])

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        label = f"{escape(self.kind)} in {self.target}"
        return (
            f'<div role="region" tabindex="0" aria-label="{label}" style="overflow-x:auto">'
            f'<pre style="margin:0">{escape(self._code())}</pre></div>' + (f"<ul>{notes}</ul>" if notes else "")
        )


def port(layer: Layer, input_shape: Sequence[int | None] | None = None, to: str = "torch") -> Port:
    """Write a Keras layer in another framework, so that it gives the same *values*, weights included.

    The same size is not enough: *same* with an odd number of ghost cells puts one more after, which no single
    ``padding`` of PyTorch does, and a transposed convolution cuts at the other end. What PyTorch's call computes by
    its documentation was held against Keras in the tests, value by value; so was what ONNX Runtime and flax gave for
    500 layers each. None of them is installed here.

    Where Keras has the channels last, PyTorch and ONNX get and give them before the sizes; flax has them last, too. A
    layer that has an ``axis`` and no ``data_format`` has them first if its axis is 1, else last. For PyTorch the map
    must be *copied* into the new order, as ``torch.permute_copy`` does: in PyTorch 2.13 a strided convolution of a
    permuted view with one channel gives wrong numbers, also after ``contiguous()``, for which such a view already is
    what is asked for.

    Args:
        layer: one Keras layer; it is not changed.
        input_shape: what goes in, without the batch axis, in the layer's own order, such as ``(28, 28, 3)``. Not
            needed for a layer that has been built, nor for one whose padding and weights do not depend on it.
        to: ``"torch"``, a module of ``torch.nn``; ``"onnx"``, the nodes and a model of them; or ``"flax"``, a module of
            ``flax.linen`` and its variables.

    Raises:
        TypeError: for anything but a layer.
        ValueError: for an input shape that is missing or does not fit, a layer out of which nothing comes, or another
            framework.
        NoRule: for a layer, or a setting of it, that has no rule.

    >>> import keras
    >>> port(keras.layers.MaxPooling2D(3, strides=2, padding="same"), input_shape=(7, 7, 8)).call
    'nn.MaxPool2d(kernel_size=3, stride=2, padding=1)'
    >>> print(port(keras.layers.MaxPooling2D(3, strides=2, padding="same"), to="flax").call)
    nn.Sequential([
        lambda x: nn.max_pool(x, (3, 3), (2, 2), "SAME"),
    ])
    """
    arguments.layer(layer, "port", _EXAMPLE)
    if to not in TARGETS:
        raise ValueError(f'to is "torch", "onnx" or "flax"; it is {to!r}.')
    target = TARGETS[to]
    given_shape = arguments.input_shape(input_shape)
    rule = rule_for(layer, target)
    given = _layer_input(layer, given_shape, target)
    found = rule(given)
    if found.arrays and layer.built and len(found.arrays) != len(layer.get_weights()):
        raise NoRule(
            f"There is no rule for this {kind_of(layer)}: it holds {len(layer.get_weights())} arrays, and of "
            f"{len(found.arrays)} it is known what they are: {', '.join(found.arrays)}."
        )
    moved = given.last != target.channels_last and not found.pointwise and (given.shape is None or len(given.shape) > 2)
    order = given.order if moved and given.shape is not None else ()
    code = target.assemble(found, given, _arrays(layer, found.arrays, target))
    return Port(
        kind=kind_of(layer),
        call=code.call,
        imports=code.imports,
        weights=code.weights,
        notes=tuple(_notes(layer, found, target, moved, order)),
        order=order,
        target=target.name,
        variable=code.variable,
    )


# -- what goes in -------------------------------------------------------------------------------------------------


def _layer_input(layer: Layer, given: Shape | None, target: Target) -> LayerInput:
    """The shape that is given, or the one that the layer was built for."""
    built = arguments.built_for(layer)
    shape = built if given is None else given
    dimensions = len(axes_of(layer)) if has_axes(layer) else None
    last = _channels_last(layer, shape)
    if shape is None:
        return LayerInput(None if dimensions is None else (None,) * (dimensions + 2), last, target)
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
    return LayerInput(shape, last, target)


def _channels_last(layer: Layer, shape: Shape | None) -> bool:
    """As the layer's setting says; where it has none, by the axis along which it works."""
    if not hasattr(layer, "axis"):
        return channels_last(layer)
    axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    return not (len(axes) == 1 and axes[0] in (1, 1 - len(shape or ())))


# -- as text ------------------------------------------------------------------------------------------------------


def _arrays(layer: Layer, names: Sequence[str], target: Target) -> tuple[str, ...]:
    """The line that reads the weights, if there are any, in a number type that the target takes from NumPy."""
    if not names:
        return ()
    read = "layer.get_weights()"
    if layer.variable_dtype not in target.dtypes:
        read = f'(array.astype("float32") for array in {read})'
    return (f"{', '.join(names)}{',' if len(names) == 1 else ''} = {read}  # of the Keras layer",)


def _notes(layer: Layer, found: Ported, target: Target, moved: bool, order: tuple[int, ...]) -> Iterator[str]:
    yield from found.notes
    if moved:
        yield target.moved.format(how=target.copied.format(order=order) if order else "")
    if layer.compute_dtype != "float32":
        yield (
            f"Keras computes in {layer.compute_dtype} here, {target.name} in float32, so the last digits differ. "
            + target.in_dtype.format(dtype=layer.compute_dtype)
        ).rstrip()
