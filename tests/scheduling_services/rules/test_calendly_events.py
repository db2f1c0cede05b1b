from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime

import pytest

from clinic.scheduling_services.rules.calendly_events import parse_calendly
from clinic.scheduling_services.rules.events import (
    AbsenceMark,
    Attendee,
    EventKind,
    Provider,
    ServiceEvent,
)
from clinic.scheduling_services.rules.payloads import PayloadBroken
from tests.support.paths import DATA

PAYLOADS = DATA / "payloads" / "calendly"
API = "https://api.calendly.example.org"


def body(name):
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def parsed(name):
    return parse_calendly(body(name))


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_a_created_invitee_is_read_field_by_field():
    assert parsed("invitee_created") == ServiceEvent(
        provider=Provider.CALENDLY,
        kind=EventKind.CREATED,
        trigger="invitee.created",
        occurred_at=at(2026, 12, 1, 8),
        external_id="inv-A",
        starts_at=at(2026, 12, 7, 9),
        ends_at=at(2026, 12, 7, 10),
        organizer_emails=("vera@example.org",),
        organizer_ids=(f"{API}/users/user-1",),
        event_type_id=f"{API}/event_types/type-1",
        attendees=(
            Attendee("ana@example.org", "Ana Sample", "Europe/Lisbon"),
            Attendee("ben@example.org"),
        ),
        status="active",
    )


def test_a_move_is_two_deliveries_that_name_each_other():
    away, anew = parsed("invitee_canceled_moved"), parsed("invitee_created_moved")
    assert (away.kind, away.external_id, away.superseded_by, away.rescheduled_away) == (
        EventKind.CANCELLED, "inv-A", "inv-B", True,
    )  # fmt: skip
    assert (anew.kind, anew.external_id, anew.supersedes) == (EventKind.CREATED, "inv-B", "inv-A")


def test_a_plain_cancellation_tells_who_and_why():
    event = parsed("invitee_canceled")
    assert (event.kind, event.rescheduled_away, event.cancelled_by, event.cancel_reason) == (
        EventKind.CANCELLED, False, "invitee", "We cannot come",
    )  # fmt: skip


def test_absences_are_marked_and_unmarked():
    assert parsed("invitee_no_show_created").no_shows == (AbsenceMark("ana@example.org", True),)
    assert parsed("invitee_no_show_deleted").no_shows == (AbsenceMark("ana@example.org", False),)


def test_events_without_an_effect_say_why():
    known = parsed("routing_form_submission_created")
    unknown = parse_calendly(body("invitee_created") | {"event": "invitee.invented"})
    assert (known.kind, known.reason) == (EventKind.IGNORED, "a routing form is not an appointment")
    assert (unknown.kind, unknown.reason) == (EventKind.IGNORED, "this event is not known here")


@pytest.mark.parametrize(
    "changed",
    [
        {}, {"event": 1}, {"event": "invitee.created"}, {"event": "invitee.created", "created_at": "2026-12-01T08:00:00Z"},
        {"event": "invitee.created", "created_at": "2026-12-01T08:00:00Z", "payload": {}},
        {"event": "invitee_no_show.created", "created_at": "2026-12-01T08:00:00Z", "payload": {"uri": "https://[x"}},
    ],
)  # fmt: skip
def test_a_body_of_another_shape_breaks_the_delivery(changed):
    with pytest.raises(PayloadBroken):
        parse_calendly(changed)


@pytest.mark.parametrize("odd", [None, 1, -1.5, True, "", "x" * 5000, [], [1], {}, {"a": 1}])
def test_no_wrong_type_anywhere_is_worse_than_broken(odd):
    whole = body("invitee_canceled_moved")
    for level in (whole, whole["payload"], whole["payload"]["scheduled_event"]):
        for key, before in list(level.items()):
            level[key] = odd
            with contextlib.suppress(PayloadBroken):
                assert isinstance(parse_calendly(whole), ServiceEvent)
            level[key] = before
