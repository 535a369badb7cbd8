"""Why a size is missed or refused, since which layer, and what would repair it.

A repair is Python code that was run before it is offered: it makes ``repaired`` out of ``model``, and what came out of
the repaired model, called on zeros, had the size that was wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any

import numpy as np

from course_utils.axes import Axis, TransposedWindow, Upsample, Window
from course_utils.explain.keras_side import copied
from course_utils.explain.other_sizes import (
    REACH,
    Sizes,
    given_sizes,
    goes_up,
    known,
    last_sizes,
    nearest,
    replay,
    scales,
)
from course_utils.explain.rows import Diagnosis, Repair, Row
from course_utils.explain.shapes import channels_of, sizes_of
from course_utils.explain.wording import UNITS, Shape, count, listed, size, times
from course_utils.keras_layers import load_keras


def is_autoencoder(rows: Sequence[Row]) -> bool:
    """Whether a model goes down and up again, from maps to as many maps of about their size: its input is its target.

    What ends at another scale or with other channels (segmentation, heatmaps, super-resolution) has no target that
    could be known.
    """
    up = [goes_up(row) for row in rows if row.axes and scales(row.axes)]
    starts, made, last = [row for row in rows if None in row.sources], rows[-1].output_shape, _channels_last(rows)
    if len(starts) != 1 or made is None or up[:1] != [False] or up[-1:] != [True]:
        return False
    given = starts[0].input_shapes[0]
    if len(made) != len(given) or channels_of(made, last) != channels_of(given, last):
        return False
    pairs = zip(sizes_of(made, last), sizes_of(given, last), strict=True)
    return all(a is not None and b is not None and 2 * max(a, b) <= 3 * min(a, b) for a, b in pairs)


def _channels_last(rows: Sequence[Row]) -> bool:
    """Where the channels stand in what comes out: the last layer with axes knows."""
    return next((row.call.channels_last for row in reversed(rows) if row.axes), True)


def diagnose(model: Any, rows: Sequence[Row], target: Shape, tried: Callable[[Sizes], Sizes | None]) -> Diagnosis:
    """Hold the last row against ``target``, and look for repairs if it misses.

    Args:
        model: what was explained, if it is a model that can be built again with changes.
        rows: all rows; something must come out of the last.
        target: with the batch axis.
        tried: asks Keras for the whole model on an input of other sizes: the sizes that come out, None where none do.
    """
    made = rows[-1].output_shape
    if made[1:] == target[1:]:
        return Diagnosis(target, True, (f"✓ What comes out is {size(made)}, as wanted.",))
    gap = _gap(made, target, _channels_last(rows))
    findings = [f"✗ What comes out is {size(made)}; wanted is {size(target)}: {gap}."]
    if len(made) == len(target) and all(a == b or 1 in (a, b) for a, b in zip(made[1:], target[1:], strict=True)):
        findings.append(
            "Careful: a loss such as mse stretches sizes of 1 and trains without a word; nothing warns you."
        )
    given = given_sizes(rows)
    if given is None or len(made) != len(target) or made[-1] != target[-1] or not _channels_last(rows):
        return Diagnosis(target, False, tuple(findings))
    findings += _trouble(rows)
    wanted = known(sizes_of(target))
    if wanted == given and last_sizes(rows, given) is not None:
        near = " or ".join(times(sizes) for sizes in _closing(rows, given) if tried(sizes) == sizes)
        findings.append(
            f"With an input of {near} the same size comes back."
            if near
            else "With no input near this one does the same size come back."
        )
    return Diagnosis(target, False, tuple(findings), tuple(verified(model, rows, given, wanted)))


def _closing(rows: Sequence[Row], given: Sizes) -> list[Sizes]:
    """The nearest inputs, below and above, whose sizes come back; an axis that comes back already stays."""

    def closes(axis: int, n: int) -> bool:
        sizes = (n,) * len(given) if len(set(given)) == 1 else (*given[:axis], n, *given[axis + 1 :])
        return (last_sizes(rows, sizes) or (*sizes[:axis], 0))[axis] == n

    found: list[Sizes] = []
    for steps in (range(-1, -REACH, -1), range(1, REACH)):
        near = [
            n if closes(axis, n) else next((n + step for step in steps if n + step > 0 and closes(axis, n + step)), 0)
            for axis, n in enumerate(given)
        ]
        found += [tuple(near)] * (0 not in near)
    return found


def _gap(made: Shape, target: Shape, channels_last: bool) -> str:
    if len(made) != len(target):
        return f"it has {count(len(made) - 1, 'number')} instead of {len(target) - 1}"
    parts, axes = [], len(made) - 2
    units = UNITS.get(axes, ("cell",) * axes)
    names = (*units, "channel") if channels_last else ("channel", *units)
    for name, a, b in zip(names, made[1:], target[1:], strict=True):
        if a != b and a is not None and b is not None:
            parts.append(f"{count(abs(a - b), name)} too {'many' if a > b else 'few'}")
    return listed(parts) or "a size is not known"


def _trouble(rows: Sequence[Row]) -> list[str]:
    """Where a size on the way up is not the one that it was on the way down, and what lost it; the first one first."""
    found: list[str] = []
    downs: list[tuple[int, int, Row]] = []
    rose = False
    for row in rows:
        if not row.axes or row.output_shape is None:
            continue
        came, made = (next(iter(sizes_of(shape)), None) for shape in (row.input_shapes[0], row.output_shape))
        if came is None or made is None:
            continue
        if goes_up(row) and scales(row.axes):
            rose = True
            if downs and made != downs[-1][0]:
                found.append(_not_undone(row, came, made, *downs[-1]))
            del downs[-1:]
        elif isinstance(row.axes[0], Window) and scales(row.axes):
            downs.append((came, made, row))
        elif isinstance(row.axes[0], Window) and made < came:
            where = "on the way up" if rose else "on the way down"
            found.append(f'{row.layer} ({row.kind}) loses {came - made} {where}: {came} → {made}, padding="valid".')
    if found:
        found[0] = f"The trouble starts here: {found[0]}"
    return found[:4]


def _not_undone(row: Row, came: int, made: int, wanted: int, between: int, down: Row) -> str:
    if came != between:
        return f"{row.layer} gives {made} where {wanted} were, because {came} reached it and not {between}."
    lost = f"{down.layer} made {between} of {wanted} ({down.formula.split(', ')[0]})"
    return f"{row.layer} gives {made} where {wanted} were: {lost}, and multiplying does not undo the rounding."


#: How many repairs are offered at most.
_MOST_REPAIRS = 6


def verified(model: Any, rows: Sequence[Row], given: Sizes, wanted: Sizes) -> Iterator[Repair]:
    """The repairs that were run and gave the size that was wanted, the smallest change first."""
    if not isinstance(model, load_keras().Model) or not getattr(model, "inputs", None) or len(model.outputs) != 1:
        return iter(())  # it cannot be built again
    ways = (_one_layer, _behind, _around, _several_layers)
    proposed = chain.from_iterable(way(rows, given, wanted) for way in ways)
    return islice((repair for repair in proposed if runs(repair, model, given, wanted)), _MOST_REPAIRS)


def runs(repair: Repair, model: Any, given: Sizes, wanted: Sizes) -> bool:
    """Run the code as it is printed, and the model that it makes."""
    names: dict[str, Any] = {"keras": load_keras(), "model": model}
    try:
        exec(compile(repair.code, "repair", "exec"), names)
        channels = model.inputs[0].shape[-1] or 1
        y = names["repaired"](np.zeros((1, *given, channels), dtype=model.inputs[0].dtype))
    except (NameError, SyntaxError):
        raise  # the code that was written here is wrong, and not the proposal
    except Exception:
        return False  # not offered: a proposal that does not run is no repair
    return tuple(y.shape[1:-1]) == wanted


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


def settings_in_words(settings: dict[str, Any]) -> str:
    """``padding="same"``."""
    return ", ".join(f"{key}={value!r}" for key, value in settings.items()).replace("'", '"')


def _one_layer(rows: Sequence[Row], given: Sizes, wanted: Sizes) -> Iterator[Repair]:
    """One setting of one layer; the weights are new: train it again."""
    for number, row in enumerate(rows):
        for axes, settings in variants(row):
            if last_sizes(rows, given, {number: axes}) == wanted:
                code = [
                    "changes = {",
                    f'    "{row.layer}": {settings!r},'.replace("'", '"'),
                    "}",
                    *_rebuilt(["return type(layer).from_config(layer.get_config() | changes.get(layer.name, {}))"]),
                ]
                yield Repair(f"{settings_in_words(settings)} in {row.layer}", "\n".join(code))
                break  # one proposal for a layer


def _rebuilt(body: Sequence[str]) -> list[str]:
    """Code that builds the model again, each layer as the body says."""
    again = "repaired = keras.models.clone_model(model, clone_function=change)"
    return ["def change(layer):", *(f"    {line}" for line in body), again]


def _behind(rows: Sequence[Row], given: Sizes, wanted: Sizes) -> Iterator[Repair]:
    """Cut or resize what comes out; the weights stay."""
    made = last_sizes(rows, given)
    if made is None:
        return
    surplus, change = [a - b for a, b in zip(made, wanted, strict=True)], f"{times(made)} → {times(wanted)}"
    behind = "repaired = keras.Sequential([model, keras.layers.{}])"
    if len(made) in (1, 2, 3) and min(surplus) >= 0:
        yield Repair(f"cut what comes out: {change}", behind.format(f"Cropping{len(made)}D({halves(surplus)})"))
    if len(made) == 2:
        what = f"resize what comes out: {change} (blends neighbours)"
        yield Repair(what, behind.format(f"Resizing({wanted[0]}, {wanted[1]})"))


def halves(numbers: Sequence[int]) -> str:
    """Borders as a layer takes them: half before and half after, the odd one after."""
    pairs = tuple((n // 2, n - n // 2) for n in numbers)
    return repr(pairs if len(pairs) > 1 else pairs[0])


def _around(rows: Sequence[Row], given: Sizes, wanted: Sizes) -> Iterator[Repair]:
    """Pad the input to a size that comes back, and cut the same border off again; the weights stay."""
    d = len(given)
    larger = (tuple(n + more for n in given) for more in range(1, REACH))
    fits = next((sizes for sizes in larger if last_sizes(rows, sizes) == sizes), None)
    if d not in (1, 2, 3) or wanted != given or fits is None:
        return
    border = halves([a - b for a, b in zip(fits, given, strict=True)])
    channels = next(row.input_shapes[0][-1] for row in rows if None in row.sources)
    yield Repair(
        f"pad the input to {times(fits)}, which comes back, and cut the border off again",
        f"wider = keras.models.clone_model(model, input_tensors=keras.Input({(*fits, channels)}))\n"
        "wider.set_weights(model.get_weights())\n"
        "repaired = keras.Sequential([\n"
        f"    keras.Input({(*given, channels)}),\n"
        f"    keras.layers.ZeroPadding{d}D({border}),\n"
        "    wider,\n"
        f"    keras.layers.Cropping{d}D({border}),\n"
        "])",
    )


def _several_layers(rows: Sequence[Row], given: Sizes, wanted: Sizes) -> Iterator[Repair]:
    """Go up with transposed convolutions whose output_padding is chosen so that each gives the size of the way down."""
    changes: dict[int, tuple[Axis, ...]] = {}
    made: dict[str, str] = {}
    sizes = replay(rows, given) or {}
    downs: list[Sizes] = []
    rose = False
    for number, row in enumerate(rows):
        if not row.axes or not row.sources:
            continue
        source, first = row.sources[0], row.axes[0]
        came = given if source is None else sizes.get(source)
        if came is None:
            return
        if isinstance(first, Window) and scales(row.axes):
            downs.append(came)
        elif isinstance(first, Upsample) and scales(row.axes):
            rose = True
            goal = downs.pop() if downs else wanted
            if sizes.get(number) == goal:
                continue
            stamps = _transposed(row.axes, came, goal)
            if len(stamps) < len(row.axes):
                return
            changes[number] = tuple(stamps)
            made[row.layer] = _transposed_code(row, stamps)
        elif isinstance(first, Window) and rose and first.padding == "valid":
            changes[number] = tuple(replace(a, padding="same") for a in row.axes if isinstance(a, Window))
            made[row.layer] = 'type(layer).from_config(layer.get_config() | {"padding": "same"})'
        sizes = replay(rows, given, changes) or {}
    if not any("Transpose" in code for code in made.values()) or last_sizes(rows, given, changes) != wanted:
        return
    body = [line for name, code in made.items() for line in (f'if layer.name == "{name}":', f"    return {code}")]
    yield Repair(
        "go up by transposed convolutions that give the sizes of the way down, and same elsewhere",
        "\n".join(_rebuilt([*body, "return type(layer).from_config(layer.get_config())"])),
    )


def _transposed(axes: Sequence[Axis], came: Sizes, goal: Sizes) -> list[TransposedWindow]:
    """The transposed convolutions, of a kernel one larger than the factor, that make ``goal`` of what came."""
    found = []
    for axis, n, wanted in zip(axes, came, goal, strict=True):
        factor = axis.factor if isinstance(axis, Upsample) else 1
        k = factor + 1 - factor % 2 if factor > 1 else 1
        options = (TransposedWindow(k, factor, 1, "same", extra) for extra in range(factor))
        found += [option for option in options if option.output_size(n) == wanted][:1]
    return found


def _transposed_code(row: Row, stamps: Sequence[TransposedWindow]) -> str:
    """The layer; one number for all axes where they are alike."""
    settings = zip(*((a.size, a.stride, a.output_padding) for a in stamps), strict=True)
    k, strides, extra = (repr(numbers[0] if len(set(numbers)) == 1 else tuple(numbers)) for numbers in settings)
    return (
        f"keras.layers.Conv{len(stamps)}DTranspose("
        f'{row.output_shape[-1]}, {k}, strides={strides}, padding="same", output_padding={extra}, name=layer.name)'
    )


def advise(rows: Sequence[Row], tensors: Sequence[Any] = ()) -> Diagnosis:
    """What to change so that the last row, which refuses, does not.

    Args:
        rows: everything up to the row that refuses, which is the last.
        tensors: what reached that row in Keras, if it is known better than by its shapes.
    """
    last, keras = rows[-1], load_keras()
    reached = " and ".join(map(size, last.input_shapes))
    findings = [f"✗ Nothing comes out of {last.layer} ({last.kind}): {reached} reached it."]
    given = given_sizes(rows)
    if given is not None and len(set(given)) == 1 and _is_followed(rows):
        near = nearest(given, 4 * REACH, lambda n: replay(rows, (n,) * len(given)) is not None)
        findings += [f"It fits for an input of {near}."] * bool(near)
    reaching = [tensor for tensor in tensors if isinstance(tensor, keras.KerasTensor)]
    reaching = reaching or [keras.KerasTensor(shape) for shape in last.input_shapes]
    repairs = [*_other_settings(last, reaching), *_other_sizes(last, reaching)]
    return Diagnosis((), False, tuple(findings), tuple(repairs))


def _is_followed(rows: Sequence[Row]) -> bool:
    """Whether the sizes can be followed to the last row by the axes: only then is a search worth anything."""
    followed = {None, *(number for number, row in enumerate(rows[:-1]) if row.axes or row.rule.passes)}
    # Of a row without a rule nobody knows what it takes.
    return rows[-1].has_rule and all(source in followed for row in rows for source in row.sources)


def _other_settings(last: Row, reaching: Sequence[Any]) -> Iterator[Repair]:
    """The same layer with one setting changed, if it then takes what reached it."""
    for _, settings in variants(last):
        try:
            made = tuple(copied(last.call.layer, **settings)(reaching[0]).shape)
        except Exception:
            continue  # not offered
        if all(n is None or n > 0 for n in made):
            said = settings_in_words(settings)
            change = f"{size(last.input_shapes[0])} → {size(made)}"
            yield Repair(f"{said} in {last.layer}: {change}", f"keras.layers.{last.kind}(..., {said})")
            return


def _other_sizes(last: Row, reaching: Sequence[Any]) -> Iterator[Repair]:
    """Where maps of two sizes meet: make the smaller one larger, or the larger one smaller."""
    sizes = [sizes_of(tuple(tensor.shape), last.call.channels_last) for tensor in reaching]
    if len(sizes) != 2 or last.axes or len(sizes[0]) != len(sizes[1]) or len(sizes[0]) not in (1, 2, 3):
        return
    pair = [known(one) for one in sizes]
    larger = 0 if sum(pair[0]) >= sum(pair[1]) else 1
    gaps = [big - small for big, small in zip(pair[larger], pair[1 - larger], strict=False)]
    if None in (*sizes[0], *sizes[1]) or min(gaps) < 0:
        return
    for kind, place, what in (
        ("ZeroPadding", 1 - larger, "pad the smaller one with zeros"),
        ("Cropping", larger, "cut the larger one"),
    ):
        code, came = f"keras.layers.{kind}{len(gaps)}D({halves(gaps)})", times(pair[place])
        if _meet(last, reaching, place, code):
            said = f"{what} before {last.layer}: {came} → {times(pair[1 - place])}"
            yield Repair(said, f"x = {code}(x)  # x: the map of {came}")


def _meet(last: Row, reaching: Sequence[Any], place: int, code: str) -> bool:
    """Whether the layer takes its inputs when one of them has gone through ``code`` first."""
    keras, layer = load_keras(), last.call.layer
    changed = eval(code, {"keras": keras})
    try:
        tensors = list(reaching)
        tensors[place] = changed(tensors[place])
        if isinstance(layer, keras.layers.Layer):
            copied(layer)(tensors)
        else:
            layer.compute_output_spec(*tensors)
    except Exception:
        return False  # not offered
    return True
