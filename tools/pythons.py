"""The Pythons of this machine, by version: those of the system, and those of pyenv that are not switched on."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path


def find_python(version: str) -> Path | None:
    """Return the interpreter of a version such as ``"3.12"``, or None where there is none that starts.

    A shim of pyenv's on the path is not one by itself, so each is asked where it really lies.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    installed = sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"))
    for candidate in [*installed, shutil.which(f"python{version}")]:
        if candidate:
            command = [str(candidate), "-c", "import sys; print(sys.executable)"]
            said = subprocess.run(command, capture_output=True, text=True, check=False)
            if said.returncode == 0:
                return Path(said.stdout.strip())
    return None
