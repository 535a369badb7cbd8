"""Rules of ``keras.ops``, which are in ``model.operations`` and not in ``model.layers``. The batch axis counts too.

Nearly all of them treat each number of a shape by itself. So a rule says for each number of what comes out where it
comes from (``Place``), and with that the sizes, the expressions in n and the receptive fields are said as well.
Sources: ``compute_output_spec`` of each class in ``keras/src/ops``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from course_utils.axes import Axis, Crop, GlobalWindow, NoRule, Pad, Resized, ShapeError, Upsample, Window
from course_utils.explain.rules.core import Arguments, Place, RuleResult, Shapes, call_rule, rule
from course_utils.explain.shapes import places_of_maps
from course_utils.explain.wording import Shape, count, listed, times
from course_utils.keras_layers import Layer
from course_utils.size_formulas import SizeFormula


def laid_out(
    shape: Shape, places: Sequence[Place], sentence: str, formula: str = "", further: Shapes = ()
) -> RuleResult:
    """What comes out of places; ``{}`` in the sentence stands for it, and the formula is theirs unless one is given."""
    out = tuple(place.of(shape) for place in places)
    shown = times(out[1:] if places and places[0] == Place(0) and out[1:] else out) or "one number"
    said = {
        number: place.axis.formula(n).numbers if place.axis.size_formula().a else f"→ {place.of(shape)}"
        for number, place in enumerate(places)
        if place.axis and place.source is not None and (n := shape[place.source]) is not None
    }
    if not formula:
        apart = "; ".join(f"axis {number}: {text}" for number, text in said.items())
        formula = next(iter(said.values())) if len({*said.values()}) == 1 else apart or f"→ {shown}"
    return RuleResult(out, formula, sentence.format(shown), places=tuple(places), further=further)


def fixed(number: int, least: int = 1) -> Resized:
    """A size that does not depend on n."""
    return Resized(SizeFormula(0, 0, 1, number), least)


# -- axes that change places, come and go -------------------------------------------------------------------------


def _moved(operation: Layer, rank: int) -> list[int]:
    """``ops.moveaxis``: the axes that are named go to their new places, the others keep their order."""
    sources, targets = (each_axis(operation, axes, rank) for axes in (operation.source, operation.destination))
    rest = iter(place for place in range(rank) if place not in sources)
    named = dict(zip(targets, sources, strict=True))
    return [named[place] if place in named else next(rest) for place in range(rank)]


def _swapped(rank: int, one: int, other: int) -> list[int]:
    order = list(range(rank))
    order[one], order[other] = order[other], order[one]
    return order


_ORDERS: dict[str, Callable[[Layer, int], Sequence[int]]] = {
    "Transpose": lambda op, rank: range(rank)[::-1] if op.axes is None else each_axis(op, op.axes, rank),
    "Swapaxes": lambda op, rank: _swapped(rank, *each_axis(op, (op.axis1, op.axis2), rank)),
    "Moveaxis": _moved,
}


@rule(*(f"ops.{name}" for name in _ORDERS))
def transposed(operation: Layer, shapes: Shapes) -> RuleResult:
    """The axes change places; without ``axes``, ``ops.transpose`` turns their order around."""
    shape, name = shapes[0], type(operation).__name__
    order = tuple(_ORDERS[name](operation, len(shape)))
    if sorted(order) != list(range(len(shape))):
        raise ShapeError(f"axes={order} does not name each of the {len(shape)} axes once.")
    out = tuple(shape[place] for place in order)
    formula = f"axes {', '.join(map(str, order))}"
    return RuleResult(out, formula, f"The axes change places: {times(out)}.", places=tuple(map(Place, order)))


@rule("ops.ExpandDims")
def expanded(operation: Layer, shapes: Shapes) -> RuleResult:
    """New axes of size 1, at the places that they have in the result."""
    axes = [operation.axis] if isinstance(operation.axis, int) else list(operation.axis)
    rank = len(shapes[0]) + len(axes)
    new = {one_axis(operation, axis, rank) for axis in axes}
    rest = iter(range(len(shapes[0])))
    places = [Place() if place in new else Place(next(rest)) for place in range(rank)]
    out = times(place.of(shapes[0]) for place in places)
    return laid_out(shapes[0], places, f"Puts in {count(len(new), 'axis of size 1')}.", f"→ {out}")


@rule("ops.Squeeze")
def squeezed(operation: Layer, shapes: Shapes) -> RuleResult:
    """Axes of size 1 go."""
    shape = shapes[0]
    ones = tuple(place for place, n in enumerate(shape) if n == 1)
    gone = ones if operation.axis is None else each_axis(operation, operation.axis, len(shape))
    for place in gone:
        if shape[place] not in (1, None):
            raise ShapeError(f"Only an axis of size 1 can be squeezed out; axis {place} has {shape[place]}.")
    places = [Place(place) for place in range(len(shape)) if place not in gone]
    out = times(place.of(shape) for place in places)
    return laid_out(shape, places, f"Takes out {_axes_named(gone)}, of size 1.", f"→ {out}")


#: Operations that make one number out of all along some axes.
_REDUCING = """
    Mean Sum Max Min Prod Std Var Any All Amax Amin Logsumexp Argmax Argmin Median Ptp CountNonzero Average Norm Moments
    Nanmean Nansum Nanmax Nanmin Nanprod Nanstd Nanvar Nanmedian Nanargmax Nanargmin
"""


@rule(*(f"ops.{name}" for name in _REDUCING.split()))
def reduced(operation: Layer, shapes: Shapes) -> RuleResult:
    """The axes that are named go, or stay as 1 with ``keepdims``."""
    shape, name = shapes[0], type(operation).__name__
    gone = each_axis(operation, operation.axes if name == "Moments" else operation.axis, len(shape))
    kept = getattr(operation, "keepdims", False)
    places = [
        Place(place, GlobalWindow() if place in gone else None)
        for place in range(len(shape))
        if kept or place not in gone
    ]
    out = tuple(place.of(shape) for place in places)
    sentence = f"{name} along {_axes_named(gone)}: one number stands for all along it."
    return laid_out(shape, places, sentence, times(out) or "one number", (out,) * (name == "Moments"))


@rule("ops.Stack")
def stacked(operation: Layer, shapes: Shapes) -> RuleResult:
    """Equal shapes behind each other, along a new axis."""
    if len(set(shapes)) > 1:
        raise ShapeError(f"Stack needs equal sizes; they are {listed([times(shape) for shape in shapes])}.")
    place = one_axis(operation, operation.axis, len(shapes[0]) + 1)
    out = (*shapes[0][:place], len(shapes), *shapes[0][place:])
    sentence = f"Puts its {len(shapes)} inputs behind each other along a new axis."
    return RuleResult(out, f"{len(shapes)} inputs", sentence)


@rule("ops.Unstack")
def unstacked(operation: Layer, shapes: Shapes) -> RuleResult:
    """Every cell along one axis by itself."""
    place = one_axis(operation, operation.axis, len(shapes[0]))
    number = shapes[0][place] if operation.num is None else operation.num
    if number is None:
        raise ShapeError(f"How many there are along axis {place} is not known (None). Say it: num=…")
    out = without(shapes[0], [place])
    return RuleResult(
        out, f"{number} parts", f"Takes axis {place} apart: {count(number, 'part')}.", further=(out,) * (number - 1)
    )


# -- a part of each axis ------------------------------------------------------------------------------------------


@call_rule("ops.GetItem")
def slices(_operation: Layer, arguments: Arguments) -> RuleResult:
    """``x[:, 1:-1, ::2, 0, None]``, as in NumPy."""
    shape, key = arguments.positional[0], arguments.get("key", 1)
    keys = list(key) if isinstance(key, tuple | list) else [key]
    if named := next((part for part in keys if isinstance(part, str)), None):
        raise ShapeError(f"{times(shape)} has no part called {named!r}: this is one map and no dict of them.")
    consumed = sum(part is not None and part is not Ellipsis for part in keys)
    if consumed > len(shape):
        raise ShapeError(f"{consumed} axes are indexed, and {times(shape)} has {len(shape)}.")
    rest = [slice(None)] * (len(shape) - consumed)
    at = next((number for number, part in enumerate(keys) if part is Ellipsis), len(keys))
    places, source = [], 0
    for part in [*keys[:at], *rest, *keys[at + 1 :]]:
        if part is None:
            places.append(Place())
            continue
        n = shape[source]
        if isinstance(part, slice):
            places.append(_sliced(source, n, part))
        elif n is not None and not -n <= part < n:
            raise ShapeError(f"Cell {part} does not exist on axis {source}: it has {n}, counted from 0.")
        source += 1
    return laid_out(shape, places, "Takes a part of what comes in: {} is left.")


def _sliced(source: int, n: int | None, part: slice) -> Place:
    """One axis of a slice: how the size depends on n, wherever it does so by one rule."""
    start, stop, step = part.start, part.stop, 1 if part.step is None else part.step
    axis: Axis | None = None
    if step < 0 and start is stop is None:
        axis = Resized(SizeFormula(1, -step - 1, -step, 0))
    elif step > 0 and (start or 0) >= 0 and (stop is None or stop < 0):
        axis = Crop(start or 0, -(stop or 0), step)
    elif step > 0 and stop is not None and ((start or 0) < 0) == (stop < 0):
        axis = fixed(len(range(start or 0, stop, step)), max(stop, -(start or 0)))
    elif step > 0 and stop is None:
        axis = fixed(len(range(start, 0, step)), -start)
    if axis == Crop(0, 0):
        return Place(source)
    made = None if n is None else len(range(n)[part])
    try:
        fits = axis is not None and (n is None or axis.output_size(n) == made)
    except ShapeError:
        fits = False  # a slice that reaches beyond the ends: what is left of it
    return Place(source, axis) if fits and not (n is None and isinstance(axis, Resized)) else Place(size=made)


@call_rule("ops.Slice")
def sliced(operation: Layer, arguments: Arguments) -> RuleResult:
    """``ops.slice``: so many cells from a start on; −1 is all that are left."""
    shape, starts, wanted = arguments.positional[0], arguments.get("start_indices", 1), operation.shape
    if len(wanted) != len(shape):
        raise ShapeError(f"The slice names {len(wanted)} axes, and {times(shape)} has {len(shape)}.")
    places = []
    for place, (n, size) in enumerate(zip(shape, wanted, strict=True)):
        start = int(starts[place])
        whole = size == -1 or (start, size) == (0, n)
        places.append(Place(place, Crop(start, 0) if start else None) if whole else Place(size=size))
    return laid_out(shape, places, "Takes a part of what comes in: {} is left.")


@rule("ops.Split", "ops.Hsplit", "ops.Vsplit", "ops.ArraySplit")
def split(operation: Layer, shapes: Shapes) -> RuleResult:
    """Parts along one axis: so many equal ones, or cut at the places that are named."""
    shape, cuts = shapes[0], operation.indices_or_sections
    axis = {"Hsplit": min(1, len(shape) - 1), "Vsplit": 0}.get(type(operation).__name__)
    place = one_axis(operation, operation.axis if axis is None else axis, len(shape))
    whole = shape[place]
    if not isinstance(cuts, int):
        ends = [0, *cuts, whole]
        sizes = [None if n is None or m is None else max(n - m, 0) for m, n in itertools.pairwise(ends)]
        sentence = f"Cuts axis {place} at {listed([*map(str, cuts)])}: {listed([times([n]) for n in sizes])}."
    elif type(operation).__name__ == "ArraySplit" and whole is not None and whole % cuts:
        sizes = [whole // cuts + (number < whole % cuts) for number in range(cuts)]
        sentence = f"Cuts axis {place} into {count(cuts, 'part')}: {listed([times([n]) for n in sizes])}."
    else:
        if whole is not None and whole % cuts:
            raise ShapeError(f"{whole} along axis {place} cannot be split into {cuts} equal parts.")
        each = None if whole is None else whole // cuts
        formula = f"{times([whole])} / {cuts} = {times([each])}"
        equal = Resized(SizeFormula(1, 0, cuts, 0), cuts)
        out = (*shape[:place], each, *shape[place + 1 :])
        sentence = f"Cuts axis {place} into {count(cuts, 'equal part')}: {formula}."
        places = _changed(shape, {place: equal}, cuts)
        return laid_out(shape, places, sentence, formula, (out,) * (cuts - 1))
    outs = [(*shape[:place], n, *shape[place + 1 :]) for n in sizes]
    places = [Place(size=sizes[0]) if number == place else Place(number) for number in range(len(shape))]
    return laid_out(shape, places, sentence, " + ".join(times([n]) for n in sizes), tuple(outs[1:]))


# -- cells added, repeated, combined ------------------------------------------------------------------------------


def _padded(operation: Layer, shape: Shape) -> Mapping[int, Axis]:
    pairs = operation.pad_width * (len(shape) if len(operation.pad_width) == 1 else 1)
    if len(pairs) != len(shape):
        raise ShapeError(f"pad_width has {len(pairs)} pairs, and {times(shape)} has {len(shape)} axes.")
    mirrored = {"reflect": 1, "symmetric": 0}.get(operation.mode)
    return {
        place: Pad(pair[0], pair[1], least=1 if mirrored is None else max(pair) + mirrored)
        for place, pair in enumerate(pairs)
        if any(pair)
    }


def _repeated(operation: Layer, shape: Shape) -> Mapping[int, Axis]:
    times_each = [operation.repeats] if isinstance(operation.repeats, int) else list(operation.repeats)
    if operation.axis is None:
        raise NoRule("ops.Repeat has a rule with an axis only.")
    place = one_axis(operation, operation.axis, len(shape))
    if len(times_each) > 1 and shape[place] not in (None, len(times_each)):
        raise ShapeError(f"{len(times_each)} numbers say how often, and axis {place} has {shape[place]} cells.")
    return {place: Upsample(times_each[0]) if len(times_each) == 1 else fixed(sum(times_each), len(times_each))}


def _halved(operation: Layer, shape: Shape) -> Mapping[int, Axis]:
    place = one_axis(operation, operation.axis, len(shape))
    if (shape[place] or 0) % 2:
        raise ShapeError(f"Axis {place} has {shape[place]} numbers, which cannot be halved.")
    return {place: Resized(SizeFormula(1, 0, 2, 0), 2)}


def _resized(operation: Layer, shape: Shape) -> Mapping[int, Axis]:
    return dict(zip(_rows_and_columns(operation, shape), map(fixed, operation.size), strict=True))


def _bordered(operation: Layer, shape: Shape) -> Mapping[int, Axis]:
    """``ops.image.pad_images`` and ``crop_images``: two of before, after and what comes out are said."""
    what, axis = ("padding", Pad) if type(operation).__name__ == "PadImages" else ("cropping", Crop)
    names = (("top", "bottom", "height"), ("left", "right", "width"))
    found: dict[int, Axis] = {}
    for place, (first, last, name) in zip(_rows_and_columns(operation, shape), names, strict=True):
        before, after = (getattr(operation, f"{side}_{what}") for side in (first, last))
        target = getattr(operation, f"target_{name}")
        least = target + (before or after or 0) if target and axis is Crop else 1
        found[place] = axis(before, after) if target is None else fixed(target, least)
    return found


#: What each of them does along which axes, and what is said of it.
_ALONG: dict[str, tuple[Callable[[Layer, Shape], Mapping[int, Axis]], str]] = {
    "Pad": (_padded, "Adds cells at the ends, which from here on count as real cells: {} comes out."),
    "Repeat": (_repeated, "Repeats every cell: {} comes out."),
    "Glu": (_halved, "One half of the numbers opens and closes the other: {} comes out."),
    "Diff": (
        lambda op, shape: {one_axis(op, op.axis, len(shape)): Window(op.n + 1)},
        "Subtracts neighbours from each other: {} comes out.",
    ),
    "Resize": (_resized, "Whatever the size, {} comes out."),
    "PadImages": (_bordered, "Adds cells around the picture, which from here on count as real cells: {} comes out."),
    "CropImages": (_bordered, "Cuts off the border of the picture: {} is left."),
    "RGBToGrayscale": (
        lambda op, shape: {_channels(op, shape): fixed(1)},
        "Mixes the colours of each cell into one grey: {} comes out.",
    ),
}


@rule(*(f"ops.{name}" for name in _ALONG))
def along_axes(operation: Layer, shapes: Shapes) -> RuleResult:
    """Some axes go through something, the others stay."""
    changes, sentence = _ALONG[type(operation).__name__]
    found = laid_out(shapes[0], _changed(shapes[0], changes(operation, shapes[0])), sentence)
    # What is padded to a size must not be larger, so that holds for some n only.
    to_a_size = type(operation).__name__ == "PadImages" and (operation.target_height or operation.target_width)
    return replace(found, places=()) if to_a_size else found


@rule("ops.TopK")
def largest(operation: Layer, shapes: Shapes) -> RuleResult:
    """The k largest along the last axis, and their places."""
    places = [*map(Place, range(len(shapes[0]) - 1)), Place(size=operation.k)]
    out = (*shapes[0][:-1], operation.k)
    sentence = f"The {operation.k} largest along the last axis, and where they stand."
    return laid_out(shapes[0], places, sentence, f"→ {operation.k}", (out,))


@rule("ops.Tile")
def tiled(operation: Layer, shapes: Shapes) -> RuleResult:
    """Copies side by side along each axis, counted from the last one."""
    shape = shapes[0]
    factors = [operation.repeats] if isinstance(operation.repeats, int) else list(operation.repeats)
    new, factors = len(factors) - len(shape), [1] * (len(shape) - len(factors)) + factors
    axes = [None if f == 1 else Resized(SizeFormula(f, 0, 1, 0)) for f in factors]
    places = [Place(number - max(new, 0), axis) for number, axis in enumerate(axes)]
    for number in range(new):
        places[number] = Place(size=factors[number])
    return laid_out(shape, places, "Lays copies side by side: {} comes out.")


@rule("ops.OneHot", "ops.MultiHot")
def one_hot(operation: Layer, shapes: Shapes) -> RuleResult:
    """As many numbers as there are classes, for each value or (multi-hot) for all along the last axis."""
    shape, number = shapes[0], operation.num_classes
    kept = list(map(Place, range(len(shape) - (type(operation).__name__ == "MultiHot" and len(shape) > 1))))
    kept.insert(one_axis(operation, operation.axis, len(kept) + 1), Place(size=number))
    return laid_out(
        shape, kept, f"{number} numbers in place of each: 1 for its class, 0 for the others.", f"classes = {number}"
    )


@call_rule("ops.Take")
def taken(operation: Layer, arguments: Arguments) -> RuleResult:
    """The cells that are named, along one axis."""
    shape, indices = arguments.positional[0], arguments.shape_of("indices", 1)
    if operation.axis is None:
        return RuleResult(indices, f"→ {times(indices) or 'one number'}", "Looks up the numbers that are named.")
    place = one_axis(operation, operation.axis, len(shape))
    places = list(map(Place, range(len(shape))))
    places[place : place + 1] = [Place(size=n) for n in indices]
    return laid_out(shape, places, f"Takes the cells that are named, along axis {place}: {{}} is left.")


@rule("ops.DepthToSpace", "ops.SpaceToDepth")
def shuffled(operation: Layer, shapes: Shapes) -> RuleResult:
    """Blocks of cells become channels, or channels become blocks of cells."""
    shape, block = shapes[0], operation.block_size
    if len(shape) != 4:
        raise ShapeError(f"{type(operation).__name__} needs maps with channels; {times(shape)} has {len(shape)} axes.")
    channels = _channels(operation, shape)
    rows = [place for place in (1, 2, 3) if place != channels]
    if type(operation).__name__ == "DepthToSpace":
        if (shape[channels] or 0) % block**2:
            raise ShapeError(f"{shape[channels]} channels cannot be laid out as {block}×{block} cells.")
        places = _changed(shape, dict.fromkeys(rows, Upsample(block)))
        places[channels] = Place(channels, Resized(SizeFormula(1, 0, block**2, 0)))
        said = f"Lays every {block**2} channels out as {block}×{block} cells: {{}} comes out."
    else:
        if any((shape[place] or 0) % block for place in rows):
            raise ShapeError(f"{times(shape[place] for place in rows)} cannot be cut into blocks of {block}×{block}.")
        places = _changed(shape, dict.fromkeys(rows, Window(block, block)), block)
        places[channels] = Place(channels, Resized(SizeFormula(block**2, 0, 1, 0)))
        said = f"Lays every block of {block}×{block} cells out as {block**2} times the channels: {{}} comes out."
    return laid_out(shape, places, said)


# -- which axes ---------------------------------------------------------------------------------------------------


def _changed(shape: Shape, axes: Mapping[int, Axis], whole: int = 1) -> list[Place]:
    """Every number stays, but for those that go through an axis; if these must be divided, ``whole`` must do it."""
    return [Place(number, axes.get(number), whole=whole if number in axes else 1) for number in range(len(shape))]


def _rows_and_columns(operation: Layer, shape: Shape) -> Sequence[int]:
    """Where height and width stand, with the batch axis or without."""
    if len(shape) not in (3, 4):
        raise ShapeError(f"{type(operation).__name__} needs a picture or a batch of them; it got {times(shape)}.")
    return [place + len(shape) - 3 for place in places_of_maps(3, operation.data_format != "channels_first")]


def _channels(operation: Layer, shape: Shape) -> int:
    return len(shape) - (1 if operation.data_format != "channels_first" else 3)


def each_axis(operation: Layer, axis: int | Sequence[int] | None, rank: int) -> tuple[int, ...]:
    """The axes that an operation names, counted from 0; None names all."""
    if axis is None:
        return tuple(range(rank))
    return tuple(one_axis(operation, place, rank) for place in ([axis] if isinstance(axis, int) else axis))


def one_axis(operation: Layer, axis: int, rank: int) -> int:
    """One axis, counted from 0. Raises ShapeError if there is none."""
    if not -rank <= axis < rank:
        name = type(operation).__name__
        raise ShapeError(f"{name} works along axis {axis}, but there are {rank} axes, the batch axis included.")
    return axis % rank


def _axes_named(places: Sequence[int]) -> str:
    """``axis 1``, ``axes 1 and 2``."""
    return f"ax{'is' if len(places) == 1 else 'es'} {listed(list(map(str, places)))}"


def without(shape: Shape, gone: Sequence[int]) -> Shape:
    """The shape without the numbers at these places."""
    return tuple(n for place, n in enumerate(shape) if place not in gone)
