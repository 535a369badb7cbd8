"""The bar of a training, and the pictures that cells of lessons draw."""

from __future__ import annotations

import io

import keras
import numpy as np
import pytest
from PIL import Image

from course_utils.pictures.gallery import curve, edge_to_edge, gallery, grids
from course_utils.training import MARKS, marks_due, progress_bar


@pytest.mark.parametrize(("pictures", "epochs"), [(100, 1), (70, 3), (10, 1), (10, 40)])
def test_a_bar_ends_full_whatever_the_number_of_steps(pictures: int, epochs: int) -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((pictures, 1))
    told: list[str] = []
    model.fit(x, x, batch_size=10, epochs=epochs, verbose=0, callbacks=[progress_bar(told.append)])
    steps = -(-pictures // 10) * epochs
    assert "".join(told) == f"{steps} steps: {'▰' * MARKS} done\n"


def test_marks_come_one_after_the_other() -> None:
    assert [marks_due(step, 50) for step in (0, 1, 2, 3, 49, 50, 51)] == [0, 0, 1, 1, 24, 25, 25]


def test_a_bar_is_printed_where_nothing_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 1)), np.ones((4, 1)), verbose=0, callbacks=[progress_bar()])
    assert capsys.readouterr().out == f"1 steps: {'▰' * MARKS} done\n"


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


def test_rows_share_one_scale() -> None:
    """A map that is half as large is half as dark, in whatever row it stands."""
    one = np.ones((1, 3, 3))
    shades = pixels(gallery({"a": one, "b": 0.5 * one}).png)
    assert (shades < 10).any()
    assert ((shades > 90) & (shades < 165)).sum() > 500


def test_the_same_maps_are_the_same_bytes_and_described() -> None:
    maps = np.arange(18.0).reshape(2, 3, 3, 1)
    still = gallery({"in": maps})
    assert still.png == gallery({"in": maps[..., 0]}).png
    assert repr(still) == "in: 2 maps of 3 × 3"
    assert still._repr_png_()[1]["alt"] == repr(still)


def test_what_are_no_maps_is_refused() -> None:
    for values in (np.ones((3, 3)), np.ones((1, 3, 3, 2)), np.ones((0, 3, 3))):
        with pytest.raises(ValueError, match="maps × height × width"):
            gallery({"x": values})


def test_a_curve_is_drawn_and_told() -> None:
    still = curve([3.0, 2.0, 1.5], across="epoch", up="loss")
    assert pixels(still.png).min() < 200
    assert repr(still) == "A line: loss over epoch, 3 points."


def test_cells_of_another_number_are_drawn_equally_large() -> None:
    """A map of half the side takes a quarter of the ink."""
    ink = [
        (pixels(gallery({"a": np.ones((1, 8, 8)), "b": np.ones((1, side, side))}).png) < 60).sum() for side in (4, 8)
    ]
    one = (pixels(gallery({"a": np.ones((1, 8, 8))}).png) < 60).sum()
    assert 0.2 < (ink[0] - one) / (ink[1] - one) < 0.32


def test_numbers_are_told_row_by_row_and_only_the_last_are_orange() -> None:
    still = grids({"row": [1, 0, 2.5], "kernel, turned round": [3, 1], "output": [[1, 0], [0, 4]]})
    assert repr(still) == "row: 1 0 2.5. kernel, turned round: 3 1. output: 1 0; 0 4."
    assert (
        still.png
        == grids({"row": [[1, 0, 2.5]], "kernel, turned round": [3, 1], "output": np.array([[1, 0], [0, 4]])}).png
    )
    colours = np.asarray(Image.open(io.BytesIO(still.png)).convert("RGB")).astype(int)
    orange, blue = (colours[..., a] - colours[..., b] > 40 for a, b in ((0, 2), (2, 0)))
    assert orange.any() and blue.any() and np.flatnonzero(orange.any(0)).min() > np.flatnonzero(blue.any(0)).max()


@pytest.mark.parametrize(("n", "f"), [(3, 2), (2, 3)])
def test_centres_lie_where_the_formula_of_the_blend_says(n: int, f: int) -> None:
    still = edge_to_edge(n, f)
    assert repr(still).startswith(f"{n} old cells over {n * f} new ones, edge to edge")
    colours = np.asarray(Image.open(io.BytesIO(still.png)).convert("RGB")).astype(int)
    near = np.abs(colours - (0xE8, 0x75, 0x1A)).sum(-1) < 30
    dots = np.flatnonzero(near[int(near.shape[0] * 0.78)])  # the row of the dots of the new cells, below the old ones
    left = 0.3 / 1.32 * near.shape[1]
    middles = [left + (i + 0.5) / (n * f) * near.shape[1] / 1.32 for i in range(n * f)]
    assert all(np.abs(dots - middle).min() <= 2 for middle in middles)
