"""What is said to instructors and to public CI: its numbers, its files and its commands."""

from __future__ import annotations

import re
from pathlib import Path

import keras
import pytest
import yaml
from lessons import LESSONS

from course_utils.exercises import real
from tools import worksheets

ROOT = Path(__file__).parents[1]
KIT = (ROOT / "docs" / "teaching" / "README.md").read_text(encoding="utf-8")
LAYERS = keras.layers


def test_the_minutes_of_each_path_add_up() -> None:
    paths = re.findall(r"^### (\d+) minutes: .*?\n(.*?)(?=^##)", KIT, re.MULTILINE | re.DOTALL)
    assert [int(minutes) for minutes, _ in paths] == [45, 90, 180]
    for minutes, table in paths:
        assert sum(map(int, re.findall(r"^\| (\d+) \|", table, re.MULTILINE))) == int(minutes)


def test_the_lessons_and_sections_that_are_named_are_there() -> None:
    named = re.findall(r"lesson (\d\d)(?:, sections? (\d)(?:(?: to | and )(\d))?)?", KIT)
    assert len(named) > 15
    for number, first, last in named:
        lesson = next(one for one in LESSONS if one.number == number)
        text = (ROOT / "notebooks" / lesson.notebook).read_text(encoding="utf-8")
        for section in (first, last):
            assert not section or f'"## {section}. ' in text, f"lesson {number} has no section {section}"


def test_the_worksheets_that_are_named_are_built() -> None:
    built = {f"{kind}-{level}" for kind, level in worksheets.SHEETS}
    named = re.findall(r"worksheet `([\w-]+)`", KIT)
    assert named and set(named) <= built


def test_what_is_heard_in_a_room_is_not_what_comes() -> None:
    """The table of what to expect: the truth is none of the usual answers."""
    assert real.valid_size(7, 3) == 5
    assert real.same_pads(4) == (1, 2)
    assert real.same_step_pads(8, 3, 2) == (0, 1)
    assert real.default_pool_size(28, 3) == 10
    assert real.pool_row("Average", [7], 2).tolist() == [7.0]
    stamps = LAYERS.Conv2DTranspose(1, 2, strides=3, name="explored")
    assert stamps.compute_output_shape((None, 4, 4, 1))[1] == 12 != (4 - 1) * 3 + 2
    assert real.autoencoder_size(28) == 28


@pytest.mark.parametrize("system", ["ubuntu-latest", "windows-latest", "macos-latest"])
def test_the_public_ci_calls_the_command_of_the_readme(system: str) -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8"))
    job = workflow["jobs"]["test"]
    assert job["steps"][-1] == {"run": "python course.py test"}
    assert "python course.py test" in (ROOT / "README.md").read_text(encoding="utf-8")
    matrix = job["strategy"]["matrix"]
    assert system in matrix["system"] and matrix["python"] == ["3.11", "3.12", "3.13"]
    assert next(one for one in matrix["include"] if one["system"] == system)["chromium"]
