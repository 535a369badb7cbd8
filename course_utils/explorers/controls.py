"""The controls of the explorers: ipywidgets made from the plain data of a ``Setting``, that wrap in a narrow window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets

from course_utils.explorers.settings import Setting

#: Added to the name of a size: its second slider, which is the width where height and width are apart.
WIDTH = "_width"
_STYLE = {"description_width": "initial"}


def controls_for(setting: Setting, value: Any) -> dict[str, widgets.Widget]:
    """The control of a setting, by its name; two for a size: the side of a square or the height, and the width."""
    name, label = setting.name, setting.label
    value = setting.instead if value is None else value
    if value is None:
        return {}
    if setting.kind == "switch":
        return {name: switch(label, value)}
    if setting.kind == "number":
        return {name: _slider(setting, label, value)}
    if setting.kind == "size":
        height, width = value if isinstance(value, tuple) else (value, value)
        return {name: _slider(setting, label, height), name + WIDTH: _slider(setting, f"{label}, width", width)}
    given = {
        "value": value,
        "options": [(text, option) for option, text in setting.options.items()],
        "description": label,
    }
    if setting.kind == "list":
        return {name: widgets.Dropdown(**given, style=_STYLE, layout=_layout(width="100%", max_width="19em"))}
    style = _STYLE | {"button_width": "auto"}
    return {name: widgets.ToggleButtons(**given, style=style, layout=_layout(width="max-content", max_width="100%"))}


def switch(label: str, value: bool) -> widgets.Checkbox:
    """On or off."""
    layout = _layout(width="max-content", max_width="100%")
    return widgets.Checkbox(value=value, description=label, indent=False, style=_STYLE, layout=layout)


def column(controls: Sequence[widgets.Widget]) -> widgets.VBox:
    """Controls one below the other; a column goes below the one before it where the window is narrow."""
    return widgets.VBox(list(controls), layout=widgets.Layout(flex="1 1 20em", max_width="27em"))


def fold(label: str, columns: Sequence[widgets.Widget]) -> tuple[widgets.ToggleButton, widgets.Box]:
    """A button, and a box that it opens and closes. Nothing in the box is lost when it is closed."""
    button = widgets.ToggleButton(description=f"{label} ▸", layout=widgets.Layout(width="auto"))
    box = widgets.Box(list(columns), layout=widgets.Layout(flex_flow="row wrap", width="100%", display="none"))
    box.add_class("cu-fold")

    def turn(change: Mapping[str, Any]) -> None:
        button.description = f"{label} {'▾' if change['new'] else '▸'}"
        box.layout.display = None if change["new"] else "none"

    button.observe(turn, names="value")
    return button, box


def _slider(setting: Setting, label: str, value: int) -> widgets.IntSlider:
    return widgets.IntSlider(
        value=value,
        min=setting.low,
        max=setting.high,
        description=label,
        continuous_update=True,
        style=_STYLE,
        layout=_layout(width="100%", max_width="24em"),
    )


def _layout(**more: str) -> widgets.Layout:
    return widgets.Layout(margin="2px 1em 2px 0", **more)
