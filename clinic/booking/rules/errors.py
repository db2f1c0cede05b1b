"""Why a time cannot be had, or an appointment not be changed: the room's own errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clinic.booking.slots.open_slots import Slot
from clinic.booking.slots.start_restrictions import RestrictionRule
from clinic.foundation.errors import N_, Conflict, InvalidInput, TooManyRequests
from clinic.foundation.wall_clock import utc_text

TAKEN = frozenset(
    {
        RestrictionRule.APPOINTMENT,
        RestrictionRule.HOLD,
        RestrictionRule.OUTSIDE_BUSY,
        RestrictionRule.DAILY_LIMIT,
    }
)
"""Rules that took a time which had been open: answered with alternatives, not as a mistake."""


class SlotUnavailable(Conflict):
    """This time has just been taken. These are the nearest free ones."""

    code = "slot-unavailable"
    says = N_("This time has just been taken. These are the nearest free ones.")

    def __init__(
        self, *, rule: RestrictionRule, alternatives: Sequence[tuple[str, Slot]] = ()
    ) -> None:
        super().__init__()
        self.rule = rule
        self.alternatives = tuple(alternatives)
        """Up to three (therapist slug, slot)."""

    @property
    def details(self) -> dict[str, Any]:
        """For the problem document."""
        return {
            "rule": self.rule.value,
            "alternatives": [
                {"start": utc_text(slot.start), "end": utc_text(slot.end), "therapist": therapist}
                for therapist, slot in self.alternatives
            ],
        }


class TimeRefused(InvalidInput):
    """This time is not offered."""

    code = "time-refused"

    def __init__(self, rule: RestrictionRule) -> None:
        super().__init__({"start": [SENTENCES[rule]]})
        self.rule = rule
        self.details = {"rule": rule.value}


class HoldExpired(Conflict):
    """The time was held for ten minutes and has been given back."""

    code = "hold-expired"
    says = N_(
        "The time was held for ten minutes and has been given back. Please choose a time again."
    )


class TooLateToChange(Conflict):
    """It is too close to the appointment to change it here. Please call the clinic."""

    code = "too-late-to-change"
    says = N_("It is too close to the appointment to change it here. Please call the clinic.")


class NotChangeable(Conflict):
    """This appointment has ended or was cancelled, so it cannot be changed any more."""

    code = "not-changeable"
    says = N_("This appointment has ended or was cancelled, so it cannot be changed any more.")


class KeyReused(InvalidInput):
    """This idempotency key was used for something else."""

    code = "idempotency-key-reused"

    def __init__(self) -> None:
        super().__init__({"Idempotency-Key": [N_("This key was used for another booking.")]})


class TooManyByVisitor(TooManyRequests):
    """More than visitors of one network, or about one e-mail address, may do in a while."""


class TooManyHolds(TooManyByVisitor):
    """This network holds several times already."""

    code = "too-many-holds"
    says = N_(
        "Several times are being held from your connection already, perhaps by other people on "
        "the same Wi-Fi. If it cannot wait, please call or write to us."
    )


class TooManyBookings(TooManyByVisitor):
    """Many appointments were booked or moved from this network, or with this e-mail address."""

    code = "too-many-bookings"
    says = N_(
        "Many appointments have been booked or moved from your connection or with this e-mail "
        "address. If it cannot wait, please call or write to us: we gladly do it for you."
    )


SENTENCES = {
    RestrictionRule.PAST: N_("This time is in the past."),
    RestrictionRule.NOTICE: N_("This time is too soon to be booked here."),
    RestrictionRule.HORIZON: N_("This time is further ahead than can be booked yet."),
    RestrictionRule.OFF_GRID: N_("Appointments do not start at this time."),
    RestrictionRule.CLOSED: N_("The therapist does not work at this time."),
    RestrictionRule.TIME_OFF: N_("The therapist is away at this time."),
    RestrictionRule.CLOSURE: N_("The clinic is closed at this time."),
    RestrictionRule.APPOINTMENT: N_("This time has been taken."),
    RestrictionRule.HOLD: N_("Somebody is booking this time just now."),
    RestrictionRule.OUTSIDE_BUSY: N_("The therapist is busy at this time."),
    RestrictionRule.DAILY_LIMIT: N_("This day is full."),
    RestrictionRule.NONEXISTENT_TIME: N_("This time does not exist: the clocks change that night."),
}
