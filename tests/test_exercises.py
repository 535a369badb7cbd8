"""The exercises of every lesson: right answers turn green, known wrong ones are told their name, nothing typed raises.

Right and wrong are asked from real Keras layers. What is special to a lesson stands in a file of its own.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
import pkgutil
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from lessons import (
    CATALOGUE,
    EXERCISES,
    LESSONS,
    ODD_FUNCTIONS,
    ODD_VALUES,
    PREDICTIONS,
    TAKES_A_FUNCTION,
    Lesson,
    exercise_cells,
    headings,
    label,
    run_cell,
    solve,
)
from verdicts import RIGHT, UNNAMED, check_verdict

from course_utils.exercises import ____, answers, lesson_00, lesson_01, lesson_03, misconceptions
from course_utils.exercises.blank import Blank, has_blank
from course_utils.exercises.catalogue import KnownWrongAnswer, Misconception, Section
from course_utils.exercises.core import Exercise
from course_utils.exercises.predictions import Prediction
from course_utils.exercises.result import Outcome, Result, to_html

WRONG_ANSWERS = [(exercise, known) for exercise in EXERCISES for known in exercise.wrong_answers]


# -- importing ----------------------------------------------------------------------------------------------------


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, json; from course_utils.exercises import ____, lesson_00, lesson_01, predictions;"
        "from course_utils import drill, drill_sheet;"
        "heavy = ('keras', 'tensorflow', 'ipywidgets', 'anywidget', 'IPython');"
        "print(json.dumps([module for module in heavy if module in sys.modules]))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert json.loads(out) == []


# -- the blank ----------------------------------------------------------------------------------------------------

BLANK_USES = """b + 1; 1 - b; 2 * b // 3 % 4; -b; b**2; 2**b; abs(b); round(b, 2); b < 3; b >= 3; b == 3; b != 3
b(1, key=2); b.shape[0]; b["key"]; np.ones(3) + b; np.ones(3) @ b; b | 1; divmod(b, 2)"""


@pytest.mark.parametrize("use", [use.strip() for line in BLANK_USES.splitlines() for use in line.split(";")])
def test_whatever_is_done_with_a_blank_is_a_blank(use: str) -> None:
    assert isinstance(eval(use, {"b": ____, "np": np}), Blank)


def test_a_blank_is_harmless_where_python_wants_a_number_or_an_end() -> None:
    assert list(range(____)) == [] == list(____)
    assert (int(____), float(____), len(____), bool(____)) == (0, 0.0, 0, False)
    assert f"{____:>3}" == repr(____) == "____"
    assert {____: 1}[____] == 1


def mentions(n: Any = 1) -> Any:
    return n - ____


def nested(n: Any = 1) -> Any:
    return (lambda: ____)()


def default(n: Any = ____) -> Any:
    return n


def done(n: int) -> int:
    # It mentions ____ in a comment only.
    return n


#: Keras keeps ``padding=____`` without a word; a list of such layers was made outside the function.
FULL, EMPTY = keras.layers.MaxPooling2D(2), keras.layers.MaxPooling2D(2, padding=____)
HIDDEN = [____, (1, ____), [[____]], {"a": ____}, {____: 1}, mentions, nested, default, lambda: ____]
IN_LAYERS = [EMPTY, [FULL, EMPTY], keras.Sequential([FULL, EMPTY])]
NOWHERE = [0, None, (), [1, 2], {"a": 1}, done, np.zeros(3), "____", print, type, [FULL, keras.Sequential([FULL])]]


def test_a_blank_is_found_wherever_it_hides_and_nowhere_else() -> None:
    assert all(map(has_blank, [*HIDDEN, *IN_LAYERS]))
    assert not any(map(has_blank, NOWHERE))


def test_a_blank_that_keras_refuses_is_not_tried() -> None:
    """A helper of the learner's holds the blank, so the code of the function itself does not mention it."""

    def calling(setting: str) -> Callable[[], Any]:
        helper = partial(keras.layers.MaxPooling2D, 2, **{setting: ____})
        return lambda: [helper()]

    for setting in ("strides", "padding"):
        result = lesson_03.three_pools.evaluate(calling(setting))
        assert result.outcome is Outcome.NOT_TRIED
        assert "There is still a `____`" in str(result)
    # A name of Python's with underscores is no blank.
    result = lesson_03.three_pools.evaluate(lambda: undefined____name)  # type: ignore[name-defined] # noqa: F821
    assert result.outcome is Outcome.WRONG


# -- every exercise -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", LESSONS, ids=label)
def test_there_are_as_many_exercises_as_the_lessons_promise(lesson: Lesson) -> None:
    assert len(lesson.exercises) >= 5
    assert list(exercise_cells(lesson.notebook)) == [exercise.name for exercise in lesson.exercises]
    for exercise in lesson.exercises:
        assert getattr(lesson.module, exercise.name) is exercise


def check_shown(result: Result, outcome: Outcome) -> None:
    """The outcome has a word, a sign, a colour and a role."""
    assert result.outcome is outcome, str(result)
    page = result._repr_html_()
    assert outcome.word in page and outcome.sign in page and outcome.colour in page and 'role="status"' in page
    assert str(result).startswith(f"{outcome.sign} {outcome.word}.")


@pytest.mark.parametrize("exercise", EXERCISES, ids=label)
def test_an_untouched_answer_is_not_tried(exercise: Exercise) -> None:
    for answer in (____, (____, 1), lambda *args: ____ + 1, lambda *args: [____]):
        check_shown(exercise.evaluate(answer), Outcome.NOT_TRIED)
    check_shown(exercise.evaluate(), Outcome.NOT_TRIED)
    assert f"lesson.{exercise.name}.check(" in str(exercise.evaluate())


@pytest.mark.parametrize("exercise", EXERCISES, ids=label)
def test_the_solution_that_is_shown_is_right_and_says_why(exercise: Exercise) -> None:
    for _ in range(2):
        result = exercise.evaluate(solve(exercise))
        check_shown(result, Outcome.RIGHT)
        assert exercise.why in result.lines


@pytest.mark.parametrize(("exercise", "known"), WRONG_ANSWERS, ids=label)
def test_every_known_wrong_answer_is_wrong_and_named(exercise: Exercise, known: KnownWrongAnswer) -> None:
    result = check_verdict(exercise, known.answer, known.misconception, known.misconception.sentence)
    check_shown(result, Outcome.WRONG)
    for written in (str(result), result._repr_html_()):
        assert known.misconception.section.title in written


def test_every_exercise_has_a_known_wrong_answer() -> None:
    assert [exercise.name for exercise in EXERCISES if not exercise.wrong_answers] == []


@pytest.mark.parametrize("exercise", TAKES_A_FUNCTION, ids=label)
@pytest.mark.parametrize("odd", ODD_FUNCTIONS)
def test_a_function_that_misbehaves_is_wrong_and_nothing_worse(exercise: Exercise, odd: str) -> None:
    result = exercise.evaluate(ODD_FUNCTIONS[odd])
    assert result.outcome is Outcome.WRONG, str(result)
    assert "Traceback" not in str(result)


@pytest.mark.parametrize("exercise", EXERCISES, ids=label)
@pytest.mark.parametrize("odd", ODD_VALUES, ids=lambda value: type(value).__name__)
def test_a_value_of_the_wrong_kind_is_wrong_and_nothing_worse(exercise: Exercise, odd: Any) -> None:
    assert exercise.evaluate(odd).outcome is Outcome.WRONG


@pytest.mark.parametrize("exercise", TAKES_A_FUNCTION, ids=label)
def test_an_endless_loop_is_ended_and_the_thread_with_it(exercise: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "LIMIT", 0.05)
    threads = set()

    def endless(*args: Any) -> Any:
        threads.add(threading.current_thread())
        while True:
            with contextlib.suppress(Exception):
                time.sleep(0.001)

    result = exercise.evaluate(endless)
    assert result.outcome is Outcome.WRONG
    assert "still running after 0.05 seconds" in str(result)
    for thread in threads:
        thread.join(10)
    assert threads and not any(thread.is_alive() for thread in threads)


def test_a_bug_of_the_checker_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    exercise = Exercise("x", "x", lambda answer: 1 / 0, ("a",), "x = 1", "because")  # type: ignore[arg-type]
    result = exercise.evaluate(1)
    assert result.outcome is Outcome.NOT_CHECKED
    assert "no fault of yours" in str(result)


# -- what is said -------------------------------------------------------------------------------------------------


def unless_at(*cases: tuple[int, int]) -> Callable[[int, int], int]:
    """A function that is right but for some cases."""
    return lambda n, k: 3 if (n, k) in cases else n - k + 1


@pytest.mark.parametrize(
    ("exercise", "answer", "line", "misconception"),
    [
        (
            lesson_01.valid_size,
            unless_at((7, 4), (8, 2)),
            "For n = 7, k = 4 your function says 3; Keras gives 4.",
            UNNAMED,
        ),
        (
            lesson_01.same_pads,
            lambda k: ((k - 1) // 2, (k - 1) // 2),
            "For k = 2 your function says (0, 0); Keras gives (0, 1).",
            misconceptions.SAME_IS_SYMMETRIC,
        ),
    ],
)
def test_the_simplest_setting_that_differs_is_shown(
    exercise: Exercise, answer: Any, line: str, misconception: Misconception | None
) -> None:
    assert check_verdict(exercise, answer, misconception).lines == (line,)


def test_a_function_is_called_once_for_each_case() -> None:
    calls: list[int] = []

    def same_pads(k: int) -> tuple[int, int]:
        calls.append(k)
        return (k - 1) // 2, (k - 1) // 2

    check_verdict(lesson_01.same_pads, same_pads, misconceptions.SAME_IS_SYMMETRIC)
    assert calls == list(range(1, 12))


def test_an_error_is_told_with_its_numbers_and_line() -> None:
    def division(n: int, k: int) -> float:
        return n // (k - 3)

    place = f"line {division.__code__.co_firstlineno + 1} of your cell"
    check_verdict(lesson_01.valid_size, division, "For n = 5, k = 3 your function raised ZeroDivisionError", place)


def named(function: Any) -> Any:
    """The same function as it is called in the notebook."""
    function.__name__ = "valid_size"
    return function


VERDICTS: list[tuple[Any, ...]] = [
    (
        lesson_01.valid_size,
        named(lambda n, k: n / (k - 2)),
        "For n = 5, k = 3 your function says 5.0; that is a float.",
        "`valid_size(5, 3)`",
    ),
    (lesson_01.valid_size, lambda n, k: float(n - k + 1), "The number may be right", "`int(...)`"),
    (lesson_01.valid_size, lambda n, k: np.int64(n - k + 1), RIGHT),
    (lesson_01.same_pads, lambda k: [(k - 1) // 2, k // 2], RIGHT),
    (lesson_01.same_pads, lambda k: np.array([(k - 1) // 2, k // 2]), RIGHT),
    (lesson_00.lost_pixels, [16, np.int32(14), 2], RIGHT),
    # The result of a function that was called is told apart from the function.
    (lesson_01.valid_size, 4, "the function itself, and got 4"),
]


@pytest.mark.parametrize("row", VERDICTS)
def test_what_the_checks_say(row: tuple[Any, ...]) -> None:
    check_verdict(*row)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (True, "a yes or no"),
        (np.bool_(False), "a yes or no"),
        (None, "Is a `return` missing?"),
        ("5", "without quotation marks"),
        (5.0, "with `int(...)`, or divide with `//`, which rounds down"),
        (np.float32(5), "with `int(...)`"),
        (2.5, "no part of a cell"),
        (float("inf"), "no part of a cell"),
        ([5], "a list"),
        (5j, "a complex"),
    ],
)
def test_what_is_no_whole_number_is_told_what_it_is(value: Any, sentence: str) -> None:
    with pytest.raises(answers.BadAnswer, match=re.escape(sentence)):
        answers.whole(value)


def test_the_case_against_a_misconception_is_shown_once() -> None:
    separation = misconceptions.ROUNDS_DOWN.separation
    assert str(lesson_00.read_the_table.evaluate((7, 3, 12))).count(separation) == 1
    assert str(lesson_01.same_pads.evaluate(lambda k: (1, 1))).count("Keras gives") == 1


def test_a_wrong_number_is_pointed_at_and_the_right_one_not_told() -> None:
    sizes = [26, 13, 13, 7, 7, 4, 4, 8, 8, 16, 15, 28, 28]
    assert "14" not in str(check_verdict(lesson_00.no_padding_twice, sizes, "After layer 11", "15 is too large"))


def test_what_a_learner_types_is_escaped() -> None:
    result = lesson_00.first_halving.evaluate("<script>alert(1)</script>")
    assert "<script>" not in result._repr_html_()
    assert "&lt;script&gt;" in result._repr_html_()


# -- the catalogue ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("misconception", CATALOGUE, ids=label)
def test_the_case_that_is_shown_separates_and_is_the_smallest(misconception: Misconception) -> None:
    case = misconception.case
    assert misconception.differs(case)
    smaller = [one for one in product(range(1, sum(case) + 1), repeat=len(case)) if sum(one) < sum(case)]
    assert [one for one in smaller if misconception.differs(one)] == []
    assert str(misconception.wrong_formula(*case)) in misconception.separation
    assert str(misconception.quantity.truth(*case)) in misconception.separation


def test_every_misconception_belongs_to_an_exercise_or_a_prediction() -> None:
    things: list[Exercise | Prediction] = [*EXERCISES, *PREDICTIONS]
    used = {known.misconception for thing in things for known in thing.wrong_answers}
    assert [one.name for one in CATALOGUE if one not in used] == []


def test_every_section_to_read_again_is_a_heading_of_its_notebook() -> None:
    sections = [thing for thing in vars(misconceptions).values() if isinstance(thing, Section)]
    assert len(sections) >= 9
    for section in sections:
        assert section.heading in headings(section.notebook), f"{section.heading!r} is not in {section.notebook}"


def test_a_link_is_what_jupyterlab_calls_the_heading() -> None:
    # It compares the link with the heading as it stands, so nothing but the spaces may be encoded.
    assert misconceptions.ADD_GHOSTS.link == (
        '<a href="01_pad_the_border.ipynb#2.-Add-ghost-cells-(8-minutes)">2. Add ghost cells</a>'
    )


# -- how they are declared --------------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", LESSONS, ids=label)
def test_every_function_but_the_solutions_has_types(lesson: Lesson) -> None:
    """mypy does not ask for them in these modules, because solutions are written as a learner writes them."""
    assert lesson.module.__file__ is not None
    for node in ast.parse(Path(lesson.module.__file__).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            assert all(argument.annotation for argument in node.args.args) and node.returns, node.name


# -- hints and solutions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", EXERCISES, ids=label)
def test_hints_and_the_solution_in_a_terminal(exercise: Exercise, capsys: pytest.CaptureFixture[str]) -> None:
    """The hints come one after the other, and the solution is shown as it was run, in no hint."""
    exercise._hints_given = 0
    total = len(exercise.hints)
    assert total >= 3
    for number in [*range(1, total + 1), 1]:
        exercise.hint()
        assert capsys.readouterr().out.startswith(f"Hint {number} of {total}: {exercise.hints[number - 1]}")
    exercise.solution()
    out = capsys.readouterr().out
    assert exercise.solution_code in out and exercise.why in out
    assert all(exercise.solution_code not in hint for hint in exercise.hints)


# -- in a notebook ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", LESSONS, ids=label)
def test_the_cells_of_the_notebooks(shell: InteractiveShell, lesson: Lesson) -> None:
    """Each as it stands, with the solution in place of the blanks, and with every known wrong answer.

    One outcome is shown each time, and only one.
    """
    cells = exercise_cells(lesson.notebook)
    run_cell(shell, "import keras, numpy as np")
    run_cell(shell, f"from course_utils.exercises import ____, {lesson.module.__name__.split('.')[-1]} as lesson")
    for exercise in lesson.exercises:
        source = cells[exercise.name]
        (untouched,) = run_cell(shell, source)
        assert untouched["text/plain"].startswith("○ Not tried yet.")
        check = next(line for line in source.splitlines() if line.startswith(f"lesson.{exercise.name}.check("))
        (solved,) = run_cell(shell, f"{exercise.solution_code}\n\n{check}")
        assert solved["text/plain"].startswith("✓ Right."), f"{exercise.name}: {solved['text/plain']}"
        for known in exercise.wrong_answers:
            shell.user_ns["a_wrong_answer"] = known.answer
            (refused,) = run_cell(shell, f"lesson.{exercise.name}.check(a_wrong_answer)")
            assert refused["text/plain"].startswith("✗ "), f"{exercise.name}: {refused['text/plain']}"
            assert known.misconception.name in refused["text/plain"]


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("`n // s` of a *whole number*", "<code>n // s</code> of a <em>whole number</em>"),
        ("`2*n*3`, a*b*c, 5 * 3 * 2, f(*args), **kwargs", "<code>2*n*3</code>, a*b*c, 5 * 3 * 2, f(*args), **kwargs"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("28 × 28 × 8, n × n", "28\xa0×\xa028\xa0×\xa08, n × n"),
    ],
)
def test_what_is_marked_in_a_text_is_marked_on_the_page(text: str, page: str) -> None:
    assert to_html(text) == page


def test_no_mark_is_left_on_the_page() -> None:
    texts = [
        *(text for exercise in EXERCISES for text in (*exercise.hints, exercise.why)),
        *(text for one in CATALOGUE for text in (one.name, one.sentence)),
    ]
    assert any("<em>" in to_html(text) for text in texts)
    for text in texts:
        assert "*" not in re.sub(r"<code>.*?</code>", "", to_html(text)), text


@pytest.mark.parametrize("exercise", EXERCISES, ids=label)
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


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.float64(4), "4.0"),
        ((np.float64(4), np.int64(3)), "(4.0, 3)"),
        ([np.array(7), [np.float32(0.5)]], "[7, [0.5]]"),
        (np.arange(3), "[0, 1, 2]"),
        (("four", None), "('four', None)"),
    ],
)
def test_numbers_of_numpy_are_spelt_as_numbers(value: object, said: str) -> None:
    assert answers.spell(value) == said


@pytest.mark.parametrize("catalogue", ["misconceptions", "truth"])
def test_no_two_parts_of_a_catalogue_give_one_name_to_two_things(catalogue: str) -> None:
    """They are gathered by star imports: the later one would take the place of the earlier, silently."""
    package = importlib.import_module(f"course_utils.exercises.{catalogue}")
    parts = [
        importlib.import_module(f"{package.__name__}.{one.name}") for one in pkgutil.iter_modules(package.__path__)
    ]
    assert len(parts) > 5
    makers: dict[str, str] = {}
    for part in parts:
        for name in made_in(part):
            assert makers.setdefault(name, part.__name__) == part.__name__, f"{name} is in {makers[name]} as well"
            assert getattr(package, name) is getattr(part, name)


def made_in(part: ModuleType) -> list[str]:
    """The public names that a module binds itself, those that it imports left out."""
    assert part.__file__ is not None
    bound: list[str] = []
    for node in ast.parse(Path(part.__file__).read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bound.append(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            bound += [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    return [name for name in bound if not name.startswith("_")]
