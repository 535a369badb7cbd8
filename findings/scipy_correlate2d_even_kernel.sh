#!/bin/bash
# SciPy 1.17.1: signal.correlate2d and signal.correlate place an even kernel differently with mode="same": the one begins at
# the cell itself, the other one cell before. convolve2d and convolve agree. So the same map through the same kernel comes
# out shifted by a cell, with as many cells.
#
# A good guess: correlate2d is correlate for two axes.
# Seen, 1 2 3 4 5 through 1 10: correlate 10 21 32 43 54; correlate2d 21 32 43 54 5; convolve and convolve2d 1 12 23 34 45;
#   through 1 10 100: 210 321 432 543 54 from both
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from scipy import signal

x, seen = np.arange(1.0, 6)[np.newaxis], {}
for kernel in ([1, 10], [1, 10, 100]):
    for function in (signal.correlate, signal.correlate2d, signal.convolve, signal.convolve2d):
        values = function(x, np.array([kernel], dtype=float), mode="same")
        seen[function.__name__, len(kernel)] = np.rint(values).astype(int).ravel().tolist()
        print(f"{function.__name__}, kernel {kernel}: {seen[function.__name__, len(kernel)]}")
same = [function for function in ("correlate", "convolve") if seen[function, 2] == seen[f"{function}2d", 2]]
odd = [function for function in ("correlate", "convolve") if seen[function, 3] == seen[f"{function}2d", 3]]
shifted = (seen["correlate", 2], seen["correlate2d", 2]) == ([10, 21, 32, 43, 54], [21, 32, 43, 54, 5])
if same != ["convolve"] or odd != ["correlate", "convolve"] or not shifted:
    raise SystemExit("CHANGED")
PYTHON
