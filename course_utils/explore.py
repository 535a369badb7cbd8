"""The explorers, by the name a lesson calls them.

Each returns a widget; as the last line of a cell it shows itself. All settings are optional: they are where the
sliders start.
"""

from __future__ import annotations

from course_utils.explorers.autoencoder import autoencoder
from course_utils.explorers.padding import padding
from course_utils.explorers.pooling import pooling
from course_utils.explorers.sequence import sequence
from course_utils.explorers.stride import stride
from course_utils.explorers.transposed import transposed
from course_utils.explorers.upsampling import upsampling

__all__ = ["autoencoder", "padding", "pooling", "sequence", "stride", "transposed", "upsampling"]
