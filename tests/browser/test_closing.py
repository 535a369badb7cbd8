"""A lesson is closed, and its kernel ends with it: that is what keeps a small machine from filling up."""

from __future__ import annotations

from collections.abc import Iterator

import lab as rig
import pytest
from playwright.sync_api import Request, expect

LESSON = "00_start_here.ipynb"


@pytest.fixture
def asked(page: rig.WatchedPage) -> Iterator[list[str]]:
    """What the page asks the server to delete."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.method == "DELETE":
            asked.append(request.url)

    page.on("request", note)
    yield asked
    page.remove_listener("request", note)
    # JupyterLab's debugger may still be asking the kernel something when the tab is closed so soon.
    page.errors[:] = [error for error in page.errors if "restore the debugger state" not in error]


def open_in_lab(page: rig.WatchedPage, lab: rig.Lab) -> None:
    """Open a lesson beside the list of files."""
    rig.open_notebook(page, lab, LESSON, mode="lab")
    assert [kernel["name"] for kernel in lab.api("/api/kernels")] == ["python3"]


def close_by_hand(page: rig.WatchedPage) -> None:
    """Click the cross on the lesson's tab, as a person does."""
    tab = page.locator("#jp-main-dock-panel .lm-TabBar-tab", has_text=LESSON)
    tab.hover()
    tab.locator(".lm-TabBar-tabCloseIcon").click()
    # The kernel has written its version into the notebook, so JupyterLab asks whether to save that.
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(tab).to_have_count(0)


def test_closing_a_lesson_ends_its_kernel(page: rig.WatchedPage, lab: rig.Lab, asked: list[str]) -> None:
    open_in_lab(page, lab)
    with page.expect_response(lambda response: response.request.method == "DELETE"):
        close_by_hand(page)
    assert lab.api("/api/kernels") == [] and len(asked) == 1


def test_without_our_settings_the_kernel_stays(page: rig.WatchedPage, lab: rig.Lab, asked: list[str]) -> None:
    """JupyterLab's own way, and so the proof that the test above sees the setting at work."""
    key = "@jupyterlab/notebook-extension:tracker"
    page.evaluate("key => jupyterapp.serviceManager.settings.save(key, '{\"kernelShutdown\": false}')", key)
    try:
        page.goto("about:blank")
        open_in_lab(page, lab)
        close_by_hand(page)
        # What closing asks of the server has gone out before this, and would have come back before it.
        page.evaluate("() => jupyterapp.serviceManager.sessions.refreshRunning()")
        assert len(lab.api("/api/kernels")) == 1 and not asked
    finally:
        page.goto("about:blank")
        lab.reset_settings()
