from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError

from clinic.booking.appointments.changes import (
    cancel_appointment,
    confirm_appointment,
    move_appointment,
)
from clinic.booking.appointments.links import links_of
from clinic.booking.appointments.models import Appointment, AppointmentChange, ManageLink
from clinic.booking.appointments.sequence_and_history import MAIL, manage_token, raise_sequence
from clinic.booking.rules.contact_details import EnteredPartner
from clinic.foundation.audit import AuditEntry, first_broken_entry
from clinic.foundation.crypto.tokens import token_hash
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.outbox import OutboxMessage
from tests.support.factories import NOW, make_appointment, make_practice

TEN = datetime(2026, 11, 26, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
SAM = EnteredPartner(
    name="Sam Sample", email="sam@example.org", time_zone="Europe/Lisbon", language="pt"
)


@pytest.fixture
def asking(context):
    return make_practice(needs_confirmation=True)


def test_every_change_is_a_row_that_tells_who_when_and_how_it_stood(asking):
    appointment = make_appointment(asking, TEN)
    holder = asking.holder_of(appointment)
    later = NOW + timedelta(hours=1)
    confirm_appointment(appointment.id, actor=asking.desk, now=NOW)
    move_appointment(appointment.id, start=TEN + HALF_HOUR, actor=holder, now=later)
    cancel_appointment(appointment.id, actor=holder, now=later)

    rows = session().scalars(select(AppointmentChange).order_by(AppointmentChange.number)).all()
    assert [
        (one.number, one.kind, one.at, one.actor, one.sequence, one.status) for one in rows
    ] == [
        (1, "requested", NOW, "visitor", 0, "requested"),
        (2, "confirmed", NOW, "account:desk", 1, "confirmed"),
        (3, "moved", later, "link:test", 2, "confirmed"),
        (4, "cancelled", later, "link:test", 3, "cancelled"),
    ]
    assert [(one.starts_at, one.ends_at, one.previous_starts_at) for one in rows] == [
        (TEN, TEN + HALF_HOUR, None),
        (TEN, TEN + HALF_HOUR, None),
        (TEN + HALF_HOUR, TEN + 2 * HALF_HOUR, TEN),
        (TEN + HALF_HOUR, TEN + 2 * HALF_HOUR, None),
    ]


def test_the_database_itself_keeps_the_history_append_only(asking):
    make_appointment(asking, TEN)

    for statement in (update(AppointmentChange).values(kind="moved"), delete(AppointmentChange)):
        with pytest.raises(DatabaseError), transaction() as current:
            current.execute(statement)

    assert session().scalars(select(AppointmentChange.kind)).all() == ["requested"]


def test_each_change_promises_one_mail_for_each_link_and_one_for_the_therapist(asking):
    appointment = make_appointment(asking, TEN, other_partner=SAM)
    links = session().scalars(select(ManageLink.id).order_by(ManageLink.id)).all()
    confirm_appointment(appointment.id, actor=asking.desk, now=NOW)

    found = session().scalars(select(OutboxMessage).where(OutboxMessage.kind == MAIL)).all()
    promised = sorted(
        (one.payload["change"], one.payload["link"] or "", one.payload["appointment"])
        for one in found
    )
    assert promised == [
        (change, link, appointment.id) for change in (1, 2) for link in ("", *links)
    ]


def test_promised_effects_hold_ids_only(asking):
    make_appointment(asking, TEN, other_partner=SAM, message="we argue about money")

    for message in session().scalars(select(OutboxMessage)):
        assert set(message.payload) <= {"appointment", "change", "link"}


def test_each_change_leaves_a_line_in_the_audit_log(asking):
    appointment = make_appointment(asking, TEN)
    cancel_appointment(appointment.id, actor=asking.desk, now=NOW)

    lines = session().execute(
        select(AuditEntry.action, AuditEntry.actor)
        .where(AuditEntry.object_id == appointment.id)
        .order_by(AuditEntry.seq)
    )
    assert [tuple(line) for line in lines] == [
        ("appointment.requested", "visitor"),
        ("appointment.cancelled", "account:desk"),
    ]
    assert first_broken_entry(session()) is None


def test_tokens_can_be_made_again_and_only_their_hash_is_kept(asking):
    appointment = make_appointment(asking, TEN, other_partner=SAM)
    links = links_of(appointment)
    tokens = [manage_token(link, clinic_id=asking.clinic.id) for link in links]

    assert tokens == [manage_token(link, clinic_id=asking.clinic.id) for link in links]
    assert len(set(tokens)) == 2
    assert [len(token) for token in tokens] == [43, 43]
    assert [link.token_hash for link in links] == [token_hash(token) for token in tokens]


def test_a_links_next_version_is_another_token(asking):
    link = links_of(make_appointment(asking, TEN))[0]
    first = manage_token(link, clinic_id=asking.clinic.id)

    link.version += 1

    assert manage_token(link, clinic_id=asking.clinic.id) != first
    session().rollback()


@pytest.mark.parametrize(("there", "least", "then"), [(None, 2, 2), (2, 5, 5), (5, 2, 5)])
def test_sequence_is_raised_to_what_a_service_reached_and_never_lowered(there, least, then):
    appointment = Appointment(sequence=there)

    raise_sequence(appointment, least=least)

    assert appointment.sequence == then
