"""The page "The same layer elsewhere": two frameworks side by side, how to make them equal, and all rules."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence

from elsewhere.cases import BY_KEY, CASES
from elsewhere.parts import PARTS, SEPARATOR
from elsewhere.remedies import REMEDIES
from elsewhere.rules import rules_for
from elsewhere.table import Answer, table

NAME = "elsewhere"
KERAS = "Keras on TensorFlow"

INTRODUCTION = """\
A network that moves to another framework keeps its sizes more often than its values. Here the same layer is run in
many frameworks, and next to each row of values stands the rule that gives it. Every map is a single row. The cells of
a convolution are 1, 2, 3 … and its kernel is made of powers of ten, so each output spells the cells it has read, with
0 for a ghost cell: 123 has read the cells 1, 2 and 3, and 560 the last two and a ghost cell behind them.
"""
SEARCHED = """\
What people look for: `padding="same"` with a stride in PyTorch · `auto_pad` SAME_UPPER and SAME_LOWER in ONNX ·
`ceil_mode` · `count_include_pad` and `exclusive` · `output_padding` and a flipped kernel in a transposed convolution
(deconvolution) · `align_corners`, `half_pixel_centers` and `align_mode` · `nearest` and `nearest-exact` · bicubic
with a = −0.5 or −0.75 · antialiasing · `INTER_NEAREST` and `INTER_AREA` · different results after an export to ONNX,
TFLite (LiteRT) or TensorFlow.js.
"""


def script() -> str:
    """The table as a classic script: each text once, answers by number."""
    frameworks, rules, calls, said = list(table().versions), _Numbered(), _Numbered(), _Numbered()
    numbers = {case.key: number for number, case in enumerate(CASES)}
    answers: list[list[object]] = [[] for _ in frameworks]
    for one in table().answers:
        row = said(one.refused) if one.values is None else list(map(short, one.values))
        rule = -1 if one.rule is None else rules(one.rule)
        answers[frameworks.index(one.framework)].append([numbers[one.case], calls(one.call), row, rule])
    told = {
        "frameworks": [[name, table().versions[name]] for name in frameworks],
        "cases": [[case.operation, case.name, [short(v) for v in case.x]] for case in CASES],
        "parts": {name: emphasised(text) for name, text in PARTS.items()},
        "rules": [rule.split(SEPARATOR) for rule in rules.texts],
        "calls": calls.texts,
        "said": said.texts,
        "answers": answers,
    }
    return f"window.elsewhere = {json.dumps(told, ensure_ascii=False, separators=(',', ':'))};\n"


class _Numbered:
    """Texts and their numbers, in the order in which they first came."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}

    def __call__(self, text: str | None) -> int:
        number = self._numbers.setdefault(text or "", len(self.texts))
        if number == len(self.texts):
            self.texts.append(text or "")
        return number


def short(value: float | str) -> str:
    """A number as it is shown: five digits are enough to tell rules apart."""
    number = float(value)
    if number <= -3e38:
        return "−3.4·10³⁸"
    text = {"nan": "NaN", "inf": "∞", "-inf": "−∞"}.get(f"{number:g}", f"{number:.5g}")
    return text.replace("-", "−")


def emphasised(text: str) -> str:
    """Text with its emphasis and code as HTML."""
    text = re.sub(r"\*(.+?)\*", r"<em>\1</em>", html.escape(text))
    return re.sub(r"`(.+?)`", r"<code>\1</code>", text)


def page() -> str:
    """The page as Markdown."""
    together: dict[str, list[str]] = {}
    for name, needs in table().versions.items():
        together.setdefault(needs, []).append(name)
    versions = "".join(f"<li>{', '.join(names)}: {html.escape(needs)}</li>" for needs, names in together.items())
    return "\n".join(
        [
            "# The same layer elsewhere",
            INTRODUCTION,
            "## Compare two frameworks",
            _raw(
                '<p class="no-script">Without JavaScript nothing can be chosen here; all rules stand below.</p>'
                "<div data-elsewhere></div>"
            ),
            "## How to make them equal",
            "Each of these was run, and gives the row of Keras on TensorFlow up to the rounding of float32. For a "
            'layer of your own, `port(layer, input_shape=(28, 28, 3), to="torch")` of `course_utils` writes the code, '
            'weights included; or `to="onnx"`, or `to="flax"`.',
            *(_raw(_remedies(framework)) for framework in dict.fromkeys(one.framework for one in REMEDIES)),
            "## All rules",
            *(_raw(_rules(operation)) for operation in dict.fromkeys(case.operation for case in CASES)),
            "## How this was found",
            f"{len(table().answers):,} answers to {len(CASES)} cases, on {table().platform}. `python -m elsewhere` "
            "asks again, as `elsewhere/README.md` says. Where a library refuses, its own words are shown.",
            _raw(f'<details class="spoiler named"><summary>Versions</summary><ul>{versions}</ul></details>'),
            SEARCHED,
        ]
    )


def _raw(element: str) -> str:
    return f"```{{raw}} html\n{element}\n```\n"


def _table(caption: str, what: str, heads: Sequence[str], rows: Sequence[tuple[str, ...]]) -> str:
    """A table, folded away below its caption and the number of its rows; cells name their heads for narrow screens."""
    head = "".join(f'<th scope="col">{one}</th>' for one in heads)
    cells = (
        "".join(f'<td data-head="{one}">{cell}</td>' for one, cell in zip(heads, row, strict=True)) for row in rows
    )
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    number = f"{len(rows)} {what}{'' if len(rows) == 1 else 's'}"
    return (
        f'<details class="spoiler named"><summary>{html.escape(caption)}: {number}</summary>'
        f'<div class="elsewhere-table" tabindex="0" role="group" aria-label="{html.escape(caption)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )


def _row(answer: Answer) -> str:
    return " ".join(map(short, answer.values or ())) or "(empty)"


def _begun(sentence: str) -> str:
    """A sentence with its first letter large; the kernel size k stays small."""
    return sentence if sentence.startswith("k ") else sentence[0].upper() + sentence[1:]


def _remedies(framework: str) -> str:
    keras = {one.case: one for one in reversed(table().answers) if one.framework == KERAS}
    rows = {(one.framework, one.case, one.call): one for one in table().remedies}
    return _table(
        framework,
        "call",
        ("Keras", "There", "Both give"),
        [
            (
                f"<code>{html.escape(keras[one.case].call)}</code>",
                f"{emphasised(one.why)}<br><code>{html.escape(one.call)}</code>",
                f"from {' '.join(map(short, BY_KEY[one.case].x))}:<br>{_row(rows[framework, one.case, one.call])}",
            )
            for one in REMEDIES
            if one.framework == framework
        ],
    )


def _rules(operation: str) -> str:
    """A table of who follows which rule, each with the first case in which it gives a row that other rules do not."""
    answers = [one for one in table().answers if BY_KEY[one.case].operation == operation and one.rule]
    rows = []
    for rule in rules_for(operation):
        those = [one for one in answers if one.rule == rule]
        if those:
            rarest = min(those, key=lambda one: sum(a.case == one.case and a.values == one.values for a in answers))
            said = emphasised(_begun("; ".join(PARTS[part] for part in rule.split(SEPARATOR))))
            example = f"{html.escape(BY_KEY[rarest.case].name)}:<br>{_row(rarest)}"
            rows.append((f"{said}.", ", ".join(dict.fromkeys(one.framework for one in those)), example))
    return _table(operation.capitalize(), "rule", ("Rule", "Who", "For example"), rows)
