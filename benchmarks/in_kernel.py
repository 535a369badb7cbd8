"""What one step of a slider costs in the kernel: the real layer, the hand, the comparison, the picture."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

#: The explorer, the control that is moved, and where it is moved to, in turn.
STEPS: list[tuple[str, str, dict[str, Any], str, list[Any]]] = [
    ("padding, n = 7, k = 3 and 4", "padding", {}, "k", [4, 3]),
    ("padding, n = 12 and 11, k = 3", "padding", {"n": 11}, "n", [12, 11]),
    ("padding, n = 12, k = 7 and 6", "padding", {"n": 12}, "k", [7, 6]),
    ("stride, n = 12, s = 2 and 3", "stride", {"n": 12}, "s", [3, 2]),
    ("stride beside symmetric, n = 12", "stride", {"n": 12, "symmetric": True}, "s", [3, 2]),
    ("pooling, n = 12 and 11", "pooling", {"n": 11}, "n", [12, 11]),
    ("upsampling, n = 8 and 7", "upsampling", {"n": 7}, "n", [8, 7]),
    ("transposed, n = 6 and 5", "transposed", {"n": 5}, "n", [6, 5]),
    ("padding, a picture of 64 × 64", "padding", {"show": "image"}, "k", [4, 3]),
    ("transposed, a picture of 32 × 32", "transposed", {"show": "image"}, "k", [4, 3]),
    ("the tape: a model of 13 layers", "autoencoder", {}, "n", [27, 28]),
]
BASELINE = "the three grids of padding by matplotlib (baseline)"


def quantiles(times: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    ordered = sorted(times)
    return statistics.median(ordered), ordered[min(int(0.95 * len(ordered)), len(ordered) - 1)]


def repeat(action: Callable[[int], object], steps: int) -> tuple[float, float]:
    """Milliseconds of an action, after a few runs that do not count."""
    times = []
    for i in range(steps + 10):
        started = time.perf_counter()
        action(i)
        times.append((time.perf_counter() - started) * 1000)
    return quantiles(times[10:])


def rows(steps: int) -> Iterable[tuple[str, float, float]]:
    """A line for each explorer: what a whole step takes through its real widgets."""
    from course_utils import explore

    yield (BASELINE, *repeat(_drawn_by_matplotlib, steps))
    for label, name, start, control, values in STEPS:
        explorer = getattr(explore, name)(**start)
        slider = explorer.controls[control]

        def step(i: int, slider: Any = slider, values: list[Any] = values) -> None:
            slider.value = values[i % len(values)]

        yield (label, *repeat(step, steps))


FILLS = {"real": "tab:blue", "ghost": "lightgrey", "kernel": "silver", "output": "tab:orange", "unread": "white"}


def _drawn_by_matplotlib(i: int) -> None:
    """The same frame, its grids drawn as most notebooks do it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from course_utils.explorers.padding import PaddingSettings

    figure = Figure(figsize=(11, 4.4))
    FigureCanvasAgg(figure)
    for panel, grid in zip(figure.subplots(1, 3), PaddingSettings(7, 3 + i % 2).frame().grids, strict=True):
        panel.set(title=grid.title, xlim=(0, grid.columns), ylim=(grid.rows, 0), aspect="equal")
        panel.axis("off")
        for r, row in enumerate(grid.cells):
            for c, cell in enumerate(row):
                panel.add_patch(_square(c, r, FILLS[cell.role]))
                panel.text(c + 0.5, r + 0.5, cell.text, ha="center", va="center")
    figure.savefig(io.BytesIO(), format="png")


def _square(x: float, y: float, colour: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x, y), 1, 1, facecolor=colour, edgecolor="white")
