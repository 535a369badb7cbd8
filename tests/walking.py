"""Drive an explorer through its real widgets, as a person would: at random, and to every end of every control."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import ipywidgets as widgets

from course_utils.explorers.base import Explorer
from course_utils.explorers.frame import Frame

#: What an explorer was set to → the frame that was drawn there first.
DRAWN: dict[str, Frame] = {}


def choices(control: widgets.Widget) -> list[Any]:
    """What a control can be set to; of a slider, its ends, its neighbours and its middle."""
    if isinstance(control, widgets.IntSlider):
        ends = {control.min, control.min + 1, (control.min + control.max) // 2, control.max - 1, control.max}
        return sorted(v for v in ends if control.min <= v <= control.max)
    if isinstance(control, widgets.Checkbox):
        return [False, True]
    return [value for _, value in control.options]


def extremes(explorer: Explorer) -> Iterator[str]:
    """Set every control, one after the other, to everything ``choices`` has, and back; yield where it stands."""
    for name, control in explorer.controls.items():
        start = control.value
        for value in choices(control):
            control.value = value
            yield f"{name} = {value!r}"
        control.value = start


def walk(explorer: Explorer, steps: int, seed: int) -> Iterator[str]:
    """Set one control at random, again and again; yield where it stands."""
    walker = random.Random(seed)
    for step in range(steps):
        name, control = walker.choice(list(explorer.controls.items()))
        if isinstance(control, widgets.IntSlider):
            control.value = walker.randint(control.min, control.max)
        else:
            control.value = walker.choice(choices(control))
        yield f"step {step}: {name} = {control.value!r}"


def check(explorer: Explorer, where: str) -> None:
    """What must hold at every setting: it is drawn, the answers agree, and nothing but the settings decides it."""
    where = f"{where} in {explorer.settings}"
    assert explorer.view.problem == "", where
    assert explorer.frame.agrees, f"{where}: {explorer.frame.verdict}"
    assert explorer.view.frame.items() >= explorer.shown.for_view().items(), where
    settings = explorer.start.changed(**explorer.settings)
    # Whatever was shown before: the frame that was drawn here on another way is the same.
    assert explorer.frame == DRAWN.setdefault(repr(settings), explorer.frame), where
    if explorer.frame.refused:
        assert "no output" in explorer.frame.answers[0].lines[0], where
        assert explorer.frame.answers[-1].lines[0] == "refuses", where
        assert len(explorer.frame.answers[0].lines) > 1, f"{where}: no reason is given"
