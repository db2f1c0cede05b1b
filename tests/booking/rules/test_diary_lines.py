from datetime import UTC, date, datetime, timedelta

import pytest

from clinic.booking.rules.diary_lines import (
    Block,
    DiaryEntry,
    DiaryLine,
    LineKind,
    blocks_of_day,
    day_window,
    hours_shown,
    lines_of_day,
)
from clinic.booking.slots.instant_ranges import Interval

LISBON = "Europe/Lisbon"
DAY = date(2026, 11, 24)


def at(hour, minute=0, *, day=24, month=11, year=2026):
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def span(start, end):
    return Interval(start, end)


def entry(start, minutes=60, status="confirmed"):
    return DiaryEntry(
        id="1",
        reference="ABCDEF",
        status=status,
        start=start,
        end=start + timedelta(minutes=minutes),
        therapist_id="t",
        therapist="Inês",
        therapist_slug="ines",
        session_type={"en": "Session"},
        format="online",
        couple_id="c",
        couple_code="C-0001",
    )


def lines(entries, *, working, busy=(), held=()):
    window = day_window(DAY, zone=LISBON)
    return lines_of_day(entries, working=working, busy=busy, held=held, window=window)


def test_free_time_lies_between_sessions_and_busy_time():
    one = entry(at(10))

    assert lines([one], working=[span(at(9), at(13))], busy=[span(at(11, 30), at(12))]) == [
        DiaryLine(LineKind.FREE, at(9), at(10)),
        DiaryLine(LineKind.SESSION, at(10), at(11), one),
        DiaryLine(LineKind.FREE, at(11), at(11, 30)),
        DiaryLine(LineKind.BUSY, at(11, 30), at(12)),
        DiaryLine(LineKind.FREE, at(12), at(13)),
    ]


def test_gap_shorter_than_a_quarter_of_an_hour_is_not_offered():
    one = entry(at(9, 14), minutes=46)

    assert lines([one], working=[span(at(9), at(10))]) == [
        DiaryLine(LineKind.SESSION, at(9, 14), at(10), one)
    ]


def test_held_time_is_neither_free_nor_shown():
    assert lines([], working=[span(at(9), at(11))], held=[span(at(9), at(10))]) == [
        DiaryLine(LineKind.FREE, at(10), at(11))
    ]


def test_cancelled_session_leaves_its_time_free():
    one = entry(at(9), status="cancelled")

    assert lines([one], working=[span(at(9), at(10))]) == [
        DiaryLine(LineKind.FREE, at(9), at(10)),
        DiaryLine(LineKind.SESSION, at(9), at(10), one),
    ]


def test_busy_time_is_cut_at_midnight():
    busy = [span(at(20, day=23), at(8))]

    assert lines([], working=[], busy=busy) == [DiaryLine(LineKind.BUSY, at(0), at(8))]


@pytest.mark.parametrize(
    ("on", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (DAY, 24)]
)
def test_day_has_as_many_hours_as_its_clocks_show(on, hours):
    window = day_window(on, zone=LISBON)

    assert window.end - window.start == timedelta(hours=hours)


def test_usual_hours_are_shown_at_least():
    assert hours_shown([span(at(10), at(11))], zone=LISBON) == (8, 18)


def test_early_and_late_time_widens_the_hours():
    assert hours_shown([span(at(6, 30), at(7)), span(at(19), at(20, 5))], zone=LISBON) == (6, 21)


def test_work_until_midnight_ends_the_day():
    assert hours_shown([span(at(20), at(0, day=25))], zone=LISBON) == (8, 24)


def test_week_too_long_to_draw_has_no_hours():
    assert hours_shown([span(at(3), at(4)), span(at(22), at(23))], zone=LISBON) is None


def blocks(entries=(), *, working=(), busy=(), hours=(8, 18), on=DAY):
    return blocks_of_day(on, entries=entries, working=working, busy=busy, hours=hours, zone=LISBON)


def test_closed_time_is_drawn_around_the_working_hours():
    assert blocks(working=[span(at(9), at(17))]) == [
        Block(0, 12, "closed", start=at(0)),
        Block(108, 12, "closed", start=at(17)),
    ]


def test_closed_day_is_drawn_in_pieces_that_the_style_sheet_has():
    assert [(block.row, block.rows) for block in blocks()] == [(0, 96), (96, 24)]


def test_session_starts_at_its_row_and_lasts_its_rows():
    one = entry(at(9, 30), minutes=50)
    working = [day_window(DAY, zone=LISBON)]

    assert blocks([one], working=working) == [Block(18, 10, "booked", one, at(9, 30))]


def test_session_over_midnight_is_drawn_on_both_days():
    one = entry(at(23), minutes=120)
    working = [day_window(DAY, days=2, zone=LISBON)]

    first = blocks([one], working=working, hours=(6, 24))
    second = blocks([one], working=working, hours=(0, 18), on=date(2026, 11, 25))

    assert [(block.row, block.rows) for block in first] == [(204, 12)]
    assert [(block.row, block.rows) for block in second] == [(0, 12)]


def test_session_while_clocks_go_back_is_still_drawn():
    one = entry(at(0, 30, day=25, month=10), minutes=60)  # 01:30 to 01:30 on the wall
    on = date(2026, 10, 25)

    found = blocks([one], working=[day_window(on, zone=LISBON)], hours=(0, 18), on=on)

    assert [(block.row, block.rows) for block in found] == [(18, 12)]


def test_cancelled_session_is_not_drawn():
    working = [day_window(DAY, zone=LISBON)]

    assert blocks([entry(at(10), status="cancelled")], working=working) == []
