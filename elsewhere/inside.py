"""Run in a framework's own environment: python -m elsewhere.inside ADAPTER JOBS ANSWERS, one line for each job.

Whoever starts it sees by the number of lines which job ended the process, if one did.
"""

from __future__ import annotations

import importlib
import json
import math
import re
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np

from elsewhere.cases import BY_KEY, Case

#: Seconds for one call; the signal then ends the process, even inside compiled code.
LIMIT = 60


def plain(value: float) -> float | str:
    """Seven digits, as float32 has; and a word for what JSON has no number for."""
    return float(f"{value:.7g}") if math.isfinite(value) else str(value)


def said(error: BaseException) -> str:
    """The first line of an error that says something, without addresses and paths, which differ from run to run."""
    lines = [line for line in str(error).splitlines() if line.strip() and "Exception encountered" not in line]
    first = lines[0] if lines else ""
    first = re.sub(r"\x1b\[\d+m|0x[0-9a-f]+|(?<![\w.])/[\w.+/-]{4,}|<[\w. ]+ at [^>]*>", "", first)
    return f"{type(error).__name__}: {' '.join(first.split())[:120]}"


def row(adapter: Any, made: Any, case: Case) -> list[float]:
    """The values in their order, of the map that a call gave, or of the one that its adapter makes of it."""
    y = adapter.output(made, case) if hasattr(adapter, "output") else made
    values: list[float] = np.asarray(y.numpy() if hasattr(y, "numpy") else y, dtype="float64").ravel().tolist()
    return values


def main(adapter: str, jobs: str, answers: str) -> None:
    """Answer every job."""
    module = importlib.import_module(f"elsewhere.adapters.{adapter}")
    with Path(answers).open("a", encoding="utf-8") as out:
        for job in json.loads(Path(jobs).read_text(encoding="utf-8")):
            signal.alarm(LIMIT)
            try:
                case = BY_KEY[job["case"]]
                made = eval(job["call"], module.names(case))
                values, again = ([plain(value) for value in row(module, made, case)] for _ in range(2))
                told = values if values == again else None
                answer = {"refused": "gives other values each time"} if told is None else {"values": told}
            except Exception as error:
                answer = {"refused": said(error)}
            signal.alarm(0)
            print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
