"""What every explorer shares: controls above a picture, and a frame computed anew at each change."""

from __future__ import annotations

import base64
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, cast

import ipywidgets as widgets

from course_utils.explorers.controls import WIDTH, controls_for, switch
from course_utils.explorers.frame import Frame, Question
from course_utils.explorers.settings import Settings
from course_utils.explorers.view import GridView
from course_utils.guard import Guard
from course_utils.pictures import stills

P = ParamSpec("P")


def side_by_side(controls: Mapping[str, widgets.Widget], buttons: Sequence[widgets.Widget]) -> list[widgets.Widget]:
    """All controls in one box that wraps, the buttons last."""
    return [*controls.values(), *buttons]


class Explorer(widgets.VBox):  # type: ignore[misc]
    """Controls, and the picture of what they are set to.

    Where there is a size, a switch lets height and width be set apart; the setting is then a pair.

    Args:
        name: what it explores, for example ``"padding"``.
        start: where the controls start.
        presets: what a button says → the settings it sets, all at once.
        arrange: where there are many controls: puts the controls and the buttons into the boxes above the picture.

    Attributes:
        frame: the ``Frame`` of the settings.
        shown: what is on show: the frame, or its ``Question`` while the answer is held back.
    """

    def __init__(
        self,
        name: str,
        start: Settings,
        presets: Mapping[str, Mapping[str, Any]] | None = None,
        arrange: Callable[
            [Mapping[str, widgets.Widget], Sequence[widgets.Widget]], Sequence[widgets.Widget]
        ] = side_by_side,
    ) -> None:
        self.name = name
        self.start = start
        self.presenter = start.presenter
        self.controls: dict[str, widgets.Widget] = {}
        for setting in start.declared():
            self.controls |= controls_for(setting, start.given()[setting.name])
        self._waiting = False
        self.view = GridView()
        self.guard = Guard()
        self._add_switch()
        self._start = {name: control.value for name, control in self.controls.items()}
        self.presets = {label: self._button(label, values) for label, values in (presets or {}).items()}
        self.reset = self._button("Reset", self._start)
        self.reveal = widgets.ToggleButton(description="Reveal the answer", layout=widgets.Layout(width="auto"))
        buttons = [*self.presets.values(), *([self.reveal] if self.presenter else []), self.reset]
        self._panel = widgets.Box(arrange(self.controls, buttons), layout=widgets.Layout(flex_flow="row wrap"))
        self._panel.add_class("cu-controls")
        self.frame = self._at_controls().frame()
        self._show()
        for control in self.controls.values():
            control.observe(self._on_change, names="value")
        self.reveal.observe(self._on_reveal, names="value")
        super().__init__([self._panel, self.view, self.guard])
        if self.presenter:
            self.add_class("cu-presenter")

    def _add_switch(self) -> None:
        pairs = [name for name in self.controls if name + WIDTH in self.controls]
        if pairs:
            apart = any(self.controls[name].value != self.controls[name + WIDTH].value for name in pairs)
            self.controls["apart"] = switch("height and width apart", apart)
        self._labels = {name: self.controls[name].description for name in pairs}

    @property
    def settings(self) -> dict[str, Any]:
        """What the controls are set to; a size is a number, or height and width where they are apart."""
        values = {name: control.value for name, control in self.controls.items()}
        apart = values.pop("apart", False)
        for name in self._labels:
            width = values.pop(name + WIDTH)
            if apart:
                values[name] = (values[name], width)
        return values

    def _at_controls(self) -> Settings:
        return self.start.changed(**self.settings)

    @property
    def shown(self) -> Frame | Question:
        """What is on show."""
        return self.frame.question if self.presenter and not self.reveal.value else self.frame

    def _on_change(self, change: Mapping[str, Any]) -> None:
        if self._waiting:
            return
        if change.get("owner") is self.controls.get("apart") and change["new"]:
            self._change_together({name + WIDTH: self.controls[name].value for name in self._labels})
        self._redraw()

    def _redraw(self) -> None:
        # Jupyter shows nothing of an error in a callback, so it is shown in the explorer itself.
        try:
            self.frame = self._at_controls().frame()
        except Exception as error:
            self.view.problem = (
                f"This setting could not be drawn: {type(error).__name__}: {error} Your settings are kept and the "
                "picture is the one before. Move a control to go on; if it happens again, please report it."
            )
            return
        self._change_together({}, reveal=False)
        self._show()

    def _button(self, label: str, values: Mapping[str, Any]) -> widgets.Button:
        """A button that sets controls, all at once."""
        button = widgets.Button(description=label, layout=widgets.Layout(width="auto"))

        def set_all(_: object) -> None:
            self._change_together(values)
            self._redraw()

        button.on_click(set_all)
        return button

    def _on_reveal(self, _: object) -> None:
        if not self._waiting:
            self._show()

    def _change_together(self, values: Mapping[str, Any], reveal: bool | None = None) -> None:
        """Set controls without a picture for each."""
        self._waiting = True
        try:
            for name, value in values.items():
                self.controls[name].value = value
            if reveal is not None:
                self.reveal.value = reveal
        finally:
            self._waiting = False

    def _show(self) -> None:
        shown = self.shown
        notes = self._apply_links()
        self.reveal.description = "Hide the answer" if self.reveal.value else "Reveal the answer"
        with self.view.hold_sync():
            self.view.problem = ""
            self.view.notes = notes
            self.view.frame = shown.for_view()
        self.guard.say = " ".join([shown.announcement, *notes])

    def _apply_links(self) -> list[str]:
        """Hide and hold what the settings hide and hold, and return why."""
        links = self._at_controls().links()
        apart = "apart" in self.controls and self.controls["apart"].value
        for name, control in self.controls.items():
            base = name.removesuffix(WIDTH)
            hidden = base in links.hidden or (base != name and not apart)
            control.layout.display = "none" if hidden else None
            if hasattr(control, "disabled"):
                control.disabled = base in links.held
            if name in self._labels:
                control.description = f"{self._labels[name]}, height" if apart else self._labels[name]
        # While the answer is held back, nothing says that there is none.
        notes = () if isinstance(self.shown, Question) else links.notes
        return list(dict.fromkeys([*links.held.values(), *notes]))

    #: ipywidgets 7 would show the box by this instead, without the still.
    _ipython_display_ = None

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The live widget, and a still with its description for a reader without a kernel."""
        shown = self.shown
        still = stills.png(shown.grids, shown.text.split("\n"), shown.photos, shown.tape)
        data, metadata = self.guard.bundle(self, shown.text)
        data["image/png"] = base64.b64encode(still).decode()
        return data, {**metadata, "image/png": {"alt": shown.text}}


def explorer(name: str, settings: Callable[P, Settings]) -> Callable[P, Explorer]:
    """The public function of an explorer, with the signature and the docstring that its settings declare.

    Args:
        name: of the function, for example ``"padding"``.
        settings: a subclass of ``Settings``.
    """
    made = cast("type[Settings]", settings)
    arguments = inspect.signature(made).parameters.values()
    usual = [argument.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for argument in arguments]
    signature = inspect.Signature(usual, return_annotation="Explorer")

    def explore(*args: P.args, **kwargs: P.kwargs) -> Explorer:
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise TypeError(f"{name}() {error}") from None
        return Explorer(name, made(**given))

    documented = {
        "__name__": name,
        "__qualname__": name,
        "__module__": made.__module__,
        "__doc__": made.docstring(),
        "__signature__": signature,
        # Where Jupyter's "?" and "??" find the file and the source.
        "__wrapped__": made,
    }
    for attribute, value in documented.items():
        setattr(explore, attribute, value)
    return explore
