"""The code's own shape: no circle among modules, at top level or hidden in functions, and no room that imports its neighbour."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import grimp
import pytest

from pipelines.catalog import StageName

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("pipelines", "flows", "infra", "data_checks")


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, cache_dir=None)


@cache
def top_level_imports() -> dict[str, frozenset[str]]:
    """What each module imports when it is imported itself; imports in functions and for type checkers are left out."""
    found: dict[str, frozenset[str]] = {}
    for module in graph().modules:
        if not module.startswith(PACKAGES):
            continue
        found[module] = frozenset(imported for imported in list_top_level(module) if imported in graph().modules)
    return found


def list_top_level(module: str) -> set[str]:
    path = REPOSITORY / Path(*module.split("."))
    source = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
    names: set[str] = set()
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def find_circle(imports: dict[str, frozenset[str]]) -> list[str]:
    """Return one circle, or nothing."""
    done: set[str] = set()
    path: list[str] = []

    def visit(module: str) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        path.append(module)
        for imported in sorted(imports[module]):
            circle = visit(imported)
            if circle:
                return circle
        done.add(path.pop())
        return []

    return next((circle for module in sorted(imports) if (circle := visit(module))), [])


def test_a_circle_is_found_where_there_is_one() -> None:
    assert find_circle({"a": frozenset({"b"}), "b": frozenset({"c"}), "c": frozenset({"a"})}) == ["a", "b", "c", "a"]
    assert find_circle({"a": frozenset({"b", "c"}), "b": frozenset({"c"}), "c": frozenset()}) == []


def test_no_module_imports_itself_through_others() -> None:
    assert find_circle(top_level_imports()) == []


def test_no_package_imports_another_that_imports_it() -> None:
    """Counting what functions import too."""
    modules = graph()
    for package in PACKAGES:
        above = {other for other in PACKAGES if other != package and modules.find_shortest_chains(other, package)}
        below = {other for other in PACKAGES if other != package and modules.find_shortest_chains(package, other)}
        assert not above & below, f"{package} and {above & below} import each other"


@pytest.mark.parametrize("stage", list(StageName))
def test_a_room_knows_no_other_room(stage: StageName) -> None:
    room = f"pipelines.{stage}"
    for other in StageName:
        if other is not stage:
            assert not graph().find_shortest_chains(room, f"pipelines.{other}"), f"{room} reaches pipelines.{other}"
