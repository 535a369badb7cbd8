"""What people believe of pooling: lesson 03."""

from __future__ import annotations

from course_utils.exercises import truth
from course_utils.exercises.catalogue import Misconception, Section

# The headings of the lesson that explain them; the tests look each of them up in its notebook.
_LESSON = "03_pool.ipynb"

TAKE_THE_LARGEST = Section(_LESSON, "1. Take the largest (5 minutes)")
FIND_THE_STRIDE = Section(_LESSON, "2. Find the hidden stride (7 minutes)")
HALVE_AN_ODD_SIZE = Section(_LESSON, "3. Halve an odd size (7 minutes)")
WEIGH_A_GHOST = Section(_LESSON, "4. Ask what a ghost is worth (7 minutes)")
POOL_IT_ALL = Section(_LESSON, "6. Pool the whole map (6 minutes)")
SEE_WHAT_IS_FORGOTTEN = Section(_LESSON, "8. See what is forgotten (5 minutes)")

POOL_HAS_WEIGHTS = Misconception(
    name="A pooling window has weights, like a kernel",
    sentence="There is nothing to multiply: the window picks the largest of its cells, or takes their mean. "
    "So there is nothing to learn either.",
    section=TAKE_THE_LARGEST,
    symbols=("k",),
    about="the number of weights",
    wrong_formula=lambda k: k * k,
    truth=truth.pool_parameters,
    case=(1,),
)
CHANNELS_ARE_POOLED = Misconception(
    name="Pooling puts the channels together, too",
    sentence="It runs over height and width only, in each channel by itself: as many channels come out as went in.",
    section=TAKE_THE_LARGEST,
    symbols=("c",),
    about="the number of channels",
    wrong_formula=lambda c: 1,
    truth=truth.pooled_channels,
    case=(2,),
)
POOL_STRIDE_IS_ONE = Misconception(
    name="A pooling window moves by one cell, unless you say otherwise",
    sentence="A convolution does. A pooling layer that is told no `strides` takes its `pool_size` for them.",
    section=FIND_THE_STRIDE,
    symbols=("n", "k"),
    about='the size with padding="same"',
    wrong_formula=lambda n, k: n,
    truth=truth.default_pool_size,
    case=(2, 2),
)
POOLING_HALVES = Misconception(
    name="Pooling halves the map",
    sentence="With a window of 2 it does, because the step is then 2. With a window of 3 the step is 3.",
    section=FIND_THE_STRIDE,
    symbols=("n", "k"),
    about='the size with padding="same"',
    wrong_formula=lambda n, k: -(-n // 2),
    truth=truth.default_pool_size,
    case=(2, 1),
)
PARTLY_FILLED_IS_DROPPED = Misconception(
    name="A window that is only partly filled gives no output",
    sentence='That is "valid". With "same" the last window is filled up with ghost cells and counts: '
    "the size is rounded up.",
    section=HALVE_AN_ODD_SIZE,
    symbols=("n", "k"),
    about='the size with padding="same"',
    wrong_formula=lambda n, k: n // k,
    truth=truth.default_pool_size,
    case=(1, 2),
)
ONE_MORE_THAN_FIT = Misconception(
    name='With "same" there is always one window more than fit',
    sentence="There is, while some cells are left over. If k divides n, none are, and no further window comes.",
    section=HALVE_AN_ODD_SIZE,
    symbols=("n", "k"),
    about='the size with padding="same"',
    wrong_formula=lambda n, k: n // k + 1,
    truth=truth.default_pool_size,
    case=(1, 1),
)
SAME_ROUNDS_TO_THE_NEAREST = Misconception(
    name='"same" rounds to the nearest whole number',
    sentence="It rounds up, however little is left over. (And Python's `round` takes a half to the even number: "
    "`round(0.5)` is 0.)",
    section=HALVE_AN_ODD_SIZE,
    symbols=("n", "k"),
    about='the size with padding="same"',
    wrong_formula=lambda n, k: round(n / k),
    truth=truth.default_pool_size,
    case=(1, 2),
)
ALWAYS_ROUNDS_UP = Misconception(
    name="Half of an odd size is always rounded up",
    sentence='With "same" it is. With "valid" the last row finds no partner and is thrown away: rounded down.',
    section=HALVE_AN_ODD_SIZE,
    symbols=("n",),
    about='the size after pooling by 2 with padding="valid"',
    wrong_formula=lambda n: -(-n // 2),
    truth=truth.valid_pooled_size,
    case=(3,),
)
FRACTION_RAISES = Misconception(
    name="7 / 2 is not a whole number, so there must be an error",
    sentence="No layer ever complains about a fraction. It is rounded, and nothing is said.",
    section=HALVE_AN_ODD_SIZE,
    symbols=("n",),
    about='the size after pooling by 2 with padding="valid"',
    wrong_formula=lambda n: "an error" if n % 2 else n // 2,
    truth=truth.valid_pooled_size,
    case=(3,),
)
PLACES_ARE_N_OVER_S = Misconception(
    name='The size of "valid" is n / s, rounded down, whatever the window',
    sentence="Only while the window is as long as the step. A longer window finds fewer places: ⌊(n − k) / s⌋ + 1.",
    section=HALVE_AN_ODD_SIZE,
    symbols=("n", "k", "s"),
    about="the size",
    wrong_formula=lambda n, k, s: n // s,
    truth=truth.strided_pool_size,
    case=(1, 1, 2),
)
WINDOWS_LIE_SIDE_BY_SIDE = Misconception(
    name="The windows lie side by side, so n % k rows are left",
    sentence="They do so only while s = k. Otherwise they lie s apart: count to the last row of the last window, and "
    "what comes after it is left.",
    section=HALVE_AN_ODD_SIZE,
    symbols=("n", "k", "s"),
    about="the number of rows that no window reads",
    wrong_formula=lambda n, k, s: n % k,
    truth=truth.unused_inputs,
    case=(2, 1, 2),
)
WINDOWS_ARE_S_LONG = Misconception(
    name="Each place of the window uses up s rows, and what is left of n is lost",
    sentence="The last window is k long, not s: it ends after (o − 1)·s + k rows.",
    section=HALVE_AN_ODD_SIZE,
    symbols=("n", "k", "s"),
    about="the number of rows that no window reads",
    wrong_formula=lambda n, k, s: n % s,
    truth=truth.unused_inputs,
    case=(1, 1, 2),
)
ROUNDING_HIDES = Misconception(
    name="It ends at the right size, so the padding on the way is right",
    sentence="13 and 14 both become 7 when they are halved and rounded up. The rounding hides what happened before it; "
    "the sizes on the way tell.",
    section=HALVE_AN_ODD_SIZE,
    symbols=("n",),
    about='the two sizes after "valid" and then "same"',
    wrong_formula=lambda n: (-(-n // 2), -(-n // 4)),
    truth=truth.valid_then_same_pooled,
    case=(3,),
)
POOL_GHOSTS_K_MINUS_1 = Misconception(
    name='"same" adds k − 1 ghost cells, in pooling too',
    sentence="That is so when the window moves by one cell. Here it moves by k, and only what the windows are short of "
    "is filled up: often nothing.",
    section=HALVE_AN_ODD_SIZE,
    symbols=("n", "k"),
    about="the ghost cells of one axis in all",
    wrong_formula=lambda n, k: k - 1,
    truth=truth.pool_ghosts,
    case=(2, 2),
)
GHOST_IS_ZERO = Misconception(
    name="A ghost cell is a zero, so it beats a negative number",
    sentence="In a convolution it is a zero. A pooling window leaves it out: for a maximum it counts as −∞, and never "
    "wins.",
    section=WEIGH_A_GHOST,
    symbols=("v",),
    about="the largest of −v and a ghost",
    wrong_formula=lambda v: 0.0,
    truth=truth.largest_with_ghost,
    case=(1,),
)
GHOST_SHARES_THE_MEAN = Misconception(
    name="The mean divides by all cells of the window, ghosts included",
    sentence="It divides by the number of real cells. A ghost is no cell that was measured, so it has no share.",
    section=WEIGH_A_GHOST,
    symbols=("v",),
    about="the mean of v and a ghost",
    wrong_formula=lambda v: v / 2,
    truth=truth.mean_with_ghost,
    case=(1,),
)
GLOBAL_DEPENDS_ON_N = Misconception(
    name="A larger map gives more numbers after global pooling",
    sentence="Its window is the whole map, however large that is: one number for each channel, for every n.",
    section=POOL_IT_ALL,
    symbols=("n", "c"),
    about="how many numbers come out",
    wrong_formula=lambda n, c: n * c,
    truth=truth.global_numbers,
    case=(2, 1),
)
FLATTEN_IS_GLOBAL = Misconception(
    name="`Flatten` does what global pooling does",
    sentence="It writes all n·n·c numbers in one line, so their count depends on n, and a `Dense` after it is bound to "
    "one n for ever.",
    section=POOL_IT_ALL,
    symbols=("n", "c"),
    about="how many numbers come out of `Flatten`",
    wrong_formula=lambda n, c: c,
    truth=truth.flattened_numbers,
    case=(2, 1),
)
LARGE_POOL_IS_GLOBAL = Misconception(
    name="A pooling window as large as my picture is global pooling",
    sentence="For that one picture it is. A picture twice as large holds four such windows, and a smaller one holds "
    "none.",
    section=POOL_IT_ALL,
    symbols=("n", "k"),
    about="the size",
    wrong_formula=lambda n, k: 1,
    truth=lambda n, k: truth.strided_pool_size(n, k, k),
    case=(2, 1),
)
PLACE_IS_KEPT = Misconception(
    name="The largest stays where it was",
    sentence="It comes out at the place of its window, and the windows stand s cells apart: column ⌊j / s⌋.",
    section=SEE_WHAT_IS_FORGOTTEN,
    symbols=("j",),
    about="the column in which it comes out",
    wrong_formula=lambda j: j,
    truth=truth.column_after_pooling,
    case=(1,),
)
SHIFT_IS_NOT_SEEN = Misconception(
    name="Pooling does not notice a shift by one",
    sentence="Not while the cell stays in the same window. At the border between two windows a shift by one input cell "
    "becomes a shift by one output cell.",
    section=SEE_WHAT_IS_FORGOTTEN,
    symbols=("j",),
    about="the column in which it comes out after it moved from column j to j + 1",
    wrong_formula=truth.column_after_pooling,
    truth=lambda j: truth.column_after_pooling(j + 1),
    case=(1,),
)
