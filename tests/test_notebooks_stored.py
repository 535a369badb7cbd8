"""The lessons as they are committed: executed, with their outputs, and free of traces of one machine or run.

Behind nbval's tests (`stored_outputs.py`) a run of each lesson is compared with what is stored: no output is missing or
is an error or a warning, every cell was run in its turn, the notebook is valid and in the one form. Here stands what no
run shows. Every check is a function from a notebook to complaints, and is seen to complain, and no other with it, of a
good notebook that is broken in the way it is for. The rest sees the tool and `pytest --nbval` pass and fail.
"""

from __future__ import annotations

import base64
import copy
import dis
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode, v4
from PIL import Image, ImageDraw

from tools import execute_notebooks as tool

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
EXPECTED = {"00_start_here", "01_pad_the_border", "03_pool"}
MOST_LINES = 15
MOST_BYTES = 1_500_000

PATHS = sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
BASE64 = re.compile(r"base64,[A-Za-z0-9+/=\s]+")
ONE_MACHINE = {
    "the place": re.compile(r"(?<![\w.:/-])/(?:home|root|work|tmp|Users|var|opt)/[\w.-]+|\b[A-Za-z]:\\+Users\b"),
    "the address in memory": re.compile(r"\b0x[0-9a-fA-F]{6,}"),
    # What float32 loses differs from processor to processor: a digit of it that is stored fails on another one.
    "the rounding": re.compile(r"\b\d(?:\.\d+)?e-0[5-9]\b"),
}

Check = Callable[[NotebookNode], Iterable[str]]


# ------------------------------------------------------------------------------------------------- checks


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def all_outputs(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, NotebookNode]]:
    for cell in code_cells(notebook):
        for output in cell.outputs:
            yield cell, output


def readable_texts(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    """Yield where and what: every source and every output that is text, without the pictures in it."""
    for cell in notebook.cells:
        yield f"source of {cell.id}", cell.source
        for output in cell.get("outputs", ()):
            yield f"output of {cell.id}", output.get("text", "")
            for mime, content in output.get("data", {}).items():
                if not mime.startswith("image/p") and not mime.startswith("image/j"):
                    yield f"{mime} of {cell.id}", BASE64.sub("", str(content))


def shows_live_widget(output: NotebookNode) -> bool:
    return bool(output.get("metadata", {}).get(tool.LIVE_VIEW))


def shows_something_where_nothing_runs(notebook: NotebookNode) -> Iterator[str]:
    """An explorer has its picture, and every widget a text that is meant for readers."""
    for cell, output in all_outputs(notebook):
        if not shows_live_widget(output):
            continue
        if re.search(r"^explore\.", cell.source, re.MULTILINE) and "image/png" not in output.data:
            yield f"{cell.id} shows an explorer without a still picture"
        if re.match(r"\w*\(|<", output.data.get("text/plain", "(")):
            yield f"{cell.id} says of its widget only {output.data.get('text/plain')!r:.60}"


def holds_nothing_of_one_machine(notebook: NotebookNode) -> Iterator[str]:
    for where, text in readable_texts(notebook):
        for what, pattern in ONE_MACHINE.items():
            yield from (f"{where}: {what} {found}" for found in pattern.findall(text))


def reads_no_docstring_as_it_stands(notebook: NotebookNode) -> Iterator[str]:
    """Python 3.13 takes the indentation out of it, older ones do not; ``inspect.getdoc`` gives one text."""
    for cell in code_cells(notebook):
        if "__doc__" in cell.source:
            yield f"{cell.id} reads __doc__"


def has_code(notebook: NotebookNode) -> Iterator[str]:
    """Else nbval has no test for it, and nothing is compared."""
    if not list(code_cells(notebook)):
        yield "no cell has code"


def reads_no_name_that_two_cells_set(notebook: NotebookNode) -> Iterator[str]:
    """Else a cell may show what came of another training than the one its text speaks of."""
    setters: dict[str, list[str]] = {}
    for cell in code_cells(notebook):
        own: set[str] = set()
        for step in dis.get_instructions(compile(cell.source, cell.id, "exec")):
            if step.opname == "STORE_NAME":
                own.add(step.argval)
            elif step.opname == "LOAD_NAME" and step.argval not in own and len(setters.get(step.argval, ())) > 1:
                yield f"{cell.id} reads {step.argval}, which {' and '.join(setters[step.argval])} set"
        for name in own:
            setters.setdefault(name, []).append(cell.id)


def has_no_long_code_cell(notebook: NotebookNode) -> Iterator[str]:
    for cell in code_cells(notebook):
        if (lines := len(cell.source.splitlines())) > MOST_LINES:
            yield f"{cell.id} has {lines} lines"


def is_small(notebook: NotebookNode) -> Iterator[str]:
    if (size := len(v4.writes(notebook).encode())) > MOST_BYTES:
        yield f"{size:,} bytes"


CHECKS: list[Check] = [
    shows_something_where_nothing_runs,
    holds_nothing_of_one_machine,
    reads_no_docstring_as_it_stands,
    has_code,
    reads_no_name_that_two_cells_set,
    has_no_long_code_cell,
    is_small,
]


def read(path: Path) -> NotebookNode:
    # Not nbformat.read: that one silently mends what is wrong with ids.
    found: NotebookNode = v4.reads(path.read_text(encoding="utf-8"))
    return found


def test_the_lessons_are_there() -> None:
    assert EXPECTED - {path.stem for path in PATHS} == set()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_stored(path: Path, check: Check) -> None:
    assert list(check(read(path))) == []


# ---------------------------------------------------------------------------------------- checks that fail


def png(text: str = "3", size: tuple[int, int] = (80, 40)) -> str:
    picture = Image.new("RGB", size, "white")
    ImageDraw.Draw(picture).text((20, 15), text, fill="black")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


@pytest.fixture
def good() -> NotebookNode:
    """Return a notebook against which no check has anything to say."""
    widget = v4.new_output(
        "execute_result",
        data={"image/png": png(), "text/plain": "a map of 3 × 3"},
        metadata={tool.LIVE_VIEW: True},
        execution_count=2,
    )
    notebook: NotebookNode = v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# A lesson", id="title"),
            v4.new_code_cell("print(3)", id="prints", execution_count=1, outputs=[v4.new_output("stream", text="3\n")]),
            v4.new_code_cell("explore.padding(n=3)", id="explores", execution_count=2, outputs=[widget]),
        ],
        metadata={"kernelspec": dict(tool.KERNELSPEC), "language_info": {"name": "python"}},
    )
    return notebook


BREAKS: list[tuple[Check, Callable[[NotebookNode], Any]]] = [
    (shows_something_where_nothing_runs, lambda nb: nb.cells[2].outputs[0].data.pop("image/png")),
    (
        shows_something_where_nothing_runs,
        lambda nb: nb.cells[2].outputs[0].data.update({"text/plain": "VBox(children=())"}),
    ),
    (holds_nothing_of_one_machine, lambda nb: nb.cells[1].outputs[0].update(text="3 /home/ann/notes.txt\n")),
    (holds_nothing_of_one_machine, lambda nb: nb.cells[1].outputs[0].update(text="in '/root/x.py'\n")),
    (holds_nothing_of_one_machine, lambda nb: nb.cells[0].update(source="see /work/ann/a.py")),
    (holds_nothing_of_one_machine, lambda nb: nb.cells[2].outputs[0].data.update({"text/plain": "/tmp/x"})),
    (holds_nothing_of_one_machine, lambda nb: nb.cells[1].outputs[0].update(text="C:\\Users\\ann\n")),
    (holds_nothing_of_one_machine, lambda nb: nb.cells[1].outputs[0].update(text="<Conv2D object at 0x7f3a5c0d1e50>")),
    (holds_nothing_of_one_machine, lambda nb: nb.cells[1].outputs[0].update(text="differs by 9.79e-07\n")),
    (reads_no_docstring_as_it_stands, lambda nb: nb.cells[1].update(source="print(len.__doc__)")),
    (has_code, lambda nb: nb.update(cells=nb.cells[:1])),
    (
        reads_no_name_that_two_cells_set,
        lambda nb: nb.cells.extend(
            v4.new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(("a = 3", "a = 4", "print(a)"))
        ),
    ),
    (has_no_long_code_cell, lambda nb: nb.cells[1].update(source="\n".join(["print(3)"] * (MOST_LINES + 1)))),
    (is_small, lambda nb: nb.cells[0].update(source="x" * MOST_BYTES)),
]


def complaining(notebook: NotebookNode) -> set[Check]:
    return {check for check in CHECKS if list(check(notebook))}


def test_no_check_complains_of_a_good_notebook(good: NotebookNode) -> None:
    assert complaining(good) == set()


@pytest.mark.parametrize(("check", "damage"), BREAKS, ids=[check.__name__ for check, _ in BREAKS])
def test_a_check_complains_of_the_damage_it_is_for(
    good: NotebookNode, check: Check, damage: Callable[[NotebookNode], Any]
) -> None:
    damage(good)
    assert complaining(good) == {check}


def test_every_check_has_been_seen_to_fail() -> None:
    assert {check for check, _ in BREAKS} == set(CHECKS)


def test_what_only_looks_like_a_path_passes(good: NotebookNode) -> None:
    good.cells[0].source = "[docs](https://example.org/home/page) and/or ../tmp/x, 0x10, a/work/b"
    good.cells[2].outputs[0].data["text/html"] = "<img src='data:image/png;base64,AA/tmp/BB/home/CC=='>"
    assert complaining(good) == set()


# ------------------------------------------------------------------------ the execution, seen to pass and fail

WIDGET_SOURCE = """
import base64, ipywidgets, sys
class Shown(ipywidgets.VBox):
    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        bundle.update({"text/plain": "a map", "image/png": PICTURE})
        return bundle
Shown([ipywidgets.IntSlider()])
"""


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small notebook that the tool has executed and stored."""
    path = tmp_path_factory.mktemp("executed") / "small.ipynb"
    cells = [
        v4.new_markdown_cell("# Small", id="title"),
        v4.new_code_cell(f"PICTURE = {png()!r}\nprint('three')\nprint(3)", id="prints"),
        v4.new_code_cell(WIDGET_SOURCE.strip(), id="shows", metadata={"scrolled": True, "tags": ["kept"]}),
        v4.new_code_cell("2 + 2", id="adds"),
    ]
    metadata = {"widgets": {"state": {}}, "language_info": {"name": "python", "version": "3.11.2"}}
    notebook = v4.new_notebook(cells=cells, metadata=metadata)
    nbformat.write(notebook, path)
    assert tool.execute_in_place(path) == []
    return path


def test_the_tool_stores_a_notebook_that_the_checks_accept(executed: Path) -> None:
    notebook = read(executed)
    assert complaining(notebook) == set()
    assert [cell.id for cell in notebook.cells] == ["title", "prints", "shows", "adds"]
    assert [tool.kind_of(output) for cell in code_cells(notebook) for output in cell.outputs] == [
        "stdout",
        "execute_result of image/png, text/plain, live widget",
        "execute_result of text/plain",
    ]
    assert notebook.cells[2].metadata == {"tags": ["kept"]}
    text = executed.read_text(encoding="utf-8")
    assert text.startswith('{\n "cells"')
    assert text.endswith("}\n")


def test_executing_again_changes_no_byte(executed: Path) -> None:
    before = executed.read_bytes()
    assert tool.execute_in_place(executed) == []
    assert executed.read_bytes() == before


FORMS: dict[str, Callable[[NotebookNode], Any]] = {
    "with widgets": lambda nb: nb.metadata.update(widgets={}),
    "with a view": lambda nb: nb.cells[2].outputs[0].data.update({tool.WIDGET_VIEW: {"model_id": "a"}}),
    "an id twice": lambda nb: nb.cells[1].update(id="title"),
    "another kernel": lambda nb: nb.metadata.kernelspec.update(name="my-env"),
    "no kernel": lambda nb: nb.metadata.pop("kernelspec"),
    "with the version": lambda nb: nb.metadata.language_info.update(version="3.11.2"),
    "a cell with more": lambda nb: nb.cells[0].update(surplus=1),
    "an output with more": lambda nb: nb.cells[1].outputs[0].update(surplus=1),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.filterwarnings("ignore")
def test_another_form_than_the_committed_one_is_found(executed: Path, tmp_path: Path, form: str) -> None:
    path, notebook = tmp_path / "changed.ipynb", read(executed)
    path.write_text(v4.writes(notebook) + "\n", encoding="utf-8")
    assert tool.check(path, run=lambda stored: read(executed)) == []
    FORMS[form](notebook)
    path.write_text(v4.writes(notebook) + "\n", encoding="utf-8")
    if form.endswith("more"):
        with pytest.raises(nbformat.ValidationError, match="surplus"):
            tool.check(path)
    else:
        assert "not in the form that is committed" in tool.check(path, run=lambda stored: read(executed))


DIFFERENCES: dict[str, Callable[[NotebookNode], Any]] = {
    "stdout has changed": lambda nb: nb.cells[1].outputs[0].update(text="three\n4\n"),
    "text/plain has changed": lambda nb: nb.cells[2].outputs[0].data.update({"text/plain": "another map"}),
    "the picture has changed": lambda nb: nb.cells[2].outputs[0].data.update({"image/png": png("8")}),
    "image/png, text/plain'] stored": lambda nb: nb.cells[2].outputs[0].metadata.pop(tool.LIVE_VIEW),
    "['execute_result of text/plain, live widget'] stored": lambda nb: nb.cells[2].outputs[0].data.pop("image/png"),
    "no output stored": lambda nb: nb.cells[3].update(outputs=[]),
    "count None stored": lambda nb: nb.cells[3].update(execution_count=None),
    "count 7 stored": lambda nb: nb.cells[3].update(execution_count=7),
}


@pytest.mark.parametrize("finding", DIFFERENCES)
def test_a_difference_between_stored_and_computed_is_found(executed: Path, finding: str) -> None:
    fresh = read(executed)
    stored = copy.deepcopy(fresh)
    assert list(tool.output_differences(stored, fresh)) == []
    DIFFERENCES[finding](stored)
    assert finding in "\n".join(tool.output_differences(stored, fresh))


def test_what_a_training_ended_in_may_look_different(executed: Path) -> None:
    fresh = read(executed)
    for tags, findings in (([], ["cell 2: the picture has changed"]), ([tool.TRAINED], [])):
        fresh.cells[2].metadata.tags = tags
        stored = copy.deepcopy(fresh)
        stored.cells[2].outputs[0].data["image/png"] = png("8")
        assert list(tool.output_differences(stored, fresh)) == findings


def test_pictures_are_compared_by_their_looks() -> None:
    assert tool.same_picture(png("3"), png("3"))
    assert not tool.same_picture(png("3"), png("8"))
    assert not tool.same_picture(png("3"), png("3", size=(88, 40)))
    assert tool.same_picture(png("3"), png("8"), trained=True)
    assert not tool.same_picture(png("3"), png("3", size=(88, 40)), trained=True)
    with Image.open(io.BytesIO(base64.b64decode(png("3")))) as picture:
        otherwise_packed = io.BytesIO()
        picture.point(lambda level: max(0, level - 2)).save(otherwise_packed, "PNG", compress_level=0)
    assert tool.same_picture(png("3"), base64.b64encode(otherwise_packed.getvalue()).decode())


def test_the_command_sees_a_change_and_a_wrong_form(executed: Path, tmp_path: Path, capfd: Any) -> None:
    changed = tmp_path / "changed.ipynb"
    text = executed.read_text(encoding="utf-8")
    changed.write_text(text.replace('"three\\n"', '"two\\n"').replace(' "nbformat"', '  "nbformat"'), encoding="utf-8")
    assert tool.main(["--check", str(changed)]) == 1
    printed = capfd.readouterr().out
    assert "-two\n" in printed
    assert "+three\n" in printed
    assert "not in the form that is committed" in printed


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import sys; print('careful', file=sys.stderr)", "wrote to stderr: 'careful'"),
        ("import os; os._exit(1)", "died"),
    ],
)
def test_a_notebook_that_fails_is_not_stored(tmp_path: Path, source: str, finding: str) -> None:
    path = tmp_path / "fails.ipynb"
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(source)]), path)
    before = path.read_bytes()
    assert finding in "\n".join(tool.execute_in_place(path))
    assert path.read_bytes() == before


def test_a_run_neither_sees_nor_makes_anybodys_answers(tmp_path: Path) -> None:
    path = tmp_path / "answers.ipynb"
    source = "import os\nprint(sorted(os.listdir()))\n_ = open('my_new.json', 'w').write('2')"
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(source)]), path)
    tmp_path.joinpath("my_answers.json").write_text("1", encoding="utf-8")
    assert tool.execute_in_place(path) == []
    assert read(path).cells[0].outputs[0].text == "['answers.ipynb']\n"
    assert {file.name for file in tmp_path.iterdir()} == {"answers.ipynb", "my_answers.json"}


def test_nbval_sees_changed_text_and_the_test_behind_the_cells_all_else(executed: Path, tmp_path: Path) -> None:
    notebook = read(executed)
    changes: dict[str, Callable[[NotebookNode], Any]] = {
        "unchanged": lambda nb: None,
        "text": lambda nb: nb.cells[2].outputs[0].data.update({"text/plain": "another map"}),
        "picture": lambda nb: nb.cells[2].outputs[0].data.update({"image/png": png("8")}),
        "widget": lambda nb: nb.cells[2].outputs[0].metadata.pop(tool.LIVE_VIEW),
    }
    for name, change in changes.items():
        changed = copy.deepcopy(notebook)
        change(changed)
        (tmp_path / f"{name}.ipynb").write_text(tool.as_text(changed), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--nbval", "-p", "stored_outputs", "-p", "no:cacheprovider", "-rA", "-q"]
    paths = [str(NOTEBOOKS.parent), str(Path(__file__).parent)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    run = subprocess.run([*command, tmp_path], cwd=tmp_path, env=environment, capture_output=True, text=True)
    found = set(re.findall(r"^FAILED (\w+)\.ipynb::(?:Cell )?(\w+)", run.stdout, re.MULTILINE))
    assert found == {("text", "1"), ("text", "outputs"), ("picture", "outputs"), ("widget", "outputs")}
    assert len(re.findall("^PASSED", run.stdout, re.MULTILINE)) == 4 * len(changes) - len(found)
