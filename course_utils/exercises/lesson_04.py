"""Lesson 04, "Upsample": multiplying, blending, stamping, what comes back and what does not."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from course_utils.exercises import misconceptions as m, networks, predictions, truth
from course_utils.exercises.answers import BadAnswer, ask, check_callable, spell, whole
from course_utils.exercises.catalogue import KnownWrongAnswer, Misconception, slips_of
from course_utils.exercises.core import AgainstKeras, Exercise, equals, pair
from course_utils.exercises.networks import Map
from course_utils.exercises.predictions import Choice, Number, Prediction
from course_utils.exercises.result import CheckFailed, Result, right, wrong
from course_utils.keras_layers import Layer, kind_of, load_keras

# -- predictions --------------------------------------------------------------------------------------------------

doubled = Prediction(
    lesson="04",
    name="doubled",
    question="`UpSampling2D(2)` gets a map of 3 × 3, that is 9 cells. How long is a side of what comes out? How many "
    "cells is that in all? And how many weights does the layer have?",
    fields=(Number("One side"), Number("Cells in all"), Number("Weights")),
    truth=lambda: (truth.down_and_up(6, 2)[1], truth.upsampled_cells(3, 2), truth.upsampling_weights(2)),
    sentence="Each cell becomes a block of 2 × 2, by copying. Nothing is learned.",
    slips=(KnownWrongAnswer(m.TWICE_THE_CELLS, (6, 18, 0)), KnownWrongAnswer(m.UPSAMPLING_LEARNS, (6, 36, 4))),
)


def _come_back(*sizes: int) -> int:
    return sum(truth.down_and_up(n, 2)[1] == n for n in sizes)


there_and_back = Prediction(
    lesson="04",
    name="there_and_back",
    question='A map of 7 × 7 goes through `MaxPooling2D(2, padding="same")` and then through `UpSampling2D(2)`. What '
    "size comes out of the first, and of the second? And if you try it with n = 5, 6, 7 and 8: how many of the four "
    "come back with the size they had?",
    fields=(Number("Size after the pooling"), Number("Size at the end"), Number("How many of the four come back")),
    truth=lambda: (*truth.down_and_up(7, 2), _come_back(5, 6, 7, 8)),
    sentence="Half of 7 is 3.5, rounded up to 4 on the way down; 4 · 2 = 8, and doubling cannot know. 6 and 8 come "
    "back.",
    slips=(KnownWrongAnswer(m.MULTIPLYING_UNDOES, (4, 7, 4)), KnownWrongAnswer(m.WAY_DOWN_ROUNDS_DOWN, (3, 6, 2))),
)

_PLACES = ("First", "Second", "Third", "Fourth")

blend = Prediction(
    lesson="04",
    name="blend",
    question='The row 0, 12 is made twice as long with `interpolation="bilinear"`. Which four numbers come out?',
    fields=tuple(Number(place) for place in _PLACES),
    truth=lambda: tuple(round(v) for v in truth.blended([0, 12])),
    sentence="Each old cell becomes two. The two inner ones lean a quarter of the way towards the other old cell: 3 "
    "and 9. At the rim there is no neighbour to lean to.",
    slips=(
        KnownWrongAnswer(m.BLENDING_COPIES, (0, 0, 12, 12)),
        KnownWrongAnswer(m.OLD_CELLS_STAY, (0, 6, 12, 12)),
        KnownWrongAnswer(m.CORNERS_STAY, (0, 4, 8, 12)),
        KnownWrongAnswer(m.RIM_BLENDS_WITH_ZERO, (0, 3, 9, 9)),
        KnownWrongAnswer(m.FAR_CELL_WINS, (0, 9, 3, 12)),
        KnownWrongAnswer(m.PLAIN_MEAN, (0, 6, 6, 12)),
    ),
)

stamps = Prediction(
    lesson="04",
    name="stamps",
    question="Each cell of the row 1, 10 stamps a kernel of three ones, times its own number: 1 stamps 1 1 1, and 10 "
    "stamps 10 10 10. The second stamp begins 2 cells after the first. How many cells do the two stamps reach, and "
    "which number stands in the third cell?",
    fields=(Number("How many cells"), Number("The third cell")),
    truth=lambda: (len(truth.stamped([1, 10], [1, 1, 1], 2)), truth.where_stamps_meet(1, 10)),
    sentence="1 1 11 10 10: the third cell is the last of one stamp and the first of the other, and stamps add.",
    slips=(
        KnownWrongAnswer(m.LAST_STAMP_WINS, (5, 10)),
        KnownWrongAnswer(m.STAMPS_SIDE_BY_SIDE, (6, 1)),
        KnownWrongAnswer(m.STAMPS_MOVE_BY_ONE, (4, 11)),
    ),
)

short_stamps = Prediction(
    lesson="04",
    name="short_stamps",
    question="`Conv2DTranspose(1, 2, strides=3)`: the stamps are 2 long and begin 3 cells apart, so they leave gaps. "
    "A map of 4 × 4 goes in. What size comes out, and how many of its rows does no stamp reach?",
    fields=(Number("Size"), Number("Rows that no stamp reaches")),
    truth=lambda: (truth.transposed_size(4, 2, 3), truth.never_stamped(4, 2, 3)),
    sentence="Keras gives every one of the 4 cells its 3, the last one too: 4 · 3 = 12, and a gap in each three.",
    slips=(
        KnownWrongAnswer(m.TEXTBOOK_LENGTH, (11, 3)),
        KnownWrongAnswer(m.STAMPS_SIDE_BY_SIDE, (8, 0)),
        KnownWrongAnswer(m.STRIDE_SHRINKS, (1, 0)),
    ),
)

_ALL, _INSIDE, _NONE = "all 36 of them", "those away from the rim", "none of them"


def _which_return() -> str:
    x, back = truth.there_and_back(6, 2)
    same = x == back
    if same.all():
        return _ALL
    return _INSIDE if same.any() else _NONE


undo = Prediction(
    lesson="04",
    name="undo",
    question='`Conv2D(1, 3, strides=2, padding="same")` makes 3 × 3 of a 6 × 6 map that holds 1, 2, 3, …, 36. All nine '
    "weights are 1. Then a `Conv2DTranspose` with the very same settings and weights is run on that. What size comes "
    "out, and which of the 36 numbers are back in their places?",
    fields=(Number("Size"), Choice("The numbers that are back", (_ALL, _INSIDE, _NONE))),
    truth=lambda: (len(truth.there_and_back(6, 2)[1]), _which_return()),
    sentence="The size is back, 3 · 2 = 6. Each number on the way was a sum of up to nine, and no stamp takes a sum "
    "apart.",
    slips=(KnownWrongAnswer(m.DECONVOLUTION, (6, _ALL)), KnownWrongAnswer(m.DECONVOLUTION, (6, _INSIDE))),
)

three_sizes = Prediction(
    lesson="04",
    name="three_sizes",
    question='`Conv2DTranspose(1, 3, strides=3, padding="same")` gets a map of 5 × 5. What size comes out '
    "without `output_padding`? With `output_padding=0`? And with `output_padding=1`?",
    fields=(Number("Left out"), Number("output_padding=0"), Number("output_padding=1")),
    truth=lambda: tuple(truth.transposed_size(5, 3, 3, "same", extra) for extra in (None, 0, 1)),
    sentence="Three sizes become 5 on the way down: 13, 14 and 15. With a number, 0, 1 or 2, you choose one of them; "
    "left out, Keras takes the largest.",
    slips=(
        KnownWrongAnswer(m.ADDED_TO_THE_DEFAULT, (15, 15, 16)),
        KnownWrongAnswer(m.ZERO_IS_THE_DEFAULT, (15, 15, 15)),
        KnownWrongAnswer(m.STEPS_WITHOUT_A_STAMP, (15, 12, 13)),
    ),
)

checker = Prediction(
    lesson="04",
    name="checker",
    question="A map of ones goes through a `Conv2DTranspose` with a 7 × 7 kernel of ones and `strides=2`. Look at the "
    "output away from its border: what is the smallest number there, and what is the largest?",
    fields=(Number("Smallest"), Number("Largest")),
    truth=lambda: (truth.stamps_inside(7, 2)[0], truth.stamps_inside(7, 2)[-1]),
    sentence="Along one side every second cell gets 4 stamps and the others get 3. On both sides together: 3·3, 3·4 or "
    "4·4.",
    slips=(
        KnownWrongAnswer(m.AS_A_CONVOLUTION, (49, 49)),
        KnownWrongAnswer(m.STAMPS_FALL_EVENLY, (9, 9)),
        KnownWrongAnswer(m.STAMPS_FALL_EVENLY, (12, 12)),
        KnownWrongAnswer(m.STAMPS_FALL_EVENLY, (16, 16)),
    ),
)


def look_back() -> None:
    """Show what you expected in this lesson, and what came."""
    predictions.look_back("04")


# -- down_and_up --------------------------------------------------------------------------------------------------

_ROUND_TRIP_SLIPS = slips_of(m.MULTIPLYING_UNDOES, m.WAY_DOWN_ROUNDS_DOWN)

down_and_up = Exercise(
    name="down_and_up",
    answer="down_and_up",
    checker=AgainstKeras(
        symbols=("n", "f"),
        cases=((7, 2), (8, 2), *((n, f) for n in range(1, 14) for f in (1, 2, 3, 4)), (28, 5)),
        differ=equals(truth.down_and_up),
        layer='`MaxPooling2D(f, padding="same")` and `UpSampling2D(f)`',
        read=pair,
        slips=_ROUND_TRIP_SLIPS,
    ),
    hints=(
        "Two layers, two rules, one after the other. Do n = 7, f = 2 with a pencil first: 7, then what, then what?",
        'Told no stride, the pooling takes s = f. With "same" it gives ⌈n / f⌉, and `-(-n // f)` rounds up.',
        "The second number has nothing to do with n any more: it is the first one, times f.",
    ),
    solution_code="""\
def down_and_up(n, f):
    down = -(-n // f)
    up = down * f
    return down, up""",
    why="⌈n / f⌉ and then ⌈n / f⌉·f, which is n only for a multiple of f. It is never less than n.",
    slips=_ROUND_TRIP_SLIPS,
)

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
        if isinstance(one, (bool, np.bool_)) or not isinstance(one, numbers.Real):
            raise BadAnswer(f"{spell(one)} in it is not a number.")
    rounded = [round(float(one), 4) for one in value]
    return [int(one) if one.is_integer() else one for one in rounded]


def _row_differs(real_row: Callable[..., list[float]]) -> Callable[..., str | None]:
    """What is wrong with a row of numbers: the first place that differs, or its length."""

    def differ(said: list[float], *case: Any) -> str | None:
        true = row_of_numbers(real_row(*case))
        if said == true:
            return None
        if len(said) != len(true):
            return f"your function returns {len(said)} numbers; Keras makes {len(true)}."
        first = next(i for i, (mine, other) in enumerate(zip(said, true, strict=True)) if mine != other)
        return (
            f"your function says {spell(said)}; Keras gives {spell(true)}. The first that differs is in cell {first}."
        )

    return differ


def _blend_with(beyond: Callable[[Sequence[float]], tuple[float, float]]) -> Callable[[Sequence[float]], list[float]]:
    """Lean a quarter to the neighbour, for someone who has an idea of what stands beyond the rim."""

    def blend_row(row: Sequence[float]) -> list[float]:
        left, right_ = beyond(row)
        padded = [left, *row, right_]
        return [(3 * padded[j] + padded[j + side]) / 4 for j in range(1, len(row) + 1) for side in (-1, 1)]

    return blend_row


def _old_cells_stay(row: Sequence[float]) -> list[float]:
    following = [*row[1:], row[-1]]
    return [v for cell, after in zip(row, following, strict=True) for v in (cell, (cell + after) / 2)]


def _corners_stay(row: Sequence[float]) -> list[float]:
    return [float(v) for v in np.interp(np.linspace(0, len(row) - 1, 2 * len(row)), range(len(row)), row)]


def _blend_two(own: float, left_half_leans: int = -1) -> Callable[[Sequence[float]], list[float]]:
    """Blend the right number of cells, for someone who takes another share, or the neighbour on the other side."""

    def blend_row(row: Sequence[float]) -> list[float]:
        last = len(row) - 1
        return [
            own * cell + (1 - own) * row[min(max(j + side * left_half_leans, 0), last)]
            for j, cell in enumerate(row)
            for side in (1, -1)
        ]

    return blend_row


_BLEND_SLIPS = (
    KnownWrongAnswer(m.BLENDING_COPIES, lambda row: [cell for cell in row for _ in range(2)]),
    KnownWrongAnswer(m.OLD_CELLS_STAY, _old_cells_stay),
    KnownWrongAnswer(m.CORNERS_STAY, _corners_stay),
    KnownWrongAnswer(m.RIM_BLENDS_WITH_ZERO, _blend_with(lambda row: (0, 0))),
    KnownWrongAnswer(m.FAR_CELL_WINS, _blend_two(own=0.25)),
    KnownWrongAnswer(m.LEFT_LEANS_RIGHT, _blend_two(own=0.75, left_half_leans=1)),
    KnownWrongAnswer(m.PLAIN_MEAN, _blend_two(own=0.5)),
)

blend_row = Exercise(
    name="blend_row",
    answer="blend_row",
    checker=AgainstKeras(
        symbols=("row",),
        cases=tuple(([*row],) for row in ((0, 12), (5,), (0, 1, 2), (4, -8, 0, 6), (1, 2, 4, 8, 16), (9, 0, 0, 9, 3))),
        differ=_row_differs(truth.blended),
        layer='`UpSampling2D` with `interpolation="bilinear"`',
        read=row_of_numbers,
        slips=_BLEND_SLIPS,
    ),
    hints=(
        "New cell i lies in old cell j. Is it the left half of it (i = 0, 2, 4, …) or the right half? The left half "
        "leans to the left, to j − 1.",
        "`i % 2` is 0 for the left half and 1 for the right half. The line after the first blank takes care of the "
        "rim already.",
        "The neighbour is j − 1 or j + 1. The new cell is three quarters of its own cell and one quarter of that "
        "neighbour.",
    ),
    solution_code="""\
def blend_row(row):
    n = len(row)
    blended = []
    for i in range(2 * n):
        j = i // 2
        neighbour = j - 1 if i % 2 == 0 else j + 1
        neighbour = min(max(neighbour, 0), n - 1)
        blended.append(0.75 * row[j] + 0.25 * row[neighbour])
    return blended""",
    why="The centre of a half cell lies a quarter of a cell from the centre of its own cell, and three quarters from "
    "the next one. The nearer one gets the larger share.",
    slips=_BLEND_SLIPS,
)

# -- size_and_gaps ------------------------------------------------------------------------------------------------


def _size_and_gaps(n: int, k: int, s: int) -> tuple[int, int]:
    return truth.transposed_size(n, k, s), truth.never_stamped(n, k, s)


def _with_gaps(size: Callable[..., int], gaps: Callable[..., int]) -> Callable[..., tuple[int, int]]:
    """Both numbers, for someone who believes this of each."""
    return lambda n, k, s: (size(n, k, s), gaps(n, k, s))


def _gap_in_each(n: int, k: int, s: int) -> int:
    return n * max(s - k, 0)


def _gaps_between(n: int, k: int, s: int) -> int:
    return (n - 1) * max(s - k, 0)


def _no_gaps(n: int, k: int, s: int) -> int:
    return 0


_GAPS = (_gap_in_each, _gaps_between, _no_gaps)
_LENGTH_SLIPS = (
    *(
        KnownWrongAnswer(belief, _with_gaps(belief.wrong_formula, gaps))
        for belief in (m.TEXTBOOK_LENGTH, m.ONLY_THE_STRIDE, m.STAMPS_SIDE_BY_SIDE, m.STRIDE_SHRINKS)
        for gaps in _GAPS
    ),
    KnownWrongAnswer(m.GAPS_ONLY_BETWEEN, _with_gaps(truth.transposed_size, _gaps_between)),
)


def _size_or_gaps_differ(said: tuple[int, int], n: int, k: int, s: int) -> str | None:
    """What is wrong with a size and a number of gaps; whether it is only the gaps."""
    true = _size_and_gaps(n, k, s)
    if said == true:
        return None
    only_gaps = " The size is right." if said[0] == true[0] else ""
    return f"your function says {spell(said)}; Keras gives {spell(true)}.{only_gaps}"


size_and_gaps = Exercise(
    name="size_and_gaps",
    answer="size_and_gaps",
    checker=AgainstKeras(
        symbols=("n", "k", "s"),
        cases=(
            (4, 3, 2),
            (4, 2, 3),
            *((n, k, s) for n in range(1, 6) for k in range(1, 6) for s in (1, 2, 3, 4)),
            (14, 5, 2),
        ),
        differ=_size_or_gaps_differ,
        layer='`Conv2DTranspose(…, strides=s, padding="valid")`',
        read=pair,
        slips=_LENGTH_SLIPS,
    ),
    hints=(
        "Each of the n cells gets s cells of its own: n·s. When does the last stamp reach further than that?",
        "The last stamp begins at (n − 1)·s and is k long. It reaches beyond n·s by k − s, and by nothing if k is "
        "smaller than s. `max(a, b)` is the larger of two numbers.",
        "Now the gaps. They are there only if k is smaller than s. Of its own s cells, how many does one stamp leave "
        "free? And how many stamps are there? Think of 1 1 0 2 2 0 3 3 0 4 4 0.",
    ),
    solution_code="""\
def size_and_gaps(n, k, s):
    size = n * s + max(k - s, 0)
    gaps = n * max(s - k, 0)
    return size, gaps""",
    why="n·s cells, and what the last stamp reaches beyond them. If k is below s, each of the n stamps leaves s − k "
    "cells free, the last one too. So never both: either the stamps overlap, or they leave gaps, or k = s.",
    slips=_LENGTH_SLIPS,
)

# -- stamp --------------------------------------------------------------------------------------------------------


def _stamped_at(step: Callable[[int], int], turned: bool = False, add: bool = True) -> Callable[..., list[float]]:
    """Stamping, for someone who believes this of where a stamp begins, of the kernel, or of overlaps."""

    def stamp(row: Sequence[float], kernel: Sequence[float], s: int) -> list[float]:
        result = [0.0] * (len(row) * s + max(len(kernel) - s, 0))
        weights = [*reversed(kernel)] if turned else [*kernel]
        for j, cell in enumerate(row):
            for t, weight in enumerate(weights):
                i = j * step(s) + t
                result[i] = result[i] * add + cell * weight
        return result

    return stamp


def _side_by_side(row: Sequence[float], kernel: Sequence[float], s: int) -> list[float]:
    """What ``result[j * k + t]`` makes: for k > s an IndexError, as in the learner's own cell."""
    result = [0.0] * len(truth.stamped(row, kernel, s))
    for j, cell in enumerate(row):
        for t, weight in enumerate(kernel):
            result[j * len(kernel) + t] += cell * weight
    return result


_STAMP_SLIPS = (
    KnownWrongAnswer(m.LAST_STAMP_WINS, _stamped_at(lambda s: s, add=False)),
    KnownWrongAnswer(m.STAMP_IS_TURNED, _stamped_at(lambda s: s, turned=True)),
    KnownWrongAnswer(m.STAMPS_MOVE_BY_ONE, _stamped_at(lambda s: 1)),
)

_AGAINST_TRANSPOSED = AgainstKeras(
    symbols=("row", "kernel", "s"),
    cases=tuple(
        ([*row], [*kernel], s)
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
    ),
    differ=_row_differs(truth.stamped),
    layer="`Conv1DTranspose`",
    read=row_of_numbers,
    slips=_STAMP_SLIPS,
)


def _stamps_side_by_side(function: Any) -> bool:
    """Whether a function gives what ``result[j * k + t]`` gives wherever that fits into the result, at k < s."""
    try:
        return all(
            row_of_numbers(ask(function, [*row], [*kernel], s)) == row_of_numbers(_side_by_side(row, kernel, s))
            for row, kernel, s in _AGAINST_TRANSPOSED.cases
            if len(kernel) < s
        )
    except (CheckFailed, BadAnswer):
        return False


class _ReadBeyond(IndexError):
    """A cell was read that a list of the question does not have."""


class _Given(list[float]):
    """A list of the question, which tells when it is read beyond its end."""

    def __getitem__(self, place: Any) -> Any:
        try:
            return super().__getitem__(place)
        except IndexError as error:
            raise _ReadBeyond(*error.args) from error


def _reads_beyond(function: Any) -> bool:
    """Whether the first thing that a function stumbles over is a cell of ``row`` or ``kernel`` that does not exist."""
    try:
        for row, kernel, s in _AGAINST_TRANSPOSED.cases:
            ask(function, _Given(row), _Given(kernel), s)
    except CheckFailed as stop:
        return isinstance(stop.__cause__, _ReadBeyond)
    return False


def _check_stamp(function: Any) -> str | Result:
    """As any function; a place that does not exist is explained, because Python says only "index out of range"."""
    try:
        return _AGAINST_TRANSPOSED(function)
    except CheckFailed as stop:
        if "raised IndexError" not in stop.result.lines[0]:
            raise
        first, *rest = stop.result.lines
        if _reads_beyond(function):
            told = (
                "You read a cell that does not exist: `row` has the cells 0 to n − 1 (j), `kernel` the weights 0 to "
                "k − 1 (t)."
            )
            return wrong(first, told, *rest)
        return wrong(
            first,
            "One of your places lies beyond the end. Put in numbers: j = 1 and t = 2, with s = 2. Where does that "
            "weight land, if the stamp of cell 1 begins in cell 2?",
            *rest,
            misconception=m.STAMPS_SIDE_BY_SIDE if _stamps_side_by_side(function) else None,
            with_case=False,
        )


stamp = Exercise(
    name="stamp",
    answer="stamp",
    checker=_check_stamp,
    hints=(
        "The stamp of cell j begins at j·s. In which cell of the result does its cell t land, t = 0, 1, …?",
        "In cell j·s + t. And what does a stamp bring? A weight alone, or the weight made larger by the cell's number?",
        "The number of cell j, times weight t: `row[j] * kernel[t]`. `+=` adds it to what lies there already.",
    ),
    solution_code="""\
def stamp(row, kernel, s):
    n, k = len(row), len(kernel)
    layer = keras.layers.Conv1DTranspose(1, k, strides=s)
    result = [0] * layer.compute_output_shape((None, n, 1))[1]
    for j in range(n):
        for t in range(k):
            result[j * s + t] += row[j] * kernel[t]
    return result""",
    why="That is the whole of a transposed convolution: every cell stamps the kernel, times its own number, s cells "
    "further on, and what overlaps is added.",
    slips=(*_STAMP_SLIPS, KnownWrongAnswer(m.STAMPS_SIDE_BY_SIDE, _side_by_side)),
)

# -- way_back -----------------------------------------------------------------------------------------------------


def _number_or_none(value: object) -> int | None:
    """An ``output_padding``: a whole number, or None, which is what Keras takes when it is left out."""
    return None if value is None else whole(value)


def _comes_back(extra: int | None, n: int, s: int) -> str | None:
    """What is wrong with an output_padding for the way back to n, or None."""
    o = truth.same_step_size(n, 3, s)
    if extra is not None and not 0 <= extra < s:
        line = f"your function says {extra}, and `output_padding` must be at least 0 and below the stride, {s}."
        if extra == n - truth.transposed_size(n, 3, s, "same", 0):  # the rule, with n in place of o
            line += f" Into the layer goes o = {o}: put it where section 6 has n."
        return line
    back = truth.transposed_size(o, 3, s, "same", extra)
    if back == n:
        return None
    road = f"Keras goes {n} → {o} → {back}."
    if extra is None:
        return f"your function says None, which leaves the argument out, and {road} (Or is a `return` missing?)"
    return f"your function says {extra}, and {road}"


_WAY_BACK_SLIPS = (
    KnownWrongAnswer(m.ONE_WAY_BACK, lambda n, s: 0),
    KnownWrongAnswer(m.ONE_WAY_BACK, lambda n, s: s - 1),
    KnownWrongAnswer(m.TAKEN_FROM_THE_LARGEST, lambda n, s: -n % s),
    KnownWrongAnswer(m.ADDED_TO_THE_DEFAULT, lambda n, s: n - -(-n // s) * s),
    KnownWrongAnswer(m.STEPS_WITHOUT_A_STAMP, lambda n, s: n - (-(-n // s) - 1) * s),
)

way_back = Exercise(
    name="way_back",
    answer="way_back",
    checker=AgainstKeras(
        symbols=("n", "s"),
        cases=((13, 2), (14, 2), (25, 2), *((n, s) for s in (1, 2, 3, 4) for n in range(1, 10)), (28, 5)),
        differ=_comes_back,
        layer="the way back that Keras takes",
        read=_number_or_none,
        slips=_WAY_BACK_SLIPS,
    ),
    hints=(
        "The way down gives o = ⌈n / s⌉; in Python `-(-n // s)`. From there the way up must end at n. Which rule of "
        "section 6 holds for a `Conv2DTranspose` that is given an `output_padding`?",
        "Here the layer's input is o, so put o where section 6 has n. With k = 3 the size is "
        "(o − 1)·s + 1 + output_padding, and that must be n. Solve it for the output_padding.",
        "For n = 14, s = 2: o = 7, and 6·2 + 1 = 13, so 1 is missing. For n = 13 nothing is. What is missing is n "
        "minus the rest.",
    ),
    solution_code="""\
def way_back(n, s):
    o = -(-n // s)
    return n - ((o - 1) * s + 1)""",
    why="The s sizes from (o − 1)·s + 1 to o·s all go down to o, and `output_padding`, from 0 to s − 1, says which of "
    "them it was. (In one line: `(n - 1) % s`.)",
    slips=_WAY_BACK_SLIPS,
)

# -- two_ways -----------------------------------------------------------------------------------------------------

_MAY_STAND_THERE = (
    "UpSampling2D", "Conv2D", "Conv2DTranspose", "ZeroPadding2D", "Cropping2D", "AveragePooling2D",
)  # fmt: skip


def _both_ways(function: Any) -> list[list[Layer]]:
    """The two lists of layers that a learner's function returns."""
    check_callable(function)
    made = ask(function)
    if not isinstance(made, (list, tuple)) or len(made) != 2:
        raise CheckFailed(
            wrong(f"Your function returns {spell(made)}. I need two lists of layers: `return first, second`.")
        )
    return [networks.layers_of(lambda way=way: way) for way in made]


def _with_weights_of_one(layers: Sequence[Layer], x: Map) -> Map:
    """Run layers whose kernels are all ones and whose biases are 0, so that each cell counts what reaches it."""
    networks.run_through(layers, x)
    for layer in layers:
        layer.set_weights([np.ones(w.shape) if len(w.shape) > 1 else np.zeros(w.shape) for w in layer.weights])
    return networks.run_through(layers, x)[-1]


_THE_TRAP = "With `same`, a layer with an even kernel and `output_padding=0` cannot run: section 6, One trap."


def _first_trapped(layers: Sequence[Layer]) -> int | None:
    """The number of the first layer that Keras builds and cannot run: "same", an even kernel, and a 0."""
    return next((i for i, layer in enumerate(layers, start=1) if _is_trapped(layer)), None)


def _is_trapped(layer: Layer) -> bool:
    if kind_of(layer) != "Conv2DTranspose" or layer.padding != "same" or layer.output_padding is None:
        return False
    extras = layer.output_padding
    extras = extras if isinstance(extras, (tuple, list)) else (extras,) * 2
    return any(k % 2 == 0 and extra == 0 for k, extra in zip(layer.kernel_size, extras, strict=True))


def _trouble_with(layers: Sequence[Layer]) -> Result | None:
    """Why one of the two ways will not do, or None. The words follow "The first way"."""
    odd = [kind_of(layer) for layer in layers if kind_of(layer) not in _MAY_STAND_THERE]
    if odd:
        return wrong(f"holds a `{odd[0]}`. Use only {', '.join(f'`{kind}`' for kind in _MAY_STAND_THERE)}.")
    if networks.activation_of(layers):
        return wrong("has an activation. Leave it out: it would hide what is counted.")
    if not any(kind_of(layer) in ("Conv2D", "Conv2DTranspose") for layer in layers):
        return wrong("has nothing to learn. It needs a `Conv2D` or a `Conv2DTranspose`.")
    try:
        y = _with_weights_of_one(layers, np.ones((1, 7, 7, 8), dtype=np.float32))
    except CheckFailed:
        trapped = _first_trapped(layers)
        if trapped is None:
            raise
        return wrong(f"does not run, because of its layer {trapped}. {_THE_TRAP}")
    if y.shape[1:] != (14, 14, 8):
        return wrong(
            f"makes {_times(y)} of 7 × 7 × 8. Asked for: 14 × 14 × 8.", misconception=_belief_about_size(y, layers)
        )
    for n in (5, 10):
        y = _with_weights_of_one(layers, np.ones((1, n, n, 8), dtype=np.float32))
        if y.shape[1:] != (2 * n, 2 * n, 8):
            return wrong(
                f"makes 14 × 14 × 8 of 7 × 7 × 8, as asked. But of {n} × {n} × 8 it makes {_times(y)}, and every side "
                f"must be doubled, whatever the map's size: {2 * n} × {2 * n} × 8."
            )
    counted = _with_weights_of_one(layers, np.ones((1, 21, 21, 8), dtype=np.float32))
    far = counted.shape[1] // 3  # from the border: no ghost and no cut reaches so far in
    inside = counted[0, far:-far, far:-far]
    if not np.allclose(inside, inside.flat[0]):
        return wrong(
            "has the right size. But with all weights 1, on a map of ones, its cells away from the border lie between "
            f"{inside.min():g} and {inside.max():g}{_in_stamps(layers, inside)}: a checkerboard.",
            misconception=m.STAMPS_FALL_EVENLY,
            with_case=False,
        )
    return _hidden_grid(layers)


def _in_stamps(layers: Sequence[Layer], inside: Map) -> str:
    """How many stamps that is, where nothing but one transposed convolution adds anything up."""
    adding = [layer for layer in layers if kind_of(layer) not in ("ZeroPadding2D", "Cropping2D")]
    if len(adding) != 1 or kind_of(adding[0]) != "Conv2DTranspose":
        return ""
    channels = int(adding[0].weights[0].shape[-1])
    return f" ({inside.min() / channels:g} to {inside.max() / channels:g} stamps, times {channels} channels)"


def _hidden_grid(layers: Sequence[Layer]) -> Result | None:
    """What to say of stamps that fall unevenly where the counts at the end do not show it, or None."""
    for layer in layers:
        if kind_of(layer) != "Conv2DTranspose":
            continue
        for k, s in zip(layer.kernel_size, layer.strides, strict=True):
            if k % s:
                after = "your last convolution" if kind_of(layers[-1]) == "Conv2D" else "what comes after them"
                return wrong(
                    "has the right size, and shows no grid at the end. But some cells get more stamps than their "
                    f"neighbours (k = {k}, s = {s}); {after} only averages it away."
                )
    return None


def _times(y: Map) -> str:
    return " × ".join(map(str, y.shape[1:]))


def _belief_about_size(y: Map, layers: Sequence[Layer]) -> Misconception | None:
    """A lone transposed convolution without "same" is longer than its stride says, if k is larger than s."""
    lone = len(layers) == 1 and kind_of(layers[0]) == "Conv2DTranspose"
    longer = lone and layers[0].padding == "valid" and layers[0].output_padding is None and y.shape[1] > 14
    return m.ONLY_THE_STRIDE if longer and layers[0].strides[0] == 2 else None


def _check_two_ways(function: Any) -> Result:
    """Two different ways to double every size, both without a grid."""
    ways = _both_ways(function)
    for name, layers in zip(("first", "second"), ways, strict=True):
        if not layers:
            return wrong(f"The {name} way is an empty list.")
        trouble = _trouble_with(layers)
        if trouble is not None:
            return Result(
                trouble.outcome, (f"The {name} way {trouble.lines[0]}",), trouble.misconception, trouble.with_case
            )
    if sum(any(kind_of(layer) == "Conv2DTranspose" for layer in layers) for layers in ways) != 1:
        return wrong("Neither way has a grid. But one of them must use a `Conv2DTranspose`, and the other must not.")
    return right("Both ways double every side that I tried, and away from the border every cell gets equally much.")


def _two(first: Callable[[Any], list[Any]], second: Callable[[Any], list[Any]]) -> Callable[[], Any]:
    """What a learner would hand in with these two lists."""
    return lambda: (first(load_keras().layers), second(load_keras().layers))


def _upsample_then_convolve(layers: Any) -> list[Any]:
    return [layers.UpSampling2D(2), layers.Conv2D(8, 3, padding="same")]


two_ways = Exercise(
    name="two_ways",
    answer="two_ways",
    checker=_check_two_ways,
    hints=(
        "For one of them, section 7 names a way that has no stamps at all, so that nothing can overlap unevenly.",
        "For the other, which kernel sizes does a stride of 2 divide? And which padding makes n·s of n, whatever k is?",
        'One is `UpSampling2D(2)` and then a `Conv2D(8, …, padding="same")`. The other is a single `Conv2DTranspose` '
        'with `strides=2`, "same", and an even kernel.',
    ),
    solution_code="""\
def two_ways():
    first = [
        keras.layers.UpSampling2D(2),
        keras.layers.Conv2D(8, 3, padding="same"),
    ]
    second = [keras.layers.Conv2DTranspose(8, 4, strides=2, padding="same")]
    return first, second""",
    why="One way to do it: upsample, and then convolve, which treats all cells alike; and a `Conv2DTranspose` with a "
    "kernel of 4 and a stride of 2, which gives every cell 2·2 stamps. With other weights than ones a "
    "`Conv2DTranspose` that takes steps of 2 can still draw a grid. Upsampling and then convolving cannot.",
    slips=(
        KnownWrongAnswer(
            m.STAMPS_FALL_EVENLY,
            _two(_upsample_then_convolve, lambda layers: [layers.Conv2DTranspose(8, 3, strides=2, padding="same")]),
        ),
        KnownWrongAnswer(
            m.STAMPS_FALL_EVENLY,
            _two(_upsample_then_convolve, lambda layers: [layers.Conv2DTranspose(8, 5, strides=2, padding="same")]),
        ),
        KnownWrongAnswer(
            m.ONLY_THE_STRIDE,
            _two(_upsample_then_convolve, lambda layers: [layers.Conv2DTranspose(8, 4, strides=2)]),
        ),
    ),
)

# -- decoder ------------------------------------------------------------------------------------------------------

_DECODED = (28, 25, 26, 32, *range(9, 25))


@cache
def _halved(n: int) -> tuple[int, ...]:
    """The sizes of n after none, one, two and three poolings by 2."""
    sizes = [n]
    for _ in range(3):
        sizes.append(truth.pooled_size(sizes[-1]))
    return tuple(sizes)


def _check_decoder(function: Any) -> Result:
    """Three transposed convolutions that go back by the same sizes, for many n; every size on the way is looked at."""
    check_callable(function)
    for n in _DECODED:
        down = _halved(n)
        asked = truth.changes(down[-1], down[-2::-1])
        layers = networks.layers_of(function, n, settings=f"n = {n}")
        if len(layers) != 3:
            return wrong(f"For n = {n} your list holds {len(layers)} layers; three `Conv2DTranspose` are asked for.")
        for i, layer in enumerate(layers, start=1):
            if kind_of(layer) != "Conv2DTranspose":
                return wrong(
                    f"For n = {n} layer {i} of your list is a `{kind_of(layer)}`; "
                    "three `Conv2DTranspose` are asked for."
                )
        try:
            maps = networks.run_through(layers, np.ones((1, down[-1], down[-1], 8), dtype=np.float32))
        except CheckFailed:
            trapped = _first_trapped(layers)
            if trapped is None:
                raise
            return wrong(f"For n = {n} layer {trapped} does not run. {_THE_TRAP}")
        came = tuple(int(y.shape[1]) for y in maps)
        if any(y.shape[1:3] != (size, size) for y, size in zip(maps, down[-2::-1], strict=True)):
            pattern = _pattern_in_decoder(function)
            belief = _belief_about_decoder(layers, _missing((down[-1], *came)))
            return wrong(
                f"For n = {n} the way down is {truth.changes(n, down[1:])}. Your layers go back "
                f"{truth.changes(down[-1], came)}; asked for: {asked}.",
                *([] if pattern is None else [pattern]),
                misconception=belief,
                # The smallest case of the other belief is told for layers in which the argument is left out.
                with_case=belief is m.MULTIPLYING_UNDOES,
            )
    return right(f"The same sizes back, step by step, for {len(_DECODED)} sizes of the picture.")


def _missing(sizes: Sequence[int]) -> tuple[int, ...]:
    """How much each step falls short of doubling."""
    return tuple(2 * n - up for n, up in pairwise(sizes))


def _belief_about_decoder(layers: Sequence[Layer], missing: tuple[int, ...]) -> Misconception | None:
    """What the steps have in common: all doubled, or all one short of it."""
    if set(missing) not in ({0}, {1}):
        return None
    left_out = all(layer.output_padding is None for layer in layers)
    return m.MULTIPLYING_UNDOES if left_out and set(missing) == {0} else m.ONE_WAY_BACK


def _pattern_in_decoder(function: Any) -> str | None:
    """What a decoder gets wrong in the same way for every n, if it has all the numbers, or None."""
    forwards = swapped = True
    for n in _DECODED:
        back = _halved(n)[::-1]
        asked = _missing(back)
        try:
            layers = networks.layers_of(function, n)
            maps = networks.run_through(layers, np.ones((1, back[0], back[0], 8), dtype=np.float32))
        except CheckFailed:
            return None
        made = _missing((back[0], *(int(y.shape[1]) for y in maps)))
        odd = all(kind_of(layer) == "Conv2DTranspose" and layer.kernel_size[0] % 2 for layer in layers)
        forwards = forwards and made == asked[::-1]
        # With an even kernel the two numbers are others than 1 and 0.
        swapped = swapped and odd and made == tuple(1 - one for one in asked)
    if forwards:
        return "The numbers are right, in the order of the way down. The first layer of the decoder leads to ⌈n/4⌉."
    return "An even size needs 1, an odd one 0." if swapped else None


def _always(extra: int | None) -> Callable[[int], Any]:
    """A decoder for someone who takes the same output_padding everywhere."""

    def decoder(n: int) -> Any:
        layer = load_keras().layers.Conv2DTranspose
        return [layer(8, 3, strides=2, padding="same", output_padding=extra) for _ in range(3)]

    return decoder


decoder = Exercise(
    name="decoder",
    answer="decoder",
    checker=_check_decoder,
    hints=(
        "Write down the four sizes of the way down for n = 26. Which `output_padding` leads from 4 to 7? From 7 to 13? "
        "From 13 to 26?",
        "With k = 3 and s = 2 it is 1 for a size that is even and 0 for one that is odd. So you need the sizes of the "
        "way down, without the last one: n, ⌈n / 2⌉, ⌈n / 4⌉.",
        "And you need them backwards: the first layer of the decoder leads to ⌈n / 4⌉. Build a list with a loop, or "
        "write the three layers one by one.",
    ),
    solution_code="""\
def decoder(n):
    way_down = [n, -(-n // 2), -(-n // 4)]
    layers = []
    for size in reversed(way_down):
        extra = (size - 1) % 2
        layers.append(keras.layers.Conv2DTranspose(8, 3, strides=2, padding="same", output_padding=extra))
    return layers""",
    why="The rounding of each step is written down on the way down and handed to the step that goes back. Nothing else "
    "in the network could know it.",
    slips=(
        KnownWrongAnswer(m.MULTIPLYING_UNDOES, _always(None)),
        KnownWrongAnswer(m.ONE_WAY_BACK, _always(1)),
        KnownWrongAnswer(m.ONE_WAY_BACK, _always(0)),
    ),
)
