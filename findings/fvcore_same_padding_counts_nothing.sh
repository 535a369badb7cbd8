#!/bin/bash
# fvcore 0.1.5.post20221221 on PyTorch 2.13.0: FlopCountAnalysis counts nothing for a convolution whose padding is the
# word "same" or "valid". The trace has another operator there, which the counter does not know; it is named only in a
# warning, and the total is a number as usual.
#
# A good guess: padding="same" of a kernel of 3 is padding=1, so both have 13824 multiplications.
# Seen: padding=1: 13824; padding="same": 0; padding=0: 7776; padding="valid": 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q torch==2.13.0 numpy==2.4.6 fvcore==0.1.5.post20221221
"$folder/venv/bin/python" - <<'PYTHON'
import torch
from fvcore.nn import FlopCountAnalysis

x, seen = torch.zeros(1, 3, 8, 8), {}
for padding in (1, "same", 0, "valid"):
    layer = torch.nn.Conv2d(3, 8, 3, padding=padding)
    analysis = FlopCountAnalysis(layer, x)
    seen[padding] = int(analysis.total())
    print(f"padding={padding!r}: {tuple(layer(x).shape)}, {seen[padding]}, not counted: {dict(analysis.unsupported_ops())}")
if seen != {1: 13824, "same": 0, 0: 7776, "valid": 0}:
    raise SystemExit("CHANGED")
PYTHON
