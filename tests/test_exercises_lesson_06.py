"""Lesson 06: every repair that does what is asked is right, and the famous wrong ones are told by name.

Right and wrong are asked from real Keras layers; the constants here were worked out with pencil and paper.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise, product
from typing import Any

import keras
import numpy as np
import pytest

from course_utils.axes import Repeat, ShapeError, Spread, Window
from course_utils.exercises import lesson_06 as lesson, misconceptions as m, real
from course_utils.exercises.result import Outcome
from course_utils.keras_layers import KerasRefusal

LAYERS = keras.layers


def is_right(result: Any) -> bool:
    assert result.outcome in (Outcome.RIGHT, Outcome.WRONG), str(result)
    return bool(result.outcome is Outcome.RIGHT)


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
    assert is_right(lesson.small_unet.examine(repair))


def test_the_join_may_be_mended_at_the_door() -> None:
    def small_unet(n: int) -> Any:
        picture = keras.Input((n, n, 1))
        framed = LAYERS.ZeroPadding2D(((0, n % 2), (0, n % 2)))(picture)
        skip = LAYERS.Conv2D(8, 3, padding="same")(framed)
        x = LAYERS.UpSampling2D(2)(LAYERS.MaxPooling2D(2)(skip))
        x = LAYERS.Conv2D(1, 1)(LAYERS.Concatenate()([skip, x]))
        return keras.Model(picture, LAYERS.Cropping2D(((0, n % 2), (0, n % 2)))(x))

    assert is_right(lesson.small_unet.examine(small_unet))


def test_a_join_that_makes_another_size_is_told_with_its_numbers() -> None:
    def smaller(n: int) -> Any:
        picture = keras.Input((n, n, 1))
        skip = LAYERS.Cropping2D(((0, n % 2), (0, n % 2)))(picture)
        x = LAYERS.UpSampling2D(2)(LAYERS.MaxPooling2D(2)(skip))
        return keras.Model(picture, LAYERS.Conv2D(1, 1)(LAYERS.Concatenate()([skip, x])))

    assert "For n = 7 your model makes 6 × 6 × 1 and should make 7 × 7 × 1." in str(lesson.small_unet.examine(smaller))


def test_a_model_that_does_not_build_is_told_which_layer_and_what_reached_it() -> None:
    text = str(lesson.small_unet.examine(unet(lambda x, skip: x)))
    assert "For n = 7 your model does not build. Concatenate refuses; what reached it: 7 × 7 × 8 and 8 × 8 × 8." in text
    assert "\x1b" not in text


def test_a_layer_that_was_not_called_is_told() -> None:
    text = str(lesson.small_unet.examine(unet(lambda x, skip: LAYERS.Cropping2D(((0, 1), (0, 1))))))
    assert "Write `(x)` behind its brackets." in text
    assert "Write `(x)`" not in str(lesson.small_unet.examine(unet(lambda x, skip: x)))


def test_an_error_that_no_layer_raised_is_told_as_it_is() -> None:
    text = str(lesson.small_unet.examine(lambda n: undefined))  # type: ignore[name-defined]  # noqa: F821
    assert "raised NameError" in text
    text = str(lesson.small_unet.examine(unet(lambda x, skip: LAYERS.Cropping2D(spare=1)(x))))
    assert "For n = 8 your function raised" in text


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
        ((conv(16), pool(), conv(32), pool(), conv(64), pool(), *END), False),
        ((conv(16), pool(), conv(32), pool(), conv(64), pool(), conv(64, 1), pool(), *END), False),
        ((conv(16), conv(32), conv(64), conv(64), LAYERS.Flatten, lambda: LAYERS.Dense(5)), False),
        ((conv(16), conv(32), conv(64), conv(64), lambda: LAYERS.Dense(10)), False),
    ],
)
def test_four_convolutions_have_to_stay(layers: tuple[Any, ...], right: bool) -> None:
    assert is_right(lesson.deep.examine(deep(*layers))) == right


def test_the_sizes_of_the_diagnosis_are_counted_on_the_way() -> None:
    text = str(lesson.last_sizes.examine([26, 13, 11, 6, 3, 1]))
    assert "After the 2nd pooling: you say 6" in text
    assert is_right(lesson.last_sizes.examine((26, 13, 11, 5, 3, 1)))


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
    ],
)
def test_ten_numbers_of_every_picture(make: Any, right: bool) -> None:
    assert is_right(lesson.any_picture.examine(make)) == right


# -- patient 7, channels first ------------------------------------------------------------------------------------


def test_of_all_orders_of_the_axes_one_is_right() -> None:
    right = [
        order
        for order in product((1, 2, 3), repeat=3)
        if len(set(order)) == 3 and is_right(lesson.channels_last.examine(lambda o=order: [LAYERS.Permute(o)]))
    ]
    assert right == [(2, 3, 1)]


def test_a_picture_on_its_side_is_told() -> None:
    assert "on its side" in str(lesson.channels_last.examine(lambda: [LAYERS.Permute((3, 2, 1))]))
    assert is_right(lesson.channels_last.examine(lambda: [LAYERS.Permute((3, 2, 1)), LAYERS.Permute((2, 1, 3))]))
    assert not is_right(lesson.channels_last.examine(list))


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
    ],
)
def test_the_shortcut_has_the_shape_of_the_other_path(shortcut: Any, right: bool) -> None:
    assert is_right(lesson.residual.examine(residual(shortcut))) == right


def test_a_block_without_its_shortcut_is_none() -> None:
    def block(n: int) -> Any:
        x = keras.Input((n, n, 16))
        return keras.Model(x, LAYERS.Conv2D(32, 3, strides=2, padding="same")(x))

    assert "no `Add` any more" in str(lesson.residual.examine(block))


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
    ],
)
def test_the_windows_stay_and_so_does_the_size(layers: list[Any], right: bool) -> None:
    assert is_right(lesson.keeps_its_size.examine(lambda: [make() for make in layers])) == right


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
        if start * 2**doublings < 100 and is_right(lesson.generator.examine(generator(start, doublings)))
    ]
    assert found == [(1, 5), (2, 4), (4, 3), (8, 2), (16, 1)]


def test_the_road_of_a_wrong_generator_is_shown() -> None:
    assert "7 → 14 → 28. 28 × 28 × 1 comes out" in str(lesson.generator.examine(generator(7, 2)))


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
    assert is_right(lesson.mirror.examine(decoder(missing))) == right


def test_a_right_end_by_a_wrong_road_is_not_right() -> None:
    def cropped(sizes: Sequence[int]) -> Any:
        model = decoder(lambda small, large: None)(sizes)
        spare = model.output_shape[1] - sizes[-1]
        model.add(LAYERS.Cropping2D(((0, spare), (0, spare))))
        return model

    assert not is_right(lesson.mirror.examine(cropped))


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

    text = str(lesson.mirror.examine(jumps))
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
    assert is_right(lesson.past_mean.examine(make)) == right


def test_a_leak_is_told_by_its_hours() -> None:
    text = str(lesson.past_mean.examine(lambda: [LAYERS.ZeroPadding1D((0, 2)), mean()]))
    assert "I changed hour 2, and the output of hour 0 changed" in text
    late = str(lesson.past_mean.examine(lambda: [LAYERS.ZeroPadding1D((3, 0)), mean(), LAYERS.Cropping1D((0, 1))]))
    assert "Nothing leaks. But the output of hour 2 is" in late


# -- patient 13, the stem -----------------------------------------------------------------------------------------


def stem_conv(**settings: Any) -> Any:
    return LAYERS.Conv2D(8, 7, strides=2, **settings)


@pytest.mark.parametrize(
    ("make", "right"),
    [
        (
            lambda: [
                LAYERS.ZeroPadding2D(((3, 3), (3, 3))),
                stem_conv(use_bias=False),
                LAYERS.ReLU(),
                LAYERS.ZeroPadding2D(1),
                LAYERS.MaxPooling2D(3, strides=2),
            ],
            True,
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
    assert is_right(lesson.stem.examine(make)) == right


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
    assert np.array_equal(real.stem(layer, x)[0, :, :, 0], np.array(largest))


# -- patient 14, the vaccine --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agree", "right"),
    [
        (lambda model, x, y: tuple(model(x).shape) == y.shape, True),
        (lambda model, x, y: model.output_shape[1:] == y.shape[1:], True),
        (lambda model, x, y: np.array(model(x)).shape == y.shape, True),
        (lambda model, x, y: model(x).shape[1:3] == y.shape[1:3], False),
        (lambda model, x, y: model(x).shape == x.shape, False),
        (lambda model, x, y: False, False),
        (lambda model, x, y: "True", False),
    ],
)
def test_the_vaccine_refuses_all_that_only_broadcasts(agree: Any, right: bool) -> None:
    assert is_right(lesson.agree.examine(agree)) == right


def test_the_loss_accepts_what_broadcasts_and_refuses_the_rest() -> None:
    for a, b in product(range(1, 5), repeat=2):
        assert real.loss_says(a, b) == ("a number" if a == b or 1 in (a, b) else "an error")


# -- what is measured, against the axes ---------------------------------------------------------------------------


def test_what_meets_and_what_comes_back_is_what_the_axes_say() -> None:
    for padding, n, floors in product(("same", "valid"), range(1, 40), (1, 2, 3)):
        halve, double = Window(2, stride=2, padding=padding), Repeat(2)
        try:
            skip = n
            for _ in range(floors - 1):
                skip = halve.output_size(skip)
            low = halve.output_size(skip)
        except ShapeError:
            with pytest.raises(KerasRefusal):
                real.meeting_sizes(n, floors, padding)
            continue
        assert real.meeting_sizes(n, floors, padding) == (skip, double.output_size(low))
        if padding == "same":
            assert real.bottom_and_end(n, floors) == (low, low * 2**floors)


def test_what_grows_is_what_the_axes_say() -> None:
    for n, p in product(range(1, 12), (None, 0, 1)):
        axis = Spread(3, stride=2, padding="same", output_padding=p)
        assert real.grown_size(n, p) == axis.output_size(n)
    assert real.road_down(25) == (2, 4, 7, 13, 25)
    assert real.road_down(100) == (7, 13, 25, 50, 100)


def test_how_far_ahead_is_what_the_ghosts_after_say() -> None:
    for k, layers in product(range(1, 7), (1, 2, 3)):
        _, after = Window(k, padding="same").pads(50)
        assert real.told_too_early(k, layers) == layers * after
        assert real.future_in_mean(k) == after


def test_a_reshape_keeps_only_what_was_in_place() -> None:
    assert real.numbers_out_of_place(1, 5) == 0
    assert real.numbers_out_of_place(5, 1) == 0
    # 0 1 2 3 | 4 5 6 7 becomes 0 4 | 1 5 | 2 6 | 3 7: only the first and the last number stay.
    assert real.numbers_out_of_place(2, 2) == 6
    assert real.permuted_shape(3, 64, 48) == (48, 3, 64)
    assert [real.rows_out_of_place(n) for n in range(1, 8)] == [0, 0, 1, 0, 2, 0, 3]


def test_the_belief_behind_each_patient_is_of_this_ward() -> None:
    beliefs = [m.SAME_MAKES_THEM_MEET, m.MENDED_AT_THE_END, m.POOLING_LOOKS_BACK]
    assert [belief.section for belief in beliefs] == [m.ADMIT, m.WEIGH, m.TEST]
