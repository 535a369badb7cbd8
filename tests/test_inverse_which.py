"""``which``: what is listed does it in real Keras, and nothing that a brute force over Keras finds is missing."""

from __future__ import annotations

import ast
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from course_utils import which
from course_utils.inverse import candidates, search
from course_utils.inverse.candidates import KINDS
from course_utils.keras_layers import KerasRefusal, LayerCode, load_keras, output_shape, run

keras = load_keras()


def pasted(text: str) -> Any:
    """What the printed code makes, line breaks and all."""
    return eval(text, {"keras": keras})


def keras_gives(layer: Any, n: int) -> int | None:
    """What Keras itself makes of n × n; None where it refuses."""
    try:
        found: int | None = tuple(layer.compute_output_shape((None, n, n, 1)))[1]
        return found
    except (ValueError, ZeroDivisionError):
        return None


def runs(layer: Any, n: int) -> bool:
    try:
        run(layer, np.zeros((1, n, n, 1)))
    except KerasRefusal:
        return False
    return True


def brute_force(n: int, o: int) -> set[str]:
    """Small layers of every kind, made without the course, that Keras takes from n to o and can run."""
    sizes, paddings = range(1, 5), ("valid", "same")
    space: list[tuple[str, dict[str, Any]]] = []
    for k, s, padding in product(sizes, sizes, paddings):
        space.append(("Conv2D", {"filters": 8, "kernel_size": k, "strides": s, "padding": padding}))
        if k > 1:
            space += [
                (kind, {"pool_size": k, "strides": s, "padding": padding})
                for kind in ("MaxPooling2D", "AveragePooling2D")
            ]
            if s == 1:
                space += [
                    ("Conv2D", {"filters": 8, "kernel_size": k, "dilation_rate": d, "padding": padding}) for d in (2, 3)
                ]
        for extra in (None, *range(s)):
            told = {"filters": 8, "kernel_size": k, "strides": s, "padding": padding, "output_padding": extra}
            space.append(("Conv2DTranspose", told))
    space += [("UpSampling2D", {"size": f}) for f in range(2, 5)]
    found = set()
    for kind, told in space:
        layer = LayerCode(kind, told).build("brute_force")
        if keras_gives(layer, n) == o and (kind != "Conv2DTranspose" or runs(layer, n)):
            found.add(settings_of(layer))
    return found


#: What two layers must share to be the same.
SETTINGS = ("kernel_size", "pool_size", "strides", "dilation_rate", "padding", "output_padding", "size", "cropping")


def settings_of(layer: Any) -> str:
    told = layer.get_config()
    if told.get("output_padding") is not None:
        told["output_padding"] = tuple(np.atleast_1d(told["output_padding"]).repeat(2)[:2].tolist())
    return f"{type(layer).__name__} {[(name, told[name]) for name in SETTINGS if told.get(name) is not None]}"


@settings(max_examples=6)
@given(n=st.integers(1, 12), o=st.integers(1, 20))
def test_nothing_is_missing_and_everything_is_verified(n: int, o: int) -> None:
    found = which(n, o, limit=None)
    assert not found.disagreements and not found.more
    listed = set()
    for way in found:
        layer = pasted(way.text)
        assert keras_gives(layer, n) == o and way.outputs == (o,), way
        assert type(layer).__name__ != "Conv2DTranspose" or runs(layer, n), way
        listed.add(settings_of(layer))
    assert len(listed) == len(found), "a layer is listed twice"
    missing = brute_force(n, o) - listed
    assert not missing


@settings(max_examples=25)
@given(n=st.integers(1, 300), o=st.integers(1, 300), limit=st.integers(1, 4))
def test_the_simplest_first_and_not_more_than_asked_for(n: int, o: int, limit: int) -> None:
    found = which(n, o, limit=limit)
    assert 1 <= len(found) <= limit and not found.disagreements
    assert all(keras_gives(pasted(way.text), n) == o for way in found)
    space = {candidate.code.text: candidate.points for candidate in candidates.candidates([n], [o], KINDS)}
    points = [space[way.text] for way in found]
    assert points == sorted(points)


@pytest.mark.parametrize(
    ("n", "o", "first"),
    [
        (7, 14, "keras.layers.UpSampling2D(size=2)"),
        (28, 14, "keras.layers.MaxPooling2D(pool_size=2)"),
        (7, 4, 'keras.layers.MaxPooling2D(pool_size=2, padding="same")'),
        (28, 26, "keras.layers.Conv2D(filters=8, kernel_size=3)"),
        (28, 28, 'keras.layers.Conv2D(filters=8, kernel_size=3, padding="same")'),
        (26, 28, "keras.layers.Conv2DTranspose(filters=8, kernel_size=3)"),
        (224, 7, "keras.layers.MaxPooling2D(pool_size=32)"),
        (30, 5, "keras.layers.MaxPooling2D(pool_size=6)"),
        (28, 3, "keras.layers.MaxPooling2D(pool_size=8)"),
    ],
)
def test_what_people_would_write_comes_first(n: int, o: int, first: str) -> None:
    assert which(n, o)[0].text == first


def test_several_inputs_at_once() -> None:
    found = which(input=[7, 8], output=[14, 16], limit=None)
    texts = [way.text for way in found]
    assert texts[0] == "keras.layers.UpSampling2D(size=2)" and not any("ZeroPadding" in text for text in texts)
    both = {way.text for way in which(7, 14, limit=None)} & {way.text for way in which(8, 16, limit=None)}
    assert set(texts) == both and not found.disagreements
    assert found[0].formulas == ("o = n·f = 7·2 = 14", "8·2 = 16")


def test_a_layer_that_builds_and_does_not_run_is_not_listed() -> None:
    """same, k 2, s 2, output_padding 0: Keras says 4 → 6, and fails when it is called."""
    layer = pasted('keras.layers.Conv2DTranspose(8, 2, strides=2, padding="same", output_padding=0)')
    assert keras_gives(layer, 4) == 6 and not runs(layer, 4)
    found = which(4, 6, kinds="Conv2DTranspose", limit=None)
    assert not any("kernel_size=2, strides=2" in way.text and "same" in way.text for way in found)


def test_what_keras_says_otherwise_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        search,
        "output_shape",
        lambda layer, shape: (None, 15, 15, 1) if "Up" in str(type(layer)) else output_shape(layer, shape),
    )
    found = which(7, 14, limit=3)
    assert found.disagreements == ("keras.layers.UpSampling2D(size=2): by hand 7 gives 14, Keras says 15.",)
    assert "✗ keras.layers.UpSampling2D(size=2)" in str(found) and "✗" in found._repr_html_() and len(found) == 3


def test_transposed_convolutions_are_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their size alone proves nothing. So one that Keras would not run is not listed, whatever the hand says."""

    def refuse(layer: Any, x: Any) -> Any:
        raise KerasRefusal("it does not run")

    monkeypatch.setattr(search, "run", refuse)
    found = which(7, 14, kinds=("UpSampling2D", "Conv2DTranspose"), limit=None)
    assert [way.text for way in found] == ["keras.layers.UpSampling2D(size=2)"]
    assert len(found.disagreements) > 10 and all("it does not run" in said for said in found.disagreements)


def test_what_comes_near() -> None:
    found = which(7, 15, kinds=["UpSampling2D", "MaxPooling2D"])
    assert not found and "no single layer does it" in found.title
    assert [way.outputs for way in found.near] == [(14,), (21,), (7,), (15,)]
    layers = pasted(found.near[-1].text)
    n = 7
    for layer in layers:
        n = keras_gives(layer, n) or 0
    assert n == 15
    assert "UpSampling2D" in str(found) and "What comes near" in found._repr_html_()
    assert not which(3, 9, kinds="Cropping2D").near  # it can cut nothing off to become larger


@pytest.mark.parametrize("sizes", [(7, 14), (28, 14), (224, 7), (7, 100), (100_000, 7), ([7, 8, 300], [14, 16, 600])])
def test_reading(sizes: Any) -> None:
    found = which(*sizes)
    text = str(found)
    assert max(map(len, text.splitlines())) <= 100 and repr(found) == text
    for way in found:
        ast.parse(way.text)
    page = found._repr_html_()
    assert page.count("<tr>") == len(found) + 1 and "<script" not in page and 'tabindex="0"' in page
    assert f"{found.more} more fit by the formula (not built)" in text or not found.more
    assert list(found) == [found[i] for i in range(len(found))] == list(found[:])


def test_code_that_is_broken_over_lines_can_be_pasted() -> None:
    text = str(which(7, 14))
    code = text[text.index(" 6. ") + 4 :].split("\n      o =")[0]
    assert "\n" in code and keras_gives(pasted(code), 7) == 14


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: which("7", 14), TypeError, "'7'"),  # type: ignore[arg-type]
        (lambda: which(7.5, 14), TypeError, "7.5"),  # type: ignore[arg-type]
        (lambda: which(True, 14), TypeError, "True"),
        (lambda: which(0, 14), ValueError, "from 1 to"),
        (lambda: which(7, -1), ValueError, "-1"),
        (lambda: which(7, 10**9), ValueError, "1,000,000,000"),
        (lambda: which([7, 8], 14), ValueError, "2 sizes"),
        (lambda: which([], []), ValueError, "empty"),
        (lambda: which(7, 14, kinds="Dense"), ValueError, "'Dense'"),
        (lambda: which(7, 14, kinds=()), ValueError, "none of them"),
        (lambda: which(7, 14, kinds=3), TypeError, "3"),  # type: ignore[arg-type]
        (lambda: which(7, 14, limit=0), ValueError, "limit"),
    ],
)
def test_bad_input(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        call()
    said = str(caught.value)
    assert words in said and "\n" not in said and len(said) < 250


def test_numpy_numbers_are_numbers() -> None:
    seven: Any = np.int64(7)
    fourteen: Any = np.int32(14)
    assert which(seven, fourteen)[0].outputs == (14,)
