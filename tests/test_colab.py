"""The cell that opens the course on Colab, and lessons run with the packages that Colab has."""

from __future__ import annotations

import os
import platform
import re
import sys
from pathlib import Path

import pytest

from tools import colab

ROOT = Path(__file__).parents[1]

#: All seven take three and a half minutes. These are the set-up and its widgets, the explorers and exercises, the layer
#: that an older Keras refuses, and a training.
LESSONS = ("00_start_here", "01_pad_the_border", "02_take_bigger_steps", "05_solve_the_autoencoder")

in_ci = os.environ.get("CI", "").lower() in {"1", "true", "yes"}
runs_lessons = pytest.mark.skipif(
    not (in_ci or os.environ.get("COURSE_COLAB")),
    reason="downloads 0.35 GB and takes three minutes: set the variable COURSE_COLAB to run it",
)
on_linux = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="Colab's packages are made for Linux on x86-64"
)


def test_the_cell_installs_what_the_course_is_tested_with() -> None:
    pins = re.findall(r"(\w+)==([\w.]+)", colab.first_cell("somewhere"))
    assert [name for name, _ in pins] == ["keras", "anywidget", "psygnal"]
    lock = (ROOT / "requirements" / "run.lock.txt").read_text(encoding="utf-8")
    for name, version in pins:
        assert f"\n{name}=={version} " in lock, f"docs/colab.md installs {name} {version}"


def test_the_page_names_the_versions_that_were_tried() -> None:
    page = " ".join(colab.PAGE.read_text(encoding="utf-8").split())
    assert f"Python {colab.PYTHON}," in page
    for name, said in (("tensorflow-cpu", "TensorFlow"), ("ipywidgets", "ipywidgets"), ("keras", "the Keras")):
        ((version),) = re.findall(rf"{said} (\d+\.\d+(?:\.\d+)?)", page)[:1]
        assert colab.VERSIONS[name].startswith(version)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a Python with Colab's packages, and the address of the course as it is now."""
    folder = tmp_path_factory.mktemp("colab")
    python = colab.make_environment(folder / "environment", colab.python_here())
    return python, colab.make_repository(folder / "course").as_uri()


@on_linux
@runs_lessons
@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_gives_there_what_is_stored(opened: tuple[Path, str], lesson: str) -> None:
    run = colab.run(ROOT / "notebooks" / f"{lesson}.ipynb", *opened)
    assert run.cells > 10
    assert (run.raised, run.text) == ([], [])


@on_linux
@runs_lessons
def test_without_the_cell_the_course_is_not_found(opened: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the lessons above would have run on this machine's course."""
    monkeypatch.setattr(colab, "first_cell", lambda address: "1")
    run = colab.run(ROOT / "notebooks" / "00_start_here.ipynb", *opened)
    assert "ModuleNotFoundError: No module named 'course_utils'" in run.raised[0]
