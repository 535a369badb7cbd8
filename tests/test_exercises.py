"""The exercises: right answers turn green, known wrong ones are told their name, and nothing that is typed raises.

Right and wrong are asked from real Keras layers; the few constants here are the ones the course itself states.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import keras
import nbformat
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from course_utils import exercises
from course_utils.exercises import ____, answers, lesson_00, lesson_01, misconceptions, real
from course_utils.exercises.blank import Blank, has_blank
from course_utils.exercises.catalogue import Misconception, Section, Slip
from course_utils.exercises.core import Exercise
from course_utils.exercises.predictions import predictions_of
from course_utils.exercises.result import Outcome, to_html
from course_utils.keras_layers import KerasRefusal

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
LESSONS = {"00_start_here.ipynb": lesson_00, "01_pad_the_border.ipynb": lesson_01}
LAYERS = keras.layers


def exercises_of(lesson: Any) -> list[Exercise]:
    return [thing for thing in vars(lesson).values() if isinstance(thing, Exercise)]


EXERCISES = [exercise for lesson in LESSONS.values() for exercise in exercises_of(lesson)]
CATALOGUE = [thing for thing in vars(misconceptions).values() if isinstance(thing, Misconception)]
SLIPS = [(exercise, slip) for exercise in EXERCISES for slip in exercise.slips]


def name(thing: Any) -> str | None:
    return getattr(thing, "name", None)


def solve(exercise: Exercise) -> Any:
    """Run the solution that the learner is shown, and return what it hands in."""
    names: dict[str, Any] = {"keras": keras, "np": np}
    exec(exercise.solution_code, names)
    return eval(exercise.answer, names)


TAKES_A_FUNCTION = [exercise for exercise in EXERCISES if callable(solve(exercise))]


# -- importing ----------------------------------------------------------------------------------------------------


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, json; from course_utils.exercises import ____, lesson_00, lesson_01, predictions;"
        "heavy = ('keras', 'tensorflow', 'ipywidgets', 'anywidget', 'IPython');"
        "print(json.dumps([module for module in heavy if module in sys.modules]))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert json.loads(out) == []


# -- the blank ----------------------------------------------------------------------------------------------------

BLANK_USES: list[Callable[[Any], Any]] = [
    lambda b: b + 1,
    lambda b: 1 - b,
    lambda b: 2 * b // 3 % 4,
    lambda b: -b,
    lambda b: b**2,
    lambda b: 2**b,
    lambda b: abs(b),
    lambda b: round(b, 2),
    lambda b: b < 3,
    lambda b: b >= 3,
    lambda b: b == 3,
    lambda b: b != 3,
    lambda b: b(1, key=2),
    lambda b: b.shape[0],
    lambda b: b["key"],
    lambda b: np.ones(3) + b,
    lambda b: np.ones(3) @ b,
    lambda b: b | 1,
    lambda b: divmod(b, 2),
]


@pytest.mark.parametrize("use", BLANK_USES)
def test_whatever_is_done_with_a_blank_is_a_blank(use: Callable[[Any], Any]) -> None:
    assert isinstance(use(____), Blank)


def test_a_blank_is_harmless_where_python_wants_a_number_or_an_end() -> None:
    assert list(range(____)) == [] == list(____)
    assert (int(____), float(____), len(____), bool(____)) == (0, 0.0, 0, False)
    assert f"{____:>3}" == repr(____) == "____"
    assert {____: 1}[____] == 1


def test_a_blank_is_found_wherever_it_hides() -> None:
    def direct(n: int) -> Any:
        return n - ____

    def nested(n: int) -> Any:
        return (lambda: ____)()

    def default(n: Any = ____) -> Any:
        return n

    for answer in (____, (1, ____), [[____]], {"a": ____}, {____: 1}, direct, nested, default, lambda: ____):
        assert has_blank(answer)


def test_a_blank_is_not_found_where_there_is_none() -> None:
    def done(n: int) -> int:
        # It mentions ____ in a comment only.
        return n

    for answer in (0, None, (), [1, 2], {"a": 1}, done, np.zeros(3), "____", print, type):
        assert not has_blank(answer)


# -- every exercise -----------------------------------------------------------------------------------------------


def test_there_are_as_many_exercises_as_the_lessons_promise() -> None:
    assert [len(exercises_of(lesson)) for lesson in LESSONS.values()] == [5, 7]
    for lesson in LESSONS.values():
        for exercise in exercises_of(lesson):
            assert getattr(lesson, exercise.name) is exercise


@pytest.mark.parametrize("exercise", EXERCISES, ids=name)
def test_an_untouched_answer_is_not_tried(exercise: Exercise) -> None:
    for answer in (____, (____, 1), lambda *args: ____ + 1, lambda *args: [____]):
        assert exercise.examine(answer).outcome is Outcome.NOT_TRIED
    assert exercise.examine().outcome is Outcome.NOT_TRIED
    assert f"lesson.{exercise.name}.check(" in str(exercise.examine())


@pytest.mark.parametrize("exercise", EXERCISES, ids=name)
def test_the_solution_that_is_shown_is_right_and_says_why(exercise: Exercise) -> None:
    for _ in range(2):
        result = exercise.examine(solve(exercise))
        assert result.outcome is Outcome.RIGHT, str(result)
        assert exercise.why in result.lines


@pytest.mark.parametrize(("exercise", "slip"), SLIPS, ids=name)
def test_every_known_wrong_answer_is_wrong_and_named(exercise: Exercise, slip: Slip) -> None:
    result = exercise.examine(slip.answer)
    assert result.outcome is Outcome.WRONG
    assert result.misconception is slip.misconception
    for written in (str(result), result._repr_html_()):
        assert slip.misconception.section.title in written
    assert slip.misconception.sentence in str(result)


def test_every_exercise_has_a_known_slip() -> None:
    assert [exercise.name for exercise in EXERCISES if not exercise.slips] == []


def raises(*args: Any) -> Any:
    raise ZeroDivisionError("division by zero")


def leaves(*args: Any) -> Any:
    sys.exit(1)


def calls_itself(*args: Any) -> Any:
    return calls_itself(*args)


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


ODD_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "raises": raises,
    "leaves": leaves,
    "calls itself": calls_itself,
    "nothing": lambda *args: None,
    "text": lambda *args: "5",
    "float": lambda *args: 5.0,
    "nan": lambda *args: float("nan"),
    "yes": lambda *args: True,
    "unprintable": lambda *args: Unprintable(),
    "ragged": lambda *args: [1, [2, 3]],
    "none in a pair": lambda *args: (None, 1),
    "three": lambda *args: (1, 2, 3),
    "minus": lambda *args: -1,
    "empty": lambda *args: [],
    "too many parameters": lambda a, b, c, d: 1,
    "none": lambda: 1,
}
ODD_VALUES = [
    None,
    "5",
    5.0,
    True,
    -1,
    [],
    (1, 2),
    [None] * 13,
    10**30,
    float("nan"),
    Unprintable(),
    {1: 2},
    np.ones(3),
]


@pytest.mark.parametrize("exercise", TAKES_A_FUNCTION, ids=name)
@pytest.mark.parametrize("odd", ODD_FUNCTIONS)
def test_a_function_that_misbehaves_is_wrong_and_nothing_worse(exercise: Exercise, odd: str) -> None:
    result = exercise.examine(ODD_FUNCTIONS[odd])
    assert result.outcome is Outcome.WRONG, str(result)
    assert "Traceback" not in str(result)


@pytest.mark.parametrize("exercise", EXERCISES, ids=name)
@pytest.mark.parametrize("odd", ODD_VALUES, ids=lambda value: type(value).__name__)
def test_a_value_of_the_wrong_kind_is_wrong_and_nothing_worse(exercise: Exercise, odd: Any) -> None:
    assert exercise.examine(odd).outcome is Outcome.WRONG


@pytest.mark.parametrize("exercise", TAKES_A_FUNCTION, ids=name)
def test_an_endless_loop_is_ended_and_the_thread_with_it(exercise: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "LIMIT", 0.3)
    steps = []

    def endless(*args: Any) -> Any:
        while True:
            try:
                steps.append(1)
                time.sleep(0.001)
            except Exception:
                pass

    result = exercise.examine(endless)
    assert result.outcome is Outcome.WRONG
    assert "still running after 0.3 seconds" in str(result)
    time.sleep(0.3)
    counted = len(steps)
    time.sleep(0.1)
    assert len(steps) == counted


def test_a_bug_of_the_checker_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    exercise = Exercise("x", "x", lambda answer: 1 / 0, ("a",), "x = 1", "because")  # type: ignore[arg-type, return-value]
    result = exercise.examine(1)
    assert result.outcome is Outcome.NOT_CHECKED
    assert "no fault of yours" in str(result)


# -- what is said -------------------------------------------------------------------------------------------------


def test_the_simplest_setting_that_differs_is_shown() -> None:
    result = lesson_01.valid_size.examine(lambda n, k: n - k + 1 if (n, k) not in ((7, 4), (8, 2)) else 3)
    assert result.lines == ("For n = 7, k = 4 your function says 3; Keras gives 4.",)
    assert result.misconception is None


def test_a_formula_that_is_right_for_odd_kernels_only_fails_at_two() -> None:
    result = lesson_01.same_pads.examine(lambda k: ((k - 1) // 2, (k - 1) // 2))
    assert result.lines == ("For k = 2 your function says (0, 0); Keras gives (0, 1).",)
    assert result.misconception is misconceptions.SAME_IS_SYMMETRIC


def test_an_error_is_told_with_its_numbers_its_line_and_what_to_call() -> None:
    def valid_size(n: int, k: int) -> float:
        return n / (k - 2)

    text = str(lesson_01.valid_size.examine(valid_size))
    assert "For n = 5, k = 3 your function says 5.0; that is a float." in text
    assert "`valid_size(5, 3)`" in text

    def division(n: int, k: int) -> float:
        return n // (k - 3)

    text = str(lesson_01.valid_size.examine(division))
    assert "For n = 5, k = 3 your function raised ZeroDivisionError" in text
    assert f"line {division.__code__.co_firstlineno + 1} of your cell" in text


def test_a_right_number_as_a_float_is_not_right_and_told_how_to_mend() -> None:
    assert "write `//` where you wrote `/`" in str(lesson_01.valid_size.examine(lambda n, k: float(n - k + 1)))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (True, "a yes or no"),
        (np.bool_(False), "a yes or no"),
        (None, "Is a `return` missing?"),
        ("5", "without quotation marks"),
        (5.0, "write `//`"),
        (np.float32(5), "write `//`"),
        (2.5, "no part of a cell"),
        (float("inf"), "no part of a cell"),
        ([5], "a list"),
        (5j, "a complex"),
    ],
)
def test_what_is_no_whole_number_is_told_what_it_is(value: Any, sentence: str) -> None:
    with pytest.raises(answers.BadAnswer, match=re.escape(sentence)):
        answers.whole(value)


def test_the_case_against_a_belief_is_shown_once() -> None:
    belief = misconceptions.ROUNDS_DOWN
    assert str(lesson_00.read_the_table.examine((7, 3, 12))).count(belief.separation) == 1
    assert str(lesson_01.same_pads.examine(lambda k: (1, 1))).count("Keras gives") == 1


def test_numpy_integers_lists_and_arrays_are_numbers() -> None:
    assert lesson_01.valid_size.examine(lambda n, k: np.int64(n - k + 1)).outcome is Outcome.RIGHT
    assert lesson_01.same_pads.examine(lambda k: [(k - 1) // 2, k // 2]).outcome is Outcome.RIGHT
    assert lesson_01.same_pads.examine(lambda k: np.array([(k - 1) // 2, k // 2])).outcome is Outcome.RIGHT
    assert lesson_00.lost_pixels.examine([16, np.int32(14), 2]).outcome is Outcome.RIGHT


def test_a_wrong_number_is_pointed_at_and_the_right_one_not_told() -> None:
    sizes = [26, 13, 13, 7, 7, 4, 4, 8, 8, 16, 15, 28, 28]
    text = str(lesson_00.no_padding_twice.examine(sizes))
    assert "After layer 11" in text
    assert "you say 15" in text
    assert "14" not in text


def test_the_result_of_a_called_function_is_told_apart_from_the_function() -> None:
    assert "the function itself, and got 4" in str(lesson_01.valid_size.examine(4))


def test_what_a_learner_types_is_escaped() -> None:
    result = lesson_00.first_halving.examine("<script>alert(1)</script>")
    assert "<script>" not in result._repr_html_()
    assert "&lt;script&gt;" in result._repr_html_()


@pytest.mark.parametrize("exercise", EXERCISES, ids=name)
def test_outcomes_have_a_word_a_sign_a_colour_and_a_role(exercise: Exercise) -> None:
    shown = [exercise.examine(____), exercise.examine(solve(exercise)), exercise.examine(exercise.slips[0].answer)]
    assert len({result.outcome for result in shown}) == 3
    for result in shown:
        page = result._repr_html_()
        assert result.outcome.word in page and result.outcome.sign in page and result.outcome.colour in page
        assert 'role="status"' in page
        assert str(result).startswith(f"{result.outcome.sign} {result.outcome.word}.")


# -- the answers with several right ones --------------------------------------------------------------------------


def test_every_size_that_comes_back_is_accepted_and_no_other() -> None:
    right = [n for n in range(1, 60) if lesson_00.another_size.examine(n).outcome is Outcome.RIGHT]
    assert right == [4, 12, 20, 36, 44, 52]
    assert "find another" in str(lesson_00.another_size.examine(28))


@pytest.mark.parametrize(
    ("layers", "right"),
    [
        ([lambda: LAYERS.ZeroPadding2D(1), lambda: LAYERS.Conv2D(8, 5)], True),
        ([lambda: LAYERS.ZeroPadding2D(((1, 1), (1, 1))), lambda: LAYERS.Conv2D(8, (5, 5), use_bias=False)], True),
        ([lambda: LAYERS.Conv2D(8, 5, padding="same"), lambda: LAYERS.Cropping2D(1)], True),
        ([lambda: LAYERS.ZeroPadding2D(((0, 2), (1, 1))), lambda: LAYERS.Conv2D(8, 5)], False),
        ([lambda: LAYERS.ZeroPadding2D(1), lambda: LAYERS.Conv2D(8, 5, activation="relu")], False),
        ([lambda: LAYERS.ZeroPadding2D(1), lambda: LAYERS.Conv2D(9, 5)], False),
        ([lambda: LAYERS.Conv2D(8, 5), lambda: LAYERS.ZeroPadding2D(1)], False),
        ([lambda: LAYERS.ZeroPadding2D(10**6), lambda: LAYERS.Conv2D(8, 5)], False),
        ([lambda: LAYERS.MaxPooling2D(100), lambda: LAYERS.Conv2D(8, 5)], False),
        ([lambda: LAYERS.Conv2D(8, 5, padding=1)], False),
    ],
)
def test_a_port_must_have_the_size_and_the_values(layers: list[Callable[[], Any]], right: bool) -> None:
    result = lesson_01.torch_to_keras.examine(lambda: [make() for make in layers])
    assert (result.outcome is Outcome.RIGHT) == right, str(result)


def test_the_error_about_lower_is_put_into_words() -> None:
    assert "a word in quotation marks for `padding`" in str(
        lesson_01.torch_to_keras.examine(lambda: [LAYERS.Conv2D(8, 5, padding=1)])
    )


def two_convolutions(*layers: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: keras.Sequential([make() for make in layers])


def test_the_model_is_judged_by_the_sizes_on_the_way() -> None:
    def conv(padding: str, k: int = 5, filters: int = 8) -> Callable[[], Any]:
        return lambda: LAYERS.Conv2D(filters, k, padding=padding)

    examine = lesson_01.fix_the_shape.examine
    assert examine(two_convolutions(conv("same"), conv("valid"))).outcome is Outcome.RIGHT
    by_hand = two_convolutions(lambda: LAYERS.ZeroPadding2D(2), conv("valid"), conv("valid"))
    assert examine(by_hand).outcome is Outcome.RIGHT
    for wrong in (
        two_convolutions(conv("same"), conv("same")),
        two_convolutions(conv("same", k=3), conv("valid", k=5)),
        two_convolutions(conv("same"), conv("valid", filters=4)),
        two_convolutions(conv("same")),
        two_convolutions(conv("same"), conv("valid"), lambda: LAYERS.Cropping2D(1)),
        lambda: keras.Sequential([keras.Input((3, 3, 1)), LAYERS.Conv2D(8, 5)]),
        lambda: [LAYERS.Conv2D],
    ):
        assert examine(wrong).outcome is Outcome.WRONG


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap"])
def test_a_rim_may_be_kept_bright_in_several_ways(mode: Any) -> None:
    result = lesson_01.dim_rim.examine(lambda x, k: np.pad(x, (k // 2, (k - 1) // 2), mode=mode))
    assert result.outcome is Outcome.RIGHT, str(result)


@pytest.mark.parametrize(
    "pad",
    [
        lambda x, k: x,
        lambda x, k: np.pad(x, k - 1, mode="edge"),
        lambda x, k: np.pad(x, k // 2, mode="edge"),
        lambda x, k: np.pad(x, ((k - 1) // 2, k // 2), constant_values=1),
        lambda x, k: np.ones(np.array(x.shape) + k - 1),
        lambda x, k: np.full(np.array(x.shape) + k - 1, x[0, 0]),
        lambda x, k: np.empty((0, 0)),
    ],
)
def test_a_rim_is_not_kept_bright_by_tricks(pad: Callable[..., Any]) -> None:
    assert lesson_01.dim_rim.examine(pad).outcome is Outcome.WRONG


def test_padding_by_hand_needs_the_right_side_and_not_only_the_right_size() -> None:
    other_side = lesson_01.zero_padding_by_hand.examine(lambda k: ((k // 2, (k - 1) // 2),) * 2)
    assert "the right size and other values" in str(other_side)
    one_axis = lesson_01.zero_padding_by_hand.examine(lambda k: (((k - 1) // 2, k // 2), (k // 2, (k - 1) // 2)))
    assert one_axis.outcome is Outcome.WRONG
    swapped = lesson_01.zero_padding_by_hand.examine(lambda k: [[(k - 1) // 2, k // 2]] * 2)
    assert swapped.outcome is Outcome.RIGHT


# -- the catalogue ------------------------------------------------------------------------------------------------


def differs(belief: Misconception, case: tuple[int, ...]) -> bool:
    """Whether Keras gives something else than the belief. Where Keras refuses, the question does not arise."""
    try:
        return bool(belief.believed(*case) != belief.real(*case))
    except KerasRefusal:
        return False


@pytest.mark.parametrize("belief", CATALOGUE, ids=name)
def test_the_case_that_is_shown_separates_and_is_the_smallest(belief: Misconception) -> None:
    assert differs(belief, belief.case)
    smaller = [
        case
        for case in product(range(1, sum(belief.case) + 1), repeat=len(belief.case))
        if sum(case) < sum(belief.case)
    ]
    assert [case for case in smaller if differs(belief, case)] == []
    assert str(belief.believed(*belief.case)) in belief.separation
    assert str(belief.real(*belief.case)) in belief.separation


def test_every_belief_of_the_catalogue_belongs_to_an_exercise_or_a_prediction() -> None:
    modules = [module.name for module in pkgutil.iter_modules(exercises.__path__) if module.name.startswith("lesson_")]
    lessons = [importlib.import_module(f"{exercises.__name__}.{module}") for module in modules]
    asking = [exercise for lesson in lessons for exercise in exercises_of(lesson)]
    asked = [prediction for module in modules for prediction in predictions_of(module.removeprefix("lesson_"))]
    used = {id(slip.misconception) for thing in [*asking, *asked] for slip in thing.slips}
    assert [belief.name for belief in CATALOGUE if id(belief) not in used] == []


def headings(notebook: str) -> list[str]:
    cells = nbformat.read(NOTEBOOKS / notebook, 4).cells
    lines = [line for cell in cells if cell.cell_type == "markdown" for line in cell.source.splitlines()]
    return [line.lstrip("#").strip() for line in lines if line.startswith("#")]


def test_every_section_to_read_again_is_a_heading_of_its_notebook() -> None:
    sections = [thing for thing in vars(misconceptions).values() if isinstance(thing, Section)]
    assert len(sections) >= 9
    for section in sections:
        assert section.heading in headings(section.notebook), f"{section.heading!r} is not in {section.notebook}"


def test_a_link_is_what_jupyterlab_calls_the_heading() -> None:
    # It compares the link with the heading as it stands, so nothing but the spaces may be encoded.
    assert misconceptions.ADD_GHOSTS.link == (
        '<a href="01_pad_the_border.ipynb#2.-Add-ghost-cells-(10-minutes)">2. Add ghost cells</a>'
    )


# -- what the real layers say, against numbers worked out elsewhere -----------------------------------------------


def test_the_measured_truths() -> None:
    assert real.sizes(28) == (28, 14, 14, 7, 7, 4, 4, 8, 8, 16, 14, 28, 28)
    assert real.sizes(28, real.FIRST_UNPADDED) == (26, 13, 13, 7, 7, 4, 4, 8, 8, 16, 14, 28, 28)
    assert [real.autoencoder_size(n) for n in (23, 25, 28, 32)] == [20, 28, 28, 28]
    assert [real.same_pads(k) for k in range(1, 6)] == [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)]
    assert [real.causal_pads(3, d) for d in (1, 2, 3)] == [(2, 0), (4, 0), (6, 0)]
    assert real.zero_padding_of_pair(1, 2) == ((1, 1), (2, 2))
    assert (real.valid_size(7, 3), real.third_number_size(28, 3), real.number_padded_size(28, 5, 1)) == (5, 9, 26)


# -- hints and solutions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", EXERCISES, ids=name)
def test_hints_come_one_after_the_other(exercise: Exercise, capsys: pytest.CaptureFixture[str]) -> None:
    exercise._hints_given = 0
    total = len(exercise.hints)
    assert total >= 3
    for number in [*range(1, total + 1), 1]:
        exercise.hint()
        assert capsys.readouterr().out.startswith(f"Hint {number} of {total}: {exercise.hints[number - 1]}")


@pytest.mark.parametrize("exercise", EXERCISES, ids=name)
def test_the_solution_is_shown_as_it_was_run(exercise: Exercise, capsys: pytest.CaptureFixture[str]) -> None:
    exercise.solution()
    out = capsys.readouterr().out
    assert exercise.solution_code in out
    assert exercise.why in out


@pytest.mark.parametrize("exercise", EXERCISES, ids=name)
def test_the_last_hint_is_not_the_solution(exercise: Exercise) -> None:
    assert all(exercise.solution_code not in hint for hint in exercise.hints)


# -- in a notebook ------------------------------------------------------------------------------------------------


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """What runs the cells of a notebook, without the kernel around it."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    yield shell
    InteractiveShell.clear_instance()


def run_cell(shell: InteractiveShell, source: str) -> list[dict[str, str]]:
    """Run a cell; return what it displayed."""
    with capture_output() as captured:
        result = shell.run_cell(source)
    result.raise_error()
    assert result.result is None
    return [output.data for output in captured.outputs]


def exercise_cells(notebook: str) -> dict[str, str]:
    """The cells with a check, by the name of the exercise."""
    cells = {}
    for cell in nbformat.read(NOTEBOOKS / notebook, 4).cells:
        for line in cell.source.splitlines() if cell.cell_type == "code" else ():
            if line.startswith("lesson.") and ".check(" in line:
                cells[line.split(".")[1]] = cell.source
    return cells


@pytest.mark.parametrize(("notebook", "lesson"), LESSONS.items())
def test_the_cells_of_the_notebooks(shell: InteractiveShell, notebook: str, lesson: Any) -> None:
    """Each as it stands, and with the solution in place of the blanks: one outcome is shown, and only one."""
    cells = exercise_cells(notebook)
    assert list(cells) == [exercise.name for exercise in exercises_of(lesson)]
    number = notebook[:2]
    run_cell(shell, f"import keras, numpy as np\nfrom course_utils.exercises import ____, lesson_{number} as lesson")
    for exercise in exercises_of(lesson):
        source = cells[exercise.name]
        (untouched,) = run_cell(shell, source)
        assert untouched["text/plain"].startswith("○ Not tried yet.")
        check = next(line for line in source.splitlines() if line.startswith(f"lesson.{exercise.name}.check("))
        (solved,) = run_cell(shell, f"{exercise.solution_code}\n\n{check}")
        assert solved["text/plain"].startswith("✓ Right."), f"{exercise.name}: {solved['text/plain']}"


@pytest.mark.parametrize("exercise", EXERCISES, ids=name)
def test_hints_and_solutions_are_folded_in_a_notebook(shell: InteractiveShell, exercise: Exercise) -> None:
    with capture_output() as captured:
        exercise.hint()
        exercise.solution()
    hints, solution = (output.data["text/html"] for output in captured.outputs)
    assert hints.count("<details ") == len(exercise.hints)
    assert solution.count("<details ") == 1
    assert " open" not in hints + solution
    assert all(to_html(hint) in hints for hint in exercise.hints)
    assert "<pre" in solution
