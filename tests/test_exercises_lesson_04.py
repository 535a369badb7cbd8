"""Lesson 04: what its exercises say to answers, right and wrong, and what its truths are made of.

Right and wrong are asked from real Keras layers; the constants here were worked out with pencil and paper.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import keras
import numpy as np
import pytest
from verdicts import RIGHT, WRONG, Unsaid, Verdicts, check_verdict, each, layers

from course_utils.axes import ShapeError, TransposedWindow, Upsample, Window
from course_utils.exercises import ____, lesson_04 as lesson, misconceptions as m, truth
from course_utils.exercises.result import Outcome
from course_utils.explorers.upsampling import ROUND_TRIP, UpsamplingSettings
from course_utils.keras_layers import KerasRefusal

LAYERS = keras.layers

# -- answers ------------------------------------------------------------------------------------------------------


def size(n: int, k: int, s: int) -> int:
    """The right size of the stamps."""
    return n * s + max(k - s, 0)


def blended(own: float, kind: Callable[[Any], Any] = list) -> Callable[[Any], Any]:
    """Each cell gives its own share to both halves, and the nearer neighbour the rest."""

    def blend_row(row: list[float]) -> Any:
        cells = [row[0], *row, row[-1]]
        return kind([own * cells[j] + (1 - own) * cells[j + d] for j in range(1, len(row) + 1) for d in (-1, 1)])

    return blend_row


def emptied(row: list[float]) -> list[float]:
    made = [cell for cell in row for _ in range(2)]
    row.clear()
    return made


def stamping(
    place: Callable[[int, int, int, int], int] = lambda j, t, k, s: j * s + t,
    weigh: Callable[[Any, Any, int, int], float] = lambda row, kernel, j, t: row[j] * kernel[t],
) -> Callable[..., list[float]]:
    """Stamps by the loops of the lesson, which empty the lists they were given."""

    def stamp(row: list[float], kernel: list[float], s: int) -> list[float]:
        n, k = len(row), len(kernel)
        result = [0.0] * size(n, k, s)
        for j, t in product(range(n), range(k)):
            result[place(j, t, k, s)] += weigh(row, kernel, j, t)
        row.clear()
        kernel.clear()
        return result

    return stamp


def out_where_it_leads_back(n: int, s: int) -> int | None:
    """Keras takes None as well; it leads to o·s."""
    extra = (n - 1) % s
    return None if extra == s - 1 else extra


def ways(first: str, second: str) -> Callable[[], Any]:
    return lambda: (layers(first)(), layers(second)())


def second(code: str) -> Callable[[], Any]:
    return ways(PLAIN, code)


def evened_out(code: str) -> Callable[[], Any]:
    """The layers with a plain convolution behind them."""
    return second(f"{code}, Conv2D(8, 4, padding='same')")


def same(filters: int, k: Any, settings: str = "") -> str:
    """A transposed convolution with "same" and steps of 2."""
    return f"Conv2DTranspose({filters}, {k}, 2, 'same', {settings})"


PLAIN, EVEN = "UpSampling2D(2), Conv2D(8, 3, padding='same')", same(8, 4)


def decoder(extras: Callable[[int], Any], k: Any = 3, filters: int = 8) -> Callable[[int], Any]:
    """Layers with the numbers that are made of n."""
    return lambda n: layers(", ".join(same(filters, k, f"output_padding={extra}") for extra in extras(n)))()


def halves(n: int) -> tuple[int, int, int]:
    return n, (n + 1) // 2, (n + 3) // 4


PUT_O = "Into the layer goes o = 7: put it where section 6 has n."
BEYOND = (
    "One of your places lies beyond the end. Put in numbers: j = 1 and t = 2, with s = 2. Where does that weight land, "
    "if the stamp of cell 1 begins in cell 2?"
)
READ_BEYOND = (
    "You read a cell that does not exist: `row` has the cells 0 to n − 1 (j), `kernel` the weights 0 to k − 1 (t)."
)
TRAP = "With `same`, a layer with an even kernel and `output_padding=0` cannot run: section 6, One trap."
THREE = "three `Conv2DTranspose` are asked for"
FORWARDS = "The numbers are right, in the order of the way down. The first layer of the decoder leads to ⌈n/4⌉."
SWAPPED = "An even size needs 1, an odd one 0."
GRID = "get more stamps than their neighbours"
SEVEN_MORE = (
    "way makes 14 × 14 × 8 of 7 × 7 × 8, as asked. But of 5 × 5 × 8 it makes 12 × 12 × 8, and every side must be "
    "doubled, whatever the map's size: 10 × 10 × 8."
)

ANSWERS: Verdicts = {
    "sizes_before": {
        "the multiple before it": (lambda o, f: (o - f, o), "Try your smallest size"),
        "the largest first": (
            lambda o, f: (o, o - f + 1),
            ("For o = 8, f = 2 your function says (8, 7); Keras gives (7, 8).",),
            None,
        ),
    },
    "blend_row": {
        **each("as a list, tuple or array", (list, tuple, np.array), lambda kind: (blended(0.75, kind), RIGHT)),
        "the first cell that differs": (
            lambda row: [0, 3, 9, 9],
            (
                "For row = [0, 12] your function says [0, 3, 9, 9]; Keras gives [0, 3, 9, 12]. "
                "The first that differs is in cell 3.",
            ),
        ),
        "right for one row only": (lambda row: [0, 9, 3, 12], None),
        "the plain mean": (blended(0.5), m.PLAIN_MEAN),
        # Its row is emptied, and the next one to be asked gets it whole.
        **each("a row that is emptied", (1, 2), lambda time: (emptied, "For row = [0, 12]")),
        **each(
            "what is no row of numbers",
            (
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
            ),
            lambda case: (lambda row: case[0], case[1]),
        ),
    },
    "size_and_gaps": {
        **each(
            "gaps off by one", (-1, 1), lambda more: (lambda n, k, s: (size(n, k, s), n * max(s - k, 0) + more), WRONG)
        ),
        "right": (lambda n, k, s: (size(n, k, s), n * max(s - k, 0)), RIGHT),
        "the textbook": (
            lambda n, k, s: ((n - 1) * s + k, n * max(s - k, 0)),
            ("For n = 4, k = 2, s = 3 your function says (11, 4); Keras gives (12, 4).",),
            m.TEXTBOOK_LENGTH,
        ),
        "the textbook in both": (
            lambda n, k, s: ((n - 1) * s + k, (n - 1) * max(s - k, 0)),
            m.TEXTBOOK_LENGTH,
            Unsaid("The size is right"),
        ),
        "no gap behind the last stamp": (
            lambda n, k, s: (size(n, k, s), (n - 1) * max(s - k, 0)),
            ("For n = 4, k = 2, s = 3 your function says (12, 3); Keras gives (12, 4). The size is right.",),
            m.GAPS_ONLY_BETWEEN,
            "The last stamp has its gap behind it too: n gaps of s − k, not n − 1.",
        ),
    },
    "stamp": {
        **each("lists that are emptied", (1, 2), lambda time: (stamping(), RIGHT)),
        "another length": (
            lambda row, kernel, s: [1, 1, 11, 10],
            ("For row = [1, 10], kernel = [1, 1, 1], s = 2 your function returns 4 numbers; Keras makes 5.",),
        ),
        "side by side": (stamping(lambda j, t, k, s: j * k + t), (..., BEYOND, ...), m.STAMPS_SIDE_BY_SIDE),
        "too far": (stamping(lambda j, t, k, s: j * s + 2 * t), (..., BEYOND, ...), None),
        **each(
            "a cell that does not exist",
            (
                lambda row, kernel, j, t: row[t] * kernel[j],
                lambda row, kernel, j, t: row[j + t] * kernel[t],
                lambda row, kernel, j, t: row[j] * kernel[t + 1],
            ),
            lambda weigh: (stamping(weigh=weigh), "IndexError: list index out of range", (..., READ_BEYOND, ...), None),
        ),
    },
    "way_back": {
        "in one line": (lambda n, s: (n - 1) % s, RIGHT),
        "in steps": (lambda n, s: n - (-(-n // s) - 1) * s - 1, RIGHT),
        "left out where that leads back": (out_where_it_leads_back, RIGHT),
        "good for s = 2 only": (lambda n, s: 1 - n % 2, Unsaid(PUT_O)),
        "always 0": (lambda n, s: 0, "says 0, and Keras goes 14 → 7 → 13.", Unsaid(PUT_O)),
        "always 2": (lambda n, s: 2, "below the stride, 2."),
        "n for o": (
            lambda n, s: n - ((n - 1) * s + 1),
            (
                "For n = 13, s = 2 your function says -12, and `output_padding` must be at least 0 and below the "
                f"stride, 2. {PUT_O}",
            ),
        ),
        "left out": (
            lambda n, s: None,
            "For n = 13, s = 2 your function says None, which leaves the argument out, and Keras goes 13 → 7 → 14. (Or "
            "is a `return` missing?)",
            Unsaid(PUT_O),
        ),
        "the stride": (lambda n, s: s, Unsaid(PUT_O)),
        "the size": (lambda n, s: n, Unsaid(PUT_O)),
        "the remainder": (lambda n, s: n % s, None, "Count from the smallest size that becomes o.", Unsaid(PUT_O)),
        "down from the largest": (
            lambda n, s: -(-n // s) * s - n,
            m.TAKEN_FROM_THE_LARGEST,
            "You counted down from the largest, n·s",
            "It counts up from the smallest.",
        ),
    },
    "two_ways": {
        "plain and even": (ways(PLAIN, EVEN), RIGHT, "can still draw a grid; the first way cannot."),
        "even and plain": (ways(EVEN, PLAIN), RIGHT),
        "stamps side by side": (second("Conv2DTranspose(8, 2, 2)"), RIGHT),
        "a larger even kernel": (second(same(8, 6, "use_bias=False")), RIGHT),
        "even and cut": (second("Conv2DTranspose(8, 4, 2), Cropping2D(1)"), RIGHT),
        "steps of one": (second("UpSampling2D(2), Conv2DTranspose(8, 3, padding='same')"), RIGHT),
        "blended": (ways("UpSampling2D(2, interpolation='bilinear'), Conv2D(8, 5, padding='same')", EVEN), RIGHT),
        "convolved before and after": (
            ways("Conv2D(4, 3, padding='same'), UpSampling2D(2), Conv2D(8, 1)", EVEN),
            RIGHT,
        ),
        "framed": (ways("UpSampling2D(2), ZeroPadding2D(1), Conv2D(8, 3)", EVEN), RIGHT),
        "a layer of another kind": (ways("Resizing(14, 14), Conv2D(8, 3, padding='same')", EVEN), WRONG),
        "a normalisation": (second(f"{same(8, 3)}, BatchNormalization()"), WRONG),
        "an activation": (ways("UpSampling2D(2), Conv2D(8, 3, 1, 'same', activation='sigmoid')", EVEN), WRONG),
        "four channels": (second(same(4, 4)), WRONG),
        "nothing to learn": (ways("UpSampling2D(2)", EVEN), WRONG),
        "too small": (ways("UpSampling2D(2), Conv2D(8, 3)", EVEN), WRONG),
        "no layer": (ways("", EVEN), WRONG),
        "twice plain": (ways(PLAIN, PLAIN), WRONG),
        "twice even": (ways(EVEN, EVEN), WRONG),
        "one list": (layers("UpSampling2D(2)"), "two lists of layers"),
        "a blank": (lambda: ([____], layers(PLAIN)()), Outcome.NOT_TRIED),
        **each(
            "seven more cells",
            ("ZeroPadding2D(4), Conv2D(8, 2)", "Conv2DTranspose(8, 8)"),
            lambda code: (ways(code, EVEN), (f"The first {SEVEN_MORE}",)),
        ),
        **each(
            "seven more cells, second",
            ("ZeroPadding2D(4), Conv2D(8, 2)", "Conv2DTranspose(8, 8)"),
            lambda code: (second(code), (f"The second {SEVEN_MORE}",)),
        ),
        "a kernel of 3": (second(same(8, 3)), "between 8 and 32 (1 to 4 stamps, times 8 channels): a checkerboard"),
        "a kernel of 5": (second(same(8, 5)), WRONG),
        "a kernel of 1": (second("Conv2DTranspose(8, 1, 2)"), WRONG),
        "a kernel of 4 × 3": (second(same(8, (4, 3))), WRONG),
        "an even kernel without same": (second("Conv2DTranspose(8, 4, 2)"), WRONG),
        "uneven after a convolution": (second(f"Conv2D(4, 1), {same(8, 3)}"), "between 32 and 128: a checkerboard"),
        "a grid evened out": (
            evened_out(same(8, 3)),
            f"{GRID} (k = 3, s = 2); your last convolution only averages it away.",
        ),
        "a grid along the columns": (evened_out(same(8, (4, 5))), f"{GRID} (k = 5, s = 2)"),
        "a grid evened out by a mean": (
            second(f"{same(8, 3)}, AveragePooling2D(2, 1, 'same')"),
            f"{GRID} (k = 3, s = 2); what comes after them only averages it away.",
        ),
        "the trap": (
            second(f"Conv2D(8, 1), {same(8, 4, 'output_padding=0')}"),
            (f"The second way does not run, because of its layer 2. {TRAP}",),
        ),
    },
    "decoder": {
        # An even kernel: 1 for the smaller of the two sizes, and nothing at all for the larger.
        "with an even kernel": (
            lambda n: keras.Sequential(
                decoder(lambda n: [1 if size % 2 else None for size in halves(n)[::-1]], 2, 4)(n)
            ),
            RIGHT,
        ),
        "another kind": (lambda n: [LAYERS.UpSampling2D(2)] * 3, f"layer 1 of your list is a `UpSampling2D`; {THREE}"),
        "two layers": (lambda n: [LAYERS.UpSampling2D(2)] * 2, f"your list holds 2 layers; {THREE}"),
        "good for 28 only": (
            decoder(lambda n: (0, 1, 1)),
            (
                "For n = 25 the way down is 25 → 13 → 7 → 4. Your layers go back 4 → 7 → 14 → 28; "
                "asked for: 4 → 7 → 13 → 25.",
            ),
            None,
        ),
        "in one jump": (
            lambda n: [LAYERS.Conv2DTranspose(8, k) for k in (n - (n + 7) // 8 + 1, 1, 1)],
            "go back 4 → 28 → 28 → 28; asked for: 4 → 7 → 14 → 28",
        ),
        "forwards": (decoder(lambda n: [(size - 1) % 2 for size in halves(n)]), (..., FORWARDS), None),
        "forwards, k = 4": (decoder(lambda n: [1 if i % 2 else None for i in halves(n)], 4), (..., FORWARDS), None),
        "the wrong way round": (decoder(lambda n: [size % 2 for size in halves(n)[::-1]]), (..., SWAPPED), None),
        "swapped, k = 4": (decoder(lambda n: [None if i % 2 else 1 for i in halves(n)[::-1]], 4), (...,), None),
        "in an order of its own": (decoder(lambda n: (1, 1, 0)), (...,), None),
        "left out": (decoder(lambda n: (None,) * 3), m.MULTIPLYING_UNDOES, "The smallest case that tells"),
        **each(
            "the same everywhere",
            (0, 1),
            lambda extra: (
                decoder(lambda n: (extra,) * 3),
                m.ONE_WAY_BACK,
                Unsaid("smallest case"),
                "6. Choose which size comes back",
            ),
        ),
        **each(
            "the trap of an even kernel",
            (2, 4, (3, 4)),
            lambda k: (decoder(lambda n: (1, 0, 1), k), ("For n = 28 layer 2 does not run. " + TRAP,)),
        ),
        # What does not run for another reason is told that reason.
        **each(
            "too large",
            product((2, 4, (3, 4)), ({}, {"output_padding": 0}, {"padding": "same"})),
            lambda case: (
                lambda n: [LAYERS.Conv2DTranspose(8, case[0], strides=2000, **case[1])] * 3,
                "too large to try",
                Unsaid("section 6, One trap"),
            ),
        ),
    },
}


@pytest.mark.parametrize(("exercise", "row"), [(name, row) for name in ANSWERS for row in ANSWERS[name]])
def test_an_answer_gets_its_verdict(exercise: str, row: str) -> None:
    check_verdict(getattr(lesson, exercise), *ANSWERS[exercise][row])


# -- the truths, by pencil and against the axes -------------------------------------------------------------------


def test_the_known_wrong_blends_are_those_of_the_prediction() -> None:
    blends = {one.misconception: one.answer([0, 12]) for one in lesson.blend_row.wrong_answers}
    assert blends[m.FAR_CELL_WINS] == [0, 9, 3, 12]
    assert blends[m.LEFT_LEANS_RIGHT] == [3, 0, 12, 9]
    assert blends[m.PLAIN_MEAN] == [0, 6, 6, 12]


@pytest.mark.parametrize(("k", "s"), list(product((2, 4, 6), (2, 3, 4))))
def test_an_even_kernel_takes_one_for_the_smallest_size_and_fails_at_zero(k: int, s: int) -> None:
    for o in (2, 3, 5):
        with pytest.raises(KerasRefusal):
            truth.transposed_size(o, k, s, "same", 0)
        came_from = [n for n in range(1, o * s + 2) if truth.same_step_size(n, k, s) == o]
        assert [truth.transposed_size(o, k, s, "same", e) for e in (*range(1, s), None)] == came_from


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
    frame = UpsamplingSettings(8, mode=ROUND_TRIP).frame()
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
