"""A still of the grids as PNG, for a notebook that is read where nothing runs.

Matplotlib's ``Figure`` directly, never pyplot: pyplot's hidden state breaks beside live widgets.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from course_utils.pictures.grids import Cell, Grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The colours of the light theme of ``view.css``: fill and edge.
_COLOURS = {
    "real": ("#2f7fd1", "#2f7fd1"),
    "unread": ("#2f7fd1", "#7a7a7a"),
    "ghost": ("#9a9a9a", "#7a7a7a"),
    "kernel": ("#9a9a9a", "#7a7a7a"),
    "output": ("#e8751a", "#e8751a"),
}
_GAP = 1.6  # cells between two grids
_SCALE = 0.36  # inches a cell
_LETTERS = 4.2  # letters of the caption in the width of a cell


def png(grids: Sequence[Grid], caption: Sequence[str]) -> bytes:
    """Draw the grids side by side over a few lines of text, on white."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width = max(sum(grid.columns + _GAP for grid in grids), 24)
    lines = [line for text in caption for line in textwrap.wrap(text, int(width * _LETTERS))]
    height = max(grid.rows for grid in grids) + 1.6 + 0.9 * len(lines)
    figure = Figure(figsize=(width * _SCALE, height * _SCALE), facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(-0.3, width - 0.3), ylim=(height - 0.2, -0.2))
    axes.set_axis_off()
    left = 0.0
    for grid in grids:
        _draw(axes, grid, left)
        left += grid.columns + _GAP
    for line, text in enumerate(reversed(lines)):
        axes.text(0, height - 0.7 - 0.9 * line, text, fontsize=11, color="#222222", va="center")
    out = io.BytesIO()
    # No date and no version in the file: the same picture is the same bytes.
    figure.savefig(out, format="png", dpi=110, metadata={"Software": None})
    return out.getvalue()


def _draw(axes: Axes, grid: Grid, left: float) -> None:
    axes.text(left, 0.4, grid.title, fontsize=11, weight="bold", color="#222222", va="center")
    for row, line in enumerate(grid.cells):
        for column, cell in enumerate(line):
            _draw_cell(axes, cell, left + column, 1.0 + row)


def _draw_cell(axes: Axes, cell: Cell, x: float, y: float) -> None:
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Rectangle

    fill, edge = _COLOURS[cell.role]
    strength = {"ghost": 0.08, "kernel": 0.25, "unread": 0.05}.get(cell.role, 0.12 + 0.5 * cell.shade)
    square = Rectangle(
        (x + 0.04, y + 0.04),
        0.92,
        0.92,
        facecolor=to_rgba(fill, strength),
        edgecolor=to_rgba(edge, 0.9 if cell.role == "ghost" else 0.35),
        linestyle=":" if cell.role == "ghost" else "-",
        linewidth=0.8,
        hatch="///" if cell.role == "ghost" else None,
    )
    square.set_hatch_linewidth(0.4)
    axes.add_patch(square)
    axes.text(
        x + 0.5,
        y + 0.52,
        cell.text,
        fontsize=9.5 if len(cell.text) < 4 else 7,
        ha="center",
        va="center",
        color="#222222",
    )
    if cell.role == "unread":
        axes.plot([x + 0.1, x + 0.9], [y + 0.1, y + 0.9], color="#555555", linewidth=1.2)
