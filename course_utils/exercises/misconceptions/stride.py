"""What people believe of strides and of dilation: lesson 02."""

from __future__ import annotations

from course_utils.exercises import truth
from course_utils.exercises.catalogue import Misconception, Section

# The headings of the lesson that explain them; the tests look each of them up in its notebook.
_LESSON = "02_take_bigger_steps.ipynb"

COUNT_THE_STEPS = Section(_LESSON, "1. Count the steps (9 minutes)")
READ_THE_PROMISE = Section(_LESSON, "2. Read the promise of same (7 minutes)")
FIND_THE_GHOSTS = Section(_LESSON, "3. Find the ghosts (10 minutes)")
COMPARE_VALUES = Section(_LESSON, "4. Compare the values, not the sizes (9 minutes)")
SPREAD_THE_WINDOW = Section(_LESSON, "5. Spread the window (7 minutes)")
ASK_FOR_BOTH = Section(_LESSON, "6. Ask for both (3 minutes)")


# -- bigger steps: valid ------------------------------------------------------------------------------------------

ONLY_THE_STEPS = Misconception(
    name="The window makes (n − k) / s steps, so that many come out",
    sentence="Nearly. Those are the steps. The place where the window starts, before any step, counts as well: + 1.",
    section=COUNT_THE_STEPS,
    symbols=("n", "k", "s"),
    about="the size",
    wrong_formula=lambda n, k, s: (n - k) // s,
    truth=truth.valid_step_size,
    case=(1, 1, 1),
)
LAST_STEP_COUNTS = Misconception(
    name="A last step that does not fit counts too",
    sentence="It would carry the window over the edge. Without padding such a step is not made: round down.",
    section=COUNT_THE_STEPS,
    symbols=("n", "k", "s"),
    about="the size",
    wrong_formula=lambda n, k, s: -(-(n - k) // s) + 1,
    truth=truth.valid_step_size,
    case=(2, 1, 2),
)
FRACTION_IS_REFUSED = Misconception(
    name="If the steps do not come out even, there is an error",
    sentence="Some textbooks call such a layer invalid. Keras rounds down and says nothing.",
    section=COUNT_THE_STEPS,
    symbols=("n", "k", "s"),
    about="the size",
    wrong_formula=lambda n, k, s: "an error" if (n - k) % s else (n - k) // s + 1,
    truth=truth.valid_step_size,
    case=(2, 1, 2),
)
EVERY_ROW_IS_READ = Misconception(
    name="Every row of the map is read by some window",
    sentence="A step that does not fit is not made, and what lies behind the last window is never read. "
    "Nothing warns you.",
    section=COUNT_THE_STEPS,
    symbols=("n", "k", "s"),
    about="the number of rows that no window reads",
    wrong_formula=lambda n, k, s: 0,
    truth=truth.never_read,
    case=(2, 1, 2),
)
PLACES_ARE_DIVIDED = Misconception(
    name="The n − k + 1 places are divided by s, rounded down",
    sentence="The window uses the first place, and then every s-th. The first one counts even if no other follows: "
    "divide the steps, n − k, and then add 1.",
    section=COUNT_THE_STEPS,
    symbols=("n", "k", "s"),
    about="the size",
    wrong_formula=lambda n, k, s: (n - k + 1) // s,
    truth=truth.valid_step_size,
    case=(1, 1, 2),
)
STRIDE_ALONE_DIVIDES = Misconception(
    name="A stride of s makes n / s of n, whatever the window",
    sentence='That is what "same" does, rounded up. Without padding the window needs k cells to stand on, so it can '
    "move over n − k only.",
    section=COUNT_THE_STEPS,
    symbols=("n", "k", "s"),
    about="the size",
    wrong_formula=lambda n, k, s: -(-n // s),
    truth=truth.valid_step_size,
    case=(2, 2, 1),
)

NEAREST_NUMBER_OF_STEPS = Misconception(
    name="The steps are rounded to the nearest whole number",
    sentence="A step is made or it is not: round down, with `//`. (And Python's `round` takes a half to the even "
    "number: `round(1.5)` and `round(2.5)` are both 2.)",
    section=COUNT_THE_STEPS,
    symbols=("n", "k", "s"),
    about="the size",
    wrong_formula=lambda n, k, s: round((n - k) / s) + 1,
    truth=truth.valid_step_size,
    case=(4, 1, 2),
)
MINUS_COMES_FIRST = Misconception(
    name="In `n - k // s`, Python subtracts first",
    sentence="It divides first, as on paper: only k is divided by s. Put what comes first in parentheses: "
    "`(n - k) // s`.",
    section=COUNT_THE_STEPS,
    symbols=("n", "k", "s"),
    about="the size",
    wrong_formula=lambda n, k, s: n - k // s + 1,
    truth=truth.valid_step_size,
    case=(1, 1, 2),
)

# -- bigger steps: same -------------------------------------------------------------------------------------------

SAME_WHATEVER_THE_STRIDE = Misconception(
    name='"same" keeps the size, whatever the stride',
    sentence="It promises ⌈n / s⌉: one output for every s cells. That is n only when the stride is 1.",
    section=READ_THE_PROMISE,
    symbols=("n", "k", "s"),
    about="the size",
    wrong_formula=lambda n, k, s: n,
    truth=truth.same_step_size,
    case=(2, 1, 2),
)
SAME_ROUNDS_DOWN = Misconception(
    name='"same" with a stride rounds down',
    sentence='"valid" does. With "same" the cells that are left over at the end get an output too: round up.',
    section=READ_THE_PROMISE,
    symbols=("n", "k", "s"),
    about="the size",
    wrong_formula=lambda n, k, s: n // s,
    truth=truth.same_step_size,
    case=(1, 1, 2),
)
SAME_LOSES_A_WINDOW = Misconception(
    name='With "same" a larger kernel makes the output smaller',
    sentence='That is "valid". "same" adds as many ghosts as the window needs, so k does not change the size.',
    section=READ_THE_PROMISE,
    symbols=("n", "k", "s"),
    about="the size",
    wrong_formula=lambda n, k, s: (n - k) // s + 1,
    truth=truth.same_step_size,
    case=(1, 2, 1),
)
BOTH_SIDES_ALIKE = Misconception(
    name='"same" pads both sides alike, whatever n is',
    sentence='That is PyTorch\'s number. "same" adds no more than the last window needs, so it depends on n and s, and '
    "one ghost alone goes after.",
    section=FIND_THE_GHOSTS,
    symbols=("n", "k", "s"),
    about="the ghost cells (before, after)",
    wrong_formula=lambda n, k, s: (k // 2, k // 2),
    truth=truth.same_step_pads,
    case=(1, 2, 1),
)
STRIDE_NEEDS_AS_MANY = Misconception(
    name='"same" adds k − 1 ghosts, with a stride too',
    sentence="At stride 1 it does. With a larger stride the last window may stand elsewhere, and only what it lacks "
    "is added.",
    section=FIND_THE_GHOSTS,
    symbols=("n", "k", "s"),
    about="the ghost cells (before, after)",
    wrong_formula=lambda n, k, s: ((k - 1) // 2, k // 2),
    truth=truth.same_step_pads,
    case=(2, 2, 2),
)
FIRST_SIDE_FIRST = Misconception(
    name="A single ghost goes before",
    sentence="It has to go somewhere. Keras gives 'before' the half that is rounded down, and the half of 1, rounded "
    "down, is 0.",
    section=FIND_THE_GHOSTS,
    symbols=("n", "k", "s"),
    about="the ghost cells (before, after)",
    wrong_formula=lambda n, k, s: truth.same_step_pads(n, k, s)[::-1],
    truth=truth.same_step_pads,
    case=(1, 2, 1),
)
LESS_THAN_NONE = Misconception(
    name="There can be fewer ghosts than none",
    sentence="If the step is larger than the window, the windows may end before the map does. Then the difference is "
    "negative, and nothing is added: max(…, 0).",
    section=FIND_THE_GHOSTS,
    symbols=("n", "k", "s"),
    about="the ghost cells (before, after)",
    wrong_formula=lambda n, k, s: (
        ((-(-n // s) - 1) * s + k - n) // 2,
        (-(-n // s) - 1) * s + k - n - ((-(-n // s) - 1) * s + k - n) // 2,
    ),
    truth=truth.same_step_pads,
    case=(2, 1, 2),
)


def _halved(total: int) -> tuple[int, int]:
    """Shared as Keras does, for a total that is wrong."""
    return total // 2, total - total // 2


def _rounded_half(n: int, k: int, s: int) -> tuple[int, int]:
    """The right ghosts in all, and Python's ``round`` for the half that goes before."""
    total = sum(truth.same_step_pads(n, k, s))
    return round(total / 2), total - round(total / 2)


GHOSTS_WITHOUT_N = Misconception(
    name='"same" adds k − s ghosts, whatever n is',
    sentence="So it is if s divides n. Otherwise the last window begins nearer to the end of the map, and more is "
    "lacking: the total needs n.",
    section=FIND_THE_GHOSTS,
    symbols=("n", "k", "s"),
    about="the ghost cells (before, after)",
    wrong_formula=lambda n, k, s: _halved(max(k - s, 0)),
    truth=truth.same_step_pads,
    case=(1, 2, 2),
)
AS_MANY_STEPS_AS_WINDOWS = Misconception(
    name="o windows need o steps and the length of a window",
    sentence="The first window is where it starts, without a step. From there to the last there are o − 1 steps: "
    "(o − 1)·s + k cells.",
    section=FIND_THE_GHOSTS,
    symbols=("n", "k", "s"),
    about="the ghost cells (before, after)",
    wrong_formula=lambda n, k, s: _halved(max(-(-n // s) * s + k - n, 0)),
    truth=truth.same_step_pads,
    case=(1, 1, 1),
)
ROUND_TAKES_THE_HALF_DOWN = Misconception(
    name="Python's `round` rounds a half down",
    sentence="It takes a half to the even number: `round(0.5)` is 0, and `round(1.5)` is 2. `total // 2` always "
    "rounds down.",
    section=FIND_THE_GHOSTS,
    symbols=("n", "k", "s"),
    about="the ghost cells (before, after)",
    wrong_formula=_rounded_half,
    truth=truth.same_step_pads,
    case=(1, 4, 1),
)

# -- bigger steps: equal sizes, other values ----------------------------------------------------------------------

EQUAL_SIZES_EQUAL_VALUES = Misconception(
    name="The sizes agree, so the port is right",
    sentence="With another number of ghosts before the map, every window starts on another cell. Compare the values.",
    section=COMPARE_VALUES,
    symbols=("n",),
    about='the outputs that differ between "same" and `padding=1` (k = 3, s = 2)',
    wrong_formula=lambda n: 0,
    truth=truth.differing_in_ports,
    case=(2,),
)
ONLY_THE_RIM_DIFFERS = Misconception(
    name="Another padding changes the rim only",
    sentence="The first window starts one cell earlier, and all the others follow it: every window reads other cells.",
    section=COMPARE_VALUES,
    symbols=("n",),
    about='the outputs away from the rim that differ between "same" and `padding=1` (k = 3, s = 2)',
    wrong_formula=lambda n: 0,
    truth=truth.differing_inside,
    case=(6,),
)

# -- dilation -----------------------------------------------------------------------------------------------------

SPAN_IS_K_TIMES_D = Misconception(
    name="A window of k with dilation d spans k·d cells",
    sentence="There are k cells, but only k − 1 distances between them: (k − 1)·d + 1.",
    section=SPREAD_THE_WINDOW,
    symbols=("k", "d"),
    about="the cells from the first to the last",
    wrong_formula=lambda k, d: k * d,
    truth=truth.span,
    case=(1, 2),
)
SPAN_STAYS_K = Misconception(
    name="A dilation does not make the window longer",
    sentence="It reads as many cells as before, and they lie further apart, so it reaches further.",
    section=SPREAD_THE_WINDOW,
    symbols=("k", "d"),
    about="the cells from the first to the last",
    wrong_formula=lambda k, d: k,
    truth=truth.span,
    case=(2, 2),
)
SPAN_WITHOUT_END = Misconception(
    name="A window of k with dilation d spans (k − 1)·d cells",
    sentence="That is how far its last cell is from its first. Both ends count: + 1.",
    section=SPREAD_THE_WINDOW,
    symbols=("k", "d"),
    about="the cells from the first to the last",
    wrong_formula=lambda k, d: (k - 1) * d,
    truth=truth.span,
    case=(1, 1),
)
ONE_GAP_ONLY = Misconception(
    name="A dilation of d adds d − 1 cells to the window",
    sentence="It does so between any two neighbours, and there are k − 1 such pairs: (k − 1)·(d − 1) more.",
    section=SPREAD_THE_WINDOW,
    symbols=("k", "d"),
    about="the cells from the first to the last",
    wrong_formula=lambda k, d: k + d - 1,
    truth=truth.span,
    case=(1, 2),
)
SPREADING_ADDS_WEIGHTS = Misconception(
    name="A window that is spread out has more weights",
    sentence="The cells in the gaps are not read, so they have no weights: k × k, as before.",
    section=SPREAD_THE_WINDOW,
    symbols=("k", "d"),
    about="the number of weights",
    wrong_formula=lambda k, d: truth.span(k, d) ** 2,
    truth=truth.spread_weights,
    case=(2, 2),
)
DILATION_IS_A_STRIDE = Misconception(
    name="A dilation skips cells as a stride does",
    sentence="A stride is how far the window moves. A dilation is how far apart its cells lie; it still moves by 1.",
    section=SPREAD_THE_WINDOW,
    symbols=("n", "k", "d"),
    about="the size",
    wrong_formula=lambda n, k, d: (n - k) // d + 1,
    truth=truth.spread_size,
    case=(2, 1, 2),
)
STRIDE_AND_DILATION = Misconception(
    name="`Conv2D` takes a stride and a dilation together",
    sentence="The formulas could. The layer refuses, as soon as both are above 1.",
    section=ASK_FOR_BOTH,
    symbols=("s", "d"),
    about="what Keras makes of it",
    wrong_formula=lambda s, d: "a layer",
    truth=truth.accepts,
    case=(2, 2),
)
ONE_OF_THE_TWO = Misconception(
    name="The stride can do what the dilation does",
    sentence="They change different things: how far the window moves, and how far apart its cells lie. "
    "Here you need both, one after the other.",
    section=ASK_FOR_BOTH,
    symbols=("k", "s"),
    about="the cells from the first to the last of a window with a stride of s and no dilation",
    wrong_formula=lambda k, s: (k - 1) * s + 1,
    truth=lambda k, s: truth.span(k, 1),
    case=(2, 2),
)
