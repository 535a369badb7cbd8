"""Bad days, in a real browser: nothing that was saved is lost, and what the learner sees says what happened.

A short notebook with what the lessons have: an explorer, predictions, a drill. The tests share one page and run in the
order in which they stand.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lab as rig
import pytest
from disks import CannotMount, fill_up, make_read_only, small_disk
from playwright.sync_api import Locator, expect

SETUP, EXPLORER, PLACES, TYPO, DRILL, BUSY = range(6)
CELLS = [
    "import time\nfrom course_utils import drill, explore\nfrom course_utils.exercises import lesson_01 as lesson",
    'explore.padding(n=7, k=3, padding="valid")',
    "lesson.places.predict()",
    "lesson.typo.predict()",
    'drill("same", seed=7)',
    "time.sleep(0)",
]
ENDED = "The kernel that answered here has ended."
CUT_OFF = "There is no connection to the kernel"


class Lesson:
    """The notebook in one tab, as a person finds it."""

    def __init__(self, page: rig.WatchedPage) -> None:
        self.page = page

    def cell(self, index: int) -> Locator:
        rig.scroll_to_cell(self.page, index)
        return rig.cell(self.page, index)

    def notice(self, index: int) -> Locator:
        return self.cell(index).locator(".cu-cut-off")

    def box(self, index: int) -> Locator:
        return self.cell(index).locator(".widget-text input").first

    def press(self, index: int, button: str) -> None:
        self.cell(index).get_by_role("button", name=button, exact=True).click()

    def predict(self, index: int, answer: int) -> None:
        self.box(index).fill(str(answer))
        self.press(index, "Commit my answer")

    def move(self) -> Locator:
        """Move a slider by one; return the title of the picture that belongs to it."""
        shown = self.cell(EXPLORER)
        shown.get_by_role("slider", name="k, kernel size").focus()
        self.page.keyboard.press("ArrowRight")
        return shown.locator('[data-name="output"] figcaption')

    def command(self, name: str) -> None:
        """Begin what a menu does; whoever calls looks at what comes of it."""
        self.page.evaluate("name => { jupyterapp.commands.execute(name); }", name)

    def close_dialog(self, text: str, button: str = "Close") -> None:
        dialog = self.page.locator(".jp-Dialog").filter(has_text=text)
        expect(dialog).to_be_visible(timeout=30_000)
        dialog.get_by_role("button", name=button).click()
        expect(dialog).to_have_count(0)

    def reload(self) -> None:
        self.page.reload(wait_until="domcontentloaded")
        rig.wait_open(self.page)
        rig.settle(self.page)


@pytest.fixture(scope="module")
def folder(lab: rig.Lab) -> Iterator[Path]:
    """Where the notebook lies on the server: a small disk, if it may be."""
    with contextlib.ExitStack() as until_the_end:
        place = lab.root / "bad-days"
        with contextlib.suppress(CannotMount):
            until_the_end.enter_context(small_disk(place, 2000))
        yield place


@pytest.fixture
def disk(folder: Path) -> Path:
    if not folder.is_mount():
        pytest.skip("this user may not mount a disk that can be filled up")
    return folder


@pytest.fixture(scope="module")
def opened(tab: rig.WatchedPage, lab: rig.Lab, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    """Return the notebook, opened and run on a kernel that starts as it does for a learner; with a prediction."""
    path = rig.write_notebook(tmp_path_factory.mktemp("bad-days") / "lesson.ipynb", *CELLS)
    rig.open_and_run(tab, lab, path, kernel=rig.ORDINARY, folder=folder.name)
    lesson = Lesson(tab)
    lesson.predict(PLACES, 4)
    expect(lesson.cell(PLACES)).to_contain_text("A surprise")
    return lesson


@pytest.fixture
def lesson(opened: Lesson, page: rig.WatchedPage) -> Lesson:
    return opened


def committed(folder: Path) -> dict[str, Any]:
    """What the record holds: what was said, by the name of the prediction."""
    record = json.loads((folder / "my_predictions.json").read_text(encoding="utf-8"))
    return {key: entry["said"] for key, entry in record["predictions"].items()}


def test_a_kernel_that_is_busy_is_not_taken_for_one_that_has_ended(lesson: Lesson, folder: Path) -> None:
    lesson.page.evaluate(
        f"code => {{ ({rig._PANEL}).context.sessionContext.session.kernel.requestExecute({{ code }}); }}",
        "import os\nwhile not os.path.exists('go on'): pass",
    )
    title = lesson.move()
    # The line that says so looks again and again; the last that it looks at is this.
    lesson.notice(EXPLORER).evaluate("""notice => {
        const outer = notice.parentElement;
        window.looks = 0;
        outer.closest = selector => { window.looks += 1; return Element.prototype.closest.call(outer, selector); };
    }""")
    lesson.page.wait_for_function("() => window.looks >= 3")
    assert title.inner_text() == "output 5×5", "the kernel is still busy"
    assert not lesson.notice(EXPLORER).is_visible()
    (folder / "go on").touch()
    expect(title).to_have_text("output 4×4")
    assert not lesson.notice(EXPLORER).is_visible()


def test_a_reload_shows_again_what_was_saved_and_it_answers(lesson: Lesson, folder: Path) -> None:
    lesson.box(TYPO).fill("26")
    lesson.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    lesson.reload()
    expect(lesson.box(TYPO)).to_have_value("26")
    expect(lesson.box(PLACES)).to_be_disabled()
    expect(lesson.move()).to_have_text("output 3×3")


def test_two_tabs_show_the_same_and_neither_overwrites_the_other_unasked(lesson: Lesson, folder: Path) -> None:
    notebook = folder / "lesson.ipynb"
    second = Lesson(rig.watch(lesson.page.context.new_page()))
    second.page.goto(lesson.page.url)
    rig.wait_open(second.page)
    rig.settle(second.page)
    expect(second.move()).to_have_text("output 2×2")
    expect(lesson.cell(EXPLORER).locator('[data-name="output"] figcaption')).to_have_text("output 2×2")
    second.predict(TYPO, 26)
    expect(lesson.box(TYPO)).to_be_disabled()
    expect(lesson.cell(TYPO)).to_contain_text("You expected 26")
    for tab in (second, lesson):
        tab.page.evaluate(
            f"text => ({rig._PANEL}).content.model.cells.get({BUSY}).sharedModel.setSource(text)",
            f"'written in the {'second' if tab is second else 'first'} tab'",
        )
        tab.command("docmanager:save")
        if tab is second:
            tab.page.wait_for_function(f"() => !({rig._PANEL}).context.model.dirty")
            # The times of files are compared, to the second on some disks.
            later = notebook.stat().st_mtime + 10
            os.utime(notebook, (later, later))
    lesson.close_dialog("has changed on disk", "Cancel")
    stored = notebook.read_text(encoding="utf-8")
    assert "written in the second tab" in stored and "written in the first tab" not in stored
    assert not second.page.errors
    second.page.close()
    lesson.command("docmanager:save")
    lesson.close_dialog("has changed on disk", "Overwrite")
    assert set(committed(folder)) == {"01/places", "01/typo"}


def test_a_kernel_that_is_killed_is_told_and_what_was_committed_is_there_again(
    lesson: Lesson, lab: rig.Lab, folder: Path, shots: Path
) -> None:
    lesson.press(TYPO, "Start over")
    expect(lesson.box(TYPO)).to_be_enabled()
    lesson.box(TYPO).fill("9")
    (kernel,) = lab.kernels()
    os.kill(kernel.pid, signal.SIGKILL)
    lesson.close_dialog("appears to have died. It will restart automatically", "Ok")
    title = lesson.move()
    expect(lesson.notice(EXPLORER)).to_contain_text(ENDED)
    expect(lesson.cell(EXPLORER).locator(".cu-say")).to_contain_text(ENDED)  # the slider has the focus
    assert title.inner_text() == "output 2×2"
    above = lesson.notice(EXPLORER).bounding_box(), lesson.cell(EXPLORER).locator(".cu-controls").bounding_box()
    assert above[0] and above[1] and above[0]["y"] + above[0]["height"] <= above[1]["y"]
    lesson.page.screenshot(path=shots / "ended.png")
    for index in (PLACES, TYPO, DRILL):
        expect(lesson.notice(index)).to_contain_text("Choose Run → Run All Cells.")
    expect(lesson.box(TYPO)).to_have_value("9")
    rig.run_all(lesson.page)
    for index in (EXPLORER, PLACES, TYPO, DRILL):
        expect(lesson.notice(index)).to_be_hidden()
    expect(lesson.box(PLACES)).to_be_disabled()
    expect(lesson.box(PLACES)).to_have_value("4")
    expect(lesson.move()).to_have_text("output 4×4")
    assert set(committed(folder)) == {"01/places"}


def test_on_a_full_disk_nothing_is_lost_and_it_is_said(lesson: Lesson, disk: Path, shots: Path) -> None:
    notebook, record = disk / "lesson.ipynb", disk / "my_predictions.json"
    before = notebook.read_bytes(), record.read_bytes()
    ballast = fill_up(disk)
    lesson.predict(TYPO, 26)
    expect(lesson.cell(TYPO)).to_contain_text("You expected 26; Keras gives 9.")
    expect(lesson.cell(TYPO)).to_contain_text("No space left on device")
    expect(lesson.cell(TYPO)).to_contain_text("Make room on the disk, then run this cell again")
    lesson.page.screenshot(path=shots / "full.png")
    lesson.command("docmanager:save")
    lesson.close_dialog("No space left on device")
    assert (notebook.read_bytes(), record.read_bytes()) == before
    ballast.unlink()
    lesson.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    assert notebook.read_bytes() != before[0]
    rig.run_cell(lesson.page, TYPO)
    expect(lesson.box(TYPO)).to_be_disabled()
    expect(lesson.cell(TYPO)).not_to_contain_text("No space left on device")
    assert committed(disk) == {"01/places": [4], "01/typo": [26]}
    lesson.page.errors.clear()  # the save that failed


def test_in_a_read_only_folder_nothing_is_lost_and_it_is_said(lesson: Lesson, disk: Path) -> None:
    make_read_only(disk)
    try:
        lesson.press(TYPO, "Start over")
        lesson.predict(TYPO, 9)
        expect(lesson.cell(TYPO)).to_contain_text("As you expected")
        expect(lesson.cell(TYPO)).to_contain_text("Read-only file system")
        expect(lesson.cell(TYPO)).to_contain_text("a copy of the course in a folder where you may write")
        lesson.command("docmanager:save")
        lesson.close_dialog("Permission denied")
        assert committed(disk) == {"01/places": [4], "01/typo": [26]}
    finally:
        make_read_only(disk, False)
    rig.run_cell(lesson.page, TYPO)
    expect(lesson.cell(TYPO)).not_to_contain_text("Read-only file system")
    expect(lesson.box(TYPO)).to_have_value("9")
    assert committed(disk) == {"01/places": [4], "01/typo": [9]}
    lesson.page.errors.clear()  # the save that failed


def test_a_server_that_is_stopped_and_started_is_told_and_all_that_was_saved_is_there(
    lesson: Lesson, lab: rig.Lab, folder: Path, shots: Path
) -> None:
    title = lesson.cell(EXPLORER).locator('[data-name="output"] figcaption')
    saved, cells = title.inner_text(), [cell["source"] for cell in rig.model(lesson.page)["cells"]]
    lesson.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    ended = lab.stop()
    assert ended and not any(process.is_running() for process in ended)
    assert lab.stop() == [], "again: nothing to do, no error"
    lesson.close_dialog("Server Connection Error")
    lesson.move()
    expect(lesson.notice(EXPLORER)).to_contain_text(CUT_OFF)
    assert title.inner_text() == saved
    lesson.page.screenshot(path=shots / "cut_off.png")
    lab.start()
    lesson.reload()
    lesson.page.errors.clear()  # what it asked for while there was no server
    expect(lesson.notice(EXPLORER)).to_contain_text(ENDED)  # a picture as it was saved, not "model not found"
    expect(title).to_have_text(saved)
    for index in (SETUP, PLACES):
        rig.run_cell(lesson.page, index)
    expect(lesson.box(PLACES)).to_be_disabled()
    expect(lesson.box(PLACES)).to_have_value("4")
    expect(lesson.notice(PLACES)).to_be_hidden()
    assert [cell["source"] for cell in rig.model(lesson.page)["cells"]] == cells
