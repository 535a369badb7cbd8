"""The explorers, by the name a lesson calls them.

Each returns a widget; as the last line of a cell it shows itself. All settings are optional: they are where the
sliders start.
"""

from __future__ import annotations

from course_utils.explorers.base import Explorer
from course_utils.explorers.layer import Size
from course_utils.explorers.padding import explore_padding


def padding(
    n: Size = 7,
    k: Size = 3,
    padding: str = "same",
    kernel: str = "ones",
    values: str = "digits",
    s: Size | None = None,
    show: str = "numbers",
    picture: str = "photo",
    presenter: bool = False,
) -> Explorer:
    """Explore what padding does to a convolution, with a real ``Conv2D`` rebuilt at every change.

    Args:
        n: input size, 1 to 12; the map is n × n. Every size may also be a pair: height, width.
        k: kernel size, 1 to 7; the kernel is k × k.
        padding: ``"valid"`` or ``"same"``.
        kernel: the weights: ``"ones"``, ``"edge"``, ``"count"`` or ``"single"``.
        values: the numbers in the map: ``"digits"``, ``"ones"`` or ``"negative"``.
        s: stride, 1 to 4; its slider is shown only if you give it.
        show: ``"numbers"``, or ``"image"``: a picture of 64 × 64 through the same layer.
        picture: ``"photo"``, ``"stripes"`` or ``"white"``.
        presenter: large type, and the answer is held back until it is revealed.

    Raises:
        ValueError: for a setting outside those limits, naming them.
    """
    return explore_padding(n, k, padding, kernel, values, s, show, picture, presenter)
