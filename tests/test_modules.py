"""Every module is tested, short and named after something; ARCHITECTURE.md names every package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.source_code import CLINIC, MODULES, ROOT, name_of

pytestmark = pytest.mark.one_database

PACKAGES = sorted(path.parent.name for path in CLINIC.glob("*/__init__.py"))
LONG_MODULE, LONGEST_MODULE = 300, 400
LONG_FOR_A_REASON = {
    "clinic/booking/display.py": "half of it is tables: usual time zones, what each status is called",
    "clinic/booking/site/views.py": "every step of a booking, in the order a client meets them",
    "clinic/notes/pages/labels.py": "every code of the record and its word, table after table",
    "clinic/notes/pages/session_note/note_views.py": "every step of one note's screen",
    "clinic/notes/record_file/document.py": "the whole of a record's file on one page",
    "clinic/notes/session_notes/service.py": "the life of a draft: opened, saved, ready, put back",
    "clinic/practice/clinic/page_queries.py": "what the pages of the practice show, one query each",
    "clinic/practice/pages/views.py": "every form of the practice, a view of a few lines each",
    "clinic/sample_data/load_test.py": "one made-up clinic of any size, from top to bottom",
    "clinic/scheduling_services/models.py": "tables that refer to each other",
    "clinic/scheduling_services/received/apply_effects.py": "one function for each effect",
    "clinic/scheduling_services/sent/push.py": "one call to a service, with all that can go wrong",
}
"""No other module may grow beyond 300 lines, and none beyond 400."""

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


def test_no_module_is_longer_than_300_lines_without_a_reason():
    lines = {name_of(path): path.read_text(encoding="utf-8").count("\n") for path in MODULES}

    assert {name for name, count in lines.items() if count > LONG_MODULE} == set(LONG_FOR_A_REASON)
    assert {name for name, count in lines.items() if count > LONGEST_MODULE} == set()


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
