"""Maps as pictures in shades of grey: one cell of the map is one pixel, and the page enlarges it without blurring."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from course_utils.pictures.grids import number

#: The longest side of a picture on the page, in CSS pixels, where a whole enlargement allows. A little more than 4·64
#: or 2·128, so that a few cells more at the border do not make all pictures smaller.
LONGEST = 264


@dataclass(frozen=True)
class Photo:
    """A map of many cells, to be seen instead of read.

    Attributes:
        name: what the view knows it by.
        title: the line above it.
        key: what black and white stand for.
        description: the picture in words.
        size: rows and columns.
        png: one pixel for each cell.
        secret: whether it gives away what comes out.
    """

    name: str
    title: str
    key: str
    description: str
    size: tuple[int, int]
    png: bytes
    secret: bool

    @classmethod
    def from_view(cls, data: Mapping[str, Any]) -> Photo:
        """The photo that a frame told; which of them were secret it does not tell."""
        width, height = struct.unpack(">II", data["png"][16:24])  # the PNG's own header
        return cls(data["name"], data["title"], data["key"], data["alt"], (height, width), data["png"], secret=True)


def photo(values: NDArray[np.float64], name: str, title: str, said: str, *, secret: bool = True) -> Photo:
    """Draw a map. Black is 0 (or the smallest value, if that is below 0), white is the largest.

    Args:
        values: ``(height, width)``.
        name: what the view knows it by.
        title: what the line above it begins with; the size follows.
        said: what it shows, for those who do not see it; the size follows.
        secret: whether it gives away what comes out.
    """
    from matplotlib.image import imsave

    height, width = values.shape
    low, high = min(float(values.min()), 0.0), float(values.max())
    out = io.BytesIO()
    top = high if high > low else low + 1
    # Not even a version in the file: the same picture is the same bytes.
    nothing: dict[str, str | None] = {"Software": None}
    imsave(out, values, vmin=low, vmax=top, cmap="gray", format="png", metadata=cast("dict[str, str]", nothing))
    return Photo(
        name=name,
        title=f"{title} {height}×{width}",
        key=f"black is {number(low)}, white is {number(high)}",
        description=f"{said}, {height} by {width} cells.",
        size=(height, width),
        png=out.getvalue(),
        secret=secret,
    )


def enlargement(photos: Sequence[Photo]) -> int:
    """How many CSS pixels a cell gets: the same in all pictures, so that they stand to scale."""
    return max(1, LONGEST // max(max(p.size) for p in photos))
