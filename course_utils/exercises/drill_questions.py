"""The questions of a drill: drawn from a seed, answered by real Keras layers.

The same kind, level and seed give the same questions on every machine.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numpy as np

from course_utils.axes import Window
from course_utils.exercises import misconceptions as m, truth
from course_utils.exercises.answers import spell
from course_utils.exercises.blank import has_blank
from course_utils.exercises.catalogue import KnownWrongAnswer, Misconception, at
from course_utils.exercises.core import Numbers
from course_utils.exercises.result import CheckFailed, Outcome, Result
from course_utils.keras_layers import KerasRefusal, LayerCode, axes_of, output_shape, run

LEVELS = (1, 2, 3)


@dataclass(frozen=True)
class Question:
    """One question, with the answer of the real layers.

    Attributes:
        text: what is asked.
        layers: the layers it is about, in the order in which the map goes through them.
        labels: what each number of the answer is.
        truth: the numbers, from Keras.
        why: the formulas with the numbers in.
        wrong_answers: wrong answers to this very question with a known misconception behind them; never the true.
    """

    text: str
    layers: tuple[LayerCode, ...]
    labels: tuple[str, ...]
    truth: Sizes
    why: tuple[str, ...]
    wrong_answers: tuple[KnownWrongAnswer, ...]

    @property
    def code(self) -> str:
        """The layers, a line each."""
        return "\n".join(layer.text for layer in self.layers)

    def evaluate(self, *answer: Any) -> Result:
        """Judge an answer: the numbers in the order of the labels. Nothing that is handed in makes this raise."""
        if not answer or has_blank(answer):
            return Result(Outcome.NOT_TRIED, (f"I look for: {', '.join(self.labels)}.",))
        given = answer[0] if len(answer) == 1 and isinstance(answer[0], (tuple, list, np.ndarray)) else answer
        try:
            Numbers(self.labels, lambda: self.truth, self.wrong_answers)(given)
        except CheckFailed as failed:
            return failed.result
        return Result(Outcome.RIGHT, ("That is what Keras gives.", *self.why))


# -- drawing ------------------------------------------------------------------------------------------------------

#: Draws the parts of a question; a generator of its own for each question, so that none depends on the ones before.
Draw = random.Random
_Sides = tuple[int, int]
#: What those answer who hold a misconception.
Expected = Sequence[tuple[Misconception, Any]]
#: The numbers of an answer, in the order of its labels.
Sizes = tuple[int, ...]


def _wrong_answers(true: Sizes, expected: Expected) -> tuple[KnownWrongAnswer, ...]:
    """The wrong answers among what is expected. Of two that are the same the first stands."""
    found: dict[Sizes, Misconception] = {}
    for misconception, answer in expected:
        if answer != true:
            found.setdefault(answer, misconception)
    return tuple(KnownWrongAnswer(misconception, answer) for answer, misconception in found.items())


def _sizes_out(layer: LayerCode, sides: _Sides) -> _Sides:
    """Height and width that come out of the real layer."""
    shape = run(layer.build(), np.zeros((1, *sides, 1), dtype=np.float32)).shape
    return int(shape[1]), int(shape[2])


def _formulas(layer: LayerCode, sides: _Sides, rectangle: bool) -> tuple[str, ...]:
    """The size formula with the numbers in; k_eff first, where the window has holes."""
    names = ("height: ", "width: ") if rectangle else ("",)
    lines = []
    for name, axis, n in zip(names, axes_of(layer.build()), sides, strict=False):
        if isinstance(axis, Window) and axis.dilation > 1:
            lines.append(f"{name}{axis.effective_size_formula()}")
        lines.append(f"{name}{axis.formula(n)}")
    return tuple(lines)


def _one_layer(draw: Draw, layer: LayerCode, n: int, square: bool, of_side: Callable[[int], Expected]) -> Question:
    """What size comes out of one layer, for a square map or one with another width; ``of_side``: what is expected."""
    sides = (n, n if square else n + draw.choice([-3, -2, -1, 1, 2, 3, 4]))
    both = _sizes_out(layer, sides)
    true: Sizes = both[:1] if square else both
    expected = [
        (misconception, (here,) if square else (here, there))
        for (misconception, here), (_, there) in zip(of_side(sides[0]), of_side(sides[1]), strict=True)
    ]
    labels = ("Output size",) if square else ("Output height", "Output width")
    text = f"A map of {sides[0]}×{sides[1]} goes through this layer. What size comes out?"
    return Question(text, (layer,), labels, true, _formulas(layer, sides, not square), _wrong_answers(true, expected))


def _valid(level: int, draw: Draw) -> Question:
    k, s = draw.randint(2, 5 if level == 1 else 7), 1 if level == 1 else draw.randint(2, 4)
    n = draw.randint(k + 4, 12 if level == 1 else 64)
    steps = [m.ONLY_THE_STEPS, m.LAST_STEP_COUNTS, m.PLACES_ARE_DIVIDED, m.STRIDE_ALONE_DIVIDES]
    places = [m.WINDOW_LOSES_K, m.WINDOW_HOPS, m.SIZE_STAYS, m.HALF_EACH_SIDE, m.ONE_SIDE_LOST, m.ALWAYS_TWO]
    strides = {} if s == 1 else {"strides": s}
    layer = LayerCode("Conv2D", {"filters": 1, "kernel_size": k, **strides})
    return _one_layer(draw, layer, n, level < 3, lambda n: at(n, k, of=places) if s == 1 else at(n, k, s, of=steps))


def _same(level: int, draw: Draw) -> Question:
    k, s = draw.randint(2, 7), draw.randint(1, 2) if level == 1 else draw.randint(2, 5)
    n = draw.randint(4, 12 if level == 1 else 64)
    promise = [m.SAME_WHATEVER_THE_STRIDE, m.SAME_ROUNDS_DOWN, m.SAME_LOSES_A_WINDOW]
    layer = LayerCode("Conv2D", {"filters": 1, "kernel_size": k, "strides": s, "padding": "same"})
    return _one_layer(draw, layer, n, level < 3, lambda n: at(n, k, s, of=promise))


def _pads(level: int, draw: Draw) -> Question:
    k, s = draw.randint(2, 7), 1 if level == 1 else draw.randint(2, 3 if level == 2 else 5)
    n = draw.randint(7, 14 if level < 3 else 240)
    layer = LayerCode("Conv2D", {"filters": 1, "kernel_size": k, "strides": s, "padding": "same"})
    true = truth.same_step_pads(n, k, s)
    if s == 1:
        expected = at(k, of=[m.SAME_IS_SYMMETRIC, m.MORE_BEFORE, m.K_GHOSTS, m.ALL_ON_EACH_SIDE, m.ALWAYS_ONE])
    else:
        symmetric = [m.STRIDE_NEEDS_AS_MANY, m.BOTH_SIDES_ALIKE, m.FIRST_SIDE_FIRST, m.LESS_THAN_NONE]
        expected = at(n, k, s, of=symmetric)
    axis = Window(k, stride=s, padding="same")
    text = f"A map of {n}×{n} goes through this layer. How many ghost rows does it add above, and how many below?"
    why = (str(axis.formula(n)), str(axis.pads_formula(n)), axis.split_text(n))
    return Question(text, (layer,), ("Ghost rows above", "Ghost rows below"), true, why, _wrong_answers(true, expected))


def _pool(level: int, draw: Draw) -> Question:
    k, padding = draw.randint(2, 3 if level == 1 else 5), draw.choice(["valid", "same"])
    n = draw.randint(k + 3, 14 if level == 1 else 64)
    step = draw.randint(1, 4) if level == 3 else k
    settings: dict[str, Any] = {"pool_size": k}
    if level == 3:
        settings["strides"] = step
    if padding == "same" or draw.random() < 0.5:
        settings["padding"] = padding

    def expected(n: int) -> Expected:
        """What the layer would give with other settings than it has: so much is expected of it."""

        def otherwise(**changes: Any) -> int:
            return _sizes_out(LayerCode("MaxPooling2D", {**settings, **changes}), (n, n))[0]

        one_by_one, halved = (m.POOL_STRIDE_IS_ONE, otherwise(strides=1)), (m.POOLING_HALVES, otherwise(strides=2))
        if padding == "same":
            dropped = (m.PARTLY_FILLED_IS_DROPPED, otherwise(padding="valid"))
            return [dropped] if level == 3 else [one_by_one, dropped, halved]
        if level == 3:
            return at(n, k, step, of=[m.ONLY_THE_STEPS, m.PLACES_ARE_N_OVER_S])
        return [(m.ALWAYS_ROUNDS_UP, otherwise(padding="same")), one_by_one]

    return _one_layer(draw, LayerCode("MaxPooling2D", settings), n, level < 3, expected)


def _dilation(level: int, draw: Draw) -> Question:
    k, d = draw.randint(2, 4 if level == 1 else 6), draw.randint(2, 3 if level == 1 else 5)
    span = truth.span(k, d)
    n = draw.randint(span + 2, span + (8 if level == 1 else 40))
    step = draw.randint(2, 3) if level == 3 else 1
    # Conv2D refuses a stride together with a dilation; its relative takes both.
    if step > 1:
        layer = LayerCode("DepthwiseConv2D", {"kernel_size": k, "strides": step, "dilation_rate": d})
    else:
        layer = LayerCode("Conv2D", {"filters": 1, "kernel_size": k, "dilation_rate": d})
    true = (span, _sizes_out(layer, (n, n))[0])
    expected = []
    for misconception in (m.SPAN_IS_K_TIMES_D, m.SPAN_STAYS_K, m.SPAN_WITHOUT_END, m.ONE_GAP_ONLY):
        length = misconception.wrong_formula(k, d)
        if length <= n:  # a longer one would leave no place for the window, and nobody answers that
            expected.append((misconception, (length, Window(length, stride=step).output_size(n))))
    if step > 1:
        expected.append((m.ONLY_THE_STEPS, (span, m.ONLY_THE_STEPS.wrong_formula(n, span, step))))
    text = (
        f"A map of {n}×{n} goes through this layer. How many cells does the window span along one side, "
        "and what size comes out?"
    )
    why = _formulas(layer, (n, n), rectangle=False)
    return Question(text, (layer,), ("k_eff", "Output size"), true, why, _wrong_answers(true, expected))


def _upsample(level: int, draw: Draw) -> Question:
    f = 2 if level < 3 else draw.randint(3, 5)
    # At level 1 it comes back, as one expects; above, only where nothing happens to be left over.
    n = f * draw.randint(2, 12) + (0 if level == 1 else draw.randint(0, f - 1))
    down = LayerCode("MaxPooling2D", {"pool_size": f, "padding": "same"})
    up = LayerCode("UpSampling2D", {"size": f})
    small = _sizes_out(down, (n, n))
    true = (small[0], _sizes_out(up, small)[0])
    expected = at(n, f, of=[m.MULTIPLYING_UNDOES, m.WAY_DOWN_ROUNDS_DOWN])
    why = (*_formulas(down, (n, n), rectangle=False), *_formulas(up, small, rectangle=False))
    text = f"A map of {n}×{n} goes through these two layers. What size comes out of each?"
    labels = ("Size after pooling", "Size after upsampling")
    return Question(text, (down, up), labels, true, why, _wrong_answers(true, expected))


def _transposed(level: int, draw: Draw) -> Question:
    s = draw.randint(2, 3 if level == 1 else 4)
    k, n = draw.randint(s, 5) if level < 3 else draw.randint(1, 6), draw.randint(3, 9 if level == 1 else 32)
    padding = "same" if level == 1 else "valid"
    layer = LayerCode("Conv2DTranspose", {"filters": 1, "kernel_size": k, "strides": s, "padding": padding})
    held = [m.TEXTBOOK_LENGTH, m.STRIDE_SHRINKS]
    if padding == "valid":
        held += [m.ONLY_THE_STRIDE, m.STAMPS_SIDE_BY_SIDE]
    return _one_layer(draw, layer, n, level < 3, lambda n: at(n, k, s, of=held))


def _link(draw: Draw, n: int, level: int) -> LayerCode:
    """A layer for a chain that a map of n × n goes through, and does not grow beyond all bounds."""
    choices: list[LayerCode] = []
    k, padding = draw.randint(2, 5), draw.choice(["valid", "same"])
    if n > k:
        conv = {"filters": 1, "kernel_size": k, "strides": draw.choice([1, 1, 2]), "padding": padding}
        choices.append(LayerCode("Conv2D", conv))
    if n > 3:
        choices.append(LayerCode("MaxPooling2D", {"pool_size": draw.randint(2, 3), "padding": padding}))
    if n <= 16:
        choices.append(LayerCode("UpSampling2D", {"size": 2}))
    if level == 3 and n <= 16:
        choices.append(LayerCode("Conv2DTranspose", {"filters": 1, "kernel_size": 3, "strides": 2, "padding": padding}))
    return draw.choice(choices)


def _chain(level: int, draw: Draw) -> Question:
    start = n = draw.randint(9, 20 if level == 1 else 40)
    layers, true, why = [], [], []
    for number in range(1, {1: 3, 2: 4, 3: 6}[level] + 1):
        layer = _link(draw, n, level)
        why += [f"{number}. {line}" for line in _formulas(layer, (n, n), rectangle=False)]
        n = _sizes_out(layer, (n, n))[0]
        layers.append(layer)
        true.append(n)
    expected = [
        (m.SAME_KEEPS_SIZE, _chain_expected(start, layers, True)),
        (m.ROUNDS_DOWN, _chain_expected(start, layers, False)),
    ]
    text = f"A map of {start}×{start} goes through these layers. What size comes out of each?"
    labels = tuple(f"Size after layer {number}" for number in range(1, len(layers) + 1))
    return Question(text, tuple(layers), labels, tuple(true), tuple(why), _wrong_answers(tuple(true), expected))


def _chain_expected(n: int, layers: Sequence[LayerCode], keeps: bool) -> Sizes:
    """The sizes if *same* kept them, or if it rounded down; every other layer as it is."""
    sizes = []
    for layer in layers:
        s = layer.settings.get("strides", layer.settings.get("pool_size", 1))
        shrinks = layer.settings.get("padding") == "same" and layer.kind in ("Conv2D", "MaxPooling2D")
        try:
            n = (n if keeps else max(n // s, 1)) if shrinks else _sizes_out(layer, (n, n))[0]
        except KerasRefusal:  # then no map is left for this layer
            return ()
        sizes.append(n)
    return tuple(sizes)


def _back(level: int, draw: Draw) -> Question:
    s = draw.randint(2, 2 if level == 1 else 4)
    k, o = draw.randint(s, s + 3), draw.randint(3, 8 if level == 1 else 30)
    padding = "same" if level == 1 else draw.choice(["valid", "same"]) if level == 3 else "valid"
    layer = LayerCode("Conv2D", {"filters": 1, "kernel_size": k, "strides": s, "padding": padding})
    true = _inputs_between(layer, o)
    why = (
        f"{true[0]}: {axes_of(layer.build())[0].formula(true[0])}",
        f"{true[1]}: {axes_of(layer.build())[0].formula(true[1])}",
        f"Of {true[1] + 1} it makes {_output(layer, true[1] + 1)}.",
    )
    text = (
        f"This layer made a map of {o}×{o}. What is the smallest input size that it can have had, and what the largest?"
    )
    # Who thinks of one size thinks of the one of which nothing is left over.
    alone = true[1] if padding == "same" else true[0]
    known = _wrong_answers(true, [(m.ONE_WAY_BACK, (alone, alone))])
    return Question(text, (layer,), ("Smallest input", "Largest input"), true, why, known)


def _output(layer: LayerCode, n: int) -> int:
    return int(output_shape(layer.build(), (1, n, n, 1))[1] or 0)


def _inputs_between(layer: LayerCode, o: int) -> tuple[int, int]:
    """The smallest and the largest input of which the real layer makes o cells, by trying them all."""
    k, s = layer.settings["kernel_size"], layer.settings["strides"]
    fits = [n for n in range(k, (o + 1) * s + k + 1) if _output(layer, n) == o]
    # With *same* a map may be smaller than the window.
    fits += [n for n in range(1, k) if layer.settings["padding"] == "same" and _output(layer, n) == o]
    return min(fits), max(fits)


#: What can be asked.
KINDS: dict[str, Callable[[int, Draw], Question]] = {
    "valid": _valid,  # the size without padding
    "same": _same,  # the size with padding="same"
    "pads": _pads,  # where the ghost cells of "same" are
    "pool": _pool,  # the size after pooling
    "dilation": _dilation,  # the span of a dilated window, and the size
    "upsample": _upsample,  # down by pooling and up again
    "transposed": _transposed,  # the size after a transposed convolution
    "chain": _chain,  # every size in a chain of layers
    "back": _back,  # which input sizes give an output size
}
MIXED = "mixed"


def check_request(kind: object, level: object, seed: object) -> None:
    """Raise ValueError, with what there is, for a drill that there is not."""
    if kind not in (*KINDS, MIXED):
        raise ValueError(f"There is no drill {kind!r}. There are: {', '.join(map(repr, (*KINDS, MIXED)))}.")
    if isinstance(level, bool) or level not in LEVELS:
        raise ValueError(f"level is 1, 2 or 3; you gave {spell(level)}.")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise ValueError(f"seed is a whole number, such as 7; you gave {spell(seed)}.")


@cache
def question(kind: str, level: int, seed: int, number: int) -> Question:
    """Question ``number`` (from 1) of a drill. No two of the first ten are the same, nor of the next ten, and so on."""
    earlier = [question(kind, level, seed, i) for i in range((number - 1) // 10 * 10 + 1, number)]
    for attempt in range(100):
        draw = random.Random(f"{kind}/{level}/{seed}/{number}/{attempt}")
        which = draw.choice(list(KINDS)) if kind == MIXED else kind
        found = KINDS[which](level, draw)
        if (found.text, found.code) not in [(one.text, one.code) for one in earlier]:
            break
    return found


@dataclass
class Series:
    """Questions one after the other, and the one at which it stands."""

    kind: str
    level: int
    seed: int
    number: int = 1

    @property
    def question(self) -> Question:
        """The question that it stands at."""
        return question(self.kind, self.level, self.seed, self.number)

    @property
    def call(self) -> str:
        """How anybody gets the same questions."""
        return f'drill("{self.kind}", level={self.level}, seed={self.seed})'

    def __str__(self) -> str:
        lines = [
            f"Question {self.number}. {self.question.text}",
            "",
            *(f"    {one}" for one in self.question.code.splitlines()),
        ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"{self}\n\nAnswer with check({', '.join(['…'] * len(self.question.labels))}); next() is the next one."

    def check(self, *answer: Any) -> Result:
        """Judge an answer: ``check(4)``, or ``check(0, 1)`` where two numbers are asked."""
        return self.question.evaluate(*answer)

    def next(self) -> Self:
        """Go on to the next question."""
        self.number += 1
        return self
