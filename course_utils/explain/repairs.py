"""Proposals for a model that misses a size, the smallest change first: Python code that makes ``repaired``.

A proposal is worked out in whole numbers here, and offered only when ``trial`` has built and called what it makes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from course_utils.axes import Axis, Resized, TransposedWindow, Upsample, Window
from course_utils.explain.rebuild import border
from course_utils.explain.rows import Repair, Row
from course_utils.explain.search import (
    REACH,
    Sizes,
    known,
    last_sizes,
    replay,
    scales,
    sizes_made,
)
from course_utils.explain.shapes import channels_of, shape_of
from course_utils.explain.trial import Trials
from course_utils.explain.wording import Shape, listed, product, times
from course_utils.size_formulas import SizeFormula

#: How many repairs are offered at most.
_MOST = 6
#: Stands before code that builds a model again.
IMPORT = "from course_utils.explain import rebuild\n\n"


def repairs(trials: Trials, wanted: Sizes) -> tuple[Repair, ...]:
    """The repairs that were tried and gave the sizes that are wanted."""
    found: list[Repair] = []
    for way in (_one_layer, _reshape, _behind, _around, _several_layers):
        for repair in way(trials, wanted):
            if trials.holds(repair, wanted):
                found.append(repair)
            if len(found) == _MOST:
                return tuple(found)
    return tuple(found)


def rebuilt(trials: Trials, what: str, changes: Mapping[str, Any]) -> Repair:
    """A repair that changes some layers; a text stands for the code of a layer that takes the place of another."""
    lines = [
        f'    "{layer}": {change if isinstance(change, str) else repr(dict(change))},'.replace("'", '"')
        for layer, change in changes.items()
    ]
    start = f"{IMPORT}repaired = rebuild({trials.name}, {{"
    return Repair(what, "\n".join([start, *lines, f"}}{trials.input_in_code})"]))


def variants(row: Row) -> Iterator[tuple[tuple[Axis, ...], dict[str, Any]]]:
    """A layer with one of its settings changed: the axes that it would have, and the settings."""
    windows = [axis for axis in row.axes if isinstance(axis, Window)]
    if windows and windows[0].padding in ("valid", "same"):
        other = "same" if windows[0].padding == "valid" else "valid"
        yield tuple(replace(axis, padding=other) for axis in windows), {"padding": other}
        if "Pooling" not in row.kind and other == "same":
            for k in (2, 3, 4, 5, 7):
                yield tuple(replace(axis, size=k) for axis in windows), {"kernel_size": (k,) * len(windows)}
    stamps = [axis for axis in row.axes if isinstance(axis, TransposedWindow)]
    for extra in (None, *range(stamps[0].stride)) if stamps else ():
        yield tuple(replace(axis, output_padding=extra) for axis in stamps), {"output_padding": extra}


def in_words(settings: Mapping[str, Any]) -> str:
    """``padding="same"``."""
    return ", ".join(f"{key}={value!r}" for key, value in settings.items()).replace("'", '"')


def _one_layer(trials: Trials, wanted: Sizes) -> Iterator[Repair]:
    """One setting of one layer; the weights are new: train it again."""
    rows = trials.rows
    for row in rows:
        for axes, settings in variants(row):
            same = {number: axes for number, other in enumerate(rows) if other.call.layer is row.call.layer}
            if last_sizes(rows, trials.given, same) == wanted and row.call.shared_with is None:
                yield rebuilt(trials, f"{in_words(settings)} in {row.layer}", {row.layer: settings})
                break  # one proposal for a layer


def _reshape(trials: Trials, wanted: Sizes) -> Iterator[Repair]:
    """Other sizes in the Reshapes that fix them, and as many units in the Dense before each."""
    rows, given = trials.rows, trials.given if len(trials.given) == len(wanted) else (1,) * len(wanted)
    pairs: dict[Shape, list[tuple[int, Row]]] = {}
    for number, row in enumerate(rows):
        before = dense_before(rows, row)
        if before is not None and len(row.output_shape or ()) == len(wanted) + 2:
            pairs.setdefault(sizes_made(row), []).append((number, before))
    for group in pairs.values():  # maps of one size meet later on

        def gives(axis: int, n: int, group: Sequence[tuple[int, Row]] = group) -> bool:
            size = Resized(SizeFormula(0, 0, 1, n))
            changes = {number: (size,) * len(wanted) for number, _ in group}
            return (replay(rows, axis, given[axis], changes) or {}).get(len(rows) - 1) == wanted[axis]

        found = tuple(next(filter(partial(gives, axis), range(1, REACH)), 0) for axis in range(len(wanted)))
        made: dict[str, Any] = {}
        said = []
        for number, before in group if 0 not in found else ():
            row, last = rows[number], rows[number].call.channels_last
            target = known(shape_of(None, found, channels_of(row.output_shape, last), last))
            made |= {before.layer: {"units": math.prod(target)}, row.layer: {"target_shape": target}}
            was, now = (product(known(shape)) for shape in (row.output_shape[1:], target))
            said.append(f"{times(target)} in {row.layer} and {now} instead of {was} units in {before.layer}")
        if made:
            yield rebuilt(trials, "; ".join(said), made)


def dense_before(rows: Sequence[Row], row: Row) -> Row | None:
    """The Dense that a Reshape lays out, also where a normalisation or an activation stands between them."""
    before: Row | None = row if row.kind == "Reshape" else None
    while before is not None and before.kind != "Dense":
        source = before.sources[0] if before.sources else None
        before = None if source is None else rows[source]
        if before is not None and before.kind != "Dense" and not before.rule.passes:
            return None
    return before


def _behind(trials: Trials, wanted: Sizes) -> Iterator[Repair]:
    """Cut or resize what comes out; the weights stay."""
    made, order = last_sizes(trials.rows, trials.given), _order(trials)
    if made is None or len(made) not in (1, 2, 3):
        return
    surplus = [a - b for a, b in zip(made, wanted, strict=True)]
    change = f"{times(made)} → {times(wanted)}"

    def behind(what: str, layer: str) -> Repair:
        again = f"rebuild({trials.name}{trials.input_in_code})"  # a call would leave its trace on the model itself
        return Repair(what, f"{IMPORT}repaired = keras.Sequential([{again}, keras.layers.{layer}])")

    if min(surplus) >= 0:
        yield behind(f"cut what comes out: {change}", f"Cropping{len(made)}D({border(surplus)!r}{order})")
    if len(made) == 2:
        what = f"resize what comes out: {change} (blends neighbours)"
        yield behind(what, f"Resizing({wanted[0]}, {wanted[1]}{order})")


def _order(trials: Trials) -> str:
    return "" if trials.channels_last else ', data_format="channels_first"'


def _around(trials: Trials, wanted: Sizes) -> Iterator[Repair]:
    """Pad the input to a size that comes back, and cut the same border off again; the weights stay."""
    rows, given, d = trials.rows, trials.given, len(trials.given)

    def comes_back(axis: int, n: int) -> bool:
        return (replay(rows, axis, n) or {}).get(len(rows) - 1) == n

    fits = tuple(next(filter(partial(comes_back, axis), range(n, n + REACH)), 0) for axis, n in enumerate(given))
    if d not in (1, 2, 3) or wanted != given or 0 in fits:
        return
    edge = repr(border([a - b for a, b in zip(fits, given, strict=True)])) + _order(trials)
    yield Repair(
        f"pad the input to {times(fits)}, which comes back, and cut the border off again",
        f"{IMPORT}repaired = keras.Sequential([\n"
        f"    keras.Input({trials.shape(given)}),\n"
        f"    keras.layers.ZeroPadding{d}D({edge}),\n"
        f"    rebuild({trials.name}, input_shape={trials.shape(fits)}),\n"
        f"    keras.layers.Cropping{d}D({edge}),\n"
        "])",
    )


def _several_layers(trials: Trials, wanted: Sizes) -> Iterator[Repair]:
    """Go up with transposed convolutions whose output_padding is chosen so that each gives the size of the way down."""
    rows, given = trials.rows, trials.given
    if len(given) != len(wanted):
        return
    along = [replay(rows, axis, n) or {} for axis, n in enumerate(given)]
    changes: dict[int, tuple[Axis, ...]] = {}
    made: dict[str, Any] = {}
    downs: list[Sizes] = []
    rose = False
    for number, row in enumerate(rows):
        if not row.axes or not row.sources:
            continue
        source, first = row.sources[0], row.axes[0]
        came = given if source is None else tuple(sizes.get(source, 0) for sizes in along)
        if 0 in came:
            return
        if isinstance(first, Window) and scales(row):
            downs.append(came)
        elif isinstance(first, Upsample) and scales(row):
            rose = True
            goal = downs.pop() if downs else wanted
            if tuple(sizes.get(number) for sizes in along) == goal:
                continue
            stamps = _transposed(row.axes, came, goal)
            if len(stamps) < len(row.axes):
                return
            changes[number] = stamps
            made[row.layer] = _transposed_code(row, stamps)
        elif isinstance(first, Window) and rose and first.padding == "valid":
            changes[number] = tuple(replace(a, padding="same") for a in row.axes if isinstance(a, Window))
            made[row.layer] = {"padding": "same"}
        else:
            continue
        along = [replay(rows, axis, n, changes) or {} for axis, n in enumerate(given)]
    if not any(isinstance(change, str) for change in made.values()):
        return
    replaced, padded = ([layer for layer in made if isinstance(made[layer], str) == new] for new in (True, False))
    what = f"transposed convolutions that give back the sizes of the way down, in place of {listed(replaced)}"
    what += f', and padding="same" in {listed(padded)}' if padded else ""
    yield rebuilt(trials, what, made)


def _transposed(axes: Sequence[Axis], came: Sizes, goal: Sizes) -> tuple[TransposedWindow, ...]:
    """The transposed convolutions, of a kernel one larger than the factor, that make ``goal`` of what came."""
    found = []
    for axis, n, wanted in zip(axes, came, goal, strict=True):
        factor = axis.factor if isinstance(axis, Upsample) else 1
        k = factor + 1 - factor % 2 if factor > 1 else 1
        options = (TransposedWindow(k, factor, 1, "same", extra) for extra in range(factor))
        found += [option for option in options if option.output_size(n) == wanted][:1]
    return tuple(found)


def _transposed_code(row: Row, stamps: Sequence[TransposedWindow]) -> str:
    """The layer; one number for all axes where they are alike."""
    settings = zip(*((a.size, a.stride, a.output_padding) for a in stamps), strict=True)
    k, strides, extra = (repr(numbers[0] if len(set(numbers)) == 1 else tuple(numbers)) for numbers in settings)
    order = "" if row.call.channels_last else ', data_format="channels_first"'
    channels = channels_of(row.output_shape, row.call.channels_last)
    return (
        f"keras.layers.Conv{len(stamps)}DTranspose("
        f'{channels}, {k}, strides={strides}, padding="same", output_padding={extra}{order})'
    )
