"""Frames that were recorded: what an explorer shows where no kernel runs. Needs neither Keras nor ipywidgets.

A recording holds ``View.data`` of many settings of one explorer. Frames that are neighbours have most of their parts in
common, so every part stands there once, and a frame is a line of numbers. ``python -m tools.record`` makes them.
"""

from __future__ import annotations

import base64
import gzip
import importlib.resources
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FOLDER = importlib.resources.files("course_utils.explorers") / "recorded"
#: What belongs to the moment and not to the frame: the page adds it.
_NOT_RECORDED = "at", "source"


@dataclass(frozen=True)
class Recording:
    """The recorded frames of one explorer.

    Attributes:
        made_with: the versions: ``{"Keras": "3.15.1", …}``.
        names: of the controls, in the order of a key.
        free: which controls make no difference: control → its value → the names of the others.
        fields: of a frame, in the order of its line.
        parts: everything that frames are made of, each once.
        frames: key → for each field the number of its part, or a list of them.
    """

    made_with: Mapping[str, str]
    names: Sequence[str]
    free: Mapping[str, Mapping[str, Sequence[str]]]
    fields: list[str] = field(default_factory=list)
    parts: list[Any] = field(default_factory=list)
    frames: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Where its frames came from, as the page says it."""
        return f"recorded with Keras {self.made_with['Keras']}"

    def key(self, values: Mapping[str, int]) -> str:
        """The key of a frame: the values of the controls that make a difference there."""
        free = {n for name, by_value in self.free.items() for n in by_value.get(str(int(values[name])), ())}
        return ",".join("" if name in free else str(int(values[name])) for name in self.names)

    def frame(self, values: Mapping[str, int]) -> dict[str, Any] | None:
        """``View.data`` at these values of all controls; None where it was not recorded."""
        line = self.frames.get(self.key(values))
        if line is None:
            return None
        parts = ([self.parts[n] for n in entry] if isinstance(entry, list) else self.parts[entry] for entry in line)
        found = dict(zip(self.fields, parts, strict=True))
        found["photos"] = [{**photo, "png": base64.b64decode(photo["png"])} for photo in found["photos"]]
        return {**found, "at": [values[name] for name in self.names], "source": self.source}

    def as_bytes(self) -> bytes:
        """The file: JSON, compressed; the same recording is the same bytes."""
        text = json.dumps(vars(self), ensure_ascii=False, separators=(",", ":"))
        return gzip.compress(text.encode(), mtime=0)


class Recorder:
    """Takes frames into a recording."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._numbers: dict[str, int] = {}

    def take(self, key: str, data: Mapping[str, Any]) -> None:
        """Record ``View.data`` under its key."""
        kept = {name: value for name, value in data.items() if name not in _NOT_RECORDED}
        self.recording.fields[:] = self.recording.fields or list(kept)
        assert list(kept) == self.recording.fields, f"a frame with other fields: {list(kept)}"
        lines = ([self._part(one) for one in v] if isinstance(v, list) else self._part(v) for v in kept.values())
        self.recording.frames[key] = list(lines)

    def _part(self, value: Any) -> int:
        text = json.dumps(value, ensure_ascii=False, default=lambda png: base64.b64encode(png).decode())
        if text not in self._numbers:
            self._numbers[text] = len(self._numbers)
            self.recording.parts.append(json.loads(text))
        return self._numbers[text]


def stored(name: str) -> bytes:
    """The file of an explorer's recording, by the name of the explorer."""
    return (FOLDER / f"{name}.json.gz").read_bytes()


def recording(name: str) -> Recording:
    """The recording of an explorer."""
    return Recording(**json.loads(gzip.decompress(stored(name))))


def places() -> dict[str, dict[str, Any]]:
    """Where lessons show explorers: ``"01_pad_the_border/s1-explore"`` → what is shown there.

    That is the name of the ``explorer``, its ``controls`` as they start (``Control.for_view``), what its ``presets``
    set them to, and which fields of a recorded frame stay empty there (``without``).
    """
    found: dict[str, dict[str, Any]] = json.loads((FOLDER / "places.json").read_text(encoding="utf-8"))
    return found
