"""Forked kernels: the same as ordinary ones for whoever works in them, and no trouble where something fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import lab as rig
import psutil
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from learner import Learner

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")

ROOT = Path(__file__).resolve().parents[1]
NAME = "course-forked"


class Kernel:
    """A running kernel and a client of it."""

    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        self.client: BlockingKernelClient = manager.client()
        self.connect()

    def connect(self) -> None:
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    @property
    def pid(self) -> int:
        assert self.manager.provisioner is not None
        pid: int = self.manager.provisioner.pid
        return pid

    @property
    def forked(self) -> bool:
        return "course_utils.forked.parent" in " ".join(psutil.Process(self.pid).cmdline())

    def run(self, code: str, timeout: float = 60) -> str:
        """What a cell prints, or the name of its exception."""
        said = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                said.append(content["text"])
            elif message["msg_type"] == "error":
                said.append(content["ename"])

        self.client.execute_interactive(code, output_hook=hear, timeout=timeout)
        return "".join(said).strip()


@contextmanager
def started(provisioner: str = NAME, options: tuple[str, ...] = (), **launch: Any) -> Iterator[Kernel]:
    """A kernel for a while; with options of Python, if any."""
    factory = KernelProvisionerFactory.instance()
    before, factory.default_provisioner_name = factory.default_provisioner_name, provisioner
    manager = KernelManager(kernel_name="python3")
    assert manager.kernel_spec is not None
    manager.kernel_spec.argv[1:1] = options
    try:
        manager.start_kernel(**launch)
        kernel = Kernel(manager)
        yield kernel
        kernel.client.stop_channels()
    finally:
        manager.shutdown_kernel(now=True)
        factory.default_provisioner_name = before


@pytest.fixture(scope="module")
def provisioner() -> Any:
    """The class, as jupyter_client finds it: by the name that the package registers."""
    (found,) = entry_points(group=KernelProvisionerFactory.GROUP_NAME, name=NAME)
    return found.load()


@pytest.fixture(scope="module")
def kernel(provisioner: Any) -> Iterator[Kernel]:
    with started() as one:
        assert one.forked
        yield one


@pytest.fixture(scope="module")
def ordinary() -> Iterator[Kernel]:
    with started("local-provisioner") as one:
        assert not one.forked
        yield one


def gone(pid: int, within: float = 10) -> bool:
    """Whether a process ends within so many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


# -- off unless asked for, and then the same for whoever works in it --------------------------------------------------


def test_it_is_off_unless_asked_for() -> None:
    asked = {
        name: value
        for name, value in os.environ.items()
        if name != KernelProvisionerFactory.default_provisioner_name_env
    }
    code = "from jupyter_client.provisioning import KernelProvisionerFactory as F; print(F().default_provisioner_name)"
    told = subprocess.run([sys.executable, "-c", code], env=asked, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "local-provisioner"
    assert NAME not in (ROOT / "binder" / "start").read_text(encoding="utf-8")


def test_keras_is_there_at_once(kernel: Kernel, ordinary: Kernel) -> None:
    asked = (
        "import sys; print('keras' in sys.modules, 'ipywidgets' in sys.modules, 'course_utils.compare' in sys.modules)"
    )
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
    said = kernel.run(
        textwrap.dedent("""
        import keras, numpy as np
        from course_utils import compare, explore
        print(compare(keras.layers.Conv2D(2, 3, padding="same"), np.arange(49.0).reshape(1, 7, 7, 1)).agrees)
        model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(1, 3, padding="same")])
        model.compile("adam", "mse")
        print(len(model.fit(np.ones((4, 8, 8, 1)), np.ones((4, 8, 8, 1)), epochs=2, verbose=0).history["loss"]))
        shown = explore.padding()
        print(get_ipython().kernel.comm_manager.comms != {})
        """)
    )
    assert said == "True\n2\nTrue"


def test_two_kernels_do_not_draw_the_same_numbers(kernel: Kernel) -> None:
    draw = (
        "import random, numpy as np, keras, uuid\n"
        "print(random.random(), np.random.rand(), float(keras.random.uniform(())), uuid.uuid4())"
    )
    with started() as other:
        assert other.forked
        assert not set(kernel.run(draw).split()) & set(other.run(draw).split())


def test_it_reads_the_course_as_it_is_now(kernel: Kernel) -> None:
    """A parent that had loaded the course would give a restarted kernel the modules of before."""
    assert kernel.run("import course_utils.axes, sys; print('course_utils.axes' in sys.modules)") == "True"
    with started() as other:
        assert other.run("import sys; print([name for name in sys.modules if name.startswith('course_utils')])") == "[]"


# -- interrupts, restarts, ends ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("work", ["import time; time.sleep(30)", "while True: pass"])
def test_an_interrupt_reaches_this_kernel_alone(kernel: Kernel, work: str) -> None:
    with started() as other:
        other.run("kept = 1")
        message = kernel.client.execute(f"print('begun')\n{work}")
        while kernel.client.get_iopub_msg(timeout=10)["msg_type"] != "stream":
            pass
        kernel.manager.interrupt_kernel()
        reply = kernel.client.get_shell_msg(timeout=10)
        assert (reply["parent_header"]["msg_id"], reply["content"]["ename"]) == (message, "KeyboardInterrupt")
        while kernel.client.get_iopub_msg(timeout=10)["msg_type"] != "error":
            pass
        assert kernel.run("print('goes on')") == "goes on"
        assert other.run("print(kept)") == "1"


def test_a_restart_is_a_fresh_kernel() -> None:
    with started() as one:
        one.run("kept = 1")
        before = one.pid
        one.manager.restart_kernel(now=True)
        one.client.stop_channels()
        one.client = one.manager.client()
        one.connect()
        assert one.forked and one.pid != before and gone(before)
        assert one.run("print(kept)") == "NameError"


def test_shutting_down_leaves_no_process() -> None:
    with started() as one:
        one.run("import subprocess; subprocess.Popen(['sleep', '300'])")
        family = [one.pid, *(child.pid for child in psutil.Process(one.pid).children(recursive=True))]
        assert len(family) == 2
    assert all(gone(pid) for pid in family)


def test_a_kernel_that_dies_is_seen_to_be_dead() -> None:
    with started() as one:
        assert one.manager.is_alive()
        one.client.execute("import os; os._exit(1)")
        deadline = time.monotonic() + 10
        while one.manager.is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not one.manager.is_alive() and gone(one.pid)


def pids(server: rig.Lab) -> set[int]:
    return {one.pid for one in server.kernels()}


def until(what: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_server_restarts_one_that_dies_and_culls_one_that_idles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").mkdir()
    culling = {"MappingKernelManager": {"cull_idle_timeout": 8, "cull_interval": 1, "cull_connected": True}}
    (tmp_path / "config" / "jupyter_server_config.json").write_text(json.dumps(culling), encoding="utf-8")
    monkeypatch.setenv(rig.PROVISIONER, NAME)
    with rig.Lab(tmp_path / "lab", config=tmp_path / "config") as server:
        path = server.copy("00_start_here.ipynb")
        learner = Learner(f"http://127.0.0.1:{server.port}", server.token, path, rig.NOTEBOOKS / "00_start_here.ipynb")
        with learner:
            learner.run("kept = 1")
            (first,) = pids(server)
            os.kill(first, signal.SIGKILL)
            until(lambda: pids(server) not in (set(), {first}))
            (second,) = pids(server)
        with learner:
            until(lambda: server.api("/api/kernels") == [])
            assert gone(second)
            assert pids(server) == set()


# -- what can fail ----------------------------------------------------------------------------------------------------


def test_kernels_outlive_the_process_they_were_forked_from(kernel: Kernel, provisioner: Any) -> None:
    kernel.run("kept = 1")
    dead = provisioner._parent.process
    dead.kill()
    dead.wait(10)
    time.sleep(1.5)  # ipykernel looks once a second whether its parent is another one
    assert kernel.run("print(kept)") == "1"
    kernel.client.execute("import time; time.sleep(30)")
    time.sleep(0.5)
    kernel.manager.interrupt_kernel()
    assert kernel.client.get_shell_msg(timeout=10)["content"]["ename"] == "KeyboardInterrupt"
    with started() as other:
        assert other.forked and provisioner._parent.process.pid != dead.pid


def reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    said = (record.getMessage() for record in caplog.records)
    return list(dict.fromkeys(one for one in said if "An ordinary kernel starts" in one))


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    from traitlets import log

    logger = log.get_logger()
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def test_another_environment_gets_an_ordinary_kernel(kernel: Kernel, logged: pytest.LogCaptureFixture) -> None:
    with started(env={**os.environ, "KERAS_BACKEND": "jax", "MPLBACKEND": "agg"}) as other:
        assert not other.forked
        assert other.run("import os; print(os.environ['KERAS_BACKEND'])") == "jax"
    (reason,) = reasons(logged)
    assert "differs from the first one's in KERAS_BACKEND, MPLBACKEND" in reason


def test_other_variables_arrive(kernel: Kernel, tmp_path: Path) -> None:
    with started(env={**os.environ, "OF_THIS_LEARNER": "7"}, cwd=str(tmp_path)) as other:
        assert other.forked
        assert other.run("import os; print(os.environ['OF_THIS_LEARNER'], os.getcwd())") == f"7 {tmp_path}"


def test_output_for_a_file_goes_there(kernel: Kernel, tmp_path: Path) -> None:
    with (tmp_path / "errors").open("w") as errors, started(stderr=errors) as other:
        assert other.forked
        other.run("import os; os.write(2, b'')\nimport sys; print('hello', file=sys.__stderr__, flush=True)")
        assert other.run("import os; print(os.fstat(2).st_size >= 0)") == "True"
    assert "hello" in (tmp_path / "errors").read_text()


@pytest.mark.parametrize(
    ("launch", "reason"),
    [
        ({"stdout": subprocess.DEVNULL}, "its output was to go into a pipe, or nowhere"),
        ({"stdin": subprocess.DEVNULL}, "it was asked for with stdin"),
        ({"options": ("-X", "utf8")}, "it wants another Python, or other options of Python, than the first one"),
    ],
    ids=["a pipe", "stdin", "options"],
)
def test_what_a_fork_cannot_have_gets_an_ordinary_kernel(
    kernel: Kernel, logged: pytest.LogCaptureFixture, launch: dict[str, Any], reason: str
) -> None:
    with started(**launch) as other:
        assert not other.forked
    assert reason in reasons(logged)[0]


def test_another_kind_of_kernel_is_not_forked(provisioner: Any) -> None:
    module = sys.modules[provisioner.__module__]
    with pytest.raises(module.CannotFork, match="not a Python kernel of ipykernel"):
        module.taken_apart(["R", "--slave", "-e", "IRkernel::main()"])


def test_a_thread_in_the_parent_gets_an_ordinary_kernel(tmp_path: Path) -> None:
    """Whatever starts one there in a later version, nothing is forked while a lock may be held."""
    said = in_a_server(
        tmp_path,
        """
        (where / "sitecustomize.py").write_text("import threading, time, sys\\n"
            "if 'course_utils.forked.parent' in ' '.join(sys.orig_argv):\\n"
            "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\\n")
        os.environ["PYTHONPATH"] = str(where)
        manager = start()
        print(manager.is_alive(), type(manager.provisioner.process).__name__)
        """,
    )
    assert said == ["An ordinary kernel starts, and not a forked one: 2 threads run where only one may.", "True Popen"]


def test_a_parent_that_cannot_load_is_tried_once(tmp_path: Path) -> None:
    said = in_a_server(
        tmp_path,
        """
        (where / "keras.py").write_text("print('tried', flush=True); raise SystemExit('broken')")
        os.environ["PYTHONPATH"] = str(where)
        for _ in range(2):
            manager = start()
            print(manager.is_alive(), type(manager.provisioner.process).__name__)
        """,
    )
    reason = (
        "An ordinary kernel starts, and not a forked one: the process to fork from ended while it was loading Keras."
    )
    assert said == ["tried", reason, "True Popen", reason, "True Popen"]


def test_the_second_kernel_of_a_server_is_forked_as_well(tmp_path: Path) -> None:
    """The server learns of the course with the first one, and what that sets in its environment changes nothing."""
    said = in_a_server(
        tmp_path,
        """
        for _ in range(3):
            print(type(start().provisioner.process).__name__)
        """,
    )
    assert said == ["Forked"] * 3


def test_nothing_stays_when_the_server_is_killed(tmp_path: Path) -> None:
    said = in_a_server(
        tmp_path,
        """
        manager = start()
        print(json.dumps([manager.provisioner.pid, type(manager.provisioner)._parent.process.pid]), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        code=-signal.SIGKILL,
    )
    assert all(gone(pid) for pid in json.loads(said[-1]))


def in_a_server(where: Path, work: str, *, code: int = 0) -> list[str]:
    """Run code in a process of its own that starts forked kernels; return the lines that it printed or logged."""
    program = f"""
import json, logging, os, signal, sys, time
from pathlib import Path
from jupyter_client.manager import KernelManager
where = Path({str(where)!r})
class Say(logging.Handler):
    def emit(self, record):
        if "ordinary kernel" in record.getMessage():
            print(record.getMessage(), flush=True)
from traitlets.log import get_logger
get_logger().addHandler(Say())
managers = []
def start():
    environment = os.environ.copy()  # taken before, as Jupyter's server does
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env=environment)
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    managers.append(manager)
    return manager
{textwrap.dedent(work)}
for manager in managers:
    manager.shutdown_kernel(now=True)
"""
    # As a server is started: nothing in it has imported the course yet, which sets TensorFlow's variables.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    environment[KernelProvisionerFactory.default_provisioner_name_env] = NAME
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=120, cwd=where
    )
    assert done.returncode == code, done.stderr
    return [line for line in done.stdout.splitlines() if line]
