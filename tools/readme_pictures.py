"""Draw the pictures of README.md, the moving one and the still: an explorer of the reading edition and its real keys.

    python -m tools.readme_pictures

What each picture shows is kept in the file, as a comment, so that a test can see whether it is still so.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Browser, ViewportSize, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "browser"))

import alone
import lab as rig

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "notebooks" / "pictures"
MOVING, STILL = PICTURES / "explorer.gif", PICTURES / "explorer.png"
#: The settings of an explorer, and what is said of them.
Told = tuple[dict[str, int], str]
STEP, LAST = 900, 2500  # milliseconds that a picture stays
#: The label of a slider, or the words on a button, and the keys that are pressed there.
STEPS = (
    ("k, kernel size", ["ArrowRight", "ArrowRight", "ArrowLeft"]),
    ("valid", ["Enter"]),
    ("n, input size", ["ArrowRight", "ArrowLeft"]),
    ("same", ["Enter"]),
)


class Camera:
    """One explorer of the reading edition, alone in a window."""

    def __init__(self, browser: Browser, place: str, width: int, height: int, scale: int) -> None:
        window: ViewportSize = {"width": width, "height": height}
        self.page = browser.new_page(viewport=window, reduced_motion="reduce", device_scale_factor=scale)
        with tempfile.TemporaryDirectory() as folder:
            alone.open_page(self.page, alone.write(Path(folder), [place]))
        self.page.add_style_tag(content="html { overflow: hidden } h1 { display: none }")
        self.shown = alone.Alone(self.page, place)

    def picture(self) -> tuple[Image.Image, Told]:
        """What is seen now, and what it is."""
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        drawn = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        return drawn, (self.shown.values, self.shown.said.inner_text())


def draw_moving(browser: Browser) -> None:
    """One picture before the first key, and one after each."""
    camera = Camera(browser, "01_pad_the_border/s2-odd", 900, 455, 1)
    camera.page.add_style_tag(content=".cu-sum { visibility: hidden }")
    taken = [camera.picture()]
    for name, keys in STEPS:
        explorer = camera.shown.el
        control = explorer.get_by_label(name).or_(explorer.get_by_role("button", name=name, exact=True)).first
        for key in keys:
            control.press(key)
            taken.append(camera.picture())
    first = taken[0][0].quantize(128, dither=Image.Dither.NONE)
    rest = [one.quantize(palette=first, dither=Image.Dither.NONE) for one, _ in taken[1:]]
    more: dict[str, Any] = {"append_images": rest, "duration": [STEP] * len(rest) + [LAST], "loop": 0}
    first.save(MOVING, save_all=True, optimize=True, comment=json.dumps([told for _, told in taken]).encode(), **more)


def draw_still(browser: Browser) -> None:
    """The even kernel, its window in the corner where two rows and columns of it read ghosts."""
    camera = Camera(browser, "01_pad_the_border/s2-even", 1120, 620, 2)
    camera.shown.el.locator('[data-walk="output"]').focus()
    for key in ["ArrowDown", "ArrowRight"] * 6:
        camera.page.keyboard.press(key)
    drawn, told = camera.picture()
    comment = PngInfo()
    comment.add_text("comment", json.dumps([told]))
    drawn.quantize(256, dither=Image.Dither.NONE).save(STILL, optimize=True, pnginfo=comment)


def main() -> None:
    """Draw both."""
    with sync_playwright() as playwright:
        browser = rig.launch_browser(playwright)
        draw_moving(browser)
        draw_still(browser)
        browser.close()
    for file in (MOVING, STILL):
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
