"""What people believe of the whole autoencoder and of its repairs: lesson 05."""

from __future__ import annotations

from course_utils.exercises import truth
from course_utils.exercises.catalogue import Misconception, Section

# The headings of the lesson that explain them; the tests look each of them up in its notebook.
_LESSON = "05_solve_the_autoencoder.ipynb"

ANSWER_THE_TWO = Section(_LESSON, "1. Answer the two questions (8 minutes)")
ANSWER_THE_THIRD = Section(_LESSON, "2. Answer the third question (6 minutes)")
FIND_THE_RULE = Section(_LESSON, "3. Find the rule for every n (9 minutes)")
REPAIR_IT = Section(_LESSON, "4. Repair it for every n (10 minutes)")
DISTRUST_THE_LOSS = Section(_LESSON, "5. Distrust the loss (5 minutes)")
TRAIN_IT = Section(_LESSON, "6. Train it (7 minutes)")


# -- sizes --------------------------------------------------------------------------------------------------------

HALVING_IS_A_LOSS = Misconception(
    name="The first pooling is where the size goes wrong",
    sentence="14 is exactly half of 28, and a doubling brings it back. What is lost for good is what is rounded or "
    "cut off.",
    section=ANSWER_THE_TWO,
    symbols=("n",),
    about="the size after one pooling by 2 and one doubling, of an even size 2·n",
    wrong_formula=lambda n: n,
    truth=lambda n: truth.halved_and_doubled(2 * n),
    case=(1,),
)
ALL_SAME_RETURNS = Misconception(
    name='With "same" in every layer the picture comes back',
    sentence="The doublings turn each row of the code into 2·2·2 = 8 rows, so a multiple of 8 comes out. "
    '"same" in every layer returns n only if n is a multiple of 8.',
    section=ANSWER_THE_THIRD,
    symbols=("n",),
    about='the size that comes out with "same" everywhere',
    wrong_formula=lambda n: n,
    truth=truth.all_same_size,
    case=(1,),
)
CODE_ROUNDS_DOWN = Misconception(
    name="The code is n / 8, rounded down",
    sentence='Each pooling says "same", so each of them rounds up, and so do all three together.',
    section=FIND_THE_RULE,
    symbols=("n",),
    about="the side of the code",
    wrong_formula=lambda n: n // 8,
    truth=truth.code_size,
    case=(1,),
)
NOTHING_TAKEN_AWAY = Misconception(
    name="No layer takes anything away on the way up",
    sentence="One convolution there has no padding: it takes 2 away, and each doubling after it doubles what is "
    "missing.",
    section=ANSWER_THE_THIRD,
    symbols=("n",),
    about="the size that comes back",
    wrong_formula=lambda n: 8 * -(-n // 8),
    truth=truth.autoencoder_size,
    case=(1,),
)
TWO_STAY_TWO = Misconception(
    name="The layer without padding costs 2 in the end",
    sentence="It takes 2 where it stands. One doubling comes after it, and doubles what is missing too: 4.",
    section=FIND_THE_RULE,
    symbols=("n",),
    about="the size that comes back",
    wrong_formula=lambda n: 8 * -(-n // 8) - 2,
    truth=truth.autoencoder_size,
    case=(1,),
)
EVERY_MULTIPLE_OF_FOUR = Misconception(
    name="Every multiple of 4 comes back",
    sentence="Every one that comes back is a multiple of 4, but a multiple of 8 is not among them: it gets 4 too few.",
    section=FIND_THE_RULE,
    symbols=("n",),
    about="whether n comes back",
    wrong_formula=lambda n: n % 4 == 0,
    truth=truth.closes,
    case=(8,),
)
LUCKY_TWENTY_EIGHT = Misconception(
    name="28 is the only size that comes back",
    sentence="28 is one of many. What comes out goes up in steps, and n meets it once in each step.",
    section=FIND_THE_RULE,
    symbols=("n",),
    about="whether n comes back",
    wrong_formula=lambda n: n == 28,
    truth=truth.closes,
    case=(4,),
)

ONE_MORE_CHANGES_NOTHING = Misconception(
    name="One pooling more and one doubling more change nothing",
    sentence="Each pooling makes the block that shares a code twice as large. With four of them it is 16 sizes in a "
    "row, and what comes out is a multiple of 16, less 4.",
    section=FIND_THE_RULE,
    symbols=("n",),
    about="the size that comes back with four poolings and four doublings",
    wrong_formula=lambda n: 8 * -(-n // 8) - 4,
    truth=lambda n: truth.family_size(n, 4, 3),
    case=(1,),
)
SIXTEENS_COME_BACK = Misconception(
    name="What can be halved as often as there are poolings comes back",
    sentence="It would, if no layer lost anything. The layer without padding takes 2 away, and the doubling after it "
    "turns that into 4.",
    section=FIND_THE_RULE,
    symbols=("n",),
    about="the size that comes back with four poolings and four doublings",
    wrong_formula=lambda n: 16 * -(-n // 16),
    truth=lambda n: truth.family_size(n, 4, 3),
    case=(1,),
)
REMAINDER_FOUR = Misconception(
    name="Four short of a multiple is a remainder of 4",
    sentence="For 8 it is, because 8 − 4 is 4. Four short of a multiple of 16 leaves a remainder of 16 − 4.",
    section=FIND_THE_RULE,
    symbols=("n",),
    about="whether n comes back with four poolings and four doublings",
    wrong_formula=lambda n: n % 16 == 4,
    truth=truth.closes_with_four,
    case=(4,),
)

HOLE_COSTS_FOUR = Misconception(
    name="The layer without padding costs 4, wherever it stands",
    sentence="It takes 2. Each doubling that comes after it doubles that: 2 at the very end, 4 one doubling earlier, "
    "8 two doublings earlier.",
    section=ANSWER_THE_THIRD,
    symbols=("n", "m", "j"),
    about="the size that comes out (m poolings and doublings, no padding once, after j of the doublings)",
    wrong_formula=lambda n, m, j: 2**m * -(-n // 2**m) - 4,
    truth=truth.family_size,
    case=(3, 1, 1),
)
DOUBLED_BEFORE = Misconception(
    name="The doublings before the layer without padding make its loss larger",
    sentence="When it takes 2, what comes before is done. The doublings after it double what is missing.",
    section=ANSWER_THE_THIRD,
    symbols=("n", "m", "j"),
    about="the size that comes out (m poolings and doublings, no padding once, after j of the doublings)",
    wrong_formula=lambda n, m, j: 2**m * -(-n // 2**m) - 2 * 2**j,
    truth=truth.family_size,
    case=(3, 1, 1),
)


def _halves(rows: int) -> tuple[int, int]:
    """As the lesson's own crop shares them."""
    return rows // 2, rows - rows // 2


# -- repairs ------------------------------------------------------------------------------------------------------

CROPPING_IS_ENOUGH = Misconception(
    name="Whatever the size, a crop at the end mends it",
    sentence="A crop takes away. For many n the model returns fewer rows than it was given, and a crop cannot add any.",
    section=REPAIR_IT,
    symbols=("n",),
    about="whether the model returns enough rows for a crop",
    wrong_formula=lambda n: "yes",
    truth=truth.can_be_cropped,
    case=(5,),
)
CUT_ALIKE = Misconception(
    name="Half of what is left over is cut off each side",
    sentence="If the number of surplus rows is odd, one half is a row longer than the other: "
    "the two together must be all of them.",
    section=REPAIR_IT,
    symbols=("n",),
    about="the rows that are left",
    wrong_formula=lambda n: n,
    truth=lambda n: truth.cropped_size(n, *[(truth.all_same_size(n) - n) // 2] * 2),
    case=(1,),
)
HALVES_ARE_IN_PLACE = Misconception(
    name="If equal halves are cut off, the picture stays where it was",
    sentence="It would, if what is too much lay on both sides. But the poolings added their ghosts on one side of the "
    "map only.",
    section=REPAIR_IT,
    symbols=("n",),
    about="by how many rows everything is too high when half of the surplus is cut off before",
    wrong_formula=lambda n: 0,
    truth=lambda n: truth.rows_too_high(n, *_halves(truth.all_same_size(n) - n)),
    case=(9,),
)
EIGHT_WHEN_NONE = Misconception(
    name="There are always 8 − n mod 8 rows too many",
    sentence="If 8 divides n, the remainder is 0, and 8 − 0 = 8 would be cut off though nothing is too much.",
    section=REPAIR_IT,
    symbols=("n",),
    about='the rows too many with "same" everywhere',
    wrong_formula=lambda n: 8 - n % 8,
    truth=lambda n: truth.all_same_size(n) - n,
    case=(8,),
)
# -- the loss -----------------------------------------------------------------------------------------------------

LOSS_CHECKS_SHAPES = Misconception(
    name="`mse` refuses two shapes that differ",
    sentence="It subtracts one from the other, and a subtraction repeats a side of 1 until it fits. Nothing is said.",
    section=DISTRUST_THE_LOSS,
    symbols=("a", "b"),
    about="what `mse` makes of a channels beside b channels",
    wrong_formula=lambda a, b: "a number" if a == b else "an error",
    truth=truth.mse_of_channels,
    case=(1, 2),
)
LOSS_TAKES_ALL = Misconception(
    name="`mse` takes any two shapes",
    sentence="Only a side of 1 is repeated. Any other two sizes that differ are refused.",
    section=DISTRUST_THE_LOSS,
    symbols=("a", "b"),
    about="what `mse` makes of a channels beside b channels",
    wrong_formula=lambda a, b: "a number",
    truth=truth.mse_of_channels,
    case=(2, 3),
)
ONLY_OUTPUTS_REPEATED = Misconception(
    name="Only what the model returns is repeated, not the targets",
    sentence="A 1 is repeated on either side: `mse` subtracts one from the other, and a subtraction has no first side.",
    section=DISTRUST_THE_LOSS,
    symbols=("a", "b"),
    about="what `mse` makes of a channels beside b channels",
    wrong_formula=lambda a, b: "a number" if a == b or b == 1 else "an error",
    truth=truth.mse_of_channels,
    case=(1, 2),
)
ONLY_TARGETS_REPEATED = Misconception(
    name="Only the targets are repeated, not what the model returns",
    sentence="A 1 is repeated on either side: `mse` subtracts one from the other, and a subtraction has no first side.",
    section=DISTRUST_THE_LOSS,
    symbols=("a", "b"),
    about="what `mse` makes of a channels beside b channels",
    wrong_formula=lambda a, b: "a number" if a == b or a == 1 else "an error",
    truth=truth.mse_of_channels,
    case=(2, 1),
)
MULTIPLES_ARE_REPEATED = Misconception(
    name="A smaller side is repeated if it divides the larger one",
    sentence="Only a side of exactly 1 is repeated. 2 beside 4 is refused.",
    section=DISTRUST_THE_LOSS,
    symbols=("a", "b"),
    about="what `mse` makes of a channels beside b channels",
    wrong_formula=lambda a, b: "a number" if a % b == 0 or b % a == 0 else "an error",
    truth=truth.mse_of_channels,
    case=(2, 4),
)

# -- the code -----------------------------------------------------------------------------------------------------

CODE_IS_ONE_MAP = Misconception(
    name="A code of 4 × 4 is 16 numbers",
    sentence="It is as many maps as the last convolution before it has filters, here 8, and each of them is 4 × 4.",
    section=TRAIN_IT,
    symbols=("n",),
    about="how many numbers the code has",
    wrong_formula=lambda n: truth.code_size(n) ** 2,
    truth=truth.code_numbers,
    case=(1,),
)
