"""What to change where a layer refuses: advice of the kind that the refusal is of, tried on all that is known.

A map that is too small for a window, or that meets one of another size, may be helped by another input. Ranks,
channels, groups, the target of a Reshape and the number of an axis are not: each has a proposal of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from course_utils.explain.rebuild import stretched, strides_between
from course_utils.explain.repairs import IMPORT, dense_before, in_words, rebuilt, variants
from course_utils.explain.rows import Repair, Row
from course_utils.explain.search import known, replay
from course_utils.explain.shapes import channels_of, sizes_of
from course_utils.explain.trial import Trials
from course_utils.explain.wording import Shape, listed, times
from course_utils.keras_layers import has_axes, kind_of

#: Layers that read (steps, features).
_SEQUENCES = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional")


def helped(trials: Trials) -> tuple[tuple[Repair, ...], bool]:
    """The repairs that were tried, with each of which the whole is built and runs.

    Returns:
        The repairs, and whether another size of the input is worth looking for beside them.
    """
    found: list[Repair] = []
    for way in (_other_input, _joins, _groups, _reshape, _axis, _all_steps, _layer_before, _one_setting):
        for repair in way(trials, trials.rows[-1]):
            if trials.holds(repair):
                found.append(repair)
                if way is not _joins:
                    return tuple(found), way is _one_setting
    return tuple(found), True


def is_about_sizes(trials: Trials) -> bool:
    """Whether another size of the input could help: the axes say so by themselves."""
    return any(replay(trials.rows, axis, n) is None for axis, n in enumerate(trials.given))


def _changed(trials: Trials, what: str, changes: dict[str, Any]) -> Repair:
    return rebuilt(trials, what, {trials.rows[-1].layer: changes})


def _other_input(trials: Trials, row: Row) -> Iterator[Repair]:
    """The axis of the channels was forgotten, or stands where it does not belong."""
    first = next(row.input_shapes[0] for row in trials.rows if None in row.sources)[1:]
    needs = _numbers_needed(row)
    shapes: list[tuple[str, Shape]] = []
    if needs == len(first) + 1:
        missing = "axis of the features" if kind_of(row.call.layer) in _SEQUENCES else "channel axis"
        shapes.append((f"add the {missing}", (*first, 1)))
    if needs == len(first) > 2 and _looks_channels_first(first):
        shapes.append(("put the channels last", (*first[1:], first[0])))
    for what, shape in shapes:
        code = f"{IMPORT}repaired = rebuild({trials.name}, input_shape={shape})"
        yield Repair(f"{what}: keras.Input({shape})", code)


def _looks_channels_first(shape: Shape) -> bool:
    first, *others = shape
    return first in (1, 3, 4) and all(n is not None and n > 4 for n in others)


def _numbers_needed(row: Row) -> int | None:
    """How many numbers a layer needs for each example, if its class tells."""
    if row.axes:
        return len(row.axes) + 1
    if has_axes(row.call.layer):  # with settings that no axis can have
        return int(next(sign for sign in row.kind if sign.isdigit())) + 1
    return 2 if kind_of(row.call.layer) in _SEQUENCES else None


def _joins(trials: Trials, row: Row) -> Iterator[Repair]:
    """Maps that do not fit together."""
    if len(row.input_shapes) < 2 or len({*map(len, row.input_shapes)}) > 1 or row.axes:
        return
    rank, last = len(row.input_shapes[0]), trials.channels_last
    kind, maps = kind_of(row.call.layer), [known(sizes_of(shape, last)) for shape in row.input_shapes]
    channels = known(channels_of(shape, last) for shape in row.input_shapes)
    d = rank - 2
    if {*map(len, maps)} != {d} or len(channels) != len(maps) or d not in (1, 2, 3):
        return

    def met(what: str, how: str) -> Repair:
        code = f'{IMPORT}repaired = rebuild({trials.name}{trials.input_in_code}, joins="{how}")'
        return Repair(what, code)

    maps, _ = stretched(maps, kind, min)
    two = len(maps) == 2
    if two and kind != "Concatenate" and (steps := strides_between(*maps)):
        filters = channels[maps.index(min(maps))]
        layer = f"Conv{d}D({filters}, 1, strides={steps[0] if len({*steps}) == 1 else steps})"
        yield met(f"{_pointwise(d)} with strides for the larger map before {row.layer}: {layer}", "project")
    alike = len({*maps}) == 1
    # Nobody wants to cut or pad by half a map.
    if not alike and all(max(sizes) < 2 * min(sizes) for sizes in zip(*maps, strict=True)):
        all_of, s = ("both", "") if two else ("all", "s")
        for how, what, limit in (
            ("pad", f"pad the smaller map{s} with zeros", max),
            ("cut", f"cut the larger map{s}", min),
        ):
            made = times(stretched(maps, kind, limit)[1])
            reached = f"{listed([*map(times, maps)])}: {all_of} {made}"
            yield met(f"{what} wherever two differ (at {row.layer}, {reached})", how)
    elif alike and min(channels) < max(channels):
        few, many = sorted({n for n in channels if n < max(channels)}), max(channels)
        what = f"{_pointwise(d)} for the map with {few[0]} channels"
        if len(channels) > 2:
            what = f"{_pointwise(d)} for each map with fewer than {many} channels"
        yield met(f"{what} before {row.layer}: Conv{d}D({many}, 1)", "project")
    if kind == "Concatenate":
        for axis in (-1, *range(1, rank - 1)):
            if axis % rank != row.call.layer.axis % rank:
                yield _changed(trials, f"axis={axis} in {row.layer}", {"axis": axis})


def _pointwise(d: int) -> str:
    return f"a {times((1,) * d)} convolution" if d > 1 else "a convolution of kernel size 1"


def _groups(trials: Trials, row: Row) -> Iterator[Repair]:
    """Groups must divide the channels, and the filters of a convolution."""
    layer, groups = row.call.layer, getattr(row.call.layer, "groups", None)
    if not isinstance(groups, int) or not row.input_shapes:
        return
    channels = channels_of(row.input_shapes[0], row.call.channels_last)
    if channels is None or groups < 1 or channels % groups == 0:
        return
    whole = math.gcd(channels, getattr(layer, "filters", channels))
    for number in sorted((n for n in range(1, whole + 1) if whole % n == 0), key=lambda n: (abs(n - groups), n)):
        yield _changed(trials, f"groups={number} in {row.layer}", {"groups": number})


def _reshape(trials: Trials, row: Row) -> Iterator[Repair]:
    """A target with another number of cells: let one of its sizes be worked out."""
    if kind_of(row.call.layer) != "Reshape":
        return
    target, came = tuple(row.call.layer.target_shape), row.input_shapes[0][1:]
    if (before := dense_before(trials.rows, row)) is not None:
        fixed = math.prod(n for n in target if n != -1)
        units = -(-came[0] // fixed) * fixed if -1 in target else fixed
        yield rebuilt(trials, f"units={units} in {before.layer}", {before.layer: {"units": units}})
    for place in reversed(range(len(target))):
        kept = [came[at] if at < len(came) and n == -1 else n for at, n in enumerate(target)]
        shape = tuple(-1 if place == at else 1 if n in (-1, None) else n for at, n in enumerate(kept))
        yield _changed(trials, f"target_shape={shape} in {row.layer}", {"target_shape": shape})


def _axis(trials: Trials, row: Row) -> Iterator[Repair]:
    """An axis that is not there."""
    axis, rank = getattr(row.call.layer, "axis", None), len(row.input_shapes[0]) if row.input_shapes else 0
    if isinstance(axis, int) and rank and not -rank <= axis < rank:
        yield _changed(trials, f"axis=-1 in {row.layer}", {"axis": -1})


def _all_steps(trials: Trials, row: Row) -> Iterator[Repair]:
    """A recurrent layer that hands on its last step only, before one that reads steps."""
    before = _before(trials, row)
    while before is not None and before.rule.passes:
        before = _before(trials, before)
    if before is not None and getattr(before.call.layer, "return_sequences", None) is False:
        what = f"return_sequences=True in {before.layer}"
        yield rebuilt(trials, what, {before.layer: {"return_sequences": True}})


def _before(trials: Trials, row: Row) -> Row | None:
    return trials.rows[row.sources[0]] if row.sources and row.sources[0] is not None else None


def _layer_before(trials: Trials, row: Row) -> Iterator[Repair]:
    """Maps that reach a layer for sequences, or rows that reach one for maps: lay them out anew."""
    needs, before = _numbers_needed(row), _before(trials, row)
    shape: tuple[Any, ...] = row.input_shapes[0][1:] if row.input_shapes else ()
    if needs is None or needs == len(shape) or None in shape:
        return
    if before is not None and _lost_axes(before, needs):
        yield rebuilt(trials, f"without {before.layer}", {before.layer: "keras.layers.Identity()"})
    steps = (shape[0], -1) if len(shape) == 4 else (-1, *shape[-1:])  # pictures one after the other keep their order
    for layout in [steps] * (len(shape) > needs == 2) + [(*shape, 1)] * (len(shape) + 1 == needs):
        code = (
            f"{IMPORT}repaired = rebuild({trials.name}{trials.input_in_code}, "
            f'before={{"{row.layer}": keras.layers.Reshape({layout})}})'
        )
        yield Repair(f"a Reshape({layout}) before {row.layer}", code)


def _lost_axes(row: Row, needs: int) -> bool:
    """Whether a layer got as many axes as are needed behind it, and handed on fewer."""
    return row.output_shape is not None and len(row.output_shape) - 1 < needs == len(row.input_shapes[0]) - 1


def _one_setting(trials: Trials, row: Row) -> Iterator[Repair]:
    """The same layer with one setting changed; of a join, a layer that made its map smaller than the others."""
    if row.axes and not is_about_sizes(trials):
        return
    for setter in [row] if row.axes else [trials.rows[n] for n in row.sources if n is not None]:
        for _, settings in variants(setter):
            if setter is row or settings.get("padding") != "valid":
                yield rebuilt(trials, f"{in_words(settings)} in {setter.layer}", {setter.layer: settings})
