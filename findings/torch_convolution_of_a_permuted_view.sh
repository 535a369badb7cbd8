#!/bin/bash
# PyTorch 2.13.0, CPU: Conv2d and Conv3d give wrong numbers for a permuted view with one channel, for some kernels with a
# stride along the last axis. contiguous(), clone() and numpy.ascontiguousarray do not help, because such a view already
# counts as contiguous: an axis of one cell may have any stride. A copy into new memory, torch.permute_copy, helps; so
# does double precision, and so does switching oneDNN off.
#
# A good guess: permute changes how memory is read and no result, and contiguous() is the remedy where that matters.
# Seen (the largest difference from double precision, by the largest value):
#   view wrong, contiguous wrong, clone wrong, permute_copy right, without oneDNN right
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import warnings

import torch

warnings.simplefilter("ignore")


def verdicts(kind, cells, kernel, stride, padding):
    torch.manual_seed(0)
    order = (0, len(cells) + 1, *range(1, len(cells) + 1))
    x = torch.randn(4, *cells, 1)
    view = x.permute(order)
    layer = kind(1, 1, kernel, stride=stride, padding=padding)
    right = layer.double()(torch.permute_copy(x, order).double())
    layer = layer.float()

    def verdict(given):
        apart = (layer(given) - right).abs().max() / right.abs().max()
        return "right" if apart < 1e-5 else "wrong"

    found = {
        "view": verdict(view),
        "contiguous": verdict(view.contiguous()),
        "clone": verdict(view.clone()),
        "permute_copy": verdict(torch.permute_copy(x, order)),
    }
    with torch.backends.mkldnn.flags(enabled=False):
        found["without oneDNN"] = verdict(view)
    print(f"{kind.__name__}, {cells} cells, view is_contiguous: {view.is_contiguous()}:", found)
    return list(found.values())


SEEN = ["wrong", "wrong", "wrong", "right", "right"]
with torch.no_grad():
    found = [
        verdicts(torch.nn.Conv2d, (7, 3), (5, 3), (1, 3), (0, 1)),
        verdicts(torch.nn.Conv3d, (3, 6, 4), (3, 1, 2), (1, 1, 3), (1, 0, 0)),
    ]
if found != [SEEN, SEEN]:
    raise SystemExit("CHANGED: " + str(found))
PYTHON
