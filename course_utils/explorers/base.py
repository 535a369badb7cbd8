"""What every explorer shares: controls above a picture, and a frame computed anew at each change.

A frame is a pure function of the settings. So after each change the kernel also computes, when nothing else asks for
it, the frames of the moved control's neighbours, and sends them ahead: the page shows such a frame the moment the
control moves, and the kernel's own run for exactly that setting confirms it.

Keras takes seconds to load. Until then an explorer in a kernel shows frames that were recorded, and says so; as soon as
Keras is there, it runs the real layer for what is shown, which confirms it likewise.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, cast

import ipywidgets as widgets

from course_utils.explorers.controls import fold, trait_of, widget_for
from course_utils.explorers.frame import EVERYONE_PREDICTS, PREDICT_FIRST, Frame, Question
from course_utils.explorers.recording import recording_of
from course_utils.explorers.settings import APART, WIDTH, Settings, View
from course_utils.explorers.view import joined_view
from course_utils.guard import Guard
from course_utils.keras_layers import keras_is_loaded, load_keras
from course_utils.pictures import stills

P = ParamSpec("P")
#: Seconds that the kernel is left to whatever else it is asked, before each frame that it computes ahead.
_PAUSE = 0.004


class Explorer(widgets.VBox):  # type: ignore[misc]
    """Controls, and the picture of what they are set to.

    Where there is a size, a switch lets height and width be set apart; the setting is then a pair.

    Args:
        start: where the controls start.
        presets: what a button says → the settings it sets, all at once.
        recorded: the name of its recording, if there is one.
    """

    def __init__(
        self, start: Settings, presets: Mapping[str, Mapping[str, Any]] | None = None, recorded: str = ""
    ) -> None:
        self.start = start
        self.presenter = start.presenter
        self._predictions = () if self.presenter else start.predictions  # a class answers aloud
        self._declared = {control.name: control for control in start.controls()}
        options = {setting.name: list(setting.options) for setting in start.declared()}
        self.controls = {n: widget_for(c, options.get(n, [])) for n, c in self._declared.items()}
        self._labels = {n: c.label for n, c in self._declared.items() if n + WIDTH in self._declared}
        self._waiting = False
        self._ahead: asyncio.Task[None] | None = None
        self._recording = recording_of(recorded) if recorded and _kernel() and not keras_is_loaded() else None
        self.guard = Guard()
        self.view = joined_view(list(self._declared.values()), self.controls)
        self.view.formula = start.formula
        self._start = {n: control.value for n, control in self.controls.items()}
        self.presets = {label: self._button(label, values) for label, values in (presets or {}).items()}
        self.reset = self._button("Reset", self._start)
        self.reveal = widgets.ToggleButton(layout=widgets.Layout(width="auto"))
        self._show()
        for control in self.controls.values():
            control.observe(self._on_change, names="value")
        self.reveal.observe(self._on_reveal, names="value")
        for prediction in self._predictions:
            prediction.on_change(self._redraw)
        self.view.on_msg(lambda _, content, buffers: self._look_ahead(content["near"]))
        self._panel = widgets.Box(self._arranged(), layout=widgets.Layout(flex_flow="row wrap"))
        self._panel.add_class("cu-controls")
        super().__init__([self._panel, self.view, self.guard])
        self.add_class("cu-explorer")
        if self.presenter:
            self.add_class("cu-presenter")
        if self._recording and (kernel := _kernel()):
            self._loading = kernel.create_task(self._take_over(kernel))

    def _arranged(self) -> list[widgets.Widget]:
        """The controls that matter and the buttons; the others behind a button."""
        first, more = (
            [self.controls[n] for n, control in self._declared.items() if control.more == folded]
            for folded in (False, True)
        )
        opener, box = fold("More settings", more)
        reveal = [self.reveal] if self.presenter or self._predictions else []
        buttons = [*self.presets.values(), *reveal, self.reset]
        return [*first, *buttons, *([opener, box] if more else [])]

    def _values(self) -> dict[str, int]:
        """What the controls are set to, as the page has it: ``Control.value`` of each."""
        return {n: getattr(self.controls[n], trait_of(control)) for n, control in self._declared.items()}

    @property
    def settings(self) -> dict[str, Any]:
        """What the controls are set to; a size is a number, or height and width where they are apart."""
        return self.start.chosen(self._values())

    def _on_change(self, change: Mapping[str, Any]) -> None:
        if self._waiting:
            return
        moved = next(n for n, control in self.controls.items() if control is change["owner"])
        if moved == APART and change["new"]:
            self._change_together({n + WIDTH: self.controls[n].value for n in self._labels})
        self._redraw()
        self._look_ahead(moved)

    def _redraw(self) -> None:
        # Jupyter shows nothing of an error in a callback, so it is shown in the explorer itself.
        if self.presenter:
            self._change_together({}, reveal=False)
        self._show_or_say()

    def _show_or_say(self) -> None:
        try:
            self._show()
        except Exception as error:
            self.view.problem = (
                f"This setting could not be drawn: {type(error).__name__}: {error} Your settings are kept and the "
                "picture is the one before. Move a control to go on; if it happens again, please report it."
            )

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
            for n, value in values.items():
                self.controls[n].value = value
            if reveal is not None:
                self.reveal.value = reveal
        finally:
            self._waiting = False

    def _invitation(self, revealed: bool) -> str:
        """What is said while the answer is held back; empty where it is shown."""
        if self.presenter:
            return "" if revealed else EVERYONE_PREDICTS
        waits = self._predictions and not self.view.predicted
        return PREDICT_FIRST if waits and not revealed else ""

    def _show(self) -> None:
        """Run the real layer for what is set, and show what comes of it."""
        told = [prediction.told() for prediction in self._predictions]
        self.view.predicted = [row for rows in told for row in rows] if all(told) else []
        now = self._now = self._view(self._values(), self._invitation(self.reveal.value))
        with self.view.hold_sync():
            self.view.problem = ""
            self.view.frame = now.data
        self._apply_links(now.data["hidden"], now.data["held"])
        words = ("Reveal the answer", "Hide the answer") if self.presenter else ("Show it", "Hide it")
        self.reveal.description = words[self.reveal.value]
        self.reveal.layout.display = "none" if self.view.predicted else None

    def _apply_links(self, hidden: list[str], held: list[str]) -> None:
        """Hide and hold what the settings hide and hold."""
        apart = APART in self.controls and self.controls[APART].value
        for n, control in self.controls.items():
            control.layout.display = "none" if n in hidden else None
            if hasattr(control, "disabled"):
                control.disabled = n in held
        for n, label in self._labels.items():
            self.controls[n].description = f"{label}, height" if apart else label

    @property
    def shown(self) -> Frame | Question:
        """What is on show: the frame, or its ``Question`` while the answer is held back."""
        return self._now.shown

    @property
    def frame(self) -> Frame:
        """The ``Frame`` of the settings."""
        return self._view(self._values(), "").frame if self._recording else self._now.frame

    # -- before Keras is loaded

    def _view(self, values: Mapping[str, int], invitation: str) -> View:
        """What is shown at these values of the controls: computed now, or recorded, while Keras is being loaded."""
        data = self._recording.frame(values) if self._recording and not invitation else None
        if data is None:
            return self.start.view(values, invitation)
        settings = self.start.changed(**self.start.chosen(values))
        return View(settings, Frame.from_view(data, settings.question()), data)

    async def _take_over(self, kernel: asyncio.AbstractEventLoop) -> None:
        """Load Keras beside whatever else the kernel is asked, and then run the real layer for what is shown."""
        with contextlib.suppress(Exception):  # whatever is wrong with Keras is told in the explorer, when it is asked
            await kernel.run_in_executor(None, load_keras)
        self._recording = None
        self._show_or_say()

    # -- ahead of the learner

    def _look_ahead(self, moved: str) -> None:
        """Have the neighbours of a control computed as soon as nothing else is asked of the kernel."""
        if self._ahead is not None:
            self._ahead.cancel()
        if kernel := _kernel():
            self._ahead = kernel.create_task(self._send_neighbours(moved))

    async def _send_neighbours(self, moved: str) -> None:
        values = self._values()
        # The next setting is a new question to a class.
        invitation = self._invitation(self.reveal.value and not self.presenter)
        for step in (1, -1):
            value = values[moved] + step
            if value in self._declared[moved].values:
                await asyncio.sleep(_PAUSE)
                try:
                    self.view.ahead = self._view(values | {moved: value}, invitation).data
                except Exception:
                    return  # whoever goes there is told

    #: ipywidgets 7 would show the box by this instead, without the still.
    _ipython_display_ = None

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The live widget, and a still with its description for a reader without a kernel, who cannot predict."""
        shown = self.shown if self.presenter else self.frame
        still = stills.png(shown.grids, shown.text.split("\n"), shown.photos, shown.tape)
        data, metadata = self.guard.bundle(self, shown.text)
        data["image/png"] = base64.b64encode(still).decode()
        return data, {**metadata, "image/png": {"alt": shown.text}}


def _kernel() -> asyncio.AbstractEventLoop | None:
    """The loop of the kernel; None elsewhere, where there is no page to show anything."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


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
        return Explorer(made(**given), recorded=name)

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
