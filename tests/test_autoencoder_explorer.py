"""The autoencoder explorer, driven through the real widgets, with the real model rebuilt at every setting."""

from __future__ import annotations

import base64
import dataclasses
import re
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from frames import printed_by

from course_utils import explore, keras_layers
from course_utils.data import digits
from course_utils.explorers import autoencoder_chain as chains
from course_utils.explorers.autoencoder import AutoencoderSettings
from course_utils.explorers.autoencoder_chain import AS_ASKED, LARGEST_N, POOLINGS, PRESETS, SMALLEST_N
from course_utils.explorers.frame import Frame
from course_utils.pictures import stills

EVERY_N = range(SMALLEST_N, LARGEST_N + 1)
SAME = {name: "same" for name in AS_ASKED if name.startswith("padding")}
VALID = dict.fromkeys(SAME, "valid")
VALID_POOLS = {f"padding_{i}": "valid" for i in POOLINGS}


def frame_at(n: int, **settings: str | int) -> Frame:
    """The frame at these settings; the real model is run once for all tests that ask about it."""
    return _drawn(n, tuple(settings.items()))


@cache
def _drawn(n: int, settings: tuple[tuple[str, str | int], ...]) -> Frame:
    return AutoencoderSettings(n, dict(settings)).frame()


def sizes(n: int, **settings: str | int) -> tuple[int, ...]:
    """By the formulas alone."""
    return chains.sizes(chains.axes(chains.layers({**AS_ASKED, **settings})), n).sizes


def shown(n: int, **settings: str | int) -> list[int | None]:
    return [step.size for step in frame_at(n, **settings).tape]


# -- the facts ----------------------------------------------------------------------------------------------------


def test_the_sizes_are_those_of_the_question() -> None:
    frame = frame_at(28)
    assert [step.size for step in frame.tape] == [28, 28, 14, 14, 7, 7, 4, 4, 8, 8, 16, 14, 28, 28]
    assert frame.result == "28 in, 28 out: it closes"
    assert "4,385 parameters" in frame.answers[2].lines[2]


@pytest.mark.parametrize("preset", PRESETS)
def test_the_formulas_foretell_every_n_that_the_real_model_gives(preset: str) -> None:
    settings = {**AS_ASKED, **PRESETS[preset]}
    chain = chains.layers(settings)
    for n in EVERY_N:
        predicted = chains.sizes(chains.axes(chain), n)
        try:
            model = chains._build(chain, n)
        except keras_layers.KerasRefusal:
            assert predicted.reason is not None, n
            continue
        assert predicted.reason is None, n
        assert tuple(layer.output.shape[1] for layer in model.layers) == predicted.sizes[1:], n
        assert {layer.output.shape[1] == layer.output.shape[2] for layer in model.layers} == {True}
        assert model.output_shape == (None, predicted.sizes[-1], predicted.sizes[-1], 1)


def test_as_asked_it_closes_for_every_eighth_n() -> None:
    gaps = chains.gaps(chains.axes(chains.layers(AS_ASKED)))
    assert [n for n, gap in gaps if gap == 0] == [12, 20, 28, 36] == [n for n in EVERY_N if n % 8 == 4]
    assert [gap for _, gap in gaps] == [8 * -(-n // 8) - 4 - n for n in EVERY_N]
    assert frame_at(28).strips[0].below == "From 8 to 40 it closes for n = 12, 20, 28, 36."


@pytest.mark.parametrize(
    ("n", "settings", "o", "said"),
    [
        (23, {}, 20, "3 too few"),
        (25, {}, 28, "3 too many"),
        (32, {}, 28, "4 too few"),
        (28, SAME, 32, "4 too many"),
        (28, VALID_POOLS, 20, "8 too few"),
        (28, {**SAME, **VALID_POOLS}, 24, "4 too few"),
        (28, {"padding_11": "same", "up_8": "transposed_0"}, 28, "it closes"),
        (32, SAME, 32, "it closes"),
    ],
)
def test_what_comes_out(n: int, settings: dict[str, str | int], o: int, said: str) -> None:
    frame = frame_at(n, **settings)
    assert frame.agrees and not frame.refused
    assert frame.tape[-1].size == o
    assert frame.result.endswith(said)
    assert [answer.lines[0] for answer in frame.answers] == [f"{o} × {o}"] * 3
    assert frame.headline == frame.result


def test_output_padding_takes_one_cell_back() -> None:
    assert shown(28, padding_11="same", up_8="transposed_0")[7:] == [4, 7, 7, 14, 14, 28, 28]
    assert sizes(28, up_8="bilinear", up_10="transposed") == sizes(28)


# -- every setting ------------------------------------------------------------------------------------------------


# -- what is impossible -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "stop", "layer"), [(28, 7, "A window of 3"), (8, 4, "A window of 2"), (12, 5, "A window of 3")]
)
def test_the_tape_ends_where_nothing_comes_out(n: int, stop: int, layer: str) -> None:
    frame = frame_at(n, **VALID)
    assert frame.refused and frame.agrees
    assert [step.mark for step in frame.tape[stop:]] == ["stop"] + ["unreached"] * (13 - stop)
    assert None not in [step.size for step in frame.tape[:stop]]
    formula, hand, keras = frame.answers
    assert formula.lines[1].startswith(f"Layer {stop}: {layer}")
    assert hand.lines[0] == "no output"
    assert keras.lines[0] == "refuses" and "Computed output size would be zero or negative" in keras.lines[1]
    assert any("Computed output size" in line for line in frame.tape[stop].lines)
    assert f"the tape ends at layer {stop}" in frame.summary


# -- a disagreement is shown --------------------------------------------------------------------------------------


def verdict(run: chains.ModelRun, predicted: chains.Sizes) -> tuple[bool, str]:
    return run.verdict(predicted, 13)


def test_a_disagreement_is_never_hidden() -> None:
    chain = chains.layers(AS_ASKED)
    run, predicted = chains.run(chain, 12), chains.sizes(chains.axes(chain), 12)
    assert verdict(run, predicted) == (True, f"They agree in all 13 sizes and in all {run.values:,} values.")

    def with_layer(i: int, **changes: Any) -> chains.ModelRun:
        changed = dataclasses.replace(run.comparisons[i], **changes)
        return dataclasses.replace(run, comparisons=(*run.comparisons[:i], changed, *run.comparisons[i + 1 :]))

    seventh = run.comparisons[6]
    assert seventh.by_hand is not None and seventh.keras is not None
    wrong = seventh.by_hand.copy()
    wrong[0, 1, 0, 3] += 0.001
    assert verdict(with_layer(6, by_hand=wrong), predicted)[1].startswith("Layer 7: They differ in 1 of 32 values")
    assert verdict(with_layer(6, keras=seventh.keras[:, :-1]), predicted)[1].startswith("Layer 7: They differ")
    assert verdict(with_layer(6, keras=None, refusal_keras="no"), predicted)[1].endswith("Keras refuses.")

    both = with_layer(12, by_hand=run.comparisons[12].by_hand[:, :-1], keras=run.comparisons[12].keras[:, :-1])  # type: ignore[index]
    both = dataclasses.replace(
        both,
        comparisons=(
            *both.comparisons[:12],
            dataclasses.replace(both.comparisons[12], tolerance=both.comparisons[12].tolerance[:, :-1]),  # type: ignore[index]
        ),
    )
    agrees, said = verdict(both, predicted)
    assert not agrees and said.startswith("They differ at layer 13: the formula says 12 × 12, by hand it is (11, 12)")

    built = (*run.built[:12], (None, 13, 13, 1))
    assert "the model says (13, 13)" in verdict(dataclasses.replace(run, built=built), predicted)[1]  # type: ignore[arg-type]
    assert not verdict(dataclasses.replace(run, refusal="no", built=()), predicted)[0]
    assert not verdict(dataclasses.replace(run, comparisons=run.comparisons[:-1]), predicted)[0]
    shorter = chains.Sizes(predicted.sizes[:-1], "a reason")
    assert verdict(run, shorter) == (
        False,
        f"They differ: the formula says that layer 13 has no output. Keras builds the model: {run.built}.",
    )
    longer = chains.Sizes((*predicted.sizes[:5], 9, *predicted.sizes[6:]), None)
    assert verdict(run, longer)[1].startswith("They differ at layer 5: the formula says 9 × 9")


def test_where_keras_refuses_the_first_layer_that_refuses_is_found_without_the_formulas() -> None:
    run = chains.run(chains.layers({**AS_ASKED, **VALID}), 28)
    assert [found.refused for found in run.comparisons] == [False] * 6 + [True]
    whole = chains.Sizes((28,) * 14, None)
    assert not run.verdict(whole, 13)[0]
    assert not dataclasses.replace(run, refusal=None).verdict(chains.Sizes((28, 26, 13, 11, 5, 3, 1), "no"), 13)[0]


def test_every_value_counts_and_none_of_the_maps_is_empty_of_meaning() -> None:
    run = chains.run(chains.layers({**AS_ASKED, "up_10": "transposed", "up_12": "bilinear"}), 20)
    for found in run.comparisons:
        assert found.by_hand is not None and np.unique(found.by_hand).size > 4, found.kind
    assert run.values == sum(found.by_hand.size for found in run.comparisons if found.by_hand is not None)


# -- the code -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "settings"),
    [(28, {}), (23, {"up_8": "transposed_0", "up_10": "bilinear", "up_12": "transposed", "pool_4": 3}), (40, SAME)],
)
def test_the_code_to_copy_runs_by_itself_and_prints_the_sizes(n: int, settings: dict[str, str | int]) -> None:
    frame = frame_at(n, **settings)
    *layers, last = printed_by(frame.code)[0].splitlines()
    assert [int(re.search(r"\(None, (\d+), \1, \d+\)", line)[1]) for line in layers] == shown(n, **settings)[1:]  # type: ignore[index]
    assert last == str((1, frame.tape[-1].size, frame.tape[-1].size, 1))


def test_the_model_that_is_printed_is_the_model_that_is_built() -> None:
    chain = chains.layers({**AS_ASKED, "up_8": "transposed_0", "up_10": "bilinear", "pool_6": 3})
    _, copied = printed_by(chains.script(chain, 30))
    built = chains._build(chain, 30)
    assert built.input_shape == copied["model"].input_shape
    for ours, theirs in zip(built.layers, copied["model"].layers, strict=True):
        one, two = ours.get_config(), theirs.get_config()
        assert one.pop("name") != two.pop("name")
        assert one == two


def test_the_layer_that_is_drawn_is_the_layer_that_is_built() -> None:
    seen: dict[str, chains.Layer] = {}
    for padding, pool, up in product(chains.PADDINGS, chains.POOL_SIZES, chains.UPS):
        values: dict[str, str | int] = {"padding": padding, "pool": pool, "up": up}
        chain = chains.layers({name: values[name.rpartition("_")[0]] for name in AS_ASKED})
        seen |= {layer.code.text: layer for layer in chain}
    for layer in seen.values():
        assert keras_layers.axes_of(layer.code.build()) == (layer.axis, layer.axis), layer.name
    assert len(seen) > 15


def test_the_weights_are_the_same_on_every_machine() -> None:
    transposed = (3, 3, 8, 8)
    first, again = (chains._weights.__wrapped__(8, transposed) for _ in range(2))
    assert (first == again).all()
    assert np.abs(first).max() < 0.3 and np.unique(first).size > 570
    assert (chains._weights(8, (8,)) != 0).all()


def test_the_network_returns_a_digit_at_28_as_asked_and_loses_it_at_32() -> None:
    run, at_32 = (chains.run(chains.layers(AS_ASKED), n) for n in (28, 32))
    assert run.y is not None and at_32.y is not None
    seen = chains.on_paper(digits()[0][:1500, :, :, 0].mean(axis=0), 28)
    error, of_the_mean = (np.mean((one - run.x[0, :, :, 0]) ** 2) for one in (run.y[0, :, :, 0], seen))
    assert run.parameters == 4385 and error < of_the_mean / 4
    assert (at_32.x[0, 2:-2, 2:-2] == run.x[0]).all() and at_32.y.shape == run.y.shape
    assert np.mean((at_32.y[0] - run.x[0]) ** 2) > 3 * error


def test_the_pictures_are_the_digit_and_what_the_network_makes_of_it() -> None:
    first, last = frame_at(32).photos
    assert (first.name, first.size, first.secret) == ("input", (32, 32), False)
    assert (last.name, last.size, last.secret) == ("output", (28, 28), True)
    assert first.key == last.key == "white is 0, black is 1"
    assert [photo["width"] for photo in frame_at(32).for_view()["photos"]] == [128, 112]
    assert frame_at(32).question.photos == (first,)
    for none in (frame_at(28, **VALID), frame_at(28, up_8="transposed")):
        assert [photo.name for photo in none.photos] == ["input"]
    assert "would have to learn" in frame_at(28, up_8="transposed").remarks[-1]


def test_nothing_is_named_by_keras_which_would_keep_it_for_ever() -> None:
    model = chains._build(chains.layers(AS_ASKED), 8)
    assert model.name == "explored"
    assert [layer.name for layer in model.layers] == [f"explored_{i}" for i in range(1, 14)]


# -- what is seen -------------------------------------------------------------------------------------------------


def test_the_way_up_is_held_against_the_way_down() -> None:
    steps = frame_at(28).tape
    assert [step.wanted for step in steps] == [None] * 8 + [7, 7, 14, 14, 28, 28]
    assert [step.verdict for step in steps[8:12]] == [
        "7 wanted, 1 too many",
        "7 wanted, 1 too many",
        "14 wanted, 2 too many",
        "14 wanted ✓",
    ]
    assert [step.wanted for step in frame_at(25, padding_5="valid").tape[8:]] == [5, 5, 13, 13, 25, 25]


def test_every_change_of_size_has_a_sign_and_words() -> None:
    notes = {step.name: step.said for step in frame_at(28).tape}
    assert notes["1 Conv2D"] == "= keeps the size"
    assert notes["2 MaxPooling2D"] == "÷ 2, no remainder"
    assert notes["6 MaxPooling2D"] == "▼ 7 / 2 rounded up"
    assert notes["8 UpSampling2D"] == "× 2"
    assert notes["11 Conv2D"] == "▼ loses 2"
    steps = frame_at(28, padding_6="valid", pool_2=3, up_8="transposed_0").tape
    assert steps[2].said == "▼ 28 / 3 rounded up"
    assert steps[6].said == "▼ 5 / 2: drops 1"
    assert steps[8].said == "▼ × 2, less 1"


def test_the_remarks_belong_to_the_setting() -> None:
    for frame, remark in (
        (frame_at(28), "Layers that round or lose: 6 (7 / 2 rounded up), 11 (loses 2)."),
        (frame_at(32, **SAME), "No layer rounds and no layer loses anything on the way."),
        (
            frame_at(36, **SAME, pool_2=3),
            "No layer rounds or loses anything, but the poolings divide by 12 and the way up multiplies by 8.",
        ),
    ):
        learned = "The network has learned 28 × 28 digits, with all layers as asked. It has never seen this one."
        assert frame.remarks == (remark, learned)
    assert "Layers that round or lose: 8 (× 2, less 1)" in frame_at(40, **SAME, up_8="transposed_0").remarks[0]
    assert frame_at(23).remarks[0].endswith("Multiplying again does not undo it.")
    assert "Open layer 7" in frame_at(28, **VALID).remarks[0]


def test_each_layer_opens_to_its_arithmetic() -> None:
    frame = frame_at(28, up_8="transposed")
    assert all(step["lines"] for step in frame.for_view()["tape"][1:])
    pooling = frame.tape[6].lines
    assert pooling[:4] == (
        'keras.layers.MaxPooling2D(pool_size=(2, 2), padding="same")',
        "o = ⌈n / s⌉ = ⌈7 / 2⌉ = 4",
        "p_before + p_after = max((o − 1)·s + k − n, 0) = max((4 − 1)·2 + 2 − 7, 0) = 1",
        "p_before = ⌊1 / 2⌋ = 0, p_after = 1 − 0 = 1",
    )
    assert "By hand 4 × 4 × 8, Keras 4 × 4 × 8" in pooling[4]
    assert "cut off the sum of all stamps: 0 before, 1 after" in frame.tape[8].lines
    assert "never read: 1 of 7" in frame_at(28, **VALID_POOLS).tape[6].lines


def test_the_strip_says_which_n_close() -> None:
    (strip,) = frame_at(28).strips
    assert strip.now == 28 and strip.entries[:5] == (
        (8, "−4", False),
        (9, "+3", False),
        (10, "+2", False),
        (11, "+1", False),
        (12, "✓", True),
    )
    (strip,) = frame_at(9, **VALID).strips
    assert {said for _, said, _ in strip.entries} == {"⊘"}
    assert "it closes for no n. For all of them nothing comes out." in strip.below


def test_without_other_sizes_nothing_tells_of_any_other_n() -> None:
    explorer = explore.autoencoder(other_sizes=False)
    assert "other_sizes" not in explorer.controls
    with_strip = explore.autoencoder()
    for n, padding_11 in ((28, "valid"), (32, "same"), (9, "valid")):
        for one in (explorer, with_strip):
            one.controls["n"].value, one.controls["padding_11"].value = n, padding_11
        told = [str(explorer.view.frame), explorer.frame.text, explorer.view.frame["said"]]
        bundle, metadata = explorer._repr_mimebundle_()
        told += [bundle["text/plain"], metadata["image/png"]["alt"]]
        for secret in ("how far the output is from each n", "closes for", "From 8 to 40"):
            assert secret not in "".join(told), (n, padding_11, secret)
        assert with_strip.view.frame["strips"]
        assert dataclasses.replace(with_strip.frame, strips=()) == explorer.frame
    explorer.presets["Same everywhere"].click()
    explorer.reset.click()
    assert not explorer.view.frame["strips"]


def test_before_they_are_asked_for_lesson_05_does_not_show_the_other_sizes() -> None:
    notebook = nbformat.read(Path(__file__).parents[1] / "notebooks" / "05_solve_the_autoencoder.ipynb", 4)
    sources = [cell.source for cell in notebook.cells]
    asked = sources.index("lesson.three_sizes.predict()")
    shown = [(place, source) for place, source in enumerate(sources) if source.startswith("explore.autoencoder(")]
    assert [("other_sizes=False" in source, place < asked) for place, source in shown] == [(True, True)] * 2 + [
        (False, False)
    ]


def test_the_question_shows_the_input_and_the_layers_and_no_size() -> None:
    explorer = explore.autoencoder(presenter=True)
    asked = explorer.shown.for_view()
    assert [step.size for step in explorer.shown.tape] == [28] + [None] * 13
    assert [step.get("size") for step in asked["tape"]] == [28] + [None] * 13
    assert "11 Conv2D" in str(asked) and "3 × 3 valid" in str(asked)
    for secret in ("14", "closes", "wanted", "rounded", "lines"):
        assert secret not in str(asked["tape"]), secret
    explorer.reveal.value = True
    assert "it closes" in explorer.view.frame["headline"]
    explorer.controls["n"].value = 27
    assert not explorer.reveal.value


# -- the controls -------------------------------------------------------------------------------------------------


def test_a_preset_sets_what_it_says_in_one_step_and_reset_takes_it_back() -> None:
    explorer = explore.autoencoder(n=30, pool_4=3)
    frames: list[Any] = []
    explorer.view.observe(frames.append, names="frame")
    explorer.presets["Same everywhere"].click()
    assert explorer.settings == {"n": 30, **AS_ASKED, "pool_4": 3, **SAME}
    frames.clear()
    explorer.presets["Valid everywhere"].click()
    assert len(frames) == 1  # not one for each of ten controls
    assert explorer.settings == {"n": 30, **AS_ASKED, "pool_4": 3, **VALID}
    explorer.presets["As asked"].click()
    assert explorer.settings == {"n": 30, **AS_ASKED}
    assert explorer.frame.setting == "n = 30, as asked"
    explorer.reset.click()
    assert explorer.settings == {"n": 30, **AS_ASKED, "pool_4": 3}
    assert explorer.frame.setting == "n = 30, as asked but for layer 4 3 × 3"


def test_every_control_has_a_label_of_its_own_and_a_place() -> None:
    explorer = explore.autoencoder()
    labels = [control.description for control in explorer.controls.values()]
    assert len(set(labels)) == len(labels) == 17
    assert set(explorer.controls) == {"n", *AS_ASKED}
    *_, box = explorer._panel.children
    assert list(box.children) == [control for name, control in explorer.controls.items() if name != "n"]


def test_the_still_shows_the_tape() -> None:
    explorer = explore.autoencoder()
    bundle, metadata = explorer._repr_mimebundle_()
    bare = dataclasses.replace(explorer.frame, tape=())
    with_tape, without = (
        stills.png(one.grids, one.text.split("\n"), one.photos, one.tape) for one in (explorer.frame, bare)
    )
    assert base64.b64decode(bundle["image/png"]) == with_tape and len(with_tape) > len(without)
    assert metadata["image/png"]["alt"].startswith("n = 28, as asked.\nWhat comes out: 28 in, 28 out: it closes.")
