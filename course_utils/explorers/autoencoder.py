"""The explorer of the whole autoencoder: a tape of sizes, and for which n it closes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from course_utils.axes import Axis, TransposedWindow, Upsample, Window
from course_utils.compare import Comparison
from course_utils.explorers import autoencoder_chain as chains
from course_utils.explorers.autoencoder_chain import (
    AS_ASKED,
    LARGEST_N,
    OPTIONS,
    POOLINGS,
    PRESETS,
    SMALLEST_N,
    Layer,
    ModelRun,
    Sizes,
)
from course_utils.explorers.base import Explorer
from course_utils.explorers.frame import AnswerCard, Frame, Question, format_difference
from course_utils.explorers.settings import Prediction, Setting, Settings, declare
from course_utils.explorers.windows import lines as window_lines
from course_utils.pictures.photos import Photo, photo
from course_utils.pictures.tape import Mark, Step, Strip

#: Of a cell of the digit, in CSS pixels: the same at every n.
_SIDE = 4
_ROWS = ("the way down", "the way up (dashed: the size wanted, as it was on the way down)")


@declare
class AutoencoderSettings(Settings):
    """What the whole model is set to.

    Attributes:
        n: the side of the input.
        layers: what is not as in the question; the names are those of ``AS_ASKED``.
        other_sizes: whether the strip below the tape tells how far every other n is from coming back.
    """

    n: int = 28
    layers: Mapping[str, str | int] = field(default_factory=dict)
    other_sizes: bool = True

    def __post_init__(self) -> None:
        for name in self.layers:
            if name not in AS_ASKED:
                raise ValueError(f"There is no setting {name!r}. There are: {', '.join(AS_ASKED)}.")
        super().__post_init__()

    def given(self) -> dict[str, str | int]:
        """n and all settings of the layers."""
        return {"n": self.n, **AS_ASKED, **self.layers}

    def changed(self, n: int, **layers: str | int) -> AutoencoderSettings:  # type: ignore[override]
        """Another n and other layers, shown in the same way."""
        return replace(self, n=n, layers=layers)

    @classmethod
    @cache
    def declared(cls) -> tuple[Setting, ...]:
        """Every setting that has a control, layer by layer."""
        found = [Setting("n", "n, input size", "number", 28, low=SMALLEST_N, high=LARGEST_N)]
        for layer in chains.layers(AS_ASKED):
            upsampling, others = f"{layer.number} upsampling", layer.name
            for what, label in (("up", upsampling), ("pool", f"{others} size"), ("padding", f"{others} padding")):
                name = f"{what}_{layer.number}"
                if name in AS_ASKED:
                    found.append(Setting(name, label, "list", AS_ASKED[name], options=OPTIONS[what], more=True))
        return tuple(found)

    def frame(self) -> Frame:
        """The whole model on one square map."""
        settings, n = {**AS_ASKED, **self.layers}, self.n
        chain = chains.layers(settings)
        predicted, run = chains.sizes(chains.axes(chain), n), chains.run(chain, n)
        agrees, verdict = run.verdict(predicted, len(chain))
        steps = tuple(_steps(chain, predicted, run))
        return Frame(
            grids=(),
            arithmetic=(),
            answers=_answers(predicted, run, len(chain)),
            agrees=agrees,
            refused=agrees and predicted.reason is not None,
            verdict=verdict,
            code=chains.script(chain, n),
            result=_result(predicted),
            question=Question(
                f"n = {n}, {_differences(settings)}", photos=(_photo(run.x, "input"),), tape=_question(steps)
            ),
            photos=tuple(_photos(chain, run)),
            remarks=(*_remarks(chain, predicted), *_about_the_picture(chain)),
            tape=steps,
            strips=(_sweep(chain, n),) if self.other_sizes else (),
            headline=_result(predicted).capitalize(),
        )


# -- the picture --------------------------------------------------------------------------------------------------


def _photos(chain: Sequence[Layer], run: ModelRun) -> Iterator[Photo]:
    """The digit that goes in and, where the network has learned all its layers, what it makes of it."""
    yield _photo(run.x, "input")
    if run.y is not None and chains.has_learned(chain):
        yield _photo(run.y, "output")


def _photo(values: NDArray[np.float32], name: str) -> Photo:
    said = {"input": "A handwritten digit, ink on paper", "output": "What the network returns"}[name]
    return photo(values[0, :, :, 0].astype(np.float64), name, name, said, ink=True, secret=name == "output", side=_SIDE)


def _about_the_picture(chain: Sequence[Layer]) -> Iterator[str]:
    if chains.has_learned(chain):
        yield "The network has learned 28 × 28 digits, with all layers as asked. It has never seen this one."
    else:
        yield "No picture comes out here: a Conv2DTranspose would have to learn first."


# -- the tape -----------------------------------------------------------------------------------------------------


def _steps(chain: Sequence[Layer], predicted: Sizes, run: ModelRun) -> Iterator[Step]:
    n = predicted.sizes[0]
    yield Step("input", n, begins=_ROWS[0], mark="input")
    for i, layer in enumerate(chain):
        begins = _ROWS[1] if i == POOLINGS[-1] else ""
        if i + 1 < len(predicted.sizes):
            size, o = predicted.sizes[i : i + 2]
            mark, note = _change(layer.axis, size, o)
            lines = tuple(_lines(layer, size, run.comparisons[i] if i < len(run.comparisons) else None))
            wanted = _wanted(i + 1, predicted.sizes)
            yield Step(layer.name, o, layer.setting, note, mark, wanted, begins, lines)
        elif i + 1 == len(predicted.sizes):
            said = run.comparisons[i].refusal_keras if i < len(run.comparisons) else None
            lines = (layer.code.text, f"By hand: {predicted.reason}", f"Keras: {said}")
            yield Step(layer.name, None, layer.setting, "the tape ends here", "stop", begins=begins, lines=lines)
        else:
            yield Step(layer.name, None, layer.setting, mark="unreached", begins=begins)


def _question(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The tape without the sizes."""
    unknown = (replace(s, size=None, note="", mark="unknown", wanted=None, lines=()) for s in steps[1:])
    return (steps[0], *(replace(s, begins="the way up" if s.begins else "") for s in unknown))


def _wanted(number: int, sizes: Sequence[int]) -> int | None:
    """On the way up, the size that the map had at the same depth: before that pooling, at the end that of the input."""
    if number <= POOLINGS[-1]:
        return None
    ups = sum(up <= number for up in chains.UPSAMPLINGS)
    if ups == 0:
        return None
    return sizes[0] if ups == len(POOLINGS) else sizes[POOLINGS[-ups] - 1]


def _change(axis: Axis, n: int, o: int) -> tuple[Mark, str]:
    """What happened to the size."""
    if isinstance(axis, Window):
        if axis.stride == 1:
            return ("keep", "keeps the size") if o == n else ("loss", f"loses {n - o}")
        if lost := len(axis.unused_inputs(n)):
            return "loss", f"{n} / {axis.stride}: drops {lost}"
        if o * axis.stride != n:
            return "loss", f"{n} / {axis.stride} rounded up"
        return "shrink", f"{axis.stride}, no remainder"
    factor = _factor(axis)
    left = factor * n - o
    return ("loss", f"× {factor}, less {left}") if left else ("grow", f"{factor}")


def _factor(axis: Axis) -> int:
    """What a layer multiplies the size by, but for what it leaves off; 1 for a window."""
    return axis.factor if isinstance(axis, Upsample) else axis.stride if isinstance(axis, TransposedWindow) else 1


def _lines(layer: Layer, n: int, found: Comparison | None) -> Iterator[str]:
    """The arithmetic of one layer with the numbers in, and what was found when it was run."""
    axis = layer.axis
    yield layer.code.text
    if isinstance(axis, Window):
        yield from window_lines(axis, n)
    else:
        yield str(axis.formula(n))
    if isinstance(axis, TransposedWindow):
        before, after = axis.crops(n)
        yield f"cut off the sum of all stamps: {before} before, {after} after"
    if found is not None and found.largest_difference is not None:
        yield (
            f"By hand {_shape(found.shape_by_hand)}, Keras {_shape(found.shape_keras)}; "
            f"largest difference in any value: {format_difference(found.largest_difference)}"
        )


def _shape(shape: tuple[int, ...] | None) -> str:
    return " × ".join(map(str, (shape or ())[1:]))


# -- the end ------------------------------------------------------------------------------------------------------


def _result(predicted: Sizes) -> str:
    n, o, gap = predicted.sizes[0], predicted.sizes[-1], predicted.gap
    if gap is None:
        return f"no output, the tape ends at layer {len(predicted.sizes)}"
    return f"{n} in, {o} out: " + (f"{abs(gap)} too {'many' if gap > 0 else 'few'}" if gap else "it closes")


def _sweep(chain: tuple[Layer, ...], n: int) -> Strip:
    """How far the output is from each n."""
    gaps = chains.gaps(chains.axes(chain))
    said = ["⊘" if gap is None else f"{gap:+d}".replace("-", "−") if gap else "✓" for _, gap in gaps]
    entries = tuple((n, text, gap == 0) for (n, gap), text in zip(gaps, said, strict=True))
    caption = "By the formulas, how far the output is from each n (✓ closes, ⊘ no output):"
    return Strip(caption, entries, n, _closing(gaps))


def _closing(gaps: Sequence[tuple[int, int | None]]) -> str:
    """Which n come back, by trying them all."""
    closes = [n for n, gap in gaps if gap == 0]
    listed = ", ".join(map(str, closes)) if closes else "no n"
    none = sum(gap is None for _, gap in gaps)
    ended = f" For {none if none < len(gaps) else 'all'} of them nothing comes out." if none else ""
    return f"From {gaps[0][0]} to {gaps[-1][0]} it closes for {'n = ' if closes else ''}{listed}.{ended}"


def _remarks(chain: Sequence[Layer], predicted: Sizes) -> Iterator[str]:
    """Where the size went, and whether it came back."""
    if predicted.gap is None:
        stop = len(predicted.sizes)
        yield f"Layer {stop} has no output, so nothing behind it is reached. Open layer {stop} in the list to see why."
        return
    changes = [(layer, *_change(layer.axis, *predicted.sizes[i : i + 2])) for i, layer in enumerate(chain)]
    lossy = [f"{layer.number} ({note})" for layer, mark, note in changes if mark == "loss"]
    if not lossy and predicted.gap:
        down = math.prod(layer.axis.stride for layer in chain if isinstance(layer.axis, Window))
        up = math.prod(_factor(layer.axis) for layer in chain)
        yield f"No layer rounds or loses anything, but the poolings divide by {down} and the way up multiplies by {up}."
    elif not lossy:
        yield "No layer rounds and no layer loses anything on the way."
    else:
        undo = " Multiplying again does not undo it." if predicted.gap else ""
        yield f"Layers that round or lose: {', '.join(lossy)}.{undo}"


# -- the three answers --------------------------------------------------------------------------------------------


def _chain(sizes: Sequence[int]) -> str:
    return " → ".join(map(str, sizes))


def _answers(predicted: Sizes, run: ModelRun, count: int) -> tuple[AnswerCard, AnswerCard, AnswerCard]:
    by_hand = [found.shape_by_hand[1] for found in run.comparisons if found.shape_by_hand is not None]
    keras = [found.shape_keras[1] for found in run.comparisons if found.shape_keras is not None]
    n, maps = predicted.sizes[0], len(by_hand)

    def listed(sizes: list[int]) -> str:
        """The sizes, unless they are those of the formula, which are written there."""
        return f"the same {len(sizes) - 1} sizes" if sizes == [*predicted.sizes] else _chain(sizes)

    formula: tuple[str, ...] = _square(predicted.sizes[-1]), _chain(predicted.sizes)
    if predicted.reason is not None:
        formula = "no output", f"Layer {len(predicted.sizes)}: {predicted.reason}"
    hand = (
        "no output" if maps < count else _square(by_hand[-1]),
        listed([n, *by_hand]),
        f"{maps} maps, {run.values:,} values, each map from Keras's map before it",
    )
    real: tuple[str, ...] = "refuses", run.refusal or ""
    if run.refusal is None:
        ran = f"{len(keras)} layers, {run.parameters:,} parameters, built and run"
        gap = f"largest difference in any value: {format_difference(run.largest_difference)}"
        real = _square(keras[-1]), listed([n, *keras]), f"{ran}; {gap}"
    return AnswerCard("Formula", formula), AnswerCard("By hand (NumPy)", hand), AnswerCard("Keras", real)


def _square(size: int) -> str:
    return f"{size} × {size}"


def _differences(settings: Mapping[str, str | int]) -> str:
    """The settings of the layers in a few words: what differs from the question."""
    for label, preset in PRESETS.items():
        if settings == {**AS_ASKED, **preset}:
            return label.lower()
    changed = [(name, option) for name, option in settings.items() if option != AS_ASKED[name]]
    words = (f"layer {_number(name)} {OPTIONS[name.rpartition('_')[0]][option]}" for name, option in changed)
    return f"as asked but for {', '.join(words)}"


def _number(name: str) -> int:
    """The layer that a setting belongs to."""
    return int(name.rpartition("_")[2])


def autoencoder(
    n: int = 28,
    presenter: bool = False,
    other_sizes: bool = True,
    after: Prediction | Sequence[Prediction] = (),
    **settings: str | int,
) -> Explorer:
    """Explore the whole autoencoder of the question as a tape of sizes, the real model rebuilt at every change.

    The layers are counted from 1 to 13: convolutions are 1, 3, 5, 7, 9, 11 and 13, poolings 2, 4 and 6, upsamplings
    8, 10 and 12. What is not given is as in the question: all *same* but layer 11.

    Args:
        n: input size, 8 to 40; the map is n × n.
        presenter: large type, and the answer is held back until it is revealed.
        other_sizes: False leaves out the strip that tells how far every n from 8 to 40 is from coming back, where a
            class is to find that out by itself.
        after: the prediction that this answers, for example ``lesson.third``, or a list of several: the answer is held
            back until it is committed.
        settings: ``padding_1`` … (of a convolution or a pooling): ``"same"`` or ``"valid"``; ``pool_2``, ``pool_4``,
            ``pool_6``: pool size 2 or 3; ``up_8``, ``up_10``, ``up_12``: ``"nearest"``, ``"bilinear"``,
            ``"transposed"`` or ``"transposed_0"`` (with ``output_padding=0``).

    Raises:
        ValueError: for a setting outside those limits, naming them.
    """
    start = AutoencoderSettings(n, settings, other_sizes, presenter=presenter, after=after)
    return Explorer(start, PRESETS)
