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

from course_utils.axes import ShapeError, TransposedWindow, Upsample, Window
from course_utils.exercises import ____, lesson_04 as lesson, misconceptions as m, truth
from course_utils.exercises.result import Outcome
from course_utils.explorers.upsampling import upsampling_frame
from course_utils.keras_layers import KerasRefusal

LAYERS = keras.layers

# -- what is said -------------------------------------------------------------------------------------------------


def test_the_simplest_setting_that_differs_is_shown() -> None:
    result = lesson.size_and_gaps.evaluate(lambda n, k, s: ((n - 1) * s + k, n * max(s - k, 0)))
    assert result.lines == ("For n = 4, k = 2, s = 3 your function says (11, 4); Keras gives (12, 4).",)
    assert result.misconception is m.TEXTBOOK_LENGTH
    result = lesson.down_and_up.evaluate(lambda n, f: (-(-n // f), n // f * f))
    assert result.lines == ("For n = 7, f = 2 your function says (4, 6); Keras gives (4, 8).",)
    assert result.misconception is None


def test_a_row_is_shown_with_the_first_cell_that_differs() -> None:
    result = lesson.blend_row.evaluate(lambda row: [0, 3, 9, 9])
    assert result.lines == (
        "For row = [0, 12] your function says [0, 3, 9, 9]; Keras gives [0, 3, 9, 12]. "
        "The first that differs is in cell 3.",
    )
    result = lesson.stamp.evaluate(lambda row, kernel, s: [1, 1, 11, 10])
    assert result.lines == (
        "For row = [1, 10], kernel = [1, 1, 1], s = 2 your function returns 4 numbers; Keras makes 5.",
    )


def test_a_way_back_is_told_with_the_road_that_it_leads() -> None:
    line = lesson.way_back.evaluate(lambda n, s: 0).lines[0]
    assert line.endswith("Keras goes 14 → 7 → 13.")
    line = lesson.way_back.evaluate(lambda n, s: 2).lines[0]
    assert line.endswith("below the stride, 2.")


def test_only_who_put_n_for_o_is_told_to_put_o() -> None:
    advice = "Into the layer goes o = 7: put it where section 6 has n."
    line = lesson.way_back.evaluate(lambda n, s: n - ((n - 1) * s + 1)).lines[0]
    assert line.startswith("For n = 13, s = 2 your function says -12, and") and line.endswith(advice)
    for other in (lambda n, s: 0, lambda n, s: s, lambda n, s: n, lambda n, s: n % s, lambda n, s: None):
        assert "put it where" not in str(lesson.way_back.evaluate(other))


def test_a_padding_has_only_a_belief_that_is_its_own() -> None:
    result = lesson.way_back.evaluate(lambda n, s: -(-n // s) * s - n)
    assert result.misconception is m.TAKEN_FROM_THE_LARGEST
    assert "You counted down from the largest, n·s" in str(result)
    assert "It counts up from the smallest." in str(result)
    assert lesson.way_back.evaluate(lambda n, s: n % s).misconception is None


def test_the_gap_behind_the_last_stamp_is_asked_for() -> None:
    result = lesson.size_and_gaps.evaluate(lambda n, k, s: (n * s + max(k - s, 0), (n - 1) * max(s - k, 0)))
    assert result.misconception is m.GAPS_ONLY_BETWEEN
    assert result.lines == (
        "For n = 4, k = 2, s = 3 your function says (12, 3); Keras gives (12, 4). The size is right.",
    )
    assert "The last stamp has its gap behind it too: n gaps of s − k, not n − 1." in str(result)
    result = lesson.size_and_gaps.evaluate(lambda n, k, s: ((n - 1) * s + k, (n - 1) * max(s - k, 0)))
    assert result.misconception is m.TEXTBOOK_LENGTH and "The size is right" not in str(result)


def test_a_decoder_is_told_both_roads() -> None:
    def decoder(n: int) -> Any:
        return [LAYERS.UpSampling2D(2)] * 3

    text = str(lesson.decoder.evaluate(decoder))
    assert "layer 1 of your list is a `UpSampling2D`; three `Conv2DTranspose` are asked for" in text
    text = str(lesson.decoder.evaluate(lambda n: decoder(n)[:2]))
    assert "your list holds 2 layers; three `Conv2DTranspose` are asked for" in text
    forgetful = [LAYERS.Conv2DTranspose(8, 3, strides=2, padding="same", output_padding=e) for e in (0, 1, 1)]
    text = str(lesson.decoder.evaluate(lambda n: forgetful))
    assert "For n = 25 the way down is 25 → 13 → 7 → 4." in text
    assert "go back 4 → 7 → 14 → 28; asked for: 4 → 7 → 13 → 25." in text


def decoder_with(extras: Callable[..., tuple[int | None, ...]], k: int = 3) -> Callable[[int], Any]:
    """A decoder whose numbers are made from n."""

    def decoder(n: int) -> Any:
        return [LAYERS.Conv2DTranspose(8, k, strides=2, padding="same", output_padding=e) for e in extras(n)]

    return decoder


def sizes_back(n: int) -> tuple[int, int, int]:
    return (n + 3) // 4, (n + 1) // 2, n


FORWARDS = "The numbers are right, in the order of the way down. The first layer of the decoder leads to ⌈n/4⌉."
SWAPPED = "An even size needs 1, an odd one 0."


def test_a_decoder_in_the_wrong_order_or_the_wrong_way_round_is_told_so() -> None:
    def said(extras: Callable[[int], tuple[int | None, ...]], k: int = 3) -> tuple[str, ...]:
        result = lesson.decoder.evaluate(decoder_with(extras, k))
        assert result.outcome is Outcome.WRONG and result.misconception is None
        assert result.lines[0].startswith("For n = ")
        return result.lines[1:]

    assert said(lambda n: tuple((size - 1) % 2 for size in reversed(sizes_back(n)))) == (FORWARDS,)
    assert said(lambda n: tuple(1 if size % 2 else None for size in reversed(sizes_back(n))), k=4) == (FORWARDS,)
    assert said(lambda n: tuple(size % 2 for size in sizes_back(n))) == (SWAPPED,)
    assert said(lambda n: tuple(None if size % 2 else 1 for size in sizes_back(n)), k=4) == ()
    # Right for 28 in another order, and nothing more.
    assert said(lambda n: (1, 1, 0)) == ()
    assert said(lambda n: (0, 1, 1)) == ()


def test_the_belief_about_a_decoder_fits_what_was_written() -> None:
    left_out = lesson.decoder.evaluate(decoder_with(lambda n: (None,) * 3))
    assert left_out.misconception is m.MULTIPLYING_UNDOES and left_out.with_case
    for extra in (0, 1):
        result = lesson.decoder.evaluate(decoder_with(lambda n, extra=extra: (extra,) * 3))
        assert result.misconception is m.ONE_WAY_BACK
        assert "smallest case" not in str(result) and "6. Choose which size comes back" in str(result)


@pytest.mark.parametrize("k", [2, 4, (3, 4)])
def test_an_even_kernel_with_a_zero_is_sent_to_the_trap(k: Any) -> None:
    trapped = [LAYERS.Conv2DTranspose(8, k, strides=2, padding="same", output_padding=e) for e in (1, 0, 1)]
    text = str(lesson.decoder.evaluate(lambda n: trapped))
    assert "layer 2 does not run" in text and "section 6, One trap" in text and "Keras says" not in text
    # What does not run for another reason is told that reason.
    for settings in ({}, {"output_padding": 0}, {"padding": "same"}):
        huge = [LAYERS.Conv2DTranspose(8, k, strides=2000, **settings)] * 3
        text = str(lesson.decoder.evaluate(lambda n, huge=huge: huge))
        assert "too large to try" in text and "section 6, One trap" not in text


@pytest.mark.parametrize(("k", "s"), list(product((2, 4, 6), (2, 3, 4))))
def test_with_an_even_kernel_one_leads_to_the_smallest_size_and_zero_fails(k: int, s: int) -> None:
    for o in (2, 3, 5):
        with pytest.raises(KerasRefusal):
            truth.transposed_size(o, k, s, "same", 0)
        came_from = [n for n in range(1, o * s + 2) if truth.same_step_size(n, k, s) == o]
        assert [truth.transposed_size(o, k, s, "same", e) for e in (*range(1, s), None)] == came_from


STAMP_PLACES: dict[str, Callable[[int, int, int, int], int]] = {
    "side by side": lambda j, t, k, s: j * k + t,
    "too far": lambda j, t, k, s: j * s + 2 * t,
}


@pytest.mark.parametrize("place", STAMP_PLACES)
def test_a_place_beyond_the_end_is_explained(place: str) -> None:
    def stamp(row: list[float], kernel: list[float], s: int) -> list[float]:
        n, k = len(row), len(kernel)
        result = [0.0] * (n * s + max(k - s, 0))
        for j in range(n):
            for t in range(k):
                result[STAMP_PLACES[place](j, t, k, s)] += row[j] * kernel[t]
        return result

    result = lesson.stamp.evaluate(stamp)
    assert "list index out of range" in result.lines[0]
    assert "Where does that weight land" in result.lines[1] and "You read" not in str(result)
    assert result.misconception is (m.STAMPS_SIDE_BY_SIDE if place == "side by side" else None)


STAMP_READS: dict[str, Callable[[list[float], list[float], int, int], float]] = {
    "both swapped": lambda row, kernel, j, t: row[t] * kernel[j],
    "only the row": lambda row, kernel, j, t: row[j + t] * kernel[t],
    "only the kernel": lambda row, kernel, j, t: row[j] * kernel[t + 1],
}


@pytest.mark.parametrize("read", STAMP_READS)
def test_a_cell_that_is_read_and_does_not_exist_is_told_apart_from_a_place(read: str) -> None:
    def stamp(row: list[float], kernel: list[float], s: int) -> list[float]:
        n, k = len(row), len(kernel)
        result = [0.0] * (n * s + max(k - s, 0))
        for j in range(n):
            for t in range(k):
                result[j * s + t] += STAMP_READS[read](row, kernel, j, t)
        return result

    result = lesson.stamp.evaluate(stamp)
    assert result.outcome is Outcome.WRONG and result.misconception is None
    assert "raised IndexError: list index out of range" in result.lines[0]
    assert result.lines[1] == (
        "You read a cell that does not exist: `row` has the cells 0 to n − 1 (j), `kernel` the weights 0 to k − 1 (t)."
    )
    assert "Where does that weight land" not in str(result)


def test_a_wrong_share_is_told_its_name() -> None:
    for returned, belief in (
        (lambda row: [0, 9, 3, 12], None),  # right for one row only
        (lambda row: [(row[max(j - 1, 0)] + row[j]) / 2 if d else (row[j] + row[min(j + 1, len(row) - 1)]) / 2
                      for j in range(len(row)) for d in (1, 0)], m.PLAIN_MEAN),
    ):  # fmt: skip
        result = lesson.blend_row.evaluate(returned)
        assert result.outcome is Outcome.WRONG and result.misconception is belief
    blends = {slip.misconception: slip.answer([0, 12]) for slip in lesson.blend_row.wrong_answers}
    assert blends[m.FAR_CELL_WINS] == [0, 9, 3, 12]
    assert blends[m.LEFT_LEANS_RIGHT] == [3, 0, 12, 9]
    assert blends[m.PLAIN_MEAN] == [0, 6, 6, 12]


@pytest.mark.parametrize("padding", [-1, 0, 1])
def test_a_wrong_number_of_gaps_is_not_right(padding: int) -> None:
    def size_and_gaps(n: int, k: int, s: int) -> tuple[int, int]:
        return n * s + max(k - s, 0), n * max(s - k, 0) + padding

    right = Outcome.RIGHT if padding == 0 else Outcome.WRONG
    assert lesson.size_and_gaps.evaluate(size_and_gaps).outcome is right


# -- lists of numbers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_a_row_may_be_a_list_a_tuple_or_an_array(kind: Callable[[Any], Any]) -> None:
    def blend_row(row: list[float]) -> Any:
        cells = [row[0], *row, row[-1]]
        return kind([(3 * cells[j] + cells[j + d]) / 4 for j in range(1, len(row) + 1) for d in (-1, 1)])

    assert lesson.blend_row.evaluate(blend_row).outcome is Outcome.RIGHT


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
    result = lesson.blend_row.evaluate(lambda row: returned)
    assert result.outcome is Outcome.WRONG
    assert sentence in str(result)


def test_a_function_that_changes_its_row_does_not_change_the_question() -> None:
    def emptied(row: list[float]) -> list[float]:
        made = [cell for cell in row for _ in range(2)]
        row.clear()
        return made

    for _ in range(2):
        assert "For row = [0, 12]" in lesson.blend_row.evaluate(emptied).lines[0]

    def stamp(row: list[float], kernel: list[float], s: int) -> list[float]:
        result = [0.0] * (len(row) * s + max(len(kernel) - s, 0))
        for j in range(len(row)):
            for t, weight in enumerate(kernel):
                result[j * s + t] += row[j] * weight
        row.clear()
        kernel.clear()
        return result

    for _ in range(2):
        assert lesson.stamp.evaluate(stamp).outcome is Outcome.RIGHT


# -- the answers with several right ones --------------------------------------------------------------------------


def test_the_padding_that_leads_back_may_be_found_in_several_ways() -> None:
    assert lesson.way_back.evaluate(lambda n, s: (n - 1) % s).outcome is Outcome.RIGHT
    assert lesson.way_back.evaluate(lambda n, s: n - (-(-n // s) - 1) * s - 1).outcome is Outcome.RIGHT
    assert lesson.way_back.evaluate(lambda n, s: 1 - n % 2).outcome is Outcome.WRONG  # good for s = 2 only


def test_leaving_the_padding_out_is_right_where_it_leads_back() -> None:
    """Keras takes None as well; it leads to o·s."""

    def out_where_it_leads_back(n: int, s: int) -> int | None:
        extra = (n - 1) % s
        return None if extra == s - 1 else extra

    assert lesson.way_back.evaluate(out_where_it_leads_back).outcome is Outcome.RIGHT
    result = lesson.way_back.evaluate(lambda n, s: None)
    assert result.outcome is Outcome.WRONG
    assert "For n = 13, s = 2 your function says None, which leaves the argument out" in result.lines[0]
    assert "Keras goes 13 → 7 → 14." in result.lines[0] and "is a `return` missing?" in result.lines[0]


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
        ([lambda: LAYERS.Resizing(14, 14), conv(8, 3, padding="same")], EVEN, False),
        (PLAIN, [lambda: LAYERS.ZeroPadding2D(4), conv(8, 2)], False),
        ([lambda: LAYERS.ZeroPadding2D(4), conv(8, 2)], EVEN, False),
        (PLAIN, [transposed(8, 8, padding="valid")], False),
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
    result = lesson.two_ways.evaluate(lambda: ([make() for make in first], [make() for make in second]))
    assert result.outcome is (Outcome.RIGHT if right else Outcome.WRONG), str(result)


@pytest.mark.parametrize("longer", [[lambda: LAYERS.ZeroPadding2D(4), conv(8, 2)], [transposed(8, 8, padding="valid")]])
def test_seven_more_cells_are_not_twice_as_many(longer: list[Callable[[], Any]]) -> None:
    result = lesson.two_ways.evaluate(lambda: ([make() for make in longer], [make() for make in EVEN]))
    assert "The first way makes 14 × 14 × 8 of 7 × 7 × 8, as asked." in result.lines[0]
    assert "of 5 × 5 × 8 it makes 12 × 12 × 8" in result.lines[0]
    assert "every side must be doubled, whatever the map's size: 10 × 10 × 8." in result.lines[0]


def second(*ways: Callable[[], Any]) -> str:
    return str(lesson.two_ways.evaluate(lambda: ([make() for make in PLAIN], [make() for make in ways])))


def test_stamps_that_a_convolution_evens_out_are_uneven_all_the_same() -> None:
    uneven = transposed(8, 3, strides=2, padding="same")
    text = second(uneven, conv(8, 4, padding="same"))
    assert "get more stamps than their neighbours (k = 3, s = 2); your last convolution only averages it away." in text
    text = second(uneven, lambda: LAYERS.AveragePooling2D(2, strides=1, padding="same"))
    assert "get more stamps than their neighbours (k = 3, s = 2); what comes after them only averages it away." in text
    text = second(transposed(8, (4, 5), strides=2, padding="same"), conv(8, 4, padding="same"))
    assert "get more stamps than their neighbours (k = 5, s = 2)" in text


def test_an_uneven_count_is_told_in_stamps_where_they_are_what_is_counted() -> None:
    assert "between 8 and 32 (1 to 4 stamps, times 8 channels): a checkerboard" in second(
        transposed(8, 3, strides=2, padding="same")
    )
    text = second(conv(4, 1), transposed(8, 3, strides=2, padding="same"))
    assert "between 32 and 128: a checkerboard" in text


def test_a_way_that_cannot_run_is_sent_to_the_trap() -> None:
    text = second(conv(8, 1), transposed(8, 4, strides=2, padding="same", output_padding=0))
    assert "The second way does not run, because of its layer 2. With `same`, a layer with an even kernel" in text
    assert "section 6, One trap" in text and "Keras says" not in text


def test_two_even_ways_are_told_what_other_weights_can_do() -> None:
    text = str(lesson.two_ways.evaluate(lambda: ([make() for make in PLAIN], [make() for make in EVEN])))
    assert "can still draw a grid. Upsampling and then convolving cannot." in text


def test_two_ways_need_two_lists() -> None:
    assert "two lists of layers" in str(lesson.two_ways.evaluate(lambda: [LAYERS.UpSampling2D(2)]))
    assert lesson.two_ways.evaluate(lambda: ([____], [LAYERS.UpSampling2D(2)])).outcome is Outcome.NOT_TRIED


def test_a_decoder_may_be_made_in_several_ways() -> None:
    def written_out(n: int) -> Any:
        half, quarter = (n + 1) // 2, (n + 3) // 4
        sizes = (quarter, half, n)
        # An even kernel: 1 for the smaller of the two sizes, and nothing at all for the larger.
        extras = [1 if size % 2 else None for size in sizes]
        layers = [LAYERS.Conv2DTranspose(4, 2, strides=2, padding="same", output_padding=e) for e in extras]
        return keras.Sequential(layers)

    assert lesson.decoder.evaluate(written_out).outcome is Outcome.RIGHT

    def forwards(n: int) -> Any:
        sizes = (n, (n + 1) // 2, (n + 3) // 4)
        return [
            LAYERS.Conv2DTranspose(8, 3, strides=2, padding="same", output_padding=(size - 1) % 2) for size in sizes
        ]

    assert lesson.decoder.evaluate(forwards).outcome is Outcome.WRONG

    def in_one_jump(n: int) -> Any:
        """The right size at the end, for every n, and others on the way."""
        return [LAYERS.Conv2DTranspose(8, k) for k in (n - (n + 7) // 8 + 1, 1, 1)]

    assert "go back 4 → 28 → 28 → 28; asked for: 4 → 7 → 14 → 28" in str(lesson.decoder.evaluate(in_one_jump))


# -- the truths, by pencil and against the axes -------------------------------------------------------------------


def test_the_numbers_of_the_lesson_by_pencil() -> None:
    assert truth.blended([0, 1, 2]) == [0, 0.25, 0.75, 1.25, 1.75, 2]
    assert truth.stamped([1, 10, 100], [1, 1, 1], 2) == [1, 1, 11, 10, 110, 100, 100]
    assert truth.stamped([1, 10, 100], [1, 1, 1], 2, "same") == [1, 1, 11, 10, 110, 100]
    assert truth.stamped([1, 10, 100], [1, 1, 1], 2, "same", 0) == [1, 11, 10, 110, 100]
    assert truth.stamped([1, 10], [1, 2, 3], 2) == [1, 2, 3 + 10, 20, 30]
    assert [truth.stamps_inside(k, 2) for k in (2, 3, 4, 5, 7)] == [
        (1,),
        (1, 2, 4),
        (4,),
        (4, 6, 9),
        (9, 12, 16),
    ]
    assert [truth.transposed_size(5, 3, 3, "same", extra) for extra in (None, 0, 1, 2)] == [15, 13, 14, 15]
    frame = upsampling_frame(8, 2, "nearest", "down and up", "same", "digits")
    assert "16 of 64 were kept, and 44 cells hold another number" in frame.remarks[1]  # 48 − 4
    assert [truth.never_stamped(4, k, s) for k, s in ((2, 3), (1, 4), (3, 2), (2, 2))] == [4, 12, 0, 0]


def test_what_is_measured_is_what_the_axes_say() -> None:
    """The sizes, the stamps and the blends of real layers, against the formulas of the course."""
    for n, f, padding in product(range(1, 10), (1, 2, 3, 4), ("same", "valid")):
        pool = Window(f, stride=f, padding=padding)
        if padding == "same" or n >= f:
            o = pool.output_size(n)
            assert truth.down_and_up(n, f, padding) == (o, Upsample(f).output_size(o))
    for n, k, s in product(range(1, 5), range(1, 6), (1, 2, 3)):
        counts = TransposedWindow(k, s).overlaps(n)
        assert truth.transposed_size(n, k, s) == len(counts)
        assert truth.never_stamped(n, k, s) == sum(count == 0 for count in counts)
        for extra in (None, *range(s)):
            axis = TransposedWindow(k, s, padding="same", output_padding=extra)
            try:
                axis.check_runs(n)
            except ShapeError:
                with pytest.raises(KerasRefusal):
                    truth.transposed_size(n, k, s, "same", extra)
                continue
            assert truth.transposed_size(n, k, s, "same", extra) == axis.output_size(n)
    row = [3, -5, 8, 0]
    blends = [Upsample(2, "bilinear").blend(i, 4) for i in range(8)]
    assert truth.blended(row) == [float(sum(row[j] * weight for j, weight in blend)) for blend in blends]


def test_a_stamp_begins_where_the_axes_say() -> None:
    for j, s in product(range(4), (1, 2, 3)):
        assert truth.stamp_begins(j, s) == TransposedWindow(2, s).stamps(j, j + 1)[0]
