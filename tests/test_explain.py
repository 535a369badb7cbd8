"""``explain`` against real Keras: the autoencoder of the question, every kind of layer, graphs, refusals, tables.

Sizes and parameters by hand are held against models that Keras really built, and random chains against a
``keras.Sequential`` of the same layers: it builds, or it fails, where the explanation says.
"""

from __future__ import annotations

import functools
import gc
import inspect
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import layer_cases
import numpy as np
import pytest
import tally
from arithmetic import evaluate
from explaining import autoencoder, autoencoder_layers, changed, check_words
from hypothesis import given, settings, strategies as st

import course_utils
from course_utils import explain
from course_utils.explain import Explanation, Row
from course_utils.explain.rules import core
from course_utils.explain.rules.core import Count
from course_utils.keras_layers import load_keras

keras = load_keras()  # after course_utils, which tells TensorFlow how to start
L: Any = keras.layers


# -- the autoencoder of the question ------------------------------------------------------------------------------

SIZES = [28, 28, 14, 14, 7, 7, 4, 4, 8, 8, 16, 14, 28, 28]
PARAMETERS = [0, 160, 0, 1160, 0, 584, 0, 584, 0, 584, 0, 1168, 0, 145]


def functional(n: int | None = 28) -> Any:
    x = inputs = keras.Input((n, n, 1))
    for layer in autoencoder_layers():
        x = layer(x)
    return keras.Model(inputs, x)


@pytest.fixture(scope="module")
def seed() -> Explanation:
    return explain(functional())


@pytest.mark.parametrize("build", [functional, autoencoder])
def test_the_question(build: Any) -> None:
    model = build(28)
    explanation = explain(model)
    assert [row.output_shape[1] for row in explanation] == SIZES
    assert [row.parameters for row in explanation] == PARAMETERS
    assert all(row.agrees is True for row in explanation) and explanation.agrees is True
    assert [row.kind for row in explanation][:3] == ["InputLayer", "Conv2D", "MaxPooling2D"]
    assert [row.layer for row in explanation][1:] == [
        layer.name for layer in model.layers if layer.count_params() or "input" not in layer.name
    ]
    assert explanation.parameters == explanation.keras_parameters == model.count_params() == 4385
    for row in explanation:
        assert row.output_shape == row.keras_shape and row.output_shape is not None and row.output_shape[0] is None
        assert row.parameters == row.keras.parameters


def test_the_first_answer_same_promises_the_ceiling(seed: Explanation) -> None:
    pool = seed[6]
    assert (pool.input_shape, pool.output_shape) == ((None, 7, 7, 8), (None, 4, 4, 8))
    assert pool.formula == "⌈7 / 2⌉ = 4"
    assert pool.rule.pads == ((0, 1), (0, 1)) and pool.rule.unread == (0, 0)
    assert pool.sentence == (
        'Windows of 2×2 step 2 cells at a time (a pool\'s strides default to its pool_size); padding="same" promises '
        "⌈7 / 2⌉ = 4, so it adds one ghost cell after, on the bottom and right."
    )
    assert seed[2].sentence.endswith("⌈28 / 2⌉ = 14, and needs no ghost cells for that.")


def test_the_second_answer_valid_loses_two(seed: Explanation) -> None:
    valid = seed[11]
    assert valid.formula == "16 − 3 + 1 = 14"
    assert valid.rule.pads == ((0, 0), (0, 0))
    assert valid.sentence == (
        'padding="valid", the default, adds no ghost cells: a window of 3×3 has 16 − 3 + 1 = 14 places along each '
        "axis, so 2 rows and 2 columns are lost."
    )


def test_parameters_are_written_out(seed: Explanation) -> None:
    assert seed[3].rule.parameters.formula == "(3·3·16 + 1)·8 = 1160"
    assert seed[3].rule.parameters.sentence == "8 filters, each with 3·3·16 weights and one bias."
    assert seed[13].rule.parameters.sentence == "One filter, with 3·3·16 weights and one bias."


def test_the_third_answer_which_sizes_come_back() -> None:
    layers = autoencoder_layers()
    returned = {n: explain(layers, input_shape=(n, n, 1)) for n in range(9, 41)}
    assert all(e.agrees for e in returned.values())
    out = {n: e[-1].output_shape[1] for n, e in returned.items()}
    assert (out[23], out[28], out[32]) == (20, 28, 28)
    assert out == {n: 8 * -(-n // 8) - 4 for n in out}
    assert [n for n in out if out[n] == n] == [12, 20, 28, 36]
    for n in (23, 32):
        model = functional(n)
        assert explain(model).agrees and model.output_shape[1] == out[n]


def test_every_formula_says_what_it_claims(seed: Explanation) -> None:
    for row in seed[1:]:
        for written in filter(None, (row.formula, row.rule.parameters.formula)):
            said, claimed = written.rsplit(" = ", 1)
            assert evaluate(said) == int(claimed)
        assert int(row.formula.rsplit(" = ", 1)[1]) == row.output_shape[1]


# -- every kind of layer ------------------------------------------------------------------------------------------

IMAGE = (13, 10, 4)
#: Layers without axes, with what reaches them; those with axes are drawn (``layer_cases``).
KINDS: list[tuple[Any, Any]] = [
    (L.Activation("relu"), IMAGE),
    *((make(), IMAGE) for make in (L.ReLU, L.LeakyReLU, L.ELU, L.Softmax, L.PReLU, L.Identity, L.Masking)),
    *((make(), IMAGE) for make in (L.UnitNormalization, L.ActivityRegularization, L.RMSNormalization, L.RandomFlip)),
    *((make(0.2), IMAGE) for make in (L.Dropout, L.AlphaDropout, L.GaussianDropout, L.GaussianNoise)),
    *((make(0.2), IMAGE) for make in (L.SpatialDropout2D, L.RandomRotation, L.RandomZoom, L.RandomContrast)),
    (L.SpatialDropout1D(0.2), (13, 4)),
    (L.SpatialDropout3D(0.2), (3, 4, 5, 2)),
    *(
        (make(scale=scale, center=center), IMAGE)
        for make in (L.BatchNormalization, L.LayerNormalization)
        for scale in (True, False)
        for center in (True, False)
    ),
    (L.Flatten(), ()),
    (L.RepeatVector(5), (7,)),
    (L.Resizing(5, 6, data_format="channels_first"), (4, 13, 10)),
    (L.Dense(7), (5,)),
    *(
        (layer, IMAGE)
        for layer in (
            *(L.PReLU(shared_axes=[1, 2]), L.RandomTranslation(0.1, 0.1), L.BatchNormalization(axis=1)),
            *(L.LayerNormalization(axis=[1, -1]), L.GroupNormalization(groups=2)),
            *(L.GroupNormalization(groups=-1, scale=False), L.Normalization(), L.Normalization(axis=None)),
            *(L.Normalization(mean=0.5, variance=2.0), L.Rescaling(1 / 255), L.Flatten(), L.Reshape((10, 52))),
            *(L.Reshape((-1, 26)), L.Reshape((520,)), L.Permute((3, 1, 2)), L.Resizing(5, 6), L.CenterCrop(5, 20)),
            *(L.Dense(1, use_bias=False), L.UpSampling2D((2, 3), interpolation="bicubic")),
        )
    ),
    (L.Concatenate(), [(5, 6, 2), (5, 6, 3), (5, 6, 4)]),
    (L.Concatenate(axis=1), [(5, 6, 2), (4, 6, 2)]),
    (L.Subtract(), [(5, 6, 2), (5, 6, 2)]),
    *((make(), [(5, 6, 2), (1, 6, 1), (5, 1, 2)]) for make in (L.Add, L.Multiply, L.Average, L.Maximum, L.Minimum)),
    (L.Add(), [(5, 6, 2), (2,)]),
]


@pytest.mark.parametrize(("layer", "shape"), KINDS, ids=lambda value: getattr(value, "name", None) or str(value))
def test_each_kind_agrees_and_is_left_alone(layer: Any, shape: Any) -> None:
    _check_kind(layer, shape)


@pytest.mark.parametrize("kind", layer_cases.KINDS)
def test_layers_with_axes_agree_and_are_left_alone(kind: str) -> None:
    for code, x, _ in layer_cases.cases(kind, 4):
        _check_kind(code.build(), x.shape[1:])


def _check_kind(layer: Any, shape: Any) -> None:
    built, nodes = layer.built, len(layer._inbound_nodes)
    (row,) = explain(layer, input_shape=shape)
    assert row.agrees is True, row
    assert (layer.built, len(layer._inbound_nodes)) == (built, nodes)
    check_words(row)
    # Against a model that Keras really builds, where explain had only asked a copy.
    inputs = [keras.Input(one) for one in (shape if isinstance(shape, list) else [shape])]
    try:
        model = keras.Model(inputs, layer(inputs if isinstance(shape, list) else inputs[0]))
    except Exception:
        assert row.refused
        return
    assert not row.refused and model.output_shape == row.output_shape
    assert model.count_params() == row.parameters
    recorded = explain(model)
    assert recorded.agrees and recorded[-1].sentence == row.sentence


def test_how_many_kinds() -> None:
    kinds = {type(layer).__name__ for layer, _ in KINDS} | {*layer_cases.KINDS}
    tally.compared("explained layers", "kinds", len(kinds), at_least=60)


@pytest.mark.parametrize(
    ("layer", "shape", "ends", "pads", "unread"),
    [
        (L.MaxPooling2D(2, padding="same"), (7, 8, 3), "so it adds one ghost cell at the bottom.", ((0, 1), (0, 0)), 0),
        (L.Conv2D(4, (3, 2)), (16, 9, 3), "so 2 rows and one column are lost.", ((0, 0), (0, 0)), 0),
        (
            L.Conv2D(4, 4, padding="same"),
            (28, 28, 1),
            "adds one ghost cell before and 2 after, on the bottom and right, so 28 stays 28.",
            ((1, 2), (1, 2)),
            0,
        ),
        (L.MaxPooling2D(2), (7, 7, 3), "so ⌊(7 − 2) / 2⌋ + 1 = 3 fit along each axis.", ((0, 0), (0, 0)), 1),
        (L.Cropping2D(1), (7, 7, 3), "Cuts off one cell on each side: 7 − 1 − 1 = 5.", ((0, 0), (0, 0)), 2),
    ],
)
def test_what_happens_at_the_border(layer: Any, shape: Any, ends: str, pads: Any, unread: int) -> None:
    (row,) = explain(layer, input_shape=shape)
    assert row.sentence.endswith(ends) and row.rule.pads == pads and row.rule.unread == (unread, unread)
    assert row.formula.startswith("height ") == (len({*zip(row.axes, shape[:2], strict=True)}) == 2)


def test_open_sizes_stay_open() -> None:
    inputs = keras.Input((None, None, 3))
    x = L.MaxPooling2D(2, padding="same")(L.Conv2D(4, 3, padding="same")(inputs))
    x = L.GlobalAveragePooling2D()(L.Reshape((-1, 4))(x)[:, None])
    explanation = explain(keras.Model(inputs, x))
    assert explanation[2].output_shape == (None, None, None, 4)
    assert explanation[2].formula == "⌈n / 2⌉" and explanation[2].rule.pads is None and explanation[2].rule.unread == ()
    assert explanation[2].sentence == (
        "The height and the width are not known until data arrive; then n becomes ⌈n / 2⌉."
    )
    assert explanation.agrees


def test_given_sizes_fill_open_ones() -> None:
    explanation = explain(functional(None), input_shape=(23, 28, 1))
    assert explanation.agrees and explanation[-1].output_shape == (None, 20, 28, 1)


def test_a_fixed_batch_is_kept() -> None:
    inputs = keras.Input(batch_shape=(5, 8, 8, 1))
    model = keras.Model(inputs, L.Dense(2)(L.Flatten()(L.Conv2D(3, 3)(inputs))))
    assert explain(model).agrees and explain(model)[-1].output_shape == (5, 2)


# -- graphs -------------------------------------------------------------------------------------------------------


def test_branches_joins_and_sharing() -> None:
    inputs = keras.Input((16, 12, 3))
    stem = L.Conv2D(8, 3, padding="same", name="stem")(inputs)
    shared = L.Conv2D(8, 3, padding="same", name="shared")
    left, right = shared(stem), shared(L.MaxPooling2D(1)(stem))
    joined = L.Concatenate()([L.Add()([left, right]), L.Conv2D(4, 1)(stem)])
    model = keras.Model(inputs, [L.GlobalAveragePooling2D()(joined), left])
    explanation = explain(model)
    assert explanation.agrees and not explanation.without_rule
    calls = [row for row in explanation if row.layer == "shared"]
    assert len(calls) == 2 and len(explanation) == len(model.layers) + 1
    assert calls[0].call.shared_with is None and calls[1].call.shared_with is not None
    assert explanation[calls[1].call.shared_with] is calls[0]
    assert explanation.parameters == model.count_params()
    (concatenate,) = [row for row in explanation if row.kind == "Concatenate"]
    assert concatenate.input_shape == ((None, 16, 12, 8), (None, 16, 12, 4))
    assert concatenate.formula == "8 + 4 = 12"


def test_nested_models_are_entered() -> None:
    encoder = keras.Sequential([keras.Input((8, 8, 1)), L.Conv2D(4, 3), L.MaxPooling2D(2)], name="encoder")
    code = keras.Input((3, 3, 4))
    decoder = keras.Model(code, L.Conv2DTranspose(1, 4, strides=2)(code), name="decoder")
    model = keras.Sequential([keras.Input((8, 8, 1)), encoder, decoder, keras.Sequential([L.Flatten()], name="end")])
    explanation = explain(model)
    assert explanation.agrees
    assert [row.layer.rpartition("/")[0] for row in explanation] == ["", "encoder", "encoder", "decoder", "end"]
    assert explanation[-1].output_shape == (None, 64)
    assert explanation.parameters == model.count_params()


def test_a_nested_model_on_another_size_than_it_was_built_for() -> None:
    inner = keras.Input((None, None, 3))
    halve = keras.Model(inner, L.MaxPooling2D(2)(L.Conv2D(4, 3)(inner)), name="halve")
    inputs = keras.Input((21, 20, 3))
    explanation = explain(keras.Model(inputs, halve(inputs)))
    assert explanation.agrees and explanation[-1].output_shape == (None, 9, 9, 4)


def test_a_nested_model_called_twice() -> None:
    inner = keras.Sequential([keras.Input((8, 8, 3)), L.Conv2D(3, 3, padding="same")])
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, inner(inner(inputs)))
    explanation = explain(model)
    assert explanation.agrees and len(explanation) == 3 and explanation[2].call.shared_with == 1
    assert explanation.parameters == model.count_params() == 84


def test_a_nested_model_may_be_given_more_than_it_takes() -> None:
    ends = {"b": keras.Input((8, 8, 3), name="b"), "a": keras.Input((8, 8, 1), name="a")}
    inner = keras.Model(
        ends, L.Add(name="add")([ends["b"], L.Conv2D(3, 3, padding="same", name="conv")(ends["a"])]), name="inner"
    )
    one, three, other = (keras.Input((8, 8, channels)) for channels in (1, 3, 9))
    explanation = explain(keras.Model([one, three, other], inner({"a": one, "b": three, "more": other})))
    assert explanation.agrees and [row.layer for row in explanation[3:]] == ["inner/conv", "inner/add"]
    assert explanation[3].input_shape == (None, 8, 8, 1)


def test_a_nested_model_without_an_input_that_it_may_lack() -> None:
    """Nobody can say what happens inside; the rows behind it are told all the same."""

    class First(L.Layer):
        def call(self, tensors: Any) -> Any:
            return keras.ops.relu(tensors[0])

        def compute_output_spec(self, tensors: Any) -> Any:
            return keras.KerasTensor(tensors[0].shape)

    ends = [keras.Input((None, 8)), keras.Input((None, 8), optional=True)]
    inner = keras.Model(ends, First()(ends), name="inner")
    inputs = keras.Input((4, 8))
    explanation = explain(keras.Model(inputs, L.Dense(2)(inner([inputs, None]))))
    assert [row.layer for row in explanation.without_rule] == ["inner"] and explanation[-1].output_shape == (None, 4, 2)


def test_only_the_calls_of_this_model() -> None:
    """A layer that another model calls too has records that are none of our business."""
    conv, a, b = L.Conv2D(3, 3, padding="same"), keras.Input((8, 8, 3)), keras.Input((9, 9, 3))
    first, second = keras.Model(a, conv(a)), keras.Model(b, conv(b))
    assert [row.output_shape for row in explain(first)] == [(None, 8, 8, 3)] * 2
    assert [row.output_shape for row in explain(second)] == [(None, 9, 9, 3)] * 2


def test_several_inputs() -> None:
    a, b = keras.Input((8, 8, 3), name="a"), keras.Input((8, 8, 1), name="b")
    model = keras.Model([a, b], L.Multiply()([a, b]))
    explanation = explain(model)
    assert explanation.agrees and [row.layer for row in explanation][:2] == ["a", "b"]
    assert explanation[-1].output_shape == (None, 8, 8, 3)


def test_operations_that_are_no_layers() -> None:
    inputs = keras.Input((8, 8, 3))
    x = L.Conv2D(3, 3, padding="same")(inputs)
    x = keras.ops.relu((x + inputs) * 0.5 + np.ones((2, 8, 8, 3), "float32"))
    model = keras.Model(inputs, L.Flatten()(x[:, :4]))
    explanation = explain(model)
    assert explanation[4].output_shape == (2, 8, 8, 3)  # an array beside the maps takes part too
    assert [row.kind for row in explanation][2:6] == ["ops.Add", "ops.Multiply", "ops.Add", "ops.Relu"]
    assert explanation.agrees and len(explanation) == len(model.operations)
    assert explanation[6].kind == "ops.GetItem" and explanation[6].output_shape == (2, 4, 8, 3)


def test_channels_first() -> None:
    chain = [
        L.Conv2D(4, (3, 2), data_format="channels_first"),
        L.MaxPooling2D(2, padding="same", data_format="channels_first"),
        L.BatchNormalization(axis=1),
        L.UpSampling2D(2, data_format="channels_first"),
        L.Concatenate(axis=1),
    ]
    explanation = explain(chain[:-1], input_shape=(3, 9, 8))
    assert explanation.agrees and explanation[-1].output_shape == (None, 4, 8, 8)
    assert explanation[0].formula == "height 9 − 3 + 1 = 7, width 8 − 2 + 1 = 7"
    assert explain(chain[-1], input_shape=[(3, 8, 8), (4, 8, 8)])[0].output_shape == (None, 7, 8, 8)


# -- no rule ------------------------------------------------------------------------------------------------------


class Halved(L.Layer):
    """A learner's own layer."""

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(shape=(shape[-1],))

    def call(self, x: Any) -> Any:
        return x[:, ::2] * self.scale


class Conv2D(L.Conv2D):
    """Has the name of a layer with a rule, and is another."""


def test_a_layer_without_a_rule_says_so_and_is_not_guessed() -> None:
    own = Halved(name="own")
    explanation = explain([L.Conv2D(4, 3), own, L.MaxPooling2D(2)], input_shape=(12, 12, 1))
    row = explanation[1]
    assert not row.has_rule and row.agrees is row.output_shape is row.parameters is None and row.formula == ""
    assert row.keras_shape == (None, 5, 10, 4) and row.keras.parameters == 4
    assert row.sentence.startswith("There is no rule by hand for Halved. Keras says 5×10×4")
    assert explanation.without_rule == (row,) and explanation.agrees is True
    after = explanation[2]
    assert after.call.from_keras and after.output_shape == (None, 2, 5, 4) and after.agrees
    assert explanation.parameters is None and explanation.keras_parameters == 44
    assert not own.built
    for text in (str(explanation), explanation._repr_html_()):
        assert "(Keras)" in text and "Keras says 5×10×4" in text and "without a rule by hand: Halved" in text


def test_nothing_but_layers_without_a_rule_is_no_agreement() -> None:
    assert explain(Halved(), input_shape=(8, 4)).agrees is False


def test_a_subclass_is_another_layer() -> None:
    (row,) = explain(Conv2D(4, 3), input_shape=(8, 8, 1))
    assert not row.has_rule and row.kind == "Conv2D"


def test_lambda_and_recurrent_layers_pass() -> None:
    explanation = explain(
        [L.Lambda(lambda x: x[:, 1:]), L.LSTM(3, return_sequences=True), L.Dense(2)], input_shape=(8, 4)
    )
    assert [row.has_rule for row in explanation] == [False, True, True]
    assert explanation[-1].output_shape == (None, 7, 2)


def test_a_layer_that_cannot_be_copied_says_so() -> None:
    class Stubborn(L.Layer):
        def __init__(self, thing: object) -> None:
            super().__init__(name="stubborn")
            self.inner, self.other_name = L.Dense(2), thing

        def call(self, x: Any) -> Any:
            return self.inner(x)

    stubborn = Stubborn(object())
    explanation = explain([stubborn, L.Flatten()], input_shape=(8,))
    assert "cannot be copied" in (explanation[0].refusal_keras or "") and not explanation[1].reached
    assert not stubborn.built and not stubborn.inner.built
    inputs = keras.Input((8,))
    assert explain(keras.Model(inputs, stubborn(inputs)))[-1].keras_shape == (None, 2)
    assert explain(stubborn, input_shape=(8,))[0].keras_shape == (None, 2)


def test_a_layer_whose_functions_keras_cannot_write_down_is_asked() -> None:
    """REPORTS 2: lambdas and partials as activation, initializer, regularizer or constraint."""
    settings: list[dict[str, Any]] = [
        {"activation": lambda x: x},
        {"activation": functools.partial(keras.activations.relu, max_value=3.0)},
        {"kernel_initializer": lambda shape, dtype=None: keras.ops.ones(shape, dtype)},
        {"bias_regularizer": lambda w: 0.0},
        {"kernel_constraint": lambda w: w},
    ]
    for chosen in settings:
        layer = L.Conv2D(2, 3, **chosen)
        found = explain(layer, input_shape=(5, 5, 3))
        assert found.agrees and found[0].keras_shape == (None, 3, 3, 2) and not layer.built, chosen


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (L.Dense(4, lora_rank=2), (3,)),
        (L.Embedding(7, 5, lora_rank=2), (3,)),
        (L.EinsumDense("ab,bc->ac", 6, lora_rank=3, bias_axes="c"), (4,)),
        (L.Conv2D(4, 3, lora_rank=2), (8, 8, 3)),
        (L.Conv1D(6, 3, groups=3, lora_rank=2), (8, 3)),
        (L.Conv3D(4, 2, lora_rank=1, use_bias=False), (8, 8, 8, 3)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_matrices_of_lora_are_counted(layer: Any, shape: tuple[int, ...]) -> None:
    (row,) = explain(layer, input_shape=shape)
    assert row.agrees and "LoRA of rank" in row.rule.parameters.sentence, row.differences


def test_a_layer_inside_anothers_arguments_is_left_alone() -> None:
    class Around(L.Layer):
        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner = inner

        def call(self, x: Any) -> Any:
            return self.inner(x)

    around = Around(L.Dense(3))
    assert explain(around, input_shape=(4,))[0].keras_shape == (None, 3)
    assert not around.inner.built and not around.inner._inbound_nodes


# -- impossible ---------------------------------------------------------------------------------------------------

IMPOSSIBLE: list[tuple[list[Any], Any, int]] = [
    ([L.Conv2D(4, 3), L.MaxPooling2D(3), L.Conv2D(3, 3), L.Flatten()], (9, 9, 1), 2),
    ([L.MaxPooling2D(3)], (2, 2, 1), 0),
    ([L.Cropping2D(2)], (4, 4, 1), 0),
    ([L.Conv2D(4, 3)], (28, 28), 0),
    ([L.Flatten(), L.Conv2D(4, 3)], (28, 28, 1), 1),
    ([L.Conv2D(4, 3, groups=2)], (8, 8, 3), 0),
    ([L.Conv2D(4, 3)], (8, 8, None), 0),
    ([L.Dense(3), L.Reshape((4, 4))], (5,), 1),
    ([L.Reshape((-1, 4))], (5,), 0),
    ([L.Flatten(), L.Dense(3)], (None, 4), 1),
    ([L.Dense(3)], (), 0),
    ([L.Permute((2, 1))], (3, 4, 5), 0),
    ([L.RepeatVector(2)], (3, 4), 0),
    ([L.BatchNormalization(axis=4)], (3, 4), 0),
    ([L.GroupNormalization(groups=3)], (3, 4), 0),
    ([L.MaxPooling1D(2, padding="causal")], (8, 2), 0),
    ([L.MaxPooling2D(2, padding="SAME")], (8, 8, 2), 0),
    ([L.MaxPooling2D(2, strides=0)], (8, 8, 2), 0),
    ([L.Conv2D(1, 3), L.Add(), L.Flatten()], (8, 8, 2), 1),
    ([L.Add()], [(32, 32, 8), (28, 28, 8)], 0),
    ([L.Subtract()], [(8,), (8,), (8,)], 0),
    ([L.Concatenate()], [(32, 32, 8), (28, 28, 3)], 0),
    ([L.Concatenate()], [(32, 32), (28,)], 0),
    ([L.Concatenate(axis=5)], [(32, 8), (32, 8)], 0),
]


@pytest.mark.parametrize(("chain", "shape", "place"), IMPOSSIBLE, ids=lambda value: str(value)[:40])
def test_both_refuse_at_the_same_layer(chain: list[Any], shape: Any, place: int) -> None:
    explanation = explain(chain, input_shape=shape)
    row = explanation[place]
    assert explanation.refused_at is row and row.agrees is True, str(explanation)
    assert row.refusal_by_hand and row.refusal_keras and row.output_shape is None
    assert "explained_copy" not in row.refusal_keras
    for later in explanation[place + 1 :]:
        assert not later.reached and later.agrees is None and later.output_shape is None
    assert explanation.agrees is True and explanation.parameters is None
    assert len(explanation) == len(chain)
    for text in (str(explanation), explanation._repr_html_()):
        assert f"This cannot be built: nothing comes out of {row.layer}." in text


def test_the_refusal_names_the_layer_and_the_numbers() -> None:
    explanation = explain([L.Conv2D(4, 3), L.MaxPooling2D(7, name="pool")], input_shape=(8, 9, 1))
    assert explanation.refused_at is not None and explanation.refused_at.layer == "pool"
    assert "On the height: A window of 7 does not fit into 6 cells" in (explanation[1].refusal_by_hand or "")
    assert "Computed output size would be zero or negative" in (explanation[1].refusal_keras or "")


def test_a_layer_used_twice_on_other_channels() -> None:
    conv = L.Conv2D(4, 3)
    explanation = explain([conv, conv], input_shape=(9, 9, 1))
    assert explanation[1].agrees is True and "has been used before" in (explanation[1].refusal_by_hand or "")
    conv.build((None, 9, 9, 2))
    explanation = explain([conv], input_shape=(9, 9, 1))
    assert explanation[0].agrees is True and explanation[0].refused
    assert explain([L.Conv2D(1, 3), *[L.Conv2D(1, 3)] * 2], input_shape=(9, 9, 1)).parameters == 20


def test_an_unbuilt_sequential() -> None:
    model = keras.Sequential(autoencoder_layers())
    explanation = explain(model, input_shape=(28, 28, 1))
    assert [row.output_shape[1] for row in explanation] == SIZES and explanation.agrees
    assert not model.built and not any(layer.built for layer in model.layers if layer.name.startswith("conv"))


# -- what a disagreement looks like -------------------------------------------------------------------------------


def test_a_disagreement_is_never_hidden(seed: Explanation) -> None:
    wrong = changed(seed[6], rule={"shape": (None, 3, 3, 8), "parameters": Count(5)})
    assert wrong.agrees is False
    explanation = Explanation("wrong", (*seed[:6], wrong, *seed[7:]))
    assert explanation.agrees is False
    for text in (str(explanation), explanation._repr_html_()):
        assert "✗ They differ in size: by hand (None, 3, 3, 8), Keras (None, 4, 4, 8)." in text
        assert "✗ They differ in parameters: by hand 5, Keras 0." in text
        assert "✗ By hand and Keras agree on 13 of 14 rows." in text
    assert "--jp-error-color" in explanation._repr_html_() and "--jp-error-color" not in seed._repr_html_()


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_refusal_by_one_alone_is_a_disagreement(seed: Explanation, by_hand: bool) -> None:
    row = changed(seed[6], rule={"refusal": "No."}) if by_hand else changed(seed[6], keras={"refusal": "No."})
    assert row.agrees is False and len(row.differences) == 1
    assert "✗ They differ in size" in str(Explanation("x", (row,)))


def test_zero_padding_that_keras_builds_and_cannot_run() -> None:
    """Keras builds ZeroPadding2D(-1) and fails on data only. By hand it is refused; the row says that they differ."""
    explanation = explain([L.ZeroPadding2D(-1), L.Flatten()], input_shape=(8, 8, 1))
    assert explanation[0].agrees is False and explanation[1].call.from_keras


# -- bad input ----------------------------------------------------------------------------------------------------


class Module:
    """Stands for a model of another library."""


@pytest.mark.parametrize(
    ("thing", "shape", "error", "says"),
    [
        ("model", (8,), TypeError, "this is str"),
        (None, (8,), TypeError, "this is None"),
        (Module(), (8,), TypeError, "this is .*Module"),
        (L.Conv2D, (8, 8, 1), TypeError, "Conv2D is a class"),
        ([L.Flatten(), "relu"], (8,), TypeError, "this is str at place 1"),
        ([L.Flatten(), L.Flatten], (8,), TypeError, "Flatten at place 1 of the list is a class"),
        (keras.Input((8,)), None, TypeError, "This is a tensor"),
        ([L.Flatten(), keras.Input((8,))], (8,), TypeError, "This is a tensor at place 1"),
        ([L.Flatten(), L.InputLayer((8,))], (8,), TypeError, "only the first"),
        ([], (8,), ValueError, "empty"),
        (keras.Sequential(), (8,), ValueError, "no layers"),
        (keras.Sequential([L.Dense(2)]), None, ValueError, "does not know what goes in"),
        (L.Dense(2), None, ValueError, "without the batch axis"),
        (L.Dense(2), 8, ValueError, r"input_shape=\(8,\)"),
        (L.Dense(2), "8", ValueError, "must be a tuple"),
        (L.Dense(2), (0,), ValueError, "at least 1"),
        (L.Dense(2), (2.0,), ValueError, "whole numbers"),
        (L.Dense(2), (True,), ValueError, "whole numbers"),
        (L.Conv2D(2, 3), (None, 28, 28, 1), ValueError, r"without the batch axis.*input_shape=\(28, 28, 1\)"),
        (L.Conv2D(2, 3), (1, 28, 28, 1), ValueError, "without the batch axis"),
    ],
    ids=lambda value: re.sub(" at 0x[0-9a-f]+", "", str(value)),
)
def test_bad_input_gets_one_clear_sentence(thing: Any, shape: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says) as caught:
        explain(thing, input_shape=shape)
    assert "\n" not in str(caught.value) and caught.value.__cause__ is None


def test_a_model_for_another_size() -> None:
    with pytest.raises(ValueError, match=r"built for an input of 28×28×1, not 32×32×1.*explain\(model.layers"):
        explain(functional(), input_shape=(32, 32, 1))
    assert explain(functional().layers, input_shape=(32, 32, 1))[-1].output_shape == (None, 28, 28, 1)


def test_numbers_of_numpy_are_numbers() -> None:
    (row,) = explain(L.Conv2D(4, 3), input_shape=list(np.array([28, 28, 1])))
    assert row.agrees and row.input_shape == (None, 28, 28, 1) and type(row.input_shape[1]) is int


def test_a_list_may_begin_with_its_input() -> None:
    explanation = explain([keras.Input((8, 8, 1)), L.Conv2D(2, 3)])
    assert explanation.agrees and [row.kind for row in explanation] == ["InputLayer", "Conv2D"]


# -- nothing that Keras has makes it raise ------------------------------------------------------------------------

#: What the constructors ask for.
ASKED: dict[str, Any] = {
    **dict.fromkeys(("units", "filters", "num_heads", "key_dim", "output_dim", "head_dim", "n", "max_number"), 2),
    **dict.fromkeys(("kernel_size", "pool_size", "output_size", "num_query_heads", "num_key_value_heads", "axes"), 2),
    **dict.fromkeys(("rate", "factor", "height_factor", "width_factor", "stddev", "scale"), 0.2),
    **dict.fromkeys(("input_dim", "num_bins", "num_tokens", "height", "width", "output_shape"), 9),
    "activation": "relu",
    "target_shape": (-1,),
    "dims": (2, 1),
    "equation": "ab,bc->ac",
    "function": abs,
}


def zoo() -> dict[str, Any]:
    """A layer of every class in ``keras.layers`` that stands for itself."""
    inside: dict[str, Any] = {"layer": L.Dense(3), "cell": L.GRUCell(3), "cells": [L.GRUCell(3)], "layers": [L.ReLU()]}
    found = {}
    for kind in {kind for kind in vars(L).values() if isinstance(kind, type) and issubclass(kind, L.Layer)}:
        if re.search("Jax|Flax|Torch|TFSM", kind.__name__):
            continue
        settings = inside | ASKED | {"layer": L.GRU(3) if kind is L.Bidirectional else inside["layer"]}
        if kind is L.RandomPosterization:
            settings["factor"] = 4
        asked = inspect.signature(kind).parameters.values()
        needed = [a.name for a in asked if a.default is a.empty and a.name in settings]
        found[kind.__name__] = lambda kind=kind, given={name: settings[name] for name in needed}: kind(**given)
    return found


@pytest.mark.parametrize("shape", [(8, 4), (9, 8, 4), (None, None, 3)])
def test_no_layer_of_keras_makes_explain_raise(shape: Any) -> None:
    made = 0
    for name, make in zoo().items():
        try:
            layer = make()
        except Exception:  # Keras wants more than its signature says
            continue
        for layers, reaching in (([L.Identity(), layer, L.Dropout(0.5)], shape), ([layer], [shape, shape])):
            if len(shape) == 3 and isinstance(reaching, list) and "1D" in name:
                continue  # a number too many is told as such
            explanation = explain(layers, input_shape=reaching)
            assert len(explanation) == len(layers) and explanation.to_dicts() and explanation.to_markdown()
            assert "fault of this course" not in f"{explanation.details()}{explanation._repr_html_()}", explanation
            made += 1
    assert made > 200


def test_a_rule_that_fails_says_so_on_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("by zero")

    monkeypatch.setitem(core._RULES, "Flatten", broken)
    monkeypatch.setattr(sys.modules["course_utils.explain.tracing"], "facts_behind", broken)
    explanation = explain([L.ReLU(), L.Flatten(), L.Dense(2)], input_shape=(3, 4))
    assert (
        explanation[1].sentence
        == "The rule by hand failed, which is a fault of this course: ZeroDivisionError: by zero."
    )
    assert "by zero" in explanation[0].facts.field_lost and explanation[2].output_shape == (None, 2)
    assert explanation.without_rule == explanation[1:2] and "by zero" in explanation._repr_html_()


# -- nothing is left behind ---------------------------------------------------------------------------------------


def test_the_next_random_numbers_stay_the_same() -> None:
    keras.utils.set_random_seed(1)
    before = random.getstate()
    explain([L.Conv2D(2, 3), L.Dropout(0.5)], input_shape=(8, 8, 1))
    between = random.getstate()
    random.setstate(before)
    L.Conv2D(2, 3), L.Dropout(0.5)  # what making these draws by itself
    assert random.getstate() == between


def test_explaining_again_and_again_leaks_nothing() -> None:
    """Keras keeps some 70 KB for every new name of a layer with weights; copies share one name."""

    def pages() -> int:
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1])  # of 4 KB each

    if not sys.platform.startswith("linux"):
        pytest.skip("memory is read from /proc")

    def explain_new_layers(times: int) -> None:
        for _ in range(times):  # each gets a new name; only when built would it leave something behind
            explain([L.Conv2D(8, 3), L.Conv2D(8, 3)], input_shape=(9, 9, 1))

    explain_new_layers(30)
    before = pages()
    explain_new_layers(100)
    assert (pages() - before) * 4 < 6_000, "kilobytes; with a name for each copy it would be 14,000"


def test_importing_loads_no_keras() -> None:
    code = "import sys, course_utils.explain; assert not {'keras', 'tensorflow'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_it_behaves_like_a_sequence(seed: Explanation) -> None:
    assert len(seed) == len(seed.rows) == 14
    assert list(seed) == list(seed.rows) and seed[-1] is seed.rows[13] and seed[1:3] == seed.rows[1:3]
    assert isinstance(seed[0], Row)
    assert course_utils.explain is explain


# -- random chains ------------------------------------------------------------------------------------------------


#: Layers with axes, and their settings by the names of the strategies below; many do not fit what reaches them.
SPATIAL = {
    "Conv#D": "filters kernel_size padding use_bias groups stepping",
    "Conv#DTranspose": "filters kernel_size padding use_bias stepping",
    "MaxPooling#D": "pool_size padding",
    "AveragePooling#D": "pool_size strides padding",
    "UpSampling#D": "size",
    "ZeroPadding#D": "padding:pairs",
    "Cropping#D": "cropping:pairs",
    "GlobalAveragePooling#D": "keepdims",
    "SpatialDropout#D": "rate",
}
NOT_IN_3D = {
    "DepthwiseConv#D": "kernel_size padding use_bias depth_multiplier",
    "SeparableConv#D": "filters kernel_size padding use_bias",
}
CAUSAL = {"Conv1D": "filters kernel_size padding:causal stepping"}


def _spatial(d: int) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """A layer with ``d`` axes, as class and settings."""

    def each(low: int, high: int) -> st.SearchStrategy[Any]:
        one = st.integers(low, high)
        return one | st.tuples(*[one] * d)

    values: dict[str, st.SearchStrategy[Any]] = {
        "kernel_size": each(1, 5),
        "pool_size": each(1, 4),
        "strides": each(1, 3),
        "rate": st.just(0.5),
        "filters": st.sampled_from([2, 4, 6]),
        "groups": st.sampled_from([1, 1, 1, 2]),
        **dict.fromkeys(("use_bias", "keepdims"), st.booleans()),
        "padding": st.sampled_from(["valid", "same"]),
        "causal": st.just("causal"),
        "size": st.integers(1, 3) if d == 1 else each(1, 2),
        "depth_multiplier": st.integers(1, 2),
        "pairs": st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * d).map(lambda p: p[0] if d == 1 else p),
    }
    step = st.sampled_from(["strides", "dilation_rate"]).flatmap(lambda name: st.fixed_dictionaries({name: each(1, 3)}))

    def layer(kind: str, names: str) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
        named = [name.partition(":") for name in names.split() if name != "stepping"]
        settings = st.fixed_dictionaries({name: values[value or name] for name, _, value in named})
        steps = step if "stepping" in names else st.just({})
        return st.tuples(settings, steps).map(lambda two: (kind.replace("#", str(d)), two[0] | two[1]))

    kinds = (
        SPATIAL
        | (NOT_IN_3D if d < 3 else {})
        | ({"Conv1D": "filters kernel_size padding:causal stepping"} if d == 1 else {})
    )
    return st.one_of([layer(kind, names) for kind, names in kinds.items()])


PLAIN: st.SearchStrategy[tuple[str, dict[str, Any]]] = st.sampled_from(
    [
        *((kind, {}) for kind in ("BatchNormalization", "LayerNormalization", "PReLU", "Flatten", "Add")),
        *(("Activation", {"activation": "relu"}), ("Dropout", {"rate": 0.5}), ("GroupNormalization", {"groups": 2})),
        *(("Dense", {"units": 6}), ("Permute", {"dims": (2, 1)}), ("RepeatVector", {"n": 3})),
        *(("Reshape", {"target_shape": target}) for target in ((-1, 2), (2, -1, 3))),
        *(("Resizing", {"height": 5, "width": 6}), ("Rescaling", {"scale": 2.0})),
    ]
)


@st.composite
def chains(draw: st.DrawFn) -> tuple[tuple[int, ...], list[tuple[str, dict[str, Any]]]]:
    d = draw(st.integers(1, 3))
    shape = (*draw(st.tuples(*[st.integers(1, 12)] * d)), draw(st.sampled_from([1, 2, 4])))
    layers = draw(st.lists(_spatial(d) | _spatial(d) | PLAIN, min_size=1, max_size=12))
    return shape, layers


def _built(layers: list[tuple[str, dict[str, Any]]]) -> list[Any] | None:
    """The layers, or None where a constructor refuses (stride and dilation together, groups that do not divide)."""
    try:
        return [getattr(L, kind)(**settings, name=f"layer_{i}") for i, (kind, settings) in enumerate(layers)]
    except ValueError:
        return None


def _keras_alone(layers: list[Any], shape: tuple[int, ...]) -> tuple[list[Any], int | None]:
    """The shapes that Keras finds when the layers are called one after the other, and where it fails."""
    tensor = keras.Input(shape)
    shapes: list[Any] = []
    for place, layer in enumerate(layers):
        try:
            tensor = layer(tensor)
        except Exception:
            return shapes, place
        shapes.append(tensor.shape)
    return shapes, None


_compared = {"chains": 0, "rows": 0, "refusals": 0}


@settings(max_examples=480)
@given(chains())
def test_random_chains(drawn: tuple[tuple[int, ...], list[tuple[str, dict[str, Any]]]]) -> None:
    shape, recipe = drawn
    layers = _built(recipe)
    if layers is None:
        return
    explanation = explain(layers, input_shape=shape)
    assert not any(layer.built and layer.weights for layer in layers)
    shapes, failed = _keras_alone(layers, shape)
    for place, row in enumerate(explanation):
        if row.has_rule and row.reached:
            assert row.agrees, f"{shape} {recipe}\n{explanation}"
            check_words(row)
        if place < len(shapes):
            assert row.keras_shape == shapes[place]
            assert row.keras.parameters == layers[place].count_params()
    refused = explanation.refused_at
    assert (None if refused is None else explanation.rows.index(refused)) == failed, f"{shape} {recipe}\n{explanation}"
    assert all(len(line) <= 100 for line in str(explanation).splitlines())
    _compared["chains"] += 1
    _compared["rows"] += len(shapes)
    _compared["refusals"] += failed is not None


def test_enough_random_chains_were_compared() -> None:
    tally.compared("explained chains", "chains", _compared["chains"], at_least=250)
    tally.compared("explained chains", "rows", _compared["rows"], at_least=600)
    assert _compared["refusals"] >= 60, "too few of the chains were impossible"
