"""A Python for a machine that has none the course can run on, fetched into the folder of the course.

A Python that the course does not run on, 3.8 or later, reads this and ``surroundings``, and nothing else. pip brings
the one version of uv that the course uses, hash checked, and uv brings the Python. Nothing outside the folder changes.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence

from tools.bootstrap.surroundings import ROOT, UV_LOCK, WHEELS, clean_environment, venv_python

FOLDER = ROOT / ".python"
VERSION = "3.13"
OFFER = (
    f"Python {VERSION} can be fetched into the folder .python of the course (less than 100 MB; nothing else changes)."
)


def offer(accepted: bool) -> bool:
    """Ask whether to fetch a Python, unless that was ``accepted`` in advance; fetch it. True where one has come."""
    print(OFFER, file=sys.stderr)
    if not accepted:
        if not sys.stdin.isatty():
            print("To have that done, run the same command with --yes.", file=sys.stderr)
            return False
        print("Fetch it? [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            return False
    try:
        _fetch()
    except FetchError as trouble:
        print(f"It could not be fetched. {trouble}", file=sys.stderr)
        return False
    return True


class FetchError(Exception):
    """Why no Python came."""


def _fetch() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)  # what an interrupted run has left
    FOLDER.mkdir()
    packages = FOLDER / "packages"
    install = ["install", "--target", str(packages), "--no-user", "--no-deps", "--disable-pip-version-check", "-q"]
    source = ["--no-index", "--find-links", str(WHEELS)] if any(WHEELS.glob("*.whl")) else []
    checked = ["--require-hashes", "--only-binary", ":all:", "-r", str(UV_LOCK)]
    environment = clean_environment(FOLDER)
    _run([*_pip(environment), *install, *source, *checked], environment)
    # Windows on ARM: TensorFlow is made for x64 there.
    wanted = f"cpython-{VERSION}-windows-x86_64-none" if sysconfig.get_platform() == "win-arm64" else VERSION
    # Neither programs in the home folder, nor entries in the registry, nor a cache.
    within = ["--install-dir", str(FOLDER), "--no-bin", "--no-registry", "--no-cache", "--no-config"]
    uv = [sys.executable, "-m", "uv", "python", "install", wanted, *within]
    _run(uv, {**environment, "PYTHONPATH": str(packages)})


def _pip(environment: Mapping[str, str]) -> list[str]:
    """The command of pip: this Python's, or one that it can make."""
    own = [sys.executable, "-I", "-m", "pip"]
    if not subprocess.call([*own, "--version"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        return own
    if not importlib.util.find_spec("ensurepip"):
        raise FetchError("That needs pip (on Debian and Ubuntu: sudo apt install python3-pip).")
    _run([sys.executable, "-m", "venv", str(FOLDER / "pip")], environment)
    return [str(venv_python(FOLDER / "pip")), "-I", "-m", "pip"]


def _run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        said = [line for line in done.stdout.splitlines() if line.strip()][-4:]
        advice = "If there is no network, or a proxy in between, run the same command again when it is back."
        raise FetchError("{}\n{}".format(advice, "\n".join("    " + line for line in said)))
