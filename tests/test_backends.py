"""What other frameworks, and Keras on its other backends, say today: runs them, in environments of their own."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from elsewhere.asking import CACHE, ask, environment, jobs_of
from elsewhere.frameworks import FRAMEWORKS, QUIET
from elsewhere.table import table

ROOT = Path(__file__).parent.parent

GRID = """
import json, sys, warnings
warnings.simplefilter("ignore")
import layer_cases
from course_utils.compare import compare

found = []
for kind in layer_cases.KINDS:
    for code, x, seed in layer_cases.cases(kind, int(sys.argv[1])):
        told = compare(layer_cases.with_weights(code.build(), x.shape, seed), x)
        if not told.agrees and not told.untried:
            what = "refused" if told.keras is None else "run" if told.by_hand is None else "values"
            found.append((kind, what, bool(told.known) and told.verdict.endswith(told.known)))
print(json.dumps(found))
"""
#: JAX compiles each layer anew, so it gets fewer.
LAYERS_OF_A_KIND = {"Keras on JAX": 6}
EVERYWHERE = {("Conv1DTranspose", "run"): 1, ("Conv2DTranspose", "run"): 7}
DIFFERS = {
    "Keras on JAX": {("Conv2DTranspose", "run"): 3},
    "Keras on NumPy": EVERYWHERE,
    "Keras on OpenVINO": EVERYWHERE,
    "Keras on torch": EVERYWHERE
    | {
        ("AveragePooling1D", "values"): 2,
        ("AveragePooling2D", "values"): 7,
        ("AveragePooling3D", "values"): 7,
        ("AveragePooling3D", "refused"): 3,
    },
}


@pytest.mark.everything
@pytest.mark.parametrize("name", DIFFERS)
def test_compare_says_why_another_backend_differs(name: str) -> None:
    """The random layers of the value tests, under every backend: what differs is known by name, and its reason said."""
    python = environment(FRAMEWORKS[name], CACHE)
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    variables = {**os.environ, **QUIET, **FRAMEWORKS[name].variables, "PYTHONPATH": path}
    command = [str(python), "-c", GRID, str(LAYERS_OF_A_KIND.get(name, 30))]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert Counter((kind, what) for kind, what, _ in found) == DIFFERS[name]
    assert all(explained for *_, explained in found)


@pytest.mark.everything
@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_framework_still_says_what_is_recorded(name: str) -> None:
    """With the recorded versions; where one has been changed in ``frameworks.py``, this names every changed answer."""
    recorded = [one for one in (*table().answers, *table().remedies) if one.framework == name]
    said = ask(name, CACHE, jobs_of(name, remedies_only=False))
    changed = [
        (one.case, one.call, one.values or one.refused, again.get("values", again.get("refused")))
        for one, again in zip(recorded, said, strict=True)
        if list(one.values or ()) != again.get("values", []) or one.refused != again.get("refused")
    ]
    assert not changed, f"{name}, {table().versions[name]}"
