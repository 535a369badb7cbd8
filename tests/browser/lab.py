"""A real JupyterLab on loopback, driven by a real browser: what the browser tests and tools/look.py stand on."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit

import nbformat
from lab_server import (
    FORKED as FORKED,
    NOTEBOOKS as NOTEBOOKS,
    OFFLINE as OFFLINE,
    ORDINARY as ORDINARY,
    PROVISIONER as PROVISIONER,
    ROOT as ROOT,
    SHIPPED_CONFIG as SHIPPED_CONFIG,
    Lab as Lab,
    free_port as free_port,
    install_forked_kernels as install_forked_kernels,
    weight_of as weight_of,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Playwright

    class WatchedPage(Page):
        """A page as `watch` returns it."""

        errors: list[str]
        warnings: list[str]
        strays: list[str]


Theme = Literal["light", "dark"]

THEME_NAMES: dict[str, str] = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER_FLAGS = [
    # Whatever a page or the browser itself asks for, no name outside this machine is ever looked up.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--no-first-run",
]

_PANEL = "[...jupyterapp.shell.widgets('main')].find(w => w.node.classList.contains('jp-NotebookPanel'))"
#: The kernel of the open notebook, as JavaScript.
KERNEL = f"({_PANEL}).context.sessionContext.session.kernel"
_SCROLLER = ".jp-NotebookPanel .jp-WindowedPanel-outer"


# -------------------------------------------------------------------------------------------- the browser


def find_browser(playwright: Playwright | None = None) -> str | None:
    """Return the path of a Chromium or Chrome: $CHROMIUM, one on the PATH, or Playwright's own."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    for name in BROWSER_NAMES:
        if found := shutil.which(name):
            return found
    if playwright is not None and Path(playwright.chromium.executable_path).exists():
        return playwright.chromium.executable_path
    return None


def launch_browser(playwright: Playwright) -> Browser:
    """Start a headless browser that cannot reach any other machine."""
    executable = find_browser(playwright)
    if executable is None:
        raise FileNotFoundError(
            "no Chromium or Chrome on the PATH; install one, name one in $CHROMIUM, "
            "or run `python -m playwright install chromium`"
        )
    # With scrollbars, which a person has and Playwright would hide.
    hidden = ["--hide-scrollbars"]
    return playwright.chromium.launch(
        executable_path=executable, args=BROWSER_FLAGS, ignore_default_args=hidden, headless=True
    )


def watch(page: Page) -> WatchedPage:
    """Record on the page what goes wrong in it.

    `page.errors` gets uncaught exceptions and errors written to the console, `page.warnings` the console's
    warnings, `page.strays` the addresses of requests to another machine.
    """
    watched = cast("WatchedPage", page)
    watched.errors, watched.warnings, watched.strays = [], [], []

    def note_console(message: ConsoleMessage) -> None:
        # A failed download can be told apart only by its address.
        text = f"{message.text} [{urlsplit(message.location.get('url', '')).path}]"
        if message.type == "error":
            watched.errors.append(text)
        elif message.type == "warning":
            watched.warnings.append(text)

    def note_address(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in LOOPBACK:
            watched.strays.append(url)

    # With where it came from: that tells the course's code from JupyterLab's own.
    page.on("pageerror", lambda error: watched.errors.append(error.stack or str(error)))
    page.on("console", note_console)
    page.on("request", lambda request: note_address(request.url))
    page.on("websocket", lambda websocket: note_address(websocket.url))
    return watched


# ------------------------------------------------------------------------------------ acts inside the page


#: Ends what is open, with its kernel and without saving, then opens a notebook in the same page.
_OPEN = """async path => {
    for (const widget of [...jupyterapp.shell.widgets('main')]) {
        await widget.context?.sessionContext.shutdown();
        widget.context?.dispose();
        widget.dispose();
    }
    await jupyterapp.commands.execute('docmanager:open', { path });
}"""
#: Keeps the requests to the kernel of which it has not yet said that they are done; `iopubMessage` comes when the page
#: has taken in whatever the kernel sent before.
_LISTEN = f"""() => {{
    const kernel = {_PANEL}.context.sessionContext.session.kernel;
    const pending = window.pending = new Set();
    kernel.anyMessage.connect((_, {{ msg, direction }}) => {{
        if (direction === 'send' && msg.channel === 'shell') pending.add(msg.header.msg_id);
    }});
    kernel.iopubMessage.connect((_, msg) => {{
        if (msg.header.msg_type === 'status' && msg.content.execution_state === 'idle')
            pending.delete(msg.parent_header.msg_id);
    }});
    kernel.statusChanged.connect((_, status) => {{ if (/restarting|dead/.test(status)) pending.clear(); }});
}}"""
_SETTLED = f"""() => {{
    const panel = {_PANEL};
    const waiting = [...panel.node.querySelectorAll('.jp-InputPrompt')]
        .some(prompt => prompt.textContent.includes('[*]'));
    const loading = [...panel.node.querySelectorAll('.jp-OutputArea-output')]
        .some(area => area.textContent.trim().startsWith('Loading widget'));
    return !window.pending.size && !waiting && !loading;
}}"""


def open_notebook(
    page: Page, lab: Lab, notebook: str | Path, mode: Literal["lab", "doc"] = "doc", **copy: str | None
) -> None:
    """Open a fresh copy of a notebook, in place of what is open, and wait until its kernel is connected and idle."""
    path = lab.copy(notebook, **copy)
    if page.url.startswith(lab.url("", mode).partition("?")[0]):
        page.evaluate(_OPEN, path)
    else:
        page.goto("about:blank")
        lab.shutdown_kernels()
        page.goto(lab.url(path, mode), wait_until="domcontentloaded")
    wait_open(page)


def wait_open(page: Page, limit: float = 60) -> None:
    """Wait until a notebook that is being opened has a kernel that is connected and idle."""
    page.locator(".jp-NotebookPanel .jp-Notebook .jp-Cell").first.wait_for(timeout=limit * 1000)
    page.wait_for_function(
        f"""() => {{
            const kernel = ({_PANEL})?.context?.sessionContext?.session?.kernel;
            const connected = kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
            return connected || document.querySelector('.jp-Dialog');
        }}""",
        timeout=limit * 1000,
    )
    dialog = page.locator(".jp-Dialog")
    if dialog.count():
        # For one, a notebook without kernelspec metadata: the learner would be asked for a kernel.
        raise AssertionError(f"JupyterLab asks instead of opening the notebook: {dialog.inner_text()!r}")
    page.evaluate(_LISTEN)


def open_and_run(page: Page, lab: Lab, notebook: str | Path, **copy: str | None) -> None:
    """Open a notebook in the light theme and a window of the usual size, and run all of its cells."""
    set_size(page, 1280, 1000)
    open_notebook(page, lab, notebook, "doc", **copy)
    set_theme(page, "light")
    run_all(page)


def write_notebook(path: Path, *sources: str) -> Path:
    """Write a notebook with these code cells."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)
    return path


def check(page: WatchedPage, lab: Lab) -> None:
    """Forget what went wrong in a page or left this machine so far; fails if there was anything."""
    errors, strays = page.errors.copy(), [*page.strays, *lab.strays()]
    page.errors.clear()
    page.strays.clear()
    lab.notes.unlink(missing_ok=True)
    assert not strays, f"the page, the server or a kernel left this machine: {strays}"
    assert not errors, f"errors in the page: {errors}"


def run_all(page: Page, limit: float = 240) -> None:
    """Run all cells, as the menu does, and wait until the page shows all that comes of it.

    JupyterLab stops at the first cell that raises; look into `outputs` for that.
    """
    page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells').catch(() => null)")
    settle(page, limit)


def run_cell(page: Page, index: int) -> None:
    """Run one cell and wait until the page shows what comes of it."""
    page.evaluate(
        f"""index => {{
            {_PANEL}.content.activeCellIndex = index;
            return jupyterapp.commands.execute('notebook:run-cell');
        }}""",
        index,
    )
    settle(page)


def settle(page: Page, limit: float = 120) -> None:
    """Wait until the kernel has done all that the page asked of it, and the page shows it.

    A widget holds back what happens while the kernel is at work, and asks it next: hence the loop.
    """
    while True:
        # Not at every frame, as Playwright does unless told: drawing 60 of them a second keeps a processor busy.
        page.wait_for_function(_SETTLED, timeout=limit * 1000, polling=50)
        wait_painted(page)
        if page.evaluate(_SETTLED):
            return


def wait_painted(page: Page) -> None:
    """Wait until fonts and pictures are there and two frames have been drawn."""
    page.evaluate("""async () => {
        await document.fonts.ready;
        const pictures = [...document.querySelectorAll('.jp-OutputArea-output img')];
        await Promise.all(pictures.map(picture => picture.decode().catch(() => null)));
        for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    }""")


def model(page: Page) -> dict[str, Any]:
    """Return the open notebook as it stands in memory, in the notebook format."""
    notebook: dict[str, Any] = page.evaluate(f"() => ({_PANEL}).content.model.toJSON()")
    return notebook


def sources(page: Page) -> list[str]:
    """Return the sources of all cells, as they stand in memory."""
    return ["".join(cell["source"]) for cell in model(page)["cells"]]


def outputs(page: Page) -> list[list[dict[str, Any]]]:
    """Return the outputs of each code cell from the live model, whether or not they are on the screen."""
    return [cell["outputs"] for cell in model(page)["cells"] if cell["cell_type"] == "code"]


def error_outputs(page: Page) -> list[str]:
    """Return one line for each cell that raised."""
    lines = []
    for index, cell in enumerate(model(page)["cells"]):
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error":
                lines.append(f"cell {index}: {output['ename']}: {output['evalue']}")
    return lines


def kind_of(output: dict[str, Any]) -> str:
    """Return what an output is, in a word: its stream, `error`, or its MIME types, the short way."""
    if output["output_type"] == "stream":
        return str(output["name"])
    if output["output_type"] == "error":
        return "error"
    short = (re.sub(r"^application/vnd\.jupyter\.", "", mime) for mime in output["data"])
    return "+".join(sorted(short))


def set_theme(page: Page, theme: Theme) -> None:
    """Switch JupyterLab to its light or dark theme and wait until that is drawn.

    Lab covers the page while it changes, and takes the cover away 200 ms later. Two changes within that time make it
    take the same cover away twice, which is an error in the page; no person is as quick.
    """
    if page.evaluate("document.body.dataset.jpThemeName") == THEME_NAMES[theme]:
        return
    page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", THEME_NAMES[theme])
    page.wait_for_function(
        # The style sheet arrives after the attribute has changed.
        """light => {
            if (document.body.dataset.jpThemeLight !== String(light)) return false;
            if (document.getElementById('jupyterlab-splash')) return false;
            const colour = getComputedStyle(document.body).getPropertyValue('--jp-layout-color0').trim();
            return /^(white|#f)/i.test(colour) === light;
        }""",
        arg=theme == "light",
    )
    wait_painted(page)


def cell(page: Page, index: int) -> Locator:
    """Return the cell with this place in the notebook, counted from 0 over all kinds of cells."""
    return page.locator(f".jp-NotebookPanel .jp-Cell[data-windowed-list-index='{index}']")


def cell_output(page: Page, index: int) -> Locator:
    """Return the whole output area of a cell."""
    return cell(page, index).locator(".jp-Cell-outputArea")


def scroll_to_cell(page: Page, index: int) -> None:
    """Bring a cell onto the page and to the top of the window."""
    page.evaluate(
        f"async index => {{ await ({_PANEL}).content.scrollToItem(index, 'start', 0); }}",
        index,
    )
    cell(page, index).evaluate("node => node.scrollIntoView({block: 'start'})")
    wait_painted(page)


def too_wide(page: Page) -> list[str]:
    """Return one line for each output whose content does not fit its width (it is cut or scrolls)."""
    lines: list[str] = page.evaluate(f"""() => [...({_PANEL}).node.querySelectorAll('.jp-Cell')].flatMap(cell => {{
        const index = cell.getAttribute('data-windowed-list-index');
        const lines = [...cell.querySelectorAll('.jp-OutputArea-output, .jp-OutputArea-output *')]
            .filter(node => node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 1  // 1: read out, not seen
                            && getComputedStyle(node).overflowX !== 'visible')
            .map(node => `cell ${{index}}: ${{node.scrollWidth}} px of content in ${{node.clientWidth}} px`
                         + ` (${{node.tagName.toLowerCase()}}.${{[...node.classList].join('.')}})`);
        return lines;
    }})""")
    return lines


# ---------------------------------------------------------------------------------------------- pictures


def set_size(page: Page, width: int, height: int) -> None:
    """Make the window this large and wait until everything has found its place."""
    page.set_viewport_size({"width": width, "height": height})
    wait_painted(page)


def axe_complaints(page: Page, *indices: int) -> list[str]:
    """Return what axe-core finds serious in the outputs of these cells, which must be on the page."""
    from axe_playwright_python.sync_playwright import Axe

    areas = [f".jp-Cell[data-windowed-list-index='{index}'] .jp-OutputArea-output" for index in indices]
    violations = Axe().run(page, {"include": [[area] for area in areas]}).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in violations if v["impact"] in ("serious", "critical")]


def show_all(page: Page, width: int) -> None:
    """Put every cell of the open notebook on the page, and wait until everything has found its place.

    JupyterLab leaves out cells that are far away. It is told to keep them all; a window as high as the notebook would
    do it too, and cost headless Chromium seconds for each frame.
    """
    set_size(page, width, 1000)
    page.evaluate(
        f"() => {{ const book = {_PANEL}.content; "
        "book.notebookConfig = { ...book.notebookConfig, windowingMode: 'none' }; }"
    )
    page.wait_for_function(f"() => {_PANEL}.content.widgets.every(cell => cell.node.isConnected)", polling=50)
    wait_painted(page)


def _chrome_height(page: Page) -> int:
    """Return how much of the window's height is not the notebook itself."""
    return int(page.locator(_SCROLLER).first.evaluate("node => Math.ceil(window.innerHeight - node.clientHeight)"))


def screenshot_output(page: Page, index: int) -> bytes:
    """Return a PNG of a cell's whole output, however tall it is."""
    area = cell_output(page, index)
    scroll_to_cell(page, index)
    size = page.viewport_size
    assert size is not None
    needed = int(area.evaluate("node => Math.ceil(node.scrollHeight)")) + _chrome_height(page) + 40
    if needed > size["height"]:
        set_size(page, size["width"], needed)
    png = area.screenshot(animations="disabled")
    if needed > size["height"]:
        set_size(page, size["width"], size["height"])
    return png


def _cuts(bottoms: list[int], height: int) -> list[int]:
    """Return where to cut a notebook into slices: after a cell where one ends in the slice's second half."""
    cuts, top = [], 0
    while top < bottoms[-1]:
        good = [bottom for bottom in bottoms if top + height // 2 < bottom <= top + height]
        top = good[-1] if good else min(top + height, bottoms[-1])
        cuts.append(top)
    return cuts


def screenshot_notebook(page: Page, slice_height: int = 1600) -> Iterator[bytes]:
    """Yield PNGs of the whole notebook, from the top, each at most `slice_height` pixels high.

    The server must have been started with `windowing="none"`, or heights are guesses until a cell is seen.
    """
    size = page.viewport_size
    assert size is not None
    set_size(page, size["width"], slice_height + _chrome_height(page))
    scroller = page.locator(_SCROLLER).first
    bottoms: list[int] = scroller.evaluate(
        """node => [...node.querySelectorAll('.jp-Cell')].map(cell => Math.ceil(
            cell.getBoundingClientRect().bottom - node.getBoundingClientRect().top + node.scrollTop))"""
    )
    top = 0
    for cut in _cuts(bottoms, slice_height):
        reached = scroller.evaluate("(node, top) => { node.scrollTop = top; return node.scrollTop; }", top)
        wait_painted(page)
        box = scroller.bounding_box()
        assert box is not None
        # The end of a notebook cannot be scrolled to the top of the window.
        clip = {"x": box["x"], "y": box["y"] + top - reached, "width": box["width"], "height": cut - top}
        yield page.screenshot(animations="disabled", clip=clip)  # type: ignore[arg-type]
        top = cut
    set_size(page, size["width"], size["height"])
