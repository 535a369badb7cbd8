"""``came_from``: the sizes that are listed give the output in real Keras, and no other size does."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

from course_utils import came_from
from course_utils.axes import NoRule, ShapeError
from course_utils.inverse import sources
from course_utils.keras_layers import KerasRefusal, LayerCode, axes_of, load_keras, output_shape, run

keras = load_keras()
L = keras.layers


def keras_gives(layers: list[Any], sizes: tuple[int, ...]) -> tuple[int, ...] | None:
    shape: tuple[Any, ...] = (None, *sizes, 2)
    try:
        for layer in layers:
            shape = tuple(layer.compute_output_shape(shape))
            if any(n is not None and n < 1 for n in shape):
                return None
    except (ValueError, ZeroDivisionError):
        return None
    return shape[1:-1]


def codes_1d() -> Any:
    """Layers of one axis."""
    size, step, padding = st.integers(1, 5), st.integers(1, 4), st.sampled_from(["valid", "same"])
    pair = st.tuples(st.integers(0, 3), st.integers(0, 3))

    def conv(k: int, s: int, d: int, padding: str) -> LayerCode:
        told = {"dilation_rate": d} if d > 1 else {"strides": s}
        return LayerCode("Conv1D", {"filters": 2, "kernel_size": k, "padding": padding, **told})

    def spread(k: int, s: int, padding: str, extra: int | None) -> LayerCode:
        told = {"filters": 2, "kernel_size": k, "strides": s, "padding": padding}
        return LayerCode("Conv1DTranspose", told if extra is None else {**told, "output_padding": extra % s})

    def pool(k: int, s: int | None, padding: str) -> LayerCode:
        return LayerCode("MaxPooling1D", {"pool_size": k, "strides": s, "padding": padding})

    return st.one_of(
        st.builds(conv, size, step, st.integers(1, 3), st.sampled_from(["valid", "same", "causal"])),
        st.builds(pool, size, st.none() | step, padding),
        st.builds(spread, size, step, padding, st.none() | st.integers(0, 3)),
        st.builds(lambda f: LayerCode("UpSampling1D", {"size": f}), st.integers(1, 4)),
        st.builds(lambda cells: LayerCode("ZeroPadding1D", {"padding": cells}), pair),
        st.builds(lambda cells: LayerCode("Cropping1D", {"cropping": cells}), pair),
        st.just(LayerCode("ReLU")),
    )


def runs_at_all(layers: list[Any], n: int) -> bool:
    """What the rule foretells of transposed convolutions, asked from Keras itself."""
    x: np.ndarray = np.zeros((1, n, 2))
    try:
        for layer in layers:
            x = run(layer.__class__.from_config(layer.get_config()), x)
    except KerasRefusal:
        return False
    return True


@settings(max_examples=120)
@given(codes=st.lists(codes_1d(), min_size=1, max_size=4), o=st.integers(1, 12))
def test_all_sizes_and_no_other(codes: list[LayerCode], o: int) -> None:
    assume(any(code.kind != "ReLU" for code in codes))
    layers = [code.build() for code in codes]
    found = came_from(o, layers if len(layers) > 1 else layers[0])
    brute = [n for n in range(1, 150) if keras_gives(layers, (n,)) == (o,)]
    assert not found.disagreements
    if found.sizes[0]:
        sizes: list[Any] = list(found)  # one number each, with one axis
        assert [n for n in sizes if n < 150] == brute
        assert runs_at_all(layers, brute[0]) if brute else True
    else:
        assert not brute or not runs_at_all(layers, brute[0]), found
    assert all(a < b for a, b in pairwise(found.sizes[0]))
    assert len(str(found)) and max(map(len, str(found).splitlines())) <= 100


@settings(max_examples=60)
@given(
    k=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    s=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.sampled_from(["valid", "same"]),
    o=st.tuples(st.integers(1, 5), st.integers(1, 5)),
)
def test_rectangles(k: tuple[int, int], s: tuple[int, int], padding: str, o: tuple[int, int]) -> None:
    layer = L.MaxPooling2D(k, s, padding, name="back")
    found = came_from(o, layer)
    brute = [(h, w) for h in range(1, 25) for w in range(1, 25) if keras_gives([layer], (h, w)) == o]
    assert list(found) == brute and len(found) == len(brute) and not found.disagreements


def test_the_question() -> None:
    found = came_from(output=7, layer=L.MaxPooling2D(2, padding="same"))
    assert list(found) == [13, 14] and found[0] == 13 and found[-1] == 14 and len(found) == 2
    assert found.title == "MaxPooling2D gives 7 from: 13 and 14."
    assert found.sentence == "MaxPooling2D rounds up, so 2 sizes give the same 7: ⌈13 / 2⌉ = 7 and ⌈14 / 2⌉ = 7."
    assert "13 and 14" in found._repr_html_()
    encoder = [L.Conv2D(8, 3, padding="same"), L.MaxPooling2D(2, padding="same"), L.Activation("relu")] * 3
    assert list(came_from(4, encoder)) == list(range(25, 33))
    assert "3 of the layers round" in came_from(4, encoder).sentence


@pytest.mark.parametrize(
    ("layer", "output", "sizes", "sentence"),
    [
        (L.UpSampling2D(2), 14, [7], "Only 7 gives 14: 7·2 = 14."),
        (L.UpSampling2D(2), 9, [], "No size gives 9: 4 gives 8, and 5 gives 10."),
        (L.UpSampling2D(4), 2, [], "No size gives 2: the smallest that comes out is 4, from 1."),
        (L.Conv2D(8, 3), 26, [28], "Only 28 gives 26: 28 − 3 + 1 = 26."),
        (L.MaxPooling2D(2), 1, [2, 3], "⌊(2 − 2) / 2⌋ + 1 = 1 and ⌊(3 − 2) / 2⌋ + 1 = 1"),
        (L.Conv2D(8, 3, strides=2, data_format="channels_first"), 4, [9, 10], "rounds down"),
        (L.Cropping2D(2), 1, [5], "Only 5"),
        (
            L.Conv2DTranspose(2, 2, strides=2, padding="same", output_padding=0),
            6,
            [],
            "Keras on TensorFlow builds such a layer",
        ),
        (L.Conv2D(4, 3, groups=2), 5, [7], "Only 7"),
    ],
)
def test_one_by_one(layer: Any, output: int, sizes: list[int], sentence: str) -> None:
    built = layer.built
    found = came_from(output, layer)
    assert list(found) == sizes and sentence in found.sentence and not found.disagreements
    assert layer.built is built


def test_a_layer_that_was_built_for_more_channels_answers_too() -> None:
    layer = L.SeparableConv2D(8, 3, name="built")
    layer.build((None, 9, 9, 5))
    found = came_from(5, layer)
    assert list(found) == [7] and not found.disagreements


def test_unequal_axes_are_named() -> None:
    found = came_from(7, L.Conv2D(8, (3, 5), strides=(2, 1)))
    assert list(found) == [(15, 11), (16, 11)] and found[0] == (15, 11)
    assert found.title == "Conv2D gives 7×7 from: height 15 and 16, width 11."
    assert "Height: Conv2D rounds down" in found.sentence and "Width: Only 11" in found.sentence


def test_large_outputs_end_soon() -> None:
    found = came_from(50_000, [L.MaxPooling2D(2), L.MaxPooling2D(2), L.ZeroPadding2D(1)])
    assert list(found) == list(range(4 * 49_998, 4 * 49_998 + 4))


def test_what_keras_says_otherwise_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = lambda layer, shape: (None, 9, 9, 1) if shape[1] == 14 else output_shape(layer, shape)  # noqa: E731
    monkeypatch.setattr(sources, "output_shape", wrong)
    found = came_from(7, L.MaxPooling2D(2, padding="same"))
    assert found.disagreements == ("By hand 14 gives 7 where 7 is asked for; Keras says 9.",)
    assert "✗ By hand 14" in str(found) and "✗" in found._repr_html_()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: came_from(0, L.MaxPooling2D(2)), ValueError, "from 1 to"),
        (lambda: came_from("7", L.MaxPooling2D(2)), TypeError, "'7'"),  # type: ignore[arg-type]
        (lambda: came_from(7, "MaxPooling2D"), TypeError, "'MaxPooling2D'"),
        (lambda: came_from(7, L.MaxPooling2D), TypeError, "is a class"),
        (lambda: came_from(7, keras.Sequential([L.ReLU()], name="m")), TypeError, '"m" is a model'),
        (lambda: came_from(7, []), ValueError, "empty"),
        (lambda: came_from(7, [L.ReLU()]), ValueError, "changes a size"),
        (lambda: came_from(7, L.LSTM(3)), NoRule, "LSTM"),
        (lambda: came_from(1, L.GlobalMaxPooling2D()), ValueError, "every size"),
        (lambda: came_from((7, 7, 7), L.MaxPooling2D(2)), ValueError, "2 spatial axes: height, width"),
        (lambda: came_from(7, [L.MaxPooling2D(2), L.MaxPooling1D(2)]), ValueError, "2-D and 1-D"),
        (lambda: came_from(7, L.ZeroPadding2D(-1)), ShapeError, "at least 0"),
    ],
)
def test_bad_input(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        call()
    said = str(caught.value)
    assert words in said and "\n" not in said and len(said) < 250


def test_every_kind_that_keeps_sizes_does() -> None:
    told: dict[str, tuple[Any, ...]] = {
        "Activation": ("relu",), "Dropout": (0.1,), "AlphaDropout": (0.1,), "GaussianDropout": (0.1,),
        "GaussianNoise": (0.1,), "Rescaling": (2.0,), "GroupNormalization": (1,),
    }  # fmt: skip
    for kind in sources._KEEP_SIZES:
        rank = int(kind[-2]) if kind.startswith("Spatial") else 2
        settings_ = (0.1,) if kind.startswith("Spatial") else told.get(kind, ())
        shape = (None, *range(5, 5 + rank), 2)
        assert tuple(getattr(L, kind)(*settings_, name="keeps").compute_output_shape(shape)) == shape, kind
    assert axes_of(L.UpSampling1D(2))
