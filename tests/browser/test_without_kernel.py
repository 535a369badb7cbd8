"""The explorers on a page in a folder, without a kernel and without a network."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import lab as rig
import pytest
from alone import Alone, open_page, write
from playwright.sync_api import Browser, FloatRect, expect

from course_utils.explorers import recording

PLACES = list(recording.places())
FIRST = {shown["explorer"]: place for place, shown in reversed(recording.places().items())}
FIRST |= {"picture": "03_pool/s8-explore", "symmetric": "02_take_bigger_steps/s4-explore"}
PADDING = "01_pad_the_border/s1-explore"
#: Places where some settings were not recorded; in the second, d is held.
GREYED, HELD = "04_upsample/s5-explore", "02_take_bigger_steps/s1-explore"
#: Another one at each run; pytest shows it where a test fails.
SEED = random.randrange(10**6)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write(tmp_path_factory.mktemp("site"), PLACES)


@pytest.fixture(scope="module")
def tab(browser: Browser, address: str) -> Iterator[rig.WatchedPage]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, has_touch=True)
    page = rig.watch(context.new_page())
    open_page(page, address)
    yield page
    context.close()


@pytest.fixture
def page(tab: rig.WatchedPage) -> Iterator[rig.WatchedPage]:
    yield tab
    assert not tab.errors and not tab.strays


@pytest.fixture
def own_page(browser: Browser) -> Iterator[rig.WatchedPage]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield rig.watch(context.new_page())
    context.close()


@pytest.mark.parametrize("place", PLACES)
def test_it_starts_with_what_the_lesson_starts_with(page: rig.WatchedPage, place: str) -> None:
    one = Alone(page, place)
    start = {control["name"]: int(control["value"]) for control in one.place["controls"]}
    assert one.values == start
    one.check()
    assert one.el.locator(".cu-still").count() == 0


@pytest.mark.parametrize("name", FIRST)
@pytest.mark.parametrize("hand", ["key", "mouse", "touch"])
def test_every_slider_goes_to_both_ends(page: rig.WatchedPage, name: str, hand: str) -> None:
    one = Alone(page, FIRST[name])
    one.el.get_by_role("button", name="Reset").click()
    moved = 0
    for control in one.place["controls"]:
        slider = one.slider(control["name"])
        if control["kind"] != "number" or not slider.is_visible() or slider.is_disabled():
            continue
        moved += 1
        for end, key, right in (("low", "Home", False), ("high", "End", True)):
            slider.scroll_into_view_if_needed()
            box = slider.bounding_box()
            assert box
            x, y = box["x"] + (box["width"] - 2 if right else 2), box["y"] + box["height"] / 2
            if hand == "key":
                slider.press(key)
            elif hand == "touch":
                page.touchscreen.tap(x, y)
            else:
                page.mouse.move(box["x"] + box["width"] / 2, y)
                page.mouse.down()
                page.mouse.move(x, y)
                page.mouse.up()
            expect(slider).to_have_value(str(control[end]))
            one.check()
    assert moved
    one.el.get_by_role("button", name="Reset").click()
    one.check()


@pytest.mark.parametrize("place", PLACES)
def test_wherever_a_learner_goes_there_is_a_frame(page: rig.WatchedPage, place: str) -> None:
    one, chance = Alone(page, place), random.Random(SEED)
    one.open_more()
    for _ in range(6):
        chosen = chance.choice(one.free())
        kind = chosen.evaluate("node => node.type")
        if kind == "range":
            chosen.press(chance.choice(["ArrowLeft", "ArrowRight", "PageUp", "PageDown", "Home", "End"]))
        elif kind == "select-one":
            options = chosen.locator("option:enabled").evaluate_all("all => all.map(one => one.value)")
            chosen.select_option(chance.choice(options))
        else:
            chosen.click()
        one.check()
    one.el.get_by_role("button", name="Reset").click()
    one.check()


@pytest.mark.parametrize(("place", "which"), [(GREYED, ""), (HELD, ", and not held,")])
def test_what_was_not_recorded_is_greyed_out_and_says_what_it_needs(
    page: rig.WatchedPage, place: str, which: str
) -> None:
    one = Alone(page, place)
    assert one.needs.inner_text() == ""
    one.open_more()
    picture = one.box("show").get_by_role("button", name="a picture")
    expect(picture).to_be_disabled()
    expect(picture).to_have_attribute("title", "needs the running course")
    expect(one.needs).to_have_text(f"What is greyed out{which} needs the running course. How to run it")
    assert (one.needs.locator("a").get_attribute("href")) == "run.html#how"


def test_what_is_held_does_not_ask_for_the_running_course(page: rig.WatchedPage) -> None:
    one = Alone(page, FIRST["pooling"])
    one.box("kind").get_by_role("button", name="global max").click()
    expect(one.box("padding").get_by_role("button", name="valid")).to_be_disabled()
    one.check()
    one.el.get_by_role("button", name="Reset").click()


#: How much begins to slide or grow with a step of a slider that was at rest, and with one right after it.
_BEGINS = """async (slider) => {
    const place = slider.closest('[data-place]'), view = place.querySelector('.cu-view');
    const begun = new Set();
    const step = () => {
        slider.stepUp();
        slider.dispatchEvent(new Event('input', { bubbles: true }));
        const all = place.getAnimations({ subtree: true });
        const fresh = all.filter((one) => !begun.has(one) && one.effect.getTiming().duration > 0);
        fresh.forEach((one) => begun.add(one));
        return fresh.length;
    };
    step();
    const quick = step();
    await new Promise((rest) => new MutationObserver(() => view.matches('.cu-quick') || rest())
        .observe(view, { attributeFilter: ['class'] }));
    return [step(), quick, step()];
}"""


def test_one_step_slides_and_grows_and_a_quick_one_after_it_does_not(own_page: rig.WatchedPage, address: str) -> None:
    open_page(own_page, address)
    one = Alone(own_page, FIRST["padding"])
    one.box("padding").get_by_role("button", name="same").click()
    one.slider("k").press("Home")
    at_rest, *quick = one.slider("k").evaluate(_BEGINS)
    assert at_rest > 0 and quick == [0, 0]
    one.check()


def grip_of(one: Alone, name: str) -> FloatRect:
    """Where the corner of a map is that can be pulled, with room below it."""
    grip = one.el.locator(f'figure[data-name="{name}"] .cu-grip')
    grip.evaluate("node => node.scrollIntoView({ block: 'center' })")
    box = grip.bounding_box()
    assert box
    return box


def test_where_nothing_was_recorded_it_says_so_and_stays(page: rig.WatchedPage) -> None:
    one = Alone(page, PADDING)
    one.open_more()
    one.box("apart").locator("input").check()
    one.slider("n_width").press("End")
    one.check()
    before = one.values
    box = grip_of(one, "kernel")
    assert one.slider("k").is_disabled()
    page.mouse.move(box["x"] + 8, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 120, steps=3)
    page.mouse.up()
    expect(one.needs).to_have_text(
        re.compile(r"^k, kernel size, (height|width) \d needs the running course\. How to run it$")
    )
    assert one.values == before
    one.check()
    one.el.get_by_role("button", name="Reset").click()


def test_a_layer_set_on_the_tape_goes_back_where_nothing_was_recorded(page: rig.WatchedPage) -> None:
    one = Alone(page, FIRST["autoencoder"])
    one.el.get_by_role("button", name="Reset").click()
    for layer, stays in (("3", "1"), ("5", "0")):
        one.el.locator(f'.cu-tape [data-layer="{layer}"]').click()
        select = one.el.locator(f'.cu-chosen select[data-set="padding_{layer}"]')
        select.select_option("valid")
        expect(select).to_have_value(stays)
        assert one.values[f"padding_{layer}"] == int(stays)
        one.check()
    expect(one.needs).to_have_text("5 Conv2D padding valid needs the running course. How to run it")
    one.el.get_by_role("button", name="Reset").click()


def test_a_map_is_pulled_larger_and_its_slider_follows(page: rig.WatchedPage) -> None:
    one = Alone(page, PADDING)
    box = grip_of(one, "input")
    page.mouse.move(box["x"] + 8, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 8, box["y"] + 8 + 3 * 34, steps=6)
    page.mouse.up()
    expect(one.slider("n")).to_have_value("10")
    one.check()
    one.el.get_by_role("button", name="Reset").click()


def test_a_preset_sets_every_layer(page: rig.WatchedPage) -> None:
    one = Alone(page, FIRST["autoencoder"])
    for label, values in one.place["presets"].items():
        one.el.get_by_role("button", name=label, exact=True).click()
        assert one.values == values | {"n": one.values["n"]}
        one.check()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_can_be_read_and_axe_finds_nothing(own_page: rig.WatchedPage, tmp_path: Path, theme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    open_page(own_page, write(tmp_path, [*FIRST.values()]))
    # All is opened, and what is out of sight is drawn as well.
    own_page.add_style_tag(content=".cu-live { content-visibility: visible !important; }")
    own_page.evaluate(
        """theme => {
        document.documentElement.dataset.theme = theme;
        for (const one of document.querySelectorAll('details')) one.open = true;
        for (const one of document.querySelectorAll('[aria-expanded="false"]')) one.click();
    }""",
        theme,
    )
    for width in (1280, 420, 320):
        rig.set_size(own_page, width, 1000)
        root = own_page.locator("html")
        assert root.evaluate("root => root.scrollWidth - root.clientWidth") <= 0, width
        found = Axe().run(own_page, options={"preload": False}).response["violations"]
        assert not [f"{width}, {one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]
    assert not own_page.errors


def test_it_follows_the_theme_of_the_page_else_of_the_system(own_page: rig.WatchedPage, address: str) -> None:
    own_page.emulate_media(color_scheme="dark")
    open_page(own_page, address)
    one = own_page.locator("[data-explorer]").first
    for theme, light in ((None, "false"), ("light", "true"), ("dark", "false")):
        own_page.evaluate("theme => theme && (document.documentElement.dataset.theme = theme)", theme)
        expect(one).to_have_attribute("data-jp-theme-light", light)
    own_page.evaluate("() => delete document.documentElement.dataset.theme")
    own_page.emulate_media(color_scheme="light")
    expect(one).to_have_attribute("data-jp-theme-light", "true")


@pytest.mark.parametrize("harm", ["missing", "cut off", "another one"])
def test_a_damaged_recording_is_told_and_the_still_stays(own_page: rig.WatchedPage, tmp_path: Path, harm: str) -> None:
    address = write(tmp_path, [PADDING, FIRST["stride"]])
    script = tmp_path / "recording_padding.js"
    if harm == "missing":
        script.unlink()
    elif harm == "cut off":
        script.write_text(script.read_text()[:5000] + '";\n')
    else:
        script.write_text((tmp_path / "recording_stride.js").read_text().replace('"stride"', '"padding"'))
    open_page(own_page, address)
    one = own_page.locator('[data-explorer="padding"]')
    expect(one.get_by_role("alert")).to_contain_text("This explorer cannot be moved here")
    expect(one.get_by_alt_text("the still")).to_be_visible()
    expect(own_page.locator('[data-explorer="stride"] .cu-verdict')).to_be_visible()


def test_without_javascript_the_still_is_there(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_alt_text("the still")).to_have_count(len(PLACES))
    context.close()
