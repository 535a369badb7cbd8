"""Where this course can be opened on the web, from the address that git knows.

    python course.py links                         print the links, and the cell that each lesson needs on Colab
    python course.py links --in-notebooks          put links to Binder and Colab below the title of each lesson
    python course.py links --in-notebooks v1.0     ... to this tag, in place of the branch that is checked out
    python course.py links --out-of-notebooks      take them out again

Standard library only: it needs nothing installed.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.site import launching

ROOT = Path(__file__).resolve().parents[1]
COLAB = ROOT / "docs" / "colab.md"
FIRST_LESSON = "00_start_here.ipynb"


def first_cell(address: str) -> str:
    """Return the cell of docs/colab.md, with the course at `address`."""
    (source,) = re.findall(r"^```python\n(!.*?)^```", COLAB.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return re.sub(r"https:\S+", address, source).strip()


def write_into_notebooks(folder: Path, reference: str) -> None:
    """Put a cell of links below the title of each lesson of the course in `folder`, in place of an earlier one.

    Args:
        folder: the course; git knows its address.
        reference: the tag or branch that the links lead to; without one, the cells are only taken out.
    """
    for path in sorted((folder / "notebooks").glob("[0-9]*.ipynb")):
        lesson: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        lesson["cells"] = [cell for cell in lesson["cells"] if cell["id"] != launching.CELL]
        if reference:
            links = launching.from_git(folder, path.name, reference)
            line = " · ".join(f"[{name}]({links[name]})" for name in launching.IN_A_NOTEBOOK)
            lesson["cells"].insert(1, {"cell_type": "markdown", "id": launching.CELL, "metadata": {}, "source": [line]})
        # As nbformat writes it.
        text = json.dumps(lesson, ensure_ascii=False, indent=1) + "\n"
        path.write_text(text, encoding="utf-8", newline="\n")


def main(arguments: Sequence[str] = ()) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python course.py links", description=(__doc__ or "").splitlines()[0])
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--in-notebooks", nargs="?", const="", metavar="TAG", help="put links into each lesson")
    which.add_argument("--out-of-notebooks", action="store_true", help="take them out again")
    options = parser.parse_args(arguments)
    if options.out_of_notebooks:
        write_into_notebooks(ROOT, "")
        return 0
    links = launching.from_git(ROOT, FIRST_LESSON)
    if not links:
        print("git knows no address on GitHub for this course, and these links need one.")
        print("It is set by: git remote add origin https://github.com/YOU/YOUR_COPY")
        return 1
    if options.in_notebooks is not None:
        reference = options.in_notebooks or launching.branch(ROOT)
        if not reference:
            print("No branch is checked out. Name a tag for the links: python course.py links --in-notebooks TAG")
            return 1
        write_into_notebooks(ROOT, reference)
        print(f"Each lesson has links to its version at {reference!r}. Commit and push them.")
        return 0
    links["Read it, if Pages are switched on"] = launching.reading_edition(ROOT)
    for name, address in links.items():
        print(f"{name}: {address}")
    address = links["Download the course"].partition("/archive/")[0]
    print(f"\nOn Colab, above the first cell of each lesson:\n\n{first_cell(address)}")
    return 0
