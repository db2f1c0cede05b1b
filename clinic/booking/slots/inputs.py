"""What is offered and what already stands: the inputs of the slot rules besides the hours."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clinic.booking.slots.instant_ranges import Interval
from clinic.foundation.epoch_minutes import MINUTES_A_DAY

_GRID_MINUTES = range(5, 241)


class ClaimKind(StrEnum):
    """What a claim on a therapist's time is."""

    APPOINTMENT = "appointment"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Claim:
    """A live appointment or hold of the therapist; `interval` is the session without buffers."""

    interval: Interval
    buffer_before_minutes: int
    buffer_after_minutes: int
    session_type: str
    kind: ClaimKind


@dataclass(frozen=True, slots=True)
class Offer:
    """The rules of one session type with one therapist.

    Sessions start at minutes of the therapist's wall-clock day that are `grid_offset_minutes`
    plus a multiple of `grid_minutes`. `horizon_days` counts dates from the therapist's today.
    `max_per_day` limits this session type, `max_sessions_per_day` all of them together, per
    therapist-local date of the start; None is no limit.
    """

    session_type: str
    length_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    notice_minutes: int
    horizon_days: int
    grid_minutes: int
    grid_offset_minutes: int = 0
    max_per_day: int | None = None
    max_sessions_per_day: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.length_minutes <= MINUTES_A_DAY:
            raise ValueError("a session lasts from a minute to a day")
        if self.grid_minutes not in _GRID_MINUTES:
            raise ValueError("sessions start 5 to 240 minutes apart")
        if not 0 <= self.grid_offset_minutes < MINUTES_A_DAY:
            raise ValueError("the grid begins at a minute from 0 to 1439 of the day")
        for least in (
            self.buffer_before_minutes,
            self.buffer_after_minutes,
            self.notice_minutes,
            self.horizon_days,
        ):
            if least < 0:
                raise ValueError("buffers, notice and horizon are not negative")
        for limit in (self.max_per_day, self.max_sessions_per_day):
            if limit is not None and limit < 1:
                raise ValueError("a daily limit is one session at least")
