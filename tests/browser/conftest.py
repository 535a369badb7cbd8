"""Fixtures for tests in a real browser: one JupyterLab and one page for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import lab as rig
import pytest
from in_ci import skip_or_fail
from playwright.sync_api import Browser, expect, sync_playwright

#: Milliseconds, on a machine that has a lot to do besides; whoever waits for more says so.
expect.set_options(timeout=60_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever needs the browser, so that `-m "not browser"` leaves out exactly that."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a headless Chromium or Chrome that reaches this machine only."""
    with sync_playwright() as playwright:
        try:
            browser = rig.launch_browser(playwright)
        except FileNotFoundError as error:
            skip_or_fail(str(error))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[rig.Lab]:
    """Return a JupyterLab with the course's settings, on a copy of the course's notebooks."""
    with rig.Lab(tmp_path_factory.mktemp("lab"), forked=True) as server:
        yield server


@pytest.fixture(scope="session")
def tab(browser: Browser, lab: rig.Lab) -> Iterator[rig.WatchedPage]:
    """Return the page in which each test file opens what it needs; its tests ask for `page`."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    yield rig.watch(context.new_page())
    context.close()


@pytest.fixture
def page(tab: rig.WatchedPage, lab: rig.Lab) -> Iterator[rig.WatchedPage]:
    """Return the page; the test fails if it raised, logged an error or asked another machine for something.

    A test that provokes errors on purpose clears `page.errors` when it has looked at them.
    """
    yield tab
    rig.check(tab, lab)


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Return a folder for screenshots that pytest keeps for a while."""
    folder = tmp_path / "shots"
    folder.mkdir()
    return folder
