"""The recorded answers, read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

RECORDED = Path(__file__).with_name("elsewhere.json")


@dataclass(frozen=True)
class Answer:
    """What a framework said.

    Attributes:
        framework: its name in ``frameworks.FRAMEWORKS``.
        case: the ``key`` of a case.
        call: what was run.
        values: the row that came out, where ``"nan"`` and ``"inf"`` stand for what JSON has no number for.
        refused: instead of values: what was said, or "crashed" or "took too long".
        rule: the name of a rule that gives the values; None where none is known, or nothing came out.
        remedy: whether the call is one that makes the framework equal to Keras on TensorFlow.
    """

    framework: str
    case: str
    call: str
    values: tuple[float | str, ...] | None = None
    refused: str | None = None
    rule: str | None = None
    remedy: bool = False


@dataclass(frozen=True)
class Table:
    """All that was recorded, with where and with which versions."""

    platform: str
    versions: Mapping[str, str]
    answers: tuple[Answer, ...]
    remedies: tuple[Answer, ...]


@cache
def table() -> Table:
    """Read the table."""
    told = json.loads(RECORDED.read_text(encoding="utf-8"))
    answers = tuple(
        Answer(**{**one, "values": tuple(one["values"])}) if "values" in one else Answer(**one)
        for one in told["answers"]
    )
    remedies = tuple(one for one in answers if one.remedy)
    return Table(told["platform"], told["versions"], tuple(one for one in answers if not one.remedy), remedies)
