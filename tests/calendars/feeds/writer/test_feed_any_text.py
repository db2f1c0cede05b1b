from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import icalendar
import vobject
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clinic.calendars.feeds.writer.content_lines import clean, escape
from clinic.calendars.feeds.writer.feed import Feed, render_entry, render_feed, with_reminder
from tests.support.calendars.sample_feed import SESSION, name_of, unfolded

_HARD = st.sampled_from(
    [
        *list('\\;,:"\n\r\t\x0b\x85\u2028\u2029\x00\x7f éß漢👩\u200d\ufeff'),
        "\r\nEND:VEVENT\r\n",
        "\\n",
        "BEGIN:VALARM",
        "\r\n ",
    ]
)
_TEXTS = st.lists(st.one_of(st.characters(), _HARD), max_size=120).map("".join)


@settings(max_examples=150, deadline=None)
@given(summary=_TEXTS, location=_TEXTS)
@example(
    summary="Session\r\nATTENDEE:mailto:someone@example.org", location="x\nEND:VEVENT\nBEGIN:VEVENT"
)
@example(summary="\\" * 200, location="漢" * 100 + "\\n" * 40)
@example(summary=" " * 200, location="\t" * 200)
@example(summary="END:VEVENT", location="x\\")
def test_any_text_is_read_back_and_cannot_add_a_line(summary, location):
    entry = replace(SESSION, summary=summary, location="Room " + location)
    body = render_feed(Feed(summary, "Europe/Lisbon", (entry,), reminder_minutes=10))
    _assert_well_formed(body)
    plain = render_feed(
        Feed(
            "x",
            "Europe/Lisbon",
            (replace(SESSION, summary="x", location="y"),),
            reminder_minutes=10,
        )
    )
    assert [name_of(line) for line in unfolded(body)] == [name_of(line) for line in unfolded(plain)]
    assert f"NAME:{escape(summary)}" in unfolded(body)
    event = icalendar.Calendar.from_ical(body).walk("VEVENT")[0]
    assert str(event["SUMMARY"]) == clean(summary)
    assert vobject.readOne(body.decode()).vevent.summary.value == clean(summary)
    assert str(event["LOCATION"]) == clean("Room " + location)
    assert str(event.walk("VALARM")[0]["DESCRIPTION"]) == clean(summary)


@settings(max_examples=100, deadline=None)
@given(text=_TEXTS)
def test_a_stored_entry_takes_its_reminder_in_the_right_place(text):
    reminding = with_reminder(render_entry(replace(SESSION, summary=text)), minutes=5)
    assert reminding.count("\r\nEND:VALARM\r\nEND:VEVENT\r\n") == 1


@settings(max_examples=200, deadline=None)
@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from(
        [
            "Europe/Lisbon",
            "America/New_York",
            "America/Santiago",
            "Australia/Lord_Howe",
            "Asia/Jerusalem",
            "Africa/Cairo",
        ]
    ),
)
def test_every_instant_is_read_back(start, zone):
    start = start.replace(microsecond=0)
    entry = replace(SESSION, time_zone=zone, starts_at=start, ends_at=start + timedelta(minutes=80))
    event = icalendar.Calendar.from_ical(render_feed(Feed("x", zone, (entry,)))).walk("VEVENT")[0]
    assert (event.start.astimezone(UTC), event.end.astimezone(UTC)) == (
        entry.starts_at,
        entry.ends_at,
    )


def _assert_well_formed(body):
    assert body.endswith(b"\r\n")
    lines = body[:-2].split(b"\r\n")
    assert max(map(len, lines)) <= 75
    for line in lines:
        text = line.decode()
        assert len(text.splitlines()) == 1
        assert not any(ord(char) < 32 and char != "\t" for char in text)
        assert (len(text) - len(text.rstrip("\\"))) % 2 == 0
