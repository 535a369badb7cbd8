"""Catch a model that fails to build."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from course_utils.explain.entry import explain
from course_utils.explain.explanation import Explanation
from course_utils.explain.failure import explained_failure, whole_tracebacks
from course_utils.explain.keras_side import names_from_the_start
from course_utils.keras_layers import load_keras


def building(make: Callable[[], Any], input_shape: Sequence[Any] | None = None) -> Explanation:
    """Call a function that builds a model; explain the model, or, if it fails to build, all that led to the failure.

    Args:
        make: a function without arguments, for example ``lambda: build_unet(25)``. If it fails, it is called again with
            other inputs, and with maps that are made to meet, to try what is advised.
        input_shape: as for ``explain``: what goes into a model that is built and does not know it.

    Returns:
        As ``explain``. If building failed, the last row is the layer that refused, with the sizes that reached it, why
        by hand, and Keras's own words.

    Raises:
        TypeError: if ``make`` is no function, or returns no model.
        Exception: whatever ``make`` raises for another reason than a layer that refuses.

    >>> import keras
    >>> def make():
    ...     return keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 9, name="wide")])
    >>> building(make).refused_at.layer
    'wide'
    """
    if not callable(make) or isinstance(make, load_keras().layers.Layer):
        raise TypeError(
            "explain.building takes the function that builds the model, not the model: explain.building(make_model), "
            "without brackets behind its name."
        )
    try:
        with whole_tracebacks(), names_from_the_start():
            model = make()
    except Exception as error:
        found = explained_failure(make, error, "make")
        if found is None:
            raise
        return found
    if not isinstance(model, load_keras().layers.Layer):
        raise TypeError(f"The function returned {type(model).__name__} and no model. Let it end with `return model`.")
    return explain(model, input_shape=input_shape)
