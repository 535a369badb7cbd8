"""The integers of ``axes``, against rules written down a second time and in another way. No Keras here.

Windows are slid by hand over a list that was padded by hand, stamps are listed one by one, and every formula is read
back and worked out (``arithmetic.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import product
from typing import Any, TypeVar

import numpy as np
import pytest
from arithmetic import evaluate, from_latex, names_in
from hypothesis import given, strategies as st

from course_utils.axes import (
    Axis,
    Crop,
    Formula,
    GlobalWindow,
    NoRule,
    Pad,
    ShapeError,
    TransposedWindow,
    Upsample,
    Window,
    check_together,
    effective_size,
)

A = TypeVar("A", bound=Axis)

SIZES = range(1, 17)
PADDINGS: tuple[str | tuple[int, int], ...] = ("valid", "same", "causal", (0, 0), (1, 1), (0, 2), (3, 1))
WINDOWS = [Window(k, s, d, padding) for k, s, d, padding in product(range(1, 8), range(1, 5), range(1, 4), PADDINGS)]
TRANSPOSED = [
    TransposedWindow(k, s, d, padding, extra)
    for k, s, d, padding in product(range(1, 8), range(1, 5), range(1, 4), ("valid", "same"))
    for extra in (None, *range(s))
]
UPSAMPLES = [Upsample(f, how) for f in range(1, 7) for how in ("nearest", "bilinear")]
PADS = [Pad(a, b) for a, b in product(range(5), repeat=2)]
CROPS = [Crop(a, b) for a, b in product(range(5), repeat=2)]
AXES: list[Axis] = [*WINDOWS, *TRANSPOSED, *UPSAMPLES, *PADS, *CROPS, GlobalWindow()]


def fitting(axes: Sequence[A], sizes: Iterable[int] = SIZES) -> list[tuple[A, int]]:
    """Every axis with every size that gives at least one output."""
    pairs = []
    for axis, n in product(axes, sizes):
        try:
            if axis.output_size(n) >= 1:
                pairs.append((axis, n))
        except ShapeError:
            continue
    return pairs


ALL = fitting(AXES)
FEW = fitting(AXES, (1, 2, 5, 9))


def refusal(question: Callable[..., object], *arguments: Any) -> str:
    """What is said where there is no answer."""
    with pytest.raises(ShapeError) as caught:
        question(*arguments)
    return str(caught.value)


def slide(window: Window, n: int) -> list[tuple[int, ...]] | None:
    """All places of a window, found by pushing it over a list of cells. None if there is none."""
    cells: list[int | None] = list(range(n))
    if window.padding == "causal":
        cells = [*[None] * ((window.size - 1) * window.dilation), *cells]
    if isinstance(window.padding, tuple):
        before, after = window.padding
        cells = [None] * before + cells + [None] * after
    if window.padding == "same":
        # The fewest ghosts that give as many places as an unpadded window of one cell has; the odd one goes behind.
        wanted = len(range(0, n, window.stride))
        ghosts = 0
        while len(_places(cells, window)) < wanted:
            ghosts += 1
            cells = [None] * (ghosts // 2) + list(range(n)) + [None] * (ghosts - ghosts // 2)
    first_real = cells.index(0)
    places = [tuple(place - first_real for place in window_cells) for window_cells in _places(cells, window)]
    return places or None


def _places(cells: list[int | None], window: Window) -> list[tuple[int, ...]]:
    span = range(0, window.size * window.dilation, window.dilation)
    return [
        tuple(start + offset for offset in span)
        for start in range(0, len(cells), window.stride)
        if start + span[-1] < len(cells)
    ]


# -- windows ------------------------------------------------------------------------------------------------------


def check_taps(window: Window, n: int) -> None:
    """Its taps are the places of a window that is pushed along; it refuses where there is none."""
    expected = slide(window, n)
    if expected is None:
        refusal(window.output_size, n)
    else:
        assert [window.taps(i, n) for i in range(window.output_size(n))] == expected, (window, n)


def test_windows_are_those_of_a_window_pushed_over_a_padded_list() -> None:
    pairs = list(product(WINDOWS, SIZES))
    for window, n in pairs:
        check_taps(window, n)
    assert len(pairs) == 9408


@given(
    n=st.integers(1, 400),
    k=st.integers(1, 40),
    s=st.integers(1, 12),
    d=st.integers(1, 6),
    padding=st.sampled_from(["valid", "same", "causal"]) | st.tuples(st.integers(0, 30), st.integers(0, 30)),
)
def test_windows_far_beyond_the_grid(n: int, k: int, s: int, d: int, padding: str | tuple[int, int]) -> None:
    check_taps(Window(k, s, d, padding), n)


def test_pads_are_the_ghost_cells_that_windows_begin_with_and_reach() -> None:
    for window, n in fitting(WINDOWS):
        before, after = window.pads(n)
        assert before + after == window.padding_total(n)
        if window.padding == "same":
            assert before <= after <= before + 1, f"the odd one comes after: {window}, {n}"
        else:
            causal = effective_size(window.size, window.dilation) - 1 if window.padding == "causal" else 0
            assert (before, after) == (window.padding if isinstance(window.padding, tuple) else (causal, 0))
        taps = [tap for i in range(window.output_size(n)) for tap in window.taps(i, n)]
        assert min(taps) == -before
        assert max(taps) <= n - 1 + after
        if window.padding == "same" and after:
            assert max(taps) == n - 1 + after, "a ghost cell that no window reads"


@pytest.mark.parametrize(
    ("n", "k", "s", "pads", "o"),
    [
        (28, 3, 1, (1, 1), 28),
        (28, 2, 1, (0, 1), 28),
        (28, 4, 1, (1, 2), 28),
        (28, 3, 2, (0, 1), 14),
        (27, 3, 2, (1, 1), 14),
        (7, 2, 2, (0, 1), 4),
        (5, 2, 3, (0, 0), 2),
        (28, 1, 2, (0, 0), 14),
        (224, 7, 2, (2, 3), 112),
    ],
)
def test_same_padding_of_known_layers(n: int, k: int, s: int, pads: tuple[int, int], o: int) -> None:
    window = Window(k, s, padding="same")
    assert (window.pads(n), window.output_size(n)) == (pads, o)


def test_the_other_way_to_write_same_padding() -> None:
    """TensorFlow's own notes write the total without the output size."""
    for window, n in fitting([w for w in WINDOWS if w.padding == "same"]):
        k, s = window.effective_size, window.stride
        assert window.padding_total(n) == (max(k - s, 0) if n % s == 0 else max(k - n % s, 0))


def test_a_global_window_reads_everything_once() -> None:
    for n in SIZES:
        assert GlobalWindow().output_size(n) == 1
        assert GlobalWindow().taps(0, n) == tuple(range(n))
        assert GlobalWindow().unused_inputs(n) == ()


# -- what holds on every axis -------------------------------------------------------------------------------------


def test_all_taps_and_all_stamps_are_those_of_each_cell_in_order() -> None:
    for axis, n in FEW:
        assert axis.all_taps(n) == tuple(axis.taps(i, n) for i in range(axis.output_size(n))), (axis, n)
        if isinstance(axis, TransposedWindow):
            assert axis.all_stamps(n) == tuple(axis.stamps(j, n) for j in range(n)), (axis, n)


def test_the_scale_is_how_an_axis_stretches_a_long_input() -> None:
    far = 10**9
    for axis in dict.fromkeys(axis for axis, _ in FEW):
        assert abs(axis.output_size(far) - axis.scale * far) < 100, axis
    assert [axis.scale for axis in (Window(3, stride=2), TransposedWindow(3, stride=2))] == [
        Fraction(1, 2),
        Fraction(2),
    ]


def test_taps_and_stamps_are_the_same_relation_seen_from_both_ends() -> None:
    for axis, n in FEW:
        o = axis.output_size(n)
        read = {(i, j) for i in range(o) for j in axis.taps(i, n) if 0 <= j < n}
        reached = {(i, j) for j in range(n) for i in axis.stamps(j, n) if 0 <= i < o}
        assert read == reached, (axis, n)


def test_unused_inputs_are_those_that_no_output_reads() -> None:
    for axis, n in FEW:
        read = {j for i in range(axis.output_size(n)) for j in axis.taps(i, n)}
        assert set(axis.unused_inputs(n)) == set(range(n)) - read, (axis, n)
        assert list(axis.unused_inputs(n)) == sorted(axis.unused_inputs(n))


def test_some_inputs_really_stay_unused() -> None:
    assert Window(2, 3, padding="same").unused_inputs(5) == (2,)
    assert Window(2, 2).unused_inputs(7) == (6,)
    assert Crop(1, 2).unused_inputs(5) == (0, 3, 4)


def test_asking_for_an_output_that_does_not_exist() -> None:
    for axis, n in fitting(
        [Window(3, 2), TransposedWindow(3, 2), Upsample(2), Upsample(2, "bilinear"), Pad(1, 1), Crop(1, 0)]
    ):
        for i in (-1, axis.output_size(n)):
            with pytest.raises(IndexError, match=str(axis.output_size(n))):
                axis.taps(i, n)
    for j in (-1, 4):
        with pytest.raises(IndexError):
            TransposedWindow(3, 2).stamps(j, 4)


# -- the way up ---------------------------------------------------------------------------------------------------


def test_a_transposed_window_is_the_transpose_of_its_window() -> None:
    """The forward window on the larger map and the stamps on the smaller one fill the same table."""
    compared = 0
    for transposed, n in fitting(TRANSPOSED):
        try:
            transposed.check_runs(n)
        except ShapeError:
            continue
        o = transposed.output_size(n)
        forward = transposed.forward
        assert forward.output_size(o) == n, (transposed, n)
        for j in range(n):
            assert transposed.stamps(j, n) == forward.taps(j, o), (transposed, n, j)
        compared += 1
    assert compared > 7000


def test_transposed_sizes_by_listing_every_stamp() -> None:
    for transposed, n in fitting(TRANSPOSED):
        s, extra = transposed.stride, transposed.output_padding
        stamped = 1 + max(j * s + t * transposed.dilation for j in range(n) for t in range(transposed.size))
        before, after = transposed.crops(n)
        assert before >= 0
        assert stamped - before - after == transposed.output_size(n)
        if transposed.padding == "valid":
            # As many cells as the stamps need, or as many as n strides take, whichever is more.
            assert transposed.output_size(n) == (max(stamped, n * s) if extra is None else stamped + extra)
            assert before == 0
        elif extra is None:
            assert transposed.output_size(n) == n * s


def test_overlaps_are_even_exactly_where_the_stride_divides_the_size() -> None:
    for k, s in product(range(1, 8), range(1, 5)):
        transposed = TransposedWindow(k, s)
        inner = transposed.overlaps(20)[k : -k - s]
        assert len(inner) > 5
        assert (len(set(inner)) == 1) == (k % s == 0), (k, s)
        assert set(inner) <= {k // s, -(-k // s)}


def test_a_transposed_window_that_is_one_short_is_foretold() -> None:
    """*same* with an even k_eff and output_padding=0, and nothing else."""
    for transposed, n in product(TRANSPOSED, SIZES):
        k, s, d = transposed.size, transposed.stride, transposed.dilation
        if transposed.padding != "same" or transposed.output_padding != 0 or transposed.effective_size % 2:
            transposed.check_runs(n)
            continue
        message = refusal(transposed.check_runs, n)
        assert all(str(number) in message for number in (k, s, n, transposed.output_size(n)))
        # Everything that the message proposes runs.
        TransposedWindow(k, s, d, "same").check_runs(n)
        TransposedWindow(k + 1, s, d, "same", 0).check_runs(n)
        proposed = re.search(r"Try output_padding(?:=| from )(\d+)(?: to (\d+))?", message)
        assert bool(proposed) == (s > 1)
        for extra in range(int(proposed[1]), int(proposed[2] or proposed[1]) + 1) if proposed else ():
            TransposedWindow(k, s, d, "same", extra).check_runs(n)


def test_nearest_copies_every_cell_f_times() -> None:
    for n, f in product(SIZES, range(1, 7)):
        expected = [j for j in range(n) for _ in range(f)]
        assert [Upsample(f).blend(i, n) for i in range(n * f)] == [((j, Fraction(1)),) for j in expected]


def test_bilinear_is_linear_between_the_centres_of_the_cells() -> None:
    for n, f in product(SIZES, range(1, 7)):
        axis = Upsample(f, "bilinear")
        weights = np.zeros((axis.output_size(n), n))
        for i in range(axis.output_size(n)):
            blend = axis.blend(i, n)
            assert sum(weight for _, weight in blend) == 1
            assert all(weight > 0 and 0 <= j < n for j, weight in blend)
            assert axis.taps(i, n) == tuple(j for j, _ in blend)
            for j, weight in blend:
                weights[i, j] = float(weight)
        centres = np.arange(n) + 0.5
        places = (np.arange(n * f) + 0.5) / f
        for j in range(n):
            alone = np.zeros(n)
            alone[j] = 1
            np.testing.assert_allclose(weights[:, j], np.interp(places, centres, alone), atol=1e-12)


def test_bilinear_of_known_rows() -> None:
    def row(f: int, cells: list[int]) -> list[Fraction]:
        axis = Upsample(f, "bilinear")
        return [sum((cells[j] * w for j, w in axis.blend(i, len(cells))), Fraction(0)) for i in range(f * len(cells))]

    assert row(2, [0, 1]) == [0, Fraction(1, 4), Fraction(3, 4), 1]
    assert row(2, [0, 1, 2]) == [0, Fraction(1, 4), Fraction(3, 4), Fraction(5, 4), Fraction(7, 4), 2]
    assert row(3, [0, 1]) == [0, 0, Fraction(1, 3), Fraction(2, 3), 1, 1]


def test_other_interpolations_have_sizes_but_no_values() -> None:
    axis = Upsample(3, "bicubic")
    assert axis.output_size(4) == 12
    with pytest.raises(NoRule, match="bicubic"):
        axis.blend(0, 4)


def test_pad_and_crop_undo_each_other() -> None:
    for n, before, after in product(SIZES, range(5), range(5)):
        padded = Pad(before, after).output_size(n)
        assert padded == len(["ghost"] * before + ["cell"] * n + ["ghost"] * after)
        assert Crop(before, after).output_size(padded) == n
        assert [Pad(before, after).taps(i, n)[0] for i in range(padded)] == list(range(-before, n + after))
        kept = [Crop(before, after).taps(i, padded)[0] for i in range(n)]
        assert kept == list(range(padded))[before : padded - after]
        assert Pad(before, after).pads(n) == (before, after)


# -- formulas -----------------------------------------------------------------------------------------------------

TABLE_OF_SYMBOLS = {
    "n", "k", "s", "d", "o", "f", "k_eff", "p_before", "p_after", "output_padding", "crop_before", "crop_after",
}  # fmt: skip


def formulas(axis: Axis, n: int) -> list[Formula]:
    """Every formula that an axis can write."""
    if isinstance(axis, Window):
        return [axis.formula(n), axis.pads_formula(n), axis.effective_size_formula()]
    return [axis.formula(n)]


NUMBERS: dict[type[Axis], dict[str, str]] = {
    Window: {"k": "size", "s": "stride", "d": "dilation", "k_eff": "effective_size"},
    TransposedWindow: {
        "k": "size",
        "s": "stride",
        "d": "dilation",
        "k_eff": "effective_size",
        "output_padding": "output_padding",
    },
    Upsample: {"f": "factor"},
    Pad: {"p_before": "before", "p_after": "after"},
    Crop: {"crop_before": "before", "crop_after": "after"},
    GlobalWindow: {},
}


def known(axis: Axis, n: int) -> dict[str, int]:
    """The numbers behind the symbols."""
    numbers = {name: getattr(axis, attribute) for name, attribute in NUMBERS[type(axis)].items()}
    if isinstance(axis, Window) and isinstance(axis.padding, tuple):
        numbers |= dict(zip(("p_before", "p_after"), axis.padding, strict=True))
    return {"n": n, "o": axis.output_size(n)} | {name: value for name, value in numbers.items() if value is not None}


def test_every_formula_says_what_it_claims() -> None:
    read = 0
    for axis, n in ALL:
        for formula in formulas(axis, n):
            left, right = formula.numbers.rsplit(" = ", 1)
            assert evaluate(left) == evaluate(right) == formula.value, (axis, n, formula.numbers)
            _, rule = formula.symbols.split(" = ")
            assert evaluate(rule, known(axis, n)) == formula.value, (axis, n, formula.symbols)
            read += 1
        if isinstance(axis, Window):
            padding = axis.pads_formula(n)
            pads = dict(zip(("p_before", "p_after"), axis.pads(n), strict=True))
            assert evaluate(padding.symbols.split(" = ")[0], pads) == padding.value
        assert axis.formula(n).value == axis.output_size(n)
        assert axis.formula(n).symbols.startswith("o = ")
    print(f"{read:,} formulas read back and worked out")
    assert read > 20_000


def test_formulas_use_the_symbols_of_the_course_and_no_others() -> None:
    used = {name for axis, n in FEW for formula in formulas(axis, n) for name in names_in(formula.symbols)}
    assert used == TABLE_OF_SYMBOLS
    for axis, n in FEW:
        for formula in formulas(axis, n):
            assert not names_in(formula.numbers), "a symbol was left without its number"
            # k is written as it is only where it spans as much as k_eff.
            if (
                isinstance(axis, Window | TransposedWindow)
                and axis.dilation > 1
                and not formula.symbols.startswith(("k", "p"))
            ):
                assert "k" not in names_in(formula.symbols)


def test_the_latex_is_the_same_formula() -> None:
    for axis, n in FEW:
        for formula in formulas(axis, n):
            assert from_latex(formula.latex_numbers).split(" = ")[1] == str(formula.value)
            left, right = from_latex(formula.latex_numbers).split(" = ")
            assert evaluate(left) == evaluate(right) == formula.value
            for latex in (formula.latex_symbols, formula.latex_numbers, formula._repr_latex_()):
                assert latex.count("{") == latex.count("}")
                assert latex.count(r"\left") == latex.count(r"\right")
                assert not re.search("[−·⌊⌋⌈⌉<>$]", latex.strip("$"))
                # Outside \mathrm{…}, no name of more than one letter: LaTeX would set it as a product.
                bare = re.sub(r"\\mathrm\{[^}]*\}|\\[a-z]+", " ", latex.strip("$"))
                assert not re.search(r"[A-Za-z]{2}|_[A-Za-z]", bare), latex


def test_formula_as_text() -> None:
    assert str(Window(3, 2).formula(7)) == "o = ⌊(n − k) / s⌋ + 1 = ⌊(7 − 3) / 2⌋ + 1 = 3"
    assert str(Window(2, 2, padding="same").formula(7)) == "o = ⌈n / s⌉ = ⌈7 / 2⌉ = 4"


# -- refusals -----------------------------------------------------------------------------------------------------


def number(pattern: str, message: str) -> int:
    """The number that a message names."""
    found = re.search(pattern, message)
    assert found, message
    return int(found[1])


def test_a_window_that_does_not_fit_says_so_and_what_would_fit() -> None:
    refused = 0
    for window, n in product([w for w in WINDOWS if w.padding == "valid"], SIZES):
        if window.effective_size <= n:
            window.check_runs(n)
            continue
        message = refusal(window.output_size, n)
        places = re.search(r"(\d+ − \d+ \+ 1) = (−?\d+) places", message)
        assert places and evaluate(places[1]) == evaluate(places[2]) <= 0
        assert f"A window of {window.size}" in message and 'padding="same"' in message
        dilation = 1 if "with d = 1" in message else window.dilation
        assert Window(number(r"k ≤ (\d+)", message), window.stride, dilation).output_size(n) >= 1
        assert window.output_size(number(r"at least (\d+)", message)) == 1
        assert Window(window.size, window.stride, window.dilation, "same").output_size(n) >= 1
        refused += 1
    assert refused > 300


def test_a_window_too_large_for_its_padding_says_how_much_is_missing() -> None:
    refused = 0
    for window, n in product([w for w in WINDOWS if isinstance(w.padding, tuple)], SIZES):
        assert isinstance(window.padding, tuple)
        before, after = window.padding
        if window.effective_size <= n + before + after:
            window.check_runs(n)
            continue
        message = refusal(window.output_size, n)
        assert f"spans {window.effective_size} cells" in message and f"are {n + before + after}." in message
        missing = number(r"or (\d+) more", message)
        more = Window(window.size, window.stride, window.dilation, (before, after + missing))
        assert more.output_size(n) == 1
        refused += 1
    assert refused > 300


def test_a_crop_that_leaves_nothing_says_so_and_what_would_fit() -> None:
    for crop, n in product(CROPS, SIZES):
        if crop.before + crop.after < n:
            assert crop.output_size(n) == n - crop.before - crop.after
            continue
        message = refusal(crop.output_size, n)
        assert all(str(number) in message for number in (crop.before, crop.after, n))
        most = number(r"at most (\d+)", message)
        assert Crop(most, 0).output_size(n) == Crop(0, most).output_size(n) == 1


def test_output_padding_must_be_below_the_stride() -> None:
    for s in range(1, 5):
        for extra in range(s, s + 3):
            with pytest.raises(ShapeError, match=f"it is {extra} and s is {s}"):
                TransposedWindow(3, s, output_padding=extra)
        TransposedWindow(3, s, output_padding=s - 1).check_runs(4)


def test_stride_and_dilation_together() -> None:
    settings = list(product(range(1, 4), range(1, 4)))
    for (s1, d1), (s2, d2) in product(settings, repeat=2):
        for kind in (Window, TransposedWindow):
            axes = (kind(3, s1, d1), kind(2, s2, d2))
            if max(s1, s2) == 1 or max(d1, d2) == 1:
                check_together(axes)
                continue
            message = refusal(check_together, axes)
            assert f"{(s1, s2)}" in message and f"{(d1, d2)}" in message
            check_together((kind(3, 1, d1), kind(2, 1, d2)))
            check_together((kind(3, s1, 1), kind(2, s2, 1)))
    check_together((Pad(1, 1), Upsample(3), GlobalWindow()))
    check_together(())


NOT_WHOLE = [0, -1, 1.0, 2.5, True, False, "3", None, (3,), [3]]


@pytest.mark.parametrize("wrong", NOT_WHOLE)
def test_only_positive_whole_numbers(wrong: Any) -> None:
    for make, *before in (
        *((kind, *before) for kind in (Window, TransposedWindow) for before in ((), (3,), (3, 1))),
        (Upsample,),
    ):
        assert repr(wrong) in refusal(make, *before, wrong)
    same, fixed = Window(1, padding="same"), Pad(1, 1)
    for axis in (Window(1), same, TransposedWindow(1), Upsample(1), fixed, Crop(0, 0), GlobalWindow()):
        for question in (axis.output_size, axis.unused_inputs, axis.formula, axis.check_runs):
            assert repr(wrong) in refusal(question, wrong)
        if axis is not fixed:  # whose pads are what they are, whatever n
            assert repr(wrong) in refusal(axis.pads, wrong)


@pytest.mark.parametrize("wrong", [wrong for wrong in NOT_WHOLE if wrong != 0 or wrong is False])
def test_only_whole_numbers_that_may_be_zero(wrong: Any) -> None:
    for kind, pair in product((Pad, Crop), ((wrong, 0), (0, wrong))):
        assert repr(wrong) in refusal(kind, *pair)
    if wrong is not None:
        assert repr(wrong) in refusal(TransposedWindow, 3, 2, 1, "valid", wrong)
    assert Pad(0, 0).output_size(3) == Crop(0, 0).output_size(3) == 3


def test_paddings_that_do_not_exist() -> None:
    neither: list[Any] = ["SAME", "full", "", 1, None]
    for kind, more in ((Window, [(1,), (1, 1, 1), [1, 1]]), (TransposedWindow, ["causal", (1, 1)])):
        for wrong in neither + more:
            assert repr(wrong) in refusal(kind, 3, 1, 1, wrong)
    for wrong in (-1, 1.5, True):
        for pair in ((0, wrong), (wrong, 0)):
            assert repr(wrong) in refusal(Window, 3, 1, 1, pair)


def test_axes_are_values() -> None:
    """Equal settings are equal, can be keys, and cannot be changed behind one's back."""
    assert Window(3, 2) == Window(3, 2) != Window(3, 1)
    assert len({Window(3), Window(3), TransposedWindow(3)}) == 2
    with pytest.raises(AttributeError):
        Window(3).size = 4  # type: ignore[misc]
