"""Lesson 04: what is asked of every lesson stands elsewhere; here is what only this one has.

Right and wrong are asked from real Keras layers; the constants here were worked out with pencil and paper.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import keras
import numpy as np
import pytest

from course_utils.axes import Repeat, ShapeError, Spread, Window
from course_utils.exercises import ____, lesson_04 as lesson, misconceptions as m, real
from course_utils.exercises.result import Outcome
from course_utils.keras_layers import KerasRefusal

LAYERS = keras.layers

# -- what is said -------------------------------------------------------------------------------------------------


def test_the_simplest_setting_that_differs_is_shown() -> None:
    result = lesson.valid_length.examine(lambda n, k, s: (n - 1) * s + k)
    assert result.lines == ("For n = 4, k = 2, s = 3 your function says 11; Keras gives 12.",)
    assert result.misconception is m.TEXTBOOK_LENGTH
    result = lesson.down_and_up.examine(lambda n, f: (-(-n // f), n // f * f))
    assert result.lines == ("For n = 7, f = 2 your function says (4, 6); Keras gives (4, 8).",)
    assert result.misconception is None


def test_a_row_is_shown_with_the_first_cell_that_differs() -> None:
    result = lesson.blend_row.examine(lambda row: [0, 3, 9, 9])
    assert result.lines == (
        "For row = [0, 12] your function says [0, 3, 9, 9]; Keras gives [0, 3, 9, 12]. "
        "The first that differs is in cell 3.",
    )
    result = lesson.stamp.examine(lambda row, kernel, s: [1, 1, 11, 10])
    assert result.lines == (
        "For row = [1, 10], kernel = [1, 1, 1], s = 2 your function returns 4 numbers; Keras makes 5.",
    )


def test_a_way_back_is_told_with_the_road_that_it_leads() -> None:
    assert "Keras goes 14 → 7 → 13." in lesson.way_back.examine(lambda n, s: 0).lines[0]
    assert "below the stride, 2" in lesson.way_back.examine(lambda n, s: 2).lines[0]


def test_a_decoder_is_told_both_roads() -> None:
    def decoder(n: int) -> Any:
        return [LAYERS.UpSampling2D(2)] * 3

    assert "three `Conv2DTranspose` are asked for" in str(lesson.decoder.examine(decoder))
    forgetful = [LAYERS.Conv2DTranspose(8, 3, strides=2, padding="same", output_padding=e) for e in (0, 1, 1)]
    text = str(lesson.decoder.examine(lambda n: forgetful))
    assert "For n = 25 the way down is 25 → 13 → 7 → 4." in text
    assert "go back 4 → 7 → 14 → 28; asked for: 4 → 7 → 13 → 25." in text


# -- lists of numbers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_a_row_may_be_a_list_a_tuple_or_an_array(kind: Callable[[Any], Any]) -> None:
    def blend_row(row: list[float]) -> Any:
        cells = [row[0], *row, row[-1]]
        return kind([(3 * cells[j] + cells[j + d]) / 4 for j in range(1, len(row) + 1) for d in (-1, 1)])

    assert lesson.blend_row.examine(blend_row).outcome is Outcome.RIGHT


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        (None, "Is a `return` missing?"),
        ("0", "without quotation marks"),
        (3, "a list of numbers is needed"),
        (np.float32(3), "a list of numbers is needed"),
        ([1, None, 2, 3], "None in it is not a number"),
        ([[0, 3, 9, 12]], "in it is not a number"),
        ([True, 3, 9, 12], "True in it is not a number"),
        ([1j, 3, 9, 12], "in it is not a number"),
        ([float("nan"), 3, 9, 12], "The first that differs is in cell 0"),
        ([float("inf"), 3, 9, 12], "The first that differs is in cell 0"),
        ([], "returns 0 numbers"),
    ],
)
def test_what_is_no_row_of_numbers_is_told_what_it_is(returned: Any, sentence: str) -> None:
    result = lesson.blend_row.examine(lambda row: returned)
    assert result.outcome is Outcome.WRONG
    assert sentence in str(result)


def test_a_function_that_changes_its_row_does_not_change_the_question() -> None:
    def emptied(row: list[float]) -> list[float]:
        made = [cell for cell in row for _ in range(2)]
        row.clear()
        return made

    for _ in range(2):
        assert "For row = [0, 12]" in lesson.blend_row.examine(emptied).lines[0]

    def stamp(row: list[float], kernel: list[float], s: int) -> list[float]:
        result = [0.0] * (len(row) * s + max(len(kernel) - s, 0))
        for j in range(len(row)):
            for t, weight in enumerate(kernel):
                result[j * s + t] += row[j] * weight
        row.clear()
        kernel.clear()
        return result

    for _ in range(2):
        assert lesson.stamp.examine(stamp).outcome is Outcome.RIGHT


# -- the answers with several right ones --------------------------------------------------------------------------


def test_the_padding_that_leads_back_may_be_found_in_several_ways() -> None:
    assert lesson.way_back.examine(lambda n, s: (n - 1) % s).outcome is Outcome.RIGHT
    assert lesson.way_back.examine(lambda n, s: n - (-(-n // s) - 1) * s - 1).outcome is Outcome.RIGHT
    assert lesson.way_back.examine(lambda n, s: 1 - n % 2).outcome is Outcome.WRONG  # good for s = 2 only


def up(f: int = 2, **settings: Any) -> Callable[[], Any]:
    return lambda: LAYERS.UpSampling2D(f, **settings)


def conv(*args: Any, **settings: Any) -> Callable[[], Any]:
    return lambda: LAYERS.Conv2D(*args, **settings)


def transposed(*args: Any, **settings: Any) -> Callable[[], Any]:
    return lambda: LAYERS.Conv2DTranspose(*args, **settings)


EVEN = [transposed(8, 4, strides=2, padding="same")]
PLAIN = [up(), conv(8, 3, padding="same")]


@pytest.mark.parametrize(
    ("first", "second", "right"),
    [
        (PLAIN, EVEN, True),
        (EVEN, PLAIN, True),
        (PLAIN, [transposed(8, 2, strides=2)], True),
        (PLAIN, [transposed(8, 6, strides=2, padding="same", use_bias=False)], True),
        (PLAIN, [transposed(8, 4, strides=2), lambda: LAYERS.Cropping2D(1)], True),
        (PLAIN, [up(), transposed(8, 3, padding="same")], True),
        ([up(interpolation="bilinear"), conv(8, 5, padding="same")], EVEN, True),
        ([conv(4, 3, padding="same"), up(), conv(8, 1)], EVEN, True),
        ([lambda: LAYERS.Resizing(14, 14), conv(8, 3, padding="same")], EVEN, True),
        ([up(), lambda: LAYERS.ZeroPadding2D(1), conv(8, 3)], EVEN, True),
        (PLAIN, [transposed(8, 3, strides=2, padding="same")], False),
        (PLAIN, [transposed(8, 5, strides=2, padding="same")], False),
        (PLAIN, [transposed(8, 1, strides=2)], False),
        (PLAIN, [transposed(8, (4, 3), strides=2, padding="same")], False),
        (PLAIN, [transposed(8, 4, strides=2)], False),
        (PLAIN, [transposed(4, 4, strides=2, padding="same")], False),
        (PLAIN, PLAIN, False),
        (EVEN, EVEN, False),
        ([up()], EVEN, False),
        ([up(), conv(8, 3)], EVEN, False),
        ([up(), conv(8, 3, padding="same", activation="sigmoid")], EVEN, False),
        (PLAIN, [transposed(8, 3, strides=2, padding="same"), lambda: LAYERS.BatchNormalization()], False),
        ([], EVEN, False),
    ],
)
def test_two_ways_up_are_judged_by_what_they_make(
    first: list[Callable[[], Any]], second: list[Callable[[], Any]], right: bool
) -> None:
    result = lesson.two_ways.examine(lambda: ([make() for make in first], [make() for make in second]))
    assert result.outcome is (Outcome.RIGHT if right else Outcome.WRONG), str(result)


def test_two_ways_need_two_lists() -> None:
    assert "two lists of layers" in str(lesson.two_ways.examine(lambda: [LAYERS.UpSampling2D(2)]))
    assert lesson.two_ways.examine(lambda: ([____], [LAYERS.UpSampling2D(2)])).outcome is Outcome.NOT_TRIED


def test_a_decoder_may_be_made_in_several_ways() -> None:
    def written_out(n: int) -> Any:
        half, quarter = (n + 1) // 2, (n + 3) // 4
        sizes = (quarter, half, n)
        # An even kernel: 1 for the smaller of the two sizes, and nothing at all for the larger.
        extras = [1 if size % 2 else None for size in sizes]
        layers = [LAYERS.Conv2DTranspose(4, 2, strides=2, padding="same", output_padding=e) for e in extras]
        return keras.Sequential(layers)

    assert lesson.decoder.examine(written_out).outcome is Outcome.RIGHT

    def forwards(n: int) -> Any:
        sizes = (n, (n + 1) // 2, (n + 3) // 4)
        return [
            LAYERS.Conv2DTranspose(8, 3, strides=2, padding="same", output_padding=(size - 1) % 2) for size in sizes
        ]

    assert lesson.decoder.examine(forwards).outcome is Outcome.WRONG

    def in_one_jump(n: int) -> Any:
        """The right size at the end, for every n, and others on the way."""
        return [LAYERS.Conv2DTranspose(8, k) for k in (n - (n + 7) // 8 + 1, 1, 1)]

    assert "go back 4 → 28 → 28 → 28; asked for: 4 → 7 → 14 → 28" in str(lesson.decoder.examine(in_one_jump))


# -- the truths, by pencil and against the axes -------------------------------------------------------------------


def test_the_numbers_of_the_lesson_by_pencil() -> None:
    assert real.blended([0, 1, 2]) == [0, 0.25, 0.75, 1.25, 1.75, 2]
    assert real.stamped([1, 10, 100], [1, 1, 1], 2) == [1, 1, 11, 10, 110, 100, 100]
    assert real.stamped([1, 10, 100], [1, 1, 1], 2, "same") == [1, 1, 11, 10, 110, 100]
    assert real.stamped([1, 10, 100], [1, 1, 1], 2, "same", 0) == [1, 11, 10, 110, 100]
    assert real.stamped([1, 10], [1, 2, 3], 2) == [1, 2, 3 + 10, 20, 30]
    assert [real.stamps_inside(k, 2) for k in (2, 3, 4, 5)] == [(1,), (1, 2, 4), (4,), (4, 6, 9)]


def test_what_is_measured_is_what_the_axes_say() -> None:
    """The sizes, the stamps and the blends of real layers, against the formulas of the course."""
    for n, f, padding in product(range(1, 10), (1, 2, 3, 4), ("same", "valid")):
        pool = Window(f, stride=f, padding=padding)
        if padding == "same" or n >= f:
            o = pool.output_size(n)
            assert real.down_and_up(n, f, padding) == (o, Repeat(f).output_size(o))
    for n, k, s in product(range(1, 5), range(1, 6), (1, 2, 3)):
        counts = Spread(k, s).overlaps(n)
        assert real.transposed_size(n, k, s) == len(counts)
        assert real.never_stamped(n, k, s) == sum(count == 0 for count in counts)
        for extra in (None, *range(s)):
            axis = Spread(k, s, padding="same", output_padding=extra)
            try:
                axis.check_runs(n)
            except ShapeError:
                with pytest.raises(KerasRefusal):
                    real.transposed_size(n, k, s, "same", extra)
                continue
            assert real.transposed_size(n, k, s, "same", extra) == axis.output_size(n)
    row = [3, -5, 8, 0]
    blends = [Repeat(2, "bilinear").blend(i, 4) for i in range(8)]
    assert real.blended(row) == [float(sum(row[j] * weight for j, weight in blend)) for blend in blends]


def test_a_stamp_begins_where_the_axes_say() -> None:
    for j, s in product(range(4), (1, 2, 3)):
        assert real.stamp_begins(j, s) == Spread(2, s).stamps(j, j + 1)[0]
