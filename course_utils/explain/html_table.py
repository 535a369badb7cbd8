"""The table of an explanation in a notebook.

Plain HTML with inline styles, which survives in a notebook that is not trusted. Colours come from JupyterLab's theme,
light or dark; the values behind its variables serve where there is no Lab. Colour is never the only sign.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from course_utils.explain.tables import (
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

if TYPE_CHECKING:
    from course_utils.explain.steps import Explanation, Step

_GOOD = "color:var(--jp-success-color0, #1b5e20)"
_BAD = "color:var(--jp-error-color1, #d32f2f);font-weight:bold"
_QUIET = "opacity:.8;font-size:.92em"
_CELL = "text-align:left;vertical-align:top;white-space:normal;padding:.5em .7em"
_LINE = "border-top:1px solid var(--jp-border-color1, #999)"
_NAME = "font-weight:normal;min-width:10em;max-width:14em;overflow-wrap:anywhere"
_CODE = "font-family:var(--jp-code-font-family, monospace)"

_HEADINGS = ("Layer", "Size in → out", "Keras?", "Why", "Padding", "Parameters")
_MARKS = {
    "✓": (_GOOD, "✓", "by hand and Keras agree"),
    "✗": (_BAD, "✗", "by hand and Keras differ"),
    "?": ("", "no rule", "there is no rule by hand"),
    "–": ("", "–", "not reached"),
}


def as_html(explanation: Explanation) -> str:
    """One row per call. Where the window is narrow the table scrolls inside its own box, by keyboard too."""
    name = escape(explanation.name)
    headings = "".join(f'<th scope="col" style="{_CELL}">{heading}</th>' for heading in _HEADINGS)
    rows = "".join(map(_row, explanation.steps))
    ends = "".join(f'<div style="{_style_of(line)}">{escape(line)}</div>' for line in verdict(explanation))
    return (
        f'<div role="region" tabindex="0" aria-label="Explanation of {name}" style="overflow-x:auto;max-width:100%">'
        '<table style="border-collapse:collapse;margin:0;color:inherit">'
        '<caption style="text-align:left;caption-side:top;color:inherit">'
        f"<code>{name}</code>: {LEGEND}</caption>"
        f"<thead><tr>{headings}</tr></thead><tbody>{rows}</tbody></table></div>{ends}"
    )


def _row(step: Step) -> str:
    head = f'<code>{escape(step.layer)}</code><div style="{_QUIET}">{escape(step.kind)}</div>'
    cells = (
        (f"{escape(size_change(step)).replace(' → ', ' →<wbr> ')}", "white-space:nowrap"),
        (_mark(step), "white-space:nowrap"),
        (_why(step), "min-width:22em"),
        ("<br>".join(map(escape, padding(step).splitlines())), "white-space:nowrap"),
        (_weights(step), "min-width:6em"),
    )
    body = "".join(f'<td style="{_CELL};{_LINE};{more}">{content}</td>' for content, more in cells)
    return f'<tr><th scope="row" style="{_CELL};{_LINE};{_NAME}">{head}</th>{body}</tr>'


def _why(step: Step) -> str:
    """The formula, the sentence, and what else there is to say; a disagreement in red, with both numbers."""
    parts = [f'<div style="{_CODE}">{_unbroken(line)}</div>' for line in formula(step).splitlines()]
    parts.append(f"<div>{_unbroken(reason(step))}</div>")
    parts += [f'<div style="{_QUIET}">{escape(remark)}</div>' for remark in remarks(step)]
    parts += [f'<div style="{_BAD}">{escape(difference)}</div>' for difference in differences(step)]
    return "".join(parts)


def _unbroken(text: str) -> str:
    """Escaped, and a fraction stays on one line."""
    return escape(text).replace(" / ", "&nbsp;/&nbsp;")


def _weights(step: Step) -> str:
    """The number, which opens (by pointer, Enter or Space) to where it comes from."""
    number = escape(parameters(step))
    if not step.parameters_formula:
        return number
    opened = f'<span style="{_CODE}">{escape(step.parameters_formula)}</span><br>{escape(step.parameters_sentence)}'
    return f'<details><summary style="cursor:pointer">{number}</summary><div style="{_QUIET}">{opened}</div></details>'


def _mark(step: Step) -> str:
    style, text, spoken = _MARKS[mark(step)]
    if step.refused and step.agrees:
        text, spoken = "✓ both refuse", "by hand and by Keras nothing comes out"
    return f'<span style="{style}" role="img" aria-label="{spoken}" title="{spoken}">{text}</span>'


def _style_of(line: str) -> str:
    return {"✓": _GOOD, "✗": _BAD}.get(line[0], "")
