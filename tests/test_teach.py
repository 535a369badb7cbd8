"""What is built for instructors: solutions that run and turn every check green, notes, slides for a projector."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from lessons import LESSONS, NOTEBOOKS, Lesson, label
from matplotlib.backends.backend_agg import FigureCanvasAgg
from nbformat import NotebookNode

from course_utils import drill_sheet
from tools import teach, worksheets

PATHS = [NOTEBOOKS / lesson.notebook for lesson in LESSONS]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command builds from all lessons."""
    folder = tmp_path_factory.mktemp("teaching")
    written = teach.build(PATHS, folder)
    assert len(written) == 3 * len(LESSONS) >= 12
    return folder


def read(folder: Path, kind: str, lesson: Lesson) -> NotebookNode:
    notebook: NotebookNode = nbformat.read(folder / kind / lesson.notebook, as_version=4)
    for error in nbformat.validator.iter_validate(notebook):
        raise AssertionError(error)
    return notebook


def texts(notebook: NotebookNode) -> str:
    return "\n".join(cell.source for cell in notebook.cells)


# -- the tags in the lessons --------------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", LESSONS, ids=label)
def test_the_lesson_says_what_is_what(lesson: Lesson) -> None:
    cells = nbformat.read(NOTEBOOKS / lesson.notebook, as_version=4).cells
    for cell in cells:
        checks = bool(re.search(r"^lesson\.\w+\.check\(", cell.source, re.MULTILINE)) and cell.cell_type == "code"
        helps = bool(re.search(r"^lesson\.\w+\.hint\(", cell.source, re.MULTILINE)) and cell.cell_type == "code"
        assert (teach.EXERCISE in teach.tags(cell)) == checks, cell.id
        assert (teach.HELP in teach.tags(cell)) == helps, cell.id
        assert len(teach.tags(cell) & {teach.SLIDE, teach.MORE, teach.EXERCISE, teach.HELP}) <= 1, cell.id
    on_slides = [cell for cell in cells if teach.tags(cell) & {teach.SLIDE, teach.MORE}]
    assert teach.SLIDE in teach.tags(on_slides[0]) and on_slides[0].id == "title"
    assert sum(teach.SLIDE in teach.tags(cell) for cell in on_slides) >= 10
    sections = [cell for cell in cells if re.fullmatch(r"s\d+", cell.id)]
    assert all(teach.SLIDE in teach.tags(cell) for cell in sections), "a section begins a slide"
    for before, cell in pairwise(cells):
        announces = before.cell_type == "markdown" and before.source.endswith((":", "?"))
        if before in on_slides and (announces or cell.source.startswith("explore.")):
            assert cell in on_slides, f"{cell.id}: a slide speaks of it and does not show it"
    predictions = [cell.id for cell in cells if re.search(r"^lesson\.\w+\.predict\(", cell.source, re.MULTILINE)]
    assert set(predictions) <= {cell.id for cell in on_slides}, "a class predicts together"


# -- the instructor's version -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", LESSONS, ids=label)
def test_the_instructor_sees_every_answer_and_every_usual_one(lesson: Lesson, built: Path) -> None:
    notebook = read(built, "instructor", lesson)
    text = texts(notebook)
    for exercise in lesson.exercises:
        assert exercise.solution_code in text and exercise.why in text
        for one in (*exercise.hints, *(known.misconception.name for known in exercise.wrong_answers)):
            assert one in text
    for prediction in lesson.predictions:
        assert all(
            f"{field.label}: {came}" in text for field, came in zip(prediction.inputs, prediction.truth(), strict=True)
        )
        assert all(known.misconception.sentence in text for known in prediction.wrong_answers)
    assert not any(teach.HELP in teach.tags(cell) for cell in notebook.cells)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    source = nbformat.read(NOTEBOOKS / lesson.notebook, as_version=4)
    kept = [cell.source for cell in source.cells if teach.HELP not in teach.tags(cell)]
    assert [cell.source for cell in notebook.cells if not teach.tags(cell) & {"note", "solution"}] == kept


@pytest.fixture
def run(shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[NotebookNode], None]:
    """Runs all cells of a notebook in a new IPython and keeps what they display; stops at the first that raises.

    That the same cells run in a kernel is what nbval sees.
    """
    monkeypatch.setenv("COURSE_PREDICTIONS", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def execute(notebook: NotebookNode) -> None:
        for cell in notebook.cells:
            if cell.cell_type == "code":
                with capture_output() as captured:
                    shell.run_cell(cell.source).raise_error()
                cell.displayed = [output.data["text/plain"] for output in captured.outputs]

    return execute


@pytest.mark.parametrize("lesson", LESSONS, ids=label)
def test_with_the_solutions_every_check_turns_green(
    lesson: Lesson, built: Path, run: Callable[[NotebookNode], None]
) -> None:
    """With the cells that they use and those that use what they leave: all others run as nbval sees them run."""
    notebook, left = read(built, "instructor", lesson), set[str]()
    for cell in notebook.cells:
        defined, used = teach.names(cell)
        if "solution" in teach.tags(cell):
            left |= defined
        elif left & used:
            cell.metadata.tags = [*teach.tags(cell), "uses"]
    notebook.cells = teach.with_what_they_use(notebook.cells, {teach.EXERCISE, "solution", "uses"})
    run(notebook)
    solved = [cell for cell in notebook.cells if "solution" in teach.tags(cell)]
    untouched = [cell for cell in notebook.cells if teach.EXERCISE in teach.tags(cell)]
    assert len(solved) == len(untouched) == len(lesson.exercises)
    for cell, sign in [*((cell, "✓ Right.") for cell in solved), *((cell, "○ Not tried yet.") for cell in untouched)]:
        (said,) = cell.displayed
        assert said.startswith(sign), f"{cell.id}: {said}"


@pytest.mark.parametrize("lesson", LESSONS, ids=label)
def test_every_section_has_a_note(lesson: Lesson, built: Path) -> None:
    cells = nbformat.read(NOTEBOOKS / lesson.notebook, as_version=4).cells
    sections = [cell for cell in cells if re.fullmatch(r"s\d+", cell.id)]
    notes = [cell.metadata.note for cell in cells if "note" in cell.metadata]
    assert all("note" in cell.metadata for cell in sections) and len(notes) >= 4
    made = texts(read(built, "instructor", lesson))
    assert all(f"> {note}" in made for note in notes)


def test_a_note_in_the_metadata_reaches_the_instructor_and_nobody_else(built: Path) -> None:
    notebook = nbformat.read(PATHS[1], as_version=4)
    notebook.cells[3].metadata["note"] = "Let them argue.\nThen ask again."
    made = teach.instructor(notebook, LESSONS[1].module)
    place = [cell.id for cell in made.cells].index(f"{notebook.cells[3].id}-for-you")
    assert made.cells[place].source == "> **For you.**\n>\n> Let them argue.\n> Then ask again."
    assert "Let them argue" not in texts(notebook) + texts(teach.slides(notebook)) + teach.deck(notebook)


@pytest.mark.parametrize("lesson", LESSONS, ids=label)
def test_the_minutes_are_counted_up(lesson: Lesson, built: Path) -> None:
    rows = re.findall(r"^> \| .+ \| (\d+) \| (\d+) \|$", texts(read(built, "instructor", lesson)), re.MULTILINE)
    minutes = [int(one) for one, _ in rows]
    assert len(rows) >= 4 and [int(then) for _, then in rows] == [sum(minutes[: i + 1]) for i in range(len(minutes))]


# -- slides -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", LESSONS, ids=label)
def test_slides_are_for_a_projector_and_hold_no_exercise(lesson: Lesson, built: Path) -> None:
    notebook = read(built, "slides", lesson)
    kinds = [cell.metadata.slideshow.slide_type for cell in notebook.cells]
    assert kinds[0] == "slide" and set(kinds) <= {"slide", "-", "skip"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert ".check(" not in cell.source or cell.metadata.slideshow.slide_type == "skip"
            assert cell.source.count("presenter=True") == len(re.findall(r"\bexplore\.\w+\(", cell.source)), cell.source
            compile(cell.source, cell.id, "exec")


@pytest.mark.parametrize("lesson", LESSONS, ids=label)
def test_slides_run_without_the_cells_that_are_on_none(
    lesson: Lesson, built: Path, run: Callable[[NotebookNode], None]
) -> None:
    run(read(built, "slides", lesson))


def test_what_a_slide_uses_comes_along_and_nothing_else() -> None:
    def cell(identity: str, source: str, *marks: str) -> NotebookNode:
        made: NotebookNode = nbformat.v4.new_code_cell(source, id=identity, metadata={"tags": list(marks)})
        return made

    cells = [
        cell("title", "import math", teach.SLIDE),
        cell("used", "def half(n):\n    return round_up(n / 2)"),
        cell("used-by-used", "from math import ceil as round_up"),
        cell("unused", "n = 5"),
        cell("shown", "n = 7\nprint(half(n), [half(i) for i in range(n)])", teach.MORE),
    ]
    made = teach.slides(nbformat.v4.new_notebook(cells=[cells[0], cells[2], cells[1], *cells[3:]]))
    assert [(cell.id, cell.metadata.slideshow.slide_type) for cell in made.cells] == [
        ("title", "slide"), ("used-by-used", "skip"), ("used", "skip"), ("shown", "-"),
    ]  # fmt: skip


def test_an_explorer_for_a_projector_keeps_its_settings() -> None:
    assert teach.for_a_projector('explore.stride(n=8, padding="same")') == (
        'explore.stride(n=8, padding="same", presenter=True)'
    )
    assert teach.for_a_projector("explore.stride(n=8, after=lesson.steps)") == "explore.stride(n=8, presenter=True)"
    for as_it_is in ("explore.padding(presenter=False)", 'print("it\'s")'):
        assert teach.for_a_projector(as_it_is) == as_it_is


@pytest.mark.parametrize("lesson", LESSONS, ids=label)
def test_a_deck_is_one_file_that_asks_for_nothing(lesson: Lesson, built: Path) -> None:
    page = (built / "slides" / lesson.notebook).with_suffix(".html").read_text(encoding="utf-8")
    slides = sum(teach.SLIDE in teach.tags(cell) for cell in nbformat.read(NOTEBOOKS / lesson.notebook, 4).cells)
    assert page.count("<section>") == page.count("</section>") == slides
    assert not re.findall(
        r"""(?:src|href)=["'](?!data:|#|[\w./-]+\.ipynb)(?!https?://[^"']*["'][^>]*>[^<])[^"']*""", page
    )
    assert "<script src" not in page and "<link" not in page and "@import" not in page
    assert "$$" not in page and "FORMULA" not in page
    assert "run this cell" not in page.lower(), "there is no kernel to run it"
    assert page.count('class="math"') == texts(nbformat.from_dict({"cells": on_slides(lesson)})).count("$$") // 2


def on_slides(lesson: Lesson) -> list[NotebookNode]:
    cells = nbformat.read(NOTEBOOKS / lesson.notebook, 4).cells
    return [cell for cell in cells if teach.tags(cell) & {teach.SLIDE, teach.MORE} and cell.cell_type == "markdown"]


# -- the command --------------------------------------------------------------------------------------------------


#: Runs the command where only what a learner has can be imported: `python course.py teach` installs no more.
AS_A_LEARNER = """
import re, sys
from importlib.metadata import packages_distributions
from pathlib import Path

named = re.findall(r"^([\\w.-]+)==", Path("requirements/run.lock.txt").read_text(encoding="utf-8"), re.MULTILINE)
plain = lambda name: re.sub(r"[-_.]+", "-", name).lower()
locked = {plain(name) for name in named}
missing = {name for name, of in packages_distributions().items() if not locked & set(map(plain, of))}
missing -= {"course_utils", "tools"}
assert {"scipy", "mypy", "playwright"} <= missing


class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Blocked())
from tools import teach, worksheets

worksheets.SHEETS = worksheets.SHEETS[:1]
worksheets.build(Path(sys.argv[-1]) / "worksheets")
sys.exit(teach.main())
"""


def test_the_command_with_what_a_learner_has(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_A_LEARNER, str(PATHS[0]), "--out", str(tmp_path)],
        capture_output=True, text=True, check=True, cwd=NOTEBOOKS.parent,
    )  # fmt: skip
    name, written = PATHS[0].stem, [Path(line) for line in done.stdout.splitlines()]
    assert [file.relative_to(tmp_path).as_posix() for file in written] == [
        f"instructor/{name}.ipynb", f"slides/{name}.ipynb", f"slides/{name}.html",
    ]  # fmt: skip
    assert all(file.is_file() for file in written)
    assert len(list((tmp_path / "worksheets").iterdir())) == 2


# -- on paper -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "level"), worksheets.SHEETS)
def test_a_worksheet_fits_its_pages_and_its_key_is_apart(kind: str, level: int) -> None:
    sheet = drill_sheet(kind, level, worksheets.SEED)
    pages = list(worksheets._pages(worksheets._questions(sheet)))
    key = list(worksheets._pages(worksheets._key(sheet)))
    written = "\n".join(line.text for page in pages for line in page)
    assert all(one.code.splitlines()[0] in written for one in sheet.questions)
    assert not any(line.text.strip() in written for page in key for line in page[2:] if "=" in line.text)
    for page in (*pages, *key):
        figure: Any = worksheets._draw(page)
        canvas: Any = FigureCanvasAgg(figure)
        renderer = canvas.get_renderer()
        for text in figure.texts:
            box = text.get_window_extent(renderer)
            assert box.x1 < figure.bbox.x1 - 20 and box.y0 > figure.bbox.y0 + 20, text.get_text()


def test_worksheets_and_keys_are_files_with_the_same_bytes_at_every_run(tmp_path: Path) -> None:
    sheet = drill_sheet("mixed", 3, 5)
    first, second = (worksheets.write(sheet, tmp_path / name) for name in ("1.pdf", "2.pdf"))
    assert [file.name for file in first] == ["1.pdf", "1-key.pdf"]
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]
    assert all(file.read_bytes().startswith(b"%PDF") for file in first)
    pages = [len(re.findall(rb"/Type /Page\b", file.read_bytes())) for file in first]
    assert pages == [len(list(worksheets._pages(lines(sheet)))) for lines in (worksheets._questions, worksheets._key)]
