"""What people believe of pooling: lesson 03."""

from __future__ import annotations

from dataclasses import replace

from course_utils.exercises import truth
from course_utils.exercises.catalogue import Quantity, Section

# The headings of the lesson that explain them; the tests look each of them up in its notebook.
_LESSON = "03_pool.ipynb"

TAKE_THE_LARGEST = Section(_LESSON, "1. Take the largest (5 minutes)")
FIND_THE_STRIDE = Section(_LESSON, "2. Find the hidden stride (7 minutes)")
HALVE_AN_ODD_SIZE = Section(_LESSON, "3. Halve an odd size (5 minutes)")
WEIGH_A_GHOST = Section(_LESSON, "4. Ask what a ghost is worth (7 minutes)")
POOL_IT_ALL = Section(_LESSON, "6. Pool the whole map (6 minutes)")
SEE_WHAT_IS_FORGOTTEN = Section(_LESSON, "8. See what is forgotten (5 minutes)")

POOL_HAS_WEIGHTS = Quantity("the number of weights", truth.pool_parameters, TAKE_THE_LARGEST).misconception(
    "A pooling window has weights, like a kernel",
    "There is nothing to multiply: the window picks the largest of its cells, or takes their mean. "
    "So there is nothing to learn either.",
    lambda k: k * k,
)
CHANNELS_ARE_POOLED = Quantity("the number of channels", truth.pooled_channels, TAKE_THE_LARGEST).misconception(
    "Pooling puts the channels together, too",
    "It runs over height and width only, in each channel by itself: as many channels come out as went in.",
    lambda c: 1,
)

_default_pool_size = Quantity('the size with padding="same"', truth.default_pool_size, FIND_THE_STRIDE)

POOL_STRIDE_IS_ONE = _default_pool_size.misconception(
    "A pooling window moves by one cell, unless you say otherwise",
    "A convolution does. A pooling layer that is told no `strides` takes its `pool_size` for them.",
    lambda n, k: n,
)
POOLING_HALVES = _default_pool_size.misconception(
    "Pooling halves the map",
    "With a window of 2 it does, because the step is then 2. With a window of 3 the step is 3.",
    lambda n, k: -(-n // 2),
)

_rounded_pool_size = replace(_default_pool_size, section=HALVE_AN_ODD_SIZE)

PARTLY_FILLED_IS_DROPPED = _rounded_pool_size.misconception(
    "A window that is only partly filled gives no output",
    ('That is "valid". With "same" the last window is filled up with ghost cells and counts: the size is rounded up.'),
    lambda n, k: n // k,
)
ONE_MORE_THAN_FIT = _rounded_pool_size.misconception(
    'With "same" there is always one window more than fit',
    "There is, while some cells are left over. If k divides n, none are, and no further window comes.",
    lambda n, k: n // k + 1,
)
SAME_ROUNDS_TO_THE_NEAREST = _rounded_pool_size.misconception(
    '"same" rounds to the nearest whole number',
    "It rounds up, however little is left over. (And Python's `round` takes a half to the even number: "
    "`round(0.5)` is 0.)",
    lambda n, k: round(n / k),
)

_valid_pooled_size = Quantity(
    'the size after pooling by 2 with padding="valid"', truth.valid_pooled_size, HALVE_AN_ODD_SIZE
)

ALWAYS_ROUNDS_UP = _valid_pooled_size.misconception(
    "Half of an odd size is always rounded up",
    'With "same" it is. With "valid" the last row finds no partner and is thrown away: rounded down.',
    lambda n: -(-n // 2),
)
FRACTION_RAISES = _valid_pooled_size.misconception(
    "7 / 2 is not a whole number, so there must be an error",
    "No layer ever complains about a fraction. It is rounded, and nothing is said.",
    lambda n: "an error" if n % 2 else n // 2,
)
PLACES_ARE_N_OVER_S = Quantity("the size", truth.strided_pool_size, HALVE_AN_ODD_SIZE).misconception(
    'The size of "valid" is n / s, rounded down, whatever the window',
    "Only while the window is as long as the step. A longer window finds fewer places: ⌊(n − k) / s⌋ + 1.",
    lambda n, k, s: n // s,
)

_unused_inputs = Quantity("the number of rows that no window reads", truth.unused_inputs, HALVE_AN_ODD_SIZE)

WINDOWS_LIE_SIDE_BY_SIDE = _unused_inputs.misconception(
    "The windows lie side by side, so n % k rows are left",
    "They do so only while s = k. Otherwise they lie s apart: count to the last row of the last window, and "
    "what comes after it is left.",
    lambda n, k, s: n % k,
)
WINDOWS_ARE_S_LONG = _unused_inputs.misconception(
    "Each place of the window uses up s rows, and what is left of n is lost",
    "The last window is k long, not s: it ends after (o − 1)·s + k rows.",
    lambda n, k, s: n % s,
)
ROUNDING_HIDES = Quantity(
    'the two sizes after "valid" and then "same"', truth.valid_then_same_pooled, HALVE_AN_ODD_SIZE
).misconception(
    "It ends at the right size, so the padding on the way is right",
    "13 and 14 both become 7 when they are halved and rounded up. The rounding hides what happened before it; "
    "the sizes on the way tell.",
    lambda n: (-(-n // 2), -(-n // 4)),
)
POOL_GHOSTS_K_MINUS_1 = Quantity(
    "the ghost cells of one axis in all", truth.pool_ghosts, HALVE_AN_ODD_SIZE
).misconception(
    '"same" adds k − 1 ghost cells, in pooling too',
    "That is so when the window moves by one cell. Here it moves by k, and only what the windows are short of "
    "is filled up: often nothing.",
    lambda n, k: k - 1,
)
GHOST_IS_ZERO = Quantity(
    "the largest of −v and a ghost", lambda v: float(truth.pool_row("Max", [-v], 2)[0]), WEIGH_A_GHOST
).misconception(
    "A ghost cell is a zero, so it beats a negative number",
    ("In a convolution it is a zero. A pooling window leaves it out: for a maximum it counts as −∞, and never wins."),
    lambda v: 0.0,
)
GHOST_SHARES_THE_MEAN = Quantity(
    "the mean of v and a ghost", lambda v: float(truth.pool_row("Average", [v], 2)[0]), WEIGH_A_GHOST
).misconception(
    "The mean divides by all cells of the window, ghosts included",
    "It divides by the number of real cells. A ghost was never measured, so it has no share.",
    lambda v: v / 2,
)
GLOBAL_DEPENDS_ON_N = Quantity("how many numbers come out", truth.global_numbers, POOL_IT_ALL).misconception(
    "A larger map gives more numbers after global pooling",
    "Its window is the whole map, however large that is: one number for each channel, for every n.",
    lambda n, c: n * c,
)
FLATTEN_IS_GLOBAL = Quantity(
    "how many numbers come out of `Flatten`", lambda n, c: truth.numbers_out("Flatten", n, c), POOL_IT_ALL
).misconception(
    "`Flatten` does what global pooling does",
    "It writes all n·n·c numbers in one line, so their count depends on n, and a `Dense` after it is bound to "
    "one n for ever.",
    lambda n, c: c,
)
LARGE_POOL_IS_GLOBAL = Quantity("the size", lambda n, k: truth.strided_pool_size(n, k, k), POOL_IT_ALL).misconception(
    "A pooling window as large as my picture is global pooling",
    ("For that one picture it is. A picture twice as large holds four such windows, and a smaller one holds none."),
    lambda n, k: 1,
)
PLACE_IS_KEPT = Quantity(
    "the column in which it comes out", truth.column_after_pooling, SEE_WHAT_IS_FORGOTTEN
).misconception(
    "The largest stays where it was",
    "It comes out at the place of its window, and the windows stand s cells apart: column ⌊j / s⌋.",
    lambda j: j,
)
SHIFT_IS_NOT_SEEN = Quantity(
    "the column in which it comes out after it moved from column j to j + 1",
    lambda j: truth.column_after_pooling(j + 1),
    SEE_WHAT_IS_FORGOTTEN,
).misconception(
    "Pooling does not notice a shift by one",
    "Not while the cell stays in the same window. At the border between two windows a shift by one input cell "
    "becomes a shift by one output cell.",
    truth.column_after_pooling,
)
