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
import json
import platform
import re
import subprocess
from pathlib import Path

from elsewhere.asking import CACHE, Answer, ask, jobs_of
from elsewhere.frameworks import FRAMEWORKS
from elsewhere.rules import rules_of
from elsewhere.table import RECORDED

What = tuple[str, str, str, bool]


def what(answer: Answer) -> What:
    """What was asked of whom."""
    return answer["framework"], answer["case"], answer["call"], "remedy" in answer


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


def write(path: Path, answered: dict[What, Answer]) -> None:
    """Write the table, an answer to a line, in the order in which they are asked; what is no longer asked goes."""
    jobs = [what(job) for name in FRAMEWORKS for job in jobs_of(name, remedies_only=False)]
    answers = [answered[job] for job in jobs if job in answered]
    asked = {one["framework"] for one in answers}
    versions = {name: ", ".join(framework.needs) for name, framework in FRAMEWORKS.items() if name in asked}
    told = sorted(with_rules(answers), key=lambda one: "remedy" in one)
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
    answered = {what(one): one for one in recorded}
    for name in wanted:
        jobs = [job for job in jobs_of(name, given.remedies) if given.calls in job["call"]]
        try:
            answered |= {what(one): one for one in ask(name, given.environments, jobs)} if jobs else {}
        except (subprocess.CalledProcessError, FileNotFoundError):
            print(f"{name:32} cannot be installed here: left as it was recorded")
        write(given.out, answered)
    write(given.out, answered)


if __name__ == "__main__":
    main()
