"""One axis of a layer, in whole numbers.

Height and width of a layer never look at each other, so every layer of the course is, on each axis separately, one
small object made of integers. What size comes out, how much padding there is, which input cells an output cell
reads and which cells nobody reads: all of it is asked here, and nothing else in the course knows a shape formula.

======================  =====================================================================================
``Window``              a convolution or a pooling window that slides over the axis
``GlobalWindow``               global pooling: one window as long as the axis
``TransposedWindow``              a transposed convolution: each input cell stamps its kernel on the output
``Upsample``              upsampling: each input cell becomes ``f`` output cells
``Pad``, ``Crop``       the explicit layers ``ZeroPadding`` and ``Cropping``
======================  =====================================================================================

Every one of them answers the same questions for an input of ``n`` cells:

* ``output_size(n)``: how many cells come out
* ``pads(n)``: the ghost cells (padding) before and after the real ones
* ``all_taps(n)``: which input cells each output reads; an index outside ``0 … n − 1`` is a ghost cell
* ``taps(i, n)``: the same for output ``i`` alone
* ``stamps(j, n)``: which output cells input ``j`` reaches; an index outside ``0 … o − 1`` is cut off
* ``unused_inputs(n)``: the input cells that reach no output cell
* ``formula(n)``: the rule, and the rule with the numbers in it
* ``size_formula()``: the rule as an expression in n, to be put behind those of other layers (``size_formulas.py``)

Symbols, here and everywhere: ``n`` input size, ``k`` window size, ``s`` stride, ``d`` dilation, ``p_before`` and
``p_after`` padding, ``o`` output size, ``f`` upsampling factor; ``k_eff = (k − 1)·d + 1`` is what a window spans.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from course_utils.size_formulas import SizeFormula


class ShapeError(ValueError):
    """A setting that gives no output. The message holds the numbers and what would fit."""


class NoRule(LookupError):
    """Something the course has no rule for by hand. It is said, and never guessed."""


@dataclass(frozen=True)
class Formula:
    """A rule in symbols, and the same rule with the numbers in it.

    Attributes:
        symbols: for example ``o = ⌈n / s⌉``.
        numbers: for example ``⌈7 / 2⌉ = 4``.
        latex_symbols: ``symbols`` as LaTeX, without dollar signs.
        latex_numbers: ``numbers`` as LaTeX, without dollar signs.
        value: the result, an integer.
    """

    symbols: str
    numbers: str
    latex_symbols: str
    latex_numbers: str
    value: int

    def __str__(self) -> str:
        return f"{self.symbols} = {self.numbers}"

    def _repr_latex_(self) -> str:
        return f"$${self.latex_symbols} = {self.latex_numbers}$$"


_LATEX_SYMBOLS = {
    "k_eff": r"k_{\mathrm{eff}}",
    "p_before": r"p_{\mathrm{before}}",
    "p_after": r"p_{\mathrm{after}}",
    "output_padding": r"\mathrm{output\_padding}",
    "crop_before": r"\mathrm{crop}_{\mathrm{before}}",
    "crop_after": r"\mathrm{crop}_{\mathrm{after}}",
}


def _number(value: int) -> str:
    """A number as a formula shows it: with a real minus sign."""
    return str(value).replace("-", "−")


def _write(result: str, text: str, latex: str, value: int, **numbers: int) -> Formula:
    """Fill a rule twice: each ``<name>`` in ``text`` and ``latex`` becomes the symbol, then the number."""

    def fill(rule: str, table: dict[str, str]) -> str:
        return re.sub(r"<(\w+)>", lambda mark: table.get(mark[1], mark[1]), rule)

    def in_latex(symbols: str) -> str:
        return re.sub(r"\w+", lambda mark: _LATEX_SYMBOLS.get(mark[0], mark[0]), symbols)

    shown = {name: _number(number) for name, number in numbers.items()}
    latex_shown = {name: written.replace("−", "-") for name, written in shown.items()}
    return Formula(
        symbols=f"{result} = {fill(text, {})}",
        numbers=f"{fill(text, shown)} = {_number(value)}",
        latex_symbols=f"{in_latex(result)} = {fill(latex, _LATEX_SYMBOLS)}",
        latex_numbers=f"{fill(latex, latex_shown)} = {_number(value).replace('−', '-')}",
        value=value,
    )


def _check_whole(name: str, value: object, least: int) -> None:
    """Refuse anything that is not a whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ShapeError(f"{name} must be a whole number of at least {least}; it is {value!r}.")


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


def effective_size(size: int, dilation: int) -> int:
    """What a dilated window spans: ``k_eff = (k − 1)·d + 1`` (Dumoulin & Visin, relation 15)."""
    return (size - 1) * dilation + 1


#: The input cells that an output reads, by the number of the output.
Reader = Callable[[int], tuple[int, ...]]


class Axis(ABC):
    """What every axis can answer. ``n`` is always the number of input cells, at least 1."""

    @abstractmethod
    def output_size(self, n: int) -> int:
        """How many cells come out of ``n``. Raises ShapeError where none would."""

    @abstractmethod
    def reader(self, n: int) -> Reader:
        """What ``taps`` and ``all_taps`` ask for each output: sizes and padding are worked out once, here."""

    @abstractmethod
    def formula(self, n: int) -> Formula:
        """The rule for the output size, with and without the numbers."""

    @abstractmethod
    def size_formula(self) -> SizeFormula:
        """The output size as an expression in n, right for every n that gives an output."""

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
        _check_whole("The window size k", self.size, 1)
        _check_whole("The stride s", self.stride, 1)
        _check_whole("The dilation d", self.dilation, 1)
        if isinstance(self.padding, tuple) and len(self.padding) == 2:
            _check_whole("The padding before", self.padding[0], 0)
            _check_whole("The padding after", self.padding[1], 0)
        elif self.padding not in ("valid", "same", "causal"):
            raise ShapeError(f'padding must be "valid", "same", "causal" or a pair of numbers; it is {self.padding!r}.')

    @property
    def effective_size(self) -> int:
        """``k_eff``: how many cells the window spans, holes included."""
        return effective_size(self.size, self.dilation)

    def output_size(self, n: int) -> int:
        """``⌈n / s⌉`` for same and causal; ``⌊(n + p_before + p_after − k_eff) / s⌋ + 1`` for numbers; valid pads 0."""
        _check_whole("The input size n", n, 1)
        if self.padding in ("same", "causal"):
            return -(-n // self.stride)
        padded = n + sum(self._numbers)
        if padded < self.effective_size:
            raise ShapeError(self._does_not_fit(n))
        return (padded - self.effective_size) // self.stride + 1

    def size_formula(self) -> SizeFormula:
        """``⌊(n + s − 1) / s⌋``, which is ``⌈n / s⌉``, or ``⌊(n + p_before + p_after − k_eff) / s⌋ + 1``."""
        if self.padding in ("same", "causal"):
            return SizeFormula(1, self.stride - 1, self.stride, 0)
        return SizeFormula(1, sum(self._numbers) - self.effective_size, self.stride, 1)

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
            f"{n} − {self.effective_size} + 1 = {_number(n - self.effective_size + 1)} places. "
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

    def formula(self, n: int) -> Formula:
        """The output size. With d > 1 the rule is in k_eff, see ``effective_size_formula``."""
        o = self.output_size(n)
        before, after = self._numbers
        room = "<n> + <p_before> + <p_after> − <k>" if isinstance(self.padding, tuple) else "<n> − <k>"
        if self.padding in ("same", "causal"):
            text, latex = "⌈<n> / <s>⌉", r"\left\lceil \frac{<n>}{<s>} \right\rceil"
        elif self.stride == 1:
            text = latex = f"{room} + 1"
        else:
            text, latex = f"⌊({room}) / <s>⌋ + 1", rf"\left\lfloor \frac{{{room}}}{{<s>}} \right\rfloor + 1"
        return self._in_effective_size("o", text, latex, o, n=n, s=self.stride, p_before=before, p_after=after)

    def effective_size_formula(self) -> Formula:
        """``k_eff``, with the numbers."""
        text, latex = "(<k> − 1)·<d> + 1", r"(<k> - 1) \cdot <d> + 1"
        return _write("k_eff", text, latex, self.effective_size, k=self.size, d=self.dilation)

    def pads_formula(self, n: int) -> Formula:
        """The rule for all ghost cells together, with and without the numbers."""
        o, total = self.output_size(n), self.padding_total(n)
        if self.padding == "valid":
            return _write("p_before + p_after", "0", "0", 0)
        if isinstance(self.padding, tuple):
            rule, (before, after) = "<p_before> + <p_after>", self.padding
            return _write("p_before + p_after", rule, rule, total, p_before=before, p_after=after)
        if self.padding == "causal":
            text, latex = "(<k> − 1)·<d>", r"(<k> - 1) \cdot <d>"
            return _write("p_before", text, latex, total, k=self.size, d=self.dilation)
        if self.stride == 1:
            text = latex = "<k> − 1"
        else:
            text = "max((<o> − 1)·<s> + <k> − <n>, 0)"
            latex = r"\max((<o> - 1) \cdot <s> + <k> - <n>,\; 0)"
        return self._in_effective_size("p_before + p_after", text, latex, total, o=o, s=self.stride, n=n)

    def split_text(self, n: int) -> str:
        """How the ghost cells are shared between the two ends, with the numbers."""
        (before, after), total = self.pads(n), self.padding_total(n)
        if self.padding != "same":
            return f"p_before = {before}, p_after = {after}"
        return f"p_before = ⌊{total} / 2⌋ = {before}, p_after = {total} − {before} = {after}"

    def _in_effective_size(self, result: str, text: str, latex: str, value: int, **numbers: int) -> Formula:
        """Write a rule in k, or in k_eff when the window is dilated."""
        latex = latex.replace("−", "-")
        if self.dilation == 1:
            return _write(result, text, latex, value, k=self.size, **numbers)
        text, latex = (rule.replace("<k>", "<k_eff>") for rule in (text, latex))
        return _write(result, text, latex, value, k_eff=self.effective_size, **numbers)


@dataclass(frozen=True)
class GlobalWindow(Axis):
    """Global pooling: one window that reads the whole axis, whatever its size."""

    def output_size(self, n: int) -> int:
        """Always 1."""
        _check_whole("The input size n", n, 1)
        return 1

    def size_formula(self) -> SizeFormula:
        """``1``."""
        return SizeFormula(0, 0, 1, 1)

    def reader(self, n: int) -> Reader:
        """Every input cell."""
        return lambda i: tuple(range(n))

    def formula(self, n: int) -> Formula:
        """``o = 1``."""
        return _write("o", "1", "1", self.output_size(n))


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
            _check_whole("output_padding", self.output_padding, 0)
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

    def output_size(self, n: int) -> int:
        """The four rules of ``formula``."""
        return self._rule(n)[2]

    def size_formula(self) -> SizeFormula:
        """``n·s`` and what is added to it: the formula is linear, so two sizes give it."""
        first, second = self._rule(1)[2], self._rule(2)[2]
        return SizeFormula(second - first, 0, 1, 2 * first - second)

    def check_runs(self, n: int) -> None:
        """*same* with an even k_eff and output_padding=0 can be built but not run: it is one window short."""
        o = self.output_size(n)
        if o < 1 or self.forward.output_size(o) != n:
            others = "=1" if self.stride == 2 else f" from 1 to {self.stride - 1}"
            another = f"Try output_padding{others}, leave" if self.stride > 1 else "Leave"
            raise ShapeError(
                f"output_padding={self.output_padding} gives {o} cells, and a convolution with k = {self.size}, "
                f's = {self.stride}, padding="{self.padding}" makes {max(-(-o // self.stride), 0)} of those, not '
                f"{n}: Keras builds such a layer and fails when it is called. {another} it out, or take an odd k."
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

    def formula(self, n: int) -> Formula:
        """One of four rules, by padding and output_padding."""
        text, latex, o = self._rule(n)
        numbers = {"n": n, "s": self.stride, "output_padding": self.output_padding or 0}
        if self.dilation == 1:
            return _write("o", text, latex, o, k=self.size, **numbers)
        text, latex = (rule.replace("<k>", "<k_eff>") for rule in (text, latex))
        return _write("o", text, latex, o, k_eff=self.effective_size, **numbers)

    def _rule(self, n: int) -> tuple[str, str, int]:
        _check_whole("The input size n", n, 1)
        k, s, extra = self.effective_size, self.stride, self.output_padding
        if self.padding == "same":
            if extra is None:
                return "<n>·<s>", r"<n> \cdot <s>", n * s
            return (
                "(<n> − 1)·<s> + (<k> mod 2) + <output_padding>",
                r"(<n> - 1) \cdot <s> + (<k> \bmod 2) + <output_padding>",
                (n - 1) * s + k % 2 + extra,
            )
        if extra is None:
            return (
                "<n>·<s> + max(<k> − <s>, 0)",
                r"<n> \cdot <s> + \max(<k> - <s>,\; 0)",
                n * s + max(k - s, 0),
            )
        return (
            "(<n> − 1)·<s> + <k> + <output_padding>",
            r"(<n> - 1) \cdot <s> + <k> + <output_padding>",
            (n - 1) * s + k + extra,
        )


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
        _check_whole("The factor f", self.factor, 1)

    def output_size(self, n: int) -> int:
        """``n·f``, always."""
        _check_whole("The input size n", n, 1)
        return n * self.factor

    def size_formula(self) -> SizeFormula:
        """``n·f``."""
        return SizeFormula(self.factor, 0, 1, 0)

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

    def formula(self, n: int) -> Formula:
        """``o = n·f``."""
        return _write("o", "<n>·<f>", r"<n> \cdot <f>", self.output_size(n), n=n, f=self.factor)


@dataclass(frozen=True)
class Pad(Axis):
    """``ZeroPadding``: explicit ghost cells before and after, which then count as real cells.

    >>> Pad(1, 2).output_size(7)
    10
    """

    before: int
    after: int

    def __post_init__(self) -> None:
        _check_whole("The padding before", self.before, 0)
        _check_whole("The padding after", self.after, 0)

    def output_size(self, n: int) -> int:
        """``n + p_before + p_after``."""
        _check_whole("The input size n", n, 1)
        return n + self.before + self.after

    def size_formula(self) -> SizeFormula:
        """``n + p_before + p_after``."""
        return SizeFormula(1, 0, 1, self.before + self.after)

    def pads(self, n: int) -> tuple[int, int]:
        """What the layer adds, whatever ``n`` is."""
        return (self.before, self.after)

    def reader(self, n: int) -> Reader:
        """``i − p_before``: one cell, perhaps a ghost."""
        return lambda i: (i - self.before,)

    def formula(self, n: int) -> Formula:
        """``o = n + p_before + p_after``."""
        rule = "<n> + <p_before> + <p_after>"
        return _write("o", rule, rule, self.output_size(n), n=n, p_before=self.before, p_after=self.after)


@dataclass(frozen=True)
class Crop(Axis):
    """``Cropping``: cells cut off before and after.

    >>> Crop(0, 4).output_size(32)
    28
    """

    before: int
    after: int

    def __post_init__(self) -> None:
        _check_whole("The crop before", self.before, 0)
        _check_whole("The crop after", self.after, 0)

    def output_size(self, n: int) -> int:
        """``n`` less what is cut; at least one cell must be left."""
        _check_whole("The input size n", n, 1)
        if n - self.before - self.after < 1:
            raise ShapeError(
                f"Cutting {self.before} before and {self.after} after leaves nothing of {n} "
                f"{'cell' if n == 1 else 'cells'}: cut at most {n - 1} in all."
            )
        return n - self.before - self.after

    def size_formula(self) -> SizeFormula:
        """``n − crop_before − crop_after``."""
        return SizeFormula(1, 0, 1, -self.before - self.after)

    def reader(self, n: int) -> Reader:
        """``i + crop_before``."""
        return lambda i: (i + self.before,)

    def formula(self, n: int) -> Formula:
        """``o = n − crop_before − crop_after``."""
        text, latex = "<n> − <crop_before> − <crop_after>", "<n> - <crop_before> - <crop_after>"
        o = self.output_size(n)
        return _write("o", text, latex, o, n=n, crop_before=self.before, crop_after=self.after)
