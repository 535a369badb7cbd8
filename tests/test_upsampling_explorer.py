"""The upsampling explorer, driven through the real widgets and the real Keras."""

from __future__ import annotations

import dataclasses
import re
from itertools import product
from typing import Any

import keras
import numpy as np
import pytest
from frames import by_keras, frame_of, grid_of, numbers_in, weight

from course_utils import explore
from course_utils.axes import Upsample
from course_utils.data import PICTURES, picture
from course_utils.explorers.frame import Frame
from course_utils.explorers.layer import LayerRun, TwoLayers, run_both
from course_utils.explorers.maps import PADDINGS
from course_utils.explorers.upsampling import (
    LARGEST_F,
    LARGEST_N,
    ROUND_TRIP,
    STRIP,
    UP,
    RoundTrip,
    UpsamplingSettings,
    comes_back_as,
)


def at(**settings: Any) -> Frame:
    return frame_of(UpsamplingSettings(**settings))


def strips_of(frame: Frame) -> list[list[str]]:
    """The entries of each strip."""
    return [[f"{n} {said}" for n, said, _ in strip.entries] for strip in frame.strips]


def test_three_numbers_become_six_by_half_cells() -> None:
    frame = at(n=(1, 3), f=(1, 2), interpolation="bilinear", values="count")
    (sums,) = frame.arithmetic
    assert numbers_in(grid_of(frame, sums.inputs)) == [[0, 1, 2]]
    assert [[float(text) for text in row] for row in by_keras(frame, sums)] == [[0, 0.25, 0.75, 1.25, 1.75, 2]]
    assert sums.column_weights == [
        ["1"],
        ["(3/4)", "(1/4)"],
        ["(1/4)", "(3/4)"],
        ["(3/4)", "(1/4)"],
        ["(1/4)", "(3/4)"],
        ["1"],
    ]
    assert numbers_in(grid_of(at(n=3, interpolation="bilinear", values="count"), "output")) == (
        [[0, 0.25, 0.75, 1.25, 1.75, 2]] * 6
    )


def test_the_weights_of_each_cell_are_one_together() -> None:
    for n, f in product(range(1, LARGEST_N + 1), range(1, LARGEST_F + 1)):
        (sums,) = at(n=n, f=f, interpolation="bilinear").arithmetic
        assert sums.row_weights is not None and sums.column_weights is not None
        assert len(sums.row_weights) == len(sums.column_weights) == n * f
        for weights in (*sums.row_weights, *sums.column_weights):
            assert sum(map(weight, weights)) == 1, (n, f, weights)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("f", range(1, LARGEST_F + 1))
def test_every_n_of_the_strip_is_what_the_real_layers_give(padding: str, f: int) -> None:
    returned = []
    for n in STRIP:
        settings = UpsamplingSettings(LARGEST_N, f, padding=padding)
        trip = run_both(settings.down(), settings.up(), np.arange(1.0, n * n + 1).reshape(n, n))
        assert trip.agrees
        keras = None if trip.second is None else trip.second.comparison.shape_keras
        assert keras is None or keras[1] == keras[2]
        returned.append("nothing" if keras is None else str(keras[1]))
    (entries,) = strips_of(at(n=LARGEST_N, f=f, mode=ROUND_TRIP, padding=padding))
    assert entries == [
        f"{n} → {back} {'✓' if back == str(n) else '✗'}" for n, back in zip(STRIP, returned, strict=True)
    ]
    assert [n for n in STRIP if comes_back_as(n, f, padding) == n] == [n for n in STRIP if n % f == 0]


def test_with_same_and_two_exactly_the_even_sizes_come_back() -> None:
    for n in range(1, LARGEST_N + 1):
        frame = at(n=n, mode=ROUND_TRIP)
        back = grid_of(frame, "output")
        assert (back.rows == n) == (n % 2 == 0)
        assert back.rows == 2 * grid_of(frame, "pooled").rows
        (entries,) = strips_of(frame)
        assert [entry for entry in entries if "✓" in entry] == [f"{even} → {even} ✓" for even in range(2, 13, 2)]
        assert frame.answers[0].lines[0] == f"{n} → {grid_of(frame, 'pooled').rows} → {back.rows}"
        assert any("Only a multiple of 2 comes back." in remark for remark in frame.remarks)


def test_the_strip_marks_where_we_are_on_each_side() -> None:
    frame = at(n=(5, 6), f=(2, 3), mode=ROUND_TRIP)
    marked = [[(said, back) for n, said, back in strip.entries if n == strip.now] for strip in frame.strips]
    assert marked == [[("→ 6 ✗", False)], [("→ 6 ✓", True)]]
    assert [strip.caption for strip in frame.strips] == [
        "Height: which n come back, with f = 2?",
        "Width: which n come back, with f = 3?",
    ]
    assert at(mode=UP).strips == ()


def test_what_is_lost_in_values_is_counted_and_marked() -> None:
    frame = at(n=6, mode=ROUND_TRIP)
    before, after = numbers_in(grid_of(frame, "input")), numbers_in(grid_of(frame, "output"))
    changed = np.array(before) != np.array(after)
    marks = [[cell.role == "differ" for cell in row] for row in grid_of(frame, "output").cells]
    assert (np.array(marks) == changed).all() and changed.any()
    assert f"9 of 36 were kept, and {changed.sum()} cells hold another number" in frame.remarks[1]
    ones = at(n=6, mode=ROUND_TRIP, values="ones")
    assert not any("hold another number" in remark for remark in ones.remarks)


@pytest.mark.parametrize(("name", "interpolation"), [*product(PICTURES, ("nearest", "bilinear"))])
def test_the_cells_of_a_picture_that_changed_are_those_that_keras_changed(name: str, interpolation: str) -> None:
    frame = at(mode=ROUND_TRIP, interpolation=interpolation, show="image", picture=name)
    x = picture(name).astype(np.float32)
    down, up = keras.layers.MaxPooling2D(2, padding="same"), keras.layers.UpSampling2D(2, interpolation=interpolation)
    count = int((np.asarray(up(down(x[None, :, :, None])))[0, :, :, 0] != x).sum())
    told = [int(one) for remark in frame.remarks for one in re.findall(r"(\d+) cells hold another", remark)]
    assert told == ([count] if count else [])
    assert (name, interpolation) != ("photo", "nearest") or count == 2845


def test_the_verdict_needs_both_layers() -> None:
    settings = UpsamplingSettings(4)
    trip = RoundTrip(settings, run_both(settings.down(), settings.up(), settings.x))
    down, up = trip.layers.first, trip.layers.second
    assert up is not None and trip.layers.agrees

    def one_more(run: LayerRun[Any]) -> LayerRun[Any]:
        assert run.comparison.by_hand is not None
        return dataclasses.replace(
            run, comparison=dataclasses.replace(run.comparison, by_hand=run.comparison.by_hand + 1)
        )

    for layers, verdict in (
        (trip.layers, "Both layers agree with the computation by hand, in shape and in all values: 4 and 16."),
        (TwoLayers(down, one_more(up)), "The upsampling layer: They differ in 16 of 16 values"),
        (TwoLayers(one_more(down), up), "The pooling layer: They differ in 4 of 4 values"),
    ):
        assert RoundTrip(settings, layers).verdict().startswith(verdict)
        assert layers.agrees == (layers is trip.layers)


def test_the_second_layer_runs_on_what_the_first_one_gave() -> None:
    settings = UpsamplingSettings(5)
    layers = run_both(settings.down(), settings.up(), settings.x)
    assert layers.second is not None and layers.second.x.shape == (3, 3)
    pooled, enlarged = layers.first.keras_output, layers.second.keras_output
    assert pooled is not None and enlarged is not None
    assert (enlarged[::2, ::2] == pooled).all() and (layers.second.x == pooled).all()


def test_the_code_to_copy_holds_the_layers_that_are_built() -> None:
    settings = UpsamplingSettings(f=(2, 3), interpolation="bilinear", padding="valid")
    assert f" = {settings.up().text}" in frame_of(settings).code
    both = dataclasses.replace(settings, f=3, mode=ROUND_TRIP)
    assert f"down = {both.down().text}\nup = {both.up().text}" in frame_of(both).code


@pytest.mark.parametrize(
    ("mode", "interpolation", "titles"),
    [
        (UP, "nearest", ["input 32×32", "output 96×96"]),
        (ROUND_TRIP, "bilinear", ["input 64×64", "pooled 22×22", "back again 66×66"]),
    ],
)
def test_a_picture_goes_the_same_way(mode: str, interpolation: str, titles: list[str]) -> None:
    frame = at(mode=mode, interpolation=interpolation, f=3, show="image")
    assert [photo.title for photo in frame.photos] == titles
    assert [photo.secret for photo in frame.photos] == [False] + [True] * (len(titles) - 1)
    assert frame.outcome == "agree" and not frame.grids


def test_padding_is_shown_only_where_something_is_pooled() -> None:
    explorer = explore.upsampling()
    assert explorer.controls["padding"].layout.display == "none"
    explorer.controls["mode"].value = ROUND_TRIP
    assert explorer.controls["padding"].layout.display is None


def test_only_the_last_map_of_the_round_trip_is_walked() -> None:
    # An input cell reaches the last map by way of the pooled one, so pointing at it would light wrong cells.
    frame = at(mode=ROUND_TRIP)
    assert {grid.name: grid.walk for grid in frame.grids} == {"input": "", "pooled": "", "output": "output"}


def test_blends_are_those_of_the_axis() -> None:
    (sums,) = at(n=(2, 5), f=(3, 4), interpolation="bilinear").arithmetic
    for axis, n, cells, weights in zip(
        (Upsample(3, "bilinear"), Upsample(4, "bilinear")),
        (2, 5),
        (sums.rows, sums.columns),
        (sums.row_weights, sums.column_weights),
        strict=True,
    ):
        assert weights is not None
        for i in range(axis.output_size(n)):
            assert axis.blend(i, n) == tuple(zip(cells[i], map(weight, weights[i]), strict=True))
