"""Lesson 00 in a real browser: the set-up check, a prediction committed and kept, and the table of reasons."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import lab as rig
import nbformat
import pytest
from playwright.sync_api import Locator, expect

LESSON = "00_start_here.ipynb"
SIZES = [28, 14, 14, 7, 7, 4, 4, 8, 8, 16, 14, 28, 28]


@pytest.fixture(scope="module", autouse=True)
def opened(tab: rig.WatchedPage, lab: rig.Lab) -> Iterator[None]:
    """Lesson 00, opened and run on a kernel that starts as it does for a learner."""
    rig.open_and_run(tab, lab, LESSON, kernel=rig.ORDINARY)
    yield
    record(lab).unlink(missing_ok=True)


def record(lab: rig.Lab) -> Path:
    """Return the file in which the learner's predictions are kept."""
    return lab.root / lab.source.name / "my_predictions.json"


def cell(page: rig.WatchedPage, cell_id: str) -> Locator:
    index = [cell["id"] for cell in nbformat.read(rig.NOTEBOOKS / LESSON, 4).cells].index(cell_id)
    rig.scroll_to_cell(page, index)
    return rig.cell(page, index)


def test_run_all_ends_without_an_error(page: rig.WatchedPage) -> None:
    assert not rig.error_outputs(page)


def test_the_set_up_is_found_ready_and_its_slider_moves(page: rig.WatchedPage) -> None:
    shown = cell(page, "check")
    expect(shown.locator(".jp-Cell-outputArea")).to_contain_text("Ready: go on below.")
    slider = shown.get_by_role("slider", name="widgets are drawn: move me")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "4")


def test_a_prediction_is_kept_back_committed_recorded_and_taken_back(page: rig.WatchedPage, lab: rig.Lab) -> None:
    shown = cell(page, "predict-imports")
    output = shown.locator(".jp-Cell-outputArea")
    boxes = shown.get_by_role("textbox").all()[-13:]
    assert len(boxes) == 13
    shown.get_by_role("button", name="Commit my answer").click()
    expect(output).not_to_contain_text("of the 13")
    for box, size in zip(boxes, [28] * 13, strict=True):
        box.fill(str(size))
    shown.get_by_role("button", name="Commit my answer").click()
    expect(boxes[0]).to_be_disabled()
    right = sum(size == 28 for size in SIZES)
    expect(output).to_contain_text(f"{right} of")
    assert "28" in json.dumps(json.loads(record(lab).read_text(encoding="utf-8")))
    shown.get_by_role("button", name="Start over").click()
    expect(boxes[0]).to_be_enabled()
    expect(boxes[0]).to_have_value("28")
    for box, size in zip(boxes, SIZES, strict=True):
        box.fill(str(size))
    shown.get_by_role("button", name="Commit my answer").click()
    expect(output).to_contain_text("13")
    expect(boxes[12]).to_be_disabled()


def test_a_committed_answer_is_there_again_in_a_new_kernel(page: rig.WatchedPage, lab: rig.Lab) -> None:
    assert record(lab).exists()
    rig.open_and_run(page, lab, LESSON)
    boxes = cell(page, "predict-imports").get_by_role("textbox").all()[-13:]
    expect(boxes[5]).to_have_value("4")
    expect(boxes[5]).to_be_disabled()


def test_shortcuts_leave_the_prediction_alone(page: rig.WatchedPage) -> None:
    shown = cell(page, "other-size-predict")
    before = rig.model(page)["cells"]
    for control in (shown.get_by_role("button", name="Commit my answer"), shown.get_by_role("radio").first):
        control.focus()
        for key in ("x", "d", "d"):
            page.keyboard.press(key)
    assert [c["id"] for c in rig.model(page)["cells"]] == [c["id"] for c in before]


def test_the_sizes_of_each_layer_are_listed_and_no_reason_is_told(page: rig.WatchedPage) -> None:
    text = cell(page, "explain").locator(".jp-OutputArea-output").last.inner_text()
    lines = [line.split() for line in text.splitlines() if "→" in line]
    assert [int(line[-1]) for line in lines] == SIZES
    assert [line[0] == "▸" for line in lines] == [a != b for a, b in pairwise([28, *SIZES])]
    assert "⌈" not in text and "·" not in text


@pytest.mark.parametrize("width", [1280, 420])
def test_everything_but_the_wide_tables_fits(page: rig.WatchedPage, width: int) -> None:
    rig.set_size(page, width, 1000)
    for cell_id in ("check", "predict-imports", "other-size-predict", "explorer", "ex1"):
        areas = cell(page, cell_id).locator(".jp-OutputArea-output").all()
        assert areas, cell_id
        for area in areas:
            assert area.evaluate("area => area.scrollWidth - area.clientWidth") <= 1, cell_id
