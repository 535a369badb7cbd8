#!/bin/bash
# Hypothesis 6.170.15: with derandomize=True the same test draws the same examples at every run, until some other local
# module that is imported gets another constant, though neither the test nor what it calls has changed.
#
# A good guess: the examples depend on the test function and on the version of Hypothesis.
# Seen: run twice: the same examples; with another number in a module that the test never uses: other examples
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q hypothesis==6.170.15
cd "$folder"
cat >drawn.py <<'PYTHON'
import elsewhere  # noqa: F401
from hypothesis import given, settings, strategies as st

seen = []


@settings(derandomize=True, database=None, max_examples=200)
@given(st.integers())
def test(n):
    seen.append(n)


test()
print(hash(tuple(seen)))
PYTHON
draw() { venv/bin/python drawn.py; }
echo "VALUES = [123457, 765433, 998877]" >elsewhere.py
first=$(draw)
again=$(draw)
echo "VALUES = [223459, 865439, 198871]" >elsewhere.py
changed=$(draw)
echo "run twice: $([ "$first" = "$again" ] && echo the same examples || echo other examples)"
echo "with other numbers in a module that the test never uses: $([ "$first" = "$changed" ] && echo the same examples || echo other examples)"
[ "$first" = "$again" ] && [ "$first" != "$changed" ] || { echo "CHANGED" && exit 1; }
