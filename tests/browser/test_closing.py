"""A lesson is closed, and its kernel ends with it: that is what keeps a small machine from filling up."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import lab as rig

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LESSON = "00_start_here.ipynb"


def close_by_hand(page: rig.WatchedPage, lab: rig.Lab) -> None:
    """Open a lesson beside the list of files and click its tab's cross, as a person does."""
    from playwright.sync_api import expect

    rig.open_notebook(page, lab, LESSON, mode="lab")
    assert [kernel["name"] for kernel in lab.api("/api/kernels")] == ["python3"]
    tab = page.locator("#jp-main-dock-panel .lm-TabBar-tab", has_text=LESSON)
    tab.hover()
    tab.locator(".lm-TabBar-tabCloseIcon").click()
    # The kernel has written its version into the notebook, so JupyterLab asks whether to save that.
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(tab).to_have_count(0)


def kernels_after(page: rig.WatchedPage, lab: rig.Lab, seconds: float) -> int:
    """How many kernels are left: as soon as there are none, else after this time."""
    deadline = time.monotonic() + seconds
    while (left := len(lab.api("/api/kernels"))) and time.monotonic() < deadline:
        time.sleep(0.2)
    # JupyterLab's debugger may still be asking the kernel something when the tab is closed so soon.
    page.errors[:] = [error for error in page.errors if "restore the debugger state" not in error]
    return left


def test_closing_a_lesson_ends_its_kernel(page: rig.WatchedPage, lab: rig.Lab) -> None:
    close_by_hand(page, lab)
    assert kernels_after(page, lab, 20) == 0


def test_without_our_settings_the_kernel_stays(browser: Browser, tmp_path: Path) -> None:
    """JupyterLab's own way, and so the proof that the test above sees the setting at work."""
    with rig.Lab(tmp_path, config=None) as bare:
        page = rig.watch(browser.new_context().new_page())
        close_by_hand(page, bare)
        assert kernels_after(page, bare, 5) == 1
        rig.close(page, bare)
