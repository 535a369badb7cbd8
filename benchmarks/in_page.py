"""What a person waits for in the browser: a key on a slider, a drag, a pointer; and what a kernel weighs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from nbformat import v4, write

from benchmarks.in_kernel import quantiles

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))

import alone  # noqa: E402
import lab as rig  # noqa: E402

BASELINE = "interact + plt.show (baseline)"
INTERACT = [
    """%matplotlib inline
import ipywidgets
import matplotlib.pyplot as plt
from course_utils.explorers.padding import PaddingSettings

FILLS = {"real": "tab:blue", "ghost": "lightgrey", "kernel": "silver", "output": "tab:orange", "unread": "white"}

def draw(k=3):
    frame = PaddingSettings(7, k).frame()
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
#: What is moved → the explorer, and the name of the slider. At the largest n, where there is most to draw.
EXPLORERS = {
    "padding, n = 12, k": ("explore.padding(n=12, k=3)", "k, kernel size"),
    "stride, n = 12, s": ("explore.stride(n=12)", "s, stride"),
    "pooling, n = 12, k": ("explore.pooling(n=12)", "k, pool size"),
    "upsampling, n = 8, f": ("explore.upsampling(n=8)", "f, factor"),
    "transposed, n = 6, k": ("explore.transposed(n=6)", "k, kernel size"),
    "padding, a picture, k": ('explore.padding(show="image")', "k, kernel size"),
    "the tape, n": ("explore.autoencoder(n=26)", "n, input size"),
}
#: Where a lesson shows what is moved on a page without a kernel, and the name of its slider.
ALONE = {
    "padding, k": ("00_start_here/explorer", "k"),
    "stride and symmetric padding, k": ("02_take_bigger_steps/s4-explore", "k"),
    "pooling, n": ("03_pool/s3-explore", "n"),
    "pooling, a picture, k": ("03_pool/s8-explore", "k"),
    "upsampling, f": ("04_upsample/s2-explore", "f"),
    "transposed, k": ("04_upsample/s5-explore", "k"),
    "the tape, n": ("05_solve_the_autoencoder/s3-explore", "n"),
}
#: Two steps up and two down; and steps of which neither was foreseen.
STEPS, LEAPS = ["ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft"], ["End", "Home"]
#: Milliseconds between two keys: as quickly as someone presses one who looks at what comes.
PACE = 120

# Stamp the key, and the moment in which the frame with the changed picture has been painted. What watched before ends.
WATCH = """([place, kind]) => {
    const area = document.querySelector(place);
    const state = () => kind === 'explorer'
        ? area.querySelector('.cu-said, .cu-answers')?.textContent + area.querySelector('.cu-view img')?.src
        : area.querySelector('img')?.src;
    window.took = [];
    window.changed = 0;
    window.watching?.abort();
    const { signal } = window.watching = new AbortController();
    let pressed = null, before = null;
    const press = () => { pressed = performance.now(); before = state(); };
    let last = state();
    document.addEventListener('keydown', press, { capture: true, signal });
    const look = () => {
        const now = state();
        if (now !== last) window.changed = performance.now();  // not where a neighbour came, which is not shown
        last = now;
        if (pressed === null || !now || now === before) return;
        const started = pressed;
        pressed = null;
        const done = () => requestAnimationFrame(() => {
            const painted = new MessageChannel();  // it answers when the frame has been painted
            painted.port1.onmessage = () => window.took.push(performance.now() - started);
            painted.port2.postMessage(0);
        });
        kind === 'explorer' ? done() : area.querySelector('img').decode().then(done, done);
    };
    const observer = new MutationObserver(look);
    observer.observe(area, {subtree: true, childList: true, attributes: true, characterData: true});
    signal.addEventListener('abort', () => observer.disconnect());
}"""

# The time from an event on the cells until the page holds what it asks for, and until the next frame is due.
POINT = """cell => {
    const grids = document.querySelector(`.jp-Cell[data-windowed-list-index="${cell}"] .cu-scene`);
    window.handled = [];
    let began = 0;
    grids.parentElement.addEventListener('pointermove', () => { began = performance.now(); }, true);
    grids.parentElement.addEventListener('pointermove', () => { window.handled.push(performance.now() - began); });
}"""


def open_cells(page: Any, server: Any, folder: Path, name: str, cells: list[str]) -> int:
    """Open and run a notebook of these cells, and return the place of the last one."""
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = folder / name
    write(v4.new_notebook(cells=[v4.new_code_cell(source) for source in cells], metadata=metadata), path)
    rig.open_notebook(page, server, path)
    rig.run_all(page)
    rig.scroll_to_cell(page, len(cells) - 1)
    return len(cells) - 1


# Stamp the moment in which the first picture of an explorer has been painted, and that in which Keras has run for it.
FIRST = """() => {
    window.firsts = {};
    const started = performance.now();
    const note = (name) => requestAnimationFrame(() => (window.firsts[name] ??= performance.now() - started));
    new MutationObserver(() => {
        if (!document.querySelector('.cu-view .cu-cell')) return;
        note('painted');
        if (!/^recorded/.test(document.querySelector('.cu-when')?.textContent)) note('run');
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
    jupyterapp.commands.execute('notebook:run-all-cells');
}"""


def first(page: Any, server: Any, path: Path) -> tuple[float, float]:
    """Milliseconds from *Run all* in a kernel that has just started: to the first explorer, and to the real layer."""
    page.goto("about:blank")  # what is left of the notebook before this one would take its time
    rig.open_notebook(page, server, path)
    page.evaluate(FIRST)
    page.wait_for_function("() => window.firsts.painted && window.firsts.run", timeout=120_000)
    found = page.evaluate("() => window.firsts")
    server.shutdown_kernels()
    return float(found["painted"]), float(found["run"])


def output_of(cell: int) -> str:
    """Where in the page the output of a cell is, as a selector."""
    return f'.jp-Cell[data-windowed-list-index="{cell}"] .jp-Cell-outputArea'


def keys(page: Any, place: str, slider: Any, kind: str, steps: int, pressed: list[str]) -> tuple[float, float]:
    """Key press to painted picture, on a slider: these keys again and again."""
    slider.focus()
    page.evaluate(WATCH, [place, kind])
    for i in range(steps + 5):
        page.wait_for_timeout(PACE)
        page.keyboard.press(pressed[i % len(pressed)])
        page.wait_for_function("count => window.took.length > count", arg=i, timeout=20_000)
    return quantiles(page.evaluate("() => window.took")[5:])


def drag(page: Any, slider: Any) -> float:
    """Milliseconds from the last of 100 events of a drag to the last change of the picture."""
    slider.scroll_into_view_if_needed()
    handle = slider.bounding_box()
    track = slider.locator("xpath=ancestor::*[contains(@class, 'noUi-target')]").first.bounding_box()
    y = handle["y"] + handle["height"] / 2
    page.mouse.move(handle["x"] + handle["width"] / 2, y)
    page.mouse.down()
    for i in range(100):
        page.mouse.move(track["x"] + track["width"] * abs((i % 20) - 10) / 10, y)
    ended = page.evaluate("() => performance.now()")
    rig.settle(page)
    changed = page.evaluate("() => window.changed")  # before the mouse button, which changes the handle
    page.mouse.up()
    return max(0.0, float(changed - ended))


def point(page: Any, cell: int, steps: int) -> tuple[float, float]:
    """Milliseconds until a pointer on an output cell has lit its window and written out the sum."""
    page.evaluate(POINT, cell)
    cells = rig.cell(page, cell).locator('[data-name="output"] .cu-cell')
    places = [place for i in range(cells.count()) if (place := cells.nth(i).bounding_box())]
    for i in range(steps + 5):
        place = places[i * 5 % len(places)]
        page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    return quantiles(page.evaluate("() => window.handled")[5:])


def kernel_memory(server: Any) -> float:
    """MiB (PSS) of the running kernel."""
    children = psutil.Process(server._process.pid).children(recursive=True)
    kernels = [child for child in children if "ipykernel_launcher" in " ".join(child.cmdline())]
    return max(float(child.memory_full_info().pss) for child in kernels) / 2**20


def rows(folder: Path, steps: int, before: Path | None) -> Iterator[tuple[str, float, float]]:
    """The baseline, and every explorer in a notebook of its own kernel, and what that kernel weighs.

    Args:
        folder: for the notebooks and the server.
        steps: how many keys are pressed on each.
        before: an older build of the course, measured beside this one; None for none.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, rig.Lab(folder / "lab") as server:
        page = rig.launch_browser(playwright).new_context(viewport={"width": 1280, "height": 1000}).new_page()
        cell = open_cells(page, server, folder, "baseline.ipynb", INTERACT)
        slider = rig.cell(page, cell).get_by_role("slider").last
        yield (BASELINE, *keys(page, output_of(cell), slider, "image", steps, STEPS))
        yield (f"after a drag: {BASELINE}", *quantiles([drag(page, slider) for _ in range(5)]))
        server.shutdown_kernels()
        for name, (source, label) in EXPLORERS.items():
            for build in (None, before) if before else (None,):
                old = f"import sys; sys.path.insert(0, {str(build)!r})\n" if build else ""
                title = f"{name} (before)" if build else name
                cells = [f"{old}from course_utils import explore", source]
                file = title.translate(str.maketrans(" ,=", "---")) + ".ipynb"
                cell = open_cells(page, server, folder, file, cells)
                slider = rig.cell(page, cell).get_by_role("slider", name=label, exact=True)
                yield (title, *keys(page, output_of(cell), slider, "explorer", steps, STEPS))
                yield (f"unforeseen: {title}", *keys(page, output_of(cell), slider, "explorer", steps // 3, LEAPS))
                yield (f"after a drag: {title}", *quantiles([drag(page, slider) for _ in range(5)]))
                if title == next(iter(EXPLORERS)):
                    yield ("pointing at a cell, without the kernel", *point(page, cell, steps))
                    yield ("MiB (PSS) of the kernel of the first explorer", kernel_memory(server), 0.0)
                server.shutdown_kernels()
                if name == next(iter(EXPLORERS)):
                    yield (f"until it is there (p95: by Keras): {title}", *first(page, server, folder / file))


def rows_alone(folder: Path, steps: int) -> Iterator[tuple[str, float, float]]:
    """Explorers on a page without a kernel, opened as a file."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        page = rig.launch_browser(playwright).new_context(viewport={"width": 1280, "height": 1000}).new_page()
        for name, (place, control) in ALONE.items():
            # The other explorers of that lesson are on the page, too.
            lesson = place.partition("/")[0]
            alone.open_page(page, alone.write(folder, [each for each in alone.places() if each.startswith(lesson)]))
            slider = alone.Alone(page, place).slider(control)
            yield (name, *keys(page, f'[data-place="{place}"]', slider, "explorer", steps, STEPS))
