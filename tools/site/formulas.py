"""Formulas as MathML, which browsers set by themselves: no program for it has to be loaded."""

from __future__ import annotations

import html

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def _inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(_mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def _block(translator: HTML5Translator, node: nodes.math_block) -> None:
    # It can be wider than a telephone; then it is moved by itself, with the keys too.
    latex = html.escape(" ".join(node.astext().split()))
    translator.body.append(f'<div class="formula" tabindex="0" role="group" aria-label="Formula: {latex}">')
    translator.body.append(_mathml(node.astext(), "block") + "</div>\n")
    raise nodes.SkipNode


def _mathml(latex: str, display: str) -> str:
    return str(convert(latex, display=display))


def setup(app: Sphinx) -> dict[str, bool]:
    """Make it known to Sphinx, under the name that ``html_math_renderer`` gives."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
