"""Lesson 03, "Pool the map": the hidden stride, odd sizes, what a ghost is worth, global pooling, what is forgotten."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_utils.axes import Window
from course_utils.exercises import misconceptions as m, networks, predictions, truth
from course_utils.exercises.answers import BadAnswer, ask, check_callable, spell, whole_numbers
from course_utils.exercises.catalogue import KnownWrongAnswer, Misconception, slips_of
from course_utils.exercises.core import AgainstKeras, Exercise, belief_behind, equals, pair
from course_utils.exercises.networks import Map
from course_utils.exercises.predictions import Choice, Number, Prediction
from course_utils.exercises.result import CheckFailed, Result, right, wrong
from course_utils.keras_layers import KerasRefusal, Layer, kind_of, load_keras, output_shape, run

Values = NDArray[np.float64]

# -- predictions --------------------------------------------------------------------------------------------------

pool_weights = Prediction(
    lesson="03",
    name="pool_weights",
    question="A map of 28 × 28 with 16 channels goes into `MaxPooling2D((2, 2))`. How many weights does this layer "
    "have, and how many channels come out?",
    fields=(Number("Weights"), Number("Channels out")),
    truth=lambda: (truth.pool_parameters(2), truth.pooled_channels(16)),
    sentence="The window only picks, in each channel by itself. There is nothing to learn.",
    slips=(
        KnownWrongAnswer(m.POOL_HAS_WEIGHTS, (m.POOL_HAS_WEIGHTS.wrong_formula(2), 16)),
        KnownWrongAnswer(m.POOL_HAS_WEIGHTS, (16 * m.POOL_HAS_WEIGHTS.wrong_formula(2), 16)),
        KnownWrongAnswer(m.CHANNELS_ARE_POOLED, (0, m.CHANNELS_ARE_POOLED.wrong_formula(16))),
    ),
)

pool_of_three = Prediction(
    lesson="03",
    name="pool_of_three",
    question='`MaxPooling2D((3, 3), padding="same")` gets a map of 28 × 28. What size comes out?',
    fields=(Number("Output size"),),
    truth=lambda: (truth.default_pool_size(28, 3),),
    sentence="Nobody gave a stride, so the layer took its pool size for it: 28 / 3 = 9.33, rounded up.",
    slips=(
        KnownWrongAnswer(m.POOL_STRIDE_IS_ONE, (m.POOL_STRIDE_IS_ONE.wrong_formula(28, 3),)),
        KnownWrongAnswer(m.POOL_STRIDE_IS_ONE, (26,)),
        KnownWrongAnswer(m.POOLING_HALVES, (m.POOLING_HALVES.wrong_formula(28, 3),)),
        KnownWrongAnswer(m.PARTLY_FILLED_IS_DROPPED, (m.PARTLY_FILLED_IS_DROPPED.wrong_formula(28, 3),)),
    ),
)

_HALVES = ("3 × 3", "4 × 4", "6 × 6", "7 × 7", "an error")


def _by(size: int) -> str:
    return f"{size} × {size}"


odd_half = Prediction(
    lesson="03",
    name="odd_half",
    question="A map of 7 × 7 goes into `MaxPooling2D((2, 2))`, once with each padding. Half of 7 is 3.5. "
    "What comes out?",
    fields=(Choice('padding="same"', _HALVES), Choice('padding="valid"', _HALVES)),
    truth=lambda: (_by(truth.default_pool_size(7, 2)), _by(truth.strided_pool_size(7, 2, 2))),
    sentence='"same" fills the last window up with ghost cells; "valid" leaves the last row and the last column out.',
    slips=(
        KnownWrongAnswer(m.FRACTION_RAISES, ("an error", "an error")),
        KnownWrongAnswer(m.FRACTION_RAISES, ("4 × 4", "an error")),
        KnownWrongAnswer(m.PARTLY_FILLED_IS_DROPPED, ("3 × 3", "3 × 3")),
        KnownWrongAnswer(m.ALWAYS_ROUNDS_UP, ("4 × 4", "4 × 4")),
        KnownWrongAnswer(m.POOL_STRIDE_IS_ONE, ("7 × 7", "6 × 6")),
        KnownWrongAnswer(m.POOL_STRIDE_IS_ONE, ("7 × 7", "3 × 3")),
    ),
)


def _last(kind: str, sign: int) -> str:
    """The last number of a pooled row of seven, as a learner reads it."""
    return f"{truth.pool_row(kind, [sign * i for i in range(1, 8)], 2)[-1]:g}".replace("-", "−")


ghost_worth = Prediction(
    lesson="03",
    name="ghost_worth",
    question='Windows of 2 with `padding="same"` run over a row of 7 cells. The last window holds one real cell and '
    "one ghost. The real cell is −7 for the maximum and 7 for the mean. What comes out of that last window?",
    fields=(
        Choice("The maximum of −7 and a ghost", ("−7", "0", "an error")),
        Choice("The mean of 7 and a ghost", ("7", "3.5", "0", "an error")),
    ),
    truth=lambda: (_last("Max", -1), _last("Average", 1)),
    sentence="A pooling window leaves its ghosts out, in a maximum and in a mean.",
    slips=(
        KnownWrongAnswer(m.GHOST_IS_ZERO, ("0", "3.5")),
        KnownWrongAnswer(m.GHOST_IS_ZERO, ("0", "7")),
        KnownWrongAnswer(m.GHOST_SHARES_THE_MEAN, ("−7", "3.5")),
    ),
)

any_map = Prediction(
    lesson="03",
    name="any_map",
    question="`GlobalAveragePooling2D()` gets a map of 28 × 28 with 16 channels, and then one of 32 × 32 with 16 "
    "channels. How many numbers come out each time?",
    fields=(Number("For 28 × 28 × 16"), Number("For 32 × 32 × 16")),
    truth=lambda: (truth.global_numbers(28, 16), truth.global_numbers(32, 16)),
    sentence="The window is the whole map, whatever its size: one number for each channel.",
    slips=(
        KnownWrongAnswer(m.GLOBAL_DEPENDS_ON_N, (28 * 16, 32 * 16)),
        KnownWrongAnswer(m.GLOBAL_DEPENDS_ON_N, (28, 32)),
        KnownWrongAnswer(m.GLOBAL_DEPENDS_ON_N, (28 * 28, 32 * 32)),
        KnownWrongAnswer(m.GLOBAL_DEPENDS_ON_N, (28 * 28 * 16, 32 * 32 * 16)),
        KnownWrongAnswer(m.CHANNELS_ARE_POOLED, (1, 1)),
    ),
)

moved = Prediction(
    lesson="03",
    name="moved",
    question="A row of zeros holds a single 9; the columns are counted from 0. A maximum over windows of 2 is taken, "
    "with the default stride. The 9 stands in column 2, then in column 3, then in column 4. In which column of the "
    "output is it each time?",
    fields=tuple(Number(f"9 in column {j}: output column") for j in (2, 3, 4)),
    truth=lambda: tuple(truth.column_after_pooling(j) for j in (2, 3, 4)),
    sentence="Columns 2 and 3 share a window; column 4 begins the next one.",
    slips=(
        KnownWrongAnswer(m.PLACE_IS_KEPT, (2, 3, 4)),
        KnownWrongAnswer(m.SHIFT_IS_NOT_SEEN, (1, 1, 1)),
        KnownWrongAnswer(m.SHIFT_IS_NOT_SEEN, (2, 2, 2)),
    ),
)


def look_back() -> None:
    """Show what you expected in this lesson, and what came."""
    predictions.look_back("03")


# -- same_pool ----------------------------------------------------------------------------------------------------

_SAME_SLIPS = (
    *slips_of(
        m.POOL_STRIDE_IS_ONE,
        m.POOLING_HALVES,
        m.PARTLY_FILLED_IS_DROPPED,
        m.ONE_MORE_THAN_FIT,
        m.SAME_ROUNDS_TO_THE_NEAREST,
    ),
    KnownWrongAnswer(m.POOL_STRIDE_IS_ONE, lambda n, k: n - k + 1),
)

same_pool = Exercise(
    name="same_pool",
    answer="same_pool",
    checker=AgainstKeras(
        symbols=("n", "k"),
        cases=((7, 2), *((n, k) for n in range(1, 10) for k in range(1, 6)), (28, 2), (28, 3), (31, 4)),
        differ=equals(truth.default_pool_size),
        layer='`MaxPooling2D(k, padding="same")`',
        slips=_SAME_SLIPS,
    ),
    hints=(
        "Nobody says `strides`. What is the stride, then?",
        "It is k. And the rule of *same* is ⌈n / s⌉, whatever the layer.",
        "To round up in Python: `math.ceil(n / k)`, after `import math`, or, in whole numbers only, `-(-n // k)`.",
    ),
    solution_code="""\
def same_pool(n, k):
    return -(-n // k)""",
    why="Without `strides` the step is the pool size, so ⌈n / s⌉ is ⌈n / k⌉. (`-(-n // k)` rounds up: `//` rounds "
    "down, and the two signs turn that around.)",
    slips=_SAME_SLIPS,
)

# -- valid_pool ---------------------------------------------------------------------------------------------------


def _with_lost(size: Callable[[int, int, int], int]) -> Callable[[int, int, int], tuple[int, int]]:
    """An answer whose size is wrong, and whose lost rows follow from the real layer."""
    return lambda n, k, s: (size(n, k, s), truth.unused_inputs(n, k, s))


def _with_size(lost: Callable[[int, int, int], int]) -> Callable[[int, int, int], tuple[int, int]]:
    """An answer whose size is that of the real layer, and whose lost rows are wrong."""
    return lambda n, k, s: (truth.strided_pool_size(n, k, s), lost(n, k, s))


def _size_and_lost(value: tuple[int, ...], n: int, k: int, s: int) -> str | None:
    """Both numbers beside the real layer's, and which of them to look at."""
    true = (truth.strided_pool_size(n, k, s), truth.unused_inputs(n, k, s))
    if value == true:
        return None
    which = "first number, the size" if value[0] != true[0] else "second number, the rows that no window reads"
    return f"your function says {spell(value)}; Keras gives {spell(true)}. Look at the {which}."


_VALID_SLIPS = (
    KnownWrongAnswer(m.WINDOWS_LIE_SIDE_BY_SIDE, _with_size(lambda n, k, s: n % k)),
    KnownWrongAnswer(m.WINDOWS_ARE_S_LONG, _with_size(lambda n, k, s: n % s)),
    KnownWrongAnswer(m.WINDOWS_ARE_S_LONG, _with_size(lambda n, k, s: n - truth.strided_pool_size(n, k, s) * s)),
    KnownWrongAnswer(m.STRIDE_ALONE_DIVIDES, lambda n, k, s: (m.STRIDE_ALONE_DIVIDES.wrong_formula(n, k, s), 0)),
    KnownWrongAnswer(m.STRIDE_ALONE_DIVIDES, _with_lost(m.STRIDE_ALONE_DIVIDES.wrong_formula)),
    KnownWrongAnswer(m.PLACES_ARE_N_OVER_S, lambda n, k, s: (n // s, n % s)),
    KnownWrongAnswer(m.PLACES_ARE_N_OVER_S, _with_lost(m.PLACES_ARE_N_OVER_S.wrong_formula)),
    KnownWrongAnswer(m.ONLY_THE_STEPS, _with_lost(m.ONLY_THE_STEPS.wrong_formula)),
    KnownWrongAnswer(m.ONLY_THE_STEPS, lambda n, k, s: ((n - k) // s, (n - k) % s)),
    KnownWrongAnswer(m.EVERY_ROW_IS_READ, _with_size(lambda n, k, s: 0)),
)

valid_pool = Exercise(
    name="valid_pool",
    answer="valid_pool",
    checker=AgainstKeras(
        symbols=("n", "k", "s"),
        cases=(
            (7, 2, 2),
            *((n, k, s) for n in range(1, 9) for k in range(1, n + 1) for s in range(1, k + 1)),
            (28, 3, 2),
            (55, 3, 2),
        ),
        differ=_size_and_lost,
        layer="`MaxPooling2D(k, strides=s)`, in the size and in the rows that no window reads,",
        read=pair,
        slips=_VALID_SLIPS,
    ),
    hints=(
        "The size is the rule of lesson 02 for *valid*. Say it for n = 7, k = 2, s = 2 first: how many places?",
        "The last window starts after o − 1 steps of s, and it is k long. On which row does it end?",
        "The windows reach the first (o − 1)·s + k rows. What is left of n is lost.",
    ),
    solution_code="""\
def valid_pool(n, k, s):
    size = (n - k) // s + 1
    lost = n - ((size - 1) * s + k)
    return size, lost""",
    why="⌊(n − k) / s⌋ steps and the place where it starts. The last window ends after (o − 1)·s + k rows, and while s "
    "is at most k there are no gaps before that.",
    slips=_VALID_SLIPS,
)

# -- one_window ---------------------------------------------------------------------------------------------------

Cells = list["float | None"]
TwoNumbers = tuple[float, float]


def _two_numbers(value: Any) -> TwoNumbers:
    """Two numbers, whole or not. Raises BadAnswer for anything else."""
    value = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        value = whole_numbers(value, 2)
    one, other = value
    return _number(one), _number(other)


def _number(value: Any) -> float:
    if value is None:
        raise BadAnswer("one of them is `None`. Is it a ghost that you returned?")
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise BadAnswer("two numbers are needed.")
    return float(value)


@dataclass(frozen=True)
class _Pooled:
    """One window of a real pooling layer, and what comes out of it.

    Attributes:
        cells: the numbers in it; None for a ghost.
        came: the maximum and the mean that Keras gives.
    """

    cells: tuple[float | None, ...]
    came: TwoNumbers

    @property
    def text(self) -> str:
        """As a learner would type it."""
        return f"the window [{', '.join('None' if cell is None else _spell_number(cell) for cell in self.cells)}]"


@cache
def _windows() -> tuple[_Pooled, ...]:
    """The windows of some rows, with ghosts at the places that the real layer leaves empty."""
    rows: list[tuple[list[float], int]] = [
        ([-1, -2, -3, -4, -5, -6, -7], 2),
        ([1, 2, 3, 4, 5, 6, 7], 2),
        ([4, -2, 0, 6, 8, -5, -3], 3),
        ([-6, 1, 2, -9, 3, 3, 7, 5, -4], 4),
        # Whoever gives a ghost a number, however small, is seen: it beats one of these.
        ([-1, -2, -1000000], 2),
        ([-1e38, -2e38, -2e38, -1e38], 3),
    ]
    return tuple(window for row, k in rows for window in _windows_of(row, k))


def _windows_of(row: list[float], k: int) -> Iterator[_Pooled]:
    largest, means = truth.pool_row("Max", row, k), truth.pool_row("Average", row, k)
    for i, places in enumerate(truth.pool_reads(len(row), k)):
        cells: Cells = [float(row[j]) for j in places]
        ghosts: Cells = [None] * (k - len(places))
        yield _Pooled(tuple(ghosts + cells if i == 0 else cells + ghosts), (float(largest[i]), float(means[i])))


def _check_one_window(function: Any) -> Result:
    """Hand the learner the windows of real layers, one at a time."""
    check_callable(function)
    for window in _windows():
        said = _said_of(function, window)
        if not np.allclose(said, window.came, rtol=1e-5):
            which = "maximum" if not np.isclose(said[0], window.came[0], rtol=1e-5) else "mean"
            return wrong(
                f"For {window.text} your function says {_spell_two(said)}; Keras gives {_spell_two(window.came)}. "
                f"Look at the {which} first.",
                *([_ZERO_IS_REAL] if _dropped_a_zero(said, window) else []),
                *([_ghost_wins(said[0], window.came[0])] if _a_ghost_won(said, window) else []),
                misconception=_belief_about_ghosts(function),
                with_case=False,
            )
    return right(f"Maximum and mean agree with the real layers in all {len(_windows())} windows that I tried.")


_ZERO_IS_REAL = "0 is a real cell. `if cell` drops it too; write `if cell is not None`."


def _dropped_a_zero(said: TwoNumbers, window: _Pooled) -> bool:
    """Whether one of the numbers is that of the window without its zeros and its ghosts."""
    left = [cell for cell in window.cells if cell]
    if 0 not in window.cells or not left:
        return False
    return any(
        np.isclose(mine, without, rtol=1e-5) and not np.isclose(mine, came, rtol=1e-5)
        for mine, without, came in zip(said, (max(left), _mean(left)), window.came, strict=True)
    )


def _a_ghost_won(said: TwoNumbers, window: _Pooled) -> bool:
    """Whether the maximum is larger than every real cell of a window with ghosts."""
    return None in window.cells and said[0] > max(_real_cells(list(window.cells)))


def _ghost_wins(ghost: float, largest: float) -> str:
    """Why a number will not do for a ghost."""
    return f"A ghost that counts as {_spell_number(ghost)} still beats {_spell_number(largest)}: leave it out."


def _spell_number(number: float) -> str:
    """A number as it can be typed: 7, -1.5, -1000000 or -1e+38."""
    return f"{number:.7g}"


def _spell_two(two: TwoNumbers) -> str:
    return f"({', '.join(map(_spell_number, two))})"


def _said_of(function: Any, window: _Pooled) -> TwoNumbers:
    try:
        value = ask(function, list(window.cells), settings=window.text)
    except CheckFailed as stop:
        raise CheckFailed(_explain_none(stop.result) if None in window.cells else stop.result) from None
    try:
        return _two_numbers(value)
    except BadAnswer as problem:
        raise CheckFailed(wrong(f"For {window.text} your function says {spell(value)}; {problem}")) from None


def _explain_none(result: Result) -> Result:
    """Put into words what ``max([-7, None])`` and ``sum([-7, None])`` raise: a type is not supported, or unsupported.

    "'NoneType' object is not …" is left as it is: there, something else than a ghost has become None.
    """
    first, *rest = result.lines
    if "NoneType" not in first or "supported" not in first:
        return result
    return replace(result, lines=(first, _NONE_IS_THE_GHOST, *rest))


_NONE_IS_THE_GHOST = (
    "`None` is the ghost, and Python can neither compare it with a number nor add it to one. Take it out first."
)


def _belief_about_ghosts(function: Any) -> Misconception | None:
    try:
        said = [_said_of(function, window) for window in _windows()]
    except CheckFailed:
        return None
    return belief_behind(
        lambda slip: np.allclose(said, [slip.answer(list(window.cells)) for window in _windows()]), _GHOST_SLIPS
    )


def _as_zeros(window: Cells) -> list[float]:
    return [0.0 if cell is None else cell for cell in window]


def _real_cells(window: Cells) -> list[float]:
    return [cell for cell in window if cell is not None]


def _mean(cells: list[float]) -> float:
    return sum(cells) / len(cells)


_GHOST_SLIPS = (
    KnownWrongAnswer(m.GHOST_IS_ZERO, lambda window: (max(_as_zeros(window)), _mean(_as_zeros(window)))),
    KnownWrongAnswer(m.GHOST_IS_ZERO, lambda window: (max(_as_zeros(window)), _mean(_real_cells(window)))),
    KnownWrongAnswer(m.GHOST_SHARES_THE_MEAN, lambda window: (max(_real_cells(window)), _mean(_as_zeros(window)))),
)

one_window = Exercise(
    name="one_window",
    answer="pool_one_window",
    checker=_check_one_window,
    hints=(
        "A ghost takes part in nothing. Which cells are left if you leave it out?",
        "`cells = [cell for cell in window if cell is not None]` is a list of the real cells. Is there more to do?",
        "The maximum of a list is `max(cells)`. The mean is a sum, divided by a number of cells. Of which cells?",
        "`len(cells)` is the number of real cells, `len(window)` counts the ghosts too. Keras divides by one of them.",
    ),
    solution_code="""\
def pool_one_window(window):
    cells = [cell for cell in window if cell is not None]
    largest = max(cells)
    mean = sum(cells) / len(cells)
    return largest, mean""",
    why="A pooling window leaves its ghosts out: the maximum is taken of the real cells, and the mean divides by how "
    "many of those there are.",
    slips=_GHOST_SLIPS,
)

# -- three_pools --------------------------------------------------------------------------------------------------

_ROAD = (27, 13, 7)
_POOLS = ("MaxPooling2D", "AveragePooling2D")


def _layers_or_number(function: Any) -> list[Layer]:
    """The layers of a learner; where Keras wants a number and got a text or a fraction, that is said in plain words."""
    try:
        return networks.layers_or_word(function)
    except CheckFailed as stop:
        first = stop.result.lines[0]
        if _NO_STRIDES in first:
            raise CheckFailed(wrong(first, "`strides` is a whole number, without quotation marks.")) from None
        raise


#: Keras's words for ``strides="1"``. They end with "Received strides=1", as if 1 were refused.
_NO_STRIDES = "The `strides` argument must be a tuple of 2 integers."


def _check_three_pools(function: Any) -> Result:
    """Look at the size after each pooling, not only at the last one."""
    layers = _layers_or_number(function)
    if [kind_of(layer) for layer in layers] != ["MaxPooling2D"] * 3 or any(
        tuple(layer.pool_size) != (2, 2) for layer in layers
    ):
        return wrong("Keep the three layers, all `MaxPooling2D` with a window of 2. Only the blanks are yours.")
    maps = networks.run_through(layers, np.ones((1, 27, 27, 1), dtype=np.float32))
    sizes = tuple(y.shape[1] for y in maps)
    if all(y.shape[1:3] == (n, n) for y, n in zip(maps, _ROAD, strict=True)):
        return right(f"Keras goes {truth.changes(27, sizes)}.")
    road = f"Keras goes {truth.changes(27, sizes)}. Asked for: {truth.changes(27, _ROAD)}."
    if sizes == (27, 14, 7) and [layer.padding for layer in layers[1:]] == ["same", "valid"]:
        return wrong(
            road, "Half of 27 rounded down is *valid*, half of 13 rounded up is *same*: your two words are swapped."
        )
    return wrong(road, misconception=_belief_about_road(sizes), with_case=False)


def _belief_about_road(sizes: tuple[int, ...]) -> Misconception | None:
    """The first size that is off tells most; a right end with another size before it has a name of its own."""
    if sizes[0] == 14:
        return m.POOL_STRIDE_IS_ONE
    if sizes == (27, 14, 7):
        return m.ROUNDING_HIDES
    return m.PARTLY_FILLED_IS_DROPPED if sizes == (27, 13, 6) else None


def _pools(strides: int | None, *paddings: str) -> Callable[[], Any]:
    """What a learner would hand in with these words in the blanks."""

    def pools() -> Any:
        pool = load_keras().layers.MaxPooling2D
        return [pool(2, strides=strides, padding="same"), *(pool(2, padding=padding) for padding in paddings)]

    return pools


three_pools = Exercise(
    name="three_pools",
    answer="pools",
    checker=_check_three_pools,
    hints=(
        "The first layer is to keep 27, though its window is 2. With *same* the size is ⌈27 / s⌉.",
        "Half of 27 is 13.5. Which word rounds down to 13, which up to 14?",
        "Half of 13 is 6.5, and 7 is asked for. It need not be the same word as before.",
    ),
    solution_code="""\
def pools():
    return [
        keras.layers.MaxPooling2D(2, strides=1, padding="same"),
        keras.layers.MaxPooling2D(2, padding="valid"),
        keras.layers.MaxPooling2D(2, padding="same"),
    ]""",
    why='A step of 1 keeps the size; "valid" rounds 13.5 down and throws a row away; "same" rounds 6.5 up.',
    slips=(
        KnownWrongAnswer(m.POOL_STRIDE_IS_ONE, _pools(2, "valid", "same")),
        KnownWrongAnswer(m.POOL_STRIDE_IS_ONE, _pools(None, "same", "same")),
        KnownWrongAnswer(m.ROUNDING_HIDES, _pools(1, "same", "same")),
        KnownWrongAnswer(m.PARTLY_FILLED_IS_DROPPED, _pools(1, "valid", "valid")),
    ),
)

# -- any_size -----------------------------------------------------------------------------------------------------

_PICTURES = ((28, 28), (40, 40), (17, 23))
_MOST_WEIGHTS = 1000


def _check_any_size(function: Any) -> Result:
    """The same layers must take maps of several sizes."""
    layers = networks.layers_of(function)
    done: list[str] = []
    for height, width in _PICTURES:
        size = f"{height} × {width} × 16"
        before = f"{' and '.join(done)} went through. " if done else ""
        try:
            y = networks.run_through(layers, networks.digits((1, height, width, 16), seed=3))[-1] if layers else None
        except CheckFailed as stop:
            return _bound_to_a_size(layers, f"{before}{size} did not go through: {stop.result.lines[0]}")
        if y is None or y.shape != (1, 10):
            came = size if y is None else " × ".join(map(str, y.shape[1:]))
            return _bound_to_a_size(layers, f"{before}{size} comes out as {came}; 10 numbers were asked for.")
        done.append(size)
    weights = sum(int(layer.count_params()) for layer in layers)
    if weights >= _MOST_WEIGHTS:
        return wrong(f"All three maps become 10 numbers. But your layers have {weights:,} weights, and fewer than "
                     f"{_MOST_WEIGHTS:,} were asked for.")  # fmt: skip
    return right(f"{', '.join(done[:-1])} and {done[-1]} all become 10 numbers, with {weights} weights.")


def _bound_to_a_size(layers: list[Layer], line: str) -> Result:
    """A wrong head, and why it is bound to one size of picture, as far as its layers show that."""
    kinds = [kind_of(layer) for layer in layers]
    if any(_pools_whole_map(layers, shape) for shape in _PICTURES):
        return wrong(line, misconception=m.LARGE_POOL_IS_GLOBAL)
    if "Flatten" not in kinds or any("Global" in kind for kind in kinds):
        return wrong(line)
    place = kinds.index("Flatten")
    if any(kind in _POOLS for kind in kinds[:place]):
        return wrong(line, "The pooled map still grows with n, and so does what `Flatten` makes of it.")
    if "Dense" in kinds[place:]:
        return wrong(line, misconception=m.FLATTEN_IS_GLOBAL)
    return wrong(line, "`Flatten` writes all cells in one line, and that line grows with n.")


def _pools_whole_map(layers: list[Layer], picture: tuple[int, int]) -> bool:
    """Whether one of the pooling windows is as large as the map that it gets."""
    shape: tuple[int | None, ...] = (1, *picture, 16)
    for layer in layers:
        if kind_of(layer) in _POOLS and tuple(layer.pool_size) == shape[1:3] and shape[1:3] != (1, 1):
            return True
        try:
            shape = output_shape(layer, shape)
        except KerasRefusal:
            return False
    return False


def _head(*calls: Callable[[Any], Any]) -> Callable[[], Any]:
    return lambda: [call(load_keras().layers) for call in calls]


any_size = Exercise(
    name="any_size",
    answer="head",
    checker=_check_any_size,
    hints=(
        "A `Dense(10)` makes 10 numbers of a list of numbers. What makes a list of equal length of any map?",
        "One number for each channel is such a list: 16 numbers, whatever the height and the width.",
        "Two layers are enough: a global pooling of either kind, and `keras.layers.Dense(10)`.",
    ),
    solution_code="""\
def head():
    return [
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(10),
    ]""",
    why="Global pooling makes 16 numbers of 16 channels, for every size; a `Dense` of 10 on them has (16 + 1)·10 = 170 "
    "weights. `GlobalMaxPooling2D` would do as well.",
    slips=(
        KnownWrongAnswer(m.FLATTEN_IS_GLOBAL, _head(lambda layers: layers.Flatten(), lambda layers: layers.Dense(10))),
        KnownWrongAnswer(
            m.LARGE_POOL_IS_GLOBAL,
            _head(
                lambda layers: layers.AveragePooling2D(28),
                lambda layers: layers.Flatten(),
                lambda layers: layers.Dense(10),
            ),
        ),
    ),
)

# -- twin ---------------------------------------------------------------------------------------------------------


@cache
def _originals() -> tuple[Map, ...]:
    """Maps of digits; the cells of each window of 2 × 2 are all different."""
    maps = []
    for seed, (rows, columns) in enumerate(((2, 2), (4, 4), (6, 4), (6, 6))):
        rng = np.random.default_rng(seed)
        blocks = [[rng.choice(10, size=(2, 2), replace=False) for _ in range(columns)] for _ in range(rows)]
        maps.append(np.block(blocks).astype(np.float32))
    return tuple(maps)


def _pool(kind: str, x: Values | Map) -> Map:
    return run(truth.build(f"{kind}Pooling2D", pool_size=2), np.asarray(x)[np.newaxis, :, :, np.newaxis])[0, :, :, 0]


#: A cell counts as changed above this. It is far more than what the comparison of the means lets pass.
_CHANGED = 1e-2

_WRITES_INTO_X = "Your code writes into x while it still reads from it. Start from `x.copy()`."


class _ReadAsItWas(np.ndarray[Any, Any]):
    """A map that is read as it was at first, whatever has been written into it."""

    first: Map | None = None

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key) if self.first is None else self.first[key].copy()

    def __setitem__(self, key: Any, value: Any) -> None:
        # NumPy would first get what is to be set, by the method above.
        self.view(np.ndarray)[key] = value


def _check_twin(function: Any) -> Result:
    """Pool the map and its twin with the real layers."""
    check_callable(function)
    for x in _originals():
        handed = x.copy()
        value = ask(function, handed, settings=_size_of(x))
        problem = _not_a_twin(x, value)
        if problem is not None:
            written = not np.array_equal(handed, x)
            return wrong(problem.lines[0], _WRITES_INTO_X) if written and _right_on_a_copy(function, x) else problem
    return right(f"Different maps, equal maxima and equal means: {len(_originals())} times.")


def _right_on_a_copy(function: Any, x: Map) -> bool:
    """Whether a function that writes into its map would be right if it read from another one."""
    handed = x.copy().view(_ReadAsItWas)
    handed.first = x
    try:
        return _not_a_twin(x, ask(function, handed)) is None
    except CheckFailed:
        return False


def _size_of(x: Map) -> str:
    return f"a map of {x.shape[0]} × {x.shape[1]}"


def _not_a_twin(x: Map, value: Any) -> Result | None:
    """What is wrong with a map that should be a twin of ``x``; None if it is one."""
    y = _as_map(value)
    if y is None or y.shape != x.shape:
        returned = spell(value) if y is None else f"a map of {' × '.join(map(str, y.shape))}"
        return wrong(f"For {_size_of(x)} your function returns {returned}. A map of the same size is needed.")
    if np.array_equal(y, x):
        return wrong(f"For {_size_of(x)} your function returns the very same map. At least one cell must differ.")
    if (np.abs(y - x) <= _CHANGED).all():
        return wrong(f"For {_size_of(x)} no cell of your map differs by more than {_CHANGED:g}: hardly another map.")
    for kind, name in (("Max", "maximum"), ("Average", "mean")):
        mine, true = _pool(kind, y), _pool(kind, x)
        # A maximum is one of the cells, so it is equal or it is not. A mean is rounded, and the order matters.
        differ = mine != true if kind == "Max" else ~np.isclose(mine, true, rtol=1e-5)
        if differ.any():
            row, column = map(int, np.argwhere(differ)[0])
            lost = _window_at(row, column, y) < _window_at(row, column, x)
            return wrong(
                f"For {_size_of(x)} the first {name} that differs is at row {row}, column {column} of the output: "
                f"{true[row, column]:g} for x, {mine[row, column]:g} for your map.",
                # The numbers of the window are all different, so where one is lost and none is new, one is there twice.
                *([_about_lost_numbers(kind, _window_at(row, column, y))] if lost else []),
                misconception=_belief_about_twin(x, y),
            )
    return None


_READ_FROM_X = (
    "A number of this window stands there twice: was it read from `y` after you had written into `y`? Read from `x`."
)
_KEEP_ALL_FOUR = "The maximum is kept, the mean is not: the mean sees all four numbers, so keep all four."
_ONE_FOUR_TIMES = "One number stands in this window four times. Keep all four that `x` has there."


def _about_lost_numbers(kind: str, left: set[float]) -> str:
    """What to say where some numbers of a window are gone. ``kind``: the pooling that sees it first."""
    if len(left) > 1:
        return _READ_FROM_X
    return _KEEP_ALL_FOUR if kind == "Average" else _ONE_FOUR_TIMES


def _window_at(row: int, column: int, cells: Map | Values) -> set[float]:
    """The numbers in the window of an output cell."""
    return set(cells[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].ravel().tolist())


def _as_map(value: Any) -> Values | None:
    """What was returned, as a map of numbers, or None."""
    try:
        y = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return y if y.ndim == 2 else None


def _belief_about_twin(x: Map, y: Values) -> Misconception | None:
    shifted = any(np.array_equal(y, np.roll(x, by, axis)) for by in (-1, 1) for axis in (0, 1))
    return m.SHIFT_IS_NOT_SEEN if shifted else None


twin = Exercise(
    name="twin",
    answer="twin",
    checker=_check_twin,
    hints=(
        "A maximum and a mean do not know in which order the four cells of a window stand.",
        "Change the order inside a window, never across its border. One window is enough: which cells has the first?",
        "The first window holds rows 0 and 1 and columns 0 and 1. Take a copy and put its first two cells the other "
        "way round. Or do it in all windows at once: `x[:, 0::2]` are the even columns, `x[:, 1::2]` the odd ones.",
    ),
    solution_code="""\
def twin(x):
    y = x.copy()
    y[0, 0], y[0, 1] = x[0, 1], x[0, 0]
    return y""",
    why="Four numbers have the same maximum and the same mean in any order. What pooling forgets is *where* in its "
    "window each of them stood.",
    slips=(
        KnownWrongAnswer(m.SHIFT_IS_NOT_SEEN, lambda x: np.roll(x, 1, axis=1)),
        KnownWrongAnswer(m.SHIFT_IS_NOT_SEEN, lambda x: np.roll(x, -1, axis=0)),
    ),
)

# -- same_by_hand -------------------------------------------------------------------------------------------------


@cache
def _border_cases() -> tuple[tuple[Map, int], ...]:
    """Maps, some of them all negative, and pool sizes; the simplest first.

    The last map is there for who gives a ghost a number, however small: it beats one of these.
    """
    settings = ((3, 2), (7, 2), (6, 2), (7, 3), (8, 3), (6, 3), (5, 4), (7, 4), (9, 4), (9, 5))
    cases = [(values, k) for n, k in settings for values in (_negative(n), networks.digits((n, n), seed=n))]
    return (*cases, (_negative(3) * np.float32(1e37), 2))


def _negative(n: int) -> Map:
    return -np.arange(1, n * n + 1, dtype=np.float32).reshape(n, n)


def _max_pool(x: Values | Map, k: int, padding: str) -> Map:
    layer = truth.build("MaxPooling2D", pool_size=k, padding=padding)
    return run(layer, np.asarray(x, dtype=np.float32)[np.newaxis, :, :, np.newaxis])[0, :, :, 0]


def _bordered(function: Any, x: Map, k: int) -> Values:
    """What a learner's function makes of a map. Stops if that is no map."""
    settings = _named(x, k)
    value = ask(function, x.astype(np.float64), k, settings=settings)
    padded = _as_map(value)
    if padded is None or max(padded.shape) > 1000:
        raise CheckFailed(
            wrong(f"For {settings} your function returns {spell(value)}. It should return the padded map.")
        )
    return padded


def _named(x: Map, k: int) -> str:
    return f"k = {k} on a map of {x.shape[0]} × {x.shape[1]} with numbers from {x.min():g} to {x.max():g}"


def _check_same_by_hand(function: Any) -> Result:
    """Pool the learner's map without padding, and the map itself with "same"."""
    check_callable(function)
    for x, k in _border_cases():
        padded, expected = _bordered(function, x, k), _max_pool(x, k, "same")
        if np.isnan(padded).any():
            return wrong(
                f"For {_named(x, k)} your map holds `nan`, which is no number at all: nobody knows whether it wins a "
                "maximum. A ghost must lose against every number."
            )
        try:
            found = _max_pool(padded, k, "valid")
        except KerasRefusal as refusal:
            return wrong(f"For {_named(x, k)} no window fits into your padded map. Keras says: {refusal}")
        if found.shape != expected.shape:
            return wrong(
                f"For {_named(x, k)} your padded map pools to {' × '.join(map(str, found.shape))}; "
                f'"same" gives {" × ".join(map(str, expected.shape))}.',
                misconception=_belief_about_border(function),
                with_case=False,
            )
        places = _places_of(x, padded)
        if not places:
            return wrong(
                f"For {_named(x, k)} the cells of x do not stand in your map as they stood in x. Return x with a "
                "border around it."
            )
        if not np.array_equal(found, expected):
            row, column = map(int, np.argwhere(found != expected)[0])
            before, after = Window(k, k, padding="same").pads(len(x))
            mine, true = found[row, column], expected[row, column]
            lines = []
            # Where x stands right, each window holds the right cells, and only a ghost can have changed the largest.
            if (before, before) in places:
                lines = [f"A ghost that counts as {mine:g} still beats {true:g}. It must lose against every number."]
            elif padded.shape == (len(x) + before + after,) * 2:
                lines = ["The ghosts stand on the wrong side."]
            return wrong(
                f"For {_named(x, k)} the size is right, and the value at row {row}, column {column} is not: "
                f'{mine:g}; with "same" it is {true:g}.',
                *lines,
                misconception=_belief_about_border(function),
                with_case=False,
            )
    return right(f'The same size and the same values as `padding="same"` on {len(_border_cases())} maps.')


def _places_of(x: Map, padded: Values) -> list[tuple[int, int]]:
    """The rows and columns of the larger map at which the whole of ``x`` begins."""
    if any(large < small for large, small in zip(padded.shape, x.shape, strict=True)):
        return []
    blocks = np.lib.stride_tricks.sliding_window_view(padded, x.shape)
    return [(int(row), int(column)) for row, column in np.argwhere((blocks == x).all(axis=(2, 3)))]


def _belief_about_border(function: Any) -> Misconception | None:
    try:
        said = [_bordered(function, x, k) for x, k in _border_cases()]
    except CheckFailed:
        return None
    return belief_behind(
        lambda slip: all(
            np.array_equal(mine, slip.answer(x.astype(np.float64), k))
            for mine, (x, k) in zip(said, _border_cases(), strict=True)
        ),
        _BORDER_SLIPS,
    )


def _zeros_around(x: Values, k: int) -> Values:
    """The right places, and zeros in them."""
    return np.pad(x, Window(k, k, padding="same").pads(len(x)))


def _stride_one_border(value: float) -> Callable[[Values, int], Values]:
    """The ghosts of a window that moves by one cell."""
    return lambda x, k: np.pad(x, Window(k, padding="same").pads(len(x)), constant_values=value)


_BORDER_SLIPS = (
    KnownWrongAnswer(m.GHOST_IS_ZERO, _zeros_around),
    KnownWrongAnswer(m.GHOST_IS_ZERO, _stride_one_border(0)),
    KnownWrongAnswer(m.POOL_GHOSTS_K_MINUS_1, _stride_one_border(-np.inf)),
)

same_by_hand = Exercise(
    name="same_by_hand",
    answer="with_border",
    checker=_check_same_by_hand,
    hints=(
        "Two questions, one after the other. How many ghosts, and on which sides? And what number is in them?",
        "o = ⌈n / k⌉ windows of k, side by side, need o·k cells, and there are n. Half of what is missing, rounded "
        "down, goes before.",
        "A number that never wins: −∞, or `-np.inf`. Use it in `np.pad(x, (before, after), constant_values=…)`.",
    ),
    solution_code="""\
def with_border(x, k):
    n = len(x)
    missing = -(-n // k) * k - n
    before = missing // 2
    after = missing - before
    return np.pad(x, (before, after), constant_values=-np.inf)""",
    why="⌈n / k⌉ windows side by side need ⌈n / k⌉·k cells; what is missing is shared, the odd one after. And a ghost "
    "must lose against every number: −∞. For a mean no one number would do for every map, because the divisor changes.",
    slips=_BORDER_SLIPS,
)
