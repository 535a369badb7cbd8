"""Worksheets on paper, drawn from the drills: ten questions on A4, and the key in a file of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from course_utils.exercises.drills import Sheet, drill_sheet

#: Kind and level of each sheet, in the order of the lessons.
SHEETS = (
    ("valid", 1), ("pads", 1), ("valid", 2), ("same", 2), ("pads", 2), ("dilation", 1), ("pool", 1),
    ("upsample", 2), ("transposed", 1), ("transposed", 2), ("chain", 2), ("back", 2), ("mixed", 3),
)  # fmt: skip
SEED = 1

#: A4 in inches, and where text may stand.
_PAGE = (8.27, 11.69)
_LEFT, _TOP, _BOTTOM = 0.9, 0.9, 0.8
_LINE = 0.21


@dataclass(frozen=True)
class _Line:
    text: str
    code: bool = False
    large: bool = False


def build(folder: Path, seed: int = SEED) -> list[Path]:
    """Write all worksheets and their keys into a folder, and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        file
        for kind, level in SHEETS
        for file in write(drill_sheet(kind, level, seed), folder / f"{kind}-{level}-seed-{seed}.pdf")
    ]


def write(sheet: Sheet, file: Path) -> tuple[Path, Path]:
    """Write one sheet, and its key beside it as ``...-key.pdf``: the same bytes at every run. Return both files."""
    key = file.with_stem(f"{file.stem}-key")
    _write(sheet.title, _questions(sheet), file)
    _write(f"Key to: {sheet.title}", _key(sheet), key)
    return file, key


def _write(title: str, blocks: Iterator[list[_Line]], file: Path) -> None:
    from matplotlib import rc_context
    from matplotlib.backends.backend_pdf import PdfPages

    # Fonts as outlines that keep their letters: the text can be searched and copied.
    with rc_context({"pdf.fonttype": 42}), PdfPages(file, metadata={"CreationDate": None, "Title": title}) as pdf:
        for page in _pages(blocks):
            pdf.savefig(_draw(page))


def _questions(sheet: Sheet) -> Iterator[list[_Line]]:
    yield [_Line(sheet.title, large=True), _Line("Name: " + "_" * 40), _Line("")]
    for number, one in enumerate(sheet.questions, start=1):
        blanks = "     ".join(f"{label}: ______" for label in one.labels)
        code = [_Line(line, code=True) for line in one.code.splitlines()]
        yield [*_wrapped(f"{number}. {one.text}"), *code, *_wrapped(blanks), _Line("")]


def _key(sheet: Sheet) -> Iterator[list[_Line]]:
    yield [_Line(f"Key to: {sheet.title}", large=True), _Line("")]
    for number, one in enumerate(sheet.questions, start=1):
        answer = ", ".join(f"{label}: {size}" for label, size in zip(one.labels, one.truth, strict=True))
        yield [*_wrapped(f"{number}. {answer}"), *(_Line(line, code=True) for line in one.why)]


def _wrapped(text: str, width: int = 88) -> Iterator[_Line]:
    """A text in lines that fit the page."""
    line = ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width:
            yield _Line(line)
            line = "    " + word
        else:
            line = f"{line} {word}" if line else word
    yield _Line(line)


def _pages(blocks: Iterator[list[_Line]]) -> Iterator[list[_Line]]:
    """Fill pages; what belongs to one question stays on one page."""
    fits = int((_PAGE[1] - _TOP - _BOTTOM) / _LINE)
    page: list[_Line] = []
    for block in blocks:
        if page and len(page) + len(block) > fits:
            yield page
            page = []
        page += block
    yield page


def _draw(lines: Sequence[_Line]) -> object:
    from matplotlib.figure import Figure

    figure = Figure(figsize=_PAGE)
    for number, line in enumerate(lines):
        figure.text(
            (_LEFT + 0.25 * line.code) / _PAGE[0],
            1 - (_TOP + number * _LINE) / _PAGE[1],
            line.text,
            fontsize=15 if line.large else 8.5 if line.code else 10,
            family="monospace" if line.code else "sans-serif",
            parse_math=False,
        )
    return figure
