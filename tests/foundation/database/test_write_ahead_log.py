"""The log beside SQLite's file is emptied when nobody uses it, and waits for nobody who does."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from clinic.extensions import db
from clinic.foundation.database.transactions import BUSY_TIMEOUT_MS, session, transaction
from clinic.foundation.database.write_ahead_log import Checkpoint, checkpoint
from clinic.operations.housekeeping import empty_log
from clinic.practice.models import Clinic
from tests.conftest import POSTGRESQL
from tests.support.factories import NOW, make_clinic

on_sqlite = pytest.mark.skipif(POSTGRESQL is not None, reason="about the SQLite file")
SMALL = 64 * 1024


@pytest.fixture
def log(context) -> Path:
    make_clinic()
    session().rollback()
    return Path(f"{db.engine.url.database}-wal")


@pytest.fixture
def reader(log):
    """Another process that reads what there was at first."""
    with closing(sqlite3.connect(db.engine.url.database, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT * FROM clinic").fetchall()
        yield connection


def write(size):
    with transaction() as current:
        clinic = current.scalars(select(Clinic)).one()
        clinic.name = "x" * size
    session().rollback()


@on_sqlite
def test_log_is_empty_afterwards_and_a_plain_copy_holds_everything(log, tmp_path):
    before = log.stat().st_size

    empty_log(now=NOW)

    copy = tmp_path / "copy.db"
    copy.write_bytes(Path(db.engine.url.database).read_bytes())
    with closing(sqlite3.connect(copy)) as connection:
        copied = connection.execute("SELECT name FROM clinic").fetchall()
    assert before > 0
    assert (log.stat().st_size, copied) == (0, [("Test Clinic",)])


@on_sqlite
def test_reader_is_not_waited_for_and_later_all_is_moved(reader):
    write(SMALL)

    held = checkpoint(db.engine)
    reader.execute("COMMIT")

    assert not held.is_whole
    assert held.pages_left > 0
    assert checkpoint(db.engine) == Checkpoint(is_whole=True, pages_left=0)


@on_sqlite
def test_reader_that_keeps_a_large_log_is_reported(reader, caplog):
    write(5 * 1024 * 1024)

    checkpoint(db.engine)

    assert ["held by a reader" in record.message for record in caplog.records] == [True]


@on_sqlite
def test_connection_is_patient_again_afterwards(log):
    checkpoint(db.engine)

    assert db.engine.pool.checkedin() == 1
    assert session().connection().exec_driver_sql("PRAGMA busy_timeout").scalar() == BUSY_TIMEOUT_MS


@on_sqlite
def test_log_that_grew_is_cut_back_when_it_starts_anew(reader, log):
    write(12 * 1024 * 1024)
    reader.execute("COMMIT")
    grown = log.stat().st_size

    write(1)  # moves what is there, for nobody reads
    write(2)  # starts the log anew

    assert (grown > 12_000_000, log.stat().st_size <= 8 * 1024 * 1024) == (True, True)


@pytest.mark.skipif(POSTGRESQL is None, reason="about PostgreSQL")
def test_postgresql_looks_after_its_own_log(context):
    assert checkpoint(db.engine) is None
