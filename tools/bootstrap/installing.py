"""Filling an environment: what the installer is doing, shown as it goes, and a sentence for each way it can fail.

pip, which every environment comes with, installs uv; uv installs everything else, many times faster. Both check the
hash of every file. uv does not read pip's settings, so those of the caller are handed on to it (``UV_NAMES``).
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.bootstrap.console import SetupError, Ticker
from tools.bootstrap.surroundings import ROOT, UV_LOCK, UV_NAMES, WHEELS, clean_environment, venv_python

DOWNLOAD = re.compile(r"Downloading (?:\S*/)?([\w.-]+?)(?:-(\d[^-\s]*)-\S*\.whl)? \(([\d.]+) ?([kKMG])i?B\)")
UNPACKING = re.compile(r"Prepared (\d+) packages")
WORTH_A_LINE = 10.0
"""Downloads of so many megabytes get a line of their own that stays."""

FAILURES = (
    (
        r"No space left on device|WinError 112|os error 112|not enough space on the disk|Disk quota exceeded",
        "The disk is full. Make about 4 GB of room, then run the same command again.",
    ),
    (
        r"Long Path support|WinError 206|os error 206",
        "The path of this folder is too long for Windows. Move the course to a short one, such as C:\\course.",
    ),
    (
        r"DO NOT MATCH THE HASHES|Hash mismatch",
        "A package that arrived is not the one this course was tested with (its hash differs), so it was not "
        "installed. Usually a proxy or a private index has changed it. On another network it should work.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|invalid peer certificate",
        "The secure connection to the package index could not be verified. Behind a company's or school's "
        "proxy, set PIP_CERT to its certificate file, then run the same command again.",
    ),
    (
        r"name resolution|getaddrinfo|NewConnectionError|Failed to establish a new connection|ConnectTimeout"
        r"|Network is unreachable|Connection (?:refused|reset|broken|aborted)|Read timed out|ProxyError"
        r"|IncompleteRead|error sending request|dns error|operation timed out|error decoding response body",
        "The package index could not be reached: no network, or a proxy in between. The first run needs the "
        "network; what has arrived is kept, so run the same command again when it is back.",
    ),
    (
        r"WinError (?:5|32)\b|os error (?:5|32)\b|being used by another process",
        "A file in the environment is in use. Close JupyterLab and every terminal that uses it, then run the "
        "same command again.",
    ),
    (
        r"No matching distribution found for (\S+)|Because (\S+) (?:has no|was not found|could not be found)"
        r"|Because there is no version of (\S+)",
        "There is no ready-made package of {0} for this system and this Python. Either the package index is an "
        "incomplete mirror, or the folder wheels was filled on another system or with another Python, or the system "
        "is too old: the course is made for 64-bit Python 3.11 to 3.13 on Windows, Linux (glibc 2.28 or newer) and "
        "Macs with an M processor. `python course.py doctor` shows what you have.",
    ),
)


def get_uv(venv: Path, ticker: Ticker, log: Path) -> None:
    """Put the one version of uv that the course uses into ``venv``, with pip; raise SetupError if that fails."""
    # --no-deps: it needs nothing, and a lock is complete.
    _run_pip(venv, ["install", "--no-user", *_offline(), *_checked(UV_LOCK), "--no-deps"], ticker, log)


def install(venv: Path, lock: Path, ticker: Ticker, log: Path) -> None:
    """Install exactly the packages of a lock into ``venv``; raise SetupError if that fails."""
    # Compiled now, by all processors, and not while somebody waits: Keras loads in 3 seconds, uncompiled in 9.
    _run_uv(venv, [*_offline(), *_checked(lock), "--compile-bytecode"], ticker, log)


def install_editable(venv: Path, folder: Path, ticker: Ticker, log: Path) -> None:
    """Install the project in ``folder`` so that what is edited there is what runs; raise SetupError if that fails."""
    _run_uv(venv, ["--offline", "--no-deps", "--no-build-isolation", "--editable", str(folder)], ticker, log)


def download(venv: Path, lock: Path, ticker: Ticker, log: Path) -> None:
    """Fetch the packages of a lock into the folder of wheels, which uv cannot do; raise SetupError if that fails."""
    _run_pip(venv, ["download", "--dest", str(WHEELS), *_checked(lock)], ticker, log)


def explain(output: str, log: Path) -> str:
    """Turn what an installer said when it failed into a sentence that helps, with its own last lines beneath."""
    lines = [line for line in output.splitlines() if line.strip()]
    last_lines = "\n".join("    " + line for line in lines[-8:])
    sentence = "The packages could not be installed, for a reason this program does not know."
    for pattern, known in FAILURES:
        found = re.search(pattern, output)
        if found:
            sentence = known.format(*filter(None, found.groups()))
            break
    return f"{sentence}\n\n  Its last lines (all of them are in {log}):\n{last_lines}"


def _offline() -> list[str]:
    """From the folder of wheels and from nowhere else, if there are any; an interrupted `wheels` leaves none."""
    return ["--no-index", "--find-links", str(WHEELS)] if any(WHEELS.glob("*.whl")) else []


def _checked(lock: Path) -> list[str]:
    """Each file's hash is checked, and nothing is built here."""
    return ["--require-hashes", "--only-binary", ":all:", "-r", str(lock)]


def _run_pip(venv: Path, command: Sequence[str], ticker: Ticker, log: Path) -> None:
    options = ["--disable-pip-version-check", "--no-input", "--progress-bar=off"]
    program = [str(venv_python(venv)), "-I", "-X", "utf8", "-m", "pip", command[0], *options, *command[1:]]
    _run(program, clean_environment(venv), ticker, log)


def _run_uv(venv: Path, arguments: Sequence[str], ticker: Ticker, log: Path) -> None:
    python = str(venv_python(venv))
    program = [python, "-I", "-m", "uv", "pip", "install", "--python", python, *arguments]
    _run(program, clean_environment(venv) | uv_settings(venv), ticker, log)


def uv_settings(venv: Path) -> dict[str, str]:
    """Return pip's settings of this machine and this caller, from files and variables, as variables for uv."""
    command = [str(venv_python(venv)), "-I", "-m", "pip", "config", "list"]
    said = subprocess.run(command, env=clean_environment(venv), capture_output=True, text=True, errors="replace").stdout
    return translated(said)


def translated(pip_settings: str) -> dict[str, str]:
    """Translate what ``pip config list`` says; a variable wins over a file, and ``install`` over ``global``."""
    rows = re.findall(r"^(global|install|:env:)\.(?:default-)?([\w-]+)=(.+)$", pip_settings, re.MULTILINE)
    rows.sort(key=lambda row: ("global", "install", ":env:").index(row[0]))
    settings = {name: str(ast.literal_eval(value)).split() for _, name, value in rows if name in UV_NAMES}
    # pip takes the best match of all indexes, and the hash says whether it is the right one.
    found = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    # An empty setting counts as none: for uv an empty variable would be an index without an address.
    found |= {
        UV_NAMES[name]: ("," if name == "find-links" else " ").join(parts) for name, parts in settings.items() if parts
    }
    return found


def _run(program: Sequence[str], environment: Mapping[str, str], ticker: Ticker, log: Path) -> None:
    """Run an installer, show what it does, and keep all it says in ``log``."""
    output = []
    with (
        log.open("a", encoding="utf-8") as record,
        subprocess.Popen(
            program,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            close_fds=False,  # it inherits the lock of only_one_at_a_time
        ) as process,
    ):
        assert process.stdout is not None
        try:
            for line in process.stdout:
                _show(line, ticker)
                record.write(line)
                output.append(line)
        except BaseException:  # Ctrl-C, a full disk: leave nothing behind that goes on writing
            process.terminate()
            raise
    if process.returncode:
        raise SetupError(explain("".join(output), log))


def _show(line: str, ticker: Ticker) -> None:
    """Show what this line of the installer's means to somebody who waits."""
    if found := DOWNLOAD.search(line):
        name, version, size, unit = found.groups()
        text = f"downloading {name.replace('_', '-')} {f'{version} ' if version else ''}({float(size):.0f} {unit}B)"
        ticker.show(text)
        if unit == "G" or (unit == "M" and float(size) >= WORTH_A_LINE):
            ticker.note(text)
    elif found := UNPACKING.search(line):
        text = f"all has arrived; unpacking {found[1]} packages"
        ticker.show(text)
        ticker.note(text)
    elif line.startswith("Collecting "):
        ticker.show("looking up " + line.split()[1])
