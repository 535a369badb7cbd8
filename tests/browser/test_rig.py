"""The rig itself, on a notebook made for it: what a person does changes the picture, and the traps are real."""

from __future__ import annotations

import io
import os
from pathlib import Path

import lab as rig
import nbformat
import pytest
from in_ci import skip_or_fail
from PIL import Image
from playwright.sync_api import Locator, expect

SETUP = '''
import anywidget, ipywidgets, traitlets

class Bar(anywidget.AnyWidget):
    """A row of squares, the first `count` of them filled; no guard against JupyterLab's shortcuts."""
    _esm = """export default { render({ model, el }) {
        const draw = () => {
            const squares = [...Array(9).keys()].map(i => `<rect x="${22 * i}" width="20" height="20"
                fill="${i < model.get("count") ? "teal" : "silver"}"/>`).join("");
            el.innerHTML = `<svg role="img" aria-label="${model.get("count")} of 9 filled"
                viewBox="0 0 200 20" width="200">${squares}</svg>`;
        };
        draw();
        model.on("change:count", draw);
    } };"""
    count = traitlets.Int(0).tag(sync=True)

slider = ipywidgets.IntSlider(max=9, description="Count")
bar = Bar()
slider.observe(lambda change: bar.set_trait("count", change["new"]), "value")
print("ready")
'''
SHOW = "ipywidgets.VBox([slider, bar])"
SLIDER_CELL = 1
#: 192.0.2.1 is an address that belongs to nobody.
LEAVING = (
    "import socket, urllib.request; socket.create_connection(('192.0.2.1', 80), timeout=1)",
    "urllib.request.urlopen('http://nobody.invalid/data.json')",
    "socket.socket(type=socket.SOCK_DGRAM).sendto(b'hello', ('192.0.2.1', 53))",
)
CELLS = (
    SETUP,
    SHOW,
    "1 + 1",
    "ipywidgets.Box([ipywidgets.HTML('<div style=\"width: 900px\">wide</div>')])",
    "import os; print(os.environ['HOME'], os.getcwd(), sep='|')",
    "1 / 0",
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rig.write_notebook(tmp_path_factory.mktemp("rig") / "rig.ipynb", *CELLS)


@pytest.fixture(scope="module", autouse=True)
def opened(tab: rig.WatchedPage, lab: rig.Lab, original: Path) -> None:
    """A notebook with a slider, opened and run."""
    rig.open_and_run(tab, lab, original)


@pytest.fixture
def bar(page: rig.WatchedPage) -> Locator:
    """Return the picture that the slider moves."""
    rig.scroll_to_cell(page, SLIDER_CELL)
    picture = page.get_by_role("img", name="of 9 filled")
    picture.wait_for()
    return picture


def wait_for_bar(bar: Locator, count: int) -> None:
    expect(bar).to_have_attribute("aria-label", f"{count} of 9 filled")
    expect(bar.locator("rect[fill=teal]")).to_have_count(count)


def test_outputs_come_from_the_model_and_errors_are_recorded(page: rig.WatchedPage) -> None:
    ready, shown, two, *_ = rig.outputs(page)
    assert [rig.kind_of(output) for output in (*ready, *shown, *two)] == [
        "stdout",
        "text/plain+widget-view+json",
        "text/plain",
    ]
    assert ready[0]["text"] == "ready\n"
    assert two[0]["data"]["text/plain"] == "2"
    assert rig.error_outputs(page) == ["cell 5: ZeroDivisionError: division by zero"]


def test_keyboard_and_mouse_move_the_picture(page: rig.WatchedPage, bar: Locator) -> None:
    before = rig.screenshot_output(page, SLIDER_CELL)
    slider = page.get_by_role("slider")
    slider.focus()
    for key, count in (("ArrowRight", 1), ("ArrowRight", 2), ("End", 9), ("Home", 0), ("ArrowUp", 1)):
        page.keyboard.press(key)
        wait_for_bar(bar, count)
    assert slider.evaluate("node => node === document.activeElement"), "the slider keeps the focus"
    assert rig.screenshot_output(page, SLIDER_CELL) != before

    handle = slider.bounding_box()
    track = page.locator(".widget-slider .noUi-target").bounding_box()
    assert handle and track
    middle = track["y"] + track["height"] / 2
    page.mouse.move(handle["x"] + handle["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] / 2, middle, steps=5)
    page.mouse.move(track["x"] + track["width"] + 20, middle, steps=5)
    page.mouse.up()
    wait_for_bar(bar, 9)
    page.mouse.click(track["x"] + track["width"] / 3, middle)
    wait_for_bar(bar, 3)


def test_themes_and_pictures(page: rig.WatchedPage, bar: Locator) -> None:
    brightness = {}
    for theme in ("light", "dark"):
        rig.set_theme(page, theme)
        slices = [Image.open(io.BytesIO(png)) for png in rig.screenshot_notebook(page, 300)]
        assert len(slices) > 1
        assert all(picture.height <= 300 for picture in slices)
        brightness[theme] = slices[0].convert("L").resize((1, 1)).tobytes()[0]
    assert brightness["light"] > 180 > 80 > brightness["dark"]


def test_content_that_does_not_fit_is_reported(page: rig.WatchedPage) -> None:
    rig.set_size(page, 440, 1000)
    assert {line.split(":")[0] for line in rig.too_wide(page)} == {"cell 3"}
    rig.set_size(page, 1280, 1000)


def test_the_lab_is_isolated_and_works_on_a_copy(page: rig.WatchedPage, lab: rig.Lab, original: Path) -> None:
    home, folder = map(Path, rig.outputs(page)[4][0]["text"].strip().split("|"))
    assert home == lab.profile / "home"
    assert folder == lab.root / lab.source.name
    page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    assert nbformat.read(folder / original.name, 4).cells[4].execution_count == 5
    assert nbformat.read(original, 4).cells[4].execution_count is None


def test_without_a_guard_a_key_on_the_slider_cuts_the_cell(page: rig.WatchedPage, bar: Locator) -> None:
    """The trap that the course's own view must guard against; a test of that guard presses the same key."""
    guard = "data-lm-suppress-shortcuts"
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    wait_for_bar(bar, 0)
    slider.evaluate("(node, guard) => node.setAttribute(guard, 'true')", guard)
    page.keyboard.press("x")
    page.keyboard.press("ArrowRight")  # comes after the x, so the x has had its effect by then
    wait_for_bar(bar, 1)
    assert SHOW in rig.sources(page), "with the guard the cell stays"

    slider.evaluate("(node, guard) => node.removeAttribute(guard)", guard)
    page.keyboard.press("x")
    slider.wait_for(state="detached")
    assert SHOW not in rig.sources(page), "without the guard the cell is cut"


def test_whatever_goes_wrong_in_the_page_is_recorded(page: rig.WatchedPage, lab: rig.Lab) -> None:
    with page.expect_event("pageerror"):
        page.evaluate("() => { console.error('a complaint'); setTimeout(() => { throw new Error('a fault'); }); }")
    page.evaluate("() => fetch('https://example.org/data.json').catch(() => null)")
    assert any("a complaint" in line for line in page.errors)
    assert any("a fault" in line for line in page.errors)
    assert page.strays == ["https://example.org/data.json"]
    with pytest.raises(AssertionError, match="left this machine"):
        rig.check(page, lab)
    page.errors.append("another complaint")
    with pytest.raises(AssertionError, match="errors in the page"):
        rig.check(page, lab)


def test_a_kernel_that_asks_another_machine_is_stopped_and_recorded(
    page: rig.WatchedPage, lab: rig.Lab, tmp_path: Path
) -> None:
    cells = (f"try:\n    {line}\nexcept OSError as error:\n    print(error)" for line in LEAVING)
    rig.open_and_run(page, lab, rig.write_notebook(tmp_path / "leaving.ipynb", *cells))
    printed = ["".join(outputs[0]["text"]) for outputs in rig.outputs(page)]
    assert ["nobody leave this machine" in text for text in printed] == [True] * 3, printed
    # Connecting looks an address up first, and stops there.
    assert [line.split()[0] for line in lab.strays()] == ["socket.getaddrinfo", "socket.getaddrinfo", "socket.sendto"]
    with pytest.raises(AssertionError, match="a kernel left this machine"):
        rig.check(page, lab)


def test_a_notebook_without_a_kernel_is_reported(page: rig.WatchedPage, lab: rig.Lab, tmp_path: Path) -> None:
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]), tmp_path / "none.ipynb")
    with pytest.raises(AssertionError, match="Select kernel"):
        rig.open_notebook(page, lab, tmp_path / "none.ipynb")
    page.goto("about:blank")


def test_a_missing_browser_is_a_skip_for_people_and_a_failure_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no browser"):
        skip_or_fail("no browser")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="no browser"):
        skip_or_fail("no browser")


def test_the_browser_is_looked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert rig.find_browser() is None
    for name in ("google-chrome", "named-one"):
        tmp_path.joinpath(name).write_text("#!/bin/sh\n")
        tmp_path.joinpath(name).chmod(0o755)
    assert rig.find_browser() == os.fspath(tmp_path / "google-chrome")
    monkeypatch.setenv("CHROMIUM", os.fspath(tmp_path / "named-one"))
    assert rig.find_browser() == os.fspath(tmp_path / "named-one")
