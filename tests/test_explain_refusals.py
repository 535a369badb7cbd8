"""What is said where a layer refuses: models that fail to build, and advice that fits the error."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import course_utils
from course_utils.explain import rebuild

L: Any = keras.layers
explain: Any = course_utils.explain  # a function with another one on it: explain.building


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
    assert found.diagnosis.findings[1:] == (
        "The trouble starts here: pool (MaxPooling2D) turns 25 into 12: 25 / 2 is not a whole number, and 12·2 is 24. "
        "Multiplying does not undo the rounding.",
        "It fits for an input of 24×24 or 26×26.",
    )
    assert [repair.what for repair in found.diagnosis.repairs] == [
        "pad the smaller map with zeros wherever two differ (at join, 25×25 and 24×24: both 25×25)",
        "cut the larger map wherever two differ (at join, 25×25 and 24×24: both 24×24)",
    ]


def test_only_sizes_that_fit_are_proposed_for_the_input() -> None:
    found = explain.building(lambda: unet(26, pool=5)).diagnosis
    assert found is not None
    assert found.findings[2] == "It fits for an input of 25×25 or 30×30."


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
    class Own(keras.Model):  # type: ignore[misc]
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


# -- advice of its own kind ---------------------------------------------------------------------------------------


def join(one: int, other: int, layer: Any) -> Any:
    def make() -> Any:
        image = keras.Input((16, 16, 3))
        return keras.Model(image, layer()([L.Conv2D(one, 1)(image), L.Conv2D(other, 1)(image)]))

    return make


@pytest.mark.parametrize(
    ("layers", "shape", "said"),
    [
        ([L.Conv2D(3, 3), L.MaxPooling2D(2)], (28, 28), "add the channel axis: keras.Input((28, 28, 1))"),
        ([L.Conv1D(3, 3)], (28,), "add the channel axis: keras.Input((28, 1))"),
        ([L.Conv3D(3, 3)], (8, 9, 9), "add the channel axis: keras.Input((8, 9, 9, 1))"),
        ([L.Conv2D(3, 3), L.MaxPooling2D(2)], (1, 28, 28), "put the channels last: keras.Input((28, 28, 1))"),
        ([L.Conv2D(3, 5)], (3, 32, 40), "put the channels last: keras.Input((32, 40, 3))"),
        ([L.Conv2D(4, 3, groups=2, name="g")], (16, 16, 3), "groups=1 in g"),
        ([L.Conv2D(12, 3, groups=4, name="g")], (16, 16, 6), "groups=3 in g"),
        ([L.Conv2D(16, 3), L.GroupNormalization(32, name="g")], (16, 16, 3), "groups=16 in g"),
        ([L.Reshape((50, 768), name="r")], (50, 50, 64), "target_shape=(50, -1) in r"),
        ([L.Reshape((7, 7, 3), name="r")], (150,), "target_shape=(-1, 7, 3) in r"),
        ([L.BatchNormalization(axis=4, name="b")], (5, 5, 3), "axis=-1 in b"),
        ([L.Conv2D(4, 3), L.LSTM(3, name="l")], (16, 16, 3), "a Reshape((-1, 4)) before l"),
        ([L.TimeDistributed(L.Conv2D(4, 3)), L.LSTM(3, name="l")], (5, 8, 8, 1), "a Reshape((5, -1)) before l"),
        ([L.Dense(100, name="d"), L.Reshape((-1, 7), name="r")], (16,), "units=105 in d"),
        ([L.Conv1D(4, 3), L.Conv2D(3, 3, name="c")], (16, 3), "a Reshape((14, 4, 1)) before c"),
        ([L.Conv2D(4, 3), L.Conv2D(4, 30, name="c")], (28, 28, 1), 'padding="same" in c'),
        ([L.SpectralNormalization(L.Conv2D(2, 3))], (9, 9), "add the channel axis: keras.Input((9, 9, 1))"),
        ([L.Dense(4), L.LSTM(3)], (16,), "add the axis of the features: keras.Input((16, 1))"),
        ([L.LSTM(4, name="a"), L.Dropout(0.1), L.LSTM(3)], (16, 3), "return_sequences=True in a"),
        ([L.GRU(4, name="a"), L.Conv1D(3, 3)], (16, 3), "return_sequences=True in a"),
        ([L.Flatten(name="f"), L.Conv2D(3, 3)], (16, 16, 3), "without f"),
        ([L.GlobalMaxPooling1D(name="f"), L.LSTM(3)], (16, 3), "without f"),
    ],
    ids=str,
)
def test_advice_fits_the_error(layers: list[Any], shape: tuple[int, ...], said: str) -> None:
    found = explain(layers, input_shape=shape).diagnosis
    assert found is not None and "fault of this course" not in str(found)
    if said.startswith("target_shape=(-1"):  # 150 = 7·7·3 + 3: no size would do
        assert not found.repairs
    else:
        assert [repair.what for repair in found.repairs] == [said]
        names: dict[str, Any] = {"keras": keras, "model": layers}
        exec(found.repairs[0].code, names)
        given = names["repaired"].input_shape[1:]
        assert names["repaired"](np.zeros((1, *given), "float32")).shape[0] == 1
    assert ("It fits for" in str(found)) == said.startswith("padding"), "another size helps none of the others"
    assert not any(layer._inbound_nodes for layer in layers), "the learner's layers are left alone"


@pytest.mark.parametrize(
    ("numbers", "target", "helps"),
    [(588, (7, 7, 2), True), (588, (75,), True), (150, (7, 7, 3), False), (589, (2, 3), False)],
)
def test_an_open_size_is_recommended_where_it_can_be_worked_out(
    numbers: int, target: tuple[int, ...], helps: bool
) -> None:
    refused = explain(L.Reshape(target), input_shape=(numbers,)).refused_at
    assert refused is not None and ("Let one size be −1" in refused.sentence) == helps
    builds = []
    for place in range(len(target)):
        try:
            L.Reshape((*target[:place], -1, *target[place + 1 :]))(keras.Input((numbers,)))
            builds.append(place)
        except ValueError:
            continue
    assert bool(builds) == helps


@pytest.mark.parametrize("strides", [(1, 1), (2, 2), (2, 1)])
@pytest.mark.parametrize("shape", [(32, 32, 3), (33, 24, 3)])
def test_a_shortcut_beside_strides_gets_a_strided_projection(shape: tuple[int, ...], strides: tuple[int, int]) -> None:
    def make() -> Any:
        x = L.Conv2D(8, 3, padding="same")(keras.Input(shape))
        again = x
        for filters, steps in ((16, strides), (24, strides)):
            y = L.Conv2D(filters, 3, strides=steps, padding="same")(x)
            x = L.Add()([x, y])
        return keras.Model(again, x)

    found = explain.building(make).diagnosis
    assert found is not None and found.sizes == () and found.cause is None
    assert len(found.findings) == 1, "no rounding is to blame"
    (repair,) = found.repairs
    assert ("strides" in repair.what) == (strides != (1, 1))
    names: dict[str, Any] = {"keras": keras, "make": make}
    exec(repair.code, names)
    assert names["repaired"].output_shape[-1] == 24


def test_a_convolution_along_one_axis_is_called_by_its_kernel_size() -> None:
    def make() -> Any:
        sound = keras.Input((16, 3))
        return keras.Model(sound, L.Add(name="j")([L.Conv1D(4, 1)(sound), L.Conv1D(8, 1)(sound)]))

    (repair,) = explain.building(make).diagnosis.repairs
    assert repair.what == "a convolution of kernel size 1 for the map with 4 channels before j: Conv1D(8, 1)"


@pytest.mark.parametrize(("given", "fits"), [((28, 28), (94, 94)), ((40, 100), (94, 100)), ((4, 4), None)])
def test_the_size_is_found_for_which_windows_behind_the_first_fit_too(given: Any, fits: Any) -> None:
    def make(sizes: tuple[int, int]) -> Any:
        blocks = [layer for _ in range(5) for layer in (L.Conv2D(2, 3), L.MaxPooling2D(2))]
        return keras.Sequential([keras.Input((*sizes, 1)), *blocks])

    found = explain.building(lambda: make(given)).diagnosis
    assert found is not None and [size.input_shape[:2] for size in found.sizes] == ([] if fits is None else [fits])
    if fits is not None:
        assert make(fits).output_shape[1:] == found.sizes[0].output_shape
        for axis, n in enumerate(fits):
            if n != given[axis]:
                with pytest.raises(ValueError, match="negative"):
                    make(tuple(size - (place == axis) for place, size in enumerate(fits)))


PROJECTED = "a 1×1 convolution for the map with 16 channels before j: Conv2D(64, 1)"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (join(16, 64, lambda: L.Add(name="j")), [PROJECTED]),
        (join(16, 64, lambda: L.Concatenate(axis=1, name="j")), [PROJECTED, "axis=-1 in j"]),
    ],
)
def test_channels_that_do_not_meet_are_no_matter_of_size(make: Any, said: list[str]) -> None:
    found = explain.building(make).diagnosis
    assert found is not None and [repair.what for repair in found.repairs] == said
    assert found.sizes == () and len(found.findings) == 1
    for repair in found.repairs:
        names: dict[str, Any] = {"keras": keras, "make": make}
        exec(repair.code, names)
        assert names["repaired"](np.zeros((1, 16, 16, 3), "float32")).shape[1] in (16, 32)


def deep_unet(height: int, width: int, **order: str) -> Any:
    x = image = keras.Input((1, height, width) if order else (height, width, 1))
    skips = []
    for _ in range(4):
        x = L.BatchNormalization()(L.Conv2D(2, 3, padding="same", **order)(x))
        skips.append(x)
        x = L.MaxPooling2D(2, **order)(x)
    for skip in reversed(skips):
        x = L.Concatenate(axis=1 if order else -1)([skip, L.UpSampling2D(2, **order)(x)])
    return keras.Model(image, L.Conv2D(1, 1, **order)(x))


def test_a_unet_with_its_channels_first_gets_the_same_advice() -> None:
    found = explain.building(lambda: deep_unet(100, 96, data_format="channels_first")).diagnosis
    assert found is not None and [size.input_shape for size in found.sizes] == [(1, 96, 96), (1, 112, 96)]
    assert found.findings[1].startswith("The trouble starts here, along the height: ")
    assert "turns 25 into 12" in found.findings[1]


@pytest.mark.parametrize(
    ("given", "sizes"),
    [
        ((100, 100), [(96, 96), (112, 112)]),
        ((100, 96), [(96, 96), (112, 96)]),
        ((21, 40), [(16, 32), (32, 48)]),
    ],
)
def test_only_sizes_for_which_the_whole_unet_builds_are_named(
    given: tuple[int, int], sizes: list[tuple[int, int]]
) -> None:
    found = explain.building(lambda: deep_unet(*given)).diagnosis
    assert found is not None and [size.input_shape[:2] for size in found.sizes] == sizes
    for size in found.sizes:
        assert deep_unet(*size.input_shape[:2]).output_shape[1:] == size.output_shape
    assert len(found.repairs) == 2, "cut or pad at every join"
    for repair in found.repairs:
        names: dict[str, Any] = {"keras": keras, "make": lambda: deep_unet(*given)}
        exec(repair.code, names)
        assert names["repaired"](np.zeros((1, *given, 1), "float32")).shape[0] == 1


def test_where_each_map_is_larger_on_one_axis_both_are_mended() -> None:
    def make() -> Any:
        image = keras.Input((9, 9, 1))
        return keras.Model(image, L.Add(name="j")([L.Cropping2D(((1, 0), (0, 0)))(image), L.Cropping2D((0, 1))(image)]))

    found = explain.building(make).diagnosis
    assert found is not None and [repair.what for repair in found.repairs] == [
        "pad the smaller map with zeros wherever two differ (at j, 8×9 and 9×7: both 9×9)",
        "cut the larger map wherever two differ (at j, 8×9 and 9×7: both 8×7)",
    ]
    for repair, made in zip(found.repairs, ((9, 9), (8, 7)), strict=True):
        names: dict[str, Any] = {"keras": keras, "make": make}
        exec(repair.code, names)
        assert names["repaired"].output_shape == (None, *made, 1)


def test_a_size_that_only_a_stretched_cell_lets_pass_is_not_named() -> None:
    """At 5×5 the second path has one cell left, and Add would stretch it over the other's 3×3 without a word."""

    def make() -> Any:
        image = keras.Input((28, 28, 1))
        return keras.Model(image, L.Add()([L.Conv2D(3, 3)(image), L.Conv2D(3, 5)(image)]))

    found = explain.building(make).diagnosis
    assert found is not None and found.sizes == ()


def test_after_a_trial_keras_is_as_it_was() -> None:
    before = L.InputLayer.__init__, L.Layer.__call__
    explain.building(lambda: deep_unet(100, 100))
    assert (L.InputLayer.__init__, L.Layer.__call__) == before


# -- models of one's own class ------------------------------------------------------------------------------------


class Plain(keras.Model):  # type: ignore[misc]
    """Its call goes through Keras's layers only, or, if it is ``strange``, through TensorFlow's functions."""

    def __init__(self, strange: bool = False, kernel: int = 3) -> None:
        super().__init__(name="plain")
        self.encoder = keras.Sequential([L.Conv2D(3, kernel, strides=2, name="half"), L.ReLU()], name="encoder")
        self.decoder = L.Conv2DTranspose(1, 3, strides=2, name="twice")
        self.strange, self.kernel = strange, kernel

    def call(self, x: Any, training: bool | None = None) -> Any:
        import tensorflow as tf

        made = self.decoder(self.encoder(x))
        return tf.nn.relu(made) if self.strange else made + 1


def test_a_model_of_ones_own_class_is_followed_through_its_call() -> None:
    model = Plain()
    found = explain(model, input_shape=(28, 28, 1))
    assert [row.kind for row in found] == ["InputLayer", "Conv2D", "ReLU", "Conv2DTranspose", "ops.Add"]
    assert found.agrees and not model.encoder.built
    assert found.diagnosis is not None and "output_padding=1 in twice" in [r.what for r in found.diagnosis.repairs]
    for repair in found.diagnosis.repairs:
        names: dict[str, Any] = {"keras": keras, "model": model}
        exec(repair.code, names)
        assert names["repaired"](np.zeros((1, 28, 28, 1), "float32")).shape == (1, 28, 28, 1)
    assert not model.encoder.built, "the repairs leave it alone"
    model(np.zeros((1, 29, 29, 1), "float32"))
    assert explain(model, target=(29, 29, 1)).diagnosis.hits


def test_what_cannot_be_followed_is_named_with_what_to_do() -> None:
    (row,) = explain(Plain(strange=True), input_shape=(28, 28, 1))
    assert row.keras_shape == (None, 27, 27, 1) and not row.has_rule
    assert "explain([m.encoder, m.decoder], input_shape=...)" in row.notes[-1]
    with pytest.raises(ValueError, match="has not been called yet"):
        explain(Plain())


class Summed(keras.Model):  # type: ignore[misc]
    """Two inputs, in a list or a dict."""

    def __init__(self, way: str) -> None:
        super().__init__(name="summed")
        self.a, self.b, self.way = L.Dense(3), L.Dense(3), way

    def call(self, x: Any) -> Any:
        x, y = (x["x"], x["y"]) if self.way == "dict" else x
        return self.a(x) + self.b(y)


class OneByOne(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(name="one_by_one")
        self.a, self.b = L.Dense(3), L.Dense(3)

    def call(self, x: Any, y: Any, training: bool | None = None) -> Any:
        return self.a(x) + self.b(y)


def test_a_model_of_ones_own_class_may_take_several_inputs() -> None:
    x, y = np.zeros((2, 4)), np.zeros((2, 5))
    listed, each, named = Summed("list"), OneByOne(), Summed("dict")
    listed([x, y]), each(x, y), named({"x": x, "y": y})
    rows = explain(listed).rows
    assert [row.kind for row in rows] == ["InputLayer", "InputLayer", "Dense", "Dense", "ops.Add"]
    found = explain(each, input_shape=[(4,), (5,)])
    assert found.agrees and found.parameters == each.count_params() and found.diagnosis is None
    with pytest.raises(ValueError, match="takes 2 inputs"):
        explain(each)
    with pytest.raises(ValueError, match="takes its inputs by name"):
        explain(named)


def test_a_map_has_no_parts_with_names() -> None:
    refused = explain(Summed("dict"), input_shape=(4,)).rows[-1]
    assert "fault of this course" not in refused.sentence


class Built(keras.Model):  # type: ignore[misc]
    """Makes its layers when it knows its input."""

    def build(self, shape: Any) -> None:
        self.down = keras.Sequential([L.Conv2D(2, 3, strides=2, padding="same")])
        self.up = L.Conv2DTranspose(shape[-1], 3, strides=2, padding="same")
        self.built = True

    def call(self, x: Any) -> Any:
        return self.up(self.down(x))


class Ready(keras.Model):  # type: ignore[misc]
    """Makes its layers at once; they know their input when it has been called."""

    def __init__(self) -> None:
        super().__init__()
        self.down = keras.Sequential([L.Conv2D(2, 3, strides=2, padding="same")])
        self.up = keras.Sequential([L.Conv2DTranspose(1, 3, strides=2, padding="same")])

    def call(self, x: Any) -> Any:
        return self.up(self.down(x))


@pytest.mark.parametrize("called", [True, False])
@pytest.mark.parametrize("kind", [Built, Ready])
def test_a_model_of_ones_own_class_is_tried_for_other_sizes_too(kind: Any, called: bool) -> None:
    model = kind()
    if called:
        model(np.zeros((1, 31, 31, 1), "float32"))
    found = explain(model, input_shape=(31, 31, 1)).diagnosis
    assert found is not None and [size.input_shape for size in found.sizes] == [(30, 30, 1), (32, 32, 1)]
    assert any(repair.what.startswith("pad the input") for repair in found.repairs)
    for repair in found.repairs:
        names: dict[str, Any] = {"keras": keras, "model": model}
        exec(repair.code, names)
        assert names["repaired"](np.zeros((1, 31, 31, 1), "float32")).shape == (1, 31, 31, 1), repair.what
    for size in found.sizes:
        assert kind()(np.zeros((1, *size.input_shape), "float32")).shape[1:] == size.output_shape


def test_a_model_of_ones_own_class_that_refuses_shows_where() -> None:
    found = explain(Plain(kernel=30), input_shape=(28, 28, 1))
    assert found.refused_at is not None and found.refused_at.layer.endswith("half")
    assert found.diagnosis is not None and "It fits for an input of 30×30." in found.diagnosis.findings


def test_models_with_an_input_of_their_own_make_a_chain() -> None:
    encoder = keras.Sequential([keras.Input((30, 30, 1)), L.MaxPooling2D(2, padding="same")])
    decoder = keras.Sequential([keras.Input((15, 15, 1)), L.UpSampling2D(2)])
    assert [row.output_shape for row in explain([encoder, decoder])] == [(None, 15, 15, 1), (None, 30, 30, 1)]


def test_nothing_is_claimed_of_what_nobody_could_build_again() -> None:
    class Kept(L.Layer):  # type: ignore[misc]
        def __init__(self, thing: object) -> None:
            super().__init__(name="kept")
            self.inner, self.other_name = L.Dense(2), thing

        def call(self, x: Any) -> Any:
            return self.inner(x)

    found = explain([Kept(object()), L.Conv2D(1, 9)], input_shape=(8, 8, 1))
    assert "was not asked" in str(found) and "It fits for" not in str(found) and "Repair" not in str(found)
    assert found.diagnosis is None and "✗" not in str(found), "nobody knows whether it refuses"


def pyramid(n: int) -> Any:
    """Two outputs, and joins on the way to one of them."""
    image = keras.Input((n, n, 1))
    fine = L.Conv2D(4, 3, strides=2, padding="same")(image)
    coarse = L.Conv2D(4, 3, strides=2, padding="same")(fine)
    return keras.Model(image, [L.Add(name="join")([fine, L.UpSampling2D()(coarse)]), coarse])


def three_scales(n: int) -> Any:
    image = keras.Input((n, n, 1))
    scales = [image, *[L.UpSampling2D(k)(L.AveragePooling2D(k)(image)) for k in (2, 4)]]
    return keras.Model(image, L.Concatenate(name="join")(scales))


def two_kernels(n: int) -> Any:
    image = keras.Input((n, n, 1))
    return keras.Model(image, L.Concatenate(name="join")([L.Conv2D(2, 1)(image), L.Conv2D(2, 5)(image), image]))


def words(n: int) -> Any:
    layers = [L.Conv1D(2, 5), L.MaxPooling1D(4), L.Conv1D(2, 5), L.GlobalMaxPooling1D()]
    return keras.Sequential([keras.Input((n,)), L.Embedding(9, 3), *layers])


def outputs(model: Any) -> Any:
    """What comes out for zeros, without the batch axis; a list of shapes where there are several."""
    made = keras.tree.flatten(model(np.zeros([1, *model.inputs[0].shape[1:]], "float32")))
    shapes = tuple(tuple(tensor.shape)[1:] for tensor in made)
    return shapes[0] if len(shapes) == 1 else shapes


@pytest.mark.parametrize(
    ("make", "n", "sizes", "repaired"),
    [
        (pyramid, 22, (20, 23), {"pad the smaller map ": ((12, 12, 4), (6, 6, 4)), "cut": ((11, 11, 4), (6, 6, 4))}),
        (three_scales, 30, (28, 32), {"pad the smaller maps": (30, 30, 3), "cut the larger maps": (28, 28, 3)}),
        (two_kernels, 9, (), {"pad": (9, 9, 5), "cut": (5, 5, 5), 'padding="same" in conv2d_1': (9, 9, 5)}),
        (words, 20, (24,), {'padding="same" in conv1d_1': (2,)}),
    ],
)
def test_models_as_they_are_asked_about_get_sizes_and_repairs(
    make: Any, n: int, sizes: tuple[int, ...], repaired: dict[str, Any]
) -> None:
    found = explain.building(lambda: make(n)).diagnosis
    assert tuple(tried.input_shape[0] for tried in found.sizes) == sizes
    for tried in found.sizes:
        assert outputs(make(tried.input_shape[0])) == tried.output_shape
    assert len(found.repairs) == len(repaired)
    for repair, (what, made) in zip(found.repairs, repaired.items(), strict=True):
        names: dict[str, Any] = {"keras": keras, "make": lambda: make(n)}
        exec(repair.code, names)
        assert repair.what.startswith(what) and outputs(names["repaired"]) == made


@pytest.mark.parametrize("reader", [L.LSTM(2), L.TimeDistributed(L.Dense(2)), L.Conv1D(2, 3)])
def test_bidirectional_layers_hand_on_all_steps_too(reader: Any) -> None:
    """The setting is that of the layer inside."""
    layers = [L.Bidirectional(L.GRU(3), name="both"), L.Dropout(0.1), reader]
    found = explain(layers, input_shape=(5, 2)).diagnosis
    (repair,) = found.repairs
    assert repair.what == "return_sequences=True in both"
    names: dict[str, Any] = {"keras": keras, "model": layers}
    exec(repair.code, names)
    assert names["repaired"].layers[1].return_sequences


@pytest.mark.parametrize("shapes", [[(10, 16), (12, 16)], [(10, 16), (12, 16), (12, 8)]])
def test_attention_by_itself_is_given_query_value_and_key(shapes: list[tuple[int, ...]]) -> None:
    row = explain(L.MultiHeadAttention(2, 8), input_shape=shapes)[0]
    assert row.agrees and row.output_shape == (None, 10, 16)
    assert not explain(L.MultiHeadAttention(2, 8), input_shape=(10, 16))[0].output_shape


def test_layers_without_a_name_are_numbered_from_the_start() -> None:
    """So a repair finds them when the function is called again; what is built next is numbered on all the same."""
    keras.layers.Dense(1)
    before, number = L.Dense(1).name, explain.building(lambda: two_kernels(9)).rows[1].layer
    assert number == "conv2d" and L.Dense(1).name == f"dense_{int(before.rpartition('_')[2]) + 1}"


@pytest.mark.parametrize("first", ["channels_first", "channels_last"])
def test_a_join_is_projected_along_the_right_axes(first: str) -> None:
    """Add does not say where the channels stand: the convolutions before it do."""
    last = first == "channels_last"

    def make() -> Any:
        image = keras.Input((16, 12, 1) if last else (1, 16, 12))
        x = L.Conv2D(4, 3, padding="same", data_format=first)(image)
        return keras.Model(image, L.Add()([x, L.Conv2D(8, 3, 2, "same", data_format=first)(x)]))

    assert rebuild(make, joins="project").output_shape == ((None, 8, 6, 8) if last else (None, 8, 8, 6))


def test_a_reshape_to_steps_keeps_the_steps() -> None:
    found = explain([L.MaxPooling2D(2), L.Reshape((-1, 40)), L.LSTM(2)], input_shape=(30, 21, 2)).diagnosis
    assert [repair.what.partition(" in ")[0] for repair in found.repairs] == ["target_shape=(15, -1)"]


def test_an_equation_whose_sums_do_not_fit_builds_and_cannot_run() -> None:
    one, other = keras.Input((5, 8)), keras.Input((4, 6))
    row = explain(keras.Model([one, other], keras.ops.einsum("btd,bsd->bts", one, other)))[-1]
    assert row.agrees and row.notes == ('It builds and cannot run: axis d of "btd,bsd->bts" is both 8 and 6.',)
    with pytest.raises(ValueError, match="broadcast"):
        keras.ops.einsum("btd,bsd->bd", one, other)


def test_a_target_for_several_outputs_is_not_passed_over() -> None:
    model = pyramid(24)
    found = explain(model, target=(24, 24, 4)).diagnosis
    assert "this model has 2" in str(found)
    part = explain(keras.Model(model.inputs, model.outputs[0]), target=(24, 24, 4)).diagnosis
    assert "wanted is 24×24×4" in str(part)


def test_numbers_without_a_batch_axis_are_told_whole() -> None:
    def make() -> Any:
        steps = keras.Input((9, 4))
        return keras.Model(steps, steps + L.Embedding(6, 4)(keras.ops.arange(6)))

    found = explain.building(make)
    assert found.diagnosis.findings[0].endswith("9×4 and 6×4 reached it.")
    assert "9×4 + 6×4 → nothing" in " ".join(str(found).split())


@pytest.mark.parametrize("gate", [(1, 1), (32, 1)])
def test_a_gate_that_is_stretched_lacks_channels_and_not_cells(gate: tuple[int, int]) -> None:
    def make() -> Any:
        x = keras.Input((32, 32, 16))
        pooled = L.AveragePooling2D((32 // gate[0], 32 // gate[1]))(x)
        return keras.Model(x, L.Multiply()([x, L.Dense(8)(pooled)]))

    found = explain.building(make).diagnosis
    (repair,) = found.repairs
    assert repair.what == "a 1×1 convolution for the map with 8 channels before multiply: Conv2D(16, 1)"
    names: dict[str, Any] = {"keras": keras, "make": make}
    exec(repair.code, names)
    assert names["repaired"].output_shape == (None, 32, 32, 16)


def test_a_shortcut_that_lacks_a_stride_is_neither_cut_nor_padded() -> None:
    def make() -> Any:
        x = keras.Input((56, 56, 4))
        return keras.Model(x, L.Add()([L.Conv2D(8, 3, strides=2, padding="same")(x), L.Conv2D(8, 1)(x)]))

    (repair,) = explain.building(make).diagnosis.repairs
    assert "with strides for the larger map before add: Conv2D(8, 1, strides=2)" in repair.what


def test_a_reshape_of_a_dense_gets_as_many_units_as_it_lays_out() -> None:
    def make() -> Any:
        return keras.Sequential([keras.Input((28, 28, 1)), L.Flatten(), L.Dense(780), L.Reshape((28, 28, 1))])

    (repair,) = explain.building(make).diagnosis.repairs
    assert repair.what == "units=784 in dense"


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ([L.Conv2D(4, 3), L.LSTM(3, name="l")], "a Reshape((-1, 4)) before l"),
        ([L.Flatten(name="f"), L.Conv2D(3, 3)], "without f"),
    ],
    ids=["Reshape", "Flatten"],
)
@pytest.mark.parametrize("how", ["a Sequential", "calls"])
def test_a_function_that_builds_gets_the_advice_of_a_list(layers: list[Any], said: str, how: str) -> None:
    def make() -> Any:
        again = [layer.from_config(layer.get_config()) for layer in layers]
        if how == "a Sequential":
            return keras.Sequential([keras.Input((16, 16, 3)), *again])
        x = image = keras.Input((16, 16, 3))
        for layer in again:
            x = layer(x)
        return keras.Model(image, x)

    (repair,) = explain.building(make).diagnosis.repairs
    assert repair.what == said
    names: dict[str, Any] = {"keras": keras, "make": make}
    exec(repair.code, names)
    assert names["repaired"](np.zeros((1, 16, 16, 3), "float32")).shape[0] == 1


def test_a_built_layer_on_other_channels_gets_no_other_padding() -> None:
    conv = L.Conv2D(8, 3)
    conv.build((None, 28, 28, 3))

    def make() -> Any:
        image = keras.Input((28, 28, 1))
        return keras.Model(image, conv(image))

    found = explain.building(make)
    assert "used before, on 28×28×3" in (found[-1].refusal_by_hand or "") and not found.diagnosis.repairs


def test_maps_that_differ_by_half_are_neither_cut_nor_padded_before_a_concatenate() -> None:
    def make() -> Any:
        image = keras.Input((28, 28, 3))
        return keras.Model(image, L.Concatenate()([image, L.MaxPooling2D(2)(image)]))

    assert not [repair for repair in explain.building(make).diagnosis.repairs if "wherever" in repair.what]


def paper(n: int, levels: int = 3) -> Any:
    """A U-Net without padding, whose skips are cut to what comes up."""
    x = image = keras.Input((n, n, 1))
    skips = []
    for _ in range(levels):
        skips.append(L.Conv2D(2, 3)(L.Conv2D(2, 3)(x)))
        x = L.MaxPooling2D(2)(skips[-1])
    for skip in reversed(skips):
        up = L.UpSampling2D(2)(L.Conv2D(2, 3)(x))
        x = L.Concatenate()([up, L.Cropping2D((skip.shape[1] - up.shape[1]) // 2)(skip)])
    return keras.Model(image, x)


@pytest.mark.parametrize("n", [90, 93, 101])
def test_a_join_blames_the_rounding_on_one_way_to_it_and_not_what_both_ways_share(n: int) -> None:
    found = explain.building(lambda: paper(n)).diagnosis
    assert found.cause.step.kind == "MaxPooling2D" and "padding=" not in str(found.findings)
    fits = [m for m in range(n - 8, n + 9) if _builds(paper, m)]
    nearest = (max(m for m in fits if m < n), min(m for m in fits if m > n))
    assert tuple(size.input_shape[0] for size in found.sizes) == nearest


def _builds(make: Any, n: int) -> bool:
    try:
        return bool(make(n))
    except ValueError:
        return False


TIMED = L.TimeDistributed


@pytest.mark.parametrize(
    ("make", "given", "fits"),
    [
        (lambda x: keras.ops.split(x, 2, axis=1), (9, 9, 4), [(8, 8), (10, 10)]),
        (lambda x: keras.ops.split(L.MaxPooling2D(2)(x), 3, axis=1), (32, 32, 4), [(31, 31), (36, 36)]),
        (lambda x: keras.ops.space_to_depth(L.Conv2D(4, 3)(x), 2), (29, 29, 1), [(28, 28), (30, 30)]),
        (lambda x: L.Reshape((7, 7, 4))(L.MaxPooling2D(4)(x)), (32, 32, 4), [(31, 31)]),
        (lambda x: TIMED(L.Conv2D(4, 5))(TIMED(L.MaxPooling2D(2))(x)), (4, 9, 9, 1), [(4, 10, 10)]),
        (lambda x: keras.ops.split(x, 2, axis=-1), (9, 9, 3), []),
    ],
)
def test_what_refuses_by_itself_and_for_its_size_gets_sizes_that_fit(make: Any, given: Any, fits: Any) -> None:
    def build(shape: Any) -> Any:
        image = keras.Input(shape)
        return keras.Model(image, make(image))

    found = explain.building(lambda: build(given)).diagnosis
    assert [size.input_shape[:-1] for size in found.sizes] == fits
    for size in found.sizes:
        assert outputs(build(size.input_shape)) == size.output_shape


def test_a_map_without_a_cell_is_no_repair() -> None:
    def make() -> Any:
        image = keras.Input((16, 16, 3))
        return keras.Model(image, L.Conv2D(3, 3)(image[:, 20:]))

    assert not explain.building(make).diagnosis.repairs
