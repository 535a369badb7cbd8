"""What people believe of the repairs of a broken model: lesson 06."""

from __future__ import annotations

from course_utils.exercises import truth
from course_utils.exercises.catalogue import Quantity, Section
from course_utils.exercises.misconceptions.padding import MAKE_IT_IMPOSSIBLE
from course_utils.exercises.misconceptions.repairs import DISTRUST_THE_LOSS
from course_utils.exercises.misconceptions.upsampling import CHOOSE_THE_SIZE, GO_DOWN_AND_UP

# The headings of the lesson that explain them; the tests look each of them up in its notebook.
_LESSON = "06_shape_clinic.ipynb"

ADMIT = Section(_LESSON, "1. Patient 1: admit a network that does not build (15 minutes)")
WEIGH = Section(_LESSON, "2. Patient 2: weigh a network of the wrong size (12 minutes)")
TEST = Section(_LESSON, "3. Patient 3: test a network that looks well (8 minutes)")
MOVE_THE_CHANNELS = Section(_LESSON, "Patient 7. Channels first (4 minutes)")
MEND_THE_SHORTCUT = Section(_LESSON, "Patient 8. The shortcut that misses (4 minutes)")

# -- does not build -----------------------------------------------------------------------------------------------

SAME_MAKES_THEM_MEET = Quantity("the size that comes up to meet n", truth.comes_up, ADMIT).misconception(
    'With "same" in the pooling, the two maps of a join are equal',
    '"same" rounds an odd half up, and doubling makes one cell too many where "valid" left one too few.',
    lambda n: n,
)
VALID_MAKES_THEM_MEET = Quantity(
    'the sizes that meet at the deepest join ("valid" pooling)',
    lambda n, floors: truth.meeting_sizes(n, floors, "valid"),
    ADMIT,
).misconception(
    "What is halved and doubled is what it was",
    'Only if it could be halved. Half of an odd size loses a row ("valid") or takes a ghost in ("same").',
    lambda n, floors: (truth.meeting_sizes(n, floors, "valid")[0],) * 2,
)
NO_NEED_OF_THE_SKIP = Quantity(
    "how many numbers of n × n reach the other side through a pooling by 2", truth.numbers_below, ADMIT
).misconception(
    "Without the skip connection it builds, so the skip connection was the illness",
    "It builds, and what the skip carried is lost: of four numbers only one goes through the middle.",
    lambda n: n * n,
)
ANY_SIDE_MAY_BE_CUT = Quantity(
    "the rows that are out of place after a cut at the top", truth.rows_out_of_place, ADMIT
).misconception(
    "It does not matter on which side the spare row is cut off",
    'The spare row came from the ghost, and "same" puts a single ghost after. Cut at the top, and every '
    "second row lies beside the wrong one.",
    lambda n: 0,
)
ALWAYS_FITS = Quantity(
    'what Keras makes of n cells with a 3×3 window and "valid"',
    lambda n: truth.makes_of("Conv2D", n, 3, "valid"),
    MAKE_IT_IMPOSSIBLE,
).misconception(
    "One more 3×3 convolution always fits",
    ('Without padding it needs 3 cells to stand on. After some poolings there are fewer. (With "same" it fits.)'),
    lambda n: "a map",
)
RESHAPE_MOVES_CHANNELS = Quantity(
    "how many numbers of c × n × n land in the wrong place", truth.numbers_out_of_place, MOVE_THE_CHANNELS
).misconception(
    "`Reshape` moves the channels to the end",
    "It moves nothing. It reads the numbers in their old order and breaks the line elsewhere, so pixels of "
    "one colour become the three colours of one pixel. The shape is right, and the picture is scrambled.",
    lambda c, n: 0,
)
PERMUTE_SENDS = Quantity(
    "what comes out of `Permute((3, 1, 2))`", truth.permuted_shape, MOVE_THE_CHANNELS
).misconception(
    "The numbers of `Permute` say where each axis goes",
    ("They say which old axis stands at each new place: `(2, 3, 1)` takes the second, the third, and then the first."),
    lambda c, h, w: (h, w, c),
)
SHORTCUT_FOLLOWS = Quantity(
    "the size of a 1×1 convolution without strides, beside a path with stride 2",
    truth.one_by_one_size,
    MEND_THE_SHORTCUT,
).misconception(
    "The shortcut gets smaller by itself",
    "Each path has strides of its own. If one path steps by 2, the other must, too.",
    lambda n: truth.same_step_size(n, 3, 2),
)
HALVES_AGREE = Quantity(
    'the size of `MaxPooling2D(2)`, beside a convolution with stride 2 and "same"',
    truth.valid_pooled_size,
    MEND_THE_SHORTCUT,
).misconception(
    "Everything that halves a map halves it alike",
    'At an odd size they part: "same" rounds up, and a window of 2 without "same" rounds down.',
    lambda n: truth.same_step_size(n, 3, 2),
)

# -- builds, wrong size -------------------------------------------------------------------------------------------

COMES_BACK_FROM_BELOW = Quantity(
    "what comes out", lambda n, floors: truth.bottom_and_end(n, floors)[1], GO_DOWN_AND_UP
).misconception(
    "As many doublings as halvings give the first size again",
    "Only if no half was rounded. One cell too many at the bottom is doubled at each step up.",
    lambda n, floors: n,
)
MENDED_AT_THE_END = Quantity(
    "how many different rows there are among the o that `Resizing` made of n", truth.different_rows, WEIGH
).misconception(
    "The last layer can make any size, so it repairs every network",
    "It stretches, or frames with zeros, what is there. No layer of the network has made the new rows.",
    lambda n, o: o,
)
ADDED_TO_THE_DOUBLE = Quantity(
    "the size that comes out of k = 3, s = 2", truth.grown_size, CHOOSE_THE_SIZE
).misconception(
    "output_padding is added to n·s",
    "n·s is what comes out without it. As soon as a number is given, even 0, it is added to less: "
    "(n − 1)·s + 1 with a 3×3 kernel.",
    lambda n, output_padding: 2 * n + output_padding,
)

# -- right size, wrong values -------------------------------------------------------------------------------------

_told_too_early = Quantity("the outputs before a step that change with it", truth.told_too_early, TEST)

ONE_LAYER_LOOKS_AHEAD = _told_too_early.misconception(
    "Two layers look no further ahead than one",
    "The second layer looks ahead as well, at outputs that have looked ahead already. It adds up.",
    lambda k, layers: truth.told_too_early(k, 1),
)
SAME_LOOKS_BACK = _told_too_early.misconception(
    '"same" looks back only',
    'At a stride of 1 "same" puts half of the ghosts after, so the window reaches ahead as well. The word for '
    'looking back only is "causal".',
    lambda k, layers: 0,
)
POOLING_LOOKS_BACK = Quantity("the later steps in a mean of k", truth.future_in_mean, TEST).misconception(
    "A pooling with a stride of 1 looks back only",
    'With a ghost on each side, as "same" puts them, its window reaches to both sides, as a convolution does.',
    lambda k: 0,
)
POOLING_CAN_BE_CAUSAL = Quantity(
    'what Keras makes of `AveragePooling1D(k, padding="causal")` on k steps',
    lambda k: truth.makes_of("AveragePooling1D", k, k, "causal"),
    TEST,
).misconception(
    'Pooling takes `padding="causal"` as well',
    "Only `Conv1D` does. A pooling layer says so when it is run, and not before.",
    lambda k: "a map",
)
LOSS_WOULD_COMPLAIN = Quantity(
    "what `mse` makes of targets with a channels and outputs with b", truth.mse_of_channels, DISTRUST_THE_LOSS
).misconception(
    "If the shapes did not fit, the loss would complain",
    "An axis of 1 is copied as often as needed (broadcast), and then everything fits.",
    lambda a, b: "a number" if a == b else "an error",
)
