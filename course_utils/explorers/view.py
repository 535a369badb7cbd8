"""The picture of an explorer in the page: one anywidget, which also does the pointing, without asking the kernel."""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping, Sequence

import anywidget
import ipywidgets as widgets
import traitlets

from course_utils.explorers.controls import trait_of
from course_utils.explorers.settings import Control

_STATIC = importlib.resources.files("course_utils.explorers") / "static"
#: Before the name of a control: the trait of the view that is joined to it in the browser.
AT = "at_"


class GridView(anywidget.AnyWidget):  # type: ignore[misc]
    """Shows a frame. Pointing at a cell, or the arrow keys, light what it belongs to and write out the sum.

    It sends ``{"near": name}`` when a control is about to be moved, and the first time that it is shown.
    """

    _esm = (_STATIC / "view.js").read_text(encoding="utf-8")
    _css = (_STATIC / "view.css").read_text(encoding="utf-8")

    #: ``View.data`` of the settings: what the kernel has just computed.
    frame = traitlets.Dict({}).tag(sync=True)
    #: The same of settings that may come next: shown at once when they do.
    ahead = traitlets.Dict({}).tag(sync=True)
    #: ``Control.for_view()`` of every control.
    controls = traitlets.List([]).tag(sync=True)
    #: Of the predictions that come first: what was asked for, predicted, and found, and a sign for whether they agree.
    predicted = traitlets.List([]).tag(sync=True)
    #: Whether the first line is the formula; if not, it is what came out.
    formula = traitlets.Bool(True).tag(sync=True)
    #: What went wrong while the last frame was computed; empty when nothing did.
    problem = traitlets.Unicode("").tag(sync=True)


def joined_view(controls: Sequence[Control], made: Mapping[str, widgets.Widget]) -> GridView:
    """A view joined to the controls in the browser: what is set there reaches it without a round trip."""
    traits = {AT + c.name: traitlets.Any(c.value).tag(sync=True) for c in controls}
    view: GridView = type("GridView", (GridView,), traits)(controls=[c.for_view() for c in controls])
    view.links = [widgets.jslink((made[c.name], trait_of(c)), (view, AT + c.name)) for c in controls]
    return view
