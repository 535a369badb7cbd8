"""Lesson 03: what its exercises say to answers, right and wrong, and what its truths are made of.

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

from course_utils.axes import Window
from course_utils.data import picture
from course_utils.exercises import lesson_03 as lesson, misconceptions as m, truth

LAYERS = keras.layers
SMALLEST = float(np.finfo(np.float32).min)

# -- answers ------------------------------------------------------------------------------------------------------


def with_lost(lost: Callable[[int, int, int], int]) -> Callable[[int, int, int], tuple[int, int]]:
    """The right size, with what somebody takes for the rows that are lost."""
    return lambda n, k, s: ((n - k) // s + 1, lost(n, k, s))


def counting_as(ghost: float) -> Callable[[Any], Any]:
    def pooled(window: Any) -> Any:
        cells = [cell for cell in window if cell is not None]
        return max(ghost if cell is None else cell for cell in window), sum(cells) / len(cells)

    return pooled


def of_some(cells: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Maximum and mean of the cells that somebody chooses."""
    return lambda window: (max(cells(window)), sum(cells(window)) / len(cells(window)))


def pools(*settings: str) -> Callable[[], Any]:
    """Poolings with a window of 2 and these settings."""
    return layers(", ".join(f"MaxPooling2D(2, {one})" for one in settings))


def swapped(axis: int) -> Callable[[Any], Any]:
    """Neighbours in a window exchanged, along one axis."""
    return lambda x: np.take(x, np.arange(x.shape[axis]) ^ 1, axis=axis)


def written(*steps: tuple[Any, Callable[[Any, Any], Any]], into_x: bool = False) -> Callable[[Any], Any]:
    """Pieces of a copy ``y`` of the map, or of the map itself, set one after the other to what is made of y and x."""

    def twin(x: Any) -> Any:
        y = x if into_x else x.astype(np.float64)
        for place, value in steps:
            y[place] = value(y, x)
        return y

    return twin


def of_first_window(place: Callable[[Any], Any], value: Callable[[float], float]) -> Callable[[Any], Any]:
    """One cell of the first window replaced: the smallest (``np.argmin``) or the largest."""

    def twin(x: Any) -> Any:
        y = x.astype(np.float64)
        cell = divmod(int(place(y[:2, :2])), 2)
        y[cell] = value(y[cell])
        return y

    return twin


def filled(choose: Callable[[Any], Any], everywhere: bool) -> Callable[[Any], Any]:
    """The first window, or every window, filled with one number of its own, read from x."""

    def twin(x: Any) -> Any:
        y = x.copy()
        for row, column in product(*(range(0, n if everywhere else 1, 2) for n in x.shape)):
            y[row : row + 2, column : column + 2] = choose(x[row : row + 2, column : column + 2])
        return y

    return twin


def padded(value: Any, more_before: bool = False, extra: int = 0, **mode: Any) -> Callable[[Any, int], Any]:
    """A border of this value, or of what ``value`` makes of the map."""

    def with_border(x: Any, k: int) -> Any:
        missing = -len(x) % k
        sides = (missing // 2, missing - missing // 2 + extra)
        constant = {} if mode else {"constant_values": value(x) if callable(value) else value}
        return np.pad(x, sides[::-1] if more_before else sides, **mode, **constant)

    return with_border


def holds_the_maxima_only(x: Any, k: int) -> Any:
    """What the pooled map would be, each number k × k times: its maxima are right, and x is not in it."""
    bordered = padded(-np.inf)(x, k)
    rows = len(bordered) // k
    return np.kron(bordered.reshape(rows, k, rows, k).max(axis=(1, 3)), np.ones((k, k)))


KEEP, SAME, VALID = "1, padding='same'", "padding='same'", "padding='valid'"
FIRST, SECOND = np.s_[:, 0::2], np.s_[:, 1::2]

NONE_IS_THE_GHOST = "`None` is the ghost, and Python can neither compare it with a number nor add it to one."
ZERO_IS_REAL = "0 is a real cell. `if cell` drops it too; write `if cell is not None`."
A_CLASS = "is a class: write `GlobalAveragePooling2D()` with parentheses."
GROWS = "The pooled map still grows with n, and so does what `Flatten` makes of it."
STRIDES = "`strides` is a whole number, without quotation marks."
TOO_LARGE = "Keras goes 27 → 27 → 14 → 7. Asked for: 27 → 27 → 13 → 7."
SWAPPED_WORDS = "Half of 27 rounded down is *valid*, half of 13 rounded up is *same*: your two words are swapped."
MAXIMUM, MEAN = "the first maximum that differs is at ", "the first mean that differs is at "
WRITES = "Your code writes into x while it still reads from it. Start from `x.copy()`."
TWICE = "A number of this window is there twice: was it read from `y` after you had written into `y`? Read from `x`."
KEEP_ALL = "The maximum is kept, the mean is not: the mean sees all four numbers, so keep all four."
FOUR_TIMES = "One number is in this window four times. Keep all four that `x` has there."
WRONG_SIDE = "The ghosts stand on the wrong side."

ANSWERS: Verdicts = {
    "same_pool": {
        "n // k": (lambda n, k: n // k, ("For n = 7, k = 2 your function says 3; Keras gives 4.",)),
    },
    "valid_pool": {
        "n less the windows": (with_lost(lambda n, k, s: n - ((n - k) // s + 1) * k), m.WINDOWS_LIE_SIDE_BY_SIDE),
        "swapped": (
            lambda n, k, s: (n - ((n - k) // s * s + k), (n - k) // s + 1),
            "They are the right two, the other way round",
        ),
        "the remainder": (
            with_lost(lambda n, k, s: (n - k) % s),
            RIGHT,
            "Your function agrees with `MaxPooling2D(k, strides=s)`, in the size and in the rows that no window reads, "
            "in all 123 settings that I tried.",
        ),
        "no row lost": (
            with_lost(lambda n, k, s: 0),
            (
                "For n = 7, k = 2, s = 2 your function says (3, 0); Keras gives (3, 1). "
                "Look at the second number, the rows that no window reads.",
            ),
        ),
        "windows as long as the step": (
            with_lost(lambda n, k, s: n % s),
            m.WINDOWS_ARE_S_LONG,
            "it ends after (o − 1)·s + k rows.",
        ),
        "the size of same": (lambda n, k, s: (-(-n // s), 0), m.STRIDE_ALONE_DIVIDES, "first number, the size."),
    },
    "one_window": {
        **each(
            "a ghost that wins",
            (-9, -10, -11, -20, -50, -1000, -999_999, -1e9, -1e30, 0, np.inf),
            lambda ghost: (counting_as(ghost), f"A ghost that counts as {ghost:.7g} still beats "),
        ),
        **each("a ghost that always loses", (-np.inf, SMALLEST), lambda ghost: (counting_as(ghost), RIGHT)),
        "a ghost as it can be typed": (
            counting_as(-10),
            (
                "For the window [-1000000, None] your function says (-10, -1000000); Keras gives (-1000000, -1000000). "
                "Look at the maximum first.",
                "A ghost that counts as -10 still beats -1000000: leave it out.",
            ),
        ),
        "38 digits as they can be typed": (counting_as(-1e9), "For the window [None, -1e+38, -2e+38] your"),
        "a window as it was given": (
            lambda window: (max(c or 0 for c in window), 7),
            "For the window [-1, -2] your function says (-1, 7); Keras gives (-1, -1.5). Look at the mean first.",
            None,
        ),
        "a window with a ghost as it was given": (
            lambda window: (max(window), -1.5 - 2 * (window[0] // -2)),
            "For the window [-7, None] your function raised TypeError",
        ),
        "a ghost in both": (lambda window: (max(window), sum(window) / 2), NONE_IS_THE_GHOST, "\n  Call "),
        "a ghost in the mean": (
            lambda window: (max(cell for cell in window if cell is not None), sum(window) / len(window)),
            NONE_IS_THE_GHOST,
            "\n  Call ",
        ),
        "a ghost in NumPy": (lambda window: (np.max(window), np.mean(window)), NONE_IS_THE_GHOST, "\n  Call "),
        "what `remove` returns": (
            of_some(lambda window: window.remove(None) if None in window else window),
            Unsaid(NONE_IS_THE_GHOST),
            "\n  Call ",
        ),
        "what `sort` returns": (lambda window: max(window.sort()), Unsaid(NONE_IS_THE_GHOST), "\n  Call "),
        "a ghost that is returned": (lambda window: (None, 1), "Is it a ghost"),
        "the other way round": (
            lambda window: lesson.pooled_window(window)[::-1],
            "other way round: the maximum comes first.",
        ),
        "a yes": (lambda window: (True, 1), "two numbers are needed"),
        "zeros dropped with ghosts": (of_some(lambda window: [cell for cell in window if cell]), (..., ZERO_IS_REAL)),
        "zeros": (lambda window: (0, 0), Unsaid(ZERO_IS_REAL)),
    },
    "three_pools": {
        "in other words": (
            layers("MaxPooling2D((2, 2), (1, 1), 'same'), MaxPooling2D(2), MaxPooling2D(2, 2, 'same')"),
            RIGHT,
        ),
        "a step of 2 that is written": (
            pools("strides=2, padding='same'", VALID, SAME),
            (
                "Keras goes 27 → 14 → 7 → 4. Asked for: 27 → 27 → 13 → 7.",
                "Your first window moves by 2 cells at a time. Which step keeps 27?",
            ),
            None,
        ),
        "two words swapped": (pools(KEEP, SAME, VALID), (TOO_LARGE, SWAPPED_WORDS), None),
        "a right end after a wrong size": (pools(KEEP, SAME, SAME), (TOO_LARGE,), m.ROUNDING_HIDES),
        "27 is not kept": (pools("1", VALID, SAME), WRONG),
        "a window of one cell": (layers("MaxPooling2D(1), MaxPooling2D(2), MaxPooling2D(2, 2, 'same')"), WRONG),
        "another step to the right": (pools("(1, 2), 'same'", VALID, SAME), WRONG),
        "a step of none": (pools("0, 'same'", VALID, SAME), WRONG),
        "a number for a word": (pools(KEEP, "padding=1", SAME), Unsaid(STRIDES)),
        "two layers": (pools(VALID, SAME), WRONG),
        "no layer": (list, WRONG),
        **each(
            "a step that is no whole number",
            ("1", "2", "same", 1.0),
            lambda strides: (pools(f"{strides!r}, 'same'"), (..., STRIDES), f"Received strides={strides}"),
        ),
    },
    "any_size": {
        "global maxima": (layers("GlobalMaxPooling2D(), Dense(10)"), RIGHT),
        "ten channels and their means": (layers("Conv2D(10, 1), GlobalAveragePooling2D()"), RIGHT),
        "a size of one": (layers("GlobalAveragePooling2D(keepdims=True), Flatten(), Dense(10)"), RIGHT),
        "always one size": (
            layers("Resizing(2, 2), Flatten(), Dense(10)"),
            RIGHT,
            "One way: global pooling",
        ),
        "a model in the list": (
            layers("keras.Sequential([GlobalAveragePooling2D(), Dense(10)])"),
            RIGHT,
            "with 170 weights",
        ),
        "always one size, and many weights": (layers("Resizing(28, 28), Flatten(), Dense(10)"), WRONG),
        "many weights": (layers("GlobalMaxPooling2D(), Dense(100), Dense(10)"), WRONG),
        "nine numbers": (layers("GlobalMaxPooling2D(), Dense(9)"), WRONG),
        "ten numbers in each cell": (layers("Dense(10)"), WRONG),
        "one cell of two of the pictures": (layers("MaxPooling2D(17), Flatten(), Dense(10)"), WRONG),
        "no layer": (list, WRONG),
        "a window as large as a picture": (
            layers("AveragePooling2D(28), Flatten(), Dense(10)"),
            m.LARGE_POOL_IS_GLOBAL,
            "did not go through: Layer",
        ),
        "a window as large as its half": (
            layers("MaxPooling2D(2), MaxPooling2D(14), Flatten(), Dense(10)"),
            m.LARGE_POOL_IS_GLOBAL,
        ),
        "a pooled map": (layers("MaxPooling2D(4), Flatten(), Dense(10)"), None, GROWS),
        "a line of all cells": (
            layers("Flatten(), Dense(10)"),
            m.FLATTEN_IS_GLOBAL,
            "40 × 40 × 16 did not go through: ",
        ),
        "only a line of all cells": (layers("Flatten()"), None, "that line grows with n"),
        "a class first": (layers("GlobalAveragePooling2D, Dense(10)"), (f"The first thing in your list {A_CLASS}",)),
        "a class": (lambda: LAYERS.GlobalAveragePooling2D, (f"What you return {A_CLASS}",)),
        "a text": (layers("Flatten(), 'Dense(10)'"), "The second thing in your list is a text.", Unsaid("`return`")),
        "an input": (layers("keras.Input((28, 28, 16)), Dense(10)"), "Leave `Input` out; I bring the map."),
        "an output": (
            layers("Flatten()(keras.Input((28, 28, 16)))"),
            "is what comes out of a `Flatten`. Write the layer",
        ),
    },
    "twin": {
        "rows swapped": (swapped(0), RIGHT),
        "columns swapped": (swapped(1), RIGHT),
        "both swapped": (lambda x: swapped(0)(swapped(1)(x)), RIGHT),
        "as lists": (lambda x: swapped(1)(x).tolist(), RIGHT),
        "rows read from x": (written((0, lambda y, x: x[1]), (1, lambda y, x: x[0])), RIGHT),
        "two cells of x itself": (
            written((np.s_[0, :2], lambda y, x: [float(x[0, 1]), float(x[0, 0])]), into_x=True),
            RIGHT,
        ),
        "the very same map": (lambda x: x, WRONG),
        "a map on its side": (lambda x: x.T, WRONG),
        "a map upside down": (lambda x: x[::-1, ::-1], WRONG),
        "a piece of the map": (lambda x: x[:2, :2], WRONG),
        "no numbers": (lambda x: x * np.nan, WRONG),
        "a roll of all cells": (lambda x: np.roll(x, 1), WRONG),
        "nearly equal maxima": (lambda x: swapped(1)(x) + 1e-6 * (x > 4), MAXIMUM),
        "a smaller cell": (of_first_window(np.argmin, lambda v: -20), MEAN + "row 0, column 0", Unsaid(TWICE)),
        "a larger cell": (of_first_window(np.argmin, lambda v: 50), Unsaid("writes into x"), Unsaid(TWICE)),
        "two new cells": (written((np.s_[0, :2], lambda y, x: 50)), Unsaid(TWICE)),
        **each("a shift by one", product((-1, 1), (0, 1)), lambda shift: (lambda x: np.roll(x, *shift), Unsaid(TWICE))),
        **each(
            "hardly another map",
            product((1e-9, 1e-5, 1e-4, 1e-3, 0.02), (np.argmin, np.argmax)),
            lambda nudge: (of_first_window(nudge[1], lambda v: v + nudge[0]), WRONG),
        ),
        "x is written into while it is read": (
            written((FIRST, lambda y, x: x[SECOND]), (SECOND, lambda y, x: x[FIRST]), into_x=True),
            (..., WRITES),
        ),
        "x is written into": (written(((0, 0), lambda y, x: 50), into_x=True), MAXIMUM, Unsaid("writes into x")),
        "x is written into, and the shift is wrong": (
            written((..., lambda y, x: np.roll(x, 1, axis=1)), into_x=True),
            MAXIMUM,
            m.SHIFT_IS_NOT_SEEN,
            Unsaid("writes into x"),
        ),
        # Where y is read from after it was written into, a number is there twice. Where x is read from, it may be, too.
        "rows read from y": (written((0, lambda y, x: y[1]), (1, lambda y, x: y[0])), (..., TWICE)),
        "columns read from y": (
            written((FIRST, lambda y, x: y[SECOND]), (SECOND, lambda y, x: y[FIRST])),
            (..., TWICE),
        ),
        **each(
            "filled with one number, everywhere or not",
            product((True, False), ((np.max, MEAN, KEEP_ALL), (np.min, MAXIMUM, FOUR_TIMES))),
            lambda case: (filled(case[1][0], case[0]), case[1][1] + "row 0, column 0", (..., case[1][2])),
        ),
    },
    "same_by_hand": {
        **each("a number that loses", (SMALLEST, -np.inf, np.min), lambda value: (padded(value), RIGHT)),
        "the nearest real cell": (padded(None, mode="edge"), RIGHT),
        **each("a number that wins", (-128, -1e9, -1e30, -5, np.inf), lambda value: (padded(value), WRONG)),
        "a number that wins once": (
            padded(-100),
            (
                "For k = 2 on a map of 3 × 3 with numbers from -9e+37 to -1e+37 the size is right, and the value at "
                'row 0, column 1 is not: -100; with "same" it is -3e+37.',
                "A ghost that counts as -100 still beats -3e+37. It must lose against every number.",
            ),
        ),
        "zeros": (padded(0), "A ghost that counts as 0 still beats -3.", Unsaid(WRONG_SIDE)),
        "the wrong side": (padded(-np.inf, more_before=True), (..., WRONG_SIDE), Unsaid("A ghost that counts")),
        "another size": (padded(-np.inf, extra=5), WRONG),
        "no number at all": (padded(np.nan), "`nan`"),
        "another map": (lambda x, k: padded(-np.inf)(x.max() - 0 * x, k), WRONG),
        "no border": (lambda x, k: x, WRONG),
        "a piece of the map": (lambda x, k: x[:1, :1], WRONG),
        "no cell": (lambda x, k: np.empty((0, 0)), WRONG),
        "no border around x": (holds_the_maxima_only, "Return x with a border around it."),
    },
}


@pytest.mark.parametrize(("exercise", "row"), [(name, row) for name in ANSWERS for row in ANSWERS[name]])
def test_an_answer_gets_its_verdict(exercise: str, row: str) -> None:
    check_verdict(getattr(lesson, exercise), *ANSWERS[exercise][row])


# -- what the lesson says of Keras, and the truths ----------------------------------------------------------------


def test_the_windows_of_the_check_are_those_of_real_layers() -> None:
    windows = [window for (window,) in lesson.WINDOWS]
    assert [None, 4, -2] in windows and [-5, -3, None] in windows and [7, None] in windows
    pooled = [
        pair
        for row, k in lesson.ROWS
        for pair in zip(truth.pool_row("Max", row, k), truth.pool_row("Average", row, k), strict=True)
    ]
    assert [lesson.pooled_window(window) for window in windows] == pooled


def test_a_word_in_capitals_runs_on_a_map_and_nowhere_else() -> None:
    """As section 2 says of what Keras calls case-insensitive."""
    x = np.ones((1, 28, 28, 1), dtype=np.float32)
    assert LAYERS.MaxPooling2D(2, padding="SAME")(x).shape == (1, 14, 14, 1)
    with pytest.raises(ValueError, match="padding=SAME"):
        LAYERS.MaxPooling2D(2, padding="SAME").compute_output_shape(x.shape)
    with pytest.raises(ValueError, match="padding=SAME"):
        keras.Sequential([keras.Input((28, 28, 1)), LAYERS.MaxPooling2D(2, padding="SAME")])


def test_stripes_are_gone_in_the_maximum_and_not_in_the_mean() -> None:
    stripes = np.asarray(picture("stripes"), dtype=np.float32)[np.newaxis, :, :, np.newaxis]
    assert set(np.unique(stripes)) == {0, 1}
    assert set(np.unique(LAYERS.MaxPooling2D(4)(stripes))) == {1}
    assert len(np.unique(LAYERS.AveragePooling2D(4)(stripes))) > 1


def test_what_is_measured_is_what_the_axes_say() -> None:
    """The cells that light up, against the formulas of the course; neither knows the other."""
    for n, k, s in product(range(1, 9), range(1, 6), range(1, 5)):
        if k <= n:
            assert truth.unused_inputs(n, k, s) == len(Window(k, s).unused_inputs(n))
        if s == 1:
            axis = Window(k, k, padding="same")
            taps = [axis.taps(i, n) for i in range(axis.output_size(n))]
            assert truth.pool_reads(n, k) == tuple(tuple(j for j in one if 0 <= j < n) for one in taps)
            assert truth.pool_ghosts(n, k) == sum(axis.pads(n))
