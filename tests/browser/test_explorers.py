"""Every explorer in a real browser: by key and mouse, in both themes, narrow and wide, and what axe-core says of it."""

from __future__ import annotations

import colorsys
import random
import re
from itertools import product
from pathlib import Path
from typing import Any

import lab as rig
import pytest
from on_page import OnPage
from playwright.sync_api import expect

from course_utils.explorers.padding import PaddingSettings

#: One cell each. What a test needs to know of it: a slider, and what is to be read after one key on it.
CELLS = {
    "padding": "explore.padding(n=7, k=3)",
    "stride": "explore.stride(n=8, k=3, s=2, symmetric=True)",
    "dilation": 'explore.stride(n=(9, 7), k=3, s=1, d=2, padding="valid")',
    "pooling": "explore.pooling()",
    "upsampling": "explore.upsampling()",
    "transposed": "explore.transposed()",
    "sequence": 'explore.sequence(padding="causal")',
    "image": 'explore.stride(show="image")',
    "stamped image": 'explore.transposed(show="image")',
    "presenter": "explore.stride(presenter=True)",
    "autoencoder": "explore.autoencoder()",
    "valid": 'explore.padding(n=7, k=3, padding="valid")',
    "same": 'explore.padding(n=7, k=4, padding="same")',
    "impossible": 'explore.padding(n=3, k=5, padding="valid")',
    "counted": 'explore.transposed(k=(3, 2), kernel="count")',
    "bilinear": 'explore.upsampling(interpolation="bilinear")',
    "mean": 'explore.pooling(kind="average", padding="same")',
    "round trip": 'explore.upsampling(n=7, mode="down and up", padding="same")',
    "negative": 'explore.padding(n=7, k=3, kernel="edge", values="negative")',
    "held back": 'explore.padding(n=7, k=3, padding="valid", after=lesson.places)',
}
IMPORTS = "from course_utils import explore\nfrom course_utils.exercises import lesson_01 as lesson"
MOVED = [*CELLS][:11]
NUMBERS = ["padding", "stride", "dilation", "pooling", "upsampling", "transposed"]
SUMS = [*NUMBERS, "same", "counted", "bilinear", "mean"]


@pytest.fixture(scope="module", autouse=True)
def opened(tab: rig.WatchedPage, lab: rig.Lab, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A notebook of all explorers, opened and run."""
    path = tmp_path_factory.mktemp("explorers") / "explorers.ipynb"
    rig.open_and_run(tab, lab, rig.write_notebook(path, IMPORTS, *CELLS.values()))
    assert not rig.error_outputs(tab)


def shown(page: rig.WatchedPage, name: str) -> OnPage:
    return OnPage(page, 1 + list(CELLS).index(name))


def first_track(explorer: OnPage) -> Any:
    """The first slider that can be moved."""
    return explorer.cell.locator(".noUi-target:not([disabled]):visible").first


def first_slider(explorer: OnPage) -> Any:
    """Its handle."""
    return first_track(explorer).locator(".noUi-handle")


@pytest.mark.parametrize("name", MOVED)
def test_a_key_moves_a_slider_and_the_answers_agree(page: rig.WatchedPage, name: str) -> None:
    explorer = shown(page, name)
    picture = explorer.said
    before = picture.text_content() or ""
    slider = first_slider(explorer)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(picture).not_to_have_text(before)
    if name != "presenter":
        expect(explorer.verdict).to_contain_text(re.compile("[✓⊘]"))
    assert slider.evaluate("node => node === document.activeElement")
    page.keyboard.press("ArrowRight")
    expect(picture).to_have_text(before)


@pytest.mark.parametrize("name", MOVED)
def test_the_mouse_drags_a_slider_to_both_ends(page: rig.WatchedPage, name: str) -> None:
    explorer = shown(page, name)
    slider = first_slider(explorer)
    slider.scroll_into_view_if_needed()
    start = slider.get_attribute("aria-valuenow")
    box, track = slider.bounding_box(), first_track(explorer).bounding_box()
    assert box and track
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for x, end in ((track["x"] - 40, "min"), (track["x"] + track["width"] + 40, "max")):
        page.mouse.move(x, box["y"] + 5, steps=8)
        expect(slider).to_have_attribute("aria-valuenow", slider.get_attribute(f"aria-value{end}") or "")
    page.mouse.up()
    rig.settle(page)
    if name != "presenter":
        expect(explorer.verdict).to_contain_text(re.compile("[✓⊘]"))
    expect(explorer.cell.locator(".cu-problem")).to_be_hidden()
    explorer.button("Reset").click()
    expect(slider).to_have_attribute("aria-valuenow", start or "")


@pytest.mark.parametrize("name", NUMBERS)
def test_pointing_at_an_output_and_at_an_input_writes_out_what_belongs_together(
    page: rig.WatchedPage, name: str
) -> None:
    explorer = shown(page, name)
    rig.settle(page)
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
    explorer = shown(page, name)
    for kind, walker in (
        ("Input", explorer.cell.get_by_role("application", name=re.compile("^Input cells")).first),
        ("Output", explorer.walker.first),
    ):
        walker.focus()
        for _ in range(12):
            page.keyboard.press("ArrowLeft")
            page.keyboard.press("ArrowUp")
        frames = []
        for key, row, column in ((None, 0, 0), ("ArrowRight", 0, 1), ("ArrowDown", 1, 1), ("ArrowLeft", 1, 0)):
            if key:
                page.keyboard.press(key)
            expect(explorer.arithmetic).to_contain_text(f"{kind} row {row}, column {column}")
            frames += [explorer.frame_place()] if (name, kind) == ("padding", "Output") else []
        page.keyboard.press("ArrowLeft")
        expect(explorer.arithmetic).to_contain_text(f"{kind} row 1, column 0")
        if frames:
            corner, right, below, back = frames
            assert corner[0] == back[0] < right[0] == below[0] and corner[1] == right[1] < below[1] == back[1]
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
        for (const image of output.querySelectorAll('.cu-photos img')) if (!image.naturalWidth) seen.blank += 1;
        if (!output.querySelector('svg') && !output.querySelector('img')) seen.blank += 1;
        seen.frame = requestAnimationFrame(look);
    };
    const settled = () => output.querySelector('.cu-said').textContent;
    let text = settled();
    window.watching = new MutationObserver(changes => {
        for (const { removedNodes } of changes) for (const node of removedNodes)
            if (node.nodeType === 1 && node.matches('figure, svg, .cu-sheet, img, .cu-answer, .cu-arithmetic'))
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
    box, track = slider.bounding_box(), first_track(explorer).bounding_box()
    assert box and track
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    # Where the picture is largest, so that its size in between is not the jump.
    page.mouse.move(track["x"] + track["width"], y)
    rig.settle(page)
    explorer.cell.evaluate(WATCH)
    for i in range(100):
        part = abs((i % 20) - 10) / 10  # to and fro
        page.mouse.move(track["x"] + track["width"] * part, y)
    ended = page.evaluate("() => performance.now()")
    page.mouse.up()
    rig.settle(page)
    seen = page.evaluate(
        "() => { window.watching.disconnect(); cancelAnimationFrame(seen.frame);"
        "return { ...seen, heights: [...seen.heights], tops: [...seen.tops] }; }"
    )
    print(f"{name}: the last picture came {seen.get('changed', 0) - ended:.0f} ms after the last of 100 events")
    value = float(slider.get_attribute("aria-valuenow") or "nan")
    expected = {"padding": "n = ", "upsampling": "n = ", "transposed": "n = ", "image": "k = ", "autoencoder": "n = "}
    assert f"{expected[name]}{value:.0f}" in (explorer.said.text_content() or "")
    assert seen["blank"] == 0
    assert len(seen["tops"]) == 1, "the page jumped"
    assert not seen["removed"], "taken off the page and put back"
    explorer.button("Reset").click()
    rig.settle(page)


def test_an_opened_layer_stays_open_while_a_slider_moves(page: rig.WatchedPage) -> None:
    explorer = shown(page, "autoencoder")
    explorer.cell.locator(".cu-layers > summary").click()
    layers = explorer.cell.locator(".cu-layers details")
    assert layers.count() == 13
    layers.nth(5).locator("summary").focus()
    page.keyboard.press("Enter")
    expect(layers.nth(5)).to_have_attribute("open", "")
    first_slider(explorer).focus()
    for key in ("ArrowLeft", "Home", "ArrowRight"):
        page.keyboard.press(key)
    rig.settle(page)
    assert [layers.nth(i).get_attribute("open") is not None for i in range(13)] == [i == 5 for i in range(13)]
    explorer.button("Reset").click()
    rig.settle(page)


def test_pointing_asks_the_kernel_nothing(page: rig.WatchedPage) -> None:
    explorer = shown(page, "transposed")
    rig.settle(page)
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
    rig.settle(page)
    assert page.evaluate("() => window.told") > 0, "the counter counts"
    explorer.button("Reset").click()


# -- ahead of the learner ---------------------------------------------------------------------------------------------


def in_kernel(page: rig.WatchedPage, code: str, *, wait: bool = True) -> None:
    """Run code in the kernel of the notebook, without a cell. If this waits for its end, an error in it is one here."""
    done = "return (await kernel.requestExecute({ code }).done).content" if wait else "kernel.requestExecute({ code })"
    said = page.evaluate(f"async code => {{ const kernel = {rig.KERNEL}; {done}; }}", code)
    assert not wait or said["status"] == "ok", said


def focus_slider(explorer: OnPage, label: str) -> None:
    """Focus a slider, and wait until frames that may come next are there."""
    explorer.button("Reset").focus()
    before = int(explorer.output.get_attribute("data-ahead") or 0)
    explorer.slider(label).focus()
    explorer.page.wait_for_function(
        "([view, before]) => +view.dataset.ahead > before", arg=[explorer.output.element_handle(), before]
    )


def test_a_neighbour_is_shown_without_the_kernel_which_confirms_it(page: rig.WatchedPage, shots: Path) -> None:
    explorer, go_on = shown(page, "valid"), shots / "go on"
    focus_slider(explorer, "k, kernel size")
    rig.settle(page)
    in_kernel(page, f"import os\nwhile not os.path.exists({str(go_on)!r}): pass", wait=False)
    page.keyboard.press("ArrowRight")
    expect(explorer.title("output")).to_have_text("output 4×4")
    expect(explorer.when).to_have_text("computed ahead; the kernel has not confirmed it yet")
    go_on.touch()
    expect(explorer.when).to_have_text("run just now")
    expect(explorer.title("output")).to_have_text("output 4×4")
    page.keyboard.press("ArrowLeft")
    expect(explorer.title("output")).to_have_text("output 5×5")


def test_an_answer_older_than_what_is_shown_is_dropped(page: rig.WatchedPage, shots: Path) -> None:
    explorer, go_on = shown(page, "valid"), shots / "go on"
    focus_slider(explorer, "n, input size")
    rig.settle(page)
    in_kernel(page, f"import os\nwhile not os.path.exists({str(go_on)!r}): pass", wait=False)
    page.keyboard.press("ArrowRight")
    expect(explorer.title("output")).to_have_text("output 6×6")
    explorer.slider("k, kernel size").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    explorer.output.evaluate(
        """view => {
            window.titles = [];
            const look = () => window.titles.push(view.querySelector('[data-name="output"] figcaption').textContent);
            new MutationObserver(look).observe(view, { subtree: true, childList: true, characterData: true });
        }"""
    )
    go_on.touch()
    expect(explorer.when).to_have_text("run just now")
    rig.settle(page)
    in_kernel(page, f"assert Out[{2 + [*CELLS].index('valid')}].settings['n'] == 8, 'not in Python'")
    assert set(page.evaluate("() => window.titles")) == {"output 6×6"}
    explorer.button("Reset").click()
    rig.settle(page)


def test_a_run_that_differs_from_what_was_computed_ahead_is_told_in_red(page: rig.WatchedPage) -> None:
    explorer = shown(page, "valid")
    apart = explorer.cell.locator(".cu-apart")
    focus_slider(explorer, "k, kernel size")
    rig.settle(page)
    in_kernel(
        page,
        f"explorer = Out[{2 + [*CELLS].index('valid')}]\n"
        "at = list(explorer.view.frame['at'])\n"
        "at[list(explorer.controls).index('k')] += 1\n"
        "explorer.view.ahead = explorer.view.frame | {'at': at, 'verdict': 'wrong'}",
    )
    page.keyboard.press("ArrowRight")
    expect(apart).to_be_visible()
    expect(explorer.title("output")).to_have_text("output 4×4")
    expect(explorer.verdict).to_contain_text("They agree in shape and in all 16 values")
    page.keyboard.press("ArrowLeft")
    expect(apart).to_be_hidden()


def test_a_run_is_held_against_the_recording_that_was_shown_before_it(page: rig.WatchedPage) -> None:
    explorer, apart = shown(page, "valid"), shown(page, "valid").cell.locator(".cu-apart")
    rig.settle(page)
    begins = f"explorer = Out[{2 + [*CELLS].index('valid')}]\nnow = explorer.view.frame\n"
    in_kernel(page, begins + "explorer.view.frame = now | {'source': 'recorded with Keras 3'}")
    expect(explorer.when).to_have_text("recorded with Keras 3")
    expect(apart).to_be_hidden()
    in_kernel(page, begins + "explorer.view.frame = now | {'source': 'run just now'}")
    expect(explorer.when).to_have_text("run just now")
    expect(apart).to_be_hidden()
    in_kernel(page, begins + "explorer.view.frame = now | {'verdict': 'They differ.'}")
    expect(apart).to_be_visible()
    focus_slider(explorer, "k, kernel size")
    page.keyboard.press("ArrowRight")
    expect(apart).to_be_hidden()
    explorer.button("Reset").click()
    rig.settle(page)


@pytest.mark.parametrize(
    "name", ["padding", "stride", "pooling", "upsampling", "transposed", "sequence", "autoencoder"]
)
def test_on_a_walk_what_comes_ahead_is_what_the_kernel_runs(page: rig.WatchedPage, name: str) -> None:
    explorer, walker = shown(page, name), random.Random(7)
    sliders = explorer.cell.locator(".noUi-target:not([disabled]) [role=slider]:visible").all()
    for _ in range(4 if name == "autoencoder" else 12):
        slider = walker.choice(sliders)
        slider.focus()
        for _ in range(3):
            page.keyboard.press(walker.choice(["ArrowRight", "ArrowLeft"]))
            rig.settle(page)
            expect(explorer.when).to_have_text("run just now")
            expect(explorer.cell.locator(".cu-apart")).to_be_hidden()
    explorer.button("Reset").click()
    rig.settle(page)


# -- hands on the picture ---------------------------------------------------------------------------------------------


def test_pulling_the_corner_of_a_map_sets_its_size(page: rig.WatchedPage) -> None:
    explorer = shown(page, "valid")
    for grid, label, size in (("input", "n, input size", 9), ("kernel", "k, kernel size", 5)):
        slider = explorer.slider(label)
        steps = size - int(slider.get_attribute("aria-valuetext") or 0)
        grip, cell = explorer.cell.locator(f'[data-name="{grid}"] .cu-grip'), explorer.grid_cell(grid, 0, 0)
        box, side = grip.bounding_box(), cell.locator("rect").bounding_box()
        assert box and side
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + steps * (side["width"] + 2), y, steps=4)
        page.mouse.up()
        expect(slider).to_have_attribute("aria-valuetext", str(size))
        expect(explorer.title(grid)).to_have_text(f"{grid} {size}×{size}")
    expect(explorer.title("output")).to_have_text("output 5×5")
    in_kernel(page, f"assert Out[{2 + [*CELLS].index('valid')}].settings['k'] == 5, 'not in Python'")
    explorer.button("Reset").click()
    expect(explorer.title("output")).to_have_text("output 5×5")
    expect(explorer.title("kernel")).to_have_text("kernel 3×3")


def test_a_window_is_dragged_over_the_input(page: rig.WatchedPage) -> None:
    explorer = shown(page, "valid")
    rig.settle(page)
    box = explorer.grid_cell("input", 5, 5).bounding_box()
    goal = explorer.grid_cell("input", 2, 1).bounding_box()
    assert box and goal
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    expect(explorer.arithmetic).to_contain_text("Input row 5, column 5 holds")
    page.mouse.move(goal["x"] + 10, goal["y"] + 10, steps=5)
    expect(explorer.arithmetic).to_contain_text("Output row 1, column 0:")
    page.mouse.up()
    page.mouse.move(goal["x"] + 12, goal["y"] + 10)
    expect(explorer.arithmetic).to_contain_text("Input row 2, column 1 holds")


def test_a_finger_selects_a_cell(page: rig.WatchedPage) -> None:
    explorer = shown(page, "valid")
    rig.settle(page)
    for grid, kind in (("output", "Output"), ("input", "Input")):
        press(explorer.grid_cell(grid, 2, 3), "finger")
        expect(explorer.arithmetic).to_contain_text(f"{kind} row 2, column 3")


def test_play_sweeps_the_window_and_stops_at_the_end(page: rig.WatchedPage) -> None:
    explorer = shown(page, "valid")
    explorer.slider("k, kernel size").focus()
    page.keyboard.press("End")
    expect(explorer.title("output")).to_have_text("output 1×1")
    page.keyboard.press("ArrowLeft")
    expect(explorer.title("output")).to_have_text("output 2×2")
    explorer.arithmetic.evaluate(
        """text => {
            window.played = [];
            const look = () => window.played.push(text.firstElementChild.textContent);
            new MutationObserver(look).observe(text, { subtree: true, childList: true, characterData: true });
        }"""
    )
    explorer.button("▶ Play").click()
    page.wait_for_function("() => window.played.at(-1) === 'Output row 1, column 1:'")
    expect(explorer.button("▶ Play")).to_have_attribute("aria-pressed", "false")
    steps = list(dict.fromkeys(page.evaluate("() => window.played")))
    assert steps[-3:] == [f"Output row {row}, column {column}:" for row, column in ((0, 1), (1, 0), (1, 1))]
    explorer.button("Reset").click()


# At each step of play: what is said, the numbers that are shown of the output, and how many of its cells move.
PLAYED = """view => {
    const text = view.querySelector('.cu-arithmetic');
    window.played = [];
    const look = () => window.played.push({
        said: text.firstElementChild.textContent.split(' holds')[0],
        shown: [...view.querySelectorAll('[data-name="output"] .cu-cell')]
            .filter(cell => getComputedStyle(cell.querySelector('text')).visibility !== 'hidden')
            .map(cell => cell.dataset.at),
        moving: new Set(view.getAnimations({ subtree: true }).map(one => one.effect.target.closest?.('.cu-cell'))
            .filter(Boolean)).size,
    });
    new MutationObserver(look).observe(text, { subtree: true, childList: true, characterData: true });
}"""


def test_stamps_drop_one_by_one_and_a_number_stands_when_its_last_is_there(page: rig.WatchedPage) -> None:
    explorer = shown(page, "transposed")
    explorer.slider("n, input size").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(explorer.title("output")).to_have_text("output 4×4, cut from 5×5")
    explorer.grid_cell("input", 1, 1).hover()
    explorer.output.evaluate(PLAYED)
    explorer.button("▶ Play").click()
    page.wait_for_function("() => window.played.at(-1)?.said === 'Input row 1, column 1' && window.played.length > 3")
    expect(explorer.button("▶ Play")).to_have_attribute("aria-pressed", "false")
    steps = {one["said"]: one for one in page.evaluate("() => window.played")}
    assert list(steps)[-4:] == [f"Input row {row}, column {column}" for row, column in product((0, 1), repeat=2)]
    # The stamps are 3 long and begin 2 cells apart: they share row 2 and column 2.
    early = {"0": ["0", "1"], "1": ["0", "1", "2", "3", "4"]}
    cells = [set(one["shown"]) for one in list(steps.values())[-4:]]
    assert cells[0] == {f"{row},{column}" for row, column in product("01", early["0"])}
    assert cells[1] == {f"{row},{column}" for row, column in product("01", early["1"])}
    assert cells[2] == cells[1] | {f"{row},{column}" for row, column in product("234", early["0"])}
    assert cells[3] == {f"{row},{column}" for row, column in product("01234", repeat=2)}
    assert [one["moving"] >= 9 for one in list(steps.values())[-4:]] == [True] * 4
    assert explorer.cell.locator(".cu-partly, .cu-later").count() == 0
    explorer.button("Reset").click()


def test_with_reduced_motion_nothing_moves(page: rig.WatchedPage) -> None:
    page.emulate_media(reduced_motion="reduce")
    explorer = shown(page, "transposed")
    expect(explorer.cell.locator(".cu-play")).to_be_hidden()
    explorer.output.evaluate(PLAYED)
    # Play cannot be pressed; if it could, the stamps would still not drop.
    explorer.cell.locator(".cu-play").dispatch_event("click")
    page.wait_for_function("() => window.played.at(-1)?.said === 'Input row 0, column 2'")
    assert explorer.output.evaluate("view => view.getAnimations({ subtree: true }).length") == 0
    assert {one["moving"] for one in page.evaluate("() => window.played")} == {0}
    explorer.cell.locator(".cu-play").dispatch_event("click")
    page.emulate_media(reduced_motion="no-preference")
    expect(explorer.cell.locator(".cu-play")).to_be_visible()


# -- the scene --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [880, 1366, 1920])
def test_from_700_pixels_on_the_scene_is_one_row_at_every_end(page: rig.WatchedPage, width: int) -> None:
    rig.set_size(page, width, 1000)
    for name in ("padding", "stride", "pooling", "transposed"):
        explorer = shown(page, name)
        assert explorer.output.evaluate("view => view.clientWidth") >= 680
        for key in ("End", "Home"):
            for slider in explorer.cell.locator(".noUi-target:not([disabled]) [role=slider]:visible").all():
                slider.focus()
                page.keyboard.press(key)
            rig.settle(page)
            scene = explorer.cell.locator(".cu-scene")
            tops = scene.evaluate("scene => [...scene.children].map(one => one.getBoundingClientRect().top)")
            assert len(tops) >= 2 and len(set(tops)) == 1, (name, key, tops)
            assert scene.evaluate("scene => scene.scrollWidth - scene.clientWidth") <= 1, (name, key)
        explorer.button("Reset").click()
    rig.set_size(page, 1280, 1000)


def press(control: Any, how: str) -> None:
    """Press something by mouse, finger or key."""
    if how == "mouse":
        control.click()
    elif how == "key":
        control.focus()
        control.page.keyboard.press("Enter")
    else:
        control.scroll_into_view_if_needed()
        box, touch = control.bounding_box(), control.page.context.new_cdp_session(control.page)
        finger = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        for kind, points in (("touchStart", [finger]), ("touchEnd", [])):
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        touch.detach()


@pytest.mark.parametrize("how", ["mouse", "finger", "key"])
def test_a_square_of_the_tape_opens_its_layer_which_can_be_set(page: rig.WatchedPage, how: str) -> None:
    explorer = shown(page, "autoencoder")
    square, chosen = explorer.button("6 MaxPooling2D"), explorer.cell.locator(".cu-chosen")
    size = chosen.get_by_role("combobox", name="6 MaxPooling2D size")
    expect(chosen).to_be_hidden()
    press(square, how)
    expect(square).to_have_attribute("aria-pressed", "true")
    expect(chosen).to_contain_text("⌈7 / 2⌉ = 4")
    assert size.locator(":checked").text_content() == "2 × 2"
    assert square.evaluate("node => node === document.activeElement")
    size.select_option("3 × 3")
    expect(explorer.said).to_contain_text("as asked but for layer 6 3 × 3")
    expect(chosen).to_contain_text("⌈7 / 3⌉ = 3")
    in_kernel(page, f"assert Out[{2 + [*CELLS].index('autoencoder')}].settings['pool_6'] == 3, 'not in Python'")
    explorer.button("Reset").click()
    expect(chosen).to_contain_text("⌈7 / 2⌉ = 4")
    assert size.locator(":checked").text_content() == "2 × 2"
    press(square, how)
    expect(chosen).to_be_hidden()


@pytest.mark.parametrize("how", ["mouse", "finger", "key"])
@pytest.mark.parametrize(("name", "size", "first"), [("autoencoder", 25, 28), ("round trip", 5, 7)])
def test_a_size_of_the_strip_sets_n(page: rig.WatchedPage, name: str, size: int, first: int, how: str) -> None:
    explorer = shown(page, name)
    strip = explorer.cell.locator(".cu-strips")
    expect(strip.locator("[aria-current]")).to_have_text(re.compile(rf"^\s*{first}\b"))
    press(strip.locator(f'button[value="{size}"]'), how)
    expect(strip.locator("[aria-current]")).to_have_text(re.compile(rf"^\s*{size}\b"))
    expect(explorer.slider("n, input size")).to_have_attribute("aria-valuetext", str(size))
    expect(explorer.said).to_contain_text(f"n = {size}")
    explorer.button("Reset").click()
    expect(explorer.said).to_contain_text(f"n = {first}")


def test_tape_and_strip_are_one_stop_each_of_the_tab_key(page: rig.WatchedPage) -> None:
    explorer = shown(page, "autoencoder")
    for place, first, then in ((".cu-tape", "1 Conv2D", "2 MaxPooling2D"), (".cu-strips", "28 ✓", "29 −1")):
        stop = explorer.cell.locator(f'{place} [tabindex="0"]')
        expect(stop).to_have_count(1)
        stop.focus()
        for key, name in ((None, first), ("ArrowRight", then), ("ArrowLeft", first), ("ArrowLeft", None)):
            if key:
                page.keyboard.press(key)
            if name:
                expect(explorer.button(name)).to_be_focused()
        page.keyboard.press("End")
        expect(explorer.cell.locator(f"{place} button").last).to_be_focused()
    expect(explorer.cell.locator(".cu-strips [aria-current]")).to_have_text(re.compile("28"))


def test_the_tape_is_drawn_to_scale_and_only_what_is_too_much_is_hatched(page: rig.WatchedPage) -> None:
    explorer = shown(page, "autoencoder")
    for n, kind in ((28, "surplus"), (23, "missing")):
        expect(explorer.slider("n, input size")).to_have_attribute("aria-valuetext", str(n))
        expect(explorer.said).to_contain_text(f"n = {n}")
        squares = explorer.cell.locator(".cu-tape .cu-step").evaluate_all(
            """steps => steps.map(step => ({
                size: parseInt(step.querySelector('.cu-step-size').textContent),
                map: +step.querySelector('.cu-map').getAttribute('width'),
                wanted: +(step.querySelector('.cu-wanted')?.getAttribute('width') ?? 0),
                side: +step.querySelector('svg').getAttribute('viewBox').split(' ')[2],
                hatched: Object.fromEntries([...step.querySelectorAll('path')].map(
                    path => [path.getAttribute('class'), path.getAttribute('d')])),
            }))"""
        )
        assert len(squares) == 14 and all(one["map"] == one["size"] for one in squares)
        seen = set()
        for one in squares:
            low, high = sorted((one["size"], one["wanted"] or one["size"]))
            assert one["side"] == high
            assert bool(one["hatched"]) == (low < high)
            for name, strokes in one["hatched"].items():
                seen.add(name)
                assert name == ("cu-surplus" if one["size"] > one["wanted"] else "cu-missing")
                for ends in re.findall(r"M(\d+) (\d+)L(\d+) (\d+)", strokes):
                    a, b, c, d = map(int, ends)
                    for x, y in ((a, b), (c, d), ((a + c) / 2, (b + d) / 2)):  # from the upper left corner
                        assert 0 <= x <= high and 0 <= y <= high and (x >= low or y >= low)
        assert f"cu-{kind}" in seen
        label = explorer.cell.locator(".cu-tape").get_attribute("aria-label") or ""
        assert f"input: {n} × {n}; 1 Conv2D: {n} × {n}" in label
        explorer.slider("n, input size").focus()
        for _ in range(5):
            page.keyboard.press("ArrowLeft")
    explorer.button("Reset").click()


def test_slides_are_set_in_large_type(page: rig.WatchedPage) -> None:
    explorer = shown(page, "presenter")
    code = page.locator(".jp-Notebook .jp-InputArea .cm-content").first
    assert code.evaluate("node => parseFloat(getComputedStyle(node).fontSize)") >= 20
    box = explorer.cell.locator(".cu-presenter").bounding_box()
    assert box and box["height"] >= 0.8 * page.evaluate("innerHeight"), "what follows stays below the screen"


def test_the_presenter_reveals_and_the_next_setting_hides_again(page: rig.WatchedPage) -> None:
    explorer = shown(page, "presenter")
    expect(explorer.cell.locator(".cu-ask").first).to_be_visible()
    expect(explorer.title("output")).to_have_text("output ?")
    size = explorer.output.evaluate("view => parseFloat(getComputedStyle(view).fontSize)")
    usual = shown(page, "stride").output.evaluate("view => parseFloat(getComputedStyle(view).fontSize)")
    assert size >= 1.4 * usual
    explorer = shown(page, "presenter")
    explorer.button("Reveal the answer").click()
    expect(explorer.title("output")).to_have_text("output 4×4")
    explorer.slider("k, kernel size").focus()
    page.keyboard.press("ArrowRight")
    expect(explorer.title("output")).to_have_text("output ?")
    explorer.button("Reset").click()


def test_below_a_prediction_a_question_mark_stands_until_an_answer_is_committed(page: rig.WatchedPage) -> None:
    explorer = shown(page, "held back")
    ask, output = explorer.cell.locator(".cu-ask").first, explorer.cell.locator('[data-name="output"]')
    apart, predicted = explorer.cell.locator(".cu-apart"), explorer.cell.locator(".cu-predicted")

    def asks(setting: str) -> None:
        expect(ask).to_have_text(setting)
        expect(output).to_have_text("output ?00?")
        expect(apart).to_be_hidden()
        expect(predicted).to_be_hidden()

    def answers(size: str) -> None:
        expect(explorer.title("output")).to_have_text(f"output {size}")
        expect(explorer.when).to_have_text("run just now")
        expect(ask).to_have_count(0)
        expect(apart).to_be_hidden()

    asks('n = 7, k = 3, padding="valid"')
    focus_slider(explorer, "n, input size")
    page.keyboard.press("ArrowRight")
    asks('n = 8, k = 3, padding="valid"')
    explorer.button("Show it").click()
    answers("6×6")
    explorer.slider("n, input size").focus()
    for key, size in (("ArrowLeft", "5×5"), ("ArrowLeft", "4×4"), ("ArrowRight", "5×5")):
        page.keyboard.press(key)
        answers(size)
    expect(predicted).to_be_hidden()
    explorer.button("Hide it").click()
    asks('n = 7, k = 3, padding="valid"')
    in_kernel(page, "box = lesson.places.box(); box.inputs[0].value = '4'; box.commit.click()")
    answers("5×5")
    expect(predicted).to_contain_text("Places in a row: 4 ≠ 5")
    expect(predicted.locator(".cu-mine")).to_have_css("border-style", "dashed")
    expect(explorer.button("Show it")).to_have_count(0)
    in_kernel(page, "box.start_over.click()")
    asks('n = 7, k = 3, padding="valid"')


def test_height_and_width_come_apart_by_key(page: rig.WatchedPage) -> None:
    explorer = shown(page, "padding")
    explorer.open_more()
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
    explorer = shown(page, "stride")
    note = explorer.cell.locator(".cu-notes")
    expect(note).to_contain_text("d is held at 1 while s is 2")
    expect(note.locator("p")).to_be_hidden()  # as long as d is folded away
    explorer.open_more()
    expect(note.locator("p")).to_be_visible()
    explorer.slider("s, stride").focus()
    page.keyboard.press("ArrowLeft")
    expect(note).to_be_empty()
    explorer.button("Reset").click()
    expect(note).to_contain_text("Set s to 1 to free d")


def test_a_key_on_the_slider_changes_picture_and_verdict(page: rig.WatchedPage) -> None:
    one = shown(page, "valid")
    expect(one.title("output")).to_have_text("output 5×5")
    one.slider("k, kernel size").focus()
    for key, size in (("ArrowRight", 4), ("ArrowRight", 3), ("End", 1), ("Home", 7), ("ArrowRight", 6)):
        page.keyboard.press(key)
        expect(one.title("output")).to_have_text(f"output {size}×{size}")
        expect(one.cell.locator('[data-name="output"] .cu-cell')).to_have_count(size * size)
        cells = "the one value" if size == 1 else f"all {size * size} values"
        expect(one.verdict).to_contain_text(f"✓ by hand ✓ Keras They agree in shape and in {cells}")
        expect(one.cell.locator(".cu-answer").first).to_contain_text(f"= {size}")
    assert one.slider("k, kernel size").evaluate("node => node === document.activeElement")


@pytest.mark.parametrize("name", SUMS)
def test_the_sum_on_the_page_gives_the_number_in_the_cell(page: rig.WatchedPage, name: str) -> None:
    one = shown(page, name)
    rig.settle(page)
    cells = one.cell.locator('[data-name="output"] .cu-cell:not(.cu-ghost)').all()
    for cell in (cells[0], cells[len(cells) // 2 + 1], cells[-1]):
        row, column = (cell.get_attribute("data-at") or "").split(",")
        cell.hover()
        expect(one.arithmetic).to_contain_text(f"Output row {row}, column {column}:")
        text = one.arithmetic.inner_text().replace("−", "-").replace("·", "*").replace("∞", "float('inf')")
        sums = re.findall(r"^  (.+?)(?:  \(.+ not counted\))?\n= (\S+) +Keras: (\S+)$", text, re.S | re.M)
        assert len(sums) == text.count("Keras: ") > 0, text
        for written, by_hand, keras in sums:
            assert eval(written.replace("\n", " ")) == pytest.approx(float(by_hand), abs=5.1e-5), text
            assert by_hand == keras
        number = (cell.locator("text").text_content() or "").replace("−", "-")
        assert float(number) == pytest.approx(float(sums[0][1]), abs=0.0051)


def test_the_last_value_of_a_slider_is_the_largest_map(page: rig.WatchedPage) -> None:
    one = shown(page, "same")
    one.slider("n, input size").focus()
    page.keyboard.press("End")
    expect(one.title("input")).to_have_text("input 12×12, padded to 15×15")
    expect(one.title("output")).to_have_text("output 12×12")
    expect(one.verdict).to_contain_text("all 144 values")


def test_a_number_of_keras_that_differs_is_told_beside_the_cell(page: rig.WatchedPage) -> None:
    one = shown(page, "valid")
    in_kernel(
        page,
        f"view = Out[{2 + [*CELLS].index('valid')}].view\n"
        "(sums,) = view.frame['arithmetic']\n"
        "keras = [[f'{row}.{column}' for column in range(5)] for row in range(5)]\n"
        "view.frame = view.frame | {'arithmetic': [sums | {'keras': keras}]}",
    )
    one.grid_cell("output", 2, 3).hover()
    expect(one.arithmetic).to_contain_text(re.compile(r"= \d+\s+Keras: 2\.3$"))
    one.button("Reset").click()
    rig.settle(page)


def test_shortcuts_of_the_notebook_leave_the_cell_alone(page: rig.WatchedPage) -> None:
    one = shown(page, "valid")
    before = rig.sources(page)
    one.open_more()
    controls = [
        one.slider("k, kernel size"),
        one.cell.get_by_role("button", name="same", exact=True),
        one.cell.get_by_role("combobox").first,
        one.walker,
        one.cell.locator(".cu-code summary"),
    ]
    for control in controls:
        control.focus()
        for key in ("x", "d", "d", "m", "a", "z"):
            page.keyboard.press(key)
        assert rig.sources(page) == before, control
    assert one.output.is_visible()


def test_every_control_and_picture_has_a_name(page: rig.WatchedPage) -> None:
    one = shown(page, "valid")
    names = [slider.get_attribute("aria-label") for slider in one.cell.get_by_role("slider").all()]
    assert names == ["n, input size", "k, kernel size"]
    assert one.cell.get_by_role("group", name="padding").count() == 1
    assert one.cell.locator('[title="null"]').count() == 0
    for picture in one.cell.get_by_role("img").all():
        assert re.match(r"(Input|Kernel|Output) of \d+ by \d+", picture.get_attribute("aria-label") or "")
    assert "output" in (one.said.text_content() or "")


def test_the_impossible_shows_keras_own_words_and_the_way_out(page: rig.WatchedPage) -> None:
    one = shown(page, "impossible")
    expect(one.verdict).to_contain_text("⊘ Impossible")
    expect(one.cell.locator(".cu-answers")).to_contain_text("3 − 5 + 1 = −1")
    expect(one.cell.locator(".cu-answers")).to_contain_text("Computed output size would be zero or negative")
    expect(one.cell.locator('[data-name="output"]')).to_have_count(0)
    window = one.cell.locator('[data-name="input"] .cu-frame')
    of_the_map, beyond = one.grid_cell("input", 2, 2).bounding_box(), window.bounding_box()
    assert of_the_map and beyond
    cell = of_the_map["width"]
    assert beyond["width"] > 4.9 * cell and beyond["x"] + beyond["width"] > of_the_map["x"] + 2.9 * cell
    one.cell.get_by_role("button", name="same", exact=True).click()
    expect(one.title("output")).to_have_text("output 3×3")
    expect(one.verdict).to_contain_text("✓")


def test_the_code_is_copied(page: rig.WatchedPage) -> None:
    one = shown(page, "same")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    one.cell.locator(".cu-code summary").click()
    one.cell.get_by_role("button", name="Copy").click()
    expect(one.cell.locator(".cu-copy")).to_have_text("Copied")
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied == one.cell.locator(".cu-code code").text_content()
    assert "keras.layers.Conv2D(filters=1" in copied


# Of each cell with a number: its grid, the number, how strong its colour is, the colour as it is seen, and how well the
# number stands out from it; and how well each letter of a size does.
COLOURS = """view => {
    const sheet = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
    const paint = sheet.getContext('2d', { willReadFrequently: true });
    const over = (colour, opacity) => {
        paint.globalAlpha = opacity;
        paint.fillStyle = colour;
        paint.fillRect(0, 0, 1, 1);
        return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const linear = part => part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4;
    const bright = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const behind = [];
    for (let node = view; node; node = node.parentElement) behind.unshift(getComputedStyle(node).backgroundColor);
    const contrast = (one, other) => {
        const [a, b] = [bright(one), bright(other)].sort((a, b) => b - a);
        return (a + 0.05) / (b + 0.05);
    };
    const page = () => ['white', ...behind].map(colour => over(colour, 1)).at(-1);
    const letters = [...view.querySelectorAll(':is(.cu-n, .cu-k, .cu-s, .cu-o)')].map(one =>
        ({ text: one.textContent, contrast: contrast(page(), over(getComputedStyle(one).color, 1)) }));
    return letters.concat([...view.querySelectorAll('.cu-cell')].filter(cell => cell.textContent).map(cell => {
        const [box, number] = ['rect', 'text'].map(name => getComputedStyle(cell.querySelector(name)));
        page();
        const ground = over(box.fill, box.fillOpacity);
        const { name } = cell.closest('figure').dataset;
        const shade = +cell.querySelector('rect').style.getPropertyValue('--shade');
        return { name, text: cell.textContent, shade, ground, contrast: contrast(ground, over(number.fill, 1)) };
    }));
}"""


#: The formula, and where each size and its number stand in it.
FORMULAS = {
    "stride": ("o = ⌈n / s⌉ = ⌈8 / 2⌉ = 4", "o=o n=n s=s n=8 s=2 o=4"),
    "valid": ("o = n − k + 1 = 7 − 3 + 1 = 5", "o=o n=n k=k n=7 k=3 o=5"),
    "dilation": (
        "height: o = n − k_eff + 1 = 9 − 5 + 1 = 5; width: o = n − k_eff + 1 = 7 − 5 + 1 = 3",
        "o=o n=n n=9 o=5 o=o n=n n=7 o=3",
    ),
    "transposed": ("o = n·s = 4·2 = 8", "o=o n=n s=s n=4 s=2 o=8"),
    "impossible": ("no output", ""),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_n_k_s_and_o_have_a_colour_each_wherever_they_stand(page: rig.WatchedPage, theme: rig.Theme) -> None:
    rig.set_theme(page, theme)
    for name, (formula, sizes) in FORMULAS.items():
        explorer = shown(page, name)
        explorer.button("Reset").click()
        line = explorer.cell.locator(".cu-formula")
        expect(line).to_have_text(formula)
        spans = line.locator("span").evaluate_all(
            "all => all.map(one => one.className.slice(3) + '=' + one.textContent)"
        )
        assert " ".join(spans) == sizes
    explorer = shown(page, "stride")
    explorer.cell.locator(".cu-answers > summary").click()
    ghosts = explorer.cell.locator(".cu-answer p").nth(1)
    expect(ghosts).to_have_text("p_before + p_after = max((o − 1)·s + k − n, 0) = max((4 − 1)·2 + 3 − 8, 0) = 1")
    found = ghosts.locator("span").evaluate_all(
        "all => all.map(one => one.className.slice(3) + one.textContent).join(' ')"
    )
    assert found == "oo ss kk nn o4 s2 k3 n8"
    explorer.cell.locator(".cu-answers > summary").click()
    seen: dict[str, list[str]] = explorer.cell.evaluate(
        """cell => {
            const colours = { n: [], k: [], s: [], o: [] };
            for (const size of 'nkso') {
                for (const one of cell.querySelectorAll(`.cu-${size}`)) colours[size].push(getComputedStyle(one).color);
                for (const label of cell.querySelectorAll(`.cu-set-${size} .widget-label`))
                    colours[size].push(getComputedStyle(label, '::first-letter').color);
                for (const grip of cell.querySelectorAll(`[data-grip=${size}]`))
                    colours[size].push(getComputedStyle(grip).stroke);
            }
            return colours;
        }"""
    )
    assert {size: len(some) >= 3 for size, some in seen.items()} == dict.fromkeys("nkso", True), seen
    assert all(len(set(some)) == 1 for some in seen.values()) and len({some[0] for some in seen.values()}) == 4, seen


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_number_stands_out_and_the_signs_have_a_colour_each(page: rig.WatchedPage, theme: rig.Theme) -> None:
    rig.set_theme(page, theme)
    for name in CELLS:
        seen = shown(page, name).output.evaluate(COLOURS)
        assert all(cell["contrast"] >= 4.5 for cell in seen), (name, min(seen, key=lambda cell: cell["contrast"]))
    cells = shown(page, "negative").output.evaluate(COLOURS)
    hues: dict[tuple[str, int], set[float]] = {}
    for grid in PaddingSettings(7, 3, "same", "edge", "negative").frame().grids:
        here = [cell for cell in cells if cell.get("name") == grid.name]
        drawn = [cell for row in grid.cells for cell in row]
        assert [cell["shade"] for cell in here] == pytest.approx([abs(grid.shade(cell)) for cell in drawn])
        for one, cell in zip(here, drawn, strict=True):
            hue, saturation, _ = colorsys.rgb_to_hsv(*(part / 255 for part in one["ground"]))
            if cell.role in ("real", "output"):
                if cell.text == "0":
                    assert saturation < 0.03, "0 is neutral"
                elif abs(grid.shade(cell)) > 0.25:
                    hues.setdefault((grid.name, 1 if grid.shade(cell) > 0 else -1), set()).add(360 * hue)
    means = {key: sum(some) / len(some) for key, some in hues.items()}
    assert len(means) == 4 and all(max(some) - min(some) < 12 for some in hues.values()), hues
    assert all(15 < mean < 345 for mean in means.values()), "red is for disagreement alone"
    for grid_name in ("input", "output"):
        assert abs(means[grid_name, 1] - means[grid_name, -1]) > 60


@pytest.mark.parametrize("width", [1280, 420])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_fits_and_axe_finds_nothing_serious(page: rig.WatchedPage, theme: rig.Theme, width: int) -> None:
    rig.set_theme(page, theme)
    rig.show_all(page, width)
    page.evaluate("() => { for (const node of document.querySelectorAll('.jp-Cell details')) node.open = true; }")
    rig.wait_painted(page)
    for index, name in enumerate(CELLS, 1):
        box = rig.cell(page, index).locator(".jp-OutputArea-output").first
        assert box.evaluate("area => area.scrollWidth - area.clientWidth") <= 1, name
        colour = box.locator(".cu-view").evaluate("view => getComputedStyle(view).color")
        assert (sum(map(int, re.findall(r"\d+", colour)[:3])) > 380) == (theme == "dark"), f"{name} can be read"
    assert not rig.axe_complaints(page, *range(1, 1 + len(CELLS)))


def test_a_longer_formula_moves_nothing_below_it(page: rig.WatchedPage) -> None:
    explorer = shown(page, "dilation")
    explorer.button("Reset").click()
    slider = explorer.slider("n, input size, height")
    below = "view => view.querySelector('.cu-scene').offsetTop - view.querySelector('.cu-line').offsetTop"
    tops: dict[int, list[int]] = {}
    for key in ("ArrowRight", "ArrowLeft"):  # 10 and 9 rows
        slider.focus()
        page.keyboard.press(key)
        rig.settle(page)
        for width in range(640, 1400, 20):
            rig.set_size(page, width, 1000)
            tops.setdefault(width, []).append(explorer.output.evaluate(below))
    rig.set_size(page, 1280, 1000)
    assert {width: top for width, top in tops.items() if len(set(top)) > 1} == {}


def test_cells_stay_where_they_are_and_ghosts_grow_around_them(page: rig.WatchedPage) -> None:
    explorer = shown(page, "padding")
    explorer.button("Reset").click()
    first = explorer.cell.locator('[data-name="input"] [data-at="0,0"]')
    slider = explorer.slider("k, kernel size")
    slider.focus()
    places = []
    for key in ("End", "ArrowLeft", "ArrowLeft", "Home"):  # 6, 5, 4 and 0 ghosts: the last leaves too much room
        page.keyboard.press(key)
        rig.settle(page)
        places.append(first.bounding_box())
    assert places[0] == places[1] == places[2] != places[3]


def test_on_a_small_laptop_with_side_bars_every_end_fits_on_one_screen(
    page: rig.WatchedPage, lab: rig.Lab, tmp_path: Path
) -> None:
    calls = [CELLS[name] for name in ("padding", "stride", "pooling", "transposed")]
    rig.set_size(page, 1366, 768)
    path = rig.write_notebook(tmp_path / "laptop.ipynb", "from course_utils import explore", *calls)
    rig.open_notebook(page, lab, path, "lab")
    rig.run_all(page)
    room = page.locator(".jp-NotebookPanel .jp-WindowedPanel-outer").first.evaluate("node => node.clientHeight")
    for place, call in enumerate(calls, 1):
        explorer = OnPage(page, place)
        for key in ("End", "Home", "End"):
            for slider in explorer.cell.locator(".noUi-target:not([disabled]) [role=slider]:visible").all():
                slider.focus()
                page.keyboard.press(key)
            rig.settle(page)
            taken = explorer.output.evaluate(
                """view => view.querySelector('.cu-sum').getBoundingClientRect().bottom
                    - view.closest('.cu-explorer').getBoundingClientRect().top"""
            )
            assert 150 < taken <= room, (call, key)
