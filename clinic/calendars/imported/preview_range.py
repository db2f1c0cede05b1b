"""A window and a zone as somebody types them for a preview."""

from __future__ import annotations

from datetime import UTC, datetime

from clinic.booking.slots.instant_ranges import Interval
from clinic.calendars.imported.reader.zones import iana_zone
from clinic.foundation.errors import InvalidInput


def window_between(first: str, last: str, *, zone: str) -> Interval:
    """The window of two instants as people write them. Raises `InvalidInput` by option."""
    problems: dict[str, list[str]] = {}
    instants = {"from": _instant_in(first), "to": _instant_in(last)}
    for name, found in instants.items():
        if found is None:
            problems[name] = ["An instant with its offset, please, such as 2026-12-01T00:00:00Z."]
    if iana_zone(zone) is None:
        problems["zone"] = ["A time zone, please, such as Europe/Lisbon."]
    start, end = instants.values()
    if start and end and not start < end:
        problems["to"] = ["It must come after --from."]
    if problems or start is None or end is None:
        raise InvalidInput(problems)
    return Interval(start, end)


def _instant_in(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None
