"""Run one of the programs in this folder, as course.py does: python -m tools site --out FOLDER"""

from __future__ import annotations

import runpy
import sys

from tools.bootstrap.console import quiet_where_nobody_reads

if __name__ == "__main__":
    name = sys.argv.pop(1)
    with quiet_where_nobody_reads():
        runpy.run_module(f"tools.{name}", run_name="__main__", alter_sys=True)
