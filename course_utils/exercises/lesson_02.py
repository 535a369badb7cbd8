"""Lesson 02, "Take bigger steps": strides, rows that nobody reads, one-sided padding, ports, dilation."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.exercises import misconceptions as m, networks, truth
from course_utils.exercises.catalogue import Misconception, at
from course_utils.exercises.core import Numbers, pair
from course_utils.exercises.declare import Lesson, edited
from course_utils.exercises.predictions import Choice
from course_utils.exercises.result import CheckFailed
from course_utils.exercises.same_maps import Demand, SameMaps, Trial, with_weights_of
from course_utils.keras_layers import Layer, LayerCode, kind_of, run

if TYPE_CHECKING:
    import keras  # for the solutions, which are shown and not called

lesson = Lesson("02")

# -- predictions --------------------------------------------------------------------------------------------------

_THREE, _FOUR, _ERROR = "3 × 3", "4 × 4", "an error"


def _by_itself(n: int) -> str:
    return f"{n} × {n}"


steps = lesson.prediction(
    "steps",
    "A 3 × 3 window stands on an 8 × 8 map, without padding, and moves by 2 cells at a time. What comes out, and how "
    "many of the 8 rows does no window ever read?",
    [Choice("What comes out", (_THREE, _FOUR, _ERROR)), "Rows that no window reads"],
    lambda: (_by_itself(truth.valid_step_size(8, 3, 2)), truth.never_read(8, 3, 2)),
    "Walk over the places below. How far does the last window reach?",
    wrong=[(m.LAST_STEP_COUNTS, (_FOUR, 0)), (m.FRACTION_IS_REFUSED, (_ERROR, 0)), (m.EVERY_ROW_IS_READ, (_THREE, 0))],
)

promise = lesson.prediction(
    "promise",
    '`Conv2D` with `padding="same"` and `strides=2` on a 7 × 7 map: what size comes out with a 3 × 3 kernel, '
    "and what size with a 5 × 5 kernel?",
    ["Size with k = 3", "Size with k = 5"],
    lambda: (truth.same_step_size(7, 3, 2), truth.same_step_size(7, 5, 2)),
    "Two kernels, one size. What decides it, then?",
    wrong=(
        (misconception, (misconception.wrong_formula(7, 3, 2), misconception.wrong_formula(7, 5, 2)))
        for misconception in (m.SAME_WHATEVER_THE_STRIDE, m.SAME_ROUNDS_DOWN, m.SAME_LOSES_A_WINDOW)
    ),
)

one_sided = lesson.prediction(
    "one_sided",
    'A 3 × 3 kernel, an 8 × 8 map, `padding="same"`, and a stride of 2: how many ghost rows does Keras add '
    "above the map, and how many below?",
    ["Above", "Below"],
    lambda: truth.same_step_pads(8, 3, 2),
    "A single ghost, on one side. Below you find out how Keras gets there.",
    wrong=[*at(8, 3, 2, of=[m.BOTH_SIDES_ALIKE]), (m.FIRST_SIDE_FIRST, (1, 0))],
)

_SIZES = (7, 8, 9, 10)

border_of_n = lesson.prediction(
    "border_of_n",
    'k = 3, s = 2, `padding="same"`: how many ghost rows are there in all, above and below together?',
    [f"n = {n}" for n in _SIZES],
    lambda: tuple(sum(truth.same_step_pads(n, 3, 2)) for n in _SIZES),
    "The kernel and the stride are the same in every row. Only n has changed.",
    wrong=[(m.STRIDE_NEEDS_AS_MANY, (2,) * len(_SIZES))],
)

_NONE, _RIM, _ALL = "none of them", "only those at the rim", "every one of them"


def _which_differ(n: int) -> str:
    same, symmetric = truth.ports(n)
    differ = same != symmetric
    if not differ.any():
        return _NONE
    return _ALL if differ.all() else _RIM


port_values = lesson.prediction(
    "port_values",
    "The same 3 × 3 kernel with a stride of 2 runs twice over the same 8 × 8 map of numbers that are all "
    'different: once with "same" (0 ghosts before, 1 after), once with PyTorch\'s `padding=1` (1 before, 1 after). '
    '"same" gives 4 × 4. What size does `padding=1` give, and which of the values differ?',
    ["Size with padding=1", Choice("The values that differ", (_NONE, _RIM, _ALL))],
    lambda: (len(truth.ports(8)[1]), _which_differ(8)),
    "Where does the first window start, with one ghost more before the map? And the next?",
    wrong=[(m.EQUAL_SIZES_EQUAL_VALUES, (4, _NONE)), (m.ONLY_THE_RIM_DIFFERS, (4, _RIM))],
)

spread = lesson.prediction(
    "spread",
    "A 3 × 3 kernel gets `dilation_rate=3`: its cells now lie 3 apart. How many cells does it span along one "
    "side, from the first to the last, both counted? And how many weights does the kernel have?",
    ["Cells from the first to the last", "Weights"],
    lambda: (truth.span(3, 3), truth.spread_weights(3, 3)),
    "Draw it: ● ○ ○ ● ○ ○ ●. Nothing is read in the gaps.",
    wrong=[
        (m.SPAN_IS_K_TIMES_D, (9, 9)),
        (m.SPAN_IS_K_TIMES_D, (9, 81)),
        (m.SPAN_STAYS_K, (3, 9)),
        (m.SPAN_WITHOUT_END, (6, 9)),
        (m.ONE_GAP_ONLY, (5, 9)),
        (m.SPREADING_ADDS_WEIGHTS, (7, 49)),
    ],
)

together = lesson.prediction(
    "together",
    "`DepthwiseConv2D(3, strides=2, dilation_rate=2)`, without padding, on an 11 × 11 map: how long is the "
    "window with its holes, and what size comes out?",
    ["k_eff", "Output size"],
    lambda: (truth.span(3, 2), truth.size_of("DepthwiseConv2D", 11, kernel_size=3, strides=2, dilation_rate=2)),
    "First the window with its holes, then the steps: each formula does its part.",
    wrong=[
        (m.SPAN_IS_K_TIMES_D, (6, 3)),
        (m.SPAN_STAYS_K, (3, 5)),
        (m.ONE_GAP_ONLY, (4, 4)),
        (m.ONLY_THE_STEPS, (5, 3)),
    ],
)


look_back = lesson.look_back

# -- sizes_for ----------------------------------------------------------------------------------------------------


def _believing(size: Callable[[int, int, int], Any]) -> Callable[[int, int, int], tuple[int, int]]:
    """The smallest and the largest n that give o, for someone who believes this of the size of *valid*."""

    def sizes(o: int, k: int, s: int) -> tuple[int, int]:
        fitting = [n for n in range((o + 2) * s + k) if size(n, k, s) == o]
        return fitting[0], fitting[-1]

    return sizes


@lesson.formula(
    truth.sizes_for,
    '`Conv2D(…, strides=s, padding="valid")`',
    cases=[(3, 3, 2), (4, 3, 2), *((o, k, s) for o in range(1, 5) for k in (1, 2, 3, 5) for s in (1, 2, 3)), (9, 5, 3)],
    read=pair,
    remark=lambda said, true: (
        " The smallest is right. How many rows more may be left over?" if said[0] == true[0] else ""
    ),
    wrong=[
        *(
            (misconception, _believing(misconception.wrong_formula))
            for misconception in (
                m.ONLY_THE_STEPS,
                m.LAST_STEP_COUNTS,
                m.PLACES_ARE_DIVIDED,
                m.STRIDE_ALONE_DIVIDES,
                m.NEAREST_NUMBER_OF_STEPS,
                m.MINUS_COMES_FIRST,
                m.FRACTION_IS_REFUSED,
            )
        ),
        (m.STRIDE_ALONE_DIVIDES, lambda o, k, s: (o * s, o * s + s - 1)),
    ],
    hints=[
        "In the output of section 1, which n give 3? Which give 4?",
        "The smallest n has nothing left over: o windows, s apart, the last one k long. How many cells do they need?",
        "Up to s − 1 rows more may be left over. One more than that, and there is room for another step.",
    ],
    why="o windows need (o − 1)·s + k rows, and up to s − 1 more are never read. You can now read the formula in both "
    "directions.",
)
def sizes_for(o, k, s):
    smallest = (o - 1) * s + k
    largest = smallest + s - 1
    return smallest, largest


# -- step_pads ----------------------------------------------------------------------------------------------------


def _total(n: int, k: int, s: int) -> int:
    """The ghosts in all, as the real layer has them."""
    return sum(truth.same_step_pads(n, k, s))


def _halves(total: int) -> tuple[int, int]:
    """Shared as Keras shares: the odd one after."""
    return total // 2, total - total // 2


@lesson.formula(
    truth.same_step_pads,
    '`Conv2D(…, strides=s, padding="same")`',
    cases=[
        (8, 3, 2),
        (7, 3, 2),
        (8, 2, 2),
        *((n, k, s) for n in range(1, 9) for k in range(1, 6) for s in (1, 2, 3)),
        (28, 5, 3),
    ],
    read=pair,
    wrong=[
        m.BOTH_SIDES_ALIKE,
        m.STRIDE_NEEDS_AS_MANY,
        m.FIRST_SIDE_FIRST,
        m.LESS_THAN_NONE,
        m.GHOSTS_WITHOUT_N,
        m.AS_MANY_STEPS_AS_WINDOWS,
        m.ROUND_TAKES_THE_HALF_DOWN,
        (m.BOTH_SIDES_ALIKE, lambda n, k, s: (_total(n, k, s) // 2,) * 2),
        (m.BOTH_SIDES_ALIKE, lambda n, k, s: ((k - 1) // 2,) * 2, lambda n, k, s: (1, 1)),
        (m.SAME_ROUNDS_DOWN, lambda n, k, s: _halves(max((n // s - 1) * s + k - n, 0))),
    ],
    hints=[
        "Begin with the size: `o = -(-n // s)` is n / s, rounded up. From the first window to the last there are "
        "o − 1 steps.",
        "The first window starts, say, at 0. The last one starts at (o − 1)·s and is k long. How long is the row that "
        "they need? How much longer is that than n?",
        "If the map is longer than what the windows need, nothing is added: `max(…, 0)`. "
        "Then half of it, rounded down, goes before, and the rest after.",
    ],
    why="o windows that are s apart need (o − 1)·s + k cells in a row. *Same* adds what is missing, the odd one after. "
    "You can now say for any picture where its ghosts are.",
)
def step_pads(n, k, s):
    o = -(-n // s)
    total = max((o - 1) * s + k - n, 0)
    before = total // 2
    after = total - before
    return before, after


# -- on_the_way ---------------------------------------------------------------------------------------------------


def _first_of_resnet() -> tuple[int, ...]:
    before, after = truth.same_step_pads(224, 7, 2)
    return truth.same_step_size(224, 7, 2), before + after, before, after, 224 + before + after


def _about_resnet(said: tuple[int, ...]) -> CheckFailed | None:
    """A size of *valid*, and sides that are swapped, are told by a case that was in the lesson."""
    if said[0] == truth.valid_step_size(224, 7, 2):
        line = f"The output size: {said[0]} is what *valid* makes of it. Here it is *same*."
        return CheckFailed(line, misconception=m.SAME_LOSES_A_WINDOW)
    output, total, before, after, padded = _first_of_resnet()
    if said == (output, total, after, before, padded):
        before, after = truth.same_step_pads(8, 3, 2)
        return CheckFailed(
            "The sizes and the ghosts in all are right, and the two sides are swapped. "
            f"For n = 8, k = 3, s = 2 Keras has {before} before and {after} after.",
            misconception=m.FIRST_SIDE_FIRST,
            with_case=False,
        )
    return None


@lesson.cell(
    Numbers(
        ("The output size", "The ghosts in all", "The ghosts before", "The ghosts after", "The size with the ghosts"),
        _first_of_resnet,
        remarks={(112, 6, 3, 3, 230): "112 is right, and the way there is not Keras's: look at the ghosts."},
        explain=_about_resnet,
        expected="I look for five numbers: the output size, the ghosts in all, before and after, and the size with "
        "them.",
    ),
    wrong=[
        (m.BOTH_SIDES_ALIKE, (112, 6, 3, 3, 230)),
        (m.FIRST_SIDE_FIRST, (112, 5, 3, 2, 229)),
        (m.SAME_WHATEVER_THE_STRIDE, (224, 6, 3, 3, 230)),
        (m.SAME_LOSES_A_WINDOW, (109, 0, 0, 0, 224)),
    ],
    hints=[
        "The output first: ⌈n / s⌉.",
        "112 windows, 2 apart, the last one 7 long: what is (112 − 1)·2 + 7? How many more is that than 224?",
        "5 cannot be halved: the smaller half goes before. The size with the ghosts is 224 plus all of them. "
        "To check: ⌊(229 − 7) / 2⌋ + 1 must be the output size again.",
    ],
    why="(112 − 1)·2 + 7 = 229 rows are needed and 224 are there. PyTorch's ResNet adds 3 on each side, gets 230, and "
    "ends at 112, too: the last ghost is never read. Of the sizes, only those on the way tell the two apart. "
    "But every window stands elsewhere, so the values differ: PyTorch's first one starts at row −3, this one at row "
    "−2.",
)
def on_the_way():
    output = 112
    total = 5
    before = 2
    after = 3
    padded = 229
    return (output, total, before, after, padded)


# -- dilated_size -------------------------------------------------------------------------------------------------


def _with_span(span: Callable[[int, int], int]) -> Callable[[int, int, int], int]:
    """The size of *valid*, for someone who believes this of the span of a window."""
    return lambda n, k, d: n - span(k, d) + 1


@lesson.formula(
    truth.spread_size,
    '`Conv2D(…, dilation_rate=d, padding="valid")`',
    cases=[
        (9, 3, 2),
        *((n, k, d) for n in range(1, 12) for k in range(1, 5) for d in (1, 2, 3) if k * d < n + d),
        (28, 5, 3),
    ],
    wrong=[
        *(
            (misconception, _with_span(misconception.wrong_formula))
            for misconception in (m.SPAN_IS_K_TIMES_D, m.SPAN_STAYS_K, m.SPAN_WITHOUT_END, m.ONE_GAP_ONLY)
        ),
        m.DILATION_IS_A_STRIDE,
        (m.WINDOW_LOSES_K, lambda n, k, d: m.WINDOW_LOSES_K.wrong_formula(n, (k - 1) * d + 1)),
        (m.ONE_GAP_ONLY, lambda n, k, d: n - (k + d) + 1),
    ],
    hints=[
        "Find out first how long the window is, from its first cell to its last. Draw it for k = 3, d = 2: ● ○ ● ○ ●.",
        "Between k cells there are k − 1 distances of d each; the last cell counts as well: k_eff = (k − 1)·d + 1.",
        "The window moves by one cell. So use the formula of lesson 01, with k_eff in place of k.",
    ],
    why="A spread window needs as much room as a full one of the same length, k_eff = (k − 1)·d + 1. One new letter, "
    "and all your formulas still hold.",
)
def dilated_size(n, k, d):
    k_eff = (k - 1) * d + 1
    return n - k_eff + 1


# -- port_a_stride ------------------------------------------------------------------------------------------------


def _has_bias(asked_for: str) -> Demand:
    """A bias is asked for. The size is right by then."""

    def demand(trial: Trial) -> None:
        if not trial.convolution.use_bias:
            raise CheckFailed(
                f"The size is right. But {asked_for} adds a bias to each of its {trial.convolution.filters} maps, "
                "unless it is told not to. Yours says `use_bias=False`, so there is no place for one: leave that out."
            )

    return demand


def _leave_it_out(trial: Trial, task: str) -> list[str]:
    """A line about the activation, if there is one where the size is right. The task begins the sentence."""
    activation = networks.activation_of(trial.layers) if trial.size_is_right else None
    return [f"{task} has no activation: leave `{activation}` out."] if activation else []


#: The ghosts before the map that are tried. With more than 3, neither 27 nor 28 rows give 14.
_GHOSTS_TRIED = range(4)


def _has_another_border(trial: Trial) -> bool:
    """Whether the values are right for another number of ghosts above the map or to the left of it."""
    y, most = trial.y, max(_GHOSTS_TRIED)
    # Every place of the window, on a border that is wide enough for all; a stride of 2 takes every second of them.
    places = with_weights_of(trial.convolution, run(truth.build("ZeroPadding2D", padding=most), trial.x))
    return any(
        np.array_equal(y, places[:, most - above :: 2, most - left :: 2][:, : y.shape[1], : y.shape[2]])
        for above, left in product(_GHOSTS_TRIED, repeat=2)
    )


def _misconception_about_port(trial: Trial) -> Misconception | None:
    if not trial.size_is_right:
        return m.PADDING_LEFT_OUT if trial.y.shape[1] == 13 and len(trial.layers) == 1 else None
    return m.EQUAL_SIZES_EQUAL_VALUES if _has_another_border(trial) else None


def _kernel_of_three(trial: Trial) -> None:
    if tuple(trial.convolution.kernel_size) != (3, 3):
        raise CheckFailed("The size is right, but PyTorch's kernel is 3 × 3.", misconception=m.OTHER_KERNEL)


_FRAME = "keras.layers.ZeroPadding2D(1),"


@lesson.function(
    SameMaps(
        [
            LayerCode("ZeroPadding2D", {"padding": 1}),
            LayerCode("Conv2D", {"filters": 8, "kernel_size": 3, "strides": 2}),
        ],
        pictures=[(28, 28, 1), (27, 27, 1)],
        task="PyTorch's line",
        wrong_size=lambda trial: (
            f"For a {trial.picture} picture your layers give {trial.made}. PyTorch gives 14 × 14 × 8."
        ),
        wrong_values=lambda trial: (
            f"For a {trial.picture} picture the size is right, {trial.made}, and {trial.off} of {trial.y.size} values "
            f"are not. {trial.first_difference()}"
        ),
        remarks=lambda trial: _leave_it_out(trial, "PyTorch's line"),
        misconception=_misconception_about_port,
        right="14 × 14 × 8 of 28 × 28 and of 27 × 27, and the same values, cell by cell.",
        after=[_kernel_of_three, _has_bias("PyTorch's `Conv2d`")],
    ),
    wrong=[
        (m.EQUAL_SIZES_EQUAL_VALUES, edited({_FRAME: "", "strides=2": 'strides=2, padding="same"'})),
        (m.PADDING_LEFT_OUT, edited({_FRAME: ""})),
        (m.OTHER_KERNEL, edited({_FRAME: "", "8, 3": "8, 2"})),
    ],
    hints=[
        'Where does PyTorch\'s first window start, with one ghost on each side? Where does it start with "same"?',
        'No word of Keras\'s says "one on each side" for every n. A layer in front that adds ghosts can.',
        "`keras.layers.ZeroPadding2D(1)`, and then a convolution that adds nothing more and has the stride.",
    ],
    why='The ghosts are where PyTorch has them, so each window starts where PyTorch\'s does. "same" would have agreed '
    "for 27, and not for 28.",
    called="keras_layers",
)
def port_a_stride():
    return [
        keras.layers.ZeroPadding2D(1),
        keras.layers.Conv2D(8, 3, strides=2),
    ]


# -- thrifty ------------------------------------------------------------------------------------------------------


def _check_thrifty(function: Any) -> str:
    """From 32 to 4 in two convolutions, and no row of any map is left out; each map on the way is told."""
    layers = networks.layers_of(function)
    if [kind_of(layer) for layer in layers] != ["Conv2D", "Conv2D"]:
        raise CheckFailed("I look for two layers, both `Conv2D`.")
    if any(layer.padding != "valid" or tuple(layer.dilation_rate) != (1, 1) for layer in layers):
        raise CheckFailed(
            "No padding and no dilation, please: only the kernel sizes and the strides are yours to choose."
        )
    if any(len({*layer.kernel_size}) > 1 or len({*layer.strides}) > 1 for layer in layers):
        raise CheckFailed("Treat height and width alike: one number for the kernel, one for the strides.")
    if any(layer.strides[0] < 2 for layer in layers):
        raise CheckFailed("Take 2 or more for both strides: this is a lesson about bigger steps.")
    maps = networks.run_through(layers, np.ones((1, 32, 32, 1), dtype=np.float32))
    sizes = [32, *(int(y.shape[1]) for y in maps)]
    left_out = [
        truth.never_read(n, int(layer.kernel_size[0]), int(layer.strides[0]))
        for n, layer in zip(sizes, layers, strict=False)
    ]
    road = f"Your sizes are {truth.changes(sizes[0], sizes[1:])}."
    if sizes[-1] != 4:
        raise CheckFailed(f"{road} Asked for: 4 at the end.")
    if any(left_out):
        gaps = [layer.strides[0] > layer.kernel_size[0] for layer in layers]
        lines = ["The stride is larger than the window: rows are skipped between the windows."] if any(gaps) else []
        # Where gaps are all there is, the rows behind the last window are not the reason.
        behind = any(count and not gap for count, gap in zip(left_out, gaps, strict=True))
        told = " and ".join(f"{count} of {n}" for count, n in zip(left_out, sizes, strict=False))
        raise CheckFailed(
            f"{road} 4 at the end is right. But rows that no window reads: {told}.",
            *lines,
            misconception=m.EVERY_ROW_IS_READ if behind else None,
        )
    return f"{road} Every row of every map is read."


@lesson.function(
    _check_thrifty,
    wrong=[
        (
            m.EVERY_ROW_IS_READ,
            edited({"size=2": "size=3", "size=4": "size=3"}),
            edited({"size=2": "size=3", "size=4, strides=4": "size=6, strides=3"}),
        )
    ],
    hints=[
        "Two things leave rows out: a step that does not come out even, and a step that is larger than the window.",
        "So in each layer s must divide n − k, and k must be at least s. What must n − k be in the second layer, if "
        "4 are to come out?",
        "For 4 places there are 3 steps: n − k = 3·s. Try kernel 2 and stride 2 first: 32 becomes 16. "
        "Then 16 − k must be 3·s.",
    ],
    why="Where s divides n − k and k ≥ s, the windows end exactly at the last row and leave no gaps. "
    "There are other ways, with windows that overlap: 4 and 2, then 6 and 3.",
)
def thrifty():
    return [
        keras.layers.Conv2D(8, kernel_size=2, strides=2),
        keras.layers.Conv2D(8, kernel_size=4, strides=4),
    ]


# -- stride_and_dilation ------------------------------------------------------------------------------------------

_REFUSED = "not supported in conjunction with"


def _layers_or_refusal(function: Any) -> list[Layer]:
    """The layers of a learner; Keras's refusal of both together is given its name."""
    try:
        return networks.layers_or_word(function)
    except CheckFailed as failed:
        if _REFUSED in failed.result.lines[0]:
            raise CheckFailed(failed.result.lines[0], misconception=m.STRIDE_AND_DILATION) from None
        raise


def _misconception_about_both(trial: Trial) -> Misconception | None:
    """What explains a stride without a dilation, or a dilation without a stride, cut to size or not."""
    alone = ((m.ONE_OF_THE_TWO, {"strides": 2}), (m.DILATION_IS_A_STRIDE, {"dilation_rate": 2}))
    for misconception, settings in alone:
        activation = trial.convolution.activation
        whole = with_weights_of(trial.convolution, trial.x, activation=activation, **settings)
        if trial.y.ndim == whole.ndim and networks.places_of(trial.y, whole):
            return misconception
    return None


#: What a pooling takes of the cells of its window.
_TAKES = {"MaxPooling2D": "the maximum", "AveragePooling2D": "the mean"}


def _make_it_one_cell(trial: Trial) -> list[str]:
    """A line about the window of a pooling, if a window of one cell in its place would make all right."""
    wide = [layer for layer in trial.layers if kind_of(layer) in _TAKES and tuple(layer.pool_size) != (1, 1)]
    if not wide:
        return []
    narrow = [_of_one_cell(layer) if layer in wide else layer for layer in trial.layers]
    try:
        y = networks.run_through(narrow, trial.x)[-1]
    except CheckFailed:
        return []  # the window is not all that is wrong
    if not np.array_equal(y, trial.expected):
        return []
    window, takes = " × ".join(dict.fromkeys(map(str, wide[0].pool_size))), _TAKES[kind_of(wide[0])]
    return [f"A pooling window of {window} takes {takes} of its cells. To keep cells as they are, it must be 1."]


def _of_one_cell(pooling: Layer) -> Layer:
    """The same pooling with a window of one cell."""
    return truth.build(kind_of(pooling), pool_size=1, strides=pooling.strides, padding=pooling.padding)


def _kernel_and_filters(trial: Trial) -> None:
    convolution = trial.convolution
    if tuple(convolution.kernel_size) != (3, 3):
        larger = len(trial.layers) == 1 and min(convolution.kernel_size) > 3
        raise CheckFailed(
            f"{trial.made} comes out, but the kernel should be 3 × 3: nine weights that lie 2 apart.",
            *([] if larger else ["Section 5 of this lesson shows how."]),
            misconception=m.SPREADING_ADDS_WEIGHTS if larger else None,
            with_case=False,
        )
    if convolution.filters != 4:
        raise CheckFailed("The convolution needs 4 filters.")


_EVERY_SECOND = "keras.layers.MaxPooling2D(1, strides=2),"


@lesson.function(
    SameMaps(
        [
            LayerCode("Conv2D", {"filters": 4, "kernel_size": 3, "dilation_rate": 2}),
            LayerCode("MaxPooling2D", {"pool_size": 1, "strides": 2}),
        ],
        pictures=[(11, 11, 2), (12, 9, 2), (14, 13, 2)],
        task="what is asked for",
        wrong_size=lambda trial: (
            f"{trial.made} comes out of {trial.picture}. Asked for: {networks.spell_size(trial.asked[1:])}."
        ),
        wrong_values=lambda trial: (
            f"For {trial.picture} the size is right, {trial.made}, and the values are not. {trial.first_difference()}"
        ),
        remarks=lambda trial: [*_leave_it_out(trial, "The convolution that was asked for"), *_make_it_one_cell(trial)],
        misconception=_misconception_about_both,
        right="The right size and the right values on three maps, 11 × 11, 12 × 9 and 14 × 13.",
        before=[_kernel_and_filters],
        after=[_has_bias("the `Conv2D(4, 3, …)` that is asked for")],
        layers_of=_layers_or_refusal,
        seed=3,
    ),
    wrong=[
        (m.STRIDE_AND_DILATION, edited({_EVERY_SECOND: "", "dilation_rate=2": "strides=2, dilation_rate=2"})),
        (m.ONE_OF_THE_TWO, edited({_EVERY_SECOND: "", "dilation_rate": "strides"})),
        (m.DILATION_IS_A_STRIDE, edited({_EVERY_SECOND: ""})),
        (m.SPREADING_ADDS_WEIGHTS, edited({_EVERY_SECOND: "", "3, dilation_rate": "5, strides"})),
    ],
    hints=[
        "Do one after the other. The dilation is easy: `dilation_rate=2`. What is left is to keep every second output.",
        "A window of one cell that moves by 2 keeps every second row and column. `MaxPooling2D(1, strides=2)` is one.",
        "There is a second way, the other way round: which rows does a window with dilation 2 read, if it starts at "
        "rows 0, 2, 4, …? Are any odd rows among them?",
    ],
    why="The stride only drops outputs, so it can be done afterwards. Or before: with stride 2 and dilation 2 no odd "
    "row is ever read, so you may drop those first and use a plain 3×3 convolution on the rest. It has less to do.",
    called="both",
)
def stride_and_dilation():
    return [
        keras.layers.Conv2D(4, 3, dilation_rate=2),
        keras.layers.MaxPooling2D(1, strides=2),
    ]
