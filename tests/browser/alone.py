"""A page in a folder with explorers that have no kernel, opened as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils.explorers import recording
from course_utils.explorers.recording import places as places
from tools import page_explorers

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

#: A page's own colours, for each of its themes.
_STYLE = """:root { color-scheme: light; } body { font-family: sans-serif; background: #fff; color: #111; margin: 8px; }
[data-theme="dark"] { color-scheme: dark; } [data-theme="dark"] body { background: #121212; color: #ddd; }
@media (prefers-color-scheme: dark) { :root:not([data-theme]) { color-scheme: dark; }
  :root:not([data-theme]) body { background: #121212; color: #ddd; } }"""
_DONE = "() => document.querySelectorAll('[data-explorer]:not(.cu-live, .cu-lost)').length === 0"

#: What the controls are set to, and what is said.
_STATE = """(el, names) => {
    const boxes = names.map((name) => el.querySelector(`.cu-set-${name}`));
    const value = (box) => {
        const control = box.querySelector('input, select');
        if (control) return control.type === 'checkbox' ? +control.checked : +control.value;
        return [...box.querySelectorAll('button')].findIndex((one) => one.getAttribute('aria-pressed') === 'true');
    };
    const text = (part) => el.querySelector(`.cu-${part}`).textContent;
    return {
        values: Object.fromEntries(names.map((name, i) => [name, value(boxes[i])])),
        hidden: names.filter((_, i) => boxes[i].hidden),
        lacking: names.filter((_, i) => boxes[i].title || boxes[i].querySelector('[title]')),
        strips: el.querySelectorAll('.cu-strips ul').length,
        said: text('said'), verdict: text('verdict'), when: text('when'),
    };
}"""


def write(folder: Path, shown: Sequence[str]) -> str:
    """Write a page that shows the explorers of these places, and return its address."""
    for name, text in page_explorers.scripts().items():
        (folder / name).write_text(text, encoding="utf-8")
    still = '<img alt="the still" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'
    body = "\n".join(page_explorers.element(place, still, "run.html#how") for place in shown)
    names = dict.fromkeys([*map(page_explorers.script_of, shown), "explorers.js"])
    scripts = "".join(f'<script src="{name}"></script>' for name in names)
    (folder / "page.html").write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>alone</title><style>{_STYLE}</style>'
        f'<link rel="stylesheet" href="explorers.css"><main><h1>Explorers</h1>{body}</main>{scripts}</html>',
        encoding="utf-8",
    )
    return (folder / "page.html").as_uri()


def open_page(page: Page, address: str) -> None:
    """Open it, and wait until each explorer is alive or has said why not."""
    page.goto(address)
    page.wait_for_function(_DONE)


class Alone:
    """An explorer on such a page, and what was recorded of it."""

    def __init__(self, page: Page, place: str) -> None:
        self.el = page.locator(f'[data-place="{place}"]')
        self.place: dict[str, Any] = places()[place]
        self.recording = recording.recording(self.place["explorer"])
        self.el.scroll_into_view_if_needed()

    @property
    def values(self) -> dict[str, int]:
        """What it is set to, read from its controls as a person sees them."""
        found: dict[str, int] = self.el.evaluate(_STATE, self.recording.names)["values"]
        return found

    def check(self) -> None:
        """It shows the frame of what it is set to; what this hides is hidden, and what it holds lacks no recording."""
        state = self.el.evaluate(_STATE, self.recording.names)
        frame = self.recording.frame(state["values"])
        assert frame is not None, f"it stands where nothing was recorded: {state}"
        assert state["said"] == " ".join([frame["said"], *frame["notes"]])
        assert state["verdict"].endswith(frame["verdict"]) and state["when"] == self.recording.source
        assert state["strips"] == (0 if "strips" in self.place["without"] else len(frame["strips"]))
        assert state["hidden"] == [name for name in self.recording.names if name in frame["hidden"]]
        assert not {*state["lacking"]} & {*frame["held"]}

    def free(self) -> list[Locator]:
        """Every control that can be used."""
        usable = "all => all.flatMap((one, i) => one.offsetParent && !one.disabled ? [i] : [])"
        all_of_them = self.el.locator(".cu-controls :is(button, input, select)")
        return [all_of_them.nth(i) for i in all_of_them.evaluate_all(usable)]

    def box(self, name: str) -> Locator:
        """The control of a setting."""
        return self.el.locator(f".cu-set-{name}")

    def slider(self, name: str) -> Locator:
        return self.box(name).locator("input")

    @property
    def said(self) -> Locator:
        return self.el.locator(".cu-said")

    @property
    def needs(self) -> Locator:
        """The line that says what was not recorded."""
        return self.el.locator(".cu-needs")

    def open_more(self) -> None:
        """Unfold the settings that are folded away."""
        opener = self.el.get_by_role("button", name="More settings ▸")
        if opener.count():
            opener.click()
