"""The learner's own record of predictions: one small file beside the notebooks, to be read, copied or deleted.

Nothing leaves the machine. Where the file cannot be read or written, answers are kept in memory and that is said;
a file that is not a record any more is put aside as ``.bak`` before a new one is begun, never overwritten. Kernels that
write to one file take turns, and none ever sees half of it.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

FILE = "my_predictions.json"
NOTE = "Your predictions in this course. They are in this file and nowhere else. Delete it to start afresh."

#: How many seconds a kernel waits for its turn to write.
PATIENCE = 10.0

#: What the learner can do about it; running the cell again shows the answer and writes it.
_REMEDIES = {
    errno.ENOSPC: "Make room on the disk, then run this cell again: that saves it.",
    errno.EDQUOT: "Make room in your share of the disk, then run this cell again: that saves it.",
    errno.EROFS: "To save it, work in a copy of the course in a folder where you may write.",
    errno.EACCES: "To save it, work in a copy of the course in a folder where you may write.",
}
_REMEDY = "Run this cell again to try once more."

#: A number, or the option that was chosen.
Value = int | str


@dataclass(frozen=True)
class Entry:
    """One committed prediction: what was predicted, what Keras gave, and when it was answered."""

    predicted: tuple[Value, ...]
    actual: tuple[Value, ...]
    answered_at: str

    def stored(self) -> dict[str, Any]:
        """As the file holds it, under the names that files have had from the beginning."""
        return {"said": self.predicted, "came": self.actual, "at": self.answered_at}


class _Damaged(ValueError):
    """The file is there and is not a record."""


@dataclass
class Record:
    """The record in one folder.

    Attributes:
        path: the file.
        trouble: a sentence for the learner if something is the matter with the file, or nothing.
        listeners: what is called after each ``put``, by the name of the prediction.
    """

    path: Path
    trouble: str = ""
    listeners: dict[str, list[Callable[[], None]]] = field(default_factory=dict)
    #: What could not be written, with None for what could not be deleted. It goes before what the file says.
    _unwritten: dict[str, Entry | None] = field(default_factory=dict)

    def get(self, key: str) -> Entry | None:
        """The committed prediction of this name, if there is one."""
        if self._unwritten:
            self._write()  # there may be room again
        if key in self._unwritten:
            return self._unwritten[key]
        return _entry(self._read().get(key))

    def put(self, key: str, entry: Entry | None) -> None:
        """Commit a prediction, or forget it: then the entry is None."""
        self._unwritten[key] = entry
        self._write()
        for listener in self.listeners.get(key, ()):
            listener()

    def _read(self) -> dict[str, Any]:
        """What the file holds; nothing, with a sentence in ``trouble``, if it cannot be read."""
        if not self._unwritten:
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

    def _write(self) -> None:
        """Bring what is not written yet into the file; ``trouble`` says if that cannot be done."""
        self.trouble = ""
        try:
            _rewrite(self.path, self._renewed)
        except OSError as problem:
            remedy = _REMEDIES.get(problem.errno or 0, _REMEDY)
            unwritten = f"{FILE} cannot be written ({_reason(problem)}). This kernel remembers until it is shut down."
            self.trouble = f"{self.trouble} {unwritten} {remedy}".lstrip()
        else:
            self._unwritten.clear()

    def _renewed(self) -> dict[str, Any]:
        """What the file has to hold. Read again, for another notebook may have written since.

        A damaged file is put aside first, and ``trouble`` says so.
        """
        try:
            predictions = _load(self.path)
        except _Damaged:
            aside = self._aside()
            self.path.replace(aside)
            predictions = {}
            self.trouble = f"The damaged {FILE} is now {aside.name}; a new one has been begun."
        for name, change in self._unwritten.items():
            predictions.pop(name, None)
            if change is not None:
                predictions[name] = change.stored()
        return {"note": NOTE, "predictions": predictions}

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
    predicted, actual, answered_at = (stored.get(name) for name in ("said", "came", "at"))
    if isinstance(predicted, list) and isinstance(actual, list) and isinstance(answered_at, str):
        return Entry(tuple(predicted), tuple(actual), answered_at)
    return None


def _rewrite(path: Path, renew: Callable[[], Mapping[str, Any]]) -> None:
    """Change a file in one step: whoever reads it sees the old one or the new one, never a part.

    The new one grows beside it, while the kernel holds a lock of the operating system, which a killed one loses.

    Args:
        path: the file.
        renew: returns what the file has to hold; called when it is this kernel's turn.

    Raises:
        OSError: it could not be written. The old file is as it was.
    """
    from filelock import FileLock  # it loads asyncio, and most kernels never write

    # Not beside the file: a lock would stay there for the learner to see, and a full disk takes none.
    lock = Path(tempfile.gettempdir(), f"{sha256(os.fsencode(path)).hexdigest()[:16]}-{FILE}.lock")
    growing = path.with_name(f".{path.name}.new")
    with FileLock(lock, timeout=PATIENCE, poll_interval=0.005):
        try:
            with open(growing, "w", encoding="utf-8", newline="\n", opener=partial(os.open, mode=0o600)) as file:
                json.dump(renew(), file, indent=1, ensure_ascii=False)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())  # on the disk before it takes the old one's place: the machine may crash too
            growing.replace(path)
        except BaseException:
            with suppress(OSError):
                growing.unlink()
            raise
