"""Run the lessons as on Colab, as far as its packages can be had: python -m tools.colab.

    python -m tools.colab                                          # every lesson, in a temporary environment
    python -m tools.colab notebooks/00_start_here.ipynb --folder build/colab    # keep the environment for next time
    python -m tools.colab --python 3.13 --with tensorflow-cpu==2.20.0 --with numpy==2.3.5     # what may come next

Makes an environment of the versions below, puts the cell of docs/colab.md before each lesson, runs it there, and
prints how many cells raise or give something else than what is stored. Needs git, the network and 2 GB.

Colab's own package, `google.colab`, and its page are not to be had: what a browser shows there is not seen here.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from uv import find_uv_bin

from tools import execute_notebooks as lessons
from tools.pythons import find_python

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "colab.md"

#: What Colab's runtime "2026.01" has, of what the course touches. From pip-freeze.txt of github.com/googlecolab/
#: backend-info at bd8aaa4, the newest list that could be looked up on 2026-11-22. Since August 2026 the newest runtime
#: has Python 3.13 (colabtools issue 6081), and so a TensorFlow of 2.20 or later; older runtimes can still be chosen.
PYTHON = "3.12"
VERSIONS = {
    "h5py": "3.15.1",
    "ipykernel": "6.17.1",
    "ipython": "7.34.0",
    "ipywidgets": "7.7.1",
    "jupyter-client": "7.4.9",
    "jupyterlab-widgets": "3.0.16",
    "keras": "3.10.0",
    "matplotlib": "3.10.0",
    "ml-dtypes": "0.5.4",
    "numpy": "2.0.2",
    "optree": "0.18.0",
    "pillow": "11.3.0",
    "pip": "24.1.2",
    "protobuf": "5.29.5",
    "psygnal": "0.15.1",
    "anywidget": "0.9.21",
    "pyzmq": "26.2.1",
    "setuptools": "75.2.0",
    # The same code as `tensorflow`, without what only a graphics card needs.
    "tensorflow-cpu": "2.19.0",
    "tornado": "6.5.1",
    "traitlets": "5.7.1",
    "typing-extensions": "4.15.0",
    "widgetsnbextension": "3.6.10",
}


@dataclass(frozen=True)
class Run:
    """What one lesson gave.

    Attributes:
        name: of its file.
        cells: how many of its code cells were run.
        raised: a line for each that raised, or wrote to stderr.
        text: a line for each whose text, table or kind of output is another than the stored one.
        pictures: how many stills look different from the stored ones.
        seconds: how long it took.
    """

    name: str
    cells: int
    raised: list[str]
    text: list[str]
    pictures: int
    seconds: float


def first_cell(address: str) -> str:
    """Return the cell of docs/colab.md, with the course at `address`."""
    (source,) = re.findall(
        r"^```python\n(ADDRESS = .*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return re.sub(r'^ADDRESS = ".*?"', f'ADDRESS = "{address}"', source).strip()


def python_here() -> str:
    """Return Colab's Python if it is on this machine, else the one that runs this."""
    return str(find_python(PYTHON) or sys.executable)


def make_environment(folder: Path, python: str, changes: Sequence[str] = ()) -> Path:
    """Make Colab's packages in a folder anew; return its Python.

    Args:
        folder: emptied, unless it is an environment of these very versions already.
        python: its version, or the path of one.
        changes: other versions than those in VERSIONS, each as `name==version`.

    Raises:
        subprocess.CalledProcessError: there is no such Python here, or the packages cannot be had.
    """
    pins = VERSIONS | dict(change.split("==") for change in changes)
    wanted = "\n".join([python, *(f"{name}=={version}" for name, version in sorted(pins.items()))])
    stamp, interpreter = folder / "versions.txt", folder / "bin" / "python"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        uv = [find_uv_bin(), "--quiet"]
        subprocess.run([*uv, "venv", "--clear", "--no-python-downloads", "--python", python, str(folder)], check=True)
        packages = wanted.split("\n")[1:]
        subprocess.run([*uv, "pip", "install", "--python", str(interpreter), *packages], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return interpreter


def make_repository(folder: Path) -> Path:
    """Put the course as it is now into a git repository, to be cloned by the first cell."""
    unwanted = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", "build", "wheels")
    shutil.copytree(ROOT, folder, ignore=unwanted)
    identity = {"GIT_AUTHOR_NAME": "-", "GIT_AUTHOR_EMAIL": "-", "GIT_COMMITTER_NAME": "-", "GIT_COMMITTER_EMAIL": "-"}
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "-"]):
        subprocess.run(["git", "-C", str(folder), *arguments], check=True, env=os.environ | identity)
    return folder


def run(path: Path, python: Path, address: str) -> Run:
    """Run one lesson with Colab's packages, and compare it with what is stored."""
    started = time.monotonic()
    stored = lessons.normal_form(lessons.read(path))
    notebook = lessons.normal_form(stored)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(first_cell(address)))
    done = lessons.execute(notebook, path.resolve().parent, python=python, go_on=True)
    opening = done.cells.pop(0)
    above = nbformat.v4.new_notebook(cells=[opening])
    raised = [f"the cell above: {line}" for line in lessons.refusals(above)]
    for cell in done.cells:
        if cell.get("execution_count"):
            cell.execution_count -= opening.execution_count
    fresh = lessons.normal_form(done)
    differences = [line for line in lessons.output_differences(stored, fresh) if line.startswith("cell ")]
    drawn = [line for line in differences if line.endswith("the picture has changed")]
    return Run(
        name=path.name,
        cells=sum(cell.cell_type == "code" for cell in fresh.cells),
        raised=[*raised, *lessons.refusals(fresh)],
        text=[line for line in differences if line not in drawn],
        pictures=len(drawn),
        seconds=time.monotonic() - started,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run lessons and print the table; the exit code is 1 when a cell raises or gives another text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="default: all of them")
    parser.add_argument("--folder", type=Path, help="for the environment, to be used again (default: a temporary one)")
    parser.add_argument("--python", help=f"of the environment (default: {PYTHON} if it is here, else this one)")
    parser.add_argument("--with", dest="changes", action="append", default=[], metavar="NAME==VERSION")
    options = parser.parse_args(arguments)
    paths = options.notebooks or sorted(lessons.NOTEBOOKS.glob("*.ipynb"))
    bad = False
    with tempfile.TemporaryDirectory(prefix="colab-", ignore_cleanup_errors=True) as temporary:
        started = time.monotonic()
        python = make_environment(
            options.folder or Path(temporary, "environment"), options.python or python_here(), options.changes
        )
        address = make_repository(Path(temporary, "course")).as_uri()
        which = subprocess.run([python, "--version"], capture_output=True, text=True, check=True).stdout.strip()
        print(f"{which}, its packages after {time.monotonic() - started:.0f} s", flush=True)
        print(f"{'lesson':32}{'cells':>6}{'raised':>8}{'text':>6}{'pictures':>10}{'seconds':>9}", flush=True)
        for path in paths:
            one = run(path, python, address)
            counts = f"{one.cells:6}{len(one.raised):8}{len(one.text):6}{one.pictures:10}{one.seconds:9.0f}"
            print(f"{one.name:32}{counts}", *one.raised, *one.text, sep="\n    ", flush=True)
            bad = bad or bool(one.raised or one.text)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
