"""What the proof compared with Keras, counted where it happens and printed when the tests end (``conftest.py``)."""

from __future__ import annotations

from collections import Counter, defaultdict

#: ``"shapes"`` and ``"values"`` → kind of layer → configurations compared.
COMPARED: defaultdict[str, Counter[str]] = defaultdict(Counter)
#: Kind of layer → the largest error seen, in roundings of float32 (``compare.ROUNDINGS`` are allowed).
WORST: dict[str, float] = {}


def compared(what: str, kind: str, number: int, *, at_least: int) -> None:
    """Count configurations, and fail if a grid has become so thin that it proves nothing."""
    COMPARED[what][kind] += number
    print(f"{kind}: {number:,} configurations compared in {what}")
    assert number >= at_least, f"{kind}: only {number} configurations were compared in {what}, not {at_least}"


def seen_error(kind: str, roundings: float) -> None:
    """Keep the largest."""
    WORST[kind] = max(roundings, WORST.get(kind, 0.0))


def lines() -> list[str]:
    """The summary; empty if nothing was compared."""
    totals = [f"{counts.total():,} {what}" for what, counts in sorted(COMPARED.items())]
    summary = [f"configurations compared with Keras: {', '.join(totals)}"] if totals else []
    if WORST:
        kind, roundings = max(WORST.items(), key=lambda item: item[1])
        summary.append(f"largest error: {roundings:.1f} roundings of float32 ({kind})")
    return summary
