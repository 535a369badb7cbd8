"""What real upsampling layers do: lesson 04."""

from __future__ import annotations

from functools import cache

from course_utils.exercises.real.measure import build, height, square
from course_utils.keras_layers import run


@cache
def halved_and_doubled(n: int) -> int:
    """``MaxPooling2D(2, padding="same")`` and then ``UpSampling2D(2)``."""
    halved = run(build("MaxPooling2D", pool_size=2, padding="same"), square(n))
    return height(run(build("UpSampling2D", size=2), halved))
