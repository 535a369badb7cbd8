"""The upsampling explorer, driven through the real widgets and the real Keras."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from frames import grid_of, numbers_in, printed_by, shape_and_numbers, value
from walking import check, extremes, walk

from course_utils import explore
from course_utils.explorers import upsampling as module
from course_utils.explorers.frame import Arithmetic, Frame
from course_utils.explorers.layer import SHOWS
from course_utils.explorers.upsampling import (
    INTERPOLATIONS,
    LARGEST_F,
    LARGEST_N,
    MODES,
    ROUND_TRIP,
    STRIP,
    UP,
    VALUES,
    comes_back_as,
    down_layer,
    round_trip,
    small_values,
    up_axes,
    up_layer,
    upsampling_frame,
)
from course_utils.explorers.windows import PADDINGS
from course_utils.pictures.grids import CELL, MIDDLE_CELL

FACTORS: list[Any] = [1, 2, 3, LARGEST_F, (1, 2), (3, 2), (LARGEST_F, 1)]


def frame_of(**settings: Any) -> Frame:
    """A frame at the settings a learner starts with, but for those given."""
    start: dict[str, Any] = {
        "n": 3,
        "f": 2,
        "interpolation": "nearest",
        "mode": UP,
        "padding": "same",
        "values": "digits",
    }
    return upsampling_frame(**(start | settings))


def weight(text: str) -> Fraction:
    """A weight as it is written: 1 or (3/4)."""
    assert re.fullmatch(r"1|\(\d/\d\)", text), text
    return Fraction(text.strip("()"))


def strips_of(frame: Frame) -> list[list[str]]:
    """The entries of each strip."""
    return [["".join(li.itertext()) for li in strip.iter("li")] for strip in ET.fromstring(f"<div>{frame.extra}</div>")]


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_every_extreme_of_the_way_up_agrees(interpolation: str) -> None:
    for n, f in product((1, 2, (3, 5), LARGEST_N), FACTORS):
        frame = frame_of(n=n, f=f, interpolation=interpolation)
        assert frame.outcome == "agree", (n, f, frame.verdict)
        assert len(frame.arithmetic) == 1


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_every_extreme_of_the_round_trip_agrees_or_is_refused_by_all(padding: str, interpolation: str) -> None:
    for n, f in product(range(1, LARGEST_N + 1), FACTORS):
        frame = frame_of(n=n, f=f, mode=ROUND_TRIP, padding=padding, interpolation=interpolation)
        assert frame.agrees, (n, f, frame.verdict)
        assert frame.refused == (padding == "valid" and max(f if isinstance(f, tuple) else (f,)) > n)
        assert len(frame.arithmetic) == (0 if frame.refused else 2 if interpolation == "nearest" else 1)


def test_a_random_walk_through_the_controls_never_fails() -> None:
    explorer = explore.upsampling(mode=ROUND_TRIP, padding="valid")
    seen = set()
    for where in walk(explorer, 200, seed=4):
        check(explorer, upsampling_frame, where)
        seen.add((explorer.frame.outcome, explorer.settings["mode"], explorer.settings["show"]))
    assert len(seen) == 5  # nothing is refused on the way up, nor to a picture


@pytest.mark.parametrize("show", SHOWS)
@pytest.mark.parametrize("mode", MODES)
def test_every_end_of_every_control_is_drawn(show: str, mode: str) -> None:
    explorer = explore.upsampling(n=(4, 3), show=show, mode=mode)
    for where in extremes(explorer):
        check(explorer, upsampling_frame, where)


def test_three_numbers_become_six_by_half_cells() -> None:
    frame = frame_of(n=(1, 3), f=(1, 2), interpolation="bilinear", values="count")
    (sums,) = frame.arithmetic
    assert [[value(text) for text in row] for row in sums.inputs] == [[0, 1, 2]]
    assert [[value(text) for text in row] for row in sums.keras] == [[0, 0.25, 0.75, 1.25, 1.75, 2]]
    assert sums.column_weights == [
        ["1"],
        ["(3/4)", "(1/4)"],
        ["(1/4)", "(3/4)"],
        ["(3/4)", "(1/4)"],
        ["(1/4)", "(3/4)"],
        ["1"],
    ]
    assert numbers_in(grid_of(frame_of(n=3, interpolation="bilinear", values="count"), "output")) == (
        [[0, 0.25, 0.75, 1.25, 1.75, 2]] * 6
    )


def test_the_weights_of_each_cell_are_one_together() -> None:
    for n, f in product(range(1, LARGEST_N + 1), range(1, LARGEST_F + 1)):
        (sums,) = frame_of(n=n, f=f, interpolation="bilinear").arithmetic
        assert sums.row_weights is not None and sums.column_weights is not None
        assert len(sums.row_weights) == len(sums.column_weights) == n * f
        for weights in (*sums.row_weights, *sums.column_weights):
            assert sum(map(weight, weights)) == 1, (n, f, weights)


def total(sums: Arithmetic, i: int, j: int) -> Fraction:
    """What the arithmetic of one output cell comes to, as it is written out."""
    if sums.how == "max":
        cells = [(r, c) for r in sums.rows[i] for c in sums.columns[j]]
        inside = [(r, c) for r, c in cells if 0 <= r < len(sums.inputs) and 0 <= c < len(sums.inputs[0])]
        assert inside and sums.ghost == "−∞"
        return Fraction(max(value(sums.inputs[r][c]) for r, c in inside))
    rows = sums.row_weights[i] if sums.row_weights else ["1"] * len(sums.rows[i])
    columns = sums.column_weights[j] if sums.column_weights else ["1"] * len(sums.columns[j])
    return sum(
        (
            Fraction(value(sums.inputs[r][c])) * weight(a) * weight(b)
            for r, a in zip(sums.rows[i], rows, strict=True)
            for c, b in zip(sums.columns[j], columns, strict=True)
        ),
        Fraction(0),
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("values", ["digits", "count"])
@pytest.mark.parametrize(("n", "f"), [(3, 2), (5, 3), ((4, 7), (4, 3)), (2, 1)])
def test_what_is_written_out_gives_the_cell(mode: str, interpolation: str, values: str, n: Any, f: Any) -> None:
    frame = frame_of(n=n, f=f, mode=mode, interpolation=interpolation, values=values)
    cells = numbers_in(grid_of(frame, "output"))
    assert frame.arithmetic
    for sums in frame.arithmetic:
        source = grid_of(frame, sums.source)
        inside = [[c.text for c in row if c.role != "ghost"] for row in source.cells]
        assert [row for row in inside if row] == sums.inputs
        assert (len(sums.rows), len(sums.columns)) == (len(cells), len(cells[0]))
        for i, j in product(range(len(sums.rows)), range(len(sums.columns))):
            found = float(total(sums, i, j))
            assert value(sums.by_hand[i][j]) == pytest.approx(found, abs=5.1e-5)
            assert value(sums.keras[i][j]) == pytest.approx(found, abs=5.1e-5)
            assert cells[i][j] == pytest.approx(found, abs=5.1e-3)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("f", range(1, LARGEST_F + 1))
def test_every_n_of_the_strip_is_what_the_real_layers_give(padding: str, f: int) -> None:
    returned = []
    for n in STRIP:
        trip = round_trip(np.arange(1.0, n * n + 1).reshape(n, n), f, "nearest", padding)
        assert trip.agrees
        keras = None if trip.up is None or trip.up.keras is None else trip.up.keras.shape[1:3]
        assert keras is None or keras[0] == keras[1]
        returned.append("nothing" if keras is None else str(keras[0]))
    (entries,) = strips_of(frame_of(n=LARGEST_N, f=f, mode=ROUND_TRIP, padding=padding))
    assert entries == [
        f"{n} → {back} {'✓' if back == str(n) else '✗'}" for n, back in zip(STRIP, returned, strict=True)
    ]
    assert [n for n in STRIP if comes_back_as(n, f, padding) == n] == [n for n in STRIP if n % f == 0]


def test_with_same_and_two_exactly_the_even_sizes_come_back() -> None:
    for n in range(1, LARGEST_N + 1):
        frame = frame_of(n=n, mode=ROUND_TRIP)
        back = grid_of(frame, "output")
        assert (back.rows == n) == (n % 2 == 0)
        assert back.rows == 2 * grid_of(frame, "pooled").rows
        (entries,) = strips_of(frame)
        assert [entry for entry in entries if "✓" in entry] == [f"{even} → {even} ✓" for even in range(2, 13, 2)]
        assert frame.answers[0].lines[0] == f"{n} → {grid_of(frame, 'pooled').rows} → {back.rows}"
        assert any("Only a multiple of 2 comes back." in remark for remark in frame.remarks)


def test_the_strip_marks_where_we_are_on_each_side() -> None:
    frame = frame_of(n=(5, 6), f=(2, 3), mode=ROUND_TRIP)
    strips = list(ET.fromstring(f"<div>{frame.extra}</div>"))
    marked = [["".join(li.itertext()) for li in strip.iter("li") if li.get("aria-current")] for strip in strips]
    assert marked == [["5 → 6 ✗"], ["6 → 6 ✓"]]
    assert [strip[0].text for strip in strips] == [
        "Height: which n come back, with f = 2?",
        "Width: which n come back, with f = 3?",
    ]
    assert frame_of(mode=UP).extra == ""


def test_what_is_lost_in_values_is_counted_and_marked() -> None:
    frame = frame_of(n=6, mode=ROUND_TRIP)
    before, after = numbers_in(grid_of(frame, "input")), numbers_in(grid_of(frame, "output"))
    changed = np.array(before) != np.array(after)
    marks = [[cell.role == "differ" for cell in row] for row in grid_of(frame, "output").cells]
    assert (np.array(marks) == changed).all() and changed.any()
    assert f"9 of 36 were kept, and {changed.sum()} cells hold another number" in frame.remarks[1]
    ones = frame_of(n=6, mode=ROUND_TRIP, values="ones")
    assert not any("hold another number" in remark for remark in ones.remarks)


def test_the_verdict_needs_both_layers() -> None:
    trip = round_trip(small_values(4, "digits"), 2, "nearest", "same")
    assert trip.agrees and trip.up is not None and trip.down.by_hand is not None and trip.up.by_hand is not None
    assert module._verdict(trip).startswith("Both layers agree")
    up = dataclasses.replace(trip, up=dataclasses.replace(trip.up, by_hand=trip.up.by_hand + 1))
    assert not up.agrees
    assert module._verdict(up).startswith("The upsampling layer: They differ in 16 of 16 values")
    down = dataclasses.replace(trip, down=dataclasses.replace(trip.down, by_hand=trip.down.by_hand + 1))
    assert not down.agrees
    assert module._verdict(down).startswith("The pooling layer: They differ in 4 of 4 values")


def test_the_second_layer_runs_on_what_the_first_one_gave() -> None:
    trip = round_trip(small_values(5, "digits"), 2, "nearest", "same")
    assert trip.down.keras is not None and trip.up is not None and trip.up.keras is not None
    assert trip.up.input_shape == (1, 3, 3, 1)
    assert (trip.up.keras[0, ::2, ::2, 0] == trip.down.keras[0, :, :, 0]).all()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"interpolation": "bilinear", "f": (3, 2)},
        {"mode": ROUND_TRIP, "n": 5},
        {"mode": ROUND_TRIP, "n": (5, 7), "f": (2, 3), "padding": "valid", "interpolation": "bilinear"},
    ],
)
def test_the_code_to_copy_runs_by_itself_and_prints_the_picture(settings: dict[str, Any]) -> None:
    frame = frame_of(**settings)
    shape, numbers = shape_and_numbers(printed_by(frame.code)[0])
    output = grid_of(frame, "output")
    assert shape == str((1, output.rows, output.columns, 1))
    shown = np.array(numbers_in(output)).ravel()
    assert numbers == pytest.approx(shown, abs=5.1e-3)


def test_the_code_of_an_impossible_setting_asks_and_does_not_call() -> None:
    frame = frame_of(n=2, f=3, mode=ROUND_TRIP, padding="valid")
    assert frame.outcome == "refused"
    assert "2 − 3 + 1 = 0" in frame.answers[0].lines[1]
    assert "Computed output size would be zero or negative" in frame.answers[2].lines[1]
    assert "down(x" not in frame.code and "up(" not in frame.code
    with pytest.raises(ValueError, match="Computed output size would be zero or negative"):
        printed_by(frame.code)


def test_the_layers_that_are_printed_are_the_layers_that_are_built() -> None:
    import keras

    for code in (up_layer((2, 3), "bilinear"), down_layer(3, "valid")):
        printed, built = eval(code.text, {"keras": keras}).get_config(), code.build().get_config()
        assert printed.pop("name") != built.pop("name")
        assert printed == built
        assert (
            f" = {code.text}"
            in frame_of(
                f=(2, 3) if "Up" in code.kind else 3,
                n=3,
                mode=UP if "Up" in code.kind else ROUND_TRIP,
                padding="valid",
                interpolation="bilinear",
            ).code
        )


@pytest.mark.parametrize(
    ("mode", "interpolation", "titles"),
    [
        (UP, "nearest", ["input 32×32", "output 96×96"]),
        (ROUND_TRIP, "bilinear", ["input 64×64", "pooled 22×22", "back again 66×66"]),
    ],
)
def test_a_picture_goes_the_same_way(mode: str, interpolation: str, titles: list[str]) -> None:
    frame = frame_of(mode=mode, interpolation=interpolation, f=3, show="image")
    assert [photo.title for photo in frame.photos] == titles
    assert [photo.secret for photo in frame.photos] == [False] + [True] * (len(titles) - 1)
    assert frame.outcome == "agree" and not frame.grids
    explorer = explore.upsampling(mode=mode, show="image")
    assert any(f"the size of the picture, {32 if mode == UP else 64}." in note for note in explorer.view.notes)


def test_padding_is_shown_only_where_something_is_pooled() -> None:
    explorer = explore.upsampling()
    assert explorer.controls["padding"].layout.display == "none"
    explorer.controls["mode"].value = ROUND_TRIP
    assert explorer.controls["padding"].layout.display is None


def test_a_large_map_is_drawn_in_smaller_cells() -> None:
    small, large = (grid_of(frame_of(n=n, f=4), "output") for n in (4, 5))
    assert (small.cell, large.cell) == (CELL, MIDDLE_CELL)


def test_only_the_last_map_of_the_round_trip_is_walked() -> None:
    # An input cell reaches the last map by way of the pooled one, so pointing at it would light wrong cells.
    frame = frame_of(mode=ROUND_TRIP)
    assert {grid.name: grid.walk for grid in frame.grids} == {"input": "", "pooled": "", "output": "output"}


@pytest.mark.parametrize("values", VALUES)
def test_the_numbers_are_what_the_button_says(values: str) -> None:
    numbers = small_values((3, 4), values)
    assert numbers.shape == (3, 4)
    if values == "count":
        assert (numbers == [0, 1, 2, 3]).all()


def test_blends_are_those_of_the_axis() -> None:
    (sums,) = frame_of(n=(2, 5), f=(3, 4), interpolation="bilinear").arithmetic
    for axis, n, cells, weights in zip(
        up_axes((3, 4), "bilinear"),
        (2, 5),
        (sums.rows, sums.columns),
        (sums.row_weights, sums.column_weights),
        strict=True,
    ):
        assert weights is not None
        for i in range(axis.output_size(n)):
            assert axis.blend(i, n) == tuple(zip(cells[i], map(weight, weights[i]), strict=True))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"n": 9}, "n goes from 1 to 8; you gave 9"),
        ({"f": 5}, "f goes from 1 to 4; you gave 5"),
        ({"f": (0, 2)}, r"f goes from 1 to 4; you gave \(0, 2\)"),
        ({"interpolation": "bicubic"}, "interpolation is one of 'nearest', 'bilinear'; you gave 'bicubic'"),
        ({"mode": "down"}, "mode is one of 'up', 'down and up'; you gave 'down'"),
        ({"padding": "SAME"}, "padding is one of"),
        ({"values": "negative"}, "values is one of"),
        ({"show": "film"}, "show is one of"),
    ],
)
def test_a_start_outside_the_limits_names_them(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        explore.upsampling(**settings)


@pytest.mark.parametrize("mode", MODES)
def test_the_answer_is_held_back_for_a_presenter(mode: str) -> None:
    explorer = explore.upsampling(presenter=True, mode=mode)
    assert [(grid.rows, grid.columns) for grid in explorer.shown.grids] == [(3, 3)]
    assert explorer.view.frame["extra"] == ""
    explorer.reveal.value = True
    assert explorer.shown is explorer.frame
