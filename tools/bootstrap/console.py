"""What a person sees while waiting: numbered steps, one line that moves, and plain sentences when it fails."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

QUIET_SECONDS = 20
"""Where the output is no terminal (CI, a file), a wait says that it is alive this often."""


class SetupError(Exception):
    """Something that keeps the course from starting, told so that the reader knows what to do next."""


def make_console_safe() -> None:
    """Print a replacement for what the console cannot show, instead of failing over a path with an umlaut."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


@contextmanager
def quiet_where_nobody_reads() -> Iterator[None]:
    """End the program without a word once whoever reads its output has gone, as ``head`` does after ten lines."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # at its end Python writes out what is left
        sys.exit(1)


def say(text: str = "") -> None:
    """Print one line at once, also where the output is buffered."""
    print(text, flush=True)


def seconds_since(start: float) -> str:
    """Return the time since ``start`` (of time.monotonic) for a person: '7 s', '2 min 05 s'."""
    seconds = round(time.monotonic() - start)
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min {seconds % 60:02d} s"


@contextmanager
def step(number: int, of: int, what: str) -> Iterator[Ticker]:
    """Announce one step of several, let its ticker run, and say how long it took."""
    say(f"[{number}/{of}] {what}")
    start = time.monotonic()
    with Ticker(start) as ticker:
        yield ticker
    say(f"      done, {seconds_since(start)}")


class Ticker:
    """A line that says what is going on and for how long; it moves on a terminal, and is seldom elsewhere."""

    def __init__(self, start: float) -> None:
        self._start = start
        self._text = ""
        self._stop = threading.Event()
        self._moves = sys.stdout.isatty()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Ticker:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()
        self._wipe()

    def show(self, text: str) -> None:
        """Put this on the moving line."""
        self._text = text

    def note(self, text: str) -> None:
        """Print a line that stays."""
        self._wipe()
        say("      " + text)

    def _tick(self) -> None:
        while not self._stop.wait(1 if self._moves else QUIET_SECONDS):
            line = f"      {seconds_since(self._start)}  {self._text}"
            if self._moves:
                width = shutil.get_terminal_size().columns - 1
                print("\r" + line[:width].ljust(width), end="", flush=True)
            else:
                with suppress(BrokenPipeError):  # the next line of the program itself ends it
                    say(line)

    def _wipe(self) -> None:
        if self._moves:
            print("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r", end="", flush=True)
