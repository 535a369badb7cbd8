"""A strip of sizes: what goes in, what comes back, and whether it is the same."""

from __future__ import annotations

import html
from collections.abc import Sequence


def strip(returns: Sequence[tuple[int, int | None]], now: int | None, caption: str) -> str:
    """A list in HTML with an entry for each size; it wraps where there is little room.

    Args:
        returns: the size that goes in, and the one that comes back; None where nothing does.
        now: the size whose entry is framed, if it is one of them.
        caption: the line above it.
    """
    entries = "".join(_entry(n, back, n == now) for n, back in returns)
    return f'<div class="cu-strip"><p>{html.escape(caption)}</p><ul>{entries}</ul></div>'


def _entry(n: int, back: int | None, now: bool) -> str:
    mark = ' class="cu-now" aria-current="true"' if now else ""
    came = "nothing" if back is None else str(back)
    return f"<li{mark}>{n} → {came} <b>{'✓' if back == n else '✗'}</b></li>"
