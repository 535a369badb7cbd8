"""Every lesson in a real JupyterLab: run from top to bottom, answered, moved, narrow and dark."""

from __future__ import annotations

import lab as rig
import pytest
from expected_answers import PREDICTED
from lessons import LESSONS, Lesson, label
from on_page import OnPage
from playwright.sync_api import expect

from course_utils.exercises.predictions import Choice

#: The first one has tests of its own, which do more.
OTHERS = [lesson for lesson in LESSONS if lesson.number != "00"]


class Opened:
    """A lesson that is open in JupyterLab and has been run."""

    def __init__(self, lesson: Lesson, page: rig.WatchedPage) -> None:
        self.lesson, self.page = lesson, page
        self.cells = rig.model(page)["cells"]

    def places(self, source: str) -> list[int]:
        """Where the code cells stand that begin so."""
        return [
            index
            for index, cell in enumerate(self.cells)
            if cell["cell_type"] == "code" and "".join(cell["source"]).startswith(source)
        ]


@pytest.fixture(scope="module", params=OTHERS, ids=label)
def run(request: pytest.FixtureRequest, tab: rig.WatchedPage, lab: rig.Lab) -> Opened:
    """Return each lesson in turn: running it once is enough for all tests here."""
    rig.set_size(tab, 1280, 1000)
    rig.open_notebook(tab, lab, request.param.notebook)
    rig.set_theme(tab, "light")
    opened = Opened(request.param, tab)
    spoilers = [place for place, cell in enumerate(opened.cells) if "spoiler" in cell["metadata"].get("tags", ())]
    for place in spoilers:
        rig.scroll_to_cell(tab, place)
        expect(rig.cell(tab, place).locator(".jp-Placeholder")).to_be_visible()
        expect(rig.cell(tab, place).locator(".jp-OutputArea-output img")).to_have_count(0)
    rig.run_all(tab)
    for place in spoilers:
        rig.scroll_to_cell(tab, place)
        expect(rig.cell(tab, place).locator(".jp-Placeholder")).to_have_count(0)
    return opened


@pytest.fixture
def opened(run: Opened, page: rig.WatchedPage) -> Opened:
    return run


def test_run_all_ends_without_an_error_and_gives_no_exercise_away(opened: Opened) -> None:
    assert not rig.error_outputs(opened.page)
    said = [
        output["data"]["text/plain"]
        for outputs in rig.outputs(opened.page)
        for output in outputs
        if output["output_type"] == "display_data" and "text/plain" in output["data"]
    ]
    untouched = [text for text in said if "".join(text).startswith("○ Not tried yet.")]
    assert len(untouched) == len(opened.lesson.exercises) >= 5


def test_an_explorer_below_a_prediction_holds_its_answer_back(opened: Opened) -> None:
    for place in opened.places("explore."):
        waits = "after=" in "".join(opened.cells[place]["source"])
        expect(OnPage(opened.page, place).cell.locator(".cu-ask")).to_have_count(2 if waits else 0)


def test_each_explorer_follows_its_first_free_slider_to_both_ends(opened: Opened) -> None:
    places = opened.places("explore.")
    assert places or opened.lesson.number == "06"
    for place in places:
        shown = OnPage(opened.page, place)
        slider = shown.cell.locator(".noUi-target:not([disabled]) [role=slider]:visible").first
        slider.focus()
        pictures = set()
        for key in ("End", "Home"):
            before, stood = shown.output.inner_html(), slider.get_attribute("aria-valuenow")
            opened.page.keyboard.press(key)
            if slider.get_attribute("aria-valuenow") != stood:  # it may stand at this end already
                rig.settle(opened.page)
                assert shown.output.inner_html() != before, opened.cells[place]["id"]
            pictures.add(shown.output.inner_html())
            assert not shown.cell.locator(".cu-problem:visible").count(), opened.cells[place]["id"]
        assert len(pictures) == 2, opened.cells[place]["id"]
        assert slider.evaluate("node => node === document.activeElement"), "the slider was replaced"


def test_a_right_expectation_is_told_to_be_one(opened: Opened) -> None:
    truths = PREDICTED[opened.lesson.number]
    for prediction in opened.lesson.predictions:
        (place,) = opened.places(f"lesson.{prediction.name}.predict(")
        rig.scroll_to_cell(opened.page, place)
        cell = rig.cell(opened.page, place)
        for field, true in zip(prediction.inputs, truths[prediction.name], strict=True):
            if isinstance(field, Choice):
                group = cell.locator(".widget-radio", has_text=field.label)
                group.get_by_role("radio", name=str(true), exact=True).check()
            else:
                cell.get_by_role("textbox", name=field.label, exact=True).fill(str(true))
        cell.get_by_role("button", name="Commit my answer").click()
        expect(cell.get_by_text("As you expected").first).to_be_visible(timeout=30_000)


def test_then_each_explorer_shows_what_came_and_what_was_expected(opened: Opened) -> None:
    for place in opened.places("explore."):
        shown, waited = OnPage(opened.page, place), "after=" in "".join(opened.cells[place]["source"])
        expect(shown.cell.locator(".cu-ask")).to_have_count(0)
        expect(shown.cell.locator(".cu-verdict")).to_have_count(1)
        assert shown.cell.locator(".cu-predicted").is_visible() == waited, opened.cells[place]["id"]


def test_on_a_narrow_dark_page_nothing_is_wider_than_the_page(opened: Opened) -> None:
    page = opened.page
    rig.set_theme(page, "dark")
    rig.show_all(page, 420)
    places = [place for place, cell in enumerate(opened.cells) if cell["cell_type"] == "code"]
    wide = page.evaluate(
        # Printed lines and tables scroll in their output; a widget or a picture has to find its place.
        """places => places.map(place => document.querySelector(`.jp-Cell[data-windowed-list-index="${place}"]`))
            .flatMap(cell => [...cell.querySelectorAll('.jp-OutputArea-output')])
            .filter(area => area.querySelector('.jupyter-widgets, .widget-box, img, svg')
                            && area.scrollWidth > area.clientWidth + 1).map(area => area.outerHTML.slice(0, 200))""",
        places,
    )
    assert not wide
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
