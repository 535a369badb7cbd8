"""What an explorer can be set to, declared once and as plain data: names, labels, limits, defaults and their words.

A subclass of ``Settings`` is a frozen dataclass with a field for each setting, made by ``setting``. From these fields
come the signature and the docstring of the public function, the limits, and the controls.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, fields, replace
from functools import cache
from typing import Any, Literal, TypeVar, dataclass_transform

from course_utils.explorers.frame import Frame

C = TypeVar("C")

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


@dataclass(frozen=True)
class Settings(ABC):
    """What one explorer is set to. The docstring of a subclass is the first line of that of its public function.

    Raises:
        ValueError: for a setting outside its limits, naming them.
    """

    _: KW_ONLY
    #: Not a setting of the picture: large type, and the answer is held back until it is revealed.
    presenter: bool = False

    def __post_init__(self) -> None:
        for declared in self.declared():
            value = self.given()[declared.name]
            if declared.instead is not None and value == declared.instead:
                object.__setattr__(self, declared.name, None)
            elif value is not None or declared.default is not None:
                declared.check(value)

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
        text = [" ".join((cls.__doc__ or "").split()), "", "Args:"]
        for name in inspect.signature(cls).parameters:
            # No line ends inside a value.
            whole = re.sub("``.*?``", lambda value: value[0].replace(" ", "\N{NO-BREAK SPACE}"), lines[name])
            line = textwrap.fill(f"{name}: {whole}", 114, initial_indent=" " * 4, subsequent_indent=" " * 8)
            text.append(line.replace("\N{NO-BREAK SPACE}", " "))
        return "\n".join([*text, "", "Raises:", "    ValueError: for a setting outside those limits, naming them."])

    @abstractmethod
    def frame(self) -> Frame:
        """What is shown at these settings: the same for the same settings, whatever was shown before."""

    def links(self) -> Links:
        """Which controls these settings hide or hold; as a rule, none."""
        return Links()
