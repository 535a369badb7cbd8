"""All that ``explain`` advises, for models that are drawn at random: built, run, and held against brute force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import course_utils

L: Any = keras.layers
explain: Any = course_utils.explain


class Own(L.Layer):  # type: ignore[misc]
    """Keras cannot write down an array."""

    def __init__(self, factors: Any) -> None:
        super().__init__()
        self.factors = factors

    def call(self, x: Any) -> Any:
        return x * self.factors


@dataclass(frozen=True)
class Drawn:
    """A model that is drawn.

    Attributes:
        make: builds it for some sizes.
        sizes: what goes in.
        first: whether the channels stand first.
        down: how often each layer divides, by its name, for the search by brute force.
    """

    make: Callable[[tuple[int, ...]], Any]
    sizes: tuple[int, ...]
    first: bool
    down: dict[str, Fraction]

    def shape(self, sizes: tuple[int, ...]) -> tuple[int, ...]:
        return (1, *sizes) if self.first else (*sizes, 1)


def middles(random: Random, d: int, order: dict[str, str]) -> list[Callable[[], Any]]:
    """What may stand between the way down and the way up, and keeps the size."""
    conv = getattr(L, f"Conv{d}D")
    found: list[Callable[[], Any]] = [
        lambda: L.Lambda(lambda t: t * 2),
        lambda: Own(np.ones(1)),
        lambda: L.ReLU(),
        lambda: conv(2, 3, padding="same", **order),
        lambda: conv(2, 3, padding="valid", **order),
    ]
    return random.sample(found, random.randrange(3))


def chain(random: Random) -> Drawn:
    """Down and up again: pooled, strided or padded, doubled or transposed, flat or nested, of any rank and layout."""
    d = random.choice([1, 2, 2, 2, 3])
    first = d > 1 and random.random() < 0.25  # UpSampling1D knows one layout only
    order = {"data_format": "channels_first"} if first else {}
    n = random.randrange(12, 34)
    sizes = (n,) * d if random.random() < 0.5 else tuple(random.randrange(12, 34) for _ in range(d))
    times = [random.choice([2, 2, 2, 3]) for _ in range(random.choice([1, 2, 2, 3]) if d < 3 else 1)]
    how_down, how_up = random.choice(["pool", "valid", "conv", "padded"]), random.choice(["copy", "stamp"])
    extra = random.choice([None, None, ("same", 3), ("valid", 3), ("valid", 2)])
    middle, nested = middles(random, d, order), random.random() < 0.3
    factors: dict[str, Fraction] = {}

    def layer(kind: str, *numbers: Any, name: str, factor: Fraction = Fraction(1), **more: Any) -> Any:
        factors[name] = factor
        return getattr(L, f"{kind}{d}D")(*numbers, name=name, **more, **order)

    def make(given: tuple[int, ...]) -> Any:
        down: list[Any] = []
        for place, s in enumerate(times):
            name, factor = f"down{place}", Fraction(1, s)
            if how_down in ("pool", "valid"):
                padding = "same" if how_down == "pool" else "valid"
                down.append(layer("MaxPooling", s, padding=padding, name=name, factor=factor))
            elif how_down == "conv":
                down.append(layer("Conv", 2, 3, strides=s, padding="same", name=name, factor=factor))
            else:
                down.append(layer("ZeroPadding", 1, name=f"pad{place}"))
                down.append(layer("Conv", 2, 3, strides=s, name=name, factor=factor))
        up: list[Any] = []
        for place, s in enumerate(reversed(times)):
            name, factor = f"up{place}", Fraction(s)
            if how_up == "copy":
                up.append(layer("UpSampling", s, name=name, factor=factor))
            else:
                up.append(layer("Conv", 2, 3, strides=s, padding="same", name=name, factor=factor))
                kind = getattr(L, f"Conv{d}DTranspose")
                up[-1] = kind(2, 3, strides=s, padding="same", name=name, **order)
        if extra is not None:
            up.insert(len(up) - 1, layer("Conv", 2, extra[1], padding=extra[0], name="extra"))
        up.append(layer("Conv", 1, 1, name="last"))
        shape = (1, *given) if first else (*given, 1)
        if not nested:
            return keras.Sequential([keras.Input(shape), *down, *[m() for m in middle], *up])
        encoder = keras.Sequential([keras.Input(shape), *down], name="encoder")
        decoder = keras.Sequential([keras.Input(encoder.output_shape[1:]), *[m() for m in middle], *up], name="decoder")
        image = keras.Input(shape)
        return keras.Model(image, decoder(encoder(image)))

    return Drawn(make, sizes, first, factors)


def joined(random: Random) -> Drawn:
    """A U-Net or a residual network whose maps may not meet."""
    depth, s = random.choice([1, 2, 3]), random.choice([2, 2, 3])
    sizes = (random.randrange(20, 50),) * 2 if random.random() < 0.6 else tuple(random.randrange(20, 50) for _ in "hw")
    padding, join = random.choice(["valid", "same"]), random.choice([L.Concatenate, L.Add])
    odd = random.random() < 0.3

    def make(given: tuple[int, ...]) -> Any:
        x = image = keras.Input((*given, 1))
        skips = []
        for place in range(depth):
            x = L.Conv2D(2, 3, padding="valid" if odd else "same", name=f"conv{place}")(x)
            skips.append(x)
            x = L.MaxPooling2D(s, padding=padding, name=f"down{place}")(x)
        for place, skip in enumerate(reversed(skips)):
            up = L.UpSampling2D(s, name=f"up{place}")(x)
            x = join(name=f"join{place}")([skip, L.Conv2D(2, 1)(up)])
        return keras.Model(image, L.Conv2D(1, 1, name="last")(x))

    return Drawn(make, sizes, False, {})


def check(drawn: Drawn) -> bool:
    """Every claim of the diagnosis; False where there is none."""
    try:
        model = drawn.make(drawn.sizes)
    except ValueError:
        return check_failing(drawn)
    found = explain(model)
    assert found.agrees or found.without_rule, str(found)
    told = found.diagnosis
    assert "fault of this course" not in str(found)
    if told is None:
        return False
    target = drawn.shape(drawn.sizes)
    assert not told.hits and told.target[1:] == target
    for size in told.sizes:
        assert size.input_shape == size.output_shape
        assert drawn.make(sizes_in(drawn, size.input_shape)).output_shape[1:] == size.output_shape
    for repair in told.repairs:
        names: dict[str, Any] = {"keras": keras, "model": model}
        exec(repair.code, names)
        assert names["repaired"](np.zeros((1, *target), "float32")).shape == (1, *target), repair.what
    check_cause(drawn, found)
    return True


def sizes_in(drawn: Drawn, shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[1:] if drawn.first else shape[:-1]


def check_cause(drawn: Drawn, found: Any) -> None:
    """By brute force: how many cells of the input each layer's output stands for, by Keras's sizes."""
    cause = found.diagnosis.cause
    gaps: list[tuple[str, int, Fraction]] = []
    for axis, n in enumerate(drawn.sizes):
        each, before = Fraction(1), Fraction(n)
        for row in found.rows[1:] if found.rows[0].kind == "InputLayer" else found.rows:
            name = row.layer.split("/")[-1]
            each /= drawn.down.get(name, Fraction(1))
            stands_for = sizes_in(drawn, row.keras_shapes[0][1:])[axis] * each
            if not name.startswith("pad"):  # counted with the convolution behind it
                gaps += [(row.layer, axis, stands_for - before)] * (stands_for != before)
                before = stands_for
    totals = [sum(gap for _, at, gap in gaps if at == axis) for axis in range(len(drawn.sizes))]
    blamed = [(name, axis) for name, axis, gap in gaps if totals[axis] and (gap > 0) == (totals[axis] > 0)]
    first = min((axis for _, axis in blamed), default=None)
    expected = next(((name, axis) for name, axis in blamed if axis == first), None)
    assert (cause and (cause.step.layer, cause.axis)) == expected, str(found)


def check_failing(drawn: Drawn) -> bool:
    """A model that does not build: what is said of it while it is being built."""

    def make() -> Any:
        return drawn.make(drawn.sizes)

    told = explain.building(make).diagnosis
    assert told is not None and "fault of this course" not in str(told)
    for size in told.sizes:
        assert drawn.make(sizes_in(drawn, size.input_shape)).output_shape[1:] == size.output_shape
    for repair in told.repairs:
        names: dict[str, Any] = {"keras": keras, "make": make}
        exec(repair.code, names)
        assert names["repaired"](np.zeros((1, *drawn.shape(drawn.sizes)), "float32")).shape[0] == 1, repair.what
    return True


@pytest.mark.parametrize("kind", [chain, joined])
@pytest.mark.parametrize(
    "examples", [pytest.param(50, id="short"), pytest.param(1000, id="wide", marks=pytest.mark.everything)]
)
def test_whatever_is_advised_holds(kind: Callable[[Random], Drawn], examples: int) -> None:
    diagnosed = []

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 2**32))
    def holds(seed: int) -> None:
        diagnosed.append(check(kind(Random(seed))))

    holds()
    assert sum(diagnosed) > examples // 4, "most models that are drawn must have something to say of"
