"""The list of couples: one's own, each in a line, names noted in the audit log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from clinic.foundation.audit import AuditEntry
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotAllowed
from clinic.notes.record.open_record import find_chart
from clinic.notes.rules.clinical_values import RuptureDetails
from clinic.notes.ruptures.service import open_rupture
from clinic.notes.session_notes.couple_list import list_couples, next_session
from tests.support.factories import NOW, make_appointment, make_care_couple, make_practice

pytestmark = pytest.mark.usefixtures("context")


def test_a_therapist_sees_their_own_couples_with_open_ruptures_counted():
    couple = make_care_couple()
    details = RuptureDetails("One", ("secrecy",), 2)
    open_rupture(couple.code, details, actor=couple.lead, now=NOW)
    (line,) = list_couples(actor=couple.lead, now=NOW)
    assert (line.chart.code, line.lead, line.open_ruptures, line.last, line.next) == (
        couple.code,
        "Inês Duarte",
        1,
        None,
        None,
    )
    noted = select(func.count()).where(AuditEntry.action == "couple.names_read")
    assert session().scalar(noted) == 1


def test_others_see_none_supervisors_all_and_the_desk_is_refused():
    couple = make_care_couple()
    assert list_couples(actor=couple.other_therapist, now=NOW) == []
    assert [one.chart.code for one in list_couples(actor=couple.supervisor, now=NOW)] == [
        couple.code
    ]
    with pytest.raises(NotAllowed):
        list_couples(actor=couple.desk, now=NOW)


def test_last_and_next_sessions_are_those_around_now():
    practice = make_practice()
    couple = make_care_couple(practice)
    at = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    appointment = make_appointment(practice, at)
    chart = find_chart(_code_of(appointment.couple_id), actor=couple.lead, now=NOW)
    assert next_session(chart, now=NOW) == (at, at + timedelta(minutes=30))
    assert next_session(chart, now=at + timedelta(hours=1)) is None
    found = {one.chart.code: one for one in list_couples(actor=couple.lead, now=NOW)}
    assert (found[chart.code].last, found[chart.code].next) == (None, at)


def _code_of(couple_id):
    from clinic.couples.models import Couple

    return session().get_one(Couple, couple_id).code
