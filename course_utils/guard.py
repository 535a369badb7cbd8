"""A small invisible widget that makes the widgets beside it safe and readable.

In JupyterLab 4 the single-key shortcuts of the notebook act while a slider or a button has the focus: ``x`` cuts the
cell, ``d d`` deletes it. Slider handles have no name that a screen reader could say. ``Guard`` mends both for every
control in the same output, and holds a line that is read out when it changes.
"""

from __future__ import annotations

import importlib.resources
from typing import Any

import anywidget
import traitlets

_STATIC = importlib.resources.files("course_utils") / "static"


class Guard(anywidget.AnyWidget):  # type: ignore[misc]
    """Put one into any box of widgets: it looks after all controls of the output it is shown in."""

    _esm = (_STATIC / "guard.js").read_text(encoding="utf-8")
    _css = (_STATIC / "guard.css").read_text(encoding="utf-8")

    #: Read out by a screen reader when it changes; not seen on the page.
    say = traitlets.Unicode("").tag(sync=True)

    def bundle(self, box: Any, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what Jupyter needs to show a box that this guard is in: the data and its metadata.

        The guard's own bundle with another model in it: that one is the same under ipywidgets 7, which Colab has and
        in which a box makes none, and on Colab it says where the code of the widgets is to be found.

        Args:
            box: the outermost widget to be shown.
            text: for a reader without a kernel.
        """
        data, metadata = self._repr_mimebundle_()
        data["application/vnd.jupyter.widget-view+json"]["model_id"] = box.model_id
        return {**data, "text/plain": text}, metadata
