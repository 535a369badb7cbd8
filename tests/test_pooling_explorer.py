"""The pooling explorer, driven through the real widgets and the real Keras."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from frames import grid_of, numbers_in, printed_by, shape_and_numbers, value
from walking import check, extremes, walk

from course_utils import explore
from course_utils.compare import compare
from course_utils.explorers.frame import Frame
from course_utils.explorers.layer import LARGEST_N, SHOWS
from course_utils.explorers.pooling import (
    DEFAULT,
    KINDS,
    STRIDES,
    VALUES,
    pooled_values,
    pooling_frame,
    pooling_layer,
    pooling_links,
)
from course_utils.explorers.windows import LARGEST_K, PADDINGS

SLIDING = ("max", "average")
EXTREMES = list(product((1, 2, 7, LARGEST_N), (1, 2, 3, LARGEST_K), (DEFAULT, 1, 4), PADDINGS))


def frame_of(**settings: Any) -> Frame:
    """A frame at the settings a learner starts with, but for those given."""
    start: dict[str, Any] = {
        "n": 7,
        "k": 2,
        "strides": DEFAULT,
        "padding": "same",
        "kind": "max",
        "values": "digits",
    }
    return pooling_frame(**(start | settings))


@pytest.mark.parametrize("kind", SLIDING)
def test_every_extreme_agrees_or_is_refused_by_all(kind: str) -> None:
    refused = 0
    for n, k, strides, padding in EXTREMES:
        frame = frame_of(n=n, k=k, strides=strides, padding=padding, kind=kind, values="all negative")
        assert frame.agrees, (n, k, strides, padding, frame.verdict)
        assert frame.refused == (padding == "valid" and k > n)
        assert (not frame.arithmetic) == frame.refused
        refused += frame.refused
    assert refused


def test_a_random_walk_through_the_controls_never_fails() -> None:
    explorer = explore.pooling(padding="valid")
    seen = set()
    for where in walk(explorer, 250, seed=3):
        check(explorer, pooling_frame, where)
        seen.add((explorer.frame.outcome, explorer.settings["show"]))
    assert {("agree", "numbers"), ("agree", "image"), ("refused", "numbers")} <= seen


@pytest.mark.parametrize("show", SHOWS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_end_of_every_control_is_drawn(show: str, kind: str) -> None:
    explorer = explore.pooling(n=(7, 6), show=show, kind=kind)
    for where in extremes(explorer):
        check(explorer, pooling_frame, where)


@pytest.mark.parametrize(("padding", "o"), [("same", 4), ("valid", 3)])
def test_seven_cells_become_four_or_three(padding: str, o: int) -> None:
    frame = frame_of(padding=padding)
    assert (grid_of(frame, "output").rows, grid_of(frame, "output").columns) == (o, o)
    struck = [[cell.role == "unread" for cell in row] for row in grid_of(frame, "input").cells]
    assert sum(map(sum, struck)) == (13 if padding == "valid" else 0)
    if padding == "valid":
        assert all(struck[6]) and all(row[6] for row in struck)
        assert any("No window reads 1 row and 1 column" in remark for remark in frame.remarks)


@pytest.mark.parametrize("k", [2, 3, (3, 2)])
@pytest.mark.parametrize("kind", SLIDING)
def test_the_default_stride_is_the_pool_size_and_is_not_printed(k: int | tuple[int, int], kind: str) -> None:
    layer = pooling_layer(k, DEFAULT, "same", kind)
    assert layer.build().strides == layer.build().pool_size == (k if isinstance(k, tuple) else (k, k))
    frame = frame_of(k=k, kind=kind)
    assert "strides" not in frame.code
    size = k if isinstance(k, int) else k[0]
    assert any(f"strides not given, so s = pool_size = k = {size}" in line for line in frame.answers[0].lines)
    assert "s not given" in frame.setting


@pytest.mark.parametrize("strides", [s for s in STRIDES if s != DEFAULT])
def test_a_stride_that_is_given_is_printed_and_built(strides: int) -> None:
    assert pooling_layer(3, strides, "valid", "max").build().strides == (strides, strides)
    frame = frame_of(k=3, strides=strides)
    assert f"strides=({strides}, {strides})" in frame.code
    assert not any("not given" in line for line in frame.answers[0].lines)


def test_a_stride_of_one_keeps_the_size_with_same() -> None:
    for k in range(1, LARGEST_K + 1):
        assert frame_of(k=k, strides=1).result == "output 7 × 7"
    assert any('"same" keeps 7×7' in remark for remark in frame_of(strides=1).remarks)


def test_the_last_mean_of_one_to_seven_is_seven() -> None:
    frame = frame_of(n=(1, 7), k=(1, 2), kind="average", values="count")
    assert numbers_in(grid_of(frame, "output")) == [[1.5, 3.5, 5.5, 7.0]]
    (means,) = frame.arithmetic
    assert means.keras[0][-1] == "7"
    assert any("1 of 2, so it divides by 1." in remark for remark in frame.remarks)


def test_a_ghost_never_wins_against_negative_numbers() -> None:
    ghosts = 0
    for n, k, strides in product((5, 7), (2, 3, 7), (DEFAULT, 1, 2)):
        frame = frame_of(n=n, k=k, strides=strides, values="all negative")
        grid = grid_of(frame, "input")
        ghosts += sum(cell.role == "ghost" for row in grid.cells for cell in row)
        assert {cell.text for row in grid.cells for cell in row if cell.role == "ghost"} <= {"−∞"}
        assert max(map(max, numbers_in(grid_of(frame, "output")))) < 0
        assert all(value(text) < 0 for row in frame.arithmetic[0].keras for text in row)
    assert ghosts > 100


def test_a_ghost_holds_nothing_where_a_mean_is_taken() -> None:
    frame = frame_of(kind="average")
    assert {c.text for row in grid_of(frame, "input").cells for c in row if c.role == "ghost"} == {""}
    assert frame.arithmetic[0].ghost == ""


@pytest.mark.parametrize("setting", [(7, 2, DEFAULT, "same"), (8, 4, 3, "same"), (9, 4, 2, "valid"), (1, 7, 1, "same")])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_out_gives_the_cell(setting: tuple[int, int, int | str, str], kind: str) -> None:
    n, k, strides, padding = setting
    frame = frame_of(n=n, k=k, strides=strides, padding=padding, kind=kind, values="all negative")
    (sums,) = frame.arithmetic
    cells = numbers_in(grid_of(frame, "output"))
    assert (len(sums.rows), len(sums.columns)) == (len(cells), len(cells[0]))
    for (i, rows), (j, columns) in product(enumerate(sums.rows), enumerate(sums.columns)):
        inside = [value(sums.inputs[r][c]) for r in rows for c in columns if 0 <= r < n and 0 <= c < n]
        outside = len(rows) * len(columns) - len(inside)
        largest = max(inside + [value(sums.ghost)] * outside) if sums.how == "max" else None
        found = sum(inside) / len(inside) if largest is None else largest
        assert value(sums.by_hand[i][j]) == value(sums.keras[i][j]) == pytest.approx(found, abs=5.1e-5)
        assert cells[i][j] == pytest.approx(found, abs=5.1e-3)


@pytest.mark.parametrize("kind", ["global max", "global average"])
def test_global_pooling_is_one_number_and_holds_what_has_no_meaning(kind: str) -> None:
    frame = frame_of(n=(3, 5), kind=kind, values="count")
    assert grid_of(frame, "output").title == "output (1,)"
    assert numbers_in(grid_of(frame, "output")) == [[5.0 if kind == "global max" else 3.0]]
    assert [answer.lines[0] for answer in frame.answers[1:]] == ["(1,)", "(1,)"]
    assert frame.code.splitlines()[-1] == "print(keras.ops.convert_to_numpy(y)[0])"
    explorer = explore.pooling(kind=kind)
    assert all(explorer.controls[name].disabled for name in ("k", "strides", "padding"))
    (note,) = explorer.view.notes
    assert "k, strides and padding are held" in note and 'Choose "max" or "average"' in note
    explorer.controls["kind"].value = "max"
    assert not any(explorer.controls[name].disabled for name in ("k", "strides", "padding"))
    assert explorer.view.notes == []


def test_a_picture_of_one_cell_is_a_number() -> None:
    frame = frame_of(kind="global max", show="image")
    assert [photo.name for photo in frame.photos] == ["input"]
    assert [grid.name for grid in frame.grids] == ["output"]
    assert [photo.title for photo in frame_of(show="image").photos] == ["input 64×64", "output 32×32"]
    assert not explore.pooling(show="image", presenter=True, kind="global max").shown.grids


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"kind": "average", "values": "count"},
        {"n": (5, 4), "k": (3, 2), "strides": 1, "padding": "valid", "values": "all negative"},
        {"kind": "global max"},
        {"kind": "global average", "values": "ones"},
    ],
)
def test_the_code_to_copy_runs_by_itself_and_prints_the_picture(settings: dict[str, Any]) -> None:
    frame = frame_of(**settings)
    shape, numbers = shape_and_numbers(printed_by(frame.code)[0])
    output = grid_of(frame, "output")
    is_global = str(settings.get("kind")).startswith("global")
    assert shape == str((1, 1) if is_global else (1, output.rows, output.columns, 1))
    shown = np.array(numbers_in(output)).ravel()
    assert numbers == pytest.approx(shown, abs=5.1e-3)


def test_the_code_of_an_impossible_setting_asks_and_does_not_call() -> None:
    # A call could end the process: see FACTS about pooling layers with an empty output.
    frame = frame_of(n=3, k=5, padding="valid")
    assert frame.outcome == "refused"
    assert "3 − 5 + 1 = −1" in frame.answers[0].lines[1]
    assert "Computed output size would be zero or negative" in frame.answers[2].lines[1]
    assert "layer(x" not in frame.code
    with pytest.raises(ValueError, match="Computed output size would be zero or negative"):
        printed_by(frame.code)


def test_the_layer_that_is_printed_is_the_layer_that_is_built() -> None:
    import keras

    of_both_sorts: tuple[int | str, ...] = (DEFAULT, 3)
    for kind, strides in product(KINDS, of_both_sorts):
        code = pooling_layer(2, strides, "same", kind)
        printed, built = eval(code.text, {"keras": keras}).get_config(), code.build().get_config()
        assert printed.pop("name") != built.pop("name")
        assert printed == built
        assert compare(code.build(), np.ones((1, 5, 5, 1))).agrees


@pytest.mark.parametrize("values", VALUES)
def test_the_numbers_are_what_the_button_says(values: str) -> None:
    numbers = pooled_values((4, 5), values)
    assert numbers.shape == (4, 5)
    if values == "count":
        assert (numbers == [1, 2, 3, 4, 5]).all()
    if values == "all negative":
        assert (pooled_values(LARGEST_N, values) < 0).all()


def test_remarks_are_few_and_true_where_a_stride_is_wider_than_the_map() -> None:
    for n, k, strides, padding in EXTREMES:
        for kind in KINDS:
            remarks = frame_of(n=n, k=k, strides=strides, padding=padding, kind=kind).remarks
            assert len(remarks) <= 2
            if any("because the stride is 1" in remark for remark in remarks):
                assert strides == 1 or (strides == DEFAULT and k == 1)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"n": 0}, "n goes from 1 to 12; you gave 0"),
        ({"k": 8}, "k goes from 1 to 7; you gave 8"),
        ({"k": (2, 9)}, r"k goes from 1 to 7; you gave \(2, 9\)"),
        ({"strides": 5}, "strides is one of 'default', 1, 2, 3, 4; you gave 5"),
        ({"strides": None}, "strides is one of"),
        ({"strides": True}, "strides is one of"),
        ({"padding": "SAME"}, "padding is one of 'valid', 'same'; you gave 'SAME'"),
        ({"kind": "median"}, "kind is one of 'max', 'average', 'global max', 'global average'"),
        ({"values": "negative"}, "values is one of"),
        ({"show": "film"}, "show is one of"),
        ({"picture": "cat"}, "picture is one of"),
    ],
)
def test_a_start_outside_the_limits_names_them(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        explore.pooling(**settings)


def test_the_answer_is_held_back_for_a_presenter() -> None:
    explorer = explore.pooling(presenter=True)
    assert [(grid.rows, grid.columns) for grid in explorer.shown.grids] == [(7, 7)]
    assert "output" not in explorer.shown.text
    explorer.reveal.value = True
    assert explorer.shown is explorer.frame


def test_a_picture_holds_its_size_and_a_global_window_the_rest() -> None:
    links = pooling_links({"show": "image", "kind": "global max"})
    assert set(links.held) == {"n", "k", "strides", "padding"}
    assert links.hidden == {"values"}
