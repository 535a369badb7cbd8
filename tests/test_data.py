"""What the package carries: the digits are the ones they are said to be."""

from __future__ import annotations

import numpy as np

from course_utils.data import digits
from tools import digits as tool


def test_the_stored_digits_are_those_of_scikit_learn() -> None:
    assert np.array_equal(np.load(tool.STORED), tool.digits()), "run python -m tools.digits"


def test_digits_are_shades_and_names() -> None:
    shades, names = digits()
    assert shades.shape == (1797, 8, 8, 1) and shades.dtype == np.float32
    assert (shades.min(), shades.max()) == (0, 1)
    assert sorted(set(names.tolist())) == list(range(10))
    # A nought is dark in its middle row's ends and empty in the middle of it; a one is not.
    means = {name: shades[names == name].mean(axis=0)[:, :, 0] for name in (0, 1)}
    assert means[0][4, 3:5].max() < 0.2 < 0.6 < means[1][4, 3:5].max()
