"""A real JupyterLab on loopback, driven by a real browser: what the browser tests and tools/look.py stand on.

The server works on a copy of the notebooks in a profile of its own, so nothing here ever changes the
repository or reads the person's own Jupyter settings. What the course itself ships as settings is used.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, cast
from urllib.parse import quote, urlsplit

import psutil

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Playwright

    class WatchedPage(Page):
        """A page as `watch` returns it."""

        errors: list[str]
        warnings: list[str]
        strays: list[str]


ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
SHIPPED_CONFIG = ROOT / "binder" / "jupyter_config"
OFFLINE = Path(__file__).with_name("offline")

#: How kernels start is jupyter_client's to say, and stays as it is: every test can be run with forked kernels too.
PROVISIONER = "JUPYTER_DEFAULT_PROVISIONER_NAME"

Windowing = Literal["full", "defer", "contentVisibility", "none"]
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
    "--hide-scrollbars",
    "--no-first-run",
]

_PANEL = "[...jupyterapp.shell.widgets('main')].find(w => w.node.classList.contains('jp-NotebookPanel'))"
_SCROLLER = ".jp-NotebookPanel .jp-WindowedPanel-outer"


# --------------------------------------------------------------------------------------------- the server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def weight_of(pid: int) -> float:
    """Bytes of a process and all that it started; memory that several share counts once (Linux's PSS)."""
    total = 0.0
    for one in (parent := psutil.Process(pid), *parent.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
            total += float(one.memory_full_info().pss)
    return total


def _die_with_parent() -> None:
    """Ask Linux to end the server when this process is killed and cannot do it itself."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


class Lab:
    """One isolated JupyterLab server over a copy of a folder of notebooks.

    Use it as a context manager, or call `start` and `stop`.
    """

    def __init__(
        self,
        profile: Path,
        notebooks: Path = NOTEBOOKS,
        *,
        windowing: Windowing | None = None,
        config: Path | None = SHIPPED_CONFIG,
    ) -> None:
        """Lay out the profile.

        `windowing` overrides which cells JupyterLab attaches to the page; None keeps what a learner has.
        `config` is the folder of settings that the course ships, None to go without.
        """
        self.profile = profile
        self.source = notebooks
        self.root = profile / "course"
        self.log = profile / "lab.log"
        self.notes = profile / "strays.txt"
        self.port = free_port()
        self.token = secrets.token_hex(16)
        self._windowing = windowing
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("config", "data", "runtime", "workspaces", "settings", "ipython", "home"):
            (profile / name).mkdir(parents=True, exist_ok=True)
        unwanted = shutil.ignore_patterns("my_*", ".*", "__pycache__")  # my_*: somebody's own answers
        shutil.copytree(notebooks, self.root / notebooks.name, ignore=unwanted)
        self.reset_settings()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        assert error is not None or not self.strays(), f"the server or a kernel left this machine: {self.strays()}"

    def copy(self, notebook: str | Path) -> str:
        """Put a fresh copy of a notebook onto the server; return its path there.

        A bare name is one of the server's own notebooks; anything else is any file.
        """
        path = Path(notebook)
        original = self.source / path if path.name == str(notebook) else path
        shutil.copyfile(original, self.root / self.source.name / path.name)
        return f"{self.source.name}/{path.name}"

    def reset_settings(self) -> None:
        """Forget what a page stored (the theme, for one) and write the rig's own few settings."""
        folder = self.profile / "settings"
        shutil.rmtree(folder, ignore_errors=True)
        settings: dict[str, dict[str, Any]] = {
            # No news and no update check: no dialog over the cells, no request that leaves the machine.
            "apputils-extension/notification": {
                "fetchNews": "false",
                "checkForUpdates": False,
                "doNotDisturbMode": True,
            },
        }
        if self._windowing is not None:
            settings["notebook-extension/tracker"] = {"windowingMode": self._windowing}
        for name, values in settings.items():
            file = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values), encoding="utf-8")

    def _environment(self) -> dict[str, str]:
        private = ("JUPYTER", "JPY_", "IPYTHON", "PYTEST_", "COURSE_")
        environment = {
            key: value for key, value in os.environ.items() if key == PROVISIONER or not key.startswith(private)
        }
        environment.update(
            JUPYTER_CONFIG_DIR=str(self.profile / "config"),
            JUPYTER_DATA_DIR=str(self.profile / "data"),
            JUPYTER_RUNTIME_DIR=str(self.profile / "runtime"),
            JUPYTERLAB_WORKSPACES_DIR=str(self.profile / "workspaces"),
            JUPYTERLAB_SETTINGS_DIR=str(self.profile / "settings"),
            IPYTHONDIR=str(self.profile / "ipython"),
            HOME=str(self.profile / "home"),
            USERPROFILE=str(self.profile / "home"),
            COURSE_STRAYS=str(self.notes),
            # First the watch over connections; then the package next to this file, even where another is installed.
            PYTHONPATH=os.pathsep.join(filter(None, [str(OFFLINE), str(ROOT), os.environ.get("PYTHONPATH", "")])),
        )
        if self._config is not None and self._config.is_dir():
            environment["JUPYTER_CONFIG_PATH"] = str(self._config)
        return environment

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *("--ip=127.0.0.1", f"--port={self.port}", "--ServerApp.port_retries=0"),
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={self.root}",
            "--LabApp.extension_manager=readonly",
            "--LabApp.expose_app_in_browser=True",
        ]

    def start(self, limit: float = 90) -> Self:
        """Start the server and return once it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.root,
                env=self._environment(),
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        try:
            self._wait_until_it_answers(limit)
        except BaseException:
            self.stop()
            raise
        return self

    def _wait_until_it_answers(self, limit: float) -> None:
        assert self._process is not None
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"JupyterLab ended at once:\n{self._log_tail()}")
            try:
                self.api("/api/status")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise TimeoutError(f"JupyterLab did not answer within {limit:g} s:\n{self._log_tail()}")

    def _log_tail(self, lines: int = 20) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def stop(self) -> None:
        """End the server, its kernels and whatever else it started; nothing is left running after this."""
        process, self._process = self._process, None
        if process is None:
            return
        family: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            family = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        process.kill()
        process.wait(10)
        psutil.wait_procs(family, timeout=10)

    def api(self, path: str, method: str = "GET", timeout: float = 10) -> Any:
        """Call the server's REST interface."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def weight(self) -> float:
        """Bytes of the server and all that it started."""
        assert self._process is not None
        return weight_of(self._process.pid)

    def kernels(self) -> list[psutil.Process]:
        """The processes of the kernels that run, whether started anew or forked."""
        assert self._process is not None
        server = psutil.Process(self._process.pid)
        found = []
        for one in server.children():
            with contextlib.suppress(psutil.NoSuchProcess):  # a zombie is none either
                command = one.cmdline()
                found += [one] if "ipykernel_launcher" in command else []
                found += one.children() if "course_utils.forked.parent" in command else []
        return found

    def strays(self) -> list[str]:
        """What the server or a kernel of it asked of another machine; see `offline/sitecustomize.py`."""
        return self.notes.read_text(encoding="utf-8").splitlines() if self.notes.exists() else []

    def shutdown_kernels(self) -> None:
        """End every running kernel; the server stays."""
        for session in self.api("/api/sessions"):
            with contextlib.suppress(urllib.error.HTTPError):
                self.api(f"/api/sessions/{session['id']}", "DELETE")

    def url(self, path: str, mode: Literal["lab", "doc"] = "doc") -> str:
        """Where a file of the server is open: `doc` shows it alone, `lab` with the side bars."""
        return f"http://127.0.0.1:{self.port}/{mode}/tree/{quote(path)}?reset&token={self.token}"


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
    return playwright.chromium.launch(executable_path=executable, args=BROWSER_FLAGS, headless=True)


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


def open_notebook(
    page: Page, lab: Lab, notebook: str | Path, mode: Literal["lab", "doc"] = "doc", limit: float = 60
) -> None:
    """Open a fresh copy of a notebook and wait until its kernel is connected and idle."""
    page.goto(lab.url(lab.copy(notebook), mode), wait_until="domcontentloaded")
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


@contextlib.contextmanager
def lesson(browser: Browser, lab: Lab, notebook: str | Path) -> Iterator[WatchedPage]:
    """Give a page with a lesson, opened and run, that several tests share; fails at the end if something strayed."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = watch(context.new_page())
    open_notebook(page, lab, notebook)
    run_all(page)
    yield page
    close(page, lab)


def close(page: WatchedPage, lab: Lab) -> None:
    """Close a page and leave the server as it was; fails if the page asked another machine or had an error."""
    # What is under way when the page is closed (settings being saved) is cut off, and is no error of the page.
    errors, strays = list(page.errors), list(page.strays)
    page.context.close()
    lab.shutdown_kernels()
    lab.reset_settings()
    assert not strays, f"requests left this machine: {strays}"
    assert not lab.strays(), f"the server or a kernel left this machine: {lab.strays()}"
    assert not errors, f"errors in the page: {errors}"


def run_all(page: Page, limit: float = 240) -> None:
    """Run all cells, as the menu does, and wait for the last one and for its pictures.

    JupyterLab stops at the first cell that raises; look into `outputs` for that.
    """
    page.evaluate("""() => {
        window.courseRun = 'busy';
        const done = () => { window.courseRun = 'done'; };
        jupyterapp.commands.execute('notebook:run-all-cells').then(done, done);
    }""")
    page.wait_for_function("() => window.courseRun === 'done'", timeout=limit * 1000)
    wait_idle(page, limit)


def wait_idle(page: Page, limit: float = 120) -> None:
    """Wait until the kernel is idle, no cell waits for its turn, and widgets have been drawn."""
    page.wait_for_function(
        f"""() => {{
            const panel = {_PANEL};
            const waiting = [...panel.node.querySelectorAll('.jp-InputPrompt')]
                .some(prompt => prompt.textContent.includes('[*]'));
            const loading = [...panel.node.querySelectorAll('.jp-OutputArea-output')]
                .some(area => area.textContent.trim().startsWith('Loading widget'));
            return panel.context.sessionContext.session?.kernel?.status === 'idle' && !waiting && !loading;
        }}""",
        timeout=limit * 1000,
    )
    wait_painted(page)


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
