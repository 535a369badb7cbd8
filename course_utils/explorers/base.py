"""What every explorer shares: controls above a picture, and a frame computed anew at each change."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets

from course_utils.explorers.frame import Frame
from course_utils.explorers.view import GridView
from course_utils.guard import Guard
from course_utils.pictures import stills


class Explorer(widgets.VBox):  # type: ignore[misc]
    """Controls, and the picture of what they are set to.

    Args:
        name: what it explores, for example ``"padding"``.
        controls: the ipywidgets by the name of the setting each one holds.
        draw: computes the frame from the settings; knows no widgets.

    Attributes:
        frame: the ``Frame`` on show.
    """

    def __init__(self, name: str, controls: Mapping[str, widgets.Widget], draw: Callable[..., Frame]) -> None:
        self.name = name
        self.controls = dict(controls)
        self._draw = draw
        self.view = GridView()
        self.guard = Guard()
        self.frame = draw(**self.settings)
        self._show()
        for control in self.controls.values():
            control.observe(self._on_change, names="value")
        panel = widgets.Box(list(self.controls.values()), layout=widgets.Layout(flex_flow="row wrap"))
        panel.add_class("cu-controls")
        super().__init__([panel, self.view, self.guard])

    @property
    def settings(self) -> dict[str, Any]:
        """What the controls are set to."""
        return {name: control.value for name, control in self.controls.items()}

    def _on_change(self, _: object) -> None:
        # Jupyter shows nothing of an error in a callback, so it is shown in the explorer itself.
        try:
            self.frame = self._draw(**self.settings)
        except Exception as error:
            self.view.problem = (
                f"This setting could not be drawn: {type(error).__name__}: {error} Your settings are kept and the "
                "picture is the one before. Move a control to go on; if it happens again, please report it."
            )
            return
        self._show()

    def _show(self) -> None:
        with self.view.hold_sync():
            self.view.problem = ""
            self.view.frame = self.frame.for_view()
        self.guard.say = f"{self.frame.summary} {self.frame.verdict}"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The live widget, and a still with its description for a reader without a kernel."""
        bundle = super()._repr_mimebundle_(**kwargs)
        bundle["text/plain"] = self.frame.text
        bundle["image/png"] = base64.b64encode(stills.png(self.frame.grids, self.frame.text.split("\n"))).decode()
        return bundle, {"image/png": {"alt": self.frame.text}}


def slider(name: str, label: str, value: int, low: int, high: int) -> widgets.IntSlider:
    """A slider over whole numbers. Raises ValueError with the limits if the first value is outside them."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} goes from {low} to {high}; you gave {value!r}.")
    return widgets.IntSlider(
        value=value,
        min=low,
        max=high,
        description=label,
        continuous_update=True,
        style={"description_width": "initial"},
        layout=widgets.Layout(width="100%", max_width="21em", margin="2px 1em 2px 0"),
    )


def choice(name: str, label: str, value: str, options: Mapping[str, str]) -> widgets.ToggleButtons:
    """Buttons of which one is pressed. ``options``: value → what the button says."""
    _check_choice(name, value, options)
    return widgets.ToggleButtons(
        value=value,
        options=[(text, key) for key, text in options.items()],
        description=label,
        style={"description_width": "initial", "button_width": "auto"},
        layout=widgets.Layout(width="max-content", max_width="100%", margin="2px 1em 2px 0"),
    )


def dropdown(name: str, label: str, value: str, options: Mapping[str, str]) -> widgets.Dropdown:
    """A list of which one is chosen. ``options``: value → what the line says."""
    _check_choice(name, value, options)
    return widgets.Dropdown(
        value=value,
        options=[(text, key) for key, text in options.items()],
        description=label,
        style={"description_width": "initial"},
        layout=widgets.Layout(width="100%", max_width="17em", margin="2px 1em 2px 0"),
    )


def _check_choice(name: str, value: str, options: Mapping[str, str]) -> None:
    if value not in options:
        raise ValueError(f"{name} is one of {', '.join(map(repr, options))}; you gave {value!r}.")
