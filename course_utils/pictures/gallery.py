"""Still pictures that a cell of a lesson draws: maps in labelled rows, a line, grids of numbers, rows edge to edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_utils.pictures.grids import Cell, Grid, number
from course_utils.pictures.stills import as_png, png, white_figure

_INK, _BLUE, _ORANGE = "#222222", "#2f7fd1", "#e8751a"


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
            0 is white, and the largest value of all rows is black. All cells are drawn equally large.
    """
    from matplotlib.patches import Rectangle

    maps = {name: _maps(values) for name, values in rows.items()}
    most = max(len(one) for one in maps.values())
    top = max(max(float(one.max()) for one in maps.values()), 1e-9)
    side = max(max(one.shape[1:]) for one in maps.values())
    figure = white_figure(1.4 * most + 0.2, 1.75 * len(maps), layout="constrained")
    lines = figure.subfigures(len(maps), 1, squeeze=False)[:, 0]
    for line, (name, one) in zip(lines, maps.items(), strict=True):
        line.suptitle(name, x=0.01, ha="left", fontsize=12, color=_INK)
        for column, values in enumerate(one, start=1):
            axes = line.add_subplot(1, most, column)
            axes.imshow(values, cmap="gray_r", vmin=0, vmax=top, interpolation="nearest")
            axes.set(xlim=(-0.7, side - 0.3), ylim=(side - 0.3, -0.7))
            frame = Rectangle(
                (-0.5, -0.5), *values.shape[::-1], fill=False, edgecolor=_INK, linewidth=0.8, clip_on=False
            )
            axes.add_patch(frame)
            axes.set_axis_off()
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
    axes.plot(range(1, len(values) + 1), values, marker="o", color=_BLUE)
    axes.set_xlabel(across, color=_INK)
    axes.set_ylabel(up, color=_INK)
    axes.set_ylim(0, 1.1 * max(values))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return Still(as_png(figure, 96), f"A line: {up} over {across}, {len(values)} points.")


def grids(named: Mapping[str, ArrayLike]) -> Still:
    """Show rows or tables of numbers in cells, one beside the other: zeros grey and hatched, the last one orange.

    Args:
        named: under each title a row or a table; a title that begins with "kernel" has the plain cells of a kernel.
    """
    tables = {title: np.atleast_2d(np.asarray(values, dtype=np.float64)) for title, values in named.items()}
    *_, last = tables
    told, drawn = [], []
    for title, table in tables.items():
        role: Any = "kernel" if title.startswith("kernel") else "output" if title == last else "real"
        cells = tuple(tuple(Cell(number(one), role if one else "ghost") for one in row) for row in table)
        told.append(f"{title}: {'; '.join(' '.join(cell.text for cell in row) for row in cells)}")
        drawn.append(Grid(title, title, cells, (0, 0), told[-1]))
    return Still(png(drawn, (), widest=24), ". ".join(told) + ".")


def edge_to_edge(n: int, f: int) -> Still:
    """Draw a row of n cells over the n·f cells that it becomes: equally long, a dot at the centre of each cell.

    Args:
        n: how many cells the old row has.
        f: how many new cells lie below each of them.
    """
    from matplotlib.patches import Rectangle

    figure = white_figure(7, 2.2)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(-0.3 * n, 1.02 * n), ylim=(-0.2, 2.7))
    axes.set_axis_off()
    style: dict[str, Any] = {"color": _INK, "va": "center", "fontsize": 13}
    for name, count, floor, colour in (("old cells", n, 1.5, _BLUE), ("new cells", n * f, 0.0, _ORANGE)):
        axes.text(-0.28 * n, floor + 0.5, name, **style)
        for i in range(count):
            middle = (i + 0.5) * n / count
            cell = Rectangle((i * n / count, floor), n / count, 1, facecolor=f"{colour}33", edgecolor=colour)
            axes.add_patch(cell)
            axes.text(i * n / count + 0.06, floor + 0.78, str(i), **style)
            axes.plot([middle, middle], [floor + 0.4, 1.9], ":", color=colour)
            axes.plot(middle, floor + 0.4, "o", color=colour)
    told = f"{n} old cells over {n * f} new ones, edge to edge, a dotted line from each new centre to the old row."
    return Still(as_png(figure, 96), told)


def _maps(values: ArrayLike) -> np.ndarray[Any, np.dtype[np.float64]]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != 3 or 0 in array.shape:
        raise ValueError(f"I need maps × height × width, and got the shape {array.shape}.")
    return array
