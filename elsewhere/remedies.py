"""How to get what Keras on TensorFlow gives: for a case, a call in another framework that gives the same row.

The command runs every one of them, and a test holds its row against the one that Keras gave for the case.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Remedy:
    """A way to make two frameworks equal.

    Attributes:
        framework: where ``call`` is to be written.
        case: the key of the case.
        call: what gives Keras's row.
        why: what it does about the difference.
    """

    framework: str
    case: str
    call: str
    why: str


CONV_2, CONV_D = "convolution: k=3, s=2, same, n=6", "convolution: k=3, s=1, d=2, same, n=5"
CAUSAL, MAX = "convolution: k=3, s=1, causal, n=5", "max pooling: k=3, s=2, same, n=6"
MEAN, MEAN_ODD = "average pooling: k=3, s=2, same, n=5", "average pooling: k=3, s=2, same, n=6"
TRANSPOSED = "transposed convolution: k=3, s=2, same, n=2"
NEAREST, TWICE = "resizing: nearest, 5 cells to 3", "resizing: bilinear, 3 cells × 2"
CUBIC = "resizing: bicubic, 4 cells × 2"

PAD, CUT = "Pad the odd ghost cell after, yourself.", "Keep every stamp whole, then cut the surplus off the end."
REAL, EXPLICIT = "Count real cells only.", "Write the ghost cells down as numbers."
CENTRES, EXACT = "Ask for half-pixel centres.", "Ask for the mode that samples at the centres."
PADDED_MEAN = "Divide the mean of the padded row by the mean of padded ones: the ghost cells then do not count."

REMEDIES = (
    Remedy("PyTorch", CONV_2, "F.conv2d(F.pad(x, (0, 1)), w, stride=(1, 2))", PAD),
    Remedy("PyTorch", CAUSAL, "F.conv2d(F.pad(x, (2, 0)), w)", "Pad all ghost cells before, yourself."),
    Remedy(
        "PyTorch", MAX, 'F.max_pool2d(F.pad(x, (0, 1), value=float("-inf")), (1, 3), (1, 2))', PAD + " It holds −∞."
    ),
    Remedy("PyTorch", MEAN, "F.avg_pool2d(x, (1, 3), (1, 2), (0, 1), count_include_pad=False)", REAL),
    Remedy(
        "PyTorch",
        MEAN_ODD,
        "F.avg_pool2d(F.pad(x, (0, 1)), (1, 3), (1, 2)) / F.avg_pool2d(F.pad(x * 0 + 1, (0, 1)), (1, 3), (1, 2))",
        PADDED_MEAN,
    ),
    Remedy("PyTorch", TRANSPOSED, "F.conv_transpose2d(x, w, stride=(1, 2))[..., :4]", CUT),
    Remedy("PyTorch", NEAREST, 'F.interpolate(x, size=(1, 3), mode="nearest-exact")', EXACT),
    Remedy(
        "PyTorch",
        CUBIC,
        'F.interpolate(x, scale_factor=(1, 2), mode="bicubic", antialias=True)',
        "Upsampling with antialias=True blends with a = −0.5 and leaves the edges out; without it a = −0.75.",
    ),
    Remedy("JAX and flax", MEAN, 'nn.avg_pool(x, (1, 3), (1, 2), "SAME", count_include_pad=False)', REAL),
    Remedy(
        "JAX and flax",
        TRANSPOSED,
        'lax.conv_transpose(x, w, (1, 2), "SAME", transpose_kernel=True, dimension_numbers=NHWC)',
        "Ask for the kernel as Keras stamps it.",
    ),
    Remedy("PaddlePaddle", CONV_D, "F.conv2d(x, w, dilation=(1, 2), padding=(0, 2))", EXPLICIT),
    Remedy("PaddlePaddle", TRANSPOSED, 'F.conv2d_transpose(x, w, stride=(1, 2), padding="SAME")', "Ask for *same*."),
    Remedy("MLX", CONV_2, "mx.conv2d(mx.pad(x, [(0, 0), (0, 0), (0, 1), (0, 0)]), w, stride=(1, 2))", PAD),
    Remedy("MLX", TRANSPOSED, "mx.conv_transpose2d(x, w, stride=(1, 2))[:, :, :4]", CUT),
    Remedy("tinygrad", CONV_2, "x.pad((0, 1)).conv2d(w, stride=(1, 2))", PAD),
    Remedy("tinygrad", MEAN, "x.avg_pool2d((1, 3), (1, 2), padding=(0, 1), count_include_pad=False)", REAL),
    Remedy("tinygrad", TRANSPOSED, "x.conv_transpose2d(w, stride=(1, 2))[..., :4]", CUT),
    Remedy("tinygrad", NEAREST, 'x.interpolate((1, 3), mode="nearest-exact")', EXACT),
    Remedy("TensorFlow.js", TWICE, "tf.image.resizeBilinear(x, [1, 6], false, true)", CENTRES),
    Remedy("TensorFlow.js", NEAREST, "tf.image.resizeNearestNeighbor(x, [1, 3], false, true)", CENTRES),
    Remedy(
        "TensorFlow.js",
        CAUSAL,
        'tf.conv2d(tf.pad(x, [[0, 0], [0, 0], [2, 0], [0, 0]]), w, 1, "valid")',
        "Pad all ghost cells before, yourself.",
    ),
    Remedy("ONNX Runtime", CONV_D, "Conv(kernel_shape=[1, 3], dilations=[1, 2], pads=[0, 2, 0, 2])", EXPLICIT),
    Remedy(
        "ONNX Runtime",
        NEAREST,
        'Resize(sizes=[1, 1, 2, 3], mode="nearest", nearest_mode="round_prefer_ceil")',
        "Leave the default half-pixel centres, and round up where two cells are equally near.",
    ),
    Remedy(
        "ONNX Runtime",
        CUBIC,
        'Resize(scales=[1, 1, 1, 2], mode="cubic", cubic_coeff_a=-0.5, exclude_outside=1)',
        "Ask for a = −0.5, with the edges left out.",
    ),
    Remedy("ONNX in OpenCV", CONV_D, "Conv(kernel_shape=[1, 3], dilations=[1, 2], pads=[0, 2, 0, 2])", EXPLICIT),
    Remedy(
        "ONNX in OpenCV", TRANSPOSED, "ConvTranspose(kernel_shape=[1, 3], strides=[1, 2], pads=[0, 0, 0, 1])", EXPLICIT
    ),
    Remedy("ONNX in tinygrad", CONV_D, "Conv(kernel_shape=[1, 3], dilations=[1, 2], pads=[0, 2, 0, 2])", EXPLICIT),
    Remedy(
        "ONNX in MNN", TRANSPOSED, "ConvTranspose(kernel_shape=[1, 3], strides=[1, 2], pads=[0, 0, 0, 1])", EXPLICIT
    ),
    Remedy("OpenCV", NEAREST, "cv2.resize(x, (3, 1), interpolation=cv2.INTER_NEAREST_EXACT)", EXACT),
    Remedy(
        "scikit-image", TWICE, 'resize(x, (1, 6), order=1, mode="edge")', "Repeat the edge instead of reflecting it."
    ),
    Remedy(
        "SciPy",
        TWICE,
        'ndimage.zoom(x, (1, 2), order=1, grid_mode=True, mode="nearest")',
        "Sample at the centres (grid_mode), and repeat the edge.",
    ),
)
