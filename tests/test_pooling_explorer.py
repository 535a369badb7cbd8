"""The pooling explorer, driven through the real widgets and the real Keras."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from frames import by_keras, frame_of, grid_of, numbers_in

from course_utils import explore
from course_utils.explorers.frame import Frame
from course_utils.explorers.maps import LARGEST_N, PADDINGS
from course_utils.explorers.pooling import DEFAULT, KINDS, STRIDES, PoolingSettings
from course_utils.explorers.windows import LARGEST_K
from course_utils.pictures.grids import value

SLIDING = ("max", "average")


def at(**settings: Any) -> Frame:
    return frame_of(PoolingSettings(**settings))


@pytest.mark.parametrize(("padding", "o"), [("same", 4), ("valid", 3)])
def test_seven_cells_become_four_or_three(padding: str, o: int) -> None:
    frame = at(padding=padding)
    assert (grid_of(frame, "output").rows, grid_of(frame, "output").columns) == (o, o)
    struck = [[cell.role == "unread" for cell in row] for row in grid_of(frame, "input").cells]
    assert sum(map(sum, struck)) == (13 if padding == "valid" else 0)
    if padding == "valid":
        assert all(struck[6]) and all(row[6] for row in struck)
        assert any("No window reads 1 row and 1 column" in remark for remark in frame.remarks)


@pytest.mark.parametrize("k", [2, 3, (3, 2)])
@pytest.mark.parametrize("kind", SLIDING)
def test_the_default_stride_is_the_pool_size_and_is_not_printed(k: int | tuple[int, int], kind: str) -> None:
    layer = PoolingSettings(k=k, kind=kind).code()
    assert layer.build().strides == layer.build().pool_size == (k if isinstance(k, tuple) else (k, k))
    frame = at(k=k, kind=kind)
    assert "strides" not in frame.code
    size = k if isinstance(k, int) else k[0]
    assert any(f"strides not given, so s = pool_size = k = {size}" in line for line in frame.answers[0].lines)
    assert "s not given" in frame.setting


@pytest.mark.parametrize("strides", [s for s in STRIDES if s != DEFAULT])
def test_a_stride_that_is_given_is_printed_and_built(strides: int) -> None:
    assert PoolingSettings(k=3, strides=strides, padding="valid").code().build().strides == (strides, strides)
    frame = at(k=3, strides=strides)
    assert f"strides=({strides}, {strides})" in frame.code
    assert not any("not given" in line for line in frame.answers[0].lines)


def test_a_stride_of_one_keeps_the_size_with_same() -> None:
    for k in range(1, LARGEST_K + 1):
        assert at(k=k, strides=1).result == "output 7 × 7"
    assert any('"same" keeps 7×7' in remark for remark in at(strides=1).remarks)


def test_the_last_mean_of_one_to_seven_is_seven() -> None:
    frame = at(n=(1, 7), k=(1, 2), kind="average", values="count")
    assert numbers_in(grid_of(frame, "output")) == [[1.5, 3.5, 5.5, 7.0]]
    (means,) = frame.arithmetic
    assert by_keras(frame, means)[0][-1] == "7"
    assert any("1 of 2, so it divides by 1." in remark for remark in frame.remarks)


def test_a_ghost_never_wins_against_negative_numbers() -> None:
    ghosts = 0
    for n, k, strides in product((5, 7), (2, 3, 7), (DEFAULT, 1, 2)):
        frame = at(n=n, k=k, strides=strides, values="all negative")
        grid = grid_of(frame, "input")
        ghosts += sum(cell.role == "ghost" for row in grid.cells for cell in row)
        assert {cell.text for row in grid.cells for cell in row if cell.role == "ghost"} <= {"−∞"}
        assert max(map(max, numbers_in(grid_of(frame, "output")))) < 0
        assert all(value(text) < 0 for row in by_keras(frame, frame.arithmetic[0]) for text in row)
    assert ghosts > 100


def test_a_ghost_holds_nothing_where_a_mean_is_taken() -> None:
    frame = at(kind="average")
    assert {c.text for row in grid_of(frame, "input").cells for c in row if c.role == "ghost"} == {""}
    assert frame.arithmetic[0].ghost == ""


@pytest.mark.parametrize("kind", ["global max", "global average"])
def test_global_pooling_is_one_number_and_holds_what_has_no_meaning(kind: str) -> None:
    frame = at(n=(3, 5), kind=kind, values="count")
    assert grid_of(frame, "output").title == "output (1,)"
    assert numbers_in(grid_of(frame, "output")) == [[5.0 if kind == "global max" else 3.0]]
    assert [answer.lines[0] for answer in frame.answers[1:]] == ["(1,)", "(1,)"]
    assert frame.code.splitlines()[-1] == "print(keras.ops.convert_to_numpy(y)[0])"
    explorer = explore.pooling(kind=kind)
    assert all(explorer.controls[name].disabled for name in ("k", "strides", "padding"))
    (note,) = explorer.view.frame["notes"]
    assert "k, strides and padding are held" in note and 'Choose "max" or "average"' in note
    explorer.controls["kind"].value = "max"
    assert not any(explorer.controls[name].disabled for name in ("k", "strides", "padding"))
    assert explorer.view.frame["notes"] == []


def test_a_picture_of_one_cell_is_a_number() -> None:
    frame = at(kind="global max", show="image")
    assert [photo.name for photo in frame.photos] == ["input"]
    assert [grid.name for grid in frame.grids] == ["output"]
    assert [photo.title for photo in at(show="image").photos] == ["input 64×64", "output 32×32"]
    # Drawn as large as the cells of the input that its windows begin with: a row that no window reads is missing.
    both = at(show="image", k=5, strides=3, padding="valid").for_view()["photos"]
    assert [(photo["height"], photo["grown"]) for photo in both] == [(4 * 64, [1, 1]), (4 * 3 * 20, [3, 3])]
    assert "3×3 of the input" in both[1]["key"]
    assert not explore.pooling(show="image", presenter=True, kind="global max").shown.grids


def test_remarks_are_few_and_true_where_a_stride_is_wider_than_the_map() -> None:
    strides: Any
    for n, k, strides, padding in product((1, 2, 7, LARGEST_N), (1, 2, 3, LARGEST_K), (DEFAULT, 1, 4), PADDINGS):
        for kind in KINDS:
            remarks = frame_of(PoolingSettings(n, k, strides, padding, kind, "all negative")).remarks
            assert len(remarks) <= 2
            if any("because the stride is 1" in remark for remark in remarks):
                assert strides == 1 or (strides == DEFAULT and k == 1)


def test_a_picture_hides_its_size_and_a_global_window_holds_the_rest() -> None:
    links = PoolingSettings(show="image", kind="global max").links()
    assert set(links.held) == {"k", "strides", "padding"}
    assert links.hidden == {"n", "values"}
