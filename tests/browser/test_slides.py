"""The slides of a lesson as one file: keys turn the pages, everything is on them, nothing is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import lab as rig
import pytest

from tools import teach

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LESSON = teach.NOTEBOOKS / "02_take_bigger_steps.ipynb"


@pytest.mark.parametrize("width", [1280, 420])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_keys_turn_the_pages(browser: Browser, tmp_path: Path, scheme: Literal["light", "dark"], width: int) -> None:
    *_, file = teach.build([LESSON], tmp_path)
    page = rig.watch(browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme))
    page.goto(file.as_uri())
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
    assert not page.errors and not page.strays
    page.close()
