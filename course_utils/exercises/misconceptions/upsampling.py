"""What people believe of upsampling and of transposed convolutions: lesson 04."""

from __future__ import annotations

import numpy as np

from course_utils.exercises import truth
from course_utils.exercises.catalogue import Quantity, Section

# The headings of the lesson that explain them; the tests look each of them up in its notebook.
_LESSON = "04_upsample.ipynb"

MULTIPLY = Section(_LESSON, "1. Multiply, always (3 minutes)")
GO_DOWN_AND_UP = Section(_LESSON, "2. Go down and up again (6 minutes)")
BLEND_THE_NEIGHBOURS = Section(_LESSON, "3. Blend the neighbours (7 minutes)")
STAMP_THE_KERNEL = Section(_LESSON, "4. Stamp the kernel (10 minutes)")
CUT_TO_SAME = Section(_LESSON, "5. Cut to same (5 minutes)")
CHOOSE_THE_SIZE = Section(_LESSON, "6. Choose which size comes back (7 minutes)")
COUNT_THE_STAMPS = Section(_LESSON, "7. Count the stamps (5 minutes)")


# -- multiplying --------------------------------------------------------------------------------------------------

TWICE_THE_CELLS = Quantity("the number of cells of an n × n map", truth.upsampled_cells, MULTIPLY).misconception(
    "Upsampling by f makes f times as many cells",
    "It makes each *side* f times as long. A map has two sides, so there are f·f times as many cells.",
    lambda n, f: n * n * f,
)
UPSAMPLING_LEARNS = Quantity("the number of weights", truth.upsampling_weights, MULTIPLY).misconception(
    "Upsampling has weights, like a convolution",
    "It copies, or blends by a fixed rule. There is nothing in it to learn.",
    lambda f: f * f,
)

_down_and_up = Quantity("the two sizes, down and up again", truth.down_and_up, GO_DOWN_AND_UP)

MULTIPLYING_UNDOES = _down_and_up.misconception(
    "Multiplying by f undoes dividing by f",
    "Dividing rounded, and multiplying does not know by how much. Only a multiple of f comes back.",
    lambda n, f: (-(-n // f), n),
)
WAY_DOWN_ROUNDS_DOWN = _down_and_up.misconception(
    "The part that does not divide is lost",
    'With "valid" it is. With "same" the last, partly filled window counts too: the way down rounds *up*, '
    "so you come back to n or to more.",
    lambda n, f: (n // f, n // f * f),
)

# -- blending -----------------------------------------------------------------------------------------------------

_second_of_blend = Quantity(
    "the second number, when the row 0, 12·v is doubled",
    lambda v: round(truth.blended([0, 12 * v])[1]),
    BLEND_THE_NEIGHBOURS,
)

BLENDING_COPIES = _second_of_blend.misconception(
    "Upsampling repeats each number",
    'That is the default, "nearest". "bilinear" blends each new cell from the two old ones around it.',
    lambda v: 0,
)
OLD_CELLS_STAY = _second_of_blend.misconception(
    "The old numbers stay, and the new ones go half-way between them",
    "No new cell has its centre where an old one had it. Each old cell becomes two, and each of those leans "
    "a quarter towards its neighbour.",
    lambda v: 6 * v,
)
CORNERS_STAY = _second_of_blend.misconception(
    "The first and the last number stay, and the rest is spread evenly between them",
    "Other tools do that and call it aligned corners. Keras lays the two maps over each other edge to edge: "
    "the steps are a quarter and a half of the distance, and the rim is repeated.",
    lambda v: 4 * v,
)
FAR_CELL_WINS = _second_of_blend.misconception(
    "The neighbour gets the larger share",
    "The nearer centre gets it. That is the old cell in which the new one lies: ¾ of its own cell and ¼ of "
    "the neighbour.",
    lambda v: 9 * v,
)
LEFT_LEANS_RIGHT = Quantity(
    "the first number, when the row 0, 12·v is doubled",
    lambda v: round(truth.blended([0, 12 * v])[0]),
    BLEND_THE_NEIGHBOURS,
).misconception(
    "The left half of a cell leans to the right, and the right half to the left",
    "Each half leans to the side on which it lies. The left half is nearer to the cell on the left, j − 1, "
    "and the right half to j + 1.",
    lambda v: 3 * v,
)
PLAIN_MEAN = Quantity(
    "the third number, when the row 0, 12·v is doubled",
    lambda v: round(truth.blended([0, 12 * v])[2]),
    BLEND_THE_NEIGHBOURS,
).misconception(
    "A new cell is the mean of its own cell and the neighbour",
    "It would be, if it lay half-way between the two centres. It lies a quarter of the way, so its own cell "
    "counts three times as much.",
    lambda v: 6 * v,
)
RIM_BLENDS_WITH_ZERO = Quantity(
    "the first number, when the row 12·v is doubled", lambda v: round(truth.blended([12 * v])[0]), BLEND_THE_NEIGHBOURS
).misconception(
    "At the rim a cell is blended with a zero beyond the map",
    "There are no ghost cells here. Where no neighbour stands, the last cell counts for both.",
    lambda v: 9 * v,
)

# -- stamping -----------------------------------------------------------------------------------------------------

_transposed_size = Quantity("the size", truth.transposed_size, STAMP_THE_KERNEL)

TEXTBOOK_LENGTH = _transposed_size.misconception(
    "The size is (n − 1)·s + k, always",
    "So the textbooks say, and it is where the last stamp ends. But Keras gives each of the n cells at least "
    "its s cells: where the kernel is shorter than the step, it adds empty cells behind the last stamp.",
    lambda n, k, s: (n - 1) * s + k,
)
GAPS_ONLY_BETWEEN = Quantity("how many cells no stamp reaches", truth.never_stamped, STAMP_THE_KERNEL).misconception(
    "There is a gap only between two stamps",
    "The last stamp has its gap behind it too: n gaps of s − k, not n − 1.",
    lambda n, k, s: (n - 1) * max(s - k, 0),
)
ONLY_THE_STRIDE = _transposed_size.misconception(
    "A transposed convolution multiplies by its stride, and that is all",
    'With "same" it does. With "valid" the last stamp may reach further, by k − s cells.',
    lambda n, k, s: n * s,
)
STAMPS_SIDE_BY_SIDE = _transposed_size.misconception(
    "Each stamp begins where the one before it ends",
    "Each begins s cells after the one before it, however long it is. A longer stamp overlaps.",
    lambda n, k, s: n * k,
)
STRIDE_SHRINKS = _transposed_size.misconception(
    "A stride makes the map smaller",
    "In a convolution it does. In a transposed one the stride is how far apart the stamps are, and it makes "
    "the map larger.",
    lambda n, k, s: max((n - k) // s + 1, 0),
)
_where_stamps_meet = Quantity("the number where the stamps of a and b meet", truth.where_stamps_meet, STAMP_THE_KERNEL)
LAST_STAMP_WINS = _where_stamps_meet.misconception(
    "Where two stamps overlap, the later one wins",
    "Stamps add: each output cell is the sum of all the stamps that reach it.",
    lambda a, b: b,
)
STAMPS_ARE_ALIKE = _where_stamps_meet.misconception(
    "Every cell stamps the kernel as it is",
    "It stamps the kernel times its own number: a cell of 10 brings ten times as much as a cell of 1.",
    lambda a, b: 2,
)
STAMP_IS_TURNED = Quantity(
    "the first number that a single 1 stamps with the kernel v, w",
    lambda v, w: round(truth.stamped([1], [v, w], 2)[0]),
    STAMP_THE_KERNEL,
).misconception(
    "The kernel is turned around before it is stamped",
    "It is stamped as it is. It would be turned only if you wrote the layer as a plain convolution.",
    lambda v, w: w,
)
STAMPS_MOVE_BY_ONE = Quantity(
    "the cell where the stamp of cell j begins", truth.stamp_begins, STAMP_THE_KERNEL
).misconception(
    "Stamp j begins at cell j",
    "It begins at cell j·s: the stride is how far apart two stamps begin.",
    lambda j, s: j,
)

# -- there and back -----------------------------------------------------------------------------------------------

DECONVOLUTION = Quantity(
    "how many of the n·n numbers are back, at a stride of 1",
    lambda n: int(np.equal(*truth.there_and_back(n, 1)).sum()),
    CUT_TO_SAME,
).misconception(
    'A "deconvolution" undoes a convolution',
    "It can give the size back, and not the numbers. The convolution mixed them, and stamping the mixture "
    "mixes it once more.",
    lambda n: n * n,
)

_size_with_none_more = Quantity(
    'the size with k = 3, "same" and output_padding=0',
    lambda n, s: truth.transposed_size(n, 3, s, "same", 0),
    CHOOSE_THE_SIZE,
)

ZERO_IS_THE_DEFAULT = _size_with_none_more.misconception(
    "`output_padding=0` is what you get when you leave it out",
    'With "same", leaving it out makes n·s. Any number, 0 too, switches to another rule: '
    "(n − 1)·s + (k mod 2) + output_padding.",
    lambda n, s: n * s,
)

_size_with_one_more = Quantity(
    'the size with k = 3, s = 2, "same" and output_padding=1',
    lambda n: truth.transposed_size(n, 3, 2, "same", 1),
    CHOOSE_THE_SIZE,
)

ADDED_TO_THE_DEFAULT = _size_with_one_more.misconception(
    "`output_padding` is added to the size that would come out without it",
    "It is added to the *smallest* size that the way down could have come from. If n goes into the layer, "
    "that is (n − 1)·s + 1 for an odd kernel. The default is the largest, n·s.",
    lambda n: 2 * n + 1,
)
TAKEN_FROM_THE_LARGEST = _size_with_one_more.misconception(
    "`output_padding` says how many cells are missing from the largest size",
    "You counted down from the largest, n·s, if n goes into the layer. It counts up from the smallest.",
    lambda n: 2 * n - 1,
)
STEPS_WITHOUT_A_STAMP = _size_with_none_more.misconception(
    'With "same" the size is (n − 1)·s + output_padding',
    "If n goes into the layer, (n − 1)·s are the steps from the first stamp to the last. The last one counts "
    "as well: 1 more, for an odd kernel.",
    lambda n, s: (n - 1) * s,
)
ONE_WAY_BACK = Quantity(
    "the size that comes back, with a stride of 2 and the same settings both ways",
    lambda n: len(truth.there_and_back(n, 2)[1]),
    CHOOSE_THE_SIZE,
).misconception(
    "One setting leads back from every size",
    "Several sizes go down to the same one. On the way back one of them must be chosen, each time anew.",
    lambda n: n,
)

# -- how many stamps ----------------------------------------------------------------------------------------------

STAMPS_FALL_EVENLY = Quantity(
    "the difference between most and fewest stamps on a cell",
    lambda k, s: truth.stamps_inside(k, s)[-1] - truth.stamps_inside(k, s)[0],
    COUNT_THE_STAMPS,
).misconception(
    "Every output cell gets equally many stamps",
    "Only if s divides k. Otherwise neighbours get different numbers of stamps, and the output has a pattern "
    "that is not in the input. A larger kernel alone does not help.",
    lambda k, s: 0,
)
AS_A_CONVOLUTION = Quantity(
    "the most stamps on a cell", lambda k, s: truth.stamps_inside(k, s)[-1], COUNT_THE_STAMPS
).misconception(
    "Each cell is a sum over the whole kernel, as in a convolution",
    "With a stride above 1 only some of the kernel's cells meet an output cell: those of the few stamps that reach it.",
    lambda k, s: k * k,
)
