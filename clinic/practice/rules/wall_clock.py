"""From a wall time that somebody typed to the instant they meant.

A time that the clocks skip does not exist, and is refused with the times around it. A time that
comes twice is taken so that the span is the longer one: its first coming where something starts,
its last where something ends.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from clinic.foundation.errors import InvalidInput
from clinic.practice.rules.messages import said

MINUTE = timedelta(minutes=1)
FIRST_YEAR, LAST_YEAR = 2000, 2099
_WALL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", re.ASCII)


class NonexistentTime(InvalidInput):
    """The clocks skip this time on that day."""

    code = "nonexistent-time"


def parse_wall(text: str) -> datetime | None:
    """The naive date and time of `YYYY-MM-DDTHH:MM`, or None when there is no such time."""
    if not _WALL.fullmatch(text):
        return None
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        return None
    return wall if FIRST_YEAR <= wall.year <= LAST_YEAR else None


def instants_showing(wall: datetime, *, zone: str) -> tuple[datetime, ...]:
    """The instants, in order, at which clocks in `zone` show `wall`: none, one or two."""
    tz = ZoneInfo(zone)
    meant = {wall.replace(tzinfo=tz, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return tuple(sorted(one for one in meant if _shown(one, tz) == wall))


def starting_instant(wall: datetime, *, zone: str, path: str) -> datetime:
    """When something that starts at this wall time starts. Raises `NonexistentTime` at `path`."""
    return _existing(wall, zone=zone, path=path)[0]


def ending_instant(wall: datetime, *, zone: str, path: str) -> datetime:
    """When something that ends at this wall time ends. Raises `NonexistentTime` at `path`."""
    return _existing(wall, zone=zone, path=path)[-1]


def _existing(wall: datetime, *, zone: str, path: str) -> tuple[datetime, ...]:
    found = instants_showing(wall, zone=zone)
    if found:
        return found
    before, after = times_around(wall, zone=zone)
    sentence = said(
        "The clocks skip %(time)s on %(date)s in %(zone)s: after %(before)s comes %(after)s.",
        time=f"{wall:%H:%M}",
        date=wall.date().isoformat(),
        zone=zone,
        before=_named(before, wall),
        after=_named(after, wall),
    )
    raise NonexistentTime({path: [sentence]}, sentence)


def times_around(wall: datetime, *, zone: str) -> tuple[datetime, datetime]:
    """The last wall time before a gap and the first one after it."""
    tz = ZoneInfo(zone)
    # Read with the later offset a skipped time falls before the change, with the earlier after it.
    at = wall.replace(tzinfo=tz, fold=1).astimezone(UTC)
    while _shown(at, tz) < wall:
        at += MINUTE
    return _shown(at - MINUTE, tz), _shown(at, tz)


def _shown(instant: datetime, tz: ZoneInfo) -> datetime:
    return instant.astimezone(tz).replace(tzinfo=None, fold=0)


def _named(shown: datetime, wall: datetime) -> str:
    """The time alone, with its date when that is another one (zones have skipped whole days)."""
    return f"{shown:%H:%M}" if shown.date() == wall.date() else f"{shown:%Y-%m-%d %H:%M}"
