"""Turn wall times into instants and instants into wall times (pure).

A wall time is a naive date and time as the clocks of an IANA zone show it. When they go forward,
the times in the gap do not exist; when they go back, those in the fold come twice. A skipped time
that somebody typed is refused by name (`NonexistentTime`); one that the product chose itself (the
start of a day, a reminder's hour) is moved to the end of the gap. Intervals are half-open.

No other module does zone arithmetic but `zone_offsets.py`, for rules that compute in bulk.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.foundation.epoch_minutes import MINUTE
from clinic.foundation.errors import InvalidInput
from clinic.foundation.messages import message

_WALL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", re.ASCII)
_SECOND = timedelta(seconds=1)


class NonexistentTime(InvalidInput):
    """The clocks skip this time on that day."""

    code = "nonexistent-time"


def parse_wall(text: str) -> datetime | None:
    """Return the wall time of `YYYY-MM-DDTHH:MM`, or None when there is no such date or time."""
    if not _WALL.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def local_time(instant: datetime, *, zone: str) -> datetime:
    """Return an instant with the offset and the wall time that `zone` has then."""
    return instant.astimezone(ZoneInfo(zone))


def local_date(instant: datetime, *, zone: str) -> date:
    """Return the calendar day of an instant in `zone`."""
    return local_time(instant, zone=zone).date()


def wall_text(instant: datetime, *, zone: str) -> str:
    """Return what clocks in `zone` show, as `YYYY-MM-DDTHH:MM`."""
    return local_time(instant, zone=zone).strftime("%Y-%m-%dT%H:%M")


def is_repeated(instant: datetime, *, zone: str) -> bool:
    """Return whether clocks in `zone` show this instant's wall time twice."""
    return len(instants_showing(_shown(instant, ZoneInfo(zone)), zone=zone)) > 1


def instants_showing(wall: datetime, *, zone: str) -> tuple[datetime, ...]:
    """Return the instants, in order, at which clocks in `zone` show `wall`: none, one or two.

    Where an offset would lead out of the calendar (its first and last hours), `wall` counts as UTC.
    """
    tz = ZoneInfo(zone)
    try:
        meant = {wall.replace(tzinfo=tz, fold=fold).astimezone(UTC) for fold in (0, 1)}
        return tuple(sorted(one for one in meant if _shown(one, tz) == wall))
    except OverflowError:
        return (wall.replace(tzinfo=UTC),)


def existing_instants(wall: datetime, *, zone: str, path: str) -> tuple[datetime, ...]:
    """Return the one or two instants of a typed wall time. Raises `NonexistentTime` at `path`."""
    found = instants_showing(wall, zone=zone)
    if found:
        return found
    before, after = times_around(wall, zone=zone)
    sentence = message(
        "The clocks skip %(time)s on %(date)s in %(zone)s: after %(before)s comes %(after)s.",
        time=f"{wall:%H:%M}",
        date=wall.date().isoformat(),
        zone=zone,
        before=_named(before, wall),
        after=_named(after, wall),
    )
    raise NonexistentTime({path: [sentence]}, sentence)


def starting_instant(wall: datetime, *, zone: str, path: str) -> datetime:
    """Return when something that starts at this wall time starts: the first of two instants.

    Raises `NonexistentTime` at `path`.
    """
    return existing_instants(wall, zone=zone, path=path)[0]


def ending_instant(wall: datetime, *, zone: str, path: str) -> datetime:
    """Return when something that ends at this wall time ends: the last of two instants.

    Raises `NonexistentTime` at `path`.
    """
    return existing_instants(wall, zone=zone, path=path)[-1]


def instant_from(on: date, at: time, *, zone: str) -> datetime:
    """Return the first instant on or after which clocks in `zone` show `at` on `on`.

    It is the end of the gap where the clocks skip that time.
    """
    wall = datetime.combine(on, at)
    found = instants_showing(wall, zone=zone)
    return found[0] if found else _end_of_gap(wall, ZoneInfo(zone))


def day_bounds(on: date, *, days: int = 1, zone: str) -> tuple[datetime, datetime]:
    """Return the start of a day and the end of the last of `days` days, as instants.

    A day lasts 24 hours but on the days of a change of clocks; it is empty where a zone left the
    whole day out.
    """
    after = on + timedelta(days=days)
    return instant_from(on, time(), zone=zone), instant_from(after, time(), zone=zone)


def times_around(wall: datetime, *, zone: str) -> tuple[datetime, datetime]:
    """Return the last wall time before a gap and the first one after it, for a time in it."""
    tz = ZoneInfo(zone)
    change = _end_of_gap(wall, tz)
    return _shown(change - MINUTE, tz), _shown(change, tz)


def _end_of_gap(wall: datetime, tz: ZoneInfo) -> datetime:
    """Return the instant of the change that skips `wall`, by halving the time around it."""
    # Read with the later offset a skipped time falls before the change, with the earlier after it.
    before, after = (wall.replace(tzinfo=tz, fold=fold).astimezone(UTC) for fold in (1, 0))
    while after - before > _SECOND:
        middle = before + (after - before) // 2 // _SECOND * _SECOND
        if _shown(middle, tz) < wall:
            before = middle
        else:
            after = middle
    return after


def _shown(instant: datetime, tz: ZoneInfo) -> datetime:
    return instant.astimezone(tz).replace(tzinfo=None, fold=0)


def _named(shown: datetime, wall: datetime) -> str:
    """Return the time alone, with its date when that is another: zones have skipped whole days."""
    return f"{shown:%H:%M}" if shown.date() == wall.date() else f"{shown:%Y-%m-%d %H:%M}"


def utc_text(instant: datetime) -> str:
    """Return an aware UTC instant as text with `Z` (RFC 3339)."""
    return instant.isoformat().replace("+00:00", "Z")
