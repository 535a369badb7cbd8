"""Rules of the layers that prepare categories and words.

Sources: ``compute_output_shape`` of each layer in ``keras/src/layers/preprocessing``.
"""

from __future__ import annotations

from course_utils.axes import NoRule, ShapeError
from course_utils.explain.rules.core import FORETOLD_WRONGLY, RuleResult, Shapes, rule
from course_utils.explain.wording import Shape, count, times
from course_utils.keras_layers import Layer, kind_of


@rule("CategoryEncoding", "Discretization", "Hashing", "HashedCrossing")
def encoding(layer: Layer, shapes: Shapes) -> RuleResult:
    """One number for each value, its category or bin, or as many numbers as there are of them."""
    kind, mode, shape = kind_of(layer), layer.output_mode, shapes[0]
    if kind == "HashedCrossing" and (len(shapes) != 2 or shape[-1] != shapes[1][-1]):
        raise ShapeError("HashedCrossing crosses two inputs of the same size.")
    if kind == "CategoryEncoding":
        name, depth = "num_tokens", layer.num_tokens
    elif kind == "Discretization":
        boundaries = layer.bin_boundaries
        name, depth = "bins", layer.num_bins if boundaries is None else len(boundaries) + 1
    else:
        name, depth = "num_bins", layer.num_bins
    # Every compute_output_shape but Discretization's takes the last axis away; the call takes axis 1.
    elsewhere = kind != "Discretization" and mode not in ("int", "one_hot") and len(shape) > 2
    unforeseen = kind == "Hashing" and mode == "one_hot" and shape[-1] != 1
    return _encoded(shape, mode, depth, name, (FORETOLD_WRONGLY,) if elsewhere or unforeseen else ())


@rule("StringLookup", "IntegerLookup")
def lookup(layer: Layer, shapes: Shapes) -> RuleResult:
    """The number of each word in the vocabulary, or one number for each word of the vocabulary."""
    mode, shape = layer.output_mode, shapes[0]
    tokens = None if mode == "int" else layer.max_tokens if layer.pad_to_max_tokens else layer.vocabulary_size()
    elsewhere = mode not in ("int", "one_hot") and len(shape) > 2
    return _encoded(shape, mode, tokens, "vocabulary", (FORETOLD_WRONGLY,) if elsewhere else ())


@rule("TextVectorization")
def text_vectorization(layer: Layer, shapes: Shapes) -> RuleResult:
    """The numbers of the words of each text, as many as ``output_sequence_length``."""
    settings = layer.get_config()
    if settings["output_mode"] != "int" or settings["ragged"]:
        raise NoRule('TextVectorization has a rule for output_mode="int" only.')
    length = settings["output_sequence_length"]
    said = "as many numbers as the longest text has words" if length is None else count(length, "number")
    return RuleResult((shapes[0][0], length), f"→ {times([length])}", f"Each text becomes {said}, one for each word.")


def _encoded(shape: Shape, mode: str, depth: int | None, name: str, notes: tuple[str, ...]) -> RuleResult:
    """What all of them do: ``int`` keeps the size; else ``depth`` numbers for each value, or for all along axis 1."""
    if mode == "int":
        return RuleResult(shape, "size stays", "A whole number stands for each value; the size stays.")
    if mode != "one_hot":
        out, sentence = (*shape[:1], *shape[2:], depth), "stand for all values along axis 1."
        if len(shape) == 1:  # no batch: the values themselves are all that there is
            out, sentence = (depth,), "stand for all values together: there is no batch axis left."
    elif len(shape) > 1 and shape[-1] == 1:
        out, sentence = (*shape[:-1], depth), "stand in place of each single value."
    else:
        out, sentence = (*shape, depth), "stand for each value: one is 1, the others 0."
    return RuleResult(out, f"{name} = {times([depth])}", f"{times([depth])} numbers {sentence}", notes=notes)
