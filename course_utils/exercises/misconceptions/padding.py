"""What people believe of padding: lesson 01."""

from __future__ import annotations

from course_utils.exercises import truth
from course_utils.exercises.catalogue import Quantity, Section

# The headings of the lesson that explain them; the tests look each of them up in its notebook.
_LESSON = "01_pad_the_border.ipynb"

SLIDE_A_WINDOW = Section(_LESSON, "1. Slide a window (10 minutes)")
ADD_GHOSTS = Section(_LESSON, "2. Add ghost cells (8 minutes)")
SEE_ZEROS = Section(_LESSON, "3. See what zeros do to the numbers (5 minutes)")
PAD_BY_HAND = Section(_LESSON, "4. Pad with your own hands (6 minutes)")
DO_NOT_PEEK = Section(_LESSON, "8. Do not peek into the future (optional)")
TRANSLATE = Section(_LESSON, "9. Translate a number into a word (optional)")
MAKE_IT_IMPOSSIBLE = Section(_LESSON, "5. Make it impossible (4 minutes)")
COUNT_THE_FILTERS = Section(_LESSON, "6. Count the filters (7 minutes)")
SPOT_THE_TYPO = Section(_LESSON, "7. Spot one typo (3 minutes)")


# -- valid: how many places a window has --------------------------------------------------------------------------

_valid_size = Quantity("the size", truth.valid_size, SLIDE_A_WINDOW)

WINDOW_LOSES_K = _valid_size.misconception(
    "The window takes k cells away, so n − k are left",
    "Nearly. But n − k is how far the window can move. The place where it starts counts as well: n − k + 1.",
    lambda n, k: n - k,
)
WINDOW_HOPS = _valid_size.misconception(
    "The windows stand side by side",
    "Then the window would jump. A convolution moves by one cell at a time, so its windows overlap.",
    lambda n, k: n // k,
)
SIZE_STAYS = _valid_size.misconception(
    "A convolution keeps the size",
    'Only with `padding="same"`. If nothing is said, Keras takes "valid": no ghost cells, and a smaller map.',
    lambda n, k: n,
)
HALF_EACH_SIDE = _valid_size.misconception(
    "Half a window, rounded down, is lost on each side",
    "That holds for an odd kernel. An even one has no middle cell and loses k − 1 in all, which is odd.",
    lambda n, k: n - 2 * (k // 2),
)
ONE_SIDE_LOST = _valid_size.misconception(
    "Half a window is lost, once",
    "The window cannot reach over either end, so both sides count: k − 1 in all.",
    lambda n, k: n - k // 2,
)
ALWAYS_TWO = _valid_size.misconception(
    "A convolution loses 2",
    "That is the 3×3 kernel, so common that the rule is easily forgotten: k − 1 are lost, whatever k is.",
    lambda n, k: n - 2,
)
_filtered = Quantity("the size and the channels", truth.filtered, COUNT_THE_FILTERS)

CHANNELS_MULTIPLY = _filtered.misconception(
    "Each filter gives a map for each channel that goes in",
    "A filter has weights for all channels, and all its products go into one sum: one map for each filter.",
    lambda n, channels, filters, k: (n - k + 1, channels * filters),
)
CHANNELS_STAY = _filtered.misconception(
    "As many channels come out as went in",
    "Each filter reads them all and gives one map. So as many come out as there are filters.",
    lambda n, channels, filters, k: (n - k + 1, channels),
)
THIRD_IS_WIDTH = Quantity("the size", truth.third_number_size, SPOT_THE_TYPO).misconception(
    "In `Conv2D(32, 3, 3)` the two threes are the kernel",
    "They were, in old versions of Keras. Now the second number is the kernel and the third is the strides. "
    "Write `(3, 3)`.",
    lambda n, k: n - k + 1,
)

# -- same: where the ghost cells are ------------------------------------------------------------------------------

_same_pads = Quantity("the ghost cells (before, after)", truth.same_pads, ADD_GHOSTS)

SAME_IS_SYMMETRIC = _same_pads.misconception(
    '"same" adds as much on one side as on the other',
    "With an odd kernel it does. With an even one k − 1 is odd, and the ghost cell left over goes after: "
    "below and to the right.",
    lambda k: (k // 2, k // 2),
)
MORE_BEFORE = _same_pads.misconception(
    "The ghost cell left over goes before",
    "It has to go somewhere, and some libraries put it there. Keras puts it after: below and to the right.",
    lambda k: (k // 2, (k - 1) // 2),
)
K_GHOSTS = _same_pads.misconception(
    "A window of k needs k ghost cells",
    'Without padding k − 1 places are missing, not k, so "same" gives back k − 1 ghost cells.',
    lambda k: (k // 2, k - k // 2),
)
ALL_ON_EACH_SIDE = _same_pads.misconception(
    "k − 1 ghost cells on each side",
    "k − 1 is right, in all: the two sides share them.",
    lambda k: (k - 1, k - 1),
)
ALWAYS_ONE = _same_pads.misconception(
    "Padding is one ghost cell on each side",
    "That is the 3×3 kernel again. The larger the window, the more ghost cells: k − 1 in all.",
    lambda k: (1, 1),
)
PAIR_IS_BEFORE_AFTER = Quantity(
    "the ghost cells (above, below), (left, right)",
    lambda k: truth.zero_padding_of_pair(*truth.same_pads(k)),
    PAD_BY_HAND,
).misconception(
    "`ZeroPadding2D((a, b))` pads a before and b after",
    "It reads a pair as (height, width): a above and below, b left and right. Two pairs are ((above, below), "
    "(left, right)): each of them holds one before and one after, `((a, b), (a, b))`.",
    lambda k: (truth.same_pads(k),) * 2,
)
GHOSTS_DO_NOT_SHOW = Quantity(
    "the smallest sum of a kernel of ones", truth.smallest_at_the_rim, SEE_ZEROS
).misconception(
    "Ghost cells only change the size",
    "They are zeros, and zeros enter the sums. At the rim a window holds fewer real cells.",
    lambda k: k * k,
)

OVERSIZE_REFUSED = Quantity(
    'the size with padding="same"',
    lambda n, k: truth.size_of("Conv2D", n, filters=1, kernel_size=k, padding="same"),
    MAKE_IT_IMPOSSIBLE,
).misconception(
    "A window larger than the map is always an error",
    'Without padding it is. With "same" there are k − 1 ghost cells, always enough for n places.',
    lambda n, k: n if k <= n else 0,
)

# -- causal -------------------------------------------------------------------------------------------------------

_causal_pads = Quantity("the ghost cells (before, after)", truth.causal_pads, DO_NOT_PEEK)

DILATION_FORGOTTEN = _causal_pads.misconception(
    "The dilation does not change the padding",
    "It spreads the window: its cells are d apart, so it reaches back (k − 1)·d cells, not k − 1.",
    lambda k, d: (k - 1, 0),
)
CAUSAL_IS_SHARED = _causal_pads.misconception(
    "Causal padding is shared between the two sides",
    '"same" shares it. "causal" puts all of it before, so that no output can look at what comes later.',
    lambda k, d: ((k - 1) * d // 2, (k - 1) * d - (k - 1) * d // 2),
)
CAUSAL_AFTER = _causal_pads.misconception(
    "Causal padding goes after the last step",
    "Then the output at a step would read the steps that follow it. The ghost cells stand before the first.",
    lambda k, d: (0, (k - 1) * d),
)
WHOLE_WINDOW_BACK = _causal_pads.misconception(
    "A causal window of k needs k·d ghost cells",
    "Its last cell lies on the present step, and only the other k − 1 reach back: (k − 1)·d.",
    lambda k, d: (k * d, 0),
)
SPAN_IS_GHOSTS = _causal_pads.misconception(
    "A causal window needs as many ghost cells as it spans",
    ("(k − 1)·d + 1 is what the window spans. One of those cells lies on the present step, so one fewer is a ghost."),
    lambda k, d: ((k - 1) * d + 1, 0),
)

# -- PyTorch, and right sizes for a wrong reason ------------------------------------------------------------------

_number_padded_size = Quantity("the size", truth.number_padded_size, TRANSLATE)

NUMBER_IS_SAME = _number_padded_size.misconception(
    "PyTorch's `padding=1` is Keras's `padding=\"same\"`",
    "For a 3×3 kernel they agree. The number is so many ghost cells on each side, whatever the kernel; "
    "the word is as many as the size needs.",
    lambda n, k, p: n,
)
PADDING_LEFT_OUT = _number_padded_size.misconception(
    "The padding can be left out",
    'Then Keras takes "valid": no ghost cells, where PyTorch was asked for some on each side.',
    lambda n, k, p: n - k + 1,
)
OTHER_KERNEL = Quantity(
    "the parameters of a kernel that is 2p smaller",
    lambda k, p: truth.weights_of("Conv2D", k, filters=1, kernel_size=k - 2 * p),
    TRANSLATE,
).misconception(
    "Any kernel that gives the right size will do",
    "The size agrees and nothing else: another kernel has other weights and reads other cells.",
    lambda k, p: k * k + 1,
)
LAST_SIZE_IS_ENOUGH = Quantity("the two sizes", truth.same_then_valid_sizes, SLIDE_A_WINDOW).misconception(
    "If the last size is right, so is the rest",
    '"valid" and then "same" ends at the same size as "same" and then "valid", with another map between them. '
    "The sizes on the way tell them apart.",
    lambda n, k: (n - k + 1, n - k + 1),
)
