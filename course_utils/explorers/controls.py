"""The controls of the explorers in JupyterLab: ipywidgets made from plain data, that wrap in a narrow window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets

from course_utils.explorers.settings import Control

_STYLE = {"description_width": "initial"}


def widget_for(control: Control, options: Sequence[Any]) -> widgets.Widget:
    """The widget of a control. ``options``: what its value is for each of the control's options."""
    made = _made(control, options)
    # By this class the page finds the element of each control.
    made.add_class(f"cu-set-{control.name}")
    return made


def _made(control: Control, options: Sequence[Any]) -> widgets.Widget:
    label = control.label
    if control.kind == "switch":
        layout = _layout(width="max-content", max_width="100%")
        return widgets.Checkbox(value=bool(control.value), description=label, indent=False, style=_STYLE, layout=layout)
    if control.kind == "number":
        limits = {"min": control.low, "max": control.high}
        layout = _layout(flex="1 1 18em", width="auto", min_width="min(18em, calc(100% - 1em))", max_width="24em")
        return widgets.IntSlider(value=control.value, description=label, style=_STYLE, layout=layout, **limits)
    given = {"index": control.value, "options": list(zip(control.options, options, strict=True)), "description": label}
    if control.kind == "list":
        return widgets.Dropdown(**given, style=_STYLE, layout=_layout(width="auto", max_width="100%"))
    style = _STYLE | {"button_width": "auto"}
    return widgets.ToggleButtons(**given, style=style, layout=_layout(width="max-content", max_width="100%"))


def trait_of(control: Control) -> str:
    """The trait of the widget that is the control's value."""
    return "index" if control.options else "value"


def fold(label: str, inside: Sequence[widgets.Widget]) -> tuple[widgets.ToggleButton, widgets.Box]:
    """A button, and a box that it opens and closes. Nothing in the box is lost when it is closed."""
    button = widgets.ToggleButton(description=f"{label} ▸", layout=widgets.Layout(width="auto"))
    box = widgets.Box(list(inside), layout=widgets.Layout(flex_flow="row wrap", width="100%", display="none"))
    box.add_class("cu-fold")

    def turn(change: Mapping[str, Any]) -> None:
        button.description = f"{label} {'▾' if change['new'] else '▸'}"
        box.layout.display = None if change["new"] else "none"

    button.observe(turn, names="value")
    return button, box


def _layout(**more: str) -> widgets.Layout:
    return widgets.Layout(margin="2px 1em 2px 0", **more)
