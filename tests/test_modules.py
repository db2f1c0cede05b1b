"""Every module is tested, short and named after something; ARCHITECTURE.md names every package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.source_code import CLINIC, MODULES, ROOT, name_of

pytestmark = pytest.mark.one_database

PACKAGES = sorted(path.parent.name for path in CLINIC.glob("*/__init__.py"))
LONGEST_MODULE = 400

WITHOUT_A_TEST_OF_ITS_OWN = {
    "tables; what they hold is tested by the services and by tests/migrations": (
        "*/models.py",
        "*/*_models.py",
    ),
    "registration; every test that makes the application runs it": (
        "*/app_setup.py",
        "clinic/extensions.py",
        "clinic/request_limits.py",
    ),
    "pages and forms; tested through the browser's requests of their room and of tests/browser": (
        "*/views.py",
        "*/*_views.py",
        "*/forms.py",
        "*/*_forms.py",
    ),
}
"""Patterns of modules that need no mirrored test file, by reason."""


def mirrored(path: Path) -> Path:
    return ROOT / "tests" / path.parent.relative_to(CLINIC) / f"test_{path.name}"


def in_packages() -> list[Path]:
    return [path for path in MODULES if CLINIC in path.parents and path.name != "__init__.py"]


def test_every_module_is_mirrored_by_its_test():
    patterns = [one for several in WITHOUT_A_TEST_OF_ITS_OWN.values() for one in several]
    missing = {
        name_of(path).removeprefix("clinic/")
        for path in in_packages()
        if not mirrored(path).exists() and not any(path.match(one) for one in patterns)
    }

    assert missing == set(), "write their tests"


@pytest.mark.parametrize("pattern", [p for ps in WITHOUT_A_TEST_OF_ITS_OWN.values() for p in ps])
def test_every_exception_is_still_needed(pattern):
    assert any(path.match(pattern) for path in in_packages())


def test_no_module_is_longer_than_can_be_read():
    long = {
        name_of(path): count
        for path in MODULES
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_MODULE
    }

    assert long == {}


def test_no_module_is_named_after_nothing():
    nothing = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "tools"}

    assert {name_of(path) for path in MODULES if path.stem in nothing} == set()


def test_architecture_page_names_every_package_and_no_other():
    page = (CLINIC / "ARCHITECTURE.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^\| `([a-z_]+)/` \|", page, re.MULTILINE)) == set(PACKAGES)


def test_architecture_page_names_only_files_that_exist():
    page = (CLINIC / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", page))

    assert named
    assert {
        one for one in named if not (CLINIC / one).exists() and not (ROOT / one).exists()
    } == set()
