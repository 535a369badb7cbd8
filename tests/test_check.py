"""The check that a participant runs the day before: a real kernel, a real layer, and one line to read out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_utils import check_setup
from tools import check

ROOT = Path(__file__).parents[1]


def run(*path: Path, **settings: str) -> tuple[int, list[str]]:
    """Run it with these folders before all others; return its exit code and its lines."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [*path, ROOT])), "PYTHONUTF8": "1", **settings}
    command = [sys.executable, "-m", "tools.check"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8")
    if sys.platform != "win32":  # where asyncio has something to say of its own
        assert done.stderr == "", "nothing stands below the line to read out"
    return done.returncode, done.stdout.splitlines()


def test_here_everything_is_ready_also_on_a_console_that_lacks_the_ticks() -> None:
    code, lines = run(PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert code == 0
    assert [line[0] for line in lines[:-1]] == ["?"] * 6
    assert "a real Conv2D ran" in lines[2]
    assert lines[-1].startswith("READY: a real layer ran in ")


@pytest.mark.parametrize(
    ("spoilt", "source", "told"),
    [
        (
            "tensorflow.py",
            "raise ImportError('DLL load failed')",
            "NOT READY: this failed: Keras 3 is here, on TensorFlow (ImportError: DLL load failed).",
        ),
        ("ipykernel_launcher.py", "raise SystemExit('no')", "NOT READY: no kernel starts (RuntimeError"),
        ("course_utils.py", "", "NOT READY: the kernel cannot run the course (ImportError"),
    ],
)
def test_what_is_broken_is_named_in_the_last_line(spoilt: str, source: str, told: str, tmp_path: Path) -> None:
    (tmp_path / spoilt).write_text(source, encoding="utf-8")
    code, lines = run(tmp_path)
    assert code == 1
    assert lines[-1].startswith(told)
    assert "python course.py fresh" in lines[-2]


def test_broken_widgets_are_named_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the same report as in the kernel, where Keras is loaded already."""
    assert check.problem_in(str(check_setup()).splitlines()) is None
    (tmp_path / "anywidget.py").write_text("1 / 0", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "anywidget")
    *ticks, broken, _ = lines = str(check_setup()).splitlines()
    assert [line[0] for line in (*ticks, broken)] == ["✓", "✓", "✓", "✗"]
    told = "this failed: the widgets are installed (ZeroDivisionError: division by zero)"
    assert check.problem_in(lines) == told


def test_a_kernel_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"no kernel starts|did not answer within 0\.1 seconds"):
        check.ask_a_kernel(tmp_path, patience=0.1)


def test_a_jupyterlab_without_its_parts_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (check.missing_widgets(), check.missing_page()) == ([], False)
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *parts: [str(tmp_path.joinpath(*parts))])
    assert (check.missing_widgets(), check.missing_page()) == (["ipywidgets", "anywidget"], True)
