from __future__ import annotations

import pytest

from tests.support.calendars.ics_text import (
    BERLIN,
    GOOD,
    GOOD_SPAN,
    busy,
    read,
    show,
    timed,
)


def test_floating_times_are_those_of_the_calendar_or_else_of_the_therapist():
    floating = timed("20260601T100000", "20260601T110000", tzid="")
    assert busy(floating) == [GOOD_SPAN]
    assert busy(floating, head="X-WR-TIMEZONE:America/New_York\n") == ["0601 1400-1500"]


@pytest.mark.parametrize(
    "tzid",
    [
        "Europe/Berlin", '"Europe/Berlin"', "europe/berlin", "W. Europe Standard Time",
        "/freeassociation.sourceforge.net/Europe/Berlin", "/mozilla.org/20050126_1/Europe/Berlin",
    ],
)  # fmt: skip
def test_zone_names_of_all_sorts_are_understood(tzid):
    assert busy(timed("20260601T100000", "20260601T110000", tzid=tzid)) == [GOOD_SPAN]
    assert busy(timed("20260101T100000", "20260101T110000", tzid=tzid)) == ["0101 0900-1000"]


@pytest.mark.parametrize(
    "tzid",
    [
        "Nowhere/Land",
        "../../etc/passwd",
        "/etc/localtime",
        "localtime",
        "a/" * 400,
        "x" * 800,
        "Ünï",
        "GMT+0100",
    ],
)
def test_an_unknown_zone_is_the_therapists_with_a_warning(tzid):
    found = read(timed("20260601T100000", "20260601T110000", tzid=tzid), GOOD)
    assert show(found.busy) == [GOOD_SPAN]
    (warning,) = found.warnings
    assert warning == f"The time zone “{tzid[:60]}” is not known; Europe/Berlin was used instead."


EASTERN = """BEGIN:VTIMEZONE
TZID:{name}
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


def test_a_zone_name_with_colons_and_no_quotes_is_a_zone_name_like_any_other():
    name = "tzone://Microsoft/Custom"
    entry = timed("20260601T100000", "20260601T110000", tzid=name)
    assert busy(entry, head=EASTERN.format(name=name)) == ["0601 1400-1500"]
    unknown = read(entry)
    assert (show(unknown.busy), unknown.warnings) == (
        [GOOD_SPAN],
        [f"The time zone “{name}” is not known; Europe/Berlin was used instead."],
    )


def test_a_zone_in_the_file_counts_only_for_a_name_that_is_not_iana():
    for name in ("Custom Zone 1", "W. Europe Standard Time"):
        entries = [
            timed(f"2026{day}T100000", f"2026{day}T110000", tzid=name) for day in ("0601", "1202")
        ]
        head = EASTERN.format(name=name)
        assert busy(*entries, head=head) == ["0601 1400-1500", "1202 1500-1600"]
    head = EASTERN.format(name=BERLIN)
    assert busy(timed("20260601T100000", "20260601T110000"), head=head) == [GOOD_SPAN]


def test_clock_changes_of_a_zone_in_the_file_follow_the_standard():
    head = EASTERN.format(name="Custom")
    gap = timed("20260308T023000", "20260308T033000", tzid="Custom")  # 02:30 does not exist
    fold = timed("20261101T013000", "20261101T014500", tzid="Custom")  # 01:30 comes twice
    assert busy(gap, head=head) == ["0308 0730-0830"]
    assert busy(fold, head=head) == ["1101 0530-0545"]


def test_a_bomb_inside_a_zone_is_not_lit():
    for rule in (
        "FREQ=SECONDLY",
        "FREQ=YEARLY;BYHOUR=1,2,3",
        "FREQ=YEARLY;BYDAY=2XX",
        "nonsense",
        "FREQ=YEARLY;X",
    ):
        head = EASTERN.format(name="Bomb").replace("FREQ=YEARLY;BYDAY=2SU;BYMONTH=3", rule)
        found = read(timed("20260601T100000", "20260601T110000", tzid="Bomb"), head=head)
        assert (show(found.busy), len(found.warnings)) == ([GOOD_SPAN], 1)


def test_a_doubled_time_is_the_first_of_the_two():
    assert busy(timed("20261025T023000", "20261025T024500")) == ["1025 0030-0045"]
