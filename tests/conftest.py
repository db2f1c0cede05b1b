"""What every test stands on: a migrated database of its own, an app, a frozen clock, no mail out.

SQLite by default; with TEST_DATABASE_URL (a PostgreSQL server on which databases may be made)
the same tests run there. Each test gets a copy of one migrated template, or of the demo clinic.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade

from app import create_app
from clinic.config import Settings
from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.sample_data.demo import load_demo
from tests.support.databases import (
    POSTGRESQL,
    DemoTemplate,
    SharedDatabase,
    as_template,
    new_database,
)
from tests.support.paths import GOLDEN
from tests.support.ports import reserve_port
from tests.support.reruns import mark_for_reruns
from tests.support.shared_caches import full_cost, share

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday, 09:00 in Lisbon."""
KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


share()


def settings_for(instance: Path, database_url: str, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "instance": instance,
        "database_url": database_url,
        "base_url": "http://localhost",
        "secret_key": "a secret for tests, long enough to be taken",
        "encryption_keys": KEY,
        "rate_limits": False,
        "require_staff_2fa": False,
    }
    return Settings(**(values | changes))


@pytest.fixture(scope="session")
def template_database(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """One migrated, empty database: a file's path, or the name of a PostgreSQL database."""
    folder = tmp_path_factory.mktemp("template")
    name = f"clinic_template_{os.getpid()}_{worker_id}"
    with new_database(folder, name) as url:
        app = create_app(settings_for(folder, url))
        with app.app_context():
            upgrade()
            template = as_template(folder, name)
        yield template


@pytest.fixture(scope="session")
def demo_template(
    template_database: str, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[DemoTemplate]:
    """The demo clinic as of NOW, loaded once and only when a test asks for it."""
    folder = tmp_path_factory.mktemp("demo")
    name = f"clinic_demo_{os.getpid()}_{worker_id}"
    clock.freeze(NOW)
    with new_database(folder, name, template_database) as url:
        settings = settings_for(folder, url)
        app = create_app(settings)
        with app.app_context():
            found = load_demo(settings, now=NOW)
            database = as_template(folder, name)
        yield DemoTemplate(database, folder, found)


@pytest.fixture(scope="session")
def shared_database(template_database: str, worker_id: str) -> Iterator[SharedDatabase]:
    """The database of this worker's tests on PostgreSQL, one after the other."""
    shared = SharedDatabase(f"clinic_shared_{os.getpid()}_{worker_id}", template_database)
    yield shared
    shared.drop()


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path, worker_id: str) -> Iterator[str]:
    """An empty database for this test, or a copy of the demo where it asks for `demo`."""
    is_demo = "demo" in request.fixturenames
    if POSTGRESQL and not is_demo:
        with request.getfixturevalue("shared_database").lent() as url:
            yield url
        return
    asked = request.getfixturevalue("demo_template" if is_demo else "template_database")
    template = asked.database if is_demo else asked
    with new_database(tmp_path, f"clinic_test_{os.getpid()}_{worker_id}", template) as url:
        yield url


@pytest.fixture
def demo(demo_template: DemoTemplate, database_url: str, tmp_path: Path) -> dict[str, Any]:
    """The demo clinic is in the database and its `demo.json` in the instance folder.

    What loading it gave is given.
    """
    shutil.copy(demo_template.folder / "demo.json", tmp_path)
    return deepcopy(demo_template.found)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """The settings of the app under test; override this fixture to change one."""
    return settings_for(tmp_path, database_url)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The app, with no context pushed."""
    app = create_app(settings)
    app.config.update(TESTING=True)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """The app with its context pushed: for tests of services and queries."""
    with app.app_context():
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript."""
    return app.test_client()


@pytest.fixture(autouse=True)
def frozen_clock() -> Iterator[datetime]:
    """Time stands still at NOW unless a test moves it."""
    clock.freeze(NOW)
    yield NOW
    clock.run()


@pytest.fixture
def reserved_port() -> Iterator[int]:
    """A port that only a server of this test can listen on."""
    with reserve_port() as port:
        yield port


@pytest.fixture
def at_full_cost() -> Iterator[None]:
    """Passwords are hashed and SQLite writes as in production: for the tests about that."""
    with full_cost():
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden("email/booked.txt", text)`: the text equals the file, to the letter."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL, leave out what touches no database: the run on SQLite has told already."""
    mark_for_reruns(items)
    if not POSTGRESQL:
        return
    without = [item for item in items if not _touches_the_database(item)]
    items[:] = [item for item in items if _touches_the_database(item)]
    config.hook.pytest_deselected(items=without)


def _touches_the_database(item: pytest.Item) -> bool:
    """Whether it asks for our database, or makes one of its own (journeys and migrations)."""
    fixtures = getattr(item, "fixturenames", ())
    makes_its_own = {"journeys", "migrations"} & set(Path(item.fspath).parts)
    return bool(makes_its_own) or bool({"database_url", "template_database"} & set(fixtures))


@pytest.fixture
def tell_figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """`tell_figure(text)`: a figure that people want to see, printed at the end of the run."""
    return lambda text: record_property("figure", text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests told, also those from other processes."""
    passed = terminalreporter.getreports("passed")
    told = [
        value
        for report in passed
        if report.when == "call"
        for name, value in report.user_properties
        if name == "figure"
    ]
    if told:
        terminalreporter.section("figures")
        terminalreporter.write_line("\n".join(sorted(told)))
