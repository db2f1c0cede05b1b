"""Invitations are read alike by everybody, and a move or a cancellation changes the one entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.calendars.feeds.writer.feed import EntryStatus, FeedEntry, render_entry, with_reminder
from clinic.calendars.feeds.writer.invitations import Invitation, Method, render_invitation
from tests.support.calendars.calendar_programs import Shown, imported, listed
from tests.support.calendars.ical_js import read_with_ical_js

MADE = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
BOOKED = Invitation(
    entry=FeedEntry(
        uid="0b9fae2e-31c4-4d2a-9d0c-6f7f0f1f6a01",
        sequence=0,
        starts_at=datetime(2026, 12, 1, 18, tzinfo=UTC),
        ends_at=datetime(2026, 12, 1, 19, 20, tzinfo=UTC),
        time_zone="Europe/Lisbon",
        status=EntryStatus.CONFIRMED,
        summary="Appointment",
        location=None,
        created_at=MADE,
        updated_at=MADE,
    ),
    organizer="clinic@example.org",
    attendee="alex@example.org",
)
DAY = timedelta(days=1)


def changed(invitation, **entry):
    later = {"sequence": invitation.entry.sequence + 1, "updated_at": MADE + DAY}
    return replace(invitation, entry=replace(invitation.entry, **later | entry))


MOVED = changed(BOOKED, starts_at=BOOKED.entry.starts_at + DAY, ends_at=BOOKED.entry.ends_at + DAY)
CANCELLED = changed(MOVED, status=EntryStatus.CANCELLED)
REQUESTED = replace(BOOKED, entry=replace(BOOKED.entry, status=EntryStatus.TENTATIVE))
SUMMER = changed(
    BOOKED,
    starts_at=datetime(2027, 7, 1, 17, tzinfo=UTC),
    ends_at=datetime(2027, 7, 1, 18, tzinfo=UTC),
)
ALL = {
    "booked": BOOKED,
    "moved": MOVED,
    "cancelled": CANCELLED,
    "requested": REQUESTED,
    "summer": SUMMER,
    "reminder": replace(BOOKED, reminder_minutes=60),
    "utc": changed(BOOKED, time_zone="Etc/UTC"),
    "abroad": changed(BOOKED, time_zone="Asia/Kathmandu"),
    "like_utc": changed(BOOKED, time_zone="Africa/Abidjan"),
    "long_address": replace(BOOKED, attendee="alexandra.of-a-long-name@clients.example.org"),
}


def lines(invitation):
    return render_invitation(invitation).decode().replace("\r\n ", "").split("\r\n")


@pytest.mark.parametrize(
    "name", ["booked", "moved", "cancelled", "requested", "reminder", "like_utc", "long_address"]
)
def test_invitation_equals_its_golden_file(name, golden):
    body = render_invitation(ALL[name]).decode()
    assert body.count("\n") == body.count("\r\n")
    golden(f"invitations/{name}.ics", body.replace("\r\n", "\n"))


@pytest.mark.parametrize("name", ALL)
def test_four_readers_agree_about_every_invitation(name):
    invitation = ALL[name]
    body = render_invitation(invitation)
    expected = {
        "uid": invitation.entry.uid,
        "sequence": invitation.entry.sequence,
        "summary": "Appointment",
        "status": invitation.entry.status.value,
        "start": invitation.entry.starts_at,
        "end": invitation.entry.ends_at,
        "organizer": "mailto:clinic@example.org",
        "attendees": [f"mailto:{invitation.attendee}"],
        "alarms": int(invitation.reminder_minutes is not None),
    }
    assert as_icalendar_reads(body) == (invitation.method, expected)
    assert as_vobject_reads(body) == (invitation.method, expected)
    assert as_ical_js_reads(body) == (invitation.method, expected)


def as_icalendar_reads(body):
    calendar = icalendar.Calendar.from_ical(body)
    (event,) = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), {
        "uid": str(event["UID"]),
        "sequence": event["SEQUENCE"],
        "summary": str(event["SUMMARY"]),
        "status": str(event["STATUS"]),
        "start": event["DTSTART"].dt.astimezone(UTC),
        "end": event["DTEND"].dt.astimezone(UTC),
        "organizer": str(event["ORGANIZER"]),
        "attendees": [str(event["ATTENDEE"])],
        "alarms": len(event.walk("VALARM")),
    }


def as_vobject_reads(body):
    calendar = vobject.readOne(body.decode())
    event = calendar.vevent
    return calendar.method.value, {
        "uid": event.uid.value,
        "sequence": int(event.sequence.value),
        "summary": event.summary.value,
        "status": event.status.value,
        "start": event.dtstart.value.astimezone(UTC),
        "end": event.dtend.value.astimezone(UTC),
        "organizer": event.organizer.value,
        "attendees": [one.value for one in event.attendee_list],
        "alarms": len(getattr(event, "valarm_list", [])),
    }


def as_ical_js_reads(body):
    read = read_with_ical_js(body)
    (event,) = read["events"]
    event |= {key: datetime.fromisoformat(event[key]) for key in ("start", "end")}
    return read["method"], event


def test_khal_keeps_one_entry_and_moves_and_crosses_it_out(tmp_path):
    seen = []
    for invitation in (BOOKED, MOVED, CANCELLED):
        imported(render_invitation(invitation), tmp_path)
        shown = listed(tmp_path, first=date(2026, 12, 1), days=7, time_zone="Europe/Lisbon")
        files = list((tmp_path / "calendar").glob("*.ics"))
        seen.append((len(files), shown))

    assert seen == [
        (1, [_shown("2026-12-01 18:00", "2026-12-01 19:20")]),
        (1, [_shown("2026-12-02 18:00", "2026-12-02 19:20")]),
        (1, [_shown("2026-12-02 18:00", "2026-12-02 19:20", "CANCELLED")]),
    ]


@settings(max_examples=150, deadline=None)
@given(
    start=st.datetimes(datetime(2024, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
    length=st.integers(1, 3000),
    zone=st.sampled_from(
        ["Europe/Lisbon", "Europe/Dublin", "America/Santiago", "Africa/Abidjan", "Asia/Gaza", "UTC"]
    ),
    status=st.sampled_from(EntryStatus),
    summary=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\\\ufeff")),
    all_day=st.booleans(),
    transparent=st.booleans(),
    reminder=st.none() | st.integers(0, 20160),
)
def test_invitation_and_feed_say_the_same_of_any_appointment_to_the_byte(
    start, length, zone, status, summary, all_day, transparent, reminder
):
    entry = replace(
        BOOKED.entry,
        starts_at=start,
        ends_at=start + timedelta(minutes=length),
        time_zone=zone,
        status=status,
        summary=summary,
        all_day=all_day,
        transparent=transparent,
    )
    body = render_invitation(replace(BOOKED, entry=entry, reminder_minutes=reminder)).decode()
    invited = "BEGIN:VEVENT\r\n" + body[body.index("UID:") : body.index("END:VCALENDAR")]
    shown = render_entry(entry)
    assert invited == (shown if reminder is None else with_reminder(shown, minutes=reminder))


def test_zone_is_described_only_when_the_times_name_it():
    assert [line for line in lines(BOOKED) if line.startswith("TZID")] == ["TZID:Europe/Lisbon"]
    assert "BEGIN:VTIMEZONE" not in lines(ALL["utc"])


def test_method_follows_the_status():
    methods = {name: invitation.method for name, invitation in ALL.items()}
    assert {name for name, method in methods.items() if method is Method.CANCEL} == {"cancelled"}


def test_no_place_is_told_and_no_answer_is_asked_for():
    placed = replace(BOOKED, entry=replace(BOOKED.entry, location="Couples Clinic"))
    text = "\n".join(lines(placed))
    assert "LOCATION" not in text
    assert "RSVP=FALSE" in text
    assert "PARTSTAT=ACCEPTED" in text


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("o'neil+x@example.org", "mailto:o'neil+x@example.org"),
        ("zoë@example.org", "mailto:zo%C3%AB@example.org"),
        ("a%b@example.org", "mailto:a%25b@example.org"),
        ("a\r\nDESCRIPTION:x@example.org", "mailto:a%0D%0ADESCRIPTION%3Ax@example.org"),
    ],
)
def test_odd_addresses_stay_in_their_property(address, written):
    (attendee,) = [
        line for line in lines(replace(BOOKED, attendee=address)) if line.startswith("ATTENDEE")
    ]
    assert attendee.endswith(":" + written)


def _shown(starts, ends, status="CONFIRMED"):
    return Shown(
        title="Appointment",
        starts=starts,
        ends=ends,
        location="",
        status=status,
        cancelled=status == "CANCELLED",
    )
