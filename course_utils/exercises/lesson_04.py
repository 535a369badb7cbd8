"""Lesson 04, "Upsample": multiplying, blending, stamping, what comes back and what does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.exercises import misconceptions as m, networks, truth
from course_utils.exercises.answers import BadAnswer, ask, check_callable, is_number, spell, whole
from course_utils.exercises.core import AgainstKeras, both, pair
from course_utils.exercises.declare import Lesson, edited
from course_utils.exercises.networks import Array, spell_size
from course_utils.exercises.predictions import Choice
from course_utils.exercises.result import CheckFailed
from course_utils.keras_layers import Layer, kind_of

if TYPE_CHECKING:
    import keras  # for the solutions, which are shown and not called

lesson = Lesson("04")

# -- predictions --------------------------------------------------------------------------------------------------

doubled = lesson.prediction(
    "doubled",
    "`UpSampling2D(2)` gets a map of 3 × 3, so 9 cells. How long is one side of its output? How many cells is that? "
    "And how many weights does the layer have?",
    ["One side", "Cells in all", "Weights"],
    lambda: (truth.down_and_up(6, 2)[1], truth.upsampled_cells(3, 2), truth.upsampling_weights(2)),
    "Each cell becomes a block of 2 × 2 copies. There is nothing to learn.",
    wrong=[(m.TWICE_THE_CELLS, (6, 18, 0)), (m.UPSAMPLING_LEARNS, (6, 36, 4))],
)

there_and_back = lesson.prediction(
    "there_and_back",
    'A map of 7 × 7 goes through `MaxPooling2D(2, padding="same")`, then through `UpSampling2D(2)`. Which size comes '
    "out of the first, and which out of the second? And of n = 5, 6, 7 and 8: how many come back with the size they "
    "had?",
    ["Size after the pooling", "Size at the end", "How many of the four come back"],
    lambda: (*truth.down_and_up(7, 2), sum(truth.down_and_up(n, 2)[1] == n for n in (5, 6, 7, 8))),
    "7 / 2 was rounded, and the doubling has no way to know that. 6 and 8 come back.",
    wrong=[(m.MULTIPLYING_UNDOES, (4, 7, 4)), (m.WAY_DOWN_ROUNDS_DOWN, (3, 6, 2))],
)

blend = lesson.prediction(
    "blend",
    'The row 0, 12 becomes twice as long, with `interpolation="bilinear"`. Which four numbers come out?',
    ["First", "Second", "Third", "Fourth"],
    lambda: tuple(map(round, truth.blended([0, 12]))),
    "Each old cell becomes two new ones. The two in the middle lean towards each other. The outer two have nobody to "
    "lean towards.",
    wrong=[
        (m.BLENDING_COPIES, (0, 0, 12, 12)),
        (m.OLD_CELLS_STAY, (0, 6, 12, 12)),
        (m.CORNERS_STAY, (0, 4, 8, 12)),
        (m.RIM_BLENDS_WITH_ZERO, (0, 3, 9, 9)),
        (m.FAR_CELL_WINS, (0, 9, 3, 12)),
        (m.PLAIN_MEAN, (0, 6, 6, 12)),
    ],
)

stamps = lesson.prediction(
    "stamps",
    "Each cell of the row 1, 10 stamps a kernel of three ones, times its own number: 1 stamps 1 1 1, and 10 "
    "stamps 10 10 10. The second stamp begins 2 cells after the first. How many cells do the two stamps reach, and "
    "which number is in the third cell?",
    ["How many cells", "The third cell"],
    lambda: (len(truth.stamped([1, 10], [1, 1, 1], 2)), truth.where_stamps_meet(1, 10)),
    "The third cell is the last of one stamp and the first of the other: 1 and 10 are both there.",
    wrong=[
        (m.LAST_STAMP_WINS, (5, 10)),
        (m.STAMPS_ARE_ALIKE, (5, 2)),
        (m.STAMPS_SIDE_BY_SIDE, (6, 1), (6, 10)),
        (m.STAMPS_MOVE_BY_ONE, (4, 11)),
    ],
)

short_stamps = lesson.prediction(
    "short_stamps",
    "`Conv2DTranspose(1, 2, strides=3)`: the stamps are 2 long and begin 3 cells apart, so they leave gaps. "
    "A map of 4 × 4 goes in. Which size comes out, and how many of its rows does no stamp reach?",
    ["Size", "Rows that no stamp reaches"],
    lambda: (truth.transposed_size(4, 2, 3), truth.never_stamped(4, 2, 3)),
    "Keras leaves a gap behind the last stamp too.",
    wrong=[(m.TEXTBOOK_LENGTH, (11, 3)), (m.STAMPS_SIDE_BY_SIDE, (8, 0)), (m.STRIDE_SHRINKS, (1, 0))],
)

lengths = lesson.prediction(
    "lengths",
    "The kernel is 3 long and the stamps begin 2 cells apart (k = 3, s = 2). How many cells do they reach, if the "
    "row has n = 1, 2, 3 or 10 cells?",
    ["n = 1", "n = 2", "n = 3", "n = 10"],
    lambda: tuple(truth.transposed_size(n, 3, 2) for n in (1, 2, 3, 10)),
    "Each new stamp begins one step further on. Only the last one shows its whole length.",
    wrong=[(m.STAMPS_SIDE_BY_SIDE, (3, 6, 9, 30), (3, 5, 7, 30)), (m.ONLY_THE_STRIDE, (2, 4, 6, 20), (3, 5, 7, 20))],
)

_ALL, _INSIDE, _NONE = "all 36 of them", "those away from the rim", "none of them"


def _which_return() -> str:
    x, back = truth.there_and_back(6, 2)
    return _ALL if (x == back).all() else _INSIDE if (x == back).any() else _NONE


undo = lesson.prediction(
    "undo",
    'A 6 × 6 map holds 1, 2, 3, …, 36. `Conv2D(1, 3, strides=2, padding="same")` turns it into 3 × 3; all nine '
    "weights are 1. Then a `Conv2DTranspose` with the very same settings and weights runs on that. Which size comes "
    "out, and which of the 36 numbers are back in their places?",
    ["Size", Choice("The numbers that are back", (_ALL, _INSIDE, _NONE))],
    lambda: (len(truth.there_and_back(6, 2)[1]), _which_return()),
    "Each number on the way was a sum of up to nine, and no stamp can take a sum apart.",
    wrong=[(m.DECONVOLUTION, *((size, back) for size in (5, 6, 7) for back in (_ALL, _INSIDE)))],
)

three_sizes = lesson.prediction(
    "three_sizes",
    '`Conv2DTranspose(1, 3, strides=3, padding="same")` gets a map of 5 × 5. Which size comes out '
    "without `output_padding`? With `output_padding=0`? And with `output_padding=1`?",
    ["Left out", "output_padding=0", "output_padding=1"],
    lambda: tuple(truth.transposed_size(5, 3, 3, "same", extra) for extra in (None, 0, 1)),
    "Three sizes become 5 on the way down: 13, 14 and 15. Here you choose among them.",
    wrong=[
        (m.ADDED_TO_THE_DEFAULT, (15, 15, 16)),
        (m.ZERO_IS_THE_DEFAULT, (15, 15, 15)),
        (m.STEPS_WITHOUT_A_STAMP, (15, 12, 13)),
    ],
)

checker = lesson.prediction(
    "checker",
    "A map of ones goes through a `Conv2DTranspose` with a 7 × 7 kernel of ones and `strides=2`. Away from the "
    "border, what is the smallest number in the output, and what is the largest?",
    ["Smallest", "Largest"],
    lambda: (truth.stamps_inside(7, 2)[0], truth.stamps_inside(7, 2)[-1]),
    "Along one side the cells get 3 or 4 stamps in turn. On a map it is rows times columns: from 3·3 to 4·4.",
    wrong=[(m.AS_A_CONVOLUTION, (49, 49)), (m.STAMPS_FALL_EVENLY, (9, 9), (12, 12), (16, 16))],
)

look_back = lesson.look_back

# -- sizes_before -------------------------------------------------------------------------------------------------


@lesson.formula(
    truth.sizes_before,
    '`MaxPooling2D(f, padding="same")` and `UpSampling2D(f)`',
    cases=[(8, 2), (9, 3), *((f * code, f) for code, f in product(range(1, 7), (1, 2, 3, 4))), (30, 5)],
    read=pair,
    remark=lambda said, true: (
        " Try your smallest size: it is a multiple of f, so it comes back as it was." if said[0] == true[0] - 1 else ""
    ),
    wrong=[
        (m.MULTIPLYING_UNDOES, lambda o, f: (o, o)),
        (m.WAY_DOWN_ROUNDS_DOWN, lambda o, f: (o, o + f - 1)),
    ],
    hints=[
        "With f = 2, which sizes come out as 8? The strip in section 2 shows them.",
        "The largest is o itself: a multiple of f comes back. What does the multiple of f before it come out as?",
        "The multiple before it is o − f, and comes out as o − f. So the smallest that comes out as o is one more.",
    ],
    why="f sizes in a row come out as o: from o − f + 1 to o. The map itself does not say which of them it was. "
    "You can now trace a size backwards.",
)
def sizes_before(o, f):
    smallest = o - f + 1
    largest = o
    return smallest, largest


# -- blend_row ----------------------------------------------------------------------------------------------------


def row_of_numbers(value: object) -> list[float]:
    """A list of numbers, whole where they can be. Raises BadAnswer for anything else."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, (list, tuple)):
        if value is None or isinstance(value, str):
            whole(value)
        raise BadAnswer("that is one thing, and a list of numbers is needed.")
    for one in value:
        if not is_number(one):
            raise BadAnswer(f"{spell(one)} in it is not a number.")
    rounded = [round(float(one), 4) for one in value]
    return [int(one) if one.is_integer() else one for one in rounded]


def _row_differs(said: list[float], made: list[float]) -> str:
    """What is wrong with a row of numbers: its length, or the first place that differs."""
    true = row_of_numbers(made)
    if len(said) != len(true):
        return f"your function returns {len(said)} numbers; Keras makes {len(true)}."
    places = [i for i, (mine, other) in enumerate(zip(said, true, strict=True)) if mine != other]
    if not places:
        return ""
    line = f"your function says {spell(said)}; Keras gives {spell(true)}."
    return f"{line} The first that differs is in cell {places[0]}."


def _corners_stay(row: Sequence[float]) -> list[float]:
    return [float(v) for v in np.interp(np.linspace(0, len(row) - 1, 2 * len(row)), range(len(row)), row)]


@lesson.function(
    AgainstKeras(
        cases=tuple(([*row],) for row in ((0, 12), (5,), (0, 1, 2), (4, -8, 0, 6), (1, 2, 4, 8, 16), (9, 0, 0, 9, 3))),
        differ=lambda said, row: _row_differs(said, truth.blended(row)),
        layer='`UpSampling2D` with `interpolation="bilinear"`',
        read=row_of_numbers,
    ),
    wrong=[
        (m.BLENDING_COPIES, edited({"0.75": "1", "0.25": "0"})),
        (m.OLD_CELLS_STAY, edited({"j - 1": "j", "0.75": "0.5", "0.25": "0.5"})),
        (m.CORNERS_STAY, _corners_stay),
        (m.RIM_BLENDS_WITH_ZERO, edited({"min(max(neighbour, 0), n - 1)": "neighbour", "row[n": "[*row, 0][n"})),
        (m.FAR_CELL_WINS, edited({"0.75": "0.25", "0.25": "0.75"})),
        (m.LEFT_LEANS_RIGHT, edited({"== 0": "== 1"})),
        (m.PLAIN_MEAN, edited({"0.75": "0.5", "0.25": "0.5"})),
    ],
    hints=[
        "New cell i lies in old cell j. Is it the left half of it (i = 0, 2, 4, …) or the right half? The left half "
        "leans to the left, to j − 1.",
        "`i % 2` is 0 for the left half and 1 for the right half. The line after the first blank takes care of the "
        "rim already.",
        "The neighbour is j − 1 or j + 1. The new cell is three quarters of its own cell and one quarter of that "
        "neighbour.",
    ],
    why="The centre of a half cell lies a quarter of a cell from the centre of its own cell, and three quarters "
    "from the next one. The nearer one gets the larger share. That is bilinear upsampling, and now you can "
    "write it yourself.",
)
def blend_row(row):
    n = len(row)
    blended = []
    for i in range(2 * n):
        j = i // 2
        neighbour = j - 1 if i % 2 == 0 else j + 1
        neighbour = min(max(neighbour, 0), n - 1)
        blended.append(0.75 * row[j] + 0.25 * row[neighbour])
    return blended


# -- size_and_gaps ------------------------------------------------------------------------------------------------


def _gaps_between(n: int, k: int, s: int) -> int:
    return (n - 1) * max(s - k, 0)


@lesson.formula(
    both(truth.transposed_size, truth.never_stamped),
    '`Conv2DTranspose(…, strides=s, padding="valid")`',
    cases=[(4, 3, 2), (4, 2, 3), *product(range(1, 6), range(1, 6), (1, 2, 3, 4)), (14, 5, 2)],
    read=pair,
    remark=lambda said, true: " The size is right." if said[0] == true[0] else "",
    wrong=[
        *(
            (misconception, both(misconception.wrong_formula, gaps))
            for misconception in (m.TEXTBOOK_LENGTH, m.ONLY_THE_STRIDE, m.STAMPS_SIDE_BY_SIDE, m.STRIDE_SHRINKS)
            for gaps in (lambda n, k, s: n * max(s - k, 0), _gaps_between, lambda n, k, s: 0)
        ),
        (m.GAPS_ONLY_BETWEEN, both(truth.transposed_size, _gaps_between)),
    ],
    hints=[
        "Each of the n cells gets s cells of its own: n·s. When does the last stamp reach further than that?",
        "The last stamp begins at (n − 1)·s and is k long. It reaches beyond n·s by k − s, and by nothing if k is "
        "smaller than s. `max(a, b)` is the larger of two numbers.",
        "Now the gaps. They are there only if k is smaller than s. Of its own s cells, how many does one stamp leave "
        "free? And how many stamps are there? Think of 1 1 0 2 2 0 3 3 0 4 4 0.",
    ],
    why="n·s cells, and what the last stamp reaches beyond them. If k is below s, each of the n stamps leaves s −"
    " k cells free, the last one too. You can now size every transposed convolution without padding, gaps "
    "included.",
)
def size_and_gaps(n, k, s):
    size = n * s + max(k - s, 0)
    gaps = n * max(s - k, 0)
    return size, gaps


# -- stamp --------------------------------------------------------------------------------------------------------

Stamp = Callable[[list[float], list[float], int], list[float]]


class _ReadBeyond(IndexError):
    """A cell was read that a list of the question does not have."""


class _Given(list[float]):
    """A list of the question, which tells when it is read beyond its end."""

    def __getitem__(self, place: Any) -> Any:
        try:
            return super().__getitem__(place)
        except IndexError as error:
            raise _ReadBeyond(*error.args) from error


# What Python says of them is what it says of any list.
_ReadBeyond.__name__, _Given.__name__ = "IndexError", "list"

_STAMPED = tuple(
    (_Given(row), _Given(kernel), s)
    for row, kernel, s in (
        ((1, 10), (1, 1, 1), 2),
        ((1, 10), (1, 2, 3), 2),
        ((7,), (1, 2, 3), 2),
        ((1, 10, 100), (1, 2, 3, 4), 2),
        ((5, -3, 2), (2, 1), 1),
        ((1, 10, 100), (1, 2), 2),
        ((1, 10, 100), (1, 2), 3),
        ((4, 0, -2, 9), (3, 1, 4, 1, 5), 3),
        ((1, 2, 3), (7,), 4),
    )
)


def _stamps_side_by_side(function: Stamp) -> bool:
    """Whether a function gives what ``result[j * k + t]`` gives wherever that fits into the result, at k < s."""
    try:
        cases = [(row, kernel, s, len(truth.stamped(row, kernel, s))) for row, kernel, s in _STAMPED if len(kernel) < s]
        return all(
            row_of_numbers(ask(function, [*row], [*kernel], s)) == [*np.kron(row, kernel), *[0] * size][:size]
            for row, kernel, s, size in cases
        )
    except (CheckFailed, BadAnswer):
        return False


_PLACE_BEYOND = (
    "One of your places lies beyond the end. Put in numbers: j = 1 and t = 2, with s = 2. Where does that weight land, "
    "if the stamp of cell 1 begins in cell 2?"
)
_READ_BEYOND = (
    "You read a cell that does not exist: `row` has the cells 0 to n − 1 (j), `kernel` the weights 0 to k − 1 (t)."
)


def _explain_index(function: Stamp, failed: CheckFailed) -> None:
    """Explain a place that does not exist, because Python says only "index out of range"."""
    first, *rest = failed.result.lines
    if "raised IndexError" not in first:
        return
    place = not isinstance(failed.__cause__, _ReadBeyond)
    misconception = m.STAMPS_SIDE_BY_SIDE if place and _stamps_side_by_side(function) else None
    raise CheckFailed(
        first, _PLACE_BEYOND if place else _READ_BEYOND, *rest, misconception=misconception, with_case=False
    )


@lesson.function(
    AgainstKeras(
        cases=_STAMPED,
        differ=lambda said, row, kernel, s: _row_differs(said, truth.stamped(row, kernel, s)),
        layer="`Conv1DTranspose`",
        read=row_of_numbers,
        explain=_explain_index,
    ),
    wrong=[
        (m.LAST_STAMP_WINS, edited({"+=": "="})),
        (m.STAMPS_ARE_ALIKE, edited({"row[j] * kernel[t]": "kernel[t]"})),
        (m.STAMP_IS_TURNED, edited({"kernel[t]": "kernel[-1 - t]"})),
        (m.STAMPS_MOVE_BY_ONE, edited({"j * s": "j"})),
        (m.STAMPS_SIDE_BY_SIDE, edited({"j * s": "j * k"})),
    ],
    hints=[
        "The stamp of cell j begins at j·s. In which cell of the result does its cell t land, t = 0, 1, …?",
        "In cell j·s + t. And what does a stamp bring? A weight alone, or the weight made larger by the cell's number?",
        "The number of cell j, times weight t: `row[j] * kernel[t]`. `+=` adds it to what lies there already.",
    ],
    why="That is a whole transposed convolution: every cell stamps the kernel, times its own number, s cells "
    "further on, and what overlaps is added. You can now compute one by hand.",
)
def stamp(row, kernel, s):
    n, k = len(row), len(kernel)
    layer = keras.layers.Conv1DTranspose(1, k, strides=s)
    result = [0] * layer.compute_output_shape((None, n, 1))[1]
    for j in range(n):
        for t in range(k):
            result[j * s + t] += row[j] * kernel[t]
    return result


# -- way_back -----------------------------------------------------------------------------------------------------


def _comes_back(extra: int | None, n: int, s: int) -> str:
    """What is wrong with an ``output_padding`` for the way back to n."""
    o = truth.same_step_size(n, 3, s)
    if extra is not None and not 0 <= extra < s:
        line = f"your function says {extra}, and `output_padding` must be at least 0 and below the stride, {s}."
        # The rule, with n in place of o.
        swapped = extra == n - truth.transposed_size(n, 3, s, "same", 0)
        return f"{line} Into the layer goes o = {o}: put it where section 6 has n." if swapped else line
    back = truth.transposed_size(o, 3, s, "same", extra)
    if back == n:
        return ""
    way = f"and Keras goes {truth.changes(n, (o, back))}."
    if extra is None:
        return f"your function says None, which leaves the argument out, {way} (Or is a `return` missing?)"
    line = f"your function says {extra}, {way}"
    counted = " You count from a multiple of s. Count from the smallest size that becomes o."
    return line + counted if 0 < extra == n % s else line


@lesson.function(
    AgainstKeras(
        cases=((13, 2), (14, 2), (25, 2), *((n, s) for s in (1, 2, 3, 4) for n in range(1, 10)), (28, 5)),
        differ=_comes_back,
        layer="the way back that Keras takes",
        # Keras takes None, too: as if the argument were left out.
        read=lambda value: None if value is None else whole(value),
    ),
    wrong=[
        (m.ONE_WAY_BACK, lambda n, s: 0, lambda n, s: s - 1),
        (m.TAKEN_FROM_THE_LARGEST, lambda n, s: -n % s),
        (m.ADDED_TO_THE_DEFAULT, lambda n, s: n - -(-n // s) * s),
        (m.STEPS_WITHOUT_A_STAMP, lambda n, s: n - (-(-n // s) - 1) * s),
    ],
    hints=[
        "The way down gives o = ⌈n / s⌉; in Python `-(-n // s)`. From there the way up must end at n. Which rule of "
        "section 6 holds for a `Conv2DTranspose` that is given an `output_padding`?",
        "Here the layer's input is o, so put o where section 6 has n. With k = 3 the size is "
        "(o − 1)·s + 1 + output_padding, and that must be n. Solve it for the output_padding.",
        "For n = 14, s = 2: o = 7, and 6·2 + 1 = 13, so 1 is missing. For n = 13 nothing is. What is missing is n "
        "minus the rest.",
    ],
    why="The s sizes from (o − 1)·s + 1 to o·s all go down to o, and `output_padding`, from 0 to s − 1, says "
    "which of them it was. You can now bring every size back. (In one line: `(n - 1) % s`.)",
)
def way_back(n, s):
    o = -(-n // s)
    return n - ((o - 1) * s + 1)


# -- two_ways -----------------------------------------------------------------------------------------------------

_MAY_STAND_THERE = (
    "UpSampling2D", "Conv2D", "Conv2DTranspose", "ZeroPadding2D", "Cropping2D", "AveragePooling2D",
)  # fmt: skip

_THE_TRAP = "With `same`, a layer with an even kernel and `output_padding=0` cannot run: section 6, One trap."


def _is_trapped(layer: Layer) -> bool:
    """Whether Keras builds a layer and cannot run it: "same", an even kernel, and a 0."""
    if kind_of(layer) != "Conv2DTranspose" or layer.padding != "same" or layer.output_padding is None:
        return False
    extras = np.broadcast_to(layer.output_padding, 2)
    return any(k % 2 == 0 and extra == 0 for k, extra in zip(layer.kernel_size, extras, strict=True))


def _maps_of(layers: Sequence[Layer], n: int, trapped: str) -> list[Array]:
    """What the layers make of n × n × 8 ones, one after the other. ``trapped``: what is said of one that cannot run."""
    try:
        return networks.run_through(layers, np.ones((1, n, n, 8), dtype=np.float32))
    except CheckFailed:
        for i, layer in enumerate(layers, start=1):
            if _is_trapped(layer):
                raise CheckFailed(f"{trapped.format(i)} {_THE_TRAP}") from None
        raise


def _check_way(way: str, layers: Sequence[Layer]) -> None:
    """Raises CheckFailed if layers do not double every size without a grid. ``way``: "The first way"."""
    kinds = [kind_of(layer) for layer in layers]
    odd = [kind for kind in kinds if kind not in _MAY_STAND_THERE]
    if not layers:
        raise CheckFailed(f"{way} is an empty list.")
    if odd:
        allowed = ", ".join(f"`{kind}`" for kind in _MAY_STAND_THERE)
        raise CheckFailed(f"{way} holds a `{odd[0]}`. Use only {allowed}.")
    if networks.activation_of(layers):
        raise CheckFailed(f"{way} has an activation. Leave it out: it would hide what is counted.")
    if not {"Conv2D", "Conv2DTranspose"} & {*kinds}:
        raise CheckFailed(f"{way} has nothing to learn. It needs a `Conv2D` or a `Conv2DTranspose`.")
    on_ones = partial(_maps_of, layers, trapped=f"{way} does not run, because of its layer {{}}.")
    size = on_ones(7)[-1].shape[1:]
    if size != (14, 14, 8):
        # A lone transposed convolution without "same" is longer than its stride says, if k is larger than s.
        plain = kinds == ["Conv2DTranspose"] and (layers[0].padding, layers[0].output_padding) == ("valid", None)
        longer = plain and layers[0].strides[0] == 2 and size[0] > 14
        raise CheckFailed(
            f"{way} makes {spell_size(size)} of 7 × 7 × 8. Asked for: 14 × 14 × 8.",
            misconception=m.ONLY_THE_STRIDE if longer else None,
        )
    for n in (5, 10):
        size = on_ones(n)[-1].shape[1:]
        if size != (2 * n, 2 * n, 8):
            raise CheckFailed(
                f"{way} makes 14 × 14 × 8 of 7 × 7 × 8, as asked. But of {n} × {n} × 8 it makes {spell_size(size)}, "
                f"and every side must be doubled, whatever the map's size: {2 * n} × {2 * n} × 8."
            )
    # With kernels of ones and biases of 0 each cell counts what reaches it.
    for layer in layers:
        layer.set_weights([np.ones(w.shape) if len(w.shape) > 1 else np.zeros(w.shape) for w in layer.weights])
    counted = on_ones(21)[-1]
    far = counted.shape[1] // 3  # from the border: no ghost and no cut reaches so far in
    inside = counted[0, far:-far, far:-far]
    if not np.allclose(inside, inside.flat[0]):
        raise CheckFailed(
            f"{way} has the right size. But with all weights 1, on a map of ones, its cells away from the border lie "
            f"between {inside.min():g} and {inside.max():g}{_in_stamps(layers, inside)}: a checkerboard.",
            misconception=m.STAMPS_FALL_EVENLY,
            with_case=False,
        )
    stamping = [layer for layer in layers if kind_of(layer) == "Conv2DTranspose"]
    for k, s in ((k, s) for layer in stamping for k, s in zip(layer.kernel_size, layer.strides, strict=True) if k % s):
        after = "your last convolution" if kinds[-1] == "Conv2D" else "what comes after them"
        raise CheckFailed(
            f"{way} has the right size, and shows no grid at the end. But some cells get more stamps than their "
            f"neighbours (k = {k}, s = {s}); {after} only averages it away."
        )


def _in_stamps(layers: Sequence[Layer], inside: Array) -> str:
    """How many stamps that is, where nothing but one transposed convolution adds anything up."""
    adding = [layer for layer in layers if kind_of(layer) not in ("ZeroPadding2D", "Cropping2D")]
    if [kind_of(layer) for layer in adding] != ["Conv2DTranspose"]:
        return ""
    channels = int(adding[0].weights[0].shape[-1])
    return f" ({inside.min() / channels:g} to {inside.max() / channels:g} stamps, times {channels} channels)"


def _check_two_ways(function: Any) -> str:
    """Two different ways to double every size, both without a grid."""
    check_callable(function)
    made = ask(function)
    if not isinstance(made, (list, tuple)) or len(made) != 2:
        raise CheckFailed(f"Your function returns {spell(made)}. I need two lists of layers: `return first, second`.")
    ways = [networks.layers_of(lambda way=way: way) for way in made]
    for name, layers in zip(("first", "second"), ways, strict=True):
        _check_way(f"The {name} way", layers)
    if sum("Conv2DTranspose" in map(kind_of, layers) for layers in ways) != 1:
        raise CheckFailed(
            "Neither way has a grid. But one of them must use a `Conv2DTranspose`, and the other must not."
        )
    return "Both ways double every side that I tried, and away from the border all cells get the same."


@lesson.function(
    _check_two_ways,
    wrong=[
        (m.STAMPS_FALL_EVENLY, edited({"(8, 4": "(8, 3"}), edited({"(8, 4": "(8, 5"})),
        (m.ONLY_THE_STRIDE, edited({'strides=2, padding="same"': "strides=2"})),
    ],
    hints=[
        "For one of them, section 7 names a way that has no stamps at all, so that nothing can overlap unevenly.",
        "For the other, which kernel sizes does a stride of 2 divide? And which padding makes n·s of n, whatever k is?",
        'One is `UpSampling2D(2)` and then a `Conv2D(8, …, padding="same")`. The other is a single `Conv2DTranspose` '
        'with `strides=2`, "same", and an even kernel.',
    ],
    why="Upsample and then convolve, and all cells are treated alike. Or take a `Conv2DTranspose` with a kernel "
    "of 4 and a stride of 2: every cell gets 2·2 stamps. With other weights than ones it can still draw a "
    "grid; the first way cannot. You can now make maps larger without a checkerboard.",
)
def two_ways():
    first = [
        keras.layers.UpSampling2D(2),
        keras.layers.Conv2D(8, 3, padding="same"),
    ]
    second = [keras.layers.Conv2DTranspose(8, 4, strides=2, padding="same")]
    return first, second


# -- decoder ------------------------------------------------------------------------------------------------------

_DECODED = (28, 25, 26, 32, *range(9, 25))


def _way_down(n: int) -> tuple[int, ...]:
    """The sizes of n after none, one, two and three poolings by 2."""
    return n, *truth.heights(n, *['MaxPooling2D(2, padding="same")'] * 3)


def _short_of_doubling(sizes: Iterable[int]) -> tuple[int, ...]:
    """How much each step falls short of doubling."""
    return tuple(2 * n - up for n, up in pairwise(sizes))


def _decoded(function: Any, n: int) -> tuple[list[Layer], list[tuple[int, ...]]]:
    """The three layers that a learner returns for n, and the size behind each: height and width."""
    layers = networks.layers_of(function, n, settings=f"n = {n}")
    if len(layers) != 3:
        raise CheckFailed(f"For n = {n} your list holds {len(layers)} layers; three `Conv2DTranspose` are asked for.")
    for i, layer in enumerate(layers, start=1):
        if kind_of(layer) != "Conv2DTranspose":
            raise CheckFailed(
                f"For n = {n} layer {i} of your list is a `{kind_of(layer)}`; three `Conv2DTranspose` are asked for."
            )
    maps = _maps_of(layers, _way_down(n)[-1], trapped=f"For n = {n} layer {{}} does not run.")
    return layers, [y.shape[1:3] for y in maps]


def _check_decoder(function: Any) -> str:
    """Three transposed convolutions that go back by the same sizes, for many n; every size on the way is looked at."""
    check_callable(function)
    decoded = cache(partial(_decoded, function))
    for n in _DECODED:
        layers, shapes = decoded(n)
        *asked, code = _way_down(n)
        back = [height for height, _ in shapes]
        if shapes != [(size, size) for size in reversed(asked)]:
            left_out = all(layer.output_padding is None for layer in layers)
            short = _short_of_doubling((code, *back))
            misconception = m.ONE_WAY_BACK if short in ((0, 0, 0), (1, 1, 1)) else None
            misconception = m.MULTIPLYING_UNDOES if left_out and short == (0, 0, 0) else misconception
            raise CheckFailed(
                f"For n = {n} the way down is {truth.changes(n, (*asked[1:], code))}. Your layers go back "
                f"{truth.changes(code, back)}; asked for: {truth.changes(code, asked[::-1])}.",
                *_pattern(decoded),
                misconception=misconception,
                # The smallest case of the other misconception is told for layers in which the argument is left out.
                with_case=misconception is m.MULTIPLYING_UNDOES,
            )
    return f"The same sizes back, step by step, for {len(_DECODED)} sizes of the picture."


def _pattern(decoded: Callable[[int], tuple[list[Layer], list[tuple[int, ...]]]]) -> list[str]:
    """What a decoder gets wrong in the same way for every n, if it has all the numbers."""
    forwards = swapped = True
    for n in _DECODED:
        back = _way_down(n)[::-1]
        asked = _short_of_doubling(back)
        try:
            layers, shapes = decoded(n)
        except CheckFailed:
            return []
        made = _short_of_doubling((back[0], *(height for height, _ in shapes)))
        forwards = forwards and made == asked[::-1]
        # With an even kernel the two numbers are others than 1 and 0.
        odd = all(layer.kernel_size[0] % 2 for layer in layers)
        swapped = swapped and odd and made == tuple(1 - one for one in asked)
        if not forwards and not swapped:
            return []
    if swapped:
        return ["An even size needs 1, an odd one 0."]
    return ["The numbers are right, in the order of the way down. The first layer of the decoder leads to ⌈n/4⌉."]


@lesson.function(
    _check_decoder,
    wrong=[
        (m.MULTIPLYING_UNDOES, edited({"=extra": "=None"})),
        (m.ONE_WAY_BACK, edited({"=extra": "=1"}), edited({"=extra": "=0"})),
    ],
    hints=[
        "Write down the four sizes of the way down for n = 26. Which `output_padding` leads from 4 to 7? From 7 to 13? "
        "From 13 to 26?",
        "With k = 3 and s = 2 it is 1 for a size that is even and 0 for one that is odd. So you need the sizes of the "
        "way down, without the last one: n, ⌈n / 2⌉, ⌈n / 4⌉.",
        "And you need them backwards: the first layer of the decoder leads to ⌈n / 4⌉. Build a list with a loop, or "
        "write the three layers one by one.",
    ],
    why="The rounding of each step is written down on the way down, and handed to the step that goes back. "
    "Nothing else in the network could know it. You can now write a decoder for any picture.",
)
def decoder(n):
    way_down = [n, -(-n // 2), -(-n // 4)]
    layers = []
    for size in reversed(way_down):
        extra = (size - 1) % 2
        layers.append(keras.layers.Conv2DTranspose(8, 3, strides=2, padding="same", output_padding=extra))
    return layers
