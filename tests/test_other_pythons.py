"""The Pythons that the README names besides the one that runs the tests: set up for real, and tried briefly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.pythons import find_python

ROOT = Path(__file__).parents[1]
OTHERS = [version for version in ("3.11", "3.12", "3.13") if version != ".".join(map(str, sys.version_info[:2]))]
#: The integers, real layers, the widgets, and a lesson that prints what a docstring says, which depends on the version.
BRIEFLY = [
    "tests/test_axes.py",
    "tests/test_compare.py",
    "tests/test_explorer_base.py",
    "--nbval",
    "notebooks/03_pool.ipynb",
]


@pytest.mark.everything
@pytest.mark.parametrize("version", OTHERS)
def test_another_python_sets_itself_up_and_passes(version: str, tmp_path: Path) -> None:
    python = find_python(version)
    if python is None:
        pytest.skip(f"there is no Python {version} on this machine")
    environment = {**os.environ, "COURSE_VENV": str(tmp_path / "venv")}
    command = [str(python), "course.py", "test", *BRIEFLY, "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Python {version}." in done.stdout and " passed" in done.stdout
