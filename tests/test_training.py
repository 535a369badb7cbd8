"""The bar of a training, and the pictures of what it ends in."""

from __future__ import annotations

import io

import keras
import numpy as np
import pytest
from PIL import Image

from course_utils.pictures.gallery import curve, gallery
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
