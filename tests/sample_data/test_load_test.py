"""What `flask generate` makes for load tests is what it says, and is used as a real clinic is."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from clinic.accounts.models import Account
from clinic.booking.appointments.models import Appointment, OutsideBusy
from clinic.couples.models import Couple
from clinic.foundation.audit import first_broken_entry
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import Conflict
from clinic.foundation.permissions import Actor, Role
from clinic.notes.course.timeline import timeline_page
from clinic.notes.pages.overview import chain_break, couple_ledger
from clinic.notes.record.note_models import SessionNote
from clinic.practice.models import Therapist
from clinic.sample_data.load_test import Amounts, generate
from clinic.sample_data.load_test_notes import ROUND
from tests.conftest import NOW
from tests.support.accounts.sign_in import sign_in

FEW = {"past": 7, "future": 5, "busy": 4, "feed_events": 6, "therapists": 2, "couples": 3}


def count(what):
    return session().scalar(select(func.count()).select_from(what))


def lead():
    account = session().scalars(select(Account).where(Account.therapist_id.is_not(None))).one()
    return Actor(
        clinic_id=account.clinic_id,
        name=f"account:{account.id}",
        account_id=account.id,
        roles=frozenset({Role.THERAPIST}),
        therapist_id=account.therapist_id,
    )


def test_as_many_rows_are_made_as_were_asked_for(context, settings):
    found = generate(Amounts(**FEW), settings=settings, now=NOW)

    made = {kind.__name__: count(kind) for kind in (Therapist, Couple, Appointment, OutsideBusy)}
    assert made == {"Therapist": 2, "Couple": 3, "Appointment": 2 * 18, "OutsideBusy": 2 * 4}
    assert found["couples"] == ["C-0001", "C-0002", "C-0003"]
    assert [one["slug"] for one in found["therapists"]] == ["therapist-1", "therapist-2"]


def test_feed_holds_the_feed_events_and_none_of_the_past(app, client, settings):
    with app.app_context():
        found = generate(Amounts(past=7, feed_events=6), settings=settings, now=NOW)

    answer = client.get(found["therapists"][0]["feed_url"].removeprefix(settings.base_url))

    assert answer.status_code == 200
    assert answer.text.count("BEGIN:VEVENT") == 6


def test_notes_are_signed_sealed_and_fill_timeline_and_ledger(context, settings):
    generate(Amounts(notes=12, couples=2), settings=settings, now=NOW)

    course, ledger = couple_ledger("C-0001", actor=lead(), now=NOW)
    page = timeline_page("C-0001", limit=100, actor=lead(), now=NOW)

    assert [one.status for one in course.sessions] == ["signed"] * 12
    assert count(select(SessionNote.id).where(SessionNote.sealed_at.is_(None)).subquery()) == 0
    assert (len(course.ruptures), len(course.attempts), len(course.ratings)) == (2, 12, 24)
    assert (ledger.reopened, ledger.repaired) == (1, 2)
    assert [one.what for one in page.items].count("note") == 12
    assert chain_break("C-0001", actor=lead(), now=NOW) is None
    assert len(couple_ledger("C-0002", actor=lead(), now=NOW)[0].sessions) == 1
    assert first_broken_entry(session()) is None


def test_round_of_sessions_can_be_told_again(context, settings):
    generate(Amounts(notes=2 * ROUND + 1), settings=settings, now=NOW)

    course, _ledger = couple_ledger("C-0001", actor=lead(), now=NOW)

    standing = [(one.ref, one.state.status, one.state.episode) for one in course.ruptures]
    assert standing == [("R-01", "repaired", 2), ("R-02", "repaired", 2), ("R-03", "in_repair", 1)]


def test_command_prints_a_sign_in_that_opens_the_chart(app, client):
    printed = app.test_cli_runner().invoke(args=["generate", "--notes", "2", "--json"])
    found = json.loads(printed.stdout)
    therapist = next(one for one in found["accounts"] if one["role"] == "therapist")

    sign_in(client, email=therapist["email"], password=therapist["password"])

    code = found["couples"][0]
    assert client.get(f"/desk/couples/{code}").status_code == 200


def test_database_with_a_clinic_in_it_is_left_alone(context, settings):
    generate(Amounts(), settings=settings, now=NOW)

    with pytest.raises(Conflict):
        generate(Amounts(), settings=settings, now=NOW)
