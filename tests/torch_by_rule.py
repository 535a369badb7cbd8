"""A reference interpreter for tests: what PyTorch documents, in NumPy. It is not PyTorch, nor part of the course.

PyTorch is no dependency here. So the text that ``port`` writes is executed with this in its place: classes with the
signatures of ``torch.nn``, each of which works out the formula of its documentation page (``torch.nn.Conv2d``,
``ConvTranspose2d``, ``MaxPool2d``, ``AvgPool2d``, ``ConstantPad2d``, ``Upsample``, …) cell by cell, and refuses what
PyTorch refuses. It shares no code with the course: nothing here knows *same*, and nothing here asks an axis.

Arrays are ``(batch, channels, *spatial)`` in float64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def _many(value: Any, d: int) -> tuple[int, ...]:
    found = (value,) * d if isinstance(value, int) else tuple(value)
    assert len(found) == d, f"{value!r} for {d} dimensions"
    return found


def _everywhere(*places: Any) -> tuple[Any, ...]:
    """The index of a place in all examples and all channels."""
    return (slice(None), slice(None), *places)


def _windows(x: np.ndarray, spans: Sequence[int], steps: Sequence[slice], inside: Sequence[slice]) -> np.ndarray:
    """``(batch, channels, *windows, *cells)``: every ``steps``-th window of the map, every ``inside``-th cell of it."""
    assert all(n >= span for n, span in zip(x.shape[2:], spans, strict=True)), "input image smaller than kernel size"
    found: np.ndarray = sliding_window_view(x, spans, axis=tuple(range(2, x.ndim)))
    return np.asarray(found[_everywhere(*steps, *inside)])


class Tensor:
    """An array that can be copied into, where the shape is exactly the same (PyTorch would broadcast)."""

    def __init__(self, array: Any) -> None:
        self.array = np.asarray(array, np.float64)

    @property
    def data(self) -> Tensor:
        return self

    def copy_(self, other: Tensor) -> None:
        assert self.array.shape == other.array.shape, f"{other.array.shape} does not fit {self.array.shape}"
        self.array = other.array.copy()


def from_numpy(array: np.ndarray) -> Tensor:
    assert isinstance(array, np.ndarray) and all(s >= 0 for s in array.strides), "PyTorch takes no negative strides"
    return Tensor(array)


class _Convolution:
    """``out[f] = bias[f] + Σ_c weight[f, c] ⋆ input[c]``: cross-correlation with zeros on both sides."""

    d = 0

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1, bias: bool = True,
    ) -> None:  # fmt: skip
        assert in_channels % groups == 0 and out_channels % groups == 0
        self.in_channels, self.groups = in_channels, groups
        self.k, self.s, self.p, self.dil = (_many(v, self.d) for v in (kernel_size, stride, padding, dilation))
        self.weight = Tensor(np.full((out_channels, in_channels // groups, *self.k), np.nan))
        if bias:
            self.bias = Tensor(np.full(out_channels, np.nan))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        assert x.shape[1] == self.in_channels, f"{x.shape[1]} channels for {self.in_channels}"
        x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in self.p)])
        spans = [dil * (k - 1) + 1 for k, dil in zip(self.k, self.dil, strict=True)]
        seen = _windows(x, spans, [slice(None, None, s) for s in self.s], [slice(None, None, dil) for dil in self.dil])
        cells = range(-self.d, 0)
        blocks = [
            np.tensordot(part, weight, axes=([1, *cells], [1, *cells]))
            for part, weight in zip(
                np.split(seen, self.groups, axis=1), np.split(self.weight.array, self.groups), strict=True
            )
        ]
        y = np.moveaxis(np.concatenate(blocks, axis=-1), -1, 1)
        return y + self.bias.array.reshape(-1, *(1,) * self.d) if hasattr(self, "bias") else y


class _Transposed:
    """Its output has ``(n − 1)·stride − 2·padding + dilation·(k − 1) + output_padding + 1`` cells.

    It is the gradient of the convolution: ``input[i]`` reaches ``i·stride − padding + t·dilation``.
    """

    d = 0

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, bias: bool = True, dilation: Any = 1,
    ) -> None:  # fmt: skip
        assert groups == 1
        self.in_channels, self.out_channels = in_channels, out_channels
        self.k, self.s, self.p, self.op, self.dil = (
            _many(v, self.d) for v in (kernel_size, stride, padding, output_padding, dilation)
        )
        for op, s, dil in zip(self.op, self.s, self.dil, strict=True):
            assert 0 <= op < max(s, dil), "output padding must be smaller than either stride or dilation"
        assert min(self.p) >= 0
        self.weight = Tensor(np.full((in_channels, out_channels, *self.k), np.nan))
        if bias:
            self.bias = Tensor(np.full(out_channels, np.nan))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        assert x.shape[1] == self.in_channels
        rules = zip(x.shape[2:], self.k, self.s, self.op, self.dil, strict=True)
        whole = [(n - 1) * s + dil * (k - 1) + op + 1 for n, k, s, op, dil in rules]
        assert all(o > 2 * p for o, p in zip(whole, self.p, strict=True))
        y = np.zeros((x.shape[0], self.out_channels, *whole))
        for at in product(*map(range, self.k)):
            starts = zip((t * dil for t, dil in zip(at, self.dil, strict=True)), x.shape[2:], self.s, strict=True)
            reached = [slice(start, start + (n - 1) * s + 1, s) for start, n, s in starts]
            weight = self.weight.array[_everywhere(*at)]
            y[_everywhere(*reached)] += np.einsum("bc...,cf->bf...", x, weight)
        y = np.asarray(y[_everywhere(*(slice(p, o - p) for o, p in zip(whole, self.p, strict=True)))])
        return y + self.bias.array.reshape(-1, *(1,) * self.d) if hasattr(self, "bias") else y


class _Pool:
    d = 0

    def _read(self, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool) -> None:
        self.k, self.p = _many(kernel_size, self.d), _many(padding, self.d)
        self.s = self.k if stride is None else _many(stride, self.d)
        self.round = math.ceil if ceil_mode else math.floor
        for k, p in zip(self.k, self.p, strict=True):
            assert 0 <= p <= k / 2, "pad should be at most half of effective kernel size"

    def _seen(self, x: np.ndarray, ghost: float) -> np.ndarray:
        """The cells of every window; those beside the map hold ``ghost``."""
        margins, steps = [], []
        for n, k, s, p in zip(x.shape[2:], self.k, self.s, self.p, strict=True):
            o = self.round((n + 2 * p - k) / s) + 1
            # "Sliding windows that would start in the right padded region are ignored."
            while self.round is math.ceil and (o - 1) * s >= n + p:
                o -= 1
            assert o > 0, "Output size is too small"
            margins.append((p, max((o - 1) * s + k - n - p, 0)))
            steps.append(slice(0, (o - 1) * s + 1, s))
        x = np.pad(x, [(0, 0), (0, 0), *margins], constant_values=ghost)
        return _windows(x, self.k, steps, [slice(None)] * self.d)


class _MaxPool(_Pool):
    """Padding is −∞, so it is as if it were not there."""

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: int = 1,
        return_indices: bool = False, ceil_mode: bool = False,
    ) -> None:  # fmt: skip
        assert dilation == 1 and not return_indices
        self._read(kernel_size, stride, padding, ceil_mode)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        pooled: np.ndarray = self._seen(x, -np.inf).max(axis=tuple(range(-self.d, 0)))
        return pooled


class _AvgPool(_Pool):
    """Padding is 0 and counts, unless ``count_include_pad=False``; then only the cells of the map are counted."""

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:  # fmt: skip
        self._read(kernel_size, stride, padding, ceil_mode)
        assert not (count_include_pad and (ceil_mode or any(self.p))), "not needed here, so not interpreted"

    def __call__(self, x: np.ndarray) -> np.ndarray:
        # Not in the documentation: PyTorch 2.13 itself says so.
        larger = [k for k, n in zip(self.k, x.shape[2:], strict=True) if k > n]
        assert self.d < 3 or not larger, "input image smaller than kernel size"
        return np.asarray(np.nanmean(self._seen(x, np.nan), axis=tuple(range(-self.d, 0))))


class _Adaptive:
    d, how = 0, "mean"

    def __init__(self, output_size: int) -> None:
        assert output_size == 1

    def __call__(self, x: np.ndarray) -> np.ndarray:
        pooled: np.ndarray = getattr(x, self.how)(axis=tuple(range(2, 2 + self.d)), keepdims=True)
        return pooled


class _ConstantPad:
    """Sides from the last axis: left, right, top, bottom, front, back. Below 0 they cut off."""

    d = 0

    def __init__(self, padding: Any, value: float) -> None:
        self.sides, self.value = _many(padding, 2 * self.d), value

    def __call__(self, x: np.ndarray) -> np.ndarray:
        for axis in range(self.d):
            before, after = self.sides[2 * axis : 2 * axis + 2]
            dim = x.ndim - 1 - axis
            x = np.take(x, range(max(-before, 0), x.shape[dim] - max(-after, 0)), axis=dim)
            margins = [(0, 0)] * x.ndim
            margins[dim] = (max(before, 0), max(after, 0))
            x = np.pad(x, margins, constant_values=self.value)
        assert x.size
        return x


class _Upsample:
    """nearest: cell ``⌊i / f⌋``. bilinear, align_corners=False: half-pixel centres, the place not below 0."""

    def __init__(self, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None):
        assert size is None and mode in ("nearest", "bilinear")
        assert (align_corners is None) if mode == "nearest" else (align_corners is False)
        self.factor, self.mode = scale_factor, mode

    def __call__(self, x: np.ndarray) -> np.ndarray:
        for dim, f in enumerate(_many(self.factor, x.ndim - 2), start=2):
            n, i = x.shape[dim], np.arange(x.shape[dim] * f)
            if self.mode == "nearest":
                x = np.take(x, np.floor(i / f).astype(int), axis=dim)
                continue
            place = np.maximum((i + 0.5) / f - 0.5, 0)
            low = np.floor(place).astype(int)
            high, part = np.minimum(low + 1, n - 1), (place - low).reshape(-1, *(1,) * (x.ndim - dim - 1))
            x = np.take(x, low, axis=dim) * (1 - part) + np.take(x, high, axis=dim) * part
        return x


class Sequential:
    def __init__(self, *modules: Any) -> None:
        self.modules = modules

    def __getitem__(self, place: int) -> Any:
        return self.modules[place]

    def eval(self) -> None: ...

    def __call__(self, x: np.ndarray) -> np.ndarray:
        for module in self.modules:
            x = module(x)
        return x


class Linear:
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        self.weight = Tensor(np.full((out_features, in_features), np.nan))
        if bias:
            self.bias = Tensor(np.full(out_features, np.nan))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        y = x @ self.weight.array.T
        return y + self.bias.array if hasattr(self, "bias") else y


class _BatchNorm:
    """After ``eval()``: ``(x − running_mean) / √(running_var + eps) · weight + bias``."""

    d = 0

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        self.eps, self.momentum, self.ready = eps, momentum, False
        self.weight, self.bias = Tensor(np.ones(num_features)), Tensor(np.zeros(num_features))
        self.running_mean, self.running_var = Tensor(np.zeros(num_features)), Tensor(np.ones(num_features))

    def eval(self) -> None:
        self.ready = True

    def __call__(self, x: np.ndarray) -> np.ndarray:
        assert self.ready, "in training it would take the mean of the batch"
        assert x.ndim in ((2, 3) if self.d == 1 else (self.d + 2,))

        def along(t: Tensor) -> np.ndarray:
            return t.array.reshape(-1, *(1,) * (x.ndim - 2))

        scaled = (x - along(self.running_mean)) / np.sqrt(along(self.running_var) + self.eps)
        shifted: np.ndarray = scaled * along(self.weight) + along(self.bias)
        return shifted


class Dropout:
    def __init__(self, p: float = 0.5) -> None:
        self.ready = False

    def eval(self) -> None:
        self.ready = True

    def __call__(self, x: np.ndarray) -> np.ndarray:
        assert self.ready
        return x


def _pointwise(function: Any) -> Any:
    return lambda: function


class Softmax:
    def __init__(self, dim: int) -> None:
        self.dim = dim

    def __call__(self, x: np.ndarray) -> np.ndarray:
        powers = np.exp(x - x.max(axis=self.dim, keepdims=True))
        shares: np.ndarray = powers / powers.sum(axis=self.dim, keepdims=True)
        return shares


nn = SimpleNamespace(
    Sequential=Sequential,
    Linear=Linear,
    Dropout=Dropout,
    Softmax=Softmax,
    Upsample=_Upsample,
    Flatten=lambda: lambda x: x.reshape(x.shape[0], -1),
    Identity=_pointwise(lambda x: x),
    ReLU=_pointwise(lambda x: np.maximum(x, 0)),
    ReLU6=_pointwise(lambda x: np.minimum(np.maximum(x, 0), 6)),
    Sigmoid=_pointwise(lambda x: (1 + np.tanh(x / 2)) / 2),
    SiLU=_pointwise(lambda x: x * (1 + np.tanh(x / 2)) / 2),
    Tanh=_pointwise(np.tanh),
    Softplus=_pointwise(lambda x: np.where(x > 20, x, np.log1p(np.exp(np.minimum(x, 20))))),
    ELU=_pointwise(lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0)))),
)
for _d in (1, 2, 3):
    for _name, _base in (
        ("Conv#d", _Convolution), ("ConvTranspose#d", _Transposed), ("MaxPool#d", _MaxPool), ("AvgPool#d", _AvgPool),
        ("ConstantPad#d", _ConstantPad), ("BatchNorm#d", _BatchNorm),
    ):  # fmt: skip
        setattr(nn, _name.replace("#", str(_d)), type(_name, (_base,), {"d": _d}))
    for _how, _name in (("mean", "Avg"), ("max", "Max")):
        setattr(nn, f"Adaptive{_name}Pool{_d}d", type(_name, (_Adaptive,), {"d": _d, "how": _how}))
nn.ZeroPad2d = lambda padding: nn.ConstantPad2d(padding, 0.0)
torch = SimpleNamespace(nn=nn, from_numpy=from_numpy)


def execute(text: str, layer: Any) -> Any:
    """Run ported code as it would be pasted, with this in the place of PyTorch, and return the module."""
    lines = text.splitlines()
    known = {"import torch", "from torch import nn"}
    code = "\n".join(line for line in lines if line not in known)
    imported = {name for line in lines for name in ("torch", "nn") if line.endswith(f"import {name}")}
    names = {name: {"torch": torch, "nn": nn}[name] for name in imported} | {"layer": layer}
    exec(code, names)
    return names["ported"]
