"""Build what an instructor needs from the lessons: python course.py teach.

    build/teaching/instructor/*.ipynb   every lesson with its solutions, what is usually answered instead, and notes
    build/teaching/slides/*.ipynb       the same ideas one at a time, explorers large and with the answer held back
    build/teaching/slides/*.html        those slides as one file each, to project or print without a kernel
    build/teaching/worksheets/*.pdf     ten questions from the drills on paper, and the key as ...-key.pdf

The lessons are the only source; what is built is never edited or committed. In a lesson

* the tag `slide` on a cell begins a slide, and `slide-more` puts a cell on the slide that has begun; a cell with
  neither is not on the slides;
* the tags `exercise` and `help` mark what is checked, and its hints and solution;
* `note` in a cell's metadata is for the instructor: a learner does not see it.

Solutions, wrong answers and true predictions come from the exercises themselves.
"""

from __future__ import annotations

import argparse
import ast
import copy
import html
import importlib
import io
import json
import re
import symtable
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
from nbformat import NotebookNode

from course_utils.exercises.result import RUN_TO_ANSWER
from tools import worksheets

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
BUILT = ROOT / "build" / "teaching"

SLIDE, MORE, EXERCISE, HELP = "slide", "slide-more", "exercise", "help"


def tags(cell: NotebookNode) -> set[str]:
    """The tags of a cell."""
    return set(cell.metadata.get("tags", ()))


def lesson_module(path: Path) -> ModuleType:
    """The exercises and predictions of a lesson."""
    return importlib.import_module(f"course_utils.exercises.lesson_{path.name[:2]}")


def _named(source: str, method: str) -> str | None:
    """The name in ``lesson.<name>.<method>(…)``, where a cell has such a call."""
    found = re.search(rf"^lesson\.(\w+)\.{method}\(", source, re.MULTILINE)
    return found[1] if found else None


def _cell(kind: str, identity: str, source: str, tag: str) -> NotebookNode:
    """A cell of our own."""
    cell: dict[str, Any] = {"cell_type": kind, "id": identity, "metadata": {"tags": [tag]}, "source": source}
    if kind == "code":
        cell |= {"outputs": [], "execution_count": None}
    made: NotebookNode = nbformat.from_dict(cell)
    return made


def _note(identity: str, *lines: str) -> NotebookNode:
    """A note for the instructor, set off from the lesson's own text."""
    quoted = "\n".join(f"> {line}" if line else ">" for line in ("**For you.**", "", *lines))
    return _cell("markdown", identity, quoted, "note")


def _empty(notebook: NotebookNode, cells: Sequence[NotebookNode]) -> NotebookNode:
    """A notebook with these cells, none of them run."""
    built = copy.deepcopy(notebook)
    built.cells = [copy.deepcopy(cell) for cell in cells]
    for cell in built.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return built


# -- the instructor's version -------------------------------------------------------------------------------------


def instructor(notebook: NotebookNode, lesson: ModuleType) -> NotebookNode:
    """A lesson with what an instructor knows: true answers, usual answers, solutions that run, and notes."""
    cells: list[NotebookNode] = []
    for cell in notebook.cells:
        if HELP in tags(cell):  # its hints and its solution stand in the open, in the cells before
            continue
        cells.append(cell)
        if cell.id == "title":
            cells.append(_note("for-you-minutes", *_minutes(notebook)))
        if "note" in cell.metadata:
            cells.append(_note(f"{cell.id}-for-you", *str(cell.metadata.note).splitlines()))
        cells += _about_prediction(cell, lesson)
        cells += _about_exercise(cell, lesson)
    return _empty(notebook, cells)


def _minutes(notebook: NotebookNode) -> Iterator[str]:
    """The minutes of each section, as the headings say them, and where one stands then."""
    yield "| section | minutes | then you are at |"
    yield "| --- | --- | --- |"
    gone = 0
    for line in "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown").splitlines():
        found = re.fullmatch(r"## (.+?) \((\d+) minutes\)", line)
        if found:
            gone += int(found[2])
            yield f"| {found[1]} | {found[2]} | {gone} |"


def _about_prediction(cell: NotebookNode, lesson: ModuleType) -> Iterator[NotebookNode]:
    name = _named(cell.source, "predict") if cell.cell_type == "code" else None
    if name is None:
        return
    prediction = getattr(lesson, name)
    truth = "; ".join(
        f"{field.label}: {came}" for field, came in zip(prediction.inputs, prediction.truth(), strict=True)
    )
    lines = [f"What comes: {truth}.", "", prediction.sentence]
    if prediction.wrong_answers:
        lines += ["", "Often expected instead:", ""]
        for known in prediction.wrong_answers:
            lines.append(
                f"- {', '.join(map(str, known.answer))}: *{known.misconception.name}.* {known.misconception.sentence}"
            )
    yield _note(f"{cell.id}-for-you", *lines)


def _about_exercise(cell: NotebookNode, lesson: ModuleType) -> Iterator[NotebookNode]:
    name = _named(cell.source, "check") if EXERCISE in tags(cell) else None
    if name is None:
        return
    exercise = getattr(lesson, name)
    solved = f"{exercise.solution_code}\n\nlesson.{name}.check({exercise.answer})"
    yield _cell("code", f"{cell.id}-solution", solved, "solution")
    lines = [exercise.why, "", "Hints the learner can open:", ""]
    lines += [f"{number}. {hint}" for number, hint in enumerate(exercise.hints, start=1)]
    misconceptions = {known.misconception.name: known.misconception for known in exercise.wrong_answers}
    if misconceptions:
        lines += ["", "Wrong answers that the check calls by name:", ""]
        lines += [f"- *{one.name}.* {one.sentence} ({one.section.title})" for one in misconceptions.values()]
    yield _note(f"{cell.id}-for-you", *lines)


# -- slides -------------------------------------------------------------------------------------------------------


def slides(notebook: NotebookNode) -> NotebookNode:
    """The cells that are on slides, with Jupyter's own marks for slides, explorers made for a projector.

    A cell that is on no slide, but defines or imports what one of them uses, comes along and is skipped by the show.
    """
    cells = [copy.deepcopy(cell) for cell in with_what_they_use(notebook.cells, {SLIDE, MORE})]
    for cell in cells:
        kind = "slide" if SLIDE in tags(cell) else "-" if MORE in tags(cell) else "skip"
        cell.metadata["slideshow"] = {"slide_type": kind}
        if cell.cell_type == "code":
            cell.source = for_a_projector(cell.source)
    return _empty(notebook, cells)


def with_what_they_use(cells: Sequence[NotebookNode], wanted: set[str]) -> list[NotebookNode]:
    """The cells that have one of these tags, and those that define or import what they use, in their order."""
    found: list[NotebookNode] = []
    needed: set[str] = set()
    for cell in reversed(cells):
        defined, used = names(cell)
        if tags(cell) & wanted or defined & needed:
            needed = (needed - defined) | used
            found.insert(0, cell)
    return found


def names(cell: NotebookNode) -> tuple[set[str], set[str]]:
    """What a cell defines or imports at its top level, and what it uses without having defined it."""
    scopes = [symtable.symtable(cell.source if cell.cell_type == "code" else "", "<cell>", "exec")]
    defined = {name.get_name() for name in scopes[0].get_symbols() if name.is_assigned() or name.is_imported()}
    used: set[str] = set()
    while scopes:
        scope = scopes.pop()
        used |= {name.get_name() for name in scope.get_symbols() if name.is_global() and name.is_referenced()}
        scopes += scope.get_children()
    return defined, used - defined


def for_a_projector(source: str) -> str:
    """The same code, in which each explorer is shown in large type and keeps its answer back."""
    tree = ast.parse(source)
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).startswith("explore.")
        and not any(word.arg == "presenter" for word in node.keywords)
    ]
    if not calls:
        return source
    for call in calls:
        call.keywords = [word for word in call.keywords if word.arg != "after"]
        call.keywords.append(ast.keyword("presenter", ast.Constant(True)))
    return ast.unparse(tree).replace("'", '"')


# -- slides as one file -------------------------------------------------------------------------------------------

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0; font: clamp(1.2rem, 2.2vw, 4rem)/1.4 system-ui, sans-serif; }}
section {{ box-sizing: border-box; min-height: 100vh; padding: 4vh 5vw 8vh; display: none; }}
section.shown {{ display: block; }}
h1, h2, h3 {{ line-height: 1.15; }}
pre {{ font-size: .85em; overflow-x: auto; padding: .6em; border: 1px solid #8886; }}
code {{ font-family: ui-monospace, monospace; }}
img {{ display: block; width: 100%; max-height: 74vh; object-fit: contain; object-position: left; background: #fff; }}
table {{ border-collapse: collapse; }}
td, th {{ padding: .2em .7em; border-bottom: 1px solid #8886; text-align: left; }}
.math {{ margin: .8em 0; }} .math svg {{ height: auto; max-width: 100%; }} .anchor-link {{ display: none; }}
@media (prefers-color-scheme: dark) {{ .math svg {{ filter: invert(1); }} }}
summary {{ cursor: pointer; }}
footer {{ position: fixed; right: 1em; bottom: .5em; font-size: .9rem; opacity: .7; }}
@media print {{
  section {{ display: block; min-height: 0; break-after: page; }} details > * {{ display: block; }}
  footer {{ display: none; }}
}}
</style>
{sections}
<footer aria-live="polite"></footer>
<script>
const slides = [...document.querySelectorAll('section')];
const show = wanted => {{
  const at = Math.min(Math.max(wanted, 0), slides.length - 1);
  slides.forEach((slide, i) => slide.classList.toggle('shown', i === at));
  document.querySelector('footer').textContent = `${{at + 1}} of ${{slides.length}}`;
  history.replaceState(null, '', `#${{at + 1}}`);
  scrollTo(0, 0);
}};
const at = () => slides.findIndex(slide => slide.classList.contains('shown'));
// One key, as a clicker has it: to what is below, then to the answer, then to the next slide.
const on = () => {{
  if (scrollY + innerHeight + 1 < document.documentElement.scrollHeight) return scrollBy(0, innerHeight * .8);
  const folded = slides[at()].querySelector('details:not([open])');
  if (!folded) return show(at() + 1);
  folded.open = true;
  folded.scrollIntoView();
}};
addEventListener('keydown', event => {{
  if (event.target.closest('summary') && event.key === ' ') return;
  if (['ArrowRight', ' ', 'PageDown'].includes(event.key)) on();
  else if (['ArrowLeft', 'PageUp'].includes(event.key)) show(at() - 1);
  else if (event.key === 'Home') show(0);
  else if (event.key === 'End') show(slides.length - 1);
  else return;
  event.preventDefault();
}});
show((parseInt(location.hash.slice(1)) || 1) - 1);
</script>
</html>
"""


def deck(notebook: NotebookNode) -> str:
    """The slides of a lesson as one HTML file that needs no kernel and no network: one key steps through them."""
    pages: list[list[str]] = []
    for cell in notebook.cells:
        if SLIDE in tags(cell):
            pages.append([])
        elif MORE not in tags(cell):
            continue
        pages[-1].append(_text(cell.source) if cell.cell_type == "markdown" else _code(cell))
    sections = "\n".join(f"<section>{''.join(page)}</section>" for page in pages)
    title = notebook.cells[0].source.splitlines()[0].lstrip("# ")
    return _PAGE.format(title=html.escape(title), sections=sections)


def _text(source: str) -> str:
    """Markdown as HTML; formulas are drawn, because what typesets them in a browser would have to be downloaded."""
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    formulas: list[str] = []

    def keep(found: re.Match[str]) -> str:
        formulas.append(_formula(found[1]))
        return f"\n\nFORMULA{len(formulas) - 1}END\n\n"

    page = str(markdown2html_mistune(re.sub(r"\$\$(.+?)\$\$", keep, source, flags=re.DOTALL)))
    return re.sub(r"<p>FORMULA(\d+)END</p>", lambda found: formulas[int(found[1])], page)


def _formula(latex: str) -> str:
    """A formula as a drawing, with its source as the text that a screen reader reads."""
    from matplotlib import rc_context
    from matplotlib.mathtext import math_to_image

    plain = re.sub(r"\\[bB]ig(?=[()])", "", " ".join(latex.split()))
    drawn = io.BytesIO()
    with rc_context({"svg.hashsalt": plain, "svg.fonttype": "path", "savefig.transparent": True, "font.size": 10}):
        math_to_image(f"${plain}$", drawn, format="svg")
    svg = drawn.getvalue().decode("utf-8")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    # As large as the text around it, and a little more: it was drawn with letters of 10 points.
    svg = re.sub(
        r'<svg [^>]*?width="([\d.]+)pt"', lambda found: f'{found[0]} style="width: {float(found[1]) / 8:.2f}em"', svg
    )
    return f'<div class="math" role="img" aria-label="{html.escape(plain)}">{svg}</div>'


def _code(cell: NotebookNode) -> str:
    """Code with what it printed or drew; what answers a prediction is folded until it is clicked."""
    shown = "".join(_output(output) for output in cell.outputs)
    if _named(cell.source, "predict"):  # its text is the question; without a kernel nothing can be typed in
        questions = [str(output.data["text/plain"]).removesuffix(RUN_TO_ANSWER) for output in cell.outputs]
        return "".join(f"<p>{_text(question)}</p>" for question in questions)
    source = f"<pre><code>{html.escape(cell.source)}</code></pre>"
    if shown and "spoiler" in tags(cell):
        shown = f"<details><summary>Show what comes</summary>{shown}</details>"
    return source + shown


def _output(output: NotebookNode) -> str:
    data: dict[str, Any] = output.get("data", {})
    if "image/png" in data:
        alt = html.escape(str(data.get("text/plain", "")))
        return f'<p><img alt="{alt}" src="data:image/png;base64,{"".join(data["image/png"].split())}"></p>'
    if "text/html" in data:
        return str(data["text/html"])
    return f"<pre>{html.escape(output.get('text') or data.get('text/plain', ''))}</pre>"


# -- the command --------------------------------------------------------------------------------------------------


def build(paths: Sequence[Path], target: Path) -> list[Path]:
    """Build everything for these lessons into a folder, and return what was written."""
    written = []
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        lesson = lesson_module(path)
        for kind, built in (("instructor", instructor(notebook, lesson)), ("slides", slides(notebook))):
            file = target / kind / path.name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(built, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            written.append(file)
        page = target / "slides" / f"{path.stem}.html"
        page.write_text(deck(notebook), encoding="utf-8")
        written.append(page)
    return written


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, help="lessons; all of them if none is named")
    parser.add_argument("--out", type=Path, default=BUILT, help="the folder to write to")
    parser.add_argument("--seed", type=int, default=worksheets.SEED, help="another number, other worksheets")
    chosen = parser.parse_args()
    paths = chosen.notebooks or sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    if not paths:
        print("There is no lesson to build from.")
        return 1
    sheets = [] if chosen.notebooks else worksheets.build(chosen.out / "worksheets", chosen.seed)
    for file in (*build(paths, chosen.out), *sheets):
        print(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
