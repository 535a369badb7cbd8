"""``.venv``: what state it is in, and how it becomes whole.

The folder is built in place. Before anything is put into it, ``course.json`` says that it is unfinished; only
when everything is there does the same file say what it was made from. So a run that was interrupted anywhere is
seen as such by the next one, which starts over.
"""

from __future__ import annotations

import enum
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tools.bootstrap.console import SetupError, say, seconds_since, step
from tools.bootstrap.installing import download, get_uv, install, install_editable
from tools.bootstrap.surroundings import ROOT, UV_LOCK, clean_environment, venv_python

LOCKS = {
    "run": ROOT / "requirements" / "run.lock.txt",
    "test": ROOT / "requirements" / "test.lock.txt",
    "site": ROOT / "requirements" / "site.lock.txt",
}
"""What a learner needs; and what the tests, and the reading edition, need on top. What two name they pin alike."""

NEEDED_DISK = 2.5e9
"""Bytes: the environment, and what waits in uv's cache to be linked or copied into it."""

DOWNLOAD = "about 400 MB"


class Need(enum.Enum):
    """What is still to be done before an environment can be used."""

    NOTHING = enum.auto()
    COURSE = enum.auto()
    """pyproject.toml has changed: install the course itself again, a matter of seconds."""
    MORE_PACKAGES = enum.auto()
    """Whole for learners; what is needed on top is missing or has changed."""
    EVERYTHING = enum.auto()


@dataclass(frozen=True)
class Finding:
    """What is to be done to an environment, and why."""

    need: Need
    why: str


def venv_folder() -> Path:
    """Return where the environment lies: ``.venv`` in the course, or wherever COURSE_VENV says."""
    return Path(os.environ.get("COURSE_VENV") or ROOT / ".venv").absolute()


def inspect(venv: Path, profile: str) -> Finding:
    """Say what ``venv`` still needs before ``profile`` (one of LOCKS) can be started from it."""
    if not venv.exists():
        return Finding(Need.EVERYTHING, "there is none yet")
    made_from = read_record(venv)
    if not made_from:
        return Finding(Need.EVERYTHING, "the one there is not complete")
    now = ingredients()
    if made_from.get("folder") != str(venv) or made_from.get("course") != now["course"]:
        return Finding(Need.EVERYTHING, "the folder has been moved, and an environment cannot be")
    if made_from.get("run") != now["run"]:
        return Finding(Need.EVERYTHING, f"{LOCKS['run'].name} has changed since")
    version = python_version(venv)
    if version is None or version != made_from.get("python"):
        return Finding(Need.EVERYTHING, f"the Python it was made with has gone (now: {version or 'none runs'})")
    if made_from.get(profile) != now[profile]:
        return Finding(Need.MORE_PACKAGES, f"what {LOCKS[profile].name} names is not in it yet, or has changed")
    if made_from.get("project") != now["project"]:
        return Finding(Need.COURSE, "pyproject.toml has changed since")
    return Finding(Need.NOTHING, "it is complete")


def make_whole(profile: str) -> Path:
    """Bring the environment to where ``profile`` can be started from it, doing only what is missing."""
    venv = venv_folder()
    for lock in (UV_LOCK, *LOCKS.values()):
        if not lock.is_file():
            raise SetupError(f"{lock} is missing. Is this folder a complete copy of the course?")
    refuse_foreign(venv)
    finding = inspect(venv, profile)
    if finding.need is Need.NOTHING:
        return venv
    venv.mkdir(parents=True, exist_ok=True)
    with only_one_at_a_time(venv):
        need = inspect(venv, profile).need  # again: another run may have done it while we waited
        if need is Need.EVERYTHING:
            build(venv, profile, finding.why)
        elif need is not Need.NOTHING:
            complete(venv, profile, need, finding.why)
    return venv


def refuse_foreign(venv: Path) -> None:
    """Keep away from an environment that somebody else has made: it is not ours to delete."""
    if not venv.exists() or _record_file(venv).exists():
        return
    if any(entry != _lock_file(venv) for entry in venv.iterdir()):
        raise SetupError(
            f"{venv} was not made by course.py, so it is left alone.\n"
            "  Either delete or rename it, or have the course's environment elsewhere by setting the variable\n"
            "  COURSE_VENV to another folder. Then run the same command again."
        )


def build(venv: Path, profile: str, why: str) -> None:
    """Make the environment from nothing."""
    start = time.monotonic()
    say(f"Setting up the course in {venv}: {why}.")
    say(f"This happens once. It downloads {DOWNLOAD}, takes half a minute besides, and may be interrupted.")
    refuse_full_disk(venv)
    write_record(venv, {})
    empty(venv)
    with step(1, 3, f"Make an environment with Python {sys.version.split()[0]}, and get uv to fill it") as ticker:
        make_venv(venv)
        get_uv(venv, ticker, _log_file(venv))
    install_packages(venv, profile, 2, 3)
    install_course(venv, 3, 3)
    write_record(venv, what_it_is_made_from(venv, profile))
    say(f"Everything is set up ({seconds_since(start)}). From now on this step is skipped.")


def complete(venv: Path, profile: str, need: Need, why: str) -> None:
    """Add to a working environment what it lacks; nothing that works before stops working meanwhile."""
    say(f"Completing the environment in {venv}: {why}.")
    made_from = read_record(venv)
    steps = 2 if need is Need.MORE_PACKAGES else 1
    if need is Need.MORE_PACKAGES:
        install_packages(venv, profile, 1, steps)
        made_from[profile] = ingredients()[profile]
    install_course(venv, steps, steps)
    made_from["project"] = ingredients()["project"]
    write_record(venv, made_from)


def make_venv(venv: Path) -> None:
    """Make the bare environment: a Python and pip."""
    command = [sys.executable, "-I", "-m", "venv", "--prompt", "course", str(venv)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        env=clean_environment(venv),
        close_fds=False,  # it inherits the lock
    )
    if done.returncode:
        raise SetupError(
            "This Python could not make a virtual environment. On Debian and Ubuntu this usually helps:\n"
            f"    sudo apt install python{sys.version_info.major}.{sys.version_info.minor}-venv\n"
            f"  What it said:\n{done.stdout}{done.stderr}"
        )


def install_packages(venv: Path, profile: str, number: int, of: int) -> None:
    """Install exactly the locked packages: each file's hash is checked, nothing is built here."""
    lock = LOCKS[profile]
    with step(number, of, f"Install the packages of {lock.relative_to(ROOT).as_posix()}") as ticker:
        install(venv, lock, ticker, _log_file(venv))


def download_packages(scratch: Path) -> None:
    """Fetch what a learner needs into the folder of wheels, each file checked by its hash.

    It takes a bare environment in ``scratch``, not the course's own: that one would be installed from the folder of
    wheels, which may so far hold the packages of another system only.
    """
    with step(1, 2, f"Make an environment with Python {sys.version.split()[0]}, to fetch with"):
        make_venv(scratch)
    with step(2, 2, "Fetch the packages of requirements/run.lock.txt into the folder wheels") as ticker:
        log = ROOT / "build" / "wheels.log"
        log.parent.mkdir(exist_ok=True)
        for lock in (UV_LOCK, LOCKS["run"]):
            download(scratch, lock, ticker, log)


def install_course(venv: Path, number: int, of: int) -> None:
    """Install the course's own package, so that what is edited here is what runs."""
    with step(number, of, "Install the course itself") as ticker:
        install_editable(venv, ROOT, ticker, _log_file(venv))


# What an environment was made from


def ingredients() -> dict[str, str]:
    """Return digests of all that an environment depends on, as the files are now."""
    digests = {profile: _digest(lock) for profile, lock in LOCKS.items()}
    return {**digests, "project": _digest(ROOT / "pyproject.toml"), "course": str(ROOT)}


def what_it_is_made_from(venv: Path, profile: str) -> dict[str, str]:
    """Return what goes on record for an environment that has just become whole for ``profile``."""
    made_from = {name: value for name, value in ingredients().items() if name not in LOCKS or name in ("run", profile)}
    return {**made_from, "folder": str(venv), "python": python_version(venv) or ""}


def python_version(venv: Path) -> str | None:
    """Ask the environment's Python for its version, such as '3.12'; None if it does not run or lacks pip."""
    code = "import sys, pip; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([str(venv_python(venv)), "-I", "-c", code], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def read_record(venv: Path) -> dict[str, str]:
    """Return what the environment says it was made from; nothing if it is unfinished."""
    try:
        record = json.loads(_record_file(venv).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def write_record(venv: Path, record: dict[str, str]) -> None:
    """Write the record in one go: another process sees the old one or the new one, never half of one."""
    draft = _record_file(venv).with_suffix(".draft")
    draft.write_text(json.dumps(record, indent=1), encoding="utf-8")
    draft.replace(_record_file(venv))


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _record_file(venv: Path) -> Path:
    return venv / "course.json"


def _log_file(venv: Path) -> Path:
    return venv / "course-install.log"


def _lock_file(venv: Path) -> Path:
    return venv / "course.lock"


# The disk


def refuse_full_disk(venv: Path) -> None:
    """Say before the long download, not after it, that there is too little room."""
    free = shutil.disk_usage(venv).free
    if free < NEEDED_DISK:
        raise SetupError(
            f"There is too little room on the disk of {venv}: {free / 1e9:.1f} GB are free, and the "
            f"environment needs {NEEDED_DISK / 1e9:.1f} GB.\n  Make room and run the same command again, or set "
            "COURSE_VENV to a folder on another disk."
        )


def empty(venv: Path) -> None:
    """Delete all of an environment but its record, which says meanwhile that it is unfinished."""
    for entry in venv.iterdir():
        if entry in (_record_file(venv), _lock_file(venv)):
            continue
        try:
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        except PermissionError as error:
            raise SetupError(
                f"The old environment cannot be removed, because {error.filename} is in use or not yours.\n"
                "  Close JupyterLab and every terminal that uses it, then run the same command again."
            ) from error


@contextmanager
def only_one_at_a_time(venv: Path) -> Iterator[None]:
    """Wait while another run is setting up the same environment.

    The lock is the operating system's, so it is gone with the process that held it, however that one ended. The
    programs started meanwhile inherit it: if we are killed and a pip goes on without us, it is still held.
    """
    with _lock_file(venv).open("a") as file:
        os.set_inheritable(file.fileno(), True)
        if not _lock(file, wait=False):
            say("Another run of course.py is setting up the same environment; waiting for it to finish.")
            _lock(file, wait=True)
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str], wait: bool) -> bool:
        while True:
            try:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            except OSError:  # also after ten seconds of waiting
                if not wait:
                    return False
            else:
                return True

else:
    import fcntl

    def _lock(file: IO[str], wait: bool) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True  # a network disk without locks: rather go on than not start at all
        return True
