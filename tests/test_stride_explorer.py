"""The stride explorer, driven through the real widgets and the real Keras."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from frames import frame_of, grid_of, numbers_in

from course_utils import byhand, explore
from course_utils.axes import Window
from course_utils.explorers.frame import Frame
from course_utils.explorers.maps import input_values, kernel_values
from course_utils.explorers.stride import StrideSettings


def frame(**changes: Any) -> Frame:
    return frame_of(StrideSettings(**{"kernel": "count", "values": "negative"} | changes))


def test_one_sided_padding_is_seen_and_said() -> None:
    shown = frame()
    grid = grid_of(shown, "input")
    assert grid.origin == (0, 0)
    assert (grid.rows, grid.columns) == (9, 9)
    assert {cell.role for cell in grid.cells[8]} == {"ghost"}
    assert "Height and width: the padding is one-sided, 0 before and 1 after." in shown.remarks
    assert not any("one-sided" in remark for remark in frame(n=7).remarks)


def test_symmetric_padding_has_the_same_size_and_other_values() -> None:
    shown = frame(symmetric=True)
    ours, theirs = grid_of(shown, "output"), grid_of(shown, "symmetric output")
    assert (ours.rows, ours.columns) == (theirs.rows, theirs.columns) == (4, 4)
    marked = [cell.role == "differ" for row in theirs.cells for cell in row]
    apart = [
        a.text != b.text
        for one, two in zip(ours.cells, theirs.cells, strict=True)
        for a, b in zip(one, two, strict=True)
    ]
    assert marked == apart and any(marked)
    assert f"{sum(marked)} of 16 values differ" in shown.remarks[-1]
    assert "starts at row −1, column −1 instead of row 0, column 0" in shown.remarks[-1]
    assert "the same 16 values" in frame(n=7, symmetric=True).remarks[-1]


def test_an_even_kernel_ported_symmetrically_loses_a_cell() -> None:
    shown = frame(n=7, k=2, symmetric=True)
    assert "gives another size: 3 × 3 instead of 4 × 4" in shown.remarks[-1]
    assert len(shown.arithmetic) == 1, "one cell cannot be pointed at in two maps of different size"
    assert "no output" in frame(n=1, k=4, s=1, symmetric=True).remarks[-1]


def test_the_symmetric_values_are_those_of_a_window_with_numbers_of_padding() -> None:
    for n, k, s in product((5, 8), (3, 4, 5), (1, 2, 3)):
        shown = frame(n=n, k=k, s=s, symmetric=True)
        axes = (Window(k, s, 1, ((k - 1) // 2, (k - 1) // 2)),) * 2
        x, weights = input_values(n, "negative"), kernel_values(k, "count")
        by_hand = byhand.convolve(x[np.newaxis, :, :, np.newaxis], weights[:, :, np.newaxis, np.newaxis], axes)
        cells = numbers_in(grid_of(shown, "symmetric output"))
        assert (np.array(cells) == by_hand[0, :, :, 0]).all(), (n, k, s)


def test_two_paddings_side_by_side_are_two_comparisons_and_the_verdict_says_so() -> None:
    shown = frame(n=8, k=3, s=2, symmetric=True)
    assert "16 of 16 values differ" in " ".join(shown.remarks)
    assert shown.verdict == "They agree for each padding, in all 16 + 16 values."


def test_stride_and_dilation_are_linked_with_the_reason() -> None:
    explorer = explore.stride(s=2)
    assert explorer.controls["d"].disabled and not explorer.controls["s"].disabled
    assert explorer.view.frame["notes"] == [
        "d is held at 1 while s is 2: Conv2D has no stride together with dilation. Set s to 1 to free d."
    ]
    explorer.controls["s"].value = 1
    assert not explorer.controls["d"].disabled and explorer.view.frame["notes"] == []
    explorer.controls["d"].value = 3
    assert explorer.controls["s"].disabled and not explorer.controls["d"].disabled
    assert "Set d to 1" in explorer.view.frame["notes"][0]
    assert explorer.settings["s"] == 1, "nothing was changed silently"


def test_stride_with_dilation_is_explained_if_code_asks_for_it() -> None:
    explorer = explore.stride(s=2, d=2)
    shown = explorer.frame
    assert shown.refused and shown.verdict.startswith("Impossible, as expected: Conv2D has no stride")
    assert "Try s = 1 or d = 1" in shown.answers[0].lines[1]
    assert "not supported" in shown.answers[-1].lines[1]
    assert not explorer.controls["s"].disabled and not explorer.controls["d"].disabled


def test_dilation_shows_the_effective_kernel_and_the_holes() -> None:
    shown = frame(n=9, s=1, d=2, padding="valid")
    assert shown.answers[0].lines[1] == "k_eff = (k − 1)·d + 1 = (3 − 1)·2 + 1 = 5"
    assert shown.arithmetic[0].columns[0] == (0, 2, 4)
    ladder = grid_of(shown, "ladder width")
    assert [cell.role for cell in ladder.cells[0]] == ["window", "blank", "window", "blank", "window", *["blank"] * 4]


def test_the_ladder_is_the_arithmetic() -> None:
    for n, k, s in product((5, 8, 9), (1, 2, 3, 5), (1, 2, 3, 4)):
        shown = frame(n=(n, 7), k=k, s=s)
        for name, lists in (("ladder height", "rows"), ("ladder width", "columns")):
            ladder = grid_of(shown, name)
            drawn = [
                tuple(ladder.origin[1] + j for j, cell in enumerate(row) if cell.role == "window")
                for row in ladder.cells
            ]
            assert drawn == list(getattr(shown.arithmetic[0], lists))


def test_cells_that_nobody_reads_are_struck_out_and_counted() -> None:
    shown = frame(n=8, padding="valid")
    assert {cell.role for cell in grid_of(shown, "input").cells[7]} == {"unread"}
    assert "Height and width: 1 cell is never read (counted from 0: 7), and nothing warns you." in shown.remarks
    assert grid_of(shown, "ladder width").cells[0][7].role == "unread"
    assert (
        "Height and width: 4 cells are never read (counted from 0: 1, 3, 5, 7)"
        in frame(k=1, padding="valid").remarks[0]
    )
