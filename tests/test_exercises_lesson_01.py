"""Lessons 00 and 01: what the checks say to answers of every kind.

Right and wrong are asked from real Keras layers; the few constants are the ones the course itself states.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import keras
import numpy as np
import pytest
from verdicts import RIGHT, UNNAMED, WRONG, check_verdict, layers, model

from course_utils.exercises import lesson_00, lesson_01, misconceptions as m, truth
from course_utils.exercises.result import Outcome

LAYERS = keras.layers
LOWER = "a word in quotation marks for `padding`"
NEEDED = "between the parentheses of `ZeroPadding2D()`"


def padded(**settings: Any) -> Callable[[Any, int], Any]:
    """A border as wide as the window needs, made by NumPy."""
    return lambda x, k: np.pad(x, (k // 2, (k - 1) // 2), **settings)


def receives(size: str) -> str:
    return f"The second convolution receives {size}. It should receive 28 × 28 × 8 and lose 4 itself."


def fails_on_a_map() -> Callable[[Any, int], Any]:
    def with_border(x: Any, k: int) -> Any:
        return np.pad(x, (k - 1) / 2)  # type: ignore[call-overload]

    return with_border


VERDICTS: dict[str, list[tuple[Any, ...]]] = {
    "no_padding_twice": [
        ([], "; those are 0 numbers, and 13 are needed."),
        ([26], "; that is 1 number, and 13 are needed."),
        ([26, 13], "; those are 2 numbers, and 13 are needed."),
        ([26, 13, 11, 6, 4, 2, 2, 4, 2, 4, 2, 4, 2], "You take 2 away in layer 3."),
    ],
    "first_halving": [
        ("stride", 'Choose one of the texts "padding", "strides", "pool_size".'),
        ("filters", "A pooling layer has no filters."),
        ("pool_size", "Nearly."),
    ],
    "zero_padding_by_hand": [
        (lambda k: ((k // 2, (k - 1) // 2),) * 2, "the right size and other values"),
        (lambda k: (((k - 1) // 2, k // 2), (k // 2, (k - 1) // 2)), WRONG),
        # Any form that Keras takes will do …
        (lambda k: np.array((((k - 1) // 2, k // 2),) * 2), RIGHT),
        (lambda k: [[(k - 1) // 2, k // 2]] * 2, RIGHT),
        (lambda k: (np.array(((k - 1) // 2, k // 2)),) * 2, RIGHT),
        # … and in any form a misconception is recognised.
        (lambda k: k // 2, m.SAME_IS_SYMMETRIC),
        (lambda k: [k // 2, k // 2], m.SAME_IS_SYMMETRIC),
        (lambda k: np.full((2, 2), k // 2), m.SAME_IS_SYMMETRIC),
        (
            lambda k: 10**6,
            "`ZeroPadding2D(1000000)`, which Keras reads as `((1000000, 1000000), (1000000, 1000000))`,",
        ),
        (lambda k: "same", NEEDED),
        (lambda k: LAYERS.ZeroPadding2D(k // 2), NEEDED),
    ],
    "fix_the_shape": [
        (keras.Sequential([keras.Input((28, 28, 1)), LAYERS.Conv2D(8, 5)]), "Hand over its name without parentheses"),
        (model('Conv2D(8, 5, padding="same"), Conv2D(8, 5, padding="valid")'), RIGHT),
        (model("ZeroPadding2D(2), Conv2D(8, 5), Conv2D(8, 5)"), RIGHT),
        (model('Conv2D(8, 5, padding="same"), Conv2D(8, 5, padding="same")'), WRONG),
        (model('Conv2D(8, 3, padding="same"), Conv2D(8, 5)'), WRONG),
        (model('Conv2D(8, 5, padding="same"), Conv2D(4, 5)'), WRONG),
        (model('Conv2D(8, 5, padding="same")'), WRONG),
        (model('Conv2D(8, 5, padding="same"), Conv2D(8, 5), Cropping2D(1)'), WRONG),
        (model("keras.Input((3, 3, 1)), Conv2D(8, 5)"), WRONG),
        (lambda: [LAYERS.Conv2D], WRONG),
        # Both sizes are the ones asked for, and something between the convolutions made the second.
        (
            model('Conv2D(8, 5, padding="same"), Cropping2D(2), Conv2D(8, 5, padding="same")'),
            receives("24 × 24 × 8"),
        ),
        (
            model('Conv2D(8, 5, padding="same"), MaxPooling2D(5, 1), Conv2D(8, 5, padding="same")'),
            receives("24 × 24 × 8"),
        ),
        (
            model('Conv2D(8, 5, padding="same"), UpSampling2D(2), Cropping2D(4), Conv2D(8, 5, 2, padding="same")'),
            receives("48 × 48 × 8"),
        ),
    ],
    "torch_to_keras": [
        (layers("ZeroPadding2D(1), Conv2D(8, 5)"), RIGHT),
        (layers("ZeroPadding2D(((1, 1), (1, 1))), Conv2D(8, (5, 5))"), RIGHT),
        (layers('Conv2D(8, 5, padding="same"), Cropping2D(1)'), RIGHT),
        (layers("ZeroPadding2D(1), Conv2D(8, 5, use_bias=False)"), "has a bias for each filter"),
        (layers("ZeroPadding2D(((0, 2), (1, 1))), Conv2D(8, 5)"), "the values differ", UNNAMED),
        (layers('ZeroPadding2D(1), Conv2D(8, 5, activation="relu")'), "the values differ"),
        (layers("ZeroPadding2D(1), Conv2D(9, 5)"), "Your layers give 26 × 26 × 9."),
        (layers("Conv2D(8, 5), ZeroPadding2D(1)"), WRONG),
        (layers("ZeroPadding2D(10**6), Conv2D(8, 5)"), WRONG),
        (layers("MaxPooling2D(100), Conv2D(8, 5)"), WRONG),
        (layers("Conv2D(8, 5, padding=1)"), LOWER),
        (layers("Conv2D(1, 8, 5)"), "the channels that come in"),
        # A model in the list stands for its layers.
        (layers("keras.Sequential([ZeroPadding2D(1), Conv2D(8, 5)])"), RIGHT),
        (layers("keras.Sequential([ZeroPadding2D(2), Conv2D(8, 5)])"), "Your layers give 28 × 28 × 8."),
    ],
    "dim_rim": [
        (fails_on_a_map(), "Call `with_border(np.ones((7, 7)), 3)`"),
        *[(padded(mode=mode), RIGHT) for mode in ("edge", "reflect", "symmetric", "wrap")],
        (lambda x, k: x, WRONG),
        (lambda x, k: np.pad(x, k - 1, mode="edge"), WRONG),
        (lambda x, k: np.pad(x, k // 2, mode="edge"), WRONG),
        (lambda x, k: np.pad(x, ((k - 1) // 2, k // 2), constant_values=1), WRONG),
        (lambda x, k: np.ones(np.array(x.shape) + k - 1), WRONG),
        (lambda x, k: np.full(np.array(x.shape) + k - 1, x[0, 0]), WRONG),
        (lambda x, k: np.empty((0, 0)), WRONG),
    ],
}
#: What somebody writes for k = 2, where 0 is written for k = 1, and how Keras reads it.
MARGINS: list[tuple[Callable[[int], Any], str]] = [
    (lambda k: (0, k - 1), "`ZeroPadding2D((0, 1))`, which Keras reads as `((0, 0), (1, 1))`, and the convolution"),
    (lambda k: k - 1, "`ZeroPadding2D(1)`, which Keras reads as `((1, 1), (1, 1))`, and the convolution"),
    (lambda k: [k - 1, (1, 0)], "`ZeroPadding2D([1, (1, 0)])`, which Keras reads as `((1, 1), (1, 0))`, and"),
    (lambda k: ((0, 0), (k - 1, 1)), "`ZeroPadding2D(((0, 0), (1, 1)))` and the convolution"),
    (lambda k: np.array([[0, 0], [k - 1, 1]]), "`ZeroPadding2D(((0, 0), (1, 1)))` and the convolution"),
    (lambda k: [[k - 1, 0], (k - 1, 0)], "`ZeroPadding2D(((1, 0), (1, 0)))` gives the right size"),
]


@pytest.mark.parametrize(("name", "row"), [(name, row) for name, rows in VERDICTS.items() for row in rows])
def test_what_the_checks_say(name: str, row: tuple[Any, ...]) -> None:
    check_verdict(getattr(lesson_01, name, None) or getattr(lesson_00, name), *row)


@pytest.mark.parametrize(("answer", "told"), MARGINS)
def test_a_border_is_told_as_written_and_as_keras_reads_it(answer: Callable[[int], Any], told: str) -> None:
    result = check_verdict(lesson_01.zero_padding_by_hand, lambda k: answer(k) if k > 1 else 0)
    assert result.lines[0].startswith(f"For k = 2 {told}"), result.lines[0]


def test_every_size_that_comes_back_is_accepted_and_no_other() -> None:
    right = [n for n in range(1, 60) if lesson_00.another_size.evaluate(n).outcome is Outcome.RIGHT]
    assert right == [4, 12, 20, 36, 44, 52]
    check_verdict(lesson_00.another_size, 28, "find another")


def test_another_row_of_the_table_is_named() -> None:
    rows = dict(enumerate(pairwise((28, *truth.sizes(28))), start=1))
    for number in (1, 3, 5, 7, 9, 13):
        before, after = rows[number]
        check_verdict(lesson_00.lost_pixels, (before, after, before - after), "it keeps its size")
    before, after = rows[11]
    check_verdict(lesson_00.lost_pixels, (after, before, before - after), "the other way round")
    for number, name in ((2, "first"), (4, "second")):
        before, after = rows[number]
        check_verdict(
            lesson_00.read_the_table, (before, after, 4 * after), f"That is the {name} pooling, layer {number}."
        )
    before, after = rows[6]
    check_verdict(lesson_00.read_the_table, (after, before, 4 * after), "the other way round")


def test_the_measured_truths() -> None:
    assert truth.sizes(28) == (28, 14, 14, 7, 7, 4, 4, 8, 8, 16, 14, 28, 28)
    assert truth.sizes(28, truth.FIRST_UNPADDED) == (26, 13, 13, 7, 7, 4, 4, 8, 8, 16, 14, 28, 28)
    assert [truth.autoencoder_size(n) for n in (23, 25, 28, 32)] == [20, 28, 28, 28]
    assert [truth.same_pads(k) for k in range(1, 6)] == [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)]
    assert [truth.causal_pads(3, d) for d in (1, 2, 3)] == [(2, 0), (4, 0), (6, 0)]
    assert truth.zero_padding_of_pair(1, 2) == ((1, 1), (2, 2))
    assert (truth.valid_size(7, 3), truth.third_number_size(28, 3), truth.number_padded_size(28, 5, 1)) == (5, 9, 26)
