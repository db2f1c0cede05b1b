"""Names use the words of docs/developing/glossary.md; retired words only get fewer.

The offenders of today are listed in tests/data/retired_words.txt. Whoever renames one strikes its
line (`pytest tests/test_plain_words.py --update-golden` does it); nothing is ever added. Comments at
the top of the list say why some names stay.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.paths import CLINIC, ROOT
from tests.support.source_code import name_of, tree

pytestmark = pytest.mark.one_database

RATCHET = ROOT / "tests" / "data" / "retired_words.txt"
RETIRED = frozenset({"told", "tell", "tells", "said", "say", "says", "kept", "keep", "keeps"})
RETIRED |= {"taken", "take", "takes", "put", "puts", "known", "there", "here", "meant"}
RETIRED |= {"house", "houses", "room", "rooms", "door", "doors", "shelf", "shelves"}
RETIRED |= {"letter", "letters", "floor", "floors", "deed", "deeds"}
RETIRED_PAIRS = frozenset({("at", "home"), ("carry", "out")})
FIELD_TERMS = frozenset({"known_devices", "KnownDevice", "keep_alive", "keepalive", "floor_minute"})
"""Terms of their field that hold a retired word: sign-in, HTTP, rounding down."""


def words_of(name: str) -> list[str]:
    """Return the words of a name in snake_case or CamelCase, in lower case."""
    return [one.lower() for one in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def is_retired(name: str) -> bool:
    words = words_of(name)
    return name.strip("_") not in FIELD_TERMS and (
        not RETIRED.isdisjoint(words) or not RETIRED_PAIRS.isdisjoint(pairwise(words))
    )


def names_in(node: ast.Module) -> Iterator[str]:
    """Yield the name of each class, function and argument."""
    for found in ast.walk(node):
        if isinstance(found, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield found.name
        elif isinstance(found, ast.arg):
            yield found.arg


def docstrings_in(node: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield what each docstring documents, and its first word in lower case."""
    for found in ast.walk(node):
        if isinstance(found, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = re.match(r"\W*([A-Za-z]+)", ast.get_docstring(found) or "")
            if first:
                yield getattr(found, "name", "module"), first[1].lower()


def offenders_in(path: Path, node: ast.Module) -> set[str]:
    named = {name for name in {path.stem, *names_in(node)} if is_retired(name)}
    begun = {f"docstring of {name}" for name, word in docstrings_in(node) if word in RETIRED}
    return {f"{name_of(path)}:{one}" for one in named | begun}


def offenders() -> set[str]:
    paths = [*CLINIC.rglob("*.py"), *(ROOT / "tests" / "support").rglob("*.py")]
    return {one for path in paths for one in offenders_in(path, tree(path))}


def listed() -> list[str]:
    lines = RATCHET.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def update_list() -> None:
    """Strike what was renamed; the comments stay at the top."""
    lines = RATCHET.read_text(encoding="utf-8").splitlines()
    comments = [line for line in lines if line.startswith("#")]
    left = sorted(set(listed()) & offenders())
    RATCHET.write_text("".join(f"{one}\n" for one in [*comments, *left]), encoding="utf-8")


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def take_delivery(): ...", {"take_delivery"}),
        ("def store(told): ...", {"told"}),
        ("class KeptAlready: ...", {"KeptAlready"}),
        ("def entered_at_home(): ...", {"entered_at_home"}),
        ("def carry_out(): ...", {"carry_out"}),
        ("def f():\n    '''Kept once.'''", {"docstring of f"}),
        ("'''Told apart.'''", {"docstring of module"}),
        ("from itertools import takewhile\ndef intake(keep_alive, known_devices): ...", set()),
        ("def shown(household, thereby): ...", set()),
    ],
)
def test_retired_words_are_found_in_names_and_at_the_start_of_docstrings(source, found):
    path = CLINIC / "example.py"

    assert offenders_in(path, ast.parse(source)) == {f"clinic/example.py:{one}" for one in found}


def test_no_name_that_is_not_listed_holds_a_retired_word():
    assert sorted(offenders() - set(listed())) == [], "use a word of docs/developing/glossary.md"


def test_every_name_listed_still_holds_a_retired_word(request):
    if request.config.getoption("--update-golden"):
        update_list()

    assert sorted(set(listed()) - offenders()) == [], "strike what was renamed"


def test_list_is_sorted_and_names_each_once():
    assert listed() == sorted(set(listed()))
