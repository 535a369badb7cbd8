"""What people believe of strides and of dilation: lesson 02."""

from __future__ import annotations

import numpy as np

from course_utils.exercises import truth
from course_utils.exercises.catalogue import Quantity, Section

# The headings of the lesson that explain them; the tests look each of them up in its notebook.
_LESSON = "02_take_bigger_steps.ipynb"

COUNT_THE_STEPS = Section(_LESSON, "1. Count the steps (9 minutes)")
READ_THE_PROMISE = Section(_LESSON, "2. Read the promise of same (7 minutes)")
FIND_THE_GHOSTS = Section(_LESSON, "3. Find the ghosts (10 minutes)")
COMPARE_VALUES = Section(_LESSON, "4. Compare the values, not the sizes (7 minutes)")
SPREAD_THE_WINDOW = Section(_LESSON, "5. Spread the window (7 minutes)")
ASK_FOR_BOTH = Section(_LESSON, "6. Ask for both (3 minutes)")


# -- bigger steps: valid ------------------------------------------------------------------------------------------

_valid_step_size = Quantity("the size", truth.valid_step_size, COUNT_THE_STEPS)

ONLY_THE_STEPS = _valid_step_size.misconception(
    "The window makes (n − k) / s steps, so that many come out",
    "Nearly. Those are the steps. The place where the window starts, before any step, counts as well: + 1.",
    lambda n, k, s: (n - k) // s,
)
LAST_STEP_COUNTS = _valid_step_size.misconception(
    "A last step that does not fit counts too",
    "It would carry the window over the edge. Without padding such a step is not made: round down.",
    lambda n, k, s: -(-(n - k) // s) + 1,
)
FRACTION_IS_REFUSED = _valid_step_size.misconception(
    "If the steps do not come out even, there is an error",
    "Some textbooks call such a layer invalid. Keras rounds down and says nothing.",
    lambda n, k, s: "an error" if (n - k) % s else (n - k) // s + 1,
)
EVERY_ROW_IS_READ = Quantity(
    "the number of rows that no window reads", truth.never_read, COUNT_THE_STEPS
).misconception(
    "Every row of the map is read by some window",
    ("A step that does not fit is not made, and what lies behind the last window is never read. Nothing warns you."),
    lambda n, k, s: 0,
)
PLACES_ARE_DIVIDED = _valid_step_size.misconception(
    "The n − k + 1 places are divided by s, rounded down",
    "The window uses the first place, and then every s-th. The first one counts even if no other follows: "
    "divide the steps, n − k, and then add 1.",
    lambda n, k, s: (n - k + 1) // s,
)
STRIDE_ALONE_DIVIDES = _valid_step_size.misconception(
    "A stride of s makes n / s of n, whatever the window",
    'That is what "same" does, rounded up. Without padding the window needs k cells to stand on, so it can '
    "move over n − k only.",
    lambda n, k, s: -(-n // s),
)

NEAREST_NUMBER_OF_STEPS = _valid_step_size.misconception(
    "The steps are rounded to the nearest whole number",
    "A step is made or it is not: round down, with `//`. (And Python's `round` takes a half to the even "
    "number: `round(1.5)` and `round(2.5)` are both 2.)",
    lambda n, k, s: round((n - k) / s) + 1,
)
MINUS_COMES_FIRST = _valid_step_size.misconception(
    "In `n - k // s`, Python subtracts first",
    ("It divides first, as on paper: only k is divided by s. Put what comes first in parentheses: `(n - k) // s`."),
    lambda n, k, s: n - k // s + 1,
)

# -- bigger steps: same -------------------------------------------------------------------------------------------

_same_step_size = Quantity("the size", truth.same_step_size, READ_THE_PROMISE)

SAME_WHATEVER_THE_STRIDE = _same_step_size.misconception(
    '"same" keeps the size, whatever the stride',
    "It promises ⌈n / s⌉: one output for every s cells. That is n only when the stride is 1.",
    lambda n, k, s: n,
)
SAME_ROUNDS_DOWN = _same_step_size.misconception(
    '"same" with a stride rounds down',
    '"valid" does. With "same" the cells that are left over at the end get an output too: round up.',
    lambda n, k, s: n // s,
)
SAME_LOSES_A_WINDOW = _same_step_size.misconception(
    'With "same" a larger kernel makes the output smaller',
    'That is "valid". "same" adds as many ghosts as the window needs, so k does not change the size.',
    lambda n, k, s: (n - k) // s + 1,
)

_same_step_pads = Quantity("the ghost cells (before, after)", truth.same_step_pads, FIND_THE_GHOSTS)

BOTH_SIDES_ALIKE = _same_step_pads.misconception(
    '"same" pads both sides alike, whatever n is',
    'That is PyTorch\'s number. "same" adds no more than the last window needs, so it depends on n and s, and '
    "one ghost alone goes after.",
    lambda n, k, s: (k // 2, k // 2),
)
STRIDE_NEEDS_AS_MANY = _same_step_pads.misconception(
    '"same" adds k − 1 ghosts, with a stride too',
    ("At stride 1 it does. With a larger stride the last window may stand elsewhere, and only what it lacks is added."),
    lambda n, k, s: ((k - 1) // 2, k // 2),
)
FIRST_SIDE_FIRST = _same_step_pads.misconception(
    "A single ghost goes before",
    "It has to go somewhere. Keras gives 'before' the half that is rounded down, and the half of 1, rounded "
    "down, is 0.",
    lambda n, k, s: truth.same_step_pads(n, k, s)[::-1],
)
LESS_THAN_NONE = _same_step_pads.misconception(
    "There can be fewer ghosts than none",
    "If the step is larger than the window, the windows may end before the map does. Then the difference is "
    "negative, and nothing is added: max(…, 0).",
    lambda n, k, s: (
        ((-(-n // s) - 1) * s + k - n) // 2,
        (-(-n // s) - 1) * s + k - n - ((-(-n // s) - 1) * s + k - n) // 2,
    ),
)


def _halved(total: int) -> tuple[int, int]:
    """Shared as Keras does, for a total that is wrong."""
    return total // 2, total - total // 2


def _rounded_half(n: int, k: int, s: int) -> tuple[int, int]:
    """The right ghosts in all, and Python's ``round`` for the half that goes before."""
    total = sum(truth.same_step_pads(n, k, s))
    return round(total / 2), total - round(total / 2)


GHOSTS_WITHOUT_N = _same_step_pads.misconception(
    '"same" adds k − s ghosts, whatever n is',
    "So it is if s divides n. Otherwise the last window begins nearer to the end of the map, and more is "
    "missing: the total needs n.",
    lambda n, k, s: _halved(max(k - s, 0)),
)
AS_MANY_STEPS_AS_WINDOWS = _same_step_pads.misconception(
    "o windows need o steps and the length of a window",
    "The first window is where it starts, without a step. From there to the last there are o − 1 steps: "
    "(o − 1)·s + k cells.",
    lambda n, k, s: _halved(max(-(-n // s) * s + k - n, 0)),
)
ROUND_TAKES_THE_HALF_DOWN = _same_step_pads.misconception(
    "Python's `round` rounds a half down",
    ("It takes a half to the even number: `round(0.5)` is 0, and `round(1.5)` is 2. `total // 2` always rounds down."),
    _rounded_half,
)

# -- bigger steps: equal sizes, other values ----------------------------------------------------------------------

EQUAL_SIZES_EQUAL_VALUES = Quantity(
    'the outputs that differ between "same" and `padding=1` (k = 3, s = 2)',
    lambda n: int(np.not_equal(*truth.ports(n)).sum()),
    COMPARE_VALUES,
).misconception(
    "The sizes agree, so the port is right",
    "With another number of ghosts before the map, every window starts on another cell. Compare the values.",
    lambda n: 0,
)
ONLY_THE_RIM_DIFFERS = Quantity(
    'the outputs away from the rim that differ between "same" and `padding=1` (k = 3, s = 2)',
    lambda n: int(np.not_equal(*truth.ports(n))[1:-1, 1:-1].sum()),
    COMPARE_VALUES,
).misconception(
    "Another padding changes the rim only",
    "The first window starts one cell earlier, and all the others follow it: every window reads other cells.",
    lambda n: 0,
)

# -- dilation -----------------------------------------------------------------------------------------------------

_span = Quantity("the cells from the first to the last", truth.span, SPREAD_THE_WINDOW)

SPAN_IS_K_TIMES_D = _span.misconception(
    "A window of k with dilation d spans k·d cells",
    "There are k cells, but only k − 1 distances between them: (k − 1)·d + 1.",
    lambda k, d: k * d,
)
SPAN_STAYS_K = _span.misconception(
    "A dilation does not make the window longer",
    "It reads as many cells as before, and they lie further apart, so it reaches further.",
    lambda k, d: k,
)
SPAN_WITHOUT_END = _span.misconception(
    "A window of k with dilation d spans (k − 1)·d cells",
    "That is how far its last cell is from its first. Both ends count: + 1.",
    lambda k, d: (k - 1) * d,
)
ONE_GAP_ONLY = _span.misconception(
    "A dilation of d adds d − 1 cells to the window",
    "It does so between any two neighbours, and there are k − 1 such pairs: (k − 1)·(d − 1) more.",
    lambda k, d: k + d - 1,
)
SPREADING_ADDS_WEIGHTS = Quantity("the number of weights", truth.spread_weights, SPREAD_THE_WINDOW).misconception(
    "A window that is spread out has more weights",
    "The cells in the gaps are not read, so they have no weights: k × k, as before.",
    lambda k, d: truth.span(k, d) ** 2,
)
DILATION_IS_A_STRIDE = Quantity("the size", truth.spread_size, SPREAD_THE_WINDOW).misconception(
    "A dilation skips cells as a stride does",
    "A stride is how far the window moves. A dilation is how far apart its cells lie; it still moves by 1.",
    lambda n, k, d: (n - k) // d + 1,
)
STRIDE_AND_DILATION = Quantity("what Keras makes of it", truth.accepts, ASK_FOR_BOTH).misconception(
    "`Conv2D` takes a stride and a dilation together",
    "The formulas could. The layer refuses, as soon as both are above 1.",
    lambda s, d: "a layer",
)
ONE_OF_THE_TWO = Quantity(
    "the cells from the first to the last of a window with a stride of s and no dilation",
    lambda k, s: truth.span(k, 1),
    ASK_FOR_BOTH,
).misconception(
    "The stride can do what the dilation does",
    "They change different things: how far the window moves, and how far apart its cells lie. "
    "Here you need both, one after the other.",
    lambda k, s: (k - 1) * s + 1,
)
