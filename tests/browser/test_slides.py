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
def test_one_key_steps_through_all(slides: rig.WatchedPage, scheme: Literal["light", "dark"], width: int) -> None:
    page = slides
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    address = page.url.partition("#")[0]
    page.goto("about:blank")
    page.goto(address)
    count, shown, folded = page.locator("section").count(), page.locator("section.shown"), page.locator("details")
    answers, pressed, seen = folded.count(), 0, list[str]()
    while not seen or page.locator("footer").inner_text() != f"{count} of {count}":
        assert shown.count() == 1 and page.evaluate("scrollY") == 0
        assert page.locator("footer").inner_text() == f"{len(seen) + 1} of {count}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"slide {len(seen) + 1}: too wide"
        closed, here = shown.locator("details:not([open])"), len(seen)
        seen.append(shown.inner_text())
        assert shown.locator("details").count() == closed.count(), "no answer is open before it is asked for"
        while page.evaluate("at()") == here:
            below = page.evaluate("document.documentElement.scrollHeight - scrollY - innerHeight > 1")
            left = closed.count()
            page.keyboard.press("ArrowRight")
            pressed += 1
            assert (closed.count() < left) == bool(left and not below), "first what is below, then the answer"
    assert len(set(seen)) == count - 1 >= 9
    assert page.locator("details[open]").count() == answers > 2 and pressed >= count - 1 + answers
    page.keyboard.press("Home")
    assert shown.inner_text() == seen[0]
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert page.locator("footer").inner_text() == f"{count - 1} of {count}"
    page.evaluate("slide => show(slide)", page.evaluate("slides.findIndex(slide => slide.querySelector('details'))"))
    folded.first.locator("summary").focus()
    page.keyboard.press("Space")
    assert not folded.first.evaluate("details => details.open"), "on a fold, Space is the fold's"
    assert page.locator("footer").inner_text() != f"{count} of {count}"
