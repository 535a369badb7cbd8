"""Forked kernels: the same as ordinary ones for whoever works in them, and no trouble where something fails."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import lab as rig
import psutil
import pytest
import traitlets.log
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from processes import all_ending
from traitlets.config import Config

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")

ROOT = Path(__file__).resolve().parents[3]
NAME = rig.FORKED
SERVER = """
import json, os
from jupyter_client.manager import KernelManager
kernels = []
for _ in range(3):
    environment = os.environ.copy()  # taken before, as Jupyter's server does
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env=environment)
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    kernels.append(manager.provisioner)
kinds = [type(kernel.process).__name__ for kernel in kernels]
print(json.dumps([kinds, [kernel.pid for kernel in kernels], kernels[0]._parent.process.pid]), flush=True)
input()
"""


class Kernel:
    """A running kernel and a client of it."""

    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        self.connect()

    def connect(self) -> None:
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    @property
    def pid(self) -> int:
        assert self.manager.provisioner is not None
        pid: int = self.manager.provisioner.pid
        return pid

    @property
    def forked(self) -> bool:
        return "forked_kernels.parent" in " ".join(psutil.Process(self.pid).cmdline())

    def run(self, code: str, when_it_prints: Callable[[], None] = lambda: None) -> str:
        """What this cell prints, and the name of its exception: up to its own reply and its own idle."""
        printed = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                printed.append(content["text"])
                when_it_prints()
            elif message["msg_type"] == "error":
                printed.append(content["ename"])

        self.client.execute_interactive(code, output_hook=hear, timeout=60)
        return "".join(printed).strip()


@contextmanager
def started(provisioner: str = NAME, options: tuple[str, ...] = (), **launch: Any) -> Iterator[Kernel]:
    """A kernel for a while; with options of Python, if any."""
    manager = KernelManager(kernel_name="python3")
    assert manager.kernel_spec is not None
    manager.kernel_spec.metadata["kernel_provisioner"] = {"provisioner_name": provisioner}
    manager.kernel_spec.argv[1:1] = options
    try:
        manager.start_kernel(**launch)
        kernel = Kernel(manager)
        yield kernel
        kernel.client.stop_channels()
    finally:
        manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module", autouse=True)
def provisioner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The class, as jupyter_client finds it when the package is installed as a hub does."""
    folder = rig.install_forked_kernels(tmp_path_factory.mktemp("hub"))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(ROOT)]))
        (found,) = entry_points(group=KernelProvisionerFactory.GROUP_NAME, name=NAME)
        yield found.load()


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    with started() as one:
        assert one.forked
        yield one


@pytest.fixture(scope="module")
def ordinary() -> Iterator[Kernel]:
    with started("local-provisioner") as one:
        assert not one.forked
        yield one


# -- off unless asked for, and then the same for whoever works in it --------------------------------------------------


def test_it_is_off_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(rig.PROVISIONER, raising=False)
    assert KernelProvisionerFactory().default_provisioner_name == "local-provisioner"
    assert NAME not in (ROOT / "binder" / "start").read_text(encoding="utf-8")


def test_keras_is_there_at_once(kernel: Kernel, ordinary: Kernel) -> None:
    asked = "import sys; print(*(name in sys.modules for name in ('keras', 'ipywidgets', 'course_utils.compare')))"
    assert kernel.run(asked) == "True True False"
    assert ordinary.run(asked) == "False False False"


@pytest.mark.parametrize(
    "code",
    [
        "import sys; print(sys.path, sys.argv[1:2], __name__, __builtins__.__name__)",
        "import sys; print(sys.flags.utf8_mode, sys.dont_write_bytecode, sys.getrecursionlimit(), sys.stdin)",
        "import os; print(os.getcwd(), os.getpgid(0) == os.getpid() == os.getsid(0))",
        "import os; print({k: v for k, v in sorted(os.environ.items()) if k[:4] not in ('JPY_', 'PYTE')})",
        "import matplotlib, matplotlib.pyplot; print(matplotlib.get_backend(), matplotlib.rcParams['figure.dpi'])",
        "import signal; print([signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)][2])",
        "print(get_ipython().history_manager.enabled, get_ipython().colors, get_ipython().kernel.session.username)",
        "print(sorted(get_ipython().kernel.comm_manager.targets) or __import__('ipywidgets').__version__)",
        "import gc; print(gc.isenabled(), gc.get_threshold())",
        "import subprocess; print(subprocess.run(['sh', '-c', 'exit 3']).returncode)",
        "import os; os.system('echo from a child'); print('after')",
        "1 / 0",
    ],
)  # fmt: skip
def test_a_cell_cannot_tell_the_difference(kernel: Kernel, ordinary: Kernel, code: str) -> None:
    for one in (kernel, ordinary):
        one.run("import keras, ipywidgets, course_utils")  # what is imported sets variables
    assert kernel.run(code) == ordinary.run(code)


def test_it_runs_layers_trains_and_shows_widgets(kernel: Kernel) -> None:
    code = """
        import keras, numpy as np
        from course_utils import compare, explore
        print(compare(keras.layers.Conv2D(2, 3, padding="same"), np.arange(49.0).reshape(1, 7, 7, 1)).agrees)
        model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(1, 3, padding="same")])
        model.compile("adam", "mse")
        print(len(model.fit(np.ones((4, 8, 8, 1)), np.ones((4, 8, 8, 1)), epochs=2, verbose=0).history["loss"]))
        shown = explore.padding()
        print(get_ipython().kernel.comm_manager.comms != {})
        """
    assert kernel.run(textwrap.dedent(code)) == "True\n2\nTrue"


def test_a_new_kernel_draws_other_numbers_and_reads_the_course_anew(kernel: Kernel) -> None:
    """A parent that had loaded the course would give a restarted kernel the modules of before."""
    draw = (
        "import random, numpy as np, keras, uuid\n"
        "print(random.random(), np.random.rand(), float(keras.random.uniform(())), uuid.uuid4())"
    )
    assert kernel.run("import course_utils.axes, sys; print('course_utils.axes' in sys.modules)") == "True"
    with started() as other:
        assert other.forked
        assert other.run("import sys; print([name for name in sys.modules if name.startswith('course_utils')])") == "[]"
        assert not set(kernel.run(draw).split()) & set(other.run(draw).split())


# -- interrupts, restarts, ends ---------------------------------------------------------------------------------------


def test_an_interrupt_reaches_this_kernel_alone(kernel: Kernel) -> None:
    with started() as other:
        other.run("kept = 1")
        for work in ("import time; time.sleep(60)", "while True: pass"):
            interrupted = kernel.run(f"print('begun')\n{work}", kernel.manager.interrupt_kernel)
            assert interrupted == "begun\nKeyboardInterrupt"
            assert kernel.run("print('goes on')") == "goes on"
        assert other.run("print(kept)") == "1"


def test_a_restart_is_a_fresh_kernel_and_its_end_leaves_no_process() -> None:
    with started() as one:
        one.run("kept = 1")
        before = one.pid
        one.client.stop_channels()
        with all_ending(before):
            one.manager.restart_kernel(now=True)
        one.connect()
        assert one.forked and one.pid != before
        assert one.run("print(kept)") == "NameError"
        child = int(one.run("import subprocess; print(subprocess.Popen(['sleep', '300']).pid)"))
        with all_ending(one.pid, child):
            one.manager.shutdown_kernel(now=True)


def test_a_kernel_that_dies_is_seen_to_be_dead() -> None:
    with started() as one:
        assert one.manager.is_alive()
        with all_ending(one.pid):
            one.client.execute("import os; os._exit(1)")
        assert not one.manager.is_alive()


def test_a_server_restarts_one_that_dies_and_culls_one_that_idles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jupyter Server's own manager of kernels, without the rest of the server."""
    monkeypatch.setattr(KernelProvisionerFactory.instance(), "default_provisioner_name", NAME)
    # Its clock would look at each kernel every few seconds; here the test says when.
    config = Config(KernelRestarter={"time_to_dead": 600})

    async def serve() -> None:
        manager: Any = AsyncMappingKernelManager
        options = {"cull_idle_timeout": 600, "cull_busy": True, "cull_connected": True}
        server = manager(config=config, connection_dir=str(tmp_path), **options)
        name = await server.start_kernel()
        kernel = server.get_kernel(name)
        first = kernel.provisioner.pid
        with all_ending(first):
            os.kill(first, signal.SIGKILL)
        await kernel._restarter.poll()
        second = kernel.provisioner.pid
        assert second != first and await kernel.is_alive()
        await server.cull_kernel_if_idle(name)
        assert name in server, "it has not been idle for ten minutes"
        kernel.last_activity -= timedelta(minutes=11)
        with all_ending(second):
            await server.cull_kernel_if_idle(name)
        assert name not in server

    # In a thread: where browser tests went before, this one has an event loop that goes on running.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, asyncio.wait_for(serve(), 120)).result()


# -- what can fail ----------------------------------------------------------------------------------------------------


@pytest.fixture
def reasons(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], set[str]]]:
    """What the server's log says of ordinary kernels that start in place of forked ones."""
    logger, begin = traitlets.log.get_logger(), "An ordinary kernel starts, and not a forked one: "
    logger.addHandler(caplog.handler)
    yield lambda: {text.removeprefix(begin) for text in caplog.messages if text.startswith(begin)}
    logger.removeHandler(caplog.handler)


def test_kernels_outlive_the_process_they_were_forked_from(kernel: Kernel, ordinary: Kernel, provisioner: Any) -> None:
    # ipykernel has a thread that ends an ordinary kernel as soon as its parent is another one.
    watch = "import threading; print([type(one).__name__ for one in threading.enumerate() if 'Poller' in repr(one)])"
    assert (kernel.run(watch), ordinary.run(watch)) == ("[]", "['ParentPollerUnix']")
    dead = provisioner._parent.process
    dead.kill()
    dead.wait(10)
    assert kernel.run("print('begun')\nwhile True: pass", kernel.manager.interrupt_kernel).endswith("KeyboardInterrupt")
    with started() as other:
        assert other.forked and provisioner._parent.process.pid != dead.pid


def test_other_variables_and_files_for_output_are_no_obstacle(kernel: Kernel, tmp_path: Path) -> None:
    environment = {**os.environ, "OF_THIS_LEARNER": "7"}
    with (
        (tmp_path / "errors").open("w") as errors,
        started(env=environment, cwd=str(tmp_path), stderr=errors) as other,
    ):
        assert other.forked
        assert other.run("import os; print(os.environ['OF_THIS_LEARNER'], os.getcwd())") == f"7 {tmp_path}"
        other.run("import sys; print('hello', file=sys.__stderr__, flush=True)")
    assert "hello" in (tmp_path / "errors").read_text()


@pytest.mark.parametrize(
    ("launch", "reason"),
    [
        (
            {"env": {"KERAS_BACKEND": "jax", "MPLBACKEND": "agg"}},
            "its environment differs from the first one's in KERAS_BACKEND, MPLBACKEND.",
        ),
        ({"stdout": subprocess.DEVNULL}, "its output was to go into a pipe, or nowhere."),
        ({"stdin": subprocess.DEVNULL}, "it was asked for with stdin."),
        ({"options": ("-X", "utf8")}, "it wants another Python, or other options of Python, than the first one."),
    ],
    ids=["environment", "a pipe", "stdin", "options"],
)
def test_what_a_fork_cannot_have_gets_an_ordinary_kernel(
    kernel: Kernel, reasons: Callable[[], set[str]], launch: dict[str, Any], reason: str
) -> None:
    added = launch.get("env", {})
    with started(**{**launch, "env": {**os.environ, **added}}) as other:
        assert not other.forked
        for name, value in added.items():
            assert other.run(f"import os; print(os.environ[{name!r}])") == value
    assert reasons() == {reason}


def test_another_kind_of_kernel_is_not_forked(provisioner: Any) -> None:
    module = sys.modules[provisioner.__module__]
    with pytest.raises(module.CannotFork, match="not a Python kernel of ipykernel"):
        module.taken_apart(["R", "--slave", "-e", "IRkernel::main()"])


@pytest.mark.parametrize(
    ("file", "source", "reason"),
    [
        # Whatever starts one there in a later version, nothing is forked while a lock may be held.
        (
            "sitecustomize.py",
            "import threading, time, sys\n"
            "if 'forked_kernels.parent' in ' '.join(sys.orig_argv):\n"
            "    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n",
            "2 threads run where only one may.",
        ),
        (
            "keras.py",
            "from pathlib import Path\nPath(__file__).with_name('tried').open('a').write('once ')\nraise SystemExit",
            "the process to fork from ended while it was loading Keras.",
        ),
    ],
    ids=["a thread", "no Keras"],
)
def test_a_parent_that_cannot_serve_is_started_once(
    provisioner: Any,
    reasons: Callable[[], set[str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    file: str,
    source: str,
    reason: str,
) -> None:
    (tmp_path / file).write_text(source)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ['PYTHONPATH']}")
    for name in ("_parent", "_failed"):
        monkeypatch.setattr(provisioner, name, None)
    parents = []
    for _ in range(2):
        with started() as one:
            assert not one.forked and one.manager.is_alive()
            parents.append(provisioner._parent.process.pid)
    assert reasons() == {reason} and parents[0] == parents[1]
    if file == "keras.py":
        assert (tmp_path / "tried").read_text() == "once "


def test_all_kernels_of_a_server_are_forked_and_end_with_it() -> None:
    """It learns of the course with the first one, and what that sets in its environment changes nothing."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    command, pipe = [sys.executable, "-c", SERVER], subprocess.PIPE
    with subprocess.Popen(
        command, env={**environment, rig.PROVISIONER: NAME}, stdin=pipe, stdout=pipe, text=True
    ) as server:
        assert server.stdout is not None
        kinds, pids, parent = json.loads(server.stdout.readline())
        assert kinds == ["Forked"] * 3
        with all_ending(*pids, parent):
            server.kill()
