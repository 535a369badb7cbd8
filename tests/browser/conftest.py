"""Fixtures for tests in a real browser: one JupyterLab and one browser for the session, a page for each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import lab as rig
import pytest
from in_ci import skip_or_fail

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever needs the browser, so that `-m "not browser"` leaves out exactly that."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a headless Chromium or Chrome that reaches this machine only."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        skip_or_fail("playwright is not installed (it comes with the test extra)")
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
    with rig.Lab(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture
def page(browser: Browser, lab: rig.Lab) -> Iterator[rig.WatchedPage]:
    """Return a new page; the test fails if it raised, logged an error or asked another machine for something.

    A test that provokes errors on purpose clears `page.errors` when it has looked at them.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = rig.watch(context.new_page())
    yield page
    rig.close(page, lab)


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Return a folder for screenshots that pytest keeps for a while."""
    folder = tmp_path / "shots"
    folder.mkdir()
    return folder
