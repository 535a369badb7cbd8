"""What an explorer can be set to, declared once and as plain data: names, labels, limits, defaults and their words.

A subclass of ``Settings`` is a frozen dataclass with a field for each setting, made by ``setting``. From these fields
come the signature and the docstring of the public function, the limits, and the controls.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields, replace
from functools import cache, cached_property
from typing import Any, Literal, Protocol, TypeVar, dataclass_transform, runtime_checkable

from course_utils.explorers.frame import RUN_JUST_NOW, Frame, Question

C = TypeVar("C")

#: Added to the name of a size: its second control, which is the width where height and width are apart.
WIDTH = "_width"
#: The name of the control that sets them apart.
APART = "apart"

#: What a docstring says of the predictions that come first.
AFTER = (
    "the prediction that this answers, for example ``lesson.places``, or a list of several: the answer is held back "
    "until it is committed."
)

#: What it says of the formula.
FORMULA = (
    "False leaves it out of the first line, where the learner is to find it; it is still among the three answers, "
    "which are folded."
)

#: A size: one number for a square, height and width where they are apart.
Size = int | tuple[int, int]
#: A whole number, or height and width; a whole number; one of several, as buttons or as a list; on or off.
Kind = Literal["size", "number", "buttons", "list", "switch"]


@dataclass(frozen=True)
class Setting:
    """One setting: all that its control, its limits and its line in a docstring are made of.

    Attributes:
        name: the name of the argument.
        label: what stands beside the control.
        kind: what control it has.
        default: its value where none is given. If this is None, None may be given too.
        low: the smallest number.
        high: the largest number.
        options: what it may be, and what the control says for each.
        about: its line in the docstring, in which ``{range}`` and ``{options}`` are filled in.
        instead: what the control is set to for None; where it is None too, there is no control.
        place: where its control stands among the others; None for the order of the arguments.
        more: whether its control is folded away, as long as it starts at its default.
    """

    name: str
    label: str
    kind: Kind
    default: Any = None
    low: int = 0
    high: int = 0
    options: Mapping[Any, str] = field(default_factory=dict)
    about: str = ""
    instead: Any = None
    place: int | None = None
    more: bool = False

    def check(self, value: object) -> None:
        """Raise ValueError for a value outside the limits, naming them."""
        if self.kind == "switch":
            fits, limits = isinstance(value, bool), "is True or False"
        elif self.options:
            # By type too: True is no stride of 1.
            fits = any(type(value) is type(option) and value == option for option in self.options)
            limits = f"is one of {', '.join(map(repr, self.options))}"
        else:
            numbers = value if self.kind == "size" and isinstance(value, tuple) and len(value) == 2 else (value,)
            fits = all(type(number) is int and self.low <= number <= self.high for number in numbers)
            limits = f"goes from {self.low} to {self.high}"
        if not fits:
            raise ValueError(f"{self.name} {limits}; you gave {value!r}.")

    @property
    def line(self) -> str:
        """Its line in a docstring."""
        *most, last = [f'``"{option}"``' for option in self.options] or [""]
        options = f"{', '.join(most)} or {last}" if most else last
        return self.about.format(range=f"{self.low} to {self.high}", options=options)


@dataclass(frozen=True)
class Control:
    """One control as plain data: what a page needs to draw it, with or without a kernel.

    Attributes:
        name: of the setting; for the width of a size with ``WIDTH`` added, for the switch of both ``APART``.
        label: what stands beside it.
        kind: ``"number"`` (a slider), ``"buttons"``, ``"list"`` or ``"switch"``.
        value: where it starts: the number, which of the options, counted from 0, or on and off.
        low: the smallest number.
        high: the largest number.
        options: what it says for each option.
        more: whether it is folded away.
    """

    name: str
    label: str
    kind: Kind
    value: int
    low: int = 0
    high: int = 0
    options: tuple[str, ...] = ()
    more: bool = False

    @property
    def values(self) -> range:
        """All values that it can have."""
        if self.kind == "number":
            return range(self.low, self.high + 1)
        return range(2 if self.kind == "switch" else len(self.options))

    def for_view(self) -> dict[str, Any]:
        """The control as JSON."""
        return {**vars(self), "options": list(self.options)}


def setting(label: str, kind: Kind, default: Any, about: str, **more: Any) -> Any:
    """A field of ``Settings``. ``more``: the other fields of ``Setting``, but for the name, which it gets itself."""
    made = Setting("", label, kind, default, about=about, **more)
    return field(default=default, metadata={"setting": made})


@dataclass_transform(frozen_default=True)
def declare(settings: type[C]) -> type[C]:
    """Make a class of settings: a frozen dataclass."""
    return dataclass(frozen=True)(settings)


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


@runtime_checkable
class Prediction(Protocol):
    """What an explorer needs to know of a prediction that it stands below; ``exercises/predictions.py`` has them."""

    def told(self) -> Sequence[tuple[str, int | str, int | str, str]]:
        """What was asked for, predicted, and found, and a sign for whether they agree; empty until it is committed."""

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have this called whenever an answer is committed or taken back."""


@dataclass(frozen=True)
class Settings(ABC):
    """What one explorer is set to. The docstring of a subclass is the first line of that of its public function.

    Raises:
        ValueError: for a setting outside its limits, naming them.
    """

    _: KW_ONLY
    #: Not settings of the picture: large type, and the answer is held back until it is revealed.
    presenter: bool = False
    #: The predictions, one or several, until whose commitment the answer is held back.
    after: Prediction | Sequence[Prediction] = ()
    #: Whether the first line is the formula, or the size alone.
    formula: bool = True

    def __post_init__(self) -> None:
        if not all(isinstance(one, Prediction) for one in self.predictions):
            raise ValueError(f"after is a prediction, such as lesson.places, or several; you gave {self.after!r}.")
        for declared in self.declared():
            value = self.given()[declared.name]
            if declared.instead is not None and value == declared.instead:
                object.__setattr__(self, declared.name, None)
            elif value is not None or declared.default is not None:
                declared.check(value)

    @property
    def predictions(self) -> Sequence[Prediction]:
        """The predictions that come first."""
        return self.after if isinstance(self.after, Sequence) else (self.after,)

    @classmethod
    @cache
    def declared(cls) -> tuple[Setting, ...]:
        """Every setting that has a control, in the order of the controls."""
        by_name = {f.name: replace(f.metadata["setting"], name=f.name) for f in fields(cls) if f.metadata}
        found = [by_name[name] for name in inspect.signature(cls).parameters if name in by_name]
        for moved in [s for s in found if s.place is not None]:
            found.remove(moved)
            found.insert(moved.place or 0, moved)
        return tuple(found)

    def given(self) -> Mapping[str, Any]:
        """The settings by their names."""
        return vars(self)

    def changed(self, **values: Any) -> Settings:
        """The same but for these settings."""
        return replace(self, **values)

    @classmethod
    def docstring(cls) -> str:
        """The docstring of the public function."""
        lines = {s.name: s.line for s in cls.declared()}
        lines["presenter"] = "large type, and the answer is held back until it is revealed."
        lines |= {"after": AFTER, "formula": FORMULA}
        text = [" ".join((cls.__doc__ or "").split()), "", "Args:"]
        for name in inspect.signature(cls).parameters:
            # No line ends inside a value.
            whole = re.sub("``.*?``", lambda value: value[0].replace(" ", "\N{NO-BREAK SPACE}"), lines[name])
            line = textwrap.fill(f"{name}: {whole}", 114, initial_indent=" " * 4, subsequent_indent=" " * 8)
            text.append(line.replace("\N{NO-BREAK SPACE}", " "))
        return "\n".join([*text, "", "Raises:", "    ValueError: for a setting outside those limits, naming them."])

    def controls(self) -> list[Control]:
        """The controls, set to these settings; two for a size, and a switch that sets height and width apart."""
        found, pairs, given = [], [], self.given()
        for declared in self.declared():
            value = given[declared.name]
            more = declared.more and value == declared.default
            value = declared.instead if value is None else value
            common: dict[str, Any] = {"low": declared.low, "high": declared.high, "more": more}
            if value is None:
                continue
            if declared.kind == "size":
                pairs.append(value if isinstance(value, tuple) else (value, value))
                found.append(Control(declared.name, declared.label, "number", pairs[-1][0], **common))
                found.append(
                    Control(declared.name + WIDTH, f"{declared.label}, width", "number", pairs[-1][1], **common)
                )
            elif declared.options:
                at, words = list(declared.options).index(value), tuple(declared.options.values())
                found.append(Control(declared.name, declared.label, declared.kind, at, options=words, more=more))
            else:
                found.append(Control(declared.name, declared.label, declared.kind, value, **common))
        if pairs:
            apart = any(height != width for height, width in pairs)
            found.append(Control(APART, "height and width apart", "switch", apart, more=not apart))
        return found

    def chosen(self, values: Mapping[str, int]) -> dict[str, Any]:
        """What these values of all controls stand for, by name: see ``Control.value``."""
        chosen: dict[str, Any] = {}
        for declared in self.declared():
            if declared.name not in values:
                continue
            value = values[declared.name]
            if declared.options:
                chosen[declared.name] = list(declared.options)[value]
            elif declared.kind == "size" and values.get(APART):
                chosen[declared.name] = (value, values[declared.name + WIDTH])
            else:
                chosen[declared.name] = bool(value) if declared.kind == "switch" else value
        return chosen

    def view(self, values: Mapping[str, int], invitation: str = "", source: str = RUN_JUST_NOW) -> View:
        """What a page shows at these values of all controls; as ``frame``, a pure function of them.

        Args:
            values: by name: see ``Control.value``.
            invitation: what to do to see the answer, while it is held back; empty where it is shown.
            source: as in ``Frame.for_view``.
        """
        settings = self.changed(**self.chosen(values))
        links = settings.links()
        hidden = {
            n for n in values if n.removesuffix(WIDTH) in links.hidden or (n.endswith(WIDTH) and not values[APART])
        }
        held = {n: links.held[base] for n in values if (base := n.removesuffix(WIDTH)) in links.held}
        # While the answer is held back, nothing says that there is none.
        about = {why: name for name, why in reversed(held.items())}
        notes = list(dict.fromkeys([*held.values(), *(() if invitation else links.notes)]))
        shown = replace(settings.question(), invitation=invitation) if invitation else settings.frame()
        told = shown.for_view(source) if isinstance(shown, Frame) else shown.for_view()
        linked = {"at": list(values.values()), "hidden": sorted(hidden), "held": sorted(held)}
        linked |= {"notes": notes, "about": [about.get(note, "") for note in notes]}
        return View(settings, shown, told | linked)

    @abstractmethod
    def frame(self) -> Frame:
        """What is shown at these settings: the same for the same settings, whatever was shown before."""

    def question(self) -> Question:
        """What is shown of it while the answer is held back."""
        return self.frame().question

    def links(self) -> Links:
        """Which controls these settings hide or hold; as a rule, none."""
        return Links()


@dataclass(frozen=True)
class View:
    """What a page shows at some setting.

    Attributes:
        settings: what is set.
        shown: the frame, or its question while the answer is held back.
        data: what is shown, as JSON, with the values of the controls it belongs to (``at``), and which of them are
            ``hidden`` or ``held`` and why (``notes``, and for each the control that it is ``about``).
    """

    settings: Settings
    shown: Frame | Question
    data: dict[str, Any]

    @cached_property
    def frame(self) -> Frame:
        """All that there is to see; the real layer is run for it, if it was not."""
        return self.shown if isinstance(self.shown, Frame) else self.settings.frame()
