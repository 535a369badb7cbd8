"""Every value by hand, against the real layer: dense grids, random layers, and whole numbers, which must be exact.

The tolerance is what float32 can be off by, computed beside each value (``compare.ROUNDINGS``); the largest error that
was seen is printed when the tests end. Where Keras is wrong itself (``keras_faults.py``), it must be wrong in just the
way that is known.
"""

from __future__ import annotations

import json
import os
import platform
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
import with_onednn
from hypothesis import given, strategies as st
from layer_cases import ACTIVATIONS, KINDS, case, cases, checker, dimensions_of, roundings, with_weights
from tally import WORST, beyond_this_processor, compared, seen_error

from course_utils.compare import ROUNDINGS, compare
from course_utils.keras_layers import KerasRefusal, LayerCode

pytestmark = pytest.mark.filterwarnings("ignore:You are using a softmax over axis -1:UserWarning")

CHANNELS = 2


def random_input(*shape: int, seed: int = 1) -> np.ndarray:
    """Normally distributed, so half of it negative."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def over(code: LayerCode, sizes: Iterable[tuple[int, ...]], seed: int) -> Counter[str]:
    """One layer with fixed random weights, on inputs of many sizes."""
    dimensions = dimensions_of(code.kind)
    layer = with_weights(code.build(), (1, *(32,) * dimensions, CHANNELS), seed)
    found: Counter[str] = Counter()
    for spatial in sizes:
        found[checker(layer, random_input(1 + sum(spatial) % 2, *spatial, CHANNELS, seed=seed))] += 1
    return found


def count(kind: str, found: Counter[str], at_least: int) -> None:
    """Only what was compared in values counts; the refusals are said beside it."""
    print(dict(found))
    compared("values", kind, found["agree"], at_least=at_least)


# -- grids --------------------------------------------------------------------------------------------------------

STRIDED = list(product(range(1, 8), range(1, 5), (1,)))
DILATED = list(product(range(1, 8), (1,), (2, 3)))
BOTH = list(product(range(1, 8), range(1, 5), range(1, 4)))

Grid = Iterator[tuple[int, dict[str, Any], list[tuple[int, ...]]]]
"""A seed, the settings of a layer, and the sizes it is run on."""


def window(k: Any, s: Any, d: Any, padding: str, **more: Any) -> dict[str, Any]:
    return {"kernel_size": k, "strides": s, "dilation_rate": d, "padding": padding, **more}


def one_dimension(kind: str) -> Grid:
    def sizes(turn: int, number: int) -> list[tuple[int, ...]]:
        """So many of the sizes 1 … 16, odd and even: other ones for every other turn, and all of them before long."""
        return [((turn // 2 + 5 * i) % 16 + 1,) for i in range(number)]

    paddings = ("valid", "same")
    if kind == "Conv1D":
        for seed, (row, padding) in enumerate(product([*STRIDED, *DILATED], (*paddings, "causal"))):
            yield seed, window(*row, padding, filters=3), sizes(seed, 8)
    elif kind == "Conv1DTranspose":
        for seed, ((k, s, d), padding) in enumerate(product(STRIDED, paddings)):
            for extra in (None, *range(s)):
                yield seed, window(k, s, d, padding, filters=2, output_padding=extra), sizes(seed, 3)
    elif kind.endswith("Pooling1D"):
        for seed, (k, stride, padding) in enumerate(product(range(1, 8), (1, 2, 3, 4, None), paddings)):
            yield seed, {"pool_size": k, "strides": stride, "padding": padding}, sizes(seed, 12)
    else:  # these take a stride and a dilation together
        filters = {"filters": 3} if kind.startswith("Separable") else {}
        for seed, (row, padding) in enumerate(product(BOTH, paddings)):
            yield seed, window(*row, padding, depth_multiplier=1 + seed % 3, **filters), sizes(seed, 4)


def rows(settings: Sequence[tuple[int, ...]], dimensions: int, turn: int) -> tuple[tuple[int, ...], ...]:
    """Kernel sizes, strides and dilations that differ from axis to axis."""
    picked = [settings[(turn * (2 * axis + 1) + 5 * axis) % len(settings)] for axis in range(dimensions)]
    return tuple(zip(*picked, strict=True))


def rectangles(kind: str) -> Grid:
    """In two and three dimensions: sixty layers, each on three rectangles, other ones for every turn."""
    dimensions, largest = dimensions_of(kind), 12 if dimensions_of(kind) == 2 else 7
    for turn in range(60):
        padding = ("valid", "same")[turn // 4 % 2]
        settings = STRIDED if turn % 3 else [*STRIDED[::4], *DILATED]
        k, s, d = rows([one for one in settings if dimensions == 2 or one[0] <= 4], dimensions, turn)
        if max(s) > 1:
            d = (1,) * dimensions
        code: dict[str, Any]
        if kind.startswith(("Depthwise", "Separable")):
            s, d = (s[0],) * dimensions, rows(DILATED, dimensions, turn)[2] if turn % 4 == 0 else d
            filters = {"filters": 3} if kind.startswith("Separable") else {}
            code = window(k, s, d, padding, depth_multiplier=2, **filters)
        elif "Transpose" in kind:
            code = window(k, s, 1, padding, filters=3)
            if turn % 2:
                code["output_padding"] = tuple((turn + axis) % size for axis, size in enumerate(s))
        elif "Conv" in kind:
            code = window(k, s, d, padding, filters=3)
        elif kind.startswith("Global"):
            code = {"keepdims": bool(turn % 2)}
        elif "Pooling" in kind:
            code = {"pool_size": k, "strides": s if turn % 5 else None, "padding": padding}
        elif kind.startswith("UpSampling"):
            code = {"size": tuple((turn // 4**axis) % 4 + 1 for axis in range(dimensions))}
            if kind == "UpSampling2D" and turn % 2:
                code["interpolation"] = "bilinear"
        else:
            pairs = tuple(((turn + axis) % 3, (turn // 3 + axis) % 4) for axis in range(dimensions))
            code = {"padding" if kind.startswith("Zero") else "cropping": pairs}
        sides = [
            tuple((turn * (axis + 2) + 5 * i + 3 * axis) % largest + 1 for axis in range(dimensions)) for i in range(3)
        ]
        yield turn, code, sides


#: Kind → how many configurations in its grid agree at the least; in one dimension the others are among the random ones.
GRIDS = {
    "Conv1D": 800,
    "DepthwiseConv1D": 500,
    "SeparableConv1D": 500,
    "MaxPooling1D": 700,
    "AveragePooling1D": 700,
    "Conv1DTranspose": 500,
} | {kind: 40 for kind in KINDS if dimensions_of(kind) > 1}


@pytest.mark.parametrize("kind", GRIDS)
def test_every_value_of_a_grid_is_that_of_the_layer(kind: str) -> None:
    found: Counter[str] = Counter()
    for seed, settings, sizes in one_dimension(kind) if dimensions_of(kind) == 1 else rectangles(kind):
        found += over(LayerCode(kind, settings), sizes, seed)
    count(kind, found, at_least=GRIDS[kind])
    if kind in ("Conv3D", "MaxPooling3D", "AveragePooling3D"):
        assert found["late"] >= 5, "the known fault of the portable 3-D kernels should be among them"
    if kind == "Conv1DTranspose":
        assert found["refuse"] > 30, "the even kernels with output_padding=0"


# -- random layers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_random_layers(kind: str) -> None:
    """Both data formats, every activation, bias or not, one or two samples, large and small numbers."""
    found: Counter[str] = Counter()
    for code, x, seed in cases(kind, 30 if kind == "Conv3D" else 60):
        found[checker(with_weights(code.build(), x.shape, seed), x)] += 1
    count(kind, found, at_least=15)


@pytest.mark.parametrize("examples", [25, pytest.param(200, marks=pytest.mark.everything)])
@pytest.mark.parametrize("kind", KINDS)
def test_no_layer_that_hypothesis_finds_differs(kind: str, examples: int) -> None:
    """It looks for a layer that differs, and would show the smallest."""

    @hypothesis.settings(max_examples=examples)
    @given(st.randoms(use_true_random=False))
    def agrees(rng: random.Random) -> None:
        code, x, seed = case(rng, kind)
        checker(with_weights(code.build(), x.shape, seed), x)

    agrees()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "Average" not in kind])
def test_whole_numbers_are_exact(kind: str) -> None:
    """Sums of small whole numbers have no roundings, in whatever order they are added."""
    found: Counter[str] = Counter()
    for code, x, seed in cases(kind, 25, whole_numbers=True):
        layer = with_weights(code.build(), x.shape, seed, whole_numbers=True)
        found[checker(layer, x, exactly=True)] += 1
    count(kind, found, at_least=4)


@pytest.mark.parametrize("kind", ["Conv1D", "Conv2D"])
def test_groups(kind: str) -> None:
    """Each block of filters sees its own block of channels. Compiled anew at every call, so there are few of these."""
    dimensions, found = dimensions_of(kind), Counter[str]()
    for seed, (groups, padding, layout) in enumerate(
        product((2, 3), ("valid", "same"), ("channels_last", "channels_first"))
    ):
        code: dict[str, Any] = {"filters": 2 * groups, "kernel_size": 2 + seed % 3, "strides": 1 + seed % 2}
        code |= {"padding": padding, "groups": groups, "data_format": layout}
        spatial = (7, 9)[:dimensions]
        shape = (2, *spatial, 3 * groups) if layout == "channels_last" else (2, 3 * groups, *spatial)
        layer = with_weights(LayerCode(kind, code).build(), shape, seed)
        found[checker(layer, random_input(*shape, seed=seed))] += 1
    count(f"{kind} in groups", found, at_least=6)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations(activation: str) -> None:
    """Near zero, far out and in between, on one cell at a time."""
    near = np.linspace(-1e-3, 1e-3, 101)
    x = np.concatenate([near, near * 1e-4, np.linspace(-8, 8, 201), [-80, -30, 30, 80]]).reshape(1, -1, 1)
    layer = LayerCode("Conv1D", {"filters": 3, "kernel_size": 1, "activation": activation}).build()
    layer.build(x.shape)
    layer.kernel.assign(np.array([1.0, -0.5, 3.0]).reshape(1, 1, 3))
    assert checker(layer, x.astype(np.float32)) == "agree"
    compared("values", f"activation {activation}", x.size, at_least=400)


def test_long_sums_stay_within_the_bound() -> None:
    """Thousands of terms: float32 is off by more in the number, and by no more in roundings of its terms."""
    found: Counter[str] = Counter()
    for seed, (channels, k, positive) in enumerate(product((16, 64), (3, 5, 7), (False, True))):
        x = random_input(1, 14, 15, channels, seed=seed)
        layer = with_weights(LayerCode("Conv2D", {"filters": 4, "kernel_size": k}).build(), x.shape, seed)
        found[checker(layer, np.abs(x) if positive else x)] += 1
        separable = LayerCode("SeparableConv2D", {"filters": 4, "kernel_size": k, "depth_multiplier": 2}).build()
        found[checker(with_weights(separable, x.shape, seed), x)] += 1
        transposed = LayerCode("Conv2DTranspose", {"filters": 4, "kernel_size": k, "strides": 2}).build()
        found[checker(with_weights(transposed, x.shape, seed), x)] += 1
    count("long sums", found, at_least=36)


def test_average_of_whole_numbers_is_as_near_as_float32_can_be() -> None:
    for k, padding in product(range(1, 6), ("valid", "same")):
        x = np.random.default_rng(k).integers(-9, 10, (2, 11, 3))
        comparison = compare(LayerCode("AveragePooling1D", {"pool_size": k, "padding": padding}).build(), x)
        assert comparison.agrees and roundings(comparison) <= 3


# -- where Keras is wrong -----------------------------------------------------------------------------------------


def test_late_windows_of_the_portable_3d_kernels() -> None:
    """A known fault: on 1 … 4 with a window of 1 and a stride of 4, *same* needs no padding, so cell 1 is read."""
    x = np.arange(1.0, 5.0).reshape(1, 1, 1, 4, 1)
    layer = LayerCode("MaxPooling3D", {"pool_size": 1, "strides": (1, 1, 4), "padding": "same"}).build()
    comparison = compare(layer, x)
    assert comparison.by_hand is not None and comparison.keras is not None
    assert comparison.by_hand.tolist() == [[[[[1]]]]]
    assert comparison.keras.tolist() == [[[[[2]]]]]
    assert not comparison.agrees
    assert "by hand 1, Keras 2" in comparison.verdict
    flat = LayerCode("MaxPooling2D", {"pool_size": 1, "strides": (1, 4), "padding": "same"}).build()
    assert compare(flat, x[0]).agrees, "the same windows in two dimensions start where they should"


@pytest.mark.parametrize("kind", ["Conv3D", "DepthwiseConv2D", "SeparableConv2D", "DepthwiseConv1D"])
def test_bias_on_the_wrong_axis(kind: str) -> None:
    """A known fault: with channels_first and as many filters as columns, the bias runs along the columns."""
    dimensions = dimensions_of(kind)
    code = {"kernel_size": 1, "data_format": "channels_first"}
    code |= {} if kind.startswith("Depthwise") else {"filters": 3}
    x = np.zeros((1, 3, *(4,) * (dimensions - 1), 3), np.float32)
    layer = LayerCode(kind, code).build()
    layer.build(x.shape)
    layer.bias.assign([1.0, 2.0, 3.0])
    comparison = compare(layer, x)
    assert comparison.by_hand is not None
    for channel, bias in enumerate((1, 2, 3)):
        assert (comparison.by_hand[0, channel] == bias).all()
    assert not comparison.agrees and "differ" in comparison.verdict
    assert checker(layer, x) == "bias"
    # One column more, and Keras is right.
    wider = np.zeros((*x.shape[:-1], 4), np.float32)
    assert checker(layer, wider) == "agree"


# -- what runs with oneDNN only -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def process_with_onednn() -> subprocess.CompletedProcess[str]:
    """``with_onednn.py`` in a process of its own: TensorFlow chooses its kernels once."""
    return subprocess.run(
        [sys.executable, str(Path(with_onednn.__file__))],
        env=os.environ | {"TF_ENABLE_ONEDNN_OPTS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture(scope="module")
def elsewhere(process_with_onednn: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What it reports of the values."""
    first = process_with_onednn.stdout.partition("\n")[0]
    assert first, process_with_onednn.stderr[-3000:]
    report: dict[str, Any] = json.loads(first)
    if report["missing"]:
        assert (sys.platform, platform.machine()) != ("linux", "x86_64"), f"there it has them: {report['missing']}"
        beyond_this_processor("values", "layers with oneDNN", with_onednn.COMPARED)
        pytest.skip(f"this processor has no oneDNN kernels: {report['missing']}")
    return report


def test_channels_first_and_other_layers_that_need_onednn(elsewhere: dict[str, Any]) -> None:
    assert not elsewhere["failures"], "\n".join(elsewhere["failures"][:3])
    assert sum(elsewhere["compared"].values()) == with_onednn.COMPARED
    for kind, number in elsewhere["compared"].items():
        compared("values", f"{kind} with oneDNN", number, at_least=20)
    for kind, error in elsewhere["worst"].items():
        seen_error(f"{kind} with oneDNN", error)
        assert error <= ROUNDINGS
    assert {"Conv1D", "Conv2D", "Conv1DTranspose", "Conv2DTranspose", "DepthwiseConv2D"} <= set(elsewhere["compared"])


def test_the_wrong_bias_of_conv2d_is_reported(elsewhere: dict[str, Any]) -> None:
    """``Conv2D(3, 1, data_format="channels_first")`` with the bias 1, 2, 3 on zeros."""
    bias = elsewhere["bias"]
    assert bias["by hand"] == [[[channel] * 3] * 3 for channel in (1, 2, 3)], "one number for each filter"
    assert bias["agrees"] == (bias["keras"] == bias["by hand"])
    assert bias["keras"] == [[[1, 2, 3]] * 3] * 3, "if Keras is right by now: delete this test and keras_faults.py"
    assert "differ" in bias["verdict"]


def test_no_layer_kills_the_process_with_onednn(process_with_onednn: subprocess.CompletedProcess[str]) -> None:
    finished = process_with_onednn
    assert finished.returncode == 0, f"exit code {finished.returncode}\n{finished.stderr[-2000:]}"
    compared("calls", "layers that kill, with oneDNN", int(finished.stdout.split()[-1]), at_least=350)


def test_the_largest_error_is_far_from_the_bound() -> None:
    """Runs last: over everything above, no sum was off by more than the stated number of roundings."""
    if len(WORST) < 10:
        pytest.skip("says something only after the tests above")
    for kind, error in sorted(WORST.items(), key=lambda item: -item[1]):
        print(f"{error:5.2f} roundings  {kind}")
    assert 0 < max(WORST.values()) <= ROUNDINGS


def test_the_proof_would_notice() -> None:
    """A comparison that is off in one value, in one place, by little more than roundings."""
    code = LayerCode("Conv2D", {"filters": 2, "kernel_size": 3, "padding": "same"})
    layer = with_weights(code.build(), (1, 5, 6, 2), 1)
    x = random_input(1, 5, 6, 2)
    honest = compare(layer, x)
    assert honest.agrees
    tampered = layer.kernel.numpy()
    tampered[0, 0, 0, 0] *= 1 + 1e-4
    by_hand, tolerance = honest.by_hand, honest.tolerance
    assert by_hand is not None and tolerance is not None
    layer.kernel.assign(tampered)
    moved = compare(layer, x)
    assert moved.agrees, "both sides read the new kernel"
    assert moved.keras is not None
    assert (np.abs(by_hand - moved.keras) > tolerance).any(), "and a change this small shows"


@pytest.mark.parametrize("n", range(6))
def test_refusals_are_the_same_on_both_sides(n: int) -> None:
    """An input that is empty or too small, through layers that were never built."""
    x = np.zeros((1, n, 6, 1), np.float32)
    for kind, code in (
        ("Conv2D", {"filters": 1, "kernel_size": 6}),
        ("DepthwiseConv2D", {"kernel_size": 6}),
        ("MaxPooling2D", {"pool_size": 6}),
        ("Cropping2D", {"cropping": 3}),
    ):
        comparison = compare(LayerCode(kind, code).build(), x)
        assert comparison.refused and comparison.agrees, str(comparison)
    with pytest.raises(KerasRefusal):
        LayerCode("Conv2D", {"filters": 1, "kernel_size": n - 5}).build()
