"""What a lesson becomes on a page: a notebook for myst-nb in which every output is HTML that needs no kernel."""

from __future__ import annotations

import base64
import copy
import html
import importlib
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from PIL import Image

from course_utils.exercises.predictions import Prediction, predictions_of
from course_utils.explorers import recording
from tools import page_explorers
from tools.site import elsewhere, launching, questions
from tools.teach import EXERCISE, HELP, ROOT, tags

NOTEBOOKS = ROOT / "notebooks"
ABOUT = "about-this-page"
"""Where a page says what it lacks, and how to run the lesson."""
FILES = "course"
"""The folder beside the pages' sources for what their scripts and pictures are made of."""

PREDICT = re.compile(r"^lesson\.(\w+)\.predict\(\)", re.MULTILINE)
LOOK_BACK = re.compile(r"^(?:lesson|predictions)\.look_back\((?:\"(\d\d)\")?\)", re.MULTILINE)
ROW = re.compile(r"^\| (\d\d) \| \[(.+?)\]\(notebooks/(\S+)\.ipynb\) \| (.+?) \| (\d+)(.*?) \|$", re.MULTILINE)
"""A lesson in the table of README.md."""


@dataclass(frozen=True)
class Lesson:
    """A lesson, as the table of README.md has it."""

    number: str
    title: str
    name: str
    question: str
    minutes: str
    more: str

    @property
    def notebook(self) -> NotebookNode:
        """The lesson as it is stored, but for links to Binder and Colab: a page has its own."""
        read: NotebookNode = nbformat.read(NOTEBOOKS / f"{self.name}.ipynb", as_version=4)
        read.cells = [cell for cell in read.cells if cell.id != launching.CELL]
        return read

    @property
    def predictions(self) -> list[Prediction]:
        """Its predictions, in their order."""
        importlib.import_module(f"course_utils.exercises.lesson_{self.number}")
        return predictions_of(self.number)


def lessons() -> list[Lesson]:
    """Return the lessons in their order."""
    return [Lesson(*row) for row in ROW.findall((ROOT / "README.md").read_text(encoding="utf-8"))]


def write(source: Path) -> None:
    """Write what Sphinx makes the site from."""
    files = source / FILES
    files.mkdir(parents=True)
    course = lessons()
    for lesson in course:
        page = _page(lesson, _Stills(files, lesson))
        (source / f"{lesson.name}.ipynb").write_text(json.dumps(page, ensure_ascii=False), encoding="utf-8")
        told = questions.script(lesson.predictions)
        (files / f"predictions_{lesson.number}.js").write_text(told, encoding="utf-8")
    for name, text in page_explorers.scripts().items():
        (files / name).write_text(text, encoding="utf-8")
    (files / f"{elsewhere.NAME}_table.js").write_text(elsewhere.script(), encoding="utf-8")
    (source / f"{elsewhere.NAME}.md").write_text(elsewhere.page(), encoding="utf-8")
    (source / "index.md").write_text(_index(course, _Stills(files, course[0])), encoding="utf-8")


# -- a lesson -----------------------------------------------------------------------------------------------------


class _Stills:
    """The pictures that a lesson has stored, each as a file of its own; an explorer wakes where its picture stands."""

    def __init__(self, folder: Path, lesson: Lesson) -> None:
        self.folder = folder
        self.lesson = lesson

    def element(self, cell: str, data: dict[str, Any]) -> str:
        """Return the picture of a cell; where it is that of an explorer, with what makes it one."""
        place = f"{self.lesson.name}/{cell}"
        if place in recording.places():
            # It was drawn with two points for one, for sharp screens.
            return page_explorers.element(place, self._image(cell, data, 2), f"{self.lesson.name}.html#{ABOUT}")
        return self._image(cell, data, 1)

    def _image(self, cell: str, data: dict[str, Any], points: int) -> str:
        """Store a picture, smaller and the same in every point, and return the element that shows it."""
        with Image.open(io.BytesIO(base64.b64decode(data["image/png"]))) as picture:
            file = self.folder / f"still-{self.lesson.number}-{cell}.webp"
            picture.save(file, lossless=True)
            width, height = picture.size
        size = f'width="{width // points}" height="{height // points}"'
        return f'<img class="still" src="_static/{file.name}" {size} loading="lazy" alt="{_text(data)}">'


def _text(data: dict[str, Any]) -> str:
    return html.escape(str(data.get("text/plain", "")))


def _page(lesson: Lesson, stills: _Stills) -> NotebookNode:
    """Return a lesson with all its outputs as HTML, and what is to be said about the page below its title."""
    page = copy.deepcopy(lesson.notebook)
    for cell in page.cells:
        if cell.cell_type == "code":
            _show(cell, lesson, stills)
        # The page with all frameworks is in this edition only.
        cell.source = cell.source.replace("**Elsewhere.**", f"**[Elsewhere]({elsewhere.NAME}.md).**")
    page.cells.insert(1, _markdown(ABOUT, about(lesson)))
    return page


def _show(cell: NotebookNode, lesson: Lesson, stills: _Stills) -> None:
    """Let a cell show on a page what it shows in a running course, or say that it does not."""
    predict, back = PREDICT.search(cell.source), LOOK_BACK.search(cell.source)
    if predict:
        by_name = {prediction.name: prediction for prediction in lesson.predictions}
        _replace(cell, [questions.form(by_name[predict[1]])], source=False)
    elif back:
        _replace(cell, [f'<div data-look-back="{back[1] or lesson.number}">{NO_SCRIPT}</div>'], source=False)
    elif EXERCISE in tags(cell):
        _replace(cell, [NOT_CHECKED])
    elif HELP in tags(cell):
        _replace(cell, [str(output.data["text/html"]) for output in cell.outputs], source=False)
    else:
        shown = [_output(cell, output, stills) for output in cell.outputs]
        if shown and "spoiler" in tags(cell):
            shown = ['<details class="spoiler"><summary>Show what comes</summary>', *shown, "</details>"]
        _replace(cell, ["".join(shown)] if shown else [])


NO_SCRIPT = '<p class="no-script">Without JavaScript this page keeps no answers.</p>'
NOT_CHECKED = (
    f'<p class="not-here">○ Checked only <a href="#{ABOUT}">in the running course</a>. Hints and a solution follow.</p>'
)


def _replace(cell: NotebookNode, outputs: Iterable[str], *, source: bool = True) -> None:
    """Give a cell these outputs; its code is shown, folded away, or not there."""
    cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": output}) for output in outputs]
    shown = ["hide-input"] if "folded" in tags(cell) else []
    cell.metadata = nbformat.from_dict({"tags": shown if source else ["remove-input"]})


def _output(cell: NotebookNode, output: NotebookNode, stills: _Stills) -> str:
    """Return what a cell has stored, as HTML."""
    data: dict[str, Any] = output.get("data", {})
    if "image/png" in data:
        return stills.element(cell.id, data)
    plain = str(output.get("text") or data.get("text/plain", ""))
    # So long a line is a sentence, such as an error, which may be broken; a shorter one may be a row of a table.
    long = ' class="sentences"' if any(len(line) > 100 for line in plain.splitlines()) else ""
    shown = str(data["text/html"]) if "text/html" in data else f"<pre{long}>{html.escape(plain)}</pre>"
    return f'<div class="printed" tabindex="0" role="group" aria-label="Output">{shown}</div>'


def _markdown(identity: str, source: str) -> NotebookNode:
    made: NotebookNode = nbformat.from_dict({"cell_type": "markdown", "id": identity, "metadata": {}, "source": source})
    return made


def about(lesson: Lesson) -> str:
    """Return what is said below the title: what this page is, what it lacks, and how to run the lesson."""
    links = launching.from_git(ROOT, f"{lesson.name}.ipynb")
    run = " ".join(f'<a href="{html.escape(address)}">{name}</a>' for name, address in links.items())
    return raw(
        (f'<p class="launch">{run}</p>' if run else "")
        + '<details class="about"><summary>This is the reading edition. What it lacks, and how to run the lesson'
        f'</summary><p id="{ABOUT}">This page shows the lesson as it was run, with predictions that you answer here. '
        "Where the text says <em>run the cell</em>, what came out stands below it, folded where it would tell an "
        "answer. Your answers stay in this browser, not in a file; lessons 01 to 06 end with a button to "
        "download them.</p>"
        "<p><strong>Only in the running course:</strong> changing code and running it, the checks of the exercises, "
        "settings of an explorer that were not recorded (they are greyed out), "
        "the endless questions of <code>drill</code>, and <code>explain</code> on a model of your own.</p>"
        "<p><strong>To run it</strong> you need a copy of the course, and any Python from 3.8 on. In its folder, "
        f"<code>python course.py</code> sets everything up and opens JupyterLab; this lesson is "
        f"<code>notebooks/{lesson.name}.ipynb</code>.</p></details>"
    )


def raw(element: str) -> str:
    """Return HTML as Markdown that keeps it as it is."""
    return f"```{{raw}} html\n{element}\n```\n"


# -- the first page -----------------------------------------------------------------------------------------------


def _index(course: list[Lesson], stills: _Stills) -> str:
    """Return the first page: a promise, something to move, and the lessons."""
    [first] = [cell for cell in course[0].notebook.cells if cell.id == "explorer"]
    rows = "".join(
        f'<li><a href="{lesson.name}.html"><span class="number">{lesson.number}</span> {html.escape(lesson.title)}</a>'
        f'<span class="asks">{elsewhere.emphasised(lesson.question)}</span>'
        f'<span class="minutes">{lesson.minutes} minutes{lesson.more}</span></li>'
        for lesson in course
    )
    pages = "\n".join([*(lesson.name for lesson in course), elsewhere.NAME])
    return "\n".join(
        [
            "# What size comes out?",
            raw(f'<p class="promise">{PROMISE}</p>'),
            raw(stills.element(first.id, first.outputs[0].data)),
            "## Lessons",
            raw(f'<ol class="lessons">{rows}</ol>'),
            "## Elsewhere",
            f"The same layer in PyTorch, ONNX, JAX, TensorFlow.js and others: "
            f"[what really comes out, and why]({elsewhere.NAME}.md).",
            f"```{{toctree}}\n:hidden:\n\n{pages}\n```\n",
        ]
    )


PROMISE = "Move a slider, and see what a layer of a convolutional network does to the size of a picture, and why."
