"""What is asked of every framework: one row of cells, one operation, and its settings in the terms of the course."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

NAN = math.nan


@dataclass(frozen=True)
class Case:
    """One question; the map has a single row, so an axis is all there is.

    Attributes:
        operation: what is done.
        x: the cells of the row.
        k, s, d: kernel or pool size, stride, dilation.
        padding: ``"same"``, ``"valid"`` or ``"causal"``, or how many ghost cells stand at either end.
        ceil: whether the size is rounded up (ceil_mode).
        counted: whether an average counts ghost cells; None where the setting is left alone.
        output_padding: of a transposed convolution; None where it is left alone.
        size: what comes out of a resizing or an adaptive pooling.
        factor: of an upsampling, instead of ``size``.
        method: how a resizing blends.
        antialias: whether a smaller map is blurred first.
    """

    operation: str
    x: tuple[float, ...]
    k: int = 1
    s: int = 1
    d: int = 1
    padding: str | int = "valid"
    ceil: bool = False
    counted: bool | None = None
    output_padding: int | None = None
    size: int = 0
    factor: float = 0
    method: str = ""
    antialias: bool = False

    @property
    def n(self) -> int:
        """How many cells go in."""
        return len(self.x)

    @property
    def kernel(self) -> tuple[float, ...]:
        """Powers of ten: over the cells 1 2 3 … a window spells what it reads, with 0 for a ghost."""
        powers = [float(10**place) for place in range(self.k)]
        return tuple(powers if self.operation == "transposed convolution" else reversed(powers))

    @property
    def name(self) -> str:
        """The settings that were chosen; unique among the cases."""
        if self.operation == "resizing":
            blurred = ", antialiased" if self.antialias else ""
            return f"{self.method}{blurred}, {self.n} cells " + (
                f"× {self.factor:g}" if self.factor else f"to {self.size}"
            )
        if self.operation.startswith("adaptive"):
            return f"{self.n} cells to {self.size}"
        parts = [f"k={self.k}", f"s={self.s}", f"d={self.d}" if self.d > 1 else ""]
        parts += [self.padding if isinstance(self.padding, str) else f"p={self.padding}"]
        parts += ["" if self.output_padding is None else f"output_padding={self.output_padding}"]
        parts += ["ceil" if self.ceil else "", "NaN in it" if NAN in self.x else "", f"n={self.n}"]
        parts += ["" if self.counted is None else f"padding {'' if self.counted else 'not '}counted"]
        return ", ".join(part for part in parts if part)

    @property
    def key(self) -> str:
        """Operation and settings."""
        return f"{self.operation}: {self.name}"


def _cells(n: int) -> tuple[float, ...]:
    return tuple(float(cell) for cell in range(1, n + 1))


CONVOLUTION, MAX, AVERAGE = "convolution", "max pooling", "average pooling"
TRANSPOSED, RESIZING = "transposed convolution", "resizing"
ADAPTIVE = ("adaptive max pooling", "adaptive average pooling")

CASES = (
    # Every parity of k, s and n: which side gets the odd ghost cell, and how many there are.
    *(Case(CONVOLUTION, _cells(n), k, s, padding="same") for k, s, n in product((2, 3, 4), (1, 2, 3), (5, 6))),
    Case(CONVOLUTION, _cells(5), 3, 1, 2, "same"),
    Case(CONVOLUTION, _cells(5), 2, 1, 3, "same"),
    Case(CONVOLUTION, _cells(6), 3, 2, 2, "same"),
    Case(CONVOLUTION, _cells(5), 3, 1, padding="causal"),
    Case(CONVOLUTION, _cells(6), 2, 2, padding="causal"),
    Case(CONVOLUTION, _cells(6), 2, 1, 2, "causal"),
    Case(CONVOLUTION, _cells(6), 3, 2),
    Case(CONVOLUTION, _cells(2), 3),
    *(
        Case(operation, _cells(n), k, s, padding="same")
        for operation in (MAX, AVERAGE)
        for k, s, n in ((2, 1, 5), (2, 2, 5), (3, 2, 5), (3, 2, 6), (4, 1, 5), (2, 3, 5))
    ),
    # A window that lies wholly in the padding, or hangs over the end.
    Case(MAX, (-1.0, -2.0, -3.0), 2, 2, padding=1),
    Case(MAX, (-1.0, -2.0, -3.0), 2, 2, padding=1, ceil=True),
    Case(MAX, _cells(6), 2, 3, padding=0, ceil=True),
    Case(MAX, _cells(6), 3, 2, padding=1, ceil=True),
    Case(MAX, (1.0, NAN, NAN, 2.0, 3.0, 4.0), 2, 2),
    Case(MAX, _cells(2), 3),
    Case(AVERAGE, _cells(5), 3, 2, padding=1),
    Case(AVERAGE, _cells(5), 3, 2, padding=1, counted=True),
    Case(AVERAGE, _cells(5), 3, 2, padding=1, counted=False),
    Case(AVERAGE, _cells(4), 3, 2, padding=1, ceil=True),
    Case(AVERAGE, _cells(4), 3, 2, padding=1, ceil=True, counted=True),
    Case(AVERAGE, _cells(3), 2, 2, padding=1, ceil=True, counted=False),
    Case(AVERAGE, _cells(6), 2, 3, padding=0, ceil=True),
    Case(AVERAGE, _cells(2), 3),
    *(Case(operation, _cells(n), size=size) for operation in ADAPTIVE for n, size in ((7, 3), (5, 3), (3, 5))),
    *(
        Case(TRANSPOSED, _cells(2), k, s, padding="same")
        for k, s in ((2, 2), (3, 1), (3, 2), (4, 2), (5, 2), (2, 3), (4, 3))
    ),
    Case(TRANSPOSED, _cells(2), 3, 2),
    Case(TRANSPOSED, _cells(2), 2, 3),
    Case(TRANSPOSED, _cells(2), 3, 1, 2),
    Case(TRANSPOSED, _cells(2), 3, 2, output_padding=1),
    Case(TRANSPOSED, _cells(2), 3, 2, padding="same", output_padding=0),
    Case(TRANSPOSED, _cells(2), 2, 2, padding="same", output_padding=0),
    Case(TRANSPOSED, _cells(2), 3, 2, padding=1, output_padding=1),
    Case(RESIZING, (0.0, 1.0, 2.0), factor=2, method="nearest"),
    *(Case(RESIZING, _cells(n), size=size, method="nearest") for n, size in ((5, 3), (3, 7), (4, 6), (7, 3))),
    Case(RESIZING, (0.0, 1.0, 2.0), factor=2, method="bilinear"),
    Case(RESIZING, (0.0, 1.0), factor=3, method="bilinear"),
    Case(RESIZING, (0.0, 1.0, 2.0, 3.0, 4.0), factor=1.5, method="bilinear"),
    *(Case(RESIZING, _cells(n), size=size, method="bilinear") for n, size in ((3, 5), (5, 3), (7, 3))),
    Case(RESIZING, _cells(7), size=3, method="bilinear", antialias=True),
    Case(RESIZING, (0.0, 0.0, 1.0, 1.0), factor=2, method="bicubic"),
    Case(RESIZING, (0.0, 0.0, 1.0, 1.0, 0.0), size=3, method="bicubic"),
    Case(RESIZING, (0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0), size=3, method="bicubic", antialias=True),
    Case(RESIZING, (0.0, 0.0, 1.0, 1.0), factor=2, method="lanczos3"),
    Case(RESIZING, _cells(7), size=3, method="area"),
)
BY_KEY = {case.key: case for case in CASES}
