"""The commands of ``course.py``: what each does once the environment is whole."""

from __future__ import annotations

import errno
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tools.bootstrap.console import SetupError, make_console_safe, quiet_where_nobody_reads, say, seconds_since
from tools.bootstrap.environment import (
    Need,
    download_packages,
    inspect,
    make_whole,
    refuse_foreign,
    venv_folder,
    write_record,
)
from tools.bootstrap.surroundings import (
    ROOT,
    WHEELS,
    clean_environment,
    lab_environment,
    private_environment,
    venv_python,
)

USAGE = """\
python course.py                 set up what is missing, then open the course in JupyterLab
python course.py -- OPTIONS      the same, with options for JupyterLab, such as: -- --no-browser --port 9000
python course.py test            set up what is missing, then test all that the course promises: no network needed
python course.py test --everything    the same, and what takes downloads, other Pythons, heavy load or much time
python course.py test OPTIONS    the same, but only pytest, with these options, such as: test -k padding -x
python course.py notebooks       run all notebooks anew and store what comes out in them
python course.py teach           build solutions, notes, slides and worksheets, into build/teaching
python course.py site            build the reading edition, pages that need no kernel, into build/site
python course.py links           print the links to Binder, Colab and the reading edition, as git knows the address
                 --in-notebooks  ... or put them below the title of each lesson; --out-of-notebooks takes them out
python course.py wheels          fetch all packages into the folder wheels: where it lies, no network is needed
python course.py lint            check style and types, for whoever changes the code
python course.py lock            derive the lists of exact versions anew from pyproject.toml
                 --upgrade       ... and take the newest versions it allows
                 --check         ... or only say whether they fit it
python course.py fresh           delete the environment and set it up again, if it misbehaves
python course.py check           say whether this machine is ready for a workshop: one line, without a network
python course.py doctor          show what is there: Python, the environment, versions, a browser for the tests

The environment lies in .venv in this folder, or wherever the variable COURSE_VENV says. The first run
downloads some hundred MB and takes a few minutes; every later one starts in seconds. Interrupting is safe.
Where no Python will do, one is fetched into .python in this folder, if you agree; --yes agrees in advance."""

FIRST_LESSON = "notebooks/00_start_here.ipynb"


def main(arguments: Sequence[str]) -> int:
    """Run the command that ``arguments`` name and return the exit code."""
    make_console_safe()
    with quiet_where_nobody_reads():
        return run(arguments)


def run(arguments: Sequence[str]) -> int:
    """Run the command, and turn what can go wrong into a sentence."""
    if any(argument in ("-h", "--help", "help") for argument in arguments[:1]):
        say(USAGE)
        return 0
    name, rest = (arguments[0], list(arguments[1:])) if arguments else ("start", [])
    if name == "--":
        name, rest = "start", list(arguments)
    if name not in COMMANDS:
        say(f"course.py knows no command {name!r}. These are the ones it knows:\n\n{USAGE}")
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # being ended is like Ctrl-C: leave nothing running
    try:
        return COMMANDS[name](rest)
    except KeyboardInterrupt:
        say("\nStopped. Nothing is broken by that: run the same command again whenever you like.")
        return 130
    except SetupError as trouble:
        say(f"\n{trouble}")
        return 1
    except OSError as error:
        say("\n" + explain_os_error(error))
        return 1


def explain_os_error(error: OSError) -> str:
    """Turn what the operating system refused into a sentence that helps."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Make about 4 GB of room, then run the same command again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"Writing to {error.filename} is not allowed. The course has to lie in a folder that you may write to, "
            "because your work\nis saved there too: copy or clone it to your home folder and start it from there."
        )
    return f"The operating system refused something: {error}"


# start


def start(arguments: list[str]) -> int:
    """Set up what is missing, then open the course in JupyterLab."""
    if arguments[:1] == ["--"]:
        arguments = arguments[1:]
    elif arguments:
        say(f"Options for JupyterLab come after two dashes: python course.py -- {' '.join(arguments)}")
        return 2
    venv = make_whole("run")
    say("Starting JupyterLab; your browser opens by itself in a few seconds. If it does not, open the address")
    say("that ends in token=... below. To stop: save your work, then press Ctrl-C twice in this window.")
    return become(lab_command(venv, arguments), lab_environment(venv))


def lab_command(venv: Path, arguments: Sequence[str]) -> list[str]:
    """Return the command that starts JupyterLab at the first lesson, whatever the path of this folder."""
    page = f"/lab/tree/{FIRST_LESSON}" if (ROOT / FIRST_LESSON).is_file() else "/lab"
    command = [str(venv_python(venv)), "-P", "-m", "jupyterlab"]  # -P: no file of the learner's shadows a module
    command += [f"--ServerApp.root_dir={ROOT}", f"--LabApp.default_url={page}"]
    command += ["--Application.log_level=WARN"]  # else the address is lost among thirty lines
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container one is root, and JupyterLab would refuse
    return [*command, *arguments]


def become(command: list[str], environment: Mapping[str, str]) -> int:
    """Let ``command`` take the place of this process, where the system can do that; else wait for it."""
    sys.stdout.flush()
    os.chdir(ROOT)
    if os.name == "posix":
        os.execve(command[0], command, environment)
    with subprocess.Popen(command, env=environment) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # Ctrl-C reaches the other program as well, and it is that one's to answer
                continue


# test

Check = tuple[str, list[str]]
"""A name, and what Python is to be started with."""

STYLE: list[Check] = [
    ("ruff check", ["-m", "ruff", "check", "."]),
    ("ruff format", ["-m", "ruff", "format", "--check", "."]),
    ("mypy", ["-m", "mypy"]),
]
"""For whoever changes the code: a learner's tests cannot fail because of them."""

WHOLE = ["-m", "pytest", "--nbval", "tests", "deploy", "notebooks", "--whole", "-n", "logical", "--maxprocesses", "4"]
WHOLE += ["--dist", "loadfile", "--no-loadscope-reorder", "-p", "no:cacheprovider"]
"""One run of every test and lesson, shared among the processors (tests/conftest.py)."""

TESTS: list[Check] = [("tests", WHOLE)]
EVERYTHING: list[Check] = [
    *STYLE,
    ("tests", [*WHOLE, "--everything", "--ignore=tests/test_memory.py"]),
    # By itself: memory that kernels of other tests share would be counted only in part.
    ("memory", ["-m", "pytest", "tests/test_memory.py", "--everything"]),
]


def test(arguments: list[str]) -> int:
    """Set up what is missing, then run every test; with arguments, only pytest with these."""
    if not arguments:
        return run_checks(TESTS)
    if arguments == ["--everything"]:
        return run_checks(EVERYTHING)
    return run_checks([("pytest", ["-m", "pytest", *arguments])])


def lint(arguments: list[str]) -> int:
    """Set up what is missing, then check style and types."""
    return run_checks(STYLE)


def run_checks(checks: Sequence[Check]) -> int:
    """Run checks one after another, list what came of each, and return 0 if all passed."""
    venv = make_whole("test")
    results: dict[str, tuple[bool, str]] = {}
    with tempfile.TemporaryDirectory(prefix="course-") as private:
        environment = private_environment(venv, Path(private))
        # The lessons look back on predictions: on none, in a test, whatever this person has predicted.
        environment["COURSE_PREDICTIONS"] = private
        for name, command in checks:
            say(f"\n{name}: {' '.join(['python', *command])}")
            started = time.monotonic()
            code = subprocess.call([str(venv_python(venv)), *command], cwd=ROOT, env=environment)
            results[name] = (code == 0, seconds_since(started))
    say()
    for name, (passed, took) in results.items():
        say(f"{name:<12} {took:>12}  {'ok' if passed else 'FAILED'}")
    return 0 if all(passed for passed, _ in results.values()) else 1


# The others


def notebooks(arguments: list[str]) -> int:
    """Run all notebooks anew and store what comes out in them."""
    return run_tool("execute_notebooks", arguments)


def wheels(arguments: list[str]) -> int:
    """Fill the folder of wheels, to carry the course to machines without a network."""
    with tempfile.TemporaryDirectory(prefix="course-") as scratch:
        download_packages(Path(scratch))
    files = sorted(WHEELS.glob("*.whl"))
    size = sum(file.stat().st_size for file in files) / 1e6
    say(f"{len(files)} packages, {size:.0f} MB, are in {WHEELS}.")
    say(f"Copy this whole folder to a machine with {platform.system()} and Python {version_here()}: there,")
    say("`python course.py` installs from it and asks nobody. On other systems, and for other Pythons, run")
    say("`python course.py wheels` as well; one folder may hold the packages of all of them.")
    mine = [name for name in NOT_FOR_OTHERS if (ROOT / name).exists()]
    if mine:
        say(f"Leave out of the copy: {', '.join(mine)}. And lessons that you have saved go along as you saved them.")
    return 0


NOT_FOR_OTHERS = (".venv", "build/teaching", "notebooks/my_predictions.json", "notebooks/my_predictions.json.bak")
"""What work in this folder leaves behind: an environment that cannot be moved, solutions, answers."""


def version_here() -> str:
    """The Python that the packages are for."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def teach(arguments: list[str]) -> int:
    """Build the instructor's versions, the slides and the worksheets, with what a learner has: it needs no network."""
    return run_tool("teach", arguments, "run")


def site(arguments: list[str]) -> int:
    """Build the reading edition from the lessons as they are stored."""
    return run_tool("site", arguments, "site")


def lock(arguments: list[str]) -> int:
    """Derive the lists of exact versions anew from pyproject.toml."""
    return run_tool("derive", arguments)


def run_tool(name: str, arguments: Sequence[str], profile: str = "test") -> int:
    """Run one of the programs in tools/ in the environment, made whole for ``profile``."""
    venv = make_whole(profile)
    command = [str(venv_python(venv)), "-m", "tools", name, *arguments]
    with tempfile.TemporaryDirectory(prefix="course-") as private:
        return subprocess.call(command, cwd=ROOT, env=private_environment(venv, Path(private)))


def links(arguments: list[str]) -> int:
    """Print where the course can be opened on the web, or put it into the lessons; needs nothing installed."""
    from tools.links import main

    return main(arguments)


def fresh(arguments: list[str]) -> int:
    """Delete the environment and set it up again."""
    venv = venv_folder()
    refuse_foreign(venv)
    if venv.exists():
        write_record(venv, {})
    make_whole("run")
    return 0


def check_setup(arguments: list[str]) -> int:
    """Say in a last line whether the course can run here; nothing is installed, nothing is fetched."""
    venv = venv_folder()
    try:
        refuse_foreign(venv)
        finding = inspect(venv, "run")
    except SetupError as trouble:
        say(f"{trouble}\nNOT READY: the environment is not one that course.py made.")
        return 1
    if finding.need is not Need.NOTHING:
        say(f"NOT READY: the course is not set up ({finding.why}); run  python course.py  first.")
        return 1
    say("Loading Keras in a kernel and running a real layer; the first time that takes up to a minute.")
    command = [str(venv_python(venv)), "-m", "tools", "check"]
    return subprocess.call(command, cwd=ROOT, env=lab_environment(venv))


def doctor(arguments: list[str]) -> int:
    """Show what is there, for whoever tries to help."""
    venv = venv_folder()
    pip_settings = sorted(name for name in os.environ if name.startswith("PIP_"))
    rows = {
        "course": str(ROOT),
        "system": f"{platform.platform()}, {platform.machine()}",
        "Python": f"{platform.python_version()} at {sys.executable}",
        "environment": str(venv),
        "  to start": describe(venv, "run"),
        "  to test": describe(venv, "test"),
        "free disk": f"{shutil.disk_usage(ROOT).free / 1e9:.1f} GB",
        "Chromium": find_chromium() or "none found: the tests in a browser cannot run (Debian: apt install chromium)",
        "git": shutil.which("git") or "none found",
        "pip settings": ", ".join(pip_settings) or "none",
    }
    for name, value in rows.items():
        say(f"{name:<13} {value}")
    if venv_python(venv).exists():
        say("\nversions in the environment:")
        subprocess.call([str(venv_python(venv)), "-I", "-c", VERSIONS], env=clean_environment(venv))
        say("\nwhat pip says of it:")
        subprocess.call([str(venv_python(venv)), "-I", "-m", "pip", "check"], env=clean_environment(venv))
    return 0


VERSIONS = """
from importlib import metadata
for name in ("what-size-comes-out", "keras", "tensorflow", "tensorflow-cpu", "numpy", "jupyterlab", "ipywidgets"):
    try:
        print(f"  {name:<20} {metadata.version(name)}")
    except metadata.PackageNotFoundError:
        pass
"""


def describe(venv: Path, profile: str) -> str:
    """Say in half a sentence whether an environment can be used as it is."""
    try:
        refuse_foreign(venv)
    except SetupError:
        return "not made by course.py"
    finding = inspect(venv, profile)
    return f"{finding.need.name.lower().replace('_', ' ')} to do: {finding.why}"


def find_chromium() -> str | None:
    """Return the Chromium that the browser tests would use."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "start": start,
    "test": test,
    "lint": lint,
    "notebooks": notebooks,
    "lock": lock,
    "teach": teach,
    "site": site,
    "wheels": wheels,
    "fresh": fresh,
    "links": links,
    "check": check_setup,
    "doctor": doctor,
}
