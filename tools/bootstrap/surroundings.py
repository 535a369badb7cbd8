"""Which variables of the caller's environment reach the programs we start, and where the project lies."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).absolute().parents[2]

WHEELS = ROOT / "wheels"
"""Where wheels are in this folder, packages are installed from it and never from the network."""

UV_LOCK = ROOT / "requirements" / "uv.lock.txt"
"""The one version of uv that installs the rest."""

MISLEADING = (
    # They put other packages, or another Python, in front of ours.
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "PYTHONUSERBASE",
    "__PYVENV_LAUNCHER__",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "CONDA_DEFAULT_ENV",
    # Kernels found here would win over the one in .venv, and have the same name.
    "JUPYTER_PATH",
)

UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "retries": "UV_HTTP_RETRIES",
    "no-cache-dir": "UV_NO_CACHE",
}
"""How a setting of pip's about reaching its index is called for uv."""

HOW_PIP_REACHES_ITS_INDEX = {
    "PIP_" + name.upper().replace("-", "_")
    for name in (*UV_NAMES, "cache-dir", "config-file", "default-timeout", "keyring-provider")
}
"""Settings of the machine or its network. Others, such as PIP_USER or PIP_TARGET, would install elsewhere."""


def scripts_folder(venv: Path) -> Path:
    """Return the folder of a virtual environment that holds its programs."""
    return venv / ("Scripts" if os.name == "nt" else "bin")


def venv_python(venv: Path) -> Path:
    """Return the Python of a virtual environment."""
    return scripts_folder(venv) / ("python.exe" if os.name == "nt" else "python")


def clean_environment(venv: Path) -> dict[str, str]:
    """Return the caller's environment without what misleads, and with ``venv`` as the active one."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in MISLEADING and (not name.startswith("PIP_") or name in HOW_PIP_REACHES_ITS_INDEX)
    }
    kept["VIRTUAL_ENV"] = str(venv)
    kept["PATH"] = os.pathsep.join([str(scripts_folder(venv)), os.environ.get("PATH", os.defpath)])
    kept["PYTHONNOUSERSITE"] = "1"
    kept["KERAS_BACKEND"] = "tensorflow"
    # uv trusts a list of its own; the system's list, which pip goes by, knows the certificate of a company's proxy too.
    kept.setdefault("UV_SYSTEM_CERTS", "1")
    return kept


def lab_environment(venv: Path) -> dict[str, str]:
    """Return the environment for JupyterLab: ours, plus the course's settings of Lab."""
    environment = clean_environment(venv)
    paths = [str(ROOT / "binder" / "jupyter_config"), environment.get("JUPYTER_CONFIG_PATH", "")]
    environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(path for path in paths if path)
    return environment


def private_environment(venv: Path, folder: Path) -> dict[str, str]:
    """Return an environment in which no setting in the caller's home can change what a test sees."""
    environment = clean_environment(venv)
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "KERAS_HOME"):
        environment[name] = str(folder / name.lower())
    return environment
