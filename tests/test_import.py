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
def files() -> dict[str, Path]:
    """Every Python file of the tree that is ours, under the name it is imported by."""
    found: dict[str, Path] = {}
    for top in ("course_utils", "tools", "tests", "benchmarks", "elsewhere", "deploy"):
        for path in sorted((ROOT / top).rglob("*.py")):
            # The tests' helpers are imported by their bare names (``pythonpath`` in pyproject.toml).
            parts = [part for part in path.relative_to(ROOT).with_suffix("").parts if part != "__init__"]
            name = path.stem if top == "tests" and path.stem != "conftest" else ".".join(parts)
            assert name not in found, f"two modules are called {name}: a plain pytest would stop at the second"
            found[name] = path
    assert len(found) > 150, "the tree was not read"
    return found


@cache
def sources() -> dict[Path, ast.Module]:
    """Every file of the tree, understood."""
    return {path: ast.parse(path.read_text(encoding="utf-8"), str(path)) for path in files().values()}


def package() -> Iterator[tuple[str, Path, ast.Module]]:
    """Every module of the package, with the part that it belongs to."""
    for path, tree in sources().items():
        if path.is_relative_to(PACKAGE):
            yield path.relative_to(PACKAGE).parts[0].removesuffix(".py"), path, tree


def notebook_cells() -> Iterator[tuple[str, str]]:
    """Where it stands, and the code of every code cell of every notebook, without the lines that are not Python."""
    for path in sorted((ROOT / "notebooks").rglob("[0-9]*.ipynb")):
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
    parts = {part for part, _, _ in package()}
    assert parts <= set(LEVELS), (
        f"give {sorted(parts - set(LEVELS))} a place in ORDER (and in the table of CONTRIBUTING.md)"
    )


def test_imports_run_downward_only() -> None:
    upward, edges = [], set()
    for part, path, tree in package():
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
    imports = {}
    for name, path in files().items():
        modules = [module for _, module in imports_of(path, sources()[path], for_types=True)]
        # ``from a.b import c`` imports the module a.b.c if there is one, else a.b.
        imports[name] = {module if module in files() else module.rpartition(".")[0] for module in modules}
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
        for name, path in files().items()
        if ROOT / "tests" not in path.parents and not re.fullmatch(r"course_utils\.exercises\.lesson_\d\d", name)
        if (lines := len(path.read_text("utf-8").splitlines())) > 450
    }
    assert not long, f"too long: {long}"


def test_only_keras_layers_imports_keras() -> None:
    real = {"keras", "tensorflow", "tensorflow_cpu", "tf_keras"}
    importers = {
        path.relative_to(PACKAGE).as_posix()
        for _, path, tree in package()
        if any(module.split(".")[0] in real for _, module in imports_of(path, tree))
    }
    assert importers == {"keras_layers.py"}


def test_no_pyplot_anywhere() -> None:
    """It holds one figure for all, and beside widgets it shows half-drawn ones."""

    def uses(tree: ast.AST) -> list[str]:
        modules = [module for _, module in imported(tree)]
        words = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        return [word for word in (*modules, *words) if "pyplot" in word or "pylab" in word]

    found = {str(path.relative_to(ROOT)): uses(tree) for _, path, tree in package()}
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


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """What a fresh interpreter has loaded after each of these imports, one after the other."""
    stages = ("sys", "course_utils", "course_utils.axes", "course_utils.compare")
    said = run_fresh("\n".join(f"import {stage}; print(*__import__('sys').modules)" for stage in stages))
    return {stage: set(line.split()) for stage, line in zip(stages, said.splitlines(), strict=True)}


def test_importing_the_package_loads_nothing_heavy(loaded: dict[str, set[str]]) -> None:
    assert "course_utils" in loaded["course_utils"]
    assert not {name.split(".")[0] for name in loaded["course_utils"]} & {*SLOW, "numpy"}


def test_axes_needs_the_standard_library_only(loaded: dict[str, set[str]]) -> None:
    new = loaded["course_utils.axes"] - loaded["sys"]
    foreign = {name.split(".")[0] for name in new} - sys.stdlib_module_names - {"course_utils"}
    assert not {root for root in foreign if not root.startswith("__editable__")}, foreign
    own = {name.split(".")[1] for name in new if name.startswith("course_utils.")}
    assert own == {"environment", "size_formulas", "axes"}


def test_the_core_loads_keras_only_when_a_layer_is_needed(loaded: dict[str, set[str]]) -> None:
    core = loaded["course_utils.compare"]
    assert {f"course_utils.{part}" for part in ("byhand", "keras_layers", "compare")} <= core
    assert not {name.split(".")[0] for name in core} & set(SLOW)


def test_importing_the_package_takes_well_under_a_second() -> None:
    """The best of a few: a busy machine makes one try slow, not all of them."""
    clock = "import time; start = time.perf_counter(); import course_utils; print(time.perf_counter() - start)"
    best = min(float(run_fresh(clock)) for _ in range(4))
    print(f"import course_utils: {1000 * best:.0f} ms")
    assert best < 1


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("compare", ""),
        ("compare", "import course_utils.compare"),
        ("compare", "from course_utils.compare import Comparison"),
        ("explain", "import course_utils.explain"),
    ],
)
def test_a_name_is_the_function_whatever_was_imported_before(name: str, before: str) -> None:
    """Python puts a loaded module into its package under its own name, which here is the name of a function."""
    asked = f"import course_utils; from course_utils import {name}"
    shown = f"print(callable({name}), callable(course_utils.{name}))"
    assert run_fresh(f"{before}\n{asked}\n{shown}").split() == ["True", "True"]


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
