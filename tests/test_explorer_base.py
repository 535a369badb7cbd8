"""What every explorer has from its base: rectangles, reset, links, a projector's type, and an answer held back."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import pytest
from matplotlib.image import imread

from course_utils import explore
from course_utils.data import PICTURES, picture
from course_utils.explorers.base import Explorer
from course_utils.explorers.frame import Frame, Question, format_difference


def visible(explorer: Explorer) -> set[str]:
    return {name for name, control in explorer.controls.items() if control.layout.display != "none"}


def test_what_rounding_leaves_is_told_alike_on_every_machine_and_never_as_nothing() -> None:
    on_an_intel, on_an_amd = 9.79e-07, 5.01e-07
    assert format_difference(on_an_intel) == format_difference(on_an_amd) == "below 0.00001"
    assert [format_difference(gap) for gap in (0, 1e-5, 0.25, 12.5)] == ["0", "1e-05", "0.25", "12.5"]
    assert "largest difference in any value: below 0.00001" in explore.autoencoder().frame.text


# -- height and width apart -----------------------------------------------------------------------------------------


def test_a_square_has_one_slider_for_each_size() -> None:
    explorer = explore.stride()
    assert not {name for name in visible(explorer) if name.endswith("_width")}
    assert explorer.settings["n"] == 8
    assert explorer.controls["n"].description == "n, input size"


def test_setting_height_and_width_apart_changes_nothing_at_first() -> None:
    explorer = explore.stride(n=8)
    explorer.controls["n"].value = 6
    before = explorer.frame
    explorer.controls["apart"].value = True
    assert explorer.settings["n"] == (6, 6), "the width starts where the height is"
    assert explorer.frame.grids == before.grids
    assert {"n_width", "k_width", "s_width", "d_width"} <= visible(explorer)
    assert explorer.controls["n"].description == "n, input size, height"
    explorer.controls["n_width"].value = 9
    assert "6 × 9" in explorer.frame.setting
    assert explorer.frame.agrees
    explorer.controls["apart"].value = False
    assert explorer.settings["n"] == 6
    assert "n_width" not in visible(explorer)


def test_a_pair_at_the_start_opens_with_height_and_width_apart() -> None:
    explorer = explore.padding(n=(5, 9), k=3)
    assert explorer.controls["apart"].value is True
    assert explorer.settings["n"] == (5, 9) and explorer.settings["k"] == (3, 3)
    formula = explorer.frame.answers[0].lines
    assert any(line.startswith("height: o = ") for line in formula)
    assert any(line.startswith("width: o = ") for line in formula)


# -- reset and links ------------------------------------------------------------------------------------------------


def test_reset_goes_back_to_the_start_with_one_picture() -> None:
    explorer = explore.stride(n=(7, 8), k=5, s=1, padding="valid")
    start = explorer.frame
    for name, value in {"n": 12, "k_width": 1, "padding": "same", "values": "ones", "apart": False}.items():
        explorer.controls[name].value = value
    assert explorer.frame != start
    drawn: list[object] = []
    explorer.view.observe(drawn.append, names="frame")
    explorer.reset.click()
    assert explorer.frame == start
    assert len(drawn) == 1
    assert explorer.controls["apart"].value is True and explorer.controls["k_width"].value == 5


def test_a_held_control_is_greyed_out_and_the_reason_is_shown_and_read_out() -> None:
    explorer = explore.stride(s=2)
    assert explorer.controls["d"].disabled and explorer.controls["d_width"].disabled
    (note,) = explorer.view.notes
    assert "d is held at 1 while s is 2" in note
    assert note in explorer.guard.say


def test_a_picture_holds_n_and_hides_the_digits() -> None:
    explorer = explore.padding()
    assert "picture" not in visible(explorer)
    explorer.controls["show"].value = "image"
    assert {"picture"} <= visible(explorer) and "values" not in visible(explorer)
    assert explorer.controls["n"].disabled
    assert "the size of the picture, 64" in explorer.view.notes[0]
    assert explorer.frame.setting.startswith("n = 64")
    explorer.controls["show"].value = "numbers"
    assert not explorer.controls["n"].disabled and explorer.view.notes == []
    assert explorer.settings["n"] == 7, "what was set before is kept"


# -- for a projector ------------------------------------------------------------------------------------------------

ALL = [
    lambda **more: explore.padding(**more),
    lambda **more: explore.stride(**more),
    lambda **more: explore.pooling(**more),
    lambda **more: explore.upsampling(**more),
    lambda **more: explore.transposed(**more),
    lambda **more: explore.autoencoder(n=32, **more),  # 28 would be the answer and the question
]
ONE_LAYER = ALL[:-1]


@pytest.mark.parametrize("make", ALL)
def test_the_answer_is_held_back_until_it_is_revealed(make: Any) -> None:
    explorer = make(presenter=True)
    assert "cu-presenter" in explorer._dom_classes
    assert explorer.reveal in _all_children(explorer._panel)
    _nothing_is_given_away(explorer)
    explorer.reveal.value = True
    assert explorer.view.frame == explorer.frame.for_view()
    assert explorer.reveal.description == "Hide the answer"
    explorer.controls["n"].value -= 1
    assert explorer.reveal.value is False, "the next setting is a new question"
    _nothing_is_given_away(explorer)


def _all_children(box: Any) -> list[Any]:
    children = list(getattr(box, "children", ()))
    return children + [grandchild for child in children for grandchild in _all_children(child)]


def _nothing_is_given_away(explorer: Explorer) -> None:
    """No size that comes out, no ghost cell, no code and no sum is in what is sent to the page."""
    shown = explorer.view.frame
    assert isinstance(explorer.shown, Question)
    assert shown["arithmetic"] == [] and shown["code"] == "" and shown["remarks"] == []
    assert {grid["name"] for grid in shown["grids"]} <= {"input", "kernel"}
    for grid in explorer.shown.grids:
        assert {cell.role for row in grid.cells for cell in row} <= {"real", "kernel"}
    frame = explorer.frame
    told = shown["answers"] + shown["extra"] + explorer.guard.say
    assert "What size comes out?" in told
    for line in (frame.result, frame.verdict, *(line for answer in frame.answers for line in answer.lines)):
        assert line not in told
    bundle, _ = explorer._repr_mimebundle_()
    assert frame.result not in bundle["text/plain"]


def test_an_impossible_setting_is_not_given_away_either() -> None:
    explorer = explore.transposed(presenter=True, s=2, output_padding=3)
    assert explorer.frame.refused
    assert explorer.view.notes == []
    _nothing_is_given_away(explorer)
    explorer.reveal.value = True
    assert "output_padding" in explorer.view.notes[0]


@pytest.mark.parametrize("make", ALL)
def test_without_a_presenter_everything_is_shown_at_once(make: Any) -> None:
    explorer = make()
    assert "cu-presenter" not in explorer._dom_classes
    assert explorer.reveal not in _all_children(explorer._panel)
    assert isinstance(explorer.shown, Frame)


@pytest.mark.parametrize("make", ONE_LAYER)
def test_a_picture_goes_through_the_same_layer(make: Any) -> None:
    explorer = make(show="image")
    first, *others = explorer.view.frame["photos"]
    assert first["name"] == "input" and others
    for photo in (first, *others):
        assert photo["png"].startswith(b"\x89PNG\r\n")
        height, width = imread(io.BytesIO(photo["png"])).shape[:2]
        assert photo["width"] * height == photo["height"] * width, "not to scale"
        assert f"{height}×{width}" in photo["title"]
        assert f"{height} by {width} cells" in photo["alt"]
        assert re.fullmatch(r"black is −?[\d.]+, white is −?[\d.]+", photo["key"])
    assert len({photo["width"] * 64 // imread(io.BytesIO(photo["png"])).shape[1] for photo in (first, *others)}) == 1
    bundle, _ = explorer._repr_mimebundle_()
    still = base64.b64decode(bundle["image/png"])
    assert imread(io.BytesIO(still)).shape[0] > 100


# -- the pictures that go in ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("size", [64, 32, 1])
def test_pictures_have_the_size_and_the_range_they_say(name: str, size: int) -> None:
    values = picture(name, size)
    assert values.shape == (size, size)
    assert values.min() >= 0 and values.max() <= 1
    if size > 1 and name != "white":
        assert values.max() - values.min() > 0.5


@pytest.mark.parametrize(("name", "size", "said"), [("cat", 64, "you gave 'cat'"), ("photo", 63, "you gave 63")])
def test_a_picture_that_is_not_there_names_those_that_are(name: str, size: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        picture(name, size)
