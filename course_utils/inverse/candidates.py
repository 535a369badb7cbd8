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
from typing import Any

from course_utils.axes import Axis, Crop, Pad, ShapeError, TransposedWindow, Upsample, Window
from course_utils.keras_layers import LayerCode

#: Kernels, pools, factors and strides are looked at up to this size, and where the sizes themselves ask for more.
LARGEST_SIZE = 11
LARGEST_DILATION = 3
#: An example: the number of filters has nothing to do with the size.
FILTERS = 8

_KERNELS = (3, 2, 1, 5, 4, 7, 6)
_LAST_RESORT = 1000


@dataclass(frozen=True)
class Candidate:
    """A layer with equal settings on height and width.

    Attributes:
        code: the layer.
        axis: the layer on one axis; None for ``Resizing``, which makes the size that it is told.
        points: how simple it is, the fewer the simpler.
        told: the size that ``Resizing`` is told.
    """

    code: LayerCode
    axis: Axis | None
    points: int
    told: int = 0

    def output_size(self, n: int) -> int | None:
        """What comes out of ``n`` by hand; None where nothing does, or where the layer builds but does not run."""
        if self.axis is None:
            return self.told
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


def _stride_points(s: int, k: int) -> int:
    """For a stride that is written down."""
    return 1 + max(s - 2, 0) + (3 if s > k else 0)


def _convolutions(kind: str, reach: Sequence[int]) -> Iterator[Candidate]:
    for k in reach:
        for s, d in [(s, 1) for s in reach] + [(1, d) for d in range(2, LARGEST_DILATION + 1) if k > 1]:
            for padding in ("valid", "same"):
                points = _kernel_points(k) + (padding == "same")
                settings: dict[str, Any] = {"filters": FILTERS, "kernel_size": k}
                if s > 1:
                    settings["strides"], points = s, points + _stride_points(s, k)
                if d > 1:
                    settings["dilation_rate"], points = d, points + d
                yield Candidate(_padded(kind, settings, padding), Window(k, s, d, padding), points)


def _poolings(kind: str, reach: Sequence[int]) -> Iterator[Candidate]:
    for k in reach:
        for s in reach if k > 1 else ():  # a pool of one cell pools nothing
            for padding in ("valid", "same"):
                points = k - 2 + (padding == "same")
                settings: dict[str, Any] = {"pool_size": k}
                if s != k:
                    settings["strides"], points = s, points + _stride_points(s, k)
                yield Candidate(_padded(kind, settings, padding), Window(k, s, 1, padding), points)


def _transposed(kind: str, reach: Sequence[int]) -> Iterator[Candidate]:
    # No dilation: without oneDNN, TensorFlow has no such layer on a processor, so nothing could be verified.
    for k in reach:
        for s in reach:
            for padding in ("valid", "same"):
                for extra in (None, *(range(s) if s <= LARGEST_SIZE else ())):
                    points = _kernel_points(k) + (padding == "same")
                    settings: dict[str, Any] = {"filters": FILTERS, "kernel_size": k}
                    if s > 1:
                        settings["strides"], points = s, points + _stride_points(s, k)
                    code = _padded(kind, settings, padding)
                    if extra is not None:
                        code, points = LayerCode(kind, {**code.settings, "output_padding": extra}), points + 2
                    yield Candidate(code, TransposedWindow(k, s, 1, padding, extra), points)


def _padded(kind: str, settings: dict[str, Any], padding: str) -> LayerCode:
    """Settings are written where they are not the default."""
    return LayerCode(kind, settings if padding == "valid" else {**settings, "padding": padding})


def _upsamplings(kind: str, reach: Sequence[int]) -> Iterator[Candidate]:
    for f in reach:
        if f > 1:
            yield Candidate(LayerCode(kind, {"size": f}), Upsample(f), f - 2)


def _by_cells(kind: str, gaps: Sequence[int]) -> Iterator[Candidate]:
    """What is missing, or too much: shared by both sides, all of it after, all of it before."""
    axis, name = (Pad, "padding") if kind == "ZeroPadding2D" else (Crop, "cropping")
    for cells in gaps if kind == "ZeroPadding2D" else [-gap for gap in gaps]:
        if cells > 0:
            for before in dict.fromkeys((cells // 2, 0, cells)):
                after = cells - before
                code = LayerCode(kind, {name: before if before == after else ((before, after), (before, after))})
                yield Candidate(code, axis(before, after), 2 + cells + (before != after))


def _resizing(outputs: Sequence[int]) -> Iterator[Candidate]:
    if len(set(outputs)) == 1:
        code = LayerCode("Resizing", {"height": outputs[0], "width": outputs[0]})
        yield Candidate(code, None, _LAST_RESORT, outputs[0])


_SPACES: dict[str, Callable[[str, Sequence[int]], Iterator[Candidate]]] = {
    "UpSampling2D": _upsamplings,
    "MaxPooling2D": _poolings,
    "Conv2D": _convolutions,
    "Conv2DTranspose": _transposed,
    "AveragePooling2D": _poolings,
}

#: Every kind that is looked through, in the order in which those that are equally simple are listed.
KINDS = (*_SPACES, "ZeroPadding2D", "Cropping2D", "Resizing")
