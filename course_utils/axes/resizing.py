"""Axes without a kernel: cells are repeated or blended, added at the ends, or cut off."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from course_utils.axes.axis import Axis, NoRule, Reader, ShapeError, check_whole
from course_utils.size_formulas import SizeFormula


@dataclass(frozen=True)
class Upsample(Axis):
    """Upsampling: every input cell becomes ``f`` output cells.

    Args:
        factor: ``f``.
        interpolation: ``"nearest"`` copies, ``"bilinear"`` blends the two nearest cells (half-pixel centres, edges
            repeated). Others have the same sizes, but no rule for their values here.

    Source: ``keras/src/layers/reshaping/up_sampling2d.py``; ``tf.image.resize`` with ``antialias=False``.

    >>> Upsample(2).output_size(4)
    8
    >>> Upsample(2, "bilinear").blend(1, 3)
    ((0, Fraction(3, 4)), (1, Fraction(1, 4)))
    """

    factor: int
    interpolation: str = "nearest"

    def __post_init__(self) -> None:
        check_whole("The factor f", self.factor, 1)

    def size_formula(self) -> SizeFormula:
        """``n·f``."""
        return SizeFormula(self.factor, 0, 1, 0)

    def _rule(self) -> str:
        return "n·f"

    def _symbols(self) -> dict[str, int]:
        return {"f": self.factor}

    def blend(self, i: int, n: int) -> tuple[tuple[int, Fraction], ...]:
        """The input cells that output ``i`` is made of, each with its weight; the weights sum to 1."""
        self._check_output(i, n)
        if self.interpolation == "nearest":
            return ((i // self.factor, Fraction(1)),)
        if self.interpolation != "bilinear":
            raise NoRule(f"There is no rule by hand for interpolation={self.interpolation!r}.")
        place = (Fraction(2 * i + 1, 2)) / self.factor - Fraction(1, 2)
        low = place.numerator // place.denominator
        weights: dict[int, Fraction] = {}
        for j, weight in ((low, 1 - (place - low)), (low + 1, place - low)):
            edge = min(max(j, 0), n - 1)
            weights[edge] = weights.get(edge, Fraction(0)) + weight
        return tuple((j, weight) for j, weight in weights.items() if weight)

    def reader(self, n: int) -> Reader:
        """The cells of ``blend``, without their weights."""
        return lambda i: tuple(j for j, _ in self.blend(i, n))


@dataclass(frozen=True)
class Pad(Axis):
    """``ZeroPadding``: explicit ghost cells before and after, which then count as real cells.

    Args:
        before: how many cells come before the map.
        after: how many come behind it.
        least: the fewest cells that can be padded: of a map that is mirrored, more than are added.

    >>> Pad(1, 2).output_size(7)
    10
    """

    before: int
    after: int
    least: int = 1

    def __post_init__(self) -> None:
        check_whole("The padding before", self.before, 0)
        check_whole("The padding after", self.after, 0)

    def check_runs(self, n: int) -> None:
        """Raise ShapeError where the map is too small to be mirrored."""
        super().check_runs(n)
        if n < self.least:
            raise ShapeError(f"A map of {n} cells is too small for what is to be mirrored: {self.least} are needed.")

    def size_formula(self) -> SizeFormula:
        """``n + p_before + p_after``."""
        return SizeFormula(1, 0, 1, self.before + self.after)

    def _rule(self) -> str:
        return "n + p_before + p_after"

    def _symbols(self) -> dict[str, int]:
        return {"p_before": self.before, "p_after": self.after}

    def pads(self, n: int) -> tuple[int, int]:
        """What the layer adds, whatever ``n`` is."""
        return (self.before, self.after)

    def reader(self, n: int) -> Reader:
        """``i − p_before``: one cell, perhaps a ghost."""
        return lambda i: (i - self.before,)


@dataclass(frozen=True)
class Crop(Axis):
    """``Cropping``: cells cut off before and after; a slice may keep every ``s``-th cell only.

    >>> Crop(0, 4).output_size(32)
    28
    >>> Crop(1, 0, stride=2).output_size(32), Crop(1, 0, stride=2).formula(32).numbers
    (16, '⌈(32 − 1 − 0) / 2⌉ = 16')
    """

    before: int
    after: int
    stride: int = 1

    def __post_init__(self) -> None:
        check_whole("The crop before", self.before, 0)
        check_whole("The crop after", self.after, 0)
        check_whole("The stride s", self.stride, 1)

    def _check_fits(self, n: int) -> None:
        if n - self.before - self.after < 1:
            raise ShapeError(
                f"Cutting {self.before} before and {self.after} after leaves nothing of {n} "
                f"{'cell' if n == 1 else 'cells'}: cut at most {n - 1} in all."
            )

    def size_formula(self) -> SizeFormula:
        """``⌈(n − crop_before − crop_after) / s⌉``."""
        return SizeFormula(1, self.stride - 1 - self.before - self.after, self.stride, 0)

    def _rule(self) -> str:
        left = "n − crop_before − crop_after"
        return left if self.stride == 1 else f"⌈({left}) / s⌉"

    def _symbols(self) -> dict[str, int]:
        return {"crop_before": self.before, "crop_after": self.after, "s": self.stride}

    def reader(self, n: int) -> Reader:
        """``i·s + crop_before``."""
        return lambda i: (i * self.stride + self.before,)


@dataclass(frozen=True)
class Resized(Axis):
    """A size alone, for resizing, tiling and the like: which cells are read has no rule here.

    Args:
        sizes: the size that comes out of n.
        least: the fewest cells for which it does.

    >>> Resized(SizeFormula(0, 0, 1, 24)).output_size(100)
    24
    """

    sizes: SizeFormula
    least: int = 1

    def _check_fits(self, n: int) -> None:
        if n < self.least:
            raise ShapeError(f"At least {self.least} cells are needed; there {'is' if n == 1 else 'are'} {n}.")

    def size_formula(self) -> SizeFormula:
        """What it was made with."""
        return self.sizes

    def _rule(self) -> str:
        return str(self.sizes)

    def reader(self, n: int) -> Reader:
        """Raises NoRule."""
        raise NoRule("there is no rule for which cells a resized map reads.")
