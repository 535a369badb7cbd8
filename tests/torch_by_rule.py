"""A reference interpreter for tests: what PyTorch documents, in NumPy. It is not PyTorch, nor part of the course.

PyTorch is no dependency here. So the text that ``port`` writes is executed with this in its place: classes with the
signatures of ``torch.nn``, each of which works out the formula of its documentation page (``torch.nn.Conv2d``,
``ConvTranspose2d``, ``MaxPool2d``, ``AvgPool2d``, ``ConstantPad2d``, ``Upsample``, ``LayerNorm``, …) cell by cell, and
refuses what PyTorch refuses. It shares no code with the course: nothing here knows *same*, and nothing asks an axis.

Arrays are ``(batch, channels, *spatial)`` in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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


def _along(values: np.ndarray, x: np.ndarray) -> np.ndarray:
    """One number for each channel, shaped so that it meets the channels of ``x``."""
    return values.reshape(-1, *(1,) * (x.ndim - 2))


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
    assert array.dtype.kind == "f", f"PyTorch does not know NumPy's {array.dtype}"
    return Tensor(array)


class Module:
    """What is made by its arguments and then called; ``d`` is the number of its spatial dimensions."""

    d = 0
    weight: Tensor
    bias: Tensor | None
    training = True

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self.forward(x))

    def forward(self, x: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def eval(self) -> None:
        self.training = False

    def empty(self, weight: tuple[int, ...], bias: int | None) -> None:
        """Weights that make every result NaN until they are copied."""
        self.weight, self.bias = Tensor(np.full(weight, np.nan)), Tensor(np.full(bias, np.nan)) if bias else None

    def shifted(self, y: np.ndarray) -> np.ndarray:
        return y if self.bias is None else y + _along(self.bias.array, y)


class _Convolution(Module):
    """``out[f] = bias[f] + Σ_c weight[f, c] ⋆ input[c]``: cross-correlation with zeros on both sides."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1, bias: bool = True,
    ) -> None:  # fmt: skip
        assert in_channels % groups == 0 and out_channels % groups == 0
        self.in_channels, self.groups = in_channels, groups
        self.k, self.s, self.p, self.dil = (_many(v, self.d) for v in (kernel_size, stride, padding, dilation))
        self.empty((out_channels, in_channels // groups, *self.k), out_channels if bias else None)

    def forward(self, x: np.ndarray) -> np.ndarray:
        assert x.shape[1] == self.in_channels, f"{x.shape[1]} channels for {self.in_channels}"
        x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in self.p)])
        spans = [dil * (k - 1) + 1 for k, dil in zip(self.k, self.dil, strict=True)]
        seen = _windows(x, spans, [slice(None, None, s) for s in self.s], [slice(None, None, dil) for dil in self.dil])
        cells, weights = range(-self.d, 0), np.split(self.weight.array, self.groups)
        blocks = [
            np.tensordot(part, weight, axes=([1, *cells], [1, *cells]))
            for part, weight in zip(np.split(seen, self.groups, axis=1), weights, strict=True)
        ]
        return self.shifted(np.moveaxis(np.concatenate(blocks, axis=-1), -1, 1))


class _Transposed(Module):
    """Its output has ``(n − 1)·stride − 2·padding + dilation·(k − 1) + output_padding + 1`` cells.

    It is the gradient of the convolution: ``input[i]`` reaches ``i·stride − padding + t·dilation``.
    """

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
        self.empty((in_channels, out_channels, *self.k), out_channels if bias else None)

    def forward(self, x: np.ndarray) -> np.ndarray:
        assert x.shape[1] == self.in_channels
        rules = zip(x.shape[2:], self.k, self.s, self.op, self.dil, strict=True)
        whole = [(n - 1) * s + dil * (k - 1) + op + 1 for n, k, s, op, dil in rules]
        assert all(o > 2 * p for o, p in zip(whole, self.p, strict=True))
        y = np.zeros((x.shape[0], self.out_channels, *whole))
        for at in product(*map(range, self.k)):
            starts = zip((t * dil for t, dil in zip(at, self.dil, strict=True)), x.shape[2:], self.s, strict=True)
            reached = [slice(start, start + (n - 1) * s + 1, s) for start, n, s in starts]
            y[_everywhere(*reached)] += np.einsum("bc...,cf->bf...", x, self.weight.array[_everywhere(*at)])
        return self.shifted(y[_everywhere(*(slice(p, o - p) for o, p in zip(whole, self.p, strict=True)))])


class _Pool(Module):
    def _read(self, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool) -> None:
        self.k, self.p = _many(kernel_size, self.d), _many(padding, self.d)
        self.s = self.k if stride is None else _many(stride, self.d)
        self.round = math.ceil if ceil_mode else math.floor
        for k, p in zip(self.k, self.p, strict=True):
            assert 0 <= p <= k / 2, "pad should be at most half of effective kernel size"

    def _seen(self, x: np.ndarray, ghost: float) -> np.ndarray:
        """The cells of every window, in one axis; those beside the map hold ``ghost``."""
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
        seen = _windows(x, self.k, steps, [slice(None)] * self.d)
        return seen.reshape(*seen.shape[: -self.d], -1)


class _MaxPool(_Pool):
    """Padding is −∞, so it is as if it were not there."""

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: int = 1,
        return_indices: bool = False, ceil_mode: bool = False,
    ) -> None:  # fmt: skip
        assert dilation == 1 and not return_indices
        self._read(kernel_size, stride, padding, ceil_mode)

    def forward(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self._seen(x, -np.inf).max(axis=-1))


class _AvgPool(_Pool):
    """Padding is 0 and counts, unless ``count_include_pad=False``; then only the cells of the map are counted."""

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:  # fmt: skip
        self._read(kernel_size, stride, padding, ceil_mode)
        assert not (count_include_pad and (ceil_mode or any(self.p))), "not needed here, so not interpreted"

    def forward(self, x: np.ndarray) -> np.ndarray:
        # Not in the documentation: PyTorch 2.13 itself says so.
        larger = [k for k, n in zip(self.k, x.shape[2:], strict=True) if k > n]
        assert self.d < 3 or not larger, "input image smaller than kernel size"
        return np.asarray(np.nanmean(self._seen(x, np.nan), axis=-1))


class _Adaptive(Module):
    how: Any = staticmethod(np.mean)

    def __init__(self, output_size: int) -> None:
        assert output_size == 1

    def forward(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self.how(x, axis=tuple(range(2, 2 + self.d)), keepdims=True))


class _AdaptiveMax(_Adaptive):
    how = staticmethod(np.max)


class _ConstantPad(Module):
    """Sides from the last axis: left, right, top, bottom, front, back. Below 0 they cut off."""

    def __init__(self, padding: Any, value: float) -> None:
        self.sides, self.value = _many(padding, 2 * self.d), value

    def forward(self, x: np.ndarray) -> np.ndarray:
        for axis in range(self.d):
            before, after = self.sides[2 * axis : 2 * axis + 2]
            dim = x.ndim - 1 - axis
            x = np.take(x, range(max(-before, 0), x.shape[dim] - max(-after, 0)), axis=dim)
            margins = [(0, 0)] * x.ndim
            margins[dim] = (max(before, 0), max(after, 0))
            x = np.pad(x, margins, constant_values=self.value)
        assert x.size
        return x


class Upsample(Module):
    """nearest: cell ``⌊i / f⌋``. bilinear, align_corners=False: half-pixel centres, the place not below 0."""

    def __init__(self, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None):
        assert size is None and mode in ("nearest", "bilinear")
        assert (align_corners is None) if mode == "nearest" else (align_corners is False)
        self.factor, self.mode = scale_factor, mode

    def forward(self, x: np.ndarray) -> np.ndarray:
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


class Sequential(Module):
    def __init__(self, *modules: Any) -> None:
        self.modules = modules

    def __getitem__(self, place: int) -> Any:
        return self.modules[place]

    def eval(self) -> None:
        for module in self.modules:
            module.eval()

    def forward(self, x: np.ndarray) -> np.ndarray:
        for module in self.modules:
            x = module(x)
        return x


class Linear(Module):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        self.empty((out_features, in_features), out_features if bias else None)

    def forward(self, x: np.ndarray) -> np.ndarray:
        return self.shifted(x @ self.weight.array.T)


class _BatchNorm(Module):
    """After ``eval()``: ``(x − running_mean) / √(running_var + eps) · weight + bias``."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        self.eps, self.momentum = eps, momentum
        self.weight, self.bias = Tensor(np.ones(num_features)), Tensor(np.zeros(num_features))
        self.running_mean, self.running_var = Tensor(np.zeros(num_features)), Tensor(np.ones(num_features))

    def forward(self, x: np.ndarray) -> np.ndarray:
        assert not self.training, "it would take the mean of the batch"
        assert x.ndim in ((2, 3) if self.d == 1 else (self.d + 2,))
        spread = np.sqrt(_along(self.running_var.array, x) + self.eps)
        return self.shifted((x - _along(self.running_mean.array, x)) / spread * _along(self.weight.array, x))


def _standardized(x: np.ndarray, axes: tuple[int, ...], eps: float) -> np.ndarray:
    """``(x − E[x]) / √(Var[x] + eps)``; the variance is divided by the number of cells."""
    return np.asarray((x - x.mean(axis=axes, keepdims=True)) / np.sqrt(x.var(axis=axes, keepdims=True) + eps))


class LayerNorm(Module):
    """Over the last dimensions, ``normalized_shape`` of them, with a weight and a bias for each of their cells."""

    def __init__(self, normalized_shape: Any, eps: float = 1e-5, elementwise_affine: bool = True, bias: bool = True):
        self.shape = _many(normalized_shape, 1) if isinstance(normalized_shape, int) else normalized_shape
        self.eps = eps
        if elementwise_affine:
            self.weight = Tensor(np.ones(self.shape))
        self.bias = Tensor(np.zeros(self.shape)) if elementwise_affine and bias else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        assert x.shape[-len(self.shape) :] == self.shape, f"{x.shape} does not end with {self.shape}"
        y = _standardized(x, tuple(range(-len(self.shape), 0)), self.eps)
        y = y * self.weight.array if hasattr(self, "weight") else y
        return y if self.bias is None else y + self.bias.array


class GroupNorm(Module):
    """Over blocks of neighbouring channels and all their cells, with a weight and a bias for each channel."""

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5) -> None:
        assert num_channels % num_groups == 0
        self.groups, self.eps = num_groups, eps
        self.weight, self.bias = Tensor(np.ones(num_channels)), Tensor(np.zeros(num_channels))

    def forward(self, x: np.ndarray) -> np.ndarray:
        blocks = x.reshape(len(x), self.groups, -1)
        return self.shifted(_standardized(blocks, (2,), self.eps).reshape(x.shape) * _along(self.weight.array, x))


class Dropout(Module):
    """Nothing after ``eval()``."""

    def __init__(self, p: float = 0.5) -> None: ...

    def forward(self, x: np.ndarray) -> np.ndarray:
        assert not self.training
        assert x.ndim == self.d + 2 or not self.d
        return x


def _soft(x: np.ndarray, dim: int) -> np.ndarray:
    powers = np.exp(x - x.max(axis=dim, keepdims=True))
    return np.asarray(powers / powers.sum(axis=dim, keepdims=True))


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray((1 + np.tanh(x / 2)) / 2)


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.where(x > 20, x, np.log1p(np.exp(np.minimum(x, 20))))


def _glu(x: np.ndarray, dim: int) -> np.ndarray:
    first, second = np.split(x, 2, axis=dim)
    return np.asarray(first * _sigmoid(second))


def _hard_tanh(x: np.ndarray, min_val: float = -1.0, max_val: float = 1.0) -> np.ndarray:
    assert min_val < max_val
    return np.asarray(np.clip(x, min_val, max_val))


_GELU: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "none": lambda x: x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2,
    "tanh": lambda x: x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2,
}

#: Activations: the formula of each, and its settings with the values that PyTorch gives them.
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "CELU": lambda x, alpha=1.0: np.maximum(x, 0) + np.minimum(alpha * np.expm1(x / alpha), 0),
    "ELU": lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
    "Flatten": lambda x: x.reshape(x.shape[0], -1),
    "GELU": lambda x, approximate="none": _GELU[approximate](x),
    "GLU": _glu,
    "Hardshrink": lambda x, lambd=0.5: np.where(np.abs(x) > lambd, x, 0),
    "Hardsigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "Hardswish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "Hardtanh": _hard_tanh,
    "Identity": lambda x: x,
    "LeakyReLU": lambda x, negative_slope=0.01: np.maximum(x, 0) + negative_slope * np.minimum(x, 0),
    "LogSigmoid": lambda x: -np.logaddexp(0, -x),
    "LogSoftmax": lambda x, dim: np.log(_soft(x, dim)),
    "Mish": lambda x: x * np.tanh(_softplus(x)),
    "ReLU": lambda x: np.maximum(x, 0),
    "ReLU6": lambda x: np.minimum(np.maximum(x, 0), 6),
    "SELU": lambda x: (
        1.0507009873554804934193349852946 * np.where(x > 0, x, 1.6732632423543772848170429916717 * np.expm1(x))
    ),
    "SiLU": lambda x: x * _sigmoid(x),
    "Sigmoid": _sigmoid,
    "Softmax": _soft,
    "Softplus": _softplus,
    "Softshrink": lambda x, lambd=0.5: np.sign(x) * np.maximum(np.abs(x) - lambd, 0),
    "Softsign": lambda x: x / (1 + np.abs(x)),
    "Tanh": np.tanh,
    "Tanhshrink": lambda x: x - np.tanh(x),
    "Threshold": lambda x, threshold, value: np.where(x > threshold, x, value),
}


def _made(function: Callable[..., Any]) -> Callable[..., Module]:
    """A module whose arguments are the settings of a function."""

    class Made(Module):
        def __init__(self, *values: Any, **settings: Any) -> None:
            self.values, self.settings = values, settings

        def forward(self, x: np.ndarray) -> np.ndarray:
            return np.asarray(function(x, *self.values, **self.settings))

    return Made


nn = SimpleNamespace(**{name: _made(function) for name, function in _FUNCTIONS.items()})
for _class in (Module, Sequential, Linear, Dropout, Upsample, LayerNorm, GroupNorm):
    setattr(nn, _class.__name__, _class)
for _base, _name in (
    (_Convolution, "Conv"), (_Transposed, "ConvTranspose"), (_MaxPool, "MaxPool"), (_AvgPool, "AvgPool"),
    (_Adaptive, "AdaptiveAvgPool"), (_AdaptiveMax, "AdaptiveMaxPool"), (_ConstantPad, "ConstantPad"),
    (_BatchNorm, "BatchNorm"), (Dropout, "Dropout"),
):  # fmt: skip
    for _d in (1, 2, 3):
        setattr(nn, f"{_name}{_d}d", type(f"{_name}{_d}d", (_base,), {"d": _d}))
nn.ZeroPad2d = lambda padding: nn.ConstantPad2d(padding, 0.0)
torch = SimpleNamespace(nn=nn, from_numpy=from_numpy, permute_copy=np.transpose)


def execute(text: str, layer: Any) -> Any:
    """Run ported code as it would be pasted, with this in the place of PyTorch, and return the module."""
    lines = text.splitlines()
    known = {"import torch", "from torch import nn"}
    code = "\n".join(line for line in lines if line not in known)
    imported = {name for line in lines for name in ("torch", "nn") if line.endswith(f"import {name}")}
    names = {name: {"torch": torch, "nn": nn}[name] for name in imported} | {"layer": layer}
    exec(code, names)
    return names["ported"]
