"""What people believe of padding: lesson 01."""

from __future__ import annotations

from course_utils.exercises import truth
from course_utils.exercises.catalogue import Misconception, Section

# The headings of the lesson that explain them; the tests look each of them up in its notebook.
_LESSON = "01_pad_the_border.ipynb"

SLIDE_A_WINDOW = Section(_LESSON, "1. Slide a window (8 minutes)")
ADD_GHOSTS = Section(_LESSON, "2. Add ghost cells (10 minutes)")
SEE_ZEROS = Section(_LESSON, "3. See what zeros do to the numbers (4 minutes)")
PAD_BY_HAND = Section(_LESSON, "4. Pad with your own hands (6 minutes)")
DO_NOT_PEEK = Section(_LESSON, "5. Do not peek into the future (6 minutes)")
TRANSLATE = Section(_LESSON, "6. Translate a number into a word (5 minutes)")
MAKE_IT_IMPOSSIBLE = Section(_LESSON, "7. Make it impossible (4 minutes)")
SPOT_THE_TYPO = Section(_LESSON, "8. Spot one typo (2 minutes)")


# -- valid: how many places a window has --------------------------------------------------------------------------

WINDOW_LOSES_K = Misconception(
    name="The window takes k cells away, so n − k are left",
    sentence="Nearly. But n − k is how far the window can move. The place where it starts counts as well: n − k + 1.",
    section=SLIDE_A_WINDOW,
    symbols=("n", "k"),
    about="the size",
    wrong_formula=lambda n, k: n - k,
    truth=truth.valid_size,
    case=(1, 1),
)
WINDOW_HOPS = Misconception(
    name="The windows stand side by side",
    sentence="Pooling works like that. A convolution moves by one cell at a time, so its windows overlap.",
    section=SLIDE_A_WINDOW,
    symbols=("n", "k"),
    about="the size",
    wrong_formula=lambda n, k: n // k,
    truth=truth.valid_size,
    case=(3, 2),
)
SIZE_STAYS = Misconception(
    name="A convolution keeps the size",
    sentence='Only with `padding="same"`. If nothing is said, Keras takes "valid": no ghost cells, and a smaller map.',
    section=SLIDE_A_WINDOW,
    symbols=("n", "k"),
    about="the size",
    wrong_formula=lambda n, k: n,
    truth=truth.valid_size,
    case=(2, 2),
)
HALF_EACH_SIDE = Misconception(
    name="Half a window, rounded down, is lost on each side",
    sentence="That holds for an odd kernel. An even one has no middle cell and loses k − 1 in all, which is odd.",
    section=SLIDE_A_WINDOW,
    symbols=("n", "k"),
    about="the size",
    wrong_formula=lambda n, k: n - 2 * (k // 2),
    truth=truth.valid_size,
    case=(2, 2),
)
ONE_SIDE_LOST = Misconception(
    name="Half a window is lost, once",
    sentence="The window cannot reach over either end, so both sides count: k − 1 in all.",
    section=SLIDE_A_WINDOW,
    symbols=("n", "k"),
    about="the size",
    wrong_formula=lambda n, k: n - k // 2,
    truth=truth.valid_size,
    case=(3, 3),
)
ALWAYS_TWO = Misconception(
    name="A convolution loses 2",
    sentence="That is the 3×3 kernel, which is so common that one forgets: it is k − 1, whatever k is.",
    section=SLIDE_A_WINDOW,
    symbols=("n", "k"),
    about="the size",
    wrong_formula=lambda n, k: n - 2,
    truth=truth.valid_size,
    case=(1, 1),
)
THIRD_IS_WIDTH = Misconception(
    name="In `Conv2D(32, 3, 3)` the two threes are the kernel",
    sentence="They were, in old versions of Keras. Now the second number is the kernel and the third is the strides. "
    "Write `(3, 3)`.",
    section=SPOT_THE_TYPO,
    symbols=("n", "k"),
    about="the size",
    wrong_formula=lambda n, k: n - k + 1,
    truth=truth.third_number_size,
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
    wrong_formula=lambda k: (k // 2, k // 2),
    truth=truth.same_pads,
    case=(2,),
)
MORE_BEFORE = Misconception(
    name="The ghost cell left over goes before",
    sentence="It has to go somewhere, and some libraries choose so. Keras puts it after: below and to the right.",
    section=ADD_GHOSTS,
    symbols=("k",),
    about="the ghost cells (before, after)",
    wrong_formula=lambda k: (k // 2, (k - 1) // 2),
    truth=truth.same_pads,
    case=(2,),
)
K_GHOSTS = Misconception(
    name="A window of k needs k ghost cells",
    sentence='Without padding k − 1 places are missing, not k, so "same" gives back k − 1 ghost cells.',
    section=ADD_GHOSTS,
    symbols=("k",),
    about="the ghost cells (before, after)",
    wrong_formula=lambda k: (k // 2, k - k // 2),
    truth=truth.same_pads,
    case=(1,),
)
ALL_ON_EACH_SIDE = Misconception(
    name="k − 1 ghost cells on each side",
    sentence="k − 1 is right, in all: the two sides share them.",
    section=ADD_GHOSTS,
    symbols=("k",),
    about="the ghost cells (before, after)",
    wrong_formula=lambda k: (k - 1, k - 1),
    truth=truth.same_pads,
    case=(2,),
)
ALWAYS_ONE = Misconception(
    name="Padding is one ghost cell on each side",
    sentence="That is the 3×3 kernel again. The larger the window, the more ghost cells: k − 1 in all.",
    section=ADD_GHOSTS,
    symbols=("k",),
    about="the ghost cells (before, after)",
    wrong_formula=lambda k: (1, 1),
    truth=truth.same_pads,
    case=(1,),
)
PAIR_IS_BEFORE_AFTER = Misconception(
    name="`ZeroPadding2D((a, b))` pads a before and b after",
    sentence="It reads a pair as (height, width): a above and below, b left and right. Two pairs are ((above, below), "
    "(left, right)): each of them holds one before and one after, `((a, b), (a, b))`.",
    section=PAD_BY_HAND,
    symbols=("k",),
    about="the ghost cells (above, below), (left, right)",
    wrong_formula=lambda k: (truth.same_pads(k),) * 2,
    truth=lambda k: truth.zero_padding_of_pair(*truth.same_pads(k)),
    case=(2,),
)
GHOSTS_DO_NOT_SHOW = Misconception(
    name="Ghost cells only change the size",
    sentence="They are zeros, and zeros enter the sums. At the rim a window holds fewer real cells.",
    section=SEE_ZEROS,
    symbols=("k",),
    about="the smallest sum of a kernel of ones",
    wrong_formula=lambda k: k * k,
    truth=truth.smallest_at_the_rim,
    case=(2,),
)

OVERSIZE_REFUSED = Misconception(
    name="A window larger than the map is always an error",
    sentence='Without padding it is. With "same" there are k − 1 ghost cells, always enough for n places.',
    section=MAKE_IT_IMPOSSIBLE,
    symbols=("n", "k"),
    about='the size with padding="same"',
    wrong_formula=lambda n, k: n if k <= n else 0,
    truth=truth.same_size,
    case=(1, 2),
)

# -- causal -------------------------------------------------------------------------------------------------------

DILATION_FORGOTTEN = Misconception(
    name="The dilation does not change the padding",
    sentence="It spreads the window: its cells are d apart, so it reaches back (k − 1)·d cells, not k − 1.",
    section=DO_NOT_PEEK,
    symbols=("k", "d"),
    about="the ghost cells (before, after)",
    wrong_formula=lambda k, d: (k - 1, 0),
    truth=truth.causal_pads,
    case=(2, 2),
)
CAUSAL_IS_SHARED = Misconception(
    name="Causal padding is shared between the two sides",
    sentence='"same" shares it. "causal" puts all of it before, so that no output can look at what comes later.',
    section=DO_NOT_PEEK,
    symbols=("k", "d"),
    about="the ghost cells (before, after)",
    wrong_formula=lambda k, d: ((k - 1) * d // 2, (k - 1) * d - (k - 1) * d // 2),
    truth=truth.causal_pads,
    case=(2, 1),
)
CAUSAL_AFTER = Misconception(
    name="Causal padding goes after the last step",
    sentence="Then the output at a step would read the steps that follow it. The ghost cells stand before the first.",
    section=DO_NOT_PEEK,
    symbols=("k", "d"),
    about="the ghost cells (before, after)",
    wrong_formula=lambda k, d: (0, (k - 1) * d),
    truth=truth.causal_pads,
    case=(2, 1),
)
WHOLE_WINDOW_BACK = Misconception(
    name="A causal window of k needs k·d ghost cells",
    sentence="Its last cell stands on the present step, and only the other k − 1 reach back: (k − 1)·d.",
    section=DO_NOT_PEEK,
    symbols=("k", "d"),
    about="the ghost cells (before, after)",
    wrong_formula=lambda k, d: (k * d, 0),
    truth=truth.causal_pads,
    case=(1, 1),
)
SPAN_IS_GHOSTS = Misconception(
    name="A causal window needs as many ghost cells as it spans",
    sentence="(k − 1)·d + 1 is what the window spans. One of those cells stands on the present step, so one fewer is "
    "a ghost.",
    section=DO_NOT_PEEK,
    symbols=("k", "d"),
    about="the ghost cells (before, after)",
    wrong_formula=lambda k, d: ((k - 1) * d + 1, 0),
    truth=truth.causal_pads,
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
    wrong_formula=lambda n, k, p: n,
    truth=truth.number_padded_size,
    case=(1, 1, 1),
)
PADDING_LEFT_OUT = Misconception(
    name="The padding can be left out",
    sentence='Then Keras takes "valid": no ghost cells, where PyTorch was asked for some on each side.',
    section=TRANSLATE,
    symbols=("n", "k", "p"),
    about="the size",
    wrong_formula=lambda n, k, p: n - k + 1,
    truth=truth.number_padded_size,
    case=(1, 1, 1),
)
OTHER_KERNEL = Misconception(
    name="Any kernel that gives the right size will do",
    sentence="The size agrees and nothing else: another kernel has other weights and reads other cells.",
    section=TRANSLATE,
    symbols=("k", "p"),
    about="the parameters of a kernel that is 2p smaller",
    wrong_formula=lambda k, p: k * k + 1,
    truth=lambda k, p: truth.conv_parameters(k - 2 * p),
    case=(3, 1),
)
LAST_SIZE_IS_ENOUGH = Misconception(
    name="If the last size is right, so is the rest",
    sentence='"valid" and then "same" ends at the same size as "same" and then "valid", with another map between them. '
    "The sizes on the way tell them apart.",
    section=SLIDE_A_WINDOW,
    symbols=("n", "k"),
    about="the two sizes",
    wrong_formula=lambda n, k: (n - k + 1, n - k + 1),
    truth=truth.same_then_valid_sizes,
    case=(2, 2),
)
