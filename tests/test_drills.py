"""Drills: every question is answered by the layers that it prints, and every known wrong answer is told its name."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from typing import Any

import keras
import numpy as np
import pytest

from course_utils import drill, drill_sheet
from course_utils.exercises.blank import ____
from course_utils.exercises.drill_questions import KINDS, LEVELS, MIXED, Question, question
from course_utils.exercises.prediction_data import Number
from course_utils.exercises.result import Outcome

SEEDS = range(1, 9)
ALL = list(product(KINDS, LEVELS))


def asked(kind: str, level: int) -> list[Question]:
    return [question(kind, level, seed, number) for seed in SEEDS for number in (1, 2)]


def maps(one: Question) -> tuple[int, int]:
    """The size of the map, as the text of the question says it."""
    word = next(word for word in one.text.replace(".", "").split() if "×" in word)
    height, width = map(int, word.split("×"))
    return height, width


@pytest.mark.parametrize(("kind", "level"), [case for case in ALL if case[0] not in ("pads", "dilation", "back")])
def test_the_answer_is_what_the_printed_layers_give(kind: str, level: int) -> None:
    for one in asked(kind, level):
        x, sizes = np.ones((1, *maps(one), 1), dtype="float32"), []
        for line in one.code.splitlines():
            x = eval(line, {"keras": keras})(x)
            sizes.append(tuple(x.shape[1:3]))
        square = len({frozenset(size) for size in sizes}) and all(height == width for height, width in sizes)
        if len(one.labels) == 2 and "height" in one.labels[0]:
            assert one.truth == sizes[-1]
        else:
            assert square and one.truth == tuple(height for height, _ in sizes)


@pytest.mark.parametrize("level", LEVELS)
def test_the_ghost_rows_are_the_ones_that_zeros_by_hand_replace(level: int) -> None:
    for one in asked("pads", level)[:8]:
        above, below = one.truth
        (n, _), rng = maps(one), np.random.default_rng(1)
        layer = eval(one.code, {"keras": keras})
        x = rng.integers(-9, 9, (1, n, n, 1)).astype("float32")
        same = np.array(layer(x))
        plain = keras.layers.Conv2D(1, layer.kernel_size, strides=layer.strides, name="explored")
        plain.build((1, n + above + below, n + above + below, 1))
        plain.set_weights(layer.get_weights())
        padded = np.pad(x, ((0, 0), (above, below), (above, below), (0, 0)))
        np.testing.assert_allclose(np.array(plain(padded)), same, atol=1e-4)


@pytest.mark.parametrize("level", LEVELS)
def test_the_span_is_what_a_lit_output_reads(level: int) -> None:
    for one in asked("dilation", level)[:8]:
        n, _ = maps(one)
        layer = eval(one.code, {"keras": keras})
        layer.build((1, n, n, 1))
        layer.set_weights([np.ones_like(weight) for weight in layer.get_weights()])
        lit = np.eye(n, dtype="float32")[:, :, None, None] * np.ones((n, n, n, 1), dtype="float32")
        read = np.flatnonzero(np.array(layer(lit))[:, 0, 0, 0] > 1)
        assert one.truth == (read[-1] - read[0] + 1, layer(lit[:1]).shape[1])


@pytest.mark.parametrize("level", LEVELS)
def test_no_smaller_and_no_larger_input_gives_the_output(level: int) -> None:
    for one in asked("back", level):
        o, _ = maps(one)
        layer = eval(one.code, {"keras": keras})
        low, high = one.truth
        assert [n for n in range(1, 4 * o + 12) if size_or_none(layer, n) == o] == list(range(low, high + 1))


def size_or_none(layer: Any, n: int) -> int | None:
    try:
        return int(layer.compute_output_shape((1, n, n, 1))[1])
    except ValueError:
        return None


@pytest.mark.parametrize(("kind", "level"), ALL)
def test_right_wrong_and_untouched(kind: str, level: int) -> None:
    told = 0
    for one in asked(kind, level):
        assert one.evaluate(*one.truth).outcome is one.evaluate(list(one.truth)).outcome is Outcome.RIGHT
        assert len(one.labels) == len(one.truth) and one.why
        assert str(one.truth[-1]) in one.why[-1] or kind == "back"
        for untouched in ((), (____,), (____, 1)):
            assert one.evaluate(*untouched).outcome is Outcome.NOT_TRIED
        odds: tuple[object, ...] = (None, "5", 5.5, True, [1, 2, 3, 4, 5, 6, 7], {}, float("nan"), -1)
        for odd in odds:
            assert one.evaluate(odd).outcome is Outcome.WRONG
        for known in one.wrong_answers:
            result = one.evaluate(*known.answer)
            assert result.outcome is Outcome.WRONG and result.misconception is known.misconception
            told += 1
    assert told or (kind, level) == ("upsample", 1), "no wrong answer is known by name"


@pytest.mark.parametrize("kind", [*KINDS, MIXED])
def test_ten_in_a_row_are_ten_questions(kind: str) -> None:
    for level in LEVELS:
        ten = drill_sheet(kind, level, 3).questions
        assert len({(one.text, one.code) for one in ten}) == 10


def test_a_seed_gives_the_same_questions_on_every_machine() -> None:
    first = question("same", 2, 7, 1)
    assert maps(first) == (43, 43) and "kernel_size=4, strides=3" in first.code and first.truth == (15,)
    code = "from course_utils import drill; print(drill('chain', 3, 11))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert other.strip() == str(drill("chain", 3, 11)).strip()
    assert question("same", 2, 8, 1) != first != question("same", 2, 7, 2)


def test_without_a_seed_one_is_drawn_and_named() -> None:
    one = drill("same")
    assert str(drill("same", seed=one.seed)) == str(one)
    assert one.call == f'drill("same", level=1, seed={one.seed})'
    assert len({drill().seed for _ in range(5)}) > 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: drill("pading"), "There is no drill 'pading'. There are: 'valid', 'same'"),
        (lambda: drill("same", level=4), "level is 1, 2 or 3; you gave 4"),
        (lambda: drill("same", level=True), "level is 1, 2 or 3"),
        (lambda: drill("same", seed="seven"), "seed is a whole number, such as 7; you gave 'seven'"),  # type: ignore[arg-type]
        (lambda: drill(["same"]), "There is no drill"),  # type: ignore[arg-type]
        (lambda: drill_sheet("same", 1, 1, 0), "count is 1 to 100; you gave 0"),
    ],
)
def test_what_there_is_not(call: Any, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        call()
    assert words in str(caught.value)


# -- on paper -----------------------------------------------------------------------------------------------------


def test_a_sheet_keeps_the_answers_to_its_key() -> None:
    sheet = drill_sheet("chain", level=2, seed=5)
    questions, key = str(sheet).split("\f")
    page, folded = sheet._repr_html_().split("<details")
    for number, one in enumerate(sheet.questions, start=1):
        answer = ", ".join(f"{label}: {n}" for label, n in zip(one.labels, one.truth, strict=True))
        assert answer not in questions + page
        assert f"{number}. {answer}" in key and answer in folded
        assert one.code.splitlines()[0] in questions and one.why[0] in key
    assert questions.count("______") == sum(len(one.labels) for one in sheet.questions)
    assert " open" not in folded.split(">")[0]


# -- as widgets ---------------------------------------------------------------------------------------------------


def test_a_drill_as_a_person_does_it() -> None:
    box = drill("same", level=2, seed=7).box()
    (one,) = box.inputs
    box.check.click()
    assert "there is no number yet" in box.guard.say and box.score.value == ""
    one.value = "14"
    box.check.click()
    assert box.guard.say.startswith("✗ Not yet.") and "rounds down" in box.guard.say
    assert "0 of 1 right" in box.score.value
    one.value = " 15 "
    box.check.click()
    assert box.guard.say.startswith("✓ Right.") and "⌈43 / 3⌉" in box.result.value
    assert "0 of 1 right" in box.score.value, "only the first try counts"
    box.next.click()
    assert box.inputs[0].value == "" == box.result.value
    assert box.guard.say.startswith("Question 2.") and "Question 2." in box.asked.value
    box.reveal.click()
    assert f"Output size: {box.drill.question.truth[0]}" in box.guard.say and "0 of 2 right" in box.score.value
    box.next.click()
    box.inputs[0].value = str(box.drill.question.truth[0])
    box.check.click()
    assert "1 of 3 right at the first try" in box.score.value
    assert "drill(&quot;same&quot;, level=2, seed=7)" in box.score.value


def test_as_many_boxes_as_the_question_has_numbers() -> None:
    box = drill("mixed", level=3, seed=2).box()
    for _ in range(12):
        assert [one.description for one in box.inputs] == list(box.drill.question.labels)
        for one in box.inputs:
            Number(one.description).parse("3")
        box.next.click()


def test_what_is_stored_is_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    text = drill("same", level=2, seed=7)._repr_mimebundle_()[0]["text/plain"]
    assert text.startswith("Question 1. A map of 43×43") and "15" not in text


def test_what_goes_wrong_inside_a_callback_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    box = drill("same", level=2, seed=7).box()
    monkeypatch.setattr(box.drill.__class__, "question", property(lambda self: 1 / 0))
    box.check.click()
    assert "ZeroDivisionError" in box.guard.say
