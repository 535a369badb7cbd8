"""Ask every framework every case, and write the table: python -m elsewhere.

    python -m elsewhere                   all of them, into elsewhere/elsewhere.json
    python -m elsewhere --only MLX        one framework anew, the others as they were recorded
    python -m elsewhere --out FILE        somewhere else, to see what has changed
    python -m elsewhere --rules           no framework at all: find the rules anew for what is recorded
    python -m elsewhere --remedies        only what makes them equal

The environments are made by uv and npm, outside the course's own, in the folder that --environments names.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import platform
import re
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
from elsewhere.rules import rules_of
from elsewhere.table import RECORDED

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "same-layer-elsewhere")
#: Seconds for one framework; what has not been answered by then is left out.
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


def with_rules(answers: list[Answer]) -> list[Answer]:
    """The answers with the names of their rules; calls of a kind are those that differ in numbers only."""
    kinds: dict[tuple[str, ...], list[Answer]] = {}
    for answer in answers:
        if "values" in answer:
            operation, call = answer["case"].split(":")[0], re.sub(r"[\d.]+", "", answer["call"])
            kinds.setdefault((answer["framework"], operation, call), []).append(answer)
    for kind in kinds.values():
        for answer, rule in zip(kind, rules_of([(one["case"], one["values"]) for one in kind]), strict=True):
            answer["rule"] = rule
    return answers


def write(path: Path, answers: list[Answer]) -> None:
    """Write the table, an answer to a line, in the order of the frameworks and their cases."""
    asked = {one["framework"] for one in answers}
    versions = {name: ", ".join(framework.needs) for name, framework in FRAMEWORKS.items() if name in asked}
    order = {name: place for place, name in enumerate(FRAMEWORKS)}
    told = sorted(with_rules(answers), key=lambda one: ("remedy" in one, order[one["framework"]]))
    lines = [json.dumps(one, ensure_ascii=False) for one in told]
    system = f"{platform.system()} {platform.machine()}, CPU, Python 3.11 and Node.js 20"
    head = f'{{"platform": {json.dumps(system)},\n"versions": {json.dumps(versions, indent=1)},\n"answers": [\n'
    path.write_text(head + ",\n".join(lines) + "\n]}\n", encoding="utf-8")


def main() -> None:
    """Ask, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=FRAMEWORKS, action="append", metavar="FRAMEWORK", help=", ".join(FRAMEWORKS))
    parser.add_argument("--out", type=Path, default=RECORDED)
    parser.add_argument("--environments", type=Path, default=CACHE)
    parser.add_argument("--rules", action="store_true", help="only find the rules anew")
    parser.add_argument("--remedies", action="store_true", help="only run the remedies anew")
    parser.add_argument("--calls", default="", metavar="TEXT", help="only run the calls with this text in them")
    given = parser.parse_args()
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))["answers"] if RECORDED.exists() else []
    wanted = [] if given.rules else given.only or list(FRAMEWORKS)
    jobs = {name: [job for job in jobs_of(name, given.remedies) if given.calls in job["call"]] for name in wanted}
    anew = {_what(job) for some in jobs.values() for job in some}
    answers = [one for one in recorded if _what(one) not in anew and one["framework"] in FRAMEWORKS]
    for name in wanted:
        try:
            answers += ask(name, given.environments, jobs[name]) if jobs[name] else []
        except (subprocess.CalledProcessError, FileNotFoundError):
            print(f"{name:32} cannot be installed here: left out")
        write(given.out, answers)
    write(given.out, answers)


def _what(answer: Answer) -> tuple[str, str, str, bool]:
    return answer["framework"], answer["case"], answer["call"], "remedy" in answer


if __name__ == "__main__":
    main()
