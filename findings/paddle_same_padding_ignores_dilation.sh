#!/bin/bash
# PaddlePaddle 3.3.1: F.conv2d with padding="SAME" and a dilation runs without the dilation, and says nothing.
#
# A good guess: as in Keras, the row 1 2 3 4 5 through the kernel 100 10 1 with dilation 2 gives 13 24 135 240 350.
# Seen: with padding="SAME": 12 123 234 345 450, the convolution of dilation 1; with padding=(0, 2): 13 24 135 240 350
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q paddlepaddle==3.3.1 setuptools==80.9.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import paddle
import paddle.nn.functional as F

x = paddle.to_tensor([1.0, 2, 3, 4, 5]).reshape([1, 1, 1, 5])
kernel = paddle.to_tensor([100.0, 10, 1]).reshape([1, 1, 1, 3])
rows = {}
for padding in ("SAME", (0, 2)):
    rows[padding] = F.conv2d(x, kernel, padding=padding, dilation=(1, 2)).flatten().tolist()
    print(f"padding={padding!r}: {rows[padding]}")
if list(rows.values()) != [[12, 123, 234, 345, 450], [13, 24, 135, 240, 350]]:
    raise SystemExit("CHANGED")
PYTHON
