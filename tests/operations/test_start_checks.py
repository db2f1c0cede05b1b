"""Production and made-up clinics keep apart, whichever of the two came first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from app import create_app
from clinic.config import SettingsError
from clinic.extensions import db
from clinic.foundation.database.transactions import session, transaction
from clinic.practice.models import Clinic
from clinic.sample_data.demo import load_demo
from clinic.sample_data.load_test import Amounts, generate
from tests.conftest import NOW, settings_for
from tests.support.commands import PRODUCTION, flask
from tests.support.factories import make_clinic


@pytest.fixture
def in_production(settings):
    return replace(settings, base_url="https://clinic.example", production=True)


@pytest.fixture
def started(context, in_production):
    """The application in production, on a real clinic."""
    make_clinic()
    app = create_app(in_production)
    yield app
    with app.app_context():
        db.engine.dispose()


def test_production_does_not_start_on_the_demo_clinic(demo, in_production):
    with pytest.raises(SettingsError, match="CLINIC_ENV=production does not start on a database"):
        create_app(in_production)


def test_production_does_not_start_on_generated_data(context, settings, in_production):
    generate(Amounts(), settings=settings, now=NOW)
    db.session.remove()

    with pytest.raises(SettingsError, match="generated data"):
        create_app(in_production)


@pytest.mark.parametrize(
    "load",
    [
        lambda settings: load_demo(settings, now=NOW),
        lambda settings: generate(Amounts(), settings=settings, now=NOW),
    ],
    ids=["demo", "generate"],
)
def test_production_is_given_no_made_up_clinic(context, in_production, load, tmp_path):
    with pytest.raises(SettingsError, match="CLINIC_ENV=production takes no"):
        load(in_production)

    assert session().scalars(select(Clinic.id)).all() == []
    assert not (tmp_path / "demo.json").exists()


def test_production_starts_on_a_real_clinic(started):
    page = started.test_client().get("/", base_url="https://clinic.example")

    assert page.status_code == 200


@pytest.mark.one_database
def test_production_starts_without_tables_and_without_a_database(tmp_path):
    for address in ("empty.db", "nowhere/clinic.db"):
        create_app(settings_for(tmp_path, f"sqlite:///{tmp_path}/{address}", production=True))


def test_demo_that_came_after_the_start_is_served_to_nobody(started):
    client = started.test_client()
    with transaction() as current:
        current.scalars(select(Clinic)).one().is_demo = True

    answers = {
        path: client.get(path, base_url="https://clinic.example").status_code
        for path in ("/", "/login", "/readyz", "/healthz", "/api/v1/therapists")
    }

    assert answers == {
        "/": 503,
        "/login": 503,
        "/readyz": 503,
        "/healthz": 200,
        "/api/v1/therapists": 503,
    }


def test_command_in_production_refuses_the_demo_in_one_line(demo, database_url, tmp_path):
    ended = flask("worker", "--once", instance=tmp_path, DATABASE_URL=database_url, **PRODUCTION)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("Error: CLINIC_ENV=production does not start on a database")
    assert ended.stderr.count("\n") == 1
