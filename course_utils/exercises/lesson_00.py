"""Lesson 00, "Start here": the autoencoder of Stack Overflow 46387056, its sizes, and what to find in them."""

from __future__ import annotations

from typing import Any

from course_utils.exercises import misconceptions as m, truth
from course_utils.exercises.answers import BadAnswer, spell, whole
from course_utils.exercises.core import Numbers
from course_utils.exercises.declare import Lesson
from course_utils.exercises.predictions import Choice
from course_utils.exercises.result import CheckFailed
from course_utils.keras_layers import LayerCode, run

lesson = Lesson("00")

# -- predictions --------------------------------------------------------------------------------------------------

sizes = lesson.prediction(
    "sizes",
    "A picture of 28 × 28 goes in. What is its size after each layer? (It stays as wide as it is high.)",
    [f"{i}. {line}" for i, line in enumerate(truth.AUTOENCODER, start=1)],
    lambda: truth.sizes(28),
    "Your answers wait here until lesson 05, where the puzzle is solved.",
    wrong=[
        (m.ROUNDS_DOWN, (28, 14, 14, 7, 7, 3, 3, 6, 6, 12, 10, 20, 20)),
        (m.DOUBLING_UNDOES, (28, 14, 14, 7, 7, 4, 4, 7, 7, 14, 12, 24, 24)),
        (m.SAME_KEEPS_SIZE, (28, 28, 28, 28, 28, 28, 28, 56, 56, 112, 110, 220, 220)),
        (m.SIZE_STAYS, (28, 14, 14, 7, 7, 4, 4, 8, 8, 16, 16, 32, 32)),
        (m.WINDOW_LOSES_K, (28, 14, 14, 7, 7, 4, 4, 8, 8, 16, 13, 26, 26)),
        (m.ONE_SIDE_LOST, (28, 14, 14, 7, 7, 4, 4, 8, 8, 16, 15, 30, 30)),
    ],
    tells_all=False,
)

other_size = lesson.prediction(
    "other_size",
    "A new model is built from the same 13 layers, for a picture of 32 × 32. What comes out of it?",
    [Choice("The output is", ("28 × 28", "32 × 32", "36 × 36", "an error"))],
    lambda: f"{truth.autoencoder_size(32)} × {truth.autoencoder_size(32)}",
    "The model gives back the size it was given for a few sizes only, and it never says so.",
    wrong=[(m.COMES_BACK, "32 × 32")],
)


look_back = lesson.look_back

# -- exercises ----------------------------------------------------------------------------------------------------


def _pooled(**settings: Any) -> str:
    """What one experiment with the pooling layer gives, as a sentence."""
    code = LayerCode("MaxPooling2D", settings)
    size = run(code.build(), truth.square(28)).shape[1]
    return f"`{code.text}` turns 28 into {size}."


def _check_first_halving(answer: Any) -> str:
    """Answer with experiments on the real layer."""
    word = answer.strip().lower() if isinstance(answer, str) else None
    if word == "strides":
        return _pooled(pool_size=2, strides=1, padding="same")
    if word == "padding":
        experiment = _pooled(pool_size=2, padding="valid")
        raise CheckFailed(
            f"Change the padding and nothing happens to the size: {experiment}",
            misconception=m.PADDING_HALVES,
            with_case=False,
        )
    if word == "pool_size":
        experiment = _pooled(pool_size=3, strides=2, padding="same")
        raise CheckFailed(
            f"Nearly. Change only the pool size and keep the step at 2: {experiment} The size is as before.",
            misconception=m.WINDOW_HALVES,
            with_case=False,
        )
    if word == "filters":
        raise CheckFailed(
            "A pooling layer has no filters. They are the channels of a convolution, and leave the size alone."
        )
    raise CheckFailed(f'You say {spell(answer)}. Choose one of the texts "padding", "strides", "pool_size".')


@lesson.cell(
    _check_first_halving,
    wrong=[(m.PADDING_HALVES, "padding"), (m.WINDOW_HALVES, "pool_size")],
    hints=[
        "Try it: change one argument, leave the others alone, and look at the size. This changes the padding: "
        '`keras.layers.MaxPooling2D((2, 2), padding="valid").compute_output_shape((None, 28, 28, 16))`',
        "The argument that you look for is not written in the asker's line. It has a value all the same: a default.",
        "How far does the window move from one place to the next? One of the three arguments says just that.",
    ],
    why="The window moves by `strides`, and a step of 2 leaves half as many places. The asker never wrote it: you have "
    "found a default at work. Lesson 03 shows where this 2 comes from.",
)
def first_halving():
    halves_the_map = "strides"
    return halves_the_map


@lesson.cell(
    Numbers(
        ("Its input size", "Its output size", "How many rows fewer"),
        # Before and after layer 11, the only one without padding.
        lambda: (*truth.sizes(28)[9:11], truth.sizes(28)[9] - truth.sizes(28)[10]),
        remarks={
            (16, 14, 60): "60 cells are lost in all: 16·16 − 14·14. Here, count the rows.",
            (16, 14, 1): "1 at each edge; count both.",
            (28, 14, 14): "That is the first pooling. Look for the `Conv2D` whose line does not say `padding`.",
            (14, 16, 2): "The two sizes are the other way round: what goes in comes first.",
            **dict.fromkeys(
                [(n, n, 0) for n in (28, 14, 7, 4, 8)],
                'That layer says `padding="same"`, so it keeps its size. Look for the `Conv2D` that says nothing.',
            ),
        },
    ),
    wrong=[(m.SIZE_STAYS, (16, 16, 0)), (m.WINDOW_LOSES_K, (16, 13, 3)), (m.ONE_SIDE_LOST, (16, 15, 1))],
    hints=[
        "Read the code of the model, not only the summary: six `Conv2D` say `padding`, and one does not.",
        "It is the last but one `Conv2D`: number 11 in your prediction.",
        "In the table of section 3, its row gives both: size in → size out.",
    ],
    why='Where nothing is said, `padding` is "valid": the window must stay on the map. A 3 × 3 window cannot be '
    "centred on the outermost rows and columns, so 16 becomes 14. You can now answer the second question.",
)
def lost_pixels():
    size_in = 16
    size_out = 14
    lost = 2
    return (size_in, size_out, lost)


@lesson.cell(
    Numbers(
        ("Its input size", "Its output size", "After two doublings"),
        # Before and after layer 6, and what two doublings make of the latter.
        lambda: (*truth.sizes(28)[4:6], truth.sizes(28)[9]),
        remarks={
            (7, 4, 8): "8 is 4 doubled once.",
            (28, 14, 56): "That is the first pooling, layer 2. The third is layer 6.",
            (14, 7, 28): "That is the second pooling, layer 4. The third is layer 6.",
            (4, 7, 16): "The first two are the other way round: what goes in comes first.",
        },
    ),
    wrong=[(m.ROUNDS_DOWN, (7, 3, 12)), (m.DOUBLING_UNDOES, (7, 4, 14)), (m.SAME_KEEPS_SIZE, (7, 7, 28))],
    hints=[
        "The pooling layers are layers 2, 4 and 6. Find the third in the table of section 3: size in → size out.",
        "What comes out of layer 5 goes into layer 6. It is odd, so it has no half. Which way does Keras round?",
        "Doubling does not ask where a size came from: 4, then 8, then …",
    ],
    why='7 has no half; with `padding="same"` Keras rounds up, to 4. Doubled twice, that is 16, and not the 14 you met '
    "on the way down. Doubling cannot undo rounding, and you have just seen where it fails.",
)
def read_the_table():
    third_in = 7
    third_out = 4
    doubled_twice = 16
    return (third_in, third_out, doubled_twice)


def _padded_and_still_loses(said: tuple[int, ...]) -> CheckFailed | None:
    """Tell who takes 2 away in a convolution that is padded."""
    if said[2] != said[1] - 2:
        return None
    return CheckFailed(
        'You take 2 away in layer 3. Its line says `padding="same"`: with a step of 1 it keeps the size.'
    )


@lesson.cell(
    Numbers(
        tuple(f"After layer {i}, `{line}`" for i, line in enumerate(truth.FIRST_UNPADDED, start=1)),
        lambda: truth.sizes(28, truth.FIRST_UNPADDED),
        explain=_padded_and_still_loses,
    ),
    wrong=[
        (m.ROUNDS_DOWN, (26, 13, 13, 6, 6, 3, 3, 6, 6, 12, 10, 20, 20)),
        (m.DOUBLING_UNDOES, (26, 13, 13, 7, 7, 4, 4, 7, 7, 14, 12, 24, 24)),
        (m.SAME_KEEPS_SIZE, (26, 26, 26, 26, 26, 26, 26, 52, 52, 104, 102, 204, 204)),
        (m.SIZE_STAYS, (26, 13, 13, 7, 7, 4, 4, 8, 8, 16, 16, 32, 32)),
        (m.WINDOW_LOSES_K, (26, 13, 13, 7, 7, 4, 4, 8, 8, 16, 13, 26, 26)),
        (m.ONE_SIDE_LOST, (26, 13, 13, 7, 7, 4, 4, 8, 8, 16, 15, 30, 30)),
        (m.SIZE_STAYS, (28, 14, 14, 7, 7, 4, 4, 8, 8, 16, 14, 28, 28)),
        (m.SIZE_STAYS, (28, 14, 14, 7, 7, 4, 4, 8, 8, 16, 16, 32, 32)),
        (m.WINDOW_LOSES_K, (25, 13, 13, 7, 7, 4, 4, 8, 8, 16, 13, 26, 26)),
        (m.ONE_SIDE_LOST, (27, 14, 14, 7, 7, 4, 4, 8, 8, 16, 15, 30, 30)),
    ],
    hints=[
        "Only layer 1 has changed. What did the other unpadded layer do to its input? Layer 1 does the same to 28.",
        'Go on one layer at a time: a `Conv2D` with "same" keeps the size, pooling halves it and rounds up, '
        "`UpSampling2D` doubles it.",
        "26 → 13 → 13 → 7 → … From 7 on you have seen it all before.",
    ],
    why="The 2 pixels that layer 1 takes disappear in the rounding: 28 → 14 → 7 and 26 → 13 → 7 meet at 7. "
    "The last size is the same, the sizes on the way are not. You can now follow a size through a whole network.",
)
def no_padding_twice():
    my_sizes = [26, 13, 13, 7, 7, 4, 4, 8, 8, 16, 14, 28, 28]
    return my_sizes


_LARGEST = 59


def _check_another_size(answer: Any) -> str:
    """Run the model on an image of that size."""
    n = _image_size(answer)
    sizes_for_n = truth.sizes(n)
    walk = f"Keras: {truth.changes(n, sizes_for_n)}."
    if sizes_for_n[-1] == n:
        return f"{n} goes in and {n} comes out. {walk}"
    misconception = m.HALVES_EVENLY if n % 8 == 0 else None
    raise CheckFailed(
        f"{n} goes in, and {sizes_for_n[-1]} comes out. {walk}", misconception=misconception, with_case=False
    )


def _image_size(answer: Any) -> int:
    """A size to try. Stops with a sentence for any that cannot be tried or is no answer."""
    try:
        n = whole(answer)
    except BadAnswer as problem:
        raise CheckFailed(f"You say {spell(answer)}; {problem}") from None
    if n < 1:
        raise CheckFailed(f"You say {n}. An image has at least one pixel.")
    if n == 28:
        raise CheckFailed("28 does come back. That one we know; find another.")
    if n > _LARGEST:
        raise CheckFailed(f"You say {n}. Look for one below {_LARGEST + 1}; there are several.")
    return n


@lesson.cell(
    _check_another_size,
    wrong=[(m.HALVES_EVENLY, 32), (m.HALVES_EVENLY, 16)],
    hints=[
        "Try a few. Each check shows all the sizes on the way, so a wrong answer is an experiment too.",
        "Look at the code size, after the third pooling. Which last size belongs to a code of 2? Of 3? Of 4?",
        "From a code of c the model gives 8·c − 4. So try the numbers of that form.",
    ],
    why="You have found a size that comes back; most do not. Is there a pattern in those that do? Lesson 05 has "
    "the answer.",
)
def another_size():
    lucky = 36
    return lucky
