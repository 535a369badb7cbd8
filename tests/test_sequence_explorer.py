"""The sequence explorer: sizes, values and who looks into the future, against the real Conv1D."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from course_utils import explore
from course_utils.explorers.sequence import PADDINGS, SequenceSettings
from course_utils.keras_layers import KerasRefusal, output_shape, run

EVERY = list(itertools.product(range(1, 13), range(1, 6), range(1, 4), PADDINGS))


def influences(layer: object, n: int) -> NDArray[Any]:
    """What a 1 at each step alone changes in each output: measured."""
    return run(layer, np.eye(n)[:, :, np.newaxis])[:, :, 0]


def looking_ahead(n: int, layer: object) -> list[int]:
    """The outputs that change where a later step does."""
    out = influences(layer, n)
    return [i for i in range(out.shape[1]) if out[i + 1 :, i].any()]


@pytest.mark.parametrize("padding", PADDINGS)
def test_at_every_setting_it_agrees_and_tells_who_looks_ahead(padding: str) -> None:
    refused = 0
    for n, k, d, _ in (one for one in EVERY if one[3] == padding):
        settings = SequenceSettings(n, k, d, padding)
        frame, layer = settings.frame(), settings.code().build()
        assert frame.outcome in ("agree", "refused"), (n, k, d)
        if frame.refused:
            with pytest.raises(KerasRefusal):
                output_shape(layer, (1, n, 1))
            refused += 1
            continue
        layer.build((1, n, 1))
        layer.set_weights([np.ones((k, 1, 1))])
        ahead = looking_ahead(n, layer)
        [remark] = frame.remarks
        if not ahead:
            assert remark.startswith("No output reads a step after its own"), (n, k, d)
        elif padding == "valid":
            late = (k - 1) * d
            assert remark == f"Output i needs step i + {late}: each comes {late} step{'s' * (late > 1)} late.", (
                n,
                k,
                d,
            )
            assert all(influences(layer, n)[i + late, i] for i in range(n - late)), (n, k, d)
        else:
            look = "looks" if len(ahead) == 1 else "look"
            last = np.flatnonzero(influences(layer, n)[:, ahead[0]])[-1]
            told = (
                f"{len(ahead)} of {n} outputs {look} ahead: output {ahead[0]} reads step {last}, which comes after it."
            )
            assert remark.startswith(told), (n, k, d)
    assert refused == (sum((k - 1) * d + 1 > n for n, k, d, p in EVERY if p == padding) if padding == "valid" else 0)


def test_causal_never_looks_ahead_and_a_window_is_drawn_for_each_step() -> None:
    explorer = explore.sequence(n=6, k=3, padding="causal", kernel="count")
    ladder = next(grid for grid in explorer.frame.grids if grid.name == "ladder width")
    assert (ladder.rows, ladder.columns, ladder.origin) == (6, 8, (0, -2))
    for i, row in enumerate(ladder.cells):
        assert [j - 2 for j, cell in enumerate(row) if cell.role == "window"] == [i - 2, i - 1, i]
    assert [cell.text for cell in explorer.frame.grids[2].cells[0]] == ["3", "8", "14", "20", "26", "32"]


def test_its_code_runs_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    exec(explore.sequence(n=5, k=2, d=2, padding="causal", kernel="count").frame.code, {})
    shape, values = capsys.readouterr().out.splitlines()
    assert shape == "(1, 5, 1)" and [float(number) for number in re.findall(r"[\d.]+", values)] == [2, 4, 7, 10, 13]
