"""The table of an explanation in a notebook.

Plain HTML with inline styles, which survives in a notebook that is not trusted; a ``<style>`` element would not.
Colours come from JupyterLab's theme, light or dark; the values behind its variables serve where there is no Lab. Colour
is never the only sign.

A deep model is dealt out to several tables that open and close: a browser lays out only what is open, and 700 rows in a
row are read by nobody. Styles stand on as few elements as possible: they are most of the bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from course_utils.explain import words
from course_utils.explain.rows import ExplainedModel, Row
from course_utils.explain.wording import count

_GOOD = "color:var(--jp-success-color0, #1b5e20)"
_BAD = "color:var(--jp-error-color1, #d32f2f);font-weight:bold"
_QUIET = "opacity:.8;font-size:.92em"
_CELL = "text-align:left;vertical-align:top;padding:.5em"
_LINE = "border-top:1px solid var(--jp-border-color1, #999)"
_CODE = "font-family:var(--jp-code-font-family, monospace)"

#: The headings, and how narrow their columns may become.
_HEADINGS = {"Layer": 10, "Size in → out": 6, "Keras?": 3, "Why": 22, "Padding": 4, "Parameters": 5}
_BRIEF = {"Layer": 10, "Size in → out": 12, "Keras?": 3, "Rule": 12}
_MARKS = {
    "✓": (_GOOD, "✓", "by hand and Keras agree"),
    "✗": (_BAD, "✗", "by hand and Keras differ"),
    "⊘": (_BAD, "⊘ both refuse", "by hand and by Keras nothing comes out"),
    "?": ("", "no rule", "there is no rule by hand"),
    "–": ("", "–", "not reached"),
}

#: A model with more rows is folded …
_LONGEST = 80
#: … into parts of so many.
_PART = 40


def as_html(model: ExplainedModel) -> str:
    """One row per call. Where the window is narrow the table scrolls inside its own box, by keyboard too."""
    name, rows, found = escape(model.name), model.rows, None if model.brief else model.diagnosis
    ends = _lines(words.verdict(model, model.brief))
    if found is not None:
        # What is missed and since where, and each repair, which opens to its code.
        repairs = "".join(
            f'<details><summary style="cursor:pointer">Repair {number}: {escape(repair.what)}</summary>'
            f'<pre tabindex="0" aria-label="Code of repair {number}" style="overflow-x:auto;margin:.3em 0">'
            f"{escape(repair.code)}</pre></details>"
            for number, repair in enumerate(found.repairs, start=1)
        )
        ends += f'<div style="{_LINE};margin-top:.6em;padding-top:.4em">{_lines(found.findings)}{repairs}</div>'
    legend = f"<code>{name}</code>: {words.BRIEF if model.brief else words.LEGEND}{words.MARKED}"
    if len(rows) <= _LONGEST:
        caption = f'<caption style="text-align:left;caption-side:top;color:inherit">{legend}</caption>'
        return _table(rows, f"Explanation of {name}", model.brief, caption) + ends
    parts = range(0, len(rows), _PART)
    return (
        f"<div>{legend}</div>"
        f"<div>{len(rows)} rows, folded into {count(len(parts), 'part')}: open a part to read it. "
        "Parts with something wrong are open.</div>"
        + "".join(_part(name, first, rows[first : first + _PART], model.brief) for first in parts)
        + ends
    )


def _lines(texts: Iterable[str]) -> str:
    return "".join(f'<div style="{ {"✓": _GOOD, "✗": _BAD}.get(text[0], "") }">{escape(text)}</div>' for text in texts)


def _part(name: str, first: int, rows: Sequence[Row], brief: bool) -> str:
    """Some rows behind a line that says which they are, and whether all is well with them."""
    place = f"{first} to {first + len(rows) - 1}"
    wrong = [row for row in rows if words.mark(row) == "✗" or row.refused]
    without = [row for row in rows if words.mark(row) == "?"]
    state = f'<span style="{_GOOD}">✓</span>'
    if wrong:
        state = f'<span style="{_BAD}">✗ {count(len(wrong), "row")} with something wrong</span>'
    elif without:
        state += f", {count(len(without), 'row')} without a rule"
    ends = f"<code>{escape(rows[0].layer)}</code> … <code>{escape(rows[-1].layer)}</code>"
    return (
        f"<details{' open' if not first or wrong else ''}>"
        f'<summary style="cursor:pointer;padding:.4em 0">Rows {place}: {ends} {state}</summary>'
        f"{_table(rows, f'Explanation of {name}, rows {place}', brief)}</details>"
    )


def _table(rows: Sequence[Row], label: str, brief: bool, caption: str = "") -> str:
    headings = "".join(
        f'<th scope="col" style="{_CELL};min-width:{width}em">{heading}</th>'
        for heading, width in (_BRIEF if brief else _HEADINGS).items()
    )
    body = "".join(_row(told, brief) for told in words.told(rows, brief))
    return (
        f'<div role="region" tabindex="0" aria-label="{label}" style="overflow-x:auto;max-width:100%">'
        f'<table style="border-collapse:collapse;margin:0;color:inherit">{caption}'
        f"<thead><tr>{headings}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(told: words.Told, brief: bool) -> str:
    style, text, spoken = _MARKS[told.mark]
    size = escape(told.size).replace(" →", "&nbsp;→")
    cells = [
        f"<strong>▸ {size}</strong>" if told.changes else size,
        f'<span style="{style}" role="img" aria-label="{spoken}" title="{spoken}">{text}</span>',
        _why(told),
    ]
    if not brief:
        cells += ["<br>".join(map(escape, told.padding.splitlines())), escape(told.parameters)]
    body = "".join(f'<td style="{_CELL}">{content}</td>' for content in cells)
    head = f'<code>{escape(told.row.layer)}</code><div style="{_QUIET}">{escape(told.row.kind)}</div>'
    name = f"{_CELL};font-weight:normal;overflow-wrap:anywhere"
    return f'<tr style="{_LINE}"><th scope="row" style="{name}">{head}</th>{body}</tr>'


def _why(told: words.Told) -> str:
    """The formula, the sentence, and what else there is to say; a disagreement in red, with both numbers.

    What opens by pointer, Enter or Space: where the parameters come from, how far the layer sees, what it costs.
    """
    parts = [f'<div style="{_CODE}">{_unbroken(line)}</div>' for line in told.formula.splitlines()]
    parts += [f"<div>{_unbroken(told.why)}</div>"] * bool(told.why)
    parts += [f"<div>{_noted(remark)}</div>" for remark in told.remarks]
    parts += [f'<div style="{_BAD}">{escape(difference)}</div>' for difference in told.differences]
    more = "<br>".join(f"<strong>{what}:</strong> {escape(text)}" for what, text in told.details)
    if more:
        label = f'aria-label="More about {escape(told.row.layer)}"'
        parts.append(f'<details><summary {label} style="cursor:pointer">More</summary><div>{more}</div></details>')
    return "".join(parts)


def _noted(remark: str) -> str:
    """A remark, escaped; the word *Note*, which a reader scans the table for, in bold."""
    note, colon, rest = escape(remark).partition(":")
    return f"<strong>{note}:</strong>{rest}" if note == "Note" else note + colon + rest


def _unbroken(text: str) -> str:
    """Escaped, and a fraction stays on one line."""
    return escape(text).replace(" / ", "&nbsp;/&nbsp;")
