"""The reading edition, built by its command and opened from its folder: nothing is fetched, and everything works."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import lab as rig
import nbformat
import pytest
import yaml
from in_ci import skip_or_fail
from lessons import LESSONS, Lesson, label
from playwright.sync_api import Browser, Page, expect

from course_utils.exercises.predictions import Prediction
from course_utils.exercises.record import FILE, NOTE, Entry, Record, Value
from elsewhere.remedies import REMEDIES
from elsewhere.table import table
from tools.site import launching, pages

OF_LESSONS = [Path(lesson.notebook).with_suffix(".html").name for lesson in LESSONS]
ELSEWHERE = "elsewhere.html"
PAGES = ["index.html", "search.html", *OF_LESSONS, ELSEWHERE]
FIRST, SECOND, *_, SOLVED, LAST = OF_LESSONS
THEMES: list[Literal["light", "dark"]] = ["light", "dark"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the site, which was built without a network."""
    if importlib.util.find_spec("sphinx") is None:
        skip_or_fail("what builds the reading edition is not installed; `python course.py site` does that")
    folder = tmp_path_factory.mktemp("site")
    strays = folder / "strays.txt"
    environment = {**os.environ, "PYTHONPATH": str(rig.OFFLINE), "COURSE_STRAYS": str(strays)}
    command = [sys.executable, "-m", "tools.site", "--out", str(folder / "built")]
    done = subprocess.run(command, cwd=rig.ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stdout + done.stderr
    assert not strays.exists(), strays.read_text(encoding="utf-8")
    return folder / "built"


# -- the files ----------------------------------------------------------------------------------------------------


class Links(HTMLParser):
    """What a page loads, what it links, and what can be linked on it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.modules = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "script" and found.get("type") == "module":
            self.modules += 1
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "link" and found.get("rel") in ("stylesheet", "preload", "icon"):
            self.loads.append(found["href"])
        self.loads += [found[name] for name in ("src", "srcset", "data", "poster") if name in found and tag != "a"]


@cache
def links_of(page: Path) -> Links:
    return Links(page.read_text(encoding="utf-8"))


def test_every_lesson_has_a_page_named_after_its_notebook(site: Path) -> None:
    assert {page.name for page in site.glob("*.html")} == set(PAGES)
    for lesson in LESSONS:
        text = (site / lesson.notebook).with_suffix(".html").read_text(encoding="utf-8")
        assert text.count('class="prediction"') == len(lesson.predictions) > 0
        assert text.count('class="not-here"') == len(lesson.exercises) > 0
        assert text.count("<summary") > len(lesson.exercises) and "____" in text


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_only_what_lies_beside_it(site: Path, name: str) -> None:
    page = links_of(site / name)
    assert page.loads and not page.modules, "a browser loads no module from a folder"
    for address in page.loads:
        assert not urlsplit(address).scheme and (site / urlsplit(address).path).is_file(), address


def test_style_sheets_load_only_what_lies_beside_them(site: Path) -> None:
    sheets = list(site.rglob("*.css"))
    assert len(sheets) > 4
    for sheet in sheets:
        for address in re.findall(
            r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", sheet.read_text(encoding="utf-8")
        ):
            path = urlsplit("".join(address))
            assert path.scheme == "data" or (sheet.parent / path.path).is_file(), (sheet.name, address)


def broken(site: Path, page: str, address: str) -> bool:
    """Whether a link leads nowhere in the site. Where it leads out of it, nobody is asked."""
    parts = urlsplit(address)
    if parts.scheme:
        return parts.scheme != "https"
    target = site / (unquote(parts.path) or page)
    return not target.is_file() or (bool(parts.fragment) and unquote(parts.fragment) not in links_of(target).ids)


@pytest.mark.parametrize("name", PAGES)
def test_no_link_is_broken(site: Path, name: str) -> None:
    page = links_of(site / name)
    assert len(page.links) > 5
    assert not [address for address in page.links if broken(site, name, address) and address != "#"]
    assert len(page.ids) == len(set(page.ids)), "an id stands for one place"


def test_what_is_said_to_an_answer_links_to_sections_that_are_there(site: Path) -> None:
    told = "".join(file.read_text(encoding="utf-8") for file in (site / "_static").glob("predictions_*.js"))
    sections = re.findall(r'href=\\"([^"\\]+)', told)
    assert len(sections) == 2 * told.count('"later"') > 100
    assert not [address for address in sections if broken(site, "index.html", address)]


REMOTES = {
    "https://github.com/some-one/the.course.git": "some-one/the.course",
    "https://github.com/o/r": "o/r",
    "https://token@github.com/o/r.git/": "o/r",
    "git@github.com:o/r.git": "o/r",
    "ssh://git@github.com/o/r.git": "o/r",
    "https://gitlab.com/o/r.git": None,
    "https://notgithub.com/o/r.git": None,
    "https://github.com/o": None,
    "/srv/git/course.git": None,
    "": None,
}


@pytest.mark.parametrize(("remote", "repository"), REMOTES.items())
def test_launch_links_come_from_the_address_git_knows(remote: str, repository: str | None) -> None:
    links = launching.places(remote, "v1", "03_pool.ipynb")
    assert "token" not in str(links)
    assert bool(links) == bool(repository) and all(f"/{repository}/" in address for address in links.values())
    if repository:
        assert links["Run it on Binder"].endswith("/v1?urlpath=lab/tree/notebooks/03_pool.ipynb")


def test_without_a_remote_there_are_no_launch_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lesson = pages.lessons()[3]
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    git: Callable[..., Any] = lambda *words: subprocess.run(["git", *words], cwd=tmp_path, check=True)  # noqa: E731
    assert launching.from_git(tmp_path, "03_pool.ipynb") == {}
    git("init", "-q")
    git("-c", "user.name=x", "-c", "user.email=x", "commit", "-q", "--allow-empty", "-m", "x")
    assert launching.from_git(tmp_path, "03_pool.ipynb") == {}
    assert "launch" not in pages.about(lesson)
    git("remote", "add", "origin", "https://github.com/o/r.git")
    git("tag", "v7")
    links = launching.from_git(tmp_path, "03_pool.ipynb")
    assert "/o/r/v7?" in links["Run it on Binder"]
    shutil.copy(pages.NOTEBOOKS / f"{lesson.name}.ipynb", tmp_path)
    monkeypatch.setattr(pages, "NOTEBOOKS", tmp_path)
    before = lesson.notebook
    stored = nbformat.from_dict({**before, "cells": [nbformat.v4.new_markdown_cell("", id="launch"), *before.cells]})
    nbformat.write(stored, tmp_path / f"{lesson.name}.ipynb")
    assert lesson.notebook == before, "links that the lesson brings along are left out"
    row, _, _ = pages.about(lesson).partition("<details")
    assert re.findall(r'<a href="(.+?)">', row) == list(links.values())


def test_the_workflow_publishes_what_the_command_builds() -> None:
    workflow = yaml.safe_load((rig.ROOT / ".github" / "workflows" / "site.yml").read_text(encoding="utf-8"))
    *_, command, upload = workflow["jobs"]["build"]["steps"]
    assert command == {"run": "python course.py site"} and upload["with"] == {"path": "build/site"}
    [deploy] = workflow["jobs"]["deploy"]["steps"]
    assert deploy["uses"].startswith("actions/deploy-pages@") and workflow["jobs"]["deploy"]["needs"] == "build"
    assert workflow["jobs"]["deploy"]["permissions"] == {"pages": "write", "id-token": "write"}


# -- the pages in a browser ---------------------------------------------------------------------------------------


def opened(page: rig.WatchedPage, site: Path, name: str) -> rig.WatchedPage:
    """The page with this name, all of its explorers awake and everything folded open."""
    page.goto((site / name).as_uri())
    expect(page.locator("[data-explorer]:not(.cu-live)")).to_have_count(0)
    page.add_style_tag(content=".cu-live { content-visibility: visible !important; }")  # also where nobody looks
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    return page


@pytest.fixture
def reader(browser: Browser) -> Iterator[rig.WatchedPage]:
    """A browser that has kept nothing yet; nothing may go wrong in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = rig.watch(context.new_page())
    yield page
    assert not page.errors and not page.strays
    context.close()


def axe_findings(page: Page, contrast: bool, leave_out: str) -> list[str]:
    """What axe-core finds on a page, with or without the contrasts, which take most of its time."""
    from axe_playwright_python.sync_playwright import Axe

    # It would fetch the style sheets, which nothing can in a folder.
    options = {"resultTypes": ["violations"], "preload": False, "rules": {"color-contrast": {"enabled": contrast}}}
    violations = Axe().run(page, {"exclude": [[leave_out]]}, options).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in violations for node in one["nodes"][:3]]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light(reader: rig.WatchedPage, site: Path, name: str) -> None:
    """With all that it loads, also when everything is unfolded and it is read to its end."""
    addresses: set[str] = set()
    reader.on("requestfinished", lambda request: addresses.add(request.url))
    page = opened(reader, site, name)
    for picture in page.locator("img.still:visible").all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
    files = {Path(unquote(one.path)) for one in map(urlsplit, addresses) if one.scheme == "file"}
    assert site / name in files and len(files) > 10
    assert sum(file.stat().st_size for file in files) < 1.5e6
    assert name != "index.html" or (site / name).stat().st_size < 300e3


#: The theme lets keys reach a table that is wider than the page, a moment after the page has changed.
_REACHED = """() => [...document.querySelectorAll('.pst-scrollable-table-container')]
    .every(table => table.tabIndex === (table.scrollWidth > table.clientWidth ? 0 : -1))"""


#: A formula that is wider than the page, or what is printed that is wider and cannot be moved to its end.
_CUT_OFF = """() => [...document.querySelectorAll('.printed, .formula')].filter(one => {
    if (one.matches('.formula')) return one.scrollWidth > one.clientWidth + 1;
    one.scrollLeft = one.scrollWidth;
    return one.scrollLeft + one.clientWidth < one.scrollWidth - 1 || one.scrollHeight > one.clientHeight;
}).map(one => one.textContent.slice(0, 80))"""
_FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
#: Of explorers and of blocks of code, all but the first few.
_ALIKE = """() => Object.entries({'.cu-live': 1, '.highlight': 5}).forEach(([kind, few]) =>
    [...document.querySelectorAll(kind)].slice(few).forEach(one => one.classList.add('alike')))"""


@pytest.mark.parametrize("name", PAGES)
def test_everything_fits_and_axe_finds_nothing(
    reader: rig.WatchedPage, site: Path, name: str, pytestconfig: pytest.Config
) -> None:
    """Contrasts depend on the theme, the rest on the width; explorers are alike, so is code. The wide tier sees all."""
    everything = bool(pytestconfig.option.everything)
    page = opened(reader, site, name)
    page.evaluate(_ALIKE)
    findings = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        for width in (320, 420, 1280):
            rig.set_size(page, width, 900)
            assert page.evaluate(_FITS), f"too wide for {width} px"
            assert page.evaluate(_CUT_OFF) == [], f"cut off at {width} px"
            page.wait_for_function(_REACHED)
            contrast = width == 1280 or everything
            if contrast or theme == "light":
                found = axe_findings(page, contrast, ".nothing" if everything else ".alike")
                findings += [f"{theme}, {width}: {finding}" for finding in found]
    assert not findings, "\n".join(findings)


def answers_to(prediction: Prediction) -> list[tuple[Value, ...]]:
    """The truth, every known wrong answer, and an answer that nobody foresaw."""
    odd = tuple(getattr(one, "options", [1234])[-1] for one in prediction.inputs)
    known = [one.answer for one in prediction.wrong_answers]
    return [prediction.truth(), *known, odd, (*prediction.truth()[:-1], odd[-1])]


_ANSWER = """([key, typed]) => {
    const form = document.querySelector(`form[data-prediction="${key}"]`);
    typed.forEach((value, i) => {
        const fields = [...form.querySelectorAll(`[name="${key}/${i}"]`)];
        if (fields.length > 1) fields.find(field => field.value === value).checked = true;
        else fields[0].value = value;
    });
    form.requestSubmit();
    const said = form.querySelector('.said').textContent;
    form.querySelector('.again').click();
    return said;
}"""
_TEXT = "html => { const all = document.createElement('div'); all.innerHTML = html; return all.textContent; }"


@pytest.mark.parametrize("lesson", LESSONS, ids=label)
def test_a_page_says_of_every_answer_what_the_lesson_says(reader: rig.WatchedPage, site: Path, lesson: Lesson) -> None:
    page = opened(reader, site, f"{Path(lesson.notebook).stem}.html")
    for prediction in lesson.predictions:
        assert len(answers_to(prediction)) >= 3
        for answer in answers_to(prediction):
            on_page = page.evaluate(_ANSWER, [prediction.key, [str(one) for one in answer]])
            live = page.evaluate(_TEXT, prediction.reveal(Entry(answer, prediction.truth(), "TIME")).html)
            assert re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME", on_page) == live


# -- keeping, and looking back ------------------------------------------------------------------------------------


def commit(page: Page, key: str, *typed: str) -> None:
    """Answer as a person does."""
    form = page.locator(f'form[data-prediction="{key}"]')
    for box, text in zip(form.locator(".number input").all(), typed, strict=True):
        box.fill(text)
    form.get_by_role("button", name="Commit my answer").click()


def test_what_is_answered_is_kept_looked_back_on_and_exported(
    reader: rig.WatchedPage, site: Path, tmp_path: Path
) -> None:
    page = opened(reader, site, FIRST)
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = false)")
    typed = [28, 14, 14, 7, 7, 3, 3, 6, 6, 12, 10, 20, 20]
    said = page.locator('form[data-prediction="00/sizes"] .said')
    commit(page, "00/sizes", *["", *map(str, typed[1:])])
    expect(said).to_contain_text("there is no number yet. A guess is welcome.")
    commit(page, "00/sizes", *["a few", *map(str, typed[1:])])
    expect(said).to_contain_text("“a few” is not a whole number. Type digits only, for instance 100.")
    expect(page.locator("details.spoiler").first).not_to_have_attribute("open", "")
    commit(page, "00/sizes", *map(str, typed))
    expect(said).to_contain_text("A surprise. 5 of 13 match.")
    expect(page.locator("details.spoiler").first).to_have_attribute("open", "")
    page.reload()
    expect(said).to_contain_text("You committed this at")
    expect(page.locator('[name="00/sizes/0"]')).to_have_value("28")
    expect(page.locator('[name="00/sizes/0"]')).to_be_disabled()

    opened(page, site, SOLVED)
    back = page.locator('[data-look-back="00"]')
    expect(back.locator("table")).to_have_count(1)
    cells = [row.locator("td").all_inner_texts() for row in back.locator("tbody tr").all()]
    sizes = next(one for one in LESSONS[0].predictions if one.name == "sizes")
    assert [row[1:3] for row in cells] == [
        [str(mine), str(true)] for mine, true in zip(typed, sizes.truth(), strict=True)
    ]
    expect(back).to_contain_text("Not answered.")
    with page.expect_download() as download:
        back.get_by_role("button", name=f"Download {FILE}").click()
    assert download.value.suggested_filename == FILE
    download.value.save_as(tmp_path / FILE)
    entry = Record(tmp_path / FILE).get("00/sizes")
    assert entry is not None and entry == sizes.committed(entry)
    assert entry.predicted == tuple(typed) and entry.actual == sizes.truth()
    live = Record(tmp_path / "live.json")
    live.put("00/sizes", entry)
    assert json.loads(live.path.read_text(encoding="utf-8")) == json.loads(
        (tmp_path / FILE).read_text(encoding="utf-8")
    )


def test_answers_of_the_running_course_are_brought_along(reader: rig.WatchedPage, site: Path, tmp_path: Path) -> None:
    record, other = Record(tmp_path / FILE), tmp_path / "other.json"
    record.put("01/places", Entry((7,), (5,), "2026-11-30 12:00"))
    other.write_text("{}", encoding="utf-8")
    page = opened(reader, site, SECOND)
    back = page.locator('[data-look-back="01"]')
    back.locator("input[type=file]").set_input_files(other)
    expect(back).to_contain_text("other.json holds no predictions.")
    back.locator("input[type=file]").set_input_files(record.path)
    expect(page.locator('form[data-prediction="01/places"]')).to_contain_text("You committed this at 2026-11-30 12:00.")
    expect(back.locator("table")).to_have_count(1)


def test_an_answer_can_be_taken_back(reader: rig.WatchedPage, site: Path) -> None:
    page = opened(reader, site, SECOND)
    commit(page, "01/places", "5")
    form = page.locator('form[data-prediction="01/places"]')
    expect(form.locator(".said")).to_contain_text("As you expected")
    form.get_by_role("button", name="Start over").click()
    expect(form.locator(".said")).to_contain_text("Your answer is taken back.")
    expect(form.locator("input")).to_be_enabled()
    expect(page.locator('[data-look-back="01"]')).to_contain_text("Not answered.")
    page.reload()
    expect(form.locator("input")).to_have_value("")


_REFUSE = """Object.defineProperty(window, 'localStorage', {
    configurable: true, get() { throw new DOMException('The operation is insecure.', 'SecurityError'); } });"""


def test_a_browser_that_keeps_nothing_is_told_of_and_gone_on_with(reader: rig.WatchedPage, site: Path) -> None:
    reader.add_init_script(_REFUSE)
    page = opened(reader, site, SECOND)
    form = page.locator('form[data-prediction="01/places"]')
    expect(form.locator(".trouble")).to_contain_text("keeps nothing for this page")
    commit(page, "01/places", "7")
    expect(form.locator(".said")).to_contain_text("A surprise. You expected 7; Keras gives 5.")
    expect(page.locator('[data-look-back="01"]')).to_contain_text("7")
    page.get_by_role("button", name="Color mode").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("stored", ["nonsense", "[1]", '{"predictions": []}', "null"])
def test_a_damaged_record_is_put_aside(reader: rig.WatchedPage, site: Path, stored: str) -> None:
    page = opened(reader, site, SECOND)
    page.evaluate("([name, text]) => localStorage.setItem(name, text)", [FILE, stored])
    page.reload()
    form = page.locator('form[data-prediction="01/places"]')
    expect(form.locator(".trouble")).to_contain_text("is damaged")
    commit(page, "01/places", "7")
    kept = page.evaluate("name => [localStorage.getItem(name), localStorage.getItem(`${name}.bak`)]", FILE)
    assert json.loads(kept[0])["predictions"]["01/places"]["said"] == [7] and kept[1] == stored


@pytest.mark.parametrize(
    "entry", [None, 3, {}, {"said": ["5"], "came": [5], "at": ""}, {"said": [5], "came": [5, 5], "at": ""}]
)
def test_an_entry_that_is_no_answer_counts_as_none(reader: rig.WatchedPage, site: Path, entry: object) -> None:
    page = opened(reader, site, SECOND)
    record = json.dumps({"note": NOTE, "predictions": {"01/places": entry}})
    page.evaluate("([name, text]) => localStorage.setItem(name, text)", [FILE, record])
    page.reload()
    expect(page.locator('form[data-prediction="01/places"] input')).to_be_enabled()
    expect(page.locator('[data-look-back="01"] table')).to_have_count(0)


# -- finding one's way --------------------------------------------------------------------------------------------


def test_search_finds_the_lesson(reader: rig.WatchedPage, site: Path) -> None:
    page = opened(reader, site, "index.html")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("searchbox", name="Search the course").fill("causal")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\.html\?q=causal$"))
    page.locator("#search-results").get_by_role("link", name="01 Pad the border").first.click()
    expect(page).to_have_url(re.compile(rf"/{SECOND}"))


def test_one_page_leads_to_the_next_and_back(reader: rig.WatchedPage, site: Path) -> None:
    page = opened(reader, site, "index.html")
    seen = []
    while (link := page.locator("a.right-next")).count():
        seen.append(str(link.get_attribute("href")))
        link.click()
        page.wait_for_url(f"**/{seen[-1]}")
    assert seen == PAGES[2:]
    page.locator("a.left-prev").click()
    page.wait_for_url(f"**/{LAST}")


def test_what_is_printed_is_light(reader: rig.WatchedPage, site: Path) -> None:
    reader.emulate_media(color_scheme="dark")
    page = opened(reader, site, SECOND)
    page.evaluate("addEventListener('beforeprint', () => window.printed = document.documentElement.dataset.theme)")
    assert len(page.pdf()) > 100_000
    assert page.evaluate("window.printed") == "light"
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_what_is_drawn_stands_on_paper_too(reader: rig.WatchedPage, site: Path) -> None:
    page = opened(reader, site, SOLVED)
    drawn = """() => [...document.querySelectorAll('.cu-view :is(svg, img, .cu-try)')]
        .filter(one => one.checkVisibility()).length"""
    seen = page.evaluate(drawn)
    assert seen > 50
    page.emulate_media(media="print")
    assert page.evaluate(drawn) == seen


def test_what_needs_the_running_course_leads_to_how_to_run_it(reader: rig.WatchedPage, site: Path) -> None:
    page = reader
    page.goto((site / SECOND).as_uri())
    about = page.locator("#about-this-page")
    expect(about).to_be_hidden()
    page.get_by_role("link", name="in the running course").first.click()
    expect(about).to_be_in_viewport()


def test_an_explorer_on_the_first_page_moves_and_follows_the_theme(reader: rig.WatchedPage, site: Path) -> None:
    page = opened(reader, site, "index.html")
    slider = page.get_by_role("slider", name="k, kernel size")
    slider.focus()
    for key, size in (("Home", "1×1"), ("End", "7×7")):
        page.keyboard.press(key)
        expect(page.locator(".cu-explorer")).to_contain_text(f"kernel {size}")
    page.get_by_role("button", name="Color mode").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("[data-explorer]")).to_have_attribute("data-jp-theme-light", "false")


@pytest.mark.parametrize("name", OF_LESSONS)
def test_without_scripts_text_and_still_pictures_remain(browser: Browser, site: Path, name: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = rig.watch(context.new_page())
    page.goto((site / name).as_uri())
    for fold in page.locator("details.spoiler > summary").all():
        fold.click()
    pictures = page.locator("img.still")
    assert page.locator("[data-explorer]:has(img.still)").count() == page.locator("[data-explorer]").count() > 0
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_be_visible()
        assert len(str(picture.get_attribute("alt"))) > 20
    assert not page.locator("form.prediction input:visible, form.prediction button:visible").count()
    expect(page.locator("form.prediction").first).to_contain_text("write yours down before you read on")
    assert not page.errors and not page.strays
    context.close()


# -- the same layer elsewhere -------------------------------------------------------------------------------------


def choose(page: Page, label: str, option: str) -> None:
    """An option by its text, whether or not it is marked as one in which the frameworks differ."""
    offered = page.get_by_label(label, exact=True).locator("option").all_inner_texts()
    page.get_by_label(label, exact=True).select_option(
        index=[text.removeprefix("≠ ") for text in offered].index(option)
    )


@pytest.mark.parametrize("name", ["02_take_bigger_steps.html", "03_pool.html", "04_upsample.html"])
def test_a_box_in_a_lesson_leads_to_the_page(reader: rig.WatchedPage, site: Path, name: str) -> None:
    page = opened(reader, site, name)
    page.locator("blockquote").get_by_role("link", name="Elsewhere").click()
    page.wait_for_url(f"**/{ELSEWHERE}")


def test_two_frameworks_stand_side_by_side_with_the_reason(reader: rig.WatchedPage, site: Path) -> None:
    page = opened(reader, site, ELSEWHERE)
    sides = page.locator(".elsewhere-sides > section")
    choose(page, "Operation", "resizing")
    choose(page, "Case", "bilinear, 3 cells × 2")
    choose(page, "Beside it", "TensorFlow.js")
    expect(sides.nth(0)).to_contain_text('layers.UpSampling2D((1, 2), interpolation="bilinear")')
    assert sides.nth(0).locator(".elsewhere-cell").all_inner_texts() == ["0", "0.25", "0.75", "1.25", "1.75", "2"]
    layer = sides.nth(1).locator(".elsewhere-answer").first
    assert layer.locator(".elsewhere-cell").all_inner_texts() == ["0", "0.5", "1", "1.5", "2", "2"]
    expect(layer.locator(".elsewhere-verdict")).to_have_text(
        "≠ The same size, other values. Why: on the left, cells are sampled at their centres: output i reads at "
        "(i + ½)·n/o − ½. Here, the left edges meet: output i reads at i·n/o."
    )
    choose(page, "Operation", "convolution")
    choose(page, "Beside it", "PyTorch")
    choose(page, "Case", "k=3, s=2, same, n=6")
    expect(sides.nth(1)).to_contain_text("padding='same' is not supported for strided convolutions")
    choose(page, "Beside it", "MLX")
    choose(page, "Case", "k=2, s=2, same, n=5")
    expect(sides.nth(1)).to_contain_text("It is not asked")


def test_every_answer_of_the_table_is_shown_within_a_frame(reader: rig.WatchedPage, site: Path) -> None:
    page = opened(reader, site, ELSEWHERE)
    shown, times = page.evaluate("""() => {
        const [operation, one, left, right] = document.querySelectorAll('.elsewhere-choices select');
        const times = [];
        let shown = 0;
        for (const { value } of operation.options) {
            operation.value = value;
            operation.dispatchEvent(new Event('change'));
            for (const { value } of one.options) {
                one.value = value;
                for (const { value } of right.options) {
                    right.value = value;
                    const begun = performance.now();
                    right.dispatchEvent(new Event('change'));
                    times.push(performance.now() - begun);
                    const side = document.querySelectorAll('.elsewhere-sides > section')[1];
                    shown += side.querySelectorAll('.elsewhere-answer > code').length;
                }
            }
        }
        return [shown, times.sort((a, b) => a - b)];
    }""")
    assert shown == len(table().answers)
    assert times[len(times) // 2] < 16, "milliseconds of a frame, for half of the choices at least"


def test_the_page_about_other_frameworks_is_small_and_printable(browser: Browser, site: Path) -> None:
    """The rules and the remedies stand on it without a script."""
    assert sum((site / name).stat().st_size for name in (ELSEWHERE, "_static/elsewhere_table.js")) < 300e3
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / ELSEWHERE).as_uri())
    expect(page.get_by_text("Without JavaScript nothing can be chosen here")).to_be_visible()
    remedies, rules = (page.locator(f"#{section} details") for section in ("how-to-make-them-equal", "all-rules"))
    assert remedies.locator("tbody tr").count() == len(REMEDIES)
    assert rules.count() == 7 and rules.locator("tbody tr").count() > 60
    row = rules.locator("tbody tr").first
    expect(row).not_to_be_visible()
    assert page.evaluate("document.documentElement.scrollHeight") < 3000, "what nobody asked for is folded away"
    page.emulate_media(media="print")
    for printed in (row, rules.first.locator("summary")):
        expect(printed).to_be_visible()
    page.emulate_media(media="screen")
    rules.first.locator("summary").click()
    expect(row).to_be_visible()
    context.close()
