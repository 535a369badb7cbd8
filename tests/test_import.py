"""What the package loads, and who may import whom: the order of DESIGN, read from the sources."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "course_utils"

#: From the bottom to the top. A part may import from its own line and from those above it here, never from below.
#: A part that is new belongs on a line of this table.
ORDER = [
    {"size_formulas", "data", "environment"},
    {"axes", "fields"},
    {"byhand"},
    {"keras_layers"},
    {"compare"},
    {"explain"},
    {"inverse"},
    {"pictures"},
    {"guard"},
    {"explorers", "exercises", "training"},
    {"explore", "setup"},
    {"__init__"},
]
LEVELS = {part: level for level, parts in enumerate(ORDER) for part in parts}

SLOW = ("tensorflow", "keras", "matplotlib", "ipywidgets", "anywidget", "IPython", "scipy", "sklearn", "PIL")


@cache
def sources() -> dict[Path, ast.Module]:
    """Every module of the package. Never empty."""
    found = {path: ast.parse(path.read_text(encoding="utf-8"), str(path)) for path in sorted(PACKAGE.rglob("*.py"))}
    assert len(found) >= 5, "no modules found: these tests would pass on nothing"
    return found


def notebook_cells() -> Iterator[tuple[str, str]]:
    """Where it stands, and the code of every code cell of every notebook, without the lines that are not Python."""
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for number, cell in enumerate(cells):
            if cell["cell_type"] == "code":
                lines = "".join(cell["source"]).splitlines()
                yield (
                    f"{path.name}[{number}]",
                    "\n".join(line for line in lines if not line.lstrip().startswith(("%", "!"))),
                )


def imported(tree: ast.AST, package: tuple[str, ...] = (), *, for_types: bool = False) -> Iterator[tuple[int, str]]:
    """Every module that is imported anywhere in a source, with its line.

    Args:
        tree: the source.
        package: the package it is in, for relative imports.
        for_types: whether what only a type checker reads counts as well.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not for_types:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*parents, *([node.module] if node.module else [])))
            # ``from package import module``: each name may be a module.
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
            yield from ((node.lineno, str(name.value)) for name in node.args[:1] if isinstance(name, ast.Constant))
        yield from imported(node, package, for_types=for_types)


def imports_of(path: Path, tree: ast.Module, *, for_types: bool = False) -> list[tuple[int, str]]:
    """As ``imported``, with relative imports resolved."""
    return list(imported(tree, path.relative_to(ROOT).with_suffix("").parts[:-1], for_types=for_types))


def part_of(module: str) -> str | None:
    """``course_utils.pictures.svg`` is in ``pictures``; the package alone is ``__init__``; others are not ours."""
    names = module.split(".")
    if names[0] != "course_utils":
        return None
    if len(names) == 1 or (len(names) == 2 and not _is_module(names[1])):
        return "__init__"
    return names[1]


def _is_module(name: str) -> bool:
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()


def test_every_part_has_its_place() -> None:
    parts = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in sources()}
    assert parts <= set(LEVELS), (
        f"give {sorted(parts - set(LEVELS))} a place in ORDER (and in the table of CONTRIBUTING.md)"
    )


def test_imports_run_downward_only() -> None:
    upward, edges = [], set()
    for path, tree in sources().items():
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for line, module in imports_of(path, tree):
            target = part_of(module)
            if target is None or target == part:
                continue
            edges.add((part, target))
            if LEVELS.get(target, 99) > LEVELS[part]:
                upward.append(f"{path.relative_to(ROOT)}:{line} imports {module}")
    assert not upward, "\n".join(upward)
    assert ("byhand", "axes") in edges and ("compare", "keras_layers") in edges, "the imports were not read"
    both_ways = {edge for edge in edges if edge[::-1] in edges}
    assert not both_ways, f"two parts of one line import each other: {both_ways}"


def all_sources() -> dict[str, Path]:
    """Every Python file of the tree that is ours, under the name it is imported by."""
    found = {}
    for top in ("course_utils", "tools", "tests", "benchmarks", "deploy"):
        for path in sorted((ROOT / top).rglob("*.py")):
            # The tests' helpers are imported by their bare names (``pythonpath`` in pyproject.toml).
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = (
                path.stem
                if top == "tests" and path.stem != "conftest"
                else ".".join(part for part in parts if part != "__init__")
            )
            assert name not in found, f"two modules are called {name}"
            found[name] = path
    assert len(found) > 150, "the tree was not read"
    return found


def cycles_in(imports: Mapping[str, Iterable[str]]) -> set[frozenset[str]]:
    """The groups of modules that reach one another, by what each of them imports."""

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        left = list(imports[start])
        while left:
            name = left.pop()
            if name in imports and name not in found:
                found.add(name)
                left += imports[name]
        return found

    reach = {name: reached(name) for name in imports}
    return {
        frozenset(other for other in reach[name] if name in reach[other]) for name in imports if name in reach[name]
    }


def test_no_import_cycle_anywhere() -> None:
    """Imports inside functions and those for types count: two modules that need each other are one module."""
    imports, files = {}, all_sources()
    for name, path in files.items():
        modules = [module for _, module in imports_of(path, ast.parse(path.read_text("utf-8")), for_types=True)]
        # ``from a.b import c`` imports the module a.b.c if there is one, else a.b.
        imports[name] = {module if module in files else module.rpartition(".")[0] for module in modules}
    assert cycles_in(imports) == set()


def test_an_import_cycle_is_found() -> None:
    source = "if TYPE_CHECKING:\n    from p.b import B\ndef late():\n    import p.c"
    names = [module for _, module in imported(ast.parse(source), for_types=True)]
    assert names == ["p.b.B", "p.c"]
    assert cycles_in({"a": {"b"}, "b": {"c", "x"}, "c": {"d"}, "d": {"c", "b"}, "x": set(), "s": {"s"}}) == {
        frozenset("bcd"),
        frozenset("s"),
    }


def test_no_module_is_longer_than_450_lines() -> None:
    """A lesson's exercises are as long as the lesson; tests are tables as often as not."""
    long = {
        name: lines
        for name, path in all_sources().items()
        if ROOT / "tests" not in path.parents and not re.fullmatch(r"course_utils\.exercises\.lesson_\d\d", name)
        if (lines := len(path.read_text("utf-8").splitlines())) > 450
    }
    assert not long, f"too long: {long}"


def test_only_keras_layers_imports_keras() -> None:
    guilty, lawful = [], 0
    for path, tree in sources().items():
        for line, module in imports_of(path, tree):
            if module.split(".")[0] in ("keras", "tensorflow", "tensorflow_cpu", "tf_keras"):
                if path == PACKAGE / "keras_layers.py":
                    lawful += 1
                else:
                    guilty.append(f"{path.relative_to(ROOT)}:{line} imports {module}")
    assert not guilty, "\n".join(guilty)
    assert lawful, "keras_layers.py was not read"


def test_no_pyplot_anywhere() -> None:
    """It holds one figure for all, and beside widgets it shows half-drawn ones."""

    def uses(tree: ast.AST) -> list[str]:
        modules = [module for _, module in imported(tree)]
        words = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        return [word for word in (*modules, *words) if "pyplot" in word or "pylab" in word]

    found = {str(path.relative_to(ROOT)): uses(tree) for path, tree in sources().items()}
    cells = dict(notebook_cells())
    assert cells, "no notebooks found"
    found |= {place: uses(ast.parse(code)) for place, code in cells.items()}
    assert not [f"{place}: {words}" for place, words in found.items() if words]


def run_fresh(code: str) -> str:
    """What a fresh interpreter prints."""
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False, cwd=ROOT
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = set(run_fresh("import sys, course_utils; print(*sys.modules)").split())
    assert "course_utils" in loaded
    assert not [name for name in loaded if name.split(".")[0] in (*SLOW, "numpy")]


def test_importing_the_package_takes_well_under_a_second() -> None:
    """The best of a few: a busy machine makes one try slow, not all of them."""
    clock = "import time; start = time.perf_counter(); import course_utils; print(time.perf_counter() - start)"
    best = min(float(run_fresh(clock)) for _ in range(4))
    print(f"import course_utils: {1000 * best:.0f} ms")
    assert best < 1


@pytest.mark.parametrize("before", ["", "import course_utils.compare", "from course_utils.compare import Comparison"])
def test_compare_is_the_function_whatever_was_imported_before(before: str) -> None:
    """Python puts a loaded module into its package under its own name, which here is the name of a function."""
    asked = "import course_utils; from course_utils import compare"
    shown = "print(callable(compare), callable(course_utils.compare))"
    assert run_fresh(f"{before}\n{asked}\n{shown}").split() == ["True", "True"]


def test_explain_is_the_function_whatever_was_imported_before() -> None:
    if not (PACKAGE / "explain").is_dir():
        pytest.skip("there is no explain yet")
    code = "import course_utils.explain\nfrom course_utils import explain; print(callable(explain))"
    assert run_fresh(code).split() == ["True"]


def test_axes_needs_the_standard_library_only() -> None:
    loaded = run_fresh("import sys, course_utils.axes; print(*sys.modules)").split()
    roots = {name.split(".")[0] for name in loaded} - {"course_utils"}
    here = set(run_fresh("import sys; print(*sys.modules)").split())
    foreign = {root for root in roots if root not in sys.stdlib_module_names} - here
    assert not {root for root in foreign if not root.startswith("__editable__")}, foreign
    own = [name for name in loaded if name.startswith("course_utils.")]
    assert {name.split(".")[1] for name in own} == {"environment", "size_formulas", "axes"}


@pytest.mark.parametrize(
    ("module", "without"),
    [
        ("course_utils.byhand", SLOW),
        # The real side is loaded when a layer is first needed, not when the module is.
        ("course_utils.keras_layers", SLOW),
        ("course_utils.compare", SLOW),
    ],
)
def test_what_the_core_leaves_alone(module: str, without: tuple[str, ...]) -> None:
    loaded = run_fresh(f"import sys, {module}; print(*sys.modules)").split()
    assert module in loaded
    assert not [name for name in loaded if name.split(".")[0] in without]


def test_tensorflow_is_kept_quiet_and_portable() -> None:
    """Unless the learner has said otherwise."""
    show = "import os, course_utils; print(os.environ['TF_ENABLE_ONEDNN_OPTS'], os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    clear = "import os; [os.environ.pop(k, None) for k in ('TF_ENABLE_ONEDNN_OPTS', 'TF_CPP_MIN_LOG_LEVEL')]; "
    assert run_fresh(clear + show).split() == ["0", "2"]
    assert run_fresh("import os; os.environ['TF_ENABLE_ONEDNN_OPTS'] = '1'; " + show).split()[0] == "1"


def test_the_reader_of_imports_sees_them_all() -> None:
    code = """
import a.b
from c import d
from . import e
from ..f import g
def late():
    import h
    importlib.import_module("i.j")
if TYPE_CHECKING:
    import never
try:
    import k
except ImportError:
    __import__("l")
"""
    found = [module for _, module in imported(ast.parse(code), ("p", "q"))]
    assert found == ["a.b", "c.d", "p.q.e", "p.f.g", "h", "i.j", "k", "l"]
