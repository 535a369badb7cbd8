"""One axis of a layer, in whole numbers.

Height and width of a layer never look at each other, so every layer of the course is, on each axis separately, one
small object made of integers. What size comes out, how much padding there is, which input cells an output cell
reads and which cells nobody reads: all of it is asked here, and nothing else in the course knows a shape formula.

======================  =====================================================================================
``Axis``                what every one of them can answer, and the errors (``axis.py``)
``Window``              a convolution or a pooling window that slides over the axis (``windows.py``)
``GlobalWindow``        global pooling: one window as long as the axis
``TransposedWindow``    a transposed convolution: each input cell stamps its kernel on the output
``Upsample``            upsampling: each input cell becomes ``f`` output cells (``resizing.py``)
``Pad``, ``Crop``       the explicit layers ``ZeroPadding`` and ``Cropping``, and slices
``Resized``             a size alone: resizing, tiling
======================  =====================================================================================

Every one of them answers the same questions for an input of ``n`` cells:

* ``size_formula()``: the rule for the output size, as an expression in n (``size_formulas.py``)
* ``output_size(n)``: how many cells come out
* ``pads(n)``: the ghost cells (padding) before and after the real ones
* ``all_taps(n)``: which input cells each output reads; an index outside ``0 … n − 1`` is a ghost cell
* ``taps(i, n)``: the same for output ``i`` alone
* ``stamps(j, n)``: which output cells input ``j`` reaches; an index outside ``0 … o − 1`` is cut off
* ``unused_inputs(n)``: the input cells that reach no output cell
* ``formula(n)``: the rule as it is written down, and with the numbers in it (``formulas.py``)

Symbols, here and everywhere: ``n`` input size, ``k`` window size, ``s`` stride, ``d`` dilation, ``p_before`` and
``p_after`` padding, ``o`` output size, ``f`` upsampling factor; ``k_eff = (k − 1)·d + 1`` is what a window spans.
"""

from __future__ import annotations

from course_utils.axes.axis import Axis, NoRule, ShapeError
from course_utils.axes.formulas import Formula
from course_utils.axes.resizing import Crop, Pad, Resized, Upsample
from course_utils.axes.windows import GlobalWindow, TransposedWindow, Window, check_together, effective_size

__all__ = [
    "Axis",
    "Crop",
    "Formula",
    "GlobalWindow",
    "NoRule",
    "Pad",
    "Resized",
    "ShapeError",
    "TransposedWindow",
    "Upsample",
    "Window",
    "check_together",
    "effective_size",
]
