"""Lesson 02, "Take bigger steps": strides, rows that nobody reads, one-sided padding, ports, dilation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

from course_utils.exercises import misconceptions as m, networks, predictions, truth
from course_utils.exercises.answers import BadAnswer, whole_numbers
from course_utils.exercises.catalogue import KnownWrongAnswer, Misconception, slips_of
from course_utils.exercises.core import AgainstKeras, Exercise, Numbers, equals, pair
from course_utils.exercises.networks import Map
from course_utils.exercises.predictions import Choice, Number, Prediction
from course_utils.exercises.result import CheckFailed, Result, right, wrong
from course_utils.keras_layers import Layer, kind_of, load_keras, run

# -- predictions --------------------------------------------------------------------------------------------------

_THREE, _FOUR, _ERROR = "3 × 3", "4 × 4", "an error"


def _by_itself(n: int) -> str:
    return f"{n} × {n}"


steps = Prediction(
    lesson="02",
    name="steps",
    question="A 3 × 3 window stands on an 8 × 8 map, without padding, and moves by 2 cells at a time. (8 − 3) / 2 is "
    "two and a half. What comes out, and how many of the 8 rows does no window ever read?",
    fields=(Choice("What comes out", (_THREE, _FOUR, _ERROR)), Number("Rows that no window reads")),
    truth=lambda: (_by_itself(truth.valid_step_size(8, 3, 2)), truth.never_read(8, 3, 2)),
    sentence="Two whole steps, and the place where the window starts: three places. Half a step is not made.",
    slips=(
        KnownWrongAnswer(m.LAST_STEP_COUNTS, (_FOUR, 0)),
        KnownWrongAnswer(m.FRACTION_IS_REFUSED, (_ERROR, 0)),
        KnownWrongAnswer(m.EVERY_ROW_IS_READ, (_THREE, 0)),
    ),
)

promise = Prediction(
    lesson="02",
    name="promise",
    question='`Conv2D` with `padding="same"` and `strides=2` on a 7 × 7 map: what size comes out with a 3 × 3 kernel, '
    "and what size with a 5 × 5 kernel?",
    fields=(Number("Size with k = 3"), Number("Size with k = 5")),
    truth=lambda: (truth.same_step_size(7, 3, 2), truth.same_step_size(7, 5, 2)),
    sentence='"same" divides by the stride and rounds up. The kernel has no say in it.',
    slips=tuple(
        KnownWrongAnswer(belief, (belief.wrong_formula(7, 3, 2), belief.wrong_formula(7, 5, 2)))
        for belief in (m.SAME_WHATEVER_THE_STRIDE, m.SAME_ROUNDS_DOWN, m.SAME_LOSES_A_WINDOW)
    ),
)

one_sided = Prediction(
    lesson="02",
    name="one_sided",
    question='A 3 × 3 kernel, an 8 × 8 map, `padding="same"`, and a stride of 2: how many ghost rows does Keras add '
    "above the map, and how many below?",
    fields=(Number("Above"), Number("Below")),
    truth=lambda: truth.same_step_pads(8, 3, 2),
    sentence="Four windows, 2 apart, span 9 rows. The map has 8, so one ghost is enough, and it goes after.",
    slips=(
        KnownWrongAnswer(m.BOTH_SIDES_ALIKE, m.BOTH_SIDES_ALIKE.wrong_formula(8, 3, 2)),
        KnownWrongAnswer(m.FIRST_SIDE_FIRST, (1, 0)),
    ),
)

_NONE, _RIM, _ALL = "none of them", "only those at the rim", "every one of them"


def _which_differ(n: int) -> str:
    same, symmetric = truth.ports(n)
    differ = same != symmetric
    if not differ.any():
        return _NONE
    return _ALL if differ.all() else _RIM


port_values = Prediction(
    lesson="02",
    name="port_values",
    question="The same 3 × 3 kernel with a stride of 2 runs twice over the same 8 × 8 map of numbers that are all "
    'different: once with "same" (0 ghosts before, 1 after), once with PyTorch\'s `padding=1` (1 before, 1 after). '
    '"same" gives 4 × 4. What size does `padding=1` give, and which of the values differ?',
    fields=(Number("Size with padding=1"), Choice("The values that differ", (_NONE, _RIM, _ALL))),
    truth=lambda: (len(truth.ports(8)[1]), _which_differ(8)),
    sentence="One ghost more before the map moves the first window by one cell, and every window after it.",
    slips=(
        KnownWrongAnswer(m.EQUAL_SIZES_EQUAL_VALUES, (4, _NONE)),
        KnownWrongAnswer(m.ONLY_THE_RIM_DIFFERS, (4, _RIM)),
    ),
)

spread = Prediction(
    lesson="02",
    name="spread",
    question="A 3 × 3 kernel gets `dilation_rate=3`: its cells now lie 3 apart. How many cells does it span along one "
    "side, from the first to the last, both counted? And how many weights does the kernel have?",
    fields=(Number("Cells from the first to the last"), Number("Weights")),
    truth=lambda: (truth.span(3, 3), truth.spread_weights(3, 3)),
    sentence="Three cells and a gap of two between each two of them: ● ○ ○ ● ○ ○ ●. Nothing is read in the gaps.",
    slips=(
        KnownWrongAnswer(m.SPAN_IS_K_TIMES_D, (9, 9)),
        KnownWrongAnswer(m.SPAN_IS_K_TIMES_D, (9, 81)),
        KnownWrongAnswer(m.SPAN_STAYS_K, (3, 9)),
        KnownWrongAnswer(m.SPAN_WITHOUT_END, (6, 9)),
        KnownWrongAnswer(m.ONE_GAP_ONLY, (5, 9)),
        KnownWrongAnswer(m.SPREADING_ADDS_WEIGHTS, (7, 49)),
    ),
)

together = Prediction(
    lesson="02",
    name="together",
    question="`DepthwiseConv2D(3, strides=2, dilation_rate=2)`, without padding, on an 11 × 11 map: how long is the "
    "window with its holes, and what size comes out?",
    fields=(Number("k_eff"), Number("Output size")),
    truth=lambda: (truth.span(3, 2), truth.stepped_and_spread_size(11, 3, 2, 2)),
    sentence="First the window with its holes, then the steps: each formula does its part.",
    slips=(
        KnownWrongAnswer(m.SPAN_IS_K_TIMES_D, (6, 3)),
        KnownWrongAnswer(m.SPAN_STAYS_K, (3, 5)),
        KnownWrongAnswer(m.ONE_GAP_ONLY, (4, 4)),
        KnownWrongAnswer(m.ONLY_THE_STEPS, (5, 3)),
    ),
)


def look_back() -> None:
    """Show what you expected in this lesson, and what came."""
    predictions.look_back("02")


# -- stepped_size -------------------------------------------------------------------------------------------------

_STEP_SLIPS = (
    *slips_of(
        m.ONLY_THE_STEPS,
        m.LAST_STEP_COUNTS,
        m.PLACES_ARE_DIVIDED,
        m.STRIDE_ALONE_DIVIDES,
        m.NEAREST_NUMBER_OF_STEPS,
        m.MINUS_COMES_FIRST,
    ),
    KnownWrongAnswer(m.STRIDE_ALONE_DIVIDES, lambda n, k, s: n // s),
)

stepped_size = Exercise(
    name="stepped_size",
    answer="stepped_size",
    checker=AgainstKeras(
        symbols=("n", "k", "s"),
        cases=(
            (8, 3, 2),
            (7, 3, 2),
            *((n, k, s) for n in range(1, 11) for k in range(1, min(n, 5) + 1) for s in (1, 2, 3, 4)),
            (28, 5, 3),
        ),
        differ=equals(truth.valid_step_size),
        layer='`Conv2D(…, strides=s, padding="valid")`',
        slips=_STEP_SLIPS,
    ),
    hints=(
        "The window starts at row 0 and its last row must stay on the map. How many rows can it move in all?",
        "It can move n − k rows. How many whole steps of s are in n − k? Python rounds down with `//`.",
        "Those are the steps. The place before the first step counts as well.",
    ),
    solution_code="""\
def stepped_size(n, k, s):
    return (n - k) // s + 1""",
    why="⌊(n − k) / s⌋ whole steps, and the place where the window starts.",
    slips=_STEP_SLIPS,
)

# -- step_pads ----------------------------------------------------------------------------------------------------


def _total(n: int, k: int, s: int) -> int:
    """The ghosts in all, as the real layer has them."""
    return sum(truth.same_step_pads(n, k, s))


_PAD_SLIPS = (
    *slips_of(
        m.BOTH_SIDES_ALIKE,
        m.STRIDE_NEEDS_AS_MANY,
        m.FIRST_SIDE_FIRST,
        m.LESS_THAN_NONE,
        m.GHOSTS_WITHOUT_N,
        m.AS_MANY_STEPS_AS_WINDOWS,
        m.ROUND_TAKES_THE_HALF_DOWN,
    ),
    KnownWrongAnswer(m.BOTH_SIDES_ALIKE, lambda n, k, s: (_total(n, k, s) // 2,) * 2),
    KnownWrongAnswer(m.BOTH_SIDES_ALIKE, lambda n, k, s: ((k - 1) // 2,) * 2),
)

step_pads = Exercise(
    name="step_pads",
    answer="step_pads",
    checker=AgainstKeras(
        symbols=("n", "k", "s"),
        cases=(
            (8, 3, 2),
            (7, 3, 2),
            (8, 2, 2),
            *((n, k, s) for n in range(1, 9) for k in range(1, 6) for s in (1, 2, 3)),
            (28, 5, 3),
        ),
        differ=equals(truth.same_step_pads),
        layer='`Conv2D(…, strides=s, padding="same")`',
        read=pair,
        slips=_PAD_SLIPS,
    ),
    hints=(
        "Begin with the size: `o = -(-n // s)` is n / s, rounded up. From the first window to the last there are "
        "o − 1 steps.",
        "The first window starts, say, at 0. The last one starts at (o − 1)·s and is k long. How long is the row that "
        "they need? How much longer is that than n?",
        "If the map is longer than what the windows need, nothing is added: `max(…, 0)`. "
        "Then half of it, rounded down, goes before, and the rest after.",
    ),
    solution_code="""\
def step_pads(n, k, s):
    o = -(-n // s)
    total = max((o - 1) * s + k - n, 0)
    before = total // 2
    after = total - before
    return before, after""",
    why="o windows that are s apart need (o − 1)·s + k cells in a row. What n lacks is added, the odd one after.",
    slips=_PAD_SLIPS,
)

# -- on_the_way ---------------------------------------------------------------------------------------------------


def _first_of_resnet() -> tuple[int, ...]:
    before, after = truth.same_step_pads(224, 7, 2)
    return truth.same_step_size(224, 7, 2), before + after, before, after, 224 + before + after


_RESNET_SLIPS = (
    KnownWrongAnswer(m.BOTH_SIDES_ALIKE, (112, 6, 3, 3, 230)),
    KnownWrongAnswer(m.FIRST_SIDE_FIRST, (112, 5, 3, 2, 229)),
    KnownWrongAnswer(m.SAME_WHATEVER_THE_STRIDE, (224, 6, 3, 3, 230)),
    KnownWrongAnswer(m.SAME_LOSES_A_WINDOW, (109, 0, 0, 0, 224)),
)

_ON_THE_WAY = Numbers(
    labels=(
        "The output size",
        "The ghosts in all",
        "The ghosts before",
        "The ghosts after",
        "The size with the ghosts",
    ),
    truth=_first_of_resnet,
    slips=_RESNET_SLIPS,
    remarks={(112, 6, 3, 3, 230): "112 is right, and the way there is not Keras's: look at the ghosts."},
    expected="I look for five numbers: the output size, the ghosts in all, before and after, and the size with them.",
)


def _check_on_the_way(answer: Any) -> str | Result:
    """Compare the five numbers; a size of *valid* and swapped sides are told by a case that was in the lesson."""
    try:
        return _ON_THE_WAY(answer)
    except CheckFailed as failed:
        result = failed.result
    try:
        said, true = whole_numbers(answer, 5), _first_of_resnet()
    except BadAnswer:
        return result
    if said[0] == truth.valid_step_size(224, 7, 2):
        return wrong(
            f"The output size: {said[0]} is what *valid* makes of it. Here it is *same*.",
            misconception=m.SAME_LOSES_A_WINDOW,
        )
    if said == (*true[:2], true[3], true[2], true[4]):
        before, after = truth.same_step_pads(8, 3, 2)
        return wrong(
            "The sizes and the ghosts in all are right, and the two sides are swapped. "
            f"For n = 8, k = 3, s = 2 Keras has {before} before and {after} after.",
            misconception=m.FIRST_SIDE_FIRST,
            with_case=False,
        )
    return result


on_the_way = Exercise(
    name="on_the_way",
    answer="(output, total, before, after, padded)",
    checker=_check_on_the_way,
    hints=(
        "The output first: ⌈n / s⌉.",
        "112 windows, 2 apart, the last one 7 long: what is (112 − 1)·2 + 7? How many more is that than 224?",
        "5 cannot be halved: the smaller half goes before. The size with the ghosts is 224 plus all of them. "
        "To prove it: ⌊(229 − 7) / 2⌋ + 1 must be the output size again.",
    ),
    solution_code="""\
output = 112
total = 5
before = 2
after = 3
padded = 229""",
    why="(112 − 1)·2 + 7 = 229 rows are needed and 224 are there. PyTorch's ResNet adds 3 on each side, gets 230, and "
    "makes 112 of it too: the last ghost is never read. Of the sizes, only those on the way tell the two apart. "
    "But every window stands elsewhere, so the values differ: PyTorch's first one starts at row −3, this one at row "
    "−2.",
    slips=_RESNET_SLIPS,
)

# -- dilated_size -------------------------------------------------------------------------------------------------


def _with_span(span: Callable[[int, int], int]) -> Callable[[int, int, int], int]:
    """The size of *valid*, for someone who believes this of the span of a window."""
    return lambda n, k, d: n - span(k, d) + 1


_SPREAD_SLIPS = (
    *(
        KnownWrongAnswer(belief, _with_span(belief.wrong_formula))
        for belief in (m.SPAN_IS_K_TIMES_D, m.SPAN_STAYS_K, m.SPAN_WITHOUT_END, m.ONE_GAP_ONLY)
    ),
    KnownWrongAnswer(m.DILATION_IS_A_STRIDE, m.DILATION_IS_A_STRIDE.wrong_formula),
    KnownWrongAnswer(m.WINDOW_LOSES_K, lambda n, k, d: m.WINDOW_LOSES_K.wrong_formula(n, (k - 1) * d + 1)),
)

dilated_size = Exercise(
    name="dilated_size",
    answer="dilated_size",
    checker=AgainstKeras(
        symbols=("n", "k", "d"),
        cases=(
            (9, 3, 2),
            *((n, k, d) for n in range(1, 12) for k in range(1, 5) for d in (1, 2, 3) if k * d < n + d),
            (28, 5, 3),
        ),
        differ=equals(truth.spread_size),
        layer='`Conv2D(…, dilation_rate=d, padding="valid")`',
        slips=_SPREAD_SLIPS,
    ),
    hints=(
        "Find out first how long the window is, from its first cell to its last. Draw it for k = 3, d = 2: ● ○ ● ○ ●.",
        "Between k cells there are k − 1 distances of d each; the last cell counts as well: k_eff = (k − 1)·d + 1.",
        "The window moves by one cell. So use the formula of lesson 01, with k_eff in place of k.",
    ),
    solution_code="""\
def dilated_size(n, k, d):
    k_eff = (k - 1) * d + 1
    return n - k_eff + 1""",
    why="A spread window needs as much room as a full one of the same length, k_eff = (k − 1)·d + 1.",
    slips=_SPREAD_SLIPS,
)

# -- port_a_stride ------------------------------------------------------------------------------------------------


def _one_layer(*args: Any, **settings: Any) -> Callable[[], Any]:
    """What a learner would hand in with this single convolution."""
    return lambda: [load_keras().layers.Conv2D(*args, **settings)]


def _spell_size(y: Map) -> str:
    return " × ".join(map(str, y.shape[1:]))


def _only_convolution(layers: Sequence[Layer], task: str) -> Layer:
    """The one ``Conv2D`` among the layers. Stops if there is none or more than one."""
    convolutions = [layer for layer in layers if kind_of(layer) == "Conv2D"]
    if len(convolutions) != 1:
        raise CheckFailed(wrong(f"Your list holds {len(convolutions)} `Conv2D`, and {task} is one convolution."))
    return convolutions[0]


def _same_weights(convolution: Layer, x: Map, **settings: Any) -> Map:
    """A convolution with the learner's weights and other settings, on ``x``."""
    filters, k = convolution.filters, convolution.kernel_size
    layer = truth.build("Conv2D", filters=filters, kernel_size=k, use_bias=convolution.use_bias, **settings)
    layer.build(x.shape)
    layer.set_weights(convolution.get_weights())
    return run(layer, x)


def _check_bias(convolution: Layer, asked_for: str) -> None:
    """Stops where the convolution has no bias and the one that is asked for has. The size is right by then."""
    if not convolution.use_bias:
        raise CheckFailed(
            wrong(
                f"The size is right. But {asked_for} adds a bias to each of its {convolution.filters} maps, unless it "
                "is told not to. Yours says `use_bias=False`, so there is no place for one: leave that out."
            )
        )


def _first_difference(mine: Map, true: Map) -> str:
    """The first value that differs, its place, and what it should be."""
    _, row, column, channel = where = tuple(map(int, np.argwhere(mine != true)[0]))
    return (
        f"The first that differs is at row {row}, column {column}, channel {channel} (counted from 0): "
        f"{mine[where]:g}; it should be {true[where]:g}."
    )


def _leave_it_out(layers: Sequence[Layer], task: str) -> list[str]:
    """A line about the activation, if there is one. The task begins the sentence."""
    activation = networks.activation_of(layers)
    return [f"{task} has no activation: leave `{activation}` out."] if activation else []


#: The ghosts before the map that are tried. With more than 3, neither 27 nor 28 rows give 14.
_GHOSTS_TRIED = range(4)


def _has_another_border(y: Map, convolution: Layer, x: Map) -> bool:
    """Whether the values are right for another number of ghosts above the map or to the left of it."""
    most = max(_GHOSTS_TRIED)
    # Every place of the window, on a border that is wide enough for all; a stride of 2 takes every second of them.
    places = _same_weights(convolution, run(truth.build("ZeroPadding2D", padding=most), x))
    return any(
        np.array_equal(y, places[:, most - above :: 2, most - left :: 2][:, : y.shape[1], : y.shape[2]])
        for above, left in product(_GHOSTS_TRIED, repeat=2)
    )


def _check_port_a_stride(function: Any) -> Result:
    """One ghost on each side and a stride of 2: compared in size and in values, for an even and an odd map."""
    layers = networks.layers_or_word(function)
    convolution = _only_convolution(layers, "PyTorch's line")
    for n in (28, 27):
        x = networks.digits((1, n, n, 1), seed=n)
        y = networks.run_through(layers, x)[-1]
        if y.shape[1:] != (14, 14, 8):
            belief = m.PADDING_LEFT_OUT if y.shape[1] == 13 and len(layers) == 1 else None
            return wrong(
                f"For a {n} × {n} picture your layers give {_spell_size(y)}. PyTorch gives 14 × 14 × 8.",
                misconception=belief,
                with_case=False,
            )
        if tuple(convolution.kernel_size) != (3, 3):
            return wrong("The size is right, but PyTorch's kernel is 3 × 3.", misconception=m.OTHER_KERNEL)
        _check_bias(convolution, "PyTorch's `Conv2d`")
        # Every weight, and the bias too, becomes a number that is not 0: whoever leaves one out is seen.
        networks.give_digits(convolution, seed=2)
        padded = run(truth.build("ZeroPadding2D", padding=1), x)
        expected = _same_weights(convolution, padded, strides=2)
        y = networks.run_through(layers, x)[-1]
        if not np.array_equal(y, expected):
            return wrong(
                f"For a {n} × {n} picture the size is right, {_spell_size(y)}, and {int((y != expected).sum())} of "
                f"{y.size} values are not. {_first_difference(y, expected)}",
                *_leave_it_out(layers, "PyTorch's line"),
                misconception=m.EQUAL_SIZES_EQUAL_VALUES if _has_another_border(y, convolution, x) else None,
                with_case=False,
            )
    return right("14 × 14 × 8 of 28 × 28 and of 27 × 27, and the same values, cell by cell.")


port_a_stride = Exercise(
    name="port_a_stride",
    answer="keras_layers",
    checker=_check_port_a_stride,
    hints=(
        'Where does PyTorch\'s first window start, with one ghost on each side? Where does it start with "same"?',
        'No word of Keras\'s says "one on each side" for every n. A layer in front that adds ghosts can.',
        "`keras.layers.ZeroPadding2D(1)`, and then a convolution that adds nothing more and has the stride.",
    ),
    solution_code="""\
def keras_layers():
    return [
        keras.layers.ZeroPadding2D(1),
        keras.layers.Conv2D(8, 3, strides=2),
    ]""",
    why='The ghosts are where PyTorch has them, so each window starts where PyTorch\'s does. "same" would have agreed '
    "for 27, and not for 28.",
    slips=(
        KnownWrongAnswer(m.EQUAL_SIZES_EQUAL_VALUES, _one_layer(8, 3, strides=2, padding="same")),
        KnownWrongAnswer(m.PADDING_LEFT_OUT, _one_layer(8, 3, strides=2)),
        KnownWrongAnswer(m.OTHER_KERNEL, _one_layer(8, 2, strides=2)),
    ),
)

# -- thrifty ------------------------------------------------------------------------------------------------------


def _two_steps(*settings: tuple[int, int]) -> Callable[[], Any]:
    """What a learner would hand in with these kernel sizes and strides."""

    def thrifty() -> Any:
        return [load_keras().layers.Conv2D(8, kernel_size=k, strides=s) for k, s in settings]

    return thrifty


def _check_thrifty(function: Any) -> Result:
    """From 32 to 4 in two convolutions, and no row of any map is left out; each map on the way is told."""
    layers = networks.layers_of(function)
    if [kind_of(layer) for layer in layers] != ["Conv2D", "Conv2D"]:
        return wrong("I look for two layers, both `Conv2D`.")
    if any(layer.padding != "valid" or tuple(layer.dilation_rate) != (1, 1) for layer in layers):
        return wrong("No padding and no dilation, please: only the kernel sizes and the strides are yours to choose.")
    if any(len({*layer.kernel_size}) > 1 or len({*layer.strides}) > 1 for layer in layers):
        return wrong("Height and width shall be treated alike: one number for the kernel, one for the strides.")
    if any(layer.strides[0] < 2 for layer in layers):
        return wrong("Both strides shall be 2 or more: this is a lesson about bigger steps.")
    maps = networks.run_through(layers, np.ones((1, 32, 32, 1), dtype=np.float32))
    sizes = [32, *(int(y.shape[1]) for y in maps)]
    left_out = [
        truth.never_read(n, int(layer.kernel_size[0]), int(layer.strides[0]))
        for n, layer in zip(sizes, layers, strict=False)
    ]
    road = f"Your sizes are {truth.changes(sizes[0], sizes[1:])}."
    if sizes[-1] != 4:
        return wrong(f"{road} Asked for: 4 at the end.")
    if any(left_out):
        gaps = [layer.strides[0] > layer.kernel_size[0] for layer in layers]
        lines = ["The stride is larger than the window: rows are skipped between the windows."] if any(gaps) else []
        # Where gaps are all there is, the rows behind the last window are not the reason.
        behind = any(count and not gap for count, gap in zip(left_out, gaps, strict=True))
        told = " and ".join(f"{count} of {n}" for count, n in zip(left_out, sizes, strict=False))
        return wrong(
            f"{road} 4 at the end is right. But rows that no window reads: {told}.",
            *lines,
            misconception=m.EVERY_ROW_IS_READ if behind else None,
        )
    return right(f"{road} Every row of every map is read.")


thrifty = Exercise(
    name="thrifty",
    answer="thrifty",
    checker=_check_thrifty,
    hints=(
        "Two things leave rows out: a step that does not come out even, and a step that is larger than the window.",
        "So in each layer s must divide n − k, and k must be at least s. What must n − k be in the second layer, if "
        "4 come out?",
        "For 4 places there are 3 steps: n − k = 3·s. Try kernel 2 and stride 2 first: 32 becomes 16. "
        "Then 16 − k must be 3·s.",
    ),
    solution_code="""\
def thrifty():
    return [
        keras.layers.Conv2D(8, kernel_size=2, strides=2),
        keras.layers.Conv2D(8, kernel_size=4, strides=4),
    ]""",
    why="Where s divides n − k and k ≥ s, the windows end exactly at the last row and leave no gaps. "
    "There are other ways, with windows that overlap: 4 and 2, then 6 and 3.",
    slips=(
        KnownWrongAnswer(m.EVERY_ROW_IS_READ, _two_steps((3, 2), (3, 4))),
        KnownWrongAnswer(m.EVERY_ROW_IS_READ, _two_steps((3, 2), (6, 3))),
    ),
)

# -- stride_and_dilation ------------------------------------------------------------------------------------------

_REFUSED = "not supported in conjunction with"


def _layers_or_refusal(function: Any) -> list[Layer]:
    """The layers of a learner; Keras's refusal of both together is given its name."""
    try:
        return networks.layers_or_word(function)
    except CheckFailed as stop:
        if _REFUSED in stop.result.lines[0]:
            raise CheckFailed(wrong(stop.result.lines[0], misconception=m.STRIDE_AND_DILATION)) from None
        raise


def _belief_about_both(y: Map, convolution: Layer, x: Map) -> Misconception | None:
    """What explains a stride without a dilation, or a dilation without a stride, cut to size or not."""
    alone = ((m.ONE_OF_THE_TWO, {"strides": 2}), (m.DILATION_IS_A_STRIDE, {"dilation_rate": 2}))
    for belief, settings in alone:
        if _is_a_piece(y, _same_weights(convolution, x, activation=convolution.activation, **settings)):
            return belief
    return None


def _is_a_piece(y: Map, whole: Map) -> bool:
    """Whether a map is to be found, as it is, somewhere in another one."""
    if y.ndim != whole.ndim or any(mine > there for mine, there in zip(y.shape, whole.shape, strict=True)):
        return False
    pieces = np.lib.stride_tricks.sliding_window_view(whole, y.shape)
    return bool((pieces == y).all(axis=tuple(range(-y.ndim, 0))).any())


#: What a pooling takes of the cells of its window.
_TAKES = {"MaxPooling2D": "the maximum", "AveragePooling2D": "the mean"}


def _make_it_one_cell(layers: Sequence[Layer], x: Map, expected: Map) -> list[str]:
    """A line about the window of a pooling, if a window of one cell in its place would make all right."""
    wide = [layer for layer in layers if kind_of(layer) in _TAKES and tuple(layer.pool_size) != (1, 1)]
    if not wide:
        return []
    narrow = [_of_one_cell(layer) if layer in wide else layer for layer in layers]
    try:
        y = networks.run_through(narrow, x)[-1]
    except CheckFailed:
        return []  # the window is not all that is wrong
    if not np.array_equal(y, expected):
        return []
    window, takes = " × ".join(dict.fromkeys(map(str, wide[0].pool_size))), _TAKES[kind_of(wide[0])]
    return [f"A pooling window of {window} takes {takes} of its cells. To keep cells as they are, it must be 1."]


def _of_one_cell(pooling: Layer) -> Layer:
    """The same pooling with a window of one cell."""
    return truth.build(kind_of(pooling), pool_size=1, strides=pooling.strides, padding=pooling.padding)


def _check_stride_and_dilation(function: Any) -> Result:
    """Every second output of a convolution with dilation 2, in size and in values, on several maps."""
    layers = _layers_or_refusal(function)
    convolution = _only_convolution(layers, "what is asked for")
    for height, width in ((11, 11), (12, 9), (14, 13)):
        x = networks.digits((1, height, width, 2), seed=height)
        y = networks.run_through(layers, x)[-1]
        if tuple(convolution.kernel_size) != (3, 3):
            belief = m.SPREADING_ADDS_WEIGHTS if len(layers) == 1 and min(convolution.kernel_size) > 3 else None
            return wrong(
                f"{_spell_size(y)} comes out, but the kernel shall be 3 × 3: nine weights that lie 2 apart.",
                *(["Section 5 of this lesson shows how."] if belief is None else []),
                misconception=belief,
                with_case=False,
            )
        if convolution.filters != 4:
            return wrong("The convolution shall have 4 filters.")
        networks.give_digits(convolution, seed=3)
        expected = _same_weights(convolution, x, dilation_rate=2)[:, ::2, ::2]
        y = networks.run_through(layers, x)[-1]
        if y.shape != expected.shape:
            return wrong(
                f"{_spell_size(y)} comes out of {height} × {width}. Asked for: {_spell_size(expected)}.",
                *_make_it_one_cell(layers, x, expected),
                misconception=_belief_about_both(y, convolution, x),
                with_case=False,
            )
        _check_bias(convolution, "the `Conv2D(4, 3, …)` that is asked for")
        if not np.array_equal(y, expected):
            return wrong(
                f"For {height} × {width} the size is right, {_spell_size(y)}, and the values are not. "
                f"{_first_difference(y, expected)}",
                *_leave_it_out(layers, "The convolution that was asked for"),
                *_make_it_one_cell(layers, x, expected),
                misconception=_belief_about_both(y, convolution, x),
                with_case=False,
            )
    return right("The right size and the right values on three maps, 11 × 11, 12 × 9 and 14 × 13.")


stride_and_dilation = Exercise(
    name="stride_and_dilation",
    answer="both",
    checker=_check_stride_and_dilation,
    hints=(
        "Do one after the other. The dilation is easy: `dilation_rate=2`. What is left is to keep every second output.",
        "A window of one cell that moves by 2 keeps every second row and column. `MaxPooling2D(1, strides=2)` is one.",
        "There is a second way, the other way round: which rows does a window with dilation 2 read, if it starts at "
        "rows 0, 2, 4, …? Are any odd rows among them?",
    ),
    solution_code="""\
def both():
    return [
        keras.layers.Conv2D(4, 3, dilation_rate=2),
        keras.layers.MaxPooling2D(1, strides=2),
    ]""",
    why="The stride only drops outputs, so it can be done afterwards. Or before: with stride 2 and dilation 2 no odd "
    "row is ever read, so you may drop those first and use a plain 3×3 convolution on the rest. It has less to do.",
    slips=(
        KnownWrongAnswer(m.STRIDE_AND_DILATION, _one_layer(4, 3, strides=2, dilation_rate=2)),
        KnownWrongAnswer(m.ONE_OF_THE_TWO, _one_layer(4, 3, strides=2)),
        KnownWrongAnswer(m.DILATION_IS_A_STRIDE, _one_layer(4, 3, dilation_rate=2)),
        KnownWrongAnswer(m.SPREADING_ADDS_WEIGHTS, _one_layer(4, 5, strides=2)),
    ),
)
