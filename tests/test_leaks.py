"""Nothing gives the answer of a prediction away before it is asked: no text, code, output or caption."""

from __future__ import annotations

import re
from functools import cache

import nbformat
import pytest
from expected_answers import PREDICTED
from lessons import LESSONS, NOTEBOOKS
from nbformat import NotebookNode

#: By lesson and prediction: what would give the answer away. Searched in all that a learner meets before it: in the
#: lessons before, and in its own down to its question. What a later lesson builds on is a rule by then, and no leak.
TELLTALES: dict[str, dict[str, tuple[str, ...]]] = {
    "00": {
        "sizes": (r"⌈\s*(?:n|28|7) / ", r"7 → 4", r"8 → 16", r"\b14 → 7\b"),
        "other_size": (r"8·⌈", r"\b32 → 28\b", r"few sizes only"),
    },
    "01": {
        "shrink": (r"n − k", r"\b62\b", r"loses k"),
        "places": (r"n − k", r"7 − 3", r"8 becomes 6", r"\bfive places", r"loses k"),
        "even_pads": (r"1 before, 2 after", r"⌊\(k − 1\)", r"odd one goes", r"more (?:below|after|at the bottom)"),
        "rim": (r"dim rim", r"\brim\b.*darker", r"4, 6"),
        "too_big": (r"never refuses", r"−1 places", r"zero or negative"),
        "stacked": (r"16 filters: kernel", r"reads \*\*all", r"depends on neither"),
        "typo": (r"third place", r"strides=3", r"strides: \(3"),
    },
    "02": {
        "steps": (r"rounds? \*?down\*? and says", r"⌊\(n − k\) / s⌋", r"two and a half", r"2\.5 steps"),
        "promise": (r"⌈n / s⌉", r"rounded up", r"same never promised"),
        "one_sided": (r"one-sided", r"0 before, 1 after", r"0 before and 1 after"),
        "border_of_n": (r"even n", r"depends on the size", r"what is missing"),
        "port_values": (r"sizes agree", r"same size, and", r"every size right", r"samples? other"),
        "spread": (r"more with the same weights", r"k_eff", r"\(k − 1\)·d \+ 1", r"[Dd]ilation of 3 spans"),
        "together": (r"\b11\b.* becomes 4\b", r"⌊\(11 − 5\)"),
    },
    "03": {
        "pool_weights": (r"pooling.{0,60}no weights", r"0 weights", r"nothing to learn"),
        "pool_of_three": (
            r"(?:takes|from) (?:its pool size|`pool_size`)",
            r"takes that from",
            r"s = pool_size",
            r"steps? by its own size",
            r"nobody wrote",
        ),
        "odd_half": (r"7 becomes 4", r"4 or 3", r"which makes 4 × 4", r"⌊7 / 2⌋"),
        "ghost_worth": (r"−∞", r"leaves its ghosts out", r"divides by the real"),
        "divisors": (r"number of \*\*real\*\*", r"2 of 4, so it divides by 2"),
        "any_map": (r"one number for each channel", r"[Oo]ne number comes out", r"170 weights"),
        "moved": (r"small shifts", r"window ⌊j / s⌋"),
    },
    "04": {
        "doubled": (r"n·f", r"n · f", r"four times as many"),
        "there_and_back": (r"does not undo", r"[Oo]nly a multiple of f", r"not even whether"),
        "blend": (r"half.pixel", r"¾", r"edge to edge"),
        "stamps": (r"\b1 1 11\b", r"overlaps? (?:are added|add): 11"),
        "short_stamps": (r"one more gap", r"max\(k − s", r"each cell its s"),
        "lengths": (r"\(n − 1\)·s", r"n − 1 steps", r"9·2 \+ 3"),
        "undo": (r"n·s is left", r"back to its size", r"numbers are not", r"nothing is undone"),
        "three_sizes": (r"one cell less", r"switches to another rule", r"k mod 2"),
        "checker": (r"[Cc]heckerboard", r"9, 12 or 16"),
    },
    "05": {
        "uneven": (r"layer that rounds", r"loses two rows", r"layers? 6 and 11"),
        "third": (r"only reason", r"doubled three times", r"would give \*?\*?32", r"faults cancel"),
        "three_sizes": (r"8·⌈n / 8⌉", r"n ≡ 4"),
        "crop_only": (r"9 of 21", r"too few rows come"),
        "loss_takes": (r"[Bb]roadcast", r"trains without complaint", r"side of 1"),
        "squeeze": (r"128 numbers", r"4·4·8", r"8 = 128"),
    },
    "06": {
        "join": (r"\b75, 75\b", r"\b74, 74\b", r"37 · 2"),
        "same_join": (r"\b76\b", r"⌈75 / 2⌉"),
        "grid": (r"⌈400 / 32⌉", r"⌈12\.5⌉", r"\b13\b.*\b12 rows"),
        "leak": (r"8 9 10 11 12", r"2 \+ 2 = 4"),
    },
}


@cache
def cells(notebook: str) -> list[NotebookNode]:
    """The cells of a lesson."""
    found: list[NotebookNode] = nbformat.read(NOTEBOOKS / notebook, 4).cells
    return found


def before(number: str, name: str) -> str:
    """All that a learner has read when the prediction is asked, in its lesson and the ones before."""
    read: list[str] = []
    for lesson in LESSONS:
        for cell in cells(lesson.notebook):
            if lesson.number == number and f"lesson.{name}.predict()" in cell.source:
                questions = [out["data"]["text/plain"] for out in cell.outputs if "data" in out]
                return "\n".join([*read, *questions])
            read.append(cell.source)
            for out in cell.get("outputs", ()):
                read.append(str(out.get("text") or out.get("data", {}).get("text/plain", "")))
    raise AssertionError(f"lesson {number} does not ask {name}")


def test_every_prediction_has_its_telltales() -> None:
    assert {number: list(names) for number, names in TELLTALES.items()} == {
        number: list(names) for number, names in PREDICTED.items()
    }


@pytest.mark.parametrize(("number", "name"), [(number, name) for number, names in TELLTALES.items() for name in names])
def test_nothing_gives_an_answer_away_before_it_is_asked(number: str, name: str) -> None:
    text = before(number, name)
    found = {
        one: text[max(hit.start() - 60, 0) : hit.end() + 40]
        for one in TELLTALES[number][name]
        for hit in [re.search(one, text)]
        if hit
    }
    assert not found, found
