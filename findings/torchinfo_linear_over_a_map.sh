#!/bin/bash
# torchinfo 1.8.0 on PyTorch 2.13.0: a Linear over the channels of a channels-last map, the 1×1 convolution of models like
# ConvNeXt and Swin, is counted for a single cell of the map, whatever its size; the Conv2d that does the same is counted
# for all of them.
#
# A good guess: the same products count the same: 8×8 cells of 3·8 products and 8 sums of the bias, 2048.
# Seen: Conv2d(3, 8, 1): 2048, and 8192 at 16×16; Linear(3, 8): 32 at both sizes; the values are equal
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q torch==2.13.0 numpy==2.4.6 torchinfo==1.8.0
"$folder/venv/bin/python" - <<'PYTHON'
import torch
import torchinfo

convolution, linear = torch.nn.Conv2d(3, 8, 1), torch.nn.Linear(3, 8)
with torch.no_grad():
    linear.weight.copy_(convolution.weight[:, :, 0, 0])
    linear.bias.copy_(convolution.bias)
seen = []
for size in (8, 16):
    x = torch.rand(1, size, size, 3)
    if not torch.allclose(linear(x), convolution(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1), atol=1e-5):
        raise SystemExit("CHANGED: the layers differ")
    for layer, shape in ((convolution, (1, 3, size, size)), (linear, (1, size, size, 3))):
        seen.append(torchinfo.summary(layer, shape, verbose=0).total_mult_adds)
        print(f"{layer} on {shape}: {seen[-1]}")
if seen != [2048, 32, 8192, 32]:
    raise SystemExit("CHANGED")
PYTHON
