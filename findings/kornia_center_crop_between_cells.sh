#!/bin/bash
# kornia 0.9.0 on PyTorch 2.13.0: geometry.center_crop of a map to a size that leaves an odd number of cells over cuts half a
# cell at either side, and gives the means of neighbours instead of cells. So labels get numbers that no cell has. With
# mode="nearest" both are the same cell. augmentation.CenterCrop of the same library gives two neighbours.
#
# A good guess: a crop gives cells that are in the map, and both functions the same ones.
# Seen, 1 … 5 to 2: center_crop 2.5 3.5, with mode="nearest" 3 3; CenterCrop 2 3. 1 … 6 to 2: 3 4 from all
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q torch==2.13.0 kornia==0.9.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import kornia
import torch

seen = {}
for n in (5, 6):
    x = torch.arange(1.0, n + 1).repeat(1, 1, n, 1)
    crops = {
        "center_crop": kornia.geometry.center_crop(x, (2, 2)),
        "center_crop, nearest": kornia.geometry.center_crop(x, (2, 2), mode="nearest"),
        "CenterCrop": kornia.augmentation.CenterCrop((2, 2))(x),
    }
    for name, crop in crops.items():
        seen[n, name] = [round(value, 4) for value in crop[0, 0, 0].tolist()]
        print(f"1 to {n}, {name}: {seen[n, name]}")
right = {(6, name): [3, 4] for name in crops}
if seen != right | {(5, "center_crop"): [2.5, 3.5], (5, "center_crop, nearest"): [3, 3], (5, "CenterCrop"): [2, 3]}:
    raise SystemExit("CHANGED")
PYTHON
