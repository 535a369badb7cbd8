"""The sizes along a chain of layers, and those of other inputs, as plain data: ``explorers/static/view.js`` draws them.

The tape is drawn to scale: one square for the input and one after each layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

#: What a layer did to the size. ``loss``: cells went that nothing brings back, or a size was rounded. ``stop``: nothing
#: comes out, and what is behind is ``unreached``. ``unknown``: it is not told.
Mark = Literal["input", "keep", "shrink", "loss", "grow", "stop", "unreached", "unknown"]
_SIGNS: dict[str, str] = {"keep": "=", "shrink": "÷", "loss": "▼", "grow": "×", "stop": "⊘"}
#: What is said in place of the size, where there is no size.
_NOTHING = {"stop": "no output", "unreached": "not reached", "unknown": "?"}


@dataclass(frozen=True)
class Step:
    """One square of the tape.

    Attributes:
        name: what made it: ``"6 MaxPooling2D"``.
        size: cells on each side; None for the last three marks.
        setting: how the layer was set, in a few words.
        note: what happened to the size, in a few words.
        mark: what happened to the size; decides sign and colour.
        wanted: the size it should have: drawn as a dashed square, the difference hatched. None for no such size.
        begins: a title, where a new row of the tape begins here.
        lines: the arithmetic of the layer, for the list that opens; none where the chain ended before.
    """

    name: str
    size: int | None
    setting: str = ""
    note: str = ""
    mark: Mark = "keep"
    wanted: int | None = None
    begins: str = ""
    lines: tuple[str, ...] = ()

    @property
    def size_text(self) -> str:
        """The size, or what is said in its place."""
        return _NOTHING[self.mark] if self.size is None else f"{self.size} × {self.size}"

    @property
    def verdict(self) -> str:
        """How the size compares with the one wanted, in words."""
        if self.size is None or self.wanted is None:
            return ""
        gap = self.size - self.wanted
        return f"{self.wanted} wanted" + (f", {abs(gap)} too {'many' if gap > 0 else 'few'}" if gap else " ✓")

    @property
    def said(self) -> str:
        """The note with its sign."""
        return f"{_SIGNS[self.mark]} {self.note}" if self.note and self.mark in _SIGNS else self.note

    def for_view(self) -> dict[str, Any]:
        """The square as JSON."""
        told = {"size_text": self.size_text, "verdict": self.verdict, "said": self.said, "lines": list(self.lines)}
        known = {"note", "size" if self.size is None else "size_text"}
        return {name: value for name, value in (vars(self) | told).items() if value and name not in known}


@dataclass(frozen=True)
class Strip:
    """What comes out for each of many sizes.

    Attributes:
        caption: the line above it.
        entries: the size that goes in, what is said of it, and whether it comes back.
        now: the size whose entry is framed, if it is one of them.
        below: the line below it.
    """

    caption: str
    entries: tuple[tuple[int, str, bool], ...]
    now: int | None
    below: str = ""

    def for_view(self) -> dict[str, Any]:
        """The strip as JSON."""
        return {**vars(self), "entries": [list(entry) for entry in self.entries]}


def rows(steps: Sequence[Step]) -> list[Sequence[Step]]:
    """The steps, cut where a row begins."""
    starts = [0, *(i for i, step in enumerate(steps) if step.begins and i), len(steps)]
    return [steps[a:b] for a, b in pairwise(starts)]
