"""Small pictures: one photograph, two that are drawn here, and handwritten digits.

The photograph is Grace Hopper, by James S. Davis for the United States Navy, 1984; a work of the United States
government and so in the public domain. It is cut to her face and reduced to 64 × 64 shades of grey.

The digits are 1,797 of the "Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak (UCI Machine
Learning Repository, 1998; licence CC BY 4.0), as scikit-learn carries them; ``python -m tools.digits`` stored them.
"""

from __future__ import annotations

import importlib.resources
import io
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: What can be asked for, and what it shows.
PICTURES = {
    "photo": "a photograph: Grace Hopper",
    "stripes": "stripes that grow finer",
    "white": "plain white",
}
SIZE = 64
_A_TWO = 629


def picture(name: str, size: int = SIZE) -> NDArray[np.float64]:
    """A square picture in shades of grey, 0 (black) to 1 (white).

    Args:
        name: ``"photo"``, ``"stripes"`` (finer and finer to the right and downwards) or ``"white"``.
        size: cells on each side; 64 must be a multiple of it. Smaller pictures are means of blocks.

    Returns:
        ``(size, size)``.

    Raises:
        ValueError: for another name or size, naming those there are.
    """
    if name not in PICTURES:
        raise ValueError(f"name is one of {', '.join(map(repr, PICTURES))}; you gave {name!r}.")
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= SIZE or SIZE % size:
        raise ValueError(f"size is 1, 2, 4, 8, 16, 32 or 64; you gave {size!r}.")
    if name == "stripes":
        return _stripes(size)
    block = SIZE // size
    whole = _photo() if name == "photo" else np.ones((SIZE, SIZE))
    return np.asarray(whole.reshape(size, block, size, block).mean(axis=(1, 3)))


def digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Handwritten digits, and which digit each of them is.

    Returns:
        ``(1797, 8, 8, 1)``, 0 (paper) to 1 (ink), in the order of the collection; and ``(1797,)``, 0 to 9.
    """
    stored = _stored("digits.npy")
    shades = (stored[:, :-1] / 16).astype(np.float32)
    return shades.reshape(-1, 8, 8, 1), stored[:, -1].astype(np.int64)


def handwritten() -> NDArray[np.float64]:
    """One of the handwritten digits as it was stored: a 2 whose foot lies in the last row, right to the last column.

    Returns:
        ``(8, 8)``, whole numbers from 0 (paper) to 16 (ink).
    """
    return np.asarray(_stored("digits.npy")[_A_TWO, :-1].reshape(8, 8), dtype=np.float64)


def learned() -> NDArray[np.float32]:
    """The 4,385 weights that the autoencoder of lesson 05 has learned from digits; ``tools/learned.py`` stored them."""
    return np.asarray(_stored("learned.npy"), dtype=np.float32)


@cache
def _stored(name: str) -> NDArray[Any]:
    stored = (importlib.resources.files("course_utils.data") / name).read_bytes()
    return np.asarray(np.load(io.BytesIO(stored)))


@cache
def _photo() -> NDArray[np.float64]:
    return np.asarray(_stored("photo.npy") / 255)


def _stripes(size: int) -> NDArray[np.float64]:
    """Black and white, the period falling from 8 cells to 2: upright ones above, level ones below."""
    periods = np.linspace(8, 2, size)
    line = (np.cumsum(2 / periods).astype(int) % 2).astype(float)
    half = size // 2
    return np.vstack([np.tile(line, (half, 1)), np.tile(line[: size - half, np.newaxis], (1, size))])
