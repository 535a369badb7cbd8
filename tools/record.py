"""Record frames of the explorers with real Keras, for pages without a kernel: python -m tools.record

What is recorded: for every explorer a grid of its settings; and for each place where a lesson shows one, planes through
the settings it starts with there, so that every control that the lesson speaks of can be moved. The places are found by
running those cells of the lessons.
"""

from __future__ import annotations

import ast
import base64
import gzip
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import nbformat

from course_utils import exercises, explore
from course_utils.explorers.autoencoder_chain import AS_ASKED
from course_utils.explorers.base import Explorer
from course_utils.explorers.recording import FOLDER, Recording
from course_utils.explorers.settings import APART
from course_utils.keras_layers import load_keras

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
#: What belongs to the moment and not to the frame: the page adds it.
NOT_RECORDED = "at", "source"

#: What is recorded of each explorer, through its defaults. A plane is a line of controls that go through all their
#: values together; one with a value is kept at that.
GRIDS = {
    "padding": ["n k padding kernel values"],
    "stride": ["n k s padding symmetric", "n k d padding s=1"],
    "pooling": ["kind n k strides padding", "kind n k padding values"],
    "transposed": ["n k s padding output_padding", "n k s padding beside"],
    "upsampling": ["mode n f interpolation padding values"],
    "sequence": ["n k d padding", "n k padding kernel", "n k padding values"],
    "autoencoder": [f"n {name}" for name in AS_ASKED],
}
#: Through the settings with which each place starts, and through those of its presets.
PLANES = {
    "padding": ["n k padding", "n n_width apart=1", "k k_width apart=1"],
    "stride": ["n k padding", "n s", "n n_width apart=1", "k k_width apart=1", "s s_width apart=1"],
    "pooling": ["n k padding", "n strides", "n n_width apart=1", "k k_width apart=1"],
    "transposed": ["n k padding", "n s", "n n_width apart=1", "k k_width apart=1", "s s_width apart=1"],
    "upsampling": ["n f padding", "n n_width apart=1", "f f_width apart=1"],
    "sequence": ["n k d padding"],
    "autoencoder": ["n"],
}
#: Through those of places that show a picture, or where the lesson asks for one.
PICTURES = {
    "01_pad_the_border/s0-explore": ["k padding"],
    "02_take_bigger_steps/s0-explore": ["s", "k", "padding"],
    "03_pool/s0-explore": ["kind k", "padding"],
    "04_upsample/s0-explore": ["f interpolation"],
    "03_pool/s8-explore": ["kind k padding picture", "strides"],
    "04_upsample/s7-explore": ["k beside", "s", "padding", "output_padding", "kernel", "k picture"],
    "02_take_bigger_steps/s4-explore": ["k show=1", "s show=1"],
}


def cells() -> Iterator[tuple[str, Explorer]]:
    """Every cell of a lesson that shows an explorer, as ``"01_pad_the_border/s1-explore"``, and the explorer."""
    for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")):
        lesson = getattr(exercises, f"lesson_{path.stem[:2]}")
        for cell in nbformat.read(path, 4).cells:
            if cell.cell_type == "code" and "explore." in cell.source:
                *before, last = ast.parse(cell.source).body
                names: dict[str, Any] = {"explore": explore, "lesson": lesson}
                exec(compile(ast.Module(before, []), path.name, "exec"), names)
                shown = eval(compile(ast.unparse(last), path.name, "eval"), names)
                assert isinstance(shown, Explorer) and not shown.presenter, f"{path.name}, {cell.id}: not an explorer"
                yield f"{path.stem}/{cell.id}", shown


def at(explorer: Explorer) -> dict[str, int]:
    """What the controls of an explorer are set to."""
    return {name: int(value) for name, value in zip(names(explorer), explorer.view.frame["at"], strict=True)}


@cache
def defaults() -> dict[str, Explorer]:
    """Every explorer as it starts, by its name in ``explore``."""
    return {name: getattr(explore, name)() for name in GRIDS}


def name_of(explorer: Explorer) -> str:
    """Its name in ``explore``."""
    return next(name for name, other in defaults().items() if type(other.start) is type(explorer.start))


def names(explorer: Explorer) -> list[str]:
    """Of its controls."""
    return [control.name for control in explorer.start.controls()]


def presets(explorer: Explorer) -> dict[str, dict[str, int]]:
    """What each button sets the controls to: it is pressed."""
    found = {}
    for label, button in explorer.presets.items():
        button.click()
        found[label] = at(explorer)
    explorer.reset.click()
    return found


def free(explorer: Explorer) -> dict[str, dict[str, list[str]]]:
    """``Recording.free``: what each option of a control hides or holds, and another option of it does not.

    Asked with every number at its lowest, where no other control holds one.
    """
    lowest = {control.name: min(control.values) for control in explorer.start.controls() if control.kind == "number"}
    start, found = at(explorer) | lowest | ({APART: 1} if APART in names(explorer) else {}), {}
    for control in explorer.start.controls():
        if control.kind != "number":
            gone = {}
            for value in control.values:
                data = explorer.start.view(start | {control.name: value}).data
                gone[value] = {*data["hidden"], *data["held"]}
            always = set.intersection(*gone.values())
            found[control.name] = {str(value): sorted(some - always) for value, some in gone.items() if some - always}
    return {name: by_value for name, by_value in found.items() if by_value}


def settings(explorer: Explorer, start: dict[str, int], planes: list[str]) -> Iterator[dict[str, int]]:
    """The values of all controls at each point of planes through a start."""
    values_of = {control.name: control.values for control in explorer.start.controls()}
    for plane in planes:
        kept = {name: [int(value)] for word in plane.split() for name, _, value in [word.partition("=")] if value}
        varied = {name: values_of[name] for name in plane.split() if name in values_of} | kept
        for values in itertools.product(*varied.values()):
            yield start | dict(zip(varied, values, strict=True))


def planes(cell: str, explorer: Explorer) -> list[str]:
    """What is recorded for a place: its planes, and every control with options by itself."""
    if at(explorer).get("show"):
        return PICTURES[cell]
    options = [c.name for c in explorer.start.controls() if c.kind != "number" and c.name not in ("show", "picture")]
    return [*PLANES[name_of(explorer)], *options, *PICTURES.get(cell, [])]


def versions() -> dict[str, str]:
    """Of what the frames are made with."""
    keras = load_keras()
    import tensorflow

    return {"Keras": keras.__version__, "TensorFlow": tensorflow.__version__}


class Recorder:
    """Takes frames into a recording."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._numbers: dict[tuple[str, str], int] = {}

    def take(self, key: str, data: Mapping[str, Any]) -> None:
        """Record ``View.data`` under its key."""
        kept = {name: value for name, value in data.items() if name not in NOT_RECORDED}
        assert self.recording.rows.keys() in (set(), kept.keys()), f"a frame with other fields: {list(kept)}"
        self.recording.keys.append(key)
        for name, value in kept.items():
            self.recording.parts.setdefault(name, [])
            row = [self._part(name, one) for one in value] if isinstance(value, list) else self._part(name, value)
            self.recording.rows.setdefault(name, []).append(row)

    def _part(self, name: str, value: Any) -> int:
        text = json.dumps(value, ensure_ascii=False, default=lambda png: base64.b64encode(png).decode())
        parts = self.recording.parts[name]
        if (name, text) not in self._numbers:
            self._numbers[name, text] = len(parts)
            parts.append(json.loads(text))
        return self._numbers[name, text]


def packed(recording: Recording) -> bytes:
    """The file of a recording: JSON, compressed; the same recording is the same bytes."""
    text = json.dumps(asdict(recording), ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), mtime=0)


def record(name: str, shown: dict[str, Explorer]) -> Recording:
    """Record an explorer, as it starts by itself and at the places that show it."""
    default = defaults()[name]
    recording = Recording(versions(), names(default), free(default))
    todo = list(settings(default, at(default), GRIDS[name]))
    for cell, explorer in shown.items():
        assert names(explorer) == recording.names, f"{cell} has other controls"
        for start in (at(explorer), *presets(explorer).values()):
            todo += settings(explorer, start, planes(cell, explorer))
    recorder = Recorder(recording)
    for key, values in {recording.key(values): values for values in todo}.items():
        recorder.take(key, default.start.view(values).data)
    return recording


def place(explorer: Explorer, recording: Recording) -> dict[str, Any]:
    """What ``recording.places`` says of a place."""
    recorded = recording.frame(at(explorer)) or {}
    now = explorer.start.view(at(explorer), source=recording.source).data
    without = [field for field in now if now[field] != recorded[field]]
    assert not any(now[field] for field in without), f"{without} differ"
    controls = [control.for_view() for control in explorer.start.controls()]
    shown = {"explorer": name_of(explorer), "formula": explorer.start.formula}
    return {**shown, "controls": controls, "presets": presets(explorer), "without": without}


def main() -> None:
    """Record, and write the files."""
    folder = Path(str(FOLDER))
    folder.mkdir(exist_ok=True)
    everywhere, places = dict(cells()), dict[str, Any]()
    for name in GRIDS:
        shown = {cell: explorer for cell, explorer in everywhere.items() if name_of(explorer) == name}
        made = record(name, shown)
        (folder / f"{name}.json.gz").write_bytes(file := packed(made))
        print(f"{name}: {len(made.keys)} frames, {len(file) / 1000:.0f} kB", flush=True)
        places |= {cell: place(explorer, made) for cell, explorer in shown.items()}
    text = json.dumps(places, ensure_ascii=False, indent=1)
    (folder / "places.json").write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
