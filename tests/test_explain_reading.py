"""How an explanation is read: in the terminal, in a notebook, as Markdown and as dicts, also of very deep models."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import mistune
import pytest

from course_utils import explain
from course_utils.explain import Explanation
from course_utils.explain.details import detail_lines
from course_utils.keras_layers import load_keras

keras = load_keras()  # after course_utils, which tells TensorFlow how to start
L = keras.layers


def deep(blocks: int = 167, name: str = "") -> Explanation:
    """Three layers a block: 501 rows."""
    layers: list[Any] = []
    for i in range(blocks):
        layers += [
            L.Conv2D(8, 3, padding="same", name=f"{name}convolution_{i}"),
            L.BatchNormalization(name=f"{name}normalisation_{i}"),
            L.ReLU(name=f"{name}activation_{i}"),
        ]
    return explain(layers, input_shape=(64, 64, 3))


@pytest.fixture(scope="module")
def small() -> Explanation:
    chain = [
        L.Conv2D(8, 3, padding="same", name="conv"),
        L.MaxPooling2D(2, padding="same", name="pool"),
        L.UpSampling2D(2, name="up"),
        L.Conv2D(1, (2, 3), name="last"),
        L.Flatten(name="flat"),
    ]
    return explain(chain, input_shape=(7, 7, 2))


@pytest.fixture(scope="module")
def large() -> Explanation:
    return deep()


# -- in a terminal ------------------------------------------------------------------------------------------------


def test_details_say_what_the_table_leaves_out(small: Explanation) -> None:
    text = str(small.details())
    assert (
        "    Receptive field: each output cell sees 4×4 cells of the input (jump: 2 cells to the next; the\n"
        "    first starts one cell before the map).\n" in text
    )
    assert "    Multiply-adds: 7·7·3·3·2·8 = 7056 for one example.\n" in text
    assert "    Output: 4·4·8·4 = 512 bytes for one example, in float32.\n" in text
    assert "up to 6 cells" in text and "along the height and" in text  # unequal axes, unequal neighbours
    assert "not known from here on. It is not followed through Flatten." in text
    assert repr(small.details()) == text


def test_the_table_itself_stays_short(small: Explanation) -> None:
    text = str(small)
    assert "Receptive" not in text and "Multiply-adds:" not in text
    assert text.splitlines()[-2].startswith("For one example: 9,072 multiply-adds (one multiplication")


def test_every_line_of_details_fits_100_columns(large: Explanation, small: Explanation) -> None:
    long = explain([L.Conv2D(8, 3, name="a_name_without_end_" * 12)], input_shape=(1024, 999, 3))
    for explanation in (large, small, long, deep(3, "a_nested_model_of_models_" * 5)):
        for text in (str(explanation), str(explanation.details())):
            assert max(map(len, text.splitlines())) <= 100
    assert str(large.details()).count("Receptive field") == 167


# -- in a notebook ------------------------------------------------------------------------------------------------


def test_a_deep_model_is_folded(large: Explanation, small: Explanation) -> None:
    page = large._repr_html_()
    parts = re.findall(r"<details( open)?><summary [^>]*>Rows (\d+) to (\d+): ", page)
    assert [(int(first), int(last)) for _, first, last in parts] == [(i, min(i + 39, 500)) for i in range(0, 501, 40)]
    assert [bool(is_open) for is_open, *_ in parts] == [True] + [False] * 12
    assert page.count("<tr ") == 501 and page.count("<table") == 13
    assert "501 rows, folded into 13 parts" in page
    assert "Rows" not in small._repr_html_() and small._repr_html_().count("<table") == 1
    assert len(page.encode()) < 1500 * 501, "bytes a row"


def test_a_part_with_something_wrong_is_open_and_says_so(large: Explanation) -> None:
    wrong = replace(large[100], output_shape=(None, 1, 1, 8))
    page = Explanation("deep", (*large[:100], wrong, *large[101:]))._repr_html_()
    found = re.search(r"<details open><summary [^>]*>Rows 80 to 119: .*?</summary>", page)
    assert found and "✗ one row with something wrong" in found[0]
    unknown = replace(large[200], has_rule=False, output_shape=None)
    page = Explanation("deep", (*large[:200], unknown, *large[201:]))._repr_html_()
    assert re.search(r"Rows 200 to 239: [^\n]*?one row without a rule</summary>", page)
    refused = replace(large[200], refusal_by_hand="No.", refusal_keras="No.", output_shape=None, keras_shapes=())
    page = Explanation("deep", (*large[:200], refused))._repr_html_()
    assert re.search(r"<details open><summary [^>]*>Rows 200 to 200: ", page)


def test_more_is_told_where_it_opens(small: Explanation) -> None:
    page = small._repr_html_()
    assert page.count('<details><summary aria-label="More about ') == sum(bool(detail_lines(s)) for s in small) == 5
    for step in small:
        for what, text in detail_lines(step):
            assert f"<strong>{what}:</strong> {text}" in page
    assert "<style" not in page and "<script" not in page, "they are dropped in an untrusted notebook"


# -- for reports --------------------------------------------------------------------------------------------------


def _tables(markdown: str) -> list[list[list[str]]]:
    """The cells of all tables, as a Markdown reader understands them."""
    read = mistune.create_markdown(renderer=None, plugins=["table"])

    def text(node: dict[str, Any]) -> str:
        return str(node.get("raw", "")) + "".join(map(text, node.get("children", ())))

    found = []
    blocks: Any = read(markdown)
    for block in blocks:
        if block["type"] == "table":
            head, body = block["children"]
            rows = [head["children"], *(row["children"] for row in body["children"])]
            found.append([[text(cell) for cell in row] for row in rows])
    return found


def test_markdown_is_one_table_that_a_reader_understands(small: Explanation) -> None:
    (table,) = _tables(small.to_markdown())
    assert [len(row) for row in table] == [8] * 6
    assert table[2][1] == "pool (MaxPooling2D)" and table[2][2] == "7×7×8 → 4×4×8" and table[2][4] == "(0, 1)"
    assert table[2][3].startswith("⌈7 / 2⌉ = 4: Windows of 2×2") and "pool_size" in table[2][3]
    assert [row[5] for row in table[1:]] == ["152", "0", "0", "49", "0"] and table[1][6] == "7,056"
    assert {row[7] for row in table[1:]} == {"✓"}
    assert "- ✓ By hand and Keras agree on 5 of 5 rows.\n- 201 parameters in all.\n" in small.to_markdown()
    assert "- Row 1, `pool`: Receptive field: each output cell sees 4×4 cells" in small.to_markdown()


@pytest.mark.parametrize(
    "name", ["a|b", "*star*", "<b>bold</b>", "__init__", "tick`tick", "a_b", "[link](x)", "back\\s"]
)
def test_no_name_breaks_the_markdown(name: str) -> None:
    layer = L.Dense(2, name="plain")
    (step,) = explain(layer, input_shape=(3,))
    odd = Explanation(name, (replace(step, layer=name, notes=(f"About {name}.",), sentence=f"It is {name} | so."),))
    (table,) = _tables(odd.to_markdown())
    assert len(table[1]) == 8 and table[1][1] == f"{name} (Dense)"
    shown = mistune.create_markdown(plugins=["table"])(odd.to_markdown())
    assert "<b>bold" not in shown and "<em>" not in shown and "<a " not in shown


def test_a_disagreement_and_a_refusal_are_in_the_reports(small: Explanation) -> None:
    wrong = Explanation("wrong", (*small[:1], replace(small[1], parameters=5), *small[2:]))
    assert "✗ They differ in parameters: by hand 5, Keras 0." in wrong.to_markdown()
    assert wrong.to_dicts()[1]["differences"] == ["parameters: by hand 5, Keras 0"]
    refused = explain([L.MaxPooling2D(9, name="pool"), L.Flatten()], input_shape=(8, 8, 1))
    assert "✓ both refuse" in refused.to_markdown() and "Keras: " in refused.to_markdown()
    first, second = refused.to_dicts()
    assert first["output"] is None and first["refusal_by_hand"] and not second["reached"]


def test_dicts_are_plain_and_whole(small: Explanation) -> None:
    rows = small.to_dicts()
    assert json.loads(json.dumps(rows)) == rows and len({tuple(row) for row in rows}) == 1
    pool = rows[1]
    assert pool["inputs"] == [[None, 7, 7, 8]] and pool["output"] == [None, 4, 4, 8] == pool["keras"][0]
    assert pool["receptive_field"] == [{"size": 4, "jump": "2", "start": -1}] * 2
    assert rows[2]["receptive_field"][0]["jump"] == "1" and pool["pads"] == [[0, 1], [0, 1]]
    assert rows[0]["macs"] == 7056 and rows[0]["output_bytes"] == 7 * 7 * 8 * 4 and rows[0]["sources"] == [None]
    assert rows[4]["receptive_field_lost"] and rows[4]["receptive_field"] == []
    assert pool["agrees"] is True


def test_dicts_of_everything_are_plain(large: Explanation) -> None:
    inputs = keras.Input((None, None, 3))
    x = L.Add()([L.UpSampling2D(3)(inputs), L.Conv2DTranspose(3, 3, strides=3)(inputs)])
    for explanation in (
        large,
        explain(keras.Model(inputs, L.GlobalMaxPooling2D()(x))),
        explain(keras.applications.MobileNetV2(weights=None)),
    ):
        rows = explanation.to_dicts()
        assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert rows[-1]["kind"] == "Dense"
