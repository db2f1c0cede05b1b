"""Each constant, rule and public error code of the product is defined in one module."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest

from tests.support.source_code import MODULES, dotted, imports, name_of, tree

pytestmark = pytest.mark.one_database

RULES = {
    "change_deadline": "clinic/booking/rules/change_deadline.py",
    "earliest_start": "clinic/booking/slots/notice_and_horizon.py",
    "for_staff": "clinic/booking/slots/notice_and_horizon.py",
    "lock_diary": "clinic/practice/locks.py",
    "raise_sequence": "clinic/booking/appointments/sequence_and_history.py",
    "note_significant_change": "clinic/booking/appointments/sequence_and_history.py",
    "instants_showing": "clinic/foundation/wall_clock.py",
    "day_bounds": "clinic/foundation/wall_clock.py",
    "zone_names": "clinic/foundation/zone_offsets.py",
    "length_problems": "clinic/notes/rules/text_limits.py",
}
OF_A_MODULE = {
    "DAY": "a unit of time, not a decision",
    "WEEK": "a unit of time, not a decision",
    "P": "a type variable",
    "NEW": "an address in a form; a column in the load test",
}
"""Names that several modules may define, by reason."""
PICTURES = "clinic/notes/charts/"
"""A picture's lengths are its own."""


def constants() -> Iterator[tuple[str, str, str]]:
    """Every public UPPER_CASE name of a module: the name, the module, its value as written."""
    for path in MODULES:
        if name_of(path).startswith(PICTURES):
            continue
        for node in tree(path).body:
            if isinstance(node, ast.Assign):
                pairs = [
                    pair for target in node.targets for pair in taken_apart(target, node.value)
                ]
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                pairs = [(node.target, node.value)]
            else:
                continue
            for target, value in pairs:
                if isinstance(target, ast.Name) and target.id.isupper() and target.id[0] != "_":
                    yield target.id, name_of(path), ast.unparse(value)


def taken_apart(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """`A, B = 1, 2` as two assignments."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return list(zip(target.elts, value.elts, strict=True))
    return [(target, value)]


def test_a_constant_that_modules_share_or_repeat_is_defined_once():
    shared = {
        name
        for path in MODULES
        for module, names in imports(tree(path))
        if module.startswith("clinic.")
        for name in names
    }
    defined = defaultdict(dict)
    for name, module, value in constants():
        defined[name][module] = value
    twice = {
        name: places
        for name, places in defined.items()
        if len(places) > 1 and name not in OF_A_MODULE
        if name in shared or len(set(places.values())) < len(places)
    }

    assert twice == {}


def test_each_rule_is_one_function():
    found = defaultdict(set)
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef) and node.name in RULES:
                found[node.name].add(name_of(path))

    assert found == {name: {module} for name, module in RULES.items()}


def test_each_public_error_code_is_one_class():
    codes = Counter(
        part.value.value
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
        for part in node.body
        if isinstance(part, ast.Assign)
        and [dotted(target) for target in part.targets] == ["code"]
        and isinstance(part.value, ast.Constant)
    )

    assert codes["changed-elsewhere"] == codes["nonexistent-time"] == codes["proof-needed"] == 1
    assert {code for code, classes in codes.items() if classes > 1} == set()


def writers(attribute: str) -> set[str]:
    """The modules that assign this attribute, or give it to `values()`."""
    return {
        name_of(path)
        for path in MODULES
        for node in ast.walk(tree(path))
        if is_written(node, attribute)
    }


def is_written(node: ast.AST, attribute: str) -> bool:
    if isinstance(node, ast.Assign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(isinstance(one, ast.Attribute) and one.attr == attribute for one in targets)
    if isinstance(node, ast.Call) and dotted(node.func).rsplit(".", 1)[-1] in {
        "Appointment",
        "Therapist",
    }:
        return any(part.arg == attribute for part in node.keywords)
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "values"
        and any(part.arg == attribute for part in node.keywords)
    )


def test_only_the_lock_raises_a_diarys_revision():
    assert writers("diary_revision") == {"clinic/practice/locks.py"}


def test_only_the_history_writes_sequence():
    assert writers("sequence") == {"clinic/booking/appointments/sequence_and_history.py"}


def test_notice_becomes_a_time_in_two_rules_only():
    computing = {
        name_of(path)
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and dotted(node.func) == "timedelta"
        for part in node.keywords
        if ast.unparse(part.value).endswith("notice_minutes")
    }

    assert computing == {
        "clinic/booking/rules/change_deadline.py",
        "clinic/booking/slots/notice_and_horizon.py",
    }


def test_how_far_ahead_staff_may_book_is_written_once():
    written = {
        name_of(path)
        for path in MODULES
        if name_of(path).startswith("clinic/booking/")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and node.value == 730
    }

    assert written == {"clinic/booking/slots/notice_and_horizon.py"}
