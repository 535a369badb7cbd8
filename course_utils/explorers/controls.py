"""The controls of the explorers: ipywidgets with a name, limits, and a layout that wraps in a narrow window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets

#: Added to the name of a size: its second slider, which is the width where height and width are apart.
WIDTH = "_width"
_MARGIN = "2px 1em 2px 0"


def sizes(name: str, label: str, value: int | tuple[int, int], low: int, high: int) -> dict[str, widgets.IntSlider]:
    """Two sliders for one size: the side of a square or the height, and the width.

    Raises:
        ValueError: if the first value is outside the limits, naming them.
    """
    height, width = value if isinstance(value, tuple) and len(value) == 2 else (value, value)
    for number in (height, width):
        _check_limits(name, number, value, low, high)
    return {name: slider(label, height, low, high), name + WIDTH: slider(f"{label}, width", width, low, high)}


def whole(name: str, label: str, value: int, low: int, high: int) -> widgets.IntSlider:
    """One slider that starts at one number.

    Raises:
        ValueError: if it is outside the limits, naming them.
    """
    _check_limits(name, value, value, low, high)
    return slider(label, value, low, high)


def slider(label: str, value: int, low: int, high: int) -> widgets.IntSlider:
    """A slider over whole numbers."""
    return widgets.IntSlider(
        value=value,
        min=low,
        max=high,
        description=label,
        continuous_update=True,
        style={"description_width": "initial"},
        layout=widgets.Layout(width="100%", max_width="24em", margin=_MARGIN),
    )


def choice(name: str, label: str, value: Any, options: Mapping[Any, str]) -> widgets.ToggleButtons:
    """Buttons of which one is pressed. ``options``: value → what the button says."""
    return widgets.ToggleButtons(
        **_options(name, label, value, options),
        style={"description_width": "initial", "button_width": "auto"},
        layout=widgets.Layout(width="max-content", max_width="100%", margin=_MARGIN),
    )


def dropdown(name: str, label: str, value: Any, options: Mapping[Any, str]) -> widgets.Dropdown:
    """A list of which one is chosen. ``options``: value → what the line says."""
    return widgets.Dropdown(
        **_options(name, label, value, options),
        style={"description_width": "initial"},
        layout=widgets.Layout(width="100%", max_width="19em", margin=_MARGIN),
    )


def switch(name: str, label: str, value: bool) -> widgets.Checkbox:
    """On or off."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} is True or False; you gave {value!r}.")
    return widgets.Checkbox(
        value=value,
        description=label,
        indent=False,
        style={"description_width": "initial"},
        layout=widgets.Layout(width="max-content", max_width="100%", margin=_MARGIN),
    )


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


def _check_limits(name: str, number: object, value: object, low: int, high: int) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        raise ValueError(f"{name} goes from {low} to {high}; you gave {value!r}.")


def _options(name: str, label: str, value: Any, options: Mapping[Any, str]) -> dict[str, Any]:
    # By type too: True is no stride of 1.
    if not any(type(value) is type(option) and value == option for option in options):
        raise ValueError(f"{name} is one of {', '.join(map(repr, options))}; you gave {value!r}.")
    return {"value": value, "options": [(text, key) for key, text in options.items()], "description": label}
