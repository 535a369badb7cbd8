"""What the proof compared with Keras, counted where it happens, added up over all processes, and printed at the end.

``conftest.py`` prints it, and lets a whole run fail that has compared less than LEAST.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

#: ``"shapes"`` and ``"values"`` → kind of layer → configurations compared.
COMPARED: defaultdict[str, Counter[str]] = defaultdict(Counter)
#: Kind of layer → the largest error seen, in roundings of float32 (``compare.ROUNDINGS`` are allowed).
WORST: dict[str, float] = {}
BEYOND = " that this processor has no kernels for"
#: What a run of all tests has to compare.
LEAST = {
    "shapes": 132_088,
    "values": 12_655,
    "calls": 3_467,
    "explained chains": 1_525,
    "explained rows": 3_880,
}


def compared(what: str, kind: str, number: int, *, at_least: int) -> None:
    """Count configurations, and fail if a grid has become so thin that it proves nothing."""
    COMPARED[what][kind] += number
    print(f"{kind}: {number:,} configurations compared in {what}")
    assert number >= at_least, f"{kind}: only {number} configurations were compared in {what}, not {at_least}"


def beyond_this_processor(what: str, kind: str, number: int) -> None:
    """Say how many configurations cannot be compared here, whoever asks: no run has to reach them."""
    COMPARED[f"{what}{BEYOND}"][kind] = number


def seen_error(kind: str, roundings: float) -> None:
    """Keep the largest."""
    WORST[kind] = max(roundings, WORST.get(kind, 0.0))


def as_plain_data() -> Any:
    """What this process has counted, to be sent to another one."""
    return {what: dict(counts) for what, counts in COMPARED.items()}, WORST


def add(counted: Any) -> None:
    """Add what another process has counted."""
    compared, worst = counted
    for what, counts in compared.items():
        COMPARED[what].update(counts)
    for kind, roundings in worst.items():
        seen_error(kind, roundings)


def lines() -> list[str]:
    """The summary; empty if nothing was compared."""
    totals = [f"{counts.total():,} {what}" for what, counts in sorted(COMPARED.items()) if counts]
    summary = [f"configurations compared with Keras: {', '.join(totals)}"] if totals else []
    if WORST:
        kind, roundings = max(WORST.items(), key=lambda item: item[1])
        summary.append(f"largest error: {roundings:.1f} roundings of float32 ({kind})")
    return summary


def missing() -> Iterator[str]:
    """A line for each total that is lower than it has to be on this processor."""
    for what, wanted in LEAST.items():
        least = wanted - COMPARED[f"{what}{BEYOND}"].total()
        if (number := COMPARED[what].total()) < least:
            yield f"only {number:,} {what} were compared, not {least:,}"
