"""Runs and measures that were withdrawn: marked in one table since, and back again, nothing lost."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask_migrate import downgrade, upgrade

from clinic.extensions import db
from clinic.foundation.crypto.data_keys import data_key
from clinic.foundation.crypto.encryption import Place, open_sealed, seal
from clinic.notes.between_sessions.corrections import mark_in_error
from clinic.notes.between_sessions.questionnaires import EnteredResponse, add_measure, list_measures
from clinic.notes.between_sessions.service import add_ratings
from clinic.notes.between_sessions.window_runs import add_run
from clinic.notes.course.stored_windows import list_runs
from clinic.notes.record.entries_in_error import InError
from clinic.notes.rules.clinical_values import RatingDetails
from tests.conftest import POSTGRESQL
from tests.support.factories import a_run, add_closeness, make_care_couple

NOW = datetime(2026, 11, 23, 9, 0, 0, 250_000, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
DAY = date(2026, 11, 22)
BEFORE = "flags_of_notes"
WHY = {"run": "Of another couple; \u00e9 \u2014 so it was.", "measure": "Read off wrongly."}
OLD_TABLES = {"run": "exercise_run", "measure": "measure_response"}


class Record:
    """A couple with two runs and two measures, the later of each in error, and wrong ratings."""

    def __init__(self):
        self.couple = make_care_couple()
        self.asks = {"actor": self.couple.lead, "now": NOW}
        shelf = add_closeness(self.couple)
        told = {"partner": "A", "instrument_id": shelf, "taken_on": DAY}
        code = self.couple.code
        self.right = {
            "run": add_run(code, a_run(), happened_on=DAY, **self.asks),
            "measure": add_measure(code, EnteredResponse(answers={"near": 3}, **told), **self.asks),
        }
        self.wrong = {
            "run": add_run(code, a_run(log=()), happened_on=DAY, **self.asks),
            "measure": add_measure(code, EnteredResponse(answers={"near": 4}, **told), **self.asks),
        }
        slip = add_ratings(code, RatingDetails("A", "home", 9), **self.asks)
        mark_in_error(code, "rating", slip, reason="Of the other partner.", **self.asks)
        for what, entry in self.wrong.items():
            late = self.asks | {"now": LATER}
            mark_in_error(code, what, entry, reason=WHY[what], **late)

    def seen(self):
        """Every entry by its id: what it says, and whether it was entered in error."""
        db.session.rollback()
        rows = [*list_runs(self.couple.id), *list_measures(self.couple.id)]
        return {one.id: (one.details, one.in_error) for one in rows}


@pytest.fixture
def record(context):
    return Record()


def down():
    db.session.rollback()  # a session that has read holds its tables fast on PostgreSQL
    downgrade(revision=BEFORE)


def up():
    db.session.rollback()
    upgrade()


def old_row(what, entry):
    db.session.rollback()
    query = sa.text(f"SELECT * FROM {OLD_TABLES[what]} WHERE id = :id")
    with db.engine.connect() as connection:
        return connection.execute(query, {"id": entry}).mappings().one()


def place(what, row, revision):
    return Place(OLD_TABLES[what], "details_sealed", row["couple_id"], row["id"], revision)


def old_text(what, row, revision):
    key = data_key(row["couple_id"])
    return json.loads(open_sealed(key, row["details_sealed"], place(what, row, revision)))


def withdraw_as_before(what, entry):
    """What the product did to a row before: a new text at the next revision, and who, and when."""
    row = old_row(what, entry)
    told = old_text(what, row, 1) | {"withdrawn_because": WHY[what]}
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    sealed = seal(data_key(row["couple_id"]), text.encode(), place(what, row, 2))
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(
            sa.text(
                f"UPDATE {OLD_TABLES[what]} SET details_sealed = :sealed, revision = 2, "
                "withdrawn_at = :at, withdrawn_by = :by WHERE id = :id"
            ),
            {"sealed": sealed, "at": stored(LATER), "by": "account:lead", "id": entry},
        )


def stored(instant):
    return instant if POSTGRESQL else instant.strftime("%Y-%m-%d %H:%M:%S.%f")


def refuses(statement):
    db.session.rollback()
    with pytest.raises(sa.exc.DBAPIError, match="append_only"), db.engine.begin() as connection:
        connection.execute(sa.text(statement))


@pytest.mark.parametrize("what", ["run", "measure"])
def test_down_puts_a_mark_back_on_the_row_with_its_reason_instant_and_author(record, what):
    details, _mark = record.seen()[record.wrong[what]]

    down()

    row = old_row(what, record.wrong[what])
    untouched = old_row(what, record.right[what])
    at = row["withdrawn_at"]
    assert (at if POSTGRESQL else datetime.fromisoformat(at).replace(tzinfo=UTC)) == LATER
    assert (row["withdrawn_by"], row["revision"]) == (record.couple.lead.name, 2)
    assert old_text(what, row, 2)["withdrawn_because"] == WHY[what]
    assert (untouched["withdrawn_at"], untouched["withdrawn_by"], untouched["revision"]) == (
        None, None, 1,
    )  # fmt: skip
    assert old_text(what, untouched, 1)["withdrawn_because"] == ""
    assert set(old_text(what, row, 2)) == {one.name for one in fields(details)} | {
        "withdrawn_because"
    }


def test_down_and_up_again_changes_nothing_that_can_be_read(record):
    before = record.seen()

    down()
    up()

    assert record.seen() == before
    assert before[record.wrong["run"]][1] == InError(LATER, record.couple.lead.name, WHY["run"])


@pytest.mark.parametrize("what", ["run", "measure"])
def test_what_was_withdrawn_before_is_marked_with_its_reason_instant_and_author(record, what):
    entry = record.right[what]
    details, _none = record.seen()[entry]
    down()
    withdraw_as_before(what, entry)

    up()

    assert record.seen()[entry] == (details, InError(LATER, "account:lead", WHY[what]))


@pytest.mark.parametrize("table", ["entry_in_error", *OLD_TABLES.values()])
def test_rows_are_guarded_on_either_side(record, table):
    changes = (f"DELETE FROM {table}", f"UPDATE {table} SET author = 'account:another'")

    for statement in changes:
        refuses(statement)
    down()
    for statement in changes:
        refuses(statement)
    up()
    for statement in changes:
        refuses(statement)


def test_text_of_a_couple_whose_key_was_taken_away_stays_as_it_is_and_locked(record):
    down()
    locked = old_row("run", record.wrong["run"])["details_sealed"]
    with db.engine.begin() as connection:
        connection.execute(
            sa.text("DELETE FROM data_key WHERE owner = :owner"), {"owner": record.couple.id}
        )

    up()

    with db.engine.connect() as connection:
        row = connection.execute(
            sa.text(
                "SELECT r.details_sealed, m.author, m.details_sealed FROM exercise_run r "
                "JOIN entry_in_error m ON m.run_id = r.id"
            )
        ).one()
    assert tuple(row) == (locked, record.couple.lead.name, locked)
