"""Bad days for the record of predictions: a real full disk, a read-only one, a kernel that is killed, many at once.

What a learner sees of them in the page is in browser/test_bad_days_on_page.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from disks import CannotMount, fill_up, make_read_only, small_disk

from course_utils.exercises import record
from course_utils.exercises.record import FILE, Entry, Record

GROWING = f".{FILE}.new"
FOUR, FIVE = Entry((4,), (5,), "today"), Entry((5,), (5,), "today")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB, or a skip where this user may not mount one."""
    try:
        with small_disk(tmp_path / "disk", 64) as place:
            yield place
    except CannotMount as problem:
        pytest.skip(str(problem))


def stored(folder: Path) -> set[str]:
    return set(json.loads((folder / FILE).read_text(encoding="utf-8"))["predictions"])


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def kernel(folder: Path, code: str) -> subprocess.Popen[str]:
    """Another process with a record in this folder, as another notebook has. At `meet()` it waits for `go_on`."""
    setup = f"""
import os
from pathlib import Path
from course_utils.exercises.record import Entry, Record
mine = Record(Path({str(folder / FILE)!r}))
def meet():
    print("here", flush=True)
    input()
"""
    command = [sys.executable, "-c", setup + code]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=Path(__file__).parents[1], stdin=pipe, stdout=pipe, text=True)


def await_meeting(*kernels: subprocess.Popen[str]) -> None:
    assert [one.stdout.readline() for one in kernels if one.stdout] == ["here\n"] * len(kernels)


def go_on(*kernels: subprocess.Popen[str]) -> list[int]:
    """Let kernels that wait go on, and return the exit code of each."""
    for one in kernels:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    ends = []
    for one in kernels:
        one.communicate(timeout=60)
        ends.append(one.returncode)
    return ends


# -- a disk that takes no more ------------------------------------------------------------------------------------


def test_a_full_disk_leaves_the_record_whole_and_room_lets_it_be_written(disk: Path) -> None:
    mine = Record(disk / FILE)
    mine.put("01/places", FOUR)
    before = (disk / FILE).read_bytes()
    ballast = fill_up(disk)
    mine.put("01/typo", FIVE)
    assert "No space left on device" in mine.trouble
    assert "Make room on the disk, then run this cell again" in mine.trouble
    assert (disk / FILE).read_bytes() == before
    assert files(disk) == {FILE, "ballast"}
    assert mine.get("01/typo") == FIVE
    assert mine.get("01/places") == FOUR
    assert "No space left on device" in mine.trouble, "the cell that is run again still says so"
    ballast.unlink()
    assert mine.get("01/typo") == FIVE  # the cell is run again
    assert mine.trouble == ""
    assert stored(disk) == {"01/places", "01/typo"}
    assert files(disk) == {FILE}


def test_a_disk_that_takes_only_a_part_leaves_the_record_whole_until_there_is_room(tmp_path: Path) -> None:
    """A limit on the size of files stands in for a disk with room for the beginning only: any user may set one."""
    pytest.importorskip("resource", reason="this system has no limit on the size of files")
    Record(tmp_path / FILE).put("01/places", FOUR)
    code = """
import resource
before = mine.path.read_bytes()
resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
mine.put("01/typo", Entry((5,), (5,), "today"))
assert "cannot be written" in mine.trouble, mine.trouble
assert mine.get("01/typo").predicted == (5,) and mine.get("01/places").predicted == (4,)
assert mine.path.read_bytes() == before
assert os.listdir(mine.path.parent) == [mine.path.name]
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert mine.get("01/typo").predicted == (5,) and not mine.trouble, mine.trouble
"""
    limited = kernel(tmp_path, code)
    limited.communicate(timeout=60)
    assert limited.returncode == 0
    assert stored(tmp_path) == {"01/places", "01/typo"}


def test_a_read_only_disk_keeps_the_record_and_says_where_to_go(disk: Path) -> None:
    mine = Record(disk / FILE)
    mine.put("01/places", FOUR)
    make_read_only(disk)
    mine.put("01/places", FIVE)
    assert "Read-only file system" in mine.trouble
    assert "a copy of the course in a folder where you may write" in mine.trouble
    assert mine.get("01/places") == FIVE
    assert Record(disk / FILE).get("01/places") == FOUR
    make_read_only(disk, False)


def test_a_damaged_record_on_a_full_disk_is_put_aside_and_both_are_said(disk: Path) -> None:
    (disk / FILE).write_text('{"predictions": {"01/pl', encoding="utf-8")
    ballast = fill_up(disk)
    mine = Record(disk / FILE)
    mine.put("01/typo", FIVE)
    assert f"is now {FILE}.bak" in mine.trouble
    assert "No space left on device" in mine.trouble
    ballast.unlink()
    assert mine.get("01/typo") == FIVE
    assert stored(disk) == {"01/typo"}
    assert (disk / f"{FILE}.bak").read_text(encoding="utf-8") == '{"predictions": {"01/pl'


# -- more than one kernel, and killed ones ------------------------------------------------------------------------


def test_many_kernels_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    code = """
meet()
for i in range(40):
    mine.put("{name}/" + str(i), Entry((i,), (i,), "today"))
    assert not mine.trouble, mine.trouble
"""
    crowd = [kernel(tmp_path, code.format(name=f"0{i}")) for i in range(4)]
    await_meeting(*crowd)
    assert go_on(*crowd) == [0] * len(crowd)
    assert stored(tmp_path) == {f"0{i}/{n}" for i in range(len(crowd)) for n in range(40)}
    assert not [name for name in files(tmp_path) if name.startswith((FILE + ".", "."))]


def test_a_kernel_killed_while_it_writes_leaves_the_record_whole(tmp_path: Path) -> None:
    """And it does not block others."""
    mine = Record(tmp_path / FILE)
    mine.put("01/places", FOUR)
    before = (tmp_path / FILE).read_bytes()
    code = f"""
def half():
    file = os.open(mine.path.with_name({GROWING!r}), os.O_WRONLY)
    os.write(file, b'{{"predictions": {{"01/pl')
    meet()
mine._renewed = half
mine.put("01/typo", Entry((5,), (5,), "today"))
"""
    writer = kernel(tmp_path, code)
    await_meeting(writer)
    assert (tmp_path / GROWING).stat().st_size > 0
    writer.kill()
    writer.communicate(timeout=60)
    assert (tmp_path / FILE).read_bytes() == before
    begun = time.monotonic()
    mine.put("01/rim", FIVE)
    assert time.monotonic() - begun < record.PATIENCE
    assert mine.trouble == ""
    assert stored(tmp_path) == {"01/places", "01/rim"}
    assert files(tmp_path) == {FILE}
