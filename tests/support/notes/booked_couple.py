"""The couple that a booking began."""

from __future__ import annotations

from clinic.couples.models import Couple
from clinic.foundation.database.transactions import session
from tests.support.factories import CareCouple


def of_the_appointment(appointment, practice):
    """The therapist's own view of the couple that this booking began."""
    row = session().get_one(Couple, appointment.couple_id)
    return CareCouple(practice, row.id, row.code)
