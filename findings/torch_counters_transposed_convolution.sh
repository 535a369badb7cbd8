#!/bin/bash
# torchinfo 1.8.0 and thop 0.1.1.post2209072238 on PyTorch 2.13.0: the multiplications of a ConvTranspose2d come out
# about stride² times too many. They take one kernel for each output cell, as in a convolution; a transposed one
# multiplies a kernel by each input cell. PyTorch's own counter and fvcore 0.1.5.post20221221 count as the layer works.
#
# A good guess: kernel 2, stride 2, 3 to 8 channels, 8×8: 64 cells of 3 channels, 8·2·2 numbers each: 6144.
# Seen: torchinfo 26624 (with 2048 for the bias), thop 24576; PyTorch's FlopCounterMode and fvcore 6144. The Conv2d with
#   kernel 3 and as many channels: 13824 in all of them (torchinfo 14336, with 512 for the bias)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q torch==2.13.0 numpy==2.4.6 torchinfo==1.8.0 thop==0.1.1.post2209072238 \
    fvcore==0.1.5.post20221221
"$folder/venv/bin/python" - <<'PYTHON'
import thop
import torch
import torchinfo
from fvcore.nn import FlopCountAnalysis
from torch.utils.flop_counter import FlopCounterMode

x, seen = torch.zeros(1, 3, 8, 8), []
for make in (lambda: torch.nn.Conv2d(3, 8, 3, padding=1), lambda: torch.nn.ConvTranspose2d(3, 8, 2, stride=2)):
    layer = make()
    with FlopCounterMode(display=False) as counter:
        layer(x)
    counts = {
        "PyTorch": counter.get_total_flops() // 2,
        "fvcore": int(FlopCountAnalysis(layer, x).total()),
        "thop": int(thop.profile(make(), (x,), verbose=False)[0]),
        "torchinfo": torchinfo.summary(make(), (1, 3, 8, 8), verbose=0).total_mult_adds,
    }
    print(f"{layer}: {counts}")
    seen.append(list(counts.values()))
if seen != [[13824, 13824, 13824, 14336], [6144, 6144, 24576, 26624]]:
    raise SystemExit("CHANGED")
PYTHON
