"""The lessons as text: spelling, links, minutes, and the parts that every lesson has."""

from __future__ import annotations

import doctest
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from lessons import LESSONS, NOTEBOOKS, Lesson, headings, label
from spellchecker import SpellChecker

from course_utils import drill, explain
from tools import execute_notebooks, links
from tools.site import launching

ROOT = NOTEBOOKS.parent
PAGES = [*(NOTEBOOKS / lesson.notebook for lesson in LESSONS), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
#: Words that are right and in no dictionary: names, terms of the field, words that the course makes for itself.
KNOWN = Path(__file__).with_name("words.txt")


def markdown(path: Path) -> str:
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = nbformat.read(path, as_version=4).cells
    texts = [cell.source for cell in cells if cell.cell_type == "markdown" and cell.id != launching.CELL]
    return "\n\n".join(texts)


def prose(text: str) -> str:
    """What is left for a reader: no code, formulas, addresses or HTML."""
    for pattern in (r"```.*?```", r"\$\$.*?\$\$", r"`[^`]*`", r"\]\([^)]*\)", r"<[^>]*>", r"https?://\S+"):
        text = re.sub(pattern, " ", text, flags=re.DOTALL)
    return text


def words(text: str) -> Iterator[str]:
    for word in re.findall(r"[A-Za-zäöüéèïç]+(?:['’][a-z]+)?", prose(text)):
        yield re.sub(r"['’]s?$", "", word.replace("’", "'"))


def unknown(text: str, known: set[str]) -> set[str]:
    speller = SpellChecker()
    found = {word for word in words(text) if len(word) > 2 and word.lower() not in known and word not in known}
    return {word for word in found if word.lower() in speller.unknown([word])}


@pytest.fixture(scope="module")
def known() -> set[str]:
    return set(KNOWN.read_text(encoding="utf-8").split())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_spelling(path: Path, known: set[str]) -> None:
    text = markdown(path)
    assert len(list(words(text))) > 50, "nothing was read"
    found = unknown(text, known)
    assert not found, f"a slip, or a word for {KNOWN.name}: {sorted(found)}"


def test_the_list_of_words_is_in_order_and_needed(known: set[str]) -> None:
    lines = KNOWN.read_text(encoding="utf-8").split()
    assert lines == sorted(set(lines), key=lambda word: (word.lower(), word))
    used = {word for path in PAGES for word in words(markdown(path))}
    assert known <= used | {word.lower() for word in used}, sorted(known - used)


def test_a_slip_is_seen(known: set[str]) -> None:
    assert unknown("The stride divdes the size, `exactely` so, by its lenght.", known) == {"divdes", "lenght"}


# -- links --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", markdown(path))
    assert links or path.suffix == ".md"
    for link in links:
        target, _, anchor = link.partition("#")
        if re.match(r"https?:", target):
            continue
        file = path if not target else (path.parent / target)
        assert file.exists(), f"{link} leads nowhere"
        if anchor and file.suffix == ".ipynb":
            assert anchor.replace("-", " ") in [one.replace("-", " ") for one in headings(file.name)], link
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), link


def anchors(page: Path) -> list[str]:
    """As public hosts of git make them of headings: in small letters, without signs, hyphens for spaces."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found]


@pytest.mark.parametrize(("lesson", "after"), list(pairwise(LESSONS)), ids=label)
def test_each_lesson_leads_to_the_next_and_back(lesson: Lesson, after: Lesson) -> None:
    assert f"]({after.notebook}" in markdown(NOTEBOOKS / lesson.notebook)
    assert f"]({lesson.notebook}" in markdown(NOTEBOOKS / after.notebook)


def test_the_readme_and_lesson_00_name_every_lesson() -> None:
    for lesson in LESSONS:
        assert f"](notebooks/{lesson.notebook})" in markdown(ROOT / "README.md")
        assert lesson.number == "00" or f"]({lesson.notebook})" in markdown(NOTEBOOKS / LESSONS[0].notebook)


def test_all_lessons_together_are_short() -> None:
    assert sum(len(markdown(NOTEBOOKS / lesson.notebook).split()) for lesson in LESSONS) <= 15_000


def test_the_readme_fits_on_a_screen_and_leaves_nothing_to_fill_in() -> None:
    text = markdown(ROOT / "README.md")
    assert len(text.split()) <= 700
    assert not re.findall(r"\b(?:ORG|REPO|ADDRESS|TAG)\b", text)
    total = sum(
        int(one) for row in text.splitlines() if "](notebooks/0" in row for one in re.findall(r"\d+", row[-40:])
    )
    assert total == 503 and "Eight and a half hours" in text
    moving, still = (ROOT / "notebooks" / "pictures" / f"explorer.{kind}" for kind in ("gif", "png"))
    assert all(one.stat().st_size < 1.5e6 and f"(notebooks/pictures/{one.name})" in text for one in (moving, still))


def test_the_readme_shows_what_explain_prints() -> None:
    from keras import Input, Sequential, layers as L

    same: dict[str, Any] = {"padding": "same"}
    down = [layer for filters in (16, 8, 8) for layer in (L.Conv2D(filters, 3, **same), L.MaxPooling2D(2, **same))]
    up = [L.Conv2D(8, 3, **same), L.UpSampling2D(2), L.Conv2D(8, 3, **same), L.UpSampling2D(2)]
    last = [L.Conv2D(16, 3), L.UpSampling2D(2), L.Conv2D(1, 3, **same)]
    printed = str(explain(Sequential([Input((28, 28, 1)), *down, *up, *last]), brief=True))
    rows = re.findall(r"→ (.+✓)$", markdown(ROOT / "README.md"), re.MULTILINE)
    assert len(rows) == 3 and all(row in printed for row in rows)


def a_repository(folder: Path) -> Callable[..., object]:
    """Make one with a commit; return git in it."""

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments], cwd=folder, check=True)

    git("init", "-q", "-b", "main")
    git("commit", "-q", "--allow-empty", "-m", "one")
    return git


def test_links_are_those_of_the_address_that_git_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctest.testmod(launching) == (0, 3)
    monkeypatch.setattr(links, "ROOT", tmp_path)
    git = a_repository(tmp_path)
    assert links.main() == 1 and "git knows no address" in capsys.readouterr().out
    git("remote", "add", "origin", "git@github.com:Someone/course.git")
    assert links.main() == 0
    said = capsys.readouterr().out
    assert "https://someone.github.io/course/" in said and "mybinder.org/v2/gh/Someone/course/" in said
    assert "git clone -q --depth 1 https://github.com/Someone/course course" in said


def test_lessons_get_links_keep_them_and_lose_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "ROOT", tmp_path)
    git = a_repository(tmp_path)
    for lesson in LESSONS:
        (tmp_path / "notebooks").mkdir(exist_ok=True)
        shutil.copy(NOTEBOOKS / lesson.notebook, tmp_path / "notebooks")
    assert links.main(["--out-of-notebooks"]) == 0, "in somebody's copy they are committed"
    lessons = {path: path.read_bytes() for path in (tmp_path / "notebooks").iterdir()}
    assert links.main(["--in-notebooks"]) == 1, "git knows no address"
    assert all(path.read_bytes() == before for path, before in lessons.items())

    git("remote", "add", "origin", "https://github.com/o/r.git")
    for arguments, reference in ((["v1"], "v1"), ([], "main")):
        assert links.main(["--in-notebooks", *arguments]) == 0
        for path in lessons:
            text = path.read_text(encoding="utf-8")
            notebook = execute_notebooks.read(path)
            assert execute_notebooks.as_text(execute_notebooks.normal_form(notebook)) == text, "the form to commit"
            assert [cell.id for cell in notebook.cells[:2]] == ["title", launching.CELL]
            for place in ("mybinder.org/v2/gh/o/r/{}?urlpath=lab/tree", "colab.research.google.com/github/o/r/blob/{}"):
                assert f"https://{place.format(reference)}/notebooks/{path.name})" in notebook.cells[1].source
            assert "mybinder" not in markdown(path) and sum(cell.id == launching.CELL for cell in notebook.cells) == 1

    assert links.main(["--out-of-notebooks"]) == 0
    assert all(path.read_bytes() == before for path, before in lessons.items())


# -- the parts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", LESSONS, ids=label)
def test_the_minutes_of_the_sections_add_up(lesson: Lesson) -> None:
    text = markdown(NOTEBOOKS / lesson.notebook)
    minutes = [int(one) for one in re.findall(r"^## \d+\. .* \((\d+) minutes\)$", text, re.MULTILINE)]
    exercises = [int(one) for one in re.findall(r"^## .* \((\d+) minutes\)$", text, re.MULTILINE)]
    (stated,) = re.findall(r"^\*\*About (\d+) minutes", text, re.MULTILINE)
    assert len(minutes) >= 4
    more = re.findall(r"and (\d+) more for the (?:exercises|waiting room)", text)
    assert sum(exercises) == int(stated) + sum(map(int, more)), (exercises, stated, more)
    if more:
        assert sum(minutes) == int(stated) and 30 <= int(stated) <= 45
    row = next(
        line for line in markdown(ROOT / "README.md").splitlines() if f"({'notebooks/' + lesson.notebook})" in line
    )
    assert row.rstrip(" |").split("| ")[-1].startswith(stated) and all(one in row for one in more), row


@pytest.mark.parametrize("lesson", LESSONS, ids=label)
def test_an_explorer_that_answers_waits_for_the_predictions_above_it(lesson: Lesson) -> None:
    asked: list[str] = []
    in_section: list[str] = []
    for cell in nbformat.read(NOTEBOOKS / lesson.notebook, 4).cells:
        if cell.cell_type == "markdown" and re.search("^## ", cell.source, re.MULTILINE):
            in_section = []
        elif found := re.findall(r"^lesson\.(\w+)\.predict\(\)", cell.source, re.MULTILINE):
            asked += found
            in_section += found
        elif "explore." in cell.source:
            waits = re.findall(r"lesson\.(\w+)", cell.source.partition("after=")[2])
            assert set(waits) <= set(asked), cell.id
            assert not in_section or waits == in_section, cell.id
            assert "spoiler" in cell.metadata.get("tags", ()) or not waits, cell.id


@pytest.mark.parametrize("lesson", LESSONS, ids=label)
def test_every_lesson_has_the_same_parts(lesson: Lesson) -> None:
    text = markdown(NOTEBOOKS / lesson.notebook)
    for part in ("**What you'll do**", "**What you'll learn**", "**What you need", "Take away", "**Next:**"):
        assert part in text or (part == "**Next:**" and lesson is LESSONS[-1]), part
    assert "being written" not in text and "TODO" not in text
    assert re.search(r"\bmore than one right answer\b", text, re.IGNORECASE)
    assert "★" in text


@pytest.mark.parametrize("lesson", LESSONS[1:], ids=label)
def test_the_drills_that_a_lesson_names_are_there(lesson: Lesson) -> None:
    named = re.findall(r'`drill\("(\w+)", level=(\d)\)`', markdown(NOTEBOOKS / lesson.notebook))
    assert named
    for kind, level in named:
        assert drill(kind, int(level), seed=1).question.labels
