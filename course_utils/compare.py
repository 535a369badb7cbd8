"""Put a real layer beside the computation by hand, in shape and in every value.

A difference is never rounded away: values agree when they lie within the error that float32 arithmetic can make, which
is computed beside each value, and nothing else.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils import byhand, keras_layers
from course_utils.axes import Axis, Crop, NoRule, Pad, Repeat, ShapeError, Spread
from course_utils.byhand import Array
from course_utils.keras_layers import KerasRefusal, Layer

#: How many roundings of float32 (2⁻²⁴ each) a sum may be off, relative to the sum of its terms without their signs.
#: The largest seen against Keras was 6; see ``tests/test_layers_values.py``.
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
    """

    kind: str
    input_shape: tuple[int, ...]
    by_hand: Array | None
    keras: NDArray[np.float32] | None
    tolerance: Array | None
    refusal_by_hand: str | None
    refusal_keras: str | None

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
    def largest_difference(self) -> float | None:
        """The largest of ``differences``."""
        gaps = self.differences
        return None if gaps is None else float(gaps.max(initial=0.0))

    @property
    def agrees(self) -> bool:
        """Same shape and every value within its tolerance, or both refuse."""
        gaps = self.differences
        if gaps is None or self.tolerance is None:
            return self.refused
        return bool((gaps <= self.tolerance).all())

    @property
    def verdict(self) -> str:
        """One sentence."""
        if self.refused:
            return "Both refuse: this setting has no output."
        if self.by_hand is None:
            return f"They differ: Keras gives {self.shape_keras}, by hand there is no output."
        if self.keras is None:
            return f"They differ: by hand there is {self.shape_by_hand}, Keras refuses."
        if not self.same_shape:
            return f"They differ: by hand {self.shape_by_hand}, Keras {self.shape_keras}."
        if self.agrees:
            return f"They agree in shape and in all {self.by_hand.size} values."
        return self._where_they_differ()

    def _where_they_differ(self) -> str:
        assert self.differences is not None and self.by_hand is not None and self.keras is not None
        wrong = ~(self.differences <= cast("Array", self.tolerance))
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        return (
            f"They differ in {int(wrong.sum())} of {wrong.size} values; the first at {place}: "
            f"by hand {self.by_hand[place]:g}, Keras {self.keras[place]:g}."
        )

    def _rows(self) -> list[tuple[str, str]]:
        rows = [
            ("input", str(self.input_shape)),
            ("by hand", str(self.shape_by_hand or self.refusal_by_hand)),
            ("Keras", str(self.shape_keras or self.refusal_keras)),
        ]
        if self.largest_difference is not None:
            rows.append(("largest difference", f"{self.largest_difference:.1e}" if self.largest_difference else "0"))
        return rows

    def __str__(self) -> str:
        width = max(len(name) for name, _ in self._rows())
        lines = [f"  {name:<{width}}  {value}" for name, value in self._rows()]
        return "\n".join([self.kind, *lines, f"  {'✓' if self.agrees else '✗'} {self.verdict}"])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cells = "".join(
            f'<tr><th scope="row" style="text-align:left">{name}</th>'
            f'<td style="text-align:left">{html.escape(value)}</td></tr>'
            for name, value in self._rows()
        )
        colour = "var(--jp-success-color0, #1b5e20)" if self.agrees else "var(--jp-error-color0, #b71c1c)"
        return (
            f"<table><caption style='text-align:left'><code>{html.escape(self.kind)}</code></caption>{cells}</table>"
            f'<p style="color:{colour}">{"✓" if self.agrees else "✗"} {html.escape(self.verdict)}</p>'
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
    return Comparison(
        kind=keras_layers.kind_of(layer),
        input_shape=x.shape,
        by_hand=values,
        keras=real,
        tolerance=tolerance,
        refusal_by_hand=refusal_by_hand,
        refusal_keras=refusal_keras,
    )


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
        x, w["kernel"], cast("tuple[Spread, ...]", axes), w.get("bias")
    ),
    "MaxPooling": lambda x, axes, *_: byhand.max_pool(x, axes),
    "AveragePooling": lambda x, axes, *_: byhand.average_pool(x, axes),
    "GlobalMaxPooling": lambda x, axes, *_: byhand.max_pool(x, axes),
    "GlobalAveragePooling": lambda x, axes, *_: byhand.average_pool(x, axes),
    "UpSampling": lambda x, axes, *_: byhand.upsample(x, cast("tuple[Repeat, ...]", axes)),
    "ZeroPadding": lambda x, axes, *_: byhand.pad(x, cast("tuple[Pad, ...]", axes)),
    "Cropping": lambda x, axes, *_: byhand.crop(x, cast("tuple[Crop, ...]", axes)),
}


def _rule_for(layer: Layer) -> Rule:
    """The computation for this kind of layer. Raises NoRule before anything is run."""
    keras_layers.axes_of(layer)
    activation = _activation_of(layer)
    if activation not in byhand.ACTIVATIONS:
        known = ", ".join(sorted(byhand.ACTIVATIONS))
        raise NoRule(f"There is no rule by hand for the activation {activation}. There is one for: {known}.")
    family = keras_layers.kind_of(layer).translate(str.maketrans("", "", "123"))
    return _RULES[family.replace("DTranspose", "Transpose").removesuffix("D")]


def _activation_of(layer: Layer) -> str:
    function = getattr(layer, "activation", None)
    return "linear" if function is None else str(getattr(function, "__name__", function))


def _by_hand(layer: Layer, x: NDArray[np.float32], rule: Rule) -> tuple[Array, Array]:
    """The values by hand, and for each how far float32 may be off."""
    last = keras_layers.channels_last(layer)
    cells = x.astype(np.float64) if last else np.moveaxis(x.astype(np.float64), 1, -1)
    axes = keras_layers.axes_of(layer)
    for axis, n in zip(axes, cells.shape[1:-1], strict=False):
        axis.check_runs(n)
    weights = keras_layers.weights_of(layer)
    before = rule(cells, axes, weights, layer)
    terms = rule(np.abs(cells), axes, {name: np.abs(w) for name, w in weights.items()}, layer)
    values = byhand.activate(before, _activation_of(layer))
    tolerance = _tolerance(values, terms)
    if "Global" in keras_layers.kind_of(layer) and not layer.keepdims:
        return values.reshape(len(x), -1), tolerance.reshape(len(x), -1)
    return (values, tolerance) if last else (np.moveaxis(values, -1, 1), np.moveaxis(tolerance, -1, 1))


def _tolerance(values: Array, terms: Array) -> Array:
    """``ROUNDINGS · 2⁻²⁴ · (Σ|x||w| + |b|)``, and as much again of the result for the activation's own arithmetic.

    Maxima of negative values have negative "terms" no one adds up; their size is what counts.
    """
    smallest = float(np.finfo(np.float32).tiny)
    return np.asarray(ROUNDINGS * 2.0**-24 * (np.abs(terms) + np.abs(values)) + smallest)
