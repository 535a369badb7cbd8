"""Kernels on an axis: a window that slides, one that reads everything, and the stamps of a transposed convolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from course_utils.axes.axis import Axis, Reader, ShapeError, check_whole
from course_utils.axes.formulas import Formula, number, write
from course_utils.size_formulas import SizeFormula


def effective_size(size: int, dilation: int) -> int:
    """What a dilated window spans: ``k_eff = (k − 1)·d + 1`` (Dumoulin & Visin, relation 15)."""
    return (size - 1) * dilation + 1


def _symbols(axis: Window | TransposedWindow) -> dict[str, int]:
    """The numbers of a kernel; what it spans is k where it has no holes, else k_eff."""
    return {"k" if axis.dilation == 1 else "k_eff": axis.effective_size, "s": axis.stride}


@dataclass(frozen=True)
class Window(Axis):
    """A window that slides: a convolution, or pooling with ``stride`` equal to ``size`` by default in Keras.

    Args:
        size: ``k``, cells in the window.
        stride: ``s``, how far the window moves at each step.
        dilation: ``d``, distance between neighbouring cells of the window.
        padding: ``"valid"`` (none), ``"same"`` (as many ghost cells as ``⌈n / s⌉`` outputs need, the odd one after)
            or ``"causal"`` (all ghost cells before, so that no output looks ahead; Keras has it in ``Conv1D`` only),
            or the two numbers ``(p_before, p_after)``, as PyTorch's layers take them (one number for both sides).

    Sources: ``keras/src/ops/operation_utils.py`` (``compute_conv_output_shape``,
    ``compute_pooling_output_shape``); "Notes on padding" of ``tf.nn``; Dumoulin & Visin, "A guide to convolution
    arithmetic for deep learning", relations 1 to 6 and 15 for the symmetric cases; ``torch.nn.Conv2d`` for numbers.

    >>> axis = Window(size=3, stride=2, padding="same")
    >>> axis.output_size(7), axis.pads(7), axis.taps(0, 7)
    (4, (1, 1), (-1, 0, 1))
    >>> axis.pads(8)
    (0, 1)
    >>> Window(size=3, stride=2, padding=(1, 1)).taps(0, 8)
    (-1, 0, 1)
    """

    size: int
    stride: int = 1
    dilation: int = 1
    padding: str | tuple[int, int] = "valid"

    def __post_init__(self) -> None:
        check_whole("The window size k", self.size, 1)
        check_whole("The stride s", self.stride, 1)
        check_whole("The dilation d", self.dilation, 1)
        if isinstance(self.padding, tuple) and len(self.padding) == 2:
            check_whole("The padding before", self.padding[0], 0)
            check_whole("The padding after", self.padding[1], 0)
        elif self.padding not in ("valid", "same", "causal"):
            raise ShapeError(f'padding must be "valid", "same", "causal" or a pair of numbers; it is {self.padding!r}.')

    @property
    def effective_size(self) -> int:
        """``k_eff``: how many cells the window spans, holes included."""
        return effective_size(self.size, self.dilation)

    def size_formula(self) -> SizeFormula:
        """``⌊(n + s − 1) / s⌋``, which is ``⌈n / s⌉``, or ``⌊(n + p_before + p_after − k_eff) / s⌋ + 1``."""
        if self.padding in ("same", "causal"):
            return SizeFormula(1, self.stride - 1, self.stride, 0)
        return SizeFormula(1, sum(self._numbers) - self.effective_size, self.stride, 1)

    def _rule(self) -> str:
        if self.padding in ("same", "causal"):
            return "⌈n / s⌉"
        room = "n + p_before + p_after − k" if isinstance(self.padding, tuple) else "n − k"
        return f"{room} + 1" if self.stride == 1 else f"⌊({room}) / s⌋ + 1"

    def _symbols(self) -> dict[str, int]:
        before, after = self._numbers
        return {**_symbols(self), "p_before": before, "p_after": after}

    def _check_fits(self, n: int) -> None:
        if self.padding not in ("same", "causal") and n + sum(self._numbers) < self.effective_size:
            raise ShapeError(self._does_not_fit(n))

    def _does_not_fit(self, n: int) -> str:
        if isinstance(self.padding, tuple):
            before, after = self.padding
            padded = n + before + after
            return (
                f"A window that spans {self.effective_size} cells does not fit into {n} with {before} before and "
                f"{after} after, which are {padded}. Try a smaller window, or {self.effective_size - padded} more."
            )
        span = f"A window of {self.size}"
        room = f"k ≤ {n}"
        if self.dilation > 1:
            span += f" with dilation {self.dilation} spans {self.effective_size} cells and"
            room += " with d = 1"
        return (
            f'{span} does not fit into {n} {"cell" if n == 1 else "cells"}: padding="valid" would leave '
            f"{n} − {self.effective_size} + 1 = {number(n - self.effective_size + 1)} places. "
            f'Try {room}, an input of at least {self.effective_size}, or padding="same".'
        )

    @property
    def _numbers(self) -> tuple[int, int]:
        """The padding of a window whose padding does not depend on n."""
        return self.padding if isinstance(self.padding, tuple) else (0, 0)

    def padding_total(self, n: int) -> int:
        """All ghost cells together."""
        o = self.output_size(n)
        if self.padding == "causal":
            return self.effective_size - 1
        if self.padding != "same":
            return sum(self._numbers)
        return max((o - 1) * self.stride + self.effective_size - n, 0)

    def pads(self, n: int) -> tuple[int, int]:
        """Ghost cells before and after. *same*: ⌊total / 2⌋ before, the rest after, never less."""
        total = self.padding_total(n)
        if isinstance(self.padding, tuple):
            return self.padding
        before = total if self.padding == "causal" else total // 2
        return (before, total - before)

    def reader(self, n: int) -> Reader:
        """``i·s − p_before + t·d`` for t = 0 … k − 1."""
        before, _ = self.pads(n)
        cells = range(-before, self.effective_size - before, self.dilation)
        return lambda i: tuple(cell + i * self.stride for cell in cells)

    def effective_size_formula(self) -> Formula:
        """``k_eff``, with the numbers."""
        return write("k_eff", "(k − 1)·d + 1", self.effective_size, k=self.size, d=self.dilation)

    def pads_formula(self, n: int) -> Formula:
        """The rule for all ghost cells together, with and without the numbers."""
        o, total = self.output_size(n), self.padding_total(n)
        if self.padding == "causal":
            return write("p_before", "(k − 1)·d", total, k=self.size, d=self.dilation)
        if self.padding == "valid":
            rule = "0"
        elif self.padding == "same":
            rule = "k − 1" if self.stride == 1 else "max((o − 1)·s + k − n, 0)"
        else:
            rule = "p_before + p_after"
        return self._write("p_before + p_after", rule, total, n=n, o=o)

    def split_text(self, n: int) -> str:
        """How the ghost cells are shared between the two ends, with the numbers."""
        (before, after), total = self.pads(n), self.padding_total(n)
        if self.padding != "same":
            return f"p_before = {before}, p_after = {after}"
        return f"p_before = ⌊{total} / 2⌋ = {before}, p_after = {total} − {before} = {after}"


@dataclass(frozen=True)
class GlobalWindow(Axis):
    """Global pooling: one window that reads the whole axis, whatever its size."""

    def size_formula(self) -> SizeFormula:
        """``1``."""
        return SizeFormula(0, 0, 1, 1)

    def _rule(self) -> str:
        return "1"

    def reader(self, n: int) -> Reader:
        """Every input cell."""
        return lambda i: tuple(range(n))


@dataclass(frozen=True)
class TransposedWindow(Axis):
    """A transposed convolution: each input cell stamps the kernel on the output, ``s`` cells apart; overlaps add.

    Args:
        size: ``k``, cells in the kernel.
        stride: ``s``, distance between neighbouring stamps.
        dilation: ``d``, distance between neighbouring cells of a stamp.
        padding: ``"valid"`` keeps every stamp whole, ``"same"`` cuts the sum down to ``n·s``.
        output_padding: None for Keras's own choice of size, or a whole number below the stride.

    It is the way back of the convolution with the same k, s, d and padding (its gradient), so whatever that
    convolution would have padded is what is cut off here.

    Sources: ``keras/src/backend/common/backend_utils.py`` (``_get_output_shape_given_tf_padding``); Dumoulin &
    Visin, relations 8 to 14, which hold for k ≥ s only.

    >>> TransposedWindow(size=3, stride=2, padding="same").output_size(4)
    8
    >>> TransposedWindow(size=3, stride=2, padding="same", output_padding=0).output_size(4)
    7
    """

    size: int
    stride: int = 1
    dilation: int = 1
    padding: str = "valid"
    output_padding: int | None = None

    def __post_init__(self) -> None:
        if self.padding not in ("valid", "same"):
            raise ShapeError(f'A transposed convolution knows padding="valid" and "same", not {self.padding!r}.')
        Window(self.size, self.stride, self.dilation, self.padding)  # the same limits hold
        if self.output_padding is not None:
            check_whole("output_padding", self.output_padding, 0)
            if self.output_padding >= self.stride:
                raise ShapeError(
                    f"output_padding must be smaller than the stride; it is {self.output_padding} and s is "
                    f"{self.stride}."
                )

    @property
    def forward(self) -> Window:
        """The convolution whose way back this is."""
        return Window(self.size, self.stride, self.dilation, self.padding)

    @property
    def effective_size(self) -> int:
        """``k_eff``: how many cells one stamp spans."""
        return effective_size(self.size, self.dilation)

    def size_formula(self) -> SizeFormula:
        """``n·s`` and what is added to it, by padding and output_padding; see ``formula``."""
        k, s, extra = self.effective_size, self.stride, self.output_padding
        if extra is None:
            return SizeFormula(s, 0, 1, 0 if self.padding == "same" else max(k - s, 0))
        return SizeFormula(s, 0, 1, (k % 2 if self.padding == "same" else k) + extra - s)

    def _rule(self) -> str:
        if self.output_padding is None:
            return "n·s" if self.padding == "same" else "n·s + max(k − s, 0)"
        return f"(n − 1)·s + {'(k mod 2)' if self.padding == 'same' else 'k'} + output_padding"

    def _symbols(self) -> dict[str, int]:
        return {**_symbols(self), "output_padding": self.output_padding or 0}

    def check_runs(self, n: int) -> None:
        """*same* with an even k_eff and output_padding=0 can be built but not run: it is one window short."""
        o = self.output_size(n)
        if o < 1 or self.forward.output_size(o) != n:
            others = "=1" if self.stride == 2 else f" from 1 to {self.stride - 1}"
            another = f"Try output_padding{others}, leave" if self.stride > 1 else "Leave"
            raise ShapeError(
                f"output_padding={self.output_padding} gives {o} cells, and a convolution with k = {self.size}, "
                f's = {self.stride}, padding="{self.padding}" makes {max(-(-o // self.stride), 0)} of those, not '
                f"{n}: Keras on TensorFlow builds such a layer and fails when it is called. "
                f"{another} it out, or take an odd k."
            )

    def crops(self, n: int) -> tuple[int, int]:
        """Cells cut off the sum of all stamps, before and after; a negative number adds cells that hold zeros."""
        o = self.output_size(n)
        before = self.forward.pads(o)[0] if o else 0
        return (before, (n - 1) * self.stride + self.effective_size - before - o)

    def stamps(self, j: int, n: int) -> tuple[int, ...]:
        """``j·s + t·d − cut`` for t = 0 … k − 1, in the order of the kernel; outside 0 … o − 1 is cut off."""
        if not 0 <= j < n:
            raise IndexError(f"input {j} does not exist: there are {n}, counted from 0.")
        return self._stamp(j, self.crops(n)[0])

    def all_stamps(self, n: int) -> tuple[tuple[int, ...], ...]:
        """The ``stamps`` of every input, in order."""
        cut, _ = self.crops(n)
        return tuple(self._stamp(j, cut) for j in range(n))

    def _stamp(self, j: int, cut: int) -> tuple[int, ...]:
        start = j * self.stride - cut
        return tuple(range(start, start + self.effective_size, self.dilation))

    def reader(self, n: int) -> Reader:
        """The input cells whose stamp covers output ``i``; none at all where k < s leaves a gap."""
        cut, _ = self.crops(n)

        def read(i: int) -> tuple[int, ...]:
            # Input j stamps i where i = j·s + t·d − cut; these are the j·s.
            places = range(i + cut - self.effective_size + 1, i + cut + 1, self.dilation)
            return tuple(p // self.stride for p in places if p % self.stride == 0 and 0 <= p < n * self.stride)

        return read

    def overlaps(self, n: int) -> tuple[int, ...]:
        """How many stamps fall on each output cell: uneven (a checkerboard) when k mod s ≠ 0."""
        return tuple(map(len, self.all_taps(n)))


def check_together(axes: Sequence[Axis]) -> None:
    """Raise ShapeError where a stride and a dilation above 1 meet, on one axis or on two.

    The only rule by which the axes of a layer look at each other. It is no matter of arithmetic (each axis alone has
    its sizes): TensorFlow has no such convolution, so Keras's ``Conv*`` and ``Conv*Transpose`` refuse to be made.
    """
    strides = tuple(axis.stride for axis in axes if isinstance(axis, Window | TransposedWindow))
    dilations = tuple(axis.dilation for axis in axes if isinstance(axis, Window | TransposedWindow))
    if max(strides, default=1) > 1 and max(dilations, default=1) > 1:
        raise ShapeError(
            f"A stride above 1 and a dilation above 1 do not go together, not even on different axes: the strides are "
            f"{strides}, the dilations {dilations}. Try s = 1 or d = 1 on every axis."
        )
