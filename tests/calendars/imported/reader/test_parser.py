from __future__ import annotations

import pytest

from clinic.calendars.imported.reader.busy_times import busy_from_ics
from clinic.calendars.imported.reader.limits import OutsideBroken
from clinic.calendars.imported.reader.parser import (
    PropertyLine,
    RawCalendar,
    RawEvent,
    read_calendars,
    split_line,
)
from tests.support.calendars.ics_text import (
    BERLIN,
    GOOD,
    GOOD_SPAN,
    WINDOW,
    busy,
    calendar,
    event,
    show,
    timed,
)


def test_texts_alarms_and_attachments_do_nothing():
    alarm = "BEGIN:VALARM\nACTION:PROCEDURE\nTRIGGER:-PT15M\nDURATION:PT5H\nREPEAT:99\nATTACH:file:///bin/sh\nEND:VALARM"
    texts = (
        'SUMMARY:<script>alert(1)</script>=cmd|"/c calc"!A1\nDESCRIPTION:javascript:alert(1)\u202e\n'
        'ATTACH:http://127.0.0.1/\nIMAGE;VALUE=URI:http://127.0.0.1/x.png\nATTENDEE;CN="a:b;c":mailto:a@example.org'
    )
    assert busy(f"{GOOD}\n{texts}\n{alarm}") == [GOOD_SPAN]


def test_quotes_parameters_folds_and_line_ends_are_read():
    many = ";".join(f"X-P{number}=v" for number in range(5000))
    odd = (
        f'UID:1\nDTSTART;X-Q="a:b;c";{many};TZID="Europe/Berlin":20260601T100000\nDURATION:P\n T1H'
    )
    assert busy(odd) == [GOOD_SPAN]
    for raw in (calendar(GOOD).replace(b"\r\n", b"\n"), calendar(GOOD).replace(b"\r\n", b"\r"), b"\xef\xbb\xbf" + calendar(GOOD),
                calendar(GOOD).lower().replace(b"t08", b"T08").replace(b"t09", b"T09").replace(b"00z", b"00Z"),
                calendar(GOOD + "\nSUMMARY:\xff").replace("\xff".encode(), b"\xff")):  # fmt: skip
        assert show(busy_from_ics(raw, window=WINDOW, zone=BERLIN).busy) == [GOOD_SPAN]


def test_nested_and_foreign_components_do_not_count():
    deep = "BEGIN:X-DEEP\n" * 3000 + event(GOOD.replace("0601", "0701")) + "END:X-DEEP\n" * 3000
    todo = "BEGIN:VTODO\nDTSTART:20260701T080000Z\nDUE:20260701T090000Z\nEND:VTODO\n"
    assert busy(GOOD, tail=deep + todo) == [GOOD_SPAN]


def test_two_calendars_in_one_file_each_keep_their_zone():
    floating = timed("20260601T100000", "20260601T110000", tzid="")
    both = calendar(floating) + calendar(floating, head="X-WR-TIMEZONE:America/New_York\n")
    assert show(busy_from_ics(both, window=WINDOW, zone=BERLIN).busy) == [
        GOOD_SPAN,
        "0601 1400-1500",
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"   \r\n", b"<!DOCTYPE html><html>Sign in</html>", b'{"busy": []}', b"%PDF-1.7", calendar(GOOD).decode().encode("utf-16"),
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>', calendar(GOOD)[:-20], calendar(GOOD)[:60], b"BEGIN:VEVENT\nEND:VEVENT\n",
        calendar(GOOD).replace(b"END:VEVENT", b"END:VTODO"), calendar(GOOD) + b"<html>", b"HTTP/1.1 200 OK\n" + calendar(GOOD), b"\x00" * 100,
    ],
)  # fmt: skip
def test_what_is_no_complete_calendar_is_refused(data):
    with pytest.raises(OutsideBroken):
        busy_from_ics(data, window=WINDOW, zone=BERLIN)


def test_a_file_is_read_into_the_lines_that_shape_time():
    head = (
        "METHOD:publish\nX-WR-TIMEZONE: Europe/Berlin \n"
        "BEGIN:VTIMEZONE\nTZID:Own\nBEGIN:STANDARD\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    first = "UID:1\nSUMMARY:Secret\nDTSTART;tzid=Own:20260601T100000\nRDATE:a\nRDATE:b"

    assert read_calendars(calendar(first, "UID:2", head=head)) == [
        RawCalendar(
            zone_name="Europe/Berlin",
            method="PUBLISH",
            events=[
                RawEvent(
                    1,
                    {
                        "UID": [PropertyLine({}, "1")],
                        "DTSTART": [PropertyLine({"TZID": "Own"}, "20260601T100000")],
                        "RDATE": [PropertyLine({}, "a"), PropertyLine({}, "b")],
                    },
                ),
                RawEvent(2, {"UID": [PropertyLine({}, "2")]}),
            ],
            timezones=[["TZID:Own", "BEGIN:STANDARD", "TZOFFSETTO:+0100", "END:STANDARD"]],
        )
    ]


def test_the_first_line_of_a_name_counts():
    event = RawEvent(1, {"UID": [PropertyLine({}, "one"), PropertyLine({}, "two")]})

    assert (event.first("UID"), event.text("UID")) == (PropertyLine({}, "one"), "one")
    assert (event.first("DTEND"), event.text("DTEND")) == (None, "")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("summary:a:b", ("SUMMARY", PropertyLine({}, "a:b"))),
        (
            "DTSTART;TZID=tzone://X:20260601",
            ("DTSTART", PropertyLine({"TZID": "tzone://X"}, "20260601")),
        ),
        (
            'X-A;CN="a:b;c";role=CHAIR: v ',
            ("X-A", PropertyLine({"CN": "a:b;c", "ROLE": "CHAIR"}, "v")),
        ),
        ("no colon at all", None),
        ('X-A;CN="a:b', None),
    ],
)
def test_a_content_line_is_split_into_name_parameters_and_value(text, read):
    assert split_line(text) == read
