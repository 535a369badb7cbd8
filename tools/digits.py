"""Write course_utils/data/digits.npy from the digits that scikit-learn carries: python -m tools.digits.

The course ships this file, because scikit-learn and scipy are 120 MB, and make every import of Keras slower, for one
array of 120 kB.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

STORED = Path(__file__).parents[1] / "course_utils" / "data" / "digits.npy"


def digits() -> NDArray[np.uint8]:
    """One row for each digit: 64 shades from 0 to 16, and which digit it is."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return np.column_stack([found.data, found.target]).astype(np.uint8)


if __name__ == "__main__":
    np.save(STORED, digits())
