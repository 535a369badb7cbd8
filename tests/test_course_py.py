"""The way in, run for real: a small copy of the course, real Pythons, real pip, wheels made on the spot.

Only the packages are stand-ins: a "jupyterlab" that prints how it was started, a "ruff", "mypy" and "pytest"
that do the same. Every run is made under the worst surroundings we know of: a path with spaces and letters that
are not ASCII, and a caller's environment full of settings that would lead pip or Python astray.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import signal
import struct
import subprocess
import sys
import sysconfig
import threading
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from uv import find_uv_bin

from tools.bootstrap import commands, environment, installing, surroundings
from tools.bootstrap.console import SetupError
from tools.pythons import find_python

ROOT = Path(__file__).parents[1]

TELLS_HOW_IT_WAS_STARTED = """
import json, os, sys
print("STARTED", json.dumps({"module": __spec__.name.split(".")[0], "arguments": sys.argv[1:],
      "environment": dict(os.environ), "prefix": sys.prefix, "path": sys.path}), flush=True)
sys.exit(int(os.environ.get("FAIL", "") == __spec__.name.split(".")[0]))
"""

# The real uv, wherever the tests have it: its own wheel would be copied 20 MB at a time.
HANDS_OVER_TO_UV = f"""
import subprocess, sys
sys.exit(subprocess.call([{find_uv_bin()!r}, *sys.argv[1:]]))
"""

# A build backend that needs no package: it makes an editable wheel out of one .pth file.
BACKEND = """
import pathlib, zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "tiny_course-1.0-py3-none-any.whl"
    info = "tiny_course-1.0.dist-info/"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as wheel:
        wheel.writestr("tiny_course.pth", str(pathlib.Path.cwd()))
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: tiny-course\\nVersion: 1.0\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "tiny-course"
version = "1.0"
"""


def make_wheel(folder: Path, name: str, version: str, modules: Mapping[str, str]) -> str:
    """Put a wheel of these modules into ``folder`` and return its line for a lock."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {f"{module}/__init__.py": "" for module in modules}
    files |= {f"{module}/__main__.py": source for module, source in modules.items()}
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class Course:
    """A small copy of the course and a way to run its course.py."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "my cöurse ☂"
        self.wheels = folder / "wheels"
        self.venv = self.folder / ".venv"
        self.record = self.venv / "course.json"
        self.wheels.mkdir(parents=True)
        shutil.copytree(
            ROOT / "tools" / "bootstrap",
            self.folder / "tools" / "bootstrap",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        for file in ("course.py", "tools/__init__.py", "tools/__main__.py"):
            shutil.copy(ROOT / file, self.folder / file)
        for file, text in {"backend.py": BACKEND, "pyproject.toml": PYPROJECT, "pip.py": "1/0"}.items():
            (self.folder / file).write_text(text, encoding="utf-8")
        (self.folder / "notebooks").mkdir()
        (self.folder / "notebooks" / "00_start_here.ipynb").write_text("{}", encoding="utf-8")
        (self.folder / "requirements").mkdir()
        self.run_pins = make_wheel(self.wheels, "lab", "1.0", {"jupyterlab": TELLS_HOW_IT_WAS_STARTED})
        self.uv_pin = make_wheel(self.wheels, "uv", "1.0", {"uv": HANDS_OVER_TO_UV})
        tools = dict.fromkeys(("ruff", "mypy", "pytest"), TELLS_HOW_IT_WAS_STARTED)
        self.test_pins = make_wheel(self.wheels, "checks", "1.0", tools)
        self.write_locks()

    def write_locks(self) -> None:
        (self.folder / "requirements" / "uv.lock.txt").write_text(self.uv_pin, encoding="utf-8")
        (self.folder / "requirements" / "run.lock.txt").write_text(self.run_pins, encoding="utf-8")
        for extra in ("test", "site"):
            lock = self.folder / "requirements" / f"{extra}.lock.txt"
            lock.write_text(self.run_pins + self.test_pins, encoding="utf-8")

    def environment(self, **more: str) -> dict[str, str]:
        """Return an environment in which much would go wrong for a careless program."""
        misleading = {
            "PYTHONPATH": str(self.folder),  # where a broken pip.py lies
            "PIP_USER": "1",
            "PIP_TARGET": str(self.folder / "astray"),
            "PIP_REQUIRE_HASHES": "1",
            "VIRTUAL_ENV": str(self.folder / "another"),
            "CONDA_PREFIX": str(self.folder / "conda"),
            "JUPYTER_PATH": str(self.folder / "other kernels"),
            "KERAS_BACKEND": "torch",
        }
        intended = {
            "PIP_FIND_LINKS": str(self.wheels),
            "PIP_NO_INDEX": "1",
            "PIP_CONFIG_FILE": os.devnull,
            "JUPYTER_CONFIG_PATH": "of the user",
        }
        removed = ("COURSE_VENV", "PYTHONHOME")
        kept = {name: value for name, value in os.environ.items() if name not in removed}
        return {**kept, **misleading, **intended, "PYTHONIOENCODING": "utf-8", **more}

    def start(self, *arguments: str, python: str = sys.executable, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [python, "course.py", *arguments],
            cwd=self.folder,
            env=self.environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        )

    def run(self, *arguments: str, exits: int = 0, python: str = sys.executable, **more: str) -> str:
        """Run course.py to its end, see to its exit code, and return all that it printed."""
        process = self.start(*arguments, python=python, **more)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == exits, output
        assert "Traceback" not in output
        return output

    def installed(self) -> set[str]:
        code = "from importlib.metadata import distributions as d; print(*[x.name + '=' + x.version for x in d()])"
        python = surroundings.venv_python(self.venv)
        return set(subprocess.check_output([python, "-I", "-c", code], text=True).split()) - {"pip"}


def started(output: str) -> list[dict[str, Any]]:
    """Return what each of the stand-ins told about how it was started."""
    return [json.loads(line.removeprefix("STARTED ")) for line in output.splitlines() if line.startswith("STARTED")]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A copy of the course in which nothing has been run yet."""
    return Course(tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, str]:
    """A copy of the course that has been started once, and what that start printed.

    It starts from what a kill in the very beginning leaves behind: the folder, and in it nothing but the lock.
    """
    course = Course(tmp_path_factory.mktemp("whole"))
    course.venv.mkdir()
    (course.venv / "course.lock").touch()
    output = course.run("--", "--port", "9000")
    return course, output


# A newer version of the course


def git(folder: Path, *words: str, exits: int = 0) -> None:
    """Run git as somebody without settings."""
    run = subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x", *words], cwd=folder, capture_output=True)
    assert run.returncode == exits, run.stderr


@pytest.mark.parametrize("how", ["git", "zip"])
def test_an_update_loses_no_renamed_lesson_and_no_prediction(course: Course, how: str) -> None:
    """As docs/setup.md tells it."""
    lesson, newer = course.folder / "notebooks" / "00_start_here.ipynb", course.folder.parent / "newer"
    predictions, renamed = lesson.with_name("my_predictions.json"), lesson.with_name("my_00_start_here.ipynb")
    shutil.copy(ROOT / ".gitignore", course.folder)
    git(course.folder, "init", "-q", "-b", "main")
    git(course.folder, "add", ".")
    git(course.folder, "commit", "-qm", "the course")
    git(course.folder, "clone", "-q", ".", str(newer))
    git(course.folder, "remote", "add", "-f", "-t", "main", "origin", str(newer))
    git(course.folder, "branch", "-u", "origin/main")
    (newer / "notebooks" / lesson.name).write_text('{"newer": 1}', encoding="utf-8")
    git(newer, "commit", "-qam", "a newer version")
    lesson.write_text('{"mine": 1}', encoding="utf-8")
    predictions.write_text("[]", encoding="utf-8")
    if how == "git":
        git(course.folder, "pull", "-q", exits=1)
        assert lesson.read_text(encoding="utf-8") == '{"mine": 1}', "without renaming, git refuses and loses nothing"
    lesson.rename(renamed)
    if how == "git":
        git(course.folder, "checkout", "-q", "notebooks")
        git(course.folder, "pull", "-q")
    else:
        shutil.rmtree(newer / ".git")
        shutil.unpack_archive(shutil.make_archive(str(newer), "zip", newer), course.folder)
    course.run()
    found = {path.name: path.read_text(encoding="utf-8") for path in lesson.parent.iterdir()}
    assert found == {lesson.name: '{"newer": 1}', renamed.name: '{"mine": 1}', predictions.name: "[]"}


# A first start, and what comes after it


def test_first_start_installs_the_lock_and_opens_the_first_lesson(whole: tuple[Course, str]) -> None:
    course, output = whole
    assert [f"[{n}/3]" in output for n in (1, 2, 3)] == [True] * 3
    [lab] = started(output)
    assert lab["module"] == "jupyterlab"
    assert f"--ServerApp.root_dir={course.folder}" in lab["arguments"]
    assert "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb" in lab["arguments"]
    assert "--Application.log_level=WARN" in lab["arguments"], "the address is not lost among thirty lines"
    assert lab["arguments"][-2:] == ["--port", "9000"]
    assert Path(lab["prefix"]) == course.venv
    assert {name.partition("=")[0] for name in course.installed()} >= {"lab", "tiny-course"}
    assert [*course.venv.rglob("jupyterlab/**/*.pyc")], "nobody waits for it to be compiled"
    assert not (course.folder / "astray").exists()


NOWHERE = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_FIND_LINKS": ""}


def test_a_folder_of_wheels_is_added_to_and_does_without_a_network(course: Course) -> None:
    carried = course.folder / "wheels"
    carried.mkdir()
    (carried / "lab-1.0-cp27-none-win32.whl").touch()
    for mine in ("notebooks/my_predictions.json", "build/teaching/solutions"):
        (course.folder / mine).parent.mkdir(parents=True, exist_ok=True)
        (course.folder / mine).touch()
    output = course.run("wheels")
    assert sorted(file.name[:6] for file in carried.iterdir()) == ["lab-1.", "lab-1.", "uv-1.0"]
    assert "3 packages, 0 MB" in output and str(carried) in output
    assert "Leave out of the copy: build/teaching, notebooks/my_predictions.json." in output
    assert not course.venv.exists(), "a fresh copy stays one that can be handed on"
    (course.folder / "tools" / "teach.py").write_text(TELLS_HOW_IT_WAS_STARTED, encoding="utf-8")
    for command in (["--", "--port", "9000"], ["teach"]):
        output = course.run(*command, exits=0, **NOWHERE)
        assert len(started(output)) == 1
    assert "checks=1.0" not in course.installed(), "to teach takes no more than to learn"
    (carried / "checks-1.0-cp27-none-win32.whl").touch()
    output = course.run("test", exits=1, **NOWHERE)
    assert "could not be reached" not in output, "no index is asked where wheels lie"
    assert "or the folder wheels was filled on another system" in output
    for wheel in carried.iterdir():
        wheel.unlink()  # empty, as an interrupted `wheels` leaves it
    output = course.run("test", exits=1, PIP_RETRIES="1", **NOWHERE)
    assert "could not be reached" in output, "then the index is asked"


def test_lab_gets_our_settings_and_none_of_another_environment(whole: tuple[Course, str]) -> None:
    course, output = whole
    [lab] = started(output)
    given = lab["environment"]
    ours = str(course.folder / "binder" / "jupyter_config")
    assert given["JUPYTER_CONFIG_PATH"].split(os.pathsep) == [ours, "of the user"]
    assert not {"PYTHONPATH", "JUPYTER_PATH", "CONDA_PREFIX", "PIP_USER", "PIP_TARGET"} & set(given)
    assert given["PIP_FIND_LINKS"] == str(course.wheels)
    assert given["VIRTUAL_ENV"] == str(course.venv)
    assert given["KERAS_BACKEND"] == "tensorflow"
    assert given["UV_SYSTEM_CERTS"] == "1"
    assert Path(given["PATH"].split(os.pathsep)[0]) == surroundings.scripts_folder(course.venv)
    assert str(course.folder) not in lab["path"][:1], "a file of the learner's could shadow a module of Lab"


def time_of_children() -> float:
    """Seconds of a processor, which do not grow where others want it too."""
    return os.times().children_user + os.times().children_system


def test_second_start_skips_all_that(whole: tuple[Course, str]) -> None:
    course, _ = whole
    before = course.record.stat().st_mtime_ns
    begun = time_of_children()
    output = course.run()
    assert time_of_children() - begun < 5
    assert "/3]" not in output
    assert "Setting up" not in output
    assert course.record.stat().st_mtime_ns == before
    assert len(started(output)) == 1


def test_altered_package_or_missing_network_spoils_nothing(whole: tuple[Course, str]) -> None:
    course, _ = whole
    output = course.run("test", PIP_RETRIES="1", exits=1, **NOWHERE)
    assert "no network, or a proxy in between" in output

    wheel = next(course.wheels.glob("checks-*.whl"))
    honest = wheel.read_bytes()
    make_wheel(course.wheels, "checks", "1.0", {"pytest": "print('altered')"})
    output = course.run("test", exits=1)
    wheel.write_bytes(honest)
    assert "its hash differs" in output
    assert "altered" not in output
    assert "checks=1.0" not in course.installed()

    output = course.run()
    assert len(started(output)) == 1, "a learner can still work"


def ends(output: str) -> dict[str, str]:
    """Return what the last lines say of each check."""
    return {line[:12].strip(): line.split()[-1] for line in output.rpartition("\n\n")[2].splitlines()}


def test_tests_are_added_to_a_learners_environment(whole: tuple[Course, str]) -> None:
    """The learner's environment stays; the tests run and no check of style; tests that fail make it fail."""
    course, _ = whole
    output = course.run("test", FAIL="pytest", exits=1)
    assert "[1/2] Install the packages of requirements/test.lock.txt" in output
    [only] = started(output)
    assert (only["module"], only["arguments"]) == ("pytest", commands.WHOLE[2:])
    assert ends(output) == {"tests": "FAILED"}
    assert "checks=1.0" in course.installed()

    output = course.run("test", "-k", "window")
    assert "Install" not in output
    [only] = started(output)
    assert (only["module"], only["arguments"]) == ("pytest", ["-k", "window"])
    for private in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "KERAS_HOME"):
        assert not Path(only["environment"][private]).exists(), "a test saw a folder of the user's"

    output = course.run()
    assert "Install" not in output


def test_what_builds_the_site_is_added_when_it_is_asked_for(whole: tuple[Course, str]) -> None:
    course, _ = whole
    (course.folder / "tools" / "site.py").write_text(TELLS_HOW_IT_WAS_STARTED, encoding="utf-8")
    output = course.run("site", "--out", "elsewhere")
    assert "[1/2] Install the packages of requirements/site.lock.txt" in output
    assert [run["arguments"] for run in started(output)] == [["--out", "elsewhere"]]
    assert "Install" not in course.run("site") + course.run()


def test_the_wide_tier_adds_style_types_and_memory_and_runs_each(whole: tuple[Course, str]) -> None:
    course, _ = whole
    for arguments, more in ((["lint"], []), (["test", "--everything"], ["pytest", "pytest"])):
        output = course.run(*arguments, FAIL="mypy", exits=1)
        assert [run["module"] for run in started(output)] == ["ruff", "ruff", "mypy", *more]
        assert [name for name, end in ends(output).items() if end != "ok"] == ["mypy"]
        assert len(ends(output)) == len(started(output))
    *_, tests, memory = [run["arguments"] for run in started(output)]
    assert tests == [*commands.WHOLE[2:], "--everything", f"--ignore={memory[0]}"]
    assert "--everything" in memory


def test_one_run_has_every_test_and_every_lesson() -> None:
    assert {"tests", "notebooks", "--nbval", "--whole"} <= set(commands.WHOLE)
    assert not [argument for argument in commands.WHOLE if argument.startswith(("--ignore", "-k", "-m=", "--deselect"))]


def test_changed_pyproject_reinstalls_the_course_only(whole: tuple[Course, str]) -> None:
    course, _ = whole
    with (course.folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("\n# a change\n")
    output = course.run()
    assert "[1/1] Install the course itself" in output
    assert "Install" not in course.run()


def test_doctor_tells_what_is_there(whole: tuple[Course, str]) -> None:
    course, _ = whole
    output = course.run("doctor")
    assert "nothing to do: it is complete" in output
    assert "PIP_TARGET" in output
    assert str(course.wheels) not in output, "the value of a setting may hold a password"


def test_check_starts_the_real_check_in_the_learners_environment(whole: tuple[Course, str]) -> None:
    course, _ = whole
    (course.folder / "tools" / "check.py").write_text(TELLS_HOW_IT_WAS_STARTED, encoding="utf-8")
    output = course.run("check", FAIL="tools", exits=1, **NOWHERE)
    [run] = started(output)
    assert run["module"] == "tools" and Path(run["prefix"]) == course.venv
    assert str(course.folder / "binder" / "jupyter_config") in run["environment"]["JUPYTER_CONFIG_PATH"]


def test_check_of_a_machine_that_is_not_set_up_says_so_and_fetches_nothing(course: Course) -> None:
    output = course.run("check", exits=1)
    assert output.splitlines()[-1].startswith("NOT READY: the course is not set up (there is none yet)")
    assert not course.venv.exists()
    course.venv.mkdir()
    (course.venv / "pyvenv.cfg").write_text("home = elsewhere", encoding="utf-8")
    output = course.run("check", exits=1)
    assert output.splitlines()[-1] == "NOT READY: the environment is not one that course.py made."


def test_moved_folder_is_set_up_again(whole: tuple[Course, str]) -> None:
    """An environment holds absolute paths: a moved one is broken in ways that show late."""
    course, _ = whole
    copy = course.folder.parent / "moved"
    shutil.copytree(course.folder, copy, symlinks=True)
    inspect = "from tools.bootstrap.environment import *; print(inspect(venv_folder(), 'run').why)"
    said = subprocess.check_output([sys.executable, "-c", inspect], cwd=copy, text=True)
    assert "has been moved" in said


# What heals


def test_environment_whose_python_has_gone_is_seen(whole: tuple[Course, str]) -> None:
    """So it is after an upgrade of the system: the environment's Python is a link to nowhere."""
    course, _ = whole
    python = surroundings.venv_python(course.venv)
    python.rename(python.with_suffix(".away"))
    try:
        assert "everything to do: the Python it was made with has gone" in course.run("doctor")
    finally:
        python.with_suffix(".away").rename(python)


def test_changed_lock_rebuilds(whole: tuple[Course, str]) -> None:
    course, _ = whole
    course.run_pins = make_wheel(course.wheels, "newlab", "2.0", {"jupyterlab": TELLS_HOW_IT_WAS_STARTED})
    course.write_locks()
    output = course.run()
    assert "run.lock.txt has changed" in output
    assert course.installed() >= {"newlab=2.0", "tiny-course=1.0"}
    assert "lab=1.0" not in course.installed(), "what is no longer in the lock is gone"


@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
def test_interrupted_first_run_heals_also_when_two_start_at_once(course: Course) -> None:
    process = course.start()
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("[2/3]"):
            process.send_signal(signal.SIGTERM)  # only to the one: what it has started, it has to end itself
            break
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "run the same command again" in output
    assert "Traceback" not in output
    assert json.loads(course.record.read_text(encoding="utf-8")) == {}

    both = course.start(), course.start()
    outputs = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert [len(started(output)) for output in outputs] == [1, 1], outputs
    assert sorted("the one there is not complete" in output for output in outputs) == [False, True], outputs
    assert sorted("waiting for it to finish" in output for output in outputs) == [False, True], outputs


@pytest.mark.skipif(os.name == "nt", reason="Windows hands no locks down")
def test_lock_is_held_as_long_as_a_pip_is_left_running(tmp_path: Path) -> None:
    holder = """
import os, pathlib, subprocess, sys
from tools.bootstrap.environment import only_one_at_a_time
with only_one_at_a_time(pathlib.Path(sys.argv[1])):
    child = subprocess.Popen(["sleep", "60"], close_fds=False)
    print(child.pid, flush=True)
    child.wait()
"""
    command = [sys.executable, "-c", holder, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        left_running = int(process.stdout.readline())
        process.kill()
    with (tmp_path / "course.lock").open("a") as file:
        assert not environment._lock(file, wait=False)
        waiting = threading.Thread(target=environment._lock, args=(file, True), daemon=True)
        waiting.start()
        os.kill(left_running, signal.SIGKILL)
        waiting.join(10)
        assert not waiting.is_alive(), "the lock outlived everybody"


# What cannot be mended here is told


def test_foreign_environment_is_left_alone(course: Course) -> None:
    course.venv.mkdir()
    (course.venv / "pyvenv.cfg").write_text("home = elsewhere", encoding="utf-8")
    for command in ("start", "fresh"):
        output = course.run(command, exits=1)
        assert "was not made by course.py" in output
        assert "COURSE_VENV" in output
    assert [entry.name for entry in course.venv.iterdir()] == ["pyvenv.cfg"]
    assert "not made by course.py" in course.run("doctor")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk(course: Course) -> None:
    course.venv.mkdir()
    course.record.write_text("{}", encoding="utf-8")
    course.record.with_suffix(".draft").symlink_to("/dev/full")
    output = course.run(exits=1)
    assert "The disk is full" in output


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/sys is read-only for everybody, even root")
def test_folder_that_may_not_be_written(course: Course) -> None:
    output = course.run(COURSE_VENV="/sys/course/venv", exits=1)
    assert "/sys/course" in output
    assert "you may write to" in output


def test_too_little_room_is_told_before_the_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "NEEDED_DISK", 1e18)
    with pytest.raises(SetupError, match="too little room"):
        environment.refuse_full_disk(tmp_path)


def test_incomplete_copy(course: Course) -> None:
    (course.folder / "requirements" / "test.lock.txt").unlink()
    output = course.run(exits=1)
    assert "complete copy of the course?" in output


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("cause: failed to copy file: No space left on device (os error 28)", "disk is full"),
        ("OSError: [WinError 112] There is not enough space on the disk", "disk is full"),
        ("WARNING: Retrying: NameResolutionError(Temporary failure in name resolution)", "no network"),
        ("socket.gaierror: [Errno 11001] getaddrinfo failed", "no network"),
        ("pip._vendor.urllib3.exceptions.ReadTimeoutError: Read timed out.", "no network"),
        ("cause: dns error", "no network"),
        ("cause: operation timed out", "no network"),
        ("cause: invalid peer certificate: UnknownIssuer", "PIP_CERT"),
        ("cause: Hash mismatch for `lab==1.0`", "hash differs"),
        ("cause: Because lab==1.0 has no wheels with a matching Python ABI tag", "no ready-made package of lab==1.0"),
        ("cause: Because lab was not found in the package registry", "no ready-made package of lab "),
        ("cause: Because there is no version of lab==1.0 and you require", "no ready-made package of lab==1.0"),
        ("error: failed to remove file `x`: Access is denied. (os error 5)", "Close JupyterLab"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "PIP_CERT"),
        (
            "ERROR: No matching distribution found for tensorflow==2.21.0",
            "no ready-made package of tensorflow==2.21.0",
        ),
        ("HINT: This error might have occurred since this system does not have Windows Long Path support", "too long"),
        ("PermissionError: [WinError 5] Access is denied", "Close JupyterLab"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "hash differs"),
        ("something entirely new", "does not know"),
    ],
)
def test_what_an_installer_says_becomes_a_sentence(said: str, told: str) -> None:
    sentence = installing.explain(f"Collecting a\n{said}\n", Path("the-log"))
    assert told in sentence
    assert said in sentence
    assert "the-log" in sentence


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "  Downloading tf_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl (274.4 MB)",
            "downloading tf-cpu 2.21.0 (274 MB)",
        ),
        ("Downloading tensorflow-cpu (261.1MiB)", "downloading tensorflow-cpu (261 MB)"),
        ("Prepared 112 packages in 3.20s", "all has arrived; unpacking 112 packages"),
    ],
)
def test_progress_is_shown_and_stays(said: str, told: str) -> None:
    notes: list[str] = []
    ticker: Any = SimpleNamespace(show=notes.append, note=notes.append)
    installing._show(said + "\n", ticker)
    assert notes == [told] * 2


def test_settings_of_pip_reach_uv() -> None:
    said = r""":env:.find-links='/one /two'
:env:.no-index='1'
:env:.user='1'
global.default-timeout='7'
global.find-links='/three'
global.extra-index-url='\nfile:///a\nfile:///b'
global.proxy=''
"""
    assert installing.translated(said) == {
        "UV_FIND_LINKS": "/one,/two",
        "UV_NO_INDEX": "1",
        "UV_HTTP_TIMEOUT": "7",
        "UV_INDEX": "file:///a file:///b",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


# The command line


def test_help_and_what_is_not_known(course: Course) -> None:
    for arguments in (["--help"], ["-h"], ["help"]):
        assert course.run(*arguments) == commands.USAGE + "\n"
    assert all(f"python course.py {name}" in commands.USAGE for name in commands.COMMANDS if name != "start")
    output = course.run("tset", exits=2)
    assert "'tset'" in output
    assert commands.USAGE in output
    output = course.run("start", "--no-browser", exits=2)
    assert "python course.py -- --no-browser" in output
    assert not course.venv.exists()


@pytest.mark.parametrize("command", ["--help", "tset", "doctor", "teach"])
def test_it_ends_quietly_once_nobody_reads_on(command: str, whole: tuple[Course, str]) -> None:
    """As in `python course.py doctor | head`; `teach` is a program of its own, and says what it says at its end."""
    course, _ = whole
    (course.folder / "tools" / "teach.py").write_text("print('done')", encoding="utf-8")
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "course.py", command],
        cwd=course.folder,
        env=course.environment(PYTHONUNBUFFERED=""),
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, b"")


# Which Python


def load_door() -> ModuleType:
    spec = importlib.util.spec_from_file_location("course_door", ROOT / "course.py")
    assert spec is not None and spec.loader is not None
    door = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(door)
    return door


def without_ensurepip(folder: Path) -> Path:
    """This very Python as Debian ships it: its library lacks what makes an environment. So one is always there."""
    library = Path(sysconfig.get_path("stdlib"))
    copy = folder / "home" / library.relative_to(sys.base_prefix)
    copy.mkdir(parents=True)
    for entry in library.iterdir():
        if entry.name != "ensurepip":
            (copy / entry.name).symlink_to(entry)
    program = folder / "python"
    program.write_text(f'#!/bin/sh\nPYTHONHOME="{folder}/home" exec "{Path(sys.executable).resolve()}" "$@"\n')
    program.chmod(0o755)
    return program


UNSUITABLE = ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.14")
OLD_PYTHONS = [python for version in UNSUITABLE if (python := find_python(version))]


@pytest.mark.skipif(os.name == "nt", reason="makes links to Pythons")
@pytest.mark.parametrize("old", [*OLD_PYTHONS, None], ids=lambda path: path.name if path else "without ensurepip")
def test_unsuitable_python_says_so_or_finds_another(old: Path | None, course: Course) -> None:
    programs = course.folder.parent / "programs"
    programs.mkdir()
    unsuitable = old or without_ensurepip(course.folder.parent)
    output = course.run("--help", python=str(unsuitable), PATH=str(programs), exits=1)
    assert "needs Python 3.11, 3.12 or 3.13" in output
    assert re.search("is too old|is too new" if old else r"sudo apt install python3\.\d+-venv", output)

    (programs / "python3.12").symlink_to(unsuitable)
    (programs / "python3.13").symlink_to(sys.executable)
    output = course.run("--help", python=str(unsuitable), PATH=str(programs))
    assert "using python3.13 instead" in output
    assert commands.USAGE in output


def archive_of_a_python(folder: Path) -> str:
    """What uv fetches a Python from, on this machine: a list of one archive, in which this very Python is started."""
    folder = folder / "source"
    home, library = folder / "python", Path(sysconfig.get_path("stdlib"))
    for file, text in {
        "bin/python3.13": f'#!/bin/sh\nexec "{sys.executable}" "$@"\n',
        "lib/python3.13/_sysconfigdata_.py": next(library.glob("_sysconfigdata_*.py")).read_text(encoding="utf-8"),
    }.items():
        (home / file).parent.mkdir(parents=True)
        (home / file).write_text(text, encoding="utf-8")
    (home / "bin" / "python3.13").chmod(0o755)
    (home / "bin" / "python3").symlink_to("python3.13")
    archive = Path(shutil.make_archive(str(folder / "archive"), "gztar", folder, "python"))
    system = "darwin" if sys.platform == "darwin" else "linux"
    described = {
        "name": "cpython",
        "major": 3,
        "minor": 13,
        "patch": 0,
        "prerelease": "",
        "variant": None,
        "build": "1",
    }
    described |= {"os": system, "libc": "none" if system == "darwin" else "gnu", "url": archive.as_uri()}
    described |= {"sha256": hashlib.sha256(archive.read_bytes()).hexdigest()}
    families = ("x86_64", "aarch64")
    found = {f"cpython-3.13.0-{system}-{at}": {**described, "arch": {"family": at, "variant": None}} for at in families}
    (folder / "list.json").write_text(json.dumps(found), encoding="utf-8")
    return (folder / "list.json").as_uri()


FROM_3_8 = [python for python in OLD_PYTHONS if not re.fullmatch(r"python(2\.\d|3\.[67])", python.name)]


@pytest.mark.skipif(os.name == "nt", reason="makes links to Pythons")
@pytest.mark.parametrize("old", [*FROM_3_8[:1], None], ids=lambda path: path.name if path else "without ensurepip")
def test_a_python_is_fetched_into_the_folder(old: Path | None, course: Course) -> None:
    beside, fetched = course.folder.parent / "beside", course.folder / ".python"
    (beside / "learner").mkdir(parents=True)
    unsuitable = str(old or without_ensurepip(beside))
    alone: dict[str, Any] = {"PATH": str(beside), "HOME": str(beside / "learner")}
    source: dict[str, Any] = alone | {"UV_PYTHON_DOWNLOADS_JSON_URL": archive_of_a_python(beside)}

    output = course.run("--help", exits=1, python=unsuitable, **source)
    assert "--yes" in output and not fetched.exists()
    output = course.run("--help", "--yes", exits=1, python=unsuitable, **alone | NOWHERE)
    assert "could not be fetched. If there is no network" in output and "Then run the same command again" in output
    output = course.run("--help", "--yes", python=unsuitable, **source)
    assert commands.USAGE in output
    output = course.run("--help", python=unsuitable, **alone)
    assert f"using {fetched}" in output and commands.USAGE in output
    assert not list((beside / "learner").iterdir()) and not course.venv.exists()
    course.run("fresh", exits=1, python=unsuitable, **alone)
    assert not fetched.exists()


@pytest.mark.skipif(os.name == "nt", reason="needs a terminal of its own")
def test_at_a_terminal_it_is_asked(course: Course) -> None:
    beside = course.folder.parent / "beside"
    beside.mkdir()
    unsuitable = str(without_ensurepip(beside))
    settings = course.environment(PATH=str(beside), UV_PYTHON_DOWNLOADS_JSON_URL=archive_of_a_python(beside))
    for answer, comes in (("\n", False), ("y\n", True)):
        typing, terminal = os.openpty()
        os.write(typing, answer.encode())
        command = [unsuitable, "course.py", "--help"]
        said = subprocess.run(command, cwd=course.folder, env=settings, stdin=terminal, capture_output=True, text=True)
        assert "Fetch it? [y/N]" in said.stderr and "--yes" not in said.stderr
        assert (commands.USAGE in said.stdout) == (course.folder / ".python").exists() == comes
        os.close(typing)
        os.close(terminal)


def test_every_python_can_read_the_way_in() -> None:
    """Also where no old one is there to try it: nothing in the file is younger than Python 2.7."""
    source = (ROOT / "course.py").read_text(encoding="utf-8")
    younger = "JoinedStr AnnAssign NamedExpr Nonlocal Starred YieldFrom Match TryStar AsyncFunctionDef Await MatMult"
    fields = ("annotation", "returns", "kwonlyargs", "posonlyargs", "cause")
    nodes = list(ast.walk(ast.parse(source)))
    assert not [ast.unparse(node) for node in nodes if type(node).__name__ in younger.split()]
    assert not [ast.unparse(node) for node in nodes if any(getattr(node, name, None) for name in fields)]
    assert source.isascii() and "print_function" in source


def on(system: str, machine: str, libc: str | None = None) -> dict[tuple[Any, str], Any]:
    """What Python says of a machine."""
    return {
        (sys, "platform"): system,
        (platform, "machine"): lambda: machine,
        (sysconfig, "get_config_var"): lambda name: libc,
    }


@pytest.mark.parametrize(
    ("asked", "patches", "told"),
    [
        ("python", {(sys, "version_info"): (3, 14, 0)}, "Python 3.14 is too new: TensorFlow has no build for it yet"),
        ("python", {(sys, "version_info"): (3, 9, 1)}, "Python 3.9 is too old"),
        ("python", {(platform, "python_implementation"): lambda: "PyPy"}, "PyPy"),
        ("python", {(struct, "calcsize"): lambda code: 4}, "32-bit"),
        ("python", {(sysconfig, "get_platform"): lambda: "win-arm64"}, "an x64 Python runs here too"),
        ("python", {(sysconfig, "get_config_var"): lambda name: name == "Py_GIL_DISABLED"}, "free-threaded"),
        ("python", {}, None),
        ("machine", on("darwin", "x86_64"), "Intel"),
        ("machine", on("darwin", "arm64"), None),
        ("machine", on("linux", "x86_64", "x86_64-alpine-linux-musl"), "musl"),
        ("machine", on("linux", "x86_64", "x86_64-pc-linux-gnu"), None),
        ("machine", on("linux", "aarch64", "aarch64-unknown-linux-gnu"), None),
        ("machine", on("linux", "armv7l", "arm-linux-gnueabihf"), "armv7l"),
        ("machine", on("win32", "AMD64"), None),
    ],
)
def test_why_not_this_python_or_this_machine(
    asked: str, patches: dict[tuple[Any, str], Any], told: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = load_door()
    for (module, name), value in patches.items():
        monkeypatch.setattr(module, name, value)
    reason = getattr(door, f"why_not_this_{asked}")()
    monkeypatch.undo()
    assert (reason is None) if told is None else (told in reason)
    assert reason is None or asked == "python" or "Binder" in reason
