"""Sizes and counts in words. No arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

#: A shape with its batch axis; None is a size that is not known before data arrive.
Shape = tuple[int | None, ...]

#: What the spatial axes are called, by how many there are.
AXIS_NAMES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}

#: What one step along each axis is called.
UNITS = {1: ("cell",), 2: ("row", "column"), 3: ("slice", "row", "column")}


def times(numbers: Iterable[int | None]) -> str:
    """``28×28×1``; a size that is not known is ``?``.

    >>> times((28, None, 1))
    '28×?×1'
    """
    return "×".join("?" if number is None else str(number) for number in numbers)


def product(numbers: Iterable[int]) -> str:
    """``3·3·16``: numbers that are multiplied, where ``times`` names a size."""
    return "·".join(map(str, numbers))


def size(shape: Shape) -> str:
    """A shape as it is read aloud: without its batch axis.

    >>> size((None, 28, 28, 1))
    '28×28×1'
    """
    return times(shape[1:]) if len(shape) > 1 else "one number"


def size_of_each(shapes: Sequence[Shape]) -> list[str]:
    """Shapes that meet, each as it is read aloud; what has no batch axis beside what has one is told whole.

    >>> size_of_each([(None, 49, 16), (64, 16), ()])
    ['49×16', '64×16', 'one number']
    """
    batches = any(shape[:1] == (None,) for shape in shapes)
    return [size(shape) if not batches or shape[:1] == (None,) else times(shape) or size(shape) for shape in shapes]


def sizes(shapes: Sequence[Shape]) -> str:
    """Several shapes: ``28×28×8 and 28×28×4``."""
    return listed(size_of_each(shapes))


def count(number: int, thing: str) -> str:
    """``one row``, ``2 rows``."""
    return f"one {thing}" if number == 1 else f"{number} {thing}{'' if thing.endswith('s') else 's'}"


def capital(sentence: str) -> str:
    """The same with a capital first letter, the rest as it is."""
    return sentence[:1].upper() + sentence[1:]


def listed(parts: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def rows_and_columns(numbers: Sequence[int]) -> str:
    """How many along each axis, without those that are 0: ``2 rows and one column``."""
    return listed([count(n, unit) for n, unit in zip(numbers, UNITS[len(numbers)], strict=True) if n])


def per_axis(parts: Sequence[str]) -> str:
    """One text for all axes if they say the same, else each behind the name of its axis.

    >>> per_axis(["5 − 3 + 1 = 3", "4 − 3 + 1 = 2"])
    'height 5 − 3 + 1 = 3, width 4 − 3 + 1 = 2'
    """
    if len(set(parts)) == 1:
        return parts[0]
    return ", ".join(f"{name} {part}" for name, part in zip(AXIS_NAMES[len(parts)], parts, strict=True))
