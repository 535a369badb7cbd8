"""What a Comparison says: when both agree, when they differ, when one or both refuse, and when there is no rule."""

from __future__ import annotations

import dataclasses
import doctest
import importlib
import re
import subprocess
import sys
from functools import partial, wraps
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from layer_cases import with_weights

import course_utils
from course_utils import axes, byhand, keras_layers
from course_utils.axes import NoRule, ShapeError
from course_utils.compare import Comparison, compare
from course_utils.keras_layers import KerasRefusal, LayerCode, load_keras, plain_message, run

keras = load_keras()
L: Any = keras.layers


def random_input(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def conv(**settings: Any) -> Any:
    """A convolution with random weights, built for two channels."""
    code = {"filters": 2, "kernel_size": 3, "padding": "same"} | settings
    return with_weights(LayerCode("Conv2D", code).build(), (1, 5, 6, 2), 1)


def agreeing() -> Comparison:
    return compare(conv(), random_input(1, 5, 6, 2))


def numbers_of(found: Comparison) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The values by hand, Keras's, and the tolerance, where all three are there."""
    assert found.by_hand is not None and found.keras is not None and found.tolerance is not None
    return found.by_hand, found.keras, found.tolerance


def page_of(found: Comparison) -> ElementTree.Element:
    """Its page, read as XML: whatever is opened is closed."""
    return ElementTree.fromstring(f"<div>{found._repr_html_()}</div>")


def text_of(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


# -- agreement ----------------------------------------------------------------------------------------------------


def test_the_short_name() -> None:
    assert course_utils.compare is compare, "not the module of that name, which was loaded meanwhile"


def test_two_that_agree() -> None:
    found = agreeing()
    assert found.agrees and found.same_shape and not found.refused
    assert found.shape_by_hand == found.shape_keras == (1, 5, 6, 2)
    assert found.refusal_by_hand is None and found.refusal_keras is None
    assert found.largest_difference is not None and 0 <= found.largest_difference < 1e-5
    assert found.within is not None and found.within.all()
    assert found.verdict == "They agree in shape and in all 60 values."
    text = str(found)
    assert text.startswith("Conv2D\n") and "✓" in text and "✗" not in text
    assert repr(found) == text


def test_html_says_what_the_text_says() -> None:
    untried = compare(L.DepthwiseConv2D(2, strides=(1, 2)), random_input(1, 5, 6, 2))
    for found in (agreeing(), compare(L.MaxPooling2D(9), random_input(1, 5, 6, 2)), tampered(agreeing(), 1.0), untried):
        page = page_of(found)
        assert found.kind in text_of(page) and found.verdict in text_of(page)
        assert ("✓" in text_of(page), "✗" in text_of(page)) == (found.agrees, not (found.agrees or found.untried))
        rows = [[text_of(cell) for cell in row] for row in page.iter("tr")]
        assert all(name in str(found) and value in str(found) for name, value in rows)
        assert {"input", "by hand", "Keras"} <= {name for name, _ in rows}


def test_html_is_escaped() -> None:
    found = dataclasses.replace(
        agreeing(), kind="<b>", by_hand=None, keras=None, refusal_by_hand="1 < 2", refusal_keras="<script>"
    )
    page = found._repr_html_()
    assert "<script>" not in page and "<b>" not in page and "1 &lt; 2" in page
    assert "<script>" in text_of(page_of(found))


def test_what_it_takes_for_an_input() -> None:
    """Lists, whole numbers and bytes, as a learner writes them."""
    cells = [[[1], [-2], [3], [7], [5]]]
    for x in (cells, np.array(cells), np.array(cells, np.float64), np.array([[[1], [0], [3], [7], [5]]], np.uint8)):
        found = compare(L.MaxPooling1D(2, padding="same"), x)
        hand, real, _ = numbers_of(found)
        assert found.agrees and hand.ravel().tolist() == real.ravel().tolist() == [1, 7, 5]
    picture = np.arange(75, dtype=np.uint8).reshape(1, 5, 5, 3)
    assert compare(with_weights(L.Conv2D(2, 3), picture.shape, 1), picture).agrees


def test_a_layer_that_was_never_built_is_built() -> None:
    layer = L.Conv2D(2, 3)
    assert compare(layer, random_input(1, 5, 6, 2)).agrees
    assert layer.built and compare(layer, random_input(2, 9, 4, 2)).agrees


def test_what_keras_cannot_copy_is_compared_all_the_same() -> None:
    """Functions of one's own that initialize, constrain and regularize: the layer is used, never made again."""
    ones = lambda shape, dtype=None: np.ones(shape)  # noqa: E731
    layer = L.Conv2D(2, 3, kernel_initializer=ones, kernel_constraint=lambda w: w, kernel_regularizer=lambda w: 0.0)
    assert compare(layer, random_input(1, 5, 6, 2)).agrees


@pytest.mark.parametrize("given", [None, keras.activations.silu, keras.activations.swish, keras.ops.relu, "relu6"])
def test_activations_are_known_however_they_are_given(given: Any) -> None:
    layer = conv(activation="tanh")
    layer.activation = keras.activations.get(given) if isinstance(given, str) else given
    assert compare(layer, random_input(1, 5, 6, 2)).agrees


# -- difference ---------------------------------------------------------------------------------------------------


def tampered(found: Comparison, by: Any, place: tuple[int, ...] = (0, 2, 3, 1)) -> Comparison:
    """The same comparison with one value of Keras's changed."""
    real = numbers_of(found)[1].copy()
    real[place] += by
    return dataclasses.replace(found, keras=real)


def test_one_changed_value_is_found_and_named() -> None:
    found = tampered(agreeing(), 0.01)
    assert not found.agrees and found.same_shape and not found.refused
    assert found.largest_difference == pytest.approx(0.01, rel=1e-3)
    assert found.within is not None and int((~found.within).sum()) == 1
    assert found.verdict.startswith("They differ in 1 of 60 values; the first at (0, 2, 3, 1): by hand ")
    assert "✗" in str(found) and "✓" not in str(found)


def test_a_difference_is_never_rounded_away() -> None:
    """Two numbers that are said to differ are written so that the difference can be seen."""
    cells = np.abs(random_input(1, 20, 1)) + 1
    for base in (agreeing(), compare(L.Conv1D(1, 1, use_bias=False), cells), compare(L.MaxPooling1D(2), cells)):
        assert base.agrees
        hand, real, reach = numbers_of(base)
        for place in np.ndindex(real.shape):
            # Just beyond the tolerance, or the next number that float32 has.
            found = tampered(base, max(1.5 * reach[place], float(np.spacing(np.abs(real[place])))), place)
            assert not found.agrees
            numbers = re.search(r"by hand (\S+), Keras (\S+)\.$", found.verdict)
            assert numbers and numbers[1] != numbers[2]
            assert float(numbers[1]) == pytest.approx(hand[place], rel=1e-8)
            assert tampered(base, reach[place] / 100, place).agrees


def test_a_kernel_that_changes_in_between() -> None:
    layer, x = conv(), random_input(1, 5, 6, 2)
    before = compare(layer, x)
    kernel = layer.kernel.numpy()
    kernel[1, 1, 0, 0] += 0.001
    layer.kernel.assign(kernel)
    after = compare(layer, x)
    assert after.agrees, "both sides read the weights when they are asked"
    mixed = dataclasses.replace(before, keras=after.keras)
    assert not mixed.agrees
    assert mixed.within is not None
    assert not mixed.within[..., 0].all() and mixed.within[..., 1].all(), "the first filter only"


def test_another_shape() -> None:
    found = agreeing()
    hand, real, _ = numbers_of(found)
    for values in (real[:, :-1], real[0], real[..., :1]):
        other = dataclasses.replace(found, keras=values)
        assert not other.agrees and not other.same_shape
        assert other.differences is None and other.largest_difference is None and other.within is None
        assert str(hand.shape) in other.verdict and str(values.shape) in other.verdict


@pytest.mark.parametrize("strange", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_agree_with_themselves_only(strange: float) -> None:
    found, place = agreeing(), (0, 0, 0, 0)
    hand, real, reach = (values.copy() for values in numbers_of(found))
    hand[place], reach[place] = strange, abs(strange)
    assert not dataclasses.replace(found, by_hand=hand, tolerance=reach).agrees
    real[place] = strange
    assert dataclasses.replace(found, by_hand=hand, keras=real, tolerance=reach).agrees
    assert not dataclasses.replace(found, keras=real).agrees
    for other in {np.nan, np.inf, -np.inf} - {strange}:
        real[place] = other
        assert not dataclasses.replace(found, by_hand=hand, keras=real, tolerance=reach).agrees


@pytest.mark.parametrize("strange", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_go_through_real_layers(strange: float) -> None:
    x = random_input(1, 5, 6, 2)
    x[0, 2, 2, 0] = strange
    others = (L.AveragePooling2D(2), L.UpSampling2D(2), L.ZeroPadding2D(1))
    pools = () if np.isnan(strange) else (L.MaxPooling2D(2),)
    for layer in (conv(), conv(activation="relu"), *others, *pools):
        found = compare(layer, x)
        assert found.agrees, str(found)
        assert layer not in others or not np.isfinite(numbers_of(found)[1]).all()


@pytest.mark.parametrize(
    "layer", [L.MaxPooling1D(2), L.GlobalMaxPooling1D(), L.UpSampling1D(2), L.ZeroPadding1D(1), L.Cropping1D(1)]
)
def test_copies_are_compared_without_any_tolerance(layer: Any) -> None:
    """A maximum is one of the inputs, so the smallest difference counts, however large its neighbours are."""
    found = compare(layer, np.array([[[1e-6], [-1e6], [2e-6], [-1e6]]], np.float32))
    assert found.agrees and found.largest_difference == 0
    _, real, tolerance = numbers_of(found)
    assert not tolerance.any()
    assert not dataclasses.replace(found, keras=real * np.float32(1 + 2e-7)).agrees


def test_the_tolerance_follows_the_terms() -> None:
    """Large terms that cancel leave room for their roundings, small ones do not."""
    x, layer = random_input(1, 5, 6, 2), conv(use_bias=False)
    small, large = (numbers_of(compare(layer, times * x))[2] for times in (1, 1000))
    np.testing.assert_allclose(large, 1000 * small, rtol=1e-5)
    layer.kernel.assign(np.abs(layer.kernel.numpy()))
    hand, _, tolerance = numbers_of(compare(layer, np.abs(x)))
    np.testing.assert_allclose(tolerance, 8 * 2.0**-24 * hand, rtol=1e-5)


@pytest.mark.parametrize(("k", "rounded"), [(2, 8), (7, 49), (20, 400)])
def test_a_mean_is_rounded_once_for_each_cell_of_its_window(k: int, rounded: int) -> None:
    found = compare(L.AveragePooling2D(k, strides=1), np.random.default_rng(k).random((1, 40, 40, 1), np.float32))
    hand, _, tolerance = numbers_of(found)
    assert found.agrees
    np.testing.assert_allclose(tolerance, rounded * 2.0**-24 * hand, rtol=1e-5)


# -- refusal ------------------------------------------------------------------------------------------------------

#: Inputs, and layers out of which nothing comes for them.
IMPOSSIBLE: dict[tuple[int, ...], list[Any]] = {
    # too large a window, settings that a constructor lets pass, too few dimensions
    (1, 5, 6, 1): [
        *(L.Conv2D(1, 6), L.DepthwiseConv2D(6), L.SeparableConv2D(1, 6), L.MaxPooling2D(6), L.Cropping2D(3)),
        *(L.ZeroPadding2D(-1), L.Conv2D(1, 2, padding=(1, 1)), L.Conv2D(1, (2.0, 2.0)), L.UpSampling2D((1.5, 2))),
        L.Conv1D(1, 2),
    ],
    (1, 6, 1): [L.Conv1D(1, 3, dilation_rate=3)],
    (1, 2, 2, 1): [L.MaxPooling2D(3, strides=1)],
    (1, 1, 2, 2, 1): [L.AveragePooling3D(2)],
    (1, 3, 3, 1): [L.Conv2DTranspose(1, 2, padding="same", output_padding=0)],
    (1, 1, 1): [L.Conv1DTranspose(1, 2, padding="same", output_padding=0)],
    (1, 5, 1): [
        *(L.MaxPooling1D(2, padding=word) for word in ("causal", "SAME", "nonsense")),
        L.MaxPooling1D(2, strides=0),
    ],
    (1, 5, 6, 3): [L.Conv2D(4, 2, groups=2)],
    # the wrong number of dimensions
    (5, 6, 1): [
        *(L.Conv2D(1, 2), L.Conv2D(1, 2, data_format="channels_first"), L.Conv2DTranspose(1, 2)),
        *(L.MaxPooling2D(2), L.UpSampling2D(2)),
    ],
    (1, 5, 6, 6, 1): [L.Conv2D(1, 2)],
    (5, 1): [L.SeparableConv1D(1, 2), L.GlobalAveragePooling1D(), L.ZeroPadding1D(1)],
    (5,): [L.MaxPooling2D(2, data_format="channels_first")],
    (): [L.MaxPooling2D(2)],
    # nothing in it
    (0, 5, 6, 1): [L.Conv2D(1, 2), L.MaxPooling2D(2)],
    (1, 0, 6, 1): [L.Conv2D(1, 2), L.GlobalMaxPooling2D()],
    (1, 5, 6, 0): [L.Conv2D(1, 2), L.MaxPooling2D(2, padding="same")],
    (1, 0, 1): [L.UpSampling1D(2)],
}


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize(("shape", "layer"), [(shape, layer) for shape in IMPOSSIBLE for layer in IMPOSSIBLE[shape]])
def test_both_refuse(shape: tuple[int, ...], layer: Any) -> None:
    found = compare(layer, np.ones(shape, np.float32))
    text = str(found)
    assert found.refused and found.agrees and found.same_shape, text
    parts = (found.by_hand, found.keras, found.tolerance, found.largest_difference, found.untried)
    assert all(part is None for part in parts)
    assert found.verdict == "Both refuse: nothing comes out for this input."
    assert found.refusal_by_hand and found.refusal_by_hand in text
    assert found.refusal_keras and found.refusal_keras in text
    assert not any(part in text for part in ("\x1b", "Arguments received", "largest difference"))


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({"keras": None, "refusal_keras": "no"}, "They differ: by hand there is (1, 5, 6, 2), Keras refuses."),
        (
            {"by_hand": None, "tolerance": None, "refusal_by_hand": "no"},
            "They differ: Keras gives (1, 5, 6, 2), by hand there is no output.",
        ),
    ],
)
def test_one_refuses_and_the_other_does_not(changed: dict[str, Any], verdict: str) -> None:
    found = dataclasses.replace(agreeing(), **changed)
    assert not found.agrees and not found.refused and not found.same_shape
    assert found.verdict == verdict and "✗" in str(found)


def test_another_backend_is_named_and_what_is_known_of_it() -> None:
    found = dataclasses.replace(tampered(agreeing(), 1.0), backend="jax", known="It is known.")
    assert ", Keras on jax " in found.verdict and found.verdict.endswith(". It is known.")
    assert "Keras on jax" in str(found) and "Keras on jax" in text_of(page_of(found))
    refused = dataclasses.replace(found, keras=None, refusal_keras="no")
    assert refused.verdict == "They differ: by hand there is (1, 5, 6, 2), Keras on jax refuses. It is known."


ON_TORCH = """
import numpy as np, keras
from course_utils import byhand
from course_utils.axes import Window
from course_utils.compare import compare

x = np.arange(1.0, 15).reshape(1, 7, 2, 1)
layer = keras.layers.AveragePooling2D(4, strides=1, padding="same")
found = compare(layer, x)
edge = np.pad(x, ((0, 0), (1, 2), (1, 2), (0, 0)), mode="edge")
assert np.allclose(byhand.average_pool(edge, (Window(4),) * 2), found.keras, rtol=1e-6)
assert not found.agrees and "Keras on torch" in found.verdict and "copies the edge" in found.verdict, found.verdict
assert compare(keras.layers.AveragePooling2D(3, strides=1, padding="same"), x).known is None
shown = {"kernel_size": (1, 5), "strides": (1, 2)}
L = keras.layers
for layer in (L.Conv2D(1, **shown), L.DepthwiseConv2D(**shown), L.SeparableConv2D(1, **shown)):
    assert "one channel" in compare(layer, np.ones((2, 5, 5, 1))).known
assert compare(keras.layers.Conv2D(1, 3), np.ones((1, 5, 5, 2))).agrees
refused = compare(keras.layers.Conv2DTranspose(1, 2, padding="same", output_padding=0), np.ones((1, 3, 3, 1)))
assert refused.untried is None
"""


@pytest.mark.everything
def test_keras_on_torch_differs_by_the_rule_that_is_named(beside_torch: dict[str, str]) -> None:
    command, environment = [sys.executable, "-c", ON_TORCH], beside_torch | {"KERAS_BACKEND": "torch"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_keras_averages_nothing_at_all() -> None:
    """The mean of no cells is NaN to Keras. By hand there is none, and that is said."""
    found = compare(L.GlobalAveragePooling2D(), np.ones((1, 0, 6, 1)))
    assert not found.agrees and found.by_hand is None
    assert found.keras is not None and np.isnan(found.keras).all()


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (L.DepthwiseConv2D(2, strides=(1, 2)), "unequal"),
        (L.SeparableConv2D(1, 2, strides=(2, 1)), "unequal"),
        (L.Conv2DTranspose(1, 2, dilation_rate=2), "dilation"),
        (L.Conv2D(1, 2, data_format="channels_first"), "channels_first"),
        (L.Conv2DTranspose(1, 2, data_format="channels_first"), "channels_first"),
    ],
)
def test_without_a_kernel_on_this_processor_nothing_is_compared(layer: Any, words: str) -> None:
    """Neither agreement nor difference: by hand there is an output, and it is said why Keras has none here."""
    found = compare(layer, random_input(1, 5, 6, 2))
    assert found.by_hand is not None and found.keras is None and found.refusal_keras is not None
    assert not found.agrees and not found.refused
    assert found.untried and found.untried in found.verdict and words in found.verdict
    assert "differ" not in found.verdict and "–" in str(found)
    assert not {"✓", "✗"} & set(str(found) + found._repr_html_()) and "error" not in found._repr_html_()


def test_a_layer_built_for_other_channels() -> None:
    for layer in (conv(), L.Conv2DTranspose(1, 2)):
        layer(random_input(1, 5, 6, 2))
        found = compare(layer, random_input(1, 5, 6, 3))
        assert found.refused and found.refusal_by_hand is not None
        assert "2 channels" in found.refusal_by_hand and "has 3" in found.refusal_by_hand


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"strides": 2, "dilation_rate": (1, 2)}, "not supported in conjunction"),
        ({"padding": 1}, "no attribute 'lower'"),
    ],
)
def test_refusals_of_the_constructor_come_in_plain_words(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(KerasRefusal, match=words):
        LayerCode("Conv2D", {"filters": 1, "kernel_size": 3, **settings}).build()


def test_messages_lose_their_colours_and_dumps() -> None:
    wrapped = (
        "Exception encountered when calling MaxPooling2D.call().\n\n\x1b[1mThe output would be zero\x1b[0m\n\n"
        "Arguments received by MaxPooling2D.call():\n  • inputs=tf.Tensor(shape=(1, 2, 2, 1))"
    )
    assert plain_message(ValueError(wrapped)) == "The output would be zero"
    assert plain_message(ValueError("{{function_node __wrapped__Pad}} Paddings must be 0")) == "Paddings must be 0"
    assert plain_message(ZeroDivisionError()) == "ZeroDivisionError"


def test_run_returns_what_the_layer_returns() -> None:
    x = random_input(1, 4, 4, 1)
    layer = L.AveragePooling2D(2)
    y = run(layer, x.tolist())
    assert isinstance(y, np.ndarray) and y.dtype == np.float32
    np.testing.assert_array_equal(y, layer(x).numpy())


def test_nothing_whose_output_is_empty_is_ever_called() -> None:
    """Not even if the layer itself sees no harm in it: such calls are the ones that end the process."""

    class Careless(L.Layer):
        calls = 0

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], shape[1] - 3, shape[2])

        def call(self, inputs: Any) -> Any:
            self.calls += 1
            return inputs[:, 3:]

    layer = Careless()
    for n in (1, 2, 3):
        with pytest.raises(KerasRefusal, match="no cells"):
            run(layer, np.ones((1, n, 1)))
    assert layer.calls == 0
    assert run(layer, np.ones((1, 4, 1))).shape == (1, 1, 1)
    assert layer.calls == 1


# -- no rule ------------------------------------------------------------------------------------------------------


class Conv2D(L.Conv2D):
    """A convolution that is none: what it inherits says nothing about what it does, nor does its name."""

    def call(self, inputs: Any) -> Any:
        return 2 * super().call(inputs)


def with_lora() -> Any:
    layer = conv()
    layer.enable_lora(1)
    return layer


class Homemade(L.Layer):
    def call(self, inputs: Any) -> Any:
        return inputs


@wraps(keras.activations.relu)
def relu(x: Any) -> Any:
    """Not the relu whose name and module it bears."""
    return x * 2


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Homemade(), "Homemade"),
        (lambda: Conv2D(2, 3), "test_compare.Conv2D"),
        (lambda: L.Dense(2), "Dense"),
        (lambda: L.AdaptiveMaxPooling2D(1), "AdaptiveMaxPooling2D"),
        (lambda: keras.Sequential([L.Conv2D(2, 3)]), "Sequential"),
        (lambda: L.Conv2D, "type"),
        (lambda: None, "NoneType"),
        (lambda: L.Conv2D(2, 3, activation="gelu"), "gelu"),
        (lambda: L.Conv2D(2, 3, activation=lambda x: x), "<lambda>"),
        (lambda: L.Conv2D(2, 3, activation=relu), "test_compare.relu"),
        (lambda: L.Conv2D(2, 3, activation=L.ReLU()), "ReLU"),
        (lambda: L.Conv2D(2, 3, activation=partial(keras.activations.relu, max_value=1)), "partial"),
        (lambda: L.UpSampling2D(2, interpolation="bicubic"), "bicubic"),
        (lambda: L.UpSampling2D(2, interpolation="nonsense"), "nonsense"),
        (lambda: L.Conv2D(2, 3, lora_rank=1), "LoRA"),
        (with_lora, "LoRA"),
        (lambda: L.Conv2D(2, 3, dtype="float16"), "float16"),
        (lambda: L.Conv2D(2, 3, dtype="mixed_bfloat16"), "bfloat16"),
    ],
)
def test_what_has_no_rule_is_never_guessed(make: Any, said: str) -> None:
    with pytest.raises(NoRule) as caught:
        compare(make(), random_input(1, 5, 6, 2))
    message = str(caught.value)
    assert "no rule by hand" in message and said in message
    assert " at 0x" not in message, "an address changes from run to run"


def test_every_kind_with_a_rule_for_its_axes_has_one_for_its_values() -> None:
    """And every layer of Keras that is like them has both."""
    spatial = re.compile(r"(Conv|Pooling|UpSampling|ZeroPadding|Cropping)")
    known = {name for name in dir(L) if spatial.search(name) and re.search(r"\dD", name)}
    # Keras keeps short second names for some (MaxPool2D, Convolution2D) and has a few that the course leaves out.
    classes = {getattr(L, name).__name__ for name in known}
    left_out = {name for name in classes if re.search("LSTM|Adaptive", name)}
    assert classes - left_out == set(keras_layers._READERS)


def test_softmax_runs_along_the_last_axis_even_with_channels_first() -> None:
    layer = L.DepthwiseConv2D(2, data_format="channels_first", activation="softmax", use_bias=False)
    found = compare(with_weights(layer, (1, 2, 4, 5), 1), random_input(1, 2, 4, 5))
    assert found.agrees, str(found)
    np.testing.assert_allclose(numbers_of(found)[0].sum(axis=-1), 1)


# -- the printed examples -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["axes.formulas", "axes.windows", "axes.resizing", "byhand", "keras_layers", "compare", "fields", "size_formulas"],
)
def test_the_examples_in_the_docstrings(name: str) -> None:
    module = importlib.import_module(f"course_utils.{name}")
    result = doctest.testmod(module)
    assert result.failed == 0
    assert result.attempted >= 1 or name == "byhand"


def test_code_that_is_printed_is_the_code_that_is_built() -> None:
    code = LayerCode("Conv2D", {"filters": 2, "kernel_size": (3, 1), "padding": "same", "activation": None})
    assert code.text == 'keras.layers.Conv2D(filters=2, kernel_size=(3, 1), padding="same", activation=None)'
    pasted, built = eval(code.text, {"keras": keras}), code.build()
    assert {**pasted.get_config(), "name": ""} == {**built.get_config(), "name": ""}


WINDOW = (axes.Window(2),)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: byhand.max_pool(np.ones((3, 1)), WINDOW), "3 numbers"),
        (lambda: byhand.max_pool(np.ones((1, 0, 1)), WINDOW), "not a single cell"),
        (lambda: byhand.convolve(np.ones((1, 4, 3)), np.ones((2, 2, 1)), WINDOW), "2 channels; the input has 3"),
        (lambda: byhand.depthwise(np.ones((1, 4, 3)), np.ones((2, 2, 1)), WINDOW), "2 channels; the input has 3"),
        (
            lambda: byhand.transpose_convolve(np.ones((1, 4, 3)), np.ones((2, 1, 2)), (axes.TransposedWindow(2),)),
            "made for 2 channels; the input has 3",
        ),
    ],
)
def test_by_hand_functions_refuse_what_does_not_fit(call: Any, words: str) -> None:
    """They can be called by themselves, with arrays that a learner made up."""
    with pytest.raises(ShapeError, match=words):
        call()
