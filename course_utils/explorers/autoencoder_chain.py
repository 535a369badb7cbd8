"""The autoencoder of the question: its layers, its sizes by the formulas alone, and the real model run beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_utils import keras_layers
from course_utils.axes import Axis, ShapeError, Upsample
from course_utils.byhand import upsample
from course_utils.compare import Comparison, compare
from course_utils.data import digits, learned
from course_utils.keras_layers import KerasRefusal, LayerCode

SMALLEST_N, LARGEST_N = 8, 40
K, FACTOR = 3, 2
#: Which of the digits goes in; the network has learned from the first 1,500.
UNSEEN = 1502
#: The layers in their order, with their filters; pooling and upsampling have none. The last pooling makes the code.
_KINDS = tuple(
    zip(
        ("conv", "pool", "conv", "pool", "conv", "pool", "conv", "up", "conv", "up", "conv", "up", "conv"),
        (16, 0, 8, 0, 8, 0, 8, 0, 8, 0, 16, 0, 1),
        strict=True,
    )
)
#: The numbers of the layers, from 1.
POOLINGS = tuple(i for i, (kind, _) in enumerate(_KINDS, 1) if kind == "pool")
UPSAMPLINGS = tuple(i for i, (kind, _) in enumerate(_KINDS, 1) if kind == "up")

PADDINGS = {"same": "same", "valid": "valid"}
POOL_SIZES = {2: "2 × 2", 3: "3 × 3"}
UPS = {name: name for name in ("nearest", "bilinear")}
UPS |= {"transposed": "Conv2DTranspose", "transposed_0": "with output_padding=0"}
#: Of each kind of setting: what may be set, and what its control says.
OPTIONS: dict[str, Mapping[Any, str]] = {"padding": PADDINGS, "pool": POOL_SIZES, "up": UPS}
#: Every setting of a layer as in the question: what may be set, and where it starts.
AS_ASKED: dict[str, str | int] = {
    **{f"padding_{i}": "same" for i, (kind, _) in enumerate(_KINDS, 1) if kind != "up"},
    "padding_11": "valid",
    **{f"pool_{i}": 2 for i in POOLINGS},
    **{f"up_{i}": "nearest" for i in UPSAMPLINGS},
}
PRESETS: dict[str, dict[str, str | int]] = {
    "As asked": AS_ASKED,
    **{f"{p.capitalize()} everywhere": {name: p for name in AS_ASKED if "padding" in name} for p in PADDINGS},
}


@dataclass(frozen=True)
class Layer:
    """One layer of the chain.

    Attributes:
        number: its place, from 1.
        code: the line that builds it.
        axis: the axis of its height, and of its width: the maps are square.
        setting: how it is set, in a few words.
    """

    number: int
    code: LayerCode
    axis: Axis
    setting: str

    @property
    def name(self) -> str:
        """For example ``"6 MaxPooling2D"``."""
        return f"{self.number} {self.code.kind}"


@cache
def _layer(number: int, channels: int, setting: str | int | None, padding: str | int | None) -> Layer:
    kind, filters = _KINDS[number - 1]
    convolved = {"filters": filters or channels, "kernel_size": (K, K)}
    if kind == "conv":
        activation = "relu" if number < len(_KINDS) else "sigmoid"
        code = LayerCode("Conv2D", {**convolved, "activation": activation, "padding": padding})
        words = f"{K} × {K} {padding}"
    elif kind == "pool":
        code = LayerCode("MaxPooling2D", {"pool_size": (setting, setting), "padding": padding})
        words = f"{setting} × {setting} {padding}"
    elif setting in ("nearest", "bilinear"):
        blend = {"interpolation": "bilinear"} if setting == "bilinear" else {}
        code = LayerCode("UpSampling2D", {"size": (FACTOR, FACTOR), **blend})
        words = f"{FACTOR} × {FACTOR} {setting}"
    else:
        extra = {"output_padding": 0} if setting == "transposed_0" else {}
        given: dict[str, Any] = {**convolved, "strides": (FACTOR, FACTOR), "padding": "same", **extra}
        code, words = LayerCode("Conv2DTranspose", given), f"{K} × {K}, s = {FACTOR}"
        if extra:
            words = "output_padding=0"
    return Layer(number, code, code.axes[0], words)


def layers(settings: Mapping[str, str | int]) -> tuple[Layer, ...]:
    """The thirteen layers. ``settings``: as ``AS_ASKED``, all of it."""
    chain, channels = [], 1
    for number, (kind, filters) in enumerate(_KINDS, 1):
        setting = settings.get(f"{kind}_{number}")
        chain.append(_layer(number, channels, setting, settings.get(f"padding_{number}")))
        channels = filters or channels
    return tuple(chain)


# -- by the formulas alone ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sizes:
    """What the formulas say.

    Attributes:
        sizes: of the input and after each layer, as far as the chain goes.
        reason: why it goes no further; None where it reaches the end.
    """

    sizes: tuple[int, ...]
    reason: str | None

    @property
    def gap(self) -> int | None:
        """The size at the end less that at the start; None where the end is not reached."""
        return None if self.reason is not None else self.sizes[-1] - self.sizes[0]


def axes(chain: Sequence[Layer]) -> tuple[Axis, ...]:
    """The axis of each layer."""
    return tuple(layer.axis for layer in chain)


def sizes(axes: Sequence[Axis], n: int) -> Sizes:
    """Ask the axes, one after the other."""
    found = [n]
    for axis in axes:
        try:
            axis.check_runs(found[-1])
            found.append(axis.output_size(found[-1]))
        except ShapeError as error:
            return Sizes(tuple(found), str(error))
    return Sizes(tuple(found), None)


@lru_cache(maxsize=64)
def gaps(axes: tuple[Axis, ...]) -> tuple[tuple[int, int | None], ...]:
    """For every n that can be set, o − n; None where nothing comes out."""
    return tuple((n, sizes(axes, n).gap) for n in range(SMALLEST_N, LARGEST_N + 1))


# -- the real model -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ModelRun:
    """The real layers, built and run just now, each beside the computation by hand.

    Attributes:
        comparisons: layer by layer, each given what Keras's layer before it made; up to the first that refuses.
        built: the sizes of the layers as Keras itself inferred them when it built the model; empty if it refused to.
        refusal: what Keras said when it refused to build the model, or None.
        parameters: how many the model has.
        x: what went in.
    """

    comparisons: tuple[Comparison, ...]
    built: tuple[tuple[int, ...], ...]
    refusal: str | None
    parameters: int
    x: NDArray[np.float32]

    @property
    def y(self) -> NDArray[np.float32] | None:
        """What Keras's last layer made; None where none of its layers got so far."""
        return self.comparisons[-1].keras if len(self.comparisons) == len(_KINDS) else None

    def verdict(self, predicted: Sizes, count: int) -> tuple[bool, str]:
        """Whether formulas, hand and Keras are of one mind about ``count`` layers, and the sentence that says so."""
        for number, (found, o) in enumerate(zip(self.comparisons, predicted.sizes[1:], strict=False), 1):
            if not found.agrees or found.refused:
                return False, f"Layer {number}: {found.verdict}"
            assert found.shape_by_hand is not None and found.shape_keras is not None
            said = {found.shape_by_hand[1:3], found.shape_keras[1:3], (o, o)}
            if len(said | ({self.built[number - 1][1:3]} if self.built else set())) > 1:
                return False, (
                    f"They differ at layer {number}: the formula says {o} × {o}, by hand it is "
                    f"{found.shape_by_hand[1:3]}, the layer gives {found.shape_keras[1:3]}, the model says "
                    f"{self.built[number - 1][1:3] if self.built else 'nothing'}."
                )
        reached = len(predicted.sizes) - 1
        if predicted.reason is not None:
            last = self.comparisons[-1] if len(self.comparisons) == reached + 1 else None
            if last is not None and last.refused and self.refusal is not None:
                return True, f"Impossible at layer {reached + 1}, as the formula and the cells say, and Keras refuses."
            return False, f"They differ: the formula says that layer {reached + 1} has no output. {self._said()}"
        if len(self.comparisons) < count or self.refusal is not None or len(self.built) < count:
            return False, f"They differ: the formulas reach the end. {self._said()}"
        return True, f"They agree in all {count} sizes and in all {self.values:,} values."

    def _said(self) -> str:
        return f"Keras builds the model: {self.built}." if self.refusal is None else f"Keras: {self.refusal}"

    @property
    def values(self) -> int:
        """How many numbers were worked out by hand."""
        return sum(found.by_hand.size for found in self.comparisons if found.by_hand is not None)

    @property
    def largest_difference(self) -> float:
        """In any value of any layer."""
        return max((found.largest_difference or 0.0 for found in self.comparisons), default=0.0)


def run(chain: Sequence[Layer], n: int) -> ModelRun:
    """Build the model anew with Keras, and run an input through it layer by layer, beside the computation by hand.

    If Keras refuses to build it, its layers are built and run one at a time up to the first that refuses: whichever
    it is, the formulas are not asked.
    """
    x = _input(n)
    y: NDArray[np.float32] | None = x
    comparisons: list[Comparison] = []
    model, refusal = None, None
    try:
        model = _build(chain, n)
    except KerasRefusal as error:
        refusal = str(error)
    for i, layer in enumerate(chain):
        if y is None:
            break
        real = layer.code.build(_name(layer)) if model is None else model.layers[i]
        comparisons.append(compare(_weighed(layer, real, y.shape), y))
        y = comparisons[-1].keras
    if model is None:
        return ModelRun(tuple(comparisons), (), refusal, 0, x)
    built = tuple(tuple(real.output.shape) for real in model.layers)
    return ModelRun(tuple(comparisons), built, None, model.count_params(), x)


def _build(chain: Sequence[Layer], n: int) -> Any:
    """The model of ``script``; fixed names, because Keras never lets go of what it named itself."""
    keras = keras_layers.load_keras()
    made = [layer.code.build(_name(layer)) for layer in chain]
    try:
        return keras.Sequential([keras.Input((n, n, 1), name="explored_input"), *made], name="explored")
    except ValueError as error:
        raise KerasRefusal(keras_layers.plain_message(error)) from error


def _name(layer: Layer) -> str:
    return f"explored_{layer.number}"


def _weighed(layer: Layer, real: Any, shape: tuple[int, ...]) -> Any:
    """The layer with the weights that go with its place: the same picture at every step of a slider."""
    try:
        keras_layers.output_shape(real, shape)
    except KerasRefusal:
        return real  # ``compare`` asks again, and reports it
    if not real.built:
        real.build(shape)
    if real.weights:
        real.set_weights([_weights(layer.number, tuple(w.shape)) for w in real.weights])
    return real


@cache
def _weights(number: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """What the network has learned; where it learned nothing, as for a ``Conv2DTranspose``, pseudo-random numbers.

    They are about as large as those that Keras begins with, and the bias is not 0, so that it counts.
    """
    if (number, shape) in _learned():
        return _learned()[number, shape]
    reach = np.sqrt(6 / np.prod(shape[:-1])) if len(shape) > 1 else 0.1
    return np.random.default_rng([number, *shape]).uniform(-reach, reach, shape).astype(np.float32)


@cache
def _learned() -> dict[tuple[int, tuple[int, ...]], NDArray[np.float32]]:
    """Kernel and bias of each convolution as asked: by its number, and by their shape."""
    rest, channels = learned(), 1
    found: dict[tuple[int, tuple[int, ...]], NDArray[np.float32]] = {}
    for number, (kind, filters) in enumerate(_KINDS, 1):
        shapes: tuple[tuple[int, ...], ...] = ((K, K, channels, filters), (filters,)) if kind == "conv" else ()
        for shape in shapes:
            part, rest = np.split(rest, [math.prod(shape)])
            found[number, shape] = part.reshape(shape)
        channels = filters or channels
    assert not rest.size
    return found


def has_learned(chain: Sequence[Layer]) -> bool:
    """Whether the network has learned all layers of this chain that have weights."""
    return all(layer.code.kind != "Conv2DTranspose" for layer in chain)


def on_paper(digit: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """A digit of 8 × 8 three times as large, and around it as much paper as makes n × n; below 24, cut out of it."""
    larger = Upsample(3, "bilinear")
    ink = upsample(digit[np.newaxis, :, :, np.newaxis], (larger, larger))[0, :, :, 0]
    whole = np.pad(ink, (LARGEST_N - len(ink)) // 2)
    start = (LARGEST_N - n) // 2
    return np.asarray(whole[start : start + n, start : start + n], dtype=np.float32)


@cache
def _input(n: int) -> NDArray[np.float32]:
    """A digit that the network has never seen."""
    return on_paper(digits()[0][UNSEEN, :, :, 0], n)[np.newaxis, :, :, np.newaxis]


def script(chain: Sequence[Layer], n: int) -> str:
    """The model as code that runs by itself and prints the shapes."""
    lines = [f"    {layer.code.text},  # {layer.number}" for layer in chain]
    return "\n".join(
        [
            "import keras",
            "import numpy as np",
            "",
            "model = keras.Sequential([",
            f"    keras.Input(({n}, {n}, 1)),",
            *lines,
            "])",
            "for number, layer in enumerate(model.layers, 1):",
            "    print(number, layer.output.shape)",
            f'x = np.random.default_rng(28).random((1, {n}, {n}, 1)).astype("float32")',
            "print(model(x).shape)",
        ]
    )
