"""How long ``explain`` takes to try what it advises, against an older build, side by side: python -m benchmarks.advice

    python -m benchmarks.advice --against 4508731    # the last build whose repairs ran at full size

Both builds explain the same large autoencoders that miss their size. The older one is read from the history of this
repository; each runs in a process of its own, in turns, and only the explanation is timed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: Run by both builds: prints the seconds for each model.
_TIMED = """
import json, time
import keras
from course_utils import explain

L = keras.layers

def autoencoder(shape):
    d = len(shape) - 1
    conv, pool, up = (getattr(L, f"{kind}{d}D") for kind in ("Conv", "MaxPooling", "UpSampling"))
    layers = [keras.Input(shape)]
    for filters in (16, 32, 64):
        layers += [conv(filters, 3, padding="same"), pool(2, padding="same")]
    for filters in (64, 32, 16):
        layers += [conv(filters, 3, padding="same"), up(2)]
    return keras.Sequential([*layers, conv(1, 3, padding="same")])

explain(autoencoder((30, 1)))  # what is loaded once
seconds = {}
for shape in ((450, 450, 1), (100, 100, 100, 1)):
    model = autoencoder(shape)
    start = time.perf_counter()
    found = explain(model).diagnosis
    seconds["x".join(map(str, shape[:-1]))] = time.perf_counter() - start
    assert found is not None and found.repairs
print(json.dumps(seconds))
"""


def timed(tree: Path) -> dict[str, float]:
    """The seconds that one build takes, by model."""
    done = subprocess.run(
        [sys.executable, "-c", _TIMED],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree), "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print the median of each build, and how many times faster this one is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", default="4508731", help="the older build")
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        older = Path(folder) / "older"
        subprocess.run(["git", "-C", ROOT, "worktree", "add", "-q", "--detach", older, asked.against], check=True)
        try:
            runs = [(timed(older), timed(ROOT)) for _ in range(asked.runs)]
        finally:
            subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", older], check=True)
    print(f"seconds for the advice, median of {asked.runs} runs")
    for model in runs[0][0]:
        before, now = (statistics.median(run[build][model] for run in runs) for build in (0, 1))
        print(f"{model:>12}  {asked.against} {before:7.2f}  now {now:6.2f}  {before / now:5.1f} times faster")


if __name__ == "__main__":
    main()
