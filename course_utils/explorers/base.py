"""What every explorer shares: controls above a picture, and a frame computed anew at each change."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ipywidgets as widgets

from course_utils.explorers.controls import WIDTH, switch
from course_utils.explorers.frame import Frame, Question
from course_utils.explorers.view import GridView
from course_utils.guard import Guard
from course_utils.pictures import stills


@dataclass(frozen=True)
class Links:
    """What one control means for the others at some setting.

    Attributes:
        hidden: controls that have no meaning here.
        held: controls that another one excludes: name → why, and how to free it. They stay in sight, greyed out.
        notes: why two controls do not go together where they are, and what to do; both stay free to be moved.
    """

    hidden: frozenset[str] = frozenset()
    held: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def no_links(settings: Mapping[str, Any]) -> Links:
    """Every control is free."""
    return Links()


def side_by_side(controls: Mapping[str, widgets.Widget], buttons: Sequence[widgets.Widget]) -> list[widgets.Widget]:
    """All controls in one box that wraps, the buttons last."""
    return [*controls.values(), *buttons]


class Explorer(widgets.VBox):  # type: ignore[misc]
    """Controls, and the picture of what they are set to.

    Args:
        name: what it explores, for example ``"padding"``.
        controls: the ipywidgets by the name of the setting each one holds. Where there is ``"n_width"`` beside
            ``"n"``, a switch lets height and width be set apart; the setting ``n`` is then a pair.
        draw: computes the frame from the settings; knows no widgets.
        links: which controls the settings hide or hold.
        presenter: large type for a projector, and the answer is held back until it is revealed.
        presets: what a button says → the settings it sets, all at once.
        arrange: where there are many controls: puts the controls and the buttons into the boxes above the picture.

    Attributes:
        frame: the ``Frame`` of the settings.
        shown: what is on show: the frame, or its ``Question`` while the answer is held back.
    """

    def __init__(
        self,
        name: str,
        controls: Mapping[str, widgets.Widget],
        draw: Callable[..., Frame],
        links: Callable[[Mapping[str, Any]], Links] = no_links,
        presenter: bool = False,
        presets: Mapping[str, Mapping[str, Any]] | None = None,
        arrange: Callable[
            [Mapping[str, widgets.Widget], Sequence[widgets.Widget]], Sequence[widgets.Widget]
        ] = side_by_side,
    ) -> None:
        self.name = name
        self.controls = dict(controls)
        self._draw = draw
        self._links = links
        self._waiting = False
        self.presenter = presenter
        self.view = GridView()
        self.guard = Guard()
        self._add_switch()
        self._start = {name: control.value for name, control in self.controls.items()}
        self.presets = {label: self._preset(label, values) for label, values in (presets or {}).items()}
        self.reset = widgets.Button(description="Reset", layout=widgets.Layout(width="auto"))
        self.reset.on_click(self._on_reset)
        self.reveal = widgets.ToggleButton(description="Reveal the answer", layout=widgets.Layout(width="auto"))
        buttons = [*self.presets.values(), *([self.reveal] if presenter else []), self.reset]
        self._panel = widgets.Box(arrange(self.controls, buttons), layout=widgets.Layout(flex_flow="row wrap"))
        self._panel.add_class("cu-controls")
        self.frame = draw(**self.settings)
        self._show()
        for control in self.controls.values():
            control.observe(self._on_change, names="value")
        self.reveal.observe(self._on_reveal, names="value")
        super().__init__([self._panel, self.view, self.guard])
        if presenter:
            self.add_class("cu-presenter")

    def _add_switch(self) -> None:
        pairs = [name for name in self.controls if name + WIDTH in self.controls]
        if pairs:
            apart = any(self.controls[name].value != self.controls[name + WIDTH].value for name in pairs)
            self.controls["apart"] = switch("apart", "height and width apart", apart)
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

    @property
    def shown(self) -> Frame | Question:
        """What is on show."""
        return Question(self.frame) if self.presenter and not self.reveal.value else self.frame

    def _on_change(self, change: Mapping[str, Any]) -> None:
        if self._waiting:
            return
        if change.get("owner") is self.controls.get("apart") and change["new"]:
            self._change_together({name + WIDTH: self.controls[name].value for name in self._labels})
        self._redraw()

    def _redraw(self) -> None:
        # Jupyter shows nothing of an error in a callback, so it is shown in the explorer itself.
        try:
            self.frame = self._draw(**self.settings)
        except Exception as error:
            self.view.problem = (
                f"This setting could not be drawn: {type(error).__name__}: {error} Your settings are kept and the "
                "picture is the one before. Move a control to go on; if it happens again, please report it."
            )
            return
        self._change_together({}, reveal=False)
        self._show()

    def _preset(self, label: str, values: Mapping[str, Any]) -> widgets.Button:
        button = widgets.Button(description=label, layout=widgets.Layout(width="auto"))

        def set_all(_: object) -> None:
            self._change_together(values)
            self._redraw()

        button.on_click(set_all)
        return button

    def _on_reset(self, _: object) -> None:
        self._change_together(self._start)
        self._redraw()

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
        self.guard.say = " ".join([shown.said, *notes])

    def _apply_links(self) -> list[str]:
        """Hide and hold what the settings hide and hold, and return why."""
        links = self._links(self.settings)
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
