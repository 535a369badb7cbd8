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


def check(build: Callable[..., Any], shapes: Sequence[tuple[int | None, ...]]) -> Explanation:
    """Explain the model that ``build`` makes of its inputs; every row has a rule and agrees."""
    inputs = [keras.Input(shape) for shape in shapes]
    model = keras.Model(inputs, build(*inputs))
    explanation = explain(model)
    for row in explanation:
        assert row.agrees is True and "fault" not in row.facts.field_lost, str(explanation)
        check_words(row)
    assert explanation.parameters == model.count_params()
    return explanation


def product_of(**settings: list[Any]) -> list[dict[str, Any]]:
    """Every combination of some settings."""
    return [dict(zip(settings, values, strict=True)) for values in itertools.product(*settings.values())]


WORDS = L.Embedding(100, 8, mask_zero=True)
#: Keras hands masks on beside the tensors; nothing is computed from their size.
MASKED: list[Callable[..., Any]] = [
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
    lambda x: keras.Sequential([keras.Input((10, 8)), L.Masking(), L.LSTM(3)])(WORDS(x)),
    lambda x: L.LSTM(3)(L.TimeDistributed(model_of(lambda t: L.GRU(4)(WORDS(t)), (10,)))(L.RepeatVector(5)(x))),
]


def model_of(build: Any, shape: tuple[int, ...]) -> Any:
    """A model of one input."""
    start = keras.Input(shape)
    return keras.Model(start, build(start))


@pytest.mark.parametrize(
    "build",
    [
        lambda x: x[..., :2],
        lambda x: (x - 0.5) / np.array([1.0, 2.0, 3.0, 4.0]),
        lambda x: keras.ops.take(x, [0, 2], axis=1),
        lambda x: L.MultiHeadAttention(2, 3)(x, x),
        lambda x: L.GRU(3)(x, initial_state=L.Dense(3)(L.Flatten()(x))),
    ],
)
def test_a_model_in_a_wrapper_is_asked_as_it_was_called(build: Any) -> None:
    check(L.TimeDistributed(model_of(build, (8, 4))), [(5, 8, 4)])


@pytest.mark.parametrize("build", MASKED)
def test_a_mask_is_no_input(build: Any) -> None:
    last = check(build, [(10,)])[-1]
    assert all(len(shape) > 1 and shape != (None, 10) for shape in last.input_shapes)


#: Query, value, key.
LOOKING: list[list[Any]] = [
    *([(5, 6), (7, 6)], [(5, 6), (7, 8), (7, 6)], [(None, 6), (None, 6)], [(5, 6), (5, 6), (5, 6)])
]
HEADS: list[dict[str, Any]] = [
    {"num_heads": 2, "key_dim": 3},
    {"num_heads": 1, "key_dim": 3, "value_dim": 5, "use_bias": False},
    {"num_heads": 3, "key_dim": 2, "output_shape": 7, "dropout": 0.1},
    {"num_heads": 3, "key_dim": 2, "output_shape": (2, 4)},
    {"num_heads": 2, "key_dim": 3, "value_dim": 5, "use_gate": True},
]
BOTH_WAYS: list[tuple[str | None, dict[str, Any]]] = [
    *(("concat", {}), ("concat", {"return_sequences": True, "return_state": True}), (None, {})),
    *(("sum", {"return_sequences": True}), ("ave", {"return_state": True})),
    (None, {"return_sequences": True, "return_state": True}),
]
#: Kind → builders, each with the shapes that go in. Keras takes a good half second to call a recurrent layer, so those
#: grids are thin.
CASES: dict[str, list[tuple[Any, Any]]] = {
    **{
        kind: [
            (getattr(L, kind)(units, **chosen), [(7, 4) if units % 2 else (None, 1)])
            for units, chosen in enumerate(
                product_of(use_bias=[True, False], return_sequences=[True, False], return_state=[True, False]), start=1
            )
        ]
        for kind in ("SimpleRNN", "GRU", "LSTM")
    },
    "reset_after": [(L.GRU(4, reset_after=reset), [(5, 3)]) for reset in (True, False)],
    "RNN": [
        (L.RNN(cell, return_state=state), [(5, 3)])
        for state in (True, False)
        for cell in (L.LSTMCell(4), L.GRUCell(3, use_bias=False), [L.LSTMCell(4), L.GRUCell(3), L.SimpleRNNCell(2)])
    ],
    "Bidirectional": [
        *((L.Bidirectional(L.LSTM(3, **settings), merge_mode=mode), [(5, 2)]) for mode, settings in BOTH_WAYS),
        *(
            (L.Bidirectional(L.GRU(3, **chosen), mode, backward_layer=backward), [(5, 2)])
            for mode, chosen in BOTH_WAYS
            for backward in [L.GRU(3, go_backwards=True, use_bias=False, **chosen)]
        ),
    ],
    "ConvLSTM": [
        (L.ConvLSTM1D(2, 3), [(4, 9, 3)]),
        (L.ConvLSTM1D(2, 3, strides=2, padding="same", use_bias=False), [(4, 9, 3)]),
        (L.ConvLSTM2D(2, 3, return_sequences=True, return_state=True), [(4, 9, 8, 3)]),
        (L.ConvLSTM2D(2, 3, padding="same"), [(4, 9, 8, 3)]),
        (L.ConvLSTM2D(2, 3, dilation_rate=2, return_sequences=True), [(4, 9, 8, 3)]),
        (L.ConvLSTM3D(2, 3, strides=2), [(4, 9, 8, 7, 3)]),
        (L.ConvLSTM3D(2, 3, data_format="channels_first", padding="same"), [(4, 3, 9, 8, 7)]),
    ],
    "TimeDistributed": [
        (L.TimeDistributed(L.Dense(3)), [(5, 4)]),
        (L.TimeDistributed(L.Conv2D(3, 3, strides=2)), [(5, 9, 8, 2)]),
        (L.TimeDistributed(L.BatchNormalization()), [(None, 9, 2)]),
        (L.TimeDistributed(L.Permute((2, 1))), [(5, 9, 2)]),
        (L.TimeDistributed(L.Resizing(4, 3)), [(5, 9, 8, 2)]),
        (L.TimeDistributed(L.LSTM(3)), [(5, 6, 2)]),
        (L.TimeDistributed(keras.Sequential([L.Conv2D(3, 3), L.Flatten(), L.Dense(2)])), [(5, 9, 8, 2)]),
        (
            L.TimeDistributed(keras.Sequential([keras.Input((9, 8, 2)), L.Conv2D(3, 3), L.GlobalMaxPooling2D()])),
            [(5, 9, 8, 2)],
        ),
    ],
    "Embedding": [
        (L.Embedding(11, 3, mask_zero=mask), [shape]) for shape in [(), (7,), (None,), (3, 4)] for mask in (True, False)
    ],
    "Attention": [
        (lambda *inputs, layer=layer, scores=scores: layer(list(inputs), return_attention_scores=scores), shapes)
        for shapes in LOOKING
        for scores in (True, False)
        for layer in (
            *(L.Attention(), L.Attention(use_scale=True), L.Attention(score_mode="concat")),
            *(L.Attention(use_scale=True, score_mode="concat"), L.AdditiveAttention()),
            L.AdditiveAttention(use_scale=False),
        )
    ],
    "dot_product_attention": [
        (lambda q, v: keras.ops.dot_product_attention(q, v, v), [(5, 2, 6), (7, 2, 6)]),
        (lambda q: keras.ops.dot_product_attention(query=q, key=q, value=q), [(None, 2, 6)]),
    ],
    "MultiHeadAttention": [
        *((L.MultiHeadAttention(**settings), shapes) for settings in HEADS for shapes in LOOKING),
        *(
            (
                lambda *inputs, settings=settings: L.MultiHeadAttention(**settings)(
                    **dict(zip(("query", "value", "key"), inputs, strict=False))
                ),
                shapes,
            )
            for settings in HEADS
            for shapes in LOOKING
        ),
        (lambda x, y, mask: L.MultiHeadAttention(2, 3)(x, y, attention_mask=mask), [(5, 6), (7, 6), (5, 7)]),
        (lambda x: L.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True), [(5, 6)]),
    ],
    "GroupedQueryAttention": [
        (L.GroupQueryAttention(3, 4, 2, **rest), shapes)
        for rest in ({}, {"use_bias": False}, {"use_gate": True})
        for shapes in ([(5, 6), (7, 6)], [(5, 6), (5, 6), (5, 6)], [(5, 6), (7, 6), (7, 4)])
    ],
    "Dot": [
        (lambda x, y, axes=axes: L.Dot(axes)([x, y]), shapes)
        for axes, *shapes in (
            *((1, (6,), (6,)), (-1, (5, 6), (7, 6)), ((2, 1), (5, 6), (6, 7)), (1, (5, 6), (5, 7))),
            ((1, 2), (6, 5), (3, 6, 2)),
        )
    ],
    "EinsumDense": [
        (L.EinsumDense("ab,bc->ac", output_shape=64), [(32,)]),
        (L.EinsumDense("ab,bc->ac", output_shape=64, bias_axes="c"), [(32,)]),
        (L.EinsumDense("abc,cd->abd", output_shape=(None, 64), bias_axes="d"), [(None, 128)]),
        (L.EinsumDense("bqm,muh->bquh", output_shape=(None, 3, 4), bias_axes="uh"), [(5, 6)]),
    ],
    "AdaptivePooling": [
        (getattr(L, f"Adaptive{kind}Pooling{d}D")(made, **settings), [shape])
        for kind in ("Average", "Max")
        for d in (1, 2, 3)
        for made in (1, 3, 4)
        for settings, shape in (
            *(({}, (*(7, 6, 5)[:d], 3)), ({}, (*(None,) * d, 3))),
            ({"data_format": "channels_first"}, (3, *(7, 6, 5)[:d])),
        )
    ],
    "pictures": [
        (layer, [(12, 10, 3)])
        for layer in (
            *(L.RandomShear(0.1, 0.1), L.RandomCrop(5, 6), L.CenterCrop(5, 6)),
            *(L.Pipeline([L.RandomFlip(), L.Resizing(5, 6), L.Rescaling(1 / 255)]),),
            L.Resizing(5, 6, pad_to_aspect_ratio=True),
        )
    ],
    "HashedCrossing": [
        (lambda x, y, mode=mode: L.HashedCrossing(5, output_mode=mode)([x, y]), [(1,), (1,)])
        for mode in ("int", "one_hot")
    ],
}


@pytest.mark.parametrize("kind", CASES)
def test_every_rule_agrees_with_the_layer(kind: str) -> None:
    for build, shapes in CASES[kind]:
        row = check(build, shapes)[-1]
        if kind == "ConvLSTM":
            assert row.rule.pads is not None and len(row.rule.pads) == len(row.call.layer.kernel_size)
        if kind == "TimeDistributed":
            assert "each" in row.sentence
    tally.compared("explained layers", kind, len(CASES[kind]), at_least=2)


# -- sequences ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shapes", "parameters"),
    [
        (L.LSTM(16), ((None, 16),), "4·(4 + 16 + 1)·16 = 1344"),
        (L.GRU(3, return_sequences=True, return_state=True), ((None, 8, 3), (None, 3)), "3·(4 + 3 + 2)·3 = 81"),
    ],
)
def test_a_recurrent_layer_says_what_it_hands_on(layer: Any, shapes: Any, parameters: str) -> None:
    (row,) = explain(layer, input_shape=(8, 4))
    assert row.rule.shapes == shapes and row.rule.parameters.formula == parameters
    said = "Reads 8 steps one after the other and hands on 16 numbers after the last (return_sequences=False)."
    assert row.sentence == said or layer.return_sequences


def test_states_go_on_into_other_layers() -> None:
    def translate(source: Any, target: Any) -> Any:
        _, *states = L.LSTM(6, return_state=True)(L.Embedding(50, 4)(source))
        return L.Dense(9)(L.LSTM(6, return_sequences=True)(L.Embedding(40, 5)(target), initial_state=states))

    explanation = check(translate, [(None,), (12,)])
    assert explanation[-1].output_shape == (None, 12, 9)
    assert [row.parameters for row in explanation][2:] == [200, 200, 264, 288, 63]


def test_both_directions_of_unequal_width() -> None:
    """Keras foretells twice the first; the real layer makes what the hand says. A true disagreement."""
    layer = L.Bidirectional(L.GRU(3), backward_layer=L.GRU(4, go_backwards=True))
    (row,) = explain(layer, input_shape=(5, 2))
    assert row.output_shape == (None, 7) and row.keras_shape == (None, 6) and row.agrees is False
    assert tuple(layer(np.zeros((1, 5, 2), "float32")).shape) == (1, 7)
    assert row.notes


# -- attention ----------------------------------------------------------------------------------------------------


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


def test_dot_needs_equal_sizes() -> None:
    (row,) = explain(L.Dot(1), input_shape=[(5, 6), (4, 7)])
    assert "5 against 4" in (row.refusal_by_hand or "") and row.agrees


# -- preparation --------------------------------------------------------------------------------------------------


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


def test_words() -> None:
    def vectorize(length: int | None) -> Any:
        layer = L.TextVectorization(output_sequence_length=length, vocabulary=["a", "b"])
        inputs = keras.Input((1,), dtype="string")
        return explain(keras.Model(inputs, L.Embedding(9, 2)(layer(inputs))))

    for length in (4, None):
        explanation = vectorize(length)
        assert explanation.agrees and not explanation.without_rule
        assert explanation[-1].output_shape == (None, length, 2)


def test_pictures_with_what_belongs_to_them() -> None:
    """Every map of the dict is told, not the first alone."""
    shapes: dict[str, Any] = {"images": (12, 10, 3), "labels": (5,), "segmentation_masks": (12, 10, 1)}
    inputs = {name: keras.Input(shape, name=name) for name, shape in shapes.items()}
    for layer in (L.RandomFlip(), L.Rescaling(2.0), L.MixUp(), L.RandomShear(0.1)):
        row = explain(keras.Model(inputs, layer(inputs)))[-1]
        assert row.agrees and [shape[1:] for shape in row.rule.shapes] == list(shapes.values()), row


@pytest.mark.parametrize("mode", ["one_hot", "multi_hot"])
def test_categories_without_a_batch(mode: str) -> None:
    for layer in (L.CategoryEncoding(6, output_mode=mode), L.IntegerLookup(vocabulary=[1, 2], output_mode=mode)):
        (row,) = explain(layer, input_shape=())
        assert row.agrees and row.output_shape == tuple(layer(keras.Input(())).shape)


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


def weights(*shape: int) -> Any:
    """An array to be multiplied with, as the weights of an operation are."""
    return np.ones(shape, "float32")


#: What works on maps, of 12×14×4.
MAPS: dict[str, Any] = {
    "a border": lambda x: x[:, 1:-1, 2:],
    "every second": lambda x: x[:, ::2, 1::2],
    "every third of a part": lambda x: x[:, 1:-2:3],
    "backwards": lambda x: x[:, ::-1, ::-2],
    "the first and the last": lambda x: x[:, :7, -5:-2],
    "between two places": lambda x: x[:, 4:9],
    "more than there is": lambda x: x[:, :100, -100:],
    "one row": lambda x: x[:, 0],
    "one cell": lambda x: x[:, 1, -1],
    "some channels": lambda x: x[..., :2],
    "a new axis": lambda x: x[:, None],
    "pad": lambda x: ops.pad(x, ((0, 0), (1, 2), (3, 4), (0, 0))),
    "pad channels": lambda x: ops.pad(x, ((0, 0), (0, 0), (0, 0), (2, 2))),
    "mirror": lambda x: ops.pad(x, ((0, 0), (1, 1), (2, 2), (0, 0)), mode="reflect"),
    "resize": lambda x: ops.image.resize(x, (5, 6)),
    "split": lambda x: ops.split(x, 2, axis=1),
    "split at": lambda x: ops.split(x, [3, 7], axis=1),
    "split channels": lambda x: ops.split(x, [1], axis=-1),
    "unequal parts": lambda x: ops.array_split(x, 5, axis=2),
    "tile": lambda x: ops.tile(x, (1, 2, 3, 1)),
    "tile channels": lambda x: ops.tile(x, 3),
    "tile to more axes": lambda x: ops.tile(x, (2, 1, 1, 1, 1)),
    "repeat": lambda x: ops.repeat(x, 3, axis=1),
    "repeat unequally": lambda x: ops.repeat(x, [1, 2, 1, 1], axis=-1),
    "moveaxis": lambda x: ops.moveaxis(x, -1, 1),
    "move two": lambda x: ops.moveaxis(x, [1, 2], [2, 3]),
    "swapaxes": lambda x: ops.swapaxes(x, 1, 2),
    "transpose": lambda x: ops.transpose(x, (0, 3, 1, 2)),
    "flip": lambda x: ops.flip(x, 1),
    "roll": lambda x: ops.roll(x, 2, 1),
    "cumsum": lambda x: ops.cumsum(x, axis=1),
    "einsum": lambda x: ops.einsum("bhwc,cd->bhwd", x, weights(4, 6)),
    "einsum with dots": lambda x: ops.einsum("...hwc->...hc", x),
    "einsum of two": lambda x: ops.einsum("bhwc,bhvc->bhwv", x, x),
    "dot": lambda x: ops.dot(x, weights(4, 6)),
    "tensordot": lambda x: ops.tensordot(x, weights(14, 4, 6), axes=[[2, 3], [0, 1]]) if x.shape[2] == 14 else x,
    "depth to space": lambda x: ops.depth_to_space(x, 2),
    "space to depth": lambda x: ops.space_to_depth(x[:, :-1, :-1] if (x.shape[1] or 0) % 2 else x, 2),
    "patches": lambda x: ops.image.extract_patches(x, 3),
    "patches that overlap": lambda x: ops.image.extract_patches(x, (3, 2), strides=2, padding="same"),
    "pad images": lambda x: ops.image.pad_images(x, 1, 2, target_height=40, target_width=40),
    "crop images": lambda x: ops.image.crop_images(x, 1, 2, target_height=5, target_width=6),
    "crop": lambda x: ops.image.crop_images(x, top_cropping=1, bottom_cropping=1, left_cropping=2, right_cropping=1),
    "grey": lambda x: ops.image.rgb_to_grayscale(x[..., :3]),
    "conv": lambda x: ops.conv(x, weights(3, 3, 4, 8), strides=2, padding="same"),
    "conv without padding": lambda x: ops.conv(x, weights(3, 2, 4, 8)),
    "conv with holes": lambda x: ops.conv(x, weights(3, 3, 4, 8), dilation_rate=2),
    "depthwise": lambda x: ops.depthwise_conv(x, weights(3, 3, 4, 2), padding="same"),
    "separable": lambda x: ops.separable_conv(x, weights(3, 3, 4, 2), weights(1, 1, 8, 5), strides=2),
    "transposed": lambda x: ops.conv_transpose(x, weights(3, 3, 5, 4), strides=2, padding="same"),
    "transposed whole": lambda x: ops.conv_transpose(x, weights(3, 3, 5, 4), strides=2),
    "transposed less": lambda x: ops.conv_transpose(
        x, weights(3, 3, 5, 4), strides=2, padding="same", output_padding=0
    ),
    "max pool": lambda x: ops.max_pool(x, 2),
    "average pool": lambda x: ops.average_pool(x, (2, 3), padding="same"),
    "one-hot": lambda x: ops.one_hot(ops.cast(x[..., 0], "int32"), 5),
    "multi-hot": lambda x: ops.multi_hot(ops.cast(x[..., 0, 0], "int32"), 5),
    "take": lambda x: ops.take(x, [0, 2], axis=-1),
    "take one": lambda x: ops.take(x, 1, axis=1),
    "where": lambda x: ops.where(x > 0, x, 0.0),
    "mean of each map": lambda x: ops.mean(x, (1, 2)),
    "kept": lambda x: x * ops.mean(x, (1, 2), keepdims=True),
    "mean of the channels": lambda x: ops.mean(x, -1, keepdims=True),
    "moments": lambda x: ops.moments(x, axes=(1, 2)),
    "norm": lambda x: ops.norm(x, axis=-1),
    "median": lambda x: ops.median(x, axis=1),
    "top k": lambda x: ops.top_k(x, 2),
    "glu": lambda x: ops.glu(x),
    "diff": lambda x: ops.diff(x, 2, axis=1),
    "hstack": lambda x: ops.hstack([x, x]),
    "append": lambda x: ops.append(x, x[:, 1:], axis=1),
    "unstack": lambda x: ops.unstack(x, axis=-1),
    "slice": lambda x: ops.slice(x, (0, 1, 2, 0), (1, 5, -1, 4)),
    "broadcast": lambda x: ops.broadcast_to(x[:1, :1], (1, 9, *x.shape[2:])) if None not in x.shape[1:] else x,
    "spectral": lambda x: L.SpectralNormalization(L.Conv2D(5, 3, strides=2))(x),
    "spectral up": lambda x: L.SpectralNormalization(L.Conv2DTranspose(5, 3, strides=2))(x),
    "spectral dense": lambda x: L.SpectralNormalization(L.Dense(5))(x),
    "spectral depthwise": lambda x: L.SpectralNormalization(L.DepthwiseConv2D(3, depth_multiplier=2))(x),
    "in a row": lambda x: ops.max_pool(ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))[:, 1:, :-1], 3, 2),
}


def test_operations() -> None:
    for build in ONE:
        check(build, [(4, 6)])
    for build in MAPS.values():
        check(build, [(12, 14, 4)])
    tally.compared("explained layers", "operations", len(ONE) + len(MAPS), at_least=140)


@pytest.mark.parametrize("shape", [(4, 6), (None, 6), (None, None), (12, 14, 4), (None, None, 4), (12, None, 4)])
def test_operations_on_sizes_that_are_not_known(shape: Any) -> None:
    for build in ONE if len(shape) == 2 else MAPS.values():
        inputs = keras.Input(shape)
        try:
            model = keras.Model(inputs, build(inputs))
        except Exception:  # Keras itself refuses, for example to split what is not known
            continue
        explanation = explain(model)
        assert explanation.agrees and not explanation.without_rule, str(explanation)


def test_the_expression_of_an_operation_holds_for_other_sizes() -> None:
    found = 0
    for name, build in MAPS.items():
        inputs = keras.Input((12, 14, 4))
        said = explain(keras.Model(inputs, build(inputs)))[-1].facts.sizes
        for n in (20, 26, 27) if said else ():
            other = keras.Input((n, n + 2, 4))
            try:
                made = explain(keras.Model(other, build(other)))[-1].keras_shapes[0]
            except Exception:  # an odd size cannot be halved
                continue
            sizes = (said[0](n), said[1](n + 2))
            assert sizes in (made[1:3], made[2:4]), (name, n, made, [str(size) for size in said])
            found += 1
    assert found > 120, "most of them are followed"


def test_an_operation_that_moves_cells_apart_is_not_followed() -> None:
    """The size beyond the ends of a slice, and unequal parts, are no expressions in n."""
    for name in ("more than there is", "split at", "unequal parts", "swapaxes", "slice"):
        inputs = keras.Input((12, 14, 4))
        assert not explain(keras.Model(inputs, MAPS[name](inputs)))[-1].for_any_n, name


def test_adaptive_pooling_of_an_operation() -> None:
    """Keras foretells an axis too many; what runs makes what the hand says. A true disagreement."""
    inputs = keras.Input((12, 14, 4))
    row = explain(keras.Model(inputs, ops.adaptive_average_pool(inputs, (3, 5))))[-1]
    made = ops.adaptive_average_pool(ops.ones((1, 12, 14, 4)), (3, 5)).shape
    assert row.output_shape[1:] == tuple(made[1:]) == (3, 5, 4) != row.keras_shapes[0][1:] and row.notes


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda x: L.Embedding(9, 2, mask_zero=True)(x), "Says where its inputs differ, cell by cell"),
        (lambda x: x > 1, "Says where the first of its inputs is greater, cell by cell"),
        (lambda x: x / 2, "Divides its inputs cell by cell"),
    ],
)
def test_what_is_compared_is_said_in_words(build: Any, says: str) -> None:
    explanation = check(lambda x: L.LSTM(2)(build(x)) if "mask" in str(build(x).dtype) else build(x), [(6,)])
    masked = explain(keras.Sequential([keras.Input((6,)), L.Embedding(9, 2, mask_zero=True), L.LSTM(2)]))
    assert any(row.sentence.startswith(says) for row in (*explanation, *masked))


def test_patches_of_a_transformer_are_no_slip() -> None:
    """Conv2D(8, 3, 3) may have been meant as 3×3, and says so; patches have larger sides, or even ones."""
    for k in (2, 4, 7, 8, 14, 16, 32):
        assert not any("Meant?" in note for note in explain(L.Conv2D(8, k, k), (224, 224, 3))[0].notes), k
    assert any("Meant?" in note for note in explain(L.Conv2D(8, 3, 3), (225, 225, 3))[0].notes)


@pytest.mark.parametrize("rest", [(784, 8), (-1, 8), (28, 28, 2, 4)])
def test_a_reshape_to_none_builds_and_cannot_run(rest: tuple[int, ...]) -> None:
    inputs = keras.Input((28, 28, 8))
    model = keras.Model(inputs, ops.reshape(inputs, (ops.shape(inputs)[0], *rest)))
    row = explain(model)[-1]
    assert row.agrees and "Write −1" in row.notes[0]
    with pytest.raises(Exception, match="None"):
        model(np.zeros((2, 28, 28, 8)))


def test_a_stretch_to_none_builds_and_cannot_run() -> None:
    inputs = keras.Input((1, 4))
    model = keras.Model(inputs, ops.broadcast_to(inputs, (ops.shape(inputs)[0], 9, 4)))
    row = explain(model)[-1]
    assert row.agrees and row.notes == ("It builds and cannot run: None, from ops.shape, is no size.",)
    with pytest.raises(Exception, match="None"):
        model(np.zeros((2, 1, 4)))
