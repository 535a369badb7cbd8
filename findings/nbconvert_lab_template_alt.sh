#!/bin/bash
# nbconvert 7.17.2: the text that describes a picture (metadata["image/png"]["alt"] of an output) reaches the page with
# the template "classic" and not with "lab", which is the default. There each picture gets a sentence that says that
# nobody described it. Width and height, from the same place, do arrive.
#
# A good guess: what one template of a program honours the default one does, too.
# Seen:
#   classic: alt="a red square", width: True
#   lab: alt="No description has been provided for this image", width: True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q nbconvert==7.17.2 ipython==9.0.0
cat > "$folder/seen.py" <<'PYTHON'
import re

from nbconvert import HTMLExporter
from nbformat import v4

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
described = {"image/png": {"alt": "a red square", "width": 40}}
output = v4.new_output("display_data", {"image/png": PNG, "text/plain": "a picture"}, metadata=described)
notebook = v4.new_notebook(cells=[v4.new_code_cell("picture", outputs=[output])])
found = {}
for template in ("classic", "lab"):
    page, _ = HTMLExporter(template_name=template).from_notebook_node(notebook)
    (picture,) = re.findall(r"<img[^>]*>", page)
    found[template] = re.search('alt="([^"]*)"', picture)[1]
    print(f'{template}: alt="{found[template]}", width: {"width" in picture}')
if found != {"classic": "a red square", "lab": "No description has been provided for this image"}:
    raise SystemExit("CHANGED")
PYTHON
"$folder/venv/bin/python" "$folder/seen.py"
