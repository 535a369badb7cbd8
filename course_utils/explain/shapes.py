"""Shapes of maps, taken apart and put together: the only place that knows where the channels stand."""

from __future__ import annotations

from collections.abc import Iterable

from course_utils.explain.wording import Shape


def sizes_of(shape: Shape, channels_last: bool = True) -> Shape:
    """The sizes of the maps, without the batch and the channels.

    >>> sizes_of((None, 28, 14, 3)), sizes_of((None, 3, 28, 14), channels_last=False)
    ((28, 14), (28, 14))
    """
    return shape[1:-1] if channels_last else shape[2:]


def channels_of(shape: Shape, channels_last: bool = True) -> int | None:
    """How many channels the maps have."""
    return shape[-1] if channels_last else shape[1]


def shape_of(batch: int | None, sizes: Iterable[int | None], channels: int | None, channels_last: bool = True) -> Shape:
    """A shape put together.

    >>> shape_of(None, (28, 14), 3)
    (None, 28, 14, 3)
    """
    return (batch, *sizes, channels) if channels_last else (batch, channels, *sizes)


def places_of_maps(numbers: int, channels_last: bool = True) -> tuple[int, ...]:
    """Where height, width … stand among so many numbers, the batch axis left out.

    >>> places_of_maps(3), places_of_maps(3, channels_last=False)
    ((0, 1), (1, 2))
    """
    return tuple(range(numbers - 1) if channels_last else range(1, numbers))
