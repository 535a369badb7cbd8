"""What people believe of the whole autoencoder and of its repairs: lesson 05."""

from __future__ import annotations

from dataclasses import replace

from course_utils.exercises import truth
from course_utils.exercises.catalogue import Quantity, Section

# The headings of the lesson that explain them; the tests look each of them up in its notebook.
_LESSON = "05_solve_the_autoencoder.ipynb"

ANSWER_THE_TWO = Section(_LESSON, "1. Answer the two questions (7 minutes)")
ANSWER_THE_THIRD = Section(_LESSON, "2. Answer the third question (6 minutes)")
FIND_THE_RULE = Section(_LESSON, "3. Find the rule for every n (9 minutes)")
REPAIR_IT = Section(_LESSON, "4. Repair it for every n (10 minutes)")
DISTRUST_THE_LOSS = Section(_LESSON, "5. Distrust the loss (5 minutes)")
TRAIN_IT = Section(_LESSON, "6. Train it (6 minutes)")


# -- sizes --------------------------------------------------------------------------------------------------------

HALVING_IS_A_LOSS = Quantity(
    "the size after one pooling by 2 and one doubling, of an even size 2·n",
    lambda n: truth.down_and_up(2 * n, 2)[1],
    ANSWER_THE_TWO,
).misconception(
    "The first pooling is where the size goes wrong",
    ("14 is exactly half of 28, and a doubling brings it back. What is lost for good is what is rounded or cut off."),
    lambda n: n,
)
ALL_SAME_RETURNS = Quantity(
    'the size that comes out with "same" everywhere', truth.all_same_size, ANSWER_THE_THIRD
).misconception(
    'With "same" in every layer the picture comes back',
    "The doublings turn each row of the code into 2·2·2 = 8 rows, so a multiple of 8 comes out. "
    '"same" in every layer returns n only if n is a multiple of 8.',
    lambda n: n,
)
CODE_ROUNDS_DOWN = Quantity("the side of the code", truth.code_size, FIND_THE_RULE).misconception(
    "The code is n / 8, rounded down",
    'Each pooling says "same", so each of them rounds up, and so do all three together.',
    lambda n: n // 8,
)

_autoencoder_size = Quantity("the size that comes back", truth.autoencoder_size, ANSWER_THE_THIRD)

NOTHING_TAKEN_AWAY = _autoencoder_size.misconception(
    "No layer takes anything away on the way up",
    ("One convolution there has no padding: it takes 2 away, and each doubling after it doubles what is missing."),
    lambda n: 8 * -(-n // 8),
)
TWO_STAY_TWO = replace(_autoencoder_size, section=FIND_THE_RULE).misconception(
    "The layer without padding costs 2 in the end",
    "It takes 2 where it stands. One doubling comes after it, and doubles what is missing too: 4.",
    lambda n: 8 * -(-n // 8) - 2,
)

_closes = Quantity("whether n comes back", truth.closes, FIND_THE_RULE)

EVERY_MULTIPLE_OF_FOUR = _closes.misconception(
    "Every multiple of 4 comes back",
    "Every one that comes back is a multiple of 4, but a multiple of 8 is not among them: it gets 4 too few.",
    lambda n: n % 4 == 0,
)
LUCKY_TWENTY_EIGHT = _closes.misconception(
    "28 is the only size that comes back",
    "28 is one of many. What comes out goes up in steps, and n meets it once in each step.",
    lambda n: n == 28,
)

_size_with_four_poolings = Quantity(
    "the size that comes back with four poolings and four doublings",
    lambda n: truth.family_size(n, 4, 3),
    FIND_THE_RULE,
)

ONE_MORE_CHANGES_NOTHING = _size_with_four_poolings.misconception(
    "One pooling more and one doubling more change nothing",
    "Each pooling makes the block that shares a code twice as large. With four of them it is 16 sizes in a "
    "row, and what comes out is a multiple of 16, less 4.",
    lambda n: 8 * -(-n // 8) - 4,
)
SIXTEENS_COME_BACK = _size_with_four_poolings.misconception(
    "What can be halved as often as there are poolings comes back",
    "It would, if no layer lost anything. The layer without padding takes 2 away, and the doubling after it "
    "turns that into 4.",
    lambda n: 16 * -(-n // 16),
)
REMAINDER_FOUR = Quantity(
    "whether n comes back with four poolings and four doublings", truth.closes_with_four, FIND_THE_RULE
).misconception(
    "Four short of a multiple is a remainder of 4",
    "For 8 it is, because 8 − 4 is 4. Four short of a multiple of 16 leaves a remainder of 16 − 4.",
    lambda n: n % 16 == 4,
)

_family_size = Quantity(
    "the size that comes out (m poolings and doublings, no padding once, after j of the doublings)",
    truth.family_size,
    ANSWER_THE_THIRD,
)

HOLE_COSTS_FOUR = _family_size.misconception(
    "The layer without padding costs 4, wherever it stands",
    "It takes 2. Each doubling that comes after it doubles that: 2 at the very end, 4 one doubling earlier, "
    "8 two doublings earlier.",
    lambda n, m, j: 2**m * -(-n // 2**m) - 4,
)
DOUBLED_BEFORE = _family_size.misconception(
    "The doublings before the layer without padding make its loss larger",
    "When it takes 2, what comes before is done. The doublings after it double what is missing.",
    lambda n, m, j: 2**m * -(-n // 2**m) - 2 * 2**j,
)


def _halves(rows: int) -> tuple[int, int]:
    """As the lesson's own crop shares them."""
    return rows // 2, rows - rows // 2


# -- repairs ------------------------------------------------------------------------------------------------------

CROPPING_IS_ENOUGH = Quantity(
    "whether the model returns enough rows for a crop", truth.can_be_cropped, REPAIR_IT
).misconception(
    "Whatever the size, a crop at the end mends it",
    "A crop takes away. For many n the model returns fewer rows than it was given, and a crop cannot add any.",
    lambda n: "yes",
)
CUT_ALIKE = Quantity(
    "the rows that are left", lambda n: truth.cropped_size(n, *[(truth.all_same_size(n) - n) // 2] * 2), REPAIR_IT
).misconception(
    "Half of what is left over is cut off each side",
    "If the number of surplus rows is odd, one half is a row longer than the other: "
    "the two together must be all of them.",
    lambda n: n,
)
HALVES_ARE_IN_PLACE = Quantity(
    "by how many rows everything is too high when half of the surplus is cut off before",
    lambda n: truth.rows_too_high(n, *_halves(truth.all_same_size(n) - n)),
    REPAIR_IT,
).misconception(
    "If equal halves are cut off, the picture stays where it was",
    "It would, if what is too much lay on both sides. But the poolings added their ghosts on one side of the map only.",
    lambda n: 0,
)
EIGHT_WHEN_NONE = Quantity(
    'the rows too many with "same" everywhere', lambda n: truth.all_same_size(n) - n, REPAIR_IT
).misconception(
    "There are always 8 − n mod 8 rows too many",
    "If 8 divides n, the remainder is 0, and 8 − 0 = 8 would be cut off though nothing is too much.",
    lambda n: 8 - n % 8,
)
# -- the loss -----------------------------------------------------------------------------------------------------

_mse_of_channels = Quantity(
    "what `mse` makes of a channels beside b channels", truth.mse_of_channels, DISTRUST_THE_LOSS
)

LOSS_CHECKS_SHAPES = _mse_of_channels.misconception(
    "`mse` refuses two shapes that differ",
    "It subtracts one from the other, and a subtraction repeats a side of 1 until it fits. Nothing is said.",
    lambda a, b: "a number" if a == b else "an error",
)
LOSS_TAKES_ALL = _mse_of_channels.misconception(
    "`mse` takes any two shapes",
    "Only a side of 1 is repeated. Any other two sizes that differ are refused.",
    lambda a, b: "a number",
)
ONLY_OUTPUTS_REPEATED = _mse_of_channels.misconception(
    "Only what the model returns is repeated, not the targets",
    "A 1 is repeated on either side: `mse` subtracts one from the other, and a subtraction has no first side.",
    lambda a, b: "a number" if a == b or b == 1 else "an error",
)
ONLY_TARGETS_REPEATED = _mse_of_channels.misconception(
    "Only the targets are repeated, not what the model returns",
    "A 1 is repeated on either side: `mse` subtracts one from the other, and a subtraction has no first side.",
    lambda a, b: "a number" if a == b or a == 1 else "an error",
)
MULTIPLES_ARE_REPEATED = _mse_of_channels.misconception(
    "A smaller side is repeated if it divides the larger one",
    "Only a side of exactly 1 is repeated. 2 beside 4 is refused.",
    lambda a, b: "a number" if a % b == 0 or b % a == 0 else "an error",
)

# -- the code -----------------------------------------------------------------------------------------------------

CODE_IS_ONE_MAP = Quantity("how many numbers the code has", truth.code_numbers, TRAIN_IT).misconception(
    "A code of 4 × 4 is 16 numbers",
    "It is as many maps as the last convolution before it has filters, here 8, and each of them is 4 × 4.",
    lambda n: truth.code_size(n) ** 2,
)
