"""A rule as it is written down: in symbols, and with the numbers in it. Knows no layers."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LATEX_SYMBOLS = {
    "k_eff": r"k_{\mathrm{eff}}",
    "p_before": r"p_{\mathrm{before}}",
    "p_after": r"p_{\mathrm{after}}",
    "output_padding": r"\mathrm{output\_padding}",
    "crop_before": r"\mathrm{crop}_{\mathrm{before}}",
    "crop_after": r"\mathrm{crop}_{\mathrm{after}}",
}
_LATEX_SIGNS = {
    "⌈": r"\left\lceil ",
    "⌉": r" \right\rceil",
    "⌊": r"\left\lfloor ",
    "⌋": r" \right\rfloor",
    "·": r" \cdot ",
    "−": "-",
    "mod": r"\bmod",
    "max": r"\max",
    ", ": r",\; ",
}


@dataclass(frozen=True)
class Formula:
    """A rule in symbols, and the same rule with the numbers in it.

    Attributes:
        symbols: for example ``o = ⌈n / s⌉``.
        numbers: for example ``⌈7 / 2⌉ = 4``.
        value: the result, an integer.

    >>> formula = write("o", "⌈n / s⌉", 4, n=7, s=2)
    >>> formula.numbers, formula.latex_numbers
    ('⌈7 / 2⌉ = 4', '\\\\left\\\\lceil \\\\frac{7}{2} \\\\right\\\\rceil = 4')
    """

    symbols: str
    numbers: str
    value: int

    @property
    def latex_symbols(self) -> str:
        """``symbols`` as LaTeX, without dollar signs."""
        return _latex(self.symbols)

    @property
    def latex_numbers(self) -> str:
        """``numbers`` as LaTeX, without dollar signs."""
        return _latex(self.numbers)

    def __str__(self) -> str:
        return f"{self.symbols} = {self.numbers}"

    def _repr_latex_(self) -> str:
        return f"$${self.latex_symbols} = {self.latex_numbers}$$"


def write(result: str, rule: str, value: int, **numbers: int) -> Formula:
    """Write a rule in symbols, and with each symbol replaced by its number.

    Args:
        result: what the rule gives, for example ``"o"``.
        rule: for example ``"⌈n / s⌉"``.
        value: what it gives for these numbers.
        numbers: by the names of the symbols.
    """
    filled = re.sub(r"\w+", lambda name: number(numbers[name[0]]) if name[0] in numbers else name[0], rule)
    return Formula(f"{result} = {rule}", f"{filled} = {number(value)}", value)


def number(value: int) -> str:
    """A number as a formula shows it: with a real minus sign."""
    return str(value).replace("-", "−")


def _latex(text: str) -> str:
    # A quotient is always what is rounded, and stands alone between the signs of rounding.
    text = re.sub(r"(?<=[⌊⌈])\(?(.+?)\)? / (\w+)(?=[⌋⌉])", r"\\frac{\1}{\2}", text)
    text = re.sub(r"[a-z]\w*", lambda name: _LATEX_SYMBOLS.get(name[0], name[0]), text)
    return re.sub("|".join(_LATEX_SIGNS), lambda sign: _LATEX_SIGNS[sign[0]], text)
