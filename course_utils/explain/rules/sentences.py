"""One sentence for a layer that has axes, with its numbers, for someone who meets the rule for the first time.

All numbers come from the axes. Where all axes are alike, one number speaks for all of them ("2 rows and 2 columns are
lost"); otherwise each is named ("4 along the height and 3 along the width").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from course_utils.axes import Axis, GlobalWindow, Pad, TransposedWindow, Upsample, Window
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
    sized = _Sized(axes, known)
    if isinstance(axes[0], Window):
        return _windows(layer, sized)
    if isinstance(axes[0], TransposedWindow):
        return _stamps(sized)
    if isinstance(axes[0], Upsample):
        return _copies(sized)
    border = sized.borders(sized.each(lambda axis, _: (axis.before, axis.after)), "cell")
    if isinstance(axes[0], Pad):
        return f"Adds zeros ({border or 'none'}), which from here on count as real cells: {sized.result()}."
    return f"Cuts off {border or 'nothing'}: {sized.result()}."


def rule_for_any_size(axis: Any) -> str:
    """The rule with all its numbers but the size: ``⌈n / 2⌉``."""
    return str(axis.formula(_ANY_SIZE).numbers).rsplit(" = ", 1)[0].replace(str(_ANY_SIZE), "n")


@dataclass(frozen=True)
class _Sized:
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

    def setting(self, name: str) -> list[Any]:
        """A setting of every axis."""
        return [getattr(axis, name) for axis in self.axes]

    def along(self, parts: Sequence[object]) -> str:
        """``4 along the height and 3 along the width``."""
        return listed([f"{part} along the {name}" for part, name in zip(parts, self.names, strict=True)])

    def result(self, after: str = "") -> str:
        """The rule with its numbers, once or for each axis: ``16 − 3 + 1 = 14``."""
        rules: list[str] = self.each(lambda axis, n: axis.formula(n).numbers)
        rules[0] += after
        return rules[0] if self.alike else self.along(rules)

    def cells(self, numbers: Sequence[int]) -> str:
        """``3×3``; on one axis ``3 cells``."""
        return times(numbers) if len(numbers) > 1 else count(numbers[0], "cell")

    def borders(self, pairs: Sequence[tuple[int, int]], thing: str) -> str:
        """What lies before and after: ``one ghost cell on each side``. Empty if there is nothing."""
        if len(set(pairs)) == 1:
            (before, after), behind = pairs[0], _BEHIND[len(pairs)]
            if before == after:
                return f"{count(before, thing)} on each side" if before else ""
            if not before:
                return f"{count(after, thing)} after, {behind}"
            return f"{count(before, thing)} before and {after or 'none'} after, {behind}"
        sides = [side for name in self.names for side in _SIDES_OF[name]]
        numbers = [number for pair in pairs for number in pair]
        found = [(number, side) for number, side in zip(numbers, sides, strict=True) if number]
        counted = [count(found[0][0], thing), *("one" if number == 1 else str(number) for number, _ in found[1:])]
        return listed([f"{number} {side}" for number, (_, side) in zip(counted, found, strict=True)])


# -- windows: convolution and pooling -----------------------------------------------------------------------------


def _windows(layer: Layer, sized: _Sized) -> str:
    padding, strides = sized.axes[0].padding, sized.setting("stride")
    stepping, span = any(stride > 1 for stride in strides), _span(sized)
    each_axis = " along each axis" if sized.alike and len(sized.axes) > 1 else ""
    if padding == "valid" and not stepping:  # what is lost is the question
        lost = rows_and_columns(sized.each(lambda axis, n: n - axis.output_size(n)))
        verb = "is" if lost.startswith("one ") and " and " not in lost else "are"
        loses = f"so {lost} {verb} lost" if lost else "so nothing is lost"
        return (
            f'padding="valid", the default, adds no ghost cells: a window of {span} '
            f"has {sized.result(' places')}{each_axis}, {loses}."
        )
    steps = f"{count(strides[0], 'cell')} at a time" if len(set(strides)) == 1 else sized.along(strides)
    if "Pooling" in kind_of(layer) and strides == sized.setting("size"):  # half of the question
        steps += " (a pool's strides default to its pool_size)"
    if padding == "valid":
        why = f'padding="valid", the default, adds no ghost cells, so {sized.result(" fit")}{each_axis}'
    else:
        why = _causal(sized, stepping) if padding == "causal" else _same(sized, stepping)
    return f"Windows of {span} step {steps}; {why}."


def _span(sized: _Sized) -> str:
    """How large the windows are, with what dilation makes of them."""
    sizes, spans = sized.setting("size"), sized.setting("effective_size")
    spread = f", spread by dilation to span {sized.cells(spans)}," if sizes != spans else ""
    return f"{sized.cells(sizes)}{spread}"


def _same(sized: _Sized, stepping: bool) -> str:
    ghosts = sized.borders(sized.each(lambda axis, n: axis.pads(n)), "ghost cell")
    if not stepping:
        stays = times(sized.sizes[:1] if sized.alike else sized.sizes)
        added = f"adds {ghosts}, so" if ghosts else "needs no ghost cells, and"
        return f'padding="same" {added} {stays} stays {stays}'
    added = f"so it adds {ghosts}" if ghosts else "and needs no ghost cells for that"
    return f'padding="same" promises {sized.result()}, {added}'


def _causal(sized: _Sized, stepping: bool) -> str:
    n = sized.sizes[0]
    ghosts = sized.axes[0].pads(n)[0]
    added = f"puts all ghost cells, {ghosts}, before the first cell" if ghosts else "needs no ghost cells"
    return f'padding="causal" {added}: no output looks ahead, and {sized.result() if stepping else f"{n} stays {n}"}'


# -- the others ---------------------------------------------------------------------------------------------------


def _stamps(sized: _Sized) -> str:
    """A transposed convolution."""
    strides, extras = sized.setting("stride"), sized.setting("output_padding")
    apart = count(strides[0], "cell") if len(set(strides)) == 1 else f"{times(strides)} cells"
    making = f'padding="{sized.axes[0].padding}"'
    if extras[0] is None:
        making += " makes"
    else:
        making += f" and output_padding={extras[0] if len(set(extras)) == 1 else tuple(extras)} make"
    return (
        f"Every input cell stamps a kernel of {_span(sized).rstrip(',')} on the output, {apart} apart, and overlaps "
        f"add up; {making} that {sized.result()}."
    )


def _copies(sized: _Sized) -> str:
    """Upsampling."""
    factors, how = sized.setting("factor"), sized.axes[0].interpolation
    if set(factors) == {1}:
        return f"Every cell stays as it is: {sized.result()}."
    cells = sized.cells(factors) + (" cells" if len(factors) > 1 else "")
    made = f"is copied into {cells}" if how == "nearest" else f"becomes {cells}, blended with its neighbours ({how})"
    return f"Every cell {made}: {sized.result()}."


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
