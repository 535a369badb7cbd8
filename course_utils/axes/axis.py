"""What every axis can answer, and the two errors: a setting without an output, and a question without a rule."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from fractions import Fraction

from course_utils.axes.formulas import Formula, write
from course_utils.size_formulas import SizeFormula


class ShapeError(ValueError):
    """A setting that gives no output. The message holds the numbers and what would fit."""


class NoRule(LookupError):
    """Something the course has no rule for by hand. It is said, and never guessed."""


def check_whole(name: str, value: object, least: int) -> None:
    """Refuse anything that is not a whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ShapeError(f"{name} must be a whole number of at least {least}; it is {value!r}.")


#: The input cells that an output reads, by the number of the output.
Reader = Callable[[int], tuple[int, ...]]


class Axis(ABC):
    """What every axis can answer. ``n`` is always the number of input cells, at least 1."""

    @abstractmethod
    def size_formula(self) -> SizeFormula:
        """The output size as an expression in n, right for every n that gives an output."""

    @property
    def scale(self) -> Fraction:
        """How many cells come out for each that goes in, rounding and borders aside; 0 where the size is fixed.

        A stride of 2 has 1/2, a transposed convolution of stride 2 and an upsampling by 2 have 2.
        """
        formula = self.size_formula()
        return Fraction(formula.a, formula.c)

    @abstractmethod
    def reader(self, n: int) -> Reader:
        """What ``taps`` and ``all_taps`` ask for each output: sizes and padding are worked out once, here."""

    @abstractmethod
    def _rule(self) -> str:
        """The same expression in the symbols of the course."""

    def _symbols(self) -> dict[str, int]:
        """The numbers behind the symbols, n excepted."""
        return {}

    def output_size(self, n: int) -> int:
        """How many cells come out of ``n``. Raises ShapeError where none would."""
        check_whole("The input size n", n, 1)
        self._check_fits(n)
        return self.size_formula()(n)

    def _check_fits(self, n: int) -> None:  # noqa: B027  (most axes take every n)
        """Raise ShapeError where ``n`` cells are too few."""

    def formula(self, n: int) -> Formula:
        """The rule for the output size, with and without the numbers; with d > 1 it is in k_eff instead of k."""
        return self._write("o", self._rule(), self.output_size(n), n=n)

    def _write(self, result: str, rule: str, value: int, **numbers: int) -> Formula:
        symbols = self._symbols()
        if "k_eff" in symbols:
            rule = re.sub(r"\bk\b", "k_eff", rule)
        return write(result, rule, value, **symbols, **numbers)

    def pads(self, n: int) -> tuple[int, int]:
        """Ghost cells before and after the real ones."""
        self.output_size(n)
        return (0, 0)

    def taps(self, i: int, n: int) -> tuple[int, ...]:
        """The input indices that output ``i`` reads, in the order of the kernel; ghosts are outside 0 … n − 1."""
        self._check_output(i, n)
        return self.reader(n)(i)

    def all_taps(self, n: int) -> tuple[tuple[int, ...], ...]:
        """The ``taps`` of every output, in order."""
        return tuple(map(self.reader(n), range(self.output_size(n))))

    def stamps(self, j: int, n: int) -> tuple[int, ...]:
        """The output indices that input ``j`` reaches, in rising order."""
        return tuple(i for i, taps in enumerate(self.all_taps(n)) if j in taps)

    def unused_inputs(self, n: int) -> tuple[int, ...]:
        """The input cells that reach no output cell. Nothing warns about them."""
        read = {j for taps in self.all_taps(n) for j in taps}
        return tuple(j for j in range(n) if j not in read)

    def check_runs(self, n: int) -> None:
        """Raise ShapeError if no output could be computed, even where a size can be written down."""
        self.output_size(n)

    def _check_output(self, i: int, n: int) -> None:
        if not 0 <= i < self.output_size(n):
            raise IndexError(f"output {i} does not exist: there are {self.output_size(n)}, counted from 0.")
