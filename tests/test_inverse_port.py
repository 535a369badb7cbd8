"""``port``: the text is run by a NumPy interpreter of PyTorch's documentation, and every value held against Keras.

PyTorch is no dependency (see ``torch_by_rule``): these tests prove that the text says the right thing by what is
documented. Where PyTorch happens to be installed, the same text is run by PyTorch itself as well.
"""

from __future__ import annotations

import ast
import importlib.util
from collections import Counter
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
from course_utils.keras_layers import LayerCode, axes_of, channels_last, has_axes, load_keras, missing_kernel, run

keras = load_keras()
L = keras.layers
pytestmark = pytest.mark.filterwarnings("ignore:You are using a softmax over axis -1:UserWarning")


def through_torch(ported: Port, layer: Any, x: np.ndarray) -> np.ndarray:
    """What the pasted code gives, in Keras's order of axes."""
    last = channels_last(layer)
    channels_first = np.moveaxis(x, -1, 1) if last else x
    y = execute(ported.text, layer)(channels_first)
    if importlib.util.find_spec("torch"):
        itself = through_torch_itself(ported.text, layer, channels_first)
        assert itself.shape == y.shape, f"{ported}\nPyTorch gives {itself.shape}, its documentation {y.shape}"
        np.testing.assert_allclose(itself, y, rtol=1e-6, atol=1e-6, err_msg=str(ported))
        runs["PyTorch itself"] += 1
    return np.moveaxis(y, 1, -1) if last and y.ndim > 2 else y


def through_torch_itself(text: str, layer: Any, x: np.ndarray) -> np.ndarray:
    """What it gives in PyTorch, in its own order of axes and in double precision."""
    torch = importlib.import_module("torch")
    names: dict[str, Any] = {"layer": layer}
    exec(text, names)
    with torch.no_grad():
        return np.asarray(names["ported"].double()(torch.from_numpy(np.ascontiguousarray(x, dtype=np.float64))))


#: How many ports PyTorch itself has run; none, where it is not installed.
runs: Counter[str] = Counter()


def check(layer: Any, x: np.ndarray, seed: int = 1) -> str:
    """Port a layer for one input, and hold every value against the real layer's. Says what was found."""
    with_weights(layer, x.shape, seed)
    comparison = compare(layer, x) if has_axes(layer) else None
    if comparison is not None and comparison.refused:
        with pytest.raises(ValueError):
            port(layer, x.shape[1:])
        return "refused"
    if missing_kernel(layer):
        return "missing"
    if has_axes(layer):
        axes, last = axes_of(layer), channels_last(layer)
        assert comparison is not None and comparison.by_hand is not None
        if any(cells_skipped(layer, axes, x.shape[1:-1] if last else x.shape[2:])):
            return "fault"
        if bias_on_the_wrong_axis(layer, comparison.by_hand.shape):
            return "fault"
    real = run(layer, x) if comparison is None or comparison.keras is None else comparison.keras
    try:
        ported = port(layer, x.shape[1:])
    except NoRule as error:
        assert "PyTorch's AvgPool3d refuses it" in str(error)
        return "no rule"
    made = through_torch(ported, layer, x.astype(np.float64))
    assert made.shape == real.shape, f"{ported}\n{made.shape} and not {real.shape}\n{layer.get_config()}"
    scale = comparison.tolerance if comparison is not None and comparison.tolerance is not None else 1e-5
    assert (np.abs(made - real) <= scale).all(), f"{ported}\n{layer.get_config()}"
    return "equal"


def some(*shape: int, seed: int = 1) -> np.ndarray:
    """Mostly negative, so that a padded zero would win a maximum."""
    return (np.random.default_rng(seed).normal(size=shape) - 1).astype(np.float32)


def grid(kind: str, settings: dict[str, Any], sizes: Any, channels: int = 2) -> Counter[str]:
    """One layer, built once, for several sizes."""
    layer = LayerCode(kind, settings).build()
    return Counter(check(layer, some(1, *spatial, channels, seed=sum(spatial))) for spatial in sizes)


def total(parts: list[Counter[str]], at_least: int) -> None:
    found = sum(parts, Counter[str]())
    print(dict(found))
    assert found["equal"] >= at_least


# -- dense grids --------------------------------------------------------------------------------------------------


def test_convolutions_in_one_dimension() -> None:
    parts = []
    strided = list(product(range(1, 6), range(1, 5), (1,))) + list(product(range(1, 5), (1,), (2, 3)))
    for turn, ((k, s, d), padding) in enumerate(product(strided, ("valid", "same", "causal"))):
        settings = {"filters": 2, "kernel_size": k, "strides": s, "dilation_rate": d, "padding": padding}
        parts.append(grid("Conv1D", settings, [(5 + turn % 2,), (7 + turn % 2,)]))
    total(parts, 120)


@pytest.mark.parametrize("kind", ["MaxPooling1D", "AveragePooling1D"])
def test_poolings_in_one_dimension(kind: str) -> None:
    parts = []
    for k, s, padding in product(range(1, 7), range(1, 6), ("valid", "same")):
        parts.append(grid(kind, {"pool_size": k, "strides": s, "padding": padding}, [(n,) for n in (2, 5, 6, 7)]))
    total(parts, 180)


def test_transposed_in_one_dimension() -> None:
    parts: list[Counter[str]] = []
    for k, s, padding in product(range(1, 7), range(1, 5), ("valid", "same")):
        for extra in (None, *range(s)):
            settings = {"filters": 2, "kernel_size": k, "strides": s, "padding": padding, "output_padding": extra}
            parts.append(grid("Conv1DTranspose", settings, [(1 + len(parts) % 4,)]))
    total(parts, 100)


@pytest.mark.parametrize("kind", ["Conv2D", "DepthwiseConv2D", "SeparableConv2D", "MaxPooling2D", "AveragePooling2D"])
def test_rectangles(kind: str) -> None:
    parts = []
    name = "kernel_size" if "Conv" in kind else "pool_size"
    for seed, (k, s, padding) in enumerate(
        product([(1, 2), (2, 3), (4, 3), (5, 2)], [(1, 1), (2, 2), (3, 3), (2, 1)], ("valid", "same"))
    ):
        settings: dict[str, Any] = {name: k, "strides": s, "padding": padding}
        if kind in ("Conv2D", "SeparableConv2D"):
            settings["filters"] = 4
        if kind == "Conv2D" and seed % 2:
            settings["groups"] = 2
        if kind in ("DepthwiseConv2D", "SeparableConv2D"):
            settings["depth_multiplier"] = 2
        parts.append(grid(kind, settings, [(7, 8), (8, 5)]))
    total(parts, 40)


@pytest.mark.parametrize("kind", KINDS)
def test_random_layers(kind: str) -> None:
    """Any settings, both orders of axes, activations, batches."""
    number = 25 if dimensions_of(kind) < 3 or kind == "Cropping3D" else 12
    found = Counter(check(code.build(), x, seed) for code, x, seed in cases(kind, number))
    print(kind, dict(found))
    assert found["equal"] >= 3


# -- one by one ---------------------------------------------------------------------------------------------------


def test_the_odd_ghost_cell_goes_after() -> None:
    ported = port(L.Conv2D(8, 3, strides=2, padding="same"), (28, 28, 3))
    assert "nn.ZeroPad2d((0, 1, 0, 1))" in ported.call and "padding=" not in ported.call
    assert port(L.Conv2D(8, 3, strides=2, padding="same"), (27, 27, 3)).call == (
        "nn.Conv2d(3, 8, kernel_size=3, stride=2, padding=1)"
    )
    assert port(L.Conv2D(8, 3, padding="same"), (28, 28, 3)).call == "nn.Conv2d(3, 8, kernel_size=3, padding=1)"
    pool = port(L.MaxPooling2D(2, padding="same"), (7, 8, 3))
    assert 'nn.ConstantPad2d((0, 0, 0, 1), float("-inf"))' in pool.call


def test_a_mean_over_a_map_that_is_smaller_than_the_window() -> None:
    """``AvgPool3d`` refuses it, and the others do not: found by running PyTorch itself."""
    for kind, shape in (("3D", (1, 1, 2, 5, 2)), ("2D", (1, 2, 5, 2))):
        assert check(getattr(L, f"AveragePooling{kind}")(3, padding="same"), some(*shape)) == "equal"
    ported = port(L.AveragePooling3D((2, 2, 3), padding="same"), (1, 4, 4, 1))
    assert "nn.AvgPool3d(kernel_size=(1, 2, 3), stride=(2, 2, 3)" in ported.call, ported.call


def test_the_usual_transposed_port_has_other_values() -> None:
    """k 3, s 2, p 1, op 1 has the same size: the interpreter tells the two apart."""
    layer, x = L.Conv2DTranspose(1, 3, strides=2, padding="same"), some(1, 4, 4, 1)
    assert check(layer, x) == "equal"
    usual = execute(
        "import torch\nfrom torch import nn\nported = nn.ConvTranspose2d(1, 1, 3, 2, 1, 1)\n"
        "kernel, bias = layer.get_weights()\n"
        "ported.weight.data.copy_(torch.from_numpy(kernel.transpose(3, 2, 0, 1)))\n"
        "ported.bias.data.copy_(torch.from_numpy(bias))",
        layer,
    )
    made, real = np.moveaxis(usual(np.moveaxis(x, -1, 1)), 1, -1), run(layer, x)
    assert made.shape == real.shape and np.abs(made - real).max() > 0.1


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (L.Dense(5, name="d1"), (4,)),
        (L.Dense(5, use_bias=False, activation="softmax", name="d2"), (4,)),
        (L.BatchNormalization(name="b1"), (6, 6, 3)),
        (L.BatchNormalization(scale=False, epsilon=0.1, name="b2"), (6, 3)),
        (L.BatchNormalization(center=False, name="b3"), (3,)),
        (L.BatchNormalization(name="b4"), (2, 3, 4, 3)),
        (L.Activation("tanh", name="a1"), (4, 4, 2)),
        (L.Activation("linear", name="a2"), (4, 4, 2)),
        (L.ReLU(name="a3"), (4, 4, 2)),
        (L.Dropout(0.3, name="a4"), (4, 4, 2)),
    ],
)
def test_layers_without_axes(layer: Any, shape: tuple[int, ...]) -> None:
    layer.build((None, *shape))
    rng = np.random.default_rng(3)
    for weight in layer.weights:
        if "seed" not in weight.name:
            weight.assign(rng.uniform(0.5, 2, tuple(weight.shape)))
    x = some(2, *shape)
    real = np.asarray(layer(x))
    np.testing.assert_allclose(through_torch(port(layer, shape), layer, x), real, rtol=2e-6, atol=2e-6)


def test_momentum_is_counted_from_the_other_end() -> None:
    """Keras: what is kept of the old mean. PyTorch: what is taken of the new one."""
    assert port(L.BatchNormalization(), (6, 6, 3)).call == "nn.BatchNorm2d(3, eps=0.001, momentum=0.01)"


def test_a_built_layer_knows_its_input_and_stays_as_it_is() -> None:
    layer = L.Conv2D(8, 3, strides=2, padding="same", name="known")
    layer.build((None, 28, 28, 3))
    assert port(layer).call == port(layer, (28, 28, 3)).call
    fresh = L.Conv2D(8, 3, name="fresh")
    port(fresh, (28, 28, 3))
    assert not fresh.built


def test_sizes_that_do_not_matter_need_not_be_known() -> None:
    assert port(L.MaxPooling2D(2)).call == "nn.MaxPool2d(kernel_size=2)"
    assert port(L.Conv2D(4, 1, strides=2, padding="same"), (None, None, 3)).call == (
        "nn.Conv2d(3, 4, kernel_size=1, stride=2)"
    )
    assert "ZeroPad2d((1, 2, 1, 2))" in port(L.Conv2D(4, 4, padding="same"), (None, None, 3)).call


def test_what_it_says() -> None:
    ported = port(L.AveragePooling2D(2, padding="same"), (7, 7, 3))
    assert str(ported) == ported.text == repr(ported) and ported.imports == ("from torch import nn",)
    assert "ceil_mode=True" in ported.call and "count_include_pad=False" in ported.call
    assert any("Keras pads (0, 1)" in note for note in ported.notes)
    assert any("height 7 and width 7" in note for note in ported.notes)
    assert all(len(line) <= 100 for line in ported.text.splitlines())
    ast.parse(ported.text)
    page = ported._repr_html_()
    assert "AvgPool2d" in page and "<li>" in page


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: port("Conv2D"), TypeError, "'Conv2D'"),
        (lambda: port(None), TypeError, "None"),
        (lambda: port(L.Conv2D), TypeError, "is a class"),
        (lambda: port(keras.Sequential([keras.Input((4,)), L.Dense(2, name="d")], name="m")), TypeError, "m.layers"),
        (lambda: port(L.Conv2D(8, 3)), ValueError, "how many channels"),
        (lambda: port(L.MaxPooling2D(3, strides=2, padding="same")), ValueError, "height is not known"),
        (lambda: port(L.Conv2D(8, 3), (28, 28)), ValueError, "(height, width, channels)"),
        (lambda: port(L.Conv2D(8, 3), "28"), ValueError, "tuple of whole numbers"),  # type: ignore[arg-type]
        (lambda: port(L.Conv2D(8, 3), (28, 0, 3)), ValueError, "at least 1"),
        (lambda: port(L.Conv2D(8, 5), (4, 4, 3)), ValueError, "does not fit into 4"),
        (lambda: port(L.Conv2D(4, 3, groups=2), (4, 4, 3)), ValueError, "groups=2"),
        (lambda: port(L.Conv2DTranspose(4, 2, padding="same", output_padding=0), (4, 4, 3)), ValueError, "Leave it"),
        (lambda: port(L.UpSampling2D(2, interpolation="bicubic")), NoRule, "bicubic"),
        (lambda: port(L.UpSampling2D(64)), NoRule, "above 40"),
        (lambda: port(L.AveragePooling3D(4, 1, "same"), (3, 8, 8, 1)), NoRule, "a window of 4 on 3 cells"),
        (lambda: port(L.Flatten()), NoRule, "permute"),
        (lambda: port(L.LSTM(3)), NoRule, "LSTM"),
        (lambda: port(L.Dense(3), (4, 4, 3)), NoRule, "Dense on maps"),
        (lambda: port(L.Conv2D(3, 3, activation="mish"), (4, 4, 3)), NoRule, "mish"),
    ],
)  # fmt: skip
def test_bad_input(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        call()
    said = str(caught.value)
    assert words in said and "\n" not in said and len(said) < 300
