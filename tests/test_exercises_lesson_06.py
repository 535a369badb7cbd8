"""Lesson 06: every repair that does what is asked is right, and the famous wrong ones are told by name.

Right and wrong are asked from real Keras layers; the constants here were worked out with pencil and paper.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from course_utils.axes import ShapeError, TransposedWindow, Upsample, Window
from course_utils.exercises import lesson_06 as lesson, misconceptions as m, paths, truth
from course_utils.exercises.probing import laid_open
from course_utils.exercises.result import Outcome
from course_utils.keras_layers import KerasRefusal, kind_of

LAYERS = keras.layers
ROOT = Path(__file__).parents[1]


def is_right(result: Any) -> bool:
    assert result.outcome in (Outcome.RIGHT, Outcome.WRONG), str(result)
    return bool(result.outcome is Outcome.RIGHT)


# -- the nudge test of section 3 ------------------------------------------------------------------------------------


def nudge_test() -> Callable[[Any, int], Any]:
    """The six lines that a learner sees."""
    notebook = json.loads((ROOT / "notebooks" / "06_shape_clinic.ipynb").read_text(encoding="utf-8"))
    source = next("".join(cell["source"]) for cell in notebook["cells"] if cell["id"] == "s3-tool")
    names: dict[str, Any] = {"np": np}
    exec(source.split("\n\n\n")[0], names)
    return names["hours_that_change"]  # type: ignore[no-any-return]


def conv1d(weight: float, padding: str, **settings: Any) -> Any:
    return LAYERS.Conv1D(1, 3, padding=padding, kernel_initializer=keras.initializers.Constant(weight), **settings)


@pytest.mark.parametrize(
    ("layers", "changed"),
    [
        ([lambda: conv1d(-1, "same", activation="relu")], [11, 12, 13]),
        ([lambda: LAYERS.Rescaling(-1), lambda: LAYERS.MaxPooling1D(3, strides=1, padding="same")], [11, 12, 13]),
        ([lambda: conv1d(1, "same", activation="relu"), lambda: conv1d(-1, "same")], [10, 11, 12, 13, 14]),
        ([lambda: conv1d(1, "causal")], [12, 13, 14]),
        ([lambda: LAYERS.Rescaling(0)], []),
    ],
)
def test_the_nudge_test_sees_what_a_relu_or_a_maximum_hides_on_some_days(layers: Any, changed: list[int]) -> None:
    model = keras.Sequential([keras.Input((24, 1)), *(make() for make in layers)])
    assert nudge_test()(model, 12).tolist() == changed


# -- patient 4, the join ------------------------------------------------------------------------------------------


def unet(meet: Callable[[Any, Any], Any], join: Any = LAYERS.Concatenate, padding: str = "same") -> Any:
    def small_unet(n: int) -> Any:
        picture = keras.Input((n, n, 1))
        skip = LAYERS.Conv2D(8, 3, padding="same")(picture)
        x = LAYERS.MaxPooling2D(2, padding=padding)(skip)
        x = LAYERS.UpSampling2D(2)(LAYERS.Conv2D(8, 3, padding="same")(x))
        x = meet(x, skip)
        return keras.Model(picture, LAYERS.Conv2D(1, 1)(join()([skip, x])))

    return small_unet


def behind(x: Any, skip: Any) -> Any:
    spare = x.shape[1] - skip.shape[1]
    return LAYERS.Cropping2D(((0, spare), (0, spare)))(x)


def missing_behind(x: Any, skip: Any) -> Any:
    lacking = skip.shape[1] - x.shape[1]
    return LAYERS.ZeroPadding2D(((0, lacking), (0, lacking)))(x)


@pytest.mark.parametrize(
    "repair",
    [
        unet(behind),
        unet(behind, join=LAYERS.Add),
        unet(lambda x, skip: x[:, : skip.shape[1], : skip.shape[2]]),
        unet(lambda x, skip: LAYERS.Resizing(skip.shape[1], skip.shape[2])(x)),
        unet(missing_behind, padding="valid"),
    ],
)
def test_the_join_may_be_mended_in_several_ways(repair: Any) -> None:
    assert is_right(lesson.small_unet.evaluate(repair))


def test_the_join_may_be_mended_at_the_door() -> None:
    def small_unet(n: int) -> Any:
        picture = keras.Input((n, n, 1))
        framed = LAYERS.ZeroPadding2D(((0, n % 2), (0, n % 2)))(picture)
        skip = LAYERS.Conv2D(8, 3, padding="same")(framed)
        x = LAYERS.UpSampling2D(2)(LAYERS.MaxPooling2D(2)(skip))
        x = LAYERS.Conv2D(1, 1)(LAYERS.Concatenate()([skip, x]))
        return keras.Model(picture, LAYERS.Cropping2D(((0, n % 2), (0, n % 2)))(x))

    assert is_right(lesson.small_unet.evaluate(small_unet))


def cropped(rows: str, columns: str) -> Callable[[Any, Any], Any]:
    def meet(x: Any, skip: Any) -> Any:
        s = x.shape[1] - skip.shape[1]
        sides = {"before": (s, 0), "after": (0, s)}
        return LAYERS.Cropping2D((sides[rows], sides[columns]))(x)

    return meet


def framed(rows: str, columns: str) -> Callable[[Any, Any], Any]:
    def meet(x: Any, skip: Any) -> Any:
        s = skip.shape[1] - x.shape[1]
        sides = {"before": (s, 0), "after": (0, s)}
        return LAYERS.ZeroPadding2D((sides[rows], sides[columns]))(x)

    return meet


@pytest.mark.parametrize(("meet", "padding"), [(cropped, "same"), (framed, "valid")])
@pytest.mark.parametrize(
    ("rows", "columns", "told"),
    [
        ("after", "after", None),
        ("before", "after", "at the top, so the rows"),
        ("after", "before", "at the left, so the columns"),
        ("before", "before", "at the top, so the rows"),
    ],
)
def test_a_join_is_looked_at_along_both_axes(meet: Any, padding: str, rows: str, columns: str, told: str) -> None:
    result = lesson.small_unet.evaluate(unet(meet(rows, columns), padding=padding))
    assert is_right(result) == (told is None)
    if told is not None:
        assert told in str(result) and ("was cut off" if meet is cropped else "was added") in str(result)
        assert (result.misconception is m.ANY_SIDE_MAY_BE_CUT) == (meet is cropped)


def test_one_axis_cut_after_the_other_is_looked_at_as_well() -> None:
    def meet(x: Any, skip: Any) -> Any:
        s = x.shape[1] - skip.shape[1]
        return LAYERS.Cropping2D(((0, 0), (s, 0)))(LAYERS.Cropping2D(((0, s), (0, 0)))(x))

    assert "the columns of the two maps" in str(lesson.small_unet.evaluate(unet(meet)))


@pytest.mark.parametrize(
    ("frame_first", "cut_first", "right"), [(1, 1, True), (0, 0, True), (1, 0, False), (0, 1, False)]
)
def test_a_frame_at_the_top_is_cut_at_the_top(frame_first: int, cut_first: int, right: bool) -> None:
    def sides(s: int, first: int) -> Any:
        return (((s, 0), (s, 0)), ((0, s), (0, s)))[1 - first]

    def small_unet(n: int) -> Any:
        picture = keras.Input((n, n, 1))
        skip = LAYERS.Conv2D(8, 3, padding="same")(picture)
        x = LAYERS.MaxPooling2D(2)(LAYERS.ZeroPadding2D(sides(n % 2, frame_first))(skip))
        x = LAYERS.Cropping2D(sides(n % 2, cut_first))(LAYERS.UpSampling2D(2)(x))
        return keras.Model(picture, LAYERS.Conv2D(1, 1)(LAYERS.Concatenate()([skip, x])))

    assert is_right(lesson.small_unet.evaluate(small_unet)) == right


@pytest.mark.parametrize(
    ("meet", "told"),
    [
        (lambda x, skip: skip, "nothing that went through the pooling comes out"),
        (lambda x, skip: LAYERS.Conv2D(8, 3, padding="same")(skip), "nothing that went through the pooling comes out"),
        (lambda x, skip: keras.ops.zeros_like(skip), "nothing that went through the pooling comes out"),
        (lambda x, skip: keras.ops.zeros_like(behind(x, skip)), "all that `MaxPooling2D` made"),
        (lambda x, skip: behind(x, skip) * 0, "all that `MaxPooling2D` made"),
        (lambda x, skip: behind(x, skip) * 0 + skip, "all that `MaxPooling2D` made"),
    ],
)
def test_what_came_up_from_below_must_reach_the_output(meet: Any, told: str) -> None:
    result = lesson.small_unet.evaluate(unet(meet))
    assert not is_right(result) and told in str(result)


def test_a_fresh_convolution_of_the_picture_is_no_way_up() -> None:
    def small_unet(n: int) -> Any:
        picture = keras.Input((n, n, 1))
        one, other = (LAYERS.Conv2D(8, 3, padding="same")(picture) for _ in range(2))
        return keras.Model(picture, LAYERS.Conv2D(1, 1)(LAYERS.Concatenate()([one, other])))

    assert "no layer of your model makes a smaller map" in str(lesson.small_unet.evaluate(small_unet))


def test_what_came_up_joined_with_itself_is_no_skip() -> None:
    def small_unet(n: int) -> Any:
        picture = keras.Input((n, n, 1))
        skip = LAYERS.Conv2D(8, 3, padding="same")(picture)
        x = behind(LAYERS.UpSampling2D(2)(LAYERS.MaxPooling2D(2, padding="same")(skip)), skip)
        return keras.Model(picture, LAYERS.Conv2D(1, 1)(LAYERS.Concatenate()([x, x])))

    result = lesson.small_unet.evaluate(small_unet)
    assert result.misconception is m.NO_NEED_OF_THE_SKIP


@pytest.mark.parametrize("join", [lambda: keras.ops.add, lambda: lambda pair: pair[0] + pair[1]])
def test_a_join_without_a_layer_is_a_join(join: Any) -> None:
    def call(pair: Any) -> Any:
        found = join()
        return found(*pair) if found is keras.ops.add else found(pair)

    assert is_right(lesson.small_unet.evaluate(unet(behind, join=lambda: call)))
    wrong_side = unet(cropped("after", "before"), join=lambda: call)
    assert "at the left" in str(lesson.small_unet.evaluate(wrong_side))


def test_a_join_that_makes_another_size_is_told_with_its_numbers() -> None:
    def smaller(n: int) -> Any:
        picture = keras.Input((n, n, 1))
        skip = LAYERS.Cropping2D(((0, n % 2), (0, n % 2)))(picture)
        x = LAYERS.UpSampling2D(2)(LAYERS.MaxPooling2D(2)(skip))
        return keras.Model(picture, LAYERS.Conv2D(1, 1)(LAYERS.Concatenate()([skip, x])))

    assert "For n = 7 your model makes 6 × 6 × 1 and should make 7 × 7 × 1." in str(lesson.small_unet.evaluate(smaller))


def test_a_model_that_does_not_build_is_told_which_layer_and_what_reached_it() -> None:
    text = str(lesson.small_unet.evaluate(unet(lambda x, skip: x)))
    assert "For n = 7 your model does not build. Concatenate refuses; what reached it: 7 × 7 × 8 and 8 × 8 × 8." in text
    assert "\x1b" not in text


def test_a_layer_that_was_not_called_is_told() -> None:
    text = str(lesson.small_unet.evaluate(unet(lambda x, skip: LAYERS.Cropping2D(((0, 1), (0, 1))))))
    assert "Write `(x)` behind its brackets." in text
    assert "Write `(x)`" not in str(lesson.small_unet.evaluate(unet(lambda x, skip: x)))


def test_an_error_that_no_layer_raised_is_told_as_it_is() -> None:
    text = str(lesson.small_unet.evaluate(lambda n: undefined))  # type: ignore[name-defined]  # noqa: F821
    assert "raised NameError" in text
    text = str(lesson.small_unet.evaluate(unet(lambda x, skip: LAYERS.Cropping2D(spare=1)(x))))
    assert "For n = 8 your function raised" in text


@pytest.mark.parametrize(
    ("meet", "told"),
    [
        (lambda x, skip: x.shape[1] - skip.shape[1], "A number, or a tuple of them, stands where a map is needed"),
        (lambda x, skip: (0, x.shape[1] - skip.shape[1]), "A number, or a tuple of them, stands where a map is needed"),
        (lambda x, skip: LAYERS.Cropping2D(((0, 1), (0, 1)))(x), "For n = 8 nothing was too many, and you cut a row."),
        (lambda x, skip: x[:, :-1, :-1], "For n = 8 nothing was too many, and you cut a row."),
        (lambda x, skip: LAYERS.Cropping2D(1)(x), "For n = 8 nothing was too many, and you cut 2 rows."),
        (lambda x, skip: LAYERS.Cropping2D(x.shape[1] - skip.shape[1])(x), "Cut on both sides: 2 in all. For n = 7 a"),
        (
            lambda x, skip: LAYERS.ZeroPadding2D(((0, 1), (0, 1)))(x),
            "For n = 8 nothing was missing, and you added a row.",
        ),
        (
            lambda x, skip: x[:, : -(x.shape[1] - skip.shape[1]), : -(x.shape[1] - skip.shape[1])],
            "`[:-0]` takes nothing; use `[:skip.shape[1]]`.",
        ),
    ],
)
@pytest.mark.parametrize("join", [LAYERS.Concatenate, LAYERS.Add])
def test_what_a_repair_did_is_told_and_no_belief_that_it_does_not_show(meet: Any, told: str, join: Any) -> None:
    result = lesson.small_unet.evaluate(unet(meet, join=join))
    assert not is_right(result) and told in str(result)
    assert result.misconception is None and "Write `(x)`" not in str(result)


def test_a_row_added_on_both_sides_is_told_and_who_repaired_nothing_keeps_the_belief() -> None:
    def meet(x: Any, skip: Any) -> Any:
        return LAYERS.ZeroPadding2D(skip.shape[1] - x.shape[1])(x)

    both = lesson.small_unet.evaluate(unet(meet, padding="valid"))
    assert "Added on both sides: 2 in all." in str(both) and both.misconception is None
    for padding, belief in (("same", m.SAME_MAKES_THEM_MEET), ("valid", m.VALID_MAKES_THEM_MEET)):
        result = lesson.small_unet.evaluate(unet(lambda x, skip: x, padding=padding))
        assert result.misconception is belief and "you cut" not in str(result) and "you added" not in str(result)


@pytest.mark.parametrize("sliced", [False, True])
@pytest.mark.parametrize("convolutions", [0, 1, 3])
@pytest.mark.parametrize(("frame_first", "cut_first"), list(product((False, True), repeat=2)))
def test_a_frame_around_the_picture_is_cut_off_where_it_was_put(
    frame_first: bool, cut_first: bool, convolutions: int, sliced: bool
) -> None:
    def sides(s: int, first: bool) -> Any:
        return ((s, 0), (s, 0)) if first else ((0, s), (0, s))

    def small_unet(n: int) -> Any:
        picture = keras.Input((n, n, 1))
        skip = LAYERS.Conv2D(8, 3, padding="same")(LAYERS.ZeroPadding2D(sides(n % 2, frame_first))(picture))
        x = LAYERS.Concatenate()([skip, LAYERS.UpSampling2D(2)(LAYERS.MaxPooling2D(2)(skip))])
        for _ in range(convolutions):
            x = LAYERS.Conv2D(8, 3, padding="same", activation="relu")(x)
        x = LAYERS.Conv2D(1, 1)(x)
        start = n % 2 if cut_first else 0
        x = x[:, start : start + n, start : start + n] if sliced else LAYERS.Cropping2D(sides(n % 2, cut_first))(x)
        return keras.Model(picture, x)

    result = lesson.small_unet.evaluate(small_unet)
    assert is_right(result) == (frame_first == cut_first)
    assert is_right(result) or "is to be cut at the same side" in str(result)


@pytest.mark.parametrize(
    "turned",
    [
        lambda x: LAYERS.Permute((2, 1, 3))(x),
        lambda x: x[:, ::-1],
        lambda x: x[:, :, ::-1],
        lambda x: x[:, ::-1, ::-1],
    ],
)
def test_a_map_that_was_turned_does_not_lie_on_the_other(turned: Callable[[Any], Any]) -> None:
    below = lesson.small_unet.evaluate(unet(lambda x, skip: turned(behind(x, skip))))
    assert not is_right(below) and "is flipped, turned, stretched or shuffled" in str(below)
    carried = lesson.small_unet.evaluate(
        unet(behind, join=lambda: lambda pair: LAYERS.Concatenate()([turned(pair[0]), pair[1]]))
    )
    assert not is_right(carried)


def moved(down: int, right_: int) -> Callable[[Any, Any], Any]:
    """Zeros before what comes up; what is too many then is cut off after it."""

    def meet(x: Any, skip: Any) -> Any:
        return LAYERS.ZeroPadding2D(((down, 0), (right_, 0)))(x)[:, : skip.shape[1], : skip.shape[2]]

    return meet


@pytest.mark.parametrize(
    ("down", "right_", "told"),
    [
        (0, 0, None),
        (1, 1, "moved down by 1 row and right by 1 column."),
        (2, 2, "moved down by 2 rows and right by 2 columns."),
        (3, 3, "moved down by 3 rows and right by 3 columns."),
        (4, 4, "moved down by 4 rows and right by 4 columns."),
        (1, 0, "moved down by 1 row."),
        (0, 3, "moved right by 3 columns."),
    ],
)
def test_a_map_that_was_moved_is_told_by_how_much(down: int, right_: int, told: str | None) -> None:
    result = lesson.small_unet.evaluate(unet(moved(down, right_)))
    assert is_right(result) == (told is None)
    assert told is None or told in str(result)


@pytest.mark.parametrize(("spoiled", "cells"), [(0, 1), (0, 2), (1, 2)])
def test_a_map_that_is_moved_for_even_or_for_odd_sizes_only_is_seen(spoiled: int, cells: int) -> None:
    def meet(x: Any, skip: Any) -> Any:
        x = behind(x, skip)
        if skip.shape[1] % 2 != spoiled:
            return x
        x = LAYERS.Cropping2D(((cells, 0), (cells, 0)))(x)
        return LAYERS.ZeroPadding2D(((0, cells), (0, cells)))(x)

    result = lesson.small_unet.evaluate(unet(meet))
    assert not is_right(result)
    rows, columns = ("row", "column") if cells == 1 else ("rows", "columns")
    assert f"For n = {30 + spoiled} I" in str(result)
    assert f"moved up by {cells} {rows} and left by {cells} {columns}." in str(result)


def test_a_stretch_that_an_edge_cuts_is_not_told_as_moved() -> None:
    # Around place 3 of 0 to 9 lie 1 to 5 and 0 to 6; 0 to 7 is −1 to 7, cut at the edge. 0 to 4 lies one cell before.
    ends = [(1, 5), (0, 6), (0, 7), (0, 4), (4, 6), (5, 9), (0, 9)]
    assert [paths._beside(pair, 3, 10) for pair in ends] == [0, 0, 0, -1, 2, 4, 0]


@pytest.mark.parametrize("way_up", ["transposed", "bilinear"])
def test_other_ways_up_with_convolutions_behind_the_join_lie_around_their_place(way_up: str) -> None:
    def small_unet(n: int) -> Any:
        picture = keras.Input((n, n, 1))
        skip = LAYERS.Conv2D(8, 3, padding="same", activation="relu")(picture)
        x = LAYERS.Conv2D(8, 3, padding="same", activation="relu")(LAYERS.MaxPooling2D(2, padding="same")(skip))
        up = LAYERS.UpSampling2D(2, interpolation="bilinear")
        up = LAYERS.Conv2DTranspose(8, 3, strides=2, padding="same") if way_up == "transposed" else up
        x = LAYERS.Concatenate()([skip, behind(up(x), skip)])
        for _ in range(2):
            x = LAYERS.Conv2D(8, 3, padding="same", activation="relu")(x)
        return keras.Model(picture, LAYERS.Conv2D(1, 1, activation="sigmoid")(x))

    assert is_right(lesson.small_unet.evaluate(small_unet))


# -- patient 5, too deep ------------------------------------------------------------------------------------------


def deep(*layers: Any) -> Callable[[], Any]:
    return lambda: keras.Sequential([keras.Input((28, 28, 1)), *(make() for make in layers)])


def conv(filters: int, k: int = 3, padding: str = "same") -> Callable[[], Any]:
    return lambda: LAYERS.Conv2D(filters, k, padding=padding)


def pool(**settings: Any) -> Callable[[], Any]:
    return lambda: LAYERS.MaxPooling2D(2, **settings)


END = (LAYERS.Flatten, lambda: LAYERS.Dense(10))


@pytest.mark.parametrize(
    ("layers", "right"),
    [
        ((conv(16), pool(), conv(32), pool(), conv(64), pool(), conv(64), pool(), *END), True),
        ((conv(16, padding="valid"), pool(), conv(32, padding="valid"), conv(64), conv(64), *END), True),
        ((conv(16), conv(32), conv(64), conv(64), LAYERS.GlobalMaxPooling2D, lambda: LAYERS.Dense(10)), True),
        ((conv(16), conv(32), conv(64), conv(64), conv(10, 1), LAYERS.GlobalAveragePooling2D), True),
        ((conv(16), conv(32), conv(64), conv(64), conv(10), LAYERS.GlobalAveragePooling2D), False),
        ((conv(16), pool(), conv(32), pool(), conv(64), pool(), *END), False),
        ((conv(16), pool(), conv(32), pool(), conv(64), pool(), conv(64, 1), pool(), *END), False),
        ((conv(16), conv(32), conv(64), conv(64), LAYERS.Flatten, lambda: LAYERS.Dense(5)), False),
        ((conv(16), conv(32), conv(64), conv(64), lambda: LAYERS.Dense(10)), False),
    ],
)
def test_four_convolutions_have_to_stay(layers: tuple[Any, ...], right: bool) -> None:
    assert is_right(lesson.deep.evaluate(deep(*layers))) == right


@pytest.mark.parametrize("late", [1, 2, 3, 4])
def test_the_first_two_poolings_may_be_left_out_and_the_last_two_not(late: int) -> None:
    """What the solution says of other repairs, with the convolutions as they were."""
    for settings in (None, {"strides": 1}):
        layers: list[Any] = []
        for i, filters in enumerate((16, 32, 64, 64), start=1):
            changed = [] if settings is None else [pool(**settings)]
            layers += [conv(filters, padding="valid"), *(changed if i == late else [pool()])]
        assert is_right(lesson.deep.evaluate(deep(*layers, *END))) == (late < 3)


def test_the_sizes_of_the_diagnosis_are_counted_on_the_way() -> None:
    text = str(lesson.last_sizes.evaluate([26, 13, 11, 6, 3, 1]))
    assert "After the 2nd pooling: you say 6" in text
    assert is_right(lesson.last_sizes.evaluate((26, 13, 11, 5, 3, 1)))


# -- patient 6, any picture ---------------------------------------------------------------------------------------


def any_picture(*layers: Callable[[], Any], size: int | None = None) -> Callable[[], Any]:
    return lambda: keras.Sequential([keras.Input((size, size, 1)), *(make() for make in layers)])


@pytest.mark.parametrize(
    ("make", "right"),
    [
        (any_picture(conv(16), LAYERS.GlobalMaxPooling2D, lambda: LAYERS.Dense(10)), True),
        (any_picture(lambda: LAYERS.Resizing(8, 8), LAYERS.Flatten, lambda: LAYERS.Dense(10)), True),
        (any_picture(conv(10), LAYERS.GlobalAveragePooling2D), True),
        (any_picture(conv(16), lambda: LAYERS.Dense(10)), False),
        (any_picture(conv(16), LAYERS.Flatten, lambda: LAYERS.Dense(10), size=28), False),
        (any_picture(conv(16), LAYERS.GlobalMaxPooling2D, lambda: LAYERS.Dense(9)), False),
        (any_picture(lambda: LAYERS.Lambda(lambda x: 0 * x[:, 0, 0]), lambda: LAYERS.Dense(10)), False),
        (any_picture(lambda: LAYERS.Lambda(lambda x: x[:, 0, 0]), lambda: LAYERS.Dense(10)), False),
        (any_picture(conv(16), lambda: LAYERS.CenterCrop(1, 1), LAYERS.Flatten, lambda: LAYERS.Dense(10)), False),
    ],
)
def test_ten_numbers_of_every_picture(make: Any, right: bool) -> None:
    assert is_right(lesson.any_picture.evaluate(make)) == right


def test_a_part_of_the_picture_that_has_no_say_is_named() -> None:
    first = any_picture(lambda: LAYERS.Lambda(lambda x: x[:, 0, 0]), lambda: LAYERS.Dense(10))
    assert "I changed its top right corner" in str(lesson.any_picture.evaluate(first))


def test_who_wrote_no_flatten_is_not_told_of_it() -> None:
    pooled = any_picture(conv(16), lambda: LAYERS.GlobalMaxPooling2D(data_format="channels_first"), END[1])
    result = lesson.any_picture.evaluate(pooled)
    assert "Dense refuses" in str(result) and result.misconception is None
    assert lesson.any_picture.evaluate(any_picture(conv(16), *END)).misconception is m.FLATTEN_IS_GLOBAL


# -- patient 7, channels first ------------------------------------------------------------------------------------


def test_of_all_orders_of_the_axes_one_is_right() -> None:
    right = [
        order
        for order in product((1, 2, 3), repeat=3)
        if len(set(order)) == 3 and is_right(lesson.channels_last.evaluate(lambda o=order: [LAYERS.Permute(o)]))
    ]
    assert right == [(2, 3, 1)]


@pytest.mark.parametrize(("order", "believed"), [((3, 1, 2), True), ((2, 1, 3), False)])
def test_the_belief_about_permute_is_told_to_those_who_may_hold_it(order: tuple[int, ...], believed: bool) -> None:
    result = lesson.channels_last.evaluate(lambda: [LAYERS.Permute(order)])
    assert "64 × 3 × 64 comes out" in str(result)
    assert (result.misconception is m.PERMUTE_SENDS) == believed


def test_a_picture_on_its_side_is_told() -> None:
    assert "on its side" in str(lesson.channels_last.evaluate(lambda: [LAYERS.Permute((3, 2, 1))]))
    assert is_right(lesson.channels_last.evaluate(lambda: [LAYERS.Permute((3, 2, 1)), LAYERS.Permute((2, 1, 3))]))
    assert not is_right(lesson.channels_last.evaluate(list))


# -- patient 8, the shortcut --------------------------------------------------------------------------------------


def residual(shortcut: Callable[[Any, Any], Any]) -> Callable[[int], Any]:
    def block(n: int) -> Any:
        x = keras.Input((n, n, 16))
        y = LAYERS.Conv2D(32, 3, strides=2, padding="same")(x)
        y = LAYERS.Conv2D(32, 3, padding="same")(y)
        return keras.Model(x, LAYERS.Add()([shortcut(x, y), y]))

    return block


@pytest.mark.parametrize(
    ("shortcut", "right"),
    [
        (lambda x, y: LAYERS.Conv2D(32, 1, strides=2)(x), True),
        (lambda x, y: LAYERS.Conv2D(32, 1, strides=2, padding="same")(x), True),
        (lambda x, y: LAYERS.Conv2D(32, 3, strides=2, padding="same")(x), True),
        (lambda x, y: LAYERS.MaxPooling2D(2, padding="same")(LAYERS.Conv2D(32, 1)(x)), True),
        (lambda x, y: LAYERS.AveragePooling2D(1, strides=2)(LAYERS.Concatenate()([x, x])), True),
        (lambda x, y: LAYERS.Conv2D(32, 3, strides=2)(x), False),
        (lambda x, y: LAYERS.MaxPooling2D(2, padding="same")(x), False),
        (lambda x, y: LAYERS.Conv2D(32, 1)(LAYERS.GlobalAveragePooling2D(keepdims=True)(x)), False),
        (lambda x, y: LAYERS.Conv2D(1, 1, strides=2)(x), False),
        (lambda x, y: y, False),
        (lambda x, y: LAYERS.Conv2D(32, 1)(y), False),
        (lambda x, y: keras.ops.zeros_like(y), False),
        (lambda x, y: y * 0, False),
        (lambda x, y: LAYERS.Conv2D(32, 1, strides=2)(x) * 0, False),
        (lambda x, y: LAYERS.Conv2D(32, 1)(LAYERS.AveragePooling2D(2, padding="same")(x)), True),
        (lambda x, y: LAYERS.BatchNormalization()(LAYERS.Conv2D(32, 1, strides=2)(x)), True),
        (lambda x, y: LAYERS.Conv2D(32, 5, strides=2, padding="same")(x), True),
        (lambda x, y: LAYERS.Conv2D(32, 7, strides=2, padding="same")(x), True),
        (lambda x, y: LAYERS.Conv2D(32, 5, strides=2, padding="same")(conv(32, 5)()(x)), True),
        (lambda x, y: LAYERS.Conv2D(32, 1)(x[:, ::2, ::2]), True),
        (lambda x, y: LAYERS.Resizing(*y.shape[1:3])(LAYERS.Conv2D(32, 1)(x)), True),
        (lambda x, y: keras.Sequential([conv(32, 1)(), LAYERS.MaxPooling2D(2, padding="same")])(x), True),
    ],
)
def test_the_shortcut_has_the_shape_of_the_other_path(shortcut: Any, right: bool) -> None:
    assert is_right(lesson.residual.evaluate(residual(shortcut))) == right


@pytest.mark.parametrize(
    "shortcut",
    [
        lambda x, y: LAYERS.Conv2D(32, 1)(x[:, : y.shape[1], : y.shape[2]]),
        lambda x, y: LAYERS.Conv2D(32, 1)(LAYERS.CenterCrop(*y.shape[1:3])(x)),
        lambda x, y: LAYERS.Permute((2, 1, 3))(LAYERS.Conv2D(32, 1, strides=2)(x)),
        lambda x, y: LAYERS.Conv2D(32, 1, strides=2)(x)[:, ::-1],
        lambda x, y: LAYERS.Conv2D(32, 1, strides=2)(x)[:, :, ::-1],
        lambda x, y: LAYERS.UpSampling2D(y.shape[1])(LAYERS.GlobalMaxPooling2D(keepdims=True)(conv(32, 1)()(x))),
    ],
    ids=["quarter", "middle", "transposed", "upside down", "mirrored", "one number"],
)
def test_the_shortcut_brings_each_cell_to_where_the_convolutions_bring_it(shortcut: Any) -> None:
    result = lesson.residual.evaluate(residual(shortcut))
    assert not is_right(result)
    assert "For n = 24 the shapes fit. But I changed x at rows 6 and 7" in str(result)


@pytest.mark.parametrize("plus", [True, False])
def test_the_shortcut_starts_at_x_and_not_between_the_convolutions(plus: bool) -> None:
    def block(n: int, start_at_x: bool) -> Any:
        x = keras.Input((n, n, 16))
        first = LAYERS.Conv2D(32, 3, strides=2, padding="same")(x)
        y = LAYERS.Conv2D(32, 3, padding="same")(first)
        short = LAYERS.Conv2D(32, 1, strides=2)(x) if start_at_x else LAYERS.Conv2D(32, 1)(first)
        return keras.Model(x, short + y if plus else LAYERS.Add()([short, y]))

    assert is_right(lesson.residual.evaluate(lambda n: block(n, True)))
    assert "The shortcut shall come from x itself" in str(lesson.residual.evaluate(lambda n: block(n, False)))


@pytest.mark.parametrize("behind_the_add", [(LAYERS.ReLU,), (lambda: LAYERS.Conv2D(32, 1),), (conv(32), LAYERS.ReLU)])
def test_a_block_may_go_on_behind_its_add(behind_the_add: Any) -> None:
    def block(n: int, start_at_x: bool) -> Any:
        x = keras.Input((n, n, 16))
        y = LAYERS.Conv2D(32, 3, padding="same")(LAYERS.Conv2D(32, 3, strides=2, padding="same")(x))
        z = LAYERS.Add()([LAYERS.Conv2D(32, 1, strides=2)(x) if start_at_x else LAYERS.Conv2D(32, 1)(y), y])
        for make in behind_the_add:
            z = make()(z)
        return keras.Model(x, z)

    assert is_right(lesson.residual.evaluate(lambda n: block(n, True)))
    assert not is_right(lesson.residual.evaluate(lambda n: block(n, False)))


def conv32(k: int = 3, strides: int = 1, **settings: Any) -> Any:
    return LAYERS.Conv2D(32, k, strides=strides, **({"padding": "same"} | settings))


@pytest.mark.parametrize(
    ("other", "right"),
    [
        ((lambda: conv32(strides=2, activation="relu"), conv32), True),
        ((lambda: conv32(strides=2), LAYERS.ReLU, conv32), True),
        ((lambda: conv32(strides=2), lambda: LAYERS.Activation("relu"), conv32), True),
        ((lambda: conv32(strides=2, activation="relu"),), False),
        ((conv32, lambda: conv32(strides=2)), False),
        ((lambda: conv32(1), lambda: LAYERS.MaxPooling2D(2, padding="same"), conv32), False),
        ((LAYERS.ZeroPadding2D, lambda: conv32(strides=2, padding="valid"), conv32), False),
        ((lambda: conv32(strides=2), lambda: LAYERS.Conv2D(32, 5, padding="same")), False),
        ((lambda: LAYERS.Conv2D(16, 3, strides=2, padding="same"), conv32), False),
        ((lambda: conv32(strides=2), conv32, conv32), False),
    ],
)
@pytest.mark.parametrize("short_first", [True, False])
def test_the_other_path_stays_as_it_is(other: Any, right: bool, short_first: bool) -> None:
    def block(n: int) -> Any:
        x = y = keras.Input((n, n, 16))
        for make in other:
            y = make()(y)
        both = [conv32(1, strides=2)(x), y]
        return keras.Model(x, LAYERS.Add()(both if short_first else both[::-1]))

    result = lesson.residual.evaluate(block)
    assert is_right(result) == right
    assert right or "the other path shall stay as it is" in str(result)


def test_what_was_made_of_the_other_path_is_told() -> None:
    def block(n: int) -> Any:
        x = keras.Input((n, n, 16))
        return keras.Model(
            x, LAYERS.Add()([conv32(1, strides=2)(x), LAYERS.MaxPooling2D(2, padding="same")(conv32()(x))])
        )

    text = str(lesson.residual.evaluate(block))
    assert '`keras.layers.MaxPooling2D(pool_size=(2, 2), strides=(2, 2), padding="same")`' in text
    assert '`keras.layers.Conv2D(filters=32, kernel_size=(1, 1), strides=(2, 2), padding="same")`;' in text


def test_a_block_without_its_shortcut_is_none() -> None:
    def block(n: int) -> Any:
        x = keras.Input((n, n, 16))
        return keras.Model(x, LAYERS.Conv2D(32, 3, strides=2, padding="same")(x))

    assert "no `Add` any more" in str(lesson.residual.evaluate(block))


# -- patient 9, all of them say same ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "right"),
    [
        ([lambda: LAYERS.Conv2D(8, 3, 1, "same"), lambda: LAYERS.MaxPooling2D(3, 1, "same")], True),
        ([lambda: LAYERS.MaxPooling2D(3, 1, "same"), lambda: LAYERS.Conv2D(16, (3, 3), padding="same")], True),
        ([lambda: LAYERS.Conv2D(16, 3), lambda: LAYERS.MaxPooling2D(3, 1, "same")], False),
        ([lambda: LAYERS.Conv2D(16, 1), lambda: LAYERS.MaxPooling2D(3, 1, "same")], False),
        ([lambda: LAYERS.Conv2D(16, 3, padding="same"), lambda: LAYERS.MaxPooling2D(1)], False),
        ([lambda: LAYERS.Conv2D(16, 3, padding="same")], False),
        (
            [
                lambda: LAYERS.ZeroPadding2D(1),
                lambda: LAYERS.Conv2D(16, 3),
                lambda: LAYERS.ZeroPadding2D(1),
                lambda: LAYERS.MaxPooling2D(3, 1),
            ],
            True,
        ),
        (
            [
                lambda: LAYERS.Conv2D(16, 3, padding="same"),
                lambda: LAYERS.MaxPooling2D(3, 1, "same"),
                lambda: LAYERS.ZeroPadding2D(1),
            ],
            False,
        ),
        (
            [
                lambda: LAYERS.Conv2D(16, 3),
                lambda: LAYERS.MaxPooling2D(3, 1),
                lambda: LAYERS.ZeroPadding2D(2),
            ],
            False,
        ),
    ],
)
def test_the_windows_stay_and_so_does_the_size(layers: list[Any], right: bool) -> None:
    assert is_right(lesson.keeps_its_size.evaluate(lambda: [make() for make in layers])) == right


def test_the_strides_of_a_pooling_that_were_written_are_told_as_well() -> None:
    written = lesson.keeps_its_size.evaluate(lambda: [conv(16)(), LAYERS.MaxPooling2D(3, 3, padding="same")])
    assert "the second 3 is the strides here too" in str(written)
    stays = lesson.keeps_its_size.evaluate(lambda: [LAYERS.Conv2D(16, 3, 3, padding="same"), pool3()])
    assert stays.misconception is m.THIRD_IS_WIDTH and "the second 3" not in str(stays)


def pool3() -> Any:
    return LAYERS.MaxPooling2D(3, 1, "same")


def test_only_a_last_layer_that_mends_is_told_about_mending() -> None:
    mends = lesson.keeps_its_size.evaluate(
        lambda: [LAYERS.Conv2D(16, 3), LAYERS.MaxPooling2D(3, 1), LAYERS.Resizing(32, 32)]
    )
    assert mends.misconception is m.MENDED_AT_THE_END
    hidden = lesson.keeps_its_size.evaluate(
        lambda: [LAYERS.Conv2D(16, 3), LAYERS.ZeroPadding2D(2), LAYERS.MaxPooling2D(3, 1)]
    )
    assert "right at the end, and not on the way" in str(hidden) and hidden.misconception is None


# -- patient 10, the generator ------------------------------------------------------------------------------------


def generator(start: int, doublings: int) -> Callable[[], Any]:
    def make() -> Any:
        model = keras.Sequential([keras.Input((100,)), LAYERS.Dense(start * start)])
        model.add(LAYERS.Reshape((start, start, 1)))
        for _ in range(doublings):
            model.add(LAYERS.Conv2DTranspose(4, 5, strides=2, padding="same"))
        model.add(LAYERS.Conv2D(1, 3, padding="same"))
        return model

    return make


def test_every_start_that_doubles_to_32_is_right_and_no_other() -> None:
    found = [
        (start, doublings)
        for start, doublings in product((1, 2, 4, 7, 8, 9, 16, 32), range(6))
        if start * 2**doublings < 100 and is_right(lesson.generator.evaluate(generator(start, doublings)))
    ]
    assert found == [(1, 5), (2, 4), (4, 3), (8, 2), (16, 1)]


def grown(*layers: Callable[[], Any], start: int = 7) -> Callable[[], Any]:
    """A generator with these layers behind start × start × 16, and a convolution at the end."""

    def make() -> Any:
        model = keras.Sequential([keras.Input((100,)), LAYERS.Dense(start * start * 16)])
        model.add(LAYERS.Reshape((start, start, 16)))
        for layer in layers:
            model.add(layer())
        model.add(LAYERS.Conv2D(1, 3, padding="same"))
        return model

    return make


def twice() -> Any:
    return LAYERS.Conv2DTranspose(4, 5, strides=2, padding="same")


@pytest.mark.parametrize(
    ("make", "right"),
    [
        (grown(lambda: LAYERS.ZeroPadding2D(((0, 1), (0, 1))), twice, twice), False),
        (grown(twice, lambda: LAYERS.ZeroPadding2D(1), twice), False),
        (grown(twice, lambda: LAYERS.Resizing(16, 16), twice), False),
        (grown(lambda: LAYERS.UpSampling2D(2), twice, start=8), True),
        (grown(twice, lambda: LAYERS.Resizing(32, 32), start=8), True),
        (grown(twice, lambda: LAYERS.Resizing(32, 32), lambda: LAYERS.Conv2D(8, 3, padding="same"), start=7), False),
        (grown(twice, twice, lambda: LAYERS.ZeroPadding2D(3), lambda: LAYERS.Conv2D(4, 3)), False),
        (grown(twice, twice, lambda: LAYERS.CenterCrop(32, 32), start=9), True),
        (grown(twice, twice, lambda: LAYERS.Cropping2D(2), start=9), True),
        (grown(twice, lambda: LAYERS.UpSampling2D(2), start=8), True),
        (grown(twice, twice, lambda: LAYERS.ZeroPadding2D(1), lambda: LAYERS.Conv2D(1, 3), start=8), True),
        (grown(twice, twice, lambda: LAYERS.CenterCrop(32, 32)), False),
        (grown(twice, twice, lambda: LAYERS.Resizing(32, 32)), False),
        (grown(twice, twice, lambda: LAYERS.ZeroPadding2D(2)), False),
        (grown(lambda: LAYERS.UpSampling2D(2), lambda: LAYERS.UpSampling2D(2), start=8), False),
    ],
)
def test_what_learns_has_to_make_the_32_rows(make: Any, right: bool) -> None:
    result = lesson.generator.evaluate(make)
    assert is_right(result) == right
    assert right or "Conv2DTranspose" in str(result) or re.search(r"But `\w+` made \d+ of \d+, and", str(result))


def test_what_enlarged_is_told_with_its_own_sizes() -> None:
    framed = lesson.generator.evaluate(
        grown(twice, twice, lambda: LAYERS.ZeroPadding2D(3), lambda: LAYERS.Conv2D(4, 3))
    )
    assert "But `ZeroPadding2D` made 34 of 28, and 34 is no whole multiple of 28" in str(framed)
    early = lesson.generator.evaluate(grown(twice, lambda: LAYERS.ZeroPadding2D(1), twice))
    assert "`ZeroPadding2D` made 16 of 14" in str(early) and early.misconception is None


@pytest.mark.parametrize(
    ("make", "right"),
    [
        (lambda: LAYERS.ReLU(), False),
        (lambda: LAYERS.BatchNormalization(), False),
        (lambda: LAYERS.Conv2D(1, 1), True),
        (lambda: LAYERS.SeparableConv2D(1, 3, padding="same"), True),
        (lambda: LAYERS.Conv2D(1, 1, trainable=False), False),
    ],
)
def test_only_a_layer_that_learns_makes_good_what_was_copied(make: Any, right: bool) -> None:
    def model() -> Any:
        model = grown(twice, start=8)()
        model.add(LAYERS.UpSampling2D(2))
        model.add(make())
        return model

    result = lesson.generator.evaluate(model)
    assert is_right(result) == right
    assert right or "`UpSampling2D` made 32 of 16, and no layer that learns stands behind it." in str(result)


def test_doubling_as_the_last_layer_of_all_is_stretching() -> None:
    def make() -> Any:
        model = grown(twice, start=8)()
        model.add(LAYERS.UpSampling2D(2))
        return model

    assert lesson.generator.evaluate(make).misconception is m.MENDED_AT_THE_END


def test_the_road_of_a_wrong_generator_is_shown() -> None:
    assert "7 → 14 → 28. 28 × 28 × 1 comes out" in str(lesson.generator.evaluate(generator(7, 2)))


# -- patient 11, the mirror ---------------------------------------------------------------------------------------


def decoder(missing: Callable[[int, int], int | None]) -> Callable[[Sequence[int]], Any]:
    def make(sizes: Sequence[int]) -> Any:
        model = keras.Sequential([keras.Input((sizes[0], sizes[0], 8))])
        for small, large in pairwise(sizes):
            model.add(LAYERS.Conv2DTranspose(8, 3, 2, "same", output_padding=missing(small, large)))
        return model

    return make


@pytest.mark.parametrize(
    ("missing", "right"),
    [
        (lambda small, large: large - 2 * small + 1, True),
        (lambda small, large: 1 - large % 2, True),
        (lambda small, large: None if large == 2 * small else 0, True),
        (lambda small, large: large % 2, False),
        (lambda small, large: 1, False),
        (lambda small, large: 2, False),
    ],
)
def test_the_decoder_meets_every_size(missing: Any, right: bool) -> None:
    assert is_right(lesson.mirror.evaluate(decoder(missing))) == right


def test_a_right_end_by_a_wrong_road_is_not_right() -> None:
    def cropped(sizes: Sequence[int]) -> Any:
        model = decoder(lambda small, large: None)(sizes)
        spare = model.output_shape[1] - sizes[-1]
        model.add(LAYERS.Cropping2D(((0, spare), (0, spare))))
        return model

    assert not is_right(lesson.mirror.evaluate(cropped))


def test_a_decoder_that_jumps_to_the_end_is_not_right() -> None:
    def jumps(sizes: Sequence[int]) -> Any:
        layers = [LAYERS.Conv2DTranspose(1, 1) for _ in sizes[2:]]
        return keras.Sequential(
            [
                keras.Input((sizes[0], sizes[0], 8)),
                *layers,
                LAYERS.Conv2DTranspose(1, sizes[-1] - sizes[0] + 1),
            ]
        )

    text = str(lesson.mirror.evaluate(jumps))
    assert "Your decoder goes 2 → 2 → 2 → 2 → 25." in text
    assert text.startswith("✗")


# -- patient 12, the mean -----------------------------------------------------------------------------------------


def thirds(padding: str) -> Any:
    third = keras.initializers.Constant(1 / 3)
    return LAYERS.Conv1D(1, 3, padding=padding, kernel_initializer=third, use_bias=False)


def mean(**settings: Any) -> Any:
    return LAYERS.AveragePooling1D(3, strides=1, **settings)


@pytest.mark.parametrize(
    ("make", "right"),
    [
        (lambda: [LAYERS.ZeroPadding1D((2, 0)), mean()], True),
        (lambda: [thirds("causal")], True),
        (lambda: [mean(), LAYERS.ZeroPadding1D((2, 0))], True),
        (lambda: [LAYERS.ZeroPadding1D((2, 0)), mean(padding="same"), LAYERS.Cropping1D((1, 1))], True),
        (lambda: [LAYERS.ZeroPadding1D(1), mean()], False),
        (lambda: [LAYERS.ZeroPadding1D((3, 0)), mean(), LAYERS.Cropping1D((0, 1))], False),
        (lambda: [thirds("same")], False),
        (lambda: [LAYERS.Conv1D(1, 3, padding="causal", kernel_initializer="ones")], False),
        (lambda: [LAYERS.ZeroPadding1D((2, 0)), LAYERS.MaxPooling1D(3, strides=1)], False),
        (list, False),
    ],
)
def test_a_mean_of_the_past(make: Any, right: bool) -> None:
    assert is_right(lesson.past_mean.evaluate(make)) == right


def test_a_leak_is_told_by_its_hours() -> None:
    text = str(lesson.past_mean.evaluate(lambda: [LAYERS.ZeroPadding1D((0, 2)), mean()]))
    assert "I changed hour 2, and the output of hour 0 changed" in text
    late = str(lesson.past_mean.evaluate(lambda: [LAYERS.ZeroPadding1D((3, 0)), mean(), LAYERS.Cropping1D((0, 1))]))
    assert "Nothing leaks. But the output of hour 2 is" in late


def test_a_third_that_was_rounded_is_shown_with_digits_that_differ() -> None:
    def with_weight(weight: float) -> Any:
        third = keras.initializers.Constant(weight)
        return lambda: [LAYERS.Conv1D(1, 3, padding="causal", kernel_initializer=third, use_bias=False)]

    for weight in (0.333, 0.3333, 0.34):
        text = str(lesson.past_mean.evaluate(with_weight(weight)))
        mine, mean = text.split(" is ")[1].split(",")[0], text.split(" is ")[2].split(". ")[0].split(".\n")[0]
        assert mine != mean and "Write `1 / 3`" in text
        assert len(mine.split(".")[1]) == len(mean.split(".")[1]) <= 5, "no more digits than it takes"
    assert "Write `1 / 3`" not in str(lesson.past_mean.evaluate(with_weight(0.5)))
    assert is_right(lesson.past_mean.evaluate(with_weight(1 / 3)))


def test_a_mean_without_ghosts_is_counted() -> None:
    result = lesson.past_mean.evaluate(lambda: [mean()])
    assert "Without ghosts 3 hours make 1: 24 become 22. Two ghosts are missing" in str(result)
    assert "PyTorch" not in str(result) and result.misconception is None


# -- patient 13, the stem -----------------------------------------------------------------------------------------


def stem_conv(**settings: Any) -> Any:
    return LAYERS.Conv2D(8, 7, strides=2, **settings)


@pytest.mark.parametrize(
    ("make", "right"),
    [
        (
            lambda: [
                LAYERS.ZeroPadding2D(((3, 3), (3, 3))),
                stem_conv(),
                LAYERS.ReLU(),
                LAYERS.ZeroPadding2D(1),
                LAYERS.MaxPooling2D(3, strides=2),
            ],
            True,
        ),
        (
            lambda: [
                LAYERS.ZeroPadding2D(3),
                stem_conv(use_bias=False, activation="relu"),
                LAYERS.ZeroPadding2D(1),
                LAYERS.MaxPooling2D(3, strides=2),
            ],
            False,
        ),
        (
            lambda: [
                LAYERS.ZeroPadding2D(3),
                stem_conv(),
                LAYERS.ZeroPadding2D(1),
                LAYERS.MaxPooling2D(3, strides=2),
            ],
            False,
        ),
        (
            lambda: [
                LAYERS.ZeroPadding2D(((2, 3), (2, 3))),
                stem_conv(activation="relu"),
                LAYERS.ZeroPadding2D(1),
                LAYERS.MaxPooling2D(3, strides=2),
            ],
            False,
        ),
        (lambda: [LAYERS.ZeroPadding2D(3), stem_conv(activation="relu"), LAYERS.MaxPooling2D(3, strides=2)], False),
        (lambda: [LAYERS.ZeroPadding2D(3), LAYERS.MaxPooling2D(3, strides=2)], False),
    ],
)
def test_the_stem_must_have_the_sizes_and_the_values(make: Any, right: bool) -> None:
    assert is_right(lesson.stem.evaluate(make)) == right


def test_the_stem_is_told_after_which_layer_the_values_part() -> None:
    def told(*behind_the_frame: Any, frame: Any = 3) -> tuple[str, Any]:
        result = lesson.stem.evaluate(
            lambda: [LAYERS.ZeroPadding2D(frame), stem_conv(activation="relu"), *(make() for make in behind_the_frame)]
        )
        return str(result), result.misconception

    text, belief = told(lambda: LAYERS.MaxPooling2D(3, 2, "same"))
    assert re.search(r"After the convolution all values are right\. After the pooling \d+ of 512 are not\.", text)
    assert belief is m.EQUAL_SIZES_EQUAL_VALUES
    text, belief = told(lambda: LAYERS.ZeroPadding2D(1), lambda: LAYERS.AveragePooling2D(3, 2))
    assert "After the convolution all values are right" in text and belief is None
    assert "PyTorch takes the largest number of each window; `AveragePooling2D` does not." in text
    right_pool = (lambda: LAYERS.ZeroPadding2D(1), lambda: LAYERS.MaxPooling2D(3, 2))
    text, belief = told(*right_pool, frame=((2, 3), (2, 3)))
    assert re.search(r"After the convolution [\d,]+ of 2,048 values are not", text)
    assert belief is m.EQUAL_SIZES_EQUAL_VALUES


@pytest.mark.parametrize("activation", ["gelu", "silu", "mish", "relu6", "selu", "elu", "softplus", "sigmoid", None])
@pytest.mark.parametrize("on_its_own_line", [True, False])
def test_another_activation_with_the_right_paddings_is_told_as_that(activation: Any, on_its_own_line: bool) -> None:
    def make() -> list[Any]:
        line = [LAYERS.Activation(activation)] * on_its_own_line
        conv = stem_conv(activation=None if on_its_own_line else activation)
        return [LAYERS.ZeroPadding2D(3), conv, *line, LAYERS.ZeroPadding2D(1), LAYERS.MaxPooling2D(3, strides=2)]

    result = lesson.stem.evaluate(make)
    assert not is_right(result) and result.misconception is None
    assert "The paddings are right; look at the activation." in str(result)


@pytest.mark.parametrize("activation", ["gelu", "relu6", "relu"])
def test_with_wrong_paddings_nobody_is_told_that_they_are_right(activation: str) -> None:
    def make() -> list[Any]:
        conv = stem_conv(activation=activation)
        return [
            LAYERS.ZeroPadding2D(((2, 3), (2, 3))),
            conv,
            LAYERS.ZeroPadding2D(1),
            LAYERS.MaxPooling2D(3, strides=2),
        ]

    result = lesson.stem.evaluate(make)
    assert result.misconception is m.EQUAL_SIZES_EQUAL_VALUES and "paddings are right" not in str(result)


def test_looking_at_the_activation_does_not_change_the_learners_layer() -> None:
    layers = [LAYERS.ZeroPadding2D(3), stem_conv(), LAYERS.ZeroPadding2D(1), LAYERS.MaxPooling2D(3, strides=2)]
    assert [is_right(lesson.stem.evaluate(lambda: layers)) for _ in range(2)] == [False, False]


def right_stem() -> list[Any]:
    return [
        LAYERS.ZeroPadding2D(3),
        stem_conv(activation="relu"),
        LAYERS.ZeroPadding2D(1),
        LAYERS.MaxPooling2D(3, strides=2),
    ]


@pytest.mark.parametrize(
    ("exercise", "make"), [(lesson.stem, right_stem), (lesson.channels_last, lambda: [LAYERS.Permute((2, 3, 1))])]
)
def test_a_model_is_a_list_of_layers_and_an_input_or_a_class_is_told(exercise: Any, make: Any) -> None:
    shape = (32, 32, 3) if exercise is lesson.stem else (3, 64, 64)
    assert is_right(exercise.evaluate(lambda: keras.Sequential(make())))
    assert is_right(exercise.evaluate(lambda: keras.Sequential([keras.Input(shape), *make()])))
    assert is_right(exercise.evaluate(lambda: [keras.Sequential(make())]))
    led = exercise.evaluate(lambda: [keras.Input(shape), *make()])
    assert not is_right(led) and "Leave `Input` out; I bring the map." in str(led)
    bare = exercise.evaluate(lambda: [*make()[:-1], type(make()[-1])])
    assert not is_right(bare) and f"write `{type(make()[-1]).__name__}()`" in str(bare)


def test_a_stem_without_its_bias_is_told() -> None:
    text = str(lesson.stem.evaluate(lambda: [stem_conv(use_bias=False)]))
    assert "Your convolution has no bias. PyTorch's has one" in text


def test_the_stem_is_what_loops_make_of_it() -> None:
    """PyTorch's padding worked out cell by cell: ghosts of 0 for the convolution, of −∞ for the maximum."""
    x = np.random.default_rng(1).integers(-5, 6, (1, 9, 9, 2)).astype("float32")
    layer = LAYERS.Conv2D(1, 7, use_bias=False)
    layer.build(x.shape)
    kernel = np.random.default_rng(2).integers(-2, 3, (7, 7, 2, 1)).astype("float32")
    layer.set_weights([kernel])

    def at(a: Any, i: int, j: int, ghost: float) -> Any:
        inside = 0 <= i < a.shape[0] and 0 <= j < a.shape[1]
        return a[i, j] if inside else np.full(a.shape[2:], ghost)

    def weighted(i: int, j: int) -> float:
        cells = product(range(7), repeat=2)
        return float(sum((at(x[0], i + a, j + b, 0) * kernel[a, b, :, 0]).sum() for a, b in cells))

    first = [[max(weighted(2 * i - 3, 2 * j - 3), 0) for j in range(5)] for i in range(5)]
    largest = [
        [
            max(at(np.array(first), 2 * i - 1 + a, 2 * j - 1 + b, -np.inf) for a in range(3) for b in range(3))
            for j in range(3)
        ]
        for i in range(3)
    ]
    assert np.array_equal(truth.stem(layer, x)[0, :, :, 0], np.array(largest))


# -- patient 14, the vaccine --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agree", "right"),
    [
        (lambda model, x, y: tuple(model(x).shape) == y.shape, True),
        (lambda model, x, y: model.predict(x, verbose=0).shape == y.shape, True),
        (lambda model, x, y: model.compute_output_shape(x.shape) == y.shape, True),
        (lambda model, x, y: model.output_shape[1:] == y.shape[1:], False),
        (lambda model, x, y: model(x).shape[-3:] == y.shape[-3:], False),
        (lambda model, x, y: np.array(model(x)).size == y.size, False),
        (lambda model, x, y: sum(model(x).shape) == sum(y.shape), False),
        (lambda model, x, y: set(model(x).shape) == set(y.shape), False),
        (lambda model, x, y: sorted(model(x).shape) == sorted(y.shape), False),
        (lambda model, x, y: all(a == b for a, b in zip(model(x).shape, y.shape)), False),  # noqa: B905
        (lambda model, x, y: np.squeeze(model(x)).shape == np.squeeze(y).shape, False),
        (lambda model, x, y: len(model(x)) == len(y) and model(x).shape[-1] == y.shape[-1], False),
        (lambda model, x, y: np.array(model(x)).shape == y.shape, True),
        (lambda model, x, y: model(x).shape[1:3] == y.shape[1:3], False),
        (lambda model, x, y: model(x).shape == x.shape, False),
        (lambda model, x, y: False, False),
        (lambda model, x, y: "True", False),
    ],
)
def test_the_vaccine_refuses_all_that_only_broadcasts(agree: Any, right: bool) -> None:
    assert is_right(lesson.agree.evaluate(agree)) == right


@pytest.mark.parametrize(
    "agree",
    [
        lambda model, x, y: np.array_equal(model(x), y),
        lambda model, x, y: model(x).shape == y.shape and np.allclose(model(x), y),
        lambda model, x, y: np.shape(model(x)) == np.shape(y) and bool(np.isclose(model(x), y).any()),
    ],
)
def test_the_vaccine_asks_for_the_shape_and_not_for_the_numbers(agree: Any) -> None:
    result = lesson.agree.evaluate(agree)
    assert not is_right(result)
    assert "The shapes are equal here; only the numbers differ. I asked for the shape." in str(result)


def test_who_always_says_false_is_not_told_of_numbers() -> None:
    assert "only the numbers differ" not in str(lesson.agree.evaluate(lambda model, x, y: False))
    unknown = str(lesson.agree.evaluate(lambda model, x, y: model.output_shape == y.shape))
    assert "only the numbers differ" not in unknown


def test_the_vaccine_tells_whole_shapes_and_why_output_shape_is_not_one() -> None:
    text = str(lesson.agree.evaluate(lambda model, x, y: True))
    assert "a model that makes (2, 28, 28, 3) and y of (2, 28, 28, 1)" in text
    unknown = str(lesson.agree.evaluate(lambda model, x, y: model.output_shape == y.shape))
    assert "says False" in unknown and "`output_shape` has None for the number of pictures." in unknown
    assert "output_shape" not in str(lesson.agree.evaluate(lambda model, x, y: False))
    # The loss does refuse 20 × 30 beside 30 × 20: nobody is told that it would not.
    swapped = lesson.agree.evaluate(lambda model, x, y: sorted(model(x).shape) == sorted(y.shape))
    assert swapped.misconception is None


def test_the_loss_accepts_what_broadcasts_and_refuses_the_rest() -> None:
    for a, b in product(range(1, 5), repeat=2):
        assert truth.loss_says(a, b) == ("a number" if a == b or 1 in (a, b) else "an error")


# -- what is measured, against the axes ---------------------------------------------------------------------------


def test_what_meets_and_what_comes_back_is_what_the_axes_say() -> None:
    for padding, n, floors in product(("same", "valid"), range(1, 40), (1, 2, 3)):
        halve, double = Window(2, stride=2, padding=padding), Upsample(2)
        try:
            skip = n
            for _ in range(floors - 1):
                skip = halve.output_size(skip)
            low = halve.output_size(skip)
        except ShapeError:
            with pytest.raises(KerasRefusal):
                truth.meeting_sizes(n, floors, padding)
            continue
        assert truth.meeting_sizes(n, floors, padding) == (skip, double.output_size(low))
        if padding == "same":
            assert truth.bottom_and_end(n, floors) == (low, low * 2**floors)


def test_what_grows_is_what_the_axes_say() -> None:
    for n, p in product(range(1, 12), (None, 0, 1)):
        axis = TransposedWindow(3, stride=2, padding="same", output_padding=p)
        assert truth.grown_size(n, p) == axis.output_size(n)
    assert truth.road_down(25) == (2, 4, 7, 13, 25)
    assert truth.road_down(100) == (7, 13, 25, 50, 100)


def test_how_far_ahead_is_what_the_ghosts_after_say() -> None:
    for k, layers in product(range(1, 7), (1, 2, 3)):
        _, after = Window(k, padding="same").pads(50)
        assert truth.told_too_early(k, layers) == layers * after
        assert truth.future_in_mean(k) == after


def test_a_reshape_keeps_only_what_was_in_place() -> None:
    assert truth.numbers_out_of_place(1, 5) == 0
    assert truth.numbers_out_of_place(5, 1) == 0
    # 0 1 2 3 | 4 5 6 7 becomes 0 4 | 1 5 | 2 6 | 3 7: only the first and the last number stay.
    assert truth.numbers_out_of_place(2, 2) == 6
    assert truth.permuted_shape(3, 64, 48) == (48, 3, 64)
    assert [truth.rows_out_of_place(n) for n in range(1, 8)] == [0, 0, 1, 0, 2, 0, 3]


def test_the_belief_behind_each_patient_is_of_this_ward() -> None:
    beliefs = [m.SAME_MAKES_THEM_MEET, m.MENDED_AT_THE_END, m.POOLING_LOOKS_BACK]
    assert [belief.section for belief in beliefs] == [m.ADMIT, m.WEIGH, m.TEST]


def test_what_is_told_of_a_repair_is_told_as_one_of_several() -> None:
    for exercise in (lesson.deep, lesson.any_picture, lesson.generator):
        assert exercise.why.startswith("My way: ")


# -- models inside models, open sizes, classes --------------------------------------------------------------------


def sequential(*layers: Callable[[], Any]) -> Any:
    return keras.Sequential([make() for make in layers])


def unet_of_parts(n: int) -> Any:
    """A right small U-Net: what comes up is a model of its own, and so is the way into it."""
    picture, framed = keras.Input((n, n, 1)), keras.Input((n, n, 1))
    way_in = keras.Model(framed, LAYERS.Conv2D(8, 3, padding="same", name="same_name")(framed))
    skip = way_in(picture)
    cut = ((0, n % 2), (0, n % 2))
    low = sequential(
        pool(padding="same"), conv(8), lambda: LAYERS.UpSampling2D(2), lambda: LAYERS.Cropping2D(cut, name="same_name")
    )
    return keras.Model(picture, LAYERS.Conv2D(1, 1)(LAYERS.Concatenate()([skip, low(skip)])))


def framed_unet(n: int, after: bool = True) -> Any:
    """The repair of section 1 around a U-Net, which is then a model inside a model."""
    spare = -n % 8
    sides = ((0, spare), (0, spare)) if after else ((spare, 0), (spare, 0))
    picture = keras.Input((n, n, 1))
    x = unet(lambda x, skip: x)(n + spare)(LAYERS.ZeroPadding2D(((0, spare), (0, spare)))(picture))
    return keras.Model(picture, LAYERS.Cropping2D(sides)(x))


def open_unet(n: int) -> Any:
    """For every size at once; the crop is worked out where the numbers run."""
    picture = keras.Input((None, None, 1))
    skip = LAYERS.Conv2D(8, 3, padding="same")(picture)
    x = LAYERS.UpSampling2D(2)(LAYERS.MaxPooling2D(2, padding="same")(skip))
    shape = keras.ops.shape
    x = LAYERS.Lambda(lambda both: both[0][:, : shape(both[1])[1], : shape(both[1])[2]])([x, skip])
    return keras.Model(picture, LAYERS.Conv2D(1, 1)(LAYERS.Concatenate()([skip, x])))


def open_block(n: int) -> Any:
    x = keras.Input((None, None, 16))
    y = LAYERS.Conv2D(32, 3, strides=2, padding="same", activation="relu")(x)
    return keras.Model(x, LAYERS.Add()([LAYERS.Conv2D(32, 1, strides=2)(x), LAYERS.Conv2D(32, 3, padding="same")(y)]))


def block_of_parts(n: int) -> Any:
    x = keras.Input((n, n, 16))
    y = sequential(lambda: LAYERS.Conv2D(32, 3, strides=2, padding="same"), conv(32))(x)
    return keras.Model(x, LAYERS.Add()([LAYERS.Conv2D(32, 1, strides=2)(x), y]))


def up() -> Any:
    return LAYERS.Conv2DTranspose(16, 5, strides=2, padding="same")


def generator_of_parts() -> Any:
    grow = (sequential(up, LAYERS.ReLU), sequential(up, LAYERS.ReLU))
    first = [keras.Input((100,)), LAYERS.Dense(8 * 8 * 16), LAYERS.Reshape((8, 8, 16))]
    return keras.Sequential([*first, *grow, LAYERS.Conv2D(1, 3, padding="same")])


def deep_of_parts() -> Any:
    pairs = [sequential(conv(filters), pool()) for filters in (16, 32, 64, 64)]
    return keras.Sequential([keras.Input((28, 28, 1)), *pairs, *(make() for make in END)])


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        (lesson.small_unet, unet_of_parts),
        (lesson.small_unet, framed_unet),
        (lesson.small_unet, open_unet),
        (lesson.residual, open_block),
        (lesson.residual, block_of_parts),
        (lesson.generator, generator_of_parts),
        (lesson.deep, deep_of_parts),
        (
            lesson.keeps_its_size,
            lambda: [sequential(conv(16), lambda: LAYERS.MaxPooling2D(3, strides=1, padding="same"))],
        ),
    ],
)
def test_a_model_inside_a_model_and_an_open_size_are_right_too(exercise: Any, answer: Any) -> None:
    assert is_right(exercise.evaluate(answer))


def test_what_is_wrong_inside_a_model_is_found_there() -> None:
    assert not is_right(lesson.small_unet.evaluate(lambda n: framed_unet(n, after=False)))
    low = sequential(conv(16), lambda: LAYERS.MaxPooling2D(2))
    halves = residual(lambda x, y: LAYERS.Conv2D(32, 1)(low(x)))
    assert "For n = 25" in str(lesson.residual.evaluate(halves))


def test_a_layer_used_twice_stays_one_layer_when_a_model_is_laid_open() -> None:
    picture = keras.Input((8, 8, 1))
    shared = sequential(conv(1))
    opened = laid_open(keras.Model(picture, shared(shared(picture))), (8, 8, 1))
    assert [kind_of(layer) for layer in opened.layers] == ["InputLayer", "Conv2D"]


class OwnModel(keras.Model):
    """Ten numbers of a picture, written as a class."""

    def __init__(self, *unused: Any) -> None:
        super().__init__()
        self.look, self.sum_up, self.say = conv(16)(), LAYERS.GlobalAveragePooling2D(), LAYERS.Dense(10)

    def call(self, x: Any) -> Any:
        return self.say(self.sum_up(self.look(x)))


def test_a_class_is_run_where_running_is_enough_and_else_it_is_said_that_it_cannot_be_looked_into() -> None:
    assert is_right(lesson.any_picture.evaluate(lambda: OwnModel()))
    for exercise in (lesson.small_unet, lesson.residual, lesson.deep, lesson.generator, lesson.mirror):
        assert "Your model is a class of your own, and I cannot look into that." in str(
            exercise.evaluate(lambda *sizes: OwnModel())
        )


class OwnMean(keras.layers.Layer):
    """The mean of a step and the two before it, written as a layer that does not say its shape."""

    def call(self, x: Any) -> Any:
        padded = keras.ops.pad(x, ((0, 0), (2, 0), (0, 0)))
        return (padded[:, 2:] + padded[:, 1:-1] + padded[:, :-2]) / 3


def test_a_layer_of_ones_own_is_run() -> None:
    assert is_right(lesson.past_mean.evaluate(lambda: [OwnMean()]))


@pytest.mark.parametrize(
    "spread",
    [
        lambda x, skip: LAYERS.UpSampling2D(skip.shape[1])(LAYERS.MaxPooling2D(x.shape[1])(x)),
        lambda x, skip: LAYERS.UpSampling2D((skip.shape[1], 1))(LAYERS.AveragePooling2D((x.shape[1], 1))(x))[
            :, :, : skip.shape[2]
        ],
    ],
    ids=["one number", "one row"],
)
def test_a_map_in_which_no_cell_has_a_place_is_no_repair(spread: Any) -> None:
    assert "So no cell has a place any more." in str(lesson.small_unet.evaluate(unet(spread)))


def test_a_mirror_may_hold_layers_that_keep_the_size_and_no_others_that_change_it() -> None:
    def decoder(*more: Callable[[int, int], Any], padding: Callable[[int, int], Any]) -> Callable[[Any], Any]:
        def build(sizes: Any) -> Any:
            model = keras.Sequential([keras.Input((sizes[0], sizes[0], 8))])
            for small, large in pairwise(sizes):
                settings = {"strides": 2, "padding": "same", "output_padding": padding(small, large)}
                model.add(LAYERS.Conv2DTranspose(8, 3, **settings))
                for make in more:
                    model.add(make(small, large))
            return model

        return build

    def needed(small: int, large: int) -> int:
        return large - (2 * small - 1)

    def cut(small: int, large: int) -> Any:
        return LAYERS.Cropping2D(((0, 2 * small - large), (0, 2 * small - large)))

    kept = decoder(lambda *_: LAYERS.ReLU(), lambda *_: LAYERS.BatchNormalization(), padding=needed)
    assert is_right(lesson.mirror.evaluate(kept))
    cropped = str(lesson.mirror.evaluate(decoder(cut, padding=lambda *_: None)))
    assert "Only transposed convolutions, please, change a size" in cropped
    swapped = str(lesson.mirror.evaluate(decoder(padding=lambda small, large: 2 * small - large)))
    assert "0 and 1 are the wrong way round" in swapped
    assert "wrong way round" not in str(lesson.mirror.evaluate(decoder(padding=lambda *_: 0)))


def test_shapes_without_the_number_of_pictures_are_not_enough_and_that_is_told() -> None:
    told = str(lesson.agree.evaluate(lambda model, x, y: model.output_shape[1:] == y.shape[1:]))
    assert "They differ in the number of pictures alone." in told
    assert "number of pictures alone" not in str(lesson.agree.evaluate(lambda model, x, y: True))
