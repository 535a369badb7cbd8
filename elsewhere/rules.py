"""The rules that reproduce what frameworks give: each is a few *parts*, of which frameworks differ in one or two.

Where the course has a rule of its own, it is asked: sizes and ghost cells come from ``course_utils.axes``, values from
``byhand``. What is here besides is what no Keras layer on TensorFlow does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial, reduce
from itertools import product

import numpy as np
from numpy.typing import NDArray

from course_utils import byhand
from course_utils.axes import ShapeError, TransposedWindow, Window, effective_size
from elsewhere.adapters import transposed_numbers
from elsewhere.cases import ADAPTIVE, AVERAGE, BY_KEY, CONVOLUTION, MAX, RESIZING, TRANSPOSED, Case
from elsewhere.parts import PARTS, SEPARATOR

Array = NDArray[np.float64]
#: The values of a rule, or None where it has none for these settings.
Values = Callable[[Case], Sequence[float] | Array | None]
LOWEST = float(np.finfo(np.float32).min)


# -- windows ------------------------------------------------------------------------------------------------------


def _for_undilated(case: Case, ghosts: str) -> tuple[int, int] | None:
    """The ghost cells that *same* needs where d = 1; below 0, as many cells are cut off."""
    if case.padding != "same" or not ghosts.endswith(UNDILATED):
        return None
    outputs = case.n // case.s if ghosts.startswith("n // s") else -(-case.n // case.s)
    total = (outputs - 1) * case.s + case.k - case.n
    fewer, more = total // 2, total - total // 2
    return (more, fewer) if "ghost before" in ghosts else (fewer, more)


def _window(case: Case, ghosts: str) -> Window | None:
    """The window with these ghost cells; None where the part is about another kind of padding."""
    k, s, d, n, p = case.k, case.s, case.d, case.n, case.padding
    same = p == "same" and Window(k, s, d, "same")
    if ghosts in ("odd ghost after", "odd ghost before") and same:
        before, after = same.pads(n)
        return Window(k, s, d, (before, after) if ghosts == "odd ghost after" else (after, before))
    if ghosts == "odd ghost after, as if d = 1" and same and d > 1:
        before = Window(k, s, 1, "same").pads(n)[0]
        return Window(k, s, d, (before, same.padding_total(n) - before))
    if ghosts == "odd ghost after, d ignored" and same and d > 1:
        return Window(k, s, 1, "same")
    if told := _for_undilated(case, ghosts):
        return Window(k, s, d, (max(told[0], 0), max(told[1], 0)))
    if ghosts == "k // 2 on both sides" and same:
        return Window(k, s, d, (effective_size(k, d) // 2,) * 2)
    if ghosts == "no ghosts" and p == "valid":
        return Window(k, s, d)
    if ghosts == "all ghosts before" and p == "causal":
        return Window(k, s, d, "causal")
    if not isinstance(p, int):
        return None
    if ghosts == "declared":
        return Window(k, s, d, (p, p))
    if ghosts.startswith("ceil"):
        over = -(n + 2 * p - k) % s
        drops = over and ghosts.endswith("dropped") and n + 2 * p + over - k >= n + p
        return Window(k, s, d, (p, p if drops else p + over))
    return None


UNDILATED = "cut below 0"
GHOSTS = (
    "odd ghost after", "no ghosts", "all ghosts before", "declared", "ceil, ghost windows dropped",
    "ceil, ghost windows kept", "odd ghost before", "k // 2 on both sides",
    "odd ghost after, as if d = 1", "odd ghost after, d ignored", "odd ghost after, cut below 0",
    "odd ghost before, cut below 0", "n // s windows, cut below 0",
)  # fmt: skip


def _seen(case: Case, ghosts: str, ghost: float = 0.0, x: Sequence[float] | Array | None = None) -> Array | None:
    """What each window reads, a row for each output."""
    window = _window(case, ghosts)
    if window is None:
        return None
    before, after = _for_undilated(case, ghosts) or (0, 0)
    row = np.array(case.x if x is None else x)[max(-before, 0) : case.n - max(-after, 0)].reshape(1, -1, 1)
    try:
        return byhand.windows(row, (window,), ghost)[0, :, :, 0]
    except ShapeError:
        return None


def _convolved(case: Case, ghosts: str) -> Array | None:
    seen = _seen(case, ghosts)
    return None if seen is None else seen @ np.array(case.kernel)


def _empty(case: Case) -> list[float] | None:
    return [] if case.padding == "valid" and case.n < case.k else None


def _cut_to_the_row(case: Case) -> list[float] | None:
    if _empty(case) is None:
        return None
    return [max(case.x) if case.operation == MAX else sum(case.x) / case.n]


def _largest(case: Case, ghosts: str, how: str) -> Array | list[float] | None:
    seen = _seen(case, ghosts, -np.inf)
    if seen is None:
        return None
    if how == "NaN passed over":
        return np.asarray(np.fmax.reduce(seen, axis=1))
    if how == "NaN, later cell wins":
        return [reduce(lambda a, b: a if a > b else b, row) for row in seen.tolist()]
    if how == "NaN, earlier cell wins":
        return [reduce(lambda a, b: b if b > a else a, row) for row in seen.tolist()]
    if how == "NaN, −∞ instead":
        return [reduce(lambda a, b: b if b > a else a, row) if row[0] == row[0] else -np.inf for row in seen.tolist()]
    largest = seen.max(axis=1)
    if "empty" in how:
        return np.where(largest == -np.inf, {"0": 0.0, "cell": case.x[-1]}.get(how.split()[-1], LOWEST), largest)
    return np.asarray(largest)


def _mean(case: Case, ghosts: str, how: str) -> Array | None:
    ones, window = np.ones(case.n), _window(case, ghosts)
    sums, real = _seen(case, ghosts), _seen(case, ghosts, x=ones)
    if sums is None or real is None or window is None:
        return None
    count = real.sum(axis=1)
    with np.errstate(invalid="ignore"):
        if how == "mean of real cells":
            return np.asarray(sums.sum(axis=1) / count)
        if how == "an empty window gives 0":
            return np.asarray(sums.sum(axis=1) / np.maximum(count, 1))
    if how == "mean over declared padding" and isinstance(case.padding, int):
        last = np.array([min(i * case.s + case.k, case.n + 2 * case.padding) for i in range(len(count))])
        return np.asarray(sums.sum(axis=1) / np.maximum(last - np.arange(len(count)) * case.s, 1))
    if how == "mean of the edge repeated":
        before, after = window.pads(case.n)
        if before == after:
            return np.asarray(sums.sum(axis=1) / count)
        rest = Case(case.operation, tuple(np.pad(case.x, (before, after), mode="edge")), case.k, case.s)
        return _mean(rest, "no ghosts", "mean over k")
    return np.asarray(sums.sum(axis=1) / case.k) if how == "mean over k" else None


# -- transposed convolution, adaptive pooling ---------------------------------------------------------------------


def _stamped(case: Case, cut: str, kernel: str) -> Array | None:
    """The sum of all stamps, cut to size."""
    stamp = case.kernel if kernel == "kernel as it is" else case.kernel[::-1]
    spans = effective_size(case.k, case.d)
    whole = np.zeros((case.n - 1) * case.s + spans)
    for j, value in enumerate(case.x):
        whole[j * case.s : j * case.s + spans : case.d] += value * np.array(stamp)
    padding, extra = transposed_numbers(case) or (0, 0)
    size = len(whole) - 2 * padding + extra
    if isinstance(case.padding, str):
        axis = TransposedWindow(case.k, case.s, case.d, case.padding, case.output_padding)
        before, after = axis.crops(case.n)
        if cut == "cut as the convolution pads":
            return _cut(whole, before, axis.output_size(case.n))
        if cut == "cut at the front first" and case.padding == "same":
            return _cut(whole, after, axis.output_size(case.n))
        if cut == "cut to one stride less" and case.padding == "same":
            return _cut(whole, (spans - 1) // 2, (case.n - 1) * case.s + 1)
    if cut == "padding cut at both ends":
        return _cut(whole, padding, size)
    if cut == "size without output_padding":
        return _cut(whole, padding, size - extra)
    if cut == "nothing cut, a row and a cell more":
        return np.concatenate([whole, np.zeros(len(whole) + 2)])
    return whole if cut == "nothing cut" else None


def _cut(whole: Array, before: int, size: int) -> Array:
    """A stretch of a row that holds 0 beyond its ends."""
    return np.array([whole[i] if 0 <= i < len(whole) else 0.0 for i in range(before, before + size)])


def _adaptive(case: Case, largest: bool) -> list[float] | None:
    if not case.size:
        return None
    o, n, x = case.size, case.n, np.array(case.x)
    touched = [x[i * n // o : -(-(i + 1) * n // o)] for i in range(o)]
    return [float(cells.max() if largest else cells.mean()) for cells in touched]


# -- resizing -----------------------------------------------------------------------------------------------------


def _size(case: Case) -> int:
    return case.size or int(case.n * case.factor)


PLACES: dict[str, Callable[[int, int, float, int], float]] = {
    "half-pixel centres": lambda n, o, f, i: (i + 0.5) * n / o - 0.5,
    "left edges meet": lambda n, o, f, i: i * n / o,
    "end cells meet": lambda n, o, f, i: i * (n - 1) / max(o - 1, 1),
    "half a cell too far": lambda n, o, f, i: (i + 0.5) * n / o,
    "half-pixel centres, given scale": lambda n, o, f, i: (i + 0.5) / f - 0.5 if f else math.nan,
    "end cells meet, given scale": lambda n, o, f, i: i * (n - 1) / (n * f - 1) if f else math.nan,
    "left edges meet, given scale": lambda n, o, f, i: i / f if f else math.nan,
}
#: The cell at a place; a hair is added, for places that are whole numbers but for their rounding.
PICKS: dict[str, Callable[[float, bool], int]] = {
    "nearest, half up": lambda place, smaller: math.floor(place + 0.5 + 1e-9),
    "nearest, half down": lambda place, smaller: math.ceil(place - 0.5 - 1e-9),
    "cell rounded down": lambda place, smaller: math.floor(place + 1e-9),
    "up when smaller": lambda place, smaller: math.ceil(place - 1e-9) if smaller else math.floor(place + 1e-9),
}


def _cubic(a: float, t: float) -> float:
    t = abs(t)
    if t < 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * (t**3 - 5 * t**2 + 8 * t - 4) if t < 2 else 0.0


def _lanczos(lobes: int, t: float) -> float:
    return float(np.sinc(t) * np.sinc(t / lobes)) if abs(t) < lobes else 0.0


MORE = ("", "widened when smaller", "fraction in 1/1024", "before the row: from cell 0")
EDGES = ("edges repeated", "edges left out", "edges reflected")
#: How far each blend reaches, and its weight at a distance.
BLENDS: dict[str, tuple[float, Callable[[float], float]]] = {
    "linear": (1, lambda t: max(0.0, 1 - abs(t))),
    "cubic a = −0.5": (2, partial(_cubic, -0.5)),
    "cubic a = −0.75": (2, partial(_cubic, -0.75)),
    "lanczos3": (3, partial(_lanczos, 3)),
    "lanczos4": (4, partial(_lanczos, 4)),
}


def _picked(case: Case, place: str, pick: str) -> list[float] | None:
    n, o = case.n, _size(case)
    places = [PLACES[place](n, o, case.factor, i) for i in range(o)]
    if any(math.isnan(at) for at in places):
        return None
    return [case.x[min(max(PICKS[pick](at, o < n), 0), n - 1)] for at in places]


def _blended(case: Case, place: str, blend: str, edges: str, more: str = "") -> list[float] | None:
    """The weighted means of the cells around each place."""
    (reach, weight), n, o = BLENDS[blend], case.n, _size(case)
    wider = max(n / o, 1.0) if more == "widened when smaller" else 1.0
    row = []
    for i in range(o):
        at = PLACES[place](n, o, case.factor, i)
        if math.isnan(at):
            return None
        if more == "fraction in 1/1024":
            at = math.floor(at) + round((at - math.floor(at)) * 1024) / 1024
        cells = range(math.floor(at - reach * wider), math.ceil(at + reach * wider) + 1)
        moved = max(-math.floor(at), 0) if more == "before the row: from cell 0" else 0
        weights = {j + moved: weight((j - at) / wider) for j in cells}
        if edges == "edges left out":
            weights = {j: w for j, w in weights.items() if 0 <= j < n}
        total = sum(weights.values()) if edges == "edges left out" or wider > 1 or "lanczos" in blend else 1.0
        row.append(sum(w * _cell(case.x, j, edges) for j, w in weights.items()) / total)
    return row


def _cell(x: Sequence[float], j: int, edges: str) -> float:
    n = len(x)
    if edges == "edges reflected":
        j = abs(j) % max(2 * n - 2, 1)
        return x[min(j, 2 * n - 2 - j)]
    return x[min(max(j, 0), n - 1)]


def _spline(case: Case, place: str, edges: str) -> list[float] | None:
    """A cubic B-spline through the cells: its coefficients are solved for, on a row made long by its edges."""
    n, o, rim = case.n, _size(case), 24
    row = np.array([_cell(case.x, j, edges) for j in range(-rim, n + rim)])
    near = np.eye(len(row), k=1) + np.eye(len(row), k=-1)
    held = np.linalg.solve((4 * np.eye(len(row)) + near) / 6, row)
    places = [PLACES[place](n, o, case.factor, i) + rim for i in range(o)]

    def basis(t: float) -> float:
        t = abs(t)
        return (4 - 6 * t**2 + 3 * t**3) / 6 if t < 1 else max(2 - t, 0.0) ** 3 / 6

    if any(math.isnan(at) for at in places):
        return None
    return [float(sum(held[j] * basis(j - at) for j in range(math.floor(at) - 1, math.floor(at) + 3))) for at in places]


def _blurred_first(case: Case, rule: Values) -> Sequence[float] | Array | None:
    """A rule after a Gaussian, as wide as scikit-image makes it."""
    sigma = (case.n / _size(case) - 1) / 2
    if sigma <= 0:
        return None
    reach = int(4 * sigma + 0.5)
    bell = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    cells = np.convolve(np.pad(case.x, reach, mode="reflect"), bell / bell.sum(), mode="valid")
    return rule(replace(case, x=tuple(cells.tolist())))


def _clipped(case: Case, rule: Values) -> Array | None:
    row = rule(case)
    return None if row is None else np.clip(row, min(case.x), max(case.x))


def _lost_in_float32(case: Case, rule: Values) -> Sequence[float] | Array | None:
    """A rule, without the cells that are lost where the size is counted by a factor in float32."""
    row = rule(case)
    return None if row is None else row[: int(case.n * float(np.float32(_size(case) / case.n)))]


def _zero_outside(case: Case, rule: Values, place: str) -> list[float] | None:
    """A rule, but 0 wherever the place lies beyond the centre of an end cell."""
    row = rule(case)
    places = [PLACES[place](case.n, _size(case), case.factor, i) for i in range(_size(case))]
    return None if row is None else [v if 0 <= at <= case.n - 1 else 0.0 for v, at in zip(row, places, strict=True)]


def _shares(case: Case) -> list[float]:
    n, o, x = case.n, _size(case), case.x
    step = n / o
    return [
        sum(x[j] * max(min(j + 1, (i + 1) * step) - max(j, i * step), 0.0) for j in range(n)) / step for i in range(o)
    ]


# -- the rules ----------------------------------------------------------------------------------------------------


def _named(*parts: str) -> str:
    return SEPARATOR.join(part for part in parts if part)


def _all_rules(operation: str) -> Iterator[tuple[str, Values]]:
    """Every rule for an operation, Keras's own on TensorFlow first."""
    if operation == CONVOLUTION:
        yield from ((ghosts, partial(_convolved, ghosts=ghosts)) for ghosts in GHOSTS)
    elif operation == TRANSPOSED:
        cuts = [part for part in PARTS if "cut" in part or part == "size without output_padding"]
        for kernel, cut in product(("kernel as it is", "kernel flipped"), cuts):
            yield _named(cut, kernel), partial(_stamped, cut=cut, kernel=kernel)
    elif operation in ADAPTIVE:
        largest = "max" in operation
        yield "largest of whole cells" if largest else "whole cells", partial(_adaptive, largest=largest)
    elif operation == RESIZING:
        yield from _resizing_rules()
        return
    else:
        hows = [
            part
            for part in PARTS
            if part.startswith("mean" if operation != MAX else ("the largest", "NaN", "ghosts are"))
        ]
        hows += [part for part in PARTS if part.startswith("an empty window")]
        values = _largest if operation == MAX else _mean
        for how, ghosts in product(hows, GHOSTS):
            yield _named(ghosts, how), partial(values, ghosts=ghosts, how=how)
    yield "nothing fits: empty", _empty
    if operation in (MAX, AVERAGE):
        yield "nothing fits: window cut to the row", _cut_to_the_row


def _resizing_rules() -> Iterator[tuple[str, Values]]:
    for pick, place in product(PICKS, PLACES):
        yield _named(place, pick), partial(_picked, place=place, pick=pick)
    for more, blend, place, edge in product(MORE, BLENDS, PLACES, EDGES):
        values = partial(_blended, place=place, blend=blend, edges=edge, more=more)
        yield _named(place, blend, "" if blend == "linear" and edge == "edges repeated" else edge, more), values
    linear = partial(_blended, place="half-pixel centres", blend="linear", edges="edges repeated")
    yield _named("half-pixel centres", "linear", "size by float32"), partial(_lost_in_float32, rule=linear)
    yield "share of each cell", _shares
    yield "NaN for a map of one row", lambda case: [math.nan] * _size(case)
    yield "whole cells", partial(_adaptive, largest=False)
    for place, edge in product(PLACES, ("edges repeated", "edges reflected")):
        linear = partial(_blended, place=place, blend="linear", edges=edge)
        spline = partial(_spline, place=place, edges=edge)
        picked = partial(_picked, place=place, pick="nearest, half up")
        yield _named(place, "cubic B-spline", edge), spline
        yield _named(place, "cubic B-spline", edge, "clipped"), partial(_clipped, rule=spline)
        yield _named(place, "linear", edge, "Gaussian first"), partial(_blurred_first, rule=linear)
        clipped = partial(_clipped, rule=spline)
        yield _named(place, "cubic B-spline", edge, "clipped", "Gaussian first"), partial(_blurred_first, rule=clipped)
        for name, rule in (("nearest, half up", picked), ("linear", linear), ("cubic B-spline", spline)):
            where = edge if name == "cubic B-spline" else ""
            yield _named(place, name, where, "0 beyond the end cells"), partial(_zero_outside, rule=rule, place=place)


@cache
def rules_for(operation: str) -> dict[str, Values]:
    """The rules for an operation by their names, in the order in which they are tried."""
    return dict(_all_rules(operation))


@cache
def rows_for(key: str) -> dict[str, Array]:
    """What each rule gives for a case, where it gives anything."""
    case = BY_KEY[key]
    rows = {name: values(case) for name, values in rules_for(case.operation).items()}
    return {name: np.asarray(row, dtype=np.float64) for name, row in rows.items() if row is not None}


def reproduces(key: str, rule: str, values: Sequence[float | str]) -> bool:
    """Whether a rule gives these values for a case, up to the rounding of float32."""
    told, found = rows_for(key).get(rule), np.array([float(value) for value in values])
    if told is None or len(told) != len(found):
        return False
    # As np.allclose, without its overhead.
    with np.errstate(invalid="ignore"):
        near = np.abs(told - found) <= 2e-6 + 2e-5 * np.abs(found)
    return bool((near & np.isfinite(found) | (told == found) | (np.isnan(told) & np.isnan(found))).all())


def rules_of(answers: Sequence[tuple[str, Sequence[float | str]]]) -> list[str | None]:
    """Name a rule for each of the answers of one kind of call, with as few different rules as can be.

    Two rules often give the same row; so the rule that gives most rows is taken for all of them, then the next. Of
    equal ones the first counts, which is Keras's own on TensorFlow. None where no rule gives the row.
    """
    fits = [{rule for rule in rules_for(BY_KEY[key].operation) if reproduces(key, rule, row)} for key, row in answers]
    named: list[str | None] = [None] * len(answers)
    while rest := [i for i, rules in enumerate(fits) if rules and named[i] is None]:
        tried = rules_for(BY_KEY[answers[rest[0]][0]].operation)
        best = max(tried, key=lambda rule: sum(rule in fits[i] for i in rest))
        for i in rest:
            if best in fits[i]:
                named[i] = best
    return named
