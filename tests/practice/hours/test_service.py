from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from clinic.foundation.audit import AuditEntry
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import InvalidInput, NotAllowed, NotFound
from clinic.foundation.permissions.actors import Actor, Role
from clinic.foundation.wall_clock import NonexistentTime
from clinic.practice.clinic.page_queries import therapist_hours
from clinic.practice.hours.service import (
    add_closure,
    add_time_off,
    remove_closure,
    remove_day_override,
    remove_time_off,
    set_day_override,
    set_weekly_hours,
)
from clinic.practice.models import Closure, Therapist, TimeOff
from clinic.practice.rules.edit_commands import (
    AbsenceTimes,
    ClinicClosure,
    DayHours,
    HoursRange,
    WeeklyRange,
)
from tests.support.factories import make_clinic, make_therapist

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
INES, OTHER = "ines-duarte", "other"
EVENING = (WeeklyRange(0, 1080, 1320), WeeklyRange(4, 1320, 1500))
CHRISTMAS_EVE = DayHours(date(2026, 12, 24), (HoursRange(540, 720),))
DENTIST = AbsenceTimes("2026-12-01T10:07", "2026-12-01T11:31")


def staff(clinic, *roles, therapist_id=None):
    return Actor(
        clinic_id=clinic.id,
        name="account:test",
        account_id="test",
        roles=frozenset(roles),
        therapist_id=therapist_id,
    )


@pytest.fixture
def clinic(context):
    clinic = make_clinic()
    make_therapist(clinic)
    return clinic


@pytest.fixture
def desk(clinic):
    return staff(clinic, Role.FRONT_DESK)


def hours(clinic):
    return therapist_hours(clinic.id, INES, now=NOW)


def revision():
    return session().scalar(select(Therapist.diary_revision).where(Therapist.slug == INES))


def actions():
    return list(session().scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))


def test_weekly_hours_take_the_place_of_the_old_ones(clinic, desk):
    set_weekly_hours(INES, ranges=EVENING, actor=desk, now=NOW)

    assert hours(clinic).weekly == EVENING
    assert revision() == 1
    assert actions() == ["weekly_hours.set"]


def test_the_same_weekly_hours_again_change_nothing(clinic, desk):
    set_weekly_hours(INES, ranges=EVENING, actor=desk, now=NOW)
    set_weekly_hours(INES, ranges=EVENING[::-1], actor=desk, now=NOW)

    assert revision() == 1
    assert actions() == ["weekly_hours.set"]


def test_refused_weekly_hours_leave_the_old_ones(clinic, desk):
    before = hours(clinic).weekly

    with pytest.raises(InvalidInput) as refused:
        set_weekly_hours(INES, ranges=[*EVENING, EVENING[0]], actor=desk, now=NOW)

    assert list(refused.value.errors) == ["weekly.0.1"]
    assert (hours(clinic).weekly, revision()) == (before, 0)


def test_a_day_gets_other_hours_once_and_loses_them_again(clinic, desk):
    set_day_override(INES, hours=DayHours(CHRISTMAS_EVE.on), actor=desk, now=NOW)
    set_day_override(INES, hours=CHRISTMAS_EVE, actor=desk, now=NOW)
    set_day_override(INES, hours=CHRISTMAS_EVE, actor=desk, now=NOW)

    assert hours(clinic).overrides == (CHRISTMAS_EVE,)
    assert revision() == 2

    remove_day_override(INES, on=CHRISTMAS_EVE.on, actor=desk, now=NOW)
    remove_day_override(INES, on=CHRISTMAS_EVE.on, actor=desk, now=NOW)

    assert hours(clinic).overrides == ()
    assert revision() == 3
    assert actions() == ["day_override.set", "day_override.set", "day_override.removed"]


def test_a_day_with_hours_that_overlap_is_refused(clinic, desk):
    wrong = DayHours(date(2026, 12, 24), (HoursRange(540, 720), HoursRange(700, 800)))

    with pytest.raises(InvalidInput) as refused:
        set_day_override(INES, hours=wrong, actor=desk, now=NOW)

    assert list(refused.value.errors) == ["ranges.1"]


def test_time_off_is_exact_to_the_minute_in_the_therapists_zone(context):
    clinic = make_clinic()
    make_therapist(clinic, time_zone="Asia/Kathmandu")

    row = add_time_off(INES, absence=DENTIST, actor=staff(clinic, Role.ADMIN), now=NOW)

    assert (row.starts_at, row.ends_at) == (
        datetime(2026, 12, 1, 4, 22, tzinfo=UTC),
        datetime(2026, 12, 1, 5, 46, tzinfo=UTC),
    )
    assert (row.wall_start, row.wall_end, row.time_zone) == (
        "2026-12-01T10:07",
        "2026-12-01T11:31",
        "Asia/Kathmandu",
    )


def test_time_off_sent_twice_is_there_once_and_removed_once(clinic, desk):
    first = add_time_off(INES, absence=DENTIST, actor=desk, now=NOW)
    second = add_time_off(INES, absence=DENTIST, actor=desk, now=NOW)

    assert first.id == second.id
    assert session().scalar(select(func.count()).select_from(TimeOff)) == 1

    remove_time_off(INES, time_off_id=first.id, actor=desk, now=NOW)
    remove_time_off(INES, time_off_id=first.id, actor=desk, now=NOW)

    assert hours(clinic).time_off == ()
    assert (revision(), actions()) == (2, ["time_off.added", "time_off.removed"])


def test_time_off_of_somebody_else_is_not_removed(clinic, desk):
    make_therapist(clinic, slug=OTHER)
    row = add_time_off(OTHER, absence=DENTIST, actor=desk, now=NOW)

    remove_time_off(INES, time_off_id=row.id, actor=desk, now=NOW)

    assert len(therapist_hours(clinic.id, OTHER, now=NOW).time_off) == 1


def test_time_off_that_ends_before_it_starts_is_refused(clinic, desk):
    with pytest.raises(InvalidInput) as refused:
        add_time_off(INES, absence=AbsenceTimes(DENTIST.end, DENTIST.start), actor=desk, now=NOW)

    assert refused.value.errors == {"end": ["The end must come after the start."]}


def test_time_off_in_the_hour_the_clocks_skip_is_refused_at_both_fields(clinic, desk):
    with pytest.raises(NonexistentTime) as refused:
        add_time_off(
            INES, absence=AbsenceTimes("2027-03-28T01:10", "2027-03-28T01:40"), actor=desk, now=NOW
        )

    assert refused.value.errors == {
        "start": ["The clocks skip 01:10 on 2027-03-28 in Europe/Lisbon: after 00:59 comes 02:00."],
        "end": ["The clocks skip 01:40 on 2027-03-28 in Europe/Lisbon: after 00:59 comes 02:00."],
    }


def test_time_off_over_the_hour_that_comes_twice_covers_both(clinic, desk):
    row = add_time_off(
        INES, absence=AbsenceTimes("2027-10-31T01:00", "2027-10-31T01:59"), actor=desk, now=NOW
    )

    assert (row.starts_at, row.ends_at) == (
        datetime(2027, 10, 31, 0, 0, tzinfo=UTC),
        datetime(2027, 10, 31, 1, 59, tzinfo=UTC),
    )


def test_a_closure_raises_every_diary_of_the_clinic_and_no_other(clinic):
    make_therapist(clinic, slug=OTHER)
    elsewhere = make_clinic(slug="elsewhere")
    make_therapist(elsewhere, slug="far-away")
    admin = staff(clinic, Role.ADMIN)
    closure = ClinicClosure("Christmas", AbsenceTimes("2026-12-24T13:00", "2026-12-27T00:00"))

    first = add_closure(closure, actor=admin, now=NOW)
    second = add_closure(closure, actor=admin, now=NOW)

    revisions = select(Therapist.slug, Therapist.diary_revision)
    assert first.id == second.id
    assert dict(session().execute(revisions).all()) == {INES: 1, OTHER: 1, "far-away": 0}

    remove_closure(first.id, actor=admin, now=NOW)
    remove_closure(first.id, actor=admin, now=NOW)

    assert session().scalar(select(func.count()).select_from(Closure)) == 0
    assert dict(session().execute(revisions).all()) == {INES: 2, OTHER: 2, "far-away": 0}
    assert actions() == ["closure.added", "closure.removed"]


def test_everything_wrong_with_a_closure_is_told_at_once(clinic):
    with pytest.raises(InvalidInput) as refused:
        add_closure(
            ClinicClosure("", AbsenceTimes("2026-02-30T10:00", "soon")),
            actor=staff(clinic, Role.ADMIN),
            now=NOW,
        )

    assert sorted(refused.value.errors) == ["end", "name", "start"]


def test_a_therapist_edits_their_own_hours_and_nobody_elses(clinic):
    own = session().scalar(select(Therapist.id).where(Therapist.slug == INES))
    make_therapist(clinic, slug=OTHER)
    ines = staff(clinic, Role.THERAPIST, therapist_id=own)

    set_weekly_hours(INES, ranges=EVENING, actor=ines, now=NOW)
    for attempt in (
        lambda: set_weekly_hours(OTHER, ranges=EVENING, actor=ines, now=NOW),
        lambda: set_day_override(OTHER, hours=CHRISTMAS_EVE, actor=ines, now=NOW),
        lambda: remove_day_override(OTHER, on=CHRISTMAS_EVE.on, actor=ines, now=NOW),
        lambda: add_time_off(OTHER, absence=DENTIST, actor=ines, now=NOW),
        lambda: remove_time_off(OTHER, time_off_id="x", actor=ines, now=NOW),
        lambda: add_closure(ClinicClosure("x", DENTIST), actor=ines, now=NOW),
        lambda: remove_closure("x", actor=ines, now=NOW),
    ):
        with pytest.raises(NotAllowed):
            attempt()

    assert hours(clinic).weekly == EVENING
    assert actions() == ["weekly_hours.set"]


def test_hours_of_another_clinics_therapist_cannot_be_found(clinic):
    elsewhere = make_clinic(slug="elsewhere")

    with pytest.raises(NotFound):
        set_weekly_hours(INES, ranges=EVENING, actor=staff(elsewhere, Role.ADMIN), now=NOW)
