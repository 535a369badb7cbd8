"""Lesson 03: right answers turn green, known wrong ones are told their name, open questions take every right answer.

Right and wrong are asked from real Keras layers; the constants here were worked out with pencil and paper.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import keras
import numpy as np
import pytest

from course_utils.axes import Window
from course_utils.data import picture
from course_utils.exercises import lesson_03 as lesson, misconceptions as m, truth
from course_utils.exercises.result import Outcome

NOTEBOOK = "03_pool.ipynb"
LAYERS = keras.layers
# -- what is said, and the answers with several right ones --------------------------------------------------------


def test_the_simplest_setting_that_differs_is_shown() -> None:
    result = lesson.same_pool.evaluate(lambda n, k: n // k)
    assert result.lines == ("For n = 7, k = 2 your function says 3; Keras gives 4.",)
    result = lesson.valid_pool.evaluate(lambda n, k, s: ((n - k) // s + 1, 0))
    assert result.lines == (
        "For n = 7, k = 2, s = 2 your function says (3, 0); Keras gives (3, 1). "
        "Look at the second number, the rows that no window reads.",
    )


def test_a_window_is_shown_as_it_was_given() -> None:
    result = lesson.one_window.evaluate(lambda window: (max(c or 0 for c in window), 7))
    assert "For the window [-1, -2] your function says (-1, 7); Keras gives (-1, -1.5)." in result.lines[0]
    assert "Look at the mean first." in result.lines[0]
    assert result.misconception is None
    result = lesson.one_window.evaluate(lambda window: (max(window), -1.5 - 2 * (window[0] // -2)))
    assert "For the window [-7, None] your function raised TypeError" in str(result)


def counting_as(ghost: float) -> Callable[[Any], Any]:
    def pooled(window: Any) -> Any:
        cells = [cell for cell in window if cell is not None]
        return max(ghost if cell is None else cell for cell in window), sum(cells) / len(cells)

    return pooled


@pytest.mark.parametrize("ghost", [-9, -10, -11, -20, -50, -1000, -999_999, -1e9, -1e30, 0, np.inf])
def test_no_number_will_do_for_a_ghost(ghost: float) -> None:
    result = lesson.one_window.evaluate(counting_as(ghost))
    assert result.outcome is Outcome.WRONG
    assert f"A ghost that counts as {ghost:.7g} still beats " in str(result)


@pytest.mark.parametrize("ghost", [-np.inf, float(np.finfo(np.float32).min)])
def test_what_loses_against_every_cell_will_do_for_a_ghost(ghost: float) -> None:
    assert lesson.one_window.evaluate(counting_as(ghost)).outcome is Outcome.RIGHT


def test_a_cell_that_is_hardly_more_than_a_ghost_is_written_as_it_can_be_typed() -> None:
    assert lesson.one_window.evaluate(counting_as(-10)).lines[:2] == (
        "For the window [-1000000, None] your function says (-10, -1000000); Keras gives (-1000000, -1000000). "
        "Look at the maximum first.",
        "A ghost that counts as -10 still beats -1000000: leave it out.",
    )
    assert "For the window [None, -1e+38, -2e+38] your" in str(lesson.one_window.evaluate(counting_as(-1e9)))


def none_of_its_own(window: Any) -> Any:
    """``remove`` returns None: "'NoneType' object is not iterable"."""
    cells = window.remove(None) if None in window else window
    return max(cells), sum(cells) / len(cells)


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (none_of_its_own, False),
        (lambda window: (max(window), sum(window) / 2), True),
        (lambda window: (max(c for c in window if c is not None), sum(window) / len(window)), True),
        (lambda window: (np.max(window), np.mean(window)), True),
        (lambda window: (max(window.sort()), 1), False),
    ],
)
def test_a_ghost_in_a_sum_or_a_maximum_is_told_to_be_one(function: Callable[[Any], Any], told: bool) -> None:
    result = lesson.one_window.evaluate(function)
    assert result.outcome is Outcome.WRONG
    assert (result.lines[1].startswith("`None` is the ghost, and Python can neither compare it")) == told, str(result)
    assert "Call " in result.lines[-1]


def test_a_ghost_that_is_returned_is_told() -> None:
    assert "Is it a ghost" in str(lesson.one_window.evaluate(lambda window: (None, 1)))
    assert "two numbers are needed" in str(lesson.one_window.evaluate(lambda window: (True, 1)))


def test_the_windows_of_the_check_hold_ghosts_on_both_sides() -> None:
    windows = [window.cells for window in lesson._windows()]
    assert (None, 4.0, -2.0) in windows
    assert (-5.0, -3.0, None) in windows
    assert (7.0, None) in windows
    assert all(any(cell is not None for cell in cells) for cells in windows)


def pool(*args: Any, **settings: Any) -> Callable[[], Any]:
    return lambda: LAYERS.MaxPooling2D(*args, **settings)


@pytest.mark.parametrize(
    ("layers", "right"),
    [
        ([pool((2, 2), strides=(1, 1), padding="same"), pool(2), pool(2, 2, "same")], True),
        ([pool(2, strides=1, padding="same"), pool(2, padding="same"), pool(2, padding="same")], False),
        ([pool(2, strides=1), pool(2, padding="valid"), pool(2, padding="same")], False),
        ([pool(1, padding="same"), pool(2, padding="valid"), pool(2, padding="same")], False),
        ([pool(2, strides=(1, 2), padding="same"), pool(2, padding="valid"), pool(2, padding="same")], False),
        ([pool(2, strides=1, padding="same"), pool(2, padding=1), pool(2, padding="same")], False),
        ([pool(2, strides=0, padding="same"), pool(2, padding="valid"), pool(2, padding="same")], False),
        ([pool(2, padding="valid"), pool(2, padding="same")], False),
        ([], False),
    ],
)
def test_the_road_is_judged_by_every_size_on_it(layers: list[Callable[[], Any]], right: bool) -> None:
    result = lesson.three_pools.evaluate(lambda: [make() for make in layers])
    assert (result.outcome is Outcome.RIGHT) == right, str(result)
    assert result.outcome is not Outcome.NOT_CHECKED


@pytest.mark.parametrize("strides", ["1", "2", "same", 1.0])
def test_a_step_that_is_no_number_is_told_so(strides: Any) -> None:
    result = lesson.three_pools.evaluate(lambda: [pool(2, strides, "same")(), pool(2)(), pool(2, 2, "same")()])
    assert result.outcome is Outcome.WRONG
    assert f"Received strides={strides}" in result.lines[0]
    assert result.lines[1:] == ("`strides` is a whole number, without quotation marks.",)
    word = lesson.three_pools.evaluate(lambda: [pool(2, 1, "same")(), pool(2, padding=1)(), pool(2, 2, "same")()])
    assert "`strides` is a whole number" not in str(word)


def test_two_words_that_are_swapped_are_told_so() -> None:
    result = lesson.three_pools.evaluate(lambda: [pool(2, 1, "same")(), pool(2, 2, "same")(), pool(2, 2, "valid")()])
    assert result.lines == (
        "Keras goes 27 → 27 → 14 → 7. Asked for: 27 → 27 → 13 → 7.",
        "Half of 27 rounded down is *valid*, half of 13 rounded up is *same*: your two words are swapped.",
    )
    assert result.misconception is None


def test_a_right_end_on_a_wrong_road_is_told_the_road() -> None:
    result = lesson.three_pools.evaluate(lambda: [pool(2, 1, "same")(), pool(2, 2, "same")(), pool(2, 2, "same")()])
    assert result.lines == ("Keras goes 27 → 27 → 14 → 7. Asked for: 27 → 27 → 13 → 7.",)
    assert result.misconception is m.ROUNDING_HIDES


@pytest.mark.parametrize(
    ("layers", "right"),
    [
        (lambda: [LAYERS.GlobalMaxPooling2D(), LAYERS.Dense(10)], True),
        (lambda: [LAYERS.GlobalAveragePooling2D(keepdims=True), LAYERS.Flatten(), LAYERS.Dense(10)], True),
        (lambda: [LAYERS.Conv2D(10, 1), LAYERS.GlobalAveragePooling2D()], True),
        (lambda: [LAYERS.Resizing(2, 2), LAYERS.Flatten(), LAYERS.Dense(10)], True),
        (lambda: [LAYERS.Resizing(28, 28), LAYERS.Flatten(), LAYERS.Dense(10)], False),
        (lambda: [LAYERS.GlobalMaxPooling2D(), LAYERS.Dense(9)], False),
        (lambda: [LAYERS.Dense(10)], False),
        (lambda: [LAYERS.GlobalMaxPooling2D(), LAYERS.Dense(100), LAYERS.Dense(10)], False),
        (lambda: [LAYERS.MaxPooling2D(17), LAYERS.Flatten(), LAYERS.Dense(10)], False),
        (list, False),
    ],
)
def test_a_head_takes_every_picture_and_stays_small(layers: Callable[[], Any], right: bool) -> None:
    result = lesson.any_size.evaluate(layers)
    assert (result.outcome is Outcome.RIGHT) == right, str(result)
    assert result.outcome is not Outcome.NOT_CHECKED


def test_a_model_in_the_list_is_not_bound_to_the_first_picture() -> None:
    def ending() -> Any:
        return [keras.Sequential([LAYERS.GlobalAveragePooling2D(), LAYERS.Dense(10)])]

    result = lesson.any_size.evaluate(ending)
    assert result.outcome is Outcome.RIGHT, str(result)
    assert "with 170 weights" in result.lines[0]


def swapped(axis: int) -> Callable[[Any], Any]:
    """Neighbours in a window exchanged, along one axis."""
    return lambda x: np.take(x, np.arange(x.shape[axis]) ^ 1, axis=axis)


def with_cell(value: float) -> Callable[[Any], Any]:
    def change(x: Any) -> Any:
        y = x.copy()
        y[np.unravel_index(y[:2, :2].argmin(), (2, 2))] = value
        return y

    return change


@pytest.mark.parametrize(
    ("make", "right"),
    [
        (swapped(0), True),
        (swapped(1), True),
        (lambda x: swapped(0)(swapped(1)(x)), True),
        (lambda x: swapped(1)(x).tolist(), True),
        (lambda x: x, False),
        (lambda x: x.T, False),
        (lambda x: x[::-1, ::-1], False),
        (with_cell(-20), False),
        (with_cell(50), False),
        (lambda x: x[:2, :2], False),
        (lambda x: x * np.nan, False),
        (lambda x: np.roll(x, 1), False),
    ],
)
def test_every_twin_is_accepted_and_nothing_else(make: Callable[[Any], Any], right: bool) -> None:
    result = lesson.twin.evaluate(make)
    assert (result.outcome is Outcome.RIGHT) == right, str(result)


def in_place(x: Any) -> Any:
    x[:, 0::2], x[:, 1::2] = x[:, 1::2], x[:, 0::2]
    return x


def in_place_and_right(x: Any) -> Any:
    x[0, 0], x[0, 1] = float(x[0, 1]), float(x[0, 0])
    return x


def test_whoever_writes_into_x_while_reading_it_is_told_so() -> None:
    result = lesson.twin.evaluate(in_place)
    assert result.outcome is Outcome.WRONG
    assert result.lines[-1] == "Your code writes into x while it still reads from it. Start from `x.copy()`."
    assert "writes into x" not in str(lesson.twin.evaluate(with_cell(50)))
    assert lesson.twin.evaluate(in_place_and_right).outcome is Outcome.RIGHT


def in_place_one_after_the_other(x: Any) -> Any:
    x[:, 0::2] = x[:, 1::2]
    x[:, 1::2] = x[:, 0::2]
    return x


def in_place_and_no_twin(x: Any) -> Any:
    x[0, 0] = 50
    return x


def in_place_and_shifted(x: Any) -> Any:
    x[:] = np.roll(x, 1, axis=1)
    return x


def test_whoever_writes_into_x_is_told_so_only_if_that_is_what_is_wrong() -> None:
    assert "writes into x" in str(lesson.twin.evaluate(in_place_one_after_the_other))
    for no_twin in (in_place_and_no_twin, in_place_and_shifted):
        assert "the first maximum that differs" in str(lesson.twin.evaluate(no_twin))
        assert "writes into x" not in str(lesson.twin.evaluate(no_twin))
    assert lesson.twin.evaluate(in_place_and_shifted).misconception is m.SHIFT_IS_NOT_SEEN


def rows_after_each_other(x: Any) -> Any:
    y = x.copy()
    y[0], y[1] = y[1], y[0]
    return y


def columns_after_each_other(x: Any) -> Any:
    y = x.copy()
    y[:, 0::2] = y[:, 1::2]
    y[:, 1::2] = y[:, 0::2]
    return y


def something_new(x: Any) -> Any:
    y = x.copy()
    y[0, 0] = y[0, 1] = 50
    return y


def read_from_x(x: Any) -> Any:
    y = x.copy()
    y[0], y[1] = x[1], x[0]
    return y


def test_whoever_reads_what_was_overwritten_in_y_is_told_so() -> None:
    told = (
        "A number of this window stands there twice: was it read from `y` after you had written into `y`? "
        "Read from `x`."
    )
    for overwritten in (rows_after_each_other, columns_after_each_other):
        result = lesson.twin.evaluate(overwritten)
        assert result.outcome is Outcome.WRONG
        assert result.lines[1:] == (told,)
    assert lesson.twin.evaluate(read_from_x).outcome is Outcome.RIGHT
    rolled = [lambda x, by=by, axis=axis: np.roll(x, by, axis) for by in (-1, 1) for axis in (0, 1)]
    for other in (something_new, with_cell(-20), with_cell(50), in_place_one_after_the_other, *rolled):
        assert told not in str(lesson.twin.evaluate(other))


def one_number(choose: Callable[[Any], Any], everywhere: bool = False) -> Callable[[Any], Any]:
    """The first window, or every window, filled with one number of its own, read from x."""

    def filled(x: Any) -> Any:
        y = x.copy()
        for row, column in np.ndindex(x.shape[0] // 2, x.shape[1] // 2):
            if everywhere or row == column == 0:
                window = np.s_[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
                y[window] = choose(x[window])
        return y

    return filled


def test_a_window_filled_with_one_number_is_told_to_keep_all_four() -> None:
    """Nothing was read from ``y``, so nobody is asked about that."""
    for everywhere in (False, True):
        result = lesson.twin.evaluate(one_number(np.max, everywhere))
        assert "the first mean that differs is at row 0, column 0" in result.lines[0]
        assert result.lines[1:] == (
            "The maximum is kept, the mean is not: the mean sees all four numbers, so keep all four.",
        )
        result = lesson.twin.evaluate(one_number(np.min, everywhere))
        assert "the first maximum that differs is at row 0, column 0" in result.lines[0]
        assert result.lines[1:] == ("One number stands in this window four times. Keep all four that `x` has there.",)


def nudged(by: float, largest: bool) -> Callable[[Any], Any]:
    """The very same map, but for a little in one cell."""

    def change(x: Any) -> Any:
        y = x.astype(np.float64)
        window = y[:2, :2]
        y[np.unravel_index(window.argmax() if largest else window.argmin(), (2, 2))] += by
        return y

    return change


@pytest.mark.parametrize("by", [1e-9, 1e-5, 1e-4, 1e-3, 0.02])
@pytest.mark.parametrize("largest", [True, False])
def test_a_cell_that_is_changed_a_little_makes_no_twin(by: float, largest: bool) -> None:
    assert lesson.twin.evaluate(nudged(by, largest)).outcome is Outcome.WRONG


def test_the_maxima_are_compared_exactly() -> None:
    def nearly(x: Any) -> Any:
        return swapped(1)(x) + 1e-6 * (x > 4)

    assert "the first maximum that differs" in str(lesson.twin.evaluate(nearly))


@pytest.mark.parametrize(
    ("size", "belief"),
    [
        (lambda n, k: n // k + 1, "ONE_MORE_THAN_FIT"),
        (lambda n, k: round(n / k), "SAME_ROUNDS_TO_THE_NEAREST"),
        (lambda n, k: n - k + 1, "POOL_STRIDE_IS_ONE"),
    ],
)
def test_a_wrong_size_of_same_is_named(size: Callable[[int, int], int], belief: str) -> None:
    assert lesson.same_pool.evaluate(size).misconception is getattr(m, belief)


def test_valid_pool_names_side_by_side_and_the_size_of_same() -> None:
    result = lesson.valid_pool.evaluate(lambda n, k, s: ((n - k) // s + 1, n % k))
    assert result.misconception is m.WINDOWS_LIE_SIDE_BY_SIDE
    result = lesson.valid_pool.evaluate(lambda n, k, s: (-(-n // s), 0))
    assert result.misconception is m.STRIDE_ALONE_DIVIDES
    assert "Look at the first number, the size." in result.lines[0]


def test_valid_pool_names_windows_that_are_taken_to_be_as_long_as_the_step() -> None:
    def size(n: int, k: int, s: int) -> int:
        return (n - k) // s + 1

    for lost in (lambda n, k, s: n % s, lambda n, k, s: n - size(n, k, s) * s):
        result = lesson.valid_pool.evaluate(lambda n, k, s, lost=lost: (size(n, k, s), lost(n, k, s)))
        assert result.misconception is m.WINDOWS_ARE_S_LONG
    assert "it ends after (o − 1)·s + k rows." in m.WINDOWS_ARE_S_LONG.sentence


def test_what_valid_pool_agrees_with_is_said_in_a_sentence() -> None:
    result = lesson.valid_pool.evaluate(lambda n, k, s: ((n - k) // s + 1, (n - k) % s))
    assert result.outcome is Outcome.RIGHT
    assert result.lines[0] == (
        "Your function agrees with `MaxPooling2D(k, strides=s)`, in the size and in the rows that no window reads, in "
        "all 123 settings that I tried."
    )


def test_a_zero_that_was_dropped_with_the_ghosts_is_told() -> None:
    def pooled(window: Any) -> Any:
        cells = [cell for cell in window if cell]
        return max(cells), sum(cells) / len(cells)

    sentence = "0 is a real cell. `if cell` drops it too; write `if cell is not None`."
    assert sentence in lesson.one_window.evaluate(pooled).lines
    assert sentence not in lesson.one_window.evaluate(lambda window: (0, 0)).lines


def head(*names: tuple[str, Any]) -> Callable[[], Any]:
    return lambda: [getattr(LAYERS, name)(*args) for name, args in names]


FLATTEN, DENSE = ("Flatten", ()), ("Dense", (10,))


@pytest.mark.parametrize(
    ("layers", "belief", "sentence"),
    [
        (head(("AveragePooling2D", (28,)), FLATTEN, DENSE), "LARGE_POOL_IS_GLOBAL", "did not go through: Layer"),
        (head(("MaxPooling2D", (2,)), ("MaxPooling2D", (14,)), FLATTEN, DENSE), "LARGE_POOL_IS_GLOBAL", ""),
        (head(("MaxPooling2D", (4,)), FLATTEN, DENSE), None, "The pooled map still grows with n, and so does what"),
        (head(FLATTEN, DENSE), "FLATTEN_IS_GLOBAL", "40 × 40 × 16 did not go through: "),
        (head(FLATTEN), None, "that line grows with n"),
    ],
)
def test_a_head_is_told_what_binds_it(layers: Callable[[], Any], belief: str | None, sentence: str) -> None:
    result = lesson.any_size.evaluate(layers)
    assert result.misconception is (getattr(m, belief) if belief else None), str(result)
    assert sentence in str(result)
    if belief is None:
        assert "Dense` after" not in str(result)


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (lambda: [LAYERS.GlobalAveragePooling2D, LAYERS.Dense(10)], "The first thing in your list is a class: write"),
        (lambda: [LAYERS.GlobalAveragePooling2D], "`GlobalAveragePooling2D()` with parentheses."),
        (lambda: LAYERS.GlobalAveragePooling2D, "What you return is a class: write `GlobalAveragePooling2D()`"),
        (lambda: [LAYERS.Flatten(), "Dense(10)"], "The second thing in your list is a text."),
        (lambda: [keras.Input((28, 28, 16)), LAYERS.Dense(10)], "Leave `Input` out; I bring the map."),
        (lambda: [LAYERS.Flatten()(keras.Input((28, 28, 16)))], "what comes out of a `Flatten`"),
    ],
)
def test_what_is_nearly_a_layer_is_told_what_it_is(made: Callable[[], Any], sentence: str) -> None:
    result = lesson.any_size.evaluate(made)
    assert result.outcome is Outcome.WRONG
    assert sentence in str(result)
    assert "`return`" not in str(result)


def test_a_map_with_the_same_maxima_only_is_told_about_the_mean() -> None:
    assert "the first mean that differs is at row 0, column 0" in str(lesson.twin.evaluate(with_cell(-20)))


def padded(value: float, more_before: bool = False, extra: int = 0) -> Callable[[Any, int], Any]:
    def with_border(x: Any, k: int) -> Any:
        missing = -len(x) % k
        sides = (missing // 2, missing - missing // 2 + extra)
        return np.pad(x, sides[::-1] if more_before else sides, constant_values=value)

    return with_border


@pytest.mark.parametrize(
    ("make", "right"),
    [
        (padded(-np.inf), True),
        (padded(float(np.finfo(np.float32).min)), True),
        (lambda x, k: np.pad(x, (-len(x) % k // 2, -len(x) % k - -len(x) % k // 2), mode="edge"), True),
        (padded(-100), False),
        (padded(-128), False),
        (padded(-1e9), False),
        (padded(-1e30), False),
        (lambda x, k: np.pad(x, (-len(x) % k // 2, -len(x) % k - -len(x) % k // 2), constant_values=x.min()), True),
        (padded(0), False),
        (padded(-5), False),
        (padded(np.inf), False),
        (padded(-np.inf, more_before=True), False),
        (padded(-np.inf, extra=5), False),
        (padded(np.nan), False),
        (lambda x, k: padded(-np.inf)(x.max() - 0 * x, k), False),
        (lambda x, k: x, False),
        (lambda x, k: x[:1, :1], False),
        (lambda x, k: np.empty((0, 0)), False),
    ],
)
def test_same_by_hand_needs_the_sides_and_the_value(make: Callable[[Any, int], Any], right: bool) -> None:
    result = lesson.same_by_hand.evaluate(make)
    assert (result.outcome is Outcome.RIGHT) == right, str(result)
    assert result.outcome is not Outcome.NOT_CHECKED


def test_a_number_that_wins_for_a_ghost_is_told_by_whom_it_is_beaten() -> None:
    said = lesson.same_by_hand.evaluate(padded(-100)).lines
    assert said == (
        "For k = 2 on a map of 3 × 3 with numbers from -9e+37 to -1e+37 the size is right, and the value at row 0, "
        'column 1 is not: -100; with "same" it is -3e+37.',
        "A ghost that counts as -100 still beats -3e+37. It must lose against every number.",
    )
    assert "A ghost that counts as 0 still beats -3." in str(lesson.same_by_hand.evaluate(padded(0)))
    assert "A ghost that counts" not in str(lesson.same_by_hand.evaluate(padded(-np.inf, more_before=True)))


def holds_the_maxima_only(x: Any, k: int) -> Any:
    """What the pooled map would be, each number k × k times: its maxima are right, and x is not in it."""
    bordered = padded(-np.inf)(x, k)
    rows = len(bordered) // k
    return np.kron(bordered.reshape(rows, k, rows, k).max(axis=(1, 3)), np.ones((k, k)))


def test_what_is_no_border_around_x_is_told_so() -> None:
    said = str(lesson.same_by_hand.evaluate(holds_the_maxima_only))
    assert "Return x with a border around it." in said
    assert "`nan`" in str(lesson.same_by_hand.evaluate(padded(np.nan)))
    sides = "The ghosts stand on the wrong side."
    assert sides in lesson.same_by_hand.evaluate(padded(-np.inf, more_before=True)).lines
    assert sides not in lesson.same_by_hand.evaluate(padded(0)).lines


def test_a_word_in_capitals_runs_on_a_map_and_nowhere_else() -> None:
    """As section 2 says of what Keras calls case-insensitive."""
    x = np.ones((1, 28, 28, 1), dtype=np.float32)
    assert LAYERS.MaxPooling2D(2, padding="SAME")(x).shape == (1, 14, 14, 1)
    with pytest.raises(ValueError, match="padding=SAME"):
        LAYERS.MaxPooling2D(2, padding="SAME").compute_output_shape(x.shape)
    with pytest.raises(ValueError, match="padding=SAME"):
        keras.Sequential([keras.Input((28, 28, 1)), LAYERS.MaxPooling2D(2, padding="SAME")])


def test_the_stripes_of_the_picture_are_gone_in_the_maximum_and_not_in_the_mean() -> None:
    stripes = np.asarray(picture("stripes"), dtype=np.float32)[np.newaxis, :, :, np.newaxis]
    assert set(np.unique(stripes)) == {0, 1}
    assert set(np.unique(LAYERS.MaxPooling2D(4)(stripes))) == {1}
    assert len(np.unique(LAYERS.AveragePooling2D(4)(stripes))) > 1


# -- the catalogue, and what the real layers say ------------------------------------------------------------------


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
