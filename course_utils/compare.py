"""Put a real layer beside the computation by hand, in shape and in every value.

A difference is never rounded away: values agree when they lie within the error that float32 arithmetic can make, which
is computed beside each value, and nothing else.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils import byhand, keras_layers
from course_utils.axes import Axis, Crop, NoRule, Pad, ShapeError, TransposedWindow, Upsample, Window
from course_utils.byhand import Array
from course_utils.keras_layers import KerasRefusal, Layer

#: How many roundings of float32 (2⁻²⁴ each) a sum may be off, relative to the sum of its terms without their signs.
#: The largest seen against Keras was under 6; ``tests/test_layers_values.py`` measures it again.
ROUNDINGS = 8


@dataclass(frozen=True)
class Comparison:
    """One input through one layer, twice: by hand and by Keras.

    Attributes:
        kind: the class of the layer.
        input_shape: with the batch axis.
        by_hand: the values by hand, float64; None if the hand refuses.
        keras: the values of the real layer, float32; None if Keras refuses.
        tolerance: for each value, how far float32 may be off.
        refusal_by_hand: why the hand refuses, or None.
        refusal_keras: what Keras said when it refused, or None.
        untried: why nothing can be compared, though the layer is right: TensorFlow cannot run it on this processor.
        backend: what Keras runs on.
        known: how this backend computes such a layer otherwise, where that is known; said if they differ.
    """

    kind: str
    input_shape: tuple[int, ...]
    by_hand: Array | None
    keras: NDArray[np.float32] | None
    tolerance: Array | None
    refusal_by_hand: str | None
    refusal_keras: str | None
    untried: str | None = None
    backend: str = "tensorflow"
    known: str | None = None

    @property
    def shape_by_hand(self) -> tuple[int, ...] | None:
        """What comes out by hand, with the batch axis."""
        return None if self.by_hand is None else self.by_hand.shape

    @property
    def shape_keras(self) -> tuple[int, ...] | None:
        """What comes out of Keras, with the batch axis."""
        return None if self.keras is None else self.keras.shape

    @property
    def refused(self) -> bool:
        """Both refuse: the setting is impossible, and the hand foretold it."""
        return self.by_hand is None and self.keras is None

    @property
    def same_shape(self) -> bool:
        """The shapes are equal (or both are refused)."""
        return self.shape_by_hand == self.shape_keras

    @property
    def differences(self) -> Array | None:
        """|by hand − Keras| for each value; None unless both have the same shape."""
        if self.by_hand is None or self.keras is None or not self.same_shape:
            return None
        hand, real = self.by_hand, self.keras.astype(np.float64)
        # Equal infinities and two NaNs agree; their difference would be NaN.
        alike = (hand == real) | (np.isnan(hand) & np.isnan(real))
        with np.errstate(invalid="ignore"):
            return np.where(alike, 0.0, np.abs(hand - real))

    @property
    def within(self) -> NDArray[np.bool_] | None:
        """For each value, whether it agrees: equal, or no further apart than its tolerance. ∞ and NaN must be equal."""
        gaps = self.differences
        if gaps is None or self.tolerance is None:
            return None
        return np.asarray((gaps == 0) | (np.isfinite(self.tolerance) & (gaps <= self.tolerance)))

    @property
    def largest_difference(self) -> float | None:
        """The largest of ``differences``."""
        gaps = self.differences
        return None if gaps is None else float(gaps.max(initial=0.0))

    @property
    def agrees(self) -> bool:
        """Same shape and every value within its tolerance, or both refuse."""
        within = self.within
        return self.refused if within is None else bool(within.all())

    @property
    def _keras(self) -> str:
        """Keras, and what it runs on if that is not TensorFlow."""
        return "Keras" if self.backend == "tensorflow" else f"Keras on {self.backend}"

    @property
    def verdict(self) -> str:
        """One sentence, and where they differ a second one if the reason is known."""
        if self.refused:
            return "Both refuse: nothing comes out for this input."
        reason = f" {self.known}" if self.known else ""
        if self.by_hand is None:
            return f"They differ: {self._keras} gives {self.shape_keras}, by hand there is no output." + reason
        if self.untried:
            return f"Nothing to compare with: by hand there is {self.shape_by_hand}. {self.untried}"
        if self.keras is None:
            return f"They differ: by hand there is {self.shape_by_hand}, {self._keras} refuses." + reason
        if not self.same_shape:
            return f"They differ: by hand {self.shape_by_hand}, {self._keras} {self.shape_keras}."
        if self.agrees:
            count = self.by_hand.size
            return f"They agree in shape and in {'the one value' if count == 1 else f'all {count} values'}."
        return self._where_they_differ() + reason

    def _where_they_differ(self) -> str:
        assert self.within is not None and self.by_hand is not None and self.keras is not None
        wrong = ~self.within
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        return (
            f"They differ in {int(wrong.sum())} of {wrong.size} values; the first at {place}: "
            f"by hand {self.by_hand[place]:.9g}, {self._keras} {self.keras[place]:.9g}."
        )

    @property
    def _mark(self) -> tuple[str, str]:
        """The sign before the verdict, and its colour."""
        if self.untried:
            return "–", "inherit"
        if self.agrees:
            return "✓", "var(--jp-success-color0, #1b5e20)"
        return "✗", "var(--jp-error-color1, #d32f2f)"

    def _rows(self) -> list[tuple[str, str]]:
        rows = [
            ("input", str(self.input_shape)),
            ("by hand", str(self.shape_by_hand or self.refusal_by_hand)),
            (self._keras, str(self.shape_keras or self.refusal_keras)),
        ]
        if self.largest_difference is not None:
            rows.append(("largest difference", f"{self.largest_difference:.1e}" if self.largest_difference else "0"))
        return rows

    def __str__(self) -> str:
        width = max(len(name) for name, _ in self._rows())
        lines = [f"  {name:<{width}}  {value}" for name, value in self._rows()]
        return "\n".join([self.kind, *lines, f"  {self._mark[0]} {self.verdict}"])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cells = "".join(
            f'<tr><th scope="row" style="text-align:left">{name}</th>'
            f'<td style="text-align:left">{html.escape(value)}</td></tr>'
            for name, value in self._rows()
        )
        sign, colour = self._mark
        return (
            f"<table><caption style='text-align:left'><code>{html.escape(self.kind)}</code></caption>{cells}</table>"
            f'<p style="color:{colour}">{sign} {html.escape(self.verdict)}</p>'
        )


def compare(layer: Layer, x: ArrayLike) -> Comparison:
    """Run ``x`` through a real layer and through the computation by hand.

    Args:
        layer: a Keras layer of the kinds that ``keras_layers.axes_of`` knows; it is built if it was not.
        x: ``(batch, *spatial, channels)``, or channels first if the layer says so.

    Raises:
        NoRule: for a layer or an activation that has no rule by hand.

    >>> import numpy as np, keras
    >>> compare(keras.layers.MaxPooling1D(2, padding="same"), np.arange(7.0).reshape(1, 7, 1)).agrees
    True
    """
    x = np.asarray(x, dtype=np.float32)
    rule = _rule_for(layer)
    real, refusal_keras = _attempt(lambda: keras_layers.run(layer, x), KerasRefusal)
    hand, refusal_by_hand = _attempt(lambda: _by_hand(layer, x, rule), ShapeError)
    values, tolerance = (None, None) if hand is None else hand
    runs_elsewhere = values is not None and real is None
    return Comparison(
        kind=keras_layers.kind_of(layer),
        input_shape=x.shape,
        by_hand=values,
        keras=real,
        tolerance=tolerance,
        refusal_by_hand=refusal_by_hand,
        refusal_keras=refusal_keras,
        untried=keras_layers.missing_kernel(layer) if runs_elsewhere else None,
        backend=keras_layers.load_keras().backend.backend(),
        known=_known_of_the_backend(layer, x.shape, by_hand=values is not None, by_keras=real is not None),
    )


def _known_of_the_backend(layer: Layer, shape: tuple[int, ...], *, by_hand: bool, by_keras: bool) -> str | None:
    """What Keras 3.15 computes otherwise on another backend; ``elsewhere/`` and ``findings/`` show it.

    The rules by hand are those of TensorFlow, so there it is None.
    """
    backend = keras_layers.load_keras().backend.backend()
    kind, last = keras_layers.kind_of(layer), keras_layers.channels_last(layer)
    if backend != "tensorflow" and by_keras and not by_hand and kind.endswith("Transpose"):
        return "Only on TensorFlow does Keras fail when such a layer is called; the other backends run it."
    if backend != "torch" or not by_hand:
        return None
    if kind.startswith("AveragePooling"):
        sizes = shape[1:-1] if last else shape[2:]
        pads = [cast("Window", axis).pads(n) for axis, n in zip(keras_layers.axes_of(layer), sizes, strict=True)]
        if not by_keras:
            return "PyTorch's avg_pool3d refuses a window larger than the map, whatever is padded."
        if any(before != after for before, after in pads):
            return "Where one more cell is padded after than before, this backend copies the edge there and counts it."
    if "Conv" in kind and last and shape[-1] == 1:
        return (
            "PyTorch 2.13 can read a map with one channel wrongly once its axes are turned, as this backend turns them."
        )
    return None


def _attempt(action: Callable[[], Any], refusal: type[Exception]) -> tuple[Any, str | None]:
    """The result of an action, or why it was refused. Any other exception is a bug and goes on up."""
    try:
        return action(), None
    except refusal as error:
        return None, str(error)


#: Input, axes, weights, layer → values. Called twice: for the values, and for the size of the terms they sum.
Rule = Callable[[Array, tuple[Axis, ...], dict[str, Array], Layer], Array]

_RULES: dict[str, Rule] = {
    "Conv": lambda x, axes, w, layer: byhand.convolve(x, w["kernel"], axes, w.get("bias"), layer.groups),
    "DepthwiseConv": lambda x, axes, w, _: byhand.depthwise(x, w["kernel"], axes, w.get("bias")),
    "SeparableConv": lambda x, axes, w, _: byhand.separable(
        x, w["depthwise_kernel"], w["pointwise_kernel"], axes, w.get("bias")
    ),
    "ConvTranspose": lambda x, axes, w, _: byhand.transpose_convolve(
        x, w["kernel"], cast("tuple[TransposedWindow, ...]", axes), w.get("bias")
    ),
    "MaxPooling": lambda x, axes, *_: byhand.max_pool(x, axes),
    "AveragePooling": lambda x, axes, *_: byhand.average_pool(x, axes),
    "GlobalMaxPooling": lambda x, axes, *_: byhand.max_pool(x, axes),
    "GlobalAveragePooling": lambda x, axes, *_: byhand.average_pool(x, axes),
    "UpSampling": lambda x, axes, *_: byhand.upsample(x, cast("tuple[Upsample, ...]", axes)),
    "ZeroPadding": lambda x, axes, *_: byhand.pad(x, cast("tuple[Pad, ...]", axes)),
    "Cropping": lambda x, axes, *_: byhand.crop(x, cast("tuple[Crop, ...]", axes)),
}


def _rule_for(layer: Layer) -> Rule:
    """The computation for this kind of layer. Raises NoRule before anything is run."""
    if not keras_layers.has_axes(layer):
        keras_layers.axes_of(layer)  # says which layers have a rule
    if layer.compute_dtype not in ("float32", "float64"):
        raise NoRule(f"There is no rule by hand for {layer.compute_dtype}: the tolerance is that of float32.")
    if getattr(layer, "lora_rank", None):
        raise NoRule("There is no rule by hand for a layer with LoRA: its kernel is a sum of two.")
    activation = _activation_of(layer)
    if activation not in byhand.ACTIVATIONS:
        known = ", ".join(sorted(byhand.ACTIVATIONS))
        raise NoRule(f"There is no rule by hand for the activation {activation}. There is one for: {known}.")
    family = keras_layers.kind_of(layer).translate(str.maketrans("", "", "123"))
    return _RULES[family.replace("DTranspose", "Transpose").removesuffix("D")]


def _activation_of(layer: Layer) -> str:
    """The name of the layer's activation; the full name of one that Keras does not ship: no rule fits it by chance."""
    function = getattr(layer, "activation", None)
    return "linear" if function is None else keras_layers.activation_name(function)


def _by_hand(layer: Layer, x: NDArray[np.float32], rule: Rule) -> tuple[Array, Array]:
    """The values by hand, and for each how far float32 may be off."""
    axes = keras_layers.axes_of(layer)
    _check_fits(layer, axes, x.shape)
    weights = keras_layers.weights_of(layer)
    if not layer.built:
        raise NoRule(
            f"Keras did not build this {keras_layers.kind_of(layer)}, and there is no rule by hand that says why."
        )

    def channels_last(values: Array) -> Array:
        return values if keras_layers.channels_last(layer) else np.moveaxis(values, 1, -1)

    def as_layer(values: Array) -> Array:
        if "Global" in keras_layers.kind_of(layer) and not layer.keepdims:
            return values.reshape(len(x), -1)
        return values if keras_layers.channels_last(layer) else np.moveaxis(values, -1, 1)

    cells = channels_last(x.astype(np.float64))
    # Infinite inputs may give NaN, by hand as in Keras; that is a value here and no accident.
    with np.errstate(invalid="ignore"):
        sums = as_layer(rule(cells, axes, weights, layer))
        terms = as_layer(rule(np.abs(cells), axes, {name: np.abs(w) for name, w in weights.items()}, layer))
        values = byhand.activate(sums, _activation_of(layer))
        if getattr(layer, "interpolation", "nearest") == "bilinear":
            terms = as_layer(_blend_terms(cells, cast("tuple[Upsample, ...]", axes)))
        elif keras_layers.kind_of(layer).startswith("AveragePooling"):
            # TensorFlow adds these one by one, and each sum is rounded; then it divides.
            terms = terms * max(1, math.prod(axis.size for axis in cast("tuple[Window, ...]", axes)) / ROUNDINGS)
    return values, np.zeros_like(values) if _copies(layer) else _tolerance(terms, values, _activation_of(layer))


def _check_fits(layer: Layer, axes: tuple[Axis, ...], shape: tuple[int, ...]) -> None:
    """Raise ShapeError where no values can be computed, without a look at the weights: there may be none yet."""
    keras_layers.check_settings(keras_layers.kind_of(layer), axes)
    byhand.check_input(shape, axes)
    last = keras_layers.channels_last(layer)
    for axis, n in zip(axes, shape[1:-1] if last else shape[2:], strict=True):
        axis.check_runs(n)
    groups, channels = getattr(layer, "groups", 1), shape[-1] if last else shape[1]
    if channels % groups:
        raise ShapeError(f"{channels} channels cannot be dealt out to {groups} groups evenly.")


def _copies(layer: Layer) -> bool:
    """Whether every output is one of the inputs, or 0: then nothing is rounded, and nothing is tolerated."""
    kind = keras_layers.kind_of(layer)
    if kind.startswith("UpSampling"):
        return getattr(layer, "interpolation", "nearest") == "nearest"
    return kind.startswith(("MaxPooling", "GlobalMaxPooling", "ZeroPadding", "Cropping"))


def _blend_terms(x: Array, axes: tuple[Upsample, ...]) -> Array:
    """The terms of bilinear upsampling for ``_tolerance``: the largest of the cells around, as often as it is rounded.

    TensorFlow blends two neighbours as ``a + (b − a)·w``, which is five roundings of the larger one. And ``w`` comes
    from ``(i + ½)·(n / o) − ½`` in float32, a place up to n, which three roundings move by up to 3·n of them; so much
    weight goes from one neighbour to the other. (A factor that is a power of 2 divides without rounding.)
    """
    sizes = zip(x.shape[1:-1], axes, strict=True)
    roundings = sum(5 + (6 * n if axis.factor & (axis.factor - 1) else 0) for n, axis in sizes)
    around = byhand.max_pool(np.abs(x), (Window(3, padding="same"),) * len(axes))
    return byhand.upsample(around, tuple(Upsample(axis.factor) for axis in axes)) * (roundings / ROUNDINGS)


def _tolerance(terms: Array, values: Array, activation: str) -> Array:
    """``ROUNDINGS · 2⁻²⁴ · (Σ|x||w| + |b|)``, and as much again of its result if an activation follows.

    TensorFlow computes elu as exp(x) − 1, which is rounded where it is near 1, however little is left of it.
    """
    own = {"linear": np.zeros_like(values), "elu": np.maximum(np.abs(values), 1)}.get(activation, np.abs(values))
    return np.asarray(ROUNDINGS * 2.0**-24 * (terms + own) + np.finfo(np.float32).tiny, dtype=np.float64)
