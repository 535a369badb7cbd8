"""The cell that opens the course on Colab, and lessons run with the packages that Colab has."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest
from in_ci import skip_or_fail

from tools import colab, execute_notebooks as lessons, links, on_colab
from tools.pythons import find_python

ROOT = Path(__file__).parents[1]

LESSONS = sorted(lessons.NOTEBOOKS.glob("[0-9]*.ipynb"))

on_linux = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="Colab's packages are made for Linux on x86-64"
)


def test_the_cell_installs_what_the_course_is_tested_with() -> None:
    lock = (ROOT / "requirements" / "run.lock.txt").read_text(encoding="utf-8")
    assert sorted(on_colab.pins()) == sorted(on_colab.PACKAGES)
    for name, version in on_colab.pins().items():
        assert f"\n{name}=={version} " in lock, f"{name} {version}"


@pytest.mark.parametrize(
    ("there", "told"),
    [(False, "`'course/tools/on_colab.py'` not found"), (True, "installing 99.9 failed, see above.")],
    ids=["no course", "an older Keras"],
)
def test_the_cell_says_ready_only_if_it_is(
    there: bool, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a real IPython, with the packages of these tests; pip has no index, and so changes nothing."""
    cell = links.first_cell((tmp_path / "nowhere").as_uri())
    (tmp_path / "cell.ipy").write_text(cell, encoding="utf-8")
    if there:
        for file in ("tools/on_colab.py", "requirements/run.lock.txt"):
            text = (ROOT / file).read_text(encoding="utf-8")
            (tmp_path / "course" / file).parent.mkdir(parents=True)
            (tmp_path / "course" / file).write_text(text.replace("\nkeras==", "\nkeras==99.9 #"), encoding="utf-8")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    command = [sys.executable, "-m", "IPython", "--colors=NoColor", "cell.ipy"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")
    assert told in done.stdout + done.stderr
    assert "Ready" not in done.stdout


def test_the_page_names_the_versions_that_were_tried() -> None:
    page = " ".join(links.COLAB.read_text(encoding="utf-8").split())
    assert f"Python {colab.PYTHON}," in page
    for name, said in (("tensorflow-cpu", "TensorFlow"), ("ipywidgets", "ipywidgets"), ("keras", "the Keras")):
        ((version),) = re.findall(rf"{said} (\d+\.\d+(?:\.\d+)?)", page)[:1]
        assert colab.VERSIONS[name].startswith(version)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a Python with Colab's packages, and the address of the course as it is now."""
    if sys.version_info >= (3, 13) and not find_python(colab.PYTHON):
        skip_or_fail(f"Colab's TensorFlow has no build for this Python, and Python {colab.PYTHON} is not here")
    folder = tmp_path_factory.mktemp("colab")
    python = colab.make_environment(folder / "environment", str(find_python(colab.PYTHON) or sys.executable))
    return python, colab.make_repository(folder / "course").as_uri()


@on_linux
@pytest.mark.everything  # downloads 0.35 GB and takes four minutes
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_gives_there_what_is_stored(opened: tuple[Path, str], lesson: Path) -> None:
    assert colab.run(lesson, *opened) == ([], [])


@on_linux
@pytest.mark.everything
def test_without_the_cell_the_course_is_not_found(opened: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the lessons above would have run on this machine's course."""
    monkeypatch.setattr(colab, "first_cell", lambda address: "1")
    raised, _ = colab.run(LESSONS[0], *opened)
    assert "ModuleNotFoundError: No module named 'course_utils'" in raised[0]
