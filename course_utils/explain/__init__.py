"""Explain a Keras model, layer by layer: what size comes out, why, and how many parameters it takes.

``model.summary()`` says *what*; this says *why*. Each row is worked out by hand from the rules in ``axes`` and the
settings of the layer, and then held against what Keras says::

    from course_utils import explain
    explain(model)
    explain(keras.layers.MaxPooling2D(2, padding="same"), input_shape=(7, 7, 8))
    explain([layer, layer, ...], input_shape=(28, 28, 1))

Plain data comes first, then what shows it, then the class that shows itself; a line may import from those above it.

=====================  ===========================================================================================
``wording, shapes``    sizes and counts in words; shapes taken apart and put together
``calls``              which layers are called, in which order, on which tensors (branches, nesting, sharing)
``rules``              what comes out of each kind of layer, by hand; ``rules.core`` finds the rule
``rows``               plain data: a ``Row`` is one call, by hand and by Keras; an ``ExplainedModel`` is all of them
``keras_side``         asks Keras, without touching the learner's own layers
``expressions``        sizes as expressions in the n that went in: ``8·⌈n / 8⌉ − 4``
``facts``              receptive field, multiply-adds, bytes
``tracing``            one call after another: the rule by hand, Keras's answer and the facts, in one ``Row``
``search``             the sizes for another input, in whole numbers; ``cause``: the layer that rounded or lost cells
``rebuild``            builds a model again, for another input or changed; ``trial`` does so before anything is said
``repairs``            proposals for a model that misses a size; ``refusals``: for a layer that refuses
``diagnosis``          why a size is missed or refused, since which layer, and repairs that were tried
``words``              what every table says of a row
``text_table``         the table in a terminal; ``html_table`` the one in a notebook; ``reports`` Markdown and dicts
``explanation``        ``Explanation``: an explained model that shows itself
``failure``            what failed to build, as far as it got
``entry``              ``explain``: looks at what it was given, and says what to try if that is unusable
``building``           ``explain.building``: catches a model that fails to build
=====================  ===========================================================================================
"""

from __future__ import annotations

from course_utils.explain.building import building
from course_utils.explain.entry import explain
from course_utils.explain.explanation import Explanation
from course_utils.explain.rebuild import rebuild
from course_utils.explain.rows import Row

# So that ``from course_utils import explain`` is enough: ``explain.building(make_model)``.
explain.building = building  # type: ignore[attr-defined]

__all__ = ["Explanation", "Row", "explain", "rebuild"]
