"""Whether what somebody edited is still what is stored. Pure.

A version is a digest of the values themselves: a form carries the one it was drawn from, and a
saving that would replace other values is refused. Values that came back to what they were are no
conflict, and neither is the same form sent twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict

from clinic.foundation.errors import ChangedElsewhere
from clinic.practice.rules.edit_commands import (
    ClinicDetails,
    DayHours,
    SessionTypeDetails,
    TherapistProfile,
    WeeklyRange,
)

Edited = ClinicDetails | TherapistProfile | SessionTypeDetails | DayHours


def version_of(stored: Edited) -> str:
    """Equal values have equal versions."""
    return _digest(asdict(stored))


def week_version(ranges: Collection[WeeklyRange]) -> str:
    """The version of a usual week, whatever the order of its ranges."""
    return _digest(sorted([one.weekday, one.start_minute, one.end_minute] for one in ranges))


def refuse_outdated(seen: str | None, *, stored: str, typed: str) -> None:
    """Raise `ChangedElsewhere` unless `stored` is what was seen, or what was typed.

    None asks for no check: commands and other rooms have no form that could be old.
    """
    if seen is not None and stored not in {seen, typed}:
        raise ChangedElsewhere


def _digest(values: object) -> str:
    canonical = json.dumps(values, sort_keys=True, default=str, ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()[:32]
