"""Explain a Keras model, layer by layer: what size comes out, why, and how many parameters it takes.

``model.summary()`` says *what*; this says *why*. Each row is worked out by hand from the rules in ``axes.py`` and the
settings of the layer, and then held against what Keras says::

    from course_utils import explain
    explain(model)
    explain(keras.layers.MaxPooling2D(2, padding="same"), input_shape=(7, 7, 8))
    explain([layer, layer, ...], input_shape=(28, 28, 1))

===============  ====================================================================================
``entry``        ``explain`` itself: looks at what it was given, and says what to try if that is unusable
``walk``         which layers are called, in which order, on which maps (branches, nesting, sharing)
``follow``       one call after another: the rule by hand, Keras's answer, and both in a ``Step``
``rules``        which rule belongs to which kind of layer
``spatial``      rules of the layers that have axes: all numbers come from ``axes.py``; ``sentences`` puts them in words
``plain``        rules of what surrounds them: activations, Flatten, Dense, Concatenate, Add, …
``sequences``    rules of recurrent layers, Embedding, and the layers around layers (TimeDistributed, Bidirectional)
``attention``    rules of attention, Dot and EinsumDense
``preparation``  rules of the layers that prepare pictures, categories and words; adaptive pooling
``operations``   rules of operations between tensors, and of the layers of ``keras.applications``
``parameters``   the numbers of weights, by hand
``real``         asks Keras, without touching the learner's own layers
``facts``        what a row knows beyond size and parameters; ``deeper`` adds them when all rows are there:
                 ``reach`` (receptive fields, from ``course_utils.fields``) and ``work`` (multiply-adds, bytes)
``steps``        ``Step`` and ``Explanation``
``diagnosis``    why the size that was wanted is missed, since which layer, and repairs that were run
``building``     catches a model that fails to build; ``advice`` says what to change there
``replay``       the sizes once more, for another input or with another layer
``symbols``      sizes as expressions in the n that went in: ``8·⌈n / 8⌉ − 4``
``tables``       the table in a terminal; ``html_table`` the one in a notebook; ``facts_words`` for both
``reports``      Markdown and plain dicts
``wording``      sizes and counts in words
===============  ====================================================================================
"""

from __future__ import annotations

from course_utils.explain.building import building
from course_utils.explain.entry import explain
from course_utils.explain.steps import Explanation, Step

# So that ``from course_utils import explain`` is enough: ``explain.building(make_model)``.
explain.building = building  # type: ignore[attr-defined]

__all__ = ["Explanation", "Step", "explain"]
