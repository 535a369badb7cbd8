"""Architectures of ``keras.applications``, row by row against Keras: every family once, all of them in the wide tier.

On five inputs each they are in ``python -m benchmarks.architectures``; it uses the same checks.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import tally

from benchmarks import architectures
from course_utils import explain
from course_utils.keras_layers import load_keras

keras: Any = load_keras()  # after course_utils, which tells TensorFlow how to start

#: Architecture, size of its input (None: not known; 0: as it comes, with its classifier), and the number of rows. VGG
#: only without its classifier: with it, it alone has 138 million weights.
FAMILIES: list[tuple[str, int | None, int]] = [
    ("ConvNeXtTiny", 97, 155),
    ("DenseNet121", 97, 427),
    ("EfficientNetB0", None, 237),
    ("EfficientNetV2B0", 131, 270),
    ("InceptionResNetV2", 75, 780),
    ("InceptionV3", 299, 311),
    ("MobileNet", 131, 86),
    ("MobileNetV2", 97, 154),
    ("MobileNetV3Small", 225, 175),
    ("NASNetMobile", 97, 769),
    ("ResNet50", 0, 177),
    ("ResNet50V2", None, 190),
    ("VGG16", 224, 19),
    ("Xception", 131, 132),
]
#: What others have published or counted: multiply-adds in all, and receptive fields (size, jump, start) of layers.
#: ResNet50: Araujo et al., table of known networks; "3.8 · 10⁹" multiply-adds in He et al.
KNOWN: dict[str, tuple[int | None, dict[str, tuple[int, int, int | None]]]] = {
    "VGG16": (15_346_630_656, {"block5_pool": (212, 32, -90)}),
    # 3 and 1·2 cells of the two paddings before the map.
    "ResNet50": (3_857_973_248, {"pool1_pool": (11, 4, -5), "conv5_block3_out": (483, 32, -241)}),
    "InceptionV3": (None, {"mixed10": (1311, 32, None)}),  # branches of many depths
}


@pytest.mark.parametrize(("name", "n", "number"), FAMILIES)
def test_every_row_has_a_rule_and_agrees(name: str, n: int | None, number: int) -> None:
    given: dict[str, Any] = {} if n == 0 else {"include_top": False, "input_shape": (n, n, 3)}
    started = time.thread_time()
    model = getattr(keras.applications, name)(weights=None, **given)
    built = time.thread_time()
    explanation = explain(model)
    explained = time.thread_time()
    tally.compared("explained rows", name, len(explanation), at_least=number)
    assert not list(architectures.faults(explanation, model))
    # The checks of the benchmark, written out once more, so that neither can go soft alone.
    assert all(row.has_rule and row.agrees is True for row in explanation)
    assert not explanation.without_rule and explanation.agrees
    assert explanation.parameters == explanation.keras_parameters == model.count_params() > 0
    assert explanation[-1].output_shape == explanation[-1].keras_shape == model.output_shape
    assert sum(1 for row in explanation if row.axes) > 10
    assert all(len(line) <= 100 for line in str(explanation).splitlines())
    rows = explanation.to_dicts()
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    macs, fields = KNOWN.get(name, (None, {}))
    assert macs in (None, explanation.macs)
    by_name = {row.layer: row for row in explanation}
    for layer, (size, jump, start) in fields.items():
        for field in by_name[layer].facts.fields:
            assert [field.size, field.jump, field.start if start else None] == [size, jump, start]
    if name == "ResNet50":
        assert explained - built < built - started, "it takes some hundredths of building, of this thread's own time"
        assert by_name["conv2_block1_add"].facts.fields == by_name["conv2_block1_3_conv"].facts.fields
        assert by_name["avg_pool"].facts.fields[0].whole
    if name == "InceptionResNetV2":  # scaled sums have fields, and are counted
        assert explanation[-1].facts.fields and explanation.macs


@pytest.mark.everything
@pytest.mark.parametrize(("place", "name"), list(enumerate(architectures.architectures())))
def test_all_architectures(place: int, name: str) -> None:
    run = architectures.measure(name, list(architectures.INPUTS)[place % len(architectures.INPUTS)])
    assert not run.faults, str(run)
    assert run.agreeing == run.rows > 10


def test_a_fault_is_found() -> None:
    """The checks see a row without a rule, a row that differs, and a sum that does not come out."""

    class Own(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    inputs = keras.Input((9, 9, 1))
    good = keras.Model(inputs, keras.layers.Conv2D(2, 3)(inputs))
    unknown = keras.Model(inputs, Own(name="own")(inputs))
    assert not list(architectures.faults(explain(good), good))
    assert any("own (Own)" in fault for fault in architectures.faults(explain(unknown), unknown))
    assert any("parameters" in fault for fault in architectures.faults(explain(good), unknown))
