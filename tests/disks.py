"""Real disks for bad days: small ones that fill up, and ones that take nothing. Only for whoever may mount them."""

from __future__ import annotations

import contextlib
import errno
import subprocess
from collections.abc import Iterator
from pathlib import Path


class CannotMount(Exception):
    """This user, or this system, may not mount a disk; the reason in a sentence."""


@contextlib.contextmanager
def small_disk(place: Path, kilobytes: int) -> Iterator[Path]:
    """Put a disk of this size, in memory, into a folder for a while. Raises CannotMount where that is not allowed."""
    place.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "a-small-disk", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise CannotMount("there is no `mount` on this system") from None
    if done.returncode:
        raise CannotMount(f"this user may not mount a disk: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def make_read_only(disk: Path, read_only: bool = True) -> None:
    """Take away, or give back, the right to write on a whole disk."""
    subprocess.run(["mount", "-o", f"remount,{'ro' if read_only else 'rw'}", str(disk)], check=True)


def fill_up(disk: Path) -> Path:
    """Fill a disk to its last byte; delete the file that is returned to make room again."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(b"-" * size)
            except OSError as problem:
                assert problem.errno == errno.ENOSPC
    return ballast
