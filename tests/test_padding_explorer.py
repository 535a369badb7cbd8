"""The padding explorer, driven through the real widgets and the real Keras."""

from __future__ import annotations

import base64
import dataclasses
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from frames import grid_of, printed_by, shape_and_numbers, value
from walking import check, extremes, walk

from course_utils import explore
from course_utils.compare import compare
from course_utils.explorers import layer as module
from course_utils.explorers.frame import Frame
from course_utils.explorers.layer import KERNELS, LARGEST_N, SHOWS, VALUES
from course_utils.explorers.padding import IMPOSSIBLE, padding_frame
from course_utils.explorers.windows import LARGEST_K, LARGEST_S, PADDINGS, convolution_settings
from course_utils.keras_layers import LayerCode
from course_utils.pictures.grids import Cell, Grid, svg

EXTREMES = [(n, k, s) for n in (1, 2, 7, 8, LARGEST_N) for k in (1, 2, 3, 4, LARGEST_K) for s in (1, 2, LARGEST_S)]


def roles(grid: Grid) -> list[list[str]]:
    return [[cell.role for cell in row] for row in grid.cells]


@pytest.mark.parametrize("padding", PADDINGS)
def test_every_extreme_agrees_or_is_refused_by_all(padding: str) -> None:
    refused = 0
    for n, k, s in EXTREMES:
        frame = padding_frame(n, k, padding, "edge", "negative", s)
        assert frame.agrees, (n, k, s, frame.verdict)
        assert frame.refused == (padding == "valid" and k > n)
        assert (not frame.arithmetic) == frame.refused
        refused += frame.refused
    assert (refused > 0) == (padding == "valid")


def test_a_random_walk_through_the_controls_never_fails() -> None:
    explorer = explore.padding(s=1)
    refused = 0
    for where in walk(explorer, 150, seed=1):
        check(explorer, padding_frame, where)
        refused += explorer.frame.refused
    assert refused


@pytest.mark.parametrize("show", SHOWS)
def test_every_end_of_every_control_is_drawn(show: str) -> None:
    explorer = explore.padding(s=1, n=(7, 6), show=show)
    for where in extremes(explorer):
        check(explorer, padding_frame, where)


def test_an_even_kernel_has_more_ghosts_below_and_right() -> None:
    grid = grid_of(padding_frame(7, 4, "same", "ones", "digits"), "input")
    assert grid.origin == (-1, -1)
    assert (grid.rows, grid.columns) == (10, 10)
    ghosts = [row for row in range(10) if set(roles(grid)[row]) == {"ghost"}]
    assert ghosts == [0, 8, 9]
    assert "1 above, 2 below" in grid.description
    assert "1 left, 2 right" in grid.description


def test_cells_that_no_window_reads_are_struck_out() -> None:
    grid = grid_of(padding_frame(8, 3, "valid", "ones", "digits", s=2), "input")
    assert set(roles(grid)[7]) == {"unread"}
    assert [row[7] for row in roles(grid)] == ["unread"] * 8
    assert "cu-strike" in svg(grid)
    assert not any("unread" in row for row in roles(grid_of(padding_frame(7, 3, "valid", "ones", "digits"), "input")))


@pytest.mark.parametrize("setting", [(7, 3, "same", 1), (8, 4, "same", 3), (9, 4, "valid", 2), (1, 7, "same", 1)])
@pytest.mark.parametrize("kernel", KERNELS)
def test_the_sum_that_is_written_out_gives_the_cell(setting: tuple[int, int, str, int], kernel: str) -> None:
    n, k, padding, s = setting
    (sums,) = padding_frame(n, k, padding, kernel, "negative", s).arithmetic
    assert sums.kernel is not None

    def value(text: str) -> float:
        return float(text.replace("−", "-"))

    for i, rows in enumerate(sums.rows):
        for j, columns in enumerate(sums.columns):
            total = 0.0
            for a, r in enumerate(rows):
                for b, c in enumerate(columns):
                    inside = 0 <= r < n and 0 <= c < n
                    total += value(sums.inputs[r][c] if inside else sums.ghost) * value(sums.kernel[a][b])
            assert total == value(sums.by_hand[i][j]) == value(sums.keras[i][j])


@pytest.mark.parametrize("setting", [(7, 3, "same", "ones", "digits", 1), (5, 4, "valid", "edge", "negative", 2)])
def test_the_code_to_copy_runs_by_itself_and_prints_the_picture(setting: tuple[int, int, str, str, str, int]) -> None:
    frame = padding_frame(*setting)
    shape, numbers = shape_and_numbers(printed_by(frame.code)[0])
    output = grid_of(frame, "output")
    assert shape == str((1, output.rows, output.columns, 1))
    shown = [value(cell.text) for row in output.cells for cell in row]
    assert numbers == shown


def test_the_layer_that_is_printed_is_the_layer_that_is_built() -> None:
    import keras

    code = LayerCode("Conv2D", convolution_settings(3, 2, 1, "same"))
    printed = eval(code.text, {"keras": keras}).get_config()
    built = code.build().get_config()
    assert printed.pop("name") != built.pop("name")
    assert printed == built


def test_where_keras_refuses_its_own_words_stand_beside_the_formula() -> None:
    frame = padding_frame(3, 5, "valid", "ones", "digits")
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
    assert module.verdict(wrong, IMPOSSIBLE).startswith(
        "They differ in 16 of 16 values; the first at (0, 0, 0, 0): by hand 1, "
    )
    frame = dataclasses.replace(
        padding_frame(2, 1, "same", "ones", "ones"), agrees=False, verdict=module.verdict(wrong, IMPOSSIBLE)
    )
    assert "cu-differ" in frame.for_view()["answers"]
    assert frame.text.splitlines()[-1].startswith("✗ They differ")


def test_an_error_in_a_callback_is_shown_and_the_explorer_goes_on() -> None:
    explorer = explore.padding()
    before, draw = explorer.view.frame, explorer._draw

    def broken(**settings: object) -> Frame:
        raise RuntimeError("a bug of ours")

    explorer._draw = broken
    explorer.controls["k"].value = 5
    assert "RuntimeError: a bug of ours" in explorer.view.problem
    assert explorer.view.frame == before
    assert explorer.controls["k"].value == 5
    explorer._draw = draw
    explorer.controls["k"].value = 4
    assert explorer.view.problem == ""
    assert explorer.frame == padding_frame(**explorer.settings)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"n": 0}, "n goes from 1 to 12; you gave 0"),
        ({"n": 40}, "n goes from 1 to 12; you gave 40"),
        ({"k": 2.5}, "k goes from 1 to 7; you gave 2.5"),
        ({"k": True}, "k goes from 1 to 7; you gave True"),
        ({"s": 9}, "s goes from 1 to 4; you gave 9"),
        ({"padding": "SAME"}, "padding is one of 'valid', 'same'; you gave 'SAME'"),
        ({"kernel": "blur"}, "kernel is one of"),
        ({"values": 3}, "values is one of"),
        ({"n": (7, 13)}, r"n goes from 1 to 12; you gave \(7, 13\)"),
        ({"show": "film"}, "show is one of"),
    ],
)
def test_a_start_outside_the_limits_names_them(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        explore.padding(**settings)  # type: ignore[arg-type]


def test_the_stride_is_shown_only_when_asked_for() -> None:
    assert "s" not in explore.padding().controls
    assert explore.padding(s=2).settings["s"] == 2


def test_the_output_of_a_cell_holds_the_widget_a_still_and_the_words() -> None:
    bundle, metadata = explore.padding(n=8, k=4)._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG\r\n")
    assert bundle["text/plain"].startswith('n = 8, k = 4, padding="same": output 8 × 8.')
    assert metadata["image/png"]["alt"] == bundle["text/plain"]


@pytest.mark.parametrize("values", VALUES)
def test_pictures_are_well_formed_and_described(values: str) -> None:
    for name in ("input", "kernel", "output"):
        grid = grid_of(padding_frame(5, 4, "same", "count", values), name)
        root = ET.fromstring(svg(grid))
        assert root.get("role") == "img"
        assert root.get("aria-label") == grid.description
        cells = [g for g in root if g.get("data-at")]
        assert len(cells) == grid.rows * grid.columns
        assert cells[0].get("data-at") == f"{grid.origin[0]},{grid.origin[1]}"


def test_a_text_in_a_cell_cannot_break_the_picture() -> None:
    grid = Grid("input", "t", ((Cell("1", "real"),),), (0, 0), 'a "quoted" <b> & more')
    assert ET.fromstring(svg(grid)).get("aria-label") == 'a "quoted" <b> & more'


@pytest.mark.parametrize("k", range(1, LARGEST_K + 1))
def test_the_card_says_how_the_ghosts_are_shared(k: int) -> None:
    from course_utils.axes import Window

    before, after = Window(k, padding="same").pads(7)
    lines = padding_frame(7, k, "same", "ones", "digits").answers[0].lines
    assert lines[2] == f"p_before = ⌊{k - 1} / 2⌋ = {before}, p_after = {k - 1} − {before} = {after}"
    assert Window(k, padding="causal").split_text(7) == f"p_before = {k - 1}, p_after = 0"


def test_a_larger_map_only_adds_to_a_smaller_one() -> None:
    small, large = module.input_values(5, "digits"), module.input_values(LARGEST_N, "digits")
    assert (large[:5, :5] == small).all()
    assert (module.input_values(6, "negative") < 0).any()
