"""How much of the diary visitors may hold and book, by network and by e-mail address. Pure.

A network is an IPv4 address or an IPv6 /64. A household is one, and so is everybody on a waiting
room's Wi-Fi: the figures leave room for a dozen people who book at the same moment, and keep what
one network holds of a diary small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from clinic.foundation.epoch_minutes import EPOCH

HOLDS_OF_NETWORK = 12
"""How many times one network may hold at once, over all therapists."""
HELD_TIME_OF_DIARY = timedelta(hours=4)
"""How much of one therapist's diary a network may hold at once, buffers included."""
HOLDS_ALWAYS_LEFT = 2
"""So many holds with one therapist fit whatever their length, so that long sessions can be held."""


@dataclass(frozen=True, slots=True)
class HeldTime:
    """A hold of a network: whose time it takes, how much of it, and until when."""

    therapist_id: str
    length: timedelta
    expires_at: datetime


def wait_for_hold(
    held: Sequence[HeldTime], *, therapist_id: str, length: timedelta, now: datetime
) -> timedelta:
    """How long a network must wait before it may hold this much more; zero when it may now."""
    live = sorted((one for one in held if one.expires_at > now), key=lambda one: one.expires_at)
    for gone in range(len(live) + 1):
        if _is_within(live[gone:], therapist_id=therapist_id, length=length):
            return live[gone - 1].expires_at - now if gone else timedelta(0)
    raise AssertionError("nothing held leaves room for a hold of any length")


def _is_within(held: Sequence[HeldTime], *, therapist_id: str, length: timedelta) -> bool:
    if len(held) >= HOLDS_OF_NETWORK:
        return False
    same_diary = [one.length for one in held if one.therapist_id == therapist_id]
    total = sum(same_diary, length)
    return len(same_diary) < HOLDS_ALWAYS_LEFT or total <= HELD_TIME_OF_DIARY


class Counted(StrEnum):
    """What is counted in the database, for all processes."""

    HOLDS_OF_NETWORK = "network-holds"
    BOOKINGS_OF_NETWORK = "network-bookings"
    BOOKINGS_AT_ONCE = "network-burst"
    BOOKINGS_OF_ADDRESS = "email-bookings"
    MAILS_TO_ADDRESS = "email-mails"
    MOVES_BY_MAILED_LINK = "mailed-moves"


@dataclass(frozen=True, slots=True)
class CountLimit:
    """At most so many within a window; windows follow each other without a gap."""

    most: int
    window: timedelta


DAY = timedelta(days=1)
LIMITS = {
    Counted.HOLDS_OF_NETWORK: CountLimit(300, DAY),
    Counted.BOOKINGS_OF_NETWORK: CountLimit(30, DAY),
    Counted.BOOKINGS_AT_ONCE: CountLimit(10, timedelta(minutes=10)),
    Counted.BOOKINGS_OF_ADDRESS: CountLimit(10, DAY),
    Counted.MAILS_TO_ADDRESS: CountLimit(20, DAY),
    Counted.MOVES_BY_MAILED_LINK: CountLimit(20, DAY),
}
COUNTS_KEPT_FOR = 2 * DAY
"""A count is of no use once its window is over; the longest window is a day."""


def window_start(counted: Counted, *, now: datetime) -> datetime:
    """When the window began that `now` lies in (UTC)."""
    return now - (now - EPOCH) % LIMITS[counted].window


def is_over(counted: Counted, number: int) -> bool:
    """Whether the one that brought the count to `number` is one too many."""
    return number > LIMITS[counted].most


def wait_for_window(counted: Counted, *, now: datetime) -> timedelta:
    """How long until the next window begins; never zero."""
    return window_start(counted, now=now) + LIMITS[counted].window - now
