"""Outside calendars from a real server to the slots that are offered, whatever is answered."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from clinic.calendars.imported import refresh
from clinic.calendars.imported.service import remove_calendar, request_refresh, set_all_day
from clinic.calendars.models import OutsideCalendar, OutsideState
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.errors import TooManyRequests
from clinic.foundation.outbound.allowed_addresses import Guard
from clinic.foundation.outbox import OutboxMessage
from tests.support.calendars.calendar_server import Answer, busy_at, calendar_of, calendar_server
from tests.support.calendars.imported_calendar import BLOCKED, DENTIST, GOOD, TEN, Clinic
from tests.support.factories import NOW

MINUTE = timedelta(minutes=1)


@pytest.fixture
def server():
    with calendar_server() as running:
        running.answer = GOOD
        yield running


@pytest.fixture
def clinic(context, server):
    return Clinic(context, server)


def test_what_is_busy_elsewhere_is_not_offered_here_until_it_goes(clinic):
    half_past = TEN + timedelta(minutes=30)
    assert {TEN, half_past} <= clinic.starts()

    clinic.read()
    assert (clinic.busy, clinic.row.state) == (BLOCKED, OutsideState.OK)
    assert not {TEN, half_past} & clinic.starts()

    clinic.server.answer = Answer(calendar_of())
    clinic.read_next()
    assert clinic.busy == []
    assert {TEN, half_past} <= clinic.starts()


def test_reader_says_what_it_has_and_looks_like_a_browser(clinic):
    clinic.read()
    clinic.read_next()

    first, second = clinic.server.asked
    assert "if-none-match" not in first
    assert (second["if-none-match"], second["if-modified-since"]) == ('"v1"', "yesterday")
    assert first["user-agent"].startswith("Mozilla/5.0")
    assert "cookie" not in second


def test_unchanged_answer_is_a_success_and_changes_nothing(clinic):
    clinic.server.answer = Answer(GOOD.body, headers=GOOD.headers, conditional=True)
    clinic.read()
    revision = clinic.revision

    at = clinic.read_next()

    row = clinic.row
    assert (row.state, row.last_ok_at, row.read_whole_at) == (OutsideState.OK, at, NOW)
    assert (clinic.busy, clinic.revision) == (BLOCKED, revision)


def test_once_a_day_everything_is_read_for_the_days_ahead_move_on(clinic):
    clinic.server.answer = Answer(GOOD.body, headers=GOOD.headers, conditional=True)
    clinic.read()
    request_refresh(clinic.id, actor=clinic.practice.desk, now=NOW + timedelta(hours=24))

    clinic.read(NOW + timedelta(hours=24))

    assert "if-none-match" not in clinic.server.asked[-1]
    assert clinic.row.read_whole_at == NOW + timedelta(hours=24)


def test_same_content_without_etag_leaves_the_diary_alone(clinic):
    clinic.server.answer = Answer(calendar_of(DENTIST))
    clinic.read()
    revision = clinic.revision

    clinic.server.answer = Answer(calendar_of(DENTIST, more="X-SOMETHING:new\r\n"))
    clinic.read_next()
    assert clinic.revision == revision

    clinic.server.answer = Answer(calendar_of(busy_at("24T120000Z", "24T130000Z")))
    clinic.read_next()
    assert clinic.revision == revision + 1


BAD = {
    "server error": (Answer(status=500), OutsideState.UNREACHABLE),
    "not allowed": (Answer(status=403), OutsideState.LOCKED),
    "asks for our password": (
        Answer(status=401, headers={"WWW-Authenticate": "Basic"}),
        OutsideState.LOCKED,
    ),
    "gone": (Answer(status=410), OutsideState.GONE),
    "not found": (Answer(status=404), OutsideState.GONE),
    "sign-in page": (
        Answer(b"<!DOCTYPE html><title>Sign in</title>", headers={"Content-Type": "text/html"}),
        OutsideState.WEB_PAGE,
    ),
    "entities": (
        Answer(b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "x">]><a>&a;</a>'),
        OutsideState.WEB_PAGE,
    ),
    "JSON": (Answer(b'{"events": []}'), OutsideState.UNREADABLE),
    "PDF": (Answer(b"%PDF-1.7\n"), OutsideState.UNREADABLE),
    "no bytes": (Answer(b""), OutsideState.UNREADABLE),
    "cut off": (Answer(GOOD.body[:-20]), OutsideState.UNREADABLE),
    "cut off by the network": (
        Answer(GOOD.body[:-20], length=len(GOOD.body)),
        OutsideState.UNREACHABLE,
    ),
    "too large": (Answer(calendar_of("X:" + "x" * 11_000_000)), OutsideState.TOO_LARGE),
    "packed twice": (Answer(b"xx", headers={"Content-Encoding": "br"}), OutsideState.UNREACHABLE),
    "partial": (Answer(GOOD.body, status=206), OutsideState.UNREACHABLE),
    "redirected to itself": (
        Answer(status=302, headers={"Location": "/private/secret-token/basic.ics"}),
        OutsideState.UNREACHABLE,
    ),
    "redirected inside": (
        Answer(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data"}),
        OutsideState.REFUSED,
    ),
    "redirected to a file": (
        Answer(status=302, headers={"Location": "file:///etc/passwd"}),
        OutsideState.REFUSED,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_after_a_bad_answer_the_last_good_times_still_block(clinic, name):
    clinic.read()
    clinic.server.answer, state = BAD[name]

    at = clinic.read_next()

    row = clinic.row
    assert (row.state, row.failures) == (state, 1)
    assert (row.last_ok_at, row.last_tried_at) == (NOW, at)
    assert clinic.busy == BLOCKED
    assert TEN not in clinic.starts()
    clinic.server.answer = Answer(calendar_of())
    clinic.read_next()
    assert (clinic.row.state, clinic.row.failures, clinic.busy) == (OutsideState.OK, 0, [])


def test_server_that_takes_its_time_is_given_up_on(clinic, monkeypatch):
    clinic.read()
    monkeypatch.setattr(refresh, "FETCH_SECONDS", 0.3)
    waiting = threading.Event()
    clinic.server.answer = Answer(GOOD.body, before=lambda: waiting.wait(5) and None)

    clinic.read_next()
    waiting.set()

    assert (clinic.row.state, clinic.busy) == (OutsideState.TOO_SLOW, BLOCKED)


def test_server_that_is_not_there_is_unreachable(context, server):
    clinic = Clinic(context, server)
    clinic.read()
    with calendar_server() as other:
        port = other.port
    context.extensions["outside_guard"] = Guard(allowed_hosts=frozenset({("127.0.0.1", port)}))
    with transaction() as current:
        current.get_one(OutsideCalendar, clinic.id).url = f"http://127.0.0.1:{port}/x.ics"

    clinic.read_next()

    assert (clinic.row.state, clinic.busy) == (OutsideState.UNREACHABLE, BLOCKED)


def test_name_that_nobody_knows_just_now_is_asked_for_again_soon(context, server):
    clinic = Clinic(context, server)
    clinic.read()
    with transaction() as current:
        current.get_one(OutsideCalendar, clinic.id).url = "https://nowhere.invalid/x.ics"

    at = clinic.read_next()

    assert (clinic.row.state, clinic.busy) == (OutsideState.REFUSED, BLOCKED)
    assert clinic.row.next_try_at - at <= timedelta(minutes=33)


def test_304_that_nobody_asked_for_is_no_answer(clinic):
    clinic.server.answer = Answer(status=304)

    clinic.read()

    assert (clinic.row.state, clinic.row.last_ok_at) == (OutsideState.UNREACHABLE, None)


def test_calendar_that_moved_is_read_at_its_new_place_and_said(context, server):
    clinic = Clinic(context, server)
    with calendar_server() as other:
        other.answer = GOOD
        places = frozenset({("127.0.0.1", server.port), ("localhost", other.port)})
        context.extensions["outside_guard"] = Guard(allowed_hosts=places)
        to = f"http://localhost:{other.port}/new/secret.ics"
        server.answer = Answer(status=301, headers={"Location": to})

        clinic.read()

    row = clinic.row
    assert (row.state, clinic.busy) == (OutsideState.OK, BLOCKED)
    assert row.warnings == [
        "127.0.0.1 sends us on to localhost. If this goes on, add the new address instead."
    ]


def test_web_page_type_around_a_real_calendar_does_no_harm(clinic):
    clinic.server.answer = Answer(GOOD.body, headers={"Content-Type": "text/html"})

    clinic.read()

    assert (clinic.row.state, clinic.busy) == (OutsideState.OK, BLOCKED)


def test_two_calendars_keep_their_own_times(clinic):
    clinic.add(name="Second", url=clinic.server.url + "?two")
    clinic.read()
    assert clinic.busy == BLOCKED * 2

    remove_calendar(clinic.id, actor=clinic.practice.desk, now=NOW)

    assert clinic.busy == BLOCKED


def test_removed_calendar_frees_its_times_and_is_asked_no_more(clinic):
    clinic.read()
    revision = clinic.revision

    remove_calendar(clinic.id, actor=clinic.practice.desk, now=NOW)

    assert (clinic.busy, clinic.revision) == ([], revision + 1)
    assert clinic.read(NOW + timedelta(days=1)) == 1
    assert len(clinic.server.asked) == 1


def test_calendar_removed_while_it_is_read_leaves_nothing(clinic):
    job = refresh._job({"calendar": clinic.id, "round": 1}, now=NOW)
    outcome = refresh.read_outside(job, guard=clinic.guard)
    session().rollback()
    remove_calendar(clinic.id, actor=clinic.practice.desk, now=NOW)

    refresh.store_outcome(job, outcome, NOW)

    assert clinic.busy == []


def test_message_delivered_twice_reads_once_and_promises_once(clinic):
    payload = {"calendar": clinic.id, "round": 1}

    refresh.refresh_when_due(payload, NOW)
    refresh.refresh_when_due(payload, NOW)

    waiting = select(OutboxMessage.payload).where(OutboxMessage.due_at > NOW)
    assert session().scalars(waiting).all() == [{"calendar": clinic.id, "round": 2}]
    assert len(clinic.server.asked) == 1


def test_next_reading_is_in_a_quarter_of_an_hour_and_later_with_every_failure(clinic):
    clinic.read()
    waits = [clinic.row.next_try_at - NOW]
    clinic.server.answer = Answer(status=503)
    for _ in range(7):
        at = clinic.read_next()
        waits.append(clinic.row.next_try_at - at)

    plain = [15, 30, 60, 120, 240, 360, 360, 360]
    for wait, minutes in zip(waits, plain, strict=True):
        assert minutes <= wait / MINUTE <= minutes * 1.1


def test_asking_reads_now_and_not_twice_within_a_minute(clinic):
    clinic.read()
    later = NOW + timedelta(minutes=2)

    request_refresh(clinic.id, actor=clinic.practice.desk, now=later)
    assert clinic.read(later) == 1
    for seconds in (0, 59):
        with pytest.raises(TooManyRequests):
            request_refresh(
                clinic.id, actor=clinic.practice.desk, now=later + timedelta(seconds=seconds)
            )

    assert len(clinic.server.asked) == 2
    # The promise that the first reading made comes to nothing: one chain, not two.
    assert clinic.read(later + timedelta(minutes=14, seconds=45)) == 1
    assert len(clinic.server.asked) == 2


def test_whole_days_block_unless_they_are_told_not_to(clinic):
    whole = "BEGIN:VEVENT\r\nUID:d\r\nDTSTART;VALUE=DATE:20261124\r\nEND:VEVENT\r\n"
    clinic.server.answer = Answer(calendar_of(whole), headers=GOOD.headers, conditional=True)
    clinic.read()
    assert clinic.starts() == set()

    set_all_day(clinic.id, ignored=True, actor=clinic.practice.desk, now=NOW + MINUTE)
    clinic.read(NOW + MINUTE)

    assert clinic.busy == []
    assert TEN in clinic.starts()
