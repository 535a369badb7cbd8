"""How an explanation is read: in the terminal, in a notebook, as Markdown and as dicts, also of very deep models."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import mistune
import pytest
from explaining import autoencoder, autoencoder_layers, changed

from course_utils import explain
from course_utils.explain import Explanation, words
from course_utils.explain.rules.core import Count
from course_utils.keras_layers import load_keras

keras = load_keras()  # after course_utils, which tells TensorFlow how to start
L: Any = keras.layers


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


@pytest.fixture(scope="module")
def examples(small: Explanation) -> list[Explanation]:
    halve = L.Lambda(lambda x: x[:, ::2])
    long = keras.Sequential([L.Conv2D(512, 3, name="a_name_that_goes_on_and_on_and_on")], name="nested_model")
    return [
        small,
        explain(autoencoder(28)),
        explain(
            [*autoencoder_layers(), halve, L.Flatten(), L.Conv1D(2, 2)],
            input_shape=(225, 97, 3),
        ),
        explain(
            [L.Conv3D(4, 3), L.MaxPooling3D(2, strides=3), L.Conv3DTranspose(2, 3)], input_shape=(100, 120, 140, 2)
        ),
        explain([long, L.ZeroPadding2D(((1, 2), (3, 4)))], input_shape=(1024, 999, 3)),
        explain(L.Add(), input_shape=[(5, 6, 2), (5, 7, 2)]),
        explain(L.MaxPooling2D(9, name="much_" * 30), input_shape=(8, 8, 1)),
        explain([L.Conv2D(8, 3, name="a_name_without_end_" * 12)], input_shape=(1024, 999, 3)),
        deep(3, "a_nested_model_of_models_" * 5),
    ]


# -- in a terminal ------------------------------------------------------------------------------------------------


def test_the_text_fits_100_columns(examples: list[Explanation], large: Explanation) -> None:
    for explanation in (*examples, large):
        assert explanation.agrees and repr(explanation) == str(explanation)
        for text in (str(explanation), str(explanation.details())):
            lines = text.splitlines()
            assert max(map(len, lines)) <= 100
            assert all(any(row.layer[:20] in line for line in lines) for row in explanation)
    assert str(large.details()).count("Receptive field") == 167


def test_the_text_reads_as_a_table(examples: list[Explanation]) -> None:
    text = str(examples[1])
    assert re.search(r"pool3 \(MaxPooling2D\) +▸ 7×7×8 → 4×4×8 +⌈7 / 2⌉ = 4 +\(0, 1\) +0 +✓", text)
    assert "Parameters: (3·3·16 + 1)·8 = 1160. 8 filters, each with 3·3·16 weights and one bias." in text
    assert "\n✓ By hand and Keras agree on 14 of 14 rows.\n4,385 parameters in all.\nFor one example: 751,680" in text


def test_details_say_what_the_table_leaves_out(small: Explanation) -> None:
    text = str(small.details())
    for line in (
        "    Receptive field: each output cell sees 4×4 cells of the input (jump: 2 cells to the next; the\n"
        "    first starts one cell before the map).\n",
        "    Multiply-adds: 7·7·3·3·2·8 = 7056 for one example.\n",
        "    Output: 4·4·8·4 = 512 bytes for one example, in float32.\n",
        "up to 6 cells",  # unequal neighbours
        "along the height and",  # unequal axes
        "not known from here on. It is not followed through Flatten.",
    ):
        assert line in text
    assert repr(small.details()) == text
    assert "Receptive" not in str(small) and "Multiply-adds:" not in str(small), "the table itself stays short"
    assert str(small).splitlines()[-2].startswith("For one example: 9,072 multiply-adds (one multiplication")


# -- what is said once, what is marked, and the brief form ----------------------------------------------------------


def test_what_is_common_is_said_once() -> None:
    text = str(explain(autoencoder(28)))
    assert text.count("Windows of 3×3 step one cell at a time") == 1 and text.count("Windows of 2×2 step 2 cells") == 2
    assert "By the same rule as conv1, above." in text and "By the same rule as pool1, above." in text
    assert "so it adds one ghost cell after, on the bottom and right." in " ".join(text.split()), "another border"
    for layers in ([L.Conv2D(2, 3), L.Conv2D(2, 5)], [L.Conv2D(2, 3), L.MaxPooling2D(3, 1)]):
        assert "By the same rule" not in str(explain(layers, input_shape=(28, 28, 1))), "another rule"
    details = str(explain(autoencoder(28)).details())
    assert details.count("Windows of 3×3 step one cell at a time") == 6, "there each is told in full"


def test_the_rows_that_change_the_size_are_marked_by_more_than_colour() -> None:
    explanation = explain(autoencoder(28))
    changing = ["pool1", "pool2", "pool3", "up1", "up2", "conv6", "up3"]
    assert [row.layer for row in explanation if words.changes_size(row)] == changing
    assert explanation._repr_html_().count("<strong>▸ ") == str(explanation).count("▸ ") == len(changing)
    first = explain([L.Conv2D(9, 1, data_format="channels_first"), L.Flatten(), L.Dense(4)], input_shape=(3, 8, 8))
    assert [words.changes_size(row) for row in first] == [False, True, True], "channels are no size of the map"


@pytest.mark.parametrize("n", [28, None])
def test_the_brief_form_shows_sizes_and_rules_and_no_reason(n: int | None) -> None:
    explanation = explain(autoencoder(n), brief=True)
    assert explanation.diagnosis == explain(autoencoder(n)).diagnosis and explanation.rows[1].sentence
    page = explanation._repr_html_()
    for shown in (str(explanation), page):
        for row in explanation:
            assert row.layer in shown and row.formula in shown.replace("&nbsp;", " ")
            assert row.sentence not in shown and not any(note in shown for note in row.notes)
        assert "8·⌈n / 8⌉" not in shown and "parameters" not in shown and "Padding" not in shown
    assert len(str(explanation).splitlines()) == 2 + 2 + 14 + 3 and page.count('scope="col"') == 4
    assert "By hand and Keras agree on 14 of 14 rows." in page and explanation[2].sentence[:40] in str(
        explanation.details()
    )


def test_the_brief_form_still_says_what_is_wrong() -> None:
    refused = explain([L.MaxPooling2D(9, name="pool"), L.Flatten()], input_shape=(8, 8, 1), brief=True)
    for shown in (str(refused), refused._repr_html_()):
        assert "By hand: A window of 9 does not fit into 8 cells" in shown and "Keras: " in shown
    own = explain([L.Lambda(lambda x: x)], input_shape=(8,), brief=True)
    assert "There is no rule by hand for Lambda." in str(own)


def test_a_refused_row_has_no_tick() -> None:
    refused = explain([L.MaxPooling2D(9, name="pool"), L.Flatten()], input_shape=(8, 8, 1))
    rows = re.findall("<tr.*?</tr>", refused._repr_html_())
    assert (
        "⊘ both refuse" in rows[1]
        and "--jp-error-color1" in rows[1]
        and "✓" not in rows[1]
        and "success" not in rows[1]
    )
    assert re.search(r"pool \(MaxPooling2D\) .* ⊘$", str(refused), re.MULTILINE)


def test_a_note_is_as_dark_as_the_text_and_its_word_bold() -> None:
    page = explain(L.MaxPooling2D(2, padding="same"), input_shape=(7, 7, 1))._repr_html_()
    assert "<div><strong>Note:</strong> The padding is one-sided" in page


# -- in a notebook ------------------------------------------------------------------------------------------------


class _Reader(HTMLParser):
    """Checks that every tag is closed in its turn, and collects what is asked about below."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("br", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_html_is_well_formed_and_says_the_same(examples: list[Explanation]) -> None:
    for explanation in examples:
        page = explanation._repr_html_()
        reader = _Reader()
        reader.feed(page)
        reader.close()
        assert reader.open == []
        assert "<style" not in page and "<script" not in page, "they are dropped in an untrusted notebook"
        tags = [tag for tag, _ in reader.tags]
        assert tags.count("caption") == 1 and tags.count("tr") == len(explanation) + 1
        scopes = [attributes.get("scope") for tag, attributes in reader.tags if tag == "th"]
        assert scopes == ["col"] * 6 + ["row"] * len(explanation)
        box = reader.tags[0][1]
        assert box["tabindex"] == "0" and "overflow-x:auto" in (box["style"] or "") and box["aria-label"]
        opened = [attributes for tag, attributes in reader.tags if tag == "summary" and "aria-label" in attributes]
        assert tags.count("details") == tags.count("summary")
        assert len(opened) == sum(bool(words.detail_lines(row)) for row in explanation)
        plain = reader.text.replace("\xa0", " ")
        for row, told in zip(explanation, words.told(explanation.rows), strict=True):
            assert row.layer in plain and told.why in plain and row.rule.parameters.formula in plain
            for what, text in words.detail_lines(row):
                assert f"{what}: {text}" in plain
        # No colour that a theme cannot change.
        for _, attributes in reader.tags:
            for colour in re.findall(r"color:([^;]+)", attributes.get("style") or ""):
                assert colour.startswith("var(--jp-") or colour == "inherit"


def test_names_are_escaped() -> None:
    page = explain(L.Dense(2, name="<b>bold"), input_shape=(3,))._repr_html_()
    assert "<b>" not in page and "&lt;b&gt;bold" in page


def test_a_deep_model_is_folded(large: Explanation, small: Explanation) -> None:
    page = large._repr_html_()
    parts = re.findall(r"<details( open)?><summary [^>]*>Rows (\d+) to (\d+): ", page)
    assert [(int(first), int(last)) for _, first, last in parts] == [(i, min(i + 39, 500)) for i in range(0, 501, 40)]
    assert [bool(is_open) for is_open, *_ in parts] == [True] + [False] * 12
    assert page.count("<tr ") == 501 and page.count("<table") == 13
    assert "501 rows, folded into 13 parts" in page
    assert "Rows" not in small._repr_html_() and small._repr_html_().count("<table") == 1
    assert len(page.encode()) < 1500 * 501, "bytes a row"


@pytest.mark.parametrize(
    ("place", "parts", "found"),
    [
        (100, {"rule": {"shape": (None, 1, 1, 8)}}, "<details open>.*Rows 80 to 119: .*✗ one row with something wrong"),
        (200, {"rule": {"shape": None, "exists": False}}, "<details>.*Rows 200 to 239: .*, one row without a rule"),
        (
            200,
            {"rule": {"shape": None, "refusal": "No."}, "keras": {"shapes": (), "refusal": "No."}},
            "<details open>.*Rows 200 to 239: .*✗ one row with something wrong",
        ),
    ],
)
def test_a_part_with_something_wrong_is_open(large: Explanation, place: int, parts: Any, found: str) -> None:
    rows = (*large[:place], changed(large[place], **parts), *large[place + 1 :])
    page = Explanation("deep", rows)._repr_html_()
    summaries = re.findall(r"<details(?: open)?><summary [^>]*>Rows .*?</summary>", page)
    assert any(re.match(found, summary) for summary in summaries)


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
    (row,) = explain(L.Dense(2, name="plain"), input_shape=(3,))
    said = {"notes": (f"About {name}.",), "sentence": f"It is {name} | so."}
    odd = Explanation(name, (changed(row, call={"name": name}, rule=said),))
    (table,) = _tables(odd.to_markdown())
    assert len(table[1]) == 8 and table[1][1] == f"{name} (Dense)"
    shown = mistune.create_markdown(plugins=["table"])(odd.to_markdown())
    assert "<b>bold" not in shown and "<em>" not in shown and "<a " not in shown


def test_a_disagreement_and_a_refusal_are_in_the_reports(small: Explanation) -> None:
    wrong = Explanation("wrong", (*small[:1], changed(small[1], rule={"parameters": Count(5)}), *small[2:]))
    assert "✗ They differ in parameters: by hand 5, Keras 0." in wrong.to_markdown()
    assert wrong.to_dicts()[1]["differences"] == ["parameters: by hand 5, Keras 0"]
    refused = explain([L.MaxPooling2D(9, name="pool"), L.Flatten()], input_shape=(8, 8, 1))
    assert "⊘ both refuse" in refused.to_markdown() and "Keras: " in refused.to_markdown()
    first, second = refused.to_dicts()
    assert first["output"] is None and first["refusal_by_hand"] and not second["reached"]


def test_dicts_are_plain_and_whole(small: Explanation, large: Explanation) -> None:
    inputs = keras.Input((None, None, 3))
    x = L.Add()([L.UpSampling2D(3)(inputs), L.Conv2DTranspose(3, 3, strides=3)(inputs)])
    for explanation in (small, large, explain(keras.Model(inputs, L.GlobalMaxPooling2D()(x)))):
        rows = explanation.to_dicts()
        assert json.loads(json.dumps(rows, allow_nan=False)) == rows and len({tuple(row) for row in rows}) == 1
    rows = small.to_dicts()
    for place, found in (
        (0, {"macs": 7056, "output_bytes": 7 * 7 * 8 * 4, "sources": [None]}),
        (1, {"inputs": [[None, 7, 7, 8]], "output": [None, 4, 4, 8], "keras": [[None, 4, 4, 8]], "agrees": True}),
        (1, {"receptive_field": [{"size": 4, "jump": "2", "start": -1}] * 2, "pads": [[0, 1], [0, 1]]}),
        (2, {"receptive_field": [{"size": 4, "jump": "1", "start": -1}] * 2}),
        (4, {"receptive_field_lost": "It is not followed through Flatten.", "receptive_field": []}),
    ):
        assert rows[place] | found == rows[place]
