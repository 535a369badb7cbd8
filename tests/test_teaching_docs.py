"""What is said to instructors and to public CI: its numbers, its files and its commands."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml
from expected_answers import PREDICTED
from lessons import LESSONS

from course_utils import drill_sheet
from course_utils.axes import TransposedWindow, Upsample, Window
from tools import worksheets
from tools.bootstrap import commands, environment

ROOT = Path(__file__).parents[1]
KIT = (ROOT / "docs" / "teaching" / "README.md").read_text(encoding="utf-8")


def test_the_minutes_of_each_path_add_up() -> None:
    paths = re.findall(r"^### (\d+) minutes: .*?\n(.*?)(?=^##)", KIT, re.MULTILINE | re.DOTALL)
    assert [int(minutes) for minutes, _ in paths] == [45, 90, 180]
    for minutes, table in paths:
        assert sum(map(int, re.findall(r"^\| (\d+) \|", table, re.MULTILINE))) == int(minutes)


def test_the_key_of_the_test_on_paper_is_right() -> None:
    text = (ROOT / "docs" / "teaching" / "on_paper.md").read_text(encoding="utf-8")
    asked = re.findall(r"^\| (\d) \| .* \| (.*) \| (.*) \|$", text, re.MULTILINE)
    settings = [[dict(re.findall(r"([nks]) = (\d+)", one)) for one in row[1:]] for row in asked]
    keys = re.findall(r"^\| (?:before|after) \| (.*) \|$", text, re.MULTILINE)
    assert len(asked) == 6 and len(keys) == 2
    for sheet, key in enumerate(keys):
        one, two, three, four, five = (
            {name: int(number) for name, number in row[sheet].items()} for row in settings[:5]
        )
        back = Window(2, stride=2, padding="same").output_size(four["n"])
        expected = [
            Window(one["k"]).output_size(one["n"]),
            Window(two["k"], stride=two["k"], padding="same").output_size(two["n"]),
            "{}, {}".format(*Window(three["k"], stride=2, padding="same").pads(three["n"])),
            Upsample(2).output_size(back),
            TransposedWindow(five["k"], stride=five["s"]).output_size(five["n"]),
        ]
        assert key.split(" | ")[:5] == [str(value) for value in expected]


def test_the_lessons_and_sections_that_are_named_are_there() -> None:
    named = re.findall(r"lesson (\d\d)(?:, sections? (\d)(?:(?: to | and )(\d))?)?", KIT)
    assert len(named) > 15
    for number, first, last in named:
        lesson = next(one for one in LESSONS if one.number == number)
        text = (ROOT / "notebooks" / lesson.notebook).read_text(encoding="utf-8")
        for section in (first, last):
            assert not section or f'"## {section}. ' in text, f"lesson {number} has no section {section}"


def test_the_worksheets_that_are_named_are_built(tmp_path: Path) -> None:
    sheets = {f"{kind}-{level}": (kind, level) for kind, level in worksheets.SHEETS}
    named = re.findall(r"worksheet `([\w-]+)`", KIT)
    assert named and set(named) <= set(sheets)
    printed = re.findall(r"([\w-]+)-seed-1\.pdf`", KIT)
    assert printed and set(printed) <= set(named), "what is printed is what a path uses"
    for name in printed:
        file = tmp_path / f"{name}-seed-{worksheets.SEED}.pdf"
        for written in worksheets.write(drill_sheet(*sheets[name], worksheets.SEED), file):
            assert f"{written.name}`" in KIT


def test_when_late_something_can_be_dropped_in_every_path_and_nothing_altogether() -> None:
    tables = re.findall(r"^### \d+ minutes: .*?\n(.*?)(?=^##)", KIT, re.MULTILINE | re.DOTALL)
    assert all(re.search(r"\((?:`\w+`(?:, )?)+\) \|$", table, re.MULTILINE) for table in tables)
    assert not re.search(r"\| \(`\w+`", KIT), "one bet of each row stays"


def test_what_the_participants_are_told_is_so() -> None:
    told = KIT.partition("Send the participants")[2].partition("Do not let thirty")[0]
    assert f"needs {environment.NEEDED_DISK / 1e9:.1f} GB of disk" in told
    assert environment.DOWNLOAD == "about 400 MB" and "downloads 0.4 GB" in told
    assert "press Ctrl-C twice" in told and "press Ctrl-C twice" in inspect.getsource(commands.start)
    assert "Python 3.12" in told


def test_the_call_that_looks_back_on_the_first_lesson_stands_where_it_is_said() -> None:
    assert '`predictions.look_back("00")` again | lesson 05, section 1 |' in KIT
    notebook = json.loads((ROOT / "notebooks" / "05_solve_the_autoencoder.ipynb").read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in notebook["cells"]]
    first, second = (next(i for i, text in enumerate(sources) if text.startswith(f"## {n}. ")) for n in (1, 2))
    assert 'predictions.look_back("00")' in sources[first:second]


def paths() -> Iterator[tuple[str, str]]:
    """The last two cells of each row of the paths: where, and what to ask."""
    for table in re.findall(r"^### \d+ minutes: .*?\n(.*?)(?=^##)", KIT, re.MULTILINE | re.DOTALL):
        yield from re.findall(r"^\| \d+ \|.*\| (.*?) \| ?(.*?) ?\|$", table, re.MULTILINE)


def asked() -> dict[tuple[str, str], tuple[str, str, str, str]]:
    """The table of what to ask: for each lesson and name, the section, what comes, what is heard, and the belief."""
    rows = re.findall(r"^\| (\d\d), (\d): `(\w+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", KIT, re.MULTILINE)
    assert len(rows) == len(re.findall(r"^\| \d\d, ", KIT, re.MULTILINE)) > 20, "every row is understood"
    return {(lesson, name): (section, comes, heard, belief) for lesson, section, name, comes, heard, belief in rows}


def spoken(answer: Sequence[object]) -> str:
    return ", ".join(map(str, answer))


@pytest.mark.parametrize(("number", "name"), asked(), ids="-".join)
def test_what_is_heard_in_a_room_is_what_the_course_knows(number: str, name: str) -> None:
    """Each row against the real layers and the catalogue of beliefs, and in the section that it names."""
    section, comes, heard, belief = asked()[number, name]
    lesson = next(one for one in LESSONS if one.number == number)
    (prediction,) = (one for one in lesson.predictions if one.name == name)
    assert comes == spoken(prediction.truth()) == spoken(PREDICTED[number][name])
    known = {(spoken(one.answer), one.misconception.name) for one in prediction.wrong_answers}
    assert (heard, belief) in known and heard != comes
    before, _, _ = (
        (ROOT / "notebooks" / lesson.notebook).read_text(encoding="utf-8").partition(f"lesson.{name}.predict(")
    )
    assert re.findall(r'"## (\d+)\. ', before)[-1] == section


def test_what_a_path_asks_is_explained_and_belongs_there() -> None:
    rows = list(paths())
    named = [(where, name) for where, ask in rows for name in re.findall(r"`(\w+)`", ask)]
    assert len(named) > 25
    for where, name in named:
        number = where.removeprefix("lesson ")[:2]
        assert (number, name) in asked()
        if "section" in where:
            first, *last = map(int, re.findall(r"\b\d\b", where.partition("section")[2]))
            assert first <= int(asked()[number, name][0]) <= max([first, *last])
    assert {name for _, name in asked()} == {name for _, name in named}, "nothing is explained that no path asks"


def test_the_check_that_participants_run_is_a_command() -> None:
    assert set(re.findall(r"python course\.py (\w+)", KIT)) <= set(commands.COMMANDS)
    assert "python course.py check" in KIT
    assert "No workshop has been held" in KIT


@pytest.mark.parametrize("system", ["ubuntu-latest", "windows-latest", "macos-latest"])
def test_the_public_ci_calls_the_command_of_the_readme(system: str) -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8"))
    job = workflow["jobs"]["test"]
    assert job["steps"][-1] == {
        "run": "python course.py test ${{ github.event_name == 'schedule' && '--everything' || '' }}"
    }
    assert "python course.py test" in (ROOT / "README.md").read_text(encoding="utf-8")
    matrix = job["strategy"]["matrix"]
    assert system in matrix["system"] and matrix["python"] == ["3.11", "3.12", "3.13"]
    assert next(one for one in matrix["include"] if one["system"] == system)["chromium"]
