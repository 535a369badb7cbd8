"""Kernels from a process that has imported Keras already and forks: a ``jupyter_client`` kernel provisioner."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from course_utils.environment import FOR_TENSORFLOW

#: Python and the libraries read these while they are imported. A kernel in which one differs is started anew.
READ_AT_IMPORT = ("CUDA", "HOME", "KERAS", "LD_", "MKL_", "MPL", "OMP_", "OPENBLAS", "PYTHON", "TF_", "XDG_", "XLA_")
#: Seconds for the imports, which take 3 to 10; and for a fork, which takes some hundredths.
LOADING, FORKING = 120.0, 10.0
#: Bytes of an answer.
LARGEST_ANSWER = 4096


class CannotFork(Exception):
    """No kernel can be forked; the message says why."""


class Forked:
    """A forked kernel, which is no child of this process, with the part of ``Popen`` that jupyter_client uses.

    Args:
        pid: the process. It must have been alive a moment ago.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        # It stays with this very process, also when the number is given to another one.
        self._handle = os.pidfd_open(pid)

    def __del__(self) -> None:
        if hasattr(self, "_handle"):
            os.close(self._handle)

    def _over_within(self, seconds: float | None) -> bool:
        watch = select.poll()  # not select.select, which takes no number above 1023
        watch.register(self._handle, select.POLLIN)
        return bool(watch.poll(None if seconds is None else 1000 * seconds))

    def poll(self) -> int | None:
        """None while it runs, then 0: only its parent learns how it ended."""
        if self.returncode is None and self._over_within(0):
            self.returncode = 0
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it is over."""
        if not self._over_within(timeout):
            raise subprocess.TimeoutExpired("a forked kernel", timeout or 0)
        self.returncode = 0
        return 0

    def send_signal(self, number: int) -> None:
        """Send a signal; nothing happens where the process is over."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def read_at_import(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that Python and the libraries read while they are imported."""
    return {name: value for name, value in environment.items() if name.startswith(READ_AT_IMPORT)}


class Parent:
    """The process that forks, seen from the server.

    Args:
        command: the interpreter and its options, as the kernel would be started with.
        environment: the variables that the first kernel was to get.
    """

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self.command = command
        self.environment = read_at_import(environment)
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._turn = threading.Lock()
        self._ready = False
        with theirs:
            self.process = subprocess.Popen(
                [*command, "-m", f"{__package__}.parent", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                # One thread is all that may be alive at a fork; NumPy's OpenBLAS would keep one for each core.
                env={name: value for name, value in environment.items() if not name.startswith("JPY_")}
                | {"OPENBLAS_NUM_THREADS": "1"},
                start_new_session=True,  # Ctrl-C in the terminal is for the server
            )

    def alive(self) -> bool:
        """Whether it runs (and answers, as far as one can see)."""
        return self.process.poll() is None

    async def ready(self) -> None:
        """Wait for the imports. Raises CannotFork if they fail or take too long."""
        deadline = time.monotonic() + LOADING
        while not self._ready:
            if not self.alive():
                raise CannotFork("the process to fork from ended while it was loading Keras")
            if time.monotonic() > deadline:
                self.process.kill()
                raise CannotFork(f"loading Keras took longer than {LOADING:g} s")
            # Another kernel may be waiting as well: who sees the word first tells both.
            if select.select([self._channel], [], [], 0)[0]:
                self._ready = bool(self._channel.recv(LARGEST_ANSWER))
            else:
                await asyncio.sleep(0.05)

    def fork(self, request: Mapping[str, Any], streams: list[int]) -> Forked:
        """Start a kernel. Raises CannotFork."""
        with self._turn:
            try:
                self._channel.settimeout(FORKING)
                socket.send_fds(self._channel, [json.dumps(request).encode()], streams)
                said = self._channel.recv(LARGEST_ANSWER)
                answer: dict[str, Any] = json.loads(said) if said else {"problem": "the process to fork from is gone"}
                if "problem" in answer:
                    raise CannotFork(answer["problem"])
                return Forked(answer["pid"])
            except OSError as error:
                # After a time-out the next answer would be taken for this one's.
                self.process.kill()
                raise CannotFork(str(error)) from error


_LAUNCHER = ["-m", "ipykernel_launcher"]


def taken_apart(command: list[str]) -> tuple[list[str], list[str]]:
    """The interpreter with its options, and the kernel's arguments. Raises CannotFork for another kind of kernel."""
    for place in range(1, len(command)):
        if command[place : place + 2] == _LAUNCHER:
            return command[:place], command[place + 2 :]
    raise CannotFork("it is not a Python kernel of ipykernel")


class ForkedProvisioner(LocalProvisioner):
    """Launches kernels by forking; everything else is jupyter_client's own ``LocalProvisioner``."""

    process: Any
    #: One for the whole server, which starts it with the first kernel.
    _parent: Parent | None = None
    #: Why there is none, where the start of one failed: it is not tried again.
    _failed: str | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork a kernel, or start an ordinary one and say in the log why."""
        try:
            self.process = await self._fork(cmd, **kwargs)
        except CannotFork as reason:
            self.log.warning("An ordinary kernel starts, and not a forked one: %s.", reason)
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.pgid = self.process.pid
        self.cwd = kwargs.get("cwd", Path.cwd())
        return self.connection_info

    async def _fork(
        self,
        cmd: list[str],
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        stdout: Any = None,
        stderr: Any = None,
        independent: bool = False,
        **others: Any,
    ) -> Forked:
        if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
            raise CannotFork("that works on Linux only")
        if unknown := {"stdin", "preexec_fn", "pass_fds"} & {name for name, value in others.items() if value}:
            raise CannotFork(f"it was asked for with {', '.join(sorted(unknown))}")
        python, argv = taken_apart(cmd)
        # A kernel sets these by itself as soon as it imports the course; so does this server, which now has done so.
        wanted = FOR_TENSORFLOW | dict(os.environ if env is None else env)
        parent = await self._parent_for(python, wanted)
        wanted.pop("JPY_PARENT_PID", None)  # means: end when your parent is another one
        server = None if independent else os.getpid()
        request = {"argv": argv, "env": wanted, "cwd": os.fspath(cwd or Path.cwd()), "server": server}
        streams = [_number(stream, usual) for stream, usual in ((stdout, 1), (stderr, 2))]
        return parent.fork(request, streams)

    @classmethod
    async def _parent_for(cls, python: list[str], environment: Mapping[str, str]) -> Parent:
        if cls._failed is not None:
            raise CannotFork(cls._failed)
        if cls._parent is None or not cls._parent.alive():
            cls._parent = Parent(python, environment)
        parent = cls._parent
        if parent.command != python:
            raise CannotFork("it wants another Python, or other options of Python, than the first one")
        theirs = read_at_import(environment)
        if differing := sorted(name for name, _ in parent.environment.items() ^ theirs.items()):
            raise CannotFork(f"its environment differs from the first one's in {', '.join(dict.fromkeys(differing))}")
        try:
            await parent.ready()
        except CannotFork as reason:
            cls._failed = str(reason)
            raise
        return parent


def _number(stream: Any, usual: int) -> int:
    """The number of an open file as subprocess takes it. Raises CannotFork for a pipe that is yet to be made."""
    if stream is None:
        return usual
    if isinstance(stream, int) and stream < 0:
        raise CannotFork("its output was to go into a pipe, or nowhere")
    return int(stream if isinstance(stream, int) else stream.fileno())
