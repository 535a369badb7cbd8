"""The explorers, by the name a lesson calls them.

Each returns a widget; as the last line of a cell it shows itself. All settings are optional: they are where the
sliders start.
"""

from __future__ import annotations

from course_utils.explorers.autoencoder import explore_autoencoder
from course_utils.explorers.base import Explorer
from course_utils.explorers.layer import Size
from course_utils.explorers.padding import explore_padding
from course_utils.explorers.pooling import explore_pooling
from course_utils.explorers.stride import explore_stride
from course_utils.explorers.transposed import explore_transposed
from course_utils.explorers.upsampling import explore_upsampling


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


def stride(
    n: Size = 8,
    k: Size = 3,
    s: Size = 2,
    d: Size = 1,
    padding: str = "same",
    kernel: str = "ones",
    values: str = "digits",
    symmetric: bool = False,
    show: str = "numbers",
    picture: str = "photo",
    presenter: bool = False,
) -> Explorer:
    """Explore where the windows of a convolution land, with a real ``Conv2D`` rebuilt at every change.

    Args:
        n: input size, 1 to 12; the map is n × n. Every size may also be a pair: height, width.
        k: kernel size, 1 to 7.
        s: stride, 1 to 4.
        d: dilation, 1 to 3; ``Conv2D`` takes it only with a stride of 1.
        padding: ``"valid"`` or ``"same"``.
        kernel: the weights: ``"ones"``, ``"edge"``, ``"count"`` or ``"single"``.
        values: the numbers in the map: ``"digits"``, ``"ones"`` or ``"negative"``.
        symmetric: with *same*, show beside it the symmetric padding that PyTorch's layers use, on the same input.
        show: ``"numbers"``, or ``"image"``: a picture of 64 × 64 through the same layer.
        picture: ``"photo"``, ``"stripes"`` or ``"white"``.
        presenter: large type, and the answer is held back until it is revealed.

    Raises:
        ValueError: for a setting outside those limits, naming them.
    """
    return explore_stride(n, k, s, d, padding, kernel, values, symmetric, show, picture, presenter)


def pooling(
    n: Size = 7,
    k: Size = 2,
    strides: int | str = "default",
    padding: str = "same",
    kind: str = "max",
    values: str = "digits",
    show: str = "numbers",
    picture: str = "photo",
    presenter: bool = False,
) -> Explorer:
    """Explore what pooling keeps of a map, with a real pooling layer rebuilt at every change.

    Args:
        n: input size, 1 to 12; the map is n × n. Every size may also be a pair: height, width.
        k: pool size, 1 to 7; the window is k × k and has no weights.
        strides: ``"default"`` (the layer is built without the argument, which means the pool size), or 1 to 4.
        padding: ``"valid"`` or ``"same"``.
        kind: ``"max"``, ``"average"``, ``"global max"`` or ``"global average"``.
        values: the numbers in the map: ``"digits"``, ``"count"`` (1, 2, 3, … in each row), ``"ones"`` or
            ``"all negative"``.
        show: ``"numbers"``, or ``"image"``: a picture of 64 × 64 through the same layer.
        picture: ``"photo"``, ``"stripes"`` or ``"white"``.
        presenter: large type, and the answer is held back until it is revealed.

    Raises:
        ValueError: for a setting outside those limits, naming them.
    """
    return explore_pooling(n, k, strides, padding, kind, values, show, picture, presenter)


def upsampling(
    n: Size = 3,
    f: Size = 2,
    interpolation: str = "nearest",
    mode: str = "up",
    padding: str = "same",
    values: str = "digits",
    show: str = "numbers",
    picture: str = "photo",
    presenter: bool = False,
) -> Explorer:
    """Explore what upsampling makes of a map, and which sizes come back after pooling, with the real layers.

    Args:
        n: input size, 1 to 8; the map is n × n. Every size may also be a pair: height, width.
        f: factor, 1 to 4; in ``"down and up"`` it is the pool size too.
        interpolation: ``"nearest"`` or ``"bilinear"``.
        mode: ``"up"``, or ``"down and up"``: a ``MaxPooling2D`` first, then the ``UpSampling2D``.
        padding: ``"valid"`` or ``"same"``, of the pooling layer.
        values: the numbers in the map: ``"digits"``, ``"count"`` (0, 1, 2, … in each row) or ``"ones"``.
        show: ``"numbers"``, or ``"image"``: a picture of 32 × 32 (down and up: 64 × 64) through the same layers.
        picture: ``"photo"``, ``"stripes"`` or ``"white"``.
        presenter: large type, and the answer is held back until it is revealed.

    Raises:
        ValueError: for a setting outside those limits, naming them.
    """
    return explore_upsampling(n, f, interpolation, mode, padding, values, show, picture, presenter)


def autoencoder(n: int = 28, presenter: bool = False, **settings: str | int) -> Explorer:
    """Explore the whole autoencoder of the question as a tape of sizes, the real model rebuilt at every change.

    The layers are counted from 1 to 13: convolutions are 1, 3, 5, 7, 9, 11 and 13, poolings 2, 4 and 6, upsamplings
    8, 10 and 12. What is not given is as in the question: all *same* but layer 11.

    Args:
        n: input size, 8 to 40; the map is n × n.
        presenter: large type, and the answer is held back until it is revealed.
        settings: ``padding_1`` … (of a convolution or a pooling): ``"same"`` or ``"valid"``; ``pool_2``, ``pool_4``,
            ``pool_6``: pool size 2 or 3; ``up_8``, ``up_10``, ``up_12``: ``"nearest"``, ``"bilinear"``,
            ``"transposed"`` or ``"transposed_0"`` (with ``output_padding=0``).

    Raises:
        ValueError: for a setting outside those limits, naming them.
    """
    return explore_autoencoder(n, presenter, **settings)


def transposed(
    n: Size = 4,
    k: Size = 3,
    s: Size = 2,
    padding: str = "same",
    output_padding: int | None = None,
    kernel: str = "ones",
    values: str = "digits",
    beside: bool = False,
    show: str = "numbers",
    picture: str = "white",
    presenter: bool = False,
) -> Explorer:
    """Explore how a transposed convolution makes a map larger, with a real ``Conv2DTranspose`` rebuilt at every change.

    Args:
        n: input size, 1 to 6; the map is n × n. Every size may also be a pair: height, width.
        k: kernel size, 1 to 5.
        s: stride, 1 to 4: how far the stamps of two neighbouring cells are apart.
        padding: ``"valid"`` or ``"same"``.
        output_padding: None (the layer is built without the argument, which means Keras's own choice of size), or 0
            to 3; it must be below s.
        kernel: the weights: ``"ones"``, ``"edge"``, ``"count"`` or ``"single"``.
        values: the numbers in the map: ``"digits"``, ``"ones"`` or ``"negative"``.
        beside: show ``UpSampling2D`` and then ``Conv2D`` with the same weights, on the same input.
        show: ``"numbers"``, or ``"image"``: a picture of 32 × 32 through the same layer.
        picture: ``"photo"``, ``"stripes"`` or ``"white"``.
        presenter: large type, and the answer is held back until it is revealed.

    Raises:
        ValueError: for a setting outside those limits, naming them.
    """
    return explore_transposed(n, k, s, padding, output_padding, kernel, values, beside, show, picture, presenter)
