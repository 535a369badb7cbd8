"""Run a lesson as on Colab, as far as its packages can be had: python course.py test tests/test_colab.py --everything

That makes an environment of the versions below, puts the cell of docs/colab.md before each lesson, runs it there, and
fails where a cell raises or gives something else than what is stored. It needs git, the network and 2 GB.

Colab's own package, `google.colab`, and its page are not to be had: what a browser shows there is not seen here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import nbformat
from uv import find_uv_bin

from tools import execute_notebooks as lessons
from tools.links import first_cell

ROOT = Path(__file__).resolve().parents[1]

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


def make_environment(folder: Path, python: str) -> Path:
    """Make Colab's packages in a folder; return its Python.

    Args:
        folder: where; it must be empty.
        python: its version, or the path of one.

    Raises:
        subprocess.CalledProcessError: there is no such Python here, or the packages cannot be had.
    """
    interpreter = folder / "bin" / "python"
    pins = [f"{name}=={version}" for name, version in VERSIONS.items()]
    uv = [find_uv_bin(), "--quiet"]
    subprocess.run([*uv, "venv", "--no-python-downloads", "--python", python, str(folder)], check=True)
    subprocess.run([*uv, "pip", "install", "--python", str(interpreter), *pins], check=True)
    return interpreter


def make_repository(folder: Path) -> Path:
    """Put the course as it is now into a git repository, to be cloned by the first cell."""
    unwanted = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", "build", "wheels")
    shutil.copytree(ROOT, folder, ignore=unwanted)
    identity = {"GIT_AUTHOR_NAME": "-", "GIT_AUTHOR_EMAIL": "-", "GIT_COMMITTER_NAME": "-", "GIT_COMMITTER_EMAIL": "-"}
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "-"]):
        subprocess.run(["git", "-C", str(folder), *arguments], check=True, env=os.environ | identity)
    return folder


def run(path: Path, python: Path, address: str) -> tuple[list[str], list[str]]:
    """Run one lesson with Colab's packages, and compare it with what is stored.

    Returns:
        A line for each cell that raised, or wrote to stderr; and one for each whose text, table or kind of output is
        another than the stored one. Of stills nothing is said: an older matplotlib shapes its letters otherwise.
    """
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
    text = [line for line in lessons.output_differences(stored, fresh) if line.startswith("cell ")]
    return [*raised, *lessons.refusals(fresh)], [line for line in text if not line.endswith("the picture has changed")]
