"""Small maps in labelled rows, and a line that falls: still pictures for what a training ends in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_utils.pictures.stills import as_png, white_figure

_INK = "#222222"


@dataclass(frozen=True)
class Still:
    """A picture, and what it shows in words."""

    png: bytes
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_png_(self) -> tuple[bytes, dict[str, str]]:
        return self.png, {"alt": self.text}


def gallery(rows: Mapping[str, ArrayLike]) -> Still:
    """Show maps side by side, a row for each name.

    Args:
        rows: under each name ``(maps, height, width)`` or ``(maps, height, width, 1)``, with values from 0 on.
            0 is white, and the largest value of all rows is black.
    """
    maps = {name: _maps(values) for name, values in rows.items()}
    most = max(len(one) for one in maps.values())
    top = max(max(float(one.max()) for one in maps.values()), 1e-9)
    figure = white_figure(0.95 * most + 0.2, 1.35 * len(maps), layout="constrained")
    lines = figure.subfigures(len(maps), 1, squeeze=False)[:, 0]
    for line, (name, one) in zip(lines, maps.items(), strict=True):
        line.suptitle(name, x=0.01, ha="left", fontsize=12, color=_INK)
        for column, values in enumerate(one, start=1):
            axes = line.add_subplot(1, most, column)
            axes.imshow(values, cmap="gray_r", vmin=0, vmax=top, interpolation="nearest")
            axes.set(xticks=[], yticks=[])
    told = "; ".join(f"{name}: {len(one)} maps of {one.shape[1]} × {one.shape[2]}" for name, one in maps.items())
    return Still(as_png(figure, 96), told)


def curve(values: Sequence[float], across: str, up: str) -> Still:
    """Draw numbers as a line, from the first to the last.

    Args:
        values: the numbers.
        across: what they are counted by.
        up: what they are.
    """
    from matplotlib.ticker import MaxNLocator

    figure = white_figure(6, 2.4, layout="constrained")
    axes = figure.add_subplot()
    axes.plot(range(1, len(values) + 1), values, marker="o", color="#2f7fd1")
    axes.set_xlabel(across, color=_INK)
    axes.set_ylabel(up, color=_INK)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return Still(as_png(figure, 96), f"A line: {up} over {across}, {len(values)} points.")


def _maps(values: ArrayLike) -> np.ndarray[Any, np.dtype[np.float64]]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != 3 or 0 in array.shape:
        raise ValueError(f"I need maps × height × width, and got the shape {array.shape}.")
    return array
