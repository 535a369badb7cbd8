"""The slides of a lesson as one file: keys turn the pages, everything is on them, nothing is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import lab as rig
import pytest
from playwright.sync_api import Browser

from tools import teach

LESSON = teach.NOTEBOOKS / "02_take_bigger_steps.ipynb"


@pytest.fixture(scope="module")
def slides(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[rig.WatchedPage]:
    """Return a page with the slides; nothing may go wrong in it."""
    *_, file = teach.build([LESSON], tmp_path_factory.mktemp("slides"))
    page = rig.watch(browser.new_page())
    page.goto(file.as_uri())
    yield page
    assert not page.errors and not page.strays
    page.close()


@pytest.mark.parametrize("width", [1280, 420])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_keys_turn_the_pages(slides: rig.WatchedPage, scheme: Literal["light", "dark"], width: int) -> None:
    page = slides
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.goto(page.url.partition("#")[0])
    count, seen = page.locator("section").count(), []
    for number in range(1, count + 1):
        assert page.locator("section.shown").count() == 1
        assert page.locator("footer").inner_text() == f"{number} of {count}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"slide {number} is too wide"
        seen.append(page.locator("section.shown").inner_text())
        page.keyboard.press("ArrowRight")
    assert len(set(seen)) == count >= 10
    assert page.locator("footer").inner_text() == f"{count} of {count}", "the last one stays"
    page.keyboard.press("Home")
    assert page.locator("section.shown").inner_text() == seen[0]
    folded = page.locator("details").first
    page.evaluate("slide => show(slide)", page.evaluate("slides.findIndex(slide => slide.querySelector('details'))"))
    folded.locator("summary").focus()
    page.keyboard.press("Space")
    assert folded.evaluate("details => details.open") and folded.locator("img, pre").first.is_visible()
