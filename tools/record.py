"""Record frames of the explorers with real Keras, for pages without a kernel: python -m tools.record

What is recorded: for every explorer a grid of its settings; and for each place where a lesson shows one, planes through
the settings it starts with there, so that every control that the lesson speaks of can be moved. The places are found by
running those cells of the lessons.
"""

from __future__ import annotations

import ast
import itertools
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import nbformat

from course_utils import exercises, explore
from course_utils.explorers.autoencoder_chain import AS_ASKED
from course_utils.explorers.base import Explorer
from course_utils.explorers.recording import FOLDER, Recorder, Recording
from course_utils.explorers.settings import APART
from course_utils.keras_layers import load_keras

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"

#: Which controls go through all their values together, and what others are kept at.
Plane = tuple[str, dict[str, int]]
_APART, _PICTURE = {APART: 1}, {"show": 1}
#: Through the defaults of each explorer.
GRIDS: dict[str, list[Plane]] = {
    "padding": [("n k padding kernel values", {})],
    "stride": [("n k s padding symmetric", {}), ("n k d padding", {"s": 1})],
    "pooling": [("kind n k strides padding", {}), ("kind n k padding values", {})],
    "transposed": [("n k s padding output_padding", {}), ("n k s padding beside", {})],
    "upsampling": [("mode n f interpolation padding values", {})],
    "autoencoder": [(f"n {name}", {}) for name in AS_ASKED],
}
#: Through the settings with which each place starts, and through those of its presets.
PLANES: dict[str, list[Plane]] = {
    "padding": [("n k padding", {}), ("n n_width", _APART), ("k k_width", _APART)],
    "stride": [("n k padding", {}), ("s", {}), ("n n_width", _APART), ("k k_width", _APART), ("s s_width", _APART)],
    "pooling": [("n k padding", {}), ("n strides", {}), ("n n_width", _APART), ("k k_width", _APART)],
    "transposed": [
        ("n k padding", {}),
        ("n s", {}),
        ("n n_width", _APART),
        ("k k_width", _APART),
        ("s s_width", _APART),
    ],
    "upsampling": [("n f padding", {}), ("n n_width", _APART), ("f f_width", _APART)],
    "autoencoder": [("n", {})],
}
#: Through those of places that show a picture, or where the lesson asks for one.
PICTURES: dict[str, list[Plane]] = {
    "03_pool/s8-explore": [("kind k padding picture", {}), ("strides", {})],
    "04_upsample/s7-explore": [("k s padding beside", {}), ("output_padding", {}), ("kernel", {}), ("k picture", {})],
    "02_take_bigger_steps/s4-explore": [("k", _PICTURE), ("s", _PICTURE)],
}


def cells() -> Iterator[tuple[str, Explorer]]:
    """Every cell of a lesson that shows an explorer, as ``"01_pad_the_border/s1-explore"``, and the explorer."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
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
    """``Recording.free``: what each option of a control hides or holds, and another option of it does not."""
    start, found = at(explorer) | ({APART: 1} if APART in names(explorer) else {}), {}
    for control in explorer.start.controls():
        if control.kind != "number":
            gone = {}
            for value in control.values:
                data = explorer.start.view(start | {control.name: value}).data
                gone[value] = {*data["hidden"], *data["held"]}
            always = set.intersection(*gone.values())
            found[control.name] = {str(value): sorted(some - always) for value, some in gone.items() if some - always}
    return {name: by_value for name, by_value in found.items() if by_value}


def settings(explorer: Explorer, start: dict[str, int], planes: list[Plane]) -> Iterator[dict[str, int]]:
    """The values of all controls at each point of planes through a start."""
    values_of = {control.name: control.values for control in explorer.start.controls()}
    for varied, kept in planes:
        some = varied.split()
        for values in itertools.product(*(values_of[name] for name in some)):
            yield start | kept | dict(zip(some, values, strict=True))


def planes(cell: str, explorer: Explorer) -> list[Plane]:
    """What is recorded for a place: its planes, and every control with options by itself."""
    if at(explorer).get("show"):
        return PICTURES[cell]
    options = [c.name for c in explorer.start.controls() if c.kind != "number" and c.name not in ("show", "picture")]
    return [*PLANES[name_of(explorer)], *((name, {}) for name in options), *PICTURES.get(cell, [])]


def versions() -> dict[str, str]:
    """Of what the frames are made with."""
    keras = load_keras()
    import tensorflow

    return {"Keras": keras.__version__, "TensorFlow": tensorflow.__version__}


def main() -> None:
    """Record, and write the files."""
    folder = Path(str(FOLDER))
    folder.mkdir(exist_ok=True)
    made_with = versions()
    shown = dict(cells())
    places = {}
    for name, grid in GRIDS.items():
        default = defaults()[name]
        recording = Recording(made_with, names(default), free(default))
        recorder, keys = Recorder(recording), set[str]()
        todo = list(settings(default, at(default), grid))
        for cell, explorer in shown.items():
            if name_of(explorer) == name:
                assert names(explorer) == recording.names, f"{cell} has other controls"
                for start in (at(explorer), *presets(explorer).values()):
                    todo += settings(explorer, start, planes(cell, explorer))
        for values in todo:
            if (key := recording.key(values)) not in keys:
                recorder.take(key, default.start.view(values).data)
                keys.add(key)
        (folder / f"{name}.json.gz").write_bytes(recording.as_bytes())
        print(f"{name}: {len(recording.keys)} frames, {len(recording.as_bytes()) / 1000:.0f} kB", flush=True)
        for cell, explorer in shown.items():
            if name_of(explorer) == name:
                found = recording.frame(at(explorer))
                assert found is not None
                now = explorer.start.view(at(explorer), source=recording.source).data
                without = [field for field in now if now[field] != found[field]]
                assert not any(now[field] for field in without), f"{cell}: {without} differ"
                controls = [control.for_view() for control in explorer.start.controls()]
                places[cell] = {
                    "explorer": name,
                    "controls": controls,
                    "presets": presets(explorer),
                    "without": without,
                }
    text = json.dumps(places, ensure_ascii=False, indent=1)
    (folder / "places.json").write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
