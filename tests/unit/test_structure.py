"""What keeps the code easy to find one's way in: names that say something, modules that fit on a few screens, and no
circles of imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "retrieval", "inference")
MODULES = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts]


def functions() -> Iterator[str]:
    """The names of all functions but properties, which are nouns, and what the language names itself."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("__"):
                continue
            if not any("property" in ast.unparse(decorator) for decorator in node.decorator_list):
                yield node.name


def test_functions_are_named_by_more_than_one_word() -> None:
    """At most a third by one: libraries' own (`run`, `emit`, `forward`) are counted, too."""
    names = list(functions())
    single = [name for name in names if "_" not in name.strip("_")]
    assert len(single) <= len(names) / 3, sorted(single)


def test_a_module_has_at_most_600_lines() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {path: count for path, count in lines.items() if count > 600} == {}


def test_modules_do_not_import_each_other_in_circles() -> None:
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    TopologicalSorter(imports).prepare()  # raises CycleError, which names the circle
