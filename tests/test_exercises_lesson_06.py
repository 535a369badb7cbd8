"""Lesson 06: every repair that does what is asked is right, and the famous wrong ones are told by name.

Right and wrong are asked from real Keras layers; the constants here were worked out with pencil and paper.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise, permutations, product
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from verdicts import RIGHT, UNNAMED, WRONG, Row, Unsaid, Verdicts, check_verdict, layers, model

from course_utils.axes import ShapeError, TransposedWindow, Upsample, Window
from course_utils.exercises import lesson_06 as lesson, misconceptions as m, networks, paths, truth
from course_utils.exercises.probing import laid_open
from course_utils.keras_layers import KerasRefusal, LayerCode, kind_of

LAYERS = keras.layers
ROOT = Path(__file__).parents[1]

Meet = Callable[[Any, Any], Any]

# -- patient 4: U-Nets --------------------------------------------------------------------------------------------


def conv(filters: int, k: int = 3, padding: str = "same", **settings: Any) -> Any:
    return LAYERS.Conv2D(filters, k, padding=padding, **settings)


@cache
def halves(n: int, padding: str) -> tuple[Any, Any, Any]:
    """The picture, the skip, and what comes up: what the answers of the table have in common is built once.

    The layers have names of their own: in each thread Keras begins to count anew, and a check runs in one.
    """
    picture = keras.Input((n, n, 1), name="picture")
    skip = conv(8, name="skip")(picture)
    low = conv(8, name="low")(LAYERS.MaxPooling2D(2, padding=padding, name="pooling")(skip))
    return picture, skip, LAYERS.UpSampling2D(2, name="doubling")(low)


def unet(meet: Meet, join: Any = LAYERS.Concatenate, padding: str = "same") -> Callable[[int], Any]:
    """The U-Net of the exercise: ``meet`` gets what comes up, and the skip, and its map is joined with the skip."""

    def small_unet(n: int) -> Any:
        picture, skip, x = halves(n, padding)
        return keras.Model(picture, conv(1, 1)(join()([skip, meet(x, skip)])))

    return small_unet


def ends(rows: str, columns: str, cells: int) -> Any:
    """So many cells before or after, for a cropping or a padding."""
    sides = {"before": (cells, 0), "after": (0, cells)}
    return sides[rows], sides[columns]


def cropped(rows: str, columns: str) -> Meet:
    return lambda x, skip: LAYERS.Cropping2D(ends(rows, columns, x.shape[1] - skip.shape[1]))(x)


def framed(rows: str, columns: str) -> Meet:
    return lambda x, skip: LAYERS.ZeroPadding2D(ends(rows, columns, skip.shape[1] - x.shape[1]))(x)


behind, missing_behind = cropped("after", "after"), framed("after", "after")


def as_it_is(x: Any, skip: Any) -> Any:
    return x


def built_of(make: Callable[[int, Any], Any]) -> Callable[[int], Any]:
    """A model from a function of n and the picture."""

    def small_unet(n: int) -> Any:
        picture = keras.Input((n, n, 1))
        return keras.Model(picture, make(n, picture))

    return small_unet


def pooled_and_doubled(x: Any, padding: str = "valid") -> Any:
    return LAYERS.UpSampling2D(2)(LAYERS.MaxPooling2D(2, padding=padding)(x))


def joined(*maps: Any) -> Any:
    return conv(1, 1)(LAYERS.Concatenate()(list(maps)))


def mended_at_the_door(n: int, picture: Any) -> Any:
    skip = conv(8)(LAYERS.ZeroPadding2D(ends("after", "after", n % 2))(picture))
    return LAYERS.Cropping2D(ends("after", "after", n % 2))(joined(skip, pooled_and_doubled(skip)))


def framed_below(frame: str, cut: str) -> Callable[[int, Any], Any]:
    def make(n: int, picture: Any) -> Any:
        skip = conv(8)(picture)
        x = pooled_and_doubled(LAYERS.ZeroPadding2D(ends(frame, frame, n % 2))(skip))
        return joined(skip, LAYERS.Cropping2D(ends(cut, cut, n % 2))(x))

    return make


@cache
def framed_picture(n: int, frame: str, convolutions: int) -> tuple[Any, Any]:
    """A U-Net around whose picture a frame was put, which is still there."""
    picture = keras.Input((n, n, 1), name="picture")
    skip = conv(8, name="skip")(LAYERS.ZeroPadding2D(ends(frame, frame, n % 2), name="frame")(picture))
    low = LAYERS.MaxPooling2D(2, name="pooling")(skip)
    x = LAYERS.Concatenate(name="join")([skip, LAYERS.UpSampling2D(2, name="doubling")(low)])
    for i in range(convolutions):
        x = conv(8, activation="relu", name=f"convolution_{i}")(x)
    return picture, conv(1, 1, name="end")(x)


def cut_again(frame: str, cut: str, convolutions: int, sliced: bool) -> Callable[[int], Any]:
    def small_unet(n: int) -> Any:
        picture, x = framed_picture(n, frame, convolutions)
        start = n % 2 if cut == "before" else 0
        kept = slice(start, start + n)
        return keras.Model(picture, x[:, kept, kept] if sliced else LAYERS.Cropping2D(ends(cut, cut, n % 2))(x))

    return small_unet


def moved(down: int, right_: int) -> Meet:
    """Zeros before what comes up; what is too many then is cut off after it."""

    def meet(x: Any, skip: Any) -> Any:
        return LAYERS.ZeroPadding2D(((down, 0), (right_, 0)))(x)[:, : skip.shape[1], : skip.shape[2]]

    return meet


def moved_if(remainder: int, cells: int) -> Meet:
    """Moved up and to the left for even sizes only, or for odd ones."""

    def meet(x: Any, skip: Any) -> Any:
        x = behind(x, skip)
        if skip.shape[1] % 2 != remainder:
            return x
        x = LAYERS.Cropping2D(ends("before", "before", cells))(x)
        return LAYERS.ZeroPadding2D(ends("after", "after", cells))(x)

    return meet


def with_convolutions(up: Callable[[], Any]) -> Callable[[int, Any], Any]:
    def make(n: int, picture: Any) -> Any:
        skip = conv(8, activation="relu")(picture)
        low = conv(8, activation="relu")(LAYERS.MaxPooling2D(2, padding="same")(skip))
        x = LAYERS.Concatenate()([skip, behind(up()(low), skip)])
        for _ in range(2):
            x = conv(8, activation="relu")(x)
        return conv(1, 1, activation="sigmoid")(x)

    return make


def sequential(*parts: Any) -> Any:
    return keras.Sequential(list(parts))


def of_parts(n: int, picture: Any) -> Any:
    """A right small U-Net: what comes up is a model of its own, and so is the way into it."""
    frame = keras.Input((n, n, 1))
    skip = keras.Model(frame, conv(8, name="same_name")(frame))(picture)
    cut = LAYERS.Cropping2D(ends("after", "after", n % 2), name="same_name")
    low = sequential(LAYERS.MaxPooling2D(2, padding="same"), conv(8), LAYERS.UpSampling2D(2), cut)
    return joined(skip, low(skip))


def inside_a_frame(cut: str) -> Callable[[int, Any], Any]:
    """The repair of section 1 around a U-Net, which is then a model inside a model."""

    def make(n: int, picture: Any) -> Any:
        spare = -n % 8
        x = unet(as_it_is)(n + spare)(LAYERS.ZeroPadding2D(ends("after", "after", spare))(picture))
        return LAYERS.Cropping2D(ends(cut, cut, spare))(x)

    return make


def open_unet(n: int) -> Any:
    """For every size at once; the crop is worked out where the numbers run."""
    picture = keras.Input((None, None, 1))
    skip, shape = conv(8)(picture), keras.ops.shape
    x = pooled_and_doubled(skip, padding="same")
    x = LAYERS.Lambda(lambda both: both[0][:, : shape(both[1])[1], : shape(both[1])[2]])([x, skip])
    return keras.Model(picture, joined(skip, x))


class OwnModel(keras.Model):
    """Ten numbers of a picture, written as a class."""

    def __init__(self, *unused: Any) -> None:
        super().__init__()
        self.look, self.sum_up, self.say = conv(16), LAYERS.GlobalAveragePooling2D(), LAYERS.Dense(10)

    def call(self, x: Any) -> Any:
        return self.say(self.sum_up(self.look(x)))


CLASS_OF_ONES_OWN: Row = (lambda *sizes: OwnModel(), "Your model is a class of your own, and I cannot look into that.")

NO_POOLING = "nothing that went through the pooling comes out"
THROWN_AWAY = "all that `MaxPooling2D` made"
NO_MAP = "A number, or a tuple of them, stands where a map is needed"
SAME_SIDE = "is to be cut at the same side"

#: What a learner made of x, and what is said of it; each with both kinds of join.
REPAIRS: dict[str, tuple[Meet, str]] = {
    "a number": (lambda x, skip: x.shape[1] - skip.shape[1], NO_MAP),
    "a tuple": (lambda x, skip: (0, x.shape[1] - skip.shape[1]), NO_MAP),
    "a row too many": (
        lambda x, skip: LAYERS.Cropping2D(((0, 1), (0, 1)))(x),
        "For n = 8 nothing was too many, and you cut a row.",
    ),
    "a row too many by a slice": (lambda x, skip: x[:, :-1, :-1], "For n = 8 nothing was too many, and you cut a row."),
    "two rows too many": (
        lambda x, skip: LAYERS.Cropping2D(1)(x),
        "For n = 8 nothing was too many, and you cut 2 rows.",
    ),
    "cut on both sides": (
        lambda x, skip: LAYERS.Cropping2D(x.shape[1] - skip.shape[1])(x),
        "Cut on both sides: 2 in all. For n = 7 a",
    ),
    "a row added": (
        lambda x, skip: LAYERS.ZeroPadding2D(((0, 1), (0, 1)))(x),
        "For n = 8 nothing was missing, and you added a row.",
    ),
    "minus nothing": (
        lambda x, skip: x[:, : -(x.shape[1] - skip.shape[1]), : -(x.shape[1] - skip.shape[1])],
        "`[:-0]` takes nothing; use `[:skip.shape[1]]`.",
    ),
}
TURNED: dict[str, Callable[[Any], Any]] = {
    "transposed": lambda x: LAYERS.Permute((2, 1, 3))(x),
    "upside down": lambda x: x[:, ::-1],
    "mirrored": lambda x: x[:, :, ::-1],
    "turned round": lambda x: x[:, ::-1, ::-1],
}
SIDES = [(rows, columns) for rows in ("before", "after") for columns in ("before", "after")]


def turned_skip(turn: Callable[[Any], Any]) -> Any:
    return lambda: lambda pair: LAYERS.Concatenate()([turn(pair[0]), pair[1]])


def side_verdict(rows: str, columns: str, did: str) -> Row:
    if (rows, columns) == ("after", "after"):
        return (RIGHT,)
    where = "at the top, so the rows" if rows == "before" else "at the left, so the columns"
    return where, did, m.ANY_SIDE_MAY_BE_CUT if did == "was cut off" else UNNAMED


SMALL_UNET: dict[str, Row] = {
    "cut behind": (unet(behind), RIGHT),
    "cut behind and added": (unet(behind, join=LAYERS.Add), RIGHT),
    "sliced": (unet(lambda x, skip: x[:, : skip.shape[1], : skip.shape[2]]), RIGHT),
    "resized": (unet(lambda x, skip: LAYERS.Resizing(skip.shape[1], skip.shape[2])(x)), RIGHT),
    "framed behind": (unet(missing_behind, padding="valid"), RIGHT),
    "mended at the door": (built_of(mended_at_the_door), RIGHT),
    **{f"cut {one}": (unet(cropped(*one)), *side_verdict(*one, "was cut off")) for one in SIDES},
    **{f"framed {one}": (unet(framed(*one), padding="valid"), *side_verdict(*one, "was added")) for one in SIDES},
    "one axis cut after the other": (
        unet(
            lambda x, skip: LAYERS.Cropping2D(((0, 0), (x.shape[1] - skip.shape[1], 0)))(
                LAYERS.Cropping2D(((0, x.shape[1] - skip.shape[1]), (0, 0)))(x)
            )
        ),
        "the columns of the two maps",
    ),
    **{
        f"framed {one[0]} the map, cut {one[1]}": (built_of(framed_below(*one)), RIGHT if one[0] == one[1] else WRONG)
        for one in SIDES
    },
    "the skip twice": (unet(lambda x, skip: skip), NO_POOLING),
    "a convolution of the skip": (unet(lambda x, skip: conv(8)(skip)), NO_POOLING),
    "zeros like the skip": (unet(lambda x, skip: keras.ops.zeros_like(skip)), NO_POOLING),
    "zeros like x": (unet(lambda x, skip: keras.ops.zeros_like(behind(x, skip))), THROWN_AWAY),
    "x times 0": (unet(lambda x, skip: behind(x, skip) * 0), THROWN_AWAY),
    "x times 0 and the skip": (unet(lambda x, skip: behind(x, skip) * 0 + skip), THROWN_AWAY),
    "two convolutions of the picture": (
        built_of(lambda n, picture: joined(conv(8)(picture), conv(8)(picture))),
        "no layer of your model makes a smaller map",
    ),
    "x joined with itself": (
        built_of(lambda n, picture: joined(*[behind(pooled_and_doubled(conv(8)(picture), "same"), picture)] * 2)),
        m.NO_NEED_OF_THE_SKIP,
    ),
    "joined by ops.add": (unet(behind, join=lambda: lambda pair: keras.ops.add(*pair)), RIGHT),
    "joined by plus": (unet(behind, join=lambda: lambda pair: pair[0] + pair[1]), RIGHT),
    "ops.add on the wrong side": (
        unet(cropped("after", "before"), join=lambda: lambda pair: keras.ops.add(*pair)),
        "at the left",
    ),
    "plus on the wrong side": (
        unet(cropped("after", "before"), join=lambda: lambda pair: pair[0] + pair[1]),
        "at the left",
    ),
    "another size": (
        built_of(
            lambda n, picture: joined(
                cut := LAYERS.Cropping2D(ends("after", "after", n % 2))(picture), pooled_and_doubled(cut)
            )
        ),
        "For n = 7 your model makes 6 × 6 × 1 and should make 7 × 7 × 1.",
    ),
    "nothing done": (
        unet(as_it_is),
        "For n = 7 your model does not build. Concatenate refuses; what reached it: 7 × 7 × 8 and 8 × 8 × 8.",
        *map(Unsaid, ("\x1b", "Write `(x)`", "you cut", "you added")),
        m.SAME_MAKES_THEM_MEET,
    ),
    "nothing done with valid": (
        unet(as_it_is, padding="valid"),
        *map(Unsaid, ("you cut", "you added")),
        m.VALID_MAKES_THEM_MEET,
    ),
    "a layer that was not called": (
        unet(lambda x, skip: LAYERS.Cropping2D(((0, 1), (0, 1)))),
        "Write `(x)` behind its brackets.",
    ),
    "an unknown name": (lambda n: undefined, "raised NameError"),  # type: ignore[name-defined]  # noqa: F821
    "an unknown argument": (unet(lambda x, skip: LAYERS.Cropping2D(spare=1)(x)), "For n = 8 your function raised"),
    **{
        f"{name}, {join.__name__}": (unet(meet, join=join), told, UNNAMED, Unsaid("Write `(x)`"))
        for (name, (meet, told)), join in product(REPAIRS.items(), (LAYERS.Concatenate, LAYERS.Add))
    },
    "added on both sides": (
        unet(lambda x, skip: LAYERS.ZeroPadding2D(skip.shape[1] - x.shape[1])(x), padding="valid"),
        "Added on both sides: 2 in all.",
        UNNAMED,
    ),
    **{
        f"picture framed {frame}, cut {cut} {convolutions} convolutions{', sliced' * sliced}": (
            cut_again(frame, cut, convolutions, sliced),
            *((RIGHT,) if frame == cut else (SAME_SIDE,)),
        )
        for (frame, cut), convolutions, sliced in product(SIDES, (0, 1, 3), (False, True))
    },
    **{
        f"x {name}": (
            unet(lambda x, skip, turn=turn: turn(behind(x, skip))),  # type: ignore[misc]
            "is flipped, turned, stretched or shuffled",
        )
        for name, turn in TURNED.items()
    },
    **{f"the skip {name}": (unet(behind, join=turned_skip(turn)), WRONG) for name, turn in TURNED.items()},
    "not moved": (unet(moved(0, 0)), RIGHT),
    "moved by 1": (unet(moved(1, 1)), "moved down by 1 row and right by 1 column."),
    "moved by 2": (unet(moved(2, 2)), "moved down by 2 rows and right by 2 columns."),
    "moved by 3": (unet(moved(3, 3)), "moved down by 3 rows and right by 3 columns."),
    "moved by 4": (unet(moved(4, 4)), "moved down by 4 rows and right by 4 columns."),
    "moved down": (unet(moved(1, 0)), "moved down by 1 row."),
    "moved right": (unet(moved(0, 3)), "moved right by 3 columns."),
    "even sizes moved by 1": (unet(moved_if(0, 1)), "For n = 30 I", "moved up by 1 row and left by 1 column."),
    "even sizes moved by 2": (unet(moved_if(0, 2)), "For n = 30 I", "moved up by 2 rows and left by 2 columns."),
    "odd sizes moved by 2": (unet(moved_if(1, 2)), "For n = 31 I", "moved up by 2 rows and left by 2 columns."),
    "stamped up": (built_of(with_convolutions(lambda: LAYERS.Conv2DTranspose(8, 3, 2, padding="same"))), RIGHT),
    "blended up": (built_of(with_convolutions(lambda: LAYERS.UpSampling2D(2, interpolation="bilinear"))), RIGHT),
    "models inside a model": (built_of(of_parts), RIGHT),
    "a model inside a frame": (built_of(inside_a_frame("after")), RIGHT),
    "a model inside a frame cut at the top": (built_of(inside_a_frame("before")), WRONG),
    "an open size": (open_unet, RIGHT),
    "a class": CLASS_OF_ONES_OWN,
    "one number everywhere": (
        unet(lambda x, skip: LAYERS.UpSampling2D(skip.shape[1])(LAYERS.MaxPooling2D(x.shape[1])(x))),
        "So no cell has a place any more.",
    ),
    "one row everywhere": (
        unet(
            lambda x, skip: LAYERS.UpSampling2D((skip.shape[1], 1))(LAYERS.AveragePooling2D((x.shape[1], 1))(x))[
                :, :, : skip.shape[2]
            ]
        ),
        "So no cell has a place any more.",
    ),
}

# -- patients 5 and 6: models of pictures -------------------------------------------------------------------------

SAME3 = 'Conv2D({}, 3, padding="same")'.format
TEN = "Flatten(), Dense(10)"
FOUR = ", ".join(map(SAME3, (16, 32, 64, 64)))
#: A convolution and a pooling, four times.
PAIRS = [(SAME3(filters), "MaxPooling2D(2)") for filters in (16, 32, 64, 64)]


def of_28(*code: str) -> Callable[[], Any]:
    return model(f"Input((28, 28, 1)), {', '.join(code)}")


def of_any(code: str) -> Callable[[], Any]:
    return model(f"Input((None, None, 1)), {code}")


def valid_pairs(late: int, instead: str) -> Callable[[], Any]:
    """The convolutions as they were, with something else in place of one pooling."""
    pools = ["" if i == late else "MaxPooling2D(2)," for i in range(1, 5)]
    code = [f"Conv2D({f}, 3), {pool or instead}" for f, pool in zip((16, 32, 64, 64), pools, strict=True)]
    return model(f"Input((28, 28, 1)), {''.join(code)} {TEN}")


DEEP: dict[str, Row] = {
    "same in all": (of_28(*(part for pair in PAIRS for part in pair), TEN), RIGHT),
    "fewer poolings": (of_28("Conv2D(16, 3), MaxPooling2D(2), Conv2D(32, 3)", SAME3(64), SAME3(64), TEN), RIGHT),
    "a global pooling": (of_28(FOUR, "GlobalMaxPooling2D(), Dense(10)"), RIGHT),
    "a small convolution for the Dense": (of_28(FOUR, "Conv2D(10, 1), GlobalAveragePooling2D()"), RIGHT),
    "a convolution for the Dense": (of_28(FOUR, SAME3(10), "GlobalAveragePooling2D()"), WRONG),
    "three pairs": (of_28(*(part for pair in PAIRS[:3] for part in pair), TEN), WRONG),
    "a kernel of 1": (
        of_28(*(part for pair in PAIRS[:3] for part in pair), "Conv2D(64, 1), MaxPooling2D(2)", TEN),
        WRONG,
    ),
    "five numbers": (of_28(FOUR, "Flatten(), Dense(5)"), WRONG),
    "no Flatten": (of_28(FOUR, "Dense(10)"), WRONG),
    **{
        f"pooling {late} {'left out' if not instead else 'with a stride of 1'}": (
            valid_pairs(late, instead),
            RIGHT if late < 3 else WRONG,
        )
        for late, instead in product((1, 2, 3, 4), ("", "MaxPooling2D(2, strides=1),"))
    },
    "models inside a model": (of_28(*(f"keras.Sequential([{', '.join(pair)}])" for pair in PAIRS), TEN), RIGHT),
    "a class": CLASS_OF_ONES_OWN,
}
ANY_PICTURE: dict[str, Row] = {
    "the largest": (of_any(f"{SAME3(16)}, GlobalMaxPooling2D(), Dense(10)"), RIGHT),
    "resized": (of_any(f"Resizing(8, 8), {TEN}"), RIGHT),
    "no Dense": (of_any(f"{SAME3(10)}, GlobalAveragePooling2D()"), RIGHT),
    "no Flatten": (of_any(f"{SAME3(16)}, Dense(10)"), WRONG),
    "one size": (of_28(SAME3(16), TEN), WRONG),
    "nine numbers": (of_any(f"{SAME3(16)}, GlobalMaxPooling2D(), Dense(9)"), WRONG),
    "nothing": (of_any("Lambda(lambda x: 0 * x[:, 0, 0]), Dense(10)"), WRONG),
    "one pixel": (of_any("Lambda(lambda x: x[:, 0, 0]), Dense(10)"), "I changed its top right corner"),
    "the middle": (of_any(f"{SAME3(16)}, CenterCrop(1, 1), {TEN}"), WRONG),
    "no Flatten and no sizes": (
        of_any(f'{SAME3(16)}, GlobalMaxPooling2D(data_format="channels_first"), Dense(10)'),
        "Dense refuses",
        UNNAMED,
    ),
    "a Flatten": (of_any(f"{SAME3(16)}, {TEN}"), m.FLATTEN_IS_GLOBAL),
    "a class": (lambda: OwnModel(), RIGHT),
}

# -- patients 7, 9, 12 and 13: lists of layers --------------------------------------------------------------------


def given_as_a_model(shape: tuple[int, ...], code: str, last: str) -> dict[str, Row]:
    """A right list of layers in other forms."""
    bare = f"{code.rsplit(f', {last}', 1)[0]}, {last}" if f", {last}" in code else last
    return {
        "a model": (model(code), RIGHT),
        "a model with an Input": (model(f"Input({shape}), {code}"), RIGHT),
        "a model in a list": (layers(f"keras.Sequential([{code}])"), RIGHT),
        "an Input in the list": (layers(f"Input({shape}), {code}"), "Leave `Input` out; I bring the map."),
        "a class in the list": (layers(bare), f"write `{last}()`"),
    }


def permute(*order: int) -> Callable[[], Any]:
    return layers(f"Permute({order})")


CHANNELS_LAST: dict[str, Row] = {
    **{f"{o}": (permute(*o), RIGHT if o == (2, 3, 1) else WRONG) for o in permutations((1, 2, 3))},
    "as one believes": (permute(3, 1, 2), "64 × 3 × 64 comes out", m.PERMUTE_SENDS),
    "another order": (permute(2, 1, 3), "64 × 3 × 64 comes out", UNNAMED),
    "on its side": (permute(3, 2, 1), "on its side"),
    "turned twice": (layers("Permute((3, 2, 1)), Permute((2, 1, 3))"), RIGHT),
    "nothing": (list, WRONG),
    **given_as_a_model((3, 64, 64), "Permute((2, 3, 1))", "Permute"),
}
POOL3 = 'MaxPooling2D(3, 1, "same")'
KEEPS_ITS_SIZE: dict[str, Row] = {
    "other filters": (layers(f'Conv2D(8, 3, 1, "same"), {POOL3}'), RIGHT),
    "the pooling first": (layers(f'{POOL3}, Conv2D(16, (3, 3), padding="same")'), RIGHT),
    "a valid convolution": (layers(f"Conv2D(16, 3), {POOL3}"), WRONG),
    "another kernel": (layers(f"Conv2D(16, 1), {POOL3}"), WRONG),
    "another window": (layers(f"{SAME3(16)}, MaxPooling2D(1)"), WRONG),
    "no pooling": (layers(SAME3(16)), WRONG),
    "ghosts by hand": (layers("ZeroPadding2D(1), Conv2D(16, 3), ZeroPadding2D(1), MaxPooling2D(3, 1)"), RIGHT),
    "ghosts too many": (layers(f"{SAME3(16)}, {POOL3}, ZeroPadding2D(1)"), WRONG),
    "ghosts at the end": (layers("Conv2D(16, 3), MaxPooling2D(3, 1), ZeroPadding2D(2)"), WRONG),
    "strides written out": (
        layers(f'{SAME3(16)}, MaxPooling2D(3, 3, padding="same")'),
        "the second 3 is the strides here too",
    ),
    "strides of the convolution": (
        layers(f'Conv2D(16, 3, 3, padding="same"), {POOL3}'),
        m.THIRD_IS_WIDTH,
        Unsaid("the second 3"),
    ),
    "mended at the end": (layers("Conv2D(16, 3), MaxPooling2D(3, 1), Resizing(32, 32)"), m.MENDED_AT_THE_END),
    "mended on the way": (
        layers("Conv2D(16, 3), ZeroPadding2D(2), MaxPooling2D(3, 1)"),
        "right at the end, and not on the way",
        UNNAMED,
    ),
    "a model inside a list": (layers(f"keras.Sequential([{SAME3(16)}, {POOL3}])"), RIGHT),
}


class OwnMean(keras.layers.Layer):
    """The mean of a step and the two before it, written as a layer that does not say its shape."""

    def call(self, x: Any) -> Any:
        padded = keras.ops.pad(x, ((0, 0), (2, 0), (0, 0)))
        return (padded[:, 2:] + padded[:, 1:-1] + padded[:, :-2]) / 3


def weighted(weight: float, padding: str = "causal") -> Callable[[], Any]:
    constant = f"kernel_initializer=keras.initializers.Constant({weight}), use_bias=False"
    return layers(f"Conv1D(1, 3, padding={padding!r}, {constant})")


MEAN = "AveragePooling1D(3, strides=1)"
MEAN_TOO_LATE = layers(f"ZeroPadding1D((3, 0)), {MEAN}, Cropping1D((0, 1))")
PAST_MEAN: dict[str, Row] = {
    "ghosts before": (layers(f"ZeroPadding1D((2, 0)), {MEAN}"), RIGHT),
    "thirds": (weighted(1 / 3), RIGHT),
    "ghosts before the means": (layers(f"{MEAN}, ZeroPadding1D((2, 0))"), RIGHT),
    "cut again": (
        layers('ZeroPadding1D((2, 0)), AveragePooling1D(3, strides=1, padding="same"), Cropping1D((1, 1))'),
        RIGHT,
    ),
    "ghosts on both sides": (layers(f"ZeroPadding1D(1), {MEAN}"), WRONG),
    "too late": (MEAN_TOO_LATE, "Nothing leaks. But the output of hour 2 is"),
    "thirds on both sides": (weighted(1 / 3, "same"), WRONG),
    "a sum": (layers('Conv1D(1, 3, padding="causal", kernel_initializer="ones")'), WRONG),
    "a maximum": (layers("ZeroPadding1D((2, 0)), MaxPooling1D(3, strides=1)"), WRONG),
    "nothing": (list, WRONG),
    "ghosts after": (layers(f"ZeroPadding1D((0, 2)), {MEAN}"), "I changed hour 2, and the output of hour 0 changed"),
    "halves": (weighted(0.5), Unsaid("Write `1 / 3`")),
    "no ghosts": (
        layers(MEAN),
        "Without ghosts 3 hours make 1: 24 become 22. Two ghosts are missing",
        Unsaid("PyTorch"),
        UNNAMED,
    ),
    "a layer of one's own": (lambda: [OwnMean()], RIGHT),
}


def stem(conv: str = 'activation="relu"', frame: str = "3", end: str = "ZeroPadding2D(1), MaxPooling2D(3, 2)") -> str:
    return f"ZeroPadding2D({frame}), Conv2D(8, 7, strides=2, {conv}), {end}"


#: Both rows and columns lack the first ghost.
LOPSIDED = "((2, 3), (2, 3))"
ACTIVATIONS = ("gelu", "silu", "mish", "relu6", "selu", "elu", "softplus", "sigmoid", None)
ANOTHER_ACTIVATION = ("The paddings are right; look at the activation.", UNNAMED)
STEM: dict[str, Row] = {
    "the relu on its own": (layers(stem("", end="ReLU(), ZeroPadding2D(1), MaxPooling2D(3, 2)")), RIGHT),
    "no bias": (layers(stem('use_bias=False, activation="relu"')), "Your convolution has no bias. PyTorch's has one"),
    "no pooling and no bias": (
        layers("Conv2D(8, 7, strides=2, use_bias=False)"),
        "Your convolution has no bias. PyTorch's has one",
    ),
    "one ghost too few": (
        layers(stem(frame=LOPSIDED)),
        " of 2,048 values are not (below 0 counted as 0).",
        m.EQUAL_SIZES_EQUAL_VALUES,
    ),
    "no frame": (layers(stem(end="MaxPooling2D(3, 2)")), WRONG),
    "no convolution": (layers("ZeroPadding2D(3), MaxPooling2D(3, 2)"), WRONG),
    "a same pooling": (
        layers(stem(end='MaxPooling2D(3, 2, "same")')),
        "After the convolution all values are right. After the pooling 337 of 512 are not.",
        m.EQUAL_SIZES_EQUAL_VALUES,
    ),
    "a mean": (
        layers(stem(end="ZeroPadding2D(1), AveragePooling2D(3, 2)")),
        "After the convolution all values are right",
        "PyTorch takes the largest number of each window; `AveragePooling2D` does not.",
        UNNAMED,
    ),
    **{f"{one} in the layer": (layers(stem(f"activation={one!r}")), *ANOTHER_ACTIVATION) for one in ACTIVATIONS},
    **{
        f"{one} on its own": (
            layers(stem("", end=f"Activation({one!r}), ZeroPadding2D(1), MaxPooling2D(3, 2)")),
            *ANOTHER_ACTIVATION,
        )
        for one in ACTIVATIONS
    },
    **{
        f"{one} with one ghost too few": (
            layers(stem(f"activation={one!r}", frame=LOPSIDED)),
            m.EQUAL_SIZES_EQUAL_VALUES,
            Unsaid("paddings are right"),
        )
        for one in ("gelu", "relu6", "relu")
    },
    **given_as_a_model((32, 32, 3), stem(end="ZeroPadding2D(1), MaxPooling2D(3, strides=2)"), "MaxPooling2D"),
}

# -- patient 8: residual blocks -----------------------------------------------------------------------------------


@cache
def other_path(n: int) -> tuple[Any, Any]:
    """x, and what the two convolutions make of it."""
    x = keras.Input((n, n, 16), name="x")
    return x, conv(32, name="second")(conv(32, strides=2, name="first")(x))


def residual(shortcut: Meet) -> Callable[[int], Any]:
    def block(n: int) -> Any:
        x, y = other_path(n)
        return keras.Model(x, LAYERS.Add()([shortcut(x, y), y]))

    return block


def half(x: Any, k: int = 1, padding: str = "valid") -> Any:
    return conv(32, k, padding, strides=2)(x)


def short_of(start: str, plus: bool = False, *after: Callable[[], Any]) -> Callable[[int], Any]:
    """A block whose shortcut starts at x, or between the convolutions, and which goes on behind its Add."""

    def block(n: int) -> Any:
        x = keras.Input((n, n, 16))
        first = conv(32, strides=2)(x)
        y = conv(32)(first)
        short = half(x) if start == "x" else conv(32, 1)(first if start == "first" else y)
        z = short + y if plus else LAYERS.Add()([short, y])
        for make in after:
            z = make()(z)
        return keras.Model(x, z)

    return block


def with_other_path(*other: Any, short_first: bool = True) -> Callable[[int], Any]:
    """A right shortcut beside these layers."""

    def block(n: int) -> Any:
        x = y = keras.Input((n, n, 16))
        for make in other:
            y = make()(y)
        both = [half(x, padding="same"), y]
        return keras.Model(x, LAYERS.Add()(both if short_first else both[::-1]))

    return block


def only_the_path(n: int) -> Any:
    x = keras.Input((n, n, 16))
    return keras.Model(x, conv(32, strides=2)(x))


def open_block(n: int) -> Any:
    x = keras.Input((None, None, 16))
    return keras.Model(x, LAYERS.Add()([half(x), conv(32)(conv(32, strides=2, activation="relu")(x))]))


def block_of_parts(n: int) -> Any:
    x = keras.Input((n, n, 16))
    return keras.Model(x, LAYERS.Add()([half(x), sequential(conv(32, strides=2), conv(32))(x)]))


def conv32(k: int = 3, padding: str = "same", **settings: Any) -> Callable[[], Any]:
    return lambda: conv(32, k, padding, **settings)


def pool_same() -> Any:
    return LAYERS.MaxPooling2D(2, padding="same")


KEPT: dict[str, tuple[Any, ...]] = {
    "as it was": (conv32(strides=2, activation="relu"), conv32()),
    "ReLU on its own": (conv32(strides=2), LAYERS.ReLU, conv32()),
    "Activation on its own": (conv32(strides=2), lambda: LAYERS.Activation("relu"), conv32()),
}
CHANGED: dict[str, tuple[Any, ...]] = {
    "one convolution": (conv32(strides=2, activation="relu"),),
    "the other way round": (conv32(), conv32(strides=2)),
    "a pooling": (conv32(1), pool_same, conv32()),
    "ghosts by hand": (LAYERS.ZeroPadding2D, conv32(padding="valid", strides=2), conv32()),
    "another kernel": (conv32(strides=2), conv32(5)),
    "other filters": (lambda: conv(16, strides=2), conv32()),
    "three convolutions": (conv32(strides=2), conv32(), conv32()),
}
#: It keeps the size for which it is built first.
ONE_MODEL = sequential(conv(16), LAYERS.MaxPooling2D(2))
RESIDUAL: dict[str, Row] = {
    "kernel of 1": (residual(lambda x, y: half(x)), RIGHT),
    "kernel of 1, same": (residual(lambda x, y: half(x, padding="same")), RIGHT),
    "kernel of 3, same": (residual(lambda x, y: half(x, 3, "same")), RIGHT),
    "kernel of 5, same": (residual(lambda x, y: half(x, 5, "same")), RIGHT),
    "kernel of 7, same": (residual(lambda x, y: half(x, 7, "same")), RIGHT),
    "kernel of 5 twice": (residual(lambda x, y: half(conv(32, 5)(x), 5, "same")), RIGHT),
    "pooled behind": (residual(lambda x, y: pool_same()(conv(32, 1)(x))), RIGHT),
    "doubled channels": (
        residual(lambda x, y: LAYERS.AveragePooling2D(1, strides=2)(LAYERS.Concatenate()([x, x]))),
        RIGHT,
    ),
    "a mean before": (residual(lambda x, y: conv(32, 1)(LAYERS.AveragePooling2D(2, padding="same")(x))), RIGHT),
    "normalised": (residual(lambda x, y: LAYERS.BatchNormalization()(half(x))), RIGHT),
    "sliced": (residual(lambda x, y: conv(32, 1)(x[:, ::2, ::2])), RIGHT),
    "resized": (residual(lambda x, y: LAYERS.Resizing(*y.shape[1:3])(conv(32, 1)(x))), RIGHT),
    "a model": (residual(lambda x, y: sequential(conv(32, 1), pool_same())(x)), RIGHT),
    "kernel of 3": (residual(lambda x, y: half(x, 3)), WRONG),
    "16 channels": (residual(lambda x, y: pool_same()(x)), WRONG),
    "one pixel": (residual(lambda x, y: conv(32, 1)(LAYERS.GlobalAveragePooling2D(keepdims=True)(x))), WRONG),
    "one channel": (residual(lambda x, y: conv(1, 1, strides=2)(x)), WRONG),
    "y twice": (residual(lambda x, y: y), WRONG),
    "made of y": (residual(lambda x, y: conv(32, 1)(y)), WRONG),
    "zeros": (residual(lambda x, y: keras.ops.zeros_like(y)), WRONG),
    "a row of zeros": (
        residual(
            lambda x, y: LAYERS.ZeroPadding2D(((0, x.shape[1] % 2), (0, x.shape[1] % 2)))(
                LAYERS.MaxPooling2D(2)(conv(32, 1)(x))
            )
        ),
        "For n = 25 the shapes fit. But I changed x in its last row, 24",
    ),
    "y times 0": (residual(lambda x, y: y * 0), WRONG),
    "x times 0": (residual(lambda x, y: half(x) * 0), WRONG),
    **{
        name: (residual(shortcut), "For n = 24 the shapes fit. But I changed x at rows 6 and 7")
        for name, shortcut in {
            "a quarter": lambda x, y: conv(32, 1)(x[:, : y.shape[1], : y.shape[2]]),
            "the middle": lambda x, y: conv(32, 1)(LAYERS.CenterCrop(*y.shape[1:3])(x)),
            "transposed": lambda x, y: LAYERS.Permute((2, 1, 3))(half(x)),
            "upside down": lambda x, y: half(x)[:, ::-1],
            "mirrored": lambda x, y: half(x)[:, :, ::-1],
            "one number": lambda x, y: LAYERS.UpSampling2D(y.shape[1])(
                LAYERS.GlobalMaxPooling2D(keepdims=True)(conv(32, 1)(x))
            ),
        }.items()
    },
    "from x": (short_of("x"), RIGHT),
    "from x, plus": (short_of("x", True), RIGHT),
    "from between": (short_of("first"), "The shortcut must come from x itself"),
    "from between, plus": (short_of("first", True), "The shortcut must come from x itself"),
    **{
        f"goes on {i}, from {start}": (short_of(start, False, *after), RIGHT if start == "x" else WRONG)
        for i, after in enumerate(((LAYERS.ReLU,), (conv32(1, "valid"),), (conv32(), LAYERS.ReLU)))
        for start in ("x", "y")
    },
    **{
        f"other path {name}, {'second' if first else 'first'}": (with_other_path(*other, short_first=first), RIGHT)
        for (name, other), first in product(KEPT.items(), (True, False))
    },
    **{
        f"other path {name}, {'second' if first else 'first'}": (
            with_other_path(*other, short_first=first),
            "the other path must stay as it is",
        )
        for (name, other), first in product(CHANGED.items(), (True, False))
    },
    "what the other path is": (
        with_other_path(conv32(), pool_same),
        '`keras.layers.MaxPooling2D(pool_size=(2, 2), strides=(2, 2), padding="same")`',
        '`keras.layers.Conv2D(filters=32, kernel_size=(1, 1), strides=(2, 2), padding="same")`;',
    ),
    "no shortcut": (only_the_path, "no `Add` any more"),
    "an open size": (open_block, RIGHT),
    "models inside a model": (block_of_parts, RIGHT),
    "halved in a model": (
        residual(lambda x, y: conv(32, 1)(sequential(conv(16), LAYERS.MaxPooling2D(2))(x))),
        "For n = 25",
        m.HALVES_AGREE,
    ),
    "one model for all sizes": (
        residual(lambda x, y: conv(32, 1)(ONE_MODEL(x))),
        "For n = 25 your model does not build. Sequential refuses",
    ),
    "a class": CLASS_OF_ONES_OWN,
}

# -- patients 10 and 11: generators and decoders ------------------------------------------------------------------

TWICE = 'Conv2DTranspose(4, 5, strides=2, padding="same")'
END = 'Conv2D(1, 3, padding="same")'


def grown(*code: str, start: int = 7, more: str = "") -> Callable[[], Any]:
    """A generator with these layers behind start × start × 16, and a convolution at the end."""
    first = f"Dense({start * start * 16}), Reshape(({start}, {start}, 16))"
    return model(", ".join(["Input((100,))", first, *code, END, more]))


def made(kind: str, size: int, of: int, why: str = "") -> str:
    return f"But `{kind}` made {size} of {of}, and {why or f'{size} is no whole multiple of {of}'}"


LEARNS_NOTHING = made("UpSampling2D", 32, 16, "no layer that learns stands behind it.")
GENERATOR: dict[str, Row] = {
    "a dense layer at the end": (
        model(
            "Input((100,)), Dense(64), Reshape((1, 1, 64)), Conv2DTranspose(4, 3, strides=2), Flatten(), Dense(1024), "
            "Reshape((32, 32, 1))"
        ),
        "`Flatten` stands behind a `Conv2DTranspose`",
    ),
    **{
        f"{doublings} doublings of {start}": (
            grown(*[TWICE] * doublings, start=start),
            RIGHT if (start, doublings) in {(1, 5), (2, 4), (4, 3), (8, 2), (16, 1)} else WRONG,
        )
        for start, doublings in product((1, 2, 4, 7, 8, 9, 16, 32), range(6))
        if start * 2**doublings < 100
    },
    "framed at the start": (grown("ZeroPadding2D(((0, 1), (0, 1)))", TWICE, TWICE), made("ZeroPadding2D", 8, 7)),
    "framed between": (grown(TWICE, "ZeroPadding2D(1)", TWICE), made("ZeroPadding2D", 16, 14), UNNAMED),
    "resized between": (grown(TWICE, "Resizing(16, 16)", TWICE), made("Resizing", 16, 14)),
    "doubled first": (grown("UpSampling2D(2)", TWICE, start=8), RIGHT),
    "resized by 2": (grown(TWICE, "Resizing(32, 32)", start=8), RIGHT),
    "resized from 14": (grown(TWICE, "Resizing(32, 32)", SAME3(8)), made("Resizing", 32, 14)),
    "framed for a convolution": (
        grown(TWICE, TWICE, "ZeroPadding2D(3)", "Conv2D(4, 3)"),
        made("ZeroPadding2D", 34, 28),
    ),
    "centre of 36": (grown(TWICE, TWICE, "CenterCrop(32, 32)", start=9), RIGHT),
    "cropped from 36": (grown(TWICE, TWICE, "Cropping2D(2)", start=9), RIGHT),
    "doubled last": (grown(TWICE, "UpSampling2D(2)", start=8), RIGHT),
    "ghosts by hand": (grown(TWICE, TWICE, "ZeroPadding2D(1)", "Conv2D(1, 3)", start=8), RIGHT),
    "centre of 28": (grown(TWICE, TWICE, "CenterCrop(32, 32)"), made("CenterCrop", 32, 28)),
    "resized from 28": (grown(TWICE, TWICE, "Resizing(32, 32)"), made("Resizing", 32, 28)),
    "framed at the end": (grown(TWICE, TWICE, "ZeroPadding2D(2)"), made("ZeroPadding2D", 32, 28)),
    "nothing that learns to grow": (
        grown("UpSampling2D(2)", "UpSampling2D(2)", start=8),
        "I look for at least one `Conv2DTranspose`",
    ),
    **{
        f"doubled, then {code}": (grown(TWICE, start=8, more=f"UpSampling2D(2), {code}"), expected)
        for code, expected in {
            "ReLU()": LEARNS_NOTHING,
            "BatchNormalization()": LEARNS_NOTHING,
            "Conv2D(1, 1)": RIGHT,
            'SeparableConv2D(1, 3, padding="same")': RIGHT,
            "Conv2D(1, 1, trainable=False)": LEARNS_NOTHING,
        }.items()
    },
    "doubled at the very end": (grown(TWICE, start=8, more="UpSampling2D(2)"), m.MENDED_AT_THE_END),
    "as it was": (grown(TWICE, TWICE), "7 → 14 → 28. 28 × 28 × 1 comes out"),
    "models inside a model": (grown(*[f"keras.Sequential([{TWICE}, ReLU()])"] * 2, start=8), RIGHT),
    "a class": CLASS_OF_ONES_OWN,
}


def decoder(missing: Callable[[int, int], Any], *more: Callable[[int, int], Any], last: Any = None) -> Any:
    """A decoder with these numbers for ``output_padding``, and more layers behind each step."""

    def make(sizes: Sequence[int]) -> Any:
        built = keras.Sequential([keras.Input((sizes[0], sizes[0], 8))])
        for step in pairwise(sizes):
            built.add(LAYERS.Conv2DTranspose(8, 3, 2, "same", output_padding=missing(*step)))
            for layer in more:
                built.add(layer(*step))
        if last is not None:
            built.add(last(built.output_shape[1], sizes[-1]))
        return built

    return make


def jumps(sizes: Sequence[int]) -> Any:
    steps = [LAYERS.Conv2DTranspose(1, 1) for _ in sizes[2:]]
    last = LAYERS.Conv2DTranspose(1, sizes[-1] - sizes[0] + 1)
    return keras.Sequential([keras.Input((sizes[0], sizes[0], 8)), *steps, last])


def cut_to(size: int, wanted: int) -> Any:
    return LAYERS.Cropping2D(ends("after", "after", size - wanted))


def needed(small: int, large: int) -> int:
    return large - (2 * small - 1)


WRONG_WAY_ROUND = "0 and 1 are the wrong way round"
MIRROR: dict[str, Row] = {
    "as needed": (decoder(lambda small, large: large - 2 * small + 1), RIGHT),
    "by the remainder": (decoder(lambda small, large: 1 - large % 2), RIGHT),
    "None for even sizes": (decoder(lambda small, large: None if large == 2 * small else 0), RIGHT),
    "the remainder": (decoder(lambda small, large: large % 2), WRONG),
    "1": (decoder(lambda small, large: 1), WRONG),
    "2": (decoder(lambda small, large: 2), WRONG),
    "cropped at the end": (decoder(lambda small, large: None, last=cut_to), WRONG),
    "in one jump": (jumps, "Your decoder goes 2 → 2 → 2 → 2 → 25."),
    "other layers": (decoder(needed, lambda *step: LAYERS.ReLU(), lambda *step: LAYERS.BatchNormalization()), RIGHT),
    "cropped at each step": (
        decoder(lambda *step: None, lambda small, large: cut_to(2 * small, large)),
        "Only transposed convolutions, please, change a size",
    ),
    "swapped": (decoder(lambda small, large: 2 * small - large), WRONG_WAY_ROUND),
    "0": (decoder(lambda *step: 0), Unsaid("wrong way round")),
    "a class": CLASS_OF_ONES_OWN,
}

# -- patient 14: the vaccine --------------------------------------------------------------------------------------

NUMBERS = "only the numbers differ"
ASKED_FOR_THE_SHAPE = "The shapes are equal here; only the numbers differ. I asked for the shape."
AGREE: dict[str, Row] = {
    "the shape of model(x)": (lambda model, x, y: tuple(model(x).shape) == y.shape, RIGHT),
    "the shape of predict": (lambda model, x, y: model.predict(x, verbose=0).shape == y.shape, RIGHT),
    "the shape by Keras": (lambda model, x, y: model.compute_output_shape(x.shape) == y.shape, RIGHT),
    "the shape of an array": (lambda model, x, y: np.array(model(x)).shape == y.shape, RIGHT),
    "without the pictures": (
        lambda model, x, y: model.output_shape[1:] == y.shape[1:],
        "They differ in the number of pictures alone.",
    ),
    "the last three": (lambda model, x, y: model(x).shape[-3:] == y.shape[-3:], WRONG),
    "the size": (lambda model, x, y: np.array(model(x)).size == y.size, WRONG),
    "the sum": (lambda model, x, y: sum(model(x).shape) == sum(y.shape), WRONG),
    "the set": (lambda model, x, y: set(model(x).shape) == set(y.shape), WRONG),
    # The loss does refuse 20 × 30 beside 30 × 20: nobody is told that it would not.
    "sorted": (lambda model, x, y: sorted(model(x).shape) == sorted(y.shape), UNNAMED),
    "as far as both go": (lambda model, x, y: all(a == b for a, b in zip(model(x).shape, y.shape)), WRONG),  # noqa: B905
    "squeezed": (lambda model, x, y: np.squeeze(model(x)).shape == np.squeeze(y).shape, WRONG),
    "two of them": (lambda model, x, y: len(model(x)) == len(y) and model(x).shape[-1] == y.shape[-1], WRONG),
    "height and width": (lambda model, x, y: model(x).shape[1:3] == y.shape[1:3], WRONG),
    "the shape of x": (lambda model, x, y: model(x).shape == x.shape, WRONG),
    "always False": (lambda model, x, y: False, *map(Unsaid, (NUMBERS, "output_shape"))),
    "always True": (
        lambda model, x, y: True,
        "a model that makes (2, 28, 28, 3) and y of (2, 28, 28, 1)",
        Unsaid("number of pictures alone"),
    ),
    "a text": (lambda model, x, y: "True", WRONG),
    "equal numbers": (lambda model, x, y: np.array_equal(model(x), y), ASKED_FOR_THE_SHAPE),
    "close numbers": (lambda model, x, y: model(x).shape == y.shape and np.allclose(model(x), y), ASKED_FOR_THE_SHAPE),
    "any close number": (
        lambda model, x, y: np.shape(model(x)) == np.shape(y) and bool(np.isclose(model(x), y).any()),
        ASKED_FOR_THE_SHAPE,
    ),
    "output_shape": (
        lambda model, x, y: model.output_shape == y.shape,
        "says False",
        "`output_shape` has None for the number of pictures.",
        Unsaid(NUMBERS),
    ),
}

ANSWERS: Verdicts = {
    "small_unet": SMALL_UNET,
    "last_sizes": {
        "a half rounded up": ([26, 13, 11, 6, 3, 1], "After the 2nd pooling: 6 is too large."),
        "a tuple": ((26, 13, 11, 5, 3, 1), RIGHT),
    },
    "deep": DEEP,
    "any_picture": ANY_PICTURE,
    "channels_last": CHANNELS_LAST,
    "residual": RESIDUAL,
    "keeps_its_size": KEEPS_ITS_SIZE,
    "generator": GENERATOR,
    "mirror": MIRROR,
    "past_mean": PAST_MEAN,
    "stem": STEM,
    "agree": AGREE,
}


@pytest.mark.parametrize(("exercise", "row"), [(name, row) for name in ANSWERS for row in ANSWERS[name]])
def test_an_answer_gets_its_verdict(exercise: str, row: str) -> None:
    check_verdict(getattr(lesson, exercise), *ANSWERS[exercise][row])


@pytest.mark.parametrize("weight", [0.333, 0.3333, 0.34])
def test_a_rounded_third_is_shown_with_digits_that_differ(weight: float) -> None:
    text = str(check_verdict(lesson.past_mean, weighted(weight), "Write `1 / 3`"))
    mine, mean = text.split(" is ")[1].split(",")[0], text.split(" is ")[2].split(". ")[0].split(".\n")[0]
    assert mine != mean
    assert len(mine.split(".")[1]) == len(mean.split(".")[1]) <= 5, "no more digits than it takes"


def test_a_check_of_the_activation_leaves_the_learners_layer_alone() -> None:
    made = layers(stem(""))()
    for _ in range(2):
        check_verdict(lesson.stem, lambda: made, WRONG)


def test_a_right_repair_is_called_one_of_several() -> None:
    for exercise in (lesson.deep, lesson.any_picture, lesson.generator):
        assert exercise.why.startswith("My way: ")


def test_the_misconception_behind_each_patient_is_of_its_ward() -> None:
    beliefs = [m.SAME_MAKES_THEM_MEET, m.MENDED_AT_THE_END, m.POOLING_LOOKS_BACK]
    assert [belief.section for belief in beliefs] == [m.ADMIT, m.WEIGH, m.TEST]


# -- how they are checked -----------------------------------------------------------------------------------------


def test_a_stretch_that_an_edge_cuts_is_not_told_as_moved() -> None:
    # Around place 3 of 0 to 9 lie 1 to 5 and 0 to 6; 0 to 7 is −1 to 7, cut at the edge. 0 to 4 lies one cell before.
    stretches = [(1, 5), (0, 6), (0, 7), (0, 4), (4, 6), (5, 9), (0, 9)]
    assert [paths._beside(one, 3, 10) for one in stretches] == [0, 0, 0, -1, 2, 4, 0]


def test_a_layer_used_twice_stays_one_layer_when_laid_open() -> None:
    picture = keras.Input((8, 8, 1))
    shared = sequential(conv(1))
    opened = laid_open(keras.Model(picture, shared(shared(picture))), (8, 8, 1))
    assert [kind_of(layer) for layer in opened.layers] == ["InputLayer", "Conv2D"]


# -- the nudge test of section 3 ----------------------------------------------------------------------------------


def nudge_test() -> Callable[[Any, int], Any]:
    """The six lines that a learner sees."""
    notebook = json.loads((ROOT / "notebooks" / "06_shape_clinic.ipynb").read_text(encoding="utf-8"))
    source = next("".join(cell["source"]) for cell in notebook["cells"] if cell["id"] == "s3-tool")
    names: dict[str, Any] = {"np": np}
    exec(source.split("\n\n\n")[0], names)
    return names["hours_that_change"]  # type: ignore[no-any-return]


def conv1d(weight: float, padding: str = "same", activation: str | None = None) -> str:
    constant = f"kernel_initializer=keras.initializers.Constant({weight})"
    return f"Conv1D(1, 3, {constant}, padding={padding!r}, activation={activation!r})"


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        (conv1d(-1, activation="relu"), [11, 12, 13]),
        ('Rescaling(-1), MaxPooling1D(3, strides=1, padding="same")', [11, 12, 13]),
        (f"{conv1d(1, activation='relu')}, {conv1d(-1)}", [10, 11, 12, 13, 14]),
        (conv1d(1, "causal"), [12, 13, 14]),
        ("Rescaling(0)", []),
    ],
)
def test_the_nudge_test_sees_what_a_relu_or_maximum_hides(code: str, changed: list[int]) -> None:
    assert nudge_test()(model(f"Input((24, 1)), {code}")(), 12).tolist() == changed


# -- what is measured, against the axes ---------------------------------------------------------------------------


def test_the_stem_is_what_loops_make_of_it() -> None:
    """PyTorch's padding worked out cell by cell: ghosts of 0 for the convolution, of −∞ for the maximum."""
    x = np.random.default_rng(1).integers(-5, 6, (1, 9, 9, 2)).astype("float32")
    changed = {"Conv2D": {"filters": 1, "use_bias": False}}
    stem = [LayerCode(one.kind, {**one.settings, **changed.get(one.kind, {})}).build() for one in lesson.STEM]
    networks.run_through(stem, x)
    kernel = np.random.default_rng(2).integers(-2, 3, (7, 7, 2, 1)).astype("float32")
    stem[1].set_weights([kernel])

    def at(a: Any, i: int, j: int, ghost: float) -> Any:
        inside = 0 <= i < a.shape[0] and 0 <= j < a.shape[1]
        return a[i, j] if inside else np.full(a.shape[2:], ghost)

    def weighted_sum(i: int, j: int) -> float:
        cells = product(range(7), repeat=2)
        return float(sum((at(x[0], i + a, j + b, 0) * kernel[a, b, :, 0]).sum() for a, b in cells))

    first = np.array([[max(weighted_sum(2 * i - 3, 2 * j - 3), 0) for j in range(5)] for i in range(5)])
    window = list(product(range(-1, 2), repeat=2))
    largest = [[max(at(first, 2 * i + a, 2 * j + b, -np.inf) for a, b in window) for j in range(3)] for i in range(3)]
    assert np.array_equal(networks.made_by(stem, x)[0, :, :, 0], np.array(largest))


def test_what_meets_and_what_comes_back_is_what_the_axes_say() -> None:
    for padding, n, floors in product(("same", "valid"), range(1, 40), (1, 2, 3)):
        halve, double = Window(2, stride=2, padding=padding), Upsample(2)
        try:
            skip = n
            for _ in range(floors - 1):
                skip = halve.output_size(skip)
            low = halve.output_size(skip)
        except ShapeError:
            with pytest.raises(KerasRefusal):
                truth.meeting_sizes(n, floors, padding)
            continue
        assert truth.meeting_sizes(n, floors, padding) == (skip, double.output_size(low))
        if padding == "same":
            assert truth.bottom_and_end(n, floors) == (low, low * 2**floors)


def test_what_grows_is_what_the_axes_say() -> None:
    for n, p in product(range(1, 12), (None, 0, 1)):
        axis = TransposedWindow(3, stride=2, padding="same", output_padding=p)
        assert truth.grown_size(n, p) == axis.output_size(n)
    assert truth.road_down(25) == (2, 4, 7, 13, 25)
    assert truth.road_down(100) == (7, 13, 25, 50, 100)


def test_how_far_ahead_is_what_the_ghosts_after_say() -> None:
    for k, count in product(range(1, 7), (1, 2, 3)):
        _, after = Window(k, padding="same").pads(50)
        assert truth.told_too_early(k, count) == count * after
        assert truth.future_in_mean(k) == after


def test_a_reshape_keeps_only_what_was_in_place() -> None:
    assert truth.numbers_out_of_place(1, 5) == 0
    assert truth.numbers_out_of_place(5, 1) == 0
    # 0 1 2 3 | 4 5 6 7 becomes 0 4 | 1 5 | 2 6 | 3 7: only the first and the last number stay.
    assert truth.numbers_out_of_place(2, 2) == 6
    assert truth.permuted_shape(3, 64, 48) == (48, 3, 64)
    assert [truth.rows_out_of_place(n) for n in range(1, 8)] == [0, 0, 1, 0, 2, 0, 3]
