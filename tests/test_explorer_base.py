"""What holds for every explorer: limits, walks, arithmetic, code to copy, rectangles, reset, the answer held back."""

from __future__ import annotations

import asyncio
import base64
import inspect
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from frames import (
    by_keras,
    frame_of,
    grid_of,
    numbers_in,
    printed_by,
    received,
    shape_and_numbers,
    texts_in,
    written_out,
)
from lessons import commit
from matplotlib.image import imread
from walking import check, extremes, walk

from course_utils import explore
from course_utils.data import PICTURES, picture
from course_utils.exercises import lesson_01
from course_utils.exercises.record import Record, record_here
from course_utils.explorers.autoencoder import AutoencoderSettings
from course_utils.explorers.autoencoder_chain import PRESETS, UPS
from course_utils.explorers.base import Explorer
from course_utils.explorers.frame import (
    EVERYONE_PREDICTS,
    PREDICT_FIRST,
    UNKNOWN,
    Frame,
    Question,
    format_difference,
)
from course_utils.explorers.maps import LARGEST_N, PADDINGS, SHOWS, LayerSettings
from course_utils.explorers.padding import PaddingSettings
from course_utils.explorers.pooling import KINDS, PoolingSettings
from course_utils.explorers.settings import Setting, Settings
from course_utils.explorers.stride import StrideSettings
from course_utils.explorers.transposed import OUTPUT_PADDINGS, TransposedSettings
from course_utils.explorers.upsampling import INTERPOLATIONS, MODES, ROUND_TRIP, UP, UpsamplingSettings
from course_utils.explorers.windows import LARGEST_K, LARGEST_S, convolution
from course_utils.keras_layers import LayerCode
from course_utils.pictures.grids import Cell, Grid, number, short

MAKERS: dict[str, Callable[..., Explorer]] = {
    "padding": explore.padding,
    "stride": explore.stride,
    "pooling": explore.pooling,
    "upsampling": explore.upsampling,
    "transposed": explore.transposed,
    "sequence": explore.sequence,
    "autoencoder": explore.autoencoder,
}
#: Where what comes out would stand in the question, too.
ASKED: dict[str, dict[str, Any]] = {
    "sequence": {"n": 12, "k": 4, "padding": "valid", "values": "ones"},
    "autoencoder": {"n": 32},
}
ONE_LAYER = [name for name in MAKERS if name != "autoencoder"]


# -- the settings -----------------------------------------------------------------------------------------------------


LIMITS = {
    "padding": {"n": (1, 12), "k": (1, 7), "s": (1, 4)},
    "stride": {"n": (1, 12), "k": (1, 7), "s": (1, 4), "d": (1, 3)},
    "pooling": {"n": (1, 12), "k": (1, 7)},
    "upsampling": {"n": (1, 8), "f": (1, 4)},
    "transposed": {"n": (1, 6), "k": (1, 5), "s": (1, 4)},
    "sequence": {"n": (1, 12), "k": (1, 5), "d": (1, 3)},
    "autoencoder": {"n": (8, 40)},
}


def wrong_values(setting: Setting) -> Iterator[tuple[Any, str]]:
    """Values that are just outside, or of another kind, and what is said of the limits."""
    low, high = setting.low, setting.high
    if setting.kind == "switch":
        yield from ((value, "is True or False") for value in (1, "yes", None))
    elif setting.options:
        words = f"is one of {', '.join(map(repr, setting.options))}"
        wrong: list[Any] = ["median", "SAME", 9, True, *([None] if setting.default is not None else [])]
        yield from ((value, words) for value in wrong)
    else:
        pairs = [(low, high + 1), (low - 1, high)] if setting.kind == "size" else [(low, high)]
        wrong = [low - 1, high + 1, 2.5, True, "7", [low, low], (low, low, low), *pairs]
        yield from ((value, f"goes from {low} to {high}") for value in wrong)


@pytest.mark.parametrize("name", MAKERS)
def test_a_start_outside_the_limits_names_them(name: str) -> None:
    declared = MAKERS[name]().start.declared()
    assert {s.name: (s.low, s.high) for s in declared if not s.options and s.kind != "switch"} == LIMITS[name]
    for setting in declared:
        for wrong, limits in wrong_values(setting):
            with pytest.raises(ValueError, match=re.escape(f"{setting.name} {limits}; you gave {wrong!r}.")):
                MAKERS[name](**{setting.name: wrong})


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("padding", {"n": (7, 13)}, "n goes from 1 to 12; you gave (7, 13)."),
        ("pooling", {"kind": 0}, "kind is one of 'max', 'average', 'global max', 'global average'; you gave 0."),
        ("transposed", {"output_padding": 4}, "output_padding is one of 'default', 0, 1, 2, 3; you gave 4."),
        ("stride", {"symmetric": "yes"}, "symmetric is True or False; you gave 'yes'."),
        ("autoencoder", {"up_8": 2}, "up_8 is one of 'nearest', 'bilinear', 'transposed', 'transposed_0'; you gave 2."),
        ("autoencoder", {"padding_8": "same"}, "There is no setting 'padding_8'. There are: padding_1, "),
    ],
)
def test_the_message_says_what_would_fit(name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        MAKERS[name](**settings)


@pytest.mark.parametrize("name", MAKERS)
def test_the_function_shows_its_arguments_and_says_what_each_may_be(name: str) -> None:
    function, explorer = MAKERS[name], MAKERS[name]()
    assert function.__name__ == name
    documented = inspect.getdoc(function) or ""
    for argument in inspect.signature(function).parameters:
        assert f"\n    {argument}: " in documented
    for setting in explorer.start.declared() if name in ONE_LAYER else ():
        for limit in (setting.low, setting.high, *setting.options) if setting.kind != "switch" else ():
            assert str(limit) in documented or limit in OUTPUT_PADDINGS, setting
    with pytest.raises(TypeError if name in ONE_LAYER else ValueError, match="kernel_size"):
        function(kernel_size=3)


# -- every setting ----------------------------------------------------------------------------------------------------


def weight(sent: dict[str, Any]) -> int:
    """Of a frame as JSON; its pictures go to the page as bytes beside it, at most 6 kB of them here."""
    assert sum(len(one["png"]) for one in sent["photos"]) <= 6_000
    return len(json.dumps({**sent, "photos": [{**one, "png": None} for one in sent["photos"]]}))


def check_sent(frame: Frame) -> None:
    """What goes to the page says all that is in the frame, in at most 12 kB."""
    sent = frame.for_view()
    assert weight(sent) <= 12_000, frame.setting
    for grid, given in zip(frame.grids, sent["grids"], strict=True):
        assert received(given) == [[(c.role[0], c.text.replace("−", "-")) for c in row] for row in grid.cells]


#: The settings whose frames weigh most.
LARGEST: list[Settings] = [
    PaddingSettings(12, 7, "same", "count", "negative"),
    StrideSettings(12, 7, 1, 1, "same", "count", "negative", symmetric=True),
    StrideSettings((12, 11), 7, 1, 3, "same", "count", "negative"),
    PoolingSettings((12, 11), (7, 6), 1, "same", "average", "all negative"),
    *(UpsamplingSettings(n, 4, "bilinear") for n in (8, (8, 7))),
    UpsamplingSettings((8, 7), (3, 4), "bilinear", ROUND_TRIP),
    *(
        TransposedSettings(6, (5, k), 4, padding, extra, "count", "negative", beside=True)
        for k, padding, extra in product((5, 4), PADDINGS, (None, 3))
    ),
    *(AutoencoderSettings(40, {**PRESETS["Same everywhere"], "up_8": up, "up_10": up, "up_12": up}) for up in UPS),
]


@pytest.mark.parametrize("settings", LARGEST)
def test_the_largest_frames_are_small(settings: Settings) -> None:
    frame = settings.frame()
    check_sent(frame)
    assert weight(frame.for_view()) > 4_000


def test_a_frame_says_where_it_came_from() -> None:
    frame = frame_of(PaddingSettings())
    assert frame.for_view()["source"] == "run just now"
    assert frame.for_view("recorded with Keras 3.15.1")["source"] == "recorded with Keras 3.15.1"
    assert "just now" not in frame.text and "just now" not in str(frame.for_view("recorded with Keras 3.15.1"))


def test_a_number_is_written_in_full_and_shortened_where_there_is_little_room() -> None:
    values = (0, -0.0, 7, -12, 0.5, 1 / 64, -1.125, 2 / 3, 0.99999)
    full = ["0", "0", "7", "−12", "0.5", "0.0156", "−1.125", "0.6667", "1"]
    assert [number(value) for value in values] == full
    assert [short(text) for text in full] == ["0", "0", "7", "−12", "0.50", "0.02", "−1.12", "0.67", "1"]


def test_the_scale_of_a_map_leaves_out_its_ghosts() -> None:
    row = (Cell("−∞", "ghost"), Cell("−2", "real"), Cell("0.5", "unread"))
    assert Grid("input", "t", (row,), (0, -1), "d").scale == (-2, 0.5)
    assert Grid("ladder", "t", ((Cell("", "tap"),),), (0, 0), "d").scale == (0, 0)


def test_where_some_numbers_are_negative_the_shade_counts_from_0_both_ways() -> None:
    def shades(*texts: str) -> list[float]:
        grid = Grid("input", "t", (tuple(Cell(text, "real") for text in texts),), (0, 0), "d")
        return [grid.shade(cell) for cell in grid.cells[0]]

    assert shades("−8", "0", "4", "−2") == [-1, 0, 0.5, -0.25]
    assert shades("−1", "4") == [-0.25, 1]
    assert shades("2", "4", "3") == [0, 1, 0.5]
    assert shades("−3", "−1") == [-1, -1 / 3] and shades("0", "0") == [0, 0]
    ghosts = Grid("input", "t", ((Cell("−∞", "ghost"), Cell("?", "blank"), Cell("−2", "real")),), (0, 0), "d")
    assert [ghosts.shade(cell) for cell in ghosts.cells[0]] == [0, 0, -1]


# -- controls as data -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MAKERS)
def test_the_controls_are_data_and_every_value_leads_to_a_frame(name: str) -> None:
    explorer = MAKERS[name]()
    controls = {control["name"]: control for control in explorer.view.controls}
    assert list(controls) == list(explorer.controls)
    assert json.loads(json.dumps(explorer.view.controls)) == explorer.view.controls
    values = {n: control["value"] for n, control in controls.items()}
    assert explorer.start.view(values).data == explorer.view.frame
    assert explorer.view.frame["at"] == list(values.values())
    # The first and the last of each kind: a whole model takes its time.
    every = explorer.start.controls()
    for control in {c.name: c for kinds in (every, every[::-1]) for c in {c.kind: c for c in kinds}.values()}.values():
        widget = explorer.controls[control.name]
        for value in control.values[:: max(len(control.values) - 1, 1)]:
            setattr(widget, "index" if control.options else "value", value)
            assert explorer.view.frame == explorer.start.view(values | {control.name: value}).data
            assert explorer.view.frame["at"] == [*(values | {control.name: value}).values()]
        explorer.reset.click()


def test_controls_beyond_the_first_are_folded_away_unless_they_were_asked_for() -> None:
    def folded(explorer: Explorer) -> set[str]:
        return {control["name"] for control in explorer.view.controls if control["more"]}

    assert folded(explore.padding()) == {"kernel", "values", "show", "picture", "apart"}
    assert folded(explore.padding(kernel="count", n=(3, 4))) == {"values", "show", "picture"}
    assert folded(explore.stride(d=2, s=1)) == {"kernel", "values", "symmetric", "show", "picture", "apart"}
    explorer = explore.stride()
    *_, opener, box = explorer._panel.children
    assert {n for n, control in explorer.controls.items() if control in box.children} >= {"d", "d_width", "symmetric"}
    for opened in (True, False):
        opener.value = opened
        assert (box.layout.display is None) == opened


# -- ahead of the learner ---------------------------------------------------------------------------------------------


def run_alone(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run it in a thread of its own: where tests in a browser ran before, this one has a loop already."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, coroutine).result()


@pytest.mark.parametrize("name", MAKERS)
def test_the_neighbours_of_a_moved_control_are_sent_ahead(name: str) -> None:
    explorer, sent = MAKERS[name](), []
    explorer.view.observe(lambda change: sent.append(change["new"]), names="ahead")
    place = list(explorer.controls).index("n")

    async def move() -> None:
        explorer.controls["n"].value += 1
        assert explorer._ahead is not None
        await explorer._ahead

    run_alone(move())
    n = explorer.controls["n"].value
    assert [one["at"][place] for one in sent] == [n + 1, n - 1]
    for one in sent:
        assert one == explorer.start.view(dict(zip(explorer.controls, one["at"], strict=True))).data


def test_a_new_move_ends_what_was_computed_ahead() -> None:
    explorer, sent = explore.padding(), []
    explorer.view.observe(lambda change: sent.append(change["new"]["at"][0]), names="ahead")

    async def move() -> None:
        explorer.controls["n"].value = 9
        given_up = explorer._ahead
        explorer.controls["n"].value = 3
        assert given_up is not None and explorer._ahead is not None
        await asyncio.wait([given_up, explorer._ahead])
        assert given_up.cancelled()

    run_alone(move())
    assert sent == [4, 2]


def extreme_settings(name: str) -> Iterator[tuple[LayerSettings, int]]:
    """Settings at the ends of the limits, and how many outputs have their arithmetic: 0 where it is refused."""
    sizes: Any
    if name == "padding":
        for n, k, s, padding in product((1, 2, 7, 8, LARGEST_N), (1, 2, 3, 4, LARGEST_K), (1, 2, LARGEST_S), PADDINGS):
            yield PaddingSettings(n, k, padding, "edge", "negative", s), int(padding == "same" or k <= n)
    elif name == "stride":
        for n, k, s, padding in product((1, 2, 5, 8), (1, 2, 3, 4), (1, 2, 3), PADDINGS):
            fits = n + 2 * ((k - 1) // 2) >= k and (n - 1) // s == (n + 2 * ((k - 1) // 2) - k) // s
            count = int(k <= n) if padding == "valid" else 1 + fits
            yield StrideSettings(n, k, s, 1, padding, "count", "negative", symmetric=True), count
        for n, d in product((3, 6, 9), (2, 3)):
            yield StrideSettings(n, 3, 1, d, "same", "count", "negative", symmetric=True), 2
    elif name == "pooling":
        sizes = product((1, 2, 7, LARGEST_N), (1, 2, 3, LARGEST_K), ("default", 1, 4), PADDINGS)
        for (n, k, strides, padding), kind in product(sizes, KINDS):
            settings = PoolingSettings(n, k, strides, padding, kind, "all negative")
            yield settings, int(padding == "same" or k <= n or kind.startswith("global"))
    elif name == "upsampling":
        factors: list[Any] = [1, 2, 3, 4, (1, 2), (3, 2), (4, 1)]
        both: list[Any] = [(UP, (1, 2, (3, 5), 8)), (ROUND_TRIP, range(1, 9))]
        for (mode, ns), f, interpolation, padding in product(both, factors, INTERPOLATIONS, PADDINGS):
            for n in ns:
                once = mode == UP or interpolation == "bilinear"
                fits = mode == UP or padding == "same" or max(f if isinstance(f, tuple) else (f,)) <= n
                yield UpsamplingSettings(n, f, interpolation, mode, padding), (1 if once else 2) if fits else 0
    else:
        sizes = product((1, 2, 6), (1, 2, 3, 4, 5), (1, 2, 3, 4), PADDINGS, OUTPUT_PADDINGS)
        for n, k, s, padding, extra in sizes:
            too_large = isinstance(extra, int) and extra >= s
            refused = too_large or (padding == "same" and k % 2 == 0 and extra == 0)
            yield TransposedSettings(n, k, s, padding, extra, "count", "negative"), int(not refused)


@pytest.mark.parametrize("name", ONE_LAYER)
def test_every_extreme_agrees_or_is_refused_by_all_and_is_small(name: str) -> None:
    outcomes: Counter[str] = Counter()
    for settings, count in extreme_settings(name):
        frame = frame_of(settings)
        check_sent(frame)
        assert frame.agrees, (settings, frame.verdict)
        assert (len(frame.arithmetic), frame.refused) == (count, count == 0), settings
        outcomes[frame.outcome] += 1
    assert outcomes["agree"] > 80 and outcomes["refused"] > 5, outcomes


STARTS: list[tuple[str, dict[str, Any]]] = [
    *(("padding", {"s": 1, "n": (7, 6), "show": show}) for show in SHOWS),
    *(("stride", {"n": (7, 8), "symmetric": True, "show": show}) for show in SHOWS),
    *(("pooling", {"n": (7, 6), "show": show, "kind": kind}) for show, kind in product(SHOWS, KINDS)),
    *(("upsampling", {"n": (4, 3), "show": show, "mode": mode}) for show, mode in product(SHOWS, MODES)),
    *(("transposed", {"n": (4, 3), "k": (3, 4), "beside": True, "show": show}) for show in SHOWS),
    ("autoencoder", {"n": 23}),
]


@pytest.mark.parametrize(("name", "start"), STARTS)
def test_every_end_of_every_control_is_drawn(name: str, start: dict[str, Any]) -> None:
    explorer = MAKERS[name](**start)
    for where in extremes(explorer):
        check(explorer, where)


@pytest.mark.parametrize(
    ("name", "start", "steps", "seed", "needed"),
    [
        ("padding", {"s": 1}, 150, 1, {"refused": 1, "image": 1}),
        ("stride", {}, 150, 1, {"refused": 1, "symmetric": 1}),
        ("stride", {}, 150, 2, {"refused": 1, "symmetric": 1}),
        ("pooling", {"padding": "valid"}, 250, 3, {"agree numbers": 1, "agree image": 1, "refused numbers": 1}),
        (
            "upsampling",
            {"mode": ROUND_TRIP, "padding": "valid"},
            200,
            4,
            # Nothing is refused on the way up, nor to a picture.
            {f"agree {show} {mode}": 1 for show, mode in product(SHOWS, MODES)} | {f"refused numbers {ROUND_TRIP}": 1},
        ),
        ("transposed", {}, 220, 4, {"refused": 21, "beside": 21}),
        ("autoencoder", {}, 40, 3, {"refused": 1}),
    ],
)
def test_a_random_walk_through_the_controls_never_fails(
    name: str, start: dict[str, Any], steps: int, seed: int, needed: dict[str, int]
) -> None:
    explorer, seen = MAKERS[name](**start), Counter[str]()
    for where in walk(explorer, steps, seed):
        check(explorer, where)
        now = explorer.settings
        words = [explorer.frame.outcome, now.get("show"), now.get("mode"), *(w for w in ("beside",) if now.get(w))]
        words += ["symmetric"] if len(explorer.frame.answers) == 4 else []
        seen[" ".join(filter(None, words))] += 1
    for words_needed, least in needed.items():
        found = sum(count for state, count in seen.items() if words_needed in state)
        assert found >= least, (words_needed, seen)
    if name == "upsampling":
        assert len(seen) == len(needed), seen


# -- the arithmetic and the code --------------------------------------------------------------------------------------

POOLED: list[Any] = [(7, 2, "default", "same"), (8, 4, 3, "same"), (9, 4, 2, "valid"), (1, 7, 1, "same")]
#: Where each cell comes out of two maps by copying and picking: the arithmetic of both is shown.
TWICE = (ROUND_TRIP, "nearest")
UPSAMPLED: list[Any] = [(3, 2), (5, 3), ((4, 7), (4, 3)), (2, 1)]
#: With the number of outputs that have the same cells, so that one pointer can ask about both.
TRANSPOSED: list[tuple[Any, int]] = [
    ((4, 3, 2, "same", None), 2),
    ((4, 3, 2, "same", 0), 1),
    ((3, 2, 3, "valid", None), 2),
    ((3, 5, 2, "valid", 1), 1),
    ((1, 5, 4, "same", 2), 1),
    (((4, 2), (2, 5), (3, 2), "same", 1), 1),
    (((4, 3), (1, 4), (2, 2), "same", None), 2),
]
ARITHMETIC: list[tuple[LayerSettings, int]] = [
    *(
        (PaddingSettings(n, k, padding, kernel, "negative", s), 1)
        for n, k, padding, s in [(7, 3, "same", 1), (8, 4, "same", 3), (9, 4, "valid", 2), (1, 7, "same", 1)]
        for kernel in ("ones", "edge", "count", "single")
    ),
    (StrideSettings(kernel="count", values="negative"), 1),
    (StrideSettings(kernel="count", values="negative", symmetric=True), 2),
    (StrideSettings((5, 8), (4, 2), (1, 3), kernel="count", values="negative"), 1),
    (StrideSettings(s=1, d=2, kernel="count", values="negative"), 1),
    *(
        (PoolingSettings(n, k, strides, padding, kind, "all negative"), 1)
        for n, k, strides, padding in POOLED
        for kind in KINDS
    ),
    *(
        (UpsamplingSettings(n, f, interpolation, mode, values=values), 1 + ((mode, interpolation) == TWICE))
        for (n, f), values in product(UPSAMPLED, ["digits", "count"])
        for mode, interpolation in product(MODES, INTERPOLATIONS)
    ),
    *(
        (TransposedSettings(n, k, s, padding, extra, kernel, "negative", beside=True), count)
        for kernel in ("count", "edge")
        for (n, k, s, padding, extra), count in TRANSPOSED
    ),
]


@pytest.mark.parametrize(("settings", "count"), ARITHMETIC)
def test_the_arithmetic_written_out_gives_every_cell(settings: LayerSettings, count: int) -> None:
    frame = frame_of(settings)
    assert len(frame.arithmetic) == count
    whole = isinstance(settings, PaddingSettings | StrideSettings | TransposedSettings)
    for sums in frame.arithmetic:
        result = grid_of(frame, sums.result)
        (top, left), shown = result.origin, numbers_in(result)
        cells = list(product(range(len(sums.rows)), range(len(sums.columns))))
        inside = [cell for row in result.cells for cell in row if cell.role != "ghost"]
        keras = by_keras(frame, sums)
        assert len(cells) == len(inside) == sum(map(len, keras))
        assert keras == texts_in(result)
        for i, j in cells:
            found = float(written_out(frame, sums, i, j))
            assert shown[i - top][j - left] == pytest.approx(found, rel=0, abs=0 if whole else 5.1e-5)
        assert sums.source in (sums.inputs, "upsampled"), "what is lit is what is read"


COPIED: list[LayerSettings] = [
    PaddingSettings(),
    PaddingSettings(5, 4, "valid", "edge", "negative", 2),
    StrideSettings(kernel="count", values="negative"),
    StrideSettings((5, 6), s=1, d=2, kernel="count", values="negative"),
    StrideSettings(s=3, kernel="edge", show="image"),
    PoolingSettings(),
    PoolingSettings(kind="average", values="count"),
    PoolingSettings((5, 4), (3, 2), 1, "valid", values="all negative"),
    PoolingSettings(kind="global max"),
    PoolingSettings(kind="global average", values="ones"),
    UpsamplingSettings(),
    UpsamplingSettings(f=(3, 2), interpolation="bilinear"),
    UpsamplingSettings(5, mode=ROUND_TRIP),
    UpsamplingSettings((5, 7), (2, 3), "bilinear", ROUND_TRIP, "valid"),
]


@pytest.mark.parametrize("settings", COPIED)
def test_the_code_to_copy_runs_by_itself_and_prints_the_picture(settings: LayerSettings) -> None:
    frame = frame_of(settings)
    shape, numbers = shape_and_numbers(printed_by(frame.code)[0])
    if settings.shown is not None:
        rows, columns = frame.photos[1].size
        assert shape == f"(1, {rows}, {columns}, 1)"
        return
    output = grid_of(frame, "output")
    is_global = isinstance(settings, PoolingSettings) and settings.is_global
    assert shape == ("(1, 1)" if is_global else f"(1, {output.rows}, {output.columns}, 1)")
    whole = isinstance(settings, PaddingSettings | StrideSettings)
    assert numbers == pytest.approx([v for row in numbers_in(output) for v in row], rel=0, abs=0 if whole else 5.1e-3)


@pytest.mark.parametrize(
    "settings", [PoolingSettings(3, 5, padding="valid"), UpsamplingSettings(2, 3, mode=ROUND_TRIP, padding="valid")]
)
def test_the_code_of_an_impossible_pooling_asks_and_does_not_call(settings: LayerSettings) -> None:
    # A call could end the process: see FACTS about pooling layers with an empty output.
    frame = frame_of(settings)
    assert frame.outcome == "refused"
    assert ("3 − 5 + 1 = −1" if isinstance(settings, PoolingSettings) else "2 − 3 + 1 = 0") in frame.answers[0].lines[1]
    assert "Computed output size would be zero or negative" in frame.answers[2].lines[1]
    assert not re.search(r"(layer|down|up)\(x", frame.code) and "up(" not in frame.code
    with pytest.raises(ValueError, match="Computed output size would be zero or negative"):
        printed_by(frame.code)


@pytest.mark.parametrize(
    "code",
    [
        convolution(3, 2, 1, "same"),
        *(PoolingSettings(strides=strides, kind=kind).code() for kind in KINDS for strides in ("default", 3)),
        UpsamplingSettings(f=(2, 3), interpolation="bilinear").up(),
        UpsamplingSettings(f=3, padding="valid").down(),
        TransposedSettings(k=(3, 2), output_padding=1).code(),
    ],
)
def test_the_layer_that_is_printed_is_the_layer_that_is_built(code: LayerCode) -> None:
    import keras

    printed, built = eval(code.text, {"keras": keras}).get_config(), code.build().get_config()
    assert printed.pop("name") != built.pop("name")
    assert printed == built


def visible(explorer: Explorer) -> set[str]:
    return {name for name, control in explorer.controls.items() if control.layout.display != "none"}


def test_what_rounding_leaves_is_told_alike_on_every_machine_and_never_as_nothing() -> None:
    on_an_intel, on_an_amd = 9.79e-07, 5.01e-07
    assert format_difference(on_an_intel) == format_difference(on_an_amd) == "below 0.00001"
    assert [format_difference(gap) for gap in (0, 1e-5, 0.25, 12.5)] == ["0", "1e-05", "0.25", "12.5"]
    assert "largest difference in any value: below 0.00001" in explore.autoencoder().frame.text


# -- height and width apart -----------------------------------------------------------------------------------------


def test_a_square_has_one_slider_for_each_size() -> None:
    explorer = explore.stride()
    assert not {name for name in visible(explorer) if name.endswith("_width")}
    assert explorer.settings["n"] == 8
    assert explorer.controls["n"].description == "n, input size"


def test_setting_height_and_width_apart_changes_nothing_at_first() -> None:
    explorer = explore.stride(n=8)
    explorer.controls["n"].value = 6
    before = explorer.frame
    explorer.controls["apart"].value = True
    assert explorer.settings["n"] == (6, 6), "the width starts where the height is"
    assert explorer.frame.grids == before.grids
    assert {"n_width", "k_width", "s_width", "d_width"} <= visible(explorer)
    assert explorer.controls["n"].description == "n, input size, height"
    explorer.controls["n_width"].value = 9
    assert "6 × 9" in explorer.frame.setting
    assert explorer.frame.agrees
    explorer.controls["apart"].value = False
    assert explorer.settings["n"] == 6
    assert "n_width" not in visible(explorer)


def test_a_pair_at_the_start_opens_with_height_and_width_apart() -> None:
    explorer = explore.padding(n=(5, 9), k=3)
    assert explorer.controls["apart"].value is True
    assert explorer.settings["n"] == (5, 9) and explorer.settings["k"] == (3, 3)
    formula = explorer.frame.answers[0].lines
    assert any(line.startswith("height: o = ") for line in formula)
    assert any(line.startswith("width: o = ") for line in formula)


# -- reset and links ------------------------------------------------------------------------------------------------


def test_reset_goes_back_to_the_start_with_one_picture() -> None:
    explorer = explore.stride(n=(7, 8), k=5, s=1, padding="valid")
    start = explorer.frame
    for name, setting in {"n": 12, "k_width": 1, "padding": "same", "values": "ones", "apart": False}.items():
        explorer.controls[name].value = setting
    assert explorer.frame != start
    drawn: list[object] = []
    explorer.view.observe(drawn.append, names="frame")
    explorer.reset.click()
    assert explorer.frame == start
    assert len(drawn) == 1
    assert explorer.controls["apart"].value is True and explorer.controls["k_width"].value == 5


def test_a_held_control_is_greyed_out_and_the_reason_is_shown() -> None:
    explorer = explore.stride(s=2)
    assert explorer.controls["d"].disabled and explorer.controls["d_width"].disabled
    (note,) = explorer.view.frame["notes"]
    assert "d is held at 1 while s is 2" in note


def test_a_picture_hides_n_and_the_digits() -> None:
    explorer = explore.padding()
    assert "picture" not in visible(explorer)
    explorer.controls["show"].value = "image"
    assert {"picture"} <= visible(explorer) and not {"n", "values"} & visible(explorer)
    assert explorer.frame.setting.startswith("n = 64")
    explorer.controls["show"].value = "numbers"
    assert "n" in visible(explorer)
    assert explorer.settings["n"] == 7, "what was set before is kept"


# -- for a projector ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MAKERS)
def test_the_answer_is_held_back_until_it_is_revealed(name: str) -> None:
    explorer = MAKERS[name](presenter=True, **ASKED.get(name, {}))
    assert "cu-presenter" in explorer._dom_classes
    assert explorer.reveal in _all_children(explorer._panel)
    _nothing_is_given_away(explorer)
    assert explorer.frame.result not in explorer._repr_mimebundle_()[0]["text/plain"]
    explorer.reveal.value = True
    assert explorer.view.frame.items() >= explorer.frame.for_view().items()
    assert explorer.reveal.description == "Hide the answer"
    explorer.controls["n"].value -= 1
    assert explorer.reveal.value is False, "the next setting is a new question"
    _nothing_is_given_away(explorer)


def _all_children(box: Any) -> list[Any]:
    children = list(getattr(box, "children", ()))
    return children + [grandchild for child in children for grandchild in _all_children(child)]


def _nothing_is_given_away(explorer: Explorer, invitation: str = EVERYONE_PREDICTS) -> None:
    """No size that comes out, no ghost cell, no code and no sum is in what is sent to the page."""
    shown = explorer.view.frame
    unknown = [UNKNOWN.for_view()] if explorer.shown.grids and not explorer.shown.photos else []
    assert shown["grids"][len(explorer.shown.grids) :] == unknown
    assert isinstance(explorer.shown, Question)
    assert not shown.keys() & {"arithmetic", "code", "remarks", "headline", "verdict", "strips"}
    for grid in explorer.shown.grids:
        assert grid.name in ("input", "kernel")
        assert {cell.role for row in grid.cells for cell in row} <= {"real", "kernel"}
    frame = explorer.frame
    told = str(shown)
    assert shown["invitation"] == invitation and invitation in shown["said"]
    assert explorer.view.predicted == []
    for line in (frame.result, frame.verdict, *(line for answer in frame.answers for line in answer.lines)):
        assert line not in told


def test_of_a_picture_the_question_shows_what_goes_in() -> None:
    explorer = explore.transposed(presenter=True, show="image")
    _nothing_is_given_away(explorer)
    assert [photo["name"] for photo in explorer.view.frame["photos"]] == ["input"]
    assert [grid["name"] for grid in explorer.view.frame["grids"]] == ["kernel"]


def test_an_impossible_setting_is_not_given_away_either() -> None:
    explorer = explore.transposed(presenter=True, s=2, output_padding=3)
    assert explorer.frame.refused
    assert explorer.view.frame["notes"] == []
    _nothing_is_given_away(explorer)
    explorer.reveal.value = True
    assert "output_padding" in explorer.view.frame["notes"][0]


# -- below a prediction -----------------------------------------------------------------------------------------------


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Record:
    """A learner's record, which is empty."""
    monkeypatch.setenv("COURSE_PREDICTIONS", str(tmp_path))
    return record_here()


def _all_is_shown(explorer: Explorer) -> None:
    assert explorer.shown is explorer.frame
    assert explorer.view.frame.items() >= explorer.frame.for_view().items()


@pytest.mark.parametrize("name", MAKERS)
def test_below_a_prediction_the_answer_waits_for_the_learner_s(name: str, answers: Record) -> None:
    explorer = MAKERS[name](after=[lesson_01.places, lesson_01.rim], **ASKED.get(name, {}))
    assert "cu-presenter" not in explorer._dom_classes
    places = commit(lesson_01.places, (4,))
    explorer.controls["n"].value -= 1
    _nothing_is_given_away(explorer, PREDICT_FIRST)
    assert explorer.frame.result in explorer._repr_mimebundle_()[0]["text/plain"], "no kernel, no prediction"
    commit(lesson_01.rim, (4, 6, 9))
    _all_is_shown(explorer)
    rows = [("Places in a row", 4, 5, "≠"), ("Corner", 4, 4, "✓"), ("Edge", 6, 6, "✓"), ("Centre", 9, 9, "✓")]
    assert explorer.view.predicted == rows
    assert explorer.reveal.layout.display == "none"
    explorer.controls["n"].value += 1
    _all_is_shown(explorer)
    places.start_over.click()
    _nothing_is_given_away(explorer, PREDICT_FIRST)
    assert explorer.reveal.layout.display is None


def test_the_formula_can_be_left_to_the_learner() -> None:
    explorer = explore.stride(formula=False)
    assert not explorer.view.formula and explore.stride().view.formula
    assert explorer.view.frame["result"] == "output 4 × 4" and explorer.view.frame["headline"].startswith("o = ")


def test_on_a_projector_the_answer_waits_for_the_button_alone(answers: Record) -> None:
    explorer = explore.padding(after=lesson_01.places, presenter=True)
    commit(lesson_01.places, (4,))
    explorer.controls["n"].value += 1
    _nothing_is_given_away(explorer)


def test_an_answer_of_an_earlier_session_counts(answers: Record) -> None:
    assert isinstance(explore.padding(after=lesson_01.places).shown, Question)
    commit(lesson_01.places, (5,))
    explorer = explore.padding(after=lesson_01.places)
    _all_is_shown(explorer)
    assert explorer.view.predicted == [("Places in a row", 5, 5, "✓")]


def test_whoever_does_not_want_to_predict_is_shown_it_at_every_setting(answers: Record) -> None:
    explorer = explore.padding(after=lesson_01.places)
    assert explorer.reveal in _all_children(explorer._panel) and explorer.reveal.description == "Show it"
    explorer.reveal.value = True
    explorer.controls["n"].value = 9
    _all_is_shown(explorer)
    assert explorer.view.predicted == [] and explorer.reveal.description == "Hide it"
    explorer.reveal.value = False
    _nothing_is_given_away(explorer, PREDICT_FIRST)


@pytest.mark.parametrize("shown", [False, True])
def test_what_is_computed_ahead_is_held_back_as_what_is_shown(answers: Record, shown: bool) -> None:
    explorer, sent = explore.padding(after=lesson_01.places), []
    explorer.view.observe(lambda change: sent.append(change["new"]), names="ahead")
    explorer.reveal.value = shown

    async def move() -> None:
        explorer.controls["n"].value += 1
        assert explorer._ahead is not None
        await explorer._ahead

    run_alone(move())
    assert ["ask" in one for one in sent] == [not shown] * 2


def test_an_explorer_that_fails_says_so_and_leaves_the_prediction_alone(
    answers: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    explorer = explore.padding(after=lesson_01.places)
    monkeypatch.setattr(PaddingSettings, "links", lambda _: 1 / 0)
    box = commit(lesson_01.places, (4,))
    assert "You expected 4; Keras gives 5." in box.result.value
    assert "ZeroDivisionError" in explorer.view.problem


@pytest.mark.parametrize("wrong", ["places", 1, [lesson_01.places, "rim"]])
def test_what_is_no_prediction_is_named(wrong: Any) -> None:
    with pytest.raises(ValueError, match=re.escape(f"such as lesson.places, or several; you gave {wrong!r}.")):
        explore.padding(after=wrong)


@pytest.mark.parametrize("name", MAKERS)
def test_without_a_presenter_everything_is_shown_at_once(name: str) -> None:
    explorer = MAKERS[name]()
    assert "cu-presenter" not in explorer._dom_classes
    assert explorer.reveal not in _all_children(explorer._panel)
    assert isinstance(explorer.shown, Frame)


@pytest.mark.parametrize("name", [name for name in ONE_LAYER if name != "sequence"])
def test_a_picture_goes_through_the_same_layer(name: str) -> None:
    explorer = MAKERS[name](show="image")
    first, *others = explorer.view.frame["photos"]
    assert first["name"] == "input" and others
    for photo in (first, *others):
        assert photo["png"].startswith(b"\x89PNG\r\n")
        height, width = imread(io.BytesIO(photo["png"])).shape[:2]
        assert photo["width"] * height == photo["height"] * width, "not to scale"
        assert f"{height}×{width}" in photo["title"]
        assert f"{height} by {width} cells" in photo["alt"]
        rows, columns = photo["grown"]
        larger = f"; each cell as large as {rows}×{columns} of the input" if (rows, columns) != (1, 1) else ""
        assert re.fullmatch(rf"black is −?[\d.]+, white is −?[\d.]+{larger}", photo["key"])
    sides = [p["width"] / p["grown"][1] / imread(io.BytesIO(p["png"])).shape[1] for p in (first, *others)]
    assert len(set(sides)) == 1
    bundle, _ = explorer._repr_mimebundle_()
    still = base64.b64decode(bundle["image/png"])
    assert imread(io.BytesIO(still)).shape[0] > 100


# -- what goes in -----------------------------------------------------------------------------------------------------


def test_the_numbers_that_go_in_are_what_the_control_says() -> None:
    digits = PaddingSettings((4, 5)).x
    assert digits.min() >= 0 and digits.max() <= 9
    assert len(set(PoolingSettings(LARGEST_N).x.flat)) == LARGEST_N**2
    assert (PoolingSettings((4, 5), values="count").x == [[1, 2, 3, 4, 5]] * 4).all()
    assert (UpsamplingSettings((3, 4), values="count").x == [[0, 1, 2, 3]] * 3).all()
    assert (PoolingSettings(LARGEST_N, values="all negative").x < 0).all()
    assert (UpsamplingSettings((3, 4), values="ones").x == 1).all()


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("size", [64, 32, 1])
def test_pictures_have_the_size_and_the_range_they_say(name: str, size: int) -> None:
    values = picture(name, size)
    assert values.shape == (size, size)
    assert values.min() >= 0 and values.max() <= 1
    if size > 1 and name != "white":
        assert values.max() - values.min() > 0.5


@pytest.mark.parametrize(("name", "size", "said"), [("cat", 64, "you gave 'cat'"), ("photo", 63, "you gave 63")])
def test_a_picture_that_is_not_there_names_those_that_are(name: str, size: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        picture(name, size)
