"""What one cell of a late layer can see of the input: the receptive field, one axis at a time, in whole numbers.

Walking from the input upward, each axis (see ``axes``) makes the field of its output cells out of the fields of its
input cells. For windows alone this is the recursion of Araujo, Norris & Sim, "Computing Receptive Fields of
Convolutional Neural Networks", Distill 2019::

    r ← r + (k_eff − 1)·j        start ← start − p_before·j        j ← j·s        from r = 1, j = 1, start = 0

On the way up (upsampling, transposed convolution) neighbouring cells see fields of different sizes, in a pattern that
repeats: so a ``ReceptiveField`` keeps the exact cells for one period of that pattern instead of three numbers.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from course_utils.axes import Axis, Crop, GlobalWindow, NoRule, Pad, TransposedWindow, Upsample, Window

#: First and last input cell that an output cell can see; None for a cell that sees none.
Span = tuple[int, int] | None

#: A pattern that takes longer to repeat is not followed.
_LONGEST_PERIOD = 10_000
#: Sizes that are large enough for every window; how many in a row are tried where the size is not known.
_LARGE = 10**6


@dataclass(frozen=True)
class ReceptiveField:
    """The input cells that each output cell can see, without regard to where the maps end.

    It is exact for interior cells. At the border, what lies outside a map (any map on the way, not only the input) is
    ghost cells. Between the first and the last cell there may be holes (dilation, strides above k).

    Attributes:
        spans: for the output cells 0 … period − 1; empty if every cell sees everything ("the whole map").
        shift: by how many input cells the spans move on after a whole period.
        start_known: False where the padding depends on a size that is not known; sizes and jump hold all the same.

    >>> field_behind(ONE_CELL, Window(size=3, stride=2, padding="same"), 7)
    ReceptiveField(spans=((-1, 1),), shift=2, start_known=True)
    """

    spans: tuple[Span, ...]
    shift: int
    start_known: bool = True

    def __getitem__(self, i: int) -> Span:
        """The first and the last input cell that output ``i`` can see; outside 0 … n − 1 are ghosts."""
        periods, place = divmod(i, len(self.spans))
        span = self.spans[place]
        return None if span is None else (span[0] + periods * self.shift, span[1] + periods * self.shift)

    @property
    def whole(self) -> bool:
        """Whether every cell sees everything."""
        return not self.spans

    @property
    def sizes(self) -> tuple[int, ...]:
        """Every size of field that occurs, in rising order; several on the way up."""
        return tuple(sorted({0 if span is None else span[1] - span[0] + 1 for span in self.spans}))

    @property
    def size(self) -> int | None:
        """``r``: how many input cells an output cell spans, at most; None for the whole map."""
        return None if self.whole else self.sizes[-1]

    @property
    def jump(self) -> Fraction | None:
        """``j``: how far apart the fields of neighbours lie, on average; None for the whole map."""
        return None if self.whole else Fraction(self.shift, len(self.spans))

    @property
    def start(self) -> int | None:
        """The first input cell that output 0 can see, negative for ghosts; None where that cannot be said."""
        return self.spans[0][0] if self.spans and self.spans[0] is not None and self.start_known else None


#: What a cell of the input sees: itself.
ONE_CELL = ReceptiveField(((0, 0),), 1)
#: What a cell behind global pooling sees: everything.
WHOLE_MAP = ReceptiveField((), 0)


@dataclass(frozen=True)
class _Reading:
    """Which cells of the map before it a layer reads: output ``q·period + i`` reads ``taps[i] + q·shift``."""

    taps: tuple[tuple[int, ...], ...]
    shift: int


@functools.lru_cache(maxsize=4096)
def field_behind(field: ReceptiveField, axis: Axis, n: int | None) -> ReceptiveField:
    """The field of what comes out of an axis.

    Args:
        field: of the cells that go in.
        axis: what they go through.
        n: how many cells go in; None if that is not known.

    Raises:
        NoRule: where the course does not know which cells are read, or where it depends on the size.
        ShapeError: where nothing comes out.
    """
    if isinstance(axis, GlobalWindow):
        return WHOLE_MAP
    reading, settled = _reading_of(axis, n)
    if field.whole:
        return WHOLE_MAP
    if not settled and len(field.spans) > 1:
        raise NoRule("which cells are read depends on the size, which is not known.")
    periods = len(field.spans) // math.gcd(len(field.spans), reading.shift)
    if periods * len(reading.taps) > _LONGEST_PERIOD:
        raise NoRule("the pattern in which cells are read takes too long to repeat.")
    spans = tuple(
        _hull([field[tap + q * reading.shift] for tap in taps]) for q in range(periods) for taps in reading.taps
    )
    shift = field.shift * (periods * reading.shift // len(field.spans))
    return _shortest(spans, shift, field.start_known and settled)


def union(fields: Sequence[ReceptiveField]) -> ReceptiveField:
    """The field where several maps meet cell by cell: from the smallest start to the largest end.

    Raises:
        NoRule: where the fields move on unequally, so that no one field could describe them, or where how they lie to
            each other depends on a size that is not known.
    """
    if any(field.whole for field in fields):
        return WHOLE_MAP
    if len(fields) == 1:
        return fields[0]
    jumps = sorted({field.jump for field in fields if field.jump is not None})
    if len(jumps) > 1:
        steps = " and ".join(map(str, jumps))
        raise NoRule(f"the maps that meet step over the input unequally, by {steps} cells.")
    if not all(field.start_known for field in fields):
        raise NoRule("how the maps that meet lie to each other depends on the size, which is not known.")
    period = math.lcm(*(len(field.spans) for field in fields))
    if period > _LONGEST_PERIOD:
        raise NoRule("the pattern in which cells are read takes too long to repeat.")
    spans = tuple(_hull([field[i] for field in fields]) for i in range(period))
    return _shortest(spans, fields[0].shift * (period // len(fields[0].spans)), True)


def _hull(spans: Sequence[Span]) -> Span:
    known = [span for span in spans if span is not None]
    return (min(first for first, _ in known), max(last for _, last in known)) if known else None


def _shortest(spans: tuple[Span, ...], shift: int, start_known: bool) -> ReceptiveField:
    """The same with the shortest period, so that equal fields are equal."""
    whole = ReceptiveField(spans, shift, start_known)
    for period in range(1, len(spans)):
        part = ReceptiveField(spans[:period], shift * period // len(spans), start_known)
        fits = len(spans) % period == 0 and shift * period % len(spans) == 0
        if fits and all(part[i] == span for i, span in enumerate(spans)):
            return part
    return whole


def _reading_of(axis: Axis, n: int | None) -> tuple[_Reading, bool]:
    """Which cells an axis reads, and whether that is settled: not where its padding depends on an unknown size."""
    if n is not None:
        return _reading(axis, n), True
    # Padding depends on the size by its remainder only, so as many sizes in a row show every case.
    cases = {_reading(axis, _LARGE + more) for more in range(getattr(axis, "stride", 1))}
    return _reading(axis, _LARGE), len(cases) == 1


def _reading(axis: Axis, n: int) -> _Reading:
    """Asked from the axis; maps are taken as endless, so nothing is clipped or cut off."""
    if isinstance(axis, Window | Crop):
        return _Reading((axis.taps(0, n),), axis.stride)
    if isinstance(axis, Pad):
        return _Reading((axis.taps(0, n),), 1)
    if isinstance(axis, Upsample):
        # The middle one of three cells: its copies are blended with neighbours that are all there.
        copies = range(axis.factor, 2 * axis.factor)
        return _Reading(tuple(tuple(tap - 1 for tap in axis.taps(i, 3)) for i in copies), 1)
    if isinstance(axis, TransposedWindow):
        # Input 0 reaches these outputs, input j those that lie j·s further on: turned round, what output i reads.
        reached, s = axis.stamps(0, n), axis.stride
        return _Reading(tuple(tuple((i - to) // s for to in reached if (i - to) % s == 0) for i in range(s)), 1)
    raise NoRule(f"there is no rule for which cells {type(axis).__name__} reads.")
