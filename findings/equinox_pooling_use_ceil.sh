#!/bin/bash
# Equinox 0.13.8 on JAX 0.10.2: use_ceil=True, the ceil_mode of PyTorch by name and effect, pads the map with zeros behind
# it. AvgPool1d counts them in the mean of the last window, though nothing was padded; and where the stride is larger than
# the kernel the layer is refused for a padding that nobody has set. MaxPool1d gives PyTorch's values where it runs.
#
# A good guess: as ceil_mode=True of PyTorch 2.13.0: the means of 1 … 5 in pools of 2 with stride 2 are 1.5 3.5 5.
# Seen: 1.5 3.5 2.5. Pools of 2 with stride 3 over 6 cells: PyTorch 1.5 4.5; Equinox RuntimeError "Paddings should be less
#   than the size of the kernel. Padding (0, 3) received for kernel size 2."
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q torch==2.13.0 equinox==0.13.8 jax==0.10.2 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import equinox
import jax.numpy as jnp
import torch

seen = []
for n, stride in ((5, 2), (6, 3)):
    for kind in ("AvgPool1d", "MaxPool1d"):
        right = getattr(torch.nn, kind)(2, stride, ceil_mode=True)(torch.arange(1.0, n + 1)[None])[0].tolist()
        try:
            told = getattr(equinox.nn, kind)(2, stride, use_ceil=True)(jnp.arange(1.0, n + 1)[None])[0].tolist()
        except RuntimeError as error:
            told = str(error)
        print(f"{kind}, {n} cells, stride {stride}: PyTorch {right}, Equinox {told}")
        seen += [right, told]
refused = "Paddings should be less than the size of the kernel. Padding (0, 3) received for kernel size 2."
if seen != [[1.5, 3.5, 5], [1.5, 3.5, 2.5], [2, 4, 5], [2, 4, 5], [1.5, 4.5], refused, [2, 5], refused]:
    raise SystemExit("CHANGED")
PYTHON
