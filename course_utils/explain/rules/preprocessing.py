"""Rules of the layers that prepare data: pictures, categories, words; and of pooling to a fixed size.

Sources: ``compute_output_shape`` of each layer in ``keras/src/layers/preprocessing`` and
``keras/src/layers/pooling/base_adaptive_pooling.py``.
"""

from __future__ import annotations

from dataclasses import replace

from course_utils.axes import NoRule, ShapeError
from course_utils.explain.rules.plain import Shapes
from course_utils.explain.rules.results import FORETOLD_WRONGLY, RuleResult
from course_utils.explain.rules.sequences import FindRule
from course_utils.explain.wording import AXIS_NAMES, Shape, count, size, times
from course_utils.keras_layers import Layer, channels_last, kind_of

#: Layers that change a picture and keep its size.
IMAGES = """
    AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization MixUp RandAugment
    RandomBrightness RandomColorDegeneration RandomColorJitter RandomElasticTransform RandomErasing RandomGaussianBlur
    RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomSaturation RandomSharpness
    RandomShear Solarization
"""
#: Poolings that are told what comes out, and choose their windows to fit.
ADAPTIVE = [f"Adaptive{kind}Pooling{d}D" for kind in ("Average", "Max") for d in (1, 2, 3)]


def adaptive_pooling(layer: Layer, shapes: Shapes) -> RuleResult:
    """The size is what the layer says; its windows grow and shrink to fit."""
    made = tuple(layer.output_size)
    if len(shapes[0]) != len(made) + 2:
        names = ", ".join((*AXIS_NAMES[len(made)], "channels"))
        raise ShapeError(f"{kind_of(layer)} needs ({names}) for each example; it got {size(shapes[0])}.")
    batch, *inner = shapes[0]
    last = channels_last(layer)
    sizes, channels = (inner[:-1], inner[-1]) if last else (inner[1:], inner[0])
    shape: Shape = (batch, *made, channels) if last else (batch, channels, *made)
    sentence = f"Chooses its windows so that {times(made)} comes out of {times(sizes)}: not all need be of one size."
    return RuleResult(shape, f"→ {times(made)}", sentence)


def pipeline(layer: Layer, shapes: Shapes, find: FindRule) -> RuleResult:
    """``Pipeline``: one layer after the other."""
    answers = []
    for inner in layer.layers:
        answers.append(find(inner)(inner, shapes))
        shapes = (answers[-1].shape,)
    if any(answer.parameters.number or answer.further for answer in answers):
        raise NoRule("Pipeline has a rule for layers without weights only.")
    sentence = f"{count(len(answers), 'layer')} one after the other: {size(shapes[0])} comes out."
    return RuleResult(shapes[0], f"→ {size(shapes[0])}", sentence.capitalize())


# -- categories and words -----------------------------------------------------------------------------------------


def category_encoding(layer: Layer, shapes: Shapes) -> RuleResult:
    """``num_tokens`` numbers for each example, or for each number of it with ``one_hot``."""
    return _encoded(shapes[0], layer.output_mode, layer.num_tokens, "num_tokens")


def discretization(layer: Layer, shapes: Shapes) -> RuleResult:
    """The number of the bin that each value falls into, or one number for each bin."""
    boundaries = layer.bin_boundaries
    bins = layer.num_bins if boundaries is None else len(boundaries) + 1
    return replace(_encoded(shapes[0], layer.output_mode, bins, "bins"), notes=())


def hashing(layer: Layer, shapes: Shapes) -> RuleResult:
    """The number of the bin that each value is thrown into, or one number for each bin."""
    answer = _encoded(shapes[0], layer.output_mode, layer.num_bins, "num_bins")
    foretold = layer.output_mode != "one_hot" or shapes[0][-1] == 1
    return answer if foretold else replace(answer, notes=(FORETOLD_WRONGLY,))


def hashed_crossing(layer: Layer, shapes: Shapes) -> RuleResult:
    """The same for pairs."""
    if len(shapes) != 2 or shapes[0][-1] != shapes[1][-1]:
        raise ShapeError("HashedCrossing crosses two inputs of the same size.")
    return _encoded(shapes[0], layer.output_mode, layer.num_bins, "num_bins")


def lookup(layer: Layer, shapes: Shapes) -> RuleResult:
    """The number of each word in the vocabulary, or one number for each word of the vocabulary."""
    mode = layer.output_mode
    tokens = None if mode == "int" else layer.max_tokens if layer.pad_to_max_tokens else layer.vocabulary_size()
    return _encoded(shapes[0], mode, tokens, "vocabulary")


def text_vectorization(layer: Layer, shapes: Shapes) -> RuleResult:
    """The numbers of the words of each text, as many as ``output_sequence_length``."""
    settings = layer.get_config()
    if settings["output_mode"] != "int" or settings["ragged"]:
        raise NoRule('TextVectorization has a rule for output_mode="int" only.')
    length = settings["output_sequence_length"]
    said = "as many numbers as the longest text has words" if length is None else count(length, "number")
    return RuleResult((shapes[0][0], length), f"→ {times([length])}", f"Each text becomes {said}, one for each word.")


def _encoded(shape: Shape, mode: str, depth: int | None, name: str) -> RuleResult:
    """What all of them do: ``int`` keeps the size; else ``depth`` numbers for each value, or for all along axis 1."""
    if mode == "int":
        return RuleResult(shape, "size stays", "A whole number stands for each value; the size stays.")
    formula = f"{name} = {times([depth])}"
    if mode == "one_hot" and not (len(shape) > 1 and shape[-1] == 1):
        return RuleResult(
            (*shape, depth), formula, f"{times([depth])} numbers stand for each value: one is 1, the others 0."
        )
    if mode == "one_hot":
        return RuleResult(
            (*shape[:-1], depth), formula, f"{times([depth])} numbers stand in place of each single value."
        )
    # Every compute_output_shape but Discretization's takes the last axis away; the call takes axis 1.
    notes = (FORETOLD_WRONGLY,) if len(shape) > 2 else ()
    sentence = f"{times([depth])} numbers stand for all values along axis 1."
    return RuleResult((*shape[:1], *shape[2:], depth), formula, sentence, notes=notes)
