from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event

from clinic.extensions import db
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions import Actor, Role
from clinic.practice.clinic.page_queries import (
    AwayLine,
    PracticeOverview,
    SessionTypeLine,
    TherapistLine,
    practice_overview,
    session_type_details,
    therapist_choices,
    therapist_hours,
    therapist_profile,
)
from clinic.practice.clinic.queries import ScheduleRows, schedules
from clinic.practice.hours.service import add_closure, add_time_off, set_day_override
from clinic.practice.rules.commands import Absence, ClinicClosure, DayHours, HoursRange
from tests.support.factories import make_clinic, make_session_type, make_therapist

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def admin_of(clinic):
    return Actor(clinic_id=clinic.id, name="account:a", account_id="a", roles={Role.ADMIN})


@contextmanager
def counted_queries():
    statements = []

    def count(_connection, _cursor, statement, *_rest):
        if statement.startswith("SELECT"):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", count)


def fill(clinic, slug, days):
    actor = admin_of(clinic)
    for number in range(days):
        on = date(2026, 12, 1) + number * DAY
        set_day_override(slug, hours=DayHours(on, (HoursRange(540, 600),)), actor=actor, now=NOW)
        away = Absence(f"{on}T12:00", f"{on}T12:30")
        add_time_off(slug, absence=away, actor=actor, now=NOW)


def test_schedules_hold_all_that_reaches_the_window(context):
    clinic = make_clinic()
    ines = make_therapist(clinic, hours=[(1, 540, 720), (0, 1320, 1560)])
    other = make_therapist(clinic, slug="other", hours=[])
    fill(clinic, "ines-duarte", 20)
    closure = ClinicClosure("Day of the city", Absence("2026-12-10T08:00", "2026-12-10T20:00"))
    add_closure(closure, actor=admin_of(clinic), now=NOW)
    closed = (datetime(2026, 12, 10, 8, tzinfo=UTC), datetime(2026, 12, 10, 20, tzinfo=UTC))

    found = schedules(
        [ines.id, other.id],
        from_=datetime(2026, 12, 10, 0, tzinfo=UTC),
        to=datetime(2026, 12, 11, 0, tzinfo=UTC),
    )

    days = [date(2026, 12, day) for day in range(8, 14)]
    assert found == {
        ines.id: ScheduleRows(
            weekly=((0, 1320, 1560), (1, 540, 720)),
            overrides=tuple((day, ((540, 600),)) for day in days),
            time_off=(
                (
                    datetime(2026, 12, 10, 12, tzinfo=UTC),
                    datetime(2026, 12, 10, 12, 30, tzinfo=UTC),
                ),
            ),
            closures=(closed,),
        ),
        other.id: ScheduleRows(closures=(closed,)),
    }


def test_schedules_take_four_queries_whatever_the_days_and_therapists(context):
    clinic = make_clinic()
    therapists = [make_therapist(clinic, slug=f"t-{number}") for number in range(3)]
    for therapist in therapists:
        fill(clinic, therapist.slug, 4)

    for count, days in ((1, 1), (3, 1), (3, 90)):
        with counted_queries() as statements:
            schedules([one.id for one in therapists[:count]], from_=NOW, to=NOW + days * DAY)
        assert len(statements) == 4


def test_overview_lists_all_and_leaves_out_closures_that_are_over(context):
    clinic = make_clinic()
    kind = make_session_type(clinic)
    ines = make_therapist(clinic, session_types=[kind])
    away = make_therapist(clinic, slug="away", name="Away", active=False, hours=[])
    for name, start, end in (
        ("Over", "2026-11-01", "2026-11-23"),
        ("Next", "2026-11-20", "2026-12-01"),
    ):
        add_closure(
            ClinicClosure(name, Absence(f"{start}T00:00", f"{end}T09:00")),
            actor=admin_of(clinic),
            now=NOW,
        )

    overview = practice_overview(clinic.id, now=NOW)

    common = {
        "time_zone": "Europe/Lisbon",
        "languages": ("en", "pt"),
        "formats": ("online", "in_person"),
        "accepts_new_couples": True,
    }
    assert overview == PracticeOverview(
        therapists=(
            TherapistLine(
                id=ines.id,
                slug="ines-duarte",
                name="Inês Duarte",
                active=True,
                weekly_minutes=5 * 8 * 60,
                session_types=({"en": "Initial consultation", "pt": "Consulta inicial"},),
                **common,
            ),
            TherapistLine(
                id=away.id,
                slug="away",
                name="Away",
                active=False,
                weekly_minutes=0,
                session_types=(),
                **common,
            ),
        ),
        session_types=(
            SessionTypeLine(
                slug="initial-consultation",
                name={"en": "Initial consultation", "pt": "Consulta inicial"},
                length_minutes=30,
                audience="public",
                needs_confirmation=False,
                active=True,
                therapists=("Inês Duarte",),
            ),
        ),
        closures=(
            AwayLine(
                id=overview.closures[0].id,
                starts_at=datetime(2026, 11, 20, tzinfo=UTC),
                ends_at=datetime(2026, 12, 1, 9, tzinfo=UTC),
                time_zone="Europe/Lisbon",
                name="Next",
            ),
        ),
    )


def test_pages_of_the_practice_take_as_many_queries_for_many_rows_as_for_few(context):
    clinic = make_clinic()
    kind = make_session_type(clinic)
    make_therapist(clinic, session_types=[kind])

    def queries():
        db.session.remove()
        with counted_queries() as statements:
            practice_overview(clinic.id, now=NOW)
            therapist_hours(clinic.id, "ines-duarte", now=NOW)
        return len(statements)

    few = queries()
    for number in range(4):
        another = make_session_type(clinic, slug=f"kind-{number}")
        make_therapist(clinic, slug=f"t-{number}", session_types=[another])
    fill(clinic, "ines-duarte", 10)

    assert queries() == few


def test_what_is_over_is_not_shown_on_the_hours_page(context):
    clinic = make_clinic()
    make_therapist(clinic)
    actor = admin_of(clinic)
    for on in (date(2026, 11, 21), date(2026, 11, 23)):
        set_day_override("ines-duarte", hours=DayHours(on), actor=actor, now=NOW)
    for end in ("2026-11-23T09:00", "2026-11-23T09:01"):
        away = Absence("2026-11-22T09:00", end)
        add_time_off("ines-duarte", absence=away, actor=actor, now=NOW)

    hours = therapist_hours(clinic.id, "ines-duarte", now=NOW)

    assert [day.on for day in hours.overrides] == [date(2026, 11, 23)]
    assert [away.ends_at for away in hours.time_off] == [datetime(2026, 11, 23, 9, 1, tzinfo=UTC)]


def test_what_does_not_exist_is_not_found(context):
    clinic, other = make_clinic(), make_clinic(slug="other")
    make_therapist(other)
    make_session_type(other)

    for look_up in (therapist_profile, session_type_details):
        with pytest.raises(NotFound):
            look_up(clinic.id, "ines-duarte")
    with pytest.raises(NotFound):
        therapist_hours(clinic.id, "ines-duarte", now=NOW)
    assert therapist_choices(clinic.id) == ()
    assert therapist_choices(other.id) == (("ines-duarte", "Inês Duarte"),)
