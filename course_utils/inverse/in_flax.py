"""flax: which modules of ``flax.linen`` give the same values as a step of a Keras layer.

JAX pads *same* as TensorFlow does and stores kernels in Keras's order, so little has to be worked out. Its transposed
convolution stamps the kernel as Keras does only if ``transpose_kernel=True``, and its mean counts ghost cells unless it
is told not to.

Sources: the documentation of ``flax.linen``; the table in ``elsewhere``; a test runs 500 layers in flax and holds every
value against Keras.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_utils.inverse.steps import (
    Activation,
    Code,
    Convolution,
    LayerInput,
    Module,
    Ported,
    Step,
    Target,
    Written,
    bias_of,
    nested,
)

#: Function of Keras → function, or what is made of x with its settings.
_ACTIVATIONS = {
    **{name: f"nn.{name}" for name in (
        "hard_sigmoid", "hard_silu", "hard_tanh", "log_sigmoid", "relu", "relu6", "selu", "sigmoid", "silu", "softplus",
        "tanh",
    )},
    **{name: f"jax.nn.{name}" for name in ("mish", "sparse_plus", "sparse_sigmoid", "squareplus")},
    "celu": "nn.celu(x, {alpha})",
    "clip": "jnp.clip(x, {low}, {high})",
    "elu": "nn.elu(x, {alpha})",
    "exponential": "jnp.exp",
    "gelu": "nn.gelu(x, approximate={approximate})",
    "glu": "nn.glu(x, {axis})",
    "leaky_relu": "nn.leaky_relu(x, {negative_slope})",
    "log_softmax": "nn.log_softmax(x, {axis})",
    "softmax": "nn.softmax(x, {axis})",
    "softsign": "nn.soft_sign",
    "tanh_shrink": "x - jnp.tanh(x)",
    "thresholded_relu": "jnp.where(x > {threshold}, x, 0.0)",
}  # fmt: skip


def _of_x(expression: str) -> Module:
    return Module(f"lambda x: {expression}")


def _unless(default: int, name: str, numbers: Sequence[int]) -> str:
    """A setting, with a comma before it; nothing where all numbers are the default."""
    return "" if set(numbers) == {default} else f", {name}={tuple(numbers)}"


def _convolution(step: Convolution, _: LayerInput) -> Written:
    sizes = tuple(axis.size for axis in step.axes)
    call = (
        f'nn.Conv({step.filters}, {sizes}, padding="{str(step.axes[0].padding).upper()}"'
        + _unless(1, "strides", [axis.stride for axis in step.axes])
        + _unless(1, "kernel_dilation", [axis.dilation for axis in step.axes])
        + (f", feature_group_count={step.groups}" if step.groups > 1 else "")
    )
    shape = ", ".join(map(str, sizes))
    kernel = f"{step.kernel}.reshape({shape}, 1, {step.filters})" if step.depthwise else step.kernel
    return (_weighted(call, kernel, bias=step.bias),), ()


def _weighted(call: str, kernel: str, bias: bool) -> Module:
    """A module with a kernel, whose call is not closed yet."""
    return Module(call + ("" if bias else ", use_bias=False") + ")", {"kernel": kernel, **bias_of(bias)})


def _transposed(step: Convolution, _: LayerInput) -> Written:
    """A window over the spread cells: where nothing is cut off, k_eff − 1 zeros stand at either end."""
    whole = [(axis.effective_size - 1, crop) for axis, crop in zip(step.axes, step.crops, strict=True)]
    call = (
        f"nn.ConvTranspose({step.filters}, {tuple(axis.size for axis in step.axes)}"
        + _unless(1, "strides", [axis.stride for axis in step.axes])
        + f", padding={[(rim - before, rim - after) for rim, (before, after) in whole]}"
        + _unless(1, "kernel_dilation", [axis.dilation for axis in step.axes])
        + ", transpose_kernel=True"
    )
    return (_weighted(call, "kernel", bias=step.bias),), ()


def _pooling(step: Step, _: LayerInput) -> Written:
    sizes, strides = (tuple(getattr(axis, name) for axis in step.axes) for name in ("size", "stride"))
    padding = str(step.axes[0].padding).upper()
    how = "avg" if step.kind == "AveragePooling" else "max"
    counted = ", count_include_pad=False" if how == "avg" and padding == "SAME" else ""
    return (_of_x(f'nn.{how}_pool(x, {sizes}, {strides}, "{padding}"{counted})'),), ()


def _global_pooling(step: Step, _: LayerInput) -> Written:
    how = "mean" if "Average" in step.kind else "max"
    keepdims = ", keepdims=True" if step.layer.keepdims else ""
    return (_of_x(f"x.{how}({tuple(range(1, 1 + len(step.axes)))}{keepdims})"),), ()


def _upsampling(step: Step, _: LayerInput) -> Written:
    factors = [(place, axis.factor) for place, axis in enumerate(step.axes, 1)]
    if step.axes[0].interpolation == "nearest":
        return tuple(_of_x(f"x.repeat({factor}, {place})") for place, factor in factors if factor > 1), ()
    sizes = ", ".join(f"{factor} * x.shape[{place}]" for place, factor in factors)
    return (_of_x(f'jax.image.resize(x, (x.shape[0], {sizes}, x.shape[-1]), "{step.axes[0].interpolation}")'),), ()


def _padding(step: Step, _: LayerInput) -> Written:
    return (_of_x(f"jnp.pad(x, {[(0, 0), *step.ends, (0, 0)]})"),), ()


def _cropping(step: Step, _: LayerInput) -> Written:
    cells = (f"{before or ''}:{-after or ''}" for before, after in step.ends)
    return (_of_x(f"x[:, {', '.join(cells)}]"),), ()


def _dense(step: Step, _: LayerInput) -> Written:
    return (_weighted(f"nn.Dense({step.layer.units}", "kernel", bias=step.layer.use_bias),), ()


def _batch_normalization(step: Step, _: LayerInput) -> Written:
    layer = step.layer
    left_out = ", use_scale=False" * (not layer.scale) + ", use_bias=False" * (not layer.center)
    call = f"nn.BatchNorm(use_running_average=True, momentum={layer.momentum}, epsilon={layer.epsilon}{left_out})"
    held = {"scale": "gamma" * layer.scale, "bias": "beta" * layer.center, "mean": "mean", "var": "variance"}
    return (Module(call, {name: array for name, array in held.items() if array}),), ()


def _activation(step: Activation, _: LayerInput) -> Written:
    settings = {**step.settings, "approximate": step.settings.get("approximate") == '"tanh"'}
    written = _ACTIVATIONS[step.name].format(**settings)
    return (_of_x(written) if "(" in written else Module(written),), ()


def _assemble(found: Ported, _: LayerInput, arrays: tuple[str, ...]) -> Code:
    calls = [module.call for module in found.modules]
    collections: dict[str, list[str]] = {}
    for place, module in enumerate(found.modules):
        for collection in ("params", "batch_stats"):
            stored = collection == "batch_stats"
            told = [f'"{n}": {a}' for n, a in module.weights.items() if (n in ("mean", "var")) == stored]
            if told:
                collections.setdefault(collection, []).append(f'"layers_{place}": {{{", ".join(told)}}}')
    variables = [f'    "{name}": {{{", ".join(parts)}}},' for name, parts in collections.items()]
    held = ("variables = {", *variables, "}") if variables else ("variables = {}",)
    lines = (*arrays, *held, "# ported.apply(variables, x) gives what comes out")
    text = " ".join(calls)
    imports = (
        "import flax.linen as nn",
        *(("import jax",) if "jax." in text else ()),
        *(("import jax.numpy as jnp",) if "jnp." in text else ()),
    )
    return Code(imports, "ported", nested("nn.Sequential([", calls, "])"), lines)


FLAX = Target(
    name="flax",
    channels_last=True,
    moved="flax wants the channels last{how}.",
    copied=": x.transpose{order}",
    dtypes=("float32",),
    in_dtype="",
    writers={
        "Activation": _activation,
        "AveragePooling": _pooling,
        "BatchNormalization": _batch_normalization,
        "Conv": _convolution,
        "ConvTranspose": _transposed,
        "Cropping": _cropping,
        "Dense": _dense,
        "GlobalAveragePooling": _global_pooling,
        "GlobalMaxPooling": _global_pooling,
        "MaxPooling": _pooling,
        "UpSampling": _upsampling,
        "ZeroPadding": _padding,
    },
    activations=_ACTIVATIONS,
    interpolations=("nearest", "bilinear", "lanczos3", "lanczos5"),
    identity=Module("lambda x: x"),
    assemble=_assemble,
)
