"""Lesson 05: what is special to its exercises, and its truths worked out by hand.

The numbers here were worked out with pencil and paper; what is measured is held against ``axes`` and ``size_formulas``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import keras
import nbformat
import numpy as np
import pytest
from lessons import solve

from course_utils.axes import Upsample, Window
from course_utils.exercises import lesson_05 as lesson, misconceptions, truth
from course_utils.exercises.core import Exercise
from course_utils.exercises.result import Outcome
from course_utils.keras_layers import KerasRefusal

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "05_solve_the_autoencoder.ipynb"
LAYERS = keras.layers


# -- what is measured ---------------------------------------------------------------------------------------------


def test_the_sizes_are_the_ones_worked_out_by_hand() -> None:
    assert [truth.autoencoder_size(n) for n in (1, 8, 9, 20, 23, 25, 28, 32, 33)] == [4, 4, 12, 20, 20, 28, 28, 28, 36]
    assert [truth.all_same_size(n) for n in (1, 8, 23, 25, 28, 32)] == [8, 8, 24, 32, 32, 32]
    assert truth.sizes(23, truth.ALL_SAME) == (23, 12, 12, 6, 6, 3, 3, 6, 6, 12, 12, 24, 24)
    assert [n for n in range(1, 41) if truth.closes(n)] == [4, 12, 20, 28, 36]
    assert [n for n in range(20, 41) if truth.can_be_cropped(n) == "yes"] == [20, 25, 26, 27, 28, 33, 34, 35, 36]
    assert (truth.code_size(28), truth.code_numbers(28), truth.code_numbers(40)) == (4, 128, 200)
    assert truth.uneven_layers(28) == (6, 11)
    assert truth.uneven_layers(32) == (11,)
    assert truth.uneven_layers(25) == (2, 4, 6, 11)
    assert truth.cropped_size(25, 3, 4) == 25


def test_a_family_is_what_the_axes_say() -> None:
    """The measured sizes of every member, against the rules of the course put behind one another."""
    for n, m, j in product((9, 28, 33), (1, 2, 3), range(4)):
        if j > m or (n, m, j) == (9, 3, 0):  # a code of 2 has no room for a window of 3
            with pytest.raises(KerasRefusal):
                truth.family_size(n, m, j)
            continue
        axes = [Window(2, stride=2, padding="same")] * m + [Upsample(2)] * j + [Window(3)] + [Upsample(2)] * (m - j)
        o = n
        for axis in axes:
            o = axis.output_size(o)
        assert truth.family_size(n, m, j) == o
    assert truth.family_size(28, 3, 2) == truth.autoencoder_size(28)


def test_which_channels_the_loss_compares() -> None:
    said = {(a, b): truth.mse_of_channels(a, b) for a, b in product(range(1, 5), repeat=2)}
    assert {pair for pair, word in said.items() if word == "an error"} == {
        (2, 3),
        (2, 4),
        (3, 2),
        (3, 4),
        (4, 2),
        (4, 3),
    }


# -- what is said -------------------------------------------------------------------------------------------------


def outcome(exercise: Exercise, answer: Any) -> Outcome:
    return exercise.evaluate(answer).outcome


def test_the_first_size_that_differs_is_shown() -> None:
    assert lesson.out_size.evaluate(lambda n: 28).lines == ("For n = 33 your function says 28; Keras gives 36.",)
    assert lesson.still_closes.evaluate(lambda n: n in (12, 28)).lines == (
        "For n = 44 your function says False; Keras gives True.",
    )


def test_a_comparison_of_numpy_is_a_yes_or_no_and_a_number_is_not() -> None:
    assert outcome(lesson.still_closes, lambda n: np.int64(n) % 16 == 12) is Outcome.RIGHT
    assert outcome(lesson.still_closes, lambda n: n in (12, 28, 44, 60)) is Outcome.RIGHT
    assert "True or False is needed" in str(lesson.still_closes.evaluate(lambda n: n % 16))
    assert outcome(lesson.still_closes, lambda n: lesson.still_closes) is Outcome.WRONG


def test_a_complaint_is_told_as_what_the_loss_does() -> None:
    assert lesson.mse_complains.evaluate(lambda a, b: a != b).lines == (
        "For a = 1, b = 3 your function says True; `mse` gives a number, so False is right.",
    )
    assert lesson.mse_complains.evaluate(lambda a, b: False).lines == (
        "For a = 2, b = 3 your function says False; `mse` gives an error, so True is right.",
    )


@pytest.mark.parametrize(
    ("complains", "belief"),
    [
        (lambda a, b: a != b and b != 1, misconceptions.ONLY_OUTPUTS_REPEATED),
        (lambda a, b: a != b and a != 1, misconceptions.ONLY_TARGETS_REPEATED),
        (lambda a, b: a != b, misconceptions.LOSS_CHECKS_SHAPES),
    ],
)
def test_a_one_that_is_repeated_on_one_side_only_is_named(complains: Any, belief: Any) -> None:
    assert lesson.mse_complains.evaluate(complains).misconception is belief


@pytest.mark.parametrize(
    ("exercise", "count"),
    [
        (lesson.out_size, 42),
        (lesson.still_closes, 60),
        (lesson.crop_rows, 21),
        (lesson.mse_complains, 37),
        (lesson.family_size, 60),
    ],
    ids=lambda thing: getattr(thing, "name", None),
)
def test_as_many_settings_are_tried_as_the_praise_says(exercise: Exercise, count: int) -> None:
    assert f"in all {count} settings" in str(exercise.evaluate(solve(exercise)))
    assert len(set(exercise.checker.cases)) == count  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("share", "right"),
    [
        (lambda rows: (0, rows), True),
        (lambda rows: [0, np.int64(rows)], True),
        (lambda rows: ((0, rows), (0, rows)), True),
        (lambda rows: [[0, rows], [0, rows]], True),
        (lambda rows: np.array([[0, rows], [0, rows]]), True),
        (lambda rows: ((0, rows), (rows, 0)), False),
        (lambda rows: (rows, 0), False),
        (lambda rows: (rows - rows // 2, rows // 2), False),
        (lambda rows: (min(1, rows), max(0, rows - 1)), False),
        (lambda rows: (rows // 2, rows // 2), False),
        (lambda rows: (rows + 1, -1), False),
        (lambda rows: (100, 100), False),
        (lambda rows: rows, False),
    ],
)
def test_all_of_the_surplus_is_cut_and_all_of_it_after_the_map(share: Callable[[int], Any], right: bool) -> None:
    result = lesson.crop_rows.evaluate(lambda n: share(-n % 8))
    assert (result.outcome is Outcome.RIGHT) == right, str(result)


def test_what_is_wrong_with_a_crop_is_said() -> None:
    halves = lesson.crop_rows.evaluate(lambda n: (-n % 8 // 2, -n % 8 - -n % 8 // 2))
    assert halves.lines == (
        "For n = 28 your function says (2, 2); 28 rows are left, as you want, but each is 2 too high: "
        "it is not in its place.",
    )
    assert halves.misconception is misconceptions.HALVES_ARE_IN_PLACE
    assert "32 rows, and 31 are left" in str(lesson.crop_rows.evaluate(lambda n: (0, 1)))
    assert "not cut alike" in str(lesson.crop_rows.evaluate(lambda n: ((0, -n % 8), (-n % 8, 0))))


def test_rows_cut_off_before_move_the_picture_up_by_as_many() -> None:
    cases = [(28, 0, 4), (28, 2, 2), (28, 4, 0), (25, 3, 4), (20, 1, 3), (32, 0, 0), (9, 3, 4), (5, 0, 3)]
    assert [truth.rows_too_high(*case) for case in cases] == [0, 2, 4, 3, 1, 0, 3, 0]


def test_with_four_poolings_it_closes_for_four_of_sixty() -> None:
    assert [n for n in range(1, 61) if truth.closes_with_four(n)] == [12, 28, 44, 60]


def test_a_first_half_that_is_rounded_down_is_named() -> None:
    result = lesson.all_same_road.evaluate([23, 11, 11, 6, 6, 3, 3, 6, 6, 12, 12, 24, 24])
    assert result.misconception is misconceptions.ROUNDS_DOWN


def test_what_is_said_of_a_road_speaks_of_no_number_that_is_not_on_it() -> None:
    """The beliefs of lesson 00 are told about the road of 23 as well, which never meets a 7."""
    for last, halved, belief in (
        ([23, 23], [12, 12, 6, 6, 3, 3, 6, 6, 12, 12], misconceptions.DOUBLING_UNDOES),
        ([24, 24], [11, 11, 6, 6, 3, 3, 6, 6, 12, 12], misconceptions.ROUNDS_DOWN),
    ):
        result = lesson.all_same_road.evaluate([23, *halved, *last])
        assert result.misconception is belief
        assert not re.search(r"\d", belief.sentence)


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        (lesson.out_size, lambda n: 8 * -(-n // 8)),
        (lesson.family_size, lambda n, m, j: 2**m * -(-n // 2**m)),
    ],
    ids=["out_size", "family_size"],
)
def test_who_forgets_the_layer_without_padding_is_told_of_it(exercise: Exercise, answer: Any) -> None:
    belief = exercise.evaluate(answer).misconception
    assert belief is misconceptions.NOTHING_TAKEN_AWAY
    assert belief.section.notebook == NOTEBOOK.name


def test_a_road_with_the_right_end_only_is_not_right() -> None:
    sizes = [23, 12, 12, 6, 6, 3, 3, 6, 6, 12, 12, 24, 24]
    result = lesson.all_same_road.evaluate([23, 11, 11, *sizes[3:]])
    assert result.outcome is Outcome.WRONG
    assert "After layer 2" in str(result)
    as_asked = [*sizes[:10], 10, 20, 20]
    assert "layer 11 says same, too" in str(lesson.all_same_road.evaluate(as_asked))


# -- the open question --------------------------------------------------------------------------------------------


def chain(*layers: Any) -> Any:
    return keras.Sequential(layers)


def four_poolings(n: int) -> Any:
    over = -n % 16
    down = [
        layer for _ in range(4) for layer in (LAYERS.Conv2D(8, 3, padding="same"), LAYERS.MaxPooling2D(2, None, "same"))
    ]
    up = [LAYERS.UpSampling2D(16), LAYERS.Conv2D(1, 3, padding="same")]
    return chain(keras.Input((n, n, 1)), *down, *up, LAYERS.Cropping2D(((over, 0), (0, over))))


def dense(n: int) -> Any:
    return chain(
        keras.Input((n, n, 1)), LAYERS.Flatten(), LAYERS.Dense(100), LAYERS.Dense(n * n), LAYERS.Reshape((n, n, 1))
    )


def one_in_another(n: int) -> Any:
    inner = chain(keras.Input((n, n, 1)), LAYERS.Flatten(), LAYERS.Dense(50), LAYERS.Dense(n * n))
    return chain(inner, LAYERS.Reshape((n, n, 1)))


def too_large_a_code(n: int) -> Any:
    return chain(
        keras.Input((n, n, 1)), LAYERS.Flatten(), LAYERS.Dense(101), LAYERS.Dense(n * n), LAYERS.Reshape((n, n, 1))
    )


def nothing_squeezed(n: int) -> Any:
    return chain(keras.Input((n, n, 1)), LAYERS.Conv2D(1, 3, padding="same"))


def no_layer(n: int) -> Any:
    return chain(keras.Input((n, n, 1)))


def no_weights(n: int) -> Any:
    """Small enough and of the right size, and it can learn nothing."""
    over = -n % 8
    crop = LAYERS.Cropping2D(((0, over), (0, over)))
    return chain(keras.Input((n, n, 1)), LAYERS.MaxPooling2D(8, None, "same"), LAYERS.UpSampling2D(8), crop)


def one_size_of_code(n: int) -> Any:
    over = -n % 40
    up = [LAYERS.UpSampling2D(10), LAYERS.Conv2D(1, 3, padding="same"), LAYERS.Cropping2D(((0, over), (0, over)))]
    return chain(keras.Input((n, n, 1)), LAYERS.ZeroPadding2D(((0, over), (0, over))), LAYERS.MaxPooling2D(10), *up)


def for_28_only(n: int) -> Any:
    return solve(lesson.squeeze_harder)(28)


def around_the_code(n: int) -> Any:
    """The picture comes round the code: 100 numbers, and nothing had to pass through them."""
    picture = keras.Input((n, n, 1))
    code = LAYERS.Dense(1)(LAYERS.Flatten()(picture))
    return keras.Model(picture, LAYERS.Add()([picture, LAYERS.Reshape((1, 1, 1))(code)]))


@pytest.mark.parametrize(
    "make", [four_poolings, dense, one_in_another, one_size_of_code], ids=lambda make: make.__name__
)
def test_any_chain_that_closes_and_squeezes_is_accepted(make: Callable[[int], Any]) -> None:
    result = lesson.squeeze_harder.evaluate(make)
    assert result.outcome is Outcome.RIGHT, str(result)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (too_large_a_code, "The smallest stage on the way has 101 numbers, and"),
        (no_weights, "none of your layers has weights"),
        (nothing_squeezed, "400 numbers"),
        (no_layer, "no layer"),
        (for_28_only, "20 × 20 × 1, and 21 × 21 × 1"),
        (around_the_code, "keras.Sequential"),
        (lambda n: [LAYERS.Flatten()], "keras.Sequential"),
    ],
    ids=lambda thing: getattr(thing, "__name__", None),
)
def test_what_does_not_close_or_squeeze_is_told_so(make: Callable[[int], Any], said: str) -> None:
    result = lesson.squeeze_harder.evaluate(make)
    assert result.outcome is Outcome.WRONG
    assert said in str(result)


def test_the_praise_fits_what_was_handed_in() -> None:
    assert "has 16 numbers, and a picture" in str(lesson.squeeze_harder.evaluate(one_size_of_code))
    assert "has between 9 and 25" not in str(lesson.squeeze_harder.evaluate(one_size_of_code))
    assert "has between 36 and 100 numbers" in str(lesson.squeeze_harder.evaluate(solve(lesson.squeeze_harder)))


def squeezed(filters: int) -> Callable[[int], Any]:
    """The network of the lesson, *same* everywhere and cropped, with so many maps in its code."""

    def make(n: int) -> Any:
        over = -n % 8
        down = [LAYERS.MaxPooling2D(2, padding="same"), LAYERS.MaxPooling2D(2, padding="same")]
        code = [LAYERS.Conv2D(filters, 3, padding="same"), LAYERS.MaxPooling2D(2, padding="same")]
        up = [LAYERS.UpSampling2D(8), LAYERS.Conv2D(1, 1), LAYERS.Cropping2D(((0, over), (0, over)))]
        return chain(keras.Input((n, n, 1)), LAYERS.Conv2D(16, 3, padding="same"), *down, *code, *up)

    return make


def test_who_counts_one_map_of_the_code_is_told_so_and_who_counted_at_28_is_told_that() -> None:
    as_it_is = lesson.squeeze_harder.evaluate(squeezed(8))
    assert as_it_is.misconception is misconceptions.CODE_IS_ONE_MAP
    assert "For n = 25" in str(as_it_is) and "4·4·8 = 128 numbers" in str(as_it_is)
    counted_at_28 = lesson.squeeze_harder.evaluate(squeezed(5))
    assert counted_at_28.outcome is Outcome.WRONG and counted_at_28.misconception is None
    assert "5·5·5 = 125 numbers" in str(counted_at_28)
    assert "For n = 20 it has 45, but the code grows with n." in str(counted_at_28)
    assert lesson.squeeze_harder.evaluate(squeezed(4)).outcome is Outcome.RIGHT


# -- the notebook -------------------------------------------------------------------------------------------------


def names_of_notebook() -> dict[str, Any]:
    """What the cells of sections 1 and 4 define."""
    cells = {cell.id: cell.source for cell in nbformat.read(NOTEBOOK, 4).cells}
    names: dict[str, Any] = {"keras": keras, "np": np, "layers": LAYERS}
    for cell in (
        *("s1-parts", "s1-build", "s1-keras", "s3-table"),
        *("s4-closes", "s4-crop", "s4-pad", "s4-levels", "s4-resize", "s4-stamps", "s5-pairs"),
    ):
        exec(cells[cell], names)
    return names


def test_the_network_of_the_lesson_is_the_one_asked_about() -> None:
    names = names_of_notebook()
    model = names["autoencoder"](28)
    assert tuple(names["sizes"](model)) == (28, *truth.sizes(28))
    assert model.count_params() == 4385
    assert [layer.name for layer in model.layers] == [f"layer_{i}" for i in range(1, 14)]
    same = names["autoencoder"](23, padding_11="same")
    assert tuple(names["sizes"](same)) == (23, *truth.sizes(23, truth.ALL_SAME))


def test_the_numbered_layers_of_section_1_are_those_of_the_question() -> None:
    cells = nbformat.read(NOTEBOOK, 4).cells
    (listed,) = (cell.source for cell in cells if cell.id == "s1")
    lines = re.findall(r"^ ?(\d+)  (\w+\(.*\))$", listed, re.MULTILINE)
    assert [int(number) for number, _ in lines] == list(range(1, 14))
    for (_, short), asked in zip(lines, truth.AUTOENCODER, strict=True):
        ours, theirs = (eval(line, dict(vars(LAYERS))).get_config() for line in (short, asked))
        assert {name for name in ours if ours[name] != theirs[name]} <= {"name", "activation"}, short
    ids = [cell.id for cell in cells]
    assert ids.index("s1") < ids.index("s1-predict") < ids.index("s1-look-back")


@pytest.mark.parametrize("repair", ["crop", "pad", "resize", "levels", "stamps"])
def test_a_repair_of_the_lesson_closes_for_other_sizes_too(repair: str) -> None:
    names = names_of_notebook()
    make = names[repair]
    assert [n for n in (1, 2, 3, 9, 17, 20, 31, 41, 50) if not names["closes"](make, n)] == []
    for n in (1, 2, 17, 20, 25):
        picture = np.zeros((1, n, n, 1), np.float32)
        assert make(n)(picture).shape == picture.shape


def test_the_numbers_in_the_text_of_the_repairs() -> None:
    """Which sizes a crop alone could mend, how many weights there are, and which numbers up_to_multiple gives."""
    names = names_of_notebook()
    assert {names[repair](25).count_params() for repair in ("levels", "stamps", "crop", "pad", "resize")} == {4385}
    enough = [n for n in range(20, 41) if names["real_size"](names["free"], n) >= n]
    assert enough == [20, *range(25, 29), *range(33, 37)] and len(enough) == 9
    assert [names["up_to_multiple"](n) for n in (1, 8, 23, 24, 25)] == [8, 8, 24, 24, 32]


def test_one_open_network_gives_the_sizes_of_the_real_ones() -> None:
    names = names_of_notebook()
    for n in (1, 9, 20, 28, 32, 33):
        assert names["real_size"](names["free"], n) == truth.autoencoder_size(n)
        assert names["real_size"](names["to_code"], n) == truth.code_size(n)


def test_which_pairs_of_shapes_the_two_losses_of_the_lesson_refuse() -> None:
    names = names_of_notebook()
    targets = (8, 28, 28, 1)
    for outputs, by_mse in (
        ((8, 28, 28, 3), "a number"),
        ((8, 1, 1, 1), "a number"),
        ((8, 28, 1, 1), "a number"),
        ((8, 32, 32, 1), "an error"),
        ((8, 14, 14, 1), "an error"),
    ):
        assert names["said"](names["mse"], targets, outputs) == by_mse
        assert names["said"](names["crossentropy"], targets, outputs) == "an error"
    assert names["said"](names["crossentropy"], targets, targets) == "a number"


@pytest.mark.parametrize(("n", "w"), [(4, 7), (4, 8), (7, 13), (7, 14)])
def test_a_stamp_covers_the_two_rows_of_its_cell_and_one_more(n: int, w: int) -> None:
    stamp = names_of_notebook()["stamp"](8, 1, w)
    stamp.build((None, n, n, 1))
    stamp.set_weights([np.ones((3, 3, 1, 1)), np.zeros(1)])
    for cell in range(1, n - 1):
        x = np.zeros((1, n, n, 1), np.float32)
        x[0, cell, 1, 0] = 1
        rows = {int(row) for row in np.flatnonzero(np.array(stamp(x))[0].any(axis=(1, 2)))}
        assert len(rows) == 3 and {2 * cell, 2 * cell + 1} < rows
