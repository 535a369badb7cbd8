"""Lesson 00, "Start here": the autoencoder of Stack Overflow 46387056, its sizes, and what to find in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_utils.exercises import misconceptions as m, predictions, truth
from course_utils.exercises.answers import BadAnswer, spell, whole
from course_utils.exercises.catalogue import KnownWrongAnswer
from course_utils.exercises.core import Exercise, Numbers
from course_utils.exercises.predictions import Choice, Number, Prediction
from course_utils.exercises.result import CheckFailed, Result, right, wrong
from course_utils.keras_layers import LayerCode, run

_LABELS = tuple(f"{i}. {line}" for i, line in enumerate(truth.AUTOENCODER, start=1))


def _half_up(n: int) -> int:
    return -(-n // 2)


def believed_sizes(
    n: int,
    first: Callable[[int], int] = lambda n: n,
    pool: Callable[[int], int] = _half_up,
    double: Callable[[int], int] = lambda n: 2 * n,
    unpadded: Callable[[int], int] = lambda n: n - 2,
) -> tuple[int, ...]:
    """The sizes after the 13 layers, as someone works them out who takes these rules for the kinds of layers.

    The rules are exchanged one at a time for wrong ones, to foretell wrong answers.
    """

    def keep(n: int) -> int:
        return n

    sizes = []
    for rule in (first, pool, keep, pool, keep, pool, keep, double, keep, double, unpadded, double, keep):
        n = rule(n)
        sizes.append(n)
    return tuple(sizes)


def _undone(n: int) -> int:
    """Doubling as the way back of the halvings of 28: 4 to 7, 7 to 14."""
    return {4: 7}.get(n, 2 * n)


def _slips_of_sizes(n: int, first: Callable[[int], int], unpadded_first: bool) -> tuple[KnownWrongAnswer, ...]:
    """The known wrong ways to follow the sizes."""
    told = {"first": first}
    slips = [
        KnownWrongAnswer(m.ROUNDS_DOWN, believed_sizes(n, pool=lambda n: n // 2, **told)),
        KnownWrongAnswer(m.DOUBLING_UNDOES, believed_sizes(n, double=_undone, **told)),
        KnownWrongAnswer(m.SAME_KEEPS_SIZE, believed_sizes(n, pool=lambda n: n, **told)),
        KnownWrongAnswer(m.SIZE_STAYS, believed_sizes(n, unpadded=lambda n: n, **told)),
        KnownWrongAnswer(m.WINDOW_LOSES_K, believed_sizes(n, unpadded=lambda n: n - 3, **told)),
        KnownWrongAnswer(m.ONE_SIDE_LOST, believed_sizes(n, unpadded=lambda n: n - 1, **told)),
    ]
    if unpadded_first:
        slips += [
            KnownWrongAnswer(m.SIZE_STAYS, believed_sizes(n)),
            KnownWrongAnswer(m.SIZE_STAYS, believed_sizes(n, unpadded=lambda n: n)),
            KnownWrongAnswer(m.WINDOW_LOSES_K, believed_sizes(n, first=lambda n: n - 3, unpadded=lambda n: n - 3)),
            KnownWrongAnswer(m.ONE_SIDE_LOST, believed_sizes(n, first=lambda n: n - 1, unpadded=lambda n: n - 1)),
        ]
    return tuple(slips)


# -- predictions --------------------------------------------------------------------------------------------------

sizes = Prediction(
    lesson="00",
    name="sizes",
    question="A picture of 28 × 28 goes in. What is its size after each layer? (It stays as wide as it is high.)",
    fields=tuple(map(Number, _LABELS)),
    truth=lambda: truth.sizes(28),
    sentence="Your answers are kept until the puzzle is solved, in lesson 05.",
    slips=_slips_of_sizes(28, first=lambda n: n, unpadded_first=False),
    tells_all=False,
)

other_size = Prediction(
    lesson="00",
    name="other_size",
    question="A new model is built from the same 13 layers, for a picture of 32 × 32. What comes out of it?",
    fields=(Choice("The output is", ("28 × 28", "32 × 32", "36 × 36", "an error")),),
    truth=lambda: (f"{truth.autoencoder_size(32)} × {truth.autoencoder_size(32)}",),
    sentence="The model gives back the size it was given for a few sizes only, and it never says so.",
    slips=(KnownWrongAnswer(m.COMES_BACK, ("32 × 32",)),),
)


def look_back() -> None:
    """Show what you expected in this lesson, and what came."""
    predictions.look_back("00")


# -- exercises ----------------------------------------------------------------------------------------------------


def _pooled(**settings: Any) -> str:
    """What one experiment with the pooling layer gives, as a sentence."""
    code = LayerCode("MaxPooling2D", settings)
    size = run(code.build(), truth.square(28)).shape[1]
    return f"`{code.text}` turns 28 into {size}."


def _check_first_halving(answer: Any) -> Result:
    """Answer with experiments on the real layer."""
    word = answer.strip().lower() if isinstance(answer, str) else None
    if word == "strides":
        return right(_pooled(pool_size=2, strides=1, padding="same"))
    if word == "padding":
        experiment = _pooled(pool_size=2, padding="valid")
        return wrong(
            f"Change the padding and nothing happens to the size: {experiment}",
            misconception=m.PADDING_HALVES,
            with_case=False,
        )
    if word == "pool_size":
        experiment = _pooled(pool_size=3, strides=2, padding="same")
        return wrong(
            f"Nearly. Change it alone, with the step held at 2: {experiment} The size is as before.",
            misconception=m.WINDOW_HALVES,
            with_case=False,
        )
    if word == "filters":
        return wrong(
            "A pooling layer has no filters. They are the channels of a convolution, and leave the size alone."
        )
    return wrong(f'You say {spell(answer)}. Choose one of the texts "padding", "strides", "pool_size".')


first_halving = Exercise(
    name="first_halving",
    answer="halves_the_map",
    checker=_check_first_halving,
    hints=(
        "Try it: change one argument, leave the others alone, and look at the size. This changes the padding: "
        '`keras.layers.MaxPooling2D((2, 2), padding="valid").compute_output_shape((None, 28, 28, 16))`',
        "The argument that you look for is not written in the asker's line. It has a value all the same: a default.",
        "How far does the window move from one place to the next? In pooling that is `pool_size`, unless you say "
        "otherwise with an argument of its own.",
    ),
    solution_code='halves_the_map = "strides"',
    why="The window moves by `strides`, and a pooling layer takes that from `pool_size` when you do not give it. "
    "A step of 2 leaves half as many places. The padding only decides what happens at the border.",
    slips=(KnownWrongAnswer(m.PADDING_HALVES, "padding"), KnownWrongAnswer(m.WINDOW_HALVES, "pool_size")),
)


def _at_the_unpadded_layer() -> tuple[int, int, int]:
    """Sizes before and after layer 11, the only one without padding, and their difference."""
    before, after = truth.sizes(28)[9:11]
    return before, after, before - after


_LOST_SLIPS = (
    KnownWrongAnswer(m.SIZE_STAYS, (16, 16, 0)),
    KnownWrongAnswer(m.WINDOW_LOSES_K, (16, 13, 3)),
    KnownWrongAnswer(m.ONE_SIDE_LOST, (16, 15, 1)),
)

lost_pixels = Exercise(
    name="lost_pixels",
    answer="(size_in, size_out, lost)",
    checker=Numbers(
        ("Its input size", "Its output size", "How many rows fewer"),
        _at_the_unpadded_layer,
        _LOST_SLIPS,
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
    hints=(
        "Read the code of the model, not only the summary: six `Conv2D` say `padding`, and one does not.",
        "It is the last but one `Conv2D`: number 11 in your prediction.",
        "In the table of section 3, its row gives both: size in → size out.",
    ),
    solution_code="size_in = 16\nsize_out = 14\nlost = 2",
    why='Where nothing is said, `padding` is "valid": the window must stay on the map. A 3 × 3 window cannot be '
    "centred on the outermost rows and columns, so 16 becomes 14.",
    slips=_LOST_SLIPS,
)


def _third_pooling_and_back() -> tuple[int, int, int]:
    """Sizes before and after layer 6, and what two doublings make of the latter."""
    before, after = truth.sizes(28)[4:6]
    return before, after, truth.sizes(28)[9]


_TABLE_SLIPS = (
    KnownWrongAnswer(m.ROUNDS_DOWN, (7, 3, 12)),
    KnownWrongAnswer(m.DOUBLING_UNDOES, (7, 4, 14)),
    KnownWrongAnswer(m.SAME_KEEPS_SIZE, (7, 7, 28)),
)

read_the_table = Exercise(
    name="read_the_table",
    answer="(third_in, third_out, doubled_twice)",
    checker=Numbers(
        ("Its input size", "Its output size", "After two doublings"),
        _third_pooling_and_back,
        _TABLE_SLIPS,
        remarks={
            (7, 4, 8): "8 is 4 doubled once.",
            (28, 14, 56): "That is the first pooling, layer 2. The third is layer 6.",
            (14, 7, 28): "That is the second pooling, layer 4. The third is layer 6.",
            (4, 7, 16): "The first two are the other way round: what goes in comes first.",
        },
    ),
    hints=(
        "The pooling layers are layers 2, 4 and 6. Find the third in the table of section 3: size in → size out.",
        "What comes out of layer 5 goes into layer 6. It is odd, so it has no half. Which way does Keras round?",
        "Doubling asks nobody where a size came from: 4, then 8, then …",
    ),
    solution_code="third_in = 7\nthird_out = 4\ndoubled_twice = 16",
    why='7 has no half; with `padding="same"` Keras rounds up, to 4. Two doublings make 16 of it and not the 14 that '
    "stood there on the way down. Doubling cannot undo rounding.",
    slips=_TABLE_SLIPS,
)

_TWICE_SLIPS = _slips_of_sizes(28, first=lambda n: n - 2, unpadded_first=True)

no_padding_twice = Exercise(
    name="no_padding_twice",
    answer="my_sizes",
    checker=Numbers(
        tuple(f"After layer {i}, `{line}`" for i, line in enumerate(truth.FIRST_UNPADDED, start=1)),
        lambda: truth.sizes(28, truth.FIRST_UNPADDED),
        _TWICE_SLIPS,
    ),
    hints=(
        "Only layer 1 has changed. What did the other unpadded layer do to its input? Layer 1 does the same to 28.",
        'Go on one layer at a time: a `Conv2D` with "same" keeps the size, pooling halves it and rounds up, '
        "`UpSampling2D` doubles it.",
        "26 → 13 → 13 → 7 → … From 7 on you have seen it all before.",
    ),
    solution_code="my_sizes = [26, 13, 13, 7, 7, 4, 4, 8, 8, 16, 14, 28, 28]",
    why="The 2 pixels that layer 1 takes are gone in the rounding: 28 → 14 → 7 and 26 → 13 → 7 meet at 7. "
    "The last size is the same although the sizes on the way are not, which is why the last size alone proves little.",
    slips=_TWICE_SLIPS,
)

_LARGEST = 59


def _check_another_size(answer: Any) -> Result:
    """Run the model on an image of that size."""
    n = _image_size(answer)
    sizes_for_n = truth.sizes(n)
    walk = f"Keras: {truth.changes(n, sizes_for_n)}."
    if sizes_for_n[-1] == n:
        return right(f"{n} goes in and {n} comes out. {walk}")
    slip = m.HALVES_EVENLY if n % 8 == 0 else None
    return wrong(f"{n} goes in, and {sizes_for_n[-1]} comes out. {walk}", misconception=slip, with_case=False)


def _image_size(answer: Any) -> int:
    """A size to try. Stops with a sentence for any that cannot be tried or is no answer."""
    try:
        n = whole(answer)
    except BadAnswer as problem:
        raise CheckFailed(wrong(f"You say {spell(answer)}; {problem}")) from None
    if n < 1:
        raise CheckFailed(wrong(f"You say {n}. An image has at least one pixel."))
    if n == 28:
        raise CheckFailed(wrong("28 does come back. That one we know; find another."))
    if n > _LARGEST:
        raise CheckFailed(wrong(f"You say {n}. Look for one below {_LARGEST + 1}; there are several."))
    return n


another_size = Exercise(
    name="another_size",
    answer="lucky",
    checker=_check_another_size,
    hints=(
        "Try a few. Each check shows all the sizes on the way, so a wrong answer is an experiment too.",
        "Look at the code size, after the third pooling. Which last size belongs to a code of 2? Of 3? Of 4?",
        "From a code of c the model gives 8·c − 4. So try the numbers of that form.",
    ),
    solution_code="lucky = 36",
    why="Several sizes come back, and most do not. Is there a pattern in those that do? Lesson 05 has the answer.",
    slips=(KnownWrongAnswer(m.HALVES_EVENLY, 32), KnownWrongAnswer(m.HALVES_EVENLY, 16)),
)
