"""What the tests of ``explain`` share: the autoencoder of the question, and checks of what a row says."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from arithmetic import evaluate

from course_utils.explain import Row
from course_utils.keras_layers import load_keras

keras: Any = load_keras()  # after course_utils, which tells TensorFlow how to start
L = keras.layers


def autoencoder_layers(**paddings: str) -> list[Any]:
    """Stack Overflow 46387056, as it was asked: one convolution has no padding. ``pool3="valid"`` changes one."""
    layers = []
    for place, filters in enumerate((16, 8, 8), start=1):
        layers += [L.Conv2D(filters, 3, padding="same", activation="relu", name=f"conv{place}")]
        layers += [L.MaxPooling2D(2, padding=paddings.get(f"pool{place}", "same"), name=f"pool{place}")]
    for place, filters in enumerate((8, 8, 16), start=4):
        padding = paddings.get(f"conv{place}", "valid" if place == 6 else "same")
        layers += [L.Conv2D(filters, 3, padding=padding, activation="relu", name=f"conv{place}")]
        layers += [L.UpSampling2D(2, name=f"up{place - 3}")]
    return [*layers, L.Conv2D(1, 3, padding="same", activation="sigmoid", name="conv7")]


def autoencoder(n: int | None, **paddings: str) -> Any:
    """The same as a model."""
    return keras.Sequential([keras.Input((n, n, 1), name="image"), *autoencoder_layers(**paddings)], name="autoencoder")


def changed(row: Row, **parts: dict[str, Any]) -> Row:
    """A row with something else in its parts: ``changed(row, rule={"shape": None})``."""
    return dataclasses.replace(
        row, **{name: dataclasses.replace(getattr(row, name), **settings) for name, settings in parts.items()}
    )


def check_words(row: Row) -> None:
    """Formulas add up, and no text is left with a slip of the pen in it."""
    weights = row.rule.parameters
    for part in re.split(r", (?=height|width)|; ", row.formula):
        said, equals, claimed = re.sub(r"^(height |width |depth |axis \d: )?(k_eff = )?", "", part).rpartition(" = ")
        if equals and "?" not in part and not re.search(r"[a-z]{2}|→", said):
            assert {evaluate(side) for side in said.split(" = ")} == {int(claimed)}, row.formula
    if weights.formula:
        said, claimed = weights.formula.rsplit(" = ", 1)
        assert evaluate(said) == int(claimed) == weights.number, weights.formula
    assert row.formula or row.output_shape is None
    assert re.fullmatch(r"([A-Z\d?]|padding=).*\.", row.sentence), row.sentence
    for text in (row.sentence, weights.sentence, *row.notes):
        wrong = r"None|  |\.\.|(?<![×\d])(?<!gives )1 (cells|rows|numbers|steps)| ,|^ | $|<|Traceback"
        assert not re.search(wrong, text), text
        assert not text or text.endswith("."), text
