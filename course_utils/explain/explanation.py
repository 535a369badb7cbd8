"""What ``explain`` returns: an ``ExplainedModel`` that shows itself as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from course_utils.explain import expressions, html_table, reports, text_table
from course_utils.explain.rows import ExplainedModel


@dataclass(frozen=True, repr=False)
class Explanation(ExplainedModel):
    """All rows of a model, in the order in which its layers are called. Printed, it is a table.

    Behaves like a sequence: ``len(e)``, ``e[3]``, ``for row in e``. ``details()`` shows more of each row,
    ``to_markdown()`` and ``to_dicts()`` are for reports.
    """

    def details(self) -> text_table.Printed:
        """The table with the facts of each row under it: receptive field, multiply-adds, bytes."""
        return text_table.Printed(text_table.as_text(self, details=True))

    def to_markdown(self) -> str:
        """The table for a report, in GitHub's Markdown; notes and disagreements in a list below it."""
        return reports.as_markdown(self)

    def to_dicts(self) -> list[dict[str, Any]]:
        """One plain dict for each row, ready for ``json.dumps`` or a data frame; the keys are listed in ``reports``."""
        return reports.as_dicts(self)

    @property
    def whole_model(self) -> str | None:
        """One sentence: what size comes out for any n, and which n come back. None where there is no expression."""
        return expressions.whole_model(self.rows)

    def __str__(self) -> str:
        return text_table.as_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html_table.as_html(self)
