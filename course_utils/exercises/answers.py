"""Read what a learner hands in, and call what a learner wrote, without ever failing on it."""

from __future__ import annotations

import contextvars
import ctypes
import numbers
import reprlib
import threading
import traceback
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from course_utils.exercises.blank import has_blank, tells_of_blank
from course_utils.exercises.result import CheckFailed, Outcome

#: Seconds for one call of a learner's function. On a slow Binder a small model takes about one.
LIMIT = 15.0

NOT_TRIED = "Replace the `____` in your code and run this cell again."
STILL_BLANK = "There is still a `____` in what your function uses."


class BadAnswer(ValueError):
    """An answer of the wrong kind. The message says, kindly, what it is and what would do."""


class _Short(reprlib.Repr):
    """Cuts short what is long, and writes NumPy's numbers as numbers, also inside a pair or a list."""

    def repr1(self, x: Any, level: int) -> str:
        if isinstance(x, (np.generic, np.ndarray)) and x.ndim < 2:
            x = x.tolist()
        return super().repr1(x, level)


_SHORT = _Short()
_SHORT.maxother = _SHORT.maxstring = 60
_SHORT.maxtuple = _SHORT.maxlist = 16


# -- reading ------------------------------------------------------------------------------------------------------


def spell(value: object) -> str:
    """A value as a learner would write it, cut short if it is long."""
    # It never raises, even where the value's own __repr__ does.
    return _SHORT.repr(value)


def is_number(value: object) -> bool:
    """Whether it is a number, whole or not."""
    return isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))


def whole(value: object) -> int:
    """A whole number. Raises BadAnswer for anything else, ``5.0`` included: a size counts cells."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, (bool, np.bool_)):
        raise BadAnswer("that is a yes or no, not a number.")
    if isinstance(value, numbers.Integral):
        return int(value)
    if value is None:
        raise BadAnswer("that is nothing at all. Is a `return` missing?")
    if isinstance(value, str):
        raise BadAnswer("that is a text. Write the number without quotation marks.")
    if isinstance(value, numbers.Real):
        if float(value).is_integer():
            raise BadAnswer(
                "that is a float. The number may be right, but cells are counted in whole numbers: make it whole with "
                "`int(...)`, or divide with `//`, which rounds down."
            )
        raise BadAnswer("there is no part of a cell. Does it round down or up here?")
    raise BadAnswer(f"that is a {type(value).__name__}, and a whole number is needed.")


def whole_numbers(value: object, count: int) -> tuple[int, ...]:
    """So many whole numbers, as a tuple, list or array. Raises BadAnswer for anything else."""
    if value is None or isinstance(value, str):
        whole(value)
    if not isinstance(value, (tuple, list, np.ndarray)) or (isinstance(value, np.ndarray) and value.ndim == 0):
        raise BadAnswer(f"that is one thing, and {count} numbers are needed: `({', '.join(['…'] * count)})`.")
    if len(value) != count:
        given = "that is 1 number" if len(value) == 1 else f"those are {len(value)} numbers"
        raise BadAnswer(f"{given}, and {count} are needed.")
    return tuple(map(whole, value))


def as_tuple(value: Any) -> tuple[Any, ...]:
    """A tuple as it is, and anything else as a tuple of one."""
    return value if isinstance(value, tuple) else (value,)


# -- calling ------------------------------------------------------------------------------------------------------


def try_it(function: Callable[..., Any], args: Iterable[Any]) -> str:
    """How the learner can see for themselves what their function does."""
    name = getattr(function, "__name__", "")
    call = f"`{name}({', '.join(map(_as_code, args))})`" if name.isidentifier() else "it"
    return f"Call {call} in a cell of its own to see more. Your code is still where you wrote it."


def _as_code(value: object) -> str:
    """A value as it can be typed; a map, which is too long for that, as a map of ones of the same size."""
    if isinstance(value, np.ndarray) and value.ndim > 1:
        return f"np.ones({value.shape})"
    return spell(value)


def check_callable(answer: object) -> None:
    """Fail the check if the answer is not a function. A model can be called, too, but is what a function returned."""
    if callable(answer) and not hasattr(answer, "compute_output_shape"):
        return
    raise CheckFailed(
        f"I need the function itself, and got {spell(answer)}.",
        "Hand over its name without parentheses, so that I can call it.",
    )


def ask(function: Callable[..., Any], *args: Any, settings: str = "") -> Any:
    """Call a learner's function and return its answer.

    Args:
        function: what the learner wrote.
        *args: the numbers it is called with.
        settings: the same numbers as the learner is to read them: ``n = 7, k = 4``.

    Raises:
        CheckFailed: with a result that says what happened, if it raises, does not end, or gives a blank.
    """
    lead = f"For {settings} your" if settings else "Your"
    try:
        value = call_within(LIMIT, function, *args)
    except TookTooLong:
        raise CheckFailed(
            f"{lead} function was still running after {LIMIT:g} seconds, so I ended it.",
            "Is there a loop that never ends?",
        ) from None
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        if tells_of_blank(error):
            raise CheckFailed(STILL_BLANK, NOT_TRIED, outcome=Outcome.NOT_TRIED) from None
        raise CheckFailed(
            f"{lead} function raised {type(error).__name__}: {error}{_line_of(error, function)}",
            try_it(function, args),
        ) from error
    if has_blank(value):
        raise CheckFailed(STILL_BLANK, NOT_TRIED, outcome=Outcome.NOT_TRIED)
    return value


def _line_of(error: BaseException, function: Callable[..., Any]) -> str:
    """Where in the learner's own code it happened."""
    code = getattr(function, "__code__", None)
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if code and frame.filename == code.co_filename]
    return f" (line {own[-1].lineno} of your cell)" if own else ""


class TookTooLong(Exception):
    """A call did not end in time."""


class _End(BaseException):
    """Thrown into a thread whose time is up; no ``except Exception`` in a learner's loop catches it."""


def call_within(seconds: float, function: Callable[..., Any], *args: Any) -> Any:
    """Call a function and return or raise what it does, or raise TookTooLong.

    It runs in a thread of its own: that can be ended on every system, signals only on some.
    """
    values: list[Any] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            values.append(function(*args))
        except BaseException as error:
            errors.append(error)

    # The context tells Jupyter to which cell a learner's print belongs.
    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), daemon=True)
    thread.start()
    try:
        thread.join(seconds)
        if thread.is_alive():
            raise TookTooLong
    finally:
        if thread.is_alive() and thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_End))
    if errors:
        raise errors[0]
    return values[0]
