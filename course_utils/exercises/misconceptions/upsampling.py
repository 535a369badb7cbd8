"""What people believe of upsampling and of transposed convolutions: lesson 04."""

from __future__ import annotations

from course_utils.exercises import truth
from course_utils.exercises.catalogue import Misconception, Section

# The headings of the lesson that explain them; the tests look each of them up in its notebook.
_LESSON = "04_upsample.ipynb"

MULTIPLY = Section(_LESSON, "1. Multiply, always (3 minutes)")
GO_DOWN_AND_UP = Section(_LESSON, "2. Go down and up again (6 minutes)")
BLEND_THE_NEIGHBOURS = Section(_LESSON, "3. Blend the neighbours (8 minutes)")
STAMP_THE_KERNEL = Section(_LESSON, "4. Stamp the kernel (11 minutes)")
CUT_TO_SAME = Section(_LESSON, "5. Cut to same (5 minutes)")
CHOOSE_THE_SIZE = Section(_LESSON, "6. Choose which size comes back (7 minutes)")
COUNT_THE_STAMPS = Section(_LESSON, "7. Count the stamps (5 minutes)")


# -- multiplying --------------------------------------------------------------------------------------------------

TWICE_THE_CELLS = Misconception(
    name="Upsampling by f makes f times as many cells",
    sentence="It makes each *side* f times as long. A map has two sides, so there are f·f times as many cells.",
    section=MULTIPLY,
    symbols=("n", "f"),
    about="the number of cells of an n × n map",
    wrong_formula=lambda n, f: n * n * f,
    truth=truth.upsampled_cells,
    case=(1, 2),
)
UPSAMPLING_LEARNS = Misconception(
    name="Upsampling has weights, like a convolution",
    sentence="It copies, or blends by a fixed rule. There is nothing in it to learn.",
    section=MULTIPLY,
    symbols=("f",),
    about="the number of weights",
    wrong_formula=lambda f: f * f,
    truth=truth.upsampling_weights,
    case=(1,),
)
MULTIPLYING_UNDOES = Misconception(
    name="Multiplying by f undoes dividing by f",
    sentence="Dividing rounded, and multiplying does not know by how much. Only a multiple of f comes back.",
    section=GO_DOWN_AND_UP,
    symbols=("n", "f"),
    about="the two sizes, down and up again",
    wrong_formula=lambda n, f: (-(-n // f), n),
    truth=truth.down_and_up,
    case=(1, 2),
)
WAY_DOWN_ROUNDS_DOWN = Misconception(
    name="The part that does not divide is lost",
    sentence='With "valid" it is. With "same" the last, partly filled window counts too: the way down rounds *up*, '
    "so you come back to n or to more.",
    section=GO_DOWN_AND_UP,
    symbols=("n", "f"),
    about="the two sizes, down and up again",
    wrong_formula=lambda n, f: (n // f, n // f * f),
    truth=truth.down_and_up,
    case=(1, 2),
)

# -- blending -----------------------------------------------------------------------------------------------------

BLENDING_COPIES = Misconception(
    name="Upsampling repeats each number",
    sentence='That is the default, "nearest". "bilinear" blends each new cell from the two old ones around it.',
    section=BLEND_THE_NEIGHBOURS,
    symbols=("v",),
    about="the second number, when the row 0, 12·v is doubled",
    wrong_formula=lambda v: 0,
    truth=truth.second_of_blend,
    case=(1,),
)
OLD_CELLS_STAY = Misconception(
    name="The old numbers stay, and the new ones go half-way between them",
    sentence="No new cell has its centre where an old one had it. Each old cell becomes two, and each of those leans "
    "a quarter towards its neighbour.",
    section=BLEND_THE_NEIGHBOURS,
    symbols=("v",),
    about="the second number, when the row 0, 12·v is doubled",
    wrong_formula=lambda v: 6 * v,
    truth=truth.second_of_blend,
    case=(1,),
)
CORNERS_STAY = Misconception(
    name="The first and the last number stay, and the rest is spread evenly between them",
    sentence="Other tools do that and call it aligned corners. Keras lays the two maps over each other edge to edge: "
    "the steps are a quarter and a half of the distance, and the rim is repeated.",
    section=BLEND_THE_NEIGHBOURS,
    symbols=("v",),
    about="the second number, when the row 0, 12·v is doubled",
    wrong_formula=lambda v: 4 * v,
    truth=truth.second_of_blend,
    case=(1,),
)
FAR_CELL_WINS = Misconception(
    name="The neighbour gets the larger share",
    sentence="The nearer centre gets it. That is the old cell in which the new one lies: ¾ of its own cell and ¼ of "
    "the neighbour.",
    section=BLEND_THE_NEIGHBOURS,
    symbols=("v",),
    about="the second number, when the row 0, 12·v is doubled",
    wrong_formula=lambda v: 9 * v,
    truth=truth.second_of_blend,
    case=(1,),
)
LEFT_LEANS_RIGHT = Misconception(
    name="The left half of a cell leans to the right, and the right half to the left",
    sentence="Each half leans to the side on which it lies. The left half is nearer to the cell on the left, j − 1, "
    "and the right half to j + 1.",
    section=BLEND_THE_NEIGHBOURS,
    symbols=("v",),
    about="the first number, when the row 0, 12·v is doubled",
    wrong_formula=lambda v: 3 * v,
    truth=truth.first_of_two_blended,
    case=(1,),
)
PLAIN_MEAN = Misconception(
    name="A new cell is the mean of its own cell and the neighbour",
    sentence="It would be, if it lay half-way between the two centres. It lies a quarter of the way, so its own cell "
    "counts three times as much.",
    section=BLEND_THE_NEIGHBOURS,
    symbols=("v",),
    about="the third number, when the row 0, 12·v is doubled",
    wrong_formula=lambda v: 6 * v,
    truth=truth.third_of_blend,
    case=(1,),
)
RIM_BLENDS_WITH_ZERO = Misconception(
    name="At the rim a cell is blended with a zero beyond the map",
    sentence="There are no ghost cells here. Where no neighbour stands, the last cell counts for both.",
    section=BLEND_THE_NEIGHBOURS,
    symbols=("v",),
    about="the first number, when the row 12·v is doubled",
    wrong_formula=lambda v: 9 * v,
    truth=truth.first_of_blend,
    case=(1,),
)

# -- stamping -----------------------------------------------------------------------------------------------------

TEXTBOOK_LENGTH = Misconception(
    name="The size is (n − 1)·s + k, always",
    sentence="So the textbooks say, and it is where the last stamp ends. But Keras gives each of the n cells at least "
    "its s cells: where the kernel is shorter than the step, it adds empty cells behind the last stamp.",
    section=STAMP_THE_KERNEL,
    symbols=("n", "k", "s"),
    about="the size",
    wrong_formula=lambda n, k, s: (n - 1) * s + k,
    truth=truth.transposed_size,
    case=(1, 1, 2),
)
GAPS_ONLY_BETWEEN = Misconception(
    name="There is a gap only between two stamps",
    sentence="The last stamp has its gap behind it too: n gaps of s − k, not n − 1.",
    section=STAMP_THE_KERNEL,
    symbols=("n", "k", "s"),
    about="how many cells no stamp reaches",
    wrong_formula=lambda n, k, s: (n - 1) * max(s - k, 0),
    truth=truth.never_stamped,
    case=(1, 1, 2),
)
ONLY_THE_STRIDE = Misconception(
    name="A transposed convolution multiplies by its stride, and that is all",
    sentence='With "same" it does. With "valid" the last stamp may reach further, by k − s cells.',
    section=STAMP_THE_KERNEL,
    symbols=("n", "k", "s"),
    about="the size",
    wrong_formula=lambda n, k, s: n * s,
    truth=truth.transposed_size,
    case=(1, 2, 1),
)
STAMPS_SIDE_BY_SIDE = Misconception(
    name="Each stamp begins where the one before it ends",
    sentence="Each begins s cells after the one before it, however long it is. A longer stamp overlaps.",
    section=STAMP_THE_KERNEL,
    symbols=("n", "k", "s"),
    about="the size",
    wrong_formula=lambda n, k, s: n * k,
    truth=truth.transposed_size,
    case=(1, 1, 2),
)
STRIDE_SHRINKS = Misconception(
    name="A stride makes the map smaller",
    sentence="In a convolution it does. In a transposed one the stride is how far apart the stamps are, and it makes "
    "the map larger.",
    section=STAMP_THE_KERNEL,
    symbols=("n", "k", "s"),
    about="the size",
    wrong_formula=lambda n, k, s: max((n - k) // s + 1, 0),
    truth=truth.transposed_size,
    case=(1, 1, 2),
)
LAST_STAMP_WINS = Misconception(
    name="Where two stamps overlap, the later one wins",
    sentence="Stamps add: each output cell is the sum of all the stamps that reach it.",
    section=STAMP_THE_KERNEL,
    symbols=("a", "b"),
    about="the number where the stamps of a and b meet",
    wrong_formula=lambda a, b: b,
    truth=truth.where_stamps_meet,
    case=(1, 1),
)
STAMP_IS_TURNED = Misconception(
    name="The kernel is turned around before it is stamped",
    sentence="It is stamped as it is. It would be turned only if you wrote the layer as a plain convolution.",
    section=STAMP_THE_KERNEL,
    symbols=("v", "w"),
    about="the first number that a single 1 stamps with the kernel v, w",
    wrong_formula=lambda v, w: w,
    truth=truth.first_of_stamp,
    case=(1, 2),
)
STAMPS_MOVE_BY_ONE = Misconception(
    name="Stamp j begins at cell j",
    sentence="It begins at cell j·s: the stride is how far apart two stamps begin.",
    section=STAMP_THE_KERNEL,
    symbols=("j", "s"),
    about="the cell where the stamp of cell j begins",
    wrong_formula=lambda j, s: j,
    truth=truth.stamp_begins,
    case=(1, 2),
)

# -- there and back -----------------------------------------------------------------------------------------------

DECONVOLUTION = Misconception(
    name='A "deconvolution" undoes a convolution',
    sentence="It can give the size back, and not the numbers. The convolution mixed them, and stamping the mixture "
    "mixes it once more.",
    section=CUT_TO_SAME,
    symbols=("n",),
    about="how many of the n·n numbers are back, at a stride of 1",
    wrong_formula=lambda n: n * n,
    truth=truth.numbers_that_return,
    case=(2,),
)
ZERO_IS_THE_DEFAULT = Misconception(
    name="`output_padding=0` is what you get when you leave it out",
    sentence='With "same", leaving it out makes n·s. Any number, 0 too, switches to another rule: '
    "(n − 1)·s + (k mod 2) + output_padding.",
    section=CHOOSE_THE_SIZE,
    symbols=("n", "s"),
    about='the size with k = 3, "same" and output_padding=0',
    wrong_formula=lambda n, s: n * s,
    truth=lambda n, s: truth.transposed_size(n, 3, s, "same", 0),
    case=(1, 2),
)
ADDED_TO_THE_DEFAULT = Misconception(
    name="`output_padding` is added to the size that would come out without it",
    sentence="It is added to the *smallest* size that the way down could have come from. If n goes into the layer, "
    "that is (n − 1)·s + 1 for an odd kernel. The default is the largest, n·s.",
    section=CHOOSE_THE_SIZE,
    symbols=("n",),
    about='the size with k = 3, s = 2, "same" and output_padding=1',
    wrong_formula=lambda n: 2 * n + 1,
    truth=lambda n: truth.transposed_size(n, 3, 2, "same", 1),
    case=(1,),
)
TAKEN_FROM_THE_LARGEST = Misconception(
    name="`output_padding` says how many cells are missing from the largest size",
    sentence="You counted down from the largest, n·s, if n goes into the layer. It counts up from the smallest.",
    section=CHOOSE_THE_SIZE,
    symbols=("n",),
    about='the size with k = 3, s = 2, "same" and output_padding=1',
    wrong_formula=lambda n: 2 * n - 1,
    truth=lambda n: truth.transposed_size(n, 3, 2, "same", 1),
    case=(1,),
)
STEPS_WITHOUT_A_STAMP = Misconception(
    name='With "same" the size is (n − 1)·s + output_padding',
    sentence="If n goes into the layer, (n − 1)·s are the steps from the first stamp to the last. The last one counts "
    "as well: 1 more, for an odd kernel.",
    section=CHOOSE_THE_SIZE,
    symbols=("n", "s"),
    about='the size with k = 3, "same" and output_padding=0',
    wrong_formula=lambda n, s: (n - 1) * s,
    truth=lambda n, s: truth.transposed_size(n, 3, s, "same", 0),
    case=(1, 1),
)
ONE_WAY_BACK = Misconception(
    name="One setting leads back from every size",
    sentence="Several sizes go down to the same one. On the way back one of them must be chosen, each time anew.",
    section=CHOOSE_THE_SIZE,
    symbols=("n",),
    about="the size that comes back, with a stride of 2 and the same settings both ways",
    wrong_formula=lambda n: n,
    truth=truth.size_that_returns,
    case=(1,),
)

# -- how many stamps ----------------------------------------------------------------------------------------------

STAMPS_FALL_EVENLY = Misconception(
    name="Every output cell gets equally many stamps",
    sentence="Only if s divides k. Otherwise neighbours get different numbers of stamps, and the output has a pattern "
    "that is not in the input. A larger kernel alone does not help.",
    section=COUNT_THE_STAMPS,
    symbols=("k", "s"),
    about="the difference between most and fewest stamps on a cell",
    wrong_formula=lambda k, s: 0,
    truth=truth.unevenness,
    case=(1, 2),
)
AS_A_CONVOLUTION = Misconception(
    name="Each cell is a sum over the whole kernel, as in a convolution",
    sentence="With a stride above 1 only some of the kernel's cells meet an output cell: those of the few stamps that "
    "reach it.",
    section=COUNT_THE_STAMPS,
    symbols=("k", "s"),
    about="the most stamps on a cell",
    wrong_formula=lambda k, s: k * k,
    truth=lambda k, s: truth.stamps_inside(k, s)[-1],
    case=(2, 2),
)
