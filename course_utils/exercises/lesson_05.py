"""Lesson 05, "Solve the autoencoder": why 28 comes back, the rule for every n, repairs, and what a loss takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.exercises import misconceptions as m, networks, truth
from course_utils.exercises.answers import BadAnswer, ask, check_callable, spell
from course_utils.exercises.catalogue import Misconception
from course_utils.exercises.core import AgainstKeras, Numbers, pair
from course_utils.exercises.declare import Lesson
from course_utils.exercises.predictions import Choice
from course_utils.exercises.result import CheckFailed
from course_utils.keras_layers import Layer, load_keras

if TYPE_CHECKING:
    import keras  # for the solutions, which are shown and not called

lesson = Lesson("05")

#: The sizes for which the repairs are tried.
TRIED = range(20, 41)

# -- predictions --------------------------------------------------------------------------------------------------

uneven = lesson.prediction(
    "uneven",
    "A picture of 28 × 28 goes through the 13 layers. All but two keep the size, or halve it exactly, or double it. "
    "What are the numbers of these two, the smaller one first?",
    ["The smaller number", "The larger number"],
    lambda: truth.uneven_layers(28),
    "One of them halves an odd size. The other has no padding.",
    wrong=[(m.HALVING_IS_A_LOSS, (2, 11)), (m.HALVING_IS_A_LOSS, (2, 6))],
)

third = lesson.prediction(
    "third",
    'Layer 11 gets its `padding="same"`, like all the others. What comes out for 28 × 28, and what for 32 × 32?',
    ["28 goes in", "32 goes in"],
    lambda: (truth.all_same_size(28), truth.all_same_size(32)),
    "Nothing takes rows away any more on the way up.",
    wrong=[(m.ALL_SAME_RETURNS, (28, 32))],
)

_SIZE_BELIEFS = (m.COMES_BACK, m.NOTHING_TAKEN_AWAY, m.TWO_STAY_TWO)


def _code_rounded_down(n: int) -> int:
    return 8 * (n // 8) - 4


three_sizes = lesson.prediction(
    "three_sizes",
    "Layer 11 is as it was, without padding. Which size comes out for three other pictures?",
    ["23 goes in", "25 goes in", "31 goes in"],
    lambda: tuple(map(truth.autoencoder_size, (23, 25, 31))),
    "25 and 31 give the same: from the code on, no layer knows what n was.",
    wrong=[
        *((one, tuple(map(one.wrong_formula, (23, 25, 31)))) for one in _SIZE_BELIEFS),
        (m.CODE_ROUNDS_DOWN, tuple(map(_code_rounded_down, (23, 25, 31)))),
    ],
)

crop_only = lesson.prediction(
    "crop_only",
    "Leave the model as it is, and crop what comes out. For how many of the 21 sizes from 20 to 40 does enough come "
    "out, n rows or more?",
    ["Of the 21 sizes"],
    lambda: sum(truth.can_be_cropped(n) == "yes" for n in TRIED),
    "Of 8 sizes that share a code, only the first four get enough.",
    wrong=[(m.CROPPING_IS_ENOUGH, 21)],
)

_ERROR, _NUMBER = "an error", "a number"

loss_takes = lesson.prediction(
    "loss_takes",
    "`mse` compares 8 grey pictures, (8, 28, 28, 1), with what a model returns. What happens if that is "
    "(8, 32, 32, 1)? And what if it is in colour, (8, 28, 28, 3)?",
    [Choice("(8, 32, 32, 1)", (_ERROR, _NUMBER)), Choice("(8, 28, 28, 3)", (_ERROR, _NUMBER))],
    lambda: (truth.mse_of_channels(28, 32), truth.mse_of_channels(1, 3)),
    "One pair is refused. The other is compared without a word, though the shapes differ.",
    wrong=[(m.LOSS_CHECKS_SHAPES, (_ERROR, _ERROR)), (m.LOSS_TAKES_ALL, (_NUMBER, _NUMBER))],
)

squeeze = lesson.prediction(
    "squeeze",
    "A picture of 28 × 28 is 784 numbers. The code is 4 × 4 with 8 channels. Into how many numbers is the "
    "picture squeezed?",
    ["Numbers in the code"],
    lambda: truth.code_numbers(28),
    "The code has 8 channels, and each of them is a map of its own.",
    wrong=[(m.CODE_IS_ONE_MAP, 16)],
)

look_back = lesson.look_back


# -- out_size -----------------------------------------------------------------------------------------------------


@lesson.formula(
    truth.autoencoder_size,
    "the real model",
    cases=dict.fromkeys((28, 25, 32, 33, *range(20, 41), *range(1, 20), 64, 100)),
    wrong=[*_SIZE_BELIEFS, (m.CODE_ROUNDS_DOWN, _code_rounded_down)],
    hints=[
        "Look at the column *code* first. For how many n in a row does it stay the same? After which n does it go up?",
        "From 25 to 32 the code is 4, from 33 to 40 it is 5. So it is n / 8, and a part of 8 counts as a whole one. "
        "In Python, `-(-n // 8)`.",
        "Now the way up from a code of c: 2·c, then 4·c, then 4·c − 2, and then twice that.",
    ],
    why="Three halvings that round up are one division by 8 that rounds up. Then (4·c − 2)·2 = 8·c − 4. Thirteen "
    "layers, one rule.",
)
def out_size(n):
    code = -(-n // 8)
    return 8 * code - 4


# -- all_same_road ------------------------------------------------------------------------------------------------


def _road(n: int, halve: Callable[[int], int], last: Callable[[int], int] = lambda n: n) -> tuple[int, ...]:
    """The 13 sizes of someone who halves like this, and who does this in layer 11."""
    a = halve(n)
    b = halve(a)
    c = halve(b)
    up = last(4 * c)
    return n, a, a, b, b, c, c, 2 * c, 2 * c, 4 * c, up, 2 * up, 2 * up


@lesson.cell(
    Numbers(
        tuple(f"After layer {i}, `{line}`" for i, line in enumerate(truth.ALL_SAME, start=1)),
        lambda: truth.sizes(23, truth.ALL_SAME),
        remarks={_road(23, lambda n: -(-n // 2), lambda n: n - 2): "In this version layer 11 says same, too."},
    ),
    wrong=[
        (m.ROUNDS_DOWN, _road(23, lambda n: n // 2)),
        (m.ROUNDS_DOWN, (23, 11, 11, 6, 6, 3, 3, 6, 6, 12, 12, 24, 24)),
        (m.DOUBLING_UNDOES, (23, 12, 12, 6, 6, 3, 3, 6, 6, 12, 12, 23, 23)),
    ],
    hints=[
        "The convolutions keep the size, all of them this time. So only 2, 4, 6 and 8, 10, 12 change anything.",
        "Poolings with same divide by 2 and round up: 23 / 2 = 11.5.",
        "The half place counts. Go on like that with what comes out, layer by layer; a doubling only multiplies by 2, "
        "whatever there was on the way down.",
    ],
    why="Only one layer rounds, the first pooling: 11.5 → 12. Three doublings turn the code of 3 into 24. You can"
    " now follow a size through a whole network.",
)
def all_same_road():
    my_sizes = [23, 12, 12, 6, 6, 3, 3, 6, 6, 12, 12, 24, 24]
    return my_sizes


# -- still_closes -------------------------------------------------------------------------------------------------


def _yes_or_no(value: Any) -> bool:
    """A yes or a no. Raises BadAnswer for anything else."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if value is None:
        raise BadAnswer("that is nothing at all. Is a `return` missing?")
    raise BadAnswer("True or False is needed. A comparison gives one of them: `n == 28`.")


@lesson.formula(
    truth.closes_with_four,
    "the real layers",
    cases=dict.fromkeys((28, 20, 32, 12, *range(1, 61))),
    read=_yes_or_no,
    wrong=[
        (m.ONE_MORE_CHANGES_NOTHING, lambda n: n % 8 == 4),
        (m.SIXTEENS_COME_BACK, lambda n: n % 16 == 0),
        m.REMAINDER_FOUR,
        m.EVERY_MULTIPLE_OF_FOUR,
        m.LUCKY_TWENTY_EIGHT,
    ],
    hints=[
        "Work out what comes out, as in exercise 1. How many n share a code after four poolings?",
        "On the way up the code is doubled three times, then 2 are taken away, then it is doubled once more. "
        "The network closes if that is n.",
        "How many is n short of a multiple, and of a multiple of what? What is the remainder of such a number? "
        "Try it with the smallest n that closes.",
    ],
    why="The code is c = ⌈n / 16⌉, and (8·c − 2)·2 = 16·c − 4 comes out. So n closes if it is 4 short of a "
    "multiple of 16. You can now tell which pictures a network returns before you build it.",
)
def still_closes(n):
    return n % 16 == 12


# -- crop_rows ----------------------------------------------------------------------------------------------------


def _rows(value: Any) -> tuple[int, ...]:
    """The rows before and after; also as ``Cropping2D`` wants them, with the columns. Raises BadAnswer for others."""
    value = value.tolist() if isinstance(value, np.ndarray) else value
    if isinstance(value, (tuple, list)) and len(value) == 2 and all(isinstance(one, (tuple, list)) for one in value):
        rows, columns = map(pair, value)
        if rows != columns:
            raise BadAnswer("rows and columns are not cut alike, and the picture is as wide as it is high.")
        return rows
    return pair(value)


def _cropping_differs(rows: tuple[int, ...], n: int) -> str | None:
    """Cut so many rows off the real model's output, and look at what is left, and where it stands."""
    before, after = rows
    o = truth.all_same_size(n)
    said = f"your function says {spell(rows)}"
    if min(rows) < 0:
        return f"{said}; a crop cannot take away fewer than 0 rows."
    if before + after >= o:
        return f"{said}; the model returns {o} rows, so nothing would be left."
    left = truth.cropped_size(n, before, after)
    if left != n:
        return f"{said}; the model returns {o} rows, and {left} are left."
    high = truth.rows_too_high(n, before, after)
    if high:
        return f"{said}; {n} rows are left, as you want, but each is {high} too high: it is not in its place."
    return None


def _surplus(n: int) -> int:
    return truth.all_same_size(n) - n


@lesson.function(
    AgainstKeras(
        cases=tuple((n,) for n in dict.fromkeys((28, 25, 32, *TRIED))),
        differ=_cropping_differs,
        layer="a real `Cropping2D` behind the real layers, in size and place,",
        read=_rows,
    ),
    wrong=[
        (m.HALVES_ARE_IN_PLACE, lambda n: (_surplus(n) // 2, _surplus(n) - _surplus(n) // 2)),
        (m.HALVES_ARE_IN_PLACE, lambda n: (_surplus(n) - _surplus(n) // 2, _surplus(n) // 2)),
        (m.CUT_ALIKE, lambda n: (_surplus(n) // 2,) * 2),
        (m.CUT_ALIKE, lambda n: ((_surplus(n) + 1) // 2,) * 2),
        (m.EIGHT_WHEN_NONE, lambda n: ((8 - n % 8) // 2, 8 - n % 8 - (8 - n % 8) // 2)),
        (m.EIGHT_WHEN_NONE, lambda n: (0, 8 - n % 8)),
        (m.ALL_SAME_RETURNS, lambda n: (0, 0)),
    ],
    hints=[
        "First the size: what comes out with same everywhere, and how many rows of that are too many? For 28 it is 4, "
        "for 25 it is 7, for 32 it is 0.",
        "Then the place. In *Right in place*, 15 should come out in rows 8 to 15. Where does `crop` put it, "
        "and which rows should it have kept to put it there?",
        "A pooling with same that meets an odd size adds a ghost. On which side of the map (lesson 03)? "
        "The rows that came of it lie there.",
    ],
    why="8·⌈n / 8⌉ come out and n are wanted. Any sharing gives the size. But the poolings put their ghosts after"
    " the map, so what is too much lies after it. You can now crop a picture without moving it.",
)
def crop_rows(n):
    surplus = 8 * -(-n // 8) - n
    before = 0
    after = surplus
    return before, after


# -- mse_complains ------------------------------------------------------------------------------------------------


def _complains_by(belief: Misconception) -> Callable[[int, int], bool]:
    return lambda a, b: bool(belief.wrong_formula(a, b) == _ERROR)


def _complaint_differs(value: bool, a: int, b: int) -> str | None:
    """Say what the loss does, because it gives numbers and errors, and never True or False."""
    true = truth.mse_of_channels(a, b) == _ERROR
    if value == true:
        return None
    return f"your function says {value}; `mse` gives {truth.mse_of_channels(a, b)}, so {true} is right."


@lesson.function(
    AgainstKeras(
        cases=tuple(dict.fromkeys(((3, 3), (1, 3), (2, 3), *product(range(1, 7), repeat=2), (28, 32)))),
        differ=_complaint_differs,
        layer="`mse`",
        read=_yes_or_no,
    ),
    wrong=[
        (belief, _complains_by(belief))
        for belief in (
            m.LOSS_CHECKS_SHAPES,
            m.LOSS_TAKES_ALL,
            m.MULTIPLES_ARE_REPEATED,
            m.ONLY_OUTPUTS_REPEATED,
            m.ONLY_TARGETS_REPEATED,
        )
    ],
    hints=[
        "Equal sizes are never refused. So it needs `a != b`.",
        "And of two sizes that differ, one kind gets through: which number is repeated until it fits?",
        "Try your function on (3, 3), (1, 3), (3, 1) and (2, 3). Only one of the four is refused. "
        "Python joins conditions with `and`.",
    ],
    why="A side of 1 is repeated until it fits, whichever of the two has it. Every other difference is refused. "
    "You can now tell which wrong shapes `mse` lets through.",
)
def mse_complains(a, b):
    return a != b and a != 1 and b != 1


# -- squeeze_harder -----------------------------------------------------------------------------------------------

MOST_NUMBERS = 100


def _chain(function: Any, n: int) -> list[Layer]:
    """The layers of the ``Sequential`` that the learner builds for n."""
    model = ask(function, n, settings=f"n = {n}")
    if not isinstance(model, load_keras().Sequential):
        raise CheckFailed(
            f"For n = {n} your function returns {spell(model)}, and I need a `keras.Sequential`. "
            "In a chain of layers every number has to pass through the code."
        )
    return _flat(model)


def _flat(model: Any) -> list[Layer]:
    """The layers of a chain; a chain that is one layer of another is taken apart too."""
    chain = load_keras().Sequential
    return [one for layer in model.layers for one in (_flat(layer) if isinstance(layer, chain) else [layer])]


def _check_squeeze_harder(function: Any) -> str:
    """Run a picture through every model, layer by layer: the size at the end, and the smallest map on the way."""
    check_callable(function)
    codes: list[int] = []
    for n in TRIED:
        layers = _chain(function, n)
        shapes = [y.shape[1:] for y in networks.run_through(layers, np.zeros((1, n, n, 1), np.float32))]
        if not shapes:
            raise CheckFailed(f"For n = {n} there is no layer in your model, so nothing is squeezed.")
        if shapes[-1] != (n, n, 1):
            beliefs = ((m.COMES_BACK, truth.autoencoder_size), (m.ALL_SAME_RETURNS, truth.all_same_size))
            raise CheckFailed(
                f"For n = {n} your model returns {networks.spell_size(shapes[-1])}, and {n} × {n} × 1 is wanted.",
                misconception=next((one for one, size in beliefs if shapes[-1] == (size(n), size(n), 1)), None),
                with_case=False,
            )
        if not any(layer.trainable_weights for layer in layers):
            raise CheckFailed(
                f"For n = {n} the size comes back, but none of your layers has weights, so there is nothing to learn. "
                "Put in a convolution or two."
            )
        code = min(shapes, key=prod)
        if prod(code) > MOST_NUMBERS:
            grown = [f"For n = {TRIED[0]} it has {codes[0]}, but the code grows with n."] if codes else []
            raise CheckFailed(
                f"For n = {n} the size comes back. The smallest stage on the way has {_product(code)} numbers, "
                f"and at most {MOST_NUMBERS} are allowed.",
                *grown,
                # Who leaves the 8 maps of the lesson as they are has counted one of them.
                misconception=m.CODE_IS_ONE_MAP if code == (4, 4, 8) else None,
                with_case=False,
            )
        codes.append(prod(code))
        if n in (TRIED[0], TRIED[-1]):
            _check_every_corner(layers, n)
    count = f"between {min(codes)} and {max(codes)}" if min(codes) < max(codes) else str(codes[0])
    numbers = "number" if max(codes) == 1 else "numbers"
    return (
        f"All {len(TRIED)} sizes come back. The smallest stage on the way has {count} {numbers}, "
        f"and a picture of 40 × 40 has 1600."
    )


def _check_every_corner(layers: list[Layer], n: int) -> None:
    """Check that each corner of the picture, a quarter of its sides long, changes something of what comes out."""
    for weight in [weight for layer in layers for weight in layer.trainable_weights]:
        if "kernel" in weight.name:  # means of what comes in: no activation is dead, and none is at its end
            weight.assign(np.full(weight.shape, weight.shape[-1] / prod(weight.shape)))
    picture = networks.digits((1, n, n, 1), seed=n) / np.float32(9)
    plain = networks.run_through(layers, picture)[-1]
    ends = {"top": slice(n // 4), "bottom": slice(-(n // 4), None)}
    sides = {"left": slice(n // 4), "right": slice(-(n // 4), None)}
    for (end, rows), (side, columns) in product(ends.items(), sides.items()):
        changed = picture.copy()
        changed[:, rows, columns] += 1
        if np.array_equal(networks.run_through(layers, changed)[-1], plain):
            raise CheckFailed(
                f"For n = {n} the size comes back. But I changed the {end} {side} corner of the picture, and what came "
                "out stayed the same. Every part of the picture has to reach the end."
            )


def _product(sides: Sequence[int]) -> str:
    """How many numbers sides like these have: ``5·5·8 = 200``, or ``101``."""
    factors = "·".join(map(str, sides))
    return factors if len(sides) == 1 else f"{factors} = {prod(sides)}"


def _as_asked(lines: Sequence[str]) -> Callable[[int], Any]:
    """What a learner would hand in who builds these lines for every n."""
    return lambda n: load_keras().Sequential([load_keras().Input((n, n, 1)), *truth.built(*lines)])


# fmt: off
@lesson.function(
    _check_squeeze_harder,
    wrong=[(m.COMES_BACK, _as_asked(truth.AUTOENCODER)), (m.ALL_SAME_RETURNS, _as_asked(truth.ALL_SAME))],
    hints=[
        "Begin with a repair of section 4 that closes for every n; `crop` is the shortest. Only the code is too large.",
        "For n = 40 the code is 5·5·8 = 200 numbers. Two things make it smaller: fewer filters in layer 5, or a fourth "
        "pooling (and then a fourth doubling, and 16 in place of 8).",
        "`way_down()` holds layer 5 as it is. Write its six layers out in your `make`, and choose how many maps "
        "layer 5 makes: 5·5 times that may be 100. The way up and the crop can stay as they are.",
    ],
    why="Only the two ends are fixed: n goes in and n comes out. The filters decide how many maps the code has, "
    "and the poolings how large each of them is. The way up multiplies by as much as the way down divides, "
    "and the surplus is cut off. You can now design an autoencoder for any size.",
    called="make",
)
def squeeze_harder(n):
    layers = keras.layers
    surplus = 8 * -(-n // 8) - n
    return keras.Sequential([
        keras.Input((n, n, 1)),
        layers.Conv2D(16, 3, activation="relu", padding="same"),
        layers.MaxPooling2D(2, padding="same"),
        layers.Conv2D(8, 3, activation="relu", padding="same"),
        layers.MaxPooling2D(2, padding="same"),
        layers.Conv2D(4, 3, activation="relu", padding="same"),
        layers.MaxPooling2D(2, padding="same"),
        layers.UpSampling2D(8),
        layers.Conv2D(1, 3, activation="sigmoid", padding="same"),
        # Cut after the map only: there the poolings put their ghosts, so every row stays in its place.
        layers.Cropping2D(((0, surplus), (0, surplus))),
    ])
# fmt: on


# -- family_size --------------------------------------------------------------------------------------------------


@lesson.formula(
    truth.family_size,
    "the real layers",
    cases=[
        (28, 3, 2),
        (28, 3, 3),
        (28, 3, 1),
        (28, 2, 1),
        *((n, m, j) for m in (1, 2, 3, 4) for j in range(m + 1) for n in (33, 40, 47, 50)),
    ],
    wrong=[
        m.HOLE_COSTS_FOUR,
        m.DOUBLED_BEFORE,
        (m.TWO_STAY_TWO, lambda n, m, j: 2**m * -(-n // 2**m) - 2),
        (m.NOTHING_TAKEN_AWAY, lambda n, m, j: 2**m * -(-n // 2**m)),
    ],
    hints=[
        "First without the layer that loses. m poolings that round up are one division by `2**m` that rounds up, "
        "and m doublings multiply by `2**m`. For m = 3 that is 8·⌈n / 8⌉.",
        "The layer without padding takes 2. How many doublings come after it? Of m, j came before.",
        "Each doubling after it doubles what is missing. In the network of this lesson, m = 3 and j = 2, so one comes "
        "after, and 2 become 4. With j = 1 they become 8, with j = 3 they stay 2.",
    ],
    why="Rounding makes whole blocks of `2**m`, and a loss is doubled as often as there are doublings after it. "
    "You can now read the rule of such a network off its layers.",
)
def family_size(n, m, j):
    code = -(-n // 2**m)
    return 2**m * code - 2 * 2 ** (m - j)
