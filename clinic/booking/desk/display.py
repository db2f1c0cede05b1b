"""Diaries in the words and shapes of the desk's pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext

from clinic.booking.desk.diary_queries import TherapistWeek
from clinic.booking.rules.diary_lines import (
    ROW_MINUTES,
    Block,
    DiaryEntry,
    blocks_of_day,
    day_window,
    hours_shown,
)
from clinic.booking.rules.errors import SENTENCES
from clinic.booking.slots.instant_ranges import Interval, intersect
from clinic.booking.slots.start_restrictions import RestrictionRule
from clinic.foundation.texts.localized_dates import column_day_text, short_day_text, weekday_text
from clinic.practice.models import SessionType, Therapist


@dataclass(frozen=True, slots=True)
class Column:
    """One therapist's day in the week."""

    on: date
    weekday: str
    date: str
    short: str
    """`Tue 1`, where columns are narrow."""
    therapist: Therapist
    blocks: tuple[Block, ...]
    entries: tuple[DiaryEntry, ...]
    is_closed: bool


@dataclass(frozen=True, slots=True)
class WeekGrid:
    """A week: its columns day by day, and the hours beside them when it can be drawn."""

    columns: tuple[Column, ...]
    hours: tuple[tuple[int, str], ...]
    """(row, `09:00`) of each hour shown; none when the week is too long to be drawn."""
    zone: str


def week_grid(monday: date, weeks: Sequence[TherapistWeek], *, zone: str) -> WeekGrid:
    """Therapists side by side on each day; a weekend day without work or sessions is left out."""
    hours = hours_shown(_counted_ranges(weeks, monday, zone=zone), zone=zone)
    days = [monday + timedelta(days=number) for number in range(7)]
    columns = [
        _column(on, week, hours=hours or (0, 24), zone=zone)
        for on in days
        if on.weekday() < 5 or _is_used(on, weeks, zone=zone)
        for week in weeks
    ]
    return WeekGrid(tuple(columns), _labels(hours) if hours else (), zone)


def _counted_ranges(weeks: Sequence[TherapistWeek], monday: date, *, zone: str) -> list[Interval]:
    """Working time and sessions, cut at the midnights of the calendar shown."""
    known = [one for week in weeks for one in week.working]
    known += [Interval(one.start, one.end) for week in weeks for one in week.entries]
    days = [day_window(monday + timedelta(days=number), zone=zone) for number in range(7)]
    return [part for one in known for part in intersect([one], days)]


def _is_used(on: date, weeks: Sequence[TherapistWeek], *, zone: str) -> bool:
    day = day_window(on, zone=zone)
    return any(
        intersect(week.working, [day])
        or any(one.start < day.end and one.end > day.start for one in week.entries)
        for week in weeks
    )


def _column(on: date, week: TherapistWeek, *, hours: tuple[int, int], zone: str) -> Column:
    day = day_window(on, zone=zone)
    here = tuple(one for one in week.entries if one.start < day.end and one.end > day.start)
    return Column(
        on=on,
        weekday=weekday_text(on),
        date=short_day_text(on),
        short=column_day_text(on),
        therapist=week.therapist,
        blocks=tuple(
            blocks_of_day(
                on,
                entries=here,
                working=week.working,
                busy=week.busy,
                hours=hours,
                zone=zone,
            )
        ),
        entries=here,
        is_closed=not intersect(week.working, [day]),
    )


def _labels(hours: tuple[int, int]) -> tuple[tuple[int, str], ...]:
    first, last = hours
    rows_an_hour = 60 // ROW_MINUTES
    return tuple(((hour - first) * rows_an_hour, f"{hour:02d}:00") for hour in range(first, last))


def row_classes(row: int, rows: int) -> str:
    """Return the classes of desk.css that place `rows` rows from `row` rows down.

    `h-1 m-25 for-m-50`: 1 h 25 min after the first hour shown, for 50 minutes.
    """
    begin, length = row * ROW_MINUTES, rows * ROW_MINUTES
    numbers = {"h": begin // 60, "m": begin % 60, "for-h": length // 60, "for-m": length % 60}
    return " ".join(f"{name}-{number}" for name, number in numbers.items() if number)


def sentence_for(rule: RestrictionRule, session_type: SessionType) -> str:
    """Why a start is not offered, with the numbers of the session type where they decide."""
    numbered = {
        RestrictionRule.NOTICE: ngettext(
            "It is too soon: this has to be booked %(num)s hour ahead.",
            "It is too soon: this has to be booked %(num)s hours ahead.",
            -(-session_type.notice_minutes // 60),
        ),
        RestrictionRule.HORIZON: ngettext(
            "It is too far ahead: this can be booked %(num)s day ahead.",
            "It is too far ahead: this can be booked %(num)s days ahead.",
            session_type.horizon_days,
        ),
        RestrictionRule.OFF_GRID: ngettext(
            "It does not start here: starts are %(num)s minute apart.",
            "It does not start here: starts are %(num)s minutes apart.",
            session_type.grid_minutes,
        ),
    }
    return str(numbered.get(rule) or _(SENTENCES[rule]))


def change_name(kind: str) -> str:
    """What happened, as a line of history says it."""
    names = {
        "booked": _("Booked"),
        "requested": _("Asked for"),
        "confirmed": _("Accepted"),
        "declined": _("Declined"),
        "moved": _("Moved"),
        "cancelled": _("Cancelled"),
        "expired": _("Given back, as nobody had answered"),
        "completed": _("Took place"),
    }
    return str(names.get(kind, kind))


def actor_name(by: str) -> str:
    """Who it was, when there is no name to say."""
    names = {
        "staff": _("by staff"),
        "link": _("by a partner, through their link"),
        "shown": _("by whoever booked it, through the link shown to them"),
        "visitor": _("on the public site"),
        "system": _("by itself"),
    }
    return str(names.get(by, by))
