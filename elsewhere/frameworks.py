"""The frameworks that are asked, and the pinned packages each of them needs; the course itself needs none of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

KERAS, TENSORFLOW, TORCH, NUMPY = "keras==3.15.1", "tensorflow-cpu==2.21.0", "torch==2.13.0", "numpy==2.4.6"
RUNTIMES = (
    "onnxruntime==1.32.0", "openvino==2026.4.1", "opencv-python-headless==5.0.0.93", "MNN==3.6.1", "tinygrad==0.14.0",
    "ncnn==1.0.20261020", "pnnx==20261020", TORCH,
)  # fmt: skip
ONNX = ("onnx==1.23.2", NUMPY, *RUNTIMES)
IMAGES = ("pillow==13.0.0", "scikit-image==0.26.0", "scipy==1.17.1", "opencv-python-headless==5.0.0.93")
#: On a machine without a GPU, uv's variable UV_TORCH_BACKEND=cpu takes a build of PyTorch that is ten times smaller.
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "KERAS_BACKEND": "tensorflow"}
#: tinygrad by its plain interpreter: the others need a compiler.
QUIET |= {"DEV": "PYTHON"}


@dataclass(frozen=True)
class Framework:
    """Where a framework's answers come from.

    Attributes:
        adapter: the module in ``adapters`` that writes its calls.
        needs: what to install; of the npm registry where the adapter is in JavaScript.
        variables: of the environment.
    """

    adapter: str
    needs: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def in_javascript(self) -> bool:
        """Whether Node.js runs it."""
        return self.needs[0].startswith("@")


def _keras(backend: str, *needs: str) -> Framework:
    return Framework("keras_", (KERAS, *needs), {"KERAS_BACKEND": backend})


FRAMEWORKS = {
    "Keras on TensorFlow": _keras("tensorflow", TENSORFLOW),
    "Keras on JAX": _keras("jax", "jax==0.10.2"),
    "Keras on torch": _keras("torch", TORCH, NUMPY),
    # Without scipy and jax it cannot be imported.
    "Keras on NumPy": _keras("numpy", "jax==0.10.2", "scipy==1.17.1"),
    "Keras on OpenVINO": _keras("openvino", "openvino==2026.4.1", "scipy==1.17.1"),
    "PyTorch": Framework("torch_", (TORCH, NUMPY)),
    "JAX and flax": Framework("jax_", ("jax==0.10.2", "flax==0.12.8")),
    "PaddlePaddle": Framework("paddle_", ("paddlepaddle==3.3.1", "setuptools==80.9.0", NUMPY)),
    "MLX": Framework("mlx_", ("mlx[cpu]==0.32.4", NUMPY)),
    "tinygrad": Framework("tinygrad_", ("tinygrad==0.14.0", NUMPY)),
    "TensorFlow.js": Framework("tfjs", ("@tensorflow/tfjs@4.22.0",)),
    "LiteRT": Framework("litert", (KERAS, TENSORFLOW, "ai-edge-litert==2.3.0")),
    **{
        f"ONNX in {runtime}".replace("in ONNX ", ""): Framework("onnx_", ONNX, {"ELSEWHERE_RUNTIME": runtime})
        for runtime in ("ONNX reference", "ONNX Runtime", "OpenVINO", "OpenCV", "MNN", "tinygrad", "ncnn")
    },
    **{
        f"Keras export in {runtime}": Framework(
            "exported", (KERAS, TENSORFLOW, "tf2onnx==1.17.0", *RUNTIMES), {"ELSEWHERE_RUNTIME": runtime}
        )
        for runtime in ("ONNX Runtime", "OpenVINO", "OpenCV", "MNN", "tinygrad", "ncnn")
    },
    "ncnn": Framework("ncnn_", ("ncnn==1.0.20261020", NUMPY)),
    **{
        library: Framework("images", IMAGES, {"ELSEWHERE_LIBRARY": library})
        for library in ("OpenCV", "Pillow", "scikit-image", "SciPy")
    },
}
