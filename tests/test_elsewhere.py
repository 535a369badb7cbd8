"""The table of what other frameworks give: it is whole, its rules say what it says, and Keras still says the same."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from elsewhere.adapters import keras_
from elsewhere.cases import ADAPTIVE, BY_KEY, CASES, RESIZING
from elsewhere.frameworks import FRAMEWORKS, Framework
from elsewhere.inside import row, said
from elsewhere.parts import PARTS, SEPARATOR
from elsewhere.remedies import REMEDIES
from elsewhere.rules import reproduces, rules_for, rules_of
from elsewhere.table import RECORDED, Answer, table

TENSORFLOW = "Keras on TensorFlow"


def answers_of(framework: str) -> list[Answer]:
    return [answer for answer in table().answers if answer.framework == framework]


@contextmanager
def variables_of(framework: Framework) -> Iterator[None]:
    """The part of the environment that an adapter reads."""
    read = {name: value for name, value in framework.variables.items() if name.startswith("ELSEWHERE_")}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in read.items():
            patch.setitem(os.environ, name, value)
        yield


def test_the_table_holds_every_call_of_every_framework() -> None:
    assert len(CASES) >= 60 and len(BY_KEY) == len(CASES)
    for name, framework in FRAMEWORKS.items():
        adapter = importlib.import_module(f"elsewhere.adapters.{framework.adapter}")
        with variables_of(framework):
            calls = [(case.key, call) for case in CASES for call in adapter.calls(case)]
        assert [(answer.case, answer.call) for answer in answers_of(name)] == calls, name
        assert table().versions[name] == ", ".join(framework.needs)
    assert len(table().answers) >= 1000


def test_each_answer_is_a_row_or_a_refusal() -> None:
    for answer in table().answers:
        assert (answer.values is None) != (answer.refused is None), answer
        assert answer.rule is None or answer.values is not None, answer
        assert answer.values is None or all(
            isinstance(v, float | int) or v in ("nan", "inf", "-inf") for v in answer.values
        )


def test_the_named_rule_gives_the_recorded_row() -> None:
    wrong = [one for one in table().answers if one.rule and not reproduces(one.case, one.rule, one.values or ())]
    assert not wrong


def test_a_rule_gives_no_other_row() -> None:
    """Each recorded row with its last cell one larger is what none of its operation's rules gives."""
    for answer in answers_of(TENSORFLOW):
        if answer.values and BY_KEY[answer.case].operation != RESIZING:
            changed = (*answer.values[:-1], float(answer.values[-1]) + 1.0)
            assert answer.rule and not reproduces(answer.case, answer.rule, changed)
            assert not reproduces(answer.case, answer.rule, (*answer.values, 0.0))


def test_every_row_has_a_rule() -> None:
    without = [answer for answer in table().answers if answer.values is not None and answer.rule is None]
    assert not without


def test_every_part_of_a_rule_is_explained_and_used() -> None:
    parts = {part for answer in table().answers if answer.rule for part in answer.rule.split(SEPARATOR)}
    assert parts == set(PARTS)
    for operation in {case.operation for case in CASES}:
        assert {part for rule in rules_for(operation) for part in rule.split(SEPARATOR)} <= set(PARTS)


#: What the course says of every Keras layer it has a rule for: the rules that ask ``axes`` and ``byhand``.
OURS = {
    "odd ghost after", "no ghosts", "all ghosts before", "nothing fits: empty", "the largest real cell",
    "mean of real cells", "cut as the convolution pads", "kernel as it is",
}  # fmt: skip


def test_keras_on_tensorflow_follows_the_rules_of_the_course() -> None:
    """But for one: TensorFlow passes over NaN, and by hand a maximum of NaN is NaN."""
    followed = 0
    for answer in answers_of(TENSORFLOW):
        if BY_KEY[answer.case].operation not in (RESIZING, *ADAPTIVE) and answer.rule:
            others = set(answer.rule.split(SEPARATOR)) - OURS
            assert others == ({"NaN passed over"} if "NaN" in answer.case else set()), answer
            followed += 1
    assert followed >= 45


def test_keras_on_tensorflow_still_gives_what_is_recorded() -> None:
    import keras

    assert f"keras=={keras.__version__}" in table().versions[TENSORFLOW]
    for answer in answers_of(TENSORFLOW):
        case = BY_KEY[answer.case]
        if answer.values is None:
            with pytest.raises(Exception) as caught:
                row(keras_, eval(answer.call, keras_.names(case)), case)
            assert said(caught.value) == answer.refused
        else:
            got, recorded = row(keras_, eval(answer.call, keras_.names(case)), case), [float(v) for v in answer.values]
            np.testing.assert_allclose(got, recorded, rtol=1e-6, atol=1e-7, err_msg=answer.call)


def test_each_remedy_gives_what_keras_gives() -> None:
    keras_rows = {answer.case: answer.values for answer in reversed(answers_of(TENSORFLOW))}
    assert [(one.framework, one.case, one.call) for one in table().remedies] == sorted(
        ((one.framework, one.case, one.call) for one in REMEDIES), key=lambda one: list(FRAMEWORKS).index(one[0])
    )
    for answer in table().remedies:
        wanted = keras_rows[answer.case]
        assert answer.values is not None and wanted is not None, answer
        got, row = np.array(answer.values, dtype=float), np.array(wanted, dtype=float)
        np.testing.assert_allclose(got, row, rtol=1e-5, atol=1e-6, err_msg=answer.call)


def test_nothing_in_the_table_is_of_one_machine() -> None:
    text = RECORDED.read_text(encoding="utf-8")
    assert not re.search(r"/(?:home|tmp|root|usr|opt|Users)/|https?:|0x[0-9a-f]{6}", text)


def test_one_kind_of_call_gets_one_rule() -> None:
    """PyTorch's equal padding looks like *same* where the padding is even; it is named for what it is."""
    rows = [
        (one.case, one.values or ()) for one in answers_of("PyTorch") if "F.conv2d" in one.call and "(0, " in one.call
    ]
    same = [row for row in rows if "same" in row[0]]
    assert set(rules_of(same)) == {"k // 2 on both sides"}
    assert rules_of([(same[0][0], (1.0, 2.0))]) == [None]
