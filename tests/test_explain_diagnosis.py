"""Why a size is missed, since which layer, and repairs that were run."""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import pytest
from explaining import autoencoder

import course_utils
from course_utils.explain.rows import Diagnosis

L: Any = keras.layers
explain: Any = course_utils.explain  # a function with another one on it: explain.building


def run(repair: Any, model: Any, n: int) -> tuple[int, ...]:
    """The shape that the repaired model really gives."""
    names: dict[str, Any] = {"keras": keras, "model": model}
    exec(repair.code, names)
    return tuple(names["repaired"](np.zeros((1, n, n, 1), "float32")).shape)


@pytest.mark.parametrize("n", [12, 20, 28, 36])
def test_a_model_that_closes_has_no_diagnosis(n: int) -> None:
    assert explain(autoencoder(n)).diagnosis is None


@pytest.mark.parametrize("n", [9, 14, 21, 22, 23, 25, 27, 30, 32, 40])
@pytest.mark.parametrize("conv6", ["same", "valid"])
def test_every_repair_that_is_offered_gives_the_size(n: int, conv6: str) -> None:
    model = autoencoder(n, conv6=conv6, pool3="valid" if n in (9, 14, 22) else "same")
    found, made = explain(model, target=(n, n, 1)).diagnosis, model.output_shape[1]
    assert found is not None and found.hits is (made == n)
    if found.hits:
        return
    assert found.findings[0].startswith(f"✗ What comes out is {made}×{made}×1; wanted is {n}×{n}×1")
    assert f"{abs(made - n)} rows too" in found.findings[0] or "one row too" in found.findings[0]
    assert len(found.repairs) >= (3 if n > 9 else 1)
    for repair in found.repairs:
        assert run(repair, model, n) == (1, n, n, 1), repair.what


def test_since_which_layer() -> None:
    found = explain(autoencoder(25)).diagnosis
    assert found is not None
    assert found.findings[1] == (
        "The trouble starts here: pool1 (MaxPooling2D) turns 25 into 13: 25 / 2 is not a whole number, and 13·2 is 26. "
        "Multiplying does not undo the rounding."
    )
    assert found.findings[4] == 'conv6 (Conv2D) loses 2: 16 → 14, padding="valid".'
    lost = explain(autoencoder(32)).diagnosis
    assert lost is not None
    assert not any("transposed" in repair.what for repair in lost.repairs), "every doubling is right already"
    assert lost.findings[1].startswith("The trouble starts here: conv6 (Conv2D) loses 2: 16 → 14")
    assert 'padding="same" in conv6' in lost.repairs[0].what, "the smallest change first"
    assert "With an input of 28×28 or 36×36 the same size comes back." in lost.findings
    assert [size.input_shape for size in lost.sizes] == [(28, 28, 1), (36, 36, 1)]


def test_same_everywhere_gives_32_and_is_repaired() -> None:
    model = autoencoder(28, conv6="same")
    found = explain(model).diagnosis
    assert found is not None and "4 rows too many and 4 columns too many" in found.findings[0]
    said = [repair.what for repair in found.repairs]
    assert any('padding="valid" in conv6' in what for what in said)
    assert any("cut what comes out: 32×32 → 28×28" in what for what in said)
    assert any("transposed convolutions" in what for what in said)
    for repair in found.repairs:
        assert run(repair, model, 28) == (1, 28, 28, 1)


def test_a_target_may_be_given() -> None:
    model = autoencoder(28)
    assert explain(model, target=(28, 28, 1)).diagnosis == Diagnosis(
        (None, 28, 28, 1), True, ("✓ What comes out is 28×28×1, as wanted.",)
    )
    other = explain(model, target=(28, 28, 3)).diagnosis
    assert other is not None
    assert "2 channels too few" in other.findings[0]
    assert "stretches sizes of 1 and trains without a word" in other.findings[1]
    classifier = keras.Sequential([keras.Input((8, 8, 1)), L.MaxPooling2D(2), L.Flatten(), L.Dense(10)])
    assert explain(classifier).diagnosis is None
    wrong = explain(classifier, target=(3,)).diagnosis
    assert wrong is not None and "What comes out is 10; wanted is 3" in wrong.findings[0]


def strided(
    down: int, up: int, channels: int, shape: tuple[int, ...] = (64, 48, 3), end: Any = None, **settings: Any
) -> Any:
    """Strided convolutions down and transposed ones up, and an output with so many channels."""
    x = image = keras.Input(shape)
    for _ in range(down):
        x = L.Conv2D(4, 3, strides=2, padding="same", **settings)(x)
    for _ in range(up):
        x = L.Conv2DTranspose(4, 3, strides=2, padding="same", **settings)(x)
    x = L.Conv2D(channels, 1, **settings)(x)
    return keras.Model(image, x if end is None else end(x))


def several_heads() -> Any:
    body = strided(3, 0, 3)
    up = L.UpSampling2D(2)(body.output)
    return keras.Model(body.input, [L.Conv2D(3, 1)(body.output), L.Conv2D(3, 1)(up), L.UpSampling2D(4)(up)])


def cropped_skip() -> Any:
    """A U-Net without padding is to give less than it gets."""
    image = keras.Input((60, 60, 1))
    down = L.Conv2D(2, 3)(image)
    up = L.UpSampling2D(2)(L.Conv2D(2, 3)(L.MaxPooling2D(2)(down)))
    return keras.Model(image, L.Conv2D(1, 1)(L.Concatenate()([L.Cropping2D(2)(down), up])))


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.Sequential([keras.Input((9, 9, 1)), L.Conv2D(1, 3)]),
        lambda: keras.Sequential([keras.Input((9, 9, 1)), L.MaxPooling2D(2)]),
        lambda: keras.Sequential([keras.Input((9, 9, 1)), L.UpSampling2D(2)]),
        lambda: strided(5, 3, 17),  # heatmaps
        lambda: strided(5, 3, 3),
        lambda: strided(2, 2, 10, (30, 30, 3)),  # segmentation
        lambda: strided(2, 2, 3, (30, 30, 3), end=L.Softmax()),  # of as many classes as there are colours
        lambda: strided(2, 2, 3, (30, 30, 3), end=L.Conv2D(3, 1, activation="softmax")),
        lambda: strided(1, 2, 3),  # super-resolution
        lambda: strided(1, 3, 3, (30, 30, 3)),
        lambda: strided(1, 2, 1, (1, 30, 30), data_format="channels_first"),
        lambda: keras.Sequential([keras.Input((31, 1)), L.MaxPooling1D(2), L.UpSampling1D(4), L.UpSampling1D(2)]),
        several_heads,
        cropped_skip,
    ],
)
def test_no_target_is_made_up(make: Any) -> None:
    found = explain(make())
    assert found.agrees and found.diagnosis is None


def pooled(shape: tuple[int, ...], *more: Any, **settings: Any) -> Any:
    """Three poolings that round up, three doublings, and what else stands in the middle."""
    d = len(shape) - 1
    down = [getattr(L, f"MaxPooling{d}D")(2, padding="same", **settings) for _ in range(3)]
    up = [getattr(L, f"UpSampling{d}D")(2, **settings) for _ in range(3)]
    return keras.Sequential([keras.Input(shape), *down, *more, *up])


@pytest.mark.parametrize(
    ("shape", "near"),
    [
        ((30, 30, 1), [(24, 24), (32, 32)]),
        ((32, 30, 1), [(32, 24), (32, 32)]),
        ((30, 20, 1), [(24, 16), (32, 24)]),
        ((13, 2), [(8,), (16,)]),
        ((16, 14, 13, 1), [(16, 8, 8), (16, 16, 16)]),
    ],
)
def test_sizes_that_come_back_were_tried(shape: tuple[int, ...], near: list[tuple[int, ...]]) -> None:
    found = explain(pooled(shape)).diagnosis
    assert found is not None
    said = " or ".join("×".join(map(str, sizes)) for sizes in near)
    assert f"With an input of {said} the same size comes back." in found.findings
    for sizes in near:
        assert pooled((*sizes, shape[-1])).output_shape == (None, *sizes, shape[-1])


class Own(L.Layer):
    """Keras cannot write down an array."""

    def __init__(self, factors: Any) -> None:
        super().__init__()
        self.factors = factors

    def call(self, x: Any) -> Any:
        return x * self.factors


class Scaled(L.Layer):
    """Nobody can make another: what it was made with stands under another name."""

    def __init__(self, by: Any) -> None:
        super().__init__()
        self.factor = by

    def call(self, x: Any) -> Any:
        return x * self.factor


def variational(n: int) -> Any:
    """Through a code without any map, and back by a Reshape."""
    body = pooled((n, n, 1))
    x = L.Flatten()(body.layers[2].output)
    x = L.Reshape((4, 4, 1))(L.Dense(16)(L.Dense(3)(x)))
    for layer in body.layers[3:]:
        x = layer(x)
    return keras.Model(body.inputs, x)


@pytest.mark.parametrize(
    ("make", "near"),
    [
        (lambda: pooled((30, 30, 1), L.Lambda(lambda t: t * 2)), [24, 32]),
        (lambda: pooled((30, 30, 1), L.Permute((2, 1, 3))), [24, 32]),
        (lambda: pooled((30, 30, 1), Own(np.ones(1))), [24, 32]),
        (lambda: pooled((30, 30, 1), Scaled(2.0)), [24, 32]),
        (lambda: pooled((30, 30, 1), keras.Sequential([L.Dense(1), L.Lambda(lambda t: t[:, :, ::-1])])), [24, 32]),
        (lambda: meeting(lambda x: x[..., :1]), [24, 32]),
        (lambda: meeting(lambda x: x * keras.ops.mean(x, axis=(1, 2), keepdims=True)), [24, 32]),
        (lambda: variational(30), [32]),
        # It keeps an even number of rows and columns. Whole numbers alone would say 24, and only building tells.
        (lambda: pooled((30, 30, 1), L.Lambda(lambda t: t[:, : t.shape[1] // 2 * 2, : t.shape[2] // 2 * 2])), [16, 32]),
    ],
)
def test_a_layer_that_cannot_be_followed_does_not_end_the_search(make: Any, near: list[int]) -> None:
    model = make()
    nodes = [len(layer._inbound_nodes) for layer in model.layers]
    found = explain(model).diagnosis
    assert found is not None and [size.input_shape for size in found.sizes] == [(n, n, 1) for n in near]
    assert all(size.output_shape == size.input_shape for size in found.sizes)
    for repair in found.repairs:
        assert run(repair, model, 30) == (1, 30, 30, 1), repair.what
    assert found.repairs and [len(layer._inbound_nodes) for layer in model.layers] == nodes, "the model is left alone"


def meeting(change: Any) -> Any:
    """The same with an operation of ``keras.ops`` in the middle."""
    body = pooled((30, 30, 1))
    x = change(body.layers[2].output)
    for layer in body.layers[3:]:
        x = layer(x)
    return keras.Model(body.inputs, x)


def padded_down(n: int) -> Any:
    """Down by padded strided convolutions, as in PyTorch: only the second one rounds, for n = 30."""
    x = image = keras.Input((n, n, 1))
    for place in (1, 2):
        x = L.Conv2D(2, 3, strides=2, name=f"down{place}")(L.ZeroPadding2D(1)(x))
    for _ in range(2):
        x = L.Conv2DTranspose(2, 3, strides=2, padding="same")(x)
    return keras.Model(image, L.Conv2D(1, 1)(x))


def channels_first_unknown_in_the_middle() -> Any:
    """Behind the Lambda nothing is known of the maps, and two channels are fewer than the rows."""
    order = {"data_format": "channels_first"}
    return keras.Sequential(
        [
            keras.Input((1, 24, 24)),
            L.Conv2D(2, 3, strides=6, padding="same", **order),
            L.Lambda(lambda t: t * 2),
            Scaled(2.0),
            L.Conv2DTranspose(2, 3, strides=2, padding="same", **order),
            L.Conv2D(2, 2, name="extra", **order),
            L.Conv2DTranspose(1, 3, strides=3, padding="same", **order),
        ]
    )


@pytest.mark.parametrize(
    ("make", "layer", "axis"),
    [
        (lambda: padded_down(30), "down2", 0),
        (lambda: pooled((32, 30, 1)), 1, 1),
        (lambda: pooled((30, 32, 1)), 1, 0),
        (lambda: pooled((16, 16, 14, 1)), 1, 2),
        (lambda: pooled((1, 32, 30), data_format="channels_first"), 1, 1),
        (channels_first_unknown_in_the_middle, "extra", 0),
        (lambda: autoencoder(28, conv6="same"), "pool3", 0),
        (lambda: autoencoder(32), "conv6", 0),
        (lambda: autoencoder(30), "conv6", 0),
    ],
)
def test_the_layer_that_rounded_or_lost_is_to_blame(make: Any, layer: str | int, axis: int) -> None:
    model = make()
    found = explain(model).diagnosis
    assert found is not None and found.cause is not None
    assert found.cause.step.layer == (model.layers[layer].name if isinstance(layer, int) else layer)
    assert found.cause.axis == axis


def test_what_a_generator_makes_is_fixed_by_its_reshape() -> None:
    def generator(n: int, channels: int = 8) -> Any:
        up = [L.Conv2DTranspose(4, 3, strides=2, padding="same"), L.Conv2DTranspose(1, 3, strides=2, padding="same")]
        dense = L.Dense(n * n * channels, name="dense")
        return keras.Sequential([keras.Input((10,)), dense, L.Reshape((n, n, channels), name="fold"), *up])

    assert explain(generator(7)).diagnosis is None
    found = explain(generator(7), target=(32, 32, 1)).diagnosis
    assert found is not None
    assert found.findings[1] == "fold fixes the size: 7×7×8 comes out of it, whatever goes in, and 7·4 = 28."
    (repair,) = found.repairs
    names: dict[str, Any] = {"keras": keras, "model": generator(7)}
    exec(repair.code, names)
    assert (
        names["repaired"](np.zeros((1, 10), "float32")).shape == (1, 32, 32, 1) == (1, *generator(8).output_shape[1:])
    )


def test_a_size_that_is_far_away_is_found_by_its_divisor() -> None:
    def make(n: int) -> Any:
        down = [L.MaxPooling1D(10, padding="same") for _ in range(4)]
        return keras.Sequential([keras.Input((n, 1)), *down, *[L.UpSampling1D(10) for _ in range(4)]])

    found = explain(make(123456)).diagnosis
    assert found is not None and [size.input_shape[0] for size in found.sizes] == [120000, 130000]
    assert all(make(size.input_shape[0]).output_shape[1:] == size.output_shape for size in found.sizes)


def conditional() -> Any:
    """A generator of two inputs: each is laid out by a Reshape of its own before they meet."""
    code, label = keras.Input((6,)), keras.Input((1,))
    maps = L.Reshape((7, 7, 2), name="maps")(L.ReLU()(L.BatchNormalization()(L.Dense(98, name="wide")(code))))
    plane = L.Reshape((7, 7, 1), name="plane")(L.Dense(49, name="flat")(L.Flatten()(L.Embedding(4, 3)(label))))
    up = L.UpSampling2D(4)(L.Concatenate()([maps, plane]))
    return keras.Model([code, label], L.Conv2D(1, 3, padding="same")(up))


@pytest.mark.parametrize("size", [(32, 32), (28, 40), (8, 4)])
def test_a_generator_gets_other_sizes_along_each_axis(size: tuple[int, int]) -> None:
    model = conditional()
    found = explain(model, target=(*size, 1)).diagnosis
    assert found is not None
    (repair,) = found.repairs
    h, w = (n // 4 for n in size)
    assert repair.what == (
        f"{h}×{w}×2 in maps and {h}·{w}·2 instead of 7·7·2 units in wide; "
        f"{h}×{w}×1 in plane and {h}·{w}·1 instead of 7·7·1 units in flat"
    )
    names: dict[str, Any] = {"keras": keras, "model": model}
    exec(repair.code, names)
    assert names["repaired"]([np.zeros((2, 6)), np.zeros((2, 1))]).shape == (2, *size, 1)


def test_only_a_reshape_to_as_many_axes_says_by_how_much_it_grows() -> None:
    layers = [L.Dense(32), L.Reshape((4, 4, 2), name="map"), L.UpSampling2D(2), L.Reshape((32, 4), name="row")]
    model = keras.Sequential([keras.Input((3,)), *layers, L.Conv1D(1, 3, padding="same")])
    found = explain(model, target=(40, 1)).diagnosis
    assert found is not None and found.findings[1:] == (
        "map fixes the size: 4×4×2 comes out of it, whatever goes in.",
        "row fixes the size: 32×4 comes out of it, whatever goes in, and 32·1 = 32.",
    )


def test_a_reshape_that_works_a_size_out_fixes_none() -> None:
    """As in a block of self-attention: all cells in one row, and a map again."""

    def make(n: int) -> Any:
        image = keras.Input((n, n, 1))
        x = L.Conv2D(4, 3, strides=2, padding="same", name="down")(image)
        row = L.Reshape((-1, 4), name="row")(x)
        x = L.Add()([x, L.Reshape((8, 8, 4), name="map")(row * 2)])
        return keras.Model(image, L.Conv2DTranspose(1, 3, strides=2, padding="same")(x))

    found = explain(make(15)).diagnosis
    assert found is not None and found.cause is not None and found.cause.step.layer == "down"
    said = [text for text in found.findings if "whatever goes in" in text]
    assert said == ["map fixes the size: 8×8×4 comes out of it, whatever goes in, and 8·2 = 16."]
    assert [size.input_shape for size in found.sizes] == [(16, 16, 1)]
    assert make(16).output_shape == (None, 16, 16, 1)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ((None, None, 4), "✓ What comes out is 8×6×4, as wanted."),
        ((8, None, 4), "✓ What comes out is 8×6×4, as wanted."),
        ((None, None, 3), "✗ What comes out is 8×6×4; wanted is ?×?×3: one channel too many."),
        ((7, None, 4), "✗ What comes out is 8×6×4; wanted is 7×?×4: one row too many."),
    ],
)
def test_a_size_that_the_target_leaves_open_may_be_any(target: Any, said: str) -> None:
    found = explain(L.Conv2D(4, 1), input_shape=(8, 6, 3), target=target).diagnosis
    assert found is not None and found.findings == (said,) and found.hits == (said[0] == "✓")


def test_a_row_of_numbers_has_no_channels() -> None:
    found = explain(L.Dense(10), input_shape=(8,), target=(12,)).diagnosis
    assert found is not None and found.findings == ("✗ What comes out is 10; wanted is 12: 2 numbers too few.",)


def test_a_nested_model_gets_the_advice_of_a_flat_one() -> None:
    flat = autoencoder(25)
    encoder = keras.Sequential([keras.Input((25, 25, 1)), *[copy_of(layer) for layer in flat.layers[:6]]], name="enc")
    decoder = keras.Sequential(
        [keras.Input(encoder.output_shape[1:]), *[copy_of(layer) for layer in flat.layers[6:]]], name="dec"
    )
    image = keras.Input((25, 25, 1))
    nested = keras.Model(image, decoder(encoder(image)))
    one, other = explain(flat).diagnosis, explain(nested).diagnosis
    assert one is not None and other is not None
    assert [re.sub("(enc|dec)/", "", text) for text in other.findings] == list(one.findings)
    assert [re.sub("(enc|dec)/", "", repair.what) for repair in other.repairs] == [
        repair.what for repair in one.repairs
    ]
    for repair in other.repairs:
        assert run(repair, nested, 25) == (1, 25, 25, 1)


def copy_of(layer: Any) -> Any:
    return type(layer).from_config(layer.get_config())


def test_a_repair_keeps_the_weights_that_still_fit() -> None:
    model = autoencoder(25)
    found = explain(model).diagnosis
    assert found is not None
    repair = next(repair for repair in found.repairs if "transposed" in repair.what)
    names: dict[str, Any] = {"keras": keras, "model": model}
    exec(repair.code, names)
    for name in ("conv1", "conv6", "conv7"):
        for old, new in zip(
            model.get_layer(name).get_weights(), names["repaired"].get_layer(name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("kind", ["channels_first", "channels_last"])
def test_rows_columns_and_channels_are_called_by_their_names(kind: str) -> None:
    shape = (1, 30, 29) if kind == "channels_first" else (30, 29, 1)
    found = explain(strided(3, 3, 1, shape, data_format=kind)).diagnosis
    assert found is not None and found.findings[0].endswith(": 2 rows too many and 3 columns too many.")


def test_rectangles_and_one_dimension() -> None:
    model = keras.Sequential(
        [keras.Input((10, 13, 1)), L.MaxPooling2D(2, padding="same"), L.Conv2D(4, 3, padding="same"), L.UpSampling2D(2)]
    )
    found = explain(model, target=(10, 13, 4)).diagnosis
    assert found is not None and "one column too many" in found.findings[0]
    assert found.repairs
    line = keras.Sequential([keras.Input((9, 2)), L.MaxPooling1D(2, padding="same"), L.UpSampling1D(2)])
    missed = explain(line).diagnosis
    assert missed is not None and "one cell too many" in missed.findings[0]
    names: dict[str, Any] = {"keras": keras, "model": line}
    exec(missed.repairs[0].code, names)
    assert names["repaired"](np.zeros((1, 9, 2), "float32")).shape == (1, 9, 2)


def test_the_diagnosis_is_read_in_the_terminal_in_html_and_in_markdown() -> None:
    found = explain(autoencoder(25))
    assert found.diagnosis is not None
    text, page, report = str(found), found._repr_html_(), found.to_markdown()
    for finding in found.diagnosis.findings:
        assert " ".join(finding.split()) in " ".join(text.split())
    assert "Repair 1: cut what comes out: 28×28 → 25×25." in text
    assert max(map(len, text.splitlines())) <= 100
    assert page.count("<details><summary style") >= len(found.diagnosis.repairs)
    assert "keras.layers.Cropping2D(((1, 2), (1, 2)))" in page
    assert "The trouble starts here" in report
    assert found.diagnosis.repairs[-1].code.splitlines()[0] in str(found.diagnosis)
    assert "Repair" not in str(explain(autoencoder(28)))


@pytest.mark.parametrize("pool", [L.GlobalAveragePooling2D, L.GlobalMaxPooling2D])
def test_a_branch_that_leaves_the_maps_does_not_end_the_diagnosis(pool: Any) -> None:
    """Squeeze and excite: the pooling in the branch has axes, and what comes out of it has none."""
    image = keras.Input((30, 30, 1))
    x = L.Conv2D(8, 3, strides=2, padding="same")(image)
    x = L.Multiply()([x, L.Reshape((1, 1, 8))(L.Dense(8)(pool()(x)))])
    model = keras.Model(image, L.Conv2DTranspose(1, 3, strides=4, padding="same")(x))
    found = explain(model, target=(30, 30, 1))
    assert found.agrees and found.diagnosis is not None and "30 rows too many" in found.diagnosis.findings[0]


# -- silent traps -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "n", "said"),
    [
        (lambda: L.Conv2D(4, 3, 3), 9, "the third number is the stride"),
        (lambda: L.Conv2D(4, 3, 2, padding="same"), 8, "one-sided, 0 before and 1 after"),
        (lambda: L.MaxPooling2D(2, padding="same"), 7, "one-sided, 0 before and 1 after"),
        (lambda: L.Conv2D(4, 4, padding="same"), 7, "one-sided, 1 before and 2 after"),
        (lambda: L.Conv2DTranspose(4, 3, 2), 4, "k mod s = 3 mod 2 = 1"),
        (lambda: L.Conv2DTranspose(4, 2, 2, padding="same", output_padding=0), 4, "output_padding=0"),
        (lambda: L.MaxPooling2D(2), 7, "No window ever reads one row and one column"),
    ],
)
def test_a_trap_is_noted_on_its_row(layer: Any, n: int, said: str) -> None:
    (row,) = explain(layer(), input_shape=(n, n, 1))
    assert any(said in note for note in row.notes), row.notes


@pytest.mark.parametrize(
    ("layer", "n"),
    [
        (lambda: L.Conv2D(4, 3), 9),
        (lambda: L.Conv2D(4, 3, 2, padding="same"), 7),
        (lambda: L.Conv2D(4, 1, 1), 7),
        (lambda: L.Conv2DTranspose(4, 4, 2), 4),
        (lambda: L.MaxPooling2D(2), 8),
    ],
)
def test_where_there_is_no_trap_nothing_is_noted(layer: Any, n: int) -> None:
    (row,) = explain(layer(), input_shape=(n, n, 1))
    assert row.notes == ()


def test_padding_that_no_window_needs_is_to_blame_itself() -> None:
    """29 is padded to 32, which is halved without rounding; the crop behind takes 4 of the 3."""
    layers = [
        L.ZeroPadding2D(((0, 3), (0, 3)), name="pad"),
        L.Conv2D(4, 3, strides=2, padding="same"),
        L.UpSampling2D(2),
        L.Conv2D(1, 3, padding="same"),
        L.Cropping2D(2, name="crop"),
    ]
    found = explain(keras.Sequential([keras.Input((29, 29, 1)), *layers])).diagnosis
    said = [line for line in found.findings if ("29" in line and "→" in line) or "crop" in line]
    assert "crop (Cropping2D) loses 4: 32 → 28." in said[0] and said[1] == "pad (ZeroPadding2D) adds 3: 29 → 32."
    assert "rounding" not in str(found)


@pytest.mark.parametrize("n", [27, 53])
def test_the_nearest_size_is_named_where_branches_halve_side_by_side(n: int) -> None:
    def make() -> Any:
        x = keras.Input((n, n, 8))
        return keras.Model(x, L.Add()([L.AveragePooling2D(2)(x), L.Conv2D(8, 3, strides=2, padding="same")(x)]))

    assert [one.input_shape[0] for one in explain.building(make).diagnosis.sizes] == [n - 1, n + 1]
