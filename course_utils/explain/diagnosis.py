"""Why a size is missed or refused, since which layer, and what would repair it.

Nothing is said here that was not tried: a size is named when the whole model was built again for it, and a repair is
offered when the whole repaired model was built, called, and gave what was wanted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import islice

from course_utils.axes import Crop
from course_utils.explain.cause import Change, blamed, causes, changes_along, told
from course_utils.explain.refusals import helped, is_about_sizes
from course_utils.explain.repairs import repairs
from course_utils.explain.rows import Diagnosis, Row, TriedSize
from course_utils.explain.search import (
    divisor,
    fitting,
    fixes_its_size,
    given_sizes,
    goes_up,
    known,
    scales,
    sizes_made,
    sizes_reaching,
)
from course_utils.explain.shapes import channels_of, sizes_of
from course_utils.explain.trial import Trials
from course_utils.explain.wording import UNITS, Shape, count, listed, size, size_of_each, times
from course_utils.keras_layers import activation_name, kind_of

#: How many sizes are tried in each direction before nothing is said of them.
_MOST_TRIED = 4
#: How many times larger an input that is too small is made, while it has no more cells than this.
_MOST_GROWN, _MOST_CELLS_GROWN = 16, 2**20


def is_autoencoder(rows: Sequence[Row]) -> bool:
    """Whether a model goes down and up again, from maps to as many maps of about their size: its input is its target.

    What ends at another scale or with other channels (segmentation, heatmaps, super-resolution), chooses a class for
    each cell (softmax), or cuts maps to let them meet (a U-Net without padding), has no target that could be known.
    """
    up = [goes_up(row) for row in rows if scales(row)]
    starts, made = [row for row in rows if None in row.sources], rows[-1].output_shape
    if len(starts) != 1 or made is None or up[:1] != [False] or up[-1:] != [True]:
        return False
    given = starts[0].input_shapes[0]
    channels = channels_of(given, starts[0].call.channels_last), channels_of(made, rows[-1].call.channels_last)
    if len(made) != len(given) or channels[0] != channels[1] or any(_cuts_what_meets(rows, row) for row in rows):
        return False
    end = rows[-1].call.layer
    if kind_of(end) == "Softmax" or activation_name(getattr(end, "activation", None)) == "softmax":
        return False
    pairs = zip(sizes_made(rows[-1]), sizes_reaching(starts[0]), strict=True)
    return all(a is not None and b is not None and 2 * max(a, b) <= 3 * min(a, b) for a, b in pairs)


def _cuts_what_meets(rows: Sequence[Row], row: Row) -> bool:
    """Whether this is a join of maps one of which was cut for it."""
    sources = [rows[source] for source in row.sources if source is not None]
    return len(sources) > 1 and any(isinstance(axis, Crop) for source in sources for axis in source.axes)


def diagnose(model: object, rows: Sequence[Row], target: Shape) -> Diagnosis:
    """Hold the last row against ``target``, and look for the cause and for repairs if it misses.

    Args:
        model: what was explained.
        rows: all rows; something must come out of the last.
        target: with the batch axis; None for a size that may be any.
    """
    made, last = rows[-1].output_shape, rows[-1].call.channels_last
    if len(made) == len(target) and all(b in (None, a) for a, b in zip(made[1:], target[1:], strict=True)):
        return Diagnosis(target, True, (f"✓ What comes out is {size(made)}, as wanted.",))
    findings = [f"✗ What comes out is {size(made)}; wanted is {size(target)}: {_gap(made, target, last)}."]
    if len(made) == len(target) and all(a == b or 1 in (a, b) for a, b in zip(made[1:], target[1:], strict=True)):
        findings.append(
            "Careful: a loss such as mse stretches sizes of 1 and trains without a word; nothing warns you."
        )
    given, wanted, sizes_now = given_sizes(rows), known(sizes_of(target, last)), sizes_made(rows[-1])
    alike = len(made) == len(target) and channels_of(made, last) == channels_of(target, last)
    if not alike or len(wanted) != len(made) - 2:
        return Diagnosis(target, False, tuple(findings))
    findings += [_fixing(row, sizes_now) for row in rows if fixes_its_size(row)]
    changes = [
        change
        for axis, (n, out) in enumerate(zip(given or (), wanted, strict=False))
        if out != sizes_now[axis] and out * changes_along(rows, axis, len(rows) - 1)[1] == n
        for change in causes(rows, [len(rows) - 1], axis)
    ]
    findings += told(rows, changes, len(wanted))
    trials = Trials(model, rows, given or ())
    sizes = _sizes_that_fit(trials, closes=True) if wanted == given else ()
    if sizes:
        findings.append(f"With an input of {_named(trials, sizes)} the same size comes back.")
    return Diagnosis(target, False, tuple(findings), repairs(trials, wanted), sizes, blamed(rows, changes))


def _fixing(row: Row, made: Shape) -> str:
    """A Reshape to a map, from which on the size does not depend on the input."""
    own = sizes_made(row)
    pairs = zip(own, made, strict=True) if len(own) == len(made) else ()
    times_each = {f", and {n}·{out // n} = {out}" for n, out in pairs if n and out and out % n == 0}
    steps = times_each.pop() if len(times_each) == 1 else ""
    return f"{row.layer} fixes the size: {size(row.output_shape)} comes out of it, whatever goes in{steps}."


def advise(model: object, rows: Sequence[Row], name: str = "model") -> Diagnosis:
    """What to change so that the last row, which refuses, does not.

    Args:
        model: a list of layers, or a function that builds a model.
        rows: everything up to the row that refuses, which is the last.
        name: of ``model`` in the code of the repairs.
    """
    last = rows[-1]
    reached = listed(size_of_each(last.input_shapes))
    findings = [f"✗ Nothing comes out of {last.layer} ({last.kind}): {reached} reached it."]
    given = given_sizes(rows)
    trials = Trials(model, rows, given or (), name)
    changes: list[Change] = []
    sizes: tuple[TriedSize, ...] = ()
    repairs_tried, other_sizes_help = helped(trials)
    if given and other_sizes_help and is_about_sizes(trials):
        # Where maps meet, both ways there are looked at; a window that is too large for its map is to blame itself,
        # and so is a join of maps that were scaled differently.
        ends = [source for source in last.sources if source is not None and not last.axes]
        axes = [axis for axis in range(len(given)) if len({changes_along(rows, axis, end)[1] for end in ends}) == 1]
        changes = list(dict.fromkeys(change for axis in axes for change in causes(rows, ends, axis)))
        findings += told(rows, changes, len(given))
    if given and other_sizes_help and (is_about_sizes(trials) or (len(last.sources) == 1 and not last.axes)):
        sizes = _sizes_that_fit(trials, closes=False)
        if sizes:
            findings.append(f"It fits for an input of {_named(trials, sizes)}.")
    return Diagnosis((), False, tuple(findings), repairs_tried, sizes, blamed(rows, changes))


def _sizes_that_fit(trials: Trials, closes: bool) -> tuple[TriedSize, ...]:
    """Inputs near the given one, one below and one above, for which the whole model was built again."""
    last, whole = trials.rows[-1], divisor(trials.rows)
    if last.refused and last.axes:
        return _nearest(trials, closes, [(1, _MOST_TRIED)]) or _grown(trials)
    if last.refused:
        # Sizes that need no rounding fit every join, also those behind the first one that refuses.
        near = _nearest(trials, closes, [(1, 1), (whole, _MOST_TRIED), (1, whole)])
        return near or (_grown(trials) if len(last.sources) == 1 else ())
    return _nearest(trials, closes, [(1, _MOST_TRIED), (whole, _MOST_TRIED)])


def _nearest(trials: Trials, closes: bool, ways: Sequence[tuple[int, int]]) -> tuple[TriedSize, ...]:
    """The nearest size below and above: of the multiples of a step so many are tried, then of the next step."""
    found: dict[int, TriedSize] = {}
    for step, most in ways:
        for side, candidates in enumerate(fitting(trials.rows, trials.given, closes, step)):
            for sizes in islice(candidates, most if side not in found else 0):
                one = trials.size(sizes)
                if one is not None and (not closes or one.input_shape == one.output_shape):
                    found[side] = one
                    break
    return tuple(found[side] for side in sorted(found))


def _grown(trials: Trials) -> tuple[TriedSize, ...]:
    """A larger input for a window that finds its map too small, where more such windows stand behind it.

    Doubled until the whole model is built, then made smaller again as long as it is.
    """
    low = high = trials.given
    found: TriedSize | None = None
    while found is None and math.prod(high) < _MOST_CELLS_GROWN and max(high) < _MOST_GROWN * max(trials.given):
        low, high = high, tuple(2 * n for n in high)
        found = trials.size(high)
    if found is None:
        return ()
    square = len({*trials.given}) == 1
    for axes in [range(len(high))] if square else [(axis,) for axis in range(len(high))]:
        least = (low if square else trials.given)[axes[0]] - (not square)
        while high[axes[0]] - least > 1:
            middle = (high[axes[0]] + least) // 2
            sizes = tuple(middle if axis in axes else n for axis, n in enumerate(high))
            tried = trials.size(sizes)
            if tried is None:
                least = middle
            else:
                high, found = sizes, tried
    return (found,)


def _named(trials: Trials, sizes: Sequence[TriedSize]) -> str:
    shapes = [(None, *one.input_shape) for one in sizes]
    return " or ".join(times(sizes_of(shape, trials.channels_last) or shape[1:]) for shape in shapes)


def carefully(find: Callable[[], Diagnosis | None]) -> Diagnosis | None:
    """The advice, or that looking for it failed: the rows are worth having all the same."""
    try:
        return find()
    except Exception as error:
        said = f"Looking for advice failed, which is a fault of this course: {type(error).__name__}: {error}."
        return Diagnosis((), False, (said,))


def _gap(made: Shape, target: Shape, channels_last: bool) -> str:
    if len(made) != len(target):
        return f"it has {count(len(made) - 1, 'number')} instead of {len(target) - 1}"
    parts, axes = [], len(made) - 2
    units = UNITS.get(axes, ("cell",) * axes)
    one = "channel" if axes else "number"
    names = (*units, one) if channels_last else (one, *units)
    for name, a, b in zip(names, made[1:], target[1:], strict=True):
        if a != b and a is not None and b is not None:
            parts.append(f"{count(abs(a - b), name)} too {'many' if a > b else 'few'}")
    return listed(parts) or "a size is not known"
