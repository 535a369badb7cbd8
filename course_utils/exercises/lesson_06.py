"""Lesson 06, "Run the shape clinic": broken models from real questions, diagnosed, repaired, and run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from course_utils.exercises import misconceptions as m, networks, truth
from course_utils.exercises.answers import ask, check_callable, spell
from course_utils.exercises.catalogue import Misconception
from course_utils.exercises.core import Numbers
from course_utils.exercises.declare import Lesson, edited
from course_utils.exercises.networks import Array
from course_utils.exercises.paths import about_the_repair, check_half_places, check_paths
from course_utils.exercises.probing import (
    Rows,
    built,
    heights,
    joins,
    laid_open,
    layers_of_kind,
    made_of,
    opened,
    path_to,
    some_picture,
    spell_shape,
)
from course_utils.exercises.result import CheckFailed
from course_utils.exercises.same_maps import SameMaps, Trial
from course_utils.keras_layers import Layer, LayerCode, kind_of, load_keras

if TYPE_CHECKING:
    import keras  # for the solutions, which are shown and not called

lesson = Lesson("06")

# -- predictions --------------------------------------------------------------------------------------------------

join = lesson.prediction(
    "join",
    "The U-Net pools 300 × 300 three times (`MaxPooling2D(2)`, without a word about padding), and then doubles. At the "
    "first join, how large is the skip, and how large is the map that comes up to it?",
    ["Size of the skip", "Size that comes up"],
    lambda: truth.meeting_sizes(300, 3, "valid"),
    "Three sizes were halved on the way: 300, 150 and 75. One of them is odd.",
    wrong=[(m.VALID_MAKES_THEM_MEET, (75, 75)), (m.ALWAYS_ROUNDS_UP, (75, 76))],
)

same_join = lesson.prediction(
    "same_join",
    'The usual advice: write `padding="same"` into the pooling layers. What meets at the first join now?',
    ["Size of the skip", "Size that comes up"],
    lambda: truth.meeting_sizes(300, 3, "same"),
    "75 is still odd. It is only rounded the other way.",
    wrong=[(m.SAME_MAKES_THEM_MEET, (75, 75)), (m.ROUNDS_DOWN, (75, 74))],
)

grid = lesson.prediction(
    "grid",
    'A photo of 400 × 400 goes through five convolutions with `strides=2, padding="same"`. Which size comes out, and '
    "how many rows do the labels have, 400 // 32?",
    ["Size after the five", "Rows of labels"],
    lambda: (truth.road_down(400, 5)[0], 400 // 32),
    "One of the halvings is not exact: it rounds up. And `//` rounds down.",
    wrong=[(m.SAME_ROUNDS_DOWN, (12, 12))],
)

leak = lesson.prediction(
    "leak",
    'Two `Conv1D` layers follow each other, with a kernel of 5 and `padding="same"`, on 24 hours. You change the '
    "reading of hour 12 and nothing else. How many outputs before hour 12 change?",
    ["Outputs before hour 12 that change"],
    lambda: truth.told_too_early(5, 2),
    "Each layer looks 2 hours ahead, the second in what the first has made. (4 outputs after hour 12 change too.)",
    wrong=[(m.ONE_LAYER_LOOKS_AHEAD, 2), (m.SAME_LOOKS_BACK, 0)],
)

look_back = lesson.look_back

# -- small_unet ---------------------------------------------------------------------------------------------------


def _why_they_do_not_meet(rows: Rows, n: int) -> Misconception | str | None:
    beliefs: dict[tuple[int, ...], Misconception] = {
        (n, n + 1): m.SAME_MAKES_THEM_MEET,
        (n - 1, n): m.VALID_MAKES_THEM_MEET,
    }
    return about_the_repair(rows, n) or beliefs.get(heights(rows[-1]))


def _check_small_unet(function: Any) -> str:
    """Even and odd sizes: builds, gives the size that went in, and joins the skip with what belongs to it."""
    for n in (8, 7, 30, 31):
        settings = f"n = {n}"
        model = built(function, n, settings=settings, shape=(n, n, 1), diagnose=partial(_why_they_do_not_meet, n=n))
        x = networks.digits((1, n, n, 1), seed=n)
        y = made_of(model, x, settings)
        if y.shape != x.shape:
            raise CheckFailed(
                f"For {settings} your model makes {spell_shape(y.shape)} and should make {spell_shape(x.shape)}."
            )
        check_paths(model, n, x, with_places=n in (30, 31))
    return "It builds, runs and gives back the size for n = 8, 7, 30 and 31, and the skip is joined."


_CROP = "keras.layers.Cropping2D(((0, spare), (0, spare)))(x)"


@lesson.function(
    _check_small_unet,
    wrong=[
        (m.SAME_MAKES_THEM_MEET, edited({_CROP: "x"})),
        (m.VALID_MAKES_THEM_MEET, edited({_CROP: "x", '2D(2, padding="same")': "2D(2)"})),
        (m.ANY_SIDE_MAY_BE_CUT, edited({"(0, spare)": "(spare, 0)"})),
        (
            m.NO_NEED_OF_THE_SKIP,
            edited({_CROP: "keras.layers.Resizing(n, n)(x)", "keras.layers.Concatenate()([skip, x])": "x"}),
        ),
    ],
    hints=[
        "How many rows too many does x have for n = 7, and how many for n = 8? Write it as `x.shape[1] - "
        "skip.shape[1]`. Call it `spare`; it is not x yet.",
        "`keras.layers.Cropping2D(((above, below), (left, right)))` cuts rows and columns off. Which side is the spare "
        "row on? The ghost of the pooling was after (lesson 02).",
        "So cut nothing before, and the spare rows after: `((0, spare), (0, spare))`, with `spare` from the first "
        "hint. The layer is called with `(x)` behind it. Cutting 0 rows is allowed.",
    ],
    why="The spare row is where the ghost of the pooling was, after, so it is the one to cut. A `ZeroPadding2D` "
    "behind the doubling, after a pooling without padding, would do as well, and so would `Resizing` to the "
    "size of the skip: the convolution behind the join learns from what it gets. You can now join two maps of"
    " any size.",
)
def small_unet(n):
    picture = keras.Input((n, n, 1))
    skip = keras.layers.Conv2D(8, 3, padding="same")(picture)
    x = keras.layers.MaxPooling2D(2, padding="same")(skip)
    x = keras.layers.Conv2D(8, 3, padding="same")(x)
    x = keras.layers.UpSampling2D(2)(x)
    spare = x.shape[1] - skip.shape[1]
    x = keras.layers.Cropping2D(((0, spare), (0, spare)))(x)
    x = keras.layers.Concatenate()([skip, x])
    return keras.Model(picture, keras.layers.Conv2D(1, 1)(x))


# -- last_sizes ---------------------------------------------------------------------------------------------------


@lesson.cell(
    Numbers(
        tuple(f"After the {nth} {what}" for nth in ("1st", "2nd", "3rd") for what in ("convolution", "pooling")),
        lambda: truth.heights(28, *("Conv2D(1, 3)", "MaxPooling2D(2)") * 3),
    ),
    wrong=[
        (m.ALWAYS_ROUNDS_UP, (26, 13, 11, 6, 4, 2)),
        (m.SIZE_STAYS, (28, 14, 14, 7, 7, 3)),
        (m.HALF_EACH_SIDE, (27, 13, 12, 6, 5, 2)),
    ],
    hints=[
        "The code names no padding, neither for the convolutions nor for the poolings. What is the silent default?",
        'With "valid" a 3×3 window loses 2, and half of an odd size is rounded down.',
        "It begins 28 → 26 → 13 → 11. Half of 11, rounded down, is next, and then once more: less 2, and half.",
    ],
    why="Each pair loses 2 and halves the rest: 28 → 26 → 13 → 11 → 5 → 3 → 1. The fourth 3×3 window finds one "
    "cell. You can now see where a network runs out of picture.",
)
def last_sizes():
    sizes = [26, 13, 11, 5, 3, 1]
    return sizes


# -- deep ---------------------------------------------------------------------------------------------------------

_FILTERS = [16, 32, 64, 64]


def _check_deep(function: Any) -> str:
    """Four 3 × 3 convolutions with these filters, from 28 × 28 to ten numbers."""
    model = built(
        function,
        shape=(28, 28, 1),
        diagnose=lambda rows: m.ALWAYS_FITS if rows[-1].kind == "Conv2D" else None,
    )
    convolutions = [(tuple(layer.kernel_size), layer.filters) for layer in layers_of_kind(model, "Conv2D")]
    # Another convolution may do the work of the `Dense`.
    if [filters for kernel, filters in convolutions if kernel == (3, 3)] != _FILTERS:
        if [filters for _, filters in convolutions] == _FILTERS:
            raise CheckFailed("It builds. But each convolution must keep its 3×3 kernel.")
        told = ", ".join(str(filters) for _, filters in convolutions) or "none"
        raise CheckFailed(
            f"It builds. But four convolutions were asked for, with 16, 32, 64 and 64 filters; yours: {told}."
        )
    y = made_of(model, truth.square(28))
    if y.shape != (1, 10):
        raise CheckFailed(f"For 28 × 28 your model makes {spell_shape(y.shape)}. Asked for: 10 numbers.")
    return "It builds, runs on 28 × 28, and makes 10 numbers; all four convolutions are there."


@lesson.function(
    _check_deep,
    wrong=[
        (m.ALWAYS_FITS, edited({'"same"': '"valid"'}), edited({', padding="same"': ""})),
    ],
    hints=[
        "Where do the rows go? Each convolution takes 2, besides what the poolings take.",
        "Lesson 01: which word makes a convolution with stride 1 keep the size?",
        'With `padding="same"` in the convolutions it goes 28 → 14 → 7 → 3 → 1 by the poolings alone. The blank is the '
        "word, in quotation marks.",
    ],
    why="My way: only the poolings take rows, and 28 can be halved four times, rounded down: 14, 7, 3, 1. You "
    "could also leave out the first or the second pooling, or give it a stride of 1. In the third or fourth "
    "it is too late. You can now fit a deep network to a small picture.",
)
def deep():
    model = keras.Sequential([keras.Input((28, 28, 1))])
    for filters in (16, 32, 64, 64):
        model.add(keras.layers.Conv2D(filters, 3, padding="same"))
        model.add(keras.layers.MaxPooling2D(2))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(10))
    return model


# -- any_picture --------------------------------------------------------------------------------------------------


def _any_picture_diagnosis(rows: Rows) -> Misconception | None:
    """What explains that a model of any picture does not build."""
    flat = rows[-1].kind == "Dense" and any(step.kind == "Flatten" for step in rows)
    return m.FLATTEN_IS_GLOBAL if flat else None


def _check_any_picture(function: Any) -> str:
    """One model, with one set of weights, on pictures of several sizes."""
    model = built(function, diagnose=_any_picture_diagnosis)
    for height, width in ((28, 28), (32, 32), (17, 23)):
        settings = f"a picture of {height} × {width}"
        y = made_of(model, networks.digits((1, height, width, 1), seed=height), settings)
        if y.shape != (1, 10):
            raise CheckFailed(f"For {settings} your model makes {spell_shape(y.shape)}. Asked for: 10 numbers in all.")
        unheard = _corner_without_a_say(model, height, width)
        if unheard:
            raise CheckFailed(
                f"10 numbers come out of {settings}. But I changed its {unheard} corner, again and again, and they "
                "stayed as they were: every part of the picture must have a say in them."
            )
    return "10 numbers from 28 × 28, from 32 × 32 and from 17 × 23, with the same weights."


def _corner_without_a_say(model: Any, height: int, width: int) -> str | None:
    """The first corner of the picture, a quarter of its sides long, that changes nothing of what comes out."""
    ends = {"top": slice(height // 4), "bottom": slice(-(height // 4), None)}
    sides = {"left": slice(width // 4), "right": slice(-(width // 4), None)}
    # What a relu or a maximum hides in one picture shows in another.
    pictures = np.concatenate([networks.digits((1, height, width, 1), seed=seed) for seed in range(6)])
    plain = made_of(model, pictures)
    for (end, rows), (side, columns) in product(ends.items(), sides.items()):
        changed = pictures.copy()
        changed[:, rows, columns] *= -3
        if np.array_equal(made_of(model, changed), plain):
            return f"{end} {side}"
    return None


# fmt: off
@lesson.function(
    _check_any_picture,
    wrong=[
        (m.FLATTEN_IS_GLOBAL, edited({"GlobalAveragePooling2D": "Flatten"})),
    ],
    hints=[
        "`Dense` has a weight for every number that reaches it. How many numbers does `Flatten` make of a map whose "
        "height and width are not known?",
        "Lesson 03, section 6: which layer makes one number of each channel, whatever the size?",
        "Its name begins with `Global`. Do not forget the brackets behind the name.",
    ],
    why="My way: after global pooling there are 16 numbers, one for each channel, for every picture. So `Dense` "
    "knows how many weights it needs before it has seen one. You can now build a network for pictures of any "
    "size.",
)
def any_picture():
    return keras.Sequential([
        keras.Input((None, None, 1)),
        keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(10),
    ])
# fmt: on


# -- channels_last ------------------------------------------------------------------------------------------------


def _check_channels_last(function: Any) -> str:
    """3 × 64 × 64 becomes 64 × 64 × 3, and every pixel stays where it was."""
    x = networks.digits((1, 3, 64, 64), seed=6)
    y = networks.made_by(networks.layers_or_word(function), x)
    expected = np.moveaxis(x, 1, 3)
    if y.shape != expected.shape:
        sent = np.transpose(x, (0, 3, 1, 2))
        raise CheckFailed(
            f"3 × 64 × 64 goes in, and {spell_shape(y.shape)} comes out. Asked for: 64 × 64 × 3.",
            misconception=m.PERMUTE_SENDS if np.array_equal(y, sent) else None,
        )
    if np.array_equal(y, expected):
        return "64 × 64 × 3, and each of the 12,288 numbers is where it belongs."
    if np.array_equal(y, expected.swapaxes(1, 2)):
        raise CheckFailed(
            "The colours are right, and the picture lies on its side: height and width have changed places."
        )
    raise CheckFailed(
        f"The shape is right, 64 × 64 × 3, and {int((y != expected).sum()):,} of 12,288 numbers are not. The top left "
        f"pixel was {_pixel(expected)}; yours is {_pixel(y)}.",
        misconception=m.RESHAPE_MOVES_CHANNELS if np.array_equal(y.ravel(), x.ravel()) else None,
    )


def _pixel(y: Array) -> str:
    return ", ".join(f"{value:g}" for value in y[0, 0, 0])


@lesson.function(
    _check_channels_last,
    wrong=[
        (m.RESHAPE_MOVES_CHANNELS, edited({"Permute((2, 3, 1))": "Reshape((64, 64, 3))"})),
        (m.PERMUTE_SENDS, edited({"(2, 3, 1)": "(3, 1, 2)"})),
    ],
    hints=[
        "The numbers are all there. The axis of the channels is the first and has to be the last.",
        "`Reshape` only breaks the same line of numbers into other pieces. The layer that moves an axis is "
        "`keras.layers.Permute`.",
        "`Permute((a, b, c))` takes old axis a first, then b, then c; they are counted from 1, without the batch axis. "
        "Height is old axis 2, width is 3, the channels are 1.",
    ],
    why="Height first, then width, then the channels. With data in a NumPy array, `np.moveaxis(x, 1, 3)` does the"
    " same before the model. You can now turn pictures without scrambling them.",
)
def channels_last():
    return [keras.layers.Permute((2, 3, 1))]


# -- residual -----------------------------------------------------------------------------------------------------


def _why_they_miss(rows: Rows, n: int) -> Misconception | None:
    half = truth.same_step_size(n, 3, 2)
    beliefs: dict[tuple[int, ...], Misconception] = {(half - 1, half): m.HALVES_AGREE, (half, n): m.SHORTCUT_FOLLOWS}
    return beliefs.get(heights(rows[-1]))


def _check_residual(function: Any) -> str:
    """Even and odd sizes: the two paths meet in an Add, and have the same shape without being stretched."""
    for n in (24, 25, 31, 8):
        settings, half = f"n = {n}", truth.same_step_size(n, 3, 2)
        model = built(function, n, settings=settings, shape=(n, n, 16), diagnose=partial(_why_they_miss, n=n))
        x = networks.digits((1, n, n, 16), seed=n)
        y = made_of(model, x, settings)
        additions = joins(model, "Add")
        if not additions:
            raise CheckFailed(
                f"For {settings} it builds, and there is no `Add` any more. Without the shortcut it is no residual "
                "block."
            )
        meeting = {id(tensor): tensor for tensor in additions[-1].input}
        if len(meeting) < 2:
            raise CheckFailed("A map is added to itself. The shortcut must come from x, around the two convolutions.")
        if len({tuple(tensor.shape) for tensor in meeting.values()}) > 1:
            told = " and ".join(spell_shape(tensor.shape) for tensor in additions[-1].input)
            raise CheckFailed(
                f"For {settings} Add gets {told}. It does not refuse, because an axis of 1 is copied as often as "
                "needed. But a shortcut that gives every pixel the same number is no shortcut."
            )
        if y.shape != (1, half, half, 32):
            raise CheckFailed(
                f"For {settings} {spell_shape(y.shape)} comes out. The two convolutions alone make {half} × {half} "
                "× 32."
            )
        _check_shortcut(model, additions[-1], x, settings)
        paths = {name: path_to(tensor) for name, tensor in meeting.items()}
        if not any(map(_is_other_path, paths.values())):
            found = "; and ".join(_spell_path(paths[id(tensor)]) for tensor in additions[-1].input)
            raise CheckFailed(
                f"For {settings} the shapes fit. But the other path must stay as it is: from x two "
                '`Conv2D(32, 3, padding="same")`, the first with `strides=2`.',
                f"Your `Add` gets: {found}.",
            )
        if half >= 12:  # on a smaller map even a right shortcut with a large window reaches from one end to the other
            for name, path in paths.items():
                if not _is_other_path(path):
                    check_half_places(model, meeting[name], settings)
    return "For n = 24, 25, 31 and 8 both paths have the same shape, and they are added."


def _check_shortcut(model: Any, addition: Any, x: Array, settings: str) -> None:
    """Check that no single map holds all that reaches the Add: then there is no way around the convolutions."""
    starts = {id(tensor) for tensor in model.inputs}
    cuts = {id(tensor): tensor for tensor in addition.input}
    cuts |= {id(layer.output): layer.output for layer in layers_of_kind(model, "Conv2D")}
    cuts = {name: cut for name, cut in cuts.items() if name not in starts}
    plain, *held = opened(model, [addition.output, *cuts.values()])(x)
    for cut, map_ in zip(cuts.values(), held, strict=True):
        (changed,) = opened(model, [addition.output], cut)(some_picture(model, seed=2), map_)
        if np.array_equal(changed, plain):
            raise CheckFailed(
                f"For {settings} the shapes fit. But I held what one layer made, {spell_shape(cut.shape)}, and changed "
                "x: the sum stayed the same. So only one path brings x to the `Add`. The shortcut must come from x "
                "itself, around both convolutions."
            )


#: The settings of the two convolutions of the other path, the first of them first. Without "same" its size would not be
#: right, so that needs no look here.
_OTHER_PATH = tuple({"filters": 32, "kernel_size": (3, 3), "strides": strides} for strides in ((2, 2), (1, 1)))


def _is_other_path(path: Sequence[Layer]) -> bool:
    """Whether a path from x is the two convolutions as they were. The relu may stand on a line of its own."""
    mixing = [layer for layer in path if kind_of(layer) not in ("ReLU", "Activation")]
    return [kind_of(layer) for layer in mixing] == ["Conv2D", "Conv2D"] and all(
        getattr(layer, name) == value
        for layer, settings in zip(mixing, _OTHER_PATH, strict=True)
        for name, value in settings.items()
    )


def _spell_path(path: Sequence[Layer]) -> str:
    """The layers of a path with those of their settings that say what size comes out."""
    names = ("filters", "kernel_size", "pool_size", "strides", "padding")
    codes = [
        LayerCode(kind_of(one), {name: getattr(one, name) for name in names if hasattr(one, name)}) for one in path
    ]
    return ", ".join(f"`{code.text}`" for code in codes) or "x itself"


_SHORTCUT = "keras.layers.Conv2D(32, 1, strides=2)(x)"


@lesson.function(
    _check_residual,
    wrong=[
        (m.HALVES_AGREE, edited({_SHORTCUT: "keras.layers.MaxPooling2D(2)(keras.layers.Conv2D(32, 1)(x))"})),
        (m.SHORTCUT_FOLLOWS, edited({_SHORTCUT: "keras.layers.Conv2D(32, 1)(x)"})),
    ],
    hints=[
        "The other path makes ⌈n / 2⌉ × ⌈n / 2⌉ × 32. The shortcut has to make the same, for even and for odd n. So "
        "three things have to fit: the step, the rounding, and the channels.",
        "The channels: a `Conv2D(32, 1)`. The step: `strides=2`. What does a 1×1 window with a stride of 2 make of 25? "
        "Use the formula without padding (lesson 02): ⌊(n − k) / s⌋ + 1.",
        "⌊(25 − 1) / 2⌋ + 1 = 13. So the convolution can do all three at once, and no pooling is needed. It is called "
        "with `(x)` behind it.",
    ],
    why="⌊(n − 1) / 2⌋ + 1 is ⌈n / 2⌉ for every n: a window of one cell needs no ghosts. A pooling with "
    '`padding="same"` behind a 1×1 convolution would do, too. You can now build a shortcut that always fits.',
)
def residual(n):
    x = keras.Input((n, n, 16))
    y = keras.layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(x)
    y = keras.layers.Conv2D(32, 3, padding="same")(y)
    short = keras.layers.Conv2D(32, 1, strides=2)(x)
    return keras.Model(x, keras.layers.Add()([short, y]))


# -- keeps_its_size -----------------------------------------------------------------------------------------------


#: The layers that were there: the setting that holds the width of their windows, how that is told, and what those
#: believe who left a stride of 3.
_WINDOWS_OF_3 = {
    "Conv2D": ("kernel_size", "a 3×3 kernel", m.THIRD_IS_WIDTH),
    "MaxPooling2D": ("pool_size", "windows of 3", m.POOL_STRIDE_IS_ONE),
}


def _check_keeps_its_size(function: Any) -> str:
    """A convolution and a pooling, both with windows of 3; every map has the size of the first."""
    layers = networks.layers_or_word(function)
    for kind, (setting, told, _) in _WINDOWS_OF_3.items():
        found = [layer for layer in layers if kind_of(layer) == kind]
        if len(found) != 1 or tuple(getattr(found[0], setting)) != (3, 3):
            raise CheckFailed(f"I look for one `{kind}` with {told}.")
    for n in (32, 45):
        sizes = [int(y.shape[1]) if y.ndim == 4 else 0 for y in networks.run_through(layers, truth.square(n))]
        road = truth.changes(n, sizes)
        # Ghosts that are added by hand belong to the layer that comes after them.
        asked = [size for size, layer in zip(sizes, layers, strict=True) if kind_of(layer) != "ZeroPadding2D"]
        if sizes[-1] == n and set(asked) != {n}:
            mended = kind_of(layers[-1]) not in _WINDOWS_OF_3
            raise CheckFailed(
                f"{road}: right at the end, and not on the way.",
                misconception=m.MENDED_AT_THE_END if mended else None,
            )
        if sizes[-1] != n:
            strides = {kind_of(layer): tuple(layer.strides) for layer in layers if hasattr(layer, "strides")}
            guilty = next((kind for kind in _WINDOWS_OF_3 if strides[kind] == (3, 3)), None)
            raise CheckFailed(
                f"{road}. Asked for: {n} after each of the two.",
                *["If you wrote `MaxPooling2D(3, 3, …)`: the second 3 is the strides here too."]
                * (guilty == "MaxPooling2D"),
                misconception=_WINDOWS_OF_3[guilty][-1] if guilty else None,
            )
    return "32 stays 32 and 45 stays 45, after each of the two."


@lesson.function(
    _check_keeps_its_size,
    wrong=[
        (m.THIRD_IS_WIDTH, edited({"(16, 3,": "(16, 3, 3,", "strides=1, ": ""})),
        (m.POOL_STRIDE_IS_ONE, edited({"strides=1, ": ""})),
        (m.THIRD_IS_WIDTH, edited({"(16, 3,": "(16, 3, 3,"})),
        (
            m.MENDED_AT_THE_END,
            edited({"(16, 3,": "(16, 3, 3,", "strides=1, ": "", "]": "keras.layers.Resizing(32, 32)]"}),
        ),
        (m.MENDED_AT_THE_END, edited({"strides=1": "strides=2", "]": "keras.layers.UpSampling2D(2)]"})),
    ],
    hints=[
        '"same" promises ⌈n / s⌉. So what is s in each of the two lines?',
        "In `Conv2D(16, 3, 3)` the second 3 is not the width of the kernel (lesson 01, section 7). And a pooling layer "
        "that is told no strides takes its pool size (lesson 03).",
        "Take the second 3 out of the convolution, and tell the pooling `strides=1`.",
    ],
    why='With a stride of 1 "same" is n. Both layers had a stride of 3: one had a number too many, the other one '
    "too few. You can now spot a stride that nobody meant.",
)
def keeps_its_size():
    return [
        keras.layers.Conv2D(16, 3, padding="same"),
        keras.layers.MaxPooling2D(3, strides=1, padding="same"),
    ]


# -- generator ----------------------------------------------------------------------------------------------------


def _learns(layer: Layer) -> bool:
    """Whether a layer mixes its cells with weights that training changes."""
    return any("kernel" in weight.name for weight in layer.trainable_weights)


def _enlarged_without_learning(model: Any) -> tuple[Layer, int, int, bool] | None:
    """The first layer that enlarges and may not: which, what it made of what, and whether a learning one is behind it.

    A layer without weights may enlarge by a whole factor, if one that learns stands behind it. The ghosts of a
    convolution are no enlargement: they are gone behind it.
    """
    maps = [layer for layer in model.layers if len(layer.output.shape) == 4 and kind_of(layer) != "InputLayer"]
    for i, (before, layer) in enumerate(pairwise(maps), start=1):
        behind = maps[i + 1 :]
        ghosts = kind_of(layer) == "ZeroPadding2D" and behind[:1] and kind_of(behind[0]) == "Conv2D"
        if _learns(layer) or kind_of(layer) == "Reshape" or (ghosts and not _grew(before, behind[0])):
            continue
        grew = _grew(before, layer)
        learned = any(map(_learns, behind))
        if grew and not (learned and all(made % of == 0 for of, made in grew)):
            return layer, *grew[0], learned
    return None


def _grew(before: Layer, after: Layer) -> list[tuple[int, int]]:
    """The axes along which one map is larger than another before it: of what, and what was made of it."""
    pairs = zip(before.output.shape[1:3], after.output.shape[1:3], strict=True)
    return [(int(of), int(made)) for of, made in pairs if made > of]


def _check_generator(function: Any) -> str:
    """100 numbers become 32 × 32 × 1, grown by transposed convolutions and not stretched at the end."""
    model = built(function, shape=(100,))
    y = made_of(model, np.ones((1, 100), dtype=np.float32))
    grown = [int(layer.output.shape[1]) for layer in model.layers if len(layer.output.shape) == 4]
    road = " → ".join(map(str, dict.fromkeys(grown)))
    if y.shape != (1, 32, 32, 1):
        raise CheckFailed(f"Your sizes: {road or 'none'}. {spell_shape(y.shape)} comes out; asked for: 32 × 32 × 1.")
    if not layers_of_kind(model, "Conv2DTranspose"):
        raise CheckFailed("32 × 32 × 1 comes out, but nothing grows: I look for at least one `Conv2DTranspose`.")
    first = next(i for i, layer in enumerate(model.layers) if kind_of(layer) == "Conv2DTranspose")
    for layer in model.layers[first:]:
        if len(layer.output.shape) != 4:
            raise CheckFailed(
                f"32 × 32 × 1 comes out, but `{kind_of(layer)}` stands behind a `Conv2DTranspose` and writes the map "
                "in one line. What follows makes a map anew: nothing has grown. Keep it a map to the end."
            )
    found = _enlarged_without_learning(model)
    if found is not None:
        layer, of, made, learned = found
        growing = max(i for i, one in enumerate(model.layers) if kind_of(one) == "Conv2DTranspose")
        reason = (
            "and no layer that learns stands behind it."
            if not learned
            else f"and {made} is no whole multiple of {of}: the rows that it put in were grown by no layer."
        )
        raise CheckFailed(
            f"32 × 32 × 1 comes out, by way of {road}. But `{kind_of(layer)}` made {made} of {of}, {reason}",
            misconception=m.MENDED_AT_THE_END if model.layers.index(layer) > growing else None,
        )
    return f"100 numbers become {road}, and 32 × 32 × 1 comes out."


@lesson.function(
    _check_generator,
    wrong=[
        (
            m.MENDED_AT_THE_END,
            edited({"8\n": "7\n", "return model": "model.add(keras.layers.Resizing(32, 32)); return model"}),
            edited({"8\n": "7\n", "return model": "model.add(keras.layers.ZeroPadding2D(2)); return model"}),
        ),
    ],
    hints=[
        "Each of these transposed convolutions doubles. So go backwards from 32: what was before it?",
        "32, 16, 8, 4, 2, 1: each of them can be a start. How many doublings is it from there?",
        "Start at 8, and 8 → 16 → 32 are two doublings. A start at 4 needs three.",
    ],
    why="My way: the end is start · 2 · 2 · …, so the start is the end, halved as often as you double. For 32 it "
    "is 8, or 4, 2 or 1 with more doublings, or 16 with one. You can now make pictures of the size you want.",
)
def generator():
    start = 8
    doublings = 2
    model = keras.Sequential([keras.Input((100,))])
    model.add(keras.layers.Dense(start * start * 16))
    model.add(keras.layers.Reshape((start, start, 16)))
    for _ in range(doublings):
        model.add(keras.layers.Conv2DTranspose(16, 5, strides=2, padding="same"))
    model.add(keras.layers.Conv2D(1, 3, padding="same"))
    return model


# -- mirror -------------------------------------------------------------------------------------------------------


def _check_mirror(function: Any) -> str:
    """The decoder gives the sizes of the way down, each of them, for several pictures."""
    sweep = (25, 32, 28, 100, 63)
    for n in sweep:
        sizes = truth.road_down(n)
        settings, shape = f"the sizes {sizes}", (sizes[0], sizes[0], 8)
        # A negative output_padding is what comes of believing that it is added to n·s.
        with networks.explained_by(m.ADDED_TO_THE_DOUBLE, "(?=.*output_padding).*value >= 0"):
            model = built(function, sizes, settings=settings)
        model = laid_open(model, shape)
        transposed = layers_of_kind(model, "Conv2DTranspose")
        if len(transposed) != len(sizes) - 1:
            raise CheckFailed(
                f"For {settings} I look for {len(sizes) - 1} `Conv2DTranspose` and find {len(transposed)}."
            )
        made_of(model, np.ones((1, *shape), dtype=np.float32), settings)
        others = [layer for layer in model.layers if kind_of(layer) not in ("Conv2DTranspose", "InputLayer")]
        if any(layer.input.shape[1:3] != layer.output.shape[1:3] for layer in others):
            raise CheckFailed("Only transposed convolutions, please, change a size: each of them must make its own.")
        mine = (sizes[0], *(int(layer.output.shape[1]) for layer in transposed))
        if mine != sizes:
            added = [layer.output_padding and layer.output_padding[0] for layer in transposed]
            swapped = added == [large % 2 for large in sizes[1:]]
            beliefs = {(None,): m.COMES_BACK_FROM_BELOW, ((0, 0),): m.ZERO_IS_THE_DEFAULT}
            raise CheckFailed(
                f"Your decoder goes {truth.changes(mine[0], mine[1:])}. The way down, backwards: "
                f"{truth.changes(sizes[0], sizes[1:])}.",
                *["0 and 1 are the wrong way round: with 0 an odd size comes out, with 1 the even one after it."]
                * swapped,
                misconception=beliefs.get(tuple({layer.output_padding for layer in transposed})),
            )
    return f"Every size of the way up is the one of the way down, for pictures of {', '.join(map(str, sweep))}."


_MISSING = "large - (2 * small - 1)"


# fmt: off
@lesson.function(
    _check_mirror,
    wrong=[
        (m.COMES_BACK_FROM_BELOW, edited({_MISSING: "None"})),
        (m.ZERO_IS_THE_DEFAULT, edited({_MISSING: "0"})),
        (m.ADDED_TO_THE_DOUBLE, edited({_MISSING: "large - 2 * small"})),
    ],
    hints=[
        "With `output_padding=0` a layer with k = 3 and s = 2 makes (n − 1)·2 + 1. What does it make of 2, of 4, of 7?",
        "3, 7 and 13. Wanted are 4, 7 and 13. So the first needs 1 more and the others need 0: large less what comes "
        "out with 0.",
        "What comes out with 0 is `2 * small - 1`. Subtract that from `large`.",
    ],
    why="4 comes from 7 and from 8. The decoder cannot know from which, so you tell it: `output_padding` is 0 for"
    " the odd one and 1 for the even one. You can now mirror any encoder.",
    called="decoder",
)
def mirror(sizes):
    model = keras.Sequential([keras.Input((sizes[0], sizes[0], 8))])
    for i in range(len(sizes) - 1):
        small, large = sizes[i], sizes[i + 1]
        missing = large - (2 * small - 1)
        model.add(keras.layers.Conv2DTranspose(
            8, 3, strides=2, padding="same", output_padding=missing))
    return model
# fmt: on


# -- past_mean ----------------------------------------------------------------------------------------------------

_HOURS = 24


def _check_past_mean(function: Any) -> str:
    """The mean of the last three hours, one for every hour, and no hour that knows a later one."""
    x = networks.digits((1, _HOURS, 1), seed=3)
    with networks.explained_by(m.POOLING_CAN_BE_CAUSAL, "allowed values|either 'valid' or 'same'"):
        layers = networks.layers_or_word(function)
        if not layers:
            raise CheckFailed("Your list is empty. I look for one layer or more.")
        y = networks.made_by(layers, x)
    if y.shape == (1, _HOURS - 2, 1):
        raise CheckFailed(
            f"Without ghosts 3 hours make 1: {_HOURS} become {_HOURS - 2}. Two ghosts are missing; on which side?"
        )
    if y.shape != x.shape:
        raise CheckFailed(
            f"{spell_shape(x.shape)} goes in and {spell_shape(y.shape)} comes out. Asked for: one mean for each hour.",
            misconception=m.POOL_STRIDE_IS_ONE if y.shape[1] == _HOURS // 3 else None,
            with_case=False,
        )
    found = _furthest_leak(layers, x)
    if found is not None:
        early, late = found
        raise CheckFailed(
            f"24 come out, and they leak: I changed hour {late}, and the output of hour {early} changed.",
            misconception=m.CAUSAL_AFTER if late - early == 2 else m.POOLING_LOOKS_BACK,
        )
    expected = np.stack([x[0, hour - 2 : hour + 1, 0].mean() for hour in range(2, _HOURS)])
    off = np.flatnonzero(np.abs(y[0, 2:, 0] - expected) > 1e-4)
    if off.size:
        hour = int(off[0]) + 2
        mine, mean = _told_apart(float(y[0, hour, 0]), float(expected[off[0]]))
        near = bool((np.abs(y[0, 2:, 0] - expected) < 0.02 * np.abs(expected) + 0.001).all())
        raise CheckFailed(
            f"Nothing leaks. But the output of hour {hour} is {mine}, and the mean of hours {hour - 2}, "
            f"{hour - 1} and {hour} is {mean}.",
            *["So near, and not equal: a third that was rounded? Write `1 / 3`; Python keeps all its digits."] * near,
        )
    return "One mean for each of 24 hours, right from hour 2 on, and no output knows a later hour."


def _furthest_leak(layers: Sequence[Layer], x: Array) -> tuple[int, int] | None:
    """An hour whose output changes when a later one is changed, and the latest such one; None if nothing leaks."""
    plain = np.repeat(x, _HOURS, axis=0)
    nudged = plain + 100 * np.eye(_HOURS, dtype=np.float32)[:, :, np.newaxis]
    changed = (networks.made_by(layers, nudged) != networks.made_by(layers, plain)).any(axis=-1)
    found = [(int(np.flatnonzero(row)[0]), hour) for hour, row in enumerate(changed) if row[:hour].any()]
    return max(found, key=lambda pair: pair[1] - pair[0], default=None)


def _told_apart(a: float, b: float) -> tuple[str, str]:
    """Two numbers, with as many digits as it takes to see that they differ."""
    pairs = ((f"{a:.{digits}f}", f"{b:.{digits}f}") for digits in range(2, 9))
    return next((pair for pair in pairs if pair[0] != pair[1]), (repr(a), repr(b)))


_GHOSTS_BEFORE = "keras.layers.ZeroPadding1D((2, 0)),"


@lesson.function(
    _check_past_mean,
    wrong=[
        (m.POOLING_LOOKS_BACK, edited({_GHOSTS_BEFORE: "", "strides=1": 'strides=1, padding="same"'})),
        (m.POOLING_CAN_BE_CAUSAL, edited({_GHOSTS_BEFORE: "", "strides=1": 'strides=1, padding="causal"'})),
        (m.CAUSAL_AFTER, edited({"(2, 0)": "(0, 2)"})),
        (m.POOL_STRIDE_IS_ONE, edited({_GHOSTS_BEFORE: "", "strides=1": 'padding="same"'})),
    ],
    hints=[
        'A window of 3 needs two ghosts in all. Where does `Conv1D` with `padding="causal"` put them? Where does the '
        'pooling with `padding="same"` put them?',
        "Put both before the first hour with a layer of their own: `keras.layers.ZeroPadding1D((before, after))`. "
        "Then the pooling must not add more.",
        "Two in front, none behind; then `AveragePooling1D(3, ...)` with a stride of 1 and without a padding.",
    ],
    why="With both ghosts before, the window ends on its own hour. The zeros count as readings, so the first two "
    "means are too near to 0 (lesson 03). A causal `Conv1D` with three weights of ⅓ does the same. You can "
    "now keep the future out of a mean.",
)
def past_mean():
    return [
        keras.layers.ZeroPadding1D((2, 0)),
        keras.layers.AveragePooling1D(3, strides=1),
    ]


# -- stem ---------------------------------------------------------------------------------------------------------

#: The first layers of PyTorch's ResNet. After `relu` nothing is below 0, so a ghost of 0 wins no maximum, as PyTorch's
#: of −∞ does not.
STEM = (
    LayerCode("ZeroPadding2D", {"padding": 3}),
    LayerCode("Conv2D", {"filters": 8, "kernel_size": 7, "strides": 2, "activation": "relu"}),
    LayerCode("ZeroPadding2D", {"padding": 1}),
    LayerCode("MaxPooling2D", {"pool_size": 3, "strides": 2}),
)

#: What the weights and the bias are multiplied by: powers of two, so that sums stay exact. Sums of so many digits are
#: large; divided by 512 they lie near 0, where the activations differ most. The last bias is below all sums, so that no
#: maximum hides what becomes of it.
_STEM_SCALES = ((1.0, 1.0), (2.0**-9, 2.0**-9), (1.0, 2.0**15))


def _scaled(kernel_scale: float, bias_scale: float, weights: Sequence[Array]) -> list[Array]:
    """Such weights, with a bias that is negative."""
    kernel, bias = weights
    return [kernel * kernel_scale, -np.abs(bias) * bias_scale]


def _stem_layers(function: Any) -> list[Layer]:
    """The layers, with the convolution that is asked for among them."""
    layers = networks.layers_or_word(function)
    convolutions = [layer for layer in layers if kind_of(layer) == "Conv2D"]
    if len(convolutions) != 1 or tuple(convolutions[0].kernel_size) != (7, 7) or convolutions[0].filters != 8:
        raise CheckFailed("I look for one `Conv2D`, with 8 filters and a 7×7 kernel.")
    if not convolutions[0].use_bias:
        raise CheckFailed(
            "Your convolution has no bias. PyTorch's has one: its line does not say `bias=False`. Without "
            "`use_bias=False` yours has one, too."
        )
    return layers


def _where_the_stem_differs(trial: Trial) -> NoReturn:
    """Where values are not PyTorch's, say behind which layer they part."""
    layers, maps = trial.layers, trial.maps
    values = f"{trial.off:,} of {trial.y.size:,}"
    if np.array_equal(_with_relu(layers, trial.convolution, [trial.x, *maps]), trial.expected):
        raise CheckFailed(
            f"For a {trial.picture} picture {values} values are not PyTorch's.",
            "The paddings are right; look at the activation. Behind PyTorch's convolution stands `relu`: what is "
            "below 0 becomes 0, and all else stays as it is.",
        )
    lead = f"For a {trial.picture} picture the size at the end is right, {trial.made}. After the convolution"
    convolved, first = np.maximum(maps[layers.index(trial.convolution)], 0), trial.expected_maps[1]
    if convolved.shape != first.shape:
        raise CheckFailed(f"{lead} there are {spell_shape(convolved.shape)}; PyTorch has {spell_shape(first.shape)}.")
    early = int((convolved != first).sum())
    if early:
        raise CheckFailed(
            f"{lead} {early:,} of {first.size:,} values are not (below 0 counted as 0).",
            misconception=m.EQUAL_SIZES_EQUAL_VALUES,
            with_case=False,
        )
    told = f"{lead} all values are right. After the pooling {values} are not."
    other = [kind_of(layer) for layer in layers if "Pooling" in kind_of(layer) and kind_of(layer) != "MaxPooling2D"]
    if other:
        raise CheckFailed(told, f"PyTorch takes the largest number of each window; `{other[0]}` does not.")
    raise CheckFailed(told, misconception=m.EQUAL_SIZES_EQUAL_VALUES, with_case=False)


def _with_relu(layers: Sequence[Layer], convolution: Layer, maps: Sequence[Array]) -> Array:
    """What comes out of the first map if a relu behind the convolution is the only activation there is."""
    with_relu = type(convolution).from_config(convolution.get_config() | {"activation": "relu"})
    with_relu.build(maps[layers.index(convolution)].shape)
    with_relu.set_weights(convolution.get_weights())
    # Paddings, the convolution and the pooling change the size. What keeps it can only be another activation.
    sized = [layer for layer, (a, b) in zip(layers, pairwise(maps), strict=True) if a.shape != b.shape]
    return networks.made_by([with_relu if layer is convolution else layer for layer in sized], maps[0])


_FRAME_OF_3, _FRAME_OF_1 = "keras.layers.ZeroPadding2D(3),", "keras.layers.ZeroPadding2D(1),"


@lesson.function(
    SameMaps(
        STEM,
        pictures=[(32, 32, 3), (33, 33, 3)],
        task="the stem",
        wrong_size=lambda trial: (
            f"For a {trial.picture} picture {trial.made} comes out. PyTorch makes {spell_shape(trial.asked)}."
        ),
        wrong_values=_where_the_stem_differs,
        right="The sizes of PyTorch and its values, cell by cell, for 32 × 32 and for 33 × 33.",
        layers_of=_stem_layers,
        seed=4,
        weights=[partial(_scaled, *scales) for scales in _STEM_SCALES],
    ),
    wrong=[
        (
            m.EQUAL_SIZES_EQUAL_VALUES,
            edited({_FRAME_OF_3: "", _FRAME_OF_1: "", "strides=2": 'strides=2, padding="same"'}),
            edited({_FRAME_OF_1: "", "(3, strides=2)": '(3, strides=2, padding="same")'}),
        ),
    ],
    hints=[
        'PyTorch\'s numbers are ghosts on each side: 3 for the convolution, 1 for the pooling. What does `"same"` '
        "give to each side, for k = 7, s = 2 on 32 cells?",
        "2 before and 3 after. So put the ghosts there yourself, as in lesson 02: a `ZeroPadding2D`, and then the "
        "convolution without padding.",
        "The same once more for the pooling. A zero of yours counts as a real cell there (lesson 03), but after `relu` "
        "nothing is smaller than 0, so it wins only where every cell is 0.",
    ],
    why="Each window is where PyTorch has it. Keras's own ResNet50 begins with these very paddings. You can now "
    "carry weights over, and keep the numbers.",
)
def stem():
    return [
        keras.layers.ZeroPadding2D(3),
        keras.layers.Conv2D(8, 7, strides=2, activation="relu"),
        keras.layers.ZeroPadding2D(1),
        keras.layers.MaxPooling2D(3, strides=2),
    ]


# -- agree --------------------------------------------------------------------------------------------------------

#: What a model makes of two pictures, and what it is to learn.
_FITTINGS = (
    ((2, 28, 28, 1), (2, 28, 28, 1)),
    ((2, 28, 28, 3), (2, 28, 28, 1)),
    ((2, 28, 28, 1), (2, 28, 28, 3)),
    ((2, 32, 32, 1), (2, 28, 28, 1)),
    ((2, 1, 1, 1), (2, 28, 28, 1)),
    ((2, 10), (2, 10)),
    ((2, 10), (2, 1)),
    ((2, 28, 28, 1), (2, 28, 28)),
    ((2, 20, 30, 1), (2, 30, 20, 1)),
    ((2, 28, 28, 1), (1, 28, 28, 1)),
)


@cache
def _maker_of(shape: tuple[int, ...]) -> Any:
    """A model whose output has this shape."""
    keras = load_keras()
    last = keras.layers.Conv2D(shape[-1], 1) if len(shape) == 4 else keras.layers.Dense(shape[-1])
    return keras.Sequential([keras.Input((*shape[1:-1], 1)), last])


def _check_agree(function: Any) -> str:
    """True for a model and targets of one shape, False for all others, those that the loss takes included."""
    check_callable(function)
    names = getattr(getattr(function, "__code__", None), "co_names", ())
    for made, wanted in _FITTINGS:
        # No two numbers that are compared shall be equal by chance: only the shapes may be.
        x, y = networks.digits((*made[:-1], 1), seed=1), networks.digits(wanted, seed=2)
        model = _maker_of(made)
        settings = f"a model that makes {made} and y of {wanted}"
        said = ask(function, model, x, y, settings=settings)
        if not isinstance(said, (bool, np.bool_)):
            raise CheckFailed(f"For {settings} your function returns {spell(said)}. I look for True or False.")
        if bool(said) != (made == wanted):
            unknown = made == wanted and "output_shape" in names
            numbers = made == wanted and ask(function, model, x, np.asarray(model(x)), settings=settings)
            remarks = {
                "`output_shape` has None for the number of pictures. Ask what comes out for x.": unknown,
                "The shapes are equal here; only the numbers differ. I asked for the shape.": bool(numbers),
                "They differ in the number of pictures alone. That one counts here, too.": made[0] != wanted[0]
                and made[1:] == wanted[1:],
            }
            raise CheckFailed(
                f"For {settings} your function says {said}.",
                *(remark for remark, fits in remarks.items() if fits),
                misconception=m.LOSS_WOULD_COMPLAIN if said and truth.mse_says(wanted, made) == "a number" else None,
            )
    others = sum(a != b for a, b in _FITTINGS)
    return f"True where the shapes are equal, False in the other {others} of {len(_FITTINGS)} pairs."


@lesson.function(
    _check_agree,
    wrong=[
        (
            m.LOSS_WOULD_COMPLAIN,
            lambda model, x, y: len(model(x).shape) == len(y.shape),
            lambda model, x, y: tuple(model(x).shape[:-1]) == y.shape[:-1],
            lambda model, x, y: True,
        ),
    ],
    hints=[
        "What comes out of the model for x is `model(x)`. Like every array it has a `.shape`.",
        "Compare whole shapes, not only height and width: the illness was in the channels.",
        "Two shapes are equal if `==` says so: the one of `model(x)`, and the one of `y`.",
    ],
    why="Equal shapes leave nothing to copy. One such line before `fit` costs nothing, and without it no error would "
    "ever have come. You can now train without fear of a silent mistake in the shapes.",
)
def agree(model, x, y):
    return model(x).shape == y.shape
