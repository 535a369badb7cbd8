"""The rules of sequences, attention, preparation and operations against real layers, over several settings each.

Every case is built by Keras as a Functional model, explained from its record, and asked a second time as a chain where
that is possible. Sizes and parameters must agree, and the parameters must be those of the model.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import tally
from explaining import check_words

from course_utils import explain
from course_utils.explain import Explanation
from course_utils.explain.rules import unchanged
from course_utils.keras_layers import load_keras

keras = load_keras()  # after course_utils, which tells TensorFlow how to start
L = keras.layers

Case = tuple[Callable[..., Any], list[tuple[int | None, ...]]]


def check(build: Callable[..., Any], shapes: Sequence[tuple[int | None, ...]]) -> Explanation:
    """Explain the model that ``build`` makes of its inputs; every row has a rule and agrees."""
    inputs = [keras.Input(shape) for shape in shapes]
    model = keras.Model(inputs, build(*inputs))
    explanation = explain(model)
    for row in explanation:
        assert row.agrees is True, str(explanation)
        check_words(row)
    assert explanation.parameters == model.count_params()
    return explanation


def product_of(**settings: list[Any]) -> list[dict[str, Any]]:
    """Every combination of some settings."""
    return [dict(zip(settings, values, strict=True)) for values in itertools.product(*settings.values())]


# -- sequences ----------------------------------------------------------------------------------------------------


# Keras takes a good half second to call a recurrent layer, so these grids are thin.
@pytest.mark.parametrize("kind", ["SimpleRNN", "GRU", "LSTM"])
def test_recurrent(kind: str) -> None:
    settings = product_of(use_bias=[True, False], return_sequences=[True, False], return_state=[True, False])
    for units, chosen in enumerate(settings, start=1):
        check(getattr(L, kind)(units, **chosen), [(7, 4) if units % 2 else (None, 1)])
    tally.compared("explained layers", kind, len(settings), at_least=8)


def test_a_recurrent_layer_says_what_it_hands_on() -> None:
    (row,) = explain(L.LSTM(16, name="asked"), input_shape=(8, 4))
    assert row.output_shape == (None, 16) and row.rule.parameters.formula == "4·(4 + 16 + 1)·16 = 1344"
    assert (
        row.sentence
        == "Reads 8 steps one after the other and hands on 16 numbers after the last (return_sequences=False)."
    )
    row = explain(L.GRU(3, return_sequences=True, return_state=True, name="asked"), input_shape=(8, 4))[0]
    assert (row.output_shape, row.rule.further) == ((None, 8, 3), ((None, 3),))
    assert row.rule.parameters.formula == "3·(4 + 3 + 2)·3 = 81"


def test_states_go_on_into_other_layers() -> None:
    def translate(source: Any, target: Any) -> Any:
        _, *states = L.LSTM(6, return_state=True)(L.Embedding(50, 4)(source))
        return L.Dense(9)(L.LSTM(6, return_sequences=True)(L.Embedding(40, 5)(target), initial_state=states))

    explanation = check(translate, [(None,), (12,)])
    assert explanation[-1].output_shape == (None, 12, 9)
    assert [row.parameters for row in explanation][2:] == [200, 200, 264, 288, 63]


@pytest.mark.parametrize("reset", [True, False])
def test_the_second_bias_of_a_gru(reset: bool) -> None:
    check(L.GRU(4, reset_after=reset), [(5, 3)])


@pytest.mark.parametrize(
    "cell",
    [
        lambda: L.LSTMCell(4),
        lambda: L.GRUCell(3, use_bias=False),
        lambda: [L.LSTMCell(4), L.GRUCell(3), L.SimpleRNNCell(2)],
    ],
)
@pytest.mark.parametrize("state", [True, False])
def test_cells(cell: Any, state: bool) -> None:
    check(L.RNN(cell(), return_state=state), [(5, 3)])


@pytest.mark.parametrize(
    ("mode", "settings"),
    [
        ("concat", {}),
        ("concat", {"return_sequences": True, "return_state": True}),
        ("sum", {"return_sequences": True}),
        ("ave", {"return_state": True}),
        (None, {}),
        (None, {"return_sequences": True, "return_state": True}),
    ],
)
def test_both_directions(mode: str | None, settings: dict[str, Any]) -> None:
    check(L.Bidirectional(L.LSTM(3, **settings), merge_mode=mode), [(5, 2)])
    backward = L.GRU(3, go_backwards=True, use_bias=False, **settings)
    check(L.Bidirectional(L.GRU(3, **settings), mode, backward_layer=backward), [(5, 2)])


def test_both_directions_of_unequal_width() -> None:
    """Keras foretells twice the first; the real layer makes what the hand says. A true disagreement."""
    layer = L.Bidirectional(L.GRU(3), backward_layer=L.GRU(4, go_backwards=True))
    (row,) = explain(layer, input_shape=(5, 2))
    assert row.output_shape == (None, 7) and row.keras_shape == (None, 6) and row.agrees is False
    assert tuple(layer(np.zeros((1, 5, 2), "float32")).shape) == (1, 7)
    assert row.notes


WORDS = L.Embedding(100, 8, mask_zero=True)


@pytest.mark.parametrize(
    "build",
    [
        *(lambda x, make=make: make(3)(WORDS(x)) for make in (L.LSTM, L.GRU, L.SimpleRNN)),
        lambda x: L.RNN(L.LSTMCell(3), return_state=True)(WORDS(x)),
        lambda x: L.Bidirectional(L.GRU(3))(WORDS(x)),
        lambda x: L.LSTM(3)(L.LSTM(4, return_sequences=True)(L.Dropout(0.5)(WORDS(x)))),
        lambda x: L.LSTM(3)(L.Add()([WORDS(x), WORDS(x)])),
        lambda x: L.LSTM(3)(L.Concatenate()([WORDS(x), WORDS(x)])),
        lambda x: L.LSTM(3)(L.Concatenate(axis=1)([WORDS(x), WORDS(x)])),
        lambda x: L.LSTM(3)(L.TimeDistributed(L.Dense(4))(WORDS(x))),
        lambda x: L.LSTM(3)(L.Masking()(L.Reshape((10, 1))(x))),
        lambda x: L.GRU(3)(L.Reshape((10, 1))(x), mask=x > 0),
        lambda x: L.GRU(3)(WORDS(x), initial_state=L.Dense(3)(x)),
        lambda x: L.MultiHeadAttention(2, 4)(WORDS(x), WORDS(x)),
        lambda x: L.GlobalAveragePooling1D()(WORDS(x)),
        lambda x: keras.Sequential([keras.Input((10,)), L.Embedding(9, 8, mask_zero=True), L.LSTM(3)])(x),
    ],
)
def test_a_mask_is_no_input(build: Any) -> None:
    """Keras hands masks on beside the tensors; nothing is computed from their size."""
    last = check(build, [(10,)])[-1]
    assert all(len(shape) > 1 and shape != (None, 10) for shape in last.input_shapes)


CONV_LSTM = [
    (1, {}),
    (1, {"strides": 2, "padding": "same", "use_bias": False}),
    (2, {"return_sequences": True, "return_state": True}),
    (2, {"padding": "same"}),
    (2, {"dilation_rate": 2, "return_sequences": True}),
    (3, {"strides": 2}),
    (3, {"data_format": "channels_first", "padding": "same"}),
]


@pytest.mark.parametrize(("d", "settings"), CONV_LSTM)
def test_convolutional_lstm(d: int, settings: dict[str, Any]) -> None:
    sizes = (9, 8, 7)[:d]
    channels_first = settings.get("data_format") == "channels_first"
    row = check(getattr(L, f"ConvLSTM{d}D")(2, 3, **settings), [(4, 3, *sizes) if channels_first else (4, *sizes, 3)])[
        1
    ]
    assert row.rule.pads is not None and len(row.rule.pads) == d


@pytest.mark.parametrize(
    ("inner", "shape"),
    [
        (lambda: L.Dense(3), (5, 4)),
        (lambda: L.Conv2D(3, 3, strides=2), (5, 9, 8, 2)),
        (lambda: L.BatchNormalization(), (None, 9, 2)),
        (lambda: L.LSTM(3), (5, 6, 2)),
        (lambda: keras.Sequential([L.Conv2D(3, 3), L.Flatten(), L.Dense(2)]), (5, 9, 8, 2)),
        (lambda: keras.Sequential([keras.Input((9, 8, 2)), L.Conv2D(3, 3), L.GlobalMaxPooling2D()]), (5, 9, 8, 2)),
    ],
)
def test_every_step(inner: Any, shape: Any) -> None:
    explanation = check(L.TimeDistributed(inner()), [shape])
    assert explanation[1].sentence.endswith(".") and "each" in explanation[1].sentence


def test_embedding() -> None:
    for shape, mask in itertools.product([(), (7,), (None,), (3, 4)], [True, False]):
        check(L.Embedding(11, 3, mask_zero=mask), [shape])


# -- attention ----------------------------------------------------------------------------------------------------

#: Query, value, key.
LOOKING: list[list[Any]] = [
    [(5, 6), (7, 6)],
    [(5, 6), (7, 8), (7, 6)],
    [(None, 6), (None, 6)],
    [(5, 6), (5, 6), (5, 6)],
]


@pytest.mark.parametrize("shapes", LOOKING)
@pytest.mark.parametrize(
    "make",
    [
        L.Attention,
        lambda: L.Attention(use_scale=True),
        lambda: L.Attention(score_mode="concat"),
        lambda: L.Attention(use_scale=True, score_mode="concat"),
        L.AdditiveAttention,
        lambda: L.AdditiveAttention(use_scale=False),
    ],
)
@pytest.mark.parametrize("scores", [True, False])
def test_attention(make: Any, shapes: Any, scores: bool) -> None:
    check(lambda *inputs: make()(list(inputs), return_attention_scores=scores), shapes)


@pytest.mark.parametrize("shapes", LOOKING)
@pytest.mark.parametrize(
    "settings",
    [
        {"num_heads": 2, "key_dim": 3},
        {"num_heads": 1, "key_dim": 3, "value_dim": 5, "use_bias": False},
        {"num_heads": 3, "key_dim": 2, "output_shape": 7, "dropout": 0.1},
        {"num_heads": 3, "key_dim": 2, "output_shape": (2, 4)},
        {"num_heads": 2, "key_dim": 3, "value_dim": 5, "use_gate": True},
    ],
)
def test_multi_head_attention(settings: dict[str, Any], shapes: Any) -> None:
    check(lambda *inputs: L.MultiHeadAttention(**settings)(*inputs), shapes)
    names = ("query", "value", "key")
    check(lambda *inputs: L.MultiHeadAttention(**settings)(**dict(zip(names, inputs, strict=False))), shapes)


@pytest.mark.parametrize("rest", [{}, {"use_bias": False}, {"use_gate": True}])
def test_grouped_query_attention(rest: dict[str, Any]) -> None:
    for shapes in ([(5, 6), (7, 6)], [(5, 6), (5, 6), (5, 6)], [(5, 6), (7, 6), (7, 4)]):
        check(lambda *inputs: L.GroupQueryAttention(3, 4, 2, **rest)(*inputs), shapes)


def test_attention_with_a_mask_knows_which_input_is_which() -> None:
    check(lambda x, y, mask: L.MultiHeadAttention(2, 3)(x, y, attention_mask=mask), [(5, 6), (7, 6), (5, 7)])
    check(lambda x: L.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True), [(5, 6)])


def test_scores_of_heads_are_as_wide_as_the_value() -> None:
    """Keras foretells them as wide as the query; the real layer makes what the hand says. A true disagreement."""
    inputs = keras.Input((5, 6)), keras.Input((7, 6))
    layer = L.MultiHeadAttention(2, 3)
    row = explain(keras.Model(inputs, layer(*inputs, return_attention_scores=True)))[-1]
    assert row.output_shape == (None, 5, 6) and row.rule.further == ((None, 2, 5, 7),)
    _, scores = layer(np.zeros((1, 5, 6)), np.zeros((1, 7, 6)), return_attention_scores=True)
    assert tuple(scores.shape) == (1, 2, 5, 7)
    assert row.keras_shapes[1] == (None, 2, 5, 5) and row.agrees is False


def test_attention_that_builds_and_cannot_run() -> None:
    inputs = keras.Input((5, 6)), keras.Input((7, 4))
    row = explain(keras.Model(inputs, L.Attention()(list(inputs))))[-1]
    assert row.agrees and row.notes == ("It builds and cannot run: the query has 6 numbers at each place, the key 4.",)
    with pytest.raises(Exception, match=r"incompatible|must|Expected|equal|shape"):
        L.Attention()([np.zeros((1, 5, 6), "float32"), np.zeros((1, 7, 4), "float32")])


def test_attention_in_a_chain_says_what_it_needs() -> None:
    for layer, says in ((L.MultiHeadAttention(2, 3), "a query and a value"), (L.Attention(), "takes a list")):
        (row,) = explain(layer, input_shape=(5, 6))
        assert row.refusal_by_hand is not None and says in row.refusal_by_hand and row.refusal_keras


def test_dot() -> None:
    for axes, first, second in [
        (1, (6,), (6,)),
        (-1, (5, 6), (7, 6)),
        ((2, 1), (5, 6), (6, 7)),
        (1, (5, 6), (5, 7)),
        ((1, 2), (6, 5), (3, 6, 2)),
    ]:
        check(lambda x, y, axes=axes: L.Dot(axes)([x, y]), [first, second])
    (row,) = explain(L.Dot(1), input_shape=[(5, 6), (4, 7)])
    assert "5 against 4" in (row.refusal_by_hand or "") and row.agrees


@pytest.mark.parametrize(
    ("equation", "settings", "shape"),
    [
        ("ab,bc->ac", {"output_shape": 64}, (32,)),
        ("ab,bc->ac", {"output_shape": 64, "bias_axes": "c"}, (32,)),
        ("abc,cd->abd", {"output_shape": (None, 64), "bias_axes": "d"}, (None, 128)),
        ("bqm,muh->bquh", {"output_shape": (None, 3, 4), "bias_axes": "uh"}, (5, 6)),
    ],
)
def test_einsum_dense(equation: str, settings: Any, shape: Any) -> None:
    check(L.EinsumDense(equation, **settings), [shape])


# -- preparation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Average", "Max"])
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("made", [1, 3, 4])
def test_adaptive_pooling(kind: str, d: int, made: int) -> None:
    sizes = (7, 6, 5)[:d]
    make = getattr(L, f"Adaptive{kind}Pooling{d}D")
    row = check(make(made), [(*sizes, 3)])[1]
    assert row.output_shape == (None, *(made,) * d, 3)
    check(make(made, data_format="channels_first"), [(3, *sizes)])
    check(make(made), [(*(None,) * d, 3)])


@pytest.mark.parametrize(
    "make",
    [
        L.AutoContrast,
        lambda: L.RandomBrightness(0.1),
        lambda: L.RandomColorDegeneration(0.5),
        lambda: L.RandomElasticTransform(),
        lambda: L.RandomErasing(),
        lambda: L.RandomGaussianBlur(),
        lambda: L.RandomGrayscale(),
        lambda: L.RandomHue(0.5),
        lambda: L.RandomInvert(),
        lambda: L.RandomPerspective(),
        lambda: L.RandomPosterization(4),
        lambda: L.RandomSaturation(0.5),
        lambda: L.RandomSharpness(0.5),
        lambda: L.RandomShear(0.1, 0.1),
        L.Solarization,
        lambda: L.Pipeline([L.RandomFlip(), L.Resizing(5, 6), L.Rescaling(1 / 255)]),
        lambda: L.RandomCrop(5, 6),
        lambda: L.CenterCrop(5, 6),
        lambda: L.Resizing(5, 6, pad_to_aspect_ratio=True),
    ],
)
def test_pictures(make: Any) -> None:
    check(make(), [(12, 10, 3)])


def test_every_picture_layer_in_a_chain() -> None:
    settings = {"RandomPosterization": (4,), "RandomBrightness": (0.1,)} | dict.fromkeys(
        ("RandomColorDegeneration", "RandomHue", "RandomSaturation", "RandomSharpness"), (0.5,)
    )
    layers = [getattr(L, kind)(*settings.get(kind, ())) for kind in unchanged.IMAGES.split()]
    explanation = explain(layers, input_shape=(12, 10, 3))
    assert explanation.agrees and not explanation.without_rule and len(explanation) >= 22
    assert explanation[-1].output_shape == (None, 12, 10, 3)


def test_categories() -> None:
    number = 0
    for shape, mode in itertools.product([(3,), (1,), (4, 1)], ["int", "one_hot", "multi_hot", "count"]):
        if len(shape) > 1 and mode in ("multi_hot", "count"):
            continue
        makes: list[Any] = [
            lambda mode=mode: L.IntegerLookup(vocabulary=[1, 2, 3], output_mode=mode),
            lambda mode=mode: L.IntegerLookup(
                vocabulary=[1, 2, 3],
                output_mode=mode,
                **({} if mode == "int" else {"max_tokens": 9, "pad_to_max_tokens": True}),
            ),
        ]
        if mode != "one_hot" or shape[-1] == 1:
            makes.append(lambda mode=mode: L.Hashing(5, output_mode=mode))
        if mode != "int":
            makes.append(lambda mode=mode: L.CategoryEncoding(5, output_mode=mode))
        makes.append(lambda mode=mode: L.Discretization([0.0, 1.0], output_mode=mode))
        for make in makes:
            check(make(), [shape])
            number += 1
    tally.compared("explained layers", "categories", number, at_least=45)


@pytest.mark.parametrize("shape", [(3,), (4, 3), (4, 1), (4, 3, 2)])
@pytest.mark.parametrize("mode", ["one_hot", "multi_hot", "count"])
@pytest.mark.parametrize("kind", ["Hashing", "CategoryEncoding", "IntegerLookup", "Discretization"])
def test_categories_that_run(kind: str, mode: str, shape: tuple[int, ...]) -> None:
    """What the layer really makes is what the hand says, also where Keras foretells something else; then a note."""
    first: Any = {"IntegerLookup": None, "Discretization": [0.0, 1.0]}.get(kind, 5)
    layer = getattr(L, kind)(first, output_mode=mode, **({"vocabulary": [1, 2, 3]} if first is None else {}))
    (row,) = explain(layer, input_shape=shape)
    assert row.output_shape is not None
    assert row.output_shape[1:] == tuple(layer(np.ones((2, *shape), "int64")).shape[1:])
    assert row.agrees is not bool(row.notes), row


def test_crossing() -> None:
    for mode in ("int", "one_hot"):
        check(lambda x, y, mode=mode: L.HashedCrossing(5, output_mode=mode)([x, y]), [(1,), (1,)])


def test_words() -> None:
    def vectorize(length: int | None) -> Any:
        layer = L.TextVectorization(output_sequence_length=length, vocabulary=["a", "b"])
        inputs = keras.Input((1,), dtype="string")
        return explain(keras.Model(inputs, L.Embedding(9, 2)(layer(inputs))))

    for length in (4, None):
        explanation = vectorize(length)
        assert explanation.agrees and not explanation.without_rule
        assert explanation[-1].output_shape == (None, length, 2)


# -- what no rule is for ------------------------------------------------------------------------------------------


def test_weights_that_were_changed_behind_the_settings_have_no_rule() -> None:
    layer = L.Dense(4)
    layer.build((None, 3))
    layer.enable_lora(2)
    (row,) = explain(layer, input_shape=(3,))
    assert not row.has_rule and "LoRA" in row.sentence and row.keras.parameters == 30


def test_a_list_of_maps_where_one_is_read() -> None:
    explanation = explain([L.LSTM(3, return_state=True), L.Dense(2)], input_shape=(5, 2))
    assert explanation[0].rule.further == ((None, 3), (None, 3))
    assert "takes one input; 3 maps reach it" in (explanation[1].refusal_by_hand or "") and explanation[1].agrees


@pytest.mark.parametrize("make", [L.Add, L.Multiply, L.Average, L.Maximum, L.Minimum, L.Concatenate])
def test_a_join_of_one(make: Any) -> None:
    """Keras takes a list of one and refuses the same map alone."""
    check(lambda x: make()([x]), [(5, 6)])
    (row,) = explain(make(), input_shape=(5, 6))
    assert row.agrees and row.refused


# -- operations between tensors -----------------------------------------------------------------------------------

ops = keras.ops
ONE: list[Any] = [
    *(lambda x, f=f: getattr(ops, f)(x) for f in ("exp", "abs", "sqrt", "softmax", "gelu", "sign", "log_softmax")),
    *(lambda x, f=f: getattr(ops, f)(x) for f in ("mean", "sum", "max", "min", "prod", "std", "var", "argmax")),
    *(
        lambda x, f=f, a=a, k=k: getattr(ops, f)(x, axis=a, keepdims=k)
        for f in ("mean", "max", "sum", "logsumexp", "var")
        for a in (1, -1, (1, 2))
        for k in (True, False)
    ),
    lambda x: ops.reshape(x, (-1, 12)),
    lambda x: ops.reshape(x, (-1, 3, 4, 2)),
    lambda x: ops.transpose(x),
    lambda x: ops.transpose(x, (0, 2, 1)),
    lambda x: ops.expand_dims(x, -1),
    lambda x: ops.expand_dims(x, 1),
    lambda x: ops.squeeze(ops.expand_dims(x, 1), 1),
    lambda x: ops.stack([x, x, x], axis=1),
    lambda x: ops.stack([x, x], axis=-1),
    lambda x: ops.concatenate([x, x], axis=1),
    lambda x: ops.split(x, 2, axis=1),
    lambda x: ops.split(x, 3, axis=-1),
    lambda x: ops.matmul(x, ops.transpose(x, (0, 2, 1))),
    lambda x: ops.cast(x, "float16"),
    lambda x: ops.clip(x, 0.0, 1.0),
    lambda x: x**2 - 1.0,
    lambda x: 1.0 / (1.0 + x),
    lambda x: ops.maximum(x, 0.0),
    lambda x: ops.logical_and(x > 0.0, x < 1.0),
]


def test_operations() -> None:
    for build in ONE:
        check(build, [(4, 6)])
    tally.compared("explained layers", "operations", len(ONE), at_least=60)


@pytest.mark.parametrize("shape", [(4, 6), (None, 6), (None, None)])
def test_operations_on_sizes_that_are_not_known(shape: Any) -> None:
    for build in ONE:
        inputs = keras.Input(shape)
        try:
            model = keras.Model(inputs, build(inputs))
        except Exception:  # Keras itself refuses, for example to split what is not known
            continue
        explanation = explain(model)
        assert explanation.agrees and not explanation.without_rule, str(explanation)


@pytest.mark.parametrize("rest", [(784, 8), (-1, 8), (28, 28, 2, 4)])
def test_a_reshape_to_none_builds_and_cannot_run(rest: tuple[int, ...]) -> None:
    inputs = keras.Input((28, 28, 8))
    model = keras.Model(inputs, ops.reshape(inputs, (ops.shape(inputs)[0], *rest)))
    row = explain(model)[-1]
    assert row.agrees and "Write −1" in row.notes[0]
    with pytest.raises(Exception, match="None"):
        model(np.zeros((2, 28, 28, 8)))
