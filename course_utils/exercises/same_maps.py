"""A checker for layers that must make the same maps as a reference model: the same sizes, and the same in every value.

    SameMaps(
        [LayerCode("ZeroPadding2D", {"padding": 1}), LayerCode("Conv2D", {"filters": 8, "kernel_size": 5})],
        pictures=[(28, 28, 1)],
        task="PyTorch's line",
        wrong_size=lambda trial: f"Your layers give {trial.made}. PyTorch gives 26 × 26 × 8.",
        wrong_values=lambda trial: f"The size is right, {trial.made}, but the values differ.",
        right="26 × 26 × 8, and the same values, cell by cell.",
    )

Which layers the learner takes does not matter, only what comes out of them; but there is one convolution among them,
and the one of the reference gets its weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from course_utils.exercises import networks
from course_utils.exercises.catalogue import Misconception
from course_utils.exercises.networks import Array
from course_utils.exercises.result import CheckFailed
from course_utils.keras_layers import Layer, LayerCode, kind_of, run


@dataclass(frozen=True)
class Trial:
    """What the layers of a learner made of one picture.

    Attributes:
        layers: the learner's layers.
        convolution: the convolution among them; its weights are whole numbers, and none of them is 0.
        x: the picture, a batch of one.
        maps: what came out of each layer.
        reference: the layers of the reference, built, with weights of their own.
        asked: the shape that comes out of the reference.
    """

    layers: list[Layer]
    convolution: Layer
    x: Array
    maps: list[Array]
    reference: list[Layer]
    asked: tuple[int, ...]

    @property
    def y(self) -> Array:
        """What came out in the end."""
        return self.maps[-1]

    @property
    def picture(self) -> str:
        """The size of the picture: ``28 × 28``."""
        return networks.spell_size(self.x.shape[1:3])

    @property
    def size_is_right(self) -> bool:
        """Whether the size is that of the reference, channels and all."""
        return self.y.shape == self.asked

    @property
    def made(self) -> str:
        """The size that came out, with its channels: ``26 × 26 × 8``."""
        return networks.spell_size(self.y.shape[1:])

    @cached_property
    def expected_maps(self) -> list[Array]:
        """What each layer of the reference makes of the picture with the learner's weights, which must fit."""
        _only_convolution(self.reference).set_weights(self.convolution.get_weights())
        return networks.run_through(self.reference, self.x)

    @property
    def expected(self) -> Array:
        """What should have come out in the end."""
        return self.expected_maps[-1]

    @property
    def off(self) -> int:
        """How many values are not those of the reference."""
        return int((self.y != self.expected).sum())

    def first_difference(self) -> str:
        """The first value that differs, its place, and what it should be."""
        _, row, column, channel = where = tuple(map(int, np.argwhere(self.y != self.expected)[0]))
        return (
            f"The first that differs is at row {row}, column {column}, channel {channel} (counted from 0): "
            f"{self.y[where]:g}; it should be {self.expected[where]:g}."
        )


#: Something that is asked of the layers besides the maps. It raises CheckFailed.
Demand = Callable[[Trial], None]


@dataclass(frozen=True)
class SameMaps:
    """Runs the layers of a learner beside a reference and judges what comes out.

    Args:
        reference: the layers of the reference, with one convolution among them.
        pictures: the shapes of the pictures that are tried, each (height, width, channels), in their order.
        task: what is one convolution, as the beginning of a sentence calls it.
        wrong_size: what to say where the size is not that of the reference.
        wrong_values: what to say where the size is right and the values are not.
        right: what to say when all pictures come out right.
        remarks: more to say about a wrong size or wrong values, one paragraph each.
        misconception: what explains a wrong size or wrong values, where something does.
        before: what is asked of the layers before the size is looked at.
        after: what is asked of them when the size is right.
        layers_of: how the layers are had from the learner's function.
        seed: of the numbers that become the weights.
        weights: what is made of those numbers, one trial each.
    """

    reference: Sequence[LayerCode]
    pictures: Sequence[tuple[int, int, int]]
    task: str
    wrong_size: Callable[[Trial], str]
    wrong_values: Callable[[Trial], str]
    right: str
    remarks: Callable[[Trial], Sequence[str]] = lambda trial: ()
    misconception: Callable[[Trial], Misconception | None] = lambda trial: None
    before: Sequence[Demand] = ()
    after: Sequence[Demand] = ()
    layers_of: Callable[[Any], list[Layer]] = networks.layers_or_word
    seed: int = 2
    weights: Sequence[Callable[[list[Array]], list[Array]]] = (list,)

    def __call__(self, function: Any) -> str:
        """Judge the layers that a function returns."""
        layers = self.layers_of(function)
        count = sum(kind_of(layer) == "Conv2D" for layer in layers)
        if count != 1:
            raise CheckFailed(f"Your list holds {count} `Conv2D`, and {self.task} is one convolution.")
        for trial in self._trials(layers):
            for demand in self.before:
                demand(trial)
            if not trial.size_is_right:
                raise self._failed(trial, self.wrong_size)
            for demand in self.after:
                demand(trial)
            if not np.array_equal(trial.y, trial.expected):
                raise self._failed(trial, self.wrong_values)
        return self.right

    def _failed(self, trial: Trial, problem: Callable[[Trial], str]) -> CheckFailed:
        remarks, misconception = self.remarks(trial), self.misconception(trial)
        return CheckFailed(problem(trial), *remarks, misconception=misconception, with_case=False)

    def _trials(self, layers: list[Layer]) -> Iterator[Trial]:
        """Run the layers on each picture, once to build them, then with weights of which none is 0, be it a bias."""
        convolution = _only_convolution(layers)
        # A bias that the learner left out is left out here as well: whether there has to be one is a demand.
        bias = {"Conv2D": {"use_bias": convolution.use_bias}}
        for picture in self.pictures:
            x = networks.digits((1, *picture), seed=picture[0])
            networks.run_through(layers, x)
            networks.give_digits(convolution, self.seed)
            digits = convolution.get_weights()
            for change in self.weights:
                convolution.set_weights(change(digits))
                maps = networks.run_through(layers, x)
                reference = [
                    LayerCode(one.kind, {**one.settings, **bias.get(one.kind, {})}).build() for one in self.reference
                ]
                asked = networks.run_through(reference, x)[-1].shape
                yield Trial(layers, convolution, x, maps, reference, asked)


def _only_convolution(layers: Sequence[Layer]) -> Layer:
    (convolution,) = (layer for layer in layers if kind_of(layer) == "Conv2D")
    return convolution


def with_weights_of(convolution: Layer, x: Array, **settings: Any) -> Array:
    """What a convolution with these settings, and the weights of another one, makes of a map."""
    filters, k = convolution.filters, convolution.kernel_size
    settings = {"filters": filters, "kernel_size": k, "use_bias": convolution.use_bias, **settings}
    layer = LayerCode("Conv2D", settings).build()
    layer.build(x.shape)
    layer.set_weights(convolution.get_weights())
    return run(layer, x)
