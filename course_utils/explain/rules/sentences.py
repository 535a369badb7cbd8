"""One sentence for a layer that has axes, with its numbers, for someone who meets the rule for the first time.

All numbers come from the axes. Where all axes are alike, one number speaks for all of them ("2 rows and 2 columns are
lost"); otherwise each is named ("4 along the height and 3 along the width").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from course_utils.axes import Axis, Crop, GlobalWindow, Pad, TransposedWindow, Upsample, Window
from course_utils.explain.wording import AXIS_NAMES, capital, count, listed, rows_and_columns, times
from course_utils.keras_layers import Layer, kind_of

#: Where the cells before and after the map lie, on each axis …
_SIDES_OF = {
    "length": ("at the start", "at the end"),
    "depth": ("at the front", "at the back"),
    "height": ("at the top", "at the bottom"),
    "width": ("on the left", "on the right"),
}
#: … and where those after it lie on all axes together, by how many there are.
_BEHIND = {1: "at the end", 2: "on the bottom and right", 3: "at the end of each axis"}
#: A size that no layer has and every window fits into: a rule is asked for it where the size is not known.
_ANY_SIZE = 10**6


def sentence_about(layer: Layer, axes: tuple[Axis, ...], sizes: Sequence[int | None]) -> str:
    """What this layer does to maps of these sizes; None is a size that is not known."""
    if isinstance(axes[0], GlobalWindow):
        return _global_pooling(layer, sizes)
    known = tuple(n for n in sizes if n is not None)
    if len(known) < len(axes):
        return _unknown(axes, sizes)
    return _WRITERS[type(axes[0])](layer, _Facts(axes, known))


@dataclass(frozen=True)
class _Facts:
    """The axes of a layer (all of one kind) with the size that reaches each."""

    axes: tuple[Any, ...]
    sizes: tuple[int, ...]

    @property
    def alike(self) -> bool:
        return len({*zip(self.axes, self.sizes, strict=True)}) == 1

    @property
    def names(self) -> tuple[str, ...]:
        return AXIS_NAMES[len(self.axes)]

    def each(self, ask: Callable[[Any, int], Any]) -> list[Any]:
        """The answer of every axis to the same question."""
        return [ask(axis, n) for axis, n in zip(self.axes, self.sizes, strict=True)]

    def result(self, after: str = "") -> str:
        """The rule with its numbers, once or for each axis: ``16 − 3 + 1 = 14``."""
        rules: list[str] = self.each(lambda axis, n: axis.formula(n).numbers)
        if self.alike:
            return rules[0] + after
        rules[0] += after
        return listed([f"{rule} along the {name}" for rule, name in zip(rules, self.names, strict=True)])

    def cells(self, numbers: Sequence[int]) -> str:
        """``3×3``; on one axis ``3 cells``."""
        return times(numbers) if len(numbers) > 1 else count(numbers[0], "cell")

    def borders(self, pairs: Sequence[tuple[int, int]], thing: str) -> str:
        """What lies before and after: ``one ghost cell on each side``. Empty if there is nothing."""
        if len(set(pairs)) == 1:
            return _same_borders(pairs[0], thing, _BEHIND[len(pairs)])
        found = [
            (number, side)
            for pair, name in zip(pairs, self.names, strict=True)
            for number, side in zip(pair, _SIDES_OF[name], strict=True)
            if number
        ]
        counted = [count(found[0][0], thing), *("one" if number == 1 else str(number) for number, _ in found[1:])]
        return listed([f"{number} {side}" for number, (_, side) in zip(counted, found, strict=True)])


def _same_borders(pair: tuple[int, int], thing: str, behind: str) -> str:
    """The border of axes that all have the same."""
    before, after = pair
    if before == after:
        return f"{count(before, thing)} on each side" if before else ""
    if not before:
        return f"{count(after, thing)} after, {behind}"
    return f"{count(before, thing)} before and {after or 'none'} after, {behind}"


def rule_for_any_size(axis: Any) -> str:
    """The rule with all its numbers but the size: ``⌈n / 2⌉``."""
    return str(axis.formula(_ANY_SIZE).numbers).rsplit(" = ", 1)[0].replace(str(_ANY_SIZE), "n")


# -- windows: convolution and pooling -----------------------------------------------------------------------------


def _windows(layer: Layer, facts: _Facts) -> str:
    padding, stepping = facts.axes[0].padding, any(axis.stride > 1 for axis in facts.axes)
    if padding == "valid" and not stepping:
        return _places(facts)
    return f"Windows of {_span(facts)}{_steps(layer, facts)}; {_PADDING[padding](facts, stepping)}."


def _span(facts: _Facts) -> str:
    """How large the windows are, with what dilation makes of them."""
    sizes, spans = facts.each(lambda axis, _: axis.size), facts.each(lambda axis, _: axis.effective_size)
    if sizes == spans:
        return facts.cells(sizes)
    return f"{facts.cells(sizes)}, spread by dilation to span {facts.cells(spans)},"


def _steps(layer: Layer, facts: _Facts) -> str:
    """How far the windows move. A pool moves by its own size unless it is told otherwise: half of the question."""
    strides = facts.each(lambda axis, _: axis.stride)
    if len(set(strides)) > 1:
        text = f" step {listed([f'{s} along the {name}' for s, name in zip(strides, facts.names, strict=True)])}"
    else:
        text = f" step {count(strides[0], 'cell')} at a time"
    default = "Pooling" in kind_of(layer) and strides == facts.each(lambda axis, _: axis.size)
    return text + (" (a pool's strides default to its pool_size)" if default else "")


def _same(facts: _Facts, stepping: bool) -> str:
    ghosts = facts.borders(facts.each(lambda axis, n: axis.pads(n)), "ghost cell")
    if not stepping:
        stays = times(facts.sizes[:1] if facts.alike else facts.sizes)
        added = f"adds {ghosts}, so" if ghosts else "needs no ghost cells, and"
        return f'padding="same" {added} {stays} stays {stays}'
    added = f"so it adds {ghosts}" if ghosts else "and needs no ghost cells for that"
    return f'padding="same" promises {facts.result()}, {added}'


def _causal(facts: _Facts, stepping: bool) -> str:
    ghosts = facts.axes[0].pads(facts.sizes[0])[0]
    added = f"puts all ghost cells, {ghosts}, before the first cell" if ghosts else "needs no ghost cells"
    size = facts.result() if stepping else f"{facts.sizes[0]} stays {facts.sizes[0]}"
    return f'padding="causal" {added}: no output looks ahead, and {size}'


def _fitting(facts: _Facts, _stepping: bool) -> str:
    return f'padding="valid", the default, adds no ghost cells, so {facts.result(" fit")}{_each_axis(facts)}'


def _places(facts: _Facts) -> str:
    """*valid* at stride 1: what is lost is the question."""
    lost = rows_and_columns(facts.each(lambda axis, n: n - axis.output_size(n)))
    verb = "is" if lost.startswith("one ") and " and " not in lost else "are"
    loses = f"so {lost} {verb} lost" if lost else "so nothing is lost"
    return (
        f'padding="valid", the default, adds no ghost cells: a window of {_span(facts)} '
        f"has {facts.result(' places')}{_each_axis(facts)}, {loses}."
    )


def _each_axis(facts: _Facts) -> str:
    return " along each axis" if facts.alike and len(facts.axes) > 1 else ""


_PADDING: dict[str, Callable[[_Facts, bool], str]] = {"same": _same, "causal": _causal, "valid": _fitting}


# -- the others ---------------------------------------------------------------------------------------------------


def _stamps(_layer: Layer, facts: _Facts) -> str:
    """A transposed convolution."""
    strides = facts.each(lambda axis, _: axis.stride)
    apart = count(strides[0], "cell") if len(set(strides)) == 1 else f"{times(strides)} cells"
    return (
        f"Every input cell stamps a kernel of {_span(facts).rstrip(',')} on the output, {apart} apart, and overlaps "
        f"add up; {_stamping(facts)} that {facts.result()}."
    )


def _stamping(facts: _Facts) -> str:
    extras = facts.each(lambda axis, _: axis.output_padding)
    padding = f'padding="{facts.axes[0].padding}"'
    if extras[0] is None:
        return f"{padding} makes"
    return f"{padding} and output_padding={extras[0] if len(set(extras)) == 1 else tuple(extras)} make"


def _copies(_layer: Layer, facts: _Facts) -> str:
    """Upsampling."""
    factors, how = facts.each(lambda axis, _: axis.factor), facts.axes[0].interpolation
    if set(factors) == {1}:
        return f"Every cell stays as it is: {facts.result()}."
    cells = facts.cells(factors) + (" cells" if len(factors) > 1 else "")
    made = f"is copied into {cells}" if how == "nearest" else f"becomes {cells}, blended with its neighbours ({how})"
    return f"Every cell {made}: {facts.result()}."


def _zeros(_layer: Layer, facts: _Facts) -> str:
    border = facts.borders(facts.each(lambda axis, _: (axis.before, axis.after)), "cell")
    return f"Adds zeros ({border or 'none'}), which from here on count as real cells: {facts.result()}."


def _cuts(_layer: Layer, facts: _Facts) -> str:
    border = facts.borders(facts.each(lambda axis, _: (axis.before, axis.after)), "cell")
    return f"Cuts off {border or 'nothing'}: {facts.result()}."


def _global_pooling(layer: Layer, sizes: Sequence[int | None]) -> str:
    what = "The mean" if "Average" in kind_of(layer) else "The largest"
    kept = f", kept as a map of {times([1] * len(sizes))}" if layer.keepdims else ""
    cells = "all cells" if None in sizes else f"all {times(sizes)} cells"
    if set(sizes) == {1}:
        cells = "the only cell"
    return f"{what} of {cells} of each channel: one number per channel is left{kept}."


def _unknown(axes: tuple[Axis, ...], sizes: Sequence[int | None]) -> str:
    names = [f"the {name}" for name, n in zip(AXIS_NAMES[len(sizes)], sizes, strict=True) if n is None]
    rules = sorted({rule_for_any_size(axis) for axis, n in zip(axes, sizes, strict=True) if n is None})
    verb = "is" if len(names) == 1 else "are"
    return f"{capital(listed(names))} {verb} not known until data arrive; then n becomes {' or '.join(rules)}."


_WRITERS: dict[type[Axis], Callable[[Layer, _Facts], str]] = {
    Window: _windows,
    TransposedWindow: _stamps,
    Upsample: _copies,
    Pad: _zeros,
    Crop: _cuts,
}
