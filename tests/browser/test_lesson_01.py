"""Lesson 01 in a real browser: its explorer moved by key and mouse, walked with the arrow keys, and left intact."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import lab as rig
import nbformat
import pytest
from on_page import OnPage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LESSON = "01_pad_the_border.ipynb"
VALID = "s1-explore"  # n = 7, k = 3, valid
SAME = "s2-even"  # n = 7, k = 4, same
IMPOSSIBLE = "s7-explore"  # n = 3, k = 5, valid


class Shown(OnPage):
    """The explorer of one cell of the lesson."""

    def __init__(self, page: rig.WatchedPage, cell_id: str) -> None:
        super().__init__(page, [cell["id"] for cell in nbformat.read(rig.NOTEBOOKS / LESSON, 4).cells].index(cell_id))


@pytest.fixture(scope="module")
def page(browser: Browser, lab: rig.Lab) -> Iterator[rig.WatchedPage]:
    """Return lesson 01, opened and run: running it once is enough for all tests here."""
    with rig.lesson(browser, lab, LESSON) as page:
        yield page


def sources(page: rig.WatchedPage) -> list[str]:
    return ["".join(cell["source"]) for cell in rig.model(page)["cells"]]


def test_run_all_ends_without_an_error(page: rig.WatchedPage) -> None:
    assert not rig.error_outputs(page)
    assert len(rig.outputs(page)) > 20


def test_a_key_on_the_slider_changes_picture_and_verdict(page: rig.WatchedPage) -> None:
    from playwright.sync_api import expect

    shown = Shown(page, VALID)
    expect(shown.title("output")).to_have_text("output 5×5")
    shown.slider("k, kernel size").focus()
    for key, size in (("ArrowRight", 4), ("ArrowRight", 3), ("End", 1), ("Home", 7), ("ArrowRight", 6)):
        page.keyboard.press(key)
        expect(shown.title("output")).to_have_text(f"output {size}×{size}")
        expect(shown.cell.locator('[data-name="output"] .cu-cell')).to_have_count(size * size)
        cells = "the one value" if size == 1 else f"all {size * size} values"
        expect(shown.verdict).to_contain_text(f"✓ They agree in shape and in {cells}")
        expect(shown.cell.locator(".cu-answer").first).to_contain_text(f"= {size}")
    assert shown.slider("k, kernel size").evaluate("node => node === document.activeElement")


def test_the_mouse_drags_the_slider_to_its_end(page: rig.WatchedPage) -> None:
    from playwright.sync_api import expect

    shown = Shown(page, SAME)
    handle = shown.slider("n, input size").bounding_box()
    track = shown.cell.locator(".widget-slider .noUi-target").first.bounding_box()
    assert handle and track
    middle = track["y"] + track["height"] / 2
    page.mouse.move(handle["x"] + handle["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] + 30, middle, steps=8)
    page.mouse.up()
    expect(shown.title("input")).to_have_text("input 12×12, padded to 15×15")
    expect(shown.title("output")).to_have_text("output 12×12")
    expect(shown.verdict).to_contain_text("all 144 values")


def test_arrow_keys_walk_the_window_and_stop_at_the_edge(page: rig.WatchedPage) -> None:
    from playwright.sync_api import expect

    shown = Shown(page, SAME)
    shown.walker.focus()
    for key in ["ArrowLeft", "ArrowUp"] * 12:
        page.keyboard.press(key)
    expect(shown.arithmetic).to_contain_text("Output row 0, column 0:")
    corner = shown.frame_place()
    page.keyboard.press("ArrowRight")
    expect(shown.arithmetic).to_contain_text("Output row 0, column 1:")
    right = shown.frame_place()
    page.keyboard.press("ArrowDown")
    expect(shown.arithmetic).to_contain_text("Output row 1, column 1:")
    assert right[0] > corner[0] and right[1] == corner[1]
    assert shown.frame_place()[1] > right[1]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(shown.arithmetic).to_contain_text("Output row 1, column 0:")
    assert shown.walker.evaluate("node => node === document.activeElement"), "Lab did not move to another cell"


def test_the_sum_on_the_page_gives_the_number_in_the_cell(page: rig.WatchedPage) -> None:
    shown = Shown(page, SAME)
    for cell in shown.cell.locator('[data-name="output"] .cu-cell').all()[:30:7]:
        cell.hover()
        text = shown.arithmetic.inner_text().replace("−", "-").replace("·", "*")
        found = re.fullmatch(r"Output row \d+, column \d+:\s+(.+?)\s+= (-?\d+)\s+Keras: (-?\d+)", text, re.S)
        assert found, text
        assert eval(found[1].replace("\n", " ")) == int(found[2]) == int(found[3])
        assert (cell.locator("text").text_content() or "").replace("−", "-") == found[2]


def test_shortcuts_of_the_notebook_leave_the_cell_alone(page: rig.WatchedPage) -> None:
    shown = Shown(page, VALID)
    before = sources(page)
    controls = [
        shown.slider("k, kernel size"),
        shown.cell.get_by_role("button", name="same", exact=True),
        shown.cell.get_by_role("combobox").first,
        shown.walker,
        shown.cell.locator("summary"),
    ]
    for control in controls:
        control.focus()
        for key in ("x", "d", "d", "m", "a", "z"):
            page.keyboard.press(key)
        assert sources(page) == before, control
    assert shown.output.is_visible()


def test_every_control_and_picture_has_a_name(page: rig.WatchedPage) -> None:
    shown = Shown(page, VALID)
    names = [slider.get_attribute("aria-label") for slider in shown.cell.get_by_role("slider").all()]
    assert names == ["n, input size", "k, kernel size"]
    assert shown.cell.get_by_role("group", name="padding").count() == 1
    assert shown.cell.locator('[title="null"]').count() == 0
    for picture in shown.cell.get_by_role("img").all():
        assert re.match(r"(Input|Kernel|Output) of \d+ by \d+", picture.get_attribute("aria-label") or "")
    assert "output" in (shown.cell.locator(".cu-say").text_content() or "")


def test_nothing_on_the_page_is_replaced_while_a_slider_moves(page: rig.WatchedPage) -> None:
    from playwright.sync_api import expect

    shown = Shown(page, VALID)
    shown.output.evaluate("view => { for (const node of view.querySelectorAll('*')) node.marked = true; }")
    slider = shown.slider("n, input size")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(shown.title("input")).to_have_text("input 6×6")
    kept = (
        "view => [...view.querySelectorAll('figure, svg, .cu-sheet, .cu-arithmetic, .cu-answer')].every(n => n.marked)"
    )
    assert shown.output.evaluate(kept)


def test_the_impossible_shows_keras_own_words_and_the_way_out(page: rig.WatchedPage) -> None:
    from playwright.sync_api import expect

    shown = Shown(page, IMPOSSIBLE)
    expect(shown.verdict).to_contain_text("⊘ Impossible")
    expect(shown.cell.locator(".cu-answers")).to_contain_text("3 − 5 + 1 = −1")
    expect(shown.cell.locator(".cu-answers")).to_contain_text("Computed output size would be zero or negative")
    expect(shown.cell.locator('[data-name="output"]')).to_have_count(0)
    shown.cell.get_by_role("button", name="same", exact=True).click()
    expect(shown.title("output")).to_have_text("output 3×3")
    expect(shown.verdict).to_contain_text("✓")


@pytest.mark.parametrize("width", [1280, 420])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_fits_at_any_width_and_can_be_read_in_both_themes(
    page: rig.WatchedPage, theme: rig.Theme, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    rig.set_theme(page, theme)
    for cell_id in (VALID, SAME, IMPOSSIBLE):
        shown = Shown(page, cell_id)
        box = shown.cell.locator(".jp-OutputArea-output").first
        assert box.evaluate("area => area.scrollWidth - area.clientWidth") <= 1, cell_id
        contrast = shown.output.evaluate("view => getComputedStyle(view).color")
        light_text = sum(map(int, re.findall(r"\d+", contrast)[:3])) > 380
        assert light_text == (theme == "dark")


def test_the_code_is_copied(page: rig.WatchedPage) -> None:
    from playwright.sync_api import expect

    shown = Shown(page, SAME)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown.cell.locator("summary").click()
    shown.cell.get_by_role("button", name="Copy").click()
    expect(shown.cell.locator(".cu-copy")).to_have_text("Copied")
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied == shown.cell.locator(".cu-code code").text_content()
    assert "keras.layers.Conv2D(filters=1" in copied


def test_a_spoiler_is_folded_away_until_its_cell_is_run(page: rig.WatchedPage, lab: rig.Lab) -> None:
    from playwright.sync_api import expect

    rig.open_notebook(page, lab, LESSON)
    ids = [cell["id"] for cell in nbformat.read(rig.NOTEBOOKS / LESSON, 4).cells]
    index = ids.index(VALID)
    rig.scroll_to_cell(page, index)
    still = rig.cell(page, index).locator(".jp-OutputArea-output img")
    expect(rig.cell(page, index).locator(".jp-Placeholder")).to_be_visible()
    expect(still).to_have_count(0)
    rig.run_all(page)
    rig.scroll_to_cell(page, index)
    expect(rig.cell(page, index).locator(".cu-view")).to_be_visible()
