#!/bin/bash
# pnnx 20261020 (PyTorch 2.13.0 to ncnn 1.0.20261020): a convolution with padding_mode="circular" becomes one with zeros
# around the map, and pnnx says nothing of it. "reflect" and "replicate" become a Padding layer and are right.
#
# A good guess: a padding that ncnn has no layer for is refused, or at least warned of.
# Seen, kernel 100 10 1 on 1 2 3 4 5: PyTorch 512 123 234 345 451, ncnn 12 123 234 345 450
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q torch==2.13.0 pnnx==20261020 ncnn==1.0.20261020 numpy==2.4.6
cd "$folder"
PATH="$folder/venv/bin:$PATH" "$folder/venv/bin/python" - <<'PYTHON'
import subprocess

import ncnn
import numpy as np
import torch

x = torch.arange(1.0, 6.0).reshape(1, 1, 1, 5)
changed = False
for mode, ends in (("zeros", (12, 450)), ("reflect", (212, 454)), ("replicate", (112, 455)), ("circular", (12, 450))):
    layer = torch.nn.Conv2d(1, 1, (1, 3), padding=(0, 1), padding_mode=mode, bias=False).eval()
    layer.weight.data = torch.tensor([100.0, 10.0, 1.0]).reshape(1, 1, 1, 3)
    torch.jit.trace(layer, x).save("layer.pt")
    done = subprocess.run(
        ["pnnx", "layer.pt", "inputshape=[1,1,1,5]"], capture_output=True, text=True, check=True
    )
    net = ncnn.Net()
    net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_bf16_storage = False
    net.load_param("layer.ncnn.param")
    net.load_model("layer.ncnn.bin")
    extractor = net.create_extractor()
    extractor.input("in0", ncnn.Mat(x[0].numpy()).clone())
    seen = np.array(extractor.extract("out0")[1]).ravel().tolist()
    told = "circular" in done.stdout + done.stderr
    print(f"{mode}: PyTorch {layer(x).ravel().tolist()}, ncnn {seen}, mentioned: {told}")
    changed |= seen != [ends[0], 123, 234, 345, ends[1]] or told
    changed |= (layer(x).ravel().tolist() == seen) != (mode != "circular")
if changed:
    raise SystemExit("CHANGED")
PYTHON
