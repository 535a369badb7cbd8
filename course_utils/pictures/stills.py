"""A still of the grids as PNG, for a notebook that is read where nothing runs.

Matplotlib's ``Figure`` directly, never pyplot: pyplot's hidden state breaks beside live widgets.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from course_utils.pictures.grids import Cell, Grid, short
from course_utils.pictures.photos import Photo
from course_utils.pictures.tape import Step, rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: The colours of the light theme of ``view.css``: fill and edge.
_COLOURS = {
    "real": ("#2f7fd1", "#2f7fd1"),
    "unread": ("#2f7fd1", "#7a7a7a"),
    "ghost": ("#9a9a9a", "#7a7a7a"),
    "kernel": ("#9a9a9a", "#7a7a7a"),
    "output": ("#e8751a", "#e8751a"),
    "differ": ("#e8751a", "#e8751a"),
    "empty": ("#9a9a9a", "#7a7a7a"),
    "count": ("#7b3fa0", "#7b3fa0"),
    "tap": ("#e8751a", "#e8751a"),
    "window": ("#2f7fd1", "#2f7fd1"),
    "blank": ("#2f7fd1", "#2f7fd1"),
}
#: In a map with negative numbers: theirs, by the colour of the others; and that of 0.
_MINUS = {"#2f7fd1": "#a88400", "#e8751a": "#0b8088"}
_ZERO = dict.fromkeys(_MINUS, "#8c8c8c")
#: How strong the colour is where it does not say how large the number is.
_STRENGTHS = {"ghost": 0.08, "kernel": 0.25, "unread": 0.05, "empty": 0.05, "tap": 0.75, "window": 0.5, "blank": 0.1}
_GAP = 1.6  # cells between two grids
_SCALE = 0.36  # inches a cell
_LETTERS = 4.2  # letters of the caption in the width of a cell
_WIDEST = 44  # cells, before the next grid begins a new line
_PHOTO = 8  # pixels of a photo in the width of a cell
_MAP = 10  # cells of a map on a tape in the width of a cell
_STEP = 6.0  # cells from one square of a tape to the next
_LARGE = 16  # cells of a side of the largest map in large cells


def png(
    grids: Sequence[Grid],
    caption: Sequence[str],
    photos: Sequence[Photo] = (),
    tape: Sequence[Step] = (),
    widest: int = _WIDEST,
) -> bytes:
    """Draw the photos, grids and the tape, in lines of at most ``widest`` cells, over a few lines of text, on white."""
    items: list[Grid | Photo] = [*photos, *grids]
    places, width, bottom = _places(items, widest)
    if tape:
        top = bottom if items else 0.0
        width, bottom = max(width, _STEP * max(map(len, rows(tape)))), top + _height(tape)
    lines = [line for text in caption for line in textwrap.wrap(text, int(width * _LETTERS))]
    height = bottom + 0.6 + 0.9 * len(lines)
    figure = white_figure(width * _SCALE, height * _SCALE)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(-0.3, width - 0.3), ylim=(height - 0.2, -0.2))
    axes.set_axis_off()
    for item, (left, top) in zip(items, places, strict=True):
        axes.text(left, top + 0.4, item.title, fontsize=11, weight="bold", color="#222222", va="center")
        if isinstance(item, Photo):
            _draw_photo(axes, item, left, top + 1)
        else:
            _draw(axes, item, left, top + 1)
    if tape:
        _draw_tape(axes, tape, top)
    for line, text in enumerate(reversed(lines)):
        axes.text(0, height - 0.7 - 0.9 * line, text, fontsize=11, color="#222222", va="center")
    return as_png(figure, 110)


def white_figure(width: float, height: float, layout: Literal["constrained"] | None = None) -> Figure:
    """An empty figure that no window and no pyplot knows of."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), facecolor="white", layout=layout)
    FigureCanvasAgg(figure)
    return figure


def as_png(figure: Figure, dpi: int) -> bytes:
    """The bytes of the picture: without date and version, so that the same picture is the same bytes."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=dpi, metadata={"Software": None})
    return out.getvalue()


def _extent(item: Grid | Photo) -> tuple[float, float]:
    """Width and height in cells, and at least room for the title."""
    if isinstance(item, Photo):
        height, width = _photo_size(item)
    else:
        width, height = item.columns * _side(item), item.rows * _side(item)
    return max(width, len(item.title) * 0.29), height


def _places(items: Sequence[Grid | Photo], widest: int) -> tuple[list[tuple[float, float]], float, float]:
    """Left and top of each item, the width of all, and where the last line of items ends."""
    places, left, top, tallest, width = [], 0.0, 0.0, 0.0, 24.0
    for item in items:
        wide, high = _extent(item)
        if left and left + wide > widest:
            left, top, tallest = 0.0, top + tallest + 1.6, 0.0
        places.append((left, top))
        left, tallest = left + wide + _GAP, max(tallest, high)
        width = max(width, left)
    return places, width, top + tallest + 1.0


def _photo_size(item: Photo) -> tuple[float, float]:
    """Height and width in cells: all photos to one scale."""
    return item.room[0] / _PHOTO, item.room[1] / _PHOTO


def _draw_photo(axes: Axes, item: Photo, left: float, top: float) -> None:
    from matplotlib.image import imread

    pixels = imread(io.BytesIO(item.png))
    height, width = _photo_size(item)
    extent = (left, left + width, top + height, top)
    limits = axes.get_xlim(), axes.get_ylim()
    axes.imshow(pixels, extent=extent, interpolation="nearest", aspect="auto")
    axes.set(xlim=limits[0], ylim=limits[1])


def _tallest(row: Sequence[Step]) -> float:
    return max(max(step.size or 0, step.wanted or 0, _MAP) for step in row) / _MAP


def _height(tape: Sequence[Step]) -> float:
    return sum(_tallest(row) + 4.2 for row in rows(tape))


def _draw_tape(axes: Axes, tape: Sequence[Step], top: float) -> None:
    """Each row on a line of its own, the squares standing on it, name and size beneath."""
    from matplotlib.patches import Rectangle

    for row in rows(tape):
        axes.text(0, top + 0.4, row[0].begins, fontsize=11, weight="bold", color="#222222", va="center")
        floor = top + 1 + _tallest(row)
        for i, step in enumerate(row):
            left, high = i * _STEP, floor - max(step.size or 0, step.wanted or 0) / _MAP
            for side, look in (
                (step.size or 0, {"facecolor": "#bcd6f2", "edgecolor": "#2f7fd1"}),
                (step.wanted or 0, {"fill": False, "edgecolor": "#222222", "linestyle": "--"}),
            ):
                axes.add_patch(Rectangle((left, high), side / _MAP, side / _MAP, linewidth=1.0, **look))
            for line, text in enumerate((step.name, step.size_text, step.said)):
                weight = "bold" if line == 1 else "normal"
                below = floor + 0.6 + 0.75 * line
                axes.text(left, below, text, fontsize=9.5, weight=weight, color="#222222", va="center")
        top = floor + 3.2


def _side(grid: Grid) -> float:
    """The side of a cell: smaller in a large map, and smallest aside."""
    return 0.5 if grid.aside else 1.0 if max(grid.rows, grid.columns) <= _LARGE else 0.75


def _draw(axes: Axes, grid: Grid, left: float, top: float) -> None:
    side = _side(grid)
    for row, line in enumerate(grid.cells):
        for column, cell in enumerate(line):
            shade = grid.shade(cell)
            other = {} if grid.scale[0] >= 0 or shade > 0 else _MINUS if shade else _ZERO
            _draw_cell(axes, cell, shade, other, left + column * side, top + row * side, side)


def _draw_cell(axes: Axes, cell: Cell, shade: float, other: Mapping[str, str], x: float, y: float, side: float) -> None:
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Polygon, Rectangle

    fill, edge = (other.get(colour, colour) for colour in _COLOURS[cell.role])
    strength = _STRENGTHS.get(cell.role, 0.12 + 0.5 * abs(shade))
    square = Rectangle(
        (x + 0.04 * side, y + 0.04 * side),
        0.92 * side,
        0.92 * side,
        facecolor=to_rgba(fill, strength),
        edgecolor=to_rgba(edge, 0.9 if cell.role == "ghost" else 0.35),
        linestyle=":" if cell.role == "ghost" else "-",
        linewidth=0.8,
        hatch="///" if cell.role == "ghost" else None,
    )
    square.set_hatch_linewidth(0.4)
    axes.add_patch(square)
    if cell.role == "differ":
        low, high = 0.66 * side, 0.96 * side
        corner = [(x + low, y + 0.04 * side), (x + high, y + 0.04 * side), (x + high, y + 0.34 * side)]
        axes.add_patch(Polygon(corner, facecolor="#222222", edgecolor="none"))
    middle: dict[str, Any] = {"ha": "center", "va": "center", "color": "#222222"}
    text = short(cell.text)
    points = 13.0 if cell.role == "window" else 9.5 if len(text) < 4 else 7.0
    axes.text(x + side / 2, y + 0.52 * side, text, fontsize=points * side, **middle)
    if cell.role == "unread":
        low, high = 0.1 * side, 0.9 * side
        axes.plot([x + low, x + high], [y + low, y + high], color="#555555", linewidth=1.2)
