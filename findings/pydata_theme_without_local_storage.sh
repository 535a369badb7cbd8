#!/bin/bash
# pydata-sphinx-theme 0.24.0: the first script of each page reads localStorage without a guard. A browser that refuses it
# (storage blocked, or an opaque origin, as in a sandboxed frame) throws there. So the page gets neither data-mode nor
# data-theme, although the default mode "auto" needs nothing that was kept.
#
# A good guess: what only remembers a choice is left out where nothing can be remembered.
# Seen:
#   a file: {'mode': 'auto', 'theme': 'auto'}
#   an opaque origin: {}, with a guard: {'mode': 'auto', 'theme': 'auto'}
# It needs Chromium, and python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q pydata-sphinx-theme==0.24.0 "sphinx>=9,<9.1"
mkdir "$folder/source"
cat > "$folder/source/conf.py" <<'PYTHON'
html_theme = "pydata_sphinx_theme"
html_context = {"default_mode": "auto"}
PYTHON
printf 'Title\n=====\n' > "$folder/source/index.rst"
"$folder/venv/bin/python" -m sphinx -q -b html "$folder/source" "$folder/built"
cat > "$folder/seen.py" <<'PYTHON'
import pathlib
import re
import shutil
import subprocess
import sys
from urllib.parse import quote

folder = pathlib.Path(sys.argv[1])
browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
page = (folder / "built" / "index.html").read_text(encoding="utf-8")
[script] = re.findall(r'<script data-cfasync="false">(.*?)</script>', page, re.DOTALL)
GUARD = "try { localStorage } catch { Object.defineProperty(window, 'localStorage', { value: { getItem() {} } }) }"


def seen(address):
    command = [browser, "--headless", "--no-sandbox", f"--user-data-dir={folder}/profile", "--dump-dom", address]
    html = re.search("<html[^>]*>", subprocess.run(command, capture_output=True, text=True).stdout)[0]
    return dict(re.findall('data-(mode|theme)="([^"]*)"', html))


def document(*scripts):
    return "<!doctype html>" + "".join(f"<script>{one}</script>" for one in scripts)


(folder / "page.html").write_text(document(script), encoding="utf-8")
found = [
    seen((folder / "page.html").as_uri()),
    seen("data:text/html," + quote(document(script))),
    seen("data:text/html," + quote(document(GUARD, script))),
]
print(f"a file: {found[0]}\nan opaque origin: {found[1]}, with a guard: {found[2]}")
if found != [{"mode": "auto", "theme": "auto"}, {}, {"mode": "auto", "theme": "auto"}]:
    raise SystemExit("CHANGED")
PYTHON
"$folder/venv/bin/python" "$folder/seen.py" "$folder"
