"""Asking a framework, in an environment and a process of its own."""

from __future__ import annotations

import hashlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from elsewhere.cases import BY_KEY, CASES, Case
from elsewhere.frameworks import FRAMEWORKS, QUIET, Framework
from elsewhere.remedies import REMEDIES

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "same-layer-elsewhere")
#: Seconds for one framework; what has not been answered by then stays as it was recorded.
LIMIT = 600

Answer = dict[str, Any]


def environment(framework: Framework, folder: Path) -> Path:
    """Make the environment of a framework, unless it is there; return its interpreter, or the folder of its modules."""
    home = folder / hashlib.sha256(" ".join(framework.needs).encode()).hexdigest()[:12]
    done = home / "complete"
    if framework.in_javascript:
        commands = [["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(home), *framework.needs]]
    else:
        commands = [
            ["uv", "venv", "-q", "--clear", "--python", "3.11", str(home)],
            ["uv", "pip", "install", "-q", "--python", str(home), *framework.needs],
        ]
    if not done.exists():
        home.mkdir(parents=True, exist_ok=True)
        search = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        for command in commands:
            subprocess.run(command, check=True, env={**os.environ, "PATH": search})
        done.touch()
    return home if framework.in_javascript else home / ("Scripts" if os.name == "nt" else "bin") / "python"


def jobs_of(name: str, remedies_only: bool) -> list[Answer]:
    """Every call that a framework is to run: for its cases, and to make it equal to Keras."""
    framework = FRAMEWORKS[name]
    os.environ.update({key: value for key, value in framework.variables.items() if key.startswith("ELSEWHERE_")})
    adapter = import_module(f"elsewhere.adapters.{framework.adapter}")
    asked: list[tuple[str, str, Answer]]
    asked = [] if remedies_only else [(case.key, call, {}) for case in CASES for call in adapter.calls(case)]
    asked += [(one.case, one.call, {"remedy": True}) for one in REMEDIES if one.framework == name]
    return [{"framework": name, "case": case, "call": call, **more} for case, call, more in asked]


def ask(name: str, folder: Path, jobs: list[Answer]) -> list[Answer]:
    """The answers of a framework. What ends its process is one answer, and the rest goes on in a new one."""
    framework = FRAMEWORKS[name]
    inside = environment(framework, folder)
    variables = {**os.environ, **QUIET, **framework.variables, "PYTHONPATH": str(HERE.parent)}
    command = [str(inside), "-m", "elsewhere.inside", framework.adapter]
    if framework.in_javascript:
        command = ["node", str(HERE / "inside.mjs")]
    begun, answers = time.monotonic(), list[Answer]()
    with tempfile.TemporaryDirectory() as scratch:
        todo, said = Path(scratch, "jobs.json"), Path(scratch, "answers.jsonl")
        where = inside if framework.in_javascript else Path(scratch)
        while len(answers) < len(jobs) and (left := LIMIT - (time.monotonic() - begun)) > 0:
            rest = [{**job, **_cells(BY_KEY[job["case"]])} for job in jobs[len(answers) :]]
            todo.write_text(json.dumps(rest), encoding="utf-8")
            said.write_text("", encoding="utf-8")
            try:
                run = subprocess.run(
                    [*command, str(todo), str(said)],
                    env=variables,
                    cwd=where,
                    timeout=left,
                    capture_output=True,
                    check=False,
                )
                ended = "took too long" if run.returncode == -signal.SIGALRM else "crashed"
            except subprocess.TimeoutExpired:
                ended = "took too long"
            answers += [json.loads(line) for line in said.read_text(encoding="utf-8").splitlines()]
            if len(answers) < len(jobs):
                answers.append({"refused": ended})
    print(f"{name:32} {len(answers):4} answers  {time.monotonic() - begun:6.1f} s", flush=True)
    return [{**job, **answer} for job, answer in zip(jobs, answers, strict=False)]


def _cells(case: Case) -> Answer:
    """What JavaScript has to be told of a case; JSON has no number for NaN."""
    return {"x": [value if math.isfinite(value) else str(value) for value in case.x], "kernel": case.kernel}
