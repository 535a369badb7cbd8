"""The catalogue of misconceptions: each a wrong formula with a name, and the smallest case in which Keras disagrees.

An answer that equals a wrong formula everywhere is told which one it is. Nobody is told "wrong" by a formula that is
not: the tests ask the real layer for ``case`` and for every smaller one.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from course_utils.exercises import real


@dataclass(frozen=True)
class Section:
    """A place in the course to read again: a notebook and one of its headings, word for word."""

    notebook: str
    heading: str

    def __str__(self) -> str:
        return f"{self.notebook}, {self.title}"

    @property
    def title(self) -> str:
        """The heading without the minutes."""
        return re.sub(r" \(\d+ minutes\)$", "", self.heading)

    @property
    def link(self) -> str:
        """As HTML. JupyterLab names a heading by its text with the spaces as hyphens."""
        anchor = html.escape(self.heading.replace(" ", "-"))
        return f'<a href="{self.notebook}#{anchor}">{html.escape(self.title)}</a>'


@dataclass(frozen=True)
class Misconception:
    """A belief that many people hold, as a formula.

    Attributes:
        name: the belief, in the words of someone who holds it.
        sentence: why it is natural, and what is so instead.
        section: where the course explains it.
        symbols: what the formula takes.
        about: what the formula gives, as a sentence calls it.
        believed: the wrong formula.
        real: the same question, put to the real Keras layer.
        case: the smallest numbers for which the two differ.
    """

    name: str
    sentence: str
    section: Section
    symbols: tuple[str, ...]
    about: str
    believed: Callable[..., Any]
    real: Callable[..., Any]
    case: tuple[int, ...]

    @property
    def separation(self) -> str:
        """The smallest case that tells the belief from the truth, with both numbers."""
        settings = ", ".join(f"{symbol} = {number}" for symbol, number in zip(self.symbols, self.case, strict=True))
        mine, true = self.believed(*self.case), self.real(*self.case)
        return f"The smallest case that tells: {settings}. By that idea {self.about}: {mine}. Keras: {true}."


@dataclass(frozen=True)
class Slip:
    """A wrong answer to one exercise, exactly as a learner would hand it in, and the belief behind it."""

    misconception: Misconception
    answer: Any


# The headings of the lessons that explain them; the tests look each of them up in its notebook.
_LESSON_00, _LESSON_01 = "00_start_here.ipynb", "01_pad_the_border.ipynb"

ASK_WHY = Section(_LESSON_00, "3. Ask why (10 minutes)")
SLIDE_A_WINDOW = Section(_LESSON_01, "1. Slide a window (8 minutes)")
ADD_GHOSTS = Section(_LESSON_01, "2. Add ghost cells (10 minutes)")
SEE_ZEROS = Section(_LESSON_01, "3. See what zeros do to the numbers (4 minutes)")
PAD_BY_HAND = Section(_LESSON_01, "4. Pad with your own hands (6 minutes)")
DO_NOT_PEEK = Section(_LESSON_01, "5. Do not peek into the future (6 minutes)")
TRANSLATE = Section(_LESSON_01, "6. Translate a number into a word (5 minutes)")
MAKE_IT_IMPOSSIBLE = Section(_LESSON_01, "7. Make it impossible (4 minutes)")
SPOT_THE_TYPO = Section(_LESSON_01, "8. Spot one typo (2 minutes)")

_LESSON_02 = "02_take_bigger_steps.ipynb"

COUNT_THE_STEPS = Section(_LESSON_02, "1. Count the steps (9 minutes)")
READ_THE_PROMISE = Section(_LESSON_02, "2. Read the promise of same (7 minutes)")
FIND_THE_GHOSTS = Section(_LESSON_02, "3. Find the ghosts (10 minutes)")
COMPARE_VALUES = Section(_LESSON_02, "4. Compare the values, not the sizes (9 minutes)")
SPREAD_THE_WINDOW = Section(_LESSON_02, "5. Spread the window (7 minutes)")
ASK_FOR_BOTH = Section(_LESSON_02, "6. Ask for both (3 minutes)")

_LESSON_03 = "03_pool.ipynb"

TAKE_THE_LARGEST = Section(_LESSON_03, "1. Take the largest (5 minutes)")
FIND_THE_STRIDE = Section(_LESSON_03, "2. Find the hidden stride (7 minutes)")
HALVE_AN_ODD_SIZE = Section(_LESSON_03, "3. Halve an odd size (7 minutes)")
WEIGH_A_GHOST = Section(_LESSON_03, "4. Ask what a ghost is worth (7 minutes)")
POOL_IT_ALL = Section(_LESSON_03, "6. Pool the whole map (6 minutes)")
SEE_WHAT_IS_FORGOTTEN = Section(_LESSON_03, "8. See what is forgotten (5 minutes)")


# -- valid: how many places a window has --------------------------------------------------------------------------

WINDOW_LOSES_K = Misconception(
    name="The window takes k cells away, so n − k are left",
    sentence="Nearly. But n − k is how far the window can move. The place where it starts counts as well: n − k + 1.",
    section=SLIDE_A_WINDOW,
    symbols=("n", "k"),
    about="the size",
    believed=lambda n, k: n - k,
    real=real.valid_size,
    case=(1, 1),
)
WINDOW_HOPS = Misconception(
    name="The windows stand side by side",
    sentence="Pooling works like that. A convolution moves by one cell at a time, so its windows overlap.",
    section=SLIDE_A_WINDOW,
    symbols=("n", "k"),
    about="the size",
    believed=lambda n, k: n // k,
    real=real.valid_size,
    case=(3, 2),
)
SIZE_STAYS = Misconception(
    name="A convolution keeps the size",
    sentence='Only with `padding="same"`. If nothing is said, Keras takes "valid": no ghost cells, and a smaller map.',
    section=SLIDE_A_WINDOW,
    symbols=("n", "k"),
    about="the size",
    believed=lambda n, k: n,
    real=real.valid_size,
    case=(2, 2),
)
HALF_EACH_SIDE = Misconception(
    name="Half a window, rounded down, is lost on each side",
    sentence="That holds for an odd kernel. An even one has no middle cell and loses k − 1 in all, which is odd.",
    section=SLIDE_A_WINDOW,
    symbols=("n", "k"),
    about="the size",
    believed=lambda n, k: n - 2 * (k // 2),
    real=real.valid_size,
    case=(2, 2),
)
ONE_SIDE_LOST = Misconception(
    name="Half a window is lost, once",
    sentence="The window cannot reach over either end, so both sides count: k − 1 in all.",
    section=SLIDE_A_WINDOW,
    symbols=("n", "k"),
    about="the size",
    believed=lambda n, k: n - k // 2,
    real=real.valid_size,
    case=(3, 3),
)
ALWAYS_TWO = Misconception(
    name="A convolution loses 2",
    sentence="That is the 3×3 kernel, which is so common that one forgets: it is k − 1, whatever k is.",
    section=SLIDE_A_WINDOW,
    symbols=("n", "k"),
    about="the size",
    believed=lambda n, k: n - 2,
    real=real.valid_size,
    case=(1, 1),
)
THIRD_IS_WIDTH = Misconception(
    name="In `Conv2D(32, 3, 3)` the two threes are the kernel",
    sentence="They were, in old versions of Keras. Now the second number is the kernel and the third is the strides. "
    "Write `(3, 3)`.",
    section=SPOT_THE_TYPO,
    symbols=("n", "k"),
    about="the size",
    believed=lambda n, k: n - k + 1,
    real=real.third_number_size,
    case=(3, 2),
)

# -- same: where the ghost cells are ------------------------------------------------------------------------------

SAME_IS_SYMMETRIC = Misconception(
    name='"same" adds as much on one side as on the other',
    sentence="With an odd kernel it does. With an even one k − 1 is odd, and the ghost cell left over goes after: "
    "below and to the right.",
    section=ADD_GHOSTS,
    symbols=("k",),
    about="the ghost cells (before, after)",
    believed=lambda k: (k // 2, k // 2),
    real=real.same_pads,
    case=(2,),
)
MORE_BEFORE = Misconception(
    name="The ghost cell left over goes before",
    sentence="It has to go somewhere, and some libraries choose so. Keras puts it after: below and to the right.",
    section=ADD_GHOSTS,
    symbols=("k",),
    about="the ghost cells (before, after)",
    believed=lambda k: (k // 2, (k - 1) // 2),
    real=real.same_pads,
    case=(2,),
)
K_GHOSTS = Misconception(
    name="A window of k needs k ghost cells",
    sentence='Without padding k − 1 places are missing, not k, so "same" gives back k − 1 ghost cells.',
    section=ADD_GHOSTS,
    symbols=("k",),
    about="the ghost cells (before, after)",
    believed=lambda k: (k // 2, k - k // 2),
    real=real.same_pads,
    case=(1,),
)
ALL_ON_EACH_SIDE = Misconception(
    name="k − 1 ghost cells on each side",
    sentence="k − 1 is right, in all: the two sides share them. A number in `ZeroPadding2D` is for each side, "
    "so `ZeroPadding2D(1)` makes the map larger by 2.",
    section=PAD_BY_HAND,
    symbols=("k",),
    about="the ghost cells (before, after)",
    believed=lambda k: (k - 1, k - 1),
    real=real.same_pads,
    case=(2,),
)
ALWAYS_ONE = Misconception(
    name="Padding is one ghost cell on each side",
    sentence="That is the 3×3 kernel again. The larger the window, the more ghost cells: k − 1 in all.",
    section=ADD_GHOSTS,
    symbols=("k",),
    about="the ghost cells (before, after)",
    believed=lambda k: (1, 1),
    real=real.same_pads,
    case=(1,),
)
PAIR_IS_BEFORE_AFTER = Misconception(
    name="`ZeroPadding2D((a, b))` pads a before and b after",
    sentence="It reads a pair as (height, width): a above and below, b left and right. "
    "Before and after need pairs in a pair: `((a, b), (a, b))`.",
    section=PAD_BY_HAND,
    symbols=("k",),
    about="the ghost cells (above, below), (left, right)",
    believed=lambda k: (real.same_pads(k),) * 2,
    real=lambda k: real.zero_padding_of_pair(*real.same_pads(k)),
    case=(2,),
)
GHOSTS_DO_NOT_SHOW = Misconception(
    name="Ghost cells only change the size",
    sentence="They are zeros, and zeros enter the sums. At the rim a window holds fewer real cells.",
    section=SEE_ZEROS,
    symbols=("k",),
    about="the smallest sum of a kernel of ones",
    believed=lambda k: k * k,
    real=real.smallest_at_the_rim,
    case=(2,),
)

OVERSIZE_REFUSED = Misconception(
    name="A window larger than the map is always an error",
    sentence='Without padding it is. With "same" there are k − 1 ghost cells, always enough for n places.',
    section=MAKE_IT_IMPOSSIBLE,
    symbols=("n", "k"),
    about='the size with padding="same"',
    believed=lambda n, k: n if k <= n else 0,
    real=real.same_size,
    case=(1, 2),
)

# -- causal -------------------------------------------------------------------------------------------------------

DILATION_FORGOTTEN = Misconception(
    name="The dilation does not change the padding",
    sentence="It spreads the window: its cells are d apart, so it reaches back (k − 1)·d cells, not k − 1.",
    section=DO_NOT_PEEK,
    symbols=("k", "d"),
    about="the ghost cells (before, after)",
    believed=lambda k, d: (k - 1, 0),
    real=real.causal_pads,
    case=(2, 2),
)
CAUSAL_IS_SHARED = Misconception(
    name="Causal padding is shared between the two sides",
    sentence='"same" shares it. "causal" puts all of it before, so that no output can look at what comes later.',
    section=DO_NOT_PEEK,
    symbols=("k", "d"),
    about="the ghost cells (before, after)",
    believed=lambda k, d: ((k - 1) * d // 2, (k - 1) * d - (k - 1) * d // 2),
    real=real.causal_pads,
    case=(2, 1),
)
CAUSAL_AFTER = Misconception(
    name="Causal padding goes after the last step",
    sentence="Then the output at a step would read the steps that follow it. The ghost cells stand before the first.",
    section=DO_NOT_PEEK,
    symbols=("k", "d"),
    about="the ghost cells (before, after)",
    believed=lambda k, d: (0, (k - 1) * d),
    real=real.causal_pads,
    case=(2, 1),
)
WHOLE_WINDOW_BACK = Misconception(
    name="A causal window of k needs k·d ghost cells",
    sentence="Its last cell stands on the present step, and only the other k − 1 reach back: (k − 1)·d.",
    section=DO_NOT_PEEK,
    symbols=("k", "d"),
    about="the ghost cells (before, after)",
    believed=lambda k, d: (k * d, 0),
    real=real.causal_pads,
    case=(1, 1),
)

# -- PyTorch, and right sizes for a wrong reason ------------------------------------------------------------------

NUMBER_IS_SAME = Misconception(
    name="PyTorch's `padding=1` is Keras's `padding=\"same\"`",
    sentence="For a 3×3 kernel they agree. The number is so many ghost cells on each side, whatever the kernel; "
    "the word is as many as the size needs.",
    section=TRANSLATE,
    symbols=("n", "k", "p"),
    about="the size",
    believed=lambda n, k, p: n,
    real=real.number_padded_size,
    case=(1, 1, 1),
)
PADDING_LEFT_OUT = Misconception(
    name="The padding can be left out",
    sentence='Then Keras takes "valid": no ghost cells, where PyTorch was asked for some on each side.',
    section=TRANSLATE,
    symbols=("n", "k", "p"),
    about="the size",
    believed=lambda n, k, p: n - k + 1,
    real=real.number_padded_size,
    case=(1, 1, 1),
)
OTHER_KERNEL = Misconception(
    name="Any kernel that gives the right size will do",
    sentence="The size agrees and nothing else: another kernel has other weights and reads other cells.",
    section=TRANSLATE,
    symbols=("k", "p"),
    about="the parameters of a kernel that is 2p smaller",
    believed=lambda k, p: k * k + 1,
    real=lambda k, p: real.conv_parameters(k - 2 * p),
    case=(3, 1),
)
LAST_SIZE_IS_ENOUGH = Misconception(
    name="If the last size is right, so is the rest",
    sentence='"valid" and then "same" ends at the same size as "same" and then "valid", with another map between them. '
    "The sizes on the way tell them apart.",
    section=SLIDE_A_WINDOW,
    symbols=("n", "k"),
    about="the two sizes",
    believed=lambda n, k: (n - k + 1, n - k + 1),
    real=real.same_then_valid_sizes,
    case=(2, 2),
)

# -- bigger steps: valid ------------------------------------------------------------------------------------------

ONLY_THE_STEPS = Misconception(
    name="The window makes (n − k) / s steps, so that many come out",
    sentence="Nearly. Those are the steps. The place where the window starts, before any step, counts as well: + 1.",
    section=COUNT_THE_STEPS,
    symbols=("n", "k", "s"),
    about="the size",
    believed=lambda n, k, s: (n - k) // s,
    real=real.valid_step_size,
    case=(1, 1, 1),
)
LAST_STEP_COUNTS = Misconception(
    name="A last step that does not fit counts too",
    sentence="It would carry the window over the edge. Without padding such a step is not made: round down.",
    section=COUNT_THE_STEPS,
    symbols=("n", "k", "s"),
    about="the size",
    believed=lambda n, k, s: -(-(n - k) // s) + 1,
    real=real.valid_step_size,
    case=(2, 1, 2),
)
FRACTION_IS_REFUSED = Misconception(
    name="If the steps do not come out even, there is an error",
    sentence="Some textbooks call such a layer invalid. Keras rounds down and says nothing.",
    section=COUNT_THE_STEPS,
    symbols=("n", "k", "s"),
    about="the size",
    believed=lambda n, k, s: "an error" if (n - k) % s else (n - k) // s + 1,
    real=real.valid_step_size,
    case=(2, 1, 2),
)
EVERY_ROW_IS_READ = Misconception(
    name="Every row of the map is read by some window",
    sentence="A step that does not fit is not made, and what lies behind the last window is never read. "
    "Nothing warns you.",
    section=COUNT_THE_STEPS,
    symbols=("n", "k", "s"),
    about="the number of rows that no window reads",
    believed=lambda n, k, s: 0,
    real=real.never_read,
    case=(2, 1, 2),
)
PLACES_ARE_DIVIDED = Misconception(
    name="The n − k + 1 places are divided by s, rounded down",
    sentence="The window uses the first place, and then every s-th. The first one counts even if no other follows: "
    "divide the steps, n − k, and then add 1.",
    section=COUNT_THE_STEPS,
    symbols=("n", "k", "s"),
    about="the size",
    believed=lambda n, k, s: (n - k + 1) // s,
    real=real.valid_step_size,
    case=(1, 1, 2),
)
STRIDE_ALONE_DIVIDES = Misconception(
    name="A stride of s makes n / s of n, whatever the window",
    sentence='That is what "same" does, rounded up. Without padding the window needs k cells to stand on, so it can '
    "move over n − k only.",
    section=COUNT_THE_STEPS,
    symbols=("n", "k", "s"),
    about="the size",
    believed=lambda n, k, s: -(-n // s),
    real=real.valid_step_size,
    case=(2, 2, 1),
)

# -- bigger steps: same -------------------------------------------------------------------------------------------

SAME_WHATEVER_THE_STRIDE = Misconception(
    name='"same" keeps the size, whatever the stride',
    sentence="It promises ⌈n / s⌉: one output for every s cells. That is n only when the stride is 1.",
    section=READ_THE_PROMISE,
    symbols=("n", "k", "s"),
    about="the size",
    believed=lambda n, k, s: n,
    real=real.same_step_size,
    case=(2, 1, 2),
)
SAME_ROUNDS_DOWN = Misconception(
    name='"same" with a stride rounds down',
    sentence='"valid" does. With "same" the cells that are left over at the end get an output too: round up.',
    section=READ_THE_PROMISE,
    symbols=("n", "k", "s"),
    about="the size",
    believed=lambda n, k, s: n // s,
    real=real.same_step_size,
    case=(1, 1, 2),
)
SAME_LOSES_A_WINDOW = Misconception(
    name='With "same" a larger kernel makes the output smaller',
    sentence='That is "valid". "same" adds as many ghosts as the window needs, so k does not change the size.',
    section=READ_THE_PROMISE,
    symbols=("n", "k", "s"),
    about="the size",
    believed=lambda n, k, s: (n - k) // s + 1,
    real=real.same_step_size,
    case=(1, 2, 1),
)
BOTH_SIDES_ALIKE = Misconception(
    name='"same" pads both sides alike, whatever n is',
    sentence='That is PyTorch\'s number. "same" adds no more than the last window needs, so it depends on n and s, and '
    "one ghost alone goes after.",
    section=FIND_THE_GHOSTS,
    symbols=("n", "k", "s"),
    about="the ghost cells (before, after)",
    believed=lambda n, k, s: (k // 2, k // 2),
    real=real.same_step_pads,
    case=(1, 2, 1),
)
STRIDE_NEEDS_AS_MANY = Misconception(
    name='"same" adds k − 1 ghosts, with a stride too',
    sentence="At stride 1 it does. With a larger stride the last window may stand elsewhere, and only what it lacks "
    "is added.",
    section=FIND_THE_GHOSTS,
    symbols=("n", "k", "s"),
    about="the ghost cells (before, after)",
    believed=lambda n, k, s: ((k - 1) // 2, k // 2),
    real=real.same_step_pads,
    case=(2, 2, 2),
)
FIRST_SIDE_FIRST = Misconception(
    name="A single ghost goes before",
    sentence="It has to go somewhere. Keras gives 'before' the half that is rounded down, and the half of 1, rounded "
    "down, is 0.",
    section=FIND_THE_GHOSTS,
    symbols=("n", "k", "s"),
    about="the ghost cells (before, after)",
    believed=lambda n, k, s: real.same_step_pads(n, k, s)[::-1],
    real=real.same_step_pads,
    case=(1, 2, 1),
)
LESS_THAN_NONE = Misconception(
    name="There can be fewer ghosts than none",
    sentence="If the step is larger than the window, the windows may end before the map does. Then the difference is "
    "negative, and nothing is added: max(…, 0).",
    section=FIND_THE_GHOSTS,
    symbols=("n", "k", "s"),
    about="the ghost cells (before, after)",
    believed=lambda n, k, s: (
        ((-(-n // s) - 1) * s + k - n) // 2,
        (-(-n // s) - 1) * s + k - n - ((-(-n // s) - 1) * s + k - n) // 2,
    ),
    real=real.same_step_pads,
    case=(2, 1, 2),
)

# -- bigger steps: equal sizes, other values ----------------------------------------------------------------------

EQUAL_SIZES_EQUAL_VALUES = Misconception(
    name="The sizes agree, so the port is right",
    sentence="With another number of ghosts before the map, every window starts on another cell. Compare the values.",
    section=COMPARE_VALUES,
    symbols=("n",),
    about='the outputs that differ between "same" and `padding=1` (k = 3, s = 2)',
    believed=lambda n: 0,
    real=real.differing_in_ports,
    case=(2,),
)
ONLY_THE_RIM_DIFFERS = Misconception(
    name="Another padding changes the rim only",
    sentence="The first window starts one cell earlier, and all the others follow it: every window reads other cells.",
    section=COMPARE_VALUES,
    symbols=("n",),
    about='the outputs away from the rim that differ between "same" and `padding=1` (k = 3, s = 2)',
    believed=lambda n: 0,
    real=real.differing_inside,
    case=(6,),
)

# -- dilation -----------------------------------------------------------------------------------------------------

SPAN_IS_K_TIMES_D = Misconception(
    name="A window of k with dilation d spans k·d cells",
    sentence="There are k cells, but only k − 1 distances between them: (k − 1)·d + 1.",
    section=SPREAD_THE_WINDOW,
    symbols=("k", "d"),
    about="the cells from the first to the last",
    believed=lambda k, d: k * d,
    real=real.span,
    case=(1, 2),
)
SPAN_STAYS_K = Misconception(
    name="A dilation does not make the window longer",
    sentence="It reads as many cells as before, and they lie further apart, so it reaches further.",
    section=SPREAD_THE_WINDOW,
    symbols=("k", "d"),
    about="the cells from the first to the last",
    believed=lambda k, d: k,
    real=real.span,
    case=(2, 2),
)
SPAN_WITHOUT_END = Misconception(
    name="A window of k with dilation d spans (k − 1)·d cells",
    sentence="That is how far its last cell is from its first. Both ends count: + 1.",
    section=SPREAD_THE_WINDOW,
    symbols=("k", "d"),
    about="the cells from the first to the last",
    believed=lambda k, d: (k - 1) * d,
    real=real.span,
    case=(1, 1),
)
ONE_GAP_ONLY = Misconception(
    name="A dilation of d adds d − 1 cells to the window",
    sentence="It does so between any two neighbours, and there are k − 1 such pairs: (k − 1)·(d − 1) more.",
    section=SPREAD_THE_WINDOW,
    symbols=("k", "d"),
    about="the cells from the first to the last",
    believed=lambda k, d: k + d - 1,
    real=real.span,
    case=(1, 2),
)
SPREADING_ADDS_WEIGHTS = Misconception(
    name="A window that is spread out has more weights",
    sentence="The cells in the gaps are not read, so they have no weights: k × k, as before.",
    section=SPREAD_THE_WINDOW,
    symbols=("k", "d"),
    about="the number of weights",
    believed=lambda k, d: real.span(k, d) ** 2,
    real=real.spread_weights,
    case=(2, 2),
)
DILATION_IS_A_STRIDE = Misconception(
    name="A dilation skips cells as a stride does",
    sentence="A stride is how far the window moves. A dilation is how far apart its cells lie; it still moves by 1.",
    section=SPREAD_THE_WINDOW,
    symbols=("n", "k", "d"),
    about="the size",
    believed=lambda n, k, d: (n - k) // d + 1,
    real=real.spread_size,
    case=(2, 1, 2),
)
STRIDE_AND_DILATION = Misconception(
    name="`Conv2D` takes a stride and a dilation together",
    sentence="The formulas could. The layer refuses, as soon as both are above 1.",
    section=ASK_FOR_BOTH,
    symbols=("s", "d"),
    about="what Keras makes of it",
    believed=lambda s, d: "a layer",
    real=real.accepts,
    case=(2, 2),
)
ONE_OF_THE_TWO = Misconception(
    name="The stride can do what the dilation does",
    sentence="They change different things: how far the window moves, and how far apart its cells lie. "
    "Here you need both, one after the other.",
    section=ASK_FOR_BOTH,
    symbols=("k", "s"),
    about="the cells from the first to the last of a window with a stride of s and no dilation",
    believed=lambda k, s: (k - 1) * s + 1,
    real=lambda k, s: real.span(k, 1),
    case=(2, 2),
)

# -- pooling ------------------------------------------------------------------------------------------------------

POOL_HAS_WEIGHTS = Misconception(
    name="A pooling window has weights, like a kernel",
    sentence="There is nothing to multiply: the window picks the largest of its cells, or takes their mean. "
    "So there is nothing to learn either.",
    section=TAKE_THE_LARGEST,
    symbols=("k",),
    about="the number of weights",
    believed=lambda k: k * k,
    real=real.pool_parameters,
    case=(1,),
)
CHANNELS_ARE_POOLED = Misconception(
    name="Pooling puts the channels together, too",
    sentence="It runs over height and width only, in each channel by itself: as many channels come out as went in.",
    section=TAKE_THE_LARGEST,
    symbols=("c",),
    about="the number of channels",
    believed=lambda c: 1,
    real=real.pooled_channels,
    case=(2,),
)
POOL_STRIDE_IS_ONE = Misconception(
    name="A pooling window moves by one cell, unless you say otherwise",
    sentence="A convolution does. A pooling layer that is told no `strides` takes its `pool_size` for them.",
    section=FIND_THE_STRIDE,
    symbols=("n", "k"),
    about='the size with padding="same"',
    believed=lambda n, k: n,
    real=real.default_pool_size,
    case=(2, 2),
)
POOLING_HALVES = Misconception(
    name="Pooling halves the map",
    sentence="With a window of 2 it does, because the step is then 2. With a window of 3 the step is 3.",
    section=FIND_THE_STRIDE,
    symbols=("n", "k"),
    about='the size with padding="same"',
    believed=lambda n, k: -(-n // 2),
    real=real.default_pool_size,
    case=(2, 1),
)
PARTLY_FILLED_IS_DROPPED = Misconception(
    name="A window that is only partly filled gives no output",
    sentence='That is "valid". With "same" the last window is filled up with ghost cells and counts: '
    "the size is rounded up.",
    section=HALVE_AN_ODD_SIZE,
    symbols=("n", "k"),
    about='the size with padding="same"',
    believed=lambda n, k: n // k,
    real=real.default_pool_size,
    case=(1, 2),
)
ALWAYS_ROUNDS_UP = Misconception(
    name="Half of an odd size is always rounded up",
    sentence='With "same" it is. With "valid" the last row finds no partner and is thrown away: rounded down.',
    section=HALVE_AN_ODD_SIZE,
    symbols=("n",),
    about='the size after pooling by 2 with padding="valid"',
    believed=lambda n: -(-n // 2),
    real=real.valid_pooled_size,
    case=(3,),
)
FRACTION_RAISES = Misconception(
    name="7 / 2 is not a whole number, so there must be an error",
    sentence="No layer ever complains about a fraction. It is rounded, and nothing is said.",
    section=HALVE_AN_ODD_SIZE,
    symbols=("n",),
    about='the size after pooling by 2 with padding="valid"',
    believed=lambda n: "an error" if n % 2 else n // 2,
    real=real.valid_pooled_size,
    case=(3,),
)
PLACES_ARE_N_OVER_S = Misconception(
    name='The size of "valid" is n / s, rounded down, whatever the window',
    sentence="Only while the window is as long as the step. A longer window finds fewer places: ⌊(n − k) / s⌋ + 1.",
    section=HALVE_AN_ODD_SIZE,
    symbols=("n", "k", "s"),
    about="the size",
    believed=lambda n, k, s: n // s,
    real=real.strided_pool_size,
    case=(1, 1, 2),
)
STEPS_ARE_PLACES = Misconception(
    name="There are as many places as steps",
    sentence="⌊(n − k) / s⌋ is how many steps the window can make. The place where it starts counts as well: + 1.",
    section=HALVE_AN_ODD_SIZE,
    symbols=("n", "k", "s"),
    about="the size",
    believed=lambda n, k, s: (n - k) // s,
    real=real.strided_pool_size,
    case=(1, 1, 1),
)
NOTHING_IS_THROWN_AWAY = Misconception(
    name="Pooling reads every row",
    sentence="The windows stop where the next one would reach over the edge. What is left there is read by nobody, "
    "and nothing warns you.",
    section=HALVE_AN_ODD_SIZE,
    symbols=("n", "k", "s"),
    about="the number of rows that no window reads",
    believed=lambda n, k, s: 0,
    real=real.unread_cells,
    case=(2, 1, 2),
)
ROUNDING_HIDES = Misconception(
    name="It ends at the right size, so the padding on the way is right",
    sentence="13 and 14 both become 7 when they are halved and rounded up. The rounding hides what happened before it; "
    "the sizes on the way tell.",
    section=HALVE_AN_ODD_SIZE,
    symbols=("n",),
    about='the two sizes after "valid" and then "same"',
    believed=lambda n: (-(-n // 2), -(-n // 4)),
    real=real.valid_then_same_pooled,
    case=(3,),
)
POOL_GHOSTS_K_MINUS_1 = Misconception(
    name='"same" adds k − 1 ghost cells, in pooling too',
    sentence="That is so when the window moves by one cell. Here it moves by k, and only what the windows are short of "
    "is filled up: often nothing.",
    section=HALVE_AN_ODD_SIZE,
    symbols=("n", "k"),
    about="the ghost cells of one axis in all",
    believed=lambda n, k: k - 1,
    real=real.pool_ghosts,
    case=(2, 2),
)
GHOST_IS_ZERO = Misconception(
    name="A ghost cell is a zero, so it beats a negative number",
    sentence="In a convolution it is a zero. A pooling window leaves it out: for a maximum it counts as −∞, and never "
    "wins.",
    section=WEIGH_A_GHOST,
    symbols=("v",),
    about="the largest of −v and a ghost",
    believed=lambda v: 0.0,
    real=real.largest_with_ghost,
    case=(1,),
)
GHOST_SHARES_THE_MEAN = Misconception(
    name="The mean divides by all cells of the window, ghosts included",
    sentence="It divides by the number of real cells. A ghost is no cell that was measured, so it has no share.",
    section=WEIGH_A_GHOST,
    symbols=("v",),
    about="the mean of v and a ghost",
    believed=lambda v: v / 2,
    real=real.mean_with_ghost,
    case=(1,),
)
GLOBAL_DEPENDS_ON_N = Misconception(
    name="A larger map gives more numbers after global pooling",
    sentence="Its window is the whole map, however large that is: one number for each channel, for every n.",
    section=POOL_IT_ALL,
    symbols=("n", "c"),
    about="how many numbers come out",
    believed=lambda n, c: n * c,
    real=real.global_numbers,
    case=(2, 1),
)
FLATTEN_IS_GLOBAL = Misconception(
    name="`Flatten` does what global pooling does",
    sentence="It writes all n·n·c numbers in one line, so their count depends on n, and a `Dense` after it is bound to "
    "one n for ever.",
    section=POOL_IT_ALL,
    symbols=("n", "c"),
    about="how many numbers come out of `Flatten`",
    believed=lambda n, c: c,
    real=real.flattened_numbers,
    case=(2, 1),
)
LARGE_POOL_IS_GLOBAL = Misconception(
    name="A pooling window as large as my picture is global pooling",
    sentence="For that one picture it is. A picture twice as large holds four such windows, and a smaller one holds "
    "none.",
    section=POOL_IT_ALL,
    symbols=("n", "k"),
    about="the size",
    believed=lambda n, k: 1,
    real=lambda n, k: real.strided_pool_size(n, k, k),
    case=(2, 1),
)
PLACE_IS_KEPT = Misconception(
    name="The largest stays where it was",
    sentence="It comes out at the place of its window, and the windows stand s cells apart: column ⌊j / s⌋.",
    section=SEE_WHAT_IS_FORGOTTEN,
    symbols=("j",),
    about="the column in which it comes out",
    believed=lambda j: j,
    real=real.column_after_pooling,
    case=(1,),
)
SHIFT_IS_NOT_SEEN = Misconception(
    name="Pooling does not notice a shift by one",
    sentence="Not while the cell stays in the same window. At the border between two windows a shift by one input cell "
    "becomes a shift by one output cell.",
    section=SEE_WHAT_IS_FORGOTTEN,
    symbols=("j",),
    about="the column in which it comes out after it moved from column j to j + 1",
    believed=real.column_after_pooling,
    real=lambda j: real.column_after_pooling(j + 1),
    case=(1,),
)

# -- the autoencoder ----------------------------------------------------------------------------------------------

SAME_KEEPS_SIZE = Misconception(
    name='"same" means the same size',
    sentence="It promises ⌈n / s⌉. That is n only when the window moves by one cell. A pooling window moves by more.",
    section=ASK_WHY,
    symbols=("n",),
    about="the size after pooling by 2",
    believed=lambda n: n,
    real=real.pooled_size,
    case=(2,),
)
PADDING_HALVES = Misconception(
    name="The padding decides how much smaller the map gets",
    sentence="The padding decides what happens at the border. How far the window moves each time is another argument.",
    section=ASK_WHY,
    symbols=("n",),
    about='the size after pooling with padding="valid"',
    believed=lambda n: n,
    real=real.valid_pooled_size,
    case=(2,),
)
WINDOW_HALVES = Misconception(
    name="The size of the pooling window halves the map",
    sentence="Only because `strides` is taken from `pool_size` when you do not give it. What divides is the step.",
    section=ASK_WHY,
    symbols=("n", "k"),
    about="the size after pooling with strides=2",
    believed=lambda n, k: -(-n // k),
    real=real.pool_by_two_size,
    case=(2, 1),
)
ROUNDS_DOWN = Misconception(
    name="Half of an odd size is rounded down",
    sentence='Without padding it is. With "same" the last, half-filled place counts too: half of 7 is rounded up to 4, '
    "half of 13 to 7.",
    section=ASK_WHY,
    symbols=("n",),
    about="the size after pooling by 2",
    believed=lambda n: n // 2,
    real=real.pooled_size,
    case=(1,),
)
DOUBLING_UNDOES = Misconception(
    name="Doubling undoes the halving",
    sentence="Upsampling only multiplies. It cannot know that 4 was once 7, so it makes 8.",
    section=ASK_WHY,
    symbols=("n",),
    about="the size after halving and doubling",
    believed=lambda n: n,
    real=real.halved_and_doubled,
    case=(1,),
)
COMES_BACK = Misconception(
    name="An autoencoder returns the size it was given",
    sentence="Nothing in it looks at the size of the input. Each layer counts for itself, and the rest is luck.",
    section=ASK_WHY,
    symbols=("n",),
    about="the size that comes back",
    believed=lambda n: n,
    real=real.autoencoder_size,
    case=(1,),
)
HALVES_EVENLY = Misconception(
    name="What can be halved three times comes back",
    sentence='It would, if every convolution had `padding="same"`. The one that has none takes 2 away, '
    "and the doubling after it makes that 4.",
    section=ASK_WHY,
    symbols=("n",),
    about="the size that comes back",
    believed=lambda n: 8 * -(-n // 8),
    real=real.autoencoder_size,
    case=(1,),
)
