"""The tables as migrations make them: up, down, up again, and what the database itself refuses."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade

from app import create_app
from clinic.extensions import db
from clinic.foundation.database.transactions import Base, new_id, session
from tests.conftest import POSTGRESQL, settings_for
from tests.support.factories import make_appointment, make_practice
from tests.support.paths import MIGRATIONS

TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
HALF = timedelta(minutes=30)


@pytest.fixture
def scripts():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


@pytest.fixture
def empty(tmp_path, database_url):
    """An app on a database with nothing in it at all."""
    url = database_url if POSTGRESQL else f"sqlite:///{tmp_path / 'empty.db'}"
    app = create_app(settings_for(tmp_path, url))
    with app.app_context():
        if POSTGRESQL:
            with db.engine.begin() as connection:
                connection.execute(sa.text("DROP SCHEMA public CASCADE"))
                connection.execute(sa.text("CREATE SCHEMA public"))
        assert tables() == set()
        yield app
        db.session.remove()
        db.engine.dispose()


def tables():
    return set(sa.inspect(db.engine).get_table_names())


def shape():
    """Everything the database says about itself, to compare two states."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            rows = connection.execute(sa.text("SELECT type, name, sql FROM sqlite_master"))
            # A table that is copied for a change lists its constraints in another order.
            return {
                (kind, name, *sorted(re.findall(r"\w+", sql or ""))) for kind, name, sql in rows
            }
        questions = (
            """SELECT table_name, column_name, data_type, is_nullable
            FROM information_schema.columns WHERE table_schema = 'public'""",
            """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
            "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
            """SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
            FROM pg_trigger WHERE NOT tgisinternal""",
            "SELECT proname FROM pg_proc WHERE proname = 'refuse_change'",
        )
        return {tuple(row) for one in questions for row in connection.execute(sa.text(one))}


def test_up_from_nothing_makes_every_table_of_the_models(empty):
    upgrade()

    assert tables() == set(Base.metadata.tables) | {"alembic_version"}


def test_down_leaves_nothing_and_up_again_makes_the_same(empty):
    upgrade()
    first = shape()

    downgrade(revision="base")
    left = tables()
    upgrade()

    assert left == {"alembic_version"}
    assert shape() == first


def test_each_step_down_can_be_taken_alone_and_up_again(empty, scripts):
    upgrade()
    whole = shape()

    for _step in scripts.walk_revisions():
        downgrade(revision="-1")
    upgrade()

    assert shape() == whole


def test_upgrade_of_a_database_that_is_up_to_date_changes_nothing(context):
    before = shape()

    upgrade()

    assert shape() == before


def test_models_and_migrations_do_not_drift_apart(context):
    def include_object(_item, name, kind, reflected, _compare_to):
        return not (kind == "index" and reflected and name == "ex_appointment_no_overlap")

    with db.engine.connect() as connection:
        found = compare_metadata(
            MigrationContext.configure(
                connection, opts={"compare_type": False, "include_object": include_object}
            ),
            Base.metadata,
        )

    # The version's own table is Alembic's.
    assert [one for one in found if "alembic_version" not in str(one)] == []


@pytest.mark.one_database
def test_environment_compares_as_the_drift_test_does():
    text = (MIGRATIONS / "env.py").read_text()

    assert "compare_type=False" in text
    assert (
        'return not (kind == "index" and reflected and name == "ex_appointment_no_overlap")' in text
    )


@pytest.mark.one_database
def test_files_sorted_by_name_are_in_the_order_of_revisions(scripts):
    ordered = [Path(step.path).name for step in reversed(list(scripts.walk_revisions()))]

    assert ordered == sorted(path.name for path in (MIGRATIONS / "versions").glob("*.py"))
    assert all(re.fullmatch(r"20\d{6}_\d{4}_[a-z_]+\.py", name) for name in ordered)
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1


@pytest.mark.one_database
def test_migrations_import_nothing_of_ours():
    for path in (MIGRATIONS / "versions").glob("*.py"):
        assert not re.search(r"^\s*(from|import) (clinic|app)\b", path.read_text(), re.MULTILINE), (
            path
        )


# --- What the database itself refuses --------------------------------------------------------


@pytest.fixture
def booked(context):
    """A confirmed appointment at ten, and `copy(...)`, which writes another row past all code."""
    appointment = make_appointment(make_practice(), TEN)
    row = dict(
        session()
        .execute(sa.select(sa.text("*")).select_from(sa.table("appointment")))
        .mappings()
        .one()
    )
    session().rollback()

    def copy(*, start=TEN, end=None, **changes):
        values = row | {
            "id": new_id(),
            "reference": new_id()[:12],
            "uid": new_id(),
            "starts_at": stored(start),
            "ends_at": stored(end or start + HALF),
        }
        return insert(values | changes)

    return appointment.id, copy


def stored(instant):
    return instant if POSTGRESQL else instant.strftime("%Y-%m-%d %H:%M:%S.%f")


def insert(values):
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    with db.engine.begin() as connection:
        connection.execute(sa.text(f"INSERT INTO appointment ({names}) VALUES ({places})"), values)
    return values["id"]


def change(row_id, **values):
    places = ", ".join(f"{name} = :{name}" for name in values)
    with db.engine.begin() as connection:
        connection.execute(
            sa.text(f"UPDATE appointment SET {places} WHERE id = :row_id"),
            values | {"row_id": row_id},
        )


refused = pytest.raises(sa.exc.IntegrityError, match="appointment_no_overlap")
OVERLAPS = {
    "the same time": (TEN, TEN + HALF),
    "the last minute": (TEN + timedelta(minutes=29), TEN + timedelta(minutes=59)),
    "the first minute": (TEN - timedelta(minutes=29), TEN + timedelta(minutes=1)),
    "inside": (TEN + timedelta(minutes=10), TEN + timedelta(minutes=20)),
    "around": (TEN - HALF, TEN + 2 * HALF),
}


@pytest.mark.parametrize(("start", "end"), OVERLAPS.values(), ids=OVERLAPS)
@pytest.mark.parametrize("status", ["requested", "confirmed", "completed"])
def test_overlapping_row_is_refused_by_the_database_itself(booked, start, end, status):
    _first, copy = booked

    with refused:
        copy(start=start, end=end, status=status)


@pytest.mark.parametrize("status", ["requested", "completed"])
def test_row_that_only_waits_or_is_over_holds_its_time_as_well(booked, status):
    first, copy = booked
    change(first, status=status)

    with refused:
        copy()


def test_rows_that_only_touch_are_taken(booked):
    _first, copy = booked

    assert copy(start=TEN + HALF)
    assert copy(start=TEN - HALF)


@pytest.mark.parametrize("status", ["cancelled", "declined", "expired"])
def test_row_that_claims_nothing_is_taken_and_frees_the_time(booked, status):
    first, copy = booked

    assert copy(status=status)
    change(first, status=status)
    assert copy()
    with refused:
        copy()


def test_row_marked_as_conflict_is_kept_beside_the_other(booked):
    _first, copy = booked

    assert copy(conflict=True)
    assert copy(conflict=True)


def test_time_of_another_therapist_is_no_overlap(booked):
    from clinic.practice.models import Clinic
    from tests.support.factories import make_therapist

    _first, copy = booked
    clinic = session().scalars(sa.select(Clinic)).one()
    other = make_therapist(clinic, slug="other").id

    assert copy(therapist_id=other)


def test_row_cannot_be_changed_into_an_overlap(booked):
    first, copy = booked
    later = copy(start=TEN + HALF)
    cancelled = copy(status="cancelled")
    conflicting = copy(conflict=True)

    with refused:
        change(later, starts_at=stored(TEN + timedelta(minutes=29)))
    with refused:
        change(first, ends_at=stored(TEN + timedelta(minutes=31)))
    with refused:
        change(cancelled, status="confirmed")
    with refused:
        change(conflicting, conflict=False)
    # A row does not overlap with itself.
    change(first, starts_at=stored(TEN + timedelta(minutes=1)))


@pytest.mark.parametrize(
    "wrong", [{"end": TEN}, {"end": TEN - HALF}, {"start": TEN + HALF, "sequence": -1}]
)
def test_row_that_ends_before_it_starts_or_counts_backwards_is_refused(booked, wrong):
    _first, copy = booked

    with pytest.raises(sa.exc.IntegrityError):
        copy(**wrong)


def test_status_that_does_not_exist_is_refused(booked):
    _first, copy = booked

    with pytest.raises(sa.exc.IntegrityError):
        copy(start=TEN + HALF, status="perhaps")


def test_row_of_a_therapist_who_does_not_exist_is_refused(booked):
    _first, copy = booked

    with pytest.raises(sa.exc.IntegrityError):
        copy(therapist_id=new_id())


@pytest.mark.skipif(bool(POSTGRESQL), reason="settings of a SQLite connection")
def test_every_connection_is_durable_and_keeps_references(at_full_cost, context):
    with db.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in (
                "journal_mode",
                "synchronous",
                "foreign_keys",
                "busy_timeout",
                "trusted_schema",
            )
        }

    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "busy_timeout": 20_000,
        "trusted_schema": 0,
    }
