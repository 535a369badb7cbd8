"""Lesson 02: what the checks say to answers of every kind.

Right and wrong are asked from real Keras layers; the constants here were worked out with pencil and paper.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import keras
import nbformat
import numpy as np
import pytest
from lessons import NOTEBOOKS, solve
from verdicts import RIGHT, UNNAMED, WRONG, Unsaid, check_verdict, layers

from course_utils.axes import ShapeError, Window
from course_utils.exercises import lesson_02 as lesson, misconceptions as m, truth
from course_utils.exercises.result import Outcome
from course_utils.keras_layers import KerasRefusal

NOTEBOOK = "02_take_bigger_steps.ipynb"
LAYERS: Any = keras.layers


GAPS = "The stride is larger than the window: rows are skipped between the windows."
VERDICTS: dict[str, list[tuple[Any, ...]]] = {
    "sizes_for": [
        (lambda o, k, s: ((o - 1) * s + k, o * s + k), "The smallest is right."),
        (lambda o, k, s: (o * s + k, o * s + k + s - 1), m.ONLY_THE_STEPS),
        (lambda o, k, s: ((o - 1) * s + k,) * 2, "For o = 3, k = 3, s = 2 your function says (7, 7)"),
    ],
    "step_pads": [
        (
            lambda n, k, s: (0, sum(truth.same_step_pads(n, k, s))),
            ("For n = 7, k = 3, s = 2 your function says (0, 2); Keras gives (1, 1).",),
        ),
    ],
    "on_the_way": [
        ((112, 6, 3, 3, 230), "112 is right, and the way there is not Keras's", Unsaid("229")),
        ((112.0, 5, 2, 3, 229), "The output size: you say 112.0; that is a float."),
        ((112, 5, "2", 3, 229), "The ghosts before: you say '2'; that is a text."),
        ((112, 5, 2, 3), "I look for five numbers: the output size,"),
        ((109, 0, 0, 0, 224), "109 is what *valid* makes of it."),
        ((109, 5, 2, 3, 229), "109 is what *valid* makes of it."),
        ((112, 5, 3, 2, 229), "For n = 8, k = 3, s = 2 Keras has 0 before and 1 after."),
    ],
    "port_a_stride": [
        # It fits one size only.
        (layers("ZeroPadding2D(((1, 0), (1, 0))), Conv2D(8, 3, 2)"), "For a 27 × 27 picture"),
        (layers("ZeroPadding2D(((1, 1), (1, 1))), Conv2D(8, (3, 3), 2)"), RIGHT),
        (layers('ZeroPadding2D(1), Conv2D(8, 3, 2, bias_initializer="ones")'), RIGHT),
        (layers("ZeroPadding2D(1), Conv2D(8, 3, 2, use_bias=False)"), "PyTorch's `Conv2d` adds a bias"),
        (layers('ZeroPadding2D(1), Conv2D(8, 3, 2, padding="same")'), WRONG),
        (layers("ZeroPadding2D(((0, 1), (0, 1))), Conv2D(8, 3, 2)"), WRONG),
        (layers('ZeroPadding2D(1), Conv2D(8, 3, 2, activation="relu")'), WRONG),
        (layers("ZeroPadding2D(1), Conv2D(8, 3, padding=1)"), WRONG),
        (layers("ZeroPadding2D(1)"), WRONG),
        # A model in the list stands for its layers.
        (layers("keras.Sequential([ZeroPadding2D(1), Conv2D(8, 3, 2)])"), RIGHT),
        (
            layers("keras.Sequential([ZeroPadding2D(2), Conv2D(8, 3, 2)])"),
            "For a 28 × 28 picture your layers give 15 × 15 × 8.",
        ),
        # An activation that does nothing may stay.
        (layers('ZeroPadding2D(1), Conv2D(8, 3, 2, activation="linear"), Activation("linear")'), RIGHT),
        (layers('ZeroPadding2D(1), Conv2D(8, 3, 2, activation=None), Activation("linear")'), RIGHT),
    ],
    "thrifty": [
        # 16 = 3·4 + 4: windows of 3 leave rows 3, 7, 11 between them, and row 15.
        (layers("Conv2D(8, 2, 2), Conv2D(8, 3, 4)"), GAPS, UNNAMED),
        (layers("Conv2D(8, 3, 2), Conv2D(8, 3, 4)"), GAPS, m.EVERY_ROW_IS_READ),
        (layers("Conv2D(8, 3, 2), Conv2D(8, 6, 3)"), Unsaid(GAPS), m.EVERY_ROW_IS_READ),
        (layers("Conv2D(8, 2, 2)"), WRONG),
        (layers("Conv2D(8, 15), Conv2D(8, 15)"), WRONG),
        (layers('Conv2D(8, 3, 2, padding="same"), Conv2D(8, 4, 4)'), WRONG),
        (layers("MaxPooling2D(2), Conv2D(8, 4, 4)"), WRONG),
        (layers("Conv2D(8, (2, 4), 2), Conv2D(8, 4, 4)"), WRONG),
        (layers("Conv2D(8, 40, 2), Conv2D(8, 4, 4)"), WRONG),
        (layers("Conv2D(8, 2, 2), Conv2D(8, 2, 2)"), WRONG),
    ],
    "stride_and_dilation": [
        (layers("MaxPooling2D(1, 2), Conv2D(4, 3)"), RIGHT),
        (layers("Conv2D(4, 3, dilation_rate=2), AveragePooling2D(1, 2)"), RIGHT),
        (layers("Conv2D(4, 3, 2), MaxPooling2D(1, 2)"), WRONG),
        (layers("MaxPooling2D(1, 2), Conv2D(4, 3, dilation_rate=2)"), WRONG),
        (layers("Conv2D(3, 3, dilation_rate=2), MaxPooling2D(1, 2)"), WRONG),
        (layers("MaxPooling2D(1, 2)"), WRONG),
        # Without a bias; the size comes first.
        (
            layers("Conv2D(4, 3, dilation_rate=2, use_bias=False), MaxPooling2D(1, 2)"),
            "The size is right. But the `Conv2D(4, 3, …)` that is asked for adds a bias to each of its 4 maps, unless "
            "it is told not to. Yours says `use_bias=False`, so there is no place for one: leave that out.",
        ),
        (layers("Conv2D(4, 3, use_bias=False), MaxPooling2D(1, 2)"), "Asked for: 4 × 4 × 4."),
        # Another kernel is sent to the section about dilation.
        (layers("Conv2D(4, 2, 2)"), "Section 5 of this lesson", UNNAMED),
        *[(layers(f"Conv2D(4, {k}, 2)"), m.SPREADING_ADDS_WEIGHTS) for k in (4, 5, 7)],
    ],
}


@pytest.mark.parametrize(("name", "row"), [(name, row) for name, rows in VERDICTS.items() for row in rows])
def test_what_the_checks_say(name: str, row: tuple[Any, ...]) -> None:
    check_verdict(getattr(lesson, name), *row)


LEFT_OUT = "PyTorch's line has no activation: leave `{}` out."
ONE_CELL = "A pooling window of {} takes {} of its cells. To keep cells as they are, it must be 1."
#: Layers whose values are wrong: what explains them, and what else is said.
REMARKS: dict[str, list[tuple[str, Any, str | None]]] = {
    "port_a_stride": [
        ('ZeroPadding2D(1), Conv2D(8, 3, 2, activation="relu")', UNNAMED, LEFT_OUT.format("relu")),
        ("ZeroPadding2D(1), Conv2D(8, 3, 2), ReLU()", UNNAMED, LEFT_OUT.format("ReLU")),
        ('ZeroPadding2D(1), Conv2D(8, 3, 2), Activation("tanh")', UNNAMED, LEFT_OUT.format("tanh")),
        ("ZeroPadding2D(1), Conv2D(8, 3), MaxPooling2D(2)", UNNAMED, None),
        # Only where other ghosts make the values is it the ghosts.
        ("ZeroPadding2D(((2, 0), (1, 1))), Conv2D(8, 3, 2)", m.EQUAL_SIZES_EQUAL_VALUES, None),
        ("ZeroPadding2D(((1, 1), (0, 2))), Conv2D(8, 3, 2)", m.EQUAL_SIZES_EQUAL_VALUES, None),
        ('Conv2D(8, 3, 2, padding="same")', m.EQUAL_SIZES_EQUAL_VALUES, None),
    ],
    "stride_and_dilation": [
        (
            'Conv2D(4, 3, dilation_rate=2, activation="relu"), MaxPooling2D(1, 2)',
            UNNAMED,
            "The convolution that was asked for has no activation: leave `relu` out.",
        ),
        # One of the two alone is named by its values, whatever the size.
        ("Conv2D(4, 3, 2), Cropping2D(((0, 1), (0, 1)))", m.ONE_OF_THE_TWO, None),
        ("Conv2D(4, 3, 2), Cropping2D(((1, 0), (0, 1)))", m.ONE_OF_THE_TWO, None),
        ("Conv2D(4, 3, dilation_rate=2), Cropping2D(((1, 2), (0, 3)))", m.DILATION_IS_A_STRIDE, None),
        ('Conv2D(4, 3, 2, activation="relu")', m.ONE_OF_THE_TWO, None),
        ("Conv2D(4, 3, 2), GlobalMaxPooling2D()", UNNAMED, None),
        ("Conv2D(4, 3), MaxPooling2D(3, 2)", UNNAMED, None),
        # A window of a pooling that is all that is wrong is pointed at …
        ("Conv2D(4, 3, dilation_rate=2), MaxPooling2D(2)", UNNAMED, ONE_CELL.format("2", "the maximum")),
        (
            'Conv2D(4, 3, dilation_rate=2), MaxPooling2D(2, padding="same")',
            UNNAMED,
            ONE_CELL.format("2", "the maximum"),
        ),
        ("AveragePooling2D((2, 3), 2), Conv2D(4, 3)", UNNAMED, ONE_CELL.format("2 × 3", "the mean")),
        # … and not where another window would not be enough.
        ("Conv2D(4, 3), MaxPooling2D(2)", UNNAMED, None),
        ("Conv2D(4, 3, dilation_rate=2), MaxPooling2D(3)", UNNAMED, None),
        ("MaxPooling2D(2), Conv2D(4, 3), Flatten(), Dense(4)", UNNAMED, None),
    ],
}


@pytest.mark.parametrize(("name", "row"), [(name, row) for name, rows in REMARKS.items() for row in rows])
def test_wrong_maps_are_told_what_makes_them(name: str, row: tuple[str, Any, str | None]) -> None:
    code, misconception, line = row
    result = check_verdict(getattr(lesson, name), layers(code), misconception)
    assert result.lines[1:] == ((line,) if line else ())
    told = re.search(r"The first that differs is at row \d+, column .*: (\S+); it should be (\S+)\.$", result.lines[0])
    assert told is None or told[1] != told[2]
    assert told or name != "port_a_stride"


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


def test_the_first_value_that_differs_is_named_with_its_place() -> None:
    class Off(LAYERS.MaxPooling2D):
        def call(self, inputs: Any) -> Any:
            y = super().call(inputs)
            mark = np.zeros(tuple(y.shape), dtype=np.float32)
            mark[0, 1, 2, 3] = 1
            return y + mark

    result = lesson.stride_and_dilation.evaluate(lambda: [LAYERS.Conv2D(4, 3, dilation_rate=2), Off(1, strides=2)])
    assert "at row 1, column 2, channel 3 (counted from 0)" in result.lines[0]


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
