"""Every explorer in a real browser: by key and mouse, in both themes, narrow and wide, and what axe-core says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import lab as rig
import nbformat
import pytest
from on_page import OnPage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: One cell each. What a test needs to know of it: a slider, and what is to be read after one key on it.
CELLS = {
    "padding": "explore.padding(n=7, k=3)",
    "stride": "explore.stride(n=8, k=3, s=2, symmetric=True)",
    "dilation": 'explore.stride(n=(9, 7), k=3, s=1, d=2, padding="valid")',
    "pooling": "explore.pooling()",
    "upsampling": "explore.upsampling()",
    "transposed": "explore.transposed()",
    "image": 'explore.stride(show="image")',
    "stamped image": 'explore.transposed(show="image")',
    "presenter": "explore.stride(presenter=True)",
    "autoencoder": "explore.autoencoder()",
}
NUMBERS = ["padding", "stride", "dilation", "pooling", "upsampling", "transposed"]


@pytest.fixture(scope="module")
def page(browser: Browser, lab: rig.Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[rig.WatchedPage]:
    """Return a notebook of all explorers, opened and run."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    sources = ["from course_utils import explore", *CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources], metadata=kernel)
    path = tmp_path_factory.mktemp("explorers") / "explorers.ipynb"
    nbformat.write(notebook, path)
    with rig.lesson(browser, lab, path) as page:
        assert not rig.error_outputs(page)
        yield page


def shown(page: rig.WatchedPage, name: str) -> OnPage:
    return OnPage(page, 1 + list(CELLS).index(name))


def first_slider(explorer: OnPage) -> Any:
    """The first slider that can be moved."""
    return explorer.cell.locator(".noUi-target:not([disabled]) .noUi-handle").first


@pytest.mark.parametrize("name", CELLS)
def test_a_key_moves_a_slider_and_the_answers_agree(page: rig.WatchedPage, name: str) -> None:
    from playwright.sync_api import expect

    explorer = shown(page, name)
    picture = explorer.cell.locator(".cu-answers")
    before = picture.inner_text()
    slider = first_slider(explorer)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(picture).not_to_have_text(before, use_inner_text=True)
    if name != "presenter":
        expect(explorer.verdict).to_contain_text(re.compile("[✓⊘]"))
    assert slider.evaluate("node => node === document.activeElement")
    page.keyboard.press("ArrowRight")
    expect(picture).to_have_text(before, use_inner_text=True)


@pytest.mark.parametrize("name", CELLS)
def test_the_mouse_drags_a_slider_to_both_ends(page: rig.WatchedPage, name: str) -> None:
    from playwright.sync_api import expect

    explorer = shown(page, name)
    slider = first_slider(explorer)
    slider.scroll_into_view_if_needed()
    start = slider.get_attribute("aria-valuenow")
    box, track = slider.bounding_box(), explorer.cell.locator(".noUi-target:not([disabled])").first.bounding_box()
    assert box and track
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for x, end in ((track["x"] - 40, "min"), (track["x"] + track["width"] + 40, "max")):
        page.mouse.move(x, box["y"] + 5, steps=8)
        expect(slider).to_have_attribute("aria-valuenow", slider.get_attribute(f"aria-value{end}") or "")
    page.mouse.up()
    rig.wait_idle(page)
    if name != "presenter":
        expect(explorer.verdict).to_contain_text(re.compile("[✓⊘]"))
    expect(explorer.cell.locator(".cu-problem")).to_be_hidden()
    explorer.button("Reset").click()
    expect(slider).to_have_attribute("aria-valuenow", start or "")


@pytest.mark.parametrize("name", NUMBERS)
def test_pointing_at_an_output_and_at_an_input_writes_out_what_belongs_together(
    page: rig.WatchedPage, name: str
) -> None:
    from playwright.sync_api import expect

    explorer = shown(page, name)
    rig.wait_idle(page)
    output = explorer.grid_cell("output", 1, 1)
    output.hover()
    expect(explorer.arithmetic).to_contain_text("Output row 1, column 1:")
    number = (output.locator("text").text_content() or "").replace("−", "-")
    results = re.findall(r"= (\S+)\s+Keras: (\S+)", explorer.arithmetic.inner_text().replace("−", "-"))
    assert results and all(by_hand == keras for by_hand, keras in results)
    assert float(results[0][0]) == pytest.approx(float(number), abs=0.0051)
    explorer.grid_cell("input", 1, 0).hover()
    expect(explorer.arithmetic).to_contain_text("Input row 1, column 0 holds")
    lit = explorer.cell.locator('[data-name="output"] .cu-lit').count()
    said = re.search(r"reaches (\d+|no) output", explorer.arithmetic.inner_text())
    assert said and lit == (0 if said[1] == "no" else int(said[1]))


@pytest.mark.parametrize("name", NUMBERS)
def test_arrow_keys_walk_over_inputs_and_outputs(page: rig.WatchedPage, name: str) -> None:
    from playwright.sync_api import expect

    explorer = shown(page, name)
    for kind, walker in (
        ("Input", explorer.cell.get_by_role("application", name=re.compile("^Input cells")).first),
        ("Output", explorer.walker.first),
    ):
        walker.focus()
        for _ in range(12):
            page.keyboard.press("ArrowLeft")
            page.keyboard.press("ArrowUp")
        expect(explorer.arithmetic).to_contain_text(f"{kind} row 0, column 0")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        expect(explorer.arithmetic).to_contain_text(f"{kind} row 1, column 1")
        assert walker.evaluate("node => node === document.activeElement"), "Lab moved to another cell"


# Every element that is taken off the page, every height of the output, every picture without pixels.
WATCH = """cell => {
    const output = cell.querySelector('.cu-view');
    const box = cell.querySelector('.jp-Cell-outputArea');
    const scroller = cell.closest('.jp-WindowedPanel-outer');
    const seen = window.seen = { removed: [], heights: new Set(), tops: new Set(), blank: 0, values: [], last: 0 };
    const look = () => {
        seen.heights.add(Math.round(box.getBoundingClientRect().height));
        seen.tops.add(Math.round(scroller?.scrollTop ?? 0));
        for (const image of output.querySelectorAll('.cu-photo img')) if (!image.naturalWidth) seen.blank += 1;
        if (!output.querySelector('svg') && !output.querySelector('img')) seen.blank += 1;
        seen.frame = requestAnimationFrame(look);
    };
    const settled = () => output.querySelector('.cu-answers').innerText;
    let text = settled();
    window.watching = new MutationObserver(changes => {
        for (const { removedNodes } of changes) for (const node of removedNodes)
            if (node.nodeType === 1 && node.matches('figure, svg, .cu-sheet, img, .cu-answer'))
                seen.removed.push(node.outerHTML.slice(0, 60));
        const now = settled();
        if (now !== text) { text = now; seen.changed = performance.now(); }
    });
    window.watching.observe(output, { childList: true, subtree: true, characterData: true, attributes: true });
    look();
}"""


@pytest.mark.parametrize("name", ["padding", "upsampling", "transposed", "image", "autoencoder"])
def test_a_drag_of_100_events_ends_on_the_last_value_and_nothing_flickers(page: rig.WatchedPage, name: str) -> None:
    explorer = shown(page, name)
    slider = first_slider(explorer)
    slider.scroll_into_view_if_needed()
    box, track = slider.bounding_box(), explorer.cell.locator(".noUi-target:not([disabled])").first.bounding_box()
    assert box and track
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    # Where the picture is largest, so that its size in between is not the jump.
    page.mouse.move(track["x"] + track["width"], y)
    rig.wait_idle(page)
    explorer.cell.evaluate(WATCH)
    for i in range(100):
        part = abs((i % 20) - 10) / 10  # to and fro
        page.mouse.move(track["x"] + track["width"] * part, y)
    ended = page.evaluate("() => performance.now()")
    page.mouse.up()
    rig.wait_idle(page)
    page.wait_for_timeout(400)
    seen = page.evaluate(
        "() => { window.watching.disconnect(); cancelAnimationFrame(seen.frame);"
        "return { ...seen, heights: [...seen.heights], tops: [...seen.tops] }; }"
    )
    print(f"{name}: the last picture came {seen.get('changed', 0) - ended:.0f} ms after the last of 100 events")
    value = float(slider.get_attribute("aria-valuenow") or "nan")
    expected = {"padding": "n = ", "upsampling": "n = ", "transposed": "n = ", "image": "k = ", "autoencoder": "n = "}
    assert f"{expected[name]}{value:.0f}" in (explorer.cell.locator(".cu-say").text_content() or "")
    assert seen["blank"] == 0
    assert len(seen["tops"]) == 1, "the page jumped"
    assert not seen["removed"], "taken off the page and put back"
    explorer.button("Reset").click()
    rig.wait_idle(page)


def test_an_opened_layer_stays_open_while_a_slider_moves(page: rig.WatchedPage) -> None:
    from playwright.sync_api import expect

    explorer = shown(page, "autoencoder")
    layers = explorer.cell.locator(".cu-extra details")
    assert layers.count() == 13
    layers.nth(5).locator("summary").focus()
    page.keyboard.press("Enter")
    expect(layers.nth(5)).to_have_attribute("open", "")
    first_slider(explorer).focus()
    for key in ("ArrowLeft", "Home", "ArrowRight"):
        page.keyboard.press(key)
    rig.wait_idle(page)
    assert [layers.nth(i).get_attribute("open") is not None for i in range(13)] == [i == 5 for i in range(13)]
    explorer.button("Reset").click()
    rig.wait_idle(page)


def test_pointing_asks_the_kernel_nothing(page: rig.WatchedPage) -> None:
    explorer = shown(page, "transposed")
    rig.wait_idle(page)
    page.evaluate(
        """() => {
            const panel = [...jupyterapp.shell.widgets('main')].find(w => w.node.matches('.jp-NotebookPanel'));
            window.told = 0;
            panel.context.sessionContext.session.kernel.anyMessage.connect(() => { window.told += 1; });
        }"""
    )
    for i in range(12):
        explorer.grid_cell("output", i % 5, i % 7).hover()
    explorer.walker.first.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
    assert page.evaluate("() => window.told") == 0
    slider = first_slider(explorer)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    rig.wait_idle(page)
    assert page.evaluate("() => window.told") > 0, "the counter counts"
    explorer.button("Reset").click()


def test_the_presenter_reveals_and_the_next_setting_hides_again(page: rig.WatchedPage) -> None:
    from playwright.sync_api import expect

    explorer = shown(page, "presenter")
    expect(explorer.cell.locator(".cu-ask").first).to_be_visible()
    expect(explorer.cell.locator('[data-name="output"]')).to_have_count(0)
    size = explorer.output.evaluate("view => parseFloat(getComputedStyle(view).fontSize)")
    usual = shown(page, "stride").output.evaluate("view => parseFloat(getComputedStyle(view).fontSize)")
    assert size >= 1.4 * usual
    explorer = shown(page, "presenter")
    explorer.button("Reveal the answer").click()
    expect(explorer.title("output")).to_have_text("output 4×4")
    explorer.slider("k, kernel size").focus()
    page.keyboard.press("ArrowRight")
    expect(explorer.cell.locator('[data-name="output"]')).to_have_count(0)
    explorer.button("Reset").click()


def test_height_and_width_come_apart_by_key(page: rig.WatchedPage) -> None:
    from playwright.sync_api import expect

    explorer = shown(page, "padding")
    explorer.switch("height and width apart").focus()
    page.keyboard.press("Space")
    slider = explorer.slider("n, input size, width")
    expect(slider).to_be_visible()
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(explorer.title("output")).to_have_text("output 7×8")
    explorer.button("Reset").click()
    expect(explorer.title("output")).to_have_text("output 7×7")
    expect(slider).to_be_hidden()


def test_a_held_slider_says_why(page: rig.WatchedPage) -> None:
    from playwright.sync_api import expect

    explorer = shown(page, "stride")
    note = explorer.cell.locator(".cu-notes")
    expect(note).to_contain_text("d is held at 1 while s is 2")
    explorer.slider("s, stride").focus()
    page.keyboard.press("ArrowLeft")
    expect(note).to_be_empty()
    explorer.button("Reset").click()
    expect(note).to_contain_text("Set s to 1 to free d")


@pytest.mark.parametrize("width", [1280, 420])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_fits_and_axe_finds_nothing_serious(page: rig.WatchedPage, theme: rig.Theme, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    rig.set_size(page, width, 1000)
    rig.set_theme(page, theme)
    for name in CELLS:
        explorer = shown(page, name)
        for details in explorer.cell.locator("details").all():
            details.evaluate("node => { node.open = true; }")
        box = explorer.cell.locator(".jp-OutputArea-output").first
        assert box.evaluate("area => area.scrollWidth - area.clientWidth") <= 1, name
        explorer.output.evaluate("view => view.closest('.jp-OutputArea-output').classList.add('to-check')")
        found = Axe().run(page, ".to-check").response["violations"]
        box.evaluate("area => area.classList.remove('to-check')")
        serious = [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")]
        assert not serious, f"{name}, {theme}, {width}: {serious}"
    rig.set_theme(page, "light")
    rig.set_size(page, 1280, 1000)
