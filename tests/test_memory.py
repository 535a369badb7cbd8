"""What a learner's lessons weigh on the real server with real kernels: Binder gives 2 GB, and promises 1 GB."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import lab as rig
import pytest
from learner import Learner
from lessons import LESSONS
from processes import all_ending

pytestmark = [
    pytest.mark.everything,
    pytest.mark.skipif(sys.platform != "linux", reason="shared memory is added up from Linux's own figures"),
]

#: As hubs count: the limit that Binder writes as 2G is 2 × 1024³ bytes.
GB = 2**30


def lessons_open(folder: Path, forked: bool = False) -> list[float]:
    """Bytes of the server, then with one lesson more each that is open and run, and at last with all of them closed."""
    weights = []
    with rig.Lab(folder, forked=forked) as server, contextlib.ExitStack() as open_lessons:
        weights.append(server.weight())
        for lesson in LESSONS[:5]:
            path = server.copy(lesson.notebook)
            address = f"http://127.0.0.1:{server.port}"
            learner = open_lessons.enter_context(Learner(address, server.token, path, rig.NOTEBOOKS / lesson.notebook))
            learner.run_all()
            assert learner.errors == []
            assert learner.sliders()
            weights.append(server.weight())
        with all_ending(*(kernel.pid for kernel in server.kernels())):
            open_lessons.close()
        weights.append(server.weight())
    print("MB, the server, with one lesson more each, and all closed:", [round(one / 1e6) for one in weights])
    return weights


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> list[float]:
    return lessons_open(tmp_path_factory.mktemp("ordinary"))


def test_five_lessons_fit_binder_and_two_fit_what_it_promises(ordinary: list[float]) -> None:
    assert ordinary[2] < 1 * GB, "two lessons"
    assert ordinary[5] < 2 * GB, "five lessons"
    assert ordinary[6] < 0.25 * GB, "a lesson that is shut down gives its memory back"


def test_forked_kernels_halve_the_third_lesson_and_those_after_it(ordinary: list[float], tmp_path: Path) -> None:
    forked = lessons_open(tmp_path, forked=True)
    assert forked[5] - forked[2] < 0.5 * (ordinary[5] - ordinary[2]), "the third, fourth and fifth lesson"
    assert forked[5] < ordinary[5] - 0.5 * GB
    # The process that they are forked from stays, and is all that stays.
    assert forked[6] < forked[1]
