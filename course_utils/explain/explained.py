"""``ExplainedModel``: all rows of a model and what they come to together. Plain data; knows no table that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import overload

from course_utils.explain import size_expressions
from course_utils.explain.diagnosis import Diagnosis
from course_utils.explain.rows import Row


@dataclass(frozen=True, repr=False)
class ExplainedModel:
    """All rows of a model, in the order in which its layers are called. Behaves like a sequence of them.

    Attributes:
        name: of the model or layer, for the heading.
        rows: one for each call; a layer that is called twice has two.
        diagnosis: why the size that was wanted does not come out, and what would repair it; None where nothing is
            wrong or nothing was wanted.
    """

    name: str
    rows: tuple[Row, ...]
    diagnosis: Diagnosis | None = None

    @property
    def agrees(self) -> bool:
        """Every row that has a rule agrees with Keras, and there is at least one.

        Rows without a rule and rows that were not reached count neither way: look at ``without_rule`` and
        ``refused_at`` for them.
        """
        verdicts = [row.agrees for row in self.rows if row.agrees is not None]
        return bool(verdicts) and all(verdicts)

    @property
    def without_rule(self) -> tuple[Row, ...]:
        """The rows that nothing by hand can be said about."""
        return tuple(row for row in self.rows if not row.has_rule)

    @property
    def refused_at(self) -> Row | None:
        """The first row where nothing comes out, or None if the model can be built."""
        return next((row for row in self.rows if row.refused), None)

    @property
    def parameters(self) -> int | None:
        """All parameters by hand, a shared layer counted once; None if a row has no answer by hand."""
        return _sum([row.parameters for row in self.rows if row.shared_with is None])

    @property
    def keras_parameters(self) -> int | None:
        """All parameters by Keras, a shared layer counted once; None if Keras refuses a row."""
        return _sum([row.keras_parameters for row in self.rows if row.shared_with is None])

    @property
    def macs(self) -> int | None:
        """All multiply-adds for one example, each call counted; None if a row is not counted or a size is not known."""
        return _sum([row.facts.macs for row in self.rows])

    @property
    def output_bytes(self) -> int | None:
        """What comes out of all rows together for one example; None if a size is not known."""
        return _sum([row.facts.output_bytes for row in self.rows])

    @property
    def whole_model(self) -> str | None:
        """One sentence: what size comes out for any n, and which n come back. None where there is no expression."""
        return size_expressions.whole_model(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        return self.rows[index]


def _sum(numbers: list[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None
