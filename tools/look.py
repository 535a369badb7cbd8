"""Look at lessons the way a learner sees them: real JupyterLab, real browser, PNG files to look at.

    python tools/look.py notebooks/01_pad_the_border.ipynb --theme light dark --width 1400 420
    python tools/look.py notebooks/*.ipynb --cell 4

Opens each notebook, runs all cells once, and takes for each theme and width pictures of the whole notebook
(in slices) and of every cell that shows a widget. Prints what each cell gave and everything that went wrong;
the exit code is 1 when a cell or the page raised, or a request went to another machine. Cells are counted
from 0 over all kinds of cells.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "browser"))

import lab as rig

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    add("--theme", nargs="+", choices=("light", "dark"), default=["light"])
    add("--width", nargs="+", type=int, default=[1400], help="of the window, in pixels")
    add("--out", type=Path, help="folder for the pictures (default: a new one in tmp)")
    add("--cell", nargs="+", type=int, help="pictures of these cells' output only, not of the notebook")
    add("--scale", type=float, default=1, help="device pixels in a picture for each pixel")
    return parser.parse_args()


def describe_cells(cells: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each code cell: its place, its count, the kinds of its outputs, its first line."""
    for index, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            kinds = ", ".join(rig.kind_of(output) for output in cell["outputs"]) or "-"
            first = "".join(cell["source"]).partition("\n")[0]
            yield f"  cell {index:2d} [{cell['execution_count'] or ' '}]  {kinds}   | {first[:70]}"


def widget_cells(cells: list[dict[str, Any]]) -> list[int]:
    """Return the places of the cells that show a widget."""
    shown = [[output.get("data", {}) for output in cell.get("outputs", ())] for cell in cells]
    return [index for index, outputs in enumerate(shown) if any(WIDGET_VIEW in data for data in outputs)]


def pictures(
    page: rig.WatchedPage, options: argparse.Namespace, cells: list[int], whole: bool
) -> Iterator[tuple[str, bytes]]:
    """Put the page into each theme and width; yield names and pictures, and print what does not fit."""
    for theme in options.theme:
        rig.set_theme(page, theme)
        for width in options.width:
            rig.set_size(page, width, 1000)
            for number, png in enumerate(rig.screenshot_notebook(page) if whole else (), 1):
                yield f"{theme}.{width}.slice{number:02d}", png
            for index in cells:
                yield f"{theme}.{width}.cell{index:02d}", rig.screenshot_output(page, index)
            if theme == options.theme[0]:
                print(*(f"  does not fit at {theme}.{width}: {line}\n" for line in rig.too_wide(page)), sep="", end="")


def look(page: rig.WatchedPage, server: rig.Lab, notebook: Path, options: argparse.Namespace) -> bool:
    """Open one notebook, run it, take its pictures and print the findings."""
    started = time.monotonic()

    print(f"{notebook.name}:")
    rig.open_notebook(page, server, notebook)
    rig.run_all(page, 300)
    cells = rig.model(page)["cells"]
    print(*describe_cells(cells), sep="\n")
    for name, png in pictures(page, options, options.cell or widget_cells(cells), whole=options.cell is None):
        file = options.out / f"{notebook.stem}.{name}.png"
        file.write_bytes(png)
        print(f"  {file}")
    bad = {"raised": rig.error_outputs(page), "page error": page.errors, "left this machine": page.strays}
    for title, lines in (bad | {"console warning": page.warnings}).items():
        print(*(f"  {title}: {line}\n" for line in dict.fromkeys(lines)), sep="", end="")
    print(f"  {time.monotonic() - started:.1f} s")
    return not any(bad.values())


def main() -> int:
    """Start one server and one browser and look at every notebook that was named."""
    from playwright.sync_api import Error as BrowserError, sync_playwright

    options = arguments()
    if missing := [str(path) for path in options.notebooks if not path.is_file()]:
        raise SystemExit(f"no such notebook: {', '.join(missing)}")
    folders = {path.resolve().parent for path in options.notebooks}
    if len(folders) > 1:
        raise SystemExit("all notebooks must be in one folder")
    options.out = options.out or Path(tempfile.mkdtemp(prefix="look-"))
    options.out.mkdir(parents=True, exist_ok=True)
    good = True
    with (
        tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True) as profile,
        rig.Lab(Path(profile), folders.pop(), windowing="none") as server,
        sync_playwright() as playwright,
    ):
        browser = rig.launch_browser(playwright)
        for notebook in options.notebooks:
            context = browser.new_context(device_scale_factor=options.scale)
            page = rig.watch(context.new_page())
            try:
                good &= look(page, server, notebook, options)
            except (BrowserError, AssertionError) as error:
                good = False
                options.out.joinpath(f"{notebook.stem}.failed.png").write_bytes(page.screenshot())
                print(f"  FAILED: {error}")
            context.close()
            server.shutdown_kernels()
            server.reset_settings()
        browser.close()
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
