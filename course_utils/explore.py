"""The explorers, by the name a lesson calls them.

Each returns a widget; as the last line of a cell it shows itself. All settings are optional: they are where the
sliders start.
"""

from __future__ import annotations

from course_utils.explorers.base import Explorer
from course_utils.explorers.padding import explore_padding


def padding(
    n: int = 7, k: int = 3, padding: str = "same", kernel: str = "ones", values: str = "digits", s: int | None = None
) -> Explorer:
    """Explore what padding does to a convolution, with a real ``Conv2D`` rebuilt at every change.

    Args:
        n: input size, 1 to 12; the map is n × n.
        k: kernel size, 1 to 7; the kernel is k × k.
        padding: ``"valid"`` or ``"same"``.
        kernel: the weights: ``"ones"``, ``"edge"``, ``"count"`` or ``"single"``.
        values: the numbers in the map: ``"digits"``, ``"ones"`` or ``"negative"``.
        s: stride, 1 to 4; its slider is shown only if you give it.

    Raises:
        ValueError: for a setting outside those limits, naming them.
    """
    return explore_padding(n=n, k=k, padding=padding, kernel=kernel, values=values, s=s)
