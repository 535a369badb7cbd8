"""What people believe of the sizes of the autoencoder: lessons 00 and 05."""

from __future__ import annotations

from course_utils.exercises import truth
from course_utils.exercises.catalogue import Misconception, Section

# The headings of the lesson that explain them; the tests look each of them up in its notebook.
_LESSON = "00_start_here.ipynb"

ASK_WHY = Section(_LESSON, "3. Ask why (10 minutes)")

SAME_KEEPS_SIZE = Misconception(
    name='"same" means the same size',
    sentence="It promises ⌈n / s⌉. That is n only when the window moves by one cell. A pooling window moves by more.",
    section=ASK_WHY,
    symbols=("n",),
    about="the size after pooling by 2",
    wrong_formula=lambda n: n,
    truth=truth.pooled_size,
    case=(2,),
)
PADDING_HALVES = Misconception(
    name="The padding decides how much smaller the map gets",
    sentence="The padding decides what happens at the border. How far the window moves each time is another argument.",
    section=ASK_WHY,
    symbols=("n",),
    about='the size after pooling with padding="valid"',
    wrong_formula=lambda n: n,
    truth=truth.valid_pooled_size,
    case=(2,),
)
WINDOW_HALVES = Misconception(
    name="The size of the pooling window halves the map",
    sentence="Only because `strides` is taken from `pool_size` when you do not give it. What divides is the step.",
    section=ASK_WHY,
    symbols=("n", "k"),
    about="the size after pooling with strides=2",
    wrong_formula=lambda n, k: -(-n // k),
    truth=truth.pool_by_two_size,
    case=(2, 1),
)
ROUNDS_DOWN = Misconception(
    name="Half of an odd size is rounded down",
    sentence='Without padding it is. With "same" the last, half-filled place counts too, so half of an odd size is '
    "rounded up.",
    section=ASK_WHY,
    symbols=("n",),
    about="the size after pooling by 2",
    wrong_formula=lambda n: n // 2,
    truth=truth.pooled_size,
    case=(1,),
)
DOUBLING_UNDOES = Misconception(
    name="Doubling undoes the halving",
    sentence="Upsampling only multiplies. It cannot know that a half was rounded up on the way down.",
    section=ASK_WHY,
    symbols=("n",),
    about="the size after halving and doubling",
    wrong_formula=lambda n: n,
    truth=truth.halved_and_doubled,
    case=(1,),
)
COMES_BACK = Misconception(
    name="An autoencoder returns the size it was given",
    sentence="Nothing in it looks at the size of the input. Each layer counts for itself, and the rest is luck.",
    section=ASK_WHY,
    symbols=("n",),
    about="the size that comes back",
    wrong_formula=lambda n: n,
    truth=truth.autoencoder_size,
    case=(1,),
)
HALVES_EVENLY = Misconception(
    name="What can be halved three times comes back",
    sentence='It would, if every convolution had `padding="same"`. The one that has none takes 2 away, '
    "and the doubling after it makes that 4.",
    section=ASK_WHY,
    symbols=("n",),
    about="the size that comes back",
    wrong_formula=lambda n: 8 * -(-n // 8),
    truth=truth.autoencoder_size,
    case=(1,),
)
