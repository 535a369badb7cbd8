"""Sizes as expressions in the n that went into a model, held against real models of many n."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
from arithmetic import evaluate
from explaining import autoencoder
from hypothesis import HealthCheck, given, settings, strategies as st
from keras import ops

from course_utils import explain

L = keras.layers


def unet(n: int | None, levels: int, channels_last: bool = True) -> Any:
    """Down by pooling, up by transposed convolutions and by upsampling in turn, joined at each level."""
    where: dict[str, Any] = {"data_format": "channels_last" if channels_last else "channels_first"}
    axis = -1 if channels_last else 1
    x = inputs = keras.Input((n, n, 3) if channels_last else (3, n, n))
    skips = []
    for _ in range(levels):
        x = L.ReLU()(L.BatchNormalization(axis=axis)(L.Conv2D(2, 3, padding="same", **where)(x)))
        skips.append(x)
        x = L.MaxPooling2D(2, **where)(x)
    for level in range(levels):
        x = L.Conv2DTranspose(2, 2, strides=2, **where)(x) if level % 2 else L.UpSampling2D(2, **where)(x)
        x = L.Conv2D(2, 3, padding="same", **where)(L.Concatenate(axis=axis)([x, skips.pop()]))
    return keras.Model(inputs, x)


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
        assert evaluate(row.for_any_n, {"n": n}) == row.output_shape[1] == row.keras_shapes[0][1]


@pytest.mark.parametrize("channels_last", [True, False])
@pytest.mark.parametrize("n", [48, None])
@pytest.mark.parametrize("levels", [1, 2, 4])
def test_maps_that_meet_fit_for_some_n_only(levels: int, n: int | None, channels_last: bool) -> None:
    """n and 2·⌊n / 2⌋ are equal for even n; where they are not, Keras refuses to build."""
    found = explain(unet(n, levels, channels_last))
    assert found[-1].for_any_n == "n" and found.whole_model == (
        f"For n ≡ 0 (mod {2**levels}), where the maps that meet are equal, from n = {2**levels} on: o = n. "
        "Every such n comes back."
    )
    last = f"In the n that went into the model: n, for n ≡ 0 (mod {2**levels})."
    assert (last in " ".join(str(found).split())) is (n is None)
    for size in range(2**levels, 3 * 2**levels):
        try:
            assert unet(size, levels, channels_last).output_shape[2] == size and size % 2**levels == 0
        except ValueError:
            assert size % 2**levels


def test_a_model_for_the_size_that_it_was_cropped_for() -> None:
    """Ronneberger's U-Net: no padding, and what is cut off the maps that meet was chosen for 572."""

    def build(n: int, crops: list[int]) -> Any:
        x = inputs = keras.Input((n, n, 1))
        skips = []
        for _ in crops:
            skips.append(L.Conv2D(1, 3)(L.Conv2D(1, 3)(x)))
            x = L.MaxPooling2D(2)(skips[-1])
        x = L.Conv2D(1, 3)(L.Conv2D(1, 3)(x))
        for crop in crops:
            x = L.Concatenate()([L.Cropping2D(crop)(skips.pop()), L.UpSampling2D(2)(x)])
            x = L.Conv2D(1, 3)(L.Conv2D(1, 3)(x))
        return keras.Model(inputs, x)

    sentence = explain(build(572, [4, 16, 40, 88])).whole_model
    assert sentence == (
        "For n ≡ 12 (mod 16), where the maps that meet are equal, from n = 188 on: o = n − 184. n never comes back."
    )
    assert [build(n, [4, 16, 40, 88]).output_shape[1] for n in (188, 204, 572)] == [4, 20, 388]
    for n in (172, 187, 189, 196):
        with pytest.raises(ValueError):
            build(n, [4, 16, 40, 88])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda x: L.Add()(ops.split(L.Conv2D(1, 5)(x), 4, axis=1)), "For n ≡ 0 (mod 4)"),
        (
            lambda x: ops.nn.space_to_depth(L.MaxPooling2D(2)(x), 2),
            "For n ≡ 0 or 1 (mod 4), where nothing is left over",
        ),
        (lambda x: ops.pad(L.MaxPooling2D(2)(x), [(0, 0), (3, 3), (3, 3), (0, 0)], "reflect"), "from n = 8 on"),
        (lambda x: ops.pad(L.MaxPooling2D(2)(x), [(0, 0), (3, 3), (3, 3), (0, 0)], "symmetric"), "from n = 6 on"),
        (lambda x: ops.image.crop_images(x, 2, 1, target_height=9, target_width=9), "from n = 11 on"),
        (lambda x: ops.image.pad_images(x, 2, 1, target_height=40, target_width=40), None),
    ],
)
def test_what_takes_some_sizes_only_says_which(call: Any, said: str | None) -> None:
    """Tried at every size up to 26."""

    def build(n: int) -> Any:
        image = keras.Input((n, n, 1))
        return keras.Model(image, call(image))

    found = explain(build(24))
    assert found.whole_model is None if said is None else said in (found.whole_model or "")
    for n in range(1, 27) if said else ():
        where = all(n in size.where for row in found for size in row.facts.sizes)
        try:
            made = build(n)(np.zeros((1, n, n, 1))).shape[1:3]
        except Exception:
            assert not where or n < int(re.findall(r"from n = (\d+)", found.whole_model or "")[0]), n
        else:
            assert where and made == tuple(size(n) for size in found[-1].facts.sizes), n


def test_branches_that_meet_everywhere() -> None:
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
    deep = explain([L.Conv2D(1, 3, 2) for _ in range(12)], input_shape=(None, None, 1)).whole_model
    assert deep == "For any n, from n = 8191 on: o = ⌊(n + 1) / 4096⌋ − 1."
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
