"""The reading edition: the whole course as pages that need no kernel. `python course.py site` builds it.

- ``pages``       what a cell of a lesson becomes on a page, and the first page
- ``questions``   the predictions, with all that is said to an answer, asked of Keras when the site is built
- ``launching``   the links to Binder and Colab, from the address that git knows
- ``conf``        what Sphinx is told; ``formulas`` writes formulas as MathML
- ``static``, ``templates``   what the pages load, and what surrounds them
"""
