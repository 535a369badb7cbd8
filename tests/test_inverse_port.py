"""``port``: the text is run by a NumPy interpreter of PyTorch's documentation, and every value held against Keras.

PyTorch is no dependency (see ``torch_by_rule``): these tests prove that the text says the right thing by what is
documented. Where PyTorch is installed, the same text is run by PyTorch itself as well; the wide tier installs it.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
from keras_faults import bias_on_the_wrong_axis, cells_skipped
from layer_cases import KINDS, cases, dimensions_of, with_weights
from torch_by_rule import execute

from course_utils import port
from course_utils.axes import NoRule
from course_utils.compare import compare
from course_utils.inverse import Port
from course_utils.keras_layers import LayerCode, axes_of, channels_last, load_keras, missing_kernel, run

keras = load_keras()
L, A = keras.layers, keras.activations
partial = functools.partial
HAS_TORCH = importlib.util.find_spec("torch") is not None
pytestmark = pytest.mark.filterwarnings("ignore:You are using a softmax over axis -1:UserWarning")

#: How many ports PyTorch itself has run; none, where it is not installed.
runs: Counter[str] = Counter()


def through_torch(ported: Port, layer: Any, x: np.ndarray) -> np.ndarray:
    """What the pasted code gives, in Keras's order of axes."""
    order = ported.order or tuple(range(x.ndim))
    x = x.transpose(order).copy()
    y = execute(ported.text, layer)(x)
    if HAS_TORCH:
        itself = through_torch_itself(ported.text, layer, x)
        assert itself.shape == y.shape, f"{ported}\nPyTorch gives {itself.shape}, its documentation {y.shape}"
        np.testing.assert_allclose(itself, y, rtol=1e-6, atol=1e-6, err_msg=str(ported))
        runs["PyTorch itself"] += 1
    return np.asarray(y.transpose(np.argsort(order)) if y.ndim == x.ndim else y)


def through_torch_itself(text: str, layer: Any, x: np.ndarray, number_type: str = "float64") -> np.ndarray:
    """What it gives in PyTorch, in its own order of axes."""
    torch, names = importlib.import_module("torch"), {"layer": layer}
    exec(text, names)
    with torch.no_grad():
        wanted = getattr(torch, number_type)
        return np.asarray(names["ported"].to(wanted)(torch.from_numpy(x).to(wanted)).to(torch.float64))


def check(layer: Any, x: np.ndarray, seed: int = 1) -> str:
    """Port a layer for one input, and hold every value against the real layer's. Says what was found."""
    with_weights(layer, x.shape, seed)
    comparison = compare(layer, x)
    if comparison.refused:
        with pytest.raises(ValueError):
            port(layer, x.shape[1:])
        return "refused"
    if missing_kernel(layer):
        return "missing"
    axes, last = axes_of(layer), channels_last(layer)
    real, tolerance = comparison.keras, comparison.tolerance
    assert comparison.by_hand is not None and real is not None and tolerance is not None
    if any(cells_skipped(layer, axes, x.shape[1:-1] if last else x.shape[2:])):
        return "fault"
    if bias_on_the_wrong_axis(layer, comparison.by_hand.shape):
        return "fault"
    try:
        ported = port(layer, x.shape[1:])
    except NoRule as error:
        assert "PyTorch's AvgPool3d refuses it" in str(error)
        return "no rule"
    made = through_torch(ported, layer, x.astype(np.float64))
    assert made.shape == real.shape, f"{ported}\n{made.shape} and not {real.shape}\n{layer.get_config()}"
    assert (np.abs(made - real) <= tolerance).all(), f"{ported}\n{layer.get_config()}"
    return "equal"


def some(*shape: int, seed: int = 1) -> np.ndarray:
    """Mostly negative, so that a padded zero would win a maximum."""
    return (np.random.default_rng(seed).normal(size=shape) - 1).astype(np.float32)


# -- dense grids: settings, and the sizes for a layer that is built once ------------------------------------------

Grid = Iterator[tuple[dict[str, Any], list[tuple[int, ...]]]]


def convolutions() -> Grid:
    strided = [*product(range(1, 6), range(1, 5), (1,)), *product(range(1, 5), (1,), (2, 3))]
    for turn, ((k, s, d), padding) in enumerate(product(strided, ("valid", "same", "causal"))):
        told = {"filters": 2, "kernel_size": k, "strides": s, "dilation_rate": d, "padding": padding}
        yield told, [(5 + turn % 2,), (7 + turn % 2,)]


def poolings() -> Grid:
    for k, s, padding in product(range(1, 7), range(1, 6), ("valid", "same")):
        yield {"pool_size": k, "strides": s, "padding": padding}, [(n,) for n in (2, 5, 6, 7)]


def transposed() -> Grid:
    for turn, (k, s, padding) in enumerate(product(range(1, 7), range(1, 5), ("valid", "same"))):
        for extra in (None, *range(s)):
            told = {"filters": 2, "kernel_size": k, "strides": s, "padding": padding, "output_padding": extra}
            yield told, [(1 + (turn + (extra or 0)) % 4,)]


def rectangles(name: str, **told: Any) -> Grid:
    kernels, strides = [(1, 2), (2, 3), (4, 3), (5, 2)], [(1, 1), (2, 2), (3, 3), (2, 1)]
    for turn, (k, s, padding) in enumerate(product(kernels, strides, ("valid", "same"))):
        groups = {"groups": 1 + turn % 2} if told == {"filters": 4} else {}
        yield {name: k, "strides": s, "padding": padding, **told, **groups}, [(7, 8), (8, 5)]


@pytest.mark.parametrize(
    ("kind", "grid", "at_least"),
    [
        ("Conv1D", convolutions(), 120),
        ("MaxPooling1D", poolings(), 180),
        ("AveragePooling1D", poolings(), 180),
        ("Conv1DTranspose", transposed(), 100),
        ("Conv2D", rectangles("kernel_size", filters=4), 40),
        ("DepthwiseConv2D", rectangles("kernel_size", depth_multiplier=2), 40),
        ("SeparableConv2D", rectangles("kernel_size", filters=4, depth_multiplier=2), 40),
        ("MaxPooling2D", rectangles("pool_size"), 40),
        ("AveragePooling2D", rectangles("pool_size"), 40),
    ],
)
def test_dense_grids(kind: str, grid: Grid, at_least: int) -> None:
    found: Counter[str] = Counter()
    for settings, sizes in grid:
        layer = LayerCode(kind, settings).build()
        found.update(check(layer, some(1, *spatial, 2, seed=sum(spatial))) for spatial in sizes)
    print(dict(found))
    assert found["equal"] >= at_least


@pytest.mark.parametrize("kind", KINDS)
def test_random_layers(kind: str) -> None:
    """Any settings, both orders of axes, activations, batches."""
    number = 25 if dimensions_of(kind) < 3 or kind == "Cropping3D" else 12
    found = Counter(check(code.build(), x, seed) for code, x, seed in cases(kind, number))
    print(kind, dict(found))
    assert found["equal"] >= 3


# -- one by one ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shape", "call"),
    [
        # The odd ghost cell goes after.
        (L.Conv2D(8, 3, strides=2, padding="same"), (28, 28, 3),
         "nn.Sequential(\n    nn.ZeroPad2d((0, 1, 0, 1)),\n    nn.Conv2d(3, 8, kernel_size=3, stride=2),\n)"),
        (L.Conv2D(8, 3, strides=2, padding="same"), (27, 27, 3), "nn.Conv2d(3, 8, kernel_size=3, stride=2, padding=1)"),
        (L.Conv2D(8, 3, padding="same"), (28, 28, 3), "nn.Conv2d(3, 8, kernel_size=3, padding=1)"),
        (L.MaxPooling2D(2, padding="same"), (7, 8, 3), 'nn.ConstantPad2d((0, 0, 0, 1), float("-inf"))'),
        # Sizes that do not matter need not be known.
        (L.MaxPooling2D(2), None, "nn.MaxPool2d(kernel_size=2)"),
        (L.Conv2D(4, 1, strides=2, padding="same"), (None, None, 3), "nn.Conv2d(3, 4, kernel_size=1, stride=2)"),
        (L.Conv2D(4, 4, padding="same"), (None, None, 3), "ZeroPad2d((1, 2, 1, 2))"),
        (L.Softmax(), None, "nn.Softmax(dim=1)"),
        # AvgPool3d refuses a window that is larger than the map.
        (L.AveragePooling3D((2, 2, 3), padding="same"), (1, 4, 4, 1), "AvgPool3d(kernel_size=(1, 2, 3), stride=(2, 2"),
        # Keras's momentum is what is kept of the old mean, PyTorch's what is taken of the new one.
        (L.BatchNormalization(), (6, 6, 3), "nn.BatchNorm2d(3, eps=0.001, momentum=0.01)"),
        (L.LayerNormalization(), (6, 6, 3), "Permute(0, 2, 3, 1),\n    nn.LayerNorm(3, eps=0.001),\n    Permute(0, 3,"),
    ],
)  # fmt: skip
def test_what_is_written(layer: Any, shape: tuple[int | None, ...] | None, call: str) -> None:
    assert call in port(layer, shape).call
    assert not layer.built or not layer.weights


def test_a_mean_over_a_map_that_is_smaller_than_the_window() -> None:
    """``AvgPool3d`` refuses it, and the others do not: found by running PyTorch itself."""
    for kind, shape in (("3D", (1, 1, 2, 5, 2)), ("2D", (1, 2, 5, 2))):
        assert check(getattr(L, f"AveragePooling{kind}")(3, padding="same"), some(*shape)) == "equal"


def test_the_usual_transposed_port_has_other_values() -> None:
    """k 3, s 2, p 1, op 1 has the same size: the interpreter tells the two apart."""
    layer, x = L.Conv2DTranspose(1, 3, strides=2, padding="same"), some(1, 4, 4, 1)
    assert check(layer, x) == "equal"
    weights = "\n".join(line for line in port(layer).text.splitlines() if "weight" in line).replace("[0]", "")
    usual = f"import torch\nfrom torch import nn\nported = nn.ConvTranspose2d(1, 1, 3, 2, 1, 1, bias=False)\n{weights}"
    made, real = np.moveaxis(execute(usual, layer)(np.moveaxis(x, -1, 1)), 1, -1), run(layer, x)
    assert made.shape == real.shape and np.abs(made - real).max() > 0.1


def rebuilt(layer: Any, shape: tuple[int, ...]) -> Any:
    """The layer with weights of which none is 0 or 1."""
    layer.build((None, *shape))
    rng = np.random.default_rng(3)
    for weight in layer.weights:
        if "seed" not in weight.name:
            weight.assign(rng.uniform(0.5, 2, tuple(weight.shape)))
    return layer


def check_values(layer: Any, shape: tuple[int, ...], tolerance: float = 3e-6) -> Port:
    """Whether the port of a layer, whatever it is, has its values."""
    x = 3 * some(2, *shape) + 2
    ported, real = port(rebuilt(layer, shape), shape), np.asarray(layer(x), np.float64)
    made = through_torch(ported, layer, x.astype(np.float64))
    np.testing.assert_allclose(made, real, rtol=tolerance, atol=tolerance, err_msg=str(ported))
    return ported


#: Layers without axes, and whether PyTorch has to get a map in another order: the channels first.
ALONE = [
    (lambda: L.BatchNormalization(), True),
    (lambda: L.BatchNormalization(scale=False, epsilon=0.1), True),
    (lambda: L.BatchNormalization(axis=1, center=False), False),
    (lambda: L.LayerNormalization(), True),
    (lambda: L.LayerNormalization(axis=[-1], center=False), True),
    (lambda: L.LayerNormalization(axis=1, scale=False), False),
    (lambda: L.GroupNormalization(5), True),
    (lambda: L.GroupNormalization(-1, axis=1), False),
    (lambda: L.Softmax(), True),
    (lambda: L.Softmax(axis=1), False),
    (lambda: L.Activation("softmax"), True),
    (lambda: L.LeakyReLU(), False),
    (lambda: L.ELU(0.7), False),
    (lambda: L.Activation("linear"), False),
    (lambda: L.Identity(), False),
    (lambda: L.Dropout(0.3), False),
]


@pytest.mark.parametrize("shape", [(5,), (6, 5), (4, 6, 5), (3, 4, 6, 5)])
@pytest.mark.parametrize(("make", "moved"), ALONE)
def test_layers_without_axes(make: Any, moved: bool, shape: tuple[int, ...]) -> None:
    """On vectors and maps. A layer whose axis is the first has the channels there."""
    ported = check_values(make(), shape)
    assert ported.order == ((0, len(shape), *range(1, len(shape))) if moved and len(shape) > 1 else ())
    assert any("permute_copy" in note for note in ported.notes) == bool(ported.order)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (L.Dense(5, name="d1"), (4,)),
        (L.Dense(5, use_bias=False, activation="softmax", name="d2"), (4,)),
        (L.BatchNormalization(axis=-3, name="b"), (4, 6, 5)),
        (L.LayerNormalization(axis=[1, 2, 3], name="l1"), (4, 6, 5)),
        (L.LayerNormalization(axis=(2, 3), name="l2"), (4, 6, 5)),
        (L.LayerNormalization(axis=[1, 2], center=False, scale=False, name="l3"), (4, 6, 5)),
        (L.Softmax(axis=2, name="s1"), (4, 6, 5)),
        (L.Softmax(axis=(-2,), name="s2"), (4, 6, 5)),
        (L.SpatialDropout1D(0.5, name="o1"), (6, 5)),
        (L.SpatialDropout2D(0.5, data_format="channels_first", name="o2"), (4, 6, 5)),
        (L.Activation("glu", name="g"), (4, 4, 6)),
    ],
)
def test_other_axes(layer: Any, shape: tuple[int, ...]) -> None:
    check_values(layer, shape)


# -- activations, however they are given --------------------------------------------------------------------------

#: Functions of Keras that PyTorch has no module for.
MISSING = {"exponential", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "threshold"}
NAMES = sorted({function.__name__ for function in vars(A).values() if callable(function)} - {"get"})
ACTIVATIONS = {
    **{name: name for name in NAMES if name not in MISSING | {"serialize", "deserialize", "glu"}},
    "relu to 6": partial(A.relu, max_value=6),
    "relu to 2.5": partial(A.relu, max_value=2.5),
    "relu with a slope": partial(A.relu, negative_slope=0.1),
    "relu from 1": partial(A.relu, threshold=1),
    "relu from 1 to 2": partial(A.relu, threshold=1, max_value=2),
    "relu from -1 to 2": partial(A.relu, threshold=-1, max_value=2),
    "gelu by tanh": partial(A.gelu, approximate=True),
    "gelu of ops": keras.ops.gelu,
    "relu of ops": keras.ops.relu,
    "softmax along another axis": partial(A.softmax, axis=1),
    "celu": partial(A.celu, alpha=2),
    "leaky_relu with NumPy's number": partial(A.leaky_relu, negative_slope=np.float32(0.3)),
    "LeakyReLU": L.LeakyReLU(),
    "ReLU": L.ReLU(),
    "ReLU to 6": L.ReLU(max_value=6),
    "ReLU to 3 with a slope": L.ReLU(3, 0.2),
    "ELU inside an Activation": L.Activation(L.ELU(2.0)),
    "Softmax along another axis": L.Softmax(axis=1),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_in_any_form(name: str) -> None:
    given = ACTIVATIONS[name]
    check_values(L.Activation(given), (4, 6, 5), 1e-5)
    check_values(L.Dense(4, activation=given), (5,), 1e-5)
    check_values(L.Conv2D(4, 3, activation=given), (4, 6, 5), 1e-5)


def test_an_activation_that_was_taken_away() -> None:
    layer = L.Conv2D(2, 3, activation="relu")
    layer.activation = None
    assert "ReLU" not in check_values(layer, (4, 6, 5), 1e-5).call


@functools.wraps(A.relu)
def relu(x: Any) -> Any:
    """Not the relu whose name and module it bears."""
    return 2 * x


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (relu, "relu"),
        (lambda x: x, "<lambda>"),
        (partial(relu), "relu"),
        (partial(lambda x, y: x, y=2), "<lambda>"),
        (L.PReLU(), "PReLU"),
        (L.ReLU(negative_slope=0.1, threshold=1), "a slope and a threshold"),
        (L.ReLU(max_value=0), "never above 0"),
        (L.Softmax(axis=(1, 2)), "several axes"),
        (partial(A.elu, alpha=keras.Variable([1.0, 2.0])), "no number"),
        *((name, name) for name in sorted(MISSING)),
    ],
)
def test_an_activation_is_never_guessed(given: Any, words: str) -> None:
    for layer in (L.Activation(given), L.Conv2D(2, 3, activation=given)):
        with pytest.raises(NoRule) as caught:
            port(layer, (4, 4, 3))
        assert words in str(caught.value) and " at 0x" not in str(caught.value)


# -- weights that are others than usual ---------------------------------------------------------------------------


def with_lora(layer: Any) -> Any:
    rebuilt(layer, (4, 4, 3)).enable_lora(2)
    return layer


def quantized(mode: str) -> Any:
    layer = rebuilt(L.Dense(4), (3,))
    layer.quantize(mode)
    return layer


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: with_lora(L.Conv2D(2, 3)), "LoRA"),
        (lambda: with_lora(L.Dense(2)), "LoRA"),
        (lambda: L.Conv2D(2, 3, lora_rank=2), "LoRA"),
        (lambda: quantized("int8"), "int8"),
        (lambda: quantized("int4"), "int4"),
        (lambda: quantized("float8"), "float8"),
        (lambda: L.Dense(4, dtype="int8_from_float32"), "int8"),
        (lambda: L.BatchNormalization(renorm=True), "renorm"),
        (lambda: rebuilt(L.BatchNormalization(renorm=True), (4, 4, 3)), "renorm"),
        (lambda: rebuilt(L.Embedding(5, 3), (4,)), "Embedding"),
    ],
)
def test_weights_that_the_code_would_misread_are_refused(make: Any, words: str) -> None:
    layer = make()
    with pytest.raises(NoRule, match=words):
        port(layer, (4, 4, 3))


def test_arrays_that_nobody_expects_are_refused() -> None:
    layer = rebuilt(L.Conv2D(2, 3), (4, 4, 3))
    layer._tracker.unlock()  # as Keras itself does where it adds weights to a built layer
    layer.add_weight(shape=(1,), name="own")
    with pytest.raises(NoRule, match="3 arrays, and of 2"):
        port(layer)


def test_what_the_refusals_advise_gives_the_same_values() -> None:
    layer, x = with_lora(L.Conv2D(2, 3)), some(1, 4, 4, 3)
    plain = rebuilt(L.Conv2D(2, 3), (4, 4, 3))
    plain.kernel.assign(layer.kernel)
    plain.bias.assign(layer.bias)
    np.testing.assert_allclose(through_torch(port(plain), plain, x), layer(x), rtol=1e-5, atol=1e-5)
    layer = rebuilt(L.BatchNormalization(renorm=True), (4, 4, 3))
    plain = rebuilt(L.BatchNormalization(), (4, 4, 3))
    plain.set_weights(layer.get_weights()[: len(plain.weights)])
    np.testing.assert_allclose(through_torch(port(plain), plain, x), layer(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "mixed_float16", "bfloat16", "mixed_bfloat16", "float64"])
def test_other_number_types_are_told(dtype: str) -> None:
    layer = L.Conv2D(4, 3, dtype=dtype)
    kept = layer.compute_dtype
    coarse = {"float16": 1e-2, "bfloat16": 1e-1}.get(kept, 1e-4)
    ported = check_values(layer, (4, 6, 5), coarse)
    assert f"ported.to(torch.{kept})" in ported.notes[-1]
    if HAS_TORCH:
        x = some(1, 5, 4, 6)
        itself = through_torch_itself(ported.text, layer, x, kept)
        np.testing.assert_allclose(np.moveaxis(itself, 1, -1), layer(np.moveaxis(x, 1, -1)), rtol=coarse, atol=coarse)


# -- what it says -------------------------------------------------------------------------------------------------


def test_a_built_layer_knows_its_input() -> None:
    layer = rebuilt(L.Conv2D(8, 3, strides=2, padding="same"), (28, 28, 3))
    assert port(layer).call == port(layer, (28, 28, 3)).call


def test_what_it_says() -> None:
    ported = port(L.AveragePooling2D(2, padding="same"), (7, 7, 3))
    assert str(ported) == ported.text == repr(ported) and ported.imports == ("from torch import nn",)
    assert "ceil_mode=True" in ported.call and "count_include_pad=False" in ported.call
    assert any("Keras pads (0, 1)" in note for note in ported.notes)
    assert any("height 7 and width 7" in note for note in ported.notes)
    assert any("torch.permute_copy(x, (0, 3, 1, 2))" in note for note in ported.notes)
    page = ported._repr_html_()
    assert "AvgPool2d" in page and "<li>" in page
    for text in (ported.text, port(L.LayerNormalization(), (7, 7, 3)).text):
        assert all(len(line) <= 100 for line in text.splitlines())
        ast.parse(text)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: port("Conv2D"), TypeError, "'Conv2D'"),
        (lambda: port(None), TypeError, "None"),
        (lambda: port(L.Conv2D), TypeError, "is a class"),
        (lambda: port(keras.Sequential([keras.Input((4,)), L.Dense(2, name="d")], name="m")), TypeError, "m.layers"),
        (lambda: port(L.Conv2D(8, 3)), ValueError, "how many channels"),
        (lambda: port(L.BatchNormalization()), ValueError, "how many channels"),
        (lambda: port(L.LayerNormalization()), ValueError, "How many axes"),
        (lambda: port(L.LayerNormalization(axis=[1, 3]), (None, 4, 3)), ValueError, "must be known"),
        (lambda: port(rebuilt(L.LayerNormalization(axis=[1, 3]), (6, 4, 3)), (5, 4, 3)), ValueError, "was built for"),
        (lambda: port(rebuilt(L.Conv2D(1, 3), (6, 4, 3)), (6, 4, 2)), ValueError, "was built for 3 channels"),
        (lambda: port(L.GroupNormalization(4), (4, 4, 6)), ValueError, "groups=4"),
        (lambda: port(L.MaxPooling2D(3, strides=2, padding="same")), ValueError, "height is not known"),
        (lambda: port(L.Conv2D(8, 3), (28, 28)), ValueError, "(height, width, channels)"),
        (lambda: port(L.Conv2D(8, 3), "28"), ValueError, "tuple of whole numbers"),  # type: ignore[arg-type]
        (lambda: port(L.Conv2D(8, 3), (28, 0, 3)), ValueError, "at least 1"),
        (lambda: port(L.Softmax(), ()), ValueError, "at least one number"),
        (lambda: port(L.Conv2D(8, 5), (4, 4, 3)), ValueError, "does not fit into 4"),
        (lambda: port(L.Conv2D(4, 3, groups=2), (4, 4, 3)), ValueError, "groups=2"),
        (lambda: port(L.Conv2DTranspose(4, 2, padding="same", output_padding=0), (4, 4, 3)), ValueError, "Leave it"),
        (lambda: port(L.UpSampling2D(2, interpolation="bicubic")), NoRule, "bicubic"),
        (lambda: port(L.UpSampling2D(64)), NoRule, "above 40"),
        (lambda: port(L.AveragePooling3D(4, 1, "same"), (3, 8, 8, 1)), NoRule, "a window of 4 on 3 cells"),
        (lambda: port(L.BatchNormalization(axis=2), (4, 4, 3)), NoRule, "axis=2"),
        (lambda: port(L.BatchNormalization(), (2, 2, 2, 2, 3)), NoRule, "on 4 axes"),
        (lambda: port(L.LayerNormalization(axis=[-1, 1]), (4, 4, 3)), NoRule, "in order"),
        (lambda: port(L.Flatten()), NoRule, "permute"),
        (lambda: port(L.LSTM(3)), NoRule, "LSTM"),
        (lambda: port(L.Dense(3), (4, 4, 3)), NoRule, "Dense on maps"),
    ],
)  # fmt: skip
def test_bad_input(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        call()
    said = str(caught.value)
    assert words in said and "\n" not in said and len(said) < 300


# -- PyTorch itself -----------------------------------------------------------------------------------------------

if HAS_TORCH:

    def test_the_copy_that_the_note_advises_is_read_rightly() -> None:
        """One channel and a stride, in float32: there PyTorch 2.13 reads a permuted view wrongly."""
        torch = importlib.import_module("torch")
        conv, x = torch.nn.Conv2d(1, 1, (5, 3), stride=(1, 3), padding=(0, 1)), some(4, 7, 3, 1)
        advised = torch.permute_copy(torch.from_numpy(x), (0, 3, 1, 2))
        assert torch.equal(conv(advised), conv(torch.from_numpy(x.transpose(0, 3, 1, 2).copy())))

    def test_pytorch_itself_ran_what_the_interpreter_ran() -> None:
        assert runs["PyTorch itself"] > 1500

else:

    @pytest.mark.everything
    def test_every_port_gives_the_same_in_pytorch_itself(beside_torch: dict[str, str]) -> None:
        """All of this file again, with PyTorch beside the other packages."""
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
        done = subprocess.run(command, env=beside_torch, capture_output=True, text=True, check=False)
        assert done.returncode == 0 and " passed" in done.stdout, done.stdout
