"""The learner's own record of predictions: one small file beside the notebooks, to be read, copied or deleted.

Nothing leaves the machine. Where the file cannot be read or written, answers are kept in memory and that is said;
a file that is not a record any more is put aside as ``.bak`` before a new one is begun, never overwritten.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

FILE = "my_predictions.json"
NOTE = "Your predictions in this course. They are in this file and nowhere else. Delete it to start afresh."

#: A number, or the option that was chosen.
Answer = int | str


@dataclass(frozen=True)
class Entry:
    """One committed prediction: what was said, what Keras gave, and when."""

    said: tuple[Answer, ...]
    came: tuple[Answer, ...]
    at: str


class _Damaged(ValueError):
    """The file is there and is not a record."""


@dataclass
class Record:
    """The record in one folder.

    Attributes:
        path: the file.
        trouble: a sentence for the learner if something is the matter with the file, or nothing.
    """

    path: Path
    trouble: str = ""
    #: What could not be written, with None for what could not be deleted. It goes before what the file says.
    _unwritten: dict[str, Entry | None] = field(default_factory=dict)

    def get(self, key: str) -> Entry | None:
        """The committed prediction of this name, if there is one."""
        if key in self._unwritten:
            return self._unwritten[key]
        return _entry(self._read().get(key))

    def put(self, key: str, entry: Entry) -> None:
        """Commit a prediction."""
        self._change(key, entry)

    def drop(self, key: str) -> None:
        """Forget a prediction."""
        self._change(key, None)

    def _read(self) -> dict[str, Any]:
        """What the file holds; nothing, with a sentence in ``trouble``, if it cannot be read."""
        self.trouble = ""
        try:
            return _load(self.path)
        except _Damaged as problem:
            self.trouble = (
                f"{FILE} is damaged ({problem}), so I cannot see your earlier predictions. "
                f"At your next answer I put it aside as {self._aside().name} and begin a new one."
            )
        except OSError as problem:
            self.trouble = f"{FILE} cannot be read ({_reason(problem)}), so I cannot see your earlier predictions."
        return {}

    def _change(self, key: str, entry: Entry | None) -> None:
        self._unwritten[key] = entry
        # Read again: another notebook may have written since.
        try:
            predictions, put_aside = self._predictions_on_disk()
            for name, change in self._unwritten.items():
                predictions.pop(name, None)
                if change is not None:
                    predictions[name] = asdict(change)
            _write(self.path, {"note": NOTE, "predictions": predictions})
        except OSError as problem:
            self.trouble = (
                f"{FILE} cannot be written ({_reason(problem)}). I keep your answer until this kernel is shut down."
            )
        else:
            self._unwritten.clear()
            self.trouble = put_aside

    def _predictions_on_disk(self) -> tuple[dict[str, Any], str]:
        """What the file holds; a damaged one is put aside first, and the sentence says so."""
        try:
            return _load(self.path), ""
        except _Damaged:
            aside = self._aside()
            self.path.replace(aside)
            return {}, f"The damaged {FILE} is now {aside.name}; a new one has been begun."

    def _aside(self) -> Path:
        """A name for a damaged file that is not taken yet."""
        names = (self.path.with_name(f"{self.path.name}.bak{number if number > 1 else ''}") for number in count(1))
        return next(name for name in names if not name.exists())


_records: dict[Path, Record] = {}


def record_here() -> Record:
    """The record in the kernel's working directory, which is the notebook's folder.

    The environment variable ``COURSE_PREDICTIONS`` names another folder; the tests of the lessons use it.
    """
    path = Path(os.environ.get("COURSE_PREDICTIONS") or Path.cwd()) / FILE
    return _records.setdefault(path, Record(path))


def _reason(problem: OSError) -> str:
    return problem.strerror or str(problem)


def _load(path: Path) -> dict[str, Any]:
    """The predictions in a file; none if there is no file."""
    try:
        # Notepad and others put a mark before the first character; "utf-8-sig" reads with and without it.
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as problem:
        raise _Damaged(str(problem).partition(":")[0]) from None
    predictions = content.get("predictions") if isinstance(content, Mapping) else None
    if not isinstance(predictions, dict):
        raise _Damaged("it holds no predictions")
    return predictions


def _entry(stored: object) -> Entry | None:
    """An entry of the file, or None if it is not one."""
    if not isinstance(stored, Mapping):
        return None
    said, came, at = (stored.get(name) for name in ("said", "came", "at"))
    if isinstance(said, list) and isinstance(came, list) and isinstance(at, str):
        return Entry(tuple(said), tuple(came), at)
    return None


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file in one step: whoever reads it sees the old one or the new one, never a part."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".new")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1, ensure_ascii=False)
            file.write("\n")
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
