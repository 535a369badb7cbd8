"""The padding explorer, driven through the real widgets and the real Keras."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any

import numpy as np
import pytest
from frames import frame_of, grid_of, roles

from course_utils import explore
from course_utils.axes import Window
from course_utils.compare import compare
from course_utils.data import digits
from course_utils.explorers import layer
from course_utils.explorers.base import Explorer
from course_utils.explorers.frame import Frame
from course_utils.explorers.maps import LARGEST_N, input_values
from course_utils.explorers.padding import PaddingSettings
from course_utils.explorers.settings import declare
from course_utils.explorers.windows import IMPOSSIBLE, LARGEST_K
from course_utils.keras_layers import LayerCode


def test_an_even_kernel_has_more_ghosts_below_and_right() -> None:
    grid = grid_of(frame_of(PaddingSettings(k=4)), "input")
    assert grid.origin == (-1, -1)
    assert (grid.rows, grid.columns) == (10, 10)
    assert [row for row in range(10) if set(roles(grid)[row]) == {"ghost"}] == [0, 8, 9]
    assert "1 above, 2 below" in grid.description
    assert "1 left, 2 right" in grid.description


def test_cells_that_no_window_reads_are_struck_out() -> None:
    grid = grid_of(frame_of(PaddingSettings(8, padding="valid", s=2)), "input")
    assert set(roles(grid)[7]) == {"unread"}
    assert [row[7] for row in roles(grid)] == ["unread"] * 8
    assert not any("unread" in row for row in roles(grid_of(frame_of(PaddingSettings(padding="valid")), "input")))


def test_where_keras_refuses_its_own_words_stand_beside_the_formula() -> None:
    frame = frame_of(PaddingSettings(3, 5, "valid"))
    formula, by_hand, keras = frame.answers
    assert "3 − 5 + 1 = −1" in formula.lines[1]
    assert by_hand.lines == ("no output",)
    assert "Computed output size would be zero or negative" in keras.lines[1]
    assert frame.outcome == "refused"
    assert [grid.name for grid in frame.grids] == ["input", "kernel"]


def test_a_disagreement_is_shown_with_both_numbers() -> None:
    import keras

    right = compare(keras.layers.ZeroPadding2D(1), np.ones((1, 2, 2, 1)))
    assert right.by_hand is not None
    wrong = dataclasses.replace(right, by_hand=right.by_hand + 1)
    run: layer.LayerRun[Any] = layer.LayerRun(
        LayerCode("ZeroPadding2D", {"padding": 1}), (), np.ones((2, 2)), None, wrong
    )
    verdict = run.verdict(IMPOSSIBLE)
    assert verdict.startswith("They differ in 16 of 16 values; the first at (0, 0, 0, 0): by hand 1, ")
    first: dict[str, Any] = {"rows": [[-1]], "columns": [[-1]]}
    assert [sums.keras for sums in run.arithmetic(**first)] == [[["0"] * 4, *[["0", "1", "1", "0"]] * 2, ["0"] * 4]]
    assert [sums.keras for sums in dataclasses.replace(run, comparison=right).arithmetic(**first)] == [None]
    frame = dataclasses.replace(frame_of(PaddingSettings(2, 1)), agrees=run.agrees, verdict=verdict)
    assert frame.for_view()["outcome"] == "differ" and frame.for_view()["verdict"] == verdict
    assert frame.text.splitlines()[-1].startswith("✗ They differ")


@declare
class Breaking(PaddingSettings):
    """An explorer with a bug at one setting."""

    def frame(self) -> Frame:
        if self.k == 5:
            raise RuntimeError("a bug of ours")
        return super().frame()


def test_an_error_in_a_callback_is_shown_and_the_explorer_goes_on() -> None:
    explorer = Explorer(Breaking())
    before = explorer.view.frame
    explorer.controls["k"].value = 5
    assert "RuntimeError: a bug of ours" in explorer.view.problem
    assert explorer.view.frame == before
    assert explorer.controls["k"].value == 5
    explorer.controls["k"].value = 4
    assert explorer.view.problem == ""
    assert explorer.frame == frame_of(PaddingSettings(**explorer.settings))


def test_the_stride_is_shown_only_when_asked_for() -> None:
    assert "s" not in explore.padding().controls
    assert explore.padding(s=2).settings["s"] == 2


def test_the_output_of_a_cell_holds_the_widget_a_still_and_the_words() -> None:
    bundle, metadata = explore.padding(n=8, k=4)._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG\r\n")
    first, second, *_ = bundle["text/plain"].splitlines()
    assert (first, second) == ('n = 8, k = 4, padding="same".', "What comes out: output 8 × 8.")
    assert metadata["image/png"]["alt"] == bundle["text/plain"]


@pytest.mark.parametrize("k", range(1, LARGEST_K + 1))
def test_the_card_says_how_the_ghosts_are_shared(k: int) -> None:
    before, after = Window(k, padding="same").pads(7)
    lines = frame_of(PaddingSettings(k=k)).answers[0].lines
    assert lines[2] == f"p_before = ⌊{k - 1} / 2⌋ = {before}, p_after = {k - 1} − {before} = {after}"
    assert Window(k, padding="causal").split_text(7) == f"p_before = {k - 1}, p_after = 0"


def test_a_larger_map_only_adds_to_a_smaller_one() -> None:
    small, large = input_values(5, "digits"), input_values(LARGEST_N, "digits")
    assert (large[:5, :5] == small).all()
    assert (input_values(6, "negative") < 0).any()


def test_the_handwritten_digit_is_one_of_the_collection_on_paper() -> None:
    shades, names = digits()
    (found,) = np.flatnonzero((shades[:, :, :, 0] * 16 == input_values(8, "handwritten")).all(axis=(1, 2)))
    assert names[found] == 2
    small, large = input_values((7, 5), "handwritten"), input_values(LARGEST_N, "handwritten")
    assert (large[:7, :5] == small).all() and not large[8:].any() and not large[:, 8:].any()
    # What a stride of 2 leaves out, in lesson 02, is ink: the last row, and the last column.
    assert large[7, :8].sum() > 80 and large[:8, 7].any()
