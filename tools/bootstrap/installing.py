"""One pip call: what it is doing, shown as it goes, and a sentence for each way in which it can fail."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tools.bootstrap.console import SetupError, Ticker
from tools.bootstrap.surroundings import ROOT, WHEELS, clean_environment, venv_python

DOWNLOAD = re.compile(r"Downloading (?:\S*/)?([\w.]+?)-([^-\s]+)-\S*\.whl \(([\d.]+) ([kMG]?B)\)")
PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
UNPACKING = re.compile(r"Installing collected packages: (.*)")
WORTH_A_LINE = 10.0
"""Downloads of so many megabytes get a line of their own that stays."""

FAILURES = (
    (
        r"No space left on device|WinError 112|not enough space on the disk|Disk quota exceeded",
        "The disk is full. Make about 4 GB of room, then run the same command again.",
    ),
    (
        r"Long Path support|WinError 206",
        "The path of this folder is too long for Windows. Move the course to a short one, such as C:\\course.",
    ),
    (
        r"DO NOT MATCH THE HASHES",
        "A package that arrived is not the one this course was tested with (its hash differs), so it was not "
        "installed. Usually a proxy or a private index has changed it. On another network it should work.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "The secure connection to the package index could not be verified. Behind a company's or school's "
        "proxy, set PIP_CERT to its certificate file, then run the same command again.",
    ),
    (
        r"name resolution|getaddrinfo|NewConnectionError|Failed to establish a new connection|ConnectTimeout"
        r"|Network is unreachable|Connection (?:refused|reset|broken|aborted)|Read timed out|ProxyError"
        r"|IncompleteRead",
        "The package index could not be reached: no network, or a proxy in between. The first run needs the "
        "network; what has arrived is kept, so run the same command again when it is back.",
    ),
    (
        r"WinError (?:5|32)\b|being used by another process",
        "A file in the environment is in use. Close JupyterLab and every terminal that uses it, then run the "
        "same command again.",
    ),
    (
        r"No matching distribution found for (\S+)",
        "There is no ready-made package of {0} for this system and this Python. Either the package index is an "
        "incomplete mirror, or the folder wheels was filled on another system or with another Python, or the system "
        "is too old: the course is made for 64-bit Python 3.11 to 3.13 on Windows, Linux (glibc 2.28 or newer) and "
        "Macs with an M processor. `python course.py doctor` shows what you have.",
    ),
)


def pip_install(venv: Path, arguments: Sequence[str], ticker: Ticker, log: Path) -> None:
    """Run ``pip install`` in ``venv``, from the folder of wheels if there is one; raise SetupError if it fails."""
    # A folder without a wheel is what an interrupted `python course.py wheels` leaves behind.
    offline = ["--no-index", "--find-links", str(WHEELS)] if any(WHEELS.glob("*.whl")) else []
    _run_pip(venv, ["install", "--no-user", *offline, *arguments], ticker, log)


def pip_download(venv: Path, arguments: Sequence[str], ticker: Ticker, log: Path) -> None:
    """Run ``pip download`` into the folder of wheels; raise SetupError if it fails."""
    _run_pip(venv, ["download", "--dest", str(WHEELS), *arguments], ticker, log)


def _run_pip(venv: Path, command: Sequence[str], ticker: Ticker, log: Path) -> None:
    """Run pip, show what it does, and keep all it says in ``log``."""
    output = []
    with log.open("a", encoding="utf-8") as record, _start_pip(venv, command) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                _show(line, ticker)
                if not PROGRESS.match(line):
                    record.write(line)
                    output.append(line)
        except BaseException:  # Ctrl-C, a full disk: leave no pip behind that goes on writing
            process.terminate()
            raise
    if process.returncode:
        raise SetupError(explain("".join(output), log))


def explain(output: str, log: Path) -> str:
    """Turn what pip said when it failed into a sentence that helps, with pip's own last lines beneath."""
    lines = [line for line in output.splitlines() if line.strip()]
    last_lines = "\n".join("    " + line for line in lines[-8:])
    sentence = "The packages could not be installed, for a reason this program does not know."
    for pattern, known in FAILURES:
        found = re.search(pattern, output)
        if found:
            sentence = known.format(*found.groups())
            break
    return f"{sentence}\n\n  pip's last lines (all of them are in {log}):\n{last_lines}"


def _start_pip(venv: Path, command: Sequence[str]) -> subprocess.Popen[str]:
    python = [str(venv_python(venv)), "-I", "-X", "utf8", "-m", "pip"]
    environment = clean_environment(venv)
    bar = "raw" if _pip_version(python, environment) >= (24, 1) else "off"
    options = ["--disable-pip-version-check", "--no-input", f"--progress-bar={bar}"]
    return subprocess.Popen(
        [*python, command[0], *options, *command[1:]],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        close_fds=False,  # it inherits the lock of only_one_at_a_time
    )


def _pip_version(python: Sequence[str], environment: dict[str, str]) -> tuple[int, ...]:
    """Return pip's version; from 24.1 on it can say in numbers how much of a file has arrived."""
    said = subprocess.run([*python, "--version"], env=environment, capture_output=True, text=True)
    found = re.match(r"pip (\d+)\.(\d+)", said.stdout)
    return tuple(int(part) for part in found.groups()) if found else (0,)


def _show(line: str, ticker: Ticker) -> None:
    """Show what this line of pip's means to somebody who waits."""
    if found := DOWNLOAD.search(line):
        name, version, size, unit = found.groups()
        text = f"downloading {name.replace('_', '-')} {version} ({float(size):.0f} {unit})"
        ticker.show(text)
        if unit == "GB" or (unit == "MB" and float(size) >= WORTH_A_LINE):
            ticker.note(text)
    elif found := PROGRESS.match(line):
        arrived, size_in_bytes = (int(number) / 1e6 for number in found.groups())
        if size_in_bytes >= WORTH_A_LINE:
            ticker.show(f"downloading: {arrived:.0f} of {size_in_bytes:.0f} MB")
    elif found := UNPACKING.match(line):
        text = f"all has arrived; unpacking {found.group(1).count(',') + 1} packages, a minute or two"
        ticker.show(text)
        if ", " in found.group(1):
            ticker.note(text)
    elif line.startswith("Collecting "):
        ticker.show("looking up " + line.split()[1])
