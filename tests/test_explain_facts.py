"""The deeper facts of each row, against what is measured: fields by lighting up pixels, multiply-adds by counting."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from explaining import autoencoder_layers

from course_utils import explain
from course_utils.axes import TransposedWindow, Window
from course_utils.explain import Explanation
from course_utils.keras_layers import axes_of, load_keras

keras = load_keras()  # after course_utils, which tells TensorFlow how to start
L = keras.layers


def three(row: Any) -> list[tuple[Any, Any, Any]]:
    return [(field.size, field.jump, field.start) for field in row.facts.fields]


# -- receptive fields: known values -------------------------------------------------------------------------------


def test_the_encoder_of_the_question() -> None:
    explanation = explain(autoencoder_layers()[:6], input_shape=(28, 28, 1))
    assert three(explanation[-1]) == [(22, 8, -7)] * 2
    assert [row.facts.fields[0].size for row in explanation] == [3, 4, 8, 10, 18, 22]
    assert [row.facts.fields[0].start for row in explanation] == [-1, -1, -3, -3, -7, -7]


def test_padding_by_hand_starts_at_the_first_cell() -> None:
    padded = explain([L.Conv2D(4, 7, strides=2), L.MaxPooling2D(3, 2)], input_shape=(230, 230, 3))
    assert three(padded[-1]) == [(11, 4, 0)] * 2


# -- receptive fields: measured on real models --------------------------------------------------------------------


def positive(model: Any) -> Any:
    """Every weight 1 and every bias 0, so that light never cancels out."""
    for layer in model.layers:
        if not isinstance(layer, L.BatchNormalization):  # it starts as the identity
            layer.set_weights([np.zeros_like(w) if w.ndim == 1 else np.ones_like(w) for w in layer.get_weights()])
    return model


def seen(model: Any) -> Any:
    """For each output cell (first) and input cell (last): whether light in the one shows in the other."""
    size = model.input_shape[1:-1]
    lights = np.eye(int(np.prod(size)), dtype="float32").reshape((-1, *size, 1))
    return np.moveaxis(model.predict(lights, verbose=0).sum(axis=-1) > 0, 0, -1)


def check_fields(explanation: Explanation, shown: Any) -> int:
    """Compare every interior output on one axis; return how many there were."""
    fields, n = explanation[-1].facts.fields, explanation[0].input_shape[1]
    assert isinstance(n, int)
    compared = 0
    for i, lit in enumerate(shown):
        span, measured = fields[0][i], np.flatnonzero(lit)
        assert measured.size == 0 or (span is not None and span[0] <= measured[0] and measured[-1] <= span[1])
        reach = max(row.facts.fields[0].size or 0 for row in explanation if row.facts.fields)
        if span is not None and span[0] >= reach and span[1] < n - reach:  # far from every border on the way
            assert (measured[0], measured[-1]) == span, f"output {i}"
            compared += 1
    return compared


CHAINS: list[tuple[int, list[Any]]] = [
    (90, [L.Conv1D(2, 3, padding="same"), L.MaxPooling1D(2), L.Conv1D(2, 4, strides=3, padding="same")]),
    (64, [L.Conv1D(2, 3, dilation_rate=2), L.AveragePooling1D(3, 2, padding="same"), L.Conv1D(1, 2)]),
    (60, [L.Conv1D(2, 3, padding="causal", dilation_rate=3), L.Conv1D(1, 2, padding="causal")]),
    (60, [L.MaxPooling1D(2), L.UpSampling1D(3), L.Conv1D(1, 2), L.MaxPooling1D(2)]),
    (50, [L.Conv1DTranspose(2, 4, strides=2, padding="same"), L.Conv1D(2, 3)]),
    (50, [L.Conv1DTranspose(2, 5, strides=3), L.MaxPooling1D(2)]),
    (80, [L.ZeroPadding1D((3, 1)), L.DepthwiseConv1D(4, strides=2), L.Cropping1D((2, 1)), L.SeparableConv1D(2, 3)]),
    (61, [L.MaxPooling1D(2, padding="same"), L.Conv1DTranspose(2, 3, strides=2, padding="same", output_padding=0)]),
    (66, [L.ReLU(), L.Conv1D(2, 3), L.BatchNormalization(), L.Dropout(0.5), L.Dense(2), L.Conv1D(2, 3)]),
]


@pytest.mark.parametrize(("n", "layers"), CHAINS, ids=lambda value: "" if isinstance(value, list) else str(value))
def test_what_is_said_is_what_lights_up(n: int, layers: list[Any]) -> None:
    model = positive(keras.Sequential([keras.Input((n, 1)), *layers]))
    assert check_fields(explain(model), seen(model)) >= 5


def test_branches_light_up_too() -> None:
    inputs = keras.Input((70, 1))
    stem = L.Conv1D(2, 3, padding="same")(inputs)
    wide = L.Conv1D(2, 6, padding="same")(stem)
    joined = L.Concatenate()([L.Add()([stem, wide]), L.ZeroPadding1D((4, 0))(L.Cropping1D((0, 4))(stem))])
    model = positive(keras.Model(inputs, L.MaxPooling1D(2)(joined)))
    explanation = explain(model)
    assert three(explanation[-1]) == [(3 + 6 - 1 + 2 + 1, 2, -5)]
    assert check_fields(explanation, seen(model)) >= 10


def test_operations_light_up_too() -> None:
    """What works on an axis as a layer would is followed like one."""
    ops, kernel = keras.ops, np.ones((3, 1, 1), "float32")
    inputs = keras.Input((120, 1))
    x = ops.pad(inputs[:, 2:-1], ((0, 0), (4, 0), (0, 0)))
    x = ops.repeat(ops.conv(x, kernel, strides=2)[:, 1::2], 2, axis=1)
    x = ops.max_pool(ops.transpose(ops.transpose(x, (0, 2, 1)), (0, 2, 1)), 3, 1)
    model = keras.Model(inputs, x)
    explanation = explain(model)
    assert not explanation.without_rule and three(explanation[4]) == [(3, 4, 0)]
    assert check_fields(explanation, seen(model)) >= 10


def test_the_whole_autoencoder_lights_up() -> None:
    """Two axes at once, and the way up: every output lies inside what is said, and the middle ones fill it."""
    model = keras.Sequential(
        [keras.Input((20, 20, 1)), L.Conv2D(2, 3), L.MaxPooling2D(2), L.UpSampling2D(2), L.Conv2D(1, (2, 3))]
    )
    explanation, shown = explain(model), seen(positive(model))
    rows, columns = explanation[-1].facts.fields
    assert (rows.sizes, columns.sizes) == ((4, 6), (6,))
    for i, j in itertools.product(range(5, 11), repeat=2):
        lit = np.argwhere(shown[i, j].reshape(20, 20))
        box = [*zip(lit.min(axis=0), lit.max(axis=0), strict=True)]
        assert box == [rows[i], columns[j]], (i, j)


# -- receptive fields: where they end -----------------------------------------------------------------------------


def test_the_whole_map() -> None:
    explanation = explain(
        [L.Conv2D(4, 3), L.GlobalAveragePooling2D(), L.Reshape((1, 1, 4)), L.UpSampling2D(4)], input_shape=(9, 9, 1)
    )
    assert [all(f.whole for f in row.facts.fields) for row in explanation[1:2]] == [True]
    assert explanation[3].facts.fields[0].whole and "sees the whole map" in str(explanation.details())


def test_squeeze_and_excite_sees_the_whole_map() -> None:
    inputs = keras.Input((8, 8, 3))
    conv = L.Conv2D(4, 3, padding="same")(inputs)
    gate = L.Conv2D(4, 1, activation="sigmoid")(L.GlobalAveragePooling2D(keepdims=True)(conv))
    explanation = explain(keras.Model(inputs, L.Multiply()([conv, gate])))
    assert all(field.whole for field in explanation[-1].facts.fields)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda x: L.Reshape((4, 16, 3))(x), "It is not followed through Reshape."),
        (lambda x: L.Lambda(lambda t: t)(x), "There is no rule for Lambda."),
        (lambda x: L.Concatenate(axis=1)([x, x]), "Maps are put side by side along one of their axes."),
        (
            lambda x: L.Add()([L.Conv2D(3, 2, strides=2)(x), L.Cropping2D(2)(x)]),
            "The maps that meet step over the input unequally, by 1 and 2 cells.",
        ),
        (
            lambda x: L.Add()([x, L.Conv2D(3, 8)(x)]),
            "A map of one cell is stretched over all cells.",
        ),
        (lambda x: L.UpSampling2D(2, interpolation="bicubic")(x), "There is no rule by hand for interpolation"),
    ],
)
def test_a_lost_field_says_why_once_and_is_not_guessed(build: Any, says: str) -> None:
    inputs = keras.Input((8, 8, 3))
    lost = build(L.ReLU()(L.Conv2D(3, 1)(inputs)))
    explanation = explain(keras.Model(inputs, L.Flatten()(lost)))
    reasons = [row.facts.field_lost for row in explanation if row.facts.field_lost]
    assert len(reasons) == 1 and reasons[0].startswith(says), reasons
    assert not explanation[-1].facts.fields and f"not known from here on. {says}"[:50] in str(explanation.details())


def test_different_inputs_have_no_common_field() -> None:
    a, b = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    explanation = explain(keras.Model([a, b], L.Add()([L.Conv2D(1, 1)(a), L.Conv2D(1, 1)(b)])))
    assert "different inputs" in explanation[-1].facts.field_lost


def test_channels_first_and_permuted_axes() -> None:
    chain = [L.Conv2D(4, (3, 5), data_format="channels_first"), L.Permute((2, 3, 1)), L.MaxPooling2D((1, 2))]
    explanation = explain(chain, input_shape=(3, 9, 11))
    assert three(explanation[0]) == [(3, 1, 0), (5, 1, 0)] and three(explanation[2]) == [(3, 1, 0), (6, 2, 0)]


def test_mixing_along_an_axis_is_not_cell_by_cell() -> None:
    softmax = explain([L.Conv2D(2, 3), L.Softmax(axis=1)], input_shape=(9, 9, 1))[-1].facts.fields
    assert softmax[0].whole and softmax[1].size == 3
    assert all(field.whole for field in explain([L.Conv2D(2, 3), L.GroupNormalization(1)], (9, 9, 1))[-1].facts.fields)


def test_a_function_of_ones_own_is_not_taken_for_keras_s_by_its_name() -> None:
    def relu(x: Any) -> Any:
        return x - keras.ops.mean(x, axis=(1, 2), keepdims=True)

    for activation, followed in ((relu, False), (L.ReLU(), True), ("relu", True), (keras.activations.relu, True)):
        row = explain([L.Conv2D(2, 3), L.Activation(activation)], input_shape=(9, 9, 1))[-1]
        assert bool(row.facts.fields) == followed == (not row.facts.field_lost), activation


def test_unknown_sizes_leave_out_what_depends_on_them() -> None:
    inputs = keras.Input((None, None, 3))
    x = L.Conv2D(4, 3, strides=2, padding="same")(inputs)
    explanation = explain(keras.Model(inputs, L.Conv2D(4, 3, padding="same")(x)))
    assert three(explanation[-1]) == [(7, 2, None)] * 2
    assert [row.facts.macs.number for row in explanation] == [0, None, None] and explanation.macs is None
    assert all(row.facts.output_bytes.number is None for row in explanation) and explanation.output_bytes is None
    assert "For one example" not in str(explanation)
    assert "before the map" not in str(explanation.details())


# -- multiply-adds ------------------------------------------------------------------------------------------------


def counted(layer: Any, shape: tuple[int, ...]) -> int:
    """Count the multiplications one by one, with a loop for each sum. Ghost cells count like any other."""
    *sizes, channels = shape
    axes, kind = axes_of(layer), type(layer).__name__
    transposed = all(isinstance(axis, TransposedWindow) for axis in axes)
    total = 0
    # Transposed, every input cell stamps its kernel; else every output cell reads its window.
    places = sizes if transposed else [axis.output_size(n) for axis, n in zip(axes, sizes, strict=True)]
    for place in itertools.product(*map(range, places)):
        met = [axis.stamps if isinstance(axis, TransposedWindow) else axis.taps for axis in axes]
        window = [*itertools.product(*(ask(i, n) for ask, i, n in zip(met, place, sizes, strict=True)))]
        if "Depthwise" in kind or "Separable" in kind:
            total += sum(1 for _ in itertools.product(window, range(channels), range(layer.depth_multiplier)))
        if "Separable" in kind:
            total += sum(1 for _ in itertools.product(range(channels * layer.depth_multiplier), range(layer.filters)))
        if "Depthwise" not in kind and "Separable" not in kind:
            reads = channels // getattr(layer, "groups", 1)
            total += sum(1 for _ in itertools.product(window, range(reads), range(layer.filters)))
    return total


COUNTED: list[tuple[Any, tuple[int, ...]]] = [
    *((L.Conv2D(3, (3, 2), padding=p), (5, 6, 2)) for p in ("valid", "same")),
    (L.Conv2D(4, 3, strides=2, padding="same", groups=2, use_bias=False), (7, 7, 4)),
    (L.Conv2D(2, 2, dilation_rate=3), (7, 5, 3)),
    (L.Conv1D(3, 4, strides=2, padding="causal"), (9, 2)),
    (L.Conv3D(2, (1, 2, 3), padding="same"), (3, 4, 3, 2)),
    (L.DepthwiseConv1D(3, depth_multiplier=2), (8, 3)),
    (L.DepthwiseConv2D((2, 3), strides=2, padding="same", depth_multiplier=2), (6, 5, 3)),
    (L.SeparableConv1D(5, 3, depth_multiplier=2, padding="same"), (6, 2)),
    (L.SeparableConv2D(3, (2, 3), strides=2), (7, 6, 2)),
    *((L.Conv2DTranspose(3, (3, 2), strides=2, padding=p), (4, 3, 2)) for p in ("valid", "same")),
    (L.Conv1DTranspose(2, 3, strides=3), (5, 2)),
    (L.Conv3DTranspose(2, 2, strides=2), (2, 3, 2, 2)),
]


@pytest.mark.parametrize(("layer", "shape"), COUNTED, ids=lambda value: getattr(value, "name", None) or str(value))
def test_multiply_adds_are_counted_one_by_one(layer: Any, shape: tuple[int, ...]) -> None:
    (row,) = explain(layer, input_shape=shape)
    assert row.facts.macs.number == counted(layer, shape)
    said, claimed = row.facts.macs.formula.rsplit(" = ", 1)
    assert eval(said.replace("·", "*")) == int(claimed) == row.facts.macs.number


def test_ghost_cells_count() -> None:
    """As in the field: a window at the border costs as much as any other."""
    same, valid = (explain(L.Conv2D(1, 3, padding=p), (5, 5, 1))[0].facts.macs.number for p in ("same", "valid"))
    assert (same, valid) == (5 * 5 * 9, 3 * 3 * 9)


def test_channels_first_costs_the_same() -> None:
    last = explain(L.Conv2D(6, (3, 2), strides=2), (9, 8, 4))[0].facts
    first = explain(L.Conv2D(6, (3, 2), strides=2, data_format="channels_first"), (4, 9, 8))[0].facts
    assert first.macs.number == last.macs.number == 4 * 4 * 6 * 4 * 6
    assert first.output_bytes.number == last.output_bytes.number == 4 * 4 * 6 * 4


def test_dense_and_the_layers_without_sums() -> None:
    explanation = explain([L.Dense(7), L.ReLU(), L.MaxPooling1D(2), L.Flatten(), L.Dense(3)], input_shape=(6, 5))
    assert [row.facts.macs.number for row in explanation] == [6 * 5 * 7, 0, 0, 0, 21 * 3]
    assert explanation.macs == 273 and explanation[0].facts.macs.formula == "6·5·7 = 210"


def test_what_is_not_counted_is_none_and_not_0() -> None:
    explanation = explain([L.Lambda(lambda x: x), L.Dense(2)], input_shape=(4,))
    assert (
        explanation[0].facts.macs.number is None and explanation[1].facts.macs.number == 8 and explanation.macs is None
    )
    query = keras.Input((4, 3))
    attending = explain(keras.Model(query, L.Dense(2)(L.Attention()([query, query]))))
    assert attending.macs is None
    assert "24 multiply-adds (one multiplication and one addition each, Attention not counted)" in " ".join(
        str(attending).split()
    )


# -- bytes, k_eff -------------------------------------------------------------------------------------------------


def test_bytes_follow_the_number_type() -> None:
    for policy, each in (("float32", 4), ("mixed_float16", 2), ("float64", 8)):
        (row,) = explain(L.Conv2D(3, 3, dtype=policy), input_shape=(8, 8, 1))
        real = L.Conv2D(3, 3, dtype=policy, name="real")(np.zeros((1, 8, 8, 1)))
        number = np.asarray(real).nbytes
        assert row.facts.output_bytes.number == number == 6 * 6 * 3 * each
        assert row.facts.output_bytes.formula == f"6·6·3·{each} = {number}"
    inputs = keras.Input((8, 8, 1), dtype="uint8")
    explanation = explain(keras.Model(inputs, L.Conv2D(3, 3)(inputs)))
    assert [row.facts.output_bytes.number for row in explanation] == [64, 432] and explanation.output_bytes == 496


def test_effective_size() -> None:
    (row,) = explain(L.Conv2D(3, (3, 2), dilation_rate=(2, 4)), input_shape=(12, 12, 1))
    assert row.facts.effective_size == (5, 5) == tuple(Window(k, 1, d).effective_size for k, d in ((3, 2), (2, 4)))
    assert explain(L.Conv2DTranspose(3, 4), (5, 5, 1))[0].facts.effective_size == (4, 4)
    assert explain(L.UpSampling2D(2), (5, 5, 1))[0].facts.effective_size == ()


def test_rows_that_were_not_reached_have_no_facts() -> None:
    explanation = explain([L.MaxPooling2D(9), L.Conv2D(2, 3)], input_shape=(8, 8, 1))
    for row in explanation:
        assert row.facts.macs.number is None and row.facts.output_bytes.number is None and not row.facts.fields
    assert explanation.macs is None
