"""``which``: the layers that make one size of another. The search asks the axes, and Keras verifies what it finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from course_utils.axes import TransposedWindow, Window
from course_utils.explain.wording import count, listed
from course_utils.inverse import arguments
from course_utils.inverse.candidates import KINDS, Candidate, candidates
from course_utils.inverse.found import Way, Ways
from course_utils.keras_layers import KerasRefusal, LayerCode, output_shape, run

#: How many layers that come near are shown where none does it.
_NEAR = 3
#: Maps above so many cells are run as a strip of one column: height and width never look at each other.
_CELLS = 1 << 20


def which(
    input: int | Sequence[int],
    output: int | Sequence[int],
    kinds: str | Sequence[str] | None = None,
    limit: int | None = 12,
) -> Ways:
    """List the layers that take ``input`` cells to ``output`` cells on each axis, simplest first.

    Looked through are kernels, pools, factors and strides up to 11 (and as large as one size goes into the other),
    dilations up to 3, *valid* and *same*, and every output_padding. What counts as simple stands in
    ``candidates.py``. The sizes are worked out by ``axes``; every layer that is listed was built, and Keras gave
    the same size. Transposed convolutions were also run, because some of them build and fail when they are called.

    Args:
        input: the size that goes in, a number of cells. Several, as a list, must all be met by the same layer.
        output: the size that is to come out; as many as there are inputs.
        kinds: only these kinds of layers, such as ``("Conv2D", "MaxPooling2D")``.
        limit: list so many at most, and say how many more there are; None lists all.

    Returns:
        A list of ``Way``. Where no layer does it, the list is empty and ``near`` holds what comes near.

    Raises:
        TypeError: for anything but whole numbers.
        ValueError: for a size below 1, lists of unequal length, or a kind that is not looked through.

    >>> which(input=7, output=14)[0].text
    'keras.layers.UpSampling2D(size=2)'
    """
    inputs, outputs = arguments.sizes(input, "input"), arguments.sizes(output, "output")
    if len(inputs) != len(outputs):
        raise ValueError(
            f"input has {count(len(inputs), 'size')} and output {count(len(outputs), 'size')}; each input needs "
            "its output, as in which(input=[7, 8], output=[14, 16])."
        )
    most = None if limit is None else arguments.size(limit, "limit")
    wanted = _check_kinds(kinds)
    space = list(candidates(inputs, outputs, wanted))
    fitting = [candidate for candidate in space if _outputs(candidate, inputs) == outputs]
    ways: list[Way] = []
    differences: list[str] = []
    tried = 0
    for candidate in fitting:
        if len(ways) == most:
            break
        tried += 1
        difference = _keras_differs((candidate.code,), inputs, outputs, _may_not_run(candidate))
        if difference is None:
            ways.append(_way(candidate, inputs, outputs))
        else:
            differences.append(difference)
    near = () if fitting else _near(space, inputs, outputs, differences)
    return Ways(inputs, outputs, wanted, tuple(ways), len(fitting) - tried, near, tuple(differences))


def _check_kinds(kinds: Any) -> tuple[str, ...]:
    if kinds is None:
        return KINDS
    wanted = (kinds,) if isinstance(kinds, str) else kinds
    if not isinstance(wanted, Iterable):
        raise TypeError(f'kinds is a list of names such as ("Conv2D",); it is {kinds!r}.')
    wanted = tuple(dict.fromkeys(wanted))
    unknown = [kind for kind in wanted if kind not in KINDS]
    if unknown or not wanted:
        shown = f"not through {listed(list(map(repr, unknown)))}" if unknown else "and kinds names none of them"
        raise ValueError(f"which looks through {listed(KINDS)}, {shown}.")
    return wanted


def _outputs(candidate: Candidate, inputs: Sequence[int]) -> tuple[int | None, ...]:
    return tuple(map(candidate.output_size, inputs))


def _may_not_run(candidate: Candidate) -> bool:
    return isinstance(candidate.axis, TransposedWindow)


# -- what Keras says ----------------------------------------------------------------------------------------------


def _keras_differs(
    codes: Sequence[LayerCode], inputs: Sequence[int], outputs: Sequence[int], run_too: bool
) -> str | None:
    """Build the layers afresh for each input and ask them. None if Keras agrees, else a sentence with both sizes."""
    for n, o in zip(inputs, outputs, strict=True):
        try:
            layers = [code.build() for code in codes]
            shape: tuple[int | None, ...] = (None, n, n, 1)
            for layer in layers:
                shape = output_shape(layer, shape)
            found: tuple[object, ...] = shape[1:3]
            if found == (o, o) and run_too:
                side = 1 if max(n, o) ** 2 > _CELLS else n
                found = (run(layers[0], np.zeros((1, n, side, 1))).shape[1], o)
        except KerasRefusal as refusal:
            found = (f"a refusal: {refusal}",)
        if found != (o, o):
            calls = " and ".join(code.text for code in codes)
            return f"{calls}: by hand {n} gives {o}, Keras says {found[0]}."
    return None


# -- what is shown ------------------------------------------------------------------------------------------------


def _way(candidate: Candidate, inputs: Sequence[int], outputs: tuple[int, ...]) -> Way:
    formulas = [_formula(candidate, n, first=place == 0) for place, n in enumerate(inputs)]
    notes = list(dict.fromkeys(note for n in inputs for note in _notes(candidate, n)))
    return Way((candidate.code,), outputs, tuple(formulas), tuple(notes))


def _formula(candidate: Candidate, n: int, first: bool) -> str:
    """The rule with the numbers in it, and before them once the rule in symbols."""
    axis = candidate.axis
    if axis is None:
        return f"o = {candidate.output_size(n)}, as it is told, whatever n"
    formula = axis.formula(n)
    reach = ""
    if isinstance(axis, Window) and axis.dilation > 1:
        reach = f"k_eff = {axis.effective_size_formula().numbers}; "
    return reach + (str(formula) if first else formula.numbers)


def _notes(candidate: Candidate, n: int) -> list[str]:
    """Ghost cells, where a layer adds them by itself, and cells that nobody reads."""
    axis, notes = candidate.axis, []
    if isinstance(axis, Window) and any(axis.pads(n)):
        before, after = axis.pads(n)
        notes.append(f"Ghost cells for n = {n}: {before} before, {after} after.")
    if isinstance(axis, Window | TransposedWindow):
        unread = len(axis.unused_inputs(n))
        if unread:
            notes.append(f"{count(unread, 'cell').capitalize()} of {n} {'is' if unread == 1 else 'are'} never read.")
    return notes


# -- what comes near ----------------------------------------------------------------------------------------------


def _near(
    space: Sequence[Candidate], inputs: tuple[int, ...], outputs: tuple[int, ...], differences: list[str]
) -> tuple[Way, ...]:
    """The simplest layer for each of the nearest outputs, and then the nearest with what has to follow it.

    All are verified; what Keras says otherwise is added to ``differences``.
    """
    simplest: dict[tuple[int, ...], Candidate] = {}
    for candidate in space:
        made = _outputs(candidate, inputs)
        whole = tuple(size for size in made if size is not None)
        if len(whole) == len(made):
            simplest.setdefault(whole, candidate)
    nearest = sorted(simplest, key=lambda made: sum(abs(a - b) for a, b in zip(made, outputs, strict=True)))[:_NEAR]
    single = [_way(simplest[made], inputs, made) for made in nearest]
    double = [pair for way in single for pair in _followed(way, inputs, outputs)][:1]
    found = []
    for way in (*single, *double):
        run_too = len(way.layers) == 1 and _may_not_run(simplest[way.outputs])
        difference = _keras_differs(way.layers, inputs, way.outputs, run_too)
        if difference is None:
            found.append(way)
        else:
            differences.append(difference)
    return tuple(found)


def _followed(way: Way, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> list[Way]:
    """The same layer and one that adds or cuts what is left over, if that is the same for all inputs."""
    gaps = {o - made for made, o in zip(way.outputs, outputs, strict=True)}
    if len(gaps) != 1:
        return []
    (gap,) = gaps
    kind, name = ("ZeroPadding2D", "padding") if gap > 0 else ("Cropping2D", "cropping")
    second = LayerCode(kind, {name: ((0, abs(gap)), (0, abs(gap)))})
    last = [second.axes[0].formula(made).numbers for made in way.outputs]
    formulas = [f"{first}, then {then}" for first, then in zip(way.formulas, last, strict=True)]
    return [Way((*way.layers, second), outputs, tuple(formulas), way.notes)]
