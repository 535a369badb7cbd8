"""Predictions: committed before the answer is seen, kept for ever, and never lost, whatever happens to the file.

The widgets are real ipywidgets, driven as a person does: fill in, press the button, read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from expected_answers import PREDICTED
from lessons import LESSONS, PREDICTIONS, Lesson, commit, fill, label

from course_utils.exercises import lesson_00, lesson_01, misconceptions, predictions, record
from course_utils.exercises.catalogue import KnownWrongAnswer
from course_utils.exercises.prediction_box import PredictionBox
from course_utils.exercises.predictions import Choice, Prediction
from course_utils.exercises.record import FILE, Entry, Record, Value, record_here

#: The long list of sizes as somebody works it out who rounds a half down.
HALVED_DOWN = (28, 14, 14, 7, 7, 3, 3, 6, 6, 12, 10, 20, 20)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner's folder, and a kernel that has just been started in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COURSE_PREDICTIONS", raising=False)
    new_kernel()
    return tmp_path


def new_kernel() -> None:
    record._records.clear()


def true_of(prediction: Prediction) -> tuple[Value, ...]:
    return PREDICTED[prediction.lesson][prediction.name]


def wrong(prediction: Prediction) -> tuple[Value, ...]:
    """An answer that is possible and not true."""
    field, true = prediction.inputs[-1], true_of(prediction)[-1]
    other = next(option for option in field.options if option != true) if isinstance(field, Choice) else true + 1  # type: ignore[operator]
    return (*true_of(prediction)[:-1], other)


def is_locked(box: PredictionBox) -> bool:
    locked: set[bool] = {one.disabled for one in (*box.inputs, box.commit)}
    assert len(locked) == 1
    assert box.start_over.disabled != locked.copy().pop()
    return locked.pop()


def stored() -> dict[str, Any]:
    return dict(json.loads(Path(FILE).read_text(encoding="utf-8"))["predictions"])


# -- committing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", LESSONS, ids=label)
def test_there_are_the_predictions_that_the_lessons_show(lesson: Lesson) -> None:
    assert [prediction.name for prediction in lesson.predictions] == list(PREDICTED[lesson.number])
    for prediction in lesson.predictions:
        assert getattr(lesson.module, prediction.name) is prediction


def test_each_prediction_has_a_key_of_its_own() -> None:
    assert len({prediction.key for prediction in PREDICTIONS}) == len(PREDICTIONS) >= 19


@pytest.mark.parametrize("prediction", PREDICTIONS, ids=label)
def test_a_right_expectation_is_told_when_it_is_committed(prediction: Prediction) -> None:
    """Nothing is given away before; the real layers say what was worked out elsewhere."""
    true = true_of(prediction)
    box = prediction.box()
    assert box.result.value == "" == box.guard.say
    assert not is_locked(box)
    assert not Path(FILE).exists()
    assert prediction.truth() == true
    fill(box, true)
    box.commit.click()
    assert "As you expected" in box.result.value and "✓" in box.result.value
    assert is_locked(box)
    assert box.guard.say.startswith("✓ As you expected.")
    assert stored()[prediction.key]["said"] == list(true) == stored()[prediction.key]["came"]


@pytest.mark.parametrize("prediction", PREDICTIONS, ids=label)
def test_a_surprise_shows_both_answers_in_a_new_kernel_too(
    prediction: Prediction, monkeypatch: pytest.MonkeyPatch
) -> None:
    predicted = wrong(prediction)
    box = commit(prediction, predicted)
    assert "A surprise" in box.result.value
    assert f"you expected {predicted[-1]}; Keras gives {true_of(prediction)[-1]}" in box.guard.say.replace("You", "you")
    assert prediction.sentence in box.guard.say
    assert is_locked(box)
    new_kernel()
    monkeypatch.setattr(Prediction, "entry", lambda *args: pytest.fail("Keras was asked"))
    again = prediction.box()
    assert again.result.value == box.result.value
    assert [one.value for one in again.inputs] == [str(answer) for answer in predicted]
    assert is_locked(again)
    again.commit.click()
    assert stored()[prediction.key]["said"] == list(predicted)


@pytest.mark.parametrize(
    ("prediction", "known"),
    [(prediction, known) for prediction in PREDICTIONS for known in prediction.wrong_answers],
    ids=label,
)
def test_every_known_wrong_expectation_is_told_its_name(prediction: Prediction, known: KnownWrongAnswer) -> None:
    box = commit(prediction, known.answer)
    assert known.answer != true_of(prediction)
    assert f"Many people expect this: {known.misconception.name}." in box.guard.say
    assert known.misconception.section.title in box.result.value


def test_of_the_long_list_only_the_number_and_the_first_difference_are_told() -> None:
    text = commit(lesson_00.sizes, HALVED_DOWN).guard.say
    assert '5 of 13 match. The first that differs: 6. MaxPooling2D((2, 2), padding="same")' in text
    assert "you expected 3; Keras gives 4." in text
    assert "16" not in text
    assert misconceptions.ROUNDS_DOWN.name in text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (("", "2"), "Above: there is no number yet."),
        (("1", "   "), "Below: there is no number yet."),
        (("one", "2"), "“one” is not a whole number."),
        (("1.5", "2"), "“1.5” is not a whole number."),
        (("4x4", "2"), "“4x4” is not a whole number."),
        (("<b>", "2"), "“<b>” is not a whole number."),
        (("9" * 5000, "2"), "is not a whole number."),
    ],
)
def test_what_is_no_number_is_told_kindly_and_nothing_is_lost(typed: tuple[str, str], sentence: str) -> None:
    box = commit(lesson_01.even_pads, typed)
    assert sentence in box.guard.say
    assert "<b>”" not in box.result.value
    assert tuple(one.value for one in box.inputs) == typed
    assert not is_locked(box)
    assert not Path(FILE).exists()


def test_a_choice_must_be_made() -> None:
    box = lesson_00.other_size.box()
    box.commit.click()
    assert "nothing is chosen yet" in box.guard.say and not is_locked(box)


def test_zero_is_a_number_and_spaces_do_not_matter() -> None:
    box = commit(lesson_01.even_pads, (" 0 ", "3"))
    assert stored()["01/even_pads"]["said"] == [0, 3]
    new_kernel()
    assert is_locked(lesson_01.even_pads.box())
    assert "you expected 0; Keras gives 1" in box.guard.say


def test_what_goes_wrong_inside_a_callback_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> Any:
        raise RuntimeError("no layer <today>")

    monkeypatch.setattr(Prediction, "entry", broken)
    box = commit(lesson_01.places, (5,))
    assert "RuntimeError: no layer &lt;today&gt;" in box.result.value
    assert 'role="alert"' in box.result.value
    assert box.inputs[0].value == "5"
    assert not is_locked(box)
    assert not Path(FILE).exists()


def test_the_places_for_what_came_stay_where_they_are() -> None:
    box = lesson_01.places.box()
    before = box.children
    fill(box, (4,))
    box.commit.click()
    box.start_over.click()
    assert box.children == before
    assert box.result in before and box.guard in before


# -- keeping ------------------------------------------------------------------------------------------------------


def test_starting_over_takes_the_answer_back_and_keeps_what_was_typed() -> None:
    box = commit(lesson_01.even_pads, (2, 2))
    box.start_over.click()
    assert stored() == {}
    assert [one.value for one in box.inputs] == ["2", "2"]
    assert box.result.value == ""
    assert not is_locked(box)
    fill(box, (1, 2))
    box.commit.click()
    assert stored()["01/even_pads"]["said"] == [1, 2]


def test_the_static_text_is_the_question_whatever_the_record_says() -> None:
    before, _ = lesson_01.typo.box()._repr_mimebundle_()
    after, _ = commit(lesson_01.typo, (26,))._repr_mimebundle_()
    assert before["text/plain"] == after["text/plain"]
    assert before["text/plain"] == f"Predict. {lesson_01.typo.question} (run this cell to answer)"
    assert set(before) == {"text/plain", "application/vnd.jupyter.widget-view+json"}


def test_two_notebooks_keep_their_answers_in_one_file() -> None:
    commit(lesson_00.other_size, ("32 × 32",))
    elsewhere = Record(Path(FILE).absolute())
    elsewhere.put("02/other", Entry((1,), (2,), "today"))
    commit(lesson_01.places, (5,))
    assert set(stored()) == {"00/other_size", "02/other", "01/places"}


def test_the_file_can_be_read_by_its_owner() -> None:
    commit(lesson_01.even_pads, (2, 1))
    content = json.loads(Path(FILE).read_text(encoding="utf-8"))
    assert "Delete it to start afresh" in content["note"]
    assert set(content["predictions"]["01/even_pads"]) == {"said", "came", "at"}
    assert [path.name for path in Path().iterdir()] == [FILE]


def test_a_deleted_file_is_a_fresh_start() -> None:
    commit(lesson_01.places, (5,))
    Path(FILE).unlink()
    assert not is_locked(lesson_01.places.box())


# -- a file in trouble --------------------------------------------------------------------------------------------

DAMAGED: dict[str, bytes] = {
    "cut off": b'{"predictions": {"01/places"',
    "empty": b"",
    "not text": b"\xff\xfe\x00\x00",
    "not a record": b"[1, 2]",
    "no predictions": b'{"predictions": 7}',
    "too deep": b"[" * 100_000,
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_put_aside_and_not_overwritten(damage: str) -> None:
    Path(FILE).write_bytes(DAMAGED[damage])
    box = lesson_01.places.box()
    assert "is damaged" in box.notice.value
    assert Path(FILE).read_bytes() == DAMAGED[damage]
    fill(box, (5,))
    box.commit.click()
    assert "As you expected" in box.result.value
    assert f"{FILE}.bak" in box.notice.value
    assert Path(f"{FILE}.bak").read_bytes() == DAMAGED[damage]
    assert set(stored()) == {"01/places"}
    new_kernel()
    assert lesson_01.places.box().notice.value == ""


def test_an_earlier_backup_is_kept_too() -> None:
    Path(f"{FILE}.bak").write_text("first", encoding="utf-8")
    Path(FILE).write_text("second", encoding="utf-8")
    commit(lesson_01.places, (5,))
    assert Path(f"{FILE}.bak").read_text(encoding="utf-8") == "first"
    assert Path(f"{FILE}.bak2").read_text(encoding="utf-8") == "second"


def test_a_mark_of_notepad_is_no_damage() -> None:
    commit(lesson_01.places, (5,))
    text = Path(FILE).read_text(encoding="utf-8")
    Path(FILE).write_text(text, encoding="utf-8-sig")
    assert is_locked(lesson_01.places.box())


@pytest.mark.parametrize(
    "entry",
    [
        7,
        {"said": [5]},
        {"said": [5, 6], "came": [5, 6], "at": "today"},
        {"said": ["five"], "came": [5], "at": "today"},
        {"said": [True], "came": [5], "at": "today"},
        {"said": [[5]], "came": [5], "at": "today"},
        {"said": [5], "came": [5], "at": 7},
        {"said": [None], "came": [5], "at": "today"},
    ],
)
def test_an_entry_that_is_no_answer_is_as_none(entry: Any) -> None:
    others = {"01/typo": {"said": [26], "came": [9], "at": "today"}}
    Path(FILE).write_text(json.dumps({"predictions": {"01/places": entry, **others}}), encoding="utf-8")
    assert not is_locked(lesson_01.places.box())
    commit(lesson_01.places, (4,))
    assert stored()["01/typo"] == others["01/typo"]
    assert stored()["01/places"]["said"] == [4]


def test_markup_in_the_file_is_not_run() -> None:
    entry = {"said": [26], "came": [9], "at": "<img src=x>"}
    Path(FILE).write_text(json.dumps({"predictions": {"01/typo": entry}}), encoding="utf-8")
    assert "&lt;img" in lesson_01.typo.box().result.value
    assert "<img" not in lesson_01.typo.box().result.value


def unwritable_folder(tmp_path: Path) -> Path:
    """A folder that takes no file: made read-only, or for root, who may write everywhere, one of the kernel's."""
    folder = tmp_path / "read-only"
    folder.mkdir()
    folder.chmod(0o555)
    if not os.access(folder, os.W_OK):
        return folder
    if Path("/proc").is_dir():
        return Path("/proc")
    pytest.skip("this user may write everywhere")


def test_in_a_read_only_folder_answers_live_as_long_as_the_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(unwritable_folder(tmp_path))
    box = commit(lesson_01.places, (4,))
    assert "A surprise" in box.result.value
    assert "cannot be written" in box.notice.value
    assert is_locked(lesson_01.places.box())
    assert not Path(FILE).exists()
    box.start_over.click()
    assert not is_locked(lesson_01.places.box())
    new_kernel()
    assert not is_locked(lesson_01.places.box())


def test_a_file_that_cannot_be_read_is_no_disaster() -> None:
    Path(FILE).mkdir()
    box = lesson_01.places.box()
    assert "cannot be read" in box.notice.value
    fill(box, (5,))
    box.commit.click()
    assert "As you expected" in box.result.value
    assert "cannot be" in box.notice.value


def test_a_write_that_breaks_off_leaves_the_old_file_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    commit(lesson_01.places, (5,))
    before = Path(FILE).read_bytes()

    def stops(content: Any, file: Any, **settings: Any) -> None:
        file.write('{"predictions": {')
        raise KeyboardInterrupt

    monkeypatch.setattr(json, "dump", stops)
    with pytest.raises(KeyboardInterrupt):
        commit(lesson_01.typo, (26,))
    assert Path(FILE).read_bytes() == before
    assert [path.name for path in Path().iterdir()] == [FILE]


# -- looking back -------------------------------------------------------------------------------------------------

Capture = pytest.CaptureFixture[str]


def test_looking_back_on_nothing(capsys: Capture) -> None:
    predictions.look_back("00")
    out = capsys.readouterr().out
    assert out.count("not answered") == 2
    assert lesson_00.sizes.question in out
    assert not Path(FILE).exists()


@pytest.mark.parametrize("look_back", [lesson_01.look_back, lambda: predictions.look_back("01")])
def test_looking_back_shows_every_answer_and_the_idea_to_visit_again(
    look_back: Callable[[], None], capsys: Capture
) -> None:
    commit(lesson_01.even_pads, (2, 2))
    commit(lesson_01.rim, (4, 6, 9))
    new_kernel()
    look_back()
    out = capsys.readouterr().out
    assert "≠ Above: you expected 2; Keras 1" in out
    assert "≠ Below: you expected 2; Keras 2" not in out
    assert "✓ Centre: you expected 9; Keras 9" in out
    assert f"because they think: “{misconceptions.SAME_IS_SYMMETRIC.name}”." in out
    assert out.count("not answered") == len(PREDICTED["01"]) - 2


def test_looking_back_on_the_long_list_tells_all_of_it(capsys: Capture) -> None:
    commit(lesson_00.sizes, HALVED_DOWN)
    lesson_00.look_back()
    out = capsys.readouterr().out
    assert out.count("you expected") == 13
    assert "≠ 13. Conv2D(1" in out


def test_looking_back_on_a_damaged_file_says_so(capsys: Capture) -> None:
    Path(FILE).write_text("nonsense", encoding="utf-8")
    predictions.look_back("01")
    assert "is damaged" in capsys.readouterr().out


def test_a_variable_can_keep_the_record_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("COURSE_PREDICTIONS", str(elsewhere))
    assert record_here().path == elsewhere / FILE
