"""Measure what a slider costs, and what a kernel weighs, against the usual way in the same run.

    python -m benchmarks            everything
    python -m benchmarks --steps 20 quicker and rougher
    python -m benchmarks --kernel   without a browser
    python -m benchmarks --before FOLDER   beside an older build of the course, in the same run

The baseline draws the same three grids with `interact` and `plt.show`, from the same computation. Times in the browser
are taken in the page: from the key press until the changed picture has been painted. The last table is of a page that
shows recorded frames, without a kernel.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable
from pathlib import Path

from benchmarks import in_kernel


def table(title: str, rows: Iterable[tuple[str, float, float]], baseline: str) -> None:
    """Print the rows as they come; the first one whose name is ``baseline`` is what the others are held against."""
    print(f"\n{title:52} {'median ms':>10} {'p95 ms':>8} {'baseline is':>12}")
    usual = 0.0
    for label, median, p95 in rows:
        if label.startswith("MiB"):
            print(f"{label:52} {median:10.0f}")
            continue
        if label == baseline:
            usual = median
        ratio = f"{usual / median:10.1f} ×" if usual and label != baseline and ":" not in label else ""
        print(f"{label:52} {median:10.1f} {p95:8.1f} {ratio:>12}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--kernel", action="store_true", help="only what needs no browser")
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="an older build, measured beside this one")
    given = parser.parse_args()
    table("in the kernel, one step", in_kernel.rows(given.steps), in_kernel.BASELINE)
    if given.kernel:
        return
    from benchmarks import in_page

    with tempfile.TemporaryDirectory() as folder:
        table(
            "in the browser, key press to picture",
            in_page.rows(Path(folder), given.steps, given.before),
            in_page.BASELINE,
        )
        table("on a page without a kernel, key press to picture", in_page.rows_alone(Path(folder), given.steps), "")


if __name__ == "__main__":
    main()
