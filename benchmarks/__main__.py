"""Measure what a slider costs, and what a kernel weighs, against the usual way in the same run.

    python -m benchmarks            everything
    python -m benchmarks --steps 20 quicker and rougher

The baseline draws the same three grids with `interact` and `plt.show`, from the same computation. Times are taken in
the page: from the key press to the first frame that shows the changed picture.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
from nbformat import v4, write

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))

import lab as rig  # type: ignore[import-not-found]  # noqa: E402

OURS = ["from course_utils import explore", "explore.padding(n=7, k=3)"]
BASELINE = [
    """%matplotlib inline
import ipywidgets
import matplotlib.pyplot as plt
from course_utils.explorers.padding import padding_frame

FILLS = {"real": "tab:blue", "ghost": "lightgrey", "kernel": "silver", "output": "tab:orange", "unread": "white"}

def draw(k=3):
    frame = padding_frame(7, k, "same", "ones", "digits")
    figure, panels = plt.subplots(1, 3, figsize=(11, 4.4))
    for panel, grid in zip(panels, frame.grids):
        panel.set(title=grid.title, xlim=(0, grid.columns), ylim=(grid.rows, 0), aspect="equal")
        panel.axis("off")
        for r, row in enumerate(grid.cells):
            for c, cell in enumerate(row):
                panel.add_patch(plt.Rectangle((c, r), 1, 1, facecolor=FILLS[cell.role], edgecolor="white"))
                panel.text(c + 0.5, r + 0.5, cell.text, ha="center", va="center")
    plt.show()""",
    "ipywidgets.interact(draw, k=(1, 7));",
]

# Stamp the key, and the first frame after the picture has changed.
WATCH = """([cell, kind]) => {
    const area = document.querySelector(`.jp-Cell[data-windowed-list-index="${cell}"] .jp-Cell-outputArea`);
    const state = () => kind === 'svg' ? area.querySelector('[data-name="kernel"] figcaption')?.textContent
                                       : area.querySelector('img')?.src;
    window.took = [];
    let pressed = null, before = null;
    document.addEventListener('keydown', () => { pressed = performance.now(); before = state(); }, true);
    const look = () => {
        const now = state();
        if (pressed === null || !now || now === before) return;
        const started = pressed;
        pressed = null;
        const done = () => requestAnimationFrame(() => window.took.push(performance.now() - started));
        kind === 'svg' ? done() : area.querySelector('img').decode().then(done, done);
    };
    new MutationObserver(look).observe(area, {subtree: true, childList: true, attributes: true, characterData: true});
}"""


def quantiles(times: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    ordered = sorted(times)
    return statistics.median(ordered), ordered[min(int(0.95 * len(ordered)), len(ordered) - 1)]


def repeat(action: Callable[[int], object], steps: int) -> tuple[float, float]:
    """Milliseconds of an action, after a few runs that do not count."""
    times = []
    for i in range(steps + 5):
        started = time.perf_counter()
        action(i)
        times.append((time.perf_counter() - started) * 1000)
    return quantiles(times[5:])


def in_kernel(steps: int) -> list[tuple[str, float, float]]:
    """A whole step as the explorer does it: real layer, by hand, comparison, picture."""
    from course_utils.explorers.padding import padding_frame

    def step(n: int, k: int) -> Callable[[int], object]:
        return lambda i: padding_frame(n, k, ("same", "valid")[i % 2], "edge", "digits").for_view()

    return [(f"in the kernel, n = {n}, k = {k}", *repeat(step(n, k), steps)) for n, k in ((7, 3), (12, 3), (12, 7))]


def in_browser(page: Any, server: Any, folder: Path, cells: list[str], kind: str, steps: int) -> tuple[float, float]:
    """Key press to changed picture."""
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = folder / f"{kind}.ipynb"
    write(v4.new_notebook(cells=[v4.new_code_cell(source) for source in cells], metadata=metadata), path)
    rig.open_notebook(page, server, path)
    rig.run_all(page)
    rig.scroll_to_cell(page, len(cells) - 1)
    slider = rig.cell(page, len(cells) - 1).get_by_role("slider").last
    slider.focus()
    page.evaluate(WATCH, [len(cells) - 1, kind])
    for i in range(steps + 5):
        page.keyboard.press("ArrowRight" if i % 2 else "ArrowLeft")
        page.wait_for_function("count => window.took.length > count", arg=i, timeout=20_000)
    return quantiles(page.evaluate("() => window.took")[5:])


def kernel_memory(server: Any) -> float:
    """MiB (PSS) of the running kernel."""
    children = psutil.Process(server._process.pid).children(recursive=True)
    kernels = [child for child in children if "ipykernel_launcher" in " ".join(child.cmdline())]
    return max(float(child.memory_full_info().pss) for child in kernels) / 2**20


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60)
    steps = parser.parse_args().steps
    rows = in_kernel(steps)
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        with rig.Lab(folder / "lab") as server:
            page = rig.launch_browser(playwright).new_context(viewport={"width": 1280, "height": 1000}).new_page()
            base = in_browser(page, server, folder, BASELINE, "img", steps)
            server.shutdown_kernels()
            ours = in_browser(page, server, folder, OURS, "svg", steps)
            memory = kernel_memory(server)
    rows += [("in the browser, interact + plt.show (baseline)", *base), ("in the browser, the explorer", *ours)]
    print(f"{'':48} {'median ms':>10} {'p95 ms':>8}")
    for label, median, p95 in rows:
        print(f"{label:48} {median:10.1f} {p95:8.1f}")
    print(f"the explorer is {base[0] / ours[0]:.1f} times faster than the baseline at the median")
    print(f"a kernel with the explorer and Keras weighs {memory:.0f} MiB (PSS)")


if __name__ == "__main__":
    main()
