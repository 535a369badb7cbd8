"""The sizes along a chain of layers, drawn to scale: one square for the input and one after each layer.

From plain data (``Step``), as HTML that wraps in a narrow window; each square in it is an SVG. The colours are in
``explorers/static/view.css``: here every shape only says what it is.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

#: What a layer did to the size. ``loss``: cells went that nothing brings back, or a size was rounded. ``stop``: nothing
#: comes out, and what is behind is ``unreached``. ``unknown``: it is not told.
Mark = Literal["input", "keep", "shrink", "loss", "grow", "stop", "unreached", "unknown"]
_SIGNS: dict[str, str] = {"keep": "=", "shrink": "÷", "loss": "▼", "grow": "×", "stop": "⊘"}
#: What stands in the square, and in place of the size, where there is no size.
_NOTHING = {"stop": ("⊘", "no output"), "unreached": ("", "not reached"), "unknown": ("?", "?")}
#: Lines of hatching, this many cells apart.
_HATCH = 2


@dataclass(frozen=True)
class Step:
    """One square of the tape.

    Attributes:
        name: what made it: ``"6 MaxPooling2D"``.
        size: cells on each side; None for the last three marks.
        setting: how the layer was set, in a few words.
        note: what happened to the size, in a few words.
        mark: what happened to the size; decides sign and colour.
        wanted: the size it should have: drawn as a dashed square, the difference hatched. None for no such size.
        begins: a title, where a new row of the tape begins here.
        lines: the arithmetic, for ``openings``; none where the chain ended before.
    """

    name: str
    size: int | None
    setting: str = ""
    note: str = ""
    mark: Mark = "keep"
    wanted: int | None = None
    begins: str = ""
    lines: tuple[str, ...] = ()

    @property
    def size_text(self) -> str:
        """The size, or what is said in its place."""
        return _NOTHING[self.mark][1] if self.size is None else f"{self.size} × {self.size}"

    @property
    def verdict(self) -> str:
        """How the size compares with the one wanted, in words."""
        if self.size is None or self.wanted is None:
            return ""
        gap = self.size - self.wanted
        return f"{self.wanted} wanted" + (f", {abs(gap)} too {'many' if gap > 0 else 'few'}" if gap else " ✓")

    @property
    def said(self) -> str:
        """The note with its sign."""
        return f"{_SIGNS[self.mark]} {self.note}" if self.note and self.mark in _SIGNS else self.note


def tape(steps: Sequence[Step]) -> str:
    """The tape as HTML; empty for no steps.

    Every step is an item of a list, so that it wraps; all squares have the same scale, whatever the width of the page.
    """
    if not steps:
        return ""
    drawn = "".join(map(_row, rows(steps)))
    return f'<div class="cu-tape" role="group" aria-label="{html.escape(described(steps))}">{drawn}</div>'


def rows(steps: Sequence[Step]) -> list[Sequence[Step]]:
    """The steps, cut where a row begins."""
    starts = [0, *(i for i, step in enumerate(steps) if step.begins and i), len(steps)]
    return [steps[a:b] for a, b in pairwise(starts)]


def described(steps: Sequence[Step]) -> str:
    """The tape in words, with all its sizes."""
    items = "; ".join(f"{step.name}: {step.size_text}" for step in steps)
    return f"Squares drawn to scale, one after each layer. {items}."


def openings(steps: Sequence[Step]) -> str:
    """The layers as a list: each opens to its arithmetic. The input, which has none, is left out."""
    groups: list[list[str]] = []
    for before, step in pairwise(steps):
        if step.begins or not groups:
            groups.append([])
        groups[-1].append(_opening(before, step))
    columns = "".join(f"<div>{''.join(group)}</div>" for group in groups)
    return f'<div class="cu-layers">{columns}</div>'


def sweep(gaps: Sequence[tuple[int, int | None]], current: int) -> str:
    """For each n how far the output is from it, as a strip of cells.

    Args:
        gaps: pairs of n and o − n; None where nothing comes out.
        current: the n that is framed.
    """
    cells = "".join(_cell(n, gap, n == current) for n, gap in gaps)
    return f'<div class="cu-sweep" aria-hidden="true">{cells}</div>'


# -- the parts ----------------------------------------------------------------------------------------------------


def _row(steps: Sequence[Step]) -> str:
    title = f'<p class="cu-tape-title">{html.escape(steps[0].begins)}</p>' if steps[0].begins else ""
    items = "".join(
        f'<li class="cu-step cu-step-{step.mark}"><div class="cu-square">{_square(step)}</div>'
        f'<span class="cu-step-name">{_breakable(step.name)}</span>'
        f'<span class="cu-step-setting">{html.escape(step.setting)}</span>'
        f'<b class="cu-step-size">{html.escape(step.size_text)}</b>'
        f'<span class="cu-step-note">{html.escape(step.said)}</span>'
        f'<span class="{_wanted_class(step)}">{html.escape(step.verdict)}</span></li>'
        for step in steps
    )
    return f'{title}<ol role="list">{items}</ol>'


def _wanted_class(step: Step) -> str:
    return "cu-step-right" if step.size == step.wanted else "cu-step-wrong"


def _breakable(name: str) -> str:
    """Long names of layers may be broken after the dimension."""
    return html.escape(name).replace("2DT", "2D<wbr>T")


def _square(step: Step) -> str:
    if step.size is None:
        side = 10
        sign = f'<text class="cu-sign" x="5" y="5.3">{_NOTHING[step.mark][0]}</text>'
        return _svg(side, f'<rect class="cu-nothing" width="{side}" height="{side}"/>{sign}')
    size, wanted = step.size, step.size if step.wanted is None else step.wanted
    low, high = sorted((size, wanted))
    shapes = f'<rect class="cu-map" y="{high - size}" width="{size}" height="{size}"/>'
    if low < high:
        kind = "cu-surplus" if size > wanted else "cu-missing"
        shapes += f'<path class="{kind}" d="{_hatching(low, high)}"/>'
    if step.wanted is not None:
        shapes += f'<rect class="cu-wanted" y="{high - wanted}" width="{wanted}" height="{wanted}"/>'
    return _svg(high, shapes)


def _svg(side: int, shapes: str) -> str:
    return (
        f'<svg aria-hidden="true" viewBox="0 0 {side} {side}" style="--side:{side}" '
        f'xmlns="http://www.w3.org/2000/svg">{shapes}</svg>'
    )


def _hatching(low: int, high: int) -> str:
    """Rising strokes over what the larger of two squares with the same lower left corner has more than the smaller."""
    strokes = []
    for total in range(_HATCH, 2 * high, _HATCH):
        # The stroke x + y = total, y counted from below; the part of it in the large square and outside the small one.
        start, end = max(0, total - high), min(total, high)
        inside = (max(start, total - low), min(end, low))
        parts = [(start, inside[0]), (inside[1], end)] if inside[0] < inside[1] else [(start, end)]
        strokes += [f"M{a} {high - total + a}L{b} {high - total + b}" for a, b in parts if a < b]
    return "".join(strokes)


def _opening(before: Step, step: Step) -> str:
    after = str(step.size) if step.size is not None else _NOTHING[step.mark][1]
    sizes = f"{before.size} → {after}" if before.size is not None else after
    note = f' <span class="cu-step-note">({html.escape(step.said)})</span>' if step.note else ""
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in step.lines)
    return (
        f'<details class="cu-layer cu-step-{step.mark}"><summary data-lm-suppress-shortcuts="true">'
        f"<b>{html.escape(step.name)}</b> {html.escape(step.setting)}: {sizes}{note}</summary>{lines}</details>"
    )


def _cell(n: int, gap: int | None, current: bool) -> str:
    text = "⊘" if gap is None else "✓" if gap == 0 else f"{gap:+d}".replace("-", "−")
    kinds = ["cu-try", *(["cu-closes"] if gap == 0 else []), *(["cu-now"] if current else [])]
    return f'<span class="{" ".join(kinds)}"><span>{n}</span><b>{text}</b></span>'
