"""What people believe of the repairs of a broken model: lesson 06."""

from __future__ import annotations

from course_utils.exercises import truth
from course_utils.exercises.catalogue import Misconception, Section
from course_utils.exercises.misconceptions.padding import MAKE_IT_IMPOSSIBLE
from course_utils.exercises.misconceptions.upsampling import CHOOSE_THE_SIZE

# The headings of the lesson that explain them; the tests look each of them up in its notebook.
_LESSON = "06_shape_clinic.ipynb"

ADMIT = Section(_LESSON, "1. Patient 1: admit a network that does not build (15 minutes)")
WEIGH = Section(_LESSON, "2. Patient 2: weigh a network of the wrong size (12 minutes)")
TEST = Section(_LESSON, "3. Patient 3: test a network that looks well (10 minutes)")
MOVE_THE_CHANNELS = Section(_LESSON, "Patient 7. Channels first (4 minutes)")
MEND_THE_SHORTCUT = Section(_LESSON, "Patient 8. The shortcut that misses (4 minutes)")

# -- does not build -----------------------------------------------------------------------------------------------

SAME_MAKES_THEM_MEET = Misconception(
    name='With "same" in the pooling, the two maps of a join are equal',
    sentence='"same" rounds an odd half up, and doubling makes one cell too many where "valid" left one too few.',
    section=ADMIT,
    symbols=("n",),
    about="the size that comes up to meet n",
    wrong_formula=lambda n: n,
    truth=truth.comes_up,
    case=(1,),
)
VALID_MAKES_THEM_MEET = Misconception(
    name="What is halved and doubled is what it was",
    sentence='Only if it could be halved. Half of an odd size loses a row ("valid") or takes a ghost in ("same").',
    section=ADMIT,
    symbols=("n", "floors"),
    about='the sizes that meet at the deepest join ("valid" pooling)',
    wrong_formula=lambda n, floors: (truth.meeting_sizes(n, floors, "valid")[0],) * 2,
    truth=lambda n, floors: truth.meeting_sizes(n, floors, "valid"),
    case=(3, 1),
)
NO_NEED_OF_THE_SKIP = Misconception(
    name="Without the skip connection it builds, so the skip connection was the illness",
    sentence="It builds, and what the skip carried is lost: of four numbers only one goes through the middle.",
    section=ADMIT,
    symbols=("n",),
    about="how many numbers of n × n reach the other side through a pooling by 2",
    wrong_formula=lambda n: n * n,
    truth=truth.numbers_below,
    case=(2,),
)
ANY_SIDE_MAY_BE_CUT = Misconception(
    name="It does not matter on which side the spare row is cut off",
    sentence='The spare row came from the ghost, and "same" puts a single ghost after. Cut at the top, and every '
    "second row lies beside the wrong one.",
    section=ADMIT,
    symbols=("n",),
    about="the rows that are out of place after a cut at the top",
    wrong_formula=lambda n: 0,
    truth=truth.rows_out_of_place,
    case=(3,),
)
ALWAYS_FITS = Misconception(
    name="One more 3×3 convolution always fits",
    sentence='Without padding it needs 3 cells to stand on. After some poolings there are fewer. (With "same" it '
    "fits.)",
    section=MAKE_IT_IMPOSSIBLE,
    symbols=("n",),
    about='what Keras makes of n cells with a 3×3 window and "valid"',
    wrong_formula=lambda n: "a map",
    truth=lambda n: truth.makes_of("Conv2D", n, 3, "valid"),
    case=(1,),
)
RESHAPE_MOVES_CHANNELS = Misconception(
    name="`Reshape` moves the channels to the end",
    sentence="It moves nothing. It reads the numbers in their old order and breaks the line elsewhere, so pixels of "
    "one colour become the three colours of one pixel. The shape is right, and the picture is scrambled.",
    section=MOVE_THE_CHANNELS,
    symbols=("c", "n"),
    about="the numbers that are out of place after c × n × n became n × n × c",
    wrong_formula=lambda c, n: 0,
    truth=truth.numbers_out_of_place,
    case=(2, 2),
)
PERMUTE_SENDS = Misconception(
    name="The numbers of `Permute` say where each axis goes",
    sentence="They say which old axis stands at each new place: `(2, 3, 1)` takes the second, the third, and then the "
    "first.",
    section=MOVE_THE_CHANNELS,
    symbols=("c", "h", "w"),
    about="what comes out of `Permute((3, 1, 2))`",
    wrong_formula=lambda c, h, w: (h, w, c),
    truth=truth.permuted_shape,
    case=(1, 1, 2),
)
SHORTCUT_FOLLOWS = Misconception(
    name="The shortcut gets smaller by itself",
    sentence="Each path has strides of its own. If one path steps by 2, the other must, too.",
    section=MEND_THE_SHORTCUT,
    symbols=("n",),
    about="the size of a 1×1 convolution without strides, beside a path with stride 2",
    wrong_formula=lambda n: truth.same_step_size(n, 3, 2),
    truth=truth.one_by_one_size,
    case=(2,),
)
HALVES_AGREE = Misconception(
    name="Everything that halves a map halves it alike",
    sentence='At an odd size they part: "same" rounds up, and a window of 2 without "same" rounds down.',
    section=MEND_THE_SHORTCUT,
    symbols=("n",),
    about='the size of `MaxPooling2D(2)`, beside a convolution with stride 2 and "same"',
    wrong_formula=lambda n: truth.same_step_size(n, 3, 2),
    truth=truth.valid_pooled_size,
    case=(3,),
)

# -- builds, wrong size -------------------------------------------------------------------------------------------

COMES_BACK_FROM_BELOW = Misconception(
    name="As many doublings as halvings give the first size again",
    sentence="Only if no half was rounded. One cell too many at the bottom is doubled at each step up.",
    section=WEIGH,
    symbols=("n", "floors"),
    about="what comes out",
    wrong_formula=lambda n, floors: n,
    truth=lambda n, floors: truth.bottom_and_end(n, floors)[1],
    case=(1, 1),
)
MENDED_AT_THE_END = Misconception(
    name="The last layer can make any size, so it repairs every network",
    sentence="It stretches, or frames with zeros, what is there. No layer of the network has made the new rows.",
    section=WEIGH,
    symbols=("n", "o"),
    about="how many different rows there are among the o that `Resizing` made of n",
    wrong_formula=lambda n, o: o,
    truth=truth.different_rows,
    case=(1, 2),
)
ADDED_TO_THE_DOUBLE = Misconception(
    name="output_padding is added to n·s",
    sentence="n·s is what comes out without it. As soon as a number is given, even 0, it is added to less: "
    "(n − 1)·s + 1 with a 3×3 kernel.",
    section=CHOOSE_THE_SIZE,
    symbols=("n", "output_padding"),
    about="the size that comes out of k = 3, s = 2",
    wrong_formula=lambda n, p: 2 * n + p,
    truth=truth.grown_size,
    case=(1, 1),
)

# -- right size, wrong values -------------------------------------------------------------------------------------

ONE_LAYER_LOOKS_AHEAD = Misconception(
    name="Two layers look no further ahead than one",
    sentence="The second layer looks ahead as well, at outputs that have looked ahead already. It adds up.",
    section=TEST,
    symbols=("k", "layers"),
    about="the outputs before a step that change with it",
    wrong_formula=lambda k, layers: truth.told_too_early(k, 1),
    truth=truth.told_too_early,
    case=(2, 2),
)
SAME_LOOKS_BACK = Misconception(
    name='"same" looks back only',
    sentence='At a stride of 1 "same" puts half of the ghosts after, so the window reaches ahead as well. The word for '
    'looking back only is "causal".',
    section=TEST,
    symbols=("k", "layers"),
    about="the outputs before a step that change with it",
    wrong_formula=lambda k, layers: 0,
    truth=truth.told_too_early,
    case=(2, 1),
)
POOLING_LOOKS_BACK = Misconception(
    name="A pooling with a stride of 1 looks back only",
    sentence='With a ghost on each side, as "same" puts them, its window reaches to both sides, as a convolution does.',
    section=TEST,
    symbols=("k",),
    about="the later steps in a mean of k",
    wrong_formula=lambda k: 0,
    truth=truth.future_in_mean,
    case=(2,),
)
POOLING_CAN_BE_CAUSAL = Misconception(
    name='Pooling takes `padding="causal"` as well',
    sentence="Only `Conv1D` does. A pooling layer says so when it is run, and not before.",
    section=TEST,
    symbols=("k",),
    about='what Keras makes of `AveragePooling1D(k, padding="causal")` on k steps',
    wrong_formula=lambda k: "a map",
    truth=lambda k: truth.makes_of("AveragePooling1D", k, k, "causal"),
    case=(1,),
)
LOSS_WOULD_COMPLAIN = Misconception(
    name="If the shapes did not fit, the loss would complain",
    sentence="An axis of 1 is copied as often as needed (broadcast), and then everything fits.",
    section=TEST,
    symbols=("a", "b"),
    about="what `mse` makes of targets with a channels and outputs with b",
    wrong_formula=lambda a, b: "a number" if a == b else "an error",
    truth=truth.loss_says,
    case=(1, 2),
)
