"""Settings for every test, and the count of what was compared with Keras."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import tally
from hypothesis import HealthCheck, settings
from IPython.core.interactiveshell import InteractiveShell

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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = tally.lines()
    if lines:
        terminalreporter.section("the proof against Keras")
    for line in lines:
        terminalreporter.line(line)


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """What runs the cells of a notebook, without the kernel around it."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    yield shell
    InteractiveShell.clear_instance()
