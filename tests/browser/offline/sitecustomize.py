"""Python loads this first in every server and kernel of the rig: a connection to another machine fails and is noted.

It sees what goes through Python's own sockets. What a compiled library opens by itself would pass unseen.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

NOTES = os.environ.get("COURSE_STRAYS", "")
HERE = {"localhost", "ip6-localhost", "", "*", socket.gethostname()}
#: Which of an event's arguments says where to. (A name is looked up before anything is sent to it.)
WHERE = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
}


def is_here(where: Any) -> bool:
    """Whether an address of any kind, or a name, is on this machine."""
    host = where[0] if isinstance(where, tuple) and where else where
    if isinstance(host, bytes):
        host = host.decode(errors="replace")
    if not isinstance(host, str):
        return True  # any interface of this machine, or no network at all
    # A path, or one without a file, is a socket between programs of this machine.
    return host in HERE or host.startswith(("127.", "::1", "0.0.0.0", "/", "\0"))


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Note and refuse what would leave this machine."""
    place = WHERE.get(event)
    if place is None or is_here(arguments[place]):
        return
    with open(NOTES, "a", encoding="utf-8") as notes:  # noqa: PTH123  (pathlib may not be there yet)
        notes.write(f"{event} {arguments[place]!r}\n")
    raise OSError(f"the rig lets nobody leave this machine: {arguments[place]!r}")


if NOTES:
    sys.addaudithook(watch)
