"""What to change where a layer refuses: tried out on the real layers before it is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from course_utils.explain.diagnosis import REACH, Diagnosis, Repair, given_sizes, variants
from course_utils.explain.replay import maps_of, replay
from course_utils.explain.rows import Row
from course_utils.explain.wording import size, times
from course_utils.keras_layers import load_keras


def advise(rows: Sequence[Row], tensors: Sequence[Any] = ()) -> Diagnosis:
    """What to change so that the last row, which refuses, does not.

    Args:
        rows: everything up to the row that refuses, which is the last.
        tensors: what reached that row in Keras, if it is known better than by its shapes.
    """
    last = rows[-1]
    findings = [
        f"✗ Nothing comes out of {last.layer} ({last.kind}): {' and '.join(map(size, last.input_shapes))} reached it."
    ]
    findings += _inputs_that_fit(rows)
    keras = load_keras()
    reaching = [t for t in tensors if isinstance(t, keras.KerasTensor)] or [
        keras.KerasTensor(shape) for shape in last.input_shapes
    ]
    repairs = [*_other_settings(last, reaching), *_other_sizes(last, reaching)]
    return Diagnosis((), False, tuple(findings), tuple(repairs))


def _inputs_that_fit(rows: Sequence[Row]) -> Iterator[str]:
    """The nearest sizes of the input with which this row has an output."""
    given = given_sizes(rows)
    # Of a row without a rule nobody knows what it takes.
    if given is None or len(set(given)) > 1 or not _is_followed(rows) or rows[-1].agrees is None:
        return
    n = given[0]

    def fits(m: int) -> bool:
        return replay(rows, (m,) * len(given)) is not None

    below = next((m for m in range(n - 1, max(n - REACH, 0), -1) if fits(m)), None)
    above = next((m for m in range(n + 1, n + 4 * REACH) if fits(m)), None)
    near = [times((m,) * len(given)) for m in (below, above) if m is not None]
    if near:
        yield f"It fits for an input of {' or '.join(near)}."


def _is_followed(rows: Sequence[Row]) -> bool:
    """Whether the sizes can be followed to the last row by the axes: only then is a search worth anything."""
    reached = {row for row, step in enumerate(rows[:-1]) if step.axes or step.passes}
    return all(source is None or source in reached for step in rows for source in step.sources)


def _other_settings(last: Row, reaching: Sequence[Any]) -> Iterator[Repair]:
    """The same layer with one setting changed, if it then takes what reached it."""
    if last.real is None or not last.axes:
        return
    for _, settings in variants(last):
        try:
            layer = type(last.real).from_config(last.real.get_config() | settings | {"name": "explained_copy"})
            made = layer(reaching[0])
        except Exception:
            continue  # not offered
        if all(n is None or n > 0 for n in made.shape):
            said = ", ".join(f"{key}={value!r}" for key, value in settings.items()).replace("'", '"')
            yield Repair(
                f"{said} in {last.layer}: {size(last.input_shapes[0])} → {size(tuple(made.shape))}",
                f"keras.layers.{last.kind}(..., {said})",
            )
            return


def _other_sizes(last: Row, reaching: Sequence[Any]) -> Iterator[Repair]:
    """Where maps of two sizes meet: make the smaller one larger, or the larger one smaller."""
    if len(reaching) != 2 or last.axes:
        return
    sizes = [maps_of(tuple(t.shape), last.channels_last) for t in reaching]
    if any(len(s) not in (1, 2, 3) or None in s for s in sizes) or len(sizes[0]) != len(sizes[1]):
        return
    a, b = ([n for n in s if n is not None] for s in sizes)
    larger = 0 if sum(a) >= sum(b) else 1
    gaps = [big - small for big, small in zip((a, b)[larger], (a, b)[1 - larger], strict=True)]
    if min(gaps) < 0:
        return
    d = len(gaps)
    border = tuple((gap // 2, gap - gap // 2) for gap in gaps)
    argument = repr(border if d > 1 else border[0])
    for kind, place, what in (
        ("ZeroPadding", 1 - larger, "pad the smaller one with zeros"),
        ("Cropping", larger, "cut the larger one"),
    ):
        code = f"keras.layers.{kind}{d}D({argument})"
        if _meet(last, reaching, place, code):
            came = times((a, b)[place])
            goal = times((a, b)[1 - place])
            yield Repair(f"{what} before {last.layer}: {came} → {goal}", f"x = {code}(x)  # x: the map of {came}")


def _meet(last: Row, reaching: Sequence[Any], place: int, code: str) -> bool:
    """Whether the layer takes its inputs when one of them has gone through ``code`` first."""
    keras = load_keras()
    changed = eval(code, {"keras": keras})
    try:
        maps = list(reaching)
        maps[place] = changed(maps[place])
        if isinstance(last.real, keras.layers.Layer):
            type(last.real).from_config(last.real.get_config() | {"name": "explained_copy"})(maps)
        else:
            last.real.compute_output_spec(*maps)
    except Exception:
        return False  # not offered
    return True
