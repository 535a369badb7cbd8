"""The first cell of the course: does everything run here, and what to do if it does not."""

from __future__ import annotations

import html
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_HELP = "Run  python course.py  once more in the course's folder: it mends a broken set-up. (On Colab: docs/colab.md.)"


@dataclass(frozen=True)
class Check:
    """One thing that must work.

    Attributes:
        name: what was tried.
        problem: None if it works, else what happened and what to do.
    """

    name: str
    problem: str | None

    def __str__(self) -> str:
        return f"✓ {self.name}" if self.problem is None else f"✗ {self.name}: {self.problem}"


def _python() -> str | None:
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return None
    found = ".".join(map(str, sys.version_info[:2]))
    return f"this is Python {found}, and TensorFlow is made for 3.11 to 3.13 here. {_HELP}"


def _keras() -> str | None:
    from course_utils.keras_layers import load_keras

    keras = load_keras()
    if keras.backend.backend() != "tensorflow":
        return f"Keras runs on {keras.backend.backend()}, the course needs TensorFlow: set KERAS_BACKEND=tensorflow."
    # Before 3.15, Keras refuses layers that the lessons build: 3.14 a DepthwiseConv2D with stride and dilation.
    major, minor = map(int, keras.__version__.split(".")[:2])
    if major == 3 and minor >= 15:
        return None
    return f"Keras {keras.__version__} is installed, and the lessons need 3.15 or a later 3. {_HELP}"


def _layer() -> str | None:
    import numpy as np

    from course_utils.compare import compare
    from course_utils.keras_layers import LayerCode

    layer = LayerCode("Conv2D", {"filters": 2, "kernel_size": (3, 3), "padding": "same"}).build()
    comparison = compare(layer, np.arange(98.0).reshape(1, 7, 7, 2))
    return None if comparison.agrees else f"{comparison.verdict} Please report this."


def _widgets() -> str | None:
    import anywidget  # noqa: F401
    import ipywidgets

    version = ipywidgets.__version__
    return None if version[:2] in ("7.", "8.") else f"ipywidgets {version} is installed, not 7 or 8. {_HELP}"


CHECKS: dict[str, Callable[[], str | None]] = {
    "Python is 3.11, 3.12 or 3.13": _python,
    "Keras 3 is here, on TensorFlow": _keras,
    "a real Conv2D ran, and its 98 numbers are right": _layer,
    "the widgets are installed": _widgets,
}


def run_checks() -> list[Check]:
    """Try each of ``CHECKS``. An exception becomes a problem: nothing is raised."""
    return [Check(name, _problem(check)) for name, check in CHECKS.items()]


def _problem(check: Callable[[], str | None]) -> str | None:
    try:
        return check()
    except Exception as error:
        return f"{type(error).__name__}: {error}. {_HELP}"


class SetupReport:
    """The checks, and a slider that shows whether widgets are drawn in this browser."""

    def __init__(self, checks: list[Check]) -> None:
        self.checks = checks

    @property
    def ready(self) -> bool:
        """Whether every check passed."""
        return all(check.problem is None for check in self.checks)

    def __str__(self) -> str:
        end = "Ready: go on below." if self.ready else "Something is missing: the lines marked ✗ say what to do."
        return "\n".join([*map(str, self.checks), end])

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        if not self.ready:
            return {"text/plain": str(self)}
        box, guard = self._box()
        return guard.bundle(box, str(self))

    def _box(self) -> tuple[Any, Any]:
        import ipywidgets as widgets

        from course_utils.guard import Guard

        lines = "".join(f"<div>{html.escape(line)}</div>" for line in str(self).split("\n"))
        slider = widgets.IntSlider(
            value=3,
            min=1,
            max=7,
            description="widgets are drawn: move me",
            style={"description_width": "initial"},
            layout=widgets.Layout(width="calc(100% - 4px)", max_width="28em"),  # 2 px of margin on each side
        )
        guard = Guard()
        return widgets.VBox([widgets.HTML(lines), slider, guard]), guard


def check_setup() -> SetupReport:
    """Try Python, Keras, a real layer and the widgets; as the last line of a cell it shows what it found."""
    return SetupReport(run_checks())
