"""A plugin for pytest: what nbval has run is compared once more, by what nbval itself does not look at.

That is pictures, kinds of output and their order, stderr, and the form in which notebooks are committed.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import groupby

import pytest
from nbformat import NotebookNode
from nbval.plugin import IPyNbCell

from tools import execute_notebooks


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put a last test behind the cells of each notebook."""
    together = []
    for notebook, group in groupby(items, key=lambda item: item.path):
        together += list(group)
        if notebook.suffix == ".ipynb":
            together.append(StoredOutputs.after(together))
    items[:] = together


class StoredOutputs(pytest.Item):
    """The last test of a notebook: what `tools/execute_notebooks.py --check` says of nbval's run of its cells."""

    cells: list[IPyNbCell]

    @classmethod
    def after(cls, items: Sequence[pytest.Item]) -> StoredOutputs:
        """Return the test for the notebook whose cells stand last in `items`."""
        notebook = items[-1].parent
        assert notebook is not None
        test: StoredOutputs = cls.from_parent(notebook, name="outputs")
        test.cells = [item for item in items if item.parent is notebook]
        return test

    def runtest(self) -> None:
        findings = execute_notebooks.check(self.path, run=self.outputs_of_nbval)
        if findings:
            pytest.fail("\n".join(findings), pytrace=False)

    def outputs_of_nbval(self, stored: NotebookNode) -> NotebookNode:
        run = copy.deepcopy(stored)
        cells = [cell for cell in run.cells if cell.cell_type == "code"]
        if [cell.source for cell in cells] != [item.cell.source for item in self.cells]:
            raise execute_notebooks.NotExecutedError("not every cell was run")
        # The kernel counts nothing for nbval; what is stored has to count from 1 on without a gap.
        for count, (cell, item) in enumerate(zip(cells, self.cells, strict=True), start=1):
            if item.test_outputs is None:
                raise execute_notebooks.NotExecutedError(f"cell {count} was not run")
            cell.update(outputs=copy.deepcopy(item.test_outputs), execution_count=count)
        return run

    def reportinfo(self) -> tuple[str, int, str]:
        return str(self.path), 0, f"{self.path.name}: what all cells show"
