"""A small feed that several tests read: a session, a hold, a cancelled one, days off, summer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from clinic.calendars.feeds.writer.feed import EntryStatus, Feed, FeedEntry

MADE = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)

SESSION = FeedEntry(
    uid="0b9fae2e-31c4-4d2a-9d0c-6f7f0f1f6a01",
    sequence=0,
    starts_at=datetime(2026, 12, 1, 18, tzinfo=UTC),
    ends_at=datetime(2026, 12, 1, 19, 20, tzinfo=UTC),
    time_zone="Europe/Lisbon",
    status=EntryStatus.CONFIRMED,
    summary="Couples session",
    location="Garden room",
    created_at=MADE,
    updated_at=MADE,
)
HOLD = replace(
    SESSION,
    uid="5c7a0f5b-2a0e-4b52-8f0e-0d0d5a3f6a02",
    starts_at=datetime(2026, 12, 2, 15, tzinfo=UTC),
    ends_at=datetime(2026, 12, 2, 15, 50, tzinfo=UTC),
    time_zone="America/New_York",
    status=EntryStatus.TENTATIVE,
    summary="Session",
    location=None,
)
CANCELLED = replace(
    SESSION,
    uid="9e1d7f34-7f0a-4a3c-b8b5-0f4a3c2b6a03",
    sequence=2,
    starts_at=datetime(2026, 12, 3, 10, tzinfo=UTC),
    ends_at=datetime(2026, 12, 3, 11, 20, tzinfo=UTC),
    status=EntryStatus.CANCELLED,
    updated_at=datetime(2026, 11, 20, 8, 15, 42, tzinfo=UTC),
)
TIME_OFF = replace(
    SESSION,
    uid="c2a4d1b8-6d3f-4f57-9a41-3b2a1c0d6a04",
    starts_at=datetime(2026, 12, 4, tzinfo=UTC),
    ends_at=datetime(2026, 12, 6, tzinfo=UTC),
    summary="Férias; de 4 a 5, incluído o sábado — volto à clínica na segunda-feira de manhã\\tarde",
    location=None,
    all_day=True,
)
SUMMER = replace(
    SESSION,
    uid="e7c3b2a1-0f9e-4d8c-a7b6-5a4b3c2d6a05",
    sequence=1,
    starts_at=datetime(2027, 7, 1, 17, tzinfo=UTC),
    ends_at=datetime(2027, 7, 1, 18, 20, tzinfo=UTC),
)
ENTRIES = (SESSION, HOLD, CANCELLED, TIME_OFF, SUMMER)
THERAPIST = Feed("Sessões — Garden Clinic", "Europe/Lisbon", ENTRIES)


def unfolded(body):
    return body.decode().replace("\r\n ", "").split("\r\n")[:-1]


def name_of(line):
    return line.replace(";", ":").partition(":")[0]
