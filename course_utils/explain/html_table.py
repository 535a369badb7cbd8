"""The table of an explanation in a notebook.

Plain HTML with inline styles, which survives in a notebook that is not trusted; a ``<style>`` element would not.
Colours come from JupyterLab's theme, light or dark; the values behind its variables serve where there is no Lab. Colour
is never the only sign.

A deep model is dealt out to several tables that open and close: a browser lays out only what is open, and 700 rows in a
row are read by nobody. Styles stand on as few elements as possible: they are most of the bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from course_utils.explain.details import detail_lines
from course_utils.explain.diagnosis import Diagnosis
from course_utils.explain.explained import ExplainedModel
from course_utils.explain.rows import Row
from course_utils.explain.text_table import (
    LEGEND,
    differences,
    formula,
    mark,
    padding,
    parameters,
    reason,
    remarks,
    size_change,
    verdict,
)
from course_utils.explain.wording import count

_GOOD = "color:var(--jp-success-color0, #1b5e20)"
_BAD = "color:var(--jp-error-color1, #d32f2f);font-weight:bold"
_QUIET = "opacity:.8;font-size:.92em"
_CELL = "text-align:left;vertical-align:top;padding:.5em"
_LINE = "border-top:1px solid var(--jp-border-color1, #999)"
_CODE = "font-family:var(--jp-code-font-family, monospace)"

#: The headings, and how narrow their columns may become.
_HEADINGS = {
    "Layer": "10em",
    "Size in → out": "6em",
    "Keras?": "3em",
    "Why": "22em",
    "Padding": "4em",
    "Parameters": "5em",
}
_MARKS = {
    "✓": (_GOOD, "✓", "by hand and Keras agree"),
    "✗": (_BAD, "✗", "by hand and Keras differ"),
    "?": ("", "no rule", "there is no rule by hand"),
    "–": ("", "–", "not reached"),
}

#: A model with more rows is folded …
_LONGEST = 80
#: … into parts of so many.
_PART = 40


def as_html(explanation: ExplainedModel) -> str:
    """One row per call. Where the window is narrow the table scrolls inside its own box, by keyboard too."""
    name = escape(explanation.name)
    rows = explanation.rows
    ends = "".join(f'<div style="{_style_of(line)}">{escape(line)}</div>' for line in verdict(explanation))
    ends += _diagnosis(explanation.diagnosis)
    if len(rows) <= _LONGEST:
        caption = (
            f'<caption style="text-align:left;caption-side:top;color:inherit"><code>{name}</code>: {LEGEND}</caption>'
        )
        return _table(rows, f"Explanation of {name}", caption) + ends
    parts = range(0, len(rows), _PART)
    folded = "".join(_part(name, first, rows[first : first + _PART], first == 0) for first in parts)
    heading = (
        f"<div><code>{name}</code>: {LEGEND}</div>"
        f"<div>{len(rows)} rows, folded into {count(len(parts), 'part')}: open a part to read it. "
        "Parts with something wrong are open.</div>"
    )
    return heading + folded + ends


def _diagnosis(found: Diagnosis | None) -> str:
    """What is missed and since where, and each repair, which opens to its code."""
    if found is None:
        return ""
    told = "".join(f'<div style="{_style_of(line)}">{escape(line)}</div>' for line in found.findings)
    repairs = "".join(
        f'<details><summary style="cursor:pointer">Repair {number}: {escape(repair.what)}</summary>'
        f'<pre tabindex="0" aria-label="Code of repair {number}" style="overflow-x:auto;margin:.3em 0">'
        f"{escape(repair.code)}</pre></details>"
        for number, repair in enumerate(found.repairs, start=1)
    )
    return f'<div style="{_LINE};margin-top:.6em;padding-top:.4em">{told}{repairs}</div>'


def _part(name: str, first: int, rows: Sequence[Row], is_open: bool) -> str:
    """Some rows behind a line that says which they are, and whether all is well with them."""
    last = first + len(rows) - 1
    wrong = [step for step in rows if mark(step) == "✗" or step.refused]
    without = [step for step in rows if mark(step) == "?"]
    state = f'<span style="{_GOOD}">✓</span>'
    if wrong:
        state = f'<span style="{_BAD}">✗ {count(len(wrong), "row")} with something wrong</span>'
    elif without:
        state += f", {count(len(without), 'row')} without a rule"
    ends = f"<code>{escape(rows[0].layer)}</code> … <code>{escape(rows[-1].layer)}</code>"
    return (
        f"<details{' open' if is_open or wrong else ''}>"
        f'<summary style="cursor:pointer;padding:.4em 0">Rows {first} to {last}: {ends} {state}</summary>'
        f"{_table(rows, f'Explanation of {name}, rows {first} to {last}')}</details>"
    )


def _table(rows: Sequence[Row], label: str, caption: str = "") -> str:
    headings = "".join(
        f'<th scope="col" style="{_CELL};min-width:{width}">{heading}</th>' for heading, width in _HEADINGS.items()
    )
    return (
        f'<div role="region" tabindex="0" aria-label="{label}" style="overflow-x:auto;max-width:100%">'
        f'<table style="border-collapse:collapse;margin:0;color:inherit">{caption}'
        f"<thead><tr>{headings}</tr></thead><tbody>{''.join(map(_row, rows))}</tbody></table></div>"
    )


def _row(step: Row) -> str:
    head = f'<code>{escape(step.layer)}</code><div style="{_QUIET}">{escape(step.kind)}</div>'
    cells = (
        escape(size_change(step)).replace(" →", "&nbsp;→"),
        _mark(step),
        _why(step),
        "<br>".join(map(escape, padding(step).splitlines())),
        escape(parameters(step)),
    )
    body = "".join(f'<td style="{_CELL}">{content}</td>' for content in cells)
    name = f"{_CELL};font-weight:normal;overflow-wrap:anywhere"
    return f'<tr style="{_LINE}"><th scope="row" style="{name}">{head}</th>{body}</tr>'


def _why(step: Row) -> str:
    """The formula, the sentence, and what else there is to say; a disagreement in red, with both numbers."""
    parts = [f'<div style="{_CODE}">{_unbroken(line)}</div>' for line in formula(step).splitlines()]
    parts.append(f"<div>{_unbroken(reason(step))}</div>")
    parts += [f'<div style="{_QUIET}">{escape(remark)}</div>' for remark in remarks(step)]
    parts += [f'<div style="{_BAD}">{escape(difference)}</div>' for difference in differences(step)]
    return "".join([*parts, _more(step)])


def _more(step: Row) -> str:
    """What opens by pointer, Enter or Space: where the parameters come from, how far the layer sees, what it costs."""
    lines = detail_lines(step)
    if not lines:
        return ""
    told = "<br>".join(f"<strong>{what}:</strong> {escape(text)}" for what, text in lines)
    label = f'aria-label="More about {escape(step.layer)}"'
    return f'<details><summary {label} style="cursor:pointer">More</summary><div>{told}</div></details>'


def _unbroken(text: str) -> str:
    """Escaped, and a fraction stays on one line."""
    return escape(text).replace(" / ", "&nbsp;/&nbsp;")


def _mark(step: Row) -> str:
    style, text, spoken = _MARKS[mark(step)]
    if step.refused and step.agrees:
        text, spoken = "✓ both refuse", "by hand and by Keras nothing comes out"
    return f'<span style="{style}" role="img" aria-label="{spoken}" title="{spoken}">{text}</span>'


def _style_of(line: str) -> str:
    return {"✓": _GOOD, "✗": _BAD}.get(line[0], "")
