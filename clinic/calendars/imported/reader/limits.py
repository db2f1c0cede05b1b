"""How much of somebody else's calendar we are willing to work through, and the two refusals."""

from __future__ import annotations

from clinic.foundation.errors import ClinicError

MAX_CALENDAR_BYTES = 10 * 1024 * 1024
FIRST_READ_YEAR, LAST_READ_YEAR = 1970, 2100
MAX_DAYS = 400  # the longest single entry
MAX_OCCURRENCES = 5_000  # of repeating entries, in one calendar and one window
MAX_INTERVAL = 1_000
MAX_RULES = 5  # RRULE lines of one entry
MAX_LISTED = 20_000  # RDATE and EXDATE values of one entry that lie near the window
MAX_VARIANTS = 2_000  # changed occurrences of one series
MAX_WARNINGS = 50
FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
CPU_SECONDS = 6  # with the start of two processes, 10 for everything
WALL_SECONDS = 7.0
MEMORY_BYTES = 512 * 1024 * 1024


class OutsideBroken(ClinicError):
    """This is not a complete calendar file."""

    status = 422
    code = "outside-calendar-broken"


class SetAside(ValueError):
    """One entry cannot be used; the others still count. The text says why, to the therapist."""
