"""How many failed tries are let through, and how long the next one waits. Pure.

Three counts run side by side (NIST SP 800-63B-4, 3.2.2; ASVS 5.0, 6.1.1 and 6.3.1): one account
from one address, one address, one account from anywhere. The last does not bind an address from
which the owner has signed in lately. A browser in which the owner has signed in is bound by a
fourth count of its own and by none of these, so strangers cannot lock the owner out of it, not
even from the same address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
LONGEST_WAIT_OF_ADDRESS = timedelta(minutes=5)
"""Shorter, for everybody at a clinic may share one address: whoever is new there gets a turn soon.
Passwords stay safe all the same, each account's by its own two counts."""
STOPPED_AT = 100
"""Failed tries in a row at one account before it takes no more from unknown addresses."""
ADDRESS_QUIET = timedelta(hours=24)
"""An address without a failed try for so long starts anew; the other counts end by success only."""
ADDRESS_KNOWN_FOR = timedelta(days=30)
"""How long an address counts as the owner's after a sign-in."""
DEVICE_KNOWN_FOR = timedelta(days=90)
"""How long a browser counts as the owner's after a sign-in."""
DEVICE_STOPPED_AT = 20
"""Failed tries in a row after which a browser counts as a stranger's: its cookie may be stolen."""


class Scope(StrEnum):
    """What failed tries are counted by."""

    ACCOUNT = "account"
    ADDRESS = "address"
    PAIR = "pair"
    DEVICE = "device"


class Question(StrEnum):
    """What requests for a new password are counted by: the address asked for, and the network."""

    ASKED = "asked"
    ASKED_FROM = "asked_from"


QUESTIONS_AN_HOUR = {Question.ASKED: 3, Question.ASKED_FROM: 20}
ASKED_ANEW = timedelta(hours=1)


FREE_TRIES = {Scope.PAIR: 5, Scope.ADDRESS: 30, Scope.ACCOUNT: 50, Scope.DEVICE: 5}


@dataclass(frozen=True, slots=True)
class Tries:
    """Failed tries in a row, and when the last one was."""

    failures: int
    last_failed_at: datetime


def wait_after(scope: Scope, failures: int) -> timedelta:
    """The pause after so many failed tries: none, then 30 s doubled each time up to the longest."""
    over = failures - FREE_TRIES[scope]
    if over < 0:
        return timedelta(0)
    longest = LONGEST_WAIT_OF_ADDRESS if scope is Scope.ADDRESS else LONGEST_WAIT
    if over >= 7:  # 30 s doubled seven times is more than the longest wait
        return longest
    return min(FIRST_WAIT * (1 << over), longest)


def blocked_for(scope: Scope, tries: Tries, *, now: datetime) -> timedelta:
    """How long the next try must still wait; zero when it may be made."""
    if scope is Scope.ACCOUNT and tries.failures >= STOPPED_AT:
        return LONGEST_WAIT  # whatever the time: until the owner signs in or the password is set
    wait = wait_after(scope, tries.failures)
    return max(timedelta(0), min(wait, tries.last_failed_at + wait - now))


def longest_block(
    counts: Mapping[Scope, Tries], *, has_signed_in_before: bool, now: datetime
) -> timedelta:
    """The longest of the waits that bind this try; on the owner's device only its own does."""
    if Scope.DEVICE in counts:
        return blocked_for(Scope.DEVICE, counts[Scope.DEVICE], now=now)
    binding = [
        blocked_for(scope, tries, now=now)
        for scope, tries in counts.items()
        if not (scope is Scope.ACCOUNT and has_signed_in_before)
    ]
    return max(binding, default=timedelta(0))


def failures_so_far(scope: Scope, tries: Tries, *, now: datetime) -> int:
    """The count a new failure is added to."""
    if scope is Scope.ADDRESS and now - tries.last_failed_at >= ADDRESS_QUIET:
        return 0
    return tries.failures


def questions_so_far(tries: Tries, *, now: datetime) -> int:
    """How many were let through lately; refused ones are not counted, so that a wait ends."""
    return 0 if now - tries.last_failed_at >= ASKED_ANEW else tries.failures


def request_wait(question: Question, tries: Tries, *, now: datetime) -> timedelta:
    """How long the next request must wait; zero when it may be made."""
    if questions_so_far(tries, now=now) < QUESTIONS_AN_HOUR[question]:
        return timedelta(0)
    return min(ASKED_ANEW, tries.last_failed_at + ASKED_ANEW - now)
