"""The product's own source as tests read it: its modules, what they import and what they use."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import CLINIC, ROOT

MODULES = sorted([ROOT / "app.py", *CLINIC.rglob("*.py")])


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(node: ast.AST) -> Iterator[tuple[str, list[str]]]:
    """Every module that is imported somewhere below, with the names taken from it."""
    for found in ast.walk(node):
        if isinstance(found, ast.Import):
            yield from ((alias.name, []) for alias in found.names)
        elif isinstance(found, ast.ImportFrom) and found.module:
            yield found.module, [alias.name for alias in found.names]


def importers(*libraries: str) -> set[str]:
    return {
        name_of(path)
        for path in MODULES
        for module, _names in imports(tree(path))
        if module in libraries or module.startswith(tuple(f"{one}." for one in libraries))
    }


def dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def users_of(*names: str) -> set[str]:
    """Modules in which one of these dotted names (or its end) is used."""
    return {
        name_of(path)
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and any(dotted(node) == name or dotted(node).endswith(f".{name}") for name in names)
    }
