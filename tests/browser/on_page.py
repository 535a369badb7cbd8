"""One explorer on a page, as a person finds it: by the names of its controls."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import lab as rig

if TYPE_CHECKING:
    from playwright.sync_api import Locator


class OnPage:
    """The explorer in one cell of an open notebook, brought into view."""

    def __init__(self, page: rig.WatchedPage, index: int) -> None:
        self.page = page
        self.index = index
        rig.scroll_to_cell(page, index)
        self.cell = rig.cell(page, index)
        self.output = self.cell.locator(".cu-view")
        self.output.wait_for()

    def slider(self, name: str) -> Locator:
        return self.cell.get_by_role("slider", name=name, exact=True)

    def button(self, name: str) -> Locator:
        return self.cell.get_by_role("button", name=name, exact=True)

    def switch(self, name: str) -> Locator:
        return self.cell.get_by_role("checkbox", name=name)

    def open_more(self) -> None:
        """Unfold the settings that are folded away."""
        opener = self.cell.get_by_role("button", name=re.compile("^More settings ▸"))
        if opener.count():
            opener.click()
            self.cell.get_by_role("button", name=re.compile("^More settings ▾")).wait_for()

    def title(self, grid: str) -> Locator:
        return self.cell.locator(f'[data-name="{grid}"] figcaption')

    def grid_cell(self, grid: str, row: int, column: int) -> Locator:
        return self.cell.locator(f'[data-name="{grid}"] .cu-cell[data-at="{row},{column}"]')

    @property
    def verdict(self) -> Locator:
        return self.cell.locator(".cu-verdict")

    @property
    def said(self) -> Locator:
        """What is read out when the setting changes."""
        return self.cell.locator(".cu-said")

    @property
    def when(self) -> Locator:
        """Where the frame came from."""
        return self.cell.locator(".cu-when")

    @property
    def arithmetic(self) -> Locator:
        return self.cell.locator(".cu-arithmetic")

    @property
    def walker(self) -> Locator:
        """The output cells, to be walked with the arrow keys."""
        return self.cell.get_by_role("application", name=re.compile("^Output cells"))

    def frame_place(self, grid: str = "input") -> tuple[float, float]:
        """Where the frame stands that marks a window."""
        frame = self.cell.locator(f'[data-name="{grid}"] .cu-frame')
        return float(frame.get_attribute("x") or "nan"), float(frame.get_attribute("y") or "nan")
