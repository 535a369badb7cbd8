"""The recording is what the explorers show now, in every lesson and by chance; `python -m tools.record` makes it."""

from __future__ import annotations

import io
import json
import random
from typing import Any

import pytest
from matplotlib.image import imread
from PIL import Image

from course_utils.explorers import recording
from course_utils.explorers.base import Explorer
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


@pytest.mark.parametrize("cell", CELLS)
def test_a_lesson_starts_from_the_recording_as_from_keras(cell: str) -> None:
    place, explorer = recording.places()[cell], CELLS[cell]
    stored = RECORDINGS[place["explorer"]]
    values = {control["name"]: int(control["value"]) for control in place["controls"]}
    found = stored.frame(values)
    assert found and with_pixels(found | {key: [] for key in place["without"]}) == now(explorer, values, stored.source)
    assert place["controls"] == [control.for_view() for control in explorer.start.controls()]
    assert place["presets"] == record.presets(explorer)


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
