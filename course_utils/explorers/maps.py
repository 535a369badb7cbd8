"""What goes into a layer that is explored: the map and the weights, and the settings that choose them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from course_utils.data import PICTURES, SIZE, handwritten, picture
from course_utils.explorers.frame import Question
from course_utils.explorers.settings import Links, Settings, Size, setting
from course_utils.pictures.photos import Photo, photo
from course_utils.pictures.window import Map, kernel_grid, plain_grid

LARGEST_N = 12
KERNELS = {
    "ones": "all ones",
    "edge": "left minus right: 1 … −1",
    "count": "1, 2, 3, …",
    "single": "a single 1 on top left",
}
#: A small real picture, to be counted in.
HANDWRITTEN = {"handwritten": "a handwritten 2"}
VALUES = {
    "digits": "digits 0 to 9",
    **HANDWRITTEN,
    "ones": "all ones",
    "negative": "digits, half of them negative",
}
SHOWS = {"numbers": "numbers", "image": "a picture"}
PADDINGS = {"valid": "valid", "same": "same"}

#: The same digits at every n, so that a larger map only adds to a smaller one.
_DIGITS = np.random.default_rng(28).integers(0, 10, size=(LARGEST_N, LARGEST_N)).astype(float)


# -- maps ---------------------------------------------------------------------------------------------------------


def pair(size: Size) -> tuple[int, int]:
    """Height and width."""
    return size if isinstance(size, tuple) else (size, size)


def input_values(n: Size, values: str, first: int = 1) -> Map:
    """A map of whole numbers, ``n × n`` or ``height × width``. ``first``: where ``"count"`` begins in each row."""
    height, width = pair(n)
    if values == "ones":
        return np.ones((height, width))
    if values == "count":
        return np.tile(np.arange(float(first), first + width), (height, 1))
    if values == "handwritten":
        ink = handwritten()[:height, :width]
        return np.pad(ink, ((0, height - ink.shape[0]), (0, width - ink.shape[1])))
    digits = _DIGITS[:height, :width].copy()
    if values == "all negative":
        return digits - 10
    if values == "negative":
        digits[(np.indices((height, width)).sum(axis=0) % 2) == 1] *= -1
    return digits


def kernel_values(k: Size, kernel: str) -> Map:
    """A kernel of whole numbers, ``k × k`` or ``height × width``."""
    height, width = pair(k)
    weights = np.zeros((height, width))
    if kernel == "ones":
        weights[:] = 1
    elif kernel == "count":
        weights = np.arange(1.0, height * width + 1).reshape(height, width)
    elif kernel == "single":
        weights[0, 0] = 1
    else:
        weights[:, -1] = -1
        weights[:, 0] = 1
    return weights


def input_photo(x: Map, shown: str) -> Photo:
    """The picture that goes in, by its name."""
    return photo(x, "input", "input", PICTURES[shown].capitalize(), secret=False)


# -- the settings -------------------------------------------------------------------------------------------------


class LayerSettings(Settings):
    """What the explorers of a layer are set to: numbers to read, or a picture to look at, and the layer."""

    #: Where the numbers begin that count up in each row.
    COUNT_FROM: ClassVar[int] = 1

    n: Size
    values: str
    show: str
    picture: str

    @property
    def picture_size(self) -> int:
        """Cells on each side of the picture."""
        return SIZE

    @property
    def shown(self) -> str | None:
        """The name of the picture that is shown; None where numbers are."""
        return self.picture if self.show == "image" else None

    @property
    def x(self) -> Map:
        """The map that goes in."""
        if self.shown is not None:
            return picture(self.shown, self.picture_size)
        return input_values(self.n, self.values, self.COUNT_FROM)

    @property
    def weights(self) -> Map | None:
        """The kernel; None for a layer without one."""
        given = self.given()
        return kernel_values(given["k"], given["kernel"]) if "kernel" in given else None

    @property
    @abstractmethod
    def setting(self) -> str:
        """The settings in one line."""

    def question(self) -> Question:
        """The map and the kernel, before anything is done with them: no layer is run for it."""
        kernels = () if self.weights is None else (kernel_grid(self.weights),)
        if self.shown is None:
            return Question(self.setting, (plain_grid(self.x), *kernels))
        return Question(self.setting, kernels, (input_photo(self.x, self.shown),))

    def written(self, *names: str) -> list[str]:
        """Some of the sizes, as the line of settings shows them."""
        values = vars(self) | ({} if self.shown is None else {"n": self.picture_size})
        return [written(name, values[name]) for name in names]

    def links(self) -> Links:
        """A picture has its own size and values; numbers need no picture."""
        if self.shown is None:
            return Links(hidden=frozenset({"picture"}))
        return Links(hidden=frozenset({"n", "values"}))


def size_setting(label: str, default: int | None, high: int, about: str, **more: Any) -> Any:
    """The field of a size, from 1. ``more``: as in ``setting``."""
    return setting(label, "size", default, about, low=1, high=high, **more)


def n_setting(default: int, high: int = LARGEST_N) -> Any:
    """The field of the input size."""
    about = "input size, {range}; the map is n × n. Every size may also be a pair: height, width."
    return size_setting("n, input size", default, high, about)


def padding_setting(label: str = "padding", about: str = "{options}.") -> Any:
    """The field of the padding."""
    return setting(label, "buttons", "same", about, options=PADDINGS)


def kernel_setting() -> Any:
    """The field of the weights."""
    return setting("kernel", "list", "ones", "the weights: {options}.", options=KERNELS, more=True)


def values_setting() -> Any:
    """The field of the numbers in the map."""
    return setting("input", "list", "digits", "the numbers in the map: {options}.", options=VALUES, more=True)


def show_setting(pictured: str = f"a picture of {SIZE} × {SIZE} through the same layer.") -> Any:
    """The field that chooses between numbers and a picture. ``pictured``: what the docstring says of the picture."""
    return setting("show", "buttons", "numbers", f'``"numbers"``, or ``"image"``: {pictured}', options=SHOWS, more=True)


def picture_setting(default: str = "photo") -> Any:
    """The field of the picture."""
    return setting("picture", "list", default, "{options}.", options=PICTURES, more=True)


def written(name: str, value: Size) -> str:
    """A size as the line of settings shows it."""
    return f"{name} = {value[0]} × {value[1]}" if isinstance(value, tuple) else f"{name} = {value}"
