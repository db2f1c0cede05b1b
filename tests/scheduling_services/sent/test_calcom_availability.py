from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.outbox import OutboxMessage
from clinic.practice.hours.service import (
    HOURS_CHANGED,
    add_closure,
    add_time_off,
    remove_closure,
    remove_day_override,
    remove_time_off,
    set_day_override,
    set_weekly_hours,
)
from clinic.practice.rules.edit_commands import (
    AbsenceTimes,
    ClinicClosure,
    DayHours,
    HoursRange,
    WeeklyRange,
)
from clinic.scheduling_services.desk.connections import map_host
from clinic.scheduling_services.models import ServiceConnection, ServiceHours, ServiceTask
from clinic.scheduling_services.sent.calcom_availability import bring_hours
from clinic.scheduling_services.sent.reconcile import reconcile_all
from tests.conftest import settings_for
from tests.support.calcom_stand_in import KEY, StandIn, running
from tests.support.factories import make_therapist
from tests.support.scheduling_services.deliveries import connect, connected_clinic, work

TODAY = datetime(2026, 12, 4, 9, tzinfo=UTC)  # a Friday
MONDAY = "2026-12-07"
TUESDAY = "2026-12-08"
SHUT = ("00:00", "00:00")
FOREIGN = {"date": "2026-12-24", "startTime": "10:00", "endTime": "12:00"}


@pytest.fixture
def there() -> Iterator[StandIn]:
    state = StandIn(now=clock.now)
    state.schedules.append(
        {"id": 5, "name": "Usual", "timeZone": "Europe/Lisbon", "overrides": [dict(FOREIGN)]}
    )
    with running(state):
        yield state


@pytest.fixture
def settings(database_url, tmp_path, there):
    return settings_for(tmp_path, database_url, calcom_api_url=there.url)


@pytest.fixture
def calcom(context, client):
    clock.freeze(TODAY)
    found = connected_clinic(client)
    with transaction() as current:
        current.get_one(ServiceConnection, found.connection.id).api_key = KEY
    return found


@pytest.fixture
def by(calcom):
    from clinic.foundation.permissions.actors import Actor, Role

    desk = Actor(
        clinic_id=calcom.practice.clinic.id,
        name="account:admin",
        account_id="admin",
        roles=frozenset({Role.ADMIN, Role.FRONT_DESK}),
    )
    return {"actor": desk, "now": TODAY}


def away(by, start, end):
    row = add_time_off("ines-duarte", absence=AbsenceTimes(start, end), **by)
    work()
    return row


def shown(there):
    """What the schedule there says, without the row that was there before us."""
    rows = [one for one in there.schedules[0]["overrides"] if one != FOREIGN]
    return [(one["date"], one["startTime"], one["endTime"]) for one in rows]


def is_foreign_kept(there):
    return FOREIGN in there.schedules[0]["overrides"]


def patches(there):
    return sum(method == "PATCH" for method, _ in there.calls)


def tasks():
    session().rollback()
    return list(session().scalars(select(ServiceTask).where(ServiceTask.done_at.is_(None))))


def waiting():
    session().rollback()
    undone = select(func.count()).where(OutboxMessage.kind == HOURS_CHANGED, OutboxMessage.done_at.is_(None))  # fmt: skip
    return session().scalar(undone)


def test_an_hour_off_leaves_the_rest_of_the_day(by, there):
    away(by, f"{MONDAY}T10:07", f"{MONDAY}T11:31")
    assert shown(there) == [(MONDAY, "09:00", "10:07"), (MONDAY, "11:31", "17:00")]
    assert is_foreign_kept(there)


def test_days_off_are_shut_and_come_back(by, there):
    row = away(by, f"{MONDAY}T00:00", "2026-12-09T00:00")
    assert shown(there) == [(MONDAY, *SHUT), (TUESDAY, *SHUT)]
    remove_time_off("ines-duarte", time_off_id=row.id, **by)
    work()
    assert (shown(there), is_foreign_kept(there)) == ([], True)


def test_a_day_off_is_shut_even_where_nothing_could_be_booked_here(by, there):
    away(by, "2026-12-05T00:00", "2026-12-06T00:00")
    assert shown(there) == [("2026-12-05", *SHUT)]


def test_a_closure_of_the_clinic_shuts_the_day_and_opens_it_again(by, there):
    row = add_closure(
        ClinicClosure("Moving", AbsenceTimes(f"{MONDAY}T13:00", f"{TUESDAY}T00:00")), **by
    )
    work()
    assert shown(there) == [(MONDAY, "09:00", "13:00")]
    remove_closure(row.id, **by)
    work()
    assert shown(there) == []


def test_a_day_with_other_hours_is_brought_there(by, there):
    hours = DayHours(date(2026, 12, 12), (HoursRange(600, 720), HoursRange(780, 840)))
    set_day_override("ines-duarte", hours=hours, **by)
    set_day_override("ines-duarte", hours=DayHours(date(2026, 12, 7), ()), **by)
    work()
    assert shown(there) == [
        (MONDAY, *SHUT),
        ("2026-12-12", "10:00", "12:00"),
        ("2026-12-12", "13:00", "14:00"),
    ]
    remove_day_override("ines-duarte", on=date(2026, 12, 7), **by)
    remove_day_override("ines-duarte", on=date(2026, 12, 12), **by)
    work()
    assert shown(there) == []


def test_other_weekly_hours_change_what_is_left_of_a_day(by, there):
    away(by, f"{MONDAY}T10:00", f"{MONDAY}T11:00")
    set_weekly_hours("ines-duarte", ranges=(WeeklyRange(0, 600, 780),), **by)
    work()
    assert shown(there) == [(MONDAY, "11:00", "13:00")]


def test_dates_are_those_of_the_schedule_there(by, there):
    there.schedules[0]["timeZone"] = "Asia/Tokyo"
    away(by, f"{MONDAY}T16:00", f"{MONDAY}T17:00")  # 01:00 to 02:00 on Tuesday there
    assert shown(there) == [(TUESDAY, "00:00", "01:00"), (TUESDAY, "18:00", "23:59")]


def test_on_the_day_that_has_an_hour_twice_both_are_shut(calcom, by, there):
    clock.freeze(datetime(2027, 10, 29, 9, tzinfo=UTC))
    night = (WeeklyRange(6, 0, 240),)
    set_weekly_hours("ines-duarte", ranges=night, actor=by["actor"], now=clock.now())
    away(by, "2027-10-31T01:00", "2027-10-31T01:30")
    assert shown(there) == [("2027-10-31", "00:00", "01:00"), ("2027-10-31", "02:00", "04:00")]


def test_where_somebody_there_said_other_hours_only_what_both_leave_open_is_open(by, there):
    row = away(by, "2026-12-24T11:00", "2026-12-24T17:00")
    assert shown(there) == [("2026-12-24", "10:00", "11:00")]
    remove_time_off("ines-duarte", time_off_id=row.id, **by)
    work()
    assert there.schedules[0]["overrides"] == [FOREIGN]


def test_what_somebody_writes_there_later_is_kept_too(by, there):
    away(by, f"{MONDAY}T00:00", f"{TUESDAY}T00:00")
    there.schedules[0]["overrides"].append({"date": TUESDAY, "startTime": "09:00", "endTime": "10:00"})  # fmt: skip
    away(by, "2026-12-09T00:00", "2026-12-10T00:00")
    assert shown(there) == [(MONDAY, *SHUT), (TUESDAY, "09:00", "10:00"), ("2026-12-09", *SHUT)]


def test_the_same_again_is_not_written_again(calcom, by, there):
    away(by, f"{MONDAY}T00:00", f"{TUESDAY}T00:00")
    assert patches(there) == 1
    assert [bring_hours(calcom.connection.id, now=TODAY) for _ in range(3)] == [None] * 3
    assert patches(there) == 1


def test_without_any_time_off_the_service_is_not_even_asked(calcom, by, there):
    set_weekly_hours("ines-duarte", ranges=(WeeklyRange(0, 600, 780),), **by)
    work()
    assert (there.calls, waiting()) == ([], 0)


def test_days_that_are_over_are_taken_out(calcom, by, there):
    away(by, f"{MONDAY}T00:00", "2026-12-09T00:00")
    clock.freeze(datetime(2026, 12, 8, 9, tzinfo=UTC))
    bring_hours(calcom.connection.id, now=clock.now())
    assert shown(there) == [(TUESDAY, *SHUT)]


def test_while_it_is_away_it_is_tried_again(by, there):
    there.rate_limited = True
    away(by, f"{MONDAY}T00:00", f"{TUESDAY}T00:00")
    assert (shown(there), waiting()) == ([], 1)
    there.rate_limited = False
    clock.move(timedelta(minutes=1))
    work()
    assert (shown(there), waiting(), tasks()) == ([(MONDAY, *SHUT)], 0, [])


def test_a_call_that_was_carried_out_unheard_leaves_no_stray_row(calcom, by, there):
    real, there.answer = there.answer, lambda *asked: _deaf(there, real, asked)
    row = away(by, f"{MONDAY}T00:00", f"{TUESDAY}T00:00")
    assert (shown(there), waiting()) == ([(MONDAY, *SHUT)], 1)
    there.answer = real
    remove_time_off("ines-duarte", time_off_id=row.id, **by)
    clock.move(timedelta(minutes=1))
    work()
    assert (shown(there), is_foreign_kept(there), waiting()) == ([], True, 0)


def _deaf(there, real, asked):
    answer = real(*asked)
    return (0, None) if asked[0] == "PATCH" else answer


def test_what_is_refused_is_put_before_the_desk_once_and_taken_back_when_it_went(calcom, by, there):
    there.refuse_next = (400, "no")
    away(by, f"{MONDAY}T00:00", f"{TUESDAY}T00:00")
    (asked,) = tasks()
    assert (asked.kind, asked.details["status"], waiting()) == ("hours_refused", 400, 0)
    bring_hours(calcom.connection.id, now=TODAY)
    assert patches(there) == 1, "the same is not asked again"
    away(by, f"{TUESDAY}T00:00", "2026-12-09T00:00")
    assert (shown(there), tasks()) == ([(MONDAY, *SHUT), (TUESDAY, *SHUT)], [])


def test_an_account_without_a_schedule_is_a_matter_for_the_desk(by, there):
    there.schedules.clear()
    away(by, f"{MONDAY}T00:00", f"{TUESDAY}T00:00")
    (asked,) = tasks()
    assert (asked.kind, asked.details["status"]) == ("hours_refused", 404)


def test_when_another_schedule_is_the_default_the_days_are_written_there_too(calcom, by, there):
    away(by, f"{MONDAY}T00:00", f"{TUESDAY}T00:00")
    there.schedules.insert(0, {"id": 6, "timeZone": "Europe/Lisbon", "overrides": [dict(FOREIGN)]})
    assert bring_hours(calcom.connection.id, now=TODAY) == 1
    assert (shown(there), is_foreign_kept(there)) == ([(MONDAY, *SHUT)], True)


def test_reconciling_finds_and_mends_what_was_taken_out_there(by, there):
    away(by, f"{MONDAY}T00:00", f"{TUESDAY}T00:00")
    there.schedules[0]["overrides"] = [dict(FOREIGN)]
    assert [(one.direction, one.outcome) for one in reconcile_all(now=TODAY)] == [("out", "hours")]
    assert shown(there) == [(MONDAY, *SHUT)]
    assert reconcile_all(now=TODAY) == []


def test_an_account_of_several_therapists_is_the_one_whose_key_it_is(calcom, by, there):
    make_therapist(calcom.practice.clinic, slug="other", name="Other")
    map_host(calcom.connection.id, external="someone@example.org", therapist="other", **by)
    add_time_off("other", absence=AbsenceTimes(f"{TUESDAY}T00:00", "2026-12-09T00:00"), **by)
    away(by, f"{MONDAY}T00:00", f"{TUESDAY}T00:00")
    assert shown(there) == [(MONDAY, *SHUT)]  # the stand-in's key is that of number 41


def test_whoever_is_mapped_now_has_their_days_brought_there(calcom, by, there):
    with transaction() as current:
        for one in current.get_one(ServiceConnection, calcom.connection.id).hosts:
            current.delete(one)
    away(by, f"{MONDAY}T00:00", f"{TUESDAY}T00:00")
    assert shown(there) == []
    map_host(calcom.connection.id, external="41", therapist="ines-duarte", **by)
    work()
    assert shown(there) == [(MONDAY, *SHUT)]


def test_one_account_that_is_away_does_not_keep_the_others_waiting(calcom, by, there):
    second = connect(calcom.practice, secret="another secret")
    with transaction() as current:
        current.get_one(ServiceConnection, calcom.connection.id).api_key = "a wrong key"
        current.get_one(ServiceConnection, second.id).api_key = KEY
    away(by, f"{MONDAY}T00:00", f"{TUESDAY}T00:00")
    session().rollback()
    trouble = session().get_one(ServiceConnection, calcom.connection.id).last_trouble
    assert (shown(there), waiting(), trouble) == ([(MONDAY, *SHUT)], 1, "calcom-key-refused")


def test_several_at_once_write_one_schedule_one_after_the_other(app, calcom, by, there):
    add_time_off("ines-duarte", absence=AbsenceTimes(f"{MONDAY}T00:00", f"{TUESDAY}T00:00"), **by)
    session().rollback()
    found = SimpleNamespace(errors=[])
    gate = threading.Barrier(4)

    def one() -> None:
        with app.app_context():
            gate.wait()
            try:
                bring_hours(calcom.connection.id, now=TODAY)
            except Exception as error:
                found.errors.append(type(error).__name__)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work()
    assert (shown(there), patches(there)) == ([(MONDAY, *SHUT)], 1)
    assert set(found.errors) <= {"CalcomUnavailable"}
    session().rollback()
    assert session().get_one(ServiceHours, calcom.connection.id).busy_until is None
