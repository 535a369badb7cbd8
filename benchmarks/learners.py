"""Measure a server with many learners at once: python -m benchmarks.learners [--learners 1 5 10] [--moves 20].

Each simulated learner opens lesson 01 through the server's own interface, runs all of it, and then moves its first
slider with a pause between, all at the same time as the others. One JupyterLab server on this machine; a hub adds a
server of about 120 MB for each learner to the memory shown here, and its own start to the wait.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "browser")]

import lab as rig  # noqa: E402
import psutil  # noqa: E402
from learner import Learner  # noqa: E402

LESSON = "01_pad_the_border.ipynb"


@dataclass
class Run:
    """What happened to all learners of one run; seconds."""

    first: list[float] = field(default_factory=list)
    moves: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def attend(server: rig.Lab, number: int, moves: int, pause: float, run: Run) -> None:
    """One learner, from opening the lesson to the last move."""
    notebook = f"{number:02d}_{LESSON}"
    path = f"{server.source.name}/{notebook}"
    (server.root / path).write_bytes((rig.NOTEBOOKS / LESSON).read_bytes())
    begun = time.perf_counter()
    try:
        with Learner(f"http://127.0.0.1:{server.port}", server.token, path, rig.NOTEBOOKS / LESSON) as learner:
            opened = time.perf_counter() - begun
            run.first.append(opened + learner.run_all())
            slider = learner.sliders()[0]
            for move in range(moves):
                run.moves.append(learner.move(slider, 5 + move % 6))
                time.sleep(pause)
            run.errors += learner.errors
    except Exception as error:
        run.errors.append(f"{type(error).__name__}: {error}")


def measure(learners: int, moves: int, pause: float) -> tuple[Run, float]:
    """Let so many learners attend at once; the memory is the largest seen meanwhile."""
    run, most = Run(), 0.0
    with tempfile.TemporaryDirectory() as folder, rig.Lab(Path(folder)) as server:
        threads = [
            threading.Thread(target=attend, args=(server, number, moves, pause, run)) for number in range(learners)
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            most = max(most, server.weight() / 1e6)
            time.sleep(1)
    return run, most


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learners", type=int, nargs="+", default=[1, 5, 10])
    parser.add_argument("--moves", type=int, default=20)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two moves of one learner")
    chosen = parser.parse_args()
    print(f"{psutil.cpu_count()} cores; the lesson run whole, then {chosen.moves} moves, {chosen.pause:g} s apart")
    print("learners | lesson run, s: median, slowest | a move, ms: median, p95 | MB in all | errors")
    alone = None
    for learners in chosen.learners:
        run, most = measure(learners, chosen.moves, chosen.pause)
        moves = sorted(1000 * one for one in run.moves) or [float("nan")]
        p95 = moves[int(0.95 * (len(moves) - 1))]
        first = run.first or [float("nan")]
        alone = alone or statistics.median(moves)
        print(
            f"{learners:8} | {statistics.median(first):6.1f} {max(first):6.1f} | "
            f"{statistics.median(moves):6.0f} {p95:6.0f} ({statistics.median(moves) / alone:.1f}x) | {most:6.0f} | "
            f"{len(run.errors)} {run.errors[:1] or ''}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
