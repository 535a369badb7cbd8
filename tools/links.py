"""Print where this course can be opened on the web, from the address that git knows: python course.py links

And the cell that each lesson needs on Colab, with that address in it. Standard library only.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tools.site import launching

ROOT = Path(__file__).resolve().parents[1]
COLAB = ROOT / "docs" / "colab.md"
FIRST_LESSON = "00_start_here.ipynb"


def first_cell(address: str) -> str:
    """Return the cell of docs/colab.md, with the course at `address`."""
    (source,) = re.findall(r"^```python\n(!.*?)^```", COLAB.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return re.sub(r"https:\S+", address, source).strip()


def main() -> int:
    """Run the command."""
    links = launching.from_git(ROOT, FIRST_LESSON)
    if not links:
        print("git knows no address of this course on GitHub; there it has to lie for these links.")
        print("It is set by: git remote add origin https://github.com/YOU/YOUR_COPY")
        return 1
    links["Read it, if Pages are switched on"] = launching.reading_edition(ROOT)
    for name, address in links.items():
        print(f"{name}: {address}")
    address = links["Download the course"].partition("/archive/")[0]
    print(f"\nOn Colab, above the first cell of each lesson:\n\n{first_cell(address)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
