"""Why a size is missed, since which layer, and repairs that were run; and models that fail to build."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from explaining import autoencoder

import course_utils
from course_utils.explain.diagnosis import runs
from course_utils.explain.rows import Diagnosis, Repair

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
        "The trouble starts here: up1 gives 8 where 7 were: pool3 made 4 of 7 (⌈7 / 2⌉ = 4), and multiplying does not "
        "undo the rounding."
    )
    assert found.findings[2] == "up2 gives 16 where 13 were, because 8 reached it and not 7."
    lost = explain(autoencoder(32)).diagnosis
    assert lost is not None
    assert not any("transposed" in repair.what for repair in lost.repairs), "every doubling is right already"
    assert lost.findings[1].startswith("The trouble starts here: conv6 (Conv2D) loses 2 on the way up: 16 → 14")
    assert 'padding="same" in conv6' in lost.repairs[0].what, "the smallest change first"
    assert "With an input of 28×28 or 36×36 the same size comes back." in lost.findings


@pytest.mark.parametrize(
    "code",
    [
        "repaired = model",
        "repaired = keras.Sequential([model, keras.layers.Cropping2D(99)])",
        "repaired = keras.Sequential([model, keras.layers.Cropping2D((1, 2, 3))])",
    ],
)
def test_what_does_not_give_the_size_is_not_offered(code: str) -> None:
    model = autoencoder(25)
    assert not runs(Repair("", code), model, (25, 25), (25, 25))
    assert runs(Repair("", "repaired = model"), model, (25, 25), (28, 28))


@pytest.mark.parametrize("code", ["no Python at all", "repaired = modle"])
def test_code_that_is_written_wrong_is_not_hidden_as_a_repair_that_does_not_fit(code: str) -> None:
    with pytest.raises((SyntaxError, NameError)):
        runs(Repair("", code), autoencoder(25), (25, 25), (28, 28))


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


def strided(down: int, up: int, channels: int, shape: tuple[int, ...] = (64, 48, 3), **settings: Any) -> Any:
    """Strided convolutions down and transposed ones up, and an output with so many channels."""
    x = image = keras.Input(shape)
    for _ in range(down):
        x = L.Conv2D(4, 3, strides=2, padding="same", **settings)(x)
    for _ in range(up):
        x = L.Conv2DTranspose(4, 3, strides=2, padding="same", **settings)(x)
    return keras.Model(image, L.Conv2D(channels, 1, **settings)(x))


def several_heads() -> Any:
    body = strided(3, 0, 3)
    up = L.UpSampling2D(2)(body.output)
    return keras.Model(body.input, [L.Conv2D(3, 1)(body.output), L.Conv2D(3, 1)(up), L.UpSampling2D(4)(up)])


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.Sequential([keras.Input((9, 9, 1)), L.Conv2D(1, 3)]),
        lambda: keras.Sequential([keras.Input((9, 9, 1)), L.MaxPooling2D(2)]),
        lambda: keras.Sequential([keras.Input((9, 9, 1)), L.UpSampling2D(2)]),
        lambda: strided(5, 3, 17),  # heatmaps
        lambda: strided(5, 3, 3),
        lambda: strided(2, 2, 10, (30, 30, 3)),  # segmentation
        lambda: strided(1, 2, 3),  # super-resolution
        lambda: strided(1, 3, 3, (30, 30, 3)),
        lambda: strided(1, 2, 1, (1, 30, 30), data_format="channels_first"),
        lambda: keras.Sequential([keras.Input((31, 1)), L.MaxPooling1D(2), L.UpSampling1D(4), L.UpSampling1D(2)]),
        several_heads,
    ],
)
def test_no_target_is_made_up(make: Any) -> None:
    found = explain(make())
    assert found.agrees and found.diagnosis is None


def pooled(shape: tuple[int, ...], *more: Any) -> Any:
    """Three poolings that round up, three doublings, and what else stands in the middle."""
    d = len(shape) - 1
    down = [getattr(L, f"MaxPooling{d}D")(2, padding="same") for _ in range(3)]
    up = [getattr(L, f"UpSampling{d}D")(2) for _ in range(3)]
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


def test_where_sizes_cannot_be_followed_nothing_is_said_of_them() -> None:
    for more in (L.Lambda(lambda t: t * 2), L.Permute((2, 1, 3))):
        found = explain(pooled((30, 30, 1), more)).diagnosis
        assert found is not None and not any("same size come" in finding for finding in found.findings)


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


# -- models that fail to build ------------------------------------------------------------------------------------


def unet(n: int, pool: int = 2) -> Any:
    image = keras.Input((n, n, 3), name="image")
    down = L.Conv2D(4, 3, padding="same", name="left")(image)
    up = L.UpSampling2D(pool, name="up")(L.MaxPooling2D(pool, name="pool")(down))
    return keras.Model(image, L.Concatenate(name="join")([down, up]))


def test_a_join_of_unequal_sizes_is_named_with_what_reached_it() -> None:
    found = explain.building(lambda: unet(25))
    refused = found.refused_at
    assert refused is not None and refused.layer == "join"
    assert refused.input_shapes == ((None, 25, 25, 4), (None, 24, 24, 4))
    assert "matching shapes" in (refused.refusal_keras or "")
    assert [row.layer for row in found] == ["image", "left", "pool", "up", "join"]
    assert found.diagnosis is not None
    assert found.diagnosis.findings[1] == "It fits for an input of 24×24 or 26×26."
    assert [repair.what for repair in found.diagnosis.repairs] == [
        "pad the smaller one with zeros before join: 24×24 → 25×25",
        "cut the larger one before join: 25×25 → 24×24",
    ]


def test_only_sizes_that_fit_are_proposed_for_the_input() -> None:
    found = explain.building(lambda: unet(26, pool=5)).diagnosis
    assert found is not None
    assert found.findings[1] == "It fits for an input of 25×25 or 30×30."


def test_what_does_not_help_a_join_is_not_offered() -> None:
    def make() -> Any:
        image = keras.Input((9, 9, 4))
        return keras.Model(image, L.Add()([L.Conv2D(5, 2)(image), image]))

    found = explain.building(make).diagnosis
    assert found is not None and found.repairs == (), "8×8×5 and 9×9×4 do not meet when they are padded"


def test_a_model_that_builds_is_explained_as_always() -> None:
    assert explain.building(lambda: unet(24)).agrees
    assert explain.building(lambda: unet(24)).refused_at is None


def too_deep() -> Any:
    return keras.Sequential([keras.Input((8, 8, 1)), L.Conv2D(4, 3), L.MaxPooling2D(4), L.Conv2D(4, 3, name="last")])


def nested() -> Any:
    image = keras.Input((9, 9, 3))
    return keras.Model(image, keras.Sequential([L.Conv2D(4, 3), L.Conv2D(4, 9, name="wide")], name="inner")(image))


def late() -> Any:
    model = keras.Sequential([L.Conv2D(4, 3), L.Conv2D(4, 9, name="wide")])
    model.build((None, 9, 9, 3))
    return model


def off_by_one() -> Any:
    image = keras.Input((9, 9, 4), name="image")
    return keras.Model(image, L.Add(name="residual")([L.Conv2D(4, 2, name="even")(image), image]))


def subclassed() -> Any:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="own")
            self.conv, self.pool = L.Conv2D(3, 3), L.MaxPooling2D(9, name="wide")

        def call(self, x: Any) -> Any:
            return self.pool(self.conv(x))

    model = Own()
    model(keras.Input((9, 9, 3)))
    return model


@pytest.mark.parametrize(
    ("make", "layer", "reached", "fits"),
    [
        (too_deep, "last", ((None, 1, 1, 4),), "It fits for an input of 14×14."),
        (nested, "inner/wide", ((None, 7, 7, 4),), "It fits for an input of 11×11."),
        (late, "wide", ((None, 7, 7, 4),), "It fits for an input of 11×11."),
        (off_by_one, "residual", ((None, 8, 8, 4), (None, 9, 9, 4)), None),
    ],
)
def test_the_layer_that_keras_leaves_unnamed(make: Any, layer: str, reached: Any, fits: str | None) -> None:
    found = explain.building(make)
    refused = found.refused_at
    assert refused is not None and refused.layer == layer
    assert refused.input_shapes == reached
    assert refused.refusal_by_hand and refused.refusal_keras
    assert found.diagnosis is not None and found.diagnosis.repairs
    assert fits is None or fits in found.diagnosis.findings


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_model_of_ones_own_class_is_caught_too() -> None:
    refused = explain.building(subclassed).refused_at
    assert refused is not None and refused.layer == "own/wide"
    assert refused.input_shapes == ((None, 7, 7, 3),)


def test_the_sizes_that_fit_really_build() -> None:
    for n in (24, 26):
        assert unet(n).output_shape == (None, n, n, 8)


def test_a_list_of_layers_that_fails_gets_the_same_advice() -> None:
    found = explain([L.Conv2D(4, 3), L.MaxPooling2D(4), L.Conv2D(4, 3, name="last")], input_shape=(8, 8, 1))
    assert found.diagnosis is not None
    assert "Nothing comes out of last" in found.diagnosis.findings[0]
    assert "It fits for an input of 14×14." in found.diagnosis.findings


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (3, "takes the function that builds the model"),
        (lambda: 3, "returned int and no model"),
        (lambda: None, "returned NoneType and no model"),
    ],
)
def test_building_says_what_it_takes(wrong: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        explain.building(wrong)
    with pytest.raises(ZeroDivisionError):
        explain.building(lambda: 1 // 0)


def test_building_takes_what_explain_asks_for() -> None:
    def make() -> Any:
        return keras.Sequential([L.Conv2D(4, 3)])

    with pytest.raises(ValueError, match="does not know what goes in"):
        explain.building(make)
    assert explain.building(make, input_shape=(8, 8, 1)).rows[-1].output_shape == (None, 6, 6, 4)


def test_keras_settings_are_left_as_they_were() -> None:
    before = keras.config.is_traceback_filtering_enabled()
    explain.building(lambda: unet(25))
    assert keras.config.is_traceback_filtering_enabled() == before


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


def test_of_a_row_that_nobody_could_ask_nothing_is_claimed() -> None:
    class Mine(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.convolution = keras.layers.Conv2D(1, 3)

        def call(self, x: Any) -> Any:
            return self.convolution(x)

    text = str(explain(Mine(), input_shape=(28, 28, 1)))
    assert "was not asked" in text
    assert "It fits for" not in text and "0 of 0 rows" not in text
