"""``____``: the blank in an exercise that the learner is to replace.

A notebook with its blanks still in must run from top to bottom, so whatever is done with a blank gives a blank again,
and ``has_blank`` finds it in an answer, or in the code of a function that has not been called.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import CodeType
from typing import Any

NAME = "____"


class Blank:
    """Stands where an answer is missing. Arithmetic, comparisons, calls and attributes all give a blank again."""

    # NumPy hands `array + ____` back to the blank instead of looking into it.
    __array_ufunc__ = None

    def __repr__(self) -> str:
        return NAME

    def __format__(self, spec: str) -> str:
        return NAME

    def __getattr__(self, name: str) -> Blank:
        # Python and IPython ask objects for special names (`__len__`, `_repr_html_`); a blank has none to offer.
        if name.startswith("_"):
            raise AttributeError(name)
        return self

    def __hash__(self) -> int:
        return hash(NAME)

    def __iter__(self) -> Iterator[Any]:
        return iter(())


_ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow", "matmul")
_BITWISE = ("and", "or", "xor", "lshift", "rshift")
_FROM_THE_RIGHT = tuple(f"r{name}" for name in _ARITHMETIC + _BITWISE)
_UNARY = ("neg", "pos", "abs", "invert", "round", "trunc", "floor", "ceil")
_OTHERS = ("eq", "ne", "lt", "le", "gt", "ge", "call", "getitem")
for _operation in (*_ARITHMETIC, *_BITWISE, *_FROM_THE_RIGHT, *_UNARY, *_OTHERS):
    setattr(Blank, f"__{_operation}__", lambda self, *others, **named: self)
# Where Python insists on a number, the blank is nothing.
for _operation, _nothing in {"bool": False, "len": 0, "index": 0, "int": 0, "float": 0.0}.items():
    setattr(Blank, f"__{_operation}__", lambda self, nothing=_nothing: nothing)

____: Any = Blank()


def has_blank(answer: object) -> bool:
    """Whether an answer is a blank, holds one, or is a function whose code still mentions ``____``.

    A layer or a model holds one if a setting of it does: Keras keeps ``padding=____`` without a word.
    """
    if isinstance(answer, Blank):
        return True
    if isinstance(answer, (list, tuple, set, frozenset)):
        return any(map(has_blank, answer))
    if isinstance(answer, dict):
        return any(map(has_blank, answer)) or any(map(has_blank, answer.values()))
    if _is_layer(answer):
        return any(map(has_blank, vars(answer).values()))
    code = getattr(answer, "__code__", None)
    if not isinstance(code, CodeType):
        return False
    return _mentions_blank(code) or has_blank(getattr(answer, "__defaults__", None))


def _is_layer(thing: object) -> bool:
    """Whether it is something of Keras's that keeps its settings; Keras itself need not be loaded to tell."""
    return callable(getattr(type(thing), "get_config", None)) and hasattr(thing, "__dict__")


def tells_of_blank(error: BaseException) -> bool:
    """Whether an error was raised because of a blank: Keras and Python print what they refuse."""
    return re.search(rf"\b{NAME}\b", str(error)) is not None


def _mentions_blank(code: CodeType) -> bool:
    """Look through the names of a function, and of the functions written inside it."""
    if NAME in code.co_names:
        return True
    return any(_mentions_blank(inner) for inner in code.co_consts if isinstance(inner, CodeType))
