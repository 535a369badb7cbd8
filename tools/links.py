"""Print where this course can be opened on the web, from the address that git knows: python course.py links."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.site import launching

ROOT = Path(__file__).resolve().parents[1]
FIRST_LESSON = "00_start_here.ipynb"


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
    return 0


if __name__ == "__main__":
    sys.exit(main())
