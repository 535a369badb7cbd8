"""Make a machine of Colab ready for a lesson. The cell of docs/colab.md runs it: %run course/tools/on_colab.py

Only what Colab's own packages are too old for is installed, at the versions of the course's lock: docs/colab.md says
why.
"""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = "keras", "anywidget", "psygnal"


def pins() -> dict[str, str]:
    """The version of each package in the course's lock."""
    lock = (ROOT / "requirements" / "run.lock.txt").read_text(encoding="utf-8")
    return {name: version for name, version in re.findall(r"^(\S+?)==(\S+)", lock, re.MULTILINE) if name in PACKAGES}


def main() -> None:
    """Install, make the course and its widgets known, and say that all is ready.

    Raises:
        SystemExit: Keras is still another one.
    """
    wanted = [f"{name}=={version}" for name, version in pins().items()]
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", *wanted]
    said = subprocess.run(pip, capture_output=True, text=True, check=False).stderr  # it warns of much, and all is well
    keras = importlib.metadata.version("keras")
    if keras != pins()["keras"]:
        sys.exit(f"{said}Keras is still {keras}: installing {pins()['keras']} failed, see above. Run this cell again.")
    sys.path.insert(0, str(ROOT))
    if "google.colab" in sys.modules:
        from google.colab import output  # type: ignore[import-not-found,import-untyped,unused-ignore]

        output.enable_custom_widget_manager()
    print(f"Ready: lessons and checks run with Keras {keras}; what you answer is kept until this machine ends.")


if __name__ == "__main__":
    main()
