"""Architectures of ``keras.applications``, row by row against Keras: a quick set of every family.

All of them, on five inputs each, are in ``python -m benchmarks.architectures``; it uses the same checks.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
import tally

from benchmarks import architectures
from course_utils import explain
from course_utils.keras_layers import load_keras

keras: Any = load_keras()  # after course_utils, which tells TensorFlow how to start

#: Architecture, size of its input (None: not known), and the least number of rows. VGG only without its classifier:
#: with it, it alone has 138 million weights.
FAMILIES: list[tuple[str, int | None, int]] = [
    ("ConvNeXtTiny", 97, 155),
    ("DenseNet121", 97, 427),
    ("EfficientNetB0", None, 237),
    ("EfficientNetV2B0", 131, 270),
    ("InceptionResNetV2", 75, 780),
    ("InceptionV3", None, 311),
    ("MobileNet", 131, 86),
    ("MobileNetV2", 97, 154),
    ("MobileNetV3Small", 225, 175),
    ("NASNetMobile", 97, 769),
    ("ResNet50", None, 175),
    ("ResNet50V2", 225, 190),
    ("VGG16", 75, 19),
    ("Xception", 131, 132),
]


@pytest.mark.parametrize(("name", "n", "least"), FAMILIES)
def test_every_row_has_a_rule_and_agrees(name: str, n: int | None, least: int) -> None:
    model = getattr(keras.applications, name)(weights=None, include_top=False, input_shape=(n, n, 3))
    explanation = explain(model)
    tally.compared("explained rows", name, len(explanation), at_least=least)
    assert not list(architectures.faults(explanation, model))
    # The checks of the benchmark, written out once more, so that neither can go soft alone.
    assert all(step.has_rule and step.agrees is True for step in explanation)
    assert not explanation.without_rule and explanation.agrees
    assert explanation.parameters == explanation.keras_parameters == model.count_params() > 0
    assert explanation[-1].output_shape == model.output_shape
    assert sum(1 for step in explanation if step.axes) > 10


def test_with_its_classifier_and_cheaper_than_building_it() -> None:
    """ResNet50 as it comes. Built and explained in one run; explaining takes some hundredths of building."""
    started = time.perf_counter()
    model: Any = keras.applications.ResNet50(weights=None)
    built = time.perf_counter()
    explanation = explain(model)
    explained = time.perf_counter()
    assert not list(architectures.faults(explanation, model)) and len(explanation) == 177
    assert explanation.parameters == 25_636_712
    assert explained - built < built - started


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
