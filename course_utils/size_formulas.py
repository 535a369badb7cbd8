"""The size that comes out, as an expression in n: of one axis, and of a whole model.

``Axis.size_formula`` (in ``axes``) gives the formula of one layer; here formulas are put behind one another,
written down, and asked for which n they give n back. Knows no layers: only whole numbers.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction


@dataclass(frozen=True)
class SizeFormula:
    """The output size as one expression in n: ``o = a·⌊(n + b) / c⌋ + e``.

    Two of them, one behind the other, often are one again (``then``). It says what comes out wherever something does;
    where nothing does, ``Axis.output_size`` refuses.

    Args:
        a: what the rounded number is multiplied by, at least 0.
        b: what is added before it is divided, from 0 to c − 1 once made.
        c: the divisor, at least 1.
        e: what is added at the end.

    >>> half, twice = SizeFormula(1, 1, 2, 0), SizeFormula(2, 0, 1, 0)
    >>> str(half), str(half.then(half)), str(half.then(twice))
    ('⌈n / 2⌉', '⌈n / 4⌉', '2·⌈n / 2⌉')
    """

    a: int
    b: int
    c: int
    e: int

    def __post_init__(self) -> None:
        whole, rest = divmod(self.b, self.c)
        object.__setattr__(self, "b", rest)
        object.__setattr__(self, "e", self.e + self.a * whole)
        if self.a == 0:
            object.__setattr__(self, "b", 0)
            object.__setattr__(self, "c", 1)

    def __call__(self, n: int) -> int:
        """The size that comes out of n."""
        return self.a * ((n + self.b) // self.c) + self.e

    def then(self, after: SizeFormula) -> SizeFormula | None:
        """Both as one, ``after`` behind this one; None where two roundings cannot be written as one.

        ⌊(a·q + t) / c⌋ is (a / c)·q + ⌊t / c⌋ where c divides a, and ⌊(q + ⌊t / a⌋) / (c / a)⌋ where a divides c.
        """
        t = self.e + after.b
        if self.a % after.c == 0:
            return SizeFormula(after.a * self.a // after.c, self.b, self.c, after.a * (t // after.c) + after.e)
        if after.c % self.a == 0:
            return SizeFormula(after.a, self.b + self.c * (t // self.a), self.c * (after.c // self.a), after.e)
        return None

    def written(self, n: str = "n") -> str:
        """The expression, with anything in the place of n."""
        if self.a == 0:
            return str(self.e).replace("-", "−")
        plain = bool(re.fullmatch(r"\w+", n))
        inner = n if plain else f"({n})"
        if self.c > 1:
            if self.b == self.c - 1:
                inner = f"⌈{inner} / {self.c}⌉"
            elif self.b == 0:
                inner = f"⌊{inner} / {self.c}⌋"
            else:
                inner = f"⌊({n} + {self.b}) / {self.c}⌋"
        elif self.a == 1:
            inner = n
        end = "" if self.e == 0 else f" {'+' if self.e > 0 else '−'} {abs(self.e)}"
        return (inner if self.a == 1 else f"{self.a}·{inner}") + end

    def __str__(self) -> str:
        return self.written()

    def returns(self) -> Returns:
        """For which n the size that comes out is n again: derived, not searched for."""
        if self.a == self.c:
            # n = c·q + e, and q = ⌊(n + b) / c⌋ exactly where 0 ≤ e + b < c, whatever q is.
            fits = 0 <= self.e + self.b < self.c
            return Returns(divisor=self.c, remainder=self.e % self.c) if fits else Returns()
        # n = a·q + e, and 0 ≤ (a − c)·q + e + b < c: finitely many q.
        step, start = self.a - self.c, self.e + self.b
        ends = sorted((-start / step, (self.c - 1 - start) / step))
        found = (self.a * q + self.e for q in range(int(ends[0]) - 1, int(ends[1]) + 2))
        return Returns(only=tuple(sorted({n for n in found if n >= 1 and self(n) == n})))


@dataclass(frozen=True)
class Returns:
    """For which n a size comes back.

    Attributes:
        divisor: n comes back where it leaves ``remainder`` when divided by this; 0 where it is not so simple.
        remainder: see ``divisor``.
        only: the few n that come back, where there is no divisor.
    """

    divisor: int = 0
    remainder: int = 0
    only: tuple[int, ...] = ()

    def __contains__(self, n: int) -> bool:
        return n % self.divisor == self.remainder if self.divisor else n in self.only

    def __str__(self) -> str:
        if self.divisor == 1:
            return "every n"
        if self.divisor:
            first = [self.remainder + self.divisor * i for i in range(bool(self.remainder) ^ 1, 4)]
            return f"n ≡ {self.remainder} (mod {self.divisor}): {', '.join(map(str, first))}, …"
        return f"only n = {', '.join(map(str, self.only))}" if self.only else "no n"


@dataclass(frozen=True)
class Residues:
    """The n for which something holds, by what is left over when they are divided.

    >>> even, third = Residues(2, frozenset({0})), Residues(3, frozenset({0, 2}))
    >>> str(even & third), 4 in even & third
    ('≡ 0 or 2 (mod 6)', False)
    """

    modulus: int = 1
    remainders: frozenset[int] = frozenset({0})

    def __contains__(self, n: int) -> bool:
        return n % self.modulus in self.remainders

    def __and__(self, other: Residues) -> Residues:
        """Those for which both hold, by the smallest divisor that says it."""
        modulus = math.lcm(self.modulus, other.modulus)
        return Residues.of({n for n in range(modulus) if n in self and n in other}, modulus)

    @classmethod
    def of(cls, remainders: set[int], modulus: int) -> Residues:
        """The same by the smallest divisor that says it."""
        for divisor in (d for d in range(1, modulus + 1) if modulus % d == 0):
            fewer = frozenset(n % divisor for n in remainders)
            if len(fewer) * (modulus // divisor) == len(remainders):
                return cls(divisor, fewer)
        return cls(modulus, frozenset(remainders))

    def __str__(self) -> str:
        *others, last = sorted(self.remainders)
        named = f"{', '.join(map(str, others))} or {last}" if others else str(last)
        if len(others) > 3 and last - others[0] == len(others):
            named = f"{others[0]}, {others[1]}, …, {last}"
        return f"≡ {named} (mod {self.modulus})"


#: Every n.
ALL = Residues()
#: Sizes that take longer to repeat are not compared.
_LONGEST_PERIOD = 4096


@dataclass(frozen=True)
class ComposedSize:
    """Size formulas one behind the other, as few as they can be written with; none at all is n itself.

    >>> down = ComposedSize().then(SizeFormula(1, 1, 2, 0)).then(SizeFormula(1, 1, 2, 0)).then(SizeFormula(1, 1, 2, 0))
    >>> str(down), str(down.then(SizeFormula(8, 0, 1, 0)).then(SizeFormula(1, 0, 1, -4)))
    ('⌈n / 8⌉', '8·⌈n / 8⌉ − 4')

    Attributes:
        formulas: the first one first.
        where: the n for which it holds, where it holds for some only.
    """

    formulas: tuple[SizeFormula, ...] = ()
    where: Residues = ALL

    def then(self, formula: SizeFormula) -> ComposedSize:
        """This chain, and one formula more."""
        if not self.formulas:
            return ComposedSize((formula,) * (formula != SizeFormula(1, 0, 1, 0)), self.where)
        *others, last = self.formulas
        both = last.then(formula)
        # The two as one may go together with the one before them, so they are added like any other.
        if both is None:
            return ComposedSize((*self.formulas, formula), self.where)
        return ComposedSize(tuple(others), self.where).then(both)

    @property
    def is_constant(self) -> bool:
        """Whether it is the same for every n."""
        return any(formula.a == 0 for formula in self.formulas)

    @property
    def slope(self) -> Fraction:
        """By how much it grows with n in the long run."""
        return math.prod((Fraction(formula.a, formula.c) for formula in self.formulas), start=Fraction(1))

    @property
    def period(self) -> int:
        """After how many n it has grown by ``slope`` times as much, wherever it started."""
        period = 1
        for formula in reversed(self.formulas):
            period = formula.c * (period // math.gcd(period, formula.a))
        return period

    def divided_by(self, divisor: int) -> ComposedSize | None:
        """The same for those n for which ``divisor`` divides it; None where that takes too long to find out."""
        period = math.lcm(self.period * divisor, self.where.modulus)
        if divisor == 1 or period > _LONGEST_PERIOD:
            return self if divisor == 1 else None
        whole = {n for n in range(period) if n in self.where and self(n) % divisor == 0}
        return replace(self, where=Residues.of(whole, period)) if whole else None

    def meeting(self: ComposedSize | None, other: ComposedSize | None) -> ComposedSize | None:
        """The size where two that must be equal meet: the simpler of the two, for those n for which they are.

        None where they are equal for no n, or only by chance, or where that takes too long to find out.

        >>> n = ComposedSize()
        >>> found = n.meeting(n.then(SizeFormula(1, 0, 2, 0)).then(SizeFormula(2, 0, 1, 0)))
        >>> str(found), str(found.where)
        ('n', '≡ 0 (mod 2)')
        """
        if self is None or other is None or self.slope != other.slope:
            return None
        if self.formulas == other.formulas:
            return replace(self, where=self.where & other.where)
        both = self.where & other.where
        period = math.lcm(self.period, other.period, both.modulus)
        if period > _LONGEST_PERIOD:
            return None
        equal = {n for n in range(period) if n in both and self(n) == other(n)}
        simpler = min(self, other, key=lambda size: (len(size.formulas), len(str(size))))
        return replace(simpler, where=Residues.of(equal, period)) if equal else None

    @staticmethod
    def sum(sizes: Sequence[ComposedSize]) -> ComposedSize | None:
        """Sizes side by side; None where they are not alike but for those that are the same for every n."""
        growing = [size for size in sizes if not size.is_constant]
        if len({size.formulas for size in growing}) > 1:
            return None
        more = sum(size(1) for size in sizes if size.is_constant)
        if not growing:
            return ComposedSize((SizeFormula(0, 0, 1, more),))
        where = functools.reduce(Residues.__and__, (size.where for size in growing))
        return replace(growing[0], where=where).then(SizeFormula(len(growing), 0, 1, more))

    def __call__(self, n: int) -> int:
        """The size that comes out of n."""
        for formula in self.formulas:
            n = formula(n)
        return n

    @property
    def size_formula(self) -> SizeFormula | None:
        """The one formula that says it all, or None if it takes more."""
        if not self.formulas:
            return SizeFormula(1, 0, 1, 0)
        return self.formulas[0] if len(self.formulas) == 1 else None

    def __str__(self) -> str:
        text = "n"
        for formula in self.formulas:
            text = formula.written(text)
        return text
