"""Settings for every test: which ones run, how they are shared among processes, and the count of what was compared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import stored_outputs
import tally
from hypothesis import HealthCheck, settings
from in_ci import EVERYTHING
from IPython.core.interactiveshell import InteractiveShell
from xdist.scheduler import LoadFileScheduling

import course_utils  # noqa: F401  (before Keras, wherever that is loaded first: it settles how TensorFlow runs)

# Always the same examples: a test that fails here fails everywhere, and one that passes is no luck.
settings.register_profile(
    "course",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.load_profile("course")

ADDRESS = re.compile(r"\b0x[0-9a-f]{8,}")
#: What takes longest begins first, so that no process works on alone at the end.
LONGEST = (
    "tests/browser",
    "tests/test_exercises_lesson_06.py",
    "deploy/forked_kernels",
    "tests/test_course_py.py",
    "notebooks/05",
    "tests/test_teach.py",
    "notebooks",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("the course")
    group.addoption("--everything", action="store_true", help=f"also run what is marked: {EVERYTHING}")
    group.addoption("--whole", action="store_true", help="fail if less is compared with Keras than by all tests")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(stored_outputs)
    config.addinivalue_line("markers", f"everything: {EVERYTHING} (runs only with --everything)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the wide tier, and put what takes longest first."""
    if unequal := [item.nodeid for item in items if ADDRESS.search(item.nodeid)]:
        raise pytest.UsageError(f"a name that differs from process to process, which cannot be shared: {unequal[0]}")
    wide = [item for item in items if item.get_closest_marker("everything")] if not config.option.everything else []
    config.hook.pytest_deselected(items=wide)
    left_out = set(wide)
    items[:] = sorted((item for item in items if item not in left_out), key=lambda item: place(item.nodeid))


def place(nodeid: str) -> int:
    """Where a test stands in the queue."""
    return next((i for i, start in enumerate(LONGEST) if nodeid.startswith(start)), len(LONGEST))


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist ships no types
    """Gives a process whole files, and all tests in a browser to one: they share a server and a browser."""

    def _split_scope(self, nodeid: str) -> str:
        return "tests/browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


# The count, added up over all processes


def pytest_testnodedown(node: Any) -> None:
    if counted := getattr(node, "workeroutput", {}).get("tally"):
        tally.add(counted)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tally"] = tally.as_plain_data()
    elif session.config.option.whole and list(tally.missing()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = tally.lines()
    if lines:
        terminalreporter.section("the proof against Keras")
    for line in lines:
        terminalreporter.line(line)
    for line in tally.missing() if config.option.whole else ():
        terminalreporter.line(line, red=True)


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """What runs the cells of a notebook, without the kernel around it."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    yield shell
    InteractiveShell.clear_instance()


@pytest.fixture(scope="session")
def beside_torch(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables of a process that finds PyTorch beside the other packages. It is downloaded for that."""
    folder = str(tmp_path_factory.mktemp("torch"))
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--target", folder, "torch==2.13.0"], check=True)
    return os.environ | {"PYTHONPATH": folder}
