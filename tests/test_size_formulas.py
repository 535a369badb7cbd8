"""Sizes as expressions in n, held against the axes one n after the other, and the n that come back against a search."""

from __future__ import annotations

from itertools import pairwise

import pytest
from arithmetic import evaluate
from hypothesis import given, strategies as st

from course_utils.axes import Axis, Crop, GlobalWindow, Pad, ShapeError, TransposedWindow, Upsample, Window
from course_utils.size_formulas import ComposedSize, Returns, SizeFormula

AXES = st.one_of(
    st.builds(Window, st.integers(1, 7), st.integers(1, 4), st.integers(1, 3), st.sampled_from(["valid", "same"])),
    st.builds(Window, st.integers(1, 5), st.integers(1, 4), padding=st.tuples(st.integers(0, 3), st.integers(0, 3))),
    st.builds(
        TransposedWindow, st.integers(1, 6), st.integers(1, 4), st.integers(1, 2), st.sampled_from(["valid", "same"])
    ),
    st.builds(lambda k, s: TransposedWindow(k, s, 1, "same", s - 1), st.integers(1, 6), st.integers(1, 4)),
    st.builds(Upsample, st.integers(1, 5)),
    st.builds(Pad, st.integers(0, 4), st.integers(0, 4)),
    st.builds(Crop, st.integers(0, 3), st.integers(0, 3)),
    st.just(GlobalWindow()),
)


def sizes(axes: list[Axis], n: int) -> int | None:
    """What comes out of all axes one after the other, or None if somewhere nothing does."""
    for axis in axes:
        try:
            n = axis.output_size(n)
        except ShapeError:
            return None
        if n < 1:
            return None
    return n


def the_autoencoder() -> list[Axis]:
    pool, conv = Window(2, 2, padding="same"), Window(3, padding="same")
    return [conv, pool, conv, pool, conv, pool, conv, Upsample(2), conv, Upsample(2), Window(3), Upsample(2), conv]


def chain_of(axes: list[Axis]) -> ComposedSize:
    chain = ComposedSize()
    for axis in axes:
        chain = chain.then(axis.size_formula())
    return chain


@given(AXES)
def test_formulas_are_kept_in_one_form(axis: Axis) -> None:
    """That they give the sizes of the axes holds by construction: ``Axis.output_size`` asks them."""
    assert 0 <= axis.size_formula().b < axis.size_formula().c


@given(st.lists(AXES, max_size=12), st.lists(st.integers(1, 400), min_size=5, max_size=20))
def test_a_composed_size_is_that_of_the_axes_in_turn(axes: list[Axis], numbers: list[int]) -> None:
    chain = chain_of(axes)
    for n in numbers:
        expected = sizes(axes, n)
        if expected is not None:
            assert chain(n) == expected, f"{chain} at n = {n}"
            assert evaluate(str(chain), {"n": n}) == expected, f"{chain} at n = {n}"
    assert all(one.then(two) is None for one, two in pairwise(chain.formulas)), "written with more than it takes"


@given(st.lists(AXES, max_size=3))
def test_the_n_that_come_back_are_those_that_a_search_finds(axes: list[Axis]) -> None:
    formula = chain_of(axes).size_formula
    if formula is None:
        return
    returns = formula.returns()
    assert [n for n in range(1, 300) if n in returns] == [n for n in range(1, 300) if formula(n) == n], (
        formula,
        returns,
    )


def test_the_autoencoder_of_the_question() -> None:
    chain = chain_of(the_autoencoder())
    assert str(chain) == "8·⌈n / 8⌉ − 4"
    assert chain.size_formula is not None
    assert str(chain.size_formula.returns()) == "n ≡ 4 (mod 8): 4, 12, 20, 28, …"
    assert [n for n in range(1, 200) if n in chain.size_formula.returns()] == list(range(4, 200, 8))


@pytest.mark.parametrize(
    ("axes", "written", "returns"),
    [
        ([], "n", "every n"),
        ([Window(3, padding="same")], "n", "every n"),
        ([Window(2, 2)], "⌊n / 2⌋", "no n"),
        ([Window(3, 2)], "⌈n / 2⌉ − 1", "no n"),
        ([Window(2, 2, padding="same"), Upsample(2)], "2·⌈n / 2⌉", "n ≡ 0 (mod 2): 2, 4, 6, …"),
        ([Window(2, 2), Upsample(2)], "2·⌊n / 2⌋", "n ≡ 0 (mod 2): 2, 4, 6, …"),
        ([Window(2, 2, padding="same"), Upsample(2), Crop(0, 1)], "2·⌈n / 2⌉ − 1", "n ≡ 1 (mod 2): 1, 3, 5, 7, …"),
        ([Window(2, 2, padding="same"), Upsample(2), Crop(1, 1)], "2·⌈n / 2⌉ − 2", "no n"),
        ([Window(3, 3, padding="same"), Upsample(2)], "2·⌈n / 3⌉", "only n = 2, 4"),
        ([Upsample(2), Crop(1, 2)], "2·n − 3", "only n = 3"),
        ([Upsample(3), Window(2, 2)], "⌊(3·n) / 2⌋", None),
        ([Upsample(3), Pad(1, 0), Window(2, 2)], "⌊(3·n + 1) / 2⌋", None),
        ([GlobalWindow()], "1", "only n = 1"),
        ([Pad(2, 2), Window(5)], "n", "every n"),
        ([Window(5)], "n − 4", "no n"),
        ([Window(7, 4)], "⌊(n + 1) / 4⌋ − 1", "no n"),
    ],
)
def test_how_formulas_are_written(axes: list[Axis], written: str, returns: str | None) -> None:
    chain = chain_of(axes)
    assert str(chain) == written
    assert (None if chain.size_formula is None else str(chain.size_formula.returns())) == returns


def test_returns_holds_what_it_says() -> None:
    assert 12 in Returns(8, 4) and 13 not in Returns(8, 4)
    assert 3 in Returns(only=(3,)) and 4 not in Returns(only=(3,))
    assert 7 not in Returns()
    assert SizeFormula(1, 0, 1, 0).returns() == Returns(1, 0)
