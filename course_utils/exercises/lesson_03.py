"""Lesson 03, "Pool the map": the hidden stride, odd sizes, what a ghost is worth, global pooling, what is forgotten."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.axes import Window
from course_utils.exercises import misconceptions as m, networks, truth
from course_utils.exercises.answers import BadAnswer, ask, is_number, whole_numbers
from course_utils.exercises.catalogue import at
from course_utils.exercises.core import AgainstKeras, both, pair
from course_utils.exercises.declare import Lesson, edited
from course_utils.exercises.networks import Array, Values, places_of, read_map, spell_size
from course_utils.exercises.predictions import Choice
from course_utils.exercises.result import CheckFailed
from course_utils.keras_layers import KerasRefusal, Layer, kind_of, output_shape, run

if TYPE_CHECKING:
    import keras  # for the solutions, which are shown and not called

lesson = Lesson("03")

# -- predictions --------------------------------------------------------------------------------------------------

pool_weights = lesson.prediction(
    "pool_weights",
    "A map of 28 × 28 with 16 channels goes into `MaxPooling2D((2, 2))`. How many weights does this layer "
    "have, and how many channels come out?",
    ["Weights", "Channels out"],
    lambda: (truth.pool_parameters(2), truth.pooled_channels(16)),
    "What does the window do with the four numbers it reads? Look below.",
    wrong=[(m.POOL_HAS_WEIGHTS, (4, 16), (64, 16)), (m.CHANNELS_ARE_POOLED, (0, 1))],
)

pool_of_three = lesson.prediction(
    "pool_of_three",
    '`MaxPooling2D((3, 3), padding="same")` gets a map of 28 × 28. What size comes out?',
    ["Output size"],
    lambda: truth.default_pool_size(28, 3),
    "The line says nothing about the step. Which one did the layer take?",
    wrong=[
        (m.POOL_STRIDE_IS_ONE, 26),
        *at(28, 3, of=[m.POOL_STRIDE_IS_ONE, m.POOLING_HALVES, m.PARTLY_FILLED_IS_DROPPED]),
    ],
)

_HALVES = ("3 × 3", "4 × 4", "6 × 6", "7 × 7", "an error")

odd_half = lesson.prediction(
    "odd_half",
    "A map of 7 × 7 goes into `MaxPooling2D((2, 2))`, once with each padding. Half of 7 is 3.5. What comes out?",
    [Choice('padding="same"', _HALVES), Choice('padding="valid"', _HALVES)],
    lambda: tuple(f"{o} × {o}" for o in (truth.default_pool_size(7, 2), truth.strided_pool_size(7, 2, 2))),
    "Two words, two ways to deal with half a window.",
    wrong=[
        (m.FRACTION_RAISES, ("an error", "an error"), ("4 × 4", "an error")),
        (m.PARTLY_FILLED_IS_DROPPED, ("3 × 3", "3 × 3")),
        (m.ALWAYS_ROUNDS_UP, ("4 × 4", "4 × 4")),
        (m.POOL_STRIDE_IS_ONE, ("7 × 7", "6 × 6"), ("7 × 7", "3 × 3")),
    ],
)


def _last(kind: str, sign: int) -> str:
    """The last number of a pooled row of seven, as a learner reads it."""
    return f"{truth.pool_row(kind, [sign * i for i in range(1, 8)], 2)[-1]:g}".replace("-", "−")


ghost_worth = lesson.prediction(
    "ghost_worth",
    'Windows of 2 with `padding="same"` run over a row of 7 cells. The last window holds one real cell and one ghost. '
    "The real cell is −7 for the maximum and 7 for the mean. What comes out of that last window?",
    [
        Choice("The maximum of −7 and a ghost", ("−7", "0", "an error")),
        Choice("The mean of 7 and a ghost", ("7", "3.5", "0", "an error")),
    ],
    lambda: (_last("Max", -1), _last("Average", 1)),
    "So a ghost is no zero here. What is it, then?",
    wrong=[(m.GHOST_IS_ZERO, ("0", "3.5"), ("0", "7")), (m.GHOST_SHARES_THE_MEAN, ("−7", "3.5"))],
)

divisors = lesson.prediction(
    "divisors",
    'Windows of 2 × 2 with `padding="same"` take the mean on a 7 × 7 map. By how many cells is the sum divided?',
    ["Inside the map", "On the last row", "In the last corner"],
    lambda: tuple(truth.divisor(7, 2, *place) for place in ((0, 0), (6, 0), (6, 6))),
    "How many real cells are there in each of these windows?",
    wrong=[(m.GHOST_SHARES_THE_MEAN, (4, 4, 4))],
)

any_map = lesson.prediction(
    "any_map",
    "`GlobalAveragePooling2D()` gets a map of 28 × 28 with 16 channels, and then one of 32 × 32 with 16 "
    "channels. How many numbers come out each time?",
    ["For 28 × 28 × 16", "For 32 × 32 × 16"],
    lambda: (truth.global_numbers(28, 16), truth.global_numbers(32, 16)),
    "16 numbers, and 16 channels. Where have height and width gone?",
    wrong=[
        (
            m.GLOBAL_DEPENDS_ON_N,
            *((28 * one, 32 * other) for one, other in ((16, 16), (1, 1), (28, 32), (28 * 16, 32 * 16))),
        ),
        (m.CHANNELS_ARE_POOLED, (1, 1)),
    ],
)

moved = lesson.prediction(
    "moved",
    "A row of zeros holds a single 9; the columns are counted from 0. A maximum over windows of 2 is taken, "
    "with the default stride. The 9 is in column 2, then in column 3, then in column 4. In which column of the "
    "output is it each time?",
    [f"9 in column {j}: output column" for j in (2, 3, 4)],
    lambda: tuple(map(truth.column_after_pooling, (2, 3, 4))),
    "Which columns share a window?",
    wrong=[(m.PLACE_IS_KEPT, (2, 3, 4)), (m.SHIFT_IS_NOT_SEEN, (1, 1, 1), (2, 2, 2))],
)

look_back = lesson.look_back

# -- same_pool ----------------------------------------------------------------------------------------------------


@lesson.formula(
    truth.default_pool_size,
    '`MaxPooling2D(k, padding="same")`',
    cases=[(7, 2), *((n, k) for n in range(1, 10) for k in range(1, 6)), (28, 2), (28, 3), (31, 4)],
    wrong=[
        m.POOL_STRIDE_IS_ONE,
        m.POOLING_HALVES,
        m.PARTLY_FILLED_IS_DROPPED,
        m.ONE_MORE_THAN_FIT,
        m.SAME_ROUNDS_TO_THE_NEAREST,
        (m.POOL_STRIDE_IS_ONE, lambda n, k: n - k + 1),
    ],
    hints=[
        "The line does not say `strides`. What is the stride, then?",
        "It is k. And the rule of *same* is ⌈n / s⌉, whatever the layer.",
        "To round up in Python: `math.ceil(n / k)`, after `import math`, or, in whole numbers only, `-(-n // k)`.",
    ],
    why="Without `strides` the step is the pool size, so ⌈n / s⌉ is ⌈n / k⌉. You can now answer the first question for "
    "every pooling layer.",
)
def same_pool(n, k):
    return -(-n // k)


# -- valid_pool ---------------------------------------------------------------------------------------------------


@lesson.formula(
    both(truth.strided_pool_size, truth.unused_inputs),
    "`MaxPooling2D(k, strides=s)`, in the size and in the rows that no window reads,",
    cases=[
        (7, 2, 2),
        *((n, k, s) for n in range(1, 9) for k in range(1, n + 1) for s in range(1, k + 1)),
        (28, 3, 2),
        (55, 3, 2),
    ],
    read=pair,
    remark=lambda said, true: (
        " They are the right two, the other way round: the size comes first."
        if said == true[::-1]
        else " Look at the second number, the rows that no window reads."
        if said[0] == true[0]
        else " Look at the first number, the size."
    ),
    wrong=[
        (
            m.WINDOWS_LIE_SIDE_BY_SIDE,
            both(truth.strided_pool_size, lambda n, k, s: n % k),
            both(truth.strided_pool_size, lambda n, k, s: n - truth.strided_pool_size(n, k, s) * k),
        ),
        (
            m.WINDOWS_ARE_S_LONG,
            both(truth.strided_pool_size, lambda n, k, s: n % s),
            both(truth.strided_pool_size, lambda n, k, s: n - truth.strided_pool_size(n, k, s) * s),
        ),
        (m.STRIDE_ALONE_DIVIDES, both(m.STRIDE_ALONE_DIVIDES.wrong_formula, lambda n, k, s: 0)),
        (m.PLACES_ARE_N_OVER_S, lambda n, k, s: (n // s, n % s)),
        (m.ONLY_THE_STEPS, lambda n, k, s: ((n - k) // s, (n - k) % s)),
        *(
            (misconception, both(misconception.wrong_formula, truth.unused_inputs))
            for misconception in (m.STRIDE_ALONE_DIVIDES, m.PLACES_ARE_N_OVER_S, m.ONLY_THE_STEPS)
        ),
        (m.EVERY_ROW_IS_READ, both(truth.strided_pool_size, lambda n, k, s: 0)),
    ],
    hints=[
        "The size is the rule of lesson 02 for *valid*. Say it for n = 7, k = 2, s = 2 first: how many places?",
        "The last window starts after o − 1 steps of s, and it is k long. On which row does it end?",
        "The windows reach the first (o − 1)·s + k rows. What is left of n is lost.",
    ],
    why="⌊(n − k) / s⌋ steps and the place where it starts. The last window ends after (o − 1)·s + k rows, and while s "
    "is at most k there are no gaps before that. You can now tell what a layer throws away without a word.",
)
def valid_pool(n, k, s):
    size = (n - k) // s + 1
    lost = n - ((size - 1) * s + k)
    return size, lost


# -- one_window ---------------------------------------------------------------------------------------------------

Cells = list[float | None]
Numbers = tuple[float, float]

#: Rows and window sizes. Whoever gives a ghost a number, however small, is seen: it beats one of the last two rows.
ROWS = (
    ([-1, -2, -3, -4, -5, -6, -7], 2),
    ([1, 2, 3, 4, 5, 6, 7], 2),
    ([4, -2, 0, 6, 8, -5, -3], 3),
    ([-6, 1, 2, -9, 3, 3, 7, 5, -4], 4),
    ([-1, -2, -1000000], 2),
    ([-1e38, -2e38, -2e38, -1e38], 3),
)

#: The windows of those rows; None where one reaches over the border.
WINDOWS: tuple[tuple[Cells], ...] = tuple(
    ([float(row[j]) if 0 <= j < len(row) else None for j in window],)
    for row, k in ROWS
    for window in Window(k, k, padding="same").all_taps(len(row))
)


def _real_cells(window: Cells) -> list[float]:
    return [cell for cell in window if cell is not None]


def pooled_window(window: Cells) -> Numbers:
    """The maximum and the mean that real layers make of a window: they get its real cells, and add its ghosts."""
    cells, k = _real_cells(window), len(window)
    return float(truth.pool_row("Max", cells, k)[0]), float(truth.pool_row("Average", cells, k)[0])


def _two_numbers(value: Any) -> Numbers:
    """Two numbers, whole or not. Raises BadAnswer for anything else."""
    value = value.tolist() if isinstance(value, np.ndarray) else value
    one, other = value if isinstance(value, (tuple, list)) and len(value) == 2 else whole_numbers(value, 2)
    if one is None or other is None:
        raise BadAnswer("one of them is `None`. Is it a ghost that you returned?")
    if not (is_number(one) and is_number(other)):
        raise BadAnswer("two numbers are needed.")
    return float(one), float(other)


def _spell(*numbers: float | None) -> str:
    """Numbers as they can be typed: 7, -1.5, -1000000 or -1e+38; None for a ghost."""
    return ", ".join("None" if number is None else f"{number:.7g}" for number in numbers)


def _near(said: Any, true: Any) -> bool:
    return bool(np.allclose(said, true, rtol=1e-5))


def _window_differs(said: Numbers, window: Cells) -> tuple[str, ...]:
    true, nonzero = pooled_window(window), [cell for cell in window if cell]
    if _near(said, true):
        return ()
    which = "mean" if _near(said[0], true[0]) else "maximum"
    both_numbers = f"your function says ({_spell(*said)}); Keras gives ({_spell(*true)})."
    if _near(said, true[::-1]):
        return both_numbers, "They are the right two, the other way round: the maximum comes first."
    lines = [f"{both_numbers} Look at the {which} first."]
    without_zeros = (max(nonzero), sum(nonzero) / len(nonzero)) if nonzero and 0 in window else true
    if any(_near(mine, no) and not _near(mine, yes) for mine, no, yes in zip(said, without_zeros, true, strict=True)):
        lines.append("0 is a real cell. `if cell` drops it too; write `if cell is not None`.")
    largest = max(_real_cells(window))
    if None in window and said[0] > largest:
        lines.append(f"A ghost that counts as {_spell(said[0])} still beats {_spell(largest)}: leave it out.")
    return tuple(lines)


#: What ``max([-7, None])`` and ``sum([-7, None])`` raise: a type is not supported, or unsupported. Not
#: "'NoneType' object is not …": there, something else than a ghost has become None.
_GHOST_IN_ERROR = re.compile(r"None.*\] your function raised .*supported.*NoneType")


def _explain_none(function: Any, failed: CheckFailed) -> None:
    """Put into words what Python says of a ghost."""
    first, *rest = failed.result.lines
    if _GHOST_IN_ERROR.search(first):
        told = (
            "`None` is the ghost, and Python can neither compare it with a number nor add it to one. Take it out first."
        )
        raise CheckFailed(first, told, *rest) from None


@lesson.function(
    AgainstKeras(
        cases=WINDOWS,
        differ=_window_differs,
        read=_two_numbers,
        told=lambda window: f"the window [{_spell(*window)}]",
        same=_near,
        agreement="Maximum and mean agree with the real layers in all {count} windows that I tried.",
        explain=_explain_none,
    ),
    wrong=[
        (
            m.GHOST_IS_ZERO,
            edited({"[cell for cell in window if cell is not None]": "[cell or 0 for cell in window]"}),
            edited({"max(cells)": "max(cell or 0 for cell in window)"}),
        ),
        (m.GHOST_SHARES_THE_MEAN, edited({"len(cells)": "len(window)"})),
    ],
    hints=[
        "A ghost takes part in nothing. Which cells are left if you leave it out?",
        "`cells = [cell for cell in window if cell is not None]` is a list of the real cells. Is there more to do?",
        "The maximum of a list is `max(cells)`. The mean is a sum, divided by a number of cells. Of which cells?",
        "`len(cells)` is the number of real cells, `len(window)` counts the ghosts too. Keras divides by one of them.",
    ],
    why="A pooling window leaves its ghosts out: the maximum is that of the real cells, and the mean divides by how "
    "many of them there are. Your function now pools as Keras does.",
    called="pool_one_window",
)
def one_window(window):
    cells = [cell for cell in window if cell is not None]
    largest = max(cells)
    mean = sum(cells) / len(cells)
    return largest, mean


# -- three_pools --------------------------------------------------------------------------------------------------

_ASKED_FOR = (27, 13, 7)


def _check_three_pools(function: Any) -> str:
    """Look at the size after each pooling, not only at the last one."""
    # Keras's words for ``strides="1"`` end with "Received strides=1", as if 1 were refused.
    with networks.explained_by(
        "`strides` is a whole number, without quotation marks.", "must be a tuple of 2 integers"
    ):
        layers = networks.layers_or_word(function)
    if [(kind_of(layer), *getattr(layer, "pool_size", ())) for layer in layers] != [("MaxPooling2D", 2, 2)] * 3:
        raise CheckFailed("Keep the three layers, all `MaxPooling2D` with a window of 2. Only the blanks are yours.")
    maps = networks.run_through(layers, np.ones((1, 27, 27, 1), dtype=np.float32))
    sizes = tuple(y.shape[1] for y in maps)
    line = f"Keras goes {truth.changes(27, sizes)}."
    if all(y.shape[1:3] == (n, n) for y, n in zip(maps, _ASKED_FOR, strict=True)):
        return line
    line += f" Asked for: {truth.changes(27, _ASKED_FOR)}."
    if sizes == (27, 14, 7) and [layer.padding for layer in layers[1:]] == ["same", "valid"]:
        raise CheckFailed(
            line, "Half of 27 rounded down is *valid*, half of 13 rounded up is *same*: your two words are swapped."
        )
    # The first size that is off tells most; a right end with another size before it has a name of its own.
    misconceptions = {(27, 14, 7): m.ROUNDING_HIDES, (27, 13, 6): m.PARTLY_FILLED_IS_DROPPED}
    step = f"Your first window moves by {layers[0].strides[0]} cells at a time. Which step keeps 27?"
    raise CheckFailed(
        line, *([step] if sizes[0] == 14 else []), misconception=misconceptions.get(sizes), with_case=False
    )


@lesson.function(
    _check_three_pools,
    wrong=[
        (m.ROUNDING_HIDES, edited({"valid": "same"})),
        (m.PARTLY_FILLED_IS_DROPPED, edited({'2, padding="same"': '2, padding="valid"'})),
    ],
    hints=[
        "The first layer is to keep 27, though its window is 2. With *same* the size is ⌈27 / s⌉.",
        "Half of 27 is 13.5. Which word rounds down to 13, which up to 14?",
        "Half of 13 is 6.5, and 7 is asked for. It need not be the same word as before.",
    ],
    why='A step of 1 keeps the size; "valid" rounds 13.5 down and throws a row away; "same" rounds 6.5 up.',
    called="pools",
)
def three_pools():
    return [
        keras.layers.MaxPooling2D(2, strides=1, padding="same"),
        keras.layers.MaxPooling2D(2, padding="valid"),
        keras.layers.MaxPooling2D(2, padding="same"),
    ]


# -- any_size -----------------------------------------------------------------------------------------------------

_PICTURES = ((28, 28, 16), (40, 40, 16), (17, 23, 16))
_POOLS = ("MaxPooling2D", "AveragePooling2D")
_MOST_WEIGHTS = 1000


def _check_any_size(function: Any) -> str:
    """The same layers must take maps of several sizes."""
    layers = networks.layers_of(function)
    done: list[str] = []
    for picture in _PICTURES:
        size = spell_size(picture)
        lead = f"{' and '.join(done)} went through. {size}" if done else size
        x = networks.digits((1, *picture), seed=3)
        try:
            y = networks.made_by(layers, x)
        except CheckFailed as failed:
            raise _bound_to_a_size(layers, f"{lead} did not go through: {failed.result.lines[0]}") from None
        if y.shape != (1, 10):
            raise _bound_to_a_size(layers, f"{lead} comes out as {spell_size(y.shape[1:])}; 10 numbers were asked for.")
        done.append(size)
    weights = sum(int(layer.count_params()) for layer in layers)
    if weights >= _MOST_WEIGHTS:
        raise CheckFailed(
            f"All three maps become 10 numbers. But your layers have {weights:,} weights, and fewer than "
            f"{_MOST_WEIGHTS:,} were asked for."
        )
    return f"{', '.join(done[:-1])} and {done[-1]} all become 10 numbers, with {weights} weights."


def _bound_to_a_size(layers: list[Layer], line: str) -> CheckFailed:
    """Why a head is bound to one size of picture, as far as its layers show that."""
    kinds = [kind_of(layer) for layer in layers]
    if any(_pools_whole_map(layers, picture) for picture in _PICTURES):
        return CheckFailed(line, misconception=m.LARGE_POOL_IS_GLOBAL)
    if "Flatten" not in kinds or any("Global" in kind for kind in kinds):
        return CheckFailed(line)
    place = kinds.index("Flatten")
    if any(kind in _POOLS for kind in kinds[:place]):
        return CheckFailed(line, "The pooled map still grows with n, and so does what `Flatten` makes of it.")
    if "Dense" in kinds[place:]:
        return CheckFailed(line, misconception=m.FLATTEN_IS_GLOBAL)
    return CheckFailed(line, "`Flatten` writes all cells in one line, and that line grows with n.")


def _pools_whole_map(layers: list[Layer], picture: tuple[int, ...]) -> bool:
    """Whether one of the pooling windows is as large as the map that it gets."""
    shape: tuple[int | None, ...] = (1, *picture)
    with suppress(KerasRefusal):
        for layer in layers:
            if kind_of(layer) in _POOLS and tuple(layer.pool_size) == shape[1:3] != (1, 1):
                return True
            shape = output_shape(layer, shape)
    return False


@lesson.function(
    _check_any_size,
    wrong=[
        (m.FLATTEN_IS_GLOBAL, edited({"GlobalAveragePooling2D": "Flatten"})),
        (m.LARGE_POOL_IS_GLOBAL, edited({"GlobalAveragePooling2D()": "AveragePooling2D(28), keras.layers.Flatten()"})),
    ],
    hints=[
        "A `Dense(10)` turns a list of numbers into 10. What turns any map into a list of the same length?",
        "One number for each channel is such a list: 16 numbers, whatever the height and the width.",
        "Two layers are enough: a global pooling of either kind, and `keras.layers.Dense(10)`.",
    ],
    why="One way: global pooling gives a number for each of the 16 channels, at every size, and a `Dense` of 10 on "
    "them has (16 + 1)·10 = 170 weights. You have built an ending that fits every picture.",
    called="head",
)
def any_size():
    return [
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(10),
    ]


# -- twin ---------------------------------------------------------------------------------------------------------


def _original(rows: int, columns: int, seed: int) -> Array:
    """A map of digits; the cells of each window of 2 × 2 are all different."""
    rng = np.random.default_rng(seed)
    blocks = [[rng.choice(10, size=(2, 2), replace=False) for _ in range(columns)] for _ in range(rows)]
    return np.block(blocks).astype(np.float32)


_ORIGINALS = tuple((_original(*size, seed),) for seed, size in enumerate(((2, 2), (4, 4), (6, 4), (6, 6))))

#: A cell counts as changed above this. It is far more than what the comparison of the means lets pass.
_CHANGED = 1e-2

_READ_FROM_X = (
    "A number of this window is there twice: was it read from `y` after you had written into `y`? Read from `x`."
)
_KEEP_ALL_FOUR = "The maximum is kept, the mean is not: the mean sees all four numbers, so keep all four."
_ONE_FOUR_TIMES = "One number is in this window four times. Keep all four that `x` has there."

_read_twin = read_map("A map of the same size is needed.")


def _pool(x: Values | Array, kind: str = "Max", k: int = 2, padding: str = "valid") -> Array:
    layer = truth.build(f"{kind}Pooling2D", pool_size=k, padding=padding)
    return run(layer, np.asarray(x, dtype=np.float32)[np.newaxis, :, :, np.newaxis])[0, :, :, 0]


def _twin_differs(y: Values, x: Array) -> str | tuple[str, ...]:
    """What is wrong with a map that should be a twin of ``x``; nothing if it is one."""
    if y.shape != x.shape:
        return f"your function returns a map of {spell_size(y.shape)}. A map of the same size is needed."
    if np.array_equal(y, x):
        return "your function returns the very same map. At least one cell must differ."
    if (np.abs(y - x) <= _CHANGED).all():
        return f"no cell of your map differs by more than {_CHANGED:g}: hardly another map."
    for kind, name in (("Max", "maximum"), ("Average", "mean")):
        mine, true = _pool(y, kind), _pool(x, kind)
        # A maximum is one of the cells, so it is equal or it is not. A mean is rounded, and the order matters.
        differ = mine != true if kind == "Max" else ~np.isclose(mine, true, rtol=1e-5)
        if differ.any():
            row, column = map(int, np.argwhere(differ)[0])
            line = (
                f"the first {name} that differs is at row {row}, column {column} of the output: "
                f"{true[row, column]:g} for x, {mine[row, column]:g} for your map."
            )
            left, there = (set(cells[2 * row :, 2 * column :][:2, :2].flat) for cells in (y, x))
            if not left < there:
                return line
            # The numbers of a window are all different: where one is lost and none is new, another is there twice.
            return line, _READ_FROM_X if len(left) > 1 else _KEEP_ALL_FOUR if kind == "Average" else _ONE_FOUR_TIMES
    return ()


class _ReadAsItWas(np.ndarray[Any, Any]):
    """A map that is read as it was at first, whatever has been written into it."""

    first: Array | None = None

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key) if self.first is None else self.first[key].copy()

    def __setitem__(self, key: Any, value: Any) -> None:
        # NumPy would first get what is to be set, by the method above.
        self.view(np.ndarray)[key] = value


def _explain_writing(function: Any, failed: CheckFailed) -> None:
    """Tell a function that writes into its map and would be right if it read from another one."""
    for (x,) in _ORIGINALS:
        handed = x.copy().view(_ReadAsItWas)
        handed.first = x
        try:
            y = _read_twin(ask(function, handed))
        except (BadAnswer, CheckFailed):
            return
        if np.array_equal(handed, x) or _twin_differs(y, x):
            return
    line = "Your code writes into x while it still reads from it. Start from `x.copy()`."
    raise CheckFailed(failed.result.lines[0], line) from None


@lesson.function(
    AgainstKeras(
        cases=_ORIGINALS,
        differ=_twin_differs,
        read=_read_twin,
        told=lambda x: f"a map of {spell_size(x.shape)}",
        returned="returns {}. {}",
        same=np.array_equal,
        agreement="Different maps, equal maxima and equal means: {count} times.",
        explain=_explain_writing,
        with_case=True,
    ),
    wrong=[(m.SHIFT_IS_NOT_SEEN, *(partial(np.roll, shift=by, axis=axis) for axis, by in product((1, 0), (1, -1))))],
    hints=[
        "A maximum and a mean do not know in which order the four cells of a window stand.",
        "Change the order inside a window, never across its border. One window is enough: which cells has the first?",
        "The first window holds rows 0 and 1 and columns 0 and 1. Take a copy and put its first two cells the other "
        "way round. Or do it in all windows at once: `x[:, 0::2]` are the even columns, `x[:, 1::2]` the odd ones.",
    ],
    why="Four numbers have the same maximum and the same mean in any order. What pooling forgets is *where* in its "
    "window each of them stood.",
)
def twin(x):
    y = x.copy()
    y[0, 0], y[0, 1] = x[0, 1], x[0, 0]
    return y


# -- same_by_hand -------------------------------------------------------------------------------------------------


#: Maps, some of them all negative, and pool sizes; the simplest first. The last map is there for who gives a ghost a
#: number, however small: it beats one of these.
_BORDERED = (
    *(
        (x, k)
        for n, k in ((3, 2), (7, 2), (6, 2), (7, 3), (8, 3), (6, 3), (5, 4), (7, 4), (9, 4), (9, 5))
        for x in (-np.arange(1.0, n * n + 1).reshape(n, n), networks.digits((n, n), seed=n).astype(np.float64))
    ),
    ((np.float32(-1e37) * np.arange(1, 10, dtype=np.float32)).reshape(3, 3).astype(np.float64), 2),
)


def _border_differs(padded: Values, x: Values, k: int) -> str | tuple[str, ...]:
    """Pool the learner's map without padding, and the map itself with "same"."""
    if np.isnan(padded).any():
        return (
            "your map holds `nan`, which is no number at all: nobody knows whether it wins a maximum. A ghost must "
            "lose against every number."
        )
    expected = _pool(x, k=k, padding="same")
    try:
        found = _pool(padded, k=k)
    except KerasRefusal as refusal:
        return f"no window fits into your padded map. Keras says: {refusal}"
    if found.shape != expected.shape:
        return f'your padded map pools to {spell_size(found.shape)}; "same" gives {spell_size(expected.shape)}.'
    places = places_of(x, padded)
    if not places:
        return "the cells of x do not stand in your map as they stood in x. Return x with a border around it."
    if np.array_equal(found, expected):
        return ()
    row, column = map(int, np.argwhere(found != expected)[0])
    before, after = Window(k, k, padding="same").pads(len(x))
    mine, true = found[row, column], expected[row, column]
    line = (
        f'the size is right, and the value at row {row}, column {column} is not: {mine:g}; with "same" it is {true:g}.'
    )
    # Where x stands right, each window holds the right cells, and only a ghost can have changed the largest.
    if (before, before) in places:
        return line, f"A ghost that counts as {mine:g} still beats {true:g}. It must lose against every number."
    return (line, "The ghosts stand on the wrong side.") if padded.shape == (len(x) + before + after,) * 2 else line


_MISSING = "-(-n // k) * k - n"


@lesson.function(
    AgainstKeras(
        cases=_BORDERED,
        differ=_border_differs,
        read=read_map("It should return the padded map.", most=1000),
        told=lambda x, k: f"k = {k} on a map of {spell_size(x.shape)} with numbers from {x.min():g} to {x.max():g}",
        returned="returns {}. {}",
        same=np.array_equal,
        agreement='The same size and the same values as `padding="same"` on {count} maps.',
    ),
    wrong=[
        (m.GHOST_IS_ZERO, edited({"-np.inf": "0"}), edited({"-np.inf": "0", _MISSING: "k - 1"})),
        (m.POOL_GHOSTS_K_MINUS_1, edited({_MISSING: "k - 1"})),
    ],
    hints=[
        "Two questions, one after the other. How many ghosts, and on which sides? And what number is in them?",
        "o = ⌈n / k⌉ windows of k, side by side, need o·k cells, and there are n. Half of what is missing, rounded "
        "down, goes before.",
        "A number that never wins: −∞, or `-np.inf`. Use it in `np.pad(x, (before, after), constant_values=…)`.",
    ],
    why="⌈n / k⌉ windows side by side need ⌈n / k⌉·k cells; what is missing is shared, the odd one after. And a ghost "
    "must lose against every number: −∞. For a mean no one number would do for every map, because the divisor changes.",
    called="with_border",
)
def same_by_hand(x, k):
    n = len(x)
    missing = -(-n // k) * k - n
    before = missing // 2
    after = missing - before
    return np.pad(x, (before, after), constant_values=-np.inf)
