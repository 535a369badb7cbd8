"""The picture of an explorer in the page: one anywidget, which also does the pointing, without asking the kernel."""

from __future__ import annotations

import importlib.resources

import anywidget
import traitlets

_STATIC = importlib.resources.files("course_utils.explorers") / "static"


class GridView(anywidget.AnyWidget):  # type: ignore[misc]
    """Shows a ``Frame``. Pointing at a cell, or the arrow keys, light what it belongs to and write out the sum."""

    _esm = (_STATIC / "view.js").read_text(encoding="utf-8")
    _css = (_STATIC / "view.css").read_text(encoding="utf-8")

    #: ``Frame.for_view()``.
    frame = traitlets.Dict({}).tag(sync=True)
    #: Why a control cannot be moved just now.
    notes = traitlets.List([]).tag(sync=True)
    #: What went wrong while the last frame was computed; empty when nothing did.
    problem = traitlets.Unicode("").tag(sync=True)
