"""The process that kernels are forked from. It imports what every lesson needs, and then only waits and forks.

``python -m forked_kernels.parent FD``, where FD is its end of a socket to the server (SOCK_SEQPACKET):

- it says ``{"ready": true}`` when the imports are done;
- each request is ``{"argv": [...], "env": {...}, "cwd": "...", "server": pid or null}`` with the streams for output and
  errors beside it; the answer is ``{"pid": ...}`` or ``{"problem": "..."}``;
- when the server closes its end, or is gone, the process ends. Kernels do not end with it.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import select
import signal
import socket
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: What a kernel loads at its start, and what every lesson loads that is large.
LIBRARIES = (
    "keras",
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.debugger",  # 35 MB for each kernel that loads it by itself
    "IPython.core.history",
    "IPython.extensions.storemagic",
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "anywidget",
    "ipywidgets",
)
LARGEST = 1 << 20


@dataclass(frozen=True)
class Request:
    """A kernel to start, as the server asked for it."""

    argv: list[str]
    env: dict[str, str]
    cwd: str
    server: int | None
    streams: list[int]


def load() -> dict[str, str]:
    """Import what every lesson needs; return the variables that the libraries have set meanwhile."""
    # Read by matplotlib when it is imported; a kernel says so itself, but only later.
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    # Else the debugger writes three lines about Python's options to the server's log.
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    before = set(os.environ)
    for name in LIBRARIES:
        importlib.import_module(name)
    return {name: value for name, value in os.environ.items() if name not in before}


def threads() -> int:
    """How many threads this process has, those of libraries included."""
    return len([*Path("/proc/self/task").iterdir()])


def fork_on_request(channel: socket.socket) -> Request | None:
    """Fork at each request. Returns the request in the new kernel, and None in this process when the server is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a kernel here; the system clears up after each
    while True:
        message, streams, _, _ = socket.recv_fds(channel, LARGEST, 2)
        if not message:
            return None
        answer: dict[str, Any]
        if threads() > 1:
            # A lock that another thread held would stay locked in the kernel for ever.
            answer = {"problem": f"{threads()} threads run where only one may"}
        else:
            try:
                pid = os.fork()
            except OSError as error:
                answer = {"problem": str(error)}
            else:
                if pid == 0:
                    channel.close()
                    return Request(**json.loads(message), streams=streams)
                answer = {"pid": pid}
        for stream in streams:
            os.close(stream)
        channel.send(json.dumps(answer).encode())


def settle(request: Request, of_libraries: dict[str, str]) -> None:
    """Make this fresh copy a process of its own, as one that was started anew would be."""
    os.setsid()  # so that an interrupt reaches this kernel and what it started, and nobody else
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, stream in enumerate(request.streams, start=1):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(of_libraries | request.env)
    os.chdir(request.cwd)
    # Copies must not draw the same numbers. Python's own generator sees to that itself.
    random.seed()
    import numpy as np

    np.random.seed()  # noqa: NPY002  (the generator that learners' code may still use)
    if request.server is not None:
        threading.Thread(target=end_with, args=(request.server,), daemon=True).start()


def end_with(server: int) -> None:
    """End this process as soon as that one is gone. A kernel does so by its parent, which is not the server here."""
    try:
        select.select([os.pidfd_open(server)], [], [])
    finally:
        os._exit(1)


def become_kernel(argv: list[str]) -> None:
    """Do what ``python -m ipykernel_launcher`` does, and return when the kernel has been shut down."""
    import ipywidgets
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = ["ipykernel_launcher", *argv]
    # 1: somebody started it (so nothing about `--existing` is printed), and how that one fares is watched already.
    app = IPKernelApp.instance(parent_handle=1)
    app.initialize(argv)
    # Without this, a page that is loaded anew finds no widget: ipywidgets does it where it is imported in a kernel.
    ipywidgets.register_comm_target()
    app.start()


def main() -> None:
    """Load, then serve until the server is gone; in a kernel, go on as one."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    del sys.path[0]  # where the server was started; a kernel looks where its notebook is, and adds that itself
    of_libraries = load()
    gc.collect()
    gc.freeze()  # the collector of a kernel then leaves these pages as they are, shared
    channel.send(json.dumps({"ready": True}).encode())
    request = fork_on_request(channel)
    if request is not None:
        settle(request, of_libraries)
        become_kernel(request.argv)


if __name__ == "__main__":
    main()
