"""Lessons 00 and 01: the open questions take every right answer, and no other.

Right and wrong are asked from real Keras layers; the few constants are the ones the course itself states.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import keras
import numpy as np
import pytest

from course_utils.exercises import lesson_00, lesson_01, misconceptions, truth
from course_utils.exercises.result import Outcome

LAYERS = keras.layers


def test_every_size_that_comes_back_is_accepted_and_no_other() -> None:
    right = [n for n in range(1, 60) if lesson_00.another_size.evaluate(n).outcome is Outcome.RIGHT]
    assert right == [4, 12, 20, 36, 44, 52]
    assert "find another" in str(lesson_00.another_size.evaluate(28))


def test_a_row_of_the_table_that_is_not_the_one_asked_for_is_named() -> None:
    sizes = (28, *truth.sizes(28))
    layers = {1 + i: (before, after) for i, (before, after) in enumerate(pairwise(sizes))}
    for number in (1, 3, 5, 7, 9, 13):
        before, after = layers[number]
        assert "it keeps its size" in str(lesson_00.lost_pixels.evaluate((before, after, before - after)))
    before, after = layers[11]
    assert "the other way round" in str(lesson_00.lost_pixels.evaluate((after, before, before - after)))
    for number, name in ((2, "first"), (4, "second")):
        before, after = layers[number]
        told = str(lesson_00.read_the_table.evaluate((before, after, 4 * after)))
        assert f"That is the {name} pooling, layer {number}." in told
    before, after = layers[6]
    assert "the other way round" in str(lesson_00.read_the_table.evaluate((after, before, 4 * after)))


@pytest.mark.parametrize(
    ("sizes", "said"), [([], "those are 0 numbers"), ([26], "that is 1 number"), ([26, 13], "those are 2 numbers")]
)
def test_a_list_that_is_too_short_is_told_how_many_it_holds(sizes: list[int], said: str) -> None:
    assert f"; {said}, and 13 are needed." in str(lesson_00.no_padding_twice.evaluate(sizes))


def test_what_halves_the_picture_is_told_the_words_that_the_lesson_offers() -> None:
    evaluate = lesson_00.first_halving.evaluate
    assert 'Choose one of the texts "padding", "strides", "pool_size".' in str(evaluate("stride"))
    assert "A pooling layer has no filters." in str(evaluate("filters"))
    assert "Nearly." in str(evaluate("pool_size"))


@pytest.mark.parametrize(
    ("layers", "right"),
    [
        ([lambda: LAYERS.ZeroPadding2D(1), lambda: LAYERS.Conv2D(8, 5)], True),
        ([lambda: LAYERS.ZeroPadding2D(((1, 1), (1, 1))), lambda: LAYERS.Conv2D(8, (5, 5))], True),
        ([lambda: LAYERS.ZeroPadding2D(1), lambda: LAYERS.Conv2D(8, 5, use_bias=False)], False),
        ([lambda: LAYERS.Conv2D(8, 5, padding="same"), lambda: LAYERS.Cropping2D(1)], True),
        ([lambda: LAYERS.ZeroPadding2D(((0, 2), (1, 1))), lambda: LAYERS.Conv2D(8, 5)], False),
        ([lambda: LAYERS.ZeroPadding2D(1), lambda: LAYERS.Conv2D(8, 5, activation="relu")], False),
        ([lambda: LAYERS.ZeroPadding2D(1), lambda: LAYERS.Conv2D(9, 5)], False),
        ([lambda: LAYERS.Conv2D(8, 5), lambda: LAYERS.ZeroPadding2D(1)], False),
        ([lambda: LAYERS.ZeroPadding2D(10**6), lambda: LAYERS.Conv2D(8, 5)], False),
        ([lambda: LAYERS.MaxPooling2D(100), lambda: LAYERS.Conv2D(8, 5)], False),
        ([lambda: LAYERS.Conv2D(8, 5, padding=1)], False),
    ],
)
def test_a_port_must_have_the_size_and_the_values(layers: list[Callable[[], Any]], right: bool) -> None:
    result = lesson_01.torch_to_keras.evaluate(lambda: [make() for make in layers])
    assert result.outcome is (Outcome.RIGHT if right else Outcome.WRONG), str(result)


def test_the_model_in_place_of_the_function_is_told_so() -> None:
    result = lesson_01.fix_the_shape.evaluate(keras.Sequential([keras.Input((28, 28, 1)), LAYERS.Conv2D(8, 5)]))
    assert "Hand over its name without parentheses" in str(result)


def test_a_function_that_fails_on_a_map_is_told_a_call_that_can_be_typed() -> None:
    def with_border(x: Any, k: int) -> Any:
        return np.pad(x, (k - 1) / 2)  # type: ignore[call-overload]

    assert "Call `with_border(np.ones((7, 7)), 3)`" in str(lesson_01.dim_rim.evaluate(with_border))


def test_the_error_about_lower_is_put_into_words() -> None:
    assert "a word in quotation marks for `padding`" in str(
        lesson_01.torch_to_keras.evaluate(lambda: [LAYERS.Conv2D(8, 5, padding=1)])
    )


def two_convolutions(*layers: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: keras.Sequential([make() for make in layers])


def test_the_model_is_judged_by_the_sizes_on_the_way() -> None:
    def conv(padding: str, k: int = 5, filters: int = 8) -> Callable[[], Any]:
        return lambda: LAYERS.Conv2D(filters, k, padding=padding)

    evaluate = lesson_01.fix_the_shape.evaluate
    assert evaluate(two_convolutions(conv("same"), conv("valid"))).outcome is Outcome.RIGHT
    by_hand = two_convolutions(lambda: LAYERS.ZeroPadding2D(2), conv("valid"), conv("valid"))
    assert evaluate(by_hand).outcome is Outcome.RIGHT
    for wrong in (
        two_convolutions(conv("same"), conv("same")),
        two_convolutions(conv("same", k=3), conv("valid", k=5)),
        two_convolutions(conv("same"), conv("valid", filters=4)),
        two_convolutions(conv("same")),
        two_convolutions(conv("same"), conv("valid"), lambda: LAYERS.Cropping2D(1)),
        lambda: keras.Sequential([keras.Input((3, 3, 1)), LAYERS.Conv2D(8, 5)]),
        lambda: [LAYERS.Conv2D],
    ):
        assert evaluate(wrong).outcome is Outcome.WRONG


@pytest.mark.parametrize(
    ("between", "received"),
    [
        ([lambda: LAYERS.Cropping2D(2)], "24 × 24 × 8"),
        ([lambda: LAYERS.MaxPooling2D(5, 1)], "24 × 24 × 8"),
        ([lambda: LAYERS.UpSampling2D(2), lambda: LAYERS.Cropping2D(4)], "48 × 48 × 8"),
    ],
)
def test_the_second_convolution_loses_the_rows_itself(between: list[Callable[[], Any]], received: str) -> None:
    """The sizes after both convolutions are the ones asked for, and something between them made the second one."""

    def conv(strides: int = 1) -> Callable[[], Any]:
        return lambda: LAYERS.Conv2D(8, 5, strides, padding="same")

    second = conv(strides=int(received[:2]) // 24)
    told = str(lesson_01.fix_the_shape.evaluate(two_convolutions(conv(), *between, second)))
    assert f"The second convolution receives {received}. It should receive 28 × 28 × 8 and lose 4 itself." in told


def test_a_model_in_a_list_stands_for_its_layers() -> None:
    def port(padding: int) -> Callable[[], Any]:
        return lambda: [keras.Sequential([LAYERS.ZeroPadding2D(padding), LAYERS.Conv2D(8, 5)])]

    result = lesson_01.torch_to_keras.evaluate(port(1))
    assert result.outcome is Outcome.RIGHT, str(result)
    assert "Your layers give 28 × 28 × 8." in str(lesson_01.torch_to_keras.evaluate(port(2)))


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap"])
def test_a_rim_may_be_kept_bright_in_several_ways(mode: Any) -> None:
    result = lesson_01.dim_rim.evaluate(lambda x, k: np.pad(x, (k // 2, (k - 1) // 2), mode=mode))
    assert result.outcome is Outcome.RIGHT, str(result)


@pytest.mark.parametrize(
    "pad",
    [
        lambda x, k: x,
        lambda x, k: np.pad(x, k - 1, mode="edge"),
        lambda x, k: np.pad(x, k // 2, mode="edge"),
        lambda x, k: np.pad(x, ((k - 1) // 2, k // 2), constant_values=1),
        lambda x, k: np.ones(np.array(x.shape) + k - 1),
        lambda x, k: np.full(np.array(x.shape) + k - 1, x[0, 0]),
        lambda x, k: np.empty((0, 0)),
    ],
)
def test_a_rim_is_not_kept_bright_by_tricks(pad: Callable[..., Any]) -> None:
    assert lesson_01.dim_rim.evaluate(pad).outcome is Outcome.WRONG


def test_padding_by_hand_needs_the_right_side_and_not_only_the_right_size() -> None:
    other_side = lesson_01.zero_padding_by_hand.evaluate(lambda k: ((k // 2, (k - 1) // 2),) * 2)
    assert "the right size and other values" in str(other_side)
    one_axis = lesson_01.zero_padding_by_hand.evaluate(lambda k: (((k - 1) // 2, k // 2), (k // 2, (k - 1) // 2)))
    assert one_axis.outcome is Outcome.WRONG


@pytest.mark.parametrize(
    "form", [np.array, lambda pads: [list(pair) for pair in pads], lambda pads: tuple(map(np.array, pads))]
)
def test_padding_by_hand_may_be_said_in_any_form_that_keras_takes(form: Callable[[Any], Any]) -> None:
    result = lesson_01.zero_padding_by_hand.evaluate(lambda k: form((((k - 1) // 2, k // 2),) * 2))
    assert result.outcome is Outcome.RIGHT, str(result)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda k: (0, k - 1), "`ZeroPadding2D((0, 1))`, which Keras reads as `((0, 0), (1, 1))`, and the convolution"),
        (lambda k: k - 1, "`ZeroPadding2D(1)`, which Keras reads as `((1, 1), (1, 1))`, and the convolution"),
        (lambda k: [k - 1, (1, 0)], "`ZeroPadding2D([1, (1, 0)])`, which Keras reads as `((1, 1), (1, 0))`, and"),
        (lambda k: ((0, 0), (k - 1, 1)), "`ZeroPadding2D(((0, 0), (1, 1)))` and the convolution"),
        (lambda k: np.array([[0, 0], [k - 1, 1]]), "`ZeroPadding2D(((0, 0), (1, 1)))` and the convolution"),
        (lambda k: [[k - 1, 0], (k - 1, 0)], "`ZeroPadding2D(((1, 0), (1, 0)))` gives the right size"),
    ],
)
def test_padding_by_hand_is_told_what_was_written_and_how_keras_reads_it(
    answer: Callable[[int], Any], told: str
) -> None:
    # With k = 1 there is nothing to pad, and some of these are wrong there as well.
    result = lesson_01.zero_padding_by_hand.evaluate(lambda k: answer(k) if k > 1 else 0)
    assert result.lines[0].startswith(f"For k = 2 {told}"), result.lines[0]


def test_a_belief_is_recognised_in_whatever_form_it_is_written() -> None:
    for believed in (lambda k: k // 2, lambda k: [k // 2, k // 2], lambda k: np.full((2, 2), k // 2)):
        result = lesson_01.zero_padding_by_hand.evaluate(believed)
        assert result.misconception is misconceptions.SAME_IS_SYMMETRIC, str(result)


def test_a_number_beyond_all_maps_is_told_how_keras_reads_it_too() -> None:
    told = str(lesson_01.zero_padding_by_hand.evaluate(lambda k: 10**6))
    assert "`ZeroPadding2D(1000000)`, which Keras reads as `((1000000, 1000000), (1000000, 1000000))`," in told


def test_what_is_right_in_all_sends_nobody_to_a_layer_that_was_not_asked_for() -> None:
    told = str(lesson_01.same_pads.evaluate(lambda k: (k - 1, k - 1)))
    assert "k − 1 is right, in all: the two sides share them." in told
    assert "2. Add ghost cells" in told and "ZeroPadding2D" not in told


def test_the_span_of_a_causal_window_is_told_apart_from_a_cell_for_every_cell_of_it() -> None:
    span = str(lesson_01.causal_pads.evaluate(lambda k, d: ((k - 1) * d + 1, 0)))
    assert "(k − 1)·d + 1 is what the window spans." in span and "k·d ghost cells" not in span
    assert "k·d ghost cells" in str(lesson_01.causal_pads.evaluate(lambda k, d: (k * d, 0)))


@pytest.mark.parametrize("answer", [lambda k: "same", lambda k: LAYERS.ZeroPadding2D(k // 2)])
def test_padding_by_hand_says_what_it_needs(answer: Callable[[int], Any]) -> None:
    assert "between the parentheses of `ZeroPadding2D()`" in str(lesson_01.zero_padding_by_hand.evaluate(answer))


def test_a_port_with_the_channels_that_come_in_is_told_so() -> None:
    assert "the channels that come in" in str(lesson_01.torch_to_keras.evaluate(lambda: [LAYERS.Conv2D(1, 8, 5)]))


def test_the_measured_truths() -> None:
    assert truth.sizes(28) == (28, 14, 14, 7, 7, 4, 4, 8, 8, 16, 14, 28, 28)
    assert truth.sizes(28, truth.FIRST_UNPADDED) == (26, 13, 13, 7, 7, 4, 4, 8, 8, 16, 14, 28, 28)
    assert [truth.autoencoder_size(n) for n in (23, 25, 28, 32)] == [20, 28, 28, 28]
    assert [truth.same_pads(k) for k in range(1, 6)] == [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)]
    assert [truth.causal_pads(3, d) for d in (1, 2, 3)] == [(2, 0), (4, 0), (6, 0)]
    assert truth.zero_padding_of_pair(1, 2) == ((1, 1), (2, 2))
    assert (truth.valid_size(7, 3), truth.third_number_size(28, 3), truth.number_padded_size(28, 5, 1)) == (5, 9, 26)
