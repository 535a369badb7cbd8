"""A small invisible widget that makes the widgets beside it safe and readable.

In JupyterLab 4 the single-key shortcuts of the notebook act while a slider or a button has the focus: ``x`` cuts the
cell, ``d d`` deletes it. Slider handles have no name that a screen reader could say. ``Guard`` mends both for every
control in the same output, and holds a line that is read out when it changes.
"""

from __future__ import annotations

import importlib.resources

import anywidget
import traitlets

_STATIC = importlib.resources.files("course_utils") / "static"


class Guard(anywidget.AnyWidget):  # type: ignore[misc]
    """Put one into any box of widgets: it looks after all controls of the output it is shown in."""

    _esm = (_STATIC / "guard.js").read_text(encoding="utf-8")
    _css = (_STATIC / "guard.css").read_text(encoding="utf-8")

    #: Read out by a screen reader when it changes; not seen on the page.
    say = traitlets.Unicode("").tag(sync=True)
