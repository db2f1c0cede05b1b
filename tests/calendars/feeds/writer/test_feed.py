from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import icalendar
import pytest

from clinic.calendars.feeds.writer.feed import (
    EntryStatus,
    Feed,
    busy_entries,
    etag,
    join_feed,
    render_busy,
    render_entry,
    render_feed,
    with_reminder,
)
from tests.support.calendars.sample_feed import (
    CANCELLED,
    ENTRIES,
    HOLD,
    MADE,
    SESSION,
    SUMMER,
    THERAPIST,
    TIME_OFF,
    name_of,
    unfolded,
)
from tests.support.paths import GOLDEN

FOLDER = GOLDEN / "feeds"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("therapist", render_feed(THERAPIST)),
        ("reminders", render_feed(replace(THERAPIST, reminder_minutes=30))),
        ("busy", render_busy(THERAPIST)),
        ("empty", render_feed(Feed("Sessions", "Europe/Lisbon", ()))),
        ("empty_utc", render_feed(Feed("Sessions", "UTC", ()))),
        ("second_passing", render_feed(Feed("Sessions", "Europe/Lisbon", (replace(
            SESSION,
            starts_at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
            ends_at=datetime(2026, 10, 25, 2, 50, tzinfo=UTC),
        ),)))),
    ],
)  # fmt: skip
def test_a_feed_is_the_golden_file_byte_for_byte(name, body):
    assert body == (FOLDER / f"{name}.ics").read_bytes()


# What the calendar says of itself


def test_the_calendar_says_its_version_name_zone_and_how_often_to_come_back():
    head = unfolded(render_feed(THERAPIST))[:10]
    assert head == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Clinic//Calendar//EN",
        "CALSCALE:GREGORIAN",
        "NAME:Sessões — Garden Clinic",
        "X-WR-CALNAME:Sessões — Garden Clinic",
        "X-WR-TIMEZONE:Europe/Lisbon",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        "BEGIN:VTIMEZONE",
    ]


def test_no_line_names_a_person_a_link_or_a_method():
    names = {
        name_of(line) for line in unfolded(render_feed(replace(THERAPIST, reminder_minutes=30)))
    }
    assert names == {
        *("BEGIN", "END", "VERSION", "PRODID", "CALSCALE", "NAME", "X-WR-CALNAME"),
        *("X-WR-TIMEZONE", "REFRESH-INTERVAL", "X-PUBLISHED-TTL"),
        *("TZID", "RRULE", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME"),
        *("UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "LOCATION", "STATUS", "TRANSP", "CLASS"),
        *("SEQUENCE", "CREATED", "LAST-MODIFIED"),
        *("ACTION", "DESCRIPTION", "TRIGGER"),
    }


def test_the_calendar_itself_has_no_uid():
    outside = render_feed(THERAPIST).partition(b"BEGIN:VEVENT")[0]
    assert b"UID:" not in outside


@pytest.mark.parametrize(
    ("zone", "written"),
    [("Europe/Lisbon", "Europe/Lisbon"), ("UTC", "Etc/UTC"), ("Africa/Cairo", "Etc/UTC")],
)
def test_an_empty_feed_keeps_a_zone_so_that_it_is_not_without_components(zone, written):
    body = render_feed(Feed("Sessions", zone, ()))
    assert [line for line in unfolded(body) if line.startswith(("BEGIN:V", "TZID"))] == [
        "BEGIN:VCALENDAR",
        "BEGIN:VTIMEZONE",
        f"TZID:{written}",
    ]
    assert len(icalendar.Calendar.from_ical(body).subcomponents) == 1


def test_a_zone_is_written_once_for_the_feed_and_each_of_its_entries():
    zones = [line for line in unfolded(render_feed(THERAPIST)) if line.startswith("TZID:")]
    assert zones == ["TZID:America/New_York", "TZID:Europe/Lisbon"]


# What an entry says


def test_an_entry_is_written_whole():
    assert render_entry(SESSION).split("\r\n") == [
        "BEGIN:VEVENT",
        "UID:0b9fae2e-31c4-4d2a-9d0c-6f7f0f1f6a01",
        "DTSTAMP:20261102T093000Z",
        "DTSTART;TZID=Europe/Lisbon:20261201T180000",
        "DTEND;TZID=Europe/Lisbon:20261201T192000",
        "SUMMARY:Couples session",
        "LOCATION:Garden room",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "CLASS:PRIVATE",
        "SEQUENCE:0",
        "CREATED:20261102T093000Z",
        "LAST-MODIFIED:20261102T093000Z",
        "END:VEVENT",
        "",
    ]


def test_a_moved_entry_keeps_its_uid_and_raises_its_sequence():
    moved = replace(
        SESSION,
        sequence=1,
        starts_at=SESSION.starts_at + timedelta(days=1),
        ends_at=SESSION.ends_at + timedelta(days=1),
        updated_at=MADE + timedelta(hours=1),
    )
    assert _changed(SESSION, moved) == [
        "DTSTAMP:20261102T103000Z",
        "DTSTART;TZID=Europe/Lisbon:20261202T180000",
        "DTEND;TZID=Europe/Lisbon:20261202T192000",
        "SEQUENCE:1",
        "LAST-MODIFIED:20261102T103000Z",
    ]


def test_a_cancelled_entry_stays_and_leaves_its_time_free():
    cancelled = replace(SESSION, status=EntryStatus.CANCELLED, sequence=1)
    assert _changed(SESSION, cancelled) == [
        "STATUS:CANCELLED",
        "TRANSP:TRANSPARENT",
        "SEQUENCE:1",
    ]


def test_a_hold_is_tentative_and_takes_its_time():
    hold = replace(SESSION, status=EntryStatus.TENTATIVE)
    assert _changed(SESSION, hold) == ["STATUS:TENTATIVE"]


def test_a_transparent_entry_leaves_its_time_free():
    assert _changed(SESSION, replace(SESSION, transparent=True)) == ["TRANSP:TRANSPARENT"]


@pytest.mark.parametrize("place", [None, ""])
def test_an_entry_without_a_place_has_no_location(place):
    assert "LOCATION" not in render_entry(replace(SESSION, location=place))


def test_revision_times_are_those_of_the_row_in_utc_whatever_zone_they_come_in():
    elsewhere = SESSION.updated_at.astimezone(ZoneInfo("Asia/Kolkata"))
    assert render_entry(
        replace(SESSION, updated_at=elsewhere, created_at=elsewhere)
    ) == render_entry(SESSION)


# Times


@pytest.mark.parametrize(
    ("zone", "starts", "written"),
    [
        ("Europe/Lisbon", (2026, 12, 1, 18), "DTSTART;TZID=Europe/Lisbon:20261201T180000"),
        ("Europe/Lisbon", (2027, 7, 1, 17), "DTSTART;TZID=Europe/Lisbon:20270701T180000"),
        ("Asia/Kathmandu", (2026, 12, 1, 18), "DTSTART;TZID=Asia/Kathmandu:20261201T234500"),
        ("UTC", (2026, 12, 1, 18), "DTSTART:20261201T180000Z"),
        ("Etc/UTC", (2026, 12, 1, 18), "DTSTART:20261201T180000Z"),
        ("Africa/Cairo", (2026, 12, 1, 18), "DTSTART:20261201T180000Z"),
        ("No/Where", (2026, 12, 1, 18), "DTSTART:20261201T180000Z"),
    ],
)
def test_a_time_is_a_wall_time_with_its_zone_or_utc(zone, starts, written):
    start = datetime(*starts, tzinfo=UTC)
    entry = replace(SESSION, time_zone=zone, starts_at=start, ends_at=start + timedelta(hours=1))
    assert _line(entry, "DTSTART") == written


def test_a_repeated_hour_is_a_wall_time_the_first_time_and_utc_the_second():
    """A reader takes 01:30 with a TZID for the first 01:30 (RFC 5545 section 3.3.5)."""
    first = replace(
        SESSION,
        starts_at=datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        ends_at=datetime(2026, 10, 25, 0, 50, tzinfo=UTC),
    )
    second = replace(
        first,
        starts_at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        ends_at=datetime(2026, 10, 25, 1, 50, tzinfo=UTC),
    )
    assert _line(first, "DTSTART") == "DTSTART;TZID=Europe/Lisbon:20261025T013000"
    assert _line(second, "DTSTART") == "DTSTART:20261025T013000Z"


def test_both_ends_have_the_same_form_when_only_one_needs_utc():
    into = replace(
        SESSION,
        starts_at=datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        ends_at=datetime(2026, 10, 25, 1, 50, tzinfo=UTC),
    )
    assert (_line(into, "DTSTART"), _line(into, "DTEND")) == (
        "DTSTART:20261025T003000Z",
        "DTEND:20261025T015000Z",
    )


@pytest.mark.parametrize(
    ("zone", "starts", "ends", "written"),
    [
        ("Europe/Lisbon", (2026, 12, 4, 0), (2026, 12, 5, 0), ("20261204", "20261205")),
        ("Europe/Lisbon", (2027, 7, 1, 23), (2027, 7, 3, 23), ("20270702", "20270704")),
        ("America/New_York", (2026, 12, 4, 5), (2026, 12, 5, 5), ("20261204", "20261205")),
        ("Europe/Lisbon", (2026, 12, 4, 9), (2026, 12, 4, 17), ("20261204", "20261205")),
        ("UTC", (2026, 12, 4, 0), (2026, 12, 5, 0), ("20261204", "20261205")),
    ],
)
def test_all_day_time_off_is_dates_with_an_exclusive_end(zone, starts, ends, written):
    entry = replace(
        TIME_OFF,
        time_zone=zone,
        starts_at=datetime(*starts, tzinfo=UTC),
        ends_at=datetime(*ends, tzinfo=UTC),
    )
    assert _line(entry, "DTSTART") == f"DTSTART;VALUE=DATE:{written[0]}"
    assert _line(entry, "DTEND") == f"DTEND;VALUE=DATE:{written[1]}"


@pytest.mark.parametrize("field", ["starts_at", "ends_at", "created_at", "updated_at"])
def test_a_time_without_a_zone_is_refused(field):
    with pytest.raises(ValueError, match="aware"):
        replace(SESSION, **{field: datetime(2026, 12, 1, 18)})


def test_an_entry_that_does_not_end_after_its_start_is_refused():
    with pytest.raises(ValueError, match="ends after"):
        replace(SESSION, ends_at=SESSION.starts_at)


# Reminders


def test_a_reminder_is_shown_before_each_coming_session_and_names_it():
    alarm = [
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Couples session",
        "TRIGGER:-PT30M",
        "END:VALARM",
    ]
    with_alarm = with_reminder(render_entry(SESSION), minutes=30).split("\r\n")
    assert with_alarm == [*render_entry(SESSION).split("\r\n")[:-2], *alarm, "END:VEVENT", ""]


@pytest.mark.parametrize("entry", [CANCELLED, TIME_OFF, replace(SESSION, transparent=True)])
def test_nothing_reminds_of_what_takes_no_hour(entry):
    assert with_reminder(render_entry(entry), minutes=30) == render_entry(entry)


def test_no_reminder_unless_the_subscriber_asked_for_one():
    assert b"VALARM" not in render_feed(THERAPIST)


def test_a_long_summary_is_folded_anew_in_its_reminder():
    entry = replace(SESSION, summary="Sessão, " * 20 + "fim")
    text = with_reminder(render_entry(entry), minutes=5)
    event = icalendar.Event.from_ical(text)
    assert event.walk("VALARM")[0]["DESCRIPTION"] == event["SUMMARY"] == entry.summary
    assert max(map(len, text.encode().split(b"\r\n"))) <= 75


# The same data, the same bytes


def test_entries_in_any_order_give_the_same_bytes_and_tag():
    other = render_feed(replace(THERAPIST, entries=ENTRIES[::-1]))
    assert other == render_feed(THERAPIST)
    assert etag(other) == etag(render_feed(THERAPIST))


def test_entries_are_in_order_of_start_then_uid():
    twin = replace(SESSION, uid="00000000-0000-4000-8000-000000000000")
    body = render_feed(replace(THERAPIST, entries=(*ENTRIES[::-1], twin)))
    uids = [line[4:] for line in unfolded(body) if line.startswith("UID:")]
    assert uids == [twin.uid, *(entry.uid for entry in ENTRIES)]


def test_any_change_changes_the_tag():
    bodies = {render_feed(replace(THERAPIST, entries=ENTRIES[:n])) for n in range(6)}
    tags = {etag(body) for body in bodies}
    assert len(tags) == 6
    assert all(len(tag) == 32 and tag.isalnum() for tag in tags)


@pytest.mark.parametrize("minutes", [None, 30])
def test_joining_stored_entries_gives_the_same_feed_as_rendering_it(minutes):
    joined = join_feed(
        THERAPIST.name,
        time_zone=THERAPIST.time_zone,
        zones=[entry.time_zone for entry in ENTRIES],
        rendered_entries=[render_entry(entry) for entry in ENTRIES],
        reminder_minutes=minutes,
    )
    assert joined == render_feed(replace(THERAPIST, reminder_minutes=minutes))


def test_a_year_and_a_half_of_a_full_diary_is_well_under_a_megabyte():
    week = timedelta(weeks=1)
    entries = tuple(
        replace(
            SESSION,
            uid=str(UUID(int=n)),
            starts_at=SESSION.starts_at + n * week / 20,
            ends_at=SESSION.ends_at + n * week / 20,
        )
        for n in range(78 * 20)
    )
    assert len(render_feed(replace(THERAPIST, entries=entries))) < 650_000


# Busy times


def test_the_busy_feed_tells_when_but_not_what_or_where():
    assert _changed(SESSION, busy_entries((SESSION,))[0]) == [
        "UID:e194ff34-638e-55ad-b8b0-2b427149c074",
        "SUMMARY:Busy",
    ]
    assert busy_entries((SESSION,)) == busy_entries(
        (replace(SESSION, location="Street", summary="A and B"),)
    )


def test_the_busy_feed_has_one_entry_for_each_appointment_that_takes_time():
    free = replace(SUMMER, transparent=True)
    assert [(entry.starts_at, entry.status) for entry in busy_entries((*ENTRIES, free))] == [
        (SESSION.starts_at, EntryStatus.CONFIRMED),
        (HOLD.starts_at, EntryStatus.TENTATIVE),
        (TIME_OFF.starts_at, EntryStatus.CONFIRMED),
        (SUMMER.starts_at, EntryStatus.CONFIRMED),
    ]


def test_a_busy_uid_is_lasting_bare_and_not_the_appointments():
    moved = replace(SESSION, sequence=4, starts_at=SESSION.starts_at - timedelta(days=3))
    (busy,), (later,) = busy_entries((SESSION,)), busy_entries((moved,))
    assert busy.uid == later.uid != SESSION.uid
    assert str(UUID(busy.uid)) == busy.uid


def test_the_busy_feed_does_not_remind_and_speaks_the_readers_language():
    body = render_busy(replace(THERAPIST, reminder_minutes=30), summary="Ocupado")
    assert b"VALARM" not in body
    assert body.count(b"SUMMARY:Ocupado\r\n") == body.count(b"BEGIN:VEVENT") == 4


def _line(entry, name):
    return next(line for line in render_entry(entry).split("\r\n") if line.startswith(name))


def _changed(before, after):
    old = render_entry(before).split("\r\n")
    return [line for line in render_entry(after).split("\r\n") if line not in old]
