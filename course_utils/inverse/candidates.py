"""The layers that ``which`` looks through, on one axis, and how simple each of them is.

Simplicity is counted in points, the fewer the simpler:

* the kernel: its place in 3, 2, 1, 5, 4, 7, 6 (the order in which people use them), larger ones as many as they have
  cells; a pool or an upsampling factor: what it has more than 2;
* ``padding="same"``: 1; ``strides`` that are not the default: 1, and one more for each step beyond 2;
* ``dilation_rate``: its number; ``output_padding``: 2; a stride that jumps over cells (s > k): 3;
* ``ZeroPadding2D`` and ``Cropping2D``: 2 and the number of cells, one more where the sides differ, because they copy
  cells and work nothing out;
* ``Resizing`` is the last resort.

Where the points are equal, the order is that of ``KINDS``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

from course_utils.axes import Axis, ShapeError
from course_utils.keras_layers import LayerCode

#: Kernels, pools, factors and strides are looked at up to this size, and where the sizes themselves ask for more.
LARGEST_SIZE = 11
LARGEST_DILATION = 3
#: An example: the number of filters has nothing to do with the size.
FILTERS = 8

_PADDINGS = ("valid", "same")
_KERNELS = (3, 2, 1, 5, 4, 7, 6)
_LAST_RESORT = 1000


@dataclass(frozen=True)
class Candidate:
    """A layer with equal settings on height and width.

    Attributes:
        code: the layer.
        points: how simple it is, the fewer the simpler.
    """

    code: LayerCode
    points: int

    @cached_property
    def axis(self) -> Axis | None:
        """The layer on one axis; None for ``Resizing``, which makes the size that it is told."""
        return None if self.code.kind == "Resizing" else self.code.axes[0]

    def output_size(self, n: int) -> int | None:
        """What comes out of ``n`` by hand; None where nothing does, or where the layer builds but does not run."""
        if self.axis is None:
            return int(self.code.settings["height"])
        try:
            self.axis.check_runs(n)
            return self.axis.output_size(n)
        except ShapeError:
            return None


def candidates(inputs: Sequence[int], outputs: Sequence[int], kinds: Sequence[str]) -> Iterator[Candidate]:
    """Every layer that is looked through for these sizes, the simplest of all kinds first."""
    reach = _sizes(inputs, outputs)
    gaps = sorted({o - n for n, o in zip(inputs, outputs, strict=True)})
    found: list[Candidate] = []
    for kind in kinds:
        if kind == "Resizing":
            found += _resizing(outputs)
        elif kind in ("ZeroPadding2D", "Cropping2D"):
            found += _by_cells(kind, gaps)
        else:
            found += _SPACES[kind](kind, reach)
    order = {kind: place for place, kind in enumerate(KINDS)}
    yield from sorted(found, key=lambda candidate: (candidate.points, order[candidate.code.kind]))


def _sizes(inputs: Sequence[int], outputs: Sequence[int]) -> tuple[int, ...]:
    """1 to ``LARGEST_SIZE``, and how many times the smaller size goes into the larger: 224 to 7 asks for 32."""
    found = set(range(1, LARGEST_SIZE + 1))
    for n, o in zip(inputs, outputs, strict=True):
        times, rest = divmod(max(n, o), min(n, o))
        found |= {times, times + bool(rest)}
    return tuple(sorted(found))


def _kernel_points(k: int) -> int:
    return _KERNELS.index(k) if k in _KERNELS else k


def _candidate(kind: str, points: int, settings: dict[str, Any], k: int, s: int, padding: str) -> Candidate:
    """With stride and padding, which are written where they are not the default, and the points for them."""
    if s != settings.get("pool_size", 1):
        settings, points = {**settings, "strides": s}, points + 1 + max(s - 2, 0) + (3 if s > k else 0)
    if padding == "same":
        settings, points = {**settings, "padding": padding}, points + 1
    return Candidate(LayerCode(kind, settings), points)


def _convolutions(kind: str, reach: Sequence[int]) -> Iterator[Candidate]:
    for k in reach:
        kernel, points = {"filters": FILTERS, "kernel_size": k}, _kernel_points(k)
        for s, padding in product(reach, _PADDINGS):
            yield _candidate(kind, points, kernel, k, s, padding)
        for d, padding in product(range(2, LARGEST_DILATION + 1) if k > 1 else (), _PADDINGS):
            yield _candidate(kind, points + d, {**kernel, "dilation_rate": d}, k, 1, padding)


def _poolings(kind: str, reach: Sequence[int]) -> Iterator[Candidate]:
    for k, s, padding in product(reach, reach, _PADDINGS):
        if k > 1:  # a pool of one cell pools nothing
            yield _candidate(kind, k - 2, {"pool_size": k}, k, s, padding)


def _transposed(kind: str, reach: Sequence[int]) -> Iterator[Candidate]:
    # No dilation: without oneDNN, TensorFlow has no such layer on a processor, so nothing could be verified.
    for k, s, padding in product(reach, reach, _PADDINGS):
        plain = _candidate(kind, _kernel_points(k), {"filters": FILTERS, "kernel_size": k}, k, s, padding)
        yield plain
        for extra in range(s) if s <= LARGEST_SIZE else ():
            yield Candidate(LayerCode(kind, {**plain.code.settings, "output_padding": extra}), plain.points + 2)


def _upsamplings(kind: str, reach: Sequence[int]) -> Iterator[Candidate]:
    for f in reach:
        if f > 1:
            yield Candidate(LayerCode(kind, {"size": f}), f - 2)


def _by_cells(kind: str, gaps: Sequence[int]) -> Iterator[Candidate]:
    """What is missing, or too much: shared by both sides, all of it after, all of it before."""
    name, sign = ("padding", 1) if kind == "ZeroPadding2D" else ("cropping", -1)
    for cells in (sign * gap for gap in gaps[::sign]):
        for before in dict.fromkeys((cells // 2, 0, cells)) if cells > 0 else ():
            after = cells - before
            code = LayerCode(kind, {name: before if before == after else ((before, after), (before, after))})
            yield Candidate(code, 2 + cells + (before != after))


def _resizing(outputs: Sequence[int]) -> Iterator[Candidate]:
    if len(set(outputs)) == 1:
        yield Candidate(LayerCode("Resizing", {"height": outputs[0], "width": outputs[0]}), _LAST_RESORT)


_SPACES: dict[str, Callable[[str, Sequence[int]], Iterator[Candidate]]] = {
    "UpSampling2D": _upsamplings,
    "MaxPooling2D": _poolings,
    "Conv2D": _convolutions,
    "Conv2DTranspose": _transposed,
    "AveragePooling2D": _poolings,
}

#: Every kind that is looked through, in the order in which those that are equally simple are listed.
KINDS = (*_SPACES, "ZeroPadding2D", "Cropping2D", "Resizing")
