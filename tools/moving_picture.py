"""Draw the moving picture of README.md: an explorer of the reading edition, moved by its real keys.

python -m tools.moving_picture
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "browser"))

import alone
import lab as rig

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "notebooks" / "pictures" / "explorer.gif"
PLACE = "01_pad_the_border/s2-odd"
WIDTH, HEIGHT = 900, 455
STEP, LAST = 900, 2500  # milliseconds that a picture stays
#: The label of a slider, or the words on a button, and the keys that are pressed there.
STEPS = (
    ("k, kernel size", ["ArrowRight", "ArrowRight", "ArrowLeft"]),
    ("valid", ["Enter"]),
    ("n, input size", ["ArrowRight", "ArrowLeft"]),
    ("same", ["Enter"]),
)


def draw() -> list[Image.Image]:
    """One picture before the first key, and one after each."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = rig.launch_browser(playwright)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce")
        alone.open_page(page, alone.write(Path(folder), [PLACE]))
        page.add_style_tag(content="h1 { display: none } .cu-sum { visibility: hidden }")
        shown = page.locator("[data-explorer]")

        def picture() -> Image.Image:
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            drawn = page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT})
            return Image.open(io.BytesIO(drawn)).convert("RGB")

        pictures = [picture()]
        for name, keys in STEPS:
            control = shown.get_by_label(name).or_(shown.get_by_role("button", name=name, exact=True)).first
            for key in keys:
                control.press(key)
                pictures.append(picture())
        browser.close()
    return pictures


def main() -> None:
    """Draw it, and store it with the one palette that all its pictures share."""
    first, *rest = (one.quantize(64, dither=Image.Dither.NONE) for one in draw())
    times = [STEP] * len(rest) + [LAST]
    first.save(TARGET, save_all=True, append_images=rest, duration=times, loop=0, optimize=True)
    print(f"{TARGET.relative_to(ROOT)}: {1 + len(rest)} pictures, {TARGET.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
