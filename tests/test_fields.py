"""Receptive fields: against the field that is measured cell by cell with ``Axis.taps``, and against known values."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, cast

import pytest
from hypothesis import given, settings, strategies as st

from course_utils.axes import Axis, Crop, GlobalWindow, NoRule, Pad, ShapeError, TransposedWindow, Upsample, Window
from course_utils.fields import ONE_CELL, WHOLE_MAP, ReceptiveField, field_behind, union


def followed(axes: Sequence[Axis], n: int | None) -> tuple[ReceptiveField, list[int | None]]:
    """The field behind a chain, and the size of every map in it."""
    field, sizes = ONE_CELL, [n]
    for axis in axes:
        field = field_behind(field, axis, sizes[-1])
        sizes.append(None if sizes[-1] is None else axis.output_size(sizes[-1]))
    return field, sizes


def measured(axes: Sequence[Axis], sizes: Sequence[int], i: int) -> tuple[set[int], bool]:
    """The input cells that output ``i`` reads, by walking back, and whether no border was met on the way."""
    cells, interior = {i}, True
    for axis, n in zip(reversed(axes), reversed(sizes[:-1]), strict=True):
        read = {j for cell in cells for j in axis.taps(cell, n)}
        # What a stamp or a blend reads beyond the border is not in its taps, so they must keep away from it.
        away = axis.effective_size if isinstance(axis, TransposedWindow) else 2 if isinstance(axis, Upsample) else 0
        interior &= all(away <= j < n - away for j in read) and all(
            away <= cell < axis.output_size(n) - away for cell in cells
        )
        cells = {j for j in read if 0 <= j < n}
    return cells, interior


def recursion(axes: Sequence[Window], sizes: Sequence[int]) -> tuple[int, int, int]:
    """Araujo et al., word for word: r, j and start."""
    r, j, start = 1, 1, 0
    for axis, n in zip(axes, sizes, strict=False):
        r += (axis.effective_size - 1) * j
        start -= axis.pads(n)[0] * j
        j *= axis.stride
    return r, j, start


def three(field: ReceptiveField) -> tuple[Any, Any, Any]:
    return field.size, field.jump, field.start


# -- known values -------------------------------------------------------------------------------------------------

SAME: dict[str, Any] = {"padding": "same"}
ENCODER = [Window(3, **SAME), Window(2, 2, **SAME)] * 3
VGG = [axis for convolutions in (2, 2, 3, 3, 3) for axis in (*[Window(3, padding="same")] * convolutions, Window(2, 2))]


@pytest.mark.parametrize(
    ("axes", "n", "expected"),
    [
        (ENCODER, 28, (22, 8, -7)),
        (VGG, 224, (212, 32, -90)),
        ([Window(7, 2), Window(3, 2)], 230, (11, 4, 0)),
        ([Pad(3, 3), Window(7, 2), Pad(1, 1), Window(3, 2)], 224, (11, 4, -5)),
        ([Window(2, 1, d, "causal") for d in (1, 2, 4, 8)], 40, (16, 1, -15)),
        ([Window(3, 2, **SAME)], 28, (3, 2, 0)),
        ([Window(3, 2, **SAME)], 27, (3, 2, -1)),
        ([Upsample(2)], 4, (1, Fraction(1, 2), 0)),
        ([Upsample(2), Window(2, 2)], 4, (1, 1, 0)),
        ([Crop(2, 1)], 9, (1, 1, 2)),
        ([], 5, (1, 1, 0)),
    ],
)
def test_known_values(axes: list[Axis], n: int, expected: tuple[Any, ...]) -> None:
    assert three(followed(axes, n)[0]) == expected


def test_neighbours_behind_upsampling_may_see_more_or_less() -> None:
    """A window of 3 on doubled cells: each output reads two source cells, and one of 2 reads one or two in turn."""
    assert followed([Upsample(2), Window(3)], 8)[0].sizes == (2,)
    field = followed([Upsample(2), Window(2)], 8)[0]
    assert field.sizes == (1, 2) and field.spans == ((0, 0), (0, 1)) and field.size == 2
    assert [field[i] for i in range(-1, 4)] == [(-1, 0), (0, 0), (0, 1), (1, 1), (1, 2)]


def test_outputs_that_see_nothing() -> None:
    field = followed([TransposedWindow(1, 2)], 5)[0]
    assert field.spans == ((0, 0), None) and field.sizes == (0, 1)


def test_the_whole_map_stays_whole() -> None:
    field = followed([Window(3), GlobalWindow(), Pad(1, 1), Window(2), Upsample(2)], 9)[0]
    assert field is WHOLE_MAP and three(field) == (None, None, None) and field.whole
    assert union([WHOLE_MAP, ONE_CELL]).whole


def test_an_unknown_size_leaves_out_the_start_alone() -> None:
    # A window of 2 at stride 2 pads nothing before, whether n is even or odd; one of 3 does for odd n only.
    assert three(followed(ENCODER, None)[0]) == (22, 8, -7)
    halved = [Window(3, **SAME), Window(3, 2, **SAME)]
    assert three(followed(halved, None)[0]) == (5, 2, None)
    assert three(followed([*halved, TransposedWindow(4, 2, **SAME)], None)[0]) == (7, 1, None)
    with pytest.raises(NoRule, match="depends on the size"):
        followed([Upsample(2), Window(3, 2, **SAME)], None)


def test_unknown_rules_are_said() -> None:
    with pytest.raises(NoRule, match="bicubic"):
        field_behind(ONE_CELL, Upsample(2, "bicubic"), 8)
    with pytest.raises(ShapeError):
        field_behind(ONE_CELL, Window(9), 8)


def test_union() -> None:
    left = followed([Window(5, **SAME)], 9)[0]
    assert three(union([ONE_CELL, left])) == (5, 1, -2)
    assert union([left]) is left and union([left, left]) == left
    with pytest.raises(NoRule, match="unequally, by 1 and 2 cells"):
        union([ONE_CELL, followed([Window(1, 2)], 9)[0]])
    open_start = followed([Window(3, 2, **SAME)], None)[0]
    with pytest.raises(NoRule, match="depends on the size"):
        union([open_start, open_start])
    # Both half a cell apart, in patterns of 2 and of 4 cells.
    both = union([followed([Upsample(2)], 8)[0], followed([Window(1, 2), Upsample(4)], 8)[0]])
    assert [both[i] for i in range(6)] == [(0, 0), (0, 0), (0, 1), (0, 1), (2, 2), (2, 2)]
    # Twice up and down again has the same fields as never.
    assert union([followed([Upsample(6)], 4)[0], followed([Upsample(2), Upsample(3)], 4)[0]]).spans == ((0, 0),) * 6


def test_equal_fields_are_equal() -> None:
    assert followed([Upsample(3), Window(3, 3)], 5)[0] == ONE_CELL
    assert len(followed([Upsample(4), Window(2, 2)], 5)[0].spans) == 2


# -- measured -----------------------------------------------------------------------------------------------------

WINDOWS = st.builds(
    Window,
    size=st.integers(1, 4),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 2),
    padding=st.sampled_from(["valid", "same", "causal"]),
)
ANY = st.one_of(
    WINDOWS,
    WINDOWS,
    st.builds(
        TransposedWindow,
        st.integers(1, 5),
        st.integers(1, 3),
        st.integers(1, 2),
        st.sampled_from(["valid", "same"]),
        st.none(),
    ),
    st.builds(
        TransposedWindow, st.just(3), st.just(2), st.just(1), st.sampled_from(["valid", "same"]), st.integers(0, 1)
    ),
    st.builds(Upsample, st.integers(1, 3), st.sampled_from(["nearest", "bilinear"])),
    st.builds(Pad, st.integers(0, 3), st.integers(0, 3)),
    st.builds(Crop, st.integers(0, 2), st.integers(0, 2)),
)
_seen = {"chains": 0, "outputs": 0, "interior": 0}


@settings(max_examples=300, deadline=None)
@given(st.lists(ANY, min_size=1, max_size=6), st.integers(20, 90))
def test_random_chains_see_what_is_measured(axes: list[Axis], n: int) -> None:
    try:
        field, found = followed(axes, n)
    except ShapeError:
        return
    sizes = cast(list[int], found)  # none is unknown behind a known one
    if max(sizes) > 1500:
        return
    outputs = range(sizes[-1]) if sizes[-1] < 60 else {*range(5), *range(sizes[-1] // 2, sizes[-1] // 2 + 30)}
    for i in outputs:
        cells, interior = measured(axes, sizes, i)
        span = field[i]
        if interior:
            assert (None if span is None else (span[0], span[1])) == ((min(cells), max(cells)) if cells else None), (
                f"n = {n}, output {i} of {axes}"
            )
        elif cells:
            # A stretched edge is repeated into the ghost cells of a blend, so those may read one cell further in.
            blended = any(isinstance(axis, Upsample) and axis.interpolation == "bilinear" for axis in axes)
            assert blended or (span is not None and span[0] <= min(cells) and max(cells) <= span[1])
        _seen["interior"] += interior
    _seen["outputs"] += len(outputs)
    _seen["chains"] += 1


def test_enough_was_measured() -> None:
    print(f"measured: {_seen['chains']} chains, {_seen['outputs']} outputs, {_seen['interior']} of them interior")
    assert _seen["chains"] >= 150 and _seen["interior"] >= 1500


@settings(max_examples=200, deadline=None)
@given(st.lists(WINDOWS, min_size=1, max_size=8), st.integers(10, 400))
def test_windows_follow_the_recursion(axes: list[Window], n: int) -> None:
    try:
        field, sizes = followed(axes, n)
    except ShapeError:
        return
    assert three(field) == recursion(axes, [size for size in sizes if size is not None])
    assert len(field.spans) == 1 and field.jump is not None and field.jump.denominator == 1
