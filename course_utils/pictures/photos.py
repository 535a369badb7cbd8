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
        grown: how many times as high and as wide as a cell of the other pictures each cell is drawn.
        side: of a cell, in CSS pixels; 0 where there is to be as much as there is room for.
    """

    name: str
    title: str
    key: str
    description: str
    size: tuple[int, int]
    png: bytes
    secret: bool
    grown: tuple[int, int] = (1, 1)
    side: int = 0

    @property
    def room(self) -> tuple[int, int]:
        """Rows and columns that it takes, in cells of the other pictures."""
        return self.size[0] * self.grown[0], self.size[1] * self.grown[1]

    @classmethod
    def from_view(cls, data: Mapping[str, Any]) -> Photo:
        """The photo that a frame told; which of them were secret it does not tell."""
        width, height = struct.unpack(">II", data["png"][16:24])  # the PNG's own header
        return cls(
            data["name"],
            data["title"],
            data["key"],
            data["alt"],
            (height, width),
            data["png"],
            True,
            (data["grown"][0], data["grown"][1]),
            data["width"] // (data["grown"][1] * width),
        )


def photo(values: NDArray[np.float64], name: str, title: str, said: str, *, ink: bool = False, **more: Any) -> Photo:
    """Draw a map. Black is 0 (or the smallest value, if that is below 0), white is the largest.

    Args:
        values: ``(height, width)``.
        name: what the view knows it by.
        title: what the line above it begins with; the size follows.
        said: what it shows, for those who do not see it; the size follows.
        ink: whether white is 0 and black is 1, as ink on paper.
        more: ``secret`` (it is, if nothing is said), ``grown`` and ``side`` of the ``Photo``.
    """
    from matplotlib.image import imsave

    height, width = values.shape
    low, high = min(float(values.min()), 0.0), float(values.max())
    out = io.BytesIO()
    top = high if high > low else low + 1
    # Not even a version in the file: the same picture is the same bytes.
    nothing: dict[str, str | None] = {"Software": None}
    grown = more.get("grown", (1, 1))
    larger = "" if grown == (1, 1) else f"; each cell as large as {grown[0]}×{grown[1]} of the input"
    shades: dict[str, Any] = {"vmin": low, "vmax": top, "cmap": "gray"}
    key = f"black is {number(low)}, white is {number(high)}"
    if ink:
        shades, key = {"vmin": 0, "vmax": 1, "cmap": "gray_r"}, "white is 0, black is 1"
    imsave(out, values, format="png", metadata=cast("dict[str, str]", nothing), **shades)
    return Photo(
        name=name,
        title=f"{title} {height}×{width}",
        key=key + larger,
        description=f"{said}, {height} by {width} cells.",
        size=(height, width),
        png=out.getvalue(),
        **{"secret": True} | more,
    )


def enlargement(photos: Sequence[Photo]) -> int:
    """How many CSS pixels a cell gets: the same in all pictures, so that they stand to scale."""
    return max(p.side for p in photos) or max(1, LONGEST // max(max(p.room) for p in photos))
