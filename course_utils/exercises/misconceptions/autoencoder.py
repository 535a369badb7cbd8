"""What people believe of the sizes of the autoencoder: lessons 00 and 05."""

from __future__ import annotations

from course_utils.exercises import truth
from course_utils.exercises.catalogue import Quantity, Section

# The headings of the lesson that explain them; the tests look each of them up in its notebook.
_LESSON = "00_start_here.ipynb"

ASK_WHY = Section(_LESSON, "3. Ask why (10 minutes)")

_pooled_size = Quantity("the size after pooling by 2", truth.pooled_size, ASK_WHY)

SAME_KEEPS_SIZE = _pooled_size.misconception(
    '"same" means the same size',
    "It is about the border. The size stays only when the window moves by one cell; a pooling window moves by more.",
    lambda n: n,
)
PADDING_HALVES = Quantity(
    'the size after pooling with padding="valid"', truth.valid_pooled_size, ASK_WHY
).misconception(
    "The padding decides how much smaller the map gets",
    "The padding decides what happens at the border. How far the window moves each time is another argument.",
    lambda n: n,
)
WINDOW_HALVES = Quantity(
    "the size after pooling with strides=2",
    lambda n, k: truth.size_of("MaxPooling2D", n, pool_size=k, strides=2, padding="same"),
    ASK_WHY,
).misconception(
    "The size of the pooling window halves the map",
    "If the step stays, a larger window leaves the size as it is. What divides is the step.",
    lambda n, k: -(-n // k),
)
ROUNDS_DOWN = _pooled_size.misconception(
    "Half of an odd size is rounded down",
    'Without padding it is. With "same" the last, half-filled place counts too, so half of an odd size is rounded up.',
    lambda n: n // 2,
)
DOUBLING_UNDOES = Quantity(
    "the size after halving and doubling", lambda n: truth.down_and_up(n, 2)[1], ASK_WHY
).misconception(
    "Doubling undoes the halving",
    "Upsampling only multiplies. It cannot know that a half was rounded up on the way down.",
    lambda n: n,
)

_autoencoder_size = Quantity("the size that comes back", truth.autoencoder_size, ASK_WHY)

COMES_BACK = _autoencoder_size.misconception(
    "An autoencoder returns the size it was given",
    "Nothing in it looks at the size of the input. Each layer works out its own size, and the rest is luck.",
    lambda n: n,
)
HALVES_EVENLY = _autoencoder_size.misconception(
    "What can be halved three times comes back",
    'It would, if every convolution had `padding="same"`. The one that has none takes 2 away, '
    "and the doubling after it makes that 4.",
    lambda n: 8 * -(-n // 8),
)
