"""What ``which`` returns: ``Ways``, a list of ``Way``, and how it is read."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import overload

from course_utils.explain.wording import count, listed
from course_utils.keras_layers import LayerCode

#: Columns of the terminal that nothing here exceeds.
WIDTH = 100

_CELL = "text-align:left;vertical-align:top;white-space:normal;padding:.4em .7em"
_LINE = "border-top:1px solid var(--jp-border-color1, #999)"
_CODE = "font-family:var(--jp-code-font-family, monospace)"
_QUIET = "opacity:.8;font-size:.92em"
_BAD = "color:var(--jp-error-color1, #d32f2f);font-weight:bold"


@dataclass(frozen=True)
class Way:
    """A layer, or two one after the other, and what comes out; Keras has built it and says the same.

    Attributes:
        layers: the layers as code, with equal settings on height and width.
        outputs: what comes out, for each input that was asked about.
        formulas: the rule with the numbers in it, for each input.
        notes: ghost cells, and cells that nobody reads.
    """

    layers: tuple[LayerCode, ...]
    outputs: tuple[int, ...]
    formulas: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The code, ready to paste: one layer, or a list of two."""
        calls = [code.text for code in self.layers]
        return calls[0] if len(calls) == 1 else f"[{', '.join(calls)}]"

    def __str__(self) -> str:
        return "\n".join([self.text, *(f"    {line}" for line in (*self.formulas, *self.notes))])


@dataclass(frozen=True, repr=False)
class Ways(Sequence[Way]):
    """The layers that take each input to its output, simplest first.

    Attributes:
        inputs: the sizes that go in.
        outputs: the sizes that are to come out, one for each input.
        kinds: the kinds of layers that were looked through.
        ways: those that do it, each verified.
        more: how many more fit by the formula, which were not built and are not listed.
        near: where there is none: single layers whose output comes near, then two layers that do it.
        disagreements: candidates about which the hand and Keras differ, with both numbers. There should be none.
    """

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    kinds: tuple[str, ...]
    ways: tuple[Way, ...]
    more: int = 0
    near: tuple[Way, ...] = ()
    disagreements: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ways)

    @overload
    def __getitem__(self, place: int) -> Way: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Way, ...]: ...
    def __getitem__(self, place: int | slice) -> Way | tuple[Way, ...]:
        return self.ways[place]

    @property
    def title(self) -> str:
        """What was asked, and what was found."""
        asked = listed([f"{n} → {o}" for n, o in zip(self.inputs, self.outputs, strict=True)])
        if not self.ways:
            return f"{asked}: no single layer does it. Looked through: {listed(self.kinds)}."
        of_all = f" of {len(self.ways) + self.more}" if self.more else ""
        number = f"{count(len(self.ways), 'way')}{of_all}"
        return f"{asked}: {number}, simplest first. Each layer was built, and Keras gives the same size."

    @property
    def _ends(self) -> list[str]:
        """The last lines."""
        lines = []
        if self.more:
            lines.append(
                f"{self.more} more fit by the formula (not built): which(..., limit=None) builds and lists them too."
            )
        return lines + [f"✗ {difference}" for difference in self.disagreements]

    def __str__(self) -> str:
        rule = "─" * WIDTH
        lines = [*textwrap.wrap(self.title, WIDTH), rule]
        for number, way in enumerate(self.ways, start=1):
            lines += _rows(f"{number:2d}. ", way)
        if self.near:
            lines.append("What comes near:")
            for way in self.near:
                lines += _rows("  – ", way)
        ends = [line for text in self._ends for line in textwrap.wrap(text, WIDTH)]
        return "\n".join([*lines, rule, *ends] if ends else lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shown = self.ways or self.near
        rows = "".join(_html_row(str(number), way) for number, way in enumerate(shown, start=1))
        headings = "".join(f'<th scope="col" style="{_CELL}">{text}</th>' for text in ("", "Layer", "Why"))
        near = "" if self.ways or not shown else " What comes near:"
        style = {True: _BAD, False: _QUIET}
        ends = "".join(f'<div style="{style[line[0] == "✗"]}">{escape(line)}</div>' for line in self._ends)
        return (
            f'<div role="region" tabindex="0" aria-label="Layers" style="overflow-x:auto;max-width:100%">'
            '<table style="border-collapse:collapse;margin:0;color:inherit">'
            '<caption style="text-align:left;caption-side:top;color:inherit">'
            f"{escape(self.title)}{near}</caption>"
            f"<thead><tr>{headings}</tr></thead><tbody>{rows}</tbody></table></div>{ends}"
        )


def _rows(mark: str, way: Way) -> list[str]:
    """The code on lines of its own, so that it can be copied; it breaks at a blank, inside its brackets."""
    under = " " * len(mark)
    lines = textwrap.wrap(way.text, WIDTH, initial_indent=mark, subsequent_indent=under + "    ")
    for text in ("; ".join(dict.fromkeys(way.formulas)), *way.notes):
        lines += textwrap.wrap(text, WIDTH, initial_indent=under + "  ", subsequent_indent=under + "  ")
    return lines


def _html_row(mark: str, way: Way) -> str:
    formulas = "<br>".join(f'<span style="{_CODE}">{escape(formula)}</span>' for formula in dict.fromkeys(way.formulas))
    notes = "".join(f'<div style="{_QUIET}">{escape(note)}</div>' for note in way.notes)
    cell = f"{_CELL};{_LINE}"
    return (
        f'<tr><th scope="row" style="{cell}">{mark}</th><td style="{cell}"><code>{escape(way.text)}</code></td>'
        f'<td style="{cell}">{formulas}{notes}</td></tr>'
    )
