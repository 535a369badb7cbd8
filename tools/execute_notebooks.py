"""Execute the lessons and store them in the one form in which they are committed.

    python tools/execute_notebooks.py                 # execute all notebooks in place
    python tools/execute_notebooks.py --check         # execute in memory; exit code 1 if anything differs
    python tools/execute_notebooks.py notebooks/01_pad_the_border.ipynb

The stored form is the same on every machine and at every run:

* `metadata` names the kernel `python3` and the language without the version that happened to run, and holds no
  widget state. Cells keep their ids and their tags, lose timings and marks of the editor.
* An output that shows a live widget is stored with its still picture and its text, without the widget's view:
  the view is nothing but a random id. With the id, a trusted notebook that is opened before it is run shows "Error
  displaying widget: model not found" where the picture should be. In its place stands `"live_view": true` in the
  output's metadata, so that a check still sees when a cell no longer shows a live widget.
* The output of a cell with the tag `spoiler` is stored folded away: it answers a question that the learner is to
  answer first. Running the cell unfolds it. The code of a cell with the tag `folded` is folded away: it is read later.
* A picture that looks the same as the stored one keeps the stored one's bytes. In a cell with the tag `trained` it
  shows what a training ended in, where rounding grows with every step until the same seed looks different on another
  processor: there a picture of the same size will do. To draw such a picture anew, clear the cell's output first.

A cell that raises, or that writes to stderr without the tag `allow-stderr`, is refused.
"""

from __future__ import annotations

import argparse
import base64
import copy
import difflib
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
LIVE_VIEW = "live_view"
ALLOW_STDERR = "allow-stderr"
SPOILER = "spoiler"
FOLDED = "folded"
TRAINED = "trained"
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE_INFO = {"name": "python"}
ANSI = re.compile(r"\x1b\[[0-9;]*m")
EDITOR_MARKS = ("ExecuteTime", "collapsed", "execution", "jupyter", "scrolled", "trusted")
NOT_COPIED = ("my_*", ".*", "__pycache__")

LIMIT = 300
"""Seconds that one cell may take."""

BLOCK = 8
BLOCK_LIMIT = 4.0
"""Pictures are compared in blocks of 8 × 8 pixels, each by its mean colour, from 0 to 255. One digit of a number
grid that reads 8 where it read 0 gives 7; different rounding in the drawing stays below 3."""


# ---------------------------------------------------------------------------------------- the stored form


def normal_form(notebook: NotebookNode) -> NotebookNode:
    """Return a copy in the form that is committed; nothing in it depends on the machine or the run."""
    result = copy.deepcopy(notebook)
    result.nbformat, result.nbformat_minor = 4, 5
    result.metadata.pop("widgets", None)
    result.metadata.update(kernelspec=dict(KERNELSPEC), language_info=copy.deepcopy(LANGUAGE_INFO))
    used: set[str] = set()
    for index, cell in enumerate(result.cells):
        if cell.get("id") in {None, "", *used}:
            cell.id = f"cell-{index:02d}"
        used.add(cell.id)
        for mark in EDITOR_MARKS:
            cell.metadata.pop(mark, None)
        if SPOILER in cell.metadata.get("tags", ()):
            cell.metadata["jupyter"] = {"outputs_hidden": True}
        if FOLDED in cell.metadata.get("tags", ()):
            cell.metadata["jupyter"] = {"source_hidden": True}
        for output in cell.get("outputs", ()):
            _put_still_in_place_of_view(output)
    return result


def _put_still_in_place_of_view(output: NotebookNode) -> None:
    if output.get("data", {}).pop(WIDGET_VIEW, None) is not None:
        output.metadata[LIVE_VIEW] = True


def as_text(notebook: NotebookNode) -> str:
    """Return a notebook as the text of its file."""
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook)).rstrip("\n") + "\n"


def read(path: Path) -> NotebookNode:
    """Return the notebook in a file."""
    notebook: NotebookNode = nbformat.read(path, as_version=4)
    return notebook


# --------------------------------------------------------------------------------------------- execution


def _kernel_environment(profile: str, *, sees_course: bool) -> dict[str, str]:
    """Return the environment of a kernel that sees no settings of the person's own."""
    private = ("IPYTHON", "JUPYTER", "PYTEST_")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(private)}
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")] if sees_course else []
    environment.update(
        IPYTHONDIR=profile,
        JUPYTER_CONFIG_DIR=profile,
        PYTHONPATH=os.pathsep.join(filter(None, paths)),
        # Some libraries fold their tables to the width of the terminal in which this tool runs.
        COLUMNS="80",
    )
    return environment


class _ManagerOfThisPython(AsyncKernelManager):
    """Takes `python3` for the Python that runs this, even where a person has installed another kernel."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]), **settings)


def _manager_of(python: Path) -> type[AsyncKernelManager]:
    class Manager(_ManagerOfThisPython):
        def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
            command = super().format_kernel_cmd(extra_arguments)
            # Older debuggers warn of frozen modules.
            return [str(python), "-Xfrozen_modules=off", *command[1:]]

    return Manager


class NotExecutedError(Exception):
    """A cell raised, took too long, or ended its kernel."""


def execute(notebook: NotebookNode, folder: Path, *, python: Path | None = None, go_on: bool = False) -> NotebookNode:
    """Return a copy of a notebook with the outputs of a run from top to bottom in a new kernel.

    It runs in a copy of `folder` without anybody's own answers: they would show in the outputs. With another `python`,
    the kernel does not see this course unless a cell puts it there. With `go_on`, a cell that raises ends nothing.
    """
    result = copy.deepcopy(notebook)
    for cell in result.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    with tempfile.TemporaryDirectory(prefix="run-", ignore_cleanup_errors=True) as temporary:
        place, profile = Path(temporary, folder.name), Path(temporary, "profile")
        shutil.copytree(folder, place, ignore=shutil.ignore_patterns(*NOT_COPIED))
        client = NotebookClient(
            result,
            kernel_name="python3",
            kernel_manager_class=_manager_of(python) if python else _ManagerOfThisPython,
            allow_errors=go_on,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
            timeout=LIMIT,
            record_timing=False,
            store_widget_state=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(place)}},
        )
        try:
            client.execute(env=_kernel_environment(str(profile), sees_course=python is None))
        except (CellControlSignal, CellTimeoutError, DeadKernelError) as error:
            raise NotExecutedError(ANSI.sub("", str(error)).strip()) from error
    return result


def refusals(notebook: NotebookNode) -> Iterator[str]:
    """Yield a line for each output that must not be stored."""
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                yield f"cell {index} raised {output.ename}: {output.evalue}"
            elif output.get("name") == "stderr" and ALLOW_STDERR not in cell.metadata.get("tags", ()):
                yield f"cell {index} wrote to stderr: {output.text.strip()!r:.300}"


# -------------------------------------------------------------------------------------------- comparison


def same_picture(stored: str, fresh: str, *, trained: bool = False) -> bool:
    """Return whether two PNGs (in base64) look the same, however they were drawn or compressed in detail.

    Of what a training ended in, only the size is looked at.
    """
    if stored == fresh:
        return True
    one, other = _blocks(stored), _blocks(fresh)
    return one.shape == other.shape and (trained or float(np.abs(one - other).max()) <= BLOCK_LIMIT)


def _blocks(png: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(png))) as opened:
        picture = Image.new("RGB", opened.size, "white")
        picture.paste(opened.convert("RGBA"), mask=opened.convert("RGBA").getchannel("A"))
    size = (max(1, round(picture.width / BLOCK)), max(1, round(picture.height / BLOCK)))
    return np.asarray(picture.resize(size, Image.Resampling.BOX), dtype=np.float64)


def keep_stored_pictures(stored: NotebookNode, fresh: NotebookNode) -> None:
    """Put the stored bytes into `fresh` wherever the new picture looks the same."""
    for old_cell, new_cell in zip(stored.cells, fresh.cells, strict=False):
        pairs = zip(old_cell.get("outputs", ()), new_cell.get("outputs", ()), strict=False)
        for old, new in pairs:
            old_png, new_png = (output.get("data", {}).get("image/png") for output in (old, new))
            if old_png and new_png and same_picture(old_png, new_png, trained=_is_trained(new_cell)):
                new.data["image/png"] = old_png


def _is_trained(cell: NotebookNode) -> bool:
    return TRAINED in cell.metadata.get("tags", ())


def kind_of(output: NotebookNode) -> str:
    """Return what an output is: its stream, `error`, or its MIME types and whether there is a live widget."""
    if output.output_type == "stream":
        return str(output.name)
    if output.output_type == "error":
        return "error"
    live = ["live widget"] if output.metadata.get(LIVE_VIEW) else []
    return f"{output.output_type} of {', '.join([*sorted(output.data), *live])}"


def _contents(output: NotebookNode) -> dict[str, Any]:
    if output.output_type == "stream":
        return {output.name: output.text}
    if output.output_type == "error":
        return {"error": f"{output.ename}: {output.evalue}"}
    return dict(output.data)


def _diff(stored: str, fresh: str, limit: int = 40) -> Iterator[str]:
    lines = difflib.unified_diff(stored.splitlines(), fresh.splitlines(), "stored", "now", lineterm="", n=1)
    for number, line in enumerate(lines):
        if number == limit:
            yield "    ..."
            return
        yield f"    {line:.120}"


def output_differences(stored: NotebookNode, fresh: NotebookNode) -> Iterator[str]:
    """Yield what is different between the outputs of two runs of the same cells, both in the normal form."""
    for index, (old_cell, new_cell) in enumerate(zip(stored.cells, fresh.cells, strict=True)):
        if old_cell.cell_type != "code":
            continue
        if old_cell.execution_count != new_cell.execution_count:
            yield f"cell {index}: count {old_cell.execution_count} stored, {new_cell.execution_count} now"
        old_kinds, new_kinds = ([kind_of(output) for output in cell.outputs] for cell in (old_cell, new_cell))
        if old_kinds != new_kinds:
            yield f"cell {index}: {old_kinds or 'no output'} stored, {new_kinds or 'no output'} now"
            continue
        for old, new in zip(old_cell.outputs, new_cell.outputs, strict=True):
            yield from _content_differences(index, _contents(old), _contents(new), trained=_is_trained(old_cell))


def _content_differences(index: int, stored: dict[str, Any], fresh: dict[str, Any], *, trained: bool) -> Iterator[str]:
    for kind, old in stored.items():
        new = fresh[kind]
        if kind == "image/png":
            if not same_picture(old, new, trained=trained):
                yield f"cell {index}: the picture has changed"
        elif old != new:
            yield f"cell {index}: {kind} has changed"
            yield from _diff(str(old), str(new))


# ------------------------------------------------------------------------------------------- the commands


def check(path: Path, run: Callable[[NotebookNode], NotebookNode] | None = None) -> list[str]:
    """Return what is different between a stored notebook and a run of it now; an empty list is good.

    Args:
        path: where it is stored.
        run: gives the notebook with the outputs of a run, where somebody else has run it.
    """
    text = path.read_text(encoding="utf-8")
    stored = normal_form(read(path))
    findings: list[str] = []
    if as_text(stored) != text:
        findings += ["not in the form that is committed", *_diff(text, as_text(stored))]
    try:
        fresh = normal_form(run(stored) if run else execute(stored, path.resolve().parent))
    except NotExecutedError as error:
        return [*findings, str(error)]
    return [*findings, *refusals(fresh), *output_differences(stored, fresh)]


def execute_in_place(path: Path) -> list[str]:
    """Execute a notebook and store it; return what stands against storing it (then the file is as it was)."""
    stored = normal_form(read(path))
    try:
        fresh = normal_form(execute(stored, path.resolve().parent))
    except NotExecutedError as error:
        return [str(error)]
    findings = list(refusals(fresh))
    if not findings:
        keep_stored_pictures(stored, fresh)
        path.write_text(as_text(fresh), encoding="utf-8", newline="\n")
    return findings


def main(arguments: list[str] | None = None) -> int:
    """Execute or check the notebooks that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="default: all lessons")
    parser.add_argument("--check", action="store_true", help="write nothing; compare with what is stored")
    options = parser.parse_args(arguments)
    paths = options.notebooks or sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
    if not paths:
        print(f"no notebooks in {NOTEBOOKS.name}/", file=sys.stderr)
        return 1
    bad = 0
    for path in paths:
        findings = check(path) if options.check else execute_in_place(path)
        print(f"{path.name}: {'ok' if not findings else 'NOT as it should be'}")
        print(*(f"  {line}" for line in findings), sep="\n", end="\n" * bool(findings))
        bad += bool(findings)
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
