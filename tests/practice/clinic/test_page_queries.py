from datetime import UTC, date, datetime

import pytest

from clinic.extensions import db
from clinic.foundation.errors import NotFound
from clinic.practice.clinic.page_queries import (
    AbsenceLine,
    PracticeOverview,
    SessionTypeLine,
    TherapistHours,
    TherapistLine,
    clinic_details,
    practice_overview,
    session_type_details,
    therapist_choices,
    therapist_hours,
    therapist_names,
    therapist_profile,
)
from clinic.practice.hours.service import add_closure, add_time_off, set_day_override
from clinic.practice.rules.edit_commands import (
    AbsenceTimes,
    ClinicClosure,
    ClinicDetails,
    DayHours,
    SessionTypeDetails,
    TherapistProfile,
    WeeklyRange,
)
from tests.support.factories import make_clinic, make_session_type, make_therapist
from tests.support.practice.hours import NOW, admin_of, counted_queries, fill


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
            ClinicClosure(name, AbsenceTimes(f"{start}T00:00", f"{end}T09:00")),
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
            AbsenceLine(
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
        away = AbsenceTimes("2026-11-22T09:00", end)
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


def test_forms_get_what_is_stored(context):
    clinic = make_clinic()
    kind = make_session_type(clinic, max_per_day=3)
    make_therapist(clinic, session_types=[kind], email="ines@example.org", sort=2)

    assert clinic_details(clinic.id) == ClinicDetails(
        name="Test Clinic",
        short_name="Clinic",
        time_zone="Europe/Lisbon",
        language="en",
        email="clinic@example.org",
    )
    assert therapist_profile(clinic.id, "ines-duarte") == TherapistProfile(
        slug="ines-duarte",
        name="Inês Duarte",
        time_zone="Europe/Lisbon",
        languages=("en", "pt"),
        formats=("online", "in_person"),
        email="ines@example.org",
        modalities=("efct",),
        sort=2,
    )
    assert session_type_details(clinic.id, "initial-consultation") == SessionTypeDetails(
        slug="initial-consultation",
        name={"en": "Initial consultation", "pt": "Consulta inicial"},
        length_minutes=30,
        formats=("online", "in_person"),
        notice_minutes=60,
        max_per_day=3,
        therapists=("ines-duarte",),
    )


def test_a_clinic_that_is_not_there_is_not_found(context):
    with pytest.raises(NotFound):
        clinic_details("0" * 32)


def test_hours_of_a_therapist_name_only_session_types_that_are_active(context):
    clinic = make_clinic()
    kinds = [
        make_session_type(clinic),
        make_session_type(clinic, slug="retired", active=False),
    ]
    therapist = make_therapist(clinic, session_types=kinds, hours=[(1, 540, 720), (0, 600, 660)])

    assert therapist_hours(clinic.id, "ines-duarte", now=NOW) == TherapistHours(
        id=therapist.id,
        slug="ines-duarte",
        name="Inês Duarte",
        time_zone="Europe/Lisbon",
        weekly=(WeeklyRange(0, 600, 660), WeeklyRange(1, 540, 720)),
        overrides=(),
        time_off=(),
        session_types=(
            ("initial-consultation", {"en": "Initial consultation", "pt": "Consulta inicial"}),
        ),
    )


def test_therapists_are_named_in_the_order_of_the_clinic(context):
    clinic = make_clinic()
    last = make_therapist(clinic, slug="a", name="Ana", sort=2)
    first = make_therapist(clinic, slug="b", name="Bia", sort=1, active=False)

    assert list(therapist_names(clinic.id).items()) == [(first.id, "Bia"), (last.id, "Ana")]
