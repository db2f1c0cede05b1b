from __future__ import annotations

from datetime import datetime

import pytest

from clinic.calendars.imported.reader.limits import SetAside
from clinic.calendars.imported.reader.parser import RawCalendar
from clinic.calendars.imported.reader.recurrence_rules import RecurrenceRule, read_rule
from clinic.calendars.imported.reader.values import Moment
from clinic.calendars.imported.reader.zones import Zones, iana_zone
from tests.support.calendars.ics_text import GOOD_SPAN, WEEKS, busy, timed

LISBON = iana_zone("Europe/Lisbon")
MONDAY = datetime(2026, 6, 1, 10)


def read_text(value):
    start = Moment(MONDAY, LISBON, is_date=False)
    return read_rule(value, start=start, zones=Zones(RawCalendar(), LISBON))


def test_the_day_named_by_until_counts():
    weekly = timed("20260601T100000", "20260601T110000", "RRULE:FREQ=WEEKLY;UNTIL=")
    assert busy(weekly + "20260615") == WEEKS[:3]
    assert busy(weekly + "20260615T080000Z") == WEEKS[:3]
    assert busy(weekly + "20260615T075959Z") == WEEKS[:2]
    assert busy(weekly + "20260615T100000") == WEEKS[:3]
    assert busy(weekly + "20260615T095959") == WEEKS[:2]
    assert busy("UID:1\nDTSTART;VALUE=DATE:20260601\nRRULE:FREQ=DAILY;UNTIL=20260602T000000Z") == [
        "0531 2200-0602 2200"
    ]


def test_a_year_that_stands_for_ever_is_no_mistake():
    endless = timed(
        "20260601T100000", "20260601T110000", "RRULE:FREQ=YEARLY;UNTIL=99991231T235959Z"
    )
    assert busy(endless) == [GOOD_SPAN]


def test_a_rule_is_read_in_the_wall_time_of_its_start():
    assert read_text(
        "freq=weekly;INTERVAL=2;COUNT=5;UNTIL=20260701T090000Z;WKST=SU;BYDAY=MO,-1TU;BYMONTH=6,7"
    ) == RecurrenceRule(
        frequency="WEEKLY",
        interval=2,
        count=5,
        until=datetime(2026, 7, 1, 10),
        rest=";BYMONTH=6,7;BYDAY=MO,-1TU;WKST=SU",
    )


def test_a_rule_written_again_ends_at_the_earlier_of_two_ends():
    rule = RecurrenceRule("DAILY", 3, 5, datetime(2026, 7, 1, 10), ";BYDAY=MO")

    assert rule.text(until=datetime(2026, 8, 1)) == (
        "FREQ=DAILY;INTERVAL=3;BYDAY=MO;COUNT=5;UNTIL=20260701T100000"
    )
    assert rule.text(until=datetime(2026, 6, 8)).endswith(";UNTIL=20260608T000000")


@pytest.mark.parametrize(
    ("frequency", "count", "start"),
    [
        ("WEEKLY", None, datetime(2026, 6, 22, 10)),
        ("WEEKLY", 9, MONDAY),
        ("MONTHLY", None, MONDAY),
    ],
)
def test_only_steps_of_whole_days_without_a_count_may_begin_later(frequency, count, start):
    rule = RecurrenceRule(frequency, 3, count, None, "")

    assert rule.nearer(MONDAY, before=datetime(2026, 7, 12)) == start
    assert rule.nearer(MONDAY, before=MONDAY) == MONDAY


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("FREQ=HOURLY", "it repeats more often than daily, or in an unknown way"),
        ("FREQ=DAILY;BYHOUR=9", "its rule of repetition uses BYHOUR"),
        ("FREQ=DAILY;FREQ=DAILY", "its rule of repetition contradicts itself"),
        ("FREQ=DAILY;COUNT", "its rule of repetition cannot be read"),
        ("FREQ=DAILY;BYMONTH=13", "its rule of repetition names days that do not exist"),
        ("FREQ=DAILY;INTERVAL=1001", "it repeats at a distance of more than 1000"),
        (
            "FREQ=DAILY;COUNT=0",
            "its rule of repetition counts with something that is no number",
        ),
        ("FREQ=DAILY;" + "X" * 2000, "its rule of repetition is too long"),
    ],
)
def test_a_rule_that_asks_for_too_much_is_set_aside_with_the_reason(value, why):
    with pytest.raises(SetAside) as refused:
        read_text(value)

    assert str(refused.value) == why
