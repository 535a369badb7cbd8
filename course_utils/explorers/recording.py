"""Frames that were recorded: what an explorer shows where no kernel runs. Needs neither Keras nor ipywidgets.

A recording holds ``View.data`` of many settings of one explorer. Frames that are neighbours have most of their parts in
common, so every part stands there once, and a frame is a row of numbers. ``python -m tools.record`` makes them.
"""

from __future__ import annotations

import base64
import gzip
import importlib.resources
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

FOLDER = importlib.resources.files("course_utils.explorers") / "recorded"


@dataclass(frozen=True)
class Recording:
    """The recorded frames of one explorer.

    Attributes:
        made_with: the versions: ``{"Keras": "3.15.1", …}``.
        names: of the controls, in the order of a key.
        free: which controls make no difference: control → its value → the names of the others.
        keys: of the frames, in their order.
        parts: field of a frame → everything that stands in that field in any frame, each once.
        rows: field → for each frame which of these parts it has: one, or where the field is a list, a list.
    """

    made_with: Mapping[str, str]
    names: Sequence[str]
    free: Mapping[str, Mapping[str, Sequence[str]]]
    keys: list[str] = field(default_factory=list)
    parts: dict[str, list[Any]] = field(default_factory=dict)
    rows: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Where its frames came from, as the page says it."""
        return f"recorded with Keras {self.made_with['Keras']}"

    @cached_property
    def _places(self) -> dict[str, int]:
        return {key: place for place, key in enumerate(self.keys)}

    def key(self, values: Mapping[str, int]) -> str:
        """The key of a frame: the values of the controls that make a difference there."""
        free = {n for name, by_value in self.free.items() for n in by_value.get(str(int(values[name])), ())}
        return ",".join("" if name in free else str(int(values[name])) for name in self.names)

    def frame(self, values: Mapping[str, int]) -> dict[str, Any] | None:
        """``View.data`` at these values of all controls; None where it was not recorded."""
        place = self._places.get(self.key(values))
        if place is None:
            return None
        found: dict[str, Any] = {}
        for name, parts in self.parts.items():
            row = self.rows[name][place]
            found[name] = [parts[n] for n in row] if isinstance(row, list) else parts[row]
        found["photos"] = [{**photo, "png": base64.b64decode(photo["png"])} for photo in found["photos"]]
        return {**found, "at": [values[name] for name in self.names], "source": self.source}


def stored(name: str) -> bytes:
    """The file of an explorer's recording, by the name of the explorer."""
    return (FOLDER / f"{name}.json.gz").read_bytes()


def recording(name: str) -> Recording:
    """The recording of an explorer."""
    return Recording(**json.loads(gzip.decompress(stored(name))))


def recording_of(name: str) -> Recording | None:
    """The recording of an explorer; None where it is missing or damaged, or there is none."""
    try:
        return recording(name)
    except (OSError, EOFError, ValueError, TypeError, zlib.error):
        return None


def places() -> dict[str, dict[str, Any]]:
    """Where lessons show explorers: ``"01_pad_the_border/s1-explore"`` → what is shown there.

    That is the name of the ``explorer``, whether its first line is the ``formula``, its ``controls`` as they start
    (``Control.for_view``), what its ``presets`` set them to, and which fields of a recorded frame stay empty there
    (``without``).
    """
    found: dict[str, dict[str, Any]] = json.loads((FOLDER / "places.json").read_text(encoding="utf-8"))
    return found
