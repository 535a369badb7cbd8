"""What a learner's lessons weigh on the real server with real kernels: Binder gives 2 GB, and promises 1 GB."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path

import lab as rig
import pytest
from learner import Learner
from lessons import LESSONS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="shared memory is added up from Linux's own figures")

#: As hubs count: the limit that Binder writes as 2G is 2 × 1024³ bytes.
GB = 2**30


def test_five_lessons_fit_binder_and_two_fit_what_it_promises(tmp_path: Path) -> None:
    weights = []
    with rig.Lab(tmp_path) as server, contextlib.ExitStack() as open_lessons:
        weights.append(server.weight())
        for lesson in LESSONS[:5]:
            path = server.copy(lesson.notebook)
            address = f"http://127.0.0.1:{server.port}"
            learner = open_lessons.enter_context(Learner(address, server.token, path, rig.NOTEBOOKS / lesson.notebook))
            learner.run_all()
            assert learner.errors == []
            assert learner.sliders()
            weights.append(server.weight())
        print("MB, the server and then with one lesson more each:", [round(one / 1e6) for one in weights])
        assert weights[2] < 1 * GB, "two lessons"
        assert weights[5] < 2 * GB, "five lessons"
        open_lessons.close()
        deadline = time.monotonic() + 20
        while server.weight() > 0.25 * GB and time.monotonic() < deadline:
            time.sleep(0.5)
        assert server.weight() < 0.25 * GB, "a lesson that is shut down gives its memory back"
