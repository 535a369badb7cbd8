"""Processes of which a test says that they end."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def all_ending(*pids: int) -> Iterator[None]:
    """All these processes must be over, at the latest twenty seconds after what happens meanwhile. Linux only."""
    handles = [os.pidfd_open(pid) for pid in pids]
    yield
    for pid, handle in zip(pids, handles, strict=True):
        assert select.select([handle], [], [], 20)[0], f"process {pid} goes on"
        os.close(handle)
