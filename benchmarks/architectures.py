"""Explain every architecture in ``keras.applications``, and hold each row against Keras.

    python -m benchmarks.architectures                         all of them, on every input: some 20 minutes
    python -m benchmarks.architectures ResNet50 VGG16          only these
    python -m benchmarks.architectures --inputs default open   only these inputs

Inputs: ``default`` is the architecture as it comes, with its classifier; ``225``, ``131``, ``97`` and ``open`` (both
sizes None) are without it. Everything is built with ``weights=None``, so nothing is downloaded. Times are those of one
run: the explanation comes right after the building it is held against. Exits with 1 if any row has no rule, or differs.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import course_utils  # noqa: F401  # tells TensorFlow how to start
from course_utils import explain
from course_utils.explain import Explanation

#: What is asked of each architecture, beside its weights.
INPUTS: dict[str, dict[str, Any]] = {
    "default": {},
    **{str(n): {"include_top": False, "input_shape": (n, n, 3)} for n in (225, 131, 97)},
    "open": {"include_top": False, "input_shape": (None, None, 3)},
}
_LINE = "{:20} {:8} {:>7} {:>8} {:>8} {:>9} {:>6}  {}"


@dataclass(frozen=True)
class Run:
    """One architecture on one input.

    Attributes:
        rows: how many there are.
        agreeing: how many have a rule and agree with Keras in shape and parameters.
        build: seconds that building took.
        explain: seconds that explaining took.
        faults: what is wrong, one sentence each.
    """

    architecture: str
    given: str
    rows: int
    agreeing: int
    build: float
    explain: float
    faults: tuple[str, ...]

    def __str__(self) -> str:
        ratio = f"{self.explain / self.build:.2f}" if self.build else "–"
        times = f"{self.build:.2f}", f"{self.explain:.2f}"
        verdict = "; ".join(self.faults[:3]) or "ok"
        return _LINE.format(self.architecture, self.given, self.rows, self.agreeing, *times, ratio, verdict)


def architectures() -> list[str]:
    """Their names, in the order of the alphabet."""
    from keras import applications

    return sorted(name for name in dir(applications) if callable(getattr(applications, name)))


def measure(architecture: str, given: str) -> Run:
    """Build one architecture, explain it, and look at every row."""
    import keras

    # Automatic names start anew: Keras keeps some 70 KB for ever for every new one.
    keras.backend.clear_session()
    gc.collect()
    started = time.perf_counter()
    model = getattr(keras.applications, architecture)(weights=None, **INPUTS[given])
    built = time.perf_counter()
    explanation = explain(model)
    explained = time.perf_counter()
    agreeing = sum(step.agrees is True for step in explanation)
    found = tuple(faults(explanation, model))
    return Run(architecture, given, len(explanation), agreeing, built - started, explained - built, found)


def faults(explanation: Explanation, model: Any) -> Iterator[str]:
    """Rows without a rule, rows that differ, and sums that do not come out."""
    for step in explanation:
        if step.agrees is not True:
            yield f"{step.layer} ({step.kind}): {'; '.join(step.differences) or step.sentence}"
    if explanation.parameters != model.count_params():
        yield f"{explanation.parameters} parameters in all by hand, Keras {model.count_params()}"
    if explanation[-1].output_shape != model.output_shape:
        yield f"ends with {explanation[-1].output_shape} by hand, Keras {model.output_shape}"


def sums(runs: Sequence[Run]) -> Run:
    """All runs in one line."""
    return Run(
        f"{len({run.architecture for run in runs})} architectures",
        f"{len({run.given for run in runs})} inputs",
        sum(run.rows for run in runs),
        sum(run.agreeing for run in runs),
        sum(run.build for run in runs),
        sum(run.explain for run in runs),
        tuple(f"{run.architecture} {run.given}" for run in runs if run.faults),
    )


def table(names: Iterable[str], inputs: Sequence[str]) -> list[Run]:
    """Measure and print, a line each and the sums below."""
    print(_LINE.format("architecture", "input", "rows", "agreeing", "build s", "explain s", "ratio", ""))
    runs = []
    for name in names:
        for given in inputs:
            runs.append(measure(name, given))
            print(runs[-1], flush=True)
    print(sums(runs))
    return runs


def main() -> int:
    """Measure and print. Returns 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="architecture", help="all if none is named")
    parser.add_argument("--inputs", nargs="+", choices=list(INPUTS), default=list(INPUTS))
    asked = parser.parse_args()
    runs = table(asked.names or architectures(), asked.inputs)
    return int(not runs or any(run.faults for run in runs))


if __name__ == "__main__":
    sys.exit(main())
