"""Is this machine ready? Run one real layer in one real kernel, look for the widgets of JupyterLab, and say one line.

    python -m tools.check

It needs no network and no browser, changes nothing, and takes as long as Keras takes to load. Its last line is made to
be read out in a room: it begins with READY or with NOT READY.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from queue import Empty

from tools.bootstrap.console import make_console_safe

PATIENCE = 180
"""Seconds for the kernel to start, and again for the cell: the first time, a virus scanner reads all of TensorFlow."""

CELL = "from course_utils import check_setup\nprint(check_setup())"
"""What lesson 00 begins with, as text."""

WIDGETS = {"@jupyter-widgets/jupyterlab-manager": "ipywidgets", "anywidget": "anywidget"}
"""What a page of JupyterLab must be able to load, and the package that brings it."""

MEND = "What usually mends it:  python course.py fresh  (with a network, or the folder wheels), then this again."


def ask_a_kernel(folder: Path, patience: float = PATIENCE) -> list[str]:
    """Run ``CELL`` as JupyterLab would and return the lines it printed.

    Args:
        folder: where the kernel is started.
        patience: seconds for each of its two steps.

    Raises:
        RuntimeError: if no kernel answers, or the cell raises; the message says which.
    """
    from jupyter_client.manager import start_new_kernel

    try:
        manager, client = start_new_kernel(startup_timeout=patience, cwd=str(folder), stderr=subprocess.DEVNULL)
    except Exception as error:
        raise RuntimeError(f"no kernel starts ({type(error).__name__}: {error})") from error
    said: list[str] = []
    try:
        reply = client.execute_interactive(
            CELL, timeout=patience, output_hook=lambda message: said.append(message["content"].get("text", ""))
        )
    except (TimeoutError, Empty) as error:
        raise RuntimeError(f"the kernel did not answer within {patience:g} seconds") from error
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    content = reply["content"]
    if content["status"] != "ok":
        raise RuntimeError(f"the kernel cannot run the course ({content['ename']}: {content['evalue']})")
    return "".join(said).strip().splitlines()


def missing_widgets() -> list[str]:
    """Name the packages whose part in the page JupyterLab would not find."""
    from jupyter_core.paths import jupyter_path
    from jupyterlab_server.config import get_federated_extensions

    found = get_federated_extensions(jupyter_path("labextensions"))
    loadable = {name for name, extension in found.items() if (Path(extension["ext_path"]) / "static").is_dir()}
    return [package for name, package in WIDGETS.items() if name not in loadable]


def missing_page() -> bool:
    """Whether JupyterLab's own page is not there."""
    from jupyter_core.paths import jupyter_path

    return not any((Path(folder) / "static" / "index.html").is_file() for folder in jupyter_path("lab"))


def problem_in(lines: list[str]) -> str | None:
    """Return which of the lines that ``CELL`` printed tells of a problem, as a sentence; None if none does."""
    failed = [line.removeprefix("✗ ") for line in lines if line.startswith("✗ ")]
    if not failed and any(line.startswith("✓ ") for line in lines):
        return None
    name, _, why = failed[0].partition(": ") if failed else ("the first cell of lesson 00", "", "it said nothing")
    return f"this failed: {name} ({why.split('. ')[0]})"


def first_problem() -> str | None:
    """Print what was tried; return what is missing first, None if nothing is."""
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        try:
            lines = ask_a_kernel(Path(folder))
        except RuntimeError as error:
            return str(error)
    print("\n".join(lines[:-1]))
    if problem := problem_in(lines):
        return problem
    if packages := missing_widgets():
        return f"JupyterLab has no part of {' and '.join(packages)} to draw widgets with"
    print("✓ JupyterLab has what draws the widgets")
    if missing_page():
        return "JupyterLab's own page is not there"
    print("✓ JupyterLab's page is there")
    return None


def main() -> int:
    """Check, and end with the line to read out; the exit code is 0 if it says READY."""
    make_console_safe()  # a console of Windows may have no ✓
    started = time.monotonic()
    problem = first_problem()
    if problem is not None:
        print(f"{MEND}\nNOT READY: {problem}.")
        return 1
    version = ".".join(map(str, sys.version_info[:2]))
    print(f"READY: a real layer ran in {time.monotonic() - started:.0f} s, with Python {version}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
