"""The lists of exact versions fit the one list that is edited by hand."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement

from tools import derive

ROOT = Path(__file__).parents[1]
DERIVED = (*derive.LOCKS, *derive.RENDERED)


def text(path: Path | str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of pyproject.toml and of what is derived from it, to be spoilt."""
    for path in (Path("pyproject.toml"), *DERIVED):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


# Current


def test_derived_files_fit_pyproject() -> None:
    assert derive.complaints(ROOT) == []


def spoil(path: Path, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        before = (root / path).read_text(encoding="utf-8")
        assert old in before
        (root / path).write_text(before.replace(old, new, 1), encoding="utf-8")

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (spoil(Path("pyproject.toml"), '"keras==', '"keras>='), "requirements/run.lock.txt was not made from"),
        (spoil(Path("pyproject.toml"), '"mypy>=1.15"', '"mypy>=99"'), "requirements/test.lock.txt was not made from"),
        (spoil(derive.RUN_LOCK, "sha256:", "sha256:0"), "requirements/run.lock.txt was not made from"),
        (spoil(derive.TEST_LOCK, "\npytest==", "\npytest==1"), "requirements/test.lock.txt was not made from"),
        (spoil(derive.SITE_LOCK, "\nsphinx==", "\nsphinx==1"), "requirements/site.lock.txt was not made from"),
        (spoil(derive.UV_LOCK, "uv==", "uv==1"), "requirements/uv.lock.txt was not made from"),
        (spoil(derive.CONDA, "python=3.12", "python=3.13"), "environment.yml was not made from"),
        (spoil(derive.BINDER, "- keras==", "- -e .\n      - keras=="), "binder/environment.yml was not made from"),
    ],
)
def test_what_does_not_fit_is_noticed(change: Callable[[Path], None], said: str, copy: Path) -> None:
    assert derive.complaints(copy) == []
    change(copy)
    assert [complaint for complaint in derive.complaints(copy) if said in complaint]


def test_what_does_not_concern_dependencies_leaves_the_locks_current(copy: Path) -> None:
    spoil(Path("pyproject.toml"), "line-length", "# a comment\nline-length")(copy)
    assert derive.complaints(copy) == []


# What is in them


@pytest.mark.parametrize("path", [*derive.LOCKS, derive.UV_LOCK], ids=str)
def test_every_pin_of_a_lock_has_a_hash(path: Path) -> None:
    entries = re.split(r"\n(?=\S)", derive.body_of(text(path)).strip())
    pins = derive.read_pins(text(path))
    assert len(pins) > 100 or path == derive.UV_LOCK
    assert pins
    assert len(entries) == len(pins), "every entry was understood"
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry


def test_what_two_locks_name_they_pin_alike() -> None:
    """So an environment for tests or for the site is one for learners too, and course.py may add one to the other."""
    run, test, site = (set(derive.body_of(text(path)).replace(" \\", "").splitlines()) for path in derive.LOCKS)
    assert run <= test and run <= site
    named = [{pin.partition("==")[0]: pin for pin in derive.read_pins(text(path))} for path in derive.LOCKS]
    assert all(one[name] == other[name] for one, other in combinations(named, 2) for name in one.keys() & other.keys())


@pytest.mark.parametrize("path", DERIVED, ids=str)
def test_no_address_and_no_path_of_this_machine(path: Path) -> None:
    assert not re.search(r"://|index-url|find-links|file:|/root|/home|/opt|/tmp", text(path))


PYTHON = {"python_version": "3.12", "python_full_version": "3.12.9"}
#: What decides, in a marker, what is installed where the course is for.
SYSTEMS: list[Any] = [
    default_environment() | {"os_name": os_name, "sys_platform": platform, "platform_machine": machine} | PYTHON
    for os_name, platform, machine in (
        ("posix", "linux", "x86_64"),
        ("posix", "linux", "aarch64"),
        ("posix", "darwin", "arm64"),
        ("nt", "win32", "AMD64"),
    )
]


@pytest.mark.parametrize("path", [derive.CONDA, derive.BINDER], ids=["conda", "binder"])
def test_environment_files_name_one_version_of_each_package_on_each_system(path: Path) -> None:
    """Read as conda and pip read them: YAML, then one requirement a line."""
    *conda, packages = yaml.safe_load(text(path))["dependencies"]
    assert conda == ["python=3.12", "pip"]
    lines = [line for line in packages["pip"] if line != "-e ."]
    assert lines == derive.read_pins(text(derive.RUN_LOCK))
    for system in SYSTEMS:
        names = [one.name for one in map(Requirement, lines) if not one.marker or one.marker.evaluate(system)]
        assert len(names) == len(set(names)) > 100
        assert len({"tensorflow", "tensorflow-cpu"} & set(names)) == 1


def test_only_the_file_for_conda_installs_the_course_itself() -> None:
    """In Binder's file such a line would move the installation behind the copy of the sources, into every commit."""
    assert "- -e ." in text(derive.CONDA)
    pip = yaml.safe_load(text(derive.BINDER))["dependencies"][-1]["pip"]
    assert not [line for line in pip if line.startswith(("-", "."))]
    assert not [line for line in pip if line.startswith("jupyterhub")], "has to match the hub, which brings it"
    assert not (ROOT / derive.BINDER).is_symlink()
