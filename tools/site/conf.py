"""What Sphinx is told about the reading edition; see ``__main__.py``, which calls it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

from tools.site.pages import FILES

HERE = Path(__file__).parent

project = "What size comes out?"
language = "en"
extensions = ["myst_nb", "tools.site.formulas"]
nb_execution_mode = "off"
nb_merge_streams = True
nb_code_prompt_show, nb_code_prompt_hide = "Show the code", "Hide the code"
myst_enable_extensions = ["dollarmath", "attrs_inline"]

html_theme = "pydata_sphinx_theme"
html_title = project
html_math_renderer = "mathml"
html_static_path = [str(HERE / "static")]
html_css_files = ["course.css"]
templates_path = [str(HERE / "templates")]
html_copy_source = False
html_show_sourcelink = False
# The excerpts would be fetched, and nothing can be fetched by a page that lies in a folder.
html_show_search_summary = False
html_show_sphinx = False
html_sidebars = {"**": ["lessons"], "index": []}
html_context = {"default_mode": "auto"}
html_use_index = False
html_theme_options: dict[str, Any] = {
    "logo": {"text": project},
    "navbar_center": [],
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    # The sections of a lesson stand on the left, below it: an explorer needs the room on the right.
    "secondary_sidebar_items": [],
    "article_header_start": [],
    "footer_start": ["licences"],
    "footer_end": [],
    "search_bar_text": "Search the course",
    "back_to_top_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


EXPLORER = re.compile(r'data-explorer="(\w+)"')
PREDICTION = re.compile(r'data-(?:prediction|look-back)="(\d\d)')


def add_files(app: Sphinx, config: Config) -> None:
    """Take along what was written beside the sources of the pages."""
    config.html_static_path.append(str(Path(app.srcdir, FILES)))


def finish(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Let a page load what its explorers and predictions need; and mend what axe-core finds in stored tables."""
    body = str(context.get("body", ""))
    body = body.replace('role="region"', 'role="group"')  # a landmark would need a name of its own
    context["body"] = re.sub(r"<th\b[^>]*>(?:<p></p>)?</th>", "<td></td>", body)  # what says nothing heads nothing
    explorers, asked = (sorted(set(found.findall(body))) for found in (EXPLORER, PREDICTION))
    scripts = [f"recording_{explorer}" for explorer in explorers] + ["explorers"] * bool(explorers)
    scripts += [f"predictions_{lesson}" for lesson in asked] + ["predictions"] * bool(asked)
    scripts += ["elsewhere_table", "elsewhere"] * ("data-elsewhere" in body)
    for name in scripts:
        app.add_js_file(f"{name}.js", defer="defer")
    if explorers:
        app.add_css_file("explorers.css")


def setup(app: Sphinx) -> None:
    """Say when Sphinx is to call these."""
    app.connect("config-inited", add_files)
    app.connect("html-page-context", finish)
