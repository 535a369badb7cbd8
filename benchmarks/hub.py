"""Measure a class on a hub: python -m benchmarks.hub [--learners 1 5 10 20] [--lessons 1] [--moves 20] [--kernels ...].

JupyterHub itself on this machine, with its `simple` spawner: each learner gets a JupyterLab server of their own. All
learners come at the same moment: each has a server started, opens lesson 01 (and as many after it as asked for) through
the server's interface, runs all of it, and then moves the first slider of lesson 01, while the others do the same.

The first run makes an environment in build/hub: the locked packages of the course, JupyterHub, and with npm the proxy
that JupyterHub needs. That is the only thing that needs a network. Everything listens and is asked on 127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "browser")]

import lab as rig  # noqa: E402
import psutil  # noqa: E402
from learner import Learner  # noqa: E402

JUPYTERHUB, PROXY = "jupyterhub==6.1.1", "configurable-http-proxy@5.3.0"
MADE = ROOT / "build" / "hub"
PYTHON = MADE / "env" / "bin" / "python"
LESSONS = sorted(rig.NOTEBOOKS.glob("0[1-6]_*.ipynb"))
KERNELS = {"ordinary": "local-provisioner", "forked": rig.FORKED}

CONFIG = """
import os, shutil
c = get_config()
c.JupyterHub.bind_url, c.JupyterHub.hub_bind_url, c.ConfigurableHTTPProxy.api_url = {addresses}
c.ConfigurableHTTPProxy.command = {proxy}
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes} + "/{{username}}"
c.Spawner.cmd = [{python}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"]
c.Spawner.environment = {environment}
# Many come at once, and each server waits its turn for the processor.
c.Spawner.start_timeout = c.Spawner.http_timeout = 600
c.JupyterHub.concurrent_spawn_limit = {at_once}
c.JupyterHub.services = [{{"name": "class", "api_token": {token}}}]
scopes = ["admin:users", "admin:servers", "access:servers"]
c.JupyterHub.load_roles = [{{"name": "class", "scopes": scopes, "services": ["class"]}}]
def give_the_course(spawner):
    shutil.copytree({course}, os.path.join({homes}, spawner.user.name, "notebooks"))
c.Spawner.pre_spawn_hook = give_the_course
"""


def make() -> None:
    """Make the environment with the course and JupyterHub, unless it is there."""
    if (MADE / "made").exists():
        return
    shutil.rmtree(MADE, ignore_errors=True)
    MADE.mkdir(parents=True)
    uv = [sys.executable, "-m", "uv"]
    lock = ROOT / "requirements" / "run.lock.txt"
    for command in (
        [*uv, "venv", "-q", "--python", sys.executable, str(MADE / "env")],
        [*uv, "pip", "install", "-q", "--python", str(PYTHON), "--require-hashes", "-r", str(lock)],
        [*uv, "pip", "install", "-q", "--python", str(PYTHON), "--no-deps", "-e", str(ROOT)],
        [*uv, "pip", "install", "-q", "--python", str(PYTHON), JUPYTERHUB],
        ["npm", "install", "--silent", "--prefix", str(MADE), PROXY],
    ):
        subprocess.run(command, check=True)
    (MADE / "made").touch()


class Hub:
    """A running JupyterHub, as a context manager.

    Args:
        folder: for everything that it writes, the learners' homes included.
        provisioner: how kernels start (jupyter_client's name for it).
        at_once: how many servers may be starting at the same time.
    """

    def __init__(self, folder: Path, provisioner: str, at_once: int) -> None:
        self.folder, self.token = folder, secrets.token_hex(16)
        here, inside, control = (f"http://127.0.0.1:{rig.free_port()}" for _ in range(3))
        self.address = here
        environment = {
            "JUPYTER_CONFIG_PATH": str(rig.SHIPPED_CONFIG), rig.PROVISIONER: provisioner,
            "PYTHONPATH": str(rig.install_forked_kernels(folder)),
        }  # fmt: skip
        (folder / "homes").mkdir()
        proxy = MADE / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
        (folder / "jupyterhub_config.py").write_text(
            CONFIG.format(
                addresses=repr((here, inside, control)), proxy=repr(["node", str(proxy)]), python=repr(str(PYTHON)),
                homes=repr(str(folder / "homes")), environment=repr(environment), at_once=at_once,
                token=repr(self.token), course=repr(str(rig.NOTEBOOKS)),
            ),
            encoding="utf-8",
        )  # fmt: skip

    def __enter__(self) -> Hub:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY_", "PYTHON"))
        }
        self.process = subprocess.Popen(
            [PYTHON, "-m", "jupyterhub", "-f", "jupyterhub_config.py"],
            cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        said = self.process.stdout
        assert said is not None
        with (self.folder / "hub.log").open("wb") as log:
            for line in said:
                log.write(line)
                if b"JupyterHub is now running" in line:
                    threading.Thread(target=lambda: [*said], daemon=True).start()  # so that it can go on talking
                    return self
        self.__exit__()
        raise RuntimeError(f"JupyterHub did not start:\n{(self.folder / 'hub.log').read_text()[-2000:]}")

    def __exit__(self, *unused: object) -> None:
        family = psutil.Process(self.process.pid).children(recursive=True) if self.process.poll() is None else []
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        for one in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        self.process.kill()

    def ask(self, method: str, path: str) -> list[bytes]:
        """Call the hub's interface; return the lines of its answer when it has ended."""
        request = urllib.request.Request(
            self.address + path, method=method, data=b"{}" if method == "POST" else None,
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=600) as answer:
            return list(answer)

    def start_server(self, name: str) -> str:
        """Have a learner's server started; return its address when it is ready."""
        self.ask("POST", f"/hub/api/users/{name}")
        self.ask("POST", f"/hub/api/users/{name}/server")
        # A stream of events, which ends when the server is ready or has failed.
        said = self.ask("GET", f"/hub/api/users/{name}/server/progress")
        *_, last = (line.removeprefix(b"data: ") for line in said if line.startswith(b"data: "))
        if not json.loads(last).get("ready"):
            raise RuntimeError(f"the server of {name} did not start: {last.decode()}")
        return f"{self.address}/user/{name}"

    def weight(self) -> float:
        """Bytes of the hub, its proxy, and all servers and kernels."""
        return rig.weight_of(self.process.pid)


@dataclass
class Seen:
    """What the learners of one run met: seconds, and the errors."""

    server: list[float] = field(default_factory=list)
    explorer: list[float] = field(default_factory=list)
    moves: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def attend(
    hub: Hub, number: int, lessons: int, moves: int, pause: float, everybody: threading.Barrier, seen: Seen
) -> None:
    """One learner: a server, the lessons, and the slider as soon as everybody has got there."""
    name = f"learner{number}"
    with contextlib.ExitStack() as open_lessons:
        learners = []
        try:
            begun = time.perf_counter()
            address = hub.start_server(name)
            seen.server.append(time.perf_counter() - begun)
            for lesson in LESSONS[:lessons]:
                begun = time.perf_counter()
                learner = Learner(address, hub.token, f"notebooks/{lesson.name}", lesson)
                learners.append(open_lessons.enter_context(learner))
                opened = time.perf_counter() - begun
                seen.explorer.append(opened + learner.run_all())
                seen.errors += learner.errors
        except Exception as error:
            seen.errors.append(f"{name}: {type(error).__name__}: {error}")
        with contextlib.suppress(threading.BrokenBarrierError):
            everybody.wait(1200)
        try:
            for move in range(moves if learners else 0):
                seen.moves.append(learners[0].move(learners[0].sliders()[0], 5 + move % 6))
                time.sleep(pause)
        except Exception as error:
            seen.errors.append(f"{name}: {type(error).__name__}: {error}")


def measure(learners: int, lessons: int, kernels: str, moves: int, pause: float) -> tuple[Seen, float, float]:
    """Let so many learners attend at once; bytes of the hub alone, and the most seen."""
    seen, most = Seen(), 0.0
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        Hub(Path(folder), KERNELS[kernels], at_once=learners) as hub,
    ):
        alone, everybody = hub.weight(), threading.Barrier(learners)
        threads = [
            threading.Thread(target=attend, args=(hub, number, lessons, moves, pause, everybody, seen))
            for number in range(learners)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                most = max(most, hub.weight())
                thread.join(2)
    return seen, alone, most


def rows(chosen: argparse.Namespace) -> Iterator[str]:
    """The table, a line at a time."""
    yield "| kernels | learners | lessons each | server ready, s | first explorer, s | a move, ms | MB each | errors |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for kernels in chosen.kernels:
        for learners in chosen.learners:
            seen, alone, most = measure(learners, chosen.lessons, kernels, chosen.moves, chosen.pause)
            moves = sorted(1000 * one for one in seen.moves) or [float("nan")]
            p95 = moves[int(0.95 * (len(moves) - 1))]
            cells = [
                kernels,
                f"{learners}",
                f"{chosen.lessons}",
                *(
                    f"{statistics.median(one):.0f} ({max(one):.0f})" if one else "–"
                    for one in (seen.server, seen.explorer)
                ),
                f"{statistics.median(moves):.0f} ({p95:.0f})",
                f"{(most - alone) / 1e6 / learners:.0f}",
                f"{len(seen.errors)} {'; '.join(error.splitlines()[0][:100] for error in seen.errors[:2])}".strip(),
            ]
            yield f"| {' | '.join(cells)} |"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learners", type=int, nargs="+", default=[1, 5, 10, 20])
    parser.add_argument("--lessons", type=int, default=1, help="how many each learner has open at the end")
    parser.add_argument("--kernels", nargs="+", choices=KERNELS, default=[*KERNELS])
    parser.add_argument("--moves", type=int, default=20)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two moves of one learner")
    chosen = parser.parse_args()
    if sys.platform != "linux":
        print("Memory that processes share is added up from Linux's own figures, so this runs on Linux only.")
        return 1
    make()
    print(f"{psutil.cpu_count()} cores; median (slowest) of the waits, median (95th percentile) of the moves")
    for row in rows(chosen):
        print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
