"""Look at lessons the way a learner sees them: real JupyterLab, real browser, PNG files to look at.

    python tools/look.py notebooks/01_pad_the_border.ipynb --theme light dark --width 1400 420
    python tools/look.py notebooks/*.ipynb --cell 4 --keys "4:slider Step:ArrowRight*3,End"

Opens each notebook, runs all cells once, and takes for each theme and width pictures of the whole notebook
(in slices) and of every cell that shows a widget. Prints what each cell gave and everything that went wrong;
the exit code is 1 when a cell or the page raised, or a request went to another machine. Cells are counted
from 0 over all kinds of cells.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "browser"))

import lab as rig

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


class Keys(NamedTuple):
    """Keys to press on one control of one cell."""

    cell: int
    role: str
    name: str | None
    keys: list[str]


def parse_keys(text: str) -> Keys:
    """Read `CELL:ROLE [NAME]:KEY[*TIMES],KEY...`, for example `4:slider Step:ArrowRight*3,End`."""
    match = re.fullmatch(r"(\d+):([a-z]+)(?:[ -](.+))?:([^:]+)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not CELL:ROLE [NAME]:KEY[*TIMES],...")
    keys: list[str] = []
    for part in match[4].split(","):
        key, _, times = part.strip().partition("*")
        keys += [key] * int(times or 1)
    return Keys(int(match[1]), match[2], match[3], keys)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    parser.add_argument("--theme", nargs="+", choices=("light", "dark"), default=["light"])
    parser.add_argument("--width", nargs="+", type=int, default=[1400], help="of the window, in pixels")
    parser.add_argument("--slice", type=int, default=1600, help="greatest height of a picture, in pixels")
    parser.add_argument("--out", type=Path, help="folder for the pictures (default: a new one in tmp)")
    parser.add_argument("--cell", nargs="+", type=int, help="pictures of these cells' output only, not of the notebook")
    parser.add_argument(
        "--keys",
        nargs="+",
        type=parse_keys,
        default=[],
        metavar="CELL:ROLE [NAME]:KEYS",
        help="press keys on a control, then take another picture of its cell; 4:slider Step:ArrowRight*3,End",
    )
    parser.add_argument("--mode", choices=("doc", "lab"), default="doc", help="lab: with the side bars")
    parser.add_argument("--no-run", action="store_true", help="show what is stored; run nothing")
    parser.add_argument("--limit", type=float, default=300, help="seconds that a notebook may run")
    parser.add_argument("--scale", type=float, default=1, help="device pixels in a picture for each pixel")
    return parser.parse_args()


def describe_cells(cells: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each code cell: its place, its count, the kinds of its outputs, its first line."""
    for index, cell in enumerate(cells):
        if cell["cell_type"] != "code":
            continue
        kinds = ", ".join(rig.kind_of(output) for output in cell["outputs"]) or "-"
        first = next(iter("".join(cell["source"]).splitlines()), "")
        yield f"  cell {index:2d} [{cell['execution_count'] or ' '}]  {kinds}   | {first[:70]}"


def widget_cells(cells: list[dict[str, Any]]) -> list[int]:
    """Return the places of the cells that show a widget."""
    return [
        index
        for index, cell in enumerate(cells)
        if any(WIDGET_VIEW in output.get("data", {}) for output in cell.get("outputs", ()))
    ]


def press(page: rig.WatchedPage, order: Keys) -> None:
    """Press keys on a control as a person does: focus it, then one key after the other."""
    rig.scroll_to_cell(page, order.cell)
    role: Any = order.role  # as somebody typed it; playwright's types list all roles
    control = rig.cell_output(page, order.cell).get_by_role(role, name=order.name).first
    control.focus(timeout=5000)
    for key in order.keys:
        page.keyboard.press(key)
    rig.settle(page)


class Look:
    """The pictures and findings of one notebook."""

    def __init__(self, page: rig.WatchedPage, notebook: Path, options: argparse.Namespace) -> None:
        self.page = page
        self.notebook = notebook
        self.options = options
        self.pictures = 0

    def save(self, name: str, png: bytes) -> None:
        """Write a picture and say where it is."""
        file = self.options.out / f"{self.notebook.stem}.{name}.png"
        file.write_bytes(png)
        self.pictures += 1
        print(f"  {file}")

    def views(self) -> Iterator[str]:
        """Put the page into each theme and width that was asked for, yielding a name for it."""
        for theme in self.options.theme:
            rig.set_theme(self.page, theme)
            for width in self.options.width:
                rig.set_size(self.page, width, 1000)
                yield f"{theme}.{width}"

    def take(self, cells: list[int], after_keys: str = "", whole: bool = False) -> None:
        """Take the pictures in every view; report what does not fit once for each width."""
        for view in self.views():
            if whole:
                for number, png in enumerate(rig.screenshot_notebook(self.page, self.options.slice), 1):
                    self.save(f"{view}.slice{number:02d}", png)
            for index in cells:
                self.save(f"{view}.cell{index:02d}{after_keys}", rig.screenshot_output(self.page, index))
            if not after_keys and view.startswith(self.options.theme[0]):
                for line in rig.too_wide(self.page):
                    print(f"  does not fit at {view}: {line}")

    def report(self) -> bool:
        """Print what went wrong; return whether nothing did."""
        raised = rig.error_outputs(self.page)
        for title, lines in (
            ("raised", raised),
            ("page error", self.page.errors),
            ("left this machine", self.page.strays),
            ("console warning", self.page.warnings),
        ):
            for line in dict.fromkeys(lines):
                print(f"  {title}: {line}")
        return not (raised or self.page.errors or self.page.strays)


def look(page: rig.WatchedPage, server: rig.Lab, notebook: Path, options: argparse.Namespace) -> bool:
    """Open one notebook, run it, take its pictures and print the findings."""
    started = time.monotonic()
    print(f"{notebook.name}:")
    one = Look(page, notebook, options)
    rig.open_notebook(page, server, notebook, options.mode)
    if not options.no_run:
        rig.run_all(page, options.limit)
    cells = rig.model(page)["cells"]
    print(*describe_cells(cells), sep="\n")
    one.take(options.cell or widget_cells(cells), whole=options.cell is None)
    for number, order in enumerate(options.keys, 1):
        try:
            press(page, order)
        except Exception as error:  # a wrong name is the commonest mistake: say so and go on
            print(f"  keys not pressed: {order}: {str(error).splitlines()[0]}")
            continue
        one.take([order.cell], after_keys=f".keys{number}")
    good = one.report()
    print(f"  {one.pictures} pictures, {time.monotonic() - started:.1f} s")
    return good


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
