"""The transposed explorer, driven through the real widgets and the real Keras."""

from __future__ import annotations

import dataclasses
import io
from itertools import product
from typing import Any

import keras
import numpy as np
import pytest
from frames import by_keras, frame_of, grid_of, numbers_in, printed_by
from matplotlib.image import imread

from course_utils import explore
from course_utils.axes import ShapeError, TransposedWindow, Window
from course_utils.explorers import transposed as module
from course_utils.explorers.frame import Frame
from course_utils.explorers.maps import KERNELS, PADDINGS, kernel_values
from course_utils.explorers.transposed import (
    LARGEST_K,
    LARGEST_N,
    LARGEST_S,
    TransposedSettings,
    has_inner,
    inner_counts,
    sizes_before,
)
from course_utils.pictures.grids import value

SETTINGS = [
    (n, axis)
    for n, k, s, padding, extra in product(
        range(1, LARGEST_N + 1),
        range(1, LARGEST_K + 1),
        range(1, LARGEST_S + 1),
        PADDINGS,
        (None, *range(LARGEST_S)),
    )
    if extra is None or extra < s
    for axis in (TransposedWindow(k, s, 1, padding, extra),)
]


def at(*settings: Any, **more: Any) -> Frame:
    """The frame with a kernel and a map in which every cell differs from its neighbours, if nothing else is asked."""
    first = dict(zip(("n", "k", "s", "padding", "output_padding"), settings, strict=False))
    return frame_of(TransposedSettings(**{"kernel": "count", "values": "negative"} | first | more))


def runs(n: int, axis: TransposedWindow) -> bool:
    try:
        axis.check_runs(n)
    except ShapeError:
        return False
    return True


@pytest.mark.parametrize(
    ("n", "k", "s", "padding", "extra", "o"),
    [
        (4, 3, 2, "same", None, 8),
        (4, 3, 2, "same", 0, 7),
        (4, 3, 2, "same", 1, 8),
        (4, 3, 2, "valid", None, 9),
        (4, 2, 3, "valid", None, 12),
        (4, 2, 3, "valid", 0, 11),
        (1, 5, 1, "valid", None, 5),
    ],
)
def test_the_size_that_comes_out(n: int, k: int, s: int, padding: str, extra: int | None, o: int) -> None:
    frame = at(n, k, s, padding, extra, beside=True)
    output, (above, left) = grid_of(frame, "output"), grid_of(frame, "output").origin
    inside = [row[-left : o - left] for row in output.cells[-above : o - above]]
    assert {cell.role for row in inside for cell in row} <= {"output", "empty"}
    assert sum(cell.role != "ghost" for row in output.cells for cell in row) == o * o
    assert f"= {o}" in frame.answers[0].lines[0]
    assert [answer.lines[0] for answer in frame.answers[1:]] == [f"{o} × {o}"] * 2
    assert ("output_padding" in frame.code) == (extra is not None)


def test_the_convolution_of_the_output_size_gives_n_back_wherever_the_layer_runs() -> None:
    seen = 0
    for n, axis in SETTINGS:
        o = axis.output_size(n)
        assert (o in sizes_before(axis.forward, n)) == runs(n, axis), (n, axis)
        if runs(n, axis):
            assert axis.forward.output_size(o) == n
            seen += 1
    assert seen > 500


@pytest.mark.parametrize(
    ("forward", "n", "sizes"),
    [
        (Window(3, 2, padding="same"), 4, (7, 8)),
        (Window(3, 2), 4, (9, 10)),
        (Window(2, 3), 4, (11, 12, 13)),
        (Window(5), 2, (6,)),
    ],
)
def test_the_ways_back_are_all_sizes_the_convolution_makes_n_of(forward: Window, n: int, sizes: tuple[int]) -> None:
    assert sizes_before(forward, n) == list(sizes)


@pytest.mark.parametrize(
    "setting",
    [
        (4, 3, 2, "same", None),
        (4, 3, 2, "same", 0),
        (3, 2, 3, "valid", None),
        (3, 5, 2, "valid", 1),
        (1, 5, 4, "same", 2),
        ((4, 2), (2, 5), (3, 2), "same", 1),
        ((4, 3), (1, 4), (2, 2), "same", None),
    ],
)
def test_the_stamps_added_up_are_the_output_and_what_is_cut_off(setting: tuple[object, ...]) -> None:
    frame = at(*setting)
    (sums,), output = frame.arithmetic, grid_of(frame, "output")
    assert sums.stamp_rows is not None and sums.stamp_columns is not None
    inputs, kernel = numbers_in(grid_of(frame, "input")), numbers_in(grid_of(frame, "kernel"))
    top, left = output.origin
    total = np.zeros((output.rows, output.columns))
    for r, c in product(range(len(inputs)), range(len(inputs[0]))):
        for a, i in enumerate(sums.stamp_rows[r]):
            for b, j in enumerate(sums.stamp_columns[c]):
                total[i - top, j - left] += inputs[r][c] * kernel[a][b]
    assert total.tolist() == numbers_in(output)


def test_what_same_cuts_off_is_hatched_and_counted() -> None:
    frame = at(4, 3, 2)
    output = grid_of(frame, "output")
    assert (output.rows, output.columns, output.origin) == (9, 9, (0, 0))
    ghosts = {(i, j) for i, row in enumerate(output.cells) for j, cell in enumerate(row) if cell.role == "ghost"}
    assert ghosts == {(i, j) for i in range(9) for j in range(9) if 8 in (i, j)}
    assert output.title == "output 8×8, cut from 9×9"
    assert "rows cut off: 0 above, 1 below" in output.description
    assert "cut off the sum of the stamps: 0 before, 1 after" in frame.answers[0].lines
    assert grid_of(at(4, 5, 2), "output").origin == (-1, -1)
    valid = at(4, 3, 2, "valid")
    assert "nothing is cut off" in valid.answers[0].lines
    assert grid_of(valid, "output").title == "output 9×9"


def test_cells_that_no_stamp_reaches_are_marked_as_empty() -> None:
    frame = at(4, 2, 3, "valid")
    for name in ("output", "overlaps"):
        grid = grid_of(frame, name)
        gaps = {2, 5, 8, 11}
        for i, j in product(range(12), range(12)):
            cell = grid.cells[i][j]
            assert (cell.role == "empty") == (i in gaps or j in gaps)
            assert cell.role != "empty" or cell.text == "0"
    (sums,) = frame.arithmetic
    assert not sums.rows[2]
    assert "no stamp reaches: 80" in grid_of(frame, "output").description
    assert frame.remarks[0] == ("k = 2 is smaller than s = 3: the stamps leave gaps. Nothing reaches 80 of 144 cells.")
    assert "added after the last stamp: 1 cell with 0" in frame.answers[0].lines


def test_the_overlaps_are_those_of_both_sides_together() -> None:
    axes = TransposedWindow(3, 2), TransposedWindow(5, 3, 1, "same")
    frame = at((4, 3), (3, 5), (2, 3), "valid")
    rows, columns = axes[0].overlaps(4), TransposedWindow(5, 3).overlaps(3)
    assert numbers_in(grid_of(frame, "overlaps")) == np.outer(rows, columns).tolist()


@pytest.mark.parametrize(
    ("k", "s", "counts"), [(3, 2, {1, 2}), (4, 2, {2}), (2, 3, {0, 1}), (5, 4, {1, 2}), (4, 4, {1})]
)
def test_the_counts_away_from_the_border_are_uneven_where_s_does_not_divide_k(k: int, s: int, counts: set[int]) -> None:
    assert set(inner_counts(TransposedWindow(k, s))) == counts
    assert (len(counts) == 1) == (k % s == 0)
    # The same, read off the picture: with ones on ones each cell is its count.
    shown = numbers_in(grid_of(at(6, k, s, "valid", kernel="ones", values="ones"), "output"))
    middle = [row[k:-k] for row in shown[k:-k]]
    assert {v for row in middle for v in row} == {float(a * b) for a in counts for b in counts}


def test_one_period_of_counts_holds_every_cell_of_the_kernel_once() -> None:
    for k, s, padding in product(range(1, LARGEST_K + 1), range(1, LARGEST_S + 1), PADDINGS):
        axis = TransposedWindow(k, s, 1, padding)
        assert len(inner_counts(axis)) == s
        assert sum(inner_counts(axis)) == k
        assert has_inner(axis, 6)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            (4, 3, 2),
            "k mod s = 3 mod 2 = 1: away from the border a cell gets 1, 2 or 4 stamps, depending on where it lies. "
            "That is the checkerboard.",
        ),
        ((4, 4, 2), "k mod s = 4 mod 2 = 0: away from the border every cell gets 4 stamps. No checkerboard."),
        ((4, 2, 2), "k mod s = 2 mod 2 = 0: away from the border every cell gets 1 stamp. No checkerboard."),
        (
            (1, 3, 2),
            "k mod s = 3 mod 2 = 1: away from the border a cell gets 1, 2 or 4 stamps, depending on where it lies. "
            "That is the checkerboard. (Here, all cells are near the border.)",
        ),
        (
            (4, (3, 4), 2),
            "In height, k mod s = 3 mod 2 = 1 and in width, k mod s = 4 mod 2 = 0: away from the border a cell gets "
            "2 or 4 stamps, depending on where it lies. That is the checkerboard.",
        ),
    ],
)
def test_the_remark_names_the_checkerboard_with_its_numbers(setting: tuple[object, ...], said: str) -> None:
    assert at(*setting, kernel="ones", beside=True).remarks[0] == said
    # Whether that makes a grid is asked in lesson 04 where both ways stand side by side, and told no earlier.
    assert "checkerboard" not in " ".join(at(*setting, kernel="ones").remarks)


@pytest.mark.parametrize(("kernel", "k", "s"), [*product(KERNELS, range(2, LARGEST_K + 1), (2, 3))])
def test_a_grid_is_told_exactly_where_keras_draws_one_on_white(kernel: str, k: int, s: int) -> None:
    if k < s:
        return
    frame = at(6, k, s, kernel=kernel, show="image", picture="white")
    layer = keras.layers.Conv2DTranspose(1, k, strides=s, padding="same", use_bias=False)
    layer.build((1, 32, 32, 1))
    layer.set_weights([kernel_values(k, kernel)[:, :, None, None]])
    inside = np.asarray(layer(np.ones((1, 32, 32, 1), np.float32)))[0, 2 * k : -2 * k, 2 * k : -2 * k, 0]
    told = frame.remarks[0]
    assert (len(np.unique(inside)) == 1) == ("o checkerboard" in told), told
    if kernel == "count" and (k, s) == (4, 2):
        assert "becomes 24, 28, 40 or 44" in told


def test_a_remark_says_which_ways_back_there_are() -> None:
    said = 'A convolution with k = 3, s = 2, padding="same" makes 4 of 7 or 8, so there is more than one way back. '
    assert said + "The default takes 8." in at().remarks
    assert said + "output_padding=0 takes 7." in at(output_padding=0).remarks
    assert not at(s=1).remarks
    apart = at((4, 3), s=(2, 1)).remarks
    assert [remark for remark in apart if "way back" in remark] == ["In height, a" + said[1:] + "The default takes 8."]


def test_an_output_padding_that_is_not_below_s_is_refused_with_the_reason_and_noted() -> None:
    explorer = explore.transposed(output_padding=1)
    assert explorer.view.frame["notes"] == []
    explorer.controls["s"].value = 1
    assert explorer.settings["output_padding"] == 1
    frame = explorer.frame
    assert frame.refused
    assert frame.answers[0].lines[0] == "no output"
    # Nothing of cells that no stamp reaches: with "same" and these numbers there would be none.
    assert frame.answers[0].lines[1] == "output_padding must be smaller than the stride; it is 1 and s is 1."
    assert "must be strictly less than `strides`" in frame.answers[2].lines[1]
    assert explorer.view.frame["notes"] == [
        "output_padding = 1 and s = 1 exclude each other: output_padding must be below s. "
        "Move s to 2 or more, or choose the default or 0."
    ]
    assert not explorer.controls["output_padding"].disabled
    assert [grid.name for grid in frame.grids] == ["input", "kernel"]
    explorer.controls["s"].value = 3
    assert explorer.view.frame["notes"] == []
    assert not explorer.frame.refused


def test_one_side_is_enough_to_exclude_an_output_padding() -> None:
    explorer = explore.transposed(s=(3, 2), output_padding=2)
    assert explorer.frame.refused
    (note,) = explorer.view.frame["notes"]
    assert "s = 3 × 2" in note
    assert "choose the default or 0 or 1" in note


def test_an_even_kernel_that_fails_when_it_is_called_is_explained() -> None:
    frame = at(4, 4, 2, output_padding=0)
    assert frame.refused
    assert "Keras on TensorFlow builds such a layer and fails when it is called" in frame.answers[0].lines[1]
    assert "doesn't match computed" in frame.answers[2].lines[1]
    assert "output_padding=0 asks for 6, which is none of them" in frame.remarks[0]
    assert "fails when it is called" in frame.verdict


def test_upsampled_first_every_inner_cell_is_alike() -> None:
    frame = at(4, 3, 2, kernel="ones", values="ones", beside=True)
    inner = [row[1:-1] for row in numbers_in(grid_of(frame, "output2"))[1:-1]]
    assert {v for row in inner for v in row} == {9.0}
    assert len({v for row in numbers_in(grid_of(frame, "output")) for v in row}) > 1
    assert "every cell adds up 3·3 = 9 cells" in frame.remarks[-1]
    assert frame.verdict.endswith("Upsampled, then convolved: they agree in shape and in all 64 values.")


def test_where_the_sizes_differ_the_pointer_asks_about_one_output_only() -> None:
    frame = at(4, 3, 2, "valid", beside=True)
    assert len(frame.arithmetic) == 1
    assert grid_of(frame, "output2").walk == ""
    assert grid_of(at(beside=True), "output2").walk == "output"


def test_a_difference_beside_it_is_no_agreement() -> None:
    settings = TransposedSettings(beside=True)
    right = module.run_beside(3, 2, settings.x, np.ones((3, 3)))
    assert right.second is not None and right.second.comparison.by_hand is not None
    comparison = dataclasses.replace(right.second.comparison, by_hand=right.second.comparison.by_hand + 1)
    wrong = dataclasses.replace(right, second=dataclasses.replace(right.second, comparison=comparison))
    frame = module.with_other(at(), wrong)
    assert frame.outcome == "differ"
    assert "Upsampled, then convolved: they differ in 64 of 64 values" in frame.verdict
    assert module.with_other(at(4, 4, 2, output_padding=0), wrong).outcome == "differ"
    assert module.with_other(at(4, 4, 2, output_padding=0), right).outcome == "refused"


def test_the_picture_shows_the_checkerboard_and_its_absence() -> None:
    frame = at(kernel="ones", beside=True, show="image", picture="photo")
    assert [(p.name, p.size) for p in frame.photos] == [
        ("input", (32, 32)),
        ("output", (64, 64)),
        ("output2", (64, 64)),
        ("overlaps", (64, 64)),
    ]

    white = at(kernel="ones", beside=True, show="image", picture="white")
    # There the output is the number of stamps: that is said, and not shown twice.
    assert [p.name for p in white.photos] == ["input", "output", "output2"] and white.remarks[-1] == module.COUNTED
    assert module.COUNTED not in frame.remarks + at(kernel="ones", values="ones").remarks
    pixels = {p.name: imread(io.BytesIO(p.png))[:, :, 0] for p in (*white.photos, frame.photos[3])}
    inner = {name: np.unique(shown[2:-2, 2:-2]) for name, shown in pixels.items()}
    assert len(inner["output"]) == len(inner["overlaps"]) == 3
    assert len(inner["output2"]) == 1
    assert [p.name for p in frame.photos if not p.secret] == ["input"]
    assert "from 1 to 4" in frame.photos[3].description


@pytest.mark.parametrize(
    "settings",
    [
        {"n": (4, 2), "k": (3, 2), "output_padding": 1, "beside": True},
        {"s": 3, "k": 2, "padding": "valid"},
        {"beside": True},
        {"show": "image", "beside": True},
    ],
)
def test_the_code_to_copy_runs_by_itself_and_prints_the_picture(settings: dict[str, object]) -> None:
    frame = at(**settings)
    printed, names = printed_by(frame.code)
    shapes = [line for line in printed.splitlines() if line.startswith("(")]
    if settings.get("show") == "image":
        assert shapes == ["(1, 64, 64, 1)"] * 2
        return
    pictures = {"y": by_keras(frame, frame.arithmetic[0])}
    if settings.get("beside"):
        pictures["z"] = [[cell.text for cell in row] for row in grid_of(frame, "output2").cells]
    assert shapes == [f"(1, {len(shown)}, {len(shown[0])}, 1)" for shown in pictures.values()]
    for name, shown in pictures.items():
        assert np.asarray(names[name])[0, :, :, 0].tolist() == [[value(text) for text in row] for row in shown]


def test_while_the_answer_is_held_back_only_the_input_and_the_weights_are_shown() -> None:
    explorer = explore.transposed(presenter=True, beside=True)
    assert [grid.name for grid in explorer.shown.grids] == ["input", "kernel"]
    assert "remarks" not in explorer.view.frame
    explorer.reveal.value = True
    names = [grid.name for grid in explorer.shown.grids]
    assert names == ["input", "kernel", "output", "output2", "overlaps", "stamps width"]


def test_the_ladder_of_stamps_shows_each_stamp_and_what_is_cut() -> None:
    ladder = grid_of(at(4, 3, 2), "stamps width")
    assert [[cell.role for cell in row].index("tap") for row in ladder.cells] == [0, 2, 4, 6]
    assert [cell.role for cell in ladder.cells[3]] == ["blank"] * 6 + ["tap", "tap", "ghost"]
    assert "input 3 reaches 6, 7 and 1 cut off" in ladder.description
    apart = at((4, 3), 3, 2)
    assert {"stamps height", "stamps width"} <= {grid.name for grid in apart.grids}
    gaps = grid_of(at(2, 1, 2, "valid"), "stamps width")
    assert [cell.role for cell in gaps.cells[0]] == ["tap", "empty", "blank", "empty"]
