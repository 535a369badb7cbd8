"""Build the reading edition: python course.py site.

    build/site/index.html               what the course is, and an explorer to begin with
    build/site/01_pad_the_border.html   a page for each lesson, named after its notebook

The pages are made from the lessons as they are stored, and from what Keras says to their predictions. They need no
kernel, no server and no network: a folder, a stick or any web server will do.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

from sphinx.cmd.build import main as sphinx

from tools.site import pages

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "build" / "site"
#: The theme's signs of companies, which no page shows, and 90 kB: the signs that it does show come from a font.
UNUSED = re.compile(r"<script [^>]*/fontawesome\.js[^>]*></script>")


def build(target: Path) -> int:
    """Build the site into a folder, and return Sphinx's exit code; a warning of Sphinx's is an error."""
    with tempfile.TemporaryDirectory(prefix="site-") as scratch:
        source, doctrees = Path(scratch, "source"), Path(scratch, "doctrees")
        pages.write(source)
        options = ["--quiet", "--fail-on-warning", "--keep-going", "-c", str(Path(__file__).parent)]
        code = sphinx([*options, "-b", "html", "-d", str(doctrees), str(source), str(Path(scratch, "html"))])
        if code == 0:
            shutil.rmtree(target, ignore_errors=True)
            ignored = shutil.ignore_patterns("*.map", ".buildinfo*", "fontawesome.js*")
            shutil.copytree(Path(scratch, "html"), target, ignore=ignored)
            for page in target.glob("*.html"):
                text = page.read_text(encoding="utf-8")
                page.write_text(UNUSED.sub("", text), encoding="utf-8", newline="\n")
    return int(code)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=BUILT, help="the folder to write to; what is in it is replaced")
    target = parser.parse_args().out
    code = build(target)
    if code == 0:
        print(f"Open this file in a browser: {target / 'index.html'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
