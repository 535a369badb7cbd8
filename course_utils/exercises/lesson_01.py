"""Lesson 01, "Pad the border": valid and same, ghost cells, even kernels, causal padding, PyTorch's numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.exercises import misconceptions as m, networks, truth
from course_utils.exercises.answers import BadAnswer, spell, whole
from course_utils.exercises.catalogue import Misconception, at
from course_utils.exercises.core import AgainstKeras, pair
from course_utils.exercises.declare import Lesson, edited
from course_utils.exercises.networks import Array, Values, spell_size
from course_utils.exercises.predictions import Choice
from course_utils.exercises.result import CheckFailed
from course_utils.exercises.same_maps import SameMaps, Trial
from course_utils.keras_layers import KerasRefusal, LayerCode, kind_of, output_shape, run

if TYPE_CHECKING:
    import keras  # for the solutions, which are shown and not called

lesson = Lesson("01")

# -- predictions --------------------------------------------------------------------------------------------------

_TABLE = (2, 3, 5, 7)

shrink = lesson.prediction(
    "shrink",
    'The photograph of 64 × 64 goes through, with `padding="valid"`. What size comes out for each k?',
    [f"k = {k}" for k in _TABLE],
    lambda: tuple(truth.valid_size(64, k) for k in _TABLE),
    "Compare each size with its k and with 64. What is always the same? Section 1 finds out why.",
    wrong=[(m.SIZE_STAYS, (64,) * len(_TABLE)), (m.WINDOW_LOSES_K, tuple(64 - k for k in _TABLE))],
)

places = lesson.prediction(
    "places",
    "A 3 × 3 window stands on a 7 × 7 map and must not reach over its border. "
    "It moves by one cell at a time. In how many places can it stand, along one row?",
    ["Places in a row"],
    lambda: truth.valid_size(7, 3),
    "One cell of the output for each place: so this is its size.",
    wrong=at(7, 3, of=[m.WINDOW_LOSES_K, m.WINDOW_HOPS, m.SIZE_STAYS, m.ONE_SIDE_LOST]),
)

even_pads = lesson.prediction(
    "even_pads",
    'A 4 × 4 kernel, a 7 × 7 map, `padding="same"`: how many ghost rows does Keras add above the map, '
    "and how many below?",
    ["Above", "Below"],
    lambda: truth.same_pads(4),
    "Three ghost rows cannot be shared evenly, so one side gets more. Which, and why, you see below.",
    wrong=[
        *at(4, of=[m.SAME_IS_SYMMETRIC]),
        (m.SAME_IS_SYMMETRIC, (1, 1)),
        *at(4, of=[m.MORE_BEFORE, m.ALL_ON_EACH_SIDE]),
    ],
)

rim = lesson.prediction(
    "rim",
    'A 3 × 3 kernel of ones slides over a map of ones, with `padding="same"`. Each output is a sum of nine '
    "cells. What number comes out in a corner, what along an edge, and what in the centre?",
    ["Corner", "Edge", "Centre"],
    lambda: tuple(int(truth.sums_of_ones(7, 3)[place]) for place in ((0, 0), (0, 3), (3, 3))),
    "At the rim, some of the nine cells are ghosts.",
    wrong=[(m.GHOSTS_DO_NOT_SHOW, (9, 9, 9))],
)

_SIZES = ("1 × 1", "3 × 3", "5 × 5", "an error")


def _size_or_error(padding: str) -> str:
    """What a 5 × 5 kernel makes of a 3 × 3 map."""
    try:
        n = run(truth.build("Conv2D", filters=1, kernel_size=5, padding=padding), truth.square(3)).shape[1]
    except KerasRefusal:
        return "an error"
    return f"{n} × {n}"


too_big = lesson.prediction(
    "too_big",
    "A 5 × 5 kernel meets a 3 × 3 map. What comes out?",
    [Choice('padding="valid"', _SIZES), Choice('padding="same"', _SIZES)],
    lambda: (_size_or_error("valid"), _size_or_error("same")),
    "One word keeps the window on the map, the other makes room for it.",
    wrong=[(m.OVERSIZE_REFUSED, ("an error", "an error")), (m.SIZE_STAYS, ("3 × 3", "3 × 3"))],
)

stacked = lesson.prediction(
    "stacked",
    "A map of 7 × 7 with 8 channels goes into a 3 × 3 convolution with 16 filters, without padding. What size comes "
    "out, and with how many channels?",
    ["Output size", "Channels out"],
    lambda: truth.filtered(7, 8, 16, 3),
    "Size and channels have nothing to do with each other. What decides each of them?",
    wrong=[*at(7, 8, 16, 3, of=[m.CHANNELS_MULTIPLY, m.CHANNELS_STAY]), (m.SIZE_STAYS, (7, 16))],
)

typo = lesson.prediction(
    "typo",
    "Someone writes `Conv2D(32, 3, 3)` and gives it a picture of 28 × 28. What size comes out?",
    ["Output size"],
    lambda: truth.third_number_size(28, 3),
    "Three numbers, and each means something else. Nothing warns you.",
    wrong=at(28, 3, of=[m.THIRD_IS_WIDTH, m.SIZE_STAYS]),
)


look_back = lesson.look_back


# -- valid_size ---------------------------------------------------------------------------------------------------


@lesson.formula(
    truth.valid_size,
    '`Conv2D(…, padding="valid")`',
    cases=[(5, 3), *((n, k) for n in range(1, 9) for k in range(1, n + 1)), (28, 3), (28, 5), (32, 7)],
    wrong=[m.WINDOW_LOSES_K, m.WINDOW_HOPS, m.SIZE_STAYS, m.HALF_EACH_SIDE, m.ONE_SIDE_LOST, m.ALWAYS_TWO],
    hints=[
        "Take n = 5 and k = 3 and put the window at the left end. How often can you push it one cell to the right?",
        "It can be pushed until it ends on cell n − 1, the last. It moves n − k cells. In how many places was it?",
        "Count the place where it started, too.",
    ],
    why="A window of k can be pushed n − k times, and the place where it starts counts as well. From now on you can "
    "tell the size of every convolution without padding.",
)
def valid_size(n, k):
    return n - k + 1


# -- same_pads ----------------------------------------------------------------------------------------------------


@lesson.formula(
    truth.same_pads,
    '`Conv2D(…, padding="same")`',
    cases=range(1, 12),
    read=pair,
    wrong=[
        m.SAME_IS_SYMMETRIC,
        m.MORE_BEFORE,
        m.K_GHOSTS,
        m.ALL_ON_EACH_SIDE,
        m.ALWAYS_ONE,
        (m.SAME_IS_SYMMETRIC, lambda k: ((k - 1) // 2, (k - 1) // 2)),
    ],
    hints=[
        "How many ghost cells are there in all? As many as places were missing without padding.",
        "k − 1 in all. Write down before and after for k = 3, then for k = 4. What is left over when you halve 3?",
        "`before` is half of k − 1, rounded down. `after` is whatever is left of k − 1.",
    ],
    why="k − 1 ghost cells in all, shared. With an even k one is left over, and it goes after: below and right. You "
    "can now say what each side of a map gets.",
)
def same_pads(k):
    before = (k - 1) // 2
    after = k - 1 - before
    return before, after


# -- zero_padding_by_hand -----------------------------------------------------------------------------------------

Margins = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class _Border:
    """What ``ZeroPadding2D`` was given and what it adds. Two are equal if they add the same.

    Attributes:
        margins: what is added: (above, below), (left, right).
        told: the layer as it is called in a sentence; where the margins were written in short, how Keras reads them.
    """

    margins: Margins
    told: str = field(compare=False)


def _plain(argument: Any) -> Any:
    """The same with lists for arrays, which Keras takes as well."""
    if isinstance(argument, np.ndarray):
        return argument.tolist()
    return [_plain(part) for part in argument] if isinstance(argument, (tuple, list)) else argument


def _leaves(argument: Any) -> list[Any]:
    return [leaf for part in argument for leaf in _leaves(part)] if isinstance(argument, list) else [argument]


def _border(argument: Any) -> _Border:
    """What ``ZeroPadding2D(argument)`` adds. Raises BadAnswer if it would not."""
    padding = _plain(argument)
    if isinstance(padding, str) or kind_of(padding) == "ZeroPadding2D":
        raise BadAnswer(
            "I need what goes between the parentheses of `ZeroPadding2D()`: a number, a pair, or two pairs of numbers."
        )
    if min(map(whole, _leaves(padding)), default=0) < 0:
        raise BadAnswer("ghost cells cannot be fewer than none.")
    try:
        (above, below), (left, right_) = truth.build("ZeroPadding2D", padding=padding).padding
    except KerasRefusal as refusal:
        raise BadAnswer(f"`ZeroPadding2D` refuses it: {refusal}") from None
    margins = (int(above), int(below)), (int(left), int(right_))
    if isinstance(padding, list) and all(isinstance(part, list) for part in padding):
        return _Border(margins, f"`ZeroPadding2D({margins})`")
    return _Border(margins, f"`ZeroPadding2D({spell(argument)})`, which Keras reads as `{margins}`,")


@cache
def _same_conv(k: int, height: int, width: int) -> tuple[Array, Array, list[Array]]:
    """A map, what a real convolution with "same" makes of it, and that convolution's weights."""
    x = networks.digits((1, height, width, 1), seed=1)
    layer = truth.build("Conv2D", filters=1, kernel_size=k, padding="same")
    layer.build(x.shape)
    networks.give_digits(layer, seed=k)
    return x, run(layer, x), layer.get_weights()


def _differs_from_same(border: _Border, k: int) -> str | None:
    """Run ``ZeroPadding2D`` and an unpadded convolution beside one with "same", on a square and on a rectangle."""
    for height, width in ((7, 7), (6, 9)):
        x, expected, weights = _same_conv(k, height, width)
        padding = truth.build("ZeroPadding2D", padding=border.margins)
        convolution = truth.build("Conv2D", filters=1, kernel_size=k)
        try:
            # The size comes first: a margin of millions is never made.
            shape = output_shape(convolution, output_shape(padding, x.shape))
        except KerasRefusal:
            return f"{border.told} leaves a map into which the window does not fit."
        if tuple(shape) != expected.shape:
            return (
                f"{border.told} and the convolution make {spell_size(shape[1:3])} of a {height} × {width} map; "
                f'`padding="same"` makes {spell_size(expected.shape[1:3])}.'
            )
        convolution.build(output_shape(padding, x.shape))
        convolution.set_weights(weights)
        found = run(convolution, run(padding, x))
        if not np.array_equal(found, expected):
            return (
                f"{border.told} gives the right size and other values: the first is "
                f'{found.flat[0]:g}, and with `padding="same"` it is {expected.flat[0]:g}. '
                "The ghost cells are on the wrong sides."
            )
    return None


def _on_both_axes(pads: Callable[[int], tuple[int, int]]) -> Callable[[int], Margins]:
    return lambda k: (pads(k), pads(k))


@lesson.function(
    AgainstKeras(
        cases=tuple((k,) for k in range(1, 8)),
        differ=_differs_from_same,
        layer='`Conv2D(…, padding="same")`, in size and in every value,',
        read=_border,
    ),
    wrong=[
        (m.SAME_IS_SYMMETRIC, lambda k: k // 2),
        (m.SAME_IS_SYMMETRIC, lambda k: (k - 1) // 2),
        (m.ALL_ON_EACH_SIDE, lambda k: k - 1),
        (m.PAIR_IS_BEFORE_AFTER, lambda k: ((k - 1) // 2, k // 2)),
        (m.MORE_BEFORE, _on_both_axes(m.MORE_BEFORE.wrong_formula)),
        (m.K_GHOSTS, _on_both_axes(m.K_GHOSTS.wrong_formula)),
        (m.ALWAYS_ONE, lambda k: 1),
    ],
    hints=[
        "You know how many ghost cells stand before and after: `same_pads(k)`. All that is left is to write it down.",
        "`ZeroPadding2D` takes a number (all four sides), a pair (height, width), or two pairs: "
        "`((above, below), (left, right))`. Which of them can say that two sides differ?",
        "Height and width have the same kernel, so both get the same pair: `((before, after), (before, after))`.",
    ],
    why='You have built "same" yourself: zeros around the map, then an unpadded convolution. Only two pairs can say '
    "that one side gets more than the other, and with an even k it does.",
    called="border",
)
def zero_padding_by_hand(k):
    before = (k - 1) // 2
    after = k - 1 - before
    return (before, after), (before, after)


# -- causal_pads --------------------------------------------------------------------------------------------------


@lesson.formula(
    truth.causal_pads,
    '`Conv1D(…, padding="causal")`',
    cases=sorted(((k, d) for k in range(1, 6) for d in range(1, 4)), key=lambda case: (sum(case), case)),
    read=pair,
    wrong=[m.DILATION_FORGOTTEN, m.CAUSAL_IS_SHARED, m.CAUSAL_AFTER, m.WHOLE_WINDOW_BACK, m.SPAN_IS_GHOSTS],
    hints=[
        "No output may read a step that comes after it. On which side can ghost steps be, then?",
        "Take d = 1. The last cell of the window lies on the present step. How far back does its first cell reach?",
        "With d = 2 there is a gap between neighbours, so the first cell reaches back twice as far.",
    ],
    why="The window ends on the present step and reaches back k − 1 cells, d apart. Nothing comes after: your network "
    "cannot cheat.",
)
def causal_pads(k, d):
    before = (k - 1) * d
    after = 0
    return before, after


# -- fix_the_shape ------------------------------------------------------------------------------------------------


def _check_fix_the_shape(function: Any) -> str:
    """Look at the size after each convolution, not only at the last one."""
    layers = networks.layers_or_word(function)
    picture = np.ones((1, 28, 28, 1), dtype=np.float32)
    maps = networks.run_through(layers, picture)
    through = zip(layers, [picture, *maps][:-1], maps, strict=True)
    convolutions = [(layer, x, y) for layer, x, y in through if kind_of(layer) == "Conv2D"]
    if [tuple(layer.kernel_size) for layer, _, _ in convolutions] != [(5, 5), (5, 5)]:
        raise CheckFailed("Keep two convolutions, both 5 × 5. Only the padding is yours to choose.")
    if any(layer.filters != 8 for layer, _, _ in convolutions):
        raise CheckFailed("Both convolutions need 8 filters.")
    sizes = tuple(y.shape[1:] for _, _, y in convolutions)
    if sizes == ((28, 28, 8), (24, 24, 8)) and maps[-1].shape[1:] == sizes[-1]:
        # Something between the two may have taken the 4 away, and the second convolution kept what was left.
        received = convolutions[1][1].shape[1:]
        if received != sizes[0]:
            raise CheckFailed(
                f"The second convolution receives {spell_size(received)}. It should receive 28 × 28 × 8 and lose 4 "
                "itself."
            )
        return "28 × 28 × 8 after the first convolution, 24 × 24 × 8 after the second."
    found = ", then ".join(map(spell_size, sizes))
    heights = tuple(height for height, _, _ in sizes)
    remarks = {
        (24, 20): ("The first one is to keep 28: which of the two words keeps the size?",),
        (28, 28): ("The second one is to lose 4, which is k − 1: which of the two words loses it?",),
    }
    raise CheckFailed(
        f"Keras gives {found}. Asked for: 28 × 28 × 8, then 24 × 24 × 8.",
        *remarks.get(heights, ()),
        misconception=m.LAST_SIZE_IS_ENOUGH if heights == (24, 24) else None,
        with_case=False,
    )


@lesson.function(
    _check_fix_the_shape,
    wrong=[(m.LAST_SIZE_IS_ENOUGH, edited({"same": "valid", "valid": "same"}))],
    hints=[
        "`padding` is one of two words. Which keeps the size at stride 1?",
        "28 − 24 = 4, and that is k − 1. Which word loses k − 1?",
        "The first convolution keeps 28, the second loses 4.",
    ],
    why='"same" keeps 28 at stride 1; "valid" loses k − 1 = 4. The other way round, only the map in between would '
    "differ. You can now design a chain of sizes, not only its end.",
    called="build",
)
def fix_the_shape():
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            keras.layers.Conv2D(8, 5, padding="same"),
            keras.layers.Conv2D(8, 5, padding="valid"),
        ]
    )


# -- torch_to_keras -----------------------------------------------------------------------------------------------


def _misconception_about_port(trial: Trial) -> Misconception | None:
    """What explains a wrong port, by the size that it gives and by its kernel."""
    size = trial.y.shape[1]
    if tuple(trial.convolution.kernel_size) != (5, 5):
        return m.OTHER_KERNEL if size == 26 else None
    alone = {28: m.NUMBER_IS_SAME, 24: m.PADDING_LEFT_OUT}
    return alone.get(size) if len(trial.layers) == 1 else None


def _remarks_about_port(trial: Trial) -> list[str]:
    """What was copied from PyTorch's line where Keras's begins with something else; or what there is more."""
    if trial.size_is_right:
        return ["PyTorch's line puts one ghost cell on each side, and then does nothing but convolve."]
    if (trial.convolution.filters, *trial.convolution.kernel_size) != (1, 8, 8):
        return []
    return [
        "PyTorch's first number is the channels that come in. Keras finds those out by itself: its first number is the "
        "filters, its second the kernel."
    ]


def _kernel_of_five_and_bias(trial: Trial) -> None:
    k = trial.convolution.kernel_size
    lead = f"The size is right, {trial.made}, but PyTorch's"
    if tuple(k) != (5, 5):
        line = f"{lead} kernel is 5 × 5 and yours {k[0]} × {k[0]}."
        raise CheckFailed(line, misconception=_misconception_about_port(trial), with_case=False)
    if not trial.convolution.use_bias:
        raise CheckFailed(f"{lead} line has a bias for each filter, and yours has none.")


_FRAME = "keras.layers.ZeroPadding2D(1),"


@lesson.function(
    SameMaps(
        [LayerCode("ZeroPadding2D", {"padding": 1}), LayerCode("Conv2D", {"filters": 8, "kernel_size": 5})],
        pictures=[(28, 28, 1)],
        task="PyTorch's line",
        wrong_size=lambda trial: f"Your layers give {trial.made}. PyTorch gives 26 × 26 × 8.",
        wrong_values=lambda trial: f"The size is right, {trial.made}, but the values differ.",
        remarks=_remarks_about_port,
        misconception=_misconception_about_port,
        right="26 × 26 × 8, and the same values, cell by cell.",
        after=[_kernel_of_five_and_bias],
    ),
    wrong=[
        (m.NUMBER_IS_SAME, edited({_FRAME: "", "8, 5": '8, 5, padding="same"'})),
        (m.PADDING_LEFT_OUT, edited({_FRAME: ""})),
        (m.OTHER_KERNEL, edited({_FRAME: "", "8, 5": "8, 3"})),
    ],
    hints=[
        "Keras's `Conv2D` takes a word for its padding, not a number. Does one of the two words give 26?",
        'Neither does: "valid" gives 24, "same" gives 28. So the padding needs a layer of its own, in front.',
        "That layer is `keras.layers.ZeroPadding2D`. One ghost cell on each side is what its plain number means.",
    ],
    why="PyTorch's number is so many ghost cells on each side, whatever the kernel: 28 + 2·1 − 5 + 1 = 26. "
    "Keras's words cannot say that, so the padding becomes a layer. You have ported your first layer.",
    called="keras_layers",
)
def torch_to_keras():
    return [
        keras.layers.ZeroPadding2D(1),
        keras.layers.Conv2D(8, 5),
    ]


# -- dim_rim ------------------------------------------------------------------------------------------------------

_RIM_SIZE = 7
#: Maps of one value, which must stay of one value, and for each k one that must survive inside the padded one.
_RIMS = tuple(
    (x, k)
    for k in (3, 5, 2, 4)
    for x in (
        *(np.full((_RIM_SIZE, _RIM_SIZE), value) for value in (1.0, 5.0, -2.0)),
        np.arange(float(_RIM_SIZE**2)).reshape(_RIM_SIZE, _RIM_SIZE),
    )
)


def _rim_told(x: Values, k: int) -> str:
    cells = f"are all {x.flat[0]:g}" if x.min() == x.max() else "count from 0"
    return f"k = {k} on a map of {_RIM_SIZE} × {_RIM_SIZE} cells that {cells}"


def _rim_differs(padded: Values, x: Values, k: int) -> str:
    """Run a real unpadded convolution with a kernel of ones over what the learner's function made of a map."""
    size = tuple(side - k + 1 for side in padded.shape)
    if size != x.shape:
        height, width = padded.shape
        comes_out = f"{size[0]} × {size[1]} comes out" if min(size) > 0 else "no window fits into it"
        return (
            f"your padded map is {height} × {width}, so {comes_out}. "
            f"It should be {x.shape[0]} × {x.shape[1]}, as before: add k − 1 in all, to height and to width."
        )
    value = x.flat[0]
    if value != x.max():
        return "" if networks.places_of(x, padded) else "the map does not stand unchanged inside your padded map."
    layer = truth.build("Conv2D", filters=1, kernel_size=k, kernel_initializer="ones")
    sums = run(layer, padded[np.newaxis, :, :, np.newaxis])
    if sums.min() != sums.max():
        # If what was added is zeros, that is said.
        raise CheckFailed(
            f"For {_rim_told(x, k)} the sums run from {sums.min():g} to {sums.max():g}: the rim shows.",
            misconception=m.GHOSTS_DO_NOT_SHOW if set(padded.flat) == {0.0, value} else None,
            with_case=False,
        )
    return "" if sums.flat[0] == value * k * k else f"every sum is {sums.flat[0]:g}. It should be {value * k * k:g}."


@lesson.function(
    AgainstKeras(
        _RIMS,
        _rim_differs,
        read=networks.read_map("It should return the padded map."),
        returned="returns {}. {}",
        told=_rim_told,
        same=np.array_equal,
        agreement="Bright to the border, and the size is kept: k = 2, 3, 4 and 5, on several maps.",
    ),
    wrong=[(m.GHOSTS_DO_NOT_SHOW, edited({', mode="edge"': ""}))],
    hints=[
        "The rim is dim because the ghosts are zeros. What else could stand there, around a map of fives?",
        "Something taken from the map itself, for example the nearest real cell. `np.pad` can do that with its `mode`.",
        '`np.pad(x, (before, after), mode="edge")` pads both axes. You know before and after from `same_pads`.',
    ],
    why="No dark frame any more: ghosts taken from the map itself continue it. The nearest real cell (`edge`) does "
    "that, and so does mirroring (`reflect`). `Conv2D` cannot do this itself, so you make the border before it.",
    called="with_border",
)
def dim_rim(x, k):
    before = (k - 1) // 2
    after = k - 1 - before
    return np.pad(x, (before, after), mode="edge")
