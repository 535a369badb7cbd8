"""A tiny reader of formulas: it works out what a formula *says*, so that a test can hold that against what it claims.

Understands whole numbers, names, ``+ − · /``, brackets, ``⌊ ⌋``, ``⌈ ⌉``, ``max(a, b)`` and ``mod``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache

_TOKENS = re.compile(r"\s*(\d+|[A-Za-z_]+|[-+−·/()⌊⌋⌈⌉,])")
_BRACKETS = {"(": ")", "⌊": "⌋", "⌈": "⌉"}


def names_in(text: str) -> set[str]:
    """Every name in a formula, the two functions excepted."""
    return set(re.findall(r"[A-Za-z_]+", text)) - {"max", "mod"}


def evaluate(text: str, names: Mapping[str, int] | None = None) -> Fraction:
    """The value of one side of a formula."""
    value, rest = _sum(_tokens(text), names or {})
    assert not rest, f"left over in {text!r}: {rest}"
    return value


@cache
def _tokens(text: str) -> list[str]:
    tokens, place = [], 0
    while place < len(text.rstrip()):
        found = _TOKENS.match(text, place)
        assert found, f"cannot read {text[place:]!r} of {text!r}"
        tokens.append(found[1])
        place = found.end()
    return tokens


def _sum(tokens: list[str], names: Mapping[str, int]) -> tuple[Fraction, list[str]]:
    value, tokens = _product(tokens, names)
    while tokens and tokens[0] in "+−-":
        term, rest = _product(tokens[1:], names)
        value, tokens = (value + term if tokens[0] == "+" else value - term), rest
    return value, tokens


def _product(tokens: list[str], names: Mapping[str, int]) -> tuple[Fraction, list[str]]:
    value, tokens = _atom(tokens, names)
    while tokens and tokens[0] in ("·", "/", "mod"):
        factor, rest = _atom(tokens[1:], names)
        value = {"·": lambda a, b: a * b, "/": lambda a, b: a / b, "mod": lambda a, b: a % b}[tokens[0]](value, factor)
        tokens = rest
    return value, tokens


def _atom(tokens: list[str], names: Mapping[str, int]) -> tuple[Fraction, list[str]]:
    first, rest = tokens[0], tokens[1:]
    if first in ("−", "-"):
        value, rest = _atom(rest, names)
        return -value, rest
    if first == "max":
        assert rest[0] == "("
        left, rest = _sum(rest[1:], names)
        assert rest[0] == ","
        right, rest = _sum(rest[1:], names)
        assert rest[0] == ")"
        return max(left, right), rest[1:]
    if first in _BRACKETS:
        value, rest = _sum(rest, names)
        assert rest[0] == _BRACKETS[first], f"{first} is closed by {rest[0]}"
        whole: dict[str, Callable[[Fraction], Fraction | int]] = {"(": Fraction, "⌊": math.floor, "⌈": math.ceil}
        return Fraction(whole[first](value)), rest[1:]
    return Fraction(int(first) if first.isdigit() else names[first]), rest


def from_latex(latex: str) -> str:
    """A formula in LaTeX with numbers in it, as the text that ``evaluate`` reads."""
    text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"(\1) / (\2)", latex)
    for sign, plain in (
        (r"\left\lceil", "⌈"),
        (r"\right\rceil", "⌉"),
        (r"\left\lfloor", "⌊"),
        (r"\right\rfloor", "⌋"),
        (r"\cdot", "·"),
        (r"\max", "max"),
        (r"\bmod", "mod"),
        (r"\;", " "),
    ):
        text = text.replace(sign, plain)
    assert "\\" not in text and "{" not in text, f"unknown LaTeX is left in {text!r}"
    return text
