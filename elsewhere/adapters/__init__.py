"""How each framework is asked: the calls for a case as text, the names they use, and the map that comes out.

Each module has ``calls(case)``, which needs no framework and yields nothing where the framework has no such operation;
``names(case)``, what a call may use; and, where a call does not give the map itself, ``output(made, case)``.
The text of a call is what is run, and shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from elsewhere.cases import Case


def cells(case: Case, *shape: int) -> Any:
    """The cells of a case as an array of float32."""
    return np.array(case.x, dtype="float32").reshape(*shape)


def kernel(case: Case, *shape: int) -> Any:
    """Its kernel."""
    return np.array(case.kernel, dtype="float32").reshape(*shape)


def both_sides(case: Case) -> int | None:
    """The padding on both sides with which an odd kernel keeps the size of *same*: what a port by hand writes."""
    spans = (case.k - 1) * case.d + 1
    return (
        case.padding if isinstance(case.padding, int) else spans // 2 if case.padding == "same" and spans % 2 else None
    )


def transposed_numbers(case: Case) -> tuple[int, int] | None:
    """``padding`` and ``output_padding`` that give the size of a transposed case; None where there are none."""
    if isinstance(case.padding, int):
        return case.padding, case.output_padding or 0
    spans = (case.k - 1) * case.d + 1
    whole = (case.n - 1) * case.s + spans
    if case.padding == "valid":
        size = whole + (max(case.s - spans, 0) if case.output_padding is None else case.output_padding)
    else:
        size = case.n * case.s if case.output_padding is None else whole - spans + spans % 2 + case.output_padding
    padding = max(-((size - whole) // 2), 0)
    extra = size - whole + 2 * padding
    return padding, extra


def chosen(*settings: str) -> str:
    """The settings that are there, for between the brackets of a call."""
    return "".join(f", {setting}" for setting in settings if setting)


def dilated(case: Case, text: str) -> str:
    """A setting that only a dilated case needs."""
    return text if case.d > 1 else ""


Calls = Iterator[str]
