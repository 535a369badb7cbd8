"""The padding explorer: where a window can stand, what a ghost cell is, and where the odd one goes."""

from __future__ import annotations

from course_utils.explorers import layer, maps, windows
from course_utils.explorers.base import explorer
from course_utils.explorers.frame import Frame
from course_utils.explorers.settings import Size, declare


@declare
class PaddingSettings(maps.LayerSettings):
    """Explore what padding does to a convolution, with a real ``Conv2D`` run at every change."""

    n: Size = maps.n_setting(7)
    k: Size = maps.size_setting("k, kernel size", 3, windows.LARGEST_K, "kernel size, {range}; the kernel is k × k.")
    padding: str = maps.padding_setting()
    kernel: str = maps.kernel_setting()
    values: str = maps.values_setting()
    s: Size | None = maps.size_setting(
        "s, stride", None, windows.LARGEST_S, "stride, {range}; its slider is shown only if you give it.", place=2
    )
    show: str = maps.show_setting()
    picture: str = maps.picture_setting()

    @property
    def setting(self) -> str:
        """The settings in one line."""
        stride = ["s"] if self.s not in (None, 1, (1, 1)) else []
        return ", ".join([*self.written("n", "k", *stride), f'padding="{self.padding}"'])

    def frame(self) -> Frame:
        """One convolution with one filter on one map."""
        code = windows.convolution(self.k, self.s or 1, 1, self.padding)
        found = layer.run(code, self.x, self.weights)
        # A stride comes with lesson 02.
        lines = windows.lines_without_stride if self.s is None else windows.lines
        return found.frame(self, lines, windows.ADDED, windows.IMPOSSIBLE)


padding = explorer("padding", PaddingSettings)
