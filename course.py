"""The way in. With nothing but Python on the machine:

    python course.py          sets everything up, once, and opens the course in JupyterLab
    python course.py test     sets everything up and runs every test
    python course.py --help   says what else there is

This file only looks for a Python that the course can run on, or offers to fetch one, and hands over to it;
the work is done in tools/bootstrap. It is written so that *every* Python can read it, even 2.7: a Python that
is too old should get a sentence, not a SyntaxError. That is why there are no f-strings and no annotations here.
"""

from __future__ import print_function

import glob
import os
import platform
import shutil
import struct
import subprocess
import sys
import sysconfig

ROOT = os.path.dirname(os.path.abspath(__file__))
SUPPORTED = ((3, 11), (3, 12), (3, 13))
PREFERRED = ("3.12", "3.13", "3.11")
ASK = "--is-this-python-suitable"
FETCHED = os.path.join(ROOT, ".python")

HOW_TO_GET_ONE = {
    "win32": "Install one from python.org (the 64-bit installer), or with: winget install Python.Python.3.12",
    "darwin": "Install one from python.org, or with: brew install python@3.12",
    "linux": "Install one with your package manager, for instance: sudo apt install python3.12 python3.12-venv",
}


def version_name():
    """Return for instance '3.12'."""
    return "%d.%d" % sys.version_info[:2]


def why_not_this_machine():
    """Say why no Python at all can help on this machine; None where one can."""
    advice = " Take the link to Binder in README.md: there the course runs in the browser."
    if sys.platform == "darwin" and platform.machine() != "arm64":
        return (
            "TensorFlow is no longer made for Macs with an Intel processor. (If this is a newer Mac, its Python "
            "is one for Intel: install one for Apple silicon.)" + advice
        )
    if sys.platform.startswith("linux"):
        if "musl" in str(sysconfig.get_config_var("HOST_GNU_TYPE")):
            return "TensorFlow is not made for Linux with musl, such as Alpine; it needs glibc." + advice
        if platform.machine() not in ("x86_64", "aarch64"):
            return "TensorFlow is not made for %s processors." % platform.machine() + advice
    return None


def why_not_this_python():
    """Say why this very Python cannot run the course; None where it can."""
    if sys.version_info < SUPPORTED[0]:
        return "Python %s is too old" % version_name()
    if sys.version_info[:2] > SUPPORTED[-1]:
        return "Python %s is too new: TensorFlow has no build for it yet" % version_name()
    if platform.python_implementation() != "CPython":
        return "it is %s, and TensorFlow is made for CPython only" % platform.python_implementation()
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "it is a free-threaded build, for which there is no TensorFlow"
    if struct.calcsize("P") < 8:
        return "it is a 32-bit Python, and TensorFlow is 64-bit only"
    if sysconfig.get_platform() == "win-arm64":
        return "it is a Python for ARM, and TensorFlow for Windows is x64 only (an x64 Python runs here too)"
    return why_not_venv()


def why_not_venv():
    """Say whether this Python lacks what makes a virtual environment, as Debian's does out of the box."""
    try:
        import venv  # noqa: F401
        from ensurepip import version  # noqa: F401
    except ImportError:
        return "it comes without venv (on Debian and Ubuntu: sudo apt install python%s-venv)" % version_name()
    return None


def other_pythons():
    """Name, as commands, the Pythons that may be on this machine besides the one running."""
    own = [os.path.join(FETCHED, "cpython-*", name) for name in ("python.exe", os.path.join("bin", "python3"))]
    commands = [[path] for pattern in own for path in sorted(glob.glob(pattern))]
    if sys.platform == "win32":
        commands += [["py", "-" + version] for version in PREFERRED]
    commands += [["python" + version] for version in PREFERRED]
    if sys.platform == "darwin":
        for version in PREFERRED:
            commands.append(["/opt/homebrew/bin/python" + version])
            commands.append(["/Library/Frameworks/Python.framework/Versions/%s/bin/python3" % version])
    return commands + [["python3"]]


def ask(command):
    """Ask another Python whether it is suitable: None for yes, its reason for no, '' if there is none such."""
    try:
        process = subprocess.Popen(
            command + [os.path.join(ROOT, "course.py"), ASK],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
        )
        answer = process.communicate()[0].strip()
    except (OSError, ValueError):
        return ""
    if process.returncode == 0 and answer == "yes":
        return None
    return answer if process.returncode == 3 else ""


def find_python():
    """Return the command of the first suitable Python and the reasons why the ones before it were not."""
    reasons = []
    for command in other_pythons():
        reason = ask(command)
        if reason is None:
            return command, reasons
        if reason and not any(reason in other for other in reasons):
            reasons.append("%s: %s." % (" ".join(command), reason))
    return None, reasons


def hand_over(command, arguments):
    """Run this same file under another Python, in place of this process where the system can do that."""
    command = command + [os.path.join(ROOT, "course.py")] + arguments
    sys.stdout.flush()
    if os.name == "posix":
        os.execvp(command[0], command)
    process = subprocess.Popen(command)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # Ctrl-C reaches the other Python as well, and it is that one's to answer
            continue


def say_why(reason, reasons):
    """Explain why the course cannot start on the Pythons that are here."""
    lines = ["The course needs Python 3.11, 3.12 or 3.13 (64-bit), and none that will do was found."]
    lines += ["  %s: %s." % (sys.executable, reason)]
    lines += ["  " + other for other in reasons if reason not in other]
    print("\n".join(lines), file=sys.stderr)


def refuse(reason):
    """Say what would help."""
    system = "linux" if sys.platform.startswith("linux") else sys.platform
    lines = [] if "-venv" in reason else [HOW_TO_GET_ONE.get(system, "Install one from python.org.")]
    print("\n".join(lines + ["Then run the same command again."]), file=sys.stderr)
    return 1


def fetch(accepted):
    """Offer to fetch a Python; True where one has come."""
    if sys.version_info < (3, 8):  # too old to read the rest
        return False
    sys.path.insert(0, ROOT)
    from tools.bootstrap.fetching import offer

    return offer(accepted)


def main(arguments):
    """Run the course under this Python if it is suitable, else under the first one that is."""
    for name in ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__"):  # they are about another Python
        os.environ.pop(name, None)
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    arguments = [argument for argument in own if argument != "--yes"] + arguments[len(own) :]
    reason = why_not_this_python()
    if arguments == [ASK]:
        print("yes" if reason is None else reason)
        return 0 if reason is None else 3
    hopeless = why_not_this_machine()
    if hopeless:
        print(hopeless, file=sys.stderr)
        return 1
    if arguments[:1] == ["fresh"] and not os.path.abspath(sys.executable).startswith(FETCHED):
        shutil.rmtree(FETCHED, ignore_errors=True)
    if reason is None:
        sys.path.insert(0, ROOT)
        from tools.bootstrap.commands import main as run

        return run(arguments)
    command, reasons = find_python()
    if command is None:
        say_why(reason, reasons)
        if not fetch("--yes" in own):
            return refuse(reason)
        command, reasons = find_python()
        if command is None:
            say_why(reason, reasons)
            return 1
    print("This is Python %s; using %s instead." % (version_name(), " ".join(command)))
    return hand_over(command, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
