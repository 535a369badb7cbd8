"""The recording is what the explorers show now, in every lesson and by chance; `python -m tools.record` makes it."""

from __future__ import annotations

import gzip
import io
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from matplotlib.image import imread
from PIL import Image

from course_utils.explorers import recording
from course_utils.explorers.base import Explorer
from course_utils.explorers.frame import Frame
from course_utils.pictures import stills
from tools import page_explorers, readme_pictures, record

CELLS = dict(record.cells())
RECORDINGS = {name: recording.recording(name) for name in record.GRIDS}
#: Another one at each run of the tests; pytest shows it where a test fails.
SEED = random.randrange(10**6)


def with_pixels(data: dict[str, Any]) -> dict[str, Any]:
    """A frame with the pixels of its pictures, which another machine may compress otherwise."""
    return {**data, "photos": [{**p, "png": imread(io.BytesIO(p["png"])).tolist()} for p in data["photos"]]}


def now(explorer: Explorer, values: dict[str, int], source: str) -> dict[str, Any]:
    return with_pixels(explorer.start.view(values, source=source).data)


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_random_sample_is_what_comes_out_now(name: str) -> None:
    stored, explorer = RECORDINGS[name], record.defaults()[name]
    chance, start = random.Random(SEED), record.at(explorer)
    for key in chance.sample(stored.keys, 12):
        # What makes no difference may be anything.
        drawn = {c.name: chance.choice(c.values) for c in explorer.start.controls()}
        given = zip(start, key.split(","), strict=True)
        values = {n: int(value) if value else drawn[n] for n, value in given}
        assert stored.key(values) == key
        found = stored.frame(values)
        assert found and with_pixels(found) == now(explorer, values, stored.source), (SEED, values)


def still(frame: Frame) -> bytes:
    return stills.png(frame.grids, frame.text.split("\n"), frame.photos)


@pytest.mark.parametrize("name", sorted({*RECORDINGS} - {"autoencoder"}))
def test_a_recorded_frame_is_read_back_whole(name: str) -> None:
    stored, start = RECORDINGS[name], record.defaults()[name].start
    chosen = random.Random(SEED).sample(stored.keys, 12)
    for number, key in enumerate(chosen):
        values = {n: int(value or 0) for n, value in zip(stored.names, key.split(","), strict=True)}
        values |= {control.name: values[control.name] or control.low for control in start.controls()}
        data, live = stored.frame(values), start.view(values).frame
        assert data is not None, (SEED, values)
        read = Frame.from_view(data, live.question)
        assert read.for_view(stored.source).items() <= data.items(), (SEED, values)
        assert read.text == live.text and (number > 1 or still(read) == still(live)), (SEED, values)


#: In a process of its own, as Keras is loaded here: explorers in a loop such as that of a kernel.
BEFORE_KERAS = """
import asyncio
import sys
from course_utils import explore
from course_utils.exercises import lesson_01

def without_source(frame):
    return {name: value for name, value in frame.items() if name != "source"}

async def main():
    one, asked, photo = explore.padding(), explore.padding(after=lesson_01.places), explore.padding(show="image")
    one.controls["k"].value = 5
    recorded, picture = one.view.frame, one._repr_mimebundle_()
    assert recorded["source"] == "recorded with Keras 3.15.1", recorded["source"]
    assert asked.view.frame["ask"].startswith("n = 7, k = 3"), asked.view.frame
    text = asked._repr_mimebundle_()[0]["text/plain"], one.frame.text
    assert "keras" not in sys.modules
    await asyncio.gather(one._loading, asked._loading)
    assert "keras" in sys.modules and one.view.frame["source"] == "run just now"
    assert without_source(one.view.frame) == without_source(recorded) and one._repr_mimebundle_()[0] == picture[0]
    assert (asked._repr_mimebundle_()[0]["text/plain"], one.frame.text) == text
    one.controls["n"].value = 12
    assert one.view.frame["source"] == "run just now" and one.view.problem == ""

asyncio.run(main())
"""


def test_an_explorer_in_a_kernel_answers_before_keras_is_loaded() -> None:
    run = subprocess.run([sys.executable, "-c", BEFORE_KERAS], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_a_missing_or_damaged_recording_leaves_all_to_keras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = recording.stored("padding")
    monkeypatch.setattr(recording, "FOLDER", tmp_path)
    assert recording.recording_of("padding") is None
    whole = gzip.decompress(stored)
    for damaged in (
        b"",
        stored[:1000],
        stored[:100] + b"\0" * 50 + stored[150:],
        gzip.compress(whole[:-9]),
        gzip.compress(b"{}"),
    ):
        (tmp_path / "padding.json.gz").write_bytes(damaged)
        assert recording.recording_of("padding") is None


@pytest.mark.parametrize("cell", CELLS)
def test_a_lesson_starts_from_the_recording_as_from_keras(cell: str) -> None:
    place, explorer = recording.places()[cell], CELLS[cell]
    stored = RECORDINGS[place["explorer"]]
    values = {control["name"]: int(control["value"]) for control in place["controls"]}
    found = stored.frame(values)
    assert found and with_pixels(found | {key: [] for key in place["without"]}) == now(explorer, values, stored.source)
    assert place["controls"] == [control.for_view() for control in explorer.start.controls()]
    assert place["presets"] == record.presets(explorer)
    assert place["formula"] is explorer.start.formula


def test_the_recording_knows_its_places_and_versions() -> None:
    assert set(recording.places()) == set(CELLS)
    assert {place["explorer"] for place in recording.places().values()} == set(RECORDINGS)
    for name, stored in RECORDINGS.items():
        assert stored.made_with == record.versions()
        assert stored.free == record.free(record.defaults()[name])


def test_an_element_holds_its_still_and_breaks_out_of_nothing() -> None:
    made = page_explorers.element("01_pad_the_border/s1-explore", "<img alt='a still'>", 'run.html?"&')
    assert made.count("<script") == made.count("</script>") == 1 and "<img alt='a still'>" in made
    assert 'data-explorer="padding"' in made and 'data-help="run.html?&quot;&amp;"' in made
    with pytest.raises(KeyError):
        page_explorers.element("01_pad_the_border/title", "", "")


def test_the_pictures_of_the_readme_show_what_is_recorded() -> None:
    stored = RECORDINGS["padding"]
    for file, many in ((readme_pictures.MOVING, 8), (readme_pictures.STILL, 1)):
        with Image.open(file) as picture:
            told = json.loads(picture.info["comment"])
        assert len(told) == many and file.stat().st_size < 1.5e6
        for values, said in told:
            frame = stored.frame(values)
            assert frame is not None and frame["said"] == said, (file.name, values)
