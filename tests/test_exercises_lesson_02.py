"""Lesson 02: right answers turn green, known wrong ones are told their name, open questions take every right answer.

Right and wrong are asked from real Keras layers; the constants here were worked out with pencil and paper.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import keras
import numpy as np
import pytest

from course_utils.axes import ShapeError, Window
from course_utils.exercises import lesson_02 as lesson, real
from course_utils.exercises.result import Outcome
from course_utils.keras_layers import KerasRefusal

NOTEBOOK = "02_take_bigger_steps.ipynb"
LAYERS = keras.layers
# -- what is said -------------------------------------------------------------------------------------------------


def test_the_simplest_setting_that_differs_is_shown() -> None:
    result = lesson.stepped_size.examine(lambda n, k, s: n // s)
    assert result.lines == ("For n = 8, k = 3, s = 2 your function says 4; Keras gives 3.",)
    result = lesson.step_pads.examine(lambda n, k, s: (0, max((-(-n // s) - 1) * s + k - n, 0)))
    assert result.lines == ("For n = 7, k = 3, s = 2 your function says (0, 2); Keras gives (1, 1).",)


def test_a_right_size_on_a_wrong_road_is_not_right() -> None:
    result = lesson.on_the_way.examine((112, 6, 3, 3, 230))
    assert result.outcome is Outcome.WRONG
    assert "112 is right, and the way there is not Keras's" in str(result)
    assert "229" not in str(result)


def test_a_port_that_fits_one_size_only_is_found_out() -> None:
    def port() -> Any:
        return [LAYERS.ZeroPadding2D(((1, 0), (1, 0))), LAYERS.Conv2D(8, 3, strides=2)]

    result = lesson.port_a_stride.examine(port)
    assert result.outcome is Outcome.WRONG
    assert "For a 27 × 27 picture" in str(result)


@pytest.mark.parametrize(
    ("layers", "right"),
    [
        ([lambda: LAYERS.ZeroPadding2D(((1, 1), (1, 1))), lambda: LAYERS.Conv2D(8, (3, 3), 2, use_bias=False)], True),
        ([lambda: LAYERS.ZeroPadding2D(1), lambda: LAYERS.Conv2D(8, 3, strides=2, padding="same")], False),
        ([lambda: LAYERS.ZeroPadding2D(((0, 1), (0, 1))), lambda: LAYERS.Conv2D(8, 3, strides=2)], False),
        ([lambda: LAYERS.ZeroPadding2D(1), lambda: LAYERS.Conv2D(8, 3, strides=2, activation="relu")], False),
        ([lambda: LAYERS.ZeroPadding2D(1), lambda: LAYERS.Conv2D(8, 3, padding=1)], False),
        ([lambda: LAYERS.ZeroPadding2D(1)], False),
    ],
)
def test_a_port_must_have_the_size_and_the_values(layers: list[Callable[[], Any]], right: bool) -> None:
    result = lesson.port_a_stride.examine(lambda: [make() for make in layers])
    assert (result.outcome is Outcome.RIGHT) == right, str(result)


def test_every_thrifty_pair_is_accepted_and_no_other() -> None:
    """Decided here by counting with pencil-and-paper rules, for every pair of kernels and strides up to 8."""

    def reads_all(n: int, k: int, s: int) -> bool:
        return k <= n and s <= k and (n - k) % s == 0

    accepted = 0
    for (k1, s1), (k2, s2) in product(
        [(2, 2), (3, 2), (4, 2), (5, 3), (6, 2), (3, 3)], [(4, 4), (6, 3), (4, 2), (2, 3)]
    ):
        middle = (32 - k1) // s1 + 1
        good = reads_all(32, k1, s1) and reads_all(middle, k2, s2) and (middle - k2) // s2 + 1 == 4
        result = lesson.thrifty.examine(
            lambda a=k1, b=s1, c=k2, d=s2: [LAYERS.Conv2D(8, a, strides=b), LAYERS.Conv2D(8, c, strides=d)]
        )
        assert (result.outcome is Outcome.RIGHT) == good, str(result)
        accepted += good
    assert accepted >= 3


@pytest.mark.parametrize(
    "layers",
    [
        lambda: [LAYERS.Conv2D(8, 2, strides=2)],
        lambda: [LAYERS.Conv2D(8, 15), LAYERS.Conv2D(8, 15)],
        lambda: [LAYERS.Conv2D(8, 3, strides=2, padding="same"), LAYERS.Conv2D(8, 4, strides=4)],
        lambda: [LAYERS.MaxPooling2D(2), LAYERS.Conv2D(8, 4, strides=4)],
        lambda: [LAYERS.Conv2D(8, (2, 4), strides=2), LAYERS.Conv2D(8, 4, strides=4)],
        lambda: [LAYERS.Conv2D(8, 40, strides=2), LAYERS.Conv2D(8, 4, strides=4)],
        lambda: [LAYERS.Conv2D(8, 2, strides=2), LAYERS.Conv2D(8, 2, strides=2)],
    ],
)
def test_what_breaks_the_rules_is_not_thrifty(layers: Callable[[], Any]) -> None:
    assert lesson.thrifty.examine(layers).outcome is Outcome.WRONG


@pytest.mark.parametrize(
    ("layers", "right"),
    [
        (lambda: [LAYERS.MaxPooling2D(1, strides=2), LAYERS.Conv2D(4, 3)], True),
        (lambda: [LAYERS.Conv2D(4, 3, dilation_rate=2), LAYERS.AveragePooling2D(1, strides=2)], True),
        (lambda: [LAYERS.Conv2D(4, 3, dilation_rate=2), LAYERS.MaxPooling2D(2)], False),
        (lambda: [LAYERS.Conv2D(4, 3, dilation_rate=2), LAYERS.MaxPooling2D(2, padding="same")], False),
        (lambda: [LAYERS.Conv2D(4, 3, strides=2), LAYERS.MaxPooling2D(1, strides=2)], False),
        (lambda: [LAYERS.MaxPooling2D(1, strides=2), LAYERS.Conv2D(4, 3, dilation_rate=2)], False),
        (lambda: [LAYERS.Conv2D(3, 3, dilation_rate=2), LAYERS.MaxPooling2D(1, strides=2)], False),
        (lambda: [LAYERS.MaxPooling2D(1, strides=2)], False),
    ],
)
def test_stride_and_dilation_may_be_made_in_several_ways(layers: Callable[[], Any], right: bool) -> None:
    result = lesson.stride_and_dilation.examine(layers)
    assert (result.outcome is Outcome.RIGHT) == right, str(result)


def test_the_depthwise_layer_that_takes_both_agrees_with_what_the_last_exercise_asks() -> None:
    x = np.arange(11.0 * 11).reshape(1, 11, 11, 1).astype("float32") % 7
    kernel = np.arange(9, dtype=np.float32).reshape(3, 3, 1, 1)
    depthwise = LAYERS.DepthwiseConv2D(3, strides=2, dilation_rate=2, use_bias=False)
    dilated = LAYERS.Conv2D(1, 3, dilation_rate=2, use_bias=False)
    for layer in (depthwise, dilated):
        layer.build(x.shape)
        layer.set_weights([kernel])
    assert np.array_equal(np.asarray(depthwise(x)), np.asarray(dilated(x))[:, ::2, ::2])


# -- the catalogue, and what the real layers say ------------------------------------------------------------------


def test_what_is_measured_is_what_the_axes_say() -> None:
    """The measured rows and ghosts, against the formulas of the course; neither knows the other."""
    for n, k, s, d in product(range(1, 10), range(1, 5), (1, 2, 3), (1, 2)):
        if s > 1 and d > 1:
            continue
        for padding in ("valid", "same"):
            axis = Window(k, stride=s, dilation=d, padding=padding)
            try:
                unread = axis.unread(n)
            except ShapeError:
                with pytest.raises(KerasRefusal):
                    real.never_read(n, k, s, d, padding)
                continue
            assert real.never_read(n, k, s, d, padding) == len(unread)
        if d == 1:
            assert real.same_step_pads(n, k, s) == Window(k, stride=s, padding="same").pads(n)
        assert real.span(k, d) == Window(k, dilation=d).effective_size


def test_keras_s_own_resnet50_begins_with_a_border_of_zeros_and_valid() -> None:
    """As section 4 says of networks that came from elsewhere; nothing is downloaded."""
    border, convolution = keras.applications.ResNet50(weights=None).layers[1:3]
    assert isinstance(border, LAYERS.ZeroPadding2D) and border.padding == ((3, 3), (3, 3))
    assert isinstance(convolution, LAYERS.Conv2D)
    assert (convolution.kernel_size, convolution.strides, convolution.padding) == ((7, 7), (2, 2), "valid")
