"""Derive every list of exact versions from the one list that is edited by hand, in pyproject.toml.

    python course.py lock             derive them all, keeping the versions that are pinned already
    python course.py lock --upgrade   ... taking the newest ones that pyproject.toml allows
    python course.py lock --check     only say whether they fit it; needs no network

pyproject.toml -> requirements/run.lock.txt   what a learner needs: exact versions with hashes, all systems in one
               -> requirements/test.lock.txt  the same versions, and what the tests need on top
               -> requirements/site.lock.txt  the same versions, and what builds the reading edition
  test.lock.txt -> requirements/uv.lock.txt   its uv, with which course.py installs all the others
   run.lock.txt -> environment.yml            for conda: Python from conda, the rest from pip
               -> binder/environment.yml      for Binder and hubs: the same without the course itself

Each file says in its second line what it was made from, so that `--check` can tell without resolving anything.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).absolute().parents[1]
RUN_LOCK = Path("requirements/run.lock.txt")
TEST_LOCK = Path("requirements/test.lock.txt")
SITE_LOCK = Path("requirements/site.lock.txt")
UV_LOCK = Path("requirements/uv.lock.txt")
CONDA = Path("environment.yml")
BINDER = Path("binder/environment.yml")

CONDA_PYTHON = "3.12"
"""Binder reads this only in the exact form ``python=3.12``."""

OLDEST_PYTHON = "3.11"

SEALED_BY = "# sealed: "
EDITED_NOT_HERE = "# Derived by `python course.py lock`; edit pyproject.toml instead, then run that."


def read_pins(lock: str) -> list[str]:
    """Return the pins of a lock, in its order, each with the marker that says where it is meant for."""
    return [line.removesuffix(" \\") for line in lock.splitlines() if re.match(r"[a-z0-9.-]+==", line)]


LOCKS = {RUN_LOCK: "", TEST_LOCK: "test", SITE_LOCK: "site"}
"""Each lock, and the extra of pyproject.toml that it holds on top. What two of them name they pin alike."""


# The seals: a digest of the input in the output


def project_digest(pyproject: str, extra: str) -> str:
    """Return a digest of what pyproject.toml says about dependencies, whatever else changes in it."""
    project = tomllib.loads(pyproject)["project"]
    said: dict[str, Any] = {name: project[name] for name in ("requires-python", "dependencies")}
    if extra:
        said[extra] = project["optional-dependencies"][extra]
    return _digest(json.dumps(said, sort_keys=True))


def sealed(body: str, made_from: str) -> str:
    """Put the two lines on top that say how the file came about."""
    return f"{EDITED_NOT_HERE}\n{SEALED_BY}{made_from}\n{body}"


def seal_of(text: str) -> str:
    """Return what a derived file says that it was made from."""
    line = next((line for line in text.splitlines()[:2] if line.startswith(SEALED_BY)), "")
    return line.removeprefix(SEALED_BY)


def lock_seal(pyproject: str, body: str, extra: str) -> str:
    """Return the seal of a lock: one digest of its input, one of the pins, so that neither changes unnoticed."""
    return f"{project_digest(pyproject, extra)} {_digest(body)}"


def body_of(text: str) -> str:
    """Return a derived file without the two lines on top."""
    return "".join(text.splitlines(keepends=True)[2:])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# The files for conda and Binder


def render_binder(lock: str, *extra: str) -> str:
    """Write an environment file of conda's: Python and pip from conda, the locked versions from pip.

    A line such as `-e .` would make Binder reinstall TensorFlow at each commit, so here is none.
    """
    lines = ["name: what-size-comes-out", "channels:", "  - conda-forge", "dependencies:"]
    lines += [f"  - python={CONDA_PYTHON}", "  - pip", "  - pip:"]
    lines += [f'      - "{entry}"' if ";" in entry else f"      - {entry}" for entry in [*read_pins(lock), *extra]]
    return sealed("\n".join(lines) + "\n", _digest(lock))


def render_conda(lock: str) -> str:
    """Write environment.yml, which also installs the course's own package."""
    return render_binder(lock, "-e .")


def render_uv(lock: str) -> str:
    """Write the lock with uv alone: the lines of the tests' lock, so that the two never disagree."""
    found = re.search(r"^uv==.*\n(?: +--hash.*\n)+", lock, re.MULTILINE)
    assert found is not None, "the tests' lock holds no uv"
    return sealed(found[0], _digest(lock))


RENDERED = {UV_LOCK: (TEST_LOCK, render_uv), CONDA: (RUN_LOCK, render_conda), BINDER: (RUN_LOCK, render_binder)}
"""What is derived from a lock: from which, and how."""


# The commands


def compile_lock(root: Path, lock: Path, options: Iterable[str]) -> None:
    """Resolve pyproject.toml for all systems at once and write the lock."""
    target = root / lock
    target.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--universal", "--quiet"]
    command += ["--python-version", OLDEST_PYTHON, "--generate-hashes", "--no-header", "--no-annotate"]
    for earlier in list(LOCKS)[: list(LOCKS).index(lock)]:
        command += ["--constraint", earlier.as_posix()]
    if LOCKS[lock]:
        command += ["--extra", LOCKS[lock]]
    command += ["--no-emit-index-url", *options, "-o", lock.as_posix()]
    subprocess.run(command, cwd=root, check=True)
    body = target.read_text(encoding="utf-8")
    seal = lock_seal((root / "pyproject.toml").read_text(encoding="utf-8"), body, LOCKS[lock])
    target.write_text(sealed(body, seal), encoding="utf-8", newline="\n")


def derive(root: Path, options: Sequence[str] = ()) -> None:
    """Write every derived file anew."""
    for lock in LOCKS:
        compile_lock(root, lock, options)
    for path, (source, render) in RENDERED.items():
        (root / path).write_text(render((root / source).read_text(encoding="utf-8")), encoding="utf-8", newline="\n")


def complaints(root: Path) -> list[str]:
    """Say of each derived file that does not fit its source what is wrong with it; needs no network."""
    pyproject = (root / "pyproject.toml").read_text(encoding="utf-8")
    found = []
    for path, extra in LOCKS.items():
        text = (root / path).read_text(encoding="utf-8")
        if seal_of(text) != lock_seal(pyproject, body_of(text), extra):
            found.append(f"{path.as_posix()} was not made from this pyproject.toml, or was edited by hand")
    for path, (source, render) in RENDERED.items():
        if (root / path).read_text(encoding="utf-8") != render((root / source).read_text(encoding="utf-8")):
            found.append(f"{path.as_posix()} was not made from this {source.as_posix()}")
    return found


def main() -> int:
    """Derive the files, or check them."""
    parser = argparse.ArgumentParser(prog="python course.py lock", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether the files fit; no network")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions allowed")
    options = parser.parse_args()
    if not options.check:
        derive(ROOT, ["--upgrade"] if options.upgrade else [])
    found = complaints(ROOT)
    print("\n".join(found) or "Every derived file fits pyproject.toml.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
