"""Drills: endless questions about sizes, each with a checked answer.

    from course_utils import drill, drill_sheet

    drill("same", level=2, seed=7)             # a question with a button for the next one
    drill_sheet("same", level=2, seed=7)       # ten of them to print, with a key

The same kind, level and seed give the same questions on every machine. A drill is not recorded anywhere.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from course_utils.exercises.drill_questions import MIXED, Series, check_request

if TYPE_CHECKING:
    from course_utils.exercises.drill_box import DrillBox


class Drill(Series):
    """Questions one after the other. In a notebook it is shown as a question with its boxes and buttons.

    In plain Python: ``print(d)``, ``d.check(4)``, ``d.next()``.
    """

    def box(self) -> DrillBox:
        """The question as widgets."""
        # ipywidgets is loaded here, when a drill is first shown.
        from course_utils.exercises.drill_box import DrillBox

        return DrillBox(self)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.box()._repr_mimebundle_(**kwargs)


def drill(kind: str = MIXED, level: int = 1, seed: int | None = None) -> Drill:
    """Endless questions about sizes, each with a checked answer.

    Args:
        kind: ``"valid"``, ``"same"``, ``"pads"``, ``"pool"``, ``"dilation"``, ``"upsample"``, ``"transposed"``,
            ``"chain"``, ``"back"``, or ``"mixed"`` for all of them.
        level: 1 to 3: small and plain; strides and odd sizes; rectangles, large sizes, the rare cases.
        seed: a whole number: the same one gives the same questions. None draws one, and says which.

    Raises:
        ValueError: for another kind, level or seed, with what there is.
    """
    check_request(kind, level, seed)
    return Drill(kind, level, random.randrange(100_000) if seed is None else seed)
