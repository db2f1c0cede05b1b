"""Each package in requirements*.txt is used, and each pin beside them is brought along by one."""

from __future__ import annotations

import ast
import re
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.support.paths import ROOT

pytestmark = pytest.mark.one_database

PRODUCT, TESTS = "requirements.txt", "requirements-dev.txt"
BROUGHT_ALONG = "# Brought along by the above"
SEARCHED = ("app.py", "gunicorn.conf.py", "benchmarks", "clinic", "docs", "migrations", "tests")
NEITHER_IMPORTED_NOR_CALLED = {
    "tzdata": "data that zoneinfo reads",
    "pre-commit": "a program that CONTRIBUTING.md names",
    "pytest-randomly": "a plugin that pytest loads by itself",
    "pytest-rerunfailures": "a plugin that pytest loads by itself; tests/support/reruns.py",
    "pytest-timeout": "a plugin that pytest loads by itself; `timeout` in pyproject.toml",
    "pytest-xdist": "a plugin that pytest loads by itself; `-n` in tests/run_all.py",
    "types-requests": "types that mypy reads",
}


def normalized(name: str) -> str:
    """Return a package's name as package indexes compare names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(text: str) -> list[Requirement]:
    lines = (line.split("#", 1)[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if "==" in line]


def direct(file: str) -> list[Requirement]:
    return pinned((ROOT / file).read_text(encoding="utf-8").split(BROUGHT_ALONG, 1)[0])


def sources() -> list[str]:
    paths = [
        path
        for name in SEARCHED
        for path in ((ROOT / name).rglob("*.py") if (ROOT / name).is_dir() else [ROOT / name])
    ]
    # This file names packages without using them.
    return [one.read_text(encoding="utf-8") for one in paths if one.name != Path(__file__).name]


def imported() -> set[str]:
    """Return the normalized names of the distributions that the project imports."""
    modules = {
        module.split(".", 1)[0]
        for source in sources()
        for node in ast.walk(ast.parse(source))
        for module in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    providers = packages_distributions()
    return {normalized(one) for module in modules for one in providers.get(module, [])}


def called() -> set[str]:
    """Return the distributions with a program that the Makefile or the tests call by name."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    tests = "\n".join(sources())
    return {
        normalized(one.name)
        for one in direct(PRODUCT) + direct(TESTS)
        if f"$(BIN)/{one.name} " in makefile
        or any(f'"{program}"' in tests for program in programs(one.name))
    }


def programs(name: str) -> set[str]:
    scripts = distribution(name).entry_points.select(group="console_scripts")
    return {one.name for one in scripts}


def required_by(requirement: Requirement, seen: set[str]) -> None:
    """Add everything that a requirement brings along to the names seen."""
    extras = ["", *requirement.extras]
    for one in map(Requirement, distribution(requirement.name).requires or []):
        wanted = one.marker is None or any(
            one.marker.evaluate({"extra": extra}) for extra in extras
        )
        if wanted and normalized(one.name) not in seen:
            seen.add(normalized(one.name))
            required_by(one, seen)


def test_every_direct_dependency_is_imported_called_or_named_with_a_reason():
    unused = {normalized(one.name) for one in direct(PRODUCT) + direct(TESTS)}
    unused -= imported() | called()

    assert unused == set(NEITHER_IMPORTED_NOR_CALLED)


def test_every_other_pin_is_brought_along_by_a_direct_dependency():
    text = (ROOT / PRODUCT).read_text(encoding="utf-8").split(BROUGHT_ALONG, 1)[1]
    brought: set[str] = set()
    for one in direct(PRODUCT):
        required_by(one, brought)

    assert {normalized(one.name) for one in pinned(text)} - brought == set()


def test_every_direct_dependency_says_why_it_is_there():
    without_a_reason = [
        line
        for file in (PRODUCT, TESTS)
        for line in (ROOT / file)
        .read_text(encoding="utf-8")
        .split(BROUGHT_ALONG, 1)[0]
        .splitlines()
        if "==" in line and not re.search(r"==\S+\s+# \S", line)
    ]

    assert without_a_reason == []
