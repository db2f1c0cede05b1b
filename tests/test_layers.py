"""What each kind of module must not do, and where a package is registered: clinic/ARCHITECTURE.md."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa

import clinic.models
from clinic.foundation.database.transactions import Base, UtcDateTime
from tests.support.source_code import CLINIC, MODULES, ROOT, imports, name_of, tree, users_of

pytestmark = pytest.mark.one_database

PURE_FOLDERS = {"charts", "ledger", "reader", "rules", "slots", "writer"}
"""Named as pure in the page's table of kinds."""


def named(*ends: str) -> list[Path]:
    return [path for path in MODULES if path.stem.endswith(ends)]


def calls(paths: Iterable[Path], *functions: str) -> set[tuple[str, str]]:
    """Return each module with the functions or methods of these names that it calls."""
    return {
        (name_of(path), called)
        for path in paths
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        for called in [getattr(node.func, "attr", getattr(node.func, "id", ""))]
        if called in functions
    }


def imports_of(paths: Iterable[Path], library: str) -> set[str]:
    return {
        name_of(path)
        for path in paths
        for module, _names in imports(tree(path))
        if module.split(".", 1)[0] == library
    }


def modules_with_tables() -> Iterator[str]:
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__tablename__":
                yield name_of(path).removesuffix(".py").replace("/", ".")


# --- Kinds of modules --------------------------------------------------------------------------


def test_queries_write_nothing():
    writing = ("transaction", "commit", "flush", "add", "add_all", "insert", "update", "delete")

    assert calls(named("queries"), *writing) == set()


def test_services_and_models_do_not_import_flask():
    assert imports_of(named("service", "models"), "flask") == set()


def test_views_and_forms_open_no_transaction():
    assert calls(named("views", "forms"), "transaction") == set()


def test_every_pure_folder_is_in_the_contract_of_pure_modules():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
    pure = next(one for one in contracts if one["name"].startswith("Rules are pure"))
    folders = {
        ".".join(path.relative_to(ROOT).parts)
        for path in CLINIC.rglob("*")
        if path.is_dir() and path.name in PURE_FOLDERS
    }

    assert folders - set(pure["source_modules"]) == set()


# --- Registration ------------------------------------------------------------------------------


def test_only_app_setup_modules_register_outbox_handlers_and_pages():
    registering = calls(MODULES, "register_handler", "register_blueprint")

    assert {name for name, _call in registering if not name.endswith("/app_setup.py")} == {
        "clinic/web/api/views.py"  # the blueprints of the JSON API, into flask-smorest
    }


def test_application_sets_up_every_package_that_has_something_to_register():
    packages = {path.parent.name for path in CLINIC.glob("*/app_setup.py")}
    named_in_app = {
        module.removeprefix("clinic.")
        for module, names in imports(tree(ROOT / "app.py"))
        if "app_setup" in names
    }

    assert named_in_app == packages


def test_models_page_imports_every_module_that_defines_a_table():
    listed = {one.__name__ for one in vars(clinic.models).values() if isinstance(one, ModuleType)}

    assert set(modules_with_tables()) - listed == set()


# --- Time --------------------------------------------------------------------------------------


def test_every_instant_in_the_database_is_aware_utc():
    others = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.DateTime) and not isinstance(column.type, UtcDateTime)
    }

    assert others == set()
    assert users_of("DateTime") == set()
