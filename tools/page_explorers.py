"""The explorers of a page without a kernel: what a page from a folder needs to have them alive.

A page holds ``element(...)`` at each place, links the style sheet, and has, as classic scripts at its end, the
recordings of the explorers that it shows and then ``explorers.js``: see ``scripts``. Nothing is fetched, so that it
works from ``file://``, too.

    <link rel="stylesheet" href="explorers.css">
    …
    <script src="recording_padding.js"></script>
    <script src="explorers.js"></script>
"""

from __future__ import annotations

import base64
import html
import importlib.resources
import json
from pathlib import Path

from course_utils.explorers import recording

_VIEW = importlib.resources.files("course_utils.explorers") / "static"
_EXPORT = "export default { render };\n"


def scripts() -> dict[str, str]:
    """Every file that the explorers of a page need: its name, and its text."""
    places = recording.places()
    view = (_VIEW / "view.js").read_text(encoding="utf-8")
    assert view.count("export") == 1 and view.endswith(_EXPORT), "view.js exports something else"
    host = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    style = [path.read_text(encoding="utf-8") for path in (_VIEW / "view.css", Path(__file__).with_suffix(".css"))]
    return {
        "explorers.css": "\n".join(style),
        "explorers.js": f'(() => {{\n"use strict";\n{view.removesuffix(_EXPORT)}\n{host}}})();\n',
        **{script_of(place): _recording(shown["explorer"]) for place, shown in places.items()},
    }


def script_of(place: str) -> str:
    """The name of the script with the recording for a place."""
    return f"recording_{recording.places()[place]['explorer']}.js"


def _recording(name: str) -> str:
    packed = base64.b64encode(recording.stored(name)).decode()
    return f'(window.courseRecordings ??= {{}})["{name}"] = "{packed}";\n'


def element(place: str, still: str, help_at: str) -> str:
    """The HTML of an explorer. Until it is alive, and where it never will be, its still picture is there.

    Args:
        place: the notebook and the id of the cell: ``"01_pad_the_border/s1-explore"``.
        still: HTML of the picture.
        help_at: address of what to read about running the course.

    Raises:
        KeyError: where that cell shows no explorer.
    """
    shown = recording.places()[place]
    data = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<div class="cu-explorer cu-alone" data-explorer="{shown["explorer"]}" data-place="{place}" '
        f'data-help="{html.escape(help_at)}"><script type="application/json">{data}</script>'
        f'<div class="cu-still">{still}</div></div>'
    )
