"""Lesson 02: right answers turn green, known wrong ones are told their name, open questions take every right answer.

Right and wrong are asked from real Keras layers; the constants here were worked out with pencil and paper.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from typing import Any

import keras
import nbformat
import numpy as np
import pytest
from lessons import NOTEBOOKS, solve

from course_utils.axes import ShapeError, Window
from course_utils.exercises import lesson_02 as lesson, misconceptions as m, truth
from course_utils.exercises.result import Outcome
from course_utils.keras_layers import KerasRefusal

NOTEBOOK = "02_take_bigger_steps.ipynb"
LAYERS: Any = keras.layers
# -- what is said -------------------------------------------------------------------------------------------------


def test_the_simplest_setting_that_differs_is_shown() -> None:
    result = lesson.stepped_size.evaluate(lambda n, k, s: n // s)
    assert result.lines == ("For n = 8, k = 3, s = 2 your function says 4; Keras gives 3.",)
    result = lesson.step_pads.evaluate(lambda n, k, s: (0, max((-(-n // s) - 1) * s + k - n, 0)))
    assert result.lines == ("For n = 7, k = 3, s = 2 your function says (0, 2); Keras gives (1, 1).",)


def test_a_right_size_on_a_wrong_road_is_not_right() -> None:
    result = lesson.on_the_way.evaluate((112, 6, 3, 3, 230))
    assert result.outcome is Outcome.WRONG
    assert "112 is right, and the way there is not Keras's" in str(result)
    assert "229" not in str(result)


def test_the_two_roads_to_112_have_one_size_and_no_window_in_common() -> None:
    """The first layer of a ResNet, with "same" and with 3 ghosts on each side, as the solution tells of them."""
    assert (Window(7, 2, padding="same").taps(0, 224)[0], Window(7, 2, padding=(3, 3)).taps(0, 224)[0]) == (-2, -3)
    assert "PyTorch's first one starts at row −3, this one at row −2." in lesson.on_the_way.why
    x = np.arange(1.0, 224 * 224 + 1, dtype=np.float32).reshape(1, 224, 224, 1)
    made = []
    for padding, y in (("same", x), ("valid", LAYERS.ZeroPadding2D(3)(x))):
        made.append(np.asarray(LAYERS.Conv2D(1, 7, strides=2, padding=padding, kernel_initializer="ones")(y)))
    assert made[0].shape == made[1].shape == (1, 112, 112, 1)
    assert (made[0] != made[1]).all()


def test_a_port_that_fits_one_size_only_is_found_out() -> None:
    def port() -> Any:
        return [LAYERS.ZeroPadding2D(((1, 0), (1, 0))), LAYERS.Conv2D(8, 3, strides=2)]

    result = lesson.port_a_stride.evaluate(port)
    assert result.outcome is Outcome.WRONG
    assert "For a 27 × 27 picture" in str(result)


@pytest.mark.parametrize(
    ("layers", "right"),
    [
        ([lambda: LAYERS.ZeroPadding2D(((1, 1), (1, 1))), lambda: LAYERS.Conv2D(8, (3, 3), 2)], True),
        ([lambda: LAYERS.ZeroPadding2D(1), lambda: LAYERS.Conv2D(8, 3, strides=2, bias_initializer="ones")], True),
        ([lambda: LAYERS.ZeroPadding2D(1), lambda: LAYERS.Conv2D(8, 3, strides=2, use_bias=False)], False),
        ([lambda: LAYERS.ZeroPadding2D(1), lambda: LAYERS.Conv2D(8, 3, strides=2, padding="same")], False),
        ([lambda: LAYERS.ZeroPadding2D(((0, 1), (0, 1))), lambda: LAYERS.Conv2D(8, 3, strides=2)], False),
        ([lambda: LAYERS.ZeroPadding2D(1), lambda: LAYERS.Conv2D(8, 3, strides=2, activation="relu")], False),
        ([lambda: LAYERS.ZeroPadding2D(1), lambda: LAYERS.Conv2D(8, 3, padding=1)], False),
        ([lambda: LAYERS.ZeroPadding2D(1)], False),
    ],
)
def test_a_port_must_have_the_size_and_the_values(layers: list[Callable[[], Any]], right: bool) -> None:
    result = lesson.port_a_stride.evaluate(lambda: [make() for make in layers])
    assert (result.outcome is Outcome.RIGHT) == right, str(result)


def test_a_model_in_the_list_stands_for_its_layers() -> None:
    def port(n: int) -> Any:
        return [keras.Sequential([LAYERS.ZeroPadding2D(n), LAYERS.Conv2D(8, 3, strides=2)])]

    assert lesson.port_a_stride.evaluate(lambda: port(1)).outcome is Outcome.RIGHT
    assert "For a 28 × 28 picture your layers give 15 × 15 × 8." in str(lesson.port_a_stride.evaluate(lambda: port(2)))


Call = tuple[str, tuple[Any, ...], dict[str, Any]]

PAD: Call = ("ZeroPadding2D", (1,), {})
LEFT_OUT = "PyTorch's line has no activation: leave `{}` out."


def made_of(*layers: Call) -> Callable[[], Any]:
    return lambda: [getattr(LAYERS, kind)(*args, **settings) for kind, args, settings in layers]


@pytest.mark.parametrize(
    ("layers", "belief", "line"),
    [
        (made_of(PAD, ("Conv2D", (8, 3), {"strides": 2, "activation": "relu"})), None, LEFT_OUT.format("relu")),
        (made_of(PAD, ("Conv2D", (8, 3, 2), {}), ("ReLU", (), {})), None, LEFT_OUT.format("ReLU")),
        (made_of(PAD, ("Conv2D", (8, 3, 2), {}), ("Activation", ("tanh",), {})), None, LEFT_OUT.format("tanh")),
        (made_of(PAD, ("Conv2D", (8, 3), {}), ("MaxPooling2D", (2,), {})), None, ""),
        (made_of(("ZeroPadding2D", (((2, 0), (1, 1)),), {}), ("Conv2D", (8, 3, 2), {})), "EQUAL_SIZES", ""),
        (made_of(("ZeroPadding2D", (((1, 1), (0, 2)),), {}), ("Conv2D", (8, 3, 2), {})), "EQUAL_SIZES", ""),
        (made_of(("Conv2D", (8, 3), {"strides": 2, "padding": "same"})), "EQUAL_SIZES", ""),
    ],
)
def test_a_port_with_other_values_is_told_what_makes_them(layers: Any, belief: str | None, line: str) -> None:
    """The belief about ghosts only where other ghosts make the values; the value that is shown does differ."""
    result = lesson.port_a_stride.evaluate(layers)
    assert result.outcome is Outcome.WRONG
    assert result.misconception is (m.EQUAL_SIZES_EQUAL_VALUES if belief else None), str(result)
    assert result.lines[1:] == ((line,) if line else ())
    told = re.search(r"The first that differs is at row \d+, column .*: (\S+); it should be (\S+)\.$", result.lines[0])
    assert told and told[1] != told[2]


@pytest.mark.parametrize(
    "last",
    [("Conv2D", (8, 3, 2), {"activation": "linear"}), ("Conv2D", (8, 3, 2), {"activation": None})],
)
def test_an_activation_that_does_nothing_may_stay(last: Any) -> None:
    nothing: Call = ("Activation", ("linear",), {})
    assert lesson.port_a_stride.evaluate(made_of(PAD, last, nothing)).outcome is Outcome.RIGHT


def test_the_stride_that_divides_alone_is_named_rounded_down_as_well() -> None:
    assert lesson.stepped_size.evaluate(lambda n, k, s: n // s).misconception is m.STRIDE_ALONE_DIVIDES


@pytest.mark.parametrize(
    ("layers", "belief", "line"),
    [
        (
            made_of(("Conv2D", (4, 3), {"dilation_rate": 2, "activation": "relu"}), ("MaxPooling2D", (1, 2), {})),
            None,
            "The convolution that was asked for has no activation: leave `relu` out.",
        ),
        (made_of(("Conv2D", (4, 3, 2), {}), ("Cropping2D", (((0, 1), (0, 1)),), {})), "ONE_OF_THE_TWO", None),
        (made_of(("Conv2D", (4, 3, 2), {}), ("Cropping2D", (((1, 0), (0, 1)),), {})), "ONE_OF_THE_TWO", None),
        (
            made_of(("Conv2D", (4, 3), {"dilation_rate": 2}), ("Cropping2D", (((1, 2), (0, 3)),), {})),
            "DILATION_IS_A_STRIDE",
            None,
        ),
        (made_of(("Conv2D", (4, 3, 2), {"activation": "relu"})), "ONE_OF_THE_TWO", None),
        (made_of(("Conv2D", (4, 3, 2), {}), ("GlobalMaxPooling2D", (), {})), None, None),
        (made_of(("Conv2D", (4, 3), {}), ("MaxPooling2D", (3, 2), {})), None, None),
    ],
)
def test_one_of_the_two_is_named_by_its_values_whatever_the_size(
    layers: Any, belief: str | None, line: str | None
) -> None:
    result = lesson.stride_and_dilation.evaluate(layers)
    assert result.outcome is Outcome.WRONG
    assert result.misconception is (getattr(m, belief) if belief else None), str(result)
    assert result.lines[1:] == ((line,) if line else ())


def test_a_port_without_a_bias_is_refused_with_the_reason() -> None:
    def port() -> Any:
        return [LAYERS.ZeroPadding2D(1), LAYERS.Conv2D(8, 3, strides=2, use_bias=False)]

    assert "PyTorch's `Conv2d` adds a bias" in str(lesson.port_a_stride.evaluate(port))


def test_both_without_a_bias_are_refused_with_the_reason_too() -> None:
    def both(convolution: Any) -> Callable[[], Any]:
        return lambda: [convolution, LAYERS.MaxPooling2D(1, strides=2)]

    result = lesson.stride_and_dilation.evaluate(both(LAYERS.Conv2D(4, 3, dilation_rate=2, use_bias=False)))
    assert result.outcome is Outcome.WRONG
    assert result.lines == (
        "The size is right. But the `Conv2D(4, 3, …)` that is asked for adds a bias to each of its 4 maps, unless it "
        "is told not to. Yours says `use_bias=False`, so there is no place for one: leave that out.",
    )
    # The size comes first.
    result = lesson.stride_and_dilation.evaluate(both(LAYERS.Conv2D(4, 3, use_bias=False)))
    assert "Asked for: 4 × 4 × 4." in result.lines[0]


@pytest.mark.parametrize(
    ("layers", "line"),
    [
        (
            made_of(("Conv2D", (4, 3), {"dilation_rate": 2}), ("MaxPooling2D", (2,), {})),
            "A pooling window of 2 takes the maximum of its cells. To keep cells as they are, it must be 1.",
        ),
        (
            made_of(("Conv2D", (4, 3), {"dilation_rate": 2}), ("MaxPooling2D", (2,), {"padding": "same"})),
            "A pooling window of 2 takes the maximum of its cells. To keep cells as they are, it must be 1.",
        ),
        (
            made_of(("AveragePooling2D", ((2, 3),), {"strides": 2}), ("Conv2D", (4, 3), {})),
            "A pooling window of 2 × 3 takes the mean of its cells. To keep cells as they are, it must be 1.",
        ),
        # Here another window would not be enough.
        (made_of(("Conv2D", (4, 3), {}), ("MaxPooling2D", (2,), {})), None),
        (made_of(("Conv2D", (4, 3), {"dilation_rate": 2}), ("MaxPooling2D", (3,), {})), None),
        (made_of(("MaxPooling2D", (2,), {}), ("Conv2D", (4, 3), {}), ("Flatten", (), {}), ("Dense", (4,), {})), None),
    ],
)
def test_a_pooling_window_that_is_all_that_is_wrong_is_pointed_at(layers: Any, line: str | None) -> None:
    result = lesson.stride_and_dilation.evaluate(layers)
    assert result.outcome is Outcome.WRONG
    assert result.lines[1:] == ((line,) if line else ())


def test_the_text_names_every_map_that_the_last_check_tries() -> None:
    (text,) = (cell.source for cell in nbformat.read(NOTEBOOKS / NOTEBOOK, as_version=4).cells if cell.id == "ex7-text")
    told = lesson.stride_and_dilation.evaluate(solve(lesson.stride_and_dilation)).lines[0]
    sizes = re.findall(r"(\d+) × (\d+)", told)
    assert len(sizes) == 3
    for height, width in sizes:
        assert f"{height}×{width}" in text


def test_no_weight_and_no_bias_of_a_port_is_compared_as_zero() -> None:
    """A bias of zeros, as Keras begins with, would hide a layer that has none."""
    made = [LAYERS.ZeroPadding2D(1), LAYERS.Conv2D(8, 3, strides=2)]
    assert lesson.port_a_stride.evaluate(lambda: made).outcome is Outcome.RIGHT
    assert len(made[1].weights) == 2
    assert all(np.asarray(weight).all() for weight in made[1].weights)


def test_gaps_between_the_windows_are_told_apart_from_rows_behind_the_last() -> None:
    def pair(*settings: tuple[int, int]) -> Callable[[], Any]:
        return lambda: [LAYERS.Conv2D(8, k, strides=s) for k, s in settings]

    gaps = "The stride is larger than the window: rows are skipped between the windows."
    # 16 = 3·4 + 4: windows of 3 leave rows 3, 7, 11 between them, and row 15.
    result = lesson.thrifty.evaluate(pair((2, 2), (3, 4)))
    assert gaps in result.lines and result.misconception is None
    result = lesson.thrifty.evaluate(pair((3, 2), (3, 4)))
    assert gaps in result.lines and result.misconception is m.EVERY_ROW_IS_READ
    result = lesson.thrifty.evaluate(pair((3, 2), (6, 3)))
    assert gaps not in result.lines and result.misconception is m.EVERY_ROW_IS_READ


def test_the_first_value_that_differs_is_named_with_its_place() -> None:
    class Off(LAYERS.MaxPooling2D):
        def call(self, inputs: Any) -> Any:
            y = super().call(inputs)
            mark = np.zeros(tuple(y.shape), dtype=np.float32)
            mark[0, 1, 2, 3] = 1
            return y + mark

    result = lesson.stride_and_dilation.evaluate(lambda: [LAYERS.Conv2D(4, 3, dilation_rate=2), Off(1, strides=2)])
    assert "at row 1, column 2, channel 3 (counted from 0)" in result.lines[0]


@pytest.mark.parametrize("k", [2, 4, 5, 7])
def test_another_kernel_is_sent_to_the_section_about_dilation(k: int) -> None:
    result = lesson.stride_and_dilation.evaluate(lambda: [LAYERS.Conv2D(4, k, strides=2)])
    assert "ection 5 of this lesson" in str(result) or result.misconception is m.SPREADING_ADDS_WEIGHTS
    assert result.misconception is (m.SPREADING_ADDS_WEIGHTS if k > 3 else None)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((112.0, 5, 2, 3, 229), "The output size: you say 112.0; that is a float."),
        ((112, 5, "2", 3, 229), "The ghosts before: you say '2'; that is a text."),
        ((112, 5, 2, 3), "I look for five numbers: the output size,"),
        ((109, 0, 0, 0, 224), "109 is what *valid* makes of it."),
        ((109, 5, 2, 3, 229), "109 is what *valid* makes of it."),
        ((112, 5, 3, 2, 229), "For n = 8, k = 3, s = 2 Keras has 0 before and 1 after."),
    ],
)
def test_the_five_numbers_are_answered_in_words(answer: tuple[Any, ...], sentence: str) -> None:
    result = lesson.on_the_way.evaluate(answer)
    assert result.outcome is Outcome.WRONG
    assert sentence in str(result)
    assert "each layer" not in str(result)


@pytest.mark.parametrize(
    ("total", "belief"),
    [
        (lambda n, k, s: max(k - s, 0), "GHOSTS_WITHOUT_N"),
        (lambda n, k, s: max(-(-n // s) * s + k - n, 0), "AS_MANY_STEPS_AS_WINDOWS"),
    ],
)
def test_a_wrong_total_of_ghosts_is_named(total: Callable[[int, int, int], int], belief: str) -> None:
    result = lesson.step_pads.evaluate(lambda n, k, s: (total(n, k, s) // 2, total(n, k, s) - total(n, k, s) // 2))
    assert result.misconception is getattr(m, belief)


def test_round_is_named_in_a_size_and_in_a_half() -> None:
    def half(n: int, k: int, s: int) -> tuple[int, int]:
        total = max((-(-n // s) - 1) * s + k - n, 0)
        return round(total / 2), total - round(total / 2)

    assert lesson.step_pads.evaluate(half).misconception is m.ROUND_TAKES_THE_HALF_DOWN
    size = lesson.stepped_size.evaluate(lambda n, k, s: round((n - k) / s) + 1)
    assert size.misconception is m.NEAREST_NUMBER_OF_STEPS


def test_missing_parentheses_and_a_missing_one_are_named() -> None:
    assert lesson.stepped_size.evaluate(lambda n, k, s: n - k // s + 1).misconception is m.MINUS_COMES_FIRST
    assert lesson.dilated_size.evaluate(lambda n, k, d: n - ((k - 1) * d + 1)).misconception is m.WINDOW_LOSES_K


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
        result = lesson.thrifty.evaluate(
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
    assert lesson.thrifty.evaluate(layers).outcome is Outcome.WRONG


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
    result = lesson.stride_and_dilation.evaluate(layers)
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
                unread = axis.unused_inputs(n)
            except ShapeError:
                with pytest.raises(KerasRefusal):
                    truth.never_read(n, k, s, d, padding)
                continue
            assert truth.never_read(n, k, s, d, padding) == len(unread)
        if d == 1:
            assert truth.same_step_pads(n, k, s) == Window(k, stride=s, padding="same").pads(n)
        assert truth.span(k, d) == Window(k, dilation=d).effective_size


def test_keras_s_own_resnet50_begins_with_a_border_of_zeros_and_valid() -> None:
    """As section 4 says of networks that came from elsewhere; nothing is downloaded."""
    network = keras.applications.ResNet50(weights=None)
    border, convolution = network.layers[1:3]
    assert isinstance(border, LAYERS.ZeroPadding2D) and border.padding == ((3, 3), (3, 3))
    assert isinstance(convolution, LAYERS.Conv2D)
    assert (convolution.kernel_size, convolution.strides, convolution.padding) == ((7, 7), (2, 2), "valid")
    # And as section 3 says: convolutions of one cell with a stride of 2, and "valid".
    steps = [layer for layer in network.layers if isinstance(layer, LAYERS.Conv2D) and layer.strides == (2, 2)][1:]
    assert len(steps) == 6
    assert {(layer.kernel_size, layer.padding) for layer in steps} == {((1, 1), "valid")}
