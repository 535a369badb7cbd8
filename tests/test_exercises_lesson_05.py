"""Lesson 05: what is special to its exercises, and its truths worked out by hand.

The numbers here were worked out with pencil and paper; what is measured is held against ``axes`` and ``size_formulas``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import keras
import nbformat
import numpy as np
import pytest
from lessons import solve
from verdicts import RIGHT, UNNAMED, WRONG, Row, Unsaid, Verdicts, check_verdict

from course_utils.axes import Upsample, Window
from course_utils.exercises import lesson_05 as lesson, misconceptions as m, truth
from course_utils.exercises.core import AgainstKeras, Exercise
from course_utils.keras_layers import KerasRefusal

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "05_solve_the_autoencoder.ipynb"
LAYERS = keras.layers

# -- functions and numbers ----------------------------------------------------------------------------------------


def share(of: Callable[[int], Any], *expected: Any) -> Row:
    """A crop, from the number of rows that are too many."""
    return (lambda n: of(-n % 8), *expected)


NOT_ALIKE = "not cut alike"
CROPS: dict[str, Row] = {
    "all after": share(lambda rows: (0, rows), RIGHT),
    "of NumPy": share(lambda rows: [0, np.int64(rows)], RIGHT),
    "with the columns": share(lambda rows: ((0, rows), (0, rows)), RIGHT),
    "in lists": share(lambda rows: [[0, rows], [0, rows]], RIGHT),
    "in an array": share(lambda rows: np.array([[0, rows], [0, rows]]), RIGHT),
    "rows and columns unlike": share(lambda rows: ((0, rows), (rows, 0)), NOT_ALIKE),
    "all before": share(lambda rows: (rows, 0), WRONG),
    "more before": share(lambda rows: (rows - rows // 2, rows // 2), WRONG),
    "halves": share(
        lambda rows: (rows // 2, rows - rows // 2),
        (
            "For n = 28 your function says (2, 2); 28 rows are left, as you want, but each is 2 too high: "
            "it is not in its place.",
        ),
        m.HALVES_ARE_IN_PLACE,
    ),
    "one before": share(lambda rows: (min(1, rows), max(0, rows - 1)), WRONG),
    "cut alike": share(lambda rows: (rows // 2, rows // 2), WRONG),
    "fewer than none": share(lambda rows: (rows + 1, -1), WRONG),
    "everything": share(lambda rows: (100, 100), WRONG),
    "one number": share(lambda rows: rows, WRONG),
    "one row": (lambda n: (0, 1), "32 rows, and 31 are left"),
}
ROAD = [23, 12, 12, 6, 6, 3, 3, 6, 6, 12, 12, 24, 24]

# -- the open question --------------------------------------------------------------------------------------------

Make = Callable[[int], Any]


def chain(*layers: Any) -> Any:
    return keras.Sequential(layers)


def of_pictures(*layers: Callable[[int], Any]) -> Make:
    """A chain of these layers, each a function of n, behind a picture of n × n."""
    return lambda n: chain(keras.Input((n, n, 1)), *(make(n) for make in layers))


def each_n(kind: str, *args: Any, **settings: Any) -> Callable[[int], Any]:
    """The same layer whatever n is."""
    return lambda n: getattr(LAYERS, kind)(*args, **settings)


def cut_to_n(multiple: int) -> Callable[[int], Any]:
    return lambda n: LAYERS.Cropping2D(((0, -n % multiple), (0, -n % multiple)))


def framed_to(multiple: int) -> Callable[[int], Any]:
    return lambda n: LAYERS.ZeroPadding2D(((0, -n % multiple), (0, -n % multiple)))


def dense(numbers: int) -> list[Callable[[int], Any]]:
    """So many numbers, and a picture made of them."""
    picture = (lambda n: LAYERS.Dense(n * n)), (lambda n: LAYERS.Reshape((n, n, 1)))
    return [each_n("Flatten"), each_n("Dense", numbers), *picture]


def conv(filters: int) -> Callable[[int], Any]:
    return each_n("Conv2D", filters, 3, padding="same")


pool, last = each_n("MaxPooling2D", 2, None, "same"), conv(1)


def squeezed(filters: int) -> Make:
    """The network of the lesson, *same* everywhere and cropped, with so many maps in its code."""
    return of_pictures(
        conv(16), pool, pool, conv(filters), pool, each_n("UpSampling2D", 8), each_n("Conv2D", 1, 1), cut_to_n(8)
    )


def one_in_another(n: int) -> Any:
    inner = chain(keras.Input((n, n, 1)), LAYERS.Flatten(), LAYERS.Dense(50), LAYERS.Dense(n * n))
    return chain(inner, LAYERS.Reshape((n, n, 1)))


def for_28_only(n: int) -> Any:
    return solve(lesson.squeeze_harder)(28)


def around_the_code(n: int) -> Any:
    """The picture comes round the code: 100 numbers, and nothing had to pass through them."""
    picture = keras.Input((n, n, 1))
    code = LAYERS.Dense(1)(LAYERS.Flatten()(picture))
    return keras.Model(picture, LAYERS.Add()([picture, LAYERS.Reshape((1, 1, 1))(code)]))


SQUEEZED: dict[str, Row] = {
    "four poolings": (of_pictures(*[conv(8), pool] * 4, each_n("UpSampling2D", 16), last, cut_to_n(16)), RIGHT),
    "dense": (of_pictures(*dense(100)), RIGHT),
    "a chain in a chain": (one_in_another, RIGHT),
    "one size of code": (
        of_pictures(framed_to(40), each_n("MaxPooling2D", 10), each_n("UpSampling2D", 10), last, cut_to_n(40)),
        RIGHT,
        "has 16 numbers, and a picture",
        Unsaid("has between 9 and 25"),
    ),
    "the solution": (lambda n: solve(lesson.squeeze_harder)(n), RIGHT, "has between 36 and 100 numbers"),
    "four maps": (squeezed(4), RIGHT),
    "the code of the lesson": (squeezed(8), m.CODE_IS_ONE_MAP, "For n = 25", "4·4·8 = 128 numbers"),
    "counted at 28": (squeezed(5), UNNAMED, "5·5·5 = 125 numbers", "For n = 20 it has 45, but the code grows with n."),
    "too large a code": (of_pictures(*dense(101)), "The smallest stage on the way has 101 numbers, and"),
    # Small enough and of the right size, and it can learn nothing.
    "no weights": (
        of_pictures(each_n("MaxPooling2D", 8, None, "same"), each_n("UpSampling2D", 8), cut_to_n(8)),
        "none of your layers has weights",
    ),
    "a corner only": (
        of_pictures(
            conv(4),
            lambda n: LAYERS.Cropping2D(((0, n - 5), (0, n - 5))),
            lambda n: LAYERS.ZeroPadding2D(((0, n - 5), (0, n - 5))),
            last,
        ),
        "I changed the top right corner of the picture, and what came out stayed the same",
    ),
    "nothing squeezed": (of_pictures(last), "400 numbers"),
    "no layer": (of_pictures(), "no layer"),
    "for 28 only": (for_28_only, "20 × 20 × 1, and 21 × 21 × 1"),
    "around the code": (around_the_code, "keras.Sequential"),
    "a list": (lambda n: [LAYERS.Flatten()], "keras.Sequential"),
}

ANSWERS: Verdicts = {
    "out_size": {
        "28": (lambda n: 28, ("For n = 33 your function says 28; Keras gives 36.",)),
        "nothing taken away": (lambda n: 8 * -(-n // 8), m.NOTHING_TAKEN_AWAY),
    },
    "family_size": {"nothing taken away": (lambda n, m, j: 2**m * -(-n // 2**m), m.NOTHING_TAKEN_AWAY)},
    "still_closes": {
        "two of them": (lambda n: n in (12, 28), ("For n = 44 your function says False; Keras gives True.",)),
        "of NumPy": (lambda n: np.int64(n) % 16 == 12, RIGHT),
        "all of them": (lambda n: n in (12, 28, 44, 60), RIGHT),
        "a number": (lambda n: n % 16, "True or False is needed"),
        "an exercise": (lambda n: lesson.still_closes, WRONG),
    },
    "mse_complains": {
        "different": (
            lambda a, b: a != b,
            ("For a = 1, b = 3 your function says True; `mse` gives a number, so False is right.",),
            m.LOSS_CHECKS_SHAPES,
        ),
        "never": (
            lambda a, b: False,
            ("For a = 2, b = 3 your function says False; `mse` gives an error, so True is right.",),
        ),
        "but for a 1 of the outputs": (lambda a, b: a != b and b != 1, m.ONLY_OUTPUTS_REPEATED),
        "but for a 1 of the targets": (lambda a, b: a != b and a != 1, m.ONLY_TARGETS_REPEATED),
    },
    "crop_rows": CROPS,
    "all_same_road": {
        "first half rounded down": ([23, 11, 11, *ROAD[3:]], "After layer 2", m.ROUNDS_DOWN),
        "back to 23": ([*ROAD[:11], 23, 23], m.DOUBLING_UNDOES),
        "as it was asked about": ([*ROAD[:10], 10, 20, 20], "layer 11 says same, too"),
    },
    "squeeze_harder": SQUEEZED,
}


@pytest.mark.parametrize(("exercise", "row"), [(name, row) for name in ANSWERS for row in ANSWERS[name]])
def test_an_answer_gets_its_verdict(exercise: str, row: str) -> None:
    check_verdict(getattr(lesson, exercise), *ANSWERS[exercise][row])


def test_a_remark_on_the_road_of_23_names_no_number_that_is_not_on_it() -> None:
    """The beliefs of lesson 00 are told about that road as well, which never meets a 7."""
    for belief in (m.DOUBLING_UNDOES, m.ROUNDS_DOWN):
        assert not re.search(r"\d", belief.sentence)


def test_a_forgotten_layer_is_explained_in_this_lesson() -> None:
    assert m.NOTHING_TAKEN_AWAY.section.notebook == NOTEBOOK.name


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
    assert isinstance(exercise.checker, AgainstKeras)
    assert len(set(exercise.checker.cases)) == count


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
    for n, depth, j in product((9, 28, 33), (1, 2, 3), range(4)):
        if j > depth or (n, depth, j) == (9, 3, 0):  # a code of 2 has no room for a window of 3
            with pytest.raises(KerasRefusal):
                truth.family_size(n, depth, j)
            continue
        up = [*[Upsample(2)] * j, Window(3), *[Upsample(2)] * (depth - j)]
        o = n
        for axis in [*[Window(2, stride=2, padding="same")] * depth, *up]:
            o = axis.output_size(o)
        assert truth.family_size(n, depth, j) == o
    assert truth.family_size(28, 3, 2) == truth.autoencoder_size(28)


def test_the_loss_compares_what_broadcasts() -> None:
    for a, b in product(range(1, 5), repeat=2):
        assert truth.mse_of_channels(a, b) == ("a number" if a == b or 1 in (a, b) else "an error")


def test_rows_cut_off_before_move_the_picture_up_by_as_many() -> None:
    cases = [(28, 0, 4), (28, 2, 2), (28, 4, 0), (25, 3, 4), (20, 1, 3), (32, 0, 0), (9, 3, 4), (5, 0, 3)]
    assert [truth.rows_too_high(*case) for case in cases] == [0, 2, 4, 3, 1, 0, 3, 0]


def test_with_four_poolings_it_closes_for_four_of_sixty() -> None:
    assert [n for n in range(1, 61) if truth.closes_with_four(n)] == [12, 28, 44, 60]


# -- the notebook -------------------------------------------------------------------------------------------------


@cache
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
    assert [n for n in (3, 9, 31, 41, 50) if not names["closes"](make, n)] == []
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
