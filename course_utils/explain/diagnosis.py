"""Why a model misses the size it should have, since which layer, and what would repair it.

A repair is Python code that was run before it is offered: it makes ``repaired`` out of ``model``, and what came out of
the repaired model, called on zeros, had the size that was wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils.axes import Axis, TransposedWindow, Upsample, Window
from course_utils.explain.replay import Changes, Sizes, maps_of, replay
from course_utils.explain.rows import Row
from course_utils.explain.wording import UNITS, Shape, count, listed, size, times
from course_utils.keras_layers import Layer, load_keras

#: How many repairs are offered at most, and how many inputs beyond the given one are looked at.
MOST_REPAIRS, REACH = 6, 64


@dataclass(frozen=True)
class Repair:
    """One way to the size that was wanted; run before it is offered.

    Attributes:
        what: what it does, in one line.
        code: makes ``repaired`` out of ``model``.
    """

    what: str
    code: str


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with the size that comes out, if anything.

    Attributes:
        target: what should come out, with the batch axis.
        hits: whether it does.
        findings: by how much it misses, since which layer, and why; one sentence each.
        repairs: what helps, the smallest change first.
    """

    target: Shape
    hits: bool
    findings: tuple[str, ...]
    repairs: tuple[Repair, ...] = ()

    def __str__(self) -> str:
        lines = [*self.findings]
        for number, repair in enumerate(self.repairs, start=1):
            lines += [f"Repair {number}: {repair.what}", *(f"    {line}" for line in repair.code.splitlines())]
        return "\n".join(lines)


def is_autoencoder(rows: Sequence[Row]) -> bool:
    """Whether a model goes down and up again, from one map to one map with as many axes: its input is its target."""
    goes = [
        ("up" if isinstance(s.axes[0], Upsample | TransposedWindow) else "down")
        for s in rows
        if s.axes and _scales(s.axes)
    ]
    first, last = rows[0], rows[-1]
    starts = [step for step in rows if None in step.sources]
    whole = last.output_shape is not None and len(starts) == 1 and len(last.output_shape) == len(first.input_shapes[0])
    return whole and goes[:1] == ["down"] and goes[-1:] == ["up"]


def _scales(axes: tuple[Axis, ...]) -> bool:
    """Whether a layer divides or multiplies the size."""
    return any(axis.factor > 1 if isinstance(axis, Upsample) else getattr(axis, "stride", 1) > 1 for axis in axes)


def diagnose(model: Layer | None, rows: Sequence[Row], target: Shape) -> Diagnosis:
    """Hold the last row against ``target``, and look for repairs if it misses.

    Args:
        model: what was explained, if it is a model that can be built again with changes.
        rows: all rows; something must come out of the last.
        target: with the batch axis.
    """
    last = rows[-1]
    assert last.output_shape is not None
    made = last.output_shape
    if made[1:] == target[1:]:
        return Diagnosis(target, True, (f"✓ What comes out is {size(made)}, as wanted.",))
    findings = [f"✗ What comes out is {size(made)}; wanted is {size(target)}: {_gap(made, target)}."]
    if len(made) == len(target) and all(a == b or 1 in (a, b) for a, b in zip(made[1:], target[1:], strict=True)):
        findings.append(
            "Careful: a loss such as mse stretches sizes of 1 and trains without a word; nothing warns you."
        )
    given = given_sizes(rows)
    if given is None or len(made) != len(target) or made[-1] != target[-1] or not last.channels_last:
        return Diagnosis(target, False, tuple(findings))
    findings += trouble(rows, given)
    wanted = tuple(n for n in maps_of(target) if n is not None)
    if wanted == given:
        findings += _other_inputs(rows, given)
    return Diagnosis(target, False, tuple(findings), tuple(_verified(model, rows, given, wanted)))


def given_sizes(rows: Sequence[Row]) -> Sizes | None:
    """The sizes that go in, if there is one input and all of them are known."""
    starts = [step for step in rows if None in step.sources]
    if len(starts) != 1 or not starts[0].input_shapes:
        return None
    sizes = maps_of(starts[0].input_shapes[0], starts[0].channels_last)
    known = tuple(n for n in sizes if n is not None)
    return known if len(known) == len(sizes) and known else None


def _gap(made: Shape, target: Shape) -> str:
    if len(made) != len(target):
        return f"it has {count(len(made) - 1, 'number')} instead of {len(target) - 1}"
    parts = []
    axes = len(made) - 2
    names = [*UNITS.get(axes, ("cell",) * axes), "channel"]
    for name, a, b in zip(names, made[1:], target[1:], strict=True):
        if a != b and a is not None and b is not None:
            parts.append(f"{count(abs(a - b), name)} too {'many' if a > b else 'few'}")
    return listed(parts) or "a size is not known"


# -- since which layer --------------------------------------------------------------------------------------------


def trouble(rows: Sequence[Row], given: Sizes) -> list[str]:
    """Where a size on the way up is not the one that it was on the way down, and what lost it; the first one first."""
    found: list[str] = []
    downs: list[tuple[int, int, Row]] = []
    rose = False
    for step in rows:
        if not step.axes or step.output_shape is None:
            continue
        axis = step.axes[0]
        came, made = maps_of(step.input_shapes[0])[0], maps_of(step.output_shape)[0]
        if came is None or made is None:
            continue
        if isinstance(axis, Upsample | TransposedWindow) and _scales(step.axes):
            rose = True
            wanted, between, down = downs.pop() if downs else (None, None, None)
            if down is not None and wanted is not None and made != wanted:
                found.append(_not_undone(step, came, made, wanted, between, down))
        elif isinstance(axis, Window) and _scales(step.axes):
            downs.append((came, made, step))
        elif isinstance(axis, Window) and made < came:
            where = "on the way up" if rose else "on the way down"
            found.append(f'{step.layer} ({step.kind}) loses {came - made} {where}: {came} → {made}, padding="valid".')
    if found:
        found[0] = f"The trouble starts here: {found[0]}"
    return found[:4]


def _not_undone(step: Row, came: int, made: int, wanted: int, between: int | None, down: Row) -> str:
    lost = f"{down.layer} made {between} of {wanted} ({down.formula.split(', ')[0]})"
    if came == between:
        return f"{step.layer} gives {made} where {wanted} were: {lost}, and multiplying does not undo the rounding."
    return f"{step.layer} gives {made} where {wanted} were, because {came} reached it and not {between}."


def _other_inputs(rows: Sequence[Row], given: Sizes) -> list[str]:
    """The nearest inputs that would come back."""
    row, n = len(rows) - 1, given[0]

    def closes(m: int) -> bool:
        sizes = (replay(rows, (m,) * len(given)) or {}).get(row)
        return sizes is not None and set(sizes) == {m}

    below = next((m for m in range(n - 1, max(n - REACH, 0), -1) if closes(m)), None)
    above = next((m for m in range(n + 1, n + REACH) if closes(m)), None)
    near = [m for m in (below, above) if m is not None]
    if not near:
        return ["With no input near this one does the same size come back."]
    return [f"With an input of {' or '.join(times((m,) * len(given)) for m in near)} the same size comes back."]


# -- repairs ------------------------------------------------------------------------------------------------------


def _verified(model: Layer | None, rows: Sequence[Row], given: Sizes, wanted: Sizes) -> Iterator[Repair]:
    """The repairs that were run and gave the size that was wanted."""
    if not _can_be_built_again(model):
        return
    offered = 0
    for repair in _proposals(rows, given, wanted):
        if offered < MOST_REPAIRS and _runs(repair, model, given, wanted):
            offered += 1
            yield repair


def _can_be_built_again(model: Any) -> bool:
    keras = load_keras()
    return isinstance(model, keras.Model) and bool(getattr(model, "inputs", None)) and len(model.outputs) == 1


def _runs(repair: Repair, model: Any, given: Sizes, wanted: Sizes) -> bool:
    """Run the code as it is printed, and the model that it makes."""
    keras = load_keras()
    names: dict[str, Any] = {"keras": keras, "model": model}
    try:
        exec(compile(repair.code, "repair", "exec"), names)
        channels = model.inputs[0].shape[-1] or 1
        y = names["repaired"](np.zeros((1, *given, channels), dtype=model.inputs[0].dtype))
    except (NameError, SyntaxError):
        raise  # the code that was written here is wrong, and not the proposal
    except Exception:
        return False  # not offered: a proposal that does not run is no repair
    return tuple(y.shape[1:-1]) == wanted


def _proposals(rows: Sequence[Row], given: Sizes, wanted: Sizes) -> Iterator[Repair]:
    """What might help, by the axes alone: one layer, then what stands before and behind, then several layers."""
    yield from _one_layer(rows, given, wanted)
    yield from _behind(rows, given, wanted)
    yield from _around(rows, given, wanted)
    yield from _several_layers(rows, given, wanted)


def _gives(rows: Sequence[Row], given: Sizes, changes: Changes, wanted: Sizes) -> bool:
    return (replay(rows, given, changes) or {}).get(len(rows) - 1) == wanted


def _one_layer(rows: Sequence[Row], given: Sizes, wanted: Sizes) -> Iterator[Repair]:
    for row, step in enumerate(rows):
        for axes, settings in variants(step):
            if _gives(rows, given, {row: axes}, wanted):
                yield _changed({step.layer: settings})
                break  # one proposal for a layer


def variants(step: Row) -> Iterator[tuple[tuple[Axis, ...], dict[str, Any]]]:
    """A layer with one of its settings changed: the axes that it would have, and the settings."""
    axes = step.axes
    if not axes:
        return
    first = axes[0]
    if isinstance(first, Window) and first.padding in ("valid", "same"):
        other = "same" if first.padding == "valid" else "valid"
        windows = [axis for axis in axes if isinstance(axis, Window)]
        yield tuple(Window(a.size, a.stride, a.dilation, other) for a in windows), {"padding": other}
        if "Pooling" not in step.kind and first.padding == "valid":
            for k in (2, 3, 4, 5, 7):
                yield (
                    tuple(Window(k, a.stride, a.dilation, "valid") for a in windows),
                    {"kernel_size": (k,) * len(axes)},
                )
    if isinstance(first, TransposedWindow):
        spreads = [axis for axis in axes if isinstance(axis, TransposedWindow)]
        for extra in (None, *range(first.stride)):
            new = tuple(TransposedWindow(a.size, a.stride, a.dilation, a.padding, extra) for a in spreads)
            yield new, {"output_padding": extra}


def _changed(changes: dict[str, dict[str, Any]]) -> Repair:
    """Code that builds the model again with some settings changed. The weights are new: train it again."""
    lines = ["changes = {"]
    lines += [f'    "{name}": {settings!r},'.replace("'", '"') for name, settings in changes.items()]
    lines += [
        "}",
        "def change(layer):",
        "    return type(layer).from_config(layer.get_config() | changes.get(layer.name, {}))",
        "repaired = keras.models.clone_model(model, clone_function=change)",
    ]
    said = [
        f"{listed([f'{key}={value!r}' for key, value in settings.items()])} in {name}"
        for name, settings in changes.items()
    ]
    return Repair(listed(said).replace("'", '"'), "\n".join(lines))


def _behind(rows: Sequence[Row], given: Sizes, wanted: Sizes) -> Iterator[Repair]:
    """Cut or resize what comes out; the weights stay."""
    made = (replay(rows, given) or {}).get(len(rows) - 1)
    if made is None:
        return
    surplus = [a - b for a, b in zip(made, wanted, strict=True)]
    d = len(made)
    if d in (1, 2, 3) and min(surplus) >= 0:
        crop = tuple((s // 2, s - s // 2) for s in surplus)
        argument = repr(crop if d > 1 else crop[0])
        yield Repair(
            f"cut what comes out: {times(made)} → {times(wanted)}",
            f"repaired = keras.Sequential([model, keras.layers.Cropping{d}D({argument})])",
        )
    if d == 2:
        yield Repair(
            f"resize what comes out: {times(made)} → {times(wanted)} (blends neighbours)",
            f"repaired = keras.Sequential([model, keras.layers.Resizing({wanted[0]}, {wanted[1]})])",
        )


def _around(rows: Sequence[Row], given: Sizes, wanted: Sizes) -> Iterator[Repair]:
    """Pad the input to a size that comes back, and cut the same border off again; the weights stay."""
    d = len(given)
    if d not in (1, 2, 3) or wanted != given:
        return
    for more in range(1, REACH):
        larger = tuple(n + more for n in given)
        if (replay(rows, larger) or {}).get(len(rows) - 1) == larger:
            border = tuple((more // 2, more - more // 2) for _ in given)
            argument = repr(border if d > 1 else border[0])
            channels = next(step.input_shapes[0][-1] for step in rows if None in step.sources)
            yield Repair(
                f"pad the input to {times(larger)}, which comes back, and cut the border off again",
                f"wider = keras.models.clone_model(model, input_tensors=keras.Input({(*larger, channels)}))\n"
                "wider.set_weights(model.get_weights())\n"
                "repaired = keras.Sequential([\n"
                f"    keras.Input({(*given, channels)}),\n"
                f"    keras.layers.ZeroPadding{d}D({argument}),\n"
                "    wider,\n"
                f"    keras.layers.Cropping{d}D({argument}),\n"
                "])",
            )
            return


def _several_layers(rows: Sequence[Row], given: Sizes, wanted: Sizes) -> Iterator[Repair]:
    """Go up with transposed convolutions whose output_padding is chosen so that each gives the size of the way down."""
    changes: dict[int, tuple[Axis, ...]] = {}
    made: dict[str, str] = {}
    sizes = dict(replay(rows, given) or {})
    downs: list[Sizes] = []
    rose = False
    for row, step in enumerate(rows):
        if not step.axes or step.sources[:1] == ():
            continue
        source = step.sources[0]
        came = given if source is None else sizes.get(source)
        first = step.axes[0]
        if came is None:
            return
        if isinstance(first, Window) and _scales(step.axes):
            downs.append(came)
        elif isinstance(first, Upsample) and _scales(step.axes):
            rose = True
            goal = downs.pop() if downs else wanted
            if sizes.get(row) == goal:
                continue
            chosen = _transposed(step.axes, came, goal)
            if chosen is None:
                return
            changes[row] = chosen
            made[step.layer] = _transposed_code(step, chosen)
        elif isinstance(first, Window) and rose and first.padding == "valid":
            changes[row] = tuple(
                Window(a.size, a.stride, a.dilation, "same") for a in step.axes if isinstance(a, Window)
            )
            made[step.layer] = 'layer.get_config() | {"padding": "same"}'
        sizes = dict(replay(rows, given, changes) or {})
    if not any("Transpose" in code for code in made.values()) or not _gives(rows, given, changes, wanted):
        return
    lines = ["def change(layer):"]
    for name, code in made.items():
        text = f"type(layer).from_config({code})" if code.startswith("layer.") else code
        lines += [f'    if layer.name == "{name}":', f"        return {text}"]
    lines += [
        "    return type(layer).from_config(layer.get_config())",
        "repaired = keras.models.clone_model(model, clone_function=change)",
    ]
    yield Repair(
        "go up by transposed convolutions that give the sizes of the way down, and same elsewhere", "\n".join(lines)
    )


def _transposed(axes: tuple[Axis, ...], came: Sizes, goal: Sizes) -> tuple[Axis, ...] | None:
    """The transposed convolutions, of a kernel one larger than the factor, that make ``goal`` of what came."""
    found = []
    for axis, n, wanted in zip(axes, came, goal, strict=True):
        factor = axis.factor if isinstance(axis, Upsample) else 1
        k = factor + 1 - factor % 2 if factor > 1 else 1
        options = (TransposedWindow(k, factor, 1, "same", extra) for extra in range(factor))
        found.append(next((option for option in options if option.output_size(n) == wanted), None))
    return tuple(option for option in found if option) if all(found) else None


def _transposed_code(step: Row, axes: tuple[Axis, ...]) -> str:
    spreads = [axis for axis in axes if isinstance(axis, TransposedWindow)]
    channels = (step.output_shape or (None,))[-1]
    k, strides, extra = (
        _short(tuple(ask)) for ask in zip(*((a.size, a.stride, a.output_padding) for a in spreads), strict=True)
    )
    return (
        f"keras.layers.Conv{len(spreads)}DTranspose("
        f'{channels}, {k}, strides={strides}, padding="same", output_padding={extra}, name=layer.name)'
    )


def _short(numbers: tuple[int | None, ...]) -> str:
    """One number for all axes where they are alike."""
    return repr(numbers[0] if len(set(numbers)) == 1 else numbers)
