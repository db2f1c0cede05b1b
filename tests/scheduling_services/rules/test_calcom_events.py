from __future__ import annotations

import copy
import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.scheduling_services.rules.calcom_events import parse_calcom
from clinic.scheduling_services.rules.events import (
    AbsenceMark,
    Attendee,
    EventKind,
    Provider,
    ServiceEvent,
)
from clinic.scheduling_services.rules.payloads import PayloadBroken
from tests.support.paths import DATA

PAYLOADS = DATA / "payloads" / "calcom"
ANA = Attendee("ana@example.org", "Ana Sample", "Europe/Lisbon", "pt")
BEN = Attendee("ben@example.org", "", "Europe/Lisbon", "pt")


def body(name):
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def parsed(name):
    return parse_calcom(body(name))


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_a_created_booking_is_read_field_by_field():
    assert parsed("booking_created") == ServiceEvent(
        provider=Provider.CALCOM,
        kind=EventKind.CREATED,
        trigger="BOOKING_CREATED",
        occurred_at=at(2026, 12, 1, 8, 0, 0, 123000),
        external_id="uid-A",
        starts_at=at(2026, 12, 7, 9),
        ends_at=at(2026, 12, 7, 10),
        organizer_emails=("vera@example.org",),
        organizer_ids=("41",),
        event_type_id="77",
        attendees=(ANA, BEN),
        status="ACCEPTED",
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("booking_created", EventKind.CREATED),
        ("booking_created_by_confirmation", EventKind.CREATED),
        ("booking_requested", EventKind.REQUESTED),
        ("booking_requested_reschedule", EventKind.REQUESTED),
        ("booking_rejected", EventKind.REJECTED),
        ("booking_rescheduled", EventKind.RESCHEDULED),
        ("booking_cancelled", EventKind.CANCELLED),
        ("booking_paid", EventKind.CREATED),
        ("booking_no_show_updated", EventKind.NO_SHOW),
        ("meeting_ended", EventKind.COMPLETED),
        ("ooo_created", EventKind.OUT_OF_OFFICE),
        ("ping", EventKind.PING),
    ],
)
def test_triggers_with_an_effect(name, kind):
    assert parsed(name).kind is kind


@pytest.mark.parametrize(
    "name",
    [
        "booking_payment_initiated", "meeting_started", "after_hosts_cal_video_no_show",
        "after_guests_cal_video_no_show", "form_submitted", "form_submitted_no_event", "recording_ready",
        "recording_transcription_generated", "instant_meeting", "delegation_credential_error", "wrong_assignment_report",
    ],
)  # fmt: skip
def test_triggers_without_an_effect_say_why(name):
    event = parsed(name)
    assert event.kind is EventKind.IGNORED
    assert event.reason not in {None, "", "this trigger is not known here"}


def test_triggers_that_do_not_exist_are_ignored_and_not_refused():
    for name in ("BOOKING_CONFIRMED", "BOOKING_REOPENED", "SOMETHING_NEW"):
        event = parse_calcom(body("booking_created") | {"triggerEvent": name})
        assert (event.kind, event.reason) == (EventKind.IGNORED, "this trigger is not known here")


def test_the_three_time_formats_are_one_instant():
    names = ("booking_created", "booking_cancelled", "booking_rejected", "booking_paid")
    assert {(parsed(name).starts_at, parsed(name).ends_at) for name in names} == {
        (at(2026, 12, 7, 9), at(2026, 12, 7, 10))
    }


def test_a_move_names_the_booking_it_replaces():
    for name in ("booking_rescheduled", "booking_requested_reschedule"):
        event = parsed(name)
        assert (event.external_id, event.supersedes, event.sequence) == ("uid-B", "uid-A", 1)


def test_a_seat_moved_without_a_new_id_moves_the_old_booking():
    event = parsed("booking_rescheduled_seat_without_uid")
    assert (event.external_id, event.supersedes) == ("uid-A", None)


def test_a_cancellation_tells_who_why_and_whether_to_book_anew():
    plain, again = parsed("booking_cancelled"), parsed("booking_cancelled_request_reschedule")
    assert (plain.cancelled_by, plain.cancel_reason, plain.request_reschedule) == (
        "ana@example.org", "We cannot come", False,
    )  # fmt: skip
    assert (again.cancelled_by, again.request_reschedule) == ("vera@example.org", True)


def test_one_leaving_seat_is_told_from_a_whole_cancellation():
    assert parsed("booking_cancelled_one_seat").seat_leaving
    assert not parsed("booking_cancelled").seat_leaving
    assert not parsed("booking_cancelled_no_attendees").seat_leaving


def test_a_cancelled_series_names_its_dates():
    event = parsed("booking_cancelled_series")
    assert event.series_cancelled
    assert event.cancelled_dates == (at(2026, 12, 14, 9), at(2026, 12, 21, 9))


def test_absences_are_marked_and_unmarked():
    assert parsed("booking_no_show_updated").no_shows == (AbsenceMark("ben@example.org", True),)
    assert parsed("booking_no_show_removed").no_shows == (AbsenceMark("ben@example.org", False),)


def test_the_end_of_a_meeting_is_dated_by_its_end_not_by_its_booking():
    assert parsed("meeting_ended").occurred_at == at(2026, 12, 7, 10)


def test_escaped_names_read_as_they_were_typed():
    assert parsed("booking_created_escaped_names").attendees[0].name == "Siobhán O'Neil & Co"


def test_an_invented_address_is_never_used():
    assert parsed("booking_created_phone_only").attendees == (
        Attendee(None, "Phone Person", "Europe/Berlin", "de"),
    )


def test_team_hosts_and_second_addresses_all_identify_and_our_reference_comes_back():
    event = parsed("booking_created_team")
    assert event.organizer_emails == ("vera.second@example.org", "hugo@example.org")
    assert event.our_reference == "appointment-12"


def test_absence_of_a_host_is_read():
    event = parsed("ooo_created")
    assert (event.external_id, event.starts_at, event.ends_at, event.organizer_emails) == (
        "ooo-1", at(2026, 12, 24), at(2026, 12, 26, 23, 59, 59, 999000), ("vera@example.org",),
    )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"uid": None}, {"uid": 7}, {"uid": ""}, {"uid": "x" * 201}, {"uid": "a b"}, {"uid": "a\n"},
        {"startTime": None}, {"startTime": "2026-12-07"}, {"startTime": "2026-12-07T09:00:00"}, {"startTime": 1796634000},
        {"startTime": "0001-01-01T00:00:00+14:00"}, {"startTime": "9999-12-31T23:59:59-14:00"},
        {"startTime": "1999-12-31T23:00:00Z"}, {"startTime": "2026-12-07T09:00:00Z\n"}, {"startTime": "٢٠٢٦-12-07T09:00:00Z"},
        {"startTime": "2026-13-07T09:00:00Z"}, {"startTime": "2026-12-07T10:00:00Z"}, {"endTime": "2026-12-07T08:00:00Z"},
    ],
)  # fmt: skip
def test_an_unusable_essential_field_breaks_the_delivery(change):
    changed = body("booking_created")
    changed["payload"] |= change
    with pytest.raises(PayloadBroken):
        parse_calcom(changed)


@pytest.mark.parametrize(
    "changed",
    [
        {}, {"triggerEvent": 5}, {"triggerEvent": ""}, {"triggerEvent": "BOOKING_CREATED"},
        {"triggerEvent": "PING", "createdAt": "yesterday"},
        {"triggerEvent": "BOOKING_CREATED", "createdAt": "2026-12-01T08:00:00Z", "payload": []},
        {"triggerEvent": "OOO_CREATED", "createdAt": "2026-12-01T08:00:00Z", "payload": {}},
    ],
)  # fmt: skip
def test_a_body_of_another_shape_breaks_the_delivery(changed):
    with pytest.raises(PayloadBroken):
        parse_calcom(changed)


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**17), 10**17), st.floats(allow_nan=False), st.text(max_size=20),
    st.sampled_from(["", "0", "x" * 5000, "2026-12-07T09:00:00Z", "0001-01-01T00:00:00Z", "&#0;", "a@b"]),
    st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=5), st.dictionaries(st.text(max_size=5), st.none()))),
    st.dictionaries(st.sampled_from(["email", "name", "id", "locale", "members", "value"]), st.integers()),
)  # fmt: skip


def paths(value, trail=()):
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*trail, key)
        if isinstance(inner, dict | list):
            yield from paths(inner, (*trail, key))


WHOLE = (
    "booking_cancelled_series",
    "booking_created_team",
    "ooo_created",
    "meeting_ended",
    "booking_no_show_updated",
    "booking_rescheduled",
)
CASES = [(name, path) for name in WHOLE for path in paths(body(name))]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=st.sampled_from(CASES), odd=ODD)
def test_no_wrong_type_anywhere_is_worse_than_broken(case, odd):
    name, path = case
    changed = copy.deepcopy(body(name))
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = odd
    try:
        event = parse_calcom(changed)
    except PayloadBroken:
        return
    assert isinstance(event, ServiceEvent)
