"""Every table, imported once so that the metadata is complete (migrations and tests read it)."""

from clinic.accounts import models as accounts
from clinic.booking.appointments import models as booking
from clinic.calendars import models as calendars
from clinic.couples import models as couples
from clinic.foundation import audit, outbox
from clinic.foundation.crypto import data_keys
from clinic.notes.record import (
    correction_models,
    exercise_models,
    restricted_models,
    rupture_models,
)
from clinic.notes.record import note_models as notes
from clinic.notes.record import questionnaire_models as measure_models
from clinic.practice import models as practice
from clinic.practice.instruments import models as instrument_models
from clinic.scheduling_services import models as scheduling_services

__all__ = [
    "accounts",
    "audit",
    "booking",
    "calendars",
    "correction_models",
    "couples",
    "data_keys",
    "exercise_models",
    "instrument_models",
    "measure_models",
    "notes",
    "outbox",
    "practice",
    "restricted_models",
    "rupture_models",
    "scheduling_services",
]
