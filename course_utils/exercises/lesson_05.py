"""Lesson 05, "Solve the autoencoder": why 28 comes back, the rule for every n, repairs, and what a loss takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_utils.exercises import misconceptions as m, networks, predictions, truth
from course_utils.exercises.answers import BadAnswer, ask, check_callable, spell
from course_utils.exercises.catalogue import KnownWrongAnswer, Misconception, slips_of
from course_utils.exercises.core import AgainstKeras, Exercise, Numbers, equals, pair
from course_utils.exercises.predictions import Choice, Number, Prediction
from course_utils.exercises.result import CheckFailed, Result, right, wrong
from course_utils.keras_layers import Layer, load_keras

Case = tuple[Any, ...]


def _distinct(*cases: Case) -> tuple[Case, ...]:
    """Each once, in this order: a check says in how many settings it tried an answer."""
    return tuple(dict.fromkeys(cases))


#: The sizes for which the repairs are tried.
TRIED = range(20, 41)

# -- predictions --------------------------------------------------------------------------------------------------

uneven = Prediction(
    lesson="05",
    name="uneven",
    question="Take the 13 layers and a picture of 28 × 28. All but two layers keep the size, or halve it exactly, or "
    "double it. What are the numbers of the two that do not, the smaller one first? (Layer 1 is the first "
    "convolution.)",
    fields=(Number("The one with the smaller number"), Number("The other")),
    truth=lambda: _two(truth.uneven_layers(28)),
    sentence="Layer 6 rounds 3.5 up. Layer 11 has no padding. Everything else is exact.",
    slips=(KnownWrongAnswer(m.HALVING_IS_A_LOSS, (2, 11)), KnownWrongAnswer(m.HALVING_IS_A_LOSS, (2, 6))),
)


def _two(numbers: tuple[int, ...]) -> tuple[int, int]:
    first, second = numbers
    return first, second


third = Prediction(
    lesson="05",
    name="third",
    question='Mend the "slip": layer 11 gets its `padding="same"`, as all the others have. What comes out for 28 × 28, '
    "and what for 32 × 32?",
    fields=(Number("28 goes in"), Number("32 goes in")),
    truth=lambda: (truth.all_same_size(28), truth.all_same_size(32)),
    sentence="Nothing takes rows away any more, so 4 becomes 8, 16, 32. For 28 that is four too many.",
    slips=(KnownWrongAnswer(m.ALL_SAME_RETURNS, (28, 32)),),
)

three_sizes = Prediction(
    lesson="05",
    name="three_sizes",
    question="The model as it was asked about, with layer 11 as it is, for three other pictures. What size comes out?",
    fields=tuple(Number(f"{n} goes in") for n in (23, 25, 31)),
    truth=lambda: tuple(map(truth.autoencoder_size, (23, 25, 31))),
    sentence="25 and 31 give the same, because their codes are equal: 4. From the code on, nothing knows what n was.",
    slips=tuple(
        KnownWrongAnswer(belief, tuple(map(formula, (23, 25, 31))))
        for belief, formula in (
            (m.COMES_BACK, m.COMES_BACK.wrong_formula),
            (m.NOTHING_TAKEN_AWAY, m.NOTHING_TAKEN_AWAY.wrong_formula),
            (m.TWO_STAY_TWO, m.TWO_STAY_TWO.wrong_formula),
            (m.CODE_ROUNDS_DOWN, lambda n: 8 * (n // 8) - 4),
        )
    ),
)

crop_only = Prediction(
    lesson="05",
    name="crop_only",
    question="The cheapest repair is to leave the model as it is and to crop what comes out. There are 21 sizes from "
    "20 to 40. For how many is what comes out large enough, n rows or more?",
    fields=(Number("Of the 21 sizes"),),
    truth=lambda: (sum(truth.can_be_cropped(n) == "yes" for n in TRIED),),
    sentence="Of each 8 sizes with the same code only the first four get enough: 20 (the last of its four), then "
    "25 to 28, then 33 to 36.",
    slips=(KnownWrongAnswer(m.CROPPING_IS_ENOUGH, (21,)),),
)

_ERROR, _NUMBER = "an error", "a number"

loss_takes = Prediction(
    lesson="05",
    name="loss_takes",
    question="`mse` compares 8 grey pictures, (8, 28, 28, 1), with what a model returns. What happens if the model "
    "returns (8, 32, 32, 1)? And what if it returns colours, (8, 28, 28, 3)?",
    fields=(Choice("(8, 32, 32, 1)", (_ERROR, _NUMBER)), Choice("(8, 28, 28, 3)", (_ERROR, _NUMBER))),
    truth=lambda: (truth.mse_of_channels(28, 32), truth.mse_of_channels(1, 3)),
    sentence="Two sizes that differ are refused, unless one of them is 1: that one is repeated, without a word.",
    slips=(
        KnownWrongAnswer(m.LOSS_CHECKS_SHAPES, (_ERROR, _ERROR)),
        KnownWrongAnswer(m.LOSS_TAKES_ALL, (_NUMBER, _NUMBER)),
    ),
)

squeeze = Prediction(
    lesson="05",
    name="squeeze",
    question="A picture of 28 × 28 is 784 numbers. The code is 4 × 4 with 8 channels. Into how many numbers is the "
    "picture squeezed?",
    fields=(Number("Numbers in the code"),),
    truth=lambda: (truth.code_numbers(28),),
    sentence="4·4·8 = 128, about a sixth of 784.",
    slips=(KnownWrongAnswer(m.CODE_IS_ONE_MAP, (16,)),),
)


def look_back() -> None:
    """Show what you expected in this lesson, and what came."""
    predictions.look_back("05")


# -- out_size -----------------------------------------------------------------------------------------------------

_OUT_SLIPS = (
    *slips_of(m.COMES_BACK, m.NOTHING_TAKEN_AWAY, m.TWO_STAY_TWO),
    KnownWrongAnswer(m.CODE_ROUNDS_DOWN, lambda n: 8 * (n // 8) - 4),
)

out_size = Exercise(
    name="out_size",
    answer="out_size",
    checker=AgainstKeras(
        symbols=("n",),
        cases=_distinct(*((n,) for n in (28, 25, 32, 33, *range(20, 41), *range(1, 20), 64, 100))),
        differ=equals(truth.autoencoder_size),
        layer="the real model",
        slips=_OUT_SLIPS,
    ),
    hints=(
        "Look at the column *code* first. For how many n in a row does it stay the same? After which n does it go up?",
        "From 25 to 32 the code is 4, from 33 to 40 it is 5. So it is n / 8, and a part of 8 counts as a whole one. "
        "In Python, `-(-n // 8)`.",
        "Now the way up from a code of c: 2·c, then 4·c, then 4·c − 2, and then twice that.",
    ),
    solution_code="""\
def out_size(n):
    code = -(-n // 8)
    return 8 * code - 4""",
    why="Three halvings that round up are one division by 8 that rounds up. Then (4·c − 2)·2 = 8·c − 4.",
    slips=_OUT_SLIPS,
)

# -- all_same_road ------------------------------------------------------------------------------------------------


def _road(n: int, halve: Callable[[int], int], last: Callable[[int], int] = lambda n: n) -> tuple[int, ...]:
    """The 13 sizes of someone who halves like this, and who does this in layer 11."""
    a = halve(n)
    b = halve(a)
    c = halve(b)
    up = last(4 * c)
    return n, a, a, b, b, c, c, 2 * c, 2 * c, 4 * c, up, 2 * up, 2 * up


_ROAD_SLIPS = (
    KnownWrongAnswer(m.ROUNDS_DOWN, _road(23, lambda n: n // 2)),
    KnownWrongAnswer(m.ROUNDS_DOWN, (23, 11, 11, 6, 6, 3, 3, 6, 6, 12, 12, 24, 24)),
    KnownWrongAnswer(m.DOUBLING_UNDOES, (23, 12, 12, 6, 6, 3, 3, 6, 6, 12, 12, 23, 23)),
)

all_same_road = Exercise(
    name="all_same_road",
    answer="my_sizes",
    checker=Numbers(
        tuple(f"After layer {i}, `{line}`" for i, line in enumerate(truth.ALL_SAME, start=1)),
        lambda: truth.sizes(23, truth.ALL_SAME),
        _ROAD_SLIPS,
        remarks={_road(23, lambda n: -(-n // 2), lambda n: n - 2): "In this version layer 11 says same, too."},
    ),
    hints=(
        "The convolutions keep the size, all of them this time. So only 2, 4, 6 and 8, 10, 12 change anything.",
        "Poolings with same divide by 2 and round up: 23 / 2 = 11.5.",
        "The half place counts. Go on like that with what comes out, layer by layer; a doubling only multiplies by 2, "
        "whatever there was on the way down.",
    ),
    solution_code="my_sizes = [23, 12, 12, 6, 6, 3, 3, 6, 6, 12, 12, 24, 24]",
    why="Only one layer rounds, the first pooling: 11.5 → 12. Three doublings make 24 of the code of 3.",
    slips=_ROAD_SLIPS,
)

# -- still_closes -------------------------------------------------------------------------------------------------


def _yes_or_no(value: Any) -> bool:
    """A yes or a no. Raises BadAnswer for anything else."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if value is None:
        raise BadAnswer("that is nothing at all. Is a `return` missing?")
    raise BadAnswer("True or False is needed. A comparison gives one of them: `n == 28`.")


_CLOSE_SLIPS = (
    KnownWrongAnswer(m.ONE_MORE_CHANGES_NOTHING, lambda n: n % 8 == 4),
    KnownWrongAnswer(m.SIXTEENS_COME_BACK, lambda n: n % 16 == 0),
    KnownWrongAnswer(m.REMAINDER_FOUR, lambda n: n % 16 == 4),
    KnownWrongAnswer(m.EVERY_MULTIPLE_OF_FOUR, lambda n: n % 4 == 0),
    KnownWrongAnswer(m.LUCKY_TWENTY_EIGHT, lambda n: n == 28),
)

still_closes = Exercise(
    name="still_closes",
    answer="still_closes",
    checker=AgainstKeras(
        symbols=("n",),
        cases=_distinct(*((n,) for n in (28, 20, 32, 12, *range(1, 61)))),
        differ=equals(truth.closes_with_four),
        layer="the real layers",
        read=_yes_or_no,
        slips=_CLOSE_SLIPS,
    ),
    hints=(
        "Work out what comes out, as in exercise 1. How many n share a code after four poolings?",
        "On the way up the code is doubled three times, then 2 are taken away, then it is doubled once more. "
        "The network closes if that is n.",
        "How many is n short of a multiple, and of a multiple of what? What is the remainder of such a number? "
        "Try it with the smallest n that closes.",
    ),
    solution_code="""\
def still_closes(n):
    return n % 16 == 12""",
    why="The code is c = ⌈n / 16⌉, and (8·c − 2)·2 = 16·c − 4 comes out. So n closes if it is 4 short of a multiple "
    "of 16: the remainder is 12. 28 still closes, and 20 and 36 do not.",
    slips=_CLOSE_SLIPS,
)

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


_CROP_SLIPS = (
    KnownWrongAnswer(m.HALVES_ARE_IN_PLACE, lambda n: (_surplus(n) // 2, _surplus(n) - _surplus(n) // 2)),
    KnownWrongAnswer(m.HALVES_ARE_IN_PLACE, lambda n: (_surplus(n) - _surplus(n) // 2, _surplus(n) // 2)),
    KnownWrongAnswer(m.CUT_ALIKE, lambda n: (_surplus(n) // 2,) * 2),
    KnownWrongAnswer(m.CUT_ALIKE, lambda n: ((_surplus(n) + 1) // 2,) * 2),
    KnownWrongAnswer(m.EIGHT_WHEN_NONE, lambda n: ((8 - n % 8) // 2, 8 - n % 8 - (8 - n % 8) // 2)),
    KnownWrongAnswer(m.EIGHT_WHEN_NONE, lambda n: (0, 8 - n % 8)),
    KnownWrongAnswer(m.ALL_SAME_RETURNS, lambda n: (0, 0)),
)

crop_rows = Exercise(
    name="crop_rows",
    answer="crop_rows",
    checker=AgainstKeras(
        symbols=("n",),
        cases=_distinct(*((n,) for n in (28, 25, 32, *TRIED))),
        differ=_cropping_differs,
        layer="a real `Cropping2D` behind the real layers, in size and place,",
        read=_rows,
        slips=_CROP_SLIPS,
    ),
    hints=(
        "First the size: what comes out with same everywhere, and how many rows of that are too many? For 28 it is 4, "
        "for 25 it is 7, for 32 it is 0.",
        "Then the place. In *Right in place*, 15 should come out in rows 8 to 15. Where does `crop` put it, "
        "and which rows should it have kept to put it there?",
        "A pooling with same that meets an odd size adds a ghost. On which side of the map (lesson 03)? "
        "The rows that came of it lie there.",
    ),
    solution_code="""\
def crop_rows(n):
    surplus = 8 * -(-n // 8) - n
    before = 0
    after = surplus
    return before, after""",
    why="8·⌈n / 8⌉ come out and n are wanted. Any sharing gives the size. But the poolings put their ghosts after the "
    "map, so what is too much lies after it: each row cut off before moves everything up by one.",
    slips=_CROP_SLIPS,
)

# -- mse_complains ------------------------------------------------------------------------------------------------


def _complains(a: int, b: int) -> bool:
    """Whether the real loss refuses so many channels beside so many."""
    return truth.mse_of_channels(a, b) == _ERROR


def _complains_by(belief: Misconception) -> Callable[[int, int], bool]:
    return lambda a, b: bool(belief.wrong_formula(a, b) == _ERROR)


def _complaint_differs(value: bool, a: int, b: int) -> str | None:
    """Say what the loss does, because it gives numbers and errors, and never True or False."""
    true = _complains(a, b)
    if value == true:
        return None
    return f"your function says {value}; `mse` gives {truth.mse_of_channels(a, b)}, so {true} is right."


_LOSS_SLIPS = tuple(
    KnownWrongAnswer(belief, _complains_by(belief))
    for belief in (
        m.LOSS_CHECKS_SHAPES,
        m.LOSS_TAKES_ALL,
        m.MULTIPLES_ARE_REPEATED,
        m.ONLY_OUTPUTS_REPEATED,
        m.ONLY_TARGETS_REPEATED,
    )
)

mse_complains = Exercise(
    name="mse_complains",
    answer="mse_complains",
    checker=AgainstKeras(
        symbols=("a", "b"),
        cases=_distinct((3, 3), (1, 3), (2, 3), *((a, b) for a in range(1, 7) for b in range(1, 7)), (28, 32)),
        differ=_complaint_differs,
        layer="`mse`",
        read=_yes_or_no,
        slips=_LOSS_SLIPS,
    ),
    hints=(
        "Equal sizes are never refused. So it needs `a != b`.",
        "And of two sizes that differ, one kind gets through: which number is repeated until it fits?",
        "Try your function on (3, 3), (1, 3), (3, 1) and (2, 3). Only one of the four is refused. "
        "Python joins conditions with `and`.",
    ),
    solution_code="""\
def mse_complains(a, b):
    return a != b and a != 1 and b != 1""",
    why="A side of 1 is repeated until it fits, whichever of the two has it. Every other difference is refused.",
    slips=_LOSS_SLIPS,
)

# -- squeeze_harder -----------------------------------------------------------------------------------------------

MOST_NUMBERS = 100


def _chain(function: Any, n: int) -> list[Layer]:
    """The layers of the ``Sequential`` that the learner builds for n. Stops with a sentence for anything else."""
    model = ask(function, n, settings=f"n = {n}")
    if not isinstance(model, load_keras().Sequential):
        raise CheckFailed(
            wrong(
                f"For n = {n} your function returns {spell(model)}, and I need a `keras.Sequential`. "
                "In a chain of layers every number has to pass through the code."
            )
        )
    return _flat(model)


def _flat(model: Any) -> list[Layer]:
    """The layers of a chain; a chain that is one layer of another is taken apart too."""
    chain = load_keras().Sequential
    return [one for layer in model.layers for one in (_flat(layer) if isinstance(layer, chain) else [layer])]


def _check_squeeze_harder(function: Any) -> Result:
    """Run a picture through every model, layer by layer: the size at the end, and the smallest map on the way."""
    check_callable(function)
    codes: list[int] = []
    for n in TRIED:
        layers = _chain(function, n)
        maps = networks.run_through(layers, np.zeros((1, n, n, 1), dtype=np.float32))
        if not maps:
            return wrong(f"For n = {n} there is no layer in your model, so nothing is squeezed.")
        if maps[-1].shape != (1, n, n, 1):
            came = " × ".join(map(str, maps[-1].shape[1:]))
            return wrong(
                f"For n = {n} your model returns {came}, and {n} × {n} × 1 is wanted.",
                misconception=_belief_about_end(maps[-1].shape, n),
                with_case=False,
            )
        if not any(layer.trainable_weights for layer in layers):
            return wrong(
                f"For n = {n} the size comes back, but none of your layers has weights, so there is nothing to learn. "
                "Put in a convolution or two."
            )
        code = min(maps, key=lambda one: one.size)
        if code.size > MOST_NUMBERS:
            grown = codes and codes[0] <= MOST_NUMBERS
            return wrong(
                f"For n = {n} the size comes back. The smallest stage on the way has "
                f"{_product(code.shape[1:])} numbers, and at most {MOST_NUMBERS} are allowed.",
                *([f"For n = {TRIED[0]} it has {codes[0]}, but the code grows with n."] if grown else []),
                # Who leaves the 8 maps of the lesson as they are has counted one of them.
                misconception=m.CODE_IS_ONE_MAP if code.shape[1:] == (4, 4, 8) else None,
                with_case=False,
            )
        codes.append(code.size)
    count = f"between {min(codes)} and {max(codes)}" if min(codes) < max(codes) else str(codes[0])
    numbers = "number" if max(codes) == 1 else "numbers"
    return right(
        f"All {len(TRIED)} sizes come back. The smallest stage on the way has {count} {numbers}, "
        f"and a picture of 40 × 40 has 1600."
    )


def _product(sides: Sequence[int]) -> str:
    """How many numbers sides like these have: ``5·5·8 = 200``, or ``101``."""
    factors = "·".join(map(str, sides))
    return factors if len(sides) == 1 else f"{factors} = {int(np.prod(sides))}"


def _belief_about_end(shape: tuple[int, ...], n: int) -> Misconception | None:
    beliefs = ((m.COMES_BACK, truth.autoencoder_size), (m.ALL_SAME_RETURNS, truth.all_same_size))
    return next((belief for belief, size in beliefs if shape[1:] == (size(n), size(n), 1)), None)


def _as_asked(lines: Sequence[str]) -> Callable[[int], Any]:
    """What a learner would hand in who builds these lines for every n."""

    def make(n: int) -> Any:
        keras = load_keras()
        names = dict(vars(keras.layers))
        layers = [eval(f'{line[:-1]}, name="asked_{i}")', names) for i, line in enumerate(lines)]
        return keras.Sequential([keras.Input((n, n, 1)), *layers])

    return make


squeeze_harder = Exercise(
    name="squeeze_harder",
    answer="make",
    checker=_check_squeeze_harder,
    hints=(
        "Begin with a repair of section 4 that closes for every n; `crop` is the shortest. Only the code is too large.",
        "For n = 40 the code is 5·5·8 = 200 numbers. Two things make it smaller: fewer filters in layer 5, or a fourth "
        "pooling (and then a fourth doubling, and 16 in place of 8).",
        "`way_down()` holds layer 5 as it is. Write its six layers out in your `make`, and choose how many maps "
        "layer 5 makes: 5·5 times that may be 100. The way up and the crop can stay as they are.",
    ),
    solution_code="""\
def make(n):
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
    ])""",
    why="Only the two ends are fixed: n goes in and n comes out. If poolings and convolutions do the squeezing, the "
    "filters decide how many maps the code has, and the poolings how large each of them is. Then the way up has to "
    "multiply by as much as the way down divides, and the surplus is cut off.",
    slips=(
        KnownWrongAnswer(m.COMES_BACK, _as_asked(truth.AUTOENCODER)),
        KnownWrongAnswer(m.ALL_SAME_RETURNS, _as_asked(truth.ALL_SAME)),
    ),
)

# -- family_size --------------------------------------------------------------------------------------------------

_FAMILY_SLIPS = (
    *slips_of(m.HOLE_COSTS_FOUR, m.DOUBLED_BEFORE),
    KnownWrongAnswer(m.TWO_STAY_TWO, lambda n, m, j: 2**m * -(-n // 2**m) - 2),
    KnownWrongAnswer(m.NOTHING_TAKEN_AWAY, lambda n, m, j: 2**m * -(-n // 2**m)),
)

family_size = Exercise(
    name="family_size",
    answer="family_size",
    checker=AgainstKeras(
        symbols=("n", "m", "j"),
        cases=(
            (28, 3, 2),
            (28, 3, 3),
            (28, 3, 1),
            (28, 2, 1),
            *((n, m, j) for m in (1, 2, 3, 4) for j in range(m + 1) for n in (33, 40, 47, 50)),
        ),
        differ=equals(truth.family_size),
        layer="the real layers",
        slips=_FAMILY_SLIPS,
    ),
    hints=(
        "First without the layer that loses. m poolings that round up are one division by `2**m` that rounds up, "
        "and m doublings multiply by `2**m`. For m = 3 that is 8·⌈n / 8⌉.",
        "The layer without padding takes 2. How many doublings come after it? Of m, j came before.",
        "Each doubling after it doubles what is missing. In the network of this lesson, m = 3 and j = 2, so one comes "
        "after, and 2 become 4. With j = 1 they become 8, with j = 3 they stay 2.",
    ),
    solution_code="""\
def family_size(n, m, j):
    code = -(-n // 2**m)
    return 2**m * code - 2 * 2 ** (m - j)""",
    why="Rounding makes whole blocks of `2**m`, and a loss is doubled as often as there are doublings after it. "
    "So you can read the rule of such a network off its layers without a table.",
    slips=_FAMILY_SLIPS,
)
