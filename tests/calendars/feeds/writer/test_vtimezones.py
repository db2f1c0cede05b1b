from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from importlib.resources import files

import pytest
from dateutil.rrule import rrulestr

from clinic.calendars.feeds.writer.vtimezones import parse_footer, vtimezone, wall_time, zone_text

FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
ZONES = set(files("tzdata").joinpath("zones").read_text().split())
WRITTEN = sorted(zone for zone in ZONES if vtimezone(zone))

LISBON = """\
BEGIN:VTIMEZONE
TZID:Europe/Lisbon
BEGIN:STANDARD
DTSTART:19701025T020000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0000
TZNAME:WET
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T010000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0000
TZOFFSETTO:+0100
TZNAME:WEST
END:DAYLIGHT
END:VTIMEZONE
"""

NEW_YORK = """\
BEGIN:VTIMEZONE
TZID:America/New_York
BEGIN:STANDARD
DTSTART:19701101T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
TZNAME:EST
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700308T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
TZNAME:EDT
END:DAYLIGHT
END:VTIMEZONE
"""

SANTIAGO = """\
BEGIN:VTIMEZONE
TZID:America/Santiago
BEGIN:STANDARD
DTSTART:19700405T000000
RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=SU;BYMONTHDAY=2,3,4,5,6,7,8
TZOFFSETFROM:-0300
TZOFFSETTO:-0400
TZNAME:-04
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700906T000000
RRULE:FREQ=YEARLY;BYMONTH=9;BYDAY=SU;BYMONTHDAY=2,3,4,5,6,7,8
TZOFFSETFROM:-0400
TZOFFSETTO:-0300
TZNAME:-03
END:DAYLIGHT
END:VTIMEZONE
"""

KATHMANDU = """\
BEGIN:VTIMEZONE
TZID:Asia/Kathmandu
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0545
TZOFFSETTO:+0545
TZNAME:+0545
END:STANDARD
END:VTIMEZONE
"""


@pytest.mark.parametrize("text", [LISBON, NEW_YORK, SANTIAGO, KATHMANDU])
def test_a_zone_is_written_as_checked_by_hand(text):
    zone = text.split("\n")[1].removeprefix("TZID:")
    assert vtimezone(zone) == text.replace("\n", "\r\n")


def test_irish_summer_time_is_daylight_although_the_law_calls_it_standard():
    lines = vtimezone("Europe/Dublin").split("\r\n")
    assert [line for line in lines if line.startswith(("BEGIN:", "TZNAME:", "TZOFFSETTO:"))] == [
        "BEGIN:VTIMEZONE",
        "BEGIN:STANDARD",
        "TZOFFSETTO:+0000",
        "TZNAME:GMT",
        "BEGIN:DAYLIGHT",
        "TZOFFSETTO:+0100",
        "TZNAME:IST",
    ]


@pytest.mark.parametrize(
    "zone",
    [
        "UTC",  # written with Z, never as a zone
        "Etc/UTC",
        "Africa/Cairo",  # the day after the last Thursday of October may lie in November
        "Asia/Gaza",  # goes by the moon until 2086
        "Factory",  # "not known"
        "Europe/Nowhere",
        "GMT Standard Time",
        "../../../etc/passwd",
        "",
    ],
)
def test_a_zone_no_yearly_rule_can_say_has_no_text(zone):
    assert vtimezone(zone) is None
    assert wall_time(datetime(2026, 12, 1, 10, tzinfo=UTC), zone=zone) is None


def test_zones_without_text_are_few_and_known():
    """A change of the pinned zone data that takes the text from a zone shows here."""
    aliases_of_utc = {"UTC", "UCT", "Universal", "Zulu"}
    assert ZONES - set(WRITTEN) == {
        *aliases_of_utc,
        *(f"Etc/{name}" for name in aliases_of_utc),
        "Africa/Cairo",
        "Egypt",
        "Asia/Gaza",
        "Asia/Hebron",
        "Factory",
    }


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Lisbon",
        "Atlantic/Azores",
        "Europe/London",
        "Europe/Berlin",
        "Europe/Dublin",
        "America/New_York",
        "America/Los_Angeles",
        "America/Sao_Paulo",
        "America/Santiago",
        "Africa/Luanda",
        "Africa/Maputo",
        "Asia/Jerusalem",
        "Asia/Kolkata",
        "Australia/Sydney",
        "Australia/Lord_Howe",
        "Pacific/Auckland",
    ],
)
def test_the_rule_of_a_usual_zone_holds_since_long_before_any_feed(zone):
    assert zone_text(zone).holds_from < FIRST


def test_a_zone_has_one_standard_and_at_most_one_daylight_part():
    counts = set()
    for zone in WRITTEN:
        lines = vtimezone(zone).split("\r\n")
        daylight, rules = lines.count("BEGIN:DAYLIGHT"), sum(line[:5] == "RRULE" for line in lines)
        counts.add((lines.count("BEGIN:STANDARD"), daylight, rules))
        assert max(map(len, lines)) <= 75
    assert counts == {(1, 0, 0), (1, 1, 2)}


def test_every_zone_reads_back_with_the_offsets_of_the_zone_data():
    probed = 0
    for zone in WRITTEN:
        written = zone_text(zone)
        onsets = _onsets(_observances(written.text))
        for instant in _probes(onsets):
            if instant >= written.holds_from:
                expected = instant.astimezone(written.wall_clock).utcoffset()
                assert _offset_at(onsets, instant) == expected, (zone, instant)
                probed += 1
    assert probed > 100_000


def test_every_wall_time_read_with_its_zone_is_the_instant_it_was_made_from():
    """As a reader must: a repeated local time is its first passing (RFC 5545 section 3.3.5)."""
    for zone in WRITTEN:
        written = zone_text(zone)
        for instant in _probes(_onsets(_observances(written.text))):
            wall = wall_time(instant, zone=zone)
            if wall is not None:
                assert wall.replace(fold=0).astimezone(UTC) == instant, (zone, instant)
            elif instant >= written.holds_from:
                assert instant.astimezone(written.wall_clock).fold == 1, (zone, instant)


def test_the_second_passing_of_a_repeated_hour_has_no_wall_time():
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert wall_time(first, zone="Europe/Lisbon").isoformat() == "2026-10-25T01:30:00+01:00"
    assert wall_time(second, zone="Europe/Lisbon") is None


def test_an_instant_before_the_present_rule_of_its_zone_has_no_wall_time():
    before, after = datetime(2021, 12, 1, 10, tzinfo=UTC), datetime(2022, 12, 1, 10, tzinfo=UTC)
    assert wall_time(before, zone="America/Mexico_City") is None
    assert wall_time(after, zone="America/Mexico_City").hour == 4


def test_an_offset_that_was_only_declared_lasting_holds_since_it_was_taken():
    """Coyhaique stayed on its summer time in March 2025; its clocks last moved in 2024."""
    instant = datetime(2024, 12, 1, 12, tzinfo=UTC)
    assert wall_time(instant, zone="America/Coyhaique").hour == 9
    assert wall_time(instant - timedelta(days=150), zone="America/Coyhaique") is None


@pytest.mark.parametrize(
    ("footer", "rules"),
    [
        ("<+0330>-3:30", [None]),
        ("EST5EDT,M3.2.0,M11.1.0", ["11;BYDAY=1SU", "3;BYDAY=2SU"]),
        (
            "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
            ["10;BYDAY=-1SU", "3;BYDAY=SA;BYMONTHDAY=24,25,26,27,28,29,30"],
        ),
        (
            "IST-2IDT,M3.4.4/26,M10.5.0",
            ["10;BYDAY=-1SU", "3;BYDAY=FR;BYMONTHDAY=23,24,25,26,27,28,29"],
        ),
        (
            "EET-2EEST,M3.4.4/50,M10.4.4/50",
            [
                "10;BYDAY=SA;BYMONTHDAY=24,25,26,27,28,29,30",
                "3;BYDAY=SA;BYMONTHDAY=24,25,26,27,28,29,30",
            ],
        ),
    ],
)
def test_a_footer_becomes_yearly_rules(footer, rules):
    found = [part.onset and part.onset.rule for part in parse_footer(footer)]
    assert found == [rule and f"FREQ=YEARLY;BYMONTH={rule}" for rule in rules]


@pytest.mark.parametrize(
    "footer",
    [
        "",
        "EST5EDT",  # a change without its days
        "EST5EDT,J60,J300",
        "EST5EDT,60,300",
        "XXX3EDT4,0/0,J365/23",
        "EET-2EEST,M4.5.5/0,M10.5.4/24",  # may fall into November
        "AAA1BBB,M2.5.0/-1,M10.5.0",  # the last days of February are not the same each year
        "AAA1BBB,M3.1.0/-1,M10.5.0",  # may fall into February
        "EST5EDT,M13.2.0,M11.1.0",
        "EST5EDT,M3.2.7,M11.1.0",
    ],
)
def test_a_footer_that_yearly_rules_cannot_say_is_refused(footer):
    assert parse_footer(footer) is None


@lru_cache(maxsize=1024)
def _onsets(observances):
    """Each change from 2023 to 2038 as (instant, offset from then on), read from the text alone."""
    onsets = []
    for start, rule, before, after in observances:
        first = datetime.strptime(start, "%Y%m%dT%H%M%S")
        locals_ = [first]
        if rule:
            locals_ = rrulestr(rule, dtstart=first).between(
                datetime(2023, 1, 1), datetime(2038, 12, 31)
            )
        onsets += [
            ((local - _offset(before)).replace(tzinfo=UTC), _offset(after)) for local in locals_
        ]
    return tuple(sorted(onsets))


def _observances(text):
    """(DTSTART, RRULE or None, TZOFFSETFROM, TZOFFSETTO) of each part."""
    parts, part = [], {}
    for line in text.split("\r\n"):
        name, _, value = line.partition(":")
        part = {} if name == "BEGIN" else {**part, name: value}
        if name == "END" and value != "VTIMEZONE":
            parts.append(
                (part["DTSTART"], part.get("RRULE"), part["TZOFFSETFROM"], part["TZOFFSETTO"])
            )
    return tuple(parts)


def _offset(text):
    size = timedelta(hours=int(text[1:3]), minutes=int(text[3:5]), seconds=int(text[5:] or 0))
    return -size if text[0] == "-" else size


def _offset_at(onsets, instant):
    return onsets[bisect_right(onsets, (instant, timezone.max.utcoffset(None))) - 1][1]


@lru_cache(maxsize=1024)
def _probes(onsets):
    """Instants around every change, and one every six days at moving hours between them."""
    steps = (FIRST + timedelta(days=6, hours=5) * count for count in range(2000))
    around = [timedelta(seconds=second) for second in (-3600, -900, -1, 0, 1, 900, 3599, 3600)]
    near = [onset + by for onset, _ in onsets for by in around]
    return tuple(instant for instant in (*steps, *near) if FIRST <= instant < LAST)
