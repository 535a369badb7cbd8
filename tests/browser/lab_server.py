"""A real JupyterLab on loopback, for tests and tools: its server, on a copy of the notebooks.

It has a profile of its own, so nothing here ever changes the repository or reads the person's own Jupyter settings.
What the course itself ships as settings is used.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import quote

import psutil
from uv import find_uv_bin

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
SHIPPED_CONFIG = ROOT / "binder" / "jupyter_config"
OFFLINE = Path(__file__).with_name("offline")

#: How kernels start is jupyter_client's to say.
PROVISIONER = "JUPYTER_DEFAULT_PROVISIONER_NAME"
#: What deploy/forked_kernels registers with it.
FORKED = "course-forked"
#: The kernel of a notebook that is to start as it does for a learner, whatever the server's default is.
ORDINARY = "ordinary"

Windowing = Literal["full", "defer", "contentVisibility", "none"]


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


def install_forked_kernels(folder: Path) -> Path:
    """Install deploy/forked_kernels into a folder, without the network; return what belongs on Python's path."""
    source, target = folder / "source", folder / "installed"
    shutil.copytree(ROOT / "deploy" / "forked_kernels", source)  # a build leaves files beside what it builds
    options = ["--quiet", "--offline", "--no-cache", "--no-deps", "--no-build-isolation", "--python", sys.executable]
    subprocess.run([find_uv_bin(), "pip", "install", *options, "--target", str(target), str(source)], check=True)
    return target


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
        forked: bool = False,
    ) -> None:
        """Lay out the profile.

        `windowing` overrides which cells JupyterLab attaches to the page; None keeps what a learner has.
        `forked` has kernels that have already loaded Keras, where the system can: but for notebooks with the kernel
        `ORDINARY`.
        """
        self.profile = profile
        self.source = notebooks
        self.root = profile / "course"
        self.log = profile / "lab.log"
        self.notes = profile / "strays.txt"
        self.port = free_port()
        self.token = secrets.token_hex(16)
        self._windowing = windowing
        self._packages: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("config", "data", "runtime", "workspaces", "settings", "ipython", "home"):
            (profile / name).mkdir(parents=True, exist_ok=True)
        unwanted = shutil.ignore_patterns("my_*", ".*", "__pycache__")  # my_*: somebody's own answers
        shutil.copytree(notebooks, self.root / notebooks.name, ignore=unwanted)
        self.reset_settings()
        if forked and sys.platform == "linux":
            self._packages = install_forked_kernels(profile)
        self._describe_ordinary_kernel()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        assert error is not None or not self.strays(), f"the server or a kernel left this machine: {self.strays()}"

    def _describe_ordinary_kernel(self) -> None:
        folder = self.profile / "data" / "kernels" / ORDINARY
        folder.mkdir(parents=True, exist_ok=True)
        described = {
            "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": "An ordinary kernel",
            "language": "python",
            "metadata": {"kernel_provisioner": {"provisioner_name": "local-provisioner"}},
        }
        (folder / "kernel.json").write_text(json.dumps(described), encoding="utf-8")

    def copy(self, notebook: str | Path, kernel: str | None = None, folder: str | None = None) -> str:
        """Put a fresh copy of a notebook onto the server; return its path there.

        A bare name is one of the server's own notebooks; anything else is any file. `kernel` is another one than the
        notebook names, `folder` one of the server's that is there.
        """
        path = Path(notebook)
        original = self.source / path if path.name == str(notebook) else path
        contents = json.loads(original.read_text(encoding="utf-8"))
        if kernel is not None:
            contents["metadata"]["kernelspec"]["name"] = kernel
        folder = folder or self.source.name
        (self.root / folder / path.name).write_text(json.dumps(contents), encoding="utf-8")
        return f"{folder}/{path.name}"

    def reset_settings(self, **more: dict[str, Any]) -> None:
        """Forget what a page stored (the theme, for one) and write the rig's own few settings, and these."""
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
        for name, values in (settings | more).items():
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
            JUPYTER_CONFIG_PATH=str(SHIPPED_CONFIG),
        )
        if self._packages:
            environment["PYTHONPATH"] += f"{os.pathsep}{self._packages}"
            environment[PROVISIONER] = FORKED
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
            with contextlib.suppress(OSError):
                self.api("/api/status")
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.1)
                raise RuntimeError(f"JupyterLab ended at once:\n{self._log_tail()}")
        raise TimeoutError(f"JupyterLab did not answer within {limit:g} s:\n{self._log_tail()}")

    def _log_tail(self, lines: int = 20) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def stop(self) -> list[psutil.Process]:
        """End the server, its kernels and whatever else it started, and return them; again, it does nothing."""
        process, self._process = self._process, None
        if process is None:
            return []
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
        return family

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
                found += one.children() if "forked_kernels.parent" in command else []
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
