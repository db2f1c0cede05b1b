"""Dates and times as people write them, in the language of the reader (Babel's current locale)."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import get_timezone_location
from flask_babel import format_date, format_time, get_locale

from clinic.foundation.wall_clock import local_date, local_time

LOCALES = {"en": "en_GB", "pt": "pt_PT"}
"""Babel's locale of each language the product speaks."""

PATTERNS = {
    "en": {
        "day": "EEEE d MMMM",
        "day_year": "EEEE d MMMM y",
        "short": "d MMMM",
        "column": "EEE d",
        "month": "MMMM y",
    },
    "pt": {
        "day": "EEEE, d 'de' MMMM",
        "day_year": "EEEE, d 'de' MMMM 'de' y",
        "short": "d 'de' MMMM",
        "column": "EEEEEE d",
        "month": "MMMM 'de' y",
    },
}


def day_text(on: date) -> str:
    """`Tuesday 1 December`; `terça-feira, 1 de dezembro`."""
    return _date(on, "day")


def day_year_text(on: date) -> str:
    """`Tuesday 1 December 2026`."""
    return _date(on, "day_year")


def short_day_text(on: date) -> str:
    """`1 December`, where the weekday stands elsewhere."""
    return _date(on, "short")


def column_day_text(on: date) -> str:
    """`Tue 1`; `ter 1`: for the head of a narrow column, without the full stop."""
    return _date(on, "column").replace(".", "")


def month_text(on: date) -> str:
    """`December 2026`; `dezembro de 2026`."""
    return _date(on, "month")


def weekday_text(on: date) -> str:
    """`Tuesday`."""
    return str(format_date(on, "EEEE"))


def clock_text(instant: datetime, *, zone: str) -> str:
    """`10:00` on the clocks of `zone`."""
    return str(format_time(local_time(instant, zone=zone).time(), "HH:mm"))


def day_and_clock_text(instant: datetime, *, zone: str) -> str:
    """`Tuesday 1 December, 10:00` on the clocks of `zone`."""
    return f"{day_text(local_date(instant, zone=zone))}, {clock_text(instant, zone=zone)}"


def when_text(start: datetime, *, zone: str, end: datetime | None = None) -> str:
    """`Tuesday 1 December 2026, 10:00 – 10:30 (Lisbon)`."""
    day = day_year_text(local_date(start, zone=zone))
    until = f" – {clock_text(end, zone=zone)}" if end else ""
    return f"{day}, {clock_text(start, zone=zone)}{until} ({place_of(zone)})"


def place_of(zone: str) -> str:
    """The place a zone is named after: `America/New_York` is New York, or Nova Iorque.

    In English the zone's own name says it, and Babel would bend some (`EST` to Panama).
    """
    name = zone
    if "/" in zone and (locale := get_locale()) is not None and locale.language != "en":
        name = get_timezone_location(zone, locale=locale, return_city=True)
    return name.rsplit("/", 1)[-1].replace("_", " ")


def _date(on: date, pattern: str) -> str:
    language = str(get_locale() or "en")[:2]
    return str(format_date(on, PATTERNS.get(language, PATTERNS["en"])[pattern]))
