"""Sizes as expressions in the n that went into a model, held against real models of many n."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import pytest
from explaining import autoencoder
from hypothesis import HealthCheck, given, settings, strategies as st

from course_utils import explain

L = keras.layers


def unet() -> Any:
    inputs = keras.Input((None, None, 3))
    down = L.Conv2D(2, 3, padding="same")(inputs)
    up = L.UpSampling2D(2)(L.BatchNormalization()(L.MaxPooling2D(2)(down)))
    return keras.Model(inputs, L.Concatenate()([down, up]))


@pytest.mark.parametrize("n", [28, 32, None])
def test_the_autoencoder_is_one_formula_whatever_n_it_was_built_for(n: int | None) -> None:
    found = explain(autoencoder(n))
    assert found[-1].for_any_n == "8·⌈n / 8⌉ − 4"
    assert [row.for_any_n for row in found][:7] == ["n", "n", "⌈n / 2⌉", "⌈n / 2⌉", "⌈n / 4⌉", "⌈n / 4⌉", "⌈n / 8⌉"]
    assert found.whole_model == (
        "For any n: o = 8·⌈n / 8⌉ − 4. n comes back exactly for n ≡ 4 (mod 8): 4, 12, 20, 28, …"
    )


def test_the_formula_is_told_unasked_only_where_a_size_is_open() -> None:
    assert "8·⌈n / 8⌉ − 4" in str(explain(autoencoder(None)))
    assert "In the n that went into the model: ⌈n / 4⌉." in str(explain(autoencoder(None)))
    assert "8·⌈n / 8⌉" not in str(explain(autoencoder(28))), "lesson 05 lets the learner find it"


def test_the_formula_gives_what_keras_gives_for_every_n() -> None:
    for n in range(8, 41):
        assert autoencoder(n).output_shape[1] == 8 * -(-n // 8) - 4


PADDINGS = st.sampled_from(["same", "valid"])
# How to make a layer, not the layer: Keras draws its weights' seeds, which no strategy should do.
MAKERS = st.one_of(
    st.builds(lambda k, s, p: partial(L.Conv2D, 1, k, s, p), st.integers(1, 4), st.integers(1, 3), PADDINGS),
    st.builds(lambda k, p: partial(L.MaxPooling2D, k, padding=p), st.integers(1, 3), PADDINGS),
    st.builds(lambda k, s: partial(L.Conv2DTranspose, 1, k, s, "same"), st.integers(1, 4), st.integers(1, 3)),
    st.builds(lambda f: partial(L.UpSampling2D, f), st.integers(1, 3)),
    st.builds(lambda p: partial(L.ZeroPadding2D, p), st.integers(0, 2)),
    st.just(partial(L.ReLU, name="relu")),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(makers=st.lists(MAKERS, min_size=1, max_size=7), n=st.integers(20, 60))
def test_random_chains_with_open_sizes(makers: list[partial[Any]], n: int) -> None:
    layers = [make() for make in makers]
    found = explain(layers, input_shape=(None, None, 1))
    filled = explain(layers, input_shape=(n, n, 1))
    for open_row, row in zip(found, filled, strict=True):
        if row.refused or not row.reached:
            break
        assert open_row.for_any_n == row.for_any_n
        assert row.output_shape is not None and row.for_any_n
        assert _value(row.for_any_n, n) == row.output_shape[1] == row.keras_shapes[0][1]


def _value(text: str, n: int) -> int:
    from test_size_formulas import value

    return value(text, n)


def test_branches_that_meet_must_have_the_same_expression() -> None:
    even = explain(unet())
    assert even[-1].for_any_n == "", "n and 2·⌊n / 2⌋ meet: only even n fit, so there is no one expression"
    inputs = keras.Input((None, None, 2))
    squeezed = L.Multiply()([inputs, L.Dense(2)(L.GlobalAveragePooling2D(keepdims=True)(inputs))])
    assert explain(keras.Model(inputs, squeezed))[-1].for_any_n == "n", "a single cell is stretched"
    residual = L.Add()([L.Conv2D(2, 3, 2, "same")(inputs), L.MaxPooling2D(2, padding="same")(inputs)])
    assert explain(keras.Model(inputs, residual))[-1].for_any_n == "⌈n / 2⌉"


def test_height_and_width_may_differ() -> None:
    (row,) = explain(L.Conv2D(1, (3, 5), padding="valid"), input_shape=(None, None, 1))
    assert row.for_any_n == "height n − 2, width n − 4"
    first = explain([L.MaxPooling2D((2, 1)), L.ReLU()], input_shape=(None, 9, 1))
    assert [row.for_any_n for row in first] == ["height ⌊n / 2⌋, width n"] * 2


def test_behind_what_leaves_the_maps_there_is_no_expression() -> None:
    rows = explain([L.Conv2D(1, 3), L.Flatten(), L.Dense(4), L.Reshape((2, 2, 1))], input_shape=(9, 9, 1))
    assert [bool(row.for_any_n) for row in rows] == [True, False, False, False]
    resized = explain([L.Conv2D(1, 3), L.Resizing(8, 8), L.MaxPooling2D(2)], input_shape=(9, 9, 1))
    assert [row.for_any_n for row in resized] == ["n − 2", "8", "4"]
    assert explain(L.Dense(3), input_shape=(None, 3)).whole_model is None


def test_two_inputs_of_different_sizes_have_no_single_n() -> None:
    big, small = keras.Input((None, None, 1)), keras.Input((8, 8, 1))
    model = keras.Model([big, small], L.Concatenate()([L.Resizing(8, 8)(big), small]))
    assert all(not row.for_any_n for row in explain(model))


def test_from_which_n_on() -> None:
    sentence = explain([L.Conv2D(1, 5), L.MaxPooling2D(2), L.UpSampling2D(2)], input_shape=(None, None, 1)).whole_model
    assert sentence == "For any n, from n = 6 on: o = 2·⌊n / 2⌋ − 4. n never comes back."
    assert "comes back" not in str(explain([L.Conv2D(1, 5, 2)], input_shape=(None, None, 1)).whole_model)


def test_channels_first() -> None:
    rows = explain([L.MaxPooling2D(2, data_format="channels_first")], input_shape=(3, None, None))
    assert rows[0].for_any_n == "⌊n / 2⌋"


def test_a_layer_that_takes_a_map_for_its_channels_ends_the_expression() -> None:
    rows = explain([L.MaxPooling2D(2, data_format="channels_first"), L.Dense(5)], input_shape=(3, 8, 8))
    assert rows[1].output_shape == (None, 3, 4, 5), "Dense knows the last axis only"
    assert [row.for_any_n for row in rows] == ["⌊n / 2⌋", ""]
